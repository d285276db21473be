"""The independent checks find every planted fault and accuse no right number, whatever stands in their way."""

import numpy as np
import pytest
from tests.explain import planted

import glassnet as gn

BLOCKS = [range(8)]  # by default; all 1,000 with -m long
BLOCKS += [pytest.param(range(start, start + 62), marks=pytest.mark.long) for start in range(8, 1000, 62)]


@pytest.mark.parametrize("seeds", BLOCKS, ids=str)
def test_every_planted_fault_is_found(seeds):
    found = 0
    for seed in seeds:
        derivation, symbol = planted.planted(seed, True)
        if symbol:
            check = derivation.check(symbol, None)
            assert check.verdict == "DIFFERS", (seed, symbol, check, derivation.network)
            found += 1
    assert found > 0.7 * len(seeds)


@pytest.mark.parametrize("seeds", BLOCKS, ids=str)
def test_no_right_number_is_accused(seeds):
    for seed in seeds:
        derivation, _ = planted.planted(seed, False)
        for step in derivation.steps:
            check = derivation.check(step.symbol, 8)
            assert check.verdict != "DIFFERS", (seed, step, check, derivation.network)
            assert check.ok or step.expression is None, (seed, step, check)


WRONG = gn.Activation("wrong", np.tanh, lambda z, a: 1.0005 * (1 - a**2))
X, Y = [0.5, -1.0, 0.8], [1.0, 0.0]


def explained(hidden, x=X, y=Y, output="identity", change=None, **options):
    sizes = [3, *[4] * len(hidden), 1 if output == "sigmoid" else 2]
    network = gn.Network(sizes, hidden, output, seed=2, dtype=options.pop("dtype", "float64"))
    if change is not None:
        change(network)
    return gn.explain(network, x, y, **options)


def biases_zero(network):
    for b in network.b.values():
        b[...] = 0


def weight_zero(network):
    network.W[1][0, 0] = 0


def unit_zero(network):
    network.W[2][:, 0], network.b[2][...] = 0, [0, 1, 1, 1]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("derivation", "symbols"),
    [
        (lambda dtype: explained([WRONG], dtype=dtype), ("g_prime1", "dZ1", "dW1", "db1")),
        (lambda dtype: explained([WRONG], change=weight_zero, l1=0.01, dtype=dtype), ("g_prime1", "dW1_data", "dW1")),
        (lambda dtype: explained([WRONG, "relu"], change=unit_zero, dtype=dtype), ("g_prime1", "dZ1", "dW1")),
        (
            lambda dtype: explained(["relu", WRONG], [0, 0, 0], change=biases_zero, dtype=dtype),
            ("g_prime2", "dZ2", "db2"),
        ),
    ],
    ids=["alone", "a weight of 0 and L1", "a unit at a kink", "all units below at a kink"],
)
def test_a_kink_elsewhere_excuses_nothing(derivation, symbols, dtype):
    found = derivation(dtype)
    for symbol in symbols:
        check = found.check(symbol, None)
        assert (check.verdict, check.entries) == ("DIFFERS", check.checked), (symbol, check)
    assert found.check("Z1", None).ok
    assert found.check("dZ3" if "dZ3" in found else "dZ2", None).ok


def test_several_kinks_on_the_way_of_one_number():
    """Two units that move apart at the kink: the slope of both is 0 by convention, which is between no two sides."""
    network = gn.Network([1, 1, 2, 1], hidden=["identity", "relu"], init="zeros")
    network.W[1][...], network.W[2][...], network.W[3][...] = 1, [[1, -1]], [[2], [-3]]
    derivation = gn.explain(network, [0.0], [5.0])
    check = derivation.check("dZ1")
    assert (check.ok, check.kinks, check.error) == (True, 1, 0.0)
    assert derivation.independent("dZ1", (0, 0)) == (0.0, "complex step with the slope stated at the kink")


@pytest.mark.parametrize(("slope", "ok"), [(0.0, True), (0.5, True), (1.0, True), (-0.01, False), (1.01, False)])
def test_any_slope_between_the_sides_of_a_kink_is_right(slope, ok):
    own = gn.Activation("own", lambda z: np.maximum(z, 0), lambda z, a: np.where(z == 0, slope, 1.0 * (z > 0)))
    derivation = explained([own, "tanh"], [0, 0, 0], change=biases_zero)
    for symbol in ("g_prime1", "dZ1", "db1"):
        assert derivation.check(symbol, None).ok == ok, derivation.check(symbol, None)
    assert derivation.check("dA1", None).ok


@pytest.mark.parametrize("size", [1, 1e7, 1e12])
@pytest.mark.parametrize("value", [lambda z, y: (z - y) ** 2, lambda z, y: np.abs(z - y) ** 2], ids=["analytic", "abs"])
def test_large_targets_are_no_fault_and_hide_none(size, value):
    for factor, ok in ((1, True), (1.0005, False)):
        loss = gn.Loss("own", value, lambda z, y, factor=factor: factor * 2 * (z - y))
        network = gn.Network([3, 4, 2], "tanh", loss=loss, seed=1)
        derivation = gn.explain(network, X, [size, -3 * size])
        for symbol in ("dZ2", "dW2", "dZ1", "dW1"):
            assert derivation.check(symbol, None).ok == ok, (symbol, derivation.check(symbol, None))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("size", [40, 1e5])
def test_huge_logits_are_no_fault(output, size, dtype):
    def enlarge(network):
        network.W[2][...] *= size

    for target in (0, 1):
        derivation = explained(["tanh"], y=target, output=output, change=enlarge, dtype=dtype)
        for step in derivation.steps:
            assert derivation.check(step.symbol, None).ok, derivation.check(step.symbol, None)


def test_a_number_of_float32_that_is_off_is_found():
    derivation = explained(["tanh"], output="softmax", y=1, dtype="float32", optimizer="adam")
    for step in derivation.steps:
        kept = np.array(step.value)
        assert derivation._checker.check(step, None).ok, step
        object.__setattr__(step, "value", kept * np.float32(1.0005))
        assert derivation._checker.check(step, None).verdict == "DIFFERS", step


def test_what_cannot_be_checked_says_so():
    def assigning(z):
        z = z.copy()
        z[z < 0] = 0
        return z

    own = gn.Activation("assigning", assigning, lambda z, a: np.where(z > 0, 1.0, 0.0))
    derivation = explained([own])
    check = derivation.check("A1")
    assert (check.ok, check.verdict, check.checked, check.entries) == (False, "not checked", 0, 4)
    assert str(check) == "not checked: its code gives no formula to run again"
    assert derivation.check("dW1").ok
    assert "check not checked" in derivation.to_text(["A1"])
    assert "bad" not in derivation.to_html(["A1"], document=False).partition("</style>")[2]


def test_a_function_behind_a_lambda_that_is_no_equation():
    def rectified(z):
        z = z.copy()
        z[z < 0] = 0
        return z

    derivation = explained([gn.Activation("own", lambda z: rectified(z), lambda z, a: 1.0 * (z > 0))])
    assert derivation["A1"].expression is None
    assert derivation.check("dW1", None).ok


def test_the_number_of_entries_is_said():
    derivation = explained(["tanh"])
    assert str(derivation.check("dW1", None)).endswith("(complex step, all 12 entries)")
    assert str(derivation.check("dW1", 3)).endswith("(complex step, 3 of 12 entries)")
    assert str(derivation.check("loss")).endswith("(plain Python, its one entry)")
