"""The first lines of a diagnosis: the remedy as code that runs, for the way in that the caller took."""

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_moons
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

import glassnet as gn
from glassnet.diagnose.case.remedy import Remedy, together
from glassnet.diagnose.case.scores import Units
from glassnet.diagnose.findings import Replay
from glassnet.diagnose.render.advice import advice, causes, code_of, result_of

X, y = make_moons(300, noise=0.2, random_state=0)
SANE = {"optimizer": gn.Adam(learning_rate=0.01), "epochs": 100, "batch_size": 32}
IN_SCOPE = {
    **{name: getattr(gn, name) for name in gn.__all__},
    **{each.__name__: each for each in (make_pipeline, FunctionTransformer, RobustScaler, StandardScaler)},
    "TransformedTargetRegressor": TransformedTargetRegressor,
    "np": np,
}

SOFTMAX = {"sizes": [3, 8, 2], "output": "softmax", "loss": "categorical_cross_entropy"}


def network(**arguments):
    return gn.Network(**{"sizes": [2, 16, 16, 1], "output": "sigmoid", "seed": 1, **arguments})


def carry_out(code, scope):
    exec(code, scope)  # noqa: S102


def first_code(diagnosis):
    """The code of the first lines, checked to stand there."""
    code = advice(diagnosis).code
    text = repr(diagnosis)
    lines = code.splitlines()
    expected = f"Do this now: {code}\n" if len(lines) == 1 else "\n   ".join(["Do this now:", *lines]) + "\n"
    assert text.startswith(expected)
    return code


@pytest.mark.parametrize(
    ("start", "scale", "options", "words"),
    [
        ({"init": "zeros"}, 1, {}, "network = Network([2, 16, 16, 1], hidden='relu', output='sigmoid', seed=1)"),
        ({}, 1, {"optimizer": gn.SGD(learning_rate=200.0)}, "optimizer=SGD(learning_rate="),
        ({}, 1000, {}, "X = (X - mean) / scale"),
        ({}, 1000, {"validation": (1000 * X[::3] + 1e-3, y[::3])}, "X_val = (X_val - mean) / scale"),
        ({}, 1, {"l2": 10.0}, "train(network, X, y, optimizer=Adam(learning_rate=0.01), epochs=100, batch_size=32)"),
    ],
)
def test_the_code_in_python_runs_and_mends(start, scale, options, words):
    net = network(**start)
    diagnosis = gn.diagnose(net, scale * X, y, **{**SANE, **options})
    code = first_code(diagnosis)
    assert words in code
    scope = {**IN_SCOPE, "network": net, "X": scale * X, "y": y}
    if "validation" in options:
        scope |= {"X_val": options["validation"][0], "y_val": options["validation"][1]}
    carry_out(code, scope)
    assert scope["network"].loss(scope["X"], y) < 0.3


