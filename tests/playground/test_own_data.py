"""Own data as they are: columns to choose from, numbers over one input, and points drawn by hand in the address."""

import json

import numpy as np
import pytest

from glassnet import InputError
from glassnet.playground.drawn import DIGITS, MOST_POINTS, ORIGIN, UNIT, read_drawn
from glassnet.playground.playground import Playground
from glassnet.playground.state import read_state
from glassnet.playground.uploads import Uploads, read_upload

ROWS = [(k / 7, -k, ("red", "blue")[k % 2], 3.5 * k + 0.1 * (k % 3), k % 4) for k in range(40)]
TABLE = "\n".join(["width,height,colour,price,rooms", *(",".join(map(str, row)) for row in ROWS)]).encode()


def drawn(points, kind="points"):
    """The data of an address, as the page writes it."""
    numbers = [
        (round(x * UNIT) + ORIGIN) << 20 | (round(y * UNIT) + ORIGIN) << 4 | k << 1 | test for x, y, k, test in points
    ]
    return f"{kind}:" + "".join(DIGITS[number >> 6 * at & 63] for number in numbers for at in range(5, -1, -1))


CROSS = drawn([(x / 4, y / 4, int(x * y > 0), int((x + y) % 4 == 0)) for x in range(-4, 5) for y in range(-4, 5)])
BUMP = drawn([(x / 10, np.cos(x / 6), 0, int(x % 4 == 1)) for x in range(-20, 21)], "curve")


@pytest.fixture
def own():
    play = Playground()
    return play, play.uploads.add(read_upload(TABLE)).id


def test_fault_exactly_three_columns(own):
    play, name = own
    told = json.loads(play.data(f"data={name}"))
    assert told["names"] == ["width", "height", "rooms"]
    assert told["classes"] == ["0", "1", "2", "3"]
    assert told["columns"] == [
        {"name": each, "numbers": each != "colour", "target": True}
        for each in ["width", "height", "colour", "price", "rooms"]
    ]
    chosen = json.loads(play.data(f"data={name}&x=height&y=price&target=colour"))
    assert (chosen["names"], chosen["classes"]) == (["height", "price", "colour"], ["blue", "red"])
    price = np.array(sorted(row[3] for row in ROWS))
    points = [*chosen["train"]["points"], *chosen["test"]["points"]]
    np.testing.assert_allclose(sorted(y * chosen["scale"][1] + chosen["mean"][1] for _, y in points), price)


def test_a_number_over_one_input(own):
    play, name = own
    told = json.loads(play.data(f"data={name}&x=width&y=-&target=price"))
    assert told["graph"] is True
    assert told["feature_names"] == ["width"]
    assert [y for _, y in told["train"]["points"]] == told["train"]["targets"]
    two = play.uploads.add(read_upload("\n".join(["t,v", *(f"{k},{k * k}" for k in range(30))]).encode())).id
    assert json.loads(play.data(f"data={two}"))["graph"] is True


@pytest.mark.parametrize(
    ("query", "words"), [("x=weight", "weight"), ("x=colour", "a number"), ("target=width&y=-&x=colour", "colour")]
)
def test_columns_that_do_not_fit_are_named(own, query, words):
    play, name = own
    with pytest.raises(InputError, match=words):
        play.data(f"data={name}&{query}")


def test_columns_are_named_of_own_data_alone():
    assert read_state("data=xor&x=width") == read_state("data=xor")
    with pytest.raises(InputError, match="column"):
        read_state("data=xor&x=" + "w" * 61)


def test_fault_a_link_dies_with_the_server():
    """Points that were drawn stand in the address: any server knows them."""
    one, other = Playground(), Playground()
    assert one.frame(f"data={CROSS}&step=20") == other.frame(f"data={CROSS}&step=20")
    told = json.loads(one.data(f"data={CROSS}"))
    assert len(told["train"]["points"]) + len(told["test"]["points"]) == 81
    assert [0.25, 0.25] in told["train"]["points"] + told["test"]["points"]
    assert told["domain"] == [[-1.5, 1.5], [-1.5, 1.5]]


