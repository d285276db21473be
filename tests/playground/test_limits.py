"""The numbers of the playground that a reader meets: limits at their edge, defaults, sizes, formulas of data and looks."""

import io
import json
import math

import numpy as np
import pytest

from glassnet import InputError, __version__
from glassnet.playground import diagnosis
from glassnet.playground.checkpoints import stride_of
from glassnet.playground.frames import classes_of, confusion, score
from glassnet.playground.pictures import limits, surface
from glassnet.playground.setup import Data, check_setup, load_data
from glassnet.playground.state import State, read_state
from glassnet.playground.uploads import Uploads, read_upload

RATES = {"sgd": 0.1, "momentum": 0.01, "nesterov": 0.01, "rmsprop": 0.001, "adam": 0.001, "adamw": 0.001}
RANGES = {
    "classes": (2, 5),
    "n": (20, 2000),
    "noise": (0, 1),
    "data_seed": (0, 2**32 - 1),
    "test": (0.1, 0.9),
    "rate": (1e-8, 1000),
    "batch": (0, 2000),
    "l1": (0, 10),
    "l2": (0, 10),
    "dropout": (0, 0.9),
    "seed": (0, 2**32 - 1),
    "step": (0, 10**9),
}
DEFAULTS = {
    "data": "moons", "classes": "3", "n": "400", "noise": "0.2", "data_seed": "42", "test": "0.2", "features": "x,y",
    "hidden": "10", "activation": "relu", "loss": "", "init": "", "optimizer": "sgd", "rate": "0", "batch": "0", "l1": "0",
    "l2": "0", "dropout": "0", "seed": "42", "edits": "", "step": "0", "x": "", "y": "", "target": "",
}  # fmt: skip


def setup(query, uploads=None):
    state = read_state(query)
    return check_setup(state, load_data(state, uploads or Uploads()))


def test_the_schema_by_name(play):
    told = json.loads(play.schema(""))
    assert told["version"] == __version__
    assert told["most"] == {"layers": 6, "units": 32, "edits": 50}
    assert {name: each["default"] for name, each in told["names"].items()} == DEFAULTS
    ranges = {name: (each["low"], each["high"]) for name, each in told["names"].items() if "low" in each}
    assert ranges == RANGES
    choices = {name: each["choices"] for name, each in told["names"].items() if "choices" in each}
    assert set(choices) == {"data", "features", "activation", "init", "optimizer"}
    assert choices["optimizer"] == RATES
    assert choices["data"] == {
        "moons": "two moons", "circles": "circles", "spirals": "spirals", "blobs": "blobs", "xor": "exclusive or",
        "gaussians": "two clouds", "sine": "sine", "plane": "plane",
    }  # fmt: skip
    assert choices["features"]["xy"] == "x₁x₂"
    assert choices["init"][0] == ""
    assert "softmax" not in choices["activation"]
    assert "exponential" not in choices["activation"]
    assert (told["view"]["glass"], told["view"]["speed"], told["view"]["panel"]) == ("", "60", "loss")
    assert read_state("v=1&view=2&glass=1") == read_state("")


@pytest.mark.parametrize("name", RANGES)
def test_the_ends_of_a_range_are_read_and_nothing_beyond(name):
    low, high = RANGES[name]
    for value in (low, high):
        assert getattr(read_state(f"{name}={value}"), name) == value
    beyond = (low - 1, high + 1) if isinstance(low, int) else (low * 0.999, high * 1.001)
    for value in beyond:
        with pytest.raises(InputError, match=name):
            read_state(f"{name}={value}")


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("hidden=1,32,1,1,1,1", "hidden=1,33"),
        ("hidden=4,4,4,4,4,4", "hidden=4,4,4,4,4,4,4"),
        ("edits=" + ";".join(["1:b1,0=1"] * 50), "edits=" + ";".join(["1:b1,0=1"] * 51)),
        ("edits=1:b1,0=1e6", "edits=1:b1,0=1000001"),
        ("edits=1:b1,0=-1e6", "edits=1:b1,0=-1000001"),
        ("entry=" + "x" * 3994, "entry=" + "x" * 3995),
        ("features=x,y,xx,yy,xy,sinx,siny", "features=x,y,xx,yy,xy,sinx,siny,x"),
    ],
)
def test_lists_and_texts_have_a_longest_form(good, bad):
    assert isinstance(read_state(good), State)
    with pytest.raises(InputError):
        read_state(bad)


