"""Files that are no models: made by hand and at random; each gives one line, none a crash, a hang or much memory."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.storage.files import from_bytes, to_bytes

HERE = Path(__file__).parent
NET = gn.Network([2, 3, 1], hidden="leaky_relu", output="sigmoid", seed=0)
CONTENT = to_bytes(NET)
MAX = 2**20


def edited(change, sign=True, content=CONTENT):
    """A case: the file after `change(table, description, data)`, which may return the parts anew as a tuple."""

    def make(craft):
        parts = craft.split(content)
        changed = change(*parts)
        return craft.join(*(changed if isinstance(changed, tuple) else parts), sign=sign)

    return make


def entry(name, **fields):
    return edited(lambda table, description, data: table[name].update(fields))


def model(**fields):
    return edited(lambda table, description, data: description["model"].update(fields))


def top(**fields):
    return edited(lambda table, description, data: description.update(fields))


def header(raw, data=b""):
    return lambda craft: craft.frame(raw, data)


def described(text):
    """A case: our tables and data, but another text as the description."""

    def make(craft):
        table, description, data = craft.split(CONTENT)
        return craft.join(table, description, data, text=text)

    return make


def pair():
    net = NET.copy()
    return to_bytes((net, gn.train(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], epochs=3)))


def run(**fields):
    def change(table, description, data):
        state = description["history"]["state"]
        for name, value in fields.items():
            (state if name in state else description["history"])[name] = value

    return edited(change, content=pair())


def seeded(**fields):
    content = to_bytes(gn.Network([2, 1], seed=np.random.RandomState(0)))

    def change(table, description, data):
        seed = description["model"]["seed"]
        seed.update({name: value for name, value in fields.items() if name in seed})
        seed["state"].update({name: value for name, value in fields.items() if name not in seed})

    return edited(change, content=content)


def table_model():
    from glassnet.tables.model import Member, TableModel
    from glassnet.tables.preparation.column import Column
    from glassnet.tables.preparation.preparation import Preparation

    columns = Preparation((Column.numeric("age"), Column.categorical("city", categories=("Bern", "Chur"))))
    return to_bytes(
        TableModel([Member(columns, gn.Network([3, 1], output="sigmoid"))], "classification", "y", ["no", "yes"])
    )


def tabular(change):
    return edited(lambda table, description, data: change(description["model"]), content=table_model())


def ensemble():
    """The bytes of a model of two networks, of every encoder; the lists of more than 8 numbers are a tensor."""
    from glassnet.tables.model import Member, TableModel
    from glassnet.tables.preparation.encoding import Encoding
    from glassnet.tables.preparation.preparation import Preparation

    rng = np.random.default_rng(0)
    table = {"age": rng.integers(1, 13, 60).tolist(), "city": rng.choice([f"c{k}" for k in range(10)], 60).tolist()}
    encoding = Encoding(rank=True, bins=10, few_values=12, frequencies=9, categories="both", least=4)
    kinds, y = {"age": "numeric", "city": "categorical"}, rng.normal(size=60)
    preparation = Preparation.fit(table, kinds, encoding=encoding, y=y)
    d = preparation.n_features
    members = [Member(preparation, gn.Network([d, 1], seed=k), 1.0, 2.0, np.zeros(d)) for k in (0, 1)]
    return to_bytes(TableModel(members, "regression", "y"))


def joined(change):
    """A case: the ensemble after `change(members, table)`."""
    return edited(lambda table, description, data: change(description["model"]["members"], table), content=ensemble())


def encoder(kind, /, **fields):
    """A case: the ensemble with other fields of one encoder."""

    def change(model):
        every = [each for shape in model["shapes"] for each in shape["encoders"]]
        (found,) = (each for each in every if each["kind"] == kind)
        found.update(fields)

    return edited(lambda table, description, data: change(description["model"]), content=ensemble())


def column(number, where="columns", /, **fields):
    """A case: the ensemble with other fields of a column's description or of its shape."""
    return edited(
        lambda table, description, data: description["model"][where][number].update(fields), content=ensemble()
    )


def moved(table, description, data):
    table["W1"], table["W2"] = table["W2"], table["W1"]


