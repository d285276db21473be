"""The compiled equations are those of src/glassnet/equations as they stand, and the printer refuses what it cannot print."""

import re
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
from glassnet.printers.cpp_rows import print_rowwise, print_rowwise_loss
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
    for name, activation in ACTIVATIONS.items():
        kind = "V" if name in ACTIVATION_NAMES else "void"
        assert f"inline {kind} {activation.f.__name__}(" in text
        assert f"inline {kind} {activation.df.__name__}(" in text
    for name, loss in LOSSES.items():
        assert f"inline {'V' if name in LOSS_NAMES else 'auto'} {loss.value.__name__}(" in text
        assert name not in LOSS_NAMES or f"inline V {loss.slope.__name__}(" in text
    for kind in UPDATE_KINDS:
        assert f"struct {kind.__name__} {{" in text


def test_no_kernel_writes_an_exponential_or_a_logarithm_of_its_own():
    elsewhere = {"equations.hpp", "elementary.hpp"}
    for path in sorted(HEADER.parent.glob("*.hpp")):
        code = re.sub("//.*", "", path.read_text(encoding="utf-8"))
        found = set(re.findall(r"\b(?:std::)?(exp|expm1|log|tanh)\(", code))
        assert path.name in elsewhere or not found, f"{path.name} calls {found}"


# --- what is printed --------------------------------------------------------------------------------------------


def hinge(z, y):
    """A docstring, which is passed over."""
    m = 1 - y * z
    return np.maximum(m, 0)


def powers(z, a):
    b = -(z**2) / (1 + z) / z - (a - z)
    b = b - 2.5 * abs(a)
    return np.where(z > 1, b**3, hinge(z, a))


def nested(z, a):
    return z + (a - z) * (a / z)


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
    assert "return z + (a - z) * (a / z);" in print_function(nested)


def test_a_comparison_is_a_choice_and_a_factor():
    assert "return where(z > V(0), V(1), V(0));" in print_function(indicator)
    assert print_pull_back(indicator, "z, a") == ("where(z > V(0), da, V(0))", "where(z > V(0), sum + da, sum)")
    product = "da * equations::powers(z, a)"
    assert print_pull_back(powers, "z, a") == (product, f"sum + {product}")
    product = "where(z > V(-1), V(1), V(0)) * where(z <= V(1), V(1), V(0))"
    assert f"where({product} > V(0), V(1), V(0.0))" in print_function(steep).replace("-V(1)", "V(-1)")


def test_functions_that_are_their_slope_times_z_are_marked():
    marked = generate.generate().split("homogeneous = true")[:-1]
    assert [part.rsplit("struct ", 1)[1].split()[0] for part in marked] == ["Identity", "Relu", "LeakyRelu"]


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


def deviations(z):
    m = np.sum(z, axis=-1, keepdims=True)
    d = z - m
    return d / (1 + np.sum(d**2, axis=-1, keepdims=True))


def largest_share(z, y):
    m = np.sum(z, axis=-1, keepdims=True)
    return np.log(m) + (0.5 * np.sum(y * z, axis=-1, keepdims=True) - np.max(z - m, axis=-1, keepdims=True))


def d_largest_share(z, y):
    return y - deviations(z)


def test_a_rowwise_equation_is_printed_as_loops_over_a_row():
    assert print_rowwise(deviations).splitlines() == [
        "template <class Z, class Finish>",
        "inline void deviations(Z z, Finish finish) {",
        "    using V = typename Z::Number;",
        "    const auto m = z.sum([&](int j) { return z(j); });",
        "    const auto d = z.keep([&](int j) { return z(j) - m; });",
        "    const auto sum = z.sum([&](int j) { return d(j) * d(j); });",
        "    const auto inverse = V(1) / (V(1) + sum);",
        "    for (int j = 0; j < z.size(); ++j) finish(j, d(j) * inverse);",
        "}",
    ]


def test_a_rowwise_loss_computes_once_what_value_and_slope_share():
    assert print_rowwise_loss(largest_share, d_largest_share).splitlines() == [
        "template <class Z, class Y, class Finish>",
        "inline auto largest_share(Z z, Y y, Finish finish) {",
        "    using std::log;",
        "    using V = typename Z::Number;",
        "    const auto m = z.sum([&](int j) { return z(j); });",
        "    const auto r4 = z.sum([&](int j) { return y(j) * z(j); });",  # before d takes the place of z
        "    const auto d = z.keep([&](int j) { return z(j) - m; });",
        "    const auto sum = z.sum([&](int j) { return d(j) * d(j); });",
        "    const auto inverse = V(1) / (V(1) + sum);",
        "    const auto max = z.max([&](int j) { return d(j); });",
        "    for (int j = 0; j < z.size(); ++j) finish(j, y(j) - z.within(j, d(j) * inverse));",
        "    return log(m) + (V(0.5) * r4 - max);",
        "}",
    ]


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


def two_rows(z):
    a = z - np.max(z, axis=-1, keepdims=True)
    b = a - np.sum(a, axis=-1, keepdims=True)
    return a * b


def too_late(z):
    a = z - np.max(z, axis=-1, keepdims=True)
    return a * np.sum(a * z, axis=-1, keepdims=True)


@pytest.mark.parametrize(("function", "rows"), [(two_rows, "a, b"), (too_late, "a")])
def test_a_row_takes_the_place_of_the_first_one(function, rows):
    with pytest.raises(gn.InputError) as caught:
        print_rowwise(function)
    assert str(caught.value) == (
        f"equation {function.__name__}: expected at most one named row, and 'z' used before it alone; got {rows}; "
        "write the rows out instead of naming them."
    )


def factors(z):
    return np.linalg.qr(z) * np.sum(z, axis=-1, keepdims=True)


def over_columns(z):
    return z - np.sum(z, axis=0, keepdims=True)


@pytest.mark.parametrize(("function", "got"), [(factors, "np.linalg.qr(z)"), (over_columns, "axis=0")])
def test_a_rowwise_equation_is_elementwise_but_for_its_reductions(function, got):
    with pytest.raises(gn.InputError, match=rf"^equation {function.__name__}: expected assignments .*{re.escape(got)}"):
        print_rowwise(function)


@pytest.mark.parametrize("function", [np.exp, len, lambda z: z])
def test_a_function_without_a_def_is_refused(function):
    with pytest.raises(gn.InputError, match=r"^equation .*: expected a "):
        read_equation(function)
