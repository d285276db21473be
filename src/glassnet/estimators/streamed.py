"""Fits on rows that `open_rows` opened, or on batches: as on arrays if they fit in memory, else window by window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.utils import check_random_state, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from glassnet.data.opening import open_rows
from glassnet.data.rows import Block, Rows
from glassnet.errors import InputError
from glassnet.estimators.fitting import Fitting, Reported
from glassnet.estimators.held_out import validation_rows
from glassnet.estimators.labels import fit_binarizer
from glassnet.estimators.rows import Rows as InMemory
from glassnet.estimators.rows import as_rows
from glassnet.estimators.tasks import tasks
from glassnet.training.windows import ROW_EXTRA, WINDOW_SHARE, is_source

Array = NDArray[Any]
MOST_CLASSES = 10_000


def rows_of(X: Any, y: Any, sample_weight: Any = None) -> Rows | None:
    """Return the rows that were opened, or that batches are; None for arrays."""
    if is_source(X):
        for name, given in {"y": y, "sample_weight": sample_weight}.items():
            if given is not None:
                raise InputError(
                    f"{name}: expected None with rows of open_rows, which hold it; got some; leave it out."
                )
        return open_rows(X)
    some = isinstance(X, list) and X and isinstance(X[0], tuple)
    return open_rows(X) if y is None and (callable(X) or isinstance(X, Iterator) or some) else None


def fit_rows(estimator: Any, rows: Rows, validation: tuple[Any, ...], incremental: bool, first: bool) -> Any:
    """Fit the estimator to rows; return it."""
    n, d = rows.shape
    if n * ((d + 2) * 8 + ROW_EXTRA) <= WINDOW_SHARE * rows.memory:
        parts = list(rows.blocks())
        X, y, weight = (np.concatenate(part) if part[0] is not None else None for part in zip(*parts, strict=True))
        return estimator._fit(X, y, weight, validation, incremental)
    if estimator.solver == "lbfgs":
        raise InputError("solver: expected one that takes batches; got 'lbfgs', which takes all rows; use 'adam'.")
    if incremental and estimator.early_stopping:
        raise ValueError("partial_fit does not support early_stopping=True")
    rng = cache(partial(check_random_state, estimator.random_state))
    held: InMemory | None
    held_out: tuple[Array, ...] = ()
    if estimator.early_stopping and not any(each is not None for each in validation):
        share = min(float(estimator.validation_fraction), rows.largest_share)
        rows, held_out = rows.hold_out(share, int(rng().randint(2**31)))
    encoded = EncodedRows(estimator, rows, incremental)
    estimator.n_features_in_ = d
    estimator._set_up(np.empty((1, d), encoded.dtype), np.empty((1, encoded.n_outputs)), rng, first)
    dtype = estimator.network_.dtype
    if held_out:
        X, y, *weights = held_out
        held = as_rows(X, estimator._encode(y), encoded.weights(y, weights[0] if weights else None), dtype)
    else:
        held = validation_rows(estimator, validation)
    estimator.validation_loss_curve_ = (
        None if held is None else [] if first else list(estimator.validation_loss_curve_ or [])
    )
    of_tasks = tasks(estimator, rows, None, None, incremental)
    Fitting(estimator, InMemory(encoded, encoded, None), held, rng, of_tasks).stochastic(incremental)  # type: ignore[arg-type]
    return estimator


class EncodedRows(Rows):
    """Rows with targets and weights as the estimator's network takes them; made by one pass over the targets."""

    def __init__(self, estimator: Any, rows: Rows, incremental: bool) -> None:
        self.estimator, self.rows, self.sequential = estimator, rows, rows.sequential
        super().__init__(rows.lengths, rows.shape[1], rows.memory)
        self.class_weight = getattr(estimator, "class_weight", None)
        self.weighted = rows.weighted or self.class_weight is not None
        self.dtype: Any = np.float32
        if is_classifier(estimator):
            self._find_classes(incremental)
        self.n_outputs, self.reported = 1, Reported()
        self._measure()

    def _find_classes(self, incremental: bool) -> None:
        est, counts = self.estimator, dict[Any, int]()
        for _, y, _ in self.rows.blocks():
            if y.ndim != 1:
                raise InputError("y: expected one class a row in rows of open_rows; got several; fit on arrays.")
            for label, count in zip(*map(np.ndarray.tolist, np.unique(y, return_counts=True)), strict=True):
                counts[label] = counts.get(label, 0) + count
            if len(counts) > MOST_CLASSES:
                raise InputError(
                    f"y: expected at most {MOST_CLASSES:,} classes; got {len(counts):,}; use MLPRegressor for numbers."
                )
        classes = np.array(sorted(counts))
        check_classification_targets(classes)
        if np.all(classes == np.round(classes)):
            classes = classes.astype(np.int64)  # files hold classes as numbers of any kind
        if not hasattr(est, "classes_") or not (est.warm_start or incremental):
            est._label_binarizer = fit_binarizer(classes)
            est.classes_ = est._label_binarizer.classes_
        else:
            est._check_classes(classes)
        if self.class_weight == "balanced":
            total = len(self.rows)
            self.class_weight = {label: total / (len(counts) * count) for label, count in counts.items()}

    def _measure(self) -> None:
        """Find the number of outputs, the dtype, and what the reported loss adds."""
        sums = np.zeros(2)
        for k, (X, y, weight) in enumerate(self.rows.blocks()):
            Y = self.estimator._encode(self._as_classes(y))
            self.dtype = np.float64 if X.dtype != np.float32 else self.dtype
            self.n_outputs, weights = Y.shape[1], self.weights(y, weight)
            reported: Reported = self.estimator._reported(InMemory(X, Y, weights))
            total = float(len(Y) if weights is None else weights.sum())
            sums += (reported.offset * total, total)
            if k == 0 and getattr(self.estimator, "loss", None) != "poisson":
                self.reported = reported
                return
        self.reported = Reported(offset=sums[0] / sums[1])

    def _as_classes(self, y: Array) -> Array:
        return y.astype(np.int64) if is_classifier(self.estimator) and self.estimator.classes_.dtype.kind == "i" else y

    def weights(self, y: Array, weight: Array | None) -> Array | None:
        """Return the weights of rows times those of their classes."""
        if self.class_weight is None:
            return weight
        of_classes: Array = compute_sample_weight(self.class_weight, self._as_classes(y))
        return of_classes if weight is None else of_classes * weight

    @property
    def name(self) -> str:
        return self.rows.name

    def read(self, block: int) -> Block:
        X, y, weight = self.rows.read(block)
        return X, self.estimator._encode(self._as_classes(y)), self.weights(y, weight)

    def place(self, block: int) -> str:
        return self.rows.place(block)

    @cached_property
    def fingerprint(self) -> str:
        return self.rows.fingerprint
