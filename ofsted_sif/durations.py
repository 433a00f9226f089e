"""How long grades are held, and how long it takes to reach one: spells, Kaplan-Meier, the median, and the log-rank test.

A spell runs from the start of the inspection that gave a grade (publication where missing; the opening of the provider where that is
later) to that of the inspection that gave another. What is still running at the end of observation is censored: on the day `until`, or
on that on which the provider closed. What was before a provider's first inspection in the table is not known (left truncation): its
first grade may be older than its first spell, and times count from the inspection that found it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import columns, counts
from ofsted_sif.aggregation import labelled, shown_groups
from ofsted_sif.change import DAYS_A_YEAR
from ofsted_sif.columns import Records, in_words, iso
from ofsted_sif.counts import NO_DAY
from ofsted_sif.frames import same_kind
from ofsted_sif.intervals import normal_quantile
from ofsted_sif.scales import GradeScale
from ofsted_sif.snapshots import cutoff_of, eligibility, held_and_published, register_frame, warn_if_pooled

__all__ = ["logrank", "median_time_to", "spells", "time_to"]

ENDED = pd.CategoricalDtype(["improved", "declined", "censored"])
EPISODES = ("first", "all")
MOST_MOMENTS = 1_000_000  # groups by days that are counted in a table of all of them, whatever the number of times; beyond twice it, sorted


@dataclass(frozen=True)
class _Observation:
    """The inspections that are observed, up to a day."""

    frame: pd.DataFrame
    records: Records
    codes: np.ndarray
    scale: GradeScale
    eligible: np.ndarray
    until: int

    def spells(self, codes: np.ndarray, n_grades: int) -> tuple[np.ndarray, ...]:
        """`counts.spells` of these inspections; a record after its provider has closed is named."""
        records = self.records
        try:
            return counts.spells(
                records.provider,
                records.held,
                records.published,
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
            raise ValueError(
                f"row {row}: the inspection of provider {records.providers[who]} on {in_words(records.placed[row])} lies after its closing "
                f"on {in_words(records.closed[who])}, which makes a negative duration"
            ) from None


def _observe(
    table: Any,
    by: str | Sequence[str] | None,
    judgement: str,
    scale: GradeScale | None,
    until: Any,
    published_by: Any,
    framework: str | Sequence[str] | None,
    register: Any,
    named: dict[str, str],
) -> _Observation:
    frame = columns.as_frame(table, of_records=True, by=by, judgement=judgement, **named)
    records = columns.records(frame, register_frame(register), **named)
    codes, scale = columns.grade_codes(frame, judgement, scale)
    eligible = eligibility(frame, framework, None, [judgement]).all & (codes >= 0)
    if until is None:
        known = [days[days != NO_DAY] for days in (records.held, records.published) if days is not None]
        last = max((int(days.max()) for days in known if len(days)), default=0)
    else:
        last = columns.day(until, "until")
    eligible &= held_and_published(records, last, cutoff_of(published_by, last))
    warn_if_pooled(frame, np.flatnonzero(eligible), framework)
    return _Observation(frame, records, codes, scale, eligible, last)


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
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Find how long each grade was held.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        A row an inspection. Graded ones that make the judgement take part; one without it neither ends a spell nor begins one.
    by : str or sequence of str, optional
        Columns to take over from the inspection that began the spell.
    until : date, Timestamp or str, optional
        The last day of observation. By default the latest day in the table, of an inspection or a publication.
    judgement : str, default "overall_effectiveness"
        The judgement.
    scale : GradeScale, optional
        Its scale; by default told from the column.
    published_by : date or offset, optional
        Reports published after it do not count; by default `until`.
    framework, register, provider, inspected, published
        As for `as_at`.

    Returns
    -------
    DataFrame
        A row a spell, in order of provider and time: ``provider``, columns of `by`, ``grade``, ``start``, ``end``, ``years`` (days /
        365.25), ``ended``: improved, declined (with the inspection at ``end``) or censored (by `until` or the closing of the provider).
        A re-inspection with the same grade continues a spell. The first spell of a provider is left-truncated: its grade may be older
        than the table. ``attrs`` says the day of `until` and how many spells are first ones.

    Raises
    ------
    ValueError
        As for `as_at`; for an inspection after its provider has closed, which would make a negative duration: the row is named.

    Warns
    -----
    PooledFrameworksWarning
        Where inspections of several frameworks were taken and none was named.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> held = sif.spells(sif.load_inspections(), framework=["SIF", "ILACS"])
    >>> held[held["provider"] == "E08000025"][["grade", "ended"]].to_numpy().tolist()
    [['Inadequate', 'improved'], ['Requires improvement', 'improved'], ['Good', 'censored']]
    """
    named = {"provider": provider, "inspected": inspected, "published": published}
    seen = _observe(table, by, judgement, scale, until, published_by, framework, register, named)
    carried = {name: columns.column(seen.frame, name, "by").array for name in columns.names(by, "by")}
    rows, ended_by, start, end = seen.spells(seen.codes, len(seen.scale.labels))
    better = seen.codes[ended_by] > seen.codes[rows]
    of = seen.records.provider[rows]
    if "provider" in carried:
        raise ValueError("by names 'provider', which the result has as a column of its own")
    result = labelled(
        {"provider": seen.records.providers.take(of)} | {name: values.take(rows) for name, values in carried.items()},
        {
            "grade": pd.Categorical.from_codes(seen.codes[rows], dtype=seen.scale.dtype),
            "start": columns.dates_of(start),
            "end": columns.dates_of(end),
            "years": (end - start) / DAYS_A_YEAR,
            "ended": pd.Categorical.from_codes(np.where(ended_by < 0, 2, np.where(better, 0, 1)), dtype=ENDED),
        },
    )
    result.attrs = {"until": iso(seen.until), "judgement": judgement, "n_left_truncated": len(np.unique(of))}
    return result


