/** A class's link: its signature tells the server which settings the reader may change. */

const given = new URLSearchParams(globalThis.location?.search ?? "");
const free = given.get("free")?.split(",") ?? [];
const signature = given.get("sig") ?? "";

/** True for the teacher's link, which leaves everything free and can make others. */
export const teaches = Boolean(signature) && free.includes("*");

/** True if some settings are locked. */
export const locks = Boolean(signature) && !teaches;

/** The names and values that every request carries. */
export const key = signature ? `free=${free.join(",")}&sig=${signature}` : "";

/** True if the reader may not change a setting. @param {string} name */
export function locked(name) {
  return locks && !free.includes(name);
}

/** The changes of settings that the reader may make. @param {import("./types.js").Query} changes */
export function allowed(changes) {
  return Object.fromEntries(Object.entries(changes).filter(([name]) => !locked(name)));
}
