"""How long grades are held, and how long it takes to reach one: spells, Kaplan-Meier, the median, and the log-rank test.

A spell runs from the start of the inspection that gave a grade (publication where missing; the opening of the provider where that is
later) to that of the inspection that gave another. What is still running at the end of observation is censored: on the day `until`, or
on that on which the provider closed. What was before a provider's first inspection in the table is not known (left truncation): its
first grade may be older than its first spell, and times count from the inspection that found it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import RowError
from ofsted_sif.intervals import normal_quantile
from ofsted_sif.scales import GradeScale, normal_form
from ofsted_sif.table.columns import Columns, column, names
from ofsted_sif.table.dates import DAYS_A_YEAR, dates_of, day, in_words, iso
from ofsted_sif.table.eligible import Which, check_cutoff, cutoff_of
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import Groups
from ofsted_sif.table.inspections import Inspections, observe
from ofsted_sif.table.keys import label_codes
from ofsted_sif.table.partial import OfHistories, Partial, PartialCounts, PartialRows, count_labels, refuse_register
from ofsted_sif.table.records import is_first
from ofsted_sif.table.result import result

__all__ = ["logrank", "median_time_to", "spells", "time_to"]

ENDED = pd.CategoricalDtype(["improved", "declined", "censored"])
EPISODES = ("first", "all")
MOST_MOMENTS = 1_000_000  # groups by days that are counted in a table of all of them, whatever the number of times; beyond twice it, sorted


@dataclass(frozen=True)
class Observed:
    """Inspections that make the judgement, up to the last day of observation."""

    seen: Inspections
    eligible: np.ndarray
    until: int

    @classmethod
    def of(cls, seen: Inspections, until: Any, published_by: Any) -> Observed:
        """Those that took place by the day `until` and were published by the cut-off; by default the latest day in the table."""
        records = seen.histories
        check_cutoff(records.dates, published_by)
        if until is None:
            known = [days[days != NO_DAY] for days in (records.dates.inspected, records.dates.published) if days is not None]
            last = max((int(days.max()) for days in known if len(days)), default=0)
        else:
            last = day(until, "until")
            seen.warn_if_beyond(last)
        eligible = seen.over_time(_taking_part(seen, last, published_by))
        seen.warn_if_pooled(eligible)
        return cls(seen, eligible, last)

    def spells(self, codes: np.ndarray, n_grades: int) -> tuple[np.ndarray, ...]:
        """`counts.spells` of these inspections; a record after its provider has closed is named."""
        records = self.seen.histories
        try:
            return counts.spells(
                records.provider,
                *records.dates.columns,
                codes,
                self.until,
                n_providers=len(records.providers),
                n_grades=n_grades,
                eligible=self.eligible,
                opened=records.opened,
                closed=records.closed,
            )
        except ValueError as error:
            if getattr(error, "reason", None) != "span" or records.closed is None:
                raise
            row = error.row  # type: ignore[attr-defined]
            who = int(records.provider[row])
            raise RowError(
                "",
                row,
                f": the inspection of provider {records.providers[who]} on {in_words(records.dates.dated[row])} is after it closed "
                f"on {in_words(records.closed[who])}: a negative duration",
            ) from None

    def seen_in(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each spell, by the row that began it: on how many days it was inspected, and the last of them.

        Spells come in order of provider and time, and so do the inspections, of which each belongs to the last spell that has begun.
        """
        records = self.seen.histories
        in_order = records.last_per_day(self.eligible)
        of, days = records.provider[in_order].astype(np.int64), records.dates.dated_at(in_order)
        if records.opened is not None:
            days = np.maximum(days, records.opened[of])
        last = np.append((of[1:] != of[:-1]) | (days[1:] != days[:-1]), True)[: len(of)]  # before the opening: the last of them
        in_order, days = in_order[last & (days <= self.until)], days[last & (days <= self.until)]
        begins = np.zeros(len(self.seen.days), dtype=np.bool_)
        begins[rows] = True
        first = np.flatnonzero(begins[in_order])
        ends = np.append(first[1:], len(in_order))[: len(first)]
        return ends - first, days[ends - 1]


