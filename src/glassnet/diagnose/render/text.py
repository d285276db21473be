"""A diagnosis as text for the terminal, and as plain data for JSON."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np

from glassnet.diagnose.findings import Finding
from glassnet.diagnose.instruments.instruments import Look
from glassnet.diagnose.result import Result

WIDTH = 100


def as_text(diagnosis: Result) -> str:
    """Return the diagnosis as a page of text."""
    count = len(diagnosis.findings)
    nothing = "healthy: nothing found" if diagnosis.healthy else "nothing found, but not all could be found out"
    verdict = nothing if not count else f"{count} finding{'s' * (count > 1)}, the likeliest cause first"
    lines = [f"Diagnosis: {verdict}", *([diagnosis.ended] if diagnosis.ended else []), *summary(diagnosis)]
    for number, found in enumerate(diagnosis.findings, start=1):
        lines += ["", f"{number}. {found.code}{place_of(found)} ({found.severity})", *_wrapped(found.message)]
        lines += _wrapped(f"rule    {found.rule}", 8)
        lines += _wrapped(f"source  {found.source}", 8)
        lines += _remedy_lines(found)
    return "\n".join(lines)


def summary(diagnosis: Result) -> list[str]:
    """Describe the run and its outcome in a few lines."""
    lines = []
    if diagnosis.title:
        lines.append(f"{diagnosis.title}, {diagnosis.rows:,} rows")
    if diagnosis.history is not None:
        lines.append(repr(diagnosis.history))
    if diagnosis.unexplained is not None:
        parts = [f"training rows {diagnosis.unexplained:.3g}"]
        if diagnosis.held_out is not None:
            parts.append(f"held-out rows {diagnosis.held_out:.3g}")
        if diagnosis.opinion is not None:
            parts.append(f"second opinion ({diagnosis.opinion[0]}) {diagnosis.opinion[1]:.3g}")
        lines.append(f"unexplained share of the loss (1: a constant prediction): {', '.join(parts)}")
    if diagnosis.irreducible:
        lines += textwrap.wrap(diagnosis.irreducible, WIDTH)
    for sentence in diagnosis.unknown:
        lines += textwrap.wrap(f"not known: {sentence}", WIDTH)
    return lines


def place_of(found: Finding) -> str:
    """Return the layer and the step of a finding as text."""
    parts = []
    if found.layer is not None:
        parts.append(f"layer {found.layer}")
    if found.step is not None:
        parts.append(f"step {found.step}")
    return f", {', '.join(parts)}" if parts else ""


def standing_of(found: Finding) -> str:
    """Return the result of a remedy's replay in a few words."""
    if found.remedy is None:
        return "no change of parameters mends this"
    if found.replay is None:
        return "not replayed"
    return str(found.replay)


def _remedy_lines(found: Finding) -> list[str]:
    if found.symptom_of:
        return _wrapped(f"cause   goes away with the remedy of {found.symptom_of}", 8)
    if found.remedy is None:
        return _wrapped("remedy  none by a change of parameters", 8)
    name = "remedy" if found.replay is None or found.confirmed else "tried"
    lines = _wrapped(f"{name:<8}{found.remedy.text}", 8)
    lines += [f"           {line}" for line in found.remedy.code.splitlines()]
    return [*lines, *_wrapped(f"replay  {standing_of(found)}", 8)]


def _wrapped(text: str, hanging: int = 0) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent="   ", subsequent_indent=" " * (3 + hanging), break_on_hyphens=False
    )


def as_dict(diagnosis: Result) -> dict[str, Any]:
    """Return the diagnosis as plain data; numbers that are not finite become None."""
    history = diagnosis.history
    return {
        "healthy": diagnosis.healthy,
        "network": diagnosis.title,
        "rows": diagnosis.rows,
        "unexplained": plain(diagnosis.unexplained),
        "held_out": plain(diagnosis.held_out),
        "second_opinion": None
        if diagnosis.opinion is None
        else {"model": diagnosis.opinion[0], "held_out": plain(diagnosis.opinion[1])},
        "unknown": list(diagnosis.unknown),
        "irreducible": diagnosis.irreducible,
        "findings": [plain(found.to_dict()) for found in diagnosis.findings],
        "loss": plain(None if history is None else history.loss),
        "validation_loss": plain(None if history is None else history.validation_loss),
        "looks": [_look(look) for look in diagnosis.looks],
    }


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
