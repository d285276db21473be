"""What a reader of a derivation meets, by its public functions: names, order, the largest entries, checks, grades in words."""

import json
import re

import numpy as np
import pytest

import glassnet as gn

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [-0.2, 0.8, 0.1]])


def network(output="softmax", sizes=(3, 4, 2), **arguments):
    net = gn.Network(list(sizes), **{"hidden": "tanh", "output": output, "seed": 1, **arguments})
    for layer in net.b:
        net.b[layer][...] = np.linspace(-0.3, 0.4, net.b[layer].size)
    return net


def explained(y=(0, 1, 1), rows=X, net=None, **options):
    return gn.explain(network() if net is None else net, rows, list(y), **{"optimizer": "adam", **options})


@pytest.mark.parametrize(
    ("options", "symbols"),
    [
        (
            {},
            "Z1 A1 Z2 A2 mean_weights loss_of_output loss_terms loss dA2 J2 dZ2_long slope_Z2 dZ2 dW2 db2 dA1 g_prime1 dZ1 dW1 db1 dA0 g m v m_hat v_hat theta",
        ),
        ({"optimizer": "sgd"}, "Z1 A1 Z2 A2 loss_terms loss dZ2 dW2 db2 dA1 dZ1 dW1 db1 dA0 g theta"),
        ({"clip_norm": 0.1}, "gradient norm g m v m_hat v_hat theta"),
        ({"l2": 0.1}, "loss_terms mean_loss penalty_sum loss dW2_data dW2_penalty dW2 dW1_data dW1_penalty dW1"),
        ({"dropout": 0.5}, "Z1 A1 A1_dropped Z2 dA1_dropped dA1 g_prime1 dZ1"),
        ({"optimizer": None}, "Z1 A1 Z2 A2 loss_terms loss dZ2 dW2 db2 dA1 dZ1 dW1 db1"),
    ],
)
def test_steps_come_in_the_order_of_computation(options, symbols):
    derivation = explained(**options)
    found = [step.symbol for step in derivation.steps]
    wanted = symbols.split()
    assert [symbol for symbol in found if symbol in wanted] == wanted
    assert ("theta" in found) is (options.get("optimizer", "adam") is not None)
    stages = [step.stage for step in derivation.steps]
    assert stages == sorted(stages, key=("forward", "loss", "backward", "update").index)


def test_without_targets_there_is_the_forward_pass_alone():
    derivation = gn.explain(network(), X)
    assert [step.symbol for step in derivation.steps if not step.aside] == ["Z1", "A1", "Z2", "A2"]
    assert "The forward pass of a 3-4-2 network on a batch of 3 samples" in derivation.to_text()


def test_what_a_derivation_says_of_itself():
    text = explained(l2=0.1, step=4).to_text().splitlines()
    assert text[0] == "One training step of a 3-4-2 network on a batch of 3 samples"
    assert "activations tanh, softmax" in text[1]
    assert "26 parameters, float64" in text[1]
    assert "step 4" in text[1]
    one = gn.explain(network(), X[0], 1).to_text().splitlines()
    assert one[0] == "One training step of a 3-4-2 network on one sample"
    assert "rounded to 4 significant digits" in "\n".join(one[-2:])
    assert "rounded to 7 significant digits" in gn.explain(network(), X[0], 1, digits=7).to_text()


