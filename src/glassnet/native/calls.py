"""Calls of the compiled engine under way, which end before the interpreter does.

A daemon thread inside such a call cannot take the GIL back once the interpreter is being torn down, so at exit every
call is asked to stop, and exit waits for them.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from glassnet.training.job import Flag

EXIT_SECONDS = 10.0  # to wait for calls at exit; each stops at its next step

_under_way: dict[int, Flag] = {}  # by thread
_exiting = False


@contextmanager
def call(stop: Flag | None = None) -> Iterator[Flag]:
    """Around a call of the compiled engine: gives the flag that it must obey, `stop` if there is one."""
    flag = Flag() if stop is None else stop
    _under_way[threading.get_ident()] = flag
    try:
        if _exiting:
            raise SystemExit  # ends a daemon thread without a word
        yield flag
    finally:
        _under_way.pop(threading.get_ident(), None)


def in_main_thread() -> bool:
    """True in the thread that receives Ctrl-C."""
    return threading.get_ident() == threading.main_thread().ident


def _end_all() -> None:
    global _exiting
    _exiting = True
    for flag in list(_under_way.values()):
        flag.set()
    deadline = time.monotonic() + EXIT_SECONDS
    while _under_way and time.monotonic() < deadline:
        time.sleep(0.001)


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_under_way.clear)  # the child has none of these threads
