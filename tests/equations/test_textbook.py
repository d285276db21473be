"""The textbook forms are the functions of the code wherever nothing overflows."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassnet.equations.activations import gelu
from glassnet.equations.textbook import TEXTBOOK


@pytest.mark.parametrize("function", TEXTBOOK, ids=lambda function: function.__name__)
def test_the_textbook_form_is_the_same_function(function):
    rng = np.random.default_rng(0)
    z, y = rng.normal(0, 2, (50, 4)), rng.random((50, 4))
    values = {"z": z, "y": y / y.sum(axis=1, keepdims=True), "a": gelu(z), "alpha": 0.7, "delta": 1.3}
    names = list(inspect.signature(function).parameters)
    assert names == list(inspect.signature(TEXTBOOK[function]).parameters)
    arguments = [values[name] for name in names]
    assert_allclose(TEXTBOOK[function](*arguments), function(*arguments), rtol=1e-12, atol=1e-14)
