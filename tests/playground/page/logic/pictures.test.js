/** Colours, contours and ticks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { smoothed, zeroLine } from "../../../../src/glassnet/playground/static/app/contour.js";
import { THEMES, diverging, lineWidth } from "../../../../src/glassnet/playground/static/app/palette.js";
import { extent, ticks } from "../../../../src/glassnet/playground/static/painters/curves.js";

test("a straight boundary is found where it is", () => {
  const size = 8;
  const line = zeroLine((index) => (index % size) - 2.5, size);
  for (let at = 0; at < line.length; at += 2) assert.ok(Math.abs(line[at] - 2.5) < 1e-12);
  assert.equal(line.length / 4, size - 1);
  assert.deepEqual(zeroLine(() => 1, size), []);
});

test("smoothing keeps a plane's inside as it is and evens out steps", () => {
  const size = 6;
  const plane = smoothed((index) => (index % size) + 2 * Math.floor(index / size), size);
  for (const index of [7, 14, 28]) assert.equal(plane[index], (index % size) + 2 * Math.floor(index / size));
  const step = smoothed((index) => (index % size < 3 ? 0 : 4), size);
  assert.deepEqual([...step.slice(12, 18)], [0, 0, 1, 3, 4, 4]);
});

test("sign decides the hue, and the ends are the theme's own", () => {
  for (const theme of Object.values(THEMES)) {
    const table = diverging(theme);
    const rgb = (byte) => [0, 8, 16].map((shift) => (table[byte + 128] >>> shift) & 255);
    assert.deepEqual(rgb(127), theme.plus);
    assert.deepEqual(rgb(-127), theme.minus);
    assert.deepEqual(rgb(0), theme.zero);
    assert.ok(rgb(60)[2] > rgb(60)[0] && rgb(-60)[0] > rgb(-60)[2]);
  }
});

test("text has a contrast of at least 4.5 : 1 on its ground", () => {
  const luminance = (hex) => {
    const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
    const linear = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  for (const { ink, muted, paper } of Object.values(THEMES))
    for (const text of [ink, muted]) {
      const [high, low] = [luminance(text), luminance(paper)].sort((a, b) => b - a);
      assert.ok((high + 0.05) / (low + 0.05) >= 4.5);
    }
});

test("a larger weight is a wider line, and none is too wide", () => {
  const sizes = [0, 0.1, 0.5, 1, 3, 100].map((value) => lineWidth(-value));
  assert.deepEqual(sizes, [...sizes].sort((a, b) => a - b));
  assert.ok(sizes.at(-1) <= 7 && sizes[0] > 0);
  assert.equal(lineWidth(NaN), 7);
});

test("ticks are round and inside", () => {
  assert.deepEqual(ticks(0, 1000, false), [0, 500, 1000]);
  assert.deepEqual(ticks(-3, 0, true), [-3, -2, -1, 0]);
  for (const tick of ticks(0, 0.7312, false)) assert.ok(tick >= 0 && tick <= 0.7312);
});

test("the ordinate holds every loss, and a nan does no harm", () => {
  const curve = { step: [0, 1, 2], train: [0.9, null, 0.02], test: [1.2, 1, NaN] };
  assert.deepEqual(extent([{ curve, name: "", colour: "" }], false), [0, 1.2]);
  assert.deepEqual(extent([{ curve, name: "", colour: "" }], true), [-2, 1]);
});
