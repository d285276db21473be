"""Writes the page as one HTML file: modules, styles and a recording inside, and nothing asked for from elsewhere."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from glassnet.version import __version__

STATIC = Path(__file__).parents[1] / "static"
# nothing is fetched, from any address: the file is all there is
POLICY = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data: blob:"

_IMPORT = re.compile(r"""(\bfrom\s*|\bimport\s*|\bawait import\()(["'])(\.{1,2}/[^"']+)\2""")
_CHARSET = re.compile('<meta charset="utf-8" />')
_VERSION = re.compile('name="version" content=""')
_LANGUAGE = re.compile('<html lang="en">')
_TITLE = re.compile("<title>.*?</title>")
_STYLE = re.compile(r'<link rel="stylesheet" href="static/([^"]+)" />')
_MAIN = re.compile(r'<script type="module" src="static/main\.js"></script>')
_ICON = re.compile(r'href="static/icon\.svg"')
_PLAIN = " !$&'()*+,-./:;=?@[]^_`{|}~\""  # what may stand in a data: address as it is


def page(title: str, index: Mapping[str, Any], parts: Mapping[str, str]) -> str:
    """Return the page with a recording: `index` as JSON, `parts` as base64 by name."""
    scripts = [_script("application/json", "recording", _json(index))]
    scripts += [_script("text/plain", name, content) for name, content in parts.items()]
    return _one_file(title, scripts, ["app/recorded.js", "main.js"], index.get("lang") or "en")


@cache
def live_page() -> str:
    """Return the page for a frame in a notebook, whose answers come from the page around it."""
    return _one_file("glassnet playground", [], ["app/notebook.js", "main.js"])


def _one_file(title: str, scripts: list[str], start: Sequence[str], language: str = "en") -> str:
    """Return the page with scripts, and all modules that those of `start` need."""
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    imports = " ".join(f'import "glassnet/{name}";' for name in start)
    scripts = [
        *scripts,
        f'<script type="importmap">{_json({"imports": modules(start)})}</script>',
        f'<script type="module">{imports}</script>',
    ]
    icon = quote((STATIC / "icon.svg").read_text(encoding="utf-8"))
    policy = f'<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="{POLICY}" />'
    for pattern, new in (
        (_CHARSET, lambda _: policy),
        (_VERSION, lambda _: f'name="version" content="{__version__}"'),
        (_LANGUAGE, lambda _: f'<html lang="{language}">'),
        (_TITLE, lambda _: f"<title>{html.escape(title)}</title>"),
        (_ICON, lambda _: f'href="data:image/svg+xml,{icon}"'),
        (_STYLE, lambda found: f"<style>\n{(STATIC / found[1]).read_text(encoding='utf-8')}</style>"),
        (_MAIN, lambda _: "\n    ".join(scripts)),
    ):
        text, count = pattern.subn(new, text)
        assert count, pattern.pattern
    return text


def modules(start: Sequence[str]) -> dict[str, str]:
    """Return `start` and the modules they need as data: addresses by name; relative imports, which these lack, become names."""
    found: dict[str, str] = {}
    ahead = [*start]
    while ahead:
        path = ahead.pop()
        if f"glassnet/{path}" in found:
            continue

        def named(match: re.Match[str], path: str = path) -> str:
            target = (STATIC / path).parent.joinpath(match[3]).resolve().relative_to(STATIC.resolve()).as_posix()
            ahead.append(target)
            return f'{match[1]}"glassnet/{target}"'

        source = _IMPORT.sub(named, (STATIC / path).read_text(encoding="utf-8"))
        source += f"//# sourceURL=glassnet/{path}\n"  # the name that a browser's tools show
        found[f"glassnet/{path}"] = f"data:text/javascript;charset=utf-8,{quote(source, safe=_PLAIN)}"
    return dict(sorted(found.items()))


def _script(kind: str, name: str, content: str) -> str:
    return f'<script type="{kind}" id="{name}">{content}</script>'


def _json(content: Any) -> str:
    """Return JSON that may stand inside a script element."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