def test_code_for_targets_biases_and_weights():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(200, 3))
    target = 300 + inputs[:, 0]
    way = gn.diagnose(gn.Network([3, 16, 1]), inputs, target, replay=False, **SANE).way_in
    for remedy in (Remedy("", standardise_targets=True), Remedy("", output_bias=np.array([300.0]))):
        scope = {**IN_SCOPE, "network": gn.Network([3, 16, 1]), "X": inputs, "y": target}
        carry_out(way.code(remedy), scope)
        assert scope["network"].loss(scope["X"], scope["y"]) < 0.1
    classes = (inputs[:, 0] > 1).astype(int)
    way = gn.diagnose(gn.Network([3, 8, 1], output="sigmoid"), inputs, classes, replay=False, **SANE).way_in
    scope = {**IN_SCOPE, "network": gn.Network([3, 8, 1], output="sigmoid"), "X": inputs, "y": classes}
    carry_out(way.code(Remedy("", balanced=True)), scope)
    assert scope["weight"][classes == 1].sum() == pytest.approx(100)
    keep = np.arange(200) % 4 > 0
    assert way.code(Remedy("", keep=keep)).startswith("X, y = X[keep], y[keep]  # 150 of 200 rows")
    way = gn.diagnose(gn.Network([3, 8, 1]), inputs, classes + 1, replay=False, **SANE).way_in
    remedy = Remedy("", classes=np.array([1, 2]), network=SOFTMAX, by_hand="hands = 1")
    scope = {**IN_SCOPE, "network": None, "X": inputs, "y": classes + 1}
    carry_out(way.code(remedy), scope)
    assert scope["hands"] == 1
    assert set(scope["y"]) == {0, 1}
    assert scope["network"].loss(inputs, scope["y"]) < 0.3
    far = inputs.copy()
    far[0, 0] = 1e6
    far[:, 2] = 3.0
    way = gn.diagnose(gn.Network([3, 8, 1], output="sigmoid"), inputs, classes, replay=False, **SANE).way_in
    scope |= {"X": far, "y": classes, "network": gn.Network([3, 8, 1], output="sigmoid")}
    carry_out(way.code(Remedy("", cut_off=True)), scope)
    assert np.abs(scope["X"]).max() == 5
    assert np.isfinite(scope["network"].theta).all()


def test_functions_of_the_caller_s_own_are_not_written_down():
    own = gn.Activation("own", np.tanh, lambda z, a: 1 - np.abs(a))
    diagnosis = gn.diagnose(network(hidden=own), X, y, **{**SANE, "epochs": 40})
    assert diagnosis.codes[0] == "gradient_wrong"
    told = advice(diagnosis)
    assert (told.heading, told.code) == ("Do this now: take the derivative from the function itself: df of 'own'", "")
    assert repr(diagnosis).startswith(f"{told.heading}.\nBecause of gradient_wrong")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("model", "scale", "words"),
    [
        (
            gn.MLPClassifier((32,), random_state=0, solver="sgd", learning_rate_init=1e-6),
            1,
            "MLPClassifier(hidden_layer_sizes=(32,), learning_rate_init=",
        ),
        (gn.MLPClassifier((16,), random_state=0, init="zeros", learning_rate_init=0.01), 1, "MLPClassifier(hidden"),
        (gn.MLPClassifier((16,), random_state=0, learning_rate_init=0.01), 1000, "make_pipeline(StandardScaler(), MLP"),
    ],
)
def test_the_code_of_an_estimator_fits_and_mends(model, scale, words):
    code = first_code(gn.diagnose(model, scale * X, y))
    assert code.startswith(words)
    fitted = eval(code, {**IN_SCOPE, "X": scale * X, "y": y})
    assert fitted.score(scale * X, y) > 0.8


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_each_remedy_as_parameters_of_an_estimator():
    model = gn.MLPRegressor(hidden_layer_sizes=(8, 8, 8), random_state=0, solver="sgd", max_iter=20)
    target = 300 + X[:, 0]
    way = gn.diagnose(model, X, target, replay=False).way_in
    made = "MLPRegressor(hidden_layer_sizes=(8, 8, 8), max_iter=20, random_state=0, solver='sgd')"
    assert way.code(Remedy("", standardise_targets=True)) == (
        f"TransformedTargetRegressor({made}, transformer=StandardScaler()).fit(X, y)"
    )
    clip = 'FunctionTransformer(np.clip, kw_args={"a_min": -5, "a_max": 5})'
    cut_off = way.code(Remedy("", cut_off=True))
    assert cut_off == f"make_pipeline(RobustScaler(unit_variance=True), {clip}, {made}).fit(X, y)"
    assert np.abs(eval(cut_off, {**IN_SCOPE, "X": X, "y": target})[:2].transform([[1e9, 0]])).max() == 5
    scope = {**IN_SCOPE, "X": X, "y": target}
    carry_out(way.code(Remedy("", output_bias=np.array([300.0]))), scope)
    assert scope["model"].predict(X).mean() == pytest.approx(300, abs=5)
    for options, words in (
        ({"epochs": 500}, "max_iter=500"),
        ({"l2": 0.03}, "alpha=6.0"),  # per batch of 200 rows
        ({"dropout": 0.5}, "dropout=0.5"),
        ({"clip_norm": 1.0}, "clip_norm=1.0"),
        ({"shuffle": False}, "shuffle=False"),
        ({"early_stopping": gn.EarlyStopping(patience=7)}, "early_stopping=True"),
        ({"optimizer": gn.Nesterov(learning_rate=0.5)}, "learning_rate_init=0.5"),
        ({"optimizer": gn.AdamW(learning_rate=0.5)}, "solver=AdamW(learning_rate=0.5"),
        ({"schedule": "constant"}, "MLPRegressor("),
    ):
        assert words in way.code(Remedy("", options=options))
    assert way.code(Remedy("", options={"l1": 0.5})) == ""  # the estimator has no l1
    assert "hidden_layer_sizes=(8, 8)" in way.code(Remedy("", at_most_layers=2))
    assert "hidden_layer_sizes=(64,)" in way.code(Remedy("", network={"sizes": [2, 64, 1], "hidden": "tanh"}))
    assert "activation='tanh'" in way.code(Remedy("", network={"hidden": "tanh"}))
    assert way.code(Remedy("", keep=np.ones(300, dtype=bool))).endswith(".fit(X[keep], y[keep])")


