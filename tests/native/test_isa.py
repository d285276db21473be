"""Every compiled instruction set this processor has agrees with NumPy, and what cannot be compiled is said in one line."""

import importlib
import platform

import numpy as np
import pytest

import glassnet as gn
from glassnet.equations.activations import ACTIVATIONS
from glassnet.equations.losses import LOSSES
from glassnet.native.engine import load_module

AGREES = """
import numpy as np
import glassnet as gn
from glassnet.native.engine import load_module
from setups import random_setup

assert load_module()[0].__name__.endswith("_{isa}"), load_module()
for number in range(24):
    seed, wide, dtype = 300 + number // 2, bool(number // 12), ("float64", "float32")[number % 2]
    network, X, y, options = random_setup(seed, dtype, wide)
    options["optimizer"] = gn.Momentum(0.005)
    other = network.copy()
    a = gn.train(network, X, y, engine="numpy", **options)
    b = gn.train(other, X, y, engine="native", **options)
    tolerance = 3e-14 if dtype == "float64" else 1e-5
    difference = np.abs(other.theta - network.theta).max() / np.abs(network.theta).max()
    assert difference <= tolerance, (seed, wide, dtype, difference)
    np.testing.assert_allclose(b.loss, a.loss, rtol=tolerance, atol=tolerance)
    outputs = [network._output(X, engine) for engine in ("numpy", "native")]
    np.testing.assert_allclose(outputs[1], outputs[0], rtol=tolerance, atol=tolerance * np.abs(outputs[0]).max())
"""

CHOOSES = """
import numpy as np
import glassnet as gn

X, y = np.eye(4), np.arange(4.0)
for _ in range(2):  # the line is said once
    print(gn.train(gn.Network([4, 3, 1], seed=0), X, y, epochs=2).engine)
    gn.Network([4, 3, 1], seed=0).predict(X)
try:
    gn.train(gn.Network([4, 3, 1], seed=0), X, y, epochs=2, engine="native")
except gn.InputError as error:
    print(error)
try:
    gn.Network([4, 3, 1], seed=0).predict(X, engine="native")
except gn.InputError as error:
    print(error)
"""


@pytest.mark.parametrize("isa", ["v2", "v3", "v4"])
def test_each_instruction_set_agrees_with_numpy(isa, python, compiled_engine):
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("no x86-64 processor")
    has = importlib.import_module("glassnet.native._cpu").instruction_set()
    if isa > has:
        pytest.skip(f"this processor has {has}")
    python(AGREES.replace("{isa}", isa), GLASSNET_ISA=isa)


@pytest.mark.parametrize(
    ("isa", "reason"),
    [
        ("numpy", "GLASSNET_ISA=numpy turns the compiled engine off"),
        ("v9", "GLASSNET_ISA=v9 names no compiled engine; use v2, v3 or v4"),
    ],
)
def test_without_the_compiled_engine_auto_says_why_in_one_line_and_native_refuses(isa, reason, python):
    done = python(CHOOSES, GLASSNET_ISA=isa)
    assert done.stderr == f"engine 'native' is passed over: {reason}\n"
    engines = done.stdout.splitlines()
    assert engines[:2] == ["numpy", "numpy"]
    refusal = f"engine: expected one that can do this; got 'native', but {reason}; use engine='auto'."
    assert engines[2:] == [refusal, refusal]


def test_with_the_compiled_engine_auto_takes_it_and_says_nothing(python, compiled_engine):
    done = python(CHOOSES, GLASSNET_ISA="")
    assert done.stdout.splitlines() == ["native", "native"]
    assert done.stderr == ""


OWN = """
from dataclasses import dataclass

import numpy as np
import glassnet as gn
from glassnet.training.optimizers import Optimizer

def square(z):
    return z * z

def d_square(z, a):
    return 2 * z

def sign_descent(theta, g, learning_rate):
    return (theta - learning_rate * np.sign(g),)

@dataclass(frozen=True)
class SignDescent(Optimizer):
    update = staticmethod(sign_descent)

mine = gn.Activation("square", square, d_square)
impostor = gn.Activation("tanh", square, d_square)  # a name the registry knows, with other functions
cost = gn.Loss("mine", lambda z, y: (z - y) ** 4, lambda z, y: 4 * (z - y) ** 3)
X, y = np.eye(4), np.arange(4.0)
for activation, loss, optimizer in [
    (mine, None, "sgd"), (mine, None, "adam"), (impostor, None, "sgd"), ("relu", cost, "sgd"), ("relu", None, SignDescent(0.01))
]:
    network = gn.Network([4, 3, 1], hidden=activation, loss=loss, seed=0)
    print(gn.train(network, X, y, epochs=2, optimizer=optimizer).engine)
    network.predict(X)
    try:
        gn.train(network, X, y, epochs=2, optimizer=optimizer, engine="native")
    except gn.InputError as error:
        print(error)
"""


def test_your_own_python_runs_in_numpy_with_one_line_a_reason(python, compiled_engine):
    done = python(OWN)
    reasons = [
        "activation 'square' of layer 1 is your own Python",
        "activation 'tanh' of layer 1 is your own Python",
        "loss 'mine' is your own Python",
        "optimizer 'SignDescent' is your own Python",
    ]
    assert done.stderr.splitlines() == [f"engine 'native' is passed over: {reason}" for reason in reasons]
    printed = done.stdout.splitlines()
    assert printed[::2] == ["numpy"] * 5
    refused = [reasons[0], *reasons]
    assert printed[1::2] == [
        f"engine: expected one that can do this; got 'native', but {reason}; use engine='auto'." for reason in refused
    ]


def test_constants_of_a_built_in_equation_stay_compiled(compiled_engine):
    leaky, huber = ACTIVATIONS["leaky_relu"].with_parameters(slope=0.2), LOSSES["huber"].with_parameters(delta=0.3)
    network = gn.Network([2, 3, 1], hidden=leaky, loss=huber, seed=0)
    other = network.copy()
    X, y = [[1.0, 2.0], [-3.0, 1.0]], [1.0, 9.0]
    a, b = gn.train(network, X, y, epochs=5, engine="numpy"), gn.train(other, X, y, epochs=5)
    assert b.engine == "native"
    np.testing.assert_allclose(b.loss, a.loss, rtol=1e-12)
    np.testing.assert_allclose(other.theta, network.theta, rtol=0, atol=1e-12)


def test_the_module_in_use_is_the_best_the_processor_has(compiled_engine, monkeypatch):
    has = importlib.import_module("glassnet.native._cpu").instruction_set()
    monkeypatch.delenv("GLASSNET_ISA", raising=False)
    load_module.cache_clear()
    assert load_module()[0].__name__ == f"glassnet.native._native_{has}"
    load_module.cache_clear()
