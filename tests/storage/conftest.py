"""What the tests of model files share: random models, and files changed by hand."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def _module(name):
    if name not in sys.modules:  # `--import-mode=importlib` leaves this folder out of sys.path
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def random_model():
    """random_models.random_model."""
    return _module("random_models").random_model


@pytest.fixture(scope="session")
def same():
    """random_models.same."""
    return _module("random_models").same


@pytest.fixture(scope="session")
def craft():
    """The module crafting."""
    _module("random_models")
    return _module("crafting")
