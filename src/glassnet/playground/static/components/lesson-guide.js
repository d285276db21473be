/** The guided lessons, step by step beside the network, and the exercises. */

import { connection } from "../app/connection.js";
import { keep } from "../app/answers.js";
import { locks } from "../app/lock.js";
import { store } from "../app/page.js";
import { RUN, request } from "../app/query.js";
import { source } from "../app/source.js";
import { html, nothing, unsafeHTML } from "../vendor/lit/index.js";
import "./number-exercise.js";
import { Part } from "./part.js";

/** @typedef {{text: string, query?: Record<string, string> | string, highlight?: string, question?: {text: string, choices?: string[], answer?: number, why?: string}}} LessonStep */
/** @typedef {{id: string, title: string, steps: LessonStep[]}} Lesson */

class LessonGuide extends Part {
  static properties = { lessons: { state: true }, message: { state: true }, picked: { state: true } };

  constructor() {
    super();
    /** @type {Lesson[]} */
    this.lessons = [];
    this.message = "Fetching the lessons …";
    /** The answer chosen. @type {number | null} */
    this.picked = null;
  }

  connectedCallback() {
    super.connectedCallback();
    connection.get("lessons").then(
      (lessons) => {
        [this.lessons, this.message] = [lessons, ""];
        this.arrive();
      },
      (error) => (this.message = error.message),
    );
  }

  render() {
    if (this.message) return html`<p class="note">${this.message}</p>`;
    if (store.view.lesson === "exercise") return html`<number-exercise></number-exercise>`;
    const [id, number] = store.view.lesson.split(":");
    const lesson = this.lessons.find((each) => each.id === id);
    return lesson ? this.lesson(lesson, Math.max(0, Math.min(lesson.steps.length - 1, Number(number) || 0))) : this.list();
  }

  updated() {
    const [id, number] = store.view.lesson.split(":");
    this.point(this.lessons.find((each) => each.id === id)?.steps[Number(number) || 0]?.highlight);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.point("");
  }

  /** Start the lesson if the address names one and nothing else. */
  arrive() {
    const [id, number] = store.view.lesson.split(":");
    const lesson = this.lessons.find((each) => each.id === id);
    if (lesson && store.runs.length === 1 && !request(store.run.query) && !store.step) this.go(lesson, Math.min(Number(number) || 0, lesson.steps.length - 1), null);
  }

  /** Mark the parts of the page that a step is about: network, surface, curves, title, time, controls or glass. @param {string} [parts] */
  point(parts = "") {
    document.documentElement.dataset.highlight = parts;
  }

  list() {
    return html`<div class="lessons">
      ${locks ? nothing : html`<h2>Lessons</h2>
        <ol>${this.lessons.map((lesson) => html`<li><button @click=${() => this.go(lesson, 0)}>${lesson.title}</button></li>`)}</ol>`}
      <h2>Exercises</h2>
      <p>The network asks: what is the next number?</p>
      <button @click=${() => store.look({ lesson: "exercise" })}>Predict a number</button>
      <my-answers></my-answers>
      <p>${leaving("Close the lessons")}</p>
    </div>`;
  }

  /** @param {Lesson} lesson @param {number} at */
  lesson(lesson, at) {
    const step = lesson.steps[at];
    const last = at === lesson.steps.length - 1;
    return html`<article class="lesson">
      <p class="where">${lesson.title} · ${at + 1} of ${lesson.steps.length}</p>
      ${theirs(lesson, at) ? nothing : html`<p class="note">The run is not the one of this text: settings were changed. <button @click=${() => this.go(lesson, at)}>Show the lesson's run</button></p>`}
      <div class="text" aria-live="polite">${unsafeHTML(step.text)}</div>
      ${step.question ? this.question(step.question) : nothing}
      <div class="turn">
        <button ?disabled=${at === 0} @click=${() => this.go(lesson, at - 1)}>Back</button>
        ${last ? source.live ? html`<button class="strong" @click=${() => store.look({ lesson: "list" })}>All lessons</button>` : html`<a href="index.html">All lessons</a>` : html`<button class="strong" @click=${() => this.go(lesson, at + 1)}>Next</button>`}
      </div>
      ${source.live ? html`<p>${leaving("Leave the lesson")}</p>` : nothing}
    </article>`;
  }

  /** @param {NonNullable<LessonStep["question"]>} question */
  question(question) {
    const { picked } = this;
    return html`<fieldset class="question"><legend>${question.text}</legend>
      ${(question.choices ?? []).map((choice, index) => html`<label><input type="radio" name="answer" .checked=${picked === index} @change=${() => this.pick(question, index)} /> ${choice}</label>`)}
      <p role="status">${picked === null ? "" : picked === question.answer ? html`<b>Right.</b> ${question.why ?? ""}` : html`<b>Not quite.</b> Look again at the picture, or try another answer.`}</p>
    </fieldset>`;
  }

  /** @param {NonNullable<LessonStep["question"]>} question @param {number} index */
  pick({ text, choices = [], answer = 0 }, index) {
    this.picked = index;
    keep({
      query: request(store.run.query, { step: store.step, lesson: store.view.lesson }),
      question: `lesson ${store.view.lesson}`,
      about: text,
      answer: choices[index],
      right: index === answer,
      expected: choices[answer],
      mistake: "",
      sent: String(index + 1),
    });
    store.tell("change");
  }

  /** @param {Lesson} lesson @param {number} at @param {string | null} [own]  the address of the run before */
  go(lesson, at, own) {
    this.picked = null;
    store.load({ glass: "", ...settings(lesson, at), lesson: `${lesson.id}:${at}` }, own);
  }
}
customElements.define("lesson-guide", LessonGuide);

/** Buttons that end a lesson: back to the reader's own run, or on with the lesson's. @param {string} words */
function leaving(words) {
  return html`<button class="plain" title=${store.own === null ? "" : "Back to your own run"} @click=${() => store.leave()}>${words}</button>
    ${store.own === null ? nothing : html`<button class="plain" title="Leave the lesson and go on with its run" @click=${() => store.leave(true)}>Keep this run</button>`}`;
}

/** The settings of a lesson's step; the changes of earlier steps stay. @param {Lesson} lesson @param {number} at @returns {Record<string, string>} */
function settings(lesson, at) {
  return Object.assign({}, ...lesson.steps.slice(0, at + 1).map((step) => asQuery(step.query)));
}

/** @param {Record<string, string> | string | undefined} given */
function asQuery(given) {
  return typeof given === "string" ? Object.fromEntries(new URLSearchParams(given)) : (given ?? {});
}

/** True if the run that is shown is the one of a lesson's step, at whatever time. @param {Lesson} lesson @param {number} at */
function theirs(lesson, at) {
  return store.runs.length === 1 && request(store.run.query) === request({ ...RUN, ...settings(lesson, at) });
}
