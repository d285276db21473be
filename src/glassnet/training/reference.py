"""The reference engine: the training loop in NumPy, one line for each thing that happens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import NonFiniteError
from glassnet.network import passes
from glassnet.network.network import Network
from glassnet.network.passes import Gradient, Trace
from glassnet.training import shares
from glassnet.training.job import Flag, Job, Objective, Record, Snapshot, State, apply_wholly
from glassnet.training.random import dropout_mask
from glassnet.training.schedules import Adaptive
from glassnet.training.scores import SCORES
from glassnet.training.wish import Wish

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

    def objective(self, job: Job) -> Objective:
        """As `Engine.objective` says, by the passes themselves."""
        all_rows = Batch(np.arange(len(job.Y)), job.X, job.Y, job.sample_weight, {})

        def objective(theta: Array) -> tuple[float, Array]:
            at = replace(job, network=job.network.with_theta(theta))
            trace, loss = forward(at, all_rows)
            return loss, backward(at, all_rows, trace).flat

        return objective

    def run(
        self, job: Job, state: State, record: Record, epochs: int, until: int = -1, stop: Flag | None = None
    ) -> None:
        """Run as the protocol `Engine.run` describes."""
        net, last, offset = job.network, state.epoch + epochs, len(record.loss) - state.epoch
        stop = Wish() if stop is None and job.communicator is not None else stop
        now = Snapshot.of(net, state)
        marks = (state.rescue or now, now)  # where the run stood before its last update, and where it stands
        order, order_epoch = np.arange(0), -1

        def go_back(to: Snapshot) -> None:
            net.theta[...] = to.theta
            state.take(to.state)
            record.cut(offset + state.epoch)

        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                while state.epoch < last and not record.stopped:
                    if not job.is_epoch_over(state):
                        if state.step == until or stop or not job.has_rows_at(state):
                            break
                        if order_epoch != state.epoch:
                            order, order_epoch = epoch_order(job, state), state.epoch
                        updated = self._step(job, state, order, stop)
                        if job.communicator is not None and stop:
                            break  # all ranks, before the same step
                        marks = (marks[1 if updated else 0], Snapshot.of(net, state))
                    if job.is_epoch_over(state):
                        self._end_epoch(job, state, record)
                        marks = (marks[0], Snapshot.of(net, state))
                if not np.isfinite(net.theta).all():  # the very last update; no later loss would tell
                    raise non_finite(net, job.training_X, state.step)
            state.rescue = marks[0]
        except BaseException as error:
            mark = marks[0 if isinstance(error, NonFiniteError) else 1]
            apply_wholly(lambda: go_back(mark))
            raise

    def _step(self, job: Job, state: State, order: NDArray[np.intp], stop: Flag | None) -> bool:
        """forward → loss → backward → update; False for a batch without weight, which has no mean and teaches nothing."""
        batch = batch_at(job, state, order)
        if batch.weight_sum > 0:
            if isinstance(stop, Wish) and job.communicator is not None:  # on several ranks
                loss, gradient = shares.loss_and_gradient(job, batch, stop)
                if stop:
                    return False
            else:
                trace, loss = forward(job, batch)
                gradient = backward(job, batch, trace).flat
            if not np.isfinite(loss):
                raise non_finite(job.network, batch.X, state.step)
            update(job, state, clip(job, gradient), learning_rate(job, state))
            state.epoch_loss += batch.weight_sum * loss
            state.epoch_weight += batch.weight_sum
        state.step += 1
        state.batch += 1
        return batch.weight_sum > 0

    def _end_epoch(self, job: Job, state: State, record: Record) -> None:
        """End an epoch after its last step: record its measures and the validation loss, apply the stop rules."""
        validation_loss, score = validate(job) if job.communicator is None else shares.validate(job)
        loss, rate = state.epoch_loss / state.epoch_weight, learning_rate(job, replace(state, step=state.step - 1))
        state.epoch, state.batch, state.epoch_loss, state.epoch_weight = state.epoch + 1, 0, 0.0, 0.0
        record.loss.append(loss)
        record.learning_rate.append(rate)
        if validation_loss is not None:
            record.validation_loss.append(validation_loss)
        if score is not None:
            record.validation_score.append(score)
        watched = watched_figure(job, loss, validation_loss, score)
        record.stopped = adapt_rate(job, state, loss) or stop_early(job, state, watched, job.network.theta)


@dataclass(frozen=True)
class Batch:
    """The data of one step: row numbers, X, Y, weights, and the dropout masks of the hidden layers."""

    rows: NDArray[np.intp]
    X: Array  # (batch, d), sparse if the job's is
    Y: Array  # (batch, k)
    sample_weight: Array | None  # (batch,)
    masks: dict[int, Array]

    def part(self, begin: int, end: int) -> Batch:
        """Return some consecutive rows of the batch, with their parts of the masks."""
        cut = slice(begin, end)
        weight = None if self.sample_weight is None else self.sample_weight[cut]
        masks = {layer: mask[cut] for layer, mask in self.masks.items()}
        return Batch(self.rows[cut], self.X[cut], self.Y[cut], weight, masks)

    @property
    def weight_sum(self) -> float:
        """Σ w; the number of rows if there are no weights."""
        return float(len(self.rows) if self.sample_weight is None else self.sample_weight.sum())


def epoch_order(job: Job, state: State) -> NDArray[np.intp]:
    """Return the order in which the current epoch visits the rows."""
    if job.order is not None:
        places = job.order(state.epoch)
    elif job.draws_order:
        places = job.draw_order(job.seed, state.epoch, job.n)
    else:
        places = np.arange(job.n)
    rows: NDArray[np.intp] = job.row_numbers(places)
    return rows


def batch_at(job: Job, state: State, order: NDArray[np.intp]) -> Batch:
    """Return the batch of the next step."""
    first = (state.batch - job.first_batch) * job.batch_size
    rows = order[first : first + job.batch_size]
    weight = None if job.sample_weight is None else job.sample_weight[rows]
    X, Y = (job.X, job.Y) if job.rows is None and len(rows) == job.n else (job.X[rows], job.Y[rows])
    return Batch(rows, X, Y, weight, masks(job, state.step, len(rows)))


def learning_rate(job: Job, state: State) -> float:
    """The learning rate of the next step: the optimizer's times the schedule's factor."""
    step = np.array([state.step])
    factor = job.schedule.factor(step, job.steps_per_epoch, job.epochs * job.steps_per_epoch)[0]
    return job.optimizer.learning_rate * float(factor) * state.rate_factor


def forward(job: Job, batch: Batch) -> tuple[Trace, float]:
    """Return the forward pass of a step and its objective."""
    net = job.network
    trace = passes.forward(net.activations, net.W, net.b, batch.X, batch.masks)
    loss = passes.objective(
        *(net.activations, net.loss_function, net.W, trace, batch.Y, batch.sample_weight),
        *job.penalties(batch.weight_sum),
    )
    return trace, float(loss)


def backward(job: Job, batch: Batch, trace: Trace) -> Gradient:
    """Return the gradient of a step's objective, before clipping."""
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
    """Scale the gradient down to the largest norm it may have."""
    if job.clip_norm is None:
        return gradient
    return gradient * (job.clip_norm / max(float(np.linalg.norm(gradient)), job.clip_norm))


