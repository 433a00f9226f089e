"""Kendall's S with its variance, tau-b and exact probabilities, and Theil-Sen slopes, of dated rows by group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ofsted_sif import _core
from ofsted_sif.counts.arguments import Records, as_codes, as_days, as_numbers, plain, size_of
from ofsted_sif.counts.counting import count_grades
from ofsted_sif.counts.histories import order_records
from ofsted_sif.counts.threads import (
    DATED_ROWS_WORTH_A_THREAD,
    NUMBERS_WORTH_A_THREAD,
    SLOPES_WORTH_A_THREAD,
    in_order_by_threads,
    number_of_threads,
    share_out,
)

#: The most rows of a group, so that pairs of rows fit 64 bits: SIF_MOST_ROWS.
MOST_ROWS = 2**31
#: The most rows of a group for which the distribution of Kendall's S is worked out: SIF_MOST_EXACT.
MOST_EXACT = 20


class Kendall(NamedTuple):
    """What `kendall` finds, an array of shape (n_groups,) each.

    ===========  =======  ===================================================================================
    name         dtype    meaning
    ===========  =======  ===================================================================================
    n            int64    rows that took part
    s            int64    sum of the sign of (later - earlier) over all pairs of rows on different days
    variance     float64  variance of `s` where there is no trend, given the ties; NaN below 2 rows
    tau          float64  Kendall's tau-b, s / most; NaN where all values, or all days, are the same
    most         float64  geometric mean of the numbers of pairs with different values and different days
    pairs        int64    pairs of rows on different days
    tie_pattern  int64    how many values are equal, for `kendall_exact`; 0 where that does not apply
    ===========  =======  ===================================================================================

    A tie pattern is a number whose bits say where, among the values sorted into equals with the largest lot first, each lot ends:
    bit i - 1 is set where one ends at the value number i. Two and one equal values are 0b110, three different ones 0b111.
    """

    n: np.ndarray
    s: np.ndarray
    variance: np.ndarray
    tau: np.ndarray
    most: np.ndarray
    pairs: np.ndarray
    tie_pattern: np.ndarray


def _dated(groups: Any, days: Any, n_groups: int | None) -> Records:
    """Dated rows, as records: their group is the provider, their day that of the inspection."""
    days = as_days(days, "days")
    if groups is None:
        return Records(np.zeros(len(days), dtype=np.int8), 1, days)
    groups = as_codes(groups, "groups")
    return Records(groups, size_of(groups, n_groups, "n_groups"), days)


def kendall(
    groups: Any,
    days: Any,
    values: Any,
    *,
    n_grades: int | None = None,
    n_groups: int | None = None,
    order: Any = None,
    threads: int | None = None,
) -> Kendall:
    """Compute Kendall's S of values against days, with its variance and tau-b, for each group.

    Parameters
    ----------
    groups : array_like of int, shape (n,), or None
        Group codes 0 to ``n_groups - 1``; none may be missing. None: one group.
    days : array_like of datetime64 or int, shape (n,)
        Day of each row; none may be missing.
    values : array_like, shape (n,)
        Grade codes where `n_grades` is given (-1 missing, takes no part), else finite numbers.
    n_grades : int, optional
        Number of grades.
    n_groups : int, optional
        Number of groups; by default the largest code and one.
    order : array_like of int, shape (n,), optional
        The rows in order of group and day, as `order_records` gives them. By default they are ordered here if they must be.
    threads : int, optional
        By default one for few rows, else one per core, at work on different groups; the results are the same.

    Returns
    -------
    Kendall
        Arrays of shape (n_groups,), listed at `Kendall`.

    Raises
    ------
    ValueError
        For a code out of range, a missing day, a number that is NaN or infinite; the message has the row.

    Notes
    -----
    With t the numbers of equal values and u the numbers of rows of one day, the variance is ``A3 B3 / 9n(n-1)(n-2) + A2 B2 / 2n(n-1)``,
    where ``A2 = Σt(n-t)`` and ``A3 = Σt(n-t)(n+t-3)``, and B2 and B3 are the same of u: the formula of the book, written so that nothing
    cancels however large n is. tau-b is ``S / √((n0 - Σt(t-1)/2)(n0 - Σu(u-1)/2))`` with ``n0 = n(n-1)/2`` (Kendall, Rank Correlation
    Methods, 4th ed. 1975, sections 3 and 4). S of grades takes n x grades steps, that of numbers n log n (Knight 1966, JASA 61, 436-439).

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> found = counts.kendall(None, [10, 20, 30, 40], [0, 1, 1, 3], n_grades=4)
    >>> found.s.item(), round(found.variance.item(), 3), round(found.tau.item(), 3)
    (5, 7.667, 0.913)
    """
    records = _dated(groups, days, n_groups)
    groups, n_groups, days = records.provider, records.n_providers, records.inspected
    values = as_numbers(values, "values") if n_grades is None else as_codes(values, "values")

    def add(order: Any, start: int, stop: int) -> list[np.ndarray]:
        sums, cubes = np.zeros((n_groups, 5), dtype=np.int64), np.zeros((n_groups, 2))
        if n_grades is None:
            _core.kendall_values(order, groups, n_groups, days, values, sums, cubes, start, stop)
        else:
            _core.kendall_grades(order, groups, n_groups, days, values, n_grades, sums, cubes, start, stop)
        return [sums, cubes]

    worth = DATED_ROWS_WORTH_A_THREAD if n_grades is not None else NUMBERS_WORTH_A_THREAD
    n_threads = min(number_of_threads(threads, len(days), worth), max(1, n_groups))  # no group is split between threads
    most = max(4 * worth, len(days) // 64)  # each piece has sums for all groups, so there are not too many
    sums, cubes = in_order_by_threads(add, records, order, n_threads, most=most)
    return _kendall(sums, cubes)


class ClusterSums(NamedTuple):
    """What `kendall_clusters` finds, an array of shape (n_groups,) each.

    ===========  =======  ==============================================================================
    name         dtype    meaning
    ===========  =======  ==============================================================================
    of_rows      float64  sum over the rows of the square of what a row brings
    of_clusters  float64  sum over the clusters of the square of what all rows of a cluster bring together
    n_clusters   int64    number of clusters
    ===========  =======  ==============================================================================
    """

    of_rows: np.ndarray
    of_clusters: np.ndarray
    n_clusters: np.ndarray


def kendall_clusters(
    groups: Any,
    days: Any,
    grades: Any,
    clusters: Any,
    *,
    n_grades: int,
    n_groups: int | None = None,
    n_labels: int | None = None,
    order: Any = None,
    threads: int | None = None,
) -> ClusterSums:
    """Add up what rows, and what clusters of rows, bring to the variance of Kendall's S, for each group.

    Parameters
    ----------
    groups, days, n_groups, order, threads
        As for `kendall`.
    grades : array_like of int, shape (n,)
        Grade code of each row; a missing one (-1) takes no part.
    n_grades : int
        Number of grades.
    clusters : array_like of int, shape (n,)
        Codes of what the rows belong to, such as providers. A row without one (-1) is a cluster of its own. A code that occurs in two
        groups is a cluster in each.
    n_labels : int, optional
        Number of labels of the clusters; by default the largest code and one.

    Returns
    -------
    ClusterSums
        Arrays of shape (n_groups,), listed at `ClusterSums`. The design effect is ``of_clusters / of_rows``.

    Raises
    ------
    ValueError
        For a code out of range or a missing day; the message has the row.

    Notes
    -----
    A row brings ``D R``: D are the rows of its group on earlier days less those on later days, R those with a worse grade less those with a
    better one.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.kendall_clusters(None, [10, 20, 30], [0, 1, 2], [0, 1, 1], n_grades=4)
    ClusterSums(of_rows=array([32.]), of_clusters=array([32.]), n_clusters=array([2]))
    """
    records = _dated(groups, days, n_groups)
    groups, n_groups, days = records.provider, records.n_providers, records.inspected
    grades, clusters = as_codes(grades, "grades"), as_codes(clusters, "clusters")
    n_labels = size_of(clusters, n_labels, "n_labels")

    def add(order: Any, start: int, stop: int) -> list[np.ndarray]:
        sums, n_clusters = np.zeros((n_groups, 2)), np.zeros(n_groups, dtype=np.int64)
        _core.kendall_clusters(order, groups, n_groups, days, grades, n_grades, clusters, n_labels, sums, n_clusters, start, stop)
        return [sums, n_clusters]

    n_threads = min(number_of_threads(threads, len(days), DATED_ROWS_WORTH_A_THREAD), max(1, n_groups))
    # A piece has memory for all clusters, so that there are few.
    sums, n_clusters = in_order_by_threads(add, records, order, n_threads, most=max(1, len(days)))
    return ClusterSums(sums[:, 0].copy(), sums[:, 1].copy(), n_clusters)


def kendall_of_clusters(
    groups: np.ndarray,
    days_of: Callable[[np.ndarray], np.ndarray],
    grades: np.ndarray,
    clusters: np.ndarray,
    *,
    n_grades: int,
    n_groups: int,
    n_labels: int,
    threads: int | None = None,
) -> tuple[Kendall, ClusterSums]:
    """What `kendall` and `kendall_clusters` give of rows without a fault, in any order; a row whose group is -1 takes no part.

    A share of the groups is ordered and counted at a time, and `days_of` gives the days of its rows: so memory beside the columns is that
    of a sixteenth of the rows, or of the largest group, in each thread.
    """
    shares = _shares(count_grades(None, groups, n_grades=n_groups)[:-1], max(DATED_ROWS_WORTH_A_THREAD, len(groups) // 16))
    n_threads = number_of_threads(threads, len(groups), DATED_ROWS_WORTH_A_THREAD)
    found: list[Any] = [None] * len(shares)

    def count(number: int) -> None:
        (first, stop), size = shares[number], shares[number][1] - shares[number][0]
        rows = np.flatnonzero((groups >= first) & (groups < stop))
        of, day, grade = groups[rows].astype(np.int32) - first, days_of(rows), grades[rows]
        order, is_ordered = order_records(of, day, n_providers=size)
        dated: dict[str, Any] = {"n_grades": n_grades, "n_groups": size, "order": None if is_ordered else order}
        kendalls = kendall(of, day, grade, **dated, threads=1)
        found[number] = kendalls, kendall_clusters(of, day, grade, clusters[rows], **dated, n_labels=n_labels, threads=1)

    share_out(count, len(shares), n_threads)
    of_rows, of_clusters = zip(*found, strict=True)
    return Kendall(*map(np.concatenate, zip(*of_rows, strict=True))), ClusterSums(*map(np.concatenate, zip(*of_clusters, strict=True)))


def _shares(n_rows: np.ndarray, most: int) -> list[tuple[int, int]]:
    """Groups from the first on to one past the last, again and again, so that each share has no more rows than that, or one group."""
    ends, shares, first = np.cumsum(n_rows), [], 0
    while first < len(n_rows):
        before = ends[first - 1] if first else 0
        stop = max(first + 1, int(np.searchsorted(ends, before + most, side="right")))
        shares.append((first, stop))
        first = stop
    return shares or [(0, 0)]


def _kendall(sums: np.ndarray, cubes: np.ndarray) -> Kendall:
    """Variance and tau-b of S, from the kernel's sums (see sif.h)."""
    n, s, value_ties, day_ties, tie_pattern = np.ascontiguousarray(sums.T)
    size = n.astype(np.float64)
    pairs = n * (n - 1)
    unlike_values, unlike_days = (pairs - value_ties).astype(np.float64), (pairs - day_ties).astype(np.float64)
    # Products of numbers of pairs and triples that are not tied: nothing is subtracted that could cancel.
    with np.errstate(divide="ignore", invalid="ignore"):
        triples = cubes[:, 0] / (size * (size - 1) * (size - 2)) * cubes[:, 1] / 9
        variance = np.where(n > 1, np.where(n > 2, triples, 0.0) + unlike_values / pairs * unlike_days / 2, np.nan)
        most = np.sqrt(unlike_values * unlike_days) / 2
        tau = np.where(most > 0, s / most, np.nan)
    return Kendall(n, s, variance, tau, most, (pairs - day_ties) // 2, tie_pattern)


def kendall_of_counts(groups: Any, days: Any, grades: Any, rows: Any, *, n_grades: int, n_groups: int) -> Kendall:
    """What `kendall` gives, from numbers of rows by group, day and grade.

    Such counts add up: those of pieces of the rows, summed, give the S of the whole.

    Parameters
    ----------
    groups, days, grades : array_like of int, shape (n_cells,)
        Group code, day and grade code of each cell, none missing. Cells may repeat.
    rows : array_like of int, shape (n_cells,)
        How many rows a cell stands for.
    n_grades, n_groups : int
        As for `kendall`.

    Returns
    -------
    Kendall
        As `kendall` gives it.

    Raises
    ------
    ValueError
        For a code that is missing or out of range (the message has its cell), or a group of more than 2^31 rows.

    Notes
    -----
    One group, two grades and two days, as counts of grades 0 and 1 ::

        day 10:  2 of grade 0, 1 of grade 1     before it:  0 and 0
        day 20:  0 of grade 0, 3 of grade 1     before it:  2 and 1

    Each of the 3 rows on day 20 is better than 2 earlier rows and worse than none, so S is 3 x (2 - 0) = 6. Any number of days is
    done in this way: a cumulative sum over the days gives what lies before, and one over the grades what of it is worse and better.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.kendall_of_counts([0, 0, 0], [10, 10, 20], [0, 1, 1], [2, 1, 3], n_grades=4, n_groups=1).s.item()
    6
    """
    cells = _cells(groups, days, grades, rows, n_grades=n_grades, n_groups=n_groups)
    return _kendall(*_sums_of_cells(cells))


@dataclass(frozen=True)
class _Cells:
    """Numbers of rows by group, day and grade, one line per group and day, in this order.

    Attributes
    ----------
    group : ndarray of int64, shape (n_lines,)
        The group of each line.
    table : ndarray of int64, shape (n_lines, n_grades)
        How many rows of each grade lie in the line.
    n_groups : int
        Number of groups.
    """

    group: np.ndarray
    table: np.ndarray
    n_groups: int

    def summed(self, lines: np.ndarray) -> np.ndarray:
        """Sums over the lines of each group."""
        result = np.zeros((self.n_groups, *lines.shape[1:]), dtype=lines.dtype)
        np.add.at(result, self.group, lines)
        return result


def _cells(groups: Any, days: Any, grades: Any, rows: Any, *, n_grades: int, n_groups: int) -> _Cells:
    """Cells in any order, which may repeat, as a table in order."""
    columns = {"groups": groups, "grades": grades, "rows": rows}
    groups, grades, rows = (plain(as_codes(values, name), np.int64) for name, values in columns.items())
    for name, codes, size in (("groups", groups, n_groups), ("grades", grades, n_grades)):
        if (wrong := (codes < 0) | (codes >= size)).any():
            cell = int(np.argmax(wrong))
            raise ValueError(f"{name}, cell {cell}: code {codes[cell]} is outside 0 .. {size - 1}")
    days = as_days(days, "days")
    order = np.lexsort((days, groups))
    group, day = groups[order], days[order]
    begins = np.append(True, (group[1:] != group[:-1]) | (day[1:] != day[:-1]))[: len(order)]
    table = np.zeros((int(begins.sum()), n_grades), dtype=np.int64)
    np.add.at(table, (np.cumsum(begins) - 1, grades[order]), rows[order])
    return _Cells(group[begins], table, n_groups)


def _sums_of_cells(cells: _Cells) -> tuple[np.ndarray, np.ndarray]:
    """The sums that the kernel of grades writes: see sif.h."""
    table = cells.table
    # How many rows of a worse and of a better grade lie on earlier days of the same group.
    before = np.cumsum(table, axis=0) - table
    before -= before[np.searchsorted(cells.group, cells.group)]
    worse = np.cumsum(before, axis=1) - before
    better = before.sum(axis=1, keepdims=True) - worse - before

    by_grade, of_day = cells.summed(table), table.sum(axis=1)
    n = by_grade.sum(axis=1)
    if (n > MOST_ROWS).any():
        raise ValueError(f"group {int(np.argmax(n))} has {n.max()} rows; of more than {MOST_ROWS} pairs can't be counted")
    sums, cubes = np.zeros((cells.n_groups, 5), dtype=np.int64), np.zeros((cells.n_groups, 2))
    sums[:, 0], sums[:, 1] = n, cells.summed((table * (worse - better)).sum(axis=1))
    sums[:, 2], sums[:, 3] = (by_grade * (by_grade - 1)).sum(axis=1), cells.summed(of_day * (of_day - 1))
    cubes[:, 0] = _number(*(part.sum(axis=1) for part in _triples_beyond(by_grade, n[:, None])))
    cubes[:, 1] = _number(*(cells.summed(part) for part in _triples_beyond(of_day, n[cells.group])))
    small = np.flatnonzero((n <= MOST_EXACT) & (sums[:, 3] == 0))
    sums[small, 4] = _tie_pattern(by_grade[small])
    return sums, cubes


def _tie_pattern(by_grade: np.ndarray) -> np.ndarray:
    """The tie pattern of each line of numbers of equal values: see `Kendall`."""
    equal = -np.sort(-by_grade, axis=1)
    ends = np.where(equal > 0, np.int64(1) << np.maximum(np.cumsum(equal, axis=1) - 1, 0), 0)
    return np.bitwise_or.reduce(ends, axis=1)


def _triples_beyond(equal: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many ordered triples of n rows begin with one of so many equals and are not all of them: lower 32 bits and the rest.

    Each row adds a number below 2^62, and a group has at most 2^31 rows: both parts add up within 64 bits.
    """
    of_a_row = (n - equal) * (n + equal - 3)
    return equal * (of_a_row & 0xFFFFFFFF), equal * (of_a_row >> 32)


def _number(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return high.astype(np.float64) * 2.0**32 + low


def kendall_exact(tie_pattern: Any, s: Any) -> tuple[np.ndarray, np.ndarray]:
    """Compute the exact probabilities of Kendall's S where every order of the values is equally likely, given their ties.

    Parameters
    ----------
    tie_pattern, s : array_like of int, shape (n,)
        As `kendall` gives them, for groups of at most 20 rows on different days.

    Returns
    -------
    tuple of ndarray, shape (n,) each
        The distribution is symmetric, and ``1 - above - at`` is the probability of a smaller S.

        =====  =======  ============================
        name   dtype    meaning
        =====  =======  ============================
        above  float64  probability of a larger S
        at     float64  probability of this S
        =====  =======  ============================

    Raises
    ------
    ValueError
        For a tie pattern that is 0 or of more than 20 rows, or an s that no order of the values has.

    Notes
    -----
    The numbers of orders by discordant pairs are the coefficients of the q-multinomial ``[n]! / Π [t]!``, a product of Gaussian
    binomials (MacMahon 1916; for Kendall's S with one ranking tied: Sillitto 1947, Biometrika 34, 36-40).

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> found = counts.kendall(None, [10, 20, 30, 40], [0, 1, 1, 3], n_grades=4)
    >>> above, at = counts.kendall_exact(found.tie_pattern, found.s)
    >>> above.item(), at.item() == 1 / 12
    (0.0, True)
    """
    tie_pattern, s = plain(as_codes(tie_pattern, "tie_pattern"), np.int64), plain(as_codes(s, "s"), np.int64)
    # Cases of the same ties stand together, so that the kernel works out each distribution once.
    order = np.argsort(tie_pattern, kind="stable")
    above, at, sorted_above, sorted_at = np.empty((4, len(tie_pattern)))
    _core.kendall_exact(tie_pattern[order], s[order], sorted_above, sorted_at)
    above[order], at[order] = sorted_above, sorted_at
    return above, at


def theil_sen(
    groups: Any, days: Any, values: Any, ranks: Any, *, n_groups: int | None = None, order: Any = None, threads: int | None = None
) -> np.ndarray:
    """Find the slopes of given ranks among the slopes of all pairs of rows of a group on different days.

    Parameters
    ----------
    groups, days, n_groups, order, threads
        As for `kendall`.
    values : array_like of float, shape (n,)
        Finite numbers.
    ranks : array_like of int, shape (n_groups, n_ranks)
        Ranks, 0 for the least slope.

    Returns
    -------
    ndarray of float64, shape (n_groups, n_ranks)
        Slopes in units of value per day, each exactly that of a pair; NaN where a group has no slope of that rank.

    Raises
    ------
    ValueError
        As for `kendall`.

    Notes
    -----
    No list of slopes is made: memory is 0.3 MB and 64 bytes per row. Samples narrow a bracket around the rank, and the slopes in it are
    counted as inversions (Matousek 1991, Inf. Process. Lett. 39, 183-187). So time grows hardly faster than the rows. It grows as their
    square only where a large part of all pairs has one slope, as among grades.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.theil_sen(None, [0, 1, 2], [0.0, 3.0, 4.0], [[0, 1, 2]])
    array([[1., 2., 3.]])
    """
    records = _dated(groups, days, n_groups)
    groups, n_groups, days = records.provider, records.n_providers, records.inspected
    values, ranks = as_numbers(values, "values"), plain(ranks, np.int64)

    def find(order: Any, start: int, stop: int) -> list[np.ndarray]:
        slopes = np.empty(ranks.shape)
        _core.theil_sen(order, groups, n_groups, days, values, ranks.shape[1], ranks, slopes, start, stop)
        return [slopes]

    n_threads = min(number_of_threads(threads, len(days), SLOPES_WORTH_A_THREAD), max(1, n_groups))  # no group is split between threads
    most = max(50_000, len(days) // 64)  # each piece has slopes for all groups, so there are not too many
    return in_order_by_threads(find, records, order, n_threads, np.fmax, most)[0]  # a group is NaN in all pieces but its own
