"""Groups: what `by` makes of the rows, and what the groups are called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.errors import RowError
from ofsted_sif.table.columns import column, names
from ofsted_sif.table.frames import is_unordered_dictionary
from ofsted_sif.table.keys import NOTHING, TEXT, Encoded, combination_numbers, distinct_numbers, in_order, key_codes, label_codes, take


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
        Whether groups that counting finds without rows are left out of a result.
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
        """Which groups a result shows, the missing one last and only where it occurs, and their labels; from counts of all, a row each."""
        if not self.labels:
            return np.zeros(1, dtype=np.int64), {}
        wanted: np.ndarray = np.asarray(counted.reshape(len(counted), -1).any(axis=1))
        wanted[:-1] |= not self.observed_only
        if wanted.all():
            return np.arange(self.size + 1), self.labels_and_missing
        shown = np.flatnonzero(wanted)
        labels = self.labels_and_missing if wanted[-1] else self.labels
        return shown, dict(labels) if len(shown) == self.size and not wanted[-1] else {name: of.take(shown) for name, of in labels.items()}

    def of_rows(self) -> Groups:
        """The groups that have rows, in the same order."""
        if self.codes is None or (occurs := _occurring(self.codes, self.size)).all():
            return replace(self, observed_only=False)
        kept = np.flatnonzero(occurs)
        place = _places(kept, self.size)
        return Groups(place[self.codes], {name: of.take(kept) for name, of in self.labels.items()}, len(kept), observed_only=False)


#: All rows as one group.
EVERYONE = Groups(None, {}, 0, observed_only=False)


def with_missing(labels: Any, missing: Any) -> Any:
    """Labels and one missing label after them."""
    if isinstance(labels, pd.Categorical):
        return pd.Categorical.from_codes(np.append(labels.codes, -1), dtype=labels.dtype)
    return pd.concat([pd.Series(labels), pd.Series(missing)], ignore_index=True).array


def _occurring(codes: np.ndarray, size: int) -> np.ndarray:
    """Which of the codes occur; the first rows tell where all do."""
    occurs = np.zeros(size + 1, dtype=np.bool_)  # the last for codes of -1
    start, length = 0, 1 << 12
    while start < len(codes) and not occurs[:-1].all():
        occurs[codes[start : start + length]] = True
        start, length = start + length, 4 * length
    return occurs[:-1]


def _places(kept: np.ndarray, size: int) -> np.ndarray:
    """The place of each of so many codes among those that are kept, -1 where it is not; the last is that of a code of -1."""
    place = np.full(size + 1, -1)
    place[kept] = np.arange(len(kept))
    return place


def with_total(labels: dict[str, Any], total: bool | str) -> dict[str, Any]:
    """The labels of groups and after them that of all: text, in every column; numbers and dates become text to stand beside it."""
    name = total_label(total)
    whole = {}
    for column_name, of in labels.items():
        categories = of.categories if isinstance(of, pd.Categorical) else None
        if categories is not None and pd.api.types.is_string_dtype(categories.dtype):
            text, known = of, categories
        else:
            text = _words(of)
            known = pd.Index(text)
        if name in known:
            raise ValueError(f"total={name!r}: a group of {column_name!r} has that name already; give another label, as total='Everywhere'")
        if categories is not None and text is of:
            dtype = pd.CategoricalDtype(categories.append(pd.Index([name], dtype=categories.dtype)), ordered=of.ordered)
            whole[column_name] = pd.Categorical.from_codes(np.append(of.codes.astype(np.int64), len(categories)), dtype=dtype)
        else:
            whole[column_name] = pd.concat([pd.Series(text), pd.Series([name], dtype=pd.Series(text).dtype)], ignore_index=True).array
    return whole


def _words(labels: Any) -> Any:
    """Labels as text, dates as 2024-03-31; text stays as it is, and missing ones stay missing."""
    values = pd.Series(labels)
    if pd.api.types.is_string_dtype(values.dtype) and not isinstance(values.dtype, pd.CategoricalDtype):
        return values.array
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values.dt.strftime("%Y-%m-%d").astype(TEXT).array
    return values.astype(object).map(str, na_action="ignore").astype(TEXT).array


def total_label(total: bool | str) -> str:
    """What the row of all is called."""
    return "All" if total is True else str(total)


def check_total(total: bool | str, by: str | Sequence[str] | None) -> None:
    """Refuse a row of all where there are no groups: the one row is of all."""
    if total is not False and not names(by, "by"):
        raise ValueError(f"total={total!r} adds a row for all groups of by=; without by= the only row is already the one for all")


def groups(
    frame: pd.DataFrame,
    by: str | Sequence[str] | None,
    rows: np.ndarray | None = None,
    *,
    observed: bool = True,
    by_counting: bool = False,
    encoded: Encoded = NOTHING,
) -> Groups:
    """Group codes of the rows, or of some of them in the order given: one column's labels, or the combinations of several.

    With `observed` the groups that have rows, else all categories, or their product. `by_counting` leaves it to the counts, by way of
    `Groups.shown`, to tell which have rows: that is less than to look at the rows.
    """
    listed = names(by, "by")
    if not listed:
        return Groups(None, {}, 0, observed_only=False)
    coded = [_group_codes(frame, name, rows, encoded) for name in listed]
    if len(listed) == 1:
        codes, labels = coded[0]
        found = Groups(codes, {listed[0]: labels}, len(labels), observed_only=observed)
        return found.of_rows() if observed and not by_counting else found
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
    return Groups(codes.reshape(-1), labels_of, len(combinations), observed_only=observed and by_counting)


def _group_codes(frame: pd.DataFrame, name: str, rows: np.ndarray | None, encoded: Encoded) -> tuple[np.ndarray, Any]:
    """Codes of a column into its labels; a dictionary of Arrow is in no order unless it says so, and its labels are sorted."""
    values = column(frame, name, "by")
    if rows is None:
        codes, labels = label_codes(values, encoded)
    elif (known := encoded.get((name, True))) is not None:
        codes, labels = known[0][rows], known[1]
        if not (occurs := _occurring(codes, len(labels))).all():  # text has the labels that these rows have
            kept = np.flatnonzero(occurs)
            codes, labels = _places(kept, len(labels))[codes], labels.take(kept)
    else:
        try:
            codes, labels = label_codes(values.take(rows))
        except RowError as error:
            raise error.moved(int(rows[error.row])) from None
    return in_order(codes, labels) if is_unordered_dictionary(frame[name].dtype) else (codes, labels)


def cluster_codes(frame: pd.DataFrame, name: str, argument: str, encoded: Encoded = NOTHING) -> tuple[np.ndarray, int]:
    """Codes of the clusters that a column of keys names, -1 missing, and how many labels there are."""
    codes, labels, _ = key_codes(column(frame, name, argument), encoded)
    return codes, len(labels)
