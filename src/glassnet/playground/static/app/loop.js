/** The page's one animation loop: it advances time, then paints all that changed. */

/** @type {Set<(now: number) => boolean | void>} */
const dirty = new Set();
/** @type {(now: number) => void} */
let before = () => {};
let scheduled = false;
let alive = () => false;

/** @param {number} now */
function turn(now) {
  scheduled = false;
  before(now);
  const due = [...dirty];
  dirty.clear();
  for (const paint of due) if (paint(now)) dirty.add(paint); // a part that returns true is still moving: paint it at the next turn too
  if (dirty.size || alive()) schedule();
}

export function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(turn);
}

/** Set `tick`, called before painting, and `running`, which keeps the loop going. @param {(now: number) => void} tick @param {() => boolean} running */
export function drive(tick, running) {
  before = tick;
  alive = running;
}

/** Paint all that is due at once, as before printing. */
export function paintNow() {
  const due = [...dirty];
  dirty.clear();
  for (const paint of due) paint(performance.now());
}

/** Paint at the next turn. @param {(now: number) => boolean | void} paint */
export function repaint(paint) {
  dirty.add(paint);
  schedule();
}
