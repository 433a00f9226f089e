"""The as-at grid of a million records beside DuckDB and pandas: ``python -m tests.benchmarks.as_at``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from tests.benchmarks.timing import describe_machine, medians, print_table

GROUPS = 153


def history(records: int, providers: int, dates: int) -> dict[str, np.ndarray]:
    """Records of ten years ordered by provider and date, reports up to ten weeks later; the grid and its cut-offs a month later."""
    generator = np.random.default_rng(0)
    # Days of a provider differ, so that the answer does not hang on the position of equals, which a shuffle changes.
    key = np.unique(generator.integers(0, providers * 3652, int(1.01 * records)))
    key = np.sort(generator.permutation(key)[:records])
    provider, held = (key // 3652).astype(np.int32), np.datetime64("2015-01-01", "D").view(np.int64) + key % 3652
    published = held + generator.integers(10, 70, records)
    grid = np.datetime64("2015-01-01", "D").view(np.int64) + np.linspace(0, 3700, dates).astype(np.int64)
    group_of = generator.integers(0, GROUPS, providers, dtype=np.int16)
    return {
        "provider": provider,
        "held": held,
        "published": published,
        "group": group_of[provider],
        "grade": generator.integers(-1, 4, records, dtype=np.int8),
        "dates": grid,
        "cutoffs": grid + 30,
    }


def counted(data: dict[str, np.ndarray], providers: int) -> np.ndarray:
    return counts.count_as_at(
        data["provider"],
        data["held"],
        data["published"],
        data["group"],
        data["grade"],
        data["dates"],
        data["cutoffs"],
        n_providers=providers,
        n_groups=GROUPS,
    )


def with_pandas(data: dict[str, np.ndarray]) -> np.ndarray:
    """By hand in pandas: a filter, a sort and a drop of duplicates at every date."""
    frame = pd.DataFrame({name: data[name] for name in ("provider", "held", "published", "group", "grade")})
    frame = frame.sort_values(["provider", "held", "published"])
    result = np.zeros((len(data["dates"]), GROUPS + 1, 5), dtype=np.int64)
    for d, (date, cutoff) in enumerate(zip(data["dates"], data["cutoffs"], strict=True)):
        latest = frame[(frame["held"] <= date) & (frame["published"] <= cutoff)].drop_duplicates("provider", keep="last")
        sizes = latest.groupby(["group", "grade"]).size()
        group, grade = (sizes.index.get_level_values(level).to_numpy() for level in (0, 1))
        result[d, group, grade] = sizes.to_numpy()
    return result


def duckdb_range_join(data: dict[str, np.ndarray], threads: int = 2) -> Callable[[], np.ndarray]:
    """The best known plan: each record's stretch of the grid by window functions, then a join of dates with stretches."""
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    names = ["provider", "held", "published", "group", "grade"]
    unnested = ", ".join(f'unnest(${i + 1}) as "{name}"' for i, name in enumerate(names))
    connection.execute(f"create table records as select * from (select {unnested})", [data[name] for name in names])
    connection.execute(
        "create table grid as select unnest($1) as date, unnest($2) as cutoff, unnest($3) as d",
        [data["dates"], data["cutoffs"], np.arange(len(data["dates"]))],
    )
    # On this grid cut-offs follow dates by a constant, so a record's first date is that of the later of its two conditions.
    lag = int(data["cutoffs"][0] - data["dates"][0])
    query = f"""
        with timed as (
            select *, greatest(held, published - {lag}) as start,
                   row_number() over (partition by provider order by held, published) as place from records),
        stretches as (
            select "group", grade, start,
                   min(start) over (partition by provider order by place rows between 1 following and unbounded following) as stop
            from timed)
        select d, "group", grade, count(*) as n
        from grid join stretches on date >= start and (stop is null or date < stop)
        group by all"""

    def call() -> np.ndarray:
        found = connection.cursor().execute(query).fetchnumpy()
        result = np.zeros((len(data["dates"]), GROUPS + 1, 5), dtype=np.int64)
        result[found["d"], found["group"], found["grade"]] = found["n"]
        return result

    return call


def main(*size: int) -> None:
    """Print the tables, of one size (records, providers, dates) or of two."""
    print(describe_machine("numpy", "pandas", "duckdb"))
    for records, providers, dates in [size] if size else [(1_000_000, 100_000, 120), (10_000_000, 1_000_000, 365)]:
        beside_peers(records, providers, dates)


def beside_peers(records: int, providers: int, dates: int) -> None:
    """Print a table; every peer must give the same counts."""
    data = history(records, providers, dates)
    shuffle = np.random.default_rng(1).permutation(records)
    shuffled = {name: column[shuffle] if len(column) == records else column for name, column in data.items()}
    expected = counted(data, providers)
    assert (counted(shuffled, providers) == expected).all()
    calls: dict[str, Callable[[], Any]] = {
        "ofsted_sif, records in order": lambda: counted(data, providers),
        "ofsted_sif, records in any order": lambda: counted(shuffled, providers),
        "of that, order_records": lambda: counts.order_records(
            shuffled["provider"], shuffled["held"], shuffled["published"], n_providers=providers
        ),
    }
    try:
        calls["DuckDB, range join, 2 threads"] = duckdb_range_join(data)
    except ImportError:
        print("DuckDB is not installed: its row is left out")
    else:
        assert (calls["DuckDB, range join, 2 threads"]() == expected).all()
    if records <= 1_000_000:
        assert (with_pandas(data) == expected).all()
        calls["pandas by hand"] = lambda: with_pandas(data)
    title = f"{records:,} records, {providers:,} providers, {dates} dates, {GROUPS} groups"
    print_table(title, "ofsted_sif, records in order", medians(calls))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
