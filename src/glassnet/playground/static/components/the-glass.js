/** The glass: one training step, worked out. */

import { html } from "../vendor/lit/index.js";
import { Part } from "./part.js";

class TheGlass extends Part {
  render() {
    return html`<section class="glass" aria-label="The glass"></section>`;
  }
}
customElements.define("the-glass", TheGlass);
