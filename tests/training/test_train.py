"""`train`: the loop against one written by hand, resuming bit for bit, early stopping, overflow, and bad input."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from glassnet import SGD, Adam, EarlyStopping, Loss, Momentum, Network, NonFiniteError, Run, StepDecay, train
from glassnet.native.engine import load_module
from glassnet.network import passes
from glassnet.training.optimizers import OPTIMIZERS
from glassnet.training.random import batch_order, dropout_mask

ENGINES = ["numpy", *(["native"] if load_module()[0] else [])]

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(10, 3)), RNG.normal(size=(10, 2))
X_VAL, Y_VAL = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2))
WEIGHT = np.array([1.0, 0, 2, 0.5, 1, 1, 0, 3, 1, 1])
DESCENTS = [name for name in OPTIMIZERS if name != "lbfgs"]


def network(dtype="float64"):
    return Network([3, 6, 5, 2], "tanh", seed=4, dtype=dtype)


# --- the loop ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_the_loop_written_by_hand(weight):
    """Batches of 4, 4 and 2 in each epoch's own order, the loss of an epoch the mean over its rows."""
    net, by_hand = network(), network()
    history = train(
        net, X, Y, optimizer=SGD(0.05), epochs=5, batch_size=4, sample_weight=weight, l1=0.01, l2=0.02, seed=9
    )
    losses = []
    for epoch in range(5):
        order, total = batch_order(9, epoch, 10), 0.0
        for rows in (order[:4], order[4:8], order[8:]):
            w = np.ones(len(rows)) if weight is None else weight[rows]
            total += w.sum() * by_hand.loss(X[rows], Y[rows], w, l1=0.01, l2=0.02)
            gradient = by_hand.backward(by_hand.forward(X[rows]), Y[rows], w, l1=0.01, l2=0.02)
            by_hand.theta -= 0.05 * gradient.flat
        losses.append(total / (10 if weight is None else weight.sum()))
    assert_allclose(history.loss, losses, rtol=1e-13)
    assert_allclose(net.theta, by_hand.theta, rtol=1e-11)
    assert history.steps == 15
    assert history.learning_rate.tolist() == [0.05] * 5


def test_loss_of_an_epoch_is_measured_before_its_update():
    net = network()
    start = net.loss(X, Y)
    history = train(net, X, Y, epochs=1)
    assert_allclose(history.loss, [start], rtol=1e-14)
    assert net.loss(X, Y) < start


def test_shuffling_is_a_function_of_seed():
    runs = []
    for seed in (1, 1, 2):
        net = network()
        train(net, X, Y, epochs=3, batch_size=3, seed=seed)
        runs.append(net.theta)
    assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_without_shuffling_the_rows_come_in_order():
    net, by_hand = network(), network()
    train(net, X, Y, optimizer=SGD(0.05), epochs=2, batch_size=6, shuffle=False)
    for rows in (slice(6), slice(6, None)) * 2:
        by_hand.theta -= 0.05 * by_hand.backward(by_hand.forward(X[rows]), Y[rows]).flat
    assert_allclose(net.theta, by_hand.theta, rtol=1e-13)


@pytest.mark.parametrize("batch_size", [10, 11, 10**6])
def test_a_batch_size_of_all_rows_or_more_is_the_full_batch(batch_size):
    net, full = network(), network()
    train(net, X, Y, epochs=3, batch_size=batch_size)
    train(full, X, Y, epochs=3)
    assert_array_equal(net.theta, full.theta)


def test_a_batch_whose_weights_are_all_0_teaches_nothing():
    weight = np.array([1.0, 1, 0, 0, 1, 1, 1, 1, 1, 1])
    net, by_hand = network(), network()
    options = {"optimizer": SGD(0.05), "batch_size": 2, "shuffle": False}
    history = train(net, X, Y, epochs=1, sample_weight=weight, **options)
    keep = weight > 0
    expected = train(by_hand, X[keep], Y[keep], epochs=1, **options)
    assert_array_equal(net.theta, by_hand.theta)
    assert_allclose(history.loss, expected.loss, rtol=1e-15)
    assert (history.steps, expected.steps) == (5, 4)  # it counts as a step all the same


