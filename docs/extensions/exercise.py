"""The directive `exercise`: a question of docs/exercises that the page marks by itself, without a server."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from exercises import exercise
from exercises.kinds import Code, Numbers
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = Path(__file__).parents[1] / "exercises"


class exercise_box(nodes.General, nodes.Element):  # noqa: N801 – nodes of docutils are in small letters
    """The box around an exercise."""


class exercise_form(nodes.General, nodes.Element):  # noqa: N801
    """The fields for the numbers, the button, and the verdict."""


class exercise_solution(nodes.General, nodes.Element):  # noqa: N801
    """The solution, closed until it is asked for."""


class Exercise(SphinxDirective):
    """Shows the exercise of a name."""

    required_arguments = 1
    option_spec = {"title": directives.unchanged}  # noqa: RUF012 – docutils reads a class attribute

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        for path in (FOLDER / f"chapter_{name[:2]}.py", FOLDER / "kinds.py"):
            self.env.note_dependency(str(path))
        try:
            found = exercise(name)
        except KeyError as error:
            raise self.error(error.args[0]) from error
        shown = self.env.metadata[self.env.docname].setdefault("exercises", [])
        shown.append(name)
        kind = "code" if isinstance(found, Code) else "numbers"
        title = self.options.get("title", f"Exercise {len(shown)}")
        box = exercise_box(name=name, kind=kind, title=title, ids=[f"exercise-{name}"])
        self._parse(found.question, box)
        solution = exercise_solution(kind=kind)
        if isinstance(found, Numbers):
            box += exercise_form(name=name, exercise=found)
            self._parse(found.solution, solution)
        else:
            self._parse(f"```text\n{found.command}\n```", box)
            self._parse(f"```python\n{found.solution.strip()}\n```", solution)
        box += solution
        return [box]

    def _parse(self, text: str, parent: nodes.Element) -> None:
        self.state.nested_parse(StringList(text.strip().split("\n"), self.get_source_info()[0]), 0, parent)


def payload(found: Numbers) -> str:
    """Return what the page needs to mark answers, encoded so that nobody reads it by chance."""
    known = {
        "right": found.right,
        "allowed": found.allowed,
        "wrong": [[each.values, each.message] for each in found.wrong],
    }
    return base64.b64encode(json.dumps(known, default=float).encode()).decode()


def visit_box(writer: Any, node: exercise_box) -> None:
    title, name = html.escape(node["title"]), node["name"]
    writer.body.append(
        f'<section class="gn-exercise" id="exercise-{name}" data-kind="{node["kind"]}" aria-labelledby="title-{name}">'
        f'<p class="gn-exercise-title" id="title-{name}">{title}</p>'
    )


def depart_box(writer: Any, node: exercise_box) -> None:
    writer.body.append("</section>")


def visit_form(writer: Any, node: exercise_form) -> None:
    name, found = node["name"], node["exercise"]
    fields = []
    for at, label in enumerate(found.fields):
        said = html.escape(label or "Your answer")
        fields.append(
            f'<label class="gn-field"><span>{said}</span><input type="text" name="answer-{at}" inputmode="text" '
            f'autocomplete="off" spellcheck="false" size="9" aria-describedby="verdict-{name}"></label>'
        )
    writer.body.append(
        f'<form class="gn-answer" data-known="{payload(found)}" novalidate>{"".join(fields)}'
        f'<button type="submit" class="gn-button">Check</button></form>'
        f'<p class="gn-verdict" id="verdict-{name}" role="status" aria-live="polite"></p>'
    )
    raise nodes.SkipNode


def visit_solution(writer: Any, node: exercise_solution) -> None:
    hidden = " hidden" if node["kind"] == "numbers" else ""
    label = "Show the solution" if node["kind"] == "numbers" else "Show a solution (after yours)"
    writer.body.append(f'<details class="gn-solution"{hidden}><summary>{label}</summary>')


def depart_solution(writer: Any, node: exercise_solution) -> None:
    writer.body.append("</details>")


def skip(writer: Any, node: nodes.Node) -> None:
    raise nodes.SkipNode


def ignore(writer: Any, node: nodes.Node) -> None:
    """Show the children alone."""


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("exercise", Exercise)
    app.add_node(exercise_box, html=(visit_box, depart_box), text=(ignore, ignore), latex=(ignore, ignore))
    app.add_node(exercise_form, html=(visit_form, None), text=(skip, None), latex=(skip, None))
    app.add_node(exercise_solution, html=(visit_solution, depart_solution), text=(skip, None), latex=(skip, None))
    app.add_js_file("exercise.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
