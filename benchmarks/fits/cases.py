"""The fits that are measured: data, options of the estimator, and what is timed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars
import scipy.sparse
from sklearn.datasets import load_digits, make_classification
from sklearn.preprocessing import StandardScaler

from benchmarks.workloads import SEED

TARGET, MOST_EPOCHS = 0.98, 30  # of the test images right, and when to give up


@dataclass(frozen=True)
class Fit:
    """A fit of MLPClassifier; everything follows from the fields and SEED."""

    name: str
    data: str  # "generated", "digits", "sparse", "images" or "table"
    rows: int = 0
    columns: int = 0
    options: tuple[tuple[str, Any], ...] = ()  # beside random_state
    timed: str = "fit"  # or "partial_fit", "predict"; "target": epochs until TARGET is reached
    dtypes: tuple[str, ...] = ("float64", "float32")
    dtype: str = "float64"
    path: Path | None = None  # the folder of images, or the file of a table
    limit: float | None = None  # GB of memory a process may take
    title: str = ""

    @property
    def label(self) -> str:
        return f"{self.name}  {self.title}, {self.dtype}"

    @property
    def settings(self) -> dict[str, Any]:
        """The options with the defaults of MLPClassifier that the loops need."""
        defaults = {"hidden_layer_sizes": (100,), "solver": "adam", "max_iter": 200, "early_stopping": False}
        return defaults | dict(self.options)

    @property
    def estimators_only(self) -> bool:
        """True for sparse data and for calls that a loop does not have."""
        return self.data == "sparse" or self.timed in ("partial_fit", "predict")

    def at(self, **changes: Any) -> Fit:
        return replace(self, **changes)


@lru_cache(maxsize=1)
def arrays(case: Fit) -> tuple[Any, Any]:
    """Return X and the classes y, X in the case's dtype; kept until another case is asked for."""
    rng = np.random.default_rng(SEED)
    if case.data == "images":
        X, y, _, _ = images(case)
    elif case.data == "table":
        assert case.path is not None
        table = polars.read_csv(case.path)
        X = StandardScaler().fit_transform(table.drop("y").to_numpy())
        y = table["y"].to_numpy()
    elif case.data == "digits":
        X, y = load_digits(return_X_y=True)
        X = X / 16
    elif case.data == "sparse":
        # four words a row, the first columns being the frequent ones
        words = (case.columns * rng.random((case.rows, 4)) ** 2).astype(np.intp)
        rows = np.repeat(np.arange(case.rows), 4)
        X = scipy.sparse.csr_matrix((np.ones(rows.size), (rows, words.ravel())), (case.rows, case.columns))
        score = X @ rng.standard_normal(case.columns)
        y = (score > 0).astype(int)
    else:
        informative, redundant = case.columns // 2, case.columns // 4
        X, y = make_classification(
            case.rows, case.columns, n_informative=informative, n_redundant=redundant, flip_y=0.05, random_state=SEED
        )
        X = StandardScaler().fit_transform(X)
    return X.astype(case.dtype), y


@lru_cache(maxsize=1)
def images(case: Fit) -> tuple[Any, Any, Any, Any]:
    """Return training and test images as rows in [0, 1], and their classes, from a folder of IDX files."""
    from glassnet.tables.reading.idx import TEST, TRAIN, read_images

    assert case.path is not None
    (X, y), (X_test, y_test) = (read_images(case.path, names) for names in (TRAIN, TEST))
    X, X_test = (part.reshape(len(part), -1).astype(case.dtype) / 255 for part in (X, X_test))
    return X, y, X_test, y_test


def batch_size(case: Fit, rows: int) -> int:
    size: int = case.settings.get("batch_size", 200)
    return min(size, rows)


EARLY = (("early_stopping", True),)
LBFGS = (("solver", "lbfgs"),)
WIDE = (("max_iter", 1),)

CASES = (
    Fit("early", "generated", 10_000, 20, EARLY, title="10,000 × 20, early stopping"),
    Fit("100k", "generated", 100_000, 50, (("max_iter", 5),), title="100,000 × 50, 5 epochs"),
    Fit("100k-early", "generated", 100_000, 50, EARLY, title="100,000 × 50, early stopping"),
    Fit("digits", "digits", title="1,797 digits of 8 × 8, adam"),
    Fit("digits-lbfgs", "digits", options=LBFGS, title="1,797 digits of 8 × 8, lbfgs"),
    Fit("lbfgs", "generated", 10_000, 20, LBFGS, title="10,000 × 20, lbfgs"),
    Fit("sparse", "sparse", 4_000, 2_000, (("max_iter", 10),), title="CSR 4,000 × 2,000, 10 epochs"),
    Fit("sparse-part", "sparse", 4_000, 2_000, timed="partial_fit", title="CSR, 20 calls of 200 rows"),
    Fit("sparse-predict", "sparse", 4_000, 2_000, (("max_iter", 1),), "predict", title="CSR, all 4,000 rows"),
    Fit(
        "sparse-wide",
        "sparse",
        20_000,
        100_000,
        WIDE,
        limit=6.0,
        dtypes=("float64",),
        title="CSR 20,000 × 100,000, 1 epoch",
    ),
    Fit(
        "images",
        "images",
        options=(("hidden_layer_sizes", (512, 512)), ("batch_size", 128)),
        timed="target",
        dtypes=("float32",),
        title=f"784-512-512-10 to {TARGET:.0%} of the test images",
    ),
)
