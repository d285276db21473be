"""A remedy: a change to the options of `train`, the network or the data that can be carried out on a set-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.diagnose.case.setup import Setup
from glassnet.equations.activations import as_activation
from glassnet.equations.loss import Loss
from glassnet.equations.losses import default_loss
from glassnet.network.derivatives import COMPLEX_STEP, DIFFERENCE
from glassnet.network.network import Network
from glassnet.training.optimizers import Optimizer

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class Remedy:
    """A change to a set-up: `apply` carries it out, `text` describes it in words, `code` in Python.

    Attributes
    ----------
    options : arguments of `train` to pass instead
    network : arguments of `Network` to pass instead; the parameters are then drawn anew from its seed
    standardise_inputs, standardise_targets : bring X or y to mean 0 and variance 1, by the training rows
    cut_off : bring inputs to median 0 and the spread of the middle half to that of a standard normal, cut off at ±5
    output_bias : (k,) added to the output layer's bias at the start
    keep : (n,) True for the rows to keep
    at_most_layers : the number of hidden layers to keep, from the first
    balanced : give each row the weight n / (classes · count of its class)
    classes : the numbers that are classes, in order; targets become their places in it
    by_hand : lines of Python for a change that only the caller can make, to data that `diagnose` was not given
    """

    text: str
    options: Mapping[str, Any] = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)
    standardise_inputs: bool = False
    standardise_targets: bool = False
    cut_off: bool = False
    output_bias: Array | None = None
    keep: NDArray[np.bool_] | None = None
    at_most_layers: int | None = None
    balanced: bool = False
    classes: Array | None = None
    by_hand: str = ""

    def apply(self, setup: Setup) -> Setup:
        """Return a changed set-up; the given one stays as it is."""
        if self.keep is not None:
            setup = setup.rows(self.keep)
        if self.standardise_inputs:
            setup = _standardise(setup, "X")
        if self.standardise_targets:
            setup = _standardise(setup, "y")
        if self.cut_off:
            setup = _transformed(setup, "X", RobustScale(setup.X))
        if self.classes is not None:
            classes = self.classes
            setup = _transformed(setup, "y", lambda y: np.searchsorted(classes, np.ravel(y)))
        arguments = dict(self.network)
        if self.at_most_layers is not None:
            inputs, *hidden, outputs = setup.network.sizes
            arguments["sizes"] = [inputs, *hidden[: self.at_most_layers], outputs]
        if arguments:
            setup = replace(setup, network=rebuilt(setup.network, **arguments))
        if self.output_bias is not None:
            network = setup.network.copy()
            network.b[network.n_layers] += self.output_bias
            setup = replace(setup, network=network)
        options = dict(self.options)
        if self.balanced:
            options["sample_weight"] = balanced_weights(setup.labels)
        if setup.validation is None:  # a remedy replaces validation data but never introduces it
            options.pop("validation", None)
        return setup.changed(**options)

    @property
    def code(self) -> str:
        """The change in Python, such as `train(…, optimizer=Adam(learning_rate=0.001, …))`."""
        parts = self.by_hand.splitlines()
        if self.keep is not None:
            parts.append(f"X, y = X[keep], y[keep]  # {int(self.keep.sum())} of {len(self.keep)} rows")
        if self.standardise_inputs:
            parts.append("X = (X - X.mean(axis=0)) / X.std(axis=0)")
        if self.standardise_targets:
            parts.append("y = (y - y.mean(axis=0)) / y.std(axis=0)")
        if self.cut_off:
            parts.append("low, middle, high = np.quantile(X, (0.25, 0.5, 0.75), axis=0)")
            parts.append("X = np.clip(1.349 * (X - middle) / (high - low), -5, 5)")
        if self.classes is not None:
            parts.append(f"y = (y - {self.classes[0]:g}).astype(int)" if self.classes[0] else "y = y.astype(int)")
        if self.at_most_layers is not None:
            parts.append(f"sizes = [*sizes[:{self.at_most_layers + 1}], sizes[-1]]")
        if self.network:
            parts.append(f"Network(…, {arguments_shown(self.network)})")
        if self.output_bias is not None:
            shift = np.array2string(self.output_bias, precision=4, threshold=6)
            parts.append(f"network.b[network.n_layers] += {shift}")
        given = {**self.options}
        if self.balanced:
            parts.append("weight = len(y) / (len(np.unique(y)) * np.bincount(y)[y])")
            parts.append("train(…, sample_weight=weight)")
        if given:
            parts.append(f"train(…, {arguments_shown(given)})")
        return "\n".join(parts)

    def __repr__(self) -> str:
        return f"Remedy({self.text}: {'; '.join(self.code.splitlines())})"

    def to_dict(self) -> dict[str, Any]:
        """Return the remedy as plain data."""
        return {"text": self.text, "code": self.code}


def applied(setup: Setup, remedies: Iterable[Remedy]) -> Setup:
    """Carry out remedies one after the other and return the set-up."""
    for remedy in remedies:
        setup = remedy.apply(setup)
    return setup


def together(remedies: Sequence[Remedy]) -> Remedy:
    """Return the remedy that carries out all of these; where two change the same, the later one wins."""
    if len(remedies) == 1:
        return remedies[0]
    last: dict[str, Any] = {}
    for remedy in remedies:
        last |= {name: value for name, value in vars(remedy).items() if value is not None and value is not False}
    last["text"] = " and ".join(remedy.text for remedy in remedies)
    last["by_hand"] = "\n".join(remedy.by_hand for remedy in remedies if remedy.by_hand)
    for name in ("options", "network"):
        last[name] = {key: value for remedy in remedies for key, value in getattr(remedy, name).items()}
    return Remedy(**last)


class RobustScale:
    """Brings inputs to median 0 and quartiles ±0.67, those of a standard normal, and clips them to ±5.

    A column whose quartiles coincide is divided by its standard deviation instead.
    """

    def __init__(self, X: Array) -> None:
        low, self.centre, high = np.quantile(X, (0.25, 0.5, 0.75), axis=0)
        self.scale = np.where(high > low, (high - low) / 1.349, X.std(axis=0))
        self.scale = np.where(self.scale > 0, self.scale, 1)

    def __call__(self, X: Array) -> Array:
        return np.clip((X - self.centre) / self.scale, -5, 5)


def rebuilt(network: Network, **arguments: Any) -> Network:
    """Make a Network with some arguments of the constructor changed and its parameters drawn from the same seed."""
    known: dict[str, Any] = {
        "sizes": list(network.sizes),
        "hidden": [network.activations[layer] for layer in range(1, network.n_layers)],
        "output": network.activations[network.n_layers],
        "loss": network.loss_function,
        "init": network.init,
        "seed": network.seed if isinstance(network.seed, int | np.integer) else 0,
        "dtype": network.dtype,
    }
    known.update(arguments)
    if len(known["sizes"]) != len(network.sizes):
        if "hidden" not in arguments:
            known["hidden"] = known["hidden"][0] if known["hidden"] else "relu"
        if isinstance(known["init"], list | tuple):
            known["init"] = None
    if "output" in arguments and "loss" not in arguments and network.loss_function.has_link:
        known["loss"] = default_loss(as_activation(arguments["output"]).builtin)
    return Network(**known)


def derived(f: Callable[..., Array]) -> Callable[..., Array]:
    """Return the derivative of an elementwise f, by the complex step or, if f takes no complex z, by centred differences."""

    def derivative(z: Array, *others: Array, **parameters: float) -> Array:
        h = DIFFERENCE * np.maximum(1, np.abs(z))
        centred = (f(z + h, *others, **parameters) - f(z - h, *others, **parameters)) / (2 * h)
        try:
            stepped = np.imag(f(z + COMPLEX_STEP * 1j, *others, **parameters)) / COMPLEX_STEP
        except (TypeError, ValueError):
            return centred
        near = np.abs(stepped - centred) <= 1e-4 * np.maximum(1, np.abs(centred))
        return np.where(near, stepped, centred)

    return derivative


def _is_elementwise(loss: Loss, width: int) -> bool:
    """True if the loss is one number for each output rather than one for each row."""
    rows = np.full((2, width), 0.5)
    with np.errstate(all="ignore"):
        return np.shape(loss.value(rows, rows, **loss.parameters)) == rows.shape


def repairs(network: Network) -> tuple[Remedy, ...]:
    """Return remedies for a wrong gradient: replace the derivatives of the user's own functions by numerical ones."""
    own = {layer: a for layer, a in network.activations.items() if not a.rowwise and not a.is_builtin}
    loss = network.loss_function
    own_loss = not loss.is_builtin and _is_elementwise(loss, network.sizes[-1])
    if not own and not own_loss:
        return ()
    layers = network.n_layers

    def mended(layer: int) -> Any:
        activation = network.activations[layer]
        if layer not in own:
            return activation
        f = activation.f
        return replace(activation, df=lambda z, a, **parameters: derived(f)(z, **parameters))

    names = [f"df of {name!r}" for name in dict.fromkeys(a.name for a in own.values())] + (
        [f"slope of {loss.name!r}"] if own_loss else []
    )
    mended_loss = replace(loss, slope=derived(loss.value)) if own_loss else loss
    change = {"hidden": [mended(layer) for layer in range(1, layers)], "output": mended(layers), "loss": mended_loss}
    return (Remedy(f"take the derivative from the function itself: {', '.join(names)}", network=change),)


