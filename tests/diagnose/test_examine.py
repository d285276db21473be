"""examine: runs that are over, glassnet's own and those of somebody else's loop."""

from itertools import pairwise

import numpy as np
import pytest

import glassnet as gn

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
y = (X[:, 0] * X[:, 1] > 0).astype(int)


def test_a_stored_history_is_gone_through_again():
    net = gn.Network([3, 16, 1], output="sigmoid", seed=0)
    net.b[1][...] = -50
    history = gn.train(net, X, y, epochs=30, batch_size=32)
    diagnosis = gn.examine(history)
    found = diagnosis.findings[0]
    assert (found.code, found.step, found.layer) == ("dead_units", 0, 1)
    assert found.replay is None
    assert diagnosis.looks[-1].step == history.steps
    np.testing.assert_array_equal(diagnosis.network.theta, net.theta)


def test_a_healthy_history_is_healthy():
    net = gn.Network([3, 16, 1], output="sigmoid", seed=0)
    history = gn.train(net, X, y, optimizer=gn.Adam(learning_rate=0.01), epochs=100, batch_size=32)
    assert gn.examine(history).healthy


def own_loop(scale, steps=20):
    """Somebody's loop in NumPy: three tanh layers, plain gradient descent."""
    W = [scale * rng.normal(size=shape) / np.sqrt(shape[0]) for shape in ((3, 30), (30, 30), (30, 30), (30, 1))]
    weights, gradients, hidden, losses = [], [], [], []
    for _ in range(steps):
        A = [X]
        for w in W[:-1]:
            A.append(np.tanh(A[-1] @ w))
        p = 1 / (1 + np.exp(-np.clip(A[-1] @ W[-1], -500, 500)))
        losses.append(float(-np.mean(np.log(np.where(y[:, None] == 1, p, 1 - p) + 1e-12))))
        dZ, G = (p - y[:, None]) / len(X), []
        for layer in range(3, -1, -1):
            G.insert(0, A[layer].T @ dZ)
            dZ = dZ @ W[layer].T * (1 - A[layer] ** 2)
        weights.append([w.copy() for w in W])
        gradients.append(G)
        hidden.append(A[1:])
        W = [w - 0.1 * g for w, g in zip(W, G, strict=True)]
    return {"weights": weights, "gradients": gradients, "activations": hidden, "losses": losses, "steps": range(steps)}


def test_somebody_elses_loop_is_judged_by_its_arrays():
    assert gn.examine(**own_loop(1.0)).healthy
    found = gn.examine(**own_loop(50.0)).findings[0]
    assert (found.code, found.layer, found.step) == ("saturated_units", 2, 0) or found.code == "saturated_units"
    looks = gn.examine(**own_loop(1.0)).looks
    assert 1e-5 < looks[0].ratio[0] < 1e-1
    assert looks[0].distance == 0 < looks[-1].distance


@pytest.mark.parametrize(("rate", "code"), [(30.0, "learning_rate_too_high"), (1e-7, "learning_rate_too_low")])
def test_updates_tell_of_the_rate_where_nothing_can_be_tried(rate, code):
    net = gn.Network([3, 16, 1], hidden="tanh", output="sigmoid", seed=0)
    history = gn.train(net, X, y, optimizer=gn.SGD(learning_rate=rate), epochs=20, batch_size=32)
    found = gn.examine(history).findings[0]
    assert found.code == code
    assert found.remedy.options["optimizer"].learning_rate == pytest.approx(rate / 10 if rate > 1 else rate * 10)


def test_alike_units_and_a_diverging_loss():
    same = [[np.full((3, 4), 0.2), np.full((4, 1), 0.2)]]
    assert gn.examine(weights=same).codes == ("poor_initialisation",)
    losses = [1.0, 0.9, 0.8, 0.7, 0.7, 5.0, 40.0, 300.0, 2000.0]
    assert "diverged" in gn.examine(losses=losses).codes
    assert gn.examine(losses=[1.0, np.nan]).codes == ("diverged",)
    assert gn.examine(losses=np.linspace(1, 0.1, 30)).healthy
    flat = gn.examine(losses=np.full(50, np.log(2)), baseline=np.log(2))
    assert flat.codes == ("plateau",)


def test_overfitting_shows_in_two_curves():
    falling = np.geomspace(0.7, 0.001, 60)
    rising = np.concatenate([np.linspace(0.7, 0.4, 15), np.linspace(0.4, 1.5, 45)])
    found = gn.examine(losses=falling, validation_losses=rising).findings[0]
    assert (found.code, found.evidence["best_epoch"]) == ("overfitting", 15)


def test_bad_arguments_are_refused(refuses):
    with refuses("examine"):
        gn.examine()
    with refuses("history"):
        gn.examine([1.0, 2.0])
    with refuses("gradients"):
        gn.examine(weights=[[np.ones((2, 2))]] * 2, gradients=[[np.ones((2, 2))]])
    with refuses("gradients"):
        gn.examine(weights=[[np.ones((2, 2))]], gradients=[[np.ones((2, 3))]])


