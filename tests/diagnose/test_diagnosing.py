"""diagnose: one broken set-up for each code, healthy ones, its arguments, and what it leaves alone."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_wine, make_moons

import glassnet as gn
from glassnet.diagnose.findings import CODES, RULES
from glassnet.equations import activations

X, y = make_moons(300, noise=0.2, random_state=0)
SANE = {"optimizer": gn.Adam(learning_rate=0.01), "epochs": 100, "batch_size": 32}


def network(**arguments):
    return gn.Network(**{"sizes": [2, 16, 16, 1], "output": "sigmoid", "seed": 1, **arguments})


def diagnosed(net=None, X=X, y=y, **options):
    return gn.diagnose(net if net is not None else network(), X, y, **{**SANE, **options})


def by_code(diagnosis, code):
    return next(found for found in diagnosis.findings if found.code == code)


def test_a_healthy_run_raises_no_alarm():
    diagnosis = diagnosed()
    assert diagnosis.healthy
    assert diagnosis.codes == ()
    assert diagnosis.unexplained < 0.2
    assert "healthy: nothing found" in repr(diagnosis)


def test_the_history_is_that_of_train_and_the_network_is_left_alone():
    net = network()
    start = net.theta.copy()
    diagnosis = diagnosed(net)
    assert_array_equal(net.theta, start)
    history = gn.train(net, X, y, **SANE)
    assert_array_equal(diagnosis.history.loss, history.loss)
    assert_array_equal(diagnosis.network.theta, net.theta)
    assert diagnosis.unexplained == pytest.approx(net.loss(X, y) / np.log(2))


def test_a_wrong_derivative_is_named_and_mended():
    wrong = gn.Activation("mytanh", activations.tanh, lambda z, a: 1 - np.abs(a))
    diagnosis = diagnosed(network(hidden=wrong), epochs=40)
    found = diagnosis.findings[0]
    assert found.code == "gradient_wrong"
    assert found.evidence["relative_error"] > 0.01
    assert "mytanh" in found.evidence["suspects"][0]
    assert found.confirmed
    mended = found.remedy.network["hidden"][0]
    z = np.linspace(-3, 3, 31)
    np.testing.assert_allclose(mended.backward(z, np.tanh(z), np.ones(31)), 1 - np.tanh(z) ** 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("rate", "code", "words"),
    [(200.0, "learning_rate_too_high", "lower"), (1e-5, "learning_rate_too_low", "higher")],
)
def test_learning_rates(rate, code, words):
    diagnosis = diagnosed(optimizer=gn.SGD(learning_rate=rate))
    found = diagnosis.findings[0]
    assert found.code == code
    assert words in found.remedy.text
    assert found.confirmed
    assert found.replay.after < 0.45
    assert found.replay.before > 1
    net = network()
    gn.train(net, X, y, **{**SANE, **found.remedy.options})
    assert net.loss(X, y) < 0.45 * np.log(2)


def test_dead_units_name_layer_step_and_share():
    net = network()
    net.b[2][:12] = -50
    diagnosis = diagnosed(net)
    found = by_code(diagnosis, "dead_units")
    assert (found.layer, found.step, found.evidence["share"]) == (2, 0, 0.75)
    assert not found.confirmed  # four units are enough for two moons: mending the others helps no more than chance
    net.b[2][...] = -50
    assert by_code(diagnosed(net), "dead_units").confirmed


def test_a_saturated_start():
    net = network(hidden="tanh")
    net.b[1][...] = 12
    found = diagnosed(net).findings[0]
    assert (found.code, found.layer, found.confirmed) == ("saturated_units", 1, True)


def test_symptoms_come_after_their_cause_and_name_it():
    diagnosis = diagnosed(network(init="zeros"))
    assert diagnosis.codes[0] == "poor_initialisation"
    assert "plateau" in diagnosis.codes
    for symptom in diagnosis.findings[1:]:
        assert symptom.symptom_of == "poor_initialisation"
        assert symptom.remedy is diagnosis.findings[0].remedy


def test_vanishing_gradients_of_a_deep_sigmoid_network():
    diagnosis = diagnosed(network(sizes=[2, *[12] * 9, 1], hidden="sigmoid"))
    found = diagnosis.findings[0]
    assert found.code == "vanishing_gradient"
    assert found.evidence["ratio"] < 1e-3
    assert found.remedy.network["hidden"] == "relu"


def test_unscaled_inputs_and_codes_for_missing_values():
    found = diagnosed(X=1000 * X).findings[0]
    assert (found.code, found.remedy.standardise_inputs, found.confirmed) == ("unscaled_inputs", True, True)
    coded = X.copy()
    coded[::20, 0] = -9999
    found = diagnosed(X=coded).findings[0]
    assert (found.code, found.remedy.cut_off, found.confirmed) == ("unscaled_inputs", True, True)


@pytest.mark.parametrize(("far", "cut_off"), [(50, False), (500, True)])
def test_values_are_cut_off_that_lie_a_hundred_times_as_far_out_as_the_middle_half_is_wide(far, cut_off):
    coded = 100 + X
    coded[3, 0] = 100 + far * np.subtract(*np.quantile(X[:, 0], (0.75, 0.25)))
    found = by_code(diagnosed(X=coded, replay=False, epochs=2), "unscaled_inputs")
    assert found.remedy.cut_off is cut_off


@pytest.mark.parametrize(("scale", "found"), [(1 / 12, False), (1 / 30, True)])
def test_weights_are_too_small_below_a_sixteenth_of_the_usual_size(scale, found):
    net = network()
    net.W[1][...] *= scale
    assert ("poor_initialisation" in diagnosed(net, replay=False, epochs=2).codes) is found


@pytest.mark.parametrize(("size", "found"), [(0.5, False), (5.0, True)])
def test_an_offset_counts_for_inputs_that_are_not_small(size, found):
    """Mean and standard deviation stand 50 to 1; below 1 the biases make up for it."""
    offset = size * (1 + 0.02 * (X - X.mean(axis=0)) / X.std(axis=0))
    assert ("unscaled_inputs" in diagnosed(X=offset, replay=False, epochs=2).codes) is found


def test_inputs_that_say_nothing_have_no_remedy():
    labels = np.random.default_rng(0).permutation(y)
    found = diagnosed(y=labels).findings[0]
    assert (found.code, found.remedy, found.confirmed) == ("input_ignored", None, False)
    assert "do the rows of X and y belong together" in found.message
    constant = diagnosed(X=np.ones_like(X))
    assert constant.codes[0] == "input_ignored"


def test_output_bias_is_the_shift_that_is_lacking():
    net = network()
    net.b[3][...] = 9.0
    found = diagnosed(net).findings[0]
    assert found.code == "output_bias"
    assert found.evidence["shift"][0] == pytest.approx(-9, abs=2)
    target = 300 + X[:, 0]
    found = gn.diagnose(gn.Network([2, 16, 1]), X, target, **SANE).findings[0]
    assert (found.code, found.confirmed) == ("output_bias", True)


def test_label_noise_names_the_contradicted_rows():
    X, y = make_moons(300, noise=0.1, random_state=0)
    noisy = y.copy()
    flipped = np.random.default_rng(3).choice(300, 75, replace=False)
    noisy[flipped] = 1 - noisy[flipped]
    found = by_code(diagnosed(X=X, y=noisy), "label_noise")
    *_, leave_out = found.remedies
    assert not found.replay.harmful
    left_out = np.flatnonzero(~leave_out.keep)
    assert np.mean(np.isin(left_out, flipped)) > 0.7
    assert np.mean(np.isin(flipped, left_out)) > 0.8


def test_class_imbalance_is_measured_by_recall():
    rng = np.random.default_rng(1)
    rare = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:14]])
    noisy = X[rare] + 0.3 * rng.normal(size=(len(rare), 2))
    diagnosis = gn.diagnose(network(), noisy, y[rare], **{**SANE, "l2": 0.03, "epochs": 60, "replay": False})
    found = by_code(diagnosis, "class_imbalance")
    assert found.evidence["recall"]["1"] < 0.5
    mixed = X[rare] + 3 * rng.normal(size=(len(rare), 2))  # nothing tells the rare class apart
    diagnosis = gn.diagnose(network(), mixed, y[rare], **{**SANE, "l2": 0.03, "epochs": 60, "replay": False})
    assert "class_imbalance" not in diagnosis.codes


@pytest.mark.parametrize(
    ("options", "remedy"),
    [({"l2": 10.0}, {"l2": 0.0}), ({"l1": 3.0}, {"l1": 0.0}), ({"dropout": 0.95}, {"dropout": 0.0})],
)
def test_what_holds_training_back_is_taken_away(options, remedy):
    found = diagnosed(**options).findings[0]
    assert (found.code, dict(found.remedy.options), found.confirmed) == ("underfitting", remedy, True)


def test_a_linear_model_underfits_and_epochs_can_be_too_few():
    found = diagnosed(gn.Network([2, 1], output="sigmoid")).findings[0]
    assert found.code == "underfitting"
    assert found.remedy.network["sizes"][1:-1] == [64] or found.remedy.network["sizes"] == [2, 64, 1]
    found = diagnosed(epochs=3, optimizer=gn.Adam(learning_rate=0.002)).findings[0]
    assert (found.code, set(found.remedy.options)) == ("underfitting", {"epochs"})


def test_overfitting_on_validation_rows():
    rng = np.random.default_rng(0)
    wide = np.hstack([X, rng.normal(size=(300, 60))])
    net = gn.Network([62, 64, 1], output="sigmoid")
    options = {**SANE, "epochs": 200, "validation": (wide[60:], y[60:])}
    diagnosis = gn.diagnose(net, wide[:60], y[:60], **options)
    assert diagnosis.codes[0] == "overfitting"
    assert diagnosis.findings[0].evidence["final"] > diagnosis.findings[0].evidence["best"]


def test_an_output_that_cannot_reach_the_targets():
    net = gn.Network([2, 16, 1], output="sigmoid", loss="squared_error", seed=0)
    found = gn.diagnose(net, X, X[:, 0] - 3, **SANE).findings[0]
    assert (found.code, found.remedy.network["output"], found.confirmed) == ("cannot_overfit_batch", "identity", True)


def test_an_activation_that_is_nan_at_once():
    root = gn.Activation("root", np.sqrt, lambda z, a: 0.5 / a)
    found = diagnosed(network(hidden=[root, "relu"]), epochs=20).findings[0]
    assert (found.code, found.step, found.layer, found.confirmed) == ("diverged", 0, 2, True)  # √ of a negative Z1


def test_thresholds_can_be_moved():
    net = network()
    net.b[1][:3] = -50
    assert "dead_units" not in diagnosed(net).codes
    found = by_code(diagnosed(net, thresholds=gn.Thresholds(dead_share=0.1)), "dead_units")
    assert "dead_share = 0.1" in found.rule
    assert gn.Thresholds.origin("gap") == "ours"


def test_without_replay_no_remedy_is_tried():
    diagnosis = diagnosed(network(init="zeros"), replay=False)
    assert diagnosis.codes[0] == "poor_initialisation"
    assert all(found.replay is None and not found.confirmed for found in diagnosis.findings)
    assert "not replayed" in repr(diagnosis)


def test_every_code_has_a_rule_a_source_and_lines_that_exist():
    lines = set(gn.Thresholds.__dataclass_fields__)
    assert len(CODES) == 23
    for rule in RULES.values():
        assert rule.text
        assert rule.source
        assert set(rule.lines) <= lines


def test_json_and_html_hold_the_findings_and_load_nothing(tmp_path):
    diagnosis = diagnosed(optimizer=gn.SGD(learning_rate=300.0))
    data = json.loads(diagnosis.to_json(tmp_path / "d.json"))
    assert json.loads((tmp_path / "d.json").read_text()) == data
    assert [found["code"] for found in data["findings"]] == list(diagnosis.codes)
    assert data["findings"][0]["replay"]["confirmed"] is True
    assert data["looks"][0]["step"] == 0
    page = diagnosis.to_html(tmp_path / "d.html")
    assert (tmp_path / "d.html").read_text() == page

    loaded = []

    class Loads(HTMLParser):
        def handle_starttag(self, tag, attrs):
            loaded.extend(value for name, value in attrs if name in ("src", "href", "srcset", "data"))

    Loads().feed(page)
    assert loaded == []
    assert "url(" not in page
    assert "@import" not in page
    assert page.count("<svg") >= 6
    assert "nan" not in "".join(part for part in page.split('points="')[1:] for part in [part.split('"')[0]])


def test_estimators_are_diagnosed_by_what_fit_would_train():
    wine = load_wine(return_X_y=True)
    diagnosis = gn.diagnose(gn.MLPClassifier((16,), random_state=0, max_iter=100), *wine)
    assert diagnosis.codes[0] == "unscaled_inputs"
    model = gn.MLPClassifier((32,), random_state=0, solver="sgd", learning_rate_init=1e-6)
    assert gn.diagnose(model, X, y).codes[0] == "learning_rate_too_low"
    assert not hasattr(model, "coefs_")
    assert gn.diagnose(gn.MLPClassifier((16,), random_state=0, solver="lbfgs", alpha=0.1), X, y).healthy
    regressor = gn.MLPRegressor(hidden_layer_sizes=(32,), random_state=0, early_stopping=True, max_iter=2000)
    target = np.sin(2 * X[:, 0])
    assert gn.diagnose(regressor, X, target, optimizer=gn.Adam(learning_rate=0.01)).healthy


def test_few_rows_and_targets_of_one_value_are_taken():
    corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    diagnosis = gn.diagnose(
        gn.Network([2, 8, 1], hidden="tanh", output="sigmoid", seed=0), corners, [0, 1, 1, 0], epochs=600
    )
    assert diagnosis.held_out is None
    assert (diagnosis.codes, diagnosis.healthy) == ((), False)
    assert "4 rows are too few to hold any out" in diagnosis.unknown[0]
    constant = gn.diagnose(network(), X, np.zeros(300), epochs=5)
    assert (constant.healthy, constant.unknown[0][:28]) == (False, "all rows are of one class, s")


def test_bad_arguments_are_refused(refuses):
    with refuses("model"):
        gn.diagnose("net", X, y)
    with refuses("learning_rate"):
        gn.diagnose(network(), X, y, learning_rate=0.1)
    with refuses("callbacks"):
        gn.diagnose(network(), X, y, callbacks=[print])
    with refuses("thresholds"):
        gn.diagnose(network(), X, y, thresholds={"gap": 1})
    with refuses("X"):
        gn.diagnose(network(), np.where(X > 1, np.nan, X), y)
    with refuses("epochs"):
        gn.diagnose(network(), X, y, epochs=0)
    with refuses("gap"):
        gn.Thresholds(gap=-1)


def test_a_cause_found_by_a_change_comes_before_the_symptoms_it_removes():
    X, y = make_moons(400, noise=0.2, random_state=0)
    network = gn.Network([2, 16, 16, 1], hidden="identity", output="sigmoid", seed=1)
    found = gn.diagnose(network, X, y, optimizer=gn.Adam(learning_rate=0.01), epochs=100, batch_size=32)
    assert found.codes[:2] == ("underfitting", "cannot_overfit_batch")
    assert found.findings[1].symptom_of == "underfitting"
    assert "Because of underfitting" in str(found)
