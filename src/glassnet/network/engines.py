"""The engines by name, and the choice between them: the first that can do the work, with one line where one cannot."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from numpy.typing import NDArray

from glassnet.errors import InputError, unknown_name

Array = NDArray[Any]


class Predictor(Protocol):
    """The ability of every engine: to compute the outputs of a network. Those that train follow `training.job.Engine`."""

    name: str

    def refuses(self, network: Any) -> str:
        """Return the reason why this engine cannot compute the Network, or "" if it can."""
        ...

    def output(self, network: Any, X: Array) -> Array:
        """The outputs (n, n_outputs) for checked rows X."""
        ...


ENGINES: dict[str, Predictor] = {}  # by name, the preferred first
_said: set[str] = set()


def choose_engine(name: Any, refusals: dict[str, str]) -> str:
    """The engine called `name`, or for "auto" the first without a refusal; says once why a better one is passed over.

    Raises
    ------
    InputError
        If there is no such engine, or the one asked for refuses.
    """
    names = ["auto", *refusals]
    if not isinstance(name, str) or name not in names:
        raise unknown_name("engine", name, names)
    if name != "auto":
        if refusals[name]:
            raise InputError(
                f"engine: expected one that can do this; got {name!r}, but {refusals[name]}; use engine='auto'."
            )
        return name
    for candidate, refusal in refusals.items():
        if not refusal:
            return candidate
        line = f"engine {candidate!r} is passed over: {refusal}"
        if line not in _said:
            _said.add(line)
            logging.getLogger("glassnet").warning(line)
    raise InputError(
        "engine: expected one that can do this; got none; use the functions numpy offers in your equations."
    )
