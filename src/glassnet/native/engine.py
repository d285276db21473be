"""The compiled engine: hands a Job to the C++ loop as plain arrays and numbers, and takes the outcome back."""

from __future__ import annotations

import functools
import importlib
import os
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import Activation
from glassnet.equations.loss import Loss
from glassnet.errors import InputError, shown
from glassnet.native import calls, predictors
from glassnet.native import epochs as epochs_of
from glassnet.native.inputs import inputs_of, sparse_step, sparse_work
from glassnet.native.objective import WIDEST_SMALL, Objective, at_rest
from glassnet.native.registry import ACTIVATION_NAMES, LOSS_NAMES, UPDATE_KINDS
from glassnet.network.network import Network
from glassnet.training.job import WATCHED, Flag, Job, Record, Snapshot, State, apply_wholly
from glassnet.training.processors import usable_processors
from glassnet.training.reference import batch_at, epoch_order, non_finite
from glassnet.training.wish import Wish

Array = NDArray[Any]

SOFTMAX = CROSS_ENTROPY = -1  # as Architecture in native/trainer.hpp has them
STEPS_PER_CALL = 1_000_000  # whose learning rates are laid out at once
RESCUE_LIMIT = 2_000_000  # parameters; beyond, keeping where the call before began would cost too much memory
WORK_PER_CALL = 10**10  # multiply-adds of the forward pass, some half a second: what is lost if it must be repeated
STEPS_WORTH_A_CALL = 256  # at least, so that packing the parameters anew is no matter
MOST_ROWS = 2**31 - 1024  # of a batch: their numbers are C++ ints
TILE_ROWS, PANEL_WIDTH = 8, 8  # at least, of the pieces of work that threads share
MOST_THREADS = 16  # of a team, or four a processor: more only wait for each other
STEP_WORTH_THREADS = 2_000_000  # multiply-adds of a step from which two threads are worth their meeting

_STATE = (
    *("step", "epoch", "batch", "epoch_loss", "epoch_weight"),
    *("rate_factor", "adaptive_best", "adaptive_stale", "best_loss", "best_epoch", "stale"),
)
_FIGURES = ("loss", "validation_loss", "validation_score", "learning_rate")  # of each epoch, in Record


@functools.cache
def load_module() -> tuple[ModuleType | None, str]:
    """The compiled module for this processor, or None and the reason; GLASSNET_ISA=v2, v3, v4 or numpy overrides."""
    wanted = os.environ.get("GLASSNET_ISA", "")
    if wanted == "numpy":
        return None, "GLASSNET_ISA=numpy turns the compiled engine off"
    try:
        isa = wanted or importlib.import_module("glassnet.native._cpu").instruction_set()
        if isa:
            return importlib.import_module(f"glassnet.native._native_{isa}"), ""
        return None, "it needs a processor with SSE 4.2"
    except ModuleNotFoundError:
        return None, _why_absent(wanted)
    except ImportError as error:
        return None, f"it could not be loaded: {error}"


def _why_absent(wanted: str) -> str:
    """Return the reason why no module of the instruction set `wanted`, or without it of any, was installed."""
    try:
        error = importlib.import_module("glassnet.native._not_compiled").ERROR  # written by tools/build_backend.py
        return f"it was not compiled: {error}; reinstall glassnet with GCC 11, Clang 13 or later"
    except ModuleNotFoundError:
        if wanted:
            return f"GLASSNET_ISA={wanted} names no compiled engine; use v2, v3 or v4"
        return "it was not compiled; install glassnet with pip"


class NativeEngine:
    """Runs jobs in C++: whole runs in one call without the GIL, on the instruction set of this processor."""

    name = "native"

    @property
    def instruction_set(self) -> str:
        """The instruction set of this processor's module, which all ranks of a run must share."""
        module, _ = load_module()
        return "" if module is None else module.__name__.rpartition("_")[2]

    def refuses(self, network: Network) -> str:
        """Return the reason why this engine cannot compute `network`, or "" if it can."""
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
        """Return the reason why this engine cannot run `job`, or "" if it can."""
        if type(job.optimizer) not in UPDATE_KINDS:
            return f"optimizer {type(job.optimizer).__name__!r} is your own Python"
        if job.batch_size > MOST_ROWS:
            return f"a batch has {job.batch_size} rows, more than {MOST_ROWS}; pass a smaller batch_size"
        return self.refuses(job.network)

    def run(
        self, job: Job, state: State, record: Record, epochs: int, until: int = -1, stop: Flag | None = None
    ) -> None:
        """Train as Engine.run does, in calls short enough to be repeated."""
        last, per_call = state.epoch + epochs, _epochs_per_call(job)
        stop = Wish() if stop is None and job.communicator is not None else stop
        while state.epoch < last and not record.stopped and not stop:
            if not job.is_epoch_over(state) and (state.step == until or not job.has_rows_at(state)):
                break
            _advance(job, state, record, min(last - state.epoch, per_call), until, stop)

    def objective(self, job: Job) -> Objective:
        """As Engine.objective says."""
        native = _module()
        job = at_rest(job)
        return Objective(native, _architecture(native, job.network), _settings(native, job), job)

    def output(self, network: Network, X: Array) -> Array:
        """The outputs (n, n_outputs) for checked rows X."""
        native = _module()
        threads = threads_for(network, X.shape[0], None, sparse_work(network, X, X.shape[0]))
        return predictors.output(native, _architecture(native, network), network, X, threads)


