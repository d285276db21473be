"""Two complete runs, held against figures computed elsewhere and stored in tests/reference."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split

from glassnet import SGD, Network, train

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="module")
def moons():
    return json.loads((REFERENCE / "two_moons.json").read_text())


@pytest.fixture(scope="module")
def moons_data():
    X, y = make_moons(n_samples=1000, noise=0.2, random_state=42)
    return train_test_split(X, y, test_size=0.2, random_state=42)


@pytest.fixture
def moons_network():
    return Network([2, 10, 1], hidden="relu", output="sigmoid", seed=42)


@pytest.fixture(scope="module")
def trained_moons(moons, moons_data):
    X_train, _, y_train, _ = moons_data
    net = Network([2, 10, 1], hidden="relu", output="sigmoid", seed=42)
    history = train(net, X_train, y_train, optimizer=SGD(moons["learning_rate"]), epochs=moons["epochs"])
    return net, history


def flat(parameters):
    return np.concatenate([np.ravel(parameters[name]) for name in ("W1", "b1", "W2", "b2")])


def test_moons_initial_parameters_are_exactly_the_reference(moons, moons_network):
    assert_allclose(moons_network.theta, flat(moons["initial_parameters"]), rtol=0, atol=0)


def test_moons_first_gradient(moons, moons_data, moons_network):
    X_train, _, y_train, _ = moons_data
    gradient = moons_network.backward(moons_network.forward(X_train), y_train)
    assert_allclose(gradient.flat, flat(moons["first_gradient"]), rtol=1e-12, atol=1e-15)


def test_moons_losses(moons, trained_moons):
    _, history = trained_moons
    assert_allclose(
        history.loss[moons["exact_loss_every_100_index"]], moons["exact_loss_every_100"], rtol=0, atol=1e-12
    )
    assert [round(loss, 4) for loss in history.loss[99::100]] == moons["printed_loss_every_100"]


def test_moons_final_parameters(moons, trained_moons):
    net, _ = trained_moons
    assert_allclose(net.theta, flat(moons["final_parameters"]), rtol=0, atol=1e-10)


def test_moons_predictions(moons, moons_data, trained_moons):
    net, _ = trained_moons
    X_train, X_test, y_train, y_test = moons_data
    assert np.mean(net.predict(X_train) == y_train) == moons["train_accuracy"]
    assert np.mean(net.predict(X_test) == y_test) == moons["test_accuracy"]
    assert_allclose(net.predict_proba(moons["points"])[:, 1], moons["probabilities"], rtol=0, atol=1e-10)
    assert net.predict(moons["points"]).tolist() == moons["classes"]


@pytest.fixture(scope="module")
def worked():
    example = json.loads((REFERENCE / "worked_2_2_2.json").read_text())
    return {name: value if name == "what" else np.array(value) for name, value in example.items()}


@pytest.fixture
def worked_network(worked):
    net = Network([2, 2, 2], hidden="sigmoid", output="sigmoid", loss="squared_error")
    net.theta = flat(worked)
    return net


def test_worked_example_forward(worked, worked_network):
    trace = worked_network.forward([worked["x"]])
    for layer in (1, 2):
        assert_allclose(trace.Z[layer], [worked[f"z{layer}"]], rtol=1e-12)
        assert_allclose(trace.A[layer], [worked[f"a{layer}"]], rtol=1e-12)
    assert worked_network.loss([worked["x"]], [worked["y"]]) == pytest.approx(worked["loss"], rel=1e-12)


def test_worked_example_backward(worked, worked_network):
    gradient = worked_network.backward(worked_network.forward([worked["x"]]), [worked["y"]])
    for layer in (1, 2):
        assert_allclose(gradient.Z[layer], [worked[f"dz{layer}"]], rtol=1e-12)
        assert_allclose(gradient.W[layer], worked[f"dW{layer}"], rtol=1e-12)
        assert_allclose(gradient.b[layer], worked[f"dz{layer}"], rtol=1e-12)


def test_worked_example_update_of_all_parameters(worked, worked_network):
    train(worked_network, [worked["x"]], [worked["y"]], optimizer=SGD(0.5), epochs=1)
    assert_allclose(worked_network.W[1], worked["W1_after"], rtol=1e-12)
    assert_allclose(worked_network.W[2], worked["W2_after"], rtol=1e-12)
    after = worked_network.loss([worked["x"]], [worked["y"]])
    assert after == pytest.approx(worked["loss_after_all_updated"], rel=1e-12)


def test_worked_example_update_of_weights_alone(worked, worked_network):
    gradient = worked_network.backward(worked_network.forward([worked["x"]]), [worked["y"]])
    for layer in (1, 2):
        worked_network.W[layer] -= 0.5 * gradient.W[layer]
    after = worked_network.loss([worked["x"]], [worked["y"]])
    assert after == pytest.approx(worked["loss_after_biases_frozen"], rel=1e-12)
