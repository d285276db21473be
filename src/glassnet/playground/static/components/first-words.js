/** The first words to a visitor: what this page is, and what to press. They go once the run has begun. */

import { player, store } from "../app/page.js";
import { t } from "../app/texts.js";
import { html, nothing } from "../vendor/lit/index.js";
import { Part } from "./part.js";
import { rich } from "./rich.js";

class FirstWords extends Part {
  static properties = { closed: { state: true } };

  constructor() {
    super();
    this.closed = false;
  }
  follows = true;

  willUpdate() {
    if (store.step > 0 || store.playing) this.closed = true;
  }

  render() {
    const { view, run, runs } = store;
    if (this.closed || view.lesson || view.glass || runs.length > 1 || !run.frame || !run.data) return nothing;
    const task = run.data.classes ? t("first.kinds", { n: run.data.classes.length }) : t("first.number");
    return html`<section class="first" aria-label=${t("first.label")}>
      <p>${rich("first.words", { task })}</p>
      <button class="strong" @click=${() => player.play()}>${t("first.watch")}</button>
      <button class="icon plain" aria-label=${t("first.close")} @click=${() => (this.closed = true)}>×</button>
    </section>`;
  }
}
customElements.define("first-words", FirstWords);
