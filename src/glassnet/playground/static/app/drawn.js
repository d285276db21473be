/** Points drawn by hand: written in the address, six characters each, as `drawn.py` on the server reads them. */

import { t } from "./texts.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {{x: number, y: number, k: number, test: boolean}} Drawn  a point, its class, and whether it is a test point */
/** @typedef {"points" | "curve"} Kind  points of classes in the plane, or numbers y over x */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ORIGIN = 32768;
const UNIT = 4096;
export const FARTHEST = ORIGIN / UNIT; // from the middle
export const MOST_POINTS = 500;
const MOST_TAKEN = 400; // of a data set: room is left to draw more
export const MOST_CLASSES = 5;
const TEST = 5; // every so many points drawn is a test point

/** @param {Kind} kind @param {Drawn[]} points */
export function writeDrawn(kind, points) {
  const whole = (/** @type {number} */ value) => Math.max(0, Math.min(65535, Math.round(value * UNIT) + ORIGIN));
  const words = points.map(({ x, y, k, test }) => {
    const number = whole(x) * 2 ** 20 + whole(y) * 16 + k * 2 + Number(test);
    return [5, 4, 3, 2, 1, 0].map((at) => DIGITS[Math.floor(number / 64 ** at) % 64]).join("");
  });
  return `${kind}:${words.join("")}`;
}

/** The points of a data set, thinned to those that an address can hold. @param {Data} data @returns {Drawn[]} */
export function pointsOf(data) {
  const parts = /** @type {const} */ (["train", "test"]).flatMap((part) =>
    data[part].points.map(([x, y], index) => ({ x, y, k: data.classes ? data[part].targets[index] : 0, test: part === "test" })),
  );
  const every = Math.max(1, parts.length / MOST_TAKEN);
  if (parts.length <= MOST_POINTS) return parts;
  return Array.from({ length: MOST_TAKEN }, (_, index) => parts[Math.floor(index * every)]);
}

/** The numbers of a data set over its first input, thinned to those that an address can hold. @param {Data} data @returns {Drawn[]} */
export function fromTheSide(data) {
  const turned = (/** @type {"train" | "test"} */ part) => ({ ...data[part], points: data[part].points.map(([x], index) => /** @type {[number, number]} */ ([x, data[part].targets[index]])) });
  return pointsOf({ ...data, train: turned("train"), test: turned("test") });
}

/** The parts of points, as a data set has them. @param {Drawn[]} points @param {boolean} graph @returns {Pick<Data, "train" | "test">} */
export function partsOf(points, graph) {
  const part = (/** @type {boolean} */ wanted) => {
    const own = points.filter(({ test }) => test === wanted);
    return { points: own.map(({ x, y }) => /** @type {[number, number]} */ ([x, y])), targets: own.map(({ y, k }) => (graph ? y : k)) };
  };
  return { train: part(false), test: part(true) };
}

/** What is missing before a network can learn from the points; "" if nothing is. @param {Drawn[]} points */
export function missing(points) {
  const tests = points.filter(({ test }) => test).length;
  const trains = points.length - tests;
  if (trains >= 2 && tests >= 1) return "";
  return t("tools.missing", { n: Math.max(TEST - points.length, 1) });
}

/** The points and one more. @param {Drawn[]} points @param {{x: number, y: number}} at @param {number} k */
export function withPoint(points, { x, y }, k) {
  if (points.length >= MOST_POINTS) return points;
  return [...points, { x, y, k, test: points.length % TEST === TEST - 1 }];
}

/** A first set of numbers y over x: a wave. */
export const WAVE = writeDrawn("curve", Array.from({ length: 25 }, (_, index) => {
  const x = (index - 12) / 10;
  return { x, y: Math.round(Math.sin(2.4 * x) * 80 + 14 * Math.sin(index * 7.3)) / 100, k: 0, test: index % TEST === 2 };
}));

/** A first set of points of two classes. */
export const CLOUDS = writeDrawn("points", Array.from({ length: 40 }, (_, index) => {
  const [k, angle, far] = [index % 2, index * 2.4, 0.09 * Math.sqrt(index)];
  const middle = k ? 0.6 : -0.6;
  return { x: middle + far * Math.cos(angle), y: middle + far * Math.sin(angle), k, test: index % TEST === 2 };
}));
