"""Constraints on the estimators' parameters, and their translation to the core: network, optimizer, schedule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

from glassnet.equations.activations import ACTIVATIONS, OF_SKLEARN, Activation
from glassnet.equations.initializers import INITIALIZERS, RandomSource, as_initializer
from glassnet.equations.loss import Loss
from glassnet.equations.losses import LOSSES
from glassnet.network.engines import ENGINES
from glassnet.network.network import Network
from glassnet.training.optimizers import SGD, AdamEpsilonHat, AdamW, Momentum, Nesterov, Optimizer
from glassnet.training.schedules import SCHEDULES, Constant, Schedule, as_schedule

Array = NDArray[Any]

HIDDEN = {"logistic", *(name for name, activation in ACTIVATIONS.items() if not activation.rowwise)}
STOCHASTIC = ("sgd", "adam", "adamw")

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [StrOptions(HIDDEN), Activation, list, tuple],
    "solver": [StrOptions({"lbfgs", *STOCHASTIC}), Optimizer],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive", *SCHEDULES}), *SCHEDULES.values()],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "clip_norm": [None, Interval(Real, 0, None, closed="neither")],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "init": [StrOptions({"auto", *INITIALIZERS}), callable],
    "keep_optimizer": ["boolean"],
    "engine": [StrOptions({"auto", *ENGINES})],
    "n_threads": [None, Interval(Integral, 1, None, closed="left")],
    "checkpoint": [None, HasMethods(["held", "read", "write"])],
}


def hidden_sizes(given: Any) -> list[int]:
    """The widths of the hidden layers; one number stands for one layer, an empty list for a linear model."""
    sizes = list(given) if isinstance(given, Iterable) else [given]
    if any(size <= 0 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return [int(size) for size in sizes]


def hidden_activations(given: Any, count: int) -> list[Activation]:
    """The activation of each of `count` hidden layers: one for all, or a list."""
    per_layer = list(given) if isinstance(given, list | tuple) else [given] * count
    if len(per_layer) != count:
        raise ValueError(
            f"activation: expected one for all hidden layers or {count}, one a layer; got {len(per_layer)}; "
            "adjust the list or hidden_layer_sizes."
        )
    return [core_activation(each) for each in per_layer]


def core_activation(given: Any) -> Activation:
    """The core's activation of scikit-learn's or the core's name."""
    if isinstance(given, Activation):
        return given
    if given not in HIDDEN:
        raise ValueError(
            f"activation: expected one of {', '.join(sorted(HIDDEN))}; got {given!r}; pass one of these names."
        )
    return ACTIVATIONS[OF_SKLEARN.get(given, given)]


def build_network(sizes: list[int], activation: Any, out_activation: str, loss: Loss, dtype: Any) -> Network:
    """A network with all parameters 0."""
    return Network(
        sizes,
        hidden=hidden_activations(activation, len(sizes) - 2),
        output=OF_SKLEARN.get(out_activation, out_activation),
        loss=loss,
        init="zeros",
        dtype=dtype,
    )


def draw_parameters(network: Network, init: Any, rng: RandomSource) -> None:
    """Initial parameters in place; "auto" is scikit-learn's draw, which is Glorot's and includes the biases."""
    network.init = None if init == "auto" else init
    last_hidden = max(network.n_layers - 1, 1)
    for layer, W in network.W.items():
        if init != "auto":
            W[...] = as_initializer(init)(rng, *W.shape)
            continue
        # scikit-learn takes 2 for the sigmoid in all layers, the output layer among them
        scale = 2 if network.activations[min(layer, last_hidden)].builtin == "sigmoid" and network.n_layers > 1 else 6
        bound = np.sqrt(scale / sum(W.shape))
        W[...] = rng.uniform(-bound, bound, W.shape)
        network.b[layer][...] = rng.uniform(-bound, bound, W.shape[1])


def build_optimizer(estimator: Any) -> Optimizer:
    """The optimizer that the estimator's solver and its constants stand for."""
    if isinstance(estimator.solver, Optimizer):
        return estimator.solver
    rate = float(estimator.learning_rate_init)
    if estimator.solver == "sgd":
        if estimator.momentum == 0:
            return SGD(rate)
        return (Nesterov if estimator.nesterovs_momentum else Momentum)(rate, estimator.momentum)
    betas = (estimator.beta_1, estimator.beta_2, estimator.epsilon)
    return AdamEpsilonHat(rate, *betas) if estimator.solver == "adam" else AdamW(rate, *betas, estimator.weight_decay)


def training_options(estimator: Any) -> dict[str, Any]:
    """Return the options of `train` that stand for the same in every fit by a stochastic solver."""
    return {
        "optimizer": build_optimizer(estimator),
        "shuffle": bool(estimator.shuffle),
        "dropout": float(estimator.dropout),
        "clip_norm": estimator.clip_norm,
        "engine": estimator.engine,
        "n_threads": estimator.n_threads,
    }


def core_loss(loss: Any, **constants: float) -> Loss:
    """The core's loss of this name, with the constants that it has, or `loss` itself if it is one."""
    if isinstance(loss, Loss):
        return loss
    known = LOSSES[loss]
    return known.with_parameters(**{name: value for name, value in constants.items() if name in known.parameters})


@dataclass(frozen=True)
class SampleInverseScaling:
    """factor = 1/(samples seen + 1)^power, fixed within an epoch, and 1 in the optimizer's first epoch."""

    power: float
    rows: int  # in an epoch
    seen: int  # before this run
    first_step: int  # of this run
    fresh: bool  # whether the optimizer's first epoch is still to come

    def factor(self, step: Array, steps_per_epoch: int, total_steps: int) -> Array:
        epoch = (step - self.first_step) // steps_per_epoch
        factor = np.power(self.seen + epoch * self.rows + 1.0, -self.power)
        return np.where((epoch == 0) & self.fresh, 1.0, factor)


def build_schedule(estimator: Any, rows: int, first_step: int) -> Schedule:
    """The schedule that `learning_rate` stands for; scikit-learn's own three are for its SGD alone."""
    given = estimator.learning_rate
    if given == "invscaling":
        if estimator.solver != "sgd":
            return Constant()
        return SampleInverseScaling(estimator.power_t, rows, estimator.t_, first_step, first_step == 0)
    if given == "adaptive":
        return Constant()  # the training loop lowers the rate, by the stop rule's count
    return as_schedule(given)


def is_adaptive(estimator: Any) -> bool:
    """True if the rate falls, instead of the run ending, when the loss stops improving."""
    return isinstance(estimator.solver, str) and (estimator.solver, estimator.learning_rate) == ("sgd", "adaptive")
