"""Measures agree with scikit-learn's, and their uncertainty with the spread over fresh samples."""

import numpy as np
import pytest
from sklearn import metrics

from glassnet.network.network import Network
from glassnet.tables.reading.read import as_table
from glassnet.tables.report import measures as module
from glassnet.tables.report.baselines import compare, cross_fit_baselines, fit_baselines
from glassnet.tables.report.calibration import calibration, residuals
from glassnet.tables.report.measures import measure_classes, measure_numbers, roc_auc
from glassnet.tables.search.learn import learn
from glassnet.tables.settings import Settings


def classes_drawn(seed, n, k, rounded=False):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, k)) * 2
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if rounded:  # ties among the scores
        probabilities[:, 1:] = (16 / k * probabilities[:, 1:]).round() / 16
        probabilities[:, 0] = 1 - probabilities[:, 1:].sum(axis=1)
    return probabilities, np.argmax(logits + rng.gumbel(size=(n, k)), axis=1)


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize(("n", "k"), [(20, 2), (500, 2), (300, 3), (1000, 11)])
def test_measures_of_classes_are_those_of_scikit_learn(n, k, rounded):
    probabilities, y = classes_drawn(n + k, n, k, rounded)
    probabilities[0] = np.eye(k)[(y[0] + 1) % k]  # certain and wrong
    measured, predicted = measure_classes(probabilities, y), np.argmax(probabilities, axis=1)
    expected = {
        "rows": n,
        "accuracy": metrics.accuracy_score(y, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, predicted),
        "macro_f1": metrics.f1_score(y, predicted, average="macro", labels=np.unique(y), zero_division=0.0),
        "log_loss": metrics.log_loss(y, probabilities, labels=np.arange(k)),
    }
    if k == 2:
        expected["roc_auc"] = metrics.roc_auc_score(y, probabilities[:, 1])
    assert {name: measured[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    assert set(measured) == {*expected, "uncertainty", "calibration", "confusion"}
    assert set(measured["uncertainty"]) == set(expected) - {"rows"}
    np.testing.assert_array_equal(measured["confusion"], metrics.confusion_matrix(y, predicted, labels=np.arange(k)))


def test_measures_of_numbers_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = 1e6 + rng.normal(size=200)  # a mean far from 0 must not cost digits
    predicted = y + 0.3 * rng.normal(size=200)
    measured = measure_numbers(predicted, y)
    expected = {
        "r2": metrics.r2_score(y, predicted),
        "rmse": metrics.root_mean_squared_error(y, predicted),
        "mae": metrics.mean_absolute_error(y, predicted),
    }
    assert {name: measured[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    assert set(measured) == {*expected, "rows", "uncertainty", "residuals"}


def test_float32_probabilities_are_made_to_sum_to_1():
    probabilities, y = classes_drawn(0, 50, 3)
    halved = (probabilities / 2).astype(np.float32)
    assert measure_classes(halved, y)["log_loss"] == pytest.approx(
        measure_classes(probabilities, y)["log_loss"], rel=1e-6
    )


def test_the_uncertainty_is_the_spread_over_fresh_rows():
    n = 400
    fresh = [measure_classes(*classes_drawn(seed, n, 2)) for seed in range(300)]
    for name, deviation in fresh[0]["uncertainty"].items():
        spread = np.std([each[name] for each in fresh])
        assert np.mean([each["uncertainty"][name] for each in fresh]) == pytest.approx(spread, rel=0.15), name
        assert deviation == pytest.approx(spread, rel=0.4), name


def test_the_uncertainty_of_numbers_is_the_spread_over_fresh_rows():
    def draw(seed):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=300)
        return measure_numbers(y + rng.normal(size=300) / 2, y)

    fresh = [draw(seed) for seed in range(300)]
    for name in ("r2", "rmse", "mae"):
        spread = np.std([each[name] for each in fresh])
        assert np.mean([each["uncertainty"][name] for each in fresh]) == pytest.approx(spread, rel=0.15), name


def test_the_uncertainty_of_many_rows_is_scaled_from_some(monkeypatch):
    probabilities, y = classes_drawn(0, 4000, 2)
    whole = measure_classes(probabilities, y)["uncertainty"]
    monkeypatch.setattr(module, "MOST_RESAMPLED", 1000)
    assert measure_classes(probabilities, y)["uncertainty"] == pytest.approx(whole, rel=0.25)


def test_the_deviation_of_the_roc_auc_by_hand():
    """Class 1 has 3, 2, class 0 has 2, 1: a tie counts one half. Shares beaten: 1, 3/4 of class 1; 3/4, 1 of class 0."""
    area, deviation = roc_auc(np.array([3.0, 2.0, 2.0, 1.0]), np.array([1, 1, 0, 0]))
    assert area == 7 / 8
    assert deviation == pytest.approx(np.sqrt((1 / 32) / 2 + (1 / 32) / 2))
    assert np.isnan(roc_auc(np.array([1.0, 2.0]), np.array([0, 1]))[1])


def test_one_row_and_equal_targets_have_measures():
    one = measure_numbers(np.array([1.0]), np.array([3.0]))
    assert one["rmse"] == one["mae"] == 2
    assert np.isnan(one["r2"])
    assert "r2" not in one["uncertainty"]
    assert measure_classes(np.array([[0.25, 0.75]]), np.array([1]))["accuracy"] == 1


def test_the_calibration_of_right_probabilities_is_that_of_chance():
    rng = np.random.default_rng(0)
    p = rng.uniform(size=5000)
    y = (rng.uniform(size=5000) < p).astype(int)
    right = calibration(np.stack([1 - p, p], axis=1), y)
    assert [rows for *_, rows in right["bins"]] == [500] * 10
    np.testing.assert_allclose([mean for mean, *_ in right["bins"]], np.arange(0.05, 1, 0.1), atol=0.02)
    assert right["error"] == pytest.approx(right["by_chance"], rel=0.6)
    errors = []
    for seed in range(1, 201):
        drawn = (np.random.default_rng(seed).uniform(size=5000) < p).astype(int)
        errors.append(calibration(np.stack([1 - p, p], axis=1), drawn)["error"])
    assert np.mean(errors) == pytest.approx(right["by_chance"], rel=0.05)
    bold = np.where(p > 0.5, 0.9 + 0 * p, 0.1)  # says 0.9 where 0.75 is true
    assert calibration(np.stack([1 - bold, bold], axis=1), y)["error"] == pytest.approx(0.15, abs=0.02)


def test_the_calibration_of_three_classes_is_that_of_the_predicted_one():
    probabilities = np.array([[0.6, 0.3, 0.1]] * 4 + [[0.1, 0.1, 0.8]] * 4)
    found = calibration(probabilities, np.array([0, 0, 1, 2, 2, 2, 2, 0]))
    assert found["bins"] == [[pytest.approx(0.7), 5 / 8, 8]]
    assert found["error"] == pytest.approx(0.075)


def test_residuals_by_predicted_value():
    predicted = np.repeat([1.0, 2.0], 100)
    y = predicted + np.tile(np.linspace(-1, 1, 100), 2) * np.repeat([1, 10], 100)
    found = residuals(predicted, y)
    assert len(found["bins"]) == 10
    assert found["bins"][0][0] == 1
    assert found["bins"][-1][0] == 2
    assert found["quantiles"][2] == pytest.approx(0, abs=1e-12)
    assert found["quantiles"][0] == pytest.approx(np.quantile(y - predicted, 0.05))


def test_the_linear_model_is_that_of_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 5))
    z = X @ [1.0, -2.0, 0.5, 0.0, 0.0] + rng.logistic(size=1000)
    y = (z > 0).astype(int)
    made = fit_baselines(Network([5, 8, 1], output="sigmoid"), X, y, classes=2).predict(X)
    assert made["constant"].tolist() == [[1 - y.mean(), y.mean()]] * 1000
    expected = linear_model.LogisticRegression(C=1.0).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(made["linear"], expected, atol=0.02)
    z = 1e3 + 1e3 * z
    made = fit_baselines(Network([5, 8, 1]), X, z, np.ones(1000)).predict(X)
    assert made["constant"].tolist() == pytest.approx([np.mean(z)] * 1000)
    np.testing.assert_allclose(made["linear"], linear_model.LinearRegression().fit(X, z).predict(X), atol=30)


def test_baselines_of_rows_held_out_in_turn():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 40))  # so few rows that a model knows those it was fitted on
    y = rng.normal(size=60)
    folds = [(np.flatnonzero(np.arange(60) % 3 != k), np.flatnonzero(np.arange(60) % 3 == k)) for k in range(3)]
    made = cross_fit_baselines(Network([40, 1]), X, y, folds)
    held_out = np.concatenate([rows for _, rows in folds])
    np.testing.assert_allclose(made["constant"][:20], y[folds[0][0]].mean())
    assert np.mean((made["linear"] - y[held_out]) ** 2) > 0.8 * y.var()
    assert np.mean((fit_baselines(Network([40, 1]), X, y).predict(X)["linear"] - y) ** 2) < 0.5 * y.var()