def balanced_weights(labels: NDArray[np.intp]) -> Array:
    """Return n / (classes · count of the row's class), which gives every class the same total weight."""
    counts = np.bincount(labels)
    weights: Array = len(labels) / (np.count_nonzero(counts) * counts[labels])
    return weights


def _standardise(setup: Setup, which: str) -> Setup:
    values = setup.X if which == "X" else setup.y
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale > 0, scale, 1)
    changed = _transformed(setup, which, lambda values: (values - mean) / scale)
    if which == "y" and changed.judged is not None:  # outputs are now in these units
        judged = changed.judged
        judged = replace(judged, shift=judged.shift + judged.scale * mean, scale=judged.scale * scale)
        changed = replace(changed, judged=judged)
    return changed


def _transformed(setup: Setup, which: str, change: Callable[[Array], Array]) -> Setup:
    """Change X or y of the set-up, and of its validation data."""
    if setup.validation is not None:
        place = 0 if which == "X" else 1
        parts = list(setup.validation)
        parts[place] = change(np.asarray(parts[place]))
        setup = setup.changed(validation=tuple(parts))
    if setup.judged is not None and which == "X":
        setup = replace(setup, judged=replace(setup.judged, X=change(setup.judged.X)))
    return replace(setup, X=change(setup.X)) if which == "X" else replace(setup, y=change(setup.y))


def arguments_shown(given: Mapping[str, Any]) -> str:
    """Return keyword arguments as code, such as `epochs=100, optimizer=Adam(learning_rate=0.01)`."""
    return ", ".join(f"{name}={_shown(value)}" for name, value in given.items())


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray) or (isinstance(value, tuple) and any(np.ndim(part) for part in value)):
        return "…"
    if isinstance(value, Optimizer):
        usual = type(value)()
        given = {c.name: getattr(value, c.name) for c in fields(value)}
        changed = {name: v for name, v in given.items() if v != getattr(usual, name) or name == "learning_rate"}
        return f"{type(value).__name__}({arguments_shown(changed)})"
    return getattr(value, "__name__", repr(value))
