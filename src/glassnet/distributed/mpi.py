"""`MPI`: the ranks that mpiexec has started."""

from __future__ import annotations

import sys
from typing import Any

from glassnet.distributed.ranks import Ranks
from glassnet.errors import InputError, check_bool
from glassnet.training.communicator import RankLostError


class MPI(Ranks):
    """The ranks that `mpiexec` or `srun` has started, through mpi4py: `train(…, communicator=MPI())`.

    `pip install "glassnet[mpi]"` brings mpi4py and Open MPI. A sum over the ranks is one `MPI_Allreduce` in place.
    Every rank makes one, and as many as the others.

    Parameters
    ----------
    timeout : float > 0
        Seconds to wait for the other ranks in one call, after which they are given up and all ranks end.
    shrink : bool
        Go on without ranks that were killed, from the newest checkpoint: needs a checkpoint, and
        `mpiexec --with-ft ulfm` of Open MPI (user-level failure mitigation, Bland et al. 2013).
    communicator : mpi4py communicator, optional
        Whose ranks they are; default: all, `mpi4py.MPI.COMM_WORLD`.

    Attributes
    ----------
    rank, size : int
        The number of this process, from 0, and how many there are.

    Raises
    ------
    InputError
        If mpi4py or an MPI is missing.

    Examples
    --------
    >>> from glassnet.distributed import MPI
    >>> ranks = MPI()  # doctest: +SKIP
    >>> ranks.rank, ranks.size  # doctest: +SKIP
    (0, 4)
    """

    def __init__(self, timeout: float = 300.0, *, shrink: bool = False, communicator: Any = None) -> None:
        self.shrinks = check_bool("shrink", shrink)
        self._mpi = _module()
        self._comm = (self._mpi.COMM_WORLD if communicator is None else communicator).Dup()
        self.rank, self.size = self._comm.rank, self._comm.size
        super().__init__(timeout)

    def recover(self) -> None:
        """Go on with the ranks that are left; they all call this."""
        lost = self.absent()
        with self._watch.waiting():
            self._comm = self._comm.Shrink()
        self.rank, self.size = self._comm.rank, self._comm.size
        self.meet()
        if self.rank == 0:
            print(f"glassnet: {lost}; {self.size} of the ranks go on from the newest checkpoint.", file=sys.stderr)

    def _sum(self, buffer: Any) -> None:
        try:
            self._comm.Allreduce(self._mpi.IN_PLACE, buffer)
        except self._mpi.Exception as error:
            self._failed(error)

    def _pass_on(self, value: Any, root: int) -> Any:
        try:
            return self._comm.bcast(value, root)
        except self._mpi.Exception as error:
            self._failed(error)

    def _failed(self, error: Any) -> None:
        """Raise RankLostError on all ranks that are left if they are to go on; else end."""
        mpi = self._mpi
        if error.Get_error_class() not in (mpi.ERR_PROC_FAILED, mpi.ERR_PROC_FAILED_PENDING, mpi.ERR_REVOKED):
            self.abort(f"MPI on rank {self.rank} of {self.size}: {error.Get_error_string()}")
        if not self.shrinks:
            self._give_up("its process is gone")
        self._comm.Revoke()
        raise RankLostError


def _module() -> Any:
    try:
        from mpi4py import MPI as module  # noqa: N811
    except (ImportError, RuntimeError) as error:
        raise InputError(
            f"communicator: expected mpi4py and an MPI; got {type(error).__name__}: {error}; "
            'run pip install "glassnet[mpi]".'
        ) from None
    return module
