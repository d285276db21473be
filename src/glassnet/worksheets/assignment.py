"""Assignments in code: a notebook for nbgrader or Otter-Grader whose tests are those of `check`, on random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from glassnet.errors import InputError, check_count, check_number, unknown_name
from glassnet.explain.check import check
from glassnet.explain.grade import Grade
from glassnet.network.network import Network

FORMATS = ("nbgrader", "otter")


@dataclass(frozen=True)
class Exercise:
    """A function to write: its name and parameters, what it returns, the network it is for, and a solution.

    `options` are those of `check`: penalties, dropout.
    """

    title: str
    text: str
    function: str
    parameters: str
    returns: tuple[str, ...]
    solution: str
    network: Callable[[], Network]
    options: Mapping[str, Any] = field(default_factory=dict)


_FORWARD = "Z1 = X @ W1 + b1\nA1 = {}\n"
_STEP = (
    "Z1 = X @ W1 + b1\nA1 = {activation}\nZ2 = A1 @ W2 + b2\n{output}"
    "dW2 = A1.T @ dZ2\ndb2 = dZ2.sum(axis=0)\ndA1 = dZ2 @ W2.T\ndZ1 = dA1 * {slope}\ndW1 = X.T @ dZ1\ndb1 = dZ1.sum(axis=0)\n"
)
_GRADIENTS = ("dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1")
_SOFTMAX = (
    "E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))\nA2 = E / E.sum(axis=1, keepdims=True)\ndZ2 = (A2 - Y) / len(X)\n"
)
_PARAMETERS = "X, Y, W1, b1, W2, b2"

EXERCISES: dict[str, Exercise] = {
    "neuron": Exercise(
        "One neuron",
        "A neuron with a sigmoid: `Z1 = X W1 + b1`, `A1 = 1 / (1 + exp(−Z1))`.",
        "forward",
        "X, W1, b1",
        ("Z1", "A1"),
        _FORWARD.format("1 / (1 + np.exp(-Z1))"),
        lambda: Network([3, 1], output="sigmoid"),
    ),
    "layer-and-batch": Exercise(
        "A layer and a batch",
        "A layer with tanh for a batch of rows: `Z1 = X W1 + b1`, `A1 = tanh(Z1)`.",
        "forward",
        "X, W1, b1",
        ("Z1", "A1"),
        _FORWARD.format("np.tanh(Z1)"),
        lambda: Network([3, 4], output="tanh", loss="squared_error"),
    ),
    "loss": Exercise(
        "The loss",
        "The binary cross-entropy of a neuron with a sigmoid, as the mean over the rows. `Y` is 0 or 1, (n, 1).",
        "loss",
        "X, Y, W1, b1",
        ("A1", "loss"),
        "A1 = 1 / (1 + np.exp(-(X @ W1 + b1)))\nloss = -np.mean(Y * np.log(A1) + (1 - Y) * np.log(1 - A1))\n",
        lambda: Network([3, 1], output="sigmoid"),
    ),
    "chain-rule": Exercise(
        "The chain rule",
        "A hidden layer with tanh, an output without activation, the loss ½(ŷ − y)² as the mean over the rows.",
        "gradients",
        _PARAMETERS,
        _GRADIENTS,
        _STEP.format(activation="np.tanh(Z1)", output="dZ2 = (Z2 - Y) / len(X)\n", slope="(1 - A1**2)"),
        lambda: Network([3, 4, 1], hidden="tanh"),
    ),
    "full-step-exact": Exercise(
        "Backpropagation: squared error",
        "A hidden layer with relu, an output without activation, the loss ½(ŷ − y)² as the mean over the rows.",
        "gradients",
        _PARAMETERS,
        _GRADIENTS,
        _STEP.format(activation="np.maximum(Z1, 0)", output="dZ2 = (Z2 - Y) / len(X)\n", slope="(Z1 > 0)"),
        lambda: Network([2, 3, 1], hidden="relu"),
    ),
    "full-step-softmax": Exercise(
        "Backpropagation: softmax and cross-entropy",
        "A hidden layer with relu, a softmax, the cross-entropy as the mean over the rows. `Y` has one-hot rows.",
        "gradients",
        _PARAMETERS,
        _GRADIENTS,
        _STEP.format(activation="np.maximum(Z1, 0)", output=_SOFTMAX, slope="(Z1 > 0)"),
        lambda: Network([3, 4, 2], hidden="relu", output="softmax"),
    ),
    "batch-penalty-mask": Exercise(
        "A batch, a penalty, a dropout mask",
        "As in the exercise on the squared error, with a dropout mask `D1` (0 or 2) on the hidden layer and an L2 penalty: "
        "½·l2·(the sum of all squared weights) is added to the loss.",
        "gradients",
        f"{_PARAMETERS}, D1, l2",
        ("dZ2", "dW2", "dZ1", "dW1"),
        "Z1 = X @ W1 + b1\nA1 = np.maximum(Z1, 0)\nH1 = A1 * D1\nZ2 = H1 @ W2 + b2\ndZ2 = (Z2 - Y) / len(X)\n"
        "dW2 = H1.T @ dZ2 + l2 * W2\ndZ1 = dZ2 @ W2.T * D1 * (Z1 > 0)\ndW1 = X.T @ dZ1 + l2 * W1\n",
        lambda: Network([2, 4, 1], hidden="relu"),
        {"l2": 0.1, "dropout": 0.5},
    ),
}


def exercise(topic: str) -> Exercise:
    """Return the exercise of a topic; raise InputError if there is none."""
    if topic not in EXERCISES:
        raise unknown_name("topic", topic, EXERCISES)
    return EXERCISES[topic]


def grade_function(topic: str, function: Any, seed: int = 0) -> tuple[Grade | None, str]:
    """Check a learner's function on random numbers: the grade, None if it did not run, and the verdict in words."""
    try:
        grade = check(function, exercise(topic).network(), seed=seed, **exercise(topic).options)
    except InputError as error:
        return None, str(error)
    return grade, str(grade)


def is_right(topic: str, function: Any, term: str, seed: int = 0) -> bool:
    """True if a learner's function returns this term, and it is right."""
    grade, _ = grade_function(topic, function, seed)
    return grade is not None and any(mark.symbol == term and mark.ok for mark in grade.marks)


def points(topic: str, function: Any, most: float = 10.0, seed: int = 0) -> float:
    """Print the verdict on a learner's function, and return its points: a share of `most` for each right term.

    Examples
    --------
    >>> import numpy as np
    >>> def forward(X, W1, b1):
    ...     return {"Z1": X @ W1 + b1, "A1": X @ W1 + b1}
    >>> points("neuron", forward)  # doctest: +ELLIPSIS
    1 of 2 right: Z1
    ...
    5.0
    """
    check_number("most", most, 0)
    check_count("seed", seed, low=0)
    grade, verdict = grade_function(topic, function, seed)
    print(verdict)
    asked = exercise(topic).returns
    if grade is None:
        return 0.0
    right = {mark.symbol for mark in grade.marks if mark.ok}
    missing = [term for term in asked if term not in {mark.symbol for mark in grade.marks}]
    if missing:
        print(f"not returned: {', '.join(missing)}")
    return round(most * sum(term in right for term in asked) / len(asked), 4)
