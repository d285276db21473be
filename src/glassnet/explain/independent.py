"""Independent checks of a derivation's numbers: derivatives by the complex step, all else in plain Python, one by one.

A derivative is checked by moving its quantity in the middle of the forward pass and running the rest again. Any other
step is computed again entry by entry from its inputs, with Python's own floats, its math module and exactly rounded
sums, where the engine uses NumPy's arrays. The numbers of a float32 network are compared with their formulas in
double precision, and the formulas are checked on its double-precision twin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.directional import Directional, Side
from glassnet.explain.graph import Graph, Step
from glassnet.explain.plain import Plain, Single, rounding
from glassnet.explain.rerun import Behind, Rerun
from glassnet.explain.walk import Walk
from glassnet.explain.walk_update import add_update
from glassnet.printers.element import Elements

Array = NDArray[Any]

EXACT = 1e-10  # the largest error that rounding leaves in double precision
DIFFERENCED = 1e-6  # where a function of one's own is differenced
SINGLE = 1e-5  # in single precision
SINGLE_UNREAD = 1e-3  # in single precision, of a step without a formula, whose rounding adds up from the inputs on
ROUNDED = 1e-14  # what rounding leaves of terms that cancel, as a share of them


@dataclass(frozen=True)
class Check:
    """The result of an independent check of a step.

    Attributes
    ----------
    method : str
        "complex step", "centred difference" (through functions that take no complex numbers), "plain Python", or "none"
        for a step that nothing can be compared with.
    error : float
        The largest difference, relative to the step's largest entry.
    checked, entries : int
        How many of the step's entries were compared; in a large step the largest and some others.
    kinks : int
        How many of them move a number that is at a kink of its function, where the derivative jumps: the step's own slope
        is right there, and any derivative between the two sides. All else is compared as strictly as elsewhere.
    undefined : int
        How many of them have no finite value, and none by the formula either.
    tolerance : float
        The largest error that counts as agreement: 1e-10, more for centred differences and in float32.
    """

    method: str
    error: float
    checked: int
    entries: int
    kinks: int = 0
    undefined: int = 0
    tolerance: float = EXACT

    @property
    def ok(self) -> bool:
        """True if something was compared and it agrees."""
        return self.checked > 0 and self.error <= self.tolerance

    @property
    def verdict(self) -> str:
        """The result in a word or two: "agrees", "DIFFERS" or "not checked"."""
        return "not checked" if not self.checked else "agrees" if self.ok else "DIFFERS"

    def __str__(self) -> str:
        if not self.checked:
            why = (
                "its code gives no formula to run again" if self.method == "none" else "its function is not finite here"
            )
            return f"{self.verdict}: {why}"
        many = f"all {self.entries:,} entries" if self.entries > 1 else "its one entry"
        parts = [self.method, many if self.checked == self.entries else f"{self.checked:,} of {self.entries:,} entries"]
        parts += [f"{self.kinks} at a kink"] if self.kinks else []
        parts += [f"{self.undefined} not finite"] if self.undefined else []
        return f"{self.verdict} {f'to {self.error:.0e}' if self.error else 'exactly'} ({', '.join(parts)})"


@dataclass
class _Tally:
    """What was found so far at the entries of a step."""

    worst: float = 0.0
    checked: int = 0
    kinks: int = 0
    undefined: int = 0

    def count(self, error: float) -> None:
        self.checked += 1
        self.worst = max(self.worst, error)

    def check(self, method: str, entries: int, tolerance: float = EXACT) -> Check:
        return Check(method, self.worst, self.checked, entries, self.kinks, self.undefined, tolerance)


class Checker:
    """Checks the steps of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.rerun = Rerun(graph)
        self.single = graph.network.dtype == np.float32

    @cached_property
    def twin(self) -> Checker:
        """The checker of the same step in double precision."""
        graph = self.graph
        job, batch, state = graph.job, graph.batch, graph.state
        weight = None if batch.sample_weight is None else _double(batch.sample_weight)
        masks = {layer: _double(mask) for layer, mask in batch.masks.items()}
        batch = replace(batch, X=_double(batch.X), Y=_double(batch.Y), sample_weight=weight, masks=masks)
        job = replace(job, network=self.rerun.net)
        walk = Walk(job, replace(state, slots=_double(state.slots)), batch, "Y" in graph)
        if "theta" in graph:
            add_update(walk)
        return Checker(walk.graph(graph.digits))

    def check(self, step: Step, at_most: int | None) -> Check:
        """Check one step, at up to `at_most` of its entries."""
        value = np.asarray(step.value, dtype=np.float64)
        places = _places(value, at_most)
        with np.errstate(all="ignore"):
            if self.single:
                return self._in_single(step, value, places)
            return self._in_double(step, value, places)

    def _in_double(self, step: Step, value: Array, places: list[tuple[int, ...]]) -> Check:
        if step.symbol.startswith("J"):
            return self._jacobian(step, value, places)
        behind = self.rerun.behind(step.symbol)
        if behind is None:
            return self._plain(step, value, places)
        return self._derivative(step, value, places, behind)

    def _in_single(self, step: Step, value: Array, places: list[tuple[int, ...]]) -> Check:
        """Check a float32 step: a derivative on the double-precision twin, and its numbers against its formula."""
        if self.rerun.behind(step.symbol) is None and not step.symbol.startswith("J"):
            return self._plain(step, value, places, SINGLE)
        twin = self.twin.graph[step.symbol]
        exact = np.asarray(twin.value, dtype=np.float64)
        found = self.twin._in_double(twin, exact, places)
        if not found.ok:
            return found
        if step.expression is not None:
            rounded = self._plain(step, value, places, SINGLE)
        else:
            tally = _Tally()
            for place in places:
                tally.count(_difference(float(exact[place]), float(value[place]), _scale(exact)))
            rounded = tally.check("", value.size, SINGLE_UNREAD)
        return replace(found, method=f"{found.method} in float64", error=rounded.error, tolerance=rounded.tolerance)

    def _plain(self, step: Step, value: Array, places: list[tuple[int, ...]], tolerance: float = EXACT) -> Check:
        tally = _Tally()
        if step.expression is None:
            return tally.check("none", value.size)
        environment, scale = self.graph.environment, _scale(value)
        elements = Elements(environment, at_most=None)
        for place in places:
            formula = elements.element(step.expression, place)
            again = Plain(environment).run(formula)
            error = _difference(again, float(value[place]), scale)
            if error > tolerance and self.single:  # where float32 overflows or vanishes on the way
                error = _difference(Single(environment).run(formula), float(value[place]), scale)
            if error > tolerance and math.isfinite(error):
                noise = rounding(environment, formula, float(np.finfo(self.graph.network.dtype).eps))
                error = 0.0 if error * scale <= noise else error
            tally.count(error)
        return tally.check("plain Python", value.size, tolerance)

    def _derivative(self, step: Step, value: Array, places: list[tuple[int, ...]], behind: Behind) -> Check:
        tolerance = EXACT if behind.analytic else DIFFERENCED
        scale = max(_scale(value), ROUNDED / tolerance * self.rerun.sizes.get(step.symbol, 0.0))
        tally = _Tally()
        for place in places:
            flat, number = int(np.ravel_multi_index(place, value.shape)), float(value[place])
            again = behind.slope(flat)
            if step.aside and not math.isfinite(again - number):  # the long way divides by 0: as its formula does?
                tally.undefined += not math.isfinite(number)
                again = self._again(step, place)
            elif math.isfinite(number) and not math.isfinite(again):
                continue  # the function itself overflows here
            error = _difference(again, number, scale)
            if error > tolerance:
                at_kink = self._at_kink(behind, flat, scale)
                if at_kink is not None:
                    tally.kinks += 1
                    stated, low, high = at_kink
                    outside = max(low - number, number - high, 0.0) / max(scale, 1e-300)
                    error = min(_difference(stated, number, scale), outside)
            tally.count(error)
        return tally.check("complex step" if behind.analytic else "centred difference", value.size, tolerance)

    def _again(self, step: Step, place: tuple[int, ...]) -> float:
        """Compute one entry from the formula of its step; nan without one."""
        if step.expression is None:
            return math.nan
        formula = Elements(self.graph.environment, at_most=None).element(step.expression, place)
        return Plain(self.graph.environment).run(formula)

    def _at_kink(self, behind: Behind, flat: int, scale: float) -> tuple[float, float, float] | None:
        """Return a derivative with the stated slopes at kinks, and the lower and upper one of its two sides; None at no kink."""
        straight, left, right, stated = (behind.slope(flat, side) for side in Side)
        jump = (EXACT if behind.analytic else DIFFERENCED) * scale
        if not (math.isfinite(left + right + stated) and max(abs(right - left), abs(stated - straight)) > jump):
            return None
        return stated, min(left, right), max(left, right)

    def _jacobian(self, step: Step, value: Array, places: list[tuple[int, ...]]) -> Check:
        """Check ∂aⱼ/∂zₖ by moving one z of the output."""
        last = self.rerun.last
        Z, output = self.rerun.number(f"Z{last}"), self.rerun.activations[last]
        scale, tally = max(_scale(value), ROUNDED / EXACT), _Tally()
        for row, j, k in places:
            behind = Behind(partial(_entry, output, (row, j)), Z, (output,))
            tally.count(_difference(behind.slope(row * Z.shape[1] + k), float(value[row, j, k]), scale))
        return tally.check("complex step", value.size)

    def independent(self, symbol: str, index: tuple[int, ...]) -> tuple[float, str] | None:
        """One derivative by an independent method, and the method; None if the symbol is not a derivative.

        At a kink it is the one with the slopes that the step states there.
        """
        behind = self.rerun.behind(symbol)
        if behind is None:
            return None
        flat = int(np.ravel_multi_index(index, behind.at.shape))
        method = "complex step" if behind.analytic else "centred difference"
        with np.errstate(all="ignore"):
            found = behind.slope(flat)
            at_kink = None if behind.smooth else self._at_kink(behind, flat, abs(found))
        return (found, method) if at_kink is None else (at_kink[0], f"{method} with the slope stated at the kink")


