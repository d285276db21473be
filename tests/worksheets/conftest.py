"""The command line run within the test's process."""

from tests.cli.conftest import glassnet

__all__ = ["glassnet"]
