"""The state on a date: the most recent graded inspection of each open provider. One date, a series of dates, or one provider explained.

"As at" a date D with a cut-off C is the record of each provider that is open on D which, among its graded records held by D and published
by C, comes last by inspection start (publication where that is missing), then publication, then position in the table. Filters apply in
this order: framework, graded, having, both dates, latest, register, max_age.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ofsted_sif import columns, counts, frames
from ofsted_sif.aggregation import result_table, with_missing
from ofsted_sif.columns import Records, in_words, iso
from ofsted_sif.counts import NO_DAY
from ofsted_sif.frames import same_kind
from ofsted_sif.intervals import check_method
from ofsted_sif.rows import RowError
from ofsted_sif.scales import GradeScale

__all__ = ["PooledFrameworksWarning", "as_at", "explain", "first", "series"]

_PACKAGE = os.path.dirname(__file__) + os.sep

# Frameworks under which Ofsted has inspected; a table may hold further ones.
KNOWN_FRAMEWORKS = ("SLAC", "CP", "CPI", "TLAC", "SIF", "ILACS", "SCCIF", "CIF", "EIF", "OEIF", "Report card")
STATUS = pd.CategoricalDtype(["inspected", "not yet inspected"])


class PooledFrameworksWarning(UserWarning):
    """Inspections of several frameworks were taken together without a word; naming them, or ``framework="all"``, is consent."""


# ---- which records may count


@dataclass(frozen=True)
class Eligibility:
    """The filters on records, each apart so that `explain` can say which one it was; their product is what the kernels get."""

    framework: np.ndarray | None
    graded: np.ndarray
    having: np.ndarray | None

    @property
    def graded_in_framework(self) -> np.ndarray:
        return self.graded if self.framework is None else self.graded & self.framework

    @property
    def all(self) -> np.ndarray:
        return self.graded_in_framework if self.having is None else self.graded_in_framework & self.having


def eligibility(
    frame: pd.DataFrame,
    framework: str | Sequence[str] | None,
    having: str | None,
    judgement: Sequence[str] = (),
    *,
    of_piece: bool = False,
) -> Eligibility:
    """The filters on the rows of a table, or of a piece of one, in which a framework need not occur."""
    return Eligibility(
        in_framework(frame, framework, of_piece=of_piece),
        graded_rows(frame, [*([] if having is None else [having]), *judgement]),
        None if having is None else columns.has_grade(columns.column(frame, having, "having")),
    )


def in_framework(frame: pd.DataFrame, framework: str | Sequence[str] | None, *, of_piece: bool) -> np.ndarray | None:
    wanted = columns.names(framework, "framework")
    if not wanted or wanted == ["all"]:
        return None
    codes, labels = columns.label_codes(columns.column(frame, "framework", "framework"))
    present = np.asarray(labels).tolist()
    if not of_piece:
        check_frameworks(framework, present)
    return np.array([name in wanted for name in present] + [False])[codes]


def check_frameworks(framework: str | Sequence[str] | None, present: Sequence[object]) -> None:
    """Refuse a framework that is neither in the table nor one of Ofsted's."""
    for name in columns.names(framework, "framework"):
        if name not in present and name not in KNOWN_FRAMEWORKS and name != "all":
            raise ValueError(f"unknown framework {name!r}; the table has {', '.join(map(str, present)) or 'none'}")


def graded_rows(frame: pd.DataFrame, judgements: Sequence[str] = ()) -> np.ndarray:
    """Which inspections are graded: `graded` says so; without that column, any grade in any judgement column (`judgements` among them)."""
    if "graded" in frame.columns:
        said = frame["graded"]
        if said.isna().any():
            raise RowError("column 'graded', ", np.argmax(said.isna()), ": neither true nor false")
        if not set(said.unique().tolist()) <= {True, False}:
            raise ValueError(f"column 'graded' holds {said.unique().tolist()[:5]}; it is true or false")
        return said.to_numpy(dtype=np.bool_)
    held = list(dict.fromkeys([*columns.judgement_columns(frame), *judgements]))
    if not held:
        raise columns.MissingColumnError(
            "nothing tells which inspections are graded: the table has neither a column 'graded' nor one with the name of a judgement "
            f"(its columns: {', '.join(map(str, frame.columns))}); rename one to 'overall_effectiveness', or name it with having="
        )
    graded = np.zeros(len(frame), dtype=np.bool_)
    for name in held:
        graded |= columns.has_grade(columns.column(frame, name, "judgement"))
    return graded


