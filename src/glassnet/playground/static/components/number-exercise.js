/** "Predict the next number": the reader computes it, the server grades it and names the misconception. */

import { connection } from "../app/connection.js";
import { Latest } from "../app/latest.js";
import { keep } from "../app/answers.js";
import { parsed } from "../app/numbers.js";
import { store } from "../app/page.js";
import { request } from "../app/query.js";
import { html, nothing, unsafeHTML } from "../vendor/lit/index.js";
import "./my-answers.js";
import { numeral } from "./numeral.js";
import { Part } from "./part.js";

/** @type {[string, string][]} */
const KINDS = [
  ["forward", "the way forward"],
  ["loss", "the loss"],
  ["gradient", "the way back"],
  ["update", "the update"],
];

class NumberExercise extends Part {
  static properties = { verdict: { state: true }, message: { state: true } };

  constructor() {
    super();
    this.latest = new Latest(this);
    /** @type {any} */
    this.verdict = null;
    this.message = "";
  }
  turn = 1;
  kind = "forward";
  query = "";

  /** The question, if it is about what is shown. */
  get task() {
    return this.latest.fresh ? this.latest.answer : null;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.latest.want("");
  }

  /** A question about another run, step, point, kind or turn takes the place of the one before. */
  willUpdate() {
    const query = request(store.run.query, { step: store.step, sample: this.sample, kind: this.kind, turn: this.turn });
    if (store.settled && query !== this.query) [this.query, this.verdict, this.message] = [query, null, ""];
    this.latest.want(store.settled ? `exercise?${query}` : "");
  }

  render() {
    const { task, verdict } = this;
    return html`<article class="lesson exercise">
      <p class="where">Exercise: predict the number</p>
      <label class="field"><span>about</span><select name="kind" @change=${(/** @type {any} */ event) => this.choose(event.target.value)}>
        ${KINDS.map(([kind, label]) => html`<option value=${kind} ?selected=${kind === this.kind}>${label}</option>`)}</select></label>
      ${this.message || this.latest.message ? html`<p class="note" role="alert">${this.message || this.latest.message}</p>` : nothing}
      ${store.playing ? html`<p class="note">Pause for a question about the step that is shown.</p>` : nothing}
      ${task && !store.playing
        ? html`<div class="text" aria-live="polite">${unsafeHTML(task.text)}</div>
            <form class="answer" @submit=${this.onAnswer}>
              <label>Your number <input type="text" inputmode="decimal" name="answer" autocomplete="off" required /></label>
              <button class="strong">Check</button>
            </form>`
        : nothing}
      <div role="status" class="verdict">
        ${verdict
          ? verdict.ok
            ? html`<p class="good"><b>✓ Right.</b> ${verdict.expected === undefined ? nothing : html`It is ${numeral(verdict.expected)}.`}</p>`
            : html`<p class="bad"><b>✗ Not this.</b> ${verdict.misconception ? html`${verdict.misconception.what}` : (verdict.note ?? "")}</p>
                ${verdict.misconception?.remedy ? html`<p>${verdict.misconception.remedy}</p>` : nothing}`
          : nothing}
        ${verdict?.formula ? html`<details><summary class="dim">The rule</summary><pre class="code">${verdict.formula}</pre></details>` : nothing}
      </div>
      <div class="turn">
        <button @click=${() => this.choose(this.kind, this.turn + 1)}>Another one</button>
        ${store.hides("glass") ? nothing : html`<button ?disabled=${!task} @click=${this.show}>Show me in the glass</button>`}
      </div>
      <my-answers></my-answers>
      <p><button class="plain" @click=${() => store.look({ lesson: "list" })}>All lessons</button></p>
    </article>`;
  }

  /** @param {string} kind @param {number} [turn] */
  choose(kind, turn = 1) {
    [this.kind, this.turn] = [kind, turn];
    this.requestUpdate();
  }

  /** @param {SubmitEvent} event */
  async onAnswer(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const answer = parsed(String(new FormData(form).get("answer")));
    if (answer === null) {
      this.message = "A number, please: for example −0.25 or 3e-4.";
      return;
    }
    try {
      const { query, task } = this;
      const verdict = await connection.get(`grade?${query}&answer=${answer}`);
      [this.verdict, this.message] = [verdict, ""];
      keep({
        query,
        question: verdict.kind,
        about: task.index.length ? `${task.symbol}[${task.index.join(", ")}]` : task.symbol,
        answer: String(answer),
        right: verdict.ok,
        expected: String(verdict.expected),
        mistake: verdict.misconception?.code ?? "",
        sent: String(answer),
      });
      store.tell("change");
    } catch (error) {
      this.message = error instanceof Error ? error.message : String(error);
    }
  }

  /** The sample of an exercise: sample 0 where the glass shows the batch. */
  get sample() {
    return /^\d+$/.test(store.view.sample) ? store.view.sample : "0";
  }

  /** Show the worked step that the question was taken from. */
  show() {
    const { symbol, index } = this.task ?? {};
    const entry = /^d?[Wb]\d+(_new)?$/.test(symbol ?? "") ? `${symbol.replace(/^d|_new$/g, "")},${index.join(",")}` : store.view.entry;
    store.look({ glass: "1", stage: symbol?.replace(/^.*_new$/, "theta") ?? "", entry, sample: this.sample });
    if (symbol) store.walkTo(store.view.stage);
  }
}
customElements.define("number-exercise", NumberExercise);
