/** The drawing of the network: a neuron is a map of its values over the plane, a weight a line, a bias a dot. */

import { widths } from "../app/frame.js";
import { hit, layout, neighbour } from "../app/layout.js";
import { short, sub } from "../app/numbers.js";
import { FEATURES, label } from "../app/options.js";
import { quiet, store, theme } from "../app/page.js";
import { entryName, readEntry } from "../app/query.js";
import { Atlas } from "../painters/heat.js";
import { paintBiases, paintEntry, paintUnits, paintWeights } from "../painters/network.js";
import { paintFlow } from "../painters/flow.js";
import { largestTarget } from "../painters/surface.js";
import { html, nothing } from "../vendor/lit/index.js";
import { CanvasPart } from "./canvas-part.js";
import { valueOf, valueTip } from "./value-tip.js";

/** @typedef {import("../app/types.js").Entry} Entry */
/** @typedef {import("../app/types.js").Place} Place */
/** @typedef {import("../app/layout.js").Layout} Layout */

class NetworkDrawing extends CanvasPart {
  static properties = { index: { attribute: false }, at: { state: true }, tip: { state: true } };

  constructor() {
    super();
    this.index = 0;
    /** The neuron that has the focus. @type {Place} */
    this.at = { layer: 1, unit: 0 };
    /** The neuron or parameter under the pointer. @type {{what: ReturnType<typeof hit>, x: number, y: number} | null} */
    this.tip = null;
  }
  atlas = new Atlas();
  /** @type {Layout | null} */
  drawing = null;

  get run() {
    return store.runs[this.index];
  }

  connectedCallback() {
    super.connectedCallback();
    store.addEventListener("frame", this._tell);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    store.removeEventListener("frame", this._tell);
  }

  /** The tip follows the run while it plays. */
  _tell = () => {
    if (this.tip) this.requestUpdate();
  };

  render() {
    const { run } = this;
    if (!run) return nothing;
    const header = run.frame?.header;
    if (!header) return html`<div class="drawing empty">${run.error ? failure(run.error) : html`<p>Training the network …</p>`}</div>`;
    const count = widths(header);
    const at = { layer: Math.min(this.at.layer, count.length - 1), unit: 0 };
    at.unit = Math.min(this.at.unit, count[at.layer] - 1);
    return html`
      <div class="drawing" @pointermove=${this.onMove} @pointerleave=${this.onLeave} @click=${this.onClick}>
        <canvas aria-hidden="true"></canvas>
        <ol class="columns" aria-hidden="true">
          ${count.map((units, layer) => html`<li>${this.caption(layer, units)}</li>`)}
        </ol>
        <div class="units" role="group" aria-label="Neurons: arrow keys move, enter opens the glass">
          ${count.map((units, layer) =>
            Array.from({ length: units }, (_, unit) => html`
              <button
                data-arrows
                data-place=${`${layer},${unit}`}
                tabindex=${at.layer === layer && at.unit === unit ? 0 : -1}
                aria-label=${this.unitLabel(layer, unit)}
                @keydown=${this.onKey}
                @focus=${() => this.onFocus({ layer, unit })}
                @blur=${this.onLeave}
              ></button>`),
          )}
        </div>
        ${this.tip?.what ? valueTip(this.run, this.tip, this.width) : nothing}
        ${header.non_finite ? html`<p class="broken" role="alert">${header.non_finite.message}</p>` : nothing}
        ${run.error ? failure(run.error) : nothing}
      </div>
    `;
  }

  /** @param {number} layer @param {number} units */
  caption(layer, units) {
    const header = this.run?.frame?.header;
    if (layer === 0) return "inputs";
    const name = header?.activations[layer - 1]?.replace("_", " ") ?? "";
    return layer === header?.b.length ? html`output<br />${name}` : html`${units} · ${name}`;
  }

  /** @param {number} layer @param {number} unit */
  unitLabel(layer, unit) {
    const header = this.run?.frame?.header;
    if (layer === 0) return `input ${this.inputName(unit)}`;
    const name = layer === header?.b.length ? "output" : `layer ${layer}, neuron`;
    return `${name} ${unit}, bias ${short(header?.b[layer - 1][unit])}`;
  }

  /** @param {number} unit */
  inputName(unit) {
    return label(FEATURES, this.run?.query.features.split(",")[unit] ?? "");
  }

  updated() {
    super.updated();
    this.place();
  }

