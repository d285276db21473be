"""Sheets and keys as HTML: one file that loads nothing, prints on A4, and saves what was typed as sheet.json."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from importlib.resources import files

from glassnet.printers.mathml import MathML
from glassnet.worksheets.files import sheet_fields
from glassnet.worksheets.layout.drawing import network_svg
from glassnet.worksheets.layout.outline import CARRY, formula_in, head_of, is_short, name_in, typical, value_in
from glassnet.worksheets.sheet import CONVENTIONS, Item, Part, Sheet

_TO = MathML(4)


def sheet_html(sheet: Sheet) -> str:
    """Return the sheet as a page with boxes to type in."""
    parts = [_part(part, key=False) for part in sheet.parts]
    save = (
        '<p class="save"><button type="button" id="save">Save as sheet.json</button> '
        "<span>Your answers stay on this computer; hand the file in.</span></p>"
    )
    fields = json.dumps(sheet_fields(sheet), ensure_ascii=False).replace("<", "\\u003c")
    script = _resource("sheet.js")
    data = f'<script type="application/json" id="fields">{fields}</script><script>{script}</script>'
    name = '<label class="name">Name <input id="name" autocomplete="name"></label>'
    return _page(sheet, sheet.title, [name, *parts, f'<p class="carry">{escape(CARRY)}</p>', save, data])


def key_html(sheet: Sheet) -> str:
    """Return the key of the sheet as a page, with typical wrong answers and their names."""
    return _page(sheet, f"Key: {sheet.title}", [_part(part, key=True) for part in sheet.parts])


def _page(sheet: Sheet, title: str, body: Iterable[str]) -> str:
    conventions = "".join(f"<li>{escape(line)}</li>" for line in CONVENTIONS)
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; img-src data:\">"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<title>{escape(title)}</title><style>{_resource("sheet.css")}</style>'
        f'</head>\n<body><main><header><h1>{escape(title)}</h1><p class="quiet">{escape(head_of(sheet))}</p></header>'
        f"{''.join(body)}<aside><h2>Conventions</h2><ul>{conventions}</ul></aside></main></body></html>\n"
    )


def _part(part: Part, key: bool) -> str:
    rows = [f"<section><h2>{part.letter}&ensp;{escape(part.title)}</h2><p>{escape(part.text)}</p>"]
    if part.drawn:
        rows.append(f"<figure>{network_svg(part.derivation.network)}</figure>")
    given = "".join(
        f'<div class="given"><span>{_math(f"{name_in(_TO, each.symbol)}<mo>=</mo>{value_in(_TO, each.value)}")}</span>'
        f'<span class="quiet">{escape(each.words)}</span></div>'
        for each in part.given
    )
    rows.append(f'<div class="all">{given}</div>')
    for symbol, value in part.lines:
        written = f"{name_in(_TO, symbol)}<mo>=</mo>{value_in(_TO, value)}"
        rows.append(f'<div class="line"><code>{symbol}</code> {_math(written)}</div>')
    rows += [(_answer(part, item) if key else _boxes(item)) for item in part.items]
    if key and part.listed:
        wrong = "".join(
            f"<tr><td>{_math(f'{name_in(_TO, each.symbol)}<mo>=</mo>{value_in(_TO, each.value)}')}</td>"
            f"<td>{escape(each.what)} <code>{each.code}</code></td></tr>"
            for each in typical(part)
        )
        rows.append(f'<h3>Typical wrong answers</h3><table class="typical">{wrong}</table>')
    return "".join(rows) + "</section>"


def _boxes(item: Item) -> str:
    symbol = _math(f"{name_in(_TO, item.symbol)}<mo>=</mo>") if item.symbol else ""
    shape = f"{item.shape[0]} × {item.shape[1]}" if item.shape else ""
    words = f'<span class="words">{escape(item.words)} <span class="quiet">{shape}</span></span>'
    if item.kind == "choice":
        options = "".join(
            f'<label><input type="radio" name="{item.name}" value="{escape(each)}"> {escape(each)}</label>'
            for each in item.options
        )
        return f'<fieldset class="item choice"><legend>{escape(item.words)}</legend>{options}</fieldset>'
    rows, columns = item.shape or (1, 1)
    cells = "".join(
        f'<input data-item="{item.name}" data-row="{i}" data-column="{k}" aria-label="{escape(item.words)}, row {i}, column {k}" '
        f'inputmode="text" autocomplete="off">'
        for i in range(rows)
        for k in range(columns)
    )
    brackets = " matrix" if item.shape else ""
    return (
        f'<div class="item">{words}<span class="fill">{symbol}<span class="boxes{brackets}" '
        f'style="grid-template-columns:repeat({columns},auto)">{cells}</span></span></div>'
    )


def _answer(part: Part, item: Item) -> str:
    words = f'<span class="words">{escape(item.words)}</span>'
    if item.kind != "numbers":
        right = f"{item.right:.4g}".replace("-", "−") if item.kind == "number" else str(item.right)
        return f'<div class="item">{words}<span class="right">{escape(right)}</span></div>'
    value = part.derivation.value(item.symbol)
    formula = formula_in(_TO, part, item.symbol)
    middle = f"<mo>=</mo>{formula}" if formula else ""
    sign = "=" if is_short(value) else "≈"
    written = f"{name_in(_TO, item.symbol)}{middle}<mo>{sign}</mo>{value_in(_TO, value)}"
    return f'<div class="item">{words}<span class="right">{_math(written)}</span></div>'


def _math(inside: str) -> str:
    return f'<math displaystyle="true"><mrow>{inside}</mrow></math>'


def _resource(name: str) -> str:
    return files("glassnet.worksheets.layout").joinpath(name).read_text(encoding="utf-8")
