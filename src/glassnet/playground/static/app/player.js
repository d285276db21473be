/** Plays the run forward at a number of steps a second, and requests frames ahead, the more the slower the answers. */

import * as api from "./api.js";
import { source } from "./source.js";
import { horizonFor } from "./store.js";
import { named, t } from "./texts.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Frame} Frame */

const FEWEST = 4; // frames asked for at once
const MOST = 120;
const SHOWN = 60; // frames a second

export const SPEEDS = [1, 5, 20, 60, 240, 1200];

export class Player {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** Frames that wait to be shown, by step. @type {Map<number, Frame[]>} */
    this.ready = new Map();
    this.position = 0;
    /** The last step that was asked for. */
    this.next = 0;
    this.last = 0;
    /** The request under way. @type {AbortController | null} */
    this.request = null;
    /** Frames to ask for at once, and the milliseconds that the last answers took. */
    this.ahead = FEWEST;
    /** @type {number[]} */
    this.took = [];
    /** Steps a second, measured over the last half second. */
    this.rate = 0;
    this.counted = { at: 0, step: 0 };
    store.addEventListener("change", () => this._follow());
  }

  get speed() {
    return Number(this.store.view.speed) || 60;
  }

  toggle() {
    if (this.store.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.store.step >= this.store.maxStep) return;
    this.store.playing = true;
    this.last = 0;
    this._restart();
    this.store.say(t("said.playing"));
  }

  pause() {
    if (!this.store.playing) return;
    this.stop();
    this.store.goTo(this.store.step);
    this.store.say(summary(this.store));
  }

  stop() {
    this.store.playing = false;
    this._cancel();
  }

  _cancel() {
    this.request?.abort();
    this.request = null;
  }

  /** Move by a number of steps, forward or back. @param {number} steps */
  async step(steps) {
    this.pause();
    await this.store.goTo(this.store.step + steps, steps);
    this.store.say(summary(this.store));
  }

  rewind() {
    this.store.goTo(0);
    this._restart();
    this.store.say(t("said.rewound"));
  }

  /** @param {number} step */
  seek(step) {
    this.store.goTo(step);
    this._restart();
  }

  /** The run changed while playing: drop the frames requested for the old one. */
  _follow() {
    if (this.store.playing && this.queries !== this._queries()) this._restart();
  }

  _queries() {
    return this.store.runs.map((run) => JSON.stringify(run.query)).join() + this.speed;
  }

  _restart() {
    this.queries = this._queries();
    this._cancel();
    this.ready.clear();
    this.position = this.store.step;
    this.next = this.store.step;
    this.counted = { at: 0, step: this.store.step };
  }

  /** Called before each picture. @param {number} now in milliseconds */
  tick(now) {
    if (!this.store.playing) return;
    const passed = this.last ? Math.min(100, now - this.last) / 1000 : 0;
    this.last = now;
    if (!this.request && this.ready.size < this.ahead) this._request(Math.max(1, Math.round(this.speed / SHOWN)));
    // with a slow server time waits instead of jumping
    const newest = Math.max(this.store.step, ...this.ready.keys());
    this.position = Math.min(this.position + passed * this.speed, newest);
    this._show();
    this._count(now);
    if (this.store.step >= this.store.maxStep) this.pause();
  }

  /** Show the newest frame that is due; drop older ones. */
  _show() {
    /** @type {number | null} */
    let due = null;
    for (const step of this.ready.keys()) {
      if (step > this.position) break;
      due = step;
    }
    if (due === null) return;
    const frames = /** @type {Frame[]} */ (this.ready.get(due));
    for (const step of [...this.ready.keys()]) if (step <= due) this.ready.delete(step);
    if (due > this.store.horizon) this.store.horizon = Math.min(horizonFor(due), this.store.maxStep);
    this.store.arrived(due, frames);
    const broken = frames.find((frame) => frame.header.non_finite);
    if (broken) this.pause();
  }

  /** Ask for the next frames. @param {number} stride */
  async _request(stride) {
    const { runs, maxStep } = this.store;
    /** @type {number[]} */
    const steps = [];
    for (let step = this.next; steps.length < this.ahead && step < maxStep; steps.push(step)) step = source.nearest(runs[0].query, Math.min(step + stride, maxStep), 1, false);
    if (!steps.length) return;
    const request = (this.request = new AbortController());
    const start = performance.now();
    try {
      const found = await Promise.all(runs.map((run) => api.series(run.query, steps, request.signal)));
      if (request !== this.request) return;
      const count = Math.min(...found.map((frames) => frames.length));
      steps.slice(0, count).forEach((step, index) => this.ready.set(step, found.map((frames) => frames[index])));
      this.next = steps[count - 1];
      this._measure(performance.now() - start);
      this.request = null;
    } catch (error) {
      if (request !== this.request) return;
      this.stop();
      this.store.run.error = error instanceof Error ? error.message : String(error);
      this.store.tell("change");
    }
  }

  /** Ask from now on for as many frames as are shown in one and a half times an answer takes. @param {number} milliseconds */
  _measure(milliseconds) {
    this.took = [...this.took.slice(-2), milliseconds]; // the shortest of three: work for the server is not distance
    const wanted = (1.5 * Math.min(...this.took) * Math.min(this.speed, SHOWN)) / 1000;
    this.ahead = Math.max(FEWEST, Math.min(MOST, Math.ceil(wanted)));
  }

  /** @param {number} now */
  _count(now) {
    if (!this.counted.at) this.counted = { at: now, step: this.store.step };
    if (now - this.counted.at < 500) return;
    this.rate = ((this.store.step - this.counted.step) * 1000) / (now - this.counted.at);
    this.counted = { at: now, step: this.store.step };
  }
}

/** Describe step, losses and test score of the run in words. @param {Store} store */
export function summary(store) {
  const header = store.run.frame?.header;
  if (!header) return "";
  const parts = [t("said.step", { step: store.step })];
  if (header.loss.train !== null) parts.push(t("said.training", { loss: header.loss.train.toPrecision(4) }));
  if (header.loss.test !== null) parts.push(t("said.test", { loss: header.loss.test.toPrecision(4) }));
  if (header.metric.test !== null) parts.push(t("said.metric", { metric: named("metric", header.metric.name), score: header.metric.test.toPrecision(3) }));
  return parts.join(", ");
}
