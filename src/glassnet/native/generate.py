"""Writes native/equations.hpp, the compiled engine's equations, from the Python ones: `python -m glassnet.native.generate`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from glassnet.equations.activations import ACTIVATIONS, Activation
from glassnet.equations.loss import Loss
from glassnet.equations.losses import LOSSES
from glassnet.equations.penalties import d_penalty, penalty
from glassnet.native.registry import ACTIVATION_NAMES, LOSS_NAMES, UPDATE_KINDS
from glassnet.printers.cpp import print_function, print_pull_back, print_update, split_log1p
from glassnet.printers.cpp_rows import print_rowwise, print_rowwise_loss
from glassnet.printers.expression import read_equation

_HEAD = """\
// The equations, generated from src/glassnet/equations by `python -m glassnet.native.generate`; do not edit.
#pragma once

#include <cmath>
#include <utility>

#include "elementary.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {
namespace equations {
"""


_ROWWISE = """\
// Row-wise equations: z(j) is unit j of a row, or a vector of its units, and finish(j, value) takes the result. z.keep(f)
// puts f(j) in z's place; the kernels' RowsAcrossLanes and PanelRow say how."""


def generate() -> str:
    """The text of equations.hpp."""
    activations = [ACTIVATIONS[name] for name in ACTIVATION_NAMES]
    losses = [LOSSES[name] for name in LOSS_NAMES]
    functions = [function for a in activations for function in (a.f, a.df)]
    functions += [function for loss in losses for function in (loss.value, loss.slope)]
    functions.sort(key=lambda function: function.__name__ not in ("sigmoid",))  # what others call comes first
    parts = [_HEAD]
    parts += [print_function(function) for function in [*functions, penalty, d_penalty]]
    rowwise = [activation for activation in ACTIVATIONS.values() if activation.rowwise]
    parts += [_ROWWISE, *(print_rowwise(function) for a in rowwise for function in (a.f, a.df))]
    parts += [print_rowwise_loss(loss.value, loss.slope) for loss in LOSSES.values() if loss not in losses]
    parts += [_activation(activation) for activation in activations]
    parts += [_loss(loss) for loss in losses]
    parts += [print_update(kind.update, kind.__name__, kind.slots) for kind in UPDATE_KINDS]
    parts += [_dispatch("activation", [a.name for a in activations])]
    parts += [_dispatch("loss", [loss.name for loss in losses])]
    parts += [_update_dispatch()]
    return (
        "\n\n".join(parts) + "\n\n}  // namespace equations\n}  // namespace GLASSNET_ISA\n}  // namespace glassnet\n"
    )


def _activation(activation: Activation) -> str:
    passed = ", V(T(parameter))" if activation.parameters else ""
    f = activation.f.__name__
    pull_back, add_pull_back = print_pull_back(activation.df, f"z, a{passed}")
    needs_z = str("z" in read_equation(activation.df).names_used()).lower()
    homogeneous = str(_is_homogeneous(activation)).lower()
    return f"""\
struct {_struct(activation.name)} {{
    static constexpr bool needs_z = {needs_z};  // whether df reads z
    static constexpr bool homogeneous = {homogeneous};  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const {{ return equations::{f}(z{passed}); }}
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const {{ return {pull_back}; }}
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const {{ return {add_pull_back}; }}
}};"""


def _is_homogeneous(activation: Activation) -> bool:
    """True if g(z) = g'(z) · z, as of relu: the functions with g(c z) = c g(z) for c > 0 (Euler)."""
    z = np.linspace(-4, 4, 81)
    a = activation(z)
    return np.array_equal(a, activation.df(z, a, **activation.parameters) * z)


def _loss(loss: Loss) -> str:
    passed = ", V(T(parameter))" if loss.parameters else ""
    value, slope = loss.value.__name__, loss.slope.__name__
    parts = split_log1p(loss.value)
    log1p = f"""\
    static constexpr bool has_log1p = {str(parts is not None).lower()};  // value = rest + log1p(u)"""
    if parts is not None:
        log1p += f"""
    template <class V> V rest(V z, V y) const {{ return {parts[0]}; }}
    template <class V> V u([[maybe_unused]] V z, [[maybe_unused]] V y) const {{ return {parts[1]}; }}"""
    return f"""\
struct {_struct(loss.name)} {{
{log1p}
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V value(V z, V y) const {{ return equations::{value}(z, y{passed}); }}
    template <class V, class T = typename V::Scalar> V slope(V z, V y) const {{ return equations::{slope}(z, y{passed}); }}
}};"""


def _dispatch(kind: str, names: Iterable[str]) -> str:
    cases = [f"        case {i}: return body({_struct(name)}{{parameter}});" for i, name in enumerate(names)]
    last = cases.pop().replace(f"case {len(cases)}", "default")
    return "\n".join(
        [
            f"// Calls body with the {kind} of this number, in the order of the Python registry.",
            f"template <class Body> decltype(auto) with_{kind}(int number, double parameter, Body&& body) {{",
            "    switch (number) {",
            *cases,
            last,
            "    }",
            "}",
        ]
    )


def _update_dispatch() -> str:
    cases = []
    for number, kind in enumerate(UPDATE_KINDS):
        arguments = [name for name in read_equation(kind.update).arguments if name not in ("theta", "g", *kind.slots)]
        constants = iter(range(len(arguments)))
        passed = ", ".join("double(t)" if name == "t" else f"constants[{next(constants)}]" for name in arguments)
        label = f"case {number}" if number < len(UPDATE_KINDS) - 1 else "default"
        cases.append(f"        {label}: return body({kind.__name__}<V>({passed}));")
    return "\n".join(
        [
            "// Calls body with the update recurrence of this number at step t, from 1; constants as Python names them.",
            "template <class V, class Body>",
            "decltype(auto) with_update(int number, long t, const double* constants, Body&& body) {",
            "    switch (number) {",
            *cases,
            "    }",
            "}",
        ]
    )


def _struct(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def main() -> None:
    """Write the file named on the command line, native/equations.hpp by default."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "native/equations.hpp")
    path.write_text(generate(), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
