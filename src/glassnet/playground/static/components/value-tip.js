/** A tip beside the pointer: value and gradient of a weight or a bias; a neuron with its map, large. It follows the run. */

import { maps } from "../app/frame.js";
import { full, short, signed, sub } from "../app/numbers.js";
import { store, theme } from "../app/page.js";
import { t } from "../app/texts.js";
import { Atlas, unitColours } from "../painters/heat.js";
import { largestTarget } from "../painters/surface.js";
import { html, nothing } from "../vendor/lit/index.js";
import { Part } from "./part.js";
import { rich } from "./rich.js";

/** @typedef {import("../app/types.js").Entry} Entry */
/** @typedef {import("../app/types.js").Run} Run */
/** @typedef {{what: {kind: "unit", layer: number, unit: number} | Entry | null, x: number, y: number}} Tip */

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

class ValueTip extends Part {
  static properties = { index: { attribute: false }, tip: { attribute: false }, room: { attribute: false } };

  constructor() {
    super();
    this.index = 0;
    /** @type {Tip | null} */
    this.tip = null;
    /** Width and height of the drawing. */
    this.room = [0, 0];
  }
  follows = true;
  atlas = new Atlas();

  get run() {
    return store.runs[this.index];
  }

  render() {
    const { tip, run, room: [width, height] } = this;
    if (!tip?.what || !run?.frame) return nothing;
    const side = tip.x > width / 2 ? `right: ${width - tip.x + 14}px` : `left: ${tip.x + 14}px`;
    const end = tip.y > height / 2 ? `bottom: ${Math.max(0, height - tip.y - 20)}px` : `top: ${Math.max(0, tip.y - 20)}px`;
    return html`<div class="tip" .style=${`${side}; ${end}`}>${tip.what.kind === "unit" ? this.unit(run, tip.what) : entry(run, tip.what)}</div>`;
  }

  /** @param {Run} run @param {{layer: number, unit: number}} what */
  unit(run, what) {
    const { layer, unit } = what;
    const [low, high] = this.range(what);
    const map = html`<div class="map"><canvas></canvas><p class="dim">${rich("tip.range", { low: html`<span class="num">${short(low, 3)}</span>`, high: html`<span class="num">${short(high, 3)}</span>` })}</p></div>`;
    if (layer === 0) return html`<p><b>${t("tip.input", { name: run.data?.feature_names[unit] ?? "" })}</b></p>${map}`;
    const { value, slope } = valueOf(run, { kind: "b", layer, from: 0, to: unit });
    const output = layer === run.frame?.header.b.length;
    const parts = [[sub("z", layer), seen(`Z${layer}`, unit)], [sub("a", layer), seen(`A${layer}`, unit)], [sub("∂L/∂z", layer), seen(`dZ${layer}`, unit)]];
    const known = parts.filter(([, number]) => number !== undefined);
    return html`<p><b>${output ? t("tip.output", { unit }) : t("tip.unit", { layer, unit })}</b></p>
      ${map}
      <table>${row(t("bias"), value)}${row("∂L/∂b", slope)}
      ${known.length ? html`<tr><th scope="row" colspan="3">${t("tip.sample")}</th></tr>` : nothing}${known.map(([name, number]) => row(String(name), Number(number)))}</table>
      ${store.hides("glass") ? nothing : html`<p class="hint">${t("tip.unit.hint")}</p>`}`;
  }

  /** The place of a unit's map in the frame. @param {{layer: number, unit: number}} what */
  place({ layer, unit }) {
    return (this.run.frame?.header.maps.scale ?? []).slice(0, layer).reduce((sum, units) => sum + units.length, unit);
  }

  /** The smallest and the largest value of a unit's map. @param {{layer: number, unit: number}} what */
  range(what) {
    const { frame } = this.run;
    const map = frame ? maps(frame)[this.place(what)] : undefined;
    if (!frame || !map) return [NaN, NaN];
    const scale = frame.header.maps.scale[what.layer][what.unit] / 127;
    return [map.reduce((a, b) => Math.min(a, b)) * scale, map.reduce((a, b) => Math.max(a, b)) * scale];
  }

  updated() {
    const canvas = /** @type {HTMLCanvasElement | null} */ (this.querySelector("canvas"));
    const { frame, data } = this.run ?? {};
    if (!canvas || !frame || this.tip?.what?.kind !== "unit") return;
    const index = this.place(this.tip.what);
    const { size } = frame.header.maps;
    const colours = unitColours(frame, theme(), data ? largestTarget(data) : 1)[index];
    this.atlas.fill([maps(frame)[index]], size, [colours]);
    canvas.width = canvas.height = 6 * size;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.imageSmoothingQuality = "high";
    this.atlas.draw(context, 0, 0, 0, canvas.width);
  }
}
customElements.define("value-tip", ValueTip);

/** A number of the worked step's one sample. @param {string} symbol @param {number} unit @returns {number | undefined} */
function seen(symbol, unit) {
  const values = store.worked?.derivation.steps.find((each) => each.symbol === symbol)?.value;
  return Array.isArray(values) && values.length === 1 && Array.isArray(values[0]) ? values[0][unit] : undefined;
}

/** @param {Run} run @param {Entry} what */
function entry(run, what) {
  const { value, slope } = valueOf(run, what);
  const named = t(what.kind === "W" ? "weight" : "bias");
  return html`<p><b>${title(what)}</b> ${named}</p>
    <table>${row(what.kind === "W" ? "w" : "b", value)}${row(what.kind === "W" ? "∂L/∂w" : "∂L/∂b", slope)}</table>
    ${store.hides("glass") ? nothing : html`<p class="hint">${t("tip.entry.hint")}</p>`}`;
}
