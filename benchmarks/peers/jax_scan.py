"""JAX as a peer: all steps of an epoch (or of many full-batch epochs) in one compiled scan, with donated buffers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contender import Stopwatch, Timing
from benchmarks.workloads import Array, Workload

jax.config.update("jax_enable_x64", True)  # allows float64; float32 arrays stay float32

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
Tree = Any


class JaxScan:
    """Keeps data, order, parameters and Adam's state on the device; one jitted call trains check_epochs."""

    def __init__(self, workload: Workload, threads: int) -> None:
        self.workload = workload
        self.detail = (
            f"jax {jax.__version__}, jitted scan" if workload.kind == "training" else f"jax {jax.__version__}, jit"
        )
        self.X, self.Y = (jnp.asarray(part) for part in workload.data)
        self.start = workload.network()
        self.chunk = jax.jit(partial(steps, workload), donate_argnums=0)
        if workload.kind == "training":
            self.train(workload.check_epochs)

    def initial(self) -> Tree:
        # copies, since the CPU backend may alias NumPy's memory and the buffers are donated
        theta = [(jnp.array(self.start.W[k], copy=True), jnp.array(self.start.b[k], copy=True)) for k in self.start.W]
        zeros = jax.tree.map(jnp.zeros_like, theta)
        return theta, zeros, jax.tree.map(jnp.zeros_like, theta), jnp.zeros((), jnp.int32)

    def train(self, epochs: int) -> Timing:
        workload = self.workload
        calls = epochs // workload.check_epochs
        shape = (workload.steps_per_epoch * workload.check_epochs, workload.batch_size)
        if workload.full_batch:
            orders = [jnp.zeros((shape[0], 0), jnp.int32)] * calls
        else:
            orders = [jnp.asarray(workload.order(epoch).reshape(shape), jnp.int32) for epoch in range(calls)]
        self.state = self.initial()
        jax.block_until_ready((self.state, orders))
        with Stopwatch() as watch:
            for order in orders:
                self.state, _ = self.chunk(self.state, self.X, self.Y, order)
            jax.block_until_ready(self.state)
        return watch.timing(calls * shape[0])

    def theta(self) -> Array:
        return np.concatenate([np.asarray(part).ravel() for layer in self.state[0] for part in layer])

    def predictor(self) -> Callable[[], Any]:
        final = jax.nn.sigmoid if self.workload.output == "sigmoid" else jax.nn.softmax
        theta = self.initial()[0]
        predict = jax.jit(lambda theta, X: final(logits(theta, X)))
        return lambda: predict(theta, self.X).block_until_ready()


def logits(theta: Tree, A: Any) -> Any:
    for W, b in theta[:-1]:
        A = jax.nn.relu(A @ W + b)
    W, b = theta[-1]
    return A @ W + b


def objective(workload: Workload, theta: Tree, x: Any, y: Any) -> Any:
    Z = logits(theta, x)
    if workload.output == "sigmoid":
        return jnp.mean(jax.nn.softplus(Z) - y * Z)
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(Z), axis=1))


def steps(workload: Workload, state: Tree, X: Any, Y: Any, order: Any) -> tuple[Tree, Any]:
    """Run one step for each row of `order`; return the new state and the mean loss."""

    def step(state: Tree, rows: Any) -> tuple[Tree, Any]:
        theta, m, v, t = state
        x, y = (X, Y) if workload.full_batch else (X[rows], Y[rows])
        loss, g = jax.value_and_grad(partial(objective, workload))(theta, x, y)
        rate, t = workload.learning_rate, t + 1
        if workload.optimizer == "sgd":
            return (jax.tree.map(lambda p, g: p - rate * g, theta, g), m, v, t), loss
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
        power = t.astype(x.dtype)
        root = jnp.sqrt(1 - BETA2**power)
        scale = rate * root / (1 - BETA1**power)
        theta = jax.tree.map(lambda p, m, v: p - scale * m / (jnp.sqrt(v) + EPSILON * root), theta, m, v)
        return (theta, m, v, t), loss

    state, losses = jax.lax.scan(step, state, order)
    return state, losses.mean()
