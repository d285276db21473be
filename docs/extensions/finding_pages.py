"""Writes a page for each finding of diagnose: a small set-up with the fault, what the diagnosis says of it, why, and the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from typing import Any

from build_cache import kept

import glassnet as gn
from glassnet.diagnose.findings import RULES

PREPARE = """import numpy as np
import glassnet as gn
from sklearn.datasets import make_circles, make_moons

X, y = make_moons(300, noise=0.2, random_state=0)
options = {"optimizer": gn.Adam(learning_rate=0.01), "epochs": 60,
           "batch_size": 32}
"""
NET = 'net = gn.Network([2, 16, 1], output="sigmoid", seed=1)'
NUMBERS = """rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4))
y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2]"""


@dataclass(frozen=True)
class Told:
    """What a page says of a finding in words: what one sees, and why it is a fault."""

    sign: str
    why: str
    setup: str


FINDINGS = {
    "gradient_wrong": Told(
        "The loss falls slowly or not at all, whatever the rate; a derivative or a loss of your own is involved.",
        "Every step goes along the gradient. If a derivative is not that of its function, the step does not go downhill.",
        'mine = gn.Activation("mine", np.tanh, lambda z, a: 1 - abs(a))  # not a²\n'
        'net = gn.Network([2, 16, 1], hidden=mine, output="sigmoid", seed=1)',
    ),
    "unsuited_loss": Told(
        "The loss falls, and the accuracy stays poor.",
        "The squared error of class numbers is least at their mean, and the absolute error of one-hot classes at the commonest class: "
        "a row between class 0 and class 2 is then told as class 1.",
        "rng = np.random.default_rng(0)\n"
        "X = rng.normal(size=(300, 2))\n"
        "angle = np.arctan2(X[:, 1], X[:, 0])\n"
        "y = np.digitize(angle, [-2, -1, 0, 1, 2])  # six sectors\n"
        "y = np.array([3, 0, 4, 1, 5, 2])[y]  # whose numbers mean nothing\n"
        "net = gn.Network([2, 16, 1], seed=1)",
    ),
    "data_leakage": Told(
        "The validation loss is as good as the training loss, and new data do much worse.",
        "Rows that the network was trained on say how well it remembers, not how well it predicts.",
        f'{NET}\noptions["validation"] = (X[:100], y[:100])  # rows of the training set',
    ),
    "shifted_validation": Told(
        "The validation loss is bad from the first epoch on, while the training loss falls.",
        "A network answers for inputs like those it saw. Rows in other units, or from elsewhere, are inputs of another kind.",
        f'{NET}\nX_val, y_val = make_moons(100, noise=0.2, random_state=1)\noptions["validation"] = (100 * X_val, y_val)  # in other units',
    ),
    "unscaled_inputs": Told(
        "The loss starts huge, jumps, or stands still after a few steps.",
        "The slope of a weight is its input times the slope behind it. Inputs in the thousands make its slopes thousands of times "
        "those of the biases, and no rate suits both.",
        f"X = 5000 * X\n{NET}",
    ),
    "poor_initialisation": Told(
        "The loss stays where it began, or all units of a layer do the same.",
        "Units that start alike get the same slope and stay alike. Weights that are too large saturate, ones that are too small let "
        "the signal die out from layer to layer.",
        'net = gn.Network([2, 16, 1], output="sigmoid", init="zeros")',
    ),
    "dead_units": Told(
        "The loss is flat although rate and data are fine; a part of the hidden layer is 0 for every row.",
        "A rectifier whose input is below 0 on every row has slope 0 on every row. No gradient reaches its weights, so it stays dead.",
        f"{NET}\nnet.b[1][...] = -20",
    ),
    "saturated_units": Told(
        "The loss falls very slowly from the start; activations lie near −1 and 1.",
        "On the flat part of tanh or the sigmoid the derivative is near 0, and it multiplies whatever comes back.",
        'net = gn.Network([2, 16, 1], hidden="tanh", output="sigmoid", seed=1)\nnet.b[1][...] = 12',
    ),
    "input_ignored": Told(
        "The predictions are the same for every row: the mean, or the commonest class.",
        "If the inputs say nothing about the targets, the best a network can do is a constant. Rows of X and y that no longer belong "
        "together look exactly so.",
        f"X = np.random.default_rng(0).permutation(X)  # the rows of y stay\n{NET}",
    ),
    "label_noise": Told(
        "The training loss stops well above 0; a larger network learns the rest by heart and does worse on new rows.",
        "A model that never saw a row contradicts its label with confidence, and about equally often where it is sure and where it is not.",
        "flipped = np.random.default_rng(0).random(300) < 0.25\ny = np.where(flipped, 1 - y, y)\n" + NET,
    ),
    "class_imbalance": Told(
        "The accuracy is high, and one class is never predicted.",
        "Always naming the common class is right most of the time, and the mean loss hardly feels the rare rows.",
        "rng = np.random.default_rng(0)\n"
        "X, y = make_moons(600, noise=0.2, random_state=0)\n"
        "keep = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:40]])\n"
        "X, y = X[keep] + 0.25 * rng.normal(size=(len(keep), 2)), y[keep]\n"
        f'{NET}\noptions |= {{"optimizer": gn.Adam(learning_rate=0.005), "l2": 0.03}}',
    ),
    "unshuffled_rows": Told(
        "The loss goes up and down in waves, an epoch long.",
        "Batches of one class pull the network to that class. What it learns in one batch the next one undoes.",
        "order = np.argsort(y, kind='stable')\nX, y = X[order], y[order]\n"
        f'{NET}\noptions |= {{"shuffle": False, "batch_size": 16}}',
    ),
    "output_bias": Told(
        "The loss starts very high and falls steeply for many epochs before anything else happens.",
        "A network whose output starts far from the mean target spends its first steps on that shift alone.",
        f"{NUMBERS}\ny = y + 200\nnet = gn.Network([4, 16, 1], seed=1)",
    ),
    "bad_initial_loss": Told(
        "The first loss is far above that of a constant prediction.",
        "Before it has seen anything a network should not be sure of anything. A first loss above that of the base rates means large, confident, wrong outputs.",
        f"{NUMBERS}\ny = y / 1000\nnet = gn.Network([4, 16, 1], seed=1)",
    ),
    "exploding_gradient": Told(
        "The loss jumps or becomes nan; the gradient of the first layer is orders of magnitude above that of the last.",
        "Going back through a layer multiplies by its weights. Where that makes slopes larger, ten layers make them larger ten times over.",
        "sizes = [2, *[20] * 7, 1]\n"
        "he = gn.initializers.he_normal\n"
        "large = lambda rng, fan_in, fan_out: 8 * he(rng, fan_in, fan_out)\n"
        'net = gn.Network(sizes, output="sigmoid", init=large, seed=1)',
    ),
    "vanishing_gradient": Told(
        "A deep network stays at its first loss, a shallow one learns the same data.",
        "The sigmoid's derivative is at most ¼. Each layer on the way back multiplies by it, and little is left for the first one.",
        'net = gn.Network([2, *[16] * 9, 1], hidden="sigmoid", output="sigmoid",\n'
        '                 init="glorot_uniform", seed=1)',
    ),
    "learning_rate_too_high": Told(
        "The loss jumps up and down and stays high.",
        "A step goes as far as the slope here suggests. Beyond the bottom of the valley it climbs the other side.",
        f'{NET}\noptions["optimizer"] = gn.SGD(learning_rate=60.0)',
    ),
    "learning_rate_too_low": Told(
        "The loss falls evenly and has hardly moved at the end.",
        "Each step is rate times slope. With a tiny rate all steps together do not reach what a few larger ones would.",
        f'{NET}\noptions["optimizer"] = gn.SGD(learning_rate=1e-5)',
    ),
    "cannot_overfit_batch": Told(
        "Not even twenty rows are learned by heart.",
        "A network with enough units can fit any twenty rows. If it does not, the fault is in the set-up, not in the data.",
        f'{NUMBERS}\ny = y - 3\nnet = gn.Network([4, 16, 1], output="sigmoid",  # y is below 0\n'
        '                 loss="squared_error", seed=1)',
    ),
    "underfitting": Told(
        "Training and validation loss are alike, and both are poor.",
        "A network that cannot bend its border, or is held back by a penalty, cannot follow what the data show.",
        'X, y = make_circles(300, noise=0.1, factor=0.4, random_state=0)\nnet = gn.Network([2, 1], output="sigmoid")  # a straight line',
    ),
    "overfitting": Told(
        "The validation loss falls, turns, and rises while the training loss goes on falling.",
        "With many parameters and few rows a network fits the accidents of the rows as well as what they have in common.",
        "rng = np.random.default_rng(0)\n"
        "X = np.hstack([X, rng.normal(size=(300, 150))])  # 150 inputs of noise\n"
        'options |= {"epochs": 200, "validation": (X[100:], y[100:])}\n'
        "X, y = X[:100], y[:100]\n"
        'net = gn.Network([152, 64, 64, 1], output="sigmoid", seed=1)',
    ),
    "diverged": Told(
        "The loss becomes inf or nan, or jumps to many times its size.",
        "Once a step overshoots, the slopes at the new place are larger, and so is the next step.",
        'root = gn.Activation("root", np.sqrt, lambda z, a: 0.5 / a)  # nan below 0\n'
        'net = gn.Network([2, 8, 8, 1], hidden=[root, "relu"], output="sigmoid", seed=1)',
    ),
    "plateau": Told(
        "The loss stays at the value of a constant prediction, epoch after epoch.",
        "Where all slopes are next to 0 the network stands still, though it has not learned anything.",
        'net = gn.Network([2, 16, 1], hidden="tanh", output="sigmoid", init="zeros")',
    ),
}


@dataclass(frozen=True)
class Example:
    """What diagnose says of a set-up: the finding, its place, and what became of its remedy."""

    place: int
    count: int
    message: str
    evidence: tuple[tuple[str, str], ...]
    rule: str
    source: str
    remedy: str
    code: str
    replay: str
    symptom_of: str
    others: tuple[str, ...]


def pages() -> Iterator[tuple[str, str]]:
    """Yield the file below reference/findings and the text of each page."""
    examples = kept("findings", examples_of_all)
    rows = "\n".join(f"| [`{code}`]({code}.md) | {FINDINGS[code].sign} | {rule.text} |" for code, rule in RULES.items())
    yield "index.md", INDEX.format(count=len(RULES), rows=rows)
    for code, example in examples.items():
        yield f"{code}.md", _page(code, example)


INDEX = """# Findings

