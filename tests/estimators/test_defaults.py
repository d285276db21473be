"""The defaults of the estimators, which are those of scikit-learn where it has them, which the documentation states and users rely on."""

import inspect

import pytest

import glassnet as gn

DEFAULTS = [
    (
        gn.MLPClassifier,
        {
            "hidden_layer_sizes": (100,),
            "activation": "relu",
            "solver": "adam",
            "alpha": 0.0001,
            "batch_size": "auto",
            "learning_rate": "constant",
            "learning_rate_init": 0.001,
            "power_t": 0.5,
            "max_iter": 200,
            "shuffle": True,
            "random_state": None,
            "tol": 0.0001,
            "verbose": False,
            "warm_start": False,
            "momentum": 0.9,
            "nesterovs_momentum": True,
            "early_stopping": False,
            "validation_fraction": 0.1,
            "beta_1": 0.9,
            "beta_2": 0.999,
            "epsilon": 1e-08,
            "n_iter_no_change": 10,
            "max_fun": 15000,
            "dropout": 0.0,
            "class_weight": None,
            "clip_norm": None,
            "weight_decay": 0.01,
            "init": "auto",
            "keep_optimizer": False,
            "engine": "auto",
            "n_threads": None,
            "checkpoint": None,
        },
    ),
    (
        gn.MLPRegressor,
        {
            "loss": "squared_error",
            "hidden_layer_sizes": (100,),
            "activation": "relu",
            "solver": "adam",
            "alpha": 0.0001,
            "batch_size": "auto",
            "learning_rate": "constant",
            "learning_rate_init": 0.001,
            "power_t": 0.5,
            "max_iter": 200,
            "shuffle": True,
            "random_state": None,
            "tol": 0.0001,
            "verbose": False,
            "warm_start": False,
            "momentum": 0.9,
            "nesterovs_momentum": True,
            "early_stopping": False,
            "validation_fraction": 0.1,
            "beta_1": 0.9,
            "beta_2": 0.999,
            "epsilon": 1e-08,
            "n_iter_no_change": 10,
            "max_fun": 15000,
            "quantile": 0.5,
            "delta": 1.0,
            "dropout": 0.0,
            "clip_norm": None,
            "weight_decay": 0.01,
            "init": "auto",
            "keep_optimizer": False,
            "engine": "auto",
            "n_threads": None,
            "checkpoint": None,
        },
    ),
    (gn.MLPClassifier.fit, {"y": None, "sample_weight": None, "X_val": None, "y_val": None, "sample_weight_val": None}),
    (gn.MLPRegressor.fit, {"y": None, "sample_weight": None, "X_val": None, "y_val": None, "sample_weight_val": None}),
]


@pytest.mark.parametrize(("function", "defaults"), DEFAULTS, ids=lambda given: getattr(given, "__qualname__", ""))
def test_defaults(function, defaults):
    parameters = inspect.signature(function).parameters.values()
    found = {each.name: each.default for each in parameters if each.default is not each.empty}
    assert found == defaults
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in defaults.items()
    }
