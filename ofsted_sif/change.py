"""What has become of providers from one inspection to the next, and how two tables differ.

Improvement is positive: a change to a better grade, whatever the direction of the scale. Two graded inspections of one provider on one
day count once (the last of equals, as in `as_at`).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import columns, counts
from ofsted_sif.aggregation import labelled, shown_groups
from ofsted_sif.columns import iso
from ofsted_sif.frames import same_kind
from ofsted_sif.intervals import normal_quantile, proportion_interval
from ofsted_sif.scales import GradeScale, snake_case
from ofsted_sif.snapshots import (
    as_at,
    cutoff_of,
    eligibility,
    held_and_published,
    one_a_day,
    open_on,
    register_frame,
    warn_if_pooled,
)

__all__ = ["change_summary", "changes", "compare", "decompose", "transitions"]

CHANGE = pd.CategoricalDtype(["declined", "same", "improved"], ordered=True)
DAYS_A_YEAR = 365.25


# ---- from one inspection to the next


@same_kind
def changes(
    table: Any,
    date: Any = None,
    *,
    by: str | Sequence[str] | None = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    having: str | None = None,
    register: Any = None,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Set the latest graded inspection of each provider beside the one before it.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        A row an inspection.
    date : date, Timestamp or str, optional
        As at this date: inspections held by it and published by the cut-off, of providers that are open on it (as in `as_at`). By
        default all inspections of all providers, closed ones included.
    by : str or sequence of str, optional
        Columns to take over from the latest inspection, to group by in `change_summary`.
    judgement : str, default "overall_effectiveness"
        The judgement to compare.
    scale : GradeScale, optional
        Its scale; by default told from the column.
    published_by : date or offset, optional
        The cut-off of publication; by default the date, and without a date none.
    framework, register, provider, inspected, published
        As for `as_at`.
    having : str, optional
        Take only inspections that made this judgement. By default any graded inspection counts, and where one of the two makes no such
        judgement the change is missing.

    Returns
    -------
    DataFrame
        A row a provider with two graded inspections or more: ``provider``, the columns of `by`, ``previous_inspected``,
        ``latest_inspected`` (the start of inspection, publication where missing), ``years_between`` (days / 365.25), ``previous``,
        ``latest``, ``change`` (improved, same, declined). ``attrs`` says how many providers have one graded inspection only, and are
        left out.

    Raises
    ------
    ValueError
        As for `as_at`.

    Warns
    -----
    PooledFrameworksWarning
        Where inspections of several frameworks were taken and none was named.

    Notes
    -----
    Ofsted's figure of 65 authorities re-inspected by 31 March 2024 is the same with and without closed authorities, as none of these was
    inspected twice under the ILACS; that a state on a date is one of open providers is the rule of the published tables.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> change = sif.changes(sif.load_inspections(), "2024-03-31", published_by="2024-06-30", framework="ILACS")
    >>> change["change"].value_counts().to_dict()
    {'same': 27, 'improved': 26, 'declined': 12}
    """
    named = {"provider": provider, "inspected": inspected, "published": published}
    frame = columns.as_frame(table, of_records=True, by=by, judgement=judgement, having=having, **named)
    records = columns.records(frame, register_frame(register), **named)
    codes, scale = columns.grade_codes(frame, judgement, scale)
    carried = {name: columns.column(frame, name, "by").array for name in columns.names(by, "by")}
    eligible = eligibility(frame, framework, having, [judgement]).all & known_by(records, date, published_by)
    rows = one_a_day(records, eligible)
    of = records.provider[rows]
    is_last = np.append(of[1:] != of[:-1], True)[: len(rows)]
    if date is not None:
        is_last &= open_on(records, columns.day(date, "date"))[of]
    n_providers = int(is_last.sum())
    is_last &= np.insert(of[1:] == of[:-1], 0, False)[: len(rows)]
    at = np.flatnonzero(is_last)
    latest, previous = rows[at], rows[at - 1]
    warn_if_pooled(frame, np.append(latest, previous), framework)

    days = records.placed
    labels = {"provider": records.providers.take(records.provider[latest])}
    if "provider" in carried:
        raise ValueError("by names 'provider', which the result has as a column of its own")
    labels |= {name: values.take(latest) for name, values in carried.items()}
    step = np.sign(codes[latest].astype(np.int64) - codes[previous])
    known = (codes[latest] >= 0) & (codes[previous] >= 0)
    result = labelled(
        labels,
        {
            "previous_inspected": columns.dates_of(days[previous]),
            "latest_inspected": columns.dates_of(days[latest]),
            "years_between": (days[latest] - days[previous]) / DAYS_A_YEAR,
            "previous": pd.Categorical.from_codes(codes[previous], dtype=scale.dtype),
            "latest": pd.Categorical.from_codes(codes[latest], dtype=scale.dtype),
            "change": pd.Categorical.from_codes(np.where(known, step + 1, -1), dtype=CHANGE),
        },
    )
    result.attrs = {
        "as_at": None if date is None else iso(columns.day(date, "date")),
        "judgement": judgement,
        "framework": columns.names(framework, "framework") or ["all"],
        "n_inspected_once": n_providers - len(result),
    }
    return result


