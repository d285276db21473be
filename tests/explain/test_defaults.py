"""The defaults of what explains a step, which the documentation states and users rely on."""

import inspect

import pytest

import glassnet as gn

DEFAULTS = [
    (
        gn.explain,
        {
            "x": None,
            "y": None,
            "optimizer": "auto",
            "learning_rate": None,
            "alpha": None,
            "sample_weight": None,
            "l1": 0.0,
            "l2": 0.0,
            "dropout": 0.0,
            "dropout_masks": None,
            "clip_norm": None,
            "step": 0,
            "memory": None,
            "seed": 0,
            "digits": 4,
        },
    ),
    (gn.check, {"X": None, "y": None, "convention": None, "seed": 0}),
    (gn.Derivation.check, {"at_most": 8}),
    (gn.Derivation.to_text, {"symbols": None, "checks": True, "rows": 8}),
    (gn.Derivation.to_html, {"symbols": None, "checks": True, "rows": 8, "document": True}),
    (gn.Derivation.to_latex, {"symbols": None, "checks": True, "rows": 8, "document": True}),
    (gn.Derivation.to_markdown, {"symbols": None, "checks": True, "rows": 8}),
    (gn.Derivation.to_json, {"symbols": None, "checks": True, "full": False}),
]


@pytest.mark.parametrize(("function", "defaults"), DEFAULTS, ids=lambda given: getattr(given, "__qualname__", ""))
def test_defaults(function, defaults):
    parameters = inspect.signature(function).parameters.values()
    found = {each.name: each.default for each in parameters if each.default is not each.empty}
    assert found == defaults
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in defaults.items()
    }
