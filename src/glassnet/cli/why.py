"""Helpers of explain: the contributions to predictions of a table model with their figure, and one of its networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.cli.screen import note
from glassnet.errors import InputError, shown

if TYPE_CHECKING:
    from glassnet.explain.contributions import Contributions
    from glassnet.tables.reading.table import Table

MOST_BARS = 12  # of a figure


def why(model: Any, table: Table, figure: Path | None) -> Contributions:
    """Return the contributions to the predictions for a table; draw those of its one row if a figure is asked for."""
    from glassnet.explain.contributions import contributions

    if figure is not None and figure.suffix.lower() not in (".png", ".svg"):
        raise InputError(f"--figure: expected a name that ends in .png or .svg; got {shown(figure.name)}; add it.")
    if figure is not None and len(table) != 1:
        raise InputError(f"--figure: expected one row; got {len(table)}; leave out --rows.")
    found = contributions(model, table)
    if figure is not None:
        _draw(found, figure)
    return found


def _draw(found: Contributions, path: Path) -> None:
    from glassnet.plots.figures import plot_contributions, render
    from glassnet.storage.atomic import write_atomically

    (account,) = found.accounts(most=MOST_BARS)
    cells = [f"{row.name} = {row.cell}" if row.cell else row.name for row in account.rows]
    values = [row.value for row in account.rows]
    title = f"Why this prediction? {account.title}: {account.number(account.prediction)}"
    figure = plot_contributions(cells, values, account.baseline, title, account.number)
    write_atomically(path, render(figure, path.suffix[1:].lower()))
    note(f"wrote {path}")


def member_of(model: Any, number: int) -> tuple[Any, str]:
    """Return what is worked through, the network `number` of a model of several, and a heading that says so."""
    members = getattr(model, "members", (model,))
    if number >= len(members):
        raise InputError(f"--member: expected one of 0 … {len(members) - 1}; got {number}; leave it out for the first.")
    if len(members) == 1:
        return model, ""
    return replace(model, members=[members[number]]), f"Network {number} of 0 … {len(members) - 1}, worked through:"
