/** A link for a class: for the server's teacher one that locks settings, and the link as a QR code to hold up. */

import { locks, teaches } from "../app/lock.js";
import { store } from "../app/page.js";
import { request } from "../app/query.js";
import { offers, source } from "../app/source.js";
import { named, t } from "../app/texts.js";
import { html, nothing } from "../vendor/lit/index.js";
import "./copy-link.js";
import { Part } from "./part.js";
import { message } from "./rich.js";

/** What a class may be left free to change: names of the query, called by the first of them. */
const FREE = ["data,classes,n,noise,data_seed,test", "features", "hidden,activation", "init", "seed", "optimizer,rate,batch", "loss,l1,l2,dropout", "edits"];

/** The first of several names. @param {string} names */
const first = (names) => names.split(",")[0];

class ClassLink extends Part {
  static properties = { link: { attribute: false }, hiding: { attribute: false }, free: { state: true }, made: { state: true }, message: { state: true }, shown: { state: true } };

  constructor() {
    super();
    /** The address of the picture. */
    this.link = "";
    /** Parts of the page that are left out. @type {string[]} */
    this.hiding = [];
    /** @type {string[]} */
    this.free = ["seed"];
    this.made = "";
    this.message = "";
    /** True to show the QR code. */
    this.shown = false;
  }

  render() {
    const link = this.made || (teaches ? "" : this.link);
    return html`
      ${teaches ? this.locking() : nothing}
      ${locks ? html`<p class="note">${t("class.locked")}</p>` : nothing}
      ${offers("qr") && link ? this.code(link) : nothing}
    `;
  }

  locking() {
    return html`<details class="locking" open><summary>${t("class.lock")}</summary>
      <p class="note">${t("class.leaves")}</p>
      <fieldset class="hide"><legend class="unseen">${t("class.free")}</legend>
        ${FREE.map((names) => html`<label><input type="checkbox" name=${`free-${first(names)}`} .checked=${this.free.includes(names)} @change=${() => this.toggle(names)} /> ${named("free", first(names))}</label>`)}
      </fieldset>
      <button @click=${this.make}>${t("class.make")}</button>
      ${this.made ? html`<copy-link .label=${t("class.address")} .link=${this.made}></copy-link>` : nothing}
      <p role="status" class="note">${message(this.message)}</p>
    </details>`;
  }

  /** @param {string} link */
  code(link) {
    const here = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(link);
    return html`<details class="code" ?open=${this.shown} @toggle=${(/** @type {any} */ event) => (this.shown = event.target.open)}><summary>${t("class.code")}</summary>
      ${here ? html`<p class="note">${t("class.here")}</p>` : nothing}
      ${this.shown ? html`<img class="qr" alt=${t("class.code.alt", { link })} src=${`qr.svg?link=${encodeURIComponent(link)}`} />` : nothing}
    </details>`;
  }

  /** @param {string} names */
  toggle(names) {
    this.free = this.free.includes(names) ? this.free.filter((each) => each !== names) : [...this.free, names];
    this.made = "";
  }

  async make() {
    const more = { step: store.step, ...(this.hiding.length ? { hide: this.hiding.join(",") } : {}), lock: this.free.join(",") };
    try {
      const { query } = await source.get(`lock?${request(store.run.query, more)}`);
      this.made = `${location.origin}${location.pathname}?${query}`;
      this.message = "";
    } catch (error) {
      this.message = error instanceof Error ? error.message : String(error);
    }
  }
}
customElements.define("class-link", ClassLink);
