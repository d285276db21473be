"""Rules on what a loss is given: rows in the order of their targets that are not shuffled, and targets that it does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.case.setup import Outcome, Setup, run, validation_arrays
from glassnet.diagnose.findings import Finding, Replay, finding
from glassnet.diagnose.thresholds import Thresholds
from glassnet.equations.losses import default_loss
from glassnet.network import passes
from glassnet.network.network import Network

Array = NDArray[Any]

MOST_CLASSES = 20  # numbers of more values are no class numbers
FEW_ROWS = 10  # rows for each class, below which numbers are not taken for classes
LONGER = 10  # times as many epochs, if the run was too short to tell
LACKS = 3.0  # standard errors by which the run must be less accurate
OFF = 0.02  # distance of the best constant prediction from the classes' shares, from which a loss does not fit them


def judge_order(setup: Setup, thresholds: Thresholds) -> Iterator[Finding]:
    """Find rows that are not shuffled although batches in their order differ in their targets.

    The measure is the share of the variance of the targets that lies between batches, less that of a random order.
    """
    size, n = setup.all_options["batch_size"] or len(setup.X), len(setup.X)
    count = -(-n // size)
    if setup.all_options["shuffle"] or count < 2 or count == n:
        return
    Y = setup.Y - setup.Y.mean(axis=0)
    batch = np.arange(n) // size
    sums = np.array([np.bincount(batch, weights=column) for column in Y.T])
    between = float((sums**2 / np.bincount(batch)).sum() / max((Y**2).sum(), 1e-300))
    chance = (count - 1) / (n - 1)
    share = (between - chance) / (1 - chance)
    if not share > thresholds.sorted_share:
        return
    yield finding(
        "unshuffled_rows",
        f"rows come in the order of their targets and are not shuffled: {share:.0%} of the targets' variance lies between batches, "
        "so each epoch ends with what its last rows teach",
        thresholds,
        remedies=(Remedy("shuffle the rows in each epoch", options={"shuffle": True}),),
        share=share,
        batches=count,
    )


@dataclass(frozen=True, eq=False)
class Misfit:
    """Classes learned by a loss that does not fit them: the finding with its remedy, and the outcome with that."""

    finding: Finding
    outcome: Outcome


def judge_loss(held: Setup, control: Outcome, thresholds: Thresholds) -> Misfit | None:
    """Find classes given to a loss that orders them or takes their median, if a loss for classes tells more of them right.

    Both networks are trained on the same rows; the validation rows of `held` judge.
    """
    if held.validation is None or control.error is not None:
        return None
    as_classes = _one_hot(held) or _numbers(held)
    if as_classes is None:
        return None
    remedy, why = as_classes
    mended = remedy.apply(held)
    outcome = run(mended)
    _, Y, _ = validation_arrays(mended)
    true, times = _class_of(Y), 1
    own, theirs = _classes(held, control, remedy.classes), _classes(mended, outcome, None)
    if remedy.classes is None and not _beats(
        theirs, own, true, thresholds
    ):  # surely classes, but perhaps too few epochs
        times = LONGER
        longer = [setup.changed(epochs=times * setup.epochs) for setup in (held, mended)]
        own, theirs = (_classes(setup, run(setup), None) for setup in longer)
    if not _beats(theirs, own, true, thresholds):
        return None
    if remedy.classes is not None:
        most = np.full(len(true), np.bincount(true).argmax())
        if not _beats(theirs, most, true, thresholds) or in_order(_predicted(mended, outcome.network), true):
            return None
    wrong, mended_wrong = float(np.mean(own != true)), float(np.mean(theirs != true))
    when = f", both trained {times} times as long" * (times > 1)
    measured = "share of held-out rows given to a wrong class"
    found = finding(
        "unsuited_loss",
        f"{why}; on held-out rows it tells {1 - wrong:.0%} of the classes, the same network with a loss for classes "
        f"{1 - mended_wrong:.0%}{when}",
        thresholds,
        remedies=(remedy,),
        accuracy=1 - wrong,
        accuracy_of_classes=1 - mended_wrong,
        rows=len(true),
    )
    replay = Replay(True, True, measured, wrong, mended_wrong, ("unsuited_loss",))
    return Misfit(replace(found, replay=replay), outcome)


def _one_hot(setup: Setup) -> tuple[Remedy, str] | None:
    """Return the remedy and the reason if targets of 0 and 1 are given to a loss whose best constant is not their share."""
    Y, loss = setup.Y.astype(np.float64), setup.network.loss_function
    k = Y.shape[1]
    if loss.has_link or loss.targets != "numbers" or not np.isin(Y, (0, 1)).all():
        return None
    if (Y.sum(axis=1) != 1).any() if k > 1 else np.ptp(Y) == 0:
        return None
    if not np.abs(loss.best_constant(Y) - Y.mean(axis=0)).max() > OFF:
        return None
    output = "softmax" if k > 1 else "sigmoid"
    remedy = Remedy(
        f"a {output} output with cross-entropy, the loss of classes",
        network={"output": output, "loss": default_loss(output).name},
    )
    name = loss.name.replace("_", " ")
    return (
        remedy,
        f"the {name} of targets 0 and 1 is least at their median, 0 for every class that most rows are not in",
    )


def _numbers(setup: Setup) -> tuple[Remedy, str] | None:
    """Return the remedy and the reason if the targets of a regression look like class numbers: 0, 1, 2 … or 1, 2, 3 …"""
    Y, network = setup.Y, setup.network
    _, Y_val, _ = validation_arrays(setup)
    if Y.shape[1] != 1 or network.loss_function.targets != "numbers" or network.loss_function.has_link:
        return None
    values = np.unique(Y)
    k = len(values)
    if not 3 <= k <= MOST_CLASSES or len(Y) < FEW_ROWS * k or not np.isin(Y_val, values).all():
        return None
    if values[0] not in (0, 1) or not (np.diff(values) == 1).all():
        return None
    remedy = Remedy(
        f"classes: a softmax over {k} outputs, with cross-entropy",
        network={
            "sizes": [*network.sizes[:-1], k],
            "output": "softmax",
            "loss": default_loss("softmax").name,
        },
        classes=values,
    )
    numbers = ", ".join(f"{value:g}" for value in values[:3])
    return remedy, f"the targets {numbers} … are learned as numbers, as if class 1 lay between 0 and 2"


def _beats(one: NDArray[np.intp], two: NDArray[np.intp], true: NDArray[np.intp], thresholds: Thresholds) -> bool:
    """True if one prediction tells more classes than another, by the threshold and by more than chance."""
    gain = (one == true).astype(float) - (two == true)
    return bool(gain.mean() > max(thresholds.misread, LACKS * gain.std() / np.sqrt(len(true))))


def _classes(setup: Setup, trained: Outcome, numbers: Array | None) -> NDArray[np.intp]:
    """Return the class that a trained network gives each validation row: the nearest of `numbers`, or the largest output."""
    outputs = _predicted(setup, trained.network)
    return _class_of(outputs) if numbers is None else np.abs(outputs - numbers).argmin(axis=1)


def _predicted(setup: Setup, network: Network) -> Array:
    """Return the outputs of a network on the validation rows."""
    X, _, _ = validation_arrays(setup)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return passes.forward(network.activations, network.W, network.b, X).output.astype(np.float64)


def _class_of(Y: Array) -> NDArray[np.intp]:
    return Y.argmax(axis=1) if Y.shape[1] > 1 else (Y[:, 0] > 0.5).astype(np.intp)


def in_order(probability: Array, true: NDArray[np.intp]) -> bool:
    """True if classes whose numbers lie near each other are predicted alike, as quantities are, more than in other orders.

    The measure is the correlation, over pairs of classes, of the distance of their numbers with that of their mean predictions.
    """
    k = probability.shape[1]
    present = [c for c in range(k) if (true == c).any()]
    means = np.array([probability[true == c].mean(axis=0) for c in present])
    one, two = np.triu_indices(len(present), 1)
    apart = np.linalg.norm(means[one] - means[two], axis=1)
    apart = apart - apart.mean()

    def fit(order: Array) -> float:
        distance = np.abs(order[one] - order[two])
        return float(apart @ (distance - distance.mean()))

    numbers = np.array(present, dtype=np.float64)
    rng = np.random.default_rng(0)
    small = len(present) <= 6
    others = list(permutations(numbers)) if small else [rng.permutation(numbers) for _ in range(500)]
    better = np.mean([fit(np.array(order)) > fit(numbers) + 1e-12 for order in others])
    return bool(better <= 0.1)