def test_what_a_model_is_ahead_by_and_its_deviation():
    rng = np.random.default_rng(0)
    y = 5 * rng.normal(size=500)
    noise = rng.normal(size=500)
    compared = compare(y + noise, {"worse": y + 1.1 * noise, "better": y + 0.9 * noise}, y)
    ahead, deviation = compared["worse"]["ahead"]["rmse"]
    assert ahead == pytest.approx(0.1 * np.sqrt(np.mean(noise**2)))
    assert deviation < 0.01  # alike on the same rows, though each RMSE by itself is uncertain
    assert compared["worse"]["uncertainty"]["rmse"] > 0.02
    assert compared["better"]["ahead"]["rmse"][0] < 0 < compared["worse"]["ahead"]["r2"][0]
    probabilities, labels = classes_drawn(0, 500, 3)
    compared = compare(probabilities, {"constant": np.full((500, 3), 1 / 3)}, labels)
    assert compared["constant"]["log_loss"] == pytest.approx(np.log(3))
    assert compared["constant"]["ahead"]["log_loss"][0] > 10 * compared["constant"]["ahead"]["log_loss"][1]
    assert compared["constant"]["ahead"]["accuracy"][0] > 0


def test_a_search_is_measured_beside_models_of_the_same_columns():
    """Dates and numbers with a unit are read for the linear model as for the networks."""
    rng = np.random.default_rng(0)
    days = rng.integers(1, 29, 80)
    table = {
        "when": [f"2024-03-{day:02}" for day in days],
        "price": [f"$1,{number:03}" for number in rng.integers(0, 1000, 80)],
        "y": (days + rng.normal(0, 0.1, 80)).tolist(),
    }
    ready = learn(as_table(table), "y", effort="default", settings=Settings(epochs=2), test=0.2)
    ready.run()
    ready.measure()
    baselines = ready.model.training["baselines"]["test"]
    assert baselines["linear"]["rmse"] < 0.2 * baselines["constant"]["rmse"]