def test_the_code_of_a_later_cause_holds_the_remedies_before_it():
    diagnosis = gn.diagnose(network(init="zeros"), X, y, **{**SANE, "l2": 1e-4})
    first = diagnosis.findings[0]
    assert first.confirmed
    later = replace(first, code="underfitting", remedy=Remedy("no l2", options={"l2": 0.0}))
    diagnosis = replace(diagnosis, findings=(*diagnosis.findings, later))
    assert "Then mend 1 more cause, below." in advice(diagnosis).why
    assert repr(diagnosis).count("remedy  no l2, with the remedies above") == 1
    assert ", l2=0.0001)" in code_of(diagnosis, first)
    assert code_of(diagnosis, later) == code_of(diagnosis, first).replace(", l2=0.0001)", ")")
    unconfirmed = replace(later, replay=replace(first.replay, confirmed=False))
    diagnosis = replace(diagnosis, findings=(*diagnosis.findings[:-1], unconfirmed))
    assert (
        code_of(diagnosis, unconfirmed)
        == "train(network, X, y, optimizer=Adam(learning_rate=0.01), epochs=100, batch_size=32)"
    )


def test_remedies_together():
    first = Remedy("this", options={"l2": 0.0, "epochs": 3}, network={"init": None}, standardise_inputs=True)
    both = together([first, Remedy("that", options={"epochs": 9}, output_bias=np.ones(1), at_most_layers=2)])
    assert (both.text, both.options, both.network) == ("this and that", {"l2": 0.0, "epochs": 9}, {"init": None})
    assert (both.standardise_inputs, both.at_most_layers, both.output_bias.tolist()) == (True, 2, [1.0])
    assert (both.cut_off, both.keep, both.balanced, both.by_hand) == (False, None, False, "")
    assert together([Remedy("", by_hand="x = 1"), first, Remedy("", by_hand="y = 2")]).by_hand == "x = 1\ny = 2"
    assert together([first]) is first


def test_symptoms_are_folded_under_their_cause():
    diagnosis = gn.diagnose(network(init="zeros"), X, y, **SANE)
    ((cause, symptoms),) = causes(diagnosis)
    assert cause.code == "poor_initialisation"
    assert [each.code for each in symptoms] == list(diagnosis.codes[1:])
    text = repr(diagnosis)
    assert "symptoms, gone with this remedy: dead_units (layer 1, step 0), " in text
    assert [line for line in text.splitlines() if line[:2] in ("1.", "2.")] == [
        "1. poor_initialisation, layer 1, step 0 (error)"
    ]
    page = diagnosis.to_html()
    assert page.count('<section class="found') == 1
    assert page.count("<details>") == 1


