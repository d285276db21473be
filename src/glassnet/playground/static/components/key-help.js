/** The keys, how to read the drawing, and the size of the type, in a dialog. */

import { keysOf } from "../app/keys.js";
import { store } from "../app/page.js";
import { named, t } from "../app/texts.js";
import { html } from "../vendor/lit/index.js";
import { Part, closeDialog } from "./part.js";
import { rich } from "./rich.js";

class KeyHelp extends Part {
  connectedCallback() {
    super.connectedCallback();
    this.addEventListener("open", () => this.find("dialog").showModal());
  }

  render() {
    return html`<dialog aria-labelledby="keys-title">
      <h2 id="keys-title">${t("keys.title")}</h2>
      <table><tbody>${keysOf(store).map(([keys, does]) => html`<tr><th scope="row"><kbd>${keys.split(" ").map((key) => named("key", key)).join(" ")}</kbd></th><td>${named("does", does)}</td></tr>`)}</tbody></table>
      <label class="choice"><input type="checkbox" name="letters" .checked=${store.view.keys !== "off"} @change=${() => store.look({ keys: store.view.keys === "off" ? "" : "off" })} /> ${t("keys.letters")}</label>
      <label class="choice"><input type="checkbox" name="projector" .checked=${store.view.size === "projector"} @change=${() => store.look({ size: store.view.size ? "" : "projector" })} /> ${t("keys.projector")}</label>
      <h2>${t("keys.reading")}</h2>
      <ul>
        <li>${rich("keys.colours", { blue: html`<b class="plus">${t("keys.blue")}</b>`, orange: html`<b class="minus">${t("keys.orange")}</b>` })}</li>
        <li>${t("keys.marks")}</li>
        <li>${t("keys.point")}</li>
      </ul>
      <button class="close" @click=${closeDialog}>${t("keys.close")}</button>
    </dialog>`;
  }
}
customElements.define("key-help", KeyHelp);
