"""`plan` decides and checks everything that a training of one network on a table needs; `Plan.run` trains the TableModel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import printable
from glassnet.tables.fitting.problem import Choices, Problem, pose, problem_lines
from glassnet.tables.fitting.record import record_settings, thinned
from glassnet.tables.fitting.set_up import Part, SetUp, complete, set_up
from glassnet.tables.fitting.splitting import split_rows
from glassnet.tables.importance import HeldOut, permutation_importance, rows_within
from glassnet.tables.model import TableModel
from glassnet.tables.reading.table import Table, cut
from glassnet.tables.report.baselines import compare, fit_baselines
from glassnet.tables.report.leaks import score_alone
from glassnet.tables.report.text import PURPOSE, some_of
from glassnet.tables.settings import Settings
from glassnet.training.checkpoints import Store, advance
from glassnet.training.communicator import Communicator
from glassnet.training.history import History
from glassnet.training.job import Record
from glassnet.training.run import Run
from glassnet.training.train import Callback, Epoch, announce
from glassnet.training.windows import Source

Array = NDArray[Any]
SHARE = 0.15  # share of the rows that validate by default


@dataclass(eq=False)
class Watch:
    """A callback that keeps the parameters of the best epoch so far, in case the run is interrupted."""

    record: Record = field(default_factory=Record)  # the run's
    best_loss: float = np.inf
    best_epoch: int = 0
    best_theta: Array | None = None

    def __call__(self, now: Epoch) -> None:
        better = True  # without validation the latest epoch is the best
        if now.validation_loss is not None:
            better = now.validation_loss < self.best_loss
            self.best_loss = min(self.best_loss, now.validation_loss)
        if better:
            self.best_epoch = now.epoch
            self.best_theta = now.network.theta.copy()

    def restored(self, run: Run) -> None:
        """Go on with a run that stands where a checkpoint left it."""
        self.record = record = run.record
        losses = record.validation_loss
        if record.loss:
            self.best_epoch = int(np.nanargmin(losses)) + 1 if np.isfinite(losses).any() else len(record.loss)
            self.best_loss = min(losses, default=np.inf)
            self.best_theta = (run.network.theta if run.state.best_theta is None else run.state.best_theta).copy()


@dataclass(eq=False)
class Plan:
    """An untrained model of one network with the data to train it."""

    problem: Problem
    set_up: SetUp
    model: TableModel
    parts: dict[str, Part]  # "train", and "validation" and "test" if there are any
    reason: str = ""  # why it is one network
    watch: Watch = field(default_factory=Watch)
    checkpoint: Store | None = None  # where the run is saved on the way
    communicator: Communicator | None = None  # the ranks that share the rows of each step
    held_out_rows: Array = field(default_factory=lambda: np.zeros(0, np.intp))  # of the problem: not trained on
    source: Source | None = None  # all rows of a table larger than memory, of which the problem is a sample
    sampled: int = 0  # rows of that sample

    @property
    def settings(self) -> Settings:
        """The complete settings."""
        return self.set_up.settings

    def run(self, callbacks: Sequence[Callback] = ()) -> TableModel:
        """Train; returns the model. Raises KeyboardInterrupt only before the end of the first epoch.

        If the run is interrupted later, the model is that of the best epoch so far and `training["stopped"]` says so.
        """
        model, settings = self.model, self.settings
        train_part, validation = self.parts["train"], self.parts.get("validation")
        watch = self.watch
        history: History | None = None
        in_memory = self.source is None
        run = Run(
            model.network,
            train_part.X if self.source is None else self.source,
            train_part.y if in_memory else None,
            sample_weight=train_part.weight if in_memory else None,
            validation=None if validation is None else validation.as_validation,
            communicator=self.communicator,
            **self.arguments(),
        )
        after_epoch = announce(run, (watch, *callbacks))
        watch.restored(run)
        try:
            if self.checkpoint is None:
                run.advance(after_epoch=after_epoch)
            else:
                advance(run, self.checkpoint, after_epoch, watch.restored)
            history = run.restore_best().history()
        except KeyboardInterrupt:
            if not self._tells:
                return model
            if watch.best_theta is None:
                raise
            model.network.theta = watch.best_theta
        if not self._tells:
            return model
        model.training = {
            "rows": self.rows,
            "epochs": len(watch.record.loss),
            "best_epoch": watch.best_epoch if history is None or history.best_epoch is None else history.best_epoch,
            "stopped": "interrupted" if history is None else history.stopped,
            "engine": settings.engine if history is None else history.engine,
            "loss": thinned(watch.record.loss),
            "validation_loss": thinned(watch.record.validation_loss),
        }
        if history is not None:
            model.training |= {"steps": history.steps, "seconds": round(history.seconds, 3)}
            model.training |= self._importance()
        return model

    @property
    def _tells(self) -> bool:
        """True where the record of the training is kept: in the only process, or on rank 0."""
        return self.communicator is None or self.communicator.rank == 0

    def _importance(self) -> dict[str, Any]:
        """Return the importance of the columns on validation rows, or where there are none on rows trained on."""
        if self.problem.table.image_shape is not None:
            return {}
        member, part = self.model.members[0], self.parts.get("validation", self.parts["train"])
        trained = len(self.parts["train"]) * len(self.watch.record.loss)
        some = slice(rows_within(trained, len(member.preparation.groups), 1))
        of = HeldOut([member], [part.X[some]], part.actual[some])
        return {"importance": permutation_importance([of], self.settings.seed)}

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each part; those to train on are all but the others, where the problem is a sample."""
        rows = {name: len(part) for name, part in self.parts.items()}
        return rows if self.source is None else {**rows, "train": self.source.shape[0] - len(self.held_out_rows)}

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of `train` apart from the data."""
        return self.set_up.options(validated="validation" in self.parts)

    def report(self) -> str:
        """Describe a training before it starts: task, columns, missing cells, columns left out, rows, settings."""
        model, s = self.model, self.settings
        columns = model.preparation.columns
        lines = [*problem_lines(self.problem, f"{model.preparation.n_features} features")]
        for kind, rule in (
            ("numeric", "filled with the median, and a feature says so"),
            ("categorical", "a category of their own"),
        ):
            names = [cut(column.name, 30) for column in columns if column.kind == kind and column.missing]
            if names:
                lines.append(f"missing cells, {rule}: {some_of(names)}")
        rows = [f"{count:,} {PURPOSE[name]}" for name, count in self.rows.items()]
        lines.append(f"rows: {', '.join(rows)}")
        if self.source is not None:
            lines.append(
                f"prepared on a sample of {self.sampled:,} rows, from which those held out and the measures come as well"
            )
        if self.reason:
            search = "; --effort default searches for the best model" if self.source is None else ""
            lines.append(f"one network, since {self.reason}{search}")
        lines.append(repr(model.network))
        batches = f"batches of {s.batch_size}" if s.batch_size else "all rows in each step"
        optimizer = self.arguments()["optimizer"]
        stop = (
            f", until {s.patience} epochs bring no better validation loss"
            if "validation" in self.parts and s.patience
            else ""
        )
        penalty = f", l2={s.l2:g}" if s.l2 else ""
        lines.append(f"{optimizer}, {batches}{penalty}, up to {s.epochs} epochs{stop}")
        return printable("\n".join(lines), keep="\n")

    def outcome(self) -> str:
        """Say in a line how the training ended."""
        training = self.model.training
        seconds = f"{training['seconds']:.2f} s, engine {training['engine']}"
        return (
            f"{training['epochs']} epochs in {seconds}: {training['stopped']}; kept: epoch {training['best_epoch']}"
            + (
                "\nThe validation rows chose the epoch; for an untouched measure pass --test 0.2 or a file."
                if "validation" in self.parts and "test" not in self.parts
                else ""
            )
        )

    @property
    def curves(self) -> dict[str, list[list[float]]]:
        """The loss by epoch, of the rows trained on and of those that validate."""
        found = {"training": [self.watch.record.loss], "validation": [self.watch.record.validation_loss]}
        return {name: curves for name, curves in found.items() if curves[0]}

    def answers(self) -> dict[str, tuple[Array, Array]]:
        """Return the model's answer and the actual target of each part."""
        member = self.model.members[0]
        return {name: (member.answer(part.X), part.actual) for name, part in self.parts.items()}

    def measure(self) -> dict[str, dict[str, Any]]:
        """Measure each part; the measures are also kept in the model, with those of plain predictions beside."""
        answers = self.answers()
        measures = {name: self.model.measure(answer, actual) for name, (answer, actual) in answers.items()}
        part = self.parts["train"]
        alone = score_alone(part.X, part.actual, self.model.preparation.groups, self.problem.n_classes)
        self.model.training |= measures | {"baselines": self._baselines(answers), "alone": alone}
        return measures

    def _baselines(self, answers: dict[str, tuple[Array, Array]]) -> dict[str, Any]:
        """Measure a constant and a linear model on the rows that were not trained on, or on all if there are none."""
        part, validation = self.parts["train"], self.parts.get("validation")
        fitted = fit_baselines(
            self.model.network,
            part.X,
            part.actual,
            part.weight,
            classes=self.problem.n_classes,
            validation=None if validation is None else (validation.X, validation.actual),
            seed=self.settings.seed,
        )
        held_out = [name for name in answers if name != "train"] or ["train"]
        return {
            name: compare(answers[name][0], fitted.predict(self.parts[name].X), answers[name][1]) for name in held_out
        }


