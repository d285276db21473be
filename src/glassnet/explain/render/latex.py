"""A derivation as LaTeX: a document of its own, or a fragment for one that loads amsmath."""

from __future__ import annotations

import ast
import unicodedata
from typing import Any

from glassnet.explain.graph import Graph
from glassnet.explain.render.equations import Sides, entry_sides, formula_sides, given_sides, line_sides
from glassnet.explain.render.outline import STAGES, Block, Outline, ShownFormula
from glassnet.explain.scalar import ChainRule, Line
from glassnet.printers.definition import print_definition
from glassnet.printers.latex import Latex, escape, print_latex

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
        parts += [r"\subsection*{Given}", _display(given_rows(outline, graph), document)]
    for stage, blocks in outline.stages.items():
        parts.append(rf"\subsection*{{{text(STAGES[stage])}}}")
        parts += [_block(block, graph, document) for block in blocks]
    parts += [rf"\medskip\small {text(note)}" for note in outline.notes]
    return whole_document(parts, document)


def render_entry_latex(entry: ChainRule, *, document: bool = True) -> str:
    """The chain rule of one entry as LaTeX."""
    graph = entry.graph
    parts = [rf"\section*{{{text(entry.title)}}}"]
    if entry.chain is not None:
        parts.append(_display(aligned(entry_sides(Latex(graph.digits), entry)), document))
    parts.append(_display([row for line in entry.lines for row in line_rows(line, graph)], document))
    if entry.independent is not None:
        value, method = entry.independent
        parts.append(rf"{text(method)}: {value:.15g}; backpropagation: {entry.value:.15g}.")
    return whole_document(parts, document)


def formula_rows(formula: ShownFormula, block: Block, graph: Graph) -> list[str]:
    """The rows `target &= …` of one formula: names, numbers, result."""
    return aligned(formula_sides(Latex(graph.digits, timed=block.step.stage == "update"), formula, block, graph))


def line_rows(line: Line, graph: Graph) -> list[str]:
    """The rows `entry &= …` of one entry."""
    to = Latex(graph.digits, timed=line.step.stage == "update")
    return aligned(line_sides(to, line, graph, r" \quad \text{since } "))


def definition_rows(function: Any) -> list[str]:
    """The rows of an equation's definition."""
    return [line.replace(" = ", " &= ", 1) for line in print_definition(function, "latex")]


def aligned(sides: Sides) -> list[str]:
    """Rows of an aligned formula; only the first has the left-hand side."""
    left, forms = sides
    return [f"{left if k == 0 else ''} &= {form}" for k, form in enumerate(forms)]


def text(words: str) -> str:
    """Words as LaTeX text; characters that the fonts lack become the nearest in ASCII."""
    return "".join(_character(character) for character in words)


def _character(character: str) -> str:
    if character.isascii():
        return escape(character)
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return _CHARACTERS.get(character) or (escape(plain) if plain else "?")


def whole_document(parts: list[str], document: bool) -> str:
    """Join parts to a fragment, or to a document of its own."""
    body = "\n\n".join(parts)
    return f"{PREAMBLE}{body}\n\\end{{document}}\n" if document else body + "\n"


def _block(block: Block, graph: Graph, document: bool) -> str:
    step = block.step
    heading = print_latex(ast.Name(step.symbol))
    parts = [rf"\paragraph{{${heading}$}} {text(step.what)}{' (an aside)' if step.aside else ''}."]
    if not block.scalar:
        parts.append(_display([row for f in block.formulas for row in formula_rows(f, block, graph)], document))
    rows = [row for function in block.definitions for row in definition_rows(function)]
    if rows:
        parts += ["where", _display(rows, document)]
    rows = [row for line in block.lines for row in line_rows(line, graph)]
    if rows:
        parts += ["" if block.scalar else "one entry:", _display(rows, document)]
    parts += [rf"\emph{{{text(step.note)}}}."] if step.note else []
    if step.source is not None:
        code = rf"\texttt{{{text(str(step.source))}}}: \texttt{{{text(block.code)}}}"
        parts.append(rf"{{\footnotesize\raggedright{code}\par}}")
    if block.check is not None:
        parts.append(rf"{{\footnotesize check: {text(str(block.check))}\par}}")
    return "\n".join(part for part in parts if part)


def given_rows(outline: Outline, graph: Graph) -> list[str]:
    """Write the rows of the given quantities."""
    to = Latex(graph.digits, timed=True)
    return [row for formula in outline.given for row in aligned(given_sides(to, formula))]


def _display(rows: list[str], document: bool) -> str:
    """Display the rows, twelve in a formula; in a document each is scaled to fit the page."""
    blocks = []
    for start in range(0, len(rows), 12):  # a formula in a box cannot be broken over pages
        whole = "\\begin{aligned}\n" + " \\\\\n".join(rows[start : start + 12]) + "\n\\end{aligned}"
        blocks.append(rf"\[\fit{{{whole}}}\]" if document else f"\\[\n{whole}\n\\]")
    return "\n".join(blocks)