def known_by(records: columns.Records, date: Any, published_by: Any) -> np.ndarray:
    """Which records were held by the date and published by the cut-off; without a date, by the cut-off alone."""
    if date is not None:
        day = columns.day(date, "date")
        return held_and_published(records, day, cutoff_of(published_by, day))
    if published_by is None:
        return np.ones(len(records.held), dtype=np.bool_)
    if columns.is_offset(published_by):
        raise ValueError(f"published_by={published_by!r} is an offset, and there is no date that it could be added to")
    return held_and_published(records, np.iinfo(np.int64).max, columns.day(published_by, "published_by"))


@same_kind
def change_summary(changes: Any, by: str | Sequence[str] | None = None, *, level: float = 0.95) -> pd.DataFrame:
    """Count who improved, stayed or declined, with the interval of the share improved and the exact sign test.

    Parameters
    ----------
    changes : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays
        What `changes` returns: its columns ``latest`` and ``change`` are read.
    by : str or sequence of str, optional
        Columns that make the groups, as in `aggregate`; take them over with ``changes(..., by=)``.
    level : float, default 0.95
        Confidence level of Wilson's interval.

    Returns
    -------
    DataFrame
        A row a group: columns of `by`, ``n`` (rows), ``improved``, ``same``, ``declined``, ``same_good_or_outstanding`` and
        ``same_less_than_good`` (the parts of ``same``, named by the scale's threshold; only where it has one), ``share_improved`` with
        ``lower`` and ``upper``, ``p``. What `n` has more than improved, same and declined together are providers of which one
        inspection makes no such judgement; the share is of the others, NaN where there is none.

    Raises
    ------
    ValueError
        For a column that is missing, or a word in ``change`` that is none of the three.

    Notes
    -----
    The sign test is exact and two-sided: were improvement and decline equally likely, the number improved of the m that changed would
    be binomial(m, 1/2); p = min(1, 2 P(X <= min(improved, declined))), 1 where none changed. Those who stayed the same take no part.

    References
    ----------
    .. [1] Dixon, W. J., Mood, A. M. (1946). The statistical sign test. JASA 41, 557-566. doi:10.1080/01621459.1946.10501898

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> change = sif.changes(sif.load_inspections(), "2024-03-31", published_by="2024-06-30", framework="ILACS")
    >>> row = sif.change_summary(change).iloc[0]
    >>> print(f"{row['improved']:.0f} improved, {row['declined']:.0f} declined, p = {row['p']:.3f}")
    26 improved, 12 declined, p = 0.034
    """
    frame = columns.as_frame(changes)
    code = _change_codes(columns.column(frame, "change", "changes"))
    latest, scale = columns.grade_codes(frame, "latest", None)
    grouped = columns.groups(frame, by)
    # The three changes, with 'same' divided by whether the grade is good enough.
    good_enough = latest >= len(scale.labels) - scale.n_good_enough
    kind = np.where((code == 1) & good_enough, 3, code)
    table = counts.count_grades(grouped.codes, kind, n_groups=grouped.size, n_grades=4).reshape(-1, 5)
    groups, labels = shown_groups(grouped, table)
    declined, same_below, improved, same_good, missing = table[groups].T
    same = same_below + same_good
    n_known = improved + same + declined
    data: dict[str, Any] = {"n": n_known + missing, "improved": improved, "same": same, "declined": declined}
    if scale.threshold is not None:
        data |= {f"same_{scale.threshold_column}": same_good, f"same_less_than_{snake_case(scale.threshold)}": same_below}
    lower, upper = proportion_interval(improved, n_known, level=level)
    with np.errstate(invalid="ignore"):
        data |= {"share_improved": improved / n_known, "lower": lower, "upper": upper, "p": _sign_test(improved, declined)}
    return labelled(labels, data)


