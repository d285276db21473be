/** The network's prediction at every point of the plane, with the training and the test points. */

import { short } from "../app/numbers.js";
import { store, theme } from "../app/page.js";
import { source } from "../app/source.js";
import { Surface, largestTarget, paintBoundary, paintPoints, scales } from "../painters/surface.js";
import { html, nothing, svg } from "../vendor/lit/index.js";
import { CanvasPart } from "./canvas-part.js";

class DecisionSurface extends CanvasPart {
  static properties = { index: { attribute: false } };

  constructor() {
    super();
    this.index = 0;
  }
  surface = new Surface();

  get run() {
    return store.runs[this.index];
  }

  render() {
    const { run } = this;
    if (!run) return nothing;
    const data = run.data;
    const classes = data?.classes;
    return html`
      <figure class="surface">
        <div class="square">
          <canvas role="img" aria-label=${this.label()} @click=${this.onClick} @pointermove=${this.onMove}></canvas>
          ${data ? axes(data) : nothing}
        </div>
        <figcaption>
          ${classes
            ? classes.map((name, k) => html`<span class="key k${k % 5}"><svg viewBox="-6 -6 12 12" aria-hidden="true">${glyph(k)}</svg>${classes.length > 2 || Number.isNaN(Number(name)) ? name : `class ${name}`}</span>`)
            : data
              ? html`<span class="key">${short(-largestTarget(data), 2)} <i class="ramp"></i> ${short(largestTarget(data), 2)}</span>`
              : nothing}
          <span class="key dim">● train ${data?.train.points.length ?? ""}</span><span class="key dim">○ test ${data?.test.points.length ?? ""}</span>
        </figcaption>
      </figure>
    `;
  }

  label() {
    const { run } = this;
    const header = run?.frame?.header;
    if (!header || !run?.data) return "The decision surface is being computed";
    const { metric } = header;
    return `Decision surface at step ${header.step}: ${run.data.train.points.length} training points, ${run.data.test.points.length} test points, test ${metric.name} ${short(metric.test)}`;
  }

  /** @param {CanvasRenderingContext2D} context */
  paint(context) {
    const { run } = this;
    if (!run?.frame) return;
    const colours = theme();
    this.surface.fill(run.frame, colours, run.data ? largestTarget(run.data) : 1);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.surface.canvas, 0, 0, this.width, this.height);
    paintBoundary(context, run.frame, colours, this.width, this.height);
    const { sample } = store.view;
    if (run.data) paintPoints(context, run.data, colours, this.width, this.height, /^\d+$/.test(sample) && store.view.glass ? Number(sample) : null);
  }

  /** The training or test point nearest to the pointer, and how far away it is. @param {MouseEvent} event @param {"train" | "test"} part @param {number[] | null} [among] */
  nearest(event, part, among = null) {
    const { data } = this.run;
    const box = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
    if (!data) return { index: -1, distance: Infinity };
    const { x, y } = scales(data.domain, box.width, box.height);
    const distances = data[part].points.map(([px, py], index) => (among && !among.includes(index) ? Infinity : Math.hypot(x(px) - (event.clientX - box.left), y(py) - (event.clientY - box.top))));
    const distance = Math.min(...distances);
    return { index: distances.indexOf(distance), distance };
  }

  /** Take the clicked training point as the sample of the glass. @param {MouseEvent} event */
  onClick(event) {
    const { index } = this.nearest(event, "train", source.samples(this.run.query));
    if (index < 0 || store.hides("glass")) return;
    store.active = this.index;
    store.look({ sample: String(index), glass: "1" });
  }

  /** Describe the point under the pointer. @param {PointerEvent} event */
  onMove(event) {
    const { data } = this.run;
    if (!data) return;
    const found = /** @type {const} */ (["train", "test"]).map((part) => ({ part, ...this.nearest(event, part) }));
    const { part, index, distance } = found[0].distance <= found[1].distance ? found[0] : found[1];
    const canvas = /** @type {HTMLElement} */ (event.currentTarget);
    if (distance > 9) {
      canvas.title = "";
      return;
    }
    const [x, y] = data[part].points[index];
    const target = data[part].targets[index];
    const named = data.classes ? `class ${data.classes[target]}` : `target ${short(target)}`;
    canvas.title = `${part === "train" ? "training" : "test"} point ${index} (${short(x)}, ${short(y)}), ${named}${part === "train" ? "; click: into the glass" : ""}`;
  }
}
customElements.define("decision-surface", DecisionSurface);

/** @param {import("../app/types.js").Data} data */
function axes({ domain: [[left, right], [bottom, top]], names }) {
  return html`<span class="axis x0">${short(left, 2)}</span><span class="axis x1">${names[0]} ${short(right, 2)}</span>
    <span class="axis y0">${short(bottom, 2)}</span><span class="axis y1">${names[1]} ${short(top, 2)}</span>`;
}

/** A class's mark in the legend. @param {number} k */
function glyph(k) {
  return [
    svg`<circle r="4.5" />`,
    svg`<rect x="-4" y="-4" width="8" height="8" />`,
    svg`<path d="M0-5 5 4H-5z" />`,
    svg`<path d="M0-5.5 5.5 0 0 5.5-5.5 0z" />`,
    svg`<path d="M-2-5h4v3h3v4H2v3h-4V2h-3v-4h3z" />`,
  ][k % 5];
}
