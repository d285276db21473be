/** Fields of the controls: a slider with its number, a list of options. */

import { locked } from "../app/lock.js";
import { limits } from "../app/options.js";
import { store } from "../app/page.js";
import { decimal } from "../app/texts.js";
import { html, live } from "../vendor/lit/index.js";

/** @typedef {import("../app/options.js").Option} Option */

/**
 * A slider over listed values or over a range.
 * @param {{name: string, label: string, value: string, values?: (string | number)[], step?: number, shown?: string, hint?: string}} field
 */
export function slider({ name, label, value, values, step = 0.01, shown = value, hint = "" }) {
  const [min, max] = limits(name);
  const at = values ? nearest(values, Number(value)) : Number(value);
  const set = (/** @type {Event} */ event) => {
    const position = Number(/** @type {HTMLInputElement} */ (event.target).value);
    store.change({ [name]: String(values ? values[position] : position) });
  };
  return html`<label class="field slide" title=${hint}><span>${label}</span>
    <input type="range" name=${name} ?disabled=${locked(name)} min=${values ? 0 : min} max=${values ? values.length - 1 : max} step=${values ? 1 : step}
      .value=${live(String(at))} aria-valuetext=${decimal(shown)} @input=${set} />
    <output class="num">${decimal(shown)}</output></label>`;
}

/** @param {(string | number)[]} values @param {number} value */
function nearest(values, value) {
  const distances = values.map((each) => Math.abs(Math.log((Number(each) + 1e-9) / (value + 1e-9))));
  return distances.indexOf(Math.min(...distances));
}

/** @param {{name: string, label: string, value: string, options: Option[], set?: (value: string) => void}} field */
export function choice({ name, label, value, options, set = (chosen) => store.change({ [name]: chosen }) }) {
  return html`<label class="field"><span>${label}</span>
    <select name=${name} ?disabled=${locked(name)} .value=${live(value)} @change=${(/** @type {any} */ event) => set(event.target.value)}>
      ${options.map(([each, text]) => html`<option value=${each} ?selected=${each === value}>${text}</option>`)}
    </select></label>`;
}

/** A whole number typed in. @param {{name: string, label: string, value: string}} field */
export function count({ name, label, value }) {
  const [min, max] = limits(name);
  const set = (/** @type {any} */ event) => {
    const given = Math.round(Number(event.target.value));
    if (Number.isFinite(given)) store.change({ [name]: String(Math.max(min, Math.min(max, given))) });
    event.target.value = store.run.query[name]; // also where that is what it was
  };
  return html`<label class="field"><span>${label}</span><input type="number" name=${name} ?disabled=${locked(name)} min=${min} max=${max} .value=${value} @change=${set} /></label>`;
}
