"""Rules on the course of a run, judged from its looks and losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.findings import Finding, finding
from glassnet.diagnose.instruments.instruments import Look, depth_ratio
from glassnet.diagnose.thresholds import Thresholds
from glassnet.training.job import EarlyStopping
from glassnet.training.optimizers import Optimizer

Array = NDArray[Any]

EARLY = 0.25  # share of a run within which a fault counts as present from the start
DEEP = 6  # layers above which the gradient is judged by its ratio at each layer too
ROUNDING = 1e-7  # gradient ÷ weight below which a gradient counts as zero: float32 would not move the weight
FRESH = Remedy("draw the weights by the default initialisation, biases 0", network={"init": None})
RELU = Remedy("use relu in the hidden layers, with its initialisation", network={"hidden": "relu", "init": None})
LEAKY = Remedy("use leaky_relu, whose slope is nowhere 0", network={"hidden": "leaky_relu"})
GELU = Remedy("use leaky_relu with fresh weights", network={"hidden": "leaky_relu", "init": None})
SHALLOW = Remedy("two hidden layers of relu", network={"hidden": "relu", "init": None}, at_most_layers=2)
CLIP = Remedy("clip the gradient to norm 1", options={"clip_norm": 1.0})


@dataclass(frozen=True, eq=False)
class Course:
    """The record of a run; any part may be missing."""

    looks: Sequence[Look] = ()
    loss: Array = field(default_factory=lambda: np.zeros(0))  # one number for each epoch
    validation_loss: Array = field(default_factory=lambda: np.zeros(0))
    n_layers: int = 0
    optimizer: Any = None
    validation_end: float | None = None  # the validation loss of the trained network
    validation_error: float = 0.0  # the standard error of that mean over the validation rows
    unlike: bool = False  # True if many validation rows are missed worse than every training row
    unexplained: float | None = None  # u at the end on training rows, and below it on validation rows
    held_out: float | None = None
    baseline: float | None = None  # the loss of a constant prediction
    floor: float = 0.0
    failed_step: int | None = None  # the step whose loss became inf or nan
    failed_layer: int | None = None
    failure: str = ""


def slower(optimizer: Any, factor: float = 0.1) -> tuple[Remedy, ...]:
    """Return the remedy that multiplies the learning rate by `factor`; none for an optimizer without one."""
    from dataclasses import replace

    if not isinstance(optimizer, Optimizer):
        return ()
    rate = float(f"{optimizer.learning_rate * factor:.3g}")
    changed = replace(optimizer, learning_rate=rate)
    times = f"{1 / factor:g} times lower" if factor < 1 else f"{factor:g} times higher"
    return (Remedy(f"a learning rate {times}, {rate:g}", options={"optimizer": changed}),)


def stop_early(epochs: int) -> tuple[Remedy, ...]:
    """Return the remedy that keeps the epoch of least validation loss."""
    patience = max(10, epochs // 10)
    return (Remedy("stop at the best validation loss", options={"early_stopping": EarlyStopping(patience=patience)}),)


def judge_course(course: Course, thresholds: Thresholds) -> list[Finding]:
    """Return the findings on gradients, units and the loss."""
    rules = (_depth, _units, _divergence, _overfitting, _plateau)
    return [found for rule in rules for found in rule(course, thresholds)]


def _depth(course: Course, thresholds: Thresholds) -> Iterator[Finding]:
    """Find gradients that shrink or grow from the last layer to the first early in the run, or that grow over time."""
    looks = course.looks
    if not looks:
        return
    early = [look for look in looks if look.step <= EARLY * looks[-1].step] or list(looks[:1])
    if course.n_layers >= 2:
        ratios = [ratio for look in early for ratio in _ratios(look, course.n_layers)]
        smallest = [min(_ratios(look, course.n_layers)) for look in early]
        shrunk = min([smallest[0], float(np.median(smallest))], key=lambda ratio: ratio if ratio > 0 else 1)
        grown = max(ratios)
        per_layer = shrunk ** (1 / (course.n_layers - 1))
        creeping = course.n_layers > DEEP and per_layer < thresholds.vanishing_per_layer and _stands_still(course)
        if 0 < shrunk < thresholds.vanishing_ratio or (shrunk > 0 and creeping):
            yield finding(
                "vanishing_gradient",
                f"the gradient of layer 1 is {shrunk:.2g} times that of layer {course.n_layers}"
                + (f", on average {per_layer:.2g} times at each layer" if course.n_layers > DEEP else ""),
                thresholds,
                step=looks[0].step,
                layer=1,
                remedies=(RELU, SHALLOW, FRESH),
                ratio=shrunk,
                layers=course.n_layers,
            )
        if grown > thresholds.exploding_ratio:
            first_seen = next(
                look for look in early if max(_ratios(look, course.n_layers)) > thresholds.exploding_ratio
            )
            yield finding(
                "exploding_gradient",
                f"on its way back to layer 1 the gradient grows {grown:.3g}-fold",
                thresholds,
                step=first_seen.step,
                layer=1,
                remedies=(FRESH, CLIP, *slower(course.optimizer)),
                ratio=grown,
                layers=course.n_layers,
            )
            return
    sizes = np.array([max(look.gradient) if look.gradient else 0.0 for look in looks])
    first = np.median(sizes[: max(len(early), 1)])
    late = float(np.median(sizes[len(sizes) // 2 :]))
    weight = max(max(look.weight, default=0.0) for look in looks)
    losses = np.asarray(course.loss, dtype=np.float64)
    learned = len(losses) > 1 and losses[-1] < losses[0]  # a gradient that grows as learning begins does not explode
    if first > ROUNDING * weight and not learned and late > thresholds.exploding_ratio * first > 0:
        step = looks[int(np.argmax(sizes > thresholds.exploding_ratio * first))].step
        yield finding(
            "exploding_gradient",
            f"the gradient grew from {first:.3g} to {late:.3g}, at first at step {step}",
            thresholds,
            step=step,
            remedies=(*slower(course.optimizer), CLIP),
            early=float(first),
            late=late,
        )


def _stands_still(course: Course) -> bool:
    """True unless the loss fell below 0.9 of a constant prediction's, or of its own start if that is not known."""
    losses = np.asarray(course.loss, dtype=np.float64)
    if len(losses) < 2:
        return True
    start = course.baseline if course.baseline is not None else float(losses[0])
    return bool(losses[-1] - course.floor > 0.9 * (start - course.floor))


