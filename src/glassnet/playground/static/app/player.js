/** Plays the run forward at a number of steps a second, and requests a few frames ahead. */

import * as api from "./api.js";
import { horizonFor } from "./store.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./types.js").Frame} Frame */

const AHEAD = 4;

export const SPEEDS = [1, 5, 20, 60, 240, 1200];

export class Player {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** Frames by step; null for one that is requested and not yet here. @type {Map<number, Frame[] | null>} */
    this.ready = new Map();
    this.position = 0;
    this.next = 0;
    this.last = 0;
    this.generation = 0;
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
    this.store.say("playing");
  }

  pause() {
    if (!this.store.playing) return;
    this.stop();
    this.store.refresh();
    this.store.say(summary(this.store));
  }

  stop() {
    this.store.playing = false;
    this.generation++;
  }

  /** Move by a number of steps, forward or back. @param {number} steps */
  async step(steps) {
    this.pause();
    await this.store.goTo(this.store.step + steps);
    this.store.say(summary(this.store));
  }

  rewind() {
    this.store.goTo(0);
    this._restart();
    this.store.say("rewound to the initial weights");
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
    this.generation++;
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
    const stride = Math.max(1, Math.round(this.speed / 60));
    // with a slow server time waits instead of jumping
    this.position = Math.min(this.position + passed * this.speed, this.store.step + AHEAD * stride);
    while (this.ready.size < AHEAD && this.next < this.store.maxStep) {
      this.next = Math.min(this.next + stride, this.store.maxStep);
      this._request(this.next);
    }
    this._show();
    this._count(now);
    if (this.store.step >= this.store.maxStep) this.pause();
  }

  /** Show the newest frame that is due; drop older ones. */
  _show() {
    /** @type {number | null} */
    let due = null;
    for (const [step, frames] of this.ready) {
      if (step > this.position || frames === null) break;
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

  /** @param {number} step */
  async _request(step) {
    const { generation } = this;
    this.ready.set(step, null);
    try {
      const frames = await Promise.all(this.store.runs.map((run) => api.frame(run.query, step)));
      if (generation === this.generation) this.ready.set(step, frames);
    } catch (error) {
      if (generation !== this.generation) return;
      this.stop();
      this.store.run.error = error instanceof Error ? error.message : String(error);
      this.store.tell("change");
    }
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
  const parts = [`step ${store.step}`];
  if (header.loss.train !== null) parts.push(`loss ${header.loss.train.toPrecision(4)} on the training points`);
  if (header.loss.test !== null) parts.push(`${header.loss.test.toPrecision(4)} on the test points`);
  if (header.metric.test !== null) parts.push(`test ${header.metric.name} ${header.metric.test.toPrecision(3)}`);
  return parts.join(", ");
}
