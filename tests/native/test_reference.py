"""The complete runs whose figures are stored in tests/reference, on every engine."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split

from glassnet import SGD, Network, train

REFERENCE = Path(__file__).parents[1] / "reference"


def flat(parameters):
    return np.concatenate([np.ravel(parameters[name]) for name in ("W1", "b1", "W2", "b2")])


@pytest.fixture(params=["numpy", "native"])
def engine(request):
    if request.param == "native":
        request.getfixturevalue("compiled_engine")
    return request.param


def test_two_moons(engine):
    moons = json.loads((REFERENCE / "two_moons.json").read_text())
    X, y = make_moons(n_samples=1000, noise=0.2, random_state=42)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    net = Network([2, 10, 1], hidden="relu", output="sigmoid", seed=42)
    history = train(net, X_train, y_train, optimizer=SGD(moons["learning_rate"]), epochs=moons["epochs"], engine=engine)
    assert_allclose(
        history.loss[moons["exact_loss_every_100_index"]], moons["exact_loss_every_100"], rtol=0, atol=1e-12
    )
    assert [round(loss, 4) for loss in history.loss[99::100]] == moons["printed_loss_every_100"]
    assert_allclose(net.theta, flat(moons["final_parameters"]), rtol=0, atol=1e-10)
    assert np.mean(net.predict(X_train, engine=engine) == y_train) == moons["train_accuracy"]
    assert np.mean(net.predict(X_test, engine=engine) == y_test) == moons["test_accuracy"]
    probabilities = net.predict_proba(moons["points"], engine=engine)[:, 1]
    assert_allclose(probabilities, moons["probabilities"], rtol=0, atol=1e-10)


def test_the_worked_2_2_2_network(engine):
    example = json.loads((REFERENCE / "worked_2_2_2.json").read_text())
    net = Network([2, 2, 2], hidden="sigmoid", output="sigmoid", loss="squared_error")
    net.theta = flat(example)
    history = train(net, [example["x"]], [example["y"]], optimizer=SGD(0.5), epochs=2, engine=engine)
    assert_allclose(history.loss, [example["loss"], example["loss_after_all_updated"]], rtol=1e-12)
    net.theta = flat(example)
    train(net, [example["x"]], [example["y"]], optimizer=SGD(0.5), epochs=1, engine=engine)
    assert_allclose(net.W[1], example["W1_after"], rtol=1e-12)
    assert_allclose(net.W[2], example["W2_after"], rtol=1e-12)
