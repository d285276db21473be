"""The parts of the suite: each draws its jobs by seeds, and runs one to a dict of plain data."""

import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from tests.diagnose.suite.broken import KINDS, plant, sane
from tests.diagnose.suite.data import MAKERS
from tests.diagnose.suite.healthy import draw, draw_noise, draw_tiny, is_healthy, truth
from tests.diagnose.suite.labels import draw_probable, flip
from tests.diagnose.suite.pairs import PAIRS, plant_pair
from tests.diagnose.suite.tables import TABLES, load
from tests.diagnose.suite.truth import Task, carried_out, explained, judge_remedies, remedied_losses, trained_losses

import glassnet as gn
from glassnet.diagnose.case.setup import Setup
from glassnet.diagnose.diagnosing import diagnose

HARMED = 0.1  # D² that a fault must cost on the test rows, or the data forgave it
NOTHING = 0.02  # D² of the best of scikit-learn's models, below which the inputs say nothing
OVERFITTED = 0.3  # D² on training rows above that on test rows
CALIBRATION, REPORT = 0, 5000  # first seeds


@dataclass(frozen=True)
class Part:
    """Jobs by the number asked for and the first seed; each is a tuple, its key in the store."""

    jobs: Any
    run: Any
    usual: int


def diagnosed(network, X, y, options):
    """Diagnose; return the diagnosis, and the record of it that every part keeps."""
    warnings.simplefilter("ignore")
    busy = time.process_time()
    with suppress(gn.NonFiniteError), np.errstate(all="ignore"):
        gn.train(network.copy(), X, y, **options)
    training = time.process_time() - busy
    wall, busy = time.perf_counter(), time.process_time()
    diagnosis = diagnose(network, X, y, **options)
    record = {
        "training": training,
        "codes": list(diagnosis.codes),
        "unknown": list(getattr(diagnosis, "unknown", ())),
        "seconds": time.perf_counter() - wall,
        "processor": time.process_time() - busy,
    }
    return diagnosis, record


def described(network, options):
    shown = {name: value for name, value in options.items() if name != "validation"}
    return f"{network!r} {shown} validation rows: {len(options['validation'][1]) if 'validation' in options else 0}"


# --- broken ---------------------------------------------------------------------------------------------------------


def broken_jobs(count, first):
    """`count` seeds of each kind, each on two of its plain data sets in turn."""
    return [
        (kind.name, name, first + seed)
        for kind in KINDS
        for seed in range(count)
        for name in dict.fromkeys(kind.data[(2 * seed + turn) % len(kind.data)] for turn in (0, 1))
    ]


def broken_table_jobs(count, first):
    """`count` seeds of each kind, each on one of its real tables in turn."""
    return [
        (kind.name, kind.tables[(7 * place + seed) % len(kind.tables)], first + seed)
        for place, kind in enumerate(KINDS)
        for seed in range(count)
    ]


def run_broken(job):
    """Diagnose one broken set-up: what was found, what stood first, and what its remedies do on rows never seen."""
    name, table, seed = job
    kind = next(kind for kind in KINDS if kind.name == name)
    data = load(table, seed)
    case = plant(kind, data, seed)
    whole = sane(data, seed)
    unbroken = explained(trained_losses(*whole.run, whole.task))
    spoilt = explained(trained_losses(*case.run, case.task))
    diagnosis, record = diagnosed(*case.run)
    expected = [found for found in diagnosis.findings if found.code == kind.expected]
    return record | {
        "kind": name,
        "expected": kind.expected,
        "data": table,
        "found": bool(expected),
        "first": bool(diagnosis.codes) and diagnosis.codes[0] in kind.roots,
        "confirmed": bool(expected) and expected[0].confirmed,
        "unbroken": unbroken,
        "broken": spoilt,
        "harmed": unbroken - spoilt > HARMED,
        "judged": judge_remedies(diagnosis.findings, *case.run, case.task),
    }


# --- healthy --------------------------------------------------------------------------------------------------------


def seeds(count, first):
    return [(first + seed,) for seed in range(count)]


def run_plain(job):
    return _run_healthy(draw(*job))


def run_tables(job):
    return _run_healthy(draw(*job, names=tuple(TABLES)))


def run_tiny(job):
    return _run_healthy(draw_tiny(*job), whatever=True)


def _run_healthy(drawn, whatever=False):
    """Diagnose a drawn set-up if it is healthy, or whatever it is, and judge each accusation by the test rows."""
    data, network, X, y, options = drawn
    warnings.simplefilter("ignore")
    ours, theirs = truth(data, network, X, y, options)
    result = {
        "data": data.name,
        "rows": len(X),
        "ours": ours,
        "theirs": theirs,
        "healthy": bool(is_healthy(ours, theirs)),
    }
    if not (result["healthy"] or whatever):
        return result
    diagnosis, record = diagnosed(network, X, y, options)
    result |= record
    if diagnosis.findings:
        task = Task.of(replace(data, y=y))
        result["judged"] = judge_remedies(diagnosis.findings, network, X, y, options, task)
        result["training D²"] = explained(trained_losses(network, X, y, options, Task.of(replace(data, y=y), X, y)))
        result["unfair"] = [each["code"] for each in result["judged"] if not _is_fair(each, result)]
        result["set-up"] = described(network, options)
    return result


