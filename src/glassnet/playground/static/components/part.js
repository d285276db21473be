/** The base of the page's components: a Lit element, without a shadow tree, that follows the store. */

import { store } from "../app/page.js";
import { LitElement } from "../vendor/lit/index.js";

export class Part extends LitElement {
  /** True if its text changes with every frame, not only with the state. */
  follows = false;

  // no shadow tree, so that labels, descriptions and one style sheet reach every part
  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this._update = () => this.requestUpdate();
    store.addEventListener("change", this._update);
    if (this.follows) store.addEventListener("frame", this._update);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    if (!this._update) return;
    store.removeEventListener("change", this._update);
    store.removeEventListener("frame", this._update);
  }

  /** The first element of this part that fits. @param {string} selector @returns {any} */
  find(selector) {
    return this.querySelector(selector);
  }
}

/** Close the dialog of a button: a form would, but a frame's sandbox may allow none. @param {Event} event */
export function closeDialog(event) {
  /** @type {HTMLElement} */ (event.currentTarget).closest("dialog")?.close();
}
