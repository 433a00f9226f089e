"""Dates and lengths of time: what a user writes becomes a day, an int64 number of days since 1970-01-01."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.arguments import single_values
from ofsted_sif.counts import NO_DAY
from ofsted_sif.counts.arguments import UNITS_A_DAY, is_plain_moments
from ofsted_sif.errors import RowError
from ofsted_sif.scales import if_it_means_none
from ofsted_sif.table.keys import NOTHING, Encoded, text_codes

DAYS_A_YEAR = 365.25
#: A missing one among days of 32 bits.
NO_DAY_32 = np.iinfo(np.int32).min

_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d"  # of the day, without seconds
_ISO = re.compile(rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})(?:[ T]{_TIME}(?::[0-5]\d(?:\.\d+)?)?)?")
_DAY_FIRST = re.compile(rf"(\d{{1,2}})[/.\-](\d{{1,2}})[/.\-](\d{{4}})(?: {_TIME}(?::[0-5]\d)?)?")
_MONTH_NAME = re.compile(r"(\d{1,2})[ \-]([A-Za-z]{3,9})[ \-](\d{4})")
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_MONTH_NUMBER = {month[:3].lower(): number for number, month in enumerate(_MONTHS, start=1)}
# A day's number in a spreadsheet, of 1954 to 2064, or a date without signs: 41640 and 20140101 are both 1 January 2014.
_COUNTED = re.compile(r"[2-5]\d{4}(?:\.0+)?|((?:19|20)\d{6})")
_MONTH_FIRST = re.compile(r"(?:0?[1-9]|1[0-2])/(?:1[3-9]|2\d|3[01])/\d{4}")
# How Arrow calls moments without a time zone, and dates that it keeps as moments.
_ARROW_MOMENTS = re.compile(r"(?:timestamp|date64)\[(s|ms|us|ns)\]")
DATES_KNOWN = "a date as 2024-03-31, 31/03/2024 (day first) or 31 March 2024"


def parse_date(text: str) -> datetime.date | None:
    """A date as printed: ISO, day first, or with the month's name. None where it is none of these."""
    text = text.strip()
    try:
        if found := _ISO.fullmatch(text):
            return datetime.date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DAY_FIRST.fullmatch(text):
            return datetime.date(int(found[3]), int(found[2]), int(found[1]))
        if (found := _MONTH_NAME.fullmatch(text)) and found[2][:3].lower() in _MONTH_NUMBER:
            return datetime.date(int(found[3]), _MONTH_NUMBER[found[2][:3].lower()], int(found[1]))
    except ValueError:  # a day or month that does not exist
        pass
    return None


def _parse_value(value: Any) -> np.datetime64 | None:
    """The day of one date of any kind; None where it is no date. A time zone is an error."""
    if isinstance(value, str):
        if not value.strip():
            return np.datetime64("NaT", "D")
        parsed = parse_date(value)
        return None if parsed is None else np.datetime64(parsed, "D")
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):
        return np.datetime64("NaT", "D")
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[D]")
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            raise ValueError(
                f"{value} has a time zone; dates of inspections have none. Go to the local day first, then drop the zone: "
                "tz_convert('Europe/London').tz_localize(None)"
            )
        return _day_of(value) if isinstance(value, pd.Timestamp) else np.datetime64(value.date(), "D")
    if isinstance(value, datetime.date):
        return np.datetime64(value, "D")
    if isinstance(value, pd.Period):
        return np.datetime64(value.asfreq("D", how="E").ordinal, "D")
    return None


def _day_of(stamp: pd.Timestamp) -> np.datetime64:
    """The day of a moment of pandas, which has moments in years that Python has no date for."""
    return stamp.to_datetime64().astype("datetime64[D]")


