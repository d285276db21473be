/** The top line: the run's title and scores, and the page's menus. */

import { store, themeName } from "../app/page.js";
import { LANGUAGES, lang, named, t } from "../app/texts.js";
import { describe } from "../app/words.js";
import { html, nothing } from "../vendor/lit/index.js";
import "./share-menu.js";
import { numeral } from "./numeral.js";
import { Part } from "./part.js";

class TopLine extends Part {
  follows = true;

  render() {
    const { run, runs, view } = store;
    const header = run.frame?.header;
    const words = describe(run);
    const tests = Boolean(run.data?.test.points.length);
    const of = (/** @type {string} */ name) => (runs.length > 1 ? t("top.of", { run: "AB"[store.active], name }) : name);
    const colours = t(themeName() === "dark" ? "top.light" : "top.dark");
    return html`
      <header class="top">
        <h1>glassnet</h1>
        <p class="what">${runs.length > 1 ? t("top.two") : words}</p>
        ${header
          ? html`<dl class="score">
              ${score(of(t("loss")), header.loss, tests)}${score(of(named("metric", header.metric.name)), header.metric, tests)}
            </dl>`
          : nothing}
        <nav aria-label=${t("top.page")}>
          ${store.hides("compare")
            ? nothing
            : html`<button aria-pressed=${runs.length > 1} @click=${() => (runs.length > 1 ? store.join() : store.fork())}>${t("top.compare")}</button>`}
          ${store.hides("lessons")
            ? nothing
            : html`<button aria-pressed=${Boolean(view.lesson)} @click=${() => (view.lesson ? store.leave() : store.look({ lesson: "list" }))}>${t("top.lessons")}</button>`}
          ${store.hides("glass")
            ? nothing
            : html`<button aria-pressed=${Boolean(view.glass)} @click=${() => store.look({ glass: view.glass ? "" : "1" })}>${t("top.glass")}</button>`}
          <share-menu></share-menu>
          <select class="plain" name="lang" aria-label=${t("top.language")} title=${t("top.language")} @change=${(/** @type {any} */ event) => store.look({ lang: event.target.value })}>
            ${Object.entries(LANGUAGES).map(([name, { called }]) => html`<option value=${name} lang=${name} aria-label=${called} ?selected=${name === lang()}>${name.toUpperCase()}</option>`)}
          </select>
          <button
            class="plain"
            aria-label=${colours}
            title=${colours}
            @click=${() => store.look({ theme: themeName() === "dark" ? "light" : "dark" })}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.5" /><path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" /></svg>
          </button>
          <button class="plain" aria-label=${t("top.keys")} title=${t("top.keys.hint")} @click=${() => document.querySelector("key-help")?.dispatchEvent(new Event("open"))}>?</button>
        </nav>
      </header>
    `;
  }
}
customElements.define("top-line", TopLine);

/** A score on the training and on the test points. @param {string} name @param {{train: number | null, test: number | null}} values @param {boolean} tests */
function score(name, { train, test }, tests) {
  return html`<div><dt>${name}</dt><dd>${t("training")} ${numeral(train)}</dd>${tests ? html`<dd>${t("test")} ${numeral(test)}</dd>` : nothing}</div>`;
}