# ---- the time to a grade


@dataclass(frozen=True)
class _Episodes:
    """Times below a grade, each ended by reaching it or censored; the group of each, and what groups are called."""

    days: np.ndarray
    reached: np.ndarray
    group: np.ndarray
    n_groups: int
    labels: dict[str, Any]
    attrs: dict[str, Any]


def _episodes(seen: _Observation, grade: str, by: str | Sequence[str] | None, episodes: str) -> _Episodes:
    """A spell on the scale of two: below the grade, or at it and better."""
    if grade not in seen.scale.labels:
        raise ValueError(f"grade={grade!r} is not a grade of the scale {seen.scale.name} (known: {', '.join(seen.scale.labels)})")
    if episodes not in EPISODES:
        raise ValueError(f"episodes={episodes!r}; known are {', '.join(EPISODES)}")
    grouped = columns.groups(seen.frame, by)
    wanted = len(seen.scale.labels) - 1 - seen.scale.labels.index(grade)
    reached = np.where(seen.codes < 0, -1, seen.codes >= wanted).astype(np.int8)
    rows, ended_by, start, end = seen.spells(reached, 2)
    below = reached[rows] == 0
    of = seen.records.provider[rows]
    n_providers, n_below = (np.count_nonzero(_is_first(some)) for some in (of, of[below]))
    if episodes == "first":
        below[below] = _is_first(of[below])
    rows, ended_by, start, end = (part[below] for part in (rows, ended_by, start, end))
    code = np.zeros(len(rows), dtype=np.int64) if grouped.codes is None else grouped.codes[rows].astype(np.int64)
    missing_last = np.where(code < 0, grouped.size, code)
    present = np.bincount(missing_last, minlength=grouped.size + 1)
    groups, labels = shown_groups(grouped, present[:, None])
    place = np.full(grouped.size + 1, -1)
    place[groups] = np.arange(len(groups))
    attrs = {
        "grade": grade,
        "until": iso(seen.until),
        "n_providers_never_below": n_providers - n_below,
        "n_episodes_again": len(rows) - n_below,
    }
    return _Episodes(end - start, ended_by >= 0, place[missing_last], len(groups), labels, attrs)


def _is_first(of: np.ndarray) -> np.ndarray:
    """Whether a provider's row is its first, in rows ordered by provider."""
    return np.insert(of[1:] != of[:-1], 0, True)[: len(of)]


@dataclass(frozen=True)
class _Ends:
    """How many times below a grade ended, and how, a row a group and distinct day: groups one after the other, from day 0 of each on."""

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
    lower = np.where(certain, 1.0, np.where(gone, 0.0, lower))
    upper = np.where(certain, 1.0, np.where(gone, np.nan, upper))
    return _Curves(at_risk, survival, lower, upper)


