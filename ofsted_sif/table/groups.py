"""Groups: what `by` makes of the rows, and what the groups are called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.table.columns import column, names
from ofsted_sif.table.keys import combination_numbers, distinct_numbers, key_codes, label_codes, take


@dataclass(frozen=True)
class Groups:
    """Codes of the group of each row, and what the groups are called.

    Attributes
    ----------
    codes : ndarray of int, shape (n,), or None
        0 to ``size - 1``, -1 missing. None: all rows are one group.
    labels : dict of str to array, each of shape (size,)
        The label columns of the groups, in the order of the codes.
    size : int
        Number of groups; 0 where all rows are one.
    observed_only : bool
        Whether groups without rows are left out of a result.
    """

    codes: np.ndarray | None
    labels: dict[str, Any]
    size: int
    observed_only: bool

    @property
    def missing(self) -> dict[str, Any]:
        """The labels of the missing group, arrays of length 1."""
        return {name: pd.Series(labels[:0]).reindex([0]).array for name, labels in self.labels.items()}

    @property
    def labels_and_missing(self) -> dict[str, Any]:
        """The labels with one missing label after them."""
        return {name: with_missing(label, self.missing[name]) for name, label in self.labels.items()}

    def without_missing_codes(self, rows: int) -> tuple[np.ndarray, int, dict[str, Any]]:
        """Group codes none of which is missing, the number of groups, and their labels, the missing one last where it occurs."""
        if self.codes is None:
            return np.zeros(rows, dtype=np.int8), 1, {}
        missing = self.codes < 0
        if not missing.any():
            return self.codes, self.size, dict(self.labels)
        return np.where(missing, self.size, self.codes.astype(np.int64)), self.size + 1, self.labels_and_missing

    def shown(self, counted: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
        """Which groups a result shows, the missing one last and only where it occurs, and their labels."""
        if not self.labels:
            return np.zeros(1, dtype=np.int64), {}
        shown = np.arange(self.size)
        if counted[-1].any():
            return np.append(shown, self.size), self.labels_and_missing
        return shown, dict(self.labels)


def with_missing(labels: Any, missing: Any) -> Any:
    """Labels and one missing label after them."""
    if isinstance(labels, pd.Categorical):
        return pd.Categorical.from_codes(np.append(labels.codes, -1), dtype=labels.dtype)
    return pd.concat([pd.Series(labels), pd.Series(missing)], ignore_index=True).array


def groups(frame: pd.DataFrame, by: str | Sequence[str] | None, *, observed: bool = True) -> Groups:
    """Group codes of the rows: one column's labels, or the combinations of several."""
    listed = names(by, "by")
    if not listed:
        return Groups(None, {}, 0, observed_only=False)
    coded = [label_codes(column(frame, name, "by")) for name in listed]
    if len(listed) == 1:
        codes, labels = coded[0]
        return Groups(codes, {listed[0]: labels}, len(labels), observed_only=False)
    number, sizes = combination_numbers(coded, f"by={listed}")
    if observed:
        combinations, codes = distinct_numbers(number, math.prod(sizes))
    else:
        wanted = np.arange(int(np.prod([size - 1 for size in sizes])))
        parts = np.unravel_index(wanted, [size - 1 for size in sizes]) if wanted.size else ([] for _ in sizes)
        whole = np.zeros(len(wanted), dtype=np.int64)
        for part, size in zip(parts, sizes, strict=True):
            whole = whole * size + np.asarray(part, dtype=np.int64)
        combinations = np.union1d(whole, number)
        codes = np.searchsorted(combinations, number)
    parts = np.unravel_index(combinations, sizes)
    labels_of = {}
    for name, (_, labels), part, size in zip(listed, coded, parts, sizes, strict=True):
        labels_of[name] = take(labels, np.where(part == size - 1, -1, part))
    return Groups(codes.reshape(-1), labels_of, len(combinations), observed_only=observed)


def cluster_codes(frame: pd.DataFrame, name: str, argument: str) -> tuple[np.ndarray, int]:
    """Codes of the clusters that a column of keys names, -1 missing, and how many labels there are."""
    codes, labels, _ = key_codes(column(frame, name, argument))
    return codes, len(labels)
