"""PyTorch as a peer, eager, with its best settings."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.contender import Stopwatch, Timing
from benchmarks.workloads import Array, Workload


class TorchLoop:
    """Uses fused optimizers, gradients set to None, data and order as tensors beforehand, and no synchronisation."""

    def __init__(self, workload: Workload, threads: int) -> None:
        torch.set_num_threads(threads)
        self.workload = workload
        self.detail = f"torch {torch.__version__}, eager, fused {workload.optimizer}"
        self.X, self.Y = tensors(workload)
        self.start = workload.network()
        layers: list[torch.nn.Module] = []
        for fan_in, fan_out in itertools.pairwise(workload.sizes):
            layers += [torch.nn.Linear(fan_in, fan_out, dtype=self.X.dtype), torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.linear = [layer for layer in layers if isinstance(layer, torch.nn.Linear)]
        if workload.kind == "training":
            self.train(workload.check_epochs)

    def reset(self) -> None:
        with torch.no_grad():
            for number, linear in enumerate(self.linear, start=1):
                linear.weight.copy_(torch.from_numpy(self.start.W[number].T))
                linear.bias.copy_(torch.from_numpy(self.start.b[number]))

    def train(self, epochs: int) -> Timing:
        workload, X, Y, model, loss_of = self.workload, self.X, self.Y, self.model, cross_entropy(self.workload)
        self.reset()
        rule = torch.optim.SGD if workload.optimizer == "sgd" else torch.optim.Adam
        optimizer = rule(model.parameters(), lr=workload.learning_rate, fused=True)
        orders = [] if workload.full_batch else [torch.from_numpy(workload.order(epoch)) for epoch in range(epochs)]
        with Stopwatch() as watch:
            for epoch in range(epochs):
                total = torch.zeros((), dtype=X.dtype)
                for rows in [None] if workload.full_batch else torch.split(orders[epoch], workload.batch_size):
                    x, y = (X, Y) if rows is None else (X.index_select(0, rows), Y.index_select(0, rows))
                    loss = loss_of(model(x), y)
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                    optimizer.step()
                    total += loss.detach()
        return watch.timing(epochs * workload.steps_per_epoch)

    def theta(self) -> Array:
        parts = ((linear.weight.detach().numpy().T.ravel(), linear.bias.detach().numpy()) for linear in self.linear)
        return np.concatenate([part for layer in parts for part in layer])

    def predictor(self) -> Callable[[], Any]:
        self.reset()
        model = torch.nn.Sequential(*self.model, final(self.workload)).requires_grad_(False)

        @torch.inference_mode()
        def predict() -> Any:
            return model(self.X)

        return predict


def tensors(workload: Workload) -> tuple[torch.Tensor, torch.Tensor]:
    """Return X and Y as tensors, with class numbers instead of one-hot rows, as torch prefers them."""
    X, Y = workload.data
    return torch.from_numpy(X), torch.from_numpy(Y if workload.sizes[-1] == 1 else Y.argmax(axis=1))


def cross_entropy(workload: Workload) -> Callable[[Any, Any], Any]:
    return functional.binary_cross_entropy_with_logits if workload.output == "sigmoid" else functional.cross_entropy


def final(workload: Workload) -> torch.nn.Module:
    return torch.nn.Sigmoid() if workload.output == "sigmoid" else torch.nn.Softmax(dim=1)