@same_kind
def time_to(
    table: Any,
    grade: str = "Good",
    by: str | Sequence[str] | None = None,
    *,
    until: Any = None,
    level: float = 0.95,
    episodes: str = "first",
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    register: Any = None,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Estimate how long it takes from a grade below to this one or a better: Kaplan-Meier, a row a time.

    Parameters
    ----------
    table, until, judgement, scale, published_by, framework, register, provider, inspected, published
        As for `spells`.
    grade : str, default "Good"
        The grade to reach, or a better one.
    by : str or sequence of str, optional
        Columns that make the groups: those of the inspection that began the time below.
    level : float, default 0.95
        Confidence level of the bounds.
    episodes : {"first", "all"}, default "first"
        Each provider's first time below the grade, so that observations are independent; or all of them, of which bounds and tests then
        think more than they know.

    Returns
    -------
    DataFrame
        A row a group and time at which something ended, and one at 0: columns of `by`, ``years`` since the inspection that began it,
        ``at_risk`` (still below just before), ``events`` (reached it), ``censored``, ``survival`` (share still below after), ``lower``,
        ``upper``. A group without a time below has a row at 0 with NaN. ``attrs`` says how many providers were never below and how
        many episodes are a provider's second or later.

    Raises
    ------
    ValueError
        As for `spells`; for an unknown grade.

    Warns
    -----
    PooledFrameworksWarning
        As for `spells`.

    Notes
    -----
    ``S(t) = product over times s <= t of (1 - d/n)``, with d events among n at risk. Greenwood's variance of log S is
    ``V = sum of d / (n (n - d))``, and the bounds are ``S^exp(±z √V / log S)`` (log-log scale, always within [0, 1]): both 1 before the
    first event; where S has come to 0 the lower is 0 and the upper can't be told (NaN). Censored at a time of an event is at risk in it.
    A provider is inspected now and then: it reaches a grade, by this account, on the day on which an inspection finds it.

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
    named = {"provider": provider, "inspected": inspected, "published": published}
    normal_quantile(level)
    seen = _observe(table, by, judgement, scale, until, published_by, framework, register, named)
    found = _episodes(seen, grade, by, episodes)
    ends = _ends(found)
    curves = _curves(ends, level)
    result = labelled(
        {name: values.take(ends.group) for name, values in found.labels.items()},
        {"years": ends.days / DAYS_A_YEAR, "at_risk": curves.at_risk, "events": ends.events, "censored": ends.ended - ends.events}
        | {name: getattr(curves, name) for name in ("survival", "lower", "upper")},
    )
    result.attrs = found.attrs
    return result


@same_kind
def median_time_to(
    table: Any,
    grade: str = "Good",
    by: str | Sequence[str] | None = None,
    *,
    until: Any = None,
    level: float = 0.95,
    episodes: str = "first",
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    register: Any = None,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Estimate the time after which half have reached a grade, with its interval.

    Parameters
    ----------
    table, grade, by, until, level, episodes, judgement, scale, published_by, framework, register, provider, inspected, published
        As for `time_to`, whose curve this reads.

    Returns
    -------
    DataFrame
        A row a group: columns of `by`, ``n`` (times below the grade), ``events``, ``median``, ``lower``, ``upper`` in years: the first
        times at which the curve, its lower and its upper bound are at or below 1/2. Infinite where that is not reached within the
        observation; NaN where `n` is 0.

    Raises
    ------
    ValueError
        As for `time_to`.

    Warns
    -----
    PooledFrameworksWarning
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
    named = {"provider": provider, "inspected": inspected, "published": published}
    normal_quantile(level)
    seen = _observe(table, by, judgement, scale, until, published_by, framework, register, named)
    found = _episodes(seen, grade, by, episodes)
    ends = _ends(found)
    curves = _curves(ends, level)
    n, events = curves.at_risk[ends.starts], np.bincount(found.group[found.reached], minlength=found.n_groups)
    shares = {"median": curves.survival, "lower": curves.lower, "upper": curves.upper}
    result = labelled(found.labels, {"n": n, "events": events} | {name: _half_times(ends, share, n) for name, share in shares.items()})
    result.attrs = found.attrs
    return result


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
    grade: str = "Good",
    by: str | Sequence[str] | None = None,
    *,
    until: Any = None,
    episodes: str = "first",
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    register: Any = None,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Test whether groups take equally long to reach a grade: the log-rank test.

    Parameters
    ----------
    table, grade, until, episodes, judgement, scale, published_by, framework, register, provider, inspected, published
        As for `time_to`.
    by : str or sequence of str
        Columns that make the groups; rows with a missing label are one group. Groups without a time below the grade take no part.

    Returns
    -------
    DataFrame
        One row: ``statistic``, ``df`` (groups less one), ``p``. NaN where fewer than two groups are observed or none has an event.

    Raises
    ------
    ValueError
        As for `time_to`; where `by` is not given.

    Warns
    -----
    PooledFrameworksWarning
        As for `spells`.

    Notes
    -----
    At each time of an event, with d events among n at risk of which n_g in group g, the expected number is ``d n_g / n`` and the
    covariance ``d (n - d) / (n - 1) (n_g / n) (1[g = h] - n_h / n)``. The statistic is ``(O - E)' V⁻¹ (O - E)`` over all groups but one,
    chi-squared under no difference.

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
    from scipy.special import chdtrc  # only here: scipy is slow to import

    if not columns.names(by, "by"):
        raise ValueError("by names no column: the log-rank test compares groups")
    named = {"provider": provider, "inspected": inspected, "published": published}
    seen = _observe(table, by, judgement, scale, until, published_by, framework, register, named)
    found = _episodes(seen, grade, by, episodes)
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
    statistic = np.nan
    if k > 1 and len(d):
        share = at_risk / n[:, None]
        difference = (events - d[:, None] * share).sum(axis=0)[:-1]
        weight = d * (n - d) / np.maximum(n - 1, 1)
        variance = np.diag((weight[:, None] * share).sum(axis=0)) - (weight[:, None] * share).T @ share
        # A group that was never at risk with another makes the matrix singular, and adds nothing.
        statistic = float(difference @ np.linalg.pinv(variance[:-1, :-1], hermitian=True) @ difference)
    df = max(k - 1, 0)
    result = pd.DataFrame({"statistic": [statistic], "df": [df], "p": [float(chdtrc(df, statistic)) if df else np.nan]})
    result.attrs = found.attrs
    return result
