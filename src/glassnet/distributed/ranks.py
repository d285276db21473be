"""`Ranks`, which each communicator builds on: it keeps the time limit, tells a failure in one line and ends all ranks."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import sys
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import numpy as np

from glassnet.distributed.watch import Watch, end_launcher, state_of
from glassnet.errors import check_number, printable
from glassnet.training.communicator import gather

START_AGAIN = "start all ranks again"
_made: list[Ranks] = []  # of this process


def ranks_of_process() -> Ranks | None:
    """Return the ranks that this process has, if it has any."""
    return _made[-1] if _made else None


class Ranks(ABC):
    """The ranks of a run, over the sums and broadcasts of a subclass.

    Whatever ends one rank alone ends all: a signal, an exception, a machine that does not answer. The first rank of
    each machine to notice says so in one line; the others end without a word.
    """

    rank: int
    size: int

    def __init__(self, timeout: float) -> None:
        self.timeout = check_number("timeout", timeout, 0, open_low=True)
        self.way_out = START_AGAIN
        self.neighbours = 1  # ranks of this machine
        self._peers: list[tuple[str, int]] = []
        self._watch = Watch(self.timeout, self._give_up, lambda: bool(self._gone()))
        name = f"glassnet-{self.broadcast(uuid.uuid4().hex)}-{socket.gethostname()}"
        self._token = Path(tempfile.gettempdir(), name)
        self.meet()
        self._usual_hook = sys.excepthook
        sys.excepthook = self._end_by
        atexit.register(self._at_exit)
        _made.append(self)

    # --- subclasses ----------------------------------------------------------------------------------------------

    @abstractmethod
    def _sum(self, buffer: Any) -> None:
        """Replace the array by its sum over all ranks."""

    @abstractmethod
    def _pass_on(self, value: Any, root: int) -> Any:
        """Return the object of rank `root`."""

    # --- the protocol --------------------------------------------------------------------------------------------

    def all_reduce(self, buffer: Any) -> None:
        """Replace a contiguous array by its sum over all ranks, the same bits on each.

        Parameters
        ----------
        buffer : array of float32 or float64
        """
        with self._watch.waiting():
            self._sum(buffer)

    def broadcast(self, value: Any, root: int = 0) -> Any:
        """Return the object of rank `root`.

        Parameters
        ----------
        value : object
            That of this rank.
        root : int
            Whose object it is to be.

        Returns
        -------
        object
            The same on every rank.
        """
        with self._watch.waiting():
            return self._pass_on(value, root)

    def recover(self) -> None:
        """Go on with the ranks that are left, which all call this; ends all ranks where they cannot."""
        self._give_up("these ranks cannot go on without it")

    def abort(self, message: str) -> NoReturn:
        """Say in one line why, and end all ranks with exit code 1.

        Parameters
        ----------
        message : str
            What happened, on which rank.
        """
        self._say(f"{message}; all ranks end; {self.way_out}.")
        self.end(1)

    # --- the end -------------------------------------------------------------------------------------------------

    def meet(self) -> None:
        """Learn which processes of this machine are ranks."""
        here = (socket.gethostname(), os.getpid())
        self._peers = gather(self, here)
        self.neighbours = sum(host == here[0] for host, _ in self._peers)
        self._token.touch()
        gather(self, None)  # no rank is ahead of another's token

    def end(self, code: int) -> NoReturn:
        """End this process at once, and with it, by its exit code, the launcher and all ranks.

        Parameters
        ----------
        code : int
            The exit code.
        """
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    def absent(self) -> str:
        """Return which ranks of this machine were killed or stopped, in words; "a rank" if none is."""
        found = [f"rank {rank} of {self.size} was {state}" for rank, state in self._gone()]
        return " and ".join(found) or "a rank on another machine is gone or silent"

    def _gone(self) -> list[tuple[int, str]]:
        here = socket.gethostname()
        states = [(rank, state_of(pid)) for rank, (host, pid) in enumerate(self._peers) if host == here]
        return [(rank, state) for rank, state in states if state]

    def _give_up(self, why: str) -> None:
        if not self._gone():
            end_launcher()  # the link to another machine may be cut
        self._say(f"{self.absent()}: {why}; all ranks end; {self.way_out}.")
        self.end(1)

    def _is_first(self) -> bool:
        """Return True for the first rank of this machine that asks."""
        try:
            self._token.unlink()
        except OSError:
            return False
        return True

    def _say(self, line: str) -> None:
        if self._is_first():
            print(f"glassnet: {printable(line)}", file=sys.stderr, flush=True)
            time.sleep(0.2)  # a launcher passes the line on before it sees the end
        else:
            time.sleep(0.5)  # the first may still be printing

    def speaks(self) -> bool:
        """Return True for the rank that is to tell an error; rank 0 if it has the same.

        Returns
        -------
        bool
            True for one rank of each machine.
        """
        if self.rank != 0:
            time.sleep(0.5)
        return self._is_first()

    def _end_by(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """The excepthook: an error that nobody caught is told once, and ends all ranks."""
        if self.speaks():
            self._usual_hook(kind, error, trace)
            print(f"glassnet: {kind.__name__} ended rank {self.rank} of {self.size}; all ranks end.", file=sys.stderr)
        self.end(130 if issubclass(kind, KeyboardInterrupt) else 1)

    def _at_exit(self) -> None:
        """Wait for the others, no longer than the time limit: to leave before them would leave them waiting."""
        with contextlib.suppress(Exception):
            self.all_reduce(np.zeros(1))
        self._token.unlink(missing_ok=True)

    def __deepcopy__(self, memo: Any) -> Ranks:
        return self  # a copy of an estimator has the ranks of the first

    def __repr__(self) -> str:
        return f"{type(self).__name__}(rank {self.rank} of {self.size})"
