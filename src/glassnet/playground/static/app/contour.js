/** The line where a surface changes its sign: marching squares, for the decision boundary. */

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
 * A surface with one more cell on every side, continued straight, so that its line reaches the edge of the picture.
 * @param {(index: number) => number} value @param {number} size @returns {Float64Array} (size + 2)² values
 */
export function framed(value, size) {
  const wide = size + 2;
  const found = new Float64Array(wide * wide);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) found[(row + 1) * wide + column + 1] = value(row * size + column);
    extend(found, (row + 1) * wide, 1, wide);
  }
  for (let column = 0; column < wide; column++) extend(found, column, wide, wide);
  return found;
}

/**
 * A surface whose cells of exactly 0 beside a slope continue that slope: where all units of a network of relus are off,
 * its output is flat, and the border is the foot of the slope, somewhere between two cells.
 * @param {(index: number) => number} value @param {number} size @returns {Float64Array}
 */
export function sloped(value, size) {
  const found = Float64Array.from({ length: size * size }, (_, index) => value(index));
  /** @type {number[]} */
  const flat = [];
  found.forEach((each, index) => each === 0 && flat.push(index));
  const feet = flat.map((index) => {
    const [row, column] = [Math.floor(index / size), index % size];
    const rises = [
      column > 1 ? [-1, -2] : [], column < size - 2 ? [1, 2] : [],
      row > 1 ? [-size, -2 * size] : [], row < size - 2 ? [size, 2 * size] : [],
    ].filter(([near]) => near && found[index + near] > 0);
    const below = rises.map(([near, next]) => 2 * found[index + near] - found[index + next]).filter((each) => each < 0);
    return below.length ? below.reduce((sum, each) => sum + each) / below.length : 0;
  });
  flat.forEach((index, at) => (found[index] = feet[at]));
  return found;
}

/** Continue a row or a column at both of its ends. @param {Float64Array} all @param {number} from @param {number} stride @param {number} count */
function extend(all, from, stride, count) {
  const last = from + (count - 1) * stride;
  all[from] = 2 * all[from + stride] - all[from + 2 * stride];
  all[last] = 2 * all[last - stride] - all[last - 2 * stride];
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
