/** The URL as the state: the names of a run and of the view, their defaults, reading and writing them. */

import { SCHEMA } from "./schema.js";

/** @typedef {import("./types.js").Query} Query */
/** @typedef {import("./types.js").Edit} Edit */
/** @typedef {import("./types.js").Entry} Entry */

/** The names that define a run, with the server's defaults; the rate's is that of the optimizer. @type {Query} */
export const RUN = { ...defaults(), rate: "" };

/** The names that only the page reads. @type {Query} */
export const VIEW = { step: SCHEMA.names.step.default, ...SCHEMA.view };

function defaults() {
  const names = Object.keys(SCHEMA.names).filter((name) => name !== "step");
  return Object.fromEntries(names.map((name) => [name, SCHEMA.names[name].default]));
}

/** The names that `/data` depends on; a run that changes none of them keeps its points. */
export const DATA_NAMES = ["data", "classes", "n", "noise", "data_seed", "test", "x", "y", "target", "features"];

/** The names that define the network's shape: a change of one drops the edits by hand, and initial weights that were given. */
export const SHAPE_NAMES = ["hidden", "features", "classes", "data", "x", "y", "target"];

/** True for data or initial weights that a notebook gave. @param {string} value */
export function isGiven(value) {
  return value.startsWith("given:");
}

/**
 * The query of a page's address.
 * @param {string} search
 * @returns {{runs: Query[], view: Query}}
 */
export function read(search) {
  const given = new URLSearchParams(search);
  const runs = [pick(given, RUN)];
  const view = pick(given, VIEW);
  if (view.compare) runs.push(pick(new URLSearchParams(view.compare), RUN));
  view.compare = "";
  return { runs, view };
}

/** @param {URLSearchParams} given @param {Query} names @returns {Query} */
function pick(given, names) {
  /** @type {Query} */
  const found = {};
  for (const [name, value] of Object.entries(names)) found[name] = given.get(name) ?? value;
  return found;
}

/**
 * The address of a state: only what differs from the defaults, in a fixed order.
 * @param {Query[]} runs @param {Query} view
 */
export function write(runs, view) {
  const parts = changed(runs[0], RUN);
  for (const [name, value] of changed({ ...view, compare: runs[1] ? encode(changed(runs[1], RUN)) || "data=moons" : "" }, VIEW))
    parts.push([name, value]);
  const text = encode(parts);
  return text ? `?${text}` : "";
}

/**
 * The query of a request: a run and further names.
 * @param {Query} run @param {Record<string, string | number>} [more]
 */
export function request(run, more = {}) {
  const extra = Object.entries(more).map(([name, value]) => /** @type {[string, string]} */ ([name, String(value)]));
  return encode([...changed(run, RUN), ...extra]);
}

/** The part of a run's query that decides its points. @param {Query} run */
export function dataRequest(run) {
  return encode(changed(run, RUN).filter(([name]) => DATA_NAMES.includes(name)));
}

/** @param {Query} query @param {Query} defaults @returns {[string, string][]} */
function changed(query, defaults) {
  return Object.keys(defaults)
    .filter((name) => query[name] !== undefined && query[name] !== defaults[name])
    .map((name) => [name, query[name]]);
}

/** Commas, colons and the like stay readable. @param {[string, string][]} parts */
function encode(parts) {
  const readable = (/** @type {string} */ text) =>
    encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%3B/g, ";");
  return parts.map(([name, value]) => `${name}=${readable(value)}`).join("&");
}

/** @param {string} text @returns {Edit[]} */
export function readEdits(text) {
  return text
    .split(";")
    .map((part) => /^(\d+):([Wb]\d+,[\d,]+)=(.+)$/.exec(part))
    .filter((match) => match !== null)
    .map(([, step, parameter, value]) => ({ step: Number(step), parameter, value: Number(value) }));
}

/** @param {Edit[]} edits */
export function writeEdits(edits) {
  const ordered = [...edits].sort((a, b) => a.step - b.step || (a.parameter < b.parameter ? -1 : 1));
  return ordered.map(({ step, parameter, value }) => `${step}:${parameter}=${value}`).join(";");
}

/**
 * The edits with one more; an edit of the same parameter at the same step is replaced.
 * @param {string} text @param {Edit} edit
 */
export function withEdit(text, edit) {
  const others = readEdits(text).filter(({ step, parameter }) => step !== edit.step || parameter !== edit.parameter);
  return writeEdits([...others, edit]);
}

/** @param {string} text @param {Edit} edit */
export function withoutEdit(text, edit) {
  const same = (/** @type {Edit} */ other) => other.step === edit.step && other.parameter === edit.parameter;
  return writeEdits(readEdits(text).filter((other) => !same(other)));
}

/** @param {Entry} entry */
export function entryName({ kind, layer, from, to }) {
  return kind === "W" ? `W${layer},${from},${to}` : `b${layer},${to}`;
}

/** @param {string} name @returns {Entry | null} */
export function readEntry(name) {
  const match = /^([Wb])(\d+),(\d+)(?:,(\d+))?$/.exec(name);
  if (!match) return null;
  const [, kind, layer, first, second] = match;
  if (kind === "W" && second !== undefined)
    return { kind: "W", layer: Number(layer), from: Number(first), to: Number(second) };
  if (kind === "b" && second === undefined) return { kind: "b", layer: Number(layer), from: 0, to: Number(first) };
  return null;
}

/** Widths of the hidden layers. @param {string} text */
export function readHidden(text) {
  return text
    .split(",")
    .filter((part) => part !== "")
    .map(Number);
}

/** One activation for each hidden layer. @param {string} text @param {number} layers */
export function readActivations(text, layers) {
  const names = text.split(",");
  return Array.from({ length: layers }, (_, index) => names[index] ?? names[names.length - 1]);
}

/** The shortest spelling: one name where all layers have it. @param {string[]} names */
export function writeActivations(names) {
  return new Set(names).size <= 1 ? (names[0] ?? RUN.activation) : names.join(",");
}

/** The differences of two runs, as [name, first, second]. @param {Query} a @param {Query} b */
export function differences(a, b) {
  return Object.keys(RUN)
    .filter((name) => a[name] !== b[name])
    .map((name) => /** @type {[string, string, string]} */ ([name, a[name], b[name]]));
}
