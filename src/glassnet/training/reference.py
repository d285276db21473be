"""The reference engine: the training loop in NumPy, one line for each thing that happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import NonFiniteError
from glassnet.network import passes
from glassnet.network.network import Network
from glassnet.network.passes import Gradient, Trace
from glassnet.training.job import Job, Record, State
from glassnet.training.random import batch_order, dropout_mask
from glassnet.training.schedules import Adaptive

Array = NDArray[Any]


class NumpyEngine:
    """Runs a job in plain NumPy; every other engine is measured against it."""

    name = "numpy"

    def refuses(self, network: Network) -> str:
        """Nothing: the reference can compute every network."""
        return ""

    def output(self, network: Network, X: Array) -> Array:
        """The outputs (n, n_outputs) of a forward pass."""
        return network.forward(X).output

    def refuses_job(self, job: Job) -> str:
        return ""

    def run(self, job: Job, state: State, epochs: int, until: int = -1) -> Record:
        record = Record()
        if state.rescue is None:
            state.rescue = job.network.theta.copy()  # the last parameters whose loss was finite
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            while len(record.loss) < epochs and not record.stopped:
                rate = self._epoch(job, state, until)
                if state.batch < job.steps_per_epoch:
                    break
                loss = state.epoch_loss / state.epoch_weight
                state.epoch, state.batch, state.epoch_loss, state.epoch_weight = state.epoch + 1, 0, 0.0, 0.0
                record.loss.append(loss)
                record.learning_rate.append(rate)
                if job.validation is not None:
                    record.validation_loss.append(mean_loss(job.network, *job.validation))
                watched = record.validation_loss[-1] if job.validation is not None else loss
                record.stopped = adapt_rate(job, state, loss) or stop_early(job, state, watched)
            if not np.isfinite(job.network.theta).all():  # the very last update; no later loss would tell
                error = non_finite(job.network, job.X, state.step)
                job.network.theta[...] = state.rescue
                raise error
        return record

    def _epoch(self, job: Job, state: State, until: int) -> float:
        """The rest of the epoch's pass over the data, to before step `until`; returns the last learning rate."""
        order, rate = epoch_order(job, state), 0.0
        while state.batch < job.steps_per_epoch and state.step != until:
            batch, rate = batch_at(job, state, order), learning_rate(job, state)
            if batch.weight_sum > 0:  # a batch whose weights are all 0 has no mean and teaches nothing
                state.epoch_loss += batch.weight_sum * self._step(job, state, batch, rate)
                state.epoch_weight += batch.weight_sum
            state.step += 1
            state.batch += 1
        return rate

    def _step(self, job: Job, state: State, batch: Batch, rate: float) -> float:
        """forward → loss → backward → update; returns the objective before the update."""
        net = job.network
        trace, loss = forward(job, batch)
        if not np.isfinite(loss):
            error = non_finite(net, batch.X, state.step)
            if state.step > 0:
                net.theta[...] = state.rescue
            raise error
        state.rescue[...] = net.theta
        gradient = backward(job, batch, trace).flat
        update(job, state, clip(job, gradient), rate)
        return loss


@dataclass(frozen=True)
class Batch:
    """What one step sees: its rows' numbers and their X, Y and weights, and the dropout masks of the hidden layers."""

    rows: NDArray[np.intp]
    X: Array  # (batch, d)
    Y: Array  # (batch, k)
    sample_weight: Array | None  # (batch,)
    masks: dict[int, Array]

    @property
    def weight_sum(self) -> float:
        """Σ w, the number of rows where there are no weights."""
        return float(len(self.rows) if self.sample_weight is None else self.sample_weight.sum())


def epoch_order(job: Job, state: State) -> NDArray[np.intp]:
    """The order in which the epoch under way visits the rows."""
    n = len(job.X)
    if job.order is not None:
        return job.order(state.epoch)
    return batch_order(job.seed, state.epoch, n) if job.shuffle and job.batch_size < n else np.arange(n)


def batch_at(job: Job, state: State, order: NDArray[np.intp]) -> Batch:
    """The batch of the next step."""
    rows = order[state.batch * job.batch_size : (state.batch + 1) * job.batch_size]
    weight = None if job.sample_weight is None else job.sample_weight[rows]
    X, Y = (job.X, job.Y) if len(rows) == len(job.X) else (job.X[rows], job.Y[rows])
    return Batch(rows, X, Y, weight, masks(job, state.step, len(rows)))


