"""The outline that all renderers print: stages, blocks, and the formulas and numbers of each, without notation."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.equations.textbook import TEXTBOOK
from glassnet.errors import check_count
from glassnet.explain.entries import Entries
from glassnet.explain.graph import Graph, Step
from glassnet.explain.independent import Check
from glassnet.explain.render.shown import ShownFormula, matrices_of, shown_formulas
from glassnet.explain.scalar import Line
from glassnet.explain.why_steps import why
from glassnet.printers.evaluation import copy_of
from glassnet.printers.inline import functions_of
from glassnet.printers.matrices import COLUMNS, ROWS, WHOLE, left_out

STAGES = {
    "forward": "Forward: from the inputs to the output",
    "loss": "Loss: how wrong the output is",
    "backward": "Backward: from the loss to every gradient",
    "update": "Update: from the gradient to new parameters",
}
NOTES = (
    "⊙, ⊘ and ^∘ multiply, divide and raise matrices entry by entry; functions are taken of each entry.",
    "A number beside a matrix stands for one in each entry, a row (b) for one in each row.",
    "Numbers of an equation have more digits, or ≈ before its result, where it would not come out as printed.",
)
SMALL = 24  # entries of an array of which one is enough to spell out
PARTS = 6  # an update of up to so many parameters has an entry of each spelled out
FEW = 2  # entries shown of a step with matrices too large to print in full


@dataclass(frozen=True)
class Definition:
    """An equation that formulas call by its name; `in_code` if a textbook's form stands before it."""

    function: Callable[..., Any]
    in_code: bool = False


def _shape(shape: tuple[int, ...], rows: int | None) -> str:
    size, cut = " × ".join(map(str, shape)), left_out(shape, rows)
    return f"{size}, {cut}" if cut else size


@dataclass(frozen=True)
class Block:
    """One step with all that is shown of it."""

    step: Step
    formulas: tuple[ShownFormula, ...]
    lines: tuple[Line, ...]  # entries spelled out, the largest first
    check: Check | None
    matrices: frozenset[str]
    definitions: tuple[Definition, ...]  # of equations that no earlier block calls
    why: str  # a sentence
    parts: tuple[tuple[str, tuple[int, ...]], ...] = ()  # of a vector in theta's layout: their names and shapes

    @property
    def scalar(self) -> bool:
        """True for one number with its line, which says all that the formula would."""
        return np.ndim(self.step.value) == 0 and bool(self.lines)

    def shape(self, rows: int | None) -> str:
        """Write the size of the step's array, and what of it is left out if a matrix of over `rows` rows is cut."""
        if self.parts:
            sizes = [f"{name} {_shape(shape, rows)}" for name, shape in self.parts]
            return ", ".join(sizes if len(sizes) <= PARTS else [*sizes[:2], "…", *sizes[-2:]])
        return _shape(self.step.shape, rows)

    @property
    def lines_named(self) -> str:
        """What the entries are that are spelled out."""
        if self.scalar:
            return "number"
        each = len(self.lines) == len(self.parts)
        return "one entry" if len(self.lines) == 1 else "an entry each" if each else "largest"

    @property
    def code(self) -> str:
        """The code that computes the step: a statement, or a whole function without its docstring."""
        return "" if self.step.source is None else without_docstring(self.step.source.code)


