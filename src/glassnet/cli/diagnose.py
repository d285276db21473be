"""`glassnet diagnose`: finds the faults of a training on the user's own table, and replays their remedies."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from glassnet.cli.screen import show
from glassnet.cli.train import DATA, prepare, train
from glassnet.storage.atomic import writable, write_atomically

_PAGE = Annotated[
    Path | None, typer.Option(help="Write the diagnosis as a page.", show_default=False, rich_help_panel=DATA)
]
_JSON = Annotated[
    Path | None, typer.Option("--json", help="Write the diagnosis as JSON.", show_default=False, rich_help_panel=DATA)
]
_REPLAY = Annotated[bool, typer.Option(help="Try the remedies.", rich_help_panel=DATA)]
_OF_TRAIN_ALONE = ("out", "figures", "no_figures", "quiet", "test")


def diagnose(context: typer.Context, **given: Any) -> None:
    """Train on a table of your own under instruments and report faults; takes the options of train.

    Exit code 0: healthy; 1: something was found.
    """
    from glassnet.diagnose.diagnosing import diagnose as examine

    page, data, replay = (given.pop(name) for name in ("html", "json_file", "replay"))
    for option, path in (("--html", page), ("--json", data)):
        if path is not None:
            writable(path, option)
    ready, _ = prepare(context.params, given["file"], given["target"])
    part, validation = ready.parts["train"], ready.parts.get("validation")
    diagnosis = examine(
        ready.model.network,
        part.X,
        part.y,
        replay=replay,
        sample_weight=part.weight,
        validation=None if validation is None else (validation.X, validation.y),
        **ready.arguments(),
    )
    show(str(diagnosis))
    for path, content in ((page, diagnosis.to_html), (data, diagnosis.to_json)):
        if path is not None:
            write_atomically(path, f"{content().rstrip()}\n".encode())
            show(f"wrote {path}")
    if not diagnosis.healthy:
        raise typer.Exit(1)


def _signature() -> list[inspect.Parameter]:
    """The options of train without those of what it writes, and the three of diagnose."""
    shared = [p for p in inspect.signature(train, eval_str=True).parameters.values() if p.name not in _OF_TRAIN_ALONE]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = [
        inspect.Parameter("html", kind, default=None, annotation=_PAGE),
        inspect.Parameter("json_file", kind, default=None, annotation=_JSON),
        inspect.Parameter("replay", kind, default=True, annotation=_REPLAY),
    ]
    return [*shared, *own]


diagnose.__signature__ = inspect.Signature(_signature())  # type: ignore[attr-defined]
diagnose.__annotations__ = {p.name: p.annotation for p in _signature()}
