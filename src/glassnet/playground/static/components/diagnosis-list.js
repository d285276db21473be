/** The findings on the run, each with its evidence and a remedy to try in a second run. */

import { diagnosis } from "../app/api.js";
import { Latest } from "../app/latest.js";
import { whole } from "../app/numbers.js";
import { store } from "../app/page.js";
import { html, nothing } from "../vendor/lit/index.js";
import { Part } from "./part.js";

/** @typedef {Record<string, string>} Query */
/** @typedef {{code: string, title: string, severity: string, message: string, rule: string, source: string, remedy: string | null, query: Query | null, go_to: number | null, others: {text: string, query: Query}[], replay: {confirmed: boolean, text: string} | null, symptom_of: string | null}} Finding */

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
    const findings = answer.findings;
    const note = answer.note ? html`<p class="note">${answer.note}</p>` : nothing;
    const { begun, healthy } = answer;
    if (begun && healthy && !findings.length) return html`<p class="note good">✓ Nothing wrong found up to this step.</p>${note}`;
    const causes = findings.filter((finding) => !findings.some((other) => other.code === finding.symptom_of));
    return html`<ul class="findings">${causes.map((cause) => this.finding(cause, findings.filter((other) => other.symptom_of === cause.code)))}</ul>${note}`;
  }

  /** A finding, and the findings that its remedy removes as well. @param {Finding} finding @param {Finding[]} symptoms */
  finding({ title, severity, message, rule, source, remedy, query, go_to, others, replay }, symptoms) {
    return html`<li>
      <h3><span class=${severity === "error" ? "bad" : "minus"}>${severity === "error" ? "✗" : "!"}</span> ${title}</h3>
      <p>${message}</p>
      ${remedy
        ? html`<p class="remedy"><span><b>Remedy:</b> ${remedy}</span>
            ${query ? html`<button @click=${() => this.attempt(query)}>Try the remedy</button>` : nothing}
            ${go_to === null ? nothing : html`<button @click=${() => store.goTo(go_to)}>Go to step ${whole(go_to)}</button>`}</p>`
        : nothing}
      ${replay ? html`<p class="note">${replay.confirmed ? "✓ " : ""}${replay.text}</p>` : nothing}
      ${others.map((other) => html`<p class="remedy"><span>Or: ${other.text}</span> <button @click=${() => this.attempt(other.query)}>Try it</button></p>`)}
      ${symptoms.map((symptom) => html`<p class="note">It shows in this, too: <b>${symptom.title}.</b> ${symptom.message}</p>`)}
      <details><summary class="dim">The rule</summary><p class="note">${rule} ${source}</p></details>
    </li>`;
  }

  /** Start a second run with the remedy beside the first. @param {Query} changes */
  attempt(changes) {
    store.fork(changes);
    store.say("Run B is the same run with the remedy");
  }
}
customElements.define("diagnosis-list", DiagnosisList);
