"""A recording holds the run's own numbers at each kept step, and what cannot be drawn is refused in one line."""

import base64
import json
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_moons

import glassnet as gn

X, y = make_moons(60, noise=0.2, random_state=0)


def network(inputs=2, outputs=1, output="sigmoid"):
    return gn.Network([inputs, 3, outputs], hidden="tanh", output=output, seed=1)


def part(recording, name):
    found = re.search(rf'<script type="[^"]*" id="{name}">([^<]*)</script>', recording.html)
    return found[1]


def unpacked(recording, name):
    return zlib.decompress(base64.b64decode(part(recording, name)))


def test_the_numbers_of_each_kept_step_are_those_of_the_run():
    history = gn.train(network(), X, y, optimizer="adam", epochs=40, batch_size=20, validation=(X[:20], y[:20]))
    recording = gn.record(history, frames=30)
    (run,) = json.loads(part(recording, "recording"))["runs"]
    assert run["steps"][:8] == [*range(8)]
    assert run["steps"][-1] == 120
    content = unpacked(recording, "frames-0")
    (length,) = struct.unpack("<I", content[:4])
    headers = json.loads(content[4 : 4 + length])["headers"]
    planes = np.frombuffer(content, np.uint8, 8 * len(headers) * 2 * 13, 4 + length).reshape(8, -1)
    numbers = np.ascontiguousarray(planes.T).view("<f8").reshape(len(headers), 26)
    assert [header["step"] for header in headers] == run["steps"]
    for header, packed in zip(headers, numbers, strict=True):
        there = history.at(step=header["step"]).network
        parameters = [*there.W.values(), *there.b.values()]
        assert np.array_equal(packed[:13], np.concatenate([each.ravel() for each in parameters]))
        assert header["loss"]["train"] == pytest.approx(there.loss(X, y), rel=1e-12)
        assert header["loss"]["test"] == pytest.approx(there.loss(X[:20], y[:20]), rel=1e-12)
    worked = json.loads(unpacked(recording, "glass-0"))
    assert {each["step"] for each in worked} == set(run["worked"])
    assert [each["sample"] for each in worked[:3]] == ["", *run["samples"][1:]]


def test_an_estimator_is_trained_as_a_copy():
    estimator = gn.MLPClassifier((3,), max_iter=5, random_state=0)
    assert "2-3-1" in gn.record(estimator, X, y, frames=5).title
    assert not hasattr(estimator, "loss_")


REFUSED = {
    "two columns of inputs": lambda: gn.train(network(3), np.c_[X, X[:, 0]], y, epochs=2),
    "LBFGS": lambda: gn.train(network(), X, y, optimizer=gn.LBFGS(), epochs=2),
    "rows=": lambda: gn.train(network(), X, y, rows=np.arange(30), epochs=2),
    "before its first": lambda: gn.Run(network(), X, y),
    "X and y": network,
    "one output": lambda: gn.train(network(outputs=2, output="identity"), X, np.c_[y, y], epochs=2),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_drawn_is_refused_in_one_line(said):
    with pytest.raises(gn.InputError, match=f"record: expected .*{re.escape(said)}") as refusal:
        gn.record(REFUSED[said]())
    assert "\n" not in str(refusal.value)


def test_a_recording_has_the_language_that_is_asked_for():
    history = gn.train(network(), X, y, optimizer="sgd", epochs=4)
    german = gn.record(history, frames=3, samples=[], lang="de")
    assert german.title.endswith("sgd 0,1")
    assert json.loads(part(german, "recording"))["lang"] == "de"
    assert "– glassnet-Aufzeichnung</title>" in german.html
    english = gn.record(history, frames=3, samples=[])
    assert english.title.endswith("sgd 0.1")
    assert json.loads(part(english, "recording"))["lang"] == ""  # the reader's browser decides
    with pytest.raises(gn.InputError, match=r"lang: expected one of de, en; got 'fr'"):
        gn.record(history, lang="fr")


def test_the_notebook_of_the_examples_says_what_its_code_gives(capsys):
    """`python tools/page.py recordings` executes it anew."""
    notebook = json.loads((Path(__file__).parents[2] / "examples/recording.ipynb").read_text(encoding="utf-8"))
    training, recording = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    exec("".join(training["source"]), {})  # noqa: S102 our own notebook
    assert capsys.readouterr().out == "".join(training["outputs"][0]["text"])
    assert "exclusive or · 2-4-1 · tanh · adam 0.05" in "".join(recording["outputs"][0]["data"]["text/plain"])
