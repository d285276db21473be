"""The protocol of the ranks that share a run: sums over all of them, and decisions that all make alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import GlassnetError, InputError, shown

Array = NDArray[Any]
Answer = TypeVar("Answer")


@runtime_checkable
class Communicator(Protocol):
    """The ranks that share a run, as training uses them: `glassnet.distributed` has those of MPI and torch.distributed.

    Every rank calls the same functions in the same order.
    """

    way_out: str  # how to go on after an abort, which is told with it

    @property
    def rank(self) -> int:
        """The number of this process among the ranks, from 0."""
        ...

    @property
    def size(self) -> int:
        """The number of ranks."""
        ...

    def all_reduce(self, buffer: Array) -> None:
        """Replace a contiguous array of float32 or float64 by its sum over all ranks, the same bits on each."""
        ...

    def broadcast(self, value: Any, root: int = 0) -> Any:
        """Return the object that the rank `root` passes, on every rank."""
        ...

    def recover(self) -> None:
        """After RankLostError, which no other raises: go on with the ranks that are left, numbered anew."""
        ...

    def abort(self, message: str) -> NoReturn:
        """End all ranks: print one line, and end with an exit code other than 0."""
        ...


class RankLostError(Exception):
    """Ranks are gone, and those that are left, which all raise this, can go on from a checkpoint."""

    of_all_ranks = True


def check_communicator(given: Any) -> Communicator | None:
    """Return the communicator, or None where a single process is all there is."""
    if given is not None and not isinstance(given, Communicator):
        raise InputError(
            f"communicator: expected one of glassnet.distributed, or None; got {shown(given)}; pass "
            "glassnet.distributed.MPI()."
        )
    return given if given is not None and given.size > 1 else None


def share(count: int, communicator: Communicator) -> tuple[int, int]:
    """Return which of `count` rows in a row this rank computes: from ⌊count·r/R⌋ to before ⌊count·(r+1)/R⌋."""
    rank, size = communicator.rank, communicator.size
    return count * rank // size, count * (rank + 1) // size


def on_root(communicator: Communicator | None, decide: Callable[[], Answer]) -> Answer:
    """Call `decide` on rank 0 and return its answer on every rank; raise what it raises on every rank as well."""
    if communicator is None:
        return decide()
    answer, error = None, None
    if communicator.rank == 0:
        try:
            answer = decide()
        except (Exception, KeyboardInterrupt) as raised:  # noqa: BLE001, every rank is to raise it
            error = raised
    answer, told = communicator.broadcast((answer, _portable(error)))
    error = told if error is None else error
    if error is not None:
        raise of_all_ranks(error)
    return answer


def of_all_ranks(error: BaseException) -> BaseException:
    """Mark an error that every rank raises at the same place; return it."""
    error.of_all_ranks = True  # type: ignore[attr-defined]
    return error


def is_of_all_ranks(error: BaseException) -> bool:
    """Return True if every rank raises this error at the same place."""
    return getattr(error, "of_all_ranks", False)


def _portable(error: BaseException | None) -> BaseException | None:
    """Return the error in a form that every rank can read: errors of other packages by their words."""
    if error is None or isinstance(error, GlassnetError | KeyboardInterrupt):
        return error
    return RuntimeError(f"{type(error).__name__} on rank 0: {error}")


def check_alike(communicator: Communicator, described: Mapping[str, Any]) -> None:
    """Refuse, on all ranks, values that are not those of rank 0; the error names them and the first such rank."""
    root = communicator.broadcast({name: repr(value) for name, value in described.items()})
    names = [*root]
    other = [root.keys() != described.keys(), *(repr(described.get(name)) != root[name] for name in names)]
    found = np.zeros(len(other) + communicator.size)
    found[: len(other)] = other
    found[len(other) + communicator.rank] = any(other)
    communicator.all_reduce(found)
    if not found.any():
        return
    wrong = [name for name, count in zip(names, found[1 : len(other)], strict=True) if count] or ["set-up"]
    rank = int(np.flatnonzero(found[len(other) :])[0])
    raise of_all_ranks(
        InputError(
            f"communicator: expected the same run on every rank; got another {', '.join(wrong)} on rank {rank}; "
            "give all ranks the same data, network and options."
        )
    )


def gather(communicator: Communicator, value: Any) -> list[Any]:
    """Return the objects that all ranks pass, in the order of the ranks, on every rank."""
    return [communicator.broadcast(value, root) for root in range(communicator.size)]
