"""The contributions to a prediction before the worked step of a network, in each format."""

from __future__ import annotations

import json
from html import escape

from glassnet.explain.contributions import Contributions
from glassnet.explain.derivation import Derivation, Rows
from glassnet.explain.render.html import page, whole_page
from glassnet.explain.render.latex import text as latex_text
from glassnet.explain.render.latex import whole_document
from glassnet.printers.matrices import ROWS


def together(found: Contributions, derivation: Derivation, form: str, heading: str = "", rows: Rows = ROWS) -> str:
    """Return the contributions, a heading for the network if there is one, and its derivation as one document.

    `form` is "text", "html", "md", "tex" or "json"; JSON is that of the derivation with the contributions beside, and
    has no heading. `rows` is that of the derivation's methods.
    """
    digits = derivation.digits
    if form == "json":
        return json.dumps({**json.loads(derivation.to_json()), "contributions": found.to_dict()}, ensure_ascii=False)
    if form == "html":
        parts = [found.to_html(digits, document=False), derivation.to_html(rows=rows, document=False)]
        title = f'<p class="quiet">{escape(heading)}</p>'
        parts[1:1] = [whole_page([title], heading, document=False)] if heading else []
        return page("\n".join(parts), "Why this prediction?")
    if form == "tex":
        parts = [found.to_latex(digits, document=False), derivation.to_latex(rows=rows, document=False)]
        parts[1:1] = [latex_text(heading)] if heading else []
        return whole_document(parts, document=True)
    markdown = form == "md"
    parts = (
        [found.to_markdown(digits), derivation.to_markdown(rows=rows)]
        if markdown
        else [found.to_text(digits), derivation.to_text(rows=rows)]
    )
    parts[1:1] = [f"*{heading}*" if markdown else heading] if heading else []
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"
