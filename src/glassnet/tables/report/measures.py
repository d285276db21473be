"""Measures of a network's predictions, those of scikit-learn, as dictionaries of JSON values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.network.scores import accuracy, r_squared

Array = NDArray[Any]


def measure_numbers(predicted: Array, y: Array) -> dict[str, Any]:
    """Return rows, R², RMSE and mean absolute error of the predicted numbers (n,), in the units of the target.

    Raises
    ------
    InputError
        If a prediction is inf or nan.
    """
    from sklearn import metrics

    _check_finite(predicted)
    return {
        "rows": len(y),
        "r2": r_squared(predicted, y),
        "rmse": float(metrics.root_mean_squared_error(y, predicted)),
        "mae": float(metrics.mean_absolute_error(y, predicted)),
    }


def measure_classes(probabilities: Array, y: Array) -> dict[str, Any]:
    """Return rows, accuracies, macro F1, log loss, for two classes ROC AUC, and the confusion matrix.

    `probabilities` are those of the classes, (n, classes), `y` the class indices 0 … classes − 1.

    Raises
    ------
    InputError
        If a probability is inf or nan.
    """
    from sklearn import metrics

    _check_finite(probabilities)
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    predicted, classes = np.argmax(probabilities, axis=1), probabilities.shape[1]
    labels = np.arange(classes)
    confusion = metrics.confusion_matrix(y, predicted, labels=labels)
    per_class = confusion.sum(axis=1)
    found = per_class > 0
    measures: dict[str, Any] = {
        "rows": len(y),
        "accuracy": accuracy(predicted, y),
        "balanced_accuracy": float(np.mean(confusion.diagonal()[found] / per_class[found])),
        "macro_f1": float(metrics.f1_score(y, predicted, average="macro", labels=labels[found], zero_division=0.0)),
        "log_loss": float(metrics.log_loss(y, probabilities, labels=labels)),
    }
    if classes == 2 and found.all():
        measures["roc_auc"] = float(metrics.roc_auc_score(y, probabilities[:, 1]))
    return {**measures, "confusion": confusion.tolist()}


def _check_finite(predicted: Array) -> None:
    finite = np.isfinite(predicted).reshape(len(predicted), -1).all(axis=1)
    if not finite.all():
        raise InputError(
            f"evaluate: expected finite predictions; got inf or nan in row {int(np.argmin(finite)) + 1}; "
            "check the units of that row, or train the model again."
        )