def test_json_by_its_parts():
    derivation = explained(l2=0.1)
    told = json.loads(derivation.to_json())
    assert (told["format"], told["version"]) == ("glassnet-derivation", 1)
    assert [step["symbol"] for step in told["given"]] == [step.symbol for step in derivation.given]
    for part in told["steps"]:
        step = derivation[part["symbol"]]
        assert part["shape"] == list(np.shape(step.value))
        assert part["formula"] == (step.code or None)
        assert (part["stage"], part["layer"], part["aside"]) == (step.stage, step.layer, step.aside)
        assert part["source"]["line"] == step.source.line
        assert part["source"]["code"] == step.source.code
        if part["symbol"] == "theta":  # the largest of each parameter
            largest = [np.abs(derivation.value(each["symbol"])).max() for each in part["parts"]]
            assert np.abs([entry["value"] for entry in part["entries"]]) == pytest.approx(largest)
        elif step.expression is not None:
            sizes = np.abs(np.ravel(step.value))
            assert np.abs([entry["value"] for entry in part["entries"]]) == pytest.approx(
                np.sort(sizes)[::-1][: len(part["entries"])]
            )  # the largest, largest first
            assert 1 <= len(part["entries"]) <= 2
            for entry in part["entries"]:
                assert entry["value"] == derivation.value(entry["symbol"])[tuple(entry["index"])]
        check = part["check"]
        if check is not None:
            assert check["ok"]
            assert check["error"] <= 1e-9
            assert min(5, np.size(step.value)) <= check["checked"] <= min(8, np.size(step.value))
            assert check["entries"] == np.size(step.value)
            assert check["kinks"] == 0
    shown = {part["symbol"] for part in told["steps"]}
    assert told["edges"] == [list(edge) for edge in derivation.edges if edge[1] in shown]
    some = json.loads(derivation.to_json(["dW1", "Z2"], checks=False))
    assert [part["symbol"] for part in some["steps"]] == ["Z2", "dW1"]
    assert all(part["check"] is None for part in some["steps"])


def test_of_a_large_array_json_has_the_ten_largest_numbers():
    net = network(sizes=(60, 50, 2))
    derivation = gn.explain(net, np.random.default_rng(0).normal(size=60), 1, optimizer="sgd")
    part = next(s for s in json.loads(derivation.to_json(["dW1"], checks=False))["steps"] if s["symbol"] == "dW1")
    assert "value" not in part
    values = derivation.value("dW1")
    assert [entry["value"] for entry in part["largest"]] == [values[tuple(e["index"])] for e in part["largest"]]
    assert np.abs([e["value"] for e in part["largest"]]).tolist() == np.sort(np.abs(values).ravel())[::-1][:10].tolist()
    full = json.loads(derivation.to_json(["dW1"], checks=False, full=True))["steps"][0]
    assert full["value"] == values.tolist()
    exactly = gn.explain(network(sizes=(40, 50, 2)), np.ones(40), 1)  # 2,000 numbers are written out
    assert "value" in json.loads(exactly.to_json(["dW1"], checks=False))["steps"][0]


def test_pages_are_documents_and_fragments_are_not():
    derivation = explained()
    for page, start in ((derivation.to_html(), "<!doctype html>"), (derivation.to_latex(), "\\documentclass")):
        assert page.lower().startswith(start)
    assert derivation.to_html(document=False).startswith("<div")
    assert "\\documentclass" not in derivation.to_latex(document=False)
    assert derivation._repr_html_() == derivation.to_html(document=False)
    entry = derivation.entry("W1", 0, 0)
    assert "<html" not in entry.to_html(document=False)
    assert "<html" in entry.to_html(document=True)


def test_the_rate_of_a_schedule_is_worked_out():
    schedule = gn.StepDecay(decay=0.5, every=2)
    run = gn.Run(network(), X, [0, 1, 1], optimizer=gn.SGD(0.2), schedule=schedule, batch_size=1, epochs=9)
    run.advance(steps=7)
    derivation = gn.explain(run)
    assert derivation.value("base_rate") == 0.2
    assert derivation.value("schedule_factor") == 0.5  # epoch 3 of three steps each
    assert derivation.value("learning_rate") == 0.1
    assert derivation.value("rate_factor") == 1.0
    assert derivation.value("theta") == pytest.approx(run.network.theta - 0.1 * derivation.value("g"), rel=1e-14)
    for wrong in (0.2, 1.0):  # without the factor of the schedule, without a rate
        grade = derivation.grade(theta=derivation.value("theta_before") - wrong * derivation.value("g"))
        assert grade.misconception.code == "learning_rate"
    plain = explained(optimizer="sgd")
    assert "base_rate" not in plain
    assert plain.value("learning_rate") == 0.1


