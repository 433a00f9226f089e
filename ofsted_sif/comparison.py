"""How two tables of grades differ: two groups, or the same providers at two dates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.arguments import one_name
from ofsted_sif.errors import SharedProvidersWarning, warn
from ofsted_sif.intervals import normal_quantile, paired_difference, proportion_interval, sign_test
from ofsted_sif.scales import GradeScale, snake_case
from ofsted_sif.table.columns import DEFAULTS, as_frame, column, grade_codes
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.keys import key_codes, of_one_kind
from ofsted_sif.table.records import KEYS

__all__ = ["compare"]


@same_kind
def compare(
    a: Any,
    b: Any,
    *,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    threshold: str | None = None,
    paired: bool = False,
    level: float = 0.95,
    provider: str = "provider",
) -> pd.DataFrame:
    """Compare the grades of two tables: two groups, or one group on two dates. Positive differences mean that `a` is better.

    Parameters
    ----------
    a, b : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays
        One row per provider, as `as_at` gives them. For two dates put the later first: then positive is improvement.
    judgement : str, default "overall_effectiveness"
        The judgement; rows without it take no part.
    scale : GradeScale, optional
        Its scale; by default the one that fits the column of `a`.
    threshold : str, optional
        The worst grade that still counts as good enough; by default that of the scale.
    paired : bool, default False
        Whether the tables have the same providers on two dates. They are matched by `provider`; those judged in both take part.
    level : float, default 0.95
        Confidence level of the bounds.
    provider : str, default "provider"
        The column to match by. A name that you give must be in both tables. Without a column ``provider``, one that is
        called as keys are (``URN``), with each key once, tells of shared providers.

    Returns
    -------
    DataFrame
        One row per measure:

        ============  =======  =====================================================
        column        dtype    meaning
        ============  =======  =====================================================
        measure       text     its name, see below
        estimate      float64  the measure; NaN for a row that is a test only
        lower, upper  float64  its bounds
        statistic     float64  the statistic of the test; NaN where the row has none
        p             float64  two-sided p of the test; NaN where the row has none
        n_a, n_b      int64    rows of each table with a grade; with `paired` pairs
        ============  =======  =====================================================

        The measures of two groups are:

        - ``difference of shares`` that meet the threshold, with Newcombe's interval.
        - ``ratio of shares``, with Koopman's score interval.
        - ``odds ratio``, with the score interval and Fisher's exact p. At the border of significance the two may disagree.
        - ``mann-whitney``: the test over the whole scale. The statistic is U.
        - ``probability of superiority``: how likely it is that a row of `a` is better than a row of `b`; ties count half. Brunner and
          Munzel's interval and test. Where one table is better throughout, or has one row, Newcombe's interval and no p.

        Those of pairs are:

        - ``difference of shares``, with Bonett and Price's interval.
        - ``odds ratio`` of the pairs that crossed the threshold, with the exact interval.
        - ``mcnemar``: the exact test. The statistic is the smaller of the two numbers that crossed.
        - ``improved less declined``: pairs with a better grade in `a` less those with a worse one, as a share of all pairs. Bonett and
          Price's interval and the exact sign test, whose statistic is the smaller of the two numbers.
        - ``probability of superiority``: how the two distributions compare over the whole scale. Munzel and Brunner's interval and test.

        Shares, odds ratio and mcnemar are there only where the scale has a threshold. What can't be told is NaN; a bound of a ratio that
        nothing limits is 0 or infinite. ``attrs`` says how many rows were left out because they have no grade or no partner.

    Raises
    ------
    ValueError
        For a missing column; with `paired` also for a provider that occurs twice in a table, and where no provider is in both.

    Warns
    -----
    SharedProvidersWarning
        Where the tables share providers and `paired` is False: intervals and tests assume that rows are independent.

    Notes
    -----
    Newcombe: with p, l, u the share and Wilson's bounds of each table, the difference d = p_a - p_b has the bounds
    ``d - √((p_a - l_a)² + (u_b - p_b)²)`` and ``d + √((u_a - p_a)² + (p_b - l_b)²)``. Ratio r: bounds are the
    r at which ``(x_a/n_a - r x_b/n_b) / √(P_a(1 - P_a)/n_a + r² P_b(1 - P_b)/n_b)`` is z and -z, with P the likeliest shares of which
    ``P_a = r P_b`` [4]_. Odds ratio: the same of ``(x_a - n_a P_a) √(1/(n_a P_a(1 - P_a)) + 1/(n_b P_b(1 - P_b)))``, with P the likeliest
    shares of that odds ratio and as many good enough in all [5]_: where its square, Pearson's chi-squared, is z². Superiority without
    variance: the t with ``(P - t)² <= z² t(1 - t) (1 + (m - 1) ((1 - t)/(2 - t) + t/(1 + t))) / (n_a n_b)``, m = (n_a + n_b)/2 [6]_.
    Mann-Whitney: ``z = (|U - n_a n_b / 2| - 1/2) / s``, ``s² = n_a n_b / 12 (n + 1 - sum(t³ - t) / (n (n - 1)))`` with n = n_a + n_b and t
    the numbers of rows of each grade. McNemar: of the c pairs that crossed the threshold, a binomial(c, 1/2) number did so upwards.
    Bonett and Price: with u up and d down of n pairs, ``u' = u + 1``, ``d' = d + 1``, ``n' = n + 2`` and ``c = (u' - d') / n'``, the bounds
    are ``c ± z √(((u' + d') / n' - c²) / n')``, cut to [-1, 1]. Superiority of pairs: with ``F_a(x)`` the share of `a` that is worse than x
    or, by half, equal, P is the mean of ``F_b(a_i)``; its variance is that of ``F_b(a_i) - F_a(b_i)`` over the n pairs, by n, and bounds
    and test take Student's t with n - 1 degrees of freedom [7]_; where that variance is 0 they are NaN.

    For two dates of one table of inspections `change_between` answers the same question by groups, and says how many are judged on one
    date only.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Stat. Med. 17, 873-890.
       doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
    .. [2] Brunner, E., Munzel, U. (2000). The nonparametric Behrens-Fisher problem. Biom. J. 42, 17-25.
    .. [3] Bonett, D. G., Price, R. M. (2012). Adjusted Wald confidence interval for a difference of binomial proportions based on
       paired data. J. Educ. Behav. Stat. 37, 479-488. doi:10.3102/1076998611411915
    .. [4] Koopman, P. A. R. (1984). Confidence intervals for the ratio of two binomial proportions. Biometrics 40, 513-517.
    .. [5] Agresti, A., Min, Y. (2002). Unconditional small-sample confidence intervals for the odds ratio. Biostatistics 3, 379-386.
    .. [6] Newcombe, R. G. (2006). Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part 2. Stat.
       Med. 25, 559-573. doi:10.1002/sim.2324
    .. [7] Munzel, U., Brunner, E. (2002). An exact paired rank test. Biom. J. 44, 584-593.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> table = sif.load_inspections()
    >>> now, then = (sif.as_at(table, date, framework=["SIF", "ILACS"]) for date in ("2024-03-31", "2019-03-31"))
    >>> row = sif.compare(now, then, paired=True).iloc[0]
    >>> print(f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})")
    0.136 (0.044 to 0.225)
    """
    first, second = as_frame(a), as_frame(b)
    of_a, scale = grade_codes(first, judgement, scale)
    of_b, _ = grade_codes(second, judgement, scale)
    scale = scale.with_threshold(threshold)
    k = len(scale.labels)
    good_enough = k - scale.n_good_enough
    one_name(provider, "provider")
    normal_quantile(level)  # a level that is none is named before anything is counted
    if paired:
        of_a, of_b = _pairs(first, second, of_a, of_b, provider)
        n_rows = [len(first), len(second)]
        rows = [] if scale.threshold is None else _crossing_measures(of_a >= good_enough, of_b >= good_enough, level)
        rows += _moving_measures(of_a, of_b, k, level)
        sizes = [len(of_a), len(of_b)]
    else:
        _warn_if_shared(first, second, provider)
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


def _warn_if_shared(first: pd.DataFrame, second: pd.DataFrame, provider: str) -> None:
    """Say how many providers are in both tables, where both have keys of them; a name that the user gave must be there."""
    if provider != DEFAULTS["provider"]:
        column(first, provider, "provider")
        column(second, provider, "provider")
    of_first, of_second = _keys(first, provider), _keys(second, provider)
    if of_first is None or of_second is None:
        return
    codes = key_codes(pd.concat([of_first.astype(object), of_second.astype(object)], ignore_index=True))[0]
    in_a, in_b = (np.unique(part[part >= 0]) for part in (codes[: len(first)], codes[len(first) :]))
    if shared := len(np.intersect1d(in_a, in_b, assume_unique=True)):
        warn(
            f"{shared} of {len(in_a)} providers are in both tables, which are compared as if they were independent: use paired=True to "
            "compare the same providers at two dates",
            SharedProvidersWarning,
        )


def _keys(frame: pd.DataFrame, provider: str) -> pd.Series | None:
    """The keys of the providers: their column, or else one that is called as keys are and has none of them twice; None without."""
    if provider in frame.columns:
        return column(frame, provider, "provider")
    named = (frame[name] for name in frame.columns if snake_case(str(name)) in KEYS)
    return next((of for of in named if isinstance(of, pd.Series) and not of.duplicated().any()), None)


Measure = tuple[str, Any, Any, Any, Any, Any]  # name, estimate, lower, upper, statistic, p
NAN = float("nan")
HALVINGS = 100  # of an interval in which a bound lies: its last digit
LARGEST_LOG = 40.0  # of a ratio that is looked for


def _share_measures(count_a: Any, n_a: int, count_b: Any, n_b: int, level: float) -> list[Measure]:
    """Difference, ratio and odds ratio of two shares."""
    from scipy.stats import fisher_exact  # only here: scipy is slow to import

    x, n = np.array([count_a, count_b], dtype=np.float64), np.array([n_a, n_b], dtype=np.float64)
    lower, upper = proportion_interval(x, n, level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, odds = x / n, x / (n - x)
        difference = share[0] - share[1]
        below = np.hypot(share[0] - lower[0], upper[1] - share[1])
        above = np.hypot(upper[0] - share[0], share[1] - lower[1])
        ratio, odds_ratio = share[0] / share[1], odds[0] / odds[1]
        p = fisher_exact([x, n - x])[1] if n.all() else NAN
    # An odds ratio is told by no table in which all, or none, are good enough.
    odds_ratio = NAN if x.sum() in (0, n.sum()) else odds_ratio
    return [
        ("difference of shares", difference, difference - below, difference + above, NAN, NAN),
        ("ratio of shares", ratio, *_score_bounds(_ratio_score, x, n, x[0] == 0, x[1] == 0, level), NAN, NAN),
        (
            "odds ratio",
            odds_ratio,
            *_score_bounds(_odds_score, x, n, x[0] == 0 or x[1] == n[1], x[1] == 0 or x[0] == n[0], level),
            NAN,
            p,
        ),
    ]


def _score_bounds(
    score: Callable[[float, np.ndarray, np.ndarray], float], x: np.ndarray, n: np.ndarray, from_0: bool, to_infinity: bool, level: float
) -> tuple[float, float]:
    """The ratios at which a score, falling in the ratio, is at the quantile and at minus the quantile; by halving the logarithm."""
    if not n.all():
        return NAN, NAN
    z = normal_quantile(level)

    def ratio_at(wanted: float) -> float:
        low, high = -LARGEST_LOG, LARGEST_LOG
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if score(float(np.exp(middle)), x, n) > wanted else (low, middle)
        return float(np.exp((low + high) / 2))

    return 0.0 if from_0 else ratio_at(z), float("inf") if to_infinity else ratio_at(-z)


def _small_root(a: float, b: float, c: float) -> float:
    """The root ``(-b - √(b² - 4ac)) / 2a`` where b is negative, with nothing that cancels."""
    return 2 * c / (-b + np.sqrt(max(b * b - 4 * a * c, 0.0)))


def _ratio_score(ratio: float, x: np.ndarray, n: np.ndarray) -> float:
    """How far two shares are from this ratio, in standard deviations under it (Koopman)."""
    of_b = _small_root(n.sum() * ratio, -(ratio * (n[0] + x[1]) + x[0] + n[1]), x.sum())
    of_a = min(ratio * of_b, 1.0)
    variance = of_a * (1 - of_a) / n[0] + ratio**2 * of_b * (1 - of_b) / n[1]
    distance = x[0] / n[0] - ratio * x[1] / n[1]
    return float(distance / np.sqrt(variance)) if variance > 0 else float(np.sign(distance)) * float("inf") if distance else 0.0


def _odds_score(ratio: float, x: np.ndarray, n: np.ndarray) -> float:
    """The same of an odds ratio: Pearson's statistic at it, with its sign."""
    b, c = n[0] * ratio + n[1] - x.sum() * (ratio - 1), x.sum()
    # The root in [0, 1] of n_b (r - 1) p² + b p - (x_a + x_b), written so that nothing cancels, at r = 1 either.
    root = np.sqrt(max(b * b + 4 * n[1] * (ratio - 1) * c, 0.0))
    of_b = 2 * c / (b + root) if b > 0 else (root - b) / (2 * n[1] * (ratio - 1))
    of_a = of_b * ratio / (1 + of_b * (ratio - 1))
    spread = [n[0] * of_a * (1 - of_a), n[1] * of_b * (1 - of_b)]
    if min(spread) <= 0:
        return float(np.sign(x[0] - n[0] * of_a)) * float("inf")
    return float((x[0] - n[0] * of_a) * np.sqrt(1 / spread[0] + 1 / spread[1]))


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
        bounds = np.maximum(share - half, 0.0), np.minimum(share + half, 1.0)
    if min(n_a, n_b) == 1 or variance == 0:
        bounds = _superiority_bounds(float(share), n_a, n_b, level)
    return [("mann-whitney", NAN, NAN, NAN, u, p), ("probability of superiority", share, *bounds, t, p_superior)]


