"""Predictors that are kept from call to call: what they notice, and what they leave alone."""

import gc
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassnet import Network
from glassnet.equations.activations import ACTIVATIONS
from glassnet.native import predictors

pytestmark = pytest.mark.usefixtures("compiled_engine")


@pytest.fixture
def network():
    predictors._kept.clear()
    return Network([20, 150, 4], output="softmax", seed=1)


@pytest.fixture
def X(network):
    return np.random.default_rng(0).standard_normal((70, network.sizes[0]))


def as_numpy(network, X):
    return network.predict_proba(X, engine="numpy")


def test_a_predictor_is_kept_and_takes_any_number_of_rows(network, X):
    network.predict_proba(X[:1], engine="native")
    _, kept = predictors._kept[network]
    for n in (64, 1, 33, 70):
        assert_allclose(network.predict_proba(X[:n], engine="native"), as_numpy(network, X[:n]), rtol=1e-12)
    assert predictors._kept[network][1] is kept


def test_any_change_of_the_network_is_noticed(network, X):
    network.predict_proba(X[:9], engine="native")
    network.W[1][0, 0] += 1
    assert_allclose(network.predict_proba(X[:9], engine="native"), as_numpy(network, X[:9]), rtol=1e-12)
    network.b[2][-1] -= 1
    assert_allclose(network.predict_proba(X[:9], engine="native"), as_numpy(network, X[:9]), rtol=1e-12)
    network.activations[1] = ACTIVATIONS["tanh"]
    assert_allclose(network.predict_proba(X[:9], engine="native"), as_numpy(network, X[:9]), rtol=1e-12)


def test_threads_share_a_network():
    network = Network([300, 500, 4], output="softmax", seed=1)
    batches = np.random.default_rng(0).standard_normal((40, 64, 300))
    expected = [as_numpy(network, batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for i, got in enumerate(
            pool.map(lambda i: network.predict_proba(batches[i % 40], engine="native"), range(200))
        ):
            assert_allclose(got, expected[i % 40], rtol=1e-10)


def test_a_kept_predictor_goes_with_its_network_and_is_not_copied(network, X):
    network.predict_proba(X[:1], engine="native")
    copy = pickle.loads(pickle.dumps(network))
    assert copy not in predictors._kept
    assert network.copy() not in predictors._kept
    for _ in range(predictors.MOST_KEPT + 1):
        network.copy().predict_proba(X[:1], engine="native")
    gc.collect()
    assert len(predictors._kept) <= 1
    others = [network.copy() for _ in range(predictors.MOST_KEPT + 1)]
    for other in others:
        other.predict_proba(X[:1], engine="native")
    assert len(predictors._kept) <= predictors.MOST_KEPT
