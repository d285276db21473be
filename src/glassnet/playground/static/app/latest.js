/** The answer to a question that follows the state: at most one request under way, none for what is no longer wanted. */

import { connection } from "./connection.js";

const REST = 250; // milliseconds without a new wish before a wish that follows another is asked

export class Latest {
  /** @param {{requestUpdate(): void}} part  the component that shows the answer */
  constructor(part) {
    this.part = part;
    /** The last answer. @type {any} */
    this.answer = null;
    /** True if the answer is the one to the present question. */
    this.fresh = false;
    /** The server's refusal of the present question. */
    this.message = "";
    this._path = "";
    this._wished = -Infinity;
    this._timer = 0;
    this._request = new AbortController();
  }

  /**
   * Ask for an address, in place of the one before; the first of several wishes at once, the others when they come to
   * rest. Of no address ask nothing.
   * @param {string} path
   */
  want(path) {
    if (path === this._path) return;
    this._path = path;
    [this.fresh, this.message] = [false, ""];
    this._request.abort();
    clearTimeout(this._timer);
    const rested = performance.now() - this._wished > REST;
    this._wished = performance.now();
    if (path) this._timer = setTimeout(() => this._ask(path), rested ? 0 : REST);
  }

  /** @param {string} path */
  async _ask(path) {
    const request = (this._request = new AbortController());
    try {
      const answer = await connection.get(path, request.signal);
      if (request.signal.aborted) return;
      [this.answer, this.message, this.fresh] = [answer, "", true];
    } catch (error) {
      if (request.signal.aborted) return;
      [this.answer, this.message] = [null, error instanceof Error ? error.message : String(error)];
    }
    this.part.requestUpdate();
  }
}
