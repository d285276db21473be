/** Decodes a frame of the server: a JSON header, the heat maps as signed bytes, the surface as 16-bit numbers. */

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Header} Header */

/** @param {ArrayBuffer} buffer @returns {Frame} */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  /** @type {Header} */
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const { size, offset, outputs } = header.surface;
  const start = 4 + length + offset; // copied, because the view of 16-bit numbers must begin at an even place
  const planes = new Int16Array(buffer.slice(start, start + 2 * size * size * outputs));
  return { header, bytes: new Int8Array(buffer, 4 + length, offset), planes };
}

/** Frames one after another, each after its length. @param {ArrayBuffer} buffer @returns {Frame[]} */
export function decodeSeries(buffer) {
  const view = new DataView(buffer);
  const found = [];
  for (let at = 0; at < buffer.byteLength; ) {
    const end = at + 4 + view.getUint32(at, true);
    found.push(decode(buffer.slice(at + 4, end)));
    at = end;
  }
  return found;
}

/** Units of every layer, the inputs first. @param {Header} header */
export function widths(header) {
  return [header.W[0].length, ...header.b.map((row) => row.length)];
}

/**
 * The heat map of each unit in the order of the frame: layer after layer, unit after unit.
 * @param {Frame} frame
 * @returns {Int8Array[]}
 */
export function maps({ header, bytes }) {
  const { size, offset } = header.maps;
  const count = widths(header).reduce((sum, width) => sum + width, 0);
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(offset + index * size * size, offset + (index + 1) * size * size),
  );
}

/** The surface of each output; ±WHOLE are the ends of its range. @param {Frame} frame @returns {Int16Array[]} */
export function surfaces({ header, planes }) {
  const { size, outputs } = header.surface;
  return Array.from({ length: outputs }, (_, index) => planes.subarray(index * size * size, (index + 1) * size * size));
}

/** The largest number of a surface. */
export const WHOLE = 32767;

/**
 * The values of the outputs at a place of the plane, between the cells around it; x and y from 0 to 1, from the top left.
 * @param {Frame} frame @param {number} x @param {number} y @returns {number[]}
 */
export function valuesAt(frame, x, y) {
  const { size, range } = frame.header.surface;
  const [column, row] = [x, y].map((part) => Math.max(0, Math.min(size - 1, part * size - 0.5)));
  const [left, top] = [Math.min(size - 2, Math.floor(column)), Math.min(size - 2, Math.floor(row))];
  const [s, t] = [column - left, row - top];
  return surfaces(frame).map((plane) => {
    const at = (/** @type {number} */ i, /** @type {number} */ j) => plane[(top + j) * size + left + i];
    const value = (at(0, 0) * (1 - s) + at(1, 0) * s) * (1 - t) + (at(0, 1) * (1 - s) + at(1, 1) * s) * t;
    return range[0] + ((value / WHOLE + 1) / 2) * (range[1] - range[0]);
  });
}
