/** The playground's widget in a notebook (anywidget): the page in a frame, and its messages handed on to the kernel. */

const GLASS = 240; // pixels that the frame is higher while the glass is open
const LATE = 4000; // milliseconds without the page, after which the reader is told why

/** @typedef {{get: (name: string) => any, set: (name: string, value: any) => void, save_changes: () => void, send: (message: any, callbacks?: any, buffers?: any[]) => void, on: (event: string, callback: (...told: any[]) => void) => void, off: (event: string, callback: (...told: any[]) => void) => void}} Model */

/** Show the widget in an element; returns what takes it away. @param {{model: Model, el: HTMLElement}} given */
function render({ model, el }) {
  const view = Math.random().toString(36).slice(2);
  const frame = document.createElement("iframe");
  frame.title = "glassnet playground";
  // an origin of its own: the page reaches nothing of the notebook but by messages
  frame.setAttribute("sandbox", "allow-scripts allow-forms allow-downloads allow-modals");
  frame.allow = "clipboard-write";
  frame.style.cssText = "display: block; width: 100%; height: 100%; border: 0; color-scheme: light dark";
  const box = document.createElement("div");
  box.style.cssText = "width: 100%; overflow: hidden; resize: vertical; min-height: 320px";
  const wait = document.createElement("p");
  wait.style.cssText = "margin: 0; padding: 1em; font: 14px system-ui, sans-serif; opacity: 0.7";
  wait.textContent = "The playground waits for the notebook's kernel …";
  box.append(wait);
  el.append(box);
  /** @type {MessagePort | null} */
  let port = null;

  let looking = false;
  const size = () => (box.style.height = `${model.get("height") + (looking ? GLASS : 0)}px`);
  const grow = () => {
    const looks = new URLSearchParams(model.get("query")).has("glass");
    if (looks === looking) return;
    looking = looks;
    size();
  };
  const theme = () => frame.contentWindow?.postMessage({ theme: darkness(box) ? "dark" : "light" }, "*");
  const later = () => [0, 150, 600, 1500].forEach((pause) => setTimeout(theme, pause)); // style sheets may follow the attribute that changed
  const begin = () => (frame.name = JSON.stringify({ search: `?${withTheme(model.get("query"), box)}`, home: model.get("home") }));

  // also after the frame was moved, which loads it anew: then it begins where it was
  frame.addEventListener("load", () => {
    port?.close();
    const { port1, port2 } = new MessageChannel();
    port = port1;
    port.onmessage = ({ data: { ask, cancel, path, content, at } }) => {
      if (ask) model.send({ ask: `${view}:${ask}`, path }, undefined, content ? [content] : []);
      else if (cancel) model.send({ cancel: `${view}:${cancel}` });
      else if (at !== undefined && at !== model.get("query")) {
        model.set("query", at);
        model.save_changes();
        begin();
        grow();
      }
    };
    frame.contentWindow?.postMessage({ way: "kernel" }, "*", [port2]);
    later();
  });

  const hear = (/** @type {any} */ message, /** @type {DataView[]} */ buffers) => {
    if (message.page === view && !frame.srcdoc) {
      clearTimeout(late);
      begin();
      frame.srcdoc = new TextDecoder().decode(buffers[0]);
      box.replaceChildren(frame);
    }
    const [name, id] = message.heard ? ["heard", message.heard] : ["id", message.id ?? ""];
    if (!id.startsWith(`${view}:`)) return;
    const content = buffers?.[0] && copied(buffers[0]);
    port?.postMessage({ ...message, [name]: id.slice(view.length + 1), content }, content ? [content] : []);
  };
  model.on("msg:custom", hear);
  model.on("change:height", size);
  size();
  grow();
  const changes = new MutationObserver(later);
  for (const part of [document.documentElement, document.body]) changes.observe(part, { attributes: true });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", later);
  const late = setTimeout(() => (wait.textContent = "The playground has no answer from the notebook's kernel. Once it is free, the page appears; if it has ended, run this cell again."), LATE);
  model.send({ page: view });

  return () => {
    clearTimeout(late);
    changes.disconnect();
    scheme.removeEventListener("change", later);
    model.off("msg:custom", hear);
    model.off("change:height", size);
    port?.close();
    box.remove();
    model.send({ gone: view });
  };
}

/** The bytes of a buffer as a message carries them, alone. @param {DataView | ArrayBuffer} buffer */
function copied(buffer) {
  return ArrayBuffer.isView(buffer) ? buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength) : buffer.slice(0);
}

/** True if the notebook is dark: by the colour behind the element. @param {Element} element */
function darkness(element) {
  for (let each = /** @type {any} */ (element); each; each = each.parentNode ?? each.host) {
    if (!(each instanceof Element)) continue;
    const [red, green, blue, opacity] = bytes(getComputedStyle(each).backgroundColor);
    if (opacity > 128) return 0.3 * red + 0.59 * green + 0.11 * blue < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(document.documentElement).colorScheme.includes("dark");
}

/** Red, green, blue and opacity of a colour in any notation of CSS, 0 … 255. @param {string} colour */
function bytes(colour) {
  const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

/** A query with the theme of the notebook. @param {string} query @param {Element} element */
function withTheme(query, element) {
  const names = new URLSearchParams(query);
  names.set("theme", darkness(element) ? "dark" : "light");
  return names;
}

export default { render };
