"""Rules on the data: split, order of rows and loss, at their lines and beside data that only look like them."""

import numpy as np
import pytest
from scipy import stats
from sklearn import datasets
from sklearn.model_selection import GroupShuffleSplit

import glassnet as gn
from glassnet.diagnose.case.copies import copied, groups_of
from glassnet.diagnose.case.setup import Setup, are_unlike, folds, run
from glassnet.diagnose.rules.data import in_order, judge_loss, judge_order
from glassnet.diagnose.rules.split import judge_split, kolmogorov_smirnov
from glassnet.diagnose.thresholds import Thresholds

LINES = Thresholds()
rng = np.random.default_rng(0)
X = rng.normal(size=(600, 6))
z = np.stack([2 * X[:, 0], 2 * X[:, 1], 2 * X[:, 2] * X[:, 3], X[:, 4] - X[:, 5]], axis=1)
classes = (z + 0.3 * rng.normal(size=z.shape)).argmax(axis=1)


def setup(X=X, y=classes, outputs=4, output="softmax", loss=None, **options):
    return Setup(gn.Network([X.shape[1], 16, outputs], output=output, loss=loss, seed=1), X, np.asarray(y), options)


# --- copies -----------------------------------------------------------------------------------------------------------


def test_rows_with_equal_inputs_and_targets_form_a_group():
    table = np.array([[1.0, 0.0], [1.0, -0.0], [1.0, 2.0], [1.0, 0.0]])
    group = groups_of(table, np.array([[1.0], [1.0], [1.0], [0.0]]))
    assert group.tolist() == [0, 0, 1, 2]


def one_hot(kinds, n):
    return np.eye(kinds)[np.random.default_rng(kinds).integers(0, kinds, n)]


@pytest.mark.parametrize(
    ("table", "target"),
    [
        (np.random.default_rng(1).integers(0, 3, (1800, 3)), np.random.default_rng(2).integers(0, 2, (1800, 1))),
        (np.random.default_rng(1).integers(0, 4, (1800, 6)), np.random.default_rng(2).integers(0, 2, (1800, 1))),
        (np.hstack([one_hot(4, 900), one_hot(3, 900), one_hot(5, 900)]), one_hot(2, 900)),
        (datasets.load_iris().data, datasets.load_iris().target[:, None]),  # three flowers are measured alike
    ],
)
def test_equal_rows_in_a_table_of_few_values_are_no_copies(table, target):
    assert len(np.unique(np.hstack([table, target]), axis=0)) < len(table)
    assert not copied(table, target).any()


@pytest.mark.parametrize("name", ["iris", "wine", "digits", "diabetes"])
def test_a_table_that_was_repeated_is_all_copies(name):
    table, target = getattr(datasets, f"load_{name}")(return_X_y=True)
    assert not copied(table, target[:, None]).any()
    assert copied(np.repeat(table, 3, axis=0), np.repeat(target, 3)[:, None]).all()
    some = np.r_[np.arange(len(table)), np.arange(50)]
    if name != "iris":
        assert copied(table[some], target[some, None]).sum() == 100


def test_copies_fall_into_one_fold():
    rows = np.random.default_rng(4).permutation(np.repeat(np.arange(100), 4))
    fold = folds(setup(X[rows], classes[rows]), 4, seed=0)
    for row in range(100):
        assert len(set(fold[rows == row])) == 1
    assert np.bincount(fold).min() > 50
    held = setup(X[rows], classes[rows]).with_held_out()
    assert not np.isin(held.validation[0][:, 0], held.X[:, 0]).any()
    few = np.random.default_rng(1).integers(0, 3, (400, 2)).astype(float)  # equal by chance: left where they fall
    assert np.bincount(folds(setup(few, classes[:400]), 4, seed=0)).tolist() == [100] * 4


# --- the split --------------------------------------------------------------------------------------------------------


