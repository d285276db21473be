/** Sharing: the address of this picture, the parts hidden for a class, and the exports. */

import { MOST_POINTS, writeDrawn, pointsOf } from "../app/drawn.js";
import { key, teaches } from "../app/lock.js";
import { store } from "../app/page.js";
import { request } from "../app/query.js";
import { source } from "../app/source.js";
import { listed, t } from "../app/texts.js";
import { html, nothing } from "../vendor/lit/index.js";
import "./copy-link.js";
import { Part, closeDialog } from "./part.js";
import { message, rich } from "./rich.js";

const FILES = ["script.py", "model.safetensors", "model.json", "figure.png", "figure.svg", "animation.gif"];

/** The parts that a teacher can hide. */
const HIDDEN = ["controls", "data", "network", "training", "diagnosis", "confusion", "glass", "compare", "lessons", "share"];

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
      <button aria-haspopup="dialog" @click=${this.open}>${t("share.menu")}</button>
      <dialog class="share" aria-labelledby="share-title">
        <h2 id="share-title">${t("share.title")}</h2>
        ${this.holds()}
        ${teaches
          ? html`<p class="note">${t("class.yours")}</p>`
          : html`<copy-link .label=${t(source.file ? "share.line" : "share.address")} .link=${this.link}></copy-link>`}
        <details><summary>${t("share.hide")}</summary>
          <fieldset class="hide"><legend class="unseen">${t("share.out")}</legend>
            ${listed("part", HIDDEN).map(([name, label]) => html`<label><input type="checkbox" name=${`hide-${name}`} .checked=${this.hidden_.includes(name)} @change=${() => this.toggle(name)} /> ${label}</label>`)}
          </fieldset></details>
        ${source.lacks("class") ? nothing : html`<class-link .link=${this.link} .hiding=${this.hidden_}></class-link>`}
        <h2>${t("share.files")}</h2>
        <ul class="files">${listed("file", FILES).map(([name, what]) => html`<li>${this.file(name, request(store.run.query, { step: store.step }), what)}</li>`)}
          <li>${this.file("recording.html", store.address.slice(1), t("share.recording"))} <span class="dim">${t("share.recording.more")}</span></li></ul>
        <p role="status" class="note">${message(this.message)}</p>
        <button class="close" @click=${closeDialog}>${t("share.close")}</button>
      </dialog>
    `;
  }

  /** Say what the address, or the line of a cell, holds; a table of one's own stays where it was uploaded. */
  holds() {
    const own = store.runs.find(({ query }) => query.data.startsWith("csv:"));
    const cell = Boolean(source.file);
    if (!own) return html`<p>${t(cell ? "share.cell" : "share.words")}</p>`;
    const { data } = own;
    const rows = data ? data.train.points.length + data.test.points.length : 0;
    const fits = data && (data.classes || data.graph) && rows <= MOST_POINTS;
    return html`<p>${t(cell ? "share.cell.table" : "share.table", { n: rows })}
      ${fits ? rich("share.into", { button: html`<button class="plain inline" @click=${() => store.change({ data: writeDrawn(data.graph ? "curve" : "points", pointsOf(data)), loss: "" }, store.runs.indexOf(own))}>${t(cell ? "share.into.line" : "share.into.button")}</button>` }) : nothing}
      ${t("share.table.recording")}</p>`;
  }

  /** A file to take away. @param {string} name @param {string} query @param {string} what */
  file(name, query, what) {
    const path = `export/${name}?${[query, key].filter(Boolean).join("&")}`;
    const save = source.file ? (/** @type {Event} */ event) => (event.preventDefault(), this.save(name, path)) : null;
    return html`<a href=${path} download=${`glassnet-${name}`} @click=${save}>${what}</a>`;
  }

  /** @param {string} name @param {string} path */
  async save(name, path) {
    this.message = t("share.making", { name });
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
    if (!source.lacks("class")) import("./class-link.js"); // few visits need it
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
