/** The network's prediction at every point of the plane, with the training and the test points. */

import { valuesAt } from "../app/frame.js";
import { short } from "../app/numbers.js";
import { store, theme } from "../app/page.js";
import { source } from "../app/source.js";
import { named, t } from "../app/texts.js";
import { inUnits } from "../app/units.js";
import { Surface, largestTarget, paintBoundary, paintGraph, paintPoints, scales } from "../painters/surface.js";
import { html, nothing, svg } from "../vendor/lit/index.js";
import { CanvasPart } from "./canvas-part.js";
import { PointTools } from "./point-tools.js";

const REACH = 12; // pixels from a point within which the pointer means it

class DecisionSurface extends CanvasPart {
  static properties = { index: { attribute: false }, at: { state: true } };

  constructor() {
    super();
    this.index = 0;
    /** The place of the pointer in the picture, each part from 0 to 1. @type {{x: number, y: number} | null} */
    this.at = null;
    this.tools = new PointTools(this);
    this.addEventListener("edit", () => this.tools.take("0"));
  }
  surface = new Surface();

  connectedCallback() {
    super.connectedCallback();
    // a part that follows is painted twice for each frame; only the tip has to
    this._tell = () => this.at && this.requestUpdate();
    store.addEventListener("frame", this._tell);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    if (this._tell) store.removeEventListener("frame", this._tell);
  }

  get run() {
    return store.runs[this.index];
  }

  render() {
    const { run } = this;
    if (!run) return nothing;
    const data = run.data;
    const classes = data?.classes;
    return html`
      <figure class="surface">
        <div class="square">
          ${this.canvas()}
          ${data ? axes(data) : nothing} ${this.tip()}
        </div>
        <figcaption>
          ${classes
            ? classes.map((name, k) => html`<span class="key k${k % 5}"><svg viewBox="-6 -6 12 12" aria-hidden="true">${glyph(k)}</svg>${classes.length > 2 || Number.isNaN(Number(name)) ? name : t("surface.class", { name })}</span>`)
            : data?.graph
              ? html`<span class="key"><i class="solid"></i>${t("surface.graph", { name: target(data) })}</span>`
              : data
              ? html`<span class="key">${target(data)} ${short(inUnits(data, 2, -largestTarget(data)), 2)} <i class="ramp"></i> ${short(inUnits(data, 2, largestTarget(data)), 2)}</span>`
              : nothing}
          <span class="key dim">${t("surface.train", { n: data?.train.points.length ?? "" })}</span>${data?.test.points.length === 0 ? nothing : html`<span class="key dim">${t("surface.test", { n: data?.test.points.length ?? "" })}</span>`}
          ${this.tools.toolbar(glyph)}
        </figcaption>
      </figure>
    `;
  }

  canvas() {
    const { tools } = this;
    const edits = Boolean(tools.tool);
    const act = (/** @type {"down" | "act"} */ how) => (/** @type {PointerEvent} */ event) => {
      if (!edits) return;
      if (how === "down") /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
      tools[how](this.inPlane(this.where(event)));
    };
    return html`<canvas class=${edits ? "edits" : ""} role=${edits ? "application" : "img"} tabindex=${edits ? 0 : -1}
      aria-label=${edits ? t("tools.keys") : this.label()}
      @click=${this.onClick} @pointerdown=${act("down")} @pointerup=${() => tools.up()} @pointercancel=${() => tools.up()} @keydown=${this.onKey}
      @pointermove=${(/** @type {PointerEvent} */ event) => (this.onMove(event), act("act")(event))} @pointerleave=${() => (this.at = null)}></canvas>`;
  }

  /** A place of the picture in the plane of the points. @param {{x: number, y: number}} at */
  inPlane({ x, y }) {
    const [[left, right], [bottom, top]] = this.run.data?.domain ?? [[0, 1], [0, 1]];
    const inside = (/** @type {number} */ part) => Math.max(0, Math.min(1, part));
    return { x: left + inside(x) * (right - left), y: top - inside(y) * (top - bottom) };
  }