def warn_if_pooled(frame: pd.DataFrame, rows: np.ndarray, framework: object) -> None:
    """Warn where the chosen rows stem from several frameworks and none was named."""
    if framework is not None or "framework" not in frame.columns:
        return
    codes, labels = columns.label_codes(frame["framework"])
    warn_of_frameworks(np.bincount(codes[rows] + 1, minlength=len(labels) + 1)[1:], labels)


def warn_of_frameworks(numbers: np.ndarray, labels: Any) -> None:
    if np.count_nonzero(numbers) > 1:
        told = ", ".join(f"{label} {number}" for label, number in zip(np.asarray(labels), numbers, strict=True) if number)
        warnings.warn(
            f'inspections of several frameworks are taken together ({told}); name those you mean (framework=["SIF", "ILACS"]), '
            'or say framework="all"',
            PooledFrameworksWarning,
            stacklevel=_level_of_caller(),
        )


def _level_of_caller() -> int:
    """The stacklevel of the first line outside the package: the user's, through decorators and accessors as without."""
    level, frame = 1, sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    return level


def cutoff_of(published_by: Any, date: int) -> int:
    """The publication cut-off that belongs to a date."""
    if published_by is None:
        return date
    if columns.is_offset(published_by):
        return int(columns.plus_offset(np.array([date]), published_by, "published_by")[0])
    return columns.day(published_by, "published_by")


def register_frame(register: Any) -> pd.DataFrame | None:
    return None if register is None else columns.as_frame(register)


def held_and_published(records: Records, date: int, cutoff: int) -> np.ndarray:
    """Which records were held by the date and published by the cut-off; a missing day lies before every day."""
    known = records.held <= date
    return known if records.published is None else known & (records.published <= cutoff)


def one_a_day(records: Records, eligible: np.ndarray) -> np.ndarray:
    """The eligible rows in order of provider and time; of several of a provider on one day the last of equals."""
    order, _ = counts.order_records(records.provider, records.held, records.published, n_providers=len(records.providers))
    order = order[eligible[order]]
    of, placed = records.provider[order], records.placed[order]
    # A record is the last of its day where the next has another provider or day.
    return order[np.append((of[1:] != of[:-1]) | (placed[1:] != placed[:-1]), True)[: len(order)]]


def _latest(records: Records, eligible: np.ndarray, date: int, cutoff: int) -> np.ndarray:
    return counts.latest_as_at(
        records.provider,
        records.held,
        records.published,
        date,
        cutoff,
        n_providers=len(records.providers),
        eligible=eligible,
        opened=records.opened,
        closed=records.closed,
    )


def _expiry(records: Records, rows: Any, max_age: Any) -> np.ndarray:
    """The last day on which the grades of these rows count."""
    return columns.plus_offset(records.placed[rows], max_age, "max_age")


# ---- one date


