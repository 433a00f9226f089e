"""How much more groups differ than chance explains, the limits of a funnel that allow for it, and p adjusted for the number of groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofsted_sif.intervals import normal_quantile

LEAST_GROUPS = 5
ADJUSTMENTS = ("bh", "holm", "bonferroni")
LIMITS = ("binomial", "additive", "multiplicative")


@dataclass(frozen=True)
class Dispersion:
    """How far groups lie from their common share on the scale of angles, on which the variance of n is 1 / 4n."""

    distance: np.ndarray
    n: np.ndarray
    angle: float
    phi: float
    tau2: float

    def variance(self, n: np.ndarray, limits: str) -> np.ndarray:
        """The variance of the angle of n."""
        chance = 1 / (4 * n)
        return chance + self.tau2 if limits == "additive" else chance * max(1.0, self.phi) if limits == "multiplicative" else chance


def dispersion(good: np.ndarray, n: np.ndarray, trim: float) -> Dispersion:
    """How far groups of which so many of so many are good lie from one another; see `ofsted_sif.overdispersion`."""
    angle = float(np.arcsin(np.sqrt(good.sum() / n.sum()))) if n.sum() else np.nan
    distance = np.arcsin(np.sqrt(good / n)) - angle
    k, weight = len(n), 4 * n
    if k < LEAST_GROUPS:
        return Dispersion(distance, n, angle, np.nan, np.nan)
    z = distance * np.sqrt(weight)
    phi = float((np.clip(z, *np.quantile(z, [trim, 1 - trim])) ** 2).mean())
    if k * phi < k - 1:
        return Dispersion(distance, n, angle, phi, 0.0)
    return Dispersion(distance, n, angle, phi, float((k * phi - (k - 1)) / (weight.sum() - (weight**2).sum() / weight.sum())))


# ---- the limits of a funnel


def check_limits(limits: str) -> str:
    """The name of a funnel's limits, or an error that lists them."""
    if limits not in LIMITS:
        raise ValueError(f"unknown limits {limits!r}; known are {', '.join(LIMITS)}")
    return limits


@dataclass(frozen=True)
class Funnel:
    """Limits about the share of all groups, and how far each group lies from it. Of fewer than 5 groups there is no overdispersion."""

    limits: str
    found: Dispersion

    @property
    def phi(self) -> float:
        """How much more groups differ than chance explains, where that is more than chance; else NaN."""
        k = len(self.found.n)
        return self.found.phi if k and self.found.phi > 1 + 2 * np.sqrt(2 / k) else np.nan

    def bounds(self, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """The limits for groups of n; the angle is cut to where it is one of a share."""
        reach = normal_quantile(level) * np.sqrt(self.found.variance(np.asarray(n, dtype=np.float64), self.limits))
        lower, upper = (np.sin(np.clip(self.found.angle + side * reach, 0, np.pi / 2)) ** 2 for side in (-1, 1))
        return lower, upper

    def p(self) -> np.ndarray:
        """The two-sided p of each group's distance from the share of all."""
        from scipy.special import ndtr

        return np.asarray(2 * ndtr(-np.abs(self.found.distance) / np.sqrt(self.found.variance(self.found.n, self.limits))))


def funnel_of(good: np.ndarray, n: np.ndarray, limits: str) -> Funnel:
    """The funnel of groups of which so many of so many are good enough."""
    found = dispersion(good, n, 0.1)
    if np.isnan(found.phi):
        found = Dispersion(found.distance, found.n, found.angle, 1.0, 0.0)
    return Funnel(check_limits(limits), found)


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
