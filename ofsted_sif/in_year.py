"""Counts of separate periods: the inspections of each academic, financial or calendar year, each once; or of windows that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.dependence import effective_n_of
from ofsted_sif.intervals import check_method
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import Columns, column, names
from ofsted_sif.table.dates import dates_of, day
from ofsted_sif.table.eligible import Which, check_cutoff
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import Groups, check_total, cluster_codes, with_total
from ofsted_sif.table.inspections import check_dates, observe
from ofsted_sif.table.keys import label_codes
from ofsted_sif.table.partial import OfHistories, Partial, count_labels
from ofsted_sif.table.periods import check_periods, period_bounds, window_starts
from ofsted_sif.table.result import ONLY_COUNTS, Beside, result_table, side_by_side

__all__ = ["periods"]


@same_kind
def periods(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    freq: str | pd.offsets.BaseOffset = "YE-AUG",
    window: int | Any = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    threshold: str | None = None,
    framework: str | Sequence[str] | None = None,
    published_by: Any = None,
    interval: str = "wilson",
    level: float = 0.95,
    min_n: int = 0,
    observed: bool = True,
    total: bool | str = False,
    cluster: str | None = None,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Count the graded inspections of each period. Each inspection counts once; closed providers are included.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        One row per inspection.
    by : str or sequence of str, optional
        Columns that make the groups, as for `aggregate`; every group is shown in every period.
    freq : str or offset, default "YE-AUG"
        The periods: ``"academic"`` years (to 31 August), ``"financial"`` years (to 31 March), or an offset of pandas: ``"YE-AUG"``,
        ``"YE"``, ``"QE"``, ``"ME"``, ``"W-SUN"``. With an offset that names a beginning (``"YS-APR"``, ``"MS"``) periods begin there.
    window : int or offset, optional
        Count in windows in place of periods. A window ends with each period and is that number of periods long, or that time:
        ``pd.DateOffset(months=12)`` with ``freq="ME"`` gives the last twelve months at the end of each month. Windows that are longer
        than a period overlap; ``n_shared`` says by how much.
    judgement, scale, threshold, interval, level, min_n, observed, total
        As for `aggregate`, but for one judgement. A group with rows in one of the periods has a row for every period. `total` adds a row
        of all groups to each period.
    cluster : str, optional
        As for `aggregate`; "auto" is the provider. The bounds need it where periods or windows are so long that providers repeat.
    framework : str or sequence of str, optional
        As for `as_at`.
    published_by : date, optional
        Reports published after it do not count; by default all do.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with a table that does not have the whole history (column ``known_from``). Only inspections from the day on which every
        provider is known are counted, with a warning. It is an error if fewer than two are left, and if the table is a result of `as_at`.
        ``"allow"`` takes the table as it is, without a warning.
    provider, inspected, published, graded : str
        What these columns are called in the table. `provider` is needed only for ``cluster="auto"``.

    Returns
    -------
    DataFrame
        One row per period and group; periods without an inspection, between the first and the last, are shown with zeros:

        ======================  =============  ======================================================================================
        column                  dtype          meaning
        ======================  =============  ======================================================================================
        period_start            datetime64[s]  the first day of the period, or of the window
        period_end              datetime64[s]  its last day
        columns of `aggregate`                 the groups and their counts
        n_shared                int64          only with `window`: how many of the inspections are also in the row before of the same
                                               group
        ======================  =============  ======================================================================================

    Raises
    ------
    ValueError
        For an unknown frequency, more than 4,000,000 periods, a window that is not positive, an inspection with neither date (the
        message has its row); else as for `aggregate`.
    IncompleteHistoryError
        For the result of `as_at`, or where fewer than two inspections are left.

    Warns
    -----
    PooledFrameworksWarning
        Where rows of several frameworks were counted and none was named.
    IncompleteHistoryWarning
        Where inspections are left out because the table does not have all of every provider.

    Notes
    -----
    An inspection belongs to the period in which it began, or in which it was published where the start is missing. Ofsted's in-year
    counts are provisional at first release: a release has the inspections that were published by its cut-off. Separate periods share
    no inspection, so a trend may be tested along them; `trend` with ``method="cochran-armitage"`` or ``"jonckheere"`` does so from the
    inspections themselves. Overlapping windows may not be tested.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> years = sif.periods(sif.load_inspections(), freq="YE-MAR", framework="ILACS")
    >>> years.loc[years["period_end"] == "2019-03-31", ["n_judged", "good_or_outstanding"]].to_numpy().tolist()
    [[47, 25]]
    """
    check_method(interval)
    check_total(total, by)
    called = Columns(provider, inspected, published, graded=graded)
    seen = observe(table, called, Which(framework, incomplete=incomplete), by=by, judgement=judgement, scale=scale, histories=False)
    scale = seen.graded_on.with_threshold(threshold)
    may_count = seen.may_count.all
    check_cutoff(seen.dates, published_by)
    if published_by is not None and seen.published is not None:
        may_count = may_count & (seen.published <= day(published_by, "published_by"))
    check_dates(seen, np.flatnonzero(may_count))
    rows = np.flatnonzero(seen.over_time(may_count))
    seen.warn_if_pooled(rows)
    grouped = seen.groups(by, rows, observed=observed)
    clusters = None
    if cluster is not None:
        of_rows, n_clusters = cluster_codes(seen.frame, provider if cluster == "auto" else cluster, "cluster", seen.encoded)
        clusters = of_rows[rows], n_clusters
    counted = _Rows(seen.days[rows], _group_of(grouped, len(rows)), seen.grades[rows])
    return _table(counted, grouped, scale, _Asked(freq, window, total, interval, level, min_n), clusters)


