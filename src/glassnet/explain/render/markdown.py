"""A derivation as Markdown with LaTeX formulas between dollar signs, as notebooks and repository hosts show it."""

from __future__ import annotations

from glassnet.explain.graph import Graph
from glassnet.explain.render.equations import entry_sides
from glassnet.explain.render.latex import aligned, definition_rows, formula_rows, given_rows, line_rows
from glassnet.explain.render.outline import STAGES, Block, Outline
from glassnet.explain.scalar import ChainRule
from glassnet.printers.latex import Latex


def render_markdown(outline: Outline, graph: Graph) -> str:
    """The derivation as Markdown."""
    parts = [f"## {outline.title}", f"*{'; '.join(outline.about)}*"]
    if outline.given:
        parts += ["### Given", _display(given_rows(outline, graph))]
    for stage, blocks in outline.stages.items():
        parts.append(f"### {STAGES[stage]}")
        parts += [part for block in blocks for part in _block(block, graph)]
    parts += [f"*{note}*" for note in outline.notes]
    return "\n\n".join(parts) + "\n"


def render_entry_markdown(entry: ChainRule) -> str:
    """The chain rule of one entry as Markdown."""
    graph = entry.graph
    parts = [f"## {entry.title}"]
    if entry.chain is not None:
        parts.append(_display(aligned(entry_sides(Latex(graph.digits), entry))))
    parts += [f"{_display(line_rows(line, graph))}\n\n`{line.step.source}`" for line in entry.lines]
    if entry.independent is not None:
        value, method = entry.independent
        parts.append(f"{method}: {value:.15g}; backpropagation: {entry.value:.15g}")
    return "\n\n".join(parts) + "\n"


def _block(block: Block, graph: Graph) -> list[str]:
    step = block.step
    shape = " × ".join(map(str, step.shape))
    about = ", ".join(part for part in (shape, "an aside" if step.aside else "") if part)
    parts = [f"**`{step.symbol}`** {step.what}{f' ({about})' if about else ''}"]
    if not block.scalar:
        parts.append(_display([row for formula in block.formulas for row in formula_rows(formula, block, graph)]))
    parts += [_display(definition_rows(function)) for function in block.definitions]
    parts += [_display(line_rows(line, graph)) for line in block.lines]
    parts += [f"> {step.note}"] if step.note else []
    if step.source is not None:
        parts.append(f"`{step.source}`: `{block.code}`")
    if block.check is not None:
        parts.append(f"Check: {block.check}")
    return parts


def _display(rows: list[str]) -> str:
    return "$$\n\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}\n$$"
