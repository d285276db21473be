"""Measures of predictions with their uncertainty, as dictionaries of JSON values; they are scikit-learn's, in NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError
from glassnet.tables.report.calibration import calibration, residuals

Array = NDArray[Any]

RESAMPLES = 200
MOST_RESAMPLED = 4_000  # rows; of more, as many are drawn
LEAST_PROBABILITY = np.finfo(np.float64).eps  # under the logarithm, as in scikit-learn


def measure_numbers(predicted: Array, y: Array, seed: int = 0) -> dict[str, Any]:
    """Return rows, R², RMSE, mean absolute error, their uncertainty, and the residuals.

    `predicted` and the actual `y` are (n,), in the units of the target. The uncertainty is the standard deviation over
    bootstrap resamples of the rows.

    Raises
    ------
    InputError
        If a prediction is inf or nan.
    """
    predicted, y = np.asarray(predicted, np.float64), np.asarray(y, np.float64)
    _check_finite(predicted)
    return {
        "rows": len(y),
        **scores(predicted, y),
        "uncertainty": spread(resample(predicted, y, seed)),
        "residuals": residuals(predicted, y),
    }


def measure_classes(probabilities: Array, y: Array, seed: int = 0) -> dict[str, Any]:
    """Return rows, accuracies, macro F1, log loss, their uncertainty, the calibration and the confusion matrix.

    `probabilities` are (n, classes), `y` the class indices (n,). Two classes have the ROC AUC as well. The uncertainty
    is the standard deviation over bootstrap resamples of the rows; that of accuracies is Jeffreys', of ROC AUC DeLong's.

    Raises
    ------
    InputError
        If a probability is inf or nan.
    """
    probabilities = np.asarray(probabilities, np.float64)
    _check_finite(probabilities)
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    y, classes = np.asarray(y, np.intp), probabilities.shape[1]
    measures: dict[str, Any] = {"rows": len(y), **scores(probabilities, y)}
    confusion = np.bincount(y * classes + np.argmax(probabilities, axis=1), minlength=classes**2)
    confusion = confusion.reshape(classes, classes)
    uncertainty = spread(resample(probabilities, y, seed)) | _spread_of_shares(confusion)
    if classes == 2 and 0 < y.sum() < len(y):
        measures["roc_auc"], deviation = roc_auc(probabilities[:, 1], y)
        if np.isfinite(deviation):
            uncertainty["roc_auc"] = deviation
    return {
        **measures,
        "uncertainty": uncertainty,
        "calibration": calibration(probabilities, y),
        "confusion": confusion.tolist(),
    }


def scores(predicted: Array, y: Array) -> dict[str, float]:
    """Return R², RMSE and MAE of numbers (n,); accuracies, macro F1 and log loss of probabilities (n, classes)."""
    return {name: float(values[0]) for name, values in _of_rows(predicted, y, np.arange(len(y))[None]).items()}


def log_losses(probabilities: Array, y: Array) -> Array:
    """Return −log of the probability of each row's class, (n,)."""
    own = np.take_along_axis(probabilities, y[:, None], axis=1)[:, 0]
    return -np.log(np.clip(own, LEAST_PROBABILITY, 1))


def roc_auc(score: Array, y: Array) -> tuple[float, float]:
    """Return the area under the ROC curve of `score` for the rows of class 1 against class 0, and its standard deviation.

    The area is P(score₁ > score₀) + ½ P(score₁ = score₀), by ranks. The deviation is that of DeLong, DeLong and
    Clarke-Pearson (Biometrics 1988), by the ranks of Sun and Xu (IEEE Signal Processing Letters 2014); nan if a class
    has a single row.
    """
    one, zero = score[y == 1], score[y == 0]
    ranks = _ranks(np.concatenate([one, zero]))
    above = (ranks[: len(one)] - _ranks(one)) / len(zero)  # share of class 0 below each row of class 1
    below = 1 - (ranks[len(one) :] - _ranks(zero)) / len(one)  # share of class 1 above each row of class 0
    if min(len(one), len(zero)) < 2:
        return float(above.mean()), float("nan")
    return float(above.mean()), float(np.sqrt(above.var(ddof=1) / len(one) + below.var(ddof=1) / len(zero)))


