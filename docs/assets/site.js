/** Opens the recordings in the colours of the page, and makes what scrolls sideways reachable by keyboard. */

const theme = () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light");
const frames = [...document.querySelectorAll(".gn-recording iframe")];

for (const frame of frames) {
  const view = new URLSearchParams(frame.dataset.view);
  view.set("theme", theme());
  frame.src = `${frame.dataset.src}#${view}`;
  frame.addEventListener("load", () => frame.contentWindow.postMessage({ theme: theme() }, "*"));
}

new MutationObserver(() => {
  for (const frame of frames) frame.contentWindow?.postMessage({ theme: theme() }, "*");
}).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });

for (const toggle of document.querySelectorAll(".bd-sidebar-primary summary")) {
  const chapter = toggle.closest("li")?.querySelector("a")?.textContent.trim();
  toggle.setAttribute("aria-label", chapter ? `Pages of ${chapter}` : "More pages");
}

function reachable() {
  for (const part of document.querySelectorAll(".gn-math-block, .bd-article table, .cell_output, .cell_output pre, .highlight pre, .gn-figure")) {
    if (part.scrollWidth > part.clientWidth && !part.hasAttribute("tabindex")) part.tabIndex = 0;
  }
}
addEventListener("load", reachable);
addEventListener("resize", reachable);
document.documentElement.classList.add("gn-script");

for (const moving of document.querySelectorAll(".gn-moving")) {
  const button = moving.querySelector("button");
  const pause = (still) => {
    moving.classList.toggle("gn-paused", still);
    button.textContent = still ? "Play" : "Pause";
    button.setAttribute("aria-pressed", String(still));
  };
  button.addEventListener("click", () => pause(!moving.classList.contains("gn-paused")));
  pause(matchMedia("(prefers-reduced-motion: reduce)").matches);
}