def test_a_page_of_arrays_alone_can_be_drawn():
    page = gn.examine(**own_loop(1.0)).to_html()
    assert page.count("<svg") >= 4
    assert "<script" not in page


class Tensor:
    """Numbers that, like a torch.Tensor in a graph, must be detached before NumPy may read them."""

    def __init__(self, values, in_graph=True):
        self.values, self.in_graph = np.asarray(values), in_graph
        self.shape, self.ndim = self.values.shape, self.values.ndim

    def __array__(self, dtype=None, copy=None):
        if self.in_graph:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return self.values.astype(dtype)

    def detach(self):
        return Tensor(self.values, in_graph=False)

    def cpu(self):
        return self

    def data_ptr(self):
        return self.values.ctypes.data


def test_tensors_and_generators_are_read():
    record = own_loop(1.0)
    expected = gn.examine(**record)
    tensors = {
        name: [[Tensor(matrix) for matrix in look] for look in record[name]]
        for name in ("weights", "gradients", "activations")
    }
    found = gn.examine(
        **{name: ((matrix for matrix in look) for look in looks) for name, looks in tensors.items()},
        losses=(Tensor(loss) for loss in record["losses"]),
        steps=iter(record["steps"]),
    )
    assert found.codes == expected.codes
    assert [look.gradient for look in found.looks] == [look.gradient for look in expected.looks]
    assert [look.ratio for look in found.looks] == [look.ratio for look in expected.looks]
    assert gn.examine(losses=Tensor([1.0, np.nan])).codes == ("diverged",)
    live = [[Tensor(matrix) for matrix in record["weights"][0]]] * 2
    with pytest.raises(gn.InputError, match=r"weights: .* got one tensor twice; pass tensor.detach\(\).clone\(\)"):
        gn.examine(weights=live)


def test_matrices_may_lie_the_other_way():
    record = own_loop(50.0)
    turned = {**record, **{name: [[m.T for m in look] for look in record[name]] for name in ("weights", "gradients")}}
    expected, found = gn.examine(**record), gn.examine(**turned)
    assert found.codes == expected.codes
    assert found.looks[0].detail.signal == pytest.approx(expected.looks[0].detail.signal)
    # layer 2 of three has alike units: the columns of (fan_in, fan_out)
    alike = [np.arange(12.0).reshape(4, 3), np.tile(np.arange(3.0)[:, None], 3), np.ones((3, 3))]
    assert gn.examine(weights=[alike]).findings[0].layer == 2
    assert gn.examine(weights=[[W.T for W in alike]]).findings[0].layer == 2
    square = np.tile(np.arange(3.0)[:, None], 3)  # both layouts fit: columns are alike, rows are not
    assert gn.examine(weights=[[square, square]]).codes == ("poor_initialisation",)
    assert gn.examine(weights=[[square, square]], layout="out_in").healthy
    hidden = [rng.normal(size=(5, 3))]  # one look of one hidden layer of 3 units settles it
    assert gn.examine(weights=[[np.ones((4, 3)), np.ones((3, 4))]], activations=[hidden]).findings[0].layer == 1


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("weights", {"weights": [np.ones((2, 3)), np.ones((3, 1))]}),
        ("weights", {"weights": [[np.ones((2, 3)), np.ones(3)]]}),
        ("weights", {"weights": [[np.ones((2, 3)), np.ones((2, 1))]]}),
        ("weights", {"weights": [[np.ones((2, 3)), np.ones((3, 1))]], "layout": "out_in"}),
        ("weights", {"weights": [[np.ones((2, 3))], [np.ones((2, 4))]]}),
        ("weights", {"weights": [["a"]]}),
        ("weights", {"weights": 3}),
        ("layout", {"weights": [[np.ones((2, 3))]], "layout": "rows"}),
        ("gradients", {"weights": [[np.ones((2, 3)), np.ones((3, 1))]], "gradients": [[np.ones((2, 3))]]}),
        ("activations", {"weights": [[np.ones((2, 3)), np.ones((3, 1))]], "activations": [[np.ones((9, 3))] * 3]}),
        ("weights", {"weights": [[np.ones((2, 3)), np.ones((3, 1))]], "activations": [[np.ones((9, 2))]]}),
        ("activations", {"activations": [[np.ones(3)]]}),
        ("steps", {"weights": [[np.ones((2, 3))]] * 2, "steps": [5, 5]}),
        ("losses", {"losses": np.ones((3, 2))}),
        ("losses", {"losses": ["low", "lower"]}),
        ("losses", {"losses": 0.3}),
        ("validation_losses", {"losses": [1.0], "validation_losses": [[1.0, 2.0], [1.0]]}),
    ],
)
def test_wrong_shapes_get_one_line(refuses, name, given):
    with refuses(name):
        gn.examine(**given)