@same_kind
def as_at(
    table: Any,
    date: Any,
    *,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    having: str | None = None,
    register: Any = None,
    max_age: Any = None,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Find the state on a date: each open provider's most recent graded inspection, held by the date and published by the cut-off.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        A row an inspection.
    date : date, Timestamp or str
        The date. Strings are ISO or day first.
    published_by : date or offset, optional
        The cut-off: reports published after it do not count, and the inspection before stands. An offset (``pd.DateOffset(months=1)``)
        is added to the date. By default the date itself.
    framework : str or sequence of str, optional
        Frameworks to take. None takes all, with a `PooledFrameworksWarning` where that mixes several; ``"all"`` is consent.
    having : str, optional
        A judgement: take the most recent inspection that made it. Since April 2026 inspections of local authorities make no overall
        judgement; ``having="overall_effectiveness"`` reaches back to the last that did.
    register : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, optional
        A row a provider, with opened and closed where known: overrides those columns of the table, and adds providers not yet
        inspected, with empty judgements. A provider is open on [opened, closed).
    max_age : offset, optional
        From inspection to the date, inclusive; of an older inspection the grades become missing, its provider stays.
    provider, inspected, published : str
        The user's names of those columns.

    Returns
    -------
    DataFrame
        A row a provider, in the order of their keys: the table's own columns, then ``status`` ("inspected", "not yet inspected") and,
        with `having`, ``newer_inspection``: the date of a newer graded inspection without that judgement. ``attrs`` says the date,
        the cut-off, the frameworks, and how many rows have no publication date (those are judged by the inspection date alone).

    Raises
    ------
    ValueError
        For missing columns, dates that do not parse or have a time zone, a row with neither date, an unknown framework, closed before
        opened, a provider twice in the register or missing from it.

    Warns
    -----
    PooledFrameworksWarning
        Where rows of several frameworks were chosen and none was named.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), "2024-03-31", published_by="2024-06-30", framework=["SIF", "ILACS"])
    >>> len(state), state["overall_effectiveness"].value_counts().to_dict()["Outstanding"]
    (151, 30)
    """
    frame, listed = columns.as_frame(table), register_frame(register)
    records = columns.records(frame, listed, provider=provider, inspected=inspected, published=published)
    may_count = eligibility(frame, framework, having)
    day = columns.day(date, "date")
    cutoff = cutoff_of(published_by, day)
    row_of = _latest(records, may_count.all, day, cutoff)
    found = np.flatnonzero(row_of >= 0)
    rows = row_of[found]
    warn_if_pooled(frame, rows, framework)

    state = frame.take(rows)
    state.index = pd.RangeIndex(len(state))
    if max_age is not None and (old := _expiry(records, rows, max_age) < day).any():
        for name in dict.fromkeys([*columns.judgement_columns(frame), *([having] if having else [])]):
            state[name] = frames.plain(state[name]).where(~old)
    newer = None
    if having is not None:
        newest = _latest(records, may_count.graded_in_framework, day, cutoff)[found]
        newer = np.where(newest == rows, NO_DAY, records.placed[newest])
    status = np.zeros(len(rows), dtype=np.int8)
    if listed is not None:
        waiting = np.flatnonzero((row_of < 0) & open_on(records, day))
        state = columns.stack(state, columns.register_rows(frame, listed, provider, records.providers[waiting]))
        order = np.argsort(np.concatenate([found, waiting]), kind="stable")
        state = state.take(order)
        state.index = pd.RangeIndex(len(state))
        status = np.append(status, np.ones(len(waiting), dtype=np.int8))[order]
        newer = None if newer is None else np.append(newer, np.full(len(waiting), NO_DAY))[order]
    state["status"] = pd.Categorical.from_codes(status, dtype=STATUS)
    if newer is not None:
        state["newer_inspection"] = columns.dates_of(newer)
    without = len(rows) if records.published is None else int((records.published[rows] == NO_DAY).sum())
    state.attrs = {
        "as_at": iso(day),
        "published_by": iso(cutoff),
        "framework": columns.names(framework, "framework") or ["all"],
        "n_without_publication_date": without,
    }
    return state


def open_on(records: Records, day: int) -> np.ndarray:
    """Which providers are open on a day."""
    is_open = np.ones(len(records.providers), dtype=np.bool_)
    if records.opened is not None:
        is_open &= records.opened <= day
    if records.closed is not None:
        is_open &= (records.closed == NO_DAY) | (records.closed > day)
    return is_open


@same_kind
def first(
    table: Any,
    *,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    having: str | None = None,
    register: Any = None,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Find the first graded inspection of each provider, closed providers included.

    Parameters
    ----------
    table, framework, having, provider, inspected, published
        As for `as_at`.
    published_by : date, optional
        Reports published after it do not count; by default all do.
    register : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, optional
        Adds the providers not yet inspected.

    Returns
    -------
    DataFrame
        A row a provider: the table's own columns and ``status``. Of two graded inspections on that first day the later published
        counts, as everywhere; then the later in the table.

    Raises
    ------
    ValueError
        As for `as_at`.

    Warns
    -----
    PooledFrameworksWarning
        As for `as_at`.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> first = sif.first(sif.load_inspections(), framework="SIF")
    >>> int(sif.aggregate(first)["n_judged"].iloc[0])
    152
    """
    frame, listed = columns.as_frame(table), register_frame(register)
    records = columns.records(frame, listed, provider=provider, inspected=inspected, published=published)
    eligible = eligibility(frame, framework, having).all
    if published_by is not None:
        if columns.is_offset(published_by):
            raise ValueError(f"published_by={published_by!r}: the first inspection has no date that an offset could be added to")
        if records.published is not None:
            eligible = eligible & (records.published <= columns.day(published_by, "published_by"))
    rows = one_a_day(records, eligible)
    of = records.provider[rows]
    is_first = np.insert(of[1:] != of[:-1], 0, True)[: len(rows)]
    rows, of = rows[is_first], of[is_first]
    warn_if_pooled(frame, rows, framework)
    state = frame.take(rows)
    status = np.zeros(len(rows), dtype=np.int8)
    if listed is not None:
        waiting = np.setdiff1d(np.arange(len(records.providers)), of)
        state = columns.stack(state, columns.register_rows(frame, listed, provider, records.providers[waiting]))
        state = state.take(np.argsort(np.concatenate([records.provider[rows], waiting]), kind="stable"))
        status = np.append(status, np.ones(len(waiting), dtype=np.int8))
        status = status[np.argsort(np.concatenate([records.provider[rows], waiting]), kind="stable")]
    state.index = pd.RangeIndex(len(state))
    state["status"] = pd.Categorical.from_codes(status, dtype=STATUS)
    state.attrs = {"framework": columns.names(framework, "framework") or ["all"]}
    return state


