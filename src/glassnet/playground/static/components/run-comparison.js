/** Two runs as a table: the settings in which they differ, and how each does. */

import { store } from "../app/page.js";
import { otherwise } from "../app/words.js";
import { html, nothing } from "../vendor/lit/index.js";
import { numeral } from "./numeral.js";
import { Part } from "./part.js";

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
      return html`<p class="note comparison">Both runs are the same so far. The controls change run <b>${"AB"[store.active]}</b>:
        give it another optimizer, learning rate or seed, then play both.</p>`;
    return html`<table class="comparison">
      <caption class="unseen">The two runs: where they differ, and how they do</caption>
      <thead><tr><td></td><th scope="col" class="run-0">A</th><th scope="col" class="run-1">B</th></tr></thead>
      <tbody>
        ${settings.map(([name, value], index) => html`<tr><th scope="row">${name}</th><td>${value}</td><td>${others[index][1]}</td></tr>`)}
        ${headers[0] && headers[1] ? RESULTS.map(([name, of]) => html`<tr><th scope="row">${name(headers[0])}</th>${headers.map((header) => html`<td>${numeral(header && of(header))}</td>`)}</tr>`) : nothing}
      </tbody>
    </table>`;
  }
}
customElements.define("run-comparison", RunComparison);

/** @type {[name: (header: Header | undefined) => string, value: (header: Header) => number | null][]} */
const RESULTS = [
  [() => "training loss", ({ loss }) => loss.train],
  [() => "test loss", ({ loss }) => loss.test],
  [(header) => `training ${header?.metric.name}`, ({ metric }) => metric.train],
  [(header) => `test ${header?.metric.name}`, ({ metric }) => metric.test],
];
