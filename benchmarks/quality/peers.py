"""The peers, each with its own defaults: `fit(problem, seed)` returns a function that predicts rows.

A prediction is a number a row, or the probability of each class, in the order of `problem.classes`. What a library
asks of its user is done as its manual says, and no more: categories as its type for categories, missing cells filled
where it accepts none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.quality.tables import Problem

if TYPE_CHECKING:
    import pandas as pd

Predict = Callable[["pd.DataFrame"], Any]
MOST_CATEGORIES = 255  # HistGradientBoosting accepts no more in a column


def hist_gradient_boosting(problem: Problem, seed: int) -> Predict:
    """Fit scikit-learn's HistGradientBoosting; columns of words have the dtype "category" of pandas.

    Of a column with more than 255 categories the most frequent remain; the others count as missing.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    levels = {name: problem.X[name].value_counts().index[:MOST_CATEGORIES] for name in words(problem.X)}

    def prepared(X: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        return X.assign(**{name: pd.Categorical(X[name], categories=found) for name, found in levels.items()})

    kind = HistGradientBoostingRegressor if is_regression(problem) else HistGradientBoostingClassifier
    model = kind(categorical_features="from_dtype", random_state=seed).fit(prepared(problem.X), problem.y)
    return lambda X: answers(model, prepared(X), problem)


def catboost(problem: Problem, seed: int) -> Predict:
    """Fit CatBoost on one thread, with columns of words as cat_features, whose missing cells are a word."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    def prepared(X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(**{name: X[name].astype(object).fillna("missing").astype(str) for name in words(X)})

    options = {"thread_count": 1, "random_seed": seed, "verbose": False, "allow_writing_files": False}
    kind = CatBoostRegressor if is_regression(problem) else CatBoostClassifier
    model = kind(cat_features=words(problem.X), **options).fit(prepared(problem.X), problem.y)
    return lambda X: answers(model, prepared(X), problem)


def realmlp(problem: Problem, seed: int, **options: Any) -> Predict:
    """Fit RealMLP-TD of pytabkit on one thread; it takes no missing numbers: median, and a column that says so."""
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    numeric = [name for name in problem.X if name not in words(problem.X)]
    holes = [name for name in numeric if problem.X[name].isna().any()]
    medians = problem.X[numeric].median()

    def prepared(X: pd.DataFrame) -> pd.DataFrame:
        filled = X.fillna(medians).astype(dict.fromkeys(numeric, float))
        return filled.assign(**{f"{name} is missing": X[name].isna().astype(float) for name in holes})

    kind = RealMLP_TD_Regressor if is_regression(problem) else RealMLP_TD_Classifier
    y = problem.y.to_numpy(float if is_regression(problem) else object)
    model = kind(n_threads=1, device="cpu", random_state=seed, **options).fit(prepared(problem.X), y)
    return lambda X: answers(model, prepared(X), problem)


def realmlp_for_log_loss(problem: Problem, seed: int) -> Predict:
    """Fit RealMLP-TD for classes with the two options its manual advises where log loss counts, and not accuracy."""
    return realmlp(problem, seed, val_metric_name="cross_entropy", use_ls=False)


def sklearn_mlp(problem: Problem, seed: int) -> Predict:
    """Fit scikit-learn's MLP after the usual steps: impute, scale, one-hot; the target of a regression is scaled."""
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    categorical = words(problem.X)
    numeric = [name for name in problem.X if name not in categorical]
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numeric),
        (OneHotEncoder(handle_unknown="ignore"), categorical),
    )
    if is_regression(problem):
        model = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
    else:
        model = MLPClassifier(random_state=seed)
    pipeline = make_pipeline(columns, model).fit(problem.X, problem.y)
    return lambda X: answers(pipeline, X, problem)


def words(X: pd.DataFrame) -> list[str]:
    """Return the names of the columns that do not hold numbers."""
    return list(X.select_dtypes(exclude="number").columns)


def is_regression(problem: Problem) -> bool:
    return problem.case.task == "regression"


def answers(model: Any, X: pd.DataFrame, problem: Problem) -> Any:
    """Return the numbers, or the probabilities in the order of the problem's classes, that an estimator predicts."""
    if is_regression(problem):
        return np.asarray(model.predict(X), float).ravel()
    place = {str(name): k for k, name in enumerate(model.classes_)}
    return np.asarray(model.predict_proba(X), float)[:, [place[str(name)] for name in problem.classes]]
