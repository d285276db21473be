"""The gradient check: it finds what is wrong, names it, and is not misled by kinks."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassnet import Activation, Loss, Network, check_gradients
from glassnet.equations.activations import ACTIVATIONS, TANH
from glassnet.equations.losses import SQUARED_ERROR
from glassnet.network.derivatives import centred_difference, complex_step
from glassnet.network.gradient_check import agrees_along_directions, relative_errors

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(9, 3)), RNG.normal(size=(9, 2))


WRONG_TANH = Activation("wrong_tanh", TANH.f, lambda z, a: 1 - a)


@pytest.mark.parametrize("hidden", [name for name in ACTIVATIONS if name != "softmax"])
def test_a_right_network_is_right(hidden):
    net = Network([3, 5, 4, 2], hidden, init="glorot_normal", seed=1)
    check = check_gradients(net, X / 3, Y, np.arange(1, 10), l1=0.01, l2=0.1)
    assert check.ok
    assert check.worst.relative_error < 1e-12
    assert check.suspects == ()
    assert check.kinks == ()
    assert check.method == "complex step"
    assert check.checked == check.n_parameters == net.n_parameters


@pytest.mark.parametrize("hidden", [name for name in ACTIVATIONS if name != "softmax"])
def test_a_right_network_agrees_along_directions(hidden):
    net = Network([3, 5, 4, 2], hidden, init="glorot_normal", seed=1)
    assert agrees_along_directions(net, X / 3, Y)


def test_wrong_slopes_and_wrong_passes_do_not_agree_along_directions(monkeypatch):
    wrong_loss = Loss("wrong", SQUARED_ERROR.value, lambda z, y: 2 * (z - y))
    for net in (Network([3, 5, 4, 2], [WRONG_TANH, "tanh"], seed=1), Network([3, 5, 2], "tanh", loss=wrong_loss)):
        assert not agrees_along_directions(net, X, Y)
    net = Network([3, 5, 4, 2], "tanh", seed=1)
    backward = Network.backward

    def slightly_wrong(self, *arguments, **options):
        gradient = backward(self, *arguments, **options)
        gradient.b[2][1] *= 1 + 1e-5
        return gradient

    monkeypatch.setattr(Network, "backward", slightly_wrong)
    assert not agrees_along_directions(net, X, Y)


@pytest.mark.parametrize(
    ("output", "y"), [("sigmoid", [[0, 1]] * 9), ("softmax", [0, 1, 1] * 3), ("exponential", [[2, 0]] * 9)]
)
def test_right_outputs_are_right(output, y):
    check = check_gradients(Network([3, 5, 2], "tanh", output, seed=1), X, y)
    assert check.ok
    assert check.worst.relative_error < 1e-12
    assert check.suspects == ()


def test_a_wrong_derivative_is_found_and_named():
    """Layer 2 of 3 has the wrong df: layers 1 and 2 get wrong gradients, layer 3 a right one."""
    net = Network([3, 5, 4, 2], ["tanh", WRONG_TANH], seed=1)
    check = check_gradients(net, X, Y)
    assert not check.ok
    assert check.worst.relative_error > 1e-2
    assert check.worst.layer in (1, 2)
    assert check.worst.name.startswith((f"W{check.worst.layer}[", f"b{check.worst.layer}["))
    assert len(check.suspects) == 1
    assert "df of activation 'wrong_tanh' (layer 2)" in check.suspects[0]
    assert "gradient WRONG" in repr(check)
    assert "suspect: df of activation 'wrong_tanh'" in repr(check)
    assert f"worst {check.worst.name}: backprop" in repr(check)


def test_a_derivative_wrong_by_a_millionth_is_found():
    almost = Activation("almost", TANH.f, lambda z, a: (1 - a**2) * (1 + 1e-6))
    assert not check_gradients(Network([3, 5, 2], almost, seed=1), X, Y).ok


def test_a_wrong_slope_is_found_and_named():
    wrong = dataclasses.replace(SQUARED_ERROR, name="wrong_squares", slope=lambda z, y: 2 * (z - y))
    check = check_gradients(Network([3, 5, 2], "tanh", loss=wrong, seed=1), X, Y)
    assert not check.ok
    assert check.worst.relative_error == pytest.approx(0.5, rel=1e-9)
    assert len(check.suspects) == 1
    assert check.suspects[0].startswith("slope of loss 'wrong_squares'")


def test_the_worst_entry_holds_the_three_derivatives():
    net = Network([3, 5, 2], WRONG_TANH, seed=1)
    worst = check_gradients(net, X, Y).worst
    index = [net.layout.name_of(i) for i in range(net.n_parameters)].index(worst.name)
    assert worst.backprop == net.backward(net.forward(X), Y).flat[index]
    true = Network([3, 5, 2], "tanh", seed=1)
    right = true.backward(true.forward(X), Y).flat[index]
    assert worst.complex_step == pytest.approx(right, rel=1e-9)
    assert worst.centred == pytest.approx(right, rel=1e-4)


def test_units_at_a_kink_are_named_and_not_called_wrong():
    """Biases 0 and an input of 0 put every hidden pre-activation at the kink of leaky_relu."""
    net = Network([2, 3, 1], "leaky_relu", seed=1)
    check = check_gradients(net, [[0.0, 0.0]], [1.0])
    assert check.ok
    assert {entry.name for entry in check.kinks} == {"b1[0]", "b1[1]", "b1[2]"}
    assert all(entry.at_kink and entry.relative_error > 1e-3 for entry in check.kinks)
    assert not check.worst.at_kink
    assert check.suspects == ()
    assert "3 at a kink" in repr(check)
    assert "(at a kink)" in str(check.kinks[0])


def test_a_wrong_derivative_is_found_beside_a_kink():
    wrong = Activation("wrong_relu", lambda z: np.maximum(z, 0), lambda z, a: 2.0 * (z > 0), kinks=(0.0,))
    check = check_gradients(Network([2, 3, 1], wrong, seed=1), [[0.0, 0.0], [1.0, 2.0], [-1.0, -2.0]], [1.0, 2.0, 3.0])
    assert not check.ok
    assert "wrong_relu" in check.suspects[0]


def test_a_target_that_is_met_exactly_is_a_kink_of_the_absolute_error():
    net = Network([2, 1], loss="quantile", init="zeros")
    check = check_gradients(net, [[1.0, 2.0]], [0.0])
    assert check.ok
    assert len(check.kinks) == 3


def test_a_weight_of_0_is_a_kink_of_the_l1_penalty():
    net = Network([2, 1], seed=1)
    net.W[1][0] = 0
    check = check_gradients(net, X[:, :2], Y[:, 0], l1=0.1)
    assert check.ok
    assert [entry.name for entry in check.kinks] == ["W1[0, 0]"]
    assert check_gradients(net, X[:, :2], Y[:, 0], l2=0.1).kinks == ()


def test_equations_that_are_not_analytic_are_checked_by_centred_differences():
    softsign = Activation("softsign", lambda z: z / (1 + np.abs(z)), lambda z, a: (1 - np.abs(a)) ** 2)
    check = check_gradients(Network([3, 5, 2], softsign, seed=1), X, Y)
    assert check.ok
    assert check.method == "centred differences"
    assert check.worst.complex_step is None
    assert check.worst.relative_error < 1e-5
    wrong = Activation("wrong_softsign", softsign.f, lambda z, a: 1 - np.abs(a))
    assert not check_gradients(Network([3, 5, 2], wrong, seed=1), X, Y).ok


def test_equations_that_refuse_complex_numbers_are_checked_by_centred_differences():
    def real_only(z):
        return np.arctan2(z, 1.0)  # raises TypeError on complex numbers

    check = check_gradients(
        Network([3, 5, 2], Activation("arctan", real_only, lambda z, a: 1 / (1 + z**2)), seed=1), X, Y
    )
    assert check.ok
    assert check.method == "centred differences"


def test_a_bias_gradient_that_vanishes_by_symmetry_is_not_called_wrong():
    """An odd network on symmetric data: every entry of the gradient of b is rounding noise around 0."""
    x = np.linspace(-1, 1, 21)[:, None]
    net = Network([1, 8, 1], "tanh", seed=0)
    check = check_gradients(net, x, np.sin(3 * x[:, 0]))
    assert np.abs(net.backward(net.forward(x), np.sin(3 * x[:, 0])).b[1]).max() < 1e-15
    assert check.ok
    assert check.worst.relative_error < 1e-10


def test_float32_is_held_against_float64():
    net = Network([3, 5, 2], "tanh", dtype="float32", seed=1)
    check = check_gradients(net, X, Y)
    assert check.ok
    assert check.tolerance == 1e-3
    assert 1e-9 < check.worst.relative_error < 1e-4
    assert check.worst.centred == pytest.approx(check.worst.complex_step, rel=1e-6)  # the yardsticks are float64


def test_at_most_samples_the_parameters():
    net = Network([3, 40, 2], "tanh", seed=1)
    check = check_gradients(net, X, Y, at_most=25)
    assert (check.checked, check.n_parameters) == (25, 242)
    assert check.ok
    assert "25 of 242 parameters" in repr(check)
    worst = {check_gradients(net, X, Y, at_most=25, seed=seed).worst.name for seed in range(8)}
    assert len(worst) > 1


def test_the_network_is_not_changed():
    net = Network([3, 5, 2], "relu", seed=1)
    before = net.theta.tobytes()
    check_gradients(net, X, Y)
    assert net.theta.tobytes() == before


def test_derivatives_of_a_known_function():
    theta = np.array([0.5, -2.0])

    def function(t):
        return np.sin(t[0]) * t[1] ** 3

    assert complex_step(function, theta, 0) == pytest.approx(-8 * np.cos(0.5), rel=1e-15)
    assert complex_step(function, theta, 1) == pytest.approx(12 * np.sin(0.5), rel=1e-15)
    assert centred_difference(function, theta, 1) == pytest.approx(12 * np.sin(0.5), rel=1e-9)
    assert theta.tolist() == [0.5, -2.0]


def test_relative_errors_by_hand():
    given = np.array([1.0, 2.2, 1e-9, 0.0, 3.0, np.nan])
    exact = np.array([1.0, 2.0, 0.0, 0.0, 0.0, 1.0])
    errors = relative_errors(given, exact, ["a", "a", "a", "b", "b", "c"])
    assert_allclose(errors, [0, 0.2 / 2.2, 1e-9 / 2e-3, 0, 1, np.inf], rtol=1e-12)
    tiny = relative_errors(np.array([1.0, 1e-9]), np.array([1.0, 2e-9]), ["a", "b"])
    assert_allclose(tiny, [0, 1e-9 / 1e-4], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("X", {"X": X[:, :2]}),
        ("y", {"y": Y[:4]}),
        ("sample_weight", {"sample_weight": [0] * 9}),
        ("l1", {"l1": -1}),
        ("l2", {"l2": "a"}),
        ("tolerance", {"tolerance": -1}),
        ("at_most", {"at_most": 0}),
    ],
)
def test_bad_input_is_refused(refuses, name, arguments):
    with refuses(name):
        check_gradients(Network([3, 5, 2]), **{"X": X, "y": Y, **arguments})


def test_a_right_loss_of_ones_own_is_right():
    loss = Loss("quartic", lambda z, y: (z - y) ** 4, lambda z, y: 4 * (z - y) ** 3)
    assert check_gradients(Network([3, 5, 2], "tanh", loss=loss, seed=1), X, Y).worst.relative_error < 1e-12


@pytest.mark.parametrize("size", [1.0, 1e7, 1e10])
@pytest.mark.parametrize("loss", ["squared_error", "huber", "absolute_error", "quantile"])
def test_large_targets_are_no_fault_and_hide_none(loss, size):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(5, 3)), size * rng.normal(size=(5, 2))
    check = check_gradients(Network([3, 4, 2], "tanh", loss=loss, seed=1), X, Y)
    assert (check.ok, check.method, check.suspects) == (True, "complex step", ())
    wrong = Activation("wrong", np.tanh, lambda z, a: 1.0005 * (1 - a**2))
    assert not check_gradients(Network([3, 4, 2], wrong, loss=loss, seed=1), X, Y).ok