What `gn.diagnose`, `gn.examine` and `glassnet diagnose` can find, {count} faults, in their usual order from cause to symptom. Each
page plants the fault in a small set-up and shows what the diagnosis says of it, computed while this site is built.
`finding.page` is the address of a page on this site. How the diagnosis looks and how well it does: [diagnosis](/reference/diagnosis.md).

| code | you see | the rule |
|---|---|---|
{rows}

```{{toctree}}
:hidden:
:glob:
*
```
"""


def examples_of_all() -> dict[str, Example]:
    """Diagnose each set-up."""
    return {code: _example(code) for code in RULES}


def _example(code: str) -> Example:
    space: dict[str, Any] = {}
    exec(f"{PREPARE}\n{FINDINGS[code].setup}", space)  # noqa: S102 – our own text
    with redirect_stderr(StringIO()):  # of engines that are passed over the page does not speak
        diagnosis: gn.Diagnosis = gn.diagnose(space["net"], space["X"], space["y"], **space["options"])
    codes = diagnosis.codes
    if code not in codes:
        raise LookupError(f"{code}: expected among the findings of its example; got {codes}; change its set-up.")
    place = codes.index(code)
    found = diagnosis.findings[place]
    evidence = tuple((name, _shown(value)) for name, value in found.evidence.items())
    remedy = found.remedy
    return Example(
        place,
        len(codes),
        found.message,
        evidence,
        found.rule,
        found.source,
        "" if remedy is None else remedy.text,
        "" if remedy is None else remedy.code,
        "" if found.replay is None else str(found.replay),
        found.symptom_of or "",
        tuple(each for each in codes if each != code),
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_shown(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _page(code: str, example: Example) -> str:
    told = FINDINGS[code]
    evidence = "\n".join(f"| {name.replace('_', ' ')} | {value} |" for name, value in example.evidence)
    table = f"\n\n| evidence | value |\n|---|---|\n{evidence}" if evidence else ""
    others = ", ".join(f"[`{other}`]({other}.md)" for other in example.others)
    place = f"It is finding {example.place + 1} of {example.count} here" + (f", beside {others}." if others else ".")
    if example.symptom_of:
        place += (
            f" It went away with the remedy of [`{example.symptom_of}`]({example.symptom_of}.md): it is its symptom."
        )
    remedy = "There is no change of the training that mends this: look at the data."
    if example.remedy:
        words = f"{example.remedy[0].upper()}{example.remedy[1:]}"
        remedy = f"{words}:\n\n```text\n{example.code}\n```" if example.code else f"{words}."
        remedy += f"\n\nReplayed from the same start with this change: {example.replay}." if example.replay else ""
    return f"""# {code}

**What you see.** {told.sign}

## The smallest example

```python
{PREPARE}
{told.setup}
diagnosis = gn.diagnose(net, X, y, **options)
```

says: {example.message}.{table}

{place}

## Why

{told.why}

*The rule:* {example.rule}

## The remedy

{remedy}

*Source:* {example.source}
"""
