/** Panels on the run, one at a time: loss curves, confusion matrix, diagnosis. */

import { store } from "../app/page.js";
import { t } from "../app/texts.js";
import { html } from "../vendor/lit/index.js";
import "./confusion-table.js";
import "./diagnosis-list.js";
import "./loss-curves.js";
import { Part } from "./part.js";

/** @typedef {"loss" | "confusion" | "diagnosis"} Panel */

/** @type {Panel[]} */
const PANELS = ["loss", "confusion", "diagnosis"];

class RunPanels extends Part {
  render() {
    const regression = store.run.data?.task === "regression";
    const panels = PANELS.filter((name) => !(name === "confusion" && regression) && !store.hides(name));
    const shown = panels.find((name) => name === store.view.panel) ?? "loss";
    return html`
      <div class="tabs" role="tablist" aria-label=${t("panel.label")} @keydown=${this.onKey}>
        ${panels.map(
          (name) => html`<button role="tab" data-arrows id=${`tab-${name}`} aria-controls="panel" aria-selected=${name === shown}
            tabindex=${name === shown ? 0 : -1} @click=${() => store.look({ panel: name })}>${t(`panel.${name}`)}</button>`,
        )}
      </div>
      <div class="panel" role="tabpanel" id="panel" aria-labelledby=${`tab-${shown}`} tabindex=${shown === "loss" ? -1 : 0}>
        ${shown === "loss"
          ? html`<loss-curves></loss-curves>`
          : shown === "confusion"
            ? html`<confusion-table></confusion-table>`
            : html`<diagnosis-list></diagnosis-list>`}
      </div>
    `;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const tabs = /** @type {HTMLElement[]} */ ([...this.querySelectorAll("[role=tab]")]);
    const at = tabs.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = tabs[(at + move + tabs.length) % tabs.length];
    next.click();
    next.focus();
  }
}
customElements.define("run-panels", RunPanels);
