/** The page in Chromium and Firefox: nothing is lost, nothing stale, no error in the console, no queue of requests. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { bench, faraway, pause } from "./driver.js";

const { server, tab } = bench();
const START = "?step=30&edits=10:W1,0,0=1";

/** @typedef {import("./driver.js").Play} Play */
/** @type {Record<string, (play: Play) => Promise<unknown>>} */
const CHANGES = {
  "a data set": (play) => play.press("circles"),
  noise: (play) => play.set("input[name=noise]", "0.5"),
  points: (play) => play.set("input[name=n]", "3"),
  "test share": (play) => play.set("input[name=test]", "0.5"),
  "seed of the data": (play) => play.set("input[name=data_seed]", "7"),
  "an input": (play) => play.set("input[name=feature-xx]", ""),
  "a width": (play) => play.press("Layer 1: one unit less"),
  "a width typed": (play) => play.set("[aria-label='Layer 1: units']", "3"),
  "a layer more": (play) => play.press("+ hidden layer"),
  "no layer": (play) => play.press("Remove layer 1"),
  "an activation": (play) => play.set("[aria-label='Layer 1: activation']", "tanh"),
  "initial weights": (play) => play.set("select[name=init]", "zeros"),
  seed: (play) => play.set("input[name=seed]", "9"),
  "new seed": (play) => play.press("New seed"),
  optimizer: (play) => play.set("select[name=optimizer]", "adam"),
  "learning rate": (play) => play.set("input[name=rate]", "4"),
  loss: (play) => play.set("select[name=loss]", "squared_error"),
  batch: (play) => play.set("input[name=batch]", "4"),
  L1: (play) => play.set("input[name=l1]", "5"),
  L2: (play) => play.set("input[name=l2]", "5"),
  dropout: (play) => play.set("input[name=dropout]", "0.5"),
  "an edit taken back": (play) => play.page.locator("time-line .marks button").click(),
  compare: (play) => play.press("Compare"),
  "a weight by hand": async (play) => {
    await play.press("Glass");
    await play.page.waitForSelector("[name=entry-value]");
    await play.set("[name=entry-value]", "0.25");
    await play.press("Close the glass");
  },
};

test("every control can be undone and redone", async () => {
  const play = await tab();
  await play.open(START);
  const before = await play.state();
  for (const [name, change] of Object.entries(CHANGES)) {
    await change(play);
    const after = await play.state();
    assert.notDeepEqual(after[0], before[0], name);
    await play.isTrue();
    await play.page.evaluate("document.activeElement.blur()");
    await play.control("z");
    assert.deepEqual(await play.state(), before, name);
    await play.control("z", true);
    assert.deepEqual(await play.state(), after, name);
    await play.press("Undo");
    assert.deepEqual(await play.state(), before, name);
  }
  await play.isTrue();
});

test("a drag of a slider is one change, however long it rests", async () => {
  const play = await tab();
  await play.open(START);
  const before = await play.state();
  await play.drag("input[name=noise]", [0.2, 0.3, 0.5, 0.7, 0.9], 1100);
  assert.notDeepEqual((await play.state())[0], before[0]);
  await play.isTrue();
  await play.control("z");
  assert.deepEqual(await play.state(), before);
  assert.equal(await play.value("trail.canUndo"), false);
});

test("Back and Forward go through the states", async () => {
  const play = await tab();
  await play.open("?step=30");
  const states = [await play.state()];
  await play.press("circles");
  await play.settled();
  await play.press("One step on");
  states.push(await play.state());
  await play.set("select[name=optimizer]", "adam");
  states.push(await play.state());
  let at = 2;
  for (const by of [-1, -1, 1, 1, -1]) {
    at += by;
    await play.page.evaluate(`history.go(${by})`);
    await play.until(`JSON.stringify(store.runs.map((run) => run.query)) === ${JSON.stringify(JSON.stringify(states[at][0]))}`);
    assert.deepEqual(await play.state(), states[at]);
    await play.isTrue();
  }
  await play.page.goto("about:blank");
  await play.page.evaluate("history.back()");
  assert.deepEqual(await play.state(), states[at]);
  await play.control("z");
  assert.deepEqual(await play.state(), states[0]);
  await play.isTrue();
});

test("a reload while it plays goes on where it was", async () => {
  const play = await tab();
  await play.open("?step=3&data=circles&hidden=4");
  await play.press("Play");
  await play.until("store.step > 60 && Number(new URLSearchParams(location.search).get('step')) > 40");
  const step = await play.value("store.step");
  await play.page.reload();
  await play.settled();
  const found = await play.value("store.step");
  assert(Math.abs(found - step) < 120, `${step}, then ${found}`);
  await play.isTrue();
  await play.press("Play");
  await play.until(`store.step > ${found + 20}`);
  await play.press("Pause");
  await play.isTrue();
});

