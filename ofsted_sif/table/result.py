"""Results: label columns beside the result's own, no name used twice, and attrs that every format can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.arguments import number
from ofsted_sif.intervals import check_method, interval_of
from ofsted_sif.scales import GradeScale, snake_case
from ofsted_sif.table.look_alike import warn_of_alike


def side_by_side(labels: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """The label columns of a result, then its own columns; one name for two of them is an error."""
    if clash := sorted(map(str, labels.keys() & data.keys())):
        raise ValueError(f"by names {clash}, which the result needs for its own columns: rename it, as with table.rename(columns=...)")
    return labels | data


def result(labels: dict[str, Any], data: dict[str, Any], attrs: dict[str, Any] | None = None) -> pd.DataFrame:
    """A result as a table."""
    warn_of_alike(labels)
    table = pd.DataFrame(side_by_side(labels, data), copy=False)
    if attrs:
        table.attrs = as_json(attrs)
    return table


def as_json(value: Any) -> Any:
    """What JSON can hold: NumPy's numbers become Python's, arrays and tuples lists."""
    if isinstance(value, dict):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [as_json(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value


def check_not_overwritten(frame: pd.DataFrame, own: dict[str, Any]) -> None:
    """Refuse a table whose own columns a result would overwrite; `own` has the dtype that the result's column would have.

    A column that such a result made itself may be replaced: its values are of that dtype's categories.
    """
    for name, dtype in own.items():
        if name not in frame.columns:
            continue
        values = frame[name]
        made = (
            isinstance(values, pd.Series)
            and isinstance(dtype, pd.CategoricalDtype)
            and bool(values.dropna().astype(object).isin(dtype.categories).all())
        )
        if not made and not (dtype is None and isinstance(values, pd.Series) and values.dtype.kind == "M"):
            raise ValueError(
                f"the table has a column {name!r} of its own, and the result needs that name: rename it, as with "
                f"table.rename(columns={{{name!r}: 'registration_{name}'}})"
            )


# ---- counts by grade


@dataclass(frozen=True)
class Beside:
    """What a result has beside counts of rows, each of shape (n_rows,) unless said otherwise; None: nothing of the kind.

    Attributes
    ----------
    sums : ndarray of float64, shape (n_rows, n_grades + 1), or None
        Sums of weights, to be shown in place of counts.
    without_weight : ndarray of int64, or None
        Rows without a weight.
    n_clusters : ndarray of int64, or None
        Clusters of the rows judged.
    n_eff : ndarray of float64, or None
        How many independent rows tell as much about the share as these do; NaN where that can't be told.
    """

    sums: np.ndarray | None = None
    without_weight: np.ndarray | None = None
    n_clusters: np.ndarray | None = None
    n_eff: np.ndarray | None = None

    def columns(self) -> dict[str, np.ndarray]:
        """The columns of what there is."""
        named = {"n_without_weight": self.without_weight, "n_clusters": self.n_clusters, "n_eff": self.n_eff}
        return {name: values for name, values in named.items() if values is not None}

    def rows(self, which: np.ndarray) -> Beside:
        """Some of the rows."""
        return Beside(*(None if part is None else part[which] for part in vars(self).values()))

    def above(self, other: Beside) -> Beside:
        """These rows with those of another after them."""
        parts = zip(vars(self).values(), vars(other).values(), strict=True)
        return Beside(*(None if part is None else np.concatenate([part, below]) for part, below in parts))


ONLY_COUNTS = Beside()


def result_table(labels: dict[str, Any], counted: np.ndarray, scale: GradeScale, **options: Any) -> pd.DataFrame:
    """The result of counting as a DataFrame; the parameters are those of `result_columns`."""
    return pd.DataFrame(result_columns(labels, counted, scale, **options), copy=False)


def result_columns(
    labels: dict[str, Any],
    counted: np.ndarray,
    scale: GradeScale,
    *,
    interval: str,
    level: float,
    min_n: int,
    beside: Beside = ONLY_COUNTS,
) -> dict[str, Any]:
    """Build the columns of the result of counting: one row per group, from counts worst to best with the missing ones last.

    Parameters
    ----------
    labels : dict of str to array, each of shape (n_rows,)
        The columns that say what a row is.
    counted : ndarray of int64, shape (n_rows, n_grades + 1)
        Counts by grade.
    scale, interval, level, min_n
        As for `aggregate`.
    beside : Beside, optional
        Sums of weights, and how many independent rows the share is worth.
    """
    warn_of_alike(labels)
    sums = beside.sums
    by_grade = counted[:, -2::-1]  # best first
    missing = counted[:, -1]
    n_judged = by_grade.sum(axis=1)
    data: dict[str, Any] = dict(labels)
    more: dict[str, Any] = {"n": n_judged + missing, "n_judged": n_judged, "n_not_judged": missing}
    more |= beside.columns()
    shown = by_grade if sums is None else sums[:, -2::-1]
    names = scale.columns
    more |= {name: shown[:, position] for position, name in enumerate(names)}
    share_names = [f"share_{name}" for name in names]
    parts = [shown]
    if scale.threshold_column is not None:
        good_enough = shown[:, : scale.n_good_enough].sum(axis=1)
        more[scale.threshold_column] = good_enough
        share_names.append(f"share_{scale.threshold_column}")
        parts.append(good_enough[:, None])
    total = n_judged if sums is None else shown.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.concatenate(parts, axis=1) / total[:, None]
    interval = check_method(interval)
    if beside.n_eff is None:
        bounds = _bounds(by_grade, n_judged, scale, interval, level)
    else:
        share = shares[:, -1] if scale.threshold is not None else None
        bounds = _bounds_of_effective_n(share, beside.n_eff, scale, interval, level)
    if (hidden := n_judged < number(min_n, "min_n", "5")).any():
        for part in (shares, *bounds.values()):
            part[hidden] = np.nan
    more |= {name: shares[:, position] for position, name in enumerate(share_names)} | bounds
    return side_by_side(data, more)


def _bounds(by_grade: np.ndarray, n: np.ndarray, scale: GradeScale, interval: str, level: float) -> dict[str, np.ndarray]:
    bounds = {}
    if scale.threshold is not None:
        good_enough = by_grade[:, : scale.n_good_enough].sum(axis=1)
        single = "wilson" if interval == "goodman" else interval
        bounds["lower"], bounds["upper"] = interval_of(good_enough, n, method=single, level=level)
    if interval == "goodman":
        lower, upper = interval_of(by_grade, n[:, None], method="goodman", level=level)
        for position, label in enumerate(scale.labels):
            bounds[f"lower_{snake_case(label)}"], bounds[f"upper_{snake_case(label)}"] = (
                lower[:, position],
                upper[:, position],
            )
    return bounds


def _bounds_of_effective_n(
    share: np.ndarray | None, n_eff: np.ndarray, scale: GradeScale, interval: str, level: float
) -> dict[str, np.ndarray]:
    """The bounds of the threshold's share of so many independent rows; of the grades together there are none."""
    bounds = {}
    if share is not None:
        known = ~np.isnan(share) & ~np.isnan(n_eff)
        bounds["lower"], bounds["upper"] = np.full((2, len(share)), np.nan)
        single = "wilson" if interval == "goodman" else interval
        good = np.minimum(share[known], 1) * n_eff[known]
        bounds["lower"][known], bounds["upper"][known] = interval_of(good, n_eff[known], method=single, level=level)
    if interval == "goodman":
        names = [f"{bound}_{snake_case(label)}" for label in scale.labels for bound in ("lower", "upper")]
        bounds |= {name: np.full(len(n_eff), np.nan) for name in names}
    return bounds
