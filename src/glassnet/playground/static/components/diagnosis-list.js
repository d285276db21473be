/** The findings on the run, each with its evidence and a remedy to try in a second run. */

import { diagnosis } from "../app/api.js";
import { Latest } from "../app/latest.js";
import { whole } from "../app/numbers.js";
import { store } from "../app/page.js";
import { t } from "../app/texts.js";
import { html, nothing } from "../vendor/lit/index.js";
import { Part } from "./part.js";
import { english, englishNote, message as told, rich } from "./rich.js";

/** @typedef {Record<string, string>} Query */
/** @typedef {{code: string, title: string, severity: string, message: string, rule: string, source: string, remedy: string | null, query: Query | null, go_to: number | null, others: {text: string, query: Query}[], replay: {confirmed: boolean, text: string} | null, symptom_of: string | null, english: string[]}} Finding  english: the names of the texts that are, on a page of another language */

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
    if (store.playing) return html`<p class="note">${t("diagnosis.playing")}</p>`;
    const { answer, fresh, message } = this.latest;
    if (!fresh) return html`<p class="note">${told(message || t("diagnosis.looking"))}</p>`;
    /** @type {Finding[]} */
    const findings = answer.findings;
    const note = answer.note || answer.unknown ? html`<p class="note">${answer.note} ${english(answer.unknown)}</p>` : nothing;
    const { begun, healthy } = answer;
    if (begun && healthy && !findings.length) return html`<p class="note good">${t("diagnosis.healthy")}</p>${note}`;
    const causes = findings.filter((finding) => !findings.some((other) => other.code === finding.symptom_of));
    return html`<ul class="findings">${causes.map((cause) => this.finding(cause, findings.filter((other) => other.symptom_of === cause.code)))}</ul>${note}${findings.length ? englishNote() : nothing}`;
  }

  /** A finding, and the findings that its remedy removes as well. @param {Finding} finding @param {Finding[]} symptoms */
  finding(finding, symptoms) {
    const { title, severity, source, query, go_to, others, replay } = finding;
    const { message, rule, remedy } = spoken(finding);
    return html`<li>
      <h3><span class=${severity === "error" ? "bad" : "minus"}>${severity === "error" ? "✗" : "!"}</span> ${title}</h3>
      <p>${message}</p>
      ${remedy
        ? html`<p class="remedy"><span>${rich("diagnosis.remedy", { remedy })}</span>
            ${query ? html`<button @click=${() => this.attempt(query)}>${t("diagnosis.try")}</button>` : nothing}
            ${go_to === null ? nothing : html`<button @click=${() => store.goTo(go_to)}>${t("diagnosis.step", { step: whole(go_to) })}</button>`}</p>`
        : nothing}
      ${replay ? html`<p class="note">${replay.confirmed ? "✓ " : ""}${finding.english.includes("replay") ? english(replay.text) : replay.text}</p>` : nothing}
      ${others.map((other) => html`<p class="remedy"><span>${t("diagnosis.or", { remedy: other.text })}</span> <button @click=${() => this.attempt(other.query)}>${t("diagnosis.it")}</button></p>`)}
      ${symptoms.map((symptom) => html`<p class="note">${rich("diagnosis.symptom", { title: symptom.title, message: spoken(symptom).message })}</p>`)}
      <details><summary class="dim">${t("diagnosis.rule")}</summary><p class="note">${rule} ${english(source)}</p></details>
    </li>`;
  }

  /** Start a second run with the remedy beside the first. @param {Query} changes */
  attempt(changes) {
    store.fork(changes);
    store.say(t("said.remedy"));
  }
}
customElements.define("diagnosis-list", DiagnosisList);

/** The texts of a finding, those in English marked so. @param {Finding} finding */
function spoken(finding) {
  const text = (/** @type {"message" | "rule" | "remedy"} */ name) => (finding.english.includes(name) ? english(finding[name] ?? "") : finding[name]);
  return { message: text("message"), rule: text("rule"), remedy: text("remedy") };
}
