/** The shape of the network: its hidden layers, one row each. */

import { locked } from "../app/lock.js";
import { store } from "../app/page.js";
import { ACTIVATIONS, INITIALIZERS, MOST_LAYERS, MOST_UNITS } from "../app/options.js";
import { readActivations, readHidden, writeActivations } from "../app/query.js";
import { source } from "../app/source.js";
import { listed, named, t } from "../app/texts.js";
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
  const activated = (/** @type {number} */ at, /** @type {string} */ name) => set(hidden, names.map((old, index) => (index === at ? name : old)));
  const without = (/** @type {number} */ at) => set(hidden.filter((_, index) => index !== at), names.filter((_, index) => index !== at));
  const shaped = locked("hidden");
  return html`
    <ol class="layers" aria-label=${t("net.layers")}>
      ${hidden.map((width, index) => html`<li>
        <button class="icon" aria-label=${t("net.less", { layer: index + 1 })} ?disabled=${shaped || width <= 1} @click=${() => resized(index, width - 1)}>−</button>
        <input type="number" aria-label=${t("net.units", { layer: index + 1 })} ?disabled=${shaped} min="1" max=${MOST_UNITS} .value=${String(width)} @change=${(/** @type {any} */ event) => typed(index, event.target)} />
        <button class="icon" aria-label=${t("net.more", { layer: index + 1 })} ?disabled=${shaped || width >= MOST_UNITS} @click=${() => resized(index, width + 1)}>+</button>
        <select aria-label=${t("net.activation", { layer: index + 1 })} ?disabled=${locked("activation")} @change=${(/** @type {any} */ event) => activated(index, event.target.value)}>
          ${listed("activation", ACTIVATIONS).map(([name, text]) => html`<option value=${name} ?selected=${name === names[index]}>${text}</option>`)}
        </select>
        <button class="icon plain" aria-label=${t("net.remove", { layer: index + 1 })} title=${t("net.remove.hint")} ?disabled=${shaped} @click=${() => without(index)}>×</button>
      </li>`)}
    </ol>
    ${hidden.length ? nothing : html`<p class="note">${t("net.none")}</p>`}
    <button class="wide" ?disabled=${shaped || hidden.length >= MOST_LAYERS} @click=${() => set([...hidden, hidden[hidden.length - 1] ?? 4], [...names, names[names.length - 1] ?? "relu"])}>${t("net.add")}</button>
    ${choice({ name: "init", label: t("net.init"), value: query.init, options: initializers(query.init ? undefined : frame?.header.init) })}
    ${count({ name: "seed", label: named("setting", "seed"), value: query.seed })}
  `;
}

/** The initializers; the automatic one names its choice for this network. @param {string | undefined} here */
function initializers(here) {
  const automatic = here ? t("net.auto", { init: named("init", here) }) : t("set.automatic");
  const { init } = source.home;
  const given = init ? [/** @type {[string, string]} */ ([init, t("net.given")])] : [];
  return given.concat(listed("init", INITIALIZERS).map(([name, text]) => /** @type {[string, string]} */ ([name, name ? text : automatic])));
}