  /** Draw by the keyboard. @param {KeyboardEvent} event */
  onKey(event) {
    const { tools } = this;
    if (!tools.tool) return;
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move && event.key !== "Enter") return;
    event.preventDefault();
    const at = this.at ?? { x: 0.5, y: 0.5 };
    const step = event.shiftKey ? 0.1 : 0.02;
    this.at = { x: at.x + step * (move?.[0] ?? 0), y: at.y + step * (move?.[1] ?? 0) };
    const place = this.inPlane(this.at);
    if (move) return tools.act(place);
    if (!tools.pressed) tools.down(place);
    else return tools.up();
    if (tools.tool !== "move") tools.up();
  }

  label() {
    const { run } = this;
    const header = run?.frame?.header;
    if (!header || !run?.data) return t("surface.computing");
    const { metric } = header;
    return t("surface.label", { step: header.step, train: run.data.train.points.length, test: run.data.test.points.length, metric: named("metric", metric.name), score: short(metric.test) });
  }

  /** @param {CanvasRenderingContext2D} context */
  paint(context) {
    const { run } = this;
    if (!run?.frame) return;
    const colours = theme();
    this.surface.fill(run.frame, colours, run.data ? largestTarget(run.data) : 1);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.surface.canvas, 0, 0, this.width, this.height);
    paintBoundary(context, run.frame, colours, this.width, this.height);
    if (run.data?.graph && run.frame.header.surface.kind === "graph") paintGraph(context, run.frame, run.data, colours, this.width, this.height);
    this.paintCross(context);
    const { sample } = store.view;
    if (run.data) paintPoints(context, this.tools.shown(run.data), colours, this.width, this.height, /^\d+$/.test(sample) && store.view.glass ? Number(sample) : null);
  }

  /** The place at which the keyboard draws. @param {CanvasRenderingContext2D} context */
  paintCross(context) {
    if (!this.tools.tool || !this.at) return;
    const [x, y] = [this.at.x * this.width, this.at.y * this.height];
    context.strokeStyle = theme().ink;
    context.lineWidth = 1;
    context.strokeRect(x - 8 * this.em, y, 16 * this.em, 0);
    context.strokeRect(x, y - 8 * this.em, 0, 16 * this.em);
  }

  /** The training or test point nearest to a place in the picture, and how far away it is. @param {{x: number, y: number}} at @param {"train" | "test"} part @param {number[] | null} [among] */
  nearest(at, part, among = null) {
    const { data } = this.run;
    if (!data) return { index: -1, distance: Infinity };
    const { x, y } = scales(data.domain, this.width, this.height);
    const distances = data[part].points.map(([px, py], index) => (among && !among.includes(index) ? Infinity : Math.hypot(x(px) - at.x * this.width, y(py) - at.y * this.height)));
    const distance = Math.min(...distances);
    return { index: distances.indexOf(distance), distance };
  }

  /** The place of the pointer in the picture. @param {MouseEvent} event */
  where(event) {
    const box = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }

  /** Take the clicked training point as the sample of the glass; a click far from all of them picks none. @param {MouseEvent} event */
  onClick(event) {
    if (this.tools.tool) return;
    const known = source.samples(this.run.query); // a recording has some of them worked out
    const { index, distance } = this.nearest(this.where(event), "train", known);
    if (index < 0 || (!known && distance > REACH * this.em) || store.hides("glass")) return;
    store.active = this.index;
    store.look({ sample: String(index), glass: "1" });
  }

  /** @param {PointerEvent} event */
  onMove(event) {
    this.at = this.where(event);
  }

  /** The output at the pointer, and the point under it. */
  tip() {
    const { at, run } = this;
    if (!at || !run.data || !run.frame || this.tools.tool) return nothing;
    const { data, frame } = run;
    const place = this.inPlane(at);
    const outputs = valuesAt(frame, at.x, at.y).map((value) => (data.classes ? value : inUnits(data, 2, value)));
    const found = /** @type {const} */ (["train", "test"]).map((part) => ({ part, ...this.nearest(at, part) }));
    const { part, index, distance } = found[0].distance <= found[1].distance ? found[0] : found[1];
    const corner = `${at.x > 0.35 ? `right: ${(1 - at.x) * 100}%` : `left: ${at.x * 100}%`}; ${at.y > 0.5 ? `bottom: ${(1 - at.y) * 100}%` : `top: ${at.y * 100}%`}`;
    return html`<div class="over"><div class="tip" .style=${corner}>
      <table><tr><th scope="row">${data.names[0]}</th><td class="num">${short(inUnits(data, 0, place.x), 3)}</td></tr>
        ${data.graph ? nothing : html`<tr><th scope="row">${data.names[1]}</th><td class="num">${short(inUnits(data, 1, place.y), 3)}</td></tr>`}
        ${outputs.map((value, k) => html`<tr><th scope="row">${outputName(data, outputs.length, k)}</th><td class="num">${short(value, 3)}</td></tr>`)}</table>
      ${distance > REACH * this.em ? nothing : html`<p>${t(part === "train" ? "surface.point.training" : "surface.point.test", { index, what: data.classes ? t("surface.class", { name: data.classes[data[part].targets[index]] }) : `${target(data)} ${short(inUnits(data, 2, data[part].targets[index]))}` })}</p>
        ${part === "train" && !store.hides("glass") ? html`<p class="hint">${t("surface.hint")}</p>` : nothing}`}
    </div></div>`;
  }
}
customElements.define("decision-surface", DecisionSurface);

/** What an output is. @param {import("../app/types.js").Data} data @param {number} count @param {number} k */
function outputName(data, count, k) {
  if (!data.classes) return t("surface.output", { name: target(data) });
  return t("surface.probability", { name: data.classes[count === 1 ? 1 : k] });
}

/** What is to be learnt: the name of the column, or the page's word where the data have none. @param {import("../app/types.js").Data} data */
function target({ names, columns }) {
  return columns.length ? names[2] : named("column", names[2]);
}

/** @param {import("../app/types.js").Data} data */
function axes(data) {
  const { domain: [[left, right], [bottom, top]], names } = data;
  const end = (/** @type {0 | 1} */ axis, /** @type {number} */ value) => short(inUnits(data, axis, value), 2);
  return html`<span class="axis x0">${end(0, left)}</span><span class="axis x1">${names[0]} ${end(0, right)}</span>
    <span class="axis y0">${end(1, bottom)}</span><span class="axis y1">${names[1]} ${end(1, top)}</span>`;
}

/** A class's mark in the legend. @param {number} k */
function glyph(k) {
  return [
    svg`<circle r="4.5" />`,
    svg`<rect x="-4" y="-4" width="8" height="8" />`,
    svg`<path d="M0-5 5 4H-5z" />`,
    svg`<path d="M0-5.5 5.5 0 0 5.5-5.5 0z" />`,
    svg`<path d="M-2-5h4v3h3v4H2v3h-4V2h-3v-4h3z" />`,
  ][k % 5];
}
