"""Reads what `explain` works out: a network, a fitted estimator (ours or scikit-learn's, also in a Pipeline), a table model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import OF_SKLEARN
from glassnet.errors import InputError, printable, shown
from glassnet.network.network import Network
from glassnet.training.optimizers import LBFGS, SGD, AdamEpsilonHat, AdamW, Momentum, Nesterov, Optimizer

Array = NDArray[Any]
Names = tuple[tuple[str, ...], tuple[str, ...]]  # names of the inputs, names of the outputs


@dataclass(frozen=True)
class Source:
    """What is worked out: a network, rows with targets in the form it takes, and the step it would take on them.

    Attributes
    ----------
    options : mapping
        The options of `explain` that it was fitted with: optimizer, alpha or l1 and l2, clip_norm.
    step, memory : the updates made so far, and the optimizer's state by name
    """

    network: Network
    x: Any
    y: Any
    names: Names = ((), ())
    options: Mapping[str, Any] = field(default_factory=dict)
    step: int = 0
    memory: Mapping[str, Any] | None = None


def source_of(given: Any, x: Any, y: Any) -> Source:
    """Return what is worked out for `given` and its rows.

    Raises
    ------
    InputError
        If `given` holds no network, or x or y do not fit it.
    """
    if isinstance(given, Network):
        return Source(given, x, y)
    given = getattr(given, "model_", given)  # of a table estimator
    if _is_table_model(given):
        return _of_table_model(given, x, y)
    final, transformers = _final(given)
    network, options = network_and_options_of(final)
    inputs = _names(getattr(final, "feature_names_in_", ()))
    if transformers is not None:
        x, inputs = _transformed(transformers, x)
    outputs = _names(getattr(final, "classes_", ()))
    one_label_a_row = y is not None and np.ndim(y) == max(np.ndim(x), 1) - 1
    if outputs and one_label_a_row:
        y = _class_numbers(final.classes_, y)
    return Source(network, x, y, (inputs, outputs), options, *_progress(final, network, options["optimizer"]))


def network_and_options_of(given: Any) -> tuple[Network, dict[str, Any]]:
    """Return the network of a fitted estimator, and the options of `explain` that it was fitted with.

    The options are "optimizer", "alpha" or "l1" and "l2" (the penalty) and "clip_norm"; a Network has none.

    Raises
    ------
    InputError
        If it holds no network.

    Examples
    --------
    >>> from glassnet import MLPRegressor
    >>> network, options = network_and_options_of(MLPRegressor(alpha=0.1, tol=1e9).fit([[0.0], [1.0]], [0.0, 1.0]))
    >>> network.sizes, options["alpha"]
    ((1, 100, 1), 0.1)
    """
    if isinstance(given, Network):
        return given, {}
    given = getattr(given, "model_", given)
    if _is_table_model(given):
        return given.network, given.step_options()
    final, _ = _final(given)
    if not (hasattr(final, "coefs_") and hasattr(final, "intercepts_") and hasattr(final, "out_activation_")):
        raise InputError(
            "network: expected a Network, a fitted MLPClassifier or MLPRegressor (also at the end of a Pipeline), a table "
            f"model or a Run; got {shown(given)}; fit the estimator first."
        )
    options = {"optimizer": _optimizer(final), "alpha": float(final.alpha)}
    return _network(final), options | {"clip_norm": getattr(final, "clip_norm", None)}


def _final(given: Any) -> tuple[Any, Any]:
    """Return the estimator at the end of a search and of a Pipeline, and the steps before it or None."""
    given = getattr(given, "best_estimator_", given)
    if not (hasattr(given, "named_steps") and hasattr(given, "steps")):
        return given, None
    final, inner = _final(given.steps[-1][1])
    if inner is not None:
        raise InputError("network: expected an estimator at the end of the Pipeline; got another Pipeline; flatten it.")
    return final, given[:-1] if len(given.steps) > 1 else None


def _network(estimator: Any) -> Network:
    """Return the network with an estimator's weights, which may be arrays that the user assigned."""
    network = getattr(estimator, "network_", None)
    if isinstance(network, Network):
        network = network.copy()
    else:
        sizes = [len(estimator.coefs_[0]), *(len(bias) for bias in estimator.intercepts_)]
        hidden, output = (OF_SKLEARN.get(name, name) for name in (estimator.activation, estimator.out_activation_))
        network = Network(sizes, hidden, output, dtype=str(estimator.coefs_[0].dtype))
    for given, own in ((estimator.coefs_, network.W), (estimator.intercepts_, network.b)):
        for array, view in zip(given, own.values(), strict=True):
            view[...] = array
    return network


