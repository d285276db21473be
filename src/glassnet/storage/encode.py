"""Encodes objects of a fixed list of types as a description of JSON values and arrays; refuses all others."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import ACTIVATIONS, Activation
from glassnet.equations.initializers import INITIALIZERS
from glassnet.equations.loss import Loss
from glassnet.equations.losses import LOSSES
from glassnet.errors import InputError, shown
from glassnet.network.network import Network
from glassnet.storage.container import DTYPES
from glassnet.storage.kinds import MODELS, SETTINGS, kept_fields
from glassnet.storage.models import model_state
from glassnet.training.history import History
from glassnet.training.job import State

Array = NDArray[Any]

LONG = 8  # a list of more numbers than this, such as a loss curve or quantiles, is kept among the arrays
NUMBERS = "numbers"  # the array that holds all such lists, one after the other


class Encoder:
    """Turns objects into JSON values; arrays go to `tensors` under names made from their place in the object."""

    def __init__(self) -> None:
        self.tensors: dict[str, Array] = {}
        self._numbers: list[list[float]] = []

    def done(self) -> dict[str, Array]:
        """Return all arrays by name."""
        numbers = {NUMBERS: np.concatenate(self._numbers)} if self._numbers else {}
        return {**self.tensors, **numbers}

    def encode(self, value: Any, path: tuple[str, ...] = ()) -> Any:
        """Encode `value` as JSON: plain values unchanged, all others as an object with their kind under "$type"."""
        if value is None or isinstance(value, bool | np.bool_):
            return None if value is None else bool(value)
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, int | np.integer):
            if abs(int(value)) >= 2**128:
                raise _refusal(path, value, "a number below 2**128", "pass a smaller one")
            return int(value)
        if isinstance(value, float | np.float32 | np.float16):
            return float(value) if math.isfinite(value) else {"$type": "float", "value": repr(float(value))}
        if isinstance(value, list):
            if len(value) > LONG and all(type(item) is float for item in value):
                self._numbers.append(value)
                return {"$type": "numbers", "count": len(value)}
            return [self.encode(item, (*path, str(place))) for place, item in enumerate(value)]
        if isinstance(value, tuple | Mapping):
            return self._collection(value, path)
        if isinstance(value, np.ndarray):
            return self._array(value, path)
        if isinstance(value, np.random.RandomState | np.random.Generator):
            return self._random(value, path)
        return self._object(value, path)

    def _text(self, value: str, path: tuple[str, ...]) -> str:
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise _refusal(path, value, "text that UTF-8 can hold", "replace the odd character") from None
        return str(value)

    def _collection(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, tuple):
            return {"$type": "tuple", "items": self.encode(list(value), path)}
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {self._text(key, path): self.encode(item, (*path, key)) for key, item in value.items()}
        return {"$type": "dict", "items": [self.encode(list(pair), path) for pair in value.items()]}

    def _array(self, value: Array, path: tuple[str, ...]) -> Any:
        if value.dtype.newbyteorder("<") in map(np.dtype, DTYPES.values()):
            return {"$type": "array", "tensor": self.store(value, path)}
        if value.dtype.kind not in "UO":
            raise _refusal(path, value, "an array of numbers, booleans or text", f"convert it from {value.dtype}")
        items = [self.encode(item, path) for item in value.ravel().tolist()]
        if not all(item is None or isinstance(item, str | int | float) for item in items):
            raise _refusal(path, value, "an array of plain values", "convert its entries to text or numbers")
        return {"$type": "values", "dtype": _width(value), "shape": list(value.shape), "items": items}

    def store(self, value: Array, path: tuple[str, ...]) -> str:
        """Store an array in `tensors` and return its name there."""
        wanted = ".".join(re.sub(r"[^A-Za-z0-9_]", "_", part) or "_" for part in path)[:80] or "array"
        name, count = wanted, 1
        while name in self.tensors or name == NUMBERS:
            name, count = f"{wanted}_{count + 1}", count + 1
        self.tensors[name] = np.ascontiguousarray(value, value.dtype.newbyteorder("=")).reshape(value.shape)
        return name

    def _random(self, value: Any, path: tuple[str, ...]) -> Any:
        generator = isinstance(value, np.random.Generator)
        state = value.bit_generator.state if generator else value.get_state(legacy=False)
        if state["bit_generator"] not in ("MT19937", "PCG64"):
            kind = state["bit_generator"]
            raise _refusal(path, kind, "a source of kind MT19937 or PCG64", "pass a whole number")
        return {"$type": "Generator" if generator else "RandomState", **self.encode(dict(state), path)}

    def _object(self, value: Any, path: tuple[str, ...]) -> Any:
        kind = type(value).__name__
        if isinstance(value, Activation | Loss):
            return self._equation(value, path)
        if type(value) is Network:
            return self._network(value, path)
        if SETTINGS.get(kind) is type(value) or type(value) in (History, State):
            kept = kept_fields(type(value)) if isinstance(value, History | State) else [f.name for f in fields(value)]
            return {"$type": kind, **{name: self.encode(getattr(value, name), (*path, name)) for name in kept}}
        if MODELS.get(kind) == type(value).__module__:
            return {"$type": kind, **self.encode(model_state(value), path)}
        where = ".".join(path) or "model"
        raise InputError(
            f"{where}: expected numbers, text or objects of glassnet's own; got {shown(value)}, which a model file "
            f"without code cannot hold; {'set it to None before saving' if path else 'save a network or an estimator'}."
        )

    def _equation(self, value: Activation | Loss, path: tuple[str, ...]) -> Any:
        known: Any = (ACTIVATIONS if isinstance(value, Activation) else LOSSES).get(value.name)
        if known is None or known.with_parameters(**value.parameters) != value:
            kind = "activation" if isinstance(value, Activation) else "loss"
            raise InputError(
                f"{'.'.join(path)}: expected a built-in {kind}; got {value.name!r} of your own, whose Python code a model "
                "file cannot hold; save net.theta, and put it into a network built by your program."
            )
        return {
            "$type": type(value).__name__,
            "name": value.name,
            "parameters": self.encode(dict(value.parameters), path),
        }

    def _network(self, net: Network, path: tuple[str, ...]) -> Any:
        for name, array in named_parameters(net):
            if not np.isfinite(array).all():
                raise InputError(
                    f"{name}: expected finite parameters; got inf or nan; train again with a lower learning rate."
                )
        loss = net.loss_function
        described = {
            "$type": "Network",
            "sizes": list(net.sizes),
            "hidden": self.encode(net.hidden, (*path, "hidden")),
            "output": self.encode(net.output, (*path, "output")),
            "loss": loss.name if LOSSES.get(loss.name) == loss else self.encode(loss, (*path, "loss")),
            "init": self._init(net.init, path),
            "seed": self.encode(net.seed, (*path, "seed")),
            "dtype": net.dtype.name,
        }
        for name, array in named_parameters(net):
            stored = self.store(array, (*path, name))
            if stored != ".".join((*path, name)):
                raise _refusal(path, stored, "one network of this name", "save the networks one by one")
        return described

    def _init(self, init: Any, path: tuple[str, ...]) -> Any:
        if isinstance(init, list | tuple):
            return [self._init(one, path) for one in init]
        name = getattr(init, "__name__", None) if callable(init) else init
        if name is not None and callable(init) and INITIALIZERS.get(name) is not init:
            raise _refusal((*path, "init"), init, "a built-in initializer", "set net.init = None before saving")
        return name


def named_parameters(net: Network) -> list[tuple[str, Array]]:
    """W1, b1, W2, b2, … with their arrays."""
    return [(f"{kind}{layer}", views[layer]) for layer in net.W for kind, views in (("W", net.W), ("b", net.b))]


def _width(value: Array) -> str:
    return "object" if value.dtype.kind == "O" else f"U{value.dtype.itemsize // 4}"


def _refusal(path: tuple[str, ...], got: object, expected: str, way_out: str) -> InputError:
    return InputError(f"{'.'.join(path) or 'model'}: expected {expected}; got {shown(got)}; {way_out}.")
