"""A derivation as HTML with MathML: one element with its own style, light and dark, that loads nothing from outside."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from html import escape
from importlib.resources import files

import numpy as np

from glassnet.explain.graph import Graph
from glassnet.explain.render.breaks import mathml_terms
from glassnet.explain.render.drawing import draw, svg
from glassnet.explain.render.equations import (
    Sides,
    computed_sides,
    definition_lines,
    entry_sides,
    formula_sides,
    given_sides,
    line_sides,
)
from glassnet.explain.render.outline import STAGES, Block, Outline
from glassnet.explain.render.shown import ShownFormula
from glassnet.explain.scalar import ChainRule, Line
from glassnet.printers.mathml import MathML, print_mathml
from glassnet.printers.matrices import left_out

VECTORS = {"theta_before": "W and b", "g": "dW and db", "gradient": "dW and db"}  # of all parameters in one vector
SINCE = "<mtext>&#8195;since&#160;</mtext>"  # before the conditions of a line


def render_html(outline: Outline, graph: Graph, *, document: bool = False) -> str:
    """The derivation as an element for a notebook, or as a document of its own."""
    stages = "".join(f'<a href="#{stage}">{stage}</a>' for stage in outline.stages)
    parts = [f"<h2>{escape(outline.title)}</h2>", f'<p class="quiet">{escape("; ".join(outline.about))}</p>']
    parts.append(f"<nav>{stages}</nav>" if len(outline.stages) > 1 else "")
    parts.append(f'<p class="quiet">{escape(outline.cut)}</p>' if outline.cut else "")
    if outline.given:
        to = MathML(outline.digits, timed=True, rows=outline.rows)
        rows = [given_sides(to, formula) for formula in outline.given]
        words = [_what(formula, graph, outline.rows) for formula in outline.given]
        parts.append(f'<h3>Given</h3><div class="wide">{_rows(rows, words)}</div>')
    shown = {block.step.symbol for blocks in outline.stages.values() for block in blocks}
    for stage, blocks in outline.stages.items():
        to = MathML(outline.digits, timed=stage == "update", rows=outline.rows)
        parts.append(f'<section id="{stage}"><h3>{escape(STAGES[stage])}</h3>')
        parts += [_block(block, graph, shown, to) for block in blocks]
        parts.append("</section>")
    parts += [f'<p class="quiet">{escape(note)}</p>' for note in outline.notes]
    return whole_page(parts, outline.title, document)


def render_entry_html(entry: ChainRule, *, document: bool = False) -> str:
    """The chain rule of one entry as an element, or as a document of its own."""
    graph = entry.graph
    parts = [f"<h2>{escape(entry.title)}</h2>"]
    if entry.chain is not None:
        parts.append(f'<div class="wide entry">{_rows([entry_sides(MathML(graph.digits), entry)])}</div>')
        parts.append("<h3>The factors, in the order they are computed</h3>")
    for line in entry.lines:
        code = f'<div class="quiet"><code>{escape(str(line.step.source))}</code> {escape(line.step.what)}</div>'
        to = MathML(graph.digits, timed=line.step.stage == "update")
        parts.append(f'<div class="wide">{_line(line, graph, to)}</div>{code if line.step.source else ""}')
    if entry.independent is not None:
        value, method = entry.independent
        parts.append(f'<p class="quiet">{method}: {value:.15g}; backpropagation: {entry.value:.15g}</p>')
    return whole_page(parts, entry.title, document)


def whole_page(parts: list[str], title: str, document: bool) -> str:
    """Join parts to one element with its style, or to a document of its own."""
    style = files("glassnet.explain.render").joinpath("style.css").read_text(encoding="utf-8")
    element = f'<div class="glassnet"><style>{style}</style>\n' + "\n".join(part for part in parts if part) + "\n</div>"
    return page(element, title) if document else element


def page(element: str, title: str) -> str:
    """Put elements into a document of their own."""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    ground = "<style>html { background: #fdfdfb; } @media screen and (prefers-color-scheme: dark) { html { background: #14181d; } }"
    ground += " body { margin: 0; } @page { size: A4; margin: 16mm 14mm; }</style>"
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<title>{escape(title)}</title>{ground}</head>\n'
        f"<body>{element}</body></html>\n"
    )


def _block(block: Block, graph: Graph, shown: set[str], to: MathML) -> str:
    step = block.step
    heading = f"<math>{print_mathml(ast.Name(step.symbol))}</math>"
    inputs = ", ".join(
        f'<a href="#step-{name}">{name}</a>' if name in shown else VECTORS.get(name, name) for name in step.inputs
    )
    about = "; ".join(part for part in (block.shape(to.rows), f"from {inputs}" if inputs else "") if part)
    title = f'<b>{heading} {escape(step.what)}</b> <span class="quiet">{about}</span>'
    parts = [f"<header><div>{title}<p>{escape(block.why)}</p></div>{svg(draw(graph, step))}</header>"]
    if not block.scalar:
        rows = [formula_sides(to, formula, block, graph) for formula in block.formulas]
        parts.append(f'<div class="view">matrix</div><div class="wide">{_rows(rows)}</div>')
    if block.definitions:
        definitions = "".join(f'<div class="right">{_broken(line)}</div>' for line in definition_lines(block, "mathml"))
        parts.append(f'<div class="view">where</div><div class="wide">{definitions}</div>')
    if block.lines:
        lines = "".join(f"<div>{_line(line, graph, to)}</div>" for line in block.lines)
        parts.append(f'<div class="view">{block.lines_named}</div><div class="wide entry">{lines}</div>')
    if step.note:
        parts.append(f'<div class="note">{escape(step.note)}</div>')
    if step.source is not None:
        code = f"<code><b>{escape(str(step.source))}</b>\n{escape(block.code)}</code>"
        parts.append(f'<div class="view">code</div><div>{code}</div>')
    if block.check is not None:
        kind = {"agrees": " good", "DIFFERS": " bad"}.get(block.check.verdict, "")
        parts.append(f'<div class="view">check</div><div class="quiet{kind}">{escape(str(block.check))}</div>')
    aside = " aside" if step.aside else ""
    return f'<div class="step{aside}" id="step-{step.symbol}">{"".join(parts)}</div>'


def _line(line: Line, graph: Graph, to: MathML) -> str:
    return _rows([line_sides(to, line, graph, SINCE), *computed_sides(to, line, graph, SINCE)])


def _what(given: ShownFormula, graph: Graph, rows: int | None) -> str:
    """Say what a given quantity is, and its size if it is an array."""
    size = " × ".join(map(str, np.shape(given.result)))
    about = ", ".join(part for part in (size, left_out(np.shape(given.result), rows)) if part)
    return f"{graph[given.target].what}{f' ({about})' if about else ''}"


def _rows(rows: list[Sides], words: Iterable[str] = ()) -> str:
    """Write equations one below the other, their equals signs aligned; a long side is broken at its signs to fit.

    `words` stand beside them.
    """
    besides = [f'<span class="what">{escape(each)}</span>' for each in words] or [""] * len(rows)
    cells = [
        f'<div class="left">{_math(left) if k == 0 else ""}</div>'
        f'<div class="right">{_broken(f"<mo>{sign}</mo>{right}")}{beside}</div>'
        for (left, rights), beside in zip(rows, besides, strict=True)
        for k, (sign, right) in enumerate(rights)
    ]
    return f'<div class="equations">{"".join(cells)}</div>'


def _broken(formula: str) -> str:
    """Write a formula as pieces between which a line may end: better between terms than between factors."""
    terms = [[_math(piece) for piece in term] for term in mathml_terms(formula)]
    return "<wbr/>".join(f"<span>{'<wbr/>'.join(term)}</span>" if len(term) > 1 else term[0] for term in terms)


def _math(inside: str) -> str:
    return f'<math displaystyle="true">{inside}</math>'
