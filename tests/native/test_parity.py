"""The compiled engine against the NumPy reference: equations, gradients, whole short runs, predictions."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.equations.activations import ACTIVATIONS
from glassnet.equations.losses import LOSSES

pytestmark = pytest.mark.usefixtures("compiled_engine")

ENGINES = ("numpy", "native")

# Differences of theta relative to its largest entry, after up to some hundred steps: of 99 % of the entries, and of all.
# A few entries may differ by more than rounding: at the kink of relu and of l1 rounding decides which slope is taken,
# and an optimizer that divides by √v + ε blows up the rounding of a tiny gradient by up to learning_rate/ε.
MOST = {"float64": 1e-13, "float32": 5e-5}
ALL_OF_THETA = {
    ("float64", "plain"): 3e-14,
    ("float64", "ε = 1e-3"): 3e-13,
    ("float64", "ε = 1e-8"): 1e-10,
    ("float32", "plain"): 1e-5,
    ("float32", "ε = 1e-3"): 3e-3,
    ("float32", "ε = 1e-8"): 1e-2,
}
LOSS = {"float64": 3e-12, "float32": 2e-3}
LOSS_OF_PLAIN = {"float64": 3e-14, "float32": 1e-5}
OUTPUT = {"float64": 1e-13, "float32": 3e-5}


def kind(optimizer):
    epsilon = getattr(optimizer, "epsilon", None)
    return "plain" if epsilon is None else f"ε = {epsilon:.0e}".replace("e-0", "e-")


def tied(a, b, dtype):
    """True if the best epochs of two runs have equal validation losses, to two roundings.

    An epoch at a learning rate of almost 0, as one_cycle ends with, moves the loss by less than that.
    """
    best = np.array([a.best_epoch, b.best_epoch]) - 1
    losses = np.array([a.validation_loss, b.validation_loss])[:, best]
    return best.min() >= 0 and (np.ptp(losses, axis=1) <= 2 * np.finfo(dtype).eps * losses.min()).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("engine", "wide", "sparse"),
    [("native", w, s) for s in (False, True) for w in (False, True)] + [("numpy", False, True)],
    ids=["small", "wide", "small-sparse", "wide-sparse", "numpy-sparse"],
)
@pytest.mark.parametrize("chunk", range(5))
def test_runs_agree_with_numpy(chunk, engine, wide, sparse, dtype, setups):
    count = 10 if sparse else 25
    for seed in range(chunk * count, (chunk + 1) * count):
        network, X, y, options = setups.random_setup(seed, dtype, wide, sparse)
        a, b = network.copy(), network.copy()
        ha = gn.train(a, X, y, engine="numpy", **options)
        rows, with_rows = setups.with_sparse_rows(X, options) if sparse else (X, options)
        hb = gn.train(b, rows, y, engine=engine, **with_rows)
        assert (ha.engine, hb.engine) == ("numpy", engine)
        setup = f"seed {seed}: {network} {options}"
        division = kind(options["optimizer"])
        difference = np.abs(b.theta - a.theta) / np.abs(a.theta).max()
        assert difference.max() <= ALL_OF_THETA[dtype, division], setup
        assert np.quantile(difference, 0.99) <= MOST[dtype], setup
        tolerance = LOSS_OF_PLAIN[dtype] if division == "plain" else LOSS[dtype]
        np.testing.assert_allclose(hb.loss, ha.loss, rtol=tolerance, atol=tolerance, err_msg=setup)
        np.testing.assert_allclose(
            hb.validation_loss, ha.validation_loss, rtol=tolerance, atol=tolerance, err_msg=setup
        )
        np.testing.assert_allclose(hb.learning_rate, ha.learning_rate, rtol=1e-15)
        assert (hb.steps, hb.stopped) == (ha.steps, ha.stopped), setup
        assert hb.best_epoch == ha.best_epoch or tied(ha, hb, dtype), setup
        expected = a._output(X, "numpy")
        np.testing.assert_allclose(
            a._output(rows, engine), expected, rtol=0, atol=OUTPUT[dtype] * np.abs(expected).max(), err_msg=setup
        )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("batch_size", [19, 200])
def test_gradients_of_every_width(batch_size, dtype):
    # whole vectors are worked on and written: what does not fill one must not spill over
    rng = np.random.default_rng(0)
    X = rng.standard_normal((batch_size, 6))
    optimizer = gn.Momentum(learning_rate=1.0)  # its memory after one step is −g
    tolerance = 1e-14 if dtype == "float64" else 3e-6
    for width in range(1, 41):
        for sizes in ([6, width, 2], [6, width, 5, 2], [6, 9, width], [6, 33, width, width, 3]):
            y = rng.standard_normal((batch_size, sizes[-1]))
            gradients = []
            for engine in ENGINES:
                network = gn.Network(sizes, hidden="tanh", dtype=dtype, seed=1)
                history = gn.train(network, X, y, optimizer=optimizer, epochs=1, engine=engine)
                gradients.append(history.state.slots[0])
            largest = np.abs(gradients[0]).max()
            np.testing.assert_allclose(gradients[1], gradients[0], rtol=0, atol=tolerance * largest, err_msg=str(sizes))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("hidden", [name for name, a in ACTIVATIONS.items() if not a.rowwise])
@pytest.mark.parametrize("inputs", [1, 2])
def test_gradients_of_a_row_in_registers(inputs, hidden, dtype):
    # of weighted rows that fill up no vector; the last number of them takes several blocks
    rng = np.random.default_rng(inputs)
    optimizer = gn.Momentum(learning_rate=1.0)
    for rows in (1, 5, 100, 3001):
        X, y = rng.standard_normal((rows, inputs)), rng.integers(0, 2, rows)
        options = {"optimizer": optimizer, "epochs": 1, "batch_size": rows, "sample_weight": rng.uniform(0.5, 2, rows)}
        gradients = []
        for engine in ENGINES:
            network = gn.Network([inputs, 7, 1], hidden=hidden, output="sigmoid", dtype=dtype, seed=1)
            network.b[1][...] = np.linspace(-1, 1, 7)
            history = gn.train(network, X, y, engine=engine, **options)
            gradients.append(history.state.slots[0])
        largest = np.abs(gradients[0]).max()
        tolerance = 1e-14 if dtype == "float64" else 3e-6
        np.testing.assert_allclose(gradients[1], gradients[0], rtol=0, atol=tolerance * largest, err_msg=str(rows))


def grid(dtype):
    """Numbers of every size and sign at which an equation may go wrong: 0, tiny, around 1, where exp ends, huge."""
    sizes = [0, 1e-30, 1e-20, 1e-12, 1e-8, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.999, 1, 1.001, 1.5, 2, 3, 5, 8, 9, 10, 16, 17]
    sizes += [20, 30, 37, 50, 80, 87, 88, 88.8, 90, 103, 104, 110, 1e3, 1e4, 1e5, 1e8, 1e12, 1e18]
    if dtype == "float64":
        sizes += [700, 708, 709.7, 710, 744, 745.2, 746, 750, 1e30, 1e100, 1e150]
    dense = np.linspace(0, 12, 500)
    numbers = np.concatenate([sizes, dense])
    return np.stack([numbers, -numbers], axis=1).ravel().astype(dtype)


def units_off(got, expected, dtype):
    """The differences in units in the last place of what is expected, 0 where both are near the subnormal numbers."""
    tiny = 1000 * np.finfo(dtype).tiny  # the compiled engine takes subnormal numbers, also in between, for 0
    with np.errstate(invalid="ignore", over="ignore"):
        close = (got == expected) | (np.abs(got - expected) <= tiny)
        units = np.where(close, 0, np.abs(got - expected) / np.spacing(np.abs(expected)))
    assert not np.isnan(units).any(), "inf or nan where the reference has another"
    return units


@pytest.mark.parametrize("width", [2, 200], ids=["small", "wide"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_activation_at_every_size(name, dtype, width):
    loss = "categorical_cross_entropy" if ACTIVATIONS[name].rowwise else None
    network = gn.Network([width, width], output=name, loss=loss, dtype=dtype, seed=0)
    network.W[1][...] = np.eye(width)
    network.b[1][...] = 0
    x = grid(dtype)
    X = np.zeros((len(x), width), dtype)
    X[:, 0] = x
    with np.errstate(all="ignore"):
        expected = network._output(X, "numpy")
    units = units_off(network._output(X, "native"), expected, dtype)
    allowed = np.full(len(x), 4.0 + width * (name == "softmax"))  # its sum rounds once a term, in any order
    if name == "gelu":  # the exponent of its sigmoid grows as z³, and the rounding with it
        size = np.minimum(np.abs(x), 100).astype(float)
        allowed += size**2 + size**3 / 2
    worst = np.argmax(units.max(axis=1) / allowed)
    assert units[worst].max() <= allowed[worst], x[worst]


PAIRS = [  # a loss, the output it follows, its targets
    ("squared_error", "identity", [-3.0, 0, 0.5, 1e4]),
    ("absolute_error", "identity", [-3.0, 0, 0.5, 1e4]),
    ("huber", "identity", [-3.0, 0, 0.5, 1e4]),
    ("quantile", "identity", [-3.0, 0, 0.5, 1e4]),
    ("poisson", "exponential", [0, 1.0, 7]),
    ("binary_cross_entropy", "sigmoid", [0, 0.25, 1.0]),
    ("squared_error", "sigmoid", [0, 1.0]),
    ("huber", "tanh", [-3.0, 0.5]),
    ("squared_error", "softplus", [-3.0, 0, 10]),
    ("squared_error", "silu", [-3.0, 0.5]),
    ("squared_error", "gelu", [-3.0, 0.5]),
    ("squared_error", "elu", [-3.0, 0.5]),
    ("squared_error", "leaky_relu", [-3.0, 0.5]),
    ("squared_error", "relu", [-3.0, 0.5]),
]


def loss_and_slope(engine, z, y, loss, output, inputs, dtype):
    """Σ ℓ(zⱼ, yⱼ) and the slopes ∂ℓ/∂zⱼ of one row whose outputs have the biases z and no weights."""
    network = gn.Network([inputs, len(z)], output=output, loss=loss, dtype=dtype, seed=0)
    network.W[1][...] = 0
    network.b[1][...] = z
    optimizer = gn.Momentum(learning_rate=1.0)  # its memory after one step is −g, with no other rounding
    history = gn.train(network, np.zeros((1, inputs)), y[None], optimizer=optimizer, epochs=1, engine=engine)
    return history.loss[0], -history.state.slots[0][inputs * len(z) :]


@pytest.mark.parametrize("inputs", [1, 129], ids=["small", "wide"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("loss", "output", "targets"), PAIRS, ids=[f"{loss}-{output}" for loss, output, _ in PAIRS])
def test_each_loss_and_slope_at_every_size(loss, output, targets, dtype, inputs):
    few, tiny = 8 * np.finfo(dtype).eps, 1000 * np.finfo(dtype).tiny
    through = LOSSES[loss].link != output and output != "identity"  # then a − y and 1 − a may cancel
    z = grid(dtype)
    z = z[np.abs(z) < (80 if loss == "poisson" else 1e12)]
    for target in targets:
        for part in (z[:100], z[100::10]):  # the slopes of many at once; rounding is that of the larger in a − y
            y = np.full(len(part), target, dtype)
            (_, a), (_, b) = (loss_and_slope(engine, part, y, loss, output, inputs, dtype) for engine in ENGINES)
            scale = np.maximum(np.abs(a), max(abs(target), through))
            assert (np.abs(b - a) <= few * scale + tiny).all()
        for one in z[:70:2]:  # the losses one by one
            y = np.full(1, target, dtype)
            (a, _), (b, _) = (loss_and_slope(engine, one[None], y, loss, output, inputs, dtype) for engine in ENGINES)
            scale = max(
                abs(a), abs(target * one) if LOSSES[loss].link == output else 0, 1 + target**2 if through else 0
            )
            assert abs(b - a) <= few * scale + tiny, (target, one, a, b)
