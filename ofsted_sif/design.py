"""A table for a model: each row an observation with its grade as a number, its time, and the provider that it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import Columns
from ofsted_sif.table.dates import DAYS_A_YEAR, day, iso
from ofsted_sif.table.eligible import Which, check_cutoff, cutoff_of, known_by
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.inspections import Inspections, observe
from ofsted_sif.table.result import result

__all__ = ["design_matrix"]

UNITS = ("inspection", "provider")


@same_kind
def design_matrix(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    unit: str = "inspection",
    date: Any = None,
    origin: Any = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    threshold: str | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    having: str | None = None,
    register: Any = None,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Make a table for a statistical model: the grade as a number, the time in years, and the provider as the cluster.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        One row per inspection. Graded inspections that make the judgement take part.
    by : str or sequence of str, optional
        Further columns to copy as they are, such as the region: the model's other variables.
    unit : {"inspection", "provider"}, default "inspection"
        What a row is: an inspection, or a provider with its state on `date`, as `as_at` finds it.
    date : date, Timestamp or str, optional
        With ``unit="provider"``, which needs it, the date of the state. With ``unit="inspection"`` later inspections do not count;
        by default all do.
    origin : date, Timestamp or str, optional
        The day from which ``years`` counts. By default that of the first inspection that takes part.
    judgement : str, default "overall_effectiveness"
        The judgement.
    scale : GradeScale, optional
        Its scale; by default the one that fits the column.
    threshold : str, optional
        The worst grade that meets the threshold; by default that of the scale.
    published_by : date or offset, optional
        The cut-off: reports published after it do not count. By default `date`, and without one all reports count. An offset is added
        to `date`.
    framework, having, provider, inspected, published, graded
        As for `as_at`.
    register, opened, closed
        As for `as_at`; only with ``unit="provider"``.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with a table that does not have the whole history (column ``known_from``). With ``unit="inspection"`` only inspections
        from the day on which every provider is known are taken, with a warning, as in `spells`. With ``unit="provider"`` a provider whose
        state is not known is left out, with a warning, as in `as_at`. ``"allow"`` takes the table as it is, without a warning.

    Returns
    -------
    DataFrame
        One row per inspection, in order of provider and time, or one row per provider, in order of the keys:

        ===============  =======  =================================================================================
        column           dtype    meaning
        ===============  =======  =================================================================================
        provider                  its key, in a column called as in the table
        columns of `by`           as in the table
        grade            int64    the grade: 0 is the worst of its scale, and one more is one grade better
        meets_threshold  int64    only where the scale has a threshold: 1 where the grade meets it, else 0
        years            float64  days from `origin` to the inspection (publication where that is missing) / 365.25
        ===============  =======  =================================================================================

        No number is missing. Rows without the judgement, or without its grade, are left out; ``attrs`` says how many (``n_not_judged``),
        the day of `origin`, and the grades that the numbers stand for, worst first (``grades``).

    Raises
    ------
    ValueError
        As for `as_at`; for an unknown unit, ``unit="provider"`` without a date, and a register with ``unit="inspection"``.
    IncompleteHistoryError
        For the result of `as_at` (of another date), or where fewer than two inspections are left.

    Warns
    -----
    PooledFrameworksWarning, IncompleteHistoryWarning, BeyondDataWarning
        As for `spells` and `as_at`.

    Notes
    -----
    Inspections of one provider depend on one another: give the provider's column to the model as the groups of clustered standard errors,
    of generalised estimating equations, or of a random effect. Two inspections of a provider on one day are two rows here, though they
    count once in `changes` and `spells`.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> rows = sif.design_matrix(sif.load_inspections(), "region", framework=["SIF", "ILACS"])
    >>> rows.columns.tolist(), rows.attrs["grades"][0]
    (['provider', 'region', 'grade', 'meets_threshold', 'years'], 'Inadequate')
    >>> state = sif.design_matrix(sif.load_inspections(), unit="provider", date="2024-03-31", framework=["SIF", "ILACS"])
    >>> len(state), int(state["meets_threshold"].sum())
    (151, 91)
    """
    _check(unit, date, register)
    until = None if date is None else day(date, "date")
    called = Columns(provider, inspected, published, opened, closed, graded)
    which = Which(framework, having, register, incomplete, until if unit == "provider" else None)
    seen = observe(table, called, which, by=by, judgement=judgement, scale=scale)
    graded_on = seen.graded_on.with_threshold(threshold)
    if unit == "provider":
        rows, taking_part = _in_force(seen.where_known(), day(date, "date"), published_by)
    else:
        rows, taking_part = _in_order(seen, date, published_by)
    judged = rows[seen.grades[rows] >= 0]
    seen.warn_if_pooled(judged)
    days = seen.days[judged]
    begin = _origin(origin, seen.days[taking_part])
    grade = seen.grades[judged].astype(np.int64)
    data: dict[str, Any] = {"grade": grade}
    if graded_on.threshold is not None:
        data["meets_threshold"] = graded_on.meets_threshold(grade).astype(np.int64)
    data["years"] = (days - (days if begin is None else begin)) / DAYS_A_YEAR
    attrs = {
        "unit": unit,
        "as_at": None if until is None else iso(until),
        "judgement": judgement,
        "grades": graded_on.labels[::-1],
        "origin": None if begin is None else iso(begin),
        "n_not_judged": len(rows) - len(judged),
    }
    return result(seen.provider_and(by, judged), data, attrs)


def _check(unit: str, date: Any, register: Any) -> None:
    """Refuse what does not say which rows are wanted."""
    if unit not in UNITS:
        raise ValueError(f"unit={unit!r}; known are {', '.join(UNITS)}")
    if unit == "provider" and date is None:
        raise ValueError("unit='provider' takes the state of each provider on a date: give date=, as date='2024-03-31'")
    if unit == "inspection" and register is not None:
        raise ValueError("register= says which providers are open on a date; it goes with unit='provider'")


def _origin(origin: Any, days: np.ndarray) -> int | None:
    """The day from which years count: the one asked for, else the first of these; None where there is none."""
    if origin is not None:
        return day(origin, "origin")
    return int(days.min()) if len(days) else None


def _in_order(seen: Inspections, date: Any, published_by: Any) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the inspections in order of provider and time, with or without the judgement; and which take part."""
    records = seen.histories
    if date is not None:
        seen.warn_if_beyond(day(date, "date"))
    counting = known_by(seen.may_count.all, records, date, published_by)
    taking_part = seen.over_time(counting & (seen.grades >= 0))
    order, _ = counts.order_records(records.provider, *records.dates.columns, n_providers=len(records.providers))
    return order[seen.in_known_time(counting)[order]], taking_part


def _in_force(seen: Inspections, until: int, published_by: Any) -> tuple[np.ndarray, np.ndarray]:
    """The rows in force on a date, in order of their providers, with or without the judgement; and which inspections take part."""
    records = seen.histories
    check_cutoff(records.dates, published_by)
    seen.warn_if_outside(until)
    cutoff = cutoff_of(published_by, until)
    rows = records.latest(seen.may_count.all, until, cutoff)
    rows = rows[rows >= 0]
    n_unknown = seen.n_unknown_on(np.array([until]), np.array([cutoff]))[0]
    seen.say_what_is_unknown(int(n_unknown), len(rows), until)
    return rows, seen.may_count.all & (seen.grades >= 0) & records.known_by(until, cutoff)