def _plain_days(words: list[str]) -> np.ndarray:
    """The days of words like 2024-03-31 and 31/03/2024, all at once; `NO_DAY` for those that are written otherwise or are no day."""
    days = np.full(len(words), NO_DAY)
    fits = np.fromiter(map(len, words), dtype=np.int64, count=len(words)) == 10
    of_one_length = "".join(words if fits.all() else [words[at] for at in np.flatnonzero(fits).tolist()])
    # A byte for each character: what has none becomes a question mark, which is no digit either.
    letters = np.frombuffer(of_one_length.encode("latin-1", "replace"), dtype=np.uint8).reshape(-1, 10).T.astype(np.int64)
    digit = letters - ord("0")
    is_digit = (digit >= 0) & (digit <= 9)
    found = np.full(letters.shape[1], NO_DAY)
    for separator, at, (year, month, of_month) in (("-", (4, 7), (0, 5, 8)), ("/", (2, 5), (6, 3, 0))):
        is_date = (letters[at, :] == ord(separator)).all(axis=0) & np.delete(is_digit, at, axis=0).all(axis=0)
        y, m, d = (
            [1000, 100, 10, 1] @ digit[year : year + 4],
            [10, 1] @ digit[month : month + 2],
            [10, 1] @ digit[of_month : of_month + 2],
        )
        is_date &= (y >= 1) & (m >= 1) & (m <= 12) & (d >= 1)
        since = np.where(is_date, 12 * (y - 1970) + m - 1, 0).astype("datetime64[M]")
        day = since.astype("datetime64[D]") + (d - 1)
        is_date &= day < (since + 1).astype("datetime64[D]")
        found[is_date] = day[is_date].view(np.int64)
    days[fits] = found
    return days


def day(value: Any, argument: str) -> int:
    """One date as a day; an error says what would be one."""
    try:
        parsed = _parse_value(value)
    except ValueError as error:
        raise ValueError(f"{argument}: {error}") from None
    if parsed is None or np.isnat(parsed):
        raise ValueError(f"{argument}={value!r} is not {DATES_KNOWN}")
    return int(parsed.view(np.int64))


def whole_days(dates: np.ndarray) -> np.ndarray:
    """The days of datetime64: by a division of whole columns, which is quicker than to ask NumPy for days. Int64 days stay as they are."""
    if dates.dtype == np.int32:
        days = dates.astype(np.int64)
        days[dates == NO_DAY_32] = NO_DAY
        return days
    if dates.dtype.kind != "M":
        return dates
    unit, number = np.datetime_data(dates.dtype)
    if number != 1 or unit not in UNITS_A_DAY or not len(dates):
        return dates.astype("datetime64[D]").view(np.int64)
    moments = dates.view(np.int64)
    days = moments // UNITS_A_DAY[unit]
    if moments.min() == NO_DAY:
        days[moments == NO_DAY] = NO_DAY
    return days


def are_by(dates: np.ndarray, last: int) -> np.ndarray:
    """Which dates, as `as_they_lie` gives them, are on a day or before it; missing ones are."""
    numbers, units = (dates.view(np.int64), UNITS_A_DAY[np.datetime_data(dates.dtype)[0]]) if dates.dtype.kind == "M" else (dates, 1)
    bounds = np.iinfo(numbers.dtype)
    return np.asarray(numbers <= min(max(int(last) * units + units - 1, bounds.min), bounds.max))


def as_they_lie(values: pd.Series, name: str, encoded: Encoded = NOTHING) -> np.ndarray:
    """A column of dates as kernels take it: moments, and Arrow's dates, without a copy; else int32 days, `NO_DAY_32` missing."""
    if (dates := _as_array(values)) is not None:
        return dates if dates.dtype.kind != "M" or is_plain_moments(dates) else whole_days(dates)
    codes, days = _days_of_distinct(values, name, encoded)
    known = days[days != NO_DAY]
    if known.min(initial=0) <= NO_DAY_32 or known.max(initial=0) > np.iinfo(np.int32).max:
        return days[codes]  # too far to fit
    return np.maximum(days, NO_DAY_32).astype(np.int32).take(codes)


