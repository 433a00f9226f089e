"""Arguments of a wrong type: the error names the argument, what was given, and what is right. Nothing else is checked here."""

from __future__ import annotations

from collections.abc import Hashable
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd


def number(given: Any, argument: str, example: str) -> Any:
    """The number that was given, or an error."""
    if isinstance(given, bool) or not isinstance(given, Real):
        raise TypeError(f"{argument} is {given!r}; it is a number, such as {example}")
    return given


def whole_number(given: Any, argument: str, example: str) -> Any:
    """The whole number that was given, or an error."""
    if isinstance(given, bool) or not isinstance(given, Integral):
        raise TypeError(f"{argument} is {given!r}; it is a whole number, such as {example}")
    return given


def one_name(given: Any, argument: str) -> Any:
    """The name of one column, or an error; a list of one is the usual mistake."""
    if not isinstance(given, Hashable):
        meant = f": give {argument}={given[0]!r}" if isinstance(given, list) and len(given) == 1 else ""
        raise TypeError(f"{argument} takes the name of one column, not {type(given).__name__}{meant}")
    return given


def generator(given: Any) -> np.random.Generator:
    """What draws random numbers, or an error."""
    try:
        return np.random.default_rng(given)
    except (TypeError, ValueError):
        raise TypeError(f"rng is {given!r}; it is a whole number from 0 on, such as 1, or what numpy.random.default_rng takes") from None


def single_values(values: pd.Series) -> tuple[np.ndarray, Any]:
    """`pandas.factorize` of a column, whose values must be single ones: a row that holds a list or another container is an error.

    NaN is missing, and -0.0 is 0, also where Arrow or a masked column tells them from null and 0.
    """
    try:
        if isinstance(values.dtype, pd.api.extensions.ExtensionDtype) and values.dtype.kind == "f":
            codes, distinct = pd.factorize(values.to_numpy(np.float64, na_value=np.nan))
            return codes, pd.Index(distinct).astype(values.dtype)
        return pd.factorize(values)
    except (TypeError, NotImplementedError):  # Arrow has an error of its own for lists
        where = "" if values.name is None else f"column {values.name!r}"
        for row, value in enumerate(values):
            if not isinstance(value, Hashable):
                before = f"{where}, " if where else ""
                raise TypeError(f"{before}row {row}: {value!r} is a {type(value).__name__}, not a single value") from None
        raise TypeError(f"{where or 'a column'} holds {values.dtype}, which are not values that can be compared") from None
