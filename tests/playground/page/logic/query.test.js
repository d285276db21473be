/** The URL is the state. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as query from "../../../../src/glassnet/playground/static/app/query.js";

const { RUN, VIEW, read, write } = query;

test("defaults leave no trace in the address", () => {
  const { runs, view } = read("");
  assert.deepEqual(runs, [RUN]);
  assert.deepEqual(view, VIEW);
  assert.equal(write(runs, view), "");
});

test("an address read and written again is the same", () => {
  for (const search of [
    "?data=xor&hidden=4,2&activation=tanh&edits=10:W1,0,3=0.5;20:b2,0=-1&step=250&sample=17&glass=1",
    "?hidden=&step=3&compare=optimizer%3Dadam%26hidden%3D4%2C2",
    "?data=csv:" + "0".repeat(64) + "&hide=data,training&theme=dark",
  ]) {
    const { runs, view } = read(search);
    const again = read(write(runs, view));
    assert.deepEqual(again, { runs, view });
  }
});

test("no hidden layer differs from the default", () => {
  assert.equal(read("?hidden=").runs[0].hidden, "");
  assert.deepEqual(query.readHidden(""), []);
  assert.match(write(read("?hidden=").runs, VIEW), /hidden=(&|$)/);
});

test("a second run equal to the defaults is still a second run", () => {
  const written = write([{ ...RUN, rate: "1" }, RUN], VIEW);
  assert.equal(read(written).runs.length, 2);
  assert.deepEqual(read(written).runs[1], RUN);
});

test("a request names the run and never the view", () => {
  const text = query.request({ ...RUN, rate: "0.3" }, { step: 5 });
  assert.equal(text, "rate=0.3&step=5");
  assert.equal(query.dataRequest({ ...RUN, rate: "0.3", noise: "0.5" }), "noise=0.5");
});

test("edits: one for each parameter and step, in the order of time", () => {
  let text = query.withEdit("", { step: 20, parameter: "W1,0,3", value: 0.5 });
  text = query.withEdit(text, { step: 5, parameter: "b2,0", value: -1 });
  text = query.withEdit(text, { step: 20, parameter: "W1,0,3", value: 0.75 });
  assert.equal(text, "5:b2,0=-1;20:W1,0,3=0.75");
  assert.equal(query.withoutEdit(text, { step: 5, parameter: "b2,0", value: -1 }), "20:W1,0,3=0.75");
});

test("names of parameters", () => {
  for (const name of ["W1,0,3", "b2,0", "W6,31,31"]) assert.equal(query.entryName(query.readEntry(name)), name);
  for (const name of ["", "W1,0", "b1,0,0", "X1,0,0", "W1,a,b"]) assert.equal(query.readEntry(name), null);
});

test("activations are spelled as shortly as they can be", () => {
  assert.deepEqual(query.readActivations("tanh", 3), ["tanh", "tanh", "tanh"]);
  assert.deepEqual(query.readActivations("tanh,relu", 2), ["tanh", "relu"]);
  assert.equal(query.writeActivations(["tanh", "tanh"]), "tanh");
  assert.equal(query.writeActivations(["tanh", "relu"]), "tanh,relu");
});

test("what two runs differ in", () => {
  assert.deepEqual(query.differences({ ...RUN, rate: "1" }, RUN), [["rate", "1", ""]]);
});
