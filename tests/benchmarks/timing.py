"""Timing side by side: the peers take turns, so that a machine whose speed drifts drifts for all of them."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ofsted_sif as sif


def describe_machine(*packages: str) -> str:
    """The machine, the date and the versions, for the head of a page."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next((line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")), cpu)
    versions = []
    for package in packages:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{package} not installed: its rows are left out")
    return (
        f"{datetime.date.today()}, {cpu}, {sif.counts.usable_cores()} cores, Python {platform.python_version()}, "
        f"ofsted_sif {sif.__version__}, {', '.join(versions)}"
    )


def seconds(call: Callable[[], Any], *, least: float = 0.02) -> float:
    """Time one call; short ones are repeated until the clock can be trusted."""
    number = 1
    while True:
        start = time.perf_counter()
        for _ in range(number):
            call()
        took = time.perf_counter() - start
        if took >= least or number >= 1_000_000:
            return took / number
        number = max(2 * number, int(1.2 * number * least / max(took, 1e-9)))


def medians(calls: Mapping[str, Callable[[], Any]], *, runs: int = 5) -> dict[str, float]:
    """The median time of each, after one warm-up, the calls in turn."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(runs):
        for name, call in calls.items():
            times[name].append(seconds(call))
    return {name: statistics.median(of) for name, of in times.items()}


def memory_growth(call: Callable[[], Any]) -> float:
    """By how many megabytes the process grows at most while it answers; NaN where the system does not tell."""
    status, forget = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not forget.exists():
        return float("nan")

    def kilobytes(field: str) -> int:
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith(field))

    forget.write_text("5")  # the peak counts from here
    before = kilobytes("VmRSS:")
    call()
    return max(0, kilobytes("VmHWM:") - before) / 1024


def print_table(title: str, ours: str, times: Mapping[str, float], *, rows: int | None = None) -> None:
    """Print the times, and how many times ours each other takes (below 1: we lose)."""
    print(f"\n### {title}\n")
    speed = " million rows/s |" if rows else ""
    print(f"| | milliseconds |{speed} times ours |\n| --- | ---: |{' ---: |' if rows else ''} ---: |")
    for name, took in times.items():
        rate = f" {rows / took / 1e6:,.0f} |" if rows else ""
        print(f"| {name} | {took * 1e3:,.4g} |{rate} {took / times[ours]:,.2f} |")
    sys.stdout.flush()
