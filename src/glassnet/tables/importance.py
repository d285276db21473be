"""Permutation importance: how much worse a model predicts held-out rows once the cells of one column are shuffled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.network.attribution import integrate_gradients
from glassnet.network.inputs import is_sparse
from glassnet.tables.model import Member, mean_answer
from glassnet.tables.report.measures import log_losses

Array = NDArray[Any]

REPEATS = 5
MOST_ROWS, FEWEST_ROWS = 1_000, 20  # of each part
MOST_COLUMNS = 30  # of more, those that contribute most
SHARE = 0.03  # of the work of the training
PASSES = 3  # of a row in an epoch: forward, and backward to the weights and to the inputs


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows, and the members whose mean answer is measured on them.

    Parameters
    ----------
    members : sequence of Member
    inputs : sequence of (n, d) arrays or CSR arrays
        Those of each member.
    actual : (n,) array
        Class numbers, or numbers in the target's units.
    """

    members: Sequence[Member]
    inputs: Sequence[Any]
    actual: Array


def rows_within(trained: int, columns: int, members: int) -> int:
    """Return how many rows of each part may be shuffled at `SHARE` of the work of a training.

    `trained` counts the rows times the epochs of all networks, `members` those of all parts.
    """
    passes = min(columns, MOST_COLUMNS) * REPEATS * members
    return int(np.clip(SHARE * PASSES * trained // max(passes, 1), FEWEST_ROWS, MOST_ROWS))


def permutation_importance(parts: Sequence[HeldOut], seed: int = 0) -> dict[str, list[float]]:
    """Return for each column the mean and the standard deviation of the increase of the RMSE or log loss.

    All features of a column are permuted together among the rows of a part, `REPEATS` times by `seed`; the measure is
    taken over the rows of all parts. The columns are in descending order; of more than `MOST_COLUMNS`, those whose
    contributions are largest.

    References
    ----------
    Breiman, "Random forests", Machine Learning 2001; Fisher, Rudin and Dominici, JMLR 2019.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    shuffles = [_Shuffle(part, np.stack([rng.permutation(len(part.actual)) for _ in range(REPEATS)])) for part in parts]
    regression = parts[0].actual.dtype.kind == "f"
    (usual,) = _measures([shuffle.losses() for shuffle in shuffles], regression)
    found: dict[str, list[float]] = {}
    for name in _columns(parts):
        increases = _measures([shuffle.losses(name) for shuffle in shuffles], regression) - usual
        if np.isfinite(increases).all():
            found[name] = [float(np.mean(increases)), float(np.std(increases, ddof=1))]
    return dict(sorted(found.items(), key=lambda each: -each[1][0]))


def _measures(losses: Sequence[Array], regression: bool) -> Array:
    """Return the RMSE or the log loss of all parts together for each repeat, from the losses (repeats, n) of each."""
    means = np.concatenate(losses, axis=1).mean(axis=1)
    return np.sqrt(means) if regression else means


class _Shuffle:
    """The rows of a part, once for each of several orders (repeats, n)."""

    def __init__(self, part: HeldOut, orders: Array) -> None:
        self.part, self.orders = part, orders
        self.groups = [member.preparation.groups for member in part.members]

    def losses(self, name: str | None = None) -> Array:
        """Return the loss of each row, a squared error or a log loss, with the column `name` in each order (repeats, n).

        Without a name the rows are as they are, (1, n).
        """
        actual = self.part.actual if name is None else np.tile(self.part.actual, len(self.orders))
        answer = mean_answer(self._answers(name))
        losses = log_losses(answer, actual) if answer.ndim == 2 else (answer - actual) ** 2
        return losses.reshape(-1, len(self.part.actual))

    def _answers(self, name: str | None) -> Iterator[Array]:
        shuffled: dict[tuple[int, bytes], Any] = {}  # members may share their inputs
        for member, X, groups in zip(self.part.members, self.part.inputs, self.groups, strict=True):
            if name is None:
                yield member.answer(X)
                continue
            features = groups.get(name, np.arange(0))
            key = (id(X), features.tobytes())
            if key not in shuffled:
                shuffled[key] = _shuffled(X, features, self.orders)
            yield member.answer(shuffled[key])


def _shuffled(X: Any, features: Array, orders: Array) -> Any:
    """Return X (n, d) once for each order, with some of its features in that order."""
    if is_sparse(X):
        of_features = np.zeros((1, X.shape[1]), X.dtype)
        of_features[0, features] = 1
        same = np.tile(np.arange(X.shape[0]), len(orders))
        return (X[same].multiply(1 - of_features) + X[orders.ravel()].multiply(of_features)).tocsr()
    found = np.tile(X, (len(orders), 1))
    found[:, features] = X[orders.ravel()[:, None], features]
    return found


def _columns(parts: Sequence[HeldOut]) -> list[str]:
    """Return the names of the columns, but of too many those that contribute most to the answers for the first rows."""
    groups = [member.preparation.groups for part in parts for member in part.members]
    names = [*dict.fromkeys(name for group in groups for name, features in group.items() if len(features))]
    if len(names) <= MOST_COLUMNS:
        return names
    sizes = dict.fromkeys(names, 0.0)
    for part in parts:
        for member, X in zip(part.members, part.inputs, strict=True):
            some = X[:FEWEST_ROWS]
            outputs = member.network.forward(some).output
            weights = np.eye(outputs.shape[1])[np.argmax(outputs, axis=1)]
            start = np.zeros(some.shape[1]) if member.baseline is None else member.baseline
            shares, _ = integrate_gradients(member.network, some, start, weights, tolerance=1.0)
            for name, features in member.preparation.groups.items():
                sizes[name] += float(np.abs(shares[:, features].sum(axis=1)).mean())
    return sorted(names, key=lambda name: -sizes[name])[:MOST_COLUMNS]
