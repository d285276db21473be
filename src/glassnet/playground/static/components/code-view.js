/** The line of code that computed a line of the step. */

import { t } from "../app/texts.js";
import { html, nothing } from "../vendor/lit/index.js";

/** @param {import("../app/worked.js").Worked} step */
export function codeView(step) {
  if (!step.code) return html`<p class="note">${t("glass.given")}</p>`;
  return html`
    <p class="source">${step.file}${step.line ? html`:<b>${step.line}</b>` : nothing}</p>
    <pre><code>${step.code}</code></pre>
  `;
}
