"""The lines of the rules on a course, each from both sides, by `examine` on plain numbers; and what a report says of it."""

import json

import numpy as np
import pytest

import glassnet as gn


def codes(thresholds=None, **given):
    lines = None if thresholds is None else gn.Thresholds(**thresholds)
    return gn.examine(thresholds=lines, **given).codes


def only(code, **given):
    (found,) = gn.examine(**given).findings
    assert found.code == code
    return found


# --- the loss ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("jump", "diverged"), [(10.0, False), (10.5, True)])
def test_a_loss_that_jumps_tenfold_and_stays_has_diverged(jump, diverged):
    losses = [1.0] * 10 + [jump] * 5
    assert ("diverged" in codes(losses=losses)) is diverged
    if diverged:
        found = only("diverged", losses=losses)
        assert dict(found.evidence) == {"epoch": 11, "recent_mean": 1.0, "loss": jump, "final": jump}
        assert found.step is None


@pytest.mark.parametrize(("end", "diverged"), [(2.0, False), (2.1, True)])
def test_a_loss_that_comes_back_to_twice_of_before_has_not(end, diverged):
    assert ("diverged" in codes(losses=[1.0] * 10 + [50.0] + [end] * 10)) is diverged


def test_the_recent_mean_is_of_three_epochs_or_of_a_tenth():
    losses = [8.0, 1.0, 1.0, 1.0, 10.5, 10.5, 10.5]
    assert only("diverged", losses=losses).evidence["epoch"] == 5
    assert only("diverged", losses=[4.0, 1.0, 1.0, 21.0, 21.0, 21.0]).evidence["recent_mean"] == 2.0
    for jump, diverged in ((15.5, False), (16.5, True)):  # of 50 epochs five, whose mean is 1.6
        assert ("diverged" in codes(losses=[2.0] + [1.0] * 38 + [4.0] + [jump] * 10)) is diverged


def test_a_jump_from_next_to_nothing_is_measured_against_the_first_loss_or_the_baseline():
    losses = [1.0, 1e-6, 1e-6, 1e-6, 0.4, 0.4, 0.4, 0.4]  # less than ten times a twentieth
    assert codes(losses=losses) == ()
    assert "diverged" in codes(losses=[value * (1.3 if value == 0.4 else 1) for value in losses])
    assert codes(losses=[value * 1.3 if value == 0.4 else value for value in losses], baseline=2.0) == ()


@pytest.mark.parametrize(("end", "diverged"), [(10.0, False), (10.2, True)])
def test_a_loss_that_creeps_up_tenfold_has_diverged(end, diverged):
    losses = [*np.geomspace(1, end, 60), end, end, end, end, end, end, end]
    assert ("diverged" in codes(losses=losses)) is diverged
    if diverged:
        assert dict(only("diverged", losses=losses).evidence) == {"first": 1.0, "final": pytest.approx(end)}
    assert "diverged" not in codes(losses=losses, baseline=5.0)  # no more than ten times a constant prediction's


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_no_number_is_named_by_its_place(bad):
    assert only("diverged", losses=[1.0, 0.5, bad, 0.2]).step == 2


@pytest.mark.parametrize(("level", "stands"), [(0.9, False), (0.91, True), (1.5, True)])
def test_a_plateau_lies_near_the_loss_of_a_constant_prediction(level, stands):
    assert ("plateau" in codes(losses=[level] * 20, baseline=1.0)) is stands
    assert codes(losses=[level] * 20) == ()  # nobody knows what a constant prediction has
    assert codes(losses=[level] * 9, baseline=1.0) == ()
    assert ("plateau" in codes(losses=[level] * 10, baseline=1.0)) is stands


@pytest.mark.parametrize(("last", "stands"), [(0.98, False), (0.9905, True)])
def test_a_plateau_falls_by_less_than_a_hundredth_in_its_last_half(last, stands):
    losses = [1.0] * 18 + [last] * 2
    losses[8] = losses[11] = 2.0  # beside the middle
    assert ("plateau" in codes(losses=losses, baseline=1.0)) is stands
    if stands:
        found = only("plateau", losses=losses, baseline=1.0)
        assert dict(found.evidence) == {"before": 1.0, "after": pytest.approx(last), "unexplained": pytest.approx(last)}


