"""Groups of few providers: shares drawn towards one another, and how much more groups differ than chance explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.arguments import number
from ofsted_sif.dispersion import dispersion
from ofsted_sif.errors import MissingColumnError
from ofsted_sif.intervals import normal_quantile
from ofsted_sif.table.columns import as_frame
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.result import check_not_overwritten

__all__ = ["overdispersion", "shrink"]

GRID = 80  # points of the mean, and of the root of the correlation
NEGLIGIBLE = 1e-7  # of the likeliest point: less likely ones are left out
CELLS_AT_ONCE = 1 << 20  # of groups and points
STEPS = 100  # towards a quantile; six or so are taken, twenty where a group has one row
LEAST_GROUPS = 3  # to tell how groups differ


def counts_of(counted: pd.DataFrame, function: str) -> tuple[np.ndarray, np.ndarray]:
    """How many of how many are good enough in each row of a result of `aggregate`; where it has n_eff, of so many independent rows."""
    shares = [name for name in counted.columns if str(name).startswith("share_") and str(name)[6:] in counted.columns]
    if "n_judged" not in counted.columns or not shares:
        raise MissingColumnError(
            f"{function} takes what sif.aggregate gives: one row per group with n_judged, and count and share of the scale's threshold"
        )
    _refuse_repeated(counted, function)
    _refuse_total(counted[["n_judged", *(str(name)[6:] for name in shares)]].to_numpy(dtype=np.float64), function)
    good = str(shares[-1])[6:]  # the threshold's stands after those of the grades
    n = counted["n_judged"].to_numpy(dtype=np.float64)
    if "n_eff" not in counted.columns:
        return counted[good].to_numpy(dtype=np.float64), n
    n = np.where(n > 0, counted["n_eff"].to_numpy(dtype=np.float64), 0)
    share = counted[f"share_{good}"].to_numpy(dtype=np.float64)
    return np.where(n > 0, np.nan_to_num(share) * n, np.where(np.isnan(n), np.nan, 0)), n


def _refuse_repeated(counted: pd.DataFrame, function: str) -> None:
    """Refuse groups that stand there once per date or judgement: the rows are the same providers again."""
    for name, of_one in (("as_at", "counted[counted['as_at'] == date]"), ("judgement", "counted[counted['judgement'] == name]")):
        if name in counted.columns and (several := counted[name].nunique()) > 1:
            raise ValueError(
                f"{function} takes one row per group, and the column {name!r} has {several} values: the same providers would count "
                f"{several} times; take one of them, {of_one}"
            )


def _refuse_total(counts: np.ndarray, function: str) -> None:
    """Refuse a row of all groups together, which is no group: the last one, where each of its counts is the sum of those above it."""
    if len(counts) > LEAST_GROUPS and counts[-1].any() and np.allclose(counts[-1], counts[:-1].sum(axis=0), rtol=1e-12, atol=0):
        raise ValueError(
            f"{function} takes one row per group, and the last row is the sum of all others: leave total= out of sif.aggregate"
        )


# ---- shrinkage


@same_kind
def shrink(counted: Any, *, level: float = 0.95) -> pd.DataFrame:
    """Move the shares of small groups towards the share of all groups, as far as their differences may be chance.

    Parameters
    ----------
    counted : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays
        One row per group, as `aggregate` gives it, of a scale with a threshold.
    level : float, default 0.95
        Probability of the interval.

    Returns
    -------
    DataFrame
        The table, with three more columns:

        ==========================  =======  ================================================================
        column                      dtype    meaning
        ==========================  =======  ================================================================
        columns of the table                 as they are
        share_shrunk                float64  the mean of what the share of the group may be, given all groups
        shrunk_lower, shrunk_upper  float64  bounds between which that share lies with probability `level`
        ==========================  =======  ================================================================

        A group in which nobody is judged gets what is known of any group. With fewer than 3 groups in which somebody is judged all are
        NaN.

    Raises
    ------
    ValueError
        For a table that is not a result of `aggregate`, has a row of all groups together (``total=``), or has rows of several dates or
        judgements; a level outside (0, 1); a column of the table that the result would overwrite.

    Notes
    -----
    Of group g, x of n are good enough, binomial with a share θ of its own. Shares are Beta(ms, (1-m)s) with s = 1/ρ - 1; the mean m and
    the correlation ρ are uniform on (0, 1), and taken on a grid of 80 values of m and 80 of √ρ [1]_ [2]_. `share_shrunk` is the posterior
    mean of θ, the bounds are quantiles of its distribution, a mixture of betas. As m and ρ are not taken as known, the bounds hold the
    truth in 94% and more of cases, where those of estimated ones ("empirical Bayes") hold it in 25% to 94%. With `weights` or `cluster`
    in `aggregate`, n is ``n_eff`` and x the share of it.

    Use it for rankings and maps, in which the smallest groups would otherwise come first and last. Do not use it to hold one group to
    account: its share is moved towards the others.

    References
    ----------
    .. [1] Kleinman, J. C. (1973). Proportions with extraneous variance: single and independent samples. JASA 68, 46-54.
    .. [2] Clayton, D., Kaldor, J. (1987). Empirical Bayes estimates of age-standardized relative risks for use in disease mapping.
       Biometrics 43, 671-681.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    >>> regions = sif.shrink(sif.aggregate(state, "region")).set_index("region")
    >>> regions.loc["East Midlands", ["share_good_or_outstanding", "share_shrunk"]].round(2).tolist()
    [0.5, 0.54]
    """
    normal_quantile(level)
    tail = (1 - level) / 2
    frame = as_frame(counted)
    good, n = counts_of(frame, "shrink")
    added = ("share_shrunk", "shrunk_lower", "shrunk_upper")
    check_not_overwritten(frame, dict.fromkeys(added, np.float64))
    # Groups of the same numbers have the same share.
    known = ~np.isnan(n)
    cases, place = np.unique(np.column_stack([good[known], n[known]]), axis=0, return_inverse=True)
    result = np.full((3, len(frame)), np.nan)
    if (n[known] > 0).sum() >= LEAST_GROUPS:
        points = _posterior(cases, np.bincount(place.reshape(-1)))
        step = max(1, CELLS_AT_ONCE // len(points.weight))
        parts = [_shrunk(cases[start : start + step], points, tail) for start in range(0, len(cases), step)]
        result[:, known] = np.concatenate(parts, axis=1)[:, place.reshape(-1)]
    return frame.assign(**dict(zip(added, result, strict=True)))


@dataclass(frozen=True)
class _Points:
    """Beta distributions that the shares of groups may have, and how likely each is."""

    a: np.ndarray
    b: np.ndarray
    weight: np.ndarray


def _posterior(cases: np.ndarray, number: np.ndarray) -> _Points:
    """The points of the grid that are not negligible, given groups of so many good of so many, each so often."""
    from scipy.special import betaln  # only here: scipy is slow to import

    middle = (np.arange(GRID) + 0.5) / GRID
    mean, root = (part.ravel() for part in np.meshgrid(middle, middle, indexing="ij"))
    s = 1 / root**2 - 1
    a, b = mean * s, (1 - mean) * s
    log_weight = np.log(2 * root)
    base = betaln(a, b)
    for (good, n), times in zip(cases.tolist(), number.tolist(), strict=True):
        log_weight += times * (betaln(a + good, b + n - good) - base)
    weight = np.exp(log_weight - log_weight.max())
    kept = weight >= NEGLIGIBLE
    return _Points(a[kept], b[kept], weight[kept] / weight[kept].sum())


def _shrunk(cases: np.ndarray, points: _Points, tail: float) -> np.ndarray:
    """The mean and the two quantiles of the share of groups of so many good of so many."""
    good, n = cases.T[..., None]
    a, b = points.a + good, points.b + n - good
    mean = (points.weight * a / (a + b)).sum(axis=1)
    return np.stack([mean, *(_quantile(a, b, points.weight, below) for below in (tail, 1 - tail))])


def _quantile(a: np.ndarray, b: np.ndarray, weight: np.ndarray, below: float) -> np.ndarray:
    """The quantiles of mixtures of betas: Newton's steps within a bracket, which is halved where a step would leave it.

    The first step starts at the quantile of one beta with the mean and the variance of the mixture. A row that has arrived stays there.
    """
    from scipy.special import betainc, betaincinv, betaln

    norm = betaln(a, b)
    mean = (weight * a / (a + b)).sum(axis=1)
    variance = (weight * a * (a + 1) / ((a + b) * (a + b + 1))).sum(axis=1) - mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        size = mean * (1 - mean) / variance - 1
        at = betaincinv(mean * size, (1 - mean) * size, below)
    at = np.where((at > 0) & (at < 1), at, mean)
    low, high = np.zeros(len(a)), np.ones(len(a))
    on_its_way = np.arange(len(a))
    for _ in range(STEPS):
        some_a, some_b, x = a[on_its_way], b[on_its_way], at[on_its_way]
        over = (weight * betainc(some_a, some_b, x[:, None])).sum(axis=1) - below
        low[on_its_way[over < 0]] = x[over < 0]
        high[on_its_way[over >= 0]] = x[over >= 0]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            log_density = (some_a - 1) * np.log(x)[:, None] + (some_b - 1) * np.log1p(-x)[:, None] - norm[on_its_way]
            step = x - over / (weight * np.exp(log_density)).sum(axis=1)
        least, most = low[on_its_way], high[on_its_way]
        at[on_its_way] = np.where((step > least) & (step < most), step, (least + most) / 2)
        on_its_way = on_its_way[np.abs(at[on_its_way] - x) > 1e-13]
        if not len(on_its_way):
            break
    return at


# ---- overdispersion


@same_kind
def overdispersion(counted: Any, *, trim: float = 0.1) -> pd.DataFrame:
    """Measure how much more the shares of groups differ than chance explains.

    Parameters
    ----------
    counted : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays
        One row per group, as `aggregate` gives it, of a scale with a threshold. Groups in which nobody is judged take no part.
    trim : float, default 0.1
        The part of the groups at each end, from 0 to below 0.5, whose distance is replaced by that of the outermost groups that are left
        (winsorised). So a few real outliers do not widen the limits for all.

    Returns
    -------
    DataFrame
        One row:

        ======  =======  =================================================================================================
        column  dtype    meaning
        ======  =======  =================================================================================================
        k       int64    groups in which somebody is judged
        target  float64  the share of all groups together
        phi     float64  the mean squared distance from it in standard errors: about 1 where groups differ by chance alone
        tau2    float64  the variance between groups on the scale of angles (radians²); 0 where chance explains all
        ======  =======  =================================================================================================

        With fewer than 5 groups phi and tau2 are NaN.

    Raises
    ------
    ValueError
        For a table that is not a result of `aggregate`, has a row of all groups together (``total=``), or has rows of several
        dates or judgements; a `trim` outside [0, 0.5).

    Notes
    -----
    With y = arcsin √(x/n), t = arcsin √target and s = 1/(2√n), z = (y - t)/s, winsorised at its quantiles `trim` and 1 - `trim`; phi is
    the mean of z². With w = 1/s², tau2 = (kφ - (k-1)) / (Σw - Σw²/Σw), and 0 where kφ < k - 1 [1]_. By a rule of thumb phi above
    1 + 2√(2/k) is more than chance. `plot.funnel` draws limits that allow for it with ``limits="additive"`` or ``"multiplicative"``.

    References
    ----------
    .. [1] Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statist. Med. 24, 1185-1202, A.3.
       doi 10.1002/sim.1970

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    >>> found = sif.overdispersion(sif.aggregate(state, "region"))
    >>> int(found["k"].item()), round(found["phi"].item(), 2)
    (9, 0.81)
    """
    if not 0 <= number(trim, "trim", "0.1") < 0.5:
        raise ValueError(f"trim is {trim}; it lies from 0 to below 0.5, as 0.1 does")
    found = dispersion(*judged_of(as_frame(counted), "overdispersion"), trim)
    target = float(np.sin(found.angle) ** 2)
    return pd.DataFrame({"k": [len(found.n)], "target": [target], "phi": [found.phi], "tau2": [found.tau2]})


def judged_of(counted: pd.DataFrame, function: str) -> tuple[np.ndarray, np.ndarray]:
    """How many of how many are good enough, of the groups with anybody judged."""
    good, n = counts_of(counted, function)
    return good[n > 0], n[n > 0]
