"""The options of training, each defined once: type, default, check and line of help.

The signatures and docstrings of `train`, `Run`, `train_many` and `explain`, the settings of tables and the command line
are made from these definitions.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Annotated, Any, TypedDict, TypeVar, get_type_hints

from glassnet.errors import InputError, UnknownArgumentError, check_bool, check_count, check_number, shown, unknown_name
from glassnet.network.engines import ENGINES
from glassnet.training.job import EarlyStopping
from glassnet.training.optimizers import LBFGS, Optimizer, as_optimizer
from glassnet.training.schedules import Schedule, as_schedule

Check = Callable[[str, Any], Any]  # (name, value) → the checked value; raises InputError
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Option:
    """The definition of an option: its default, its check and its help.

    `help` holds everywhere; `more` continues it in Python, where a table or the command line continues it in its own way.
    """

    default: Any
    check: Check
    help: str
    more: str = ""

    @property
    def sentence(self) -> str:
        """The help with a capital letter, without a full stop."""
        return self.help[0].upper() + self.help[1:]


def _optional(check: Check) -> Check:
    return lambda name, value: None if value is None else check(name, value)


def _check_engine(name: str, value: Any) -> str:
    known = ("auto", *ENGINES)
    if not isinstance(value, str) or value not in known:
        raise unknown_name(name, value, known)
    return value


def _check_early_stopping(name: str, value: Any) -> EarlyStopping:
    if isinstance(value, EarlyStopping):
        return value
    raise InputError(f"{name}: expected EarlyStopping(…) or None; got {shown(value)}; pass EarlyStopping(patience=10).")


def _checked_with_the_rows(name: str, value: Any) -> Any:
    """Return the value unchanged: `make_job` checks it, which has the network and the rows."""
    return value


class LoopOptions(TypedDict, total=False):
    """The options of the loop over epochs and steps."""

    optimizer: Annotated[
        str | Optimizer | LBFGS,
        Option(
            "adam",
            lambda name, value: as_optimizer(value),
            "the update rule",
            ": SGD, Momentum, Nesterov, RMSprop, Adam, AdamW, LBFGS, or the lower-case name of one",
        ),
    ]
    epochs: Annotated[
        int, Option(200, check_count, "the largest number of passes over the data (of iterations, for LBFGS)")
    ]
    batch_size: Annotated[
        int | None, Option(None, _optional(check_count), "rows in each step", "; None takes the whole data set")
    ]
    rows: Annotated[
        Any,
        Option(
            None,
            _checked_with_the_rows,
            "the rows of X to train on, as (n,) booleans or as row numbers",
            "; None for all. The run is that of X[rows]",
        ),
    ]
    shuffle: Annotated[
        bool,
        Option(True, check_bool, "visit the rows in a new order each epoch", ", a function of `seed` and the epoch"),
    ]
    schedule: Annotated[
        str | Schedule,
        Option(
            "constant",
            lambda name, value: as_schedule(value),
            "factor of the learning rate",
            ": Constant, StepDecay, InverseScaling, Adaptive, Cosine, OneCycle, or a name",
        ),
    ]
    validation: Annotated[
        tuple[Any, ...] | None,
        Option(
            None,
            _checked_with_the_rows,
            "(X_val, y_val) or (X_val, y_val, weights): measured after each epoch, never trained on",
        ),
    ]
    early_stopping: Annotated[
        EarlyStopping | None,
        Option(None, _optional(_check_early_stopping), "EarlyStopping(patience, min_delta, restore_best)"),
    ]
    engine: Annotated[
        str,
        Option("auto", _check_engine, "the engine: auto (the compiled one where it can, else NumPy), native or numpy"),
    ]
    n_threads: Annotated[
        int | None,
        Option(
            None,
            _optional(check_count),
            "threads of the compiled engine, for wide networks; their number changes no result",
            "; None: as it sees fit",
        ),
    ]
    snapshots: Annotated[
        int,
        Option(
            0,
            partial(check_count, low=0),
            "how many states to keep on the way, so that `history.at` need not start from the first step",
        ),
    ]


class StepOptions(TypedDict, total=False):
    """The options of a single step: its objective and its gradient."""

    sample_weight: Annotated[Any, Option(None, _checked_with_the_rows, "(n,) numbers ≥ 0")]
    l1: Annotated[float, Option(0.0, partial(check_number, low=0), "penalty l1·Σ|W| on weights, not on biases")]
    l2: Annotated[float, Option(0.0, partial(check_number, low=0), "penalty ½·l2·ΣW² on weights, not on biases")]
    dropout: Annotated[
        float,
        Option(
            0.0,
            partial(check_number, low=0, high=1, open_high=True),
            "the probability that a hidden activation is set to 0 in a step",
        ),
    ]
    clip_norm: Annotated[
        float | None,
        Option(
            None,
            _optional(partial(check_number, low=0, open_low=True)),
            "the largest Euclidean norm the gradient may have; longer ones are scaled down to it",
        ),
    ]
    seed: Annotated[
        int,
        Option(
            0,
            partial(check_count, low=0, high=2**64 - 1, hint="pass e.g. seed=42"),
            "seed of the order of the rows and of dropout",
            "; the initial weights are the network's own",
        ),
    ]


class TrainingOptions(LoopOptions, StepOptions, total=False):
    """All options of a training."""


def definitions(kind: type[Any]) -> Mapping[str, Option]:
    """Return the definition of each option of a class of options, by name."""
    hints = get_type_hints(kind, include_extras=True)
    return MappingProxyType({name: hint.__metadata__[0] for name, hint in hints.items()})


OPTIONS = definitions(TrainingOptions)


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all options by name: those that are given, checked, and the defaults of the others.

    Raises
    ------
    InputError
        If a value is not what its option takes, or a name is not an option's.
    """
    refuse_unknown(given)
    return {name: option.check(name, given.get(name, option.default)) for name, option in OPTIONS.items()}


