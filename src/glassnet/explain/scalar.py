"""The scalar view: one entry of a step with its numbers, and the chain rule of one weight, factor by factor."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import InputError
from glassnet.explain.step import Step
from glassnet.printers.element import Elements, Index, fill, written
from glassnet.printers.inline import inline
from glassnet.printers.text import print_text

if TYPE_CHECKING:
    from glassnet.explain.derivation import Derivation

SIZES = (6, 3, 2)  # how many terms of a sum are shown in a formula that is written out, the first that fits
LEAVES = 14  # numbers that such a formula may have


@dataclass(frozen=True)
class Line:
    """One entry of a step: symbol[index] = names = numbers = value.

    `names` and `numbers` are Python expressions; running `numbers` gives `value`. `conditions` are the comparisons
    that decided a choice, such as 0.5 > 0 in a rectifier.
    """

    symbol: str
    index: Index
    names: ast.expr | None
    numbers: ast.expr | None
    conditions: tuple[ast.expr, ...]
    value: float
    step: Step

    @property
    def target(self) -> ast.expr:
        """What is computed, as an expression."""
        return _entry(self.symbol, self.index)

    def text(self, digits: int = 4) -> str:
        """The line as plain text."""
        parts = [print_text(self.target, digits)]
        parts += [print_text(part, digits) for part in shown_parts(self, digits)]
        since = ", ".join(print_text(condition, digits, condition=True) for condition in self.conditions)
        return " = ".join([*parts, self.result(digits)]) + (f"  (since {since})" if since else "")

    def result(self, digits: int = 4) -> str:
        """The value as plain text."""
        return print_text(written(self.value), digits)


def shown_parts(line: Line, digits: int) -> list[ast.expr]:
    """Names, then numbers where they tell more than the result."""
    parts = [] if line.names is None else [line.names]
    if line.numbers is not None and print_text(line.numbers, digits) != line.result(digits):
        parts.append(line.numbers)
    return parts


@dataclass(frozen=True, repr=False)
class Entry:
    """What `Derivation.entry` returns: how one number comes about, its chain rule spelled out factor by factor.

    Attributes
    ----------
    symbol, index : what was asked for, W1 and (0, 3)
    value : float
        The number: for a parameter or an input, the derivative of the loss with respect to it.
    chain : ast.expr or None
        The chain rule in partial derivatives.
    names, numbers : ast.expr or None
        The derivative written out in the factors of the chain, and with their numbers.
    lines : tuple of Line
        The factors one by one, in the order in which they are computed, and then the update.
    """

    symbol: str
    index: Index
    value: float
    chain: ast.expr | None
    names: ast.expr | None
    numbers: ast.expr | None
    lines: tuple[Line, ...]
    derivation: Derivation

    @property
    def independent(self) -> tuple[float, str] | None:
        """The same derivative by an independent method, and which; None where the entry is no derivative."""
        if self.chain is None:
            return None
        derivative = [line for line in self.lines if line.step.stage != "update"][-1]
        return self.derivation.independent(derivative.symbol, self.index)

    @property
    def partial(self) -> ast.expr:
        """∂loss/∂symbol[index]."""
        return _partial(ast.Name("loss", ast.Load()), _entry(self.symbol, self.index))

    @property
    def equals(self) -> list[ast.expr]:
        """What the entry equals: the chain rule, its factors, their numbers, the value."""
        parts = [part for part in (self.chain, self.names, self.numbers) if part is not None]
        return [*parts, written(self.value)]

    @property
    def title(self) -> str:
        name = print_text(_entry(self.symbol, self.index))
        return f"∂loss/∂{name}: how the loss changes with {name}" if self.chain is not None else name

    def __str__(self) -> str:
        digits = self.derivation.digits
        if self.chain is None:
            return "\n".join(line.text(digits) for line in self.lines)
        left = print_text(self.partial)
        equals = list(dict.fromkeys(print_text(part, digits) for part in self.equals))
        rows = [f"{left if k == 0 else ' ' * len(left)} = {part}" for k, part in enumerate(equals)]
        rows.append("")
        width = max(len(print_text(line.target)) for line in self.lines)
        for line in self.lines:
            name, _, formula = line.text(digits).partition(" = ")
            rows.append(f"  {name:{width}} = {formula}    {line.step.source or ''}".rstrip())
        if self.independent is not None:
            value, method = self.independent
            rows += ["", f"  {method}: {value:.15g}, backpropagation: {self.value:.15g}"]
        return "\n".join(rows)

    __repr__ = __str__

    def to_text(self) -> str:
        """The entry as plain text."""
        return str(self)

    def to_html(self, *, document: bool = True) -> str:
        """The entry as a page of HTML, or as one element (`document=False`)."""
        from glassnet.explain.render_html import render_entry_html

        return render_entry_html(self, document=document)

    def _repr_html_(self) -> str:
        return self.to_html(document=False)

    def to_latex(self, *, document: bool = True) -> str:
        """The entry as a LaTeX document, or as a fragment (`document=False`)."""
        from glassnet.explain.render_latex import render_entry_latex

        return render_entry_latex(self, document=document)

    def to_markdown(self) -> str:
        """The entry as Markdown with LaTeX formulas."""
        from glassnet.explain.render_markdown import render_entry_markdown

        return render_entry_markdown(self)

    def to_json(self) -> str:
        """The entry as JSON."""
        from glassnet.explain.render_json import render_entry_json

        return render_entry_json(self)


class Scalars:
    """Makes the lines and entries of a derivation."""

    def __init__(self, derivation: Derivation) -> None:
        self.of = derivation
        self.elements = Elements(derivation.environment)

    def line(self, symbol: str, index: Index, elements: Elements | None = None) -> Line:
        """The entry of one step; of a flat vector by parameter (m_W1, 0, 3) or by place (m, 3)."""
        step, place, shown = self._locate(symbol, index)
        value = np.asarray(step.value)[place]
        names = numbers = None
        conditions: tuple[ast.expr, ...] = ()
        if step.expression is not None:
            elements = elements or self.elements
            names = elements.element(step.expression, place)
            written = elements.element(self._written_out(step.expression), place)
            numbers, found = fill(written, self.of.environment)
            names, conditions = self._relabel(without_rest(names)), tuple(found)
        return Line(shown[0], shown[1], names, numbers, conditions, float(value), step)

    def entry(self, symbol: str, index: Index) -> Entry:
        """The entry with its chain rule."""
        symbol = {"X": "A0", "dX": "dA0"}.get(symbol, symbol)
        step, _, shown = self._locate(symbol, index)
        wanted = f"d{symbol}" if step.stage == "given" else symbol
        if wanted not in self.of and step.stage == "given":
            raise InputError(
                f"entry: expected a computed symbol, a weight, a bias or an input; got {symbol!r}; "
                "see derivation.steps, and pass y for derivatives."
            )
        if step.stage == "update":
            lines = self._update_lines(*shown, symbol) if symbol not in self.of else (self.line(symbol, index),)
            return Entry(symbol, index, lines[-1].value, None, None, None, lines, self.of)
        line = self.line(wanted, index)
        if not wanted.startswith("d") or wanted.endswith(("_long", "_penalty")):
            return Entry(symbol, index, line.value, None, line.names, line.numbers, (line,), self.of)
        lines = tuple(sorted(self._factors(line), key=lambda found: self.of.position(found.step.symbol)))
        names, numbers = self._expanded(wanted, index)
        update = self._update_lines(symbol, index) if step.stage == "given" and symbol != "A0" else ()
        plain = wanted.removeprefix("d").removesuffix("_data")
        chain = self._chain(plain, index)
        return Entry(
            symbol if step.stage == "given" else plain,
            index,
            line.value,
            chain,
            names,
            numbers,
            (*lines, *update),
            self.of,
        )

    # --- where an entry is ------------------------------------------------------------------------------------

    def _locate(self, symbol: str, index: Index) -> tuple[Step, Index, tuple[str, Index]]:
        """The step, the place in its value, and the name and index to show."""
        if symbol in self.of:
            step, place, shown = self.of[symbol], index, symbol
            shape = step.shape
        else:
            flat, parameter = self.of.part(symbol)
            step, shape = self.of[flat], self.of[parameter].shape
            start, bias, _ = self.of.network.layout.offsets()[int(parameter[1:])]
            offset = start if parameter[0] == "W" else bias
            shown = symbol
            place = ()
        if len(index) != len(shape) or not all(0 <= k < size for k, size in zip(index, shape, strict=True)):
            example = ", ".join(["0"] * len(shape))
            raise InputError(
                f"entry: expected {len(shape)} whole numbers within {shape} for {symbol}; got {index}; "
                f"pass e.g. entry({symbol!r}{', ' if example else ''}{example})."
            )
        if symbol not in self.of:
            place = (offset + int(np.ravel_multi_index(index, shape)),)
        elif self.of.is_flat(symbol):
            shown, index = self._parameter_name(symbol, index[0])
        return step, place, (shown, index)

    def _parameter_name(self, symbol: str, place: int) -> tuple[str, Index]:
        """What entry `place` of a flat vector is called: theta[5] is W1_new[0, 5]."""
        network = self.of.network
        layer = network.layout.layer_of(place)
        start, bias, _ = network.layout.offsets()[layer]
        kind, index = ("b", (place - bias,)) if place >= bias else ("W", divmod(place - start, network.sizes[layer]))
        parameter = f"{kind}{layer}"
        plain = "gradient" if "gradient" in self.of else "g"
        name = {"theta_before": parameter, "theta": f"{parameter}_new", plain: f"d{parameter}"}.get(symbol)
        return name or f"{symbol}_{parameter}", index

    def _relabel(self, names: ast.expr) -> ast.expr:
        """Entries of flat vectors under the names of their parameters."""

        def relabelled(node: ast.Subscript) -> ast.expr:
            name, place = ast.unparse(node.value), ast.literal_eval(node.slice)
            flat = self.of.is_flat(name) and isinstance(place, int)
            return _entry(*self._parameter_name(name, place)) if flat else node

        return _Entries(relabelled).visit(_copied(names))

    def _written_out(self, expression: ast.expr) -> ast.expr:
        """An equation that is called by its name, in full, so that its numbers can be shown."""
        match expression:
            case ast.Call(func=ast.Name(id=name), args=arguments) if hasattr(self.of.environment.get(name), "__code__"):
                return inline(self.of.environment[name], arguments)
        return expression

    # --- the chain rule ---------------------------------------------------------------------------------------

    def _factors(self, line: Line) -> list[Line]:
        """The line and those of the derivatives it is made of: of a sum the largest term, of a short one at the output all."""
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
        terms = [term for term in terms if not _is_rest(term)]
        sizes = [abs(float(self.elements.value(term))) for term in terms]
        last = f"dZ{self.of.network.n_layers}"
        few_outputs = len(terms) <= SIZES[1] and all(last in ast.unparse(term) for term in terms)
        main = terms if few_outputs else terms[int(np.argmax(sizes)) :][:1]
        factors = [node for term in main for node in ast.walk(term) if isinstance(node, ast.Subscript)]
        named = [(ast.unparse(node.value), _index(node)) for node in factors]
        return [(name, index) for name, index in named if name in self.of and self.of[name].stage == "backward"]

    def _expanded(self, symbol: str, index: Index) -> tuple[ast.expr | None, ast.expr | None]:
        """The derivative written out in the factors of the chain, as far as it stays readable."""
        for size in SIZES:
            names = self._expand(_entry(symbol, index), Elements(self.of.environment, size))
            leaves = sum(isinstance(node, ast.Subscript) for node in ast.walk(names))
            if leaves <= LEAVES or size == SIZES[-1]:
                break
        return without_rest(names), fill(names, self.of.environment)[0]

    def _expand(self, node: ast.expr, elements: Elements) -> ast.expr:
        last, top = f"dZ{self.of.network.n_layers}", ast.unparse(node).partition("[")[0]

        def expanded(part: ast.Subscript) -> ast.expr:
            name = ast.unparse(part.value)
            step = self.of[name]
            derivative = step.stage == "backward" and name.startswith("d") and (not step.aside or name == top)
            if not derivative or name == last or step.expression is None:
                return part
            return entries.visit(_copied(elements.element(step.expression, _index(part))))

        entries = _Entries(expanded)
        return entries.visit(_copied(node))

    def _chain(self, symbol: str, index: Index) -> ast.expr | None:
        """The chain rule from the loss to `symbol`, in partial derivatives."""
        kind, layer = symbol[0], int("".join(c for c in symbol.split("_")[0] if c.isdigit()))
        dropped = symbol.endswith("_dropped")
        last, n, sizes = self.of.network.n_layers, len(self.of.batch.X), self.of.network.sizes
        sums: list[str] = []
        whole = kind in "Wb"  # a parameter acts through every sample
        sample = "0" if n == 1 else "i" if whole else str(index[0])
        if whole and n > 1:
            sums.append("i")
        units, letters = {}, iter("kmpqrstuvxyz")
        own = layer if kind in "WbZ" else layer + 1
        for above in range(own, last + 1):
            if above == layer:
                units[above] = str(index[-1])
            elif sizes[above] == 1:
                units[above] = "0"
            else:
                units[above] = next(letters, "k")
                sums.append(units[above])

        def at(name: str, unit: str) -> ast.expr:
            return ast.parse(f"{name}[{sample}, {unit}]", mode="eval").body

        factors: list[tuple[ast.expr, ast.expr]] = []
        below: ast.expr = ast.Name("loss", ast.Load())

        def through(name: str, unit: str) -> None:
            nonlocal below
            factors.append((below, at(name, unit)))
            below = factors[-1][1]

        top = last + 1 if kind == "A" and layer == last else last
        if not self.of.network.activations[last].rowwise and not (kind == "A" and layer == last):
            through(f"A{last}", units.get(last, str(index[-1])))
        for above in range(top, own - 1, -1):
            if above > last:
                break
            through(f"Z{above}", units[above])
            if above > own:
                if above - 1 in self.of.batch.masks:
                    through(f"A{above - 1}_dropped", units[above - 1])
                through(f"A{above - 1}", units[above - 1])
        own_name = _entry(symbol, index)
        if kind == "A" and not dropped and layer in self.of.batch.masks and layer < last:
            through(f"A{layer}_dropped", str(index[-1]))
        if ast.unparse(below) != ast.unparse(own_name):
            factors.append((below, own_name))
        product = _partial(*factors[0])
        for factor in factors[1:]:
            product = ast.BinOp(product, ast.Mult(), _partial(*factor))
        if sums:
            return ast.Call(ast.Name("sum_over"), [product, *(ast.Name(letter) for letter in sums)], [])
        return product

    def _update_lines(self, symbol: str, index: Index, up_to: str = "") -> tuple[Line, ...]:
        """The lines of the update that belong to one parameter."""
        if "theta" not in self.of:
            return ()
        parameter = self.of.part(symbol)[1] if symbol not in self.of else symbol
        lines = []
        for step in self.of.steps:
            flat = step.shape == self.of.network.theta.shape and step.stage == "update"
            if (flat and step.symbol not in ("g", "gradient")) or (step.symbol == "g" and "gradient" in self.of):
                name = f"{parameter}_new" if step.symbol == "theta" else f"{step.symbol}_{parameter}"
                lines.append(self.line(name, index))
                if name == up_to:
                    break
        return tuple(lines)


def without_rest(node: ast.expr) -> ast.expr:
    """A formula of names, where the terms that are not shown have no number."""

    class Strip(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            node.args = node.args[:1] if _is_rest(node) else [self.visit(argument) for argument in node.args]
            return node

    return Strip().visit(_copied(node))


class _Entries(ast.NodeTransformer):
    """Replaces each entry of an array."""

    def __init__(self, replaced: Callable[[ast.Subscript], ast.expr]) -> None:
        self.replaced = replaced

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return self.replaced(node)


def _copied(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


def _partial(above: ast.expr, below: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("partial"), [above, below], [])


def _is_rest(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "rest"


def _index(node: ast.Subscript) -> Index:
    index: Any = ast.literal_eval(node.slice)
    return index if isinstance(index, tuple) else (index,)


def _entry(symbol: str, index: Index) -> ast.expr:
    text = f"{symbol}[{', '.join(map(str, index))}]" if index else symbol
    return ast.parse(text, mode="eval").body
