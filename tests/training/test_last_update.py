"""The last update of a run overflows in the same epoch in which early stopping ends the run."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.native.engine import load_module
from glassnet.training.run import Run

ENGINES = ["numpy", *(["native"] if load_module()[0] else [])]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_that_goes_back_before_its_end_has_not_stopped(engine):
    # The slope of |ŷ − y| is −1 until the bias passes y: the bias goes to 1.2e308, then to inf, while the losses are
    # 1.7e308 and 0.5e308, which is no improvement by 1.5e308.
    network = gn.Network([1, 1], loss="absolute_error", init="zeros")
    rule = gn.EarlyStopping(patience=1, min_delta=1.5e308)
    options = {"optimizer": gn.SGD(1.2e308), "epochs": 5, "early_stopping": rule, "engine": engine}
    run = Run(network, np.zeros((1, 1)), [1.7e308], **options)
    with pytest.raises(gn.NonFiniteError) as caught:
        run.advance()
    assert caught.value.step == 2
    assert network.b[1].tolist() == [1.2e308]
    assert run.record.loss == [1.7e308]
    assert run.step == 1
    assert run.record.stopped == ""
    assert not run.finished
