"""The Entry, which `Derivation.entry` returns: a number with its chain rule, and its prints."""

from __future__ import annotations

from glassnet.explain.render.html import render_entry_html
from glassnet.explain.render.json import render_entry_json
from glassnet.explain.render.latex import render_entry_latex
from glassnet.explain.render.markdown import render_entry_markdown
from glassnet.explain.render.pdf import pdf_of
from glassnet.explain.render.text import render_entry_text
from glassnet.explain.scalar import ChainRule


class Entry(ChainRule):
    """One entry with its chain rule, factor by factor, as `Derivation.entry` returns it; attributes as in ChainRule."""

    def __str__(self) -> str:
        return render_entry_text(self)

    __repr__ = __str__

    def to_text(self) -> str:
        """The entry as plain text."""
        return str(self)

    def to_html(self, *, document: bool = True) -> str:
        """The entry as a page of HTML, or as one element (`document=False`)."""
        return render_entry_html(self, document=document)

    def _repr_html_(self) -> str:
        return self.to_html(document=False)

    def to_latex(self, *, document: bool = True) -> str:
        """The entry as a LaTeX document, or as a fragment (`document=False`)."""
        return render_entry_latex(self, document=document)

    def to_markdown(self) -> str:
        """The entry as Markdown with LaTeX formulas."""
        return render_entry_markdown(self)

    def to_json(self) -> str:
        """The entry as JSON."""
        return render_entry_json(self)

    def to_pdf(self) -> bytes:
        """The entry as PDF, typeset by the pdflatex of this machine."""
        return pdf_of(self.to_latex())
