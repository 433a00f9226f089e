"""Counts of separate periods: the inspections of each academic, financial or calendar year, each once; or of windows that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import columns, counts
from ofsted_sif.aggregation import result_table, with_missing
from ofsted_sif.counts import NO_DAY
from ofsted_sif.frames import same_kind
from ofsted_sif.intervals import check_method
from ofsted_sif.scales import GradeScale
from ofsted_sif.snapshots import eligibility, warn_if_pooled

__all__ = ["periods"]

_BEGINS = (
    pd.offsets.MonthBegin,
    pd.offsets.QuarterBegin,
    pd.offsets.YearBegin,
    pd.offsets.BMonthBegin,
    pd.offsets.BQuarterBegin,
    pd.offsets.BYearBegin,
    pd.offsets.SemiMonthBegin,
)


@same_kind
def periods(
    table: Any,
    freq: str | pd.offsets.BaseOffset = "YE-AUG",
    by: str | Sequence[str] | None = None,
    *,
    window: int | Any = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    framework: str | Sequence[str] | None = None,
    published_by: Any = None,
    interval: str = "wilson",
    level: float = 0.95,
    min_n: int = 0,
    observed: bool = True,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Count the graded inspections of each period, each inspection once, closed providers included.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        A row an inspection.
    freq : str or offset, default "YE-AUG"
        The periods, as pandas spells offsets: ``"YE-AUG"`` academic years (to 31 August), ``"YE-MAR"`` financial years, ``"YE"``,
        ``"QE"``, ``"ME"``, ``"W-SUN"``. Offsets that mark beginnings (``"YS-APR"``, ``"MS"``) give periods that begin there.
    by : str or sequence of str, optional
        Columns that make the groups, as for `aggregate`; every group is shown in every period.
    window : int or offset, optional
        Count windows that end with each period: so many periods, or so long a time (``pd.DateOffset(months=12)`` with ``freq="ME"``
        for the last twelve months at every month's end). Windows that are longer than a period overlap; ``n_shared`` says by how much.
    judgement, scale, interval, level, min_n, observed
        As for `aggregate`; one judgement.
    framework : str or sequence of str, optional
        As for `as_at`.
    published_by : date, optional
        Reports published after it do not count; by default all do.
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

    Warns
    -----
    PooledFrameworksWarning
        Where rows of several frameworks were counted and none was named.

    Notes
    -----
    An inspection belongs to the period of its start, or of its publication where the start is missing. Ofsted's in-year counts are
    provisional at first release; a release holds those published by its cut-off. Rows of separate periods share no inspection and may
    be tested for a trend (`trend` with ``method="cochran-armitage"`` or ``"jonckheere"`` does so from the inspections themselves);
    overlapping windows may not.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> years = sif.periods(sif.load_inspections(), "YE-MAR", framework="ILACS")
    >>> years.loc[years["period_end"] == "2019-03-31", ["n_judged", "good_or_outstanding"]].to_numpy().tolist()
    [[47, 25]]
    """
    check_method(interval)
    named = {"provider": provider, "inspected": inspected, "published": published}
    frame = columns.as_frame(table, of_records=True, by=by, judgement=judgement, **named)
    eligible = eligibility(frame, framework, None, [judgement]).all
    held, report = columns.dates_of_records(frame, inspected, published)
    days = placed_days(held, report)
    if published_by is not None and report is not None:
        eligible = eligible & (report <= columns.day(published_by, "published_by"))
    rows = np.flatnonzero(eligible)
    if (missing := days[rows] == NO_DAY).any():
        raise ValueError(
            f"row {rows[np.argmax(missing)]} has neither an inspection date ({inspected!r}) nor a publication date ({published!r})"
        )
    warn_if_pooled(frame, rows, framework)
    codes, scale = columns.grade_codes(frame, judgement, scale)
    if clash := set(columns.names(by, "by")) & {"period_start", "period_end", "n_shared"}:
        raise ValueError(f"by names {sorted(clash)}, which the result needs for its own columns: rename it")
    grouped = columns.groups(frame if len(rows) == len(frame) else frame.take(rows), by, observed=observed)
    days, codes = days[rows], codes[rows]

    starts, ends = period_bounds(days, freq)
    if window is not None:
        starts = _window_starts(starts, ends, freq, window)
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
    labels: dict[str, Any] = {"period_start": columns.dates_of(starts[date_of]), "period_end": columns.dates_of(ends[date_of])}
    for name, label in grouped.labels.items():
        labels[name] = with_missing(label, grouped.missing[name]).take(group_of)
    result = result_table(labels, table_of[date_of, group_of], scale, interval=interval, level=level, min_n=min_n)
    if window is not None:
        shared = np.zeros(table_of.shape[:2], dtype=np.int64)
        overlaps = np.flatnonzero(starts[1:] <= ends[:-1]) + 1
        shared[overlaps] = (until[after[overlaps - 1]] - until[first[overlaps]]).sum(axis=2)
        result["n_shared"] = shared[date_of, group_of]
    return result


