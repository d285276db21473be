/** The page's one store and one player, and the settings that every part needs. */

import { connection } from "./connection.js";
import { drive, paintNow, schedule } from "./loop.js";
import { THEMES } from "./palette.js";
import { Player } from "./player.js";
import { source } from "./source.js";
import { Store } from "./store.js";
import { chosen, lang, speak, t } from "./texts.js";
import { Trail } from "./trail.js";

export const store = new Store(source.search);
export const player = new Player(store);
export const trail = new Trail(store);

/** Speak the language of the address; the browser's, which an address without one begins in, then stands in it. */
async function follow() {
  const wanted = chosen(store.view.lang);
  if (wanted !== "en" || store.view.lang) store.view.lang = wanted;
  await speak(wanted);
}

await follow();
store.addEventListener("change", () => {
  if (store.view.lang !== "" && store.view.lang !== lang()) follow().then(() => (store.tell("change"), store.tell("frame")));
});

drive((now) => player.tick(now), () => store.playing);
store.addEventListener("change", schedule);
connection.addEventListener("change", () => store.say(connection.lost ? "" : t("page.answered")));

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** True while the page is printed. */
let paper = false;

/** "light" or "dark", as chosen or as the system sets it. @returns {"light" | "dark"} */
export function themeName() {
  if (paper) return "light";
  const { theme } = store.view;
  return theme === "dark" || theme === "light" ? theme : dark.matches ? "dark" : "light";
}

export function theme() {
  return THEMES[themeName()];
}

/** True if the reader prefers reduced motion. */
export function quiet() {
  return still.matches;
}

function showTheme() {
  document.documentElement.dataset.theme = themeName();
  document.documentElement.dataset.size = store.view.size;
  store.tell("frame");
}

for (const name of ["beforeprint", "afterprint"])
  addEventListener(name, () => {
    paper = name === "beforeprint";
    document.documentElement.toggleAttribute("data-paper", paper);
    showTheme();
    paintNow();
  });

let shownTheme = "";
dark.addEventListener("change", showTheme);
store.addEventListener("change", () => {
  const wanted = `${themeName()} ${store.view.size}`;
  if (shownTheme !== wanted) {
    shownTheme = wanted;
    showTheme();
  }
});

// a page around this one, such as a slide or a notebook, may say which colours fit
addEventListener("message", ({ data }) => {
  if (data?.theme in THEMES) store.look({ theme: data.theme });
});