def test_the_memory_of_an_optimizer_comes_from_the_step_before():
    rng = np.random.default_rng(0)
    memory = {"m": rng.normal(size=26), "v": rng.uniform(0.1, 1, 26)}
    derivation = explained(memory=memory, step=6)
    g = derivation.value("g")
    assert derivation.value("t") == 7
    assert derivation.value("m") == pytest.approx(0.9 * memory["m"] + 0.1 * g, rel=1e-12)
    assert derivation.value("v") == pytest.approx(0.999 * memory["v"] + 0.001 * g**2, rel=1e-12)
    assert derivation.value("m_hat") == pytest.approx(derivation.value("m") / (1 - 0.9**7), rel=1e-12)
    assert derivation.value("m_before_W2") == pytest.approx(memory["m"][16:24].reshape(4, 2))


@pytest.mark.parametrize(("norm", "clips"), [(1e-3, True), (1e3, False)])
def test_a_clipped_gradient_has_the_norm_of_the_clip(norm, clips):
    derivation = explained(clip_norm=norm)
    length = np.linalg.norm(derivation.value("gradient"))
    assert derivation.value("norm") == pytest.approx(length, rel=1e-14)
    assert np.linalg.norm(derivation.value("g")) == pytest.approx(norm if clips else length, rel=1e-12)
    assert ("short enough" in derivation["g"].what) is not clips


def test_a_grade_in_words():
    derivation = explained(optimizer="sgd", l2=0.1)
    dZ1 = derivation.value("dA1")  # without the derivative of tanh
    dW1 = X.T @ dZ1 + 0.1 * derivation.value("W1")
    grade = derivation.grade(dZ2=derivation.value("dZ2"), dZ1=dZ1, dW1=dW1, db1=9 * derivation.value("db1"))
    lines = str(grade).splitlines()
    assert lines[0] == "1 of 4 right: dZ2"
    assert lines[1] == "first wrong: dZ1"
    assert lines[2].strip().startswith("yours")
    assert lines[3].strip().startswith("expected")
    assert lines[5].strip() == "yours is what dZ1 = dA1 gives; right is dZ1 = dA1 * g_prime1"
    assert "dW1: follow rightly from the wrong ones" in lines
    assert "db1: also wrong" in lines
    told = grade.to_dict()
    assert told["ok"] is False
    assert told["first_wrong"] == "dZ1"
    assert told["misconception"]["code"] == "derivative_forgotten"
    assert (told["formula"], told["right_formula"]) == ("dZ1 = dA1", "dZ1 = dA1 * g_prime1")
    assert [(mark["symbol"], mark["verdict"]) for mark in told["marks"]] == [
        ("dZ2", "right"),
        ("dZ1", "wrong"),
        ("dW1", "follows"),
        ("db1", "wrong"),
    ]
    right = derivation.grade(dZ2=derivation.value("dZ2"))
    assert str(right) == "1 of 1 right: dZ2"
    assert right.to_dict()["misconception"] is None
    shape = derivation.grade(dW1=derivation.value("dW1").T)
    assert shape.first_wrong.note == "whose shape is (4, 3) in place of (3, 4)"
    assert shape.misconception.code == "transpose"


@pytest.mark.parametrize(("digits", "factor", "ok"), [(3, 1, True), (3, 3, False), (5, 1, True), (5, 3, False)])
def test_rounded_answers_may_be_off_by_half_a_unit_of_their_last_digit(digits, factor, ok):
    derivation = explained(optimizer="sgd")
    value = derivation.value("dW2")
    unit = 10.0 ** (np.floor(np.log10(np.abs(value))) - digits + 1)
    given = np.round(value / unit) * unit
    given = np.array([[float(f"{v:.{digits - 1}e}") for v in row] for row in given + (factor - 1) * unit])
    before = {symbol: derivation.value(symbol) for symbol in ("A1", "dZ2")}  # which leave nothing open
    assert derivation.grade(dW2=given, **before).ok is ok


