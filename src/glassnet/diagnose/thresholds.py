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


def _threshold(value: float, origin: str, meaning: str) -> Any:
    return field(default=value, metadata={"origin": origin, "meaning": meaning})


@dataclass(frozen=True)
class Thresholds:
    """The values at which findings begin. `Thresholds(dead_share=0.1)` changes one; `origin(name)` names its source.

    Losses are measured as the unexplained share u = (loss − floor) / (baseline − floor): 1 is a constant prediction that
    ignores the inputs, 0 a perfect one, so that one threshold fits every loss and every scale of targets (D² = 1 − u).

    Raises
    ------
    InputError
        If a value is no finite number ≥ 0.

    Examples
    --------
    >>> Thresholds().dead_share, Thresholds(dead_share=0.1).dead_share
    (0.5, 0.1)
    >>> Thresholds.origin("gradient_error")
    'Karpathy et al., CS231n, Neural networks 3'
    """

    gradient_error: float = _threshold(1e-2, CS231N, "relative error above which a gradient is wrong")
    initial_loss: float = _threshold(
        6.0, OURS, "u of the first loss (its square root for numbers) above which it is bad"
    )
    bias_shift: float = _threshold(
        8.0, OURS, "shift the output bias lacks, in logits or standard deviations of the targets"
    )
    shift_share: float = _threshold(
        0.5, OURS, "share of the first loss's excess that a shift of the output bias removes"
    )
    batch_unexplained: float = _threshold(0.25, OURS, "u that must be reached on a batch of about 20 rows")
    ignored: float = _threshold(0.95, OURS, "u above which the inputs count as ignored")
    update_ratio_high: float = _threshold(
        0.1, OURS + "; 1e-3 is healthy for " + MAKEMORE, "update ÷ weight above which steps are too large"
    )
    update_ratio_low: float = _threshold(
        1e-6, OURS + "; 1e-3 is healthy for " + MAKEMORE, "update ÷ weight below which steps are too small"
    )
    loss_jump: float = _threshold(10.0, OURS, "loss ÷ its recent mean above which a run diverges")
    dead_share: float = _threshold(0.5, SAGEMAKER, "share of a layer's units that are silent on every row")
    saturated_slope: float = _threshold(
        0.05, MAKEMORE + " (|tanh| > 0.97)", "g'(z) ÷ its largest value, below which a unit is saturated"
    )
    saturated_share: float = _threshold(0.5, OURS, "share of a layer's activations that are saturated")
    vanishing_ratio: float = _threshold(1e-3, OURS, "gradient of the first layer ÷ that of the last")
    vanishing_per_layer: float = _threshold(
        0.5, OURS, "its root over the layers, for a network of 7 layers or more whose loss hardly falls"
    )
    exploding_ratio: float = _threshold(1e3, OURS, "gradient of the first layer ÷ that of the last, or of late ÷ early")
    init_scale: float = _threshold(4.0, OURS, "weight scale ÷ that of He's or Glorot's initialisation, or its inverse")
    pre_activation: float = _threshold(
        8.0, OURS, "root mean square of a hidden Z for inputs of variance 1, at the start"
    )
    input_scale: float = _threshold(20.0, OURS, "root mean square of an input, or its inverse for the largest of all")
    input_offset: float = _threshold(15.0, OURS, "|mean| ÷ standard deviation of an input")
    gap: float = _threshold(0.15, OURS, "held-out u above that of the second opinion from which a run is called sick")
    closed: float = _threshold(0.5, OURS, "share of that gap a single change must close to be named")
    plateau_gain: float = _threshold(
        0.01, OURS, "relative fall of the loss over the last half, below which it is a plateau"
    )
    overfit_rise: float = _threshold(0.25, OURS, "rise of the validation u above its best")
    overfit_gap: float = _threshold(0.4, OURS, "validation u − training u at the end")
    majority: float = _threshold(0.8, OURS, "share of the largest class above which classes count as imbalanced")
    recall: float = _threshold(0.5, OURS, "recall of a class below which imbalance harms")
    recall_behind: float = _threshold(0.2, OURS, "recall of plain models above that of the run, from which it harms")
    leaked: float = _threshold(0.1, OURS, "share of validation rows that are training rows, or of rows that are copies")
    other_units: float = _threshold(
        10.0, OURS, "ratio of a column's deviations in training and validation rows, or of its shift to both"
    )
    shifted: float = _threshold(0.3, OURS, "Kolmogorov-Smirnov difference of a column in training and validation rows")
    sorted_share: float = _threshold(
        0.3, OURS, "share of the targets' variance that lies between batches, beyond chance"
    )
    misread: float = _threshold(0.1, OURS, "share of held-out rows that a loss for classes gets right beyond the run's")
    contradicted: float = _threshold(0.1, OURS, "error rate of the second opinion on the fifth it is surest of")
    even_errors: float = _threshold(
        0.9, OURS, "evenness of the second opinion's errors: 1 if wrong labels hit sure predictions as often as others"
    )

    def __post_init__(self) -> None:
        for threshold in fields(self):
            check_number(threshold.name, getattr(self, threshold.name), 0)

    @classmethod
    def origin(cls, name: str) -> str:
        """Return the source of a threshold.

        Parameters
        ----------
        name : str
            That of a field.

        Returns
        -------
        str
            A paper or a course with its year, or "ours".
        """
        return next(each.metadata["origin"] for each in fields(cls) if each.name == name)

    @classmethod
    def meaning(cls, name: str) -> str:
        """Return the meaning of a threshold.

        Parameters
        ----------
        name : str
            That of a field.

        Returns
        -------
        str
        """
        return next(each.metadata["meaning"] for each in fields(cls) if each.name == name)


_LISTED = "".join(
    f"    {each.name} : float, {each.default:g}\n        {each.metadata['meaning']} ({each.metadata['origin']})\n"
    for each in fields(Thresholds)
)
Thresholds.__doc__ = f"{Thresholds.__doc__}\n    Parameters\n    ----------\n{_LISTED}    "
