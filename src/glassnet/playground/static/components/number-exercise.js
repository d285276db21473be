/** "Predict the next number": the reader computes it, the server grades it and names the misconception. */

import { connection } from "../app/connection.js";
import { Latest } from "../app/latest.js";
import { keep } from "../app/answers.js";
import { parsed } from "../app/numbers.js";
import { store } from "../app/page.js";
import { request } from "../app/query.js";
import { inLanguage, listed, t } from "../app/texts.js";
import { html, nothing, unsafeHTML } from "../vendor/lit/index.js";
import "./my-answers.js";
import { numeral } from "./numeral.js";
import { Part } from "./part.js";
import { english, englishNote, message as told, rich } from "./rich.js";

const KINDS = ["forward", "loss", "gradient", "update"];

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
    const query = request(store.run.query, { step: store.step, sample: this.sample, kind: this.kind, turn: this.turn, ...inLanguage() });
    if (store.settled && query !== this.query) [this.query, this.verdict, this.message] = [query, null, ""];
    this.latest.want(store.settled ? `exercise?${query}` : "");
  }

  render() {
    const { task, verdict } = this;
    return html`<article class="lesson exercise">
      <p class="where">${t("exercise.title")}</p>
      <label class="field"><span>${t("exercise.about")}</span><select name="kind" @change=${(/** @type {any} */ event) => this.choose(event.target.value)}>
        ${listed("exercise", KINDS).map(([kind, label]) => html`<option value=${kind} ?selected=${kind === this.kind}>${label}</option>`)}</select></label>
      ${this.message || this.latest.message ? html`<p class="note" role="alert">${told(this.message || this.latest.message)}</p>` : nothing}
      ${store.playing ? html`<p class="note">${t("exercise.playing")}</p>` : nothing}
      ${task && !store.playing
        ? html`<div class="text" aria-live="polite">${unsafeHTML(task.text)}</div>
            <form class="answer" @submit=${this.onAnswer}>
              <label>${t("exercise.answer")} <input type="text" inputmode="decimal" name="answer" autocomplete="off" required /></label>
              <button class="strong">${t("exercise.check")}</button>
            </form>`
        : nothing}
      <div role="status" class="verdict">
        ${verdict
          ? verdict.ok
            ? html`<p class="good">${rich("exercise.right")} ${verdict.expected === undefined ? nothing : rich("exercise.is", { number: numeral(verdict.expected) })}</p>`
            : html`<p class="bad">${rich("exercise.wrong")} ${verdict.misconception ? english(verdict.misconception.what) : (verdict.note ?? "")}</p>
                ${verdict.misconception?.remedy ? html`<p>${english(verdict.misconception.remedy)}</p>${englishNote()}` : nothing}`
          : nothing}
        ${verdict?.formula ? html`<details><summary class="dim">${t("exercise.rule")}</summary><pre class="code">${verdict.formula}</pre></details>` : nothing}
      </div>
      <div class="turn">
        <button @click=${() => this.choose(this.kind, this.turn + 1)}>${t("exercise.another")}</button>
        ${store.hides("glass") ? nothing : html`<button ?disabled=${!task} @click=${this.show}>${t("exercise.glass")}</button>`}
      </div>
      <my-answers></my-answers>
      <p><button class="plain" @click=${() => store.look({ lesson: "list" })}>${t("lesson.all")}</button></p>
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
      this.message = t("exercise.number");
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
