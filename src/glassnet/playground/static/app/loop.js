/** The one animation loop: time first, then everything that has to be painted again. */

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
  for (const paint of due) if (paint(now)) dirty.add(paint); // true: it moves, paint it again
  if (dirty.size || alive()) schedule();
}

export function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(turn);
}

/** What runs before painting, and whether the loop goes on by itself. @param {(now: number) => void} tick @param {() => boolean} running */
export function drive(tick, running) {
  before = tick;
  alive = running;
}

/** Paint at the next turn. @param {(now: number) => boolean | void} paint */
export function repaint(paint) {
  dirty.add(paint);
  schedule();
}
