/** The state of the page, in one place; components read it and change it only through these methods. */

import * as api from "./api.js";
import { DATA_NAMES, RUN, SHAPE_NAMES, VIEW, isGiven, read, readEdits, withEdit, withoutEdit, write } from "./query.js";
import { Refused, source } from "./source.js";
import { allowed, locked } from "./lock.js";
import { t } from "./texts.js";
import { walk } from "./worked.js";

/** @typedef {import("./types.js").Query} Query */
/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./types.js").Edit} Edit */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("./types.js").Entry} Entry */

const SLOW = 350; // milliseconds after which the reader is told that something is being computed

/** @param {Query} query @returns {Run} */
const newRun = (query) => ({ query, asked: null, data: null, frame: null, error: null });

/**
 * Dispatches "frame" when new numbers are shown, "change" when anything else changed, and "act" before a change of the
 * runs, with a word for its kind.
 */
export class Store extends EventTarget {
  /** @param {string} search */
  constructor(search = "") {
    super();
    const { runs, view } = read(search);
    /** @type {Run[]} */
    this.runs = runs.map(newRun);
    /** @type {Query} */
    this.view = view;
    const step = Math.max(0, Math.trunc(Number(view.step)) || 0);
    this.step = source.nearest(runs[0], step, 0, Boolean(view.glass));
    this.horizon = horizonFor(this.step);
    this.playing = false;
    /** The unit or parameter under the pointer or with the focus. @type {{run: number, unit?: Place, entry?: Entry} | null} */
    this.hover = null;
    /** Text for a screen reader. */
    this.said = "";
    /** The worked step in the glass, and the symbol of its selected line. @type {{derivation: import("./worked.js").Derivation, symbol: string, path: string} | null} */
    this.glass = null;
    /** The address of the reader's own run during a lesson. @type {string | null} */
    this.own = null;
    /** What a change has dropped, in words. */
    this.notice = "";
    this.waiting = false;
    /** True once the server takes so long that the page says so. */
    this.slow = false;
    this._busy = false;
    this._loading = new AbortController();
  }

  /** Index of the run that the controls change. @returns {number} */
  get active() {
    return this.view.active === "1" && this.runs.length > 1 ? 1 : 0;
  }

  set active(index) {
    this.view.active = String(index);
  }

  get run() {
    return this.runs[this.active];
  }

  get maxStep() {
    return Math.min(...this.runs.map((run) => run.frame?.header.max_step ?? Infinity));
  }

  /** True if the numbers shown are those of the state and nothing moves. */
  get settled() {
    return !this.playing && !this._busy && Boolean(this.run.frame) && !this.run.error;
  }

  /** The address of the worked step that belongs to the state; "" while it moves. */
  get glassPath() {
    return this.settled ? api.explanation(this.run.query, this.step, this.view.sample, this.view.entry) : "";
  }

  /** The worked step, if it is the one of the state. */
  get worked() {
    return this.glass && this.glass.path === this.glassPath ? this.glass : null;
  }

  /** True if a part of the page is hidden for a class, or needs a server and there is none. @param {string} part */
  hides(part) {
    return source.lacks(part) || this.view.hide.split(",").includes(part) || (part === "edit" && locked("edits"));
  }

  /** @param {"change" | "frame"} name */
  tell(name) {
    this.dispatchEvent(new Event(name));
  }

  /** Announce a change of the runs, which can be undone. @param {string} kind */
  _act(kind) {
    this.notice = "";
    this.dispatchEvent(new CustomEvent("act", { detail: kind }));
  }

  /**
   * Change the active run; a change of the network's shape drops its edits by hand.
   * @param {Query} changes @param {number} [index]
   */
  change(changes, index = this.active) {
    const run = this.runs[index];
    const names = Object.keys(changes).filter((name) => changes[name] !== run.query[name]);
    if (!names.length) return this.tell("change");
    this._act(names.join());
    const reshaped = names.some((name) => SHAPE_NAMES.includes(name));
    const dropped = reshaped && !("edits" in changes) ? readEdits(run.query.edits).length : 0;
    if (dropped) this.notice = t("notice.dropped", { n: dropped });
    const unfit = reshaped && isGiven(run.query.init) && !("init" in changes);
    if (unfit) this.notice = t("notice.unfit");
    run.query = { ...run.query, ...allowed({ ...(reshaped ? { edits: "" } : {}), ...(unfit ? { init: "" } : {}), ...changes }) };
    run.error = null;
    if (reshaped) this.view.entry = "";
    if (Object.keys(changes).some((name) => DATA_NAMES.includes(name))) this.view.sample = "";
    this.refresh();
  }

  /** Change the view, not the run. @param {Query} changes */
  look(changes) {
    Object.assign(this.view, changes);
    if (changes.glass && !this.playing && !source.live) this.goTo(this.step); // to one that is worked out
    this.tell("change");
  }

  /** Show another step; `towards` says on which side to look for one if there is no frame of it. @param {number} step @param {number} [towards] */
  async goTo(step, towards = 0) {
    this.step = source.nearest(this.run.query, Math.max(0, Math.min(step, this.maxStep)), towards, Boolean(this.view.glass));
    this.horizon = Math.min(Math.max(this.horizon, horizonFor(this.step)), Math.max(this.maxStep, 1));
    await this.refresh();
  }

