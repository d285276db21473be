/** A recording as the source of answers: the frames and worked steps that the file of the page holds, and no server. */

import { DATA_NAMES, VIEW, request } from "./query.js";
import { Refused, use } from "./source.js";
import { t } from "./texts.js";

/** @typedef {import("./types.js").Data} Data */

/**
 * @typedef {object} Recorded  a run of a recording
 * @property {string} query  the name by which the page asks for it
 * @property {number[]} steps  those kept
 * @property {number[]} worked  steps that the glass shows, in order
 * @property {string[]} samples  "" for the step's batch, or the number of a training point
 * @property {string[]} entries  the parameters with a chain rule
 * @property {Data} data
 */

/** @typedef {{title: string, lang: string, runs: Recorded[], shown: number[], lessons: any[], places: number[]}} Index  places: the run of each step of the lesson */
/** @typedef {{headers: any[], losses: [number, number | null, number | null][], maps: Uint8Array, surfaces: Uint8Array}} Frames */
/** @typedef {{step: number, sample: string, answer: any, entries: Record<string, any>}[]} Glass */

/** What needs a server, and is absent. */
const ABSENT = ["controls", "data", "network", "training", "diagnosis", "edit", "compare", "share", "lessons"];

export class Recording {
  live = false;
  /** @type {Record<string, string>} */
  home = {};
  silence = "";
  /** @type {Map<string, Promise<any>>} */
  unpacked = new Map();

  /** @param {Index} index @param {(name: string) => string} part  a packed part by name */
  constructor(index, part) {
    this.index = index;
    this.part = part;
  }

  /** The address bar keeps the view behind the "#", as the file is the run. @param {string} address */
  place(address) {
    const view = [...new URLSearchParams(address)].filter(([name]) => name in VIEW && name !== "compare");
    return `#${new URLSearchParams(view)}`;
  }

  /** @param {string} address */
  link(address) {
    return this.place(address);
  }

  /** The address of what is shown at first; the view, or a part of it, stands behind the "#". */
  get search() {
    const { lang, lessons, places, runs, shown } = this.index;
    const hash = location.hash.slice(1);
    const view = lang && !/(^|&)lang=/.test(hash) ? [hash, `lang=${lang}`].filter(Boolean).join("&") : hash;
    if (!lessons.length) {
      const [first, second] = shown.map((at) => runs[at].query);
      return [first, second && `compare=${encodeURIComponent(second)}`, view].filter(Boolean).join("&");
    }
    const place = Number(new URLSearchParams(view).get("lesson")?.split(":")[1]) || 0;
    const { id, steps } = lessons[0];
    const { step, glass, sample, entry } = Object.assign({}, ...steps.slice(0, place + 1).map((/** @type {any} */ each) => each.query));
    const start = new URLSearchParams(Object.entries({ lesson: `${id}:${place}`, step, glass, sample, entry }).filter(([, value]) => value));
    return [runs[places[place] ?? 0].query, view, start].join("&");
  }

  /** @param {string} part */
  lacks(part) {
    return part === "glass" ? !this.index.runs.some(({ worked }) => worked.length) : ABSENT.includes(part);
  }

  /** @param {string} path @returns {Promise<any>} */
  async get(path) {
    const [what, search] = path.split("?");
    const given = new URLSearchParams(search ?? "");
    if (what === "lessons") return this.index.lessons.map((lesson) => lesson.other?.[given.get("lang") ?? "en"] ?? lesson);
    if (what === "data") return this.data(given);
    const at = this.find(given);
    const step = Number(given.get("step"));
    if (what === "frame") return this.frame(at, step);
    if (what === "explain") return this.explain(at, step, (given.get("sample") ?? "").replace("batch", ""), given.get("entry") ?? "");
    throw new Refused(t("recorded.answer"));
  }

  /** The place of the run that a query asks for. @param {URLSearchParams} given */
  find(given) {
    const key = runKey(given);
    const at = this.index.runs.findIndex(({ query }) => runKey(new URLSearchParams(query)) === key);
    if (at < 0) throw new Refused(t("recorded.run"));
    return at;
  }

  /** @param {import("./types.js").Query} query */
  run(query) {
    return this.index.runs[this.find(new URLSearchParams(request(query)))];
  }

  /** The points of the first run with this data. @param {URLSearchParams} given */
  data(given) {
    const key = named(given, (name) => DATA_NAMES.includes(name));
    const found = this.index.runs.find(({ query }) => named(new URLSearchParams(query), (name) => DATA_NAMES.includes(name)) === key);
    if (!found) throw new Refused(t("recorded.points"));
    return found.data;
  }

  /** The bytes of a frame, as the server sends them. @param {number} at @param {number} step */
  async frame(at, step) {
    const { steps } = this.index.runs[at];
    const place = steps.indexOf(step);
    if (place < 0) throw new Refused(`step: expected at most ${steps[steps.length - 1]}, as recorded.`);
    const { headers, losses, maps, surfaces } = await this.frames(at);
    const header = { ...headers[place], max_step: steps[steps.length - 1], curve: curve(losses, headers[place]) };
    const head = new TextEncoder().encode(JSON.stringify(header));
    const parts = [new Uint8Array(4), head, part(maps, steps.length, place), part(surfaces, steps.length, place)];
    new DataView(parts[0].buffer).setUint32(0, head.length, true);
    return new Blob(/** @type {BlobPart[]} */ (parts)).arrayBuffer();
  }

