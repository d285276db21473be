/** Texts as parts of the page: with **bold**, `code` and parts filled in; in English on a page of another language; formulas. */

import { decimal, foreign, lang, named, t, wording } from "../app/texts.js";
import { html, nothing, unsafeHTML } from "../vendor/lit/index.js";

/** @param {import("../app/texts.js").Text} name @param {Record<string, unknown>} [values] */
export function rich(name, values = {}) {
  return marked(wording(name, values.n), (part) => part.split(/\{(\w+)\}/).map((each, at) => (at % 2 ? values[each] : each)));
}

/** @param {string} text @param {(part: string) => unknown} fill */
function marked(text, fill) {
  return text.split(/(\*\*.+?\*\*|`.+?`)/).map((part) => {
    if (part.startsWith("**")) return html`<b>${fill(part.slice(2, -2))}</b>`;
    return part.startsWith("`") ? html`<code>${part.slice(1, -1)}</code>` : fill(part);
  });
}

/** A message, marked as English where it is and the page is not. @param {string} text */
export function message(text) {
  return foreign(text) ? english(text) : text;
}

/** A text of the library, which speaks English. @param {string} text */
export function english(text) {
  return lang() === "en" ? text : html`<span lang="en">${text}</span>`;
}

/** Say that some of what stands here is English; nothing on an English page. */
export function englishNote() {
  return lang() === "en" ? nothing : html`<p class="note">${t("page.foreign")}</p>`;
}

/** A formula with the language's decimal sign and words. @param {string} mathml */
export function formula(mathml) {
  const words = mathml.replace(/<mtext>[^<]+/g, (text) => text.replace(/\b(if|since|otherwise|more)\b/g, (word) => named("math", word)));
  return unsafeHTML(words.replace(/(?<=<mn>)[^<]+/g, decimal));
}
