/** The connection to the source: what gets no answer is asked again, by itself, until there is one. */

import { Unreachable, source } from "./source.js";

const FIRST = 1000; // milliseconds until the first new attempt; each later one waits twice as long
const MOST = 10_000;
const PATIENCE = 60_000; // milliseconds after which a request counts as lost

/** Dispatches "change" when the connection is lost or found again. */
class Connection extends EventTarget {
  /** The time at which it was lost; null while there are answers. @type {Date | null} */
  lost = null;
  /** Ends the wait before the next attempt. */
  tryNow = () => {};
  /** Fulfilled when there are answers again. @type {Promise<void> | null} */
  _back = null;

  /**
   * The answer to an address, however long the connection is lost.
   * @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>}
   */
  async get(path, signal) {
    for (;;) {
      signal?.throwIfAborted();
      if (this._back) await Promise.race([this._back, aborted(signal)]);
      const late = AbortSignal.timeout(PATIENCE);
      try {
        return await source.get(path, { signal: signal ? AbortSignal.any([signal, late]) : late });
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof Unreachable)) throw error;
        this._back ??= this._probe(path);
      }
    }
  }

  /** Ask for the address that was lost, until it is answered. @param {string} path */
  async _probe(path) {
    this.lost = new Date();
    this.dispatchEvent(new Event("change"));
    for (let pause = FIRST; ; pause = Math.min(2 * pause, MOST)) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, pause);
        this.tryNow = () => (clearTimeout(timer), resolve(null));
      });
      const answered = await source.get(path, { signal: AbortSignal.timeout(MOST) }).then(() => true, (error) => !(error instanceof Unreachable));
      if (answered) break;
    }
    this._back = null;
    this.lost = null;
    this.dispatchEvent(new Event("change"));
  }
}

export const connection = new Connection();

/** Rejects when a signal is given and aborts. @param {AbortSignal} [signal] @returns {Promise<never>} */
function aborted(signal) {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
