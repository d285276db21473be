"""PyTorch as a peer, compiled: torch.compile of a whole step, from the gather of the batch to the update.

This is twice as fast as compiling the model alone, whose backward pass and optimizer remain separate calls.
It needs a C++ compiler at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks.contender import Stopwatch, Timing
from benchmarks.peers.torch_loop import cross_entropy, final, tensors
from benchmarks.workloads import Array, Workload

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
Tensors = list[torch.Tensor]


class TorchCompiled:
    """Keeps parameters and Adam's state as lists of tensors, which one compiled function updates in place."""

    def __init__(self, workload: Workload, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.compiler.reset()  # without this the eighth workload of a process would silently run uncompiled
        self.workload = workload
        self.detail = f"torch {torch.__version__}, whole step compiled"
        self.X, self.Y = tensors(workload)
        self.start = workload.network()
        self.parameters = [torch.from_numpy(part.copy()) for part in self.parts()]
        self.m, self.v = ([torch.zeros_like(part) for part in self.parameters] for _ in range(2))
        self.step = torch.compile(partial(step, workload), dynamic=False)
        if workload.kind == "training":
            self.train(workload.check_epochs)

    def parts(self) -> list[Array]:
        """Return the initial W1, b1, W2, b2, …"""
        return [part for layer in self.start.W for part in (self.start.W[layer], self.start.b[layer])]

    def reset(self) -> None:
        for parameter, part in zip(self.parameters, self.parts(), strict=True):
            parameter.copy_(torch.from_numpy(part))
        for slot in (*self.m, *self.v):
            slot.zero_()

    def train(self, epochs: int) -> Timing:
        workload = self.workload
        self.reset()
        rates = adam_rates(workload, epochs * workload.steps_per_epoch).to(self.X.dtype).unbind()
        orders = [] if workload.full_batch else [torch.from_numpy(workload.order(epoch)) for epoch in range(epochs)]
        t = 0
        with torch.no_grad(), Stopwatch() as watch:
            for epoch in range(epochs):
                total = torch.zeros((), dtype=self.X.dtype)
                for rows in [None] if workload.full_batch else torch.split(orders[epoch], workload.batch_size):
                    total += self.step(self.parameters, self.m, self.v, rates[t], self.X, self.Y, rows)
                    t += 1
        return watch.timing(t)

    def theta(self) -> Array:
        return np.concatenate([parameter.numpy().ravel() for parameter in self.parameters])

    def predictor(self) -> Callable[[], Any]:
        self.reset()
        last = final(self.workload)
        compiled = torch.compile(lambda parameters, X: last(logits(parameters, X)), dynamic=False)

        @torch.inference_mode()
        def predict() -> Any:
            return compiled(self.parameters, self.X)

        predict()
        return predict


def adam_rates(workload: Workload, steps: int) -> torch.Tensor:
    """Return rate and epsilon of each step, (steps, 2), with Adam's bias corrections in them."""
    t = torch.arange(1, steps + 1, dtype=torch.float64)
    root = torch.sqrt(1 - BETA2**t)
    return torch.stack([workload.learning_rate * root / (1 - BETA1**t), EPSILON * root], dim=1)


def logits(parameters: Tensors, A: torch.Tensor) -> torch.Tensor:
    for W, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        A = torch.relu(torch.addmm(b, A, W))
    last: torch.Tensor = torch.addmm(parameters[-1], A, parameters[-2])
    return last


def step(
    workload: Workload,
    parameters: Tensors,
    m: Tensors,
    v: Tensors,
    rate: torch.Tensor,
    X: torch.Tensor,
    Y: torch.Tensor,
    rows: torch.Tensor | None,
) -> torch.Tensor:
    """Update once in place; return the loss before it."""
    x, y = (X, Y) if rows is None else (X.index_select(0, rows), Y.index_select(0, rows))
    loss_of = cross_entropy(workload)
    loss: torch.Tensor
    gradient, loss = torch.func.grad_and_value(lambda parameters: loss_of(logits(parameters, x), y))(parameters)
    for p, m_p, v_p, g in zip(parameters, m, v, gradient, strict=True):
        if workload.optimizer == "sgd":
            p.sub_(workload.learning_rate * g)
        else:
            m_p.mul_(BETA1).add_((1 - BETA1) * g)
            v_p.mul_(BETA2).add_((1 - BETA2) * g * g)
            p.sub_(rate[0] * m_p / (v_p.sqrt() + rate[1]))
    return loss
