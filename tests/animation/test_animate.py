"""Animations: what they show is the run, GIFs are small, an MP4 goes through ffmpeg, wrong input is one line."""

import io
import os
import pickle
import shutil
import stat
import sys

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import make_blobs, make_moons

import glassnet as gn
from glassnet.animation.looks import looks_of, steps_to_show
from glassnet.plots.movie import encode_gif


@pytest.fixture(scope="module")
def moons():
    return make_moons(200, noise=0.2, random_state=42)


@pytest.fixture(scope="module")
def history(moons):
    X, y = moons
    net = gn.Network([2, 6, 1], output="sigmoid", seed=1)
    data = (X[:150], y[:150])
    return gn.train(net, *data, optimizer=gn.SGD(0.2), epochs=60, l2=0.01, validation=(X[150:], y[150:]))


def test_the_looks_are_those_of_the_run(history):
    before = history.run.network.theta.copy()
    scene, looks = looks_of(history.run, history.steps, 5, lambda done, total: None)
    assert [look.position for look in looks] == steps_to_show(0, 60, 5)
    for look in (looks[0], looks[2], looks[-1]):
        run = history.at(step=look.position)
        assert look.loss == pytest.approx(run.network.loss(*_rows(run), l2=0.01), rel=1e-12)
        gradient = run.gradient()
        np.testing.assert_allclose(
            look.gradients[1], np.quantile(np.abs(gradient.W[1]), (0.05, 0.25, 0.5, 0.75, 0.95)), rtol=1e-9
        )
        np.testing.assert_allclose(look.activations[2][2], np.median(run.trace().A[2]), rtol=1e-9)
        np.testing.assert_allclose(look.output[:, 0], run.network.predict_proba(scene.points)[:, 1])
    assert looks[-1].validation_loss == pytest.approx(history.validation_loss[-1])
    np.testing.assert_array_equal(history.run.network.theta, before)


def _rows(run):
    return run.job.X, run.job.Y[:, 0]


