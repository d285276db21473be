/** Paints maps of signed bytes as small pictures. */

import { diverging } from "../app/palette.js";

/** @typedef {import("../app/palette.js").Theme} Theme */

/** @type {Map<string, Uint32Array>} */
const tables = new Map();

/** @param {Theme} theme @param {number} strength */
export function table(theme, strength) {
  const key = `${theme.ink}${strength}`;
  let found = tables.get(key);
  if (!found) tables.set(key, (found = diverging(theme, strength)));
  return found;
}

/** One canvas that holds all maps of a frame in a row, each `size` pixels wide. */
export class Atlas {
  constructor() {
    this.canvas = document.createElement("canvas");
    /** @type {ImageData | null} */
    this.image = null;
    this.size = 0;
  }

  /** @param {Int8Array[]} maps @param {number} size @param {Uint32Array} colours */
  fill(maps, size, colours) {
    const width = maps.length * size;
    if (this.canvas.width !== width || this.canvas.height !== size || !this.image) {
      this.canvas.width = width;
      this.canvas.height = size;
      this.image = new ImageData(width, size);
      this.size = size;
    }
    const pixels = new Uint32Array(this.image.data.buffer);
    maps.forEach((map, index) => {
      for (let row = 0; row < size; row++) {
        const to = row * width + index * size;
        const from = row * size;
        for (let column = 0; column < size; column++) pixels[to + column] = colours[map[from + column] + 128];
      }
    });
    this.canvas.getContext("2d", { willReadFrequently: false })?.putImageData(this.image, 0, 0);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} index @param {number} x @param {number} y @param {number} side */
  draw(context, index, x, y, side) {
    context.drawImage(this.canvas, index * this.size, 0, this.size, this.size, x, y, side, side);
  }
}
