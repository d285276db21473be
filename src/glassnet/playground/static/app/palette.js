/** Colours: blue for plus and orange for minus, other hues for up to five classes and for a second run. */

/** @typedef {[number, number, number]} Rgb */
/** @typedef {{minus: Rgb, zero: Rgb, plus: Rgb, ink: string, muted: string, line: string, paper: string, classes: Rgb[], plusLine: string, minusLine: string, runs: [string, string]}} Theme */

/** @type {Record<"light" | "dark", Theme>} */
export const THEMES = {
  light: {
    minus: [226, 106, 10],
    zero: [246, 247, 248],
    plus: [22, 104, 186],
    ink: "#1b1f24",
    muted: "#5a636d",
    line: "#d9dee3",
    paper: "#ffffff",
    classes: [[122, 62, 164], [8, 132, 92], [178, 134, 0], [200, 52, 104], [104, 110, 118]],
    plusLine: "#1668ba",
    minusLine: "#d9640a",
    runs: ["#1b1f24", "#b3127a"],
  },
  dark: {
    minus: [255, 150, 64],
    zero: [30, 34, 40],
    plus: [84, 164, 244],
    ink: "#e9ecef",
    muted: "#a2acb6",
    line: "#333a42",
    paper: "#191d22",
    classes: [[190, 136, 236], [58, 190, 136], [228, 188, 70], [242, 122, 160], [182, 188, 196]],
    plusLine: "#5aa8f5",
    minusLine: "#ff9a45",
    runs: ["#e9ecef", "#ff7fc4"],
  },
};

/** The marker of each class, used besides its colour. */
export const SHAPES = ["circle", "square", "triangle", "diamond", "cross"];

/** @param {Rgb} from @param {Rgb} to @param {number} t @returns {Rgb} */
export function mix(from, to, t) {
  const part = (/** @type {number} */ k) => Math.round(from[k] + (to[k] - from[k]) * t);
  return [part(0), part(1), part(2)];
}

/** One pixel as ImageData stores it on a little-endian machine. @param {Rgb} colour */
export function pixel([r, g, b]) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** @param {Rgb} colour */
export function css([r, g, b]) {
  return `rgb(${r} ${g} ${b})`;
}

/**
 * The colour of a share between −1 and 1 of two ends, with the theme's grey in between; `strength` below 1 keeps them pale.
 * @param {[Rgb, Rgb, Rgb]} ends minus, zero and plus @param {number} share @param {number} [strength]
 */
export function between([minus, zero, plus], share, strength = 1) {
  return mix(zero, share < 0 ? minus : plus, Math.min(1, Math.abs(share)) ** 0.85 * strength);
}

/**
 * A pixel for each signed byte: table[value + 128].
 * @param {[Rgb, Rgb, Rgb]} ends @param {number} [strength]
 */
export function diverging(ends, strength = 1) {
  return Uint32Array.from({ length: 256 }, (_, index) => pixel(between(ends, (index - 128) / 127, strength)));
}

/** The ends of the colours for signs. @param {Theme} theme @returns {[Rgb, Rgb, Rgb]} */
export function signs({ minus, zero, plus }) {
  return [minus, zero, plus];
}

/** The ends of the colours from class 0 to class 1. @param {Theme} theme @returns {[Rgb, Rgb, Rgb]} */
export function sides({ zero, classes }) {
  return [classes[0], zero, classes[1]];
}

/** The width in pixels of a line for a number: grows with it and never leaves the drawing. @param {number} value */
export function lineWidth(value) {
  return Number.isFinite(value) ? 0.35 + 6.5 * (1 - Math.exp(-Math.abs(value) / 2)) : 7;
}

/** The strength, 0 to 1, with which a number shades its cell in a table. @param {number} value @param {number} scale */
export function shade(value, scale) {
  return scale > 0 && Number.isFinite(value) ? Math.min(1, Math.abs(value) / scale) : 0;
}
