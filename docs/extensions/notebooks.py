"""Writes each chapter as a notebook that runs anywhere: no module of the site, numbers instead of roles, plain Markdown."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from exercises import exercise
from exercises.kinds import Code
from sphinx.application import Sphinx

COURSE = Path(__file__).parents[1] / "course"
INSTALL = """\
try:
    import glassnet
except ImportError:
    %pip install --quiet glassnet"""
SHOW = '''\
def show(figure, alt):
    """Show a figure; `alt` says what is seen."""
    import matplotlib.pyplot as plt

    plt.close(figure)
    return figure'''
PLAY = '''\
def play(animation):
    """Show an animation."""
    return animation'''
HIDDEN = {"remove-cell"}
GLUE = re.compile(r"\{glue:(?:text)?\}`([^`:]+)(?::([^`]*))?`")
ROLE = re.compile(r"\{(?:doc|ref|term|numref|eq)\}`([^`<]*)(?:<[^`]*>)?`")
ATTRIBUTES = re.compile(r"^\{[.#][^}\n]*\}\n", re.MULTILINE)
FENCE = re.compile(
    r"^(?P<mark>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}(?P<argument>[^\n]*)\n(?P<body>.*?)^(?P=mark)[ ]*$",
    re.DOTALL | re.MULTILINE,
)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]*?)(?:\.md)?(#[^)\s]*)?\)")


def notebook(executed: nbformat.NotebookNode, told: dict[str, Any], docname: str, site: str) -> nbformat.NotebookNode:
    """Return the notebook of a chapter that the build executed.

    Parameters
    ----------
    executed : NotebookNode
        Its cells with their outputs.
    told : dict
        What `tell` made known, by name.
    docname : str
        The chapter's name: "course/01-what-does-a-network-learn".
    site : str
        The site's address, where links lead; "" leaves their words alone.
    """
    cells: list[Any] = [nbformat.v4.new_code_cell(INSTALL)]
    for cell in executed.cells:
        if cell.cell_type == "markdown":
            text = markdown(cell.source, told, docname, site)
            if text:
                cells.append(nbformat.v4.new_markdown_cell(text))
        elif cell.cell_type == "code":
            source = code(cell.source)
            if source:
                hidden = HIDDEN & set(cell.metadata.get("tags", ()))
                kept = nbformat.v4.new_code_cell(source)
                kept.outputs = (
                    [] if hidden else [each for each in cell.outputs if "scrapbook" not in each.get("metadata", {})]
                )
                kept.metadata = {"jupyter": {"source_hidden": True}} if _folded(cell) else {}
                if source != cell.source:
                    kept.outputs = [each for each in kept.outputs if each.output_type != "execute_result"]
                cells.append(kept)
    for at, cell in enumerate(cells):
        cell.id = f"cell-{at}"
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = None
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.validate(made)
    return made


def _folded(cell: nbformat.NotebookNode) -> bool:
    return bool({"hide-input", "remove-input", "hide-cell"} & set(cell.metadata.get("tags", ())))


def _value(output: dict[str, Any]) -> Any:
    """Return a value that `tell` made known."""
    text = next((text for kind, text in output["data"].items() if kind.endswith("text/plain")), "")
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def code(source: str) -> str:
    """Return a cell's code without `tell` and assertions, and with the course's own modules written out; "" if none is left."""
    if source.lstrip().startswith("%"):
        return source
    lines = source.split("\n")
    tree = ast.parse(source)
    before: list[str] = []
    own = [
        node
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and (COURSE / f"{node.module}.py").exists()
    ]
    for node in reversed(own):
        asked = {each.name for each in node.names}
        tools = [text for name, text in (("show", SHOW), ("play", PLAY)) if name in asked]
        before[:0] = tools if node.module == "course_tools" else [_module(node.module or "")]
    for each in sorted([*own, *_page_only(tree.body)], key=lambda node: -node.lineno):
        lines[each.lineno - 1 : each.end_lineno] = []
    rest = "\n".join(lines).strip("\n")
    return "\n\n\n".join(filter(None, [rest, *before]))


def _page_only(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that serve the page alone: `tell`, assertions, and loops over nothing else."""
    for node in statements:
        if _is_call_of_tell(node) or isinstance(node, ast.Assert):
            yield node
        elif isinstance(node, ast.For):
            inner = list(_page_only(node.body))
            yield from [node] if len(inner) == len(node.body) else inner


