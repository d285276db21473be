"""`glassnet assignment`: a notebook for nbgrader or Otter-Grader whose tests are those of `glassnet check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.screen import note
from glassnet.errors import InputError, unknown_name


def assignment(
    topic: Annotated[
        str,
        typer.Option(
            help="neuron, layer-and-batch, loss, chain-rule, full-step-exact, full-step-softmax or batch-penalty-mask.",
            show_default=False,
        ),
    ],
    form: Annotated[str, typer.Option("--format", help="nbgrader or otter.", show_default=False)],
    out: Annotated[Path, typer.Option(help="A folder for the assignment, made if there is none.", show_default=False)],
    seed: Annotated[int, typer.Option(help="Seed of the random numbers that it is graded on.", min=0)] = 0,
    points: Annotated[float, typer.Option(help="Points for all terms together.", min=0)] = 10.0,
) -> None:
    """Make an assignment in code: a notebook with the solution, from which nbgrader or Otter-Grader makes the learners'.

    The learner writes a function; its tests run glassnet's check on random numbers, so the notebook holds no answers.
    For nbgrader the folder is a course: source/TOPIC/TOPIC.ipynb. For Otter-Grader it holds TOPIC.ipynb.
    """
    from glassnet.storage.atomic import write_atomically
    from glassnet.worksheets.assignment import FORMATS
    from glassnet.worksheets.notebook import notebook

    if form not in FORMATS:
        raise unknown_name("--format", form, FORMATS)
    if out.exists() and not out.is_dir():
        raise InputError(f"--out: expected a folder; got the file {str(out)!r}; name another.")
    content = notebook(topic, form, seed, points)
    folder = out / "source" / topic if form == "nbgrader" else out
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"{topic}.ipynb", content.encode())
    note(f"wrote {folder / f'{topic}.ipynb'}")
    if form == "nbgrader":
        note(f"next, in {out}: nbgrader generate_assignment {topic}")
    else:
        note(f"next, in {out}: otter assign {topic}.ipynb dist")
