"""Limits BLAS to one thread while the playground computes, so that products of matrices have the same last digit everywhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_running = 0  # calls under way, in all threads
_limits: Any = None  # set by the first of them; knows the numbers of threads before
_controller: Any = None  # of the BLAS libraries that were loaded when so many modules were imported:
_modules = 0


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread; also a decorator.

    Most BLAS libraries have one limit for the whole process, so calls that overlap share it: the first sets it, and the
    last restores the numbers of threads from before. A library with a limit for each thread has it set by each call.
    """
    global _running
    with _lock:
        controller = _find_libraries()
        if _running == 0:
            _in_new_thread(lambda: _set(controller))
        _running += 1
    try:
        with controller.limit(limits=1, user_api="blas"):
            yield
    finally:
        with _lock:
            _running -= 1
            if _running == 0:
                _in_new_thread(_limits.restore_original_limits)


def _set(controller: Any) -> None:
    global _limits
    _limits = controller.limit(limits=1, user_api="blas")


def _find_libraries() -> Any:
    """The controller of all BLAS libraries; it is made anew, in some 8 ms, when an import may have loaded another."""
    global _controller, _modules
    if _modules != len(sys.modules):
        _controller, _modules = ThreadpoolController(), len(sys.modules)
    return _controller


def _in_new_thread(function: Callable[[], object]) -> None:
    """Call `function` in a thread that ends: threadpoolctl lets no other thread set a limit while one lives that has."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()
