"""`glassnet play`: starts the playground's server and opens its page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def play(
    file: Annotated[
        Path | None,
        typer.Argument(help="A CSV file: two columns of numbers, then a label or a target.", show_default=False),
    ] = None,
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes any free one.", min=0, max=65535)] = 8765,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 is all of this machine's, for a class.")
    ] = "127.0.0.1",
    name: Annotated[
        list[str] | None,
        typer.Option(help="A name under which others reach this machine, such as lab.example; may be given again."),
    ] = None,
    socket: Annotated[
        str,
        typer.Option(help="Listen on a Unix socket at this path instead, for a proxy on this machine.", metavar="PATH"),
    ] = "",
    root_path: Annotated[
        str,
        typer.Option(help="The path under which a proxy shows the page, such as /user/ada/glassnet.", metavar="PATH"),
    ] = "",
    allow_embed: Annotated[
        list[str] | None,
        typer.Option(
            help="The origin of a page that may show this one in a frame, such as https://course.example; may be given again.",
            metavar="ORIGIN",
        ),
    ] = None,
) -> None:
    """Open the playground: a page on which a network learns, every number of it visible."""
    from glassnet.playground.guard import Access
    from glassnet.playground.serve import serve
    from glassnet.playground.uploads import MOST_BYTES, read_upload

    access = Access(tuple(name or ()), socket=socket, embeds=tuple(allow_embed or ()), root_path=root_path.rstrip("/"))
    upload = None
    if file is not None:
        upload = read_upload(_read(file, MOST_BYTES))
    serve(host, port, access, upload=upload, browser=browser)


def _read(file: Path, most: int) -> bytes:
    """Up to one byte more than `most` of a regular file, or as "-" of the standard input."""
    from glassnet.tables.reading.read import STDIN, check_regular, read_stdin

    if str(file) == STDIN:
        return read_stdin(most)
    check_regular(file)
    with file.open("rb") as opened:
        return opened.read(most + 1)
