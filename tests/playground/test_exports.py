"""The exports: a script that gives the page's numbers to the last digit, a model that loads, pictures that show the run."""

import io
import json
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from glassnet.playground.pictures import GIF_FRAMES
from glassnet.storage.files import from_bytes

RUNS = {
    "default": "step=412",
    "batches, dropout, edits": "data=spirals&hidden=8,4&activation=tanh,relu&optimizer=adam&rate=0.01&batch=20&dropout=0.1"
    "&l1=0.0001&l2=0.001&features=x,y,sinx&edits=0:b1,0=0.25;100:W1,0,3=0.5;100:b2,1=-1&step=300",
    "classes": "data=blobs&classes=5&noise=0.4&hidden=&optimizer=nesterov&test=0.4&step=55",
    "regression": "data=sine&n=1999&loss=huber&hidden=12,12&activation=gelu&init=orthogonal&optimizer=rmsprop&seed=3&step=60",
    "moons of the tutorial": "n=1000&step=1000",
    "ended": "data=sine&noise=0&hidden=16,16,16&rate=300&step=300",
}
CSV = {
    "labels": b"width,height,kind\n" + b"".join(b"%d.5,%d,%s\n" % (k * 37 % 11, k * k % 7, b"ab"[k % 2 : k % 2 + 1]) for k in range(90)),
    "target": b"width,height,price\n" + b"".join(b"%d.5,%d,%d.25\n" % (k * 37 % 11, k * k % 7, 10 * k) for k in range(90)),
}  # fmt: skip


def run_script(text, folder, *arguments):
    (folder / "run.py").write_bytes(text)
    command = [sys.executable, "run.py", *arguments]
    outcome = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stderr
    return dict(line.rsplit(" ", 1) for line in outcome.stdout.splitlines())


@pytest.mark.parametrize("query", RUNS.values(), ids=RUNS)
def test_the_script_prints_the_losses_of_the_page(query, client, header, tmp_path):
    told = header(client.get(f"/frame?{query}").content)
    script = client.get(f"/export/script.py?{query}")
    assert script.headers["content-disposition"] == 'attachment; filename="glassnet-script.py"'
    printed = run_script(script.content, tmp_path)
    assert printed["training loss"] == repr(told["loss"]["train"])
    assert printed["test loss"] == repr(told["loss"]["test"])
    assert int(printed["step"]) == told["curve"]["step"][-1]


@pytest.mark.parametrize("kind", CSV)
def test_the_script_of_own_data_reads_the_file(kind, client, header, tmp_path):
    query = f"data={client.post('/upload', content=CSV[kind]).json()['id']}&step=80&hidden=5"
    told = header(client.get(f"/frame?{query}").content)
    (tmp_path / "own.csv").write_bytes(CSV[kind])
    printed = run_script(client.get(f"/export/script.py?{query}").content, tmp_path, "own.csv")
    assert printed["training loss"] == repr(told["loss"]["train"])
    assert printed["test loss"] == repr(told["loss"]["test"])


def test_the_model_is_the_network_of_the_frame(client, header):
    query = "data=blobs&hidden=4,3&activation=tanh&step=20"
    told = header(client.get(f"/frame?{query}").content)
    net = from_bytes(client.get(f"/export/model.safetensors?{query}").content, "model")
    assert net.sizes == (2, 4, 3, 3)
    for layer in net.W:
        np.testing.assert_array_equal(net.W[layer], told["W"][layer - 1])
    layers = json.loads(client.get(f"/export/model.json?{query}").content)["layers"]
    assert [layer["b"] for layer in layers] == told["b"]


@pytest.mark.parametrize("query", ["step=200", "data=blobs&classes=4&step=50", "data=plane&step=30", RUNS["ended"]])
def test_pictures_show_the_run(query, client):
    from PIL import Image

    png = Image.open(io.BytesIO(client.get(f"/export/figure.png?{query}").content)).convert("RGB")
    assert png.width > 1000
    assert len(png.getcolors(10**6)) > 200
    svg = client.get(f"/export/figure.svg?{query}")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert ElementTree.fromstring(svg.content).tag.endswith("svg")
    assert svg.content == client.get(f"/export/figure.svg?{query}").content


def test_the_animation_goes_from_the_start_to_the_step(client):
    from PIL import Image

    gif = Image.open(io.BytesIO(client.get("/export/animation.gif?data=circles&step=400").content))
    assert gif.n_frames == GIF_FRAMES
    pictures = []
    for k in (0, GIF_FRAMES - 1):
        gif.seek(k)
        pictures.append(np.asarray(gif.convert("RGB"), dtype=int))
    assert np.abs(pictures[0] - pictures[1]).mean() > 5
    still = Image.open(io.BytesIO(client.get("/export/animation.gif?step=0").content))
    assert getattr(still, "n_frames", 1) == 1


def test_nothing_is_written(client):
    """No answer opens a file to write; Python tells of every opening (PEP 578)."""
    client.get("/export/figure.png")  # matplotlib may keep a list of fonts, once
    written, watching = [], [True]

    def hook(event, arguments):
        if watching and event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
            written.append(arguments[0])

    sys.addaudithook(hook)
    id = client.post("/upload", content=CSV["labels"]).json()["id"]
    for path in ("frame", "data", *(f"export/{each}" for each in
                 ("script.py", "model.json", "model.safetensors", "figure.png", "figure.svg", "animation.gif"))):  # fmt: skip
        assert client.get(f"/{path}?data={id}&step=30").status_code == 200
    client.get("/static/../../secret")
    watching.clear()
    assert written == []


@pytest.mark.parametrize("names", ["cost_$_per_$_sale,$p^{$,y $c^{$", "a,b,t\x1b[2J$$", "$$,\\$x$,$\\frac$"])
@pytest.mark.parametrize("label", [b"$p^{$", b"$q$"])
def test_names_and_labels_of_own_data_are_text_in_a_figure(names, label, client):
    rows = b"".join(b"%d.5,%d,%s\n" % (k * 37 % 11, k * k % 7, (label, b"no")[k % 2]) for k in range(40))
    id = client.post("/upload", content=f"{names}\n".encode() + rows).json()["id"]
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # texts stay texts
        svg = client.get(f"/export/figure.svg?data={id}&step=3")
    shown = [text.strip() for text in ElementTree.fromstring(svg.content).itertext()]
    assert all(name in shown for name in names.split(",")[:2])
    for name in ("figure.png", "animation.gif"):
        assert client.get(f"/export/{name}?data={id}&step=3").status_code == 200
