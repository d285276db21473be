/** The loss of every step so far, training and test, on a linear or a logarithmic axis. */

import { short } from "../app/numbers.js";
import { store, theme } from "../app/page.js";
import { paintCurves } from "../painters/curves.js";
import { html } from "../vendor/lit/index.js";
import { CanvasPart } from "./canvas-part.js";

class LossCurves extends CanvasPart {
  render() {
    const { runs, view } = store;
    const names = runs.length > 1 ? ["A", "B"] : [""];
    return html`
      <figure class="curves">
        <canvas role="img" aria-label=${this.label()}></canvas>
        <figcaption>
          ${names.map((name, index) => html`<span class=${`key run-${index}`}><i class="solid"></i>${name} train</span><span class=${`key run-${index}`}><i class="dashed"></i>${name} test</span>`)}
          <label class="switch"><input type="checkbox" .checked=${Boolean(view.log)} @change=${() => store.look({ log: view.log ? "" : "1" })} /> log axis</label>
        </figcaption>
      </figure>
    `;
  }

  label() {
    const parts = store.runs.map(({ frame }, index) => {
      if (!frame) return "no loss yet";
      const { curve, loss } = frame.header;
      const name = store.runs.length > 1 ? `run ${"AB"[index]}: ` : "";
      return `${name}training loss from ${short(curve.train[0])} at step 0 to ${short(loss.train)} at step ${frame.header.step}, test loss ${short(loss.test)}`;
    });
    return `Loss curves. ${parts.join("; ")}`;
  }

  /** @param {CanvasRenderingContext2D} context */
  paint(context) {
    const colours = theme();
    const inks = colours.runs;
    const lines = store.runs.flatMap(({ frame }, index) => (frame ? [{ curve: frame.header.curve, name: "", colour: inks[index] }] : []));
    paintCurves(context, this.width, this.height, lines, { log: Boolean(store.view.log), end: store.horizon, step: store.step, theme: colours });
  }
}
customElements.define("loss-curves", LossCurves);
