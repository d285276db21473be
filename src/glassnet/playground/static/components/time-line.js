/** Time: a ruler to drag both ways, and the buttons beside it. */

import { newSeed, seeds } from "../app/keys.js";
import { whole } from "../app/numbers.js";
import { locked } from "../app/lock.js";
import { player, store, trail } from "../app/page.js";
import { SPEEDS } from "../app/player.js";
import { readEdits } from "../app/query.js";
import { source } from "../app/source.js";
import { t } from "../app/texts.js";
import { html, nothing, live } from "../vendor/lit/index.js";
import { Part } from "./part.js";
import { rich } from "./rich.js";

const ICONS = {
  rewind: "M3 3h2v10H3zM13 3v10L6 8z",
  back: "M11 3v10L4 8z",
  play: "M4 2.5 13 8l-9 5.5z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  on: "M5 3v10l7-5z",
  undo: "M6 2 1.5 6.5 6 11V8h4a2.5 2.5 0 0 1 0 5H5v2h5a4.5 4.5 0 0 0 0-9H6z",
  redo: "M10 2l4.5 4.5L10 11V8H6a2.5 2.5 0 0 0 0 5h5v2H6a4.5 4.5 0 0 1 0-9h4z",
};

/** @param {keyof ICONS} name */
const icon = (name) => html`<svg viewBox="0 0 16 16" aria-hidden="true"><path d=${ICONS[name]} fill="currentColor" /></svg>`;

class TimeLine extends Part {
  follows = true;

  render() {
    const { step, horizon, playing, run } = store;
    const header = run.frame?.header;
    const end = Math.min(horizon, store.maxStep === Infinity ? horizon : store.maxStep);
    const rate = header && playing && player.rate ? player.rate / header.steps_per_epoch : 0;
    return html`
      <section class="time" aria-label=${t("time.label")}>
        <div class="buttons">
          <button class="icon" aria-label=${t("time.rewind")} title=${t("time.rewind.hint")} @click=${() => player.rewind()}>${icon("rewind")}</button>
          <button class="icon" aria-label=${t("time.back")} title=${t("time.back.hint")} ?disabled=${step === 0} @click=${() => player.step(-1)}>${icon("back")}</button>
          <button class="icon play" aria-label=${t(playing ? "time.pause" : "time.play")} title=${t(playing ? "time.pause.hint" : "time.play.hint")} @click=${() => player.toggle()}>${icon(playing ? "pause" : "play")}</button>
          <button class="icon" aria-label=${t("time.on")} title=${t("time.on.hint")} @click=${() => player.step(1)}>${icon("on")}</button>
        </div>
        <div class="ruler">
          <input type="range" aria-label=${t("time.step")} min="0" max=${end} .value=${live(String(step))} aria-valuetext=${t("time.of", { step, end })} @input=${this.onDrag} />
          ${this.marks(end)}
        </div>
        <p class="step"><span class="num">${rich("time.now", { step: html`<b>${whole(step)}</b>` })}<span class="of"> / ${whole(end)}</span></span>
          <span class="dim">${store.slow ? t("time.slow") : header?.non_finite ? t("time.ended", { step: whole(header.non_finite.last) }) : [t("time.epoch", { epoch: header ? whole(header.epoch) : "–" }), rate && t("time.rate", { n: whole(rate) })].filter(Boolean).join(" · ")}</span></p>
        <label class="speed"><span class="unseen">${t("time.speed")}</span>
          <select title=${t("time.speed")} @change=${(/** @type {any} */ event) => store.look({ speed: event.target.value })}>
            ${SPEEDS.map((speed) => html`<option value=${speed} ?selected=${String(speed) === store.view.speed}>${t("time.rate", { n: speed })}</option>`)}
          </select></label>
        ${source.live ? html`<div class="buttons changes" role="group" aria-label=${t("time.changes")}>
          <button class="icon" aria-label=${t("time.undo")} title=${t("time.undo.hint")} ?disabled=${!trail.canUndo} @click=${() => trail.undo()}>${icon("undo")}</button>
          <button class="icon" aria-label=${t("time.redo")} title=${t("time.redo.hint")} ?disabled=${!trail.canRedo} @click=${() => trail.redo()}>${icon("redo")}</button>
        </div>` : nothing}
        ${seeds(store) ? html`<button title=${t("time.seed.hint")} @click=${() => newSeed(store)}>${t("time.seed")}</button>` : nothing}
      </section>
    `;
  }

  /** Marks on the ruler for the edits by hand; a click removes one. @param {number} end */
  marks(end) {
    const edits = readEdits(store.run.query.edits);
    if (!edits.length) return nothing;
    return html`<ul class="marks" aria-label=${t("time.edits")}>
      ${edits.map((edit, index) => html`<li .style=${`left: ${(Math.min(edit.step, end) / end) * 100}%; margin-left: ${1.714 * (index - edits.findIndex(({ step }) => step === edit.step))}rem`}>
        <button aria-label=${t("time.edit", { ...edit, name: edit.parameter })} title=${t("time.edit.hint", { ...edit, name: edit.parameter })} ?disabled=${store.hides("edit")} @click=${() => store.takeBack(edit)}></button>
      </li>`)}
    </ul>`;
  }

  /** @param {Event} event */
  onDrag(event) {
    const step = Number(/** @type {HTMLInputElement} */ (event.target).value);
    player.seek(step);
  }
}
customElements.define("time-line", TimeLine);
