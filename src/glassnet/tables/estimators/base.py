"""The common base of both estimators: a frame or an array and a target become a table, which is learned as at the command line."""

from __future__ import annotations

import difflib
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields
from numbers import Integral
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from glassnet.errors import InputError, shown
from glassnet.tables.fitting.plan import Plan
from glassnet.tables.model import TableModel, Task
from glassnet.tables.reading.read import as_table
from glassnet.tables.reading.table import Table
from glassnet.tables.search.learn import Effort, learn
from glassnet.tables.search.search import Search, Standing
from glassnet.tables.settings import Settings
from glassnet.training.train import Epoch

Array = NDArray[Any]
LINE_EVERY = 1.0  # seconds between two lines of a search with verbose=True


class BaseTableEstimator(BaseEstimator):
    """Base of TableClassifier and TableRegressor, which define the target."""

    model_: TableModel
    n_features_in_: int
    task: Task
    class_weight: Any = None

    def __init__(
        self,
        effort: Effort = "default",
        *,
        hidden: int | Sequence[int] | None = None,
        epochs: int | None = None,
        learning_rate: float | None = None,
        plain: bool = False,
        settings: Mapping[str, Any] | None = None,
        random_state: Any = None,
        n_threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.effort = effort
        self.hidden = hidden
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.plain = plain
        self.settings = settings
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    def _learn(self, X: Any, y: Array, name: Any, weights: Array | None) -> Plan | Search:
        """Prepare the training on the rows of X and the targets y, which are called `name` if X has no such column."""
        frame = self._frame(X, reset=True)
        check_consistent_length(frame, y)
        target = _free(name if isinstance(name, str) and name.strip() not in ("", *frame.columns) else "target", frame)
        frame = frame.with_columns(pl.Series(target, y.tolist()))
        weight = None if weights is None else _free("weight", frame)
        if weight is not None:
            frame = frame.with_columns(pl.Series(weight, weights))
        return learn(
            Table(frame),
            target,
            effort=self.effort,
            settings=self._settings(),
            task=self.task,
            categorical=_declared_categories(X, frame),
            weight=weight,
        )

    def _train(self, ready: Plan | Search) -> None:
        """Train; keep the model, of what was reached if the training is interrupted."""
        if self.verbose:
            print(ready.report())
        if isinstance(ready, Plan):
            self.model_ = ready.run([_Lines(ready.settings.epochs)] if self.verbose else [])
        else:
            self.model_ = ready.run(_Lines() if self.verbose else None)
        interrupted = self.model_.training["stopped"] == "interrupted"
        if interrupted:
            warnings.warn("Training interrupted by user.", stacklevel=3)
        ready.measure()
        if self.verbose and not interrupted:
            print(ready.outcome())

    def _settings(self) -> Settings:
        """Return the settings: those by name, and those that have a parameter of their own."""
        names = [each.name for each in fields(Settings)]
        for name in self.settings or {}:
            if name not in names:
                near = difflib.get_close_matches(str(name), names, n=1)
                out = f"did you mean {near[0]!r}?" if near else "see glassnet train --help."
                raise InputError(f"settings: expected names of options of glassnet train; got {shown(name)}; {out}")
        own = {
            "hidden": self.hidden,
            "epochs": self.epochs,
            "learning_rate": self.learning_rate,
            "plain": self.plain or None,
            "class_weight": None if isinstance(self.class_weight, Mapping) else self.class_weight,
            "threads": self.n_threads,
            "seed": self._seed(),
        }
        given = {**(self.settings or {}), **{name: value for name, value in own.items() if value is not None}}
        return Settings(
            **{each.name: _as_setting(each, given[each.name]) for each in fields(Settings) if each.name in given}
        )

    def _seed(self) -> int | None:
        if self.random_state is None or isinstance(self.random_state, Integral):
            return None if self.random_state is None else int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _frame(self, X: Any, reset: bool) -> pl.DataFrame:
        """Return X under the names of its columns, or x0, x1, … where they have none."""
        if hasattr(X, "columns"):
            if len(set(X.columns)) < len(X.columns):
                raise InputError(f"X: expected different names; got {shown([*X.columns])}; rename the columns.")
            validate_data(self, X, reset=reset, skip_check_array=True)
        else:
            X = np.array(X, object) if isinstance(X, list | tuple) else X  # or [1, "a"] would become words
            least = 2 if reset else 1
            X = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite="allow-nan", ensure_min_samples=least)
        frame = as_table(X).frame
        names = getattr(self, "feature_names_in_", [f"x{k}" for k in range(self.n_features_in_)])
        return frame.rename(dict(zip(frame.columns, map(str, names), strict=True)))

    def _answer(self, X: Any) -> Array:
        check_is_fitted(self)
        return self.model_.answer(self._frame(X, reset=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


class _Lines:
    """Prints how far a training is: ten epochs of one network, or a search each second."""

    def __init__(self, epochs: int | None = None) -> None:
        self.every = max(1, (epochs or 1) // 10)
        self.told_at = 0.0

    def __call__(self, now: Standing | Epoch) -> None:
        if isinstance(now, Standing):
            if now.share < 1 and time.monotonic() - self.told_at < LINE_EVERY:
                return
            self.told_at = time.monotonic()
            print(now)
        elif now.epoch % self.every == 0:
            of_validation = "" if now.validation_loss is None else f"   validation loss {now.validation_loss:.4f}"
            print(f"epoch {now.epoch:5d}   loss {now.loss:.4f}{of_validation}")


def targets(y: Any) -> Array:
    """Return y as an array (n,) without gaps."""
    if y is None:
        raise InputError("y: requires y to be passed, but the target y is None.")
    values = column_or_1d(y, warn=True)
    gaps = [k for k, each in enumerate(values.tolist()) if each is None or each != each]  # noqa: PLR0124
    if gaps:
        raise InputError(f"y: expected a target in every row; got NaN in row {gaps[0]}; leave those rows out.")
    return values


def _declared_categories(X: Any, frame: pl.DataFrame) -> list[str]:
    """Return the columns that pandas or polars calls categorical, whatever their cells are."""
    dtypes = getattr(X, "dtypes", None)
    if not hasattr(X, "columns") or dtypes is None:
        return []
    declared = [str(dtype).lower().startswith(("categor", "enum")) for dtype in dtypes]
    return [name for name, categorical in zip(frame.columns, declared, strict=False) if categorical]


def _free(name: str, frame: pl.DataFrame) -> str:
    """Return a name that no column has."""
    while name in frame.columns:
        name += "_"
    return name


def _as_setting(setting: Any, value: Any) -> Any:
    """Return a setting as `Settings` has it: a text is read as at the command line, a list is a tuple."""
    parse = setting.metadata.get("parse")
    if parse is None:
        return value
    if isinstance(value, str):
        return parse(value)
    return (value,) if isinstance(value, Integral) else tuple(value)
