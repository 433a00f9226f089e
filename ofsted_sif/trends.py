"""Is there a trend, how strong, and could it be chance: tests for trend, group by group.

All of them count from inspections, each once. Improvement is positive whatever the direction of a scale; with `value` increase is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import RowError
from ofsted_sif.intervals import normal_quantile
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import Columns, as_frame, column, grade_codes, names
from ofsted_sif.table.dates import DAYS_A_YEAR
from ofsted_sif.table.eligible import Which, eligible, in_framework, warn_if_pooled
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import groups
from ofsted_sif.table.keys import distinct_numbers, key_codes, label_codes, take
from ofsted_sif.table.partial import OfHistories, Partial, PartialCounts, as_text, count_labels, places_of
from ofsted_sif.table.periods import period_bounds
from ofsted_sif.table.records import dated, days_of_records
from ofsted_sif.table.result import side_by_side

__all__ = ["trend"]

METHODS = ("mann-kendall", "seasonal-mann-kendall", "theil-sen", "cochran-armitage", "jonckheere")
ADJUSTMENTS = ("bh", "holm", "bonferroni")
HALVINGS = 60  # of an interval in which a bound lies: its last digit
LEAST_SCORE = 1e-9  # periods from the mean; nearer than that is rounding
ALTERNATIVES = ("two-sided", "greater", "less")


@same_kind
def trend(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    method: str = "mann-kendall",
    value: str | None = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    threshold: str | None = None,
    season: str | None = None,
    freq: str | pd.offsets.BaseOffset = "YE-AUG",
    alternative: str = "two-sided",
    continuity: bool = True,
    exact: str | bool = "auto",
    adjust: str | None = None,
    level: float = 0.95,
    framework: str | Sequence[str] | None = None,
    observed: bool = True,
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Test for a trend over time, a row a group.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        Inspections, a row each; or with `value` any dated numbers, as shares of separate `periods` (dated by ``period_end``).
    by : str or sequence of str, optional
        Columns that make the groups, as for `aggregate`.
    method : str, default "mann-kendall"
        ``mann-kendall``: do later inspections have better grades? ``seasonal-mann-kendall``: the same within each `season`, summed.
        ``theil-sen``: the median slope a year, with its interval. ``cochran-armitage``: does the share good enough rise or fall along
        the periods? ``jonckheere``: do grades rise or fall along the periods?
    value : str, optional
        A column of numbers to test in place of grades. For ``cochran-armitage`` it holds true and false, or 0 and 1.
    judgement, scale, threshold, observed
        As for `aggregate`; one judgement. Only graded inspections take part.
    season : str, optional
        For ``seasonal-mann-kendall``: a column whose values are blocks (a region, a kind of provider), or ``"month"`` or ``"quarter"``
        of the date.
    freq : str or offset, default "YE-AUG"
        The periods of ``cochran-armitage`` and ``jonckheere``, as for `periods`. Empty periods count as time that passed.
    alternative : {"two-sided", "greater", "less"}, default "two-sided"
        ``greater``: improvement, or increase.
    continuity : bool, default True
        For the Mann-Kendall tests: bring S one unit nearer to 0 before it is divided by its standard deviation.
    exact : {"auto", "mid", True, False}, default "auto"
        For ``mann-kendall`` and ``theil-sen`` in groups of at most 20 inspections on different days: p from the exact distribution of S
        given the ties, with half the probability of the S observed ("mid"), or with the whole of it (True; conservative). "auto" is mid-p
        for grades and the whole for `value`: of numbers without ties mid-p rejects 8% at level 5% where there are 4 or 5, the whole
        never more than 5% (and below 5 numbers none). Other groups, and all with False, take the normal distribution; the column
        ``exact`` says which.
    adjust : {None, "bh", "holm", "bonferroni"}, default None
        Adjust p for the number of groups. ``bh``: Benjamini and Hochberg's, which holds the share of false ones among those found.
        ``holm``: Holm's, which holds the chance of any false one; ``bonferroni``: the same by p times the number of groups.
    level : float, default 0.95
        Confidence level of `lower` and `upper`.
    framework : str or sequence of str, optional
        As for `as_at`.
    provider, inspected, published, graded : str
        The user's names of those columns; None does without.

    Returns
    -------
    DataFrame
        Columns of `by`, ``method``, ``n`` (rows that took part), ``n_missing`` (graded inspections left out because the date, the grade
        or number, or the season is missing), ``statistic``, ``z``, ``p``, ``p_adjusted`` (NaN where not asked), ``tau`` (tau-b),
        ``slope_per_year``, ``lower``, ``upper``, ``exact``; and where the table names providers, ``n_repeated``: how many of the n are
        second or later inspections of a provider in the group. What a method does not give is NaN.

    Raises
    ------
    ValueError
        For a snapshot series (of `series`) or overlapping windows (of `periods`), whose rows repeat inspections; an unknown method,
        alternative or adjustment; a number that is infinite (the row is named); missing columns.

    Warns
    -----
    PooledFrameworksWarning
        Where rows of several frameworks took part and none was named.

    Notes
    -----
    *Mann-Kendall.* S is the sum of sign(later - earlier) over pairs of rows on different days. With t the sizes of sets of equal values
    and u of rows on one day, Var S = [n(n-1)(2n+5) - Σt(t-1)(2t+5) - Σu(u-1)(2u+5)]/18 + Σt(t-1)(t-2) Σu(u-1)(u-2) / 9n(n-1)(n-2) +
    Σt(t-1) Σu(u-1) / 2n(n-1) [1]_ [2]_; z = (S - sign S)/√Var S; one-sided p are the tail of that z. `statistic` is S. The exact
    distribution is a product of Gaussian binomials [3]_; two-sided p is twice the smaller tail. *Seasonal*: S and its variance are
    summed over blocks, which are taken as independent [4]_; tau is S over the sum of the blocks' √((n0 - tied values)(n0 - tied days)).
    *Theil-Sen*: the median of the slopes between all pairs on different days, on real dates, times 365.25; bounds are the slopes of
    rank (N ∓ z √Var S)/2 of N [5]_, NaN where there are too few pairs for the level; statistic, z and p are those of Mann-Kendall;
    of numbers only. *Cochran-Armitage* [6]_: statistic T = Σ k (x_k - n_k p) over periods k = 0, 1, ... with x_k of
    n_k good enough and p overall; z = T / √(p(1-p)(Σ n_k k² - (Σ n_k k)²/n)); slope_per_year is the least-squares slope of the share;
    its bounds are the slopes b that the same test does not reject, with p + b (k - mean k) cut to [0, 1] in place of p: 0 lies between
    them just where two-sided p is 1 - level or more; where all or none are good enough they are NaN.
    *Jonckheere* [7]_: statistic J, the pairs of rows of different periods of which the later is
    better, ties half; z = (J - E J)/√Var J = S/√Var S with periods for days, without continuity.

    Fewer than 2 rows, or only equal values or days, give NaN. Where there is no trend, 4% to 6% of series of grades are rejected at level
    5% from 8 inspections on as mid-p, from 12 on by the normal distribution; fewer below (tests/benchmarks/CALIBRATION.md).

    Inspections of one provider are not independent, and a provider is inspected again sooner when it did badly: where `n_repeated` is
    not small, the trend of a group mixes change of providers with choice of who was inspected. Then ask `change_between`, which compares
    the states of the same providers on two dates.

    References
    ----------
    .. [1] Mann, H. B. (1945). Nonparametric tests against trend. Econometrica 13, 245-259. doi 10.2307/1907187
    .. [2] Kendall, M. G. (1975). Rank Correlation Methods, 4th ed. Griffin.
    .. [3] Sillitto, G. P. (1947). The distribution of Kendall's tau coefficient in rankings containing ties. Biometrika 34, 36-40.
    .. [4] Hirsch, R. M., Slack, J. R., Smith, R. A. (1982). Techniques of trend analysis for monthly water quality data. Water Resour.
       Res. 18, 107-121. doi 10.1029/WR018i001p00107
    .. [5] Sen, P. K. (1968). Estimates of the regression coefficient based on Kendall's tau. JASA 63, 1379-1389.
    .. [6] Armitage, P. (1955). Tests for linear trends in proportions and frequencies. Biometrics 11, 375-386. doi 10.2307/3001775
    .. [7] Jonckheere, A. R. (1954). A distribution-free k-sample test against ordered alternatives. Biometrika 41, 133-145.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> found = sif.trend(sif.load_inspections(), framework="ILACS")
    >>> found[["n", "n_missing", "n_repeated"]].to_numpy().tolist()
    [[313, 11, 157]]
    >>> bool(found["p"].item() < 0.001), round(found["tau"].item(), 2)
    (True, 0.21)
    """
    how = Method(method, season, freq, alternative, continuity, exact, adjust, level, value or judgement)
    frame = as_frame(table)
    _refuse_repeated(frame)
    if value is not None and inspected == "inspection_start" and inspected not in frame.columns and "period_end" in frame.columns:
        inspected = "period_end"

    if value is None:
        how.check_grades()
        values, scale = grade_codes(frame, judgement, scale)
        scale = scale.with_threshold(threshold)
        known = values >= 0
    else:
        values, scale = numbers_of(frame, value), None
        known = ~np.isnan(values)
    called = Columns(provider, inspected, published, graded=graded)
    taken = taken_rows(frame, called, Which(framework), values, known, judgement=judgement if value is None else None, season=season)
    frame, used, block = taken.frame, taken.used, taken.block
    warn_if_pooled(frame, np.flatnonzero(used), framework)
    grouped = groups(frame, by, observed=observed)
    group, size, labels = grouped.without_missing_codes(len(frame))
    n_missing = np.bincount(group[~used], minlength=size)
    group, values, days = (array if used.all() else array[used] for array in (group, taken.values, taken.days))
    block = None if block is None else block[used]
    n_repeated = repeated(frame, provider, used, group, size) if provider in frame.columns else None
    return trend_table(how, labels, Rows(group, size, values, days, scale), block, n_missing, n_repeated)


