/** Sharing: the address of this picture, the parts hidden for a class, and the exports. */

import { MOST_POINTS, writeDrawn, pointsOf } from "../app/drawn.js";
import { key, teaches } from "../app/lock.js";
import { store } from "../app/page.js";
import { request } from "../app/query.js";
import { source } from "../app/source.js";
import { html, nothing } from "../vendor/lit/index.js";
import "./class-link.js";
import "./copy-link.js";
import { Part, closeDialog } from "./part.js";

/** @type {[string, string][]} */
const FILES = [
  ["script.py", "Python script that repeats this run"],
  ["model.safetensors", "Model (safetensors)"],
  ["model.json", "Model (JSON)"],
  ["figure.png", "Figure (PNG)"],
  ["figure.svg", "Figure (SVG)"],
  ["animation.gif", "Animation (GIF)"],
];

/** The parts that a teacher can hide. @type {[string, string][]} */
const HIDDEN = [
  ["controls", "all controls"],
  ["data", "data"],
  ["network", "network"],
  ["training", "training"],
  ["diagnosis", "diagnosis"],
  ["confusion", "confusion"],
  ["glass", "the glass"],
  ["compare", "compare"],
  ["lessons", "lessons"],
  ["share", "this menu"],
];

class ShareMenu extends Part {
  static properties = { hidden_: { state: true }, message: { state: true } };

  constructor() {
    super();
    /** @type {string[]} */
    this.hidden_ = [];
    /** What becomes of a file, in words. */
    this.message = "";
  }

  get link() {
    const hide = [store.view.hide, ...this.hidden_].filter(Boolean).join(",");
    return source.link(store.addressWith({ hide }));
  }

  render() {
    if (store.hides("share")) return html``;
    return html`
      <button aria-haspopup="dialog" @click=${this.open}>Share</button>
      <dialog class="share" aria-labelledby="share-title">
        <h2 id="share-title">Share this run</h2>
        ${this.holds()}
        ${teaches
          ? html`<p class="note">The address in your browser is yours: it unlocks everything, so keep it. Your class gets the link that you make below.</p>`
          : html`<copy-link label=${source.file ? "Line of this picture" : "Address of this picture"} .link=${this.link}></copy-link>`}
        <details><summary>For a class: hide parts of the page …</summary>
          <fieldset class="hide"><legend class="unseen">Leave out</legend>
            ${HIDDEN.map(([name, label]) => html`<label><input type="checkbox" name=${`hide-${name}`} .checked=${this.hidden_.includes(name)} @change=${() => this.toggle(name)} /> ${label}</label>`)}
          </fieldset></details>
        ${source.lacks("class") ? nothing : html`<class-link .link=${this.link} .hiding=${this.hidden_}></class-link>`}
        <h2>Take away</h2>
        <ul class="files">${FILES.map(([name, what]) => html`<li>${this.file(name, request(store.run.query, { step: store.step }), what)}</li>`)}
          <li>${this.file("recording.html", store.address.slice(1), "Recording (HTML)")} <span class="dim">this run up to here, for a slide or a course page, without a server; ready after some seconds</span></li></ul>
        <p role="status" class="note">${this.message}</p>
        <button class="close" @click=${closeDialog}>Close</button>
      </dialog>
    `;
  }

  /** Say what the address holds; a table of one's own stays on the server. */
  holds() {
    if (source.file) return html`<p>This line, in a cell of the notebook, shows what you see now, to the last bit.</p>`;
    const own = store.runs.find(({ query }) => query.data.startsWith("csv:"));
    if (!own) return html`<p>The address holds everything: data, network, seed, hand edits, step. Whoever opens it sees the same picture to the last bit.</p>`;
    const { data } = own;
    const rows = data ? data.train.points.length + data.test.points.length : 0;
    const fits = data && (data.classes || data.graph) && rows <= MOST_POINTS;
    return html`<p>The address holds network, seed, hand edits and step, and the name of your table, but not its ${rows} rows. It opens here while this server runs and still has the table.
      Elsewhere the same file must be uploaded first.
      ${fits ? html`<button class="plain inline" @click=${() => store.change({ data: writeDrawn(data.graph ? "curve" : "points", pointsOf(data)), loss: "" }, store.runs.indexOf(own))}>Put the points into the address</button>, without the file's units, and it opens everywhere.` : nothing}
      The recording below holds the rows as well.</p>`;
  }

  /** A file to take away. @param {string} name @param {string} query @param {string} what */
  file(name, query, what) {
    const path = `export/${name}?${[query, key].filter(Boolean).join("&")}`;
    const save = source.file ? (/** @type {Event} */ event) => (event.preventDefault(), this.save(name, path)) : null;
    return html`<a href=${path} download=${`glassnet-${name}`} @click=${save}>${what}</a>`;
  }

  /** @param {string} name @param {string} path */
  async save(name, path) {
    this.message = `Making ${name} …`;
    try {
      const url = URL.createObjectURL(await /** @type {(path: string) => Promise<Blob>} */ (source.file)(path));
      Object.assign(document.createElement("a"), { href: url, download: `glassnet-${name}` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
      this.message = "";
    } catch (error) {
      this.message = error instanceof Error ? error.message : String(error);
    }
  }

  open() {
    this.message = "";
    this.requestUpdate();
    this.find("dialog").showModal();
  }

  /** @param {string} name */
  toggle(name) {
    this.hidden_ = this.hidden_.includes(name) ? this.hidden_.filter((each) => each !== name) : [...this.hidden_, name];
  }
}
customElements.define("share-menu", ShareMenu);
