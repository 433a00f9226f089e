"""How the cost of counting, ordering and the grid grows: ``python -m tests.benchmarks.growth``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ofsted_sif import counts
from tests.benchmarks.as_at import GROUPS, history
from tests.benchmarks.counting import columns_of
from tests.benchmarks.timing import describe_machine, medians


def grown(title: str, per: str, calls: dict[int, tuple[Callable[[], Any], float]]) -> None:
    """Print a table of cost by size, with nanoseconds for each of what it is counted in."""
    times = medians({str(size): call for size, (call, _) in calls.items()})
    print(f"\n### {title}\n\n| | milliseconds | nanoseconds a {per} |\n| ---: | ---: | ---: |")
    for size, (_, units) in calls.items():
        took = times[str(size)]
        print(f"| {size:,} | {took * 1e3:,.3g} | {took * 1e9 / units:,.3g} |")


def grid(records: int, providers: int, dates: int) -> tuple[Callable[[], Any], float]:
    """The grid over records in order, and the number of its records."""
    data = history(records, providers, dates)
    names = ("provider", "held", "published", "group", "grade", "dates", "cutoffs")
    columns = [data[name] for name in names]
    return lambda: counts.count_as_at(*columns, n_providers=providers, n_groups=GROUPS), float(records)


def by_threads(title: str, calls: dict[str, Callable[[int | None], Any]]) -> None:
    """Print what each costs with one thread, with one a core, and as it chooses itself."""
    cores = counts.usable_cores()
    print(f"\n### {title}, by threads\n")
    print(f"| | 1 thread, ms | {cores} threads, ms | gain | by default, ms |\n| --- | ---: | ---: | ---: | ---: |")
    for name, call in calls.items():
        numbers: dict[str, int | None] = {"one": 1, "all": cores, "default": None}
        times = medians({which: lambda call=call, number=number: call(number) for which, number in numbers.items()}, runs=9)
        one, all_cores, default = (times[which] * 1e3 for which in numbers)
        print(f"| {name} | {one:,.3g} | {all_cores:,.3g} | {one / all_cores:.2f} | {default:,.3g} |")


def others() -> dict[str, Callable[[int | None], Any]]:
    """The kernels besides counting that take threads, below and above the size from which they use them by default."""
    calls: dict[str, Callable[[int | None], Any]] = {}
    random = np.random.default_rng(1)
    for rows in (1_000_000, 20_000_000):
        provider, held = np.repeat(np.arange(rows // 5, dtype=np.int32), 5), np.tile(np.arange(5) * 400, rows // 5)
        grades = random.integers(0, 4, rows, dtype=np.int8)
        calls[f"transitions, {rows:,} rows in order"] = lambda threads, given=(provider, held, None, None, grades): (
            counts.count_transitions(*given, threads=threads)
        )
    for rows in (1_000_000, 20_000_000):
        dated = np.arange(rows, dtype=np.int32) // 20, np.arange(rows)
        grades, values = random.integers(0, 4, rows, dtype=np.int8), random.random(rows)
        calls[f"Mann-Kendall of grades, {rows:,} rows in groups of 20"] = lambda threads, given=(*dated, grades): counts.kendall(
            *given, n_grades=4, threads=threads
        )
        if rows == 1_000_000:
            calls[f"Mann-Kendall of numbers, {rows:,} rows in groups of 20"] = lambda threads, given=(*dated, values): counts.kendall(
                *given, threads=threads
            )
    for rows in (40_000, 400_000):
        dated, values = (np.arange(rows, dtype=np.int32) // 50, np.arange(rows)), random.random(rows)
        ranks = np.full((rows // 50, 1), 50 * 49 // 4)
        calls[f"Theil-Sen, {rows:,} rows in groups of 50"] = lambda threads, given=(*dated, values, ranks): counts.theil_sen(
            *given, threads=threads
        )
    for providers in (10_000, 1_000_000):
        of, grades = np.arange(providers), random.integers(0, 4, providers, dtype=np.int8)
        calls[f"bootstrap, 100 replicates of {providers:,} providers"] = lambda threads, given=(of, None, grades, 100, 1): (
            counts.resample_counts(*given, threads=threads)
        )
    return calls


def main() -> None:
    """Print the tables."""
    print(describe_machine("numpy"))
    counting: dict[int, tuple[Callable[[], Any], float]] = {}
    for rows in (1_000, 100_000, 10_000_000, 100_000_000):
        of, grade = columns_of(rows, 153)
        counting[rows] = (lambda of=of, grade=grade: counts.count_grades(of, grade, n_groups=153, threads=1), rows)
    grown("Counting, by rows (153 groups, 1 thread)", "row", counting)

    rows = 10_000_000
    counting = {}
    for groups in (1, 100, 10_000, 1_000_000):
        of, grade = columns_of(rows, groups)
        counting[groups] = (lambda of=of, grade=grade, groups=groups: counts.count_grades(of, grade, n_groups=groups, threads=1), rows)
    grown(f"Counting, by groups ({rows:,} rows, 1 thread)", "row", counting)

    of, grade = columns_of(rows, 153)
    by_threads(
        "Counting", {f"counting, {rows:,} rows, 153 groups": lambda threads: counts.count_grades(of, grade, n_groups=153, threads=threads)}
    )
    by_threads("Other kernels", others())

    ordering: dict[int, tuple[Callable[[], Any], float]] = {}
    for rows in (10_000, 100_000, 1_000_000, 10_000_000):
        data = history(rows, rows // 10, 1)
        shuffle = np.random.default_rng(1).permutation(rows)
        columns = [data[name][shuffle] for name in ("provider", "held", "published")]
        ordering[rows] = (lambda columns=columns, rows=rows: counts.order_records(*columns, n_providers=rows // 10), rows)
    grown("Ordering records, by rows (10 a provider, any order)", "row", ordering)
    grown(
        "The grid, by records (10 a provider, 120 dates, in order)",
        "record",
        {records: grid(records, records // 10, 120) for records in (10_000, 100_000, 1_000_000, 10_000_000)},
    )
    grown(
        "The grid, by dates (1,000,000 records, 100,000 providers, in order)",
        "record",
        {dates: grid(1_000_000, 100_000, dates) for dates in (1, 12, 120, 1_200, 12_000)},
    )


if __name__ == "__main__":
    main()
