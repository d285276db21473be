"""Writes a page for each misconception of grading: the mistake in formulas and numbers on the smallest network that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from build_cache import kept

import glassnet as gn
from glassnet.explain.derivation import Derivation
from glassnet.explain.grading.misconceptions import _SUBJECTS, MISCONCEPTIONS, carried_on
from glassnet.explain.grading.rules import Formulas, Rule
from glassnet.explain.grading.simulation import Simulation

PREPARE = """import numpy as np
import glassnet as gn
"""
BIASES = """
for layer, b in net.b.items():
    b[...] = np.random.default_rng(layer).normal(size=b.size).round(1)
"""
NETWORKS = {  # the networks and steps tried, simplest first
    "softmax": 'net = gn.Network([3, 4, 2], hidden="tanh", output="softmax", seed=3)',
    "sigmoid": 'net = gn.Network([2, 2, 1], hidden="tanh", output="sigmoid", seed=3)',
    "number": 'net = gn.Network([2, 2, 1], hidden="sigmoid", seed=3)',
    "relu": 'net = gn.Network([3, 4, 2], hidden="relu", output="softmax", seed=1)',
    "small": 'net = gn.Network([2, 2, 1], hidden="tanh", output="sigmoid", loss="squared_error", seed=3)',
    "two numbers": 'net = gn.Network([2, 3, 2], hidden="tanh", seed=3)',
    "two labels": 'net = gn.Network([3, 4, 2], hidden="tanh", output="sigmoid", seed=3)',
    "deep": 'net = gn.Network([3, 3, 3, 2], hidden="tanh", output="softmax", seed=4)',
    "deep number": 'net = gn.Network([2, 2, 2, 2, 1], hidden="tanh", seed=4)',
    "square": 'net = gn.Network([2, 2, 2], hidden="tanh", seed=5)',
    "one": 'net = gn.Network([1, 1, 1], hidden="tanh", seed=2)',
}
X3, X2 = "[[0.5, -1.0, 2.0], [1.5, 0.5, -0.5], [-1.0, 0.8, 0.4]]", "[[0.5, -1.0], [1.5, 0.5], [-1.0, 0.8]]"
STEPS = {  # (network, rows, targets, options)
    "softmax": [
        ("[0.5, -1.0, 2.0]", "1", ""),
        (X3, "[1, 0, 1]", ""),
        (X3, "[1, 0, 1]", ", l2=0.1"),
        (X3, "[1, 0, 1]", ", l1=0.1"),
        (X3, "[1, 0, 1]", ", dropout=0.4, seed=3"),
        (X3, "[1, 0, 1]", ", dropout=0.4, seed=3, step=2"),
        (X3, "[1, 0, 1]", ", clip_norm=0.1"),
        (X3, "[1, 0, 1]", ", sample_weight=[1.0, 2.0, 0.5]"),
        ("[0.5, -1.0, 2.0]", "1", ', optimizer="adam"'),
        (
            "[0.5, -1.0, 2.0]",
            "1",
            ', optimizer="adam", step=1, memory={"m": 0.1 + 0 * net.theta, "v": 0.04 + 0 * net.theta}',
        ),
        ("[0.5, -1.0, 2.0]", "1", ', optimizer=gn.Nesterov(learning_rate=0.5), memory={"v": 0.5 + 0 * net.theta}'),
        ("[0.5, -1.0, 2.0]", "1", ", optimizer=gn.Adam(learning_rate=0.5, epsilon=0.1)"),
    ],
    "sigmoid": [("[0.5, -1.0]", "1", ""), (X2, "[1, 0, 1]", "")],
    "number": [("[0.5, -1.0]", "1.5", ""), (X2, "[1.5, -0.5, 0.25]", ""), ("[60.0, -45.0]", "90.0", "")],
    "relu": [("[0.5, -1.0, 2.0]", "1", ""), (X3, "[1, 0, 1]", "")],
    "small": [("[0.5, -1.0]", "1", ""), (X2, "[1, 0, 1]", "")],
    "two numbers": [("[0.5, -1.0]", "[1.5, 0.5]", ""), (X2, "[[1.5, 0.5], [-0.5, 1.0], [0.25, 2.0]]", "")],
    "two labels": [("[0.5, -1.0, 2.0]", "[1, 0]", ""), (X3, "[[1, 0], [0, 0], [1, 1]]", "")],
    "deep": [("[0.5, -1.0, 2.0]", "1", ""), (X3, "[1, 0, 1]", "")],
    "deep number": [("[0.5, -1.0]", "1.5", ""), (X2, "[1.5, -0.5, 0.25]", "")],
    "square": [("[0.5, -1.0]", "[1.5, 0.5]", ""), ("[[0.5, -1.0], [1.5, 0.5]]", "[[1.5, 0.5], [-0.5, 1.0]]", "")],
    "one": [("[0.5]", "1.5", "")],
}


@dataclass(frozen=True)
class Subject:
    """What misconceptions of one kind have in common: why they are wrong, and a source."""

    title: str
    why: str
    source: str


SUBJECTS = {
    "output": Subject(
        "The output and its derivative",
        "The output activation and the loss belong together: their derivatives multiply to prediction minus target, once. The "
        "softmax couples all outputs of a row, so its derivative is a matrix.",
        "Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990",
    ),
    "loss": Subject(
        "The loss and its slope",
        "The gradient is that of one number, the loss. A factor, a sign or a target that is lost at the loss is carried into every gradient.",
        "Bishop, Neural Networks for Pattern Recognition, 1995, chapter 6",
    ),
    "batch": Subject(
        "The mean over the batch",
        "The loss of a batch is the mean over its samples. So each sample's slope carries 1/n, exactly once, and gradients add up the samples.",
        "LeCun, Bottou, Orr & Müller, Efficient BackProp, 1998",
    ),
    "backward": Subject(
        "The way back through a layer",
        "The slope at a unit is what comes from all units above, through the weights, times the unit's own derivative: dZ = (dZ Wᵀ) ⊙ g′(Z).",
        "Rumelhart, Hinton & Williams, Learning representations by back-propagating errors, 1986",
    ),
    "forward": Subject(
        "The forward pass",
        "Everything behind a wrong value of the forward pass is computed from it, so the gradient is that of another network.",
        "Rumelhart, Hinton & Williams, Learning representations by back-propagating errors, 1986",
    ),
    "gradients": Subject(
        "The gradients of weights and biases",
        "Each weight's slope is the input it multiplies, times the slope at the unit it leads to, added up over the samples: dW = Aᵀ dZ.",
        "Rumelhart, Hinton & Williams, Learning representations by back-propagating errors, 1986",
    ),
    "regularization": Subject(
        "Penalties, dropout, clipping",
        "What is added to the loss is added to the gradient, and what is switched off on the way forward is switched off on the way back.",
        "Krogh & Hertz, A simple weight decay can improve generalization, 1992; Srivastava et al., Dropout, 2014",
    ),
    "update": Subject(
        "The update",
        "The optimizer's recurrence holds the rate, the memory and its corrections, each at one place.",
        "Kingma & Ba, Adam: a method for stochastic optimization, 2015",
    ),
    "numbers": Subject(
        "Accidents of a program",
        "The mathematics is right and the array is not: numbers are cut, lost, or stand in another's place.",
        "Harris et al., Array programming with NumPy, 2020",
    ),
}


@dataclass(frozen=True)
class Example:
    """A misconception made on a small network: the code, formulas and numbers of its first wrong term, and the verdict."""

    code: str
    symbol: str
    formulas: tuple[tuple[str, str, str], ...]  # symbol, wrong, right
    wrong: str
    right: str
    angle: float | None
    verdict: str


def pages() -> Iterator[tuple[str, str]]:
    """Yield the file below reference/misconceptions and the text of each page."""
    examples = kept("misconceptions", examples_of_all)
    tables = []
    for module, subject, rules in _by_subject():
        rows = "\n".join(
            f"| [`{rule.misconception.code}`]({rule.misconception.code}.md) | {rule.misconception.what} |"
            for rule in rules
        )
        tables.append(f"## {subject.title}\n\n{subject.why}\n\n| code | the mistake |\n|---|---|\n{rows}")
        for rule in rules:
            yield f"{rule.misconception.code}.md", _page(rule, subject, module, examples[rule.misconception.code])
    yield "index.md", INDEX.format(count=len(MISCONCEPTIONS), tables="\n\n".join(tables))


INDEX = """# Misconceptions

