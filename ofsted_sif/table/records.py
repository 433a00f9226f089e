"""Records: the rows of a table as what providers went through, when each was (`Dates`), and what a register says of these providers.

The column ``known_from`` says since when a table has every graded inspection of a provider. It is a date, the same in all rows of a
provider, graded or not. From that day on the table has every graded inspection of the provider; what was before is not known. A missing
date means: known from the beginning, as for ``opened`` and ``closed`` a missing date is no bound. Without the column the whole table is
complete. Where rows of a provider differ the latest date holds, and a missing one beside a date does not: two releases put one below the
other err on the safe side. Rows before that date may be there (of an older release, before a gap); they do not count.

Readers set it. In a file of latest inspections it is the day (of the inspection, else of its publication) of the first graded one that
the file lists of the provider; missing where the file has a place for the inspection before and leaves it blank. In a file of one
period it is the first day of the period, for all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import MissingColumnError, RowError
from ofsted_sif.scales import snake_case
from ofsted_sif.table.columns import DEFAULTS, Columns, column, optional
from ofsted_sif.table.dates import NO_DAY_32, are_by, as_they_lie, dates_of, days_of, iso, whole_days
from ofsted_sif.table.frames import is_unordered_dictionary, plain
from ofsted_sif.table.keys import are_numbers, as_key, in_order, is_plain, key_codes, keys_as_text
from ofsted_sif.table.together import NOTHING_READ, Read

KNOWN_FROM = "known_from"
FEW_PROVIDERS = 1 << 12
#: Of so many rows days are made at once, so that there are never those of a whole large table.
ROWS_AT_ONCE = 1 << 14
#: What programs and people write where there is no key.
_NO_KEY = frozenset(
    {"N/A", "n/a", "#N/A", "NA", "<NA>", "NaN", "nan", "NULL", "null", "None", "none", "-", "Not applicable", "not applicable"}
)
#: What registers call their column of providers.
KEYS = ("urn", "provider", "provider_urn", "provider_id", "ons_code", "la_code", "code")


@dataclass(frozen=True)
class Dates:
    """When inspections were, as it lies in the table: so kernels take it. Days are made where they are asked for, and kept.

    Attributes
    ----------
    began, reported : ndarray of datetime64, of int64 days, or of int32 days, whose least is missing, shape (n,)
        When each inspection began, and its report was published; `reported` is None where the table has no such column.
    """

    began: np.ndarray
    reported: np.ndarray | None

    @cached_property
    def inspected(self) -> np.ndarray:
        """The days of the inspections, `NO_DAY` where missing."""
        return whole_days(self.began)

    @cached_property
    def published(self) -> np.ndarray | None:
        """The days of the publications, None where the table has none."""
        return None if self.reported is None else whole_days(self.reported)

    @cached_property
    def dated(self) -> np.ndarray:
        """The day that places each inspection in time: its start, else its publication."""
        if self.reported is None or not _has_missing(self.began):
            return self.inspected
        return np.where(self.inspected == NO_DAY, whole_days(self.reported), self.inspected)

    @property
    def columns(self) -> tuple[Any, Any]:
        """What kernels take."""
        return _for_kernels(self.began), None if self.reported is None else _for_kernels(self.reported)

    def dated_at(self, rows: np.ndarray) -> np.ndarray:
        """The day that places each of some rows in time."""
        days = np.empty(len(rows), dtype=np.int64)
        for first in range(0, len(rows), ROWS_AT_ONCE):
            of, some = rows[first : first + ROWS_AT_ONCE], days[first : first + ROWS_AT_ONCE]
            some[:] = whole_days(self.began[of])
            if self.reported is not None and (missing := some == NO_DAY).any():
                some[missing] = whole_days(self.reported[of[missing]])
        return days

    def n_unreported(self, rows: np.ndarray) -> int:
        """How many of some rows have no date of publication."""
        return len(rows) if self.reported is None else int(np.count_nonzero(_is_missing(self.reported[rows])))

    def undated(self) -> np.ndarray | None:
        """Which rows have neither date; None where each has one."""
        if not _has_missing(self.began):
            return None
        neither = _is_missing(self.began)
        if self.reported is not None:
            neither &= _is_missing(self.reported)
        return neither if neither.any() else None

    def earliest(self) -> int:
        """The first day that places an inspection in time; `NO_DAY` where there is none."""
        if not _has_missing(self.began):
            return int(whole_days(self.began.min(keepdims=True))[0]) if len(self.began) else NO_DAY
        there = self.dated[self.dated != NO_DAY]
        return int(there.min()) if len(there) else NO_DAY


def _for_kernels(dates: np.ndarray) -> Any:
    return (dates, 1) if dates.dtype == np.int32 else dates


def _numbers(dates: np.ndarray) -> tuple[np.ndarray, int]:
    """Dates as numbers, and the number that is missing."""
    return (dates, NO_DAY_32) if dates.dtype == np.int32 else (dates.view(np.int64), NO_DAY)


def _is_missing(dates: np.ndarray) -> np.ndarray:
    numbers, missing = _numbers(dates)
    return numbers == missing


def _has_missing(dates: np.ndarray) -> bool:
    numbers, missing = _numbers(dates)
    return bool(numbers.min(initial=0) == missing)


@dataclass(frozen=True)
class Records:
    """The rows of a table as records of providers, with what the register says of these.

    Attributes
    ----------
    provider : ndarray of int, shape (n,)
        Codes into `providers`.
    providers : array, shape (n_providers,)
        The keys of the providers, sorted or in the order of the categories.
    dates : Dates
        When each inspection was, and its report.
    opened, closed : ndarray of int64, shape (n_providers,), or None
        A provider is open on [opened, closed).
    known_from : ndarray of int64, shape (n_providers,), or None
        The day from which on the table has all graded inspections of the provider; `NO_DAY`: from the beginning. None: so of all.
    """

    provider: np.ndarray
    providers: Any
    dates: Dates
    opened: np.ndarray | None
    closed: np.ndarray | None
    known_from: np.ndarray | None = None

    def known_by(self, date: int, cutoff: int) -> np.ndarray:
        """Which records were inspected by the date and published by the cut-off; a missing day lies before every day."""
        known = are_by(self.dates.began, date)
        return known if self.dates.reported is None else known & are_by(self.dates.reported, cutoff)

    def open_on(self, day: int) -> np.ndarray:
        """Which providers are open on a day."""
        is_open = np.ones(len(self.providers), dtype=np.bool_)
        if self.opened is not None:
            is_open &= self.opened <= day
        if self.closed is not None:
            is_open &= (self.closed == NO_DAY) | (self.closed > day)
        return is_open

    def latest(self, eligible: np.ndarray, date: int, cutoff: int) -> np.ndarray:
        """The row of each provider's most recent eligible record as at a date, -1 where there is none."""
        return counts.latest_as_at(
            self.provider,
            *self.dates.columns,
            date,
            cutoff,
            n_providers=len(self.providers),
            eligible=eligible,
            opened=self.opened,
            closed=self.closed,
        )

    def last_two(self, eligible: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The last eligible row of each provider, and the last of an earlier day; -1 where there is none."""
        latest = self._last(eligible)
        day = np.full(len(self.providers), NO_DAY)
        day[latest >= 0] = self.dates.dated_at(latest[latest >= 0])
        is_earlier = np.zeros(len(eligible), dtype=np.bool_)
        for first in range(0, len(eligible), ROWS_AT_ONCE):
            rows = np.arange(first, min(first + ROWS_AT_ONCE, len(eligible)))
            is_earlier[rows] = eligible[rows] & (self.dates.dated_at(rows) < day[self.provider[rows]])
        return latest, self._last(is_earlier)

    def _last(self, eligible: np.ndarray) -> np.ndarray:
        """The last eligible row of each provider, whenever it was."""
        ever = np.iinfo(np.int64).max
        return counts.latest_as_at(self.provider, *self.dates.columns, ever, ever, n_providers=len(self.providers), eligible=eligible)

    def last_per_day(self, eligible: np.ndarray) -> np.ndarray:
        """The eligible rows in order of provider and time; of several of a provider on one day the last of equals."""
        order, _ = counts.order_records(self.provider, *self.dates.columns, n_providers=len(self.providers))
        order = order[eligible[order]]
        of, day = self.provider[order], self.dates.dated_at(order)
        # A record is the last of its day where the next has another provider or day.
        return order[np.append((of[1:] != of[:-1]) | (day[1:] != day[:-1]), True)[: len(order)]]

    def with_waiting(self) -> Records:
        """The records, and after them one of each provider, before all days: its wait for a first inspection."""
        size = len(self.providers)
        before_all = np.full(size, NO_DAY + 1)
        inspected, published = self.dates.inspected, self.dates.published
        published = np.full(len(inspected), NO_DAY) if published is None else published
        return replace(
            self,
            provider=np.append(self.provider, np.arange(size)),
            dates=Dates(np.append(inspected, before_all), np.append(published, before_all)),
        )


def is_first(of: np.ndarray) -> np.ndarray:
    """Whether a row is the first of its provider, in rows ordered by provider."""
    return np.insert(of[1:] != of[:-1], 0, True)[: len(of)]


def records(
    frame: pd.DataFrame, register: pd.DataFrame | None, called: Columns, read: Read = NOTHING_READ
) -> tuple[pd.DataFrame, Records, bool]:
    """The table, its records, and whether keys had to be written as text to be compared: then the table that comes back has them so.

    `register` None: columns opened and closed of the table are obeyed.
    """
    values = column(frame, called.provider, "provider")
    dates = dates_of_records(frame, called, read)
    codes, providers, changed = key_codes(values, read.text)
    if not changed and is_unordered_dictionary(frame[called.provider].dtype):
        codes, providers = in_order(codes, providers)
    if codes.min(initial=0) < 0:
        raise RowError(f"column {called.provider!r}, ", np.argmax(codes < 0), ": the provider is missing", called.provider)
    _refuse_words_for_none(codes, providers, called.provider)
    if (neither := dates.undated()) is not None:
        row = int(np.argmax(neither))
        lacks = f"has neither an inspection date ({called.inspected!r}) nor a publication date ({called.published!r})"
        raise RowError("", row, f" (provider {values.iloc[row]}) {lacks}")
    if register is None:
        opened, closed = (_of_provider(frame, getattr(called, name), name, codes, providers) for name in ("opened", "closed"))
    else:
        codes, providers, opened, closed, differ = _from_register(codes, providers, register, called)
        changed = changed or differ
    if changed:
        frame = frame.assign(**{called.provider: providers.take(codes)})
    _check_open(opened, closed, providers)
    return frame, Records(codes, providers, dates, opened, closed, _known_from(frame, codes, len(providers))), changed


def _refuse_words_for_none(codes: np.ndarray, providers: Any, name: str) -> None:
    """Refuse keys that say that there is none: all that have no key would be one provider."""
    labels = providers.categories if isinstance(providers, pd.Categorical) else providers
    if labels.dtype.kind in "iufMm":
        return
    if len(labels) < FEW_PROVIDERS:  # so few are looked at sooner than pandas or NumPy begin
        found = [place for place, label in enumerate(labels.tolist()) if label in _NO_KEY]
    elif isinstance(labels, pd.arrays.NumpyExtensionArray | pd.arrays.ArrowExtensionArray) and isinstance(labels[0], str):
        array: Any = np.asarray(labels) if isinstance(labels, pd.arrays.NumpyExtensionArray) else labels.__arrow_array__()  # sorted text
        at = [(bisect_left(range(len(array)), word, key=lambda place: str(array[place])), word) for word in _NO_KEY]
        found = [place for place, word in at if place < len(array) and str(array[place]) == word]
    else:
        found = np.flatnonzero(pd.Series(labels, copy=False).isin(_NO_KEY)).tolist()
    for label in found:
        if (rows := codes == label).any():  # a category that no row has is none of a provider
            said = labels[label]
            raise RowError(
                f"column {name!r}, ",
                np.argmax(rows),
                f": {said!r} says that the provider is missing; without such rows: table[table[{name!r}] != {said!r}]",
                name,
                said,
            )


def _known_from(frame: pd.DataFrame, codes: np.ndarray, n_providers: int) -> np.ndarray | None:
    """The latest day that the rows of a provider say in the column known_from."""
    if KNOWN_FROM not in frame.columns:
        return None
    result = np.full(n_providers, NO_DAY)
    np.maximum.at(result, codes, days_of(column(frame, KNOWN_FROM, KNOWN_FROM), KNOWN_FROM))
    return result


def dates_of_records(frame: pd.DataFrame, called: Columns, read: Read = NOTHING_READ) -> Dates:
    """When inspections were and their reports, None where the table does not say. One of the two must be there."""
    inspected, published = optional(frame, called.inspected, "inspected"), optional(frame, called.published, "published")
    if inspected is None and published is None:
        if called.inspected is None and called.published is None:
            raise MissingColumnError("inspected=None and published=None: nothing says when inspections were; name one of the two columns")
        column(frame, str(called.inspected or DEFAULTS["inspected"]), "inspected")

    def dates(values: pd.Series) -> np.ndarray:
        found = read.days.get(values.name)
        return as_they_lie(values, str(values.name)) if found is None else found

    return Dates(np.full(len(frame), NO_DAY) if inspected is None else dates(inspected), None if published is None else dates(published))


def _of_provider(frame: pd.DataFrame, name: str | None, argument: str, codes: np.ndarray, providers: Any) -> np.ndarray | None:
    """A date that belongs to the provider, said in some or all of its rows; rows that contradict one another are an error."""
    column = optional(frame, name, argument)
    if column is None:
        return None
    said = days_of(column, str(name))
    known = said != NO_DAY
    result = np.full(len(providers), NO_DAY)
    result[codes[known]] = said[known]
    if (unlike := known & (result[codes] != said)).any():
        row = int(np.argmax(unlike))
        both = f"column {name!r}: provider {providers[codes[row]]} has both {iso(said[row])} ("
        raise RowError(both, row, f") and {iso(result[codes[row]])}", name)
    return result


def _from_register(
    codes: np.ndarray, labels: Any, register: pd.DataFrame, called: Columns
) -> tuple[np.ndarray, Any, np.ndarray | None, np.ndarray | None, bool]:
    """Codes into the register's providers, these, their dates, and whether the two tables' keys had to be compared as text."""
    keys = register_keys(register, called.provider, labels)
    providers = keys.sort_values(kind="stable").array
    order = keys.array.argsort(kind="stable") if len(keys) else np.empty(0, dtype=np.int64)
    differ = len(labels) > 0 and are_numbers(labels) and not are_numbers(providers)
    wanted = [as_key(label) for label in labels] if differ else np.asarray(labels)
    position = pd.Index(providers).get_indexer(pd.Index(wanted))[codes] if len(labels) else np.empty(0, dtype=np.int64)
    if (absent := position < 0).any():
        row = int(np.argmax(absent))
        missing = labels[codes[row]]
        known = [str(key) for key in providers]
        near = get_close_matches(str(missing), known, n=2, cutoff=0.7) or known[:2]
        told = (
            f", which has {len(known):,} {'provider' if len(known) == 1 else 'providers'}, such as {', '.join(map(repr, near))}"
            if near
            else ", which has no rows"
        )
        raise RowError(f"provider {missing} (", row, f" of the records) is not in the register{told}")
    dates = []
    for argument in ("opened", "closed"):
        name = getattr(called, argument)
        said = optional(register, argument if name is not None and name not in register.columns else name, argument, "register")
        dates.append(None if said is None else days_of(said, str(said.name))[order])
    return position, providers, dates[0], dates[1], differ


def register_keys(register: pd.DataFrame, provider: str, labels: Any) -> pd.Series:
    """The keys of a register, as they are, or as text where the records' keys are not of their kind."""
    if provider not in register.columns:
        if provider in register.index.names:
            raise MissingColumnError(f"register: {provider!r} is a level of its index; register.reset_index() makes a column of it")
        known = [str(name) for name in register.columns]
        meant = next((name for name in known if snake_case(name) in KEYS), "...")
        raise MissingColumnError(
            f"the register has no column {provider!r} (its columns: {', '.join(known) or 'none'}); its column of providers is called as in "
            f"the table: register.rename(columns={{{meant!r}: {provider!r}}})"
        )
    keys = column(register, provider, "register")
    try:
        as_text = keys_as_text(keys)
    except RowError as error:
        raise error.moved(error.row, "register, ") from None
    if (missing := keys.map(lambda key: str(key).strip() in ("", *_NO_KEY)).astype(np.bool_) | keys.isna()).any():
        raise ValueError(f"register, row {int(np.argmax(missing))}: the provider is missing")
    plain = keys.astype(keys.cat.categories.dtype) if isinstance(keys.dtype, pd.CategoricalDtype) else keys
    if not is_plain(plain.array) or (len(labels) and are_numbers(labels) != are_numbers(plain.array)):
        plain = as_text
    if (again := plain.duplicated()).any():
        raise ValueError(f"register: provider {keys[again.to_numpy()].iloc[0]} is in it twice")
    return plain


def _check_open(opened: np.ndarray | None, closed: np.ndarray | None, providers: Any) -> None:
    if opened is None or closed is None:
        return
    if (wrong := (opened != NO_DAY) & (closed != NO_DAY) & (closed < opened)).any():
        at = int(np.argmax(wrong))
        raise ValueError(f"provider {providers[at]} is closed ({iso(closed[at])}) before it is opened ({iso(opened[at])})")


def register_rows(frame: pd.DataFrame, register: pd.DataFrame, provider: str, wanted: Sequence[Any]) -> pd.DataFrame:
    """Rows for providers without an inspection, in the table's columns: what the register says of them, all else missing."""
    keys = register_keys(register, provider, wanted)
    chosen = register.take(pd.Index(np.asarray(keys)).get_indexer(pd.Index(np.asarray(wanted)))).assign(**{provider: wanted})
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
            if len(extra):
                known = above.cat.categories.append(extra) if len(above.cat.categories) else extra
                above = above.astype(pd.CategoricalDtype(known, ordered=above.cat.ordered))
            columns[name] = pd.concat([above, below.astype(object).astype(above.dtype)], ignore_index=True)
        elif below.isna().all():
            columns[name] = above.reset_index(drop=True).reindex(range(len(above) + len(below)))
        else:
            above, below = _dates_where_one_has_them(above, below)
            below = held_as(below, above.dtype)
            columns[name] = pd.concat([above, below], ignore_index=True) if len(above) else below.reset_index(drop=True)
    return pd.DataFrame(columns, copy=False)


def _dates_where_one_has_them(*columns: pd.Series) -> tuple[pd.Series, ...]:
    """Two columns of one name, text as dates where the other has dates; as they are where a text is no date."""
    are_dates = [values.dtype.kind == "M" for values in columns]
    if all(are_dates) or not any(are_dates):
        return columns
    try:
        return tuple(
            values if is_date else pd.Series(dates_of(days_of(plain(values), str(values.name))), index=values.index, name=values.name)
            for values, is_date in zip(columns, are_dates, strict=True)
        )
    except (ValueError, TypeError):
        return columns


def held_as(values: pd.Series, dtype: Any) -> pd.Series:
    """The same values in another dtype; as they are where it cannot hold each of them."""
    try:
        held = values.astype(dtype)
    except (ValueError, TypeError, ArithmeticError, NotImplementedError):
        return values
    there = values.notna()
    return held if held[there].tolist() == values[there].tolist() and there.equals(held.notna()) else values
