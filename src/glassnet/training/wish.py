"""Stops that the ranks of a run agree on: a wish of any of them counts for all before the same step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np

from glassnet.errors import GlassnetError
from glassnet.training.communicator import Communicator, is_of_all_ranks, of_all_ranks
from glassnet.training.job import Flag

_STOP, _LEAVE = 1, 2  # wishes of a rank, as the byte of its flag has them
LEAVING = 4096.0  # what a wish to leave adds to the sum of the wishes, in which up to 4,095 ranks ask to stop


class Wish(Flag):
    """A flag of a run on several ranks: set on any of them, it counts once a step's sums have told it to all.

    So all ranks stop before the same step. `set` asks to end a call of `advance`; `leave` asks to end the program.
    """

    def __init__(self) -> None:
        super().__init__()
        self.then: Callable[[], None] = lambda: None  # called when this rank asks to leave
        self.wishes = np.zeros(1)  # their sum, once all ranks have it; the compiled engine writes it

    def leave(self) -> None:
        """Ask to end the program."""
        self.byte[0] = _LEAVE
        self.then()

    @property
    def told(self) -> float:
        """The number that this rank adds to the sum of the wishes."""
        return {0: 0.0, _STOP: 1.0, _LEAVE: LEAVING}[int(self.byte[0])]

    @property
    def leaving(self) -> bool:
        """True if a rank has asked to end the program, and all know."""
        return bool(self.wishes[0] >= LEAVING)

    def __bool__(self) -> bool:
        return bool(self.wishes[0] > 0)


@contextmanager
def together(communicator: Communicator | None, wish: Flag) -> Iterator[None]:
    """Around steps that all ranks take: Ctrl-C and SIGTERM become a wish, and an error of one rank alone ends all.

    Once all ranks have stopped for a signal that any of them received, KeyboardInterrupt is raised on each.
    """
    if communicator is None or not isinstance(wish, Wish):
        yield
        return
    received: list[int] = []

    def leave(number: int, frame: FrameType | None) -> None:
        received.append(number)
        wish.leave()

    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    usual = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    except BaseException as error:
        if isinstance(error, GlassnetError) or is_of_all_ranks(error):  # which all ranks meet at the same step
            raise
        communicator.abort(f"{type(error).__name__} on rank {communicator.rank} of {communicator.size}: {error}")
    finally:
        for number, handler in usual.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    if wish.leaving:
        raise of_all_ranks(KeyboardInterrupt())
