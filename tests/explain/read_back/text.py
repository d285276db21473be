"""Reads derivations in plain text."""

import re

from tests.explain.read_back.tokens import SIGNS, equation, split

_TEXT = re.compile(
    r"… \((\d+) more: (?P<rest>[^)]*)\)|(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?|inf\b|nan\b)|(?P<sum>[Σ]|max(?=_))(?:_(?P<letters>[\w,]+))? ?"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<op>>=|<=|.)",
    re.DOTALL,
)


def text_tokens(text):
    """The tokens of a formula in plain text."""
    text = re.sub(r"\n\s*", "; ", text) if "\n" in text else text
    tokens = []
    for found in _TEXT.finditer(text):
        if found["rest"]:
            tokens.append(("number", float(found["rest"].replace("−", "-"))))
        elif found["number"]:
            tokens.append(("number", float(found["number"])))
        elif found["sum"]:
            tokens.append(("over", "sum" if found["sum"] == "Σ" else "max", (found["letters"] or "").split(",")))
        elif found["name"] in ("if", "else"):
            tokens.append(found["name"])
        elif found["name"]:
            tokens.append(("name", (found["name"],)))
        elif found["op"].strip():
            tokens.append(SIGNS.get(found["op"], found["op"]))
        elif tokens and tokens[-1] != " ":
            tokens.append(" ")
    return _text_indices(_text_matrices(tokens))


def _text_matrices(tokens):
    """Put a matrix token for [1 2; 3 4], in whose place blanks and semicolons separate cells."""
    out, place = [], 0
    while place < len(tokens):
        token = tokens[place]
        if token == "[" and not (out and _is_name(out[-1])):
            end, depth = place, 0
            while True:
                depth += (tokens[end] in ("[", "(")) - (tokens[end] in ("]", ")"))
                if depth == 0:
                    break
                end += 1
            inside = tokens[place + 1 : end]
            if not any(isinstance(each, str) and each in ("<", ">", "<=", ">=") for each in inside):
                out.append(("matrix", [[cell for _, cell in _cells(row)] for _, row in split([";", *inside], (";",))]))
                place = end + 1
                continue
        out.append(token)
        place += 1
    return [token for token in out if token != " "]


def _cells(row):
    """Split a row at its blanks."""
    while row and row[0] == " ":
        row = row[1:]
    while row and row[-1] == " ":
        row = row[:-1]
    return split([" ", *row], (" ",))


def _text_indices(tokens):
    """Join a name and its index: Z1 [ 0 , 3 ]."""
    out, place = [], 0
    while place < len(tokens):
        token = tokens[place]
        if _is_name(token) and place + 1 < len(tokens) and tokens[place + 1] == "[":
            end = tokens.index("]", place)
            index = tuple(_index(each) for each in tokens[place + 2 : end] if each != ",")
            out.append(("entry", token[1], index))
            place = end + 1
            continue
        out.append(token)
        place += 1
    return out


def _index(token):
    return int(token[1]) if token[0] == "number" else token[1][0]


def _is_name(token):
    return isinstance(token, tuple) and token[0] == "name"


def text_equations(text, symbols):
    """The equations of a derivation in plain text."""
    step, found, block = "given", [], []
    for line in [*text.splitlines(), "  end: of the last"]:
        head = re.match(r"  ([A-Za-z]\w*): ", line)
        row = line.startswith("    ") or (step == "given" and re.match(r"  \S+ += ", line))
        if (
            re.match(r"    (?:entry |in code: )?[A-Za-z_]\w*(?:\[[\w, ]+\])? [=≈] ", line)
            or not row
            or re.match(r"    (?:code|check|note|where)\b", line)
            or (step == "given" and re.match(r"  [A-Za-z]\w* += ", line))
        ):
            if block:
                found.append(text_equation(step, "\n".join(block)))
            starts = row and not re.match(r"    (?:code|check|note|where)\b", line)
            block = [line] if starts else []
        elif block:
            block.append(line)
        if head:
            step = head[1]
    return [each for each in found if each is not None]


def text_equation(step, text):
    start = re.match(r"\s+(?:entry |in code: )?([A-Za-z_]\w*(?:\[[\w, ]+\])?) +([=≈]) (.*)", text, re.DOTALL)
    if start is None:
        return None
    rows = start[3].split("\n")
    whole = rows[0]
    for row in rows[1:]:
        # the rows of a matrix are separated by ; already, all else is one line broken
        whole += " " + row.strip()
    whole = re.sub(r" \(entries \d+ to \d+ left out\)$", "", f"{start[2]} {whole}")
    body, _, since = whole.partition("  (since ")
    body, _, since = (body, "", since) if since else whole.partition(" (since ")
    tokens = text_tokens(body)
    if since:
        tokens += ["since", *text_tokens(since.strip()[:-1])]
    return equation(step, text_tokens(start[1]), tokens)
