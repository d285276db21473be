"""The parts of a diagnosis by number: thresholds, set-ups, folds, the best shift, and the rules on the start at their lines."""

from dataclasses import asdict

import numpy as np
import pytest
from numpy.testing import assert_allclose

import glassnet as gn
from glassnet.diagnose.case.deviance import standard_error, yardstick
from glassnet.diagnose.case.setup import FEW_ROWS, Setup, folds, outcome_of, smooth, validation_arrays
from glassnet.diagnose.rules.opinion import Opinion, beats_majority, contradicted, recall_of
from glassnet.diagnose.rules.start import best_shift, judge_batch, judge_start
from glassnet.diagnose.thresholds import Thresholds
from glassnet.equations import losses

rng = np.random.default_rng(0)
X = rng.standard_normal((80, 3))
Y = X[:, 0] * X[:, 1]
LINES = Thresholds()


def setup(X=X, y=Y, output="identity", hidden=(8,), seed=0, loss=None, activation="relu", **options):
    return Setup(gn.Network([X.shape[1], *hidden, 1], activation, output, loss=loss, seed=seed), X, y, options)


def codes(made, thresholds=LINES):
    return [found.code for found in judge_start(made, thresholds)]


def test_the_lines_of_the_thresholds():
    assert asdict(LINES) == {
        "gradient_error": 1e-2,
        "initial_loss": 6.0,
        "bias_shift": 8.0,
        "shift_share": 0.5,
        "batch_unexplained": 0.25,
        "ignored": 0.95,
        "update_ratio_high": 0.1,
        "update_ratio_low": 1e-6,
        "loss_jump": 10.0,
        "dead_share": 0.5,
        "saturated_slope": 0.05,
        "saturated_share": 0.5,
        "vanishing_ratio": 1e-3,
        "vanishing_per_layer": 0.5,
        "exploding_ratio": 1e3,
        "init_scale": 4.0,
        "pre_activation": 8.0,
        "input_scale": 20.0,
        "input_offset": 15.0,
        "gap": 0.15,
        "closed": 0.5,
        "plateau_gain": 0.01,
        "overfit_rise": 0.25,
        "overfit_gap": 0.4,
        "majority": 0.8,
        "recall": 0.5,
        "recall_behind": 0.2,
        "leaked": 0.1,
        "other_units": 10.0,
        "shifted": 0.3,
        "sorted_share": 0.3,
        "misread": 0.1,
        "contradicted": 0.1,
        "even_errors": 0.9,
    }
    assert Thresholds(gap=0).gap == 0
    with pytest.raises(gn.InputError, match="gap: expected"):
        Thresholds(gap=-0.1)


def test_what_a_set_up_says_of_itself():
    made = setup()
    assert (made.epochs, made.validation, made.weight, made.is_classification) == (200, None, None, False)
    assert made.optimizer == gn.Adam()
    made = made.changed(epochs=7, optimizer="sgd", sample_weight=[1] * 80)
    assert (made.epochs, made.optimizer, made.weight.dtype) == (7, gn.SGD(), np.float64)
    part = made.rows(np.array([3, 5]))
    assert (X[[3, 5]] == part.X).all()
    assert (part.y == Y[[3, 5]]).all()
    assert part.options["sample_weight"].tolist() == [1, 1]
    binary = setup(y=(Y > 0).astype(int), output="sigmoid")
    assert binary.is_classification
    assert (binary.labels == (Y > 0)).all()
    assert not setup(y=np.full(80, 0.5), output="sigmoid").is_classification
    three = Setup(gn.Network([3, 3], output="softmax"), X, np.arange(80) % 3)
    assert three.is_classification
    assert (three.labels == np.arange(80) % 3).all()


