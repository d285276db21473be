"""The directive `recording`: a run of the playground in a frame of the page, kept in one file that needs no server."""

from __future__ import annotations

import html
from hashlib import sha256
from pathlib import Path
from shutil import copyfile
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from source_hash import PACKAGE
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

MOST_BYTES = 1_200_000
FRAMES = (40, 20)  # how many a recording keeps: the most that fit
ENTRIES = 250  # chain rules in a recording: each takes about 15 ms of the build


class recording(nodes.General, nodes.Element):  # noqa: N801 – nodes of docutils are in small letters
    """The frame; its children say what to look for."""


class Recording(SphinxDirective):
    """Shows the recording of a query, what stands behind the ? in the playground's address."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"view": directives.unchanged}  # noqa: RUF012 – docutils reads a class attribute

    def run(self) -> list[nodes.Node]:
        query = "".join(self.arguments[0].split()).lstrip("?")
        if not self.content:
            raise self.error("recording: expected one sentence of what to look for; got none; write it as the body.")
        cache = cache_of(self.env.app)
        name, title = record(cache, query)
        self.env.metadata[self.env.docname].setdefault("recordings", []).append(name)
        node = recording(name=name, title=title, query=query, view=self.options.get("view", ""))
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def cache_of(app: Sphinx) -> Path:
    """Return the folder that keeps recordings from build to build."""
    return Path(app.srcdir) / "_build/recordings"


def record(cache: Path, query: str) -> tuple[str, str]:
    """Write the recording and its still picture into the cache, unless they are there; return their name and title."""
    name = sha256(f"{PACKAGE} {query}".encode()).hexdigest()[:16]
    title = cache / f"{name}.txt"
    if not title.exists():
        from glassnet.playground.pictures import figure
        from glassnet.playground.playground import Playground
        from glassnet.playground.recording.recording import STEPS, record_query
        from glassnet.playground.state import read_query, state_of

        cache.mkdir(parents=True, exist_ok=True)
        play = Playground()
        for frames in FRAMES:
            made = record_query(play, query, frames=frames, samples=2, most_entries=ENTRIES)
            size = len(made.html.encode())
            if size <= MOST_BYTES:
                break
        else:
            raise ExtensionError(
                f"recording: expected at most {MOST_BYTES:,} bytes; got {size:,} of {query}; end it earlier."
            )
        made.save(cache / f"{name}.html")
        state = state_of(read_query(query))
        course = play.course(state.run)
        picture = figure(course, min(state.step or STEPS, course.setup.max_step), "png")
        (cache / f"{name}.png").write_bytes(picture)
        title.write_text(made.title, encoding="utf-8")
    return name, title.read_text(encoding="utf-8")


def visit(writer: Any, node: recording) -> None:
    here = writer.builder.get_relative_uri(writer.builder.current_docname, "recordings/x").removesuffix(
        "x" + writer.builder.out_suffix
    )
    name, title, view = node["name"], html.escape(node["title"]), html.escape(node["view"])
    writer.body.append(
        f'<figure class="gn-recording"><iframe data-src="{here}{name}.html" data-view="{view}" loading="lazy" '
        f'title="Recording of a run: {title}" sandbox="allow-scripts"></iframe>'
        f'<img class="gn-still" src="{here}{name}.png" width="960" height="440" loading="lazy" alt="The run {title} at its last step: the plane with the points, and the losses.">'
        f'<figcaption><span class="gn-caption">'
    )
    node["here"] = here


def depart(writer: Any, node: recording) -> None:
    writer.body.append(
        f'</span> <a class="gn-alone" href="{node["here"]}{node["name"]}.html">Open the recording alone</a></figcaption></figure>'
    )


def ignore(writer: Any, node: nodes.Node) -> None:
    """Show the children alone."""


def copy(app: Sphinx, error: Exception | None) -> None:
    """Copy the recordings that the pages show into the site."""
    if error or app.builder.format != "html":
        return
    kept = {name for each in app.env.metadata.values() for name in each.get("recordings", [])}
    cache, there = cache_of(app), Path(app.outdir) / "recordings"
    there.mkdir(exist_ok=True)
    for old in there.iterdir():
        if old.stem not in kept:
            old.unlink()
    for name in kept:
        for suffix in (".html", ".png"):
            copyfile(cache / f"{name}{suffix}", there / f"{name}{suffix}")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("recording", Recording)
    app.add_node(recording, html=(visit, depart), text=(ignore, ignore), latex=(ignore, ignore))
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
