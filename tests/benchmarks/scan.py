"""Counting a Parquet file that is larger than memory, beside DuckDB: ``python -m tests.benchmarks.scan [ROWS] [FILE]``.

Each answer is had by a process of its own, so that its peak of memory is its own; the peers take turns. The file is written, and removed
unless it is named. Where the time goes is told by two further rows: the same columns decoded by pyarrow and not counted, and the rows
counted as they lie in memory.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import ofsted_sif as sif
from tests.benchmarks.timing import describe_machine

ROWS_OF_A_GROUP = 1 << 20
GROUPS = 153
GRADE = "overall_effectiveness"
HEAD = f"""
import pathlib, sys, time
from concurrent.futures import ThreadPoolExecutor
file = sys.argv[1]
columns = ["local_authority", "{GRADE}"]
"""
TAIL = """
took = time.perf_counter() - start
# Not getrusage: its peak begins with that of the process that started this one.
peak = next(line.split()[1] for line in pathlib.Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(took, int(peak) / 1024, total)
"""
PEERS = {
    "ofsted_sif.aggregate": """
import ofsted_sif as sif
start = time.perf_counter()
total = sif.aggregate(file, columns[0])["n"].sum()
""",
    "DuckDB": """
import duckdb
duckdb.execute("SET enable_progress_bar = false")
start = time.perf_counter()
rows = duckdb.sql(f"SELECT {', '.join(columns)}, count(*) FROM '{file}' GROUP BY ALL").fetchall()
total = sum(row[-1] for row in rows)
""",
    "decoded by pyarrow, not counted": """
import pyarrow.parquet as pq
start = time.perf_counter()
metadata = pq.read_metadata(file)
def read(group):
    return pq.ParquetFile(file, metadata=metadata).read_row_group(group, columns=columns, use_threads=False).num_rows
with ThreadPoolExecutor(2) as pool:
    total = sum(pool.map(read, range(metadata.num_row_groups)))
""",
    "a row group counted in memory, as often": """
import pyarrow.parquet as pq, ofsted_sif as sif
parquet = pq.ParquetFile(file)
table, times = parquet.read_row_group(0, columns=columns), parquet.num_row_groups
start = time.perf_counter()
with ThreadPoolExecutor(2) as pool:
    total = sum(found["n"].to_pandas().sum() for found in pool.map(lambda _: sif.aggregate(table, columns[0], threads=1), range(times)))
""",
}


def write(file: Path, rows: int) -> None:
    """Write the rows, a twentieth without a grade; four row groups of random codes take turns."""
    rng = np.random.default_rng(1)
    authorities = pa.array([f"authority {number:03}" for number in range(GROUPS)])
    grades = pa.array(sif.FOUR_POINT.labels[::-1])
    groups = []
    for _ in range(4):
        of = pa.array(rng.integers(0, GROUPS, ROWS_OF_A_GROUP, dtype=np.int32))
        grade = pa.array(rng.integers(0, 4, ROWS_OF_A_GROUP, dtype=np.int32), mask=rng.random(ROWS_OF_A_GROUP) < 0.05)
        columns = [pa.DictionaryArray.from_arrays(of, authorities), pa.DictionaryArray.from_arrays(grade, grades, ordered=True)]
        groups.append(pa.table(columns, names=["local_authority", GRADE]))
    with pq.ParquetWriter(file, groups[0].schema) as writer:
        for number, start in enumerate(range(0, rows, ROWS_OF_A_GROUP)):
            writer.write_table(groups[number % 4].slice(0, min(ROWS_OF_A_GROUP, rows - start)), row_group_size=ROWS_OF_A_GROUP)


def measure(file: Path, rows: int, runs: int) -> None:
    """Print the median time, speed and peak of memory of each."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in PEERS}
    for _ in range(runs):
        for name, code in PEERS.items():
            ran = subprocess.run([sys.executable, "-c", HEAD + code + TAIL, str(file)], capture_output=True, text=True, check=True)
            took, peak, total = map(float, ran.stdout.split())
            assert name.startswith("a row group") or int(total) == rows, (name, total)
            found[name].append((took, peak))
    print(f"\n### {rows:,} rows of Parquet, {file.stat().st_size / 1e9:.2f} GB, {GROUPS} groups, median of {runs}\n")
    print("| | seconds | million rows/s | times ours | peak RSS, MiB |\n| --- | ---: | ---: | ---: | ---: |")
    ours = statistics.median(took for took, _ in found["ofsted_sif.aggregate"])
    for name, of in found.items():
        took, peak = statistics.median(time for time, _ in of), max(memory for _, memory in of)
        print(f"| {name} | {took:.2f} | {rows / took / 1e6:,.0f} | {took / ours:.2f} | {peak:,.0f} |")
    sys.stdout.flush()


def main(rows: int = 100_000_000, file: str | None = None, runs: int = 5) -> None:
    """Print the table."""
    print(describe_machine("pyarrow", "duckdb"))
    if file is not None:
        if not Path(file).exists():
            write(Path(file), rows)
        measure(Path(file), rows, runs)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "rows.parquet", rows)
        measure(Path(folder) / "rows.parquet", rows, runs)


if __name__ == "__main__":
    main(*(int(value) if value.isdigit() else value for value in sys.argv[1:]))  # type: ignore[arg-type]