def judge_updates(course: Course, thresholds: Thresholds) -> list[Finding]:
    """Judge the learning rate by update ÷ weight early in the run, where it cannot be tried at another rate."""
    looks = [look for look in course.looks if look.ratio]
    looks = [look for look in looks if look.step <= EARLY * course.looks[-1].step] or looks[:1]
    if not looks:
        return []
    ratio = float(np.median([max(look.ratio) for look in looks]))
    high, low = thresholds.update_ratio_high, thresholds.update_ratio_low
    if low <= ratio <= high or not np.isfinite(ratio):
        return []
    code, line, name = (
        ("learning_rate_too_high", high, "update_ratio_high")
        if ratio > high
        else ("learning_rate_too_low", low, "update_ratio_low")
    )
    message = f"early in the run an update is {ratio:.2g} of its weight, where the threshold is {line:g} ({thresholds.origin(name)})"
    cures = slower(course.optimizer, 0.1 if ratio > high else 10.0)
    return [finding(code, message, thresholds, severity="warning", remedies=cures, update_ratio=ratio)]


def _ratios(look: Look, n_layers: int) -> list[float]:
    """Return first layer ÷ last of the weight gradients, and of ∂L/∂Z if it was recorded."""
    ratios = [depth_ratio(look.gradient)] if len(look.gradient) > 1 else []
    if look.detail is not None and n_layers in look.detail.signal:
        ratios = [depth_ratio([look.detail.signal[1], look.detail.signal[n_layers]]), *ratios]
    return [ratio for ratio in ratios if np.isfinite(ratio)] or [1.0]


def _units(course: Course, thresholds: Thresholds) -> Iterator[Finding]:
    """Find dead and saturated layers, at the first look that shows them."""
    looks = [look for look in course.looks if look.detail is not None]
    if not looks:
        return
    end = max(looks[-1].step, 1)
    for code, name, line in (
        ("dead_units", "dead", thresholds.dead_share),
        ("saturated_units", "saturated", thresholds.saturated_share),
    ):
        for look in looks:
            shares = getattr(look.detail, name)
            layer = max(shares, key=lambda key: shares[key], default=None)
            if layer is None or shares[layer] <= line:
                continue
            early = look.step <= 0.02 * end
            late_saturation = name == "saturated" and not early
            if late_saturation:  # saturation at the end of a good run is no fault
                continue
            what = "units have slope 0 on every row" if name == "dead" else "activations lie on the flat part"
            start_cures = (FRESH, GELU) if name == "dead" else (FRESH, RELU)
            run_cures = (*slower(course.optimizer), *slower(course.optimizer, 0.01), LEAKY)
            yield finding(
                code,
                f"{shares[layer]:.0%} of the {what} in layer {layer} at step {look.step}",
                thresholds,
                severity="error" if shares[layer] > 0.9 else "warning",
                step=look.step,
                layer=layer,
                remedies=start_cures if early else run_cures,
                share=shares[layer],
                by_layer={str(key): value for key, value in shares.items()},
            )
            break