def update(job: Job, state: State, gradient: Array, rate: float) -> None:
    """Apply the optimizer's recurrence: to theta in place, to the slots by new ones."""
    constants: dict[str, Any] = {**job.optimizer.constants(), "learning_rate": rate}
    if job.optimizer.counts_steps:
        constants["t"] = state.step + 1
    theta, *slots = job.optimizer.update(job.network.theta, gradient, *state.slots, **constants)
    job.network.theta[...] = theta
    state.slots = np.array(slots, dtype=state.slots.dtype).reshape(state.slots.shape)


def masks(job: Job, step: int, n: int) -> dict[int, Array]:
    """Draw the dropout masks of the hidden layers at `step`; none without dropout."""
    if not job.dropout:
        return {}
    sizes, dtype = job.network.sizes, job.network.dtype
    hidden = range(1, job.network.n_layers)
    return {layer: dropout_mask(job.seed, step, layer, (n, sizes[layer]), job.dropout, dtype) for layer in hidden}


def mean_loss(network: Network, X: Array, Y: Array, sample_weight: Array | None) -> float:
    """Return the mean loss without penalties."""
    trace = passes.forward(network.activations, network.W, network.b, X)
    return float(passes.objective(network.activations, network.loss_function, network.W, trace, Y, sample_weight))


