"""`split_rows`: splits the rows of a table into parts, stratified by class for a classification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, check_number
from glassnet.tables.reading.table import Table, cut

Array = NDArray[Any]


def split_rows(
    table: Table, target: str, y: Array, classes: Sequence[Any] | None, shares: dict[str, float], seed: int
) -> list[Array]:
    """Return the row numbers of the training part and of one part for each share, in the table's order.

    With classes, each class is shared out by itself and has at least one row in every part (stratified).

    Raises
    ------
    InputError
        If the shares leave nothing to train on, or a class has fewer rows than there are parts.
    """
    for name, share in shares.items():
        check_number(name, share, 0, 1, open_high=True, hint=f"pass e.g. --{name} 0.15")
    if sum(shares.values()) >= 1:
        got = " + ".join(f"{share:g}" for share in shares.values())
        raise InputError(f"{' and '.join(shares)}: expected shares that sum to less than 1; got {got}; lower one.")
    wanted = [share for share in shares.values() if share > 0]
    rng = np.random.Generator(np.random.Philox(seed))
    groups = [np.flatnonzero(y == k) for k in range(len(classes))] if classes is not None else [np.arange(len(y))]
    pieces: list[list[Array]] = [[] for _ in range(1 + len(wanted))]
    for k, group in enumerate(groups):
        if len(group) < len(pieces):
            what = f"{len(pieces)} rows to split" if classes is None else f"{len(pieces)} rows of each class to split"
            got = f"{len(group)}" if classes is None else f"{len(group)} of {cut(str(classes[k]), 30)!r}"
            raise table.error(target, what, got, "add rows, or pass --validation 0 or a file")
        counts = [max(1, round(share * len(group))) for share in wanted]
        while sum(counts) >= len(group):  # rounding up must not leave the training part empty
            counts[int(np.argmax(counts))] -= 1
        order = rng.permutation(group)
        cuts = np.cumsum(counts)
        for part, rows in zip(
            pieces, [order[cuts[-1] :] if counts else order, *np.split(order, cuts)[:-1]], strict=True
        ):
            part.append(rows)
    parts = iter([np.sort(np.concatenate(part)) for part in pieces])
    nothing = np.arange(0)
    return [next(parts), *(next(parts) if share > 0 else nothing for share in shares.values())]
