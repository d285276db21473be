/** The keys, in a dialog. */

import { KEYS } from "../app/keys.js";
import { html } from "../vendor/lit/index.js";
import { Part } from "./part.js";

class KeyHelp extends Part {
  connectedCallback() {
    super.connectedCallback();
    this.addEventListener("open", () => this.find("dialog").showModal());
  }

  render() {
    return html`<dialog aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <table><tbody>${KEYS.map(([keys, what]) => html`<tr><th scope="row"><kbd>${keys}</kbd></th><td>${what}</td></tr>`)}</tbody></table>
      <h2>How to read the drawing</h2>
      <ul>
        <li><b class="plus">Blue</b> is plus, <b class="minus">orange</b> is minus: of weights, biases, activations and gradients.</li>
        <li>A line is a weight: the wider, the larger. A square shows its neuron's output at every point of the plane. The dot at its corner is its bias.</li>
        <li>Point at anything for its value and its gradient; click a weight to change it and to see how its gradient is computed.</li>
      </ul>
      <form method="dialog"><button>Close</button></form>
    </dialog>`;
  }
}
customElements.define("key-help", KeyHelp);