def test_the_difference_of_two_samples():
    one, two = X[:200, 0], X[200:300, 0] + 0.5
    expected = stats.ks_2samp(one, two, method="asymp")
    statistic, p_value = kolmogorov_smirnov(one, two)
    assert statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert expected.pvalue < p_value < 2 * expected.pvalue
    assert kolmogorov_smirnov(one, one) == (0, 1)


def test_a_random_split_is_left_alone():
    made = setup(X[:450], classes[:450], validation=(X[450:], classes[450:]))
    split = judge_split(made, LINES)
    assert split.findings == []
    assert split.setup is made
    assert judge_split(setup(), LINES).findings == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda X: 255 * X, "X_val = X_val / 260"),
        (lambda X: X / 255, "X_val = X_val / 0.004"),
        (lambda X: X * [1, 1, 1, 1, 1, 1000], "X_val[:, [5]] = X_val[:, [5]] / "),
        (lambda X: X * [1, 1, 1, 1, 1, 1000] + [0, 0, 0, 0, 0, 5000], "X, X_val = (X - mean) / scale"),
        (lambda X: X * [20, 30, 40, 50, 60, 70] + 200, "X, X_val = (X - mean) / scale"),
        (lambda X: 9 * X, None),
        (lambda X: X + 2, None),
    ],
)
def test_validation_rows_in_other_units(change, code):
    made = setup(X[:450], classes[:450], validation=(change(X[450:]), classes[450:]))
    split = judge_split(made, LINES)
    assert [found.code for found in split.findings] == (["shifted_validation"] if code else [])
    if code:
        (found,) = split.findings
        assert code in found.remedy.code
        assert split.setup.validation is None  # it cannot judge
        assert "in other units" in found.message


def test_validation_targets_in_other_units():
    y = X[:, 0] + 0.1 * X[:, 1]
    made = setup(X[:450], y[:450], 1, "identity", validation=(X[450:], 1000 * y[450:]))
    (found,) = judge_split(made, LINES).findings
    assert found.remedy.code.startswith("y_val = y_val / ")
    assert judge_split(setup(X[:450], y[:450], 1, "identity", validation=(X[450:], y[450:])), LINES).findings == []


def test_a_rare_column_of_zeros_and_ones_is_in_no_other_units():
    table = np.hstack([X, np.zeros((600, 1))])
    table[3, -1] = 1
    table[450:, -1] = np.arange(150) % 2
    made = setup(table[:450], classes[:450], validation=(table[450:], classes[450:]))
    assert judge_split(made, LINES).findings == []


def test_validation_rows_that_are_training_rows():
    made = setup(X[:400], classes[:400], validation=(X[300:500], classes[300:500]))
    split = judge_split(made, LINES)
    (found,) = split.findings
    assert (found.code, found.evidence["leaked"], found.evidence["validation_rows"]) == ("data_leakage", 100, 200)
    assert (X[:300] == split.setup.X).all()
    assert len(split.setup.validation[0]) == 200
    seen = {"X": X[:400], "X_val": X[300:500], "y_val": classes[300:500]}
    exec(found.remedy.code, seen)  # noqa: S102
    assert (seen["X_val"] == X[400:500]).all()
    assert (seen["y_val"] == classes[400:500]).all()
    few = setup(X[:400], classes[:400], validation=(X[390:500], classes[390:500]))  # 10 of 110
    assert judge_split(few, LINES).findings == []
    all_of_them = judge_split(setup(X[:400], classes[:400], validation=(X[:400], classes[:400])), LINES)
    assert all_of_them.setup.validation is None  # nothing would be left to train on
    assert "train_test_split" in all_of_them.findings[0].remedy.code
    other_targets = setup(X[:400], classes[:400], validation=(X[:200], (classes[:200] + 1) % 4))
    assert judge_split(other_targets, LINES).findings == []


