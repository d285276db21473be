"""Whole fits: the contenders do the same work, and what cannot be measured is said."""

import gzip
import struct

import numpy as np
import pytest
import scipy.sparse
from benchmarks.fits import estimators, loops
from benchmarks.fits.cases import CASES, Fit, arrays
from benchmarks.fits.measure import calls, fit, measure
from benchmarks.series import Sample, Session

EARLY = Fit("e", "generated", 400, 8, (("early_stopping", True), ("max_iter", 12), ("hidden_layer_sizes", (8,))))


@pytest.mark.parametrize(
    "case",
    [
        EARLY,
        EARLY.at(dtype="float32"),
        Fit("l", "generated", 200, 8, (("solver", "lbfgs"), ("max_iter", 10))),
        Fit("s", "sparse", 300, 50, (("max_iter", 3),)),
        Fit("p", "sparse", 300, 50, timed="partial_fit"),
        Fit("q", "sparse", 300, 50, (("max_iter", 2),), "predict"),
    ],
    ids=lambda case: f"{case.name} {case.dtype}",
)
def test_estimators_do_the_same_work(case):
    ours, theirs = (estimators.fit(name, case) for name in ("glassnet", "scikit-learn"))
    assert ours.told == theirs.told
    assert ours.told["epochs"] >= 1
    assert ours.wall > 0


def test_the_sparse_rows_are_four_words_each():
    X, y = arrays(Fit("s", "sparse", 300, 50))
    assert scipy.sparse.issparse(X)
    assert np.array_equal(X.sum(axis=1).A1, np.full(300, 4.0))
    assert set(y) == {0, 1}


def test_a_limit_of_memory_is_told():
    case = next(case for case in CASES if case.limit is not None)
    assert case.rows * case.columns * 8 > 2 * case.limit * 1e9  # a dense copy cannot slip through


def test_images_without_a_folder_are_left_out_with_a_line():
    session = Session(["glassnet"], 1, True, lambda _: None)
    case = next(case for case in CASES if case.data == "images")
    assert list(measure([case], session)) == []
    assert session.notes == ["images: no --images FOLDER with the IDX files of MNIST was given; left out"]


def test_images_are_trained_until_the_target(tmp_path):
    rng = np.random.default_rng(0)
    for part, count in (("train", 400), ("t10k", 100)):
        labels = rng.integers(0, 10, count).astype(np.uint8)
        pixels = np.zeros((count, 4, 10), np.uint8)
        pixels[np.arange(count), :, labels] = 255
        for kind, head, content in (
            ("images-idx3", struct.pack(">4I", 0x803, count, 4, 10), pixels),
            ("labels-idx1", struct.pack(">2I", 0x801, count), labels),
        ):
            with gzip.open(tmp_path / f"{part}-{kind}-ubyte.gz", "wb") as file:
                file.write(head + content.tobytes())
    options = (("hidden_layer_sizes", (30,)), ("batch_size", 20))
    case = Fit("images", "images", options=options, timed="target", dtype="float32", path=tmp_path)
    sample = estimators.fit("glassnet", case)
    assert sample.told["score"] >= 0.98
    assert 1 < sample.told["epochs"] < 30


def test_loops_run_as_many_epochs_as_the_estimator_before_them():
    class Told:
        def call(self, _, name, case, epochs):
            asked.append((name, epochs))
            return Sample(1.0, 1.0, {"epochs": 17})

    asked = []
    workers = dict.fromkeys(("glassnet", "torch"), Told())
    for call in calls(EARLY, ["glassnet", "torch"], workers).values():
        call()
    assert asked == [("glassnet", None), ("torch", 17)]


def test_a_loop_takes_a_held_out_score_after_each_epoch():
    counted = {"epochs": 0, "scores": 0}

    def one():
        counted["epochs"] += 1

    def score():
        counted["scores"] += 1
        return counted["epochs"] / 5

    assert loops.epochs_of(EARLY, 7, one, score) == 7
    assert counted == {"epochs": 7, "scores": 7}
    counted.update(epochs=0)
    assert loops.epochs_of(EARLY.at(timed="target"), None, one, score) == 5


@pytest.mark.long
@pytest.mark.parametrize("package", ["torch", "jax"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_loops_learn_as_well_as_the_estimator(package, solver):
    pytest.importorskip(package)
    case = Fit("digits", "digits", options=(("solver", solver), ("max_iter", 30)))
    ours = estimators.fit("glassnet", case).told
    theirs = fit(package, case, ours["epochs"]).told
    assert theirs["score"] == pytest.approx(ours["score"], abs=0.02)
    if solver == "adam":
        assert theirs["epochs"] == ours["epochs"]
