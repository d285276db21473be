/** A link in a field, with a button that copies it. */

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
        <button @click=${this.copy}>Copy</button></div>
      <p role="status" class="note">${this.copied}</p>`;
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.link);
      this.copied = "Copied.";
    } catch {
      this.find("input").select();
      this.copied = "Copy it with the keyboard: the browser did not allow this page to.";
    }
  }
}
customElements.define("copy-link", CopyLink);
