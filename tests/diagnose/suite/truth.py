"""The outside truth: losses on rows that diagnose never sees, beside those of scikit-learn's models.

A loss here is log loss of classes, squared error of numbers, Poisson deviance of counts, whatever the run itself minimises,
a row at a time and divided by the mean loss of a constant: their mean is 1 − D², 0 for perfect predictions.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

import glassnet as gn
from glassnet.diagnose.case.setup import Setup

WITHIN = 0.1  # D² below the best of scikit-learn's models that still counts as healthy
CLIP = 1e-6
WORST = 20.0  # times a constant's loss at most for one row, so that one absurd prediction does not decide
ERRORS = 2.0  # standard errors of a paired difference that count as more than chance
FAILED = -1.0  # D² of a run that ended in numbers that are not finite, and the least of any


@dataclass(frozen=True)
class Task:
    """Rows that are never shown, and the constant that the training rows suggest: base rates or a mean."""

    output: str
    X: Any
    y: Any
    constant: Any

    @classmethod
    def of(cls, data: Any, X: Any = None, y: Any = None) -> Task:
        """Return the task of a data set's test rows, or of others in their place."""
        if data.classes:
            constant = (np.bincount(data.y, minlength=data.classes) + 0.5) / (len(data.y) + 0.5 * data.classes)
        else:
            constant = np.mean(data.y, axis=0)
        return cls(data.output, data.X_test if X is None else X, data.y_test if y is None else y, constant)

    @property
    def is_classification(self) -> bool:
        return self.output in ("sigmoid", "softmax")

    def losses(self, prediction: Any) -> Any:
        """Return each row's loss ÷ the mean loss of the constant; WORST where a prediction is not finite."""
        with np.errstate(all="ignore"):
            base = self._raw(np.broadcast_to(self.constant, (len(self.y), *np.shape(self.constant)))).mean()
            rows = self._raw(np.asarray(prediction, float)) / base
        return np.where(np.isfinite(rows), np.minimum(rows, WORST), WORST)

    def _raw(self, prediction: Any) -> Any:
        if self.is_classification:
            return -np.log(
                np.clip(_probability(prediction, len(self.constant))[np.arange(len(self.y)), self.y], CLIP, 1)
            )
        y = np.asarray(self.y, float)
        prediction = prediction.reshape(y.shape)
        if self.output == "exponential":
            mean = np.maximum(prediction, CLIP)
            return 2 * (np.where(y > 0, y * np.log(np.maximum(y, CLIP) / mean), 0) - y + mean)
        return ((prediction - y) ** 2).reshape(len(y), -1).sum(axis=1)


def _probability(prediction: Any, classes: int) -> Any:
    """Return (n, classes) probabilities; one column or none is that of class 1 of two, or else a class number."""
    if prediction.ndim == 1 or prediction.shape[1] == 1:
        prediction = prediction.reshape(-1, 1)
        if classes > 2:
            return np.eye(classes)[np.clip(np.nan_to_num(prediction[:, 0]).round(), 0, classes - 1).astype(int)]
        return np.hstack([1 - prediction, prediction])
    return prediction


def explained(losses: Any) -> float:
    """Return D² = 1 − the mean of the losses, at least FAILED."""
    return max(FAILED, float(1 - np.mean(losses)))