def placed_days(held: np.ndarray, report: np.ndarray | None) -> np.ndarray:
    """The day that places an inspection in time: its start, else its publication."""
    return held if report is None else np.where(held == NO_DAY, report, held)


def _offset(freq: str | pd.offsets.BaseOffset) -> pd.offsets.BaseOffset:
    try:
        offset = pd.tseries.frequencies.to_offset(freq)
    except (ValueError, TypeError):
        offset = None
    if offset is None or offset.n < 1 or isinstance(offset, pd.offsets.Hour | pd.offsets.Minute | pd.offsets.Second):
        raise ValueError(
            f"freq={freq!r} names no periods; known are pandas' offsets, as 'YE-AUG' (academic years), 'YE-MAR' (financial years), "
            "'YE', 'QE', 'ME' or 'YS-APR'"
        )
    return offset


def period_bounds(days: np.ndarray, freq: str | pd.offsets.BaseOffset) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of each period from the one of the earliest to that of the latest day, as days."""
    offset = _offset(freq)
    if not len(days):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    first, last = columns.dates_of([days.min(), days.max()])
    if isinstance(offset, _BEGINS):
        starts = [offset.rollback(first)]
        while starts[-1] <= last:
            starts.append(starts[-1] + offset)
        marks = _days(starts)
        return marks[:-1], marks[1:] - 1
    ends = [offset.rollforward(first)]
    ends.insert(0, ends[0] - offset)
    while ends[-1] < last:
        ends.append(ends[-1] + offset)
    marks = _days(ends)
    return marks[:-1] + 1, marks[1:]


def _days(stamps: list[pd.Timestamp]) -> np.ndarray:
    return np.array([np.datetime64(stamp, "D") for stamp in stamps]).view(np.int64)


def _window_starts(starts: np.ndarray, ends: np.ndarray, freq: Any, window: Any) -> np.ndarray:
    """The first day of the window that ends with each period."""
    if isinstance(window, bool) or not (isinstance(window, int | np.integer) or columns.is_offset(window)):
        raise ValueError(f"window={window!r} is neither a number of periods nor an offset such as pandas.DateOffset(months=12)")
    if columns.is_offset(window):
        # From the day after the end: twelve months before 1 March 2025 is 1 March 2024, whatever February is like.
        began = columns.plus_offset(ends + 1, -window, "window")
    elif window < 1:
        raise ValueError(f"window={window}; a window takes 1 period or more")
    else:
        offset = _offset(freq)
        began = columns.plus_offset(starts, (1 - window) * offset, "window") if window > 1 else starts
        if window > 1 and not isinstance(offset, _BEGINS):
            began = columns.plus_offset(starts - 1, (1 - window) * offset, "window") + 1
    if (wrong := began > ends).any():
        raise ValueError(f"window={window!r} is not positive: it would begin on {columns.iso(began[wrong][0])}, after its end")
    return began
