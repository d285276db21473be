"""Rules on the split: validation rows in other units or drawn from elsewhere, and rows that stand on both sides of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.copies import copied, groups_of, hashes_of
from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.case.setup import FEW_ROWS, FEWEST_VALIDATION, Outcome, Setup, validation_arrays
from glassnet.diagnose.findings import Finding, finding
from glassnet.diagnose.instruments.watched_run import rows_of
from glassnet.diagnose.rules.opinion import Opinion
from glassnet.diagnose.thresholds import Thresholds

Array = NDArray[Any]

AT_MOST = 2000  # rows of each set whose distributions are compared
LIKELY, SURE = 1e-3, 1e-6  # probability of a difference by chance, over all columns, below which two samples differ
SPLIT = "X, X_val, y, y_val = train_test_split(X, y, random_state=0)  # from sklearn.model_selection"
KEEP_TOGETHER = Remedy(
    "keep the copies of a row on one side of the split, or repeat rows after it",
    by_hand="groups = np.unique(X, axis=0, return_inverse=True)[1]\n"
    "train, val = next(GroupShuffleSplit(random_state=0).split(X, y, groups))  # from sklearn.model_selection\n"
    "X, y, X_val, y_val = X[train], y[train], X[val], y[val]",
)
ALIKE = 1.2  # ratio of two columns' changes of unit up to which they count as one


@dataclass(frozen=True, eq=False)
class Split:
    """A set-up whose validation data, if any, can judge it, and the findings on those that cannot."""

    setup: Setup
    findings: list[Finding]


def judge_split(setup: Setup, thresholds: Thresholds) -> Split:
    """Find validation rows that cannot judge the training rows, and return the set-up without them, or without its copies."""
    if setup.validation is None:
        return Split(setup, [])
    X, Y, _ = validation_arrays(setup)
    if len(Y) < FEWEST_VALIDATION:
        return Split(setup, [])
    findings = _units(setup, X, Y, thresholds)
    if findings:
        return Split(setup.changed(validation=None), findings)
    also = _also_in_training(setup, X, Y)
    leaked = int(also.validation.sum())
    if not leaked / len(Y) > thresholds.leaked:
        return Split(setup, [])
    keep = ~also.training
    found = finding(
        "data_leakage",
        f"{leaked} of the {len(Y)} validation rows are training rows too, so the validation loss praises what was learned by "
        "heart",
        thresholds,
        remedies=(_split_anew(setup, len(Y) - leaked),),
        leaked=leaked,
        validation_rows=len(Y),
        rows=np.flatnonzero(also.validation)[:20].tolist(),
    )
    clean = setup.rows(keep) if keep.sum() >= FEW_ROWS else setup.changed(validation=None)
    return Split(clean, [found])


def _split_anew(setup: Setup, fresh: int) -> Remedy:
    """Return the advice to leave the leaked rows out of the validation rows, or to split anew if few remain or rows repeat."""
    repeated = copied(setup.X, setup.Y).any()
    if fresh >= FEWEST_VALIDATION and not repeated:
        return Remedy(
            f"leave them out of the validation rows, of which {fresh} remain",
            by_hand="seen = {row.tobytes() for row in X}\nfresh = [row.tobytes() not in seen for row in X_val]\n"
            "X_val, y_val = X_val[fresh], y_val[fresh]",
        )
    if repeated:
        return KEEP_TOGETHER
    return Remedy("split the table anew, so that no row stands on both sides", by_hand=SPLIT)


@dataclass(frozen=True, eq=False)
class _Shared:
    """The training rows and the validation rows that stand in the other set as well."""

    training: NDArray[np.bool_]
    validation: NDArray[np.bool_]


def _also_in_training(setup: Setup, X: Array, Y: Array) -> _Shared:
    """Find validation rows that are training rows, other than by chance.

    In a table of few distinct rows many validation rows have an equal training row; then training rows have equals among
    themselves as often.
    """
    n = len(setup.X)
    seen, unseen = hashes_of(setup.X, setup.Y), hashes_of(X, Y)
    shared = np.isin(unseen, seen)
    if not shared.any():
        return _Shared(np.zeros(n, dtype=bool), shared)
    group = np.unique(np.concatenate([seen, unseen]), return_inverse=True)[1]
    alone = np.bincount(group[:n], minlength=group.max() + 1)[group[:n]] == 1
    expected = 1 - float(alone.mean())
    error = np.sqrt(max(expected * (1 - expected), 1 / n) / len(Y))
    if not shared.mean() - expected > max(0.3, 3 * error):
        shared = shared & copied(np.vstack([setup.X, X]), np.vstack([setup.Y, Y]))[n:]
    return _Shared(np.isin(group[:n], group[n:][shared]), shared)


@dataclass(frozen=True)
class _Column:
    """A column of inputs or targets: its mean and deviation in training and validation rows, and how its distributions differ."""

    name: str
    centre: float
    spread: float
    centre_val: float
    spread_val: float
    statistic: float  # Kolmogorov-Smirnov: the largest difference of the distribution functions
    p_value: float  # times the number of columns
    kinds: int  # different values in both


def _table(X: Array, Y: Array) -> Array:
    return np.hstack([X, Y]).astype(np.float64)


def _column(setup: Setup, seen: Array, unseen: Array, j: int) -> _Column:
    """Compare column j of the validation rows, inputs before targets, with that of the training rows."""
    inputs = setup.X.shape[1]
    one, two = seen[:, j], unseen[:, j]
    statistic, p_value = kolmogorov_smirnov(one[rows_of(len(one), AT_MOST)], two[rows_of(len(two), AT_MOST)])
    return _Column(
        name=f"input {j}" if j < inputs else f"target {j - inputs}",
        centre=float(one.mean()),
        spread=float(one.std()),
        centre_val=float(two.mean()),
        spread_val=float(two.std()),
        statistic=statistic,
        p_value=p_value * seen.shape[1],
        kinds=len(np.unique(np.concatenate([np.unique(one)[:3], np.unique(two)[:3]]))),
    )


def kolmogorov_smirnov(one: Array, two: Array) -> tuple[float, float]:
    """Return the largest difference D of two samples' distribution functions, and a bound on its probability by chance.

    That is 2·exp(−2·D²·nm/(n + m)), the first term of Kolmogorov's series.
    """
    places = np.concatenate([one, two])
    shares = (np.searchsorted(np.sort(sample), places, side="right") / len(sample) for sample in (one, two))
    first, second = shares
    statistic = float(np.abs(first - second).max())
    size = len(one) * len(two) / (len(one) + len(two))
    return statistic, min(1.0, 2 * float(np.exp(-2 * statistic**2 * size)))


def _units(setup: Setup, X: Array, Y: Array, thresholds: Thresholds) -> list[Finding]:
    """Find columns whose size or place in the validation rows is another than in the training rows, by far."""
    numbers = setup.network.loss_function.targets == "numbers"
    seen, unseen = (_table(setup.X, setup.Y), _table(X, Y)) if numbers else (setup.X, X)
    spread, spread_val = seen.std(axis=0), unseen.std(axis=0)
    small, large = np.minimum(spread, spread_val), np.maximum(spread, spread_val)
    line = thresholds.other_units
    moved = np.abs(unseen.mean(axis=0) - seen.mean(axis=0)) > line * large
    far = np.flatnonzero((moved & (large > 0)) | ((large > line * small) & (small > 0)))
    columns = [_column(setup, seen, unseen, int(j)) for j in far]
    found = [
        column
        for column in columns
        if column.statistic > thresholds.shifted and column.p_value < LIKELY and column.kinds > 2
    ]
    if not found:
        return []
    first = found[0]
    more = f", and {len(found) - 1} more columns likewise" if len(found) > 1 else ""
    return [
        finding(
            "shifted_validation",
            f"the validation rows are in other units: {first.name} has mean {first.centre:.4g} and deviation {first.spread:.4g} "
            f"in the training rows, {first.centre_val:.4g} and {first.spread_val:.4g} in the validation rows{more}",
            thresholds,
            remedies=(_same_units(found, setup.X.shape[1]),),
            columns=[column.name for column in found],
            statistic=first.statistic,
        )
    ]


def _same_units(found: list[_Column], inputs: int) -> Remedy:
    """Return the advice to divide by one factor if that explains the columns, else to scale both sets by the training rows."""
    first = found[0].name.split()[0]
    columns = [column for column in found if column.name.startswith(first)]
    name, both = ("X_val", "X") if first == "input" else ("y_val", "y")
    factors = [column.spread_val / column.spread if column.spread > 0 else 0.0 for column in columns]
    factor = float(f"{np.median(factors):.2g}")
    moved = max(abs(column.centre_val - factor * column.centre) / max(column.spread_val, 1e-300) for column in columns)
    if min(factors) > 0 and max(factors) < ALIKE * min(factors) and moved < 1:
        some = [int(column.name.split()[1]) for column in columns]
        part = name if name == "y_val" or len(some) == inputs else f"{name}[:, {some}]"
        return Remedy(f"divide {part} by about {factor:g}", by_hand=f"{part} = {part} / {factor:g}")
    code = f"mean, scale = {both}.mean(axis=0), {both}.std(axis=0)  # of the training rows, as they came\n"
    code += f"{both}, {name} = ({both} - mean) / scale, ({name} - mean) / scale"
    return Remedy("scale the validation rows as the training rows were, by the same means and deviations", by_hand=code)


def judge_origin(setup: Setup, opinion: Opinion, thresholds: Thresholds) -> list[Finding]:
    """Find validation rows that were drawn from elsewhere, and on which plain models do worse than on unseen training rows."""
    if setup.validation is None:
        return []
    X, Y, _ = validation_arrays(setup)
    gap = opinion.losses_held.mean() - opinion.losses.mean()
    error = np.sqrt(sum(losses.var() / len(losses) for losses in (opinion.losses_held, opinion.losses)))
    span = setup.measure.baseline - setup.measure.floor
    if len(Y) < FEWEST_VALIDATION or not gap > max(3 * error, thresholds.gap * span):
        return []
    seen, unseen = _table(setup.X, setup.Y), _table(X, Y)
    columns = [_column(setup, seen, unseen, j) for j in range(seen.shape[1])]
    worst = max(columns, key=lambda column: column.statistic)
    if not worst.statistic > thresholds.shifted or not worst.p_value < SURE:
        return []
    cure = Remedy(
        "draw validation rows at random from the table of the training rows",
        by_hand=SPLIT,
    )
    return [
        finding(
            "shifted_validation",
            f"the validation rows come from elsewhere: {worst.name} is distributed otherwise than in the training rows "
            f"(Kolmogorov–Smirnov {worst.statistic:.2f}), and plain models leave {opinion.held_out:.2f} there, "
            f"{opinion.unexplained:.2f} on training rows they did not see",
            thresholds,
            severity="warning",
            remedies=(cure,),
            column=worst.name,
            statistic=worst.statistic,
            p_value=worst.p_value,
        )
    ]


def judge_repeats(setup: Setup, control: Outcome, thresholds: Thresholds) -> list[Finding]:
    """Find rows that repeat in the training table of a run that has learned them by heart, where no validation was given."""
    if setup.validation is not None or control.held_out is None:
        return []
    gap = control.held_out - control.unexplained
    if not thresholds.overfit_gap < gap < np.inf:
        return []
    repeats = copied(setup.X, setup.Y)
    if not repeats.mean() > thresholds.leaked:
        return []
    group = groups_of(setup.X, setup.Y)
    distinct = len(np.unique(group))
    return [
        finding(
            "data_leakage",
            f"{len(group)} rows are {distinct} different ones, repeated; a random split has copies on both sides. With "
            f"copies kept together, {control.unexplained:.2f} is unexplained on training rows and {control.held_out:.2f} on others",
            thresholds,
            severity="warning",
            remedies=(KEEP_TOGETHER,),
            distinct=distinct,
            copied=int(repeats.sum()),
        )
    ]