def test_float32_stays_float32():
    for optimizer in DESCENTS:
        net = network("float32")
        history = train(
            net, X, Y, optimizer=optimizer, epochs=3, batch_size=4, l1=0.01, l2=0.01, dropout=0.2, clip_norm=1
        )
        assert net.theta.dtype == net.W[1].dtype == history.state.slots.dtype == np.float32
        assert np.shares_memory(net.theta, net.W[1])


def test_float32_follows_float64():
    runs = {}
    for dtype in ("float32", "float64"):
        net = network(dtype)
        train(net, X, Y, optimizer="sgd", epochs=20)
        runs[dtype] = net.theta
    assert_allclose(runs["float32"], runs["float64"], atol=1e-5)


# --- dropout, penalties, clipping -------------------------------------------------------------------------------------


def test_dropout_masks_the_forward_and_the_backward_pass_of_each_step():
    net, by_hand = network(), network()
    history = train(net, X, Y, optimizer=SGD(0.1), epochs=3, dropout=0.4, seed=3)
    losses = []
    for step in range(3):
        D = {layer: dropout_mask(3, step, layer, (10, by_hand.sizes[layer]), 0.4, np.float64) for layer in (1, 2)}
        trace = passes.forward(by_hand.activations, by_hand.W, by_hand.b, X, D)
        losses.append(np.mean(np.sum((trace.output - Y) ** 2, axis=1)) / 2)
        by_hand.theta -= 0.1 * by_hand.backward(trace, Y).flat
    assert_allclose(history.loss, losses, rtol=1e-13)
    assert_allclose(net.theta, by_hand.theta, rtol=1e-12)


def test_dropout_does_not_touch_prediction_or_validation():
    net = network()
    history = train(net, X, Y, epochs=4, dropout=0.5, validation=(X_VAL, Y_VAL))
    assert history.validation_loss[-1] == net.loss(X_VAL, Y_VAL)


def test_penalties_do_not_pull_on_biases():
    net = Network([3, 2], seed=1)
    net.b[1][...] = [5.0, -5.0]
    train(net, np.zeros((1, 3)), [[5.0, -5.0]], optimizer=SGD(0.1), epochs=10, l1=0.1, l2=0.5)
    assert net.b[1].tolist() == [5.0, -5.0]
    assert np.abs(net.W[1]).max() < np.abs(Network([3, 2], seed=1).W[1]).max()


def test_l2_shrinks_weights_geometrically():
    net = Network([3, 2], seed=1)
    start = net.W[1].copy()
    train(net, np.zeros((1, 3)), [[0.0, 0.0]], optimizer=SGD(0.1), epochs=7, l2=0.5)
    assert_allclose(net.W[1], start * 0.95**7, rtol=1e-14)


@pytest.mark.parametrize("clip_norm", [1e-3, 0.1, 0.5])
def test_clip_norm_bounds_the_step_and_keeps_its_direction(clip_norm):
    net = network()
    before, gradient = net.theta.copy(), net.backward(net.forward(X), Y).flat
    norm = np.linalg.norm(gradient)
    assert norm > 0.5
    assert np.abs(gradient).max() < 0.999 * norm  # the Euclidean norm is not the largest entry
    train(net, X, Y, optimizer=SGD(1.0), epochs=1, clip_norm=clip_norm)
    step = before - net.theta
    assert np.linalg.norm(step) == pytest.approx(clip_norm, rel=1e-12)
    assert_allclose(step, gradient * clip_norm / norm, rtol=1e-9, atol=1e-15)


def test_a_clip_norm_that_is_not_reached_changes_no_bit():
    net, free = network(), network()
    train(net, X, Y, optimizer=SGD(0.1), epochs=5, clip_norm=1e6)
    train(free, X, Y, optimizer=SGD(0.1), epochs=5)
    assert_array_equal(net.theta, free.theta)


# --- early stopping ---------------------------------------------------------------------------------------------------


def recorded(epochs, **options):
    """Parameters and losses after each epoch of a run without early stopping."""
    thetas, losses, validation_losses = [], [], []

    def keep(epoch):
        thetas.append(epoch.network.theta.copy())
        losses.append(epoch.loss)
        validation_losses.append(epoch.network.loss(X_VAL, Y_VAL))

    train(network(), X, Y, epochs=epochs, callbacks=[keep], **options)
    return thetas, losses, validation_losses


def stops_after(losses, patience, min_delta):
    best, stale = np.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        stale = 0 if loss <= best - min_delta else stale + 1
        best = min(best, loss)
        if stale == patience:
            return epoch
    return None


