"""Backpropagation of 2,000 random networks against the complex step, through glassnet and through plain Python loops."""

import cmath
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from glassnet import Network
from glassnet.equations.activations import ACTIVATIONS
from glassnet.equations.losses import LOSSES
from glassnet.network import passes
from glassnet.network.derivatives import complex_step, objective_at
from glassnet.network.gradient_check import relative_errors

HIDDEN = [name for name in ACTIVATIONS if name != "softmax"]
FITTING = {
    "identity": ["squared_error", "absolute_error", "huber", "quantile"],
    "sigmoid": ["binary_cross_entropy", "squared_error", "huber"],
    "softmax": ["categorical_cross_entropy", "squared_error", "quantile"],
    "exponential": ["poisson", "huber"],
    "tanh": ["squared_error", "absolute_error"],
}
LARGEST_Z = (
    4.0  # weights are scaled so that no pre-activation is larger: gelu, 1 − a² and the like lose digits further out
)
TOLERANCE = 1e-12


@dataclass
class Case:
    """A network and all that its objective depends on."""

    network: Network
    X: Any
    y: Any
    weight: Any
    l1: float
    l2: float

    def gradient(self):
        trace = self.network.forward(self.X)
        return self.network.backward(trace, self.y, self.weight, l1=self.l1, l2=self.l2)

    def objective(self, theta, X):
        Y = self.network.encode(self.y, len(self.X))
        return objective_at(self.network, theta, X, Y, self.weight, self.l1, self.l2)

    def distance_to_kinks(self):
        """How near a pre-activation is to a kink of its activation, or an output to one of its loss."""
        trace, net = self.network.forward(self.X), self.network
        near = [np.abs(trace.Z[layer] - kink) for layer, g in net.activations.items() for kink in g.kinks]
        if net.loss_function.kink_at_target:
            near.append(np.abs(trace.output - net.encode(self.y, len(self.X))))
        return min((distance.min() for distance in near), default=math.inf)


def random_case(seed):
    rng = np.random.default_rng([2024, seed])
    output = str(rng.choice(list(FITTING)))
    loss = str(rng.choice(FITTING[output]))
    sizes = rng.integers(1, 7, rng.integers(2, 9)).tolist()
    sizes[-1] = max(sizes[-1], 2) if output == "softmax" else sizes[-1]
    hidden = rng.choice(HIDDEN, len(sizes) - 2).tolist()
    net = Network(sizes, hidden, output, loss=loss)
    n = int(rng.integers(1, 13))
    X = rng.normal(size=(n, sizes[0]))
    A = X
    for layer, activation in net.activations.items():
        W, b = rng.normal(size=net.W[layer].shape), rng.normal(size=net.b[layer].shape)
        scale = min(1, LARGEST_Z / np.abs(A @ W + b).max())
        net.W[layer][...], net.b[layer][...] = scale * W, scale * b
        A = activation(A @ net.W[layer] + net.b[layer])
    targets = net.loss_function.targets
    if targets == "numbers" and output == "softmax":
        targets = "rows"
    y = random_targets(rng, targets, n, sizes[-1])
    weight = rng.random(n) + (rng.random(n) < 0.8) if rng.random() < 0.5 else None
    l1, l2 = rng.choice([0.0, 0.01, 0.3], 2)
    return Case(net, X, y, weight, float(l1), float(l2))


def random_targets(rng, kind, n, k):
    if kind == "counts":
        return rng.integers(0, 5, (n, k)).astype(float)
    if kind == "probabilities":
        return rng.integers(0, 2, (n, k)).astype(float) if rng.random() < 0.5 else rng.random((n, k))
    if kind == "distribution":
        return rng.integers(0, k, n) if rng.random() < 0.5 else rng.dirichlet(np.ones(k), n)
    if kind == "rows":  # sums of 1 as the outputs have: all slopes of one sign would give the gradient 0, all noise
        return rng.dirichlet(np.ones(k), n)
    return rng.normal(size=(n, k))


