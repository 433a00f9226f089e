"""Kernels that follow each provider through time: its records in order, in force on a date, from one to the next."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ofsted_sif import _core
from ofsted_sif.counts.arguments import as_codes, as_day, as_days, as_grid, as_order, as_records, optional_codes, size_of
from ofsted_sif.counts.threads import RECORDS_WORTH_A_THREAD, by_threads, check_memory, in_order, number_of_threads, share_out


def order_records(provider: Any, inspected: Any, published: Any = None, *, n_providers: int | None = None) -> tuple[np.ndarray, bool]:
    """Order records by provider and date, stably.

    Parameters
    ----------
    provider : array_like of int, shape (n,)
        Provider codes; none may be missing.
    inspected : array_like of datetime64 or int, shape (n,)
        Day of the inspection. Where it is missing the publication takes its place.
    published : array_like of datetime64 or int, shape (n,), optional
        Day of publication: decides between inspections of one day; missing ones come first.
    n_providers : int, optional
        Number of providers; by default the largest code and one.

    Returns
    -------
    tuple

        =======  ==============  =======================================================================
        name     dtype           meaning
        =======  ==============  =======================================================================
        order    int64           the rows in order, shape (n,); equal rows keep their order
        already  bool (one)      whether the rows were in order already; then `order` is 0, 1, 2, ...
        =======  ==============  =======================================================================

    Raises
    ------
    ValueError
        For a provider that is missing or out of range, or a row with neither date; the message has the row.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.order_records([1, 0, 1], [30, 20, 10])
    (array([1, 2, 0]), False)
    """
    records = as_records(provider, n_providers, inspected, published)
    order = np.empty(records.rows, dtype=np.int64)
    already = _core.order_records(*records.arguments, order)
    return order, already


def latest_as_at(
    provider: Any,
    inspected: Any,
    published: Any,
    date: Any,
    cutoff: Any = None,
    *,
    n_providers: int | None = None,
    eligible: Any = None,
    opened: Any = None,
    closed: Any = None,
) -> np.ndarray:
    """Find the row of each provider's most recent record as at a date.

    Parameters
    ----------
    provider : array_like of int, shape (n,)
        Provider codes; none may be missing.
    inspected, published : array_like of datetime64 or int, shape (n,)
        Day of the inspection and of its report; `published` may be None. Where the inspection has no day, that of its
        report takes its place; a missing publication lies before every day.
    date : datetime64 or int
        The date; inspections after it do not count.
    cutoff : datetime64 or int, optional
        Inspections published after it do not count; by default `date`.
    n_providers : int, optional
        Number of providers; by default the largest code and one.
    eligible : array_like of bool, shape (n,), optional
        Records that may count; by default all.
    opened, closed : array_like of datetime64 or int, shape (n_providers,), optional
        A provider is open on [opened, closed); missing is no bound.

    Returns
    -------
    ndarray of int64, shape (n_providers,)
        The row, or -1 where there is none or the provider is not open. Latest by `inspected`, then `published`, then position.

    Raises
    ------
    ValueError
        For a provider out of range or a row with neither date; the message has the row.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.latest_as_at([0, 0, 1], [10, 20, 30], [15, 99, 31], date=40, cutoff=50)
    array([0, 2])
    """
    records = as_records(provider, n_providers, inspected, published, eligible, opened, closed)
    rows = np.empty(records.n_providers, dtype=np.int64)
    _core.latest_as_at(*records.arguments, as_day(date, "date"), as_day(date if cutoff is None else cutoff, "cutoff"), rows)
    return rows


def near_pairs(
    provider: np.ndarray, day: np.ndarray, newer_provider: np.ndarray, newer_day: np.ndarray, near: int, *, threads: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (of older ones, of newer ones) of all pairs of one provider whose days are at most `near` apart.

    Rows whose provider is negative, or whose day is missing, are in none.
    """
    codes, newer_codes = (np.ascontiguousarray(of, dtype=np.int32) for of in (provider, newer_provider))
    days, newer_days = (np.ascontiguousarray(of, dtype=np.int64) for of in (day, newer_day))
    n_threads = number_of_threads(threads, len(newer_days), RECORDS_WORTH_A_THREAD)
    bounds = np.linspace(0, len(newer_days), n_threads + 1, dtype=np.int64)
    found: list[Any] = [None] * n_threads

    def find(piece: int) -> None:
        first, stop = bounds[piece : piece + 2]
        room, needed = -1, int(stop - first)
        while needed > room:
            room = needed
            older, newer = np.empty((2, room), dtype=np.int64)
            needed = _core.near_pairs(codes, days, newer_codes[first:stop], newer_days[first:stop], near, room, older, newer)
        found[piece] = older[:needed], newer[:needed] + first

    share_out(find, n_threads, n_threads)
    older, newer = map(np.concatenate, zip(*found, strict=True))
    return older, newer


