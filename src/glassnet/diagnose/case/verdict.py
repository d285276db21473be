"""A verdict on a remedy by rows that took no part in choosing it or in training."""

from __future__ import annotations

from dataclasses import dataclass

QUANTILES = {4: 2.353, 8: 1.895}  # of Student's t, one-sided 5 %, by the number of parts that judge
WORST = 1.5  # u of a fold at most, so that one failed training does not decide, and less failure is no cure
LEAST = 0.01  # change of u that counts at all


@dataclass(frozen=True)
class Verdict:
    """The unexplained share u of rows that took no part, without a remedy and with it, and the error of their difference.

    Each of `parts` parts, a quarter of the rows, is judged by networks trained on the others; eight parts are two divisions
    of the rows. The variance of the mean difference is that of the parts times 1/parts + 1/3, test rows ÷ training rows,
    because the trainings share rows (Nadeau & Bengio, Inference for the Generalization Error, Machine Learning 52, 2003).
    """

    before: float
    after: float
    error: float
    rows: int
    parts: int = 4

    @property
    def better(self) -> bool:
        """True if the rows became better by more than chance."""
        return self.before - self.after > max(QUANTILES[self.parts] * self.error, LEAST)

    @property
    def worse(self) -> bool:
        """True if the rows became worse by more than the error of the difference."""
        return self.after - self.before > max(self.error, LEAST)

    def __str__(self) -> str:
        change = f"{self.before:.3g} → {self.after:.3g} (± {self.error:.2g})"
        said = "better" if self.better else "worse" if self.worse else "no more than chance"
        return f"on {self.rows} rows that took no part the unexplained share goes {change}: {said}"
