"""The preparation with every encoding: against plain loops, without leaks, for many preparations of one table."""

import json
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from glassnet.errors import InputError
from glassnet.tables.columns.column_type import ColumnType
from glassnet.tables.preparation.category_encoders import OneHot, TargetMean
from glassnet.tables.preparation.cells import Cells, as_cells
from glassnet.tables.preparation.encoding import Encoding
from glassnet.tables.preparation.measuring import MOST_CLASSES
from glassnet.tables.preparation.number_encoders import Bins, Periodic, Rank, Standard, Values
from glassnet.tables.preparation.preparation import Preparation

FULL = Encoding(
    clip=5.0, rank=True, bins=8, few_values=6, frequencies=3, categories="both", least=3, most=4, smoothing=2.0
)
KINDS = {"size": "numeric", "rooms": "numeric", "city": "categorical", "code": "categorical"}


def random_table(seed, n=120):
    """Numbers with gaps and ties, words and whole numbers as categories, some of them rare or missing."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4)
    city = rng.choice(["Bern", "Chur", "Genf", "Basel", "Zug", "Sion"], n, p=[0.4, 0.3, 0.15, 0.1, 0.03, 0.02])
    return {
        "size": [
            None if gap else x for x, gap in zip(size.tolist(), rng.random(n) < rng.choice([0, 0.2]), strict=True)
        ],
        "rooms": rng.integers(1, 6, n).tolist(),
        "city": [None if gap else x for x, gap in zip(city.tolist(), rng.random(n) < 0.1, strict=True)],
        "code": rng.integers(1, 4, n).tolist(),
    }


def random_encoding(rng):
    return Encoding(
        standard=bool(rng.random() < 0.8),
        clip=float(rng.choice([0.0, 3.0])),
        rank=bool(rng.random() < 0.5),
        bins=int(rng.choice([0, 2, 8, 33])),
        cuts=str(rng.choice(["quantile", "tree"])),
        few_values=int(rng.choice([0, 4, 12])),
        frequencies=int(rng.choice([0, 2])),
        categories=str(rng.choice(["onehot", "target", "both"])),
        least=int(rng.choice([1, 3])),
        most=int(rng.choice([2, 1000])),
    )


def by_hand(preparation, table):
    """The matrix of a preparation, feature by feature, from plain rows."""
    rows = []
    for cells in zip(*(table[column.name] for column in preparation.columns), strict=True):
        row = []
        for column, cell in zip(preparation.columns, cells, strict=True):
            for encoder in column.encoders:
                if column.kind == "numeric":
                    x = column.median if cell is None else cell
                    row += number_by_hand(encoder, x)
                else:
                    row += category_by_hand(encoder, column.categories, cell)
            row += [float(cell is None)] * column.missing
        rows.append(row)
    return np.array(rows)


def number_by_hand(encoder, x):
    match encoder:
        case Standard(mean, scale, clip):
            z = (x - mean) / scale
            return [max(-clip, min(clip, z)) if clip else z]
        case Rank(quantiles, ranks):
            return [float(np.interp(x, quantiles, ranks))]
        case Bins(cuts):
            return [np.clip((x - a) / (b - a), 0, 1) - 0.5 for a, b in pairwise(cuts)]
        case Values(values):
            return [float(x == value) for value in values]
        case Periodic(mean, scale, frequencies):
            angles = [2 * np.pi * f * (x - mean) / scale for f in frequencies]
            return [*np.cos(angles), *np.sin(angles)]


def category_by_hand(encoder, categories, cell):
    if isinstance(encoder, TargetMean):
        if cell not in categories:
            return [0.0] * encoder.width
        means = np.array(encoder.means)[:, categories.index(cell)]
        return np.clip((means - encoder.prior) / encoder.scale, -4, 4).tolist()
    own = [word for word, feature in zip(categories, encoder.features, strict=True) if feature >= 0]
    return [float(cell == word) for word in own] + [float(cell is not None and cell not in own)] * encoder.other


@pytest.mark.parametrize("seed", range(20))
def test_the_matrix_is_that_of_plain_loops(seed):
    rng = np.random.default_rng(seed)
    table, new, y = random_table(seed), random_table(seed + 100, 30), rng.normal(size=120)
    rows = np.sort(rng.permutation(120)[:90])
    preparation = Preparation.fit(table, KINDS, rows, encoding=random_encoding(rng), y=y, seed=seed)
    for given in (table, new):
        np.testing.assert_allclose(preparation.matrix(given), by_hand(preparation, given), rtol=1e-9, atol=1e-9)
        narrow = preparation.matrix(given, dtype="float32")
        assert narrow.dtype == np.float32
        assert narrow.flags.c_contiguous
        np.testing.assert_array_equal(narrow, preparation.matrix(given).astype("float32"))
    np.testing.assert_array_equal(preparation.matrix(table, rows=rows[:7]), preparation.matrix(table)[rows[:7]])
    assert len(preparation.feature_names) == preparation.n_features
    assert Preparation.from_dict(json.loads(json.dumps(preparation.to_dict()))) == preparation


@pytest.mark.parametrize("cuts", ["quantile", "tree"])
def test_nothing_is_learned_from_rows_that_are_not_trained_on(cuts):
    table, y = random_table(1), np.random.default_rng(0).normal(size=120)
    rows = np.arange(0, 120, 2)
    encoding = Encoding(rank=True, bins=8, cuts=cuts, few_values=6, categories="both", least=3)
    preparation = Preparation.fit(table, KINDS, rows, encoding=encoding, y=y)
    changed = {
        name: [cell if row % 2 == 0 else cells[row - 1] for row, cell in enumerate(cells)]
        for name, cells in table.items()
    }
    again = Preparation.fit(changed, KINDS, rows, encoding=encoding, y=np.where(np.arange(120) % 2, 1e6, y))
    for name in ("size", "rooms", "code"):
        (one,), (other,) = ([c for c in p.columns if c.name == name] for p in (preparation, again))
        assert one.encoders == other.encoders
        assert one.median == other.median


def test_each_part_of_an_encoding_becomes_its_encoder():
    table, y = random_table(0), np.arange(120.0)
    found = {c.name: [type(e) for e in c.encoders] for c in Preparation.fit(table, KINDS, encoding=FULL, y=y).columns}
    assert found["size"] == [Standard, Rank, Bins, Periodic]
    assert found["rooms"] == [Standard, Rank, Bins, Values, Periodic]
    assert found["city"] == [OneHot, TargetMean]
    one = Preparation.fit(table, KINDS, encoding=Encoding(standard=False, bins=8, categories="target"), y=y)
    assert [[type(e) for e in column.encoders] for column in one.columns] == [
        [Bins],
        [Bins],
        [TargetMean],
        [TargetMean],
    ]
    two = Preparation.fit({"x": [0.0, 1.0] * 20}, {"x": "numeric"}, encoding=Encoding(standard=False, bins=8))
    assert two.columns[0].encoders == (Standard(0.5, 0.5),)  # two values make no bins, and a column needs a feature


def test_means_of_many_classes_give_way_to_one_hot():
    table = random_table(0)
    encoding = Encoding(categories="target")
    for classes, kind in ((MOST_CLASSES, TargetMean), (MOST_CLASSES + 1, OneHot)):
        preparation = Preparation.fit(table, KINDS, encoding=encoding, y=np.arange(120) % classes, classes=classes)
        assert [type(encoder) for encoder in preparation.columns[2].encoders] == [kind]
    without = Preparation.fit(table, KINDS, encoding=encoding)
    assert [type(encoder) for encoder in without.columns[2].encoders] == [OneHot]


def test_training_rows_do_not_see_their_own_target():
    """Categories say nothing about random targets: means out of fold do not either, plain means seem to."""
    rng = np.random.default_rng(0)
    n = 2_000
    table, y = {"id": [f"k{k}" for k in rng.integers(0, n // 2, n)]}, rng.normal(size=n)
    encoding, rows = Encoding(categories="target", smoothing=1.0), np.arange(n)
    preparation = Preparation.fit(table, {"id": "categorical"}, encoding=encoding, y=y)
    plain, honest = preparation.matrix(table)[:, 0], preparation.training_matrix(table, rows, y)[:, 0]
    assert np.corrcoef(plain, y)[0, 1] > 0.5
    assert abs(np.corrcoef(honest, y)[0, 1]) < 0.06
    assert (honest != preparation.training_matrix(table, rows, y, seed=1)[:, 0]).any()


@pytest.mark.parametrize("classes", [None, 2, 3])
def test_only_target_means_differ_in_training(classes):
    rng = np.random.default_rng(0)
    table, rows = random_table(0), np.sort(rng.permutation(120)[:80])
    y = rng.normal(size=120) if classes is None else rng.integers(0, classes, 120)
    preparation = Preparation.fit(table, KINDS, rows, encoding=FULL, y=y, classes=classes)
    plain = preparation.matrix(table, rows=rows)
    training = preparation.training_matrix(table, rows, y, classes=classes)
    differ = {
        name
        for name, one, other in zip(preparation.feature_names, plain.T, training.T, strict=True)
        if (one != other).any()
    }
    each = [""] if classes in (None, 2) else [f" of class {k}" for k in (1, 2, 3)]
    assert differ == {f"{name} mean{k}" for name in ("city", "code") for k in each}
    folds = np.random.Generator(np.random.Philox(0)).permutation(80) % 5
    place = preparation.feature_names.index(f"city mean{each[-1]}")
    row = int(np.flatnonzero([table["city"][r] is not None for r in rows])[0])
    others = [
        r
        for r, fold in zip(rows, folds, strict=True)
        if fold != folds[row] and table["city"][r] == table["city"][rows[row]]
    ]
    target = y if classes is None else (y == classes - 1).astype(float)
    encoder = preparation.columns[2].encoders[1]
    mean = (target[others].sum() + 2.0 * encoder.prior[-1]) / (len(others) + 2.0)
    assert training[row, place] == pytest.approx(np.clip((mean - encoder.prior[-1]) / encoder.scale[-1], -4, 4))


def test_unseen_categories():
    table = random_table(0)
    new = {**{name: cells[:3] for name, cells in table.items()}, "city": ["Paris", "Zug", None]}
    preparation = Preparation.fit(table, KINDS, encoding=Encoding(least=8))
    names = preparation.feature_names
    city = [place for place, name in enumerate(names) if name.startswith("city")]
    assert [names[place] for place in city][-2:] == ["city is another", "city is missing"]
    X = preparation.matrix(new)[:, city]
    assert X[:, -2:].tolist() == [[1, 0], [1, 0], [0, 1]]  # Paris was not seen, Zug was rare
    assert not X[:, :-2].any()
    assert preparation.unseen(new) == {"city": 1}
    assert preparation.unseen(table) == {}
    assert preparation.matrix(new, unseen="missing")[0, city[-2:]].tolist() == [0, 1]
    with pytest.raises(InputError, match="row 1, column 'city': expected a category seen in training; got 'Paris'"):
        preparation.matrix(new, unseen="error")


def test_groups_join_the_features_of_a_column():
    preparation = Preparation.fit(random_table(0), KINDS, encoding=FULL, y=np.arange(120.0))
    names, groups = np.array(preparation.feature_names), preparation.groups
    assert list(groups) == list(KINDS)
    assert sorted(np.concatenate(list(groups.values()))) == list(range(preparation.n_features))
    for name, features in groups.items():
        assert all(feature.startswith(name) for feature in names[features])


@dataclass(frozen=True)
class Dates(ColumnType):
    """A stand-in for the type of a column of dates."""

    kind: str = "date"

    def numbers(self, table, name):
        days = table.numbers(name)
        return {"year": np.where(np.isnan(days), np.nan, 2024.0), "month": days // 30, "day": days % 30}


def test_the_parts_of_a_date_that_vary_are_columns_with_one_flag():
    table = {"when": [1.0, 40.0, None, 65.0], "x": [1.0, 2.0, 3.0, 4.0]}
    preparation = Preparation.fit(table, {"when": Dates(), "x": "numeric"})
    assert preparation.feature_names == ["when month", "when is missing", "when day", "x"]
    assert preparation.groups["when"].tolist() == [0, 1, 2]
    assert repr(preparation) == "Preparation(1 numeric, 1 date and 0 categorical columns → 4 features)"
    assert [column.median for column in preparation.columns] == [1, 5, 2.5]
    alike = Preparation.fit({"when": [1.0, 1.0]}, {"when": Dates()})
    assert alike.feature_names == ["when year"]


def test_cells_are_read_once():
    reads = []

    class Counting(ColumnType):
        def numbers(self, table, name):
            reads.append(name)
            return super().numbers(table, name)

        def words(self, table, name):
            reads.append(name)
            return super().words(table, name)

    types = {name: Counting(kind) for name, kind in KINDS.items()}
    cells, y = as_cells(random_table(0)), np.arange(120.0)
    assert isinstance(cells, Cells)
    for seed in range(3):
        rows = np.arange(seed, 120)
        preparation = Preparation.fit(cells, types, rows, encoding=FULL, y=y)
        preparation.training_matrix(cells, rows, y)
        preparation.matrix(cells)
    assert sorted(reads) == ["city", "code", "code", "rooms", "size"]  # code once as text, once as whole numbers


def test_a_tree_cuts_where_the_target_of_the_same_row_jumps():
    rng = np.random.default_rng(0)
    x = rng.permutation(400) / 400
    y, rows = np.where(x > 0.7, 5.0, 1.0), rng.permutation(400)[:300]
    y[np.setdiff1d(np.arange(400), rows)] = 0.0
    preparation = Preparation.fit({"x": x}, {"x": "numeric"}, rows, encoding=Encoding(bins=4, cuts="tree"), y=y)
    assert [type(encoder) for encoder in preparation.columns[0].encoders] == [Standard]  # one jump makes two bins
    y += np.where(x < 0.2, 2.0, 0.0) + np.where(x > 0.9, 3.0, 0.0)
    preparation = Preparation.fit({"x": x}, {"x": "numeric"}, rows, encoding=Encoding(bins=4, cuts="tree"), y=y)
    cuts = preparation.columns[0].encoders[1].cuts
    np.testing.assert_allclose(cuts[1:-1], [0.2, 0.7, 0.9], atol=0.02)


def test_whole_numbers_as_categories_keep_their_own_rows():
    codes = np.array([30, 4, 100, 4, 30, 30, 5, 100])  # as text 100, 30, 4, 5
    y = codes * 10.0
    encoding = Encoding(categories="both", smoothing=0.0, least=2)
    (column,) = Preparation.fit({"code": codes}, {"code": "categorical"}, encoding=encoding, y=y).columns
    assert column.categories == (4, 5, 30, 100)
    assert column.encoders[0] == OneHot((0, -1, 1, 2), other=True)
    assert column.encoders[1].means == ((40.0, 50.0, 300.0, 1000.0),)


def test_chosen_rows_of_sparse_inputs():
    table = {"place": [f"p{k}" for k in range(300)]}
    preparation = Preparation.fit(table, {"place": "categorical"})
    rows = np.array([5, 299, 5])
    np.testing.assert_array_equal(preparation.inputs(table, rows=rows).toarray(), preparation.matrix(table, rows=rows))


def test_frequencies_are_drawn_by_seed():
    drawn = [
        Preparation.fit(random_table(0), KINDS, encoding=Encoding(frequencies=400, sigma=0.3), seed=seed).columns
        for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert np.std(drawn[0][0].encoders[1].frequencies) == pytest.approx(0.3, rel=0.1)
    assert drawn[0][0].encoders[1].frequencies != drawn[0][1].encoders[1].frequencies


def test_a_row_may_occur_twice():
    table, y = random_table(0), np.arange(120.0)
    twice = np.repeat(np.arange(60), 2)
    doubled = {name: [cells[row] for row in twice] for name, cells in table.items()}
    for cuts in ("quantile", "tree"):
        encoding = Encoding(rank=True, bins=8, cuts=cuts)
        kinds = {name: KINDS[name] for name in ("size", "rooms")}
        one = Preparation.fit(table, kinds, twice, encoding=encoding, y=y)
        other = Preparation.fit(doubled, kinds, encoding=encoding, y=y[twice])
        for a, b in zip(one.columns, other.columns, strict=True):
            assert a.encoders == b.encoders


@pytest.mark.parametrize(
    "wrong",
    [{"bins": -1}, {"bins": 2.5}, {"least": 0}, {"clip": -1.0}, {"cuts": "knife"}, {"categories": ""}, {"rank": 1}],
    ids=str,
)
def test_an_encoding_refuses_what_it_cannot_be(wrong, refuses):
    with refuses(next(iter(wrong))):
        Encoding(**wrong)
