"""Intervals for proportions, and whole per cents as Ofsted prints them."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.arguments import number

__all__ = ["percent", "proportion_interval"]

METHODS = ("wilson", "clopper-pearson", "jeffreys", "goodman")
MOST_IN_64_BITS = (2**63 - 1) // 201
MANY_TIMES = 2e-6  # how small one parameter of a beta distribution is beside the other where a gamma distribution takes over
VERY_MANY = 1e9  # and from where on both are so large that its distribution is normal but for its skewness
VALUES_AT_ONCE = 8_192  # 64 KB an array: from 128 KB on memory may be mapped anew for each step of the computation


def check_method(method: str) -> str:
    """The name of an interval's method, given in any case, or an error that lists them."""
    if (name := str(method).casefold()) not in METHODS:
        raise ValueError(f"unknown interval {method!r}; known are {', '.join(METHODS)}")
    return name


def normal_quantile(level: float, comparisons: int = 1) -> float:
    """The two-sided standard normal quantile of a confidence level, shared among `comparisons` (Bonferroni)."""
    if not 0 < number(level, "level", "0.95") < 1:
        raise ValueError(f"level is {level}; it lies between 0 and 1, as 0.95 does")
    from statistics import NormalDist  # here: it loads fractions, decimal and random

    # The tail itself: near level 1 one less the tail would be rounded to 1, which has no quantile.
    return -NormalDist().inv_cdf((1 - level) / (2 * comparisons))


