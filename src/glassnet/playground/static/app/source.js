/** Where the page's answers come from: the server that served it, or in its place a recording or a notebook's kernel. */

import { key } from "./lock.js";
import { again } from "./tables.js";
import { inEnglish, t } from "./texts.js";

/**
 * @typedef {object} Source  answers addresses such as "frame?step=5", without a leading slash
 * @property {boolean} live  false if nothing can be computed anew: controls that need a server are then absent
 * @property {Record<string, string>} home  the run that a notebook gave, by its names of a query; empty elsewhere
 * @property {string} silence  what the reader is told when no answer comes
 * @property {(address: string) => string} link  how another comes to what the page shows at an address
 * @property {(path: string) => Promise<Blob>} [file]  a file to take away, where its address cannot be opened
 * @property {(path: string, options?: RequestInit) => Promise<any>} get  an ArrayBuffer for "frame?…", else parsed JSON
 * @property {(address: string) => string} place  what the address bar shows of the page's address
 * @property {string} search  the address of what is shown at first
 * @property {(part: string) => boolean} lacks  true if a part of the page cannot work with this source
 * @property {(query: import("./types.js").Query, step: number, towards: number, worked: boolean) => number} nearest  the step nearest to
 *   one that there is a frame of; with a direction, on that side; `worked`: of which there is a worked step
 * @property {(query: import("./types.js").Query) => number[] | null} samples  the training points that the glass can show; null for all
 * @property {(query: import("./types.js").Query) => string[] | null} entries  the parameters with a chain rule; null for all
 */

/** The server's version: answers to addresses with it never change, so the browser keeps them. */
const VERSION = globalThis.document?.querySelector("meta[name=version]")?.getAttribute("content") ?? "";

/** True if the server can do a thing that not every one does, such as "qr". @param {string} what */
export function offers(what) {
  const told = globalThis.document?.querySelector("meta[name=offers]")?.getAttribute("content") ?? "";
  return told.split(" ").includes(what);
}

/** A request that the server refused, with the server's message. */
export class Refused extends Error {
  /** The last step that the run can reach, if that was the reason. @returns {number | null} */
  get lastStep() {
    const found = /^step: expected at most ([\d,]+)/.exec(this.message);
    return found ? Number(found[1].replaceAll(",", "")) : null;
  }
}

/** A request that got no answer. */
export class Unreachable extends Error {}

const AWAY = [502, 503, 504]; // a proxy's answers while the server behind it is gone

/** The server, by addresses relative to the page's own. @type {Source} */
const server = {
  live: true,
  home: {},
  get silence() {
    return t("source.none");
  },
  link: (address) => location.origin + location.pathname + address,
  get search() {
    return globalThis.location?.search ?? "";
  },
  place: (address) => location.pathname + address,
  lacks: () => false,
  nearest: (_query, step) => step,
  samples: () => null,
  entries: () => null,
  async get(path, options) {
    const more = path.includes("?") ? [VERSION && `v=${VERSION}`, key].filter(Boolean).join("&") : "";
    const versioned = more ? `${path}${path.endsWith("?") ? "" : "&"}${more}` : path;
    try {
      const response = await fetch(versioned, options);
      if (response.ok) return await (path.startsWith("frame") ? response.arrayBuffer() : response.json());
      const told = await response.json().catch(() => null);
      if (told?.error?.includes("data that was uploaded here") && (await again(path, upload))) return server.get(path, options);
      if (!told && AWAY.includes(response.status)) throw new Unreachable();
      throw new Refused(told?.error ? inEnglish(told.error) : t("source.status", { status: `${response.status} ${response.statusText}` }));
    } catch (error) {
      throw error instanceof Refused ? error : new Unreachable(server.silence);
    }
  },
};

/** Upload a table. @param {Blob} table @returns {Promise<any>} */
export function upload(table) {
  return source.get("upload?", { method: "POST", body: table, headers: { "content-type": "text/csv" } });
}

/** The source in use. A module that imports bindings sees the one that `use` has set. */
export let source = server;

/** Take another source, before the page asks for its first answer. @param {Source} other */
export function use(other) {
  source = other;
}
