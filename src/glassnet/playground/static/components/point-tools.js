/** Tools that draw, move and erase points on the picture of the plane; the points then stand in the address. */

import { FARTHEST, MOST_CLASSES, MOST_POINTS, missing, partsOf, pointsOf, withPoint, writeDrawn } from "../app/drawn.js";
import { locked } from "../app/lock.js";
import { store } from "../app/page.js";
import { source } from "../app/source.js";
import { t } from "../app/texts.js";
import { html, nothing } from "../vendor/lit/index.js";

/** @typedef {import("../app/types.js").Data} Data */
/** @typedef {import("../app/drawn.js").Drawn} Drawn */
/** @typedef {{x: number, y: number}} Place */
/** @typedef {"" | "move" | "erase" | "0" | "1" | "2" | "3" | "4"} Tool  a class is the tool that draws its points */
/**
 * @typedef {object} Host  the picture
 * @property {import("../app/types.js").Run} run
 * @property {number} index
 * @property {number} width
 * @property {number} em
 * @property {() => void} requestUpdate
 */

const REACH = 12; // pixels within which a tool takes hold of a point

export class PointTools {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    /** @type {Tool} */
    this.tool = "";
    /** The points while they are drawn, and until the run has them. @type {Drawn[] | null} */
    this.draft = null;
    /** The data that the draft was begun from. @type {Data | null} */
    this.before = null;
    /** Index of the point that moves. */
    this.held = -1;
    this.pressed = false;
    /** The place of the last point drawn. @type {Place | null} */
    this.last = null;
  }

  /** True if the points of this run can be drawn: classes in the plane, or numbers over one input. */
  get possible() {
    const { data } = this.host.run;
    return Boolean(data && data.domain.flat().every((each) => Math.abs(each) < FARTHEST) && (data.classes || data.graph) && source.live && !store.hides("data") && !store.hides("controls") && !locked("data"));
  }

  /** The points that are shown. @returns {Drawn[]} */
  get points() {
    const { data } = this.host.run;
    return this.draft ?? (data ? pointsOf(data) : []);
  }

  /** The data set with the points as they are drawn now; the run's own if none are. @param {Data} data @returns {Data} */
  shown(data) {
    if (this.draft && !this.pressed && data !== this.before && !missing(this.draft)) this.draft = null; // the run has them
    return this.draft ? { ...data, ...partsOf(this.draft, data.graph) } : data;
  }

  /** @param {Tool} tool */
  take(tool) {
    this.tool = tool;
    this.host.requestUpdate();
  }

  /** @param {Place} at in the plane */
  down(at) {
    this.draft = this.points;
    this.before ??= this.host.run.data;
    this.pressed = true;
    this.last = null;
    this.held = this.tool === "move" ? this.nearest(at) : -1;
    this.act(at);
  }

  /** @param {Place} at */
  act(at) {
    const points = this.draft;
    if (!this.pressed || !points) return;
    if (this.tool === "move") this.draft = points.map((point, index) => (index === this.held ? { ...point, ...at } : point));
    else if (this.tool === "erase") this.draft = points.filter((point) => this.far(point, at) > REACH * this.host.em);
    else if (!this.last || this.far(this.last, at) > 1.5 * REACH * this.host.em) {
      this.draft = withPoint(points, at, Number(this.tool));
      this.last = at;
    }
    this.host.requestUpdate();
  }

  /** Give the run the points, if it can learn from them. */
  up() {
    const { data, query } = this.host.run;
    if (!this.pressed || !this.draft || !data) return;
    this.pressed = false;
    this.held = -1;
    if (!missing(this.draft)) {
      const text = writeDrawn(data.graph ? "curve" : "points", this.draft);
      const classes = 1 + Math.max(1, ...this.draft.map(({ k }) => k));
      this.before = data;
      store.change({ data: text, ...(data.graph || classes === data.classes?.length ? {} : { loss: "" }) }, this.host.index);
      if (this.host.run.query === query) this.draft = null; // refused
    }
    this.host.requestUpdate();
  }

  clear() {
    this.before = this.host.run.data;
    this.draft = [];
    this.take(this.tool === "move" || this.tool === "erase" ? "0" : this.tool);
  }

  /** Distance of two places of the plane in pixels of the picture. @param {Place} a @param {Place} b */
  far(a, b) {
    const [[left, right]] = /** @type {Data} */ (this.host.run.data).domain;
    return (Math.hypot(a.x - b.x, a.y - b.y) / (right - left)) * this.host.width;
  }

  /** Index of the nearest point within reach; −1 if there is none. @param {Place} at */
  nearest(at) {
    const distances = this.points.map((point) => this.far(point, at));
    const least = Math.min(...distances);
    return least <= REACH * this.host.em ? distances.indexOf(least) : -1;
  }

  /** @param {(k: number) => unknown} glyph the mark of a class */
  toolbar(glyph) {
    if (!this.possible) return nothing;
    if (!this.tool) return html`<button class="plain edit-points" @click=${() => this.take(this.host.run.data?.graph ? "0" : "move")} aria-label=${t("tools.edit.label")} title=${t("tools.edit.hint")}>${t("tools.edit")}</button>`;
    const { data } = this.host.run;
    const count = data?.graph ? 1 : Math.min(MOST_CLASSES, (data?.classes?.length ?? 1) + 1);
    /** @param {Tool} tool @param {unknown} content @param {string} label */
    const button = (tool, content, label) => html`<button aria-pressed=${this.tool === tool} aria-label=${label} title=${label} @click=${() => this.take(tool)}>${content}</button>`;
    const { points } = this;
    return html`<div class="tools" role="group" aria-label=${t("tools.group")}>
        ${Array.from({ length: count }, (_, k) => button(/** @type {Tool} */ (String(k)), data?.graph ? t("tools.add") : html`<span class=${`key k${k}`}><svg viewBox="-6 -6 12 12" aria-hidden="true">${glyph(k)}</svg></span>`, data?.graph ? t("tools.add.label") : t("tools.class", { name: data?.classes?.[k] ?? k })))}
        ${button("move", t("tools.move"), t("tools.move.label"))} ${button("erase", t("tools.erase"), t("tools.erase.label"))}
        <button aria-label=${t("tools.clear.label")} @click=${() => this.clear()}>${t("tools.clear")}</button>
        <button class="plain" aria-label=${t("tools.done.label")} @click=${() => this.done()}>${t("tools.done")}</button>
      </div>
      <p class="note" role="status">${this.draft && missing(this.draft) ? missing(this.draft) : points.length >= MOST_POINTS ? t("tools.full", { n: MOST_POINTS }) : nothing}</p>`;
  }

  done() {
    this.draft = null;
    this.take("");
  }
}
