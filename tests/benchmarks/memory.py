"""How much memory a question takes beside its table of text: ``python -m tests.benchmarks.memory [rows ...]``.

Each question has a process of its own: first one of a small table, then the table, then the question, and how far the process grew
meanwhile. The answer and the dictionaries are in it: a tenth of the rows is a provider. On Linux alone, which tells the peak.
"""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import ofsted_sif as sif
from tests.benchmarks.road import DATE, DATES, GRADE, records
from tests.benchmarks.timing import describe_machine, memory_growth

SIZES = (1_000_000, 10_000_000)
TEXT = ("provider", "la", GRADE)
KINDS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas, shared strings": lambda frame: frame,
    "pandas, str": lambda frame: frame.astype(dict.fromkeys(TEXT, pd.StringDtype("pyarrow", na_value=np.nan))),
    "Arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "polars": lambda frame: pl.from_arrow(pa.Table.from_pandas(frame, preserve_index=False)),
}
QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "aggregate": lambda table: sif.aggregate(table, "la"),
    "as_at": lambda table: sif.as_at(table, DATE),
    "series": lambda table: sif.series(table, DATES, "la"),
    "transitions": lambda table: sif.transitions(table, "la"),
    "changes": lambda table: sif.changes(table, "la"),
    "trend": lambda table: sif.trend(table, "la"),
}


def bytes_a_row(kind: str, question: str, rows: int) -> float:
    """How far this process grows, at its peak, while it answers."""
    warnings.simplefilter("ignore")
    ask = QUESTIONS[question]
    ask(KINDS[kind](records(200_000)))
    table = KINDS[kind](records(rows))
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)  # what the making of the table has left: else the answer would take that and not grow
    return memory_growth(lambda: ask(table)) * 2**20 / rows


def main(*sizes: int) -> None:
    """Print a table for each size."""
    print(describe_machine("numpy", "pandas", "polars", "pyarrow"))
    for rows in sizes or SIZES:
        print(f"\n### Peak memory beside the table, bytes a row, {rows:,} rows\n")
        print(f"| | {' | '.join(QUESTIONS)} |")
        print(f"| --- |{' ---: |' * len(QUESTIONS)}")
        for kind in KINDS:
            found = []
            for question in QUESTIONS:
                command = [sys.executable, "-m", "tests.benchmarks.memory", kind, question, str(rows)]
                found.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
            print(f"| {kind} | {' | '.join(found)} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in KINDS:
        print(f"{bytes_a_row(sys.argv[1], sys.argv[2], int(sys.argv[3])):.1f}")
    else:
        main(*map(int, sys.argv[1:]))