@pytest.mark.parametrize(
    "query", ["edits=٣:b1,0=1", "edits=3:b١,0=1", "edits=3:b1,٠=1", "edits=3:W1,0,٠=1", "edits=3:b1,0=١"]
)
def test_digits_of_other_scripts_are_no_numbers(query):
    with pytest.raises(InputError, match="edits: expected"):
        read_state(query)


def test_edits_at_the_last_place_are_made_and_beyond_refused():
    for place in ("W1,1,2", "b1,2", "W2,2,0", "b2,0"):
        assert setup(f"hidden=3&edits=0:{place}=1")
    for place in ("W1,2,0", "W1,0,3", "b1,3", "W2,3,0", "W2,0,1", "b2,1", "W3,0,0", "b0,0"):
        with pytest.raises(InputError, match="edits"):
            setup(f"hidden=3&edits=0:{place}=1")


@pytest.mark.parametrize(
    ("query", "steps", "batch"),
    [("n=400", 1, None), ("batch=320", 1, None), ("batch=319", 2, 319), ("batch=1", 320, 1), ("batch=100", 4, 100)],
)
def test_batches_and_steps_of_an_epoch(query, steps, batch):
    made = setup(query)
    assert (made.steps_per_epoch, made.batch_size) == (steps, batch)
    assert made.options()["epochs"] == 50_000 // steps + 1


def test_the_cost_of_a_step_and_the_last_step_within_reach():
    made = setup("hidden=8,4&batch=50")
    parameters = 3 * 8 + 9 * 4 + 5 * 1
    assert made.step_cost == pytest.approx(1.5 + 50 * parameters / 4000 + parameters / 200)
    assert setup("hidden=8,4&batch=50&dropout=0.5").step_cost == pytest.approx(2 * made.step_cost)
    assert made.max_step == 50_000
    large = setup("n=2000&hidden=32,32,32")
    assert large.max_step == int(0.8e6 / large.step_cost) < 50_000


@pytest.mark.parametrize(
    ("data", "output", "losses", "outputs"),
    [
        ("moons", "sigmoid", ("binary_cross_entropy", "squared_error"), 1),
        ("blobs", "softmax", ("categorical_cross_entropy", "squared_error"), 3),
        ("sine", "identity", ("squared_error", "absolute_error", "huber"), 1),
    ],
)
def test_outputs_and_losses_suit_the_data(data, output, losses, outputs):
    made = setup(f"data={data}&hidden=5&features=x,xy,y")
    assert (made.data.output, made.losses, made.loss) == (output, losses, losses[0])
    assert made.sizes == [3, 5, outputs]
    assert made.network().loss_function.name == losses[0]
    for loss in losses:
        assert setup(f"data={data}&loss={loss}").loss == loss
    assert setup(f"data=blobs&classes=2&loss={'squared_error'}").sizes[-1] == 1


def test_a_picture_shows_all_points_and_a_margin_of_a_twentieth():
    data = load_data(read_state("data=xor"), Uploads())
    points = np.concatenate([data.train, data.test])
    low, high = points.min(axis=0), points.max(axis=0)
    half = 0.55 * (high - low).max()
    for (start, end), middle in zip(data.domain, (low + high) / 2, strict=True):
        assert (start, end) == pytest.approx((middle - half, middle + half), rel=1e-12)
    told = Data(np.array([[0.0, 0]]), np.zeros(1), np.array([[2.0, 1]]), np.zeros(1), None, ("a", "b", "c"), "made")
    assert told.domain == (pytest.approx((-0.1, 2.1)), pytest.approx((-0.6, 1.6)))
    assert (told.mean, told.scale) == ((0, 0, 0), (1, 1, 1))


