/** Walking along a worked step. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as worked from "../../../../src/glassnet/playground/static/app/worked.js";

const step = (symbol, stage, value) => ({ symbol, stage, what: "", layer: 1, shape: [], value });
const derivation = {
  sample: 0, rows: 1, entry: null, given: [step("A0", "given", [[1, 2]])],
  steps: [step("Z1", "forward", [[3]]), step("A1", "forward", [[0.9]]), step("loss", "loss", 0.1), step("dZ1", "backward", [[-0.1]]), step("dW1", "backward", [[-0.1], [-0.2]])],
};

test("forward and back along the lines, stopping at the ends", () => {
  assert.equal(worked.walk(derivation, "Z1", 1), "A1");
  assert.equal(worked.walk(derivation, "Z1", -1), "Z1");
  assert.equal(worked.walk(derivation, "dW1", 1), "dW1");
  assert.equal(worked.walk(derivation, "nothing", 1), "Z1");
  assert.deepEqual(worked.byStage(derivation).map(({ stage, steps }) => [stage, steps.length]), [["forward", 2], ["loss", 1], ["backward", 2]]);
});

test("by itself the walk passes over lines that training does not compute", () => {
  const steps = derivation.steps.map((each) => ({ ...each, aside: each.symbol === "A1" || each.symbol === "dW1" }));
  const passed = { ...derivation, steps };
  assert.equal(worked.onward(passed, "Z1"), "loss");
  assert.equal(worked.onward(passed, "nothing"), "Z1");
  assert.equal(worked.onward(passed, "dZ1"), "");
});

test("a neuron shows the last number that has reached it", () => {
  const names = (symbol) => worked.labels(derivation, symbol, 1).map((label) => label?.name ?? null);
  assert.deepEqual(names("Z1"), ["A0", "Z1"]);
  assert.deepEqual(names("loss"), ["A0", "A1"]);
  assert.deepEqual(names("dW1"), ["A0", "dZ1"]);
  assert.deepEqual(worked.labels({ ...derivation, rows: 3 }, "Z1", 1), [null, null]);
});

test("what moves at which line", () => {
  assert.deepEqual(worked.motion("Z2"), { kind: "forward", layer: 2 });
  assert.deepEqual(worked.motion("dA1"), { kind: "back", layer: 1 });
  assert.deepEqual(worked.motion("dW1"), { kind: "weights", layer: 1 });
  assert.equal(worked.motion("mean_loss").kind, "loss");
  assert.equal(worked.motion("theta").kind, "update");
});

test("a flat vector taken apart in the order W1, b1, W2, b2", () => {
  const theta = Array.from({ length: 2 * 3 + 3 + 3 + 1 }, (_, index) => index);
  assert.deepEqual(worked.unflatten(theta, [2, 3, 1]), [[[0, 1, 2], [3, 4, 5]], [[9], [10], [11]]]);
});

test("numbers, vectors and stacks of matrices as rows", () => {
  assert.deepEqual(worked.rows(5), [[5]]);
  assert.deepEqual(worked.rows([1, 2]), [[1, 2]]);
  assert.deepEqual(worked.rows([[1], [2]]), [[1], [2]]);
  assert.deepEqual(worked.rows([[[1, 2]]]), [[1, 2]]);
});