test("two tabs keep to themselves", async () => {
  const one = await tab();
  await one.open("?hidden=4&step=20");
  await one.press("circles");
  await one.settled();
  const two = await tab();
  await two.open("?data=xor&hidden=3,2&optimizer=adam&step=50&glass=1");
  await two.press("Play");
  await two.until("store.step > 90");
  await one.page.bringToFront(); // the second goes on in the background, or waits there
  await one.press("Layer 1: one unit less");
  await one.isTrue();
  const first = await one.state();
  assert.deepEqual([first[0][0].data, first[0][0].hidden, first[1]], ["circles", "3", 20]);
  await two.page.bringToFront();
  await two.until("store.playing && store.step > 120");
  await two.press("Pause");
  await two.isTrue();
  const second = await two.state();
  await two.set("select[name=optimizer]", "sgd");
  await two.control("z");
  assert.deepEqual(await two.state(), second);
  assert.equal(await two.value("trail.canUndo"), false);
  await one.page.bringToFront();
  assert.deepEqual(await one.state(), first);
  await one.control("z");
  await one.control("z");
  assert.deepEqual((await one.state())[0][0].data, "moons");
  await one.isTrue();
  await two.page.bringToFront();
  assert.deepEqual(await two.state(), second);
  await two.page.reload();
  assert.deepEqual(await two.state(), second);
  await two.isTrue();
});

const NOTICE = "document.querySelector('page-notice p')";

test("a server that is killed in mid-play is told of, and playing goes on when it is back", async () => {
  const play = await tab();
  await play.open("?step=3&glass=1");
  await play.page.locator("::-p-aria([name='Diagnosis'][role='tab'])").click();
  await play.press("Play");
  await play.until("store.step > 20");
  await server.kill();
  await play.until(NOTICE);
  const [stood, playing] = await play.value("[store.step, store.playing]");
  assert(playing);
  assert.match(await play.page.$eval("page-notice", (notice) => notice.textContent ?? ""), /No answer from the server/);
  await pause(1500);
  await server.start();
  await play.until(`!${NOTICE} && store.step > ${stood + 20}`);
  await play.press("Pause");
  play.problems = play.problems.filter((told) => !/Failed to load resource|ERR_|NetworkError/.test(told)); // the browser's own notes
  await play.until("document.querySelector('diagnosis-list').latest.fresh");
  await play.isTrue();
});

const RATE = `(async () => {
  const from = store.step;
  await new Promise((done) => setTimeout(done, 3000));
  return (store.step - from) / 3;
})()`;

test("600 ms away training runs at full speed", async () => {
  const far = await faraway(server.port, 600);
  try {
    const near = await tab();
    await near.open();
    await near.press("Play");
    await near.until("store.step > 60");
    const rate = await near.value(RATE);
    await near.press("Pause");
    await near.isTrue();
    const play = await tab(far.address);
    await play.open();
    await play.press("Play");
    await play.until("store.step > 60");
    await pause(3000);
    await play.value("Object.assign(window.traffic, { all: {}, together: 0 })");
    const away = await play.value(RATE);
    const { all, together } = await play.value("window.traffic");
    assert(away > 0.75 * rate, `${rate} steps a second near, ${away} far away`);
    assert(together <= 2, `${together} requests under way`);
    assert(3 * away > 10 * all.frames, `${all.frames} requests for ${3 * away} steps`); // several frames in one answer
    await play.press("Pause");
    await play.isTrue();
    await play.press("Layer 1: one unit less");
    await play.press("Layer 1: one unit less");
    await play.set("input[name=noise]", "0.5");
    await play.isTrue();
    assert.equal((await play.value("store.run.query")).hidden, "8");
  } finally {
    far.close();
  }
});

test("20 drags with glass and diagnosis open make no queue", async () => {
  const play = await tab();
  await play.open("?step=30&glass=1&sample=3&rate=30");
  await play.page.locator("::-p-aria([name='Diagnosis'][role='tab'])").click();
  const RESTS = "store.worked && document.querySelector('diagnosis-list').latest.fresh";
  await play.until(RESTS);
  await play.value("Object.assign(window.traffic, { most: {}, all: {}, together: 0 })");
  for (let k = 0; k < 20; k++) await play.drag("time-line input[type=range]", [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]);
  await play.settled();
  await play.until(RESTS);
  const { most, all, together } = await play.value("window.traffic");
  for (const [kind, count] of Object.entries(most)) assert(count <= 2, `${count} requests for ${kind} at once`);
  assert(all.explain <= 60 && all.diagnosis <= 60, JSON.stringify(all)); // of 120 moves; a slow machine rests between them
  await play.isTrue();
});
