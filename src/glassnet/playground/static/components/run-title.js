/** The title of one of two runs: its letter, and its settings that differ from the other's. */

import { store } from "../app/page.js";
import { named, t } from "../app/texts.js";
import { describe, otherwise } from "../app/words.js";
import { html, nothing } from "../vendor/lit/index.js";
import { numeral } from "./numeral.js";
import { Part } from "./part.js";
import { rich } from "./rich.js";

class RunTitle extends Part {
  static properties = { index: { attribute: false } };

  constructor() {
    super();
    this.index = 0;
  }
  follows = true;

  render() {
    const { index } = this;
    const run = store.runs[index];
    const other = store.runs[1 - index];
    if (!run || !other) return nothing;
    const header = run.frame?.header;
    const parts = otherwise(run.query, other.query);
    return html`
      <div class="run-title">
        <button class="letter" aria-pressed=${store.active === index} title=${t("run.controls")} @click=${() => { store.active = index; store.tell("change"); }}>${"AB"[index]}</button>
        <p>${parts.length ? parts.map(([name, value]) => html`<span>${name} <b>${value}</b></span>`) : html`<span>${describe(run)}</span>`}</p>
        ${header
          ? html`<p class="score">${run.data?.test.points.length === 0 ? rich("run.score.training", { loss: numeral(header.loss.train), metric: named("metric", header.metric.name), score: numeral(header.metric.train) }) : rich("run.score", { loss: numeral(header.loss.train), metric: named("metric", header.metric.name), score: numeral(header.metric.test) })}</p>`
          : nothing}
        <button class="plain only" aria-label=${t("run.keep", { run: "AB"[index] })} title=${t("run.keep.hint")} @click=${() => store.join(index)}>×</button>
      </div>
    `;
  }
}
customElements.define("run-title", RunTitle);