def plan(
    table: Table,
    target: str,
    *,
    settings: Settings | None = None,
    validation: float | Table = SHARE,
    test: float | Table = 0.0,
    **choices: Unpack[Choices],
) -> Plan:
    """Decide how `target` is learned from the other columns of `table` by one network, and prepare the data.

    Parameters
    ----------
    settings : hyper-parameters; those that are None follow from the size of the data
    validation, test : a share of the rows, stratified for a classification, or another Table
    **choices : those of `pose`: the task, and columns whose kind the user decides

    Raises
    ------
    InputError
        Names the file, the line, the column and the cell that is wrong, or the setting.
    """
    settings = settings or Settings()
    problem = pose(table, target, balanced=settings.class_weight is not None, **choices)
    return plan_problem(problem, settings, validation, test)


def plan_problem(
    problem: Problem, settings: Settings, validation: float | Table, test: float | Table, reason: str = ""
) -> Plan:
    """Prepare the data of a problem for one network; `reason` says why it is one."""
    settings.check(problem.n_classes)
    shares = {"validation": validation, "test": test}
    drawn = {name: share if not isinstance(share, Table) else 0.0 for name, share in shares.items()}
    split = split_rows(problem.table, problem.target, problem.y, problem.classes, drawn, settings.seed)
    rows = dict(zip(("train", *shares), split, strict=True))
    made = set_up(problem, complete(problem, settings, len(rows["train"]), quick=True), rows["train"])
    model = TableModel([made.member], problem.task, problem.target, problem.classes)
    model.target_type = problem.choice.target
    model.settings = record_settings(problem, made.settings, made.member.network, "quick", shares)
    parts = {"train": made.train}
    for name, given in shares.items():
        if isinstance(given, Table):
            parts[name] = _whole(name, given, made, model)
        elif len(rows[name]):
            parts[name] = made.held_out(problem, rows[name])
    held_out = np.concatenate(split[1:]) if len(split) > 1 else np.zeros(0, np.intp)
    return Plan(problem, made, model, parts, reason, held_out_rows=held_out)


def _whole(name: str, table: Table, made: SetUp, model: TableModel) -> Part:
    """Return all rows of a table that was passed as the part `name`."""
    if not len(table):
        raise table.error(None, "rows", "none", f"pass --{name} with a share or another file")
    table = model.with_target(table)
    return made.part(table, model.encode(table))
