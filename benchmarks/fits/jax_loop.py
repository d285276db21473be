"""A fit in JAX: each epoch one jitted scan, with donated buffers; later fits of a process find it compiled."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from benchmarks.contender import Stopwatch
from benchmarks.fits import loops
from benchmarks.fits.cases import Fit
from benchmarks.peers.jax_scan import logits, objective, steps
from benchmarks.series import Sample
from benchmarks.workloads import SEED, Array, Workload


@lru_cache(maxsize=4)
def compiled(work: Workload) -> tuple[Any, Any, Any]:
    """Return an epoch, the logits, and value and gradient with the penalty, each compiled at its first call."""

    def penalised(flat: Any, unravel: Any, X: Any, Y: Any) -> Any:
        theta = unravel(flat)
        squares = sum(jnp.sum(W * W) for W, _ in theta)
        return objective(work, theta, X, Y) + loops.ALPHA / 2 / len(X) * squares

    epoch = jax.jit(partial(steps, work), donate_argnums=0)
    return epoch, jax.jit(logits), jax.jit(jax.value_and_grad(penalised), static_argnums=1)


def fit(case: Fit, epochs: int | None) -> Sample:
    """Time the case's fit, with as many epochs as given."""
    loops.split(case)  # reads or generates the data
    with Stopwatch() as watch:
        X, y, X_held, y_held = loops.split(case)
        work = loops.workload(case, X, y)
        epoch, outputs, value = compiled(work)
        network = work.network()
        # copies, since the CPU backend may alias NumPy's memory and the buffers are donated
        theta = [(jnp.array(network.W[k], copy=True), jnp.array(network.b[k], copy=True)) for k in network.W]
        Xj, Yj = jnp.asarray(X), jnp.asarray(loops.targets(y, work))
        if case.settings["solver"] == "lbfgs":
            theta, done = minimise(case, value, theta, Xj, Yj)
        else:
            zeros = partial(jax.tree.map, jnp.zeros_like)
            state = [(theta, zeros(theta), zeros(theta), jnp.zeros((), jnp.int32))]
            rng = np.random.default_rng(SEED)
            whole = len(X) // work.batch_size * work.batch_size

            def one() -> None:
                order = rng.permutation(len(X)).astype(np.int32)
                state[0], _ = epoch(state[0], Xj, Yj, order[:whole].reshape(-1, work.batch_size))
                if whole < len(X):
                    state[0], _ = epoch(state[0], Xj, Yj, order[None, whole:])

            score = None
            if X_held is not None and y_held is not None:
                held = jnp.asarray(X_held)
                score = lambda: accuracy(outputs, state[0][0], held, y_held)
            done = loops.epochs_of(case, epochs, one, score)
            theta = state[0][0]
        jax.block_until_ready(theta)
    told = {"epochs": done, "score": round(accuracy(outputs, theta, Xj[:10_000], y[:10_000]), 4)}
    return Sample(watch.wall, watch.cpu, told)


def accuracy(outputs: Any, theta: Any, X: Any, y: Array) -> float:
    return float((loops.classes_of(np.asarray(outputs(theta, X))) == y).mean())


def minimise(case: Fit, value: Any, theta: Any, X: Any, Y: Any) -> tuple[Any, int]:
    """L-BFGS by SciPy on JAX's gradients; returns the parameters and the iterations."""
    flat, unravel = ravel_pytree(theta)  # unravel is equal in every fit, so that it compiles once

    def value_and_gradient(theta: Array) -> tuple[float, Array]:
        loss, slope = value(jnp.asarray(theta, X.dtype), unravel, X, Y)
        return float(loss), np.asarray(slope, "float64")

    found = loops.lbfgs(case, value_and_gradient, np.asarray(flat, "float64"))
    return unravel(jnp.asarray(found.x, X.dtype)), int(found.nit)
