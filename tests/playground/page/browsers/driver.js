/** Drives the page in Chromium or Firefox (GLASSNET_BROWSER), against a server of its own or one far away. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer, connect } from "node:net";
import { after, afterEach, before } from "node:test";
import puppeteer from "puppeteer-core";

const NAME = process.env.GLASSNET_BROWSER ?? "firefox";
const PATIENCE = 60_000;

export const pause = (/** @type {number} */ milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** A server of the playground on a port of its own; after `kill` a second `start` is a restart. */
class Server {
  port = 0;
  /** @type {import("node:child_process").ChildProcess | null} */
  process = null;

  get address() {
    return `http://localhost:${this.port}`;
  }

  async start() {
    const command = ["-m", "glassnet", "play", "--no-browser", "--port", String(this.port)];
    const started = spawn(process.env.GLASSNET_PYTHON ?? "python3", command, { env: { ...process.env, OMP_NUM_THREADS: "1" } });
    this.process = started;
    let told = "";
    started.stderr.on("data", (text) => (told += text));
    await new Promise((resolve, reject) => {
      started.stdout.once("data", (text) => {
        this.port = Number(/localhost:(\d+)/.exec(String(text))?.[1]);
        resolve(null);
      });
      started.once("exit", () => reject(new Error(told)));
    });
    return this.address;
  }

  async kill() {
    const { process } = this;
    this.process = null;
    if (!process) return;
    await new Promise((done) => (process.once("exit", done), process.kill("SIGKILL")));
  }

  /** The header of a frame, asked for without the page. @param {string} query @param {number} step */
  async header(query, step) {
    const answer = await fetch(`${this.address}/frame?${[query, `step=${step}`].filter(Boolean).join("&")}`);
    const content = await answer.arrayBuffer();
    const length = new DataView(content).getUint32(0, true);
    return JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, length)));
  }
}

/** A way to the server on which every byte takes half of `latency` milliseconds. @param {number} port @param {number} latency */
export async function faraway(port, latency) {
  const open = new Set();
  const late = (/** @type {import("node:net").Socket} */ from, /** @type {import("node:net").Socket} */ to) => {
    from.on("data", (bytes) => setTimeout(() => to.writable && to.write(bytes), latency / 2));
    from.on("close", () => setTimeout(() => to.destroy(), latency / 2));
    from.on("error", () => to.destroy());
    open.add(from);
  };
  const way = createServer((near) => {
    const far = connect(port, "localhost");
    late(near, far);
    late(far, near);
  });
  await new Promise((done) => way.listen(0, "127.0.0.1", () => done(null)));
  return {
    address: `http://localhost:${/** @type {import("node:net").AddressInfo} */ (way.address()).port}`,
    close: () => (open.forEach((socket) => socket.destroy()), way.close()),
  };
}

// counts the page's requests by kind: all of them, and how many are under way at once, also of all kinds; a cancelled one is over
const COUNT = () => {
  /** @type {any} */
  const traffic = { now: {}, most: {}, all: {}, together: 0 };
  const { fetch } = window;
  /** @type {any} */ (window).traffic = traffic;
  window.fetch = async (address, options) => {
    const kind = String(address).split("?")[0].split("/").pop() ?? "";
    traffic.now[kind] = (traffic.now[kind] ?? 0) + 1;
    traffic.all[kind] = (traffic.all[kind] ?? 0) + 1;
    traffic.most[kind] = Math.max(traffic.most[kind] ?? 0, traffic.now[kind]);
    const now = /** @type {number[]} */ (Object.values(traffic.now)).reduce((sum, each) => sum + each, 0);
    traffic.together = Math.max(traffic.together, now);
    try {
      const answer = await fetch(address, options);
      const bytes = await answer.arrayBuffer(); // under way until it is whole
      return new Response(bytes, answer);
    } finally {
      traffic.now[kind] -= 1;
    }
  };
};

/** The page in a tab, as a test drives it. */
export class Play {
  /** @type {string[]} */
  problems = [];

  /** @param {import("puppeteer-core").Page} page @param {Server} server @param {string} address */
  constructor(page, server, address = server.address) {
    this.page = page;
    this.server = server;
    this.address = address;
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", (error) => this.problems.push(`error: ${error}`));
    page.on("console", (told) => ["error", "assert"].includes(told.type()) && this.problems.push(`console: ${told.text()}`));
    page.on("request", (request) => request.url().startsWith("http") && !request.url().startsWith(this.address) && this.problems.push(request.url()));
  }

  /** Open the page and wait for its first picture. */
  async open(query = "") {
    await this.page.evaluateOnNewDocument(COUNT);
    await this.page.goto(`${this.address}/${query}`);
    return this.settled();
  }

  /** The value of an expression over the page's store, player and trail, as JSON has it. @param {string} expression */
  async value(expression) {
    const module = 'import(new URL("static/app/page.js", document.baseURI).href)';
    const text = await this.page.evaluate(`${module}.then(async ({ store, player, trail }) => JSON.stringify((await (${expression})) ?? null))`);
    return JSON.parse(String(text));
  }

