"""The estimators inside scikit-learn: search, pipelines, calibration, voting, importance, routing, threads, frames."""

import threading

import joblib
import numpy as np
import pandas
import pytest
import sklearn
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import glassnet as gn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
OPTIONS = {"hidden_layer_sizes": (10,), "max_iter": 60, "learning_rate_init": 0.02, "random_state": 0}


def test_grid_search_over_a_pipeline_on_threads():
    pipeline = make_pipeline(StandardScaler(), gn.MLPClassifier(**OPTIONS))
    grid = {"mlpclassifier__activation": ["relu", ["tanh"]], "mlpclassifier__dropout": [0.0, 0.9]}
    with sklearn.config_context(enable_metadata_routing=False):
        alone = GridSearchCV(pipeline, grid, cv=3).fit(X, NAMES)
    with joblib.parallel_config("threading"):
        threaded = GridSearchCV(pipeline, grid, cv=3, n_jobs=4).fit(X, NAMES)
    assert alone.best_score_ > 0.93
    assert alone.best_params_["mlpclassifier__dropout"] == 0
    assert_allclose(threaded.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"], rtol=0)


def test_calibration_voting_and_importance():
    model = gn.MLPClassifier(**OPTIONS)
    calibrated = CalibratedClassifierCV(model, cv=3).fit(X, NAMES)
    assert calibrated.score(X, NAMES) > 0.9
    assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    voting = VotingClassifier([("a", model), ("b", LogisticRegression(max_iter=500))], voting="soft").fit(X, NAMES)
    assert voting.score(X, NAMES) > 0.9
    shared = permutation_importance(model.fit(X, NAMES), X, NAMES, n_repeats=3, random_state=0)
    assert set(np.argsort(shared.importances_mean)[2:]) == {2, 3}  # the petals tell the species apart
    Xd, yd = load_diabetes(return_X_y=True)
    regressor = gn.MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=60, random_state=0)
    assert VotingRegressor([("a", regressor)]).fit(Xd, yd).score(Xd, yd) > 0.4


def test_set_output_and_feature_names():
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    scaler = StandardScaler().set_output(transform="pandas")
    pipeline = make_pipeline(scaler, gn.MLPClassifier(early_stopping=True, **OPTIONS)).fit(frame, NAMES)
    assert list(pipeline[-1].feature_names_in_) == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="feature names"):
        pipeline[-1].predict(frame[["d", "c", "b", "a"]])


def test_sample_weight_and_validation_data_are_routed():
    weight = np.where(Y == 2, 0.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = gn.MLPClassifier(**OPTIONS).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scores = cross_validate(
            make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model),
            X,
            Y,
            params={"sample_weight": weight},
            cv=3,
            return_estimator=True,
        )
        never = np.concatenate([each.predict(X) for each in scores["estimator"]])
        assert 2 not in never
        assert "X_val" in gn.MLPRegressor().set_fit_request(X_val=True).get_metadata_routing().fit.requests


def test_clone_and_nested_parameters():
    model = gn.MLPRegressor(loss=gn.losses.HUBER, learning_rate=gn.Cosine(warmup=0.1), activation=["relu", "gelu"])
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy.fit, "network_")


def test_many_threads_give_what_one_gives():
    Xd, yd = load_diabetes(return_X_y=True)
    expected = [
        gn.MLPRegressor(hidden_layer_sizes=(8,), max_iter=30, random_state=seed).fit(Xd, yd) for seed in range(6)
    ]
    models = [gn.MLPRegressor(hidden_layer_sizes=(8,), max_iter=30, random_state=seed) for seed in range(6)]
    threads = [threading.Thread(target=model.fit, args=(Xd, yd)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(expected, models, strict=True):
        assert (one.network_.theta == other.network_.theta).all()


def test_cross_validation_of_a_regressor():
    Xd, yd = load_diabetes(return_X_y=True)
    model = gn.MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", alpha=1.0, max_iter=40, random_state=0)
    assert cross_val_score(make_pipeline(StandardScaler(), model), Xd, yd, cv=3).mean() > 0.35