@pytest.mark.parametrize("batch", [1, 3])
def test_the_mistakes_of_a_mean_need_a_batch(batch):
    derivation = explained(rows=X[:batch], y=[0, 1, 1][:batch], optimizer="sgd")
    grade = derivation.grade(dW2=2 * derivation.value("dW2"), dZ2=2 * derivation.value("dZ2"))
    codes = [grade.misconception.code if grade.misconception else ""] + [other.code for other in grade.also_possible]
    assert not {"batch_mean_forgotten", "batch_mean_twice"} & set(codes)
    summed = derivation.grade(loss=batch * derivation.value("loss"))
    assert summed.ok is (batch == 1)
    if batch > 1:
        assert summed.misconception.code == "batch_mean_forgotten"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (lambda d: {"dZ2": d.value("dZ2") * d.value("A2") * (1 - d.value("A2"))}, "output_derivative_twice"),
        (lambda d: {"dZ2": -d.value("dZ2")}, "sign"),
        (lambda d: {"dZ2": d.value("dZ2") / 2}, "outputs_averaged"),
        (lambda d: {"dW2": d.value("Z1").T @ d.value("dZ2") + 0.1 * d.value("W2")}, "preactivation_in_dW"),
        (lambda d: {"dW2": d.value("dW2_data")}, "penalty_forgotten"),
        (lambda d: {"dW2": d.value("dW2_data") + 0.2 * d.value("W2")}, "penalty_factor"),
        (lambda d: {"dW2": d.value("dW2_data") + 0.1 / 3 * d.value("W2")}, "penalty_factor"),
        (lambda d: {"db2": d.value("db2") + 0.1 * d.value("b2")}, "penalty_on_biases"),
        (lambda d: {"Z1": X @ d.value("W1")}, "bias_forgotten"),
        (lambda d: {"A1": d.value("Z1")}, "activation_forgotten"),
        (lambda d: {"dZ1": d.value("dA1") * (1 - d.value("Z1") ** 2)}, "derivative_misplaced"),
        (lambda d: {"db1": d.value("dZ1").sum(axis=1)}, "wrong_axis"),
        (lambda d: {"db1": d.value("dZ1").sum()}, "wrong_axis"),
        (lambda d: {"dA1": d.value("dZ2") @ d.value("W2_new").T}, "updated_weights"),
        (lambda d: {"m_hat": d.value("m")}, "bias_correction_forgotten"),
        (lambda d: {"v": 0.999 * d.value("v_before") + 0.001 * d.value("g")}, "memory"),
        (lambda d: {"theta": 2 * d.value("theta_before") - d.value("theta")}, "update_sign"),
        (
            lambda d: {"theta": d.value("theta_before") - 0.5 * d.value("m_hat") / np.sqrt(d.value("v_hat") + 0.1)},
            "epsilon_misplaced",
        ),
        (
            lambda d: {"theta": d.value("theta_before") - d.value("m_hat") / (np.sqrt(d.value("v_hat")) + 0.1)},
            "learning_rate",
        ),
        (lambda d: {"m_hat": d.value("m") / (1 - 0.9**2)}, "adam_off_by_one"),
    ],
)
def test_a_mistake_made_by_hand_is_named(wrong, code):
    memory = {"m": np.full(26, 1e-4), "v": np.full(26, 1e-9)}
    derivation = explained(l2=0.1, optimizer=gn.Adam(learning_rate=0.5, epsilon=0.1), memory=memory, step=2)
    grade = derivation.grade(**wrong(derivation))
    assert not grade.ok
    assert code in [grade.misconception.code, *(other.code for other in grade.also_possible)]


def test_weighted_samples_have_their_own_mistakes():
    derivation = explained(sample_weight=[1.0, 2.0, 5.0], optimizer="sgd")
    slope = derivation.value("A2") - np.eye(2)[[0, 1, 1]]
    assert derivation.value("dZ2") == pytest.approx(slope * np.array([[1], [2], [5]]) / 8)
    assert derivation.grade(dZ2=slope / 3).misconception.code == "sample_weights_forgotten"
    assert derivation.grade(dZ2=slope * [[1], [2], [5]], dW2=derivation.value("A1").T @ (slope * [[1], [2], [5]])
                            ).misconception.code == "batch_mean_forgotten"  # fmt: skip
    loss = float((derivation.value("loss_terms").ravel() * [1, 2, 5]).sum() / 8)
    assert float(derivation.value("loss")) == pytest.approx(loss)


