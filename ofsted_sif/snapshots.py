"""The state on a date: the most recent graded inspection of each open provider. One date, a series of dates, or one provider explained.

"As at" a date D with a cut-off C is the record of each provider that is open on D which, among its graded records held by D and published
by C, comes last by inspection start (publication where that is missing), then publication, then position in the table. Filters apply in
this order: framework, graded, having, both dates, latest, register, max_age.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.counts import NO_DAY
from ofsted_sif.intervals import check_method
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import Columns, column, judgement_columns, names
from ofsted_sif.table.dates import are_by, dates_of, day, days_of, in_words, is_offset, iso
from ofsted_sif.table.eligible import Which, check_cutoff, cutoff_of, warn_of_frameworks
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import Groups, check_total, groups, with_total
from ofsted_sif.table.inspections import Inspections, observe, observe_for_rows
from ofsted_sif.table.keys import NOTHING, label_codes
from ofsted_sif.table.known import say_unknown
from ofsted_sif.table.partial import OfHistories, Partial, PartialCounts, labels_at, refuse_register
from ofsted_sif.table.periods import period_bounds
from ofsted_sif.table.providers import find_provider
from ofsted_sif.table.records import Records, is_first, register_rows, stack
from ofsted_sif.table.result import check_not_overwritten, result_table, side_by_side
from ofsted_sif.table.state import INSPECTED, OWN, STATUS, AsAt, all_inspected, expiry, state_on, with_waiting
from ofsted_sif.table.together import take_together

__all__ = ["as_at", "explain", "first", "series"]

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
    judgement: str | Sequence[str] | None = None,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Find the state on a date: each open provider's most recent graded inspection by that date, published by the cut-off.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        One row per inspection.
    date : date, Timestamp or str
        The date. Strings are ISO or day first. An inspection whose start is missing counts by its publication alone: where that is not
        after the cut-off, though it may be after the date.
    published_by : date or offset, optional
        The cut-off: reports published after it do not count, and the inspection before stands. An offset (``pd.DateOffset(months=1)``)
        is added to the date. By default the date itself.
    framework : str or sequence of str, optional
        Frameworks to take. By default all are taken, with a `PooledFrameworksWarning` where there are several; ``"all"`` takes all
        without the warning.
    having : str, optional
        A judgement: take each provider's most recent inspection that made it. Since April 2026 inspections of local authorities make no
        overall judgement; ``having="overall_effectiveness"`` takes the last one that did.
    register : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, optional
        One row per provider, with `opened` and `closed` where they are known. They replace those columns of the table. Providers of the
        register that were not yet inspected are added, without grades. A provider is open from `opened` to the day before `closed`.
    max_age : offset, optional
        How old an inspection may be on the date, at most. The grades of an older one become missing; its provider stays.
    judgement : str or sequence of str, optional
        Columns of grades that do not have the name of a known judgement. `max_age` then applies to them too.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with a table that does not have the whole history. A provider whose state on the date is not known (the column
        ``known_from`` is later than the date) is left out, with a warning; the result of `as_at` for another date is an error.
        ``"allow"`` takes the table as it is, without a warning.
    provider, inspected, published, opened, closed, graded : str
        What these columns are called in the table; None: the table has no such column. Where one is missing and another is called nearly
        so, an error says what to type.

    Returns
    -------
    DataFrame
        One row per provider, in the order of their keys:

        ====================  =============  =========================================================================================
        column                dtype          meaning
        ====================  =============  =========================================================================================
        columns of the table                 as they are, of the inspection in force
        as_at                 datetime64[s]  the date
        status                category       "inspected": a graded inspection is in force; "no graded inspection": by the date and the
                                             cut-off there are only inspections without a grade or of other frameworks; "not yet
                                             inspected": there is no inspection
        years_since           float64        days from the inspection (from its publication where the start is missing) to the date /
                                             365.25
        newer_inspection      datetime64[s]  only with `having`: the day of a newer graded inspection that did not make this judgement
        ====================  =============  =========================================================================================

        Only a register adds rows for providers without a graded inspection. ``attrs`` says the date, the cut-off, the frameworks, how
        many rows have no publication date (for these the inspection date alone decides), for how many providers the state is not known
        (``n_unknown``), and whether the table has only the inspections of one period (``of_one_period``).

    Raises
    ------
    ValueError
        For missing columns, dates that do not parse or have a time zone, a row with neither date, an unknown framework, closed before
        opened, a provider twice in the register or missing from it.
    IncompleteHistoryError
        For the result of `as_at` on another date.

    Warns
    -----
    PooledFrameworksWarning
        Where rows of several frameworks were chosen and none was named.
    IncompleteHistoryWarning
        Where the table does not have all inspections of some providers, and so not their state.
    BeyondDataWarning
        For a date after the day to which the table says that it is complete, or before its first inspection.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), "2024-03-31", published_by="2024-06-30", framework=["SIF", "ILACS"])
    >>> len(state), state["overall_effectiveness"].value_counts().to_dict()["Outstanding"]
    (151, 30)
    """
    called, until = Columns(provider, inspected, published, opened, closed, graded), day(date, "date")
    which = Which(framework, having, register, incomplete, until)
    is_of_rows = register is None and max_age is None
    seen = (observe_for_rows(table, called, which, OWN) if is_of_rows else observe(table, called, which)).where_known()
    check_cutoff(seen.dates, published_by)
    seen.warn_if_outside(until)
    state = state_on(seen, until, cutoff_of(published_by, until), max_age=max_age, judgement=judgement)
    n_inspected = len(state) if register is None else int(np.count_nonzero(state["status"].array.codes == INSPECTED))
    seen.say_what_is_unknown(state.attrs["n_unknown"], n_inspected, until)
    return state


