/** "Predict the next number": the reader works it out, the server grades it and names the misconception. */

import { json } from "../app/api.js";
import { parsed } from "../app/numbers.js";
import { store } from "../app/page.js";
import { request } from "../app/query.js";
import { html, nothing, unsafeHTML } from "../vendor/lit/index.js";
import { Part } from "./part.js";

class NumberExercise extends Part {
  static properties = { task: { state: true }, verdict: { state: true }, message: { state: true } };

  constructor() {
    super();
    /** @type {any} */
    this.task = null;
    /** @type {any} */
    this.verdict = null;
    this.message = "";
  }
  turn = 0;

  connectedCallback() {
    super.connectedCallback();
    this.ask();
  }

  async ask() {
    this.verdict = null;
    this.turn += 1;
    this.query = request(store.run.query, { step: store.step });
    try {
      this.task = await json(`/exercise?${this.query}&turn=${this.turn}`);
      this.message = "";
    } catch (error) {
      this.message = error instanceof Error ? error.message : String(error);
    }
  }

  render() {
    return html`<article class="lesson exercise">
      <p class="where">Exercise</p>
      ${this.message ? html`<p class="note">${this.message}</p>` : nothing}
      ${this.task ? html`<div class="text">${unsafeHTML(this.task.text)}</div>` : nothing}
    </article>`;
  }
}
customElements.define("number-exercise", NumberExercise);

export { parsed };