@dataclass(frozen=True)
class Outline:
    """The contents of a print: a title, the given quantities, the blocks of each stage, and notes."""

    title: str
    about: tuple[str, ...]
    given: tuple[ShownFormula, ...]
    stages: dict[str, tuple[Block, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    digits: int = 4
    rows: int | None = ROWS  # the largest number of rows of a matrix that is printed whole; None for all
    cut: str = ""  # where the rows and columns that are left out can be found, if there are any


def outline(
    entries: Entries,
    symbols: Iterable[str] | None = None,
    check: Callable[[str, int], Check] | None = None,
    rows: int | str | None = ROWS,
) -> Outline:
    """Collect what to show: all steps or those named by `symbols`; `check(symbol, at_most)` checks each, if given.

    A matrix of more than `rows` rows is cut in the middle, unless `rows` is "all".
    """
    most = None if rows == "all" else check_count("rows", rows, low=3, hint='pass rows="all" for every row')
    graph = entries.graph
    wanted = None if symbols is None else {graph[symbol].symbol for symbol in symbols}
    stages: dict[str, tuple[Block, ...]] = {}
    defined: set[str] = set()
    for stage in STAGES:
        steps = [step for step in graph.steps if step.stage == stage and not _trivial(graph, step)]
        blocks = [_block(entries, step, check, defined) for step in steps if wanted is None or step.symbol in wanted]
        if blocks:
            stages[stage] = tuple(blocks)
    notes = [
        *NOTES,
        f"Numbers are rounded to {graph.digits} significant digits where they are printed, and only there.",
        "dX stands for ∂L/∂X, the derivative of the loss; rows are samples; indices count from 0.",
    ]
    given = tuple(
        ShownFormula(step.symbol, None, step.value)
        for step in graph.given
        if wanted is None and not graph.is_flat(step.symbol)
    )
    shown = [formula for blocks in stages.values() for block in blocks for formula in block.formulas]
    cut = _where(most) if any(left_out(np.shape(each.result), most) for each in (*given, *shown)) else ""
    return Outline(_title(graph), _about(graph), given, stages, tuple(notes), graph.digits, most, cut)


def _where(rows: int | None) -> str:
    """Say where the numbers are that a cut matrix leaves out."""
    size = (
        f"over {WHOLE:,} numbers has its columns" if rows is None else f"more than {rows} rows or {COLUMNS} columns is"
    )
    whole = "" if rows is None else 'rows="all" (on the command line --all-rows) prints every row; '
    return f'A matrix of {size} cut; {whole}derivation.value("Z1") has all its numbers, to_json(full=True) those of every step.'


def _title(graph: Graph) -> str:
    net, n = graph.network, len(graph.batch.X)
    sizes = "-".join(map(str, net.sizes))
    rows = "one sample" if n == 1 else f"a batch of {n} samples"
    what = "One training step" if "dW1" in graph else "The forward pass"
    return f"{what} of a {sizes} network on {rows}"


def _about(graph: Graph) -> tuple[str, ...]:
    net, job = graph.network, graph.job
    names = ", ".join(activation.name for activation in net.activations.values())
    about = [f"activations {names}", f"{net.n_parameters:,} parameters, {net.dtype.name}"]
    if "loss" in graph:
        about.append(f"loss {net.loss_function.name} = {float(graph['loss'].value):.{graph.digits}g}")
    if "theta" in graph:
        step = graph.state.step
        ended = f", which the run did not take: it ended after {step} steps" if graph.ended else ""
        about.append(f"{job.optimizer!r}, step {step}{ended}")
    for what, columns in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if what == "outputs" and len(columns) == 2 and net.sizes[-1] == 1:  # two classes, one output
            about.append(f"output: P({columns[1]}); the target Y is 1 for {columns[1]}, 0 for {columns[0]}")
        elif columns:
            some = ", ".join(f"{k} {name}" for k, name in enumerate(columns[:12]))
            about.append(f"{what}: {some}{', …' if len(columns) > 12 else ''}")
    return tuple(about)


def _trivial(graph: Graph, step: Step) -> bool:
    """True for the gradient gathered in one vector, which shows nothing new."""
    return step.symbol == ("gradient" if "gradient" in graph else "g")


def _block(entries: Entries, step: Step, check: Callable[[str, int], Check] | None, defined: set[str]) -> Block:
    graph = entries.graph
    formulas = shown_formulas(entries, step)
    matrices = matrices_of(graph) | {
        name for formula in formulas for name, value in formula.numbers.items() if np.ndim(value) > 0
    }
    found = check(step.symbol, 8 if graph.network.n_parameters < 10_000 else 3) if check else None
    definitions = _definitions(graph, step, defined)
    parts = _parts_of(graph, step) if graph.is_flat(step.symbol) else ()
    several = step.symbol == "theta" and len(parts) <= PARTS
    lines = tuple(_largest_of_part(entries, *part) for part in parts) if several else _largest(entries, step, formulas)
    return Block(step, formulas, lines, found, matrices, definitions, why(graph, step), parts)


def _parts_of(graph: Graph, step: Step) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return the names and shapes of a vector's parts, one for each W and b."""
    parameters = [f"{kind}{layer}" for layer in graph.network.W for kind in "Wb"]
    return tuple((graph.part_name(step.symbol, each), graph[each].shape) for each in parameters)


def _largest_of_part(entries: Entries, name: str, shape: tuple[int, ...]) -> Line:
    """Return the line of the largest entry of a part."""
    place = int(np.argmax(np.nan_to_num(np.abs(entries.graph.value(name)), nan=-1.0)))
    return entries.line(name, tuple(map(int, np.unravel_index(place, shape))))


def _definitions(graph: Graph, step: Step, defined: set[str]) -> tuple[Definition, ...]:
    """Return the equations that a formula calls by name and that no earlier block defines, a textbook's form first."""
    found: dict[str, Callable[..., Any]] = {}
    for node in [] if step.expression is None else ast.walk(step.expression):
        function: Any = graph.environment.get(ast.unparse(node.func)) if isinstance(node, ast.Call) else None
        if hasattr(function, "__code__"):
            found |= {function.__name__: function, **functions_of(function)}
    new = [function for name, function in found.items() if name not in defined]
    defined.update(found)
    forms = [
        (Definition(TEXTBOOK[each]), Definition(each, in_code=True)) if each in TEXTBOOK else (Definition(each),)
        for each in new
    ]
    return tuple(form for each in forms for form in each)


def without_docstring(code: str) -> str:
    """Return the code of a function without its docstring; any other code as it is."""
    if not code.startswith("def "):
        return code
    body = ast.parse(code).body[0]
    lines = code.splitlines()
    if isinstance(body, ast.FunctionDef) and ast.get_docstring(body) is not None:
        del lines[body.body[0].lineno - 1 : body.body[0].end_lineno]
    return "\n".join(lines)


def on_the_blackboard(expression: ast.expr, graph: Graph) -> ast.expr:
    """Drop the row number from an entry's formula if there is only one sample."""
    if len(graph.batch.X) > 1:
        return expression

    return _WithoutRow().visit(copy_of(expression))


class _WithoutRow(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        name = node.value.id if isinstance(node.value, ast.Name) else ast.unparse(node.value)
        row = (
            isinstance(node.slice, ast.Tuple) and len(node.slice.elts) > 1 and not re.match(r"d?W|\w+_W\d|delta", name)
        )
        if name.startswith("J") and ast.unparse(node) == f"{name}[0]":
            return node.value
        if row and isinstance(node.slice, ast.Tuple):
            rest = node.slice.elts[1:]
            node.slice = rest[0] if len(rest) == 1 else ast.Tuple(rest, ast.Load())
        return node


def _largest(entries: Entries, step: Step, formulas: tuple[ShownFormula, ...]) -> tuple[Line, ...]:
    """The lines of the largest entries: one, or FEW if the matrices cannot be printed in full."""
    value = np.asarray(step.value)
    if step.expression is None or value.size == 0:
        return ()
    flat = np.nan_to_num(np.abs(value.astype(np.float64)), nan=-1.0, posinf=-1.0 if step.aside else None).ravel()
    if step.aside and flat.max() < 0:  # undefined everywhere
        return ()
    spelled = all(
        formula.plugged or formula.index or formula.expression is None or formula.in_code for formula in formulas
    )
    count = 1 if value.size == 1 or (spelled and value.size <= SMALL) else FEW
    places = np.argsort(-flat, kind="stable")[:count] if flat.size < 10_000 else _top(flat, count)
    return tuple(entries.line(step.symbol, tuple(map(int, np.unravel_index(place, value.shape)))) for place in places)


def _top(flat: Any, count: int) -> Any:
    found = np.argpartition(-flat, count)[:count]
    return found[np.argsort(-flat[found], kind="stable")]
