"""Keeps one line of JSON an outcome, so that a long run can be cut and resumed; runs each job in a process of its own."""

import json
import multiprocessing
import subprocess
import warnings
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "src/glassnet"


def version():
    """The commit that last changed the package, with a + if files of it are changed since."""
    git = ["git", "-C", str(SOURCE)]
    commit, changed = (
        subprocess.run([*git, *command], capture_output=True, text=True, check=False).stdout.strip()
        for command in (["log", "-1", "--format=%h", "--", "."], ["status", "--porcelain", "--", "."])
    )
    return commit + ("+" if changed else "")


class Store:
    """A file of outcomes, the last of each part, key and version counts."""

    def __init__(self, path):
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, outcome):
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome, ensure_ascii=False, default=float) + "\n")

    def outcomes(self, of):
        """The outcomes of a version by part and key."""
        if not self.path.exists():
            return {}
        found = map(json.loads, self.path.read_text(encoding="utf-8").splitlines())
        return {(each["part"], each["key"]): each for each in found if each["version"] == of}


def in_child(run, job, seconds):
    """Return what `run(job)` returns in a forked process; {"error": …} if it fails or takes longer than `seconds`."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_tell, args=(theirs, run, job))
    with (
        warnings.catch_warnings()
    ):  # Python 3.12 warns of forks beside threads; this one computes nothing shared with them
        warnings.simplefilter("ignore", DeprecationWarning)
        child.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(seconds) else {"error": f"not done after {seconds:g} s"}
    except EOFError:
        return {"error": "the process died"}
    finally:
        child.kill()
        child.join()


def _tell(pipe, run, job):
    try:
        outcome = run(job)
    except Exception as error:  # noqa: BLE001 (whatever it is, the other runs go on)
        outcome = {"error": f"{type(error).__name__}: {error}"[:300]}
    pipe.send(outcome)