def _divergence(course: Course, thresholds: Thresholds) -> Iterator[Finding]:
    cures = (*slower(course.optimizer), *slower(course.optimizer, 0.01), CLIP)
    if course.failed_step is not None:
        at_once = course.failed_step == 0
        yield finding(
            "diverged",
            course.failure or f"the loss stopped being finite at step {course.failed_step}",
            thresholds,
            step=course.failed_step,
            layer=course.failed_layer,
            remedies=(RELU, *cures) if at_once else cures,
            at_start=at_once,
        )
        return
    losses = np.asarray(course.loss, dtype=np.float64)
    if len(losses) == 0:
        return
    bad = np.flatnonzero(~np.isfinite(losses))
    if bad.size:
        yield finding(
            "diverged", f"the loss is {losses[bad[0]]} at entry {bad[0]}", thresholds, step=int(bad[0]), remedies=cures
        )
        return
    floor = course.floor
    window = max(3, len(losses) // 10)
    end = float(np.mean(losses[-window:]))
    for place in range(window, len(losses)):
        recent = float(np.mean(losses[place - window : place]))
        scale = max(recent - floor, 0.05 * abs((course.baseline if course.baseline is not None else losses[0]) - floor))
        if losses[place] - floor > thresholds.loss_jump * scale and end - floor > 2 * scale:
            yield finding(
                "diverged",
                f"the loss jumped from a recent mean of {recent:.4g} to {losses[place]:.4g} in epoch {place + 1} and ended at "
                f"{end:.4g}",
                thresholds,
                step=None,
                remedies=cures,
                epoch=place + 1,
                recent_mean=recent,
                loss=float(losses[place]),
                final=end,
            )
            return
    highest = max(losses[0] - floor, (course.baseline or 0.0) - floor)
    if end - floor > thresholds.loss_jump * highest:
        yield finding(
            "diverged",
            f"the loss went from {losses[0]:.4g} to {end:.4g}",
            thresholds,
            remedies=cures,
            first=float(losses[0]),
            final=end,
        )  # fmt: skip


def _overfitting(course: Course, thresholds: Thresholds) -> Iterator[Finding]:
    values = np.asarray(course.validation_loss, dtype=np.float64)
    if len(values) < 4 or not np.isfinite(values).all() or len(course.loss) == 0:
        return
    best, end = int(np.argmin(values)), float(np.median(values[-max(3, len(values) // 20) :]))
    if course.validation_end is not None:
        end = min(end, course.validation_end)
    span = (course.baseline if course.baseline is not None else values[0]) - course.floor
    rise = (end - values[best]) / span if span > 0 else 0.0
    train = float(np.asarray(course.loss)[-1])
    seen, unseen = course.unexplained, course.held_out
    gap = unseen - seen if seen is not None and unseen is not None and np.isfinite(unseen) else 0.0
    certain = end - values[best] > 2 * course.validation_error  # more than the noise of a few rows
    rose = rise > thresholds.overfit_rise and certain and train < values[best]
    if rose or (gap > thresholds.overfit_gap and (course.unlike or gap * span > 2 * course.validation_error)):
        yield finding(
            "overfitting",
            f"the validation loss rose from {values[best]:.4g} after epoch {best + 1} to {end:.4g} while the training loss "
            f"fell to {train:.4g}"
            if rose
            else f"{seen:.2f} of the loss is unexplained on training rows, {unseen:.2f} on validation rows",
            thresholds,
            severity="warning",
            remedies=(
                *stop_early(len(values)),
                Remedy("an l2 penalty", options={"l2": 0.03}),
                Remedy("a strong l2 penalty", options={"l2": 0.3}),
            ),
            best_epoch=best + 1,
            best=float(values[best]),
            final=end,
            training=train,
            rise=float(rise),
            gap=float(gap),
        )


def _plateau(course: Course, thresholds: Thresholds) -> Iterator[Finding]:
    if course.baseline is None or not flat(course, thresholds):
        return
    before, after = _halves(course)
    remaining = (after - course.floor) / max(course.baseline - course.floor, 1e-300)
    if remaining > 0.9:
        yield finding(
            "plateau",
            f"over its last half the loss went from {before:.4g} to {after:.4g}, still {remaining:.0%} of what a constant "
            "prediction has",
            thresholds,
            remedies=(*slower(course.optimizer, 10.0), *slower(course.optimizer), FRESH),
            before=before,
            after=after,
            unexplained=float(remaining),
        )


def flat(course: Course, thresholds: Thresholds) -> bool:
    """True if the loss of ten epochs or more hardly falls over its last half."""
    if len(course.loss) < 10 or not np.isfinite(course.loss).all():
        return False
    before, after = _halves(course)
    return (before - after) / max(abs(before - course.floor), 1e-300) < thresholds.plateau_gain


def _halves(course: Course) -> tuple[float, float]:
    """Return the mean loss of a tenth of the epochs around the middle, and of the last tenth."""
    losses = np.asarray(course.loss, dtype=np.float64)
    half, window = len(losses) // 2, max(1, len(losses) // 10)
    middle = losses[half - window // 2 : half + window - window // 2]
    return float(middle.mean()), float(losses[-window:].mean())