@dataclass(frozen=True)
class Method:
    """How a trend is tested: arguments of `trend`, checked. `name` is that of the column of grades or numbers, for messages."""

    method: str
    season: str | None
    freq: str | pd.offsets.BaseOffset
    alternative: str
    continuity: bool
    exact: str | bool
    adjust: str | None
    level: float
    name: str

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"unknown method {self.method!r}; known are {', '.join(METHODS)}")
        if self.alternative not in ALTERNATIVES:
            raise ValueError(f"unknown alternative {self.alternative!r}; known are {', '.join(ALTERNATIVES)}")
        if self.adjust is not None and self.adjust not in ADJUSTMENTS:
            raise ValueError(f"unknown adjust {self.adjust!r}; known are None and {', '.join(map(repr, ADJUSTMENTS))}")
        if self.exact not in ("auto", "mid", True, False):
            raise ValueError(f"unknown exact {self.exact!r}; known are 'auto', 'mid' (mid-p), True and False")
        if (self.method == "seasonal-mann-kendall") != (self.season is not None):
            raise ValueError(
                f"season={self.season!r} with method {self.method!r}: seasons and the method seasonal-mann-kendall belong together"
            )
        normal_quantile(self.level)

    def check_grades(self) -> None:
        """Refuse a slope of grades: where most pairs tie it is 0, with bounds 0 and 0, however small p is."""
        if self.method == "theil-sen":
            raise ValueError(
                f"grades ({self.name!r}) have too few values for a slope: use method='cochran-armitage' for points a year, or value= a "
                "column of numbers"
            )


