/** The keys of the page. */

import { locked } from "./lock.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./player.js").Player} Player */

/** The keys and their effects, as the help shows them. @type {[keys: string, what: string][]} */
export const KEYS = [
  ["space", "play, pause"],
  ["← →", "one step back, one step on"],
  ["shift ← →", "ten steps"],
  ["home", "rewind to the initial weights"],
  ["r", "new seed: other initial weights"],
  ["g", "the glass: one step, worked out"],
  ["[ ]", "previous, next line of the worked step"],
  ["c", "compare with a second run"],
  ["l", "lessons"],
  ["arrows in the drawing", "from neuron to neuron; enter opens one"],
  ["esc", "close"],
  ["?", "these keys"],
];

/** True if a key belongs to the field it was pressed in. @param {EventTarget | null} target @param {string} key */
function taken(target, key) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog[open]")) return true;
  if (target instanceof HTMLInputElement && ["checkbox", "radio"].includes(target.type)) return key === " " || key.startsWith("Arrow");
  if (target.matches("input, select, textarea")) return true;
  if (target.matches("button, summary, a, [role=tab], [role=button]")) return key === " " || (target.dataset.arrows !== undefined && key.startsWith("Arrow"));
  return false;
}

/** @param {Store} store @param {Player} player */
export function listen(store, player) {
  /** @type {Record<string, (event: KeyboardEvent) => unknown>} */
  const actions = {
    " ": () => player.toggle(),
    ArrowLeft: (event) => player.step(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => player.step(event.shiftKey ? 10 : 1),
    Home: () => player.rewind(),
    r: () => newSeed(store),
    g: () => store.hides("glass") || store.look({ glass: store.view.glass ? "" : "1" }),
    "[": () => store.walk(-1),
    "]": () => store.walk(1),
    c: () => store.hides("compare") || (store.runs.length > 1 ? store.join() : store.fork()),
    l: () => store.hides("lessons") || store.look({ lesson: store.view.lesson ? "" : "list" }),
    Escape: () => store.look(store.view.glass ? { glass: "" } : { lesson: "" }),
    "?": () => document.querySelector("key-help")?.dispatchEvent(new Event("open")),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || taken(event.target, event.key)) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

/** Take other initial weights, for both runs. @param {Store} store */
export function newSeed(store) {
  if (locked("seed")) return;
  const seed = String((Number(store.runs[0].query.seed) * 7 + 13) % 10000);
  store.runs.forEach((_, index) => store.change({ seed, edits: "" }, index));
  store.say(`new initial weights, seed ${seed}`);
}