def learning_rate(job: Job, state: State) -> float:
    """The learning rate of the next step: the optimizer's times the schedule's factor."""
    step = np.array([state.step])
    factor = job.schedule.factor(step, job.steps_per_epoch, job.epochs * job.steps_per_epoch)[0]
    return job.optimizer.learning_rate * float(factor) * state.rate_factor


def forward(job: Job, batch: Batch) -> tuple[Trace, float]:
    """The forward pass of a step and its objective."""
    net = job.network
    trace = passes.forward(net.activations, net.W, net.b, batch.X, batch.masks)
    loss = passes.objective(
        *(net.activations, net.loss_function, net.W, trace, batch.Y, batch.sample_weight),
        *job.penalties(batch.weight_sum),
    )
    return trace, float(loss)


def backward(job: Job, batch: Batch, trace: Trace) -> Gradient:
    """The gradient of a step's objective, before clipping."""
    net = job.network
    return passes.backward(
        net.activations,
        net.loss_function,
        net.layout,
        net.theta,
        trace,
        batch.Y,
        batch.sample_weight,
        *job.penalties(batch.weight_sum),
    )


def clip(job: Job, gradient: Array) -> Array:
    """The gradient scaled down to the norm it may have."""
    if job.clip_norm is None:
        return gradient
    return gradient * (job.clip_norm / max(float(np.linalg.norm(gradient)), job.clip_norm))


def update(job: Job, state: State, gradient: Array, rate: float) -> None:
    """Apply the optimizer's recurrence to theta and to its slots, in place."""
    constants: dict[str, Any] = {**job.optimizer.constants(), "learning_rate": rate}
    if job.optimizer.counts_steps:
        constants["t"] = state.step + 1
    theta, *slots = job.optimizer.update(job.network.theta, gradient, *state.slots, **constants)
    job.network.theta[...] = theta
    for slot, value in zip(state.slots, slots, strict=True):
        slot[...] = value


def masks(job: Job, step: int, n: int) -> dict[int, Array]:
    """The dropout masks of the hidden layers at `step`; none without dropout."""
    if not job.dropout:
        return {}
    sizes, dtype = job.network.sizes, job.network.dtype
    hidden = range(1, job.network.n_layers)
    return {layer: dropout_mask(job.seed, step, layer, (n, sizes[layer]), job.dropout, dtype) for layer in hidden}


def mean_loss(network: Network, X: Array, Y: Array, sample_weight: Array | None) -> float:
    """The mean loss without penalties."""
    trace = passes.forward(network.activations, network.W, network.b, X)
    return float(passes.objective(network.activations, network.loss_function, network.W, trace, Y, sample_weight))


def adapt_rate(job: Job, state: State, loss: float) -> str:
    """Lower the rate of an adaptive schedule if the training loss stands still; returns why to stop, or ""."""
    rule = job.schedule
    if not isinstance(rule, Adaptive):
        return ""
    state.adaptive_stale = state.adaptive_stale + 1 if loss > state.adaptive_best - rule.min_delta else 0
    state.adaptive_best = min(state.adaptive_best, loss)
    if state.adaptive_stale >= rule.patience:
        state.rate_factor *= rule.decay
        state.adaptive_stale = 0
    return "the learning rate reached its floor" if state.rate_factor < rule.floor else ""


def stop_early(job: Job, state: State, loss: float) -> str:
    """Keep the parameters of the best validation loss and count epochs without improvement; returns why to stop, or ""."""
    rule = job.early_stopping
    if rule is None:
        return ""
    state.stale = state.stale + 1 if loss > state.best_loss - rule.min_delta else 0
    if loss < state.best_loss:
        state.best_loss, state.best_epoch = loss, state.epoch
        if rule.restore_best and job.validation is not None:
            state.best_theta = job.network.theta.copy()
    return f"no improvement for {state.stale} epochs" if state.stale >= rule.patience else ""


def non_finite(
    network: Network, X: Array, step: int, last_good: str = "those of the last finite loss"
) -> NonFiniteError:
    """The error for a loss or parameters that are inf or nan: names the first layer where it shows."""
    with np.errstate(over="ignore", invalid="ignore"):
        trace = passes.forward(network.activations, network.W, network.b, X)
    bad = [layer for layer, Z in trace.Z.items() if not np.isfinite(Z).all()]
    layer = bad[0] if bad else network.n_layers
    what = f"the pre-activation Z{layer}" if bad else "the loss of finite pre-activations"
    return NonFiniteError(
        f"training: expected finite numbers; {what} of layer {layer} overflowed at step {step}; the parameters are "
        f"{last_good}; lower the learning rate, scale the inputs, or pass clip_norm=1.0.",
        step,
        layer,
    )
