"""`check` runs a learner's function that computes gradients by hand, and grades its results."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import InputError, check_count, shown
from glassnet.explain.cases import SIZES, in_all_cases, random_case
from glassnet.explain.derivation import Derivation
from glassnet.explain.explain import explain
from glassnet.explain.grade import Grade
from glassnet.network.network import Network

Array = NDArray[Any]


def check(
    function: Callable[..., Any], network: Network, X: Any = None, y: Any = None, *, seed: int = 0, **options: Any
) -> Grade:
    """Grade a function that computes gradients, or any terms on the way to them, by hand.

    The function's parameters are filled in by name: X (n, d), Y (n, k) targets, one-hot for classes,
    W and b (dicts by layer) or W1, b1, W2, …, theta, n, sample_weight, l1, l2, D1, … (dropout masks). It returns a
    dict of terms such as {"dZ2": …, "dW2": …}, or all gradients as (dW1, db1, dW2, db2, …), or one flat vector in
    theta's layout. Without X and y it is tried on random samples, drawn from `seed`: one alone, then batches, each with new parameters.

    Parameters
    ----------
    network : Network
        The network whose gradients the function computes; it is not changed.
    options : as in `explain`: sample_weight, l1, l2, dropout, optimizer, …

    Returns
    -------
    Grade
        That of the first random batch with a wrong term, with a cause that all wrong batches share; if all are
        right, that of the last batch.

    Raises
    ------
    InputError
        If the function has other parameters, raises an error, or returns anything else.

    Examples
    --------
    >>> import numpy as np
    >>> def gradients(X, Y, W1, b1):
    ...     error = X @ W1 + b1 - Y
    ...     return {"dW1": X.T @ error, "db1": error.mean(axis=0)}
    >>> print(check(gradients, Network([3, 2])))
    1 of 2 right: db1
    first wrong: dW1
      yours     [[-1.0309 -5.3548] [-1.0864 -4.3902] [ 0.917 2.2348]]
      expected  [[-0.2062 -1.071 ] [-0.2173 -0.878 ] [ 0.1834 0.447 ]]
      The gradients are summed over the samples; the mean is forgotten.
      yours is what dZ1 = slope_Z1 gives; right is dZ1 = slope_Z1 * mean_weights[:, None]
      The loss is a mean over the batch, so every gradient carries 1/n (or wᵢ/Σw) once.
    """
    if not callable(function):
        raise InputError(f"function: expected a function; got {shown(function)}; pass the function itself.")
    seed = check_count("seed", seed, low=0)
    if (X is None) != (y is None):
        raise InputError("y: expected X and y together, or neither; got one of them; pass both.")
    cases = [(network, X, y)] if X is not None else [random_case(network, n, seed + n) for n in SIZES]
    derivations = [explain(net, rows, targets, **options) for net, rows, targets in cases]
    grade = in_all_cases([(each, each.grade(**_answers(function, each))) for each in derivations])
    tried = f"tried on {len(cases)} random batches" if X is None and grade.ok else ""
    return replace(grade, note="; ".join(part for part in (grade.note, tried) if part))


def _answers(function: Callable[..., Any], derivation: Derivation) -> Mapping[str, Any]:
    net, name = derivation.network, getattr(function, "__name__", "function")
    offered: dict[str, Any] = {step.symbol: np.copy(step.value) for step in derivation.given}
    offered |= {"X": offered["A0"], "theta": net.theta.copy(), "n": len(derivation.batch.X), "y": offered["Y"]}
    offered |= {"W": {la: offered[f"W{la}"] for la in net.W}, "b": {la: offered[f"b{la}"] for la in net.b}}
    offered |= {"sample_weight": offered.get("w"), "l1": derivation.job.l1, "l2": derivation.job.l2}
    wanted = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in offered:
            wanted[parameter.name] = offered[parameter.name]
        elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            raise InputError(
                f"{name}: expected parameters among {', '.join(sorted(offered))}; got {parameter.name!r}; rename it."
            )
    try:
        with np.errstate(all="ignore"):
            result = function(**wanted)
    except Exception as error:
        raise InputError(f"{name}: expected it to run; got {type(error).__name__}: {error}{_line(error)}.") from error
    if isinstance(result, Mapping):
        return {str(term): value for term, value in result.items()}
    gradients = [f"d{kind}{layer}" for layer in net.W for kind in "Wb"]
    if isinstance(result, tuple | list) and len(result) == len(gradients):
        return dict(zip(gradients, result, strict=True))
    if np.shape(result) == net.theta.shape:
        return {"gradient" if "gradient" in derivation else "g": result}
    raise InputError(
        f"{name}: expected a dict of terms, ({', '.join(gradients)}) or {net.n_parameters} numbers; got "
        f"{shown(result)}; return e.g. {{'dW1': dW1}}."
    )


def _line(error: Exception) -> str:
    """The line of the learner's own file at which the error was raised, as text."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None and "glassnet" in place.tb_frame.f_code.co_filename:
        place = place.tb_next
    return "" if place is None else f" in line {place.tb_lineno}"
