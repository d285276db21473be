"""Where the compiled engine is missing, load_module says why, and the build backend finds the reason in the build's output."""

import importlib.util
import sys
import types
from pathlib import Path

import pytest

from glassnet.native.engine import load_module

ROOT = Path(__file__).parents[2]


@pytest.fixture
def reason(monkeypatch):
    """`reason(name=module, …)` gives load_module's reason with these in place of modules of glassnet.native."""
    monkeypatch.delenv("GLASSNET_ISA", raising=False)

    def asking(**modules):
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, f"glassnet.native.{name}", module)
        module, why = load_module.__wrapped__()
        assert module is None
        return why

    return asking


def test_the_error_of_the_build_is_quoted(reason, monkeypatch):
    quoted = "it was not compiled: lanes.hpp:66: error: no; reinstall glassnet with GCC 11, Clang 13 or later"
    record = types.SimpleNamespace(ERROR="lanes.hpp:66: error: no")
    assert reason(_cpu=None, _not_compiled=record) == quoted
    monkeypatch.setenv("GLASSNET_ISA", "v3")
    assert reason(_native_v3=None, _not_compiled=record) == quoted


def test_sources_that_were_never_built_ask_for_pip(reason):
    assert reason(_cpu=None, _not_compiled=None) == "it was not compiled; install glassnet with pip"


def test_an_old_processor_is_named(reason):
    cpu = types.SimpleNamespace(instruction_set=lambda: "")
    assert reason(_cpu=cpu) == "it needs a processor with SSE 4.2"


def test_a_module_that_does_not_load_is_told_from_one_that_was_not_compiled(reason, monkeypatch):
    def fails(name):
        raise ImportError("libstdc++.so.6: version `GLIBCXX_3.4.30' not found")

    monkeypatch.setattr("glassnet.native.engine.importlib.import_module", fails)
    assert reason() == "it could not be loaded: libstdc++.so.6: version `GLIBCXX_3.4.30' not found"


NOT_FOUND = """\
-- Configuring incomplete, errors occurred!
CMake Error at CMakeLists.txt:3 (project):
  No CMAKE_CXX_COMPILER could be found.

  Tell CMake where to find the compiler by setting either the environment
  variable "CXX" or the CMake cache entry CMAKE_CXX_COMPILER to the full path
"""
NOT_FOUND_AS_NAMED = """\
CMake Error at /usr/share/cmake-3.25/Modules/CMakeDetermineCXXCompiler.cmake:48 (message):
  Could not find compiler set in environment variable CXX:

  g++.

Call Stack (most recent call first):
  CMakeLists.txt:3 (project)
"""
TOO_OLD = """\
[2/9] Building CXX object CMakeFiles/_native_v3.dir/native/module.cpp.o
FAILED: CMakeFiles/_native_v3.dir/native/module.cpp.o
/usr/bin/g++-11 -DGLASSNET_ISA=v3 -c {here}/native/module.cpp
{here}/native/lanes.hpp:66:39: error: '__builtin_shufflevector' was not declared in this scope
{here}/native/lanes.hpp:67:39: error: another
"""
BROKEN = """\
CMake Error at /usr/share/cmake-3.25/Modules/CMakeTestCXXCompiler.cmake:63 (message):
  The C++ compiler

    "/usr/bin/g++"

  is not able to compile a simple test program.

  It fails with the following output:

    Change Dir: /tmp/x
"""
ANOTHER = """\
CMake Error at CMakeLists.txt:10 (message):
  the engine needs g++ or clang++ for their vector extensions; found cl.exe
"""


@pytest.mark.parametrize(
    ("output", "error"),
    [
        (NOT_FOUND, "no C++ compiler was found"),
        (NOT_FOUND_AS_NAMED, "no C++ compiler was found as g++"),
        (TOO_OLD, "native/lanes.hpp:66:39: error: '__builtin_shufflevector' was not declared in this scope"),
        (BROKEN, 'The C++ compiler "/usr/bin/g++" is not able to compile a simple test program'),
        (ANOTHER, "the engine needs g++ or clang++ for their vector extensions; found cl.exe"),
        ("Traceback\n  here\nMemoryError\n\n", "MemoryError"),
        ("a.cpp:1: error: " + "very " * 100 + "long\n", "a.cpp:1: error: " + "very " * 36 + "…"),
        ("", "the build failed"),
    ],
)
def test_the_first_error_of_a_build_in_one_line(output, error, monkeypatch):
    hooks = dict.fromkeys(
        f"{'get_requires_for_' * asks}build_{what}" for asks in (0, 1) for what in ("sdist", "wheel", "editable")
    )
    build = types.SimpleNamespace(**hooks)  # of scikit-build-core, which need not be installed
    monkeypatch.setitem(sys.modules, "scikit_build_core", types.SimpleNamespace(build=build))
    monkeypatch.setitem(sys.modules, "scikit_build_core.build", build)
    spec = importlib.util.spec_from_file_location("build_backend", ROOT / "tools" / "build_backend.py")
    backend = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(backend)
    monkeypatch.chdir(ROOT)
    assert backend.first_error(output.replace("{here}", str(ROOT)).splitlines()) == error
