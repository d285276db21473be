"""Pairs of causes: two faults in one set-up, neither of which shows what it costs while the other is there."""

from dataclasses import dataclass

from tests.diagnose.suite.broken import KINDS, NUMBERS, sane

BY_NAME = {kind.name: kind for kind in KINDS}
FIGURES = ("moons", "digits", "friedman")


@dataclass(frozen=True)
class Pair:
    """Two kinds of fault, planted in this order, and the data sets they are planted on."""

    one: str
    other: str
    data: tuple = FIGURES


PAIRS = {
    f"{pair.one} + {pair.other}": pair
    for pair in (
        Pair("all weights zero", "adam rate far too high"),
        Pair("l2 far too strong", "adam rate far too low"),
        Pair("dropout far too strong", "two epochs"),
        Pair("layers without activation", "sgd rate far too low", ("circles", "xor", "friedman")),
        Pair("derivative with the wrong sign", "all inputs in the thousands"),
        Pair("one input in other units", "sgd rate far too low", ("moons", "wine", "friedman")),
        Pair("output bias far off", "l2 far too strong", ("moons", "digits", "wine")),
        Pair("tanh saturated by large weights", "gradient clipped to nothing"),
        Pair("relu killed by its bias", "sgd rate far too low"),
        Pair("one hidden unit", "adam rate far too high", ("circles", "xor", "digits")),
        Pair("targets in the thousands", "l1 far too strong", NUMBERS),
        Pair("eight sigmoid layers", "schedule that stops at once"),
    )
}


def plant_pair(pair, data, seed):
    """A sane set-up with both faults."""
    case = sane(data, seed)
    for name in (pair.one, pair.other):
        BY_NAME[name].plant(case, data)
    return case
