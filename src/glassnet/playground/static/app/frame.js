/** Decodes a frame of the server: a JSON header, then the heat maps and the surface as signed bytes. */

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Header} Header */

/** @param {ArrayBuffer} buffer @returns {Frame} */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  /** @type {Header} */
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { header, bytes: new Int8Array(buffer, 4 + length) };
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

/** The surface of each output. @param {Frame} frame @returns {Int8Array[]} */
export function surfaces({ header, bytes }) {
  const { size, offset, outputs } = header.surface;
  return Array.from({ length: outputs }, (_, index) =>
    bytes.subarray(offset + index * size * size, offset + (index + 1) * size * size),
  );
}