def gap(table, description, data):
    for place in table.values():
        place["data_offsets"] = [offset + 8 for offset in place["data_offsets"]]
    return table, description, bytes(8) + data


def overlap(table, description, data):
    table["b1"]["data_offsets"] = table["W1"]["data_offsets"]
    table["b1"]["shape"] = table["W1"]["shape"]


def poisoned(value):
    def change(table, description, data):
        begin = table["W1"]["data_offsets"][0]
        data[begin : begin + 8] = np.float64(value).tobytes()

    return edited(change)


def nothing_but(table, description, data):
    return {}, description, b""


def extra(table, description, data):
    table["more"] = {"dtype": "U8", "shape": [8], "data_offsets": [len(data), len(data) + 8]}
    return table, description, data + bytes(8)


def unlisted(table, description, data):
    table["numbers"] = {"dtype": "F64", "shape": [1], "data_offsets": [len(data), len(data) + 8]}
    return table, description, data + bytes(8)


def many(table, description, data):
    for number in range(10_001):
        table[f"t{number}"] = {"dtype": "U8", "shape": [0], "data_offsets": [len(data), len(data)]}


DEEP = b'{"a":' + b"[" * 500_000 + b"]" * 500_000 + b"}"


def classifier(y, **options):
    import warnings

    model = gn.MLPClassifier((2,), max_iter=1, random_state=0, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return to_bytes(model.fit(np.arange(8.0).reshape(4, 2), y))


def fitted(change, y=(False, True, False, True)):
    return lambda craft: edited(
        lambda table, description, data: change(table, description["model"], data), content=classifier(y)
    )(craft)


def both_true(table, model, data):
    data[slice(*table["fitted.classes_"]["data_offsets"])] = b"\1\1"


def byte_of_seven(table, model, data):
    data[slice(*table["fitted.classes_"]["data_offsets"])] = b"\0\7"


CASES = {
    # the frame
    "empty": lambda craft: b"",
    "nine bytes": lambda craft: bytes(9),
    "zeros": lambda craft: bytes(1000),
    "text": lambda craft: b"age,city\n31,Bern\n",
    "pickle": lambda craft: b"\x80\x04\x95 \x00\x00\x00\x00\x00\x00\x00cos\nsystem\n(S'true'\ntR.",
    "png": lambda craft: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "header longer than the file": lambda craft: (10**5).to_bytes(8, "little") + CONTENT[8:],
    "header longer than the limit": lambda craft: (MAX + 1).to_bytes(8, "little") + bytes(MAX + 1),
    "header as long as a number can say": lambda craft: b"\xff" * 8 + CONTENT[8:],
    "header of two bytes": lambda craft: (2).to_bytes(8, "little") + CONTENT[8:],
    "cut in the header": lambda craft: CONTENT[:100],
    "cut in the data": lambda craft: CONTENT[:-1],
    "more data": lambda craft: CONTENT + b"\0",
    "twice": lambda craft: CONTENT * 2,
    "one bit of the data": lambda craft: CONTENT[:-3] + bytes([CONTENT[-3] ^ 1]) + CONTENT[-2:],
    # the header as JSON
    "no JSON": header(b"{a: 1}"),
    "an array": header(b"[1, 2, 3]"),
    "null": header(b"null" + b" " * 10),
    "not UTF-8": header(b'{"\xff\xfe": 1}'),
    "byte order mark": header(b'\xef\xbb\xbf{"a": 1}'),
    "deep": header(DEEP),
    "deep and open": header(b"[" * MAX),
    "a key twice": header(b'{"W1": {}, "W1": {}}'),
    "a key twice inside": header(
        b'{"W1": {"dtype": "F64", "dtype": "F32", "shape": [], "data_offsets": [0, 8]}}', bytes(8)
    ),
    "a long number": header(b'{"a": ' + b"9" * 100_000 + b"}"),
    "an infinite number": header(b'{"a": 1e999}'),
    "NaN": header(b'{"a": NaN}'),
    "half a surrogate pair": header(b'{"a": "\\ud800"}'),
    "quotes without end": header(b'{"a": ' + b'"\\' * 400_000),
    "escaped quotes": header(b'\\"' * 500_000),
    "open and shut": header(b"{" + b"[]" * 500_000 + b"}"),
    "no description": header(b'{"W1": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}', bytes(8)),
    "another metadata": header(b'{"__metadata__": {"format": "pt"}}'),
    "metadata of another type": header(b'{"__metadata__": {"glassnet": 3}}'),
    # the table of tensors
    "path as name": edited(lambda table, d, data: table.update({"../W1": table.pop("W1")})),
    "empty name": edited(lambda table, d, data: table.update({"": table.pop("W1")})),
    "long name": edited(lambda table, d, data: table.update({"W" * 101: table.pop("W1")})),
    "unknown dtype": entry("W1", dtype="C128"),
    "dtype of another size": entry("W1", dtype="F32"),
    "dtype of the same size": entry("W1", dtype="I64"),
    "dtype that is no text": entry("W1", dtype=["F64"]),
    "negative shape": entry("W1", shape=[-2, -3]),
    "shape of fractions": entry("W1", shape=[2.0, 3.0]),
    "shape of booleans": entry("b2", shape=[True]),
    "transposed": entry("W1", shape=[3, 2]),
    "flat": entry("W1", shape=[6]),
    "shape whose product overflows": entry("W1", shape=[2**32, 2**32]),
    "shape of terabytes": entry("W1", shape=[2**40]),
    "nine axes": entry("W1", shape=[1] * 7 + [2, 3]),
    "zero times infinity": entry("W1", shape=[0, 2**52]),
    "offsets backwards": entry("W1", data_offsets=[48, 0]),
    "offsets beyond the end": entry("W1", data_offsets=[10**6, 10**6 + 48]),
    "three offsets": entry("W1", data_offsets=[0, 24, 48]),
    "offsets as text": entry("W1", data_offsets=["0", "48"]),
    "an unknown field": entry("W1", strides=[3, 1]),
    "no shape": edited(lambda table, d, data: table["W1"].pop("shape")),
    "overlap": edited(overlap),
    "gap": edited(gap),
    "10,001 tensors": edited(many),
    "no tensors": edited(nothing_but),
    "one tensor more": edited(extra),
    "tensors exchanged": edited(moved),
    # the description
    "edited without a new digest": edited(lambda t, d, data: d["model"].update(seed=1), sign=False),
    "description no JSON": described("{"),
    "description an array": described("[]"),
    "description deep": described("[" * 400_000),
    "description with a key twice": described('{"version": 1, "version": 1}'),
    "version 3": top(version=3),
    "version 0": top(version=0),
    "version true": top(version=True),
    "version as text": top(version="1"),
    "a field more": top(author="me"),
    "no model": top(model=None),
    "a number as model": top(model=3),
    "an optimizer as model": top(model={"$type": "Adam", "learning_rate": 0.1}),
    "an unknown kind": model(**{"$type": "os.system"}),
    "a kind that is a list": model(**{"$type": ["Network"]}),
    "sizes that do not fit": model(sizes=[2, 4, 1]),
    "sizes of terabytes": model(sizes=[2**40, 2**40, 1]),
    "one size": model(sizes=[2]),
    "sizes of booleans": model(sizes=[2, 3, True]),
    "an unknown activation": model(hidden="tahn"),
    "too many activations": model(hidden=["relu", "relu"]),
    "a slope that is text": model(hidden={"$type": "Activation", "name": "leaky_relu", "parameters": {"slope": "1"}}),
    "a slope too many": model(hidden={"$type": "Activation", "name": "relu", "parameters": {"slope": 1.0}}),
    "a softmax of one": model(output="softmax"),
    "a loss that does not fit": model(loss="categorical_cross_entropy"),
    "an unknown dtype of numbers": model(dtype="float16"),
    "an unknown init": model(init="lambda: 0"),
    "a seed that is text": model(seed="0"),
    "a kind inside another": model(seed={"$type": "Network"}),
    "nan in W1": poisoned(np.nan),
    "inf in W1": poisoned(np.inf),
    "a history without a run": top(history={"$type": "History"}),
    "a history that is none": top(history=[1, 2]),
    # runs, random sources and table models
    "a step that is text": run(step="3"),
    "a negative step": run(step=-1),
    "slots that are a number": run(slots=3),
    "parameters that are text": run(best_theta="theta"),
    "a loss curve that is a number": run(loss=0.5),
    "a state that is none": run(state=None),
    "a position beyond the key": seeded(pos=100_000),
    "a position before the key": seeded(pos=-5),
    "no key": seeded(key=[1, 2, 3]),
    "another generator": seeded(bit_generator="SFC64"),
    "gauss that is text": seeded(gauss="0"),
    "a column more": tabular(lambda m: m["columns"].append("x")),
    "a column twice": tabular(lambda m: m["preparation"]["columns"].append(m["preparation"]["columns"][0])),
    "a category less": tabular(lambda m: m["columns"][1]["categories"].pop()),
    "a category twice": tabular(lambda m: m["columns"][1].update(categories=["Bern", "Bern"])),
    "a scale of zero": tabular(lambda m: m["preparation"]["numbers"].__setitem__(2, 0.0)),
    "a number too many": tabular(lambda m: m["preparation"]["numbers"].append(0.5)),
    "a number too few": tabular(lambda m: m["preparation"]["numbers"].pop()),
    "numbers in no list": edited(unlisted),
    # several networks and their encoders
    "no members": joined(lambda members, table: members.clear()),
    "a member less": joined(lambda members, table: members.pop()),
    "a member twice": joined(lambda members, table: members.append(members[0])),
    "members that are a number": tabular(lambda m: m.update(members=3)),
    "a member without a preparation": joined(lambda members, table: members[0].pop("preparation")),
    "a member of its own": joined(lambda members, table: members[0].update(more=1)),
    "a member that is a network": joined(lambda members, table: members.__setitem__(0, members[0]["network"])),
    "a member with a column less": joined(lambda members, table: members[1]["preparation"]["columns"].pop()),
    "a member with a scale of zero": joined(lambda members, table: members[1].update(target_scale=0.0)),
    "a baseline that is a list": joined(lambda members, table: members[1].update(baseline=[0.0])),
    "an encoder of its own": encoder("rank", kind="spline"),
    "an encoder that is a list": encoder("rank", kind=["rank"]),
    "an encoder with more": encoder("rank", more=1.0),
    "a rank without ranks": encoder("rank", ranks=[0.0]),
    "quantiles that are text": encoder("rank", quantiles="0, 1"),
    "cuts that fall": encoder("bins", cuts=[2.0, 1.0]),
    "a clip below 0": encoder("standard", clip=-1.0),
    "a scale that is inf": encoder("standard", scale={"$type": "float", "value": "inf"}),
    "frequencies that are nan": encoder("periodic", frequencies=[{"$type": "float", "value": "nan"}]),
    "a feature twice": encoder("onehot", features=[0] * 10),
    "features of more categories": encoder("onehot", features=list(range(11))),
    "a switch of an encoder that is a number": encoder("onehot", other=1),
    "means of fewer categories": encoder("target mean", means=[[1.0]]),
    "means without a prior": encoder("target mean", prior=[]),
    "a list of more numbers than there are": encoder("bins", cuts={"$type": "numbers", "count": 10**9}),
    "a list of no numbers": encoder("bins", cuts={"$type": "numbers", "count": 0}),
    "a list of half a number": encoder("bins", cuts={"$type": "numbers", "count": 0.5}),
    "a list of fewer numbers": encoder("bins", cuts=[0.0, 1.0]),
    "numbers as bytes": joined(lambda members, table: table["numbers"].update(dtype="U64")),
    "numbers in two axes": joined(
        lambda members, table: table["numbers"].update(shape=[1, *table["numbers"]["shape"]])
    ),
    "a column of another kind": column(0, type={"kind": "categorical"}),
    "a column of no kind": column(0, type={"kind": "free text"}),
    "a column without encoders": column(0, "shapes", encoders=None),
    "encoders of the other kind": joined(
        lambda members, table: members[0]["preparation"].update(columns=[[0, 1], [1, 0]])
    ),
    "a column beyond the last": joined(lambda members, table: members[0]["preparation"].update(columns=[[0, 9]])),
    "a column before the first": joined(lambda members, table: members[0]["preparation"].update(columns=[[0, -1]])),
    "a column of three places": joined(lambda members, table: members[0]["preparation"].update(columns=[[0, 0, 0]])),
    "columns without their numbers": joined(lambda members, table: members[0]["preparation"].pop("numbers")),
    "fewer numbers": joined(lambda members, table: members[0]["preparation"].update(numbers=[0.5])),
    "more numbers": joined(lambda members, table: members[0]["preparation"].update(columns=[[1, 1], [1, 1]])),
    "a preparation that is a list": joined(lambda members, table: members[0].update(preparation=[])),
    "a million columns": joined(lambda members, table: members[0]["preparation"].update(columns=[[0, 0]] * 100_000)),
    "floats that are text": encoder("bins", cuts={"floats": "11"}),
    "floats of a negative number": encoder("bins", cuts={"floats": -1}),
    "a part that is a number": column(0, part=3),
    "a median that is inf": column(0, "shapes", median={"$type": "float", "value": "inf"}),
    "categories of a number": column(0, categories=[]),
    "a class less": tabular(lambda m: m["classes"].pop()),
    "a class twice": tabular(lambda m: m.update(classes=["no", "no"])),
    "classes of lists": tabular(lambda m: m.update(classes=[["no"], ["yes"]])),
    "a task of its own": tabular(lambda m: m.update(task="clustering")),
    "a target scale of zero": tabular(lambda m: m.update(target_scale=0)),
    "a target that is none": tabular(lambda m: m.update(target=None)),
    "settings that are text": tabular(lambda m: m.update(settings="--epochs 5")),
    # estimators
    "the same class twice": fitted(both_true),
    "a boolean of seven": fitted(byte_of_seven),
    "sparse labels of words": fitted(lambda t, m, d: m["labels"].update(sparse=True), ["a", "b", "a", "b"]),
    "another kind of labels": fitted(lambda t, m, d: m["labels"].update(kind="multiclass")),
    "a parameter more": fitted(lambda t, m, d: m["parameters"].update(more=1)),
    "a parameter out of range": fitted(lambda t, m, d: m["parameters"].update(alpha=-1.0)),
    "sizes within sizes": fitted(lambda t, m, d: m["parameters"].update(hidden_layer_sizes=[[2]])),
    "no network": fitted(lambda t, m, d: m.update(network=None)),
    "more features": fitted(lambda t, m, d: m["fitted"].update(n_features_in_=3)),
    "an attribute of its own": fitted(lambda t, m, d: m["fitted"].update(predict="print")),
    "no loss curve": fitted(lambda t, m, d: m["fitted"].pop("loss_curve_")),
    "a loss curve of words": fitted(lambda t, m, d: m["fitted"].update(loss_curve_=["0.5"])),
    "the memory of another optimizer": fitted(lambda t, m, d: m["solver"]["optimizer"].update({"$type": "SGD"})),
    "a solver without a state": fitted(lambda t, m, d: m["solver"].update(state=None)),
    "a setting that is an array": tabular(
        lambda m: m.update(settings={"l2": {"$type": "values", "dtype": "object", "shape": [0], "items": []}})
    ),
    "a switch that is a number": tabular(lambda m: m.update(settings={"decimal_comma": 1})),
    "columns left out that are a number": tabular(lambda m: m.update(settings={"left_out": 3})),
    "a setting of a kind inside": tabular(lambda m: m.update(settings={"own": [{"$type": "Adam"}]})),
    "a measure that is text": tabular(lambda m: m.update(training={"train": {"rows": 9, "mae": "b"}})),
    "measures without rows": tabular(lambda m: m.update(training={"test": {"accuracy": 0.5}})),
    "measures that are a list": tabular(lambda m: m.update(training={"validation": ["rows"]})),
    "an uncertainty that is a number": tabular(lambda m: m.update(training={"test": {"rows": 9, "uncertainty": 0.5}})),
    "a calibration without its error": tabular(
        lambda m: m.update(training={"test": {"rows": 9, "calibration": {"by_chance": 0.5, "bins": []}}})
    ),
    "a bin of two numbers": tabular(
        lambda m: m.update(
            training={"test": {"rows": 9, "calibration": {"error": 0.1, "by_chance": 0.5, "bins": [[0.5, 0.5]]}}}
        )
    ),
    "residuals of a number": tabular(lambda m: m.update(training={"test": {"rows": 9, "residuals": 0.5}})),
    "an importance without its deviation": tabular(lambda m: m.update(training={"importance": {"age": [0.5]}})),
    "a trial without its changes": tabular(lambda m: m.update(training={"tried": [{"loss": 0.5}]})),
    "a trial whose loss is text": tabular(lambda m: m.update(training={"tried": [{"changes": {}, "loss": "low"}]})),
    "decisions that are numbers": tabular(lambda m: m.update(training={"decisions": [1, 2]})),
    "curves without a number": tabular(lambda m: m.update(training={"curves": [[]]})),
    "baselines without a part": tabular(lambda m: m.update(training={"baselines": {"test": 0.5}})),
    "a baseline without rows": tabular(
        lambda m: m.update(training={"baselines": {"test": {"linear": {"accuracy": 0.5}}}})
    ),
    "epochs that are true": tabular(lambda m: m.update(training={"epochs": True})),
    "a training curve of words": tabular(lambda m: m.update(training={"loss": ["0.5"]})),
    "missing words that are a number": tabular(lambda m: m.update(settings={"missing": 5})),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_made_wrong_by_hand_gives_one_line(name, craft):
    assert craft.judge(CASES[name](craft), None) == "refused"


def test_there_are_at_least_60():
    assert len(CASES) >= 60


def test_taking_a_file_apart_and_joining_it_changes_nothing(craft):
    assert craft.judge(craft.join(*craft.split(CONTENT)), CONTENT) == "same"


def test_what_the_lines_say(craft, tmp_path):
    said = {}
    for name in ("version 3", "one bit of the data", "cut in the data", "a position beyond the key", "a scale of zero"):
        path = tmp_path / "model.safetensors"
        path.write_bytes(CASES[name](craft))
        with pytest.raises(gn.InputError) as caught:
            gn.load(path)
        said[name] = str(caught.value)
    assert said == {
        "version 3": "'model.safetensors': expected format 2 or older; got 3, written by a newer glassnet; update glassnet.",
        "one bit of the data": "'model.safetensors': expected the content that its sha256 tells; got another: the file was "
        "damaged or edited; load a file that glassnet wrote.",
        "cut in the data": "'model.safetensors': expected 104 bytes of data; got 103; load a file that glassnet wrote.",
        "a position beyond the key": "'model.safetensors': expected a position from 0 to 624 in a random source; got "
        "100000; load a file that glassnet wrote.",
        "a scale of zero": said["a scale of zero"],
    }


def test_a_file_of_format_1_loads_for_ever(same):
    net, history = gn.load(HERE / "format1.safetensors")
    expected = np.arange(13) / 8 - 0.75
    np.testing.assert_array_equal(net.theta, expected)
    assert repr(net).startswith(
        "Network([2, 3, 1], hidden=LEAKY_RELU.with_parameters(slope=0.25), output='sigmoid', seed=7"
    )
    assert history.state.optimizer == "Adam"
    assert history.steps == 3


def mutations(count, seed):
    """The verdicts of a process of its own, whose memory may grow by 300 MB."""
    program = "import sys, json; sys.path.insert(0, sys.argv[1]); import crafting; "
    program += f"print(json.dumps(crafting.campaign({count}, {seed}, 300 * 2**20)))"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-X", "faulthandler", "-c", program, str(HERE)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-5000:]
    return json.loads(done.stdout.splitlines()[-1])  # a verbose estimator talks as it trains


def test_1_000_mutated_files_load_right_or_give_one_line():
    verdicts = mutations(1_000, seed=0)
    assert sum(verdicts.values()) == 1_000
    assert verdicts["other"] > 15  # changes that are signed and valid are not refused
    assert verdicts["same"] > 15


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 21))
def test_200_000_mutated_files_load_right_or_give_one_line(seed):
    assert sum(mutations(10_000, seed).values()) == 10_000