@pytest.mark.parametrize("classes", [True, False])
def test_folds_share_out_the_targets(classes):
    y = np.repeat([0, 1], [60, 20]) if classes else Y
    made = setup(y=y, output="sigmoid" if classes else "identity")
    fold = folds(made, 4, seed=3)
    assert np.bincount(fold).tolist() == [20] * 4
    if classes:
        assert [np.bincount(y[fold == k]).tolist() for k in range(4)] == [[15, 5]] * 4
    else:  # of each four rows in the order of y, one falls into each fold
        assert (np.sort(fold[np.argsort(y)].reshape(20, 4), axis=1) == [0, 1, 2, 3]).all()
    assert (fold == folds(made, 4, seed=3)).all()
    assert (fold != folds(made, 4, seed=4)).any() or not classes


def test_every_fourth_row_is_held_out_with_its_weight():
    weight = rng.uniform(1, 2, 80)
    made = setup(sample_weight=weight)
    held = made.with_held_out()
    X_val, Y_val, weight_val = validation_arrays(held)
    out = folds(made, 4, 0) == 0
    assert len(held.X) == 60
    assert (X_val == X[out]).all()
    assert (Y_val[:, 0] == Y[out]).all()
    assert (weight_val == weight[out]).all()
    assert (held.weight == weight[~out]).all()
    assert held.with_held_out() is held
    assert validation_arrays(setup().with_held_out())[2] is None
    assert FEW_ROWS == 40
    assert setup(X[:40], Y[:40]).with_held_out() is not None
    assert setup(X[:39], Y[:39]).with_held_out() is None


def test_medians_of_five():
    assert smooth(np.array([5.0, 1, 2, 9, 3, 4, 0])).tolist() == [3, 3, 3]
    assert smooth(np.arange(4.0)).size == 0
    assert smooth(np.arange(5.0)).tolist() == [2]


def test_what_a_run_came_to():
    made = setup(validation=(X[:20], Y[:20]), sample_weight=None)
    network = gn.Network([3, 1], seed=0)
    network.theta[...] = 0
    baseline = yardstick(losses.SQUARED_ERROR, made.Y).baseline
    loss = 0.5 * np.mean(Y**2)
    found = outcome_of(made, network, np.full(9, loss), np.full(9, 0.25), None)
    assert found.unexplained == pytest.approx(loss / baseline, rel=1e-12)
    assert found.validation_end == pytest.approx(0.5 * np.mean(Y[:20] ** 2), rel=1e-12)
    validation = yardstick(losses.SQUARED_ERROR, made.Y[:20]).baseline
    assert found.held_out == pytest.approx(found.validation_end / validation, rel=1e-12)
    assert found.held_out_best == pytest.approx(min(found.held_out, 0.25 / validation), rel=1e-12)
    assert found.score == found.held_out_best
    assert found.validation_error == pytest.approx(0.5 * np.std(Y[:20] ** 2) / np.sqrt(20), rel=1e-12)
    assert not found.lost
    # it has unlearned if it stood more than 0.3 of the baseline better before
    for drop, lost in ((0.29, False), (0.31, True)):
        curve = np.full(9, loss - drop * baseline)
        once = outcome_of(made, network, curve, np.full(9, 0.25), None)
        assert once.lost is lost
        assert once.score == (once.held_out if lost else once.held_out_best)
    alone = outcome_of(setup(), network, np.full(9, loss), np.zeros(0), None)
    assert (alone.held_out, alone.held_out_best, alone.validation_end) == (None, None, None)
    assert alone.score == alone.unexplained
    failed = outcome_of(made, network, np.full(9, loss), np.full(9, 0.25), gn.NonFiniteError("overflow", 3, 1))
    assert failed.unexplained == failed.held_out == failed.held_out_best == np.inf


def test_the_standard_error_of_classes():
    network = gn.Network([3, 1], output="sigmoid", seed=2)
    y = (Y > 0).astype(float)[:, None]
    p = network.predict_proba(X)[:, 1:]
    expected = np.std(-np.log(np.where(y == 1, p, 1 - p))) / np.sqrt(80)
    assert standard_error(network, X, y) == pytest.approx(expected, rel=1e-12)


