"""The matrix: every kernel on every kind of array, every table function on every kind of column, generated from two tables of entries.

Each case is one call of which one argument is varied in dtype, width and layout. It has to give what the slow definition in
tests/reference gives (table functions: what the plain table gives), or the error that is written here; its inputs, byte for byte, and
the references to them must be afterwards what they were before. `python3 -m tests.matrix` counts the cases and writes the record.
"""

import pickle
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

import ofsted_sif as sif
from ofsted_sif import _core, counts
from ofsted_sif.counts import NO_DAY
from tests.records import write_record
from tests.reference import kendall as kendall_definition
from tests.reference.count_as_at import count_as_at
from tests.reference.count_grades import count_grades
from tests.reference.count_transitions import count_transitions
from tests.reference.latest_as_at import latest_as_at
from tests.reference.order_records import order_records
from tests.reference.records import Record
from tests.reference.resample_counts import outcomes
from tests.reference.spells import spells
from tests.reference.sum_weights import sum_weights
from tests.reference.theil_sen import slopes

N_PROVIDERS, N_GROUPS, N_GRADES, N_PERIODS = 3, 3, 4, 2
UNTIL = 60
DATES, CUTOFFS = [5, 20, 41], [6, 20, 44]


@dataclass(frozen=True)
class Column:
    """An argument: codes, days, numbers, flags or whole numbers; None is missing."""

    kind: str
    values: list


@dataclass(frozen=True)
class Entry:
    """A kernel: its columns for some rows, the call with them as arrays (None for a missing column), and what it has to give."""

    columns: Callable[[np.random.Generator, int], dict[str, Column]]
    call: Callable[[dict[str, Any]], Any]
    expected: Callable[[dict[str, list]], Any]


# ---- kinds of array

NATIVE = {
    "codes": np.int16,
    "days": np.int64,
    "numbers": np.float64,
    "flags": np.bool_,
    "whole": np.int64,
}
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DTYPES = {
    "codes": (*INTEGERS, "float32", "float64", "bool", "object", "str"),
    "days": (
        *INTEGERS,
        *(f"datetime64[{unit}]" for unit in ("D", "h", "s", "ms", "us", "ns")),
        "float64",
        "object",
        "str",
        "timedelta64[D]",
    ),
    "numbers": ("float16", "float32", "float64", *INTEGERS, "bool", "object", "complex128", "str"),
    "flags": ("bool", "int8", "uint8", "int64", "float64", "object", "str"),
    "whole": (*INTEGERS, "float64", "object", "str"),
}
# What a face for people says to a dtype that it does not take; only of columns that hold something.
REFUSED = {
    "codes": (("float32", "float64", "bool", "object", "str"), "must be integer codes, not"),
    "days": (("float64", "object", "str", "timedelta64[D]"), "must be datetime64 or int64 days, not"),
    "numbers": (("complex128", "str"), "must be numbers, not"),
    "flags": (("float64", "object", "str"), "must be true or false, not"),
    "whole": (("float64", "object", "str"), "must be integer"),
}
MISSING = {"codes": -1, "days": NO_DAY, "numbers": np.nan}


def plain(column: Column, dtype: Any = None) -> np.ndarray | None:
    """The column as an array; None where the dtype can't hold it."""
    dtype = np.dtype(NATIVE[column.kind] if dtype is None else dtype)
    holes = [value is None for value in column.values]
    if any(holes):
        no_room = column.kind == "codes" and dtype.kind in "ub"
        no_room |= column.kind == "days" and not (dtype.kind in "Mm" or dtype == np.int64 or dtype.kind in "OU")
        no_room |= column.kind == "numbers" and dtype.kind not in "fcOU"
        if no_room:
            return None
    if dtype.kind in "ub" and any(value is not None and value < 0 for value in column.values):
        return None
    values = np.array([MISSING.get(column.kind) if value is None else value for value in column.values], dtype=NATIVE[column.kind])
    if column.kind == "days" and dtype.kind in "Mm":
        return values.view(f"{dtype.kind}8[D]").astype(dtype)
    return values.astype(dtype)


def misaligned(array: np.ndarray) -> np.ndarray:
    room = np.empty(array.nbytes + 1, dtype=np.uint8)
    odd = room[1:].view(array.dtype) if array.nbytes else array
    odd[:] = array
    return odd


def read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "contiguous": lambda array: array,
    "read-only": read_only,
    "strided": lambda array: np.repeat(array, 2)[::2],
    "reversed": lambda array: array[::-1].copy()[::-1],
    "column of a table": lambda array: np.stack([array, array], axis=1)[:, 0],
    "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder()),
    "misaligned": misaligned,
    "list": lambda array: array.tolist(),
    "Series": lambda array: pd.Series(array, index=np.arange(len(array))[::-1] * 7),
}


def masked(column: Column) -> np.ndarray | None:
    """numpy.ma: what is missing is masked, and what stands behind the mask means nothing."""
    values = [1 if value is None else value for value in column.values]
    return np.ma.array(np.array(values, dtype=NATIVE[column.kind]), mask=[value is None for value in column.values])


NULLABLE = {"codes": "Int16", "days": "Int64", "numbers": "Float64", "flags": "boolean", "whole": "Int64"}


def nullable(column: Column) -> Any:
    return pd.array(column.values, dtype=NULLABLE[column.kind])


@dataclass(frozen=True)
class Variant:
    """One way to give a column; with `refused` what the error says."""

    name: str
    value: Any
    refused: tuple[type[Exception] | tuple[type[Exception], ...], str] | None = None


