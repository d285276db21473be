/** Time and the store, with a server that is a function. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Player } from "../../../../src/glassnet/playground/static/app/player.js";
import { Store, horizonFor } from "../../../../src/glassnet/playground/static/app/store.js";

/** @type {string[]} */
let asked = [];
let delay = 0;
let seed = 0;

const refused = { ok: false, status: 422, statusText: "", json: async () => ({ error: "step: expected at most 3,000" }) };

/** A frame that tells its own step. @param {number} step @param {string | null} rate */
function packed(step, rate) {
  const header = { step, epoch: step, steps_per_epoch: 1, max_step: 3000, loss: { train: 1, test: 1 }, metric: { name: "accuracy", train: 1, test: 1 }, rate, surface: { size: 0, offset: 0, outputs: 0 } };
  const head = new TextEncoder().encode(JSON.stringify(header));
  const buffer = new Uint8Array(4 + head.length);
  new DataView(buffer.buffer).setUint32(0, head.length, true);
  buffer.set(head, 4);
  return buffer;
}

/** A data set of one point, a frame, or a series of frames. */
function answer(url) {
  const { pathname, searchParams } = new URL(url, "http://x");
  if (pathname === "/data") return { ok: true, json: async () => ({ title: "t", train: { points: [[0, 0]], targets: [0] }, test: { points: [], targets: [] } }) };
  const step = Number(searchParams.get("step"));
  if (step > 3000) return refused;
  const rate = searchParams.get("rate");
  if (pathname === "/frame") return { ok: true, arrayBuffer: async () => packed(step, rate).buffer };
  const [count, stride] = ["count", "stride"].map((name) => Number(searchParams.get(name)));
  const parts = Array.from({ length: count }, (_, k) => packed(Math.min(step + k * stride, 3000), rate));
  const lengths = parts.map((part) => new Uint8Array(new Uint32Array([part.length]).buffer));
  return { ok: true, arrayBuffer: () => new Blob(parts.flatMap((part, k) => [lengths[k], part])).arrayBuffer() };
}

beforeEach(() => {
  asked = [];
  delay = 0;
  seed += 1; // the page keeps frames between runs, so every test has a run of its own
  globalThis.fetch = async (url) => {
    asked.push(String(url));
    if (delay) await new Promise((resolve) => setTimeout(resolve, delay));
    return answer(String(url));
  };
});

const settle = (time = 20) => new Promise((resolve) => setTimeout(resolve, time));
const frames = () => asked.filter((url) => url.startsWith("frame?")).map((url) => Number(new URL(url, "http://x").searchParams.get("step")));
/** The last step asked for while playing. */
const furthest = () => Math.max(...asked.filter((url) => url.startsWith("frames?")).map((url) => new URL(url, "http://x").searchParams).map((given) => Number(given.get("step")) + (Number(given.get("count")) - 1) * Number(given.get("stride"))));

test("a step on and back; before the first there is none", async () => {
  const store = new Store(`?seed=${seed}&step=5`);
  const player = new Player(store);
  await store.refresh();
  await player.step(1);
  assert.equal(store.run.frame.header.step, 6);
  await player.step(-10);
  assert.equal(store.run.frame.header.step, 0);
  assert.match(store.said, /^step 0, loss 1.000/);
});

test("while one request is under way only the newest wish is kept", async () => {
  delay = 10;
  const store = new Store(`?seed=${seed}`);
  store.refresh();
  for (let step = 1; step <= 50; step++) store.goTo(step);
  while (store.run.frame?.header.step !== 50) await settle(5);
  assert.deepEqual(frames(), [0, 50]);
  assert.equal(store.run.frame.header.step, 50);
});

