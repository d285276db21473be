"""The `glassnet` command: collects the commands, and turns an error into one line and exit code 2."""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from typing import Annotated, NoReturn

import typer

from glassnet.cli.assignment import assignment
from glassnet.cli.check import check
from glassnet.cli.diagnose import diagnose
from glassnet.cli.evaluate import evaluate
from glassnet.cli.explain import explain
from glassnet.cli.export import export
from glassnet.cli.grade import grade
from glassnet.cli.play import play
from glassnet.cli.predict import predict
from glassnet.cli.screen import note
from glassnet.cli.summary import summary
from glassnet.cli.train import train
from glassnet.cli.tutorial import tutorial
from glassnet.cli.worksheet import worksheet
from glassnet.errors import GlassnetError, printable
from glassnet.version import __version__

app = typer.Typer(
    name="glassnet",
    help="Train feed-forward neural networks by backpropagation, and see every number of it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    """The callback of --version."""
    if asked:
        print(f"glassnet {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Train feed-forward neural networks by backpropagation, and see every number of it."""


app.command()(tutorial)
app.command()(train)
app.command()(predict)
app.command()(evaluate)
app.command()(summary)
app.command()(export)
app.command()(play)
app.command()(explain)
app.command()(check)
app.command()(diagnose)
app.command()(worksheet)
app.command()(grade)
app.command()(assignment)


def main() -> None:
    """Run the command line; the entry point of `glassnet`."""
    try:
        sys.exit(app(standalone_mode=False))
    except typer.TyperException as error:
        _fail(_usage(error))
    except GlassnetError as error:
        _fail(str(error), keep="\n")
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f" {str(error.filename)[-100:]!r}" if error.filename else ""
        _fail(f"cannot use{where}: {error.strerror or error}; name another place.")
    except (KeyboardInterrupt, typer.Abort):
        _end("glassnet: stopped", 130)


def _usage(error: typer.TyperException) -> str:
    """A wrong option in one line: what is wrong, what was given, where to look."""
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    message = str(getattr(error, "message", error)).rstrip(".")
    if parameter is not None and parameter.opts:
        option = parameter.opts[0]
        words = [word for given in sys.argv for word in given.split("=", 1)]
        given = [after for before, after in pairwise(words) if before == option]
        if not given and context is not None:  # then it came from --config
            given = [each for name, each in (context.default_map or {}).items() if name == parameter.name]
        message = f"{option}: {message}" + (f"; got {given[-1]!r}" if given else "")
    command = context.command_path if context is not None else "glassnet"
    return f"{message}; see `{command} --help`."


def _fail(message: str, keep: str = "") -> NoReturn:
    _end(f"glassnet: {printable(message, keep)}", 2)


def _end(message: str, code: int) -> NoReturn:
    """Print why, once for all ranks of several processes, and end with an exit code."""
    from glassnet.distributed.ranks import ranks_of_process

    ranks = ranks_of_process()
    if ranks is None:
        note(message)
        sys.exit(code)
    if ranks.speaks():
        note(message)
    ranks.end(code)
