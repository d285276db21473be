"""The ColumnType: how the cells of a column become values, as plain data that a model keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from glassnet.errors import InputError, shown
from glassnet.tables.reading.table import Table

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]
Kind = Literal["numeric", "categorical"]
KINDS = ("numeric", "categorical")


@dataclass(frozen=True)
class ColumnType:
    """How the cells of a column become values.

    Parameters
    ----------
    kind : "numeric" or "categorical"
        The cells are numbers, or words that name a category.
    """

    kind: Kind

    def numbers(self, table: Table, name: str) -> dict[str, Array]:
        """Return the numbers of a column (n,), nan if missing, by the name of the part: "" for a numeric column."""
        return {"": table.numbers(name)}

    def words(self, table: Table, name: str) -> pl.Series:
        """Return the words of a categorical column, null if missing."""
        return table.words(name)

    def to_dict(self) -> dict[str, Any]:
        """Return the type as JSON values."""
        return {"kind": self.kind}

    @classmethod
    def from_dict(cls, given: Any) -> ColumnType:
        """Make the type that `to_dict` described; raise InputError for anything else."""
        if not isinstance(given, dict) or set(given) != {"kind"} or given["kind"] not in KINDS:
            raise InputError(
                f"column type: expected what ColumnType.to_dict gives; got {shown(given)}; save the model again."
            )
        return cls(given["kind"])
