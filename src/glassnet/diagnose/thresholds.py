"""Thresholds of the diagnosis, each with its source ("ours" if we chose it)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from glassnet.errors import check_number

CS231N = "Karpathy et al., CS231n, Neural networks 3"
RECIPE = "Karpathy, A Recipe for Training Neural Networks, 2019"
MAKEMORE = "Karpathy, Neural Networks: Zero to Hero, makemore part 3, 2022"
SAGEMAKER = "Amazon SageMaker Debugger, built-in rule DeadRelu"
OURS = "ours"  # chosen on the calibration seeds of tests/diagnose/suite


def _line(value: float, origin: str, meaning: str) -> Any:
    return field(default=value, metadata={"origin": origin, "meaning": meaning})


@dataclass(frozen=True)
class Thresholds:
    """The values at which findings begin. `Thresholds(dead_share=0.1)` changes one; `origin(name)` names its source.

    Losses are measured as the unexplained share u = (loss − floor) / (baseline − floor): 1 is a constant prediction that
    ignores the inputs, 0 a perfect one, so that one threshold fits every loss and every scale of targets (D² = 1 − u).

    Examples
    --------
    >>> Thresholds().dead_share, Thresholds(dead_share=0.1).dead_share
    (0.5, 0.1)
    >>> Thresholds.origin("gradient_error")
    'Karpathy et al., CS231n, Neural networks 3'
    """

    gradient_error: float = _line(1e-2, CS231N, "relative error above which a gradient is wrong")
    initial_loss: float = _line(6.0, OURS, "u of the first loss (its square root for numbers), bad above")
    bias_shift: float = _line(8.0, OURS, "shift the output bias lacks, in logits or standard deviations of the targets")
    shift_share: float = _line(0.5, OURS, "share of the first loss's excess that a shift of the output bias removes")
    batch_unexplained: float = _line(0.25, OURS, "u that must be reached on a batch of about 20 rows")
    ignored: float = _line(0.95, OURS, "u above which the inputs count as ignored")
    update_ratio_high: float = _line(
        0.1, OURS + "; 1e-3 is healthy for " + MAKEMORE, "update ÷ weight, too large above"
    )
    update_ratio_low: float = _line(
        1e-6, OURS + "; 1e-3 is healthy for " + MAKEMORE, "update ÷ weight, too small below"
    )
    loss_jump: float = _line(10.0, OURS, "loss ÷ its recent mean above which a run diverges")
    dead_share: float = _line(0.5, SAGEMAKER, "share of a layer's units that are silent on every row")
    saturated_slope: float = _line(0.05, MAKEMORE + " (|tanh| > 0.97)", "g'(z) ÷ its largest value, saturated below")
    saturated_share: float = _line(0.5, OURS, "share of a layer's activations that are saturated")
    vanishing_ratio: float = _line(1e-3, OURS, "gradient of the first layer ÷ that of the last")
    exploding_ratio: float = _line(1e3, OURS, "gradient of the first layer ÷ that of the last, or of late ÷ early")
    init_scale: float = _line(4.0, OURS, "weight scale ÷ that of He's or Glorot's initialisation, or its inverse")
    pre_activation: float = _line(8.0, OURS, "root mean square of a hidden Z for inputs of variance 1, at the start")
    input_scale: float = _line(20.0, OURS, "root mean square of an input, or its inverse for the largest of all")
    input_offset: float = _line(15.0, OURS, "|mean| ÷ standard deviation of an input")
    gap: float = _line(0.15, OURS, "held-out u above that of the second opinion from which a run is called sick")
    closed: float = _line(0.5, OURS, "share of that gap a single change must close to be named")
    plateau_gain: float = _line(0.01, OURS, "relative fall of the loss over the last half, a plateau below")
    overfit_rise: float = _line(0.25, OURS, "rise of the validation u above its best")
    overfit_gap: float = _line(0.4, OURS, "validation u − training u at the end")
    majority: float = _line(0.8, OURS, "share of the largest class above which classes count as imbalanced")
    recall: float = _line(0.5, OURS, "recall of a class below which imbalance harms")
    contradicted: float = _line(0.1, OURS, "error rate of the second opinion on its more confident half")

    def __post_init__(self) -> None:
        for line in fields(self):
            check_number(line.name, getattr(self, line.name), 0)

    @classmethod
    def origin(cls, name: str) -> str:
        """Return the source of the threshold called `name`."""
        return next(line.metadata["origin"] for line in fields(cls) if line.name == name)

    @classmethod
    def meaning(cls, name: str) -> str:
        """Return the meaning of the threshold called `name`."""
        return next(line.metadata["meaning"] for line in fields(cls) if line.name == name)
