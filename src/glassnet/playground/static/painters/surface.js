/** Paints the network's prediction over the input plane, the decision boundary, and the points. */

import { framed, sloped, zeroLine } from "../app/contour.js";
import { WHOLE, surfaces } from "../app/frame.js";
import { SHAPES, css, mix, pixel } from "../app/palette.js";
import { PALE, table } from "./heat.js";

/** @typedef {import("../app/palette.js").Theme} Theme */
/** @typedef {import("../app/types.js").Frame} Frame */
/** @typedef {import("../app/types.js").Data} Data */

/** A small canvas with one pixel for each cell, kept between frames. */
export class Surface {
  constructor() {
    this.canvas = document.createElement("canvas");
    /** @type {ImageData | null} */
    this.image = null;
  }

  /** @param {Frame} frame @param {Theme} theme @param {number} largest the target that has the full colour */
  fill(frame, theme, largest) {
    const { size, outputs } = frame.header.surface;
    if (!this.image || this.canvas.width !== size) {
      this.canvas.width = this.canvas.height = size;
      this.image = new ImageData(size, size);
    }
    const pixels = new Uint32Array(this.image.data.buffer);
    const layers = surfaces(frame);
    if (frame.header.surface.kind === "graph") pixels.fill(pixel(theme.zero));
    else if (outputs === 1) {
      const colours = frame.header.surface.kind === "value" ? values(frame, theme, largest) : table(theme, "sides", PALE);
      for (let index = 0; index < pixels.length; index++) pixels[index] = colours[128 + Math.round((127 / WHOLE) * layers[0][index])];
    } else {
      for (let index = 0; index < pixels.length; index++) pixels[index] = pixel(blend(layers, index, theme));
    }
    this.canvas.getContext("2d")?.putImageData(this.image, 0, 0);
  }
}

/** The largest size of a target. @param {Data} data */
export function largestTarget(data) {
  return Math.max(1e-12, ...data.train.targets.map(Math.abs), ...data.test.targets.map(Math.abs));
}

/** The colours of a regression's bytes, with the scale of the points' targets. @param {Frame} frame @param {Theme} theme @param {number} largest */
function values(frame, theme, largest) {
  const [low, high] = frame.header.surface.range;
  const colours = table(theme, "signs", PALE);
  return Uint32Array.from({ length: 256 }, (_, index) => {
    const value = (low + high) / 2 + (((index - 128) / 127) * (high - low)) / 2;
    return colours[128 + Math.round(127 * Math.max(-1, Math.min(1, value / largest)))];
  });
}

/** The colour of the likeliest class, paler where the network is less sure. @param {Int16Array[]} layers @param {number} index @param {Theme} theme */
function blend(layers, index, theme) {
  let best = 0;
  for (let k = 1; k < layers.length; k++) if (layers[k][index] > layers[best][index]) best = k;
  const share = (layers[best][index] / WHOLE + 1) / 2;
  const least = 1 / layers.length;
  return mix(theme.zero, theme.classes[best], PALE * Math.max(0.12, (share - least) / (1 - least)));
}

/**
 * Paint the decision boundary, where the output crosses ½ or another class becomes the most probable.
 * @param {CanvasRenderingContext2D} context @param {Frame} frame @param {Theme} theme @param {number} width @param {number} height
 */
export function paintBoundary(context, frame, theme, width, height) {
  const { size, kind, outputs } = frame.header.surface;
  if (kind === "value" || kind === "graph") return;
  const layers = surfaces(frame);
  context.beginPath();
  for (let k = 0; k < (outputs === 1 ? 1 : outputs); k++) {
    const value = outputs === 1 ? (/** @type {number} */ i) => layers[0][i] : margin(layers, k);
    const plane = sloped(value, size);
    const wide = framed((index) => plane[index], size);
    const line = zeroLine((index) => wide[index], size + 2);
    for (let at = 0; at < line.length; at += 4) {
      context.moveTo(((line[at] - 0.5) / size) * width, ((line[at + 1] - 0.5) / size) * height);
      context.lineTo(((line[at + 2] - 0.5) / size) * width, ((line[at + 3] - 0.5) / size) * height);
    }
  }
  context.strokeStyle = theme.ink;
  context.lineWidth = 1.5;
  context.stroke();
}

/**
 * Paint the output over one input as a line.
 * @param {CanvasRenderingContext2D} context @param {Frame} frame @param {Data} data @param {Theme} theme @param {number} width @param {number} height
 */
