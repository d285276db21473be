/** The page: the arrangement of its parts. */

import { store } from "../app/page.js";
import { html, nothing } from "../vendor/lit/index.js";
import "./decision-surface.js";
import "./key-help.js";
import "./lesson-guide.js";
import "./network-drawing.js";
import "./page-notice.js";
import "./run-panels.js";
import "./run-title.js";
import "./set-up.js";
import "./the-glass.js";
import "./time-line.js";
import "./top-line.js";
import { Part } from "./part.js";

class PlayGround extends Part {
  render() {
    const { runs, view } = store;
    const twice = runs.length > 1;
    const left = !store.hides("controls") || view.lesson;
    return html`
      <a class="skip" href="#network">Skip to the network</a>
      <top-line></top-line>
      <main class="bench ${twice ? "twice" : ""} ${left ? "" : "bare"}" aria-busy=${store.slow}>
        ${left
          ? html`<aside class="left" aria-label=${view.lesson ? "Lesson and controls" : "Controls"}>
              ${view.lesson ? html`<lesson-guide></lesson-guide>` : nothing} ${store.hides("controls") ? nothing : html`<set-up></set-up>`}
            </aside>`
          : nothing}
        <div class="runs" id="network">
          ${runs.map(
            (_, index) => html`
              <section class="run" aria-label=${twice ? `Run ${"AB"[index]}` : "The network"}>
                ${twice ? html`<run-title .index=${index}></run-title>` : nothing}
                <network-drawing .index=${index}></network-drawing>
                ${twice ? html`<decision-surface .index=${index}></decision-surface>` : nothing}
              </section>
            `,
          )}
        </div>
        <section class="right" aria-label="How it does">
          ${twice ? nothing : html`<decision-surface .index=${0}></decision-surface>`}
          <run-panels></run-panels>
        </section>
      </main>
      <page-notice></page-notice>
      <time-line></time-line>
      ${view.glass ? html`<the-glass></the-glass>` : nothing}
      <key-help></key-help>
      <div class="unseen" role="status" aria-live="polite">${store.said}</div>
    `;
  }
}
customElements.define("play-ground", PlayGround);
