"""The data sets: as described, split and scaled as told, and the same for a seed."""

import numpy as np
import pytest

from glassnet.playground.datasets import DATASETS
from glassnet.playground.setup import load_data
from glassnet.playground.state import read_state
from glassnet.playground.uploads import Uploads, read_upload


def load(query, uploads=None):
    return load_data(read_state(query), uploads or Uploads())


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_has_its_rows_and_lies_in_its_domain(name):
    data = load(f"data={name}&n=101&test=0.25")
    assert (len(data.train), len(data.test)) == (75, 26)
    points = np.concatenate([data.train, data.test])
    (left, right), (bottom, top) = data.domain
    assert (points > [left, bottom]).all()
    assert (points < [right, top]).all()
    assert right - left == pytest.approx(top - bottom)  # a square
    if data.classes is not None:
        assert set(data.y_train.tolist()) == set(range(len(data.classes)))


@pytest.mark.parametrize("name", DATASETS)
def test_the_seed_decides_all_and_noise_changes_the_points(name):
    one, same, other, noisy = (load(f"data={name}{more}") for more in ("", "", "&data_seed=1", "&noise=0.9"))
    np.testing.assert_array_equal(one.train, same.train)
    assert (one.train != other.train).any()
    assert ((one.train != noisy.train).any()) or ((one.y_train != noisy.y_train).any())


def test_moons_are_the_tutorials():
    from glassnet.cli.datasets import load as tutorial

    theirs, ours = tutorial("moons", 42), load("n=1000")
    np.testing.assert_array_equal(ours.train, theirs.X_train)
    np.testing.assert_array_equal(ours.y_test, theirs.y_test)


@pytest.mark.parametrize(("name", "separable"), [("gaussians", True), ("xor", False), ("circles", False)])
def test_what_a_straight_line_can_do(name, separable):
    data = load(f"data={name}&noise=0&n=500")
    A = np.column_stack([data.train, np.ones(len(data.train))])
    w = np.linalg.lstsq(A, 2 * data.y_train - 1, rcond=None)[0]
    right = np.mean((A @ w > 0) == data.y_train)
    assert right == 1 if separable else right < 0.7


def test_targets_without_noise_are_the_functions():
    sine, plane = load("data=sine&noise=0"), load("data=plane&noise=0")
    x, y = sine.train.T
    np.testing.assert_allclose(sine.y_train, np.sin(np.pi * x) * np.cos(np.pi * y / 2), atol=1e-12)
    np.testing.assert_allclose(plane.y_train, plane.train.mean(axis=1), atol=1e-12)


def test_blobs_have_as_many_classes_as_asked():
    assert [load(f"data=blobs&classes={k}").classes for k in (2, 5)] == [("0", "1"), ("0", "1", "2", "3", "4")]


def test_own_data_are_scaled_by_their_training_part():
    rng = np.random.default_rng(0)
    rows = "\n".join(f"{x:.3f},{y:.3f},{x + y:.3f}" for x, y in rng.normal([500, -3], [80, 0.1], (60, 2)))
    uploads = Uploads()
    upload = uploads.add(read_upload(f"price,weight,sum\n{rows}".encode()))
    data = load(f"data={upload.id}", uploads)
    np.testing.assert_allclose(data.train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.train.std(axis=0), 1)
    np.testing.assert_allclose([data.y_train.mean(), data.y_train.std()], [0, 1], atol=1e-12)
    again = np.concatenate([data.train, data.test]) * data.scale[:2] + data.mean[:2]
    np.testing.assert_allclose(np.sort(again, axis=0), np.sort(upload.choose().X, axis=0))
    assert data.names == ("price", "weight", "sum")
