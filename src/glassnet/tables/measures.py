"""Measures of a model's predictions: scikit-learn's, gathered in one dictionary of JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError

if TYPE_CHECKING:
    from glassnet.tables.model import TableModel

Array = NDArray[Any]


def measure(model: TableModel, X: Array, y: Array) -> dict[str, Any]:
    """The measures of `TableModel.evaluate` for the network's inputs X and the encoded target y."""
    from sklearn import metrics

    if model.classes is None:
        with np.errstate(over="ignore"):
            actual, predicted = (v * model.target_scale + model.target_mean for v in (y, model.network.predict(X)))
        _check_finite(predicted)
        return {
            "rows": len(y),
            "r2": _r2(actual, predicted),
            "rmse": float(metrics.root_mean_squared_error(actual, predicted)),
            "mae": float(metrics.mean_absolute_error(actual, predicted)),
        }
    probabilities = model.network.predict_proba(X).astype(np.float64)
    _check_finite(probabilities)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted = model.network.predict(X)
    labels = np.arange(len(model.classes))
    confusion = metrics.confusion_matrix(y, predicted, labels=labels)
    per_class = confusion.sum(axis=1)
    found = per_class > 0
    measures: dict[str, Any] = {
        "rows": len(y),
        "accuracy": float(np.mean(predicted == y)),
        "balanced_accuracy": float(np.mean(confusion.diagonal()[found] / per_class[found])),
        "macro_f1": float(metrics.f1_score(y, predicted, average="macro", labels=labels[found], zero_division=0.0)),
        "log_loss": float(metrics.log_loss(y, probabilities, labels=labels)),
    }
    if len(model.classes) == 2 and found.all():
        measures["roc_auc"] = float(metrics.roc_auc_score(y, probabilities[:, 1]))
    return {**measures, "confusion": confusion.tolist()}


def _check_finite(predicted: Array) -> None:
    finite = np.isfinite(predicted).reshape(len(predicted), -1).all(axis=1)
    if not finite.all():
        raise InputError(
            f"evaluate: expected finite predictions; got inf or nan in row {int(np.argmin(finite)) + 1}; "
            "check the units of that row, or train the model again."
        )


def quick_score(model: TableModel, X: Array, y: Array) -> float:
    """Accuracy or R², without the import of scikit-learn: for the progress of a training."""
    predicted = model.network.predict(X)
    return float(np.mean(predicted == y)) if model.classes is not None else _r2(y, predicted)


def metric_name(task: str) -> str:
    """What `quick_score` is called."""
    return "accuracy" if task == "classification" else "R²"


def _r2(actual: Array, predicted: Array) -> float:
    """1 − Σ(y − ŷ)²/Σ(y − ȳ)²; nan where all y are alike."""
    spread = float(np.sum((actual - actual.mean()) ** 2))
    return float(1 - np.sum((actual - predicted) ** 2) / spread) if spread > 0 else float("nan")
