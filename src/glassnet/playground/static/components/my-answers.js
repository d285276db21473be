/** The reader's answers so far, to be saved as a file for the teacher. */

import { call, collected, count, name, table } from "../app/answers.js";
import { t } from "../app/texts.js";
import { html } from "../vendor/lit/index.js";
import { Part } from "./part.js";

class MyAnswers extends Part {
  render() {
    const { all, right } = count();
    return html`<details class="answers"><summary>${t("answers.count", { right, all })}</summary>
      <label class="field"><span>${t("answers.name")}</span><input type="text" name="learner" maxlength="60" autocomplete="off" .value=${name} @input=${(/** @type {any} */ event) => call(event.target.value)} /></label>
      <p class="note">${t(collected ? "answers.sent" : "answers.kept")}</p>
      <button ?disabled=${!all} @click=${this.save}>${t("answers.save")}</button>
    </details>`;
  }

  save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([table()], { type: "text/csv" }));
    link.download = `glassnet-answers${name ? `-${name.replace(/[^\p{L}\p{N}]+/gu, "-")}` : ""}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}
customElements.define("my-answers", MyAnswers);
