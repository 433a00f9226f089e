"""Rows that depend on one another: what inspections of the same providers tell, beside what as many of different ones would.

Rows of one provider are a cluster; a provider in two groups is one in each. What a cluster's rows bring to a statistic is added up
before it is squared, so that rows that are alike count for less, and rows that cancel for more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts

#: Cells of groups and days up to which balances are looked up in a table of all of them, by the number of rows.
CELLS_A_ROW = 4


class Clusters:
    """The clusters of rows of groups, from codes of labels; a row whose cluster is missing (-1) is one of its own.

    Attributes
    ----------
    group : ndarray of int, shape (n_rows,)
        The group of each row; -1: it takes no part.
    size : int
        Number of groups.
    n_rows : ndarray of int64, shape (n_groups,)
        How many rows each group has.
    """

    def __init__(self, group: np.ndarray, size: int, codes: np.ndarray, n_labels: int) -> None:
        self.group, self.size = group, size
        self.n_rows = counts.count_grades(None, group, n_grades=size)[:-1]
        self._codes, self._n_labels = codes, n_labels
        self._n: np.ndarray | None = None

    @cached_property
    def taking_part(self) -> Clusters:
        """The same of those rows alone that take part, which have all a group: amounts are given for these."""
        if len(self.group) == self.n_rows.sum():
            return self
        rows = np.flatnonzero(self.group >= 0)
        return Clusters(self.group[rows], self.size, self._codes[rows], self._n_labels)

    @property
    def n(self) -> np.ndarray:
        """How many clusters each group has."""
        if self._n is None:
            part = self.taking_part
            self._n = np.bincount(self._pairs[1], minlength=self.size) if part is self else part.n
        return self._n

    @property
    def repeats(self) -> np.ndarray:
        """In which groups some cluster has several rows and there are several clusters: there rows are no sample of independent ones."""
        return (self.n < self.n_rows) & (self.n > 1)

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """The number of each row's cluster in its group, and the group of each of these clusters."""
        codes, n_labels = self._codes.astype(np.int64, copy=False), self._n_labels
        if (missing := codes < 0).any():
            codes = codes.copy()
            codes[missing] = np.arange(n_labels, n_labels + missing.sum())
            n_labels += int(missing.sum())
        of_row, pairs = pd.factorize(self.group.astype(np.int64) * max(1, n_labels) + codes)
        return of_row, pairs // max(1, n_labels)

    def squared(self, amounts: np.ndarray) -> np.ndarray:
        """By group, the squares of the sums of what the rows of each cluster bring."""
        of_row, group = self._pairs
        sums = np.bincount(of_row, amounts, minlength=len(group))
        return np.bincount(group, sums * sums, minlength=self.size)

    def design_effect(self, amounts: np.ndarray) -> np.ndarray:
        """By group, how many times the variance of independent rows that of clusters is; exactly 1 where no cluster repeats."""
        if not self.repeats.any():
            return np.ones(self.size)
        return self._effect(np.bincount(self.group, amounts * amounts, minlength=self.size), self.squared(amounts))

    def kendall(self, days_of: Callable[[np.ndarray], np.ndarray], grades: np.ndarray, n_grades: int) -> tuple[counts.Kendall, np.ndarray]:
        """Kendall's S of grades against days, and the design effect of the clusters."""
        sizes: dict[str, Any] = {"n_grades": n_grades, "n_groups": self.size, "n_labels": self._n_labels}
        kendall, (of_rows, of_clusters, self._n) = counts.kendall_of_clusters(self.group, days_of, grades, self._codes, **sizes)
        return kendall, self._effect(of_rows, of_clusters)

    def _effect(self, of_rows: np.ndarray, of_clusters: np.ndarray) -> np.ndarray:
        effect = np.ones(self.size)
        at = self.repeats & (of_rows > 0)
        effect[at] = of_clusters[at] / of_rows[at]
        return effect


# ---- what a row brings to Kendall's S


def balance_of_codes(group: np.ndarray, size: int, codes: np.ndarray, n_codes: int) -> np.ndarray:
    """For each row, how many rows of its group have a lower code, less how many have a higher one."""
    number = group.astype(np.int64) * n_codes + codes
    of_code = np.bincount(number, minlength=size * n_codes).reshape(size, n_codes)
    until = np.cumsum(of_code, axis=1)
    return (2 * until - of_code - until[:, -1:]).ravel()[number]