def variants(column: Column) -> Iterator[Variant]:
    """Every way in which the faces for people may be given a column."""
    refused_dtypes, words = REFUSED[column.kind]
    for dtype in DTYPES[column.kind]:
        array = plain(column, dtype)
        if array is None:
            continue
        is_refused = dtype in refused_dtypes and (len(array) > 0 or column.kind == "numbers")
        if dtype == "object" and column.kind == "numbers" and any(value is None for value in column.values):
            array = np.array(column.values, dtype=object)
        for layout, lay in LAYOUTS.items():
            if (dtype in ("object", "str") or is_refused) and layout in ("byte-swapped", "misaligned"):
                continue
            if dtype == "str" and layout == "Series" and column.kind == "numbers":
                continue  # text in an array of objects, of which NumPy makes numbers
            if layout == "list" and ((is_refused and dtype == "object") or array.dtype.kind == "M"):
                continue  # a list of the values within is a list of good ones; of dates one of Python's objects
            of_no_type = layout == "list" and not len(array)
            yield Variant(f"{dtype}, {layout}", lay(array), (TypeError, words) if is_refused and not of_no_type else None)
    if column.kind in ("codes", "days", "numbers"):
        yield Variant("masked", masked(column))
    has_holes = any(value is None for value in column.values)
    refused = (TypeError, words) if has_holes and column.kind != "numbers" else None
    yield Variant("nullable", nullable(column), refused)
    yield Variant("nullable Series", pd.Series(nullable(column)), refused)


def core_variants(column: Column) -> Iterator[Variant]:
    """Every way in which the kernels themselves may be given a column: what is not plain is refused, never read wrongly."""
    widths = {"codes": INTEGERS, "days": ("int64",), "numbers": ("float64",), "flags": ("bool", "uint8"), "whole": ("int64",)}
    for dtype in DTYPES[column.kind]:
        array = plain(column, dtype)
        if array is None:
            continue
        fits = dtype in widths[column.kind]
        for layout, lay in LAYOUTS.items():
            if dtype in ("object", "str") and layout in ("byte-swapped", "misaligned"):
                continue
            value = lay(array)
            refused: tuple[Any, str] | None = None
            if layout in ("list", "Series"):
                refused = TypeError, "a bytes-like object is required"
            elif len(array) > 1 and layout in ("strided", "reversed", "column of a table"):
                refused = (ValueError, BufferError), "contiguous|format|protocol"
            elif np.dtype(dtype).kind in "Mm":
                refused = (ValueError, BufferError), "buffer"
            elif layout == "byte-swapped" and np.dtype(dtype).itemsize > 1:
                refused = TypeError, "buffer format"
            elif not fits:
                refused = (TypeError, ValueError), "buffer format|aligned"
            elif layout == "misaligned" and np.dtype(dtype).itemsize > 1 and len(array) > 0:
                refused = ValueError, "not aligned"
            yield Variant(f"{dtype}, {layout}", value, refused)


# ---- the kernels


def some(rng: np.random.Generator, n: int, below: int, missing: float) -> list:
    return [None if rng.random() < missing else int(rng.integers(below)) for _ in range(n)]


def history_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    """Records in no order, no two of them of one provider and day, so that only the tests of order need to decide between equals."""
    inspected = [int(day) for day in rng.permutation(50)[:n]]
    published = [day + int(rng.integers(0, 5)) for day in inspected]
    for row in range(n):
        if rng.random() < 0.3:
            (inspected if rng.random() < 0.5 else published)[row] = None
    return {
        "provider": Column("codes", some(rng, n, N_PROVIDERS, 0)),
        "inspected": Column("days", inspected),
        "published": Column("days", published),
    }


def state_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    return history_columns(rng, n) | {
        "eligible": Column("flags", [bool(rng.random() < 0.8) for _ in range(n)]),
        "opened": Column("days", [None, 3, 12]),
        "closed": Column("days", [None, 40, None]),
    }


def graded(rng: np.random.Generator, n: int) -> dict[str, Column]:
    return {"groups": Column("codes", some(rng, n, N_GROUPS, 0.1)), "grades": Column("codes", some(rng, n, N_GRADES, 0.1))}


def told(columns: dict[str, list]) -> list[Record]:
    """The records as the definitions take them."""
    n = len(columns["provider"])
    names = {"provider": "provider", "inspected": "inspected", "published": "published", "eligible": "eligible"}
    names |= {"groups": "group", "grades": "grade", "expires": "expires"}
    given = {field: columns[name] for name, field in names.items() if name in columns}
    return [Record(**{field: values[row] for field, values in given.items()}) for row in range(n)]


def in_order(columns: dict[str, Column]) -> dict[str, Column]:
    """The same columns and the order of their rows."""
    order, _ = order_records(told({name: column.values for name, column in columns.items()}))
    return columns | {"order": Column("whole", order)}


def counting_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    return graded(rng, n)


def weighting_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    weights = [None if rng.random() < 0.2 else float(rng.integers(0, 2)) for _ in range(n)]
    return graded(rng, n) | {"weights": Column("numbers", weights)}


def grid_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    expires = [None if rng.random() < 0.5 else int(rng.integers(10, 60)) for _ in range(n)]
    columns = state_columns(rng, n) | graded(rng, n) | {"expires": Column("days", expires)}
    columns |= {"dates": Column("days", DATES), "cutoffs": Column("days", CUTOFFS)}
    return in_order(columns)


def transition_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    columns = state_columns(rng, n) | graded(rng, n) | {"periods": Column("codes", some(rng, n, N_PERIODS, 0.1))}
    return in_order({name: column for name, column in columns.items() if name not in ("opened", "closed")})


def spell_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    columns = state_columns(rng, n) | graded(rng, n) | {"closed": Column("days", [None, 58, None])}
    del columns["groups"]
    return in_order(columns)


def dated_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    return {
        "groups": Column("codes", some(rng, n, N_GROUPS, 0)),
        "days": Column("days", [int(day) for day in rng.integers(0, 60, n)]),
    }


def with_dated_order(columns: dict[str, Column]) -> dict[str, Column]:
    keys = list(zip(columns["groups"].values, columns["days"].values, strict=True))
    return columns | {"order": Column("whole", sorted(range(len(keys)), key=lambda row: keys[row]))}