def test_the_best_shift_of_the_output():
    made = setup(y=Y + 50, sample_weight=rng.uniform(1, 2, 80))
    residual = made.y - made.network.predict(X).ravel()
    shift, loss = best_shift(made)
    mean = np.average(residual, weights=made.weight)
    assert_allclose(shift, [mean], rtol=1e-9)
    assert loss == pytest.approx(0.5 * np.average((residual - mean) ** 2, weights=made.weight), rel=1e-9)
    y = (np.arange(80) < 20).astype(int)
    made = setup(y=y, output="sigmoid")
    made.network.W[2][...] = 0
    made.network.b[2][...] = 7
    shift, loss = best_shift(made)
    assert_allclose(shift, [np.log(0.25 / 0.75) - 7], rtol=1e-5)
    assert loss == pytest.approx(-(0.25 * np.log(0.25) + 0.75 * np.log(0.75)), rel=1e-9)
    # no shift helps an output behind an activation that the loss does not contain, nor one that overflows
    shift, loss = best_shift(setup(output="tanh", loss="squared_error"))
    assert (shift.tolist(), loss) == ([0], np.inf)
    made = setup()
    made.network.W[1][...] = 1e300
    made.network.W[2][...] = 1e300
    shift, loss = best_shift(made)
    assert (shift.tolist(), loss) == ([0], np.inf)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda X: X, False),
        (lambda X: X * [1, 19.9, 1], False),
        (lambda X: X * [1, 20.1, 1], True),
        (lambda X: X / 19.9, False),
        (lambda X: X / 20.1, True),
        (lambda X: X / [1, 100, 100], False),
        (lambda X: X + np.array([14.9, 0, 0]), False),
        (lambda X: X + np.array([15.1, 0, 0]), True),
        (lambda X: X * 0 + [1, 0, 0], None),
    ],
)
def test_sizes_of_inputs_at_their_lines(change, found):
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    expected = {True: "unscaled_inputs", False: "", None: "input_ignored"}[found]
    assert [code for code in codes(setup(change(standard))) if "input" in code] == ([expected] if expected else [])


@pytest.mark.parametrize(("activation", "fan"), [("relu", 2 / 3), ("tanh", 2 / 11)])
def test_sizes_of_weights_at_their_lines(activation, fan):
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    signs = np.where(np.random.default_rng(1).random((3, 8)) < 0.5, -1.0, 1.0)
    for scale, found in ((1 / 16.1, True), (1 / 15.9, False), (3.9, False), (4.1, False), (40.0, True)):
        made = setup(standard, activation=activation)
        made.network.W[1][...] = scale * np.sqrt(fan) * signs
        assert ("poor_initialisation" in codes(made)) is found, scale
    made = setup(standard)
    made.network.W[1][...] = 0.5
    assert "poor_initialisation" in codes(made)


def test_a_first_loss_that_a_bias_explains_and_one_that_nothing_does():
    def fresh(**changed):
        made = setup(**changed)
        made.network.W[2][...] *= 0.01
        return made

    std = Y.std()
    assert codes(fresh()) == []
    assert codes(fresh(y=Y + 7.9 * std)) == ["bad_initial_loss"]
    assert codes(fresh(y=Y + 8.1 * std)) == ["output_bias"]
    made = setup()
    made.network.W[2][...] *= 60
    assert codes(made) == ["bad_initial_loss"]


def test_a_batch_of_twenty_rows_can_be_learned_by_heart():
    assert judge_batch(setup(hidden=(64,)), LINES) == []
    assert judge_batch(setup(X[:3], Y[:3]), LINES) == []
    assert judge_batch(setup(y=np.full(80, 2.0)), LINES) == []
    (found,) = judge_batch(setup(y=10 * Y, output="sigmoid", loss="squared_error", hidden=(16,)), LINES)
    assert (found.code, found.evidence["rows"], found.evidence["steps"]) == ("cannot_overfit_batch", 20, 1500)
    assert found.evidence["unexplained"] > 0.25