MEASURED = {
    "settings": {"hidden": [2], "activation": ["relu"], "loss": "squared_error", "init": None, "seed": 0, "l1": 0.0}
    | {"l2": 0.01, "epochs": 3, "shuffle": True, "batch_size": 0, "patience": 5, "validation": 0.15, "test": "t.csv"}
    | {
        "missing": ["?"],
        "decimal_comma": False,
        "left_out": {"id": "ignored"},
        "decisions": ["a: b"],
        "own": {"a": [1, None, "b"]},
    },
    "training": {"rows": {"train": 9, "test": 3}, "epochs": 3, "best_epoch": 2, "stopped": "epochs", "engine": "numpy"}
    | {"loss": [0.5, 0.25], "validation_loss": [], "steps": 3, "seconds": 0.1, "own": [True]}
    | {"train": {"rows": 9, "accuracy": 0.5, "log_loss": 1, "roc_auc": 0.5, "confusion": [[1, 2], [3, 3]]}}
    | {"test": {"rows": 3, "r2": float("nan"), "rmse": 2.0, "mae": 1.0, "uncertainty": {"rmse": 0.5}}}
    | {"baselines": {"test": {"linear": {"rows": 3, "rmse": 3.0, "ahead": {"rmse": [1.0, 0.25]}}}}}
    | {"alone": {"a": 0.5}, "importance": {"a": [0.5, 0.1]}, "curves": [[2.0, 1.0]]}
    | {"tried": [{"changes": {"epochs": 3}, "loss": 0.5}, {"changes": {}, "loss": None}]},
}
MEASURED["training"]["test"]["residuals"] = {"quantiles": [0.0, 1.0, 2.0, 3.0, 4.0], "bins": [[1.0] * 7, [2.0] * 7]}
MEASURED["training"]["train"]["calibration"] = {"error": 0.1, "by_chance": 0.1, "bins": [[0.5, 0.25, 4]]}
OTHERS = [None, True, -1, 2**70, 0.5, "a", "\x1b[2J", [], [1], ["a"], [None], {}, {"a": 1}, {"a": "b"}, {"rows": "a"}]
OTHERS += [{"rows": 3, "mae": "b"}, {"$type": "values", "dtype": "object", "shape": [0], "items": []}]
OTHERS += [{"$type": "dict", "items": [[1, 2]]}, {"$type": "float", "value": "inf"}, {"$type": "tuple", "items": [2]}]


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.long)])
def test_a_table_model_with_a_field_of_another_type_is_refused_or_has_a_summary(craft, every):
    """Each field of the settings and the training in turn: what loads can be told, and stays what it is."""
    model = from_bytes(table_model(), "model")
    model.settings, model.training = MEASURED["settings"], MEASURED["training"]
    parts = craft.split(to_bytes(model))
    verdicts, number = [], itertools.count()

    def visit(node):
        for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            right = node[key]
            for node[key] in OTHERS:
                if next(number) % every == 0:  # 3 does not divide len(OTHERS): the fields take turns
                    verdicts.append(craft.judge(craft.join(*parts), None))
            node[key] = right
            visit(right)

    visit({name: parts[1]["model"][name] for name in ("settings", "training")})
    assert len(verdicts) > 800 / every
    assert verdicts.count("other") > 100 / every
    assert verdicts.count("refused") > 300 / every
    assert craft.judge(craft.join(*parts), None) == "other"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("settings", {"l2": np.zeros(0, object)}),
        ("settings", {"left_out": 3}),
        ("settings", {"own": np.zeros(3)}),
        ("training", {"train": {"rows": "9"}}),
        ("training", {"test": {"mae": 1.0}}),
        ("training", {1: 2}),
    ],
)
def test_a_table_model_that_would_not_load_is_not_saved(place, value, refuses):
    model = from_bytes(table_model(), "model")
    setattr(model, place, value)
    with refuses("model: expected"):
        to_bytes(model)