  /** The frames of a run: parameters and gradients as doubles, pictures as differences in time and in the plane. @param {number} at @returns {Promise<Frames>} */
  frames(at) {
    return this.once(`frames-${at}`, (bytes) => {
      const length = new DataView(bytes.buffer).getUint32(0, true);
      const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
      const { sizes, maps: { size: side }, surface: { offset, size } } = head.headers[0];
      const count = head.headers.length;
      const middle = 4 + length + 16 * count * parameters(sizes);
      const start = middle + count * offset;
      const numbers = new Float64Array(joined(bytes.subarray(4 + length, middle), 8).buffer);
      head.headers.forEach((/** @type {any} */ header, /** @type {number} */ place) => Object.assign(header, shaped(numbers, place * 2 * parameters(sizes), sizes)));
      const maps = bytes.subarray(middle, start);
      const surfaces = new Int16Array(joined(bytes.subarray(start), 2).buffer);
      add(maps, maps.length / count);
      add(maps, 1, side);
      add(surfaces, surfaces.length / count);
      add(surfaces, size, size ** 2);
      add(surfaces, 1, size);
      return { ...head, maps, surfaces: new Uint8Array(surfaces.buffer) };
    });
  }

  /** @param {number} at @param {number} step @param {string} sample @param {string} entry */
  async explain(at, step, sample, entry) {
    /** @type {Glass} */
    const glass = await this.once(`glass-${at}`, (bytes) => JSON.parse(new TextDecoder().decode(bytes)));
    const found = glass.find((each) => each.step === step && each.sample === sample);
    if (!found) throw new Refused(t("recorded.glass"));
    return { ...found.answer, entry: found.entries[entry] ?? null };
  }

  /** @param {import("./types.js").Query} query */
  samples(query) {
    return this.run(query).samples.filter(Boolean).map(Number);
  }

  /** @param {import("./types.js").Query} query */
  entries(query) {
    return this.run(query).entries;
  }

  /** @template T @param {string} name @param {(bytes: Uint8Array) => T} read @returns {Promise<T>} */
  once(name, read) {
    let found = this.unpacked.get(name);
    if (!found) this.unpacked.set(name, (found = inflate(this.part(name)).then(read)));
    return found;
  }

  /**
   * The kept step nearest to one; with a direction, the nearest on that side, or the last one there is. With the glass open, of those worked out.
   * @param {import("./types.js").Query} query @param {number} step @param {number} towards @param {boolean} worked
   */
  nearest(query, step, towards, worked) {
    const run = this.run(query);
    const steps = worked && run.worked.length ? run.worked : run.steps;
    const side = steps.filter((each) => (towards > 0 ? each >= step : towards < 0 ? each <= step : true));
    return (side.length ? side : steps).reduce((best, each) => (Math.abs(each - step) < Math.abs(best - step) ? each : best));
  }
}

/** The names and values of a query of which a name fits, in one order. @param {URLSearchParams} query @param {(name: string) => boolean} fits */
function named(query, fits) {
  return String([...query].filter(([name]) => fits(name)).sort());
}

/** The run that a query is about, without the step and what is asked of it. @param {URLSearchParams} query */
function runKey(query) {
  return named(query, (name) => !["step", "sample", "entry"].includes(name));
}

/**
 * The curve up to a frame's step.
 * @param {Frames["losses"]} losses @param {{curve: {stride: number, end: number}, loss: {train: number | null, test: number | null}}} header
 */
function curve(losses, { curve: { stride, end }, loss }) {
  const shown = losses.filter(([step]) => step < end && step % stride === 0);
  return {
    step: [...shown.map(([step]) => step), end],
    train: [...shown.map(([, train]) => train), loss.train],
    test: [...shown.map(([, , test]) => test), loss.test],
  };
}

/**
 * Add to each number the one `size` places before, in turn, within groups of `whole`: the reverse of differences.
 * @param {Uint8Array | Int16Array} numbers @param {number} size @param {number} [whole]
 */
function add(numbers, size, whole = numbers.length) {
  for (let k = size; k < numbers.length; k++) if (k % whole >= size) numbers[k] += numbers[k - size];
}

/** Values whose first bytes stand together, then their second ones, and so on. @param {Uint8Array} planes @param {number} width  bytes of a value */
function joined(planes, width) {
  const bytes = new Uint8Array(planes.length);
  const count = planes.length / width;
  for (let part = 0; part < width; part++) for (let k = 0; k < count; k++) bytes[k * width + part] = planes[part * count + k];
  return bytes;
}

/** Number of weights and biases. @param {number[]} sizes */
function parameters(sizes) {
  return sizes.slice(1).reduce((sum, size, layer) => sum + size * (sizes[layer] + 1), 0);
}

/** Parameters and their gradients as nested lists, layer by layer. @param {Float64Array} numbers @param {number} at @param {number[]} sizes */
function shaped(numbers, at, sizes) {
  const take = (/** @type {number} */ count) => Array.from(numbers.subarray(at, (at += count)), (value) => (Number.isFinite(value) ? value : null));
  const weights = () => sizes.slice(1).map((size, layer) => Array.from({ length: sizes[layer] }, () => take(size)));
  const biases = () => sizes.slice(1).map(take);
  return { W: weights(), b: biases(), dW: weights(), db: biases() };
}

/** One of `count` equal parts. @param {Uint8Array} bytes @param {number} count @param {number} at */
function part(bytes, count, at) {
  const size = bytes.length / count;
  return bytes.subarray(at * size, (at + 1) * size);
}

/** @param {string} text  base64 of deflated bytes */
async function inflate(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const file = globalThis.document?.getElementById("recording")?.textContent;
if (file) use(new Recording({ lang: "", shown: [0], lessons: [], places: [], ...JSON.parse(file) }, (name) => document.getElementById(name)?.textContent ?? ""));
