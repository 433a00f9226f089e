"""Trends and the bootstrap beside scipy, pymannkendall and numpy: ``python -m tests.benchmarks.trends``."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pymannkendall
import scipy.stats

import ofsted_sif as sif
from ofsted_sif import counts
from tests.benchmarks.timing import describe_machine, medians, print_table

LABELS = np.array(sif.FOUR_POINT.labels[::-1])


def inspections(groups: int, n: int, *, ordered: bool = False) -> pd.DataFrame:
    """Grades of so many groups of n inspections, in any order unless `ordered`."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(groups), n)
    day = np.concatenate([rng.permutation(6000)[:n] for _ in range(groups)])
    if ordered:
        day = np.sort(day.reshape(groups, n), axis=1).reshape(-1)
    else:
        shuffled = rng.permutation(groups * n)
        group, day = group[shuffled], day[shuffled]
    return pd.DataFrame(
        {
            "group": pd.Categorical.from_codes(group, categories=np.arange(groups)),
            "inspection_start": (np.datetime64("2010-01-01") + day).astype("datetime64[s]"),
            "overall_effectiveness": sif.grades(LABELS[rng.integers(0, 4, groups * n)]),
        }
    )


def many_groups(groups: int, n: int) -> None:
    table = inspections(groups, n)
    group, day = table["group"].cat.codes.to_numpy(), table["inspection_start"].to_numpy().astype("datetime64[D]")
    grade = table["overall_effectiveness"].cat.codes.to_numpy()
    in_order = inspections(groups, n, ordered=True)
    ordered_group, ordered_day = in_order["group"].cat.codes.to_numpy(), in_order["inspection_start"].to_numpy().astype("datetime64[D]")
    ordered_grade = in_order["overall_effectiveness"].cat.codes.to_numpy()
    order = np.lexsort((day, group))
    parts = [(day[rows].astype(np.int64), grade[rows].astype(np.float64)) for rows in np.split(order, groups)]
    times = medians(
        {
            "counts.kendall": lambda: counts.kendall(group, day, grade, n_grades=4, n_groups=groups),
            "counts.kendall, rows in order": lambda: counts.kendall(ordered_group, ordered_day, ordered_grade, n_grades=4, n_groups=groups),
            "trend, exact mid-p": lambda: sif.trend(table, "group"),
            "trend, normal": lambda: sif.trend(table, "group", exact=False),
            "loop of scipy.stats.kendalltau, rows in order": lambda: [scipy.stats.kendalltau(*part) for part in parts],
            "loop of pymannkendall.original_test, rows in order": lambda: [pymannkendall.original_test(part[1]) for part in parts],
        }
    )
    title = f"Mann-Kendall on grades, {groups:,} groups of {n:,}"
    print_table(title, "counts.kendall", times)
    print_table(f"{title}, beside the whole of trend", "trend, exact mid-p", times)