def best_of_sklearn(data: Any) -> float:
    """Return the largest D² that a linear model, a random forest or nearest neighbours reach on the test rows; 0 if y is constant."""
    if len(np.unique(data.y, axis=0)) < 2:
        return 0.0
    task, few = Task.of(data), min(15, len(data.X))
    if data.classes:
        forest = RandomForestClassifier(50, min_samples_leaf=3, random_state=0)
        models = [LogisticRegression(max_iter=1000), forest, KNeighborsClassifier(few)]
    else:
        linear = PoissonRegressor(max_iter=1000) if data.output == "exponential" else Ridge()
        forest = RandomForestRegressor(50, min_samples_leaf=3, random_state=0)
        models = [linear, forest, KNeighborsRegressor(few)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = []
        for model in models:
            model.fit(data.X, data.y)
            known = _all_classes(model, data) if data.classes else model.predict(data.X_test)
            found.append(explained(task.losses(known)))
    return max(found)


def _all_classes(model: Any, data: Any) -> Any:
    """Return probabilities of all classes, also of those that the training rows lack."""
    probability = np.zeros((len(data.X_test), data.classes))
    probability[:, np.asarray(model.classes_, int)] = model.predict_proba(data.X_test)
    return probability


def trained_losses(network: Any, X: Any, y: Any, options: Any, task: Task) -> Any:
    """Train a copy without diagnose and return its losses on the task; WORST in every row if it fails."""
    trained = network.copy()
    try:
        with np.errstate(all="ignore"):
            gn.train(trained, X, y, **options)
            output = trained.forward(np.asarray(task.X, trained.dtype)).output
    except gn.NonFiniteError:
        return np.full(len(task.y), WORST)
    return task.losses(output)


def carried_out(remedies: Sequence[Any], setup: Setup) -> Setup:
    """Return the set-up with the remedies, one after the other."""
    for remedy in remedies:
        setup = remedy.apply(setup)
    return setup


def remedied_losses(remedies: Sequence[Any], network: Any, X: Any, y: Any, options: Any, task: Task) -> Any:
    """Carry out remedies as a user would, and return the losses on the task, whose rows are changed along with it.

    The task's rows travel through the remedies as validation data, behind those that the run has.
    """
    own = options.get("validation")
    hidden = (task.X, np.asarray(task.y))
    both = hidden if own is None else tuple(np.concatenate([a, b]) for a, b in zip(own[:2], hidden, strict=True))
    changed = carried_out(remedies, Setup(network, np.asarray(X), np.asarray(y), {**options, "validation": both}))
    n = 0 if own is None else len(own[1])
    X_all, y_all = changed.options["validation"][:2]
    kept = {name: value for name, value in changed.options.items() if name != "validation"}
    if own is not None:
        kept["validation"] = (X_all[:n], y_all[:n], *own[2:])
    seen = task
    if not task.is_classification and not np.array_equal(y_all[n:], hidden[1]):  # in the remedy's units
        seen = replace(task, constant=np.mean(changed.y, axis=0))
    return trained_losses(changed.network, changed.X, changed.y, kept, replace(seen, X=X_all[n:], y=y_all[n:]))


def paired(before: Any, after: Any) -> float:
    """Return the mean fall of the losses in standard errors: above 2 it mends, below −2 it harms."""
    fall = before - after
    error = np.std(fall) / np.sqrt(len(fall))
    return float(np.mean(fall) / error) if error > 0 else 0.0


def judge_remedies(findings: Any, network: Any, X: Any, y: Any, options: Any, task: Task) -> list[dict[str, Any]]:
    """Return, for each finding that is no symptom, what its remedy does on rows never seen: D² before, after, and verdict.

    A remedy is judged on top of those confirmed before it, as a reader carries them out.
    """
    before = trained_losses(network, X, y, options, task)
    judged: list[dict[str, Any]] = []
    confirmed: list[Any] = []
    for found in findings:
        if found.symptom_of is not None:
            continue
        entry: dict[str, Any] = {"code": found.code, "confirmed": found.confirmed, "message": found.message[:200]}
        if found.remedy is not None:
            after = remedied_losses([*confirmed, found.remedy], network, X, y, options, task)
            errors = paired(before, after)
            verdict = "mends" if errors > ERRORS else "harms" if errors < -ERRORS else "no change"
            entry |= {"remedy": found.remedy.text, "before": explained(before), "after": explained(after)}
            entry |= {"errors": round(errors, 2), "verdict": verdict}
            if found.confirmed:
                confirmed.append(found.remedy)
                before = after
        judged.append(entry)
    return judged