test("playing shows every step in order at 60 a second, and asks ahead", async () => {
  const store = new Store(`?seed=${seed}`);
  const player = new Player(store);
  await store.refresh();
  const shown = [];
  store.addEventListener("frame", () => shown.push(store.step));
  player.play();
  for (let turn = 0; turn < 40; turn++) {
    player.tick(1000 + turn * 16.7);
    await settle(1);
  }
  const steps = shown.filter((step) => step > 0);
  assert.deepEqual(steps, steps.map((_, index) => steps[0] + index));
  assert.ok(steps.length > 30);
  assert.ok(furthest() <= store.step + 8);
});

test("a slow server holds time back and no step is jumped over", async () => {
  delay = 60;
  const store = new Store(`?seed=${seed}`);
  const player = new Player(store);
  await store.refresh();
  const shown = [];
  store.addEventListener("frame", () => shown.push(store.step));
  player.play();
  for (let turn = 0; turn < 30; turn++) {
    player.tick(1000 + turn * 16.7);
    await settle(16);
  }
  const steps = shown.filter((step) => step > 0);
  assert.ok(steps.length >= 3);
  assert.deepEqual(steps, steps.map((_, index) => 1 + index));
});

test("far from the server the player asks for more at once, and plays at full speed", async () => {
  delay = 300;
  const store = new Store(`?seed=${seed}`);
  const player = new Player(store);
  await store.refresh();
  player.play();
  const steps = [];
  const start = performance.now();
  while (performance.now() - start < 2500) {
    player.tick(performance.now());
    steps.push(store.step);
    await settle(4);
  }
  const [before, after] = [0.6, 1].map((part) => steps[Math.floor(part * steps.length) - 1]);
  assert.ok(after - before > 45, `${after - before} steps in the last second`);
  assert.ok(player.ahead >= 27);
});

test("a change while playing drops what was on its way for the old run", async () => {
  delay = 15;
  const store = new Store(`?seed=${seed}`);
  const player = new Player(store);
  await store.refresh();
  player.play();
  player.tick(1000);
  player.tick(1017);
  store.change({ rate: "0.3" });
  for (let turn = 0; turn < 20; turn++) {
    player.tick(1034 + turn * 16.7);
    await settle(10);
    const rate = store.run.frame.header.rate;
    if (store.step > 0 && turn > 5) assert.equal(rate, "0.3");
  }
});

test("the ruler grows with the run and ends where the server does", async () => {
  assert.deepEqual([0, 1000, 1001, 4000, 50000].map(horizonFor), [1000, 1000, 2000, 5000, 50000]);
  const store = new Store(`?seed=${seed}&step=2990`);
  await store.refresh();
  await store.goTo(9999);
  assert.equal(store.step, 3000);
  assert.equal(store.horizon, 3000);
});

test("a step beyond the run's reach goes to the last one it has", async () => {
  const store = new Store(`?seed=${seed}&step=9000`);
  await store.refresh();
  assert.equal(store.step, 3000);
  assert.equal(store.run.error, null);
});

test("hand edits go when the network they belong to goes, the loss when the task does", () => {
  const store = new Store("?edits=3:W1,0,0=1&rate=0.5");
  store.change({ rate: "0.3" });
  assert.equal(store.run.query.edits, "3:W1,0,0=1");
  store.change({ hidden: "4" });
  assert.equal(store.run.query.edits, "");
});

test("fork and join keep the right run", () => {
  const store = new Store("?rate=0.5");
  store.fork({ optimizer: "adam" });
  assert.deepEqual(store.runs.map(({ query }) => query.optimizer), ["sgd", "adam"]);
  assert.equal(store.active, 1);
  store.join(1);
  assert.equal(store.run.query.optimizer, "adam");
  assert.equal(store.runs.length, 1);
});

test("the server's refusal is shown in its own words", async () => {
  globalThis.fetch = async () => ({ ok: false, status: 422, statusText: "", json: async () => ({ error: "rate: expected a number" }) });
  const store = new Store(`?seed=${seed}&rate=-1`);
  await store.refresh();
  assert.equal(store.run.error, "rate: expected a number");
});
