"""The compiled equations are those of src/glassnet/equations as they stand, and the printer refuses what it cannot print."""

from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.equations import updates
from glassnet.equations.activations import ACTIVATIONS
from glassnet.equations.losses import LOSSES
from glassnet.native import generate
from glassnet.native.registry import ACTIVATION_NAMES, LOSS_NAMES, UPDATE_KINDS
from glassnet.printers.cpp import print_function, print_pull_back, print_update, split_log1p
from glassnet.printers.expression import read_equation

HEADER = Path(__file__).parents[2] / "native" / "equations.hpp"


def test_the_header_is_what_the_generator_writes():
    same = HEADER.read_text(encoding="utf-8") == generate.generate()
    assert same, "native/equations.hpp is out of date; run python -m glassnet.native.generate"


def test_the_command_writes_the_header(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["generate", str(tmp_path / "equations.hpp")])
    generate.main()
    assert (tmp_path / "equations.hpp").read_bytes() == HEADER.read_bytes()
    assert capsys.readouterr().out == f"{tmp_path / 'equations.hpp'}\n"


def test_every_equation_is_in_the_header():
    text = HEADER.read_text(encoding="utf-8")
    for name in ACTIVATION_NAMES:
        assert f"inline V {ACTIVATIONS[name].f.__name__}(" in text
        assert f"inline V {ACTIVATIONS[name].df.__name__}(" in text
    for name in LOSS_NAMES:
        assert f"inline V {LOSSES[name].value.__name__}(" in text
        assert f"inline V {LOSSES[name].slope.__name__}(" in text
    for kind in UPDATE_KINDS:
        assert f"struct {kind.__name__} {{" in text


# --- what is printed --------------------------------------------------------------------------------------------


def hinge(z, y):
    """A docstring, which is passed over."""
    m = 1 - y * z
    return np.maximum(m, 0)


def powers(z, a):
    b = -(z**2) / (1 + z) / z - (a - z)
    b = b - 2.5 * abs(a)
    return np.where(z > 1, b**3, hinge(z, a))


def steep(z, a):
    return np.where((z > -1) * (z <= 1), np.ones_like(z), 0.0)


def indicator(z, a):
    return z > 0


def test_an_equation_is_printed_with_its_assignments():
    assert print_function(hinge).splitlines() == [
        "template <class V> inline V hinge([[maybe_unused]] V z, [[maybe_unused]] V y) {",
        "    V m = V(1) - y * z;",
        "    return maximum(m, V(0));",
        "}",
    ]


def test_brackets_keep_the_order_of_operations():
    assert print_function(powers).splitlines() == [
        "template <class V> inline V powers([[maybe_unused]] V z, [[maybe_unused]] V a) {",
        "    V b = -(z * z) / (V(1) + z) / z - (a - z);",
        "    b = b - V(2.5) * abs(a);",
        "    return where(z > V(1), b * b * b, hinge(z, a));",
        "}",
    ]


def test_a_comparison_is_a_choice_and_a_factor():
    assert "return where(z > V(0), V(1), V(0));" in print_function(indicator)
    assert print_pull_back(indicator, "z, a") == "where(z > V(0), da, V(0))"
    assert print_pull_back(powers, "z, a") == "da * equations::powers(z, a)"
    product = "where(z > V(-1), V(1), V(0)) * where(z <= V(1), V(1), V(0))"
    assert f"where({product} > V(0), V(1), V(0.0))" in print_function(steep).replace("-V(1)", "V(-1)")


def test_binary_cross_entropy_is_split_at_its_logarithm():
    rest, u = split_log1p(LOSSES["binary_cross_entropy"].value)
    z, y = 0.7, 0.25
    scope = {"V": float, "maximum": max, "minimum": min, "abs": abs, "exp": np.exp, "z": z, "y": y}
    whole = LOSSES["binary_cross_entropy"].value(np.array(z), np.array(y))
    assert eval(rest, scope) + np.log1p(eval(u, scope)) == pytest.approx(whole, rel=1e-14)
    assert split_log1p(LOSSES["huber"].value) is None