def test_what_the_page_is_told_of_a_data_set(play):
    told = json.loads(play.data("data=sine&n=50&features=x,sinx&test=0.3"))
    assert (told["title"], told["task"], told["output"], told["classes"]) == ("sine", "regression", "identity", None)
    assert told["losses"] == ["squared_error", "absolute_error", "huber"]
    assert told["names"] == ["x₁", "x₂", "target"]
    assert told["feature_names"] == ["x₁", "sin x₁"]
    assert (told["mean"], told["scale"]) == ([0, 0, 0], [1, 1, 1])
    assert (len(told["train"]["targets"]), len(told["test"]["targets"])) == (35, 15)
    assert json.loads(play.data("data=blobs&classes=4"))["names"] == ["x₁", "x₂", "class"]
    assert json.loads(play.data("data=blobs&classes=4"))["classes"] == ["0", "1", "2", "3"]


def test_the_header_of_a_frame(play, header):
    told = header(play.frame("data=blobs&classes=4&hidden=6,5&batch=32&optimizer=adam&rate=0.02&step=7&n=200"))
    assert told["maps"]["size"] == 24
    assert told["maps"]["offset"] == 0
    assert told["maps"]["order"] == "layer, unit, row, column"
    assert [len(each) for each in told["maps"]["scale"]] == [2, 6, 5, 4]
    surface = {name: told["surface"][name] for name in ("size", "offset", "kind", "outputs", "range")}
    assert surface == {"size": 64, "offset": 17 * 24**2, "kind": "class", "outputs": 4, "range": [0.0, 1.0]}
    assert (told["step"], told["epoch"], told["steps_per_epoch"], told["learning_rate"]) == (7, 1, 5, 0.02)
    assert (told["sizes"], told["features"]) == ([2, 6, 5, 4], ["x₁", "x₂"])
    assert (told["activations"], told["init"]) == (["relu", "relu", "softmax"], "he_normal")
    assert told["loss"]["name"] == "categorical_cross_entropy"
    assert told["metric"]["name"] == "accuracy"
    assert told["non_finite"] is None
    assert told["curve"]["step"] == list(range(8))
    whole = header(play.frame("data=sine"))
    assert (whole["batch"], whole["confusion"], whole["metric"]["name"]) == (None, None, "R²")
    assert header(play.frame("activation=tanh"))["init"] == "glorot_uniform"
    assert header(play.frame("init=orthogonal"))["init"] == "orthogonal"


def test_classes_scores_and_confusion_by_hand():
    assert classes_of(np.array([[0.5], [0.50001], [0.1]])).tolist() == [0, 1, 0]  # the half itself is class 0
    assert classes_of(np.array([[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]])).tolist() == [1, 0]
    y, output = np.array([0, 1, 1]), np.array([[0.1], [0.9], [0.4]])
    assert confusion(output, y, 2) == [[1, 0], [1, 1]]
    classes = Data(np.zeros((3, 2)), y, np.zeros((3, 2)), y, ("a", "b"), ("x", "y", "t"), "made")
    assert score(classes, output, y) == pytest.approx(2 / 3)
    numbers = Data(np.zeros((3, 2)), y, np.zeros((3, 2)), y, None, ("x", "y", "t"), "made")
    assert score(numbers, np.array([[1.0], [2], [4]]), np.array([1.0, 3, 5])) == pytest.approx(1 - 2 / 8)
    assert math.isnan(score(numbers, np.array([[1.0]]), np.array([2.0])))


@pytest.mark.parametrize(
    ("step", "stride"), [(0, 1), (128, 1), (129, 2), (256, 2), (257, 4), (512, 4), (513, 8), (50_000, 512)]
)
def test_the_stride_by_number(step, stride):
    assert stride_of(step) == stride


def table(rows, target="{c}", classes=2):
    lines = (f"{k}.5,{k * k % 11}," + target.format(c=k % classes, f=k / 4) for k in range(rows))
    return ("a,b,t\n" + "\n".join(lines)).encode()


