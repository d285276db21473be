"""The compiled engine: hands a Job to the C++ loop as plain arrays and numbers, and takes the outcome back."""

from __future__ import annotations

import functools
import importlib
import os
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import ACTIVATIONS, Activation
from glassnet.equations.losses import LOSSES, Loss
from glassnet.errors import InputError
from glassnet.native.registry import ACTIVATION_NAMES, LOSS_NAMES, UPDATE_KINDS
from glassnet.network.network import Network
from glassnet.training.job import Job, Record, State
from glassnet.training.reference import non_finite
from glassnet.training.schedules import Adaptive, Constant

Array = NDArray[Any]

SOFTMAX = CROSS_ENTROPY = -1  # as Architecture in native/trainer.hpp has them
STEPS_PER_CALL = 1_000_000  # whose learning rates are laid out at once
SNAPSHOT_LIMIT = 2_000_000  # parameters; beyond, a snapshot for the last good parameters would cost too much memory
PREDICT_ROWS = 256  # at a time: their activations stay in the second-level cache
STEP_WORTH_THREADS = 2_000_000  # multiply-adds of a step from which two threads are worth their meeting

_STATE = (
    *("step", "epoch", "batch", "epoch_loss", "epoch_weight"),
    *("rate_factor", "adaptive_best", "adaptive_stale", "best_loss", "best_epoch", "stale"),
)


@functools.cache
def load_module() -> tuple[ModuleType | None, str]:
    """The compiled module for this processor, or None and the reason; GLASSNET_ISA=v2, v3, v4 or numpy overrides."""
    wanted = os.environ.get("GLASSNET_ISA", "")
    if wanted == "numpy":
        return None, "GLASSNET_ISA=numpy turns the compiled engine off"
    try:
        isa = wanted or importlib.import_module("glassnet.native._cpu").instruction_set()
        return importlib.import_module(f"glassnet.native._native_{isa}"), ""
    except ImportError:
        if wanted:
            return None, f"GLASSNET_ISA={wanted} names no compiled engine; use v2, v3 or v4"
        return None, "it was not compiled; install a C++ compiler (GCC or Clang) and reinstall glassnet"


