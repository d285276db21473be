"""Frames: their numbers are those of the network, their maps its activations over the plane."""

import json

import numpy as np
import pytest

import glassnet as gn
from glassnet import InputError
from glassnet.playground import frames, pictures
from glassnet.playground.frames import MAP_SIZE, SURFACE_SIZE, to_json
from glassnet.playground.playground import Playground
from glassnet.playground.setup import load_data
from glassnet.playground.state import read_state
from glassnet.playground.uploads import Uploads

KINDS = {
    "probability": "data=circles&hidden=5,3&activation=tanh,relu&batch=25&l2=0.01&step=30",
    "class": "data=blobs&classes=4&hidden=6&step=40",
    "value": "data=sine&hidden=8&activation=tanh&features=x,y,sinx&step=50",
}


def network(told):
    """The network of a frame's header, as anyone could build it."""
    sizes = [len(told["W"][0]), *(len(b) for b in told["b"])]
    net = gn.Network(sizes, told["activations"][:-1], told["activations"][-1], loss=told["loss"]["name"])
    for layer in net.W:
        net.W[layer][...], net.b[layer][...] = told["W"][layer - 1], told["b"][layer - 1]
    return net


def inputs(query, points):
    columns = {"x": points[:, 0], "y": points[:, 1], "sinx": np.sin(points[:, 0])}
    return np.column_stack([columns[name] for name in read_state(query).features])


def grid(data, size):
    (left, right), (bottom, top) = data.domain
    x = left + (right - left) * (np.arange(size) + 0.5) / size
    y = bottom + (top - bottom) * (np.arange(size)[::-1] + 0.5) / size
    return np.array([(a, b) for b in y for a in x])


