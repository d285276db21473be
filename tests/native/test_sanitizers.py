"""The engine built with the compiler's sanitizers: no stray access, no undefined behaviour, no race (takes minutes)."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]

# Puts the sanitized module in the place of the installed one, then runs some of the tests beside this file.
TESTS = """
import importlib.util
import sys

import glassnet.native

spec = importlib.util.spec_from_file_location("glassnet.native._native_v3", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["glassnet.native._native_v3"] = module
spec.loader.exec_module(module)

import pytest
from glassnet.native.engine import load_module

assert load_module()[0] is module
here = sys.argv[2] + "/tests/native/"
choice = "runs_agree and (0- or 1-) or every_width or threads or odd_shapes or predictions or overflow or epochs or batches"
files = [here + f"test_{name}.py" for name in ("parity", "threads", "run", "objective")]
sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-k", choice, *files]))
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="builds for x86-64-v3")
@pytest.mark.parametrize(
    ("sanitizers", "libraries"),
    [("address,undefined", ("asan", "ubsan")), ("thread", ("tsan",))],
    ids=["address", "thread"],
)
def test_no_sanitizer_complains(sanitizers, libraries, tmp_path, cxx, compiled_engine):
    for tool in ("cmake", "ninja"):
        if not shutil.which(tool):
            pytest.skip(f"no {tool}")
    from glassnet.native import _cpu

    if _cpu.instruction_set() < "v3":
        pytest.skip("this processor lacks x86-64-v3")
    # a build takes minutes; GLASSNET_SANITIZED names a folder that keeps it
    build = Path(os.environ.get("GLASSNET_SANITIZED", tmp_path)) / libraries[0]
    configure = ["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]
    configure += [f"-DGLASSNET_SANITIZE={sanitizers}", f"-DPython_EXECUTABLE={sys.executable}"]
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", build, "_native_v3"], check=True, stdout=subprocess.DEVNULL)
    (module,) = build.glob("_native_v3*.so")

    def library(name):
        found = subprocess.run([cxx, f"-print-file-name=lib{name}.so"], capture_output=True, text=True, check=True)
        return found.stdout.strip()

    environment = {
        **os.environ,
        "LD_PRELOAD": ":".join(map(library, libraries)),
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "TSAN_OPTIONS": "halt_on_error=1:report_signal_unsafe=0",
        "PYTHONMALLOC": "malloc",
        "OPENBLAS_NUM_THREADS": "1",
        "GLASSNET_ISA": "v3",
    }
    fixed_addresses = ["setarch", "-R"] if shutil.which("setarch") else []  # tsan needs its ranges to be free
    done = subprocess.run(
        [*fixed_addresses, sys.executable, "-c", TESTS, module, ROOT],
        env=environment, capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    report = (done.stdout + done.stderr)[-5000:]
    assert done.returncode == 0, report
    assert "Sanitizer" not in report, report
    assert "runtime error" not in report, report
    assert " passed" in report, report
    print(report.splitlines()[-1])
