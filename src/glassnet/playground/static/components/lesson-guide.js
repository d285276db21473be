/** The guided lessons, step by step beside the network, and the exercises. */

import { connection } from "../app/connection.js";
import { keep } from "../app/answers.js";
import { locks } from "../app/lock.js";
import { store } from "../app/page.js";
import { RUN, request } from "../app/query.js";
import { source } from "../app/source.js";
import { lang, t } from "../app/texts.js";
import { html, nothing, unsafeHTML } from "../vendor/lit/index.js";
import "./number-exercise.js";
import { Part } from "./part.js";
import { message, rich } from "./rich.js";

/** @typedef {{text: string, query?: Record<string, string> | string, highlight?: string, question?: {text: string, choices?: string[], answer?: number, why?: string}}} LessonStep */
/** @typedef {{id: string, title: string, lang: string, steps: LessonStep[]}} Lesson */

class LessonGuide extends Part {
  static properties = { lessons: { state: true }, message: { state: true }, picked: { state: true } };

  constructor() {
    super();
    /** @type {Lesson[]} */
    this.lessons = [];
    this.message = t("lesson.fetching");
    /** The language of the lessons. */
    this.language = "";
    /** The answer chosen. @type {number | null} */
    this.picked = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.fetch().then(() => this.arrive());
  }

  /** Fetch the lessons in the page's language. */
  async fetch() {
    this.language = lang();
    const { language } = this;
    try {
      const lessons = await connection.get(language === "en" ? "lessons" : `lessons?lang=${language}`);
      if (language === this.language) [this.lessons, this.message] = [lessons, ""];
    } catch (error) {
      this.message = error instanceof Error ? error.message : String(error);
    }
  }

  willUpdate() {
    if (this.language !== lang()) this.fetch();
  }

  render() {
    if (this.message) return html`<p class="note">${message(this.message)}</p>`;
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
      ${locks ? nothing : html`<h2>${t("lesson.lessons")}</h2>
        <ol>${this.lessons.map((lesson) => html`<li><button @click=${() => this.go(lesson, 0)}>${lesson.title}</button></li>`)}</ol>`}
      <h2>${t("lesson.exercises")}</h2>
      <p>${t("lesson.asks")}</p>
      <button @click=${() => store.look({ lesson: "exercise" })}>${t("lesson.predict")}</button>
      <my-answers></my-answers>
      <p>${leaving(t("lesson.close"))}</p>
    </div>`;
  }

  /** @param {Lesson} lesson @param {number} at */
  lesson(lesson, at) {
    const step = lesson.steps[at];
    const last = at === lesson.steps.length - 1;
    return html`<article class="lesson" lang=${lesson.lang ?? lang()}>
      <p class="where" lang=${lang()}>${t("lesson.where", { title: lesson.title, at: at + 1, all: lesson.steps.length })}</p>
      ${theirs(lesson, at) ? nothing : html`<p class="note">${rich("lesson.other", { button: html`<button @click=${() => this.go(lesson, at)}>${t("lesson.show")}</button>` })}</p>`}
      <div class="text" aria-live="polite">${unsafeHTML(step.text)}</div>
      ${step.question ? this.question(step.question) : nothing}
      <div class="turn">
        <button ?disabled=${at === 0} @click=${() => this.go(lesson, at - 1)}>${t("lesson.back")}</button>
        ${last ? source.live ? html`<button class="strong" @click=${() => store.look({ lesson: "list" })}>${t("lesson.all")}</button>` : html`<a href="index.html">${t("lesson.all")}</a>` : html`<button class="strong" @click=${() => this.go(lesson, at + 1)}>${t("lesson.next")}</button>`}
      </div>
      ${source.live ? html`<p>${leaving(t("lesson.leave"))}</p>` : nothing}
    </article>`;
  }

  /** @param {NonNullable<LessonStep["question"]>} question */
  question(question) {
    const { picked } = this;
    return html`<fieldset class="question"><legend>${question.text}</legend>
      ${(question.choices ?? []).map((choice, index) => html`<label><input type="radio" name="answer" .checked=${picked === index} @change=${() => this.pick(question, index)} /> ${choice}</label>`)}
      <p role="status">${picked === null ? "" : picked === question.answer ? rich("lesson.right", { why: question.why ?? "" }) : rich("lesson.wrong")}</p>
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
  return html`<button class="plain" title=${store.own === null ? "" : t("lesson.own")} @click=${() => store.leave()}>${words}</button>
    ${store.own === null ? nothing : html`<button class="plain" title=${t("lesson.keep.hint")} @click=${() => store.leave(true)}>${t("lesson.keep")}</button>`}`;
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
