"""Makes lines and chain rules: entries of formulas, the derivatives that lead to them, the update of a parameter."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from glassnet.errors import InputError
from glassnet.explain.agreement import value_of
from glassnet.explain.graph import ALIASES, Graph, Step
from glassnet.explain.independent import Checker
from glassnet.explain.scalar import (
    ChainRule,
    EntryReplacer,
    Line,
    entry_of,
    index_of,
    is_rest,
    partial,
    without_rest,
)
from glassnet.printers.element import Elements, Index, fill
from glassnet.printers.evaluation import copy_of
from glassnet.printers.inline import inline

SIZES = (6, 3, 2)  # terms shown of a sum in a formula that is written out: the first of these that fits LEAVES
SAME = 1e-9  # relative difference up to which a textbook's form stands for that of the code
SAME_SINGLE = 1e-4  # the same for float32
LEAVES = 14  # most numbers in a formula that is written out


class Entries:
    """Makes the lines and the chain rules of a graph's entries."""

    def __init__(self, graph: Graph, checker: Checker) -> None:
        self.graph, self.checker = graph, checker
        self.elements = Elements(graph.environment)
        self._lines: dict[tuple[str, Index], Line] = {}

    def line(self, symbol: str, index: Index) -> Line:
        """One entry of a step; a flat vector's by parameter (m_W1, 0, 3) or by place (m, 3)."""
        if (symbol, index) not in self._lines:
            self._lines[symbol, index] = self._line(symbol, index, self.elements)
        return self._lines[symbol, index]

    def _line(self, symbol: str, index: Index, elements: Elements) -> Line:
        step, place, shown = self._locate(symbol, index)
        value = float(np.asarray(step.value)[place])
        environment = self.graph.environment
        if step.expression is None:
            return Line(*shown, None, None, (), value, step, environment)
        names = self._relabel(without_rest(elements.element(step.expression, place)))
        numbers, conditions = fill(elements.element(self._written_out(step.expression), place), environment)
        line = Line(*shown, names, numbers, tuple(conditions), value, step, environment)
        return line if step.textbook is None else self._in_textbook_form(line, step.textbook, place, elements)

    def _in_textbook_form(self, line: Line, textbook: ast.expr, place: Index, elements: Elements) -> Line:
        """Write a line as textbooks do, where that form gives the value; the line itself becomes that of the code."""
        names = elements.element(textbook, place)
        numbers, conditions = fill(names, line.environment)
        same = SAME if self.graph.network.dtype == np.float64 else SAME_SINGLE
        if not math.isclose(value_of(numbers, line.environment), line.value, rel_tol=same, abs_tol=same * same):
            return line
        if line.numbers is not None and ast.unparse(numbers) == ast.unparse(line.numbers):  # the code's form here, too
            return line
        called = isinstance(line.names, ast.Call) and ast.unparse(line.names.func) in line.environment
        return replace(
            line,
            names=line.names if called else self._relabel(without_rest(names)),
            numbers=numbers,
            conditions=tuple(conditions),
            as_computed=line,
        )

    def entry(self, symbol: str, index: Index) -> ChainRule:
        """Make the chain rule of one entry."""
        symbol = ALIASES.get(symbol, symbol)
        step, _, shown = self._locate(symbol, index)
        wanted = f"d{symbol}" if step.stage == "given" else symbol
        if wanted not in self.graph and step.stage == "given":
            raise InputError(
                f"entry: expected a computed symbol, a weight, a bias or an input; got {symbol!r}; "
                "see derivation.steps, and pass y for derivatives."
            )
        if step.stage == "update":
            lines = self._update_lines(*shown, symbol) if symbol not in self.graph else (self.line(symbol, index),)
            return ChainRule(symbol, index, lines[-1].value, None, None, None, lines, self.graph)
        line = self.line(wanted, index)
        if not wanted.startswith("d") or wanted.endswith(("_long", "_penalty")):
            return ChainRule(symbol, index, line.value, None, line.names, line.numbers, (line,), self.graph)
        factors = tuple(sorted(self._factors(line), key=lambda found: self.graph.position(found.step.symbol)))
        names, numbers = self._expanded(wanted, index)
        update = self._update_lines(symbol, index) if step.stage == "given" and symbol != "A0" else ()
        plain = wanted.removeprefix("d").removesuffix("_data")
        return ChainRule(
            symbol if step.stage == "given" else plain,
            index,
            line.value,
            self._chain(plain, index),
            names,
            numbers,
            (*factors, *update),
            self.graph,
            self.checker.independent(factors[-1].symbol, index),
        )

    # --- where an entry is ------------------------------------------------------------------------------------

    def _locate(self, symbol: str, index: Index) -> tuple[Step, Index, tuple[str, Index]]:
        """Find an entry: its step, its place in the step's value, and the name and index to show."""
        if symbol in self.graph:
            step, place, shown = self.graph[symbol], index, symbol
            shape = step.shape
        else:
            flat, parameter = self.graph.part(symbol)
            step, shape = self.graph[flat], self.graph[parameter].shape
            start, bias, _ = self.graph.network.layout.offsets()[int(parameter[1:])]
            offset = start if parameter[0] == "W" else bias
            shown = symbol
            place = ()
        whole = all(np.issubdtype(type(k), np.integer) for k in index)
        if len(index) != len(shape) or not whole or not all(0 <= k < n for k, n in zip(index, shape, strict=True)):
            example = ", ".join(["0"] * len(shape))
            raise InputError(
                f"entry: expected {len(shape)} whole numbers within {shape} for {symbol}; got {index}; "
                f"pass e.g. entry({symbol!r}{', ' if example else ''}{example})."
            )
        if symbol not in self.graph:
            place = (offset + int(np.ravel_multi_index(index, shape)),)
        elif self.graph.is_flat(symbol):
            shown, index = self._parameter_name(symbol, index[0])
        return step, place, (shown, index)

    def _parameter_name(self, symbol: str, place: int) -> tuple[str, Index]:
        """Name entry `place` of a flat vector by its parameter: theta[5] is W1_new[0, 5]."""
        network = self.graph.network
        layer = network.layout.layer_of(place)
        start, bias, _ = network.layout.offsets()[layer]
        kind, index = ("b", (place - bias,)) if place >= bias else ("W", divmod(place - start, network.sizes[layer]))
        parameter = f"{kind}{layer}"
        return self.graph.part_name(symbol, parameter), index

    def _relabel(self, names: ast.expr) -> ast.expr:
        """Rename the entries of flat vectors by their parameters."""

        def relabelled(node: ast.Subscript) -> ast.expr:
            name, place = ast.unparse(node.value), ast.literal_eval(node.slice)
            flat = self.graph.is_flat(name) and isinstance(place, int)
            return entry_of(*self._parameter_name(name, place)) if flat else node

        return EntryReplacer(relabelled).visit(copy_of(names))

    def _written_out(self, expression: ast.expr) -> ast.expr:
        """Write an equation that is called by its name in full, so that its numbers can be shown."""
        match expression:
            case ast.Call(func=ast.Name(id=name), args=arguments) if hasattr(
                self.graph.environment.get(name), "__code__"
            ):
                return inline(self.graph.environment[name], arguments)
        return expression

    # --- the chain rule ---------------------------------------------------------------------------------------

    def _factors(self, line: Line) -> list[Line]:
        """The line, and recursively the derivatives in it: only the largest term of a sum; all of a short sum at the output."""
        found = {(line.symbol, line.index): line}
        for symbol, index in self._main_factors(line):
            if (symbol, index) not in found:
                found.update({(f.symbol, f.index): f for f in self._factors(self.line(symbol, index))})
        return list(found.values())

    def _main_factors(self, line: Line) -> list[tuple[str, Index]]:
        if line.names is None:
            return []
        names = line.names
        terms = names.args if isinstance(names, ast.Call) and ast.unparse(names.func) == "sum_of" else [names]
        terms = [term for term in terms if not is_rest(term)]
        sizes = [abs(float(self.elements.value(term))) for term in terms]
        last = f"dZ{self.graph.network.n_layers}"
        few_outputs = len(terms) <= SIZES[1] and all(last in ast.unparse(term) for term in terms)
        main = terms if few_outputs else terms[int(np.argmax(sizes)) :][:1]
        factors = [node for term in main for node in ast.walk(term) if isinstance(node, ast.Subscript)]
        named = [(ast.unparse(node.value), index_of(node)) for node in factors]
        return [(name, index) for name, index in named if name in self.graph and self.graph[name].stage == "backward"]

    def _expanded(self, symbol: str, index: Index) -> tuple[ast.expr | None, ast.expr | None]:
        """Write the derivative out in the factors of the chain, as long as the formula stays readable."""
        layer = int("".join(c for c in symbol.split("_")[0] if c.isdigit()))
        between = self.graph.network.sizes[layer + 1 : -1]
        for size in SIZES:
            paths = math.prod(min(size, width) for width in between)  # each path adds at least one number
            if paths > LEAVES and size != SIZES[-1]:
                continue
            names = self._expand(entry_of(symbol, index), Elements(self.graph.environment, size))
            leaves = sum(isinstance(node, ast.Subscript) for node in ast.walk(names))
            if leaves <= LEAVES or size == SIZES[-1]:
                break
        return without_rest(names), fill(names, self.graph.environment)[0]

    def _expand(self, node: ast.expr, elements: Elements) -> ast.expr:
        last, top = f"dZ{self.graph.network.n_layers}", ast.unparse(node).partition("[")[0]

        def expanded(part: ast.Subscript) -> ast.expr:
            name = ast.unparse(part.value)
            step = self.graph[name]
            derivative = step.stage == "backward" and name.startswith("d") and (not step.aside or name == top)
            if not derivative or name == last or step.expression is None:
                return part
            return replacer.visit(copy_of(elements.element(step.expression, index_of(part))))

        replacer = EntryReplacer(expanded)
        return replacer.visit(copy_of(node))

    def _chain(self, symbol: str, index: Index) -> ast.expr:
        """The chain rule from the loss to `symbol`, in partial derivatives, summed over samples and units between."""
        kind, layer = symbol[0], int("".join(c for c in symbol.split("_")[0] if c.isdigit()))
        lowest = layer if kind in "WbZ" else layer + 1  # the first layer that the quantity acts on
        units, letters = self._units(layer, lowest, index)
        several = len(self.graph.batch.X) > 1
        acts_on_all_samples = several and kind in "Wb"
        sample = "i" if acts_on_all_samples else str(index[0]) if several else "0"
        path: list[ast.expr] = [ast.Name("loss", ast.Load())]
        for name, unit in self._path(symbol, layer, lowest, units, str(index[-1])):
            path.append(ast.parse(f"{name}[{sample}, {unit}]", mode="eval").body)
        if ast.unparse(path[-1]) != ast.unparse(entry_of(symbol, index)):
            path.append(entry_of(symbol, index))
        product, *factors = (partial(above, below) for above, below in pairwise(path))
        for factor in factors:
            product = ast.BinOp(product, ast.Mult(), factor)
        sums = ["i", *letters] if acts_on_all_samples else letters
        return ast.Call(ast.Name("sum_over"), [product, *map(ast.Name, sums)], []) if sums else product

    def _units(self, layer: int, lowest: int, index: Index) -> tuple[dict[int, str], list[str]]:
        """The unit that the chain rule passes in each layer from `lowest` on, and the letters of those it sums over."""
        units: dict[int, str] = {}
        free, used = iter("kmpqrstuvxyz"), []
        for above in range(lowest, self.graph.network.n_layers + 1):
            if above == layer:
                units[above] = str(index[-1])
            elif self.graph.network.sizes[above] == 1:
                units[above] = "0"
            else:
                units[above] = next(free, "k")
                used.append(units[above])
        return units, used

    def _path(
        self, symbol: str, layer: int, lowest: int, units: dict[int, str], unit: str
    ) -> Iterator[tuple[str, str]]:
        """The quantities between the loss and `symbol`, and the unit of each."""
        last, masks = self.graph.network.n_layers, self.graph.batch.masks
        if lowest <= last and not self.graph.network.activations[last].rowwise:
            yield f"A{last}", units[last]
        for above in range(last, lowest - 1, -1):
            yield f"Z{above}", units[above]
            if above > lowest:
                if above - 1 in masks:
                    yield f"A{above - 1}_dropped", units[above - 1]
                yield f"A{above - 1}", units[above - 1]
        if symbol == f"A{layer}" and layer in masks and layer < last:
            yield f"A{layer}_dropped", unit

    def _update_lines(self, symbol: str, index: Index, up_to: str = "") -> tuple[Line, ...]:
        """The lines of the update of one parameter."""
        if "theta" not in self.graph:
            return ()
        parameter = self.graph.part(symbol)[1] if symbol not in self.graph else symbol
        lines = []
        for step in self.graph.steps:
            flat = step.shape == self.graph.network.theta.shape and step.stage == "update"
            if (flat and step.symbol not in ("g", "gradient")) or (step.symbol == "g" and "gradient" in self.graph):
                name = f"{parameter}_new" if step.symbol == "theta" else f"{step.symbol}_{parameter}"
                lines.append(self.line(name, index))
                if name == up_to:
                    break
        return tuple(lines)
