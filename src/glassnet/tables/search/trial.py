"""A Trial: one configuration on one fold; `train_trials` trains many of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.tables.fitting.problem import Problem
from glassnet.tables.fitting.set_up import Inputs, Part, SetUp, complete, measure_inputs, set_up
from glassnet.tables.model import Member
from glassnet.tables.settings import Settings
from glassnet.training.checkpoints import Store
from glassnet.training.communicator import Communicator
from glassnet.training.job import Record
from glassnet.training.many import STOPPED, train_many
from glassnet.training.run import Run

Array = NDArray[Any]
Told = Callable[[Sequence["Trial"], float], Any]  # the trials under way, and the share of their work that is done
MOST_BYTES = 2 << 30  # of the inputs of trials that train side by side
LOOKS = (1 / 4, 1 / 2)  # shares of the epochs after which the worse configurations end
LEFT = (0.7, 0.5)  # shares of the configurations that then go on


@dataclass(eq=False)
class Trial:
    """One configuration on one fold.

    Parameters
    ----------
    configuration, fold : int
    seed : int
        Of the initial weights, the order of the rows and dropout.
    settings : Settings
        Those of the configuration; complete once it is prepared.
    rows, held_out : (n,) row numbers
    """

    configuration: int
    fold: int
    seed: int
    settings: Settings
    rows: Array
    held_out: Array
    member: Member | None = None
    record: Record = field(default_factory=Record)
    answer: Array | None = None  # the member's for the rows held out

    @property
    def best_loss(self) -> float:
        """The best validation loss so far; inf before the first epoch."""
        return min(self.record.validation_loss, default=np.inf)

    @property
    def dropped(self) -> bool:
        """True if the trial ended early for being worse than others."""
        return self.record.stopped == STOPPED


def train_trials(
    problem: Problem,
    trials: Sequence[Trial],
    drop: bool,
    told: Told | None = None,
    store: Store | None = None,
    communicator: Communicator | None = None,
) -> None:
    """Train trials in place, several at a time, and let each answer for the rows it held out.

    With `drop` the worse trials of each fold end after a quarter and after a half of their epochs. With a store the
    trials are saved there on the way.

    Raises
    ------
    KeyboardInterrupt
        At Ctrl-C; the trials that have done an epoch then have a member and an answer.
    """
    waiting, done = list(trials), 0
    while waiting:
        wave = _Wave(problem, waiting)
        share = len(wave.trials) / len(trials)

        def tell(part: float, before: float = done / len(trials), share: float = share) -> None:
            if told is not None:
                told(trials, before + part * share)

        wave.train(drop, tell, None if store is None else store.part(f"from-{done:04}"), communicator)
        waiting, done = waiting[len(wave.trials) :], done + len(wave.trials)


class _Wave:
    """The first of the trials that wait, as many as fit the memory, prepared."""

    def __init__(self, problem: Problem, waiting: Sequence[Trial]) -> None:
        self.trials: list[Trial] = []
        self.made: list[SetUp] = []
        self.held_out: list[Part] = []
        inputs: dict[Any, tuple[Inputs, Any]] = {}  # of the rows to train on, and of those held out
        size = 0
        for trial in waiting:
            settings = complete(problem, trial.settings, len(trial.rows))
            key = (settings.encoding, settings.dtype, trial.fold)
            if key not in inputs:
                measured = measure_inputs(problem, settings, trial.rows)
                size += _bytes(measured.X) * 5 // 4
                if self.trials and size > MOST_BYTES:
                    break
                of_held_out = measured.preparation.inputs(problem.cells, rows=trial.held_out, dtype=settings.dtype)
                inputs[key] = (measured, of_held_out)
            made = set_up(problem, settings, trial.rows, trial.seed, inputs[key][0])
            self.trials.append(trial)
            self.made.append(made)
            self.held_out.append(made.held_out(problem, trial.held_out, inputs[key][1]))

    def train(
        self, drop: bool, tell: Callable[[float], None], store: Store | None, communicator: Communicator | None
    ) -> None:
        """Train the wave; `tell` is called with the share of its work that is done."""
        runs: Sequence[Run] = ()

        def progress(now: Sequence[Run], share: float) -> None:
            nonlocal runs
            runs = now
            self._keep(now)
            tell(share)

        options = [made.options(validated=True) for made in self.made]
        each_own: dict[str, Any] = {
            name: [each[name] for each in options] for name in options[0].keys() - {"n_threads"}
        }
        weights = [made.train.weight for made in self.made]
        try:
            train_many(
                [made.member.network for made in self.made],
                [made.train.X for made in self.made],
                [made.train.y for made in self.made],
                sample_weight=None if weights[0] is None else weights,
                validation=[part.as_validation for part in self.held_out],
                stop=self._rule if drop else None,
                stop_every=max(1, min(made.settings.epochs or 1 for made in self.made) // 16),
                progress=progress,
                diverged="stop",
                n_threads=self.made[0].settings.threads,
                checkpoint=store,
                communicator=communicator,
                **each_own,
            )
        except KeyboardInterrupt:
            self._keep([run.restore_best() for run in runs])
            self._answer()
            raise
        self._answer()

    def _keep(self, runs: Sequence[Run]) -> None:
        for trial, run in zip(self.trials, runs, strict=False):
            trial.record = run.record

    def _answer(self) -> None:
        for trial, made, part in zip(self.trials, self.made, self.held_out, strict=True):
            if trial.record.validation_loss and np.isfinite(trial.best_loss):
                trial.member, trial.settings = made.member, made.settings
                trial.answer = made.member.answer(part.X)

    def _rule(self, runs: Sequence[Run]) -> list[int]:
        """Return the trials of the worst configurations, which end at the looks."""
        self._keep(runs)
        trials = self.trials
        best_losses = np.array([trial.best_loss for trial in trials])
        of_fold = np.array([trial.fold for trial in trials])
        of_configuration = np.array([trial.configuration for trial in trials])
        for fold in np.unique(of_fold):  # folds differ in how hard they are
            best_losses[of_fold == fold] /= np.median(best_losses[of_fold == fold])
        known = np.unique(of_configuration)
        losses = {k: float(np.mean(best_losses[of_configuration == k])) for k in known}
        ended = {trial.configuration for trial in trials if trial.dropped}
        reached = min((run.epoch / run.job.epochs for run in runs if not run.finished), default=0.0)
        left = min((left for look, left in zip(LOOKS, LEFT, strict=True) if reached >= look), default=1.0)
        to_end = round(len(known) * (1 - left)) - len(ended)
        worst = sorted(losses.keys() - ended, key=lambda k: losses[k])[::-1][: max(0, to_end)]
        return [k for k, run in enumerate(runs) if of_configuration[k] in worst and not run.finished]


def _bytes(X: Any) -> int:
    return int(X.data.nbytes)
