/** A part with a canvas as large as its box, painted again when the numbers, the size or the theme change. */

import { repaint } from "../app/loop.js";
import { store } from "../app/page.js";
import { Part } from "./part.js";

export class CanvasPart extends Part {
  /** @type {CanvasRenderingContext2D | null} */
  context = null;
  width = 0;
  height = 0;
  /** How much larger than ordinary the type is. */
  em = 1;

  connectedCallback() {
    super.connectedCallback();
    this._again = () => repaint(this._paint);
    store.addEventListener("frame", this._again);
    this._watch = new ResizeObserver(() => this._again?.());
    this._watch.observe(this);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    if (this._again) store.removeEventListener("frame", this._again);
    this._watch?.disconnect();
  }

  updated() {
    this._again?.();
  }

  /** @type {(now: number) => boolean} */
  _paint = (now) => {
    const canvas = /** @type {HTMLCanvasElement | null} */ (this.querySelector("canvas"));
    if (!canvas || !this.isConnected) return false;
    const box = canvas.getBoundingClientRect();
    const ratio = Math.min(3, devicePixelRatio || 1);
    const [width, height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
    if (!width || !height) return false;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      this.context = null;
    }
    this.context ??= canvas.getContext("2d");
    if (!this.context) return false;
    this.width = box.width;
    this.height = box.height;
    this.em = parseFloat(getComputedStyle(document.documentElement).fontSize) / 14;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    return this.paint(this.context, now) === true;
  };

  /** Paint; return true to be called again at the next turn. @param {CanvasRenderingContext2D} _context @param {number} _now @returns {boolean | void} */
  paint(_context, _now) {}
}
