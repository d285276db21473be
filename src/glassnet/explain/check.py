"""`check` runs a learner's function that computes gradients by hand, and grades its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from glassnet.errors import InputError, check_count, shown
from glassnet.explain.call import Form, call, forms
from glassnet.explain.cases import SIZES, in_all_cases, random_case
from glassnet.explain.derivation import Derivation
from glassnet.explain.explain import explain
from glassnet.explain.grade import Grade, grade, wrong_terms
from glassnet.explain.grading.conventions import Convention
from glassnet.explain.source import network_and_options_of
from glassnet.network.network import Network

USUAL = (  # the networks of courses: (output, loss)
    ("sigmoid", None),
    ("softmax", None),
    ("identity", None),
    ("sigmoid", "squared_error"),
)
HIDDEN = ("tanh", "relu", "sigmoid")


def check(
    function: Callable[..., Any],
    network: Any,
    X: Any = None,
    y: Any = None,
    *,
    convention: Convention | str | None = None,
    seed: int = 0,
    **options: Any,
) -> Grade:
    """Grade a function that computes gradients, or any terms on the way to them, by hand.

    The function's parameters are filled in by name, in capitals or small letters: X (n, d), Y (n, k) targets, one-hot for
    classes, W and b (dicts by layer) or W1, b1, W2, …, theta, n, sample_weight, l1, l2, alpha of an estimator, D1, …
    (dropout masks). If it fails with these, it is given class numbers for targets, nested lists, columns for rows, or
    one sample as a vector; the grade says so. It returns a dict of terms such as {"dZ2": …, "dW2": …}, or all gradients as
    (dW1, db1, dW2, db2, …), with the loss before them or not, or one flat vector in theta's layout. Without X and y it
    is tried on random samples, drawn from `seed`: one alone, then batches, each with new parameters.

    Parameters
    ----------
    function : function
        The one to grade.
    network : Network or fitted estimator
        The network whose gradients the function computes; it is not changed. An estimator is taken with the penalty
        and optimizer it was fitted with.
    X, y : (n, d) and (n,) or (n, k) arrays, optional
        The rows to grade it on.
    convention : Convention or str, optional
        How the function writes its terms, as in `Derivation.grade`: "columns", "mean_in_gradients", "sum", …
    seed : int
        Of the random samples and parameters.
    **options : as in `explain`: sample_weight, l1, l2, dropout, optimizer, …

    Returns
    -------
    Grade
        That of the first random batch with a wrong term, with a cause that all wrong batches share; if all are
        right, that of the last batch. `Grade.assumed` says for which network, loss and convention.

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
    taken for a 3-2 network, output identity, loss squared_error, mean over the samples
    first wrong: dW1
      yours     [[-1.0309 -5.3548] [-1.0864 -4.3902] [ 0.917 2.2348]]
      expected  [[-0.2062 -1.071 ] [-0.2173 -0.878 ] [ 0.1834 0.447 ]]
      The gradients are summed over the samples; the mean is forgotten.
      yours is what dW1 = (A0.T @ dZ1) * n gives; right is dW1 = A0.T @ dZ1
      The loss is a mean over the batch, so every gradient carries 1/n (or wᵢ/Σw) once.
    """
    if not callable(function):
        raise InputError(f"function: expected a function; got {shown(function)}; pass the function itself.")
    seed = check_count("seed", seed, low=0)
    if (X is None) != (y is None):
        raise InputError("y: expected X and y together, or neither; got one of them; pass both.")
    net, fitted = network_and_options_of(network)
    if X is None:
        own = {
            name: value
            for name, value in fitted.items()
            if not (name in ("alpha", "l1", "l2") and {"l1", "l2"} & options.keys())
        }
        cases = [random_case(net, n, seed + n) for n in SIZES]
        derivations = [explain(each, rows, targets, **{**own, **options}) for each, rows, targets in cases]
    else:
        derivations = [explain(network, X, y, **options)]
    form, called = _called(function, derivations, convention)
    told = _told(convention, form)
    found = in_all_cases([(each, grade(each, terms, told, by_hand=False)) for each, terms in called])
    tried = f"tried on {len(called)} random batches" if X is None and found.ok else ""
    note = "; ".join(part for part in (found.note, tried) if part)
    return replace(found, note=note, assumed=_assumed(derivations[-1], form, found.convention))


def usual_network(
    function: Callable[..., Any], sizes: Sequence[int], convention: str | None = None, seed: int = 0
) -> Network:
    """Return the usual network, of those that courses take, of which the function gets most terms right.

    With the first of them, tanh and sigmoid, if there is no difference.
    """
    best: tuple[int, Network] | None = None
    for output, loss in USUAL:
        for hidden in HIDDEN if len(sizes) > 2 else HIDDEN[:1]:
            widths = [*sizes[:-1], max(sizes[-1], 2 if output == "softmax" else 1)]
            network = Network(widths, hidden, output, loss=loss)
            derivation = explain(*random_case(network, SIZES[1], seed))
            form, called = _called(function, [derivation], convention)
            wrong = wrong_terms(derivation, called[0][1], _told(convention, form))
            if best is None or wrong < best[0]:
                best = wrong, network
    assert best is not None
    return best[1]


def _called(
    function: Callable[..., Any], derivations: Sequence[Derivation], convention: Convention | str | None
) -> tuple[Form, list[tuple[Derivation, Mapping[str, Any]]]]:
    """Call the function on each case in the first form that it takes; the error is that of the usual form."""
    given = convention if isinstance(convention, Convention) else Convention.named(convention or "")
    error: InputError | None = None
    for form in forms(derivations[0], given):
        cases = [each for each in derivations if not form.vectors or len(each.batch.X) == 1]
        try:
            called: list[tuple[Derivation, Mapping[str, Any]]] = [(each, call(function, each, form)) for each in cases]
            unusual = form.vectors or form.lists  # which some functions take that are not meant to
            if not unusual or any(
                wrong_terms(each, terms, _told(convention, form)) < len(terms) for each, terms in called
            ):
                return form, called
        except InputError as raised:
            error = error or raised
    assert error is not None
    raise error


def _told(convention: Convention | str | None, form: Form) -> Convention | str | None:
    """The convention that was told, with the layout in which the function took its arguments."""
    if isinstance(convention, Convention) or not form.convention.columns:
        return convention
    return "columns" if not convention else f"{convention}, columns"


def _assumed(derivation: Derivation, form: Form, convention: Convention) -> str:
    """For which network, loss and convention a function was graded."""
    net = derivation.network
    names = [activation.name for activation in net.activations.values()]
    hidden = ", ".join(dict.fromkeys(names[:-1]))
    parts = [
        f"taken for a {'-'.join(map(str, net.sizes))} network",
        *([f"hidden {hidden}"] if hidden else []),
        f"output {names[-1]}",
        f"loss {net.loss_function.name}",
        "sum over the samples" if convention.mean == "none" else "mean over the samples",
        *([str(form)] if str(form) else []),
    ]
    return ", ".join(parts)
