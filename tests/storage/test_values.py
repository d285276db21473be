"""Plain values in a model file: long rows of numbers, mixed lists, and kinds that no version knows."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.storage.decode import Decoder
from glassnet.storage.encode import LONG, Encoder
from glassnet.storage.files import _check_pair
from glassnet.storage.strict_json import MalformedError


@pytest.mark.parametrize(
    "value",
    [
        [0.5] * LONG,
        [0.5] * (LONG + 1),
        [0.5] * LONG + [1],
        [None, *[0.5] * LONG],
        [*[0.5] * LONG, float("inf")],
        [*[0.5] * LONG, True],
    ],
    ids=["short", "long", "an integer at the end", "None first", "inf", "a boolean"],
)
def test_lists_come_back_with_their_types(value):
    encoder = Encoder()
    content = encoder.encode(value, ("x",))
    found = Decoder({name: np.asarray(array) for name, array in encoder.done().items()}).decode(content, ("x",))
    assert found == value
    assert [type(item) for item in found] == [type(item) for item in value]


@pytest.mark.parametrize("kind", ["Unheard", "", 3, None])
def test_a_kind_that_no_version_knows_is_refused(kind):
    with pytest.raises(MalformedError, match="a kind of object this version knows"):
        Decoder({}).decode({"$type": kind}, ())


@pytest.mark.parametrize(("width", "dtype"), [(2, "float32"), (3, "float64")])
def test_a_history_of_another_dtype_or_size_is_refused(width, dtype):
    X, y = np.eye(2), np.ones(2)
    history = gn.train(gn.Network([2, 2, 1]), X, y, epochs=1)
    _check_pair(gn.Network([2, 2, 1]), history)
    with pytest.raises(MalformedError, match=f"in {dtype}"):
        _check_pair(gn.Network([2, width, 1], dtype=dtype), history)
