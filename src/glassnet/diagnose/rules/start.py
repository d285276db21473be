"""Rules on the start: a right gradient, and inputs, targets, weights and a first loss of sane size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.deviance import mean_loss
from glassnet.diagnose.case.remedy import Remedy, rebuilt, repairs
from glassnet.diagnose.case.setup import Setup, run
from glassnet.diagnose.findings import Finding, finding
from glassnet.diagnose.instruments.instruments import alike_units, rms
from glassnet.diagnose.instruments.watched_run import largest_slope, rows_of
from glassnet.diagnose.thresholds import Thresholds
from glassnet.equations.losses import default_loss
from glassnet.network import passes
from glassnet.network.gradient_check import agrees_along_directions, check_gradients
from glassnet.training.optimizers import Adam

Array = NDArray[Any]

CHECK_ROWS, CHECK_PARAMETERS = 16, 120
BATCH = 20
BATCH_EPOCHS = 1500
FEW_BATCH_EPOCHS = 300  # enough for most; more are taken where these are not
STANDARDISE = Remedy("standardise the inputs", standardise_inputs=True)
CUT_OFF = Remedy(
    "scale the inputs by their quartiles and cut off what lies far out, such as codes for missing values", cut_off=True
)
STANDARDISE_TARGETS = Remedy("standardise the targets", standardise_targets=True)
FRESH = Remedy("draw the weights by the default initialisation, biases 0", network={"init": None})


def judge_start(setup: Setup, thresholds: Thresholds) -> list[Finding]:
    """Return the findings that need no training."""
    rules = (_gradient, _inputs, _initialisation, _first_loss)
    return [found for rule in rules for found in rule(setup, thresholds)]


def _gradient(setup: Setup, thresholds: Thresholds) -> Iterator[Finding]:
    """Checks the gradient at moderate weights and inputs: at the user's own, saturated units could hide a wrong derivative."""
    network = rebuilt(setup.network, init="glorot_uniform", dtype="float64", seed=1)
    rng = np.random.default_rng(1)
    network.theta = network.theta + rng.normal(scale=0.1, size=network.n_parameters)
    rows = rows_of(len(setup.X), CHECK_ROWS)
    X = setup.X[rows].astype(np.float64)
    X = (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1)
    Y = setup.Y[rows].astype(np.float64)
    if network.loss_function.targets == "numbers":  # in units of their own, or rounding hides what is right
        Y = (Y - Y.mean(axis=0)) / np.where(Y.std(axis=0) > 0, Y.std(axis=0), 1)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if agrees_along_directions(network, X, Y):
            return
        check = check_gradients(network, X, Y, at_most=CHECK_PARAMETERS)
    worst = check.worst
    if not np.isfinite(worst.centred) or (check.ok and not check.suspects):
        return
    if worst.relative_error <= thresholds.gradient_error and not check.suspects:
        return
    suspects = f"; {'; '.join(check.suspects)}" if check.suspects else ""
    yield finding(
        "gradient_wrong",
        f"the gradient of {worst.name} is {worst.backprop:.6g} by backpropagation and {worst.centred:.6g} by centred "
        f"differences, a relative error of {worst.relative_error:.2g}{suspects}",
        thresholds,
        layer=worst.layer,
        remedies=repairs(setup.network),
        parameter=worst.name,
        backpropagation=worst.backprop,
        centred_difference=worst.centred,
        complex_step=worst.complex_step,
        relative_error=worst.relative_error,
        suspects=list(check.suspects),
    )


def _inputs(setup: Setup, thresholds: Thresholds) -> Iterator[Finding]:
    X = setup.X.astype(np.float64)
    mean, std = X.mean(axis=0), X.std(axis=0)
    varies = std > 1e-12 * np.maximum(np.abs(mean), 1e-300)
    if not varies.any():
        yield finding(
            "input_ignored",
            f"all {X.shape[1]} inputs are constant over the {len(X)} rows, so they tell the rows nothing apart",
            thresholds,
            varying_inputs=0,
            inputs=X.shape[1],
        )
        return
    size = np.sqrt(mean**2 + std**2)
    offset = np.where(varies, np.abs(mean) / np.where(varies, std, 1), 0) * (size > 1)
    largest, shifted = int(np.argmax(size)), int(np.argmax(offset))
    line = thresholds.input_scale
    parts = []
    if size[largest] > line:
        parts.append(f"input {largest} has a root mean square of {size[largest]:.4g}")
    if size[varies].max() < 1 / line:
        parts.append(f"the largest input has a root mean square of {size[varies].max():.4g}")
    if offset[shifted] > thresholds.input_offset:
        parts.append(f"input {shifted} has mean {mean[shifted]:.4g} and standard deviation {std[shifted]:.4g}")
    if parts:
        yield finding(
            "unscaled_inputs",
            " and ".join(parts),
            thresholds,
            severity="warning",
            layer=1,
            remedies=(CUT_OFF, STANDARDISE) if _far_out(X) else (STANDARDISE, CUT_OFF),
            largest_input=largest,
            largest_size=float(size[largest]),
            smallest_size=float(size[varies].min()),
            largest_offset=float(offset[shifted]),
        )


