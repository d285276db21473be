"""A derivation as LaTeX: a document of its own, or a fragment for one that loads amsmath."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterable

import numpy as np

from glassnet.explain.graph import Graph
from glassnet.explain.render.breaks import LATEX, RELATIONS, fits, lines_of, terms_of
from glassnet.explain.render.drawing import PREAMBLE as DRAWING
from glassnet.explain.render.drawing import draw, picture
from glassnet.explain.render.equations import (
    Sides,
    computed_sides,
    definition_lines,
    entry_sides,
    formula_sides,
    given_sides,
    line_sides,
)
from glassnet.explain.render.latex_width import latex_width
from glassnet.explain.render.outline import STAGES, Block, Outline
from glassnet.explain.scalar import ChainRule, Line
from glassnet.printers.latex import Latex, escape, print_latex
from glassnet.printers.matrices import left_out

PAGE, COLUMN = 465.0, 322.0  # width of formulas in points: in a document of our own, and in one of class article
HALF_A_PAGE = 18  # lines
SINCE, SHIFTED = r" \quad \text{since } ", r"\quad {}"  # before conditions, and before a line that goes on
SMALL = r"\scriptstyle "
SMALLER = 0.75  # width of what is set small ÷ its width; a matrix stays as wide
SIGNS = {"=": "=", "≈": r"\approx"}

PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[utf8]{inputenc}
\IfFileExists{lmodern.sty}{\usepackage[T1]{fontenc}\usepackage{lmodern}}{}
\usepackage[a4paper,margin=2cm]{geometry}
\usepackage[fleqn]{amsmath}
\usepackage{amssymb,graphicx,color}
\setlength{\parindent}{0pt}
\setlength{\mathindent}{1em}
\newsavebox{\formula}
\newcommand{\fit}[1]{% a formula, made smaller where it is wider than the page
  \sbox{\formula}{$\displaystyle #1$}%
  \ifdim\wd\formula>\linewidth\resizebox{\linewidth}{!}{\usebox{\formula}}\else\usebox{\formula}\fi}
"""

_CHARACTERS = {
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
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
    "ᵗ": "$^t$",
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
    "≈": r"$\approx$",
    "⊙": r"$\odot$",
    "⊘": r"$\oslash$",
    "∘": r"$\circ$",
    "½": r"$\frac12$",
    "…": r"\dots{}",
    "–": "--",
    "—": "---",
}


def render_latex(outline: Outline, graph: Graph, *, document: bool = True) -> str:
    """The derivation as LaTeX."""
    width = PAGE if document else COLUMN
    parts = [rf"\section*{{{text(outline.title)}}}", rf"{{\raggedright {text('; '.join(outline.about))}.\par}}"]
    parts += [rf"{{\small\raggedright {text(outline.cut)}\par}}"] if outline.cut else []
    if outline.given:
        parts += [r"\subsection*{Given}", _display(given_rows(outline, width), document)]
    for stage, blocks in outline.stages.items():
        to = Latex(outline.digits, timed=stage == "update", rows=outline.rows)
        parts.append(rf"\subsection*{{{text(STAGES[stage])}}}")
        parts += [_block(block, graph, to, document) for block in blocks]
    parts += [rf"{{\medskip\small\raggedright {text(note)}\par}}" for note in outline.notes]
    return whole_document(parts, document)


def render_entry_latex(entry: ChainRule, *, document: bool = True) -> str:
    """The chain rule of one entry as LaTeX."""
    graph, width = entry.graph, PAGE if document else COLUMN
    parts = [rf"\section*{{{text(entry.title)}}}"]
    if entry.chain is not None:
        parts.append(_display(aligned([entry_sides(Latex(graph.digits), entry)], width), document))
    parts.append(_display(entry_rows(entry.lines, graph, width), document))
    if entry.independent is not None:
        value, method = entry.independent
        parts.append(rf"{{\raggedright {text(method)}: {value:.15g}; backpropagation: {entry.value:.15g}.\par}}")
    return whole_document(parts, document)


def formula_rows(block: Block, graph: Graph, to: Latex, width: float) -> list[str]:
    """The rows `target &= …` of a step's formulas: names, numbers, result."""
    return aligned([formula_sides(to, formula, block, graph) for formula in block.formulas], width)


def line_rows(lines: Iterable[Line], graph: Graph, to: Latex, width: float) -> list[str]:
    """The rows `entry &= …` of some entries."""
    sides = [[line_sides(to, line, graph, SINCE), *computed_sides(to, line, graph, SINCE)] for line in lines]
    return aligned([each for of_line in sides for each in of_line], width)


def entry_rows(lines: Iterable[Line], graph: Graph, width: float) -> list[str]:
    """The rows of some entries of different stages."""
    to = {timed: Latex(graph.digits, timed=timed) for timed in (False, True)}
    return aligned([line_sides(to[line.step.stage == "update"], line, graph, SINCE) for line in lines], width)


def definition_rows(block: Block, width: float) -> list[str]:
    """The rows of the equations that a step calls."""
    lines = [line.partition(" = ") for line in definition_lines(block, "latex")]
    return aligned([(left, [("=", right)] if equals else []) for left, equals, right in lines], width)