def _module(name: str) -> str:
    """Return the source of a module of the course, without its docstring and imports from the future."""
    source = (COURSE / f"{name}.py").read_text(encoding="utf-8")
    lines = source.split("\n")
    for node in reversed(ast.parse(source).body):
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            lines[node.lineno - 1 : node.end_lineno] = []
    return "\n".join(lines).strip()


def _is_call_of_tell(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "tell"
    )


def markdown(source: str, told: dict[str, Any], docname: str, site: str) -> str:
    """Return MyST as plain Markdown: numbers for `glue`, quotes for admonitions, links to the site for what only a page can do."""
    page = f"{site.rstrip('/')}/{docname}.html" if site else ""

    def number(found: re.Match[str]) -> str:
        return format(told[found[1]], found[2] or "")

    def link(found: re.Match[str]) -> str:
        target = os.path.normpath(os.path.join(os.path.dirname(docname), found[1]))  # noqa: PTH118, PTH120 – an address
        return f"]({site.rstrip('/')}/{target}.html{found[2] or ''})"

    text = FENCE.sub(lambda found: _directive(found, page), source)
    text = GLUE.sub(number, text)
    text = ROLE.sub(lambda found: found[1].strip(), text)
    text = ATTRIBUTES.sub("", text)
    text = LINK.sub(link, text) if site else re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]*\)", r"\1", text)
    return re.sub(r"^\([\w-]+\)=\n", "", text, flags=re.MULTILINE).strip()


def _directive(found: re.Match[str], page: str) -> str:
    name, argument = found["name"], found["argument"].strip()
    options = re.match(r"(?:[ ]*:[\w-]+:[^\n]*\n)+|---\n.*?^---\n", found["body"], re.DOTALL | re.MULTILINE)
    body = found["body"][options.end() if options else 0 :].strip("\n")
    if name == "exercise":
        return _exercise(argument, page)
    if name == "recording":
        address = f" [Open it]({page})." if page else ""
        command = f'glassnet play --record run.html --query "{"".join(argument.split())}"'
        return f"> **Recording.** {body.strip()}{address} To make it yourself, run at a shell:\n>\n> `{command}`"
    if name == "math":
        return f"$$\n{body}\n$$"
    if name in ("code-block", "code", "console"):
        return f"```{argument}\n{body}\n```"
    if name in ("toctree", "raw", "only"):
        return ""
    title = argument if name in ("admonition", "dropdown", "card", "tab-item", "grid-item-card") else name.capitalize()
    inner = FENCE.sub(lambda each: _directive(each, page), body)
    quoted = "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))
    if name in ("tab-set", "grid", "container", "div"):
        return inner
    return f"> **{title}**\n>\n{quoted}"


def _exercise(name: str, page: str) -> str:
    """Return an exercise as its question, and where it is marked."""
    found = exercise(name)
    where = (
        f"[Have your answer marked]({page}#exercise-{name})."
        if page
        else "Your answer is marked on the chapter's page."
    )
    if isinstance(found, Code):
        where = f"Have it graded at a shell: `{found.command}`"
    return f"\n**Exercise.** {markdown(found.question, {}, '', '')}\n\n{where}\n"


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the notebooks of the chapters into the site."""
    if error or app.builder.format != "html":
        return
    executed, there = Path(app.outdir).parent / "jupyter_execute", Path(app.outdir) / "notebooks"
    there.mkdir(exist_ok=True)
    for docname in chapters(app):
        glued = executed / f"{docname}.glue.json"
        told = json.loads(glued.read_text(encoding="utf-8")) if glued.exists() else {}
        told = {name: _value(output) for name, output in told.items()}
        ran = nbformat.read(executed / f"{docname}.ipynb", as_version=4)
        made = notebook(ran, told, docname, app.config.html_baseurl)
        nbformat.write(made, there / f"{Path(docname).name}.ipynb")


def chapters(app: Sphinx) -> list[str]:
    """Return the names of the chapters that run code."""
    return sorted(name for name in app.env.found_docs if re.fullmatch(r"course/\d\d-.*", name))


def link_to_notebook(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the link to the notebook below a chapter's title."""
    if docname not in chapters(app) or app.builder.format != "html":
        return
    title = next(iter(doctree.findall(nodes.title)), None)
    if title is not None:
        name = Path(docname).name
        text = (
            f'<p class="gn-downloads"><a href="../notebooks/{name}.ipynb" download>This chapter as a notebook</a></p>'
        )
        title.parent.insert(title.parent.index(title) + 1, nodes.raw("", text, format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", write)
    app.connect("doctree-resolved", link_to_notebook)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
