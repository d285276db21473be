/** Paints the numbers of a worked step as they travel along the drawing. */

/** @returns {boolean} */
export function paintFlow() {
  return false;
}