def _entry(function: Directional, place: tuple[int, int], z: Array, side: Side) -> Any:
    return function(z, side)[place]


def _places(value: Array, at_most: int | None) -> list[tuple[int, ...]]:
    """Choose the entries to check: all, or `at_most`, half of them the largest, the same at every call."""
    if at_most is None or value.size <= at_most:
        return list(np.ndindex(value.shape))
    flat = np.abs(value).ravel()
    largest = np.argpartition(-flat, at_most // 2)[: at_most // 2]
    others = np.random.default_rng(0).choice(value.size, at_most - len(largest), replace=False)
    places = np.unique(np.concatenate([largest, others]))
    return [tuple(int(k) for k in np.unravel_index(place, value.shape)) for place in places]


def _difference(again: float, value: float, scale: float) -> float:
    """|a − b| relative to `scale`; 0 for two numbers that are both not finite."""
    if again == value or not (math.isfinite(again) or math.isfinite(value)):
        return 0.0
    difference = abs(again - value) / max(scale, 1e-300)
    return difference if math.isfinite(difference) else math.inf


def _scale(value: Array) -> float:
    finite = np.abs(value)[np.isfinite(value)]
    return float(finite.max()) if finite.size else 0.0


def _double(array: Array) -> Array:
    return array.astype(np.float64)
