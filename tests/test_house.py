"""The house: the documentation's floors are those of the contract of imports, and its exceptions from the limits of size
those of the code."""

import ast
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[1]


def contracted_floors():
    contract = ConfigParser()
    contract.read(ROOT / ".importlinter", encoding="utf-8")
    lines = contract["importlinter:contract:floors"]["layers"].strip().split("\n")
    return [{name.strip() for name in line.split("|")} for line in lines]


def test_the_table_of_floors_is_that_of_the_contract():
    text = (ROOT / "docs/about/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (`[^|]*`) \|", text, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(len(rows) - 1, -1, -1))
    assert [set(re.findall(r"`(\w+)`", names)) for _, names in rows] == contracted_floors()


def test_the_floors_hold_every_package():
    inside = {path.stem for path in (ROOT / "src/glassnet").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert inside - {"__init__", "__main__", "__pycache__", "py"} == set().union(*contracted_floors())


def test_the_picture_is_current():
    done = subprocess.run(
        [sys.executable, ROOT / "tools/house.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


MOST_FILE_LINES, MOST_FUNCTION_LINES, MOST_PARAMETERS = 400, 60, 8


def functions(tree, within=""):
    """Each function with its qualified name; methods and functions inside functions too."""
    for node in ast.iter_child_nodes(tree):
        inner = within
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{within}{node.name}."
            if not isinstance(node, ast.ClassDef):
                yield within + node.name, node
        yield from functions(node, inner)


def excesses(function):
    """The limits that a function exceeds."""
    docstring = function.body[0] if ast.get_docstring(function) else None
    lines = function.end_lineno - function.lineno + 1
    lines -= docstring.end_lineno - docstring.lineno + 1 if docstring else 0
    given = function.args
    names = [
        each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg) if each
    ]
    parameters = len([name for name in names if name not in ("self", "cls")])
    over = {"lines": lines > MOST_FUNCTION_LINES, "parameters": parameters > MOST_PARAMETERS}
    return {limit for limit, exceeded in over.items() if exceeded}


def measured_exceptions():
    python = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]
    found = {}
    for path in [*python, *(ROOT / "native").glob("*.[ch]pp")]:
        name = path.relative_to(ROOT).as_posix().removeprefix("src/glassnet/")
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > MOST_FILE_LINES:
            found[name] = {"lines"}
        if path in python:
            for function, node in functions(ast.parse(text)):
                if exceeded := excesses(node):
                    found[f"{name}: {function}"] = exceeded
    return found


def test_the_exceptions_from_the_limits_of_size_are_those_of_the_table():
    text = (ROOT / "docs/about/architecture.md").read_text(encoding="utf-8")
    section = text.partition("## Limits of size")[2].partition("## ")[0]
    rows = re.findall(r"^\| `([^`]*)` \| ([^|]*) \| ([^|]*) \|$", section, re.MULTILINE)
    listed = {name: set(limits.split(", ")) for name, limits, _ in rows}
    measured = measured_exceptions()
    new = {name: limits for name, limits in measured.items() if listed.get(name) != limits}
    old = {name: limits for name, limits in listed.items() if measured.get(name) != limits}
    assert (new, old) == ({}, {}), f"measured but not listed: {new}; listed but not measured: {old}"
    assert [name for name, _, reason in rows if not reason.strip()] == []
