"""A derivation as plain text, and with colours for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from glassnet.explain.render.breaks import RELATIONS, TEXT, fits, lines_of, terms_of
from glassnet.explain.render.equations import formula_sides, given_sides
from glassnet.explain.render.outline import STAGES, Block, Outline
from glassnet.explain.scalar import ChainRule, shown_parts
from glassnet.printers.definition import print_definition
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
    rows = [*_equation("", print_text(entry.partial), (print_text(part, digits) for part in entry.equals)), ""]
    width = max(len(print_text(line.target)) for line in entry.lines)
    for line in entry.lines:
        name, _, formula = line.text(digits).partition(" = ")
        whole = list(_equation("  ", f"{name:{width}}", [formula]))
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
        _, forms = formula_sides(to, formula, block)
        free = WIDTH - 8 - len(formula.target)
        forms[1:-1] = [form for form in forms[1:-1] if fits(terms_of(form, TEXT), free)]
        if scalar and block.lines:
            forms = [print_text(part, to.digits) for part in shown_parts(block.lines[0], to.digits)] + forms[-1:]
        for text in _equation("    ", formula.target, forms):
            yield text, ""
    for function in block.definitions:
        for definition in print_definition(function):
            yield f"    where {definition}", "dim"
    if not scalar:
        for line in block.lines:
            name, _, right = line.text(to.digits).partition(" = ")
            for text in _equation("    entry ", name, [right]):
                yield text, "green"
    if step.note:
        yield f"    note: {step.note}", "yellow"
    if step.source is not None:
        yield f"    code  {step.source}: {block.code}", "dim"
    if block.check is not None:
        yield f"    check {block.check}", "bold red" if block.check.verdict == "DIFFERS" else "dim"


def _equation(indent: str, name: str, forms: Iterable[str]) -> Iterator[str]:
    """Write `name = form`, a line for each form; the name stands only before the first."""
    for k, form in enumerate(dict.fromkeys(forms)):
        yield from _broken(f"{indent}{name if k == 0 else ' ' * len(name)} = ", form)


def _broken(head: str, formula: str) -> Iterator[str]:
    """Write a formula after `head`, which ends in an equals sign, in several lines if it is longer than one."""
    if "\n" in formula:  # a matrix, a line for each row
        yield head + formula.replace("\n", "\n" + " " * (len(head) + formula.index("[")))
        return
    for k, line in enumerate(lines_of(terms_of(formula, TEXT), WIDTH - len(head))):
        indent = len(head) + (-2 if line.startswith(RELATIONS) else 2)
        yield f"{' ' * indent if k else head}{line}"
