"""Held-out truth: a remedy is judged by rows that took no part in a training, on their original targets, by a stated test."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.deviance import Array, yardstick
from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.case.setup import FEW_ROWS, Judged, Setup, Trained, folds, train_many
from glassnet.diagnose.case.verdict import WORST, Verdict
from glassnet.diagnose.rules.opinion import without_contradicted
from glassnet.network import passes

FOLDS = 4
DOUBT = 0.1  # difference of u that is worth a second division of the rows


class Truth:
    """Trains a set-up on all but one part of its rows, part after part, with and without remedies, and judges the rest."""

    def __init__(self, setup: Setup, seed: int = 7) -> None:
        self.setup, self.seed = setup, seed
        self.fold = folds(setup, FOLDS, seed)
        self._known: dict[tuple[Remedy, ...], tuple[Array, NDArray[np.intp]]] = {}

    @property
    def possible(self) -> bool:
        """True if the rows suffice."""
        return len(self.setup.X) >= FEW_ROWS

    def compare(self, before: tuple[Remedy, ...], after: tuple[Remedy, ...]) -> Verdict:
        """Judge the remedies `after` against those of `before`; a large difference in doubt by a second division, too."""
        verdict = self._verdict([self], before, after)
        if verdict.better or verdict.before - verdict.after < DOUBT:
            return verdict
        return self._verdict([self, self._second], before, after)

    @cached_property
    def _second(self) -> Truth:
        return Truth(self.setup, self.seed + 1)

    def _verdict(self, divisions: list[Truth], before: tuple[Remedy, ...], after: tuple[Remedy, ...]) -> Verdict:
        first, second = (
            np.concatenate([np.minimum(division._by_fold(remedies), WORST) for division in divisions])
            for remedies in (before, after)
        )
        error = float(np.sqrt(np.var(first - second, ddof=1) * (1 / len(first) + 1 / (FOLDS - 1))))
        return Verdict(float(first.mean()), float(second.mean()), error, len(self.setup.X), len(first))

    def classes(self, remedies: tuple[Remedy, ...]) -> NDArray[np.intp]:
        """Return the class predicted for each row by the network that was not trained on it."""
        return self._of(remedies)[1]

    def _by_fold(self, remedies: tuple[Remedy, ...]) -> Array:
        """Return u of each part."""
        losses, weight, measure = self._of(remedies)[0], self.setup.weight, self.setup.measure
        parts = [self.fold == j for j in range(FOLDS)]
        means = [np.average(losses[part], weights=None if weight is None else weight[part]) for part in parts]
        return np.array([measure.unexplained(float(mean)) for mean in means])

    def _of(self, remedies: tuple[Remedy, ...]) -> tuple[Array, NDArray[np.intp]]:
        """Return the loss and the predicted class of each row."""
        if remedies not in self._known:
            parts = [self._part(j, remedies) for j in range(FOLDS)]
            losses, classes = np.empty(len(self.setup.X)), np.zeros(len(self.setup.X), dtype=np.intp)
            for j, (part, trained) in enumerate(zip(parts, train_many(parts), strict=True)):
                losses[self.fold == j], classes[self.fold == j] = self._judge(j, part, trained)
            self._known[remedies] = losses, classes
        return self._known[remedies]

    def _part(self, j: int, remedies: tuple[Remedy, ...]) -> Setup:
        """Return the set-up of the rows outside part j, with the remedies."""
        rest = self.fold != j
        part = replace(self.setup.rows(rest), judged=Judged(self.setup.X[~rest]))
        for remedy in remedies:
            if "early_stopping" in remedy.options and part.validation is None:
                part = part.with_held_out(seed=j) or part
            if remedy.keep is not None:  # chosen anew, without the rows that judge
                remedy = without_contradicted(part)
            part = remedy.apply(part)
        return part

    def _judge(self, j: int, part: Setup, trained: Trained) -> tuple[Array, NDArray[np.intp]]:
        """Return the loss of each judged row on its original target, and its class; a failed training predicts a constant."""
        loss, rows = self.setup.network.loss_function, self.fold == j
        Y = self.setup.Y[rows].astype(np.float64)
        network, _, _, error = trained
        if error is not None:
            known = self.setup.rows(~rows)
            constant = np.broadcast_to(yardstick(loss, known.Y, known.weight).constant, Y.shape)
            return loss.per_sample(constant.copy(), Y), _class_of(constant)
        judged = part.judged
        assert judged is not None
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            trace = passes.forward(network.activations, network.W, network.b, judged.X.astype(network.dtype))
            last = len(trace.Z)
            Z, A = (values.astype(np.float64) for values in (trace.Z[last], trace.A[last]))
            if loss.has_link and not loss.contains(network.activations[last]):
                assert loss.value_of_output is not None
                losses = loss.value_of_output(np.clip(A, 1e-12, 1 - 1e-12), Y, **loss.parameters).sum(axis=1)
            else:
                losses = loss.per_sample(judged.shift + judged.scale * (Z if loss.has_link else A), Y)
        return losses, _class_of(Z)


def _class_of(Z: Array) -> NDArray[np.intp]:
    """Return the class of the largest pre-activation; of one alone, whether it is positive."""
    return Z.argmax(axis=1) if Z.shape[1] > 1 else (Z[:, 0] > 0).astype(np.intp)
