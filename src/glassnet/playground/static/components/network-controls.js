/** The shape of the network: its hidden layers, one row each. */

import { locked } from "../app/lock.js";
import { store } from "../app/page.js";
import { ACTIVATIONS, INITIALIZERS, MOST_LAYERS, MOST_UNITS, label } from "../app/options.js";
import { readActivations, readHidden, writeActivations } from "../app/query.js";
import { source } from "../app/source.js";
import { html, nothing } from "../vendor/lit/index.js";
import { choice, count } from "./fields.js";

/** @param {import("../app/types.js").Run} run */
export function networkControls({ query, frame }) {
  const hidden = readHidden(query.hidden);
  const names = readActivations(query.activation, hidden.length);
  const set = (/** @type {number[]} */ widths, /** @type {string[]} */ activations) =>
    store.change({ hidden: widths.join(","), activation: writeActivations(activations) });
  const resized = (/** @type {number} */ at, /** @type {number} */ width) =>
    set(hidden.map((old, index) => (index === at ? Math.max(1, Math.min(MOST_UNITS, width || 1)) : old)), names);
  const typed = (/** @type {number} */ at, /** @type {HTMLInputElement} */ field) => {
    resized(at, Math.round(field.valueAsNumber) || hidden[at]);
    field.value = String(readHidden(store.run.query.hidden)[at]); // also where that is what it was
  };
  const named = (/** @type {number} */ at, /** @type {string} */ name) => set(hidden, names.map((old, index) => (index === at ? name : old)));
  const without = (/** @type {number} */ at) => set(hidden.filter((_, index) => index !== at), names.filter((_, index) => index !== at));
  const shaped = locked("hidden");
  return html`
    <ol class="layers" aria-label="Hidden layers">
      ${hidden.map((width, index) => html`<li>
        <button class="icon" aria-label=${`Layer ${index + 1}: one unit less`} ?disabled=${shaped || width <= 1} @click=${() => resized(index, width - 1)}>−</button>
        <input type="number" aria-label=${`Layer ${index + 1}: units`} ?disabled=${shaped} min="1" max=${MOST_UNITS} .value=${String(width)} @change=${(/** @type {any} */ event) => typed(index, event.target)} />
        <button class="icon" aria-label=${`Layer ${index + 1}: one unit more`} ?disabled=${shaped || width >= MOST_UNITS} @click=${() => resized(index, width + 1)}>+</button>
        <select aria-label=${`Layer ${index + 1}: activation`} ?disabled=${locked("activation")} @change=${(/** @type {any} */ event) => named(index, event.target.value)}>
          ${ACTIVATIONS.map(([name, text]) => html`<option value=${name} ?selected=${name === names[index]}>${text}</option>`)}
        </select>
        <button class="icon plain" aria-label=${`Remove layer ${index + 1}`} title="Remove this layer" ?disabled=${shaped} @click=${() => without(index)}>×</button>
      </li>`)}
    </ol>
    ${hidden.length ? nothing : html`<p class="note">No hidden layer: the inputs feed the output directly.</p>`}
    <button class="wide" ?disabled=${shaped || hidden.length >= MOST_LAYERS} @click=${() => set([...hidden, hidden[hidden.length - 1] ?? 4], [...names, names[names.length - 1] ?? "relu"])}>+ hidden layer</button>
    ${choice({ name: "init", label: "initial", value: query.init, options: initializers(query.init ? undefined : frame?.header.init) })}
    ${count({ name: "seed", label: "seed", value: query.seed })}
  `;
}

/** The initializers; the automatic one names its choice for this network. @param {string | undefined} here */
function initializers(here) {
  const automatic = here ? `auto: ${label(INITIALIZERS, here)}` : "automatic";
  const { init } = source.home;
  const given = init ? [/** @type {[string, string]} */ ([init, "as you gave them"])] : [];
  return given.concat(INITIALIZERS.map(([name, text]) => /** @type {[string, string]} */ ([name, name ? text : automatic])));
}
