"""The public names, and what importing them does not load."""

import inspect
import json
import os
import pickle
import pkgutil
import pydoc
import subprocess
import sys
import tomllib
from pathlib import Path
from unittest import mock

import pytest

import glassnet


def test_all_names_exist_and_are_sorted():
    assert all(hasattr(glassnet, name) for name in glassnet.__all__)
    assert len(set(glassnet.__all__)) == len(glassnet.__all__)
    in_order = sorted(glassnet.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert glassnet.__all__ == in_order  # as ruff sorts: CONSTANTS, Classes, functions


def test_import_loads_nothing_heavy():
    program = "import glassnet, sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"matplotlib", "sklearn", "typer", "rich", "scipy", "pandas", "polars"}


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert glassnet.__version__ == project["version"]


def test_import_loads_none_of_the_lazy_packages():
    program = "import glassnet, sys; print(*sys.modules)"
    loaded = {".".join(name.split(".")[:2]) for name in in_a_fresh_interpreter(program)}
    assert not loaded & {".".join(name.split(".")[:2]) for name in glassnet.LAZY.values()}


def test_errors_are_caught_by_their_common_base_and_by_pythons_own():
    assert issubclass(glassnet.InputError, ValueError)
    assert issubclass(glassnet.InputError, glassnet.GlassnetError)
    assert issubclass(glassnet.NonFiniteError, ArithmeticError)
    assert issubclass(glassnet.NonFiniteError, glassnet.GlassnetError)


@pytest.mark.parametrize("name", glassnet.__all__)
def test_every_name_is_documented(name):
    assert getattr(glassnet, name).__doc__


def in_a_fresh_interpreter(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_dir_shows_every_public_name():
    shown = in_a_fresh_interpreter("import glassnet; print(*dir(glassnet))")  # nothing was asked for yet
    assert set(glassnet.__all__) <= set(shown)
    assert shown == sorted(shown)


def test_completion_finds_lazy_names():
    program = "import glassnet, rlcompleter; print(*rlcompleter.Completer({'gn': glassnet}).attr_matches('gn.MLP'))"
    assert in_a_fresh_interpreter(program)[:2] == ["gn.MLPClassifier(", "gn.MLPRegressor("]


def test_a_misspelt_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="MLPClassifer"):
        glassnet.MLPClassifer  # noqa: B018


# glassnet.explain, diagnose and playground are functions as well as packages
@pytest.mark.parametrize(
    "statement",
    [
        "import glassnet.explain.grade as m; found = m.Grade",
        "import glassnet.explain.grade; found = glassnet.explain.grade.Grade",
        "from glassnet.explain import grade; found = grade.Grade",
        "from glassnet.explain.grade import Grade as found",
        "import glassnet; glassnet.explain; import glassnet.explain.grade as m; found = m.Grade",
        "import importlib; found = importlib.import_module('glassnet.explain.grade').Grade",
        "import pkgutil; found = pkgutil.resolve_name('glassnet.explain.grade:Grade')",
        "import pkgutil; found = pkgutil.resolve_name('glassnet.explain.grade.Grade')",
    ],
)
def test_submodules_beside_functions_of_their_packages_name(statement):
    check = "import glassnet; assert found is glassnet.Grade; assert callable(glassnet.explain); print('ok')"
    assert in_a_fresh_interpreter(f"{statement}; {check}") == ["ok"]


@pytest.mark.parametrize("package", ["explain", "diagnose", "playground"])
def test_every_submodule_can_be_imported_and_named(package):
    folder = Path(glassnet.__file__).parent / package
    names = [f"glassnet.{package}.{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
    assert names
    lines = [f"import {name} as m; assert m is {name} and m.__name__ == '{name}'" for name in names]
    program = "\n".join([*(f"import {name}" for name in names), *lines, "print('ok')"])
    assert in_a_fresh_interpreter(program) == ["ok"]


def test_a_submodule_can_be_patched():
    with mock.patch("glassnet.explain.grade.Grade") as patched:
        assert pkgutil.resolve_name("glassnet.explain.grade:Grade") is patched
    with mock.patch("glassnet.diagnose.examine.examine") as patched:
        assert glassnet.examine is patched
    assert glassnet.examine is not patched


@pytest.mark.parametrize("name", ["explain", "diagnose", "playground"])
def test_functions_of_a_packages_name_stay_functions(name):
    function = getattr(glassnet, name)
    assert inspect.isfunction(function)
    assert function.__name__ == name
    assert pickle.loads(pickle.dumps(function)) is function
    assert next(iter(inspect.signature(function).parameters)) in ("network", "model", "run")
    assert f"function {name}" in pydoc.render_doc(function, renderer=pydoc.plaintext)


MISSPELT = (
    *("gn.MLPClassifer", "gn.explian", "gn.Netwrok", "gn.losses.HUBBER"),
    *("gn.train(gn.Network([1, 1]), 0, 0, epoch=3)", "gn.Run(gn.Network([1, 1]), 0, 0, epochs='3')"),
    *("gn.explain(gn.Network([1, 1]), 0, 0, l3=0.1)", "gn.diagnose(gn.Network([1, 1]), 0, 0, dropout='a')"),
)


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    """A user's file that asks for the type of every public name, and misspells names, options and their values."""
    path = tmp_path_factory.mktemp("probe") / "probe.py"
    asked = [f"reveal_type(gn.{name})" for name in glassnet.__all__]
    path.write_text("\n".join(["import glassnet as gn", *asked, *MISSPELT]) + "\n")
    return path


def assert_names_are_known(told, errors):
    """`told`: the type of each line as the checker words it; `errors`: the lines it reports."""
    for line, name in enumerate(glassnet.__all__, start=2):
        value = getattr(glassnet, name)
        first = next(iter(inspect.signature(value).parameters)) if inspect.isfunction(value) else ""
        expected = value.__name__ if inspect.isclass(value) else f"({first}: " if first else "Module"
        assert expected in told[line], (name, told[line])
    assert errors == [len(glassnet.__all__) + 2 + place for place in range(len(MISSPELT))]


def source_folder():
    """The folder that glassnet is imported from, for a checker that cannot follow an editable installation."""
    folder = Path(glassnet.__file__).parents[1]
    return folder if folder.name == "src" else None


def test_mypy_knows_every_public_name(probe):
    command = [sys.executable, "-m", "mypy", "--config-file=", "--output=json", "--strict"]
    command += ["--disable-error-code=import-untyped", "--follow-imports=silent"]
    command += [f"--cache-dir={probe.parent / 'cache'}", probe.name]
    environment = dict(os.environ) | ({"MYPYPATH": str(source_folder())} if source_folder() else {})
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=probe.parent)
    assert not done.stderr, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    told = {each["line"]: each["message"] for each in said if each["severity"] == "note"}
    assert_names_are_known(told, [each["line"] for each in said if each["severity"] == "error"])


def test_pyright_knows_every_public_name(probe):
    """By basedpyright, which is pyright in a package that brings its own node."""
    settings = {"typeCheckingMode": "basic", "include": [probe.name], "reportUnusedExpression": False}
    if source_folder():
        settings["extraPaths"] = [str(source_folder())]
    (probe.parent / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=probe.parent)
    said = json.loads(done.stdout)["generalDiagnostics"]
    line = {id(each): each["range"]["start"]["line"] + 1 for each in said}
    told = {line[id(each)]: each["message"] for each in said if each["severity"] == "information"}
    assert_names_are_known(told, [line[id(each)] for each in said if each["severity"] == "error"])
