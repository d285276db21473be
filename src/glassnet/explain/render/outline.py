"""The outline that all renderers print: stages, blocks, and the formulas and numbers of each, without notation."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.errors import check_count
from glassnet.explain.entries import Entries
from glassnet.explain.graph import Graph, Step
from glassnet.explain.independent import Check
from glassnet.explain.scalar import Line
from glassnet.explain.why_steps import why
from glassnet.printers.element import fill
from glassnet.printers.matrices import COLUMNS, ROWS, WHOLE, left_out
from glassnet.printers.statements import names_in

STAGES = {
    "forward": "Forward: from the inputs to the output",
    "loss": "Loss: how wrong the output is",
    "backward": "Backward: from the loss to every gradient",
    "update": "Update: from the gradient to new parameters",
}
PLUGGED = 60  # most numbers that are put in place of names in a formula of matrices
FEW = 2  # entries shown of a step with matrices too large to print in full


@dataclass(frozen=True)
class ShownFormula:
    """One equation: its target, its formula, and the arrays named in it.

    `plugged` is True if a second formula shows the numbers in place of the names; large matrices are not shown so.
    """

    target: str
    expression: ast.expr | None
    result: Any
    numbers: dict[str, Any]
    plugged: bool
    cells: tuple[tuple[ast.expr, ...], ...] = ()  # a small matrix of formulas, such as a Jacobian's


@dataclass(frozen=True)
class Block:
    """One step with all that is shown of it."""

    step: Step
    formulas: tuple[ShownFormula, ...]
    lines: tuple[Line, ...]  # entries spelled out, the largest first
    check: Check | None
    matrices: frozenset[str]
    definitions: tuple[Callable[..., Any], ...]  # equations that no earlier block calls
    why: str  # a sentence

    @property
    def scalar(self) -> bool:
        """True for one number with its line, which says all that the formula would."""
        return np.ndim(self.step.value) == 0 and bool(self.lines)

    def shape(self, rows: int | None) -> str:
        """Write the size of the step's array, and what of it is left out if a matrix of over `rows` rows is cut."""
        parts = " × ".join(map(str, self.step.shape)), left_out(self.step.shape, rows)
        return ", ".join(part for part in parts if part)

    @property
    def code(self) -> str:
        """The first line of the code that computes the step."""
        return "" if self.step.source is None else self.step.source.code.splitlines()[0].strip()


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
    notes = [f"Numbers are rounded to {graph.digits} significant digits where they are printed, and only there."]
    notes.append("dX stands for ∂L/∂X, the derivative of the loss; rows are samples; indices count from 0.")
    given = tuple(
        ShownFormula(step.symbol, None, step.value, {}, plugged=False)
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
        about.append(f"{job.optimizer!r}, step {graph.state.step + 1}")
    for what, columns in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if columns:
            some = ", ".join(f"{k} {name}" for k, name in enumerate(columns[:12]))
            about.append(f"{what}: {some}{', …' if len(columns) > 12 else ''}")
    return tuple(about)


def _trivial(graph: Graph, step: Step) -> bool:
    """True for the gradient gathered in one vector, which shows nothing new."""
    return step.symbol == ("gradient" if "gradient" in graph else "g")


def _block(entries: Entries, step: Step, check: Callable[[str, int], Check] | None, defined: set[str]) -> Block:
    graph = entries.graph
    flat = graph.is_flat(step.symbol)
    if flat:
        formulas = tuple(_part(graph, step, f"{kind}{layer}") for layer in graph.network.W for kind in "Wb")
    elif step.symbol.startswith("J"):
        formulas = (_jacobian(entries, step),)
    else:
        formulas = (_formula(graph, step),)
    matrices = frozenset(
        name for name, value in graph.environment.items() if isinstance(value, np.ndarray) and value.ndim
    )
    matrices |= {name for formula in formulas for name, value in formula.numbers.items() if np.ndim(value) > 0}
    found = check(step.symbol, 8 if graph.network.n_parameters < 10_000 else 3) if check else None
    definitions = _definitions(graph, step, defined)
    return Block(step, formulas, _largest(entries, step, formulas), found, matrices, definitions, why(graph, step))


def _definitions(graph: Graph, step: Step, defined: set[str]) -> tuple[Callable[..., Any], ...]:
    """The equations that a formula calls by name and that no earlier block defines."""
    if step.expression is None:
        return ()
    names = [ast.unparse(node.func) for node in ast.walk(step.expression) if isinstance(node, ast.Call)]
    new = [name for name in dict.fromkeys(names) if name not in defined]
    found = [graph.environment[name] for name in new if hasattr(graph.environment.get(name), "__code__")]
    defined.update(new)
    return tuple(found)


def _formula(graph: Graph, step: Step) -> ShownFormula:
    expression, numbers = step.expression, {}
    if expression is not None:
        numbers = {name: graph[name].value for name in names_in(expression) if name in graph}
        if step.symbol.endswith("_long") and any(name.startswith("J") for name in numbers):
            dA, J = numbers
            if len(graph.batch.X) == 1:  # for one sample a row times a matrix
                expression = ast.parse(f"{dA} @ {J}", mode="eval").body
                numbers[J] = numbers[J][0]
            else:
                return ShownFormula(step.symbol, indexed(expression), step.value, {}, plugged=False)
    size = sum(np.size(value) for value in numbers.values())
    plugged = size <= PLUGGED and all(np.ndim(value) <= 2 for value in numbers.values())
    plugged = plugged and expression is not None and not _is_rowwise_loss(step)
    return ShownFormula(step.symbol, expression, step.value, numbers, plugged)


def _is_rowwise_loss(step: Step) -> bool:
    """True if the formula maps whole matrices to one number; its entry shows the numbers better."""
    return step.stage == "loss" and np.ndim(step.value) == 0


def _part(graph: Graph, step: Step, parameter: str) -> ShownFormula:
    """The part of an update's vector for one parameter."""
    numbers: dict[str, Any] = {}
    target = graph.part_name(step.symbol, parameter)
    value = graph.value(target if target in graph else f"{step.symbol}_{parameter}")
    if step.expression is None:
        return ShownFormula(target, None, value, {}, plugged=False)
    expression = ast.parse(ast.unparse(step.expression), mode="eval").body
    for node in ast.walk(expression):
        if isinstance(node, ast.Name) and node.id in graph:
            symbol = node.id
            if graph.is_flat(symbol):
                node.id = graph.part_name(symbol, parameter)
                numbers[node.id] = graph.value(f"{symbol}_{parameter}")
            else:
                numbers[symbol] = graph[symbol].value
    plugged = sum(np.size(array) for array in numbers.values()) <= PLUGGED
    return ShownFormula(target, expression, value, numbers, plugged)


def _jacobian(entries: Entries, step: Step) -> ShownFormula:
    """The Jacobian of the first row; a small one has its entries as formulas."""
    jacobian = step.value[0]
    k = len(jacobian)
    cells: tuple[tuple[ast.expr, ...], ...] = ()
    if k <= 4 and step.expression is not None:
        cells = tuple(
            tuple(fill(_names(entries, step, (0, i, j)), entries.graph.environment)[0] for j in range(k))
            for i in range(k)
        )
    expression = None if step.expression is None else indexed(step.expression)
    return ShownFormula(step.symbol, expression, jacobian, {}, plugged=False, cells=cells)


def _names(entries: Entries, step: Step, index: tuple[int, ...]) -> ast.expr:
    names = entries.line(step.symbol, index).names
    assert names is not None
    return names


def indexed(expression: ast.expr) -> ast.expr:
    """Write a formula over three axes in the letters i, j, k: A2[:, :, None] as A2[i, j], an identity matrix as δ[j, k]."""

    class Letters(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            letters = [letter for letter, part in zip("ijk", parts, strict=False) if isinstance(part, ast.Slice)]
            return ast.parse(f"{ast.unparse(node.value)}[{', '.join(letters)}]", mode="eval").body

        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.parse(f"{node.id}[i, j, k]", mode="eval").body if node.id.startswith("J") else node

        def visit_Call(self, node: ast.Call) -> ast.expr:
            if ast.unparse(node.func) == "np.eye":
                return ast.parse("delta[j, k]", mode="eval").body
            inside = self.visit(node.args[0])
            return ast.Call(ast.Name("sum_over"), [inside, ast.Name("j")], [])

    return Letters().visit(ast.parse(ast.unparse(expression), mode="eval").body)


def on_the_blackboard(expression: ast.expr, graph: Graph) -> ast.expr:
    """Drop the row number from an entry's formula if there is only one sample."""
    if len(graph.batch.X) > 1:
        return expression

    class Bare(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
            name = ast.unparse(node.value)
            row = (
                isinstance(node.slice, ast.Tuple)
                and len(node.slice.elts) > 1
                and not re.match(r"d?W|\w+_W\d|delta", name)
            )
            if not row:
                return node
            index = ast.unparse(node.slice).strip("()").partition(", ")[2]
            return ast.parse(f"{name}[{index}]", mode="eval").body

    return Bare().visit(ast.parse(ast.unparse(expression), mode="eval").body)


def _largest(entries: Entries, step: Step, formulas: tuple[ShownFormula, ...]) -> tuple[Line, ...]:
    """The lines of the largest entries: one, or FEW if the matrices cannot be printed in full."""
    value = np.asarray(step.value)
    if step.expression is None or value.size == 0:
        return ()
    flat = np.nan_to_num(np.abs(value.astype(np.float64)), nan=-1.0).ravel()
    count = 1 if value.size == 1 or all(formula.plugged for formula in formulas) else FEW
    places = np.argsort(-flat, kind="stable")[:count] if flat.size < 10_000 else _top(flat, count)
    return tuple(entries.line(step.symbol, tuple(map(int, np.unravel_index(place, value.shape)))) for place in places)


def _top(flat: Any, count: int) -> Any:
    found = np.argpartition(-flat, count)[:count]
    return found[np.argsort(-flat[found], kind="stable")]
