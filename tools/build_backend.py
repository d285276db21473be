"""The build backend: scikit-build-core; if the engine does not compile, the wheel holds its error instead."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from scikit_build_core import build
from scikit_build_core.build import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]

NOT_COMPILED = Path("build/_not_compiled.py")

# Settings of scikit-build-core for a wheel of Python files alone; load_module reads the error from NOT_COMPILED.
WITHOUT_ENGINE = {
    "wheel.cmake": "false",
    "wheel.py-api": "py3",
    f"wheel.force-include.{NOT_COMPILED.as_posix()}": "glassnet/native/_not_compiled.py",
}

CALL = """
import json, sys
from scikit_build_core import build
hook, wheel_directory, settings = sys.argv[1:]
print(getattr(build, hook)(wheel_directory, json.loads(settings)))
"""


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Build a wheel (PEP 517)."""
    return _build("build_wheel", wheel_directory, config_settings or {})


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Build an editable wheel (PEP 660)."""
    return _build("build_editable", wheel_directory, config_settings or {})


def _build(hook: str, wheel_directory: str, settings: dict[str, Any]) -> str:
    # in a process of its own, so that the output can be both shown and searched for the error
    command = [sys.executable, "-u", "-c", CALL, hook, wheel_directory, json.dumps(settings)]
    output = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            output.append(line.rstrip())
    if process.returncode == 0:
        return output[-1]
    error = first_error(output)
    print(f"*** The engine was not compiled: {error}; building glassnet without it.", flush=True)
    NOT_COMPILED.parent.mkdir(exist_ok=True)
    NOT_COMPILED.write_text(
        f'"""The error for which the engine was not compiled."""\n\nERROR = {error!r}\n', encoding="utf-8"
    )
    return str(getattr(build, hook)(wheel_directory, {**settings, **WITHOUT_ENGINE}))


def first_error(output: list[str]) -> str:
    """Return the first error of the compiler, or else of CMake, in one line."""
    error = next((line for line in output if "error:" in line), "") or _cmake_error(output)
    if named := re.search(r"Could not find .* in (?:the )?environment variable CXX:\s*(.*[^.\s])", error):
        error = f"no C++ compiler was found as {named[1]}"  # scikit-build-core sets CXX to the compiler of Python
    elif "No CMAKE_CXX_COMPILER could be found" in error:
        error = "no C++ compiler was found"
    here = f"{Path.cwd().as_posix()}/"
    return textwrap.shorten(error.replace(here, ""), 200, placeholder=" …").rstrip(".")


def _cmake_error(output: list[str]) -> str:
    start = next((at for at, line in enumerate(output) if line.startswith("CMake Error")), None)
    if start is None:
        return next(filter(None, reversed(output)), "the build failed")
    if not output[start].endswith(":"):
        return output[start]
    indented = itertools.takewhile(lambda line: not line or line.startswith(" "), output[start + 1 :])
    return re.split("Tell CMake|It fails with", " ".join(indented))[0]  # without the advice that follows
