/** The page: the arrangement of its parts. */

import { quiet, store } from "../app/page.js";
import { PHONE } from "../app/layout.js";
import { t } from "../app/texts.js";
import { html, nothing } from "../vendor/lit/index.js";
import "./decision-surface.js";
import "./first-words.js";
import "./key-help.js";
import "./lesson-guide.js";
import "./network-drawing.js";
import "./page-notice.js";
import "./print-sheet.js";
import "./run-comparison.js";
import "./run-panels.js";
import "./run-title.js";
import "./set-up.js";
import "./the-glass.js";
import "./time-line.js";
import "./top-line.js";
import { Part } from "./part.js";

const SHORT = "(max-height: 900px) and (max-width: 1500px), (max-width: 1000px)";

class PlayGround extends Part {
  static properties = { folded: { state: true } };

  constructor() {
    super();
    /** True if the reader folded the controls, false if he opened them; null as the room demands. @type {boolean | null} */
    this.folded = null;
    /** What the glass showed when the page was last drawn. */
    this.looked = "";
  }

  /** True if the controls are folded: on a laptop the glass, and large type, need their room. */
  get folds() {
    if (store.view.lesson || store.hides("controls") || matchMedia(PHONE).matches) return false;
    return this.folded ?? (Boolean(store.view.glass || store.view.size) && matchMedia(SHORT).matches);
  }

  connectedCallback() {
    super.connectedCallback();
    this._resized = () => this.requestUpdate();
    addEventListener("resize", this._resized);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    if (this._resized) removeEventListener("resize", this._resized);
  }

  /** Where the page scrolls, the glass that was asked for comes into view. */
  updated() {
    const { glass, entry, sample } = store.view;
    const looks = glass ? `${entry} ${sample}` : "";
    if (looks && looks !== this.looked && matchMedia(PHONE).matches) this.reveal(!this.looked);
    this.looked = looks;
  }

  /** @param {boolean} opened true if the glass was closed before */
  async reveal(opened) {
    const part = this.find("the-glass");
    await part.updateComplete; // before, it has no height
    const box = part.getBoundingClientRect();
    if (!opened && box.top < innerHeight * 0.6 && box.bottom > 0) return;
    part.scrollIntoView({ block: "start", behavior: quiet() ? "auto" : "smooth" });
  }

  render() {
    const { runs, view } = store;
    const twice = runs.length > 1;
    const left = !store.hides("controls") || view.lesson;
    const { folds } = this;
    return html`
      <a class="skip" href="#network">${t("page.skip")}</a>
      <top-line></top-line>
      <first-words></first-words>
      <main class="bench ${twice ? "twice" : ""} ${left ? "" : "bare"} ${folds ? "folded" : ""} ${view.glass ? "looking" : ""}" aria-busy=${store.slow}>
        ${left
          ? html`<aside class="left" aria-label=${t(view.lesson ? "page.lesson" : "page.controls")}>
              ${view.lesson ? html`<lesson-guide></lesson-guide>` : html`<button class="fold plain" aria-expanded=${!folds} @click=${() => (this.folded = !folds)}>${t(folds ? "page.unfold" : "page.fold")}</button>`}
              ${store.hides("controls") ? nothing : html`<set-up ?hidden=${folds}></set-up>`}
            </aside>`
          : nothing}
        <div class="runs" id="network">
          ${runs.map(
            (_, index) => html`
              <section class="run" aria-label=${twice ? t("page.run", { run: "AB"[index] }) : t("page.network")}>
                ${twice ? html`<run-title .index=${index}></run-title>` : nothing}
                <network-drawing .index=${index}></network-drawing>
                ${twice ? html`<decision-surface .index=${index}></decision-surface>` : nothing}
              </section>
            `,
          )}
        </div>
        <section class="right" aria-label=${t("page.results")}>
          ${twice ? nothing : html`<decision-surface .index=${0}></decision-surface>`}
          <run-panels></run-panels>
          ${twice ? html`<run-comparison></run-comparison>` : nothing}
        </section>
      </main>
      <page-notice></page-notice>
      <time-line></time-line>
      ${view.glass ? html`<the-glass></the-glass>` : nothing}
      <print-sheet></print-sheet>
      <key-help></key-help>
      <div class="unseen" role="status" aria-live="polite">${store.said}</div>
    `;
  }
}
customElements.define("play-ground", PlayGround);
