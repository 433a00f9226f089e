"""What has become of providers from one inspection to the next.

Improvement is positive: a change to a better grade, whatever the direction of the scale. Two graded inspections of one provider on one
day count once (the last of equals, as in `as_at`).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import MissingColumnError, RowError, SelectedPairsWarning, warn
from ofsted_sif.intervals import proportion_interval, sign_test
from ofsted_sif.scales import GradeScale, snake_case
from ofsted_sif.table.columns import Columns, as_frame, column, grade_codes, names
from ofsted_sif.table.dates import DAYS_A_YEAR, dates_of, day, iso
from ofsted_sif.table.eligible import Which, known_by
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import Groups, groups
from ofsted_sif.table.inspections import Inspections, observe
from ofsted_sif.table.keys import label_codes
from ofsted_sif.table.known import say_unknown_before
from ofsted_sif.table.partial import OfHistories, Partial, PartialCounts, PartialRows, count_labels, labels_at, refuse_register
from ofsted_sif.table.periods import check_periods, period_bounds, period_codes
from ofsted_sif.table.result import result

__all__ = ["change_summary", "changes", "transitions"]

CHANGE = pd.CategoricalDtype(["declined", "same", "improved"], ordered=True)


# ---- from one inspection to the next


@same_kind
def changes(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    date: Any = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
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
    """Set the latest graded inspection of each provider beside the one before it.

    These are the changes that Ofsted counts: those of providers inspected twice. They do not stand for all providers, because those that
    did badly are inspected again sooner. For "did it improve?" use `change_between`.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        One row per inspection.
    by : str or sequence of str, optional
        Columns to copy from the latest inspection, so that `change_summary` can group by them.
    date : date, Timestamp or str, optional
        Take the inspections that began by this date and were published by the cut-off, of providers that are open on it (as in `as_at`).
        By default all inspections of all providers, closed ones included.
    judgement : str, default "overall_effectiveness"
        The judgement to compare.
    scale : GradeScale, optional
        Its scale; by default the one that fits the column.
    published_by : date or offset, optional
        Reports published after it do not count. By default `date`, and without one all reports count. An offset is added to `date`.
    framework, register, provider, inspected, published, opened, closed, graded
        As for `as_at`.
    having : str, optional
        Take only inspections that made this judgement. By default any graded inspection counts, and where one of the two did not make
        the judgement the change is missing.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with a table that does not have the whole history (column ``known_from``). Providers whose last two inspections by the
        date are not both in the table are left out, with a warning. It is an error if no provider has both, and if the table is a result
        of `as_at`. ``"allow"`` takes the table as it is, without a warning.

    Returns
    -------
    DataFrame
        One row per provider with two graded inspections or more:

        ====================================  =============  =============================================================================
        column                                dtype          meaning
        ====================================  =============  =============================================================================
        provider                                             its key, in a column called as in the table
        columns of `by`                                      as in the table, of the latest inspection
        previous_inspected, latest_inspected  datetime64[s]  the day on which each of the two began (of publication where that is missing)
        years_between                         float64        days between them / 365.25
        previous, latest                      category       the two grades
        change                                category       improved, same or declined; missing where one of the two has no grade
        ====================================  =============  =============================================================================

        ``attrs`` says how many providers have only one graded inspection (``n_inspected_once``), and for how many the one before is not
        known (``n_unknown``); both are left out.

    Raises
    ------
    ValueError
        As for `as_at`.
    IncompleteHistoryError
        For the result of `as_at`, or where the table has the last two inspections of no provider.

    Warns
    -----
    PooledFrameworksWarning
        Where inspections of several frameworks were taken and none was named.
    IncompleteHistoryWarning
        Where the table does not have all inspections of every provider.
    BeyondDataWarning
        As for `as_at`.

    Notes
    -----
    Of several graded inspections of a provider on one day the last counts: by publication, then by its place in the table.

    With a date only open providers count, as in Ofsted's published tables. Ofsted's figure of 65 authorities re-inspected by 31 March
    2024 is the same with and without closed authorities: none of these was inspected twice under the ILACS.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> change = sif.changes(sif.load_inspections(), date="2024-03-31", published_by="2024-06-30", framework="ILACS")
    >>> change["change"].value_counts().to_dict()
    {'same': 27, 'improved': 26, 'declined': 12}
    """
    called = Columns(provider, inspected, published, opened, closed, graded)
    which = Which(framework, having, register, incomplete)
    seen = observe(table, called, which, by=by, judgement=judgement, scale=scale).where_known()
    if date is not None:
        seen.warn_if_outside(day(date, "date"))
    found = _pairs(seen, date, published_by)
    n_unknown = seen.say_unknown_before(found.alone, len(found.latest))
    seen.warn_if_pooled(np.append(found.latest, found.previous))
    changed = _changed(seen, found, by)
    changed.attrs = _attrs(date, judgement, seen.which.frameworks, len(found.alone) - n_unknown, n_unknown)
    return changed


class _Pairs(NamedTuple):
    """The last two inspections of each provider that has two, and the only one of each other."""

    latest: np.ndarray
    previous: np.ndarray
    alone: np.ndarray


def _pairs(seen: Inspections, date: Any, published_by: Any) -> _Pairs:
    records = seen.histories
    latest, previous = records.last_two(known_by(seen.may_count.all, records, date, published_by))
    there = latest >= 0 if date is None else (latest >= 0) & records.open_on(day(date, "date"))
    has_before = there & (previous >= 0)
    return _Pairs(latest[has_before], previous[has_before], latest[there & (previous < 0)])


def _changed(seen: Inspections, found: _Pairs, by: str | Sequence[str] | None) -> pd.DataFrame:
    """A row for each pair."""
    codes, latest, previous = seen.grades, found.latest, found.previous
    began, began_before = seen.dates.dated_at(latest), seen.dates.dated_at(previous)
    step = np.sign(codes[latest].astype(np.int64) - codes[previous])
    known = (codes[latest] >= 0) & (codes[previous] >= 0)
    data = {
        "previous_inspected": dates_of(began_before),
        "latest_inspected": dates_of(began),
        "years_between": (began - began_before) / DAYS_A_YEAR,
        "previous": pd.Categorical.from_codes(codes[previous], dtype=seen.graded_on.dtype),
        "latest": pd.Categorical.from_codes(codes[latest], dtype=seen.graded_on.dtype),
        "change": pd.Categorical.from_codes(np.where(known, step + 1, -1), dtype=CHANGE),
    }
    return result(seen.provider_and(by, latest), data)


def _attrs(date: Any, judgement: str, frameworks: list[str], n_once: int, n_unknown: int) -> dict[Hashable | None, Any]:
    return {
        "as_at": None if date is None else iso(day(date, "date")),
        "judgement": judgement,
        "framework": frameworks,
        "n_inspected_once": n_once,
        "n_unknown": n_unknown,
    }


@dataclass(frozen=True, kw_only=True)
class Changes(OfHistories):
    """`ofsted_sif.changes`, with its options; memory goes with the providers, which are the rows of its result."""

    date: Any
    published_by: Any
    register: Any

    def __post_init__(self) -> None:
        refuse_register(self.register)

    @property
    def asked_days(self) -> np.ndarray:
        """The date asked for."""
        return np.array([] if self.date is None else [day(self.date, "date")], dtype=np.int64)

    def count(self, piece: Any) -> Partial:
        """The pairs of the providers of a piece."""
        seen, words = self.observe_graded(piece)
        seen = seen.where_known()
        found = _pairs(seen, self.date, self.published_by)
        is_told = seen.known is not None and seen.known.latest != NO_DAY and self.incomplete != "allow"
        n_unknown = 0 if seen.known is None or not is_told else int((seen.known.since[found.alone] != NO_DAY).sum())
        numbers = PartialCounts((), tuple(np.array([number]) for number in (len(found.alone), n_unknown, is_told)))
        counted = {"words": words, "pairs": PartialRows(_changed(seen, found, self.by)), "numbers": numbers}
        return Partial(
            len(seen.frame), counted | self.chosen_frameworks(seen.may_count, seen.frame, np.append(found.latest, found.previous))
        )

    def finish(self, partial: Partial) -> pd.DataFrame:
        """The pairs of all pieces in the order of the keys of their providers."""
        if (of := partial.counted.get("frameworks")) is not None:
            self.say_frameworks(partial, of.labels[0], of.sums[0])
        scale, _ = self.grades_of(partial.counted["words"], self.judgement, self.scale)
        changed = self.rows_of(partial.counted["pairs"], {"previous": scale.dtype, "latest": scale.dtype})
        alone, n_unknown, is_told = (int(number[0]) for number in partial.counted["numbers"].sums)
        if is_told:
            say_unknown_before(n_unknown, len(changed))
        changed.attrs = _attrs(self.date, self.judgement, self.which.frameworks, alone - n_unknown, n_unknown)
        return changed


changes.question = Changes


@same_kind
def change_summary(
    changes: Any, by: str | Sequence[str] | None = None, *, scale: GradeScale | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Count how many of the providers inspected twice improved, stayed or declined, as Ofsted prints it, with the exact sign test.

    Providers inspected twice do not stand for all providers: those that did badly are inspected again sooner, so improvement is expected
    even where nothing changes. For "did it improve?" use `change_between`, which compares the same providers' states on two dates.

    Parameters
    ----------
    changes : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays
        What `changes` returns: its columns ``latest`` and ``change`` are read.
    by : str or sequence of str, optional
        Columns that make the groups, as in `aggregate`. The table has them if they were named in ``changes(..., by=...)``.
    scale : GradeScale, optional
        The scale of ``latest``; by default the one that fits the column.
    level : float, default 0.95
        Confidence level of Wilson's interval.

    Returns
    -------
    DataFrame
        One row per group:

        ========================  =======  ==================================================================================
        column                    dtype    meaning
        ========================  =======  ==================================================================================
        columns of `by`                    as in the table; a missing label last
        n                         int64    rows
        improved, same, declined  int64    rows with each change
        same_good_or_outstanding  int64    only where the scale has a threshold, which names it: those of `same` that meet it
        same_less_than_good       int64    only where the scale has a threshold, which names it: those of `same` that do not
        share_improved            float64  improved / (improved + same + declined); NaN where that is 0
        lower, upper              float64  its bounds
        p                         float64  two-sided sign test of improved against declined
        ========================  =======  ==================================================================================

        Rows without a change (one of the two inspections did not make the judgement) are counted in `n` alone.

    Raises
    ------
    ValueError
        For a column that is missing, or a word in ``change`` that is not one of the three.

    Warns
    -----
    SelectedPairsWarning
        Where the table comes from `changes` (it has a column ``years_between``): such pairs bias the test that gives p.

    Notes
    -----
    Where grades do not change but a bad one brings the next inspection forward by years, 11% to 54% of such tests reject at level 5%,
    practically all of them as improvement; with the gaps of the ILACS 3% to 6% do (tests/benchmarks/CALIBRATION_CHANGE.md).

    The sign test is exact and two-sided: were improvement and decline equally likely, the number improved of the m that changed would
    be binomial(m, 1/2); p = min(1, 2 P(X <= min(improved, declined))), 1 where none changed. Those who stayed the same take no part.

    References
    ----------
    .. [1] Dixon, W. J., Mood, A. M. (1946). The statistical sign test. JASA 41, 557-566. doi:10.1080/01621459.1946.10501898

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> change = sif.changes(sif.load_inspections(), date="2024-03-31", published_by="2024-06-30", framework="ILACS")
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", sif.SelectedPairsWarning)  # what is wanted is Ofsted's own figure
    ...     row = sif.change_summary(change).iloc[0]
    >>> print(f"{row['improved']:.0f} improved, {row['declined']:.0f} declined, p = {row['p']:.3f}")
    26 improved, 12 declined, p = 0.034
    """
    frame = as_frame(changes)
    code = _change_codes(column(frame, "change", "changes"))
    latest, scale = grade_codes(frame, "latest", scale)
    try:
        grouped = groups(frame, by)
    except MissingColumnError as error:
        raise MissingColumnError(f"{error}. A column is taken over from the inspections by sif.changes(..., by={by!r})") from None
    # The three changes, with 'same' divided by whether the grade is good enough.
    good_enough = scale.meets_threshold(latest)
    kind = np.where((code == 1) & good_enough, 3, code)
    table = counts.count_grades(grouped.codes, kind, n_groups=grouped.size, n_grades=4).reshape(-1, 5)
    shown, labels = grouped.shown(table)
    declined, same_below, improved, same_good, missing = table[shown].T
    same = same_below + same_good
    n_known = improved + same + declined
    data: dict[str, Any] = {"n": n_known + missing, "improved": improved, "same": same, "declined": declined}
    if scale.threshold is not None:
        data |= {f"same_{scale.threshold_column}": same_good, f"same_less_than_{snake_case(scale.threshold)}": same_below}
    if "years_between" in frame.columns:
        warn(
            "p is about the providers inspected twice. They are not a sample of all providers: one that did badly is inspected again "
            "sooner, so improvement is expected even where nothing changes. To ask whether providers improved, use "
            "sif.change_between(table, date_from, date_to): it compares the same providers' states on two dates",
            SelectedPairsWarning,
        )
    lower, upper = proportion_interval(improved, n_known, level=level)
    with np.errstate(invalid="ignore"):
        data |= {"share_improved": improved / n_known, "lower": lower, "upper": upper, "p": sign_test(improved, declined)}
    return result(labels, data)


