"""Models of several networks in one file: bit for bit, what they share once, and the files of older versions."""

import json
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.storage import preparations
from glassnet.storage.files import from_bytes, to_bytes
from glassnet.tables.model import Member, TableModel
from glassnet.tables.preparation.encoding import Encoding
from glassnet.tables.preparation.preparation import Preparation

HERE = Path(__file__).parent
FULL = Encoding(clip=2.0, rank=True, bins=12, few_values=9, frequencies=10, categories="both", least=4)


def ensemble(members, seed=0):
    """A regression by some networks, whose preparations are fitted to different rows, and a table."""
    rng, n = np.random.default_rng(seed), 90
    table = {
        "size": [None if gap else x for x, gap in zip(rng.normal(size=n).tolist(), rng.random(n) < 0.1, strict=True)],
        "rooms": rng.integers(1, 9, n).tolist(),
        "city": rng.choice([f"city {k}" for k in range(12)], n).tolist(),
    }
    kinds, y = {"size": "numeric", "rooms": "numeric", "city": "categorical"}, rng.normal(size=n)
    made = []
    for k in range(members):
        encoding = FULL if k % 2 == 0 else Encoding(bins=8, cuts="tree", categories="target")
        preparation = Preparation.fit(table, kinds, np.sort(rng.permutation(n)[:70]), encoding=encoding, y=y, seed=k)
        net = gn.Network([preparation.n_features, 5, 1], "silu", seed=k, dtype="float32")
        made.append(Member(preparation, net, float(rng.normal()), 2.0, rng.normal(size=preparation.n_features)))
    return TableModel(made, "regression", "y"), table


def described(content):
    """The description of the model in a file."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["glassnet"])["model"]


@pytest.mark.parametrize("members", [1, 2, 7])
def test_an_ensemble_comes_back_bit_for_bit(members, same):
    model, table = ensemble(members)
    content = to_bytes(model)
    again = from_bytes(content, "model")
    assert same(model, again)
    assert again.predict(table).tobytes() == model.predict(table).tobytes()
    assert to_bytes(again) == content


def test_columns_stand_once_for_all_networks():
    for members in (1, 10):
        model = described(to_bytes(ensemble(members)[0]))
        assert [column["name"] for column in model["columns"]] == ["size", "rooms", "city"]
        packed = [each["preparation"] for each in model.get("members", [model])]
        assert len(packed) == members
        assert [len(each["columns"]) for each in packed] == [3] * members
        assert {column for each in packed for column, _ in each["columns"]} == {0, 1, 2}
    ten, two = (len(json.dumps(described(to_bytes(ensemble(k)[0])))) for k in (10, 2))
    assert ten - two < 8 * 2_000


def test_files_name_no_number_twice():
    """What is left of a column beside its numbers has neither quantiles nor cuts."""
    model = described(to_bytes(ensemble(2)[0]))
    assert model["members"][0]["preparation"]["numbers"]["$type"] == "numbers"
    assert all(column.keys() <= {"name", "part", "type", "categories"} for column in model["columns"])
    assert max(len(json.dumps(shape)) for shape in model["shapes"]) < 400


def test_too_much_is_refused_before_it_is_written_or_read(monkeypatch, refuses):
    model, _ = ensemble(4)
    content = to_bytes(model)
    monkeypatch.setattr(preparations, "MOST", 2_000)
    with refuses("model"):
        to_bytes(model)
    with pytest.raises(gn.InputError, match="expected columns of at most 2,000 characters"):
        from_bytes(content, "model")


def test_a_table_model_of_format_1_loads_for_ever():
    model = gn.load(HERE / "format1_table.safetensors")
    rows = {"age": [20.0, None, 40.0, 31.5], "city": ["Bern", "Chur", None, "Bern"], "zip": [3000, 7000, 3000, 1200]}
    expected = [0.9822192494566776, 0.9517863274921019, 0.9082674045693208, 0.9469414865889295]
    assert model.predict_proba(rows)[:, 1].tolist() == pytest.approx(expected, rel=1e-12)
    names = ["age", "age is missing", "city=Bern", "city=Chur", "city is missing", "zip=1200", "zip=3000", "zip=7000"]
    assert model.preparation.feature_names == names
    assert model.training["loss"] == [0.5] * 70
    assert model.classes == ["no", "yes"]
    assert from_bytes(to_bytes(model), "model").predict_proba(rows).tobytes() == model.predict_proba(rows).tobytes()


def test_a_table_model_of_format_2_loads_for_ever():
    model = gn.load(HERE / "format2_table.safetensors")
    rows = {"age": [7.0, None, 99.0], "city": ["c3", None, "elsewhere"], "zip": [7000, 3000, 1200]}
    expected = [
        [0.31899194419384, 0.2793314903974533, 0.40167654554049176],
        [0.3924929201602936, 0.3040323555469513, 0.3034747342268626],
        [0.3350331783294678, 0.3088296850522359, 0.35613711675008136],
    ]
    np.testing.assert_allclose(model.predict_proba(rows, unseen="other"), expected, rtol=1e-5)
    kinds = [
        {encoder.kind for column in each.preparation.columns for encoder in column.encoders} for each in model.members
    ]
    assert kinds == [
        {"standard", "rank", "bins", "values", "periodic", "onehot", "target mean"},
        {"standard", "bins", "target mean"},
        {"standard", "onehot"},
    ]
    for each in model.members:
        np.testing.assert_array_equal(each.network.theta, np.sin(np.arange(each.network.n_parameters)).astype("f4"))
    assert model.training["tried"][1] == {"changes": {"bins": 8}, "loss": None}
