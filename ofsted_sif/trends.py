"""Is there a trend, how strong, and could it be chance: tests for trend, group by group.

All of them count from inspections, each once. Improvement is positive whatever the direction of a scale; with `value` increase is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ofsted_sif.counts import NO_DAY
from ofsted_sif.dependence import Clusters
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import Columns, as_frame, column, names
from ofsted_sif.table.eligible import Which
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import cluster_codes
from ofsted_sif.table.inspections import Inspections, observe, observe_numbers, observe_rows
from ofsted_sif.table.keys import label_codes, take
from ofsted_sif.table.partial import OfHistories, Partial, PartialCounts, as_text, count_labels, places_of
from ofsted_sif.trend_methods import Method, Rows, check_flags, trend_table

__all__ = ["trend"]


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
    cluster: str | None = "auto",
    adjust: str | None = None,
    level: float = 0.95,
    framework: str | Sequence[str] | None = None,
    observed: bool = True,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Test for a trend over time, one row per group.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        One row per inspection. With `value` any dated numbers, such as shares of separate `periods` (dated by ``period_end``).
    by : str or sequence of str, optional
        Columns that make the groups, as for `aggregate`.
    method : str, default "mann-kendall"
        ``mann-kendall``: do later inspections have better grades? ``seasonal-mann-kendall``: the same within each `season`, summed.
        ``theil-sen``: the median slope per year, with its interval. ``cochran-armitage``: does the share that meets the threshold rise or
        fall along the periods? ``jonckheere``: do grades rise or fall along the periods?
    value : str, optional
        A column of numbers to test in place of grades. For ``cochran-armitage`` it holds true and false, or 0 and 1.
    judgement, scale, threshold, observed
        As for `aggregate`, but for one judgement. Only graded inspections take part.
    season : str, optional
        For ``seasonal-mann-kendall``: a column whose values are blocks (a region, a kind of provider), or ``"month"`` or ``"quarter"``
        of the date.
    freq : str or offset, default "YE-AUG"
        The periods of ``cochran-armitage`` and ``jonckheere``, as for `periods`. Empty periods count as time that passed.
    alternative : {"two-sided", "greater", "less"}, default "two-sided"
        What the test looks for. ``greater``: grades improve, or numbers rise. ``less``: they decline, or fall.
    continuity : bool, default True
        For the Mann-Kendall tests: bring S one unit nearer to 0 before it is divided by its standard deviation.
    exact : {"auto", "mid", True, False}, default "auto"
        For ``mann-kendall`` and ``theil-sen`` in groups of at most 20 inspections on different days: take p from the exact distribution of
        S given the ties. "mid" counts half of the probability of the S observed, True the whole (conservative). "auto" is "mid" for grades
        and True for `value`: with 4 or 5 numbers without ties "mid" rejects 8% at level 5%, while True never rejects more than 5% (and
        with fewer than 5 numbers nothing). Other groups, and all with False, take the normal distribution; the column ``exact`` says
        which.
    cluster : str or None, default "auto"
        Which rows depend on one another. "auto": those of one provider, where the table names providers. None: none do. Or the name of a
        column (a local authority, a group of homes). Each row where the column is missing stands alone. With `scan` only None.
    adjust : {None, "bh", "holm", "bonferroni"}, default None
        Adjust p for the number of groups. ``bh`` (Benjamini and Hochberg) limits the share of false ones among the trends found.
        ``holm`` limits the chance that any is false. ``bonferroni`` does so too: it multiplies p by the number of groups.
    level : float, default 0.95
        Confidence level of `lower` and `upper`.
    framework : str or sequence of str, optional
        As for `as_at`.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with a table that does not have the whole history (column ``known_from``). Only inspections from the day on which every
        provider is known are tested, with a warning. It is an error if fewer than two are left, and if the table is a result of `as_at`:
        providers that did badly are inspected again sooner, so a test would find a decline where there is none. ``"allow"`` takes the
        table as it is, without a warning.
    provider, inspected, published, graded : str
        What these columns are called in the table; None: the table has no such column.

    Returns
    -------
    DataFrame
        One row per group:

        ===============  =======  =======================================================================================================
        column           dtype    meaning
        ===============  =======  =======================================================================================================
        columns of `by`           as in the table; a missing label last
        method           text     as asked
        n                int64    rows that took part
        n_repeated       int64    how many of them are a provider's second or later inspection in the group
        n_clusters       int64    providers, or what `cluster` names; n where rows are taken as independent
        deff             float64  by how much the variance is larger than that of independent rows: 1 where no cluster repeats, NaN where
                                  nothing can vary
        n_missing        int64    graded inspections left out because the date, the grade or number, or the season is missing
        statistic        float64  S, T or J (see Notes)
        z                float64  its distance from what is expected without a trend, in standard errors
        p                float64  the probability of such a statistic, or of one further away, if there is no trend
        p_adjusted       float64  p adjusted for the number of groups; NaN without `adjust`
        tau              float64  Kendall's tau-b
        slope_per_year   float64  points of the share, or units of `value`, per year
        lower, upper     float64  bounds of the slope
        exact            bool     whether p is from the exact distribution
        ===============  =======  =======================================================================================================

        What a method does not give is NaN.

    Raises
    ------
    ValueError
        For a snapshot series (of `series`) or overlapping windows (of `periods`), whose rows repeat inspections; an unknown method,
        alternative or adjustment; a number that is infinite (the message has its row); missing columns.
    IncompleteHistoryError
        For the result of `as_at`, or where fewer than two inspections are left.

    Warns
    -----
    PooledFrameworksWarning
        Where rows of several frameworks took part and none was named.
    IncompleteHistoryWarning
        Where inspections are left out because the table does not have all of every provider.

    Notes
    -----
    *Mann-Kendall.* S is the sum of sign(later - earlier) over pairs of rows on different days. With t the sizes of sets of equal values
    and u of rows on one day, Var S = A3 B3 / 9n(n-1)(n-2) + A2 B2 / 2n(n-1), where A2 = Σt(n-t), A3 = Σt(n-t)(n+t-3), and B2 and B3 are
    the same of u [1]_ [2]_; z = (S - sign S)/√Var S; one-sided p are the tail of that z. `statistic` is S. The exact
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

    *Clusters.* Inspections of one provider are alike, and those of different years are compared with one another: if they are taken as
    independent, too few trends are found. Let D be the rows on earlier days less those on later days, R those with a worse value less
    those with a better one, and u = D R for each row. Then deff = Σ (Σ u)² / Σ u², the inner sum over the rows of a cluster, and the
    variance is that of independent rows times deff [8]_ [9]_. For ``jonckheere`` periods stand for days; for ``cochran-armitage`` u is
    (k - mean k)(1 if good enough, else 0, less p); for ``seasonal-mann-kendall`` u is scaled in each block so that its squares add up to
    the block's variance, and clusters reach over all blocks. Where some cluster repeats p is from the normal distribution. A group of one
    cluster is tested as if rows were independent: given the provider its grades are exchangeable if nothing changes. Where no provider
    changes this rejects 3% to 6% at level 5%, in each region and in the whole, however alike a provider's inspections are; taken as
    independent rows 5% falls below 1% (tests/benchmarks/CALIBRATION_TREND.md). Of fewer than 10 clusters it rejects too seldom, and so do
    the seasons of small groups.

    Clusters do not help against another thing: providers that did badly are inspected again sooner. In the first cycle of a framework,
    where these come back first, the test finds "declined" too often where grades last; in later cycles it does not.
    ``trend(first(...))`` is right for the first round of a framework, and badly wrong for a stretch of later cycles. To know whether
    providers improved, compare the same providers' states on two dates: `change_between`.

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
    .. [8] Rao, J. N. K., Scott, A. J. (1992). A simple method for the analysis of clustered binary data. Biometrics 48, 577-585.
    .. [9] Liang, K.-Y., Zeger, S. L. (1986). Longitudinal data analysis using generalized linear models. Biometrika 73, 13-22.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> found = sif.trend(sif.load_inspections(), framework="ILACS")
    >>> found[["n", "n_repeated", "n_clusters", "n_missing"]].to_numpy().tolist()
    [[313, 157, 156, 11]]
    >>> bool(found["p"].item() < 0.001), round(found["tau"].item(), 2)
    (True, 0.21)
    """
    how = Method(method, season, freq, alternative, continuity, exact, adjust, level, value or judgement)
    which = Which(framework, incomplete=incomplete)
    if value is None:
        _refuse_repeated(as_frame(table, beside=_OF_RESULTS))
        how.check_grades()
        called, beside = Columns(provider, inspected, published, graded=graded), [name for name in (season, cluster) if name is not None]
        seen = observe_rows(table, called, which, by=by, judgement=judgement, scale=scale, beside=beside)
        scale = seen.graded_on.with_threshold(threshold)
    else:
        frame = as_frame(table, groups=by)
        _refuse_repeated(frame)
        if inspected == "inspection_start" and inspected not in frame.columns and "period_end" in frame.columns:
            inspected = "period_end"
        called = Columns(provider, inspected, published, graded=graded)
        seen, scale = observe_numbers(frame, called, which, value=value, by=by), None
    taken = taken_rows(seen, seen.over_time(seen.may_count.all), season)
    seen.warn_if_pooled(taken.used)
    group, size, labels = _groups_of(seen, by, taken.may_count, observed=observed)
    is_missing = taken.may_count & ~taken.used
    n_missing = np.bincount(group[is_missing], minlength=size)
    group[is_missing] = -1
    of_providers, clusters = _clusters(seen, cluster, group, size)
    rows = Rows(group, size, seen.values, seen.dates.dated_at, scale, block=taken.block, clusters=clusters)
    return trend_table(how, labels, rows, n_missing, of_providers)


