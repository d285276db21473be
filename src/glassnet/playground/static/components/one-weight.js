/** One weight or bias: its value, to be changed by hand, and the chain rule of its gradient, factor by factor. */

import { full, parsed, signed } from "../app/numbers.js";
import { store } from "../app/page.js";
import { entryName, readEntry } from "../app/query.js";
import { source } from "../app/source.js";
import { html, live, nothing, unsafeHTML } from "../vendor/lit/index.js";
import { numeral } from "./numeral.js";
import { Part } from "./part.js";
import { title, valueOf } from "./value-tip.js";

/** @typedef {import("../app/types.js").Entry} Entry */

class OneWeight extends Part {
  follows = true;
  /** The slider's value while it is dragged. @type {string | null} */
  held = null;
  /** The field's text while it is typed. @type {string | null} */
  typed = null;

  get entry() {
    return readEntry(store.view.entry) ?? /** @type {Entry} */ ({ kind: "W", layer: 1, from: 0, to: 0 });
  }

  connectedCallback() {
    super.connectedCallback();
    if (!readEntry(store.view.entry)) queueMicrotask(() => store.look({ entry: entryName(this.entry) }));
  }

  render() {
    const { entry } = this;
    const header = store.run.frame?.header;
    if (!header || !header.b[entry.layer - 1]) return nothing;
    const { value } = valueOf(store.run, entry);
    const reach = Math.max(4, Math.ceil(Math.abs(value ?? 0) * 1.5));
    return html`<section class="view" aria-label="One weight" tabindex="0">
      <h3>One ${entry.kind === "W" ? "weight" : "bias"} <span class="code">${title(entry)}</span> ${this.pickers(header, entry)}</h3>
      <div class="edit">
        <label>value <input type="text" inputmode="decimal" name="entry-value" .value=${live(this.typed ?? String(value))} title=${full(value)} ?disabled=${store.hides("edit")} @input=${this.onType} @change=${this.onEdit} @blur=${this.onLeave} /></label>
        <input type="range" aria-label="Value" min=${-reach} max=${reach} step="0.01" .value=${live(this.held ?? String(value))} ?disabled=${store.hides("edit")} @input=${this.onDrag} @change=${this.onDrop} />
        ${this.slope(entry)}
      </div>
      ${this.chain()}
    </section>`;
  }

  /** Lists to choose a weight or bias by the keyboard. @param {import("../app/types.js").Header} header @param {Entry} entry */
  pickers(header, entry) {
    const list = (/** @type {string} */ label, /** @type {number} */ count, /** @type {number} */ at, /** @type {(index: number) => void} */ set, first = 0) =>
      html`<label><span class="unseen">${label}</span><select title=${label} @change=${(/** @type {any} */ event) => set(Number(event.target.value))}>
        ${Array.from({ length: count }, (_, index) => html`<option value=${index + first} ?selected=${index + first === at}>${index + first}</option>`)}</select></label>`;
    const go = (/** @type {Partial<Entry>} */ changes) => store.look({ entry: entryName({ ...entry, ...changes }) });
    return html`<span class="pickers">
      <label><span class="unseen">Weight or bias</span><select title="Weight or bias" @change=${(/** @type {any} */ event) => go({ kind: event.target.value, from: 0 })}>
        <option value="W" ?selected=${entry.kind === "W"}>W</option><option value="b" ?selected=${entry.kind === "b"}>b</option></select></label>
      ${list("Layer", header.b.length, entry.layer, (layer) => go({ layer, from: 0, to: 0 }), 1)}
      ${entry.kind === "W" ? list("From unit", header.W[entry.layer - 1].length, entry.from, (from) => go({ from })) : nothing}
      ${list("To unit", header.b[entry.layer - 1].length, entry.to, (to) => go({ to }))}
    </span>`;
  }

