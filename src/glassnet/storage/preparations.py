"""Preparations in a model file: what columns share stands once, and the numbers of each network's preparation in a row.

A column is its description (name, part, type, categories) and the shape of the rest, in which every number is null and
every list of numbers is {"floats": its length}. Networks of one model name descriptions and shapes by their places.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from glassnet.errors import InputError
from glassnet.storage.fields import a_list, only
from glassnet.storage.strict_json import malformed

DESCRIPTION = ("name", "part", "type", "categories")
MOST = 2**24  # characters of all columns of all networks, written out


def pack(preparations: Sequence[dict[str, Any]]) -> tuple[dict[str, list[Any]], list[dict[str, Any]]]:
    """Return the descriptions and shapes, and for each preparation the places of its columns' and its numbers."""
    columns: dict[str, int] = {}
    shapes: dict[str, int] = {}
    packed, size = [], 0
    for preparation in preparations:
        places, numbers = [], list[float]()
        for column in preparation["columns"]:
            own = json.dumps({name: column[name] for name in DESCRIPTION if name in column})
            others = {name: value for name, value in column.items() if name not in DESCRIPTION}
            shape = json.dumps(_hollow(others, numbers))
            places.append([columns.setdefault(own, len(columns)), shapes.setdefault(shape, len(shapes))])
            size += len(own) + len(shape)
        packed.append({"columns": places, "numbers": numbers})
    if size > MOST:
        raise InputError(
            f"model: expected columns described by at most {MOST:,} characters for all networks; got {size:,}; "
            "use fewer columns, categories or networks."
        )
    return {"columns": list(map(json.loads, columns)), "shapes": list(map(json.loads, shapes))}, packed


def unpack(columns: Any, shapes: Any, packed: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the preparations that `pack` took; raise MalformedError for anything else."""
    for name, parts in (("columns", columns), ("shapes", shapes)):
        if not all(isinstance(part, dict) for part in a_list(parts, f"the {name}")):
            malformed(f"objects as {name}", parts)
    sizes = [[len(json.dumps(part)) for part in parts] for parts in (columns, shapes)]
    preparations, size = [], 0
    for each in packed:
        if not isinstance(each, dict):
            malformed("an object as preparation", each)
        numbers = iter(a_list(only(each, "columns", "numbers")["numbers"], "the numbers of a preparation"))
        places = a_list(each["columns"], "the columns of a preparation")
        for place in places:
            right = isinstance(place, list) and len(place) == 2 and all(type(one) is int and one >= 0 for one in place)
            if not right or place[0] >= len(columns) or place[1] >= len(shapes):
                malformed("the places of a column and of its shape", place)
            size += sizes[0][place[0]] + sizes[1][place[1]]
            if size > MOST:
                malformed(f"columns of at most {MOST:,} characters", said="more")
        preparations.append(
            {"columns": [{**columns[column], **_filled(shapes[shape], numbers)} for column, shape in places]}
        )
        if next(numbers, None) is not None:
            malformed("as many numbers as the columns have", said="more")
    return preparations


def _hollow(value: Any, numbers: list[float]) -> Any:
    """Return the shape of a value, and append its numbers."""
    if type(value) is float:
        numbers.append(value)
        return None
    if isinstance(value, dict):
        return {name: _hollow(item, numbers) for name, item in value.items()}
    if isinstance(value, list):
        if value and all(type(item) is float for item in value):
            numbers.extend(value)
            return {"floats": len(value)}
        return [_hollow(item, numbers) for item in value]
    return value


def _filled(shape: Any, numbers: Iterator[Any]) -> Any:
    """Return the value of that shape, with the next of the numbers."""
    if shape is None or (isinstance(shape, dict) and shape.keys() == {"floats"}):
        count = 1 if shape is None else shape["floats"]
        if type(count) is not int or count < 1:
            malformed("a number of floats", count)
        taken = list(islice(numbers, count))
        if len(taken) < count:
            malformed("as many numbers as the columns have", said="fewer")
        return taken[0] if shape is None else taken
    if isinstance(shape, dict):
        return {name: _filled(item, numbers) for name, item in shape.items()}
    return [_filled(item, numbers) for item in shape] if isinstance(shape, list) else shape