# ---- what comes in


@dataclass(frozen=True)
class Taken:
    """Which rows of a table may take part, which of them have all that is needed, and codes of the season of each row."""

    may_count: np.ndarray
    used: np.ndarray
    block: np.ndarray | None


def taken_rows(seen: Inspections, may_count: np.ndarray, season: str | None) -> Taken:
    """The inspections, or the rows of numbers, that may count."""
    used = may_count & seen.is_known
    if (undated := seen.dates.undated()) is not None:
        used &= ~undated
    if season is None:
        return Taken(may_count, used, None)
    block = blocks(seen.frame, season, seen.days)
    return Taken(may_count, used & (block >= 0), block)


def _groups_of(
    seen: Inspections, by: str | Sequence[str] | None, may_count: np.ndarray, *, observed: bool
) -> tuple[np.ndarray, int, dict[str, Any]]:
    """The group of each row that may count, -1 of others, in as few bytes as do; how many groups there are, and their labels."""
    rows = None if may_count.all() else np.flatnonzero(may_count)
    n_rows = len(may_count) if rows is None else len(rows)
    codes, size, labels = seen.groups(by, rows, observed=observed).without_missing_codes(n_rows)
    group = np.full(len(may_count), -1, dtype=np.min_scalar_type(-1 - size))
    group[slice(None) if rows is None else rows] = codes
    return group, size, labels


