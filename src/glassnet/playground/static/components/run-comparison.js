/** Two runs as a table: the settings in which they differ, and how each does. */

import { store } from "../app/page.js";
import { named, t } from "../app/texts.js";
import { otherwise } from "../app/words.js";
import { html, nothing } from "../vendor/lit/index.js";
import { numeral } from "./numeral.js";
import { Part } from "./part.js";
import { rich } from "./rich.js";

/** @typedef {import("../app/types.js").Header} Header */

class RunComparison extends Part {
  follows = true;

  render() {
    const [a, b] = store.runs;
    if (!a || !b) return nothing;
    const settings = otherwise(a.query, b.query);
    const others = otherwise(b.query, a.query);
    const headers = store.runs.map((run) => run.frame?.header);
    if (!settings.length)
      return html`<p class="note comparison">${rich("runs.same", { run: "AB"[store.active] })}</p>`;
    return html`<table class="comparison">
      <caption class="unseen">${t("runs.caption")}</caption>
      <thead><tr><td></td><th scope="col" class="run-0">A</th><th scope="col" class="run-1">B</th></tr></thead>
      <tbody>
        ${settings.map(([name, value], index) => html`<tr><th scope="row">${name}</th><td>${value}</td><td>${others[index][1]}</td></tr>`)}
        ${headers[0] && headers[1] ? RESULTS.map(([name, of]) => html`<tr><th scope="row">${name(/** @type {Header} */ (headers[0]))}</th>${headers.map((header) => html`<td>${numeral(header && of(header))}</td>`)}</tr>`) : nothing}
      </tbody>
    </table>`;
  }
}
customElements.define("run-comparison", RunComparison);

/** @type {[name: (header: Header) => string, value: (header: Header) => number | null][]} */
const RESULTS = [
  [() => t("loss.training"), ({ loss }) => loss.train],
  [() => t("loss.test"), ({ loss }) => loss.test],
  [({ metric: { name } }) => t("metric.training", { metric: named("metric", name) }), ({ metric }) => metric.train],
  [({ metric: { name } }) => t("metric.test", { metric: named("metric", name) }), ({ metric }) => metric.test],
];
