/** Sharing: the address of this picture, the parts hidden for a class, and the exports. */

import { key } from "../app/lock.js";
import { store } from "../app/page.js";
import { request } from "../app/query.js";
import { html } from "../vendor/lit/index.js";
import "./class-link.js";
import { Part } from "./part.js";

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
  static properties = { hidden_: { state: true }, copied: { state: true } };

  constructor() {
    super();
    /** @type {string[]} */
    this.hidden_ = [];
    this.copied = "";
  }

  get link() {
    const hide = [store.view.hide, ...this.hidden_].filter(Boolean).join(",");
    return location.origin + location.pathname + store.addressWith({ hide });
  }

  render() {
    if (store.hides("share")) return html``;
    return html`
      <button aria-haspopup="dialog" @click=${this.open}>Share</button>
      <dialog class="share" aria-labelledby="share-title">
        <h2 id="share-title">Share this run</h2>
        <p>The address holds everything: data, network, seed, hand edits, step. Whoever opens it sees the same picture to the last bit.</p>
        <div class="link"><input readonly aria-label="Address of this picture" .value=${this.link} @focus=${(/** @type {any} */ event) => event.target.select()} />
          <button @click=${this.copy}>Copy</button></div>
        <p role="status" class="note">${this.copied}</p>
        <details><summary>For a class: hide parts of the page …</summary>
          <fieldset class="hide"><legend class="unseen">Leave out</legend>
            ${HIDDEN.map(([name, label]) => html`<label><input type="checkbox" name=${`hide-${name}`} .checked=${this.hidden_.includes(name)} @change=${() => this.toggle(name)} /> ${label}</label>`)}
          </fieldset></details>
        <class-link .link=${this.link} .hiding=${this.hidden_}></class-link>
        <h2>Take away</h2>
        <ul class="files">${FILES.map(([name, what]) => html`<li><a href=${`export/${name}?${[request(store.run.query, { step: store.step }), key].filter(Boolean).join("&")}`} download=${`glassnet-${name}`}>${what}</a></li>`)}
          <li><a href=${`export/recording.html?${[store.address.slice(1), key].filter(Boolean).join("&")}`} download="glassnet-recording.html">Recording (HTML)</a> <span class="dim">this run up to here, for a slide or a course page, without a server; ready after some seconds</span></li></ul>
        <form method="dialog"><button>Close</button></form>
      </dialog>
    `;
  }

  open() {
    this.copied = "";
    this.requestUpdate();
    this.find("dialog").showModal();
  }

  /** @param {string} name */
  toggle(name) {
    this.hidden_ = this.hidden_.includes(name) ? this.hidden_.filter((each) => each !== name) : [...this.hidden_, name];
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.link);
      this.copied = "Copied.";
    } catch {
      this.find(".link input").select();
      this.copied = "Copy it with the keyboard: the browser did not allow this page to.";
    }
  }
}
customElements.define("share-menu", ShareMenu);
