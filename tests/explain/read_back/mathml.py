"""Reads derivations in HTML with MathML."""

import re
from html import unescape
from xml.etree import ElementTree

from tests.explain.read_back.tokens import SIGNS, equation


class MathMLReader:
    """Reads MathML elements whose names print as `symbols` says."""

    def __init__(self, symbols):
        self.names = {}
        for printed, names in symbols.mathml.items():
            self.names[_key(ElementTree.fromstring(f"<math>{printed}</math>")[0])[0]] = names

    def tokens(self, elements):
        out, elements = [], list(elements)
        while elements:
            element = elements.pop(0)
            if element.tag == "mi" and element.text == "d" and elements:  # a row that was opened to be broken
                whole = ElementTree.Element("mrow")
                whole.extend([element, elements[0]])
                exact, bare, _ = _key(whole)
                if exact in self.names or bare in self.names:
                    element = whole
                    del elements[0]
            self.element(element, out)
        return out

    def element(self, element, out):
        tag, words = element.tag, (element.text or "").strip()
        if tag == "mphantom":
            return
        if tag in ("mi", "msub", "msup", "msubsup", "mrow", "mover"):
            exact, bare, index = _key(element)
            if exact in self.names or bare in self.names:
                found = ("name", self.names[exact]) if exact in self.names else ("entry", self.names[bare], index)
                out.append(found)
                return
        children = list(element)
        if tag == "mn":
            out.append(("number", float("inf") if words == "∞" else float(words)))
        elif tag == "mo":
            if words == "|":
                out += [("name", ("abs",)), "("] if element.get("form") == "prefix" else [")"]
            elif words not in ("", "\u2061"):
                out.append(SIGNS.get(words, words))
        elif tag == "mfrac":
            out += ["(", "(", *self.tokens([children[0]]), ")", "/", "(", *self.tokens([children[1]]), ")", ")"]
        elif tag == "msqrt":
            out += [("name", ("sqrt",)), "(", *self.tokens(children), ")"]
        elif tag == "msup":
            base, exponent = children
            inside = self.tokens([exponent])
            if "".join(base.itertext()) == "e":
                out += [("name", ("exp",)), "(", *inside, ")"]
            elif inside == ["T"]:
                out += [*self.tokens([base]), "T"]
            else:
                inside = inside[1:] if inside[0] == "∘" else inside
                out += ["(", *self.tokens([base]), ")", "**", "(", *inside, ")"]
        elif tag == "munder":
            if children[0].tag == "munder":  # a brace below the terms not shown
                out += ["(", *self.tokens([children[0][0]]), ")"]
            else:
                letters = "".join(children[1].itertext()).split(",")
                out.append(("over", {"∑": "sum", "max": "max"}["".join(children[0].itertext())], letters))
        elif tag == "mtable":
            rows = [[list(cell) for cell in row] for row in element]
            if out and out[-1] == "{":
                (value, test), (other, _) = rows
                out[-1] = ("cases", self.tokens(value), self.tokens(test[1:]), self.tokens(other))
            else:
                assert out.pop() == "["
                out += [("matrix", [[self.tokens(cell) for cell in row] for row in rows]), "]matrix"]
        elif tag == "mtext":
            word = words.replace("\xa0", " ").strip()
            out += ["since"] if word == "since" else [word] if word == "undefined" else []
        elif tag == "mi":
            name = {"σ": "sigmoid", "σ′": "d_sigmoid"}.get(words, words)
            name = ("d_" + name[:-1] if name.endswith("′") else name).replace(" ", "_")
            out.append(("name", (name,)))
        else:
            out += self.tokens(children)
        if len(out) > 1 and out[-1] == "]" and out[-2] == "]matrix":
            del out[-2:]

    def equations(self, element, step):
        """The equations of the rows of a page's element."""
        found = []
        for whole in element.iter("div"):
            if whole.get("class") != "equations":
                continue
            left, right = None, []
            for cell in whole:
                content = [part for math in cell.iter("math") for part in math]
                if cell.get("class") == "left":
                    if content:
                        if left is not None:
                            found.append(equation(step, left, right))
                        left, right = self.tokens(content), []
                else:
                    right += self.tokens(content)
            if left is not None:
                found.append(equation(step, left, right))
        return found


def _key(element):
    """What a symbol looks like, what it looks like without its index, and the index."""
    index, exact, bare = (), [], []

    def write(text):
        exact.append(text)
        bare.append(text)

    def walk(node):
        nonlocal index
        if node.tag in ("msub", "msubsup"):
            below = "".join((part.text or "").strip() for part in node[1].iter()).split(",")
            entries = [part for part in below if part.isdigit() or part in ("i", "j", "k", "¤")]
            index = tuple(int(part) if part.isdigit() else part for part in entries)
            walk(node[0])
            exact.append("_" + ",".join(below))
            bare.append("_" + ",".join([part for part in below if part not in entries] + ["¤"]))
            write("".join("^" + "".join(other.itertext()) for other in node[2:]))
        elif node.tag == "msup":
            walk(node[0])
            write("^" + "".join(node[1].itertext()))
        elif len(node):
            for child in node:
                walk(child)
        else:
            write((node.text or "").strip())

    walk(element)
    return "".join(exact), "".join(bare), index


def html_equations(page, symbols):
    """The equations of a page."""
    reader = MathMLReader(symbols)
    root = ElementTree.fromstring(re.sub(r"&(?!#|amp;|lt;|gt;|quot;)(\w+);", lambda each: unescape(each[0]), page))
    steps = [each for each in root.iter("div") if (each.get("class") or "").split()[:1] == ["step"]]
    inside = [equation_ for each in steps for equation_ in reader.equations(each, each.get("id").removeprefix("step-"))]
    sections = {id(each) for part in root.iter("section") for each in part.iter()}
    given = [each for each in root if id(each) not in sections]
    return [eq for each in given for eq in reader.equations(each, "given")] + inside
