"""The master notebook of an assignment, in the form that nbgrader or Otter-Grader takes."""

from __future__ import annotations

import json
from typing import Any

from glassnet.worksheets.assignment import Exercise, exercise

Cell = dict[str, Any]


def notebook(topic: str, form: str, seed: int = 0, most: float = 10.0) -> str:
    """Return the master notebook of a topic, with the solution, as the text of an .ipynb file."""
    chosen = exercise(topic)
    cells = _nbgrader(topic, chosen, seed, most) if form == "nbgrader" else _otter(topic, chosen, seed, most)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _introduction(chosen: Exercise) -> str:
    terms = ", ".join(f'"{term}": …' for term in chosen.returns)
    return (
        f"# {chosen.title}\n\n{chosen.text}\n\nWrite `{chosen.function}({chosen.parameters})`. It is given NumPy arrays: a sample is "
        f"a row, W1 has the shape (inputs, units). Return `{{{terms}}}`. Each right term counts the same."
    )


def _code(chosen: Exercise, begin: str, end: str) -> str:
    """The cell of the function, with the solution between two marks."""
    body = [f"    {line}" for line in chosen.solution.splitlines()]
    terms = ", ".join(f'"{term}": {term}' for term in chosen.returns)
    lines = [
        f"def {chosen.function}({chosen.parameters}):",
        f"    {begin}",
        *body,
        f"    return {{{terms}}}",
        f"    {end}",
    ]
    return "\n".join(["import numpy as np", "", "", *lines])


def _markdown(text: str, **metadata: Any) -> Cell:
    return {"cell_type": "markdown", "metadata": metadata, "source": text}


def _cell(text: str, **metadata: Any) -> Cell:
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": text}


def _nbgrader(topic: str, chosen: Exercise, seed: int, most: float) -> list[Cell]:
    def about(grade_id: str, **more: Any) -> dict[str, Any]:
        return {
            "schema_version": 3,
            "grade_id": grade_id,
            "grade": False,
            "locked": True,
            "solution": False,
            "task": False,
            **more,
        }

    test = (
        "from glassnet.worksheets.assignment import points\n\n"
        f'points("{topic}", {chosen.function}, {most:g}, seed={seed})  # prints the verdict, and returns the points'
    )
    return [
        _markdown(_introduction(chosen), nbgrader=about("introduction")),
        _cell(
            _code(chosen, "### BEGIN SOLUTION", "### END SOLUTION"),
            nbgrader=about("function", locked=False, solution=True),
        ),
        _cell(test, nbgrader=about("points", grade=True, points=most)),
    ]


def _otter(topic: str, chosen: Exercise, seed: int, most: float) -> list[Cell]:
    def raw(text: str) -> Cell:
        return {"cell_type": "raw", "metadata": {}, "source": text}

    tests = []
    share = round(most / len(chosen.returns), 4)
    for term in chosen.returns:
        head = f'""" # BEGIN TEST CONFIG\nhidden: true\npoints: {share:g}\n""" # END TEST CONFIG\n'
        body = (
            "from glassnet.worksheets.assignment import is_right\n"
            f'is_right("{topic}", {chosen.function}, "{term}", seed={seed})'
        )
        cell = _cell(head + body)
        cell["outputs"] = [
            {"data": {"text/plain": "True"}, "execution_count": 1, "metadata": {}, "output_type": "execute_result"}
        ]
        cell["execution_count"] = 1
        tests.append(cell)
    config = f"# ASSIGNMENT CONFIG\ninit_cell: true\nexport_cell: false\ncheck_all_cell: false\ngenerate: true\nname: {topic}\n"
    return [
        raw(config),
        _markdown(_introduction(chosen)),
        raw(f"# BEGIN QUESTION\nname: {chosen.function}\n"),
        raw("# BEGIN SOLUTION"),
        _cell(_code(chosen, "# BEGIN SOLUTION", "# END SOLUTION")),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        *tests,
        raw("# END TESTS"),
        raw("# END QUESTION"),
    ]
