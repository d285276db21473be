"""Reads printed formulas back: text, LaTeX and MathML of numbers to a Python expression, and runs it."""

import math
import re
from xml.etree import ElementTree

import numpy as np

NAMES = {
    **{name: getattr(np, name) for name in ("exp", "tanh", "sign", "sqrt", "where")},
    "ln": np.log,
    "max": np.maximum,
    "min": np.minimum,
    "abs": abs,
    "inf": math.inf,
    "nan": math.nan,
}


def run(expression, functions):
    """The value of a Python expression that a reader made."""
    with np.errstate(all="ignore"):
        return float(eval(expression, {**NAMES, **functions}))


# --- text ---------------------------------------------------------------------------------------------------------------


def read_text(text):
    """Plain text: a·b^2 / √(c) as Python."""
    text = re.sub(r"… \(\d+ more: (−?[\d.e−-]+)\)", r"(\1)", text)
    text = text.replace("·", "*").replace("−", "-").replace("^", "**").replace("√", "sqrt").replace("≥", ">=")
    text = text.replace("≤", "<=").replace("≠", "!=").replace("[", "float(").replace("]", ")")
    return re.sub(r"\|([^|]*)\|", r"abs(\1)", text)


# --- LaTeX --------------------------------------------------------------------------------------------------------------

_LATEX = re.compile(r"\\\\|\\begin\{cases\}|\\end\{cases\}|\\[a-zA-Z]+|\d+(?:\.\d+)?|[a-zA-Z_]+|\S")
_SIGNS = {r"\cdot": "*", r"\times": "*", r"\le": "<=", r"\ge": ">=", r"\ne": "!=", "=": "=="}


class Latex:
    """A reader of the LaTeX that glassnet prints, token by token."""

    def __init__(self, text):
        names = re.sub(r"\\operatorname\{[^}]*\}", lambda name: name[0].replace(r"\ ", "_"), text)
        self.tokens = _LATEX.findall(names)
        self.place = 0

    def python(self, until=()):
        parts = []
        while self.place < len(self.tokens) and self.tokens[self.place] not in until:
            parts.append(self.part())
        return "".join(parts)

    def part(self):
        token = self.next()
        if token in (r"\left", r"\right", r"\scriptstyle"):
            return self.part()
        if token == r"\frac":
            return f"(({self.group()})/({self.group()}))"
        if token == r"\sqrt":
            return f"sqrt({self.group()})"
        if token == r"\underbrace":
            inside = self.group()
            self.next()  # _
            self.group()
            return f"({inside})"
        if token == r"\phantom":  # digits that align a column
            self.group()
            return ""
        if token == r"\operatorname":
            name = self.group()
            return name + "_slope" if self.peek() == "'" and self.next() else name
        if token == r"\begin{cases}":
            return self.cases()
        if token == "{":
            self.place -= 1
            base = self.group()
            if self.peek() == "^":
                self.next()
                exponent = self.group()
                return f"exp({exponent})" if base == "e" else f"(({base})**({exponent}))"
            return f"({base})" if base else ""
        if token == "^":
            return f"**({self.group()})"
        if token in (r"\lvert", r"\rvert"):
            return "abs(" if token == r"\lvert" else ")"
        if token in ("[", "]"):
            return "float(" if token == "[" else ")"
        return _SIGNS.get(token, {r"\sigma": "sigmoid", r"\infty": "inf"}.get(token, token.removeprefix("\\")))

    def cases(self):
        value = self.python(until=("&",))
        self.expect("&", r"\text")
        self.group()
        condition = self.python(until=(r"\\",))
        self.expect(r"\\")
        other = self.python(until=("&",))
        self.expect("&", r"\text")
        self.group()
        self.expect(r"\end{cases}")
        return f"(({value}) if ({condition}) else ({other}))"

    def group(self):
        self.expect("{")
        inside = self.python(until=("}",))
        self.expect("}")
        return inside

    def expect(self, *tokens):
        for token in tokens:
            found = self.next()
            assert found == token, (found, token)

    def next(self):
        self.place += 1
        return self.tokens[self.place - 1]

    def peek(self):
        return self.tokens[self.place] if self.place < len(self.tokens) else ""


def read_latex(text):
    """LaTeX as Python."""
    return Latex(text).python()


# --- MathML -------------------------------------------------------------------------------------------------------------

_OPERATORS = {"−": "-", "·": "*", "×": "*", "≥": ">=", "≤": "<=", "≠": "!=", "\u2061": "", "[": "float(", "]": ")"}


def read_mathml(text):
    """MathML as Python."""
    return _element(ElementTree.fromstring(f"<math>{text}</math>"))


def _element(element):
    children = [_element(child) for child in element]
    words = (element.text or "").strip()
    if element.tag == "mphantom":  # digits that align a column
        return ""
    if element.tag == "mfrac":
        return f"(({children[0]})/({children[1]}))"
    if element.tag == "msqrt":
        return f"sqrt({''.join(children)})"
    if element.tag == "msup":
        return f"exp({children[1]})" if children[0] == "e" else f"(({children[0]})**({children[1]}))"
    if element.tag == "munder":  # a brace below a number, and what it says
        return children[0]
    if element.tag == "mtable":
        (value, condition), (other, _) = ([_element(cell) for cell in row] for row in element)
        return f"(({value}) if ({condition.removeprefix('if')}) else ({other}))"
    if element.tag == "mo":
        return _OPERATORS.get(words, words)
    if element.tag == "mi":
        return {"σ": "sigmoid"}.get(words, words.replace("′", "_slope").replace(" ", "_"))
    if element.tag == "mtext":
        return words
    if element.tag == "mn":
        return {"∞": "inf"}.get(words, words)
    if children and children[0] == "|":
        return f"abs({''.join(children[1:-1])})"
    if children and children[0] == "{":
        return f"({children[1]})"
    return "".join(children)
