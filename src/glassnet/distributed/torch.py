"""`Torch`: the ranks that torchrun has started, or Ray or Spark by torch.distributed."""

from __future__ import annotations

import datetime
from typing import Any

from glassnet.distributed.ranks import Ranks
from glassnet.errors import InputError


class Torch(Ranks):
    """The ranks of torch.distributed's default group, which `torchrun` starts: `train(…, communicator=Torch())`.

    Where there is no group yet it is made, with gloo, from the variables that torchrun sets (RANK, WORLD_SIZE,
    MASTER_ADDR, MASTER_PORT). A sum by gloo takes milliseconds where MPI takes microseconds; so this is for clusters
    that speak torch.distributed.

    Parameters
    ----------
    timeout : float > 0
        Seconds to wait for the other ranks in one call, after which they are given up and all ranks end.

    Attributes
    ----------
    rank, size : int
        The number of this process, from 0, and how many there are.

    Raises
    ------
    InputError
        If torch is missing, or torchrun has not started this process.

    Examples
    --------
    >>> from glassnet.distributed import Torch
    >>> ranks = Torch()  # doctest: +SKIP
    >>> ranks.rank, ranks.size  # doctest: +SKIP
    (0, 4)
    """

    def __init__(self, timeout: float = 300.0) -> None:
        self._torch, self._dist = _modules()
        if not self._dist.is_initialized():
            try:
                self._dist.init_process_group("gloo", timeout=datetime.timedelta(seconds=timeout))
            except ValueError as error:
                raise InputError(
                    f"communicator: expected a process that torchrun has started; got {error}; "
                    "run torchrun --nproc-per-node=2 …, or use glassnet.distributed.MPI()."
                ) from None
        self.rank, self.size = self._dist.get_rank(), self._dist.get_world_size()
        super().__init__(timeout)

    def _sum(self, buffer: Any) -> None:
        try:
            self._dist.all_reduce(self._torch.from_numpy(buffer))
        except RuntimeError as error:
            self._give_up(f"gloo says {_first_line(error)!r}")

    def _pass_on(self, value: Any, root: int) -> Any:
        values = [value]
        try:
            self._dist.broadcast_object_list(values, src=root)
        except RuntimeError as error:
            self._give_up(f"gloo says {_first_line(error)!r}")
        return values[0]


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:120]


def _modules() -> tuple[Any, Any]:
    try:
        import torch
        import torch.distributed as dist
    except ImportError as error:
        raise InputError(f"communicator: expected torch; got {error}; run pip install torch.") from None
    return torch, dist
