/** The loss of every step so far, training and test, on a linear or a logarithmic axis; the pointer reads it off. */

import { full, short, whole } from "../app/numbers.js";
import { store, theme } from "../app/page.js";
import { t } from "../app/texts.js";
import { nearest, paintCurves, stepAt } from "../painters/curves.js";
import { html, nothing } from "../vendor/lit/index.js";
import { CanvasPart } from "./canvas-part.js";
import { rich } from "./rich.js";

class LossCurves extends CanvasPart {
  static properties = { at: { state: true } };

  constructor() {
    super();
    /** The place of the pointer, in pixels from the left. @type {number | null} */
    this.at = null;
  }

  /** The step under the pointer. */
  get mark() {
    return this.at === null ? null : stepAt(this.at, this.width, store.horizon, this.em);
  }

  render() {
    const { runs, view } = store;
    const names = runs.length > 1 ? ["A", "B"] : [""];
    return html`
      <figure class="curves">
        <div class="plot" @pointermove=${this.onMove} @pointerdown=${this.onMove} @pointerleave=${() => (this.at = null)}>
          <canvas role="img" aria-label=${this.label()}></canvas>
          ${this.tip(names)}
        </div>
        <figcaption>
          ${names.map((name, index) => html`<span class=${`key run-${index}`}><i class="solid"></i>${name} ${t("train")}</span>${store.run.data?.test.points.length === 0 ? nothing : html`<span class=${`key run-${index}`}><i class="dashed"></i>${name} ${t("test")}</span>`}`)}
          <label class="switch"><input type="checkbox" .checked=${Boolean(view.log)} @change=${() => store.look({ log: view.log ? "" : "1" })} /> ${t("curves.log")}</label>
        </figcaption>
      </figure>
    `;
  }

  /** The losses at the step under the pointer. @param {string[]} names of the runs */
  tip(names) {
    const { at, mark } = this;
    if (at === null || mark === null) return nothing;
    const curves = store.runs.map((run) => run.frame?.header.curve);
    const first = curves[0];
    if (!first) return nothing;
    const place = at > this.width / 2 ? `right: ${this.width - at + 12}px` : `left: ${at + 12}px`;
    return html`<div class="tip" .style=${place}>
      <p>${rich("time.now", { step: html`<b class="num">${whole(first.step[nearest(first, mark)])}</b>` })}</p>
      <table>${curves.map((curve, index) => (curve ? /** @type {const} */ (["train", "test"]).map((part) => row(`${names[index]} ${t(part)}`, curve[part][nearest(curve, mark)])) : nothing))}</table>
    </div>`;
  }

  label() {
    const parts = store.runs.map(({ frame }, index) => {
      if (!frame) return t("curves.none");
      const { curve, loss } = frame.header;
      const said = t("curves.run", { first: short(curve.train[0]), train: short(loss.train), step: frame.header.step, test: short(loss.test) });
      return store.runs.length > 1 ? t("top.of", { run: "AB"[index], name: said }) : said;
    });
    return t("curves.label", { runs: parts.join("; ") });
  }

  /** @param {CanvasRenderingContext2D} context */
  paint(context) {
    const colours = theme();
    const lines = store.runs.flatMap(({ frame }, index) => (frame ? [{ curve: frame.header.curve, name: "", colour: colours.runs[index] }] : []));
    const { em, mark } = this;
    paintCurves(context, this.width, this.height, lines, { log: Boolean(store.view.log), end: store.horizon, step: store.step, theme: colours, em, mark });
  }

  /** @param {PointerEvent} event */
  onMove(event) {
    this.at = event.clientX - this.find("canvas").getBoundingClientRect().left;
  }
}
customElements.define("loss-curves", LossCurves);

/** @param {string} name @param {number | null} value */
function row(name, value) {
  return html`<tr><th scope="row">${name}</th><td class="num" title=${full(value)}>${short(value)}</td></tr>`;
}