def takes(kind: type[Any]) -> Callable[[Function], Function]:
    """Decorate a function with `**options: Unpack[kind]`, or its class: signature and docstring then show each option.

    In the docstring the options take the place of the line that begins with `**options`.
    """

    def describe(function: Function) -> Function:
        signature, types = inspect.signature(function), get_type_hints(kind)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        shared = {name: each for name, each in definitions(kind).items() if name not in signature.parameters}
        spread = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=types[name])
            for name, option in shared.items()
        ]
        parameters = sorted([*spread, *own], key=lambda parameter: parameter.kind)
        function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        text = function.__doc__
        if text is not None:
            told = re.findall(r"^ *(\w+) : ", text, re.MULTILINE)
            untold = {name: option for name, option in definitions(kind).items() if name not in told}
            lines = "\n".join(rf"\g<1>{name} : {option.help}{option.more}" for name, option in untold.items())
            function.__doc__ = re.sub(r"^( *)\*\*options\b.*$", lines, text, flags=re.MULTILINE)
        return function

    return describe


def refuse_unknown(options: Mapping[str, Any], function: Callable[..., Any] | None = None) -> None:
    """Refuse a name that is not a keyword of `function`, or without one not an option."""
    known, where = (frozenset(OPTIONS), "train") if function is None else (_keywords(function), function.__name__)
    for name in sorted(options.keys() - known):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"see help(glassnet.{where})."
        raise UnknownArgumentError(f"{name}: expected one of {', '.join(sorted(known))}; got an unknown name; {hint}")


@cache  # the signature of a class takes 40 µs, a training of a few steps no more than 200
def _keywords(function: Callable[..., Any]) -> frozenset[str]:
    parameters = inspect.signature(function).parameters.values()
    return frozenset(each.name for each in parameters if each.kind is each.KEYWORD_ONLY)
