/** Describes runs in words. */

import { RATES } from "./options.js";
import { RUN, differences, readActivations, readHidden } from "./query.js";
import { decimal, named, t } from "./texts.js";

/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./types.js").Query} Query */

/** Units of each layer, as 2-10-1. @param {Run} run */
export function shape(run) {
  const { query, frame } = run;
  const inputs = frame ? frame.header.W[0].length : query.features.split(",").length;
  const outputs = frame ? frame.header.b[frame.header.b.length - 1].length : 1;
  return [inputs, ...readHidden(query.hidden), outputs].join("-");
}

/** "two moons · 2-10-1 · relu · sgd 0.1" @param {Run} run */
export function describe(run) {
  const { query, data } = run;
  const names = readActivations(query.activation, readHidden(query.hidden).length);
  const activation = [...new Set(names)].map((name) => named("activation", name)).join(", ");
  return [query.data.startsWith("given:") && data?.title ? data.title : dataName(query), shape(run), activation, `${query.optimizer} ${decimal(rateOf(query))}`].filter(Boolean).join(" · ");
}

/** The name of a run's data. @param {Query} query */
export function dataName({ data }) {
  return named("data", data.split(":")[0]);
}

/** The learning rate, given or the optimizer's default. @param {Query} query */
export function rateOf(query) {
  return query.rate ? Number(query.rate) : RATES[query.optimizer];
}

/** The value of a setting in words. @param {Query} query @param {string} name */
export function valueOf(query, name) {
  if (name === "data") return dataName(query);
  if (name === "rate") return decimal(rateOf(query));
  if (["optimizer", "init", "loss"].includes(name) && query[name]) return named(/** @type {"loss"} */ (name), query[name]);
  if (query[name].startsWith("given:")) return t("set.given");
  return decimal(query[name]) || (RUN[name] || name === "edits" ? t("set.none") : t("set.default"));
}

/** The settings in which a run differs from another, as [setting, value]. @param {Query} query @param {Query} other */
export function otherwise(query, other) {
  return differences(query, other).map(([name]) => /** @type {[string, string]} */ ([named("setting", name), valueOf(query, name)]));
}