# ---- one provider


@same_kind
def explain(
    table: Any,
    provider_id: Any,
    date: Any,
    *,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    having: str | None = None,
    register: Any = None,
    max_age: Any = None,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Say of every inspection of one provider whether it counts as at a date, and why.

    Parameters
    ----------
    table, date, published_by, framework, having, register, max_age, provider, inspected, published
        As for `as_at`, whose answer this explains.
    provider_id : str or int
        The key of the provider, as it stands in its column.

    Returns
    -------
    DataFrame
        A row an inspection, in order of time: its dates, framework, type and grades where the table has them, ``counts`` (at most one
        is True) and ``because``.

    Raises
    ------
    ValueError
        For a provider that is neither in the table nor in the register; the nearest keys are named. Else as for `as_at`.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> story = sif.explain(sif.load_inspections(), "E08000025", "2015-03-10", framework="SIF")
    >>> story[story["counts"]]["because"].item()
    'the most recent graded inspection by 10 March 2015'
    """
    frame, listed = columns.as_frame(table), register_frame(register)
    everyone = columns.records(frame, listed, provider=provider, inspected=inspected, published=published)
    known = list(dict.fromkeys([*np.asarray(everyone.providers), *np.asarray(frame[provider].unique())]))
    if provider_id not in known:
        raise ValueError(f"provider {provider_id!r} is not in the table{_nearest_provider(frame, provider_id, provider, known)}")
    mine = np.flatnonzero((frame[provider] == provider_id).to_numpy(dtype=np.bool_))
    may_count = eligibility(frame, framework, having)
    day = columns.day(date, "date")
    cutoff = cutoff_of(published_by, day)
    code = int(np.flatnonzero(np.asarray(everyone.providers) == provider_id)[0])
    chosen = int(_latest(everyone, may_count.all, day, cutoff)[code])
    placed = everyone.placed
    report = everyone.published if everyone.published is not None else np.full(len(frame), NO_DAY)
    mine = mine[np.lexsort((mine, report[mine], placed[mine]))]
    in_force = [row for row in mine.tolist() if may_count.all[row] and everyone.held[row] <= day and report[row] <= cutoff]

    def reason(row: int) -> str:
        if may_count.framework is not None and not may_count.framework[row]:
            return f"framework {frame['framework'].iloc[row]} is not asked for"
        if not may_count.graded[row]:
            return f"not graded: {_kind(frame, row)}"
        if may_count.having is not None and not may_count.having[row]:
            return f"makes no judgement {having}"
        if everyone.held[row] > day:
            return f"began on {in_words(everyone.held[row])}, after {in_words(day)}"
        if report[row] > cutoff:
            return f"published on {in_words(report[row])}, after the cut-off of {in_words(cutoff)}"
        if everyone.opened is not None and everyone.opened[code] > day:
            return f"the provider opened on {in_words(everyone.opened[code])}, after {in_words(day)}"
        if everyone.closed is not None and NO_DAY != everyone.closed[code] <= day:
            return f"the provider closed on {in_words(everyone.closed[code])}"
        if row != chosen:
            return f"a later one counts, of {in_words(placed[in_force[-1]])}"
        if max_age is not None and _expiry(everyone, [row], max_age)[0] < day:
            return "the most recent graded inspection, but older than max_age: its grades count as missing"
        return f"the most recent graded inspection by {in_words(day)}" + (
            "" if report[row] != NO_DAY else ", by its inspection date alone: no publication date"
        )

    wanted = [
        inspected,
        published,
        "framework",
        "inspection_type",
        "outcome",
        "graded",
        *columns.judgement_columns(frame),
    ]
    story = frame[[name for name in dict.fromkeys(wanted) if name in frame.columns]].take(mine)
    story.index = pd.RangeIndex(len(story))
    story["counts"] = mine == chosen
    story["because"] = pd.Series([reason(row) for row in mine.tolist()], dtype=object)
    story.attrs = {"as_at": iso(day), "published_by": iso(cutoff), "provider": str(provider_id)}
    return story


def _kind(frame: pd.DataFrame, row: int) -> str:
    """What an inspection without a grade is, in the words of its table."""
    for name in ("outcome", "inspection_type"):
        if name in frame.columns and pd.notna(frame[name].iloc[row]):
            return str(frame[name].iloc[row])
    return "no grade in any judgement"


def _nearest_provider(frame: pd.DataFrame, asked: Any, provider: str, known: list[Any]) -> str:
    """A hint at the key that was meant: by the provider's name where the table has it, else by likeness."""
    from difflib import get_close_matches

    if "provider_name" in frame.columns:
        by_name = frame[["provider_name", provider]].drop_duplicates().astype(str)
        near = get_close_matches(str(asked).casefold(), by_name["provider_name"].str.casefold().tolist(), n=2)
        found = by_name[by_name["provider_name"].str.casefold().isin(near)]
        if len(found):
            return "; by name: " + ", ".join(f"{key} is {name}" for name, key in found.itertuples(index=False))
    near = get_close_matches(str(asked), [str(key) for key in known], n=3)
    return f"; nearest: {', '.join(near)}" if near else ""


# ---- many dates


@same_kind
def series(
    table: Any,
    dates: Any,
    by: str | Sequence[str] | None = None,
    *,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    having: str | None = None,
    register: Any = None,
    max_age: Any = None,
    interval: str = "wilson",
    level: float = 0.95,
    min_n: int = 0,
    observed: bool = True,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Count the state at many dates: equal to ``aggregate(as_at(table, date, ...), by)`` at each, in one pass over the records.

    Parameters
    ----------
    table, framework, having, register, max_age, provider, inspected, published
        As for `as_at`.
    dates : sequence of dates, DatetimeIndex
        The dates, in the order in which the result shows them.
    by, judgement, scale, interval, level, min_n, observed
        As for `aggregate`; one judgement. The group is that of the record in force, so a provider may change group.
    published_by : date, offset or sequence of dates, optional
        The cut-off: one for all, an offset added to each date, or one for each date. By default each date itself.

    Returns
    -------
    DataFrame
        ``as_at`` (the date), then the columns of `aggregate`; the dates in their order, the groups within each.

    Raises
    ------
    ValueError
        As for `as_at` and `aggregate`; for cut-offs that are not as many as the dates.

    Warns
    -----
    PooledFrameworksWarning
        Where records of several frameworks are in force and none was named.

    Notes
    -----
    The points of such a series repeat the same inspections: they are no sample in which to test for a trend.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> years = sif.series(sif.load_inspections(), ["2019-03-31", "2024-03-31"], framework=["SIF", "ILACS"])
    >>> years[["n_judged", "good_or_outstanding"]].to_numpy().tolist()
    [[152, 70], [151, 91]]
    """
    check_method(interval)
    named = {"provider": provider, "inspected": inspected, "published": published}
    frame = columns.as_frame(table, of_records=True, by=by, judgement=judgement, having=having, **named)
    listed = register_frame(register)
    days, cutoffs = grid(dates, published_by)
    for name in columns.names(by, "by"):
        columns.column(frame, name, "by")
    codes, scale = columns.grade_codes(frame, judgement, scale)
    options: dict[str, Any] = {"framework": framework, "having": having, "max_age": max_age, "observed": observed} | named
    found = in_force(frame, days, cutoffs, by, judgement, codes, len(scale.labels), register=listed, **options)
    if framework is None and found.framework_labels is not None:
        warn_of_frameworks(found.by_framework.max(axis=0, initial=0), found.framework_labels)
    return series_table(days, found.counted, found.grouped, scale, interval=interval, level=level, min_n=min_n)


class GroupsInForce(NamedTuple):
    """The pairs of date and group that have records in force, by date and group, and their counts by grade."""

    date: np.ndarray
    group: np.ndarray
    counted: np.ndarray


@dataclass(frozen=True)
class InForce:
    """What is in force on each date of a grid.

    Attributes
    ----------
    counted : GroupsInForce
        By date, group and grade.
    grouped : Groups
        The groups; their codes are of no use to a result.
    by_framework : ndarray of int64, shape (n_dates, n_frameworks)
        By date and framework; no columns where the table has no such column.
    framework_labels : array, shape (n_frameworks,), or None
        What they are called.
    """

    counted: GroupsInForce
    grouped: columns.Groups
    by_framework: np.ndarray
    framework_labels: Any


def in_force(
    frame: pd.DataFrame,
    days: np.ndarray,
    cutoffs: np.ndarray,
    by: str | Sequence[str] | None,
    judgement: str,
    codes: np.ndarray,
    n_grades: int,
    *,
    framework: str | Sequence[str] | None,
    having: str | None,
    register: pd.DataFrame | None,
    max_age: Any,
    observed: bool,
    provider: str,
    inspected: str,
    published: str,
    of_piece: bool = False,
) -> InForce:
    """Count the records in force at each date of a grid, by group and by the given codes of the judgement."""
    records = columns.records(frame, register, provider=provider, inspected=inspected, published=published)
    eligible = eligibility(frame, framework, having, [judgement], of_piece=of_piece).all
    expires = None if max_age is None else _expiry(records, slice(None), max_age)
    labelled = frame
    if register is not None:
        # A provider of the register counts from its opening, without a grade, until its first inspection: a record before all days.
        wanted = [judgement, *columns.names(by, "by")]
        more = columns.register_rows(frame[list(dict.fromkeys([provider, *wanted]))], register, provider, records.providers)
        labelled = columns.stack(frame[more.columns], more)
        records, eligible, codes, expires = _with_waiting(records, eligible, codes, expires)
    grouped = columns.groups(labelled, by, observed=observed)
    runs = _runs(days, cutoffs)
    order = None
    if len(runs) > 2:  # for one count or two it is quicker to sort what is counted than the rows
        order, _ = counts.order_records(records.provider, records.held, records.published, n_providers=len(records.providers))

    def count(of_groups: Any, n_groups: int, of_grades: Any, n_grades: int) -> GroupsInForce:
        parts = []
        for run in runs:
            of_run = _count_in_force(
                records.provider,
                records.held,
                records.published,
                of_groups,
                of_grades,
                days[run],
                cutoffs[run],
                order=order,
                n_providers=len(records.providers),
                n_groups=n_groups,
                n_grades=n_grades,
                eligible=eligible,
                opened=records.opened,
                closed=records.closed,
                expires=expires,
            )
            parts.append(GroupsInForce(run[of_run.date], of_run.group, of_run.counted))
        return _merged(parts, n_grades)

    by_framework, labels = np.zeros((len(days), 0), dtype=np.int64), None
    if framework is None and "framework" in frame.columns:
        of, labels = columns.label_codes(frame["framework"])
        of = np.append(of, np.full(len(codes) - len(of), -1))
        found = count(of, len(labels), np.full(len(codes), -1, dtype=np.int8), 1)
        by_framework = np.zeros((len(days), len(labels) + 1), dtype=np.int64)
        by_framework[found.date, found.group] = found.counted.sum(axis=1)
        by_framework = by_framework[:, :-1]
    return InForce(count(grouped.codes, grouped.size, codes, n_grades), grouped, by_framework, labels)


# Up to so many cells a grid is counted whole (8 bytes each, and 4 while it is counted); beyond, by what changes.
DENSE_CELLS = 1 << 22


def _count_in_force(*records: Any, n_groups: int, n_grades: int, **options: Any) -> GroupsInForce:
    """Count a grid; memory goes with the records and the result, not with dates x groups, where the latter are many."""
    n_dates = len(records[5])
    if n_dates * (n_groups + 1) * (n_grades + 1) <= DENSE_CELLS:
        counted = counts.count_as_at(*records, n_groups=n_groups, n_grades=n_grades, **options).reshape(-1, n_grades + 1)
        shown = np.flatnonzero(counted.any(axis=1))
        return GroupsInForce(*np.divmod(shown, n_groups + 1), counted[shown])
    found = counts.changes_as_at(*records, n_groups=n_groups, n_grades=n_grades, **options)
    group = np.where(found.group < 0, n_groups, found.group)
    # A pair of group and date at which something changes begins a stretch of dates, which ends where the next of its group begins.
    begins = np.flatnonzero(np.diff(group * n_dates + found.date, prepend=-1))
    stretch = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(group)))
    state = np.zeros((len(begins), n_grades + 1), dtype=np.int64)
    state[stretch, np.where(found.grade < 0, n_grades, found.grade)] = found.change
    group, start = group[begins], found.date[begins]
    np.cumsum(state, axis=0, out=state)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    before = np.zeros((len(first), n_grades + 1), dtype=np.int64)
    before[1:] = state[first[1:] - 1]
    state -= np.repeat(before, np.diff(first, append=len(group)), axis=0)
    stop = np.append(start[1:], n_dates)
    stop[first[1:] - 1] = n_dates
    length = np.where(state.any(axis=1), stop - start, 0)
    _check_rows(int(length.sum()), n_grades)
    date = np.repeat(start - np.cumsum(length) + length, length) + np.arange(length.sum())
    by_date = np.argsort(date, kind="stable")
    stretch = np.repeat(np.arange(len(length)), length)[by_date]
    return GroupsInForce(date[by_date], group[stretch], state[stretch])


def _merged(parts: list[GroupsInForce], n_grades: int) -> GroupsInForce:
    """The pairs of several runs of dates, by date and group."""
    if len(parts) == 1 and (np.diff(parts[0].date) >= 0).all():
        return parts[0]
    nothing = np.empty(0, dtype=np.int64)
    whole = GroupsInForce(*map(np.concatenate, zip(GroupsInForce(nothing, nothing, nothing.reshape(0, n_grades + 1)), *parts, strict=True)))
    order = np.lexsort((whole.group, whole.date))
    return GroupsInForce(*(array[order] for array in whole))


def _check_rows(rows: int, n_grades: int) -> None:
    """Refuse a result that this machine has no memory for; a row takes two words a grade and ten more, and as much again meanwhile."""
    counts.check_memory(
        rows * 8 * 2 * (2 * n_grades + 10),
        f"{rows:,} rows of dates and groups",
        "ask for fewer dates or groups, or take what changes from one date to the next from counts.changes_as_at",
    )


def grid(dates: Any, published_by: Any) -> tuple[np.ndarray, np.ndarray]:
    """The dates and the cut-off of each, as days."""
    if isinstance(dates, str) or not hasattr(dates, "__iter__"):
        dates = [dates]
    days = columns.days(pd.DataFrame({"dates": pd.Series(list(dates), dtype=object)}), "dates", "dates")
    if (days == NO_DAY).any():
        raise ValueError(f"dates[{int(np.argmax(days == NO_DAY))}] is missing")
    if published_by is None:
        return days, days
    if columns.is_offset(published_by):
        return days, columns.plus_offset(days, published_by, "published_by")
    if isinstance(published_by, str) or not hasattr(published_by, "__iter__"):
        return days, np.full(len(days), columns.day(published_by, "published_by"))
    cutoffs = np.array([columns.day(cutoff, f"published_by[{i}]") for i, cutoff in enumerate(published_by)], dtype=np.int64)
    if len(cutoffs) != len(days):
        raise ValueError(f"published_by has {len(cutoffs)} cut-offs for {len(days)} dates; one for each is needed")
    return days, cutoffs


def _runs(days: np.ndarray, cutoffs: np.ndarray) -> list[np.ndarray]:
    """Positions of the dates, in runs along which neither date nor cut-off decreases: what one pass of the kernel can take."""
    if not len(days):
        return []
    order = np.lexsort((cutoffs, days))
    return np.split(order, np.flatnonzero(np.diff(cutoffs[order]) < 0) + 1)


def _with_waiting(
    records: Records, eligible: np.ndarray, codes: np.ndarray, expires: np.ndarray | None
) -> tuple[Records, np.ndarray, np.ndarray, np.ndarray | None]:
    """The records, and after them one of each provider of the register without a grade, before all days."""
    size = len(records.providers)
    before_all = np.full(size, NO_DAY + 1)
    published = records.published if records.published is not None else np.full(len(records.held), NO_DAY)
    more = Records(
        np.append(records.provider, np.arange(size)),
        records.providers,
        np.append(records.held, before_all),
        np.append(published, before_all),
        records.opened,
        records.closed,
    )
    return (
        more,
        np.append(eligible, np.ones(size, dtype=np.bool_)),
        np.append(codes, np.full(size, -1, dtype=codes.dtype)),
        None if expires is None else np.append(expires, np.full(size, NO_DAY)),
    )


def series_table(days: np.ndarray, found: GroupsInForce, grouped: columns.Groups, scale: GradeScale, **options: Any) -> pd.DataFrame:
    """A row a date and group; as `aggregate` shows them, a group without rows appears only where it is a category."""
    date, group, counted = found
    is_category = not grouped.observed_only and all(isinstance(label, pd.Categorical) for label in grouped.labels.values())
    if not grouped.labels or is_category:
        n_shown = max(grouped.size, 1)
        _check_rows(len(days) * n_shown + len(date), len(scale.labels))
        place = date * (grouped.size + 1) + group
        every = np.arange(len(days))[:, None] * (grouped.size + 1) + np.arange(n_shown)
        shown = np.union1d(every, place)
        counted = np.zeros((len(shown), found.counted.shape[1]), dtype=np.int64)
        counted[np.searchsorted(shown, place)] = found.counted
        date, group = np.divmod(shown, grouped.size + 1)
    labels: dict[str, Any] = {"as_at": columns.dates_of(days[date])}
    if "as_at" in grouped.labels:
        raise ValueError("by names ['as_at'], which the result needs for its own column: rename it")
    for name, label in grouped.labels.items():
        labels[name] = with_missing(label, grouped.missing[name]).take(group)
    return result_table(labels, counted, scale, **options)
