"""A derivation as plain text, and with colours for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from glassnet.explain.render.equations import formula_sides, value_in
from glassnet.explain.render.outline import STAGES, Block, Outline
from glassnet.explain.scalar import ChainRule, shown_parts
from glassnet.printers.definition import print_definition
from glassnet.printers.text import Text, print_text

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
            yield f"  {formula.target:{width}} = {value_in(Text(digits), formula.result)}", ""
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
        _, forms = formula_sides(Text(digits), formula, block)
        if scalar and block.lines:
            forms = [print_text(part, digits) for part in shown_parts(block.lines[0], digits)] + forms[-1:]
        name = formula.target
        for k, form in enumerate(dict.fromkeys(forms)):
            yield f"    {name if k == 0 else ' ' * len(name)} = {form}", ""
    for function in block.definitions:
        for definition in print_definition(function):
            yield f"    where {definition}", "dim"
    if not scalar:
        for line in block.lines:
            yield f"    entry {line.text(digits)}", "green"
    if step.note:
        yield f"    note: {step.note}", "yellow"
    if step.source is not None:
        yield f"    code  {step.source}: {block.code}", "dim"
    if block.check is not None:
        yield f"    check {block.check}", "dim" if block.check.ok else "bold red"
