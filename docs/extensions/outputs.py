"""Fits what cells show to the site: colours follow the page's theme, and the corner of a table has a name or is no header."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

DARK = re.compile(r"@media (?:screen and )?\(prefers-color-scheme:\s*dark\)\s*\{")
STYLED = re.compile(r"prefers-color-scheme|<nav>|<th></th>")
UNNAMED = '<nav role="presentation">'  # a page may show two, and landmarks of a page have names of their own


class Outputs(SphinxPostTransform):
    """Rewrites outputs of HTML, and names the empty header cells of tables for those who hear them."""

    default_priority = 300

    def run(self, **kwargs: Any) -> None:
        for node in self.document.findall(nodes.raw):
            if node.get("format") == "html" and STYLED.search(node.astext()):
                text = DARK.sub('html[data-theme="dark"] {', node.astext()).replace("<nav>", UNNAMED)
                text = text.replace("<th></th>", "<td></td>")  # the corner of a pandas table
                node.children = [nodes.Text(text)]
                node.rawsource = text
        for head in self.document.findall(nodes.thead):
            for cell in head.findall(nodes.entry):
                if not cell.astext().strip():
                    cell.children = []
                    cell += nodes.paragraph("", "", nodes.inline("", "row", classes=["visually-hidden"]))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(Outputs)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
