"""The Loss: value and slope, link, form in terms of the output, best constant and floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import ACTIVATIONS, Activation
from glassnet.equations.checks import check_equation, function_name
from glassnet.errors import InputError, Range, check_bool, shown, unknown_name

Array = NDArray[Any]

TARGETS = ("numbers", "counts", "probabilities", "distribution")
FAR = 30.0  # the largest |logit| or log rate of a constant prediction

_PARTS = ("value_of_output", "slope_of_output", "constant")  # what a loss may go without

KNOWN: dict[str, Loss] = {}  # the built-in losses by name, which losses.py enters


@dataclass(frozen=True)
class Loss:
    """A loss ℓ(z, y) with its slope ∂ℓ/∂z; your own is the same two functions.

    Parameters
    ----------
    name : str
        What it is called in a summary.
    value : value(z, y) -> loss
        Elementwise, (n, k) from z and y of (n, k); a row-wise loss may return (n, 1).
    slope : slope(z, y) -> ∂ℓ/∂z
        Its derivative, (n, k).
    link : str
        The output activation that the loss contains. A loss with link "identity" follows any output activation,
        taking the output in place of z; any other link must be the network's output activation itself: the built-in one
        of that name, or your own if no built-in one is called so.
    targets : str
        What y holds: "numbers", "counts" (≥ 0), "probabilities" (0 … 1), "distribution" (rows that sum to 1).
    kink_at_target : bool
        True where the slope jumps at z = y.
    parameters : mapping
        Constants handed to value and slope by name, such as delta of huber.
    ranges : mapping
        The Range that a constant may take, by its name; any finite number without one.
    value_of_output, slope_of_output : functions of (a, y), optional
        The loss in terms of the output a of its link, and ∂ℓ/∂a, both (n, k). `explain` shows them, and the least loss is
        that of an output equal to its target. Both or neither; a loss with link "identity" needs none.
    constant : constant(mean) -> constant, optional
        The constant prediction of least loss, (k,), as a function of the mean target; a pre-activation if the loss has
        a link. Without it, that of the built-in loss with the same link, or else the best constant is searched for.

    Raises
    ------
    InputError
        If an argument is not as above. A Network calls functions of your own once when it is made, and refuses those
        that fail, or return another shape than above or no real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> quartic = Loss("quartic", lambda z, y: (z - y) ** 4, lambda z, y: 4 * (z - y) ** 3)
    >>> quartic.value(np.array([[3.0]]), np.array([[1.0]]))
    array([[16.]])
    """

    name: str
    value: Callable[..., Array]
    slope: Callable[..., Array]
    link: str = "identity"
    targets: str = "numbers"
    kink_at_target: bool = False
    parameters: Mapping[str, float] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    value_of_output: Callable[..., Array] | None = None
    slope_of_output: Callable[..., Array] | None = None
    constant: Callable[[Array], Array] | None = None

    def __post_init__(self) -> None:
        optional = [part for part in _PARTS if getattr(self, part) is not None]
        check_equation("loss", self, "value", "slope", *optional)
        if (self.value_of_output is None) != (self.slope_of_output is None):
            raise InputError(
                "slope_of_output: expected value_of_output and slope_of_output together; got one of them; pass both."
            )
        check_bool("kink_at_target", self.kink_at_target)
        if not isinstance(self.link, str):
            raise InputError(f"link: expected the name of an activation; got {shown(self.link)}; pass e.g. 'sigmoid'.")
        if self.targets not in TARGETS:
            raise unknown_name("targets", self.targets, TARGETS)
        self._complete()

    def _complete(self) -> None:
        """Take the parts that were not given from the built-in loss with this value, the constant also from one with this link."""
        known = KNOWN.get(self.builtin)
        same_link = next((loss for loss in KNOWN.values() if loss.link == self.link), None) if self.has_link else None
        for part, source in (("value_of_output", known), ("slope_of_output", known), ("constant", known or same_link)):
            if getattr(self, part) is None and source is not None:
                object.__setattr__(self, part, getattr(source, part))

    @property
    def builtin(self) -> str:
        """The name of the built-in loss that has this value function and link, or "" if it is your own."""
        same = (name for name, known in KNOWN.items() if known.value is self.value and known.link == self.link)
        return next(same, "")

    @property
    def is_builtin(self) -> bool:
        """True if the functions, the link, the targets and the names of the constants are those of a built-in loss."""
        known = KNOWN.get(self.builtin)
        return known is not None and (
            known.slope is self.slope
            and known.targets == self.targets
            and known.parameters.keys() == self.parameters.keys()
        )

    @property
    def has_link(self) -> bool:
        """True if the loss contains an output activation other than the identity, and fits that one alone."""
        return self.link != "identity"

    def contains(self, output: Activation) -> bool:
        """True if `output` is the loss's link: the loss then takes the pre-activation Z in place of the output A.

        Parameters
        ----------
        output : Activation
            The network's output activation.

        Returns
        -------
        bool
        """
        known = ACTIVATIONS.get(self.link)
        return output.name == self.link if known is None else output.f is known.f

    def raw_prediction(self, output: Activation, Z: Array, A: Array) -> Array:
        """Return the prediction that value and slope take: Z if the loss contains the output activation, else A = g(Z).

        Parameters
        ----------
        output : Activation
            The network's output activation g.
        Z, A : (n, k) arrays
            The output's pre-activations, and A = g(Z).

        Returns
        -------
        (n, k) array
        """
        return Z if self.contains(output) else A

    def per_sample(self, Z: Array, Y: Array) -> Array:
        """Return the loss of each sample, ℓᵢ = Σₖ ℓ(zᵢₖ, yᵢₖ).

        Parameters
        ----------
        Z, Y : (n, k) arrays
            Predictions as `raw_prediction` returns them, and targets as `Network.encode` returns them.

        Returns
        -------
        (n,) array
            In nats for the cross-entropies, in the square of the target's unit for the squared error.
        """
        total: Array = np.sum(self.value(Z, Y, **self.parameters), axis=1)
        return total

    def slopes(self, Z: Array, Y: Array) -> Array:
        """Return ∂ℓᵢ/∂zᵢₖ.

        Parameters
        ----------
        Z, Y : (n, k) arrays
            As `per_sample` takes them.

        Returns
        -------
        (n, k) array
            In Z's dtype.
        """
        return np.asarray(self.slope(Z, Y, **self.parameters), dtype=Z.dtype)

    def best_constant(self, Y: Array, sample_weight: Array | None = None) -> Array:
        """Return the constant prediction with the least mean loss on targets Y.

        Parameters
        ----------
        Y : (n, k) array
            The targets.
        sample_weight : (n,) array, optional
            The weights of the samples in the mean.

        Returns
        -------
        (k,) array
            A pre-activation if the loss has a link.

        Examples
        --------
        >>> from glassnet.equations.losses import POISSON
        >>> POISSON.best_constant(np.array([[1.0], [3.0]]))  # ln 2
        array([0.69314718])
        """
        mean = np.average(Y, axis=0, weights=sample_weight)
        if self.constant is None:
            return _search(self, Y, sample_weight, mean)
        with np.errstate(divide="ignore"):
            constant = self.constant(mean)
        return np.clip(constant, -FAR, FAR) if self.has_link else constant

    def floor(self, Y: Array, sample_weight: Array | None = None) -> float:
        """Return the least mean loss on targets Y, that of outputs equal to them: 0 except for soft labels and counts.

        Parameters
        ----------
        Y : (n, k) array
            The targets.
        sample_weight : (n,) array, optional
            The weights of the samples in the mean.

        Returns
        -------
        float

        Examples
        --------
        >>> from glassnet.equations.losses import BINARY_CROSS_ENTROPY
        >>> BINARY_CROSS_ENTROPY.floor(np.array([[0.0], [1.0]])), BINARY_CROSS_ENTROPY.floor(np.array([[0.5]]))
        (0.0, 0.6931471805599453)
        """
        if self.value_of_output is None:
            return 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            least = np.nan_to_num(self.value_of_output(Y, Y, **self.parameters), nan=0.0)  # 0·ln 0 is 0
        return mean_over_samples(least.sum(axis=1), sample_weight)

    def with_parameters(self, **parameters: float) -> Loss:
        """Return the same loss with other constants, e.g. `HUBER.with_parameters(delta=0.5)`.

        Parameters
        ----------
        **parameters : float
            The constants to change, by name.

        Returns
        -------
        Loss

        Raises
        ------
        InputError
            If the loss has no constant of that name, or a value is out of its range.
        """
        if unknown := parameters.keys() - self.parameters.keys():
            raise unknown_name(f"parameter of {self.name}", min(unknown), self.parameters)
        return replace(self, parameters={**self.parameters, **parameters})

    def __repr__(self) -> str:
        if KNOWN.get(self.name) == self:
            return self.name.upper()
        if self.is_builtin and self.builtin == self.name:
            given = ", ".join(f"{k}={v!r}" for k, v in self.parameters.items())
            return f"{self.name.upper()}.with_parameters({given})"
        return f"Loss({self.name!r}, {function_name(self.value)}, {function_name(self.slope)})"


def mean_over_samples(losses: Array, sample_weight: Array | None) -> float:
    """Return the (weighted) mean of losses (n,)."""
    return float(np.average(losses, weights=sample_weight)) + 0.0  # of −0 as well


def _search(loss: Loss, Y: Array, weight: Array | None, mean: Array) -> Array:
    """Try the mean and 101 quantiles of each column; used for the user's own losses and for those that are not smooth."""
    best, k = mean.copy(), Y.shape[1]
    for column in range(k):
        least = np.inf
        for value in (mean[column], *np.quantile(Y[:, column], np.linspace(0, 1, 101))):
            trial = best.copy()
            trial[column] = value
            cost = mean_over_samples(loss.per_sample(np.broadcast_to(trial, Y.shape).copy(), Y), weight)
            if cost < least:
                least, best = cost, trial
    return best
