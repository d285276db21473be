/** Asks the server; keeps the last frames, so that a step back needs no request. */

import { decode } from "./frame.js";
import { received } from "./worked.js";
import { dataRequest, request } from "./query.js";

/** @typedef {import("./types.js").Query} Query */
/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Data} Data */

const KEPT = 400;
/** The server's version: answers to addresses with it never change, so the browser keeps them. */
const VERSION = globalThis.document?.querySelector("meta[name=version]")?.getAttribute("content") ?? "";

/** A request that the server refused, with the server's message. */
export class Refused extends Error {
  /** The last step that the run can reach, if that was the reason. @returns {number | null} */
  get lastStep() {
    const found = /^step: expected at most ([\d,]+)/.exec(this.message);
    return found ? Number(found[1].replaceAll(",", "")) : null;
  }
}

/**
 * Fetch a response; throw Refused for an error.
 * @param {string} url @param {RequestInit} [init]
 */
async function ask(url, init) {
  const versioned = VERSION && url.includes("?") ? `${url}${url.endsWith("?") ? "" : "&"}v=${VERSION}` : url;
  let response;
  try {
    response = await fetch(versioned, init);
  } catch {
    throw new Refused("No answer from the server: is `glassnet play` still running? The page continues when it is back.");
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => null);
  throw new Refused(told?.error ?? `The server answered ${response.status} ${response.statusText}.`);
}

/** @param {string} url @param {RequestInit} [init] @returns {Promise<any>} */
export async function json(url, init) {
  return (await ask(url, init)).json();
}

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
  return remember(frames, key, KEPT, async () => decode(await (await ask(`/frame?${key}`)).arrayBuffer()));
}

/** @param {Query} run */
export function data(run) {
  const key = dataRequest(run);
  return remember(datas, key, 8, () => json(`/data?${key}`));
}

/** @param {Query} run @param {number} step @param {string} sample @param {string} entry */
export async function explanation(run, step, sample, entry) {
  return received(await json(`/explain?${request(run, { step, sample, ...(entry ? { entry } : {}) })}`));
}

/** @param {Query} run @param {number} step */
export function diagnosis(run, step) {
  return json(`/diagnosis?${request(run, { step })}`);
}

/** @param {Blob} file */
export function upload(file) {
  return json("/upload", { method: "POST", body: file, headers: { "content-type": "text/csv" } });
}
