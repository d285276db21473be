"""Names the faults of a sick run: the single change that closes its gap to plain models, or a pair of changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import numpy as np

from glassnet.diagnose.case.remedy import Remedy, together
from glassnet.diagnose.case.setup import Outcome, Setup, run_many
from glassnet.diagnose.findings import Finding, finding
from glassnet.diagnose.instruments.watched_run import Recording
from glassnet.diagnose.rules.course import slower
from glassnet.diagnose.rules.outcome import Sickness
from glassnet.diagnose.thresholds import Thresholds
from glassnet.training.optimizers import Momentum, Nesterov
from glassnet.training.schedules import Constant

WIDE = 64
TINY_UPDATE = (
    3e-4  # update ÷ weight (1e-3 is healthy) below which the rate may be too low rather than the time too short
)
FEW_STEPS = 200  # a run of fewer may simply be too short
MOST_PAIRS = 24
NEAR = 0.03  # u by which a smaller change may be worse than the best one


Change = tuple[str, Remedy, str]  # the code of the fault it would prove, the change, its reading


@dataclass(frozen=True, eq=False)
class Trial:
    """A single change to the set-up, the code of the fault it would prove, and its outcome."""

    code: str
    remedy: Remedy
    reading: str
    outcome: Outcome


def attribute(held: Setup, recording: Recording, sickness: Sickness, thresholds: Thresholds) -> list[Finding]:
    """Name the faults of a sick run by trying single changes, group by group, until a group closes the gap; then pairs."""
    groups = (_restraints(held), _rates(held), _capacity(held))
    for group in groups:
        closing = _closing(group, held, sickness)
        if closing:
            return _named(_cause(closing, held, recording), recording, sickness, thresholds)
    closing = _closing(_pairs(groups), held, sickness)
    if closing:
        best = min(closing, key=lambda trial: trial.outcome.score)
        return _named([trial for trial in closing if trial.code == best.code], recording, sickness, thresholds)
    return _unexplained(held, recording, sickness, thresholds)


def _closing(changes: Sequence[Change], held: Setup, sickness: Sickness) -> list[Trial]:
    """Try changes, and return those that close the gap."""
    outcomes = run_many([remedy.apply(held) for _, remedy, _ in changes])
    trials = [Trial(*change, outcome) for change, outcome in zip(changes, outcomes, strict=True)]
    return [trial for trial in trials if sickness.closes(trial.outcome.score)]


def _pairs(groups: Sequence[Sequence[Change]]) -> list[Change]:
    """Return two changes at once, of different groups: what holds a run back hides that another thing does, too."""
    both = [pair for one, two in combinations(groups, 2) for pair in product(one, two)]
    return [
        (code, together([remedy, other]), "; ".join(filter(None, (reading, other_reading))))
        for (code, remedy, reading), (_, other, other_reading) in both[:MOST_PAIRS]
    ]


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


def _cause(closing: Sequence[Trial], held: Setup, recording: Recording) -> Sequence[Trial]:
    """Keep the longer trainings alone if one closes the gap.

    But the lower rates if they do better, and the higher ones if the updates are tiny and they do as well.
    """
    longer = [trial for trial in closing if "epochs" in trial.remedy.options]
    lower = [trial for trial in closing if trial.code == "learning_rate_too_high"]
    if longer and lower and _lowest(lower) < _lowest(longer) - NEAR:
        return lower
    faster = [trial for trial in closing if trial.code == "learning_rate_too_low"]
    if not longer or not faster or held.steps < FEW_STEPS or typical_ratio(recording) > TINY_UPDATE:
        return longer or closing
    return longer if _lowest(faster) > _lowest(longer) + NEAR else faster


def _lowest(trials: Sequence[Trial]) -> float:
    return min(trial.outcome.score for trial in trials)


def _named(closing: Sequence[Trial], recording: Recording, sickness: Sickness, thresholds: Thresholds) -> list[Finding]:
    """Return one finding for each code among the trials that close the gap, the code of the best trial first."""
    by_score = sorted(closing, key=lambda trial: trial.outcome.score)
    codes = list(dict.fromkeys(trial.code for trial in by_score))
    if {"learning_rate_too_high", "learning_rate_too_low"} <= set(codes):
        codes = codes[:1]
    near = by_score[0].outcome.score + NEAR
    best = [trial for trial in closing if trial.outcome.score <= near]  # the smallest changes first
    preferred = [*best, *(trial for trial in by_score if trial not in best)]
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
