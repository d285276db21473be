/** The page's words in the reader's language: `t` looks a text up by its name and fills values in. */

/** @typedef {typeof import("../texts/en.js").EN} English */
/** @typedef {keyof English["texts"]} Text  the name of a text */
/** @typedef {keyof English["names"]} Group */
/** @typedef {string | ({other: string} & Record<string, string>)} Wording  a text, or one for each form of the plural: "one", "other", … or a number */
/** @typedef {{lang: string, decimal: string, texts: Record<Text, Wording>, names: Record<Group, Record<string, string>>}} Language */

/** The languages that the page has: what each calls itself, and how its texts are loaded. @type {Record<string, {called: string, load: () => Promise<Language>}>} */
export const LANGUAGES = {
  en: { called: "English", load: async () => (await import("../texts/en.js")).EN },
  de: { called: "Deutsch", load: async () => (await import("../texts/de.js")).DE },
};

/** The language to speak: the one given if the page has it, else the first that the reader's browser wants and the page has. @param {string | null} given */
export function chosen(given) {
  const wanted = [given ?? "", ...(globalThis.navigator?.languages ?? [])].map((each) => each.slice(0, 2).toLowerCase());
  return wanted.find((each) => Object.hasOwn(LANGUAGES, each)) ?? "en";
}

const { search = "", hash = "" } = globalThis.location ?? {};
let spoken = await LANGUAGES[chosen(new URLSearchParams(search || hash.slice(1)).get("lang"))].load();

/** The language of the page: "en". */
export const lang = () => spoken.lang;

/** The name and value that ask the server for answers in this language; none for English. @returns {Record<string, string>} */
export const inLanguage = () => (spoken.lang === "en" ? {} : { lang: spoken.lang });

/** Speak a language from now on. @param {string} name */
export async function speak(name) {
  if (name !== spoken.lang) spoken = await LANGUAGES[name].load();
  document.documentElement.lang = spoken.lang;
}

/**
 * A text with values for its {names}; the value `n` decides the plural.
 * @param {Text} name @param {Record<string, string | number>} [values]
 */
export function t(name, values = {}) {
  return wording(name, values.n).replace(/\{(\w+)\}/g, (_, key) => decimal(values[key]));
}

/** A text before its values are filled in. @param {Text} name @param {unknown} [n] */
export function wording(name, n) {
  const text = spoken.texts[name];
  if (typeof text === "string") return text;
  return text[String(n)] ?? text[new Intl.PluralRules(spoken.lang).select(Number(n))] ?? text.other;
}

/** The page's word for a name that the server gives; the name itself, as words, if there is none. @param {Group} group @param {string} name */
export function named(group, name) {
  return spoken.names[group][name] ?? name.replaceAll("_", " ");
}

/** What a line of a worked step is, in the page's words; null if it has none for it. @param {string} what */
export function whatIs(what) {
  if (spoken.lang === "en") return what;
  /** @type {string[]} */
  const parts = [];
  const pattern = what.replace(/\d+|(?<=\()\w+(?=\))|(?<=optimizer's )\w+/g, (part) => (parts.push(part), "#"));
  const found = spoken.names.what[pattern];
  return found ? found.replace(/#/g, () => named("loss", parts.shift() ?? "")) : null;
}

/** Texts that a server or the library gave, which speak English. @type {Set<string>} */
const english = new Set();

/** Remember that a text is English, whatever the page speaks. @param {string} text */
export function inEnglish(text) {
  english.add(text);
  return text;
}

/** True if a text is English and the page speaks another language. @param {string} text */
export const foreign = (text) => spoken.lang !== "en" && english.has(text);

/** The options of a list, each with the page's word for it. @param {Group} group @param {string[]} names @returns {[string, string][]} */
export function listed(group, names) {
  return names.map((name) => [name, named(group, name)]);
}

/** A number's text with the language's decimal sign; other text as it is. @param {string | number | undefined} value */
export function decimal(value) {
  const text = String(value);
  return typeof value === "number" || /^[-−+\u2007]?\d+\.\d+(e|$)/.test(text) ? text.replace(".", spoken.decimal) : text;
}