@pytest.mark.parametrize(("end", "rose"), [(0.5, False), (0.51, True)])
def test_overfitting_is_a_rise_by_a_quarter_of_the_baseline(end, rose):
    validation = [1.0, 0.75, 0.25, 0.4, *[end] * 6]
    losses = list(np.geomspace(1, 0.01, 10))
    assert ("overfitting" in codes(losses=losses, validation_losses=validation, baseline=1.0)) is rose
    if rose:
        found = only("overfitting", losses=losses, validation_losses=validation, baseline=1.0)
        expected = {"best_epoch": 3, "best": 0.25, "final": end, "training": 0.01, "rise": end - 0.25, "gap": 0.0}
        assert dict(found.evidence) == pytest.approx(expected)
        assert found.severity == "warning"
    losses[-1] = 0.25  # no lower than the best validation loss
    assert codes(losses=losses, validation_losses=validation, baseline=1.0) == ()


def test_overfitting_is_read_from_the_median_of_the_last_three():
    losses = list(np.geomspace(1, 0.01, 8))
    assert codes(losses=losses, validation_losses=[1, 0.5, 0.2, 0.2, 0.2, 0.2, 0.2, 9.0], baseline=1.0) == ()
    assert codes(losses=losses, validation_losses=[1, 0.5, 0.2, 0.2, 0.2, 0.2, 9.0, 9.0], baseline=1.0) == (
        "overfitting",
    )
    assert codes(losses=losses, validation_losses=[0.2, 0.9, 0.9], baseline=1.0) == ()  # three are too few
    assert codes(losses=losses, validation_losses=[0.2, 0.9, 0.9, 0.9], baseline=1.0) == ("overfitting",)
    assert codes(losses=losses, validation_losses=[0.2, 0.9, np.nan, 0.9], baseline=1.0) == ()
    # without a baseline the first validation loss stands for it
    assert codes(losses=losses, validation_losses=[4.0, 0.2, 1.1, 1.1, 1.1]) == ()
    assert codes(losses=losses, validation_losses=[4.0, 0.2, 1.3, 1.3, 1.3]) == ("overfitting",)


# --- gradients and updates --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "code"), [(0.25, ()), (0.24, "vanishing"), (4.0, ()), (4.1, "exploding"), (0.0, ())])
def test_gradients_shrink_or_grow_beyond_their_lines(first, code):
    gradients = [[np.full((2, 2), first), np.full((2, 2), 9.0), np.ones((2, 2))]]
    lines = {"vanishing_ratio": 0.25, "exploding_ratio": 4.0}
    found = codes(lines, gradients=gradients)
    assert found == ((f"{code}_gradient",) if code else ())
    if code:
        (found,) = gn.examine(gradients=gradients, thresholds=gn.Thresholds(**lines)).findings
        assert (found.layer, found.step) == (1, 0)
        assert dict(found.evidence) == {"ratio": pytest.approx(first), "layers": 3}


@pytest.mark.parametrize(("late", "grew"), [(4.0, False), (4.1, True)])
def test_a_gradient_that_grows_in_time_explodes(late, grew):
    sizes = [1.0, 1.0, 0.5, 0.5, late, late, late, late]
    gradients = [[np.full((2, 2), size)] for size in sizes]
    found = codes({"exploding_ratio": 4.0}, gradients=gradients)
    assert found == (("exploding_gradient",) if grew else ())
    if grew:
        (found,) = gn.examine(gradients=gradients, thresholds=gn.Thresholds(exploding_ratio=4.0)).findings
        assert (found.step, dict(found.evidence)) == (4, {"early": 1.0, "late": pytest.approx(late)})


@pytest.mark.parametrize(
    ("change", "code"),
    [(0.25, ()), (0.2501, "learning_rate_too_high"), (2.0**-10, ()), (2.0**-10.1, "learning_rate_too_low")],
)
def test_updates_are_judged_by_their_share_of_the_weights(change, code):
    weights = [[np.full((2, 2), 1 + k * change)] for k in range(2)]
    lines = {"update_ratio_high": 0.25, "update_ratio_low": 2.0**-10}
    assert codes(lines, weights=weights, steps=[7, 8]) == ((code,) if code else ())
    assert codes(lines, weights=weights) == ()  # nobody knows how many updates lie between
    assert codes(lines, weights=weights, steps=[7, 9]) == ()
    if code:
        (found,) = gn.examine(weights=weights, steps=[7, 8], thresholds=gn.Thresholds(**lines)).findings
        assert (found.severity, dict(found.evidence)) == ("warning", {"update_ratio": pytest.approx(change)})


