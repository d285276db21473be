"""`Search` trains a portfolio of configurations on folds of a table, and averages the best of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import printable
from glassnet.tables.fitting.problem import Problem, problem_lines
from glassnet.tables.fitting.record import record_settings, thinned
from glassnet.tables.fitting.set_up import complete
from glassnet.tables.importance import HeldOut, permutation_importance, rows_within
from glassnet.tables.model import Member, TableModel, mean_answer
from glassnet.tables.reading.table import Table
from glassnet.tables.search.beside import measure_beside
from glassnet.tables.search.folds import fold_rows
from glassnet.tables.search.portfolio import portfolio
from glassnet.tables.search.trial import Trial, train_trials
from glassnet.tables.settings import Settings
from glassnet.training.checkpoints import Store
from glassnet.training.communicator import Communicator

Array = NDArray[Any]
Effort = Literal["default", "best"]
FOLDS = 5
MANY_ROWS = 5_000  # from which one fold tells the configurations apart, below it takes two
MORE = {"default": 0, "best": 22}  # configurations drawn by seed, beside the portfolio
MOST_TRAIN_ROWS = 5_000  # rows of those trained on that are measured
MOST_POINTS = 100  # of each member's curve that are kept
CHOSEN = {"default": 3, "best": 6}  # configurations that are averaged


@dataclass(frozen=True)
class Standing:
    """How far a search is.

    Parameters
    ----------
    share : float
        The share of its work that is done.
    networks, finished : int
        Networks to train in all, and those that are trained.
    best : float
        The best loss on rows held out so far: mean squared error of the standardised target, or log loss.
    seconds_left : float
    """

    share: float
    networks: int
    finished: int
    best: float
    seconds_left: float

    def __str__(self) -> str:
        left = f"{self.seconds_left:.0f} s left" if self.seconds_left >= 0 else ""
        return f"{self.finished} of {self.networks} networks   best validation loss {self.best:.4f}   {left}"


@dataclass(eq=False)
class Search:
    """A search for the best model of a problem; `run` carries it out.

    Each configuration is trained on some folds of the rows, those that turn out worse end early, and the best ones are
    trained on all folds. The model averages these networks; each row was held out from one network of each
    configuration, whose answers for it measure the model.

    Parameters
    ----------
    problem : Problem
    settings : Settings
        What is given a value holds for every configuration.
    rows : (n,) row numbers to learn from
    effort : "default" or "best"
    held_out : (n,) row numbers, optional
        The rows that judge, in place of folds.
    test : Table, optional
        Rows that are measured at the end alone.
    shares : dict
        What was asked for as validation and test, for the record.
    checkpoint : Store, optional
        Where the networks are saved on the way.
    communicator : Communicator, optional
        The ranks among which the networks are dealt out; each gets all results.
    """

    problem: Problem
    settings: Settings
    rows: Array
    effort: Effort = "default"
    held_out: Array | None = None
    test: Table | None = None
    shares: dict[str, Any] = field(default_factory=dict)
    checkpoint: Store | None = None
    communicator: Communicator | None = None
    model: TableModel = field(init=False)  # once it has run
    trials: list[Trial] = field(default_factory=list)
    interrupted: bool = False

    def __post_init__(self) -> None:
        problem, seed = self.problem, self.settings.seed
        if self.held_out is None:
            count = min(FOLDS, len(self.rows))
            self.folds = fold_rows(problem.y, self.rows, count, seed, problem.n_classes)
        else:
            self.folds = [(self.rows, self.held_out)]
        more = MORE[self.effort]
        self.configurations = portfolio(self.settings, problem.classes is not None, more)
        self.first_folds = min(len(self.folds), 1 if len(self.rows) >= MANY_ROWS else 2)
        self.n_chosen = min(CHOSEN[self.effort], len(self.configurations))
        self.n_networks = len(self.configurations) * self.first_folds
        self.n_networks += self.n_chosen * (len(self.folds) - self.first_folds)

    def run(self, progress: Callable[[Standing], Any] | None = None) -> TableModel:
        """Train; return the model. Raises KeyboardInterrupt only where no network has done an epoch yet."""
        started = time.monotonic()

        def told(before: int) -> Callable[[Sequence[Trial], float], None]:
            def tell(trials: Sequence[Trial], share: float) -> None:
                done = (before + share * len(trials)) / self.n_networks
                left = (time.monotonic() - started) * (1 / done - 1) if done > 0 else np.nan
                best = min(trial.best_loss for trial in self.trials)
                finished = before + int(share * len(trials))
                if progress is not None:
                    progress(Standing(done, self.n_networks, finished, best, left))

            return tell

        try:
            everywhere = range(self.first_folds)
            self._train(range(len(self.configurations)), everywhere, drop=True, told=told(0))
            self._train(self.best(), range(self.first_folds, len(self.folds)), drop=False, told=told(len(self.trials)))
        except KeyboardInterrupt:
            if not any(trial.answer is not None for trial in self.trials):
                raise
            self.interrupted = True
        self.model = self._model(time.monotonic() - started)
        return self.model

    def losses(self) -> dict[int, float]:
        """Return the loss of each configuration on the rows held out by the first folds; those that ended early lack."""
        losses = {}
        for number in range(len(self.configurations)):
            first = [trial for trial in self.trials if trial.configuration == number and trial.fold < self.first_folds]
            whole = [trial for trial in first if trial.answer is not None and not trial.dropped]
            if len(whole) == self.first_folds or (self.interrupted and whole):
                losses[number] = self._loss(whole)
        return losses

    def best(self) -> list[int]:
        """Return the numbers of the configurations that are averaged, the best first."""
        losses = self.losses()
        return sorted(losses, key=lambda number: losses[number])[: self.n_chosen]

    @property
    def members(self) -> list[Trial]:
        """The trials whose networks make the model, in the order of configurations and folds."""
        best = self.best()
        if not best:  # interrupted before a fold was through
            best = [min(self.trials, key=lambda trial: trial.best_loss).configuration]
        return [trial for trial in self.trials if trial.configuration in best and trial.answer is not None]

    def held_out_answer(self) -> tuple[Array, Array]:
        """Return the rows that members held out, and the mean of those members' answers for them."""
        answers: dict[int, list[Array]] = {}
        for trial in self.members:
            assert trial.answer is not None
            answers.setdefault(trial.fold, []).append(trial.answer)
        rows = np.concatenate([self.folds[fold][1] for fold in answers])
        order = np.argsort(rows, kind="stable")
        return rows[order], np.concatenate([mean_answer(each) for each in answers.values()])[order]

    def _train(self, numbers: Sequence[int], folds: Sequence[int], drop: bool, told: Any) -> None:
        trials = [self._trial(number, fold) for fold in folds for number in numbers]
        self.trials += trials
        store = None if self.checkpoint is None else self.checkpoint.part("first-folds" if drop else "all-folds")
        train_trials(self.problem, trials, drop, told, store, self.communicator)

    def _trial(self, number: int, fold: int) -> Trial:
        words = np.random.SeedSequence([self.settings.seed, number, fold]).generate_state(1)
        return Trial(number, fold, int(words[0]), self.configurations[number], *self.folds[fold])

    def _loss(self, trials: Sequence[Trial]) -> float:
        """Return the mean squared error, or the log loss, of trials on the rows they held out."""
        rows, weights = np.concatenate([trial.held_out for trial in trials]), None
        y = self.problem.y[rows]
        if self.problem.weight is not None and self.problem.weight[rows].any():
            weights = self.problem.weight[rows]
        answers = np.concatenate([trial.answer for trial in trials if trial.answer is not None])
        if self.problem.classes is None:
            return float(np.average((answers - y) ** 2, weights=weights))
        return float(-np.average(np.log(np.maximum(answers[np.arange(len(y)), y], 1e-15)), weights=weights))

    def answers(self) -> dict[str, tuple[Array, Array]]:
        """Return the model's answer and the actual target of each part: some of the rows trained on, held out, to test.

        Where folds validate, each row is answered by the networks that held it out.
        """
        problem = self.problem
        some = self.rows[:: -(-len(self.rows) // MOST_TRAIN_ROWS)]
        held_out, answer = self.held_out_answer()
        found = {
            "train": (self.model.answer(problem.table.take(some)), problem.y[some]),
            "validation": (answer, problem.y[held_out]),
        }
        if self.test is not None:
            found["test"] = self.model.answer_and_target(self.model.with_target(self.test))
        return found

    def measure(self) -> dict[str, dict[str, Any]]:
        """Measure each part; the measures are also kept in the model, with those of plain predictions beside."""
        answers = self.answers()
        measures = {name: self.model.measure(*each) for name, each in answers.items()}
        folds = [self.folds[fold] for fold in sorted({trial.fold for trial in self.members})]
        test = None if self.test is None else self.model.with_target(self.test)
        beside = measure_beside(self.problem, self.model.network, self.rows, folds, answers, test)
        self.model.training |= measures | beside
        return measures

    def outcome(self) -> str:
        """Say in a few lines what was found."""
        training = self.model.training
        losses, best = self.losses(), self.best()
        name = "mean squared error" if self.problem.classes is None else "log loss"
        networks = f"{training['networks']} networks in {training['seconds']:.1f} s"
        lines = [f"{networks}; the model averages {len(self.model.members)}, of {len(best)} configurations:"]
        for number in best:
            changes = training["tried"][number]["changes"] if number else {}
            said = ", ".join(f"{key} {_short(value)}" for key, value in changes.items()) or "the rule of quick"
            lines.append(f"  {name} {losses[number]:.5g}: {said}")
        if self.test is None and self.held_out is None:
            lines.append(
                "Each row is measured by networks that did not train on it; these rows chose configurations and epochs."
            )
        return "\n".join(lines)

    @property
    def curves(self) -> dict[str, list[list[float]]]:
        """The losses of each member by epoch, of the rows trained on and of those held out."""
        records = [trial.record for trial in self.members]
        return {
            "training": [record.loss for record in records],
            "validation": [record.validation_loss for record in records],
        }

    def tried(self) -> list[dict[str, Any]]:
        """Describe each configuration by what it changes of the first one, with its loss; None if it ended early."""
        losses, first = self.losses(), self._completed()[0].to_dict()
        return [
            {
                "changes": {name: v for name, v in each.to_dict().items() if number == 0 or v != first[name]},
                "loss": losses.get(number),
            }
            for number, each in enumerate(self._completed())
        ]

    def report(self) -> str:
        """Describe the search before it starts: task, columns, rows, networks."""
        held_out = f"a {len(self.folds)}th of them at a time judges" if self.held_out is None else ""
        rows = [f"{len(self.rows):,} to train" + (f", {held_out}" if held_out else "")]
        rows += [] if self.held_out is None else [f"{len(self.held_out):,} to validate"]
        rows += [] if self.test is None else [f"{len(self.test):,} to test"]
        found = f"the best {self.n_chosen} are averaged"
        if len(self.folds) > 1:
            found = f"the best {self.n_chosen} are trained on all folds, and the model averages their networks"
        lines = [
            *problem_lines(self.problem),
            f"rows: {'; '.join(rows)}",
            f"search ({self.effort}): {len(self.configurations)} configurations of inputs, network and training; {found}",
        ]
        return printable("\n".join(lines), keep="\n")

    def _completed(self) -> list[Settings]:
        """The configurations with every None chosen, by the first fold's number of rows."""
        return [complete(self.problem, each, len(self.folds[0][0])) for each in self.configurations]

    def _model(self, seconds: float) -> TableModel:
        trials, problem = self.members, self.problem
        members: list[Member] = [trial.member for trial in trials if trial.member is not None]
        model = TableModel(members, problem.task, problem.target, problem.classes)
        model.target_type = problem.choice.target
        model.settings = record_settings(problem, trials[0].settings, model.network, self.effort, self.shares)
        model.settings["seed"] = self.settings.seed
        rows = {"train": len(self.rows), "validation": sum(len(fold[1]) for fold in self.folds)}
        model.training = {
            "rows": rows | ({} if self.test is None else {"test": len(self.test)}),
            "networks": sum(trial.answer is not None for trial in self.trials),
            "stopped": "interrupted" if self.interrupted else "all networks are trained",
            "seconds": round(seconds, 3),
            "tried": self.tried(),
            "curves": [thinned(curve, MOST_POINTS) for curve in self.curves["validation"]],
        }
        if not self.interrupted and problem.table.image_shape is None:
            model.training["importance"] = self._importance()
        return model

    def _importance(self) -> dict[str, list[float]]:
        """Return the importance of the columns on rows that the members held out, some of each fold."""
        problem, trials = self.problem, self.members
        trained = sum(len(trial.rows) * len(trial.record.loss) for trial in self.trials)
        most = rows_within(trained, len(problem.choice.kinds), len(trials))
        rng = np.random.Generator(np.random.Philox(self.settings.seed))
        parts = []
        for fold in sorted({trial.fold for trial in trials}):
            members = [trial.member for trial in trials if trial.fold == fold and trial.member is not None]
            rows = np.sort(rng.permutation(self.folds[fold][1])[:most])
            inputs: dict[tuple[int, Any], Any] = {}  # members of one fold may share their preparation
            for member in members:
                key = (id(member.preparation), member.network.dtype)
                if key not in inputs:
                    dtype = member.network.dtype
                    inputs[key] = member.preparation.inputs(problem.cells, rows=rows, dtype=dtype)
            of_members = [inputs[id(member.preparation), member.network.dtype] for member in members]
            parts.append(HeldOut(members, of_members, problem.y[rows]))
        return permutation_importance(parts, self.settings.seed)


def _short(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
