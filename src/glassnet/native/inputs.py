"""Rows for the compiled module: the form in which it takes them, and the work that sparse ones are."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.network.inputs import is_sparse
from glassnet.network.network import Network
from glassnet.training.job import Job

UPDATE_WORK = 50  # multiply-adds that take as long as the update of a parameter out of the cache


def inputs_of(X: Any) -> Any:
    """Return a dense X as it is, and of a sparse one the starts of its rows, the columns and the values."""
    if not is_sparse(X):
        return X
    starts, columns = np.ascontiguousarray(X.indptr, np.int64), np.ascontiguousarray(X.indices, np.int32)
    return starts, columns, np.ascontiguousarray(X.data)


def sparse_work(network: Network, X: Any, rows: int) -> int | None:
    """Return the multiply-adds of a forward pass of this many rows of a sparse X; None for a dense one."""
    if not is_sparse(X):
        return None
    inputs, first = network.sizes[:2]
    return rows * (network.n_parameters - inputs * first + X.nnz * first // X.shape[0])


def sparse_step(job: Job) -> int | None:
    """Return the multiply-adds of a step on sparse rows, or None; the update of all weights is most of it."""
    work = sparse_work(job.network, job.X, job.batch_size)
    return None if work is None else work + UPDATE_WORK * job.network.n_parameters
