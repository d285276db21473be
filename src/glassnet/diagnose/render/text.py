"""A diagnosis as text for the terminal, and as plain data for JSON."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np

from glassnet.diagnose.case.scores import number
from glassnet.diagnose.findings import Finding, says_no_signal
from glassnet.diagnose.instruments.instruments import Look
from glassnet.diagnose.render.advice import advice, before, causes, code_of, result_of
from glassnet.diagnose.result import Result

WIDTH = 100


def as_text(diagnosis: Result) -> str:
    """Return the diagnosis as a page of text: what to do now and why, the run, then each cause with its symptoms."""
    lines = [*_first_lines(diagnosis), "", *summary(diagnosis)]
    for place, (found, symptoms) in enumerate(causes(diagnosis), start=1):
        lines += ["", f"{place}. {found.code}{place_of(found)} ({found.severity})", *_wrapped(found.message)]
        lines += _remedy_lines(diagnosis, found)
        if symptoms:
            lines += _wrapped(f"symptoms, gone with this remedy: {symptom_names(symptoms)}", 8)
        lines += _wrapped(f"rule    {found.rule}", 8)
        lines += _wrapped(f"source  {found.source}", 8)
    return "\n".join(lines)


def _first_lines(diagnosis: Result) -> list[str]:
    told = advice(diagnosis)
    code = told.code.splitlines()
    lines = [f"{told.heading}: {told.code}"] if len(code) == 1 else [f"{told.heading}{':' if code else '.'}"]
    lines += [f"   {line}" for line in code[1:] and code]
    return [*lines, *(line for why in told.why for line in textwrap.wrap(why, WIDTH, break_on_hyphens=False))]


def summary(diagnosis: Result) -> list[str]:
    """Describe the run and its outcome in a few lines."""
    table = _table(score_rows(diagnosis)) if diagnosis.scores else []
    unknown = diagnosis.unknown if diagnosis.findings else ()  # else it stands in the first lines
    said = [diagnosis.irreducible, *unknown, *about_run(diagnosis)]
    return [*table, *(line for sentence in said for line in textwrap.wrap(sentence, WIDTH, break_on_hyphens=False))]


def about_run(diagnosis: Result) -> list[str]:
    """Return the network, the history and the unexplained shares, as far as they are known."""
    lines = [f"{diagnosis.title}, {diagnosis.rows:,} rows"] if diagnosis.title else []
    lines += [repr(diagnosis.history)] if diagnosis.history is not None else []
    return lines + ([share_left(diagnosis)] if diagnosis.unexplained is not None else [])


def score_rows(diagnosis: Result) -> list[tuple[str, ...]]:
    """Return the table of the scores, its head first; columns: rows, this run, plain models if there are any, a constant."""
    plain = diagnosis.opinion is not None
    head = ("", "this run", *([diagnosis.opinion[0]] if diagnosis.opinion is not None else []), "a constant")
    rows = [
        (f"{each.name}, {each.rows}", number(each.run), *([number(each.plain)] if plain else []), number(each.constant))
        for each in diagnosis.scores
    ]
    return [head, *rows]


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]).rstrip()
        for row in rows
    ]


def symptom_names(symptoms: list[Finding]) -> str:
    """Return symptoms as text, such as "dead_units (layer 1, step 0), plateau"."""
    places = [place_of(each).removeprefix(", ") for each in symptoms]
    return ", ".join(f"{each.code} ({at})" if at else each.code for each, at in zip(symptoms, places, strict=True))


def share_left(diagnosis: Result) -> str:
    """Return the unexplained shares of the loss as a sentence."""
    parts = [f"training rows {diagnosis.unexplained:.3g}"]
    if diagnosis.held_out is not None:
        parts.append(f"held-out rows {diagnosis.held_out:.3g}")
    if diagnosis.opinion is not None:
        parts.append(f"second opinion ({diagnosis.opinion[0]}) {diagnosis.opinion[1]:.3g}")
    return f"unexplained share of the loss (1: a constant prediction): {', '.join(parts)}"


def place_of(found: Finding) -> str:
    """Return the layer and the step of a finding as text."""
    parts = []
    if found.layer is not None:
        parts.append(f"layer {found.layer}")
    if found.step is not None:
        parts.append(f"step {found.step}")
    return f", {', '.join(parts)}" if parts else ""


def standing_of(diagnosis: Result, found: Finding) -> str:
    """Return the result of a remedy's replay in a few words."""
    if found.remedy is None:
        return "no change of parameters mends this" if says_no_signal(found) else "no remedy of its own"
    if found.replay is None:
        return "not replayed"
    return f"{found.replay.standing}; {result_of(diagnosis, found)}"


def _remedy_lines(diagnosis: Result, found: Finding) -> list[str]:
    if found.remedy is None:
        return _wrapped(f"remedy  none{' by a change of parameters' if says_no_signal(found) else ' of its own'}", 8)
    name = "remedy" if found.replay is None or found.confirmed else "tried"
    lines = _wrapped(f"{name:<8}{found.remedy.text}{', with the remedies above' * bool(before(diagnosis, found))}", 8)
    lines += [f"           {line}" for line in code_of(diagnosis, found).splitlines()]
    return [*lines, *_wrapped(f"replay  {standing_of(diagnosis, found)}", 8)]


def _wrapped(text: str, hanging: int = 0) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent="   ", subsequent_indent=" " * (3 + hanging), break_on_hyphens=False
    )


def as_dict(diagnosis: Result) -> dict[str, Any]:
    """Return the diagnosis as plain data; numbers that are not finite become None."""
    history, told = diagnosis.history, advice(diagnosis)
    return {
        "healthy": diagnosis.healthy,
        "advice": {"heading": told.heading, "code": told.code, "why": list(told.why)},
        "network": diagnosis.title,
        "rows": diagnosis.rows,
        "unexplained": plain(diagnosis.unexplained),
        "held_out": plain(diagnosis.held_out),
        "second_opinion": None
        if diagnosis.opinion is None
        else {"model": diagnosis.opinion[0], "held_out": plain(diagnosis.opinion[1])},
        "scores": [plain(vars(score)) for score in diagnosis.scores],
        "unknown": list(diagnosis.unknown),
        "irreducible": diagnosis.irreducible,
        "ended": diagnosis.ended,
        "findings": [_finding(diagnosis, found) for found in diagnosis.findings],
        "loss": plain(None if history is None else history.loss),
        "validation_loss": plain(None if history is None else history.validation_loss),
        "looks": [_look(look) for look in diagnosis.looks],
    }


def _finding(diagnosis: Result, found: Finding) -> dict[str, Any]:
    told = found.to_dict()
    if found.remedy is not None:
        told["remedy"] = {"text": found.remedy.text, "code": code_of(diagnosis, found) or found.remedy.code}
    return {name: plain(value) for name, value in told.items()}


def _look(look: Look) -> dict[str, Any]:
    data: dict[str, Any] = {
        name: plain(getattr(look, name)) for name in ("step", "loss", "weight", "gradient", "ratio", "distance")
    }
    if look.detail is not None:
        detail = look.detail
        data |= {name: plain(getattr(detail, name)) for name in ("dead", "saturated", "spread", "signal")}
        for name in ("activations", "gradients"):
            data[name] = {
                str(layer): {"edges": plain(h.edges), "counts": plain(h.counts)}
                for layer, h in getattr(detail, name).items()
            }
    return data


def plain(value: Any) -> Any:
    """Convert a value to JSON types; numbers that are not finite become None."""
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
