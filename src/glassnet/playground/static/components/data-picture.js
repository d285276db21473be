/** A small picture of a data set, from its own points. */

import { data } from "../app/api.js";
import { repaint } from "../app/loop.js";
import { store, theme } from "../app/page.js";
import { RUN } from "../app/query.js";
import { paintPoints } from "../painters/surface.js";
import { html } from "../vendor/lit/index.js";
import { CanvasPart } from "./canvas-part.js";

class DataPicture extends CanvasPart {
  static properties = { name: { attribute: false } };

  constructor() {
    super();
    this.name = "";
  }
  /** @type {import("../app/types.js").Data | null} */
  points = null;

  async firstUpdated() {
    // after the first picture of the network, so as not to delay it
    await new Promise((resolve) => store.addEventListener("frame", resolve, { once: true }));
    this.points = await data({ ...RUN, data: this.name, n: "80", noise: this.name === "spirals" ? "0" : "0.1" }).catch(() => null);
    repaint(this._paint);
  }

  render() {
    return html`<canvas aria-hidden="true"></canvas>`;
  }

  /** @param {CanvasRenderingContext2D} context */
  paint(context) {
    if (this.points) paintPoints(context, this.points, theme(), this.width, this.height, null);
  }
}
customElements.define("data-picture", DataPicture);

