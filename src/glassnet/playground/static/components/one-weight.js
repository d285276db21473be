/** One weight or bias: its value, to be changed by hand, and the chain rule of its gradient, factor by factor. */

import { full, parsed, signed } from "../app/numbers.js";
import { store } from "../app/page.js";
import { entryName, readEntry } from "../app/query.js";
import { source } from "../app/source.js";
import { decimal, named, t } from "../app/texts.js";
import { html, live, nothing } from "../vendor/lit/index.js";
import { numeral } from "./numeral.js";
import { Part } from "./part.js";
import { formula, rich } from "./rich.js";
import { title, valueOf } from "./value-tip.js";

/** @typedef {import("../app/types.js").Entry} Entry */

class OneWeight extends Part {
  follows = true;
  /** The slider's value while it is dragged. @type {string | null} */
  held = null;
  /** The field's text while one is in it. @type {string | null} */
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
    return html`<section class="view" aria-label=${t("weight.label")} tabindex="0">
      <h3>${rich(entry.kind === "W" ? "weight.weight" : "weight.bias", { name: html`<span class="code">${title(entry)}</span>` })} ${this.pickers(header, entry)}</h3>
      <div class="edit">
        <label>${t("weight.value")} <input type="text" inputmode="decimal" name="entry-value" .value=${live(this.typed ?? decimal(String(value)))} title=${full(value)} ?disabled=${store.hides("edit")} @focus=${this.onHold} @pointerdown=${this.onHold} @keydown=${this.onHold} @input=${this.onType} @change=${this.onEdit} @blur=${this.onLeave} /></label>
        <input type="range" aria-label=${t("weight.slider")} min=${-reach} max=${reach} step="0.01" .value=${live(this.held ?? String(value))} ?disabled=${store.hides("edit")} @input=${this.onDrag} @change=${this.onDrop} />
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
      <label><span class="unseen">${t("weight.kind")}</span><select title=${t("weight.kind")} @change=${(/** @type {any} */ event) => go({ kind: event.target.value, from: 0 })}>
        <option value="W" ?selected=${entry.kind === "W"}>W</option><option value="b" ?selected=${entry.kind === "b"}>b</option></select></label>
      ${list(t("weight.layer"), header.b.length, entry.layer, (layer) => go({ layer, from: 0, to: 0 }), 1)}
      ${entry.kind === "W" ? list(t("weight.from"), header.W[entry.layer - 1].length, entry.from, (from) => go({ from })) : nothing}
      ${list(t("weight.to"), header.b[entry.layer - 1].length, entry.to, (to) => go({ to }))}
    </span>`;
  }

  /** The gradient of what the glass shows: of the step of the run, or of one point alone. @param {Entry} entry */
  slope(entry) {
    const name = entry.kind === "W" ? "∂L/∂w" : "∂L/∂b";
    const { sample } = store.glass?.derivation ?? {};
    const found = this.worked(entry);
    const { slope } = valueOf(store.run, entry);
    if (typeof sample !== "number") return html`<span title=${t("weight.batch.hint")}><span class="dim">${t("weight.batch", { name })}</span> ${numeral(slope, signed(slope))}</span>`;
    return html`<span title=${t("weight.point.hint")}><span class="dim">${t("weight.point", { name, sample })}</span> ${found ? numeral(found.value, signed(found.value)) : nothing}</span>`;
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
      ${found.mathml.length ? nothing : html`<p class="note">${t("weight.paths")}</p>`}
      <div class="formula">${found.mathml.map((line) => html`<div>${formula(line)}</div>`)}</div>
      ${independent
        ? html`<p class="check"><span class="good">✓ ${named("method", independent.method)}</span> <span class="num" title=${full(independent.value)}>${full(independent.value)}</span><br />
            <span class="dim">${t("weight.backpropagation")}</span> <span class="num">${full(found.value)}</span></p>`
        : nothing}
      <ol class="factors">${found.lines.map((line) => html`<li title=${line.file ? `${line.file}:${line.line}` : ""}>${formula(line.mathml)}
        ${line.symbol.endsWith("_new") && sample !== "batch" ? html`<span class="dim">${t("weight.alone", { sample: Number(sample) })}</span>` : nothing}</li>`)}</ol>
    `;
  }

  /** Keep the text while one is in the field, as the run goes on: a new one would undo what is selected. @param {Event} event */
  onHold(event) {
    if (!(event instanceof KeyboardEvent && event.key === "Enter")) this.typed ??= /** @type {HTMLInputElement} */ (event.target).value;
  }

  /** @param {Event} event */
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
    else field.value = decimal(String(valueOf(store.run, this.entry).value));
  }

  /** Say why there is no chain rule: the run plays, it is being worked out, or the recording has it of others only. */
  absence() {
    const { kind } = this.entry;
    const kept = source.entries(store.run.query);
    if (!kept || kept.includes(entryName(this.entry))) return t(store.playing ? "weight.playing" : "weight.working");
    const place = order(this.entry);
    const near = kept.map((name) => /** @type {Entry} */ (readEntry(name))).sort((a, b) => Math.abs(order(a) - place) - Math.abs(order(b) - place))[0];
    return html`${t(kind === "W" ? "weight.absent" : "bias.absent")}
      ${near ? html`<button @click=${() => store.look({ entry: entryName(near) })}>${t("weight.near", { name: title(near) })}</button>` : nothing}`;
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
