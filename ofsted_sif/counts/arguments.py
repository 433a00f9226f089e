"""What a kernel takes, from what people give: codes, days, flags and numbers, each checked and copied only where it must be."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from numbers import Integral
from typing import Any

import numpy as np

#: A missing day, as int64: that of ``numpy.datetime64("NaT")``. It lies before every day.
NO_DAY = np.iinfo(np.int64).min
#: The units of datetime64 that kernels read as they lie.
UNITS_A_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


@dataclass(frozen=True)
class Chunks:
    """Codes that lie chunk by chunk, as Arrow has them.

    Attributes
    ----------
    chunks : list of tuple
        The codes, the validity bitmap (or None) and the offset in bits of each chunk.
    bounds : list of int
        The row at which each chunk begins, and last the number of rows.
    """

    chunks: list[tuple[Any, Any, int]]
    bounds: list[int]


def as_codes(values: Any, name: str) -> Any:
    """Contiguous native integers, without a copy where they are so already; codes as Arrow has them pass as they are."""
    if isinstance(values, tuple):
        check_dimension(values[0] if values else (), name)
        return values
    if isinstance(values, list) and values and isinstance(values[0], tuple):
        for chunk in values:
            check_dimension(chunk[0], name)
        chunks = [chunk for chunk in values if len(chunk[0])] or values[:1]
        return chunks[0] if len(chunks) == 1 else Chunks(chunks, [0, *accumulate(len(chunk[0]) for chunk in chunks)])
    if _is_masked(values):  # a signed integer has room for -1; float64, the next after uint64, is refused below
        values = values.astype(np.result_type(values.dtype, np.int8)).filled(-1)
    array = np.asarray(values)
    check_dimension(array, name)
    if array.dtype.kind not in "iu":
        if array.size:
            raise TypeError(f"{name} must be integer codes, not {array.dtype}")
        array = array.astype(np.int8)
    return plain(array, array.dtype.newbyteorder("="))


def check_dimension(values: Any, name: str) -> None:
    """Refuse what is no column: a single value, or a table."""
    dimensions = values.ndim if hasattr(values, "ndim") else np.ndim(values)
    if dimensions != 1:
        raise ValueError(f"{name} must have one dimension, not {dimensions}")


def _is_masked(values: Any) -> bool:
    """Whether numpy.ma hides a value (whose own question takes pandas' arrays, which have a mask too, for its own)."""
    return isinstance(values, np.ma.MaskedArray) and bool(np.ma.is_masked(values))


def plain(array: Any, dtype: Any) -> np.ndarray:
    """The array as C takes it: contiguous, native and aligned. It is copied only where it is not so, as in a memory-mapped file."""
    plain = np.ascontiguousarray(array, dtype=dtype)
    return plain if plain.flags.aligned else plain.copy()


def as_days(values: Any, name: str) -> Any:
    """Int64 days. A datetime64 of any unit becomes days, and the time of day is dropped; None stays None."""
    if values is None:
        return None
    if _is_masked(values):
        values = values.filled("NaT") if values.dtype.kind == "M" else values.astype(np.int64).filled(NO_DAY)
    array = np.asarray(values)
    check_dimension(array, name)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[D]", copy=False).view(np.int64)
    elif array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"{name} must be datetime64 or int64 days, not {array.dtype}")
    elif array.dtype == np.uint64 and (array > np.iinfo(np.int64).max).any():
        raise ValueError(f"{name} has days past 2**63, which are not dates")
    return plain(array, np.int64)


def as_dates(values: Any, name: str) -> Any:
    """What a kernel takes for days: datetime64 as it lies, with the number of its units a day; all else as int64 days.

    A tuple passes as it is: (int32 days, 1), as Arrow has them, the least of which is missing.
    """
    if isinstance(values, tuple):
        return values
    if isinstance(values, np.ndarray) and values.ndim == 1 and is_plain_moments(values) and not _is_masked(values):
        return values.view(np.int64), UNITS_A_DAY[np.datetime_data(values.dtype)[0]]
    return as_days(values, name)


def is_plain_moments(array: np.ndarray) -> bool:
    """Whether dates are moments that kernels read as they lie."""
    dtype = array.dtype
    if dtype.kind != "M" or not dtype.isnative or not array.flags.c_contiguous or not array.flags.aligned:
        return False
    unit, number = np.datetime_data(dtype)
    return number == 1 and unit in UNITS_A_DAY


def as_grid(values: Any, name: str) -> Any:
    """The dates of a grid; none may be missing."""
    grid = as_days(values, name)
    if (grid == NO_DAY).any():
        raise ValueError(f"{name}[{int(np.argmax(grid == NO_DAY))}] is missing")
    return grid