  /** The gradient of what the glass shows: of the step of the run, or of one point alone. @param {Entry} entry */
  slope(entry) {
    const name = entry.kind === "W" ? "∂L/∂w" : "∂L/∂b";
    const { sample } = store.glass?.derivation ?? {};
    const found = this.worked(entry);
    const { slope } = valueOf(store.run, entry);
    if (typeof sample !== "number") return html`<span title="The gradient that the next step takes, of its whole batch"><span class="dim">${name} of the batch</span> ${numeral(slope, signed(slope))}</span>`;
    return html`<span title="Not the gradient of the run's step, which takes the batch"><span class="dim">${name} of point ${sample} alone</span> ${found ? numeral(found.value, signed(found.value)) : nothing}</span>`;
  }

  /** The worked-out gradient in the glass, if it is that of this weight or bias. @param {Entry} entry */
  worked({ kind, layer, from, to }) {
    const found = store.glass?.derivation.entry;
    const index = kind === "W" ? [from, to] : [to];
    return found && found.symbol === `${kind}${layer}` && String(found.index) === String(index) ? found : null;
  }

  chain() {
    const { sample } = store.glass?.derivation ?? {};
    const found = this.worked(this.entry);
    if (!found) return html`<p class="note">${this.absence()}</p>`;
    const { independent } = found;
    return html`
      ${found.mathml.length ? nothing : html`<p class="note">Too many paths lead from here to the output for one formula; its last line is below.</p>`}
      <div class="formula">${found.mathml.map((line) => html`<div>${unsafeHTML(line)}</div>`)}</div>
      ${independent
        ? html`<p class="check"><span class="good">✓ ${independent.method}</span> <span class="num" title=${full(independent.value)}>${full(independent.value)}</span><br />
            <span class="dim">backpropagation</span> <span class="num">${full(found.value)}</span></p>`
        : nothing}
      <ol class="factors">${found.lines.map((line) => html`<li title=${line.file ? `${line.file}:${line.line}` : ""}>${unsafeHTML(line.mathml)}
        ${line.symbol.endsWith("_new") && sample !== "batch" ? html`<span class="dim">if the step took point ${sample} alone</span>` : nothing}</li>`)}</ol>
    `;
  }

  /** Keep what is typed until it is taken; the run goes on meanwhile. @param {Event} event */
  onType(event) {
    this.typed = /** @type {HTMLInputElement} */ (event.target).value;
  }

  onLeave() {
    this.typed = null;
    this.requestUpdate();
  }

  /** @param {Event} event */
  onEdit(event) {
    this.typed = null;
    const field = /** @type {HTMLInputElement} */ (event.target);
    const value = parsed(field.value);
    if (value !== null) store.edit(entryName(this.entry), value);
    else field.value = String(valueOf(store.run, this.entry).value);
  }

  /** Say why there is no chain rule: the run plays, it is being worked out, or the recording has it of others only. */
  absence() {
    const { kind } = this.entry;
    const kept = source.entries(store.run.query);
    if (!kept || kept.includes(entryName(this.entry))) return store.playing ? "Pause to see the chain rule of its gradient." : "Working its gradient out …";
    const place = order(this.entry);
    const near = kept.map((name) => /** @type {Entry} */ (readEntry(name))).sort((a, b) => Math.abs(order(a) - place) - Math.abs(order(b) - place))[0];
    return html`The recording has no chain rule of this ${kind === "W" ? "weight" : "bias"}.
      ${near ? html`<button @click=${() => store.look({ entry: entryName(near) })}>Show that of ${title(near)}</button>` : nothing}`;
  }

  /** Keep the dragged value until the drag ends; answers of the server do not move the slider. @param {Event} event */
  onDrag(event) {
    this.held = /** @type {HTMLInputElement} */ (event.target).value;
    store.edit(entryName(this.entry), Number(this.held));
  }

  onDrop() {
    this.held = null;
  }
}
customElements.define("one-weight", OneWeight);

/** The place of a weight or bias in a list of all, to find a near one: the layer counts most. @param {Entry} entry */
function order({ kind, layer, from, to }) {
  return 1e6 * layer + (kind === "b" ? 5e5 : 0) + 1e3 * from + to;
}
