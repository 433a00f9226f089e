"""Results: label columns beside the result's own, no name used twice, and attrs that every format can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def side_by_side(labels: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """The label columns of a result, then its own columns; one name for two of them is an error."""
    if clash := sorted(map(str, labels.keys() & data.keys())):
        raise ValueError(f"by names {clash}, which the result needs for its own columns: rename it, as with table.rename(columns=...)")
    return labels | data


def result(labels: dict[str, Any], data: dict[str, Any], attrs: dict[str, Any] | None = None) -> pd.DataFrame:
    """A result as a table."""
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
            isinstance(values, pd.Series) and isinstance(dtype, pd.CategoricalDtype) and bool(values.dropna().isin(dtype.categories).all())
        )
        if not made and not (dtype is None and isinstance(values, pd.Series) and values.dtype.kind == "M"):
            raise ValueError(
                f"the table has a column {name!r} of its own, and the result needs that name: rename it, as with "
                f"table.rename(columns={{{name!r}: 'registration_{name}'}})"
            )