def opinion_of(prediction, losses=(), constant=()):
    losses, constant = np.array(losses), np.array(constant)
    return Opinion("a linear model", 0.0, 0.0, np.arange(len(prediction)), prediction, losses, constant, losses)


def test_labels_that_are_contradicted():
    opinion = opinion_of(np.array([[0.9], [0.2], [0.6], [0.45]]))
    contradiction = contradicted(opinion, np.array([0, 0, 1, 1]))
    assert contradiction.wrong.tolist() == [True, False, False, True]
    assert (contradiction.error, contradiction.surest) == (0.5, 1.0)  # surest of the row at 0.9
    odds = np.log([9, 4, 1.5, 0.55 / 0.45])
    assert contradiction.spread == pytest.approx(odds.std() / odds.mean())
    assert contradiction.evenness == pytest.approx(1 / 0.5 + 1 - contradiction.spread)
    several = opinion_of(np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]))
    assert contradicted(several, np.array([2, 1])).wrong.tolist() == [False, True]


def test_inputs_inform_if_they_beat_a_constant_by_more_than_chance():
    assert opinion_of(np.zeros((4, 1)), [1, 2, 1, 2], [2, 3, 2, 3]).informed
    assert not opinion_of(np.zeros((4, 1)), [1, 3, 1, 3], [2, 2.1, 2, 2.1]).informed


def test_a_class_without_rows_does_not_lack_a_shift_of_its_output_bias():
    labels = np.arange(len(X)) % 2
    network = gn.Network([X.shape[1], 3], output="softmax", seed=0)
    assert codes(Setup(network, X, labels, {})) == []
    network.b[1][:2] = 20, -20
    assert codes(Setup(network, X, labels, {})) == ["output_bias"]


def test_the_recall_of_plain_models_is_that_of_their_likeliest_class():
    assert recall_of(opinion_of(np.array([[0.9], [0.4], [0.7]])), np.array([1, 1, 0]), 1) == 0.5
    several = opinion_of(np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]))
    assert recall_of(several, np.array([2, 2]), 2) == 0.5


@pytest.mark.parametrize(("right", "beats"), [(64, False), (66, True)])
def test_an_opinion_beats_the_majority_by_three_standard_errors(right, beats):
    labels = np.repeat([0, 1], 50)
    predicted = np.where(np.arange(100) < right, labels, 1 - labels).astype(float)[:, None]
    # 50 % are the majority, and three standard errors are 15 %
    assert bool(beats_majority(opinion_of(predicted), labels)) is beats


def test_the_text_tells_the_findings_in_order():
    made = setup(hidden=(8, 8), epochs=20, batch_size=20)
    made.network.b[1][...] = -50
    diagnosis = gn.diagnose(made.network, X, Y, replay=False, epochs=20, batch_size=20)
    text = str(diagnosis).splitlines()
    count = len(diagnosis.findings)
    assert text[0] == "Try this first:"
    assert text[1] == "   network = Network([3, 8, 8, 1], hidden='relu', output='identity', seed=0)"
    assert text[2] == "   train(network, X, y, epochs=20, batch_size=20)"
    assert text[3].startswith("Because of dead_units: 100% of the units have slope 0")
    numbered = [line for line in text if line[:1].isdigit()]
    assert [line.split(".")[0] for line in numbered] == [str(k + 1) for k in range(count)]
    assert numbered[0] == f"1. dead_units, layer 1, step 0 ({diagnosis.findings[0].severity})"
    assert all(len(line) <= 100 for line in text if line[:3] == "   " and line[:11].strip())
    for start in ("   rule    ", "   source  ", "   replay  not replayed"):
        assert sum(line.startswith(start) for line in text) >= 1
    healthy = gn.diagnose(
        gn.Network([1, 1]), np.linspace(-1, 1, 60)[:, None], np.linspace(-1, 1, 60), replay=False, epochs=300
    )
    assert str(healthy).splitlines()[0] == "Nothing to do; healthy: nothing found."
