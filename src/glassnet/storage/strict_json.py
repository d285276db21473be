"""Reads JSON from untrusted files: depth, duplicates, numbers and text are checked, all with one exception."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import numpy as np

from glassnet.errors import shown

DEPTH = 32  # most levels of nested arrays and objects
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)  # matches at every quote, so in linear time


class MalformedError(Exception):
    """The content is not a glassnet model; the message names the expected and the actual value."""


def malformed(expected: str, got: object = None, *, said: str = "") -> NoReturn:
    """Raise the MalformedError of "expected …; got …": a value from the file, or what is `said` of it."""
    raise MalformedError(
        f"expected {expected}; got {said if said.isprintable() and 0 < len(said) <= 80 else shown(said or got)}"
    )


def parse(raw: bytes, what: str) -> Any:
    """Parse `raw`; raise MalformedError for numbers that are not finite, repeated keys, or text that UTF-8 cannot hold."""
    _check_depth(raw, what)
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=lambda pairs: _object(pairs, what),
            parse_float=lambda digits: _finite(digits, what),
            parse_int=lambda digits: _whole(digits, what),
            parse_constant=lambda name: malformed(f"finite numbers in {what}", said=name),
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # an escaped half of a surrogate pair fails here
    except UnicodeError:
        malformed(f"UTF-8 text in {what}", said="other bytes")
    except ValueError as error:
        malformed(f"JSON in {what}", said=str(error))
    return value


def _check_depth(raw: bytes, what: str) -> None:
    bare = np.frombuffer(_STRING.sub(b"", raw), dtype=np.uint8)
    opening = np.isin(bare, np.frombuffer(b"[{", np.uint8)).astype(np.int32)
    closing = np.isin(bare, np.frombuffer(b"]}", np.uint8)).astype(np.int32)
    depth = int(np.cumsum(opening - closing, dtype=np.int32).max(initial=0))
    if depth > DEPTH:
        malformed(f"at most {DEPTH} levels in {what}", depth)


def _object(pairs: list[tuple[str, Any]], what: str) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value:
            malformed(f"each key once in {what}", said=f"{shown(key)} twice")
        value[key] = item
    return value


def _finite(digits: str, what: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        malformed(f"finite numbers in {what}", said=digits[:20])
    return number


def _whole(digits: str, what: str) -> int:
    number = int(digits) if len(digits) <= 40 else 2**128
    if abs(number) >= 2**128:  # a random generator's state needs them up to there
        malformed(f"whole numbers below 2**128 in {what}", said=f"one of {len(digits)} digits")
    return number
