"""Reading published files, beside pandas.read_csv with no cleaning at all: ``python -m tests.benchmarks.reading``."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import ofsted_sif as sif
from tests.benchmarks.timing import describe_machine, medians, print_table

PUBLISHED = Path(__file__).parents[2].parent / "shared" / "data" / "published"
SCHOOLS = "schools_state_asat_2023-08-31_west_midlands.csv"
EARLY_YEARS = "ey_most_recent_2021-08-31_three_authorities.csv"
AUTHORITIES = "csc_la_outcomes_2024-03-31.ods"
OURS, THEIRS = "read_inspections", "pandas.read_csv"


def _numbered_again(body: bytes, times: int) -> bytes:
    """The rows under other URNs (the six digits before ".0," in the third column), so that none repeats another."""
    return re.sub(rb"(?m)^([^,\n]*,[^,\n]*,)(\d)(\d{5}\.0,)", lambda found: found[1] + b"%d" % (times + 1) + found[3], body)


def _early_years_again(body: bytes, times: int) -> bytes:
    """The rows under other URNs, and with other numbers of inspections."""
    return re.sub(rb'"([A-Z]{2})?(\d{6,8})"', lambda found: b'"%b%d"' % (found[1] or b"", int(found[2]) + 1_000_003 * times), body)


def beside_pandas(title: str, data: bytes) -> None:
    """Print the time of reading and cleaning a CSV in cp1252, and that of pandas on the same bytes."""
    calls: dict[str, Callable[[], Any]] = {
        OURS: lambda: sif.read_inspections(io.BytesIO(data)),
        THEIRS: lambda: pd.read_csv(io.BytesIO(data), encoding="cp1252", low_memory=False),
    }
    times = medians(calls, runs=9)
    print_table(title, OURS, times)
    print(f"\nReading takes {times[OURS] / times[THEIRS]:.2f} times the time of pandas.read_csv; the goal is 1.5.")


def main() -> None:
    """Print the tables; pandas is faster at text where pyarrow is installed."""
    print(describe_machine("numpy", "pandas", "pyarrow", "python-calamine"))
    if not (PUBLISHED / SCHOOLS).exists():
        print(f"not timed: the published files are not there ({SCHOOLS})")
        return
    data = (PUBLISHED / SCHOOLS).read_bytes()
    beside_pandas(f"Schools of one region, {len(data):,} bytes", data)
    header, _, body = data.partition(b"\n")
    regions = b"".join(_numbered_again(body, times) for times in range(9))
    beside_pandas(f"Nine such regions, {len(regions):,} bytes", header + b"\n" + regions)
    early_years = PUBLISHED.parent / "published_more" / EARLY_YEARS
    if early_years.exists():
        header, _, body = early_years.read_bytes().partition(b"\n")
        for times in (5, 142):
            data = header + b"\n" + b"".join(_early_years_again(body, number) for number in range(times))
            beside_pandas(f"Early years, {len(data):,} bytes", data)
    path = PUBLISHED / AUTHORITIES
    took = medians({"ods": lambda: sif.read_inspections(path)}, runs=9)["ods"]
    print(f"\nLocal authorities from the ODS: {took * 1e3:,.4g} milliseconds; the bound is 150.")


if __name__ == "__main__":
    main()
