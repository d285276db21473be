"""The numbers that a finding gives as evidence, each computed again from the set-up or the history."""

import numpy as np
import pytest
from sklearn.datasets import make_moons

import glassnet as gn
from glassnet.diagnose.diagnosing import setup_of
from glassnet.diagnose.rules.truth import Truth

X, y = make_moons(300, noise=0.2, random_state=0)
SANE = {"optimizer": gn.Adam(learning_rate=0.01), "epochs": 60, "batch_size": 32}


def network(sizes=(2, 16, 16, 1), **arguments):
    return gn.Network(list(sizes), **{"output": "sigmoid", "seed": 1, **arguments})


def found_of(code, net=None, X=X, y=y, **options):
    options = {**SANE, "replay": False, **options}
    diagnosis = gn.diagnose(net if net is not None else network(), X, y, **options)
    return next((found for found in diagnosis.findings if found.code == code), None)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_kink_on_either_side_of_a_unit_is_a_kink(side):
    """Z1 lies a ten-millionth beside the kink, nearer than the step of the centred difference."""
    net = gn.Network([1, 1, 1], gn.Activation("folded", np.abs, lambda z, a: np.sign(z), kinks=(0.0,)), init="zeros")
    net.W[1][...], net.b[1][...], net.W[2][...] = 1.0, side * 1e-7, 1.0
    check = gn.check_gradients(net, [[0.0], [3.0]], [1.0, 1.0])
    assert check.method == "centred differences"
    assert check.ok
    assert [entry.name for entry in check.kinks] == ["b1[0]"]
    net.b[1][...] = side * 1e-5  # farther away than the step
    assert gn.check_gradients(net, [[0.0], [3.0]], [1.0, 1.0]).kinks == ()


def test_noise_in_the_labels_is_judged_by_the_labels_as_they_are():
    """Leaving the wrong rows out makes a network too sure for labels of which a quarter is wrong: never recommended."""
    clean, right = make_moons(300, noise=0.1, random_state=0)
    noisy = right.copy()
    flipped = np.random.default_rng(3).choice(300, 75, replace=False)
    noisy[flipped] = 1 - noisy[flipped]
    found = found_of("label_noise", X=clean, y=noisy, replay=True)
    stop, leave_out = found.remedies
    assert found.remedy is stop
    assert found.evidence["evenness"] > gn.Thresholds().even_errors
    truth = Truth(setup_of(network(), clean, noisy, SANE))
    assert truth.compare((), (leave_out,)).worse


def test_sizes_of_inputs():
    wide = X * [1, 500]
    found = found_of("unscaled_inputs", X=wide)
    size = np.sqrt(np.mean(wide**2, axis=0))
    assert found.evidence["largest_input"] == 1
    assert found.evidence["largest_size"] == pytest.approx(size[1], rel=1e-12)
    assert found.evidence["smallest_size"] == pytest.approx(size[0], rel=1e-12)
    offset = np.abs(wide[:, 1].mean()) / wide[:, 1].std()  # of inputs larger than 1
    assert found.evidence["largest_offset"] == pytest.approx(offset, rel=1e-9)
    assert (found.severity, found.layer, found.remedy.standardise_inputs) == ("warning", 1, True)
    small = found_of("unscaled_inputs", X=X / 100)
    assert small.evidence["largest_size"] == pytest.approx(np.sqrt(np.mean(X**2, axis=0)).max() / 100, rel=1e-12)
    shifted = found_of("unscaled_inputs", X=np.column_stack([X[:, 0], X[:, 1] + 19]))
    assert shifted.evidence["largest_offset"] == pytest.approx((X[:, 1] + 19).mean() / X[:, 1].std(), rel=1e-9)


def test_constant_inputs_count():
    found = found_of("input_ignored", X=np.ones((300, 2)))
    assert dict(found.evidence) == {"varying_inputs": 0, "inputs": 2}
    assert found_of("input_ignored", X=X * [1, 0] + [0, 1], epochs=2) is None  # one of two


def test_sizes_of_weights():
    net = network()
    net.W[2][...] *= 40
    found = found_of("poor_initialisation", net)
    usual = np.sqrt(2 / 16)  # He's, for relu
    assert found.layer == 2
    assert found.evidence["weight_scale"] == pytest.approx(np.sqrt(np.mean(net.W[2] ** 2)) / usual, rel=1e-12)
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    spread = np.sqrt(np.mean((np.maximum(scaled @ net.W[1] + net.b[1], 0) @ net.W[2]) ** 2))
    assert found.evidence["pre_activation_rms"] == pytest.approx(spread, rel=1e-9)
    bounded = network(hidden="tanh")
    bounded.W[1][...] /= 40
    found = found_of("poor_initialisation", bounded)
    usual = np.sqrt(2 / 18)  # Glorot's, for tanh
    assert found.layer == 1
    assert found.evidence["weight_scale"] == pytest.approx(np.sqrt(np.mean(bounded.W[1] ** 2)) / usual, rel=1e-12)
    alike = found_of("poor_initialisation", network(init="zeros"))
    assert dict(alike.evidence) == {"units": 16, "largest_difference": 0.0}
    assert (alike.layer, alike.step) == (1, 0)