def test_a_point_that_moves_leaves_all_others(header):
    points = [(x / 4, y / 4, int(x * y > 0), int((x + y) % 4 == 0)) for x in range(-4, 5) for y in range(-4, 5)]
    points[7] = (0.33, -0.2, *points[7][2:])
    before, after = (json.loads(Playground().data(f"data={text}")) for text in (CROSS, drawn(points)))
    part = "test" if points[7][3] else "train"
    changed = [a != b for a, b in zip(before[part]["points"], after[part]["points"], strict=True)]
    assert sum(changed) == 1
    assert before["domain"] == after["domain"]


def test_y_over_x_by_hand_is_learnt(header, planes):
    play = Playground()
    query = f"data={BUMP}&hidden=12&activation=tanh&optimizer=adam&rate=0.03"
    told = header(play.frame(f"{query}&step=600"))
    assert told["sizes"] == [1, 12, 1]
    assert told["surface"]["kind"] == "graph"
    assert told["metric"]["test"] > 0.99
    low, high = told["surface"]["range"]
    line = low + (planes(play.frame(f"{query}&step=600"))[1][0][0] + 32767.0) / 65534 * (high - low)
    data = json.loads(play.data(f"data={BUMP}"))
    (left, right), _ = data["domain"]
    x = left + (np.arange(64) + 0.5) / 64 * (right - left)
    inside = np.abs(x) < 1.8
    np.testing.assert_allclose(line[inside], np.cos(x * 10 / 6)[inside], atol=0.12)


def test_features_of_y_are_left_out_where_y_is_the_target(header):
    play = Playground()
    assert header(play.frame(f"data={BUMP}&features=x,y,xx,xy"))["features"] == ["x", "x²"]
    with pytest.raises(InputError, match="one input"):
        play.frame(f"data={BUMP}&features=y")


@pytest.mark.parametrize(
    "text",
    [
        "points:", "points:abc", "curve:gACAA", "points:gACAAA", drawn([(0, 0, 0, 0), (1, 1, 1, 0)]),
        drawn([(0, 0, 0, 0), (1, 1, 1, 1)]), drawn([(1, 1, 0, 0)] * 2 + [(1, 1, 1, 1)]),
        drawn([(x / 100, 0, 7, x % 2) for x in range(9)]), drawn([(x / 100, 0, 0, x % 2) for x in range(MOST_POINTS + 1)]),
        "points:gACAA/gACAA+gACAAA",
    ],
)  # fmt: skip
def test_what_is_no_drawing_is_refused_in_one_line(text, refuses):
    with refuses("data"):
        read_drawn(text)


@pytest.mark.parametrize("data", [CROSS, BUMP])
@pytest.mark.parametrize("name", ["script.py", "figure.png", "animation.gif", "model.json"])
def test_exports_of_points_drawn_by_hand(data, name, tmp_path, header):
    play = Playground()
    content = play.exporter(name)(f"data={data}&step=12&hidden=3")
    assert len(content) > 300
    if name != "script.py":
        return
    printed = []
    exec(content.decode(), {"print": printed.append, "__name__": "run"})  # noqa: S102
    told = header(play.frame(f"data={data}&step=12&hidden=3"))
    assert printed == ["step 12", f"training loss {told['loss']['train']!r}", f"test loss {told['loss']['test']!r}"]


def test_a_script_of_chosen_columns_reads_them(own, tmp_path, monkeypatch, header):
    play, name = own
    query = f"data={name}&x=height&target=price&y=width&step=7"
    script = play.exporter("script.py")(query).decode()
    (tmp_path / "own.csv").write_bytes(TABLE)
    monkeypatch.setattr("sys.argv", ["script.py", str(tmp_path / "own.csv")])
    printed = []
    exec(script, {"print": printed.append, "__name__": "run"})  # noqa: S102
    assert printed[1] == f"training loss {header(play.frame(query))['loss']['train']!r}"


def test_an_upload_is_read_once_for_all_choices():
    uploads = Uploads()
    upload = uploads.add(read_upload(TABLE))
    assert upload.choose(target="colour").names == ("width", "height")
    assert upload.choose().target == "rooms"
