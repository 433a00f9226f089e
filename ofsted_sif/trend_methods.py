"""The tests for trend on rows that take part: what each method computes, and the table of `trend` made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.dependence import Clusters, kendall_amounts
from ofsted_sif.dispersion import ADJUSTMENTS, adjusted
from ofsted_sif.intervals import normal_quantile
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.dates import DAYS_A_YEAR
from ofsted_sif.table.keys import distinct_numbers
from ofsted_sif.table.look_alike import warn_of_alike
from ofsted_sif.table.periods import offset_of, period_bounds
from ofsted_sif.table.result import side_by_side

METHODS = ("mann-kendall", "seasonal-mann-kendall", "theil-sen", "cochran-armitage", "jonckheere")
HALVINGS = 60  # of an interval in which a bound lies: its last digit
LEAST_SCORE = 1e-9  # periods from the mean; nearer than that is rounding
ALTERNATIVES = ("two-sided", "greater", "less")


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
        """Check what was asked; the method is named in any case."""
        if (method := str(self.method).casefold()) not in METHODS:
            raise ValueError(f"unknown method {self.method!r}; known are {', '.join(METHODS)}")
        object.__setattr__(self, "method", method)
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
        offset_of(self.freq)

    def check_grades(self) -> None:
        """Refuse a slope of grades: where most pairs tie it is 0, with bounds 0 and 0, however small p is."""
        if self.method == "theil-sen":
            raise ValueError(
                f"grades ({self.name!r}) have too few values for a slope: use method='cochran-armitage' for points a year, or value= a "
                "column of numbers"
            )


def trend_table(
    how: Method, labels: dict[str, Any], rows: Rows, n_missing: np.ndarray, repeated: np.ndarray | Clusters | None
) -> pd.DataFrame:
    """The result of `trend`, from the rows that take part, by group how many are missing, and how many repeat their provider.

    These are given as numbers, or by the rows of providers; None: there are none.
    """
    found = _found(how, rows)

    def column(name: str) -> np.ndarray:
        return found[name] if name in found else np.full(rows.size, np.nan)

    n = rows.by_group()
    if repeated is None:
        repeated = np.zeros(rows.size, dtype=np.int64)
    n_repeated = repeated.n_rows - repeated.n if isinstance(repeated, Clusters) else repeated
    result: dict[str, Any] = {"method": how.method, "n": n, "n_repeated": n_repeated}
    result["n_clusters"] = n if rows.clusters is None else rows.clusters.n
    result |= {"deff": found["deff"], "n_missing": n_missing}
    result |= {name: column(name) for name in ("statistic", "z", "p")}
    result["p_adjusted"] = np.full(rows.size, np.nan) if how.adjust is None else adjusted(found["p"], how.adjust)
    result |= {name: column(name) for name in ("tau", "slope_per_year", "lower", "upper")}
    result["exact"] = found.get("exact", np.zeros(rows.size, dtype=np.bool_))
    warn_of_alike(labels)
    return pd.DataFrame(side_by_side(labels, result), copy=False)


def _found(how: Method, rows: Rows) -> dict[str, np.ndarray]:
    """What the method finds, by group."""
    if not rows.are_counted_by_shares or how.method != "mann-kendall":
        rows = rows.taking_part()
    quantile = normal_quantile(how.level)
    exact = how.exact if how.exact != "auto" else "mid" if rows.scale is not None else True
    if how.method == "mann-kendall":
        kendall, effect = rows.clustered_kendall()
        return _judge(kendall, how.alternative, how.continuity, exact) | {"deff": effect}
    if how.method == "seasonal-mann-kendall":
        return _seasonal(rows, how.alternative, how.continuity)
    if how.method == "theil-sen":
        return _theil_sen(rows, how.alternative, how.continuity, exact, quantile)
    if how.method == "cochran-armitage":
        return _cochran_armitage(rows, how.freq, how.alternative, quantile, how.name)
    return _jonckheere(rows, how.freq, how.alternative)


# ---- the methods


@dataclass(frozen=True)
class Rows:
    """Rows: codes of `size` groups (-1: a row takes no part), grade codes (of `scale`) or numbers (scale None), and what gives their days.

    With `n` each stands for so many rows: counts that were summed over pieces of a table. `block` has codes of the season, and `clusters`
    says which rows depend on one another; None: none do.
    """

    group: np.ndarray
    size: int
    values: np.ndarray
    days_of: Callable[[np.ndarray], np.ndarray]
    scale: GradeScale | None
    n: np.ndarray | None = None
    block: np.ndarray | None = None
    clusters: Clusters | None = None

    @cached_property
    def days(self) -> np.ndarray:
        """The day of each row."""
        return self.days_of(np.arange(len(self.group)))

    @property
    def are_counted_by_shares(self) -> bool:
        """Whether Kendall's S takes the rows as they lie, a share of the groups at a time."""
        return self.clusters is not None and self.n_grades is not None

    def taking_part(self) -> Rows:
        """Those rows alone that take part, in arrays of their own."""
        if (self.group >= 0).all():
            return self
        rows = np.flatnonzero(self.group >= 0)
        n, block = (None if of is None else of[rows] for of in (self.n, self.block))
        clusters = None if self.clusters is None else self.clusters.taking_part
        return replace(
            self, group=self.group[rows], values=self.values[rows], days_of=self.days_of(rows).take, n=n, block=block, clusters=clusters
        )

    @property
    def n_grades(self) -> int | None:
        """How many grades there are; None where values are numbers."""
        return None if self.scale is None else len(self.scale.labels)

    def by_group(self) -> np.ndarray:
        """How many rows each group has."""
        if self.n is None:
            return counts.count_grades(None, self.group, n_grades=self.size)[:-1]
        total = np.zeros(self.size, dtype=np.int64)
        np.add.at(total, self.group, self.n)
        return total

    def kendall(self, *, days: Any = None) -> counts.Kendall:
        """Kendall's S of the values against days, or what is given in their place."""
        group, size, days = self.group, self.size, self.days if days is None else days
        if self.n is not None:
            assert self.n_grades is not None
            return counts.kendall_of_counts(group, days, self.values, self.n, n_grades=self.n_grades, n_groups=size)
        return counts.kendall(group, days, self.values, n_grades=self.n_grades, n_groups=size)

    @property
    def repeats(self) -> np.ndarray:
        """In which groups rows depend on one another."""
        return np.zeros(self.size, dtype=np.bool_) if self.clusters is None else self.clusters.repeats

    def clustered_kendall(self, days: Any = None) -> tuple[counts.Kendall, np.ndarray]:
        """Kendall's S with the variance of clusters, and no exact distribution, where rows depend on one another; and the design effect."""
        if self.clusters is None:
            return self.kendall(days=days), np.ones(self.size)
        if self.n_grades is None:
            kendall = self.kendall(days=days)
            amounts = kendall_amounts(self.group, self.size, self.days if days is None else days, self.values, None)
            effect = self.clusters.design_effect(amounts)
        else:
            kendall, effect = self.clusters.kendall(self.days_of if days is None else days.take, self.values, self.n_grades)
        repeats = self.repeats
        shown = np.where(repeats & ~(kendall.variance > 0), np.nan, effect)  # where nothing can vary there is none
        tie_pattern = np.where(repeats, 0, kendall.tie_pattern)
        return kendall._replace(variance=kendall.variance * effect, tie_pattern=tie_pattern), shown


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


