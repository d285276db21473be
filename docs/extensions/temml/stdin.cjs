// Answers each line of JSON, {latex, display}, with a line of JSON, {mathml} or {error}.
const { readFileSync } = require("node:fs");
const { createInterface } = require("node:readline");
const { join } = require("node:path");

const temml = new Function(`${readFileSync(join(__dirname, "temml.min.js"), "utf8")}; return temml;`)();

createInterface({ input: process.stdin }).on("line", (line) => {
  const { latex, display } = JSON.parse(line);
  let answer;
  try {
    answer = { mathml: temml.renderToString(latex, { displayMode: display, throwOnError: true, strict: false, trust: false }) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