class RowPredictor:
    """The outputs of one row at a time, in microseconds: `predictor(x)` with x of (d,) gives (n_outputs,).

    Reads the network's parameters where they are, so it follows their changes. x should have the network's dtype; the
    array that is returned is the same one each time.

    Raises
    ------
    InputError
        If the compiled engine cannot compute the network, or x is not an array of shape (d,).

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
        self._shape = (network.sizes[0],)
        self._out = np.empty(network.sizes[-1], dtype=network.dtype)

    def __call__(self, x: Array) -> Array:
        if getattr(x, "shape", None) != self._shape or x.dtype.kind not in "fiu":
            raise InputError(
                f"x: expected an array of {self._shape[0]} numbers; got {_described(x)}; pass e.g. predictor(X[0])."
            )
        self._predict(self._theta, x, self._out)
        return self._out


def is_builtin_activation(activation: Activation) -> bool:
    """True if the compiled equations hold this activation, with any constants."""
    return activation.is_builtin


def is_builtin_loss(loss: Loss) -> bool:
    """True if the compiled equations hold this loss, with any constants."""
    return loss.is_builtin


def threads_for(network: Network, rows: int, asked: int | None, work: int | None = None) -> int:
    """Return the number of threads for a step: worth its multiply-adds (`work` if sparse), or as asked within the tiles."""
    if max(network.sizes) <= WIDEST_SMALL and work is None:
        return 1  # the kernel of small networks uses one
    processors = usable_processors()
    if asked is None:
        work = rows * network.n_parameters if work is None else work
        return max(1, min(processors, work // STEP_WORTH_THREADS))
    tiles = max(-(-rows // TILE_ROWS) * -(-size // PANEL_WIDTH) for size in network.sizes[1:])
    return min(asked, tiles, max(MOST_THREADS, 4 * processors))


def _described(given: Any) -> str:
    return f"shape {given.shape} of {given.dtype}" if isinstance(given, np.ndarray) else shown(given)


def _module() -> Any:
    module, reason = load_module()
    if module is None:
        raise InputError(f"engine: expected the compiled one; but {reason}; use engine='numpy'.")
    return module


def _architecture(native: Any, network: Network) -> Any:
    architecture = native.Architecture()
    architecture.sizes = list(network.sizes)
    activations = network.activations.values()
    architecture.activations = [SOFTMAX if a.rowwise else ACTIVATION_NAMES.index(a.builtin) for a in activations]
    architecture.activation_parameters = [next(iter(a.parameters.values()), 0.0) for a in activations]
    loss = network.loss_function
    architecture.loss = LOSS_NAMES.index(loss.builtin) if loss.builtin in LOSS_NAMES else CROSS_ENTROPY
    architecture.loss_parameter = next(iter(loss.parameters.values()), 0.0)
    architecture.loss_of_output = not loss.contains(network.activations[network.n_layers])
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
    if job.epoch_steps is not None:
        settings.first_batch, settings.epoch_steps = job.first_batch, job.epoch_steps
    settings.threads = threads_for(job.network, job.batch_size, job.n_threads, sparse_step(job))
    if job.communicator is not None and job.n_threads is None:  # ranks of one machine share its processors
        settings.threads = min(
            settings.threads, max(1, usable_processors() // getattr(job.communicator, "neighbours", 1))
        )
    return settings


def _epochs_per_call(job: Job) -> int:
    """Epochs of one call of the C++ loop."""
    step = sparse_step(job) or job.batch_size * job.network.n_parameters
    steps = min(max(WORK_PER_CALL // step, STEPS_WORTH_A_CALL), STEPS_PER_CALL)
    return max(1, steps // job.steps_per_epoch)


@dataclass(frozen=True, eq=False)
class Outcome:
    """The result of one call of the C++ loop, not yet handed over to the run."""

    theta: Array
    state: State
    figures: Any  # Record of native/run.hpp
    error: BaseException | None  # Ctrl-C, or what a signal handler raised


def _advance(job: Job, state: State, record: Record, epochs: int, until: int, stop: Flag | None) -> None:
    """One call of the C++ loop: advances theta, state and record, all or none."""
    outcome = _call(job, state, epochs, until, stop)
    if outcome.figures.non_finite or outcome.figures.overflowed:
        _give_back_last_good(job, state, record, outcome, stop)
    else:
        _commit(job, state, record, outcome)


def _give_back_last_good(job: Job, state: State, record: Record, outcome: Outcome, stop: Flag | None) -> None:
    """Take the run to the step before the one whose loss is inf or nan, and raise the error.

    A run is a function of its start, so it is repeated from the start of the call up to there.
    """
    network, bad, last_good = job.network, outcome.state, "those of the last finite loss"

    def repeat(until: int) -> Outcome:
        return _call(job, state, 1 + (until - state.step) // job.steps_per_epoch, until, stop)

    theta = None if outcome.figures.non_finite else outcome.theta  # the parameters that gave the loss
    if bad.step == state.step:
        theta = network.theta.copy()
        if state.rescue is not None:  # the last update of the call before did it
            _go_back(job, state, record, state.rescue)
        elif bad.step > 0 and network.n_parameters > RESCUE_LIMIT:
            last_good = f"those of step {bad.step}"
    if state.step < (last_update := _last_update(job, bad)):
        _commit(job, state, record, repeat(last_update))
    if theta is None:
        theta = repeat(bad.step).theta
    if stop:
        return
    X = batch_at(job, bad, epoch_order(job, bad)).X if outcome.figures.non_finite else job.training_X
    raise outcome.error or non_finite(network.with_theta(theta), X, bad.step, last_good)


def _last_update(job: Job, state: State) -> int:
    """Return the number of the last step before this one that made an update; a batch with all weights 0 makes none."""
    step, at = state.step - 1, replace(state)
    while job.sample_weight is not None and job.order is None and step > 0:
        at.epoch, at.batch = (at.epoch, at.batch - 1) if at.batch else (at.epoch - 1, job.steps_per_epoch - 1)
        if at.epoch < 0 or not job.has_rows_at(at) or batch_at(job, at, epoch_order(job, at)).weight_sum > 0:
            break
        step -= 1
    return step


def _go_back(job: Job, state: State, record: Record, to: Snapshot) -> None:
    offset = len(record.loss) - state.epoch

    def go_back() -> None:
        job.network.theta[...] = to.theta
        state.take(to.state)
        record.cut(offset + state.epoch)

    apply_wholly(go_back)


def _commit(job: Job, state: State, record: Record, outcome: Outcome) -> None:
    """Let the run stand where the call ended; raises what ended it early, if anything did."""
    network, figures, offset = job.network, outcome.figures, len(record.loss)
    start = Snapshot.of(network, state) if job.goes_on and network.n_parameters <= RESCUE_LIMIT else None
    measured = {name: getattr(figures, name).tolist() for name in _FIGURES}
    if outcome.state.step == state.step:
        start = state.rescue  # no update was made

    def commit() -> None:
        network.theta[...] = outcome.theta
        state.take(outcome.state)
        state.rescue = start
        for name, values in measured.items():
            if values:
                getattr(record, name)[offset:] = values
        record.stopped = figures.stopped

    apply_wholly(commit)
    if outcome.error is not None:
        raise outcome.error


def _call(job: Job, state: State, epochs: int, until: int, stop: Flag | None) -> Outcome:
    """Call the C++ loop; ends before step `until` unless that is -1. Writes into arrays of its own only."""
    native, network, rule = _module(), job.network, job.early_stopping
    numbers = native.State()
    for name in _STATE:
        setattr(numbers, name, getattr(state, name))
    early_stopping = native.EarlyStopping()
    early_stopping.watch = WATCHED.index(job.watch)
    if rule is not None:
        early_stopping.patience, early_stopping.min_delta = rule.patience, rule.min_delta
    keep_best = rule is not None and rule.restore_best and job.validation is not None
    X_val, Y_val, weight_val = job.validation or (None, None, None)
    theta, slots = np.empty_like(network.theta), np.empty_like(state.slots)
    best = np.empty_like(network.theta) if keep_best else None
    arguments = {
        "architecture": _architecture(native, network),
        "settings": _settings(native, job),
        "state": numbers,
        "epochs": epochs,
        "until": until,
        "X": inputs_of(job.X),
        "Y": job.Y,
        "weight": job.sample_weight,
        "X_val": None if X_val is None else inputs_of(X_val),
        "Y_val": Y_val,
        "weight_val": weight_val,
        "constants": list(job.optimizer.constants().values()),
        "factors": epochs_of.factors(job, state, epochs, until),
        "rows": job.rows,
        "shuffle": job.shuffle,
        "orders": epochs_of.orders(job, state, epochs),
        "early_stopping": early_stopping,
        "adaptive": epochs_of.adaptive(native, job),
        "theta": network.theta,
        "slots": state.slots,
        "theta_out": theta,
        "slots_out": slots,
        "best_out": best,
        "communicator": job.communicator,
        "wishes": stop.wishes if isinstance(stop, Wish) else None,
    }
    with calls.call(stop) as flag:
        figures, error = native.train(**arguments, stop=flag.byte, signals=calls.in_main_thread())
    if flag and stop is None:
        raise SystemExit  # the interpreter is about to end
    slots.setflags(write=False)
    reached = replace(state.copy(), slots=slots, **{name: getattr(numbers, name) for name in _STATE})
    if figures.improved:
        reached.best_theta = best
    return Outcome(theta, reached, figures, error)
