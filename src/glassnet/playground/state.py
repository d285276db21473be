"""The state of the playground: reads it from the query of the URL and checks its names, defaults and limits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, quote

from glassnet.equations.activations import ACTIVATIONS
from glassnet.equations.initializers import INITIALIZERS
from glassnet.errors import InputError, shown, unknown_name
from glassnet.playground.datasets import DATASETS
from glassnet.playground.drawn import KINDS
from glassnet.playground.features import FEATURES
from glassnet.training.optimizers import OPTIMIZERS, Optimizer
from glassnet.version import __version__

MOST_CHARACTERS = 4000  # length of a query
MOST_EDITS = 50
MOST_LAYERS, MOST_UNITS = 6, 32
HIDDEN = tuple(name for name, each in ACTIVATIONS.items() if not each.rowwise and name != "exponential")
RATES = {name: kind.learning_rate for name, kind in OPTIMIZERS.items() if issubclass(kind, Optimizer)}
RATES.pop("adamepsilonhat")

# names that only the page reads, with their defaults: they change the view of a run, not the run
VIEW = {
    "compare": "",  # the query of a second run
    "active": "0",  # the run that the controls change
    "sample": "",
    "entry": "",
    "glass": "",
    "stage": "",
    "log": "",
    "panel": "loss",
    "lesson": "",
    "exercise": "",
    "hide": "",
    "lang": "",  # of the page's words: "de"; "" is that of the browser
    "keys": "",  # "off" without those of a single letter or sign
    "size": "",  # "projector" for large type
    "theme": "",
    "speed": "60",
    "free": "",
    "sig": "",
}
PASSED_OVER = frozenset([*VIEW, "v", "view"])

# the fields that the points depend on
POINTS = ("data", "classes", "n", "noise", "data_seed", "test", "x", "y", "target")
COLUMNS = ("x", "y", "target")
MOST_NAME = 60  # characters of a column's name

_WHOLE = re.compile(r"\d{1,10}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_HASHED = re.compile(r"(csv|given):[0-9a-f]{64}")  # data of an upload, or of a notebook
GIVEN = "given:"  # begins the names of data and of initial weights that a notebook gave
_EDIT = re.compile(r"(\d{1,10}):([Wb])(\d{1,2}),(\d{1,2})(?:,(\d{1,2}))?=(.+)")


@dataclass(frozen=True, order=True)
class Edit:
    """An edit by hand before a step: W[layer][row, column] or b[layer][column] is set to a value."""

    step: int
    layer: int
    row: int  # −1 for a bias
    column: int
    value: float

    @property
    def name(self) -> str:
        """The name of the parameter in a query: W1,0,3 or b2,0."""
        if self.row < 0:
            return f"b{self.layer},{self.column}"
        return f"W{self.layer},{self.row},{self.column}"

    def __str__(self) -> str:
        return f"{self.step}:{self.name}={_short(self.value)}"


@dataclass(frozen=True)
class State:
    """A run of the playground and a step of it; equal states give equal pictures.

    Examples
    --------
    >>> State()
    State(step=0)
    >>> read_state("data=xor&hidden=4,2&activation=tanh&step=10").hidden
    (4, 2)
    """

    data: str = "moons"
    classes: int = 3
    n: int = 400
    noise: float = 0.2
    data_seed: int = 42
    test: float = 0.2
    features: tuple[str, ...] = ("x", "y")
    hidden: tuple[int, ...] = (10,)
    activation: tuple[str, ...] = ("relu",)  # one for all hidden layers, or one for each
    loss: str = ""  # "" is the default of the output
    init: str = ""  # "" is the default of the activations
    optimizer: str = "sgd"
    rate: float = 0.0  # 0 is the default of the optimizer
    batch: int = 0  # 0 is the whole training set
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    seed: int = 42
    x: str = ""  # columns of own data: "" is the first one that fits
    y: str = ""  # NO_COLUMN takes none: a target over one input
    target: str = ""
    edits: tuple[Edit, ...] = ()
    step: int = 0

    @property
    def learning_rate(self) -> float:
        return self.rate or RATES[self.optimizer]

    @property
    def activations(self) -> tuple[str, ...]:
        """One name for each hidden layer."""
        return self.activation * len(self.hidden) if len(self.activation) == 1 else self.activation

    @property
    def drawn(self) -> bool:
        """True if the points were drawn by hand and stand in the state."""
        return self.data.partition(":")[0] in KINDS

    @property
    def run(self) -> State:
        """The same run at step 0: a key for all that does not depend on the step."""
        return replace(self, step=0)

    @property
    def points(self) -> State:
        """The state with only the fields of the data set; all others are at their defaults."""
        return State(**{name: getattr(self, name) for name in POINTS})

    def query(self) -> str:
        """Return the shortest query that `read_state` reads as this state."""
        default = State()
        parts = {each.name: _text(getattr(self, each.name)) for each in fields(self)
                 if getattr(self, each.name) != getattr(default, each.name)}  # fmt: skip
        return "&".join(f"{name}={quote(text, safe=',:;')}" for name, text in parts.items())

    def __repr__(self) -> str:
        query = self.query()
        return f"State({query.replace('&', ', ') if query else 'step=0'})"


def read_state(query: str) -> State:
    """Return the state of a query string.

    Raises
    ------
    InputError
        If a name is unknown or given twice, or a value is not allowed.
    """
    return state_of(read_query(query))


def read_query(query: str) -> dict[str, str]:
    """Return the names and values of a query string; each name may occur once."""
    if len(query) > MOST_CHARACTERS:
        raise InputError(f"query: expected at most {MOST_CHARACTERS:,} characters; got {len(query):,}; leave some out.")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=64)
    except ValueError:  # UnicodeDecodeError included
        raise InputError(f"query: expected name=value&…; got {shown(query)}; copy the whole address.") from None
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{shown(name)}: expected once; got {names.count(name)} times; keep one.")
    return dict(pairs)


def state_of(given: Mapping[str, str], others: tuple[str, ...] = ()) -> State:
    """Make the state from names and values; names in `others`, read by the caller, and those of the page are ignored."""
    known = {each.name for each in fields(State)}
    for name in given:
        if name not in known and name not in PASSED_OVER and name not in others:
            raise unknown_name("query", name, known)
    return _check(State(**{name: _READ[name](name, text) for name, text in given.items() if name in known}))


def settings(given: Mapping[str, str]) -> dict[str, str]:
    """Return the names of a run that are not at their defaults, each value read and written anew, without the step."""
    default = State()
    read = {each.name: _READ[each.name](each.name, given[each.name])
            for each in fields(State) if each.name in given and each.name != "step"}  # fmt: skip
    return {name: _text(value) for name, value in read.items() if value != getattr(default, name)}


# --- readers of one value ---------------------------------------------------------------------------------------------


def whole(name: str, text: str, low: int, high: int) -> int:
    """Parse the text as a whole number within [low, high]."""
    if not _WHOLE.fullmatch(text) or not text.isascii() or not low <= int(text) <= high:
        raise InputError(
            f"{name}: expected a whole number from {low:,} to {high:,}; got {shown(text)}; pass e.g. {name}={low}."
        )
    return int(text)


def number(name: str, text: str, low: float, high: float) -> float:
    """Parse the text as a number within [low, high]."""
    value = float(text) if _NUMBER.fullmatch(text) and text.isascii() else math.nan
    if not low <= value <= high:
        raise InputError(
            f"{name}: expected a number from {low:g} to {high:g}; got {shown(text)}; pass e.g. {name}={low:g}."
        )
    return value + 0.0  # −0 is 0


def _choice(name: str, text: str, known: Any) -> str:
    if text not in known:
        raise unknown_name(name, text, known)
    return text


def _data(name: str, text: str) -> str:
    drawn = text.partition(":")[0] in KINDS and ":" in text  # checked in drawn.py
    return text if drawn or _HASHED.fullmatch(text) else _choice(name, text, DATASETS)


def _column(name: str, text: str) -> str:
    if len(text) > MOST_NAME:
        raise InputError(f"{name}: expected the name of a column; got {shown(text)}; choose one of the data.")
    return text


def _features(name: str, text: str) -> tuple[str, ...]:
    names = tuple(_choice(name, each, FEATURES) for each in text.split(",", len(FEATURES) + 1))
    if len(set(names)) < len(names):
        raise InputError(f"{name}: expected each feature once; got {shown(text)}; remove the second.")
    return tuple(each for each in FEATURES if each in names)  # in a fixed order: the same features are the same run


def _hidden(name: str, text: str) -> tuple[int, ...]:
    widths = text.split(",", MOST_LAYERS + 1) if text else []
    if len(widths) > MOST_LAYERS:
        raise InputError(f"{name}: expected at most {MOST_LAYERS} layers; got {shown(text)}; pass e.g. {name}=8,4.")
    return tuple(whole(name, width, 1, MOST_UNITS) for width in widths)


def _init(name: str, text: str) -> str:
    given = text.startswith(GIVEN) and _HASHED.fullmatch(text)
    return text if given or not text else _choice(name, text, INITIALIZERS)


def _activation(name: str, text: str) -> tuple[str, ...]:
    return tuple(_choice(name, each, HIDDEN) for each in text.split(",", MOST_LAYERS + 1))


def _edits(name: str, text: str) -> tuple[Edit, ...]:
    given = text.split(";", MOST_EDITS + 1) if text else []
    if len(given) > MOST_EDITS:
        raise InputError(f"{name}: expected at most {MOST_EDITS} changes; got more; leave some out.")
    edits = []
    for each in given:
        found = _EDIT.fullmatch(each) if each.isascii() else None
        if found is None or (found[2] == "W") != (found[5] is not None):
            raise InputError(
                f"{name}: expected step:W1,0,3=0.5 or step:b1,0=0.5, parted by semicolons; got {shown(each)}; correct it."
            )
        row, column = (int(found[4]), int(found[5])) if found[2] == "W" else (-1, int(found[4]))
        edits.append(Edit(int(found[1]), int(found[3]), row, column, number(name, found[6], -1e6, 1e6)))
    # a stable sort: of two edits of one parameter at a step the last one counts
    return tuple(sorted(edits, key=lambda edit: edit.step))


@dataclass(frozen=True)
class _Whole:
    """Reads a whole number within limits."""

    low: int
    high: int

    def __call__(self, name: str, text: str) -> int:
        return whole(name, text, self.low, self.high)


@dataclass(frozen=True)
class _Number:
    """Reads a number within limits."""

    low: float
    high: float
    or_nothing: bool = False  # True if an empty text means the default

    def __call__(self, name: str, text: str) -> float:
        return 0.0 if self.or_nothing and not text else number(name, text, self.low, self.high)


_READ: dict[str, Callable[[str, str], Any]] = {
    "data": _data,
    "classes": _Whole(2, 5),
    "n": _Whole(20, 2000),
    "noise": _Number(0, 1),
    "data_seed": _Whole(0, 2**32 - 1),
    "test": _Number(0.1, 0.9),
    "x": _column,
    "y": _column,
    "target": _column,
    "features": _features,
    "hidden": _hidden,
    "activation": _activation,
    "loss": lambda name, text: text,  # checked in setup.py, because it depends on the data
    "init": _init,
    "optimizer": lambda name, text: _choice(name, text, RATES),
    "rate": _Number(1e-8, 1000, or_nothing=True),
    "batch": _Whole(0, 2000),
    "l1": _Number(0, 10),
    "l2": _Number(0, 10),
    "dropout": _Number(0, 0.9),
    "seed": _Whole(0, 2**32 - 1),
    "edits": _edits,
    "step": _Whole(0, 10**9),
}


def describe() -> dict[str, Any]:
    """Return the default, limits and choices of each name of a query, for the page's controls."""
    choices = {
        "data": {name: each.title for name, each in DATASETS.items()},
        "features": {name: each[0] for name, each in FEATURES.items()},
        "activation": list(HIDDEN),
        "init": ["", *INITIALIZERS],
        "optimizer": RATES,
    }
    names: dict[str, Any] = {}
    for each in fields(State):
        reader = _READ[each.name]
        names[each.name] = {"default": _text(each.default)}
        if isinstance(reader, _Whole | _Number):
            names[each.name] |= {"low": reader.low, "high": reader.high}
        if each.name in choices:
            names[each.name]["choices"] = choices[each.name]
    return {
        "version": __version__,
        "names": names,
        "most": {"layers": MOST_LAYERS, "units": MOST_UNITS, "edits": MOST_EDITS},
        "view": VIEW,
    }


def _check(state: State) -> State:
    """Check the parts of a state against each other, and bring equal runs into the same form."""
    if len(state.activation) not in (1, len(state.hidden)):
        raise InputError(
            f"activation: expected one, or one for each of {len(state.hidden)} hidden layers; "
            f"got {len(state.activation)}; pass e.g. activation=tanh."
        )
    if len(set(state.activation)) == 1 or not state.hidden:
        state = replace(state, activation=state.activation[:1])
    if not state.data.startswith("csv:"):
        state = replace(state, x="", y="", target="")
    if state.rate == RATES[state.optimizer]:
        state = replace(state, rate=0.0)
    return state


def _short(value: float) -> str:
    text = repr(value)
    return text.removesuffix(".0")


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return (";" if value and isinstance(value[0], Edit) else ",").join(map(str, value))
    return _short(value) if isinstance(value, float) else str(value)