def trend_table(
    how: Method, labels: dict[str, Any], rows: Rows, block: np.ndarray | None, n_missing: np.ndarray, n_repeated: np.ndarray | None
) -> pd.DataFrame:
    """The result of `trend`, from the rows that take part, the season of each, and by group how many are missing or repeated."""
    quantile = normal_quantile(how.level)
    exact = how.exact if how.exact != "auto" else "mid" if rows.scale is not None else True
    if how.method == "mann-kendall":
        found = _judge(rows.kendall(), how.alternative, how.continuity, exact)
    elif how.method == "seasonal-mann-kendall":
        assert block is not None
        found = _seasonal(rows, block, how.alternative, how.continuity)
    elif how.method == "theil-sen":
        found = _theil_sen(rows, how.alternative, how.continuity, exact, quantile)
    elif how.method == "cochran-armitage":
        found = _cochran_armitage(rows, how.freq, how.alternative, quantile, how.name)
    else:
        found = _jonckheere(rows, how.freq, how.alternative)

    def column(name: str) -> np.ndarray:
        return found[name] if name in found else np.full(rows.size, np.nan)

    result: dict[str, Any] = {"method": how.method, "n": rows.by_group(), "n_missing": n_missing}
    result |= {name: column(name) for name in ("statistic", "z", "p")}
    result["p_adjusted"] = np.full(rows.size, np.nan) if how.adjust is None else adjusted(found["p"], how.adjust)
    result |= {name: column(name) for name in ("tau", "slope_per_year", "lower", "upper")}
    result["exact"] = found.get("exact", np.zeros(rows.size, dtype=np.bool_))
    if n_repeated is not None:
        result["n_repeated"] = n_repeated
    return pd.DataFrame(side_by_side(labels, result), copy=False)


