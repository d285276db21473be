/** The first words to a visitor: what this page is, and what to press. They go once the run has begun. */

import { player, store } from "../app/page.js";
import { html, nothing } from "../vendor/lit/index.js";
import { Part } from "./part.js";

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
    const task = run.data.classes
      ? `to tell ${run.data.classes.length === 2 ? "two kinds" : `${run.data.classes.length} kinds`} of points apart`
      : "the number at every point of the plane";
    return html`<section class="first" aria-label="First words">
      <p><b>This is a neural network.</b> Step by step it learns ${task}, and you can look into every number of it.</p>
      <button class="strong" @click=${() => player.play()}>▶ Watch it learn</button>
      <button class="icon plain" aria-label="Close the first words" @click=${() => (this.closed = true)}>×</button>
    </section>`;
  }
}
customElements.define("first-words", FirstWords);