@pytest.mark.parametrize("kind", KINDS)
def test_the_numbers_are_those_of_the_network(kind, play, header):
    query = KINDS[kind]
    told, data = header(play.frame(query)), load_data(read_state(query), Uploads())
    net = network(told)
    X, X_test = inputs(query, data.train), inputs(query, data.test)
    assert told["loss"]["train"] == pytest.approx(net.loss(X, data.y_train), rel=1e-14)
    assert told["loss"]["test"] == pytest.approx(net.loss(X_test, data.y_test), rel=1e-14)
    predicted = net.predict(X_test)
    if kind == "value":
        assert told["metric"]["test"] == pytest.approx(1 - np.mean((data.y_test - predicted) ** 2) / data.y_test.var())
        assert told["confusion"] is None
    else:
        assert told["metric"]["test"] == np.mean(predicted == data.y_test)
        counted = [[int(np.sum((data.y_test == i) & (predicted == j))) for j in range(len(data.classes))]
                   for i in range(len(data.classes))]  # fmt: skip
        assert told["confusion"] == counted
    rows = told["batch"] or list(range(len(X)))
    l2 = read_state(query).l2
    gradient = net.backward(net.forward(X[rows]), data.y_train[rows], l2=l2)
    for layer in net.W:
        np.testing.assert_allclose(told["dW"][layer - 1], gradient.W[layer], rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(told["db"][layer - 1], gradient.b[layer], rtol=1e-10, atol=1e-14)
    assert told["loss"]["batch"] == pytest.approx(net.loss(X[rows], data.y_train[rows], l2=l2), rel=1e-12)
    assert told["parameters"] == net.n_parameters
    assert told["curve"]["train"][-1] == told["loss"]["train"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_maps_are_the_activations_over_the_plane(kind, play, header, planes):
    query = KINDS[kind]
    content = play.frame(query)
    told, (maps, surface) = header(content), planes(content)
    net, data = network(told), load_data(read_state(query), Uploads())
    trace = net.forward(inputs(query, grid(data, MAP_SIZE)))
    units = np.concatenate([A.T for A in trace.A.values()]).reshape(-1, MAP_SIZE, MAP_SIZE)
    scale = np.concatenate(told["maps"]["scale"])[:, None, None]
    np.testing.assert_allclose(scale[:, 0, 0], np.abs(units).max(axis=(1, 2)), rtol=1e-9)
    np.testing.assert_allclose(maps / 127 * scale, units, atol=0.51 / 127 * scale.max())
    assert np.abs(maps[np.abs(units).max(axis=(1, 2)) > 0]).max(axis=(1, 2)).min() == 127

    output = net.forward(inputs(query, grid(data, SURFACE_SIZE))).output.T.reshape(-1, SURFACE_SIZE, SURFACE_SIZE)
    low, high = told["surface"]["range"]
    assert told["surface"]["kind"] == kind
    assert len(surface) == told["surface"]["outputs"] == len(output)
    np.testing.assert_allclose(
        low + (surface + 32767.0) / 65534 * (high - low), output, atol=0.51 * (high - low) / 65534
    )


def test_an_epoch_and_the_reach_are_told(play, header):
    told = header(play.frame("batch=100&step=9"))
    assert (told["step"], told["epoch"], told["steps_per_epoch"], len(told["batch"])) == (9, 2, 4, 100)
    small, large = (header(play.frame(f"n=2000&hidden={h}"))["max_step"] for h in ("2", "32,32,32,32,32,32"))
    assert large < 1000 < small


def test_a_run_that_ended_says_so_with_its_last_good_parameters(play, header):
    told = header(play.frame("data=sine&noise=0&hidden=16,16,16&rate=300&step=300"))
    end = told["non_finite"]
    assert told["step"] == 300
    assert 0 < end["step"] < 300
    assert end["last"] == end["step"] - 1
    assert end["message"].startswith(f"The loss overflowed after step {end['last']}, which is shown")
    assert "clip_norm" not in end["message"]  # the page has no such control
    assert np.isfinite(np.concatenate([np.ravel(W) for W in told["W"]])).all()
    assert told["curve"]["step"][-1] == end["step"] - 1
    before = header(play.frame(f"data=sine&noise=0&hidden=16,16,16&rate=300&step={end['step'] - 1}"))
    assert (before["W"], before["loss"]) == (told["W"], told["loss"])


def test_huge_numbers_set_by_hand_are_shown(play, header, planes):
    edits = ";".join(f"0:W{layer},0,0={(-1) ** layer}e6" for layer in range(1, 8))
    content = play.frame(f"data=sine&hidden=1,1,1,1,1,1&activation=identity&features=x&edits={edits}")
    told = header(content)
    assert told["loss"]["train"] > 1e60
    assert np.abs(planes(content)[0]).max() == 127


def test_json_is_exact_and_has_null_for_what_is_no_number():
    values = [0.1, 1 / 3, 1e-300, 123456789.123456789, -0.0]
    assert json.loads(to_json(values)) == values
    assert to_json({"a": [np.inf, 1.0], "b": float("nan")}) == b'{"a":[null,1.0],"b":null}'


def test_data_do_not_depend_on_the_run():
    play = Playground()
    one = play.data("data=xor&n=50&seed=3&hidden=4&step=12")
    assert one == play.data("data=xor&n=50")
    told = json.loads(one)
    assert len(told["train"]["points"]) == len(told["train"]["targets"]) == 40
    assert told["classes"] == ["0", "1"]


def test_outputs_beyond_the_numbers_are_shown_as_1e300(play):
    course = play.course(read_state("data=sine&hidden=1,1&activation=identity&features=x"))
    position = course.at(0)
    network = position.run.network
    network.theta[...] = 0
    network.W[1][...] = network.W[2][...] = 1e200
    network.W[3][...] = 1  # the second layer and the output are inf with the sign of x
    with np.errstate(over="ignore", invalid="ignore"):
        maps, scale = frames._maps(course.setup, network)
        surface, limits = frames._surface(course.setup, network)
    assert limits == [-1e300, 1e300]
    assert scale[2:] == [[1e300], [1e300]]
    assert set(np.frombuffer(maps[-(MAP_SIZE**2) :], np.int8)) == {-127, 127}
    assert set(np.frombuffer(surface, "<i2")) == {-32767, 32767}
    colours, value = pictures.surface(course.setup, position, 8)
    assert set(value.ravel()) == {-1e300, 1e300}
    assert len(np.unique(colours.reshape(-1, 3), axis=0)) == 2


def split(content):
    """The frames of a series."""
    parts = []
    while content:
        length = int.from_bytes(content[:4], "little")
        parts.append(content[4 : 4 + length])
        content = content[4 + length :]
    return parts


def test_a_series_is_the_frames_one_after_another(play):
    query = "data=xor&rate=0.3&"
    wanted = [play.frame(f"{query}step={step}") for step in (7, 12, 17)]
    assert split(play.frames(f"{query}step=7&count=3&stride=5")) == wanted
    assert split(play.frames(f"{query}step=7")) == wanted[:1]


def test_a_series_ends_at_the_last_step_of_the_run(play, header):
    last = header(play.frame(""))["max_step"]
    steps = [header(part)["step"] for part in split(play.frames(f"step={last - 3}&count=9&stride=2"))]
    assert steps == [last - 3, last - 1, last]
    with pytest.raises(InputError, match="step: expected at most"):
        play.frames(f"step={last + 1}&count=2")


def test_a_series_ends_with_the_first_frame_without_a_finite_loss(play, header):
    query = "data=plane&rate=1000&hidden=8,8&"
    told = [header(part)["non_finite"] for part in split(play.frames(f"{query}step=1&count=64"))]
    assert 1 < len(told) < 64
    assert [each is not None for each in told] == [False] * (len(told) - 1) + [True]


def test_a_series_is_bounded_in_frames_and_bytes(play):
    for query, name in [
        ("count=121", "count"),
        ("count=0", "count"),
        ("stride=0", "stride"),
        ("stride=1001", "stride"),
    ]:
        with pytest.raises(InputError, match=f"{name}: expected a whole number"):
            play.frames(query)
    large = play.frames("hidden=32,32,32,32,32,32&count=64")
    assert len(large) <= frames.MOST_SERIES
    assert 1 < len(split(large)) < 64
    assert large == type(play)().frames("hidden=32,32,32,32,32,32&count=64")