def test_the_page_begins_with_the_remedy():
    diagnosis = gn.diagnose(network(), X, y, **{**SANE, "optimizer": gn.SGD(learning_rate=200.0)})
    seen = []

    class Text(HTMLParser):
        inside = "style"

        def handle_starttag(self, tag, attrs):
            self.inside = tag

        def handle_data(self, data):
            if self.inside not in ("style", "title") and data.strip():
                seen.append(data)

    Text().feed(diagnosis.to_html())
    assert seen[:2] == ["Do this now", advice(diagnosis).code]
    assert seen[2].startswith("Because of learning_rate_too_high")
    assert "unexplained" not in "".join(seen[:3])


def test_what_nobody_tried_or_nothing_mended_is_not_recommended():
    untried = advice(gn.diagnose(network(init="zeros"), X, y, replay=False, **SANE))
    assert (untried.heading, untried.why[-1]) == ("Try this first", "It was not tried here.")
    other_units = gn.diagnose(network(), X[:200], y[:200], validation=(100 * X[200:], y[200:]), **SANE)
    assert advice(other_units).heading == "Do this now"
    assert advice(other_units).code.splitlines()[0].startswith("X_val = X_val / ")
    assert "not tried" in advice(other_units).why[1]
    shuffled = advice(gn.diagnose(network(), X, np.random.default_rng(0).permutation(y), **SANE))
    assert (shuffled.heading, shuffled.code) == ("Look at this first: no change of parameters mends it", "")


def test_results_are_said_in_the_units_of_the_task():
    diagnosis = gn.diagnose(network(), X, y, **{**SANE, "optimizer": gn.SGD(learning_rate=200.0)})
    assert diagnosis.units == Units("log loss", pytest.approx(np.log(2), abs=1e-3), 0.0)
    found = diagnosis.findings[0]
    after = found.replay.verdict.after * diagnosis.units.baseline
    assert result_of(diagnosis, found).startswith(
        f"log loss on 300 rows that took no part 1.04 or worse → {after:.3g} (± "
    )
    assert result_of(diagnosis, found).endswith("; a constant prediction: 0.693)")
    alone = replace(found, replay=replace(found.replay, verdict=None))
    after = found.replay.after * diagnosis.units.baseline
    assert f"→ {after:.3g} (a constant prediction: 0.693)" in result_of(diagnosis, alone)
    assert result_of(diagnosis, alone).startswith("log loss on held-out rows")
    r_squared = Units("R²", 2.0, 0.0)
    assert (r_squared(0.25), r_squared(3.0)) == (0.75, -2.0)
    recall = Replay(True, True, "lowest recall of a class on held-out rows", 0.1, 0.9)
    assert result_of(diagnosis, replace(found, replay=recall)) == "lowest recall of a class on held-out rows 0.1 → 0.9"


def test_scores_of_numbers_and_of_a_history_later():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(200, 3))
    target = inputs[:, 0] + 0.5 * rng.normal(size=200)
    net = gn.Network([3, 16, 1])
    history = gn.train(net, inputs, target, validation=(inputs[:50], target[:50]), **SANE)
    later = gn.examine(history)
    assert [(score.name, score.rows) for score in later.scores] == [
        ("R²", "50 validation rows"),
        ("R²", "200 training rows"),
    ]
    assert later.scores[1].run == pytest.approx(1 - net.loss(inputs, target) / (0.5 * target.var()))
    assert later.scores[1].constant == 0
    assert later.to_html().count("<svg") >= 6
    wrong = gn.Network([3, 16, 1], init="zeros")
    later = gn.examine(gn.train(wrong, inputs, target, **SANE))
    assert later.codes[0] == "poor_initialisation"
    assert advice(later).code == (
        "network = Network([3, 16, 1], hidden='relu', output='identity', seed=0)\n"
        "train(network, X, y, optimizer=Adam(learning_rate=0.01), epochs=100, batch_size=32)"
    )
