/** Paints loss curves: a line for the training points, a dashed one for the test points, each with its name at its end. */

import { short } from "../app/numbers.js";
import { t } from "../app/texts.js";

/** @typedef {import("../app/palette.js").Theme} Theme */
/** @typedef {import("../app/types.js").Curve} Curve */
/** @typedef {{curve: Curve, name: string, colour: string}} Line */

const MARGINS = [46, 12, 8, 20]; // left, right, top, bottom, at the ordinary size of type

/** The step under a point of the picture. @param {number} x @param {number} width @param {number} end @param {number} em */
export function stepAt(x, width, end, em) {
  const [left, right] = MARGINS.map((margin) => margin * em);
  return Math.max(0, Math.min(1, (x - left) / (width - left - right))) * end;
}

/** The index of the step in a curve that is nearest to a step. @param {Curve} curve @param {number} step */
export function nearest({ step: steps }, step) {
  return steps.reduce((best, each, index) => (Math.abs(each - step) < Math.abs(steps[best] - step) ? index : best), 0);
}

/**
 * Round values between two ends, for the labels of an axis.
 * @param {number} low @param {number} high @param {boolean} log
 */
export function ticks(low, high, log) {
  if (log) {
    const found = [];
    for (let power = Math.ceil(low); power <= high; power++) found.push(power);
    if (found.length >= 2) return found.filter((_, index) => index % Math.ceil(found.length / 4) === 0);
    return [low, (low + high) / 2, high];
  }
  const rough = (high - low) / 3 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((part) => part * power).find((size) => size >= rough) ?? power;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) found.push(value);
  return found;
}

/**
 * The ends of the ordinate: from 0 to the largest loss, or the powers of ten around all of them.
 * @param {Line[]} lines @param {boolean} log @returns {[number, number]}
 */
export function extent(lines, log) {
  const all = lines.flatMap(({ curve }) => [...curve.train, ...curve.test]);
  const known = all.filter((value) => value !== null && Number.isFinite(value) && (!log || value > 0));
  const values = /** @type {number[]} */ (known);
  if (!values.length) return [0, 1];
  const high = Math.max(...values);
  if (!log) return [0, high || 1];
  return [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(high) + 1e-9)];
}

/**
 * @param {CanvasRenderingContext2D} context @param {number} width @param {number} height
 * @param {Line[]} lines @param {{log: boolean, end: number, step: number, theme: Theme, em: number, mark: number | null}} options
 */
export function paintCurves(context, width, height, lines, { log, end, step, theme, em, mark }) {
  const [low, high] = extent(lines, log);
  const [LEFT, RIGHT, TOP, BOTTOM] = MARGINS.map((margin) => margin * em);
  const x = (/** @type {number} */ at) => LEFT + (at / (end || 1)) * (width - LEFT - RIGHT);
  const y = (/** @type {number} */ value) => {
    const shown = log ? Math.log10(Math.max(value, 1e-300)) : value;
    return TOP + (1 - (Math.min(Math.max(shown, low), high) - low) / (high - low || 1)) * (height - TOP - BOTTOM);
  };
  context.font = `${11 * em}px system-ui, sans-serif`;
  context.fillStyle = theme.muted;
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of ticks(low, high, log)) {
    const value = log ? 10 ** tick : tick;
    const at = Math.round(y(value)) + 0.5;
    context.beginPath();
    context.moveTo(LEFT, at);
    context.lineTo(width - RIGHT, at);
    context.stroke();
    context.fillText(axis(value), LEFT - 6 * em, at);
  }
  context.textBaseline = "alphabetic";
  for (const tick of ticks(0, end, false)) {
    context.textAlign = tick === 0 ? "left" : tick >= end * 0.97 ? "right" : "center";
    context.fillText(String(Math.round(tick)), x(tick), height - 5 * em);
  }
  const now = x(Math.min(step, end));
  context.strokeStyle = theme.muted;
  context.beginPath();
  context.moveTo(now, TOP);
  context.lineTo(now, height - BOTTOM);
  context.stroke();
  for (const { curve, colour } of lines)
    for (const part of /** @type {const} */ (["test", "train"])) {
      context.beginPath();
      let pen = false;
      curve.step.forEach((at, index) => {
        const value = curve[part][index];
        if (value === null || !Number.isFinite(value)) pen = false;
        else if (pen) context.lineTo(x(at), y(value));
        else {
          context.moveTo(x(at), y(value));
          pen = true;
        }
      });
      context.setLineDash(part === "test" ? [4, 3] : []);
      context.strokeStyle = colour;
      context.lineWidth = part === "test" ? 1.4 : 2;
      context.stroke();
    }
  context.setLineDash([]);
  if (mark !== null) lines.forEach((line) => paintMark(context, line, nearest(line.curve, mark), x, y, theme, em));
  if (lines.every(({ curve }) => curve.step.length < 2)) {
    context.fillStyle = theme.muted;
    context.textAlign = "center";
    context.font = `${13 * em}px system-ui, sans-serif`;
    context.fillText(t("curves.empty"), (LEFT + width - RIGHT) / 2, TOP + (height - TOP - BOTTOM) / 2, width - LEFT - RIGHT);
  }
}

/**
 * A dot on each of a run's curves at one of its steps.
 * @param {CanvasRenderingContext2D} context @param {Line} line @param {number} index
 * @param {(step: number) => number} x @param {(loss: number) => number} y @param {Theme} theme @param {number} em
 */
function paintMark(context, { curve, colour }, index, x, y, theme, em) {
  for (const part of /** @type {const} */ (["test", "train"])) {
    const value = curve[part][index];
    if (value === null || !Number.isFinite(value)) continue;
    context.beginPath();
    context.arc(x(curve.step[index]), y(value), 3.5 * em, 0, 2 * Math.PI);
    context.fillStyle = part === "train" ? colour : theme.paper;
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.fill();
    context.stroke();
  }
}

/** A value at an axis: as few digits as it needs. @param {number} value */
function axis(value) {
  return value === 0 ? "0" : short(value, 3).replace(/([.,]\d*?)0+(?=$|e)/, "$1").replace(/[.,](?=$|e)/, "");
}
