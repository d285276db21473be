"""The Diagnosis: findings with the run they were made on, as text, HTML and plain data."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassnet.diagnose.findings import Finding
from glassnet.diagnose.instruments import Look
from glassnet.diagnose.thresholds import Thresholds
from glassnet.network.network import Network
from glassnet.training.history import History


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """What `diagnose` found.

    Attributes
    ----------
    findings : tuple of Finding, the likeliest cause first
    history : History of the run, equal to that of `train` with the same arguments
    network : the trained copy
    looks : what the instruments read, in order of the steps
    unexplained : the share u of the loss left on the training rows, 1 for a constant prediction
    held_out : the same on validation rows, or on every fourth row in a run without it
    opinion : which plain model was the second opinion, and the share it left on the same rows
    """

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

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings, in order."""
        return tuple(found.code for found in self.findings)

    def __repr__(self) -> str:
        from glassnet.diagnose.report import as_text

        return as_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Findings, measures and looks as plain data."""
        from glassnet.diagnose.report import as_dict

        return as_dict(self)

    def to_json(self, path: str | Path | None = None) -> str:
        """The same as JSON; written to `path` if one is given."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False)
        if path is not None:
            Path(path).write_text(text + "\n", encoding="utf-8")
        return text

    def to_html(self, path: str | Path | None = None) -> str:
        """A page that loads nothing from outside; written to `path` if one is given."""
        from glassnet.diagnose.page import as_page

        text = as_page(self)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def _repr_html_(self) -> str:
        from glassnet.diagnose.page import as_fragment

        return as_fragment(self)
