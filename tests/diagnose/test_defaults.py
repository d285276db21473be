"""The defaults of what diagnoses a run, which the documentation states and users rely on."""

import inspect

import pytest

import glassnet as gn

DEFAULTS = [
    (gn.diagnose, {"thresholds": None, "replay": True, "progress": None}),
    (
        gn.examine,
        {
            "history": None,
            "losses": (),
            "validation_losses": (),
            "weights": (),
            "gradients": (),
            "activations": (),
            "steps": None,
            "layout": None,
            "baseline": None,
            "thresholds": None,
        },
    ),
    (gn.check_gradients, {"sample_weight": None, "l1": 0.0, "l2": 0.0, "tolerance": None, "at_most": 2000, "seed": 0}),
    (gn.Diagnosis.to_json, {"path": None}),
    (gn.Diagnosis.to_html, {"path": None}),
]


@pytest.mark.parametrize(("function", "defaults"), DEFAULTS, ids=lambda given: getattr(given, "__qualname__", ""))
def test_defaults(function, defaults):
    parameters = inspect.signature(function).parameters.values()
    found = {each.name: each.default for each in parameters if each.default is not each.empty}
    assert found == defaults
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in defaults.items()
    }