def kendall_grade_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    return with_dated_order(dated_columns(rng, n) | {"grades": graded(rng, n)["grades"]})


def kendall_value_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    return with_dated_order(dated_columns(rng, n) | {"values": Column("numbers", [float(value) for value in rng.integers(0, 2, n)])})


def cell_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    """Numbers of rows by group, day and grade."""
    rows = {"rows": Column("whole", [int(number) for number in rng.integers(0, 4, n)])}
    return dated_columns(rng, n) | {"grades": Column("codes", some(rng, n, N_GRADES, 0))} | rows


def rows_of_cells(columns: dict[str, list]) -> dict[str, list]:
    return {name: np.repeat(np.array(columns[name], dtype=np.int64), columns["rows"]).tolist() for name in ("groups", "days", "grades")}


def exact_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    """Some values on different days each, and an S that they can have."""
    tie_pattern, s = [], []
    for _ in range(n):
        values = np.sort(rng.integers(0, 3, int(rng.integers(2, 6)))).astype(np.float64)
        found = counts.kendall(None, np.arange(len(values)), rng.permutation(values))
        tie_pattern.append(int(found.tie_pattern[0]))
        s.append(int(found.s[0]))
    return {"tie_pattern": Column("whole", tie_pattern), "s": Column("whole", s)}


def resampling_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    return {"provider": Column("codes", some(rng, n, N_PROVIDERS, 0)), **graded(rng, n)}


def profile_columns(rng: np.random.Generator, n: int) -> dict[str, Column]:
    """Profiles as the kernel of the bootstrap takes them: n of them, with one cell each."""
    return {
        "members": Column("whole", [int(number) for number in rng.integers(1, 4, n)]),
        "entries": Column("whole", list(range(n + 1))),
        "cell": Column("whole", [int(cell) for cell in rng.integers(0, 3, n)]),
        "count": Column("whole", [1] * n),
    }


def latest_expected(columns: dict[str, list]) -> list[int]:
    rows = latest_as_at(told(columns), DATES[1], CUTOFFS[1], columns["opened"], columns["closed"])
    return [-1 if row is None else row for row in rows]


def grid_expected(columns: dict[str, list]) -> list:
    grid = columns["dates"], columns["cutoffs"], columns["opened"], columns["closed"]
    return count_as_at(told(columns), *grid, N_GROUPS, N_GRADES)