@pytest.mark.parametrize(("patience", "min_delta"), [(1, 0.0), (3, 0.0), (3, 1e-2), (5, 1e-4)])
def test_early_stopping_on_validation_data_restores_the_best(patience, min_delta):
    options = {"optimizer": SGD(0.4), "batch_size": 4}
    thetas, _, watched = recorded(80, **options)
    last = stops_after(watched, patience, min_delta)
    assert last is not None
    best = int(np.argmin(watched[:last]))
    assert best < last - 1

    net = network()
    rule = EarlyStopping(patience, min_delta)
    history = train(net, X, Y, epochs=80, validation=(X_VAL, Y_VAL), early_stopping=rule, **options)
    assert history.epochs == last
    assert history.stopped == f"no improvement for {patience} epochs"
    assert history.best_epoch == best + 1
    assert_array_equal(net.theta, thetas[best])
    assert_allclose(history.validation_loss, watched[:last], rtol=1e-14)

    net = network()
    rule = EarlyStopping(patience, min_delta, restore_best=False)
    history = train(net, X, Y, epochs=80, validation=(X_VAL, Y_VAL), early_stopping=rule, **options)
    assert history.best_epoch is None
    assert_array_equal(net.theta, thetas[last - 1])


def test_early_stopping_without_validation_watches_the_training_loss():
    thetas, watched, _ = recorded(300, optimizer=SGD(0.4))
    last = stops_after(watched, 2, 1e-3)
    assert 5 < last < 300
    net = network()
    history = train(net, X, Y, epochs=300, optimizer=SGD(0.4), early_stopping=EarlyStopping(2, 1e-3))
    assert history.epochs == last
    assert history.best_epoch is None
    assert_array_equal(net.theta, thetas[last - 1])


def test_best_weights_come_back_also_when_all_epochs_were_done():
    thetas, _, watched = recorded(40, optimizer=SGD(0.4), batch_size=4)
    best = int(np.argmin(watched))
    assert best < 39
    net = network()
    rule = EarlyStopping(patience=1000)
    history = train(
        net, X, Y, epochs=40, optimizer=SGD(0.4), batch_size=4, validation=(X_VAL, Y_VAL), early_stopping=rule
    )
    assert history.stopped == "all epochs done"
    assert_array_equal(net.theta, thetas[best])


def test_the_first_of_equal_losses_is_the_best():
    net = network()
    rule = EarlyStopping(patience=50)
    history = train(net, X, Y, epochs=5, optimizer=SGD(1e-300), validation=(X_VAL, Y_VAL), early_stopping=rule)
    assert len(set(history.validation_loss)) == 1
    assert history.best_epoch == 1