The {count} mistakes that `grade` and `glassnet check` tell apart. Each page makes the mistake on a small network and shows its
numbers beside the right ones; the numbers are computed while this site is built. `grade.misconception.page` is the address of a page
on this site. How grading works: [every number explained](/reference/explain.md).

{tables}

```{{toctree}}
:hidden:
:glob:
*
```
"""


def _by_subject() -> list[tuple[str, Subject, list[Rule]]]:
    names = [module.__name__.rpartition(".")[2] for module in _SUBJECTS]
    return [(name, SUBJECTS[name], list(module.RULES)) for name, module in zip(names, _SUBJECTS, strict=True)]


def _page(rule: Rule, subject: Subject, module: str, example: Example) -> str:
    about = rule.misconception
    angle = ""
    if example.angle is not None:
        angle = f"The gradient that follows points {example.angle:.0f}° away from the right one" + (
            ": a step along it leads uphill." if example.angle > 90 else "."
        )
        if example.angle < 0.5:
            angle = "The gradient that follows has the right direction and another length, like that of another learning rate."
    formulas = "\n".join(
        f"| {symbol} | `{_cell(wrong)}` | `{_cell(right)}` |" for symbol, wrong, right in example.formulas
    )
    return f"""# {about.code}

{about.what}

## The smallest example

