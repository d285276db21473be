"""Ctrl-C at random moments: whatever is cut, all parts of a run agree, and going on gives the bits of the whole run."""

import contextlib
import itertools
import signal
import sys
import time

import numpy as np
import pytest

import glassnet as gn
from glassnet.native.engine import load_module
from glassnet.training.run import Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no interval timers")

RNG = np.random.default_rng(0)
N = 120
OPTIMIZERS = [gn.SGD(0.05), gn.Momentum(0.01), gn.Nesterov(0.01), gn.RMSprop(), gn.Adam(), gn.AdamW(), gn.LBFGS()]
OPTIONS = {
    "plain": {},
    "dropout": {"dropout": 0.3, "l2": 0.01, "batch_size": 16},
    "schedule": {"schedule": "cosine", "batch_size": 32, "clip_norm": 0.5},
    "adaptive": {"schedule": gn.Adaptive(patience=2, min_delta=0.01), "batch_size": 16},
    "early stopping": {"early_stopping": gn.EarlyStopping(patience=10**6), "batch_size": 24, "validated": True},
}
KERNELS = {  # engine, sizes, threads, epochs that take some 50 to 200 ms
    "numpy": ("numpy", [5, 12, 1], None, 60),
    "small": ("native", [5, 40, 30, 1], 1, 1500),
    "wide": ("native", [5, 150, 20, 1], 1, 150),
    "wide, two threads": ("native", [5, 150, 20, 1], 2, 150),
}


def start(kernel, optimizer, options):
    engine, sizes, threads, epochs = KERNELS[kernel]
    options = dict(options)
    rng = np.random.default_rng(1)
    X = rng.normal(size=(N, sizes[0]))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    if options.pop("validated", False):
        options["validation"] = (X[:40] + 0.1, y[:40])
    if isinstance(optimizer, gn.LBFGS):
        options = {name: value for name, value in options.items() if name in ("l2", "validation", "early_stopping")}
        epochs = 40
    network = gn.Network(sizes, output="sigmoid", seed=3)
    return Run(network, X, y, optimizer=optimizer, epochs=epochs, engine=engine, n_threads=threads, **options)


@contextlib.contextmanager
def interrupted_after(seconds):
    """Raise KeyboardInterrupt in this thread after some time, as Ctrl-C does."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def everything(run):
    """All that makes up where a run stands, as bytes and numbers that can be compared."""
    state = {name: value for name, value in vars(run.state).items() if name != "rescue"}
    arrays = {name: value.tobytes() for name, value in state.items() if isinstance(value, np.ndarray)}
    record = {name: np.array(value).tobytes() for name, value in vars(run.record).items() if name != "stopped"}
    return {**state, **arrays, **record, "stopped": run.record.stopped, "theta": run.network.theta.tobytes()}


def agrees_with_itself(run):
    """The counters and the record of a run that was cut speak of the same step."""
    epochs, inside = run.state.epoch, run.state.batch
    assert len(run.record.loss) == len(run.record.learning_rate) == epochs
    assert len(run.record.validation_loss) == (epochs if run.job.validation else 0)
    if not isinstance(run.optimizer, gn.LBFGS):
        assert run.state.step == epochs * run.job.steps_per_epoch + inside


def cut_and_go_on(kernel, optimizer, options, rng):
    """The number of interruptions that hit; the run must end where the whole run does."""
    whole = start(kernel, optimizer, options)
    began = time.perf_counter()
    whole.advance()
    seconds = time.perf_counter() - began
    cut, hits = start(kernel, optimizer, options), 0
    while not cut.finished:
        try:
            with interrupted_after(max(1e-4, float(rng.uniform(0, seconds))) if hits < 4 else 0):
                cut.advance()
        except KeyboardInterrupt:
            hits += 1
            agrees_with_itself(cut)
            if hits == 1 and not isinstance(optimizer, gn.LBFGS):  # the run as it would have stood without the cut
                there = whole.at(step=cut.step)
                assert there.network.theta.tobytes() == cut.network.theta.tobytes()
                assert there.state.slots.tobytes() == cut.state.slots.tobytes()
    assert everything(cut) == everything(whole)
    return hits


SETUPS = [
    (kernel, optimizer, name)
    for kernel, optimizer, name in itertools.product(KERNELS, OPTIMIZERS, OPTIONS)
    if kernel == "numpy" or (load_module()[0] and not isinstance(optimizer, gn.LBFGS))
]


@pytest.mark.parametrize("kernel", [name for name in KERNELS if name == "numpy" or load_module()[0]])
def test_going_on_after_ctrl_c_gives_the_bits_of_the_whole_run(kernel):
    rng, hits = np.random.default_rng(7), 0
    chosen = [setup for setup in SETUPS if setup[0] == kernel]
    for ran, i in enumerate(rng.permutation(len(chosen)), start=1):
        hits += cut_and_go_on(kernel, chosen[i][1], OPTIONS[chosen[i][2]], rng)
        if ran >= 6 and hits >= 8:  # how many hit depends on the machine
            break
    assert hits > 0


@pytest.mark.long
def test_three_hundred_interruptions():
    rng, hits, round_ = np.random.default_rng(8), 0, 0
    while hits < 300:
        for kernel, optimizer, name in SETUPS:
            hits += cut_and_go_on(kernel, optimizer, OPTIONS[name], rng)
        round_ += 1
        assert round_ < 20
    print(f"{hits} interruptions of {len(SETUPS) * round_} runs, {len(SETUPS)} set-ups")
