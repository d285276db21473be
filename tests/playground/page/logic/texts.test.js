/** The page's words: every language has every text with the same values to fill in, and says plurals and numbers its way. */

import assert from "node:assert/strict";
import test from "node:test";

const app = new URL("../../../../src/glassnet/playground/static/app/", import.meta.url);
globalThis.document = { documentElement: {}, querySelector: () => null, getElementById: () => null };
const { LANGUAGES, chosen, decimal, foreign, inEnglish, named, speak, t, whatIs } = await import(new URL("texts.js", app));
const { full, parsed, short, signed } = await import(new URL("numbers.js", app));

const languages = await Promise.all(Object.values(LANGUAGES).map(({ load }) => load()));
const [english, ...others] = languages;
const forms = (text) => (typeof text === "string" ? [text] : Object.values(text));
const values = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
const marks = (text) => [text.split("**").length, text.split("`").length];

test("every language has every text and every name, and no other", () => {
  for (const { lang, texts, names } of others) {
    assert.deepEqual(Object.keys(texts), Object.keys(english.texts), lang);
    for (const group of Object.keys(english.names))
      if (group !== "what") assert.deepEqual(Object.keys(names[group]), Object.keys(english.names[group]), `${lang}: ${group}`);
    for (const [name, text] of [...Object.entries(texts), ...Object.values(names).flatMap(Object.entries)])
      if (name !== "page.foreign") assert.ok(forms(text).every((form) => form.trim()), `${lang}: ${name}`);
  }
});

test("a text has the same values and marks in every language", () => {
  for (const { lang, texts } of others)
    for (const [name, text] of Object.entries(texts)) {
      const [own, first] = [forms(text), forms(english.texts[name])];
      assert.deepEqual(values(own.at(-1)), values(first.at(-1)), `${lang}: ${name}`);
      assert.deepEqual(own.map(marks), own.map(() => marks(first.at(-1))), `${lang}: ${name}`);
      for (const form of own) for (const value of values(form)) assert.ok(values(first.at(-1)).includes(value), `${lang}: ${name}`);
    }
});

test("plurals and numbers", async () => {
  await speak("en");
  assert.equal(t("setup.parameters", { n: 1 }), "1 parameter");
  assert.equal(t("first.kinds", { n: 2 }), "to tell two kinds of points apart");
  assert.deepEqual([short(0.4125), signed(-2.5), decimal("0.5")], ["0.4125", "−2.500", "0.5"]);
  await speak("de");
  assert.equal(document.documentElement.lang, "de");
  assert.equal(t("notice.dropped", { n: 1 }), "Die Änderung von Hand ging mit dem alten Netz verloren.");
  assert.equal(t("notice.dropped", { n: 3 }), "3 Änderungen von Hand gingen mit dem alten Netz verloren.");
  assert.equal(t("said.training", { loss: "0.2532" }), "Verlust 0,2532 auf den Trainingspunkten");
  assert.deepEqual([short(0), short(1.5e-7), signed(-2.5), full(0.1)], ["0,000", "1,500e−7", "−2,500", "0,1"]);
  assert.deepEqual([parsed("−0,25"), parsed("0.25")], [-0.25, 0.25]);
  assert.equal(decimal("model.json"), "model.json");
});

test("names that the server gives, and lines of a worked step", () => {
  assert.equal(named("optimizer", "sgd"), "Gradientenabstieg");
  assert.equal(named("loss", "some_loss"), "some loss");
  assert.equal(whatIs("the weights of layer 2"), "die Gewichte der Schicht 2");
  assert.equal(whatIs("the loss (binary_cross_entropy) of each output"), "der Verlust (binäre Kreuzentropie) je Ausgabe");
  assert.equal(whatIs("the optimizer's beta1"), "beta1 des Verfahrens");
  assert.equal(whatIs("something new"), null);
  assert.ok(foreign(inEnglish("n: expected a whole number")));
  assert.ok(!foreign("n: etwas anderes"));
});

test("the language is the one given, else the browser's, else English", () => {
  assert.equal(chosen("de"), "de");
  assert.equal(chosen("en"), "en");
  for (const [wanted, found] of [[["de-AT", "en"], "de"], [["fr", "de"], "de"], [["en-GB", "de"], "en"], [["fr"], "en"], [["constructor"], "en"]]) {
    Object.defineProperty(globalThis, "navigator", { value: { languages: wanted }, configurable: true });
    assert.equal(chosen(""), found);
    assert.equal(chosen("fr"), found);
  }
});
