"""The common base of both estimators: scikit-learn's fit, partial_fit and predict around a Network and an engine."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state, estimator_html_repr
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from glassnet.equations.loss import Loss
from glassnet.errors import shown
from glassnet.estimators.drawing import draw_estimator
from glassnet.estimators.fitting import Fitting, Reported, Solver
from glassnet.estimators.held_out import split, validation_rows
from glassnet.estimators.minimising import fit_by_lbfgs, loss_grad_lbfgs
from glassnet.estimators.options import CONSTRAINTS, STOCHASTIC, build_network, draw_parameters, hidden_sizes
from glassnet.estimators.rows import Rows, as_inputs, as_rows, check_X
from glassnet.estimators.state import from_state, to_state
from glassnet.estimators.streamed import fit_rows, rows_of
from glassnet.estimators.tasks import tasks
from glassnet.estimators.training_setup import training_setup
from glassnet.network import passes
from glassnet.network.engines import ENGINES, choose_engine
from glassnet.network.inputs import as_dense, check_sample_weight
from glassnet.network.network import Network
from glassnet.training.optimizers import Optimizer

Array = NDArray[Any]

# the slope of this "loss" is its target: the backward pass then gives the derivative of one output
_OUTPUT = Loss("output", lambda z, y: z * y, lambda z, y: y)


class BaseMLP(CallbackSupportMixin, BaseEstimator):
    """Base of MLPClassifier and MLPRegressor, which define the targets and the output."""

    _parameter_constraints: dict[str, list[Any]] = CONSTRAINTS

    # the parameters that are read here; each estimator's __init__ lists and documents all of them
    hidden_layer_sizes: Any
    activation: Any
    solver: Any
    init: Any
    early_stopping: bool
    validation_fraction: float
    alpha: float
    warm_start: bool
    max_iter: int
    random_state: Any
    engine: str
    checkpoint: Any

    # what fit leaves behind
    network_: Network
    coefs_: list[Array]
    intercepts_: list[Array]
    n_outputs_: int
    out_activation_: str
    loss_curve_: list[float]
    best_loss_: float | None
    validation_loss_curve_: list[float] | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    _optimizer: Solver | None
    _best_theta: Array | None

    # --- what the estimators differ in ------------------------------------------------------------------------

    @abstractmethod
    def _check_targets(self, X: Any, y: Any, incremental: bool, first: bool) -> tuple[Any, Array]:
        """X and the targets (n, k) as the loss takes them, validated; sets or checks the classes."""

    @abstractmethod
    def _encode(self, y: Any) -> Array:
        """Targets (n, k) of further rows, such as validation data."""

    @abstractmethod
    def _output_and_loss(self) -> tuple[str, Loss]:
        """scikit-learn's name of the output activation, and the loss."""

    @property
    @abstractmethod
    def _score(self) -> str:
        """The name of the score that early stopping watches."""

    @abstractmethod
    def _reported(self, rows: Rows) -> Reported:
        """Return the conversion from the core's loss on these rows to the reported one."""

    def _weights_of(self, y: Any, sample_weight: Any) -> Any:
        """Return the sample weights, times those that a subclass adds."""
        return sample_weight

    # --- training ---------------------------------------------------------------------------------------------

    def _fit_as_task(self, X: Any, y: Any, sample_weight: Any, validation: tuple[Any, ...]) -> Any:
        """_fit, as the outermost task of scikit-learn's callbacks."""
        context = self._init_callback_context(max_subtasks=self.max_iter + 1)  # lbfgs begins one more than it ends
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        context.call_on_fit_task_begin(estimator=self, X=X, y=y, metadata=metadata)
        self._fit(X, y, sample_weight, validation)
        context.call_on_fit_task_end(estimator=self, X=X, y=y, metadata=metadata, reconstruction_attributes={})
        return self

    def _fit(
        self, X: Any, y: Any, sample_weight: Any = None, validation: tuple[Any, ...] = (), incremental: bool = False
    ) -> Any:
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        hidden_sizes(self.hidden_layer_sizes)
        if (opened := rows_of(X, y, sample_weight)) is not None:
            return fit_rows(self, opened, validation, incremental, first)
        given_y = y
        X, Y = self._check_targets(X, y, incremental, first)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        sample_weight = check_sample_weight(self._weights_of(given_y, sample_weight), len(Y), X.dtype)
        rng = cache(partial(check_random_state, self.random_state))  # seeding takes as long as a small step
        self._set_up(X, Y, rng, first)
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")

        dtype, held_out = self.network_.dtype, validation_rows(self, validation)
        stochastic = self.solver != "lbfgs"
        if stochastic and self.early_stopping and held_out is None:
            X, Y, sample_weight, held_out = split(self, X, Y, sample_weight, rng())
        rows = as_rows(X, Y, sample_weight, dtype)
        self.validation_loss_curve_ = (
            None if held_out is None else [] if first else list(self.validation_loss_curve_ or [])
        )
        fitting = Fitting(self, rows, held_out, rng, tasks(self, X, given_y, sample_weight, incremental))
        if stochastic:
            fitting.stochastic(incremental)
        else:
            fit_by_lbfgs(fitting)
        return self

    def _set_up(self, X: Any, Y: Array, rng: Callable[[], np.random.RandomState], first: bool) -> None:
        """Build the network and the attributes of a first fit, or take up the parameters where they stand."""
        self.n_outputs_ = Y.shape[1]
        sizes = [X.shape[1], *hidden_sizes(self.hidden_layer_sizes), self.n_outputs_]
        if not first:
            self._take_up_parameters(sizes, X.dtype)
            return
        self.out_activation_, loss = self._output_and_loss()
        self.network_ = build_network(sizes, self.activation, self.out_activation_, loss, X.dtype)
        draw_parameters(self.network_, self.init, rng())
        self._show_parameters()
        self.n_layers_ = len(sizes)
        self.n_iter_ = self.t_ = self._no_improvement_count = 0
        self.loss_curve_ = []
        self._optimizer = None
        watches_score = self.early_stopping and self.solver != "lbfgs"
        self._best_theta = self.network_.theta.copy() if watches_score else None
        self.best_loss_ = None if watches_score else np.float64(np.inf)
        self.validation_scores_ = [] if watches_score else None
        self.best_validation_score_ = -np.inf if watches_score else None
        self.validation_loss_curve_ = None

    def _take_up_parameters(self, sizes: list[int], dtype: Any) -> None:
        """Continue from the current coefs_ and intercepts_, even if the user assigned them."""
        if not hasattr(self, "network_"):
            out_activation, loss = self._output_and_loss()
            self.network_ = build_network(sizes, self.activation, out_activation, loss, dtype)
        if not self.network_.theta.flags.writeable:  # of a model that was loaded with joblib's mmap_mode="r"
            self.network_ = self.network_.copy()
        self._read_parameters()
        self._show_parameters()
        if self.early_stopping and getattr(self, "validation_scores_", None) is None:
            self.validation_scores_, self.best_validation_score_ = [], -np.inf
            self._best_theta = self.network_.theta.copy()
        if not self.early_stopping and getattr(self, "best_loss_", None) is None:
            self.best_loss_ = np.float64(np.inf)

    def _show_parameters(self) -> None:
        """Make coefs_ and intercepts_ views of the network's parameters."""
        self.coefs_ = list(self.network_.W.values())
        self.intercepts_ = list(self.network_.b.values())

    def _read_parameters(self) -> Network:
        """Return the network, with arrays that the user may have assigned to coefs_ and intercepts_."""
        net = self.network_
        for given, own in ((self.coefs_, net.W), (self.intercepts_, net.b)):
            for array, view in zip(given, own.values(), strict=True):
                if array is not view:
                    view[...] = array
        return net

    def initialize(self, X: Any, y: Any) -> Any:
        """Draw the initial parameters for data of this shape without training; return the estimator.

        It can then predict, and `warm_start=True` or `partial_fit` continue from here, also from parameters you write
        into `coefs_` and `intercepts_`.

        Parameters
        ----------
        X, y : arrays
            As `fit` takes them.

        Returns
        -------
        MLPClassifier or MLPRegressor
        """
        self._validate_params()
        X, Y = self._check_targets(X, y, incremental=False, first=True)
        self._set_up(X, Y, partial(check_random_state, self.random_state), first=True)
        return self

    def training_setup(self, X: Any, y: Any) -> tuple[Network, Array, Array, dict[str, Any]]:
        """Return the training that `fit(X, y)` would do: initial network, rows, targets and the options of `glassnet.train`.

        `glassnet.diagnose(estimator, X, y)` examines it.

        Parameters
        ----------
        X, y : arrays
            As `fit` takes them.

        Returns
        -------
        (Network, array, array, dict)
        """
        return training_setup(self, X, y)

    def _check_solver(self) -> bool:
        """True if partial_fit exists, as it does for stochastic solvers; raise AttributeError otherwise."""
        if self.solver not in STOCHASTIC and not isinstance(self.solver, Optimizer):
            raise AttributeError(
                f"partial_fit: expected a stochastic solver; got {self.solver!r}; use 'adam' or 'sgd'."
            )
        return True

    _loss_grad_lbfgs = loss_grad_lbfgs

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name.

        Parameters
        ----------
        deep : bool
            True for those of an optimizer object too, as solver__learning_rate etc.

        Returns
        -------
        dict
        """
        parameters: dict[str, Any] = super().get_params(deep)
        if deep and isinstance(self.solver, Optimizer):
            parameters |= {
                f"solver__{constant.name}": getattr(self.solver, constant.name) for constant in fields(self.solver)
            }
        return parameters

    def set_params(self, **parameters: Any) -> Any:
        """Set parameters by name; those of an optimizer object, such as solver__learning_rate, by a changed copy of it.

        Parameters
        ----------
        **parameters
            The values by name.

        Returns
        -------
        MLPClassifier or MLPRegressor

        Raises
        ------
        ValueError
            If there is no parameter of that name.
        """
        own = {name: value for name, value in parameters.items() if not name.startswith("solver__")}
        super().set_params(**own)
        constants = {name.removeprefix("solver__"): parameters[name] for name in parameters.keys() - own.keys()}
        if not constants:
            return self
        known = [constant.name for constant in fields(self.solver)] if isinstance(self.solver, Optimizer) else []
        for name in sorted(constants.keys() - set(known)):
            valid = ", ".join(f"solver__{each}" for each in known)
            way_out = f"use one of {valid}" if valid else "pass an optimizer object, e.g. solver=glassnet.Adam()"
            raise ValueError(
                f"solver__{name}: expected a constant of the optimizer in `solver`; got solver={shown(self.solver)}; {way_out}."
            )
        self.solver = replace(self.solver, **constants)
        return self

    # --- what it computes -------------------------------------------------------------------------------------

    def _output(self, X: Any) -> Array:
        """The network's outputs (n, n_outputs) for rows that a user passed."""
        check_is_fitted(self, "coefs_")
        return self._output_of(check_X(self, X))

    def _output_of(self, X: Any) -> Array:
        network = self._read_parameters()
        engine = ENGINES[choose_engine(self.engine, {name: each.refuses(network) for name, each in ENGINES.items()})]
        with np.errstate(over="ignore", invalid="ignore"):
            return engine.output(network, as_inputs(X, network.dtype))

    def _trace(self, X: Any) -> passes.Trace:
        check_is_fitted(self, "coefs_")
        network = self._read_parameters()
        X = as_inputs(check_X(self, X), network.dtype)
        return passes.forward(network.activations, network.W, network.b, X)

    def hidden_activations(self, X: Any) -> list[Array]:
        """Return the activations of each hidden layer.

        Parameters
        ----------
        X : (n, d) array, sparse matrix or frame
            The rows.

        Returns
        -------
        list of (n, width) arrays
        """
        trace = self._trace(X)
        return [trace.A[layer] for layer in range(1, self.network_.n_layers)]

    def input_gradients(self, X: Any, y: Any = None) -> Array:
        """Return the derivative of the outputs by the inputs or, given y, of each sample's loss by its inputs.

        The outputs are those of `predict` for a regressor and of `predict_proba` for a classifier (of the second
        class if there are two).

        Parameters
        ----------
        X : (n, d) array or sparse matrix
            The rows.
        y : array, optional
            Their targets, as `fit` takes them.

        Returns
        -------
        array
            ∂output/∂X, (n, d) for one output and (n, n_outputs, d) for more; with y ∂ℓᵢ/∂xᵢ, (n, d).
        """
        trace = self._trace(as_dense(X))  # the result is as large
        net, n = self.network_, len(trace.output)

        def backward(loss: Loss, Y: Array) -> Array:
            # of the mean over the rows, hence times n
            return passes.backward(net.activations, loss, net.layout, net.theta, trace, Y).X * n

        if y is not None:
            return backward(net.loss_function, self._encode(y).astype(net.dtype))
        units = np.eye(self.n_outputs_, dtype=net.dtype)
        gradients = [backward(_OUTPUT, np.tile(unit, (n, 1))) for unit in units]
        return gradients[0] if len(gradients) == 1 else np.stack(gradients, axis=1)

    def _html_repr(self) -> str:
        """scikit-learn's table of parameters, and a drawing of the network."""
        return str(estimator_html_repr(self)) + draw_estimator(self)

    # --- keeping it -------------------------------------------------------------------------------------------

    def _to_state(self) -> dict[str, Any]:
        """All that makes it up, as plain values and objects of the core, for a model file."""
        return to_state(self)

    @classmethod
    def _from_state(cls, given: dict[str, Any]) -> Any:
        """The estimator that `_to_state` described; raises InputError for a description that does not fit together."""
        return from_state(cls, given)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle: coefs_ and intercepts_ are views of the network's parameters, which are kept once."""
        state = dict(super().__getstate__())
        if "network_" in state and "coefs_" in state:
            self._read_parameters()
            del state["coefs_"], state["intercepts_"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "network_" in state and "coefs_" not in state:
            self._show_parameters()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
