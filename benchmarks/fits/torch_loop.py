"""A fit in PyTorch, eager: the loop of its tutorials with a fused optimizer."""

from __future__ import annotations

import itertools

import torch
from torch.nn import functional

from benchmarks.contender import Stopwatch
from benchmarks.fits import loops
from benchmarks.fits.cases import Fit
from benchmarks.series import Sample
from benchmarks.workloads import Array, Workload


def fit(case: Fit, epochs: int | None) -> Sample:
    """Time the case's fit, with as many epochs as given."""
    loops.split(case)  # reads or generates the data
    torch.set_num_threads(1)
    with Stopwatch() as watch:
        X, y, X_held, y_held = loops.split(case)
        work = loops.workload(case, X, y)
        model = network(work)
        Xt, Yt = torch.from_numpy(X), torch.from_numpy(loops.targets(y, work) if work.sizes[-1] == 1 else y)
        score = None
        if X_held is not None and y_held is not None:
            held = torch.from_numpy(X_held)
            score = lambda: accuracy(model, held, y_held)
        if case.settings["solver"] == "lbfgs":
            done = minimise(case, model, work, Xt, Yt)
        else:
            # MLPClassifier's penalty is alpha / batch size
            decay = loops.ALPHA / work.batch_size
            rule = torch.optim.Adam(model.parameters(), lr=work.learning_rate, weight_decay=decay, fused=True)
            done = loops.epochs_of(case, epochs, lambda: epoch(model, rule, work, Xt, Yt), score)
    return Sample(watch.wall, watch.cpu, {"epochs": done, "score": round(accuracy(model, Xt[:10_000], y[:10_000]), 4)})


def network(work: Workload) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(work.sizes):
        layers += [torch.nn.Linear(fan_in, fan_out, dtype=getattr(torch, work.dtype)), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def loss_of(work: Workload, Z: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(Z, Y) if work.sizes[-1] == 1 else functional.cross_entropy(Z, Y)


def epoch(
    model: torch.nn.Sequential, rule: torch.optim.Optimizer, work: Workload, X: torch.Tensor, Y: torch.Tensor
) -> None:
    for rows in torch.split(torch.randperm(len(X)), work.batch_size):
        loss = loss_of(work, model(X.index_select(0, rows)), Y.index_select(0, rows))
        rule.zero_grad(set_to_none=True)
        loss.backward()
        rule.step()


@torch.inference_mode()
def accuracy(model: torch.nn.Sequential, X: torch.Tensor, y: Array) -> float:
    return float((loops.classes_of(model(X).numpy()) == y).mean())


def minimise(case: Fit, model: torch.nn.Sequential, work: Workload, X: torch.Tensor, Y: torch.Tensor) -> int:
    """L-BFGS by SciPy on the gradients of autograd; returns the iterations."""
    parameters = list(model.parameters())
    vector = torch.nn.utils.parameters_to_vector

    def value_and_gradient(theta: Array) -> tuple[float, Array]:
        flat = torch.from_numpy(theta).to(X.dtype)
        torch.nn.utils.vector_to_parameters(flat, parameters)
        model.zero_grad(set_to_none=True)
        weights = [part for part in parameters if part.ndim == 2]
        loss = loss_of(work, model(X), Y) + loops.ALPHA / 2 / len(X) * sum((w * w).sum() for w in weights)
        loss.backward()
        slope = vector([part.grad for part in parameters])
        return float(loss.detach()), slope.numpy().astype("float64")

    found = loops.lbfgs(case, value_and_gradient, vector(parameters).detach().numpy().astype("float64"))
    torch.nn.utils.vector_to_parameters(torch.from_numpy(found.x).to(X.dtype), parameters)
    return int(found.nit)
