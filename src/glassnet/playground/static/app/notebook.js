/** A notebook's kernel as the source of answers; messages travel through the page around this frame. */

import { RUN, VIEW } from "./query.js";
import { Refused, Unreachable, use } from "./source.js";
import { again } from "./tables.js";
import { t } from "./texts.js";

/** @typedef {{heard: () => void, answer: (content: Blob) => void, fail: (error: Error) => void}} Waiting */

const DEAF = 3000; // milliseconds after which a kernel that has not even heard the question counts as away
/** What there is no place for: an address to sign or to show as a QR code. */
const ABSENT = ["class"];

/** What the page around wrote on this frame: the state to begin with, and the run that the notebook gave. @type {{search: string, home: Record<string, string>}} */
const told = JSON.parse(globalThis.window?.name || '{"search": "", "home": {}}');

/** The questions under way. @type {Map<string, Waiting>} */
const waiting = new Map();
let asked = 0;

/** The way to the kernel, once the page around has given one. @type {Promise<MessagePort>} */
const way = new Promise((resolve) => {
  addEventListener("message", ({ source, data, ports: [port] }) => {
    if (source !== parent || data?.way !== "kernel" || !port) return;
    port.onmessage = ({ data }) => hear(data);
    resolve(port);
  });
});

/** @param {{heard?: string, id?: string, kind?: string, error?: string, content?: ArrayBuffer}} message */
function hear({ heard, id, kind, error, content }) {
  if (heard) waiting.get(heard)?.heard();
  const found = waiting.get(id ?? "");
  if (error) found?.fail(new Refused(error));
  else found?.answer(new Blob(content ? [content] : [], { type: kind }));
}

/**
 * Ask the kernel.
 * @param {string} path @param {RequestInit} [options] @returns {Promise<Blob>}
 */
async function ask(path, { signal, body } = {}) {
  const port = await way;
  signal?.throwIfAborted();
  const id = String((asked += 1));
  const content = body instanceof Blob ? await body.arrayBuffer() : typeof body === "string" ? new TextEncoder().encode(body).buffer : undefined;
  /** @type {() => void} */
  let end = () => {};
  try {
    return await new Promise((resolve, reject) => {
      const stop = () => {
        port.postMessage({ cancel: id });
        reject(new Unreachable());
      };
      const deaf = setTimeout(stop, DEAF);
      signal?.addEventListener("abort", stop);
      end = () => (clearTimeout(deaf), signal?.removeEventListener("abort", stop));
      waiting.set(id, { heard: () => clearTimeout(deaf), answer: resolve, fail: reject });
      port.postMessage({ ask: id, path, content });
    });
  } finally {
    end();
    waiting.delete(id);
  }
}

use({
  live: true,
  home: told.home,
  search: told.search,
  get silence() {
    return t("source.kernel");
  },
  place: (address) => {
    const names = new URLSearchParams(address);
    names.delete("theme"); // it follows the notebook's
    way.then((port) => port.postMessage({ at: String(names) }));
    return "";
  },
  link: (address) => code(address),
  file: ask,
  lacks: (part) => ABSENT.includes(part),
  nearest: (_query, step) => step,
  samples: () => null,
  entries: () => null,
  async get(path, options) {
    try {
      const answer = await ask(path, options);
      return await (path.startsWith("frame") ? answer.arrayBuffer() : answer.text().then(JSON.parse));
    } catch (error) {
      if (error instanceof Refused && error.message.includes("data that was uploaded here") && (await again(path, (table) => this.get("upload?", { body: table }))))
        return this.get(path, options);
      throw error;
    }
  },
});

/** The cell that shows a state: `gn.playground(…)` with what differs from the run that the notebook gave. @param {string} address */
function code(address) {
  const shown = { ...RUN, ...VIEW, ...Object.fromEntries(new URLSearchParams(address)) };
  const first = { ...RUN, ...VIEW, ...told.home };
  const changed = Object.keys(first).filter((name) => name !== "theme" && shown[name] !== first[name]);
  const query = changed.map((name) => `${name}=${encodeURIComponent(shown[name]).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%3B/g, ";")}`).join("&");
  const given = told.home.data?.startsWith("given:") ? "net, X, y, …, " : told.home.data ? "X=X, y=y, " : "";
  return `gn.playground(${given}query=${JSON.stringify(query)})`;
}
