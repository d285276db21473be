/** A link in a field, with a button that copies it. */

import { t } from "../app/texts.js";
import { html } from "../vendor/lit/index.js";
import { Part } from "./part.js";

class CopyLink extends Part {
  static properties = { link: { attribute: false }, label: {}, copied: { state: true } };

  constructor() {
    super();
    this.link = "";
    this.label = "";
    this.copied = "";
  }

  /** @param {Map<string, unknown>} changes */
  willUpdate(changes) {
    if (changes.has("link")) this.copied = "";
  }

  render() {
    return html`<div class="link"><input readonly aria-label=${this.label} .value=${this.link} @focus=${(/** @type {any} */ event) => event.target.select()} />
        <button @click=${this.copy}>${t("share.copy")}</button></div>
      <p role="status" class="note">${this.copied}</p>`;
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.link);
      this.copied = t("share.copied");
    } catch {
      this.find("input").select();
      this.copied = t("share.refused");
    }
  }
}
customElements.define("copy-link", CopyLink);
