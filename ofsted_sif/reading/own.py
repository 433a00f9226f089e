"""What a file says of itself: of which day or period it speaks, and whether it lists the latest inspections or those of a year."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ofsted_sif.reading.layouts import Layout

LATEST, IN_YEAR, HISTORY = "latest", "in year", "history"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[\s_-]+([A-Za-z]{3})[a-z]*\.?[\s_-]+(\d{4}|\d{2})(?!\d)"
DATE = re.compile(_DAY)
# "as at 31 March 2025", "Provider_level_at_31_Mar_2025"; and "as at March 2022", which is its last day.
_AT = re.compile(rf"\bat {_DAY}", re.IGNORECASE)
_AT_MONTH = re.compile(r"\bas ?at ([A-Za-z]{3})[a-z]* (20\d\d)(?!\d)", re.IGNORECASE)
_FROM_TO = re.compile(rf"{_DAY} (?:to|-|–) {_DAY}", re.IGNORECASE)
_ISO = re.compile(r"(?<!\d)(20\d\d)-(\d\d)-(\d\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)(20\d\d) ?[-/–] ?(\d\d)(?!\d)")
_YEARS = re.compile(r"(?<!\d)(20\d\d) ?(?:-|–|to) ?(20\d\d)(?!\d)")
_KINDS = (
    (HISTORY, re.compile(r"\bhistory\b|inspections (?:20\d\d) ?[-–] ?20\d\d", re.IGNORECASE)),
    (IN_YEAR, re.compile(r"\bin ?[- ]?year\b|year to date|\binyear\b", re.IGNORECASE)),
    (LATEST, re.compile(r"\bas ?at\b|level at|\blatest\b|\bmost recent\b", re.IGNORECASE)),
)
# The month in which a year begins.
_BEGINS = {"financial": 4, "academic": 9}
# A file of a year holds no two inspections further apart, one of latest inspections nearly always does.
_A_YEAR = np.timedelta64(400, "D")


@dataclass(frozen=True)
class Own:
    """What a file says of itself: its kind, the last day of which it tells, and the first one of its period."""

    kind: str | None
    complete_to: datetime.date | None
    first: datetime.date | None


def date_in(text: str) -> datetime.date | None:
    """The last date of a text, in any spelling of day, month in words and year; None where there is none that exists."""
    found = None
    for day, month, year in DATE.findall(text):
        found = _date(day, month, year) or found
    return found


def _iso_in(text: str) -> datetime.date | None:
    """A date as people put it into the names of their files: 2024-03-31."""
    found = _ISO.search(text)
    try:
        return datetime.date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:  # a day that does not exist
        return None


def _date(day: str, month: str, year: str) -> datetime.date | None:
    try:
        number = _MONTHS.index(month[:3].lower()) + 1
        return datetime.date(int(year) + (2000 if len(year) == 2 else 0), number, int(day))
    except ValueError:  # no month, or a day that does not exist
        return None


def said_by(layout: Layout, titles: Sequence[str], sheet: str | None, file: str) -> Own:
    """What the rows above a header say, else the name of the sheet, else that of the file."""
    texts = [*titles, *(re.sub(r"[_\s]+", " ", name) for name in (sheet or "", file.rsplit(".", 1)[0]))]
    kind = layout.kind or next((kind for kind, pattern in _KINDS for text in texts if pattern.search(text)), None)
    for number, text in enumerate(texts):
        last = _at(text) or (date_in(text) or _iso_in(text) if number >= len(titles) else None)
        if kind != LATEST and (found := _period(text, layout.year)):
            return Own(kind, found[1], found[0])
        if last is not None:
            return Own(kind, last, None if kind == LATEST else year_of(last, layout.year))
    return Own(kind, None, None)


def _at(text: str) -> datetime.date | None:
    """The day as at which a text speaks."""
    if (found := _AT.search(text)) and (day := _date(*found.groups())):
        return day
    if found := _AT_MONTH.search(text):
        return next((day for last in ("31", "30", "29", "28") if (day := _date(last, *found.groups()))), None)
    return None


def _period(text: str, year: str | None) -> tuple[datetime.date, datetime.date] | None:
    """The first and the last day of a period that a text names."""
    if found := _FROM_TO.search(text):
        first, last = _date(*found.groups()[:3]), _date(*found.groups()[3:])
        return (first, last) if first and last and first < last else None
    if year is None:
        return None
    begins = _BEGINS[year]
    if found := _YEARS.search(text):
        years = int(found[1]), int(found[2])
    elif (found := _YEAR.search(text)) and (int(found[1]) + 1) % 100 == int(found[2]):
        years = int(found[1]), int(found[1]) + 1
    else:
        return None
    if years[0] >= years[1]:
        return None
    return datetime.date(years[0], begins, 1), datetime.date(years[1], begins, 1) - datetime.timedelta(days=1)


def year_of(day: datetime.date, year: str | None) -> datetime.date | None:
    """The first day of the year, as the service counts it, to which a day belongs."""
    if year is None:
        return None
    begins = _BEGINS[year]
    return datetime.date(day.year if day.month >= begins else day.year - 1, begins, 1)


def with_data(said: Own, layout: Layout, provider: np.ndarray, day: np.ndarray) -> Own:
    """What a file says of itself, completed by its inspections: by whether providers repeat, and how far apart their days are."""
    days = day[~np.isnat(day)]
    if not len(days):
        return said
    once = np.bincount(provider + 1).max(initial=0) <= 1
    long = days.max() - days.min() > _A_YEAR
    kind = said.kind or (LATEST if once and (long or layout.year is None) else HISTORY if long and not once else IN_YEAR)
    first = said.first
    if first is None and kind != LATEST:
        shown = (days.min() if long else days.max()).astype("datetime64[D]").item()
        first = year_of(shown, layout.year) or days.min().astype("datetime64[D]").item()
    return Own(kind, said.complete_to, first)


def known_from(own: Own, layout: Layout, provider: np.ndarray, day: np.ndarray, blank_before: np.ndarray) -> np.ndarray | None:
    """The day from which on the file has all graded inspections of each provider; NaT: from the beginning; None: of all, so no column.

    `provider` and `day` are codes and days of the graded inspections, `blank_before` says of each provider whether a block for the
    inspection before is there and blank.
    """
    never = np.datetime64("9999-12-31", "s")
    if own.kind == LATEST:
        result = np.full(len(blank_before), never)
        np.minimum.at(result.view(np.int64), provider, day.astype("datetime64[s]").view(np.int64))  # as numbers, of which NaT is the least
        result[blank_before | (result == never)] = np.datetime64("NaT", "s")
        return result
    if own.first is None or (layout.whole and own.kind == HISTORY):
        return None
    return np.full(len(blank_before), np.datetime64(own.first, "s"))