def balance_of_numbers(group: np.ndarray, size: int, numbers: np.ndarray) -> np.ndarray:
    """The same of numbers, or of days."""
    if not len(numbers):
        return np.empty(0, dtype=np.int64)
    if numbers.dtype.kind == "i":
        first = int(numbers.min())
        span = int(numbers.max()) - first + 1
        if span * size <= CELLS_A_ROW * len(numbers) + 1024:
            return balance_of_codes(group, size, numbers - first, span)
        order, _ = counts.order_records(group, numbers, n_providers=size)
    else:
        order = np.lexsort((numbers, group))
    of, value = group[order], numbers[order]
    begins = np.flatnonzero(np.append(True, (of[1:] != of[:-1]) | (value[1:] != value[:-1])))
    ends = np.append(begins[1:], len(of))
    n = np.bincount(group, minlength=size)
    last = np.cumsum(n)[of[begins]]
    balance = np.empty(len(of), dtype=np.int64)
    balance[order] = np.repeat(begins + ends - 2 * last + n[of[begins]], ends - begins)
    return balance


def kendall_amounts(group: np.ndarray, size: int, days: np.ndarray, values: np.ndarray, n_grades: int | None) -> np.ndarray:
    """What each row brings to Kendall's S where there is no trend: its place in time by its place among the values."""
    of_values = balance_of_numbers(group, size, values) if n_grades is None else balance_of_codes(group, size, values, n_grades)
    return balance_of_numbers(group, size, days) * of_values.astype(np.float64)


# ---- shares


def kish(sums: np.ndarray, squares: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Kish's effective number of rows, (Σ w)² / Σ w², from sums and numbers of rows by group and grade; NaN where weights are 0."""
    total = sums.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.minimum(total / squares.sum(axis=1) * total, rows.sum(axis=1))


def effective_n_of(
    coded: tuple[np.ndarray, int],
    group: np.ndarray,
    size: int,
    judged: np.ndarray,
    good: np.ndarray,
    weight: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """How many clusters there are among the rows judged, and how many independent rows tell as much about the share good, by group.

    `coded` has the codes of the rows' clusters and how many labels there are, as `cluster_codes` gives them.
    """
    rows = np.flatnonzero(judged)
    group, codes = group[rows], coded[0][rows]
    clusters = Clusters(group, size, codes, coded[1])
    return clusters.n, effective_n(clusters, good[rows].astype(np.float64), None if weight is None else weight[rows])


def effective_n(clusters: Clusters, good: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """How many independent rows tell as much about a share as these rows do, by group; NaN where all rows are of one cluster.

    With V = G / (G - 1) Σ(Σ w (y - p))² / (Σ w)² over the G clusters: p (1 - p) / V, and never more than Kish's (Σ w)² / Σ w², which
    without weights is the number of rows. Where all or none are good V is 0, and it is the number of clusters.
    """
    group, size = clusters.group, clusters.size
    scaled = np.ones(len(group)) if weight is None else weight / _largest(weight, group, size)[group]
    total, squares = np.bincount(group, scaled, minlength=size), np.bincount(group, scaled * scaled, minlength=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        most = clusters.n_rows.astype(np.float64) if weight is None else np.minimum(total / squares * total, clusters.n_rows)
        share = np.bincount(group, scaled * good, minlength=size) / total
        spread = clusters.n / (clusters.n - 1) * clusters.squared(scaled * (good - share[group])) / total**2
        found = np.where((share == 0) | (share == 1), clusters.n, share * (1 - share) / spread)
    found = np.where(clusters.n > 1, np.minimum(most, found), np.nan)
    return np.where(clusters.n < clusters.n_rows, found, most)


def _largest(weight: np.ndarray, group: np.ndarray, size: int) -> np.ndarray:
    """The largest weight of each group, 1 where it is 0: weights that are so scaled have squares."""
    largest = np.zeros(size)
    np.maximum.at(largest, group, weight)
    return np.where(largest > 0, largest, 1)
