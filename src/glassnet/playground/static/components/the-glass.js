/** The glass: one training step worked out, from the inputs to the new weights, in three views at once. */

import { Latest } from "../app/latest.js";
import { short } from "../app/numbers.js";
import { quiet, store } from "../app/page.js";
import { source } from "../app/source.js";
import { named, t, whatIs } from "../app/texts.js";
import { byStage, find, onward, received } from "../app/worked.js";
import { html, nothing } from "../vendor/lit/index.js";
import { codeView } from "./code-view.js";
import { matrixView } from "./matrix-view.js";
import "./one-weight.js";
import { Part } from "./part.js";
import { english, message, rich } from "./rich.js";

/** @typedef {import("../app/worked.js").Derivation} Derivation */

class TheGlass extends Part {
  constructor() {
    super();
    this.latest = new Latest(this);
    this.timer = 0;
    /** The line to which the list was last scrolled. */
    this.revealed = "";
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.timer);
    this.latest.want("");
    store.glass = null;
    store.tell("frame");
  }

  willUpdate() {
    this.latest.want(store.glassPath);
  }

  updated() {
    this.reveal();
    const { answer, fresh, message } = this.latest;
    if (message) store.glass = null;
    else if (fresh && store.glass?.path !== store.glassPath) this.show(received(answer));
  }

  /** Scroll the list of steps to the selected line. */
  reveal() {
    const score = this.find(".stages");
    const current = this.find("[aria-current=step]");
    if (!score || !current || current.textContent === this.revealed) return;
    this.revealed = current.textContent;
    const [whole, part] = [score.getBoundingClientRect(), current.getBoundingClientRect()];
    if (part.left < whole.left || part.right > whole.right) score.scrollLeft += part.left - whole.left - whole.width / 2;
  }

  /** @param {Derivation} derivation */
  show(derivation) {
    const wanted = store.view.stage;
    const symbol = find(derivation, wanted) ? wanted : (derivation.steps[0]?.symbol ?? "");
    store.glass = { derivation, symbol, path: store.glassPath };
    store.tell("change");
    store.tell("frame");
  }

  render() {
    const { glass } = store;
    return html`
      <section class="glass ${glass && !store.worked ? "stale" : ""}" aria-label=${t("glass.label")}>
        <h2 class="unseen">${t("glass.title")}</h2>
        ${glass ? this.score(glass.derivation, glass.symbol) : html`<header><p class="note" role="status">${message(this.latest.message || t("glass.working"))}</p>${this.samples()}${this.close()}</header>`}
        ${glass ? this.line(glass.derivation, glass.symbol) : nothing}
        <div class="views">
          <one-weight></one-weight>
          ${glass ? this.views(glass.derivation, glass.symbol) : nothing}
        </div>
      </section>
    `;
  }

  /** The list of the steps, in their order. @param {Derivation} derivation @param {string} symbol */
  score(derivation, symbol) {
    const stages = byStage(derivation);
    const present = find(derivation, symbol)?.stage;
    return html`<header>
      <div class="walk">
        <button class="icon" aria-label=${t("glass.previous")} title=${t("glass.previous.hint")} @click=${() => store.walk(-1)}>‹</button>
        <button class="icon" aria-label=${t(this.timer ? "glass.stop" : "glass.walk")} title=${t("glass.walk")} @click=${this.onWalk}>${this.timer ? "■" : "▶"}</button>
        <button class="icon" aria-label=${t("glass.next")} title=${t("glass.next.hint")} @click=${() => store.walk(1)}>›</button>
      </div>
      <div class="phases" role="group" aria-label=${t("glass.phases")}>
        ${stages.map(({ stage, steps }) => html`<button aria-pressed=${stage === present} aria-label=${t("glass.phase", { stage: named("stage", stage) })}
          @click=${() => store.walkTo((steps.find(({ aside }) => !aside) ?? steps[0]).symbol)}>${named("stage", stage)}</button>`)}
      </div>
      <ol class="stages" tabindex="0" aria-label=${t("glass.lines")}>
        ${stages.map(({ stage, steps }) => html`<li><span class="unseen">${named("stage", stage)}</span>
          ${steps.map((step) => html`<button class="symbol ${step.aside ? "aside" : ""}" aria-current=${step.symbol === symbol ? "step" : "false"} title=${whatIs(step.what) ?? step.what} @click=${() => store.walkTo(step.symbol)}>${spelled(step.symbol)}</button>`)}</li>`)}
      </ol>
      ${this.samples()}
      ${this.close()}
    </header>`;
  }

  close() {
    return html`<button class="icon plain" aria-label=${t("glass.close")} title=${t("glass.close.hint")} @click=${() => store.look({ glass: "" })}>×</button>`;
  }

  /** What the step is worked out on: the batch, as the run takes it, or one training point. */
  samples() {
    const sample = store.glass?.derivation.sample ?? (store.view.sample || "batch");
    const count = store.run.data?.train.points.length ?? 1;
    const among = source.samples(store.run.query) ?? Array.from({ length: count }, (_, index) => index);
    const at = Math.max(0, among.indexOf(Number(sample)));
    const pick = (/** @type {number} */ place) => store.look({ sample: String(among[(place + among.length) % among.length]) });
    const whole = sample === "batch";
    return html`<div class="samples" role="group" aria-label=${t("glass.on")}>
      <button aria-pressed=${whole} title=${t("glass.batch.hint")} @click=${() => store.look({ sample: "" })}>${t("glass.batch")}</button>
      <button aria-pressed=${!whole} title=${t("glass.point.hint")} @click=${() => pick(at)}>${t("glass.point")}</button>
      ${whole
        ? nothing
        : html`<button class="icon" aria-label=${t("glass.sample.previous")} @click=${() => pick(at - 1)}>‹</button>
            ${among.length < count
              ? html`<span class="num">${among[at]}</span>`
              : html`<label><span class="unseen">${t("glass.sample")}</span><input type="number" min="0" max=${count - 1} .value=${String(at)} @change=${(/** @type {any} */ event) => { const wanted = Math.max(0, Math.min(count - 1, Math.trunc(Number(event.target.value)) || 0)); event.target.value = String(wanted); pick(wanted); }} /></label>`}
            <button class="icon" aria-label=${t("glass.sample.next")} @click=${() => pick(at + 1)}>›</button>`}
    </div>`;
  }

  /** Say which points the numbers belong to. @param {Derivation} derivation */
  scope({ sample, rows, step }) {
    const count = store.run.data?.train.points.length ?? rows;
    const batch = store.run.frame?.header.batch?.length ?? count;
    const points = (/** @type {number} */ number) => (number === count ? t("glass.all", { n: count }) : t("glass.some", { n: number, all: count }));
    if (sample === "batch") return html`<span class="scope">${t("glass.scope", { step, next: step + 1, points: points(rows) })}</span>`;
    return html`<span class="scope alone">${rich(store.view.sample ? "glass.alone" : "glass.alone.many", { sample, points: points(batch) })}</span>`;
  }

  /** @param {Derivation} derivation @param {string} symbol */
  line(derivation, symbol) {
    const step = find(derivation, symbol);
    if (!step) return nothing;
    const { check } = step;
    const place = derivation.steps.indexOf(step) + 1;
    return html`<p class="line" role="status">
      ${this.scope(derivation)}
      <span><span class="unseen">${t("glass.line", { line: place, all: derivation.steps.length, stage: named("stage", step.stage) })}</span><b>${spelled(symbol)}</b> ${whatIs(step.what) ?? english(step.what)}</span>
      <span class="dim">${shapeText(step.shape)}</span>
      ${check && !check.checked ? html`<span class="dim">${t("glass.unchecked")}</span>` : nothing}
      ${check?.checked
        ? html`<span class=${check.ok ? "good" : "bad"} title=${t("glass.error", { error: check.error })}>${check.ok ? "✓" : "✗"} ${rich("glass.checked", { method: named("method", check.method), error: short(check.error, 2) })}</span>`
        : nothing}
      ${step.aside ? html`<span class="dim">${t("glass.aside")}</span>` : nothing}
      ${step.note ? html`<span class="dim">${english(step.note)}</span>` : nothing}
    </p>`;
  }

  /** @param {Derivation} derivation @param {string} symbol */
  views(derivation, symbol) {
    const step = find(derivation, symbol);
    if (!step) return nothing;
    return html`<section class="view" aria-label=${t("glass.matrices")} tabindex="0"><h3>${t("glass.matrices")}</h3>${matrixView(derivation, step)}</section>
      <section class="view" aria-label=${t("glass.code")} tabindex="0"><h3>${t("glass.code")}</h3>${codeView(step)}</section>`;
  }

  /** Play the lines by themselves, 1.4 s each, or 4 s with reduced motion. */
  onWalk() {
    if (this.timer) return this.stop();
    const turn = () => {
      const { glass } = store;
      const next = glass ? onward(glass.derivation, glass.symbol) : "";
      if (!next) return this.stop();
      store.walkTo(next);
    };
    turn();
    this.timer = window.setInterval(turn, quiet() ? 4000 : 1400);
    this.requestUpdate();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.requestUpdate();
  }
}
customElements.define("the-glass", TheGlass);

/** The code's name of a symbol with its digits as subscripts: dW₁ for ∂L/∂W₁. @param {string} symbol */
export function spelled(symbol) {
  return symbol.replace(/g_prime/, "g′").replace(/\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit))).replace(/_/g, " ");
}

/** @param {number[]} shape */
export function shapeText(shape) {
  return shape.length ? shape.join(" × ") : t("glass.number");
}
