"""The formulas of a training step, each tied to the one statement of the engine that computes it.

All statements that `explain` looks up are listed here. Reading a `Formula` raises LookupError if its statement is gone
or reads other names; `tests/explain/test_formulas.py` reads all of them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from glassnet.equations.activations import Activation
from glassnet.equations.jacobian import softmax_jacobian, through_jacobian
from glassnet.equations.loss import Loss
from glassnet.network import passes
from glassnet.network.passes import Trace
from glassnet.printers.statements import Source, rename, statement
from glassnet.training import reference


@dataclass(frozen=True)
class Formula:
    """The right-hand side of a statement, over the symbols of a derivation.

    Attributes
    ----------
    function : callable
        The function that holds the statement.
    target : str
        The left-hand side of the statement, or "return".
    parts : mapping
        Each part of the right-hand side → the symbol in its place. "{layer}" and the like in a symbol are filled in
        by `read`. Together the parts hold all names that the right-hand side reads.
    """

    function: Callable[..., Any]
    target: str
    parts: Mapping[str, str]

    def read(self, **symbols: object) -> tuple[ast.expr, Source]:
        """The formula with `symbols` filled in, and its source.

        Raises
        ------
        LookupError
            If the function has no such statement.

        Examples
        --------
        >>> expression, source = PRE_ACTIVATION.read(layer=2, into="A1")
        >>> ast.unparse(expression)
        'A1 @ W2 + b2'
        """
        expression, source = self._statement
        return rename(expression, {part: symbol.format(**symbols) for part, symbol in self.parts.items()}), source

    @cached_property
    def _statement(self) -> tuple[ast.expr, Source]:
        return statement(self.function, self.target, self.parts)


# --- forward ------------------------------------------------------------------------------------------------------

DROPPED = Formula(Trace.into, "return", {"A": "A{layer}", "self.D[layer - 1]": "D{layer}"})
PRE_ACTIVATION = Formula(
    passes.forward,
    "trace.Z[layer]",
    {"trace.into(layer)": "{into}", "W[layer]": "W{layer}", "b[layer]": "b{layer}"},
)

# --- loss ---------------------------------------------------------------------------------------------------------

SUM_OVER_OUTPUTS = Formula(Loss.per_sample, "total", {"self.value(Z, Y, **self.parameters)": "loss_terms"})
MEAN = Formula(passes.objective, "total", {"per_sample": "{losses}"})
WEIGHTED_MEAN = Formula(
    passes.objective,
    "total",
    {"per_sample": "{losses}", "mean_weights(sample_weight, len(per_sample), per_sample.real.dtype)": "mean_weights"},
)
PENALTY_OF_LAYER = "penalty(W[layer], l1, l2).sum()"
PENALISED = Formula(
    passes.objective, "total", {"total": "mean_loss", f"sum(({PENALTY_OF_LAYER} for layer in W))": "penalty_sum"}
)
EQUAL_WEIGHTS = Formula(passes.mean_weights, "return", {"np.full(n, 1 / n, dtype=dtype)": "1 / n"})
SAMPLE_WEIGHTS = Formula(
    passes.mean_weights,
    "return",
    {"np.asarray(sample_weight / sample_weight.sum(), dtype=dtype)": "w / w.sum()"},
)

# --- backward -----------------------------------------------------------------------------------------------------

OUTPUT_SLOPE = Formula(
    passes.backward,
    "dZ[last]",
    {"slope": "{slope}", "mean_weights(sample_weight, len(slope), slope.dtype)": "mean_weights"},
)
WEIGHT_GRADIENT = Formula(passes.backward, "dW[layer][...]", {"trace.into(layer)": "{into}", "dZ[layer]": "dZ{layer}"})
PENALISED_GRADIENT = Formula(
    passes.backward, "dW[layer]", {"dW[layer]": "dW{layer}_data", "d_penalty(W[layer], l1, l2)": "dW{layer}_penalty"}
)
BIAS_GRADIENT = Formula(passes.backward, "db[layer][...]", {"dZ[layer]": "dZ{layer}"})
BELOW = Formula(passes.backward, "dA[layer - 1]", {"dZ[layer]": "dZ{layer}", "W[layer]": "W{layer}"})
BELOW_MASKED = Formula(
    passes.backward, "dA[layer - 1]", {"dA[layer - 1]": "dA{layer}_dropped", "trace.D[layer - 1]": "D{layer}"}
)
THROUGH_ACTIVATION = Formula(
    Activation.backward, "return", {"dA": "{dA}", "self.df(Z, A, **self.parameters)": "{slope}"}
)
JACOBIAN = Formula(
    softmax_jacobian,
    "return",
    {"a": "A{layer}", "np.eye(a.shape[1], dtype=a.dtype)": "np.eye({width})"},
)
THROUGH_JACOBIAN = Formula(through_jacobian, "return", {"da": "dA{layer}", "jacobian": "J{layer}"})

# --- update -------------------------------------------------------------------------------------------------------

NORM = "np.linalg.norm(gradient)"
CLIPPED = Formula(
    reference.clip, "return", {f"float({NORM})": "norm", "gradient": "gradient", "job.clip_norm": "clip_norm"}
)
LEARNING_RATE = Formula(
    reference.learning_rate,
    "return",
    {
        "job.optimizer.learning_rate": "base_rate",
        "float(factor)": "schedule_factor",
        "state.rate_factor": "rate_factor",
    },
)

FORMULAS: dict[str, Formula] = {name: value for name, value in globals().items() if isinstance(value, Formula)}
