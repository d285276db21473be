"""NumPy as a peer: a loop written for speed, every array allocated once and every result written in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contender import Stopwatch, Timing
from benchmarks.workloads import Array, Workload

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class NumpyLoop:
    """Computes passes and update by hand; parameters, gradient and Adam's state are flat vectors."""

    def __init__(self, workload: Workload, threads: int) -> None:
        self.workload = workload
        self.detail = f"numpy {np.__version__}, reused buffers"
        self.X, self.Y = workload.data
        net = workload.network()
        self.start, self.parameters = net.theta.copy(), net.theta
        self.g, self.m, self.v, self.scratch = (np.zeros_like(self.start) for _ in range(4))
        self.W, self.b = net.layout.views(self.parameters)
        self.dW, self.db = net.layout.views(self.g)
        n, widths, dtype = workload.batch_size, workload.sizes, workload.dtype
        self.last = len(widths) - 1
        self.A = {layer: np.empty((n, width), dtype) for layer, width in enumerate(widths)}
        self.dA = {layer: np.empty((n, width), dtype) for layer, width in enumerate(widths)}
        self.mask = {layer: np.empty((n, width), bool) for layer, width in enumerate(widths)}
        self.y = np.empty((n, widths[-1]), dtype)
        self.row, self.spare = np.empty((n, 1), dtype), np.empty((n, widths[-1]), dtype)
        self.ones, self.scale = np.ones(n, dtype), np.asarray(1 / n, dtype)
        if workload.kind == "training":
            self.train(workload.check_epochs)

    def train(self, epochs: int) -> Timing:
        workload, n = self.workload, self.workload.batch_size
        orders = [workload.order(epoch) for epoch in range(epochs)] if not workload.full_batch else []
        self.parameters[...], self.m[...], self.v[...] = self.start, 0, 0
        t = 0
        with Stopwatch() as watch:
            for epoch in range(epochs):
                total = 0.0
                for batch in range(workload.steps_per_epoch):
                    if workload.full_batch:
                        x, y = self.X, self.Y
                    else:
                        rows = orders[epoch][batch * n : (batch + 1) * n]
                        # mode="clip" lets take write to `out` without a copy of its own
                        x = np.take(self.X, rows, axis=0, out=self.A[0], mode="clip")
                        y = np.take(self.Y, rows, axis=0, out=self.y, mode="clip")
                    t += 1
                    total += self.step(x, y, t)
        return watch.timing(t)

    def step(self, x: Array, y: Array, t: int) -> float:
        """Update once; return the loss before it."""
        A, dA, last = self.A, self.dA, self.last
        self.forward(x)
        loss = self.output_and_slope(A[last], y, dA[last])
        for layer in range(last, 0, -1):
            below = x if layer == 1 else A[layer - 1]
            np.matmul(below.T, dA[layer], out=self.dW[layer])
            np.matmul(self.ones, dA[layer], out=self.db[layer])
            if layer > 1:
                np.matmul(dA[layer], self.W[layer].T, out=dA[layer - 1])
                np.greater(A[layer - 1], 0, out=self.mask[layer - 1])
                np.multiply(dA[layer - 1], self.mask[layer - 1], out=dA[layer - 1])
        self.update(t)
        return loss

    def forward(self, x: Array) -> None:
        """Fill A[1] … A[L-1] with activations and A[L] with the logits."""
        for layer in range(1, self.last + 1):
            Z = self.A[layer]
            np.matmul(x if layer == 1 else self.A[layer - 1], self.W[layer], out=Z)
            np.add(Z, self.b[layer], out=Z)
            if layer < self.last:
                np.maximum(Z, 0, out=Z)

    def output_and_slope(self, Z: Array, y: Array, slope: Array) -> float:
        """Write (prediction − y)/n to slope; return the mean cross-entropy of the logits Z, which it may overwrite."""
        if self.workload.output == "sigmoid":
            # ℓ = log(1 + e^z) − y·z, and the sigmoid is e^(z − log(1 + e^z))
            np.logaddexp(0, Z, out=self.spare)
            np.subtract(Z, self.spare, out=slope)
            np.exp(slope, out=slope)
            loss = (float(self.spare.sum()) - float(np.vdot(y, Z))) / len(Z)
        else:
            np.max(Z, axis=1, keepdims=True, out=self.row)
            np.subtract(Z, self.row, out=Z)
            np.exp(Z, out=slope)
            np.sum(slope, axis=1, keepdims=True, out=self.row)
            np.divide(slope, self.row, out=slope)
            np.log(self.row, out=self.row)
            loss = (float(self.row.sum()) - float(np.vdot(y, Z))) / len(Z)
        np.subtract(slope, y, out=slope)
        np.multiply(slope, self.scale, out=slope)
        return loss

    def update(self, t: int) -> None:
        """Update by SGD or Adam in place; the rate and epsilon contain Adam's bias corrections."""
        rate, g, s = self.workload.learning_rate, self.g, self.scratch
        if self.workload.optimizer == "sgd":
            np.multiply(g, -rate, out=g)
            np.add(self.parameters, g, out=self.parameters)
            return
        correction = (1 - BETA2**t) ** 0.5
        np.multiply(self.m, BETA1, out=self.m)
        np.multiply(g, 1 - BETA1, out=s)
        np.add(self.m, s, out=self.m)
        np.multiply(self.v, BETA2, out=self.v)
        np.multiply(g, g, out=g)
        np.multiply(g, 1 - BETA2, out=g)
        np.add(self.v, g, out=self.v)
        np.sqrt(self.v, out=s)
        np.add(s, EPSILON * correction, out=s)
        np.divide(self.m, s, out=s)
        np.multiply(s, -rate * correction / (1 - BETA1**t), out=s)
        np.add(self.parameters, s, out=self.parameters)

    def theta(self) -> Array:
        return self.parameters.copy()

    def predictor(self) -> Callable[[], Any]:
        self.parameters[...] = self.start

        def predict() -> Array:
            self.forward(self.X)
            Z = self.A[self.last]
            if self.workload.output == "sigmoid":
                np.negative(Z, out=Z)
                np.exp(Z, out=Z)
                np.add(Z, 1, out=Z)
                return np.reciprocal(Z, out=Z)
            np.max(Z, axis=1, keepdims=True, out=self.row)
            np.subtract(Z, self.row, out=Z)
            np.exp(Z, out=Z)
            np.sum(Z, axis=1, keepdims=True, out=self.row)
            return np.divide(Z, self.row, out=Z)

        return predict