def _optimizer(estimator: Any) -> Optimizer | LBFGS:
    """Return the optimizer of an estimator at the learning rate of its next step."""
    under_way: Any = getattr(estimator, "_optimizer", None)
    solver = estimator.solver
    rate = float(getattr(under_way, "learning_rate", estimator.learning_rate_init))
    if isinstance(getattr(under_way, "optimizer", None), Optimizer):  # ours
        return replace(under_way.optimizer, learning_rate=rate)
    if isinstance(solver, Optimizer):
        return solver
    if solver == "lbfgs":
        return LBFGS()
    if solver == "sgd":
        kind = Nesterov if estimator.nesterovs_momentum else Momentum
        return kind(rate, float(estimator.momentum)) if estimator.momentum else SGD(rate)
    constants = (float(estimator.learning_rate_init), estimator.beta_1, estimator.beta_2, estimator.epsilon)
    return AdamEpsilonHat(*constants) if solver == "adam" else AdamW(*constants, estimator.weight_decay)


def _progress(estimator: Any, network: Network, optimizer: Optimizer | LBFGS) -> tuple[int, Mapping[str, Array] | None]:
    """Return how many updates a fitted estimator made, and its optimizer's state."""
    under_way = getattr(estimator, "_optimizer", None)
    if under_way is None or not isinstance(optimizer, Optimizer):
        return 0, None
    state = getattr(under_way, "state", None)
    if state is not None:  # ours
        return int(state.step), dict(zip(optimizer.slots, state.slots, strict=True))
    if isinstance(optimizer, AdamEpsilonHat):
        slots = {"m": under_way.ms, "v": under_way.vs}
    else:
        slots = dict.fromkeys(optimizer.slots, under_way.velocities)
    return int(getattr(under_way, "t", 0)), {name: _flat(network, arrays) for name, arrays in slots.items()}


def _flat(network: Network, arrays: Any) -> Array:
    """Put scikit-learn's list, all weights and then all biases, into theta's layout."""
    W, b = arrays[: network.n_layers], arrays[network.n_layers :]
    return np.concatenate([np.ravel(part) for pair in zip(W, b, strict=True) for part in pair])


def _transformed(transformers: Any, x: Any) -> tuple[Any, tuple[str, ...]]:
    """Return x after the first steps of a Pipeline, and the names of its columns."""
    one = np.ndim(x) == 1
    if one:
        x = x.to_frame().T.infer_objects() if hasattr(x, "to_frame") else [x]
    try:
        x = transformers.transform(x)
    except Exception as error:
        got = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise InputError(
            f"x: expected rows that the Pipeline transforms; got {got[:200]}; pass those of fit."
        ) from error
    try:
        names = transformers.get_feature_names_out()
    except (AttributeError, ValueError):
        names = ()
    x = x.toarray() if hasattr(x, "toarray") else np.asarray(x)
    return (x[0] if one else x), _names(names)


def _is_table_model(given: Any) -> bool:
    return hasattr(given, "preparation") and isinstance(getattr(given, "network", None), Network)


def _of_table_model(given: Any, x: Any, y: Any) -> Source:
    table = given.table(x)
    X = given.preparation.matrix(table, dtype=given.network.dtype)
    if y is None and given.target in table.names:
        y = given.encode(table)
        y = (y - given.target_mean) / given.target_scale if given.classes is None else y
    outputs = _names(given.classes or (given.target,))
    return Source(given.network, X, y, (_names(given.preparation.feature_names), outputs), given.step_options())


def _names(given: Iterable[Any]) -> tuple[str, ...]:
    """Names as text that is safe to print."""
    return tuple(printable(str(each)) for each in given)


def _class_numbers(classes: Any, y: Any) -> Any:
    """Encode an estimator's labels as numbers 0 … k − 1."""
    classes, labels = np.asarray(classes), np.atleast_1d(np.asarray(y))
    found = labels[..., None] == classes
    if not found.any(axis=-1).all():
        raise InputError(
            f"y: expected classes among {shown(classes.tolist())}; got {shown(y)}; pass one it was fitted on."
        )
    numbers = np.argmax(found, axis=-1)
    return numbers if np.ndim(y) else numbers[0]
