"""The playground in a notebook, without a browser: the run that it shows, and the messages that its kernel answers."""

import json
import subprocess
import sys
import threading

import numpy as np
import pytest

import glassnet as gn
from glassnet.playground.addresses import addresses
from glassnet.playground.notebook.exchange import Exchange
from glassnet.playground.playground import Playground

pytest.importorskip("anywidget")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2)) * [100, 1]
Y = (X[:, 0] > 50 * X[:, 1]).astype(int)
OPTIONS = {
    "optimizer": gn.Adam(0.02, beta1=0.8),
    "batch_size": 16,
    "seed": 9,
    "schedule": gn.Cosine(),
    "clip_norm": 1.0,
    "sample_weight": np.linspace(1, 2, 60),
    "epochs": 10,
    "l2": 0.01,
}


def made(**settings):
    return gn.Network([2, 4, 1], hidden="tanh", output="sigmoid", seed=3, **settings)


def answer(widget, name, query=None):
    return addresses(widget._play)[name].answer(widget.query if query is None else query)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_run_is_the_one_that_train_makes(dtype, header):
    net = made(dtype=dtype)
    before = net.theta.copy()
    widget = gn.playground(net, X, Y, validation=(X[:9], Y[:9]), query="step=25", **OPTIONS)
    history = gn.train(net.copy(), X, Y, **OPTIONS)
    assert widget.network.theta.tobytes() == history.at(25).network.theta.tobytes()
    assert net.theta.tobytes() == before.tobytes()
    told = header(answer(widget, "frame"))
    assert told["init"] == "given"
    assert told["max_step"] == history.steps == 40
    assert told["loss"]["test"] == pytest.approx(history.at(25).network.loss(X[:9], Y[:9]), rel=1e-6)
    assert json.loads(answer(widget, "diagnosis"))["begun"]


def test_a_history_opens_at_its_last_step_and_goes_on():
    history = gn.train(made(), X, Y, epochs=30)
    widget = gn.playground(history, names=("width", "height"))
    assert widget.query.endswith("step=30")
    assert widget.network.theta.tobytes() == history.run.network.theta.tobytes()
    widget.query = widget.query.replace("step=30", "step=40")
    longer = gn.train(made(), X, Y, epochs=40)
    assert widget.network.theta.tobytes() == longer.run.network.theta.tobytes()
    points = json.loads(answer(widget, "data"))
    assert points["names"] == ["width", "height", "class"]
    assert points["train"] == {"points": X.tolist(), "targets": Y.tolist()}
    assert points["test"]["points"] == []
    (left, right), (bottom, top) = points["domain"]
    assert (right - left) / (top - bottom) > 20  # each axis in its own units


def test_three_classes_two_by_softmax_and_numbers(header):
    for output, k, y in (("softmax", 3, np.arange(60) % 3), ("softmax", 2, Y), ("identity", 1, X[:, 1])):
        widget = gn.playground(gn.Network([2, 3, k], output=output, seed=1), X / 100, y, query="step=2")
        told = header(answer(widget, "frame"))
        assert told["activations"][-1] == output
        assert told["sizes"][-1] == k


