"""Random cases on which `check` tries a function, and the grade over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explain.grade import Grade
from glassnet.explain.grading.causes import EVIDENCE
from glassnet.explain.grading.notation import in_convention
from glassnet.explain.graph import Graph
from glassnet.network.network import Network

Array = NDArray[Any]

SIZES = (1, 5, 7)  # one sample alone, then batches of sizes that are no width of a usual network


def random_case(network: Network, n: int, seed: int) -> tuple[Network, Array, Array]:
    """Draw a case: the network with random weights and biases, and n random samples with targets."""
    rng = np.random.default_rng(seed)
    net = network.copy()
    for layer in net.W:
        net.W[layer][...] = rng.normal(size=net.W[layer].shape) / np.sqrt(len(net.W[layer]))
        net.b[layer][...] = rng.normal(scale=0.5, size=net.b[layer].shape)
    X, k = rng.normal(size=(n, net.sizes[0])), net.sizes[-1]
    kind = net.loss_function.targets
    if kind == "distribution":
        return net, X, rng.integers(0, k, size=n)
    Y = {"numbers": rng.normal(size=(n, k)), "counts": rng.poisson(2.0, size=(n, k))}
    return net, X, Y.get(kind, rng.integers(0, 2, size=(n, k)).astype(float))


def in_all_cases(cases: Sequence[tuple[Graph, Grade]]) -> Grade:
    """The grade of the first case with a wrong term, with a cause that all wrong cases share; the last if all are right.

    Of two mistakes a case may show one only: one sample does not show that the mean is forgotten.
    A case whose first wrong term has too few numbers to show a cause does not speak against one.
    """
    wrong = [(graph, grade) for graph, grade in cases if grade.first_wrong is not None]
    if not wrong:
        return cases[-1][1]
    for _, grade in wrong:
        both = {cause.code for cause in (grade.misconception, grade.second) if cause}
        if grade.second and all(other.misconception and other.misconception.code in both for _, other in wrong):
            return grade
    speaking = [
        {cause.code for cause in (grade.misconception, grade.second, *grade.also_possible) if cause}
        for _, grade in wrong
        if grade.misconception or (grade.first_wrong and grade.first_wrong.given.size >= EVIDENCE)
    ]
    shared = set.intersection(*speaking) if speaking else set()
    for _, grade in wrong:
        if grade.misconception and grade.misconception.code in shared:
            return replace(grade, also_possible=tuple(o for o in grade.also_possible if o.code in shared))
    graph, grade = next((each for each in wrong if not each[1].misconception), wrong[0])
    symbol = grade.first_wrong.symbol if grade.first_wrong else ""
    code = in_convention(grade.convention, graph, symbol, graph[symbol].code) if symbol in graph else ""
    return replace(grade, misconception=None, second=None, also_possible=(), formula="", right_formula=code)