@dataclass(frozen=True)
class _Grid:
    """What the kernels of a grid of dates take after the records, but for their outputs."""

    dates: np.ndarray
    cutoffs: np.ndarray
    groups: Any
    n_groups: int
    order: Any
    grades: Any
    n_grades: int
    expires: Any

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the counts: dates, groups and grades, the missing ones included."""
        return len(self.dates), self.n_groups + 1, self.n_grades + 1

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What a kernel takes, in its order."""
        return self.order, self.groups, self.n_groups, self.grades, self.n_grades, self.expires, self.dates, self.cutoffs


def _grid(dates: Any, cutoffs: Any, groups: Any, n_groups: int | None, order: Any, grades: Any, n_grades: int, expires: Any) -> _Grid:
    """A grid from columns of any kind that the public functions take; cut-offs are the dates where none are given."""
    groups, n_groups = optional_codes(groups, "groups", n_groups)
    dates = as_grid(dates, "dates")
    cutoffs = dates if cutoffs is None else as_grid(cutoffs, "cutoffs")
    grades = as_codes(grades, "grades")
    n_grades = size_of(grades, n_grades, "n_grades")
    return _Grid(dates, cutoffs, groups, n_groups, as_order(order), grades, n_grades, as_days(expires, "expires"))


def count_as_at(
    provider: Any,
    inspected: Any,
    published: Any,
    groups: Any,
    grades: Any,
    dates: Any,
    cutoffs: Any = None,
    *,
    order: Any = None,
    n_providers: int | None = None,
    n_groups: int | None = None,
    n_grades: int = 4,
    eligible: Any = None,
    opened: Any = None,
    closed: Any = None,
    expires: Any = None,
    threads: int | None = None,
) -> np.ndarray:
    """Count the records in force by group and grade for each date of a grid.

    Parameters
    ----------
    provider, inspected, published, eligible, opened, closed, n_providers
        As for `latest_as_at`.
    groups : array_like of int, shape (n,), or None
        Group code of each record; None for one group.
    grades : array_like of int, shape (n,)
        Grade code of each record.
    dates, cutoffs : array_like of datetime64 or int, shape (n_dates,)
        The grid of dates, and the cut-off of each. Neither may decrease. By default cut-offs are the dates.
    order : array_like of int, shape (n,), optional
        The rows in order of provider and date, as `order_records` gives them. By default they are ordered here if they must be.
    n_groups, n_grades : int
        As for `count_grades`.
    expires : array_like of datetime64 or int, shape (n,), optional
        The last day on which a record's grade counts; after it the grade is missing. Where the day is missing it counts for ever.
    threads : int, optional
        By default one for few records, else one per core; the counts are the same.

    Returns
    -------
    ndarray of int64, shape (n_dates, n_groups + 1, n_grades + 1)
        The last group and the last grade are the missing ones.

    Raises
    ------
    ValueError
        For a code out of range, a row with neither date, rows that are not in the order given, or a grid that decreases.
    MemoryError
        Where the counts would not fit into this machine's memory; `changes_as_at` gives what the dates change in them.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.count_as_at([0, 0], [10, 20], [11, 21], None, [1, 3], dates=[5, 15, 25])[:, 0]
    array([[0, 0, 0, 0, 0],
           [0, 1, 0, 0, 0],
           [0, 0, 0, 1, 0]])
    """
    records = as_records(provider, n_providers, inspected, published, eligible, opened, closed)
    grid = _grid(dates, cutoffs, groups, n_groups, order, grades, n_grades, expires)
    shape = grid.shape
    cells = math.prod(shape)
    # The counts, and half as much again for the changes from which they are made.
    check_memory(
        cells * 12,
        f"counts of {shape[0]:,} dates x {shape[1]:,} groups x {shape[2]} grades",
        "changes_as_at needs far less",
    )

    kernel: Callable[..., None] = _core.count_as_at

    def count(start: int, stop: int, of_providers: bool = False) -> list[np.ndarray]:
        counts = np.empty(shape, dtype=np.int64)
        kernel(*records.arguments, *grid.arguments, counts, start, stop, of_providers)
        return [counts]

    n_threads = number_of_threads(threads, records.rows, max(RECORDS_WORTH_A_THREAD, cells))
    return by_threads(count, records, order, n_threads)


