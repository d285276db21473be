"""Sessions for development: `nox` runs the checks and the tests, `nox -l` lists the rest."""

import nox

nox.options.sessions = ["lint", "types", "floors", "tests"]
nox.options.default_venv_backend = "uv|virtualenv"


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
    """Imports go down only."""
    session.install("-e", ".", "import-linter")
    session.run("lint-imports")


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """The tests; `nox -s tests -- -k name` picks some."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def page(session: nox.Session) -> None:
    """The playground's page: types, logic, and the page in Chromium (needs node, npm and chromium on the PATH)."""
    session.install("-e", ".[test]")
    session.run("npm", "ci", "--prefix", "tests/playground/page", external=True)
    session.run("pytest", "tests/playground/page", "-m", "not long", *session.posargs, env={"CI": "1"})


@nox.session
def long(session: nox.Session) -> None:
    """The tests that take minutes, or PyTorch: the code broken on purpose, mutated model files, the PyTorch script."""
    session.install("-e", ".[test,bench]")
    session.run("pytest", "-m", "long", "-n", "auto", *session.posargs)
