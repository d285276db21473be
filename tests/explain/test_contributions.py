"""Contributions of columns: they add up to the prediction on many tables, and are those of the model's equation."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning

import glassnet as gn
from glassnet.tables.reading.read import as_table
from glassnet.tables.search.learn import learn
from glassnet.tables.settings import Settings

ROWS = 200


def bundled(name):
    data = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return pl.DataFrame({column: data[column].to_numpy() for column in data})


def mixed(n=300, seed=0):
    """Numbers with gaps, categories, dates, and a target of all of them."""
    rng = np.random.default_rng(seed)
    size, days = rng.normal(100, 20, n).round(1), rng.integers(0, 900, n)
    frame = pl.DataFrame(
        {
            "size": size,
            "city": rng.choice(["Bern", "Chur", "Basel", "Uri"], n, p=[0.5, 0.3, 0.15, 0.05]),
            "built": [f"20{10 + day // 300:02d}-{1 + day % 12:02d}-{1 + day % 28:02d}" for day in days],
            "rooms": rng.integers(1, 6, n),
        }
    )
    price = 3 * size + 50 * (frame["city"] == "Bern").to_numpy() + 0.1 * days + rng.normal(size=n)
    size_with_gaps = pl.when(pl.Series(rng.random(n) < 0.1)).then(None).otherwise(pl.col("size"))
    return frame.with_columns(size=size_with_gaps, price=price)


def trained(frame, target, effort="quick", **settings):
    chosen = {"epochs": 8, **settings}
    ignore = ["built"] if "built" in frame.columns and not _reads_dates() else []
    return learn(as_table(frame), target, effort=effort, settings=Settings(**chosen), ignore=ignore).run()


def _reads_dates():
    from glassnet.errors import InputError

    try:
        learn(as_table(mixed(60)), "price", effort="quick")
    except InputError:
        return False
    return True


@pytest.mark.parametrize(
    ("frame", "target", "settings"),
    [
        (bundled("diabetes"), "target", {}),
        (bundled("diabetes"), "target", {"activation": ("relu",)}),
        (bundled("iris"), "target", {}),
        (bundled("wine"), "target", {"activation": ("relu",)}),
        (bundled("breast_cancer"), "target", {}),
        (mixed(), "price", {}),
        (mixed(), "city", {"plain": True}),
        (mixed(), "price", {"effort": "default", "hidden": (16,)}),
    ],
)
def test_contributions_add_up_to_the_prediction(frame, target, settings):
    model = trained(frame, target, **settings)
    rows = frame.sample(min(ROWS, len(frame)), seed=0)
    found = gn.contributions(model, rows)
    answer = model.answer(rows)
    if model.classes is None:
        expected, span = answer, np.ptp(answer)
    else:
        expected, span = answer.max(axis=1), 1.0
    np.testing.assert_array_equal(found.prediction, expected)
    np.testing.assert_allclose(found.baseline + found.values.sum(axis=1), expected, rtol=0, atol=1e-6 * span)
    assert found.adds_up.all()
    assert set(found.names) == {column.name for member in model.members for column in member.preparation.columns}


def test_a_column_has_the_contributions_of_all_its_inputs_and_members_their_mean():
    frame = mixed()
    model = trained(frame, "price", effort="default", hidden=(16,))
    found = gn.contributions(model, frame[:5])
    alone = [gn.contributions(replace(model, members=[member]), frame[:5]) for member in model.members]
    np.testing.assert_allclose(np.mean([each.values for each in alone], axis=0), found.values, rtol=1e-9)
    np.testing.assert_allclose(np.mean([each.baseline for each in alone], axis=0), found.baseline, rtol=1e-9)
    member = model.members[0]
    expected = member.answer(member.baseline[None].astype(member.network.dtype))
    np.testing.assert_allclose(alone[0].baseline, np.repeat(expected, 5), rtol=1e-5)


def test_a_linear_model_shares_out_by_its_weights():
    frame = bundled("diabetes")
    model = trained(frame, "target", hidden=(), plain=True)
    found = gn.contributions(model, frame[:20])
    member = model.members[0]
    steps = member.inputs(model.table(frame[:20])) - member.baseline
    weights = member.network.W[1][:, 0] * model.target_scale
    assert [*found.names] == [column.name for column in model.preparation.columns]
    np.testing.assert_allclose(found.values, steps * weights, rtol=1e-5, atol=1e-9)


def test_a_column_shuffled_before_training_contributes_almost_nothing():
    frame = mixed(2_000)
    shuffled = frame.with_columns(size=frame["size"].shuffle(seed=1))
    kept, lost = (gn.contributions(trained(each, "price", plain=True), each[:ROWS]) for each in (frame, shuffled))
    sizes = [np.abs(found.values[:, found.names.index("size")]).mean() for found in (kept, lost)]
    assert sizes[1] < sizes[0] / 8


def test_the_probability_of_a_class_that_is_named():
    frame = bundled("breast_cancer")
    model = trained(frame, "target")
    one = gn.contributions(model, frame[:4], output=model.classes[1])
    zero = gn.contributions(model, frame[:4], output=str(model.classes[0]))
    assert one.outputs == (f"probability of {model.classes[1]}",) * 4
    np.testing.assert_allclose(one.values, -zero.values, atol=1e-12)
    np.testing.assert_allclose(one.baseline + zero.baseline, 1)
    with pytest.raises(gn.InputError, match="output: expected one of"):
        gn.contributions(model, frame[:4], output="other")
    with pytest.raises(gn.InputError, match="output: expected none for a regression"):
        gn.contributions(trained(mixed(), "price", epochs=1), mixed(), output="x")


def test_networks_and_estimators():
    X, y = datasets.load_iris(return_X_y=True)
    fitted = gn.MLPClassifier(hidden_layer_sizes=(8,), max_iter=5, random_state=0)
    with pytest.warns(ConvergenceWarning):
        fitted.fit(X, y)
    found = gn.contributions(fitted, X[:3], baseline=X.mean(axis=0))
    np.testing.assert_allclose(found.prediction, fitted.predict_proba(X[:3]).max(axis=1))
    np.testing.assert_allclose(found.baseline + found.values.sum(axis=1), found.prediction, atol=1e-8)
    assert found.names[0] == "x0"
    assert gn.contributions(fitted.network_, X[:3], output=1).outputs[0] == "probability of 1"
    with pytest.raises(gn.InputError, match="model: expected"):
        gn.contributions(3, X)
    with pytest.raises(gn.InputError, match="baseline: expected none for a table model"):
        gn.contributions(trained(mixed(), "price", epochs=1), mixed(), baseline=[0.0])


def found_by_hand():
    names = ("a|b", "<c>", *(f"d{j}" for j in range(30)))
    values = np.array([[-2.0, 1.5, *[0.01] * 30]])
    total = 10 + values.sum(axis=1)
    return gn.Contributions(names, values, np.array([10.0]), total, ("price_&",), (("1",) * 32,), "the mean")


def test_an_estimator_of_tables_is_explained_as_its_model():
    X = {"size": np.sin(np.arange(60.0)), "sky": ["clear", "grey", "dark"] * 20}
    model = gn.TableRegressor(effort="quick", epochs=3).fit(pl.DataFrame(X), X["size"] + 1.0)
    found, expected = (gn.contributions(each, X) for each in (model, model.model_))
    assert found.names == expected.names == ("size", "sky")
    assert (found.values == expected.values).all()


def test_text_lists_the_largest_first_with_the_running_total():
    lines = [line.split() for line in found_by_hand().to_text().splitlines()]
    assert lines[0][-1] == "9.800"
    assert lines[4] == ["baseline", "10.000"]
    assert [lines[5][0], lines[5][2], lines[5][-1]] == ["a|b", "−2.000", "8.000"]
    assert [lines[6][0], lines[6][2], lines[6][-1]] == ["<c>", "+1.500", "9.500"]
    assert lines[25][:4] == ["12", "other", "columns", "+0.120"]
    assert lines[26] == ["prediction", "9.800"]


def test_what_does_not_add_up_is_said():
    found = replace(found_by_hand(), prediction=np.array([9.9]))
    assert not found.adds_up.any()
    assert "check: no column accounts for 0.1 of the prediction" in found.to_text()
    assert 'class="quiet bad"' in found.to_html()


def test_other_formats_escape_names():
    found = found_by_hand()
    assert "&lt;c&gt;" in found.to_html()
    assert "<c>" not in found.to_html()
    assert r"a\|b" in found.to_markdown()
    assert r"price\_\&" in found.to_latex()
    row = json.loads(json.dumps(found.to_dict()))["rows"][0]
    assert row["columns"][0] == {"column": "a|b", "cell": "1", "contribution": -2.0}
    assert row["baseline"] + sum(each["contribution"] for each in row["columns"]) == pytest.approx(row["prediction"])
