/** Paints a network: weights as lines, neurons as heat maps, biases as dots. */

import { maps } from "../app/frame.js";
import { biasPlace, curve } from "../app/layout.js";
import { lineWidth } from "../app/palette.js";
import { unitColours } from "./heat.js";

/** @typedef {import("../app/palette.js").Theme} Theme */
/** @typedef {import("../app/types.js").Frame} Frame */
/** @typedef {import("../app/types.js").Entry} Entry */
/** @typedef {import("../app/layout.js").Layout} Layout */
/** @typedef {import("./heat.js").Atlas} Atlas */

/**
 * Draw all lines, wide ones over narrow ones.
 * @param {CanvasRenderingContext2D} context @param {Layout} drawing @param {number[][][]} W @param {Theme} theme
 * @param {number} [faint] how much of the colour is left
 */
export function paintWeights(context, drawing, W, theme, faint = 1) {
  const { nodes } = drawing;
  /** @type {{width: number, minus: boolean, line: ReturnType<typeof curve>}[]} */
  const lines = [];
  W.forEach((rows, index) =>
    rows.forEach((row, from) =>
      row.forEach((weight, to) =>
        lines.push({ width: lineWidth(weight), minus: weight < 0, line: curve(drawing, nodes[index][from], nodes[index + 1][to]) }),
      ),
    ),
  );
  lines.sort((a, b) => a.width - b.width);
  context.lineCap = "butt";
  // one stroke for each line: one path of hundreds of crossing lines takes far longer to fill
  for (const { width, minus, line } of lines) {
    context.strokeStyle = minus ? theme.minusLine : theme.plusLine;
    context.globalAlpha = faint * Math.min(0.9, 0.25 + width * 0.16);
    context.lineWidth = width;
    context.beginPath();
    trace(context, line);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** @param {Path2D | CanvasRenderingContext2D} path @param {ReturnType<typeof curve>} line */
export function trace(path, line) {
  path.moveTo(line.x0, line.y0);
  if (line.straight) path.lineTo(line.x1, line.y1);
  else path.bezierCurveTo(line.cx0, line.y0, line.cx1, line.y1, line.x1, line.y1);
}

/**
 * Draw the neurons, each as a map of its values over the input plane.
 * @param {CanvasRenderingContext2D} context @param {Layout} drawing @param {Frame} frame @param {Atlas} atlas @param {Theme} theme
 * @param {number} largest the target that has the full colour
 */
export function paintUnits(context, drawing, frame, atlas, theme, largest) {
  const { nodes, side } = drawing;
  atlas.fill(maps(frame), frame.header.maps.size, unitColours(frame, theme, largest));
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  let index = 0;
  for (const layer of nodes)
    for (const node of layer) {
      const [x, y] = [node.x - side / 2, node.y - side / 2];
      atlas.draw(context, index++, x, y, side);
      context.strokeStyle = theme.muted;
      context.lineWidth = 1;
      context.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
    }
}

/**
 * Draw a dot at the corner of each neuron, coloured by the sign of its bias, with the size of its magnitude.
 * @param {CanvasRenderingContext2D} context @param {Layout} drawing @param {number[][]} b @param {Theme} theme
 */
export function paintBiases(context, drawing, b, theme) {
  const { nodes, side } = drawing;
  const most = Math.max(3, Math.min(6.5, side * 0.17));
  b.forEach((row, index) =>
    row.forEach((bias, unit) => {
      const { x, y } = biasPlace(nodes[index + 1][unit], side);
      context.beginPath();
      context.arc(x, y, most, 0, 2 * Math.PI);
      context.fillStyle = theme.paper;
      context.fill();
      context.strokeStyle = theme.muted;
      context.lineWidth = 1;
      context.stroke();
      context.beginPath();
      context.arc(x, y, (most - 1) * Math.min(1, lineWidth(bias) / 5), 0, 2 * Math.PI);
      context.fillStyle = bias < 0 ? theme.minusLine : theme.plusLine;
      context.fill();
    }),
  );
}

/**
 * Draw the weight or bias that is selected or under the pointer again, over the rest.
 * @param {CanvasRenderingContext2D} context @param {Layout} drawing @param {Entry} entry @param {Theme} theme @param {number} weight
 */
export function paintEntry(context, drawing, entry, theme, weight) {
  const { nodes, side } = drawing;
  const to = nodes[entry.layer]?.[entry.to];
  const from = nodes[entry.layer - 1]?.[entry.from];
  if (!to || !from) return;
  if (entry.kind === "b") {
    const place = biasPlace(to, side);
    context.beginPath();
    context.arc(place.x, place.y, Math.max(6, side * 0.24), 0, 2 * Math.PI);
    context.strokeStyle = theme.ink;
    context.lineWidth = 2;
    context.stroke();
    return;
  }
  const line = curve(drawing, from, to);
  context.lineWidth = Math.max(3, lineWidth(weight)) + 4;
  context.strokeStyle = theme.ink;
  context.beginPath();
  trace(context, line);
  context.stroke();
  context.lineWidth = Math.max(2, lineWidth(weight));
  context.strokeStyle = weight < 0 ? theme.minusLine : theme.plusLine;
  context.beginPath();
  trace(context, line);
  context.stroke();
}
