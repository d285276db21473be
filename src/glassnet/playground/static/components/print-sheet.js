/** What a printed page has beside the pictures: the run in words, its settings, its numbers. On the screen it is not there. */

import { short } from "../app/numbers.js";
import { store } from "../app/page.js";
import { RUN } from "../app/query.js";
import { source } from "../app/source.js";
import { named, t } from "../app/texts.js";
import { describe, valueOf } from "../app/words.js";
import { html, nothing } from "../vendor/lit/index.js";
import { Part } from "./part.js";

class PrintSheet extends Part {
  printing = false;

  connectedCallback() {
    super.connectedCallback();
    const set = (/** @type {boolean} */ printing) => () => {
      this.printing = printing;
      this.requestUpdate();
      this.performUpdate(); // at once: the browser prints as soon as this returns
    };
    addEventListener("beforeprint", set(true));
    addEventListener("afterprint", set(false));
  }

  render() {
    if (!this.printing) return nothing;
    return html`${store.runs.map((run, index) => this.run(run, index))}
      ${source.live ? html`<p class="address">${location.origin + location.pathname + store.address}</p>` : nothing}`;
  }

  /** @param {import("../app/types.js").Run} run @param {number} index */
  run(run, index) {
    const header = run.frame?.header;
    if (!header) return nothing;
    const { loss, metric } = header;
    return html`<section aria-label=${t("print.label")}>
      <h2>${store.runs.length > 1 ? t("print.run", { run: "AB"[index], words: describe(run) }) : describe(run)}</h2>
      <p>${t("print.scores", { step: header.step, train: short(loss.train), test: short(loss.test), metric: named("metric", metric.name), train_score: short(metric.train), test_score: short(metric.test) })}</p>
      <p class="settings">${Object.keys(RUN).map((name) => html`<span>${named("setting", name)} <b>${valueOf(run.query, name)}</b></span> `)}</p>
      ${header.W.map((W, layer) => matrix(layer + 1, W, header.b[layer]))}
    </section>`;
  }
}
customElements.define("print-sheet", PrintSheet);

/** The weights of a layer, a row for each unit they come from, and the biases. @param {number} layer @param {number[][]} W @param {number[]} b */
function matrix(layer, W, b) {
  const row = (/** @type {string} */ name, /** @type {number[]} */ values) => html`<tr><th scope="row">${name}</th>${values.map((value) => html`<td>${short(value)}</td>`)}</tr>`;
  return html`<table class="weights"><caption>${t("print.layer", { layer })}</caption><tbody>${W.map((values, from) => row(`W${layer}[${from}]`, values))}${row(`b${layer}`, b)}</tbody></table>`;
}
