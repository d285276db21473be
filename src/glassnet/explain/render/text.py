"""A derivation as plain text, and with colours for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from glassnet.explain.render.outline import STAGES, Block, Outline, ShownFormula
from glassnet.explain.scalar import ChainRule, shown_parts
from glassnet.printers.definition import print_definition
from glassnet.printers.element import written
from glassnet.printers.text import Text, print_text
from glassnet.printers.typeset import matrix_cells, typeset

if TYPE_CHECKING:
    from rich.text import Text as Coloured

Row = tuple[str, str]  # a line of text and its style


def render_text(outline: Outline, digits: int) -> str:
    """The derivation as plain text."""
    return "\n".join(text.rstrip() for text, _ in _rows(outline, digits))


def render_rich(outline: Outline, digits: int) -> Coloured:
    """The derivation for a terminal: stages bold, code and checks dim."""
    from rich.text import Text as Coloured

    whole = Coloured()
    for text, style in _rows(outline, digits):
        whole.append(text.rstrip() + "\n", style=style)
    return whole


def render_entry_text(entry: ChainRule) -> str:
    """The chain rule of one entry as plain text."""
    digits = entry.graph.digits
    if entry.chain is None:
        return "\n".join(line.text(digits) for line in entry.lines)
    left = print_text(entry.partial)
    equals = list(dict.fromkeys(print_text(part, digits) for part in entry.equals))
    rows = [f"{left if k == 0 else ' ' * len(left)} = {part}" for k, part in enumerate(equals)]
    rows.append("")
    width = max(len(print_text(line.target)) for line in entry.lines)
    for line in entry.lines:
        name, _, formula = line.text(digits).partition(" = ")
        rows.append(f"  {name:{width}} = {formula}    {line.step.source or ''}".rstrip())
    if entry.independent is not None:
        value, method = entry.independent
        rows += ["", f"  {method}: {value:.15g}, backpropagation: {entry.value:.15g}"]
    return "\n".join(rows)


def _rows(outline: Outline, digits: int) -> Iterator[Row]:
    yield outline.title, "bold"
    yield "; ".join(outline.about), "dim"
    yield "", ""
    if outline.given:
        yield "Given", "bold"
        width = max(len(formula.target) for formula in outline.given)
        for formula in outline.given:
            yield f"  {formula.target:{width}} = {shown_value(formula.result, digits)}", ""
        yield "", ""
    for stage, blocks in outline.stages.items():
        yield STAGES[stage], "bold cyan"
        for block in blocks:
            yield from _block(block, digits)
        yield "", ""
    for note in outline.notes:
        yield note, "dim"


def _block(block: Block, digits: int) -> Iterator[Row]:
    step = block.step
    shape = " × ".join(map(str, step.shape))
    yield f"  {step.symbol}: {step.what}{f' ({shape})' if shape else ''}{', an aside' if step.aside else ''}", "italic"
    scalar = step.shape == () or (step.expression is None)
    for formula in block.formulas:
        lines = _equals(formula, block, digits)
        if scalar and block.lines:
            lines = [print_text(part, digits) for part in shown_parts(block.lines[0], digits)] + lines[-1:]
        name = formula.target
        for k, part in enumerate(dict.fromkeys(lines)):
            yield f"    {name if k == 0 else ' ' * len(name)} = {part}", ""
    for function in block.definitions:
        for definition in print_definition(function):
            yield f"    where {definition}", "dim"
    if not scalar:
        for line in block.lines:
            yield f"    entry {line.text(digits)}", "green"
    if step.note:
        yield f"    note: {step.note}", "yellow"
    if step.source is not None:
        yield f"    code  {step.source}: {step.source.code.splitlines()[0].strip()}", "dim"
    if block.check is not None and block.check.method != "none":
        yield f"    check {block.check}", "dim" if block.check.ok else "bold red"


def _equals(formula: ShownFormula, block: Block, digits: int) -> list[str]:
    parts = []
    if formula.expression is not None:
        parts.append(typeset(formula.expression, Text(digits), block.matrices))
        if formula.cells:
            rows = [" ".join(print_text(cell, digits).replace(" ", "") for cell in row) for row in formula.cells]
            parts.append(f"[{'; '.join(rows)}]")
        if formula.plugged:
            parts.append(typeset(formula.expression, Text(digits), block.matrices, numbers=formula.numbers))
    parts.append(shown_value(formula.result, digits))
    return parts


def shown_value(value: Any, digits: int) -> str:
    """A number or a matrix as text; a large matrix is cut in the middle."""
    import numpy as np

    if np.ndim(value) == 0:
        return print_text(written(value), digits)
    return Text(digits).matrix(matrix_cells(value))
