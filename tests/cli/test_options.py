"""Options of commands made of the fields of dataclasses."""

import inspect
from dataclasses import dataclass, fields
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from glassnet.cli.main import app
from glassnet.cli.options import option, spread, training_option
from glassnet.tables.settings import Settings
from glassnet.training.options import OPTIONS


@dataclass(frozen=True)
class Kinds:
    """A field of each kind."""

    number: int = option("A number.", 3, min=1)
    widths: tuple[int, ...] | None = option("Widths.", parse=lambda text: tuple(map(int, text.split(","))))
    names: tuple[str, ...] = option("Names.", ("a", "b"), parse=lambda text: tuple(text.split(",")))
    each: tuple[str, ...] = option("Many times.", ())
    kind: str | None = option("Kind.", choices=("one", "two"))
    flag: bool = option("A flag.", False, "--flag", "-f")
    path: Path | None = option("A path.")
    dropout: float = training_option("dropout")


@pytest.fixture
def run():
    """`run(…)` calls a command that takes Kinds and gives the Kinds it got, the exit code and the output."""
    got = []

    @spread
    def command(word: str, kinds: Kinds) -> None:
        """Say a word."""
        got.append((word, kinds))

    app = typer.Typer()
    app.command()(command)

    def call(*arguments):
        done = CliRunner().invoke(app, arguments)
        return SimpleNamespace(code=done.exit_code, out=done.output, got=got.pop() if got else None)

    return call


def test_without_options_the_fields_have_their_defaults(run):
    assert run("hello").got == ("hello", Kinds())


def test_each_option_reaches_its_field(run):
    given = [
        "hello",
        "--number",
        "4",
        "--widths",
        "5,6",
        "--names",
        "c",
        "--each",
        "x",
        "--each",
        "y",
        "--kind",
        "two",
        "-f",
        "--path",
        "p",
        "--dropout",
        "0.5",
    ]
    got = run(*given).got
    expected = Kinds(4, (5, 6), ("c",), ("x", "y"), "two", True, Path("p"), 0.5)
    assert got == ("hello", expected)
    assert type(got[1].kind) is str


@pytest.mark.parametrize("wrong", [("--number", "0"), ("--kind", "three"), ("--dropout", "a"), ("--nothing", "1")])
def test_typer_refuses_what_a_field_does_not_take(run, wrong):
    done = run("hello", *wrong)
    assert (done.code, done.got) == (2, None)


@pytest.mark.parametrize("command", ["train", "diagnose"])
def test_a_command_on_tables_has_every_setting_with_its_help(command):
    (found,) = (each for each in app.registered_commands if each.callback.__name__ == command)
    parameters = inspect.signature(found.callback).parameters
    for setting in fields(Settings):
        info = parameters[setting.name].annotation.__metadata__[0]
        assert info.help == setting.metadata["help"]
        assert info.rich_help_panel in ("Network", "Inputs", "Training")
    assert parameters["l1"].default == OPTIONS["l1"].default
    assert parameters["dtype"].default == "float32"
