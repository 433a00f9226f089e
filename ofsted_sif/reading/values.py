"""From cells to values, by the distinct values of a column: a word met ten thousand times is understood once."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.counts import text_codes
from ofsted_sif.reading.files import SINCE_1900
from ofsted_sif.reading.layouts import form
from ofsted_sif.scales import GradeScale, grade_code
from ofsted_sif.table.dates import parse_date

NO_DATE = np.datetime64("NaT", "s")
# Control characters of Latin-1 that are letters and dashes of cp1252, read with the wrong table by whoever made the file.
_CONTROLS = {code: bytes([code]).decode("cp1252", "ignore") or None for code in range(0x80, 0xA0)} | {0xA0: " "}
_NEEDS_CLEANING = re.compile(r"[\x80-\xa0]|\s\s|^\s|\s$|[\t\r\n]")
_CONTROL = re.compile(r"[\x80-\xa0]")
# A whole column is known to be clean by a few searches in its joined text.
_BETWEEN = "\0"
_SPACES = ("  ", f" {_BETWEEN}", f"{_BETWEEN} ")
_UNTIDY = "\t\r\n\v\f\x1c\x1d\x1e\x1f"
_SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})")
_SPREADSHEET_ERRORS = frozenset({"#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})
_DATE_RANGE = re.compile(r"\s+(?:-|–|to)\s+|(?<=/\d{4})\s*[-–]\s*(?=\d)")  # 02/12/2019-05/12/2019 too
_MONTH_LETTERS = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3,9})[ -](\d{2})")
_SHORT_YEAR = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2})")
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/\d{4}")
# Serial numbers of days from 1954 to 2064 (with 1900 as the beginning).
_SERIAL = re.compile(r"\d{5}(?:\.0)?")
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 60_000
LETTER, DIGIT = "a", "0"
EARLIEST, LATEST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)


@dataclass
class Column:
    """A column of the file: codes of its cells into its distinct values, none missing."""

    header: str
    codes: np.ndarray
    distinct: list[Any]

    @cached_property
    def joined(self) -> str | None:
        """The distinct values as one text, each between two `_BETWEEN`; None where they are not all text, or not clean."""
        try:
            joined = _BETWEEN + _BETWEEN.join(self.distinct) + _BETWEEN
        except TypeError:  # typed cells of a workbook
            return None
        if (
            (" " in joined and any(untidy in joined for untidy in _SPACES))
            or any(untidy in joined for untidy in _UNTIDY)
            or not (joined.isascii() or not _CONTROL.search(joined))
        ):
            return None
        return joined if joined.count(_BETWEEN) == len(self.distinct) + 1 else None

    @cached_property
    def texts(self) -> list[str]:
        """The distinct values as clean text."""
        if self.joined is not None:
            return self.distinct
        # The first test knows most clean texts at a fraction of the cost of the search in clean().
        return [
            text if isinstance(text, str) and text.isprintable() and "  " not in text and text.strip() == text else clean(text)
            for text in self.distinct
        ]

    @cached_property
    def spreadsheet_errors(self) -> list[int]:
        """The codes of the values that a spreadsheet shows where a formula failed."""
        if self.joined is not None and "#" not in self.joined:
            return []
        return [code for code, text in enumerate(self.texts) if text in _SPREADSHEET_ERRORS]


# What is done with a value that is not understood: told its code in the column, and what would be right.
Complain = Callable[[Column, int, str], None]
# The same for a damaged number, with what became of it (blank: could not be told).
Repair = Callable[[Column, int, str], None]


def factorize(header: str, cells: Sequence[Any]) -> Column:
    """The column of these cells."""
    seen = dict.fromkeys(cells)
    if 0 in seen or 1 in seen:  # typed: TRUE and 1 are equal to Python, and not to a spreadsheet
        cells = [str(cell).upper() if isinstance(cell, bool) else cell for cell in cells]
        seen = dict.fromkeys(cells)
    if len(seen) == len(cells):
        return Column(header, np.arange(len(cells)), list(cells))
    code_of = dict(zip(seen, range(len(seen)), strict=True))
    return Column(header, np.fromiter(map(code_of.__getitem__, cells), dtype=np.int64, count=len(cells)), list(seen))


def clean(value: Any) -> str:
    """A cell as text: single spaces, none at the ends, no control characters; integral numbers without a point."""
    if isinstance(value, str):
        return " ".join(value.translate(_CONTROLS).split()) if _NEEDS_CLEANING.search(value) else value
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()[:10]
    return str(value)


def kinds_of_signs(text: str) -> list[str]:
    """What a text is made of: a letter stands for any run of letters, a digit for any of digits, other signs for themselves."""
    kinds = [LETTER if sign.isalpha() else DIGIT if sign.isdigit() else sign for sign in text]
    return [kind for kind, before in zip(kinds, ["", *kinds], strict=False) if kind != before]


def integral(word: str) -> str:
    """The form of 2.0, which is "2 0", as that of 2."""
    return word[:-2] if word.endswith(" 0") else word


def is_missing(text: str, missing: frozenset[str]) -> bool:
    """Whether a cell says that there is nothing."""
    return not text or text.casefold() in missing


def categorical(codes: np.ndarray, labels: Iterable[str | None], *, in_order: bool = True) -> pd.Categorical:
    """A Categorical from codes into labels, of which several may be the same and None is missing; its categories sorted if asked."""
    listed = np.array([*labels, None], dtype=object)
    found = text_codes(listed, is_sorted=in_order)
    assert found is not None  # as all are text or missing
    table, first = found
    dtype = pd.CategoricalDtype(pd.Index(listed[first], dtype="str" if pd.__version__ >= "3" else object))
    return pd.Categorical.from_codes(table[codes], dtype=dtype, validate=False)


def _all_said(column: Column, missing: frozenset[str]) -> bool:
    """Whether no distinct value is a word for nothing (there may be a blank one)."""
    longest = max(map(len, missing))
    short = [text for text in column.texts if len(text) <= longest]
    return (missing - {""}).isdisjoint(_BETWEEN.join(short).casefold().split(_BETWEEN))


def texts(column: Column, missing: frozenset[str]) -> list[str | None]:
    """The distinct values as text, None where they say nothing."""
    if _all_said(column, missing):
        return _blank_is_none(column.texts)
    return [None if is_missing(text, missing) else text for text in column.texts]


def _blank_is_none(texts: list[str]) -> list[str | None]:
    """The texts, None for one that is blank."""
    if texts.count("") > 1:
        return [text or None for text in texts]
    found: list[str | None] = list(texts)
    if "" in found:
        found[found.index("")] = None
    return found


def labels(column: Column, missing: frozenset[str], spellings: Mapping[str, str]) -> list[str | None]:
    """The distinct values as labels: spellings that differ in case and punctuation alone become the standard or the most frequent one."""
    said = texts(column, missing)
    of_text = {text: form(text) for text in said if text is not None}
    if len(set(of_text.values())) == len(of_text):
        return [None if text is None else spellings.get(of_text[text]) or text for text in said]
    frequency = np.bincount(column.codes, minlength=len(said))
    by_form: dict[str, Counter[str]] = {}
    for text, number in zip(said, frequency.tolist(), strict=True):
        if text is not None:
            by_form.setdefault(of_text[text], Counter())[text] += number
    shown = {key: spellings.get(key) or counted.most_common(1)[0][0] for key, counted in by_form.items()}
    return [None if text is None else shown[of_text[text]] for text in said]


def identifiers(column: Column, missing: frozenset[str], repair: Repair) -> tuple[list[str | None], np.ndarray]:
    """The distinct values as identifiers, and which of them stood with a point.

    A number that a spreadsheet turned into 100000.0 or 1.02E+07 is repaired where that is certain.
    """
    texts = column.texts
    told = column.joined or f"{_BETWEEN}{_BETWEEN.join(texts)}{_BETWEEN}"
    if told.isascii() and told.count(_BETWEEN) == len(texts) + 1 and f"{_BETWEEN}.0{_BETWEEN}" not in told:
        joined = told.replace(f".0{_BETWEEN}", _BETWEEN)
        if joined.replace(_BETWEEN, "").isdigit():  # all at once, as nearly every column of numbers is
            if len(joined) == len(told):
                return _blank_is_none(texts), np.zeros(len(texts), dtype=np.bool_)
            digits = joined[1:-1].split(_BETWEEN)
            lengths = (np.fromiter(map(len, of), dtype=np.int64, count=len(of)) for of in (texts, digits))
            return _blank_is_none(digits), np.not_equal(*lengths)
        if "." not in joined and "+" not in joined and len(joined) == len(told) and _all_said(column, missing):
            return _blank_is_none(texts), np.zeros(len(texts), dtype=np.bool_)
    result: list[str | None] = [text or None for text in texts]
    pointed = np.array([text[-2:] == ".0" and text[:-2].isdigit() for text in texts], dtype=np.bool_)
    result = [text[:-2] if text and point else text for text, point in zip(result, pointed.tolist(), strict=True)]
    pointed_list = pointed.tolist()
    for code, text in enumerate(texts):
        if text.isdigit() or not text or pointed_list[code]:
            continue
        if text.casefold() in missing:
            result[code] = None
        elif not text.isalnum() and (found := _SCIENTIFIC.fullmatch(text)):
            # All digits are there only if the fraction has as many as the exponent asks for.
            fraction, exponent = found[2] or "", int(found[3])
            certain = len(fraction.rstrip("0")) <= exponent <= len(fraction)
            result[code] = found[1] + fraction[:exponent] if certain else None
            repair(column, code, result[code] or "")
    return result, pointed


@dataclass(frozen=True)
class DateRules:
    """How a file writes dates, and what stands in their place."""

    missing: frozenset[str]
    not_inspected: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    short_years: bool = False  # whether 22/06/26 is 22 June 2026
    epoch: datetime.date | None = None  # day 0 of a workbook's serial numbers; None: a bare number is no date


def dates(column: Column, rules: DateRules, complain: Complain) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """The dates of the distinct values, the ends where some are ranges, and which say that there was no inspection.

    Day first, ISO, or a typed cell; never month first.
    """
    start = _slashed(column)
    end: np.ndarray | None = None
    said_none = np.zeros(len(column.distinct), dtype=np.bool_)
    for code in np.flatnonzero(np.isnat(start)).tolist():
        value = column.distinct[code]
        text = clean(value)
        if is_missing(text, rules.missing) or text == "-":
            continue
        if not text[0].isdigit() and form(text) in rules.not_inspected:
            said_none[code] = True
            continue
        day = parse_day(value, text, rules)
        if day is None and len(parts := _DATE_RANGE.split(text)) == 2:
            day, last = (parse_day(part, part, rules) for part in parts)
            if day is None or last is None or last < day:
                day = None
            else:
                if end is None:
                    end = np.full(len(column.distinct), NO_DATE, dtype="datetime64[s]")
                end[code] = np.datetime64(last, "s")
        if day is None:
            complain(column, code, f"a date as 31/03/2024 (day first), 2024-03-31 or 31 March 2024{_looks_like(value, text)}")
        else:
            start[code] = np.datetime64(day, "s")
    for day_unknown in rules.unknown:
        start[start == np.datetime64(day_unknown, "s")] = NO_DATE
    return start, end, said_none


def _looks_like(value: Any, text: str) -> str:
    """What a value that is no date looks like, for the message."""
    if isinstance(value, datetime.datetime) and value.tzinfo:
        return " (it has a time zone: .dt.tz_convert('Europe/London').dt.tz_localize(None) gives the local day)"
    if _SERIAL.fullmatch(text) and (day := serial_day(float(text), SINCE_1900)) is not None:
        shown = f"{day.day:02}/{day.month:02}/{day.year}"
        return f" (it looks like the number by which a spreadsheet keeps {shown}: format the column as a date)"
    if (found := _MONTH_FIRST.fullmatch(text)) and int(found[1]) <= 12 < int(found[2]):
        return " (it looks like a date with the month first)"
    if _SHORT_YEAR.fullmatch(text):
        return " (its year has two digits)"
    return ""


def serial_day(number: float, epoch: datetime.date) -> datetime.date | None:
    """The date that a spreadsheet keeps as a number of days; None for a number that is none of our time."""
    if not (number.is_integer() and _FIRST_SERIAL <= number <= _LAST_SERIAL):
        return None
    return epoch + datetime.timedelta(days=int(number))


def _slashed(column: Column) -> np.ndarray:
    """The dates among the distinct values that are written as 31/03/2024, all at once; NaT for all others."""
    result = np.full(len(column.distinct), NO_DATE, dtype="datetime64[s]")
    texts = column.distinct
    if column.joined is None:  # not all text, or not clean
        texts = [text if isinstance(text, str) and len(text) == 10 else "" for text in texts]
    characters = np.array(texts, dtype="U11").view(np.uint32).reshape(-1, 11)
    slash = ord("/")
    at = np.flatnonzero((characters[:, 2] == slash) & (characters[:, 5] == slash) & (characters[:, 10] == 0))
    digits = characters[at][:, [0, 1, 3, 4, 6, 7, 8, 9]] - np.uint32(ord("0"))  # of what is before "0" a large number
    plain = (digits <= 9).all(axis=1)
    at, digits = at[plain], digits[plain].astype(np.int64)
    day = digits[:, 0] * 10 + digits[:, 1]
    month = digits[:, 2] * 10 + digits[:, 3]
    year = digits[:, 4:] @ np.array([1000, 100, 10, 1])
    sound = (month >= 1) & (month <= 12) & (day >= 1) & (year >= EARLIEST.year) & (year <= LATEST.year)
    at, day, month, year = at[sound], day[sound], month[sound], year[sound]
    months = (year - 1970) * 12 + month - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]") + (day - 1)
    exists = days.astype("datetime64[M]").astype(np.int64) == months  # 31/04 would be in May
    result[at[exists]] = days[exists].astype("datetime64[s]")
    return result


def parse_day(value: Any, text: str, rules: DateRules) -> datetime.date | None:
    """A date, None where it is none or none of our time."""
    if isinstance(value, datetime.datetime):
        day: datetime.date | None = None if value.tzinfo else value.date()  # a time zone may move the day
    elif isinstance(value, datetime.date):
        day = value
    elif isinstance(value, str):
        day = parse_date(text) or _short_year(text, rules.short_years)
    elif isinstance(value, int | float) and rules.epoch is not None:
        day = serial_day(float(value), rules.epoch)
    else:
        day = None  # a bare number may be a date's serial number, or not
    return day if day is not None and EARLIEST <= day <= LATEST else None


def _short_year(text: str, in_numbers: bool) -> datetime.date | None:
    """A date with two digits of the year: 10-Jul-23 everywhere, as the month is in letters; 10/07/23 where the layout has such."""
    if found := _MONTH_LETTERS.fullmatch(text):
        return parse_date(f"{found[1]} {found[2]} {_century(found[3])}")
    if in_numbers and (found := _SHORT_YEAR.fullmatch(text)):
        return parse_date(f"{found[1]}/{found[2]}/{_century(found[3])}")
    return None


def _century(year: str) -> str:
    return ("20" if int(year) < 60 else "19") + year


def numbers(column: Column, missing: frozenset[str], complain: Complain) -> np.ndarray:
    """The distinct values as numbers."""
    result = np.full(len(column.distinct), np.nan)
    for code, text in enumerate(column.texts):
        if is_missing(text, missing) or text == "-":
            continue
        try:
            result[code] = float(text.replace(",", ""))
        except ValueError:
            complain(column, code, "a number")
    return result


def grade_codes(
    column: Column, scale: GradeScale, no_grade: frozenset[str], missing: frozenset[str], words: Mapping[str, str]
) -> np.ndarray:
    """Codes of the distinct values on a scale (worst is 0), -1 for none, -2 where a value is not understood.

    `words` are those that only the file's layout has, by their form, each with the label that it means.
    """
    result = np.full(len(column.distinct), -1, dtype=np.int8)
    for code, text in enumerate(column.texts):
        if is_missing(text, missing) or text == "-":
            continue
        word = integral(form(text))
        if word in no_grade:
            continue
        known = grade_code(words.get(word, text) if words else text, scale)
        result[code] = -2 if known is None else known
    return result