# --- the same objective in plain Python, on real and on complex numbers: nothing below is shared with glassnet ---------


def plain_activation(name, z):
    up = z.real > 0
    return {
        "identity": lambda: z,
        "relu": lambda: z if up else 0 * z,
        "leaky_relu": lambda: z if up else 0.01 * z,
        "elu": lambda: z if up else cmath.exp(z) - 1,
        "gelu": lambda: z * (1 + cmath.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z))) / 2,
        "silu": lambda: z / (1 + cmath.exp(-z)),
        "softplus": lambda: cmath.log(1 + cmath.exp(z)),
        "sigmoid": lambda: 1 / (1 + cmath.exp(-z)),
        "tanh": lambda: cmath.tanh(z),
        "exponential": lambda: cmath.exp(z),
    }[name]()


def plain_loss(name, p, y):
    """The loss of one output p (after its activation) and target y."""
    r = p - y
    size = r if r.real > 0 else -r
    return {
        "squared_error": lambda: r * r / 2,
        "absolute_error": lambda: size,
        "huber": lambda: r * r / 2 if size.real <= 1 else size - 0.5,
        "quantile": lambda: size / 2,
        "poisson": lambda: p - y * cmath.log(p),
        "binary_cross_entropy": lambda: -y * cmath.log(p) - (1 - y) * cmath.log(1 - p),
        "categorical_cross_entropy": lambda: -y * cmath.log(p),
    }[name]()


def plain_objective(case, theta):
    net, n = case.network, len(case.X)
    weight = [1.0] * n if case.weight is None else case.weight.tolist()
    Y = np.asarray(case.y, dtype=float)
    if Y.ndim == 1:
        Y = np.array([[float(label == k) for k in range(net.sizes[-1])] for label in Y])
    total = 0
    for x, y, w in zip(case.X.tolist(), Y.tolist(), weight, strict=True):
        a, place = x, 0
        for layer, (fan_in, fan_out) in enumerate(zip(net.sizes, net.sizes[1:], strict=False), start=1):
            bias = place + fan_in * fan_out
            z = [
                sum(a[i] * theta[place + i * fan_out + j] for i in range(fan_in)) + theta[bias + j]
                for j in range(fan_out)
            ]
            place = bias + fan_out
            name = net.activations[layer].name
            if name == "softmax":
                e = [cmath.exp(one) for one in z]
                a = [one / sum(e) for one in e]
            else:
                a = [plain_activation(name, one) for one in z]
        total += w * sum(plain_loss(net.loss_function.name, p, target) for p, target in zip(a, y, strict=True))
    total /= sum(weight)
    for start, bias, _ in net.layout.offsets().values():
        for w in theta[start:bias]:
            total += case.l1 * (w if w.real > 0 else -w) + case.l2 * w * w / 2
    return total


def groups(net):
    return [net.layout.name_of(i).split("[")[0] for i in range(net.n_parameters)]


def check_case(case, rng):
    """Assert one network's gradient: every parameter, every input, and three parameters through plain Python."""
    net, gradient = case.network, case.gradient()
    stepped = np.array(
        [complex_step(lambda theta: case.objective(theta, case.X), net.theta, i) for i in range(net.n_parameters)]
    )
    worst = relative_errors(gradient.flat, stepped, groups(net)).max()
    assert worst <= TOLERANCE, net

    X = case.X.ravel()
    stepped_X = np.array(
        [complex_step(lambda x: case.objective(net.theta, x.reshape(case.X.shape)), X, i) for i in range(X.size)]
    )
    worst_X = relative_errors(gradient.X.ravel(), stepped_X, ["X"] * X.size).max()
    assert worst_X <= TOLERANCE, net

    theta = net.theta.tolist()
    loss = plain_objective(case, theta)
    assert abs(net.loss(case.X, case.y, case.weight, l1=case.l1, l2=case.l2) - loss) <= TOLERANCE * max(1, abs(loss))
    plain = gradient.flat.copy()
    for i in rng.integers(0, net.n_parameters, 3):
        moved = [*theta[:i], theta[i] + 1e-30j, *theta[i + 1 :]]
        plain[i] = plain_objective(case, moved).imag / 1e-30
    assert relative_errors(gradient.flat, plain, groups(net)).max() <= TOLERANCE, net


