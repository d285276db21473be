"""Decodes a description and its arrays into objects; every value is checked against its type first."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.equations.activations import as_activation
from glassnet.equations.losses import as_loss
from glassnet.network.network import Network
from glassnet.storage.encode import NUMBERS
from glassnet.storage.fields import a_list, check_init, check_random, numbers, only, text
from glassnet.storage.kinds import ADDED_FIELDS, MODELS, SETTINGS, kept_fields
from glassnet.storage.models import build_model
from glassnet.storage.strict_json import malformed
from glassnet.training.history import History
from glassnet.training.job import State

Array = NDArray[Any]


class Decoder:
    """Turns JSON values back into objects, taking each array from `tensors` once."""

    def __init__(self, tensors: dict[str, Array]) -> None:
        self.tensors = dict(tensors)
        numbers = self.tensors.pop(NUMBERS, np.zeros(0))
        if numbers.ndim != 1 or numbers.dtype != np.float64:
            malformed("a row of numbers", numbers)
        self.numbers = numbers
        self.reached = 0  # of the numbers, which lists take in their order

    def decode(self, node: Any, path: tuple[str, ...] = ()) -> Any:
        """Return the object that `node` describes."""
        if isinstance(node, list):
            return [self.decode(item, (*path, str(place))) for place, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        if "$type" not in node:
            return {key: self.decode(item, (*path, key)) for key, item in node.items()}
        kind, content = node["$type"], {key: item for key, item in node.items() if key != "$type"}
        build = _BUILDERS.get(kind) if isinstance(kind, str) else None
        if build is not None:
            return build(self, content, path)
        if isinstance(kind, str) and kind in SETTINGS:
            return SETTINGS[kind](**self.decode(content, path))
        if isinstance(kind, str) and kind in MODELS:
            return build_model(kind, self.decode(content, path))
        return malformed("a kind of object this version knows", kind)

    def take(self, name: Any) -> Array:
        """Return the array called `name`; each may be taken only once."""
        if not isinstance(name, str) or name not in self.tensors:
            malformed("a tensor for each array, used once", name)
        array = self.tensors.pop(name)
        return array.astype(array.dtype.newbyteorder("="))  # a copy that can be written

    def done(self) -> None:
        """Refuse tensors that the description does not name."""
        if self.tensors:
            malformed("no tensors but the described ones", said=", ".join(sorted(self.tensors)))
        if self.reached != len(self.numbers):
            malformed(f"{self.reached} numbers in lists", len(self.numbers))

    # --- plain values -----------------------------------------------------------------------------------------

    def _float(self, content: dict[str, Any], path: tuple[str, ...]) -> float:
        value = only(content, "value")["value"]
        if value not in ("inf", "-inf", "nan"):
            malformed("inf, -inf or nan", value)
        return float(value)

    def _tuple(self, content: dict[str, Any], path: tuple[str, ...]) -> tuple[Any, ...]:
        return tuple(self.decode(a_list(only(content, "items")["items"], "the items of a tuple"), path))

    def _dict(self, content: dict[str, Any], path: tuple[str, ...]) -> dict[Any, Any]:
        pairs = a_list(only(content, "items")["items"], "the items of a dict")
        decoded: dict[Any, Any] = {}
        for pair in pairs:
            if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str | int | float | None):
                malformed("pairs of a plain key and a value", pair)
            if pair[0] in decoded:
                malformed("each key of a dict once", pair[0])
            decoded[pair[0]] = self.decode(pair[1], (*path, "1"))
        return decoded

    def _array(self, content: dict[str, Any], path: tuple[str, ...]) -> Array:
        return self.take(only(content, "tensor")["tensor"])

    def _numbers(self, content: dict[str, Any], path: tuple[str, ...]) -> list[float]:
        if "tensor" in content:  # as format 1 has them
            array = self.take(only(content, "tensor")["tensor"])
            if array.ndim != 1 or array.dtype != np.float64:
                malformed("a row of numbers", array)
            return array.tolist()
        count = only(content, "count")["count"]
        if type(count) is not int or not 0 < count <= len(self.numbers) - self.reached:
            malformed(f"a list of at most {len(self.numbers) - self.reached} numbers", count)
        self.reached += count
        return self.numbers[self.reached - count : self.reached].tolist()

    def _values(self, content: dict[str, Any], path: tuple[str, ...]) -> Array:
        only(content, "dtype", "shape", "items")
        items = [self.decode(item, path) for item in a_list(content["items"], "the items of an array")]
        shape, dtype = a_list(content["shape"], "the shape of an array"), content["dtype"]
        if not all(type(axis) is int and axis >= 0 for axis in shape) or math.prod(shape) != len(items):
            malformed(f"a shape of {len(items)} entries", shape)
        array = np.empty(len(items), dtype=object)
        array[:] = items
        if dtype != "object":
            digits = dtype[1:] if isinstance(dtype, str) and dtype[:1] == "U" else ""
            if not (digits.isascii() and digits.isdigit() and len(digits) < 9 and int(digits) * len(items) < 2**24):
                malformed("object or text of a width that fits in memory", dtype)
            if not all(isinstance(item, str) and len(item) <= int(digits) for item in items):
                malformed(f"texts of at most {digits} characters", items)
            array = array.astype(f"<U{digits}").astype(f"=U{digits}")
        return array.reshape(shape)

    def _random_state(self, content: dict[str, Any], path: tuple[str, ...]) -> Any:
        state = check_random(self.decode(content, path), "MT19937", {"has_gauss", "gauss"})
        source = np.random.RandomState(0)
        source.set_state(state)
        return source

    def _generator(self, content: dict[str, Any], path: tuple[str, ...]) -> Any:
        state = self.decode(content, path)
        kind = "MT19937" if state.get("bit_generator") == "MT19937" else "PCG64"
        extra = set() if kind == "MT19937" else {"has_uint32", "uinteger"}
        source = np.random.Generator(getattr(np.random, kind)(0))
        source.bit_generator.state = check_random(state, kind, extra)
        return source

    # --- objects of glassnet ----------------------------------------------------------------------------------

    def _activation(self, content: dict[str, Any], path: tuple[str, ...]) -> Any:
        return as_activation(text(only(content, "name", "parameters")["name"])).with_parameters(
            **numbers(content["parameters"])
        )

    def _loss(self, content: dict[str, Any], path: tuple[str, ...]) -> Any:
        return as_loss(text(only(content, "name", "parameters")["name"])).with_parameters(
            **numbers(content["parameters"])
        )

    def _network(self, content: dict[str, Any], path: tuple[str, ...]) -> Network:
        only(content, "sizes", "hidden", "output", "loss", "init", "seed", "dtype")
        sizes = a_list(content["sizes"], "the sizes of a network")
        if len(sizes) < 2 or not all(type(size) is int and 0 < size < 2**40 for size in sizes):
            malformed("at least two whole numbers > 0 as sizes", sizes)
        if content["dtype"] not in ("float32", "float64"):
            malformed("dtype float32 or float64", content["dtype"])
        dtype = np.dtype(content["dtype"])
        parts = []
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes), start=1):
            for name, shape in ((f"W{layer}", (fan_in, fan_out)), (f"b{layer}", (fan_out,))):
                array = self.take(".".join((*path, name)))
                if array.shape != shape or array.dtype != dtype:
                    malformed(f"{name} of shape {shape} in {dtype}", said=f"{array.shape} in {array.dtype}")
                if not np.isfinite(array).all():
                    malformed(f"finite numbers in {name}", said="inf or nan")
                parts.append(array.ravel())
        # sizes agree with the arrays in the file, so nothing below takes more memory than the file itself
        net = Network(
            sizes,
            hidden=self.decode(content["hidden"], path),
            output=self.decode(content["output"], path),
            loss=self.decode(content["loss"], path),
            init="zeros",
            dtype=dtype,
        )
        net.theta = np.concatenate(parts)
        net.init = check_init(content["init"], len(sizes) - 1)
        net.seed = self.decode(content["seed"], path)
        if isinstance(net.seed, bool) or not isinstance(net.seed, int | np.random.RandomState | np.random.Generator):
            malformed("a whole number or a random source as seed", net.seed)
        return net

    def _state(self, content: dict[str, Any], path: tuple[str, ...]) -> State:
        found = self._record(State, content, path)
        if found["slots"].ndim != 2 or found["slots"].dtype not in (np.float32, np.float64):
            malformed("numbers in two axes as slots", found["slots"])
        for theta in (found["best_theta"], found["final_theta"]):
            if theta is not None and (theta.shape, theta.dtype) != (found["slots"].shape[1:], found["slots"].dtype):
                malformed(f"{found['slots'].shape[1]} parameters", theta)
        return State(**found)

    def _history(self, content: dict[str, Any], path: tuple[str, ...]) -> History:
        found = self._record(History, content, path)
        for name in ("loss", "validation_loss", "learning_rate"):
            if found[name].ndim != 1 or found[name].dtype != np.float64:
                malformed(f"a row of numbers as {name}", found[name])
        return History(**found)

    def _record(self, record: type[History | State], content: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        """Return the fields of a History or State, each of its annotated type."""
        expected = kept_fields(record)
        content = {**ADDED_FIELDS.get(record, {}), **content}
        only(content, *expected)
        found = {name: self.decode(content[name], (*path, name)) for name in expected}
        for name, annotation in expected.items():
            if not any(_IS[one](found[name]) for one in annotation.split(" | ")):
                malformed(f"{annotation} as {name}", found[name])
        return found


_IS: dict[str, Callable[[Any], bool]] = {
    "int": lambda value: type(value) is int and 0 <= value < 2**62,
    "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "str": lambda value: isinstance(value, str),
    "None": lambda value: value is None,
    "Array": lambda value: isinstance(value, np.ndarray) and value.dtype.kind == "f",
    "State": lambda value: isinstance(value, State),
}
_BUILDERS: dict[str, Callable[..., Any]] = {
    "float": Decoder._float,
    "tuple": Decoder._tuple,
    "dict": Decoder._dict,
    "array": Decoder._array,
    "numbers": Decoder._numbers,
    "values": Decoder._values,
    "RandomState": Decoder._random_state,
    "Generator": Decoder._generator,
    "Activation": Decoder._activation,
    "Loss": Decoder._loss,
    "Network": Decoder._network,
    "State": Decoder._state,
    "History": Decoder._history,
}