```python
{example.code}
```

| | the mistake | right |
|---|---|---|
{formulas}
| the first number it changes: {example.symbol} | `{example.wrong}` | `{example.right}` |

`print(derivation.grade(…))` of a learner's terms with this mistake says:

```text
{example.verdict}
```

## Why it is wrong

{subject.why} {angle}

## What to do instead

{about.remedy}

*Source:* {subject.source}. The wrong formulas are the rule in `glassnet/explain/grading/mistakes/{module}.py`.
"""


def _cell(formula: str) -> str:
    return formula.replace("|", "\\|")


def examples_of_all() -> dict[str, Example]:
    """Find the smallest example of each misconception."""
    derivations = [(code, _derivation(code)) for code in _codes()]
    return {rule.misconception.code: _example(rule, derivations) for _, _, rules in _by_subject() for rule in rules}


def _codes() -> Iterator[str]:
    for name, network in NETWORKS.items():
        for X, y, options in STEPS[name]:
            yield f"{PREPARE}\n{network}{BIASES}derivation = gn.explain(net, {X}, {y}{options})"


def _derivation(code: str) -> Derivation:
    space: dict[str, Any] = {}
    exec(code, space)  # noqa: S102 – our own text
    found: Derivation = space["derivation"]
    return found


def _example(rule: Rule, derivations: Sequence[tuple[str, Derivation]]) -> Example:
    code_of = rule.misconception.code
    for code, derivation in derivations:
        asked = _asked(derivation)
        right = {symbol: derivation.value(symbol) for symbol in asked}
        simulation = Simulation(derivation, tuple(asked))
        for places in rule.places(derivation):
            for formulas in carried_on(derivation, places) if places else ():
                changed = simulation.run(formulas)
                first = next(
                    (symbol for symbol in asked if symbol in changed and _shows(changed[symbol], right[symbol])), None
                )
                if first is None:
                    continue
                grade = derivation.grade(
                    {symbol: changed.get(symbol, right[symbol]) for symbol in asked}, convention="standard"
                )
                if grade.misconception is None or grade.misconception.code != code_of or grade.first_wrong is None:
                    continue
                return _made(code, derivation, formulas, grade, (right, changed))
    raise LookupError(
        f"{code_of}: expected a network of these that shows it; found none; add one to NETWORKS or STEPS."
    )


def _asked(derivation: Derivation) -> list[str]:
    """The terms of a learner's sheet, in the order of computation."""
    kinds = ("Z", "A", "loss", "mean_loss", "dZ", "dA", "dW", "db", "m", "v", "m_hat", "v_hat", "theta")
    steps = [step for step in derivation.steps if not step.aside]
    return [step.symbol for step in steps if step.symbol.rstrip("0123456789") in kinds]


def _shows(wrong: Any, right: Any) -> bool:
    wrong, right = np.asarray(wrong, float), np.asarray(right, float)
    if not np.isfinite(wrong).all():
        return False
    return wrong.shape != right.shape or bool(np.abs(wrong - right).max() > 0.02 * np.abs(right).max())


def _made(code: str, derivation: Derivation, formulas: Formulas, grade: gn.Grade, values: tuple[Any, Any]) -> Example:
    right, changed = values
    mark = grade.first_wrong
    assert mark is not None
    return Example(
        code,
        mark.symbol,
        _formulas(derivation, formulas),
        _numbers(mark.given),
        _numbers(mark.expected),
        _angle(right, changed),
        str(grade),
    )


def _formulas(derivation: Derivation, formulas: Formulas) -> tuple[tuple[str, str, str], ...]:
    """The wrong formulas beside the right ones, at most four; the long way round the output is told by its own line."""
    told = [(symbol, wrong, derivation[symbol].code) for symbol, wrong in formulas.items() if symbol in derivation]
    return tuple(each for each in told if each[1] != f"{each[0]}_long")[:4]


def _numbers(values: Any) -> str:
    return " ".join(np.array2string(np.asarray(values) + 0.0, precision=4, threshold=12, edgeitems=2).split())


def _angle(right: dict[str, Any], changed: dict[str, Any]) -> float | None:
    """The angle in degrees between the gradient with the mistake and the right one; None if it is the same one."""
    parts = [symbol for symbol in right if symbol[:2] in ("dW", "db")]
    if not any(symbol in changed for symbol in parts):
        return None
    wrong = [np.asarray(changed.get(symbol, right[symbol]), float) for symbol in parts]
    if any(each.shape != right[symbol].shape for each, symbol in zip(wrong, parts, strict=True)):
        return None
    a, b = (
        np.concatenate([np.ravel(each) for each in group]) for group in (wrong, [right[symbol] for symbol in parts])
    )
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if not lengths > 0 or np.allclose(a, b):
        return None
    return float(np.degrees(np.arccos(np.clip(a @ b / lengths, -1, 1))))
