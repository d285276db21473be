/** Opens a chapter in Firefox: its exercises mark answers, its recording is scrubbed. Told by test_site.py in the environment. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

const { default: puppeteer } = await import(createRequire(process.env.GLASSNET_NODE_MODULES).resolve("puppeteer-core"));
const { address, exercises } = JSON.parse(process.env.GLASSNET_TOLD);
const PATIENCE = { timeout: 60_000 };

/** Ask again until it is so. @param {() => Promise<boolean>} ask */
async function until(ask) {
  for (const end = Date.now() + PATIENCE.timeout; Date.now() < end; ) {
    if (await ask().catch(() => false)) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  assert.fail(`not so after ${PATIENCE.timeout} ms: ${ask}`);
}

test("a chapter in Firefox", async () => {
  const browser = await puppeteer.launch({ browser: "firefox", executablePath: process.env.GLASSNET_BROWSER_PATH, args: [] });
  try {
    const page = await browser.newPage();
    /** @type {string[]} */
    const problems = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(address, { waitUntil: "load", ...PATIENCE });
    for (const { name, right, wrong } of exercises) {
      for (const [values, said] of [...wrong, [right, "Right."]]) {
        await page.evaluate(
          (id, typed) => {
            const box = document.getElementById(id);
            box.querySelectorAll("input").forEach((field, k) => (field.value = String(typed[k])));
            box.querySelector("button").click();
          },
          `exercise-${name}`,
          values,
        );
        assert.equal(await page.$eval(`#exercise-${name} .gn-verdict`, (verdict) => verdict.textContent), said, name);
      }
    }
    const frame = await page.$(".gn-recording iframe");
    await frame.scrollIntoView();
    await until(async () => !!(await (await frame.contentFrame()).$("time-line input[type=range]")));
    const inside = await frame.contentFrame();
    const step = async () => Number((await inside.$eval("time-line", (line) => line.textContent)).match(/step\s*(\d+)/)[1]);
    const start = await step();
    await inside.$eval("time-line input[type=range]", (slider) => {
      slider.value = slider.max;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    });
    await until(async () => (await step()) > start);
    const drawn = await inside.$eval("decision-surface canvas", (canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return new Set(data).size;
    });
    assert.ok(drawn > 10, `${drawn} values in the picture`);
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
});