  /** Wait until an expression over the page's state is true. @param {string} condition */
  async until(condition) {
    for (const end = Date.now() + PATIENCE; ; await pause(20)) {
      if (await this.value(`Boolean(${condition})`).catch(() => false)) return; // while the page is being loaded there is none
      if (Date.now() > end) assert.fail(`it did not come about: ${condition}; ${await this.value("store.address")}`);
    }
  }

  /** Wait until the numbers shown are those of the state. */
  async settled() {
    await this.until("!store._busy && !store.playing && store.runs.every((run) => run.error || run.frame?.header.step === store.step)");
    await this.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    return this;
  }

  /** Compare all that the page shows with the server's own numbers: nothing is stale, nothing went wrong. */
  async isTrue() {
    await this.settled();
    const { step, queries, headers, errors } = await this.value(`({
      step: store.step, queries: store.runs.map((run) => Object.entries(run.query)),
      headers: store.runs.map((run) => run.frame.header), errors: store.runs.map((run) => run.error) })`);
    assert.deepEqual(errors, errors.map(() => null));
    for (const [k, entries] of queries.entries()) {
      const query = String(new URLSearchParams(entries.filter((/** @type {string[]} */ [name, value]) => value !== "" || name === "hidden")));
      const found = await this.server.header(query, step);
      assert.deepEqual({ W: headers[k].W, b: headers[k].b, dW: headers[k].dW, loss: headers[k].loss }, { W: found.W, b: found.b, dW: found.dW, loss: found.loss });
    }
    await this.until(`(() => {
      const text = (selector) => document.querySelector(selector)?.textContent ?? "";
      const { step, address, run, view } = store;
      const number = (shown) => Number(shown.replace("−", "-").replace("e−", "e-"));
      const loss = number(document.querySelector(".score dd .num, .score dd span:last-child")?.textContent ?? "");
      return text(".step b").replace(/\\D/g, "") === String(step)
        && Math.abs(loss - run.frame.header.loss.train) <= 1e-3 * Math.abs(loss)
        && location.search === (address || "")
        && (!view.glass || (store.worked && JSON.stringify(symbol("W1")) === JSON.stringify(run.frame.header.W[0])));
      function symbol(name) {
        const { given, steps } = store.worked.derivation;
        return given.concat(steps).find((each) => each.symbol === name).value;
      }
    })()`);
    assert.deepEqual(this.problems, []);
  }

  /** Click a button by its accessible name. @param {string} name */
  async press(name) {
    const button = await this.page.waitForSelector(`::-p-aria([name="${name}"][role="button"])`, { visible: true });
    await button?.click();
  }

  /** Give a field a value, as a hand does. @param {string} selector @param {string} value */
  async set(selector, value) {
    await this.page.$eval(
      selector,
      (/** @type {any} */ field, value) => {
        field.focus();
        if (field.type === "checkbox") return field.click();
        field.value = value;
        for (const told of ["input", "change"]) field.dispatchEvent(new Event(told, { bubbles: true }));
        field.blur();
      },
      value,
    );
    await this.settled();
  }

  /** Drag along an element, from and to shares of its width, with rests of some milliseconds. @param {string} selector @param {number[]} shares */
  async drag(selector, shares, rest = 0) {
    const box = await (await this.page.$(selector))?.boundingBox();
    assert(box, selector);
    const at = (/** @type {number} */ share) => /** @type {const} */ ([box.x + share * box.width, box.y + box.height / 2]);
    const { mouse } = this.page;
    await mouse.move(...at(shares[0]));
    await mouse.down();
    for (const share of shares.slice(1)) {
      await mouse.move(...at(share));
      if (rest) await pause(rest);
    }
    await mouse.up();
  }

  /** Press a key with control. @param {string} key */
  async control(key, shift = false) {
    const { keyboard } = this.page;
    await keyboard.down("Control");
    if (shift) await keyboard.down("Shift");
    await keyboard.press(/** @type {any} */ (key));
    if (shift) await keyboard.up("Shift");
    await keyboard.up("Control");
    await this.settled();
  }

  /** The runs, the step and the numbers of the picture. */
  async state() {
    await this.settled();
    return this.value("[store.runs.map((run) => run.query), store.step, store.runs.map((run) => run.frame.header.W)]");
  }
}

/** A browser and a server for the tests of a file; what goes wrong in a tab fails its test. */
export function bench() {
  const server = new Server();
  /** @type {import("puppeteer-core").Browser} */
  let browser;
  /** @type {Play[]} */
  let opened = [];
  before(async () => {
    await server.start();
    browser = await puppeteer.launch({
      browser: NAME === "firefox" ? "firefox" : "chrome",
      executablePath: process.env.GLASSNET_BROWSER_PATH ?? `/usr/bin/${NAME}`,
      args: NAME === "firefox" ? [] : ["--no-sandbox"],
      defaultViewport: { width: 1366, height: 768 },
    });
  });
  afterEach(async () => {
    if (!server.process) await server.start(); // the test that killed it has failed
    for (const play of opened) await play.page.close();
    opened = [];
  });
  after(async () => {
    await browser?.close();
    await server.kill();
  });
  return {
    server,
    /** A fresh tab. @param {string} [address] */
    tab: async (address) => {
      const play = new Play(await browser.newPage(), server, address);
      opened.push(play);
      return play;
    },
  };
}