def test_the_boundary_in_the_picture_is_that_of_the_network(history):
    """Left of the pale ½ line the picture is as the network says: blue for class 0, orange for class 1."""
    animation = gn.animate(history, show=["boundary"], frames=2, width=400)
    picture = animation.pictures[-1].astype(int)
    blue = (picture[..., 2] - picture[..., 0]) > 40  # of the surface and of points
    orange = (picture[..., 0] - picture[..., 2]) > 40
    net = history.run.network
    above, below = net.predict(np.array([[0.0, 1.4], [0.8, -0.9]]))
    rows = blue.shape[0]
    top, bottom = slice(rows // 8, rows // 3), slice(2 * rows // 3, 7 * rows // 8)
    assert above != below
    first, second = (blue, orange) if above == 0 else (orange, blue)
    assert first[top].sum() > 2 * second[top].sum()
    assert second[bottom].sum() > first[bottom].sum()


def test_the_default_gif_is_small_and_repeats(history):
    animation = gn.animate(history, frames=12)
    gif = Image.open(io.BytesIO(animation.gif))
    assert gif.size[0] == 640
    assert gif.n_frames == len(animation.steps) == 11
    assert gif.info["loop"] == 0
    assert len(animation.gif) < 12 / 40 * 1e6
    shown = []
    for k in range(gif.n_frames):
        gif.seek(k)
        shown.append(np.asarray(gif.convert("RGB"), dtype=int))
    assert gif.info["duration"] == 1500
    for picture, from_file in zip(animation.pictures, shown, strict=True):  # the palette keeps the colours
        assert np.abs(picture.astype(int) - from_file).mean() < 6
    assert not np.array_equal(shown[0], shown[-1])


def test_any_network_has_curves_and_spreads_and_no_boundary():
    X, y = make_blobs(60, centers=3, n_features=5, random_state=0)
    history = gn.train(gn.Network([5, 4, 3, 3], output="softmax"), X, y, epochs=8, batch_size=20)
    animation = gn.animate(history, frames=3, width=400)
    assert animation.steps == (0, 6, 24)
    assert len({picture.shape for picture in animation.pictures}) == 1
    with pytest.raises(gn.InputError, match="show: expected a network of two inputs"):
        gn.animate(history, show=["boundary"])


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_a_curve_of_one_input(optimizer):
    x = np.linspace(-2, 2, 40)[:, None]
    history = gn.train(gn.Network([1, 5, 1], hidden="tanh"), x, np.sin(x[:, 0]), optimizer=optimizer, epochs=10)
    animation = gn.animate(history, frames=3, width=400)
    assert (animation.unit, animation.steps[-1]) == ("epoch" if optimizer == "lbfgs" else "step", 10)
    assert animation.losses[-1] == pytest.approx(history.run.network.loss(x, np.sin(x[:, 0])))


@pytest.mark.parametrize("output", ["softmax", "identity"])
def test_classes_and_numbers_on_the_plane(output, moons):
    X, y = moons
    net = gn.Network([2, 4, 3 if output == "softmax" else 1], hidden="tanh", output=output)
    target = y + (X[:, 0] > 1) if output == "softmax" else X[:, 0] * X[:, 1]
    run = gn.Run(net, X, target, epochs=5, optimizer="adam").advance(steps=3)
    animation = gn.animate(run, show="boundary", frames=4, width=320)
    assert animation.steps == (0, 1, 3)
    assert run.step == 3
    assert len(np.unique(animation.pictures[-1].reshape(-1, 3), axis=0)) > 20


def test_a_file_and_a_notebook(history, tmp_path):
    animation = gn.animate(history, tmp_path / "run.gif", show=["loss"], frames=2, width=320)
    assert (tmp_path / "run.gif").read_bytes() == animation.gif
    html = animation._repr_html_()
    assert 'alt="Training from step 0 to step 60: the loss goes from' in html
    assert html.startswith('<img width="320"')
    assert "2 pictures" in repr(animation)


def test_progress_is_counted_where_somebody_looks(history, monkeypatch, capsys):
    gn.animate(history, show=["loss"], frames=2, width=320)
    assert capsys.readouterr().err == ""
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    gn.animate(history, show=["loss"], frames=2, width=320)
    assert "drawn: 2 of 2" in capsys.readouterr().err
    gn.animate(history, show=["loss"], frames=2, width=320, progress=False)
    assert capsys.readouterr().err == ""


FAKE = f"""#!{sys.executable}
import sys
raw = sys.stdin.buffer.read()
size = sys.argv[sys.argv.index("-s") + 1]
open(sys.argv[-1], "wb").write(f"{{size}} {{len(raw)}}".encode())
"""


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
def test_an_mp4_goes_through_ffmpeg(history, tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text(FAKE)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    animation = gn.animate(history, tmp_path / "run.mp4", show=["loss"], frames=3, width=320, seconds=3)
    height = animation.pictures[0].shape[0]
    pictures = 3 + 2  # the last one stays for 1.5 s, which are one and a half more of 1 s
    assert (tmp_path / "run.mp4").read_text() == f"320x{height} {pictures * 320 * height * 3}"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint('no such codec', file=sys.stderr)\nsys.exit(1)\n")
    with pytest.raises(gn.InputError, match="it said 'no such codec'"):
        _ = gn.animate(history, show=["loss"], frames=2, width=320).mp4


def test_without_ffmpeg_there_is_one_line(history, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(
        gn.InputError, match=r"expected the program ffmpeg; found none; pip install 'glassnet\[video\]'"
    ):
        gn.animate(history, tmp_path / "run.mp4", show=["loss"], frames=2, width=320)
    assert not (tmp_path / "run.mp4").exists()


@pytest.mark.long
def test_a_real_mp4(history, tmp_path):
    if not shutil.which("ffmpeg"):
        pytest.importorskip("imageio_ffmpeg")
    gn.animate(history, tmp_path / "run.mp4", frames=10)
    content = (tmp_path / "run.mp4").read_bytes()
    assert content[4:8] == b"ftyp"
    assert len(content) < 1e6


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"file": "run.png"}, "file: expected a name that ends in .gif or .mp4; got 'run.png'"),
        ({"show": []}, "show: expected at least one panel"),
        ({"show": ["bondary"]}, "did you mean 'boundary'"),
        ({"frames": 1}, "frames: expected a whole number ≥ 2"),
        ({"width": 100}, "width: expected a whole number ≥ 320"),
        ({"seconds": 0}, "seconds: expected a number"),
        ({"progress": "yes"}, "progress: expected True or False"),
    ],
)
def test_wrong_arguments_are_one_line(given, message, history):
    with pytest.raises(gn.InputError, match=message) as raised:
        gn.animate(history, **given)
    assert "\n" not in str(raised.value)


def test_a_run_without_steps_or_data_is_refused(history, moons):
    with pytest.raises(gn.InputError, match="expected a run that made steps"):
        gn.animate(gn.Run(gn.Network([2, 1], output="sigmoid"), *moons))
    with pytest.raises(gn.InputError, match="without its data; train again"):
        gn.animate(pickle.loads(pickle.dumps(history)))
    with pytest.raises(gn.InputError, match="history: expected a History or a Run; got 3"):
        gn.animate(3)


def test_a_palette_without_dither_keeps_still_parts_still():
    still = np.full((20, 30, 3), 200, np.uint8)
    moved = still.copy()
    moved[5:8, 5:8] = 10
    gif = Image.open(io.BytesIO(encode_gif([still, moved], 100)))
    gif.seek(1)
    second = np.asarray(gif.convert("RGB"))
    assert (second[15:] == second[19, 29]).all()
    assert second[6, 6, 0] < 60