# ---- what comes in


@dataclass(frozen=True)
class Taken:
    """The rows that may take part: their table, values, days, codes of the season, and which of them have all that is needed."""

    frame: pd.DataFrame
    values: np.ndarray
    days: np.ndarray
    block: np.ndarray | None
    used: np.ndarray


def taken_rows(
    frame: pd.DataFrame,
    called: Columns,
    which: Which,
    values: np.ndarray,
    known: np.ndarray,
    *,
    judgement: str | None,
    season: str | None,
    of_piece: bool = False,
) -> Taken:
    """The rows of the frameworks asked for; of inspections, which name their judgement, those that are graded."""
    days = dated(*days_of_records(frame, called))
    if judgement is not None:
        taken = eligible(frame, which, called.graded, [judgement], of_piece=of_piece).all
    else:
        named = in_framework(frame, which.framework, of_piece=of_piece)
        taken = np.ones(len(frame), dtype=np.bool_) if named is None else named
    block = None if season is None else blocks(frame, season, days)
    used = known & (days != NO_DAY)
    if block is not None:
        used &= block >= 0
    if taken.all():
        return Taken(frame, values, days, block, used)
    return Taken(frame[taken], values[taken], days[taken], None if block is None else block[taken], used[taken])


def _refuse_repeated(frame: pd.DataFrame) -> None:
    """Refuse rows that repeat the same inspections: they look like many observations and are few."""
    if {"as_at", "n_judged"} <= set(frame.columns):
        raise ValueError(
            "this is a snapshot series (it has the columns as_at and n_judged): each of its points counts mostly the same inspections as "
            "the one before, so a test would find trends where there are none. Test the inspections themselves, the counts of separate "
            "periods (sif.periods), or compare the states on two dates (sif.change_between)"
        )
    if "n_shared" in frame.columns and (frame["n_shared"] > 0).any():
        raise ValueError(
            "these are windows that overlap (n_shared is not 0): neighbours count the same inspections, so a test would find trends where "
            "there are none. Test the inspections themselves, or the counts of separate periods (sif.periods without window=)"
        )


