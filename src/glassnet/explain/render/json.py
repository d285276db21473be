"""A derivation as JSON, for programs: every step with its formula, numbers, source, inputs and check."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from glassnet.explain.graph import Graph, Step
from glassnet.explain.render.outline import Block, Outline
from glassnet.explain.scalar import ChainRule, Line
from glassnet.printers.latex import print_latex

IN_FULL = 2000  # an array of up to so many numbers is written out; a larger one is cut to its LARGEST
LARGEST = 10  # entries written of an array that is cut


def render_json(outline: Outline, graph: Graph, *, full: bool = False) -> str:
    """The derivation as JSON; `full` writes out arrays of any size. nan and inf are the strings "nan" and "inf"."""
    blocks = [block for stage in outline.stages.values() for block in stage]
    shown = {block.step.symbol for block in blocks}
    whole = {
        "format": "glassnet-derivation",
        "version": 1,
        "title": outline.title,
        "about": list(outline.about),
        "given": [_step(step, full, frozenset()) for step in graph.given],
        "steps": [
            {
                **_step(block.step, full, block.matrices),
                "parts": [{"symbol": name, "value": _numbers(graph.value(name))} for name, _ in _parts(block, full)],
                "entries": [_line(line, graph.digits) for line in block.lines],
                "check": None
                if block.check is None
                else {
                    "ok": block.check.ok,
                    "verdict": block.check.verdict,
                    "method": block.check.method,
                    "error": _number(block.check.error),
                    "checked": block.check.checked,
                    "entries": block.check.entries,
                    "kinks": block.check.kinks,
                    "undefined": block.check.undefined,
                },
            }
            for block in blocks
        ],
        "edges": [[source, target] for source, target in graph.edges if target in shown],
    }
    return json.dumps(whole, ensure_ascii=False, allow_nan=False)


def render_entry_json(entry: ChainRule) -> str:
    """The chain rule of one entry as JSON."""
    independent = entry.independent
    whole = {
        "format": "glassnet-entry",
        "version": 1,
        "symbol": entry.symbol,
        "index": list(entry.index),
        "value": _number(entry.value),
        "latex": [print_latex(part, digits) for part, digits, _ in entry.equals],
        "lines": [_line(line, entry.graph.digits) for line in entry.lines],
        "check": None if independent is None else {"value": _number(independent[0]), "method": independent[1]},
    }
    return json.dumps(whole, ensure_ascii=False, allow_nan=False)


def _parts(block: Block, full: bool) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return the parts of a vector of all parameters; none of a large one unless `full`."""
    return block.parts if full or np.size(block.step.value) <= IN_FULL else ()


def _step(step: Step, full: bool, matrices: frozenset[str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "symbol": step.symbol,
        "stage": step.stage,
        "what": step.what,
        "layer": step.layer,
        "aside": step.aside,
        "shape": list(step.shape),
        "formula": step.code or None,
        "latex": None if step.expression is None else print_latex(step.expression, matrices=matrices),
        "inputs": list(step.inputs),
        "source": None
        if step.source is None
        else {"file": step.source.file, "line": step.source.line, "code": step.source.code},
        "note": step.note or None,
    }
    value = np.asarray(step.value)
    if full or value.size <= IN_FULL:
        return {**found, "value": _numbers(value)}
    flat = np.nan_to_num(np.abs(value.astype(np.float64)), nan=-1.0).ravel()
    places = np.argsort(-flat, kind="stable")[:LARGEST]
    largest = [[int(k) for k in np.unravel_index(place, value.shape)] for place in places]
    return {**found, "largest": [{"index": index, "value": _number(value[tuple(index)])} for index in largest]}


def _line(line: Line, digits: int) -> dict[str, Any]:
    return {
        "symbol": line.symbol,
        "index": list(line.index),
        "value": _number(line.value),
        "names": None if line.names is None else print_latex(line.names),
        "numbers": None if line.numbers is None else print_latex(line.numbers, 16),
        "conditions": [print_latex(condition, 16, condition=True) for condition in line.conditions],
        "text": line.text(digits),
        "in_code": None if line.as_computed is None else _line(line.as_computed, digits),
    }


def _numbers(value: Any) -> Any:
    return [_numbers(part) for part in value] if np.ndim(value) else _number(value)


def _number(value: Any) -> float | int | str:
    if isinstance(value, int | np.integer | np.bool_):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"