def test_validation_loss_is_without_penalties_and_with_its_weights():
    net, weight = network(), [1, 2, 0, 1, 1, 3, 1]
    history = train(net, X, Y, epochs=2, l2=10.0, validation=(X_VAL, Y_VAL, weight))
    assert history.validation_loss[-1] == net.loss(X_VAL, Y_VAL, weight)
    assert history.validation_loss[-1] != pytest.approx(net.loss(X_VAL, Y_VAL), rel=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("validation", [None, ([[0.0]], [3.0])], ids=["training loss", "validation loss"])
def test_the_best_epoch_of_equal_losses_is_the_first(engine, validation):
    """x = 0 and b = y: the gradient is 0 and every epoch has the same loss."""
    net = Network([1, 1], init="zeros")
    rule = EarlyStopping(patience=4, min_delta=0)
    run = Run(net, [[0.0]], [0.0], epochs=10, validation=validation, early_stopping=rule, engine=engine).advance()
    assert len(set(run.record.validation_loss if validation else run.record.loss)) == 1
    assert run.state.best_epoch == 1
    if validation:
        assert run.history().best_epoch == 1


def test_a_validation_loss_that_is_nan_is_no_improvement():
    """w and b fall alike; the output on the validation row x = 0 is b, whose root is nan when it is negative."""
    root = Loss("root", lambda z, y: (z - y) ** 2 + 0 * np.sqrt(z), lambda z, y: 2 * (z - y))
    net = Network([1, 1], init="zeros", loss=root)
    net.W[1][...], net.b[1][...] = 5.0, 0.25
    told = []
    history = train(
        net,
        *([[1.0]], [1.0]),
        optimizer=SGD(0.01),
        epochs=40,
        validation=([[0.0]], [-1.0]),
        early_stopping=EarlyStopping(patience=5, min_delta=0, restore_best=False),
        callbacks=[lambda epoch: told.append(epoch.validation_loss)],
    )
    first = int(np.argmax(np.isnan(told)))
    assert 1 <= first < 30
    assert np.isnan(told[first:]).all()
    assert history.epochs == first + 5
    assert history.stopped == "no improvement for 5 epochs"


# --- callbacks --------------------------------------------------------------------------------------------------------


def test_callbacks_get_the_figures_of_the_epoch():
    told, net = [], network()
    options = {"optimizer": SGD(0.1), "schedule": StepDecay(0.5, 1), "validation": (X_VAL, Y_VAL), "batch_size": 4}
    history = train(net, X, Y, epochs=3, callbacks=[told.append, lambda epoch: None], **options)
    assert [epoch.epoch for epoch in told] == [1, 2, 3]
    assert {epoch.epochs for epoch in told} == {3}
    assert all(epoch.network is net for epoch in told)
    assert [epoch.loss for epoch in told] == history.loss.tolist()
    assert [epoch.validation_loss for epoch in told] == history.validation_loss.tolist()
    assert [epoch.learning_rate for epoch in told] == history.learning_rate.tolist() == [0.1, 0.05, 0.025]
    silent = network()
    train(silent, X, Y, epochs=3, **options)
    assert_array_equal(net.theta, silent.theta)


def test_a_callback_that_returns_true_ends_the_run():
    net, short = network(), network()
    history = train(net, X, Y, epochs=50, callbacks=[lambda epoch: epoch.epoch == 4])
    train(short, X, Y, epochs=4)
    assert history.epochs == 4
    assert history.stopped == "a callback ended it"
    assert_array_equal(net.theta, short.theta)


@pytest.mark.parametrize("true", [np.True_, np.array(True), np.float64(1) < np.float64(2)])
def test_a_callback_that_returns_numpys_true_ends_the_run(true):
    assert train(network(), X, Y, epochs=50, callbacks=[lambda epoch: None, lambda epoch: true]).epochs == 1


@pytest.mark.parametrize("answer", [None, False, np.False_, np.array(False), 1, np.int64(1), 0.5, "stop", [True]])
def test_other_answers_of_a_callback_mean_nothing(answer):
    assert train(network(), X, Y, epochs=3, callbacks=[lambda epoch: answer]).epochs == 3


# --- resuming ---------------------------------------------------------------------------------------------------------

SETTINGS = {
    "full batch": {},
    "batches": {"batch_size": 4, "seed": 5},
    "dropout": {"batch_size": 4, "dropout": 0.3, "seed": 5},
    "penalties": {"l1": 0.01, "l2": 0.02, "clip_norm": 0.5, "schedule": StepDecay(0.5, 3)},
    "adaptive": {"batch_size": 4, "schedule": "adaptive"},
    "best restored": {"batch_size": 4, "validation": (X_VAL, Y_VAL), "early_stopping": EarlyStopping(patience=1000)},
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("optimizer", DESCENTS)
def test_ten_epochs_and_ten_more_are_twenty(optimizer, setting):
    whole, parts = network(), network()
    expected = train(whole, X, Y, optimizer=optimizer, epochs=20, **setting)
    first = train(parts, X, Y, optimizer=optimizer, epochs=10, **setting)
    told = []
    second = train(parts, X, Y, optimizer=optimizer, epochs=10, resume=first, callbacks=[told.append], **setting)
    assert_array_equal(parts.theta, whole.theta)
    assert_array_equal(np.concatenate([first.loss, second.loss]), expected.loss)
    assert_array_equal(np.concatenate([first.validation_loss, second.validation_loss]), expected.validation_loss)
    assert (second.steps, second.best_epoch) == (expected.steps, expected.best_epoch)
    assert [(epoch.epoch, epoch.epochs) for epoch in told] == [(epoch, 20) for epoch in range(11, 21)]


def test_resuming_goes_on_from_the_last_parameters_and_not_from_the_best():
    options = {
        "optimizer": SGD(0.4),
        "batch_size": 4,
        "validation": (X_VAL, Y_VAL),
        "early_stopping": EarlyStopping(1000),
    }
    whole, parts = network(), network()
    expected = train(whole, X, Y, epochs=60, **options)
    first = train(parts, X, Y, epochs=30, **options)
    assert first.best_epoch < 30
    assert not np.array_equal(parts.theta, first.state.final_theta)
    second = train(parts, X, Y, epochs=30, resume=first, **options)
    assert_array_equal(second.loss, expected.loss[30:])
    assert_array_equal(parts.theta, whole.theta)
    assert second.best_epoch == expected.best_epoch


def test_resuming_without_early_stopping_keeps_what_it_learns():
    options = {"optimizer": SGD(0.4), "batch_size": 4}
    whole, parts = network(), network()
    train(whole, X, Y, epochs=40, **options)
    first = train(parts, X, Y, epochs=30, validation=(X_VAL, Y_VAL), early_stopping=EarlyStopping(1000), **options)
    assert first.best_epoch is not None
    second = train(parts, X, Y, epochs=10, resume=first, **options)
    assert second.best_epoch is None
    assert_array_equal(parts.theta, whole.theta)


def test_resuming_twice_from_one_history_gives_the_same_run():
    net = network()
    first = train(net, X, Y, optimizer="adam", epochs=5)
    start, slots = net.theta.copy(), first.state.slots.copy()
    runs = []
    for _ in range(2):
        net.theta = start
        runs.append(train(net, X, Y, optimizer="adam", epochs=5, resume=first).loss)
    assert_array_equal(runs[0], runs[1])
    assert_array_equal(first.state.slots, slots)
    assert (first.state.step, first.state.epoch) == (5, 5)


# --- overflow ---------------------------------------------------------------------------------------------------------


def line():
    net = Network([1, 1])
    net.theta = [1.0, 0.0]
    return net


@pytest.mark.parametrize("callbacks", [[], [lambda epoch: None]], ids=["without callbacks", "with callbacks"])
@pytest.mark.parametrize("optimizer", [SGD(1e30), Momentum(1e30)])
def test_overflow_names_step_and_layer_and_leaves_the_last_good_parameters(optimizer, callbacks):
    """The parameters grow by 1e30 a step and the squared loss by 1e60, which passes 1e308 at step 6."""
    net, shorter = line(), line()
    with pytest.raises(NonFiniteError) as caught:
        train(net, [[1.0]], [0.5], optimizer=optimizer, epochs=50, callbacks=callbacks)
    step = caught.value.step
    train(shorter, [[1.0]], [0.5], optimizer=optimizer, epochs=step - 1)
    assert step == 6
    assert caught.value.layer == 1
    assert f"step {step}" in str(caught.value)
    assert "layer 1" in str(caught.value)
    assert np.isfinite(net.loss([[1.0]], [0.5]))
    assert_array_equal(net.theta, shorter.theta)


def test_overflow_names_the_first_layer_where_it_shows():
    net = Network([1, 1, 1, 1], "identity", init="zeros")
    net.W[1][0], net.W[2][0], net.W[3][0] = 1e200, 1e200, 1
    before = net.theta.copy()
    with pytest.raises(NonFiniteError, match="layer 2") as caught:
        train(net, [[1.0]], [0.0], epochs=3)
    assert (caught.value.step, caught.value.layer) == (0, 2)
    assert_array_equal(net.theta, before)


@pytest.mark.parametrize(
    ("theta", "told"), [([np.inf, -0.0], "got inf in W1[0, 0]"), ([1, np.nan], "got nan in b1[0]")]
)
@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_parameters_that_are_not_finite_before_the_start_are_no_overflow(refuses, theta, told, optimizer):
    net = line()
    net.theta = theta
    with refuses("theta") as caught:
        train(net, [[1.0]], [0.5], epochs=3, optimizer=optimizer)
    assert told in str(caught.value)
    assert_array_equal(net.theta, theta)


def test_overflow_of_the_very_last_update():
    net, shorter = line(), line()
    optimizer = SGD(1e100)
    with pytest.raises(
        NonFiniteError
    ) as caught:  # steps 0 and 1 leave about 1e100 and 1e200, whose square is too large
        train(net, [[1.0]], [0.5], optimizer=optimizer, epochs=3)
    assert caught.value.step == 2
    train(shorter, [[1.0]], [0.5], optimizer=optimizer, epochs=1)
    assert_array_equal(net.theta, shorter.theta)

    net = line()
    with pytest.raises(NonFiniteError) as caught:
        train(net, [[10.0]], [0.5], optimizer=SGD(1e308), epochs=1)
    assert (caught.value.step, caught.value.layer) == (1, 1)
    assert net.theta.tolist() == [1.0, 0.0]


def test_the_error_survives_pickling():
    error = pickle.loads(pickle.dumps(NonFiniteError("overflow", 7, 2)))
    assert (str(error), error.step, error.layer) == ("overflow", 7, 2)
    assert isinstance(error, ArithmeticError)


# --- bad input --------------------------------------------------------------------------------------------------------

NAN = float("nan")
BAD = {
    "epochs": [0, -1, 2.0, True, "10", None, NAN, np.array([1, 2]), 2**63, 2**64, 10**5000, np.uint64(2**63)],
    "batch_size": [0, -4, 2.5, "4", True, 2**63, 10**30],
    "shuffle": ["no", "False", 0, 1, None, [True], np.array(True)],
    "snapshots": [-1, 1.5, 2**63, None],
    "sample_weight": [[1] * 9, [-1] + [1] * 9, [0] * 10, [NAN] * 10, "heavy", [1e-310] * 10, [1e300] * 10],
    "l1": [-0.1, NAN, float("inf"), "0.1", None, True, 10**400, 1j],
    "l2": [-0.1, [0.1], np.array([[0.1], [0.2]])],
    "dropout": [-0.1, 1.0, 1.5, "half", NAN],
    "clip_norm": [0, -1, NAN, "1"],
    "schedule": ["cosin", 0.1, None],
    "optimizer": ["adaam", 0.1, None, Adam],
    "early_stopping": [True, 10, "yes", EarlyStopping],
    "engine": ["gpu", None, 3, ["numpy"], np.array(["numpy", "auto"])],
    "n_threads": [0, -1, 1.5, 2**63, 2**70],
    "seed": [-1, 1.5, "one", None, 2**64, 2**70, True],
    "callbacks": [print, 3, [3], None, "print"],
    "resume": [3, "history"],
    "validation": [3, (X_VAL,), (X_VAL, Y_VAL, None, None), "data"],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [pytest.param(name, value, id=f"{name}-{i}") for name, values in BAD.items() for i, value in enumerate(values)],
)
def test_bad_arguments_are_refused_and_nothing_changes(refuses, name, value):
    net = network()
    before = net.theta.tobytes()
    with refuses(name):
        train(net, X, Y, **{"epochs": 2, name: value})
    assert net.theta.tobytes() == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("network", ([3, 2], X, Y)),
        ("X", (network(), X[:, :2], Y)),
        ("X", (network(), np.full_like(X, NAN), Y)),
        ("X", (network(), X.astype(str), Y)),
        ("y", (network(), X, Y[:9])),
        ("y", (network(), X, Y[:, :1])),
        ("y", (network(), X, Y * np.inf)),
    ],
)
def test_bad_data_are_refused_and_nothing_changes(refuses, name, data):
    before = data[0].theta.tobytes() if name != "network" else b""
    with refuses(name):
        train(*data)
    assert name == "network" or data[0].theta.tobytes() == before


@pytest.mark.parametrize(
    ("name", "validation"),
    [
        ("X_val", (X_VAL[:, :2], Y_VAL)),
        ("y_val", (X_VAL, Y_VAL[:6])),
        ("validation weights", (X_VAL, Y_VAL, [-1] * 7)),
    ],
)
def test_bad_validation_data_are_refused(refuses, name, validation):
    with refuses(name):
        train(network(), X, Y, validation=validation)


def test_the_history_of_another_network_or_optimizer_is_refused(refuses):
    history = train(Network([3, 4, 2]), X, Y, epochs=1)
    with refuses("resume"):
        train(network(), X, Y, resume=history)
    history = train(network(), X, Y, optimizer="adam", epochs=1)
    with refuses("resume"):
        train(network(), X, Y, optimizer="sgd", resume=history)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patience", 0),
        ("patience", 1.5),
        ("patience", 2**63),
        ("min_delta", -1),
        ("min_delta", "0"),
        ("restore_best", "yes"),
    ],
)
def test_bad_early_stopping_is_refused(refuses, name, value):
    with refuses(name):
        EarlyStopping(**{name: value})
