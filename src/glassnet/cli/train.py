"""`glassnet train`: trains a network on the user's own table and writes a model file, printing each decision."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from glassnet.cli.config import read_config
from glassnet.cli.options import option, spread
from glassnet.cli.table_models import character
from glassnet.cli.table_run import Places, check_places, run, table_part
from glassnet.errors import InputError
from glassnet.storage.atomic import file_name
from glassnet.tables.reading.read import STDIN
from glassnet.tables.settings import Settings

if TYPE_CHECKING:
    from glassnet.tables.fitting.plan import Plan
    from glassnet.tables.fitting.problem import Choices
    from glassnet.tables.model import Task
    from glassnet.tables.reading.table import Table
    from glassnet.tables.search.learn import Effort
    from glassnet.tables.search.search import Search


_data, _columns = partial(option, panel="Data"), partial(option, panel="Columns")

TableFile = Annotated[
    Path,
    typer.Argument(
        help="A CSV, TSV or Parquet file, a folder of IDX images (MNIST), or - for the standard input.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Data:
    """The target of a training, the rows that validate it, and how the columns of the table are read."""

    target: str | None = _data("The column to predict; 'label' for images.")
    task: str | None = _data(
        "Default: classification for words, booleans, two numbers, or up to 20 whole numbers that recur 5 times on "
        "average; else regression.",
        choices=("classification", "regression"),
    )
    validation: str | None = _data(
        "A share of the rows, or a file, that judges and stops the training early; 0 for none. Default: each fifth of the "
        "rows in turn; 0.15 for one network."
    )
    config: Path | None = _data(
        "A TOML file with any of these options by name; the command line wins.", is_eager=True, callback=read_config
    )
    numeric: tuple[str, ...] = _columns("A column of numbers, whatever it looks like.", ())
    categorical: tuple[str, ...] = _columns("A column of categories, though it holds numbers.", ())
    dates: tuple[str, ...] = _columns("A column of dates or times.", (), "--date")
    ignore: tuple[str, ...] = _columns("A column to leave out.", ())
    day_first: bool | None = _columns("Read 01/02/2000 as 1 February, or as 2 January. Default: found out.")
    strict: bool = _columns(
        "Refuse the table where something has to be decided, and name all of it.", False, "--strict"
    )
    weight: str | None = _columns("The column of sample weights.")
    missing: tuple[str, ...] = _columns("A cell that means missing, besides the empty one, NA, N/A, NaN and null.", ())
    separator: str | None = _columns("Separator of a text file. Default: the most frequent of , ; tab | in its header.")
    decimal_comma: bool = _columns("Decimal comma: read 3,5 as 3.5; 3.5 is then text.", False, "--decimal-comma")

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `read_table`."""
        return {"separator": character(self.separator), "missing": self.missing, "decimal_comma": self.decimal_comma}

    def choices(self) -> Choices:
        """Return what the user decides about the columns."""
        return {
            "task": cast("Task | None", self.task),
            "numeric": self.numeric,
            "categorical": self.categorical,
            "dates": self.dates,
            "ignore": self.ignore,
            "day_first": self.day_first,
            "strict": self.strict,
            "weight": self.weight,
        }


@dataclass(frozen=True)
class Output:
    """The effort of a training, the measure at its end, and what is printed and written."""

    effort: str | None = option(
        "quick: one network by rule. default: a search over configurations on folds of the rows, the best averaged. best: "
        "a longer search. Default: default; quick if an option of a network, of inputs or of training is given.",
        choices=("quick", "default", "best"),
    )

    test: str | None = _data(
        "A share of the rows, or a file, measured at the end alone. Default: none; the test files of an image folder."
    )
    out: Path | None = _data("The model file. Default: FILE's name, .safetensors.")
    figures: Path | None = _data("The folder for figures. Default: beside the model.")
    no_figures: bool = _data("Make no figures.", False, "--no-figures")
    report: Path | None = _data("An HTML page on the model: measures, figures, columns, what was tried. Default: none.")
    checkpoint: Path | None = option(
        "A folder where the training is saved each minute, at Ctrl-C and at SIGTERM. Default: none.", panel="Long runs"
    )
    memory: str | None = option(
        "Train on a table larger than memory: the bytes that its rows may take, such as 1GB. FILE may be a folder or a "
        "pattern in quotes. Default: the whole table is read.",
        panel="Long runs",
    )
    resume: bool = option("Go on from the newest checkpoint, if there is one.", False, "--resume", panel="Long runs")
    communicator: str | None = option(
        "By what the ranks of several processes meet. Default: mpi if mpiexec has started this one, else none.",
        panel="Several machines",
        choices=("mpi", "torch"),
    )
    time_limit: float = option(
        "Seconds to wait for a rank that does not answer, after which all end.", 300.0, panel="Several machines"
    )
    shrink: bool = option(
        "Go on without ranks that were killed, from the newest checkpoint; needs mpiexec --with-ft ulfm.",
        False,
        "--shrink",
        panel="Several machines",
    )
    quiet: bool = _data("Print the measures alone.", False, "--quiet", "-q")


