/** The findings on the run, each with its evidence and a remedy to try in a second run. */

import { diagnosis } from "../app/api.js";
import { Latest } from "../app/latest.js";
import { short } from "../app/numbers.js";
import { store } from "../app/page.js";
import { html, nothing } from "../vendor/lit/index.js";
import { numeral } from "./numeral.js";
import { Part } from "./part.js";

/** @typedef {{code: string, severity: string, message: string, rule?: string, source?: string, remedy?: string | {text: string} | null, query?: Record<string, string> | null, replay?: {confirmed: boolean, measured: string, before: number, after: number} | null}} Finding */

class DiagnosisList extends Part {
  latest = new Latest(this);

  disconnectedCallback() {
    super.disconnectedCallback();
    this.latest.want("");
  }

  willUpdate() {
    this.latest.want(store.settled ? diagnosis(store.run.query, store.step) : "");
  }

  render() {
    if (store.playing) return html`<p class="note">Pause to diagnose the run up to this step.</p>`;
    const { answer, fresh, message } = this.latest;
    if (!fresh) return html`<p class="note">${message || "Looking at the run …"}</p>`;
    /** @type {Finding[]} */
    const findings = answer.findings ?? [];
    const note = answer.note ? html`<p class="note">${answer.note}</p>` : nothing;
    if (!findings.length) return html`<p class="note good">✓ Nothing wrong found up to this step.</p>${note}`;
    return html`<ul class="findings">${findings.map((finding) => this.finding(finding))}</ul>${note}`;
  }

  /** @param {Finding} finding */
  finding({ code, severity, message, rule, source, remedy, query, replay }) {
    const advice = typeof remedy === "string" ? remedy : remedy?.text;
    return html`<li>
      <h3><span class=${severity === "error" ? "bad" : "minus"}>${severity === "error" ? "✗" : "!"}</span> ${code.replaceAll("_", " ")}</h3>
      <p>${message}</p>
      ${advice || query
        ? html`<p class="remedy"><span>${advice ? html`<b>Remedy:</b> ${advice}` : nothing}</span> ${query ? html`<button @click=${() => this.attempt(query)}>Try the remedy</button>` : nothing}</p>`
        : nothing}
      ${replay
        ? html`<p class="note">${replay.confirmed ? "✓ Tried from the same start, and it helps" : "Tried from the same start"}: ${replay.measured} ${numeral(replay.before, short(replay.before, 3))} → ${numeral(replay.after, short(replay.after, 3))}</p>`
        : nothing}
      ${rule ? html`<details><summary class="dim">The rule</summary><p class="note">${rule} ${source}</p></details>` : nothing}
    </li>`;
  }

  /** Start a second run with the remedy beside the first. @param {Record<string, string>} changes */
  attempt(changes) {
    store.fork(Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, String(value)])));
    store.say("Run B is the same run with the remedy");
  }
}
customElements.define("diagnosis-list", DiagnosisList);
