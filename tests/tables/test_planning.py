"""From a table to a run: targets, settings, splits, weights and what is told, each rule at its edges."""

import numpy as np
import polars as pl
import pytest

import glassnet as gn
from glassnet import InputError
from glassnet.network.scores import score, score_name
from glassnet.tables.columns.targets import encode_classes, encode_numbers, find_classes, recognise_task
from glassnet.tables.fitting.plan import plan
from glassnet.tables.fitting.record import MOST_CURVE_POINTS, thinned
from glassnet.tables.fitting.splitting import split_rows
from glassnet.tables.reading.read import as_table
from glassnet.tables.reading.table import Table
from glassnet.tables.settings import Settings


def text(cells):
    return Table(pl.DataFrame({"y": cells}), text=True)


def numbers(n=100, classes=None, seed=0):
    """A table of one input and a target: a number, or one of `classes`."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n)
    y = 3 * x + 7 if classes is None else [classes[k % len(classes)] for k in range(n)]
    return as_table({"x": x, "y": list(y), "w": list(rng.uniform(0, 3, n))})


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["a"] * 9, "column 'y': expected at least two classes; got 'a' alone; choose another --target."),
        (["a", "b", "c"], "expected classes that repeat; got 3 different cells in 3 rows; choose another --target."),
        (["1", "2", "3"], "expected classes that repeat; got 3 different cells in 3 rows; pass --task regression."),
        (["a", "", "b"], "row 2, column 'y': expected a target in every row; got an empty cell; fill it in, or delete"),
    ],
)
def test_no_classes(cells, message):
    with pytest.raises(InputError) as caught:
        find_classes(text(cells), "y")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["007", "1"], ["007", "1"]),
        (["-07", "12"], ["-07", "12"]),
        (["1", "1.0"], ["1", "1.0"]),
        (["1.5", "0"], [0.0, 1.5]),
        (["10", "2"], [2, 10]),
    ],
)
def test_codes_stay_words(cells, classes):
    found = find_classes(text(cells * 5), "y")
    assert found == classes
    assert [type(each) for each in found] == [type(each) for each in classes]


def test_as_many_classes_as_may_be():
    assert find_classes(text(["a", "b"]), "y") == ["a", "b"]
    assert len(find_classes(text([f"c{k % 1000}" for k in range(2000)]), "y")) == 1000
    with pytest.raises(InputError, match="1,001 different cells in 2,002 rows"):
        find_classes(text([f"c{k % 1001}" for k in range(2002)]), "y")
    assert len(find_classes(text([f"c{k % 5}" for k in range(10)]), "y")) == 5
    with pytest.raises(InputError, match="5 different cells in 9 rows"):
        find_classes(text([f"c{k % 5}" for k in range(9)]), "y")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            ["1", "2", "old"],
            "row 3, column 'y': expected a number, as most cells are; got 'old'; correct it, or pass --t",
        ),
        (["old", "2", "new"], "row 2, column 'y': expected a word, as most cells are; got '2'; correct it, or pass"),
        (["old", "2"], "row 1, column 'y': expected a number, as most cells are; got 'old'"),
    ],
)
def test_mixed_targets(cells, message):
    with pytest.raises(InputError) as caught:
        recognise_task(text(cells), "y")
    assert message in str(caught.value)


def test_encodings():
    assert encode_classes(text(["b", " a", "c"]), "y", ["a", "b", "c"]).tolist() == [1, 0, 2]
    assert encode_classes(text(["2.5", "-1", "7e0"]), "y", [-1.0, 2.5, 7.0]).tolist() == [1, 0, 2]
    for cells in (["8"], ["0"], ["-2"]):
        with pytest.raises(InputError, match=r"a class of the training \(-1.0, 2.5, 7.0\)"):
            encode_classes(text(cells), "y", [-1.0, 2.5, 7.0])
    with pytest.raises(InputError, match=r"row 2, column 'y': expected a class of the training \(a, b, c, d, …\)"):
        encode_classes(text(["b", "x"]), "y", list("abcde"))
    with pytest.raises(InputError, match=r"\(a, b, c, d\); got 'x'; correct it, or drop the row"):
        encode_classes(text(["b", "x"]), "y", list("abcd"))
    assert encode_numbers(text(["1", "2.5"]), "y").tolist() == [1, 2.5]
    with pytest.raises(InputError, match="row 2, column 'y': expected a number to predict; got 'x'"):
        encode_numbers(text(["1", "x"]), "y")
    with pytest.raises(InputError, match="row 2, column 'y': expected a target in every row"):
        encode_numbers(text(["1", ""]), "y")


def test_defaults_of_the_settings():
    given = {name: value for name, value in Settings().to_dict().items() if value is not None}
    assert given == {
        "seed": 0,
        "dtype": "float32",
        "shuffle": True,
        "l1": 0.0,
        "min_delta": 0.0,
        "engine": "auto",
        "plain": False,
    }
    assert Settings(seed=3, threads=2, class_weight="balanced").given == []
    assert Settings(bins=3, l1=0.5).given == ["bins", "l1"]


@pytest.mark.parametrize(
    ("rows", "hidden", "batch_size", "epochs", "patience"),
    [
        (499, (64, 64), 32, 128, 32),
        (500, (128, 128), 32, 128, 32),
        (1_499, (128, 128), 32, 128, 32),
        (1_500, (128, 128), 64, 128, 32),
        (4_000, (128, 128), 128, 128, 32),
        (10_000, (128, 128), 256, 128, 32),
        (400_000, (128, 128), 512, 25, 10),
    ],
)
def test_settings_by_the_number_of_rows(rows, hidden, batch_size, epochs, patience):
    s = Settings().complete(rows, 3, None)
    assert (s.hidden, s.batch_size, s.epochs, s.patience) == (hidden, batch_size, epochs, patience)


@pytest.mark.parametrize(
    ("settings", "classes", "message"),
    [
        ({"output": "softmax"}, None, "output: expected one of exponential, identity; got 'softmax'"),
        ({"output": "identity"}, 2, "output: expected one of sigmoid, softmax; got 'identity'"),
        ({"output": "sigmoid"}, 3, "output: expected one of softmax; got 'sigmoid'"),
        ({"hidden": (3, 4, 5), "activation": ("relu", "tanh")}, 2, "one a hidden layer; got 2 for 3 hidden layers"),
        ({"class_weight": "even"}, 2, "class_weight: expected one of balanced; got 'even'"),
        ({"class_weight": "balanced"}, None, "class_weight: expected none for a regression"),
        ({"batch_size": -1}, 2, "batch_size: expected"),
        ({"patience": -1}, 2, "patience: expected"),
        ({"hidden": (0,)}, 2, "hidden: expected"),
        ({"min_delta": -1e-9}, 2, "min_delta: expected"),
    ],
)
def test_settings_that_do_not_fit(settings, classes, message):
    with pytest.raises(InputError) as caught:
        Settings(**settings).check(classes)
    assert message in str(caught.value)


def test_settings_that_fit():
    Settings(output="sigmoid", class_weight="balanced", batch_size=0, patience=0, hidden=()).check(2)
    Settings(output="softmax", hidden=(3, 4), activation=("relu", "tanh")).check(2)
    Settings(output="exponential", hidden=(1,), activation=("relu",)).check(None)


@pytest.mark.parametrize(
    ("n", "shares", "sizes"),
    [
        (100, {"validation": 0.15, "test": 0.0}, [85, 15, 0]),
        (100, {"validation": 0.0, "test": 0.25}, [75, 0, 25]),
        (100, {"validation": 0.3, "test": 0.2}, [50, 30, 20]),
        (3, {"validation": 0.1, "test": 0.1}, [1, 1, 1]),
        (4, {"validation": 0.9, "test": 0.05}, [1, 2, 1]),
    ],
)
def test_sizes_of_the_parts(n, shares, sizes):
    parts = split_rows(numbers(n), "y", np.arange(n), None, shares, seed=1)
    assert [len(part) for part in parts] == sizes
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    assert all((np.diff(part) > 0).all() for part in parts)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        (
            {"validation": 0.5, "test": 0.5},
            "validation and test: expected shares that sum to less than 1; got 0.5 + 0.5",
        ),
        ({"validation": 1.0}, "validation: expected"),
        ({"validation": -0.1}, "validation: expected"),
    ],
)
def test_shares_that_leave_nothing(shares, message):
    with pytest.raises(InputError) as caught:
        split_rows(numbers(), "y", np.arange(100), None, shares, seed=1)
    assert message in str(caught.value)


def test_too_few_rows_to_split():
    with pytest.raises(InputError, match="expected 3 rows to split; got 2; add rows, or pass --validation 0 or a file"):
        split_rows(numbers(2), "y", np.arange(2), None, {"validation": 0.2, "test": 0.2}, seed=1)
    with pytest.raises(InputError, match="expected 2 rows of each class to split; got 1 of 'rare'"):
        split_rows(numbers(4), "y", np.array([0, 0, 0, 1]), ["often", "rare"], {"validation": 0.2}, seed=1)


def test_weights_are_those_of_the_column_and_of_the_classes():
    table = numbers(100, ["a", "a", "a", "b"])
    w = table.numbers("w")
    made = plan(table, "y", weight="w", validation=0.0)
    assert (made.parts["train"].weight == w).all()
    assert list(made.problem.choice.kinds) == ["x"]
    balanced = np.where(np.arange(100) % 4 == 3, 100 / (2 * 25), 100 / (2 * 75))
    settings = Settings(class_weight="balanced")
    made = plan(table, "y", settings=settings, ignore=["w"], validation=0.0)
    np.testing.assert_allclose(made.parts["train"].weight, balanced, rtol=1e-15)
    made = plan(table, "y", settings=settings, weight="w", validation=0.2)
    rows = np.isin(w * balanced, made.parts["train"].weight)
    assert rows.sum() == len(made.parts["train"]) == 80
    assert "validation" in made.parts
    negative = Table(table.frame.with_columns(pl.Series("w", [1.0, -1e-9, *w[2:]])))
    with pytest.raises(InputError, match="row 2, column 'w': expected a weight of at least 0"):
        plan(negative, "y", weight="w")
    zero = Table(table.frame.with_columns(pl.Series("w", [0.0, *w[1:]])))
    assert plan(zero, "y", weight="w", validation=0.0).parts["train"].weight[0] == 0


def test_the_target_is_standardised_by_the_training_rows():
    made = plan(numbers(), "y", ignore=["w"], validation=0.2)
    part = made.parts["train"]
    assert part.y.mean() == pytest.approx(0, abs=1e-6)
    assert part.y.std() == pytest.approx(1, rel=1e-6)
    whole = numbers().numbers("y")
    both = np.concatenate([part.y, made.parts["validation"].y]) * made.model.target_scale + made.model.target_mean
    np.testing.assert_allclose(np.sort(both), np.sort(whole), rtol=1e-5)
    with pytest.raises(InputError, match="expected numbers that differ; got 5 in every row"):
        plan(as_table({"x": [1.0, 2, 3], "y": [5.0, 5, 5]}), "y", task="regression")
    with pytest.raises(InputError, match="expected numbers below 1e150"):
        plan(as_table({"x": [1.0, 2, 3, 7], "y": [1e300, -1e300, 0, 1]}), "y", task="regression", validation=0.0)


def test_training_rows_of_one_number_keep_its_scale():
    # the one other number falls into the validation part, whatever part that is
    for seed in range(20):
        made = plan(
            as_table({"x": np.arange(10.0), "y": [4.0] * 9 + [9.0]}),
            "y",
            task="regression",
            settings=Settings(seed=seed),
            validation=0.1,
        )
        if (made.parts["train"].y == made.parts["train"].y[0]).all():
            assert (made.model.target_mean, made.model.target_scale) == (4.0, 1.0)
            assert made.parts["validation"].y.tolist() == [5.0]
            return
    pytest.fail("no seed puts the last row into the validation part")


def test_what_the_run_is_told():
    settings = Settings(
        hidden=(4, 3),
        activation=("tanh", "leaky_relu:slope=0.3"),
        optimizer="adamw:weight_decay=0.5",
        learning_rate=0.25,
        batch_size=0,
        epochs=3,
        shuffle=False,
        l1=0.125,
        l2=0.5,
        dropout=0.25,
        clip_norm=2.0,
        schedule="cosine:warmup=0.5",
        patience=7,
        min_delta=0.5,
        init=("glorot_uniform",),
        threads=2,
        seed=9,
        engine="numpy",
        loss="huber:delta=0.5",
        dtype="float64",
        bins=3,
        rank=False,
    )
    made = plan(numbers(), "y", settings=settings, ignore=["w"])
    assert made.arguments() == {
        "optimizer": gn.AdamW(0.25, weight_decay=0.5),
        "epochs": 3,
        "batch_size": None,
        "shuffle": False,
        "l1": 0.125,
        "l2": 0.5,
        "dropout": 0.25,
        "clip_norm": 2.0,
        "schedule": gn.Cosine(warmup=0.5),
        "early_stopping": gn.EarlyStopping(7, 0.5),
        "engine": "numpy",
        "n_threads": 2,
        "seed": 9,
    }
    network = made.model.network
    assert network.sizes == (1 + 3, 4, 3, 1)
    assert network.dtype == np.float64
    assert network.loss_function.parameters == {"delta": 0.5}
    assert network.activations[1].name == "tanh"
    assert network.activations[2].parameters == {"slope": 0.3}
    told = made.model.settings
    assert (told["learning_rate"], told["loss"], told["init"]) == (0.25, "huber:delta=0.5", ["glorot_uniform"])
    assert (told["validation"], told["test"], told["left_out"]) == (0.15, 0.0, {"w": "ignored"})
    assert plan(numbers(), "y", validation=0.0).arguments()["early_stopping"] is None
    never = plan(numbers(), "y", settings=Settings(patience=0, epochs=9)).arguments()["early_stopping"]
    assert never == gn.EarlyStopping(9, 0.0)  # it does not stop, and keeps the best epoch
    by_rule = plan(numbers(100, ["a", "b"]), "y").model.settings
    assert (by_rule["learning_rate"], by_rule["loss"], by_rule["init"]) == (
        0.001,
        "binary_cross_entropy",
        ["he_normal"],
    )


def test_tables_of_their_own_validate_and_test():
    made = plan(numbers(), "y", validation=numbers(30, seed=1), test=numbers(7, seed=2))
    assert {name: len(part) for name, part in made.parts.items()} == {"train": 100, "validation": 30, "test": 7}
    assert made.model.settings["validation"] == "table"
    with pytest.raises(InputError, match="expected rows; got none; pass --test with a share or another file"):
        plan(numbers(), "y", test=as_table(numbers(1).frame.clear()))
    with pytest.raises(InputError, match="expected at least 2 rows; got 1; add rows"):
        plan(numbers(1), "y")
    assert plan(numbers(2), "y", task="regression", validation=0.0).parts.keys() == {"train"}


def test_a_trained_model_says_how_it_went():
    made = plan(numbers(), "y", ignore=["w"], settings=Settings(epochs=4, patience=0), test=0.1)
    model = made.run()
    told = model.training
    assert told["rows"] == {"train": 75, "validation": 15, "test": 10}
    assert (told["epochs"], told["stopped"]) == (4, "all epochs done")
    assert len(told["loss"]) == len(told["validation_loss"]) == 4
    assert told["best_epoch"] in range(5)
    assert told["steps"] == 4 * 3
    measures = made.measure()
    assert list(measures) == ["train", "validation", "test"]
    assert measures["test"]["rows"] == 10
    predicted = model.network.predict(made.parts["test"].X)
    assert score(predicted, made.parts["test"].y, classes=False) == pytest.approx(measures["test"]["r2"], abs=1e-5)
    assert (score_name(classes=True), score_name(classes=False)) == ("accuracy", "R²")


@pytest.mark.parametrize(("points", "kept"), [(0, 0), (1, 1), (1000, 1000), (1001, 501), (2000, 1000), (2001, 667)])
def test_a_long_curve_is_thinned(points, kept):
    curve = [float(k) for k in range(points)]
    kept_curve = thinned(curve)
    assert len(kept_curve) == kept <= MOST_CURVE_POINTS
    assert kept_curve[:1] == curve[:1]
    if points > 1000:
        assert kept_curve[1] == -(-points // 1000)
