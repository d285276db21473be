"""Reads a name as a symbol: Z1 is a capital Z of layer 1, dW2 a differential, beta1 a Greek letter, m_hat an accent."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

GREEK = {
    **{name: name for name in ("alpha", "beta", "delta", "epsilon", "theta", "sigma", "rho", "mu", "lambda")},
    "learning_rate": "alpha",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "decay": "rho",
    "momentum": "mu",
    "weight_decay": "lambda",
    "l1": "lambda_1",
    "l2": "lambda_2",
}
LETTERS = {
    "alpha": "α",
    "beta": "β",
    "delta": "δ",
    "epsilon": "ε",
    "theta": "θ",
    "sigma": "σ",
    "rho": "ρ",
    "mu": "μ",
    "lambda": "λ",
    "ell": "ℓ",
}
STATE = {"theta", "m", "v", "g", "m_hat", "v_hat"}  # names that an optimizer changes from step to step

_LAYERED = re.compile(r"(d?)([ZAWbDJ])(\d+)(?:_(\w+))?")
_SLOPE = re.compile(r"slope_([ZA])(\d+)")
_PART = re.compile(rf"((?:{'|'.join(sorted(STATE, reverse=True))})(?:_before|_\d+)?)_([Wb])(\d+)")
_DIFFERENTIAL = re.compile(r"d([a-z])")


@dataclass(frozen=True)
class Symbol:
    """The parts of a name in a formula.

    `letter` is one letter, a Greek letter's name, or a word, which is set upright. `accent` is hat, tilde, bar or
    prime; `above` and `sub` are written beside the letter, `index` is that of an entry; `differential` puts a d
    before it. `name` is the name in the code.
    """

    name: str
    letter: str
    accent: str = ""
    differential: bool = False
    above: str = ""
    sub: str = ""
    index: tuple[str, ...] = ()
    state: bool = False  # True for a name in STATE

    @property
    def word(self) -> bool:
        """True if the name is a word and not a letter."""
        return len(self.letter) > 1 and self.letter not in LETTERS


NAMED = {
    "loss": Symbol("loss", "L"),
    "mean_loss": Symbol("mean_loss", "L", "bar"),
    "losses": Symbol("losses", "ell"),
    "loss_terms": Symbol("loss_terms", "ell", sub="out"),
    "loss_of_output": Symbol("loss_of_output", "ell", "hat"),
    "mean_weights": Symbol("mean_weights", "w", "bar"),
    "penalty_sum": Symbol("penalty_sum", "P"),
}


@lru_cache(maxsize=4096)
def symbol(name: str, index: tuple[str, ...] = (), *, entry: bool = False) -> Symbol:
    """Return the symbol of `name`; the entry of a matrix is written with the small letter.

    Examples
    --------
    >>> symbol("dZ2", ("3",), entry=True)
    Symbol(name='dZ2', letter='z', accent='', differential=True, above='[2]', sub='', index=('3',), state=False)
    """
    written = replace(_symbol(name), name=name, index=index, state=name in STATE or bool(_PART.fullmatch(name)))
    if entry and written.letter in ("Z", "A", "W", "Y"):
        written = replace(written, letter=written.letter.lower())
    return written


def _symbol(name: str) -> Symbol:
    if match := _LAYERED.fullmatch(name):
        differential, letter, layer, suffix = match.groups()
        accent = "tilde" if suffix == "dropped" else ""
        sub = "" if accent or suffix is None else suffix.replace("_", " ")
        return Symbol(name, letter, accent, bool(differential), f"[{layer}]", sub)
    if name.startswith("g_prime"):
        return Symbol(name, "g", "prime", above=f"[{name.removeprefix('g_prime')}]")
    if match := _SLOPE.fullmatch(name):
        return Symbol(name, match[1], "", True, f"[{match[2]}]", "per sample")
    if match := _PART.fullmatch(name):  # the part of theta, m, v, … that belongs to one W or b
        return replace(_symbol(match[1]), above=f"{match[2]}[{match[3]}]")
    if name.endswith("_before"):
        return replace(_symbol(name.removesuffix("_before")), sub="t−1")
    if name.endswith("_hat") and len(name) > 4:
        return replace(_symbol(name.removesuffix("_hat")), accent="hat")
    if name in NAMED:
        return NAMED[name]
    if match := _DIFFERENTIAL.fullmatch(name):
        return Symbol(name, match[1], differential=True)
    if name in GREEK:
        letter, _, sub = GREEK[name].partition("_")
        return Symbol(name, letter, sub=sub)
    return Symbol(name, name)
