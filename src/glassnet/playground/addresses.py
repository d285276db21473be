"""The page's addresses: what is asked for under each, and how; a server and a notebook answer with the same functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from glassnet.playground import exports
from glassnet.playground.playground import Playground
from glassnet.playground.recording.recording import record_query

BINARY, JSON, HTML = "application/octet-stream", "application/json", "text/html; charset=utf-8"
SAMPLES = 2  # of a recording that is asked for by its address


@dataclass(frozen=True)
class Address:
    """The function that answers the queries of an address, the media type of its answers, and when they are computed."""

    answer: Callable[[str], bytes]
    kind: str = JSON
    turn: Literal["quick", "slow", "last"] = "slow"  # slow answers do not delay quick ones, the last no others
    file: str = ""  # the name of the file that the answer is
    lasting: bool = True  # False if another version, or other lessons, may answer otherwise
    open: bool = False  # True if an answer tells nothing that a class's link may lock


def addresses(play: Playground) -> dict[str, Address]:
    """Return the addresses that a playground answers, without a leading slash.

    Examples
    --------
    >>> addresses(Playground())["frame"].kind
    'application/octet-stream'
    """
    return {
        "data": Address(play.data, turn="quick", open=True),
        "frame": Address(play.frame, BINARY, "quick"),
        "frames": Address(play.frames, BINARY, "quick"),
        "schema": Address(play.schema, turn="quick", lasting=False, open=True),
        "lessons": Address(play.lessons, turn="quick", lasting=False, open=True),
        "explain": Address(play.explain),
        "exercise": Address(play.exercise),
        "grade": Address(play.grade),
        "diagnosis": Address(play.diagnosis),
        **{
            f"export/{name}": Address(play.exporter(name), kind, file=name)
            for name, (kind, _) in exports.EXPORTS.items()
        },
        "export/recording.html": Address(
            lambda query: record_query(play, query, samples=SAMPLES).html.encode(), HTML, "last", "recording.html"
        ),
    }
