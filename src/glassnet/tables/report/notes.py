"""Notes on a training: what a careful reader of its measures would say, one plain sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from glassnet.tables.reading.table import cut
from glassnet.tables.report.text import AHEAD_IN, held_out_part, with_uncertainty

Training = Mapping[str, Any]

SURE = 2.0  # standard deviations that make a difference more than chance
STILL_FALLING = 0.01  # the relative fall of the validation loss over the last tenth of the epochs
ALONE = 0.98  # share of a constant's error that one column avoids, from which it looks like a leak
FEW_ROWS = 20  # of a class to train on
OVERFIT = 1.5  # held-out error over training error
OFF = 0.03  # calibration error that is worth a word
MOST_NAMES = 3


def notes(training: Training, classes: Sequence[Any] | None = None, target: str = "") -> list[str]:
    """Return what is worth knowing about a model's training beyond its measures, the weightiest first.

    `training` is that of a TableModel. Of its fields these are read, where they are there: "train", "validation" and
    "test" with "baselines" (compare) beside, "validation_loss" and "epochs", or "curves" (the validation losses of each
    member), "stopped", and "alone" (score_alone).
    """
    return [
        note
        for rule in (_unlearnable, _leak, _epochs, _overfit, _linear, _small_classes, _calibration)
        for note in rule(training, classes, target)
    ]


def _unlearnable(training: Training, classes: Sequence[Any] | None, target: str) -> Iterator[str]:
    part = held_out_part(training)
    constant = _baseline(training, part, "constant")
    if not part or not constant:
        return
    name, key = AHEAD_IN[classes is None]
    ahead, deviation = constant["ahead"][key]
    if ahead <= SURE * deviation:
        yield (
            f"On the {part} rows the network is not better than a constant prediction by more than chance ({name} "
            f"{with_uncertainty(training[part], key)} against {with_uncertainty(constant, key)}): the columns may not tell "
            f"{_named(target)}, or the rows are too few."
        )


def _linear(training: Training, classes: Sequence[Any] | None, target: str) -> Iterator[str]:
    part = held_out_part(training)
    linear, constant = (_baseline(training, part, name) for name in ("linear", "constant"))
    if not linear or not constant:
        return
    name, key = AHEAD_IN[classes is None]
    ahead, deviation = linear["ahead"][key]
    of_constant, of_constant_deviation = constant["ahead"][key]
    if ahead <= SURE * deviation and of_constant > SURE * of_constant_deviation:
        verdict = "does better" if ahead < -SURE * deviation else "does as well"
        yield (
            f"A linear model {verdict} on the {part} rows ({name} {with_uncertainty(linear, key)} against "
            f"{with_uncertainty(training[part], key)}), and is simpler: --hidden none."
        )


def _leak(training: Training, classes: Sequence[Any] | None, target: str) -> Iterator[str]:
    suspects = {name: score for name, score in training.get("alone", {}).items() if score >= ALONE}
    for name, score in sorted(suspects.items(), key=lambda each: -each[1])[:MOST_NAMES]:
        alone = (
            f"equals {_named(target)} or determines it"
            if score > 1 - 1e-9
            else f"alone avoids {100 * score:.1f} % of a constant prediction's error"
        )
        yield f"Column {cut(name, 40)!r} {alone}: if it is not known before {_named(target)} is, pass --ignore."
    part = held_out_part(training)
    if part and "train" in training:
        name, key = AHEAD_IN[classes is None]
        inside, outside = training["train"].get(key), training[part].get(key)
        deviation = training[part].get("uncertainty", {}).get(key)
        if None not in (inside, outside, deviation) and outside < inside - 2 * SURE * deviation:
            yield (
                f"The {part} rows are predicted far better than the rows trained on ({name} "
                f"{with_uncertainty(training[part], key)} against {with_uncertainty(training['train'], key)}): they may be "
                "easier, or copies of rows trained on."
            )


def _epochs(training: Training, classes: Sequence[Any] | None, target: str) -> Iterator[str]:
    if training.get("stopped") == "interrupted":
        return
    if curves := training.get("curves"):
        falls = [_fall(curve) for curve in curves]
        falling = [fall for fall in falls if fall >= STILL_FALLING]
        if 2 * len(falling) > len(falls):
            yield (
                f"The validation loss of {len(falling)} of the {len(falls)} networks was still falling at their last epoch (by "
                f"up to {100 * max(falling):.0f} % over the last tenth): more epochs would help."
            )
        return
    fall, epochs = _fall(training.get("validation_loss") or []), training.get("epochs", 0)
    if fall >= STILL_FALLING:
        yield (
            f"The validation loss was still falling at the last epoch ({100 * fall:.0f} % over the last tenth of {epochs}): "
            f"more epochs would help, e.g. --epochs {5 * epochs}, and perhaps a lower --l2."
        )


def _fall(losses: Sequence[float]) -> float:
    """Return the relative fall of a loss over the last tenth of its epochs; 0 if the least is not among the last 2 %."""
    count = len(losses)
    if count < 10 or losses.index(min(losses)) < 0.98 * count - 1:
        return 0.0
    before = losses[-1 - count // 10]
    return float((before - min(losses)) / abs(before)) if before else 0.0


def _overfit(training: Training, classes: Sequence[Any] | None, target: str) -> Iterator[str]:
    part = held_out_part(training)
    if not part or "train" not in training or training.get("tried"):  # a search has weighed regularisation already
        return
    name, key = AHEAD_IN[classes is None]
    inside, outside = training["train"].get(key), training[part].get(key)
    deviation = training[part].get("uncertainty", {}).get(key)
    if None in (inside, outside, deviation):
        return
    if outside > OVERFIT * inside and outside - inside > SURE * deviation:
        yield (
            f"The rows trained on are predicted far better than the {part} rows ({name} "
            f"{with_uncertainty(training['train'], key)} against {with_uncertainty(training[part], key)}): the network has "
            f"learned some by heart; the {part} rows tell what to expect, and more rows or regularisation would help."
        )


def _small_classes(training: Training, classes: Sequence[Any] | None, target: str) -> Iterator[str]:
    confusion = training.get("train", {}).get("confusion")
    if classes is None or not confusion or len(confusion) != len(classes):
        return
    counts = sorted((sum(row), str(name)) for row, name in zip(confusion, classes, strict=True))
    few = [f"{cut(name, 30)!r} {count:,}" for count, name in counts if count < FEW_ROWS]
    if few:
        more = f" and {len(few) - MOST_NAMES} more" if len(few) > MOST_NAMES else ""
        have = f"{len(few)} classes have" if len(few) > 1 else "A class has"
        some = ", ".join(few[:MOST_NAMES]) + more
        yield f"{have} fewer than {FEW_ROWS} rows to train on, too few to rely on ({some})."


def _calibration(training: Training, classes: Sequence[Any] | None, target: str) -> Iterator[str]:
    part = held_out_part(training)
    found = training[part].get("calibration") if part else None
    if found and found["error"] > max(OFF, SURE * found["by_chance"]):
        yield (
            f"The probabilities for the {part} rows are off by {found['error']:.3f} on average ({found['by_chance']:.3f} "
            "would be chance): take them as an order rather than as shares."
        )


def _baseline(training: Training, part: str, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = training.get("baselines", {}).get(part, {}).get(name, {})
    return found


def _named(target: str) -> str:
    return repr(cut(target, 30)) if target else "the target"
