"""States what a diagnosis cannot know: which data cannot judge, and which noise no model removes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glassnet.diagnose.case.setup import FEWEST_VALIDATION, Outcome, Setup, validation_arrays
from glassnet.diagnose.findings import Finding
from glassnet.diagnose.rules.opinion import Opinion
from glassnet.diagnose.rules.outcome import Sickness

NOISE, NOTHING = 0.2, 0.98  # u that every model tried leaves, between which it is said


@dataclass(frozen=True, eq=False)
class Known:
    """The parts of a diagnosis that tell what could be found out."""

    setup: Setup
    held: Setup | None
    outcome: Outcome
    opinion: Opinion | None
    sickness: Sickness | None

    def unknown(self, findings: Sequence[Finding]) -> tuple[str, ...]:
        """Return what could not be found out, and why, in one sentence each."""
        setup, n = self.setup, len(self.setup.X)
        if np.ptp(setup.Y, axis=0).max(initial=0) == 0:
            what = "all rows are of one class" if setup.is_classification else "all targets are equal"
            return (f"{what}, so there is nothing to learn, and no run can show whether it would learn",)
        said = []
        if setup.validation is not None and not setup.validation_judges:
            _, Y, _ = validation_arrays(setup)
            why = f"{len(Y)} rows" if len(Y) < FEWEST_VALIDATION else "rows of one target"
            instead = "" if self.held is None else "; a fourth of the training rows was held out in its place"
            said.append(f"the validation set cannot judge, being {why}{instead}")
        left = f"on the training rows the run leaves {self.outcome.unexplained:.2f} of a constant prediction's loss"
        if self.held is None:
            said.append(f"{n} rows are too few to hold any out, so nothing is known of rows not seen; {left}")
        sickness = self.sickness
        if sickness is None or findings:
            return tuple(said)
        if 2 * sickness.error > sickness.thresholds.gap and sickness.gap > sickness.thresholds.gap:
            said.append(
                f"on held-out rows the run leaves {sickness.score:.2f} of a constant prediction's loss and plain models "
                f"{sickness.opinion:.2f}, but with so few rows the difference is uncertain by {2 * sickness.error:.2f}"
            )
        elif min(sickness.score, self.outcome.unexplained) > sickness.thresholds.ignored:
            said.append(
                "neither the run nor plain models do better than a constant prediction by more than chance: these "
                "columns may not tell the target"
            )
        return tuple(said)

    def irreducible(self) -> str:
        """Return what no model that was tried could tell, in the units of the loss; "" if that is little."""
        if self.opinion is None or self.sickness is None or self.held is None:
            return ""
        best = min(self.sickness.score, self.opinion.held_out)
        if not NOISE < best < NOTHING:
            return ""
        measure = self.setup.measure
        loss = self.setup.network.loss_function
        name = "log loss" if "cross_entropy" in loss.builtin else loss.name.replace("_", " ")
        amount = measure.floor + best * (measure.baseline - measure.floor)
        return (
            f"About {amount:.3g} of the {name} ({best:.0%} of a constant prediction's) is left by every model tried on rows "
            "not seen: it cannot be had from these columns by this network nor by plain models."
        )
