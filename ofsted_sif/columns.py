"""From a user's table to codes, days and groups: the one place where that is done.

A table is a pandas DataFrame, a NumPy structured array, a mapping of arrays, or of a kind that `frames` knows. What comes out goes to the
kernels: grade codes (0 is the worst, -1 missing), group codes with their labels, days since 1970-01-01 as int64 (`counts.NO_DAY` is
missing). Nothing that comes in is changed.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import frames
from ofsted_sif.counts import NO_DAY
from ofsted_sif.rows import RowError
from ofsted_sif.scales import SCALES, GradeScale, grades, infer_scale, snake_case

# The judgements by their standard names, whatever the service; DESIGN of the table: a column each.
JUDGEMENTS = (
    "overall_effectiveness",
    "help_and_protection",
    "children_in_care",
    "adoption",
    "care_leavers",
    "leadership",
    "lscb",
    "outcomes",
    "quality_of_care",
    "safeguarding",
    "education_outcomes",
    "quality_of_education",
    "behaviour_and_attitudes",
    "personal_development",
    "early_years",
    "sixth_form",
    "quality_of_teaching",
    "behaviour_and_safety",
    "inclusion",
    "curriculum_and_teaching",
    "achievement",
    "attendance_and_behaviour",
    "personal_development_and_wellbeing",
    "early_years_report_card",
    "post_16",
    "leadership_and_governance",
)


class MissingColumnError(KeyError, ValueError):
    """A column that the table does not have; the message names it and the nearest present ones."""

    def __str__(self) -> str:
        return str(self.args[0])


def as_frame(table: Any, *, of_records: bool = False, **needed: str | Sequence[str] | None) -> pd.DataFrame:
    """The table as a DataFrame; its columns are not copied where they need not be.

    Of polars and Arrow tables only the columns needed are taken where a function names them, argument by argument; with `of_records`
    also those that say what an inspection is and who may count. None named: all are taken.
    """
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, np.ndarray) and table.dtype.names:
        if table.ndim != 1:
            raise ValueError(f"a structured array of records has one dimension, not {table.ndim}")
        return pd.DataFrame({name: _one_column(table[name], name) for name in table.dtype.names}, copy=False)
    if isinstance(table, Mapping):
        # An index of its own: a column that is a Series is taken by position, never aligned by its index.
        columns = {name: values.array if isinstance(values, pd.Series) else _one_column(values, name) for name, values in table.items()}
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise ValueError(f"lengths differ: the columns of a table have as many rows each, but {told}")
        return pd.DataFrame(columns, copy=False)
    known = frames.column_names(table)
    if known is None:
        raise TypeError(f"a table of inspections is {frames.KINDS}, not {type(table).__name__}")
    return frames.as_pandas(table, needed_columns(*known, needed, of_records=of_records) if needed else None)


def _one_column(values: Any, name: Any) -> Any:
    """The values of a column; an array in the byte order of this machine, as pandas holds others, and fails on them later."""
    if not hasattr(values, "__len__") or isinstance(values, str):
        raise TypeError(f"column {name!r} is {type(values).__name__}, not values of rows")
    if not isinstance(values, np.ndarray):
        return values
    if values.ndim != 1:
        raise ValueError(f"column {name!r} must have one dimension, not {values.ndim}")
    if values.dtype.names:
        raise ValueError(f"column {name!r} is made of fields itself: {', '.join(values.dtype.names)}")
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))


# Columns of their own meaning, taken where the table has them; what a standard name lacks is the function's to say.
OF_RECORDS = ("provider", "inspection_start", "published", "opened", "closed", "framework", "graded")


def needed_columns(present: list[str], with_categories: list[str], needed: dict[str, Any], *, of_records: bool) -> list[str]:
    """The columns to take, in the table's order; a name that the table lacks is an error, before anything is read."""
    wanted = {name for name in with_categories if of_records}
    wanted |= {name for name in present if of_records and (name in OF_RECORDS or snake_case(name) in JUDGEMENTS)}
    for argument, given in needed.items():
        for name in names(given, argument):
            if name not in present and not (of_records and name in OF_RECORDS):
                column(pd.DataFrame(columns=present), name, argument)
            wanted.add(name)
    return [name for name in present if name in wanted]


def names(given: str | Sequence[str] | None, argument: str) -> list[str]:
    """One name or several, as a list without repetition."""
    if given is None:
        return []
    listed = [given] if isinstance(given, str) else list(given)
    for name in listed:
        if listed.count(name) > 1:
            raise ValueError(f"{argument} names {name!r} twice")
    return listed


