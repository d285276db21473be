"""MLPRegressor: scikit-learn's regressor by neural network, trained by glassnet."""

from __future__ import annotations

from numbers import Real
from typing import Any

from numpy.typing import NDArray
from sklearn.base import RegressorMixin, _fit_context
from sklearn.callback import with_callbacks
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if

from glassnet.equations.activations import OF_SKLEARN
from glassnet.equations.loss import Loss
from glassnet.equations.losses import POISSON
from glassnet.errors import InputError
from glassnet.estimators.base import BaseMLP
from glassnet.estimators.fitting import Reported
from glassnet.estimators.options import CONSTRAINTS, core_loss
from glassnet.estimators.rows import Rows, check_X_y

Array = NDArray[Any]

LOSSES = ("squared_error", "absolute_error", "huber", "quantile", "poisson")


class MLPRegressor(RegressorMixin, BaseMLP):
    """A regressor by neural network: one number a row, or several.

    Takes the place of `sklearn.neural_network.MLPRegressor`: the same parameters, attributes and results, in a
    fraction of the time, and what is missing there.

    Parameters
    ----------
    loss : str or Loss
        "squared_error" (½ of it), "absolute_error" for the median, "huber", "quantile", "poisson" for counts (the
        output is an exponential), or a Loss of your own.
    hidden_layer_sizes : int or sequence of int
        The widths of the hidden layers; () makes a linear model.
    activation : str, Activation, or a list of them
        Of the hidden layers: "identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus" or
        an Activation of your own; a list has one a layer.
    solver : {"adam", "sgd", "adamw", "lbfgs"} or Optimizer
        "adamw" decays all parameters by `weight_decay`; an optimizer such as RMSprop(0.01) brings its own constants.
    alpha : float
        The L2 penalty ½·alpha·ΣW², divided by the rows of the batch (by their weights where there are any).
    batch_size : int or "auto"
        Rows a step; "auto" is min(200, n).
    learning_rate : str or schedule
        "constant"; for "sgd" also "invscaling" and "adaptive" as in scikit-learn; for every stochastic solver "cosine",
        "one_cycle", "step", "inverse_scaling", or a schedule such as Cosine(warmup=0.1), over `max_iter` epochs.
    learning_rate_init : float
        The (initial) learning rate.
    power_t : float
        The exponent of "invscaling".
    max_iter : int
        The most epochs (iterations, for "lbfgs").
    shuffle : bool
        Whether each epoch visits the rows in a new order.
    random_state : int, RandomState or None
        Of the initial parameters, the held-out rows, the order of the rows and dropout, drawn as scikit-learn does.
    tol, n_iter_no_change : float, int
        Training ends when the loss (with early stopping the score) has not improved by tol for more than
        n_iter_no_change epochs in a row.
    verbose : bool
        Print the loss of each epoch, also for "lbfgs".
    warm_start : bool
        Go on from the parameters of the last fit.
    momentum, nesterovs_momentum : float, bool
        Of "sgd".
    early_stopping : bool
        Hold out validation_fraction of the rows (or use X_val, y_val of fit), end when their score no longer improves,
        and keep the parameters of the best score.
    validation_fraction : float
        The share held out.
    beta_1, beta_2, epsilon : float
        Of "adam" and "adamw".
    max_fun : int
        The most loss evaluations of "lbfgs".
    dropout : float
        The probability that a hidden activation is set to 0 in a step.
    quantile, delta : float
        Which quantile the loss "quantile" aims at; where "huber" turns from squares to absolute values.
    clip_norm : float, optional
        The largest Euclidean norm a gradient may have.
    weight_decay : float
        Of "adamw".
    init : str or function
        Initial weights: "auto" as in scikit-learn (Glorot's uniform draw, biases too), or "he_normal", "he_uniform",
        "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform", "orthogonal", "zeros", f(rng, fan_in, fan_out).
    keep_optimizer : bool
        On a warm start, go on with the optimizer's momentum and step count too.
    engine : {"auto", "native", "numpy"}
        What computes; "auto" is the compiled engine where it can.
    n_threads : int, optional
        Of the compiled engine, for wide networks; the result is the same.
    checkpoint : Checkpoint, optional
        The folder where fit saves itself after epochs, and from where it goes on; for the stochastic solvers.

    Attributes
    ----------
    network_ : Network
        The network itself; coefs_ and intercepts_ are its W and b.
    coefs_, intercepts_ : lists of arrays
        The weights and biases of the layers.
    loss_, loss_curve_, best_loss_ : float, list of float, float or None
        The last loss, that of each epoch, and the least (None with early stopping).
    validation_loss_curve_ : list of float or None
        The loss on the validation rows after each epoch, without penalty, where there are any.
    validation_scores_, best_validation_score_ : list of float, float; or None
        R² on the validation rows after each epoch, with early stopping.
    n_iter_, t_ : int
        Epochs of the last fit; samples seen in all.
    n_features_in_, feature_names_in_, n_outputs_, n_layers_, out_activation_
        As in scikit-learn.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", tol=1.0, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.4
    True
    """

    _parameter_constraints = {  # noqa: RUF012  # as in every scikit-learn estimator
        **CONSTRAINTS,
        "loss": [StrOptions(set(LOSSES)), Loss],
        "quantile": [Interval(Real, 0, 1, closed="both")],
        "delta": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        quantile: float = 0.5,
        delta: float = 1.0,
        dropout: float = 0.0,
        clip_norm: float | None = None,
        weight_decay: float = 0.01,
        init: Any = "auto",
        keep_optimizer: bool = False,
        engine: str = "auto",
        n_threads: int | None = None,
        checkpoint: Any = None,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.quantile = quantile
        self.delta = delta
        self.dropout = dropout
        self.clip_norm = clip_norm
        self.weight_decay = weight_decay
        self.init = init
        self.keep_optimizer = keep_optimizer
        self.engine = engine
        self.n_threads = n_threads
        self.checkpoint = checkpoint

    # --- training ---------------------------------------------------------------------------------------------

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> MLPRegressor:
        """Train on rows and their numbers.

        Parameters
        ----------
        X : (n, d) array, sparse matrix or frame; or rows of `open_rows`, or batches of (X, y), which need no y
            The rows.
        y : (n,) or (n, k) array
            The numbers.
        sample_weight : (n,) array, optional
            Weights of the rows.
        X_val, y_val, sample_weight_val : arrays, optional
            Validation rows: the loss on them is kept in `validation_loss_curve_`, and early stopping watches them.

        Returns
        -------
        MLPRegressor
            The estimator.

        Raises
        ------
        ValueError
            If an argument or a parameter is not as it should be.
        """
        return self._fit_as_task(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(lambda estimator: estimator._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> MLPRegressor:
        """Train one epoch on these rows, from where the estimator stands.

        Parameters
        ----------
        X : (n, d) array, sparse matrix or frame; or rows of `open_rows`, or batches of (X, y), which need no y
            The rows.
        y : (n,) or (n, k) array
            The numbers.
        sample_weight : (n,) array, optional
            Weights of the rows.

        Returns
        -------
        MLPRegressor
            The estimator.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def _check_targets(self, X: Any, y: Any, incremental: bool, first: bool) -> tuple[Any, Array]:
        X, y = check_X_y(self, X, y, first, y_numeric=True)
        return X, self._column(y)

    def _encode(self, y: Any) -> Array:
        return self._column(check_array(y, ensure_2d=False, dtype="numeric", input_name="y"))

    def _column(self, y: Any) -> Array:
        y = y.toarray() if hasattr(y, "toarray") else y
        if self.loss == "poisson" and (y < 0).any():
            raise InputError(f"y: expected counts ≥ 0 for loss 'poisson'; got {y.min():g}; use loss='squared_error'.")
        return y[:, None] if y.ndim == 1 else y

    def _output_and_loss(self) -> tuple[str, Loss]:
        loss = core_loss(self.loss, q=self.quantile, delta=self.delta)
        names = {core: name for name, core in OF_SKLEARN.items()}
        return names.get(loss.link, loss.link), loss

    def _reported(self, rows: Rows) -> Reported:
        if self.loss != "poisson":
            return Reported(scale=1 / rows.Y.shape[1])
        return Reported(offset=-POISSON.floor(rows.Y, rows.sample_weight))  # scikit-learn's loss is 0 at the best fit

    @property
    def _score(self) -> str:
        return "r_squared"

    # --- prediction -------------------------------------------------------------------------------------------

    def predict(self, X: Any) -> Array:
        """Predict the numbers, in the units of y.

        Parameters
        ----------
        X : (n, d) array, sparse matrix or frame
            The rows.

        Returns
        -------
        (n,) array for one output, (n, n_outputs) for more
        """
        output = self._output(X)
        return output[:, 0] if output.shape[1] == 1 else output