def numbers_of(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column of numbers as float64, missing ones NaN."""
    values = column(frame, name, "value")
    if isinstance(values.dtype, pd.CategoricalDtype):
        raise ValueError(f"value={name!r} holds categories; value= takes numbers, grades go into judgement={name!r}")
    try:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"value={name!r}: {error}; value= takes numbers, grades go into judgement={name!r}") from None
    if (wrong := np.isinf(numbers)).any():
        raise RowError(f"value={name!r}, ", np.argmax(wrong), f": {numbers[wrong][0]:g} is infinite")
    return np.asarray(numbers)


def blocks(frame: pd.DataFrame, season: str, days: np.ndarray) -> np.ndarray:
    """Codes of the season of each row, -1 missing."""
    if season in ("month", "quarter") and season not in frame.columns:
        month = np.where(days == NO_DAY, -1, days.view("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12)
        return month if season == "month" else np.where(month < 0, -1, month // 3)
    return label_codes(column(frame, season, "season"))[0].astype(np.int64)


def repeated(frame: pd.DataFrame, provider: str, used: np.ndarray, group: np.ndarray, size: int) -> np.ndarray:
    """How many rows of each group are not the first of their provider; rows without a provider are each of one of their own."""
    codes, labels, _ = key_codes(column(frame, provider, "provider"))
    codes = (codes if used.all() else codes[used]).astype(np.int64)
    known = codes >= 0
    if not known.all():
        codes, group = codes[known], group[known]
    pair = group.astype(np.int64) * max(1, len(labels)) + codes
    return np.bincount(group, minlength=size) - np.bincount(pd.unique(pair) // max(1, len(labels)), minlength=size)


# ---- the methods


@dataclass(frozen=True)
class Rows:
    """The rows that take part: group codes of `size` groups, grade codes (of `scale`) or numbers (scale None), and days.

    With `n` each stands for so many rows: counts that were summed over pieces of a table.
    """

    group: np.ndarray
    size: int
    values: np.ndarray
    days: np.ndarray
    scale: GradeScale | None
    n: np.ndarray | None = None

    def by_group(self) -> np.ndarray:
        """How many rows each group has."""
        if self.n is None:
            return np.bincount(self.group, minlength=self.size)
        total = np.zeros(self.size, dtype=np.int64)
        np.add.at(total, self.group, self.n)
        return total

    def kendall(self, *, group: Any = None, size: int | None = None, days: Any = None, order: Any = None) -> counts.Kendall:
        group, size = self.group if group is None else group, self.size if size is None else size
        days = self.days if days is None else days
        n_grades = None if self.scale is None else len(self.scale.labels)
        if self.n is not None:
            assert n_grades is not None
            return counts.kendall_of_counts(group, days, self.values, self.n, n_grades=n_grades, n_groups=size)
        return counts.kendall(group, days, self.values, n_grades=n_grades, n_groups=size, order=order)


def _judge(kendall: counts.Kendall, alternative: str, continuity: bool, exact: str | bool) -> dict[str, np.ndarray]:
    """Statistic, z, p and tau of Kendall's S, exact where that is asked for and can be had."""
    s = np.where(kendall.n > 1, kendall.s, np.nan)
    z = _z(s, kendall.variance, continuity)
    p = _tail(z, alternative)
    is_exact = (kendall.tie_pattern > 0) & ~np.isnan(z) & (exact is not False)
    if is_exact.any():
        p[is_exact] = _exact_p(kendall.tie_pattern[is_exact], kendall.s[is_exact], alternative, midp=exact == "mid")
    return {"statistic": s, "z": z, "p": p, "tau": kendall.tau, "exact": is_exact}


def _z(s: np.ndarray, variance: np.ndarray, continuity: bool) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variance > 0, (s - np.sign(s) * continuity) / np.sqrt(variance), np.nan)


def _tail(z: np.ndarray, alternative: str) -> np.ndarray:
    """The normal tail of z; never through 1 - p, which would lose the digits of small ones."""
    from scipy.special import ndtr  # only here: scipy is slow to import

    if alternative == "two-sided":
        return 2 * ndtr(-np.abs(z))
    return np.asarray(ndtr(-z if alternative == "greater" else z))


def _exact_p(runs: np.ndarray, s: np.ndarray, alternative: str, *, midp: bool) -> np.ndarray:
    # The distribution is symmetric: the tail below s is that above -s.
    above, at = counts.kendall_exact(runs, np.abs(s) if alternative == "two-sided" else s if alternative == "greater" else -s)
    p = above + (at / 2 if midp else at)
    return np.minimum(1, 2 * p) if alternative == "two-sided" else p


