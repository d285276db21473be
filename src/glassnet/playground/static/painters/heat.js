/** Paints maps of signed bytes as small pictures. */

import { between, diverging, mix, pixel, sides, signs } from "../app/palette.js";

/** @typedef {import("../app/palette.js").Theme} Theme */
/** @typedef {import("../app/types.js").Frame} Frame */

/** The strength of the surface's colours, on which the points must stand out. */
export const PALE = 0.62;

/** @type {Map<string, Uint32Array>} */
const tables = new Map();

/** A pixel for each signed byte, in the colours of signs or of two classes. @param {Theme} theme @param {"signs" | "sides"} kind @param {number} strength */
export function table(theme, kind, strength) {
  const key = `${theme.ink}${kind}${strength}`;
  let found = tables.get(key);
  if (!found) tables.set(key, (found = diverging(kind === "signs" ? signs(theme) : sides(theme), strength)));
  return found;
}

/**
 * The colours of each unit's map: those of signs, up to the unit's own largest value; an output has the colours of the surface.
 * @param {Frame} frame @param {Theme} theme @param {number} largest the target that has the full colour
 * @returns {Uint32Array[]}
 */
export function unitColours({ header }, theme, largest) {
  const { scale } = header.maps;
  const own = table(theme, "signs", 1);
  const last = scale.length - 1;
  return scale.flatMap((units, layer) => units.map((size, unit) => (layer < last ? own : outputColours(header, size, unit, theme, largest))));
}

/** @param {Frame["header"]} header @param {number} size of the byte 127 @param {number} unit @param {Theme} theme @param {number} largest */
function outputColours({ surface }, size, unit, theme, largest) {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    const value = ((index - 128) / 127) * size;
    if (surface.kind === "probability") return pixel(between(sides(theme), 2 * value - 1, PALE));
    if (surface.kind === "class") return pixel(mix(theme.zero, theme.classes[unit], PALE * Math.max(0, value)));
    return pixel(between(signs(theme), value / largest, PALE));
  });
}

/** One canvas that holds all maps of a frame in a row, each `size` pixels wide. */
export class Atlas {
  constructor() {
    this.canvas = document.createElement("canvas");
    /** @type {ImageData | null} */
    this.image = null;
    this.size = 0;
  }

  /** @param {Int8Array[]} maps @param {number} size @param {Uint32Array[]} colours of each map */
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
      const own = colours[index];
      for (let row = 0; row < size; row++) {
        const to = row * width + index * size;
        const from = row * size;
        for (let column = 0; column < size; column++) pixels[to + column] = own[map[from + column] + 128];
      }
    });
    this.canvas.getContext("2d", { willReadFrequently: false })?.putImageData(this.image, 0, 0);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} index @param {number} x @param {number} y @param {number} side */
  draw(context, index, x, y, side) {
    context.drawImage(this.canvas, index * this.size, 0, this.size, this.size, x, y, side, side);
  }
}
