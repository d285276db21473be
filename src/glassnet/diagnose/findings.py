"""Findings: a fault with its evidence, the rule it breaks, the rule's source, a remedy, and the remedy's replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.case.verdict import Verdict
from glassnet.diagnose.thresholds import CS231N, RECIPE, Thresholds

HE = "He, Zhang, Ren & Sun, 2015, arXiv:1502.01852"
GLOROT = "Glorot & Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010"
LECUN = "LeCun, Bottou, Orr & Müller, Efficient BackProp, 1998"
PASCANU = "Pascanu, Mikolov & Bengio, 2013, arXiv:1211.5063"
SMITH = "Smith, Cyclical Learning Rates for Training Neural Networks, arXiv:1506.01186"
PRECHELT = "Prechelt, Early Stopping - But When?, 1998"
LU = "Lu, Shin, Su & Karniadakis, Dying ReLU and Initialization, arXiv:1903.06733"
KAUFMAN = "Kaufman, Rosset & Perlich, Leakage in Data Mining: Formulation, Detection, and Avoidance, KDD 2011"
RABANSER = "Rabanser, Günnemann & Lipton, Failing Loudly: Methods for Detecting Dataset Shift, arXiv:1810.11953"
GNEITING = "Gneiting, Making and Evaluating Point Forecasts, 2011, arXiv:0912.0902"
NORTHCUTT = "Northcutt, Jiang & Chuang, Confident Learning, 2021, arXiv:1911.00068"


@dataclass(frozen=True)
class Rule:
    """The rule behind a finding: one sentence, its source, and the names of the thresholds it uses."""

    text: str
    source: str
    lines: tuple[str, ...] = ()

    def shown(self, thresholds: Thresholds) -> str:
        """Return the rule with the values and sources of its thresholds."""
        drawn = [f"{name} = {getattr(thresholds, name):g} ({thresholds.origin(name)})" for name in self.lines]
        return f"{self.text} [{'; '.join(drawn)}]" if drawn else self.text


# by code, usual causes before usual symptoms
RULES = {
    "gradient_wrong": Rule(
        "Backpropagation must agree with the complex step, or with centred differences away from kinks.",
        CS231N,
        ("gradient_error",),
    ),
    "unsuited_loss": Rule(
        "A loss is least at one quantity, the mean or the median: classes want one that is least at their probabilities.",
        GNEITING,
        ("misread",),
    ),
    "data_leakage": Rule("Rows that judge a network must not be among those it was trained on.", KAUFMAN, ("leaked",)),
    "shifted_validation": Rule(
        "Validation rows must be drawn as the training rows are, and prepared in the same way.",
        RABANSER,
        ("other_units", "shifted"),
    ),
    "unscaled_inputs": Rule(
        "Inputs should have means near 0 and scales near 1, all alike.", LECUN, ("input_scale", "input_offset")
    ),
    "poor_initialisation": Rule(
        "Initial weights must differ from unit to unit and keep signals of one size from layer to layer.",
        f"{HE}; {GLOROT}",
        ("init_scale", "pre_activation"),
    ),
    "dead_units": Rule("A unit whose slope is 0 on every row of the training set learns nothing more.", LU, ("dead_share",)),
    "saturated_units": Rule(
        "A unit on the flat part of its activation passes on almost no gradient.",
        GLOROT,
        ("saturated_slope", "saturated_share"),
    ),
    "input_ignored": Rule("A trained network must do better than a constant prediction that sees no input.", RECIPE, ("ignored",)),
    "label_noise": Rule(
        "Labels that a model trained without them contradicts with confidence are probably wrong.",
        NORTHCUTT,
        ("contradicted", "even_errors"),
    ),
    "class_imbalance": Rule(
        "Accuracy means something only above the share of the largest class; look at the recall of each class.",
        RECIPE,
        ("majority", "recall", "recall_behind"),
    ),
    "unshuffled_rows": Rule(
        "Rows should come in a random order, so that successive ones are seldom alike.", LECUN, ("sorted_share",)
    ),
    "output_bias": Rule(
        "The output bias should start at the mean target (or its log-odds), else the first steps only learn that.",
        RECIPE,
        ("bias_shift", "shift_share"),
    ),
    "bad_initial_loss": Rule(
        "The first loss should be near that of a constant prediction: ln C for C balanced classes, the entropy of the "
        "base rates, or the variance of the targets.",
        f"{CS231N}; {RECIPE}",
        ("initial_loss",),
    ),
    "exploding_gradient": Rule("The gradient should not grow by orders of magnitude with depth or time.", PASCANU, ("exploding_ratio",)),
    "vanishing_gradient": Rule("The gradient should reach the first layer with a size like that of the last.", GLOROT, ("vanishing_ratio", "vanishing_per_layer")),
    "learning_rate_too_high": Rule(
        "A lower rate, from the same start, must not do much better; an update should be about 1e-3 of its weight.",
        f"{SMITH}; {CS231N}",
        ("gap", "closed"),
    ),
    "learning_rate_too_low": Rule(
        "A higher rate, from the same start and for as many steps, must not do much better.",
        f"{SMITH}; {CS231N}",
        ("gap", "closed"),
    ),
    "cannot_overfit_batch": Rule(
        "A batch of about 20 rows, without regularisation, must be learned almost perfectly.",
        f"{CS231N}; {RECIPE}",
        ("batch_unexplained",),
    ),
    "underfitting": Rule(
        "The training loss should come near what a plain network of one hidden layer reaches on data it never saw.",
        RECIPE,
        ("gap", "closed"),
    ),
    "overfitting": Rule("The validation loss should not rise far above its best while the training loss falls.", PRECHELT, ("overfit_rise", "overfit_gap")),
    "diverged": Rule("The loss must stay finite and not jump far above its recent mean.", CS231N, ("loss_jump",)),
    "plateau": Rule("A loss that no longer falls should have come down first.", CS231N, ("plateau_gain",)),
}  # fmt: skip
CODES = tuple(RULES)


@dataclass(frozen=True)
class Replay:
    """The result of repeating the run from its start, with the same seed and the remedy.

    `measured` names the quantity that was `before` in the run and `after` in the replay. `confirmed`: rows that took no
    part in any training became better by more than chance (`verdict`), and the evidence disappeared. `gone`: the codes of
    the findings that disappeared. `beside`: what else was changed, if the remedy helps only together with that.
    """

    confirmed: bool
    evidence_gone: bool
    measured: str
    before: float
    after: float
    gone: tuple[str, ...] = ()
    closes_gap: bool = False
    verdict: Verdict | None = None
    beside: str = ""

    @property
    def harmful(self) -> bool:
        """True if the rows that took no part became worse: never recommended."""
        return self.verdict is not None and self.verdict.worse

    def to_dict(self) -> dict[str, Any]:
        """Return the replay as plain data."""
        return {**vars(self), "verdict": None if self.verdict is None else {**vars(self.verdict)}}

    @property
    def standing(self) -> str:
        """The verdict on the remedy, in words."""
        evidence = "the evidence is gone" if self.evidence_gone else "the evidence remains"
        verdict = "confirmed" if self.confirmed else "not recommended" if self.harmful else "not confirmed"
        return f"{verdict}{f' together with {self.beside}' if self.beside else ''}: {evidence}"

    def __str__(self) -> str:
        judged = f"; {self.verdict}" if self.verdict is not None else ""
        return f"{self.standing}; {self.measured} {self.before:.3g} → {self.after:.3g}{judged}"


@dataclass(frozen=True)
class Finding:
    """A fault of a training run, with its evidence and remedy.

    Attributes
    ----------
    code : one of the codes in `CODES`
    severity : "error" if the run cannot learn as it is, "warning" if it learns less well
    message : the observation, in one sentence with its numbers
    evidence : the numbers by name
    rule, source : the rule that is broken, and its source
    step, layer : the first step and the layer that show it, if it is tied to one
    remedies : changes worth trying, the likeliest first
    remedy : the change that was replayed, the confirmed one if there is one
    replay : the result of the replay
    symptom_of : the code of an earlier finding whose remedy also removed this one

    Examples
    --------
    >>> import glassnet as gn
    >>> found = gn.examine(losses=[0.7, 0.69, float("nan")], baseline=0.69).findings[0]
    >>> found.code, found.severity, found.confirmed
    ('diverged', 'error', False)
    """

    code: str
    severity: str
    message: str
    evidence: Mapping[str, Any]
    rule: str
    source: str
    step: int | None = None
    layer: int | None = None
    remedies: tuple[Remedy, ...] = field(default=(), repr=False)
    remedy: Remedy | None = None
    replay: Replay | None = None
    symptom_of: str | None = None

    @property
    def page(self) -> str:
        """The address of the page on this finding, relative to the documentation's site."""
        return f"reference/findings/{self.code}.html"

    @property
    def confirmed(self) -> bool:
        """True if a replay confirmed the remedy."""
        return self.replay is not None and self.replay.confirmed

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        replay = self.replay
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "evidence": dict(self.evidence),
            "step": self.step,
            "layer": self.layer,
            "rule": self.rule,
            "source": self.source,
            "remedy": None if self.remedy is None else self.remedy.to_dict(),
            "replay": None if replay is None else replay.to_dict(),
            "symptom_of": self.symptom_of,
        }