def _seasonal(rows: Rows, block: np.ndarray, alternative: str, continuity: bool) -> dict[str, np.ndarray]:
    n_blocks = int(block.max(initial=-1)) + 1
    if rows.size * max(1, n_blocks) >= 2**31:
        raise ValueError(f"{rows.size} groups of {n_blocks} seasons are more than can be counted")
    of = rows.kendall(group=rows.group.astype(np.int64) * n_blocks + block, size=rows.size * max(1, n_blocks))
    n, s_of, variance_of, could_tell = (array.reshape(rows.size, -1) for array in (of.n, of.s, of.variance, of.most))
    s = np.where((n > 1).any(axis=1), s_of.sum(axis=1), np.nan)
    variance = np.where(n > 1, variance_of, 0).sum(axis=1)
    z = _z(s, variance, continuity)
    with np.errstate(divide="ignore", invalid="ignore"):
        tau = s / could_tell.sum(axis=1)
    return {"statistic": s, "z": z, "p": _tail(z, alternative), "tau": tau}


def _theil_sen(rows: Rows, alternative: str, continuity: bool, exact: str | bool, quantile: float) -> dict[str, np.ndarray]:
    order, _ = counts.order_records(rows.group, rows.days, n_providers=rows.size)
    kendall = rows.kendall(order=order)
    found = _judge(kendall, alternative, continuity, exact)
    pairs = kendall.pairs
    reach = quantile * np.sqrt(np.where(kendall.n > 1, kendall.variance, 0))
    low, high = np.round((pairs - reach) / 2).astype(np.int64) - 1, np.round((pairs + reach) / 2).astype(np.int64)
    ranks = np.column_stack([(pairs - 1) // 2, pairs // 2, low, high])
    slopes = counts.theil_sen(rows.group, rows.days, rows.values, ranks, n_groups=rows.size, order=order) * DAYS_A_YEAR + 0.0  # no -0
    bounded = (low >= 0) & (high < pairs)
    found["slope_per_year"] = slopes[:, :2].mean(axis=1)
    found["lower"], found["upper"] = (np.where(bounded, slopes[:, column], np.nan) for column in (2, 3))
    return found


def _period_of(rows: Rows, freq: Any) -> tuple[np.ndarray, float]:
    """The number of the period of each row, and the periods a year."""
    starts, ends = period_bounds(rows.days, freq)
    if not len(starts):
        return np.empty(0, dtype=np.int64), np.nan
    return np.searchsorted(ends, rows.days), DAYS_A_YEAR * len(starts) / float(ends[-1] - starts[0] + 1)


def check_flags(values: np.ndarray, name: str) -> None:
    """Refuse numbers that are not true or false."""
    if not np.isin(values, (0, 1)).all():
        raise ValueError(f"value={name!r} has other values than true and false (1 and 0), which cochran-armitage counts")


def _cochran_armitage(rows: Rows, freq: Any, alternative: str, quantile: float, name: str) -> dict[str, np.ndarray]:
    if rows.scale is None:
        check_flags(rows.values, name)
        good = rows.values
    elif rows.scale.threshold is None:
        raise ValueError(f"judgement={name!r}: the scale {rows.scale.name} has no threshold that would say which grades are good enough")
    else:
        good = (rows.values >= len(rows.scale.labels) - rows.scale.n_good_enough).astype(np.float64)
    period, a_year = _period_of(rows, freq)
    # Cells of group, period and good or not, and how many rows each has.
    n_periods = int(period.max(initial=-1)) + 1
    number = (rows.group.astype(np.int64) * n_periods + period) * 2 + good.astype(np.int64)
    cells, place = distinct_numbers(number, rows.size * n_periods * 2)
    weight = np.zeros(len(cells), dtype=np.int64)
    np.add.at(weight, place, 1 if rows.n is None else rows.n)
    group, period, good = cells // max(1, 2 * n_periods), cells // 2 % max(1, n_periods), (cells % 2).astype(np.float64)

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, values * weight, minlength=rows.size)

    n = rows.by_group()
    with np.errstate(divide="ignore", invalid="ignore"):
        # Scores are counted from the group's mean period, so that nothing cancels.
        score = period - (total(period) / n)[group]
        share = total(good) / n
        t = total(score * (good - share[group]))
        spread = total(score**2)
        t = np.where(n > 1, t, np.nan)
        z = t / np.sqrt(share * (1 - share) * spread)  # where nothing varies 0 / 0, which is missing; so is the slope
        slope = t / spread
        cells_of = group, score, weight
        lower, upper = _slope_bounds(cells_of, share, np.where(share * (1 - share) > 0, t, np.nan), spread, quantile)
    return {
        "statistic": t,
        "z": z,
        "p": _tail(z, alternative),
        "slope_per_year": slope * a_year,
        "lower": lower * a_year,
        "upper": upper * a_year,
    }


def _slope_bounds(
    cells: tuple[np.ndarray, ...], share: np.ndarray, t: np.ndarray, spread: np.ndarray, quantile: float
) -> tuple[np.ndarray, np.ndarray]:
    """The slopes a period that the Cochran-Armitage test does not reject, by halving; NaN where it can't tell.

    Cells are the group, the score about the group's mean and the number of rows of each. Under a slope b the share at score x is
    ``p + b x``, cut to [0, 1]; at b = 0 the test is that of no trend, so that bounds and p agree.
    """
    group, score, weight = cells

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, values * weight, minlength=len(t))

    def is_accepted(slope: np.ndarray) -> np.ndarray:
        at = np.clip(share[group] + slope[group] * score, 0, 1)
        return np.abs(t - slope * spread) <= quantile * np.sqrt(total(score**2 * at * (1 - at)))

    best = t / spread
    nearest = np.full(len(t), np.inf)
    away = np.abs(score) > LEAST_SCORE
    np.minimum.at(nearest, group[away], np.abs(score[away]))
    far = np.abs(best) + 1 / nearest  # there each share is 0 or 1, and nothing but the best slope would be accepted
    bounds = []
    for side in (-far, far):
        inside, outside = best.copy(), best + side
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            accepted = is_accepted(middle)
            inside, outside = np.where(accepted, middle, inside), np.where(accepted, outside, middle)
        bounds.append(np.where(np.isnan(best), np.nan, inside))
    return bounds[0], bounds[1]


