"""Rules on the outcome: compare it, and the labels and classes of the rows, with what plain models reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.deviance import losses_of, yardstick
from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.case.setup import Outcome, Setup, validation_arrays
from glassnet.diagnose.findings import Finding, finding
from glassnet.diagnose.rules.course import stop_early
from glassnet.diagnose.rules.opinion import Opinion, beats_majority, contradicted, recall_of
from glassnet.diagnose.thresholds import Thresholds

Array = NDArray[Any]

WORST = 1.5  # u of a failed run at most, so that reaching a constant prediction does not count as a cure
ROWS_TO_JUDGE, ROWS_AN_INPUT = 100, 5  # with fewer, plain models cannot judge labels
FEWEST_DISTINCT = 0.8  # share of rows whose inputs are their own, below which labels cannot be called wrong
BALANCED = Remedy("weigh every class the same in all", balanced=True)


@dataclass(frozen=True, eq=False)
class Sickness:
    """The scores u of a run and of the second opinion on held-out rows; a run is sick if the gap exceeds its threshold.

    `error` is the standard error of the difference, over the held-out rows: a gap of less than twice that is chance.
    """

    score: float
    opinion: float
    thresholds: Thresholds
    error: float = 0.0

    @property
    def gap(self) -> float:
        return min(self.score, WORST) - self.opinion

    @property
    def sick(self) -> bool:
        return self.gap > max(self.thresholds.gap, 2 * self.error)

    def closes(self, score: float) -> bool:
        """True if a run with this score closes at least the required share of the gap."""
        return score <= self.opinion + (1 - self.thresholds.closed) * self.gap

    def well(self, score: float) -> bool:
        """True if the score is within the gap, or closes at least the required share of it."""
        return score <= self.opinion + self.thresholds.gap or (self.sick and self.closes(score))


def judge_sickness(held: Setup, control: Outcome, opinion: Opinion, thresholds: Thresholds) -> Sickness:
    """Compare a run with the second opinion on the validation rows of `held`."""
    X, Y, weight = validation_arrays(held)
    measure = yardstick(held.network.loss_function, Y, weight)
    span = measure.baseline - measure.floor
    with np.errstate(over="ignore", invalid="ignore"):
        difference = losses_of(control.network, X, Y.astype(np.float64)) - opinion.losses_held
        error = float(np.std(difference) / np.sqrt(len(Y)) / max(span, 1e-300))
    usable = control.error is None and np.isfinite(error) and control.score < WORST
    return Sickness(control.score, opinion.held_out, thresholds, error if usable else 0.0)


def judge_data(setup: Setup, held: Setup, control: Outcome, opinion: Opinion, thresholds: Thresholds) -> list[Finding]:
    """Return findings on the data: inputs without information, wrong labels, classes of unequal size."""
    line = thresholds.ignored
    labels = setup.labels if setup.is_classification else None
    informed = opinion.informed or (labels is not None and beats_majority(opinion, labels[opinion.rows]))
    if not informed and min(opinion.unexplained, opinion.held_out, control.score) > line - 0.05:
        if len(opinion.rows) < ROWS_TO_JUDGE or opinion.most_possible > 1 - line:
            return []  # a little may be in the inputs: these rows cannot tell
        return [
            finding(
                "input_ignored",
                f"on rows they did not see, neither this run ({control.score:.2f}) nor plain models ({opinion.unexplained:.2f}) "
                "do better than a constant prediction (1.00 unexplained): do the rows of X and y belong together?",
                thresholds,
                opinion=opinion.unexplained,
                opinion_held_out=opinion.held_out,
            )
        ]
    if labels is None or len(opinion.rows) < max(ROWS_TO_JUDGE, ROWS_AN_INPUT * setup.X.shape[1]):
        return []
    noise = _label_noise(setup, opinion, thresholds) if beats_majority(opinion, labels[opinion.rows]) else []
    return [*noise, *_imbalance(setup, held, control, opinion, thresholds)]


def _label_noise(setup: Setup, opinion: Opinion, thresholds: Thresholds) -> list[Finding]:
    """Find labels that contradict sure predictions as often as unsure ones; rows with equal inputs cannot tell that."""
    labels, rows = setup.labels, opinion.rows
    contradiction = contradicted(opinion, labels[rows])
    surest = contradiction.surest
    if not surest > thresholds.contradicted or not contradiction.evenness > thresholds.even_errors:
        return []
    distinct = len(np.unique(setup.X[rows], axis=0)) / len(rows)
    if distinct < FEWEST_DISTINCT:
        return []
    keep = np.ones(len(labels), dtype=bool)
    keep[rows[contradiction.wrong]] = False
    wrong = int(contradiction.wrong.sum())
    return [
        finding(
            "label_noise",
            f"plain models that were not shown them contradict {wrong} of {len(rows)} labels, and {surest:.0%} of those in "
            "the fifth they are surest of: look at these rows",
            thresholds,
            severity="warning",
            remedies=(
                *stop_early(setup.epochs),
                Remedy("leave out the contradicted rows, after a look at them", keep=keep),
            ),
            contradicted=wrong,
            share=contradiction.error,
            share_of_surest=surest,
            evenness=contradiction.evenness,
            rows=np.flatnonzero(~keep)[:20].tolist(),
        )
    ]


def _imbalance(setup: Setup, held: Setup, control: Outcome, opinion: Opinion, thresholds: Thresholds) -> list[Finding]:
    """Find a rare class that the run misses and plain models find: right probabilities of a hard task name it seldom, too."""
    labels = setup.labels
    share = np.bincount(labels).max() / len(labels)
    if not share > thresholds.majority:
        return []
    recalls = recall_by_class(held, control)
    worst = min(recalls, key=lambda c: recalls[c])
    plain = recall_of(opinion, labels[opinion.rows], worst)
    if not recalls[worst] < min(thresholds.recall, plain - thresholds.recall_behind):
        return []
    return [
        finding(
            "class_imbalance",
            f"the largest class has {share:.1%} of the rows, and the run finds {recalls[worst]:.0%} of class {worst}, where "
            f"plain models find {plain:.0%}",
            thresholds,
            severity="warning",
            remedies=(BALANCED,),
            majority=float(share),
            rare=worst,
            recall={str(c): r for c, r in recalls.items()},
            plain=plain,
        )
    ]


def recall_by_class(held: Setup, trained: Outcome) -> dict[int, float]:
    """Return the recall of each class on validation rows, together with training rows if a class has few."""
    X, labels = held.X, held.labels
    if held.validation is not None:
        other = Setup(held.network, np.asarray(held.validation[0]), np.asarray(held.validation[1]))
        X, labels = other.X, other.labels
        if np.bincount(labels).min(initial=len(labels)) < 5:
            X, labels = np.vstack([X, held.X]), np.concatenate([labels, held.labels])
    predicted = np.asarray(trained.network.predict(X.astype(trained.network.dtype)))
    return {int(c): float(np.mean(predicted[labels == c] == c)) for c in np.unique(labels)}