def _is_fair(judged, result):
    """True if the accusation holds on the test rows.

    Its remedy mends them; or the inputs are said to tell nothing and scikit-learn's models agree; or overfitting is
    named in a run that is behind those models, and far better on its own rows.
    """
    ours, theirs = result["ours"], result["theirs"]
    if judged["code"] == "input_ignored":
        return theirs < NOTHING
    overfitted = not result["healthy"] and result["training D²"] - ours > OVERFITTED
    return judged.get("verdict") == "mends" or (judged["code"] == "overfitting" and overfitted)


def run_noise(job):
    """Diagnose a run on targets that have nothing to do with the inputs."""
    data, network, X, y, options = draw_noise(*job)
    diagnosis, record = diagnosed(network, X, y, options)
    messages = [found.message[:200] for found in diagnosis.findings]
    return record | {"data": data.name, "messages": messages, "set-up": described(network, options)}


# --- two faults at once ---------------------------------------------------------------------------------------------


def pair_jobs(count, first):
    return [
        (name, pair.data[seed % len(pair.data)], first + seed) for name, pair in PAIRS.items() for seed in range(count)
    ]


def run_pair(job):
    """Diagnose a run with two faults, apply the remedies of the report, and diagnose what they leave, up to three times."""
    name, table, seed = job
    data = load(table, seed)
    whole, case = sane(data, seed), plant_pair(PAIRS[name], data, seed)
    unbroken = explained(trained_losses(*whole.run, whole.task))
    spoilt = explained(trained_losses(*case.run, case.task))
    run, remedies, reached, reports, spent = case.run, [], [], [], 0.0
    for _ in range(3):
        diagnosis, record = diagnosed(*run)
        spent += record["seconds"]
        more = [found.remedy for found in diagnosis.findings if found.confirmed and found.symptom_of is None]
        reports.append([record["codes"], [remedy.text for remedy in more]])
        if not more:
            break
        remedies += more
        reached.append(explained(remedied_losses(remedies, *case.run, case.task)))
        network, X, y, options = case.run
        changed = carried_out(remedies, Setup(network, np.asarray(X), np.asarray(y), options))
        run = changed.network, changed.X, changed.y, dict(changed.options)
    return {
        "pair": name,
        "data": table,
        "unbroken": unbroken,
        "broken": spoilt,
        "harmed": unbroken - spoilt > HARMED,
        "reached": reached,
        "reports": reports,
        "seconds": spent,
    }


# --- labels ---------------------------------------------------------------------------------------------------------


def label_jobs(count, first):
    names = ("moons", "blobs", "digits", "breast_cancer", "MASS biopsy", "sklearn wine")
    return [(names[seed % len(names)], (0.1, 0.2, 0.3)[seed // len(names) % 3], first + seed) for seed in range(count)]


def run_labels(job):
    """Diagnose a sane run some of whose labels were exchanged for others: are they found, does leaving them out help?"""
    name, share, seed = job
    case, wrong = flip(load(name, seed), share, seed)
    diagnosis, record = diagnosed(*case.run)
    found = next((found for found in diagnosis.findings if found.code == "label_noise"), None)
    record |= {
        "data": name,
        "planted": share,
        "found": found is not None,
        "judged": judge_remedies(diagnosis.findings, *case.run, case.task),
    }
    leaving = [remedy for remedy in found.remedies if remedy.keep is not None] if found is not None else []
    if leaving:
        out = ~np.asarray(leaving[0].keep)
        record |= {"precision": float(wrong[out].mean()), "recall": float(out[wrong].mean())}
        kept = explained(remedied_losses(leaving[:1], *case.run, case.task))
        record |= {"before": explained(trained_losses(*case.run, case.task)), "without": kept}
    return record


def run_probable(job):
    """Diagnose a run near the best possible loss on labels drawn from known probabilities: nothing is wrong with them."""
    data, network, X, y, options, best = draw_probable(*job)
    task = Task.of(data)
    ours = explained(trained_losses(network, X, y, options, task))
    diagnosis, record = diagnosed(network, X, y, options)
    judged = judge_remedies(diagnosis.findings, network, X, y, options, task)
    return (
        record
        | {"data": data.name, "rows": len(X), "ours": ours, "theirs": best, "healthy": True, "judged": judged}
        | ({"unfair": [each["code"] for each in judged if each.get("verdict") != "mends"]} if judged else {})
    )


PARTS = {
    "broken": Part(broken_jobs, run_broken, 5),
    "broken-tables": Part(broken_table_jobs, run_broken, 6),
    "healthy": Part(seeds, run_plain, 220),
    "healthy-tables": Part(seeds, run_tables, 440),
    "noise": Part(seeds, run_noise, 64),
    "tiny": Part(seeds, run_tiny, 200),
    "pairs": Part(pair_jobs, run_pair, 3),
    "labels": Part(label_jobs, run_labels, 36),
    "probable": Part(seeds, run_probable, 40),
}
assert set(MAKERS).isdisjoint(TABLES)