def grid_of(group: np.ndarray, date: np.ndarray, grade: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The counts of which changes tell; what is missing is -1 in these, and stands last in counts."""
    table = np.zeros((len(DATES), N_GROUPS + 1, N_GRADES + 1), dtype=np.int64)
    np.add.at(table, (date, group, grade), change)
    return table.cumsum(axis=0)


def core_changes(given: dict[str, Any]) -> np.ndarray:
    """The grid from the cells that the kernel writes, four a record at most."""
    cells, changes = zeros(*[(4 * len(given["provider"]),)] * 2)
    taken = [given.get(name) if isinstance(name, str) else name for name in GRID]
    found = _core.changes_as_at(*taken, cells, changes)
    of_group, grade = np.divmod(cells[:found], N_GRADES + 1)
    return grid_of(*np.divmod(of_group, len(DATES)), grade, changes[:found])


def transitions_expected(columns: dict[str, list]) -> np.ndarray:
    table = np.zeros((N_GROUPS + 1, N_PERIODS + 1, N_GRADES + 1, N_GRADES + 1), dtype=np.int64)
    for cell, number in count_transitions(told(columns), columns["periods"], N_GROUPS, N_PERIODS, N_GRADES).items():
        table[cell] = number
    return table


def spells_expected(columns: dict[str, list]) -> np.ndarray:
    found = spells(told(columns), columns["opened"], columns["closed"], UNTIL)
    return np.array(found, dtype=np.int64).reshape(-1, 4).T


def kendall_expected(name: str, columns: dict[str, list]) -> np.ndarray:
    """n, S, variance and pairs on different days of each group."""
    found = np.zeros((4, N_GROUPS))
    for group in range(N_GROUPS):
        rows = [row for row, code in enumerate(columns["groups"]) if code == group and columns[name][row] is not None]
        n, s, variance, pairs, _ = kendall_definition.kendall([columns["days"][row] for row in rows], [columns[name][row] for row in rows])
        found[:, group] = n, s, np.nan if variance is None else float(variance), pairs
    return found


def slopes_expected(columns: dict[str, list]) -> np.ndarray:
    found = np.full((N_GROUPS, 2), np.nan)
    for group in range(N_GROUPS):
        rows = [row for row, code in enumerate(columns["groups"]) if code == group]
        all_slopes = slopes([columns["days"][row] for row in rows], [columns["values"][row] for row in rows])
        found[group, : len(all_slopes)] = all_slopes[:2]
    return found


def exact_expected(columns: dict[str, list]) -> np.ndarray:
    """Above and at, from all orders of the values; a tie pattern tells how many of them are equal."""
    above, at = [], []
    for tie_pattern, s in zip(columns["tie_pattern"], columns["s"], strict=True):
        values, value = [], 0
        for bit in range(tie_pattern.bit_length()):
            values.append(value)
            value += tie_pattern >> bit & 1
        often = kendall_definition.distribution(list(range(len(values))), values)
        above.append(sum(number for other, number in often.items() if other > s) / sum(often.values()))
        at.append(often[s] / sum(often.values()))
    return np.array([above, at])


def possible(replicates: np.ndarray, columns: dict[str, list]) -> bool:
    """Whether each replicate is one that some draw of the providers gives."""
    all_outcomes = outcomes(columns["provider"], columns["groups"], columns["grades"], N_PROVIDERS, N_GROUPS, N_GRADES)
    return all(tuple(map(tuple, replicate.tolist())) in all_outcomes for replicate in replicates)


def seen_kendall(found: counts.Kendall) -> np.ndarray:
    return np.array([found.n, found.s, found.variance, found.pairs])


STATE = ("provider", "inspected", "published", "eligible", "opened", "closed")
RANKS = np.array([[0, 1]] * N_GROUPS)


def chosen(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: given[name] for name in names}


def drawn(given: dict[str, Any]) -> np.ndarray:
    sizes = {"n_providers": N_PROVIDERS, "n_groups": N_GROUPS, "n_grades": N_GRADES}
    return counts.resample_counts(given["provider"], given["groups"], given["grades"], 3, 17, **sizes, threads=1)


COUNTS = {
    "count_grades": Entry(
        counting_columns,
        lambda given: counts.count_grades(**given, n_groups=N_GROUPS, n_grades=N_GRADES),
        lambda columns: count_grades(columns["groups"], columns["grades"], N_GROUPS, N_GRADES),
    ),
    "count_grades, weighted": Entry(
        weighting_columns,
        lambda given: counts.count_grades(**given, n_groups=N_GROUPS, n_grades=N_GRADES)[0],
        lambda columns: sum_weights(columns["groups"], columns["grades"], columns["weights"], N_GROUPS, N_GRADES)[0],
    ),
    "order_records": Entry(
        history_columns,
        lambda given: counts.order_records(**given, n_providers=N_PROVIDERS)[0],
        lambda columns: order_records(told(columns))[0],
    ),
    "latest_as_at": Entry(
        state_columns,
        lambda given: counts.latest_as_at(**given, date=DATES[1], cutoff=CUTOFFS[1], n_providers=N_PROVIDERS),
        latest_expected,
    ),
    "count_as_at": Entry(
        grid_columns,
        lambda given: counts.count_as_at(**given, n_providers=N_PROVIDERS, n_groups=N_GROUPS, n_grades=N_GRADES),
        grid_expected,
    ),
    "changes_as_at": Entry(
        grid_columns,
        lambda given: grid_of(*counts.changes_as_at(**given, n_providers=N_PROVIDERS, n_groups=N_GROUPS, n_grades=N_GRADES)),
        grid_expected,
    ),
    "count_transitions": Entry(
        transition_columns,
        lambda given: counts.count_transitions(**given, n_providers=N_PROVIDERS, n_groups=N_GROUPS, n_periods=N_PERIODS, n_grades=N_GRADES),
        transitions_expected,
    ),
    "spells": Entry(
        spell_columns,
        lambda given: np.array(counts.spells(**given, until=UNTIL, n_providers=N_PROVIDERS, n_grades=N_GRADES)),
        spells_expected,
    ),
    "kendall": Entry(
        kendall_value_columns,
        lambda given: seen_kendall(counts.kendall(**given, n_groups=N_GROUPS)),
        partial(kendall_expected, "values"),
    ),
    "kendall, grades": Entry(
        kendall_grade_columns,
        lambda given: seen_kendall(
            counts.kendall(given["groups"], given["days"], given["grades"], order=given["order"], n_grades=N_GRADES, n_groups=N_GROUPS)
        ),
        partial(kendall_expected, "grades"),
    ),
    "kendall_of_counts": Entry(
        cell_columns,
        lambda given: seen_kendall(counts.kendall_of_counts(**given, n_groups=N_GROUPS, n_grades=N_GRADES)),
        lambda columns: kendall_expected("grades", rows_of_cells(columns)),
    ),
    "kendall_exact": Entry(exact_columns, lambda given: np.array(counts.kendall_exact(given["runs"], given["s"])), exact_expected),
    "theil_sen": Entry(
        kendall_value_columns,
        lambda given: counts.theil_sen(**given, ranks=RANKS, n_groups=N_GROUPS),
        slopes_expected,
    ),
    "resample_counts": Entry(resampling_columns, drawn, lambda columns: partial(possible, columns=columns)),
}


def core_call(name: str, outputs: Callable[[int], list[np.ndarray]], *arguments: Any) -> Callable[[dict[str, Any]], list]:
    """A call of a kernel by position: arguments are the names of columns, or numbers as they are. The outputs come back."""

    def call(given: dict[str, Any]) -> list:
        n = len(next(iter(given.values())))
        written = outputs(n)
        taken = [given.get(argument) if isinstance(argument, str) else argument for argument in arguments]
        said = getattr(_core, name)(*taken, *written)
        return [array[:said] for array in written] if name == "spells" else written

    return call


def zeros(*shapes: tuple[int, ...], dtype: Any = np.int64) -> list[np.ndarray]:
    return [np.zeros(shape, dtype=dtype) for shape in shapes]


RECORDS = ("provider", N_PROVIDERS, "inspected", "published", "eligible", "opened", "closed")
GRID = (*RECORDS, "order", "groups", N_GROUPS, "grades", N_GRADES, "expires", "dates", "cutoffs")


def core_kendall_expected(name: str, columns: dict[str, list]) -> np.ndarray:
    return kendall_expected(name, columns)[:2].astype(np.int64)


def seen_sums(call: Callable[[dict[str, Any]], list]) -> Callable[[dict[str, Any]], np.ndarray]:
    return lambda given: call(given)[0].T[:2]


CORE = {
    "count_grades": Entry(
        counting_columns,
        core_call("count_grades", lambda n: zeros((N_GROUPS + 1, N_GRADES + 1)), "groups", N_GROUPS, "grades", N_GRADES),
        lambda columns: [count_grades(columns["groups"], columns["grades"], N_GROUPS, N_GRADES)],
    ),
    "sum_weights": Entry(
        weighting_columns,
        core_call(
            "sum_weights",
            lambda n: [np.zeros((N_GROUPS + 1, N_GRADES + 1)), np.zeros(N_GROUPS + 1, dtype=np.int64)],
            *("groups", N_GROUPS, "grades", N_GRADES, "weights"),
        ),
        lambda columns: sum_weights(columns["groups"], columns["grades"], columns["weights"], N_GROUPS, N_GRADES),
    ),
    "order_records": Entry(
        history_columns,
        core_call("order_records", lambda n: zeros((n,)), *RECORDS),
        lambda columns: [order_records(told(columns))[0]],
    ),
    "latest_as_at": Entry(
        state_columns,
        core_call("latest_as_at", lambda n: zeros((N_PROVIDERS,)), *RECORDS, DATES[1], CUTOFFS[1]),
        lambda columns: [latest_expected(columns)],
    ),
    "count_as_at": Entry(
        grid_columns,
        core_call(
            "count_as_at",
            lambda n: zeros((len(DATES), N_GROUPS + 1, N_GRADES + 1)),
            *GRID,
        ),
        lambda columns: [grid_expected(columns)],
    ),
    "changes_as_at": Entry(grid_columns, core_changes, grid_expected),
    "count_transitions": Entry(
        transition_columns,
        core_call(
            "count_transitions",
            lambda n: zeros((N_GROUPS + 1, N_PERIODS + 1, N_GRADES + 1, N_GRADES + 1)),
            *(*RECORDS, "order", "groups", N_GROUPS, "periods", N_PERIODS, "grades", N_GRADES),
        ),
        lambda columns: [transitions_expected(columns)],
    ),
    "spells": Entry(
        spell_columns,
        core_call("spells", lambda n: zeros(*[(n,)] * 4), *RECORDS, "order", "grades", N_GRADES, UNTIL),
        spells_expected,
    ),
    "kendall_grades": Entry(
        kendall_grade_columns,
        seen_sums(
            core_call(
                "kendall_grades",
                lambda n: [*zeros((N_GROUPS, 5)), *zeros((N_GROUPS, 2), dtype=np.float64)],
                *("order", "groups", N_GROUPS, "days", "grades", N_GRADES),
            )
        ),
        partial(core_kendall_expected, "grades"),
    ),
    "kendall_values": Entry(
        kendall_value_columns,
        seen_sums(
            core_call(
                "kendall_values",
                lambda n: [*zeros((N_GROUPS, 5)), *zeros((N_GROUPS, 2), dtype=np.float64)],
                *("order", "groups", N_GROUPS, "days", "values"),
            )
        ),
        partial(core_kendall_expected, "values"),
    ),
    "kendall_exact": Entry(
        exact_columns, core_call("kendall_exact", lambda n: zeros((n,), (n,), dtype=np.float64), "tie_pattern", "s"), exact_expected
    ),
    "theil_sen": Entry(
        kendall_value_columns,
        core_call("theil_sen", lambda n: zeros(RANKS.shape, dtype=np.float64), "order", "groups", N_GROUPS, "days", "values", 2, RANKS),
        lambda columns: [slopes_expected(columns)],
    ),
    "resample_counts": Entry(
        profile_columns,
        core_call("resample_counts", lambda n: zeros((2, 3)), "members", "entries", "cell", "count", 3, 17, 0, 2),
        lambda columns: partial(right_size, columns=columns),
    ),
}


def right_size(written: list, columns: dict[str, list]) -> bool:
    """Whether each replicate draws as many providers as there are, of the cells that there are."""
    totals = written[0].sum(axis=1) == sum(columns["members"])
    return bool(totals.all()) and set(np.flatnonzero(written[0].any(axis=0)).tolist()) <= set(columns["cell"])


# ---- the table functions


def table_columns(rng: np.random.Generator, n: int, missing: float) -> dict[str, list]:
    """Inspections of some providers on different days, as Python's own values; `row` tells them apart in what comes back.

    Grades are missing in any case, of the other columns that may lack a value the share that is said.
    """

    def some(values: list) -> list:
        return [None if missing and rng.random() < missing else value for value in values]

    days = np.datetime64("2015-01-05") + np.sort(rng.permutation(2000)[:n])
    grade = rng.integers(1, 5, n)
    return {
        # First, as its width is one byte: in packed records the fields after it lie at odd addresses.
        "graded": [bool(rng.random() < 0.9) for _ in range(n)],
        "row": list(range(n)),
        "provider": [int(code) for code in 1000 + rng.integers(0, max(1, n // 3), n)],
        "region": some([["East", "North", "South"][code] for code in rng.integers(0, 3, n)]),
        "inspection_start": [day.item() for day in days],
        "published": some([(day + np.timedelta64(40, "D")).item() for day in days]),
        "overall_effectiveness": [None if rng.random() < 0.1 else int(code) for code in grade],
        "pupils": some([float(number) for number in rng.integers(1, 500, n)]),
    }


WORDS = {1: "Outstanding", 2: "Good", 3: "Requires improvement", 4: "Inadequate"}


def grade_forms(values: list) -> Iterator[tuple[str, Any]]:
    words = [None if value is None else WORDS[value] for value in values]
    has_holes = any(value is None for value in values)
    yield "ordered categories", sif.grades(words)
    yield "unordered categories", pd.Categorical(words)
    yield "words", np.array(words, dtype=object)
    yield "string", pd.array(words, dtype="string")
    yield "Ofsted's spellings", np.array([None if word is None else f" {word.upper()} " for word in words], dtype=object)
    yield "digits", np.array([None if value is None else str(value) for value in values], dtype=object)
    yield "objects", np.array(values, dtype=object)
    yield from laid("text", np.array([word or "" for word in words], dtype="U"))
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    for name in ("float32", "float64"):
        yield from laid(name, numbers.astype(name))
    yield from laid("masked", hidden(numbers, "int8"))
    yield "Int8", pd.array(values, dtype="Int8")
    yield "Float64", pd.array(values, dtype="Float64")
    if not has_holes:
        for name in INTEGERS:
            yield from laid(name, np.array(values, dtype=name))


def laid(name: str, array: np.ndarray) -> Iterator[tuple[str, Any]]:
    loses_mask = ("column of a table", "misaligned") if isinstance(array, np.ma.MaskedArray) else ()
    for layout, lay in LAYOUTS.items():
        if layout not in ("list", "Series", *loses_mask):
            yield f"{name}, {layout}", lay(array)


def hidden(array: np.ndarray, dtype: Any = None) -> np.ma.MaskedArray:
    """What is missing behind a mask, and there, where it means nothing, a value that would mean something."""
    missing = np.asarray(pd.isna(array))
    filled = np.where(missing, array[~missing][0] if not missing.all() else np.zeros(1, array.dtype)[0], array)
    return np.ma.array(filled.astype(array.dtype if dtype is None else dtype), mask=missing)


def date_forms(values: list) -> Iterator[tuple[str, Any]]:
    days = np.array(values, dtype="datetime64[D]")
    for unit in ("s", "ms", "us", "ns"):
        yield from laid(f"datetime64[{unit}]", days.astype(f"datetime64[{unit}]"))
    yield from laid("masked", hidden(days))
    yield "dates", np.array(values, dtype=object)
    yield "ISO", np.array([value and str(value) for value in values], dtype=object)
    yield from laid("text", np.array([str(value or "") for value in values], dtype="U"))
    yield "day first", np.array([value and value.strftime("%d/%m/%Y") for value in values], dtype=object)
    yield "string", pd.array([value and str(value) for value in values], dtype="string")
    yield "with a time of day", days.astype("datetime64[s]") + np.timedelta64(3601, "s")


def label_forms(values: list) -> Iterator[tuple[str, Any]]:
    yield "objects", np.array(values, dtype=object)
    yield "string", pd.array([value and str(value) for value in values], dtype="string")
    yield "categories", pd.Categorical(values)
    yield "ordered categories", pd.Categorical(values, ordered=True)
    yield from laid("masked", hidden(np.array(values, dtype=None if values and isinstance(values[0], int) else object)))
    if None not in values:
        yield from laid("text", np.array(values, dtype="U"))
    if values and isinstance(values[0], int):
        yield "Int64", pd.array(values, dtype="Int64")
        for name in ("int16", "int32", "int64", "uint16", "uint64"):
            yield from laid(name, np.array(values, dtype=name))


def flag_forms(values: list) -> Iterator[tuple[str, Any]]:
    yield from laid("bool", np.array(values, dtype=np.bool_))
    yield from laid("masked", hidden(np.array(values, dtype=np.bool_)))
    yield "boolean", pd.array(values, dtype="boolean")
    yield "objects", np.array(values, dtype=object)


def weight_forms(values: list) -> Iterator[tuple[str, Any]]:
    numbers = np.array(values, dtype=np.float64)
    for name in ("float16", "float32", "float64", *(("int16", "int64", "uint32") if None not in values else ())):
        yield from laid(name, numbers.astype(name))
    yield from laid("masked", hidden(numbers, "int16"))
    yield "Float64", pd.array(values, dtype="Float64")
    yield "Int32", pd.array([value and int(value) for value in values], dtype="Int32")
    yield "objects", np.array(values, dtype=object)


FORMS = {
    "overall_effectiveness": grade_forms,
    "inspection_start": date_forms,
    "published": date_forms,
    "provider": label_forms,
    "region": label_forms,
    "graded": flag_forms,
    "pupils": weight_forms,
}


def plain_table(columns: dict[str, list]) -> dict[str, Any]:
    """The columns as the other forms are compared with: ordered grades, datetime64[ns], objects."""
    forms = {name: dict(FORMS[name](values)) if name in FORMS else {} for name, values in columns.items()}
    wanted = {"overall_effectiveness": "ordered categories", "graded": "bool, contiguous", "pupils": "float64, contiguous"}
    wanted |= dict.fromkeys(["inspection_start", "published"], "datetime64[ns], contiguous") | dict.fromkeys(
        ["provider", "region"], "objects"
    )
    return {name: forms[name][wanted[name]] if name in wanted else np.array(values) for name, values in columns.items()}


DAY, LATER = "2018-06-30", "2020-01-31"
# A call of each public function that takes a table. Those of PASSING give the table's own columns back as they came.
TABLES: dict[str, Callable[[Any], Any]] = {
    "aggregate": lambda table: sif.aggregate(table, "region", weights="pupils"),
    "as_at": lambda table: sif.as_at(table, DAY),
    "first": lambda table: sif.first(table),
    "explain": lambda table: sif.explain(table, _some_provider(table), LATER),
    "series": lambda table: sif.series(table, [DAY, LATER], "region"),
    "periods": lambda table: sif.periods(table, "region", freq="YE"),
    "changes": lambda table: sif.changes(table, date=LATER),
    "change_summary": lambda table: sif.change_summary(sif.changes(table, by="region"), "region"),
    "transitions": lambda table: sif.transitions(table, "region"),
    "decompose": lambda table: sif.decompose(table, DAY, LATER),
    "compare": lambda table: sif.compare(sif.as_at(table, DAY), sif.as_at(table, LATER)),
    "spells": lambda table: sif.spells(table, "region", until=LATER),
    "time_to": lambda table: sif.time_to(table, "region", grade="Good", until=LATER),
    "median_time_to": lambda table: sif.median_time_to(table, "region", grade="Good", until=LATER),
    "logrank": lambda table: sif.logrank(table, "region", grade="Good", until=LATER),
    "trend": lambda table: sif.trend(table, "region", method="theil-sen"),
    "resample": lambda table: sif.resample(
        table, statistic=lambda drawn: sif.aggregate(drawn)["good_or_outstanding"].iloc[0], n=5, rng=3, progress=False
    ),
    "combine": lambda table: sif.combine(table, table),
    "reconcile": lambda table: sif.reconcile(sif.as_at(table, DAY), sif.as_at(table, LATER)),
}
PASSING = {"as_at", "first", "explain", "combine", "reconcile"}


def _some_provider(table: Any) -> Any:
    return np.asarray(table["provider"])[0]


def comparable(result: pd.DataFrame, without: str | None) -> list:
    """Names and rows as Python's values, so that a label is the same in whatever dtype it came."""

    def value(of: Any) -> Any:
        if isinstance(of, pd.Timestamp | np.datetime64):
            return str(of)[:10]
        missing = of is None or of is pd.NA or of is pd.NaT or (isinstance(of, float) and np.isnan(of))
        return None if missing else round(float(of), 9) if isinstance(of, float | np.floating) else str(of)

    if "n" in result.columns:  # groups without a row are shown of categories, and of nothing else
        result = result[result["n"] > 0]
    kept = [name for name in result.columns if name != without]
    return [kept, *([value(of) for of in row] for row in result[kept].itertuples(index=False))]


# ---- running a case


def fingerprint(value: Any) -> bytes:
    """All bytes of an input: those between the items of a view too."""
    if isinstance(value, pd.Series):
        value = value.array
    if isinstance(value, pd.api.extensions.ExtensionArray):  # which may keep in itself what it was once asked
        value = list(value)
    base = value.base if isinstance(value, np.ndarray) and isinstance(value.base, np.ndarray) else None
    writable = value.flags.writeable if isinstance(value, np.ndarray) else None
    return pickle.dumps((value, writable, base))


def inputs_of(given: Mapping[str, Any]) -> tuple[list[bytes], list[int]]:
    """The bytes of all inputs, and how many references there are to each."""
    return [fingerprint(value) for value in given.values()], [sys.getrefcount(value) for value in given.values()]


def check_inputs(given: dict[str, Any], before: tuple[list[bytes], list[int]]) -> None:
    for what, then, now in zip(("the bytes of", "the references to"), before, inputs_of(given), strict=True):
        changed = [name for name, one, other in zip(given, then, now, strict=True) if one != other]
        assert not changed, f"{what} {changed} changed"


def check_kernel(entry: Entry, given: dict[str, Any], expected: Any, refused: tuple[Any, str] | None) -> None:
    """One call: right or refused in the words expected, and the inputs as before."""
    before = inputs_of(given)
    try:
        got = entry.call(given)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        if refused is None or not isinstance(error, refused[0]) or not re.search(refused[1], str(error)):
            raise AssertionError(f"refused with {said}; due was {refused}") from error
    else:
        assert refused is None, "taken, where an error was due"
        check_same(got, expected)
        del got
    check_inputs(given, before)


def check_same(got: Any, expected: Any) -> None:
    if callable(expected):
        assert expected(got), "no result that could be"
    elif isinstance(got, list | tuple):
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            check_same(one, other)
    else:
        np.testing.assert_allclose(got, np.asarray(expected).reshape(got.shape), rtol=1e-12, atol=0)


def kernel_cases(entry: Entry, variants_of: Callable[[Column], Iterator[Variant]]) -> Iterator[tuple[str, Callable[[], None]]]:
    """The name of each case of a kernel, and what checks it: no row, one row, some; one argument varied at a time."""
    for n in (0, 1, 9):
        columns = entry.columns(np.random.default_rng([n, 22]), n)
        values = {name: column.values for name, column in columns.items()}
        expected = entry.expected(values)
        arrays = {name: plain(column) for name, column in columns.items()}
        for name, column in columns.items():
            for variant in variants_of(column):
                label = f"{n} rows, {name}: {variant.name}"
                yield label, partial(check_kernel, entry, {**arrays, name: variant.value}, expected, variant.refused)


# What pandas says to a byte-swapped column of a DataFrame, wherever a function needs more of it than its values.
PANDAS_REFUSES = "Big-endian buffer not supported"

KINDS_OF_TABLE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "DataFrame": lambda columns: pd.DataFrame(columns),
    "DataFrame with an index": lambda columns: pd.DataFrame(columns).set_axis(np.zeros(len(columns["row"]), dtype=np.int64), axis=0),
    "mapping": dict,
}