def column(frame: pd.DataFrame, name: str, argument: str) -> pd.Series:
    """The column of that name, or an error that names it, the argument that asked for it and the nearest present ones."""
    present = frame.columns
    if name not in present:
        by_form = {snake_case(str(other)): str(other) for other in present}
        near = [by_form[form] for form in get_close_matches(snake_case(str(name)), list(by_form), n=3, cutoff=0.5)]
        listed = ", ".join(map(str, present[:20])) + (", ..." if len(present) > 20 else "")
        hint = f"nearest: {', '.join(map(repr, near))}" if near else f"its columns: {listed or 'none'}"
        raise MissingColumnError(f"{argument}={name!r}: the table has no such column; {hint}")
    values = frame[name]
    if isinstance(values, pd.DataFrame):
        raise ValueError(f"{argument}={name!r}: the table has {values.shape[1]} columns of that name")
    return frames.plain(values)


# ---- grades


def grade_codes(frame: pd.DataFrame, judgement: str, scale: GradeScale | None) -> tuple[np.ndarray, GradeScale]:
    """Grade codes (int8, worst 0, missing -1) of a judgement, and its scale; codes of a Categorical are not copied."""
    return grade_codes_of(column(frame, judgement, "judgement"), judgement, scale)


def grade_codes_of(values: Any, name: str, scale: GradeScale | None) -> tuple[np.ndarray, GradeScale]:
    """The same of values that are called so."""
    if scale is None:
        scale = scale_of(values)
    return np.asarray(grades(values, scale, column=name).codes), scale


def scale_of(values: Any) -> GradeScale:
    """The scale of a column: known from the categories where they are a scale's own, else from the words."""
    return _scale_of_categories(getattr(values, "dtype", None)) or infer_scale(values)


def _scale_of_categories(dtype: Any) -> GradeScale | None:
    """The scale whose dtype this is; numbers of categories are compared first, as comparing dtypes takes its time."""
    if not isinstance(dtype, pd.CategoricalDtype) or dtype.categories is None:
        return None
    return next((scale for scale in SCALES if len(scale.labels) == len(dtype.categories) and scale.dtype == dtype), None)


def scale_of_words(words: list[Any], scale: GradeScale | None) -> GradeScale | None:
    """The scale, the one asked for or a known one, whose grades the words are from worst to best: codes of such words are its codes."""
    return next((one for one in (SCALES if scale is None else (scale,)) if words == [*reversed(one.labels)]), None)


def judgement_columns(frame: pd.DataFrame) -> list[str]:
    """The columns that hold judgements: standard names in any case and spacing, and Categoricals of a known scale."""
    return [
        name
        for name, dtype in zip(frame.columns, frame.dtypes, strict=True)
        if isinstance(name, str) and (name in JUDGEMENTS or snake_case(name) in JUDGEMENTS or _scale_of_categories(dtype) is not None)
    ]


