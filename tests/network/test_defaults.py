"""The defaults of a network, which the documentation states and users rely on."""

import inspect

import pytest

import glassnet as gn

DEFAULTS = [
    (gn.Network, {"hidden": "relu", "output": "identity", "loss": None, "init": None, "seed": 0, "dtype": "float64"}),
    (gn.Network.backward, {"sample_weight": None, "l1": 0.0, "l2": 0.0}),
    (gn.Network.loss, {"sample_weight": None, "l1": 0.0, "l2": 0.0}),
    (gn.Network.predict, {"engine": "auto"}),
    (gn.Network.predict_proba, {"engine": "auto"}),
    (gn.Network.encode, {"name": "y"}),
]


@pytest.mark.parametrize(("function", "defaults"), DEFAULTS, ids=lambda given: getattr(given, "__qualname__", ""))
def test_defaults(function, defaults):
    parameters = inspect.signature(function).parameters.values()
    found = {each.name: each.default for each in parameters if each.default is not each.empty}
    assert found == defaults
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in defaults.items()
    }