def as_day(value: Any, name: str) -> int:
    """One day as an int; it may not be missing."""
    day = int(np.datetime64(value, "D").view(np.int64)) if not isinstance(value, int | np.integer) else int(value)
    if day == NO_DAY:
        raise ValueError(f"{name} is missing")
    return day


def as_flags(values: Any, name: str) -> Any:
    """True or false for each row; None stays None."""
    if values is None:
        return None
    if _is_masked(values):
        raise ValueError(f"{name}[{int(np.argmax(np.ma.getmaskarray(values)))}] is missing")
    array = np.asarray(values)
    check_dimension(array, name)
    if array.dtype.kind not in "biu" and array.size:  # NaN and the text "False" would be true
        raise TypeError(f"{name} must be true or false, not {array.dtype}")
    return plain(array, np.bool_)


def as_numbers(values: Any, name: str) -> Any:
    """Float64, missing ones NaN."""
    if _is_masked(values):
        values = values.astype(np.float64).filled(np.nan)
    array = np.asarray(values)
    check_dimension(array, name)
    if array.dtype.kind == "O" and hasattr(values, "to_numpy"):  # of pandas, whose pd.NA is no number
        array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if array.dtype.kind not in "biufO":
        raise TypeError(f"{name} must be numbers, not {array.dtype}")
    return plain(array, np.float64)


def size_of(codes: Any, given: int | None, name: str) -> int:
    """The number of labels: as given, else what the codes need."""
    if given is not None:
        if type(given) is not int and (isinstance(given, bool) or not isinstance(given, Integral)):
            raise TypeError(f"{name} is {given!r}; it is a whole number, such as 4")
        if given < 0:
            raise ValueError(f"{name} is {given}, which is no size")
        return given
    if isinstance(codes, Chunks):
        return max(size_of(chunk, None, name) for chunk in codes.chunks)
    if isinstance(codes, tuple):
        values, bitmap, offset = codes
        codes = np.asarray(values)
        if bitmap is not None:  # what stands behind a 0 bit is no code
            codes = codes[np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")[offset : offset + len(codes)].view(np.bool_)]
    return max(0, int(codes.max()) + 1) if len(codes) else 0


def rows_of(codes: Any) -> int:
    """The number of rows of a column."""
    if isinstance(codes, Chunks):
        return codes.bounds[-1]
    return len(codes[0] if isinstance(codes, tuple) else codes)


def piece_of(codes: Any, start: int, stop: int) -> Any:
    """The rows from start to stop of a column; of chunks, they must lie in one."""
    if isinstance(codes, Chunks):
        at = bisect_right(codes.bounds, start) - 1
        return piece_of(codes.chunks[at], start - codes.bounds[at], stop - codes.bounds[at])
    if isinstance(codes, tuple):
        values, bitmap, offset = codes
        return (values[start:stop], bitmap, offset + start)
    return codes[start:stop]


def optional_codes(codes: Any, name: str, size: int | None) -> tuple[Any, int]:
    """Codes and their number of labels; None and 0 where there are none."""
    if codes is None:
        return None, 0
    codes = as_codes(codes, name)
    return codes, size_of(codes, size, f"n_{name}")


def as_order(order: Any) -> Any:
    """The order of rows as int64; None stays None."""
    return None if order is None else plain(as_codes(order, "order"), np.int64)


@dataclass(frozen=True)
class Records:
    """Records as the kernels take them: one row per inspection, and the days on which each provider opened and closed.

    Attributes
    ----------
    provider : buffer of int, shape (n,)
        Provider codes.
    n_providers : int
        Number of providers.
    inspected, published : ndarray of int64, shape (n,), or what `as_dates` gives of moments
        Day of the inspection and of its report; `published` may be None.
    eligible : ndarray of bool, shape (n,), or None
        Records that may count.
    opened, closed : ndarray of int64, shape (n_providers,), or None
        A provider is open on [opened, closed).
    """

    provider: Any
    n_providers: int
    inspected: Any
    published: Any = None
    eligible: Any = None
    opened: Any = None
    closed: Any = None

    @property
    def rows(self) -> int:
        """The number of records."""
        return rows_of(self.inspected)

    @property
    def arguments(self) -> tuple[Any, int, Any, Any, Any, Any, Any]:
        """What a kernel takes, in its order."""
        return self.provider, self.n_providers, self.inspected, self.published, self.eligible, self.opened, self.closed


def as_records(
    provider: Any, n_providers: int | None, inspected: Any, published: Any, eligible: Any = None, opened: Any = None, closed: Any = None
) -> Records:
    """Records from columns of any kind that the public functions take."""
    provider = as_codes(provider, "provider")
    return Records(
        provider,
        size_of(provider, n_providers, "n_providers"),
        as_dates(inspected, "inspected"),
        as_dates(published, "published"),
        as_flags(eligible, "eligible"),
        as_days(opened, "opened"),
        as_days(closed, "closed"),
    )
