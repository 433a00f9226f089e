"""Counts of separate periods: the inspections of each academic, financial or calendar year, each once; or of windows that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.intervals import check_method
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import Columns
from ofsted_sif.table.dates import dates_of, day
from ofsted_sif.table.eligible import Which, check_cutoff
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.inspections import check_dates, observe
from ofsted_sif.table.periods import period_bounds, window_starts
from ofsted_sif.table.result import result_table, side_by_side

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
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Count the graded inspections of each period, each inspection once, closed providers included.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        A row an inspection.
    by : str or sequence of str, optional
        Columns that make the groups, as for `aggregate`; every group is shown in every period.
    freq : str or offset, default "YE-AUG"
        The periods: ``"academic"`` years (to 31 August), ``"financial"`` years (to 31 March), or as pandas spells offsets: ``"YE-AUG"``,
        ``"YE"``, ``"QE"``, ``"ME"``, ``"W-SUN"``. Offsets that mark beginnings (``"YS-APR"``, ``"MS"``) give periods that begin there.
    window : int or offset, optional
        Count windows that end with each period: so many periods, or so long a time (``pd.DateOffset(months=12)`` with ``freq="ME"``
        for the last twelve months at every month's end). Windows that are longer than a period overlap; ``n_shared`` says by how much.
    judgement, scale, threshold, interval, level, min_n, observed
        As for `aggregate`; one judgement.
    framework : str or sequence of str, optional
        As for `as_at`.
    published_by : date, optional
        Reports published after it do not count; by default all do.
    incomplete : {"refuse", "allow"}, default "refuse"
        What is done with a table that is no history (column ``known_from``): only the inspections from the day on from which every
        provider is known are taken, with a warning, or none where fewer than two are left; the result of `as_at` is refused.
        ``"allow"`` takes the table as it is, without a word.
    provider, inspected, published : str
        The user's names of those columns; `provider` is not needed here and taken so that the same names serve everywhere.

    Returns
    -------
    DataFrame
        ``period_start``, ``period_end`` (its last day), then the columns of `aggregate`; periods without an inspection between the
        first and the last are shown with 0. With `window` also ``n_shared``: the inspections that stand in the row before, too.

    Raises
    ------
    ValueError
        For a frequency that is none, a window that is not positive, an inspection with neither date (the row is named); else as for
        `aggregate`.
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
    An inspection belongs to the period of its start, or of its publication where the start is missing. Ofsted's in-year counts are
    provisional at first release; a release holds those published by its cut-off. Rows of separate periods share no inspection and may
    be tested for a trend (`trend` with ``method="cochran-armitage"`` or ``"jonckheere"`` does so from the inspections themselves);
    overlapping windows may not.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> years = sif.periods(sif.load_inspections(), freq="YE-MAR", framework="ILACS")
    >>> years.loc[years["period_end"] == "2019-03-31", ["n_judged", "good_or_outstanding"]].to_numpy().tolist()
    [[47, 25]]
    """
    check_method(interval)
    called = Columns(provider, inspected, published, graded=graded)
    seen = observe(table, called, Which(framework, incomplete=incomplete), by=by, judgement=judgement, scale=scale, histories=False)
    scale = seen.graded_on.with_threshold(threshold)
    may_count = seen.may_count.all
    check_cutoff(seen.published, published_by)
    if published_by is not None and seen.published is not None:
        may_count = may_count & (seen.published <= day(published_by, "published_by"))
    check_dates(seen, np.flatnonzero(may_count))
    rows = np.flatnonzero(seen.over_time(may_count))
    seen.warn_if_pooled(rows)
    grouped = seen.groups(by, rows, observed=observed)
    side_by_side(dict.fromkeys(grouped.labels), dict.fromkeys(["period_start", "period_end", "n_shared"]))
    days, codes = seen.days[rows], seen.grades[rows]

    starts, ends = period_bounds(days, freq)
    if window is not None:
        starts = window_starts(starts, ends, freq, window)
    # Counts of the stretches between all bounds, summed up to each bound: a period is the difference of two such sums.
    bounds = np.union1d(starts, ends + 1)
    size = grouped.size + 1
    group = 0 if grouped.codes is None else np.where(grouped.codes < 0, grouped.size, grouped.codes).astype(np.int64)
    stretch = np.searchsorted(bounds, days, side="right") - 1
    counted = counts.count_grades(stretch * size + group, codes, n_groups=len(bounds) * size, n_grades=len(scale.labels))
    by_stretch = counted[:-1].reshape(len(bounds), size, len(scale.labels) + 1)
    until = np.concatenate([np.zeros((1, *by_stretch.shape[1:]), dtype=np.int64), np.cumsum(by_stretch, axis=0)])
    first, after = np.searchsorted(bounds, starts), np.searchsorted(bounds, ends + 1)
    table_of = until[after] - until[first]

    has_missing = grouped.codes is not None and bool((grouped.codes < 0).any())
    shown = np.arange(grouped.size + has_missing if grouped.labels else 1)
    date_of, group_of = np.repeat(np.arange(len(starts)), len(shown)), np.tile(shown, len(starts))
    labels: dict[str, Any] = {"period_start": dates_of(starts[date_of]), "period_end": dates_of(ends[date_of])}
    labels |= {name: label.take(group_of) for name, label in grouped.labels_and_missing.items()}
    result = result_table(labels, table_of[date_of, group_of], scale, interval=interval, level=level, min_n=min_n)
    if window is not None:
        shared = np.zeros(table_of.shape[:2], dtype=np.int64)
        overlaps = np.flatnonzero(starts[1:] <= ends[:-1]) + 1
        shared[overlaps] = (until[after[overlaps - 1]] - until[first[overlaps]]).sum(axis=2)
        result["n_shared"] = shared[date_of, group_of]
    return result