def validate(job: Job) -> tuple[float | None, float | None]:
    """Return the mean loss and the watched score of the validation rows, None for one that is not asked for."""
    if job.validation is None:
        return None, None
    net, (X, Y, sample_weight) = job.network, job.validation
    trace = passes.forward(net.activations, net.W, net.b, X)
    loss = passes.objective(net.activations, net.loss_function, net.W, trace, Y, sample_weight)
    return float(loss), SCORES[job.watch](trace.output, Y, sample_weight) if job.watch in SCORES else None


def watched_figure(job: Job, loss: float, validation_loss: float | None, score: float | None) -> float:
    """Return the figure that early stopping watches, which is to become small: a loss, or minus a score."""
    if score is not None:
        return -score
    return loss if validation_loss is None or job.watch == "training_loss" else validation_loss


def adapt_rate(job: Job, state: State, loss: float) -> str:
    """Lower the rate of an adaptive schedule if the training loss does not improve; return the reason to stop, or ""."""
    rule = job.schedule
    if not isinstance(rule, Adaptive):
        return ""
    state.adaptive_stale = state.adaptive_stale + 1 if loss > state.adaptive_best - rule.min_delta else 0
    state.adaptive_best = min(state.adaptive_best, loss)
    if state.adaptive_stale >= rule.patience:
        state.rate_factor *= rule.decay
        state.adaptive_stale = 0
    return "the learning rate reached its floor" if state.rate_factor < rule.floor else ""


def stop_early(job: Job, state: State, loss: float, theta: Array) -> str:
    """Keep the parameters of the best figure watched and count epochs without improvement; return the reason to stop, or ""."""
    rule = job.early_stopping
    if rule is None:
        return ""
    improved = loss <= state.best_loss - rule.min_delta  # False for a loss that is nan
    state.stale = 0 if improved else state.stale + 1
    if loss < state.best_loss:
        state.best_loss, state.best_epoch = loss, state.epoch
        if rule.restore_best and job.validation is not None:
            state.best_theta = theta.copy()
    return f"no improvement for {state.stale} epochs" if state.stale >= rule.patience else ""


def non_finite(
    network: Network, X: Array, step: int, last_good: str = "those of the last finite loss"
) -> NonFiniteError:
    """Make the error for a loss or parameters that are inf or nan; it names the first layer with such a value."""
    with np.errstate(over="ignore", invalid="ignore"):
        trace = passes.forward(network.activations, network.W, network.b, X)
    bad = [layer for layer, Z in trace.Z.items() if not np.isfinite(Z).all()]
    layer = bad[0] if bad else network.n_layers
    overflow = f"the pre-activation Z{layer} of layer {layer} overflowed"
    loss = f"the loss became inf or nan although layer {layer}'s pre-activations are finite,"
    return NonFiniteError(
        f"training: expected finite numbers; {overflow if bad else loss} at step {step}; the parameters are "
        f"{last_good}; lower the learning rate, scale the inputs, or pass clip_norm=1.0.",
        step,
        layer,
    )