@dataclass(frozen=True)
class _Asked:
    """How inspections are counted and shown: arguments of `periods`."""

    freq: Any
    window: Any
    total: bool | str
    interval: str
    level: float
    min_n: int


@dataclass(frozen=True)
class _Rows:
    """Inspections by their days, groups (the missing one last) and grade codes; with `n` so many of each."""

    days: np.ndarray
    group: np.ndarray
    codes: np.ndarray
    n: np.ndarray | None = None

    def counted(self, stretch: np.ndarray, n_stretches: int, size: int, n_grades: int) -> np.ndarray:
        """Counts by stretch of time, group and grade, the missing grade last."""
        cell = stretch * size + self.group
        if self.n is None:
            counted = counts.count_grades(cell, self.codes, n_groups=n_stretches * size, n_grades=n_grades)[:-1]
        else:
            counted = np.zeros((n_stretches * size, n_grades + 1), dtype=np.int64)
            np.add.at(counted, (cell, self.codes), self.n)  # a code of -1 is the last
        return np.asarray(counted).reshape(n_stretches, size, n_grades + 1)


def _group_of(grouped: Groups, rows: int) -> np.ndarray:
    """The group of each row, the missing one last."""
    if grouped.codes is None:
        return np.zeros(rows, dtype=np.int64)
    return np.where(grouped.codes < 0, grouped.size, grouped.codes).astype(np.int64)


def _table(rows: _Rows, grouped: Groups, scale: GradeScale, asked: _Asked, clusters: tuple[np.ndarray, int] | None = None) -> pd.DataFrame:
    """A row per period and group."""
    side_by_side(dict.fromkeys(grouped.labels), dict.fromkeys(["period_start", "period_end", "n_shared"]))
    starts, ends = period_bounds(rows.days, asked.freq)
    if asked.window is not None:
        starts = window_starts(starts, ends, asked.freq, asked.window)
    # Counts of the stretches between all bounds, summed up to each bound: a period is the difference of two such sums.
    bounds = np.union1d(starts, ends + 1)
    size = grouped.size + 1
    check_periods(len(ends), size, 2 * (2 * len(scale.labels) + 10))
    by_stretch = rows.counted(np.searchsorted(bounds, rows.days, side="right") - 1, len(bounds), size, len(scale.labels))
    until = np.concatenate([np.zeros((1, *by_stretch.shape[1:]), dtype=np.int64), np.cumsum(by_stretch, axis=0)])
    first, after = np.searchsorted(bounds, starts), np.searchsorted(bounds, ends + 1)
    table_of = until[after] - until[first]

    shown, of_groups = grouped.shown(np.bincount(rows.group, minlength=size)[:, None])
    n_shown = len(shown)
    if asked.total is not False:  # one more group, of all
        table_of = np.concatenate([table_of, table_of.sum(axis=1, keepdims=True)], axis=1)
        shown, n_shown, of_groups = np.append(shown, size), n_shown + 1, with_total(of_groups, asked.total)
    date_of, place_of = np.repeat(np.arange(len(starts)), n_shown), np.tile(np.arange(n_shown), len(starts))
    group_of = shown[place_of]
    labels: dict[str, Any] = {"period_start": dates_of(starts[date_of]), "period_end": dates_of(ends[date_of])}
    labels |= {name: label.take(place_of) for name, label in of_groups.items()}
    beside = ONLY_COUNTS
    if clusters is not None:
        of_all = np.zeros(len(rows.days), dtype=np.int64)
        ways = [(rows.group, size)] if asked.total is False else [(rows.group, size), (of_all, 1)]
        found = [_effective_n(clusters, (starts, ends), rows.days, *way, rows.codes, scale) for way in ways]
        n_clusters, n_eff = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
        beside = Beside(n_clusters=n_clusters[date_of, group_of], n_eff=n_eff[date_of, group_of])
    how: dict[str, Any] = {"interval": asked.interval, "level": asked.level, "min_n": asked.min_n}
    result = result_table(labels, table_of[date_of, group_of], scale, beside=beside, **how)
    if asked.window is not None:
        shared = np.zeros(table_of.shape[:2], dtype=np.int64)
        overlaps = np.flatnonzero(starts[1:] <= ends[:-1]) + 1
        of_overlaps = (until[after[overlaps - 1]] - until[first[overlaps]]).sum(axis=2)
        shared[overlaps, :size] = of_overlaps
        if asked.total is not False:
            shared[overlaps, size] = of_overlaps.sum(axis=1)
        result["n_shared"] = shared[date_of, group_of]
    return result


