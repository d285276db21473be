/** Colours, contours and ticks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { framed, sloped, zeroLine } from "../../../../src/glassnet/playground/static/app/contour.js";
import { THEMES, diverging, lineWidth, sides, signs } from "../../../../src/glassnet/playground/static/app/palette.js";
import { extent, ticks } from "../../../../src/glassnet/playground/static/painters/curves.js";

test("a straight boundary is found where it is", () => {
  const size = 8;
  const line = zeroLine((index) => (index % size) - 2.5, size);
  for (let at = 0; at < line.length; at += 2) assert.ok(Math.abs(line[at] - 2.5) < 1e-12);
  assert.equal(line.length / 4, size - 1);
  assert.deepEqual(zeroLine(() => 1, size), []);
});

test("a surface is continued straight on every side, so that the border reaches the edge", () => {
  const size = 4;
  const wide = framed((index) => (index % size) + 10 * Math.floor(index / size), size);
  wide.forEach((value, index) => assert.equal(value, (index % 6) - 1 + 10 * (Math.floor(index / 6) - 1)));
});

test("fault: the first picture's border is a staircase up to 7 px off a straight line", () => {
  const size = 64;
  const [a, b] = [0.031, 0.017]; // a nearly flat sigmoid, as at step 0
  const probability = (index) => 1 / (1 + Math.exp(-(a * ((index % size) - 31.5) + b * (Math.floor(index / size) - 20.2)) / 10));
  const rounded = Int16Array.from({ length: size * size }, (_, index) => Math.round((2 * probability(index) - 1) * 32767));
  const wide = framed((index) => rounded[index], size);
  const line = zeroLine((index) => wide[index], size + 2);
  assert.ok(line.length > 4 * 60);
  for (let at = 0; at < line.length; at += 2) {
    const off = (a * (line[at] - 1 - 31.5) + b * (line[at + 1] - 1 - 20.2)) / Math.hypot(a, b);
    assert.ok(Math.abs(off) * (350 / size) < 0.1, `${off} cells off`);
  }
});

test("fault: where all relus are off the border is a staircase; it is the foot of the slope", () => {
  const size = 64;
  const slope = (x, y) => 40 * (x - 20.3) + 17 * (y - 31.6);
  const plane = sloped((index) => Math.max(0, Math.round(slope(index % size, Math.floor(index / size)))), size);
  const line = zeroLine((index) => plane[index], size);
  assert.ok(line.length > 4 * 40);
  for (let at = 0; at < line.length; at += 2) assert.ok(Math.abs(slope(line[at], line[at + 1])) / Math.hypot(40, 17) < 0.05);
});

test("sign decides the hue, and the ends are the theme's own", () => {
  for (const theme of Object.values(THEMES)) {
    const table = diverging(signs(theme));
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

test("fault: two hues for sign, class and run: no class and no run has the hue of a sign", () => {
  const hue = ([r, g, b]) => {
    const [high, low] = [Math.max(r, g, b), Math.min(r, g, b)];
    const span = high - low;
    if (span < 30) return null; // a grey
    const sector = high === r ? (g - b) / span : high === g ? 2 + (b - r) / span : 4 + (r - g) / span;
    return (sector * 60 + 360) % 360;
  };
  const apart = (a, b) => a === null || b === null || Math.min(Math.abs(a - b), 360 - Math.abs(a - b)) > 15;
  const hex = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
  for (const theme of Object.values(THEMES)) {
    for (const own of [...theme.classes, ...theme.runs.map(hex)])
      for (const sign of [theme.plus, theme.minus]) assert.ok(apart(hue(own), hue(sign)), `${own} and ${sign}`);
    for (const run of theme.runs.map(hex)) for (const own of theme.classes.slice(0, 2)) assert.ok(apart(hue(run), hue(own)));
    assert.deepEqual(sides(theme), [theme.classes[0], theme.zero, theme.classes[1]]);
  }
});
