"""The compiled engine against the NumPy reference: equations, gradients, whole short runs, predictions."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.native.engine import load_module
from setups import random_setup

pytestmark = pytest.mark.skipif(load_module()[0] is None, reason=f"no compiled engine: {load_module()[1]}")

# over a few steps; each step may differ by a few units in the last place of the largest terms
RUN = {"float64": 1e-9, "float32": 2e-3}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("wide", [False, True], ids=["small", "wide"])
@pytest.mark.parametrize("chunk", range(10))
def test_runs_agree_with_numpy(chunk, wide, dtype):
    for seed in range(chunk * 25, (chunk + 1) * 25):
        network, X, y, options = random_setup(seed, dtype, wide)
        runs = {}
        for engine in ("numpy", "native"):
            net = network.copy()
            history = gn.train(net, X, y, engine=engine, **options)
            assert history.engine == engine
            runs[engine] = (net, history)
        (a, ha), (b, hb) = runs["numpy"], runs["native"]
        setup = f"seed {seed}: {network} {options}"
        scale = np.abs(a.theta).max()
        np.testing.assert_allclose(hb.loss, ha.loss, rtol=RUN[dtype], atol=RUN[dtype], err_msg=setup)
        np.testing.assert_allclose(
            hb.validation_loss, ha.validation_loss, rtol=RUN[dtype], atol=RUN[dtype], err_msg=setup
        )
        np.testing.assert_allclose(b.theta, a.theta, rtol=0, atol=RUN[dtype] * scale, err_msg=setup)
        np.testing.assert_allclose(hb.learning_rate, ha.learning_rate, rtol=1e-15)
        assert (hb.steps, hb.stopped, hb.best_epoch) == (ha.steps, ha.stopped, ha.best_epoch)
        tolerance = 1e-12 if dtype == "float64" else 1e-5
        expected = a._output(X, "numpy")
        np.testing.assert_allclose(
            a._output(X, "native"), expected, rtol=tolerance, atol=tolerance * np.abs(expected).max(), err_msg=setup
        )