def _clusters(seen: Inspections, cluster: str | None, group: np.ndarray, size: int) -> tuple[Clusters | None, Clusters | None]:
    """The rows of providers, where the table names them, and the rows that depend on one another as the caller says."""

    def of(name: str, argument: str) -> Clusters:
        return Clusters(group, size, *cluster_codes(seen.frame, name, argument, seen.encoded))

    provider = seen.called.provider
    of_providers = of(provider, "provider") if provider in seen.frame.columns else None
    if cluster is None or cluster == "auto":
        return of_providers, of_providers if cluster else None
    return of_providers, of(cluster, "cluster")


#: Columns that tell what a result of this package is.
_OF_RESULTS = ("as_at", "n_judged", "n_shared")


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


def blocks(frame: pd.DataFrame, season: str, days: np.ndarray) -> np.ndarray:
    """Codes of the season of each row, -1 missing."""
    if season in ("month", "quarter") and season not in frame.columns:
        month = np.where(days == NO_DAY, -1, days.view("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12)
        return month if season == "month" else np.where(month < 0, -1, month // 3)
    return label_codes(column(frame, season, "season"))[0].astype(np.int64)


# ---- by batches


@dataclass(frozen=True, kw_only=True)
class Trend(OfHistories):
    """`ofsted_sif.trend`, with its options: by the methods that need no more than counts by group, day and grade."""

    over_time: ClassVar[bool] = True
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
    cluster: str | None = None

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
        if self.cluster is not None and (self.cluster != "auto" or self.provider in frame.columns):
            raise ValueError(
                f"cluster={self.cluster!r}: by batches the rows of a trend count as independent, and inspections of one provider are not. "
                "cluster=None counts them as independent; or read the file whole (pandas.read_parquet with columns=)"
            )
        parts = {}
        which = self.which
        if self.value is None:
            options = {"by": self.by, "judgement": self.judgement, "scale": self.scale, "histories": False}
            seen = observe(frame, self.called, which, of_piece=True, **options)
            parts["words"], of_words = self.words_in(seen.grades, seen.words)
            codes, labels = seen.grades, seen.words
            seen = replace(seen, grades=of_words[codes])
        else:
            seen = observe_numbers(frame, self.called, which, value=self.value, by=self.by, of_piece=True)
            codes, labels = label_codes(pd.Series(seen.values, copy=False))
            check_flags(np.asarray(labels), self.value)
        kept = seen.in_known_time(seen.may_count.all)
        parts |= self.left_out(seen.may_count.all, kept)
        taken = taken_rows(seen, kept, self.season)
        at = np.flatnonzero(taken.may_count)
        rows, used = frame if len(at) == len(frame) else frame.take(at), taken.used[at]
        by = [label_codes(column(rows, name, "by")) for name in names(self.by, "by")]
        season = [] if self._season_column is None else [label_codes(column(rows, self._season_column, "season"))]
        day = label_codes(pd.Series(seen.days[at], copy=False))
        parts["rows"] = count_labels([*by, *season, day, (codes[at], labels)], len(rows))
        if self.provider in rows.columns:
            place, at = places_of(by) if by else (np.zeros(len(rows), dtype=np.int64), np.zeros(1, dtype=np.int64))
            of_provider, n_labels = cluster_codes(rows, self.provider, "provider")
            of = Clusters(place[used], len(at), of_provider[used], n_labels)
            parts["repeated"] = PartialCounts(tuple(take(of, codes[at].astype(np.int64)) for codes, of in by), (of.n_rows - of.n,))
        return Partial(len(frame), parts | self.chosen_frameworks(seen.may_count, rows, np.flatnonzero(used)))

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and counts the table of `trend`."""
        self.say_left_out(partial)
        if "frameworks" in partial.counted:
            of = partial.counted["frameworks"]
            self.say_frameworks(partial, of.labels[0], of.sums[0])
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
        n_missing, n_repeated = np.zeros((2, size), dtype=np.int64)
        np.add.at(n_missing, group[~used], n[~used])
        if again is not None:
            np.add.at(n_repeated, repeated_group, again.sums[0])
        rows = Rows(group[used], size, values[used], days[used].take, scale, n[used], block)
        return trend_table(self._how(), labels, rows, n_missing, n_repeated)

    def _season_label(self, cells: PartialCounts) -> Any:
        return as_text(cells.labels[-3]) if self.season in self.text else cells.labels[-3]


trend.question = Trend