  /** Place the buttons over the neurons on the canvas. */
  place() {
    const { drawing } = this;
    if (!drawing) return;
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll(".units button"))) {
      const [layer, unit] = (button.dataset.place ?? "0,0").split(",").map(Number);
      const node = drawing.nodes[layer]?.[unit];
      if (!node) continue;
      button.style.left = `${node.x - drawing.side / 2}px`;
      button.style.top = `${node.y - drawing.side / 2}px`;
      button.style.width = button.style.height = `${drawing.side}px`;
    }
    this.querySelectorAll(".columns li").forEach((item, layer) => {
      const node = drawing.nodes[layer]?.[0];
      if (node) /** @type {HTMLElement} */ (item).style.left = `${node.x}px`;
    });
  }

  /** @param {CanvasRenderingContext2D} context @param {number} now */
  paint(context, now) {
    const frame = this.run?.frame;
    if (!frame) return false;
    const count = widths(frame.header);
    const old = this.drawing;
    if (!old || old.width !== this.width || old.height !== this.height || old.nodes.map((n) => n.length).join() !== count.join()) {
      this.drawing = layout(count, this.width, this.height);
      this.place();
    }
    const drawing = /** @type {Layout} */ (this.drawing);
    const colours = theme();
    const { header } = frame;
    const open = store.active === this.index && store.glass;
    const worked = open ? store.worked : null;
    paintWeights(context, drawing, header.W, colours, open ? 0.4 : 1);
    const what = this.tip?.what;
    if (what && what.kind !== "unit") paintEntry(context, drawing, what, colours, valueOf(this.run, what).value);
    const chosen = readEntry(store.view.entry);
    if (chosen && header.b[chosen.layer - 1]?.[chosen.to] !== undefined)
      paintEntry(context, drawing, chosen, colours, valueOf(this.run, chosen).value);
    paintUnits(context, drawing, frame, this.atlas, colours, this.run.data ? largestTarget(this.run.data) : 1);
    paintBiases(context, drawing, header.b, colours);
    this.paintNames(context, drawing);
    return worked ? paintFlow(context, drawing, { ...worked, unit: chosen?.to ?? 0 }, colours, now, quiet() || store.playing) : false;
  }

  /** @param {CanvasRenderingContext2D} context @param {Layout} drawing */
  paintNames(context, drawing) {
    const colours = theme();
    context.font = `${drawing.side > 24 ? 13 : 11}px system-ui, sans-serif`;
    context.fillStyle = colours.ink;
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const node of drawing.nodes[0]) {
      const name = this.inputName(node.unit);
      context.save();
      if (name.length > 2) context.font = "10px system-ui, sans-serif";
      context.fillText(name, node.x - drawing.side / 2 - 5, node.y);
      context.restore();
    }
    context.textAlign = "left";
    const last = drawing.nodes[drawing.nodes.length - 1];
    const classes = this.run?.data?.classes;
    for (const node of last)
      context.fillText(last.length > 1 ? (classes?.[node.unit] ?? sub("ŷ", node.unit)) : "ŷ", node.x + drawing.side / 2 + 6, node.y);
  }

  /** @param {PointerEvent} event */
  onMove(event) {
    if (!this.drawing) return;
    const box = this.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const what = hit(this.drawing, x, y);
    if (!what && !this.tip) return;
    this.tip = what ? { what, x, y } : null;
  }

  onLeave() {
    this.tip = null;
  }

  /** @param {Place} place */
  onFocus(place) {
    this.at = place;
    const node = this.drawing?.nodes[place.layer]?.[place.unit];
    if (node && this.querySelector(":focus-visible")) this.tip = { what: { kind: "unit", ...place }, x: node.x, y: node.y };
  }

  /** @param {MouseEvent} event */
  onClick(event) {
    if (!this.drawing) return;
    const button = event.target instanceof HTMLElement ? event.target.closest("button") : null;
    const box = this.getBoundingClientRect();
    /** @type {ReturnType<typeof hit>} */
    let what = hit(this.drawing, event.clientX - box.left, event.clientY - box.top);
    if (event.detail === 0 && button?.dataset.place) {
      const [layer, unit] = button.dataset.place.split(",").map(Number); // by the keyboard
      what = { kind: "unit", layer, unit };
    }
    if (!what) return;
    store.active = this.index;
    if (what.kind === "unit" && what.layer === 0) return store.look({ glass: store.hides("glass") ? "" : "1" });
    const entry = what.kind === "unit" ? { kind: /** @type {const} */ ("b"), layer: what.layer, from: 0, to: what.unit } : what;
    store.look({ entry: entryName(entry), glass: store.hides("glass") ? "" : "1" });
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const header = this.run?.frame?.header;
    if (!header || !event.key.startsWith("Arrow") || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = neighbour(widths(header), this.at, event.key);
    /** @type {HTMLElement | null} */ (this.querySelector(`[data-place="${next.layer},${next.unit}"]`))?.focus();
  }
}
customElements.define("network-drawing", NetworkDrawing);

/** @param {string} message */
export function failure(message) {
  return html`<p class="broken" role="alert">${message} <button @click=${() => store.refresh()}>Try again</button></p>`;
}

