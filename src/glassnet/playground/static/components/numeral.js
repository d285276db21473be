/** A number on the page: four significant digits, all of them on hover. */

import { full, short } from "../app/numbers.js";
import { html } from "../vendor/lit/index.js";

/** @param {number | null | undefined} value @param {string} [text] */
export function numeral(value, text = short(value)) {
  return html`<span class="num" title=${full(value)}>${text}</span>`;
}
