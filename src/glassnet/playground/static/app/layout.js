/** Lays out a drawing: the places of its neurons and weights. */

/** @typedef {import("./types.js").Entry} Entry */
/** @typedef {{layer: number, unit: number, x: number, y: number}} Node  the centre of a neuron */
/**
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} height
 * @property {number} side  of a neuron's square
 * @property {number} bend  of the lines: 0 where there are too many for curves
 * @property {number} em  how much larger than ordinary the type is
 * @property {number} across  from one layer to the next
 * @property {Node[][]} nodes
 */

/** Screens on which the parts stand one below the other and the page scrolls; the styles have the same words. */
export const PHONE = "(max-width: 720px), (max-height: 560px) and (max-width: 1000px)";

const CURVES = 700; // up to so many lines are curved; straight ones are quicker to paint
const TOP = 42; // two lines of captions
const BOTTOM = 36; // the legend
const ROOM = 58; // between two layers, for a number

/**
 * Columns of squares, as large as the tallest layer and the number of layers allow.
 * @param {number[]} widths @param {number} width @param {number} height @param {number} [em]
 * @returns {Layout}
 */
export function layout(widths, width, height, em = 1) {
  const left = (width < 480 ? 30 : 44) * em;
  const right = (width < 480 ? 26 : 40) * em;
  const tallest = Math.max(...widths);
  const top = TOP * em;
  const room = height - top - BOTTOM * em;
  const pitch = Math.min(100 * em, room / tallest);
  const column = (width - left - right) / widths.length;
  const side = Math.max(Math.min(7, pitch - 0.5), Math.min(70 * em, pitch - Math.min(14, Math.max(1.5, pitch * 0.22)), column * 0.62));
  const across = widths.length > 1 ? (width - left - right - side) / (widths.length - 1) : 0;
  const nodes = widths.map((count, layer) => {
    const step = Math.min(room / count, side * 1.4 + 20 * em);
    return Array.from({ length: count }, (_, unit) => ({
      layer,
      unit,
      x: left + side / 2 + layer * across,
      y: top + room / 2 + (unit - (count - 1) / 2) * step,
    }));
  });
  const lines = widths.slice(1).reduce((sum, count, index) => sum + count * widths[index], 0);
  return { width, height, side, bend: lines > CURVES ? 0 : 0.45, em, across, nodes };
}

/** True if the neurons of a layer have room for a number each. @param {Layout} drawing @param {number} layer */
export function roomy({ nodes, side, em }, layer) {
  const pitch = nodes[layer].length > 1 ? nodes[layer][1].y - nodes[layer][0].y : Infinity;
  const room = layer === nodes.length - 1 ? Infinity : nodes[layer + 1][0].x - nodes[layer][0].x - side;
  return pitch >= 15 * em && room >= ROOM * em;
}

/** The control points of a weight's line. @param {Layout} drawing @param {Node} from @param {Node} to */
export function curve({ side, bend: part }, from, to) {
  const x0 = from.x + side / 2;
  const x1 = to.x - side / 2;
  const bend = (x1 - x0) * part;
  return { x0, y0: from.y, cx0: x0 + bend, cx1: x1 - bend, x1, y1: to.y, straight: !part };
}

/** A point of a weight's line; t from 0 to 1. @param {ReturnType<typeof curve>} line @param {number} t */
export function along(line, t) {
  const u = 1 - t;
  const a = u * u * u;
  const b = 3 * u * u * t;
  const c = 3 * u * t * t;
  const d = t * t * t;
  return {
    x: a * line.x0 + b * line.cx0 + c * line.cx1 + d * line.x1,
    y: a * line.y0 + b * line.y0 + c * line.y1 + d * line.y1,
  };
}

/** The place of a neuron's bias mark. @param {Node} node @param {number} side */
export function biasPlace(node, side) {
  return { x: node.x - side / 2, y: node.y + side / 2 };
}

/**
 * Find the neuron, bias or weight at a point; null if there is none.
 * @param {Layout} drawing @param {number} x @param {number} y
 * @returns {{kind: "unit", layer: number, unit: number} | Entry | null}
 */
export function hit(drawing, x, y) {
  const { nodes, side } = drawing;
  const reach = Math.max(5, Math.min(9, side * 0.25));
  for (const layer of nodes.slice(1))
    for (const node of layer) {
      const place = biasPlace(node, side);
      if (Math.hypot(x - place.x, y - place.y) <= reach) return { kind: "b", layer: node.layer, from: 0, to: node.unit };
    }
  for (const layer of nodes)
    for (const node of layer)
      if (Math.abs(x - node.x) <= side / 2 && Math.abs(y - node.y) <= side / 2)
        return { kind: "unit", layer: node.layer, unit: node.unit };
  return nearestWeight(drawing, x, y);
}

/** @param {Layout} drawing @param {number} x @param {number} y @returns {Entry | null} */
function nearestWeight(drawing, x, y) {
  const { nodes, side } = drawing;
  let best = 6;
  /** @type {Entry | null} */
  let found = null;
  for (let layer = 1; layer < nodes.length; layer++) {
    if (x < nodes[layer - 1][0].x + side / 2 || x > nodes[layer][0].x - side / 2) continue;
    for (const from of nodes[layer - 1])
      for (const to of nodes[layer]) {
        const line = curve(drawing, from, to);
        const t = solve(line, x);
        const distance = Math.abs(along(line, t).y - y);
        if (distance < best) {
          best = distance;
          found = { kind: "W", layer, from: from.unit, to: to.unit };
        }
      }
  }
  return found;
}

/** The t where a line has the abscissa x, by bisection: x grows along the line. @param {ReturnType<typeof curve>} line @param {number} x */
function solve(line, x) {
  let low = 0;
  let high = 1;
  for (let round = 0; round < 20; round++) {
    const middle = (low + high) / 2;
    if (along(line, middle).x < x) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The neuron that an arrow key leads to. @param {number[]} widths @param {{layer: number, unit: number}} at @param {string} key */
export function neighbour(widths, { layer, unit }, key) {
  if (key === "ArrowUp") return { layer, unit: Math.max(0, unit - 1) };
  if (key === "ArrowDown") return { layer, unit: Math.min(widths[layer] - 1, unit + 1) };
  const next = Math.min(widths.length - 1, Math.max(0, layer + (key === "ArrowRight" ? 1 : -1)));
  const place = Math.round(((unit + 0.5) / widths[layer]) * widths[next] - 0.5);
  return { layer: next, unit: Math.min(widths[next] - 1, Math.max(0, place)) };
}