export function paintGraph(context, frame, data, theme, width, height) {
  const { size, range } = frame.header.surface;
  const { y } = scales(data.domain, width, height);
  const row = surfaces(frame)[0].subarray(0, size); // every row is the same
  context.beginPath();
  row.forEach((whole, index) => {
    const value = range[0] + ((whole / WHOLE + 1) / 2) * (range[1] - range[0]);
    context.lineTo(((index + 0.5) / size) * width, Math.max(-height, Math.min(2 * height, y(value))));
  });
  context.strokeStyle = theme.ink;
  context.lineWidth = 2.5;
  context.stroke();
}

/** The lead of a class over the next best. @param {Int16Array[]} layers @param {number} k */
function margin(layers, k) {
  return (/** @type {number} */ index) => {
    let other = -Infinity;
    layers.forEach((layer, each) => (other = each === k ? other : Math.max(other, layer[index])));
    return layers[k][index] - other;
  };
}

/** Functions from coordinates of the plane to pixels of the picture. @param {Data["domain"]} domain @param {number} width @param {number} height */
export function scales([[left, right], [bottom, top]], width, height) {
  return {
    x: (/** @type {number} */ value) => ((value - left) / (right - left)) * width,
    y: (/** @type {number} */ value) => ((top - value) / (top - bottom)) * height,
  };
}

/**
 * Paint training points filled and test points as rings; each class has its own shape.
 * @param {CanvasRenderingContext2D} context @param {Data} data @param {Theme} theme @param {number} width @param {number} height
 * @param {number | null} chosen a training point
 */
export function paintPoints(context, data, theme, width, height, chosen) {
  const { x, y } = scales(data.domain, width, height);
  const many = data.train.points.length + data.test.points.length;
  const radius = Math.max(1.6, Math.min(4, (width / 330) * (many > 800 ? 2 : 3)));
  const largest = largestTarget(data);
  for (const part of /** @type {const} */ (["train", "test"])) {
    data[part].points.forEach(([px, py], index) => {
      const target = data[part].targets[index];
      const colour = colourOf(data, target, largest, theme);
      const shape = data.classes ? SHAPES[target % SHAPES.length] : "circle";
      context.beginPath();
      mark(context, shape, x(px), y(py), radius);
      if (part === "train") {
        context.fillStyle = css(colour);
        context.fill();
        context.strokeStyle = theme.paper;
        context.lineWidth = 0.9;
        context.stroke();
      } else {
        context.fillStyle = theme.paper;
        context.fill();
        context.strokeStyle = css(colour);
        context.lineWidth = 1.5;
        context.stroke();
      }
    });
  }
  const at = chosen === null ? undefined : data.train.points[chosen];
  if (!at) return;
  for (const [extra, colour] of /** @type {[number, string][]} */ ([[6, theme.paper], [4.5, theme.ink]])) {
    context.beginPath();
    context.arc(x(at[0]), y(at[1]), radius + extra, 0, 2 * Math.PI);
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.stroke();
  }
}

/** The colour of a point: that of its class, or of its number; grey over one input, where its height is the number. @param {Data} data @param {number} target @param {number} largest @param {Theme} theme */
function colourOf({ classes, graph }, target, largest, theme) {
  if (graph) return theme.classes[4];
  if (classes) return theme.classes[target % theme.classes.length];
  return mix(theme.zero, target < 0 ? theme.minus : theme.plus, 0.25 + 0.75 * Math.min(1, Math.abs(target) / largest));
}

/** @param {CanvasRenderingContext2D} context @param {string} shape @param {number} x @param {number} y @param {number} r */
export function mark(context, shape, x, y, r) {
  if (shape === "circle") context.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === "square") context.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
  else if (shape === "triangle") polygon(context, [[x, y - r * 1.2], [x + r * 1.1, y + r * 0.8], [x - r * 1.1, y + r * 0.8]]);
  else if (shape === "diamond") polygon(context, [[x, y - r * 1.25], [x + r * 1.25, y], [x, y + r * 1.25], [x - r * 1.25, y]]);
  else {
    const w = r * 0.45;
    const l = r * 1.2;
    polygon(context, [[x - w, y - l], [x + w, y - l], [x + w, y - w], [x + l, y - w], [x + l, y + w], [x + w, y + w],
      [x + w, y + l], [x - w, y + l], [x - w, y + w], [x - l, y + w], [x - l, y - w], [x - w, y - w]]);
  }
}

/** @param {CanvasRenderingContext2D} context @param {[number, number][]} corners */
function polygon(context, corners) {
  corners.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
}
