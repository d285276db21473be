/** The reader's answers: kept while the page is open, saved as a file to hand in, and sent to a server that collects them. */

import { Unreachable, offers, source } from "./source.js";

/** @typedef {{query: string, question: string, about: string, answer: string, right: boolean, expected: string, mistake: string, sent: string}} Answer */

const COLUMNS = ["time", "name", "question", "about", "answer", "right", "expected", "mistake", "run"];

/** @type {(Answer & {time: string})[]} */
const given = [];
/** How many were sent. */
let sent = 0;
let sending = false;

/** What the reader is called; nothing checks it. */
export let name = "";

/** @param {string} called */
export function call(called) {
  name = called.trim();
}

/** True if the server takes answers down. */
export const collected = offers("answers");

/** How many answers were given, and how many are right. */
export function count() {
  return { all: given.length, right: given.filter((each) => each.right).length };
}

/**
 * Keep an answer, and send it with those that the server has missed.
 * @param {Answer} answer  `query` asks the question again; `sent` is what the server is to grade
 */
export async function keep(answer) {
  given.push({ ...answer, time: new Date().toISOString().replace(/\.\d+Z/, "+00:00") });
  if (!collected || sending) return;
  sending = true;
  for (; sent < given.length; sent += 1) {
    const { query, sent: value } = given[sent];
    try {
      await source.get(`answers?${query}`, { method: "POST", body: JSON.stringify({ name, answer: value }) });
    } catch (error) {
      if (error instanceof Unreachable) break; // the next answer tries again
    }
  }
  sending = false;
}

/** All answers as the text of a CSV file, as the server writes them. */
export function table() {
  const rows = given.map(({ time, question, about, answer, right, expected, mistake, query }) => [time, plain(name), question, about, answer, right ? "yes" : "no", expected, mistake, query]);
  return `\ufeff${[COLUMNS, ...rows].map((row) => row.map(cell).join(",")).join("\n")}\n`;
}

/** Text that no spreadsheet takes for a formula. @param {string} text */
function plain(text) {
  return /^[=+\-@]/.test(text) ? `'${text}` : text;
}

/** @param {string} text */
function cell(text) {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