def test_an_update_computes_its_scalars_once_and_in_double():
    assert print_update(updates.momentum, "Momentum", ("v",)).splitlines() == [
        "template <class V> struct Momentum {",
        "    using T = typename V::Scalar;",
        "    static constexpr int slots = 1;",
        "    V c0;",
        "    V c1;",
        "    explicit Momentum(double learning_rate, double momentum)",
        "        : c0(V(T(momentum))),",
        "          c1(V(T(learning_rate))) {}",
        "    inline void operator()(V& theta, const V g, V& v, V&) const {",
        "        v = c0 * v - c1 * g;",
        "        theta = theta + v;",
        "    }",
        "};",
    ]


def test_an_update_divides_by_a_scalar_with_a_product():
    def halved(theta, g, v, rate, t):
        v = v + g * g
        theta = theta - rate / (1 - t) * g / (np.sqrt(v) + 1e-8) / (2 * rate)
        return theta, v

    lines = print_update(halved, "Halved", ["v"]).splitlines()
    assert "    explicit Halved(double rate, double t)" in lines
    body = next(line for line in lines if line.strip().startswith("theta ="))
    assert "fast_divide(" in body
    assert "fast_sqrt(v)" in body
    assert " / " not in body
    text = "\n".join(lines)
    assert "V(T((rate / (1 - t))))" in text
    assert "V(T(1 / ((2 * rate))))" in text


# --- what is refused --------------------------------------------------------------------------------------------


def branches(z):
    if z > 0:
        return z
    return 0 * z


def chooses(z):
    return z if z > 0 else 0 * z


def loops(z):
    for _ in range(3):
        z = z * z
    return z


def whiles(z):
    while z > 1:
        z = z / 2
    return z


def attributes(z):
    return z.T


def methods(z):
    return z.sum()


def indexes(z):
    return z[0]


def unknown(z):
    return np.sinh(z)


def misused(z):
    return np.maximum(z, 0, 1)


def named(z):
    return np.maximum(z, x2=0)


def chained(z):
    return 0 < z < 1


def divides_whole(z):
    return z // 2


def listed(z):
    return [z]


def text(z):
    return z + "1"


def unpacks(z):
    a, b = z, z
    return a + b


def assigns_twice(z):
    a = b = z
    return a + b


def only_says(z):
    """What it would do."""


def accumulates(z):
    z += 1
    return z


def returns_nothing(z):
    z = z + 1


def inner(z):
    def f(x):
        return x

    return f(z)


def invert(z):
    return ~z


REFUSED = [
    (branches, "if z > 0:"),
    (chooses, "z if z > 0 else 0 * z"),
    (loops, "for _ in range(3):"),
    (whiles, "while z > 1:"),
    (attributes, "z.T"),
    (methods, "z.sum()"),
    (indexes, "z[0]"),
    (unknown, "np.sinh(z)"),
    (misused, "np.maximum(z, 0, 1)"),
    (named, "np.maximum(z, x2=0)"),
    (chained, "0 < z < 1"),
    (divides_whole, "z // 2"),
    (listed, "[z]"),
    (text, "'1'"),
    (unpacks, "a, b = (z, z)"),
    (assigns_twice, "a = b = z"),
    (only_says, "What it would do."),
    (accumulates, "z += 1"),
    (returns_nothing, "z = z + 1"),
    (inner, "def f(x)"),
    (invert, "~z"),
]


@pytest.mark.parametrize(("function", "got"), REFUSED, ids=[function.__name__ for function, _ in REFUSED])
def test_the_printer_refuses_all_that_is_no_equation(function, got):
    for reading in (read_equation, print_function):
        with pytest.raises(gn.InputError) as caught:
            reading(function)
        message = str(caught.value)
        assert message.startswith(f"equation {function.__name__}: expected assignments and a return of arithmetic")
        assert repr(got)[1:-1] in message
        assert message.endswith("; rewrite it in those, or use the numpy engine.")


@pytest.mark.parametrize("function", [np.exp, len, lambda z: z])
def test_a_function_without_a_def_is_refused(function):
    with pytest.raises(gn.InputError, match=r"^equation .*: expected a "):
        read_equation(function)
