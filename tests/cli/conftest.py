"""The command line run within the test's process."""

import sys
from types import SimpleNamespace

import pytest

from glassnet.cli.main import main


@pytest.fixture
def glassnet(monkeypatch, capsys):
    """`glassnet("train", file, …)` runs the command and gives its code, out and err."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["glassnet", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return SimpleNamespace(code=ended.value.code or 0, out=out, err=err)

    return run