def test_dropout_has_its_own_mistakes():
    derivation = explained(dropout=0.5, optimizer="sgd", seed=3)
    dropped, mask = derivation.value("dA1_dropped"), derivation.value("D1")
    assert set(np.unique(mask)) == {0.0, 2.0}
    assert derivation.value("A1_dropped") == pytest.approx(derivation.value("A1") * mask)
    assert derivation.value("dA1") == pytest.approx(dropped * mask)
    for given, code in (
        ({"dA1": dropped}, "mask_forgotten"),
        ({"dA1": dropped * (mask > 0)}, "mask_unscaled"),
        ({"A1_dropped": derivation.value("A1")}, "dropout_forgotten"),
        ({"A1_dropped": derivation.value("A1") * (mask > 0)}, "mask_unscaled"),
    ):
        grade = derivation.grade(**given)
        assert code in [grade.misconception.code, *(other.code for other in grade.also_possible)]


def test_a_clip_has_its_own_mistakes():
    derivation = explained(clip_norm=0.05, optimizer="sgd")
    gradient = derivation.value("gradient")
    for wrong in (gradient, np.clip(gradient, -0.05, 0.05)):
        assert derivation.grade(g=wrong).misconception.code == "clipping"
    loose = explained(clip_norm=50.0, optimizer="sgd")
    assert loose.grade(g=gradient * (50 / np.linalg.norm(gradient))).misconception.code == "clipping"


def test_names_of_estimators_and_their_classes():
    model = gn.MLPClassifier((3,), max_iter=30, random_state=0, solver="sgd")
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(30, 2)), np.array(["no", "yes"])[(np.arange(30) % 2)]
    with pytest.warns(Warning, match="Maximum iterations|maximum number"):
        model.fit(rows, labels)
    derivation = gn.explain(model, rows[0], "yes")
    assert derivation.value("Y").ravel().tolist() == [1.0]
    assert derivation.outputs == ("no", "yes")
    assert "output: P(yes); the target Y is 1 for yes, 0 for no" in derivation.to_text()
    with pytest.raises(gn.InputError, match="y: expected classes among"):
        gn.explain(model, rows[0], "maybe")


def test_numbers_of_html_and_markdown_are_those_of_the_text():
    derivation = explained()
    page, markdown = derivation.to_html(), derivation.to_markdown()
    for symbol in ("dZ2", "dW1", "loss"):
        assert f'id="step-{symbol}"' in page
    assert len(re.findall(r"passes\.py:\d+", markdown)) >= 3
    for stage in ("Forward", "Loss", "Backward", "Update"):
        assert f"{stage}: " in markdown
        assert f"{stage}: " in page
    assert "Forward: " not in derivation.to_markdown(["dW1"])


@pytest.mark.parametrize("size", [1.0, 1e5])
def test_a_check_forgives_the_rounding_of_large_derivatives(size):
    """An odd network on symmetric data: the gradient of b1 is 0, but for the rounding of derivatives as large as the targets."""
    x = np.linspace(-1, 1, 21)[:, None]
    derivation = gn.explain(gn.Network([1, 8, 1], "tanh", seed=0), x, size * np.sin(3 * x[:, 0]))
    for symbol in ("db1", "dW1", "dZ1", "db2"):
        check = derivation.check(symbol, None)
        assert check.ok
        assert check.error < 1e-9
    assert np.abs(derivation.value("db1")).max() <= 1e-15 * size


def test_a_function_of_ones_own_may_overflow_on_the_way():
    def gradients(X, Y, W1, b1):
        error = X @ W1 + b1 - Y
        np.log(np.zeros(1)), np.exp(np.full(1, 1e4)), np.zeros(1) / 0.0  # each would warn
        return X.T @ error / len(X), error.mean(axis=0)

    assert gn.check(gradients, gn.Network([3, 2])).ok