  /**
   * Request the shown step. During a request only the newest one is remembered, so that dragging queues no stale
   * requests; a request for a run that has changed since is cancelled.
   */
  async refresh() {
    if (this._busy) {
      this.waiting = true;
      if (this.runs.some((run) => run.query !== run.asked)) this._loading.abort();
      this.tell("change");
      return;
    }
    this._busy = true;
    this.tell("change");
    const timer = setTimeout(() => {
      this.slow = true;
      this.tell("change");
    }, SLOW);
    do {
      this.waiting = false;
      this._loading = new AbortController();
      await Promise.all(this.runs.map((run) => this._load(run, this.step, this._loading.signal)));
      if (!this.waiting) this._busy = false;
      this.tell("change");
      this.tell("frame");
    } while (this.waiting);
    clearTimeout(timer);
    if (this.slow) {
      this.slow = false;
      this.tell("change");
    }
  }

  /** @param {Run} run @param {number} step @param {AbortSignal} signal */
  async _load(run, step, signal) {
    const query = (run.asked = run.query);
    try {
      const [data, frame] = await Promise.all([api.data(query), api.frame(query, step, signal)]);
      if (signal.aborted) return;
      run.data = data;
      run.frame = frame;
      run.error = null;
    } catch (error) {
      if (signal.aborted) return;
      const last = error instanceof Refused ? error.lastStep : null;
      if (last !== null && last < this.step) {
        this.step = last; // this run is too large to reach so late a step
        this.waiting = true;
      } else run.error = error instanceof Error ? error.message : String(error);
    }
  }

  /** Show the frames of a step that the player has fetched. @param {number} step @param {import("./types.js").Frame[]} frames */
  arrived(step, frames) {
    this.step = step;
    frames.forEach((frame, index) => (this.runs[index].frame = frame));
    this.tell("frame");
  }

  /** @param {string} parameter @param {number} value @param {number} [index] */
  edit(parameter, value, index = this.active) {
    this.change({ edits: withEdit(this.runs[index].query.edits, { step: this.step, parameter, value }) }, index);
  }

  /** Take an edit by hand back. @param {Edit} edit @param {number} [index] */
  takeBack(edit, index = this.active) {
    this.change({ edits: withoutEdit(this.runs[index].query.edits, edit) }, index);
  }

  /** Put a second run with changes beside the first. @param {Query} changes */
  fork(changes = {}) {
    this._act("fork");
    this.runs[1] = { ...newRun({ ...this.run.query, ...allowed(changes) }), data: this.run.data };
    this.active = 1;
    this.refresh();
  }

  /** Return to one run. @param {number} [kept] */
  join(kept = 0) {
    this._act("join");
    this.runs = [this.runs[kept]];
    this.active = 0;
    this.refresh();
  }

  /**
   * Replace the whole state by a query, as a lesson does; `leave` returns to the run before.
   * @param {Query} query @param {string | null} [own]  the address of the run before
   */
  load(query, own = this.own ?? this.address) {
    this._act(`lesson ${query.lesson}`);
    this._set([{ ...RUN, ...known(query, RUN) }], { ...this.view, entry: "", sample: "", step: "0", ...known(query, VIEW) }, own);
  }

  /** Leave the lesson: back to the reader's own run, or with `stay` no further than here. @param {boolean} [stay] */
  leave(stay = false) {
    const { own, view } = this;
    if (own === null || stay) {
      this.own = null;
      return this.look({ lesson: "" });
    }
    this._act("leave");
    const { hide, theme, lang } = view;
    const before = read(own);
    this._set(before.runs, { ...before.view, hide, theme, lang, lesson: "" }, null);
  }

  /** Show the state of an address. @param {string} address @param {string | null} own */
  show(address, own) {
    const { runs, view } = read(address);
    this.notice = "";
    this._set(runs, { ...view, theme: this.view.theme, lang: this.view.lang }, own);
  }

  /** @param {Query[]} queries @param {Query} view @param {string | null} own */
  _set(queries, view, own) {
    // the picture of before stays until the new one is here
    this.runs = queries.map((query, index) => ({ ...(this.runs[index] ?? this.runs[0]), query, error: null }));
    this.own = own;
    this.view = view;
    this.step = Math.max(0, Math.trunc(Number(view.step)) || 0);
    this.horizon = horizonFor(this.step);
    this.refresh();
  }

  /** Move the selected line of the worked step. @param {number} by */
  walk(by) {
    if (this.glass) this.walkTo(walk(this.glass.derivation, this.glass.symbol, by));
  }

  /** @param {string} symbol */
  walkTo(symbol) {
    if (!this.glass) return;
    this.glass = { ...this.glass, symbol };
    this.view.stage = symbol;
    this.tell("change");
    this.tell("frame");
  }

  /** @param {string} text */
  say(text) {
    this.said = text;
    this.tell("change");
  }

  /** The address of what is shown. */
  get address() {
    return this.addressWith({});
  }

  /** The address of what is shown, with changes of the view. @param {Query} changes */
  addressWith(changes) {
    return write(this.runs.map((run) => run.query), { ...this.view, step: String(this.step), ...changes });
  }
}

/** The end of the ruler: a round number beyond the step. @param {number} step */
export function horizonFor(step) {
  for (let size = 1000; ; size *= 10) for (const part of [1, 2, 5]) if (step <= size * part) return size * part;
}

/** @param {Query} query @param {Query} names @returns {Query} */
function known(query, names) {
  return Object.fromEntries(Object.entries(query).filter(([name]) => name in names).map(([name, value]) => [name, String(value)]));
}

