"""Every equation of the package prints in every notation, and what is read from its source is what it computes."""

import ast
import inspect
from xml.etree import ElementTree

import numpy as np
import pytest

from glassnet import Activation, InputError
from glassnet.equations import activations, initializers, losses, penalties, updates
from glassnet.printers.definition import print_definition
from glassnet.printers.element import Elements, fill
from glassnet.printers.expression import read_equation
from glassnet.printers.inline import inline

MODULES = (activations, losses, updates, initializers, penalties)
EQUATIONS = [
    function
    for module in MODULES
    for name, function in vars(module).items()
    if inspect.isfunction(function)
    and function.__module__ == module.__name__
    and not name.startswith(("as_", "default_", "_"))
]
OUTER = 3.0


def scaled(z):
    return OUTER * z


def branching(z):
    if z.sum() > 0:
        return z
    return -z


def test_there_are_equations():
    assert len(EQUATIONS) >= 50


@pytest.mark.parametrize("function", EQUATIONS, ids=lambda function: function.__name__)
def test_every_equation_prints(function):
    text, latex, mathml = (print_definition(function, notation) for notation in ("text", "latex", "mathml"))
    assert len(text) == len(latex) == len(mathml) >= 1
    for line in text:
        assert " = " in line or " ← " in line
    for line in latex:
        assert line.count("{") == line.count("}")
        assert line.isascii()
    for line in mathml:
        ElementTree.fromstring(f"<math>{line}</math>")


def test_definitions_read_as_in_a_book():
    assert print_definition(activations.softmax) == [
        "e[k] = exp(z[k] − max_j z[j])",
        "softmax(z)[k] = e[k] / (Σ_j e[j])",
    ]
    assert print_definition(updates.adam)[-1] == "theta ← theta − learning_rate·m_hat / (√(v_hat) + epsilon)"
    assert print_definition(activations.d_sigmoid, "latex") == [r"\sigma'(z, a) = a \cdot (1 - a)"]
    assert print_definition(initializers.he_normal) == ["he_normal(fan_in, fan_out) = N(0, 1)·√(2 / fan_in)"]


@pytest.mark.parametrize("name", [name for name, a in activations.ACTIVATIONS.items() if not a.rowwise])
def test_written_out_an_activation_is_what_it_computes(name):
    activation = activations.ACTIVATIONS[name]
    Z = np.array([-30.0, -1.3, -1e-9, 0.0, 0.4, 2.0, 31.0])
    A = activation(Z)
    constants = list(activation.parameters.values())
    environment = {"np": np, "Z": Z, "A": A, "sigmoid": activations.sigmoid}
    passed = [ast.Constant(value) for value in constants]
    for function, names, expected in ((activation.f, ["Z"], A), (activation.df, ["Z", "A"], None)):
        whole = inline(function, [*(ast.Name(name) for name in names), *passed])
        expected = activation.df(Z, A, **activation.parameters) if expected is None else expected
        for k in range(len(Z)):
            entry = Elements(environment).element(whole, (k,))
            number, _ = fill(entry, environment)
            assert eval(ast.unparse(number), {**environment}) == pytest.approx(
                float(expected[k]), rel=1e-14, abs=1e-300
            )


def test_lambdas_are_told_apart_on_one_line():
    both = Activation("softsign", lambda z: z / (1 + abs(z)), lambda z, a: (1 - abs(a)) ** 2)
    assert print_definition(both.f)[-1].endswith("z / (1 + |z|)")
    assert print_definition(both.df)[-1].endswith("(1 − |a|)^2")


def test_a_number_of_the_module_is_put_in_its_place():
    assert ast.unparse(inline(scaled, [ast.Name("Z1")])) == "3.0 * Z1"


def test_what_is_no_equation_is_refused(refuses):
    with refuses("equation branching"):
        read_equation(branching, elementwise=False)
    with pytest.raises(InputError, match="equation softmax"):
        read_equation(activations.softmax)  # the compiled engine's printer takes elementwise ones alone
    with pytest.raises(InputError, match="source"):
        read_equation(eval("lambda z: z"), elementwise=False)
