/** What the reader should know at once: that no answers come, or what a change has dropped. */

import { connection } from "../app/connection.js";
import { store, trail } from "../app/page.js";
import { source } from "../app/source.js";
import { lang, t } from "../app/texts.js";
import { html, nothing } from "../vendor/lit/index.js";
import { Part } from "./part.js";

class PageNotice extends Part {
  render() {
    const { lost } = connection;
    const { notice } = store;
    return html`<div class="notice" role="alert">
      ${notice ? html`<p class="told">${notice} <button @click=${() => trail.undo()}>${t("notice.undo")}</button> <button @click=${() => { store.notice = ""; store.tell("change"); }}>${t("notice.close")}</button></p>` : nothing}
      ${lost
      ? html`<p>${source.silence.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part))} ${t("notice.lost", { time: lost.toLocaleTimeString(lang()) })}
          <button @click=${() => connection.tryNow()}>${t("notice.now")}</button></p>`
      : nothing}</div>`;
  }
}
customElements.define("page-notice", PageNotice);
