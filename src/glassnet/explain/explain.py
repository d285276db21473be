"""`explain` works out one training step of a network, an estimator, a table model or a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, check_count, check_number, shown
from glassnet.explain.derivation import Derivation
from glassnet.explain.source import Names, source_of
from glassnet.explain.walk import Walk
from glassnet.explain.walk_update import add_update
from glassnet.network.inputs import as_dense, check_X
from glassnet.network.network import Network
from glassnet.training.arguments import make_job
from glassnet.training.job import Job, State
from glassnet.training.optimizers import LBFGS, SGD, Optimizer, as_optimizer
from glassnet.training.options import StepOptions, checked, refuse_unknown, takes
from glassnet.training.reference import Batch, masks
from glassnet.training.run import Run

Array = NDArray[Any]


@takes(StepOptions)
def explain(
    network: Any,
    x: Any = None,
    y: Any = None,
    *,
    optimizer: str | Optimizer | LBFGS | None = "auto",
    learning_rate: float | None = None,
    dropout_masks: Mapping[int, Any] | None = None,
    alpha: float | None = None,
    step: int = 0,
    memory: Mapping[str, Any] | None = None,
    digits: int = 4,
    **options: Unpack[StepOptions],
) -> Derivation:
    """Work out one training step with its numbers: forward, loss, backward, update.

    Every value is that of the NumPy engine, every formula is read from the source that computed it. The network is
    not changed.

    Parameters
    ----------
    network : Network, estimator, table model, or Run
        A fitted MLPClassifier or MLPRegressor, ours or scikit-learn's, alone or at the end of a Pipeline, stands for its
        network and for the step that `partial_fit` would take: with its optimizer, the optimizer's state, and alpha.
        A Run (`history.at(step)`) has its own next step: pass it alone. After the last step of a run that is the step
        training would have taken next, and the derivation says so.
    x, y : a sample (d,) with its target, or rows (n, d) with theirs
        Without y only the forward pass is worked out. For a table model x is a table, which may hold the target.
    optimizer : as in `train`, or None for no update; "auto" is the estimator's own, and SGD for a network
        L-BFGS has no update of one step, so its derivation ends with the gradient.
    learning_rate : in place of the optimizer's own
    **options : the fields of StepOptions, which help(explain) lists here
    dropout_masks : {layer: (n, width) mask}, in place of those that `seed` and `step` draw
    alpha : scikit-learn's penalty: an l2 of alpha divided by the rows of the batch, or by their weights
    step : the number of this update, from 0, which is that of the updates made before: for dropout and for Adam's bias correction
    memory : {"m": …, "v": …}, the optimizer's state before the step in theta's layout; zeros by default
    digits : significant digits of printed numbers

    Returns
    -------
    Derivation
        Every quantity of the step, with its formula, its numbers and the line of code that computed them.

    Raises
    ------
    InputError
        If an argument is not as above.

    Examples
    --------
    >>> from glassnet import Network
    >>> net = Network([3, 4, 2], output="softmax", seed=1)
    >>> derivation = explain(net, [0.5, -1.0, 2.0], 1)
    >>> derivation["dZ2"]
    Step(dZ2 = A2 - Y; 1 × 2, backward)
    >>> derivation["dZ2"].source.file, derivation["dZ2"].source.code
    ('glassnet/equations/losses.py', 'return softmax(z) - y')
    """
    refuse_unknown(options, explain)
    digits = check_count("digits", digits, high=17)
    if isinstance(network, Run):
        return _explain_run(network, digits)
    if alpha is not None and ("l1" in options or "l2" in options):
        raise InputError("alpha: expected alpha, or l1 and l2; got both; pass one of them.")
    if x is None:
        raise InputError("x: expected a sample or rows of samples; got None; pass e.g. explain(net, X[0], y[0]).")
    source = source_of(network, x, y)
    net = source.network
    X, Y, one = _rows(net, source.x, source.y)
    own = isinstance(optimizer, str) and optimizer == "auto"
    optimizer = source.options.get("optimizer", "sgd") if own else optimizer
    chosen = None if optimizer is None else as_optimizer(optimizer)
    recurrence = chosen if isinstance(chosen, Optimizer) else SGD()
    if learning_rate is not None:
        rate = check_number("learning_rate", learning_rate, 0, open_low=True)
        recurrence = replace(recurrence, learning_rate=rate)
    if one and options.get("sample_weight") is not None:
        options["sample_weight"] = np.atleast_1d(options["sample_weight"])
    if own and step == 0 and memory is None:
        step, memory = source.step, source.memory
    told = alpha is not None or "l1" in options or "l2" in options
    fitted = {name: value for name, value in source.options.items() if not (told and name in ("alpha", "l1", "l2"))}
    alpha = fitted.pop("alpha", alpha)
    given = checked({**fitted, **options, "optimizer": recurrence, "epochs": 1, "shuffle": False})
    targets = np.zeros((len(X), net.sizes[-1]), net.dtype) if Y is None else Y
    job = make_job(net.copy(), X, targets, given)
    if alpha is not None:
        job = replace(job, l2=check_number("alpha", alpha, 0), divide_penalty=True)
    state = State(type(recurrence).__name__, _memory(recurrence, net, memory), check_count("step", step, low=0))
    drawn = masks(job, state.step, len(X)) if dropout_masks is None else _check_masks(net, dropout_masks, len(X))
    batch = Batch(np.arange(len(X)), X, job.Y, job.sample_weight, drawn)
    return _derive(job, state, batch, Y is not None, isinstance(chosen, Optimizer), digits, source.names)


def _derive(
    job: Job, state: State, batch: Batch, with_loss: bool, with_update: bool, digits: int, names: Names = ((), ())
) -> Derivation:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        walk = Walk(job, state, batch, with_loss)
        if with_loss and with_update:
            add_update(walk)
    return Derivation(walk.graph(digits, names))


def _explain_run(run: Run, digits: int) -> Derivation:
    """Work out the next step of a run."""
    job = replace(run.job, network=run.network.copy())
    state = replace(run.state, slots=run.state.slots.copy())
    batch = run.batch()
    batch = replace(batch, X=as_dense(batch.X))
    if not batch.weight_sum > 0:
        raise InputError("run: expected a batch with some weight; got none, so no update; call run.advance(steps=1).")
    derivation = _derive(job, state, batch, True, isinstance(run.optimizer, Optimizer), digits)
    derivation.ended = run.finished
    return derivation


def _rows(net: Network, x: Any, y: Any) -> tuple[Array, Array | None, bool]:
    """Return X and Y as matrices, and True if x is one sample (d,) instead of rows (n, d)."""
    x = as_dense(x)
    one = np.ndim(x) == 1
    X = check_X([x] if one else x, net.sizes[0], net.dtype, "x")
    if y is None:
        return X, None, one
    return X, net.encode([y] if one else y, len(X)), one


def _memory(optimizer: Optimizer, net: Network, given: Mapping[str, Any] | None) -> Array:
    slots = np.zeros((len(optimizer.slots), net.n_parameters), net.dtype)
    for name, values in (given or {}).items():
        if name not in optimizer.slots or np.shape(values) != net.theta.shape:
            expected = ", ".join(optimizer.slots) or "nothing"
            raise InputError(
                f"memory: expected {expected} of {net.n_parameters} numbers each; got {name!r} of shape "
                f"{np.shape(values)}; pass a dict in theta's layout."
            )
        slots[optimizer.slots.index(name)] = values
    return slots


def _check_masks(net: Network, given: Mapping[int, Any], n: int) -> dict[int, Array]:
    checked = {}
    for layer, mask in given.items():
        array = np.asarray(mask, dtype=net.dtype)
        if layer not in range(1, net.n_layers) or array.shape != (n, net.sizes[layer]):
            raise InputError(
                f"dropout_masks: expected {{layer: ({n}, width)}} for hidden layers; got {shown(layer)}: {array.shape}; "
                "pass one number for each unit."
            )
        checked[layer] = array
    return dict(sorted(checked.items()))
