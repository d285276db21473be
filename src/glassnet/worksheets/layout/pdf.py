"""Sheets and keys as PDF, set by Typst, a compiler in one wheel that brings its own fonts for mathematics."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from glassnet.errors import InputError
from glassnet.printers.typst import Typst, quoted
from glassnet.worksheets.layout.drawing import network_svg
from glassnet.worksheets.layout.outline import CARRY, formula_in, head_of, is_short, name_in, typical, value_in
from glassnet.worksheets.sheet import CONVENTIONS, Item, Part, Sheet

_TO = Typst(4)
_STYLE = """
#set page(paper: "a4", margin: (x: 18mm, y: 16mm), numbering: "1 / 1", number-align: right)
#set text(font: "Libertinus Serif", size: 10.5pt, lang: "en")
#set par(justify: false, leading: 0.55em)
#show heading: set block(above: 1.1em, below: 0.6em)
#let quiet(it) = text(fill: luma(85), size: 9pt, it)
#let cell = box(width: 15.5mm, height: 7mm, stroke: 0.5pt + luma(120), radius: 1pt)
#let boxes(rows, columns) = {
  let body = grid(columns: columns, gutter: 1.2mm, ..range(rows * columns).map(it => cell))
  if rows * columns == 1 { body } else {
    box(inset: (x: 1.4mm, y: 0.8mm), stroke: (left: 0.9pt, right: 0.9pt), radius: 1.2mm, body)
  }
}
#let item(words, body) = block(breakable: false, above: 2.6mm, below: 2.6mm, grid(
  columns: (1fr, 1.55fr), column-gutter: 4mm, align: horizon, words, body))
#let tick = box(width: 3.2mm, height: 3.2mm, stroke: 0.6pt, baseline: 0.4mm)
"""


def sheet_pdf(sheet: Sheet) -> bytes:
    """Return the sheet as PDF.

    Raises
    ------
    InputError
        If the package typst is missing.
    """
    name = "#align(right)[Name #box(width: 62mm, stroke: (bottom: 0.5pt), height: 5mm)]"
    return _compiled(
        sheet, sheet.title, [name, *(_part(part, key=False) for part in sheet.parts), f"#quiet({quoted(CARRY)})"]
    )


def key_pdf(sheet: Sheet) -> bytes:
    """Return the key of the sheet as PDF, with typical wrong answers and their names."""
    return _compiled(
        sheet, f"Key: {sheet.title}", ["#set text(size: 9.7pt)", *(_part(part, key=True) for part in sheet.parts)]
    )


def _compiled(sheet: Sheet, title: str, body: list[str]) -> bytes:
    try:
        import typst
    except ImportError:
        raise InputError(
            "pdf: expected the package typst; found none; pip install 'glassnet[worksheets]', or write .html and print it."
        ) from None
    conventions = f"#block(text(size: 8pt, fill: luma(60), {quoted(' '.join(CONVENTIONS))}))"
    head = f'#text(size: 17pt, weight: "bold", {quoted(title)})\n\n#quiet({quoted(head_of(sheet))})'
    document = [f"#set document(title: {quoted(title)})", _STYLE, head, conventions, *body]
    start = datetime.datetime.fromtimestamp(0, datetime.UTC)  # the same sheet gives the same bytes
    made: Any = typst.compile("\n\n".join(document).encode(), format="pdf", timestamp=start)
    return bytes(made)


def _part(part: Part, key: bool) -> str:
    rows = [f"== {part.letter} #h(2mm) #{quoted(part.title)}", f"#{quoted(part.text)}"]
    if part.drawn:
        svg = network_svg(part.derivation.network)
        width = float(svg.partition('width="')[2].partition('"')[0])
        rows.append(f'#image(bytes({quoted(svg)}), format: "svg", width: {min(width * 0.21, 110):.0f}mm)')
    given = ", ".join(
        f"stack(spacing: 2.4mm, $display({name_in(_TO, each.symbol)} = {value_in(_TO, each.value)})$, quiet({quoted(each.words)}))"
        for each in part.given
    )
    columns = 3 if len(part.given) > 2 else max(len(part.given), 1)
    rows.append(f"#grid(columns: (1fr,) * {columns}, row-gutter: 4mm, column-gutter: 3mm, align: horizon, {given})")
    if part.lines:
        lines = ", ".join(
            f"raw({quoted(symbol)}), $display({name_in(_TO, symbol)} = {value_in(_TO, value)})$"
            for symbol, value in part.lines
        )
        half = "columns: (16mm, 1fr, 16mm, 1fr), row-gutter: 3mm, align: horizon"
        rows.append(
            f"#v(1mm)\n#block(stroke: 0.5pt + luma(150), inset: 3mm, radius: 1mm, width: 100%, grid({half}, {lines}))"
        )
    rows += [(_answer(part, item) if key else _boxes(item)) for item in part.items]
    if key and part.listed:
        wrong = ", ".join(
            f"$ {name_in(_TO, each.symbol)} = {value_in(_TO, each.value)} $, [#{quoted(each.what)} #quiet(raw({quoted(each.code)}))]"
            for each in typical(part)
        )
        rows.append(
            f"=== Typical wrong answers\n#table(columns: (auto, 1fr), stroke: (x, y) => (top: 0.4pt + luma(190)), align: horizon, {wrong})"
        )
    return "\n\n".join(rows)


def _boxes(item: Item) -> str:
    if item.kind == "choice":
        long = any(len(option) > 24 for option in item.options)
        joint = " \\\n" if long else " #h(4mm) "
        options = joint.join(f"{'' if long else '#box'}[#tick #h(1mm) #{quoted(option)}]" for option in item.options)
        return f"#item([#{quoted(item.words)}], [{options}])"
    rows, columns = item.shape or (1, 1)
    shape = f" #quiet({quoted(f'{rows} × {columns}')})" if item.shape else ""
    symbol = f"${name_in(_TO, item.symbol)} =$" if item.symbol else ""
    fill = f"grid(columns: 2, column-gutter: 2mm, align: horizon, [{symbol}], boxes({rows}, {columns}))"
    return f"#item([#{quoted(item.words)}{shape}], {fill})"


def _answer(part: Part, item: Item) -> str:
    if item.kind != "numbers":
        right = f"{item.right:.4g}".replace("-", "−") if item.kind == "number" else str(item.right)
        return f"#item([#{quoted(item.words)}], [*#{quoted(right)}*])"
    value = np.asarray(part.derivation.value(item.symbol), dtype=float)
    formula = formula_in(_TO, part, item.symbol)
    middle = f" = {formula}" if formula else ""
    sign = "=" if is_short(value) else "approx"
    return f"#item([#{quoted(item.words)}], [$display({name_in(_TO, item.symbol)}{middle} {sign} {value_in(_TO, value)})$])"
