"""Reads derivations in LaTeX and Markdown, and the lines of those in JSON."""

import json
import re

from tests.explain.read_back.text import text_equation
from tests.explain.read_back.tokens import equation

_LATEX = re.compile(r"\\(?:begin|end)\{\w+\}|\\[a-zA-Z]+|\\\\|\\.|\d+(?:\.\d+)?|[A-Za-z]|.", re.DOTALL)
_LATEX_SIGNS = {
    r"\cdot": "*",
    r"\odot": "*",
    r"\oslash": "/",
    r"\times": "*",
    r"\,": "@",
    r"\le": "<=",
    r"\ge": ">=",
    r"\ne": "!=",
    r"\approx": "≈",
    r"\top": "T",
}
_FUNCTIONS = {r"\ln": "ln", r"\exp": "exp", r"\tanh": "tanh", r"\max": "max", r"\min": "min", r"\sigma": "sigmoid"}


class LatexReader:
    """Reads the LaTeX of formulas whose names print as `symbols` says."""

    def __init__(self, symbols):
        self.patterns = []
        for printed, names in symbols.latex.items():
            before, _, after = printed.partition("¤")
            index = r"((?:\d+|[ijk])(?:,(?:\d+|[ijk]))*)" if "¤" in printed else "()"
            self.patterns.append((re.compile(re.escape(before) + index + re.escape(after)), names, "¤" in printed))
        self.patterns.sort(key=lambda each: (-each[2], -len(each[0].pattern)))

    def tokens(self, text):
        text = re.sub(r"\\phantom\{[^}]*\}|\\scriptstyle ", "", text)
        text = text.replace(r"\left[\begin{smallmatrix}", r"\begin{bmatrix}").replace(
            r"\end{smallmatrix}\right]", r"\end{bmatrix}"
        )
        out, place = [], 0
        while place < len(text):
            place = self.step(text, place, out)
        return out

    def step(self, text, place, out):
        """Read one token at `place`; return the place after it."""
        if text[place].isspace():
            return place + 1
        if not text.startswith((r"\begin", r"\left", r"\right", r"\frac", r"\text"), place) or text.startswith(
            r"\text{", place
        ):
            for pattern, names, indexed in self.patterns:
                match = pattern.match(text, place)
                if match and (
                    match.end() == len(text) or not text[match.end()].isalpha() or not text[match.end() - 1].isalpha()
                ):
                    index = tuple(int(k) if k.isdigit() else k for k in match[1].split(",")) if indexed else ()
                    out.append(("entry", names, index) if indexed else ("name", names))
                    return match.end()
        token = _LATEX.match(text, place)[0]
        end = place + len(token)
        if token == r"\text":
            inside, end = _group(text, end)
            out += ["since"] * (inside == "since ")
        elif token == r"\frac":
            above, end = _group(text, end)
            below, end = _group(text, end)
            out += ["(", "(", *self.tokens(above), ")", "/", "(", *self.tokens(below), ")", ")"]
        elif token == r"\sqrt":
            inside, end = _group(text, end)
            out += [("name", ("sqrt",)), "(", *self.tokens(inside), ")"]
        elif token == r"\underbrace":
            inside, end = _group(text, end)
            _, end = _group(text, end + 1)
            out += ["(", *self.tokens(inside), ")"]
        elif token == r"\operatorname":
            inside, end = _group(text, end)
            out.append(("name", (inside.replace(r"\ ", "_").replace(r"\_", "_"),)))
        elif token == r"\begin{bmatrix}" or token == r"\begin{cases}":
            close = token.replace("begin", "end")
            stop = text.index(close, end)
            rows = [row.split("&") for row in re.split(r"\\\\ ", text[end:stop])]
            end = stop + len(close)
            if token == r"\begin{cases}":
                (value, test), (other, _) = rows
                test = test.replace(r"\text{if }", "")
                out.append(("cases", self.tokens(value), self.tokens(test), self.tokens(other)))
            else:
                out.append(("matrix", [[self.cell(cell) for cell in row] for row in rows]))
        elif token == "{":
            inside, end = _group(text, place)
            out += ["e"] if inside == "e" else ["(", *self.tokens(inside), ")"] if inside else []
        elif token == "^":
            inside, end = _group(text, end)
            inside = inside.replace(r"\circ", "")
            if inside == r"\top":
                out.append("T")
            elif out and out[-1] == "e":
                out[-1:] = [("name", ("exp",)), "(", *self.tokens(inside), ")"]
            else:
                out += ["**", "(", *self.tokens(inside), ")"]
        elif token == r"\sum" or (token == r"\max" and text.startswith("_", end)):
            letters = []
            if text.startswith("_", end):
                inside, end = _group(text, end + 1)
                letters = inside.split(",")
            out.append(("over", token[1:], letters))
        elif token in _FUNCTIONS:
            prime = text.startswith("'", end)
            out.append(("name", (("d_" if prime else "") + _FUNCTIONS[token],)))
            end += prime
        elif token == r"\lvert":
            out += [("name", ("abs",)), "("]
        elif token == r"\rvert":
            out.append(")")
        elif token == r"\infty":
            out.append(("number", float("inf")))
        elif token == "'":
            name = out.pop()
            out.append(("name", ("d_" + name[1][0],)))
        elif token[0].isdigit():
            out.append(("number", float(token)))
        elif token not in (r"\left", r"\right", r"\quad", r"\ ", r"\cdots") and not token.startswith(r"\mathrm"):
            out.append(_LATEX_SIGNS.get(token, token))
        elif token == r"\cdots":
            out.append("…")
        return end

    def cell(self, text):
        return ["…"] if text.strip() in (r"\cdots", r"\vdots") else self.tokens(text)

    def rows(self, step, text):
        """The equations of the aligned formulas in a text."""
        displays = re.findall(r"\\begin\{aligned\}\n(.*?)\n\\end\{aligned\}", text, re.DOTALL)
        found, left, right = [], None, ""
        for row in [*(row for display in displays for row in display.split(" \\\\\n")), "end &="]:
            start, _, rest = row.partition("&")
            if start.strip():
                if left is not None:
                    found.append(equation(step, self.tokens(left), self.tokens(right)))
                left, right = start.replace(r"\text{in code: }", ""), rest
            else:  # which goes on
                right += " " + rest.replace(r"\quad {}", "")
        return found


