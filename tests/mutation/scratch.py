"""A copy of the project to break, with an environment of its own, and the running of tests in it."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path
from xml.etree import ElementTree

from tests.mutation.rooms import CPP, ROOT, files_of_tests

KILLED, SURVIVED, TIMEOUT = "killed", "SURVIVED", "killed (too slow)"
NOT_COMPILED, SAME_CODE = "does not compile", "the same machine code"
NO_TESTS = 5  # pytest's exit code
UNNEEDED = shutil.ignore_patterns(
    "build", ".git", ".venv", ".nox", "node_modules", "__pycache__", ".*_cache", ".hypothesis"
)


class Scratch:
    """The copy. Every process that a test starts imports the copy too."""

    def __init__(self, folder, deselected=(), optimize=3, timings=None):
        self.deselected = [f"--deselect={name}" for name in deselected]
        self.optimize = optimize  # the level of the compiler
        self.root = Path(folder) / "project"
        shutil.copytree(ROOT, self.root, ignore=UNNEEDED)
        modules = Path(importlib.util.find_spec("glassnet.native._cpu").origin).parent
        for module in modules.glob("*.so"):
            shutil.copy(module, self.root / "src" / "glassnet" / "native")
        self.python = self._environment(Path(folder) / "environment")
        self.order = {}  # of each room's tests
        self.seconds = {}  # that a room's tests take unbroken
        self.timings = timings  # a JSON file that keeps both for later runs
        if timings and timings.exists():
            for room, (seconds, files) in json.loads(timings.read_text()).items():
                self.seconds[room], known = seconds, list(map(Path, files))
                found = files_of_tests(room, self.root)
                self.order[room] = sorted(found, key=lambda file: known.index(file) if file in known else -1)
        self.build = None

    def _environment(self, folder):
        """An environment whose glassnet is the copy; all else comes from the environment that runs."""
        venv.create(folder, with_pip=False, symlinks=True)
        (site,) = (folder / "lib").glob("python*/site-packages")
        # these lines add folders to sys.path and nothing else, so the finder of an editable install is not loaded
        others = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
        (site / "glassnet.pth").write_text("\n".join([str(self.root / "src"), *others]) + "\n")
        python = folder / "bin" / "python"
        code = "import glassnet; print(glassnet.__file__)"
        where = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
        assert where.startswith(str(self.root)), where
        return python

    def run(self, arguments, timeout):
        """The exit code of pytest and what it printed; code None if it took longer than `timeout`."""
        command = [self.python, "-B", "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *self.deselected]
        command += arguments
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GLASSNET_"))
        }
        # pytest and what it starts are one group, which ends as a whole
        process = subprocess.Popen(
            command, cwd=self.root, env=environment, start_new_session=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            return None, ""
        else:
            return process.returncode, output
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def run_unbroken(self, room):
        """Run the room's tests once: they must pass, and tell how long each file takes."""
        report = self.root / "report.xml"
        started = time.monotonic()
        code, output = self.run([*map(str, files_of_tests(room, self.root)), f"--junitxml={report}"], timeout=3600)
        self.seconds[room] = time.monotonic() - started
        if code != 0:
            raise SystemExit(f"the unbroken tests of {room} fail:\n{output[-3000:]}")
        seconds = dict.fromkeys(files_of_tests(room, self.root), 0.0)
        for case in ElementTree.parse(report).iter("testcase"):
            for file in seconds:
                if case.get("classname").startswith(".".join(file.with_suffix("").parts)):
                    seconds[file] += float(case.get("time"))
        self.order[room] = sorted(seconds, key=seconds.get)
        if self.timings:
            kept = json.loads(self.timings.read_text()) if self.timings.exists() else {}
            kept[room] = self.seconds[room], list(map(str, self.order[room]))
            self.timings.write_text(json.dumps(kept))

    def outcome(self, room, each):
        """Break the copy, run the room's tests, mend it; the tests that most likely fail come first."""
        if room == CPP and self.build is None:
            self._configure()
        if room not in self.order:
            self.run_unbroken(room)
        file = self.root / each.file
        source = file.read_bytes()
        file.write_bytes(each.apply(source))
        try:
            if room == CPP and (refused := self._compile()):
                return refused
            order = list(map(str, self._likely_first(room, each.file.stem)))
            code, output = self.run(order, timeout=30 + 5 * self.seconds[room])
            assert code != NO_TESTS, output
            return TIMEOUT if code is None else SURVIVED if code == 0 else KILLED
        finally:
            file.write_bytes(source)

    def _likely_first(self, room, module):
        """The room's test files: those named like the module, those that write its name, the others; the fast ones first."""
        word = re.compile(rf"\b{re.escape(module)}\b")

        def unlikely(test):
            return module not in test.stem, not word.search((self.root / test).read_text(encoding="utf-8"))

        return sorted(self.order[room], key=unlikely)

    # the compiled engine

    def _configure(self):
        from glassnet.native.engine import load_module

        self.module = Path(load_module()[0].__file__)
        self.target = self.module.name.split(".")[0]
        self.build = self.root / "build"
        recipe = self.root / "CMakeLists.txt"
        recipe.write_text(recipe.read_text().replace("-O3", f"-O{self.optimize}"))
        configure = ["cmake", "-S", self.root, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]
        configure += [f"-DPython_EXECUTABLE={sys.executable}"]
        subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
        assert self._compile() is None
        self.unbroken = (self.build / self.module.name).read_bytes()

    def _compile(self):
        """Build the module of this processor and put it in place; why the break does not count, if it does not."""
        command = ["ninja", "-C", self.build, self.target]
        if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode != 0:
            return NOT_COMPILED
        built = self.build / self.module.name
        if built.read_bytes() == getattr(self, "unbroken", None):
            return SAME_CODE
        shutil.copy(built, self.root / "src" / "glassnet" / "native")
        return None
