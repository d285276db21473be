/** A line of the worked step in matrix form: its formula, and the numbers that go in and come out. */

import { full, signed } from "../app/numbers.js";
import { shade } from "../app/palette.js";
import { t } from "../app/texts.js";
import { find, rows } from "../app/worked.js";
import { html, nothing } from "../vendor/lit/index.js";
import { formula } from "./rich.js";

/** @typedef {import("../app/worked.js").Derivation} Derivation */
/** @typedef {import("../app/worked.js").Worked} Worked */

const MOST = 24;

/** @param {Derivation} derivation @param {Worked} step */
export function matrixView(derivation, step) {
  const inputs = (step.inputs ?? []).map((symbol) => find(derivation, symbol)).filter((each) => each !== undefined);
  return html`
    ${step.mathml ? html`<div class="formula">${formula(step.mathml)}</div>` : nothing}
    <div class="matrices">${[step, ...inputs].map((each, index) => matrix(each, index === 0))}</div>
  `;
}

/** @param {Worked} step @param {boolean} result */
function matrix(step, result) {
  const all = rows(step.value);
  const shown = all.slice(0, MOST).map((row) => row.slice(0, 64));
  const largest = Math.max(0, ...shown.flat().map(Math.abs).filter(Number.isFinite));
  const [height] = step.shape.length > 1 ? step.shape : [1];
  return html`<table class="matrix ${result ? "result" : ""}">
    <caption>${step.symbol} <span class="dim">${step.shape.join(" × ")}</span></caption>
    ${shown[0].length > 1 || shown.length > 1
      ? html`<thead class=${shown[0].length > 1 ? "" : "unseen-head"}><tr><td></td>${shown[0].map((_, column) => html`<th scope="col">${column}</th>`)}</tr></thead>`
      : nothing}
    <tbody>${shown.map((row, index) => html`<tr><th scope="row">${index}</th>${row.map((value) => cell(value, largest))}</tr>`)}
      ${height > shown.length ? html`<tr><th scope="row">⋮</th><td class="dim" colspan=${shown[0].length}>${t("glass.rows", { n: height - shown.length })}</td></tr>` : nothing}</tbody>
  </table>`;
}

/** @param {number} value @param {number} largest */
function cell(value, largest) {
  return html`<td class=${value < 0 ? "num neg" : "num pos"} .style=${`--shade: ${shade(value, largest).toFixed(2)}`} title=${full(value)}>${signed(value)}</td>`;
}