def _score(count: np.ndarray, n: np.ndarray, z: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval. At count 0 and n the outer bound is exactly 0 and 1, which rounding could miss."""
    share, half = count / n, z * z / 2 / n
    spread = z * np.sqrt((share * (1 - share) + half / 2) / n)
    scale = 1 + 2 * half
    share += half
    lower, upper = (share - spread) / scale, (share + spread) / scale
    return np.where(count == 0, 0.0, lower), np.where(count == n, 1.0, upper)


def _beta(count: np.ndarray, n: np.ndarray, level: float, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of beta distributions: Clopper-Pearson adds 1 to the side that is bounded, Jeffreys 1/2 to both."""
    tail, prior, more = (1 - level) / 2, *((0.5, 0.5) if method == "jeffreys" else (0.0, 1.0))
    lower = np.where(count == 0, 0.0, _beta_quantile(count + prior, n - count + more, tail, from_above=False))
    upper = np.where(count == n, 1.0, _beta_quantile(count + more, n - count + prior, tail, from_above=True))
    return lower, upper


def _beta_quantile(a: np.ndarray, b: np.ndarray, tail: float, *, from_above: bool) -> np.ndarray:
    """The quantile of Beta(a, b) with this probability below it, or above it (one less a small tail would lose its digits).

    SciPy's inverse loses digits where one parameter is many times the other (1 of 10⁹: all but seven). There
    ``-(b + (a - 1) / 2) log(1 - x)`` is a gamma variable of shape a, but for a relative error of order ``(a / b)²``.
    """
    from scipy.special import betainccinv, betaincinv, gammainccinv, gammaincinv  # only here: scipy is slow to import

    value = np.asarray((betainccinv if from_above else betaincinv)(a, b, tail))
    if (few := a < MANY_TIMES * b).any():
        gamma = (gammainccinv if from_above else gammaincinv)(a, tail)
        value = np.where(few, -np.expm1(-gamma / (b + (a - 1) / 2)), value)
    if (all_but_few := b < MANY_TIMES * a).any():
        gamma = (gammaincinv if from_above else gammainccinv)(b, tail)
        value = np.where(all_but_few, np.exp(-gamma / (a + (b - 1) / 2)), value)
    if (very_many := np.minimum(a, b) > VERY_MANY).any():
        # Cornish and Fisher's expansion to the skewness: what is left out is below the last digit.
        z = normal_quantile(1 - 2 * tail) * (1 if from_above else -1)
        mean, total = a / (a + b), a + b
        skewness = 2 * (b - a) / total / np.sqrt(a) * np.sqrt(total / b)
        spread = np.sqrt(mean * (b / total) / (total + 1))
        value = np.where(very_many, mean + spread * (z + skewness * (z * z - 1) / 6), value)
    return value


def proportion_interval(count: Any, n: Any, *, method: str = "wilson", level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Confidence interval of a proportion.

    Parameters
    ----------
    count : array_like of int
        Number of successes, a whole number from 0 to `n`. For ``"goodman"`` the last axis holds the counts of all categories.
    n : array_like of int
        Number of trials; broadcast against `count`.
    method : {"wilson", "clopper-pearson", "jeffreys", "goodman"}, default "wilson"
        ``wilson``: the score interval. ``clopper-pearson``: exact, from beta quantiles, conservative. ``jeffreys``: quantiles of the
        Beta(count + 1/2, n - count + 1/2) posterior, with bound 0 at count 0 and 1 at count n. ``goodman``: score intervals
        of the k categories of a multinomial, simultaneous by Bonferroni: Wilson's with the quantile of level ``1 - (1 - level) / k``.
    level : float, default 0.95
        Confidence level, two-sided.

    Returns
    -------
    lower, upper : ndarray of float64
        Bounds, never outside [0, 1]; NaN where `n` is 0 or either argument is missing.

    Raises
    ------
    TypeError
        For counts that are not whole numbers (such as a share given in place of a count).
    ValueError
        For an unknown method, a level outside (0, 1), a negative count, or one larger than its `n`; for pandas Series whose indexes
        differ.

    Notes
    -----
    With p = count / n and z the normal quantile, Wilson's bounds are
    ``(p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n)``.

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.
    .. [2] Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits. Biometrika 26, 404-413.
    .. [3] Brown, L. D., Cai, T. T., DasGupta, A. (2001). Interval estimation for a binomial proportion. Statist. Sci. 16, 101-133.
    .. [4] Goodman, L. A. (1965). On simultaneous confidence intervals for multinomial proportions. Technometrics 7, 247-254.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> lower, upper = sif.proportion_interval(10, 43)
    >>> print(f"{lower:.3f} to {upper:.3f}")
    0.132 to 0.377
    """
    _check_alike(count, n)
    return interval_of(_whole_or_missing(count, "count"), _whole_or_missing(n, "n"), method=method, level=level)


def _check_alike(count: Any, n: Any) -> None:
    """Refuse counts that go by position but are labelled otherwise, and such of which there are not as many."""
    if isinstance(count, pd.Series) and isinstance(n, pd.Series) and not count.index.equals(n.index):
        raise ValueError(
            "count and n are Series whose indexes differ, and their values are taken by position: align them first, "
            "count, n = count.align(n), or give count.to_numpy() and n.to_numpy()"
        )
    try:
        np.broadcast_shapes(np.shape(count), np.shape(n))
    except ValueError:
        raise ValueError(f"count and n do not fit together: count has the shape {np.shape(count)}, n has {np.shape(n)}") from None


def interval_of(count: Any, n: Any, *, method: str = "wilson", level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """`proportion_interval` of counts that need not be whole: those of an effective number of trials."""
    method = check_method(method)
    count, n = _numbers(count), _numbers(n)
    if count.shape != n.shape:
        count, n = np.broadcast_arrays(count, n)
    z = normal_quantile(level, count.shape[-1] if method == "goodman" and count.ndim else 1)
    result = np.empty((2, *count.shape))
    for piece in _pieces(count):
        some, of = np.asarray(count[piece], dtype=np.float64), np.asarray(n[piece], dtype=np.float64)
        if (some < 0).any() or (some > of).any():
            raise _out_of_range(count, n)
        with np.errstate(divide="ignore", invalid="ignore"):
            bounds = _score(some, of, z) if method in ("wilson", "goodman") else _beta(some, of, level, method)
        result[0, piece], result[1, piece] = bounds
        if not (known := of > 0).all():
            result[:, piece] = np.where(known, result[:, piece], np.nan)
    return result[0, ...], result[1, ...]


def _numbers(values: Any) -> np.ndarray:
    """NumPy's own numbers as they are, a few at a time made floats of; all else as floats, where a missing value is NaN."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.filled(values.astype(np.float64), np.nan)
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return values
    if hasattr(values, "to_numpy"):  # of pandas, whose pd.NA is no number
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(values, dtype=np.float64)


def _whole_or_missing(values: Any, name: str) -> np.ndarray:
    """Numbers of which each is whole or missing; a share in the place of a count is an error."""
    if (kind := np.asarray(values).dtype).kind in "SUc":
        raise TypeError(f"{name} must be whole numbers, not {kind}")
    found = _numbers(values)
    if found.dtype.kind == "f":
        for piece in _pieces(found):
            some = found[piece]
            if not (((some == np.floor(some)) & np.isfinite(some)) | np.isnan(some)).all():
                raise TypeError(f"{name} must be whole numbers; round only once, from the counts")
    return found


def _pieces(values: np.ndarray) -> Iterator[Any]:
    """Indices of a few rows after another: what is computed of so many stays in the caches."""
    if values.ndim == 0:
        yield ...
        return
    rows = max(VALUES_AT_ONCE * len(values) // max(values.size, 1), 1)
    for start in range(0, len(values), rows):
        yield slice(start, start + rows)


def _out_of_range(count: np.ndarray, n: np.ndarray, wrong: np.ndarray | None = None) -> ValueError:
    """The error of the first count that is negative or larger than its n."""
    where = tuple(int(i) for i in np.argwhere((count < 0) | (count > n) if wrong is None else wrong)[0])
    place = f" at position {where}" if count.ndim else ""
    told, of = (f"{value:.15g}" if isinstance(value, float | np.floating) else str(value) for value in (count[where], n[where]))
    return ValueError(f"count is {told} of n = {of}{place}; it lies between 0 and n")


def percent(count: Any, n: Any) -> np.ndarray:
    """Whole per cent, rounded half up in integers, as Ofsted prints them.

    Parameters
    ----------
    count, n : array_like of int
        Part and whole, ``0 <= count <= n``, integers of any size; broadcast against each other.

    Returns
    -------
    ndarray
        ``floor((200 count + n) / 2n)`` as int64. Where an `n` is 0 or a value is masked, the array is float64 and has NaN there.

    Raises
    ------
    TypeError
        For counts that are not whole numbers.
    ValueError
        For a negative count, or one larger than its `n`; for pandas Series whose indexes differ.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> int(sif.percent(1, 8)), int(sif.percent(91, 151))
    (13, 60)
    """
    _check_alike(count, n)
    missing = np.ma.getmaskarray(count) | np.ma.getmaskarray(n) if np.ma.isMA(count) or np.ma.isMA(n) else False
    count, n, missing = np.broadcast_arrays(_whole(count, "count"), _whole(n, "n"), missing)
    if (wrong := ((count < 0) | (count > n)) & ~missing).any():
        raise _out_of_range(count, n, wrong)
    if (n > MOST_IN_64_BITS).any():  # 201 times it no longer fits: Python's own integers
        count, n = count.astype(object), n.astype(object)
    shape, unknown = n.shape, (missing | (n == 0)).astype(np.bool_).reshape(-1)
    count, n = count.reshape(-1), np.where(unknown, 1, n.reshape(-1))  # in a row: of a single object NumPy makes a number of 64 bits
    value = np.where(unknown, 0, (200 * count + n) // (2 * n)).astype(np.int64).reshape(shape)
    return np.where(unknown.reshape(shape), np.nan, value) if unknown.any() else value


def _whole(values: Any, name: str) -> np.ndarray:
    """Whole numbers as integers, of 64 bits or, where they are larger, Python's own; 0 in place of masked ones."""
    array = np.ma.filled(values, 0) if np.ma.isMA(values) else np.asarray(values)
    if array.dtype.kind == "O" and all(isinstance(value, numbers.Integral) for value in array.flat):
        return array
    if array.dtype.kind in "SUc":
        raise TypeError(f"{name} must be whole numbers, not {array.dtype}")
    if array.dtype.kind not in "iu":
        whole = np.asarray(array, dtype=np.float64)
        if not (whole == np.floor(whole)).all() or not np.isfinite(whole).all():
            raise TypeError(f"{name} must be whole numbers; round only once, from the counts")
        if (np.abs(whole) >= 2**63).any():
            return np.array([int(value) for value in whole.flat], dtype=object).reshape(whole.shape)
    elif array.dtype == np.uint64 and (array >= 2**63).any():
        return array.astype(object)
    return array.astype(np.int64)


def sign_test(up: Any, down: Any, *, whole: bool = True) -> np.ndarray:
    """The exact two-sided p-value of `up` against `down`, were both equally likely; with half the probability of what was seen (mid-p)."""
    from scipy.special import bdtr  # only here: scipy is slow to import

    up, down = np.asarray(up, dtype=np.int64), np.asarray(down, dtype=np.int64)
    fewer, n = np.minimum(up, down), up + down
    tail = bdtr(fewer.astype(np.float64), n, 0.5)
    if not whole:  # the probability of what was seen is how much the distribution rises there
        tail = (tail + np.where(fewer > 0, bdtr(np.maximum(fewer - 1, 0).astype(np.float64), n, 0.5), 0.0)) / 2
    return np.minimum(1.0, 2 * tail)


def paired_difference(up: Any, down: Any, n: Any, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Bonett and Price's bounds of ``(up - down) / n``, of n pairs; NaN where there are none."""
    up, down, n = (np.asarray(values, dtype=np.float64) for values in (up, down, n))
    centre, changed = (up - down) / (n + 2), (up + down + 2) / (n + 2)
    half = normal_quantile(level) * np.sqrt((changed - centre**2) / (n + 2))
    known = n > 0
    return np.where(known, np.maximum(centre - half, -1.0), np.nan), np.where(known, np.minimum(centre + half, 1.0), np.nan)