def clusters(n: int, groups: int) -> None:
    """What it costs to take the inspections of one provider as a cluster."""
    rng = np.random.default_rng(5)
    provider = rng.integers(0, n // 4, n)
    table = pd.DataFrame(
        {
            "provider": pd.Categorical.from_codes(provider, categories=pd.RangeIndex(n // 4)),
            "group": pd.Categorical.from_codes(provider * 7919 % groups, categories=pd.RangeIndex(groups)),
            "inspection_start": (np.datetime64("2010-01-01") + rng.integers(0, 5000, n)).astype("datetime64[s]"),
            "overall_effectiveness": pd.Categorical.from_codes(rng.integers(0, 4, n), dtype=sif.grades([]).dtype),
            "graded": True,
        }
    )
    times = medians(
        {
            "trend": lambda: sif.trend(table, "group"),
            "trend, cluster=None": lambda: sif.trend(table, "group", cluster=None),
            "trend, providers not named": lambda: sif.trend(table, "group", provider="none"),
        }
    )
    print_table(f"Mann-Kendall on {n:,} grades of {n // 4:,} providers in {groups:,} groups", "trend", times)


def numbers(n: int) -> None:
    rng = np.random.default_rng(1)
    for title, day in (("distinct days", rng.permutation(n)), ("days and numbers tied", rng.integers(0, 5000, n))):
        value = rng.normal(size=n) if title == "distinct days" else rng.integers(0, 100, n).astype(float)
        times = medians(
            {
                "counts.kendall": lambda day=day, value=value: counts.kendall(None, day, value),
                "scipy.stats.kendalltau": lambda day=day, value=value: scipy.stats.kendalltau(day, value),
            }
        )
        print_table(f"Mann-Kendall on {n:,} numbers, {title}", "counts.kendall", times)


def slopes(n: int) -> None:
    rng = np.random.default_rng(2)
    day = rng.integers(0, 6000, n)
    for title, value in (("normal numbers", rng.normal(size=n)), ("numbers 1 to 4", rng.integers(1, 5, n).astype(float))):
        table = pd.DataFrame({"inspection_start": (np.datetime64("2010-01-01") + day).astype("datetime64[s]"), "number": value})
        calls = {"trend, theil-sen": lambda table=table: sif.trend(table, method="theil-sen", value="number")}
        if n <= 5000:
            calls["scipy.stats.theilslopes"] = lambda value=value: scipy.stats.theilslopes(value, day)
        print_table(f"Theil-Sen, n = {n:,}, {title}", "trend, theil-sen", medians(calls))


def memory_of_slopes(n: int) -> None:
    """Python's part by tracemalloc; the kernel's own is stated in sif.h: 0.25 MB and 64 bytes a row."""
    rng = np.random.default_rng(3)
    day, value = rng.integers(0, 6000, n), rng.normal(size=n)
    ranks = [[n, 2 * n]]
    counts.theil_sen(None, day, value, ranks)
    tracemalloc.start()
    counts.theil_sen(None, day, value, ranks)
    ours = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    scipy.stats.theilslopes(value, day)
    peer = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kernel = (1 << 15) * 8 + 64 * n
    print(f"\nMemory of slopes, n = {n:,}: ours {(ours + kernel) / 1e6:.2f} MB (kernel {kernel / 1e6:.2f}), scipy {peer / 1e6:.0f} MB")


def bootstrap(providers: int, replicates: int) -> None:
    rng = np.random.default_rng(4)
    grade = rng.integers(0, 4, providers).astype(np.int8)
    history = np.repeat(np.arange(providers), rng.integers(1, 6, providers))
    grades = rng.integers(0, 4, len(history)).astype(np.int8)
    one_each = np.arange(providers)
    index = grade.astype(np.intp)
    table = np.zeros((providers, 4), dtype=np.int64)
    np.add.at(table, (history, grades), 1)
    few = 20  # replicates of the peer; its time is multiplied

    def draw_indices() -> None:
        for _ in range(few):
            np.bincount(index[rng.integers(0, providers, providers)], minlength=4)

    def draw_histories() -> None:
        for _ in range(few):
            table[rng.integers(0, providers, providers)].sum(axis=0)

    for title, provider, of, peer in (
        ("one inspection each", one_each, grade, draw_indices),
        ("1 to 5 each", history, grades, draw_histories),
    ):
        times = medians(
            {
                "counts.resample_counts, 1 thread": lambda p=provider, g=of: counts.resample_counts(p, None, g, replicates, 1, threads=1),
                "counts.resample_counts, all cores": lambda p=provider, g=of: counts.resample_counts(p, None, g, replicates, 1),
                "numpy: integers, then count": peer,
            }
        )
        times["numpy: integers, then count"] *= replicates / few
        print_table(f"{replicates:,} replicates of {providers:,} providers, {title}", "counts.resample_counts, 1 thread", times)


if __name__ == "__main__":
    print(describe_machine("numpy", "pandas", "scipy", "pymannkendall"))
    many_groups(2000, 20)
    many_groups(3, 3000)
    clusters(10_000_000, 150)
    clusters(10_000_000, 20_000)
    numbers(100_000)
    slopes(3000)
    slopes(100_000)
    memory_of_slopes(3000)
    bootstrap(100_000, 1000)
