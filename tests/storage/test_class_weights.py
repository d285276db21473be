"""Dicts of numbers in a model file: weights of classes that are numbers, come back by key, value and type."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from sklearn.exceptions import ConvergenceWarning

import glassnet as gn

WEIGHTS = [
    {0: 1.0, 1: 2.0},
    {0: 3, 1: 0.5},
    {0.0: 0.25, 1.0: 4.0},
    {"a": 2.0, "b": 1.0},
    {"$a": 2.0, "b": 1.0},
    {True: 2.0, False: 7.0},
]


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
def test_weights_of_classes(weights, tmp_path):
    model = gn.MLPClassifier((2,), class_weight=weights, max_iter=2)
    gn.save(model, tmp_path / "model.safetensors")
    found = gn.load(tmp_path / "model.safetensors").class_weight
    assert found == weights
    assert list(found) == list(weights)
    assert [type(key) for key in found] == [type(key) for key in weights]
    assert [type(value) for value in found.values()] == [type(value) for value in weights.values()]


def test_a_fitted_classifier_keeps_them(tmp_path):
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    model = gn.MLPClassifier((2,), class_weight={0: 1.0, 1: 5.0}, max_iter=3, random_state=0, solver="sgd", tol=0)
    with pytest.warns(ConvergenceWarning):
        model.fit(X, y)
    gn.save(model, tmp_path / "model.safetensors")
    again = gn.load(tmp_path / "model.safetensors")
    assert again.class_weight == {0: 1.0, 1: 5.0}
    with safe_open(tmp_path / "model.safetensors", "np") as file:
        assert "items" in json.dumps(file.metadata())


@pytest.mark.parametrize("count", [64, 65])
def test_weights_of_many_classes(count, tmp_path):
    weights = {k: float(k + 1) for k in range(count)}
    gn.save(gn.MLPClassifier((2,), class_weight=weights), tmp_path / "model.safetensors")
    assert gn.load(tmp_path / "model.safetensors").class_weight == weights
