"""How predictions come about, as text, HTML, Markdown and LaTeX: baseline, contributions of columns, prediction, check."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from glassnet.explain.render.html import whole_page
from glassnet.explain.render.latex import text as latex_text
from glassnet.explain.render.latex import whole_document

BAR = 12  # characters of the longest bar
HEADS = ("column", "value", "contribution", "running total")


@dataclass(frozen=True)
class Row:
    """A line of the list: a column with its cell, its contribution, and the total up to it."""

    name: str
    cell: str
    value: float
    total: float


@dataclass(frozen=True)
class Account:
    """How one prediction comes about: the rows between baseline and prediction, the largest contribution first."""

    title: str
    origin: str
    baseline: float
    prediction: float
    rows: tuple[Row, ...]
    check: str
    adds_up: bool
    digits: int  # of the largest contribution

    def number(self, value: float, signed: bool = False) -> str:
        """Write a number with the decimals that the largest contribution needs, and with its sign if `signed`."""
        places = self.digits - 1 - math.floor(math.log10(self.longest))
        plain = places <= 8 and max(abs(self.baseline), abs(self.prediction), self.longest) < 1e12
        form = f",.{max(0, places)}f" if plain else f".{self.digits}g"
        written = format(value, f"+{form}" if signed else form)
        return written.replace("-", "−") if any(digit in "123456789" for digit in written) else written.lstrip("+-")

    def cells(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield the list as texts: baseline, columns, prediction."""
        yield "baseline", "", "", self.number(self.baseline)
        for row in self.rows:
            yield row.name, row.cell, self.number(row.value, signed=True), self.number(row.total)
        yield "prediction", "", "", self.number(self.prediction)

    @property
    def longest(self) -> float:
        """The size of the largest contribution that is listed."""
        return max((abs(row.value) for row in self.rows), default=0.0) or 1.0


def _title(account: Account) -> str:
    return f"Why this prediction? {account.title}: {account.number(account.prediction)}"


def _about(account: Account) -> str:
    return f"what each column adds, by integrated gradients; baseline: {account.origin}"


def render_text(accounts: Sequence[Account]) -> str:
    """The contributions as text with bars: to the left of the line what lowers the prediction, to the right what raises it."""
    return "\n\n".join(_text(account) for account in accounts)


def _text(account: Account) -> str:
    bars = ["", *(_bar(row.value / account.longest) for row in account.rows), ""]
    lines = [(*HEADS[:3], "", HEADS[3])]
    lines += [
        (cut(name, 32), cut(cell, 24), value, bar, total)
        for (name, cell, value, total), bar in zip(account.cells(), bars, strict=True)
    ]
    widths = [max(len(line[k]) for line in lines) for k in range(5)]
    texts = [
        "  "
        + "  ".join(
            cell.rjust(width) if k in (2, 4) else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join(
        [_title(account), _about(account), "", *(text.rstrip() for text in texts), f"  check: {account.check}"]
    )


def _bar(share: float) -> str:
    """Draw a bar of a share −1 … 1 to the left or to the right of a line."""
    length = round(abs(share) * BAR)
    left, right = ("█" * length, "") if share < 0 else ("", "█" * length)
    return f"{left:>{BAR}}│{right:<{BAR}}"


def render_html(accounts: Sequence[Account], *, document: bool) -> str:
    """The contributions as an element for a notebook, or as a document of its own."""
    parts = [part for account in accounts for part in _html(account)]
    return whole_page(parts, "Why this prediction?", document)


def _html(account: Account) -> Iterator[str]:
    yield f'<h2>{escape(_title(account))}</h2><p class="quiet">{escape(_about(account))}</p>'
    heads = "".join(f"<th>{head}</th>" for head in (*HEADS[:3], "", HEADS[3]))
    lines = []
    shares = ["", *(_html_bar(row.value / account.longest) for row in account.rows), ""]
    for (name, cell, value, total), bar in zip(account.cells(), shares, strict=True):
        cells = [f"<td>{escape(each)}</td>" for each in (name, cell)] + [f"<td>{value}</td>"]
        lines.append(f"<tr>{''.join(cells)}<td>{bar}</td><td>{total}</td></tr>")
    yield f'<div class="wide"><table class="contributions"><tr>{heads}</tr>{"".join(lines)}</table></div>'
    yield f'<p class="quiet {"good" if account.adds_up else "bad"}">check: {escape(account.check)}</p>'


def _html_bar(share: float) -> str:
    width, side = f"{50 * abs(share):.1f}%", "less" if share < 0 else "more"
    return f'<div class="bar"><i class="{side}" style="width:{width}"></i></div>'


def render_markdown(accounts: Sequence[Account]) -> str:
    """The contributions as Markdown."""
    return "\n".join(_markdown(account) for account in accounts)


def _markdown(account: Account) -> str:
    def row(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"

    lines = [row(HEADS), "|---|---|---:|---:|", *map(row, account.cells())]
    return "\n".join(
        [f"## {_title(account)}", "", f"*{_about(account)}*", "", *lines, "", f"check: {account.check}", ""]
    )


def render_latex(accounts: Sequence[Account], *, document: bool) -> str:
    """The contributions as LaTeX."""
    return whole_document([part for account in accounts for part in _latex(account)], document)


def _latex(account: Account) -> Iterator[str]:
    yield rf"\section*{{{latex_text(_title(account))}}}"
    yield rf"{{\raggedright {latex_text(_about(account))}.\par}}\medskip"
    lines = [" & ".join(map(latex_text, cells)) + r" \\" for cells in (HEADS, *account.cells())]
    yield "\n".join([r"\begin{tabular}{llrr}", lines[0], r"\hline", *lines[1:], r"\end{tabular}"])
    yield rf"\medskip\small check: {latex_text(account.check)}"


def cut(text: str, width: int) -> str:
    """Return the start of a longer text, with an ellipsis."""
    return text if len(text) <= width else text[: width - 1] + "…"