def test_looks_hold_sizes_ratios_and_the_distance_from_the_start():
    rng = np.random.default_rng(0)
    weights = [[rng.normal(size=(3, 4)), rng.normal(size=(4, 1))] for _ in range(3)]
    gradients = [[rng.normal(size=(3, 4)), rng.normal(size=(4, 1))] for _ in range(3)]
    looks = gn.examine(weights=weights, gradients=gradients, steps=[0, 1, 5]).looks
    for look, W, G in zip(looks, weights, gradients, strict=True):
        assert look.weight == pytest.approx([np.sqrt(np.mean(w**2)) for w in W])
        assert look.gradient == pytest.approx([np.sqrt(np.mean(g**2)) for g in G])
        moved = [w - first for w, first in zip(W, weights[0], strict=True)]
        assert look.distance == pytest.approx(np.sqrt(sum((m**2).sum() for m in moved)))
    ratios = [np.sqrt(np.mean((b - a) ** 2) / np.mean(a**2)) for a, b in zip(weights[0], weights[1], strict=True)]
    assert looks[0].ratio == pytest.approx(ratios)
    assert looks[1].ratio == looks[2].ratio == ()
    assert [look.step for look in looks] == [0, 1, 5]


# --- activations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("silent", "severity"), [(5, None), (6, "warning"), (9, "warning"), (10, "error")])
def test_units_are_dead_that_are_0_on_every_row(silent, severity):
    A = np.abs(np.random.default_rng(0).normal(size=(8, 10))) + 1.5
    A[:, :silent] = 0
    A[0, -1] = 0  # one row alone
    if severity is None:
        assert codes(activations=[[np.full((8, 3), 2.0), A]]) == ()
        return
    found = only("dead_units", activations=[[np.full((8, 3), 2.0), A]])
    assert (found.layer, found.step, found.severity) == (2, 0, severity)
    assert found.evidence["share"] == silent / 10
    assert found.evidence["by_layer"] == {"1": 0.0, "2": silent / 10}


@pytest.mark.parametrize("kind", ["tanh", "sigmoid"])
@pytest.mark.parametrize(("flat", "found"), [(5, False), (6, True)])
def test_activations_are_saturated_where_their_slope_is_a_twentieth(kind, flat, found):
    share = np.array([0.98] * flat + [0.97] * (10 - flat))  # 1 − 0.97² is 0.0591, 1 − 0.98² is 0.0396
    A = np.tile(share if kind == "tanh" else (1 + share) / 2, (4, 1))
    if kind == "tanh":
        A[::2] *= -1
    assert codes(activations=[[A]]) == (("saturated_units",) if found else ())
    assert codes({"saturated_slope": 0.06}, activations=[[A]]) == ("saturated_units",)


@pytest.mark.parametrize(("step", "found"), [(2, True), (3, False)])
def test_saturation_counts_at_the_start_alone(step, found):
    calm, flat = np.tile([-0.6, 0.6], (4, 2)), np.tile([-0.999, 0.999], (4, 2))
    looks = [[calm], [flat], [flat]]
    assert codes(activations=looks, steps=[0, step, 100]) == (("saturated_units",) if found else ())


def test_alike_units_are_named_by_layer():
    rng = np.random.default_rng(0)
    found = only("poor_initialisation", weights=[[rng.normal(size=(3, 4)), np.ones((4, 5)), np.ones((5, 2))]])
    assert (found.layer, found.step, found.evidence["units"]) == (2, 0, 5)
    assert codes(weights=[[rng.normal(size=(3, 4)), np.ones((4, 1)), np.ones((1, 2))]]) == ()  # one unit is like itself


# --- what is said of it -----------------------------------------------------------------------------------------------


def test_a_report_by_its_lines():
    text = repr(gn.examine(losses=[1.0] * 10 + [10.5] * 5))
    lines = text.splitlines()
    assert lines[0] == "Try this first: train(…, clip_norm=1.0)"
    assert lines[1].startswith("Because of diverged: the loss jumped from a recent mean of 1 to 10.5")
    assert "1. diverged (error)" in lines
    assert any(line.strip().startswith("rule") for line in lines)
    assert any(line.strip().startswith("source") for line in lines)
    assert any(line.strip() == "replay  not replayed" for line in lines)
    assert max(map(len, lines)) <= 100
    two = repr(gn.examine(losses=[1.0] * 20, baseline=1.0, weights=[[np.ones((2, 2)), np.ones((2, 1))]]))
    assert two.splitlines()[0] == "Look at this first: its cause is not known."
    assert "1. poor_initialisation, layer 1, step 0 (error)" in two
    assert "2. plateau" in two