def _as_array(values: pd.Series) -> np.ndarray | None:
    """A column of moments, or of Arrow's dates, as it lies: datetime64, or int32 days; None of another, and of one with a time zone."""
    if isinstance(values.dtype, np.dtype):
        return values.to_numpy() if values.dtype.kind == "M" else None
    if not isinstance(values.dtype, pd.ArrowDtype):
        return None
    kind = str(values.dtype.pyarrow_dtype)
    if kind == "date32[day]":
        return _days_of_arrow(values.array.__arrow_array__().cast("int32"))
    if (found := _ARROW_MOMENTS.fullmatch(kind)) is None:
        return None
    moments = values.array.__arrow_array__().cast("int64")
    return (moments.fill_null(int(NO_DAY)) if moments.null_count else moments).to_numpy().view(f"datetime64[{found[1]}]")


def _days_of_arrow(days: Any) -> np.ndarray:
    """Arrow's days of 32 bits; of 64 where one of them is the number that stands for a missing one."""
    found = np.asarray((days.fill_null(int(NO_DAY_32)) if days.null_count else days).to_numpy())
    if np.count_nonzero(found == NO_DAY_32) == days.null_count:
        return found
    return np.asarray(days.cast("int64").fill_null(int(NO_DAY)).to_numpy())


def moments_of(values: pd.Series) -> np.ndarray | None:
    """A column of moments, or of Arrow's dates, as datetime64; None of another, and of one with a time zone."""
    if (dates := _as_array(values)) is None or dates.dtype.kind == "M":
        return dates
    return whole_days(dates).view("datetime64[D]").astype("datetime64[s]")


def days_of(values: pd.Series, name: str, encoded: Encoded = NOTHING) -> np.ndarray:
    """A column of dates as int64 days, `NO_DAY` where missing; the time of day is dropped."""
    return whole_days(as_they_lie(values, name, encoded))


def _days_of_distinct(values: pd.Series, name: str, encoded: Encoded) -> tuple[np.ndarray, np.ndarray]:
    """The codes of a column of text or of single dates, -1 missing, and the day of each code; after them `NO_DAY`."""
    if (zone := time_zone(values.dtype)) is not None:
        raise ValueError(
            f"column {name!r} has the time zone {zone}; dates of inspections have none. Go to the local day first, then drop "
            f"the zone: table[{name!r}].dt.tz_convert('Europe/London').dt.tz_localize(None)"
        )
    found_text = text_codes(values, encoded=encoded)
    codes, distinct = found_text or single_values(values)
    parsed = np.full(len(distinct) + 1, NO_DAY, dtype=np.int64)
    distinct = np.asarray(distinct, dtype=object).tolist() if isinstance(distinct, pd.arrays.NumpyExtensionArray) else distinct.tolist()
    if found_text is not None:
        parsed[:-1] = _plain_days(distinct)
    for position in np.flatnonzero(parsed[:-1] == NO_DAY).tolist():
        value = distinct[position]
        try:
            found = _parse_value(value)
        except ValueError as error:
            raise RowError(f"column {name!r}, ", np.argmax(codes == position), f": {error}") from None
        if found is None:
            raise RowError(f"column {name!r}, ", np.argmax(codes == position), f": {value!r} is not {DATES_KNOWN}{_meant(value, name)}")
        parsed[position] = found.view(np.int64)
    return codes, parsed


def time_zone(dtype: Any) -> Any:
    """The time zone of a column's dtype; None where it has none."""
    if isinstance(dtype, pd.DatetimeTZDtype):
        return dtype.tz
    return getattr(dtype.pyarrow_dtype, "tz", None) if isinstance(dtype, pd.ArrowDtype) else None


def _meant(value: Any, name: str) -> str:
    """What a value may be in place of a date, and what to type then; an end for the error that names it."""
    if not re.search(r"\d", str(value)):
        return if_it_means_none(value, name)
    if found := _COUNTED.fullmatch(str(value)):
        what, told = (
            ("year, month and day without signs between them", ".astype(str), format='%Y%m%d')")
            if found[1]
            else ("the number of a day, as a spreadsheet keeps it", ".astype(float), unit='D', origin='1899-12-30')")
        )
        return f"; if it is {what}: table[{name!r}] = pandas.to_datetime(table[{name!r}]{told}"
    if _MONTH_FIRST.fullmatch(str(value).strip()):
        return f"; if the month is first: table[{name!r}] = pandas.to_datetime(table[{name!r}], format='%m/%d/%Y')"
    return ""


