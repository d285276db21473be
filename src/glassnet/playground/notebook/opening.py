"""`playground`: opens the page in a notebook, on a run of one's own, on a table, or on a run of the page."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import quote

import numpy as np

from glassnet.equations.activations import ACTIVATIONS
from glassnet.equations.losses import LOSSES
from glassnet.errors import InputError, shown
from glassnet.playground.given import Given
from glassnet.playground.playground import Playground
from glassnet.playground.recording.runs import RunSetup, run_of, setup_of_run
from glassnet.playground.setup import LOSSES as SHOWN
from glassnet.playground.state import HIDDEN, RATES, State, read_query, state_of
from glassnet.playground.uploads import WIDTH, read_upload
from glassnet.tables.reading.table import cut
from glassnet.training.history import History
from glassnet.training.job import Job
from glassnet.training.options import TrainingOptions
from glassnet.training.run import Run
from glassnet.training.schedules import Constant

if TYPE_CHECKING:
    from glassnet.playground.notebook.widget import PlaygroundWidget

MOST_ROWS = 5_000  # that the page draws


def playground(
    run: Any = None,
    X: Any = None,
    y: Any = None,
    *,
    title: str = "your data",
    names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    query: str = "",
    **options: Unpack[TrainingOptions],
) -> PlaygroundWidget:
    """Open the playground below a notebook's cell, live: it trains, steps back and shows every number of the run.

    `playground(net, X, y, …)` shows the run that `train(net, X, y, …)` would make, bit for bit, and changes neither net nor data.
    `playground(history)` shows the run of a History or a Run, at its last step. `playground(X=X, y=y)` takes a table of any
    number of columns, of which the page lets you choose two. `playground()` opens the page as `glassnet play` does.
    All that the page can change it changes here too. Stop rules are left to you.

    Parameters
    ----------
    run : History, Run, Network or estimator, optional
        What to show; its inputs are two columns, and validation data are the test points.
    X, y : arrays, optional
        The data of a Network or an estimator. Without one: columns, and a label or a target, or the name of its column in X.
    title : str
        A name of the data.
    names, classes : sequences of str, optional
        The names of the two columns, or those to begin with if X is a table; the names of the classes.
    query : str
        What to show at first, as names of the page's address: "step=100&glass=1&rate=0.5".
    **options
        Those of `train`, for a Network or an estimator.

    Returns
    -------
    PlaygroundWidget
        `.query` is the page's address, `.network` a copy of the network at the step it shows. Viewers without a kernel
        show a small recording instead.

    Raises
    ------
    InputError
        If anywidget is not installed, the inputs are not two columns, or the page has no control for a part of the run.

    Examples
    --------
    >>> import glassnet as gn
    >>> net = gn.Network([2, 3, 1], output="sigmoid", seed=0)
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1]
    >>> widget = gn.playground(net, X, y, optimizer="sgd", query="step=20")
    >>> history = gn.train(net, X, y, optimizer="sgd", epochs=20)
    >>> bool((widget.network.theta == net.theta).all())
    True
    """
    if run is not None:
        play, home, start = _of_run(
            run_of(run, X, y, options, "playground"), isinstance(run, History | Run), title, names, classes
        )
    elif X is not None:
        if y is None or options:
            got = "options without a network" if options else "X without y"
            raise InputError(f"playground: expected X and y alone, or a network with its data; got {got}; pass both.")
        play, home, start = _of_table(X, y, names)
    else:
        play, home, start = Playground(), {}, {}
    given = {**home, **start, **read_query(query.removeprefix("?"))}
    play.course(state_of(given))  # refuses what the page could not show
    try:
        from glassnet.playground.notebook.widget import PlaygroundWidget
    except ImportError:
        raise InputError(
            "playground: expected the anywidget package; got none installed; run `pip install glassnet[notebook]`, or use "
            "record."
        ) from None
    return PlaygroundWidget(play, as_query(given), home)


def as_query(given: dict[str, str]) -> str:
    """Return names and values as a query."""
    return "&".join(f"{name}={quote(value, safe=',:;')}" for name, value in given.items())


# --- a run ------------------------------------------------------------------------------------------------------------


def _of_run(
    run: Run, made: bool, title: str, names: Sequence[str] | None, classes: Sequence[str] | None
) -> tuple[Playground, dict[str, str], dict[str, str]]:
    """Return a playground with a run, the names of a query that make it, and those of the step that it stands at."""
    setup = setup_of_run(run, title, names, classes, "playground")
    _check(run, setup)
    start = run.at(step=0)
    output = run.network.activations[run.network.n_layers].name
    data = replace(setup.data, output_given=output, options=_options(run.job, run))
    loss = setup.loss if setup.loss != SHOWN[output][0] else ""
    settings = replace(setup.state, n=State().n, loss=loss)
    given = Given(data, start.network, settings)
    play = Playground(given=given)
    last = min(run.step, play.course(given.state).setup.max_step)
    return play, given.home, {"step": str(last)} if made and last else {}


def _check(run: Run, setup: RunSetup) -> None:
    """Refuse a run of which the page has no control for a part that it shows."""
    network, job = run.network, run.job
    *hidden, output = network.activations.values()
    for each in hidden:
        if each.name not in HIDDEN or ACTIVATIONS[each.name] != each:
            raise InputError(
                f"hidden: expected an activation of the page, {', '.join(HIDDEN)}; got {each.name!r}; record shows any."
            )
    if output.name not in SHOWN or ACTIVATIONS[output.name] != output:
        raise InputError(f"output: expected {', '.join(SHOWN)}; got {output.name!r}; record shows any.")
    if LOSSES.get(setup.loss) != network.loss_function:
        raise InputError(f"loss: expected one of the page's; got one of your own, {setup.loss!r}; record shows any.")
    if type(run.optimizer).__name__.lower() not in RATES:
        raise InputError(
            f"optimizer: expected one of {', '.join(RATES)}; got {type(run.optimizer).__name__}; record shows any."
        )
    if job.order is not None or job.divide_penalty:
        raise InputError("playground: expected a run that train can make; got another; use train.")
    if len(setup.data.train) + len(setup.data.test) > MOST_ROWS:
        raise InputError(
            f"X: expected at most {MOST_ROWS:,} rows, as many as the page draws; got "
            f"{len(setup.data.train) + len(setup.data.test):,}; pass a sample, X[::10] and y[::10]."
        )
    parts = [(setup.data.y_train, job.Y)] + ([] if job.validation is None else [(setup.data.y_test, job.validation[1])])
    if any(not np.array_equal(network.encode(y, len(Y)), Y) for y, Y in parts):
        raise InputError("y: expected classes, or one number for each row; got probabilities; pass class numbers.")


def _options(job: Job, run: Run) -> dict[str, Any]:
    """Return the options of a run that no control of the page sets."""
    options: dict[str, Any] = {"optimizer": run.optimizer}
    if not isinstance(job.schedule, Constant):
        options |= {"schedule": job.schedule, "epochs": job.epochs}
    if job.sample_weight is not None:
        options["sample_weight"] = job.sample_weight
    if job.clip_norm is not None:
        options["clip_norm"] = job.clip_norm
    if not job.shuffle:
        options["shuffle"] = False
    if job.engine != "auto":
        options["engine"] = job.engine
    return options


# --- a table ----------------------------------------------------------------------------------------------------------


def _of_table(X: Any, y: Any, names: Sequence[str] | None) -> tuple[Playground, dict[str, str], dict[str, str]]:
    """Return a playground with a table, of which the page takes two columns, and the names of a query that choose them."""
    columns, target = _columns(X, y)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    play = Playground()
    upload = play.uploads.add(read_upload(text.getvalue().encode()), keep=True)
    home = {"data": upload.id, "target": cut(target, WIDTH)}
    if names is not None:
        wanted = [str(name) for name in names]
        if len(wanted) != 2 or not set(wanted) <= set(columns):
            raise InputError(
                f"names: expected two of {', '.join(columns)}; got {shown(names)}; pass e.g. names=['a', 'b']."
            )
        home |= {"x": cut(wanted[0], WIDTH), "y": cut(wanted[1], WIDTH)}
    upload.choose(home.get("x", ""), home.get("y", ""), home["target"])
    return play, home, {}


def _columns(X: Any, y: Any) -> tuple[dict[str, list[Any]], str]:
    """Return the columns of X and y by name, the target's last, and the target's name."""
    if hasattr(X, "columns"):
        columns = {str(name): _cells(X[name]) for name in X.columns}
    else:
        array = np.asarray(X)
        array = array[:, None] if array.ndim == 1 else array
        if array.ndim != 2:
            raise InputError(f"X: expected rows of columns; got shape {array.shape}; pass a table.")
        columns = {f"x{k + 1}": _cells(array[:, k]) for k in range(array.shape[1])}
    if isinstance(y, str):
        if y not in columns:
            raise InputError(f"y: expected a column of X, {', '.join(columns)}; got {y!r}; name one.")
        columns[y] = columns.pop(y)
        return columns, y
    called = getattr(y, "name", None)
    target = next(name for name in (str(called or "y"), "y", "target", "the target") if name not in columns)
    columns[target] = _cells(y)
    rows = [len(cells) for cells in columns.values()]
    if len(set(rows)) > 1:
        raise InputError(f"y: expected {rows[0]} entries, one for each row of X; got {rows[-1]}; pass matching rows.")
    return columns, target


def _cells(column: Any) -> list[Any]:
    """Return a column as cells of a CSV text; what is missing is empty."""
    values = column.to_list() if hasattr(column, "to_list") else np.asarray(column).tolist()
    return ["" if value is None or (isinstance(value, float) and math.isnan(value)) else value for value in values]