def _group(text, place):
    """The inside of the braces at `place`, and the place after them."""
    while text[place].isspace():
        place += 1
    assert text[place] == "{", text[place : place + 40]
    depth, end = 0, place
    while True:
        depth += (text[end] == "{") - (text[end] == "}")
        end += 1
        if depth == 0:
            return text[place + 1 : end - 1], end


def latex_equations(text, symbols):
    """The equations of a derivation in LaTeX or Markdown."""
    reader, found = LatexReader(symbols), []
    headed = re.split(r"\\(?:textbf|paragraph)\{\$|^\*\*`(?=\w+`\*\*)|\\(?:sub)?section\*", text, flags=re.MULTILINE)
    for part in headed:
        found += reader.rows(
            symbols.heading(part), re.sub(r"where\s+(\\\[|\$\$).*?(\\\]|\$\$)", "", part, flags=re.DOTALL)
        )
    return found


def json_equations(text, symbols):
    """The lines of a derivation in JSON: as text, and the LaTeX of their numbers and conditions."""
    reader, found = LatexReader(symbols), []
    for step in json.loads(text)["steps"]:
        entries = [line for entry in step["entries"] for line in (entry, entry["in_code"]) if line is not None]
        for line in entries:
            found.append(text_equation(step["symbol"], f"    {line['text']}"))
            right = ["=", *(reader.tokens(line["numbers"]) if line["numbers"] else [("number", line["value"])])]
            conditions = [token for each in line["conditions"] for token in (",", *reader.tokens(each))]
            found.append(
                equation(
                    step["symbol"],
                    found[-1].left,
                    [*right, *(["since", *conditions[1:]] if conditions else [])],
                    exact=True,
                )
            )
    return found
