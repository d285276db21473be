/** Numbers as the page prints them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { full, parsed, short, signed, sub, whole } from "../../../../src/glassnet/playground/static/app/numbers.js";

test("four significant digits, with an exponent only far from one", () => {
  const cases = [[0.253, "0.2530"], [-0.0770012, "−0.07700"], [12345.6, "12346"], [99999.99, "100000"], [123456, "1.235e5"],
    [0.00001234, "1.234e−5"], [0, "0.000"], [null, "nan"], [Infinity, "inf"], [-Infinity, "−inf"], [1, "1.000"]];
  for (const [value, text] of cases) assert.equal(short(value), text);
  assert.equal(short(0.895, 3), "0.895");
});

test("halves round up, whichever side of the decimal the double lies on", () => {
  for (const [value, text] of [[0.4125, "0.413"], [0.5875, "0.588"], [-0.7875, "−0.788"], [0.4124999, "0.412"]])
    assert.equal(short(value, 3), text);
  assert.equal(short(0.98125), "0.9813");
  assert.equal(short(0.91875), "0.9188");
  assert.equal(short(Number.MAX_VALUE), "1.798e308");
});

test("a sign always, so that numbers align", () => {
  assert.equal(signed(0.5), "+0.5000");
  assert.equal(signed(-0.5), "−0.5000");
  assert.equal(signed(0).length, "+0.000".length);
});

test("all digits read back to the same double", () => {
  for (const value of [0.1 + 0.2, -1 / 3, 5e-324, 1.7976931348623157e308])
    assert.equal(Number(full(value).replaceAll("−", "-")), value);
});

test("what is typed in", () => {
  assert.equal(parsed(" −0,5 "), -0.5);
  assert.equal(parsed("1e-3"), 0.001);
  for (const text of ["", "  ", "abc", "1/2", "Infinity", "nan"]) assert.equal(parsed(text), null);
});

test("whole numbers and indices", () => {
  assert.equal(whole(1234567), "1\u202f234\u202f567");
  assert.equal(whole(999), "999");
  assert.equal(sub("x", 12), "x₁₂");
});
