"""A thread that makes one call after the other, of the kind whose messages reach the notebook's page."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

IDLE = 2.0  # seconds without a call after which a thread looks whether its cell is still there


class Line:
    """Makes the calls that are submitted, one after the other, in a thread of its own.

    An executor's threads would not do: marimo lets only threads of its own kind send messages.
    """

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[None], Callable[[], None]] | None] = queue.SimpleQueue()
        self._thread = _kind_of_thread()(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, call: Callable[..., None], *arguments: Any) -> Future[None]:
        """Make a call after those before it; the Future may cancel one that waits."""
        future: Future[None] = Future()
        self._calls.put((future, lambda: call(*arguments)))
        return future

    def end(self, *, now: bool) -> None:
        """End the thread after the calls that wait; `now`: without them, and without waiting for the one under way."""
        if now:
            while not self._calls.empty():
                if (given := self._calls.get()) is not None:
                    given[0].cancel()
        self._calls.put(None)
        if not now:
            self._thread.join()

    def _work(self) -> None:
        while not getattr(threading.current_thread(), "should_exit", False):  # marimo's, once the cell is gone
            try:
                given = self._calls.get(timeout=IDLE)
            except queue.Empty:
                continue
            if given is None:
                return
            future, call = given
            if future.set_running_or_notify_cancel():
                try:
                    call()
                finally:
                    future.set_result(None)


def _kind_of_thread() -> type[threading.Thread]:
    """Return marimo's thread in a notebook of marimo, else Python's."""
    marimo = sys.modules.get("marimo")
    kind: type[threading.Thread] = (
        marimo.Thread if marimo is not None and marimo.running_in_notebook() else threading.Thread
    )
    return kind
