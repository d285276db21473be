/** Describes runs in words. */

import { ACTIVATIONS, DATA, OPTIMIZERS, RATES, label } from "./options.js";
import { differences, readActivations, readHidden } from "./query.js";

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
  const activation = [...new Set(names)].map((name) => label(ACTIVATIONS, name)).join(", ");
  return [query.data.startsWith("given:") && data?.title ? data.title : dataName(query), shape(run), activation, `${query.optimizer} ${rateOf(query)}`].filter(Boolean).join(" · ");
}

/** The name of a run's data. @param {Query} query */
export function dataName({ data }) {
  const kind = data.split(":")[0];
  return { csv: "own data", given: "your data", points: "points by hand", curve: "y over x by hand" }[kind] ?? label(DATA, data);
}

/** The learning rate, given or the optimizer's default. @param {Query} query */
export function rateOf(query) {
  return query.rate ? Number(query.rate) : RATES[query.optimizer];
}

/** @type {Record<string, string>} */
export const NAMES = { data_seed: "data seed", test: "test share", init: "initial weights", rate: "learning rate", edits: "hand edits", l1: "L1", l2: "L2" };

/** The settings in which a run differs from another, as [setting, value]. @param {Query} query @param {Query} other */
export function otherwise(query, other) {
  return differences(query, other).map(([name, mine]) => {
    const value = name === "data" ? dataName(query) : name === "rate" ? String(rateOf(query)) : name === "optimizer" ? label(OPTIMIZERS, mine) : mine.startsWith("given:") ? "given" : mine;
    return /** @type {[string, string]} */ ([NAMES[name] ?? name, value || (name === "edits" ? "none" : "default")]);
  });
}