def resample(predicted: Array, y: Array, seed: int = 0) -> dict[str, Array]:
    """Return the measures of bootstrap resamples of the rows, (resamples,) each, with the spread of all rows.

    `predicted` are probabilities (n, classes) or numbers (n,). The same seed and number of rows draw the same resamples,
    so the measures of two models may be subtracted.
    """
    rows, draws, scale = _draws(len(y), seed)
    found = _of_rows(predicted[rows], y[rows], draws)
    if scale == 1:
        return found
    return {name: (mean := np.mean(values)) + scale * (values - mean) for name, values in found.items()}


def spread(resampled: dict[str, Array]) -> dict[str, float]:
    """Return the standard deviation of each measure over the resamples; of one that some resamples leave undefined, none."""
    return {name: float(np.std(values)) for name, values in resampled.items() if np.isfinite(values).all()}


def _spread_of_shares(confusion: Array) -> dict[str, float]:
    """Return the standard deviations of both accuracies after Jeffreys' prior, which are above 0 even if all rows are right.

    A share of h in n rows has the posterior Beta(h + ½, n − h + ½) (Brown, Cai and DasGupta, Statistical Science 2001).
    """

    def deviation(hits: Array, rows: Array) -> Array:
        share = (hits + 0.5) / (rows + 1)
        return np.sqrt(share * (1 - share) / (rows + 2))

    rows, hits = confusion.sum(axis=1), confusion.diagonal()
    of_classes = deviation(hits, rows)[rows > 0]
    return {
        "accuracy": float(deviation(hits.sum(), rows.sum())),
        "balanced_accuracy": float(np.sqrt(np.sum(of_classes**2)) / len(of_classes)),
    }


def _draws(n: int, seed: int) -> tuple[Array, Array, float]:
    """Return rows to resample, the places among them that each resample takes, and the scale of the spread.

    With more than MOST_RESAMPLED rows, that many are drawn, and a spread over m of n rows is √(m/n) of that over m.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    rows = np.arange(n) if n <= MOST_RESAMPLED else rng.choice(n, MOST_RESAMPLED, replace=False)
    draws = rng.integers(0, len(rows), (RESAMPLES, len(rows)), dtype=np.int32)
    return rows, draws, float(np.sqrt(len(rows) / n))


def _of_rows(predicted: Array, y: Array, draws: Array) -> dict[str, Array]:
    """Return the measures of each set of rows in `draws` (sets, rows), (sets,) each."""

    def mean(values: Array) -> Array:
        return values[draws].mean(axis=1)

    if predicted.ndim == 1:
        error, centred = y - predicted, y - y.mean()
        squares, variance = mean(error**2), mean(centred**2) - mean(centred) ** 2
        r2 = np.where(variance > 0, 1 - squares / np.where(variance > 0, variance, 1), np.nan)
        return {"r2": r2, "rmse": np.sqrt(squares), "mae": mean(np.abs(error))}
    guessed, occurs = np.argmax(predicted, axis=1), np.bincount(y, minlength=predicted.shape[1]) > 0
    hits, actual, predicted_as = _counts(guessed, y, occurs, draws)
    with np.errstate(invalid="ignore"):  # a class that a resample lacks has no recall
        recall, f1 = hits / actual, 2 * hits / (actual + predicted_as)
    return {
        "accuracy": hits.sum(axis=1) / draws.shape[1],
        "balanced_accuracy": np.nanmean(recall, axis=1),
        "macro_f1": np.nanmean(f1, axis=1),
        "log_loss": mean(log_losses(predicted, y)),
    }


def _counts(guessed: Array, y: Array, occurs: Array, draws: Array) -> tuple[Array, Array, Array]:
    """Return the right, the actual and the predicted rows of each class that occurs, (resamples, classes)."""
    bins = len(occurs) + 1  # the last for the rows of no interest
    first = bins * np.arange(len(draws), dtype=np.int32)[:, None]

    def count(labels: Array) -> Array:
        places = labels.astype(np.int32)[draws] + first
        return np.bincount(places.ravel(), minlength=len(draws) * bins).reshape(-1, bins)[:, :-1][:, occurs]

    return count(np.where(guessed == y, y, bins - 1)), count(y), count(guessed)


def _ranks(values: Array) -> Array:
    """Return the ranks from 1; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _check_finite(predicted: Array) -> None:
    finite = np.isfinite(predicted).reshape(len(predicted), -1).all(axis=1)
    if not finite.all():
        raise InputError(
            f"evaluate: expected finite predictions; got inf or nan in row {int(np.argmin(finite)) + 1}; "
            "check the units of that row, or train the model again."
        )