def _change_codes(values: pd.Series) -> np.ndarray:
    """0 declined, 1 same, 2 improved, -1 missing."""
    codes, labels = label_codes(values)
    known = np.append(CHANGE.categories.get_indexer(pd.Index(np.asarray(labels, dtype=object))), -1)[codes]
    if (unknown := (known < 0) & (codes >= 0)).any():
        row = int(np.argmax(unknown))
        raise RowError("column 'change', ", row, f": {values.iloc[row]!r} is none of improved, same, declined", "change", values.iloc[row])
    return known


@same_kind
def transitions(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    freq: Any = None,
    date: Any = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    having: str | None = None,
    register: Any = None,
    incomplete: str = "refuse",
    level: float = 0.95,
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Count from which grade to which grade the consecutive graded inspections of a provider go.

    These are inspections that were followed by another. They do not stand for all, because providers that did badly are inspected again
    sooner. For "did it improve?" use `change_between`; for "what becomes of them?" use `state_probabilities`, which also counts
    providers that were not yet inspected again.

    Parameters
    ----------
    table, judgement, scale, having
        As for `changes`.
    framework, provider, inspected, published, opened, closed, graded
        As for `as_at`.
    by : str or sequence of str, optional
        Columns that make the groups; a transition belongs to the group of its later inspection.
    freq : str or offset, optional
        Count by the period of the later inspection. Periods are those of `periods` (``"academic"``, ``"YE-MAR"``, ``"QE"``).
    date, published_by : optional
        Take only inspections that began by the date and were published by the cut-off; by default all.
    register : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, optional
        One row per provider. An inspection of a provider that is not in it is an error. Closed providers take part.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with a table that does not have the whole history (column ``known_from``). Only inspections from the day on which every
        provider is known are taken, with a warning. It is an error if fewer than two are left, and if the table is a result of `as_at`.
        ``"allow"`` takes the table as it is, without a warning.
    level : float, default 0.95
        Confidence level of the bounds.

    Returns
    -------
    DataFrame
        One row per group, period and pair of grades, the best grade first:

        ====================  =============  =====================================================================================
        column                dtype          meaning
        ====================  =============  =====================================================================================
        columns of `by`                      as in the table; a missing label last
        period                datetime64[s]  only with `freq`: the last day of the period; periods have no gaps
        grade_from, grade_to  category       the grade before, and the grade after
        n                     int64          transitions from the one to the other
        share                 float64        `n` divided by all transitions from `grade_from` to a grade; NaN where there are none
        lower, upper          float64        its bounds
        ====================  =============  =====================================================================================

        Pairs with a missing grade (an inspection that did not make the judgement) have rows of their own, where there are any. A row
        without `grade_to` has no share.

    Raises
    ------
    ValueError
        As for `changes`; for a level outside (0, 1), or an unknown frequency.
    IncompleteHistoryError
        For the result of `as_at`, or where fewer than two inspections are left.

    Warns
    -----
    PooledFrameworksWarning
        Where inspections of several frameworks were taken and none was named.
    IncompleteHistoryWarning
        Where inspections are left out because the table does not have all of every provider.
    BeyondDataWarning
        As for `as_at`.

    Notes
    -----
    Of several graded inspections of a provider on one day the last counts: by publication, then by its place in the table.

    The bounds are Wilson's, from `n` and the number of transitions from the grade. A provider that leaves the same grade twice counts as
    two: where many do, the bounds are somewhat too narrow.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> matrix = sif.transitions(sif.load_inspections(), framework="ILACS", having="overall_effectiveness")
    >>> int(matrix.query("grade_from == 'Inadequate' and grade_to == 'Good'")["n"].item())
    10
    """
    called, which = Columns(provider, inspected, published, opened, closed, graded), Which(framework, having, register, incomplete)
    seen = observe(table, called, which, by=by, judgement=judgement, scale=scale)
    if date is not None:
        seen.warn_if_outside(day(date, "date"))
    may_count = seen.over_time(known_by(seen.may_count.all, seen.histories, date, published_by))
    seen.warn_if_pooled(may_count)
    grouped = seen.groups(by)
    counted, ends = _counted(seen, may_count, grouped, freq, len(seen.graded_on.labels))
    return transitions_table(counted, grouped, seen.graded_on, None if freq is None else ends, level)


def _counted(seen: Inspections, may_count: np.ndarray, grouped: Groups, freq: Any, n_grades: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts by group, period, grade before and grade after; and the last day of each period, none where no periods are asked for."""
    records = seen.histories
    period_of, ends = (None, np.empty(0, dtype=np.int64)) if freq is None else period_codes(records.dates.dated, may_count, freq)
    check_periods(len(ends), grouped.size + 1, 5 * (n_grades + 1) ** 2)
    counted = counts.count_transitions(
        records.provider,
        *records.dates.columns,
        grouped.codes,
        seen.grades,
        periods=period_of,
        n_providers=len(records.providers),
        n_groups=grouped.size,
        n_periods=len(ends),
        n_grades=n_grades,
        eligible=may_count,
    )
    return counted, ends


def transitions_table(counted: np.ndarray, grouped: Groups, scale: GradeScale, ends: np.ndarray | None, level: float) -> pd.DataFrame:
    """The result of `transitions`, from counts by group, period, grade before and after, worst to best; `ends` None: no periods."""
    k = len(scale.labels)
    shown, labels = grouped.shown(counted.reshape(len(counted), -1))
    # Every eligible record has its period, so that the place of the missing one is empty where periods are asked for.
    counted = counted[shown][:, : 1 if ends is None else len(ends)]
    best_first = np.append(np.arange(k)[::-1], k)
    square = counted[:, :, best_first][:, :, :, best_first]
    n_from = square[..., :k].sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = square / n_from
    share[..., k] = np.nan
    bounds = np.full((2, *square.shape), np.nan)
    bounds[..., :k] = proportion_interval(square[..., :k], n_from, level=level)
    # All pairs of grades; of those with a missing one only what occurs anywhere.
    occurs = square.any(axis=(0, 1)) | ((best_first[:, None] < k) & (best_first < k))
    of_group, of_period, before, after = np.nonzero(np.broadcast_to(occurs, square.shape))
    labels = {name: values.take(of_group) for name, values in labels.items()}
    grade = pd.Categorical.from_codes(np.append(np.arange(k)[::-1], -1), dtype=scale.dtype)
    place = (of_group, of_period, before, after)
    data: dict[str, Any] = {} if ends is None else {"period": dates_of(ends[of_period])}
    data |= {"grade_from": grade.take(before), "grade_to": grade.take(after), "n": square[place], "share": share[place]}
    data |= {"lower": bounds[0][place], "upper": bounds[1][place]}
    return result(labels, data)


@dataclass(frozen=True, kw_only=True)
class Transitions(OfHistories):
    """`ofsted_sif.transitions`, with its options."""

    over_time: ClassVar[bool] = True
    freq: Any
    date: Any
    published_by: Any
    register: Any
    level: float = 0.95

    def count(self, piece: Any) -> Partial:
        """Moves from word to word of the later inspection's group and period."""
        seen, words = self.observe(piece, self.register)
        taken = known_by(seen.may_count.all, seen.histories, self.date, self.published_by)
        may_count = seen.in_known_time(taken)
        grouped = seen.groups(self.by)
        counted, ends = _counted(seen, may_count, grouped, self.freq, len(seen.words))
        group, period, before, after = np.nonzero(counted)
        labelled = [*(labels_at(of, group) for of in grouped.labels.values()), np.append(ends, 0)[period]]
        labelled += [labels_at(seen.words, before), labels_at(seen.words, after)]
        moves = PartialCounts(tuple(labelled), (counted[group, period, before, after],))
        # A group is shown where a row has it, even one that took no part.
        coded = [label_codes(column(seen.frame, name, "by")) for name in names(self.by, "by")]
        parts = {"words": words, "groups": count_labels(coded, len(seen.frame)), "moves": moves, **self.left_out(taken, may_count)}
        ends = np.unique(ends[[0, -1]]) if len(ends) else ends
        parts["ends"] = PartialCounts((ends,), (np.zeros(len(ends), dtype=np.int64),))
        return Partial(len(seen.frame), parts | self.chosen_frameworks(seen.may_count, seen.frame, np.flatnonzero(may_count)))

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and periods are shown without a gap."""
        self.say_left_out(partial)
        if "frameworks" in partial.counted:
            of = partial.counted["frameworks"]
            self.say_frameworks(partial, of.labels[0], of.sums[0])
        moves = partial.counted["moves"]
        grouped, (_, group) = self.groups_of(self.by, True, [partial.counted["groups"], moves])
        scale, (before, after) = self.grades_of(partial.counted["words"], self.judgement, self.scale, *moves.labels[-2:])
        ends, period = None, np.zeros(len(group), dtype=np.int64)
        if self.freq is not None:
            ends = period_bounds(np.asarray(partial.counted["ends"].labels[0]), self.freq)[1]
            check_periods(len(ends), grouped.size + 1, 5 * (len(scale.labels) + 1) ** 2)
            period = np.searchsorted(ends, np.asarray(moves.labels[-3]))
        k = len(scale.labels)
        counted = np.zeros((grouped.size + 1, (0 if ends is None else len(ends)) + 1, k + 1, k + 1), dtype=np.int64)
        np.add.at(counted, (np.where(group < 0, grouped.size, group), period, before, after), moves.sums[0])
        return transitions_table(counted, grouped, scale, ends, self.level)


transitions.question = Transitions
