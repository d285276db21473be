/** Controls of the data. */

import { locked } from "../app/lock.js";
import { store } from "../app/page.js";
import { DATA, FEATURES } from "../app/options.js";
import { html, nothing } from "../vendor/lit/index.js";
import "./data-picture.js";
import { count, slider } from "./fields.js";

const SIZES = [20, 50, 100, 200, 300, 400, 600, 800, 1000, 1500, 2000];

/** @param {import("../app/types.js").Run} run @param {string} message @param {(event: Event) => void} onFile */
export function dataControls({ query }, message, onFile) {
  const own = query.data.startsWith("csv:");
  const chosen = query.features.split(",");
  return html`
    <div class="pictures" role="group" aria-label="Data set">
      ${DATA.map(([name, label]) => html`<button aria-pressed=${query.data === name} ?disabled=${locked("data")} title=${label} @click=${() => store.change({ data: name, loss: "" })}>
        <data-picture .name=${name}></data-picture><span>${label}</span></button>`)}
    </div>
    <label class="file ${own ? "own" : ""}"><span>${own ? "own data" : "Own data (CSV) …"}</span><input type="file" accept=".csv,text/csv" ?disabled=${locked("data")} @change=${onFile} /></label>
    ${message ? html`<p class="note" role="status">${message}</p>` : nothing}
    ${own ? nothing : html`
      ${query.data === "blobs" ? slider({ name: "classes", label: "classes", value: query.classes, step: 1 }) : nothing}
      ${slider({ name: "n", label: "points", value: query.n, values: SIZES })}
      ${slider({ name: "noise", label: "noise", value: query.noise, step: 0.05 })}
      ${count({ name: "data_seed", label: "data seed", value: query.data_seed })}`}
    ${slider({ name: "test", label: "test share", value: query.test, step: 0.05 })}
    <fieldset class="features"><legend>Inputs</legend>
      ${FEATURES.map(([name, label]) => html`<label><input type="checkbox" name=${`feature-${name}`} .checked=${chosen.includes(name)} ?disabled=${locked("features") || (chosen.length === 1 && chosen.includes(name))}
        @change=${() => store.change({ features: toggled(chosen, name) })} /><span>${label}</span></label>`)}
    </fieldset>
  `;
}

/** Add a feature, or remove it if it is chosen; the order stays fixed. @param {string[]} chosen @param {string} name */
export function toggled(chosen, name) {
  const wanted = chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name];
  return FEATURES.map(([each]) => each).filter((each) => wanted.includes(each)).join(",");
}
