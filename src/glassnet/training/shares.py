"""The share of a step's rows that one rank computes, and the sums over the shares of all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.penalties import d_penalty, penalty
from glassnet.network import passes
from glassnet.training.communicator import share
from glassnet.training.job import Job
from glassnet.training.scores import SCORES
from glassnet.training.wish import Wish

Array = NDArray[Any]


def loss_and_gradient(job: Job, batch: Any, wish: Wish) -> tuple[float, Array]:
    """Return a step's objective and gradient over the rows of all ranks, of which this one computes its share.

    One sum over the ranks, [Σ wᵢ ∂ℓᵢ/∂theta | Σ wᵢ ℓᵢ | Σ wᵢ | wishes to stop], in the network's dtype. Nothing in it
    is divided, so shares of any size are exact; then every rank divides by Σ wᵢ and adds the penalties alike.
    """
    assert job.communicator is not None
    net, n = job.network, job.network.n_parameters
    sums = np.zeros(n + 3, net.dtype)
    begin, end = share(len(batch.rows), job.communicator)
    own = batch.part(begin, end)
    if own.weight_sum > 0:
        trace = passes.forward(net.activations, net.W, net.b, own.X, own.masks)
        of_a_mean = (trace, own.Y, own.sample_weight)
        mean = passes.backward(net.activations, net.loss_function, net.layout, net.theta, *of_a_mean)
        loss = passes.objective(net.activations, net.loss_function, net.W, *of_a_mean)
        sums[:n], sums[n], sums[n + 1] = own.weight_sum * mean.flat, own.weight_sum * loss, own.weight_sum
    sums[n + 2] = wish.told
    job.communicator.all_reduce(sums)
    wish.wishes[0] = sums[n + 2]
    return _with_penalties(job, float(sums[n] / sums[n + 1]), sums[:n] / sums[n + 1], float(sums[n + 1]))


def _with_penalties(job: Job, loss: float, gradient: Array, weight_sum: float) -> tuple[float, Array]:
    net, (l1, l2) = job.network, job.penalties(weight_sum)
    if l1 or l2:
        loss += float(sum(penalty(W, l1, l2).sum() for W in net.W.values()))
        dW, _ = net.layout.views(gradient)
        for layer, W in net.W.items():
            dW[layer] += d_penalty(W, l1, l2)
    return loss, gradient


def validate(job: Job) -> tuple[float | None, float | None]:
    """Return the mean loss and the watched score of the validation rows, of which this rank computes its share."""
    assert job.communicator is not None
    if job.validation is None:
        return None, None
    net, (X, Y, weight) = job.network, job.validation
    begin, end = share(len(Y), job.communicator)
    of_share = None if weight is None else weight[begin:end]
    sums, outputs = np.zeros(2), np.zeros((len(Y), net.sizes[-1]), net.dtype)
    own = float(end - begin if of_share is None else of_share.sum())
    if end > begin:
        trace = passes.forward(net.activations, net.W, net.b, X[begin:end])
        outputs[begin:end] = trace.output
        if own > 0:
            loss = passes.objective(net.activations, net.loss_function, net.W, trace, Y[begin:end], of_share)
            sums[:] = own * float(loss), own
    job.communicator.all_reduce(sums)
    loss = float(sums[0] / sums[1])
    if job.watch not in SCORES:
        return loss, None
    job.communicator.all_reduce(outputs)  # each row is that of one rank, and 0 elsewhere
    return loss, SCORES[job.watch](outputs, Y, weight)
