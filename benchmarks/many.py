"""Many networks at once by `glassnet.train_many`: W5, a thousand seeds of one, and a pack of 64 that differ.

Beside it `train` in a loop on one core, and JAX with `vmap` over equal networks on all of its threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import glassnet as gn
from benchmarks.contender import Stopwatch
from benchmarks.glassnet_engine import engine, train_options
from benchmarks.series import Sample, Series, Session, interleave
from benchmarks.worker import Worker
from benchmarks.workloads import W2, W5, Workload

EPOCHS = 1_000  # of W5
PACK = W2.at(name="pack", rows=10_000)
SIZE = 64


def differing() -> list[Workload]:
    """Return 64 networks, 30-100-1 … 30-192-192-1: 32 widths, each with one hidden layer and with two."""
    widths = [round(100 + 92 * step / 31) for step in range(32)]
    return [PACK.at(sizes=(30, *[width] * depth, 1)) for width in widths for depth in (1, 2)]


def together(workloads: list[Workload], epochs: int, threads: int) -> Sample:
    """Time one call for all."""
    networks = [workload.network(seed) for seed, workload in enumerate(workloads)]
    X, Y = workloads[0].data
    with Stopwatch() as watch:
        gn.train_many(networks, X, Y, epochs=epochs, engine=engine(), n_threads=threads, **train_options(workloads[0]))
    return Sample(watch.wall, watch.cpu)


def one_by_one(workloads: list[Workload], epochs: int, share: int) -> Sample:
    """Time a call of `train` for every `share`-th network, on one thread, and multiply it by `share`."""
    networks = [workload.network(seed) for seed, workload in enumerate(workloads)][::share]
    X, Y = workloads[0].data
    with Stopwatch() as watch:
        for network in networks:
            gn.train(network, X, Y, epochs=epochs, engine=engine(), n_threads=1, **train_options(workloads[0]))
    scale = len(workloads) / len(networks)
    return Sample(watch.wall * scale, watch.cpu * scale)


def vmapped(workloads: list[Workload], epochs: int, share: int) -> Sample:
    """Time one jitted scan of a vmap over equal networks for `epochs` / `share` epochs, and multiply it by `share`."""
    import jax
    import jax.numpy as jnp

    from benchmarks.peers.jax_scan import JaxScan, steps

    workload, few = workloads[0], epochs // share
    X, Y = (jnp.asarray(part) for part in workload.data)
    if workload.full_batch:
        order = jnp.zeros((few, 0), jnp.int32)
    else:
        orders = [workload.order(epoch).reshape(-1, workload.batch_size) for epoch in range(few)]
        order = jnp.concatenate([jnp.asarray(each, jnp.int32) for each in orders])
    contender = JaxScan(workload, 1)
    states = []
    for seed, each in enumerate(workloads):
        contender.start = each.network(seed)
        states.append(contender.initial())
    stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *states)
    train = jax.jit(jax.vmap(partial(steps, workload), in_axes=(0, None, None, None)))
    jax.block_until_ready(train(stacked, X, Y, order))
    with Stopwatch() as watch:
        jax.block_until_ready(train(stacked, X, Y, order))
    scale = epochs / few
    return Sample(watch.wall * scale, watch.cpu * scale)


@dataclass(frozen=True)
class Many:
    """Networks that are trained on the same rows, by `train_many` on `threads` threads and by others.

    The slow ones are timed on one part in `share` of the work.
    """

    title: str
    networks: list[Workload]
    epochs: int
    threads: int
    share: int = 1


def seeds(session: Session) -> Iterator[list[Series]]:
    """Yield W5."""
    count = 50 if session.quick else 1_000
    title = f"W5  {count:,} seeds of W1, {EPOCHS:,} epochs each, float32"
    yield measure(Many(title, [W5] * count, EPOCHS, 2, share=10), session)


def pack(threads: int, session: Session) -> Iterator[list[Series]]:
    """Yield 64 networks that differ, which JAX cannot train at once, and 64 equal ones."""
    epochs = 2 if session.quick else 10
    what = f"10,000 rows, {epochs} epochs, float32"
    differ = Many(f"pack  64 networks, 30-100-1 … 30-192-192-1, {what}", differing(), epochs, threads)
    yield measure(differ, replace(session, contenders=["glassnet"]))
    yield measure(Many(f"pack  64 of 30-100-1, {what}", [PACK] * SIZE, epochs, threads), session)


def measure(many: Many, session: Session) -> list[Series]:
    """Time train_many on all threads, train in a loop on one, and JAX if it is a contender, in turn."""
    workers = {"glassnet": Worker("glassnet", many.threads)}
    ask = workers["glassnet"].call
    calls: dict[str, Callable[[], Sample]] = {
        f"train_many, {many.threads} threads": partial(ask, together, many.networks, many.epochs, many.threads),
        "train in a loop, 1 thread": partial(ask, one_by_one, many.networks, many.epochs, many.share),
    }
    if "jax" in session.contenders:
        workers["jax"] = Worker("jax", many.threads)
        jax = partial(workers["jax"].call, vmapped, many.networks, many.epochs, many.share)
        calls[f"JAX, vmap, {many.threads} threads"] = jax
    try:
        return interleave(many.title, calls, session)
    finally:
        for worker in workers.values():
            worker.close()