def has_grade(values: pd.Series) -> np.ndarray:
    """Where a judgement column holds a grade."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.asarray(values.array.codes) >= 0
    if values.dtype.kind in "fiu":
        return values.notna().to_numpy()
    return np.asarray(grades(values, scale_of(values), column=str(values.name)).codes) >= 0


# ---- groups


@dataclass(frozen=True)
class Groups:
    """Codes of the group of each row, and what the groups are called.

    Attributes
    ----------
    codes : ndarray of int, shape (n,), or None
        0 to ``size - 1``, -1 missing. None: all rows are one group.
    labels : dict of str to array, each of shape (size,)
        The label columns of the groups, in the order of the codes.
    size : int
        Number of groups; 0 where all rows are one.
    observed_only : bool
        Whether groups without rows are left out of a result.
    """

    codes: np.ndarray | None
    labels: dict[str, Any]
    size: int
    observed_only: bool

    @property
    def missing(self) -> dict[str, Any]:
        """The labels of the missing group, arrays of length 1."""
        return {name: pd.Series(labels[:0]).reindex([0]).array for name, labels in self.labels.items()}


def label_codes(values: pd.Series) -> tuple[np.ndarray, Any]:
    """Codes (missing -1) into labels: all categories in their order, or the observed values sorted."""
    array = frames.plain(values).array
    if isinstance(array, pd.Categorical):
        return np.asarray(array.codes), pd.Categorical.from_codes(np.arange(len(array.categories)), dtype=array.dtype)
    codes, distinct = pd.factorize(values)
    labels = distinct.array
    try:
        order = labels.argsort()
    except TypeError:  # values of unlike types have no order of their own
        order = np.argsort([str(label) for label in labels], kind="stable")
    place = np.empty(len(labels) + 1, dtype=np.int64)
    place[order] = np.arange(len(labels))
    place[-1] = -1
    return place[codes], labels.take(order)


def groups(frame: pd.DataFrame, by: str | Sequence[str] | None, *, observed: bool = True) -> Groups:
    """Group codes of the rows: one column's labels, or the combinations of several."""
    listed = names(by, "by")
    if not listed:
        return Groups(None, {}, 0, observed_only=False)
    coded = [label_codes(column(frame, name, "by")) for name in listed]
    if len(listed) == 1:
        codes, labels = coded[0]
        return Groups(codes, {listed[0]: labels}, len(labels), observed_only=False)
    number, sizes = combination_numbers(coded, f"by={listed}")
    if observed:
        combinations, codes = distinct_numbers(number, math.prod(sizes))
    else:
        wanted = np.arange(int(np.prod([size - 1 for size in sizes])))
        parts = np.unravel_index(wanted, [size - 1 for size in sizes]) if wanted.size else ([] for _ in sizes)
        whole = np.zeros(len(wanted), dtype=np.int64)
        for part, size in zip(parts, sizes, strict=True):
            whole = whole * size + np.asarray(part, dtype=np.int64)
        combinations = np.union1d(whole, number)
        codes = np.searchsorted(combinations, number)
    parts = np.unravel_index(combinations, sizes)
    labels_of = {}
    for name, (_, labels), part, size in zip(listed, coded, parts, sizes, strict=True):
        labels_of[name] = take(labels, np.where(part == size - 1, -1, part))
    return Groups(codes.reshape(-1), labels_of, len(combinations), observed_only=observed)


def combination_numbers(coded: Sequence[tuple[np.ndarray, Any]], what: str) -> tuple[np.ndarray, list[int]]:
    """The number of each row's combination in the product of the labels, a missing one last of its column; and that product's sizes."""
    sizes = [len(labels) + 1 for _, labels in coded]
    if math.prod(sizes) >= 2**62:
        raise ValueError(f"{what}: more combinations than can be counted")
    number = np.zeros(len(coded[0][0]), dtype=np.int64)
    for (codes, _), size in zip(coded, sizes, strict=True):
        number = number * size + np.where(codes < 0, size - 1, codes)
    return number, sizes