def _seasonal(rows: Rows, alternative: str, continuity: bool) -> dict[str, np.ndarray]:
    block = rows.block
    assert block is not None
    n_blocks = int(block.max(initial=-1)) + 1
    if rows.size * max(1, n_blocks) >= 2**31:
        raise ValueError(f"{rows.size} groups of {n_blocks} seasons are more than can be counted")
    in_block = replace(rows, group=rows.group.astype(np.int64) * n_blocks + block, size=rows.size * max(1, n_blocks))
    of = in_block.kendall()
    n, s_of, variance_of, could_tell = (array.reshape(rows.size, max(1, n_blocks)) for array in (of.n, of.s, of.variance, of.most))
    s = np.where((n > 1).any(axis=1), s_of.sum(axis=1), np.nan)
    variance_of = np.where(n > 1, variance_of, 0)
    variance, effect = _of_blocks(rows, in_block, variance_of)
    z = _z(s, variance, continuity)
    with np.errstate(divide="ignore", invalid="ignore"):
        tau = s / could_tell.sum(axis=1)
    return {"statistic": s, "z": z, "p": _tail(z, alternative), "tau": tau, "deff": effect}


def _of_blocks(rows: Rows, in_block: Rows, variance_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The variance of S summed over blocks, from that of each block by group; and the design effect.

    What a row brings is scaled so that the squares of a block add up to its variance; clusters reach over all blocks.
    """
    independent = variance_of.sum(axis=1)
    if rows.clusters is None or not (repeats := rows.repeats).any():
        return independent, np.ones(rows.size)
    amounts = kendall_amounts(in_block.group, in_block.size, rows.days, rows.values, rows.n_grades)
    squares = np.bincount(in_block.group, amounts * amounts, minlength=in_block.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(squares > 0, np.sqrt(variance_of.ravel() / squares), 0)
        variance = np.where(repeats, rows.clusters.squared(amounts * scale[in_block.group]), independent)
        return variance, np.where(repeats, np.where(independent > 0, variance / independent, np.nan), 1)


def _theil_sen(rows: Rows, alternative: str, continuity: bool, exact: str | bool, quantile: float) -> dict[str, np.ndarray]:
    order, _ = counts.order_records(rows.group, rows.days, n_providers=rows.size)
    kendall, effect = rows.clustered_kendall()
    found = _judge(kendall, alternative, continuity, exact) | {"deff": effect}
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
        good = rows.scale.meets_threshold(rows.values).astype(np.float64)
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
        varies = share * (1 - share) > 0
        slope = t / spread
        cells_of = group, score, weight
        effect = _effect_on_shares(rows, place, score * (good - share[group]))
        z = z / np.sqrt(effect)
        z[effect == 0] = np.nan
        lower, upper = _slope_bounds(cells_of, share, np.where(varies & (effect > 0), t, np.nan), spread, quantile * np.sqrt(effect))
    return {
        "statistic": t,
        "z": z,
        "p": _tail(z, alternative),
        "slope_per_year": slope * a_year,
        "lower": lower * a_year,
        "upper": upper * a_year,
        "deff": np.where(rows.repeats & ~(varies & (spread > 0)), np.nan, effect),
    }


def _effect_on_shares(rows: Rows, place: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """The design effect, from what a row of each cell brings and the cell of each row."""
    if rows.clusters is None or not rows.repeats.any():
        return np.ones(rows.size)
    return rows.clusters.design_effect(amounts[place])


def _slope_bounds(
    cells: tuple[np.ndarray, ...], share: np.ndarray, t: np.ndarray, spread: np.ndarray, quantile: np.ndarray
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
    period = _period_of(rows, freq)[0]
    kendall, effect = rows.clustered_kendall(period)
    found = _judge(kendall, alternative, False, False) | {"deff": effect}
    found["statistic"] = (found["statistic"] + kendall.pairs) / 2
    return found