def test_copies_on_both_sides_of_a_split():
    rows = np.random.default_rng(3).permutation(np.repeat(np.arange(120), 5))
    made = setup(X[rows[:450]], classes[rows[:450]], validation=(X[rows[450:]], classes[rows[450:]]))
    (found,) = judge_split(made, LINES).findings
    assert found.evidence["leaked"] >= 140  # a few have all their copies on one side
    given = {"np": np, "X": X[rows], "y": classes[rows], "GroupShuffleSplit": GroupShuffleSplit}
    exec(found.remedy.code, given)  # noqa: S102
    made = setup(given["X"], given["y"], validation=(given["X_val"], given["y_val"]))
    assert judge_split(made, LINES).findings == []


def test_a_table_of_few_distinct_rows_leaks_nothing_by_chance():
    table = np.random.default_rng(1).integers(0, 3, (600, 3)).astype(float)
    y = (table.sum(axis=1) + np.random.default_rng(2).normal(size=600) > 3).astype(int)
    made = setup(table[:450], y[:450], 1, "sigmoid", validation=(table[450:], y[450:]))
    assert judge_split(made, LINES).findings == []
    # unless its validation rows have equals far more often than its training rows
    table = np.random.default_rng(1).integers(0, 4, (600, 5)).astype(float)
    made = setup(table[:450], y[:450], 1, "sigmoid", validation=(table[:150], y[:150]))
    assert [found.code for found in judge_split(made, LINES).findings] == ["data_leakage"]


# --- the order of rows ------------------------------------------------------------------------------------------------


def test_rows_in_the_order_of_their_targets():
    order = np.argsort(classes, kind="stable")

    def codes(rows=order, **options):
        return [found.code for found in judge_order(setup(X[rows], classes[rows], **options), LINES)]

    assert codes(shuffle=False, batch_size=16) == ["unshuffled_rows"]
    assert codes(batch_size=16) == []  # shuffled
    assert codes(shuffle=False) == []  # one batch
    assert codes(shuffle=False, batch_size=1) == []
    assert codes(np.arange(600), shuffle=False, batch_size=16) == []
    assert codes(np.arange(600), shuffle=False, batch_size=2) == []


def test_the_share_between_batches_is_that_beyond_chance():
    y = np.repeat([0.0, 1.0], 50)
    made = setup(X[:100], y, 1, "identity", shuffle=False, batch_size=50)
    (found,) = judge_order(made, LINES)
    assert (found.evidence["share"], found.evidence["batches"]) == (1.0, 2)
    # batches of 10 rows, half of them pure and half of them mixed: half of the variance, less that of a random order
    y = np.r_[np.repeat([0.0, 1.0], 25), np.tile([0.0, 1.0], 25)]
    (found,) = judge_order(setup(X[:100], y, 1, "identity", shuffle=False, batch_size=5), LINES)
    between = (10 * 5 * 0.25 + 10 * 5 * 0.01) / 25
    assert found.evidence["share"] == pytest.approx((between - 19 / 99) / (1 - 19 / 99))


# --- the loss ---------------------------------------------------------------------------------------------------------


def misfit(made):
    held = made.with_held_out()
    return judge_loss(held, run(held), LINES)


OPTIONS = {"optimizer": gn.Adam(learning_rate=0.01), "epochs": 60, "batch_size": 32}


def test_class_numbers_are_no_quantities():
    found = misfit(setup(y=classes, outputs=1, output="identity", **OPTIONS))
    finding = found.finding
    assert (finding.code, finding.confirmed) == ("unsuited_loss", True)
    assert finding.evidence["accuracy_of_classes"] > finding.evidence["accuracy"] + 0.15
    assert found.outcome.network.sizes == (6, 16, 4)
    assert (finding.remedy.apply(setup(y=classes, outputs=1, output="identity")).labels == classes).all()


