"""Breaks of C++ source: an operator, a constant, a condition or a statement changed, by its tokens.

Left alone are comments, texts, preprocessor lines, assertions at compile time, and the brackets of templates, which
the code writes without spaces.
"""

import re
from pathlib import Path

from tests.mutation.breaks import Break

NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|^[ \t]*#[^\n]*(?:\\\n[^\n]*)*|\bstatic_assert\([^;]*;',
    re.DOTALL | re.MULTILINE,
)
OPERATORS = {
    " < ": (" <= ", " >= "),
    " <= ": (" < ", " > "),
    " > ": (" >= ", " <= "),
    " >= ": (" > ", " < "),
    " == ": (" != ",),
    " != ": (" == ",),
    " + ": (" - ",),
    " - ": (" + ",),
    " * ": (" / ",),
    " / ": (" * ",),
    " % ": (" / ",),
    " && ": (" || ",),
    " || ": (" && ",),
    " & ": (" | ",),
    " | ": (" & ",),
    " >> ": (" << ",),
    " += ": (" -= ", " = "),
    " -= ": (" += ", " = "),
    " *= ": (" /= ", " = "),
    " /= ": (" *= ", " = "),
}
OPERATOR = re.compile("|".join(sorted(map(re.escape, OPERATORS), key=len, reverse=True)))
NUMBER = re.compile(r"(?<![\w.])(?:\d+\.\d*(?:[eE][+-]?\d+)?|\d+)(?![\w.])")
WORDS = {"true": "false", "false": "true", "std::min": "std::max", "std::max": "std::min"}
WORD = re.compile(r"\b(?:true|false|std::min|std::max)\b")
NOT = re.compile(r"(?<=[(\s])!(?=[\w(])")
NEGATIVE = re.compile(r"(?<=[(,=?:]\s)-(?=[\w(])|(?<=\()-(?=[\w(])|(?<=return )-(?=[\w(])")
CONDITION = re.compile(r"\bif (?:constexpr )?\(")
STATEMENT = re.compile(
    r"^[ \t]*(?:\} else |else )?(?P<statement>[\w:.\[\]>*()-]+(?:\([^{}\n]*\)|(?: [-+*/|&]?= )[^{}\n]*)|\+\+[\w.]+|continue|break);",
    re.MULTILINE,
)
DECLARATION = re.compile(r"(?:return|using|typedef|template|friend|static|const|auto|delete|throw|operator)\b")


def breaks_of(path: Path, root: Path) -> list[Break]:
    """All breaks of one file."""
    text = (root / path).read_text(encoding="utf-8")
    code = NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)  # the same places, blank
    found = []

    def add(start, end, new):
        before = text[:start]
        at = len(before.encode())
        old = text[start:end]
        line = text[before.rfind("\n") + 1 :].split("\n", 1)[0].strip()
        found.append(Break(path, before.count("\n") + 1, at, at + len(old.encode()), old, new, line))

    for match in OPERATOR.finditer(code):
        for new in OPERATORS[match.group()]:
            add(match.start(), match.end(), new)
    for match in NUMBER.finditer(code):
        number = match.group()
        add(match.start(), match.end(), f"{2 * float(number) or 1.0}" if "." in number else str(int(number) + 1))
    for match in WORD.finditer(code):
        add(match.start(), match.end(), WORDS[match.group()])
    for pattern in (NOT, NEGATIVE):
        for match in pattern.finditer(code):
            add(match.start(), match.end(), "")
    for match in CONDITION.finditer(code):
        end = _closing(code, match.end())
        for new in ("false", "true") if ";" not in code[match.end() : end] else ():
            add(match.end(), end, new)
    for match in STATEMENT.finditer(code):
        if not DECLARATION.match(match["statement"]) and match["statement"].count("(") == match["statement"].count(")"):
            add(match.start("statement"), match.end("statement"), "")
    return found


def _closing(code, start):
    """The place of the bracket that closes the one before `start`."""
    depth = 1
    for at in range(start, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at
    raise ValueError("brackets do not match")