def distinct_numbers(number: np.ndarray, total: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers below `total`, sorted, and the place of each number among them; by counting where that is less than sorting."""
    if total > 8 * len(number) + 1024:
        return np.unique(number, return_inverse=True)
    occurs = np.zeros(total, dtype=np.bool_)
    occurs[number] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[number]


def take(labels: Any, positions: np.ndarray) -> Any:
    """Labels at the positions, missing at -1."""
    if not (positions < 0).any():
        return labels.take(positions)
    return pd.Series(labels).reindex(np.where(positions < 0, len(labels), positions)).array


# ---- dates

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?)?")
_MONTH_NAME = re.compile(r"(\d{1,2})[ \-]([A-Za-z]{3,9})[ \-](\d{4})")
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_MONTH_NUMBER = {month[:3].lower(): number for number, month in enumerate(_MONTHS, start=1)}
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
            raise ValueError(f"{value} has a time zone; dates of inspections have none (strip it with tz_localize(None))")
        return np.datetime64(value.date(), "D")
    if isinstance(value, datetime.date):
        return np.datetime64(value, "D")
    if isinstance(value, pd.Period):
        return np.datetime64(value.end_time.date(), "D")
    return None


def day(value: Any, argument: str) -> int:
    """One date as a day; an error says what would be one."""
    try:
        parsed = _parse_value(value)
    except ValueError as error:
        raise ValueError(f"{argument}: {error}") from None
    if parsed is None or np.isnat(parsed):
        raise ValueError(f"{argument}={value!r} is not {DATES_KNOWN}")
    return int(parsed.view(np.int64))


def days(frame: pd.DataFrame, name: str, argument: str) -> np.ndarray:
    """A column of dates as int64 days, `NO_DAY` where missing; the time of day is dropped."""
    values = column(frame, name, argument)
    dtype = values.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        raise ValueError(
            f"column {name!r} has the time zone {dtype.tz}; dates of inspections have none (strip it with .dt.tz_localize(None))"
        )
    if isinstance(dtype, np.dtype) and dtype.kind == "M":
        return values.to_numpy().astype("datetime64[D]").view(np.int64)
    codes, distinct = pd.factorize(values)
    parsed = np.full(len(distinct) + 1, NO_DAY, dtype=np.int64)
    for position, value in enumerate(distinct):
        try:
            found = _parse_value(value)
        except ValueError as error:
            raise RowError(f"column {name!r}, ", np.argmax(codes == position), f": {error}") from None
        if found is None:
            raise RowError(f"column {name!r}, ", np.argmax(codes == position), f": {value!r} is not {DATES_KNOWN}")
        parsed[position] = found.view(np.int64)
    return parsed[codes]


def dates_of(days_since_1970: Any) -> pd.DatetimeIndex:
    """Days back to dates."""
    return pd.DatetimeIndex(np.asarray(days_since_1970, dtype=np.int64).view("datetime64[D]").astype("datetime64[s]"))


def iso(day_since_1970: int) -> str:
    """A day as 2024-03-31."""
    return str(np.int64(day_since_1970).view("datetime64[D]"))


def in_words(day_since_1970: int) -> str:
    """A day as 31 March 2024, whatever the locale."""
    date = np.int64(day_since_1970).view("datetime64[D]").item()
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def is_offset(value: Any) -> bool:
    """Whether a value is a length of time rather than a date."""
    return isinstance(value, pd.offsets.BaseOffset | datetime.timedelta | np.timedelta64)


def plus_offset(days_since_1970: np.ndarray, offset: Any, argument: str) -> np.ndarray:
    """Days plus an offset (DateOffset, timedelta), missing days staying so."""
    if not is_offset(offset):
        raise ValueError(f"{argument}={offset!r} is not an offset such as pandas.DateOffset(years=3) or datetime.timedelta(days=30)")
    distinct, codes = np.unique(days_since_1970, return_inverse=True)
    moved = [
        NO_DAY if since == NO_DAY else int(np.datetime64(pd.Timestamp(iso(since)) + offset, "D").view(np.int64))
        for since in distinct.tolist()
    ]
    return np.asarray(moved, dtype=np.int64)[codes.reshape(-1)]


# ---- records: what the kernels of histories take


@dataclass(frozen=True)
class Records:
    """The rows of a table as records of providers, with what the register says of these.

    Attributes
    ----------
    provider : ndarray of int, shape (n,)
        Codes into `providers`.
    providers : array, shape (n_providers,)
        The keys of the providers, sorted or in the order of the categories.
    held, published : ndarray of int64, shape (n,)
        Days; `published` is None where the table has no such column.
    opened, closed : ndarray of int64, shape (n_providers,), or None
        A provider is open on [opened, closed).
    """

    provider: np.ndarray
    providers: Any
    held: np.ndarray
    published: np.ndarray | None
    opened: np.ndarray | None
    closed: np.ndarray | None

    @property
    def placed(self) -> np.ndarray:
        """The day that places each record among those of its provider: the inspection's, else that of publication."""
        return self.held if self.published is None else np.where(self.held == NO_DAY, self.published, self.held)


def records(frame: pd.DataFrame, register: pd.DataFrame | None, *, provider: str, inspected: str, published: str) -> Records:
    """The records of a table; `register` None: columns opened and closed of the table are obeyed."""
    values = column(frame, provider, "provider")
    held, report = dates_of_records(frame, inspected, published)
    if (values.isna()).any():
        raise RowError(f"column {provider!r}, ", np.argmax(values.isna()), ": the provider is missing")
    if (neither := held == NO_DAY).any() and (report is None or (neither := neither & (report == NO_DAY)).any()):
        row = int(np.argmax(neither))
        lacks = f"has neither an inspection date ({inspected!r}) nor a publication date ({published!r})"
        raise RowError("", row, f" (provider {values.iloc[row]}) {lacks}")
    if register is None:
        codes, providers = label_codes(values)
        opened, closed = (_of_provider(frame, name, codes, len(providers), providers) for name in ("opened", "closed"))
    else:
        codes, providers, opened, closed = _from_register(values, register, provider)
    _check_open(opened, closed, providers)
    return Records(codes, providers, held, report, opened, closed)


def dates_of_records(frame: pd.DataFrame, inspected: str, published: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Both dates. A standard name that the table lacks is no fault while the other date is there; a name the user gave is."""
    lacks_inspected = inspected == "inspection_start" and inspected not in frame.columns
    lacks_published = published == "published" and published not in frame.columns
    if lacks_inspected and lacks_published:
        column(frame, inspected, "inspected")
    held = np.full(len(frame), NO_DAY) if lacks_inspected else days(frame, inspected, "inspected")
    return held, None if lacks_published else days(frame, published, "published")


def _of_provider(frame: pd.DataFrame, name: str, codes: np.ndarray, size: int, providers: Any) -> np.ndarray | None:
    """A date that belongs to the provider, said in some or all of its rows; rows that contradict one another are an error."""
    if name not in frame.columns:
        return None
    said = days(frame, name, name)
    known = said != NO_DAY
    result = np.full(size, NO_DAY)
    result[codes[known]] = said[known]
    if (unlike := known & (result[codes] != said)).any():
        row = int(np.argmax(unlike))
        both = f"column {name!r}: provider {providers[codes[row]]} has both {iso(said[row])} ("
        raise RowError(both, row, f") and {iso(result[codes[row]])}")
    return result


def _from_register(
    values: pd.Series, register: pd.DataFrame, provider: str
) -> tuple[np.ndarray, Any, np.ndarray | None, np.ndarray | None]:
    """Codes into the register's providers, and their dates."""
    keys = column(register, provider, "register")
    if keys.isna().any():
        raise ValueError(f"register, row {int(np.argmax(keys.isna()))}: the provider is missing")
    if (again := keys.duplicated()).any():
        raise ValueError(f"register: provider {keys[again].iloc[0]} stands in it twice")
    plain = keys.astype(keys.cat.categories.dtype) if isinstance(keys.dtype, pd.CategoricalDtype) else keys
    sorted_keys = plain.sort_values(kind="stable")
    order = plain.array.argsort(kind="stable") if len(plain) else np.empty(0, dtype=np.int64)
    providers = sorted_keys.array
    index = pd.Index(providers)
    codes, labels = label_codes(values)
    position = index.get_indexer(pd.Index(np.asarray(labels)))[codes] if len(labels) else np.empty(0, dtype=np.int64)
    if (absent := position < 0).any():
        row = int(np.argmax(absent))
        raise RowError(f"provider {values.iloc[row]} (", row, " of the records) is not in the register")
    dates = [days(register, name, name)[order] if name in register.columns else None for name in ("opened", "closed")]
    return position, providers, dates[0], dates[1]


def _check_open(opened: np.ndarray | None, closed: np.ndarray | None, providers: Any) -> None:
    if opened is None or closed is None:
        return
    if (wrong := (opened != NO_DAY) & (closed != NO_DAY) & (closed < opened)).any():
        at = int(np.argmax(wrong))
        raise ValueError(f"provider {providers[at]} is closed ({iso(closed[at])}) before it is opened ({iso(opened[at])})")


def register_rows(frame: pd.DataFrame, register: pd.DataFrame, provider: str, wanted: Iterable[Any]) -> pd.DataFrame:
    """Rows for providers without an inspection, in the table's columns: what the register says of them, all else missing."""
    keys = pd.Index(np.asarray(register[provider]))
    chosen = register.take(keys.get_indexer(pd.Index(np.asarray(wanted))))
    return pd.DataFrame(
        {
            name: chosen[name].array if name in chosen.columns else frame[name].iloc[:0].reindex(range(len(chosen))).array
            for name in frame.columns
        }
    )


def stack(frame: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Rows of `more` below those of `frame`, columns keeping the frame's dtypes where they can hold the values."""
    columns = {}
    for name in frame.columns:
        above, below = frame[name], more[name]
        if isinstance(above.dtype, pd.CategoricalDtype):
            extra = pd.Index(below.dropna().unique()).difference(above.cat.categories, sort=False)
            known = above.cat.categories.append(extra) if len(above.cat.categories) else extra
            dtype = pd.CategoricalDtype(known, ordered=above.cat.ordered) if len(extra) else above.dtype
            columns[name] = pd.concat([above.astype(dtype), below.astype(object).astype(dtype)], ignore_index=True)
        elif below.isna().all():
            columns[name] = above.reset_index(drop=True).reindex(range(len(above) + len(below)))
        else:
            columns[name] = pd.concat([above, below], ignore_index=True)
    return pd.DataFrame(columns, copy=False)