def test_numbers_from_one_become_classes_from_zero():
    found = misfit(setup(y=classes + 1, outputs=1, output="identity", **OPTIONS)).finding
    assert found.remedy.code.splitlines()[0] == "y = (y - 1).astype(int)"
    assert (found.remedy.apply(setup(y=classes + 1, outputs=1, output="identity")).labels == classes).all()


@pytest.mark.parametrize(
    "y",
    [
        np.minimum(rng.poisson(np.exp(0.8 * X[:, 0] - 0.3 * X[:, 1])), 7),  # counts
        np.digitize(X[:, 0] + X[:, 1], np.linspace(-2.5, 2.5, 6)),  # steps of a quantity
        np.where(rng.random(600) < 1 / (1 + np.exp(-3 * X[:, 0])), rng.choice([4, 5], 600), rng.choice([1, 2, 3], 600)),  # stars
        rng.integers(0, 4, 600),  # noise
        2 * classes,  # no numbers of classes
        classes + 0.5,
        X[:, 0],
    ],
)  # fmt: skip
def test_numbers_with_an_order_are_left_alone(y):
    assert misfit(setup(y=y, outputs=1, output="identity", **OPTIONS)) is None


@pytest.mark.parametrize("k", [3, 4, 7])
def test_numbers_are_in_order_if_near_ones_are_predicted_alike(k):
    true = np.repeat(np.arange(k), 20)
    near = np.exp(-np.abs(true[:, None] - np.arange(k)))  # a class is taken for its neighbours
    near /= near.sum(axis=1, keepdims=True)
    assert in_order(near, true)
    assert in_order(near, k - 1 - true)  # the other way round is an order too
    names = np.roll(np.r_[np.arange(0, k, 2), np.arange(1, k, 2)], 1)  # 1 2 0, 3 0 2 1, …: neighbours far apart
    assert not in_order(near[:, np.argsort(names)], names[true])


def test_absolute_error_of_one_hot_classes():
    Y = np.eye(4)[classes]
    found = misfit(setup(y=Y, output="identity", loss="absolute_error", **OPTIONS))
    if found is not None:  # four classes are easy enough for a median
        assert found.finding.evidence["accuracy"] < found.finding.evidence["accuracy_of_classes"] - 0.1
    many = np.eye(10)[np.clip(np.digitize(X[:, 0] + X[:, 1], np.linspace(-2.5, 2.5, 9)), 0, 9)]
    found = misfit(setup(y=many, outputs=10, output="identity", loss="absolute_error", **OPTIONS)).finding
    assert found.remedy.network == {"output": "softmax", "loss": "categorical_cross_entropy"}
    assert "least at their median" in found.message
    for loss in ("squared_error", "huber"):
        assert misfit(setup(y=many, outputs=10, output="identity", loss=loss, **OPTIONS)) is None
    rare = (X[:, 0] * X[:, 1] + X[:, 2] + 0.5 * rng.normal(size=600) > 1.5).astype(float)
    found = misfit(setup(y=rare, outputs=1, output="identity", loss="absolute_error", **OPTIONS))
    assert found is None or found.finding.remedy.network["output"] == "sigmoid"


# --- outcomes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("worse", "unlike"), [(6, False), (7, True)])
def test_validation_rows_that_are_missed_worse_than_every_training_row(worse, unlike):
    seen = np.linspace(0, 1, 30)
    unseen = np.r_[np.zeros(30 - worse), np.full(worse, 5.0)]
    # the chance that the seven largest of 60 are all among 30: 30/60 · 29/59 · … · 24/54 = 0.0053; that of six is 0.012
    assert are_unlike(seen, unseen) is unlike
    assert not are_unlike(seen, seen)


@pytest.mark.parametrize(("rows", "known"), [(9, False), (10, True)])
def test_few_validation_rows_do_not_tell_how_far_chance_moves_their_loss(rows, known):
    outcome = run(setup(X[rows:60], classes[rows:60], validation=(X[:rows], classes[:rows]), epochs=5))
    assert np.isfinite(outcome.validation_error) == known
