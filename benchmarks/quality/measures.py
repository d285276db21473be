"""Measures predictions on the test rows: RMSE for numbers; log loss and, for two classes, AUC for classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.quality.tables import Problem

CLIP = 1e-7  # probabilities are cut to CLIP … 1 − CLIP: half of float32's resolution, in which some contenders answer


def measure(problem: Problem, predicted: Any) -> dict[str, float]:
    """Return "loss" (RMSE, or log loss in nats), and "auc" for two classes; raises ValueError for nan or a wrong shape."""
    predicted = np.asarray(predicted, np.float64)
    classes = problem.classes if problem.case.task == "classification" else None
    expected = (len(problem.y_test),) if classes is None else (len(problem.y_test), len(classes))
    if predicted.shape != expected or not np.isfinite(predicted).all():
        raise ValueError(f"predictions: expected finite numbers of shape {expected}; got shape {predicted.shape}")
    if classes is None:
        return {"loss": float(np.sqrt(np.mean((predicted - problem.y_test.to_numpy(float)) ** 2)))}
    truth = np.array([classes.index(label) for label in problem.y_test])
    chosen = np.clip(predicted[np.arange(len(truth)), truth], CLIP, 1 - CLIP)
    measured = {"loss": float(-np.mean(np.log(chosen)))}
    if len(classes) == 2:
        from sklearn.metrics import roc_auc_score

        measured["auc"] = float(roc_auc_score(truth, predicted[:, 1]))
    return measured
