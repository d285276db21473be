"""The data of a diagnosis: findings with the run they were made on. Renderers read it; `Diagnosis` shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from glassnet.diagnose.case.scores import Score, Units
from glassnet.diagnose.case.way_in import WayIn
from glassnet.diagnose.findings import Finding
from glassnet.diagnose.instruments.instruments import Look
from glassnet.diagnose.thresholds import Thresholds
from glassnet.network.network import Network
from glassnet.training.history import History


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """The fields of a `Diagnosis`, which describes them."""

    findings: tuple[Finding, ...]
    history: History | None = None
    network: Network | None = None
    looks: tuple[Look, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    unexplained: float | None = None
    held_out: float | None = None
    opinion: tuple[str, float] | None = None
    title: str = ""
    rows: int = 0
    unknown: tuple[str, ...] = ()
    irreducible: str = ""
    ended: str = ""
    scores: tuple[Score, ...] = ()
    units: Units | None = None
    way_in: WayIn | None = None

    @property
    def healthy(self) -> bool:
        """True if it was possible to find out, and nothing was found."""
        return not (self.findings or self.unknown or self.ended)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings, in order."""
        return tuple(found.code for found in self.findings)
