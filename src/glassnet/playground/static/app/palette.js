/** Colours: one diverging pair, blue for plus and orange for minus, and a set for up to five classes. */

/** @typedef {[number, number, number]} Rgb */
/** @typedef {{minus: Rgb, zero: Rgb, plus: Rgb, ink: string, muted: string, line: string, paper: string, classes: Rgb[], plusLine: string, minusLine: string}} Theme */

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
    classes: [[226, 106, 10], [22, 104, 186], [0, 140, 104], [176, 74, 150], [110, 104, 92]],
    plusLine: "#1668ba",
    minusLine: "#d9640a",
  },
  dark: {
    minus: [255, 150, 64],
    zero: [30, 34, 40],
    plus: [84, 164, 244],
    ink: "#e9ecef",
    muted: "#a2acb6",
    line: "#333a42",
    paper: "#191d22",
    classes: [[255, 150, 64], [84, 164, 244], [42, 190, 146], [222, 128, 200], [186, 178, 160]],
    plusLine: "#5aa8f5",
    minusLine: "#ff9a45",
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
 * A pixel for each signed byte: table[value + 128]. `strength` below 1 keeps the ends pale.
 * @param {Theme} theme @param {number} [strength]
 */
export function diverging(theme, strength = 1) {
  const table = new Uint32Array(256);
  for (let byte = -128; byte < 128; byte++) {
    const t = Math.min(1, Math.abs(byte) / 127) ** 0.85 * strength;
    table[byte + 128] = pixel(mix(theme.zero, byte < 0 ? theme.minus : theme.plus, t));
  }
  return table;
}

/** The width in pixels of a line for a number: grows with it and never leaves the drawing. @param {number} value */
export function lineWidth(value) {
  return Number.isFinite(value) ? 0.35 + 6.5 * (1 - Math.exp(-Math.abs(value) / 2)) : 7;
}

/** The strength, 0 to 1, with which a number shades its cell in a table. @param {number} value @param {number} scale */
export function shade(value, scale) {
  return scale > 0 && Number.isFinite(value) ? Math.min(1, Math.abs(value) / scale) : 0;
}