def test_uploads_at_their_limits():
    assert len(read_upload(table(20)).choose().y) == 20
    assert len(read_upload(table(2000)).choose().y) == 2000
    for rows in (19, 2001):
        with pytest.raises(InputError, match="20 to 2,000 rows"):
            read_upload(table(rows))
    assert len(read_upload(table(40, classes=5)).choose().classes) == 5
    assert read_upload(table(40, classes=6)).choose().classes is None  # six numbers are a target
    assert len(read_upload(table(40, "k{c}", classes=5)).choose().classes) == 5
    with pytest.raises(InputError, match="2 to 5 labels"):
        read_upload(table(40, "k{c}", classes=6))
    padded = table(20) + b"\n"
    assert read_upload(padded + b"\n" * (1_000_000 - len(padded))).id.startswith("csv:")
    with pytest.raises(InputError, match="at most 1,000,000 bytes"):
        read_upload(padded + b"\n" * (1_000_001 - len(padded)))
    assert read_upload(table(20).replace(b"0.5,", b"1e100,", 1)).choose().X.max() == 1e100
    with pytest.raises(InputError, match="ordinary size"):
        read_upload(table(20).replace(b"0.5,", b"1.1e100,", 1))
    upload = read_upload(table(20).replace(b"a,b,t", b"%b,%b,%b" % (b"a" * 30, b"b" * 31, b"t" * 31)))
    chosen = upload.choose()
    assert chosen.names[0] == "a" * 30
    assert len(chosen.names[1]) == len(chosen.target) == 30
    assert 1000 < upload.size < 3000


@pytest.mark.parametrize(
    ("query", "far", "high"),
    [("data=spirals&noise=0&n=2000", 1.5, 1.5), ("data=gaussians&noise=0&n=2000", 2.4, 1.5)],
)
def test_points_lie_where_their_formula_says(query, far, high):
    data = load_data(read_state(query), Uploads())
    points, y = np.concatenate([data.train, data.test]), np.concatenate([data.y_train, data.y_test])
    if "spirals" in query:
        radius = np.hypot(*points.T)
        assert radius.max() <= 1.5
        assert radius.min() >= 1.5 * np.sqrt(0.02)
        angle = np.angle(points[:, 0] + 1j * points[:, 1])
        arm = 3 * np.pi * radius / 1.5 + np.pi * y
        np.testing.assert_allclose(np.exp(1j * angle), np.exp(1j * arm), atol=1e-9)
    else:
        for k, middle in ((0, -0.8), (1, 0.8)):
            cloud = points[y == k]
            np.testing.assert_allclose(cloud.mean(axis=0), middle, atol=0.03)
            np.testing.assert_allclose(cloud.std(axis=0), 0.2, atol=0.02)


@pytest.mark.parametrize(
    ("data", "per_noise", "without"),
    [
        ("xor", 0.5, 0),
        ("sine", 0.5, 0),
        ("plane", 0.5, 0),
        ("gaussians", 1, 0.2),
        ("blobs", 1, 0.1),
        ("spirals", 0.25, 0),
    ],
)
def test_noise_adds_what_its_formula_says(data, per_noise, without):
    one, other = (load_data(read_state(f"data={data}&n=2000&noise={noise}"), Uploads()) for noise in (0.2, 0.6))
    numbers = data in ("sine", "plane")
    change = other.y_train - one.y_train if numbers else (other.train - one.train).ravel()
    assert change.std() == pytest.approx(0.4 * per_noise, rel=0.06)
    if without:
        still = load_data(read_state(f"data={data}&n=2000&noise=0"), Uploads())
        spread = np.concatenate(
            [still.train[still.y_train == k] - still.train[still.y_train == k].mean(0) for k in (0, 1)]
        )
        assert spread.std() == pytest.approx(without, rel=0.06)


