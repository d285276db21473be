"""`glassnet train`: trains a network on the user's own table and writes a model file, printing each decision."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassnet.cli.config import read_config
from glassnet.cli.table_run import check_places, run, table_part
from glassnet.errors import InputError, shown
from glassnet.storage.atomic import file_name
from glassnet.tables.reading import STDIN

if TYPE_CHECKING:
    from glassnet.tables.fitting import Plan
    from glassnet.tables.table import Table


class TaskName(StrEnum):
    """The tasks."""

    classification = "classification"
    regression = "regression"


class Dtype(StrEnum):
    """The floating-point types of a computation."""

    float32 = "float32"
    float64 = "float64"


DATA, COLUMNS, NETWORK, TRAINING = "Data", "Columns", "Network", "Training"


def train(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV, TSV or Parquet file, a folder of IDX images (MNIST), or - for the standard input.",
            show_default=False,
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(help="The column to predict; 'label' for images.", show_default=False, rich_help_panel=DATA),
    ] = None,
    task: Annotated[
        TaskName | None,
        typer.Option(
            help="Default: classification for words, booleans, two numbers, or up to 20 whole numbers that recur "
            "5 times on average; else regression.",
            show_default=False,
            rich_help_panel=DATA,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The model file. Default: FILE's name, .safetensors.", show_default=False, rich_help_panel=DATA
        ),
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(help="The folder for figures. Default: beside the model.", rich_help_panel=DATA)
    ] = None,
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Make no figures.", rich_help_panel=DATA)] = False,
    validation: Annotated[
        str,
        typer.Option(
            help="A share of the rows, or a file: stops the training early. 0 for none.", rich_help_panel=DATA
        ),
    ] = "0.15",
    test: Annotated[
        str | None,
        typer.Option(
            help="A share of the rows, or a file, measured at the end alone. Default: none; the test files of an "
            "image folder.",
            show_default=False,
            rich_help_panel=DATA,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file with any of these options by name; the command line wins.",
            is_eager=True,
            callback=read_config,
            rich_help_panel=DATA,
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the measures alone.", rich_help_panel=DATA)
    ] = False,
    numeric: Annotated[
        list[str] | None, typer.Option(help="A column of numbers, whatever it looks like.", rich_help_panel=COLUMNS)
    ] = None,
    categorical: Annotated[
        list[str] | None, typer.Option(help="A column of categories, though it holds numbers.", rich_help_panel=COLUMNS)
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="A column to leave out.", rich_help_panel=COLUMNS)] = None,
    weight: Annotated[
        str | None, typer.Option(help="The column of sample weights.", show_default=False, rich_help_panel=COLUMNS)
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(
            help="A cell that means missing, besides the empty one, NA, N/A, NaN and null.", rich_help_panel=COLUMNS
        ),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(
            help="Separator of a text file. Default: the most frequent of , ; tab | in its header.",
            show_default=False,
            rich_help_panel=COLUMNS,
        ),
    ] = None,
    decimal_comma: Annotated[
        bool,
        typer.Option(
            "--decimal-comma", help="Decimal comma: read 3,5 as 3.5; 3.5 is then text.", rich_help_panel=COLUMNS
        ),
    ] = False,
    hidden: Annotated[
        str | None,
        typer.Option(
            help="Widths of the hidden layers: 64,32; 'none' for a linear model. Default: by the number of rows.",
            show_default=False,
            rich_help_panel=NETWORK,
        ),
    ] = None,
    activation: Annotated[
        str,
        typer.Option(
            help="One, or one for each hidden layer: relu,tanh; leaky_relu:slope=0.1.", rich_help_panel=NETWORK
        ),
    ] = "relu",
    output: Annotated[
        str | None,
        typer.Option(
            help="sigmoid, softmax, identity or exponential. Default: by the task.",
            show_default=False,
            rich_help_panel=NETWORK,
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            help="E.g. absolute_error, huber:delta=2, quantile:q=0.9, poisson. Default: by the output.",
            show_default=False,
            rich_help_panel=NETWORK,
        ),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            help="Initial weights: he_normal, glorot_uniform, …, one or one a layer. Default: by the activation.",
            show_default=False,
            rich_help_panel=NETWORK,
        ),
    ] = None,
    dtype: Annotated[Dtype, typer.Option(help="Type of all numbers.", rich_help_panel=NETWORK)] = Dtype.float32,
    seed: Annotated[
        int,
        typer.Option(
            help="Seed of the split, the weights, the order of rows, dropout.",
            min=0,
            max=2**32 - 1,
            rich_help_panel=NETWORK,
        ),
    ] = 0,
    optimizer: Annotated[
        str,
        typer.Option(
            help="sgd, momentum, nesterov, rmsprop, adam, adamw, lbfgs, with constants: adamw:weight_decay=0.1.",
            rich_help_panel=TRAINING,
        ),
    ] = "adam",
    learning_rate: Annotated[
        float | None, typer.Option(help="Default: the optimizer's own.", show_default=False, rich_help_panel=TRAINING)
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            help="Rows in each step; 0 for all. Default: rows/50, a power of two from 32 to 512.",
            show_default=False,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Largest number of epochs. Default: 200, fewer for many rows.",
            show_default=False,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            help="Epochs without a better validation loss before it stops; 0 for never. Default: a tenth of the epochs.",
            show_default=False,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    min_delta: Annotated[
        float, typer.Option(help="Least fall of the validation loss that counts as better.", rich_help_panel=TRAINING)
    ] = 0.0,
    schedule: Annotated[
        str,
        typer.Option(
            help="constant, step, inverse_scaling, adaptive, cosine, one_cycle, with constants: step:decay=0.5,every=10.",
            rich_help_panel=TRAINING,
        ),
    ] = "constant",
    l1: Annotated[float, typer.Option(help="Penalty on |w|.", rich_help_panel=TRAINING)] = 0.0,
    l2: Annotated[
        float | None,
        typer.Option(
            help="Penalty on ½w². Default: 5/rows, within 0.0001 … 0.03.", show_default=False, rich_help_panel=TRAINING
        ),
    ] = None,
    dropout: Annotated[
        float, typer.Option(help="Share of hidden units dropped in each step.", rich_help_panel=TRAINING)
    ] = 0.0,
    clip_norm: Annotated[
        float | None,
        typer.Option(help="Largest norm of a gradient.", show_default=False, rich_help_panel=TRAINING),
    ] = None,
    shuffle: Annotated[
        bool, typer.Option("--shuffle/--no-shuffle", help="A new order of rows each epoch.", rich_help_panel=TRAINING)
    ] = True,
    class_weight: Annotated[
        str | None,
        typer.Option(
            help="'balanced' gives all classes the same total weight.", show_default=False, rich_help_panel=TRAINING
        ),
    ] = None,
    engine: Annotated[str, typer.Option(help="auto, native or numpy.", rich_help_panel=TRAINING)] = "auto",
    threads: Annotated[
        int | None,
        typer.Option(
            help="Threads of the compiled engine; their number changes no result.",
            show_default=False,
            rich_help_panel=TRAINING,
        ),
    ] = None,
) -> None:
    """Train a network on a table of your own, and write the model to a file."""
    from rich.console import Console

    model_file = out if out is not None else _model_file(file)
    folder = None if no_figures else figures if figures is not None else model_file.parent
    check_places(file, model_file, folder)
    ready, table = prepare(context.params, file, target)
    run(ready, table, Console(highlight=False, emoji=False, soft_wrap=True), model_file, folder, quiet)


def prepare(given: dict[str, Any], file: Path, target: str | None) -> tuple[Plan, Table]:
    """Read the table and plan the training that the options `given`, by name, ask for."""
    from glassnet.tables.fitting import plan
    from glassnet.tables.reading import LABEL, has_test_images, read_table
    from glassnet.tables.settings import Settings

    separator, task, test = given["separator"], given["task"], given.get("test")
    reading: dict[str, Any] = {
        "separator": "\t" if separator in ("\\t", "tab") else separator,
        "missing": tuple(given["missing"] or ()),
        "decimal_comma": given["decimal_comma"],
    }
    if target is None and not file.is_dir():
        raise InputError(f"--target: expected the column to predict; got none; pass e.g. --target {_last_name(file)}.")
    table = read_table(file, **reading)
    ready = plan(
        table,
        target or LABEL,
        task=task.value if task else None,
        settings=Settings(
            hidden=None if given["hidden"] is None else _widths(given["hidden"]),
            activation=tuple(_names(given["activation"])),
            init=None if given["init"] is None else tuple(_names(given["init"])),
            dtype=given["dtype"].value,
            **{name: given[name] for name in _DIRECT},
        ),
        validation=table_part("validation", given["validation"], reading),
        test=read_table(file, part="test")
        if test is None and has_test_images(file)
        else table_part("test", test or "0", reading),
        numeric=given["numeric"] or (),
        categorical=given["categorical"] or (),
        ignore=given["ignore"] or (),
        weight=given["weight"],
    )
    return ready, table


_DIRECT = (
    *("output", "loss", "seed", "optimizer", "learning_rate", "batch_size", "epochs", "shuffle", "l1", "l2"),
    *("dropout", "clip_norm", "schedule", "patience", "min_delta", "class_weight", "engine", "threads"),
)


def _model_file(file: Path) -> Path:
    """The model file of a table, in the current folder, under the table's name without its endings."""
    stem = "" if str(file) == STDIN else file.absolute().name.split(".")[0]
    return Path(file_name(stem or "model", ".safetensors"))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _widths(text: str) -> tuple[int, ...]:
    if text.strip().lower() in ("", "none"):
        return ()
    try:
        return tuple(int(width) for width in text.split(","))
    except ValueError:
        raise InputError(f"hidden: expected widths; got {shown(text)}; pass e.g. --hidden 64,32, or none.") from None


def _last_name(file: Path) -> str:
    """The last column of the file, as an example; "COLUMN" if it cannot be read."""
    from glassnet.tables.reading import read_table
    from glassnet.tables.table import cut

    return cut(read_table(file).names[-1], 40) if file.exists() else "COLUMN"