def given_rows(outline: Outline, width: float) -> list[str]:
    """The rows of the given quantities."""
    to = Latex(outline.digits, timed=True, rows=outline.rows)
    sides = []
    for formula in outline.given:
        name, [(sign, value)] = given_sides(to, formula)
        cut = left_out(np.shape(formula.result), outline.rows)
        sides.append((name, [(sign, rf"{value} \quad \text{{({cut})}}" if cut else value)]))
    return aligned(sides, width)


def aligned(equations: list[Sides], width: float) -> list[str]:
    """Rows of aligned equations, broken at signs to fit a width in points; only the first of each has the left side.

    Of matrices too wide the numbers are set small, and so is a line that cannot be broken; a form that is still too wide
    is left out, unless it is the last.
    """
    free = width - max((latex_width(left) for left, _ in equations), default=0.0)
    rows = []
    for left, forms in equations:
        start = left
        for k, (sign, form) in enumerate(forms):
            lines = _lines(f"{SIGNS[sign]} {form}", free)
            widest = max((latex_width(line) * (1 if "matrix" in line else SMALLER) for line in lines), default=0.0)
            if k < len(forms) - 1 and widest > free:
                continue
            for line in lines:
                small = SMALL if latex_width(line) > free else ""
                rows.append(f"{start} &{'' if line.startswith(RELATIONS) else SHIFTED}{small}{line}")
                start = ""
        rows += [] if forms else [f"& {left}"]
    return rows


def _lines(formula: str, width: float) -> list[str]:
    """Break a formula into lines, with small matrices if no term need then be broken between its factors."""
    small = formula.replace(r"\begin{bmatrix}", r"\left[\begin{smallmatrix}")
    small = small.replace(r"\end{bmatrix}", r"\end{smallmatrix}\right]")
    choices = [terms_of(each, LATEX) for each in (formula, small)]
    whole = [terms for terms in choices if fits(terms, width, latex_width)]
    return lines_of((whole or choices[1:])[0], width, latex_width)


def text(words: str) -> str:
    """Words as LaTeX text; characters that the fonts lack become the nearest in ASCII."""
    return "".join(_character(character) for character in words)


def _character(character: str) -> str:
    if character in _CHARACTERS:
        return _CHARACTERS[character]
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return escape(plain) if plain else "?"


def whole_document(parts: list[str], document: bool) -> str:
    """Join parts to a fragment, or to a document of its own."""
    body = "\n\n".join(parts)
    return f"{PREAMBLE}{DRAWING}\\begin{{document}}\n{body}\n\\end{{document}}\n" if document else body + "\n"


def _block(block: Block, graph: Graph, to: Latex, document: bool) -> str:
    step, width = block.step, PAGE if document else COLUMN
    heading, shape = print_latex(ast.Name(step.symbol)), block.shape(to.rows)
    what = f"{step.what}{f' ({shape})' if shape else ''}{', an aside' if step.aside else ''}"
    parts = [rf"{{\raggedright\paragraph{{${heading}$}} {text(what)}. {text(block.why)}\par}}"]
    if document:
        drawn = picture(draw(graph, step))
        words = rf"\textbf{{${heading}$ {text(what)}}}\\{text(block.why)}"
        left = rf"\begin{{minipage}}[c]{{0.8\linewidth}}\raggedright {words}\end{{minipage}}"
        parts = [rf"\bigskip\noindent {left}\hfill\raisebox{{-0.5\height}}{{{drawn}}}\par\nopagebreak"]
    if not block.scalar:
        parts.append(_display(formula_rows(block, graph, to, width), document))
    rows = definition_rows(block, width)
    if rows:
        parts += ["where", _display(rows, document)]
    if block.lines:
        rows = line_rows(block.lines, graph, to, width)
        parts += ["" if block.scalar else f"{block.lines_named}:", _display(rows, document)]
    parts += [rf"{{\raggedright\emph{{{text(step.note)}}}.\par}}"] if step.note else []
    if step.source is not None:
        lines = [text(line).replace("  ", "~~") for line in block.code.splitlines()]
        code = rf"\texttt{{{text(str(step.source))}}}: " + r"\\".join(rf"\texttt{{{line}}}" for line in lines)
        parts.append(rf"{{\footnotesize\raggedright{code}\par}}")
    if block.check is not None:
        parts.append(rf"{{\footnotesize\raggedright check: {text(str(block.check))}\par}}")
    return "\n".join(part for part in parts if part)


def _display(rows: list[str], document: bool) -> str:
    """Display the rows, about half a page in a formula; in a document one still too wide is scaled to fit the page."""
    blocks: list[list[str]] = [[]]
    height = 0
    for row in rows:  # a formula in a box cannot be broken over pages
        tables = re.findall(r"\\begin\{.*?\\end\{", row)
        lines = 1 + max((table.count(r"\\ ") for table in tables), default=0) + (r"\frac" in row or r"\sum" in row)
        if height + lines > HALF_A_PAGE and blocks[-1]:
            blocks.append([])
            height = 0
        blocks[-1].append(row)
        height += lines
    return "\n".join(_formula(block, document) for block in blocks)


def _formula(rows: list[str], document: bool) -> str:
    whole = "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"
    return rf"\[\fit{{{whole}}}\]" if document else f"\\[\n{whole}\n\\]"
