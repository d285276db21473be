"""Docstrings of the public names: complete, with examples; equations and options name each of their constants."""

import doctest
import inspect
import re

import pytest

import glassnet as gn
from glassnet.equations import updates
from glassnet.equations.activations import ACTIVATIONS
from glassnet.equations.losses import LOSSES
from glassnet.training.optimizers import OPTIMIZERS
from glassnet.training.schedules import SCHEDULES
from tests.docstrings import Documented, lacking, public

EQUATIONS = [
    *(pytest.param(activation.f, activation.parameters, id=name) for name, activation in ACTIVATIONS.items()),
    *(pytest.param(loss.value, loss.parameters, id=name) for name, loss in LOSSES.items()),
]
UPDATES = [function for _, function in inspect.getmembers(updates, inspect.isfunction)]
STATE = {"theta", "g", "m", "v", "t"}


def missing(names, text):
    return [name for name in names if not re.search(rf"\b{name}\b", text)]


@pytest.mark.parametrize(("function", "constants"), EQUATIONS)
def test_an_equation_has_an_example_with_numbers_and_names_its_constants(function, constants):
    examples = doctest.DocTestParser().get_examples(function.__doc__)
    results = [example.want for example in examples if example.source.startswith(f"{function.__name__}(")]
    assert any(re.search(r"\d", result) for result in results)
    assert missing(constants, function.__doc__.partition("Examples")[0]) == []


@pytest.mark.parametrize(
    "kind", [*OPTIMIZERS.values(), *SCHEDULES.values(), gn.EarlyStopping, gn.Thresholds], ids=lambda kind: kind.__name__
)
def test_options_name_each_of_their_constants(kind):
    listed = re.findall(r"^    (\w+) : ", kind.__doc__, re.MULTILINE)
    assert listed == list(inspect.signature(kind).parameters)


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: update.__name__)
def test_a_recurrence_names_each_of_its_constants(update):
    assert missing(inspect.signature(update).parameters.keys() - STATE, update.__doc__) == []


@pytest.mark.parametrize("each", [*public()], ids=lambda each: each.name)
def test_a_public_name_has_a_complete_docstring(each):
    assert lacking(each) == []


def test_the_public_names_with_methods_are_many():
    names = {each.name for each in public()}
    assert {"Network.forward", "MLPClassifier.partial_fit", "Derivation.steps", "losses.d_huber"} <= names
    assert len(names) > 240


def a_function(X, y=None):
    """Do something with X.

    Parameters
    ----------
    X : (n, d) array
    Z : an argument that is gone
    """
    if y:
        raise ValueError(X)
    return X


def test_what_a_docstring_lacks_is_named():
    assert lacking(Documented("Network.some", a_function)) == [
        "parameter y",
        "no parameter Z, which does not exist",
        "what it returns",
        "that it raises ValueError",
    ]
    assert lacking(Documented("some", lambda: None)) == ["a docstring"]