class NativeEngine:
    """Runs jobs in C++: whole runs in one call without the GIL, on the instruction set of this processor."""

    name = "native"

    def refuses(self, network: Network) -> str:
        """Why this engine cannot compute `network`, or "" if it can."""
        module, reason = load_module()
        if module is None:
            return reason
        for layer, activation in network.activations.items():
            if not is_builtin_activation(activation):
                return f"activation {activation.name!r} of layer {layer} is your own Python"
        if not is_builtin_loss(network.loss_function):
            return f"loss {network.loss_function.name!r} is your own Python"
        return ""

    def refuses_job(self, job: Job) -> str:
        """Why this engine cannot run `job`, or "" if it can."""
        if type(job.optimizer) not in UPDATE_KINDS:
            return f"optimizer {type(job.optimizer).__name__!r} is your own Python"
        return self.refuses(job.network)

    def run(self, job: Job, state: State, epochs: int, until: int = -1) -> Record:
        """As Engine.run says, in calls of at most STEPS_PER_CALL steps."""
        parts: list[Any] = []
        per_call = max(1, STEPS_PER_CALL // job.steps_per_epoch)
        while epochs > 0 and state.step != until and not (parts and parts[-1].stopped):
            now = min(epochs, per_call)
            parts.append(self._run(job, state, now, until))
            epochs -= now
        return Record(
            loss=np.concatenate([part.loss for part in parts]),
            validation_loss=np.concatenate([part.validation_loss for part in parts]),
            learning_rate=np.concatenate([part.learning_rate for part in parts]),
            stopped=parts[-1].stopped,
        )

    def _run(self, job: Job, state: State, epochs: int, until: int) -> Any:
        native, network = _module(), job.network
        exact = network.n_parameters <= SNAPSHOT_LIMIT
        started = (network.theta.copy(), state.slots.copy(), replace(state, rescue=None)) if exact else None
        rule = job.early_stopping
        keep_best = rule is not None and rule.restore_best and job.validation is not None
        best = (network.theta.copy() if state.best_theta is None else state.best_theta) if keep_best else None
        before = state.step
        record = _train(native, job, state, epochs, best, until)
        if record.non_finite:
            if state.step == before and state.rescue is not None and job.order is None:
                # the last update of the call before did it: repeat that call up to the step before its last
                bad_step = state.step
                network.theta, state.slots[...], numbers = state.rescue
                _take(state, numbers)
                _train(native, job, state, 1 + (bad_step - state.step) // job.steps_per_epoch, None, bad_step - 1)
                state.step = bad_step
            last_good = "those of the last finite loss" if exact else f"those of step {before}"
            raise non_finite(network.with_theta(record.bad_theta.astype(network.dtype)), job.X, state.step, last_good)
        state.rescue = started
        if keep_best and state.best_epoch > 0:
            state.best_theta = best
        return record

    def output(self, network: Network, X: Array) -> Array:
        """The outputs (n, n_outputs) for checked rows X."""
        native = _module()
        settings = native.Settings()
        settings.batch_size = min(len(X), PREDICT_ROWS)
        settings.threads = threads_for(network, len(X), None)
        out = np.empty((len(X), network.sizes[-1]), dtype=network.dtype)
        native.predict(_architecture(native, network), settings, network.theta, X, out)
        return out


class RowPredictor:
    """The outputs of one row at a time, in microseconds: `predictor(x)` with x of (d,) gives (n_outputs,).

    Reads the network's parameters where they are, so it follows their changes. x must have the network's dtype;
    nothing is checked, and the array that is returned is the same one each time.

    Examples
    --------
    >>> import numpy as np
    >>> network = Network([2, 10, 1], output="sigmoid", seed=0)
    >>> predictor = RowPredictor(network)  # doctest: +SKIP
    >>> predictor(np.array([0.5, -1.0]))  # doctest: +SKIP
    """

    def __init__(self, network: Network) -> None:
        if refusal := NativeEngine().refuses(network):
            raise InputError(
                f"network: expected one the compiled engine can compute; but {refusal}; use network.predict."
            )
        native = _module()
        kind = native.RowPredictor32 if network.dtype == np.float32 else native.RowPredictor64
        self._predict = kind(_architecture(native, network)).predict
        self._theta = network.theta
        self._out = np.empty(network.sizes[-1], dtype=network.dtype)

    def __call__(self, x: Array) -> Array:
        self._predict(self._theta, x, self._out)
        return self._out


def is_builtin_activation(activation: Activation) -> bool:
    """Whether the compiled equations hold this activation, whatever its constants."""
    known = ACTIVATIONS.get(activation.name)
    return known is not None and (known.f, known.df) == (activation.f, activation.df)


def is_builtin_loss(loss: Loss) -> bool:
    """Whether the compiled equations hold this loss, whatever its constants."""
    known = LOSSES.get(loss.name)
    return known is not None and (known.value, known.slope) == (loss.value, loss.slope)


def threads_for(network: Network, rows: int, asked: int | None) -> int:
    """How many threads a step of this many rows gets: what was asked, else what the work is worth."""
    if max(network.sizes) <= 128:
        return 1  # the kernel of small networks uses one
    if asked is not None:
        return asked
    worth = rows * network.n_parameters // STEP_WORTH_THREADS
    return max(1, min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, worth))


def _module() -> Any:
    module, reason = load_module()
    if module is None:
        raise InputError(f"engine: expected the compiled one; but {reason}; use engine='numpy'.")
    return module


def _architecture(native: Any, network: Network) -> Any:
    architecture = native.Architecture()
    architecture.sizes = list(network.sizes)
    activations = network.activations.values()
    architecture.activations = [SOFTMAX if a.rowwise else ACTIVATION_NAMES.index(a.name) for a in activations]
    architecture.activation_parameters = [next(iter(a.parameters.values()), 0.0) for a in activations]
    loss = network.loss_function
    architecture.loss = LOSS_NAMES.index(loss.name) if loss.name in LOSS_NAMES else CROSS_ENTROPY
    architecture.loss_parameter = next(iter(loss.parameters.values()), 0.0)
    architecture.loss_of_output = loss.link != network.activations[network.n_layers].name
    return architecture


def _settings(native: Any, job: Job) -> Any:
    settings = native.Settings()
    settings.update = UPDATE_KINDS.index(type(job.optimizer))
    settings.slots = len(job.optimizer.slots)
    settings.l1, settings.l2, settings.dropout = job.l1, job.l2, job.dropout
    settings.divide_penalty = job.divide_penalty
    settings.clip_norm = job.clip_norm or 0.0
    settings.seed = job.seed
    settings.batch_size = job.batch_size
    settings.threads = threads_for(job.network, job.batch_size, job.n_threads)
    return settings


def _train(native: Any, job: Job, state: State, epochs: int, best: Array | None, until: int) -> Any:
    """One call of the C++ loop; advances theta and state. Ends before step `until` unless that is -1."""
    numbers = _numbers(native, state)
    early_stopping = native.EarlyStopping()
    if job.early_stopping is not None:
        early_stopping.patience, early_stopping.min_delta = job.early_stopping.patience, job.early_stopping.min_delta
    X_val, Y_val, weight_val = job.validation or (None, None, None)
    record = native.train(
        architecture=_architecture(native, job.network),
        settings=_settings(native, job),
        state=numbers,
        epochs=epochs,
        until=until,
        X=job.X,
        Y=job.Y,
        weight=job.sample_weight,
        X_val=X_val,
        Y_val=Y_val,
        weight_val=weight_val,
        constants=list(job.optimizer.constants().values()),
        factors=_factors(job, state, epochs),
        shuffle=job.shuffle,
        orders=_orders(job, state, epochs),
        early_stopping=early_stopping,
        adaptive=_adaptive(native, job),
        snapshots=job.network.n_parameters <= SNAPSHOT_LIMIT,
        theta=job.network.theta,
        slots=state.slots,
        best=best,
    )
    _take(state, numbers)
    return record


def _numbers(native: Any, state: State) -> Any:
    numbers = native.State()
    for name in _STATE:
        setattr(numbers, name, getattr(state, name))
    return numbers


def _take(state: State, numbers: Any) -> None:
    for name in _STATE:
        setattr(state, name, getattr(numbers, name))


def _factors(job: Job, state: State, epochs: int) -> list[float]:
    if isinstance(job.schedule, Constant | Adaptive):
        return [1.0]
    steps = state.step + np.arange(epochs * job.steps_per_epoch)
    factors: list[float] = job.schedule.factor(steps, job.steps_per_epoch, job.epochs * job.steps_per_epoch).tolist()
    return factors


def _orders(job: Job, state: State, epochs: int) -> Array | None:
    """The order of the rows in each of the next epochs, (epochs, n), where the job brings its own."""
    if job.order is None or not job.shuffle:
        return None
    return np.stack([job.order(state.epoch + epoch) for epoch in range(epochs)]).astype(np.int64, copy=False)


def _adaptive(native: Any, job: Job) -> Any:
    adaptive = native.Adaptive()
    if isinstance(job.schedule, Adaptive):
        adaptive.patience, adaptive.decay = job.schedule.patience, job.schedule.decay
        adaptive.min_delta, adaptive.floor = job.schedule.min_delta, job.schedule.floor
    return adaptive