class Changes(NamedTuple):
    """What each date of a grid changes in the counts of records in force.

    One row per change, in order of group, date and grade. No change is 0.

    ======  =====  ======================================================================
    name    dtype  meaning
    ======  =====  ======================================================================
    group   int64  group code; -1 is missing, and comes last
    date    int64  position in the grid
    grade   int64  grade code; -1 is missing, and comes last
    change  int64  count on this date less that on the date before (0 before the first)
    ======  =====  ======================================================================
    """

    group: np.ndarray
    date: np.ndarray
    grade: np.ndarray
    change: np.ndarray


def changes_as_at(
    provider: Any,
    inspected: Any,
    published: Any,
    groups: Any,
    grades: Any,
    dates: Any,
    cutoffs: Any = None,
    *,
    order: Any = None,
    n_providers: int | None = None,
    n_groups: int | None = None,
    n_grades: int = 4,
    eligible: Any = None,
    opened: Any = None,
    closed: Any = None,
    expires: Any = None,
) -> Changes:
    """Find what changes from date to date in the counts that `count_as_at` gives, without making these counts.

    Memory grows with the records, not with dates x groups. So it suits grids whose counts are mostly 0 or those of the date before.

    Parameters
    ----------
    provider, inspected, published, n_providers, eligible, opened, closed
        As for `latest_as_at`.
    groups, grades, dates, cutoffs, order, expires
        As for `count_as_at`.
    n_groups, n_grades : int
        As for `count_grades`.

    Returns
    -------
    Changes
        At most two changes per record, four with `expires`. Their sums by date are the counts. Changes of pieces of the records are merged
        by adding those of the same group, date and grade, where no provider is in two pieces.

    Raises
    ------
    ValueError
        As for `count_as_at`.

    Notes
    -----
    It takes some 40 bytes per record while it works, 72 with `expires`, and 32 bytes per change for the result.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> found = counts.changes_as_at([0, 0], [10, 20], [11, 21], None, [1, 3], dates=[5, 15, 25])
    >>> list(zip(found.date.tolist(), found.grade.tolist(), found.change.tolist()))
    [(1, 1, 1), (2, 1, -1), (2, 3, 1)]
    """
    records = as_records(provider, n_providers, inspected, published, eligible, opened, closed)
    grid = _grid(dates, cutoffs, groups, n_groups, order, grades, n_grades, expires)
    shape = grid.shape
    cells, change = np.empty((2, records.rows * (2 if expires is None else 4)), dtype=np.int64)
    kernel: Callable[..., int] = _core.changes_as_at
    found = kernel(*records.arguments, *grid.arguments, cells, change)
    of_group, grade = np.divmod(cells[:found], shape[2])
    group, date = np.divmod(of_group, max(shape[0], 1))
    group[group == shape[1] - 1] = -1  # a cell's last group and last grade are the missing ones
    grade[grade == shape[2] - 1] = -1
    return Changes(group, date, grade, change[:found].copy())


