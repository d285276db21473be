/** Starts the page: its parts, its keys, and the first picture. */

import { listen } from "./app/keys.js";
import { player, store, trail } from "./app/page.js";
import "./components/play-ground.js";

listen(store, player, trail);
store.addEventListener("frame", () => requestAnimationFrame(() => performance.mark("first picture")), { once: true });
store.refresh();