def _jonckheere(rows: Rows, freq: Any, alternative: str) -> dict[str, np.ndarray]:
    kendall = rows.kendall(days=_period_of(rows, freq)[0])
    found = _judge(kendall, alternative, False, False)
    found["statistic"] = (found["statistic"] + kendall.pairs) / 2
    return found


# ---- many groups


def adjusted(p: np.ndarray, how: str) -> np.ndarray:
    """Adjust p for the number of tests; NaN stay and do not count.

    Benjamini and Hochberg (1995, J. R. Statist. Soc. B 57, 289-300), Holm (1979, Scand. J. Statist. 6, 65-70), or Bonferroni.
    """
    result = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    m = len(order)
    if how == "bonferroni":
        result[order] = np.minimum(1, p[order] * m)
    elif how == "holm":
        result[order] = np.maximum.accumulate(np.minimum(1, p[order] * np.arange(m, 0, -1)))
    else:
        order = order[::-1]  # from the largest to the smallest
        result[order] = np.minimum.accumulate(np.minimum(1, p[order] * m / np.arange(m, 0, -1)))
    return result


# ---- by batches


@dataclass(frozen=True, kw_only=True)
class Trend(OfHistories):
    """`ofsted_sif.trend`, with its options: by the methods that need no more than counts by group, day and grade."""

    method: str
    threshold: str | None = None
    value: str | None
    season: str | None
    freq: Any
    alternative: str
    continuity: bool
    exact: Any
    adjust: str | None
    level: float
    observed: bool

    def __post_init__(self) -> None:
        how = self._how()
        whole = "read the file whole (pandas.read_parquet with columns=) and call ofsted_sif.trend on the table"
        if how.method == "theil-sen":
            raise ValueError(f"theil-sen compares every two rows and can't be counted by batches: take method='mann-kendall', or {whole}")
        if self.value is not None and how.method != "cochran-armitage":
            raise ValueError(f"value={self.value!r}: {how.method} of numbers can't be counted by batches, that of grades can: {whole}")

    def _how(self) -> Method:
        return Method(
            self.method,
            self.season,
            self.freq,
            self.alternative,
            self.continuity,
            self.exact,
            self.adjust,
            self.level,
            self.value or self.judgement,
        )

    @property
    def _season_column(self) -> str | None:
        return None if self.season in ("month", "quarter") else self.season

    def needed(self) -> dict[str, Any]:
        """What is tested, by what."""
        judged = {"value": self.value} if self.value is not None else {"judgement": self.judgement}
        return {"by": self.by, **judged, "season": self._season_column, **self.called.needed()}

    def count(self, piece: Any) -> Partial:
        """Inspections by group, season, day and word."""
        frame = as_frame(piece, of_records=True, **self.needed())
        parts = {}
        if self.value is None:
            codes, labels = label_codes(column(frame, self.judgement, "judgement"))
            codes = np.asarray(codes)
            parts["words"], of_words = self.words_in(codes, labels)
            known = of_words[codes] >= 0
        else:
            numbers = numbers_of(frame, self.value)
            codes, labels = label_codes(pd.Series(numbers, copy=False))
            known = codes >= 0
            check_flags(np.asarray(labels), self.value)
        judgement = self.judgement if self.value is None else None
        which = Which(self.framework)
        taken = taken_rows(frame, self.called, which, codes, known, judgement=judgement, season=self.season, of_piece=True)
        rows = taken.frame
        by = [label_codes(column(rows, name, "by")) for name in names(self.by, "by")]
        season = [] if self._season_column is None else [label_codes(column(rows, self._season_column, "season"))]
        day = label_codes(pd.Series(taken.days, copy=False))
        parts["rows"] = count_labels([*by, *season, day, (np.asarray(taken.values), labels)], len(rows))
        if self.provider in rows.columns:
            place, at = places_of(by) if by else (np.zeros(len(rows), dtype=np.int64), np.zeros(1, dtype=np.int64))
            n_repeated = repeated(rows, self.provider, taken.used, place[taken.used], len(at))
            parts["repeated"] = PartialCounts(tuple(take(of, codes[at].astype(np.int64)) for codes, of in by), (n_repeated,))
        return Partial(len(frame), parts | self.chosen_frameworks(rows, np.flatnonzero(taken.used)))

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and counts the table of `trend`."""
        if "frameworks" in partial.counted:
            of = partial.counted["frameworks"]
            self.say_frameworks(of.labels[0], of.sums[0])
        cells, again = partial.counted["rows"], partial.counted.get("repeated")
        parts = [cells] if again is None else [cells, again]
        grouped, of_group = self.groups_of(self.by, self.observed, parts)
        merged = replace(grouped, codes=None if grouped.codes is None else np.concatenate(of_group))
        every, size, labels = merged.without_missing_codes(sum(map(len, of_group)))
        group, repeated_group = every[: len(of_group[0])], every[len(of_group[0]) :]
        days, n = np.asarray(cells.labels[-2]), cells.sums[0]
        if self.value is None:
            scale, (values,) = self.grades_of(partial.counted["words"], self.judgement, self.scale, cells.labels[-1])
            scale = scale.with_threshold(self.threshold)
            known = values >= 0
        else:
            scale, values = None, np.asarray(cells.labels[-1], dtype=np.float64)
            known = ~np.isnan(values)
        used = known & (days != NO_DAY)
        block = None
        if self.season is not None:
            named = {} if self._season_column is None else {self.season: self._season_label(cells)}
            block = blocks(pd.DataFrame(named), self.season, days)
            used &= block >= 0
            block = block[used]
        n_missing, n_repeated = np.zeros(size, dtype=np.int64), None
        np.add.at(n_missing, group[~used], n[~used])
        if again is not None:
            n_repeated = np.zeros(size, dtype=np.int64)
            np.add.at(n_repeated, repeated_group, again.sums[0])
        rows = Rows(group[used], size, values[used], days[used], scale, n[used])
        return trend_table(self._how(), labels, rows, block, n_missing, n_repeated)

    def _season_label(self, cells: PartialCounts) -> Any:
        return as_text(cells.labels[-3]) if self.season in self.text else cells.labels[-3]


trend.question = Trend
