/** Tables uploaded from this tab: a server that has forgotten one, after a restart, gets it again. */

/** @type {Map<string, string>} */
const kept = new Map();
/** @type {Map<string, Promise<unknown>>} */
const underway = new Map();

/** The session's storage; none in a frame that allows none. */
function storage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

/** @param {string} id @param {string} text */
export function keep(id, text) {
  kept.set(id, text);
  try {
    storage()?.setItem(id, text);
  } catch {
    // too large for the storage: it is kept until the page is left
  }
}

/**
 * Upload the table of an address again by `send`, once for all who ask; false if this tab does not have it.
 * @param {string} path @param {(table: Blob) => Promise<unknown>} send
 */
export async function again(path, send) {
  const id = new URLSearchParams(path.split("?")[1]).get("data") ?? "";
  const text = kept.get(id) ?? storage()?.getItem(id);
  if (!text) return false;
  const going = underway.get(id) ?? send(new Blob([text])).finally(() => underway.delete(id));
  underway.set(id, going);
  await going;
  return true;
}
