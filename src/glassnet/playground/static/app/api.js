/** Asks the source of answers; keeps the last frames, so that a step back needs no request. */

import { decode } from "./frame.js";
import { received } from "./worked.js";
import { dataRequest, request } from "./query.js";
import { source } from "./source.js";

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

/** @param {Query} run @param {number} step */
export function frame(run, step) {
  const key = request(run, { step });
  return remember(frames, key, KEPT, async () => decode(await source.get(`frame?${key}`)));
}

/** @param {Query} run */
export function data(run) {
  const key = dataRequest(run);
  return remember(datas, key, 8, () => source.get(`data?${key}`));
}

/** @param {Query} run @param {number} step @param {string} sample @param {string} entry */
export async function explanation(run, step, sample, entry) {
  return received(await source.get(`explain?${request(run, { step, sample, ...(entry ? { entry } : {}) })}`));
}

/** @param {Query} run @param {number} step */
export function diagnosis(run, step) {
  return source.get(`diagnosis?${request(run, { step })}`);
}

/** @param {Blob} file @param {Query} run */
export function upload(file, run) {
  return source.get(`upload?${request(run)}`, { method: "POST", body: file, headers: { "content-type": "text/csv" } });
}
