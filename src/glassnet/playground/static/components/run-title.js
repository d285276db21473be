/** The title of one of two runs: its letter, and its settings that differ from the other's. */

import { store } from "../app/page.js";
import { describe, otherwise } from "../app/words.js";
import { html, nothing } from "../vendor/lit/index.js";
import { numeral } from "./numeral.js";
import { Part } from "./part.js";

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
        <button class="letter" aria-pressed=${store.active === index} title="The controls change this run" @click=${() => { store.active = index; store.tell("change"); }}>${"AB"[index]}</button>
        <p>${parts.length ? parts.map(([name, value]) => html`<span>${name} <b>${value}</b></span>`) : html`<span>${describe(run)}</span>`}</p>
        ${header
          ? html`<p class="score">training loss ${numeral(header.loss.train)} · ${run.data?.test.points.length === 0 ? html`training ${header.metric.name} ${numeral(header.metric.train)}` : html`test ${header.metric.name} ${numeral(header.metric.test)}`}</p>`
          : nothing}
        <button class="plain only" aria-label=${`Keep only run ${"AB"[index]}`} title="Keep only this run" @click=${() => store.join(index)}>×</button>
      </div>
    `;
  }
}
customElements.define("run-title", RunTitle);
