"""A derivation as Markdown with LaTeX formulas between dollar signs, as notebooks and repository hosts show it."""

from __future__ import annotations

from glassnet.explain.graph import Graph
from glassnet.explain.render.equations import entry_sides
from glassnet.explain.render.latex import (
    COLUMN,
    aligned,
    definition_rows,
    entry_rows,
    formula_rows,
    given_rows,
    line_rows,
)
from glassnet.explain.render.outline import STAGES, Block, Outline
from glassnet.explain.scalar import ChainRule
from glassnet.printers.latex import Latex

WIDTH = 1.3 * COLUMN  # of formulas in points: the text of a notebook or a repository host is wider than a column


def render_markdown(outline: Outline, graph: Graph) -> str:
    """The derivation as Markdown."""
    parts = [f"## {outline.title}", f"*{'; '.join(outline.about)}*"]
    parts += [f"*{outline.cut}*"] if outline.cut else []
    if outline.given:
        parts += ["### Given", _display(given_rows(outline, WIDTH))]
    for stage, blocks in outline.stages.items():
        to = Latex(outline.digits, timed=stage == "update", rows=outline.rows)
        parts.append(f"### {STAGES[stage]}")
        parts += [part for block in blocks for part in _block(block, graph, to)]
    parts += [f"*{note}*" for note in outline.notes]
    return "\n\n".join(parts) + "\n"


def render_entry_markdown(entry: ChainRule) -> str:
    """The chain rule of one entry as Markdown."""
    graph = entry.graph
    parts = [f"## {entry.title}"]
    if entry.chain is not None:
        parts.append(_display(aligned([entry_sides(Latex(graph.digits), entry)], WIDTH)))
    for line in entry.lines:
        parts += [_display(entry_rows([line], graph, WIDTH)), f"`{line.step.source}`"]
    if entry.independent is not None:
        value, method = entry.independent
        parts.append(f"{method}: {value:.15g}; backpropagation: {entry.value:.15g}")
    return "\n\n".join(parts) + "\n"


def _block(block: Block, graph: Graph, to: Latex) -> list[str]:
    step, shape = block.step, block.shape(to.rows)
    about = ", ".join(part for part in (shape, "an aside" if step.aside else "") if part)
    parts = [f"**`{step.symbol}`** {step.what}{f' ({about})' if about else ''}", block.why]
    if not block.scalar:
        parts.append(_display(formula_rows(block, graph, to, WIDTH)))
    if block.definitions:
        parts += ["where", _display(definition_rows(block, WIDTH))]
    parts += [_display(line_rows(block.lines, graph, to, WIDTH))] if block.lines else []
    parts += [f"> {step.note}"] if step.note else []
    if step.source is not None:
        several = "\n" in block.code
        parts.append(f"`{step.source}`: " + (f"\n\n```python\n{block.code}\n```" if several else f"`{block.code}`"))
    if block.check is not None:
        parts.append(f"Check: {block.check}")
    return parts


def _display(rows: list[str]) -> str:
    return "$$\n\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}\n$$"