def _effective_n(
    clusters: tuple[np.ndarray, int],
    bounds: tuple[np.ndarray, np.ndarray],
    days: np.ndarray,
    group: np.ndarray,
    size: int,
    codes: np.ndarray,
    scale: GradeScale,
) -> tuple[np.ndarray, np.ndarray]:
    """Clusters and effective numbers of rows by period and group; a row stands in each of the windows that it lies in."""
    starts, ends = bounds
    order = np.argsort(days, kind="stable")
    first, after = np.searchsorted(days[order], starts, side="left"), np.searchsorted(days[order], ends, side="right")
    n = after - first
    period = np.repeat(np.arange(len(starts)), n)
    row = order[np.arange(len(period)) + np.repeat(first - (np.cumsum(n) - n), n)]
    codes = codes[row]
    good = scale.meets_threshold(codes)
    coded = clusters[0][row], clusters[1]
    n_clusters, n_eff = effective_n_of(coded, period * size + group[row], len(starts) * size, codes >= 0, good)
    if scale.threshold is None:
        n_eff = np.full(len(n_eff), np.nan)
    return n_clusters.reshape(len(starts), size), n_eff.reshape(len(starts), size)


# ---- by batches


@dataclass(frozen=True, kw_only=True)
class Periods(OfHistories):
    """`ofsted_sif.periods`, with its options; memory goes with the days and groups that occur."""

    histories: ClassVar[bool] = False
    records: ClassVar[bool] = True
    over_time: ClassVar[bool] = True
    freq: Any
    window: Any
    threshold: str | None
    published_by: Any
    interval: str
    level: float
    min_n: int
    observed: bool
    total: bool | str = False
    cluster: str | None = None

    def __post_init__(self) -> None:
        check_method(self.interval)
        check_total(self.total, self.by)
        if self.cluster is not None:
            raise ValueError("cluster= can't be used by batches, as the rows of a cluster may stand in several of them")

    def count(self, piece: Any) -> Partial:
        """How many inspections of each group and day have each word."""
        options: dict[str, Any] = {"by": self.by, "judgement": self.judgement, "scale": self.scale, "histories": False, "of_piece": True}
        seen = observe(piece, self.called, self.which, **options)
        words = self.words_in(seen.grades, seen.words)[0]
        check_cutoff(seen.dates, self.published_by)
        taken = seen.may_count.all
        if self.published_by is not None and seen.published is not None:
            taken = taken & (seen.published <= day(self.published_by, "published_by"))
        check_dates(seen, np.flatnonzero(taken))
        kept = seen.in_known_time(taken)
        rows = np.flatnonzero(kept)
        chosen = seen.frame.take(rows)
        coded = [label_codes(column(chosen, name, "by")) for name in names(self.by, "by")]
        coded += [label_codes(pd.Series(seen.days[rows])), (seen.grades[rows], seen.words)]
        counted = {"words": words, "rows": count_labels(coded, len(rows)), **self.left_out(taken, kept)}
        return Partial(len(seen.frame), counted | self.chosen_frameworks(seen.may_count, seen.frame, rows))

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and counts the table of `periods`."""
        self.say_left_out(partial)
        if (of := partial.counted.get("frameworks")) is not None:
            self.say_frameworks(partial, of.labels[0], of.sums[0])
        cells = partial.counted["rows"]
        grouped, _ = self.groups_of(self.by, self.observed, [cells])
        scale, (codes,) = self.grades_of(partial.counted["words"], self.judgement, self.scale, cells.labels[-1])
        n = cells.sums[0]
        rows = _Rows(np.asarray(cells.labels[-2], dtype=np.int64), _group_of(grouped, len(n)), codes, n)
        asked = _Asked(self.freq, self.window, self.total, self.interval, self.level, self.min_n)
        return _table(rows, grouped, scale.with_threshold(self.threshold), asked)


periods.question = Periods
