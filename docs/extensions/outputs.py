"""Fits what cells show as HTML to the site: its colours follow the page's theme, not the reader's system alone."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

DARK = re.compile(r"@media (?:screen and )?\(prefers-color-scheme:\s*dark\)\s*\{")
STYLED = re.compile(r"prefers-color-scheme|<nav>")
UNNAMED = '<nav role="presentation">'  # a page may show two, and landmarks of a page have names of their own


class Outputs(SphinxPostTransform):
    """Rewrites the styles inside outputs."""

    default_priority = 300

    def run(self, **kwargs: Any) -> None:
        for node in self.document.findall(nodes.raw):
            if node.get("format") == "html" and STYLED.search(node.astext()):
                text = DARK.sub('html[data-theme="dark"] {', node.astext()).replace("<nav>", UNNAMED)
                node.children = [nodes.Text(text)]
                node.rawsource = text


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(Outputs)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
