"""Rules on the outcome: compare it with that of plain models, and name the single change that would have helped most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.case.setup import Outcome, Setup, run_many
from glassnet.diagnose.findings import Finding, finding
from glassnet.diagnose.instruments.watched_run import Recording
from glassnet.diagnose.rules.course import slower
from glassnet.diagnose.rules.opinion import Opinion, beats_majority, contradicted
from glassnet.diagnose.thresholds import Thresholds
from glassnet.training.optimizers import Momentum, Nesterov
from glassnet.training.schedules import Constant

Array = NDArray[Any]

WORST = 1.5  # u of a failed run at most, so that reaching a constant prediction does not count as a cure
WIDE = 64
ROWS_TO_JUDGE, ROWS_AN_INPUT = 100, 5  # with fewer, plain models cannot judge labels
FEW_STEPS = 200  # a run of fewer may simply be too short
BALANCED = Remedy("weigh every class the same in all", balanced=True)


@dataclass(frozen=True, eq=False)
class Sickness:
    """The scores u of a run and of the second opinion on held-out rows; a run is sick if the gap exceeds its threshold."""

    score: float
    opinion: float
    thresholds: Thresholds

    @property
    def gap(self) -> float:
        return min(self.score, WORST) - self.opinion

    @property
    def sick(self) -> bool:
        return self.gap > self.thresholds.gap

    def closes(self, score: float) -> bool:
        """True if a run with this score closes at least the required share of the gap."""
        return score <= self.opinion + (1 - self.thresholds.closed) * self.gap

    def well(self, score: float) -> bool:
        """True if the score is within the gap, or closes at least the required share of it."""
        return score <= self.opinion + self.thresholds.gap or (self.sick and self.closes(score))


def judge_data(setup: Setup, held: Setup, control: Outcome, opinion: Opinion, thresholds: Thresholds) -> list[Finding]:
    """Return findings on the data: inputs without information, wrong labels, classes of unequal size."""
    found = []
    line = thresholds.ignored
    labels = setup.labels if setup.is_classification else None
    informed = labels is not None and beats_majority(opinion, labels[opinion.rows])
    if not informed and opinion.unexplained > line and min(opinion.held_out, control.score) > line - 0.05:
        found.append(
            finding(
                "input_ignored",
                f"on rows they did not see, neither this run ({control.score:.2f}) nor plain models ({opinion.unexplained:.2f}) "
                "do better than a constant prediction (1.00 unexplained): do the rows of X and y belong together?",
                thresholds,
                opinion=opinion.unexplained,
                opinion_held_out=opinion.held_out,
            )
        )
        return found
    if labels is None:
        return found
    wrong, error, sure = contradicted(opinion, labels[opinion.rows])
    enough = len(opinion.rows) >= max(ROWS_TO_JUDGE, ROWS_AN_INPUT * setup.X.shape[1])
    if enough and sure > thresholds.contradicted and sure > 0.5 * error and informed:
        keep = np.ones(len(labels), dtype=bool)
        keep[opinion.rows[wrong]] = False
        found.append(
            finding(
                "label_noise",
                f"plain models that were not shown them contradict {wrong.sum()} of {len(wrong)} labels, and {sure:.0%} of those "
                "in the more confident half",
                thresholds,
                severity="warning",
                remedies=(Remedy("leave out the contradicted rows, after a look at them", keep=keep),),
                contradicted=int(wrong.sum()),
                share=error,
                share_of_surest=sure,
                rows=np.flatnonzero(~keep)[:20].tolist(),
            )
        )
    share = np.bincount(labels).max() / len(labels)
    if share > thresholds.majority:
        recalls = recall_by_class(held, control)
        worst = min(recalls, key=lambda c: recalls[c])
        if recalls[worst] < thresholds.recall:
            found.append(
                finding(
                    "class_imbalance",
                    f"the largest class has {share:.1%} of the rows, and the run finds {recalls[worst]:.0%} of class {worst}",
                    thresholds,
                    severity="warning",
                    remedies=(BALANCED,),
                    majority=float(share),
                    recall={str(c): r for c, r in recalls.items()},
                )
            )
    return found


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


@dataclass(frozen=True, eq=False)
class Trial:
    """A single change to the set-up, the code of the fault it would prove, and its outcome."""

    code: str
    remedy: Remedy
    reading: str
    outcome: Outcome


def attribute(held: Setup, recording: Recording, sickness: Sickness, thresholds: Thresholds) -> list[Finding]:
    """Name the faults of a sick run by trying single changes, group by group, until a group closes the gap."""
    for group in (_restraints(held), _rates(held), _capacity(held)):
        outcomes = run_many([remedy.apply(held) for _, remedy, _ in group])
        trials = [Trial(*change, outcome) for change, outcome in zip(group, outcomes, strict=True)]
        closing = [trial for trial in trials if sickness.closes(trial.outcome.score)]
        if closing:
            return _named(closing, recording, sickness, thresholds)
    return _unexplained(held, recording, sickness, thresholds)


Change = tuple[str, Remedy, str]


def _restraints(held: Setup) -> list[Change]:
    """Return one change for each option that may hold training back: without it."""
    options = held.all_options
    changes: list[Change] = []
    for name in ("l2", "l1", "dropout"):
        if options[name]:
            remedy = Remedy(f"no {name}", options={name: 0.0})
            changes.append(("underfitting", remedy, f"{name} = {options[name]:g} holds it back"))
    if options["clip_norm"] is not None:
        remedy = Remedy("do not clip the gradient", options={"clip_norm": None})
        changes.append(("learning_rate_too_low", remedy, f"clip_norm = {options['clip_norm']:g} shortens every step"))
    if not isinstance(options["schedule"], Constant):
        remedy = Remedy("a constant learning rate", options={"schedule": "constant"})
        changes.append(("learning_rate_too_low", remedy, "the schedule takes the rate away too soon"))
    decay = getattr(held.optimizer, "weight_decay", 0)
    if decay:
        from dataclasses import replace

        optimizer: Any = held.optimizer
        remedy = Remedy("no weight decay", options={"optimizer": replace(optimizer, weight_decay=0.0)})
        changes.append(("underfitting", remedy, f"weight_decay = {decay:g} holds it back"))
    return changes


def _rates(held: Setup) -> list[Change]:
    """Return the learning-rate sweep: 1/1000 to 10,000 times the rate, with the same start and as many steps."""
    optimizer = held.optimizer
    changes: list[Change] = []
    for times in (5, 25, 100)[: 1 + (held.steps < FEW_STEPS) + (held.steps < FEW_STEPS / 4)]:
        longer = Remedy(f"{times * held.epochs} epochs", options={"epochs": times * held.epochs})
        changes.append(("underfitting", longer, f"{held.epochs} epochs are too few"))
    if isinstance(optimizer, Momentum | Nesterov) and optimizer.momentum > 0.95:
        from dataclasses import replace

        calmer = Remedy("momentum 0.9", options={"optimizer": replace(optimizer, momentum=0.9)})
        reading = f"with momentum {optimizer.momentum:g} a gradient counts {1 / (1 - optimizer.momentum):.0f}-fold"
        slow = replace(optimizer, momentum=0.9, learning_rate=0.1 * optimizer.learning_rate)
        slower_too = Remedy("momentum 0.9 and a tenth of the learning rate", options={"optimizer": slow})
        changes += [("learning_rate_too_high", remedy, reading) for remedy in (calmer, slower_too)]
    for factor in (1e-1, 1e-2, 1e-3):
        changes += [("learning_rate_too_high", remedy, "") for remedy in slower(optimizer, factor)]
    for factor in (1e1, 1e2, 1e3, 1e4):
        changes += [("learning_rate_too_low", remedy, "") for remedy in slower(optimizer, factor)]
    return changes


def _capacity(held: Setup) -> list[Change]:
    network = held.network
    hidden = list(network.sizes[1:-1])
    names = [network.activations[layer].builtin for layer in range(1, network.n_layers)]
    wide = [network.sizes[0], *([max(WIDE, width) for width in hidden] or [WIDE]), network.sizes[-1]]
    changes: list[Change] = []
    if hidden and set(names) == {"identity"}:
        remedy = Remedy("relu in the hidden layers", network={"hidden": "relu", "init": None})
        changes.append(("underfitting", remedy, "without activations its layers are one linear map"))
    if not hidden or min(hidden) < WIDE:
        change: dict[str, Any] = {"sizes": wide, "init": None}
        if not hidden or "identity" in names:
            change["hidden"] = "relu"
        text = f"hidden layers of {', '.join(str(width) for width in wide[1:-1])} units"
        changes.append(("underfitting", Remedy(text, network=change), "it has too little capacity"))
    return changes


def _named(closing: Sequence[Trial], recording: Recording, sickness: Sickness, thresholds: Thresholds) -> list[Finding]:
    """Return one finding for each code among the trials that close the gap, the code of the best trial first."""
    enough = [trial for trial in closing if "epochs" in trial.remedy.options]
    closing = enough or closing  # if more epochs close the gap, the rate is not too low
    by_score = sorted(closing, key=lambda trial: trial.outcome.score)
    codes = list(dict.fromkeys(trial.code for trial in by_score))
    if {"learning_rate_too_high", "learning_rate_too_low"} <= set(codes):
        codes = codes[:1]
    well = [trial for trial in closing if sickness.well(trial.outcome.score)]  # the smallest changes first
    preferred = [*well, *(trial for trial in by_score if trial not in well)]
    ratio = typical_ratio(recording)
    found = []
    for code in codes:
        trials = [trial for trial in preferred if trial.code == code]
        trial = trials[0]
        reading = f" ({trial.reading})" if trial.reading else ""
        found.append(
            finding(
                code,
                f"{_behind(sickness)}; with {trial.remedy.text}: {trial.outcome.score:.2f}{reading}",
                thresholds,
                remedies=tuple(trial.remedy for trial in trials),
                run=sickness.score,
                opinion=sickness.opinion,
                changed=trial.outcome.score,
                update_ratio=ratio,
            )
        )
    return found


def _unexplained(held: Setup, recording: Recording, sickness: Sickness, thresholds: Thresholds) -> list[Finding]:
    """Report underfitting if no single change closed the gap and the training loss is high as well."""
    if recording.outcome.error is not None or recording.outcome.unexplained - sickness.opinion <= thresholds.gap:
        return []
    sizes = [held.network.sizes[0], WIDE, held.network.sizes[-1]]
    return [
        finding(
            "underfitting",
            f"{_behind(sickness)}, and no single change to it made up half of that",
            thresholds,
            remedies=(Remedy("a network of one hidden layer of 64 relu units", network={"sizes": sizes, "hidden": "relu", "init": None}),),
            run=sickness.score,
            opinion=sickness.opinion,
            training=recording.outcome.unexplained,
        )
    ]  # fmt: skip


def _behind(sickness: Sickness) -> str:
    return (
        f"on held-out rows {sickness.score:.2f} times a constant prediction's loss is left, where plain models leave "
        f"{sickness.opinion:.2f}"
    )


def typical_ratio(recording: Recording) -> float:
    """Return the median over looks of the largest update ÷ weight of any layer."""
    ratios = [max(look.ratio) for look in recording.looks[:-1] if look.ratio]
    finite = [ratio for ratio in ratios if np.isfinite(ratio)]
    return float(np.median(finite)) if finite else 0.0
