"""`aggregate` on polars and Arrow beside its kernel and polars' own group_by: ``python -m tests.benchmarks.frames``.

Also what ``import ofsted_sif`` costs beyond ``import pandas``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import ofsted_sif as sif
from ofsted_sif import counts
from ofsted_sif.table import frames
from tests.benchmarks.counting import columns_of
from tests.benchmarks.timing import describe_machine, medians, print_table

GRADE = "overall_effectiveness"


def tables_of(of: np.ndarray, grade: np.ndarray, groups: int) -> dict[str, Any]:
    """The same rows in every kind that has dictionary codes."""
    names = [f"authority {number:03}" for number in range(groups)]
    frame = pd.DataFrame(
        {"of": pd.Categorical.from_codes(of, categories=names), GRADE: pd.Categorical.from_codes(grade, dtype=sif.FOUR_POINT.dtype)}
    )
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    enums = pl.from_arrow(arrow).with_columns(pl.col("of").cast(pl.Enum(names)), pl.col(GRADE).cast(pl.Enum(sif.FOUR_POINT.labels[::-1])))  # type: ignore[union-attr]
    quarters = pa.concat_tables([arrow.slice(start, len(of) // 8) for start in range(0, len(of), len(of) // 8)])
    return {
        "pandas": frame,
        "Arrow": arrow,
        "Arrow, 8 chunks": quarters,
        "polars Enum": enums,
        "polars Categorical": enums.cast(pl.String).cast(pl.Categorical),
    }


def import_milliseconds(runs: int = 11) -> float:
    """The median of what a fresh process takes longer for ofsted_sif once pandas is loaded, compiled as an installation is."""
    code = "import time, pandas; start = time.perf_counter(); import ofsted_sif; print(time.perf_counter() - start)"
    with tempfile.TemporaryDirectory() as compiled:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = compiled

        def once() -> float:
            return float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment).stdout)

        once()
        return 1e3 * statistics.median(once() for _ in range(runs))


def main(rows: int = 10_000_000, groups: int = 153) -> None:
    """Print the tables."""
    print(describe_machine("numpy", "pandas", "polars", "pyarrow", "narwhals"))
    of, grade = columns_of(rows, groups)
    tables = tables_of(of, grade, groups)
    calls: dict[str, Callable[[], Any]] = {"counts.count_grades": lambda: counts.count_grades(of, grade, n_groups=groups)}
    as_held = {"Arrow's validity bitmaps": "Arrow", "words shared by both columns of a Categorical": "polars Categorical"}
    for how, kind in as_held.items():
        coded_of, coded_grade = frames.coded(tables[kind], ["of", GRADE]) or ()
        sizes = {"n_groups": len(coded_of.words), "n_grades": len(coded_grade.words)}
        calls[f"counts.count_grades, {how}"] = lambda of=coded_of.chunks, grade=coded_grade.chunks, sizes=sizes: counts.count_grades(
            of, grade, **sizes
        )
    aggregates: dict[str, Callable[[], Any]] = {
        f"aggregate, {name}": lambda table=table: sif.aggregate(table, "of") for name, table in tables.items()
    }
    print_table(f"{rows:,} rows, {groups} groups", "counts.count_grades", medians(calls | aggregates, runs=15), rows=rows)
    peers: dict[str, Callable[[], Any]] = {name: aggregates[name] for name in aggregates if "chunks" not in name}
    for name in ("polars Enum", "polars Categorical"):
        lazy = tables[name].lazy()
        peers[f"group_by of {name}"] = lambda lazy=lazy: lazy.group_by("of", GRADE).len().collect()
    peers["group_by of Arrow"] = lambda: tables["Arrow"].group_by(["of", GRADE]).aggregate([([], "count_all")])
    print_table("The same beside the group_by of the kind", "aggregate, pandas", medians(peers, runs=9), rows=rows)

    small = {name: table[:700] if isinstance(table, pd.DataFrame | pl.DataFrame) else table.slice(0, 700) for name, table in tables.items()}
    print_table("700 rows", "pandas", medians({name: lambda table=table: sif.aggregate(table, "of") for name, table in small.items()}))
    for name, table in tables.items():
        tracemalloc.start()
        before = pa.total_allocated_bytes()
        sif.aggregate(table, "of")
        print(f"\nPeak memory beside the table, {name}: {(tracemalloc.get_traced_memory()[1]) / 1e6:.2f} MB in Python and NumPy", end="")
        print(f", {(pa.total_allocated_bytes() - before) / 1e6:.2f} MB left in Arrow.")
        tracemalloc.stop()
    print(f"\nimport ofsted_sif after pandas: {import_milliseconds():.1f} ms.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
