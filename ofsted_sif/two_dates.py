"""Did it improve? The same providers' states on two dates, set beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.intervals import normal_quantile, paired_difference, sign_test
from ofsted_sif.scales import GradeScale
from ofsted_sif.snapshots import Grid
from ofsted_sif.table.columns import Columns
from ofsted_sif.table.dates import iso
from ofsted_sif.table.eligible import Which, check_cutoff
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import Groups
from ofsted_sif.table.inspections import Inspections, observe
from ofsted_sif.table.known import refuse_unknown
from ofsted_sif.table.partial import OfHistories, Partial, PartialCounts, labels_at
from ofsted_sif.table.result import result
from ofsted_sif.table.state import expiry

__all__ = ["change_between"]

EXACT = ("auto", "mid", True)


@same_kind
def change_between(
    table: Any,
    date_from: Any,
    date_to: Any,
    by: str | Sequence[str] | None = None,
    *,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    threshold: str | None = None,
    max_age: Any = None,
    exact: str | bool = "auto",
    level: float = 0.95,
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
    """Tell whether providers improved between two dates: compare the same providers' states on both, with intervals and tests.

    Parameters
    ----------
    table, framework, having, register, max_age, provider, inspected, published, opened, closed, graded
        As for `as_at`, which gives the states on both dates. Name all the frameworks whose grades were in force on the first date.
    date_from, date_to : date, Timestamp or str
        The two dates, the earlier one first.
    by : str or sequence of str, optional
        Columns that make the groups. They are taken from the inspection in force on the later date; where a provider has none then, from
        the one in force on the earlier date.
    judgement : str, default "overall_effectiveness"
        The judgement.
    scale : GradeScale, optional
        Its scale; by default the one that fits the column.
    threshold : str, optional
        The worst grade that still counts as good enough; by default that of the scale. Without one there are no columns of shares.
    exact : {"auto", "mid", True}, default "auto"
        How the exact tests count the probability of what was observed. "auto" and "mid" count half of it (mid-p). True counts the whole,
        and rejects too seldom: at level 5% in 2% of cases with 20 providers, and in 3% with 40.
    level : float, default 0.95
        Confidence level of the bounds.
    published_by : date, offset or pair of them, optional
        The cut-off: one for both, an offset added to each date, or one for each date. By default each date itself.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with a table that does not have the state of every provider on both dates (column ``known_from``). That is an error,
        and so is a result of `as_at`, because providers known on both dates do not stand for all. ``"allow"`` takes the table as it is.

    Returns
    -------
    DataFrame
        One row per group:

        ====================================  =======  ================================================================================
        column                                dtype    meaning
        ====================================  =======  ================================================================================
        columns of `by`                                as in the table; a missing label last
        n                                     int64    pairs: providers that are open and judged on both dates
        n_only_from, n_only_to                int64    providers judged on one of the dates only; they take no part
        improved, same, declined              int64    pairs whose grade became better, stayed, became worse; they add up to n
        difference                            float64  (improved - declined) / n
        lower, upper                          float64  its bounds
        p                                     float64  two-sided sign test of improved against declined
        up, down                              int64    pairs that crossed the threshold
        share_from, share_to                  float64  share of the pairs that meet the threshold on each date
        share_difference                      float64  (up - down) / n
        share_lower, share_upper              float64  its bounds
        share_p                               float64  McNemar's test: the sign test of up against down
        ====================================  =======  ================================================================================

        The last eight columns are there only where the scale has a threshold. Where n is 0, counts are 0 and everything else is NaN; where
        nobody changed, p is 1. ``attrs`` has both dates and cut-offs, and ``n_unchanged_record``: for how many pairs both states are the
        same inspection, so that they could not have changed.

    Raises
    ------
    ValueError
        As for `as_at`; for dates in the wrong order, or an unknown `exact`.
    IncompleteHistoryError
        Where the state of a provider is not known on one of the dates; for the result of `as_at`.

    Warns
    -----
    PooledFrameworksWarning, IncompleteHistoryWarning, BeyondDataWarning
        As for `as_at`.

    Notes
    -----
    With u improved and d declined of n pairs, Bonett and Price's bounds [1]_ are ``c - h`` and ``c + h``, cut to [-1, 1], with
    ``c = (u - d) / (n + 2)`` and ``h = z √(((u + d + 2) / (n + 2) - c²) / (n + 2))``. Were improvement and decline equally likely,
    the smaller number m of the two would be binomial(u + d, 1/2): ``p = min(1, 2 (P(X <= m) - P(X = m) / 2))`` as mid-p [2]_, and
    ``min(1, 2 P(X <= m))`` with ``exact=True``. Providers that stayed the same take no part in the test, and full part in the interval,
    which covers 94% to 99% where it says 95%, the more the fewer change.

    That bad grades are inspected again sooner does not matter as long as there are many years of inspections before the first date: where
    nothing changes, 4% to 6% of such tests reject at level 5%. In the first years of a framework it does matter: the states on the first
    date are young, and those inspected again soonest are those that did badly. Then the share leans towards improvement by 1 to 3
    points, and up to 9% of tests reject (tests/benchmarks/CALIBRATION_CHANGE.md). The cure is to name the framework before as well
    (``framework=["SIF", "ILACS"]``), and to say that the two differ. A state is what was last found, which may be years old.

    References
    ----------
    .. [1] Bonett, D. G., Price, R. M. (2012). Adjusted Wald confidence interval for a difference of binomial proportions based on
       paired data. J. Educ. Behav. Stat. 37, 479-488. doi:10.3102/1076998611411915
    .. [2] Fagerland, M. W., Lydersen, S., Laake, P. (2013). The McNemar test for binary matched-pairs data: mid-p and asymptotic are
       better than exact conditional. BMC Med. Res. Methodol. 13, 91. doi:10.1186/1471-2288-13-91

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> found = sif.change_between(sif.load_inspections(), "2021-03-31", "2024-03-31", framework=["SIF", "ILACS"]).iloc[0]
    >>> print(f"{found['improved']:.0f} of {found['n']:.0f} improved, {found['declined']:.0f} declined: "
    ...       f"{found['difference']:.3f} ({found['lower']:.3f} to {found['upper']:.3f}), p = {found['p']:.4f}")
    46 of 147 improved, 19 declined: 0.184 (0.078 to 0.285), p = 0.0008
    """
    asked = Grid.between(date_from, date_to, published_by)
    _check(exact, level)
    called = Columns(provider, inspected, published, opened, closed, graded)
    which = Which(framework, having, register, incomplete, asked.days)
    seen = observe(table, called, which, by=by, judgement=judgement, scale=scale).where_known()
    check_cutoff(seen.dates, published_by)
    seen.warn_if_beyond(asked.days)
    seen.warn_if_before(asked.days.min())
    seen.refuse_unknown(asked.days, asked.cutoffs)
    on = seen.graded_on.with_threshold(threshold)
    pairs = _Pairs.of(seen, asked, max_age)
    seen.warn_if_pooled(pairs.rows)
    grouped = seen.groups(by, pairs.of_group)
    counted = _by_group(grouped, pairs.was, pairs.is_now, len(on.labels))
    attrs = _attrs(asked, judgement, seen.which, int(pairs.unchanged.sum()))
    return _table(counted, grouped, on, exact, level, attrs)


def _check(exact: Any, level: float) -> None:
    if exact not in EXACT:
        raise ValueError(f"unknown exact {exact!r}; known are 'auto', 'mid' (mid-p) and True (the whole probability)")
    normal_quantile(level)


@dataclass(frozen=True)
class _Pairs:
    """The providers that have a state on one of the two dates at least, one place each.

    Attributes
    ----------
    of_group : ndarray of int64
        The row whose group the provider counts in: the one in force on the later date, else on the earlier.
    was, is_now : ndarray of int
        Codes of the judgement on the two dates; -1 where there is none.
    unchanged : ndarray of bool
        Judged on both dates, by the same inspection.
    rows : ndarray of int64
        All rows in force on one of the dates, each once.
    """

    of_group: np.ndarray
    was: np.ndarray
    is_now: np.ndarray
    unchanged: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, seen: Inspections, asked: Grid, max_age: Any) -> _Pairs:
        """The states on the two dates, matched by provider."""
        records = seen.histories
        in_force, codes = [], []
        for date, cutoff in zip(asked.days.tolist(), asked.cutoffs.tolist(), strict=True):
            row = records.latest(seen.may_count.all, date, cutoff)
            code = np.where(row >= 0, seen.grades[row], -1) if len(seen.grades) else np.full(len(row), -1)
            if max_age is not None:
                known = np.flatnonzero(code >= 0)
                code[known[expiry(records.dates.dated_at(row[known]), max_age) < date]] = -1
            in_force.append(row)
            codes.append(code)
        (first, second), (was, is_now) = in_force, codes
        some = np.flatnonzero((first >= 0) | (second >= 0))
        unchanged = (first == second) & (was >= 0) & (is_now >= 0)
        of_group = np.where(second >= 0, second, first)[some]
        rows = np.concatenate([first[first >= 0], second[(second >= 0) & (second != first)]])
        return cls(of_group, was[some], is_now[some], unchanged[some], rows)


def _by_group(grouped: Groups, was: np.ndarray, is_now: np.ndarray, k: int, numbers: np.ndarray | None = None) -> np.ndarray:
    """How many providers, by group (the missing one last), grade before and grade after, worst to best with the missing one last."""
    group = np.zeros(len(was), dtype=np.int64) if grouped.codes is None else grouped.codes
    counted = np.zeros((grouped.size + 1, k + 1, k + 1), dtype=np.int64)
    np.add.at(counted, (group, was, is_now), 1 if numbers is None else numbers)  # -1 is the last place
    return counted


def _attrs(asked: Grid, judgement: str, which: Which, n_unchanged: int) -> dict[str, Any]:
    return {
        "date_from": iso(asked.days[0]),
        "date_to": iso(asked.days[1]),
        "published_by": [iso(cutoff) for cutoff in asked.cutoffs],
        "judgement": judgement,
        "framework": which.frameworks,
        "n_unchanged_record": n_unchanged,
    }


def _table(counted: np.ndarray, grouped: Groups, scale: GradeScale, exact: Any, level: float, attrs: dict[str, Any]) -> pd.DataFrame:
    """The result of `change_between`, from counts by group, grade before and grade after."""
    k = len(scale.labels)
    shown, labels = grouped.shown(counted.reshape(len(counted), -1))
    counted = counted[shown]
    pairs = counted[:, :k, :k]
    n = pairs.sum(axis=(1, 2))
    step = np.sign(np.arange(k) - np.arange(k)[:, None])
    declined, same, improved = (pairs[:, step == way].sum(axis=1) for way in (-1, 0, 1))
    whole = exact is True
    lower, upper = paired_difference(improved, declined, n, level)
    with np.errstate(invalid="ignore"):
        data = {
            "n": n,
            "n_only_from": counted[:, :k, k].sum(axis=1),
            "n_only_to": counted[:, k, :k].sum(axis=1),
            "improved": improved,
            "same": same,
            "declined": declined,
            "difference": (improved - declined) / n,
            "lower": lower,
            "upper": upper,
            "p": np.where(n > 0, sign_test(improved, declined, whole=whole), np.nan),
        }
        if scale.threshold is not None:
            enough = scale.meets_threshold(np.arange(k))
            up, down = pairs[:, ~enough][:, :, enough].sum(axis=(1, 2)), pairs[:, enough][:, :, ~enough].sum(axis=(1, 2))
            lower, upper = paired_difference(up, down, n, level)
            data |= {
                "up": up,
                "down": down,
                "share_from": pairs[:, enough].sum(axis=(1, 2)) / n,
                "share_to": pairs[:, :, enough].sum(axis=(1, 2)) / n,
                "share_difference": (up - down) / n,
                "share_lower": lower,
                "share_upper": upper,
                "share_p": np.where(n > 0, sign_test(up, down, whole=whole), np.nan),
            }
    return result(labels, data, attrs)


# ---- by batches


@dataclass(frozen=True, kw_only=True)
class Between(OfHistories):
    """`ofsted_sif.change_between`, with its options."""

    date_from: Any
    date_to: Any
    threshold: str | None
    max_age: Any
    exact: str | bool
    level: float
    published_by: Any
    register: Any

    def __post_init__(self) -> None:
        _check(self.exact, self.level)
        self.asked()

    @property
    def asked_days(self) -> np.ndarray:
        """The two dates."""
        return self.asked().days

    def asked(self) -> Grid:
        """The two dates and their cut-offs."""
        return Grid.between(self.date_from, self.date_to, self.published_by)

    def count(self, piece: Any) -> Partial:
        """Pairs of states, by group and the words on both dates."""
        seen, words = self.observe(piece, self.register, on=self.asked().days)
        check_cutoff(seen.dates, self.published_by)
        seen = seen.where_known()
        check_cutoff(seen.dates, self.published_by)
        pairs = _Pairs.of(seen, self.asked(), self.max_age)
        grouped = seen.groups(self.by, pairs.of_group)
        counted = _by_group(grouped, pairs.was, pairs.is_now, len(seen.words))
        group, was, is_now = np.nonzero(counted)
        labelled = [*(labels_at(of, group) for of in grouped.labels.values()), labels_at(seen.words, was), labels_at(seen.words, is_now)]
        of_pairs = PartialCounts(tuple(labelled), (counted[group, was, is_now],))
        unchanged = PartialCounts((), (np.array([pairs.unchanged.sum()]),))
        not_known = PartialCounts((), tuple(seen.n_unknown_on(self.asked().days, self.asked().cutoffs)[:, None]))
        counted_by = {"words": words, "pairs": of_pairs, "unchanged": unchanged, "not known": not_known}
        return Partial(len(seen.frame), counted_by | self.chosen_frameworks(seen.may_count, seen.frame, pairs.rows))

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and pairs of states the table of `change_between`."""
        if "frameworks" in partial.counted:
            of = partial.counted["frameworks"]
            self.say_frameworks(partial, of.labels[0], of.sums[0])
        for n_unknown, date in zip(partial.counted["not known"].sums, self.asked().days, strict=True):
            if self.incomplete != "allow":
                refuse_unknown(int(n_unknown[0]), date)
        pairs = partial.counted["pairs"]
        grouped, _ = self.groups_of(self.by, True, [pairs])
        scale, (was, is_now) = self.grades_of(partial.counted["words"], self.judgement, self.scale, *pairs.labels[-2:])
        scale = scale.with_threshold(self.threshold)
        counted = _by_group(grouped, was, is_now, len(scale.labels), pairs.sums[0])
        n_unchanged = int(partial.counted["unchanged"].sums[0][0])
        attrs = _attrs(self.asked(), self.judgement, Which(self.framework), n_unchanged)
        return _table(counted, grouped, scale, self.exact, self.level, attrs)


change_between.question = Between
