"""Edges of the compiled engine that only certain sizes, steps and numbers reach; NumPy's engine or algebra gives the truth."""

import signal

import numpy as np
import pytest

import glassnet as gn

pytestmark = pytest.mark.usefixtures("compiled_engine")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("validated", [False, True])
def test_the_loss_of_many_rows_and_outputs_stays_in_range(dtype, validated):
    # Each ln 2 is kept as a factor 2. The product over the rows that are computed together would overflow.
    X, Y = np.zeros((3000, 4), dtype), np.arange(300_000).reshape(3000, 100) % 2
    network = gn.Network([4, 100], output="sigmoid", seed=0, dtype=dtype)
    network.theta[...] = 0
    validation = (X, Y) if validated else None
    options = {"epochs": 1, "batch_size": None, "optimizer": gn.SGD(1e-9)}
    history = gn.train(network, X, Y, engine="native", validation=validation, **options)
    assert history.loss[0] == pytest.approx(100 * np.log(2), rel=1e-5)
    if validated:
        assert history.validation_loss[0] == pytest.approx(100 * np.log(2), rel=1e-5)


def check_last_good(hidden, rate, **options):
    """Let the loss grow by a fixed factor until it overflows, compare with NumPy's run to there, and give the step."""
    X, y = np.full((1, hidden), hidden**-0.5), [1.0]
    network = gn.Network([hidden, 1], hidden="relu", seed=0)
    other = network.copy()
    with pytest.raises(gn.NonFiniteError) as caught:
        gn.train(network, X, y, optimizer=gn.SGD(rate), epochs=2000, engine="native", **options)
    # the loss of step - 1 is the last finite one: that of the parameters after so many steps
    gn.train(other, X, y, optimizer=gn.SGD(rate), epochs=caught.value.step - 1, engine="numpy", **options)
    np.testing.assert_allclose(network.theta, other.theta, rtol=0, atol=1e-9 * np.abs(other.theta).max())
    return caught.value.step


@pytest.mark.parametrize("hidden", [8, 150], ids=["small", "wide"])
def test_an_overflow_at_any_step_gives_back_the_parameters_of_the_step_before(hidden):
    # The engine may keep what it goes back to every 64 steps; a loss that overflows right after needs what was before.
    steps = {check_last_good(hidden, rate) for rate in np.logspace(2.05, 2.15, 30)}
    assert steps >= {64, 65}, steps


@pytest.mark.parametrize("hidden", [8, 150], ids=["small", "wide"])
@pytest.mark.parametrize("patience", [1, 7])
def test_an_overflow_after_the_rate_has_adapted_gives_back_the_parameters_of_the_step_before(hidden, patience):
    for rate in (200.0, 300.0, 500.0):
        assert check_last_good(hidden, rate, schedule=gn.Adaptive(patience=patience, decay=0.97)) > 3 * patience


@pytest.mark.parametrize("hidden", [8, 150], ids=["small", "wide"])
def test_the_validation_loss_is_the_mean_by_weight(hidden):
    rng = np.random.default_rng(0)
    X, y, weight = rng.standard_normal((70, 3)), rng.standard_normal(70), rng.uniform(0, 9, 70)
    network = gn.Network([3, hidden, 1], hidden="tanh", seed=0)
    history = gn.train(network, X, y, epochs=1, engine="native", validation=(X, y, weight))
    residuals = network.predict(X).ravel() - y
    expected = (weight * 0.5 * residuals**2).sum() / weight.sum()
    assert history.validation_loss[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("sizes", "threads"), [((3, 8, 1), 1), ((3, 150, 1), 1), ((3, 150, 1), 2)], ids=str)
@pytest.mark.parametrize(("dtype", "smallest"), [("float32", 2.0**-126), ("float64", 2.0**-1022)])
def test_no_weight_decays_below_the_normal_numbers(sizes, threads, dtype, smallest):
    # inputs of 0 and targets of 0: only the penalty moves the weights, and halves them in each step
    network = gn.Network(sizes, hidden="relu", seed=0, dtype=dtype)
    X, y = np.zeros((4, 3)), np.zeros(4)
    steps = int(-np.log2(smallest)) + 8
    options = {"optimizer": gn.SGD(0.5), "l2": 1.0, "epochs": steps, "engine": "native", "n_threads": threads}
    start = np.abs(network.theta)
    halved = start.astype("longdouble") * np.longdouble(0.5) ** (steps - 20)
    gn.train(network, X, y, **{**options, "epochs": steps - 20})
    np.testing.assert_allclose(np.abs(network.theta), halved.astype(dtype), rtol=1e-6)
    gn.train(network, X, y, **{**options, "epochs": 20})
    assert 0 < start.max() * 2.0**-8 * smallest < smallest  # a subnormal where nothing is flushed
    # flushed to 0; without fused multiply-add half of the smallest is 0 before it is subtracted, and decay stops there
    assert ((network.theta == 0) | ((np.abs(network.theta) >= smallest) & (np.abs(network.theta) < 2 * smallest))).all()


LONG_STEP = """
import signal
import numpy as np
import glassnet as gn

rng = np.random.default_rng(0)
X, y = rng.standard_normal((8_000, 1500), dtype="float32"), rng.integers(0, 10, 8_000)
network = gn.Network([1500, 1500, 1500, 10], hidden="relu", output="softmax", seed=0, dtype="float32")
before = network.theta.copy()
signal.signal(signal.SIGVTALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_VIRTUAL, 1.0)  # of some 3 s that the step takes of the processor's time
try:
    gn.train(network, X, y, epochs=2, batch_size=None, engine="native", n_threads=1)
except KeyboardInterrupt:
    print((network.theta == before).all())
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer of the processor's time")
def test_an_interrupted_step_of_seconds_is_left_inside_and_changes_nothing(python):
    assert python(LONG_STEP).stdout == "True\n"
