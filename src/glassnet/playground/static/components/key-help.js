/** The keys, how to read the drawing, and the size of the type, in a dialog. */

import { keysOf } from "../app/keys.js";
import { store } from "../app/page.js";
import { html } from "../vendor/lit/index.js";
import { Part, closeDialog } from "./part.js";

class KeyHelp extends Part {
  connectedCallback() {
    super.connectedCallback();
    this.addEventListener("open", () => this.find("dialog").showModal());
  }

  render() {
    return html`<dialog aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <table><tbody>${keysOf(store).map(([keys, what]) => html`<tr><th scope="row"><kbd>${keys}</kbd></th><td>${what}</td></tr>`)}</tbody></table>
      <label class="choice"><input type="checkbox" name="letters" .checked=${store.view.keys !== "off"} @change=${() => store.look({ keys: store.view.keys === "off" ? "" : "off" })} /> Keys that are a single letter or sign</label>
      <label class="choice"><input type="checkbox" name="projector" .checked=${store.view.size === "projector"} @change=${() => store.look({ size: store.view.size ? "" : "projector" })} /> Large type, for a projector</label>
      <h2>How to read the drawing</h2>
      <ul>
        <li><b class="plus">Blue</b> is plus, <b class="minus">orange</b> is minus: of weights, biases, activations and gradients. Classes have other colours, and marks of their own; the output has those of the classes.</li>
        <li>A line is a weight: the wider, the larger. A square shows its neuron's output at every point of the plane. The dot at its corner is its bias.</li>
        <li>Point at anything for its value and its gradient; click a weight to change it and to see how its gradient is computed.</li>
      </ul>
      <button class="close" @click=${closeDialog}>Close</button>
    </dialog>`;
  }
}
customElements.define("key-help", KeyHelp);
