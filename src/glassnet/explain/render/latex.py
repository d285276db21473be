"""A derivation as LaTeX: a document of its own, or a fragment for one that loads amsmath."""

from __future__ import annotations

import ast
import unicodedata
from typing import Any

import numpy as np

from glassnet.explain.graph import Graph
from glassnet.explain.render.outline import STAGES, Block, Outline, ShownFormula, on_the_blackboard
from glassnet.explain.scalar import ChainRule, Line, shown_parts
from glassnet.printers.definition import print_definition
from glassnet.printers.element import written
from glassnet.printers.latex import Latex, escape, print_latex
from glassnet.printers.symbols import symbol
from glassnet.printers.typeset import matrix_cells, typeset

PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage[a4paper,margin=2cm]{geometry}
\usepackage{amsmath,amssymb,graphicx}
\setlength{\parindent}{0pt}
\newsavebox{\formula}
\newcommand{\fit}[1]{% a formula, made smaller where it is wider than the page
  \sbox{\formula}{$\displaystyle #1$}%
  \ifdim\wd\formula>\linewidth\resizebox{\linewidth}{!}{\usebox{\formula}}\else\usebox{\formula}\fi}
\begin{document}
"""

SHORT = 90  # a line of up to so many characters, as text, is written in one row

_CHARACTERS = {
    "∂": r"$\partial$",
    "ŷ": r"$\hat{y}$",
    "′": "$'$",
    "Σ": r"$\Sigma$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "−": "$-$",
    "→": r"$\to$",
    "ℓ": r"$\ell$",
    "ᵀ": r"$^\top$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "θ": r"$\theta$",
    "ε": r"$\varepsilon$",
    "μ": r"$\mu$",
    "ρ": r"$\rho$",
    "λ": r"$\lambda$",
    "√": r"$\surd$",
    "≥": r"$\ge$",
    "≤": r"$\le$",
    "≠": r"$\neq$",
    "½": r"$\frac12$",
    "…": r"\dots{}",
    "–": "--",
    "—": "---",
}


def render_latex(outline: Outline, graph: Graph, *, document: bool = True) -> str:
    """The derivation as LaTeX."""
    parts = [rf"\section*{{{text(outline.title)}}}", rf"{{\raggedright {text('; '.join(outline.about))}.\par}}"]
    if outline.given:
        parts += [r"\subsection*{Given}", _display([given_row(f, graph.digits) for f in outline.given], document)]
    for stage, blocks in outline.stages.items():
        parts.append(rf"\subsection*{{{text(STAGES[stage])}}}")
        parts += [_block(block, graph, document) for block in blocks]
    parts += [rf"\medskip\small {text(note)}" for note in outline.notes]
    return _whole(parts, document)


def render_entry_latex(entry: ChainRule, *, document: bool = True) -> str:
    """The chain rule of one entry as LaTeX."""
    graph = entry.graph
    digits = graph.digits
    parts = [rf"\section*{{{text(entry.title)}}}"]
    if entry.chain is not None:
        rows = [print_latex(on_the_blackboard(part, graph), digits) for part in entry.equals]
        left = print_latex(on_the_blackboard(entry.partial, graph))
        parts.append(_display(aligned(left, rows), document))
    parts.append(_display([row for line in entry.lines for row in _line(line, graph)], document))
    if entry.independent is not None:
        value, method = entry.independent
        parts.append(rf"{text(method)}: {value:.15g}; backpropagation: {entry.value:.15g}.")
    return _whole(parts, document)


def formula_rows(formula: ShownFormula, block: Block, graph: Graph) -> list[str]:
    """The rows `target &= …` of one formula: names, numbers, result."""
    to = Latex(graph.digits, timed=block.step.stage == "update")
    rows = []
    if formula.expression is not None:
        bare = on_the_blackboard(formula.expression, graph) if block.step.symbol.startswith("J") else formula.expression
        rows.append(typeset(bare, to, block.matrices))
        if formula.cells:
            cells = [" & ".join(print_latex(cell, graph.digits) for cell in row) for row in formula.cells]
            rows.append(r"\begin{bmatrix}" + r" \\ ".join(cells) + r"\end{bmatrix}")
        if formula.plugged:
            rows.append(typeset(formula.expression, to, block.matrices, numbers=formula.numbers))
    rows.append(_value(formula.result, graph.digits))
    return aligned(to.symbol(symbol(formula.target)), list(dict.fromkeys(rows)))


def line_rows(line: Line, graph: Graph) -> list[str]:
    """The rows `entry &= …` of one entry."""
    to = Latex(graph.digits, timed=line.step.stage == "update")
    target, *parts = [
        typeset(on_the_blackboard(part, graph), to)
        for part in (line.target, *shown_parts(line, graph.digits), written(line.value))
    ]
    if line.conditions:
        since = ", ".join(print_latex(condition, graph.digits, condition=True) for condition in line.conditions)
        parts[-1] += rf" \quad \text{{since }} {since}"
    parts = list(dict.fromkeys(parts))
    if len(line.text(graph.digits)) <= SHORT:
        parts = [" = ".join(parts)]
    return aligned(target, parts)


def definition_rows(function: Any) -> list[str]:
    """The rows of an equation's definition."""
    return [line.replace(" = ", " &= ", 1) for line in print_definition(function, "latex")]


def aligned(left: str, rows: list[str]) -> list[str]:
    """Rows of an aligned formula; only the first has the left-hand side."""
    return [f"{left if k == 0 else ''} &= {row}" for k, row in enumerate(rows)]


def text(words: str) -> str:
    """Words as LaTeX text; characters that the fonts lack become the nearest in ASCII."""
    return "".join(_character(character) for character in words)


def _character(character: str) -> str:
    if character.isascii():
        return escape(character)
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return _CHARACTERS.get(character) or (escape(plain) if plain else "?")


_line = line_rows


def _whole(parts: list[str], document: bool) -> str:
    body = "\n\n".join(parts)
    return f"{PREAMBLE}{body}\n\\end{{document}}\n" if document else body + "\n"


def _block(block: Block, graph: Graph, document: bool) -> str:
    step = block.step
    heading = print_latex(ast.Name(step.symbol))
    parts = [rf"\paragraph{{${heading}$}} {text(step.what)}{' (an aside)' if step.aside else ''}."]
    scalar = np.ndim(step.value) == 0 and block.lines
    if not scalar:
        parts.append(_display([row for f in block.formulas for row in formula_rows(f, block, graph)], document))
    rows = [row for function in block.definitions for row in definition_rows(function)]
    if rows:
        parts += ["where", _display(rows, document)]
    rows = [row for line in block.lines for row in line_rows(line, graph)]
    if rows:
        parts += ["" if scalar else "one entry:", _display(rows, document)]
    parts += [rf"\emph{{{text(step.note)}}}."] if step.note else []
    if step.source is not None:
        code = text(step.source.code.splitlines()[0].strip())
        parts.append(rf"{{\footnotesize\raggedright\texttt{{{text(str(step.source))}}}: \texttt{{{code}}}\par}}")
    if block.check is not None and block.check.method != "none":
        parts.append(rf"{{\footnotesize check: {text(str(block.check))}\par}}")
    return "\n".join(part for part in parts if part)


def given_row(formula: ShownFormula, digits: int) -> str:
    """The row of a given quantity."""
    return f"{Latex(digits, timed=True).symbol(symbol(formula.target))} &= {_value(formula.result, digits)}"


def _value(value: Any, digits: int) -> str:
    if np.ndim(value) == 0:
        return print_latex(written(value), digits)
    return Latex(digits).matrix(matrix_cells(value))


def _display(rows: list[str], document: bool) -> str:
    """Display the rows, twelve in a formula; in a document each is scaled to fit the page."""
    blocks = []
    for start in range(0, len(rows), 12):  # a formula in a box cannot be broken over pages
        whole = "\\begin{aligned}\n" + " \\\\\n".join(rows[start : start + 12]) + "\n\\end{aligned}"
        blocks.append(rf"\[\fit{{{whole}}}\]" if document else f"\\[\n{whole}\n\\]")
    return "\n".join(blocks)
