"""Many networks at once by `glassnet.train_many`: W5, a thousand seeds of one, and a pack of 64 that differ.

Beside it `train` in a loop on one core, and JAX with `vmap` over equal networks on all of its threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import glassnet as gn
from benchmarks.contender import Stopwatch
from benchmarks.glassnet_engine import engine, train_options
from benchmarks.series import Sample, Series, interleave
from benchmarks.worker import Worker
from benchmarks.workloads import W2, W5, Workload

EPOCHS = 1_000  # of W5
PACK = W2.at(name="pack", rows=10_000)
SIZE = 64


def differing() -> list[Workload]:
    """64 networks, 30-100-1 … 30-192-192-1: 32 widths, each with one hidden layer and with two."""
    widths = [round(100 + 92 * step / 31) for step in range(32)]
    return [PACK.at(sizes=(30, *[width] * depth, 1)) for width in widths for depth in (1, 2)]


def together(workloads: list[Workload], epochs: int, threads: int) -> Sample:
    """One call for all."""
    networks = [workload.network(seed) for seed, workload in enumerate(workloads)]
    X, Y = workloads[0].data
    with Stopwatch() as watch:
        gn.train_many(networks, X, Y, epochs=epochs, engine=engine(), n_threads=threads, **train_options(workloads[0]))
    return Sample(watch.wall, watch.cpu)


def one_by_one(workloads: list[Workload], epochs: int, share: int) -> Sample:
    """One call of `train` a network, on one thread; the seconds of every `share`-th network times `share`."""
    networks = [workload.network(seed) for seed, workload in enumerate(workloads)][::share]
    X, Y = workloads[0].data
    with Stopwatch() as watch:
        for network in networks:
            gn.train(network, X, Y, epochs=epochs, engine=engine(), n_threads=1, **train_options(workloads[0]))
    scale = len(workloads) / len(networks)
    return Sample(watch.wall * scale, watch.cpu * scale)


def vmapped(workloads: list[Workload], epochs: int, share: int) -> Sample:
    """One jitted scan of a vmap over equal networks, compiled before; the seconds of `epochs` / `share` times `share`."""
    import jax
    import jax.numpy as jnp

    from benchmarks.peers.jax_scan import JaxScan

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
    train = _compiled(workload)
    jax.block_until_ready(train(stacked, X, Y, order))
    with Stopwatch() as watch:
        jax.block_until_ready(train(stacked, X, Y, order))
    scale = epochs / few
    return Sample(watch.wall * scale, watch.cpu * scale)


def _compiled(workload: Workload) -> Any:
    import jax

    from benchmarks.peers.jax_scan import steps

    return jax.jit(jax.vmap(partial(steps, workload), in_axes=(0, None, None, None)))


def seeds(
    quick: bool, rounds: int, peers: list[str], notes: list[str], say: Callable[[str], None]
) -> Iterator[list[Series]]:
    """W5; the loop and JAX are timed on a part of the work."""
    count = 50 if quick else 1_000
    case = f"W5  {count:,} seeds of W1, {EPOCHS:,} epochs each, float32"
    yield measure(case, [W5] * count, EPOCHS, 2, 10, rounds, peers, notes, say)


def pack(
    threads: int, quick: bool, rounds: int, peers: list[str], notes: list[str], say: Callable[[str], None]
) -> Iterator[list[Series]]:
    """64 that differ, by glassnet alone, and 64 equal ones, by JAX as well."""
    epochs = 2 if quick else 10
    what = f"10,000 rows, {epochs} epochs, float32"
    yield measure(
        f"pack  64 networks, 30-100-1 … 30-192-192-1, {what}", differing(), epochs, threads, 1, rounds, [], notes, say
    )
    yield measure(f"pack  64 of 30-100-1, {what}", [PACK] * SIZE, epochs, threads, 1, rounds, peers, notes, say)


def measure(
    case: str,
    workloads: list[Workload],
    epochs: int,
    threads: int,
    share: int,
    rounds: int,
    peers: list[str],
    notes: list[str],
    say: Callable[[str], None],
) -> list[Series]:
    """train_many on all threads, train in a loop on one, and JAX if it is a peer, in turn."""
    # the loop gets the same cores: one thread of it runs on either
    workers = {"glassnet": Worker("glassnet", threads)}
    many, loop = f"train_many, {threads} threads", "train in a loop, 1 thread"
    calls: dict[str, Callable[[], Sample]] = {
        many: partial(workers["glassnet"].call, together, workloads, epochs, threads),
        loop: partial(workers["glassnet"].call, one_by_one, workloads, epochs, share),
    }
    if "jax" in peers:
        workers["jax"] = Worker("jax", threads)
        calls[f"JAX, vmap, {threads} threads"] = partial(workers["jax"].call, vmapped, workloads, epochs, share)
    try:
        return interleave(case, calls, rounds, notes, say)
    finally:
        for worker in workers.values():
            worker.close()