def _superiority_bounds(share: float, n_a: float, n_b: float, level: float) -> tuple[float, float]:
    """Newcombe's method 5, where placements do not vary or a table has one row: probabilities t with (share - t)² <= z² V(t)."""
    if not n_a * n_b:
        return NAN, NAN
    z, mean = normal_quantile(level), (n_a + n_b) / 2

    def bound(end: float) -> float:
        inside, outside = share, end
        for _ in range(HALVINGS):
            t = (inside + outside) / 2
            variance = t * (1 - t) * (1 + (mean - 1) * ((1 - t) / (2 - t) + t / (1 + t))) / (n_a * n_b)
            inside, outside = (t, outside) if (share - t) ** 2 <= z * z * variance else (inside, t)
        return (inside + outside) / 2

    return (0.0 if share == 0 else bound(0.0)), (1.0 if share == 1 else bound(1.0))


def _pairs(first: pd.DataFrame, second: pd.DataFrame, of_a: np.ndarray, of_b: np.ndarray, provider: str) -> tuple[np.ndarray, np.ndarray]:
    """The grades of the providers that are judged in both tables."""
    keys = [pd.Index(np.asarray(values)) for values in of_one_kind(*(column(frame, provider, "provider") for frame in (first, second)))[0]]
    for name, index in zip("ab", keys, strict=True):
        if index.has_duplicates:
            raise ValueError(f"{name}: provider {index[index.duplicated()][0]} is in it twice; each pair takes one row per provider")
    partner = keys[1].get_indexer(keys[0])
    if len(first) and len(second) and (partner < 0).all():
        of_one, of_other = (repr(next(iter(index.tolist()))) for index in keys)
        raise ValueError(
            f"paired=True: no provider is in both tables (column {provider!r}: a has {of_one}, b has {of_other}); "
            "write the keys of both alike"
        )
    of_partner = np.append(of_b, -1)[partner]
    both = (partner >= 0) & (of_a >= 0) & (of_partner >= 0)
    return of_a[both], of_partner[both]