def count_transitions(
    provider: Any,
    inspected: Any,
    published: Any,
    groups: Any,
    grades: Any,
    *,
    periods: Any = None,
    order: Any = None,
    n_providers: int | None = None,
    n_groups: int | None = None,
    n_periods: int | None = None,
    n_grades: int = 4,
    eligible: Any = None,
    threads: int | None = None,
) -> np.ndarray:
    """Count from which grade to which grade a provider's consecutive inspections go.

    Parameters
    ----------
    provider, inspected, published, eligible, n_providers
        As for `latest_as_at`. Of several eligible records of a provider on one day the one published last counts, then the one further
        down.
    groups, periods : array_like of int, shape (n,), or None
        Group and period code of each record; a transition is counted by those of its later record.
    grades : array_like of int, shape (n,)
        Grade code of each record.
    order
        As for `count_as_at`.
    n_groups, n_grades : int
        As for `count_grades`.
    n_periods : int, optional
        Number of periods; by default the largest code and one.
    threads : int, optional
        By default one for few rows, else one per core; the counts are the same.

    Returns
    -------
    ndarray of int64, shape (n_groups + 1, n_periods + 1, n_grades + 1, n_grades + 1)
        By group, period, grade before and grade after; the last of each is the missing one.

    Raises
    ------
    ValueError
        For a code out of range (of any row, eligible or not), a row with neither date, or rows that are not in the order given.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.count_transitions([0, 0, 0, 1], [10, 20, 30, 5], None, None, [1, 2, 2, 3])[0, 0]
    array([[0, 0, 0, 0, 0],
           [0, 0, 1, 0, 0],
           [0, 0, 1, 0, 0],
           [0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0]])
    """
    records = as_records(provider, n_providers, inspected, published, eligible)
    groups, n_groups = optional_codes(groups, "groups", n_groups)
    periods, n_periods = optional_codes(periods, "periods", n_periods)
    grades = as_codes(grades, "grades")
    n_grades = size_of(grades, n_grades, "n_grades")
    asked = (as_order(order), groups, n_groups, periods, n_periods, grades, n_grades)

    def count(start: int, stop: int, of_providers: bool = False) -> list[np.ndarray]:
        counts = np.empty((n_groups + 1, n_periods + 1, n_grades + 1, n_grades + 1), dtype=np.int64)
        _core.count_transitions(*records.arguments, *asked, counts, start, stop, of_providers)
        return [counts]

    return by_threads(count, records, order, number_of_threads(threads, records.rows, RECORDS_WORTH_A_THREAD))


def spells(
    provider: Any,
    inspected: Any,
    published: Any,
    grades: Any,
    until: Any,
    *,
    order: Any = None,
    n_providers: int | None = None,
    n_grades: int = 4,
    eligible: Any = None,
    opened: Any = None,
    closed: Any = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find the spells of each provider: how long each of its grades was in force.

    Parameters
    ----------
    provider, inspected, published, eligible, opened, closed, n_providers
        As for `latest_as_at`. A record counts from the day on which its provider opened where that is later. Of several records that
        count from one day the last one is taken.
    grades : array_like of int, shape (n,)
        Grade code of each record; a record without a grade takes no part.
    until : datetime64 or int
        The last day of observation; records after it take no part.
    order
        As for `count_as_at`.
    n_grades : int
        As for `count_grades`.

    Returns
    -------
    tuple of ndarray, shape (n_spells,) each
        One row per spell, in order of provider and time. A record of the same grade continues a spell.

        ========  =====  ============================================================================
        name      dtype  meaning
        ========  =====  ============================================================================
        rows      int64  the row that began the spell
        ended_by  int64  the row that ended it; -1 where the end of observation came first
        start     int64  the day on which it began
        end       int64  the day on which it ended, or the last observed: `until`, or that of closing
        ========  =====  ============================================================================

    Raises
    ------
    ValueError
        For a code out of range, a row with neither date, rows that are not in the order given, or a record after its provider has closed,
        which would make a negative duration; the message has the row.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.spells([0, 0, 0, 1], [10, 20, 30, 5], None, [1, 1, 3, 2], until=100)
    (array([0, 2, 3]), array([ 2, -1, -1]), array([10, 30,  5]), array([ 30, 100, 100]))
    """
    records = as_records(provider, n_providers, inspected, published, eligible, opened, closed)
    grades = as_codes(grades, "grades")
    until = as_day(until, "until")

    def find(order: Any) -> list[np.ndarray]:
        results = np.empty((4, records.rows), dtype=np.int64)
        n = _core.spells(*records.arguments, order, grades, n_grades, until, *results)
        return list(results[:, :n] if 2 * n >= results.shape[1] else results[:, :n].copy())  # no memory is kept that is mostly empty

    rows, ended_by, start, end = in_order(find, records, order)
    return rows, ended_by, start, end
