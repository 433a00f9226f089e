"""How two tables of grades differ: two groups, or the same providers at two dates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.intervals import normal_quantile, proportion_interval, sign_test
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import as_frame, column, grade_codes
from ofsted_sif.table.frames import same_kind

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
    """Compare the grades of two tables: two groups, or one at two dates. Positive differences mean that `a` is better.

    Parameters
    ----------
    a, b : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays
        A row a provider, as `as_at` gives them. For two dates put the later first: then positive is improvement.
    judgement : str, default "overall_effectiveness"
        The judgement; rows without it take no part.
    scale : GradeScale, optional
        Its scale; by default told from the column of `a`.
    threshold : str, optional
        The worst grade that still counts as good enough; by default that of the scale.
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
    first, second = as_frame(a), as_frame(b)
    of_a, scale = grade_codes(first, judgement, scale)
    of_b, _ = grade_codes(second, judgement, scale)
    scale = scale.with_threshold(threshold)
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
    keys = [pd.Index(np.asarray(column(frame, provider, "provider"))) for frame in (first, second)]
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
            ("mcnemar", NAN, NAN, NAN, min(up, down), float(sign_test(up, down))),
        ]
