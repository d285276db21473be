"""Dates and times in the forms that tables have, read into calendar numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]
Holds = Literal["date", "date and time", "time"]
Order = Literal["", "day first", "month first"]
SHARE = 0.95  # of the cells must be dates

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar jän jänner janvier",
            "feb february februar février",
            "mar march mär märz mrz mars",
            "apr april avril",
            "may mai",
            "jun june juni juin",
            "jul july juli juillet",
            "aug august août",
            "sep sept september septembre",
            "oct october okt oktober octobre",
            "nov november novembre",
            "dec december dez dezember décembre",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "(?P<name>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_WEEKDAY = r"(?:\p{L}{2,10}\.?,? +)?"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))? ?(?P<half>[ap]\.?m\.?)?"
_ZONE = r"(?: ?(?:Z|UTC|(?-i:[A-Z]{3,4})))?(?: ?(?P<offset>[+-]\d{2}:?\d{2}|[+-]\d{2}))?(?: \([^)]*\))?"
_TIME = rf"(?:(?:T|,? +){_CLOCK}{_ZONE})?"
_DIGITS = r"(?P<year>19\d\d|20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
_DATES = (
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
    r"(?P<first>\d{1,2})[-/.] ?(?P<second_>\d{1,2})[-/.] ?(?P<year>\d{4}|\d{2})",
    rf"{_WEEKDAY}{_MONTH}[ .-]+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[ -]+(?P<year>\d{{4}})",
    rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]*(?:of )?{_MONTH}[ ,-]*(?P<year>\d{{4}}|\d{{2}})",
    rf"{_MONTH}[ ,-]+(?P<year>\d{{4}})",
    r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])",
    _DIGITS,
)
_TIMES = (  # what is not a date followed by a time
    rf"{_DIGITS}T(?P<hour>\d{{2}})(?P<minute>\d{{2}})(?P<second>\d{{2}}(?:[.,]\d+)?)?(?P<half>!)?{_ZONE}",
    rf"{_WEEKDAY}{_MONTH} +(?P<day>\d{{1,2}}) +{_CLOCK}{_ZONE} +(?P<year>\d{{4}})",
    rf"(?P<day>\d{{1,2}})/{_MONTH}/(?P<year>\d{{4}}):{_CLOCK}{_ZONE}",
)
_PATTERNS = [rf"(?i)^{each}$" for each in (*(date + _TIME for date in _DATES), *_TIMES)]
_TIME_ALONE = rf"(?i)^{_CLOCK}$"


@dataclass(frozen=True)
class DateForm:
    """Describes how a column writes dates or times, where a single cell does not show it.

    Parameters
    ----------
    holds : "date", "date and time" or "time"
    order : "", "day first" or "month first"
        How 01/02/2000 is read; "" if no cell is written so.
    """

    holds: Holds = "date"
    order: Order = ""

    def __str__(self) -> str:
        return f"{self.holds}, {self.order}" if self.order else self.holds

    @classmethod
    def of(cls, text: str) -> DateForm | None:
        """Return the form that `str` described; None for anything else."""
        holds, _, order = text.partition(", ")
        if holds not in ("date", "date and time", "time") or order not in ("", "day first", "month first"):
            return None
        return cls(holds, order)  # type: ignore[arg-type]

    def parts(self, series: pl.Series) -> tuple[dict[str, Array], Array]:
        """Return the calendar numbers (n,) by name, nan where there is none, and a mask of the cells that were read.

        year, month, day, weekday (Monday 0), for times hour (with its minutes as a fraction), and time: the days since
        1970. These are by the clock as it is written; where an offset is written, `time` is that of UTC.
        """
        days, hours, offset = _read(series, self.order)
        if self.holds == "time":
            return {"hour": hours}, ~np.isnan(hours)
        known = ~np.isnan(days)
        whole = np.where(known, days, 0).astype("datetime64[D]")
        months = whole.astype("datetime64[M]")
        parts = {
            "year": whole.astype("datetime64[Y]").astype(float) + 1970,
            "month": months.astype(float) % 12 + 1,
            "day": (whole - months).astype(float) + 1,
            "weekday": (days + 3) % 7,
        }
        clock = np.where(np.isnan(hours), 0.0, hours)
        if self.holds == "date and time":
            parts["hour"] = clock
        parts["time"] = days + clock / 24 - np.where(np.isnan(offset), 0.0, offset) / 24
        return {name: np.where(known, values, np.nan) for name, values in parts.items()}, known


def find_date_form(series: pl.Series, day_first: bool | None) -> tuple[DateForm, Array, bool] | None:
    """Return the form of a column whose cells are nearly all dates, the cells that were read, and True if the order of
    day and month is assumed; None for any other column.

    The order is `day_first` if that is given, else what cells with a number above 12 show, else the day is first
    where dots separate the numbers, and the month where slashes or dashes do.
    """
    import polars as pl

    known = int(series.count())
    if not known:
        return None
    if series.dtype.is_temporal():
        held: Holds = "date and time"
        if series.dtype in (pl.Time, pl.Date):
            held = "time" if series.dtype == pl.Time else "date"
        form = DateForm(held)
        return form, form.parts(series)[1], False
    order, assumed = _find_order(series, day_first)
    days, hours, _ = _read(series, order)
    dates = int(np.count_nonzero(~np.isnan(days)))
    if dates >= SHARE * known:
        with_time = bool((hours > 0).any())
        return DateForm("date and time" if with_time else "date", order), ~np.isnan(days), assumed
    if not dates and np.count_nonzero(~np.isnan(hours)) >= SHARE * known:
        return DateForm("time"), ~np.isnan(hours), False
    return None


def holds_dates(words: pl.Series) -> bool:
    """True if some of the words are dates or times."""
    orders: tuple[Order, ...] = ("day first", "month first")
    return any(not np.isnan(values).all() for order in orders for values in _read(words, order)[:2])


def _find_order(words: pl.Series, day_first: bool | None) -> tuple[Order, bool]:
    """Return how two numbers before a year are read, "" if no cell is written so, and True if that is assumed."""
    import polars as pl

    found = words.str.extract_groups(_PATTERNS[1]).struct
    first, second = (found.field(name).cast(pl.Int64, strict=False) for name in ("first", "second_"))
    if not first.count():
        return "", False
    if day_first is not None:
        return ("day first" if day_first else "month first"), False
    days, months = int((first > 12).sum()), int((second > 12).sum())
    if days != months:
        return ("day first" if days > months else "month first"), False
    dotted = bool(words.str.contains(r"^\d{1,2}\.").any())
    return ("day first" if dotted else "month first"), True


def _read(series: pl.Series, order: Order) -> tuple[Array, Array, Array]:
    """Return the days since 1970, the hours since midnight and the hours that the clock is ahead of UTC, nan if none."""
    import polars as pl

    n = len(series)
    if series.dtype.is_temporal():
        return _read_temporal(series)
    days, hours, offset = (np.full(n, np.nan) for _ in range(3))
    left = np.flatnonzero(series.is_not_null().to_numpy())
    for pattern in (*_PATTERNS, _TIME_ALONE):
        if not len(left):
            break
        found = series.gather(left).str.extract_groups(pattern).struct.unnest()
        hit = found.get_column("hour" if pattern is _TIME_ALONE else "year").is_not_null().to_numpy()
        if not hit.any():
            continue
        found = found.filter(pl.Series(hit))
        of_date = np.zeros(len(found)) if pattern is _TIME_ALONE else _days(found, order)
        of_clock, zone = _hours(found)
        right = ~np.isnan(of_date) & (np.isnan(of_clock) | ((of_clock >= 0) & (of_clock < 24)))
        rows = left[hit][right]
        if pattern is not _TIME_ALONE:
            days[rows], offset[rows] = of_date[right], zone[right]
        hours[rows] = of_clock[right]
        left = left[~hit]
    return days, hours, offset


def _read_temporal(series: pl.Series) -> tuple[Array, Array, Array]:
    import polars as pl

    none = np.full(len(series), np.nan)
    if series.dtype == pl.Time:
        return none, series.cast(pl.Int64).cast(pl.Float64).to_numpy() / 3.6e12, none
    offset = none
    if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone is not None:
        here = series.dt.replace_time_zone(None)
        ahead = here - series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        offset, series = ahead.dt.total_minutes().cast(pl.Float64).to_numpy() / 60, here
    day = series.cast(pl.Date)
    hours = none
    if series.dtype != pl.Date:
        seconds = (series - day.cast(series.dtype)).dt.total_microseconds().cast(pl.Float64) / 1e6
        hours = seconds.to_numpy() / 3600
    return day.cast(pl.Int32).cast(pl.Float64).to_numpy(), hours, offset


def _days(found: pl.DataFrame, order: Order) -> Array:
    """Return the days since 1970 of the year, month and day in the groups, nan for a day that no calendar has."""
    import polars as pl

    def number(name: str) -> Array:
        values: Array = found.get_column(name).cast(pl.Float64, strict=False).to_numpy()
        return values

    year = number("year")
    short = (found.get_column("year").str.len_chars() == 2).to_numpy()
    year = np.where(short, np.where(year < 69, year + 2000, year + 1900), year)
    if "first" in found.columns:
        day, month = number("first"), number("second_")
        if order == "month first":
            day, month = month, day
    else:
        day = number("day") if "day" in found.columns else np.ones(len(found))
        if "name" in found.columns:
            names = found.get_column("name").str.to_lowercase()
            month = names.replace_strict(_MONTHS, default=None, return_dtype=pl.Float64).to_numpy()
        else:
            month = number("month")
    right = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= 1)
    first = ((np.where(right, year, 1970) - 1970) * 12 + np.where(right, month, 1) - 1).astype("datetime64[M]")
    days = first.astype("datetime64[D]").astype(float) + np.where(right, day, 1) - 1
    right &= days < (first + 1).astype("datetime64[D]").astype(float)  # no 31 February
    return np.where(right, days, np.nan)


def _hours(found: pl.DataFrame) -> tuple[Array, Array]:
    """Return the hours since midnight and the hours ahead of UTC of the groups; −1 for a clock that does not exist."""
    import polars as pl

    def number(name: str) -> Array:
        text = found.get_column(name).str.replace(",", ".", literal=True)
        values: Array = text.cast(pl.Float64, strict=False).to_numpy()
        return values

    hour, minute, second = number("hour"), number("minute"), np.nan_to_num(number("second"))
    half = found.get_column("half").str.to_lowercase().str.slice(0, 1)
    halved = half.is_not_null().to_numpy()
    wrong = (minute > 59) | (second >= 61) | (halved & ((hour < 1) | (hour > 12)))
    hour = np.where(halved, hour % 12 + np.where((half == "p").fill_null(False).to_numpy(), 12, 0), hour)
    hours = np.where(wrong, -1.0, hour + minute / 60 + second / 3600)
    if "offset" not in found.columns:
        return hours, np.full(len(found), np.nan)
    sign = found.get_column("offset").str.slice(0, 1)
    digits = found.get_column("offset").str.replace_all(r"\D", "")
    ahead = digits.str.slice(0, 2).cast(pl.Float64, strict=False).to_numpy()
    more = digits.str.slice(2, 2).cast(pl.Float64, strict=False)
    ahead = ahead + np.nan_to_num(more.to_numpy()) / 60
    return hours, np.where((sign == "-").fill_null(False).to_numpy(), -ahead, ahead)