def records(columns: dict[str, np.ndarray], *, align: bool = False) -> np.ndarray:
    """A structured array with a field a column: packed, so that hardly any field is aligned, or each where its width wants it."""
    table = np.empty(len(columns["row"]), np.dtype([(name, values.dtype) for name, values in columns.items()], align=align))
    for name, values in columns.items():
        table[name] = values
    return table


def masked_records(columns: dict[str, np.ndarray]) -> np.ndarray:
    masked = {name: hidden(values) for name, values in columns.items()}
    mask = records({name: values.mask for name, values in masked.items()})
    return np.ma.array(records({name: values.data for name, values in masked.items()}), mask=mask)


def each(lay: Callable[[np.ndarray], Any]) -> Callable[[dict[str, np.ndarray]], dict[str, Any]]:
    return lambda columns: {
        name: values if lay is misaligned and values.dtype == object else lay(values) for name, values in columns.items()
    }


# Whole tables that are made of arrays, all columns in the one way.
RECORDS_LAID: dict[str, Callable[[dict[str, np.ndarray]], Any]] = {
    "packed records": records,
    "aligned records": partial(records, align=True),
    **{
        f"{layout} records": lambda columns, lay=LAYOUTS[layout]: lay(records(columns))
        for layout in ("read-only", "strided", "reversed", "byte-swapped")
    },
    "recarray": lambda columns: records(columns).view(np.recarray),
    "some fields of wider records": lambda columns: records({"note": columns["row"], **columns, "more": columns["graded"]})[list(columns)],
    "masked records": masked_records,
}
MAPPINGS_LAID = {
    **{f"mapping, all {layout}": each(lay) for layout, lay in LAYOUTS.items() if layout not in ("contiguous", "list")},
    "mapping of lists": each(list),
    "mapping, all masked": each(hidden),
    "mapping, all masked and byte-swapped": each(lambda array: LAYOUTS["byte-swapped"](hidden(array))),
    "mapping that is no dict": MappingProxyType,
}