@pytest.mark.parametrize("chunk", range(20))
def test_gradient_of_2000_random_networks(chunk):
    at_a_kink = 0
    for seed in range(100 * chunk, 100 * chunk + 100):
        case = random_case(seed)
        if case.distance_to_kinks() < 1e-9:
            at_a_kink += 1
        else:
            check_case(case, np.random.default_rng(seed))
    assert at_a_kink <= 1


def test_the_2000_networks_are_as_various_as_they_should_be():
    cases = [random_case(seed) for seed in range(2000)]
    nets = [case.network for case in cases]
    assert {net.n_layers - 1 for net in nets} == set(range(7))
    assert {size for net in nets for size in net.sizes} == set(range(1, 7))
    assert {g.name for net in nets for g in net.activations.values()} == set(ACTIVATIONS)
    assert {net.loss_function.name for net in nets} == set(LOSSES)
    assert {len(case.X) for case in cases} == set(range(1, 13))
    assert 800 < sum(case.weight is None for case in cases) < 1200
    moving = [np.abs(case.gradient().W[1]).max() > 1e-8 for case in cases]
    assert np.mean(moving) > 0.9  # the gradient reaches the first layer, so zeros are not what is compared


@pytest.mark.parametrize("chunk", range(4))
def test_float32_gradient_is_near_the_float64_one(chunk):
    """Relative to the layer's largest entry; both networks get the same numbers, those of float32."""
    at_a_kink = 0
    for seed in range(100 * chunk, 100 * chunk + 100):
        case = random_case(seed)
        wide = case.network
        narrow = Network(wide.sizes, wide.hidden, wide.output, loss=wide.loss_function, dtype="float32")
        narrow.theta = wide.theta
        wide.theta = narrow.theta
        case.X = case.X.astype(np.float32).astype(np.float64)
        if case.distance_to_kinks() < 1e-5:  # float32 may see it on the other side
            at_a_kink += 1
            continue
        expected = case.gradient()
        case.network = narrow
        gradient = case.gradient()
        assert gradient.flat.dtype == np.float32
        for layer, (start, _, end) in wide.layout.offsets().items():
            largest = np.abs(expected.flat[start:end]).max()
            assert np.abs(gradient.flat - expected.flat)[start:end].max() <= 1e-5 * largest, (narrow, layer)
    assert at_a_kink <= 5


# --- what must not change the gradient, or change it in a known way ---------------------------------------------------


def closely(actual, expected):
    """Equal to 1e-12 of the largest entry."""
    assert_allclose(actual, expected, rtol=0, atol=TOLERANCE * max(np.abs(expected).max(), 1e-300))


@pytest.mark.parametrize("seed", range(3000, 3040))
def test_permuting_hidden_units_permutes_the_gradient(seed):
    case = random_case(seed)
    net, rng = case.network, np.random.default_rng(seed)
    units = {layer: rng.permutation(size) for layer, size in enumerate(net.sizes)}
    units[0], units[net.n_layers] = np.arange(net.sizes[0]), np.arange(net.sizes[-1])
    before, loss = case.gradient(), net.loss(case.X, case.y, case.weight)
    for layer in net.W:
        net.W[layer][...] = net.W[layer][units[layer - 1]][:, units[layer]]
        net.b[layer][...] = net.b[layer][units[layer]]
    assert net.loss(case.X, case.y, case.weight) == pytest.approx(loss, rel=TOLERANCE)
    after = case.gradient()
    closely(after.X, before.X)
    for layer in net.W:
        closely(after.W[layer], before.W[layer][units[layer - 1]][:, units[layer]])
        closely(after.b[layer], before.b[layer][units[layer]])


