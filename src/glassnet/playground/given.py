"""What a notebook hands to the page: its points, initial weights and options, each under a name that a query has."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from glassnet.network.network import Network
from glassnet.playground.setup import Data, Setup, check_setup
from glassnet.playground.state import GIVEN, State, read_query, read_state


@dataclass(frozen=True, eq=False)
class Given:
    """The points of a run and the network that it starts from; the names of both are made of their content.

    `settings` are those that the page has controls for.
    """

    data: Data
    network: Network
    settings: State

    @cached_property
    def data_name(self) -> str:
        """The name of the points with the options that no control sets: given:… with a SHA-256."""
        data, digest = self.data, hashlib.sha256()
        for part in (data.train, data.y_train, data.test, data.y_test):
            digest.update(np.ascontiguousarray(part).tobytes())
        told = [data.classes, data.names, data.title, data.output, len(data.train)]
        for name, value in sorted(data.options.items()):
            told += [name, value.tolist() if isinstance(value, np.ndarray) else value]
        digest.update(repr(told).encode())
        return GIVEN + digest.hexdigest()

    @cached_property
    def init_name(self) -> str:
        """The name of the initial weights: given:… with a SHA-256."""
        network = self.network
        told = repr([network.sizes, network.dtype.name, network.init])
        return GIVEN + hashlib.sha256(told.encode() + network.theta.tobytes()).hexdigest()

    @cached_property
    def state(self) -> State:
        """The run at its first step as a state of the page.

        Raises
        ------
        InputError
            If a setting is beyond the limits of the page.
        """
        state = replace(self.settings, data=self.data_name, init=self.init_name, step=0)
        return check_setup(read_state(state.query()), self.data, self.network).state

    @property
    def home(self) -> dict[str, str]:
        """The names of a query that make the run, and their values."""
        return read_query(self.state.query())


def given_arrays(setup: Setup) -> dict[str, Any]:
    """Return the arrays of a run that only the notebook has: points, weights of the rows, initial weights."""
    data, arrays = setup.data, {}
    if setup.state.data.startswith(GIVEN):
        arrays = {"X_train": data.train, "y_train": data.y_train, "X_test": data.test, "y_test": data.y_test}
        if "sample_weight" in data.options:
            arrays["sample_weight"] = data.options["sample_weight"]
    if setup.weights is not None:
        arrays["theta"] = setup.weights.theta
    return arrays


def written(arrays: Mapping[str, Any], width: int = 100) -> str:
    """Return the lines of a script that hold arrays, as `given`; none without arrays.

    Examples
    --------
    >>> scope = {"np": np, "base64": base64, "io": io}
    >>> exec(written({"X": np.arange(3)}), scope)
    >>> scope["given"]["X"]
    array([0, 1, 2])
    """
    if not arrays:
        return ""
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    text = base64.b85encode(content.getvalue()).decode()
    lines = "".join(f"    {text[at : at + width]!r}\n" for at in range(0, len(text), width))
    return f"# points and initial weights as the notebook had them\ngiven = np.load(io.BytesIO(base64.b85decode(\n{lines})))\n"
