"""examine: runs that are over, glassnet's own and those of somebody else's loop."""

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
