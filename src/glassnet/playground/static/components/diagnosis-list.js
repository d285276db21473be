/** What is wrong with the run, with its evidence, and a remedy to try beside it. */

import { diagnosis } from "../app/api.js";
import { store } from "../app/page.js";
import { request } from "../app/query.js";
import { html, nothing } from "../vendor/lit/index.js";
import { Part } from "./part.js";

class DiagnosisList extends Part {
  static properties = { found: { state: true }, message: { state: true } };

  constructor() {
    super();
    /** @type {any} */
    this.found = null;
    this.message = "";
  }
  asked = "";

  updated() {
    const { run, step, playing } = store;
    const key = request(run.query, { step });
    if (playing || key === this.asked) return;
    this.asked = key;
    this.found = null;
    this.message = "Looking at the run …";
    diagnosis(run.query, step).then(
      (found) => key === this.asked && ([this.found, this.message] = [found, ""]),
      (error) => key === this.asked && (this.message = error.message),
    );
  }

  render() {
    if (store.playing) return html`<p class="note">Pause, and the run is looked at up to this step.</p>`;
    if (!this.found) return html`<p class="note">${this.message}</p>`;
    const findings = this.found.findings ?? [];
    if (!findings.length) return html`<p class="note good">✓ Nothing found: the gradient is right, the loss falls, the units live. ${this.found.note ?? ""}</p>`;
    return html`<ul class="findings">
      ${findings.map((/** @type {any} */ finding) => html`<li class=${finding.severity ?? ""}>
        <h3>${finding.title ?? finding.name ?? finding.code}</h3>
        <p>${finding.evidence}</p>
        ${finding.remedy ? html`<p class="remedy">${finding.advice ?? finding.remedy_text ?? ""}
          ${finding.query ? html`<button @click=${() => this.attempt(finding.query)}>Try the remedy</button>` : nothing}</p>` : nothing}
      </li>`)}
    </ul>`;
  }

  /** The run once more with the remedy, beside the first. @param {Record<string, string>} changes */
  attempt(changes) {
    store.fork(Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, String(value)])));
    store.say("Run B is the same run with the remedy");
  }
}
customElements.define("diagnosis-list", DiagnosisList);
