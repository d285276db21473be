/** The controls: data, network, training. */

import { locks } from "../app/lock.js";
import { store } from "../app/page.js";
import { PHONE } from "../app/layout.js";
import { upload } from "../app/source.js";
import { keep } from "../app/tables.js";
import { named, t } from "../app/texts.js";
import { dataName, describe } from "../app/words.js";
import { html, nothing } from "../vendor/lit/index.js";
import { dataControls } from "./data-controls.js";
import { networkControls } from "./network-controls.js";
import { Part } from "./part.js";
import { rich } from "./rich.js";
import { trainingControls } from "./training-controls.js";

class SetUp extends Part {
  static properties = { message: { state: true } };

  constructor() {
    super();
    /** The result of an upload, in words. */
    this.message = "";
  }

  render() {
    const { run, runs } = store;
    const group = (/** @type {string} */ name, /** @type {string} */ title, /** @type {unknown} */ value, /** @type {unknown} */ content) =>
      store.hides(name) ? nothing : html`<details class="group" ?open=${!matchMedia(PHONE).matches && !store.view.lesson}><summary><h2>${title}</h2> <span>${value}</span></summary>${content}</details>`;
    return html`
      ${locks ? html`<p class="note locks">${t("setup.locks")}</p>` : nothing}
      ${runs.length > 1 ? html`<p class="which">${rich("setup.which", { run: "AB"[store.active], words: describe(run) })}</p>` : nothing}
      ${group("data", t("setup.data"), dataName(run.query), dataControls(run, this.message, this.onFile))}
      ${group("network", t("setup.network"), run.frame ? t("setup.parameters", { n: run.frame.header.parameters }) : "", networkControls(run))}
      ${group("training", t("setup.training"), "", trainingControls(run))}
    `;
  }

  /** @type {(event: Event) => Promise<void>} */
  onFile = async (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    const file = field.files?.[0];
    if (!file) return;
    this.message = t("file.reading", { file: file.name });
    try {
      const told = await upload(file);
      this.message = t("file.read", { file: file.name, n: told.rows, task: named("task", told.task) });
      keep(told.id, await file.text());
      store.change({ data: told.id, x: "", y: "", target: "", loss: "" });
    } catch (error) {
      this.message = error instanceof Error ? error.message : String(error);
    }
    field.value = "";
  };
}
customElements.define("set-up", SetUp);
