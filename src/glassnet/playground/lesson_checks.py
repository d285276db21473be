"""Checks lessons: what a step says of its run is computed, and every number in its text must be checked."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

from glassnet.errors import InputError
from glassnet.playground.frames import unpack
from glassnet.playground.lesson import Lesson
from glassnet.playground.playground import Playground
from glassnet.playground.texts.texts import same_decimals

RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_CHECK = re.compile(r"(.+?) (=|<|>|<=|>=) (.+)")
_SIDE = re.compile(r"(.+?)(?: at step (\d{1,9}))?")
_NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_ENTRY = re.compile(r"(d?[Wb])(\d)\[(\d+)(?:, ?(\d+))?\]")
_QUOTED = re.compile(r"(?<![\w.])\d+\.\d+(?!\w)")  # a number with decimals, in a text


def problems(lesson: Lesson, play: Playground) -> Iterator[str]:
    """Yield each check of a lesson that does not hold, each number of its texts that no check has, and each missing translation.

    A check is "test accuracy = 0.98", "training loss < 0.3" or "test loss > test loss at step 60"; it names numbers of the
    page, "parameters", and entries of the run such as W1[0, 3], b2[0] or dW1[0, 3]. An equality holds to the digits written.
    """
    for place, step in enumerate(lesson.steps):
        where = f"{lesson.id}, step {place + 1}"
        query = lesson.query(place)
        try:
            play.frame(query)
        except InputError as error:
            yield f"{where}: {error}"
            continue
        for check in step.checks:
            try:
                failure = _failure(check, play, query)
            except InputError as error:
                failure = str(error)
            if failure:
                yield f"{where}: {failure}"
        known = {number for text in (*step.checks, *step.query.values()) for number in _NUMBER.findall(text)}
        for told in (lesson, *lesson.translations.values()):
            for number in quoted(told.steps[place].text, told.language):
                if number not in known:
                    within = "" if told is lesson else f", {told.language}"
                    yield f"{where}{within}: the text says {number}, and no check has that number."
    for told in lesson.translations.values():
        yield from told.missing


def quoted(text: str, language: str) -> list[str]:
    """Return the numbers with decimals in a text (HTML), with a decimal point whatever the language writes.

    Examples
    --------
    >>> quoted("<p>Nach 1.000 Schritten ist der Verlust 0,2532.</p>", "de")
    ['0.2532']
    """
    return _QUOTED.findall(same_decimals(re.sub(r"<[^>]*>", " ", text), language))


def _failure(check: str, play: Playground, query: str) -> str:
    """Return why a check does not hold; "" if it does."""
    found = _CHECK.fullmatch(check.strip())
    if found is None:
        raise InputError(
            f"check: expected a name, one of = < > <= >=, and a number or name; got {check!r}; correct it."
        )
    left, relation, right = found.groups()
    value, other = _value(left, play, query), _value(right, play, query)
    if relation != "=":
        holds = RELATIONS[relation](value, other)
    elif _NUMBER.fullmatch(right):
        holds = _rounds_to(value, right)
    else:
        holds = math.isclose(value, other, rel_tol=1e-12)
    also = "" if _NUMBER.fullmatch(right) else f", {right} {other:.6g}"
    return "" if holds else f"{check} does not hold: {left} is {value:.6g}{also}."


def _rounds_to(value: float, text: str) -> bool:
    """Return True if a number is written so with as many decimals; halves round away from 0, as on the page."""
    number = float(text.replace("−", "-"))
    mantissa, _, exponent = text.partition("e")
    half = 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    over = abs(value) - abs(number)
    return value * number >= 0 and -half * (1 + 1e-9) <= over < half * (1 - 1e-9)


def _value(side: str, play: Playground, query: str) -> float:
    """Return the number that a side of a check stands for."""
    if _NUMBER.fullmatch(side):
        return float(side.replace("−", "-"))
    name, step = _SIDE.fullmatch(side).groups()  # type: ignore[union-attr]
    if step is not None:
        query = re.sub(r"(^|&)step=\d+", "", query).lstrip("&")
        query = f"{query}&step={step}".lstrip("&")
    head, _ = unpack(play.frame(query))
    values = {
        "training loss": head["loss"]["train"],
        "test loss": head["loss"]["test"],
        f"training {head['metric']['name']}": head["metric"]["train"],
        f"test {head['metric']['name']}": head["metric"]["test"],
        **{each: head[each] for each in ("parameters", "epoch", "step")},
    }
    entry = _ENTRY.fullmatch(name)
    try:
        value = values[name] if entry is None else _entry(head, *entry.groups())
    except (KeyError, IndexError):
        raise InputError(f"check: expected one of {', '.join(values)}, W1[0, 3]; got {name!r}; correct it.") from None
    if value is None:
        raise InputError(f"check: expected a finite number; got none for {name!r}; choose another step.")
    return float(value)


def _entry(head: dict[str, Any], kind: str, layer: str, first: str, second: str | None) -> Any:
    values = head[kind][int(layer) - 1][int(first)]
    if (second is None) != kind.endswith("b"):
        raise KeyError(kind)
    return values if second is None else values[int(second)]
