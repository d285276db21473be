/** The parts of Lit that the page uses. */
export { LitElement, html, nothing, svg } from "./lit-element.js";
export { live } from "./live.js";
export { repeat } from "./repeat.js";
export { unsafeHTML } from "./unsafe-html.js";
