"""A derivation as plain text, and with colours for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from glassnet.explain.render.breaks import RELATIONS, TEXT, fits, lines_of, terms_of
from glassnet.explain.render.equations import (
    IN_CODE,
    Form,
    definition_lines,
    formula_sides,
    given_sides,
    line_forms,
    once,
)
from glassnet.explain.render.outline import STAGES, Block, Outline
from glassnet.explain.scalar import ChainRule, Line
from glassnet.printers.matrices import left_out
from glassnet.printers.text import Text, print_text

if TYPE_CHECKING:
    from rich.text import Text as Coloured

Row = tuple[str, str]  # a line of text and its style
WIDTH = 100  # characters of a line of formulas


def render_text(outline: Outline) -> str:
    """The derivation as plain text."""
    return "\n".join(text.rstrip() for text, _ in _rows(outline))


def render_rich(outline: Outline) -> Coloured:
    """The derivation for a terminal: stages bold, code and checks dim."""
    from rich.text import Text as Coloured

    whole = Coloured()
    for text, style in _rows(outline):
        whole.append(text.rstrip() + "\n", style=style)
    return whole


def render_entry_text(entry: ChainRule) -> str:
    """The chain rule of one entry as plain text."""
    digits = entry.graph.digits
    if entry.chain is None:
        return "\n".join(line.text(digits) for line in entry.lines)
    forms = once(("=" if equal else "≈", print_text(part, more)) for part, more, equal in entry.equals)
    rows = [*_equation("", print_text(entry.partial), forms), ""]
    width = max(len(print_text(line.target)) for line in entry.lines)
    for line in entry.lines:
        name, _, formula = line.text(digits).partition(" = ")
        whole = list(_equation("  ", f"{name:{width}}", [("=", formula)]))
        rows += [*whole[:-1], f"{whole[-1]}    {line.step.source or ''}".rstrip()]
    if entry.independent is not None:
        value, method = entry.independent
        rows += ["", f"  {method}: {value:.15g}, backpropagation: {entry.value:.15g}"]
    return "\n".join(rows)


def _rows(outline: Outline) -> Iterator[Row]:
    to = Text(outline.digits, rows=outline.rows)
    yield outline.title, "bold"
    yield "; ".join(outline.about), "dim"
    if outline.cut:
        yield outline.cut, "dim"
    yield "", ""
    if outline.given:
        yield "Given", "bold"
        width = max(len(formula.target) for formula in outline.given)
        for formula in outline.given:
            name, values = given_sides(to, formula)
            cut = left_out(np.shape(formula.result), outline.rows)
            for text in _equation("  ", f"{name:{width}}", values):
                yield text, ""
            if cut:
                yield f"  {'':{width}}   ({cut})", "dim"
        yield "", ""
    for stage, blocks in outline.stages.items():
        yield STAGES[stage], "bold cyan"
        for block in blocks:
            yield from _block(block, to)
        yield "", ""
    for note in outline.notes:
        yield note, "dim"


def _block(block: Block, to: Text) -> Iterator[Row]:
    step = block.step
    about = f" ({block.shape(to.rows)})" if block.shape(to.rows) else ""
    yield f"  {step.symbol}: {step.what}{about}{', an aside' if step.aside else ''}", "italic"
    for text in textwrap.wrap(block.why, WIDTH):
        yield f"    {text}", ""
    scalar = step.shape == () or (step.expression is None)
    for formula in block.formulas:
        name, forms = formula_sides(to, formula, block)
        free = WIDTH - 8 - len(name)
        forms[1:-1] = [(sign, form) for sign, form in forms[1:-1] if fits(terms_of(form, TEXT), free)]
        if scalar and block.lines and not formula.in_code:
            forms = line_forms(to, block.lines[0], "  (since ", after=")")
        for text in _equation("    ", name, forms):
            yield text, ""
    for definition in definition_lines(block, "text"):
        yield f"    where {definition}", "dim"
    for line in block.lines:
        if not scalar:
            yield from ((text, "green") for text in _line("    entry ", line, to))
        if line.as_computed is not None:
            yield from ((text, "dim") for text in _line(f"    {IN_CODE}", line.as_computed, to))
    if step.note:
        yield f"    note: {step.note}", "yellow"
    if step.source is not None:
        first, *others = block.code.splitlines()
        yield f"    code  {step.source}: {first.strip()}", "dim"
        yield from ((f"          {line}", "dim") for line in others)
    if block.check is not None:
        yield f"    check {block.check}", "bold red" if block.check.verdict == "DIFFERS" else "dim"


def _line(indent: str, line: Line, to: Text) -> Iterator[str]:
    """Write one entry, in several lines if it is longer than one."""
    name, _, right = line.text(to.digits).partition(" = ")
    return _equation(indent, name, [("=", right)])


def _equation(indent: str, name: str, forms: Iterable[Form]) -> Iterator[str]:
    """Write `name = form`, a line for each form; the name stands only before the first."""
    for k, (sign, form) in enumerate(forms):
        yield from _broken(
            f"{indent if k == 0 else ' ' * len(indent)}{name if k == 0 else ' ' * len(name)} {sign} ", form
        )


def _broken(head: str, formula: str) -> Iterator[str]:
    """Write a formula after `head`, which ends in an equals sign, in several lines if it is longer than one."""
    if "\n" in formula:  # a matrix, a line for each row
        yield head + formula.replace("\n", "\n" + " " * (len(head) + formula.index("[")))
        return
    for k, line in enumerate(lines_of(terms_of(formula, TEXT), WIDTH - len(head))):
        indent = len(head) + (-2 if line.startswith(RELATIONS) else 2)
        yield f"{' ' * indent if k else head}{line}"
