"""Equations by name: each registry gives its own, and refuses what is none in one line."""

import pytest

from glassnet.equations.activations import ACTIVATIONS, as_activation
from glassnet.equations.initializers import INITIALIZERS, as_initializer
from glassnet.equations.losses import LOSSES, as_loss, default_loss
from glassnet.errors import InputError

REGISTRIES = [
    (as_activation, ACTIVATIONS, "activation: expected a name or an Activation"),
    (as_loss, LOSSES, "loss: expected a name or a Loss"),
    (as_initializer, INITIALIZERS, "init"),
]


@pytest.mark.parametrize(("find", "registry", "refusal"), REGISTRIES, ids=["activation", "loss", "initializer"])
def test_names(find, registry, refusal):
    for name, equation in registry.items():
        assert find(name) is equation
        assert find(equation) is equation
    for given in (3, None, ["relu"]):
        with pytest.raises(InputError, match=refusal):
            find(given)
    for given in ("", "Relu", "mean squared"):
        with pytest.raises(InputError, match="expected one of"):
            find(given)


def test_the_loss_of_an_output():
    links = {
        "identity": "squared_error",
        "exponential": "poisson",
        "sigmoid": "binary_cross_entropy",
        "softmax": "categorical_cross_entropy",
        "tanh": "squared_error",
    }
    assert {output: default_loss(output).name for output in links} == links
