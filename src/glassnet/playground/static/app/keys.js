/** The keys of the page. */

import { locked } from "./lock.js";
import { isGiven } from "./query.js";
import { source } from "./source.js";
import { t } from "./texts.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./player.js").Player} Player */
/** @typedef {import("./trail.js").Trail} Trail */

/** The keys and the names of their effects, as the help shows them, and whether they do something here. @type {[keys: string, does: string, works?: (store: Store) => boolean][]} */
const KEYS = [
  ["space", "play"],
  ["← →", "step"],
  ["shift ← →", "ten"],
  ["home", "home"],
  ["r", "r", seeds],
  ["g", "g", (store) => !store.hides("glass")],
  ["[ ]", "line", (store) => !store.hides("glass")],
  ["c", "c", (store) => !store.hides("compare")],
  ["l", "l", (store) => !store.hides("lessons")],
  ["arrows", "arrows"],
  ["ctrl z, ctrl shift z", "undo", () => source.live],
  ["esc", "esc"],
  ["?", "help"],
];

/** The keys that do something on this page. @param {Store} store */
export function keysOf(store) {
  return KEYS.filter(([, , works]) => !works || works(store));
}

/** True if a key belongs to the field it was pressed in. @param {EventTarget | null} target @param {string} key */
function taken(target, key) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog[open]")) return true;
  if (target instanceof HTMLInputElement && ["checkbox", "radio"].includes(target.type)) return key === " " || key.startsWith("Arrow");
  if (target.matches("input, select, textarea")) return true;
  if (target.matches("button, summary, a, [role=tab], [role=button]")) return key === " " || (target.dataset.arrows !== undefined && key.startsWith("Arrow"));
  return false;
}

/** Fields with text that is typed and not yet taken: undo belongs to them. @type {Set<EventTarget | null>} */
const typed = new Set();

/** @param {KeyboardEvent} event @param {Trail} trail */
function undo(event, trail) {
  const key = event.key.toLowerCase();
  if (!["z", "y"].includes(key) || event.altKey || typed.has(event.target)) return;
  event.preventDefault();
  if (key === "y" || event.shiftKey) trail.redo();
  else trail.undo();
}

/** @param {Store} store @param {Player} player @param {Trail} trail */
export function listen(store, player, trail) {
  addEventListener("input", ({ target }) => target instanceof HTMLInputElement && ["text", "number"].includes(target.type) && typed.add(target), true);
  addEventListener("change", ({ target }) => typed.delete(target), true);
  /** @type {Record<string, (event: KeyboardEvent) => unknown>} */
  const actions = {
    " ": () => player.toggle(),
    ArrowLeft: (event) => player.step(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => player.step(event.shiftKey ? 10 : 1),
    Home: () => player.rewind(),
    r: () => store.hides("controls") || newSeed(store),
    g: () => store.hides("glass") || store.look({ glass: store.view.glass ? "" : "1" }),
    "[": () => store.walk(-1),
    "]": () => store.walk(1),
    c: () => store.hides("compare") || (store.runs.length > 1 ? store.join() : store.fork()),
    l: () => store.hides("lessons") || (store.view.lesson ? store.leave() : store.look({ lesson: "list" })),
    Escape: () => (store.view.glass ? store.look({ glass: "" }) : store.view.lesson && store.leave()),
    "?": () => document.querySelector("key-help")?.dispatchEvent(new Event("open")),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) undo(event, trail);
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || taken(event.target, event.key)) return;
    if (store.view.keys === "off" && event.key.length === 1 && event.key !== " ") return; // WCAG 2.1.4
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

/** Take other initial weights, for both runs. @param {Store} store */
export function newSeed(store) {
  if (!seeds(store)) return;
  const seed = String((Number(store.runs[0].query.seed) + 1) % 2 ** 32);
  store.runs.forEach(({ query }, index) => store.change({ seed, ...(isGiven(query.init) ? { init: "" } : {}) }, index));
  store.say(t("said.seed", { seed }));
}

/** True if the reader may change the seed. @param {Store} store */
export function seeds(store) {
  return !locked("seed") && !store.hides("controls") && !store.hides("network");
}
