"""`glassnet export`: a model file as ONNX, as a PyTorch script, or as JSON."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.screen import show


class Form(StrEnum):
    """The formats of an export."""

    onnx = "onnx"
    torch = "torch"
    json = "json"


def export(
    model: Annotated[Path, typer.Argument(help="A model file, as train or gn.save writes it.", show_default=False)],
    to: Annotated[
        Form,
        typer.Option(
            help="onnx: from the raw columns to the predictions, for any ONNX runtime. torch: a Python script that "
            "loads the model file into PyTorch. json: all numbers and names.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="The file to write; default: beside the model, with the ending of the form.")
    ] = None,
) -> None:
    """Write a model in a form that needs no glassnet."""
    from glassnet.errors import InputError
    from glassnet.storage.export import SUFFIXES, export
    from glassnet.storage.files import load

    target = model.with_suffix(SUFFIXES[to]) if out is None else out
    if target.resolve() == model.resolve():
        raise InputError(f"--out: expected another file than the model; got {str(target)!r}; name another.")
    export(load(model), target, to, weights=model if to is Form.torch else None)
    show(f"wrote {target}" + (f", which loads {model}" if to is Form.torch else ""))