FIELDS = {
    "graded": np.bool_,
    "row": np.int64,
    "provider": np.int64,
    "region": object,
    "inspection_start": "datetime64[D]",
    "published": "datetime64[D]",
    "overall_effectiveness": object,
    "pupils": np.float64,
}


def is_as_it_comes(form: str) -> bool:
    """Whether a form of a column is not one of the layouts of an array."""
    return "," not in form or form.endswith(", contiguous")


def fields_of(values: dict[str, list]) -> Iterator[tuple[str | None, str, dict[str, np.ndarray]]]:
    """The columns as arrays that may be fields: all of them plain, then one at a time in every form that an array can have."""
    columns = {name: np.array(values[name], dtype=dtype) for name, dtype in FIELDS.items()}
    columns["overall_effectiveness"] = np.array([WORDS.get(value) for value in values["overall_effectiveness"]], dtype=object)
    yield None, "plain", columns
    for name, forms in FORMS.items():
        for form, array in forms(values[name]):
            if type(array) is np.ndarray and is_as_it_comes(form):
                yield name, form, {**columns, name: array}


def tables_of(values: dict[str, list], *, layouts: bool) -> Iterator[tuple[str, str | None, str, dict[str, Any], Callable[[Any], Any]]]:
    """Every table of these values: its kind, the column that is varied, in what form, all columns, and what makes a table of them."""
    plainly = plain_table(values)
    kinds = list(KINDS_OF_TABLE)
    for varied, forms in FORMS.items():
        for number, (form, value) in enumerate(forms(values[varied])):
            # All kinds of table for the whole forms, one of them for each layout of an array.
            for kind in kinds if "," not in form else [kinds[number % len(kinds)]]:
                if layouts or is_as_it_comes(form):
                    yield kind, varied, form, {**plainly, varied: value}, KINDS_OF_TABLE[kind]
    kinds = list(RECORDS_LAID)
    for number, (field, form, columns) in enumerate(fields_of(values)):
        if field is None:
            for kind, made in (RECORDS_LAID | MAPPINGS_LAID).items():
                yield kind, field, form, columns, made
        elif len(columns["row"]) > 1:
            # Three kinds of records for each form of a field; the next form has the next three.
            for kind in (kinds[(number + step) % len(kinds)] for step in (0, 3, 6)):
                yield kind, field, form, columns, RECORDS_LAID[kind]