as_at.question = AsAt


@same_kind
def first(
    table: Any,
    *,
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
    """Find the first graded inspection of each provider, closed providers included.

    Parameters
    ----------
    table, framework, having, provider, inspected, published, opened, closed, graded
        As for `as_at`.
    published_by : date, optional
        Reports published after it do not count; by default all do.
    register : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, optional
        One row per provider. Providers that were not yet inspected are added, without grades.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with a table that does not have the whole history. A provider whose first inspection may not be in the table (it has a
        date in the column ``known_from``) is left out, with a warning. It is an error if no provider is left, and if the table is a
        result of `as_at`. ``"allow"`` takes the first inspection that the table has.

    Returns
    -------
    DataFrame
        One row per provider, in the order of their keys:

        ====================  ========  ===================================================================
        column                dtype     meaning
        ====================  ========  ===================================================================
        columns of the table            as they are, of the provider's first graded inspection
        status                category  as in `as_at`: "inspected", or with a register one of the other two
        ====================  ========  ===================================================================

        Where there are two graded inspections on that first day, the one published later counts; if both were published on one day, the
        later row of the table.

    Raises
    ------
    ValueError
        As for `as_at`.
    IncompleteHistoryError
        Where the table knows no provider from the beginning.

    Warns
    -----
    PooledFrameworksWarning
        As for `as_at`.
    IncompleteHistoryWarning
        Where the table does not know some providers from the beginning.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> first = sif.first(sif.load_inspections(), framework="SIF")
    >>> int(sif.aggregate(first)["n_judged"].iloc[0])
    152
    """
    called = Columns(provider, inspected, published, opened, closed, graded)
    seen = observe(table, called, Which(framework, having, register, incomplete))
    check_not_overwritten(seen.frame, {"status": STATUS})
    check_cutoff(seen.dates, published_by)
    records, counting = seen.histories, np.ones(len(seen.frame), dtype=np.bool_)
    if is_offset(published_by):
        raise ValueError(f"published_by={published_by!r}: the first inspection has no date that an offset could be added to")
    if published_by is not None and records.dates.reported is not None:
        counting = are_by(records.dates.reported, day(published_by, "published_by"))
    rows = records.last_per_day(seen.may_count.all & counting)
    rows = rows[is_first(records.provider[rows])]
    listed = records.provider[rows].astype(np.int64)
    rows = seen.known_from_the_beginning(rows)
    seen.warn_if_pooled(rows)
    of, state, status = records.provider[rows].astype(np.int64), take_together(seen.frame, rows, seen.encoded), all_inspected(len(rows))
    if seen.register is not None:
        waiting = np.setdiff1d(np.arange(len(records.providers)), listed)
        state, _, status = with_waiting(seen, seen.register, state, of, waiting, counting)
    state = state.assign(status=status)
    state.attrs = {"framework": seen.which.frameworks}
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
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Say of every inspection of one provider whether it counts as at a date, and why.

    Parameters
    ----------
    table, date, published_by, framework, having, register, max_age, incomplete, provider, inspected, published, opened, closed, graded
        As for `as_at`, whose answer this explains.
    provider_id : str or int
        The provider: its key, its name, words that only its name has ("Hull" is Kingston upon Hull), or its initials ("BCP").

    Returns
    -------
    DataFrame
        One row per inspection, in order of time. Columns that the table lacks are left out:

        ===========================  =====  =================================================================================
        column                       dtype  meaning
        ===========================  =====  =================================================================================
        inspection_start, published         the day on which it began, and the day of its report
        framework, inspection_type          what kind of inspection it was
        outcome                             only where the table has it: what an inspection without grades found
        graded                              only where the table has it: whether the inspection can replace an earlier grade
        <judgement>                         a column for each judgement of the table, with its grade
        counts                       bool   whether this inspection is the one in force; that is true for one row or for none
        because                      text   why it counts, or why it does not
        ===========================  =====  =================================================================================

    Raises
    ------
    ValueError
        For a provider that is neither in the table nor in the register, or could be one of several; these are named. Else as for
        `as_at`.

    Warns
    -----
    IncompleteHistoryWarning, BeyondDataWarning
        As for `as_at`.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> story = sif.explain(sif.load_inspections(), "E08000025", "2015-03-10", framework="SIF")
    >>> story[story["counts"]]["because"].item()
    'the most recent graded inspection by 10 March 2015'
    """
    called, until = Columns(provider, inspected, published, opened, closed, graded), day(date, "date")
    seen = observe(table, called, Which(framework, having, register, incomplete, until)).where_known()
    check_cutoff(seen.dates, published_by)
    frame, everyone, may_count = seen.frame, seen.histories, seen.may_count
    of_providers = _names_of(seen)
    provider_id = find_provider(provider_id, [*np.asarray(everyone.providers), *np.asarray(frame[provider].unique())], of_providers)
    mine = np.flatnonzero((frame[provider] == provider_id).to_numpy(dtype=np.bool_))
    cutoff = cutoff_of(published_by, until)
    code = int(np.flatnonzero(np.asarray(everyone.providers) == provider_id)[0])
    chosen = int(everyone.latest(may_count.all, until, cutoff)[code])
    seen.warn_if_outside(until)
    is_unknown = code in seen.unknown_on(np.array([until]), np.array([cutoff])).provider
    seen.say_what_is_unknown(int(is_unknown), int(not is_unknown), until)
    dated = everyone.dates.dated
    report = everyone.dates.published if everyone.dates.published is not None else np.full(len(frame), NO_DAY)
    mine = mine[np.lexsort((mine, report[mine], dated[mine]))]
    in_force = [row for row in mine.tolist() if may_count.all[row] and everyone.dates.inspected[row] <= until and report[row] <= cutoff]

    def reason(row: int) -> str:
        if may_count.framework is not None and not may_count.framework[row]:
            if may_count.left_out_without_framework[row]:
                return "its framework is missing, and framework= names those that are asked for"
            return f"framework {frame['framework'].iloc[row]} is not asked for"
        if not may_count.graded[row]:
            return f"not graded: {_kind(frame, row)}"
        if may_count.having is not None and not may_count.having[row]:
            return f"makes no judgement {having}"
        if may_count.known is not None and not may_count.known[row]:
            return f"before {in_words(seen.since(row))}, from which day on the table has all inspections of the provider"
        if everyone.dates.inspected[row] > until:
            return f"began on {in_words(everyone.dates.inspected[row])}, after {in_words(until)}"
        if report[row] > cutoff:
            return f"published on {in_words(report[row])}, after the cut-off of {in_words(cutoff)}"
        if everyone.opened is not None and everyone.opened[code] > until:
            return f"the provider opened on {in_words(everyone.opened[code])}, after {in_words(until)}"
        if everyone.closed is not None and NO_DAY != everyone.closed[code] <= until:
            return f"the provider closed on {in_words(everyone.closed[code])}"
        if row != chosen:
            later = in_force[-1]
            if dated[later] > dated[row]:
                return f"a later one counts, of {in_words(dated[later])}"
            if report[later] > report[row]:
                return f"another row of the same day counts, published on {in_words(report[later])}"
            return "another row of the same day counts, further down in the table"
        if max_age is not None and expiry(dated[[row]], max_age)[0] < until:
            return "the most recent graded inspection, but older than max_age: its grades count as missing"
        return f"the most recent graded inspection by {in_words(until)}" + (
            "" if report[row] != NO_DAY else ", by its inspection date alone: no publication date"
        )

    wanted = [
        inspected,
        published,
        "framework",
        "inspection_type",
        "outcome",
        graded,
        *judgement_columns(frame),
    ]
    story = frame[[name for name in dict.fromkeys(wanted) if name is not None and name in frame.columns]].take(mine)
    story.index = pd.RangeIndex(len(story))
    story["counts"] = mine == chosen
    story["because"] = pd.Series([reason(row) for row in mine.tolist()], dtype=object)
    story.attrs = {"as_at": iso(until), "published_by": iso(cutoff), "provider": str(provider_id)}
    name = of_providers.loc[of_providers["key"] == provider_id, "name"].dropna()
    if len(name):
        story.attrs["provider_name"] = str(name.iloc[0])
    return story


def _kind(frame: pd.DataFrame, row: int) -> str:
    """What an inspection without a grade is, in the words of its table."""
    for name in ("outcome", "inspection_type"):
        if name in frame.columns and pd.notna(frame[name].iloc[row]):
            return str(frame[name].iloc[row])
    return "no grade in any judgement"


def _names_of(seen: Inspections) -> pd.DataFrame:
    """What providers are called in the register and in the table, and their keys."""
    tables = [table for table in (seen.register, seen.frame) if table is not None and "provider_name" in table.columns]
    pairs = [pd.DataFrame({"name": table["provider_name"], "key": table[seen.called.provider]}, dtype=object) for table in tables]
    return pd.concat(pairs) if pairs else pd.DataFrame(columns=["name", "key"])


# ---- many dates


@same_kind
def series(
    table: Any,
    dates: Any = None,
    by: str | Sequence[str] | None = None,
    *,
    start: Any = None,
    end: Any = None,
    freq: Any = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    threshold: str | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    having: str | None = None,
    register: Any = None,
    max_age: Any = None,
    interval: str = "wilson",
    level: float = 0.95,
    min_n: int = 0,
    observed: bool = True,
    total: bool | str = False,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Count the state on many dates: the same as ``aggregate(as_at(table, date, ...), by)`` for each date, but in one pass.

    Parameters
    ----------
    table, framework, having, register, max_age, provider, inspected, published, opened, closed, graded
        As for `as_at`.
    incomplete : {"refuse", "allow"}, default "refuse"
        As for `as_at`. Providers whose state on a date is not known are left out and counted in ``n_unknown``, with a warning.
    dates : sequence of dates, DatetimeIndex, optional
        The dates, in the order in which the result shows them.
    start, end, freq : date, date, str or offset, optional
        In place of `dates`: the last day of each period from `start` to `end`. Periods are cut as in `periods` (``freq="YE-MAR"``).
    by, judgement, scale, threshold, interval, level, min_n, observed, total
        As for `aggregate`, but for one judgement. The group is that of the inspection in force, so a provider may change its group. A
        group that has providers on one of the dates has a row for every date, with zeros where it has none. `total` adds a row of all
        groups to each date.
    published_by : date, offset or sequence of them, optional
        The cut-off: one for all, an offset added to each date, or one for each date. By default each date itself.

    Returns
    -------
    DataFrame
        One row per date and group: the dates in the order given, and the groups within each:

        ======================  =============  ===================================================================
        column                  dtype          meaning
        ======================  =============  ===================================================================
        as_at                   datetime64[s]  the date
        columns of `aggregate`                 the groups and their counts
        n_unknown               int64          providers whose state on the date is not known; they are not in `n`
        ======================  =============  ===================================================================

        A provider in ``n_unknown`` is counted in the group of the first inspection that the table has of it.

    Raises
    ------
    ValueError
        As for `as_at` and `aggregate`; where there are not as many cut-offs as dates.

    Warns
    -----
    PooledFrameworksWarning
        Where records of several frameworks are in force and none was named.
    IncompleteHistoryWarning, BeyondDataWarning
        As for `as_at`.

    Notes
    -----
    The points of such a series repeat the same inspections, so no test for a trend may be made on them.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> years = sif.series(sif.load_inspections(), ["2019-03-31", "2024-03-31"], framework=["SIF", "ILACS"])
    >>> years[["n_judged", "good_or_outstanding"]].to_numpy().tolist()
    [[152, 70], [151, 91]]
    """
    check_method(interval)
    check_total(total, by)
    asked = Grid.of(dates_from(dates, start, end, freq), published_by)
    called, which = (
        Columns(provider, inspected, published, opened, closed, graded),
        Which(framework, having, register, incomplete, asked.days),
    )
    seen = observe(table, called, which, by=by, judgement=judgement, scale=scale).where_known()
    check_cutoff(seen.dates, published_by)
    seen.warn_if_outside(asked.days)
    on = seen.graded_on.with_threshold(threshold)
    found = in_force(seen, asked, by, judgement, len(on.labels), max_age=max_age, observed=observed)
    if framework is None and found.framework_labels is not None:
        warn_of_frameworks(found.by_framework.max(axis=0, initial=0), found.framework_labels)
    if len(asked.days):
        seen.say_what_is_unknown(*found.least_known(asked.days))
    return series_table(asked.days, found, on, total=total, interval=interval, level=level, min_n=min_n)


def dates_from(dates: Any, start: Any, end: Any, freq: Any) -> Any:
    """The dates asked for: as given, or the last day of each period from start to end."""
    if dates is not None:
        if not (start is None and end is None and freq is None):
            raise ValueError("dates= and start=, end=, freq= are two ways of asking; give one of them")
        return dates
    if start is None or end is None or freq is None:
        raise ValueError("series needs dates, or start=, end= and freq=, as start='2019-03-31', end='2024-03-31', freq='financial'")
    first, last = day(start, "start"), day(end, "end")
    if first > last:
        raise ValueError(f"start ({iso(first)}) is after end ({iso(last)})")
    ends = period_bounds(np.array([first, last]), freq)[1]
    return dates_of(ends[ends <= last])


@dataclass(frozen=True)
class Grid:
    """The dates of a series and the cut-off of each, as days."""

    days: np.ndarray
    cutoffs: np.ndarray

    @classmethod
    def of(cls, dates: Any, published_by: Any) -> Grid:
        """The grid of dates and cut-offs as a user writes them."""
        if isinstance(dates, str) or not hasattr(dates, "__iter__"):
            dates = [dates]
        days = days_of(pd.Series(list(dates), dtype=object), "dates")
        if (days == NO_DAY).any():
            raise ValueError(f"dates[{int(np.argmax(days == NO_DAY))}] is missing")
        if published_by is None or is_offset(published_by) or isinstance(published_by, str) or not hasattr(published_by, "__iter__"):
            return cls(days, np.array([cutoff_of(published_by, on) for on in days], dtype=np.int64))
        given = list(published_by)
        if len(given) != len(days):
            raise ValueError(f"published_by has {len(given)} cut-offs for {len(days)} dates; one for each is needed")
        each = zip(given, days, strict=True)
        cutoffs = np.array([cutoff_of(cutoff, on, f"published_by[{i}]") for i, (cutoff, on) in enumerate(each)], dtype=np.int64)
        return cls(days, cutoffs)

    @classmethod
    def between(cls, date_from: Any, date_to: Any, published_by: Any) -> Grid:
        """The grid of two dates, the earlier one first."""
        days = [day(date_from, "date_from"), day(date_to, "date_to")]
        if days[0] > days[1]:
            raise ValueError(f"date_from ({iso(days[0])}) is after date_to ({iso(days[1])}): give the earlier date first")
        return cls.of(dates_of(np.array(days)), published_by)

    def runs(self) -> list[np.ndarray]:
        """Positions of the dates, in runs along which neither date nor cut-off decreases: what one pass of the kernel can take."""
        if not len(self.days):
            return []
        order = np.lexsort((self.cutoffs, self.days))
        return np.split(order, np.flatnonzero(np.diff(self.cutoffs[order]) < 0) + 1)


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
    unknown : GroupsInForce
        How many providers of each group are of unknown state, by date and group; one column.
    """

    counted: GroupsInForce
    grouped: Groups
    by_framework: np.ndarray
    framework_labels: Any
    unknown: GroupsInForce

    def least_known(self, days: np.ndarray) -> tuple[int, int, int]:
        """How many providers are not known, and how many are in force, on the date on which the fewest are known; and that date."""
        n_unknown, n_known = (
            np.bincount(of.date, of.counted.sum(axis=1), minlength=len(days)).astype(np.int64) for of in (self.unknown, self.counted)
        )
        at = int(n_unknown.argmax())
        return int(n_unknown[at]), int(n_known[at]), int(days[at])


def in_force(seen: Inspections, asked: Grid, by: Any, judgement: str, n_grades: int, *, max_age: Any, observed: bool) -> InForce:
    """Count the records in force at each date of a grid, by group and grade."""
    records, eligible, codes = seen.histories, seen.may_count.all, seen.grades
    expires = None if max_age is None else expiry(records.dates.dated, max_age)
    labelled = seen.frame
    if seen.register is not None:
        # A provider of the register counts from its opening, without a grade, until its first inspection: a record before all days.
        wanted = list(dict.fromkeys([seen.called.provider, judgement, *names(by, "by")]))
        size = len(records.providers)
        above = seen.copied(wanted)
        labelled = stack(above, register_rows(above, seen.register, seen.called.provider, records.providers))
        # Of whom a first inspection is listed it is not known that there was none before.
        waits = np.ones(size, dtype=np.bool_)
        waits[records.provider[seen.first_listed()]] = False
        records, eligible = records.with_waiting(), np.append(eligible, waits)
        codes = np.append(codes, np.full(size, -1, dtype=codes.dtype))
        expires = None if expires is None else np.append(expires, np.full(size, NO_DAY))
    encoded = seen.encoded if seen.register is None else NOTHING
    grouped = groups(labelled, by, observed=observed, by_counting=True, encoded=encoded)
    runs = asked.runs()
    order = None
    if len(runs) > 2:  # for one count or two it is quicker to sort what is counted than the rows
        order, _ = counts.order_records(records.provider, *records.dates.columns, n_providers=len(records.providers))

    def count(of_groups: Any, n_groups: int, of_grades: Any, n_grades: int) -> GroupsInForce:
        parts = []
        for run in runs:
            dates, cutoffs = asked.days[run], asked.cutoffs[run]
            cells = {"n_groups": n_groups, "n_grades": n_grades, "order": order, "eligible": eligible, "expires": expires}
            of_run = _count_in_force(records, of_groups, of_grades, dates, cutoffs, cells)
            parts.append(GroupsInForce(run[of_run.date], of_run.group, of_run.counted))
        return _merged(parts, n_grades)

    by_framework, labels = np.zeros((len(asked.days), 0), dtype=np.int64), None
    if seen.which.framework is None and "framework" in seen.frame.columns:
        of, labels = label_codes(column(seen.frame, "framework", "framework"), seen.encoded)
        of = np.append(of, np.full(len(codes) - len(of), -1))
        found = count(of, len(labels), np.full(len(codes), -1, dtype=np.int8), 1)
        by_framework = np.zeros((len(asked.days), len(labels) + 1), dtype=np.int64)
        by_framework[found.date, found.group] = found.counted.sum(axis=1)
        by_framework = by_framework[:, :-1]
    return InForce(count(grouped.codes, grouped.size, codes, n_grades), grouped, by_framework, labels, _unknown(seen, asked, grouped))


def _unknown(seen: Inspections, asked: Grid, grouped: Groups) -> GroupsInForce:
    """How many providers of each group are of unknown state on each date of a grid."""
    nothing = np.empty(0, dtype=np.int64)
    places, numbers = [nothing], [nothing]
    for run in asked.runs() if seen.known is not None else []:
        found = seen.unknown_on(asked.days[run], asked.cutoffs[run])
        code = np.zeros(len(found.row), dtype=np.int64) if grouped.codes is None else grouped.codes[found.row].astype(np.int64)
        group, of = np.unique(np.where(code < 0, grouped.size, code), return_inverse=True)
        # One more from the date on which it begins, one less from that on which it ends.
        number = np.zeros((len(run) + 1, len(group)), dtype=np.int64)
        np.add.at(number, (found.start, of), 1)
        np.add.at(number, (found.stop, of), -1)
        np.cumsum(number, axis=0, out=number)
        date, at = np.nonzero(number)
        places.append(run[date] * (grouped.size + 1) + group[at])
        numbers.append(number[date, at])
    place = np.concatenate(places)
    order = np.argsort(place, kind="stable")
    return GroupsInForce(*np.divmod(place[order], grouped.size + 1), np.concatenate(numbers)[order, None])


# Up to so many cells a grid is counted whole (8 bytes each, and 4 while it is counted); beyond, by what changes.
DENSE_CELLS = 1 << 22


def _count_in_force(
    records: Records, groups: Any, grades: Any, dates: np.ndarray, cutoffs: np.ndarray, cells: dict[str, Any]
) -> GroupsInForce:
    """Count a grid; memory goes with the records and the result, not with dates x groups, where the latter are many."""
    n_dates, n_groups, n_grades = len(dates), cells["n_groups"], cells["n_grades"]
    asked = (records.provider, *records.dates.columns, groups, grades, dates, cutoffs)
    options = {"n_providers": len(records.providers), "opened": records.opened, "closed": records.closed, **cells}
    if n_dates * (n_groups + 1) * (n_grades + 1) <= DENSE_CELLS:
        counted = counts.count_as_at(*asked, **options).reshape(-1, n_grades + 1)
        shown = np.flatnonzero(counted.any(axis=1))
        return GroupsInForce(*np.divmod(shown, n_groups + 1), counted[shown])
    found = counts.changes_as_at(*asked, **options)
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


def series_table(days: np.ndarray, found: InForce, scale: GradeScale, *, total: bool | str, **options: Any) -> pd.DataFrame:
    """A row per date and group: each group that has a row at any of the dates, or each category, has one at every date."""
    grouped, known, unknown = found.grouped, found.counted, found.unknown
    at_any = np.bincount(np.concatenate([known.group, unknown.group]), minlength=grouped.size + 1)
    shown, labels = grouped.shown(at_any[:, None])
    n_dates, n_shown = len(days), len(shown)
    _check_rows(n_dates * (n_shown + 1) + len(known.date), len(scale.labels))
    place = np.empty(grouped.size + 1, dtype=np.int64)
    place[shown] = np.arange(n_shown)
    # The last column is the number of providers whose state is not known.
    counted = np.zeros((n_dates, n_shown, len(scale.labels) + 2), dtype=np.int64)
    counted[known.date, place[known.group], :-1] = known.counted
    counted[unknown.date, place[unknown.group], -1] = unknown.counted[:, 0]
    if total is not False:
        counted = np.concatenate([counted, counted.sum(axis=1, keepdims=True)], axis=1)
        labels, n_shown = with_total(labels, total), n_shown + 1
    of_groups = {name: label.take(np.tile(np.arange(n_shown), n_dates)) for name, label in labels.items()}
    labelled = side_by_side({"as_at": dates_of(np.repeat(days, n_shown))}, of_groups)
    flat = counted.reshape(-1, counted.shape[-1])
    side_by_side(of_groups, {"n_unknown": flat[:, -1]})
    return result_table(labelled, flat[:, :-1], scale, **options).assign(n_unknown=flat[:, -1])


# ---- by batches


@dataclass(frozen=True, kw_only=True)
class Series(OfHistories):
    """`ofsted_sif.series`, with its options."""

    dates: Any
    start: Any
    end: Any
    freq: Any
    threshold: str | None = None
    published_by: Any
    register: Any
    max_age: Any
    interval: str
    level: float
    min_n: int
    observed: bool
    total: bool | str = False

    def __post_init__(self) -> None:
        check_method(self.interval)
        check_total(self.total, self.by)
        refuse_register(self.register)
        self.grid()

    @property
    def asked_days(self) -> np.ndarray:
        """The dates asked for."""
        return self.grid().days

    def grid(self) -> Grid:
        """The dates asked for, and their cut-offs."""
        return Grid.of(dates_from(self.dates, self.start, self.end, self.freq), self.published_by)

    def count(self, piece: Any) -> Partial:
        """What is in force at each date, by group and word."""
        asked = self.grid()
        seen, words = self.observe(piece, on=asked.days)
        seen = seen.where_known()
        check_cutoff(seen.dates, self.published_by)
        found = in_force(seen, asked, self.by, self.judgement, len(seen.words), max_age=self.max_age, observed=True)
        pair, word = np.nonzero(found.counted.counted)
        date, group = found.counted.date[pair], found.counted.group[pair]
        # Places of dates as narrow as they can be: these are many, and travel between machines.
        dated = date.astype(np.min_scalar_type(len(asked.days)))
        labelled = [*(labels_at(of, group) for of in found.grouped.labels.values()), dated, labels_at(seen.words, word)]
        counted = {"words": words, "in force": PartialCounts(tuple(labelled), (found.counted.counted[pair, word],))}
        unknown = [*(labels_at(of, found.unknown.group) for of in found.grouped.labels.values()), found.unknown.date]
        counted["unknown"] = PartialCounts(tuple(unknown), (found.unknown.counted[:, 0],))
        counted |= self.marks_of_period(seen)
        counted |= self.chosen_frameworks(seen.may_count, seen.frame, np.empty(0, dtype=np.int64))
        if found.framework_labels is not None:
            date, of = np.nonzero(found.by_framework)
            in_force_of = PartialCounts((date, found.framework_labels.take(of)), (found.by_framework[date, of],))
            counted["frameworks in force"] = in_force_of
        return Partial(len(seen.frame), counted)

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and counts the table of `series`."""
        if "frameworks" in partial.counted:
            labels = partial.counted["frameworks"].labels[0]
            most = np.zeros(len(labels), dtype=np.int64)
            if (of := partial.counted.get("frameworks in force")) is not None:
                place = pd.Index(np.asarray(labels, dtype=object)).get_indexer(pd.Index(np.asarray(of.labels[1], dtype=object)))
                np.maximum.at(most, place, of.sums[0])
            self.say_frameworks(partial, labels, most)
        days = self.grid().days
        cells, unknown = partial.counted["in force"], partial.counted["unknown"]
        grouped, (group, unknown_group) = self.groups_of(self.by, self.observed, [cells, unknown])
        scale, (grade,) = self.grades_of(partial.counted["words"], self.judgement, self.scale, cells.labels[-1])
        scale = scale.with_threshold(self.threshold)
        place = np.asarray(cells.labels[-2], dtype=np.int64) * (grouped.size + 1) + np.where(group < 0, grouped.size, group)
        shown, pair = np.unique(place, return_inverse=True)
        counted = np.zeros((len(shown), len(scale.labels) + 1), dtype=np.int64)
        np.add.at(counted, (pair, grade), cells.sums[0])
        unknown_date = np.asarray(unknown.labels[-1], dtype=np.int64)
        not_known = GroupsInForce(unknown_date, np.where(unknown_group < 0, grouped.size, unknown_group), unknown.sums[0][:, None])
        nothing = np.zeros((len(days), 0), dtype=np.int64)
        found = InForce(GroupsInForce(*np.divmod(shown, grouped.size + 1), counted), grouped, nothing, None, not_known)
        self._say_what_is_unknown(partial, found, days)
        how: dict[str, Any] = {"interval": self.interval, "level": self.level, "min_n": self.min_n, "total": self.total}
        return series_table(days, found, scale, **how)

    def _say_what_is_unknown(self, partial: Partial, found: InForce, days: np.ndarray) -> None:
        if self.incomplete == "allow" or not len(days):
            return
        self.say_one_period(partial)
        say_unknown(*found.least_known(days))


series.question = Series
