/** Asks the source of answers; keeps the last frames, so that a step back needs no request. */

import { connection } from "./connection.js";
import { decode, decodeSeries } from "./frame.js";
import { dataRequest, request } from "./query.js";
import { source } from "./source.js";
import { inLanguage } from "./texts.js";

/** @typedef {import("./types.js").Query} Query */
/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Data} Data */

const KEPT = 400;

/** @type {Map<string, Promise<Frame>>} */
const frames = new Map();
/** @type {Map<string, Promise<Data>>} */
const datas = new Map();

/** @template T @param {Map<string, Promise<T>>} kept @param {string} key @param {number} most @param {() => Promise<T>} make */
function remember(kept, key, most, make) {
  let found = kept.get(key);
  if (found) kept.delete(key);
  else {
    found = make();
    found.catch(() => kept.delete(key));
  }
  kept.set(key, found);
  if (kept.size > most) kept.delete(/** @type {string} */ (kept.keys().next().value));
  return found;
}

/** @param {Query} run @param {number} step @param {AbortSignal} [signal] */
export function frame(run, step, signal) {
  const key = request(run, { step });
  return remember(frames, key, KEPT, async () => decode(await connection.get(`frame?${key}`, signal)));
}

/**
 * The frames of a run at steps that are equally far apart, from one answer; perhaps only the first ones of them.
 * @param {Query} run @param {number[]} steps @param {AbortSignal} [signal] @returns {Promise<Frame[]>}
 */
export async function series(run, steps, signal) {
  const keys = steps.map((step) => request(run, { step }));
  if (!source.live || keys.every((key) => frames.has(key))) return Promise.all(steps.map((step) => frame(run, step, signal)));
  const more = { step: steps[0], count: steps.length, stride: steps.length > 1 ? steps[1] - steps[0] : 1 };
  const found = decodeSeries(await connection.get(`frames?${request(run, more)}`, signal));
  found.forEach((each, index) => remember(frames, keys[index], KEPT, async () => each));
  return found;
}

/** @param {Query} run */
export function data(run) {
  const key = dataRequest(run);
  return remember(datas, key, 16, () => connection.get(`data?${key}`));
}

/**
 * The address of the next step worked out, on a sample or the batch, with the chain rule of an entry.
 * @param {Query} run @param {number} step @param {string} sample @param {string} entry
 */
export function explanation(run, step, sample, entry) {
  return `explain?${request(run, { step, sample, ...(entry ? { entry } : {}) })}`;
}

/** The address of the findings up to a step. @param {Query} run @param {number} step */
export function diagnosis(run, step) {
  return `diagnosis?${request(run, { step, ...inLanguage() })}`;
}