def _crossing_measures(a: np.ndarray, b: np.ndarray, level: float) -> list[Measure]:
    """Difference and odds ratio of pairs that crossed the threshold, and McNemar's exact test."""
    n, up, down = len(a), int((a & ~b).sum()), int((~a & b).sum())
    # Given how many crossed, those upwards are binomial; their share's exact bounds become bounds of the odds.
    lower, upper = proportion_interval(up, up + down, method="clopper-pearson", level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        return [
            ("difference of shares", np.divide(up - down, n), *paired_difference(up, down, n, level), NAN, NAN),
            ("odds ratio", np.divide(up, down), lower / (1 - lower), upper / (1 - upper), NAN, NAN),
            ("mcnemar", NAN, NAN, NAN, min(up, down), float(sign_test(up, down))),
        ]


def _moving_measures(a: np.ndarray, b: np.ndarray, k: int, level: float) -> list[Measure]:
    """On the whole scale: pairs that are better in `a` less those that are worse, and the probability of superiority of pairs."""
    from scipy.special import stdtr, stdtrit  # only here: scipy is slow to import

    n, up, down = len(a), int((a > b).sum()), int((a < b).sum())
    bounds = paired_difference(up, down, n, level)
    # What share of a table each grade is better than, ties half.
    over_a, over_b = (np.cumsum(number) - number / 2 for number in (np.bincount(codes, minlength=k) for codes in (a, b)))
    with np.errstate(invalid="ignore", divide="ignore"):
        difference, superior = np.divide(up - down, n), np.divide(over_b[a].sum(), n * n)
        placed = over_b[a] - over_a[b]
        spread = placed.std(ddof=1) / n / np.sqrt(n) if n > 1 and np.ptp(placed) > 0 else NAN
        half = stdtrit(n - 1, (1 + level) / 2) * spread
        t = (superior - 0.5) / spread
    return [
        ("improved less declined", difference, *bounds, min(up, down), float(sign_test(up, down))),
        (
            "probability of superiority",
            superior,
            np.maximum(superior - half, 0.0),
            np.minimum(superior + half, 1.0),
            t,
            2 * stdtr(n - 1, -abs(t)),
        ),
    ]
