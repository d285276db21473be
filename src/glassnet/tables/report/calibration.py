"""How far probabilities are from shares, and residuals from 0, over the range of the predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MOST_BINS = 10
ROWS_A_BIN = 20  # at least, unless there are fewer in all
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def calibration(probabilities: Array, y: Array) -> dict[str, Any]:
    """Return the reliability table and the expected calibration error, as JSON values.

    Of two classes the probability of the second is judged, of more that of the predicted class (Guo et al., ICML 2017).
    The bins hold equally many rows each (Nixon et al., CVPR Workshops 2019); a bin is [mean probability, share of the
    rows of which it came true, rows]. The error is Σ rows/n · |share − probability| (Naeini et al., AAAI 2015);
    "by_chance" is its expected value for probabilities that are right, Σ rows/n · √(2 p(1 − p)/(π rows)).
    """
    if probabilities.shape[1] == 2:
        probability, came_true = probabilities[:, 1], y == 1
    else:
        probability, came_true = probabilities.max(axis=1), np.argmax(probabilities, axis=1) == y
    bins = np.array([[probability[b].mean(), came_true[b].mean(), len(b)] for b in _equal_bins(probability)])
    p, share, rows = bins.T
    by_chance = np.sqrt(2 / np.pi * p * np.maximum(1 - p, 0) / rows)
    return {
        "error": float(np.average(np.abs(share - p), weights=rows)),
        "by_chance": float(np.average(by_chance, weights=rows)),
        "bins": [[float(a), float(b), int(c)] for a, b, c in bins],
    }


def residuals(predicted: Array, y: Array) -> dict[str, Any]:
    """Return quantiles of the residuals y − predicted, of all rows and by predicted value, as JSON values.

    A bin is [mean prediction, the 5, 25, 50, 75 and 95 % quantiles of its residuals, rows]; all have equally many rows.
    """
    residual = y - predicted
    return {
        "quantiles": [float(q) for q in np.quantile(residual, QUANTILES)],
        "bins": [
            [float(predicted[b].mean()), *(float(q) for q in np.quantile(residual[b], QUANTILES)), len(b)]
            for b in _equal_bins(predicted)
        ],
    }


def _equal_bins(values: Array) -> list[Array]:
    """Return the rows in bins of equal size, in the order of `values`."""
    bins = min(max(len(values) // ROWS_A_BIN, 1), MOST_BINS)
    return np.array_split(np.argsort(values, kind="stable"), bins)
