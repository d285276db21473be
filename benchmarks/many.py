"""Measures W5: many seeds of W1's network, 1,000 epochs each, on two threads, by `glassnet.train_many`."""

from __future__ import annotations

from functools import partial
from typing import Any

import glassnet as gn
from benchmarks.contender import Stopwatch, Timing
from benchmarks.glassnet_engine import engine, train_options
from benchmarks.worker import Worker
from benchmarks.workloads import W5

EPOCHS = 1_000


def train_many(seeds: int, threads: int) -> Timing | None:
    """Train all seeds in one call; None if this glassnet has no train_many."""
    call: Any = getattr(gn, "train_many", None)
    if call is None:
        return None
    networks = [W5.network(seed) for seed in range(seeds)]
    X, Y = W5.data
    with Stopwatch() as watch:
        call(networks, X, Y, epochs=EPOCHS, engine=engine(), n_threads=threads, **train_options(W5))
    return watch.timing(seeds * EPOCHS)


def one_by_one(seeds: int, threads: int) -> Timing:
    """Train the same networks with one `train` after the other."""
    networks = [W5.network(seed) for seed in range(seeds)]
    X, Y = W5.data
    with Stopwatch() as watch:
        for network in networks:
            gn.train(network, X, Y, epochs=EPOCHS, engine=engine(), n_threads=1, **train_options(W5))
    return watch.timing(seeds * EPOCHS)


def vmapped(seeds: int, epochs: int) -> Timing:
    """Train with JAX on all of its threads: one jitted scan over the epochs of a vmap over the seeds."""
    import jax
    import jax.numpy as jnp

    from benchmarks.peers.jax_scan import JaxScan, steps

    X, Y = (jnp.asarray(part) for part in W5.data)
    order = jnp.zeros((epochs, 0), jnp.int32)
    train = jax.jit(jax.vmap(partial(steps, W5), in_axes=(0, None, None, None)))
    contender = JaxScan(W5, 1)
    states = []
    for seed in range(seeds):
        contender.start = W5.network(seed)
        states.append(contender.initial())
    stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *states)
    jax.block_until_ready(train(stacked, X, Y, order))
    with Stopwatch() as watch:
        jax.block_until_ready(train(stacked, X, Y, order))
    return watch.timing(seeds * epochs)


def measure(seeds: int, threads: int, rounds: int, peers: list[str]) -> dict[str, Any]:
    """Measure seconds for all seeds by train_many, and by train in a loop and JAX, scaled up from a part of the work."""
    worker = Worker("glassnet", threads)
    record: dict[str, Any] = {"seeds": seeds, "epochs": EPOCHS, "threads": threads, "engine": engine()}
    try:
        many = [worker.call(train_many, seeds, threads) for _ in range(rounds)]
        few = max(2, seeds // (10 if engine() == "native" else 500))
        loop = [worker.call(one_by_one, few, threads) for _ in range(rounds)]
    finally:
        worker.close()
    record["train_many_seconds"] = None if many[0] is None else [timing.wall for timing in many]
    record["one_by_one_seconds"] = [timing.wall / few * seeds for timing in loop]
    record["one_by_one_measured_on"] = few
    if "jax" in peers:
        worker = Worker("jax", threads)
        try:
            timings = [worker.call(vmapped, seeds, EPOCHS // 10) for _ in range(rounds)]
        finally:
            worker.close()
        record["jax_seconds"] = [timing.wall * 10 for timing in timings]
    return record