def _taking_part(seen: Inspections, until: int, published_by: Any) -> np.ndarray:
    """Which inspections made the judgement by the last day of observation, and were published by the cut-off."""
    return seen.may_count.all & (seen.grades >= 0) & seen.histories.known_by(until, cutoff_of(published_by, until))


@same_kind
def spells(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    until: Any = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    register: Any = None,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Find how long each grade was held.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        One row per inspection. Graded inspections that make the judgement take part; others neither begin nor end a spell.
    by : str or sequence of str, optional
        Columns to copy from the inspection that began the spell.
    until : date, Timestamp or str, optional
        The last day of observation. By default the latest day in the table, of an inspection or a publication.
    judgement : str, default "overall_effectiveness"
        The judgement.
    scale : GradeScale, optional
        Its scale; by default the one that fits the column.
    published_by : date or offset, optional
        Reports published after it do not count; by default `until`.
    framework, register, provider, inspected, published, opened, closed, graded
        As for `as_at`.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with a table that does not have the whole history (column ``known_from``). Only inspections from the day on which every
        provider is known are taken, with a warning. It is an error if fewer than two are left, and if the table is a result of `as_at`.
        ``"allow"`` takes the table as it is, without a warning.

    Returns
    -------
    DataFrame
        One row per spell, in order of provider and time:

        ===============  =============  ==========================================================================================
        column           dtype          meaning
        ===============  =============  ==========================================================================================
        provider                        its key, in a column called as in the table
        columns of `by`                 as in the table, of the inspection that began the spell
        grade            category       the grade that was held
        start            datetime64[s]  the day of the inspection that began it
        end              datetime64[s]  the day of the inspection that ended it; where it is censored the last day on which it was
                                        observed
        years            float64        days from start to end / 365.25
        ended            category       how it ended: improved, declined, or censored (by `until`, or because the provider closed)
        to               category       the grade that ended it; missing where it is censored
        last_seen        datetime64[s]  the day of the last inspection that found this grade
        n_inspections    int64          days of inspection that found it, the first one included
        ===============  =============  ==========================================================================================

        An inspection that finds the same grade again continues the spell. The first spell of a provider is left-truncated: its grade may
        be older than the table. ``attrs`` has the day of `until`, and the number of first spells (``n_left_truncated``).

    Raises
    ------
    ValueError
        As for `as_at`; for an inspection after its provider has closed, which would make a negative duration (the message has its row).
    IncompleteHistoryError
        For the result of `as_at`, or where fewer than two inspections are left.

    Warns
    -----
    PooledFrameworksWarning
        Where inspections of several frameworks were taken and none was named.
    IncompleteHistoryWarning
        Where inspections are left out because the table does not have all of every provider.
    BeyondDataWarning
        Where `until` is after the day to which the table says that it is complete.

    Notes
    -----
    The grade changed, if it did so once and for good, after ``last_seen`` and by ``end``: the interval ``(last_seen - start, end - start]``
    is what models of interval-censored times take (``Surv(L, R, type="interval2")`` in R's survival, ``ic_np`` of icenReg), with an
    infinite end where the spell is censored: nobody looked on the day of `until`.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> held = sif.spells(sif.load_inspections(), framework=["SIF", "ILACS"])
    >>> held[held["provider"] == "E08000025"][["grade", "ended"]].to_numpy().tolist()
    [['Inadequate', 'improved'], ['Requires improvement', 'improved'], ['Good', 'censored']]
    """
    called = Columns(provider, inspected, published, opened, closed, graded)
    seen = observe(table, called, Which(framework, None, register, incomplete), by=by, judgement=judgement, scale=scale)
    observed = Observed.of(seen, until, published_by)
    held = _spells_of(observed, by)
    held.attrs = _attrs(observed.until, judgement, held[provider].nunique())
    return held


def _spells_of(observed: Observed, by: str | Sequence[str] | None) -> pd.DataFrame:
    """A row for each spell."""
    seen = observed.seen
    rows, ended_by, start, end = observed.spells(seen.grades, len(seen.graded_on.labels))
    n_inspections, last_seen = observed.seen_in(rows)
    better = seen.grades[ended_by] > seen.grades[rows]
    data = {
        "grade": pd.Categorical.from_codes(seen.grades[rows], dtype=seen.graded_on.dtype),
        "start": dates_of(start),
        "end": dates_of(end),
        "years": (end - start) / DAYS_A_YEAR,
        "ended": pd.Categorical.from_codes(np.where(ended_by < 0, 2, np.where(better, 0, 1)), dtype=ENDED),
        "to": pd.Categorical.from_codes(np.where(ended_by < 0, -1, seen.grades[ended_by]), dtype=seen.graded_on.dtype),
        "last_seen": dates_of(last_seen),
        "n_inspections": n_inspections,
    }
    return result(seen.provider_and(by, rows), data)


def _attrs(until: int, judgement: str, n_providers: int) -> dict[Hashable | None, Any]:
    return {"until": iso(until), "judgement": judgement, "n_left_truncated": n_providers}


# ---- the time to a grade


def label_of(scale: GradeScale, grade: Any, argument: str) -> str:
    """The label of a grade that an argument names, in any of its spellings."""
    label = scale.words.get(normal_form(grade)) if isinstance(grade, str) else None
    if label is None:
        raise ValueError(f"{argument}={grade!r} is not a grade of the scale {scale.name} (known: {', '.join(scale.labels)})")
    return label


@dataclass(frozen=True)
class _Episodes:
    """Times below a grade, each ended by reaching it or censored; the group of each, and what groups are called."""

    days: np.ndarray
    reached: np.ndarray
    group: np.ndarray
    n_groups: int
    labels: dict[str, Any]
    attrs: dict[str, Any]


def _episodes(observed: Observed, grade: str, by: str | Sequence[str] | None, episodes: str) -> _Episodes:
    """A spell on the scale of two: below the grade, or at it and better."""
    seen, scale = observed.seen, observed.seen.graded_on
    label = label_of(scale, grade, "grade")
    if episodes not in EPISODES:
        raise ValueError(f"episodes={episodes!r}; known are {', '.join(EPISODES)}")
    grouped = seen.groups(by)
    wanted = len(scale.labels) - 1 - scale.labels.index(label)
    reached = np.where(seen.grades < 0, -1, seen.grades >= wanted).astype(np.int8)
    rows, ended_by, start, end = observed.spells(reached, 2)
    below = reached[rows] == 0
    of = seen.histories.provider[rows]
    n_providers, n_below = (int(np.count_nonzero(is_first(some))) for some in (of, of[below]))
    if episodes == "first":
        below[below] = is_first(of[below])
    rows, ended_by, start, end = (part[below] for part in (rows, ended_by, start, end))
    code = np.zeros(len(rows), dtype=np.int64) if grouped.codes is None else grouped.codes[rows].astype(np.int64)
    attrs = _episode_attrs(label, observed.until, n_providers - n_below, len(rows) - n_below)
    return _in_groups(grouped, code, end - start, ended_by >= 0, attrs)


def _episode_attrs(grade: str, until: int, n_never_below: int, n_again: int) -> dict[str, Any]:
    return {"grade": grade, "until": iso(until), "n_providers_never_below": n_never_below, "n_episodes_again": n_again}


def _in_groups(grouped: Groups, code: np.ndarray, days: np.ndarray, reached: np.ndarray, attrs: dict[str, Any]) -> _Episodes:
    """Episodes by the groups that a result shows."""
    missing_last = np.where(code < 0, grouped.size, code)
    present = np.bincount(missing_last, minlength=grouped.size + 1)
    shown, labels = grouped.shown(present[:, None])
    place = np.full(grouped.size + 1, -1)
    place[shown] = np.arange(len(shown))
    return _Episodes(days, reached, place[missing_last], len(shown), labels, attrs)


@dataclass(frozen=True)
class _Ends:
    """How many times below a grade ended, and how: one row per group and distinct day, group after group, each from day 0 on."""

    group: np.ndarray
    days: np.ndarray
    ended: np.ndarray
    events: np.ndarray
    starts: np.ndarray  # the row at which each group begins


def _ends(found: _Episodes) -> _Ends:
    span = int(found.days.max(initial=0)) + 1
    first_moments = np.arange(found.n_groups) * span
    moment = found.group * span + found.days
    if found.n_groups * span <= MOST_MOMENTS + 2 * len(moment):
        moments = np.arange(found.n_groups * span)
    else:
        moments, moment = np.unique(np.concatenate([first_moments, moment]), return_inverse=True)
        moment = moment.reshape(-1)[found.n_groups :]
    reached = counts.count_grades(moment, found.reached.astype(np.int8), n_groups=len(moments), n_grades=2)[:-1, :-1]
    ended = reached.sum(axis=1)
    there = np.flatnonzero((ended > 0) | (moments % span == 0))
    group, days = np.divmod(moments[there], span)
    return _Ends(group, days, ended[there], reached[there, 1], np.searchsorted(group, np.arange(found.n_groups)))


@dataclass(frozen=True)
class _Curves:
    """Kaplan-Meier's estimates at the days of some ends, and Greenwood's bounds."""

    at_risk: np.ndarray
    survival: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def _curves(ends: _Ends, level: float) -> _Curves:
    z = normal_quantile(level)
    ended, events = ends.ended, ends.events
    before = np.cumsum(ended) - ended
    of_group = np.diff(np.append(before[ends.starts], ended.sum()))
    at_risk = of_group[ends.group] - (before - before[ends.starts][ends.group])

    def by_group(accumulate: Callable[[np.ndarray], np.ndarray], values: np.ndarray) -> np.ndarray:
        return np.concatenate([accumulate(part) for part in np.split(values, ends.starts[1:])])

    with np.errstate(invalid="ignore", divide="ignore"):
        survival = by_group(np.cumprod, np.where(events > 0, 1 - events / at_risk, 1.0))
        survival[of_group[ends.group] == 0] = np.nan
        greenwood = by_group(np.cumsum, np.where(events > 0, events / (at_risk * (at_risk - events)), 0.0))
        # √V / log S is negative, so that the power above 1 gives the lower bound.
        spread = z * np.sqrt(greenwood) / np.log(survival)
        lower, upper = survival ** np.exp(-spread), survival ** np.exp(spread)
    certain = survival == 1
    gone = survival == 0
    lower = np.where(certain, 1.0, np.where(gone, np.nan, lower))
    upper = np.where(certain, 1.0, np.where(gone, np.nan, upper))
    return _Curves(at_risk, survival, lower, upper)


@same_kind
def time_to(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    grade: str = "Good",
    until: Any = None,
    level: float = 0.95,
    episodes: str = "first",
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    register: Any = None,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Estimate how long it takes to get from a worse grade to this one or a better one: Kaplan-Meier, one row per time.

    Parameters
    ----------
    table, until, judgement, scale, published_by, incomplete
        As for `spells`.
    framework, register, provider, inspected, published, opened, closed, graded
        As for `as_at`.
    grade : str, default "Good"
        The grade to reach, or a better one.
    by : str or sequence of str, optional
        Columns that make the groups, taken from the inspection that began the time below the grade.
    level : float, default 0.95
        Confidence level of the bounds.
    episodes : {"first", "all"}, default "first"
        "first" takes each provider's first time below the grade, so that observations are independent. "all" takes all of them; bounds
        are then too narrow, and p too small.

    Returns
    -------
    DataFrame
        One row per group and time at which somebody's time below the grade ended, and one at 0:

        ===============  =======  ====================================================
        column           dtype    meaning
        ===============  =======  ====================================================
        columns of `by`           as in the table; a missing label last
        years            float64  years since the inspection that began the time below
        at_risk          int64    still below, and observed, just before this time
        events           int64    reached the grade at this time
        censored         int64    were observed until this time, and no longer
        survival         float64  share still below after this time
        lower, upper     float64  its bounds
        ===============  =======  ====================================================

        A group in which nobody was below has one row, at 0, with NaN. ``attrs`` says how many providers were never below
        (``n_providers_never_below``), and how many times below are a provider's second or later (``n_episodes_again``).

    Raises
    ------
    ValueError
        As for `spells`; for an unknown grade.

    Warns
    -----
    PooledFrameworksWarning, IncompleteHistoryWarning, BeyondDataWarning
        As for `spells`.

    Notes
    -----
    ``S(t) = product over times s <= t of (1 - d/n)``, with d events among n at risk. Greenwood's variance of log S is
    ``V = sum of d / (n (n - d))``, and the bounds are ``S^exp(±z √V / log S)`` (log-log scale, always within [0, 1]): both 1 before the
    first event; where S has come to 0 neither can be told (NaN, as in R's survfit). Who is censored at the time of an event is still at
    risk in it. A provider reaches a grade on the day on which an inspection finds it, which may be long after it improved.

    References
    ----------
    .. [1] Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53, 457-481.
       doi:10.1080/01621459.1958.10501452
    .. [2] Kalbfleisch, J. D., Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data, 2nd ed., p. 17-18 (log-log bounds).

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> curve = sif.time_to(sif.load_inspections(), framework=["SIF", "ILACS"])
    >>> print(f"{curve[curve['years'] <= 3]['survival'].iloc[-1]:.2f} are still below Good after 3 years")
    0.91 are still below Good after 3 years
    """
    called = Columns(provider, inspected, published, opened, closed, graded)
    normal_quantile(level)
    seen = observe(table, called, Which(framework, None, register, incomplete), by=by, judgement=judgement, scale=scale)
    return _time_to(_episodes(Observed.of(seen, until, published_by), grade, by, episodes), level)


def _time_to(found: _Episodes, level: float) -> pd.DataFrame:
    """The curves of the groups."""
    ends = _ends(found)
    curves = _curves(ends, level)
    labels = {name: values.take(ends.group) for name, values in found.labels.items()}
    data = {"years": ends.days / DAYS_A_YEAR, "at_risk": curves.at_risk, "events": ends.events, "censored": ends.ended - ends.events}
    data |= {name: getattr(curves, name) for name in ("survival", "lower", "upper")}
    return result(labels, data, found.attrs)


@same_kind
def median_time_to(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    grade: str = "Good",
    until: Any = None,
    level: float = 0.95,
    episodes: str = "first",
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    register: Any = None,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Estimate the time after which half have reached a grade, with its interval.

    Parameters
    ----------
    table, until, judgement, scale, published_by, incomplete
        As for `spells`.
    grade, by, level, episodes
        As for `time_to`, from whose curve the median is read.
    framework, register, provider, inspected, published, opened, closed, graded
        As for `as_at`.

    Returns
    -------
    DataFrame
        One row per group:

        ===============  =======  ==============================================================================
        column           dtype    meaning
        ===============  =======  ==============================================================================
        columns of `by`           as in the table; a missing label last
        n                int64    times below the grade
        events           int64    how many of them ended because the grade was reached
        median           float64  years after which the curve of `time_to` is at or below 1/2 for the first time
        lower            float64  the same for the lower bound of the curve
        upper            float64  the same for its upper bound
        ===============  =======  ==============================================================================

        Where a curve stays at 1/2 for a while, R and SAS give the middle of that while. A time that is not reached within the observation
        is infinite. All three are NaN where `n` is 0. `lower` is NaN where the curve falls to 0 before its lower bound comes to 1/2: from
        there on the curve has no bounds.

    Raises
    ------
    ValueError
        As for `time_to`.

    Warns
    -----
    PooledFrameworksWarning, IncompleteHistoryWarning, BeyondDataWarning
        As for `spells`.

    References
    ----------
    .. [1] Brookmeyer, R., Crowley, J. (1982). A confidence interval for the median survival time. Biometrics 38, 29-41.
       doi:10.2307/2530286

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> row = sif.median_time_to(sif.load_inspections(), framework=["SIF", "ILACS"]).iloc[0]
    >>> print(f"{row['median']:.1f} years ({row['lower']:.1f} to {row['upper']:.1f})")
    7.5 years (6.2 to 8.4)
    """
    called = Columns(provider, inspected, published, opened, closed, graded)
    normal_quantile(level)
    seen = observe(table, called, Which(framework, None, register, incomplete), by=by, judgement=judgement, scale=scale)
    return _median_time_to(_episodes(Observed.of(seen, until, published_by), grade, by, episodes), level)


def _median_time_to(found: _Episodes, level: float) -> pd.DataFrame:
    """The medians of the groups."""
    ends = _ends(found)
    curves = _curves(ends, level)
    n, events = curves.at_risk[ends.starts], np.bincount(found.group[found.reached], minlength=found.n_groups)
    shares = {"median": curves.survival, "lower": curves.lower, "upper": curves.upper}
    times = {name: _half_times(ends, share, n) for name, share in shares.items()}
    gone = np.zeros(found.n_groups, dtype=np.bool_)
    gone[ends.group[curves.survival == 0]] = True
    times["lower"][gone & np.isinf(times["lower"])] = np.nan
    return result(found.labels, {"n": n, "events": events} | times, found.attrs)


def _half_times(ends: _Ends, share: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The first time of each group at which a share is at or below 1/2, in years; products of fractions may miss 1/2 by rounding."""
    there = np.flatnonzero(share <= 0.5 * (1 + 1e-12))
    groups, first = np.unique(ends.group[there], return_index=True)
    times = np.where(n > 0, np.inf, np.nan)
    times[groups] = ends.days[there[first]] / DAYS_A_YEAR
    return times


@same_kind
def logrank(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    grade: str = "Good",
    until: Any = None,
    episodes: str = "first",
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    register: Any = None,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Test whether groups take equally long to reach a grade: the log-rank test.

    Parameters
    ----------
    table, until, judgement, scale, published_by, incomplete
        As for `spells`.
    grade, episodes
        As for `time_to`.
    by : str or sequence of str
        Columns that make the groups; rows with a missing label are one group. Groups in which nobody was below the grade take no part.
    framework, register, provider, inspected, published, opened, closed, graded
        As for `as_at`.

    Returns
    -------
    DataFrame
        One row:

        =========  =======  ===============================================================================================
        column     dtype    meaning
        =========  =======  ===============================================================================================
        statistic  float64  chi-squared; NaN where df is 0
        df         int64    groups that were at risk at an event, less one; 0 where at each event all at risk have it
        p          float64  how likely such a statistic, or a larger one, is if the groups do not differ; NaN where df is 0
        =========  =======  ===============================================================================================

    Raises
    ------
    ValueError
        As for `time_to`; where `by` is not given.

    Warns
    -----
    PooledFrameworksWarning, IncompleteHistoryWarning, BeyondDataWarning
        As for `spells`.

    Notes
    -----
    At each time of an event, with d events among n at risk of which n_g in group g, the expected number is ``d n_g / n`` and the
    covariance ``d (n - d) / (n - 1) (n_g / n) (1[g = h] - n_h / n)``. The statistic is ``(O - E)' V⁻¹ (O - E)`` over all groups but one
    of those that were at risk at an event, chi-squared under no difference with as many degrees of freedom. A group whose times all end
    before the first event says nothing, and counts for nothing.

    References
    ----------
    .. [1] Mantel, N. (1966). Evaluation of survival data and two new rank order statistics arising in its consideration. Cancer
       Chemother. Rep. 50, 163-170.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> test = sif.logrank(sif.load_inspections(), by="region", framework=["SIF", "ILACS"])
    >>> int(test["df"].item())
    8
    """
    _check_groups(by)
    called = Columns(provider, inspected, published, opened, closed, graded)
    seen = observe(table, called, Which(framework, None, register, incomplete), by=by, judgement=judgement, scale=scale)
    return _logrank(_episodes(Observed.of(seen, until, published_by), grade, by, episodes))


def _check_groups(by: str | Sequence[str] | None) -> None:
    if not names(by, "by"):
        raise ValueError("by names no column: the log-rank test compares groups")


def _logrank(found: _Episodes) -> pd.DataFrame:
    """The test of the groups."""
    from scipy.special import chdtrc  # only here: scipy is slow to import

    ends = _ends(found)
    some = ends.ended > 0
    present, group = np.unique(ends.group[some], return_inverse=True)
    times, place = np.unique(ends.days[some], return_inverse=True)
    k = len(present)
    ended, events = np.zeros((2, len(times), max(k, 1)), dtype=np.int64)
    cell = place.reshape(-1), group.reshape(-1)
    ended[cell], events[cell] = ends.ended[some], ends.events[some]
    at_risk = ended[::-1].cumsum(axis=0)[::-1]
    at_event = events.any(axis=1)
    events, at_risk = events[at_event], at_risk[at_event]
    d, n = events.sum(axis=1), at_risk.sum(axis=1)
    # A group that was at risk at no event says nothing: its expected number is 0.
    told = at_risk.any(axis=0)
    share = at_risk[:, told] / n[:, None]
    difference = (events[:, told] - d[:, None] * share).sum(axis=0)[:-1]
    weight = d * (n - d) / np.maximum(n - 1, 1)
    variance = (np.diag((weight[:, None] * share).sum(axis=0)) - (weight[:, None] * share).T @ share)[:-1, :-1]
    # Whoever is at risk at an event is so at the first one, so that all are compared; only where all have it nothing is.
    df = int(np.linalg.matrix_rank(variance, hermitian=True)) if variance.size else 0
    statistic = float(difference @ np.linalg.pinv(variance, hermitian=True) @ difference) if df else np.nan
    return result({}, {"statistic": [statistic], "df": [df], "p": [float(chdtrc(df, statistic)) if df else np.nan]}, found.attrs)


# ---- by batches


@dataclass(frozen=True, kw_only=True)
class OfSpells(OfHistories):
    """What follows how long grades are held, by batches."""

    over_time: ClassVar[bool] = True
    until: Any
    published_by: Any
    register: Any

    def __post_init__(self) -> None:
        refuse_register(self.register)
        if self.until is None:
            raise ValueError("until= is needed by batches, as no batch knows the last day of all: give until='2024-03-31'")
        day(self.until, "until")

    @property
    def asked_days(self) -> np.ndarray:
        """The last day of observation."""
        return np.array([day(self.until, "until")])

    def observed(self, piece: Any) -> tuple[Observed, dict[str, Any]]:
        """The inspections of a piece that take part; and what is to be said of the whole."""
        seen, words = self.observe_graded(piece)
        check_cutoff(seen.histories.dates, self.published_by)
        last = day(self.until, "until")
        taken = _taking_part(seen, last, self.published_by)
        eligible = seen.in_known_time(taken)
        told = {
            "words": words,
            **self.left_out(taken, eligible),
            **self.chosen_frameworks(seen.may_count, seen.frame, np.flatnonzero(eligible)),
        }
        return Observed(seen, eligible, last), told

    def said(self, partial: Partial) -> GradeScale:
        """Say what is to be said of the whole table; and the scale of its grades."""
        self.say_left_out(partial)
        if (of := partial.counted.get("frameworks")) is not None:
            self.say_frameworks(partial, of.labels[0], of.sums[0])
        return self.grades_of(partial.counted["words"], self.judgement, self.scale)[0]


@dataclass(frozen=True, kw_only=True)
class Spells(OfSpells):
    """`ofsted_sif.spells`, with its options; memory goes with the spells, which are the rows of its result."""

    def count(self, piece: Any) -> Partial:
        """The spells of the providers of a piece."""
        observed, told = self.observed(piece)
        return Partial(len(observed.seen.frame), told | {"spells": PartialRows(_spells_of(observed, self.by))})

    def finish(self, partial: Partial) -> pd.DataFrame:
        """The spells of all pieces in the order of the keys of their providers."""
        scale = self.said(partial)
        held = self.rows_of(partial.counted["spells"], {"grade": scale.dtype, "to": scale.dtype})
        held.attrs = _attrs(day(self.until, "until"), self.judgement, held[self.provider].nunique())
        return held


spells.question = Spells


@dataclass(frozen=True, kw_only=True)
class TimeTo(OfSpells):
    """`ofsted_sif.time_to`, with its options; memory goes with the times below the grade."""

    grade: str
    episodes: str
    level: float = 0.95

    def count(self, piece: Any) -> Partial:
        """How many times below the grade there are in each group, how long they lasted, and whether it was reached."""
        observed, told = self.observed(piece)
        found = _episodes(observed, self.grade, self.by, self.episodes)
        columns = [*(pd.Series(of.take(found.group), copy=False) for of in found.labels.values()), pd.Series(found.days)]
        coded = [label_codes(values) for values in [*columns, pd.Series(found.reached.astype(np.int64))]]
        # A group is shown where a row has it, even one without a time below the grade.
        of_rows = [label_codes(column(observed.seen.frame, name, "by")) for name in names(self.by, "by")]
        numbers = (np.array([found.attrs[name]]) for name in ("n_providers_never_below", "n_episodes_again"))
        told |= {"groups": count_labels(of_rows, len(observed.seen.frame)), "times": count_labels(coded, len(found.days))}
        return Partial(len(observed.seen.frame), told | {"numbers": PartialCounts((), tuple(numbers))})

    def finish(self, partial: Partial) -> pd.DataFrame:
        """The table of the function, of the times of all pieces."""
        label = label_of(self.said(partial), self.grade, "grade")
        times = partial.counted["times"]
        grouped, (_, group) = self.groups_of(self.by, True, [partial.counted["groups"], times])
        code, days, reached = (np.repeat(np.asarray(of, dtype=np.int64), times.sums[0]) for of in (group, *times.labels[-2:]))
        numbers = (int(number[0]) for number in partial.counted["numbers"].sums)
        return self.table_of(_in_groups(grouped, code, days, reached > 0, _episode_attrs(label, day(self.until, "until"), *numbers)))

    def table_of(self, found: _Episodes) -> pd.DataFrame:
        """The curves."""
        return _time_to(found, self.level)


class MedianTimeTo(TimeTo):
    """`ofsted_sif.median_time_to`, with its options."""

    def table_of(self, found: _Episodes) -> pd.DataFrame:
        """The medians."""
        return _median_time_to(found, self.level)


class LogRank(TimeTo):
    """`ofsted_sif.logrank`, with its options."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_groups(self.by)

    def table_of(self, found: _Episodes) -> pd.DataFrame:
        """The test."""
        return _logrank(found)


time_to.question = TimeTo
median_time_to.question = MedianTimeTo
logrank.question = LogRank
