"""Writes the scores as Markdown: losses, AUC, wins, ranks and processor time, failures, and what the figures mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from statistics import fmean, geometric_mean, stdev

from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.measures import CLIP
from benchmarks.quality.scores import Scores
from benchmarks.quality.tables import Case

REFERENCE = "realmlp"  # whose processor time the others' is compared with


def markdown(scores: Scores) -> str:
    """Return the whole report."""
    parts = [
        loss_table(scores),
        auc_table(scores),
        summary_table(scores),
        wins_table(scores),
        failures(scores),
        notes(scores),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def loss_table(scores: Scores) -> str:
    """Return test losses, mean ± standard deviation over the splits; the lowest mean of a row is bold."""
    rows = []
    for case in scores.cases:
        splits = scores.shown(case)[1]
        measure = "RMSE" if case.task == "regression" else "log loss"
        if splits:
            rows.append([f"{case.name}, {measure}", str(len(splits)), *cells(scores, case, "loss", min)])
    return table(["table", "splits", *labels(scores.contenders)], rows)


def auc_table(scores: Scores) -> str:
    """Return the area under the ROC curve of the tables with two classes; the highest of a row is bold."""
    rows = []
    for case in scores.cases:
        splits = scores.shown(case)[1]
        if case.task == "classification" and splits:
            rows.append([f"{case.name}, AUC", str(len(splits)), *cells(scores, case, "auc", max)])
    return table(["table", "splits", *labels(scores.contenders)], rows) if rows else ""


def summary_table(scores: Scores) -> str:
    """Return mean ranks and processor time, one row a contender."""
    ranks, reference = scores.ranks(), CONTENDERS[REFERENCE].label
    rows = []
    for name in scores.contenders:
        ratios, seconds = scores.time_ratios(name, REFERENCE), scores.typical_seconds(name)
        told = [f"× {fmean(ratios):.3g}", f"× {geometric_mean(ratios):.3g}"] if ratios else ["–", "–"]
        rank = f"{ranks[name]:.2f}" if name in ranks else "–"
        rows.append([CONTENDERS[name].label, rank, "–" if seconds is None else f"{seconds:.2g} s", *told])
    heading = [f"{len(scores.complete)} tables", "mean rank", "processor time of a fit"]
    return table([*heading, f"as a multiple of {reference}'s, mean", "geometric mean"], rows)


def wins_table(scores: Scores) -> str:
    """Return on how many tables the contender of the row has a lower mean loss than the one of the column."""
    rows = []
    for one in scores.contenders:
        row = [CONTENDERS[one].label]
        for other in scores.contenders:
            better, both = scores.compared(one, other)
            row.append("" if one == other else f"{len(better)} of {len(both)}" if both else "–")
        rows.append(row)
    return table(["better than …", *labels(scores.contenders)], rows)


def failures(scores: Scores) -> str:
    """Return the fits that failed, each with its error."""
    return "\n".join(
        f"- failed: {CONTENDERS[record['contender']].label} on {record['table']}, split {record['split']}: {record['error']}"
        for record in scores.failures()
    )


def notes(scores: Scores) -> str:
    """Return what the figures mean, and the splits and versions they come from."""
    results = [scores.results[at] for at in scores.results if at[2] in scores.contenders]
    versions = {record["contender"]: record["version"] for record in results}
    measured = ", ".join(f"{CONTENDERS[name].label} {versions[name]}" for name in CONTENDERS if name in versions)
    machines = sorted({re.sub(r", \d+ cores.*", "", record["machine"]) for record in results})
    lines = [
        "Mean ± standard deviation over the splits that all contenders of the row have; lower is better but for AUC.",
        "Comparisons use the splits that both have, ranks those that all have. A contender that failed on a split is last.",
        f"Log loss in nats, probabilities cut to {CLIP:g} … 1 − {CLIP:g}.",
        "Processor time is that of fitting and predicting on one thread, after imports, in the geometric mean of the tables that all have.",
        "The cores were shared with other work; two hyperthreads share a core.",
        f"Versions: {measured}. Measured on {'; '.join(machines)}.",
    ]
    return " ".join(lines)


def cells(scores: Scores, case: Case, field: str, best: Callable[[list[float]], float]) -> list[str]:
    """Return a cell for each contender, over the splits that all with results have; the best is bold."""
    names, splits = scores.shown(case)
    found = {name: scores.values(case, name, splits, field) for name in names}
    means = {name: fmean(values) for name, values in found.items() if max(values) < float("inf")}
    texts = []
    for name in scores.contenders:
        if name not in means:
            texts.append("failed" if name in names else "–")
            continue
        wide = f" ± {short(stdev(found[name]), means[name])}" if len(splits) > 1 else ""
        text = short(means[name], means[name]) + wide
        texts.append(f"**{text}**" if means[name] == best(list(means.values())) else text)
    return texts


def short(value: float, size: float) -> str:
    """Write a number to about three digits of `size`."""
    return (
        f"{value:,.0f}"
        if size >= 1000
        else f"{value:.1f}"
        if size >= 100
        else f"{value:.2f}"
        if size >= 1
        else f"{value:.3f}"
    )


def labels(names: Sequence[str]) -> list[str]:
    return [CONTENDERS[name].label for name in names]


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
