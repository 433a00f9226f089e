"""Periods: one parser for academic and financial years and pandas' offsets, and the one way in which time is cut by them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.table.dates import is_offset, iso, moved, plus_offset

#: Names for periods that people use more than pandas' own.
NAMED = {"academic": "YE-AUG", "financial": "YE-MAR"}
#: Into so many periods time is cut at most: as many as there are days in the years 1 to 9999, and a few more.
MOST_PERIODS = 4_000_000


def offset_of(freq: Any, argument: str = "freq") -> pd.offsets.BaseOffset:
    """The offset that cuts time into periods; an error says what would be one. A period is a day or longer."""
    try:
        offset = pd.tseries.frequencies.to_offset(NAMED.get(freq, freq) if isinstance(freq, str) else freq)
        moves = offset is not None and _moves_by_days(offset)
    except (ValueError, TypeError, OverflowError):
        offset, moves = None, False
    too_short = pd.offsets.Hour | pd.offsets.Minute | pd.offsets.Second | pd.offsets.Milli | pd.offsets.Micro | pd.offsets.Nano
    if offset is None or offset.n < 1 or isinstance(offset, too_short) or not moves:
        raise ValueError(
            f"{argument}={freq!r} names no periods; known are 'academic' (years to 31 August), 'financial' (years to 31 March) and "
            "pandas' offsets of a day or more, as 'YE-AUG', 'YE', 'QE', 'ME' or 'YS-APR'"
        )
    return offset


def _moves_by_days(offset: pd.offsets.BaseOffset) -> bool:
    """Whether an offset goes from day to later day: what stays, goes back or stops within a day would never reach the last inspection."""
    first = pd.Timestamp("2001-01-01") + offset
    second = first + offset
    return bool(first == first.normalize() and second == second.normalize() and second > first)


def _begins(offset: pd.offsets.BaseOffset) -> bool:
    """Whether an offset names the first days of periods, as MonthBegin does, and not the last ones; those of days begin with the data."""
    return type(offset).__name__.endswith("Begin") or isinstance(offset, pd.offsets.Day)


def period_bounds(days: np.ndarray, freq: str | pd.offsets.BaseOffset) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of each period from the one of the earliest to that of the latest day, as days."""
    offset = offset_of(freq)
    if type(offset) is pd.DateOffset:
        raise ValueError(
            f"freq={freq!r} says how long periods are, and not where they begin: 'YE' and 'YE-MAR' are years, 'QE' and 'ME' quarters and "
            "months, '7D' weeks from the first day"
        )
    if not len(days):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    first, last = int(days.min()), int(days.max())
    begins = _begins(offset)
    mark = moved(first, offset.rollback if begins else offset.rollforward)
    beside = moved(mark, lambda stamp: stamp + offset if begins else stamp - offset)
    if (n := (last - first) // abs(beside - mark)) > MOST_PERIODS:
        raise ValueError(
            f"freq={freq!r} cuts the days from {iso(first)} to {iso(last)} into {n:,} periods, and {MOST_PERIODS:,} are the most that can "
            "be counted: take longer periods, or mend the first or the last date if it is mistyped"
        )
    if begins:
        marks = _marks(mark, beside, last + 1, offset)
        return marks[:-1], marks[1:] - 1
    marks = _marks(beside, mark, last, offset)
    return marks[:-1] + 1, marks[1:]


def _marks(first: int, second: int, last: int, offset: pd.offsets.BaseOffset) -> np.ndarray:
    """Two days that mark periods, and those that follow by the offset until the last day is reached."""
    if isinstance(offset, pd.offsets.Day | pd.offsets.Week):  # which are all of one length
        return np.arange(first, last + second - first, second - first)
    marks = [first, second]
    while marks[-1] < last:
        marks.append(moved(marks[-1], lambda stamp: stamp + offset))
    return np.array(marks)


def check_periods(n_periods: int, n_groups: int, words: int) -> None:
    """Refuse counts of periods and groups, each of so many numbers, that this machine has no memory for."""
    counts.check_memory(
        8 * words * n_periods * n_groups,
        f"{n_periods:,} periods of {n_groups:,} groups",
        "take longer periods or fewer groups, or mend the first or the last date if it is mistyped",
    )


def window_starts(starts: np.ndarray, ends: np.ndarray, freq: Any, window: Any) -> np.ndarray:
    """The first day of the window that ends with each period."""
    is_number = isinstance(window, int | np.integer) and not isinstance(window, bool | np.timedelta64)
    if not (is_number or is_offset(window)):
        raise ValueError(f"window={window!r} is neither a number of periods nor an offset such as pandas.DateOffset(months=12)")
    if is_offset(window):
        # From the day after the end: twelve months before 1 March 2025 is 1 March 2024, whatever February is like.
        began = plus_offset(ends + 1, -window, "window")
    elif not 1 <= window <= MOST_PERIODS:
        raise ValueError(f"window={window}; a window takes 1 period or more, and {MOST_PERIODS:,} at most")
    else:
        offset = offset_of(freq)
        began = plus_offset(starts, (1 - window) * offset, "window") if window > 1 else starts
        if window > 1 and not _begins(offset):
            began = plus_offset(starts - 1, (1 - window) * offset, "window") + 1
    if (wrong := began > ends).any():
        raise ValueError(f"window={window!r} is not positive: it would begin on {iso(began[wrong][0])}, after its end")
    return began


def period_codes(days: np.ndarray, taken: np.ndarray, freq: Any) -> tuple[np.ndarray, np.ndarray]:
    """The period of each day, -1 where the row is not taken, and the last day of each period, without gaps."""
    codes = np.full(len(days), -1, dtype=np.int64)
    ends = period_bounds(days[taken], freq)[1]
    codes[taken] = np.searchsorted(ends, days[taken])
    return codes, ends
