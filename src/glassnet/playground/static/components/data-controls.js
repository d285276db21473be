/** Controls of the data. */

import { CLOUDS, MOST_POINTS, WAVE, fromTheSide, pointsOf, writeDrawn } from "../app/drawn.js";
import { locked } from "../app/lock.js";
import { store } from "../app/page.js";
import { DATA, FEATURES } from "../app/options.js";
import { isGiven } from "../app/query.js";
import { source } from "../app/source.js";
import { listed, named, t } from "../app/texts.js";
import { html, nothing } from "../vendor/lit/index.js";
import "./data-picture.js";
import { choice, count, slider } from "./fields.js";
import { message as told, rich } from "./rich.js";

const ONE_INPUT = ["x", "xx", "sinx"]; // the features that need no x₂
const SIZES = [20, 50, 100, 200, 300, 400, 600, 800, 1000, 1500, 2000];

/** @param {import("../app/types.js").Run} run @param {string} message @param {(event: Event) => void} onFile */
export function dataControls(run, message, onFile) {
  const { query, data } = run;
  const own = query.data.startsWith("csv:");
  const drawn = /^(points|curve):/.test(query.data);
  const given = isGiven(query.data);
  const chosen = query.features.split(",");
  const features = FEATURES.filter(([name]) => !data?.graph || ONE_INPUT.includes(name));
  return html`
    <div class="pictures" role="group" aria-label=${t("data.set")}>
      ${listed("data", DATA).map(([name, label]) => html`<button aria-pressed=${query.data === name} ?disabled=${locked("data")} title=${label} @click=${() => store.change({ data: name, loss: "" })}>
        <data-picture .name=${name}></data-picture><span>${label}</span></button>`)}
    </div>
    <div class="by-hand">
      ${source.home.data ? html`<button aria-pressed=${query.data === source.home.data} ?disabled=${locked("data")} @click=${() => store.change({ data: source.home.data, x: "", y: "", target: "", loss: "", ...source.home })}>${t("data.given")}</button>` : nothing}
      <label class="file ${own ? "own" : ""}"><span>${t("data.file")}</span><input type="file" accept=".csv,text/csv" ?disabled=${locked("data")} @change=${onFile} /></label>
      <button aria-pressed=${query.data.startsWith("points:")} ?disabled=${locked("data")} @click=${() => draw(run, "points")}>${t("data.draw")}</button>
      <button aria-pressed=${query.data.startsWith("curve:")} title=${data && !data.classes && !data.graph ? t("data.curve.side", { x: data.names[0] }) : t("data.curve.hint")} ?disabled=${locked("data")} @click=${() => draw(run, "curve")}>${t("data.curve")}</button>
    </div>
    ${message ? html`<p class="note" role="status">${told(message)}</p>` : nothing}
    ${own && data ? columns(query, data) : nothing}
    ${own || drawn || given ? nothing : html`
      ${query.data === "blobs" ? slider({ name: "classes", label: t("data.classes"), value: query.classes, step: 1 }) : nothing}
      ${slider({ name: "n", label: t("data.points"), value: query.n, values: SIZES })}
      ${slider({ name: "noise", label: t("data.noise"), value: query.noise, step: 0.05 })}
      ${count({ name: "data_seed", label: named("setting", "data_seed"), value: query.data_seed })}`}
    ${given ? html`<p class="note">${data ? t("data.given.rows", { n: data.train.points.length, test: data.test.points.length }) : ""} ${t("data.given.units")}</p>` : drawn ? html`<p class="note">${t("data.drawn")}</p>` : slider({ name: "test", label: named("setting", "test"), value: query.test, step: 0.05 })}
    <fieldset class="features"><legend>${t("data.inputs")}</legend>
      ${features.map(([name, label]) => html`<label><input type="checkbox" name=${`feature-${name}`} .checked=${chosen.includes(name)} ?disabled=${locked("features") || (chosen.length === 1 && chosen.includes(name))}
        @change=${() => store.change({ features: toggled(chosen, name) })} /><span>${label}</span></label>`)}
    </fieldset>
  `;
}

/** The columns of own data that the network sees, and what it is to learn. @param {import("../app/types.js").Query} query @param {import("../app/types.js").Data} data */
function columns(query, data) {
  const [x, y, target] = data.names;
  const numbers = data.columns.filter((column) => column.numbers).map(({ name }) => option(name));
  const targets = data.columns.filter((column) => (data.graph ? column.numbers : column.target)).map(({ name }) => option(name));
  const take = (/** @type {Record<string, string>} */ changes) => {
    const { query } = store.run; // as it is now: the data that are shown may be those of before
    store.change({ x: query.x || x, y: query.y || (data.graph ? "-" : y), target: query.target || target, ...changes, loss: "" });
  };
  return html`
    ${choice({ name: "x", label: "x₁", value: query.x || x, options: numbers, set: (name) => take({ x: name }) })}
    ${choice({ name: "y", label: "x₂", value: data.graph ? "-" : query.y || y, options: [...numbers, ["-", t("data.none", { target, x })]], set: (name) => take({ y: name }) })}
    ${choice({ name: "target", label: t("data.target"), value: query.target || target, options: targets, set: (name) => take({ target: name }) })}
    <p class="note">${!source.file && (data.classes || data.graph) && data.train.points.length + data.test.points.length <= MOST_POINTS
      ? rich("data.into", { button: html`<button class="plain inline" @click=${() => intoAddress(data)}>${t("data.into.button")}</button>` })
      : t("data.units")}</p>`;
}

/** @param {string} name @returns {import("../app/options.js").Option} */
const option = (name) => [name, name];

/** @param {import("../app/types.js").Data} data */
function intoAddress(data) {
  store.change({ data: writeDrawn(data.graph ? "curve" : "points", pointsOf(data)), loss: "" });
}

/** Begin to draw: from the points that are shown, numbers of the plane seen from the side, or from a first set. @param {import("../app/types.js").Run} run @param {"points" | "curve"} kind */
function draw({ data }, kind) {
  if (kind === "points" && !data?.classes) store.change({ data: CLOUDS, loss: "" });
  if (kind === "curve" && !data?.graph) store.change({ data: data && !data.classes ? writeDrawn("curve", fromTheSide(data)) : WAVE, loss: "" });
  document.querySelectorAll("decision-surface")[store.runs.length > 1 ? store.active : 0]?.dispatchEvent(new Event("edit"));
}

/** Add a feature, or remove it if it is chosen; the order stays fixed. @param {string[]} chosen @param {string} name */
export function toggled(chosen, name) {
  const wanted = chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name];
  return FEATURES.map(([each]) => each).filter((each) => wanted.includes(each)).join(",");
}
