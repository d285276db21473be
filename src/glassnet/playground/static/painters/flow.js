/** Paints the numbers of a worked step as they travel along the drawing: values forward, errors back. */

import { along, biasPlace, curve, roomy } from "../app/layout.js";
import { signed } from "../app/numbers.js";
import { find, labels, motion, rows, unflatten } from "../app/worked.js";
import { paintWeights, trace } from "./network.js";

/** @typedef {import("../app/palette.js").Theme} Theme */
/** @typedef {import("../app/layout.js").Layout} Layout */
/** @typedef {import("../app/worked.js").Derivation} Derivation */
/**
 * @typedef {object} Shown
 * @property {Derivation} derivation
 * @property {string} symbol
 * @property {number} unit  the neuron of the layer whose lines carry numbers
 * @property {number[][][]} W
 */

const PERIOD = 1800;
const MOST_LABELS = 16;
const WIDE = 240; // room between two layers for a whole product

/**
 * @param {CanvasRenderingContext2D} context @param {Layout} drawing @param {Shown} shown @param {Theme} theme
 * @param {number} now @param {boolean} still
 * @returns {boolean} whether something moves
 */
export function paintFlow(context, drawing, { derivation, symbol, unit, W }, theme, now, still) {
  const { kind, layer } = motion(symbol);
  const time = still ? 0.55 : (now % PERIOD) / PERIOD;
  const step = find(derivation, symbol);
  if (step && kind === "weights") paintSlopes(context, drawing, layer, rows(step.value), theme, time, still);
  if (step && kind === "biases") ringBiases(context, drawing, layer, rows(step.value)[0], theme);
  if (step && kind === "update" && symbol === "theta") paintUpdate(context, drawing, rows(step.value)[0], theme);
  if (kind === "units") ring(context, drawing, layer, theme);
  if (kind === "loss") ring(context, drawing, drawing.nodes.length - 1, theme);
  paintLabels(context, drawing, derivation, symbol, theme);
  const to = layer + 1;
  if (kind === "forward") travel(context, drawing, { layer, values: carried(derivation, [`A${layer - 1}_dropped`, `A${layer - 1}`]), unit, W: W[layer - 1], back: false }, time, theme);
  if (kind === "back" && to < drawing.nodes.length) travel(context, drawing, { layer: to, values: carried(derivation, [`dZ${to}`]), unit, W: W[layer], back: true }, time, theme);
  return !still && (kind === "forward" || kind === "back" || kind === "weights");
}

/** The single row of the first of these symbols that the derivation has. @param {Derivation} derivation @param {string[]} symbols */
function carried(derivation, symbols) {
  for (const symbol of symbols) {
    const step = find(derivation, symbol);
    if (step && derivation.rows === 1) return rows(step.value)[0];
  }
  return null;
}

/**
 * Dots along every line between two layers; the lines of one neuron carry their products, weight times number.
 * @param {CanvasRenderingContext2D} context @param {Layout} drawing
 * @param {{layer: number, values: number[] | null, unit: number, W: number[][], back: boolean}} carrying @param {number} time @param {Theme} theme
 */
function travel(context, drawing, { layer, values, unit, W, back }, time, theme) {
  const { nodes, em, side, across } = drawing;
  const eased = time < 0.85 ? time / 0.85 : 1;
  const t = back ? 1 - eased : eased;
  const many = nodes[layer - 1].length * nodes[layer].length > 400;
  /** @type {{x: number, y: number, text: string}[]} */
  const pills = [];
  const room = (across - side) / em;
  const few = back || nodes[layer - 1].length <= 4;
  const place = back ? 0.64 : few ? 0.62 : room > 200 ? 0.38 : 0.55; // clear of the numbers at the neurons and of one another
  for (const from of nodes[layer - 1])
    for (const to of nodes[layer]) {
      const own = back ? from.unit === unit : to.unit === unit;
      if (many && !own) continue;
      const line = curve(drawing, from, to);
      const { x, y } = along(line, t);
      const value = values ? values[back ? to.unit : from.unit] : 0;
      context.beginPath();
      context.arc(x, y, (own ? 4.5 : 2.4) * em, 0, 2 * Math.PI);
      context.fillStyle = !values ? theme.muted : value < 0 ? theme.minusLine : theme.plusLine;
      context.globalAlpha = own ? 1 : 0.6;
      context.fill();
      context.globalAlpha = 1;
      if (own && values) pills.push({ ...along(line, place), text: product(W[from.unit][to.unit], value, few ? room : Math.min(room, WIDE)) });
    }
  // products that would overlap stand one below the other; of many some are left out, the table shows them all
  let last = -Infinity;
  for (const { x, y, text } of pills.sort((a, b) => a.y - b.y)) {
    const free = last + 17 * em;
    if (!text || (y < free && pills.length > MOST_LABELS)) continue;
    last = Math.max(y, free);
    pill(context, text, x, last, theme, em);
  }
}