def test_json_by_its_names():
    activations = [[np.full((4, 2), 2.0)], [np.zeros((4, 2))]]
    told = json.loads(gn.examine(losses=[1.0, np.nan], activations=activations, steps=[0, 50]).to_json())
    assert set(told) >= {"healthy", "network", "rows", "unexplained", "held_out", "second_opinion", "findings", "looks"}
    assert (told["healthy"], told["rows"], told["unexplained"], told["second_opinion"]) == (False, 0, None, None)
    assert [found["code"] for found in told["findings"]] == ["diverged", "dead_units"] or len(told["findings"]) == 2
    assert [look["step"] for look in told["looks"]] == [0, 50]
    assert told["looks"][1]["dead"] == {"1": 1.0}
    assert sum(told["looks"][0]["activations"]["1"]["counts"]) == 8
    assert told["looks"][0]["loss"] is None  # unknown


def test_a_diagnosis_of_a_network_by_its_lines():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2))
    y = (X[:, 0] > 0).astype(int)
    net = gn.Network([2, 8, 1], output="sigmoid", seed=0)
    diagnosis = gn.diagnose(net, X, y, optimizer=gn.Adam(learning_rate=0.05), epochs=60, batch_size=20)
    told = json.loads(diagnosis.to_json())
    assert told["rows"] == 80
    assert told["network"] == repr(net)
    assert told["unexplained"] == diagnosis.unexplained
    assert told["held_out"] == diagnosis.held_out
    assert told["second_opinion"] == {"model": diagnosis.opinion[0], "held_out": diagnosis.opinion[1]}
    assert told["loss"] == diagnosis.history.loss.tolist()
    assert told["advice"] == {"heading": "Nothing to do; healthy: nothing found", "code": "", "why": []}
    scores = {(each["name"], each["rows"]): each for each in told["scores"]}
    assert list(scores) == [
        (name, rows) for rows in ("20 held-out rows", "80 training rows") for name in ("accuracy", "log loss")
    ]
    assert scores["accuracy", "80 training rows"]["run"] == np.mean(diagnosis.network.predict(X) == y)
    assert scores["log loss", "80 training rows"]["run"] == pytest.approx(diagnosis.network.loss(X, y))
    lines = repr(diagnosis).splitlines()
    assert lines[:2] == ["Nothing to do; healthy: nothing found.", ""]
    assert lines[2].split("  ")[-1] == "a constant"
    assert lines[4].split() == [
        *("log", "loss,", "20", "held-out", "rows"),
        *(f"{scores['log loss', '20 held-out rows'][who]:.3g}" for who in ("run", "plain", "constant")),
    ]
    assert lines[7] == f"{net!r}, 80 rows"
    assert lines[8] == repr(diagnosis.history)
    assert " ".join(lines[9:11]) == (
        f"unexplained share of the loss (1: a constant prediction): training rows {diagnosis.unexplained:.3g}, held-out "
        f"rows {diagnosis.held_out:.3g}, second opinion ({diagnosis.opinion[0]}) {diagnosis.opinion[1]:.3g}"
    )


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        (gn.SGD(learning_rate=0.5), "SGD(learning_rate=0.05)"),
        (gn.Adam(learning_rate=0.5, beta1=0.8), "Adam(learning_rate=0.05, beta1=0.8)"),
    ],
)
def test_a_remedy_names_the_constants_that_are_not_usual(optimizer, words):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    net = gn.Network([2, 4, 1], "tanh", "sigmoid", seed=0)
    history = gn.train(net, X, X[:, 0] > 0, optimizer=optimizer, epochs=3, batch_size=10)
    found = gn.examine(history, thresholds=gn.Thresholds(update_ratio_high=1e-5)).findings[0]
    assert found.code == "learning_rate_too_high"
    assert found.remedy.code == f"train(…, optimizer={words})"
    assert found.remedy.text == "a learning rate 10 times lower, 0.05"
    assert found.to_dict()["remedy"]["code"] == found.remedy.code