def test_the_first_loss_and_the_shift_that_mends_it():
    net = network()
    net.b[3][...] = 9.0
    found = found_of("output_bias", net)
    entropy = np.log(2)  # of as many rows of each class
    assert found.evidence["first_loss"] == pytest.approx(net.loss(X, y), rel=1e-12)
    assert found.evidence["baseline_loss"] == pytest.approx(entropy, rel=1e-9)
    assert found.evidence["unexplained"] == pytest.approx(net.loss(X, y) / entropy, rel=1e-9)
    (shift,) = found.evidence["shift"]
    moved = net.copy()
    moved.b[3][...] += shift
    assert found.evidence["shifted_loss"] == pytest.approx(moved.loss(X, y), rel=1e-9)
    for other in (-0.01, 0.01):  # no other shift is better
        moved.b[3][...] = 9 + shift + other
        assert moved.loss(X, y) > found.evidence["shifted_loss"]
    assert found.remedy.output_bias == pytest.approx([shift])
    assert (found.step, found.layer, found.severity) == (0, 3, "warning")


def test_vanishing_gradients_by_layer():
    net = network((2, *[12] * 9, 1), hidden="sigmoid")
    diagnosis = gn.diagnose(net, X, y, **SANE, replay=False)
    found = next(found for found in diagnosis.findings if found.code == "vanishing_gradient")
    assert found.evidence["layers"] == 10
    assert (found.layer, found.step) == (1, 0)
    first = diagnosis.looks[0]
    of_weights = first.gradient[0] / first.gradient[-1]
    of_signal = first.detail.signal[1] / first.detail.signal[10]
    early = [look for look in diagnosis.looks if look.step <= diagnosis.looks[-1].step / 4]
    smallest = [
        min(
            [look.gradient[0] / look.gradient[-1]]
            + ([look.detail.signal[1] / look.detail.signal[10]] if look.detail else [])
        )
        for look in early
    ]
    assert smallest[0] == min(of_weights, of_signal)
    assert found.evidence["ratio"] == pytest.approx(min(smallest[0], np.median(smallest)), rel=1e-12)


def test_a_gradient_that_is_wrong_is_given_three_ways():
    wrong = gn.Activation("mytanh", np.tanh, lambda z, a: 1 - np.abs(a))
    found = found_of("gradient_wrong", network(hidden=wrong), epochs=2)
    given = found.evidence
    assert given["complex_step"] == pytest.approx(given["centred_difference"], rel=1e-5)
    gap = abs(given["backpropagation"] - given["complex_step"])
    largest = max(abs(given["backpropagation"]), abs(given["complex_step"]))
    assert given["relative_error"] == pytest.approx(gap / largest, rel=1e-9)
    assert given["parameter"].startswith((f"W{found.layer}[", f"b{found.layer}["))
    assert len(given["suspects"]) == 2  # both hidden layers


def test_overfitting_by_epoch():
    rng = np.random.default_rng(0)
    wide = np.hstack([X, rng.normal(size=(300, 60))])
    options = {"epochs": 200, "validation": (wide[60:], y[60:])}
    net = network((62, 64, 1))
    diagnosis = gn.diagnose(net, wide[:60], y[:60], **{**SANE, **options}, replay=False)
    found = diagnosis.findings[0]
    values = diagnosis.history.validation_loss
    assert found.code == "overfitting"
    assert found.evidence["best_epoch"] == np.argmin(values) + 1
    assert found.evidence["best"] == values.min()
    assert found.evidence["training"] == diagnosis.history.loss[-1]
    assert found.evidence["gap"] == pytest.approx(diagnosis.held_out - diagnosis.unexplained, rel=1e-9)
    end = min(np.median(values[-10:]), diagnosis.network.loss(wide[60:], y[60:]))
    assert found.evidence["final"] == pytest.approx(end, rel=1e-12)
    stopping, weak, strong = found.remedies
    assert stopping.options["early_stopping"] == gn.EarlyStopping(patience=20)
    assert (dict(weak.options), dict(strong.options)) == ({"l2": 0.03}, {"l2": 0.3})


def test_a_plateau_is_measured_by_its_last_half():
    diagnosis = gn.diagnose(network(init="zeros"), X, y, **SANE, replay=False)
    found = next(found for found in diagnosis.findings if found.code == "plateau")
    losses = diagnosis.history.loss
    assert found.evidence["before"] == pytest.approx(losses[27:33].mean(), rel=1e-12)  # six around the middle of 60
    assert found.evidence["after"] == pytest.approx(losses[-6:].mean(), rel=1e-12)
    assert found.evidence["unexplained"] == pytest.approx(losses[-6:].mean() / np.log(2), rel=1e-9)
    rates = [remedy.options["optimizer"].learning_rate for remedy in found.remedies[:2]]
    assert rates == pytest.approx([0.1, 0.001])


def test_dead_units_by_layer():
    net = network()
    net.b[2][:12] = -50
    found = found_of("dead_units", net)
    assert found.evidence["share"] == 0.75
    assert found.evidence["by_layer"]["2"] == 0.75
    assert set(found.evidence["by_layer"]) == {"1", "2"}
    assert found.severity == "warning"
    net.b[2][:15] = -50
    assert found_of("dead_units", net).severity == "error"  # more than nine of ten