@pytest.mark.parametrize("optimizer", [gn.Momentum(0.05, momentum=0.5), gn.SGD(0.1)])
def test_the_script_holds_the_data_and_repeats_the_run(optimizer, tmp_path, header):
    widget = gn.playground(made(), X, Y, query="step=12&rate=0.03", **{**OPTIONS, "optimizer": optimizer})
    (tmp_path / "script.py").write_bytes(answer(widget, "export/script.py"))
    told = subprocess.run(
        [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert f"training loss {header(answer(widget, 'frame'))['loss']['train']!r}" in told.stdout
    assert "test loss" not in told.stdout


def test_a_change_of_the_shape_needs_other_initial_weights():
    widget = gn.playground(made(), X, Y)
    with pytest.raises(gn.InputError, match="init: expected a network of 2-4-1 for the given weights; got 2-5-1; "):
        answer(widget, "frame", widget.query.replace("hidden=4", "hidden=5"))
    query = widget.query.replace("hidden=4", "hidden=5").replace(widget.home["init"], "")
    assert answer(widget, "frame", query)


def test_names_are_made_of_the_content_and_known_to_their_notebook_alone():
    first, second = gn.playground(made(), X, Y), gn.playground(made(), X.copy(), Y.copy())
    assert first.home == second.home
    other = gn.playground(made(), X + 1, Y)
    assert other.home["init"] == first.home["init"]
    assert other.home["data"] != first.home["data"]
    for name in ("data", "init"):
        with pytest.raises(gn.InputError, match=f"{name}: expected what this notebook gave; got given:"):
            Playground().frame(f"{name}={first.home[name]}")


def test_a_table_of_any_number_of_columns():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": X[:, 0], "kind": np.where(Y, "yes", "no"), "b": X[:, 1], "c": X[:, 1] ** 2})
    points = json.loads(answer(gn.playground(X=table, y="kind", names=["c", "a"]), "data"))
    assert points["names"] == ["c", "a", "kind"]
    assert points["classes"] == ["no", "yes"]
    assert [each["name"] for each in points["columns"]] == ["a", "b", "c", "kind"]
    plain = json.loads(answer(gn.playground(X=np.column_stack([X, X[:, 0] ** 2]), y=X[:, 1] * 2), "data"))
    assert plain["names"] == ["x1", "x2", "y"]
    assert plain["task"] == "regression"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: gn.playground(gn.Network([3, 2, 1]), X[:, [0, 1, 1]], Y),
            "playground: expected two columns of inputs",
        ),
        (lambda: gn.playground(gn.Network([2, 64, 1]), X, X[:, 0]), "hidden: expected a whole number from 1 to 32"),
        (lambda: gn.playground(made()), "playground: expected X and y with a network"),
        (lambda: gn.playground(made(), X, Y, optimizer="lbfgs"), "playground: expected a run in steps; got LBFGS"),
        (lambda: gn.playground(made(), X, Y / 2 + 0.1), "y: expected classes, or one number for each row; got prob"),
        (lambda: gn.playground(X=X), "playground: expected X and y alone"),
        (lambda: gn.playground(X=X, y=Y, names=["x1", "z"]), "names: expected two of x1, x2, y; got"),
        (lambda: gn.playground(made(), np.tile(X, (100, 1)), np.tile(Y, 100)), "X: expected at most 5,000 rows"),
        (lambda: gn.playground(query="stp=3"), "query: expected one of .*; got 'stp'; did you mean 'step'"),
        (
            lambda: gn.playground(gn.Network([2, 3, 1], output="exponential"), X, Y),
            "output: expected sigmoid, softmax, id",
        ),
    ],
)
def test_what_the_page_cannot_show_is_refused_in_one_line(call, message):
    with pytest.raises(gn.InputError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


def test_without_anywidget_one_line_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "glassnet.playground.notebook.widget", raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(gn.InputError, match=r"pip install glassnet\[notebook\]"):
        gn.playground()


def test_viewers_without_a_kernel_get_a_recording():
    widget = gn.playground(query="hidden=2&n=20&step=20")
    bundle, _ = widget._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert bundle["text/html"].startswith("<iframe srcdoc=")
    assert "two moons" in bundle["text/html"]
    widget.fallback = False
    assert "text/html" not in widget._repr_mimebundle_()[0]


# --- messages ---------------------------------------------------------------------------------------------------------


class Told:
    """What a kernel has sent: messages and buffers."""

    def __init__(self):
        self.messages, self.changed = [], threading.Condition()

    def __call__(self, message, buffers):
        with self.changed:
            self.messages.append((message, buffers))
            self.changed.notify_all()

    def answer_to(self, id):
        def found():
            return next((each for each in self.messages if each[0].get("id") == id), None)

        with self.changed:
            assert self.changed.wait_for(found, 60)
            return found()


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def exchange(play, told):
    made = Exchange(play, told)
    yield made
    made.close(now=True)


def test_answers_are_the_bytes_of_the_server(exchange, told, client):
    for path in (
        "frame?data=xor&step=3",
        "data?n=20",
        "explain?hidden=2&step=1&sample=0",
        "lessons",
        "export/model.json?step=2",
    ):
        exchange.receive({"ask": path, "path": path})
        message, buffers = told.answer_to(path)
        served = client.get(f"/{path}")
        assert buffers == [served.content]
        assert message["kind"].split(";")[0] == served.headers["content-type"].split(";")[0]
    assert {"heard": "lessons"} in [message for message, _ in told.messages]


def test_a_refusal_is_the_servers_sentence(exchange, told, client):
    for path in ("frame?n=3", "frame?hidden=32,32&step=40000", "nothing?x=1", "upload?"):
        exchange.receive({"ask": path, "path": path})
        message, buffers = told.answer_to(path)
        assert buffers == []
        if path.startswith("frame"):
            assert message["error"] == client.get(f"/{path}").json()["error"]
        else:
            assert "expected" in message["error"]


def test_a_table_is_uploaded(exchange, told):
    content = b"x,y,kind\n" + b"0.5,1,a\n-1,2,b\n" * 10
    exchange.receive({"ask": "1", "path": "upload?"}, [memoryview(content)])
    _, (summary,) = told.answer_to("1")
    exchange.receive({"ask": "2", "path": f"data?data={json.loads(summary)['id']}"})
    assert json.loads(told.answer_to("2")[1][0])["classes"] == ["a", "b"]


def test_what_is_not_wanted_any_more_is_not_computed(exchange, told, play):
    begun, go = threading.Event(), threading.Event()
    computed = []

    def slow(query):
        computed.append(query)
        begun.set()
        assert go.wait(60)
        return b"{}"

    object.__setattr__(exchange._addresses["diagnosis"], "answer", slow)
    for step in (1, 2, 3):
        exchange.receive({"ask": f"v:{step}", "path": f"diagnosis?step={step}"})
    assert begun.wait(60)
    exchange.receive({"ask": "v:frame", "path": "frame?step=1"})  # a slow answer delays no quick one
    told.answer_to("v:frame")
    exchange.receive({"cancel": "v:1"})
    exchange.receive({"cancel": "v:2"})
    go.set()
    told.answer_to("v:3")
    assert computed == ["step=1", "step=3"]
    assert not [each for each in told.messages if each[0].get("id") in ("v:1", "v:2")]


def test_the_last_view_to_go_frees_the_memory(exchange, told, play):
    for view in "ab":
        exchange.receive({"ask": f"{view}:1", "path": "frame?step=50"})
        told.answer_to(f"{view}:1")
    assert play.checkpoints.size > 0
    exchange.receive({"gone": "a"})
    assert play.checkpoints.size > 0
    exchange.receive({"gone": "b"})
    assert play.checkpoints.size == 0
    exchange.receive({"ask": "b:2", "path": "frame?step=50"})
    assert told.answer_to("b:2")[1] == told.answer_to("b:1")[1]


def test_messages_that_are_none_are_passed_over(exchange, told):
    for message in (None, 3, "ask", {}, {"ask": 3}, {"cancel": None}, {"cancel": "unknown"}, {"gone": 1}):
        exchange.receive(message)
    assert told.messages == []


def test_a_fault_of_the_kernel_is_told(exchange, told):
    def fails(query):
        raise ZeroDivisionError("by zero")

    object.__setattr__(exchange._addresses["lessons"], "answer", fails)
    exchange.receive({"ask": "1", "path": "lessons"})
    assert told.answer_to("1")[0]["error"] == "The kernel failed: ZeroDivisionError: by zero"


def test_a_widget_hands_the_page_and_the_answers_to_its_view(told):
    widget = gn.playground(query="n=20&hidden=2")
    widget.send = told
    widget._exchange._send = told
    widget._handle_custom_msg({"page": "a"}, [])
    (page,) = told.messages[0][1]
    assert b"glassnet/app/notebook.js" in page
    widget._handle_custom_msg({"ask": "a:1", "path": f"data?{widget.query}"}, [])
    assert len(json.loads(told.answer_to("a:1")[1][0])["train"]["points"]) == 16
    widget.close()
    widget.close()