def _far_out(X: Array) -> bool:
    """True if an input has values farther from its median than 100 times its interquartile range."""
    low, middle, high = np.quantile(X, (0.25, 0.5, 0.75), axis=0)
    return bool(((high > low) & (np.abs(X - middle).max(axis=0) > 100 * (high - low))).any())


def _initialisation(setup: Setup, thresholds: Thresholds) -> Iterator[Finding]:
    network = setup.network
    for layer in range(1, network.n_layers):
        W, b = network.W[layer], network.b[layer]
        if alike_units(W, b):
            yield finding(
                "poor_initialisation",
                f"all {b.size} units of layer {layer} start with the same weights, so they can only learn the same",
                thresholds,
                step=0,
                layer=layer,
                remedies=(FRESH,),
                units=b.size,
                largest_difference=float(np.ptp(W, axis=1).max()),
            )
            return
    X = setup.X[rows_of(len(setup.X), 500)]
    X = (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        trace = passes.forward(network.activations, network.W, network.b, X.astype(network.dtype))
    low, high = 1 / thresholds.init_scale**2, thresholds.init_scale
    for layer in range(1, network.n_layers):
        fan_in, fan_out = network.W[layer].shape
        bounded = largest_slope(network.activations[layer]) is not None
        usual = np.sqrt(2 / (fan_in + fan_out)) if bounded else np.sqrt(2 / fan_in)
        scale, spread = rms(network.W[layer]) / usual, rms(trace.Z[layer] - network.b[layer])
        if (scale > high and spread > thresholds.pre_activation) or scale < low:
            name = "Glorot's" if bounded else "He's"
            yield finding(
                "poor_initialisation",
                f"the weights of layer {layer} start at {scale:.3g} times the size of {name} initialisation, which gives "
                f"pre-activations with a root mean square of {spread:.3g}",
                thresholds,
                step=0,
                layer=layer,
                remedies=(FRESH,),
                weight_scale=float(scale),
                pre_activation_rms=float(spread),
            )
            return


def _first_loss(setup: Setup, thresholds: Thresholds) -> Iterator[Finding]:
    network, measure = setup.network, setup.measure
    loss = mean_loss(network, setup.X, setup.Y, setup.weight)
    u = measure.unexplained(loss)
    numbers = network.loss_function.targets == "numbers"
    if not u > 1:
        return
    shift, shifted = best_shift(setup)
    removed = (loss - shifted) / (loss - measure.baseline) if np.isfinite(loss) else 0.0
    common: dict[str, Any] = {"first_loss": loss, "baseline_loss": measure.baseline, "unexplained": u}
    size = float(np.sqrt(np.mean(setup.Y.astype(np.float64).var(axis=0))))
    odd_scale = numbers and not 0.1 < size < 10
    lacking = shift
    if network.loss_function.link == "softmax":  # a class without rows lacks an endless shift, and no matter
        lacking = shift[setup.Y.any(axis=0)]
        lacking = lacking - np.median(lacking)
    if numbers:
        lacking = lacking / np.maximum(setup.Y.std(axis=0), 1e-300)
    quadratic = network.loss_function.targets in ("numbers", "counts")
    bad_after = _size(measure.unexplained(shifted), quadratic) > thresholds.initial_loss
    far = np.abs(lacking).max() > thresholds.bias_shift or (numbers and np.abs(shift).max() > thresholds.input_scale)
    if far and removed > thresholds.shift_share and not bad_after:
        amount = np.array2string(shift, precision=4, threshold=6)
        yield finding(
            "output_bias",
            f"the first loss is {loss:.4g}, where a constant prediction has {measure.baseline:.4g}; adding {amount} to the "
            f"output bias alone would bring it to {shifted:.4g}",
            thresholds,
            severity="warning",
            step=0,
            layer=network.n_layers,
            remedies=(
                *((STANDARDISE_TARGETS,) if odd_scale else ()),
                Remedy("start the output bias at the mean target or its log-odds", output_bias=shift),
                *((STANDARDISE_TARGETS,) if numbers and not odd_scale else ()),
            ),
            **common,
            shift=shift.tolist(),
            shifted_loss=shifted,
        )
    elif _size(u, quadratic) > thresholds.initial_loss:
        yield finding(
            "bad_initial_loss",
            f"the first loss is {loss:.4g}, where a constant prediction has {measure.baseline:.4g}",
            thresholds,
            severity="warning",
            step=0,
            remedies=((STANDARDISE_TARGETS, FRESH) if odd_scale else (FRESH, STANDARDISE, STANDARDISE_TARGETS)),
            **common,
        )


def _size(u: float, quadratic: bool) -> float:
    """Return √u for squared errors, which grow with the square of the error in the output, and u for cross-entropies."""
    return float(np.sqrt(u)) if quadratic else u


def best_shift(setup: Setup) -> tuple[Array, float]:
    """Return the shift of the output's pre-activation that lowers the first loss most, and the loss it gives."""
    from scipy.optimize import minimize

    network = setup.network
    rows = rows_of(len(setup.X), 2000)
    Y, last = setup.Y[rows].astype(np.float64), network.n_layers
    weight = None if setup.weight is None else setup.weight[rows]
    output, loss = network.activations[last], network.loss_function
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        Z = passes.forward(network.activations, network.W, network.b, setup.X[rows]).Z[last].astype(np.float64)
        if not np.isfinite(Z).all() or not (loss.contains(output) or output.builtin == "identity"):
            return np.zeros(Z.shape[1]), float("inf")

        def shifted(c: Array) -> tuple[float, Array]:
            moved = Z + c
            A = output(moved)
            losses = loss.per_sample(loss.raw_prediction(output, moved, A), Y)
            slopes = passes.output_slope(output, loss, moved, A, Y)
            return float(np.average(losses, weights=weight)), np.average(slopes, axis=0, weights=weight)

        start = np.average(Y - Z, axis=0, weights=weight) if output.builtin == "identity" else np.zeros(Z.shape[1])
        found = minimize(shifted, start, jac=True, method="BFGS", options={"maxiter": 50})
    value = float(found.fun)
    return np.asarray(found.x), value if np.isfinite(value) else float("inf")


def judge_batch(setup: Setup, thresholds: Thresholds) -> list[Finding]:
    """Report a network that cannot, from its own start, learn about 20 rows by heart (4 parameters or more for each target)."""
    network = setup.network
    k = setup.Y.shape[1]
    size = min(BATCH, len(setup.X), network.n_parameters // (4 * k))
    if size < 4:
        return []
    order = np.random.default_rng(0).permutation(len(setup.X))
    _, first = np.unique(setup.X[order], axis=0, return_index=True)  # rows with equal inputs cannot be told apart
    batch = order[np.sort(first)][:size]
    small = setup.rows(batch)
    mean, std = small.X.mean(axis=0), small.X.std(axis=0)
    small = replace(
        small,
        X=(small.X - mean) / np.where(std > 0, std, 1),
        options={"optimizer": Adam(learning_rate=0.01), "epochs": FEW_BATCH_EPOCHS},
    )
    if small.measure.baseline - small.measure.floor <= 1e-12:  # a single class or value: nothing to learn
        return []
    if run(small).unexplained <= thresholds.batch_unexplained:
        return []
    trained = run(small.changed(epochs=BATCH_EPOCHS))
    if trained.unexplained <= thresholds.batch_unexplained:
        return []
    loss, last = network.loss_function, network.activations[network.n_layers].builtin
    remedies = []
    if not loss.has_link and last != "identity":
        remedies.append(
            Remedy("let the output be the identity, which reaches every target", network={"output": "identity"})
        )
    elif loss.has_link and default_loss(last) != loss:
        remedies.append(Remedy("use the loss of the output", network={"loss": default_loss(last)}))
    return [
        finding(
            "cannot_overfit_batch",
            f"after {BATCH_EPOCHS} steps of Adam without regularisation on {len(batch)} rows alone, "
            f"{trained.unexplained:.0%} of their loss is still unexplained",
            thresholds,
            remedies=(*remedies, FRESH, STANDARDISE_TARGETS) if loss.targets == "numbers" else (*remedies, FRESH),
            rows=len(batch),
            steps=BATCH_EPOCHS,
            unexplained=trained.unexplained,
        )
    ]  # fmt: skip