def dates_of(days_since_1970: Any) -> pd.DatetimeIndex:
    """Days back to dates."""
    return pd.DatetimeIndex(np.asarray(days_since_1970, dtype=np.int64).view("datetime64[D]").astype("datetime64[s]"))


def iso(day_since_1970: int) -> str:
    """A day as 2024-03-31."""
    return str(np.int64(day_since_1970).view("datetime64[D]"))


def in_words(day_since_1970: int) -> str:
    """A day as 31 March 2024, whatever the locale."""
    date = np.int64(day_since_1970).view("datetime64[D]")
    month, year = date.astype("datetime64[M]"), date.astype("datetime64[Y]")
    of_month = int((date - month.astype("datetime64[D]")).view(np.int64))
    of_year = int((month - year.astype("datetime64[M]")).view(np.int64))
    return f"{of_month + 1} {_MONTHS[of_year]} {int(year.view(np.int64)) + 1970}"


def is_offset(value: Any) -> bool:
    """Whether a value is a length of time rather than a date; a missing one is neither."""
    if isinstance(value, np.timedelta64):
        return not np.isnat(value)
    return isinstance(value, pd.offsets.BaseOffset | datetime.timedelta)


# Years in which pandas can move a day back and on by centuries: beyond the years 1 to 9999 it does so wrongly, or not at all. Any other
# day is moved as the like day of the years 4400 to 4799, as the calendar comes again, with its weekdays, every 400 years.
_SOUND = int(np.datetime64("1200-01-01").view(np.int64)), int(np.datetime64("4799-12-31").view(np.int64))
_LIKE = int(np.datetime64("4400-01-01").view(np.int64))
_DAYS_IN_400_YEARS = 146_097


def moved(day_since_1970: int, move: Callable[[pd.Timestamp], pd.Timestamp]) -> int:
    """The day to which pandas moves a day, in any year."""
    is_sound = _SOUND[0] <= day_since_1970 <= _SOUND[1]
    away = 0 if is_sound else (day_since_1970 - _LIKE) // _DAYS_IN_400_YEARS * _DAYS_IN_400_YEARS
    return int(_day_of(move(pd.Timestamp(np.datetime64(day_since_1970 - away, "D")))).view(np.int64)) + away


def _days_in(offset: Any) -> int | None:
    """How many whole days an offset is; None where that depends on the calendar."""
    if isinstance(offset, pd.offsets.Day):
        return int(offset.n)
    if isinstance(offset, np.timedelta64 | pd.offsets.Tick):
        offset = pd.Timedelta(offset)
    return offset // datetime.timedelta(days=1) if isinstance(offset, datetime.timedelta) else None


def plus_offset(days_since_1970: np.ndarray, offset: Any, argument: str) -> np.ndarray:
    """Days plus an offset (DateOffset, timedelta), missing days staying so."""
    if not is_offset(offset):
        raise ValueError(f"{argument}={offset!r} is not an offset such as pandas.DateOffset(years=3) or datetime.timedelta(days=30)")
    try:
        if (n := _days_in(offset)) is not None:
            return np.where(days_since_1970 == NO_DAY, NO_DAY, days_since_1970 + n)
        distinct, codes = np.unique(days_since_1970, return_inverse=True)
        ends = [NO_DAY if since == NO_DAY else moved(since, lambda stamp: stamp + offset) for since in distinct.tolist()]
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{argument}={offset!r} can't be added to a date ({error}); a length of time is written as pandas.DateOffset(years=3) or "
            "datetime.timedelta(days=30), and is not longer than a thousand years"
        ) from None
    return np.asarray(ends, dtype=np.int64)[codes.reshape(-1)]
