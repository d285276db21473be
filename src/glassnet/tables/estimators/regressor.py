"""TableRegressor: the regressor that `glassnet train` makes, as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import column_or_1d
from sklearn.utils.validation import _check_sample_weight

from glassnet.tables.estimators.base import BaseTableEstimator, targets
from glassnet.tables.model import Task

Array = NDArray[Any]


class TableRegressor(RegressorMixin, BaseTableEstimator):
    """A regressor on the rows of a table with columns of any type: the model of `glassnet train`.

    As `TableClassifier`, for a number in place of a class.

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
    settings : dict, optional
        Any other option of `glassnet train` by its name, {"loss": "quantile:q=0.9"}.
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
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import polars as pl
    >>> X = pl.DataFrame({"rooms": [1.0, 2.0, 3.0, 4.0] * 15, "lift": [True, False, None] * 20})
    >>> y = [100 * rooms + (30 if lift else 0) for rooms, lift in X.iter_rows()]
    >>> model = TableRegressor("quick", epochs=30).fit(X, y)
    >>> model.score(X, y) > 0.9
    True
    """

    task: Task = "regression"

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn the numbers y (n,) from the rows of X, a frame or an array (n, d); return the estimator.

        Parameters
        ----------
        X : (n, d) array or frame
            The rows; cells may be numbers, words, booleans, dates or missing.
        y : (n,) array
            The numbers, without gaps.
        sample_weight : (n,) array, optional
            Weights of the rows.

        Returns
        -------
        TableRegressor

        Raises
        ------
        InputError
            Names the column and the cell that is wrong, or the parameter.
        """
        numbers = column_or_1d(targets(y), dtype=np.float64)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, numbers, dtype=np.float64)
        self._train(self._learn(X, numbers, getattr(y, "name", None), weights))
        return self

    def predict(self, X: Any) -> Array:
        """Predict the number of each row.

        Parameters
        ----------
        X : (n, d) array or frame
            Rows with the columns of `fit`.

        Returns
        -------
        (n,) array
            In the units of y.
        """
        return self._answer(X)
