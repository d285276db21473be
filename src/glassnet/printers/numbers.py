"""Formats numbers with a given count of significant digits, without trailing zeros or a minus before 0."""

from __future__ import annotations

import math
from functools import lru_cache

EXACT = 16  # from this count on, all digits are printed


@lru_cache(maxsize=20_000, typed=True)
def significant(value: float, digits: int = 4) -> tuple[str, int | None]:
    """Return the digits of a number and its power of ten; None for the power if the plain form is short.

    Examples
    --------
    >>> significant(0.59327, 4), significant(-0.000043856, 4), significant(1234567.8, 3)
    (('0.5933', None), ('-4.386', -5), ('1.23', 6))
    """
    if isinstance(value, int):
        return str(int(value)), None
    number = float(value)
    if not math.isfinite(number):
        return ("nan" if math.isnan(number) else "-inf" if number < 0 else "inf"), None
    if number == 0:
        return "0", None
    if digits >= EXACT:  # the shortest digits that read back as the same number
        digits = next((d for d in range(1, 17) if float(f"{number:.{d - 1}e}") == number), 17)
    mantissa, _, power = f"{number:.{digits - 1}e}".partition("e")
    exponent = int(power)
    if -4 <= exponent < max(digits, 6):
        whole = f"{number:.{max(digits - 1 - exponent, 0)}f}"
        return _trimmed(whole), None
    return _trimmed(mantissa), exponent


def format_number(value: float, digits: int = 4) -> str:
    """Return a number as text that Python reads back.

    Examples
    --------
    >>> format_number(0.1 + 0.2), format_number(-0.0), format_number(4.3856e-7), format_number(3)
    ('0.3', '0', '4.386e-7', '3')
    """
    text, power = significant(value, digits)
    return text if power is None else f"{text}e{power}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
