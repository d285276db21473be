"""How numbers are written with signs and separators around them, and how they are read: $1,234.50, 12 %, 1.234,5 kg."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_CURRENCY = r"US\$|R\$|A\$|C\$|[$€£¥₹₩₽₺฿]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|Fr\.|Rs\.?|kr\.?"
_UNIT = r"[A-Za-zµμ°ºΩ²³/·]{1,12}\.?"
_SHAPE = (
    rf"^[+-]?(?P<prefix>(?:{_CURRENCY})?) ?[+-]?(?P<body>(?:\d|[.,]\d)[\d.,' ]*)(?:[eE][+-]?\d+)? ?"
    rf"(?P<suffix>(?:%|{_CURRENCY}|{_UNIT})?)$"
)
_OF_ACCOUNTS = r"^(\D{0,3})\(([^-+()]*\d[^-+()]*)\)$|^([^-+()]*\d)-$"  # (12.50), $(12.50) and 12.50- are negative
_EXAMPLE = re.compile(r"(\D*?) ?1([,.' ]?)234([.,])5 ?(\D*)")
SHARE = 0.95  # of the cells must be written alike


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written.

    Parameters
    ----------
    prefix, suffix : str
        Before and after each number, with or without a space between: a currency, a unit, %.
    thousands : "", ",", ".", "'" or " "
        May stand between groups of three digits.
    decimal : "." or ","

    A negative number has a minus before it or behind it, or stands in brackets, as in accounts.

    Examples
    --------
    >>> str(NumberForm("$", "", ",", "."))
    '$1,234.5'
    >>> NumberForm.of("1.234,5 kg")
    NumberForm(prefix='', suffix='kg', thousands='.', decimal=',')
    """

    prefix: str = ""
    suffix: str = ""
    thousands: str = ""
    decimal: str = "."

    def __str__(self) -> str:
        gap = "" if self.suffix in ("", "%") else " "
        return f"{self.prefix}{' ' * self.prefix[-1:].isalpha()}1{self.thousands}234{self.decimal}5{gap}{self.suffix}"

    @classmethod
    def of(cls, example: str) -> NumberForm | None:
        """Return the form in which the number 1234.5 is written like `example`; None for anything else."""
        found = _EXAMPLE.fullmatch(example)
        if found is None or found[2] == found[3]:
            return None
        return cls(found[1], found[4], found[2], found[3])

    def values(self, words: pl.Series) -> pl.Series:
        """Return the numbers (n,), null for a word that is not written so."""
        import polars as pl

        grouped = rf"[1-9]\d{{0,2}}(?:{_escaped(self.thousands)}\d{{3}})+|" if self.thousands else ""
        body = rf"(?:{grouped}\d+)(?:{_escaped(self.decimal)}\d*)?|{_escaped(self.decimal)}\d+"
        pattern = (
            rf"^(?P<sign>[+-]?){_escaped(self.prefix)} ?(?P<inner>[+-]?)(?P<body>{body})(?P<power>(?:[eE][+-]?\d+)?)"
            rf" ?{_escaped(self.suffix)}$"
        )
        found = _plain_signs(words).str.extract_groups(pattern).struct
        digits = found.field("body")
        if self.thousands:
            digits = digits.str.replace_all(self.thousands, "", literal=True)
        digits = digits.str.replace(self.decimal, ".", literal=True) + found.field("power")
        values = digits.cast(pl.Float64, strict=False)
        sign, inner = found.field("sign"), found.field("inner")
        negative, double = (sign == "-") | (inner == "-"), (sign != "") & (inner != "")
        return pl.select(pl.when(~double).then(pl.when(negative).then(-values).otherwise(values))).to_series()


def find_form(words: pl.Series, decimal_comma: bool, separator: str) -> tuple[NumberForm, pl.Series] | None:
    """Return the form in which nearly all words (none missing) are written, with their numbers; None if there is none.

    Where a comma may be either, as in 1,234, it separates thousands, but decimals in a table whose cells are
    separated by semicolons.
    """
    found = _plain_signs(words).str.extract_groups(_SHAPE)
    written = found.struct.field("body").is_not_null()
    if not len(words) or written.sum() < SHARE * len(words):
        return None
    both = found.filter(written).struct.unnest()
    prefix, suffix = both.group_by("prefix", "suffix").len().sort("len", "prefix", "suffix", descending=True).row(0)[:2]
    best: tuple[NumberForm, pl.Series] | None = None
    for thousands, decimal in _separators(decimal_comma, separator):
        form = NumberForm(prefix, suffix, thousands, decimal)
        values = form.values(words)
        if best is None or values.count() > best[1].count():
            best = form, values
        if not values.null_count():
            break
    assert best is not None
    return best if best[1].count() >= SHARE * len(words) else None


def _separators(decimal_comma: bool, separator: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a thousands separator and a decimal sign, the likeliest first."""
    point = [("", "."), (",", "."), ("'", "."), (" ", ".")]
    comma = [("", ","), (".", ","), ("'", ","), (" ", ",")]
    if decimal_comma:
        yield from comma
    elif separator == ";":
        yield from (point[0], *comma, *point[1:])
    else:
        yield from (*point, *comma)


def _plain_signs(words: pl.Series) -> pl.Series:
    """Write spaces, apostrophes and minus signs of print as those of a keyboard, and a minus of accounts in front."""
    if words.str.contains("[\u00a0\u2009\u202f’−]").any():
        words = words.str.replace_all("[\u00a0\u2009\u202f]", " ")
        words = words.str.replace_all("’", "'", literal=True).str.replace_all("−", "-", literal=True)
    if words.str.contains(_OF_ACCOUNTS).any():
        words = words.str.replace(_OF_ACCOUNTS, "-${1}${2}${3}")
    return words


def _escaped(text: str) -> str:
    return "".join(each if each.isalnum() else rf"\x{{{ord(each):x}}}" for each in text)
