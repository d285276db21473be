/** The drawing of the network: a neuron is a map of its values over the plane, a weight a line, a bias a dot. */

import { widths } from "../app/frame.js";
import { hit, layout, neighbour, roomy } from "../app/layout.js";
import { short, sub } from "../app/numbers.js";
import { quiet, store, theme } from "../app/page.js";
import { entryName, readEntry } from "../app/query.js";
import { named, t } from "../app/texts.js";
import { labels } from "../app/worked.js";
import { Atlas } from "../painters/heat.js";
import { paintBiases, paintEntry, paintUnits, paintWeights } from "../painters/network.js";
import { paintFlow } from "../painters/flow.js";
import { largestTarget } from "../painters/surface.js";
import { html, nothing } from "../vendor/lit/index.js";
import { CanvasPart } from "./canvas-part.js";
import { english, message as told } from "./rich.js";
import { valueOf } from "./value-tip.js";

/** @typedef {import("../app/types.js").Entry} Entry */
/** @typedef {import("../app/types.js").Place} Place */
/** @typedef {import("../app/layout.js").Layout} Layout */

const SHORT = 4; // letters of a name that fit beside its unit

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
    if (!header) return html`<div class="drawing empty">${run.error ? failure(run.error) : html`<p>${t("drawing.training")}</p>`}</div>`;
    const count = widths(header);
    const at = { layer: Math.min(this.at.layer, count.length - 1), unit: 0 };
    at.unit = Math.min(this.at.unit, count[at.layer] - 1);
    return html`
      <div class="drawing" @pointermove=${this.onMove} @pointerleave=${this.onLeave} @click=${this.onClick}>
        <canvas aria-hidden="true"></canvas>
        <ol class="columns" aria-hidden="true">
          ${count.map((units, layer) => html`<li>${this.caption(layer, units)}${this.named(layer)}</li>`)}
        </ol>
        ${legend(this.worked?.derivation.rows ?? 0)}
        <div class="units" role="group" aria-label=${t("drawing.neurons")}>
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
        ${this.tip?.what ? html`<value-tip .index=${this.index} .tip=${this.tip} .room=${[this.width, this.height]}></value-tip>` : nothing}
      </div>
      ${header.non_finite ? html`<p class="broken" role="alert">${english(header.non_finite.message)}</p>` : nothing}
      ${run.error ? failure(run.error) : nothing}
    `;
  }

  /** The worked step whose numbers this drawing carries. */
  get worked() {
    return store.active === this.index ? store.worked : null;
  }

  /** @param {number} layer @param {number} units */
  caption(layer, units) {
    const header = this.run?.frame?.header;
    const name = named("activation", header?.activations[layer - 1] ?? "");
    const room = (this.drawing?.across ?? Infinity) / this.em;
    if (layer === 0) return t(room < 50 ? "drawing.in" : "drawing.inputs");
    const last = layer === header?.b.length;
    const what = last ? t(room < 50 ? "drawing.out" : "drawing.output") : units;
    if (room < 40) return what; // the list of layers has the names
    return last || room < 110 ? html`${what}${this.worked ? nothing : html`<br />${name}`}` : html`${what} · ${name}`;
  }

  /** The name of the numbers that stand at the neurons of a layer. @param {number} layer */
  named(layer) {
    const { worked, drawing } = this;
    if (!worked || !drawing?.nodes[layer] || !roomy(drawing, layer)) return nothing;
    const label = labels(worked.derivation, worked.symbol, drawing.nodes.length - 1)[layer];
    return label ? html`<br /><b>${spoken(label.name)}</b>` : nothing;
  }

  /** @param {number} layer @param {number} unit */
  unitLabel(layer, unit) {
    const header = this.run?.frame?.header;
    if (layer === 0) return t("drawing.input.label", { name: this.inputName(unit) });
    return t(layer === header?.b.length ? "drawing.output.label" : "drawing.unit.label", { layer, unit, bias: short(header?.b[layer - 1][unit]) });
  }

  /** @param {number} unit */
  inputName(unit) {
    return this.run?.data?.feature_names[unit] ?? "";
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
      this.drawing = layout(count, this.width, this.height, this.em);
      this.style.setProperty("--tallest", String(Math.max(...count)));
      this.requestUpdate(); // captions as short as the room, buttons over the neurons
    }
    const drawing = /** @type {Layout} */ (this.drawing);
    const colours = theme();
    const { header } = frame;
    const open = store.active === this.index && store.glass;
    const { worked } = this;
    paintWeights(context, drawing, header.W, colours, open ? 0.4 : 1);
    const what = this.tip?.what;
    if (what && what.kind !== "unit") paintEntry(context, drawing, what, colours, valueOf(this.run, what).value);
    const chosen = readEntry(store.view.entry);
    if (chosen && header.b[chosen.layer - 1]?.[chosen.to] !== undefined)
      paintEntry(context, drawing, chosen, colours, valueOf(this.run, chosen).value);
    paintUnits(context, drawing, frame, this.atlas, colours, this.run.data ? largestTarget(this.run.data) : 1);
    paintBiases(context, drawing, header.b, colours);
    this.paintNames(context, drawing);
    return worked ? paintFlow(context, drawing, { ...worked, unit: chosen?.to ?? 0, W: header.W }, colours, now, quiet() || store.playing) : false;
  }

  /** @param {CanvasRenderingContext2D} context @param {Layout} drawing */
  paintNames(context, drawing) {
    const colours = theme();
    const { em } = drawing;
    context.font = `${(drawing.side > 24 ? 13 : 11) * em}px system-ui, sans-serif`;
    context.fillStyle = colours.ink;
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const node of drawing.nodes[0]) {
      const name = this.inputName(node.unit);
      if (name.length > SHORT) this.paintLong(context, node, name);
      else context.fillText(name, node.x - drawing.side / 2 - 5 * em, node.y, node.x - drawing.side / 2 - 7 * em);
    }
    context.textAlign = "left";
    const last = drawing.nodes[drawing.nodes.length - 1];
    const classes = this.run?.data?.classes;
    for (const node of last) {
      const name = last.length > 1 ? (classes?.[node.unit] ?? sub("ŷ", node.unit)) : "ŷ";
      if (name.length > SHORT) this.paintLong(context, node, name);
      else context.fillText(name, node.x + drawing.side / 2 + 6 * em, node.y, this.width - node.x - drawing.side / 2 - 8 * em);
    }
  }

  /** Write a name that has no room beside its unit above it. @param {CanvasRenderingContext2D} context @param {import("../app/layout.js").Node} node @param {string} name */
  paintLong(context, node, name) {
    const { side, across, em } = /** @type {Layout} */ (this.drawing);
    context.save();
    context.font = `${11 * em}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.fillText(name, node.x, node.y - side / 2 - 8 * em, Math.min(0.9 * across, 2 * Math.min(node.x, this.width - node.x)));
    context.restore();
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

/** x, z₁, a₁ or ∂L/∂z₁ for the code's name of a number. @param {string} symbol */
function spoken(symbol) {
  const [, name, layer] = /^(\D+)(\d+)$/.exec(symbol) ?? ["", symbol, ""];
  return sub({ A: "a", Z: "z", dZ: "∂L/∂z" }[name] ?? name, layer);
}

/** What the marks of the drawing mean, or its numbers while one point is worked out. @param {number} rows worked out */
function legend(rows) {
  if (rows === 1)
    return html`<ul class="legend" aria-label=${t("legend.label")}>
      <li><b>z</b> ${t("legend.z")}</li><li><b>a</b> ${t("legend.a")}</li>
      <li><b>∂L/∂z</b> <span class="more">${t("legend.slope")}</span></li><li>${t("legend.lines")}<span class="more">${t("legend.lines.more")}</span></li></ul>`;
  return html`<ul class="legend" aria-label=${t("legend.label")}>
    <li><i class="stroke plus"></i>${t("legend.above")}</li><li><i class="stroke minus"></i>${t("legend.below")}<span class="more">${t("legend.below.more")}</span></li>
    <li><i class="square"></i>${t("legend.unit")}<span class="more">${t("legend.unit.more")}</span></li><li><i class="dot"></i>${t("bias")}</li></ul>`;
}

/** @param {string} message */
export function failure(message) {
  return html`<p class="broken" role="alert">${told(message)} <button @click=${() => store.refresh()}>${t("drawing.again")}</button></p>`;
}

