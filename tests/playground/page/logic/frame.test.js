/** Frames: header and bytes taken apart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WHOLE, decode, maps, surfaces, valuesAt, widths } from "../../../../src/glassnet/playground/static/app/frame.js";

test("maps and surfaces lie where the header says, and keep their signs", () => {
  const header = { W: [[[1, 2]], [[1], [2]]], b: [[0, 0], [0]], maps: { size: 2, offset: 0 }, surface: { size: 2, offset: 16, outputs: 1, range: [0, 1] } };
  const head = new TextEncoder().encode(JSON.stringify(header));
  const bytes = Int8Array.from({ length: 16 }, (_, index) => (index % 2 ? -index : index));
  const planes = Int16Array.of(WHOLE, -WHOLE, 300, -300);
  const buffer = new Uint8Array(4 + head.length + bytes.length + planes.byteLength);
  new DataView(buffer.buffer).setUint32(0, head.length, true);
  buffer.set(head, 4);
  buffer.set(new Uint8Array(bytes.buffer), 4 + head.length);
  buffer.set(new Uint8Array(planes.buffer), 4 + head.length + bytes.length);
  const frame = decode(buffer.buffer);
  assert.deepEqual(widths(frame.header), [1, 2, 1]);
  assert.equal(maps(frame).length, 4);
  assert.deepEqual([...maps(frame)[1]], [4, -5, 6, -7]);
  assert.deepEqual(surfaces(frame).map((map) => [...map]), [[...planes]]);
  assert.deepEqual([valuesAt(frame, 0, 0), valuesAt(frame, 1, 0), valuesAt(frame, 0.5, 0)], [[1], [0], [0.5]]);
});