def deep(depth, init, act=np.tanh, slope=lambda a: 1 - a**2, steps=100, rate=0.1):
    """Somebody's loop: `depth` hidden layers of 20 units, gradient descent, a look at every tenth step."""
    rng = np.random.default_rng(1)
    sizes = [3, *[20] * depth, 1]
    W = [init(rng, i, o) for i, o in pairwise(sizes)]
    record = {"weights": [], "gradients": [], "activations": [], "losses": [], "baseline": np.log(2)}
    for step in range(steps):
        A = [X]
        for w in W[:-1]:
            A.append(act(A[-1] @ w))
        z = (A[-1] @ W[-1])[:, 0]
        record["losses"].append(float(np.mean(np.log1p(np.exp(-np.where(y == 1, z, -z))))))
        dZ, G = (1 / (1 + np.exp(-z)) - y)[:, None] / len(X), []
        for layer in range(depth, -1, -1):
            G.insert(0, A[layer].T @ dZ)
            dZ = dZ @ W[layer].T * slope(A[layer]) if layer else dZ
        if step % 10 == 0:
            for name, arrays in (("weights", W), ("gradients", G), ("activations", A[1:])):
                record[name].append([array.copy() for array in arrays])
        W = [w - rate * g for w, g in zip(W, G, strict=True)]
    return record


def usual_of_linear(rng, fan_in, fan_out):
    return rng.uniform(-1, 1, size=(fan_in, fan_out)) / np.sqrt(fan_in)  # torch.nn.Linear's


@pytest.mark.parametrize("without", ["", "activations", "losses", "baseline"])
def test_nine_tanh_layers_vanish(without):
    # the weights' gradients are all of one size, because signals shrink on their way forward as the gradient does on its way back
    record = deep(9, usual_of_linear)
    sizes = [np.sqrt(np.mean(g**2)) for g in record["gradients"][0]]
    assert sizes[0] > 0.1 * sizes[-1]
    record.pop(without, None)
    found = gn.examine(**record).findings[0]
    assert found.code == "vanishing_gradient"
    assert 1e-4 < found.evidence["ratio"] < 0.5**9
    assert "times at each layer" in found.message


def test_nine_tanh_layers_that_learn_do_not_vanish():
    def glorot(rng, fan_in, fan_out):
        return rng.normal(size=(fan_in, fan_out)) * np.sqrt(2 / (fan_in + fan_out))

    assert "vanishing_gradient" not in gn.examine(**deep(9, glorot)).codes
    assert "vanishing_gradient" not in gn.examine(**deep(3, usual_of_linear)).codes


def test_the_estimated_signal_is_near_the_exact_one():
    net = gn.Network([3, 20, 20, 20, 1], "tanh", "sigmoid", seed=2)
    history = gn.train(net, X, y, epochs=2)
    exact = gn.examine(history).looks[0].detail.signal
    start = gn.Network([3, 20, 20, 20, 1], "tanh", "sigmoid", seed=2)
    A = [X]
    for layer in (1, 2, 3):
        A.append(np.tanh(A[-1] @ start.W[layer]))
    signal = gn.examine(weights=[list(start.W.values())], activations=[A[1:]]).looks[0].detail.signal
    for layer in (1, 2, 3):
        assert signal[layer] == pytest.approx(exact[layer] / exact[4], rel=0.6)


def test_growth_from_nothing_is_no_explosion():
    def record(early, late, losses):
        gradients = [[np.full((4, 4), early)]] * 5 + [[np.full((4, 4), late)]] * 15
        return {"weights": [[np.eye(4)]] * 20, "gradients": gradients, "losses": losses}

    rising, falling = np.linspace(1, 3, 20), np.linspace(3, 1, 20)
    assert gn.examine(**record(1e-3, 10.0, rising)).codes == ("exploding_gradient",)
    assert gn.examine(**record(4e-28, 1e-3, rising)).codes == ()
    assert gn.examine(**record(1e-3, 10.0, falling)).healthy


def test_a_loss_that_never_fell_leaves_a_question():
    still = gn.examine(losses=(0.69 for _ in range(40)))
    assert (still.codes, still.healthy) == ((), False)
    assert "baseline=" in still.unknown[0]
    assert gn.examine(losses=[0.69] * 40, baseline=0.69).codes == ("plateau",)
    learned = gn.examine(losses=np.r_[np.linspace(1, 0.2, 20), np.full(20, 0.2)])
    assert learned.healthy


def test_a_history_is_judged_by_its_data_too():
    order = np.argsort(y, kind="stable")
    net = gn.Network([3, 16, 1], output="sigmoid", seed=0)
    options = {"epochs": 20, "batch_size": 20, "validation": (X[:50], y[:50])}
    history = gn.train(net, X[order], y[order], shuffle=False, **options)
    assert {"data_leakage", "unshuffled_rows"} <= set(gn.examine(history).codes)