def _change_codes(values: pd.Series) -> np.ndarray:
    """0 declined, 1 same, 2 improved, -1 missing."""
    codes, labels = columns.label_codes(values)
    known = np.append(CHANGE.categories.get_indexer(np.asarray(labels, dtype=object)), -1)[codes]
    if (unknown := (known < 0) & (codes >= 0)).any():
        row = int(np.argmax(unknown))
        raise ValueError(f"column 'change', row {row}: {values.iloc[row]!r} is none of improved, same, declined")
    return known


def _sign_test(up: Any, down: Any) -> np.ndarray:
    """The exact two-sided p-value of `up` against `down`, were both equally likely."""
    from scipy.special import bdtr  # only here: scipy is slow to import

    up, down = np.asarray(up, dtype=np.int64), np.asarray(down, dtype=np.int64)
    return np.minimum(1.0, 2 * bdtr(np.minimum(up, down).astype(np.float64), up + down, 0.5))


@same_kind
def transitions(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    period: Any = None,
    date: Any = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    having: str | None = None,
    register: Any = None,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Count from which grade to which consecutive graded inspections of a provider go.

    Parameters
    ----------
    table, judgement, scale, framework, having, provider, inspected, published
        As for `changes`.
    by : str or sequence of str, optional
        Columns that make the groups; a transition belongs to the group of its later inspection.
    period : str or offset, optional
        A pandas offset that ends periods (``"YE-AUG"``, ``"QE"``): count by the period of the later inspection.
    date, published_by : optional
        Only inspections held by the date and published by the cut-off; by default all.
    register : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, optional
        The providers; one of the records that is not in it is an error. Closed providers take part: what became of them is history.

    Returns
    -------
    DataFrame
        A row a group, period and pair of grades, best first: columns of `by`, ``period`` (the date on which it ends; only where asked,
        and without gaps), ``from``, ``to``, ``n``, ``share``: of those that came from this grade and got one, NaN where there are none.
        Pairs with a missing grade (an inspection without that judgement) have rows of their own, where they occur; a missing `to` has
        no share.

    Raises
    ------
    ValueError
        As for `changes`; for a period that is no pandas offset.

    Warns
    -----
    PooledFrameworksWarning
        Where inspections of several frameworks were taken and none was named.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> matrix = sif.transitions(sif.load_inspections(), framework="ILACS", having="overall_effectiveness")
    >>> int(matrix.query("`from` == 'Inadequate' and to == 'Good'")["n"].item())
    10
    """
    named = {"provider": provider, "inspected": inspected, "published": published}
    frame = columns.as_frame(table, of_records=True, by=by, judgement=judgement, having=having, **named)
    records = columns.records(frame, register_frame(register), **named)
    codes, scale = columns.grade_codes(frame, judgement, scale)
    eligible = eligibility(frame, framework, having, [judgement]).all & known_by(records, date, published_by)
    warn_if_pooled(frame, np.flatnonzero(eligible), framework)
    grouped = columns.groups(frame, by)
    period_of, ends = (None, np.empty(0, dtype=np.int64)) if period is None else period_codes(records.placed, eligible, period)
    k = len(scale.labels)
    counted = counts.count_transitions(
        records.provider,
        records.held,
        records.published,
        grouped.codes,
        codes,
        periods=period_of,
        n_providers=len(records.providers),
        n_groups=grouped.size,
        n_periods=len(ends),
        n_grades=k,
        eligible=eligible,
    )
    return transitions_table(counted, grouped, scale, None if period is None else ends)


def transitions_table(counted: np.ndarray, grouped: columns.Groups, scale: GradeScale, ends: np.ndarray | None) -> pd.DataFrame:
    """The result of `transitions`, from counts by group, period, grade before and after, worst to best; `ends` None: no periods."""
    k = len(scale.labels)
    groups, labels = shown_groups(grouped, counted.reshape(len(counted), -1))
    # Every eligible record has its period, so that the place of the missing one is empty where periods are asked for.
    counted = counted[groups][:, : 1 if ends is None else len(ends)]
    best_first = np.append(np.arange(k)[::-1], k)
    square = counted[:, :, best_first][:, :, :, best_first]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = square / square[..., :k].sum(axis=-1, keepdims=True)
    share[..., k] = np.nan
    # All pairs of grades; of those with a missing one only what occurs anywhere.
    occurs = square.any(axis=(0, 1)) | ((best_first[:, None] < k) & (best_first < k))
    of_group, of_period, before, after = np.nonzero(np.broadcast_to(occurs, square.shape))
    labels = {name: values.take(of_group) for name, values in labels.items()}
    grade = pd.Categorical.from_codes(np.append(np.arange(k)[::-1], -1), dtype=scale.dtype)
    place = (of_group, of_period, before, after)
    data: dict[str, Any] = {} if ends is None else {"period": columns.dates_of(ends[of_period])}
    data |= {"from": grade.take(before), "to": grade.take(after), "n": square[place], "share": share[place]}
    return labelled(labels, data)


def period_codes(days: np.ndarray, eligible: np.ndarray, period: Any) -> tuple[np.ndarray, np.ndarray]:
    """The period of each day, -1 where it is not eligible, and the days on which periods end, from the first to the last without a gap."""
    codes = np.full(len(days), -1, dtype=np.int64)
    taken = days[eligible]
    ends = period_ends(taken, period)
    codes[eligible] = np.searchsorted(ends, taken)
    return codes, ends


def period_ends(days: np.ndarray, period: Any) -> np.ndarray:
    """The days on which periods end, from that of the first of these days to that of the last, without a gap."""
    try:
        offset = pd.tseries.frequencies.to_offset(period)
    except ValueError as error:
        raise ValueError(f"period={period!r}: {error}; wanted a pandas offset such as 'YE-AUG', 'YE-MAR' or 'QE'") from None
    if not len(days):
        return np.empty(0, dtype=np.int64)
    first, last = (offset.rollforward(pd.Timestamp(iso(day))) for day in (days.min(), days.max()))
    return pd.date_range(first, last, freq=offset).to_numpy().astype("datetime64[D]").view(np.int64)


# ---- between two dates

PARTS = ("re-graded up", "re-graded down", "newly inspected", "closed", "judgement no longer made")
ABSENT, NOT_JUDGED, BELOW, GOOD_ENOUGH = -2, -1, 0, 1


@same_kind
def decompose(
    table: Any,
    date_from: Any,
    date_to: Any,
    *,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    having: str | None = None,
    register: Any = None,
    max_age: Any = None,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
) -> pd.DataFrame:
    """Take apart the change in the share good or outstanding between two dates, into parts that add up exactly.

    Parameters
    ----------
    table, framework, having, register, max_age, provider, inspected, published
        As for `as_at`, which gives the states on both dates.
    date_from, date_to : date, Timestamp or str
        The two dates, the earlier one first.
    judgement : str, default "overall_effectiveness"
        The judgement.
    scale : GradeScale, optional
        Its scale, which must have a threshold; by default told from the column.
    published_by : date, offset or pair of dates, optional
        The cut-off: an offset added to each date, or one for each date. By default each date itself.

    Returns
    -------
    DataFrame
        A row a part, in this order: ``re-graded up`` and ``re-graded down`` (across the threshold, judged on both dates), ``newly
        inspected`` (without the judgement at first), ``closed`` (no longer in the table), ``judgement no longer made`` (in the table
        without that judgement). Columns: ``part``; ``n``, its providers; ``judged`` and ``good_or_outstanding``, what it adds to the
        number judged and to the number good enough; ``numerator`` and ``denominator``, integers; ``change``, their quotient: the part
        of the change in the share. ``attrs`` has the counts on both dates.

    Raises
    ------
    ValueError
        As for `as_at`; for dates in the wrong order, or a scale without a threshold.

    Warns
    -----
    PooledFrameworksWarning
        As for `as_at`.

    Notes
    -----
    With G good enough of N judged at first and G' of N' at last,
    ``G'/N' - G/N = sum over parts of (dG N - G dN) / (N N')``,
    where a part adds dG to G and dN to N: a provider that joins or leaves counts by how far it lies from the share at first. The
    numerators are integers over one denominator, so that the parts add up with no remainder. The change is NaN where nobody is judged
    on one of the dates.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> parts = sif.decompose(sif.load_inspections(), "2019-03-31", "2024-03-31", framework=["SIF", "ILACS"])
    >>> parts[["part", "n", "judged", "good_or_outstanding"]].head(2).to_numpy().tolist()
    [['re-graded up', 34, 0, 34], ['re-graded down', 14, 0, -14]]
    """
    named = {"provider": provider, "inspected": inspected, "published": published}
    frame = columns.as_frame(table, of_records=True, judgement=judgement, having=having, **named)
    scale = columns.grade_codes(frame, judgement, scale)[1]
    if scale.threshold is None:
        raise ValueError(f"the scale {scale.name} has no threshold, so there is no share good enough that could change")
    days = [columns.day(date_from, "date_from"), columns.day(date_to, "date_to")]
    if days[0] > days[1]:
        raise ValueError(f"date_from ({iso(days[0])}) is after date_to ({iso(days[1])})")
    options = {"framework": framework, "having": having, "register": register, "max_age": max_age}
    places = [
        _places(as_at(frame, iso(day), published_by=cutoff, **options, **named), provider, judgement, scale)
        for day, cutoff in zip(days, _two_cutoffs(published_by), strict=True)
    ]
    everyone = places[0].index.union(places[1].index)
    was, is_now = (place.reindex(everyone, fill_value=ABSENT).to_numpy() for place in places)
    member = [
        (was == BELOW) & (is_now == GOOD_ENOUGH),
        (was == GOOD_ENOUGH) & (is_now == BELOW),
        (was < BELOW) & (is_now >= BELOW),
        (was >= BELOW) & (is_now == ABSENT),
        (was >= BELOW) & (is_now == NOT_JUDGED),
    ]
    judged = np.array([int((is_now[part] >= BELOW).sum() - (was[part] >= BELOW).sum()) for part in member])
    good = np.array([int((is_now[part] == GOOD_ENOUGH).sum() - (was[part] == GOOD_ENOUGH).sum()) for part in member])
    n_from, n_to = int((was >= BELOW).sum()), int((is_now >= BELOW).sum())
    good_from, good_to = int((was == GOOD_ENOUGH).sum()), int((is_now == GOOD_ENOUGH).sum())
    numerator = good * n_from - good_from * judged
    denominator = np.full(len(PARTS), n_from * n_to)
    with np.errstate(invalid="ignore", divide="ignore"):
        change = np.where(denominator > 0, numerator / denominator, np.nan)
    result = pd.DataFrame(
        {
            "part": pd.Categorical.from_codes(np.arange(len(PARTS)), categories=list(PARTS)),
            "n": [int(part.sum()) for part in member],
            "judged": judged,
            str(scale.threshold_column): good,
            "numerator": numerator,
            "denominator": denominator,
            "change": change,
        }
    )
    result.attrs = {"from": [good_from, n_from], "to": [good_to, n_to]}
    return result


def _two_cutoffs(published_by: Any) -> list[Any]:
    """The cut-off of each of two dates: an offset or one date serve both."""
    if published_by is None or isinstance(published_by, str | datetime.date | np.datetime64) or columns.is_offset(published_by):
        return [published_by, published_by]
    cutoffs = list(published_by)
    if len(cutoffs) != 2:
        raise ValueError(f"published_by has {len(cutoffs)} cut-offs for 2 dates; one for each is needed")
    return cutoffs


def _places(state: pd.DataFrame, provider: str, judgement: str, scale: GradeScale) -> pd.Series:
    """By provider: whether it is judged, and good enough."""
    codes = columns.grade_codes(state, judgement, scale)[0]
    good_enough = codes >= len(scale.labels) - scale.n_good_enough
    place = np.where(codes < 0, NOT_JUDGED, np.where(good_enough, GOOD_ENOUGH, BELOW))
    return pd.Series(place, index=pd.Index(np.asarray(state[provider])))


# ---- two tables


@same_kind
def compare(
    a: Any,
    b: Any,
    *,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    paired: bool = False,
    level: float = 0.95,
    provider: str = "provider",
) -> pd.DataFrame:
    """Compare the grades of two tables: two groups, or one at two dates. Positive differences mean that `a` is better.

    Parameters
    ----------
    a, b : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays
        A row a provider, as `as_at` gives them. For two dates put the later first: then positive is improvement.
    judgement : str, default "overall_effectiveness"
        The judgement; rows without it take no part.
    scale : GradeScale, optional
        Its scale; by default told from the column of `a`.
    paired : bool, default False
        The same providers at two dates: matched by `provider`, those that are judged in both take part.
    level : float, default 0.95
        Confidence level of the bounds.
    provider : str, default "provider"
        The column to match by.

    Returns
    -------
    DataFrame
        A row a measure. Columns: ``measure``, ``estimate``, ``lower``, ``upper``, ``statistic``, ``p``, ``n_a``, ``n_b`` (judged rows; of
        pairs, their number). Apart: ``difference of shares`` good or outstanding (Newcombe's interval), ``ratio of shares`` (interval on
        the log scale), ``odds ratio`` (Woolf's interval, Fisher's exact p), ``mann-whitney`` (over the whole scale; statistic U, p),
        ``probability of superiority`` (that a row of `a` is better than one of `b`, ties half; Brunner and Munzel's interval and test).
        Paired: ``difference of shares`` (Bonett and Price's interval), ``odds ratio`` (of those that crossed the threshold, exact
        interval), ``mcnemar`` (exact; the statistic is the smaller number that crossed). A scale without a threshold has no shares. What
        can't be told (nobody judged, a ratio to 0) is NaN. ``attrs`` says how many rows had no such judgement or no partner.

    Raises
    ------
    ValueError
        For a missing column, a provider that occurs twice in a table of pairs, or pairs on a scale without a threshold.

    Notes
    -----
    Newcombe: with p, l, u the share and Wilson's bounds of each table, the difference d = p_a - p_b has the bounds
    ``d - √((p_a - l_a)² + (u_b - p_b)²)`` and ``d + √((u_a - p_a)² + (p_b - l_b)²)``. Ratio r and odds ratio o:
    ``exp(log r ± z √(1/x_a - 1/n_a + 1/x_b - 1/n_b))``, ``exp(log o ± z √(1/x_a + 1/(n_a - x_a) + 1/x_b + 1/(n_b - x_b)))``.
    Mann-Whitney: ``z = (|U - n_a n_b / 2| - 1/2) / s``, ``s² = n_a n_b / 12 (n + 1 - sum(t³ - t) / (n (n - 1)))`` with n = n_a + n_b and t
    the numbers of rows of each grade. McNemar: of the c pairs that crossed the threshold, a binomial(c, 1/2) number did so upwards.
    Bonett and Price: with u up and d down of n pairs, ``u' = u + 1``, ``d' = d + 1``, ``n' = n + 2`` and ``c = (u' - d') / n'``, the bounds
    are ``c ± z √(((u' + d') / n' - c²) / n')``, cut to [-1, 1].

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Stat. Med. 17, 873-890.
       doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
    .. [2] Brunner, E., Munzel, U. (2000). The nonparametric Behrens-Fisher problem. Biom. J. 42, 17-25.
    .. [3] Bonett, D. G., Price, R. M. (2012). Adjusted Wald confidence interval for a difference of binomial proportions based on
       paired data. J. Educ. Behav. Stat. 37, 479-488. doi:10.3102/1076998611411915

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> table = sif.load_inspections()
    >>> now, then = (sif.as_at(table, date, framework=["SIF", "ILACS"]) for date in ("2024-03-31", "2019-03-31"))
    >>> row = sif.compare(now, then).iloc[0]
    >>> print(f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})")
    0.142 (0.030 to 0.250)
    """
    first, second = columns.as_frame(a), columns.as_frame(b)
    of_a, scale = columns.grade_codes(first, judgement, scale)
    of_b, _ = columns.grade_codes(second, judgement, scale)
    k = len(scale.labels)
    good_enough = k - scale.n_good_enough
    normal_quantile(level)  # a level that is none is named before anything is counted
    if paired:
        if scale.threshold is None:
            raise ValueError(f"the scale {scale.name} has no threshold that pairs could cross")
        of_a, of_b = _pairs(first, second, of_a, of_b, provider)
        n_rows = [len(first), len(second)]
        rows = _paired_measures(of_a >= good_enough, of_b >= good_enough, level)
        sizes = [len(of_a), len(of_b)]
    else:
        n_rows = [len(of_a), len(of_b)]
        in_a, in_b = (np.bincount(codes[codes >= 0], minlength=k) for codes in (of_a, of_b))
        sizes = [int(in_a.sum()), int(in_b.sum())]
        rows = (
            []
            if scale.threshold is None
            else _share_measures(in_a[good_enough:].sum(), sizes[0], in_b[good_enough:].sum(), sizes[1], level)
        )
        rows += _rank_measures(in_a, in_b, level)
    result = pd.DataFrame(rows, columns=["measure", "estimate", "lower", "upper", "statistic", "p"])
    result = result.astype(dict.fromkeys(result.columns[1:], np.float64))
    result["n_a"], result["n_b"] = sizes
    result.attrs = {"n_left_out_a": n_rows[0] - sizes[0], "n_left_out_b": n_rows[1] - sizes[1]}
    return result


Measure = tuple[str, Any, Any, Any, Any, Any]  # name, estimate, lower, upper, statistic, p
NAN = float("nan")


def _share_measures(count_a: Any, n_a: int, count_b: Any, n_b: int, level: float) -> list[Measure]:
    """Difference, ratio and odds ratio of two shares."""
    from scipy.stats import fisher_exact  # only here: scipy is slow to import

    z = normal_quantile(level)
    x, n = np.array([count_a, count_b], dtype=np.float64), np.array([n_a, n_b], dtype=np.float64)
    lower, upper = proportion_interval(x, n, level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, odds = x / n, x / (n - x)
        difference = share[0] - share[1]
        below = np.hypot(share[0] - lower[0], upper[1] - share[1])
        above = np.hypot(upper[0] - share[0], share[1] - lower[1])
        ratio, odds_ratio = share[0] / share[1], odds[0] / odds[1]
        spread = np.exp(z * np.sqrt((1 / x - 1 / n).sum()))
        odds_spread = np.exp(z * np.sqrt((1 / x + 1 / (n - x)).sum()))
        p = fisher_exact([x, n - x])[1] if n.all() else NAN
        return [
            ("difference of shares", difference, difference - below, difference + above, NAN, NAN),
            ("ratio of shares", ratio, *_finite(ratio / spread, ratio * spread), NAN, NAN),
            ("odds ratio", odds_ratio, *_finite(odds_ratio / odds_spread, odds_ratio * odds_spread), NAN, p),
        ]


def _finite(lower: Any, upper: Any) -> tuple[Any, Any]:
    """Both bounds, or neither where a cell is empty and the logarithm has no variance."""
    return (lower, upper) if np.isfinite(lower) and np.isfinite(upper) else (NAN, NAN)


def _rank_measures(in_a: np.ndarray, in_b: np.ndarray, level: float) -> list[Measure]:
    """Mann-Whitney and the probability of superiority, from the counts of each grade, worst to best."""
    from scipy.special import ndtr, stdtr, stdtrit  # only here: scipy is slow to import

    n_a, n_b = float(in_a.sum()), float(in_b.sum())
    n = n_a + n_b
    # What share of the other table each grade is better than, ties half.
    over_b, over_a = (np.cumsum(other) - other / 2 for other in (in_b, in_a))
    u = float((in_a * over_b).sum())
    ties = in_a + in_b
    with np.errstate(invalid="ignore", divide="ignore"):
        s = np.sqrt(n_a * n_b / 12 * (n + 1 - (ties.astype(np.float64) ** 3 - ties).sum() / (n * (n - 1)))) if n > 1 else NAN
        z = np.divide(abs(u - n_a * n_b / 2) - 0.5, s)
        p = min(1.0, 2 * ndtr(-z)) if s > 0 else NAN
        share = np.divide(u, n_a * n_b)
        # Placements vary about their mean in each table.
        of_a = (in_a * (over_b - u / n_a) ** 2).sum() / (n_a - 1) / n_a if n_a > 1 else NAN
        of_b = (in_b * (over_a - (n_a - u / n_b)) ** 2).sum() / (n_b - 1) / n_b if n_b > 1 else NAN
        variance = of_a / n_b**2 + of_b / n_a**2 if min(n_a, n_b) > 1 else NAN
        df = variance**2 / ((of_a / n_b**2) ** 2 / (n_a - 1) + (of_b / n_a**2) ** 2 / (n_b - 1)) if variance > 0 else NAN
        half = stdtrit(df, (1 + level) / 2) * np.sqrt(variance)
        t = (share - 0.5) / np.sqrt(variance) if variance > 0 else NAN
        p_superior = 2 * stdtr(df, -abs(t))
    return [
        ("mann-whitney", NAN, NAN, NAN, u, p),
        ("probability of superiority", share, np.maximum(share - half, 0.0), np.minimum(share + half, 1.0), t, p_superior),
    ]


def _pairs(first: pd.DataFrame, second: pd.DataFrame, of_a: np.ndarray, of_b: np.ndarray, provider: str) -> tuple[np.ndarray, np.ndarray]:
    """The grades of the providers that are judged in both tables."""
    keys = [pd.Index(np.asarray(columns.column(frame, provider, "provider"))) for frame in (first, second)]
    for name, index in zip("ab", keys, strict=True):
        if index.has_duplicates:
            raise ValueError(f"{name}: provider {index[index.duplicated()][0]} stands in it twice; pairs are of one row a provider")
    partner = keys[1].get_indexer(keys[0])
    of_partner = np.append(of_b, -1)[partner]
    both = (partner >= 0) & (of_a >= 0) & (of_partner >= 0)
    return of_a[both], of_partner[both]


def _paired_measures(a: np.ndarray, b: np.ndarray, level: float) -> list[Measure]:
    """Difference and odds ratio of pairs, and McNemar's exact test."""
    n, up, down = len(a), int((a & ~b).sum()), int((~a & b).sum())
    centre, crossed = (up - down) / (n + 2), (up + down + 2) / (n + 2)
    half = normal_quantile(level) * np.sqrt((crossed - centre**2) / (n + 2))
    bounds = (max(-1.0, centre - half), min(1.0, centre + half)) if n else (NAN, NAN)
    # Given how many crossed, those upwards are binomial; their share's exact bounds become bounds of the odds.
    lower, upper = proportion_interval(up, up + down, method="clopper-pearson", level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        return [
            ("difference of shares", np.divide(up - down, n), *bounds, NAN, NAN),
            ("odds ratio", np.divide(up, down), lower / (1 - lower), upper / (1 - upper), NAN, NAN),
            ("mcnemar", NAN, NAN, NAN, min(up, down), float(_sign_test(up, down))),
        ]
