"""The public names, and what importing them does not load."""

import subprocess
import sys

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
    assert not loaded & {"matplotlib", "sklearn", "typer", "rich", "scipy", "pandas"}


def test_errors_are_caught_by_their_common_base_and_by_pythons_own():
    assert issubclass(glassnet.InputError, ValueError)
    assert issubclass(glassnet.InputError, glassnet.GlassnetError)
    assert issubclass(glassnet.NonFiniteError, ArithmeticError)
    assert issubclass(glassnet.NonFiniteError, glassnet.GlassnetError)


@pytest.mark.parametrize("name", glassnet.__all__)
def test_every_name_is_documented(name):
    assert getattr(glassnet, name).__doc__
