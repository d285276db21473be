/** Prints text that a reader sees and that stands in a component or a painter instead of in texts/: file, line and text. */

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = new URL("../../../../src/glassnet/playground/static/", import.meta.url);
const WORD = /\p{L}{2,}/u;
const WORDS = /\p{L}{2,}[,:;]? \p{L}{2,}/u;
const SEEN = /\b(title|aria-label|aria-valuetext|aria-description|alt|placeholder|label)="[^"]*\p{L}/u;
const BRAND = /^\s*glassnet\s*$/;
const STYLES = /^num (right|wrong|neg|pos)$|^key run-|^\.[a-z]|system-ui, sans-serif/; // classes, selectors and a font
const HOLE = "\u0000";

const files = process.argv[2] ? [process.argv[2]] : ["components", "painters"].flatMap((folder) => readdirSync(new URL(folder, root)).map((name) => fileURLToPath(new URL(`${folder}/${name}`, root))));
const found = files.flatMap((file) => literals(file, readFileSync(file, "utf8")));
for (const each of found) console.log(each);

function literals(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const told = [];
  const tell = (node, what) => told.push(`${file.split("/").at(-1)}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what.trim()}`);
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isTaggedTemplateExpression(node)) template(node, tell);
    else if (ts.isStringLiteralLike(node) && !ts.isTaggedTemplateExpression(node.parent) && WORDS.test(node.text) && !STYLES.test(node.text)) tell(node, node.text);
    else if (ts.isTemplateExpression(node) && !ts.isTaggedTemplateExpression(node.parent)) {
      const parts = [node.head, ...node.templateSpans.map(({ literal }) => literal)].map((part) => part.text).join(HOLE);
      if (WORDS.test(parts) && !STYLES.test(parts)) tell(node, parts);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return told;
}

/** The text and the attributes of a template, and words that stand in its expressions as they are. */
function template({ template }, tell) {
  const spans = ts.isTemplateExpression(template) ? template.templateSpans : [];
  const parts = [ts.isTemplateExpression(template) ? template.head.text : template.text, ...spans.map(({ literal }) => literal.text)];
  const whole = parts.join(HOLE);
  for (const text of whole.replace(/<[^<>]*>/g, HOLE).split(HOLE)) if (WORD.test(text) && !BRAND.test(text)) tell(template, text);
  for (const tag of whole.match(/<[^<>]*>/g) ?? []) if (SEEN.test(tag)) tell(template, tag);
  let before = "";
  spans.forEach(({ expression }, index) => {
    before += parts[index];
    const inText = before.lastIndexOf(">") >= before.lastIndexOf("<");
    const attribute = /\b(title|aria-label|aria-valuetext|alt)=$/.test(before);
    if (inText || attribute) for (const word of bare(expression)) tell(word, word.text);
  });
}

/** String literals that an expression may be: not those within a call, a comparison or a template of its own. */
function bare(node) {
  if (ts.isStringLiteralLike(node)) return WORD.test(node.text) ? [node] : [];
  if (ts.isConditionalExpression(node)) return [...bare(node.whenTrue), ...bare(node.whenFalse)];
  if (ts.isBinaryExpression(node) && /^[|&?]/.test(node.operatorToken.getText())) return [...bare(node.left), ...bare(node.right)];
  if (ts.isBinaryExpression(node) && node.operatorToken.getText() === "+") return [...bare(node.left), ...bare(node.right)];
  if (ts.isParenthesizedExpression(node)) return bare(node.expression);
  return [];
}