@spread
def train(file: TableFile, data: Data, output: Output, settings: Settings) -> None:
    """Train a network on a table of your own, and write the model to a file."""
    model_file = output.out if output.out is not None else _model_file(file)
    folder = None if output.no_figures else output.figures if output.figures is not None else model_file.parent
    places = Places(model_file, folder, output.report)
    check_places(file, places)
    if output.resume and output.checkpoint is None:
        raise InputError("--resume: expected --checkpoint with the folder to go on from; got none; pass it as well.")
    ranks = _ranks(output)
    effort = cast("Effort | None", output.effort)
    ready = prepare(file, data, settings, output.test, effort, output.memory)
    if output.checkpoint is not None:
        from glassnet.storage.checkpoints import Checkpoint

        ready.checkpoint = Checkpoint(output.checkpoint, resume=output.resume)
    ready.communicator = ranks
    run(ready, places, output.quiet)


def _ranks(output: Output) -> Any:
    """Return the ranks that this process is one of, or None; all but rank 0 print nothing."""
    from glassnet.distributed.launch import ranks_of

    ranks = ranks_of(output.communicator, output.time_limit, output.shrink)
    if ranks is not None and ranks.rank > 0:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115, to the end of the process
    if output.shrink and (ranks is None or output.checkpoint is None):
        raise InputError("--shrink: expected --checkpoint and several ranks; got fewer; pass --checkpoint DIR.")
    return ranks


def prepare(
    file: Path,
    data: Data,
    settings: Settings,
    test: str | None = None,
    effort: Effort | None = None,
    memory: str | None = None,
) -> Plan | Search:
    """Read the table and plan the training on it."""
    from glassnet.tables.reading.read import LABEL, has_test_images, read_table
    from glassnet.tables.search.learn import learn

    target, reading = data.target, data.reading()
    if target is None and (memory is not None or not file.is_dir()):
        raise InputError(f"--target: expected the column to predict; got none; pass e.g. --target {_last_name(file)}.")
    table, larger = (
        (read_table(file, **reading), None) if memory is None else _larger(file, data, settings, test, memory)
    )
    if larger is not None:
        if effort not in (None, "quick"):
            raise InputError(
                f"--effort: expected quick for a table that does not fit in --memory; got {effort}; leave it out."
            )
        return larger
    assert table is not None
    has_own_test = memory is None and test is None and has_test_images(file)
    return learn(
        table,
        target or LABEL,
        effort=effort,
        settings=settings,
        validation=None if data.validation is None else table_part("validation", data.validation, reading),
        test=read_table(file, part="test") if has_own_test else table_part("test", test or "0", reading),
        **data.choices(),
    )


def _larger(
    file: Path, data: Data, settings: Settings, test: str | None, memory: str
) -> tuple[Table | None, Plan | None]:
    """Read a table that fits in the memory, or plan the training on one that does not."""
    from glassnet.tables.fitting.larger import learn_larger
    from glassnet.tables.fitting.plan import SHARE
    from glassnet.tables.reading.table import Table

    if str(file) == STDIN:
        raise InputError(
            "--memory: expected files, which can be read again; got the standard input; save it as a file."
        )
    reading = data.reading()
    found = learn_larger(
        file,
        data.target or "",
        memory,
        reading=reading,
        settings=settings,
        validation=SHARE if data.validation is None else table_part("validation", data.validation, reading),
        test=table_part("test", test or "0", reading),
        **data.choices(),
    )
    return (found, None) if isinstance(found, Table) else (None, found)


def _model_file(file: Path) -> Path:
    """The model file of a table, in the current folder, under the table's name without its endings."""
    stem = "" if str(file) == STDIN else file.absolute().name.split(".")[0]
    return Path(file_name(stem or "model", ".safetensors"))


def _last_name(file: Path) -> str:
    """The last column of the file, as an example; "COLUMN" if it cannot be read."""
    from glassnet.tables.reading.read import read_table
    from glassnet.tables.reading.table import cut

    return cut(read_table(file).names[-1], 40) if file.is_file() else "COLUMN"
