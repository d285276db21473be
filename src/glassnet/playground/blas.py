"""Limits BLAS to one thread while the playground computes, so that matrix products have the same bits everywhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_running = 0  # number of calls under way, in all threads
_limits: Any = None  # the limiter of the first of these calls, which restores the numbers of threads
_controller: Any = None  # of the BLAS libraries loaded so far
_modules = 0  # number of imported modules when the controller was made
_here = threading.local()  # .limited: this thread is within such a call


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread, as a context manager or a decorator.

    Most BLAS libraries have one limit for the whole process, so calls that overlap share it: the first sets it, and the
    last restores the former numbers of threads. For a library with one limit for each thread, every call sets its own.
    A call within another of the same thread has its limit already.
    """
    global _running
    if getattr(_here, "limited", False):
        yield
        return
    with _lock:
        controller = _find_libraries()
        if _running == 0:
            _in_new_thread(lambda: _set(controller))
        _running += 1
    _here.limited = True
    try:
        with controller.limit(limits=1, user_api="blas"):
            yield
    finally:
        _here.limited = False
        with _lock:
            _running -= 1
            if _running == 0:
                _in_new_thread(_limits.restore_original_limits)


def _set(controller: Any) -> None:
    global _limits
    _limits = controller.limit(limits=1, user_api="blas")


def _find_libraries() -> Any:
    """Return the controller of all BLAS libraries; it is made again, in about 8 ms, when new modules were imported."""
    global _controller, _modules
    if _modules != len(sys.modules):
        _controller, _modules = ThreadpoolController(), len(sys.modules)
    return _controller


def _in_new_thread(function: Callable[[], object]) -> None:
    """Call `function` in a short-lived thread: while a thread that set a limit lives, threadpoolctl refuses others."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()
