"""Targets, splits, settings by rule, and what a plan hands to training."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scipy import sparse

import glassnet as gn
from glassnet.tables.columns.choose import choose_columns
from glassnet.tables.columns.targets import encode_classes, find_classes, recognise_task
from glassnet.tables.fitting.plan import Watch, plan
from glassnet.tables.fitting.splitting import split_rows
from glassnet.tables.model import Member, TableModel
from glassnet.tables.preparation import preparation
from glassnet.tables.preparation.column import Column
from glassnet.tables.preparation.preparation import Preparation
from glassnet.tables.reading.table import Table
from glassnet.tables.settings import Settings


def text(*cells):
    return Table(pl.DataFrame({"y": list(cells)}), text=True)


def typed(*cells):
    return Table(pl.DataFrame({"y": list(cells)}))


@pytest.mark.parametrize(
    ("table", "task", "classes"),
    [
        (text("b", "a", "b", "a"), "classification", ["a", "b"]),
        (text("1", "0", "1", "0"), "classification", [0, 1]),
        (text("10", "9", "10", "9"), "classification", [9, 10]),
        (text("1.0", "0.0", "1.0", "0.0"), "classification", [0.0, 1.0]),
        (text("-1.5", "2.5", "2.5", "-1.5"), "classification", [-1.5, 2.5]),
        (text("01", "02", "02", "01"), "classification", ["01", "02"]),
        (text("True", "False", "True", "False"), "classification", ["False", "True"]),
        (typed(True, False, True, False), "classification", [False, True]),
        (typed(*[3, 1, 2] * 5), "classification", [1, 2, 3]),
        (typed(*[3, 1, 2] * 4), "regression", None),  # four times each
        (typed(*range(20), *list(range(20)) * 4), "classification", list(range(20))),
        (typed(*list(range(21)) * 5), "regression", None),
        (typed(*[0.5, 1, 2] * 9), "regression", None),
    ],
)
def test_task_and_classes_by_rule(table, task, classes):
    assert recognise_task(table, "y") == task
    if classes is not None:
        found = find_classes(table, "y")
        assert found == classes
        assert [type(each) for each in found] == [type(each) for each in classes]
        codes = encode_classes(table, "y", found)
        cells = table.frame["y"].to_list()
        assert all(codes[i] == codes[j] for i in range(len(cells)) for j in range(len(cells)) if cells[i] == cells[j])
        assert set(codes) == set(range(len(found)))


def test_boolean_classes_are_found_in_text_again():
    assert encode_classes(text("true", "False", "TRUE"), "y", [False, True]).tolist() == [1, 0, 1]


def test_split_keeps_the_proportions_and_every_row_once():
    y = np.repeat([0, 1, 2], [100, 40, 10])
    table = typed(*y.tolist())
    parts = split_rows(table, "y", y, ["a", "b", "c"], {"validation": 0.2, "test": 0.1}, seed=3)
    assert sorted(np.concatenate(parts)) == list(range(150))
    assert [np.bincount(y[rows]).tolist() for rows in parts] == [[70, 28, 7], [20, 8, 2], [10, 4, 1]]
    again = split_rows(table, "y", y, ["a", "b", "c"], {"validation": 0.2, "test": 0.1}, seed=3)
    other = split_rows(table, "y", y, ["a", "b", "c"], {"validation": 0.2, "test": 0.1}, seed=4)
    assert all((a == b).all() for a, b in zip(parts, again, strict=True))
    assert any((a != b).any() for a, b in zip(parts, other, strict=True))


def test_split_gives_each_part_a_row_of_each_class():
    y = np.array([0, 0, 0, 1, 1, 1])
    parts = split_rows(typed(*y.tolist()), "y", y, [0, 1], {"validation": 0.4, "test": 0.4}, seed=0)
    assert [sorted(y[rows]) for rows in parts] == [[0, 1]] * 3
    y = np.repeat([0, 1], [50, 3])
    rare = split_rows(typed(*y.tolist()), "y", y, [0, 1], {"validation": 0.1}, seed=0)
    assert [np.bincount(y[rows]).tolist() for rows in rare] == [[45, 2], [5, 1]]
    y = y[-6:]
    whole, none = split_rows(typed(*y.tolist()), "y", y, [0, 1], {"validation": 0}, seed=0)
    assert (whole == np.arange(6)).all()
    assert len(none) == 0


@pytest.mark.parametrize(
    ("rows", "classes", "expected"),
    [
        (120, 2, ((64, 64), "sigmoid", 32, 64, 16, 0, "target")),
        (1_500, 10, ((128, 128), "softmax", 64, 64, 16, 0, "target")),
        (85_000, None, ((128, 128), "identity", 256, 60, 15, 32, "onehot")),
        (10_000_000, 3, ((128, 128), "softmax", 512, 8, 10, 0, "target")),
    ],
)
def test_settings_by_rule(rows, classes, expected):
    s = Settings().complete(rows, 30, classes)
    assert (s.hidden, s.output, s.batch_size, s.epochs, s.patience, s.bins, s.categories) == expected
    assert s.encoding.rank


def test_one_network_for_classes_of_few_rows_is_held_back_more():
    few, many = (Settings().complete(rows, 3, 2, quick=True) for rows in (1_999, 2_000))
    assert (few.optimizer, few.learning_rate, few.dropout, few.categories) == (
        "adamw:weight_decay=3",
        0.001,
        0.3,
        "both",
    )
    assert (many.optimizer, many.learning_rate, many.dropout) == ("adamw:weight_decay=1", 0.002, 0.15)
    assert Settings().complete(1_999, 3, None, quick=True).dropout == 0.1


def test_images_have_a_rule_of_their_own():
    s = Settings().complete(2_500, 784, 10, images=True)
    assert (s.hidden, s.activation, s.optimizer, s.schedule, s.dropout) == (
        (256, 128),
        ("relu",),
        "adam",
        "constant",
        0,
    )
    assert s.l2 == 5 / 2_500
    assert (s.encoding.rank, s.encoding.clip, s.bins) == (False, 0, 0)


def test_many_numeric_columns_have_fewer_bins():
    assert [Settings().complete(1_000, numeric, None).bins for numeric in (1, 62, 63, 200, 3_000)] == [
        32,
        32,
        31,
        10,
        0,
    ]


def test_settings_that_are_given_stay():
    given = Settings(hidden=(), batch_size=7, epochs=3, l2=0.5, patience=0, output="softmax")
    s = given.complete(100, 3, 2)
    assert (s.hidden, s.batch_size, s.epochs, s.l2, s.patience, s.output) == ((), 7, 3, 0.5, 0, "softmax")
    s = Settings(optimizer="lbfgs").complete(1000, 3, 2)
    assert (s.batch_size, s.dropout, s.schedule, s.learning_rate) == (0, 0, "constant", None)


def line(n=200):
    x = np.linspace(-1, 1, n)
    return Table(pl.DataFrame({"x": x, "y": 1000 + 50 * x}))


def test_a_regression_is_trained_on_the_standardised_target():
    ready = plan(line(), "y", settings=Settings(hidden=(), optimizer="lbfgs", epochs=200, plain=True))
    y = ready.parts["train"].y
    assert y.mean() == pytest.approx(0, abs=1e-6)
    assert y.std() == pytest.approx(1)
    model = ready.run()
    np.testing.assert_allclose(model.predict({"x": [0.0, 0.5, -1.0]}), [1000, 1025, 950], rtol=1e-5)
    measures = ready.measure()["train"]
    assert measures["r2"] == pytest.approx(1, abs=1e-6)
    assert measures["rmse"] < 0.05


def test_counts_stay_counts():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 2000)
    table = Table(pl.DataFrame({"x": x, "y": rng.poisson(np.exp(1 + x))}))
    settings = Settings(output="exponential", hidden=(), optimizer="adam", learning_rate=0.01, epochs=100, plain=True)
    model = plan(table, "y", task="regression", settings=settings).run()
    assert (model.target_mean, model.target_scale) == (0, 1)
    np.testing.assert_allclose(model.predict({"x": [0.0, 1.0]}), [np.e, np.e**2], rtol=0.1)


def test_numbers_of_the_preparation_do_not_see_the_validation_rows():
    table = Table(pl.DataFrame({"x": [*np.sqrt(np.arange(90)), *[1e6] * 10], "y": [*[0, 1] * 45, *[0, 1] * 5]}))
    ready = plan(table, "y", settings=Settings(dtype="float64", plain=True), validation=0.3)
    X = ready.parts["train"].X
    assert abs(X.mean()) < 1e-12
    assert X.std() == pytest.approx(1)
    assert abs(ready.parts["validation"].X.mean()) > 1e-3


def test_predictions_are_classes_as_they_were():
    for classes in (["a", "b"], [3, 5], [0.5, 2.5], [False, True], ["x", "y", "z"]):
        cells = classes * 20
        table = Table(pl.DataFrame({"x": [float(classes.index(c)) for c in cells], "y": cells}))
        ready = plan(table, "y", settings=Settings(optimizer="lbfgs", epochs=50, l2=1e-4))
        model = ready.run()
        assert model.predict(table).tolist() == cells
        assert model.predict_proba(table).shape == (len(cells), len(classes))
        assert model.evaluate(table)["accuracy"] == 1


def test_measures_by_hand():
    """The network hands x on: the class is 1 where x > 0, with probability sigmoid(x)."""
    network = gn.Network([1, 1], output="sigmoid")
    network.theta = [1.0, 0.0]
    table = {"x": [-1.0, -2.0, 1.0, 3.0, 2.0, -3.0], "y": ["a", "a", "a", "b", "b", "a"]}
    preparation = Preparation((Column.numeric("x"),))
    model = TableModel([Member(preparation, network)], "classification", "y", ["a", "b"])
    measures = model.evaluate(table)
    p = 1 / (1 + np.exp(-np.array([-1, -2, 1, 3, 2.0, -3])))
    assert measures["confusion"] == [[3, 1], [0, 2]]
    assert measures["accuracy"] == 5 / 6
    assert measures["balanced_accuracy"] == pytest.approx((3 / 4 + 1) / 2)
    assert measures["macro_f1"] == pytest.approx((2 * 3 / 7 + 2 * 2 / 5) / 2)
    assert measures["log_loss"] == pytest.approx(-np.mean(np.log([1 - p[0], 1 - p[1], 1 - p[2], p[3], p[4], 1 - p[5]])))
    assert measures["roc_auc"] == 1
    with pytest.raises(gn.InputError, match="row 1, column 'y'"):
        model.evaluate({"x": [1.0], "y": ["c"]})


def test_regression_measures_by_hand():
    network = gn.Network([1, 1], output="identity")
    network.theta = [1.0, 0.0]
    preparation = Preparation.fit({"x": [-1.0, 1.0]}, {"x": "numeric"})  # mean 0, scale 1
    model = TableModel([Member(preparation, network, 10, 2)], "regression", "y")
    measures = model.evaluate({"x": [0.0, 1.0, 2.0], "y": [10.0, 11.0, 17.0]})  # predicted 10, 12, 14
    assert measures["mae"] == pytest.approx((0 + 1 + 3) / 3)
    assert measures["rmse"] == pytest.approx(np.sqrt(10 / 3))
    assert measures["r2"] == pytest.approx(1 - 10 / np.sum((np.array([10, 11, 17]) - 38 / 3) ** 2))
    with pytest.raises(gn.InputError, match="a regression"):
        model.predict_proba({"x": [0.0]})


def test_interrupted_runs_keep_the_best_epoch():
    def interrupt(now):
        if now.epoch == 5:
            raise KeyboardInterrupt

    jumpy = Settings(seed=1, optimizer="adam:learning_rate=0.2", schedule="constant")  # the last epoch is not the best
    ready = plan(line(), "y", settings=jumpy)
    model = ready.run([interrupt])
    assert model.training["stopped"] == "interrupted"
    assert model.training["epochs"] == 5
    best = int(np.argmin(ready.watch.record.validation_loss)) + 1
    assert model.training["best_epoch"] == best < 5
    fewer = plan(line(), "y", settings=replace(jumpy, epochs=best, patience=0)).run()
    assert (fewer.network.theta == model.network.theta).all()


def test_a_run_interrupted_before_its_first_epoch_has_no_model(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    ready = plan(line(), "y")
    monkeypatch.setattr("glassnet.training.run.Run.advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ready.run()


def test_a_class_that_no_row_has_does_not_count():
    """Balanced accuracy and F1 are means over the classes of the rows; one of none would count as 0."""
    network = gn.Network([1, 3], output="softmax")
    network.theta = [1.0, 0.0, -1.0, 0.0, 0.0, 0.0]  # a where x > 0, c where x < 0
    model = TableModel([Member(Preparation((Column.numeric("x"),)), network)], "classification", "y", ["a", "b", "c"])
    measures = model.evaluate({"x": [1.0, 2.0, -1.0, -2.0, 3.0], "y": ["a", "a", "c", "c", "c"]})
    assert measures["confusion"] == [[2, 0, 0], [0, 0, 0], [1, 0, 2]]
    assert measures["balanced_accuracy"] == pytest.approx((1 + 2 / 3) / 2)
    assert measures["macro_f1"] == pytest.approx((4 / 5 + 4 / 5) / 2)
    assert "roc_auc" not in measures


@pytest.mark.parametrize("target", [{"target_scale": 1e308}, {"target_mean": 1.7e308}])
def test_predictions_beyond_the_numbers_are_refused(target, refuses):
    network = gn.Network([1, 1], output="identity")
    network.theta = [1e300, 0.0]
    model = TableModel([Member(Preparation((Column.numeric("x"),)), network, **target)], "regression", "y")
    with refuses("evaluate: expected finite predictions; got inf or nan in row 2"):
        model.evaluate({"x": [0.0, 1e9], "y": [1.0, 2.0]})


@pytest.mark.parametrize("negative", [-1.0, -1e-300])
def test_negative_weights_are_refused(negative):
    table = Table(pl.DataFrame({"x": [1.0, 2.0, 4.0] * 9, "y": ["a", "b", "a"] * 9, "w": [1.0, negative, 0.0] * 9}))
    with pytest.raises(gn.InputError, match="row 2, column 'w': expected a weight of at least 0"):
        plan(table, "y", weight="w")


@pytest.mark.parametrize("rows", [19, 20, 21])
def test_a_count_of_the_rows_is_an_identifier_from_20_rows_on(rows):
    table = Table(pl.DataFrame({"n": np.arange(rows) + 5, "y": np.arange(rows) % 2}))
    if rows < 20:
        assert choose_columns(table, "y", strict=True).kinds == {"n": "numeric"}
    else:
        with pytest.raises(gn.InputError, match="column 'n': expected a column to learn from; got a count of the rows"):
            choose_columns(table, "y", strict=True)


@pytest.mark.parametrize("cell", [3.5, "word", True])
def test_a_column_alike_but_for_gaps_tells_by_its_gaps(cell):
    table = Table(pl.DataFrame({"gaps": [cell, None, cell] * 4, "alike": [cell] * 12, "y": [0, 1, 0] * 4}))
    choice = choose_columns(table, "y", strict=True)
    assert list(choice.kinds) == ["gaps"]
    assert list(choice.left_out) == ["alike"]
    X = Preparation.fit(table, choice.kinds).matrix(table)
    assert X[:, -1].tolist() == [0, 1, 0] * 4


def test_of_epochs_with_equal_loss_the_first_is_the_best():
    watch, network = Watch(), gn.Network([1, 1])
    for epoch, loss in enumerate([0.5, 0.25, 0.25, 0.5, 0.25], start=1):
        network.theta = [float(epoch), 0.0]
        watch(SimpleNamespace(epoch=epoch, loss=1.0, validation_loss=loss, network=network))
    assert watch.best_epoch == 2
    assert watch.best_theta.tolist() == [2.0, 0.0]


def test_the_text_of_a_model_has_no_control_characters():
    columns = (Column.categorical("a\x1b[2J", categories=("b\x07", "c")),)
    classes, target = ["no\x9b", "yes"], "y\u202e"
    model = TableModel(
        [Member(Preparation(columns), gn.Network([2, 1], output="sigmoid"))], "classification", target, classes
    )
    for text in (repr(model), model.summary()):
        assert text.replace("\n", "").isprintable()
        assert "no\\x9b" in text


def test_sparse_rows_train_the_model_of_dense_ones(monkeypatch):
    rng = np.random.default_rng(0)
    place = rng.integers(0, 200, 500)
    table = Table(
        pl.DataFrame({"place": [f"p{number}" for number in place], "size": rng.standard_normal(500), "y": place % 3})
    )
    settings = Settings(hidden=(20,), epochs=3, dtype="float64", plain=True)
    models = []
    for share in (preparation.SPARSE_SHARE, 0):
        monkeypatch.setattr(preparation, "SPARSE_SHARE", share)
        ready = plan(table, "y", task="classification", settings=settings)
        assert sparse.issparse(ready.parts["train"].X) == (share > 0)
        models.append((ready.run(), ready.measure(), ready.model.predict_proba(table)))
    (a, measures, probabilities), (b, expected, of_dense) = models
    np.testing.assert_allclose(a.network.theta, b.network.theta, rtol=0, atol=1e-9)
    np.testing.assert_allclose(probabilities, of_dense, rtol=0, atol=1e-9)
    assert measures["validation"]["accuracy"] == expected["validation"]["accuracy"]