def test_blobs_and_exclusive_or_by_their_places():
    blobs = load_data(read_state("data=blobs&classes=4&noise=0&n=2000"), Uploads())
    middles = np.array([blobs.train[blobs.y_train == k].mean(axis=0) for k in range(4)])
    np.testing.assert_allclose(middles, [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=0.03)
    xor = load_data(read_state("data=xor&noise=0&n=2000"), Uploads())
    assert (xor.y_train == (xor.train.prod(axis=1) < 0)).all()
    assert 0.1 <= np.abs(xor.train).min() < 0.12
    assert 1.08 < np.abs(xor.train).max() <= 1.1


def test_colours_go_from_orange_over_grey_to_blue(play):
    course = play.course(read_state("data=plane&hidden=&features=x,y"))
    position = course.at(0)
    network = position.run.network
    network.W[1][...], network.b[1][...] = 0.0, 0.0
    colours, value = surface(course.setup, position, 4)
    assert (value == 0).all()
    assert (colours == 247).all()  # the middle of the targets
    _, most = limits(course.setup.data)
    assert most == np.abs(course.setup.data.y_train).max()
    assert limits(course.setup.data)[0] == -most
    ends = []
    for share in (-1, -0.5, 0.5, 1, 5):
        network.b[1][...] = share * most
        ends.append(surface(course.setup, position, 4)[0][0, 0])
    grey = np.full(3, 247.0)
    np.testing.assert_allclose(ends[1] - grey, (ends[0] - grey) / 2)
    np.testing.assert_allclose(ends[2] - grey, (ends[3] - grey) / 2)
    np.testing.assert_array_equal(ends[3], ends[4])  # beyond the targets as at their end
    orange, blue = (grey + (end - grey) / 0.55 for end in (ends[0], ends[3]))
    assert blue[2] > blue[0]
    assert orange[0] > orange[2]


def test_an_animation_has_a_picture_for_each_step_of_a_short_run(client):
    from PIL import Image

    gif = Image.open(io.BytesIO(client.get("/export/animation.gif?step=5").content))
    assert gif.size == (360, 384)
    assert gif.n_frames == 6
    durations = []
    for k in range(6):
        gif.seek(k)
        durations.append(gif.info["duration"])
    assert durations == [100] * 5 + [1500]
    assert gif.info["loop"] == 0


def test_lessons_as_the_page_takes_them(play):
    told = json.loads(play.lessons(""))
    places = {"network", "surface", "curves", "title", "time", "controls", "glass"}
    assert len({lesson["id"] for lesson in told}) == len(told)
    for lesson in told:
        assert set(lesson) == {"id", "title", "steps", "lang"}
        query = {}
        for step in lesson["steps"]:
            assert set(step) == {"text", "query", "highlight", "question"}
            assert step["highlight"] in places
            query |= step["query"]
            assert isinstance(read_state("&".join(f"{name}={value}" for name, value in query.items())), State)
            if step["question"] is not None:
                assert set(step["question"]) == {"text", "choices", "answer", "why"}
                assert len(set(step["question"]["choices"])) == len(step["question"]["choices"]) >= 2
                assert step["question"]["text"].endswith("?")
                assert step["question"]["why"].endswith(".")


@pytest.mark.parametrize(("cost", "replayed"), [(249.0, True), (250.0, False), (1000.0, False)])
def test_remedies_are_tried_where_a_step_is_cheap(play, monkeypatch, cost, replayed):
    course = play.course(read_state("rate=1000&step=3"))
    monkeypatch.setattr(type(course.setup), "step_cost", property(lambda setup: cost))
    told = diagnosis.findings(course, read_state("rate=1000&step=3"))
    assert (told["findings"][0]["replay"] is not None) is replayed
    assert ("named but not tried" in told["note"]) is not replayed
    assert told["epochs"] == 3  # 30,000 microseconds are 120 or 30 steps of one epoch each
    assert told["findings"][0]["title"] == "Learning rate too high" or not replayed


def test_runs_whose_step_costs_more_than_a_millisecond_are_not_looked_at(play, monkeypatch):
    course = play.course(read_state(""))
    monkeypatch.setattr(type(course.setup), "step_cost", property(lambda setup: 1000.1))
    with pytest.raises(InputError, match="diagnosis: expected a smaller run"):
        diagnosis.findings(course, read_state("step=1"))


def test_a_diagnosis_looks_at_whole_epochs_and_at_no_more_than_its_time(play, monkeypatch):
    course = play.course(read_state("batch=100"))
    for step, epochs in ((1, 1), (4, 1), (5, 2), (8, 2)):
        told = diagnosis.findings(course, read_state(f"batch=100&step={step}"))
        assert (told["epochs"], "is diagnosed" in told["note"]) == (epochs, False)
    monkeypatch.setattr(type(course.setup), "step_cost", property(lambda setup: 750.0))  # 40 steps, 10 epochs
    assert diagnosis.findings(course, read_state("batch=100&step=40"))["epochs"] == 10
    told = diagnosis.findings(course, read_state("batch=100&step=41"))
    assert told["epochs"] == 10
    assert "only its way to step 40 is diagnosed" in told["note"]
    for step, said in ((0, False), (7, True)):
        state = read_state(f"batch=100&edits={step}:b1,0=1&step=9")
        assert ("by hand" in diagnosis.findings(course, state)["note"]) is said
