"""Ranks that are threads of this process: a Communicator to test with, and a function that runs on each rank."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import numpy as np

from glassnet.training.communicator import is_of_all_ranks


class AbortedError(Exception):
    """The ranks were ended."""


class Meeting:
    """Where the threads of a run meet."""

    def __init__(self, size: int) -> None:
        self.barrier = threading.Barrier(size, timeout=20)
        self.given: list[Any] = [None] * size
        self.messages: list[str] = []
        self.calls = 0


class ThreadRank:
    """A rank of a Communicator whose ranks are threads; sums are added in the order of the ranks."""

    way_out = "start again"

    def __init__(self, rank: int, size: int, meeting: Meeting) -> None:
        self.rank, self.size, self.meeting = rank, size, meeting

    def _exchange(self, value: Any) -> list[Any]:
        try:
            self.meeting.given[self.rank] = value
            self.meeting.barrier.wait()
            given = list(self.meeting.given)
            self.meeting.barrier.wait()
        except threading.BrokenBarrierError:
            raise AbortedError from None
        return given

    def all_reduce(self, buffer: Any) -> None:
        if self.rank == 0:
            self.meeting.calls += 1
        with np.errstate(all="ignore"):
            buffer[...] = sum(self._exchange(np.array(buffer)))

    def broadcast(self, value: Any, root: int = 0) -> Any:
        given = self._exchange(pickle.dumps(value) if self.rank == root else None)[root]
        return value if self.rank == root else pickle.loads(given)

    def recover(self) -> None:
        raise NotImplementedError

    def abort(self, message: str) -> NoReturn:
        self.meeting.messages.append(message)
        self.meeting.barrier.abort()
        raise AbortedError(message)


def on_ranks(size: int, function: Callable[[ThreadRank], Any]) -> list[Any]:
    """Call `function` with the communicator of each rank, side by side; return what it returns or raises."""
    meeting = Meeting(size)

    def guarded(rank: int) -> Any:
        try:
            return function(ThreadRank(rank, size, meeting))
        except BaseException as error:  # noqa: BLE001, the test looks at it
            if not isinstance(error, AbortedError) and not is_of_all_ranks(error):
                meeting.barrier.abort()
            return error

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(guarded, range(size)))
