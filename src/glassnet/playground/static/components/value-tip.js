/** A tip beside the pointer: value and gradient of a weight, a bias or a neuron. */

import { full, signed } from "../app/numbers.js";
import { store } from "../app/page.js";
import { html, nothing } from "../vendor/lit/index.js";

/** @typedef {import("../app/types.js").Entry} Entry */
/** @typedef {import("../app/types.js").Run} Run */

/** A parameter's value, and the gradient of the next step. @param {Run} run @param {Entry} entry */
export function valueOf(run, { kind, layer, from, to }) {
  const header = run.frame?.header;
  const index = layer - 1;
  if (!header) return { value: NaN, slope: NaN };
  if (kind === "b") return { value: header.b[index]?.[to], slope: header.db[index]?.[to] };
  return { value: header.W[index]?.[from]?.[to], slope: header.dW[index]?.[from]?.[to] };
}

/** W1[0, 3] or b2[0], as the code calls it. @param {Entry} entry */
export function title({ kind, layer, from, to }) {
  return kind === "W" ? `W${layer}[${from}, ${to}]` : `b${layer}[${to}]`;
}

/** @param {string} name @param {number | null | undefined} value */
function row(name, value) {
  return html`<tr><th scope="row">${name}</th><td class="num">${signed(value)}</td><td class="num full">${full(value)}</td></tr>`;
}

/**
 * @param {Run} run @param {{what: {kind: string, layer: number, unit?: number} | Entry | null, x: number, y: number}} tip @param {number} width
 */
export function valueTip(run, { what, x, y }, width) {
  if (!what) return nothing;
  const left = x > width / 2;
  const place = `${left ? `right: ${width - x + 14}px` : `left: ${x + 14}px`}; top: ${Math.max(0, y - 20)}px`;
  return html`<div class="tip" .style=${place}>${what.kind === "unit" ? unit(run, /** @type {any} */ (what)) : entry(run, /** @type {Entry} */ (what))}</div>`;
}

/** @param {Run} run @param {Entry} what */
function entry(run, what) {
  const { value, slope } = valueOf(run, what);
  const named = what.kind === "W" ? "weight" : "bias";
  return html`<p><b>${title(what)}</b> ${named}</p>
    <table>${row(what.kind === "W" ? "w" : "b", value)}${row(what.kind === "W" ? "∂L/∂w" : "∂L/∂b", slope)}</table>
    <p class="hint">click: edit, and see why</p>`;
}

/** @param {Run} run @param {{layer: number, unit: number}} what */
function unit(run, { layer, unit }) {
  if (layer === 0) return html`<p><b>input</b> ${run.query.features.split(",")[unit]}</p>`;
  const { value, slope } = valueOf(run, { kind: "b", layer, from: 0, to: unit });
  const worked = store.worked?.derivation;
  const seen = (/** @type {string} */ symbol) => {
    const step = worked?.steps?.find((/** @type {any} */ each) => each.symbol === symbol);
    const values = step?.value;
    return Array.isArray(values) && values.length === 1 && Array.isArray(values[0]) ? values[0][unit] : undefined;
  };
  const parts = [[`z${layer}`, seen(`Z${layer}`)], [`a${layer}`, seen(`A${layer}`)], [`∂L/∂z${layer}`, seen(`dZ${layer}`)]];
  return html`<p><b>layer ${layer}, neuron ${unit}</b></p>
    <table>${parts.map(([name, number]) => (number === undefined ? nothing : row(String(name), Number(number))))}${row("bias", value)}${row("∂L/∂b", slope)}</table>
    <p class="hint">click: see how it is computed</p>`;
}
