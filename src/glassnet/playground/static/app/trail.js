/** The states that the reader went through, for undo and redo, kept in step with the browser's Back and Forward. */

import { source } from "./source.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {{address: string, own: string | null}} Place  an address, and that of the reader's own run during a lesson */

const STROKE = 1000; // milliseconds within which changes of the same setting are one: the drag of a slider
const PAUSE = 300; // between two writes of the address: browsers limit how often it may change
const KEPT = 100; // states each way that survive a reload

export class Trail {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    // within another page Back belongs to that page
    this.alone = window.top === window;
    const kept = history.state ?? {};
    /** @type {(Place | null)[]} */
    this.places = kept.places ?? [null];
    this.at = kept.at ?? 0;
    store.own = kept.own ?? null;
    this._last = { kind: "", time: -STROKE, press: 0 };
    /** Counts the presses of the pointer; negative while it is up. */
    this._press = -1;
    this._begun = false;
    this._travelling = -STROKE;
    this._timer = 0;
    store.addEventListener("act", (event) => this._act(/** @type {CustomEvent} */ (event).detail));
    for (const name of ["change", "frame"]) store.addEventListener(name, () => this._keep());
    addEventListener("popstate", (event) => this._popped(event.state?.at ?? 0));
    addEventListener("pointerdown", () => (this._press = Math.abs(this._press) + 1), true);
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => (this._press = -Math.abs(this._press)), true);
    addEventListener("pagehide", () => this._write());
  }

  get canUndo() {
    return Boolean(this.places[this.at - 1]);
  }

  get canRedo() {
    return Boolean(this.places[this.at + 1]);
  }

  undo() {
    this._travel(-1);
  }

  redo() {
    this._travel(+1);
  }

  /** A change is about to be made: what is shown now stays as a state to return to. @param {string} kind */
  _act(kind) {
    const now = performance.now();
    const held = this._press > 0 && this._press === this._last.press; // a drag, however long it rests
    const same = kind === this._last.kind && (held || now - this._last.time < STROKE);
    this._last = { kind, time: now, press: this._press };
    if (this._begun || same) return;
    this._write();
    this._begun = true;
    queueMicrotask(() => {
      this._begun = false;
      this.at += 1;
      this.places.length = this.at;
      if (this.alone) history.pushState({ at: this.at }, "");
      this._write();
      this.store.tell("change");
    });
  }

  /** @param {number} by */
  _travel(by) {
    const place = this.places[this.at + by];
    if (!place) return;
    this._write();
    this.at += by;
    this._arrive(place);
    if (!this.alone) this._write();
    else if (performance.now() - this._travelling > STROKE) this._follow();
  }

  /** Move the browser's history to the state that is shown. */
  _follow() {
    const off = this.at - (history.state?.at ?? 0);
    this._travelling = off ? performance.now() : -STROKE;
    if (off) history.go(off);
    else this._write();
  }

  /** The browser's history has moved: by itself, or after an undo. @param {number} at */
  _popped(at) {
    if (performance.now() - this._travelling < STROKE) return this._follow();
    this.at = at;
    const { address, own } = this.places[at] ?? { address: source.search, own: history.state?.own ?? null };
    this._arrive({ address, own });
  }

  /** @param {Place} place */
  _arrive({ address, own }) {
    clearTimeout(this._timer);
    this._timer = 0;
    this._last = { kind: "", time: -STROKE, press: 0 };
    this.store.show(address, own);
  }

  /** Write the address soon. */
  _keep() {
    this._timer ||= window.setTimeout(() => this._write(), PAUSE);
  }

  _write() {
    clearTimeout(this._timer);
    this._timer = 0;
    const { address, own } = this.store;
    this.places[this.at] = { address, own };
    if (this.alone && history.state && history.state.at !== this.at) return; // on the way to another state
    const places = this.places.map((place, index) => (Math.abs(index - this.at) <= KEPT ? place : null));
    try {
      history.replaceState({ at: this.at, places, own }, "", source.place(address));
    } catch {
      // a sandboxed page has no address to write
    }
  }
}