def finding(
    code: str,
    message: str,
    thresholds: Thresholds,
    *,
    severity: str = "error",
    step: int | None = None,
    layer: int | None = None,
    remedies: tuple[Remedy, ...] = (),
    **evidence: Any,
) -> Finding:
    """Make a Finding with the rule and the source of its code."""
    rule = RULES[code]
    first = remedies[0] if remedies else None
    return Finding(code, severity, message, evidence, rule.shown(thresholds), rule.source, step, layer, remedies, first)


LATE = {  # a finding that appears only in the course of a run ranks just behind this code, as its symptom
    "dead_units": "underfitting",
    "saturated_units": "underfitting",
    "exploding_gradient": "underfitting",
}


def says_no_signal(found: Finding) -> bool:
    """True if the finding says that the inputs hold no information on the targets, which no change of training mends."""
    return found.code == "input_ignored" and "run" not in found.evidence


def rank(found: Finding) -> int:
    """Return the place of a finding among others: usual causes before usual symptoms."""
    late = (found.step or 0) > 0 and found.code in LATE
    place = 2 * CODES.index(LATE[found.code] if late else found.code) + late
    of_data = says_no_signal(found)
    if found.code == "input_ignored":  # a cause if the inputs hold nothing, a symptom if the network ignores them
        place = -1 if of_data and not found.evidence.get("varying_inputs", 1) else place if of_data else 2 * len(CODES)
    if found.code == "diverged" and found.evidence.get("at_start"):
        place = 1
    if found.remedy is not None and "output" in found.remedy.network:  # targets that the output cannot reach
        place = 2 * CODES.index("output_bias") - 1
    return place
