"""TableClassifier: the classifier that `glassnet train` makes, as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight

from glassnet.errors import InputError, shown
from glassnet.tables.columns.targets import encode_classes
from glassnet.tables.estimators.base import BaseTableEstimator, targets
from glassnet.tables.fitting.problem import Problem
from glassnet.tables.model import Task
from glassnet.tables.reading.table import Table
from glassnet.tables.search.learn import Effort

Array = NDArray[Any]


class TableClassifier(ClassifierMixin, BaseTableEstimator):
    """A classifier of the rows of a table with columns of any type: the model of `glassnet train`.

    It takes numbers, words, booleans, dates and missing cells as they are, decides how each column becomes inputs of
    a network, searches for good networks, and averages the best. The same table, settings and seed give the model of the
    command line.

    Parameters
    ----------
    effort : "quick", "default" or "best"
        "quick" trains one network by rule; "default" trains a portfolio of configurations on folds of the rows and averages
        the best; "best" tries three times as many.
    hidden : int or sequence of int, optional
        The widths of the hidden layers. What is given here or below holds for every network; the rest is by rule or by the
        search.
    epochs : int, optional
    learning_rate : float, optional
    plain : bool
        Standardised numbers and 0/1 categories alone as inputs.
    class_weight : dict or "balanced", optional
        Weights of the classes, which multiply the sample weights.
    settings : dict, optional
        Any other option of `glassnet train` by its name, {"dropout": 0.2, "activation": "tanh"}, so that a search of
        scikit-learn reaches them all, though few need a parameter of their own.
    random_state : int, RandomState or None
        The seed. None is 0, as at the command line, so that one table gives one model.
    n_threads : int, optional
        Networks that train at a time; the result is the same.
    verbose : bool
        Print the plan, how far the training is, and its end.

    Attributes
    ----------
    model_ : TableModel
        The model: `model_.summary()` describes it, `gn.save` writes it.
    classes_ : array
        The classes, in the order of predict_proba's columns.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    `gn.save(estimator, path)` writes the file of `glassnet train`, which `glassnet predict` and `gn.load` read; gn.load
    gives the TableModel, whose `predict` takes a path, a frame or an array. Pickle and joblib keep the estimator itself.

    After Ctrl-C fit keeps the best networks so far, and warns.

    Examples
    --------
    >>> import polars as pl
    >>> X = pl.DataFrame({"sky": ["clear", "grey", None] * 20, "wind": [float(k % 7) for k in range(60)]})
    >>> y = ["fly" if wind < 5 and sky == "clear" else "stay" for sky, wind in X.iter_rows()]
    >>> model = TableClassifier("quick", epochs=30).fit(X, y)
    >>> model.predict(pl.DataFrame({"sky": ["clear", "grey"], "wind": [2.0, 2.0]}))
    array(['fly', 'stay'], dtype='<U4')
    """

    task: Task = "classification"
    classes_: Array

    def __init__(
        self,
        effort: Effort = "default",
        *,
        hidden: int | Sequence[int] | None = None,
        epochs: int | None = None,
        learning_rate: float | None = None,
        plain: bool = False,
        class_weight: Any = None,
        settings: Mapping[str, Any] | None = None,
        random_state: Any = None,
        n_threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            effort,
            hidden=hidden,
            epochs=epochs,
            learning_rate=learning_rate,
            plain=plain,
            settings=settings,
            random_state=random_state,
            n_threads=n_threads,
            verbose=verbose,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn the classes y (n,) from the rows of X, a frame or an array (n, d); return the estimator.

        Parameters
        ----------
        X : (n, d) array or frame
            The rows; cells may be numbers, words, booleans, dates or missing.
        y : (n,) array
            The classes, without gaps.
        sample_weight : (n,) array, optional
            Weights of the rows.

        Returns
        -------
        TableClassifier

        Raises
        ------
        InputError
            Names the column and the cell that is wrong, or the parameter.
        """
        classes = targets(y)
        check_classification_targets(classes)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, classes, dtype=np.float64)
        if isinstance(self.class_weight, Mapping):
            of_classes = compute_sample_weight(dict(self.class_weight), classes)
            weights = of_classes if weights is None else weights * of_classes
        ready = self._learn(X, classes, getattr(y, "name", None), weights)
        self.classes_, self._outputs = _classes(classes, ready.problem)
        self._train(ready)
        return self

    def predict_proba(self, X: Any) -> Array:
        """Predict the probability of each class.

        Parameters
        ----------
        X : (n, d) array or frame
            Rows with the columns of `fit`.

        Returns
        -------
        (n, classes) array
            In the order of `classes_`.
        """
        answer = self._answer(X)
        return answer[:, self._outputs]

    def predict(self, X: Any) -> Array:
        """Predict the likeliest class of each row.

        Parameters
        ----------
        X : (n, d) array or frame
            Rows with the columns of `fit`.

        Returns
        -------
        (n,) array
            In the type of y.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[np.argmax(probabilities, axis=1)]


def _classes(y: Array, problem: Problem) -> tuple[Array, Array]:
    """Return the classes that are learned, in the type of y, and the model's output for each; warn if one is left out."""
    classes, counts = np.unique(y, return_counts=True)
    there = set(problem.table.column(problem.target).to_list())
    left_out = np.array([each not in there for each in classes.tolist()])
    if left_out.any() and counts[left_out].max() == 1:
        some = shown(classes[left_out].tolist())
        warnings.warn(f"y: left out the rows of {some}, of which there is one each.", stacklevel=3)
        classes = classes[~left_out]
    outputs = encode_classes(Table(pl.DataFrame({"y": classes.tolist()}), "y"), "y", problem.classes or [])
    if len(set(outputs)) < len(classes):
        raise InputError(f"y: expected classes that differ in a table; got {shown(classes.tolist())}; rename some.")
    return classes, outputs
