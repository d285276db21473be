"""The clock of a diagnosis: tells its progress, bounds the time of each training and of all, and ends them at Ctrl-C."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any

from glassnet.training.job import Flag

TIMES, LEAST = 40.0, 30.0  # a diagnosis may take so many times as long as the run itself, and so many seconds on top
TRIAL_TIMES, TRIAL_LEAST = 10.0, 5.0  # the same for a training of it, by the number of its steps

LOOK_EVERY = 0.1  # seconds between two looks at the bounds


class OutOfTimeError(Exception):
    """The time that a diagnosis may take is over."""


@dataclass(frozen=True)
class Progress:
    """The argument of the callback `progress` of `diagnose`.

    Attributes
    ----------
    doing : what is done now, such as "trying remedies"
    done, expected : the number of trainings done, and of all that are expected so far
    seconds : seconds since the start
    left : seconds that are expected to be left; None until the run itself was timed
    itself : seconds of the run itself; None until it was timed
    at_most : seconds that the whole diagnosis may take; None until the run itself was timed
    """

    doing: str
    done: int
    expected: int
    seconds: float
    left: float | None
    itself: float | None
    at_most: float | None

    def __str__(self) -> str:
        left = "" if self.left is None else f", about {self.left:.1f} s left"
        bound = "" if self.at_most is None else f", at most {self.at_most:.0f} s in all"
        return f"{self.doing}: training {min(self.done + 1, self.expected)} of about {self.expected}{left}{bound}"


@dataclass(eq=False)
class Clock:
    """Counts the trainings of a diagnosis, which share it; without `start` it bounds and tells nothing."""

    tell: Callable[[Progress], Any] | None = None
    doing: str = ""
    done: int = 0
    expected: int = 0
    began: float = field(default_factory=time.monotonic)
    at_most: float | None = None
    itself: float | None = None  # seconds of the run itself
    per_step: float | None = None  # and of each of its steps
    ended: bool = False
    _spent: float = 0.0  # seconds in trainings, a parallel one counted by its share
    _flags: dict[int, tuple[Flag, float]] = field(default_factory=dict)  # with the times at which they are set
    _lock: Lock = field(default_factory=Lock)
    _over: Event = field(default_factory=Event)

    def stage(self, doing: str, trainings: int) -> None:
        """Begin a part of the diagnosis that is expected to need so many trainings."""
        self.doing = doing
        self.expected = max(self.expected, self.done + trainings)
        self.report()

    def finish(self) -> None:
        """Tell that all is done."""
        self.doing, self.expected = "done", self.done
        self.report()

    def close(self) -> None:
        """End the thread that watches the bounds."""
        self._over.set()

    def timed(self, seconds: float, steps: int) -> None:
        """Set the bounds by the time that the run itself took."""
        self.itself, self.per_step = seconds, seconds / max(steps, 1)
        self.at_most = time.monotonic() - self.began + LEAST + TIMES * seconds
        Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """Set the flags whose time is over, until the diagnosis is."""
        while not self._over.wait(LOOK_EVERY):
            now = time.monotonic()
            with self._lock:
                for flag, until in self._flags.values():
                    if now > until:
                        flag.set()

    @contextmanager
    def training(self, steps: int) -> Iterator[Flag]:
        """Give the stop flag of a training of so many steps, and set it when its time is over.

        Raises
        ------
        OutOfTimeError
            If the time of the diagnosis was over before.
        """
        bound = self._bound(steps)
        if bound is not None and bound <= 0:
            raise OutOfTimeError
        flag, started = Flag(), time.monotonic()
        with self._lock:
            self._flags[id(flag)] = flag, started + (math.inf if bound is None else bound)
            if self.ended:
                flag.set()
        try:
            yield flag
        finally:
            with self._lock:
                del self._flags[id(flag)]
                self.done += 1
                self._spent += time.monotonic() - started

    def _bound(self, steps: int) -> float | None:
        if self.at_most is None or self.per_step is None:
            return None
        left = self.at_most - (time.monotonic() - self.began)
        return min(left, TRIAL_LEAST + TRIAL_TIMES * self.per_step * steps)

    def end(self) -> None:
        """Ask all trainings to stop at their next step."""
        with self._lock:
            self.ended = True
            for flag, _ in self._flags.values():
                flag.set()

    def report(self) -> None:
        """Call the callback, from the thread of the diagnosis."""
        if self.tell is None:
            return
        self.expected = max(self.expected, self.done)
        seconds = time.monotonic() - self.began
        left = None
        if self.at_most is not None:
            each = self._spent / max(self.done, 1)
            left = max(0.0, min((self.expected - self.done) * each, self.at_most - seconds))
        self.tell(Progress(self.doing, self.done, self.expected, seconds, left, self.itself, self.at_most))
