"""MLPClassifier: scikit-learn's classifier by neural network, trained by glassnet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.callback import with_callbacks
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels

from glassnet.equations.loss import Loss
from glassnet.equations.losses import BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY
from glassnet.estimators.base import BaseMLP
from glassnet.estimators.fitting import Reported
from glassnet.estimators.labels import are_the_classes, decode, encode, fit_binarizer, places_among
from glassnet.estimators.options import CONSTRAINTS
from glassnet.estimators.rows import Rows, check_X_y
from glassnet.estimators.streamed import rows_of

Array = NDArray[Any]


class MLPClassifier(ClassifierMixin, BaseMLP):
    """A classifier by neural network: two or more classes of any type, or many labels a row.

    Takes the place of `sklearn.neural_network.MLPClassifier`: the same parameters, attributes and results, in a
    fraction of the time, and what is missing there.

    Parameters
    ----------
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
    class_weight : dict, "balanced" or None
        Weights of the classes, which multiply the sample weights; "balanced" is n / (classes · count of the class).
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
    classes_ : array
        The classes, in the order of predict_proba's columns.
    network_ : Network
        The network itself; coefs_ and intercepts_ are its W and b.
    coefs_, intercepts_ : lists of arrays
        The weights and biases of the layers.
    loss_, loss_curve_, best_loss_ : float, list of float, float or None
        The last loss, that of each epoch, and the least (None with early stopping).
    validation_loss_curve_ : list of float or None
        The loss on the validation rows after each epoch, without penalty, where there are any.
    validation_scores_, best_validation_score_ : list of float, float; or None
        The accuracy on the validation rows after each epoch, with early stopping.
    n_iter_, t_ : int
        Epochs of the last fit; samples seen in all.
    n_features_in_, feature_names_in_, n_outputs_, n_layers_, out_activation_
        As in scikit-learn.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((20,), max_iter=500, learning_rate_init=0.01, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """

    _parameter_constraints = {  # noqa: RUF012  # as in every scikit-learn estimator
        **CONSTRAINTS,
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
    }
    loss = "log_loss"
    classes_: Array

    def __init__(
        self,
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
        dropout: float = 0.0,
        class_weight: Any = None,
        clip_norm: float | None = None,
        weight_decay: float = 0.01,
        init: Any = "auto",
        keep_optimizer: bool = False,
        engine: str = "auto",
        n_threads: int | None = None,
        checkpoint: Any = None,
    ) -> None:
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
        self.dropout = dropout
        self.class_weight = class_weight
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
    ) -> MLPClassifier:
        """Train on rows and their classes.

        Parameters
        ----------
        X : (n, d) array, sparse matrix or frame; or rows of `open_rows`, or batches of (X, y), which need no y
            The rows.
        y : (n,) array, or (n, k) array
            The classes, of any type, or 0/1 labels.
        sample_weight : (n,) array, optional
            Weights of the rows.
        X_val, y_val, sample_weight_val : arrays, optional
            Validation rows: the loss on them is kept in `validation_loss_curve_`, and early stopping watches them.

        Returns
        -------
        MLPClassifier
            The estimator.

        Raises
        ------
        ValueError
            If an argument or a parameter is not as it should be.
        """
        return self._fit_as_task(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(lambda estimator: estimator._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None, classes: Any = None) -> MLPClassifier:
        """Train one epoch on these rows, from where the estimator stands.

        Parameters
        ----------
        X : (n, d) array, sparse matrix or frame; or rows of `open_rows`, or batches of (X, y), which need no y
            The rows.
        y : (n,) array, or (n, k) array
            The classes, or 0/1 labels.
        sample_weight : (n,) array, optional
            Weights of the rows.
        classes : array, optional
            All classes, which the first call needs; y need not contain them.

        Returns
        -------
        MLPClassifier
            The estimator.

        Raises
        ------
        ValueError
            If a class is unknown, or class_weight is "balanced", which needs all of y.
        """
        if classes is None and not hasattr(self, "classes_") and rows_of(X, y) is not None:
            return self._fit(X, y, sample_weight, incremental=True)  # all of y can be looked at
        known = hasattr(self, "classes_") and (classes is None or are_the_classes(self.classes_, classes))
        if not known and _check_partial_fit_first_call(self, classes):
            self._label_binarizer = LabelBinarizer().fit(y if type_of_target(y).startswith("multilabel") else classes)
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight: expected a dict with partial_fit, which does not see all of y; got 'balanced'; pass the "
                "weights that compute_class_weight gives for all of y."
            )
        return self._fit(X, y, sample_weight, incremental=True)

    def _check_targets(self, X: Any, y: Any, incremental: bool, first: bool) -> tuple[Any, Array]:
        X, y = check_X_y(self, X, y, first)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = fit_binarizer(y)
            self.classes_ = self._label_binarizer.classes_
        elif self.warm_start or places_among(self.classes_, y) is None:
            self._check_classes(unique_labels(y))
        return X, self._encode(y)

    def _check_classes(self, classes: Array) -> None:
        """Refuse classes that a fit, which goes on, has not seen."""
        if self.warm_start:
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"y: expected classes among {self.classes_}; got {classes}; pass all `classes` to the first partial_fit."
            )

    def _encode(self, y: Any) -> Array:
        return encode(self._label_binarizer, y)

    def _weights_of(self, y: Any, sample_weight: Any) -> Any:
        if self.class_weight is None:
            return sample_weight
        weights = compute_sample_weight(self.class_weight, y)
        return weights if sample_weight is None else weights * sample_weight

    def _output_and_loss(self) -> tuple[str, Loss]:
        if self._label_binarizer.y_type_ == "multiclass":
            return "softmax", CATEGORICAL_CROSS_ENTROPY
        return "logistic", BINARY_CROSS_ENTROPY

    def _reported(self, rows: Rows) -> Reported:
        return Reported()

    @property
    def _score(self) -> str:
        """The accuracy; with several labels a row counts if all of them are right."""
        one_of_several = self.out_activation_ == "softmax" or len(self.classes_) == 1
        return "accuracy" if one_of_several else "exact_match"

    # --- prediction -------------------------------------------------------------------------------------------

    def predict(self, X: Any) -> Array:
        """Predict the classes.

        Parameters
        ----------
        X : (n, d) array, sparse matrix or frame
            The rows.

        Returns
        -------
        (n,) array of classes, or (n, k) array of 0/1 labels
        """
        output = self._output(X)
        return decode(self._label_binarizer, output)

    def predict_proba(self, X: Any) -> Array:
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : (n, d) array, sparse matrix or frame
            The rows.

        Returns
        -------
        (n, n_classes) array, in the order of `classes_`; with several labels (n, k), one of each label
        """
        output = self._output(X)
        return np.hstack([1 - output, output]) if self.n_outputs_ == 1 else output

    def predict_log_proba(self, X: Any) -> Array:
        """Predict the natural logarithms of the probabilities.

        Parameters
        ----------
        X : (n, d) array, sparse matrix or frame
            The rows.

        Returns
        -------
        (n, n_classes) array
        """
        probabilities = self.predict_proba(X)
        return np.log(probabilities, out=probabilities)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