@pytest.mark.parametrize("seed", range(3100, 3140))
def test_gradient_of_a_batch_is_the_weighted_mean_of_its_halves(seed):
    case = random_case(seed)
    net = case.network
    X, y = np.vstack([case.X, case.X[::-1] / 2]), np.concatenate([case.y, case.y])
    weight = np.random.default_rng(seed).random(len(X)) + 0.1
    half = len(X) // 3 + 1
    whole = net.backward(net.forward(X), y, weight).flat
    parts = [
        net.backward(net.forward(X[rows]), y[rows], weight[rows]).flat for rows in (slice(half), slice(half, None))
    ]
    share = weight[:half].sum() / weight.sum()
    closely(share * parts[0] + (1 - share) * parts[1], whole)


@pytest.mark.parametrize("seed", range(3200, 3240))
def test_weight_k_is_the_row_k_times(seed):
    case = random_case(seed)
    net, rng = case.network, np.random.default_rng(seed)
    times = rng.integers(0, 4, len(case.X))
    times[0] = 2
    X, y = np.repeat(case.X, times, axis=0), np.repeat(case.y, times, axis=0)
    repeated = net.backward(net.forward(X), y, l1=case.l1, l2=case.l2)
    weighted = net.backward(net.forward(case.X), case.y, times, l1=case.l1, l2=case.l2)
    closely(weighted.flat, repeated.flat)
    assert net.loss(case.X, case.y, times) == pytest.approx(net.loss(X, y), rel=TOLERANCE)


@pytest.mark.parametrize("loss", ["categorical_cross_entropy", "squared_error"])
def test_a_constant_added_to_all_logits_changes_nothing(loss):
    net = Network([3, 5, 4], "tanh", "softmax", loss=loss, seed=1)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(9, 3)), np.eye(4)[rng.integers(0, 4, 9)]
    output, gradient = net.forward(X).output, net.backward(net.forward(X), y).flat
    net.b[2] += 3.7
    closely(net.forward(X).output, output)
    closely(net.backward(net.forward(X), y).flat, gradient)
    assert net.backward(net.forward(X), y).b[2].sum() == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("exponent", [-7, 3, 20])
def test_relu_units_scaled_by_a_power_of_2_give_the_same_bits(exponent):
    net = Network([3, 6, 5, 2], "relu", seed=2)
    net.theta = np.random.default_rng(1).normal(size=net.n_parameters)
    X = np.random.default_rng(2).normal(size=(20, 3))
    before = net.forward(X).output
    net.W[2] *= 2.0**exponent
    net.b[2] *= 2.0**exponent
    net.W[3] *= 2.0**-exponent
    assert_array_equal(net.forward(X).output, before)


def test_gradient_through_dropout_masks():
    """The backward pass multiplies by the masks of the forward pass, on the way to W and on the way back."""
    net = Network([3, 6, 5, 2], ["tanh", "softplus"], seed=2)
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    D = {layer: (rng.random((8, net.sizes[layer])) > 0.4) / 0.6 for layer in (1, 2)}

    def objective(theta):
        at = net.with_theta(theta)
        trace = passes.forward(at.activations, at.W, at.b, X, D)
        return passes.objective(at.activations, at.loss_function, at.W, trace, Y)

    trace = passes.forward(net.activations, net.W, net.b, X, D)
    gradient = passes.backward(net.activations, net.loss_function, net.layout, net.theta, trace, Y)
    stepped = np.array([complex_step(objective, net.theta, i) for i in range(net.n_parameters)])
    assert relative_errors(gradient.flat, stepped, groups(net)).max() <= TOLERANCE
    assert not np.allclose(gradient.flat, net.backward(net.forward(X), Y).flat)
