"""The networks of a pack dealt out among ranks: each trains its own, and after each round all have all results."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from glassnet.errors import NonFiniteError
from glassnet.training import wish
from glassnet.training.communicator import Communicator, check_alike, gather
from glassnet.training.description import Digests, describe
from glassnet.training.job import Snapshot
from glassnet.training.run import Run
from glassnet.training.wish import Wish


class Dealt:
    """Deals networks of a pack out: one process trains all of them, rank r of R trains the numbers r, r + R, …"""

    def __init__(self, ranks: Communicator | None) -> None:
        self.ranks = ranks
        self._wish = Wish()

    @property
    def tells(self) -> bool:
        """True in the only process, or on rank 0."""
        return self.ranks is None or self.ranks.rank == 0

    @property
    def leaving(self) -> bool:
        """True if a rank has asked to end the program, and all know."""
        return bool(self._wish)

    def own(self, numbers: Iterable[int]) -> list[int]:
        """Return those of these networks that this process trains."""
        ranks = self.ranks
        return [k for k in numbers if ranks is None or k % ranks.size == ranks.rank]

    def check(self, runs: Sequence[Run], digests: Digests) -> None:
        """Refuse packs that differ between ranks."""
        if self.ranks is not None:
            texts = {f"network {k}": repr(describe(run, digests)) for k, run in enumerate(runs)}
            check_alike(self.ranks, {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()})

    def exchange(self, runs: Sequence[Run], errors: dict[int, NonFiniteError]) -> None:
        """Give each rank the results of the networks that others train."""
        if self.ranks is None:
            return
        mine: dict[int, Any] = {}
        for k in self.own(range(len(runs))):
            run = runs[k]
            mine[k] = (Snapshot.of(run.network, run.state), run.record.copy(), run.seconds, errors.get(k))
        given = gather(self.ranks, (self._wish.told, mine))
        self._wish.wishes[0] = sum(told for told, _ in given)
        for rank, (_, results) in enumerate(given):
            for k, (at, record, seconds, error) in results.items() if rank != self.ranks.rank else ():
                run = runs[k]
                run.network.theta, run.state, run.record, run.seconds = at.theta, at.state, record, seconds
                if error is not None:
                    errors[k] = error

    @contextmanager
    def together(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Around the training: a signal to any rank calls `interrupt` and ends all; so does an error of one alone."""
        self._wish.then = interrupt
        with wish.together(self.ranks, self._wish):
            yield
