"""A QR code of a link, as SVG, drawn by segno."""

from __future__ import annotations

import io
from importlib.util import find_spec
from urllib.parse import parse_qs

from glassnet.errors import InputError

MOST = 1500  # characters: beyond that a telephone's camera no longer reads the code from a wall


def drawable() -> bool:
    """Return True if segno is installed."""
    return find_spec("segno") is not None


def code(query: str) -> bytes:
    """Return the QR code of the address in `link`: black on white, whatever the page's colours.

    Raises
    ------
    InputError
        If there is no link, or it is too long.
    """
    import segno

    link = parse_qs(query).get("link", [""])[0]
    if not 0 < len(link) <= MOST or not link.startswith(("http://", "https://")):
        raise InputError(
            f"link: expected an address of at most {MOST:,} characters; got {len(link):,}; share it as text."
        )
    drawn = io.BytesIO()
    segno.make_qr(link).save(drawn, kind="svg", omitsize=True, dark="#000", light="#fff", xmldecl=False)
    return drawn.getvalue()
