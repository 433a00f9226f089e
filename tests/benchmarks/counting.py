"""Counting 50 million rows by group and grade, beside its peers: ``python -m tests.benchmarks.counting``."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import ofsted_sif as sif
from ofsted_sif import counts
from tests.benchmarks.timing import describe_machine, medians, print_table

GRADES = 4


def columns_of(rows: int, groups: int, *, dominant: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Group codes of the narrowest width and grade codes, a twentieth missing."""
    generator = np.random.default_rng(0)
    of = generator.integers(0, groups, rows, dtype=np.int64)
    if dominant:
        of[generator.random(rows) < dominant] = groups // 2
    grade = generator.integers(0, GRADES, rows, dtype=np.int8)
    grade[generator.random(rows, dtype=np.float32) < 0.05] = -1
    return of.astype(np.min_scalar_type(-groups)), grade


def peers(of: np.ndarray, grade: np.ndarray, groups: int) -> dict[str, Callable[[], Any]]:
    """Each peer as its own experts would write it."""
    index = of.astype(np.int64) * (GRADES + 1) + grade + 1  # made beforehand: numpy.bincount "on ready indices"
    cells = groups * (GRADES + 1)
    calls: dict[str, Callable[[], Any]] = {
        "ofsted_sif, 1 thread": lambda: counts.count_grades(of, grade, n_groups=groups, threads=1),
        "ofsted_sif, all cores": lambda: counts.count_grades(of, grade, n_groups=groups),
        "read both columns (numpy sum of bytes)": lambda: (of.view(np.int64).sum(), grade.view(np.int64).sum()),
        "numpy.bincount on ready indices": lambda: np.bincount(index, minlength=cells),
    }
    frame = pd.DataFrame({"of": pd.Categorical.from_codes(of, categories=range(groups)), "grade": grade})
    calls["pandas groupby"] = lambda: frame.groupby(["of", "grade"], observed=True, sort=False).size()
    try:
        import numba
    except ImportError:
        pass
    else:

        @numba.njit  # type: ignore[untyped-decorator]
        def loop(of: np.ndarray, grade: np.ndarray, groups: int) -> np.ndarray:
            result = np.zeros((groups + 1, GRADES + 1), np.int64)
            for i in range(len(of)):
                result[of[i], grade[i]] += 1
            return result

        calls["numba, plain loop without any check"] = lambda: loop(of, grade, groups)
    try:
        import duckdb
    except ImportError:
        pass
    else:
        for threads in (1, 2):
            connection = duckdb.connect(config={"threads": threads})
            connection.execute("create table t as select * from (select unnest($1) as of, unnest($2) as grade)", [of, grade])
            query = connection.cursor
            calls[f"DuckDB, {threads} thread{'s' * (threads > 1)}"] = lambda q=query: (
                q().execute("select of, grade, count(*) from t group by all").fetchall()
            )
    try:
        import polars
    except ImportError:
        pass
    else:
        lazy = polars.DataFrame({"of": of, "grade": grade}).lazy()
        calls["polars, all cores"] = lambda: lazy.group_by("of", "grade").len().collect()
    return calls


def main(rows: int = 50_000_000) -> None:
    """Print the tables."""
    print(describe_machine("numpy", "pandas", "duckdb", "polars", "numba"))
    for groups in (153, 200_000):
        of, grade = columns_of(rows, groups)
        print_table(f"{rows:,} rows, {groups:,} groups", "ofsted_sif, 1 thread", medians(peers(of, grade, groups)), rows=rows)
    of, grade = columns_of(rows, 153)
    shapes: dict[str, Callable[[], Any]] = {"uniform": lambda: counts.count_grades(of, grade, n_groups=153, threads=1)}
    one_group, its_grade = columns_of(rows, 153, dominant=0.9)
    shapes["one group holds 90% of the rows"] = lambda: counts.count_grades(one_group, its_grade, n_groups=153, threads=1)
    in_order = np.sort(of)
    shapes["rows sorted by group"] = lambda: counts.count_grades(in_order, grade, n_groups=153, threads=1)
    shapes["no groups"] = lambda: counts.count_grades(None, grade, threads=1)
    shapes["read the grades (numpy sum of int64 views)"] = lambda: grade.view(np.int64).sum()
    print_table("Shapes of the data", "uniform", medians(shapes), rows=rows)

    frame = pd.DataFrame(
        {
            "of": pd.Categorical.from_codes(of, categories=range(153)),
            "overall_effectiveness": pd.Categorical.from_codes(grade, dtype=sif.FOUR_POINT.dtype),
        }
    )
    tables: dict[str, Callable[[], Any]] = {
        "counts.count_grades": lambda: counts.count_grades(of, grade, n_groups=153),
        "aggregate": lambda: sif.aggregate(frame, "of"),
    }
    print_table("aggregate beside its kernel", "counts.count_grades", medians(tables), rows=rows)
    tracemalloc.start()
    sif.aggregate(frame, "of")
    print(f"\nPeak memory of `aggregate` beside the table: {tracemalloc.get_traced_memory()[1] / 1e6:.2f} MB.")
    tracemalloc.stop()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
