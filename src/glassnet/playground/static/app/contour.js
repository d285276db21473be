/** The line where a map of signed bytes changes its sign: marching squares, for the decision boundary. */

/**
 * Segments [x0, y0, x1, y1, …] in units of cells, (0, 0) the centre of the first cell.
 * @param {(index: number) => number} value @param {number} size
 * @returns {number[]}
 */
export function zeroLine(value, size) {
  /** @type {number[]} */
  const segments = [];
  for (let row = 0; row < size - 1; row++)
    for (let column = 0; column < size - 1; column++) {
      const index = row * size + column;
      const corners = [value(index), value(index + 1), value(index + size + 1), value(index + size)];
      const crossings = edges(corners, column, row);
      for (let k = 0; k + 3 < crossings.length; k += 4) segments.push(...crossings.slice(k, k + 4));
    }
  return segments;
}

/**
 * Smooth a map with weights 1-2-1 in both directions; the boundary would follow the steps between its whole numbers.
 * @param {(index: number) => number} value @param {number} size
 */
export function smoothed(value, size) {
  const pass = (/** @type {(index: number) => number} */ of, /** @type {number} */ stride, /** @type {(index: number) => number} */ along) =>
    Float64Array.from({ length: size * size }, (_, index) => {
      const at = along(index);
      return (of(index) * 2 + of(at > 0 ? index - stride : index) + of(at < size - 1 ? index + stride : index)) / 4;
    });
  const across = pass(value, 1, (index) => index % size);
  return pass((index) => across[index], size, (index) => Math.floor(index / size));
}

/** Points where the line crosses the sides of a cell. @param {number[]} corners @param {number} x @param {number} y */
function edges([a, b, c, d], x, y) {
  /** @type {number[]} */
  const points = [];
  if (a > 0 !== b > 0) points.push(x + a / (a - b), y);
  if (b > 0 !== c > 0) points.push(x + 1, y + b / (b - c));
  if (c > 0 !== d > 0) points.push(x + d / (d - c), y + 1);
  if (d > 0 !== a > 0) points.push(x, y + a / (a - d));
  return points;
}