/** "−0.172 · +0.881 = −0.151", shorter where the room is small. @param {number} weight @param {number} value @param {number} room */
function product(weight, value, room) {
  const result = signed(weight * value, 3);
  if (room > WIDE) return `${signed(weight, 3)} · ${signed(value, 3)} = ${result}`;
  return room > 120 ? result : "";
}

/**
 * A number on a small plate, centred at x or starting at x.
 * @param {CanvasRenderingContext2D} context @param {string} text @param {number} x @param {number} y @param {Theme} theme @param {number} em @param {boolean} [from]
 */
function pill(context, text, x, y, theme, em, from = false) {
  context.font = `600 ${11 * em}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const width = context.measureText(text).width + 8 * em;
  const middle = from ? x + width / 2 : x;
  context.fillStyle = theme.paper;
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(middle - width / 2, y - 8 * em, width, 16 * em, 4);
  context.fill();
  context.stroke();
  context.fillStyle = theme.ink;
  context.fillText(text, middle, y + 0.5);
}

/** Draw each line as wide as its weight's gradient. @param {CanvasRenderingContext2D} context @param {Layout} drawing @param {number} layer @param {number[][]} slopes @param {Theme} theme @param {number} time @param {boolean} still */
function paintSlopes(context, drawing, layer, slopes, theme, time, still) {
  const { nodes } = drawing;
  const largest = Math.max(1e-300, ...slopes.flat().map(Math.abs));
  context.lineDashOffset = still ? 0 : time * 36;
  for (const from of nodes[layer - 1])
    for (const to of nodes[layer]) {
      const slope = slopes[from.unit]?.[to.unit] ?? 0;
      if (!slope) continue;
      context.beginPath();
      trace(context, curve(drawing, from, to));
      context.setLineDash([8, 4]);
      context.lineWidth = 0.8 + (5 * Math.abs(slope)) / largest;
      context.strokeStyle = slope < 0 ? theme.minusLine : theme.plusLine;
      context.stroke();
    }
  context.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} context @param {Layout} drawing @param {number} layer @param {number[]} slopes @param {Theme} theme */
function ringBiases(context, { nodes, side }, layer, slopes, theme) {
  for (const node of nodes[layer]) {
    const { x, y } = biasPlace(node, side);
    context.beginPath();
    context.arc(x, y, Math.max(5, side * 0.22), 0, 2 * Math.PI);
    context.lineWidth = 2.5;
    context.strokeStyle = slopes[node.unit] < 0 ? theme.minusLine : theme.plusLine;
    context.stroke();
  }
}

/** Draw the weights after the step. @param {CanvasRenderingContext2D} context @param {Layout} drawing @param {number[]} theta @param {Theme} theme */
function paintUpdate(context, drawing, theta, theme) {
  const widths = drawing.nodes.map((layer) => layer.length);
  paintWeights(context, drawing, unflatten(theta, widths), theme);
}

/** @param {CanvasRenderingContext2D} context @param {Layout} drawing @param {number} layer @param {Theme} theme */
function ring(context, { nodes, side }, layer, theme) {
  context.strokeStyle = theme.ink;
  context.lineWidth = 2;
  for (const node of nodes[layer] ?? []) context.strokeRect(node.x - side / 2 - 2, node.y - side / 2 - 2, side + 4, side + 4);
}

/** Write the numbers computed so far at their neurons. @param {CanvasRenderingContext2D} context @param {Layout} drawing @param {Derivation} derivation @param {string} symbol @param {Theme} theme */
function paintLabels(context, drawing, derivation, symbol, theme) {
  const { nodes, side, em } = drawing;
  labels(derivation, symbol, nodes.length - 1).forEach((label, layer) => {
    if (!label || nodes[layer].length > MOST_LABELS || !roomy(drawing, layer)) return; // the tables have all numbers
    const last = layer === nodes.length - 1;
    const pitch = nodes[layer].length > 1 ? nodes[layer][1].y - nodes[layer][0].y : 99;
    for (const node of nodes[layer]) {
      const value = label.values[node.unit];
      if (value === undefined) continue;
      if (last) pill(context, signed(value), node.x, node.y + side / 2 + (layer ? 14 * em : 0), theme, em);
      else pill(context, signed(value, pitch > 24 * em ? 4 : 3), node.x + side / 2 + 2, node.y, theme, em, true);
    }
  });
}

