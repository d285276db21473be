/** Formats numbers: four significant digits, a true minus sign, a steady width, the decimal sign of the language. */

import { decimal, t } from "./texts.js";

/** 0.4125 is a double a little below its name, 0.5875 one a little above: with one more bit all halves round up. */
const HALVES_UP = 1 + Number.EPSILON;

/**
 * Four significant digits; from 1e5 up and below 1e-4 with an exponent.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 * @returns {string}
 */
export function short(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "−inf";
  if (value === 0) return decimal((0).toFixed(digits - 1));
  const size = Math.min(Math.abs(value) * HALVES_UP, Number.MAX_VALUE);
  const text = size >= 1e5 || size < 1e-4 ? size.toExponential(digits - 1) : plain(size, digits);
  return decimal((value < 0 ? "−" : "") + text.replace("e-", "e−").replace("e+", "e"));
}

/** @param {number} size @param {number} digits */
function plain(size, digits) {
  const text = size.toPrecision(digits);
  return text.includes("e") ? String(Math.round(size)) : text;
}

/**
 * Always with a sign, so that columns of numbers align.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export function signed(value, digits = 4) {
  const text = short(value, digits);
  return /^[\d]/.test(text) ? (value === 0 ? "\u2007" : "+") + text : text;
}

/** All digits that a double has. @param {number | null | undefined} value */
export function full(value) {
  if (value === null || value === undefined) return t("number.none");
  return decimal(String(value).replace("-", "−").replace("e-", "e−"));
}

/** A whole number with thin spaces between thousands. @param {number} value */
export function whole(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/**
 * "x1" with its digits as subscripts: x₁, z₂₃.
 * @param {string} name @param {...(number | string)} indices
 */
export function sub(name, ...indices) {
  const lowered = (/** @type {number | string} */ index) =>
    String(index).replace(/\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit)));
  return name + indices.map(lowered).join("₋");
}

/** Read the text of a number field; null if it is no number. @param {string} text */
export function parsed(text) {
  const value = Number(text.trim().replace("−", "-").replace(",", "."));
  return text.trim() === "" || !Number.isFinite(value) ? null : value;
}
