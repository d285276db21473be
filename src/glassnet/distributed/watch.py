"""A thread beside the calls in which a rank waits for the others: it gives up on those that do not answer."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LOOK_SECONDS = 0.25  # from one look at the clock to the next
# of Open MPI: they wait without end for each other if the link between their machines is cut
LAUNCHERS = ("prterun", "prted")  # where the job was started, and on its other machines
LATER_SECONDS = 1  # that ranks on the other machines wait longer: of those that give up, the launcher's have the word
LAUNCHER_SECONDS = 3  # in which a launcher may end by itself
GRACE_SECONDS = 0.15  # after SIGTERM, in which ranks that all live may stop together; mpiexec sends SIGKILL after 0.3 s


class Watch:
    """Calls `give_up(why)` in a thread of its own if a call waits longer than `limit` seconds for other ranks.

    A process that waits inside MPI runs no signal handler of Python; the thread sees SIGTERM all the same, by which a
    launcher ends the ranks that are left when one was killed.
    """

    def __init__(self, limit: float, give_up: Callable[[str], None], is_one_gone: Callable[[], bool]) -> None:
        self.limit, self._give_up, self._is_one_gone = limit, give_up, is_one_gone
        self._since: float | None = None  # when the call that waits began
        self._ended: float | None = None  # when SIGTERM came
        self._later = LATER_SECONDS if launcher() == LAUNCHERS[1] else 0
        self._signals, write = socket.socketpair()
        self._signals.setblocking(False)
        write.setblocking(False)
        self._write = write  # kept open
        if threading.current_thread() is threading.main_thread():
            usual = signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
            if usual != -1:  # somebody else's; leave it
                signal.set_wakeup_fd(usual)
        threading.Thread(target=self._look, name="glassnet-watch", daemon=True).start()

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Around a call that waits for the other ranks."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None

    def _look(self) -> None:
        while True:
            ready, _, _ = select.select([self._signals], [], [], LOOK_SECONDS if self._ended is None else 0.02)
            now = time.monotonic()
            if ready and signal.SIGTERM in self._signals.recv(4096):
                self._ended = now
            since = self._since
            if since is None:
                continue
            ended = None if self._ended is None else now - max(since, self._ended)
            if ended is not None and (ended > GRACE_SECONDS or self._is_one_gone()):
                self._give_up("the launcher ends the others")
            elif now - since > self.limit + self._later:
                self._give_up(f"no answer for {self.limit:g} s, the time limit")


def end_launcher() -> None:
    """End the launcher of this process soon if it does not by itself: it obeys the third or fourth SIGTERM in a row then.

    A process of its own does it, since this one is about to end; it looks again whose number that is.
    """
    if name := launcher():
        script = 'sleep $2; for _ in 1 2 3 4; do [ "$(cat /proc/$0/comm)" = "$1" ] && kill -TERM $0; sleep 0.3; done'
        words, quiet = ["sh", "-c", script, str(os.getppid()), name, str(LAUNCHER_SECONDS)], subprocess.DEVNULL
        with contextlib.suppress(OSError):
            subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)


def launcher() -> str:
    """Return the name of the launcher that is this process's parent, or "" if it is none of Open MPI."""
    try:
        name = Path(f"/proc/{os.getppid()}/comm").read_text().strip()
    except OSError:
        return ""
    return name if name in LAUNCHERS else ""


def state_of(pid: int) -> str:
    """Return "killed", "stopped" or "" for a process of this machine that is gone, stopped or neither."""
    try:
        found = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return "killed"
        except OSError:
            return ""
        return ""
    return {"Z": "killed", "X": "killed", "T": "stopped", "t": "stopped"}.get(found, "")
