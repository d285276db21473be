/** The units of own data: the network learns from standardised columns, the page shows the file's. */

/** @typedef {import("./types.js").Data} Data */

/** A coordinate of a point (axis 0 or 1) or a target (axis 2) in the units of its column. @param {Data} data @param {0 | 1 | 2} axis @param {number} value */
export function inUnits({ mean, scale }, axis, value) {
  return mean ? value * scale[axis] + mean[axis] : value;
}