def table_cases(name: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """The cases of a table function: every form of each column, in every kind of table that can hold it."""
    call = TABLES[name]
    for n, missing in ((0, 0), (1, 0), (30, 0), (30, 0.2)):
        values = table_columns(np.random.default_rng([n, 23]), n, missing)
        expected: dict[str | None, list] = {}
        for kind, varied, form, columns, made in tables_of(values, layouts=not missing):
            without = varied if name in PASSING else None
            if without not in expected:
                expected[without] = outcome(call, pd.DataFrame(plain_table(values)), without)
            label = f"{n} rows{', more missing' if missing else ''}, {kind}, {varied or 'every column'}: {form}"
            yield label, partial(check_table, made, call, form, columns, expected[without], without)


def outcome(call: Callable[[Any], Any], table: Any, without: str | None) -> list:
    """What a call gives, or that it refuses: a table without rows has no state to speak of, say."""
    try:
        return comparable(call(table), without)
    except (ValueError, IndexError, KeyError, TypeError) as error:
        return [PANDAS_REFUSES if PANDAS_REFUSES in str(error) else type(error).__name__]


def table_fingerprint(table: Any) -> list:
    """The names, columns, index and attributes of a table, byte for byte; of arrays also the references to them."""
    if isinstance(table, np.ndarray):
        return [table.dtype, *inputs_of({"records": table})]
    if not isinstance(table, pd.DataFrame):
        return [list(table), *inputs_of(table)]
    return [(name, fingerprint(table[name])) for name in table.columns] + [table.index.tolist(), repr(table.attrs), table.dtypes.tolist()]


def check_table(
    made: Callable[[dict[str, Any]], Any],
    call: Callable[[Any], Any],
    form: str,
    columns: dict[str, Any],
    expected: list,
    without: str | None,
) -> None:
    before = inputs_of(columns)
    table = made(columns)
    whole = table_fingerprint(table)
    got = outcome(call, table, without)
    if isinstance(table, pd.DataFrame) and got != expected and "byte-swapped" in form:
        assert got == [PANDAS_REFUSES], "a byte-swapped column of a DataFrame gives something else than pandas' refusal"
        expected = got
    assert got == expected, next((pair for pair in zip(got, expected, strict=False) if pair[0] != pair[1]), "another number of rows")
    assert whole == table_fingerprint(table), "the table changed"
    del table
    check_inputs(columns, before)


def failures(cases: Iterator[tuple[str, Callable[[], None]]], step: int = 1) -> tuple[int, list[str]]:
    """How many cases there were, every step-th of all, and what failed in which."""
    n, failed = 0, []
    for label, check in islice(cases, 0, None, step):
        n += 1
        try:
            check()
        except AssertionError as error:
            failed.append(f"{label}: {' '.join(str(error).split())[:300]}")
    return n, failed


FACES = {"counts": (COUNTS, variants), "_core": (CORE, core_variants)}


def main() -> None:
    number: Counter[str] = Counter()
    failed: list[str] = []
    for face, (entries, variants_of) in FACES.items():
        for entry in entries.values():
            cases, wrong = failures(kernel_cases(entry, variants_of))
            number[f"kernels, {face}"] += cases
            failed += wrong
    for name in TABLES:
        cases, wrong = failures(table_cases(name))
        number["table functions"] += cases
        failed += wrong
    for what, cases in number.items():
        print(f"{what}: {cases:,} cases")
    if failed:
        raise SystemExit(f"{len(failed)} cases failed:\n" + "\n".join(failed[:20]))
    write_record("matrix", "Cases of the matrix", "python3 -m tests.matrix", {**number, "together": number.total()})


if __name__ == "__main__":
    main()
