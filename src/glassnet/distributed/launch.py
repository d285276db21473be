"""Finds out by whom this process was started, and makes the communicator of its ranks."""

from __future__ import annotations

import os

from glassnet.distributed.mpi import MPI
from glassnet.distributed.ranks import Ranks
from glassnet.distributed.torch import Torch
from glassnet.errors import unknown_name

# how many ranks there are, by the launchers of Open MPI, MPICH and its kin, and Slurm with PMIx
_SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS")
KINDS = ("mpi", "torch")


def is_launched_by_mpi() -> bool:
    """Return True if mpiexec, or srun with PMIx, has started this process as one of several."""
    sizes = [os.environ.get(name, "") for name in _SIZES]
    return any(size.isdigit() and int(size) > 1 for size in sizes) or "PMIX_RANK" in os.environ


def ranks_of(kind: str | None, timeout: float, shrink: bool) -> Ranks | None:
    """Return the communicator of a kind; without one that of MPI if it has started this process, else None."""
    if kind is not None and kind not in KINDS:
        raise unknown_name("communicator", kind, KINDS)
    if kind == "torch":
        return Torch(timeout)
    return MPI(timeout, shrink=shrink) if kind == "mpi" or is_launched_by_mpi() else None
