"""What users ask, on 716, 100,000 and 10 million rows, beside every peer they might pick: ``python -m tests.benchmarks.every_size``.

Each peer answers as its own experts would have it, from a table that it holds already, to the same counts; where sizes differ so do
winners, so all stand in one table. Records are in any order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import boost_histogram
import duckdb
import lifelines
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pymannkendall
import scipy.stats
from statsmodels.stats.proportion import proportion_confint

import ofsted_sif as sif
from ofsted_sif import counts
from tests.benchmarks.as_at import GROUPS, history
from tests.benchmarks.timing import describe_machine, medians, memory_growth

SIZES = (716, 100_000, 10_000_000)
GRADE, DATE = "overall_effectiveness", "2020-06-30"
KEYS = ["provider", "held", "published"]
OURS = "ofsted_sif"
Calls = dict[str, Callable[[], Any]]


class Records:
    """The same records as arrays, and as the table of each peer."""

    def __init__(self, rows: int) -> None:
        self.providers = max(rows // 5, 1)
        data = history(rows, self.providers, 12)
        shuffle = np.random.default_rng(1).permutation(rows)
        self.columns = {name: column[shuffle] for name, column in data.items() if len(column) == rows}
        day = np.datetime64("1970-01-01", "D")
        self.table = pd.DataFrame(
            {
                "provider": pd.Categorical.from_codes(self.columns["provider"], categories=np.arange(self.providers)),
                "inspection_start": (day + self.columns["held"]).astype("datetime64[s]"),
                "published": (day + self.columns["published"]).astype("datetime64[s]"),
                "authority": pd.Categorical.from_codes(self.columns["group"], categories=np.arange(GROUPS)),
                GRADE: pd.Categorical.from_codes(self.columns["grade"], dtype=sif.FOUR_POINT.dtype),
            }
        )
        self.frame = pd.DataFrame(self.columns)
        self.polars = pl.DataFrame(self.columns)
        self.arrow = pa.table(self.columns)
        self.connection = duckdb.connect(config={"threads": counts.usable_cores()})
        self.connection.register("given", self.arrow)
        self.connection.execute("create table records as select * from given")
        self.date = int(np.datetime64(DATE, "D").astype(np.int64))

    def ask(self, query: str) -> Callable[[], Any]:
        return lambda: self.connection.cursor().execute(query).fetchnumpy()


def count_in_groups(records: Records) -> Calls:
    of, grade = records.columns["group"], records.columns["grade"]
    axes = [boost_histogram.axis.Integer(0, GROUPS, underflow=False, overflow=False), boost_histogram.axis.Integer(-1, 4)]
    index = of.astype(np.int64) * 5 + grade + 1
    return {
        OURS: lambda: counts.count_grades(of, grade, n_groups=GROUPS),
        "numpy.bincount, ready indices": lambda: np.bincount(index, minlength=5 * GROUPS),
        "numpy.bincount, from the codes": lambda: np.bincount(of.astype(np.int64) * 5 + grade + 1, minlength=5 * GROUPS),
        "boost-histogram": lambda: boost_histogram.Histogram(*axes).fill(of, grade, threads=counts.usable_cores()),
    }


def aggregate(records: Records) -> Calls:
    grouped = ["group", "grade"]
    return {
        OURS: lambda: sif.aggregate(records.table, "authority"),
        "pandas groupby": lambda: records.table.groupby(["authority", GRADE], observed=False).size().unstack(),
        "pandas crosstab": lambda: pd.crosstab(records.table["authority"], records.table[GRADE]),
        "polars": lambda: records.polars.lazy().group_by(grouped).len().collect(),
        "pyarrow": lambda: records.arrow.group_by(grouped).aggregate([([], "count_all")]),
        "DuckDB": records.ask('select "group", grade, count(*) from records group by all'),
    }


def order(records: Records) -> Calls:
    provider, held, published = (records.columns[name] for name in KEYS)
    return {
        OURS: lambda: counts.order_records(provider, held, published, n_providers=records.providers),
        "numpy.lexsort": lambda: np.lexsort((published, held, provider)),
        "pandas sort_values": lambda: records.frame.sort_values(KEYS, kind="stable"),
        "polars sort": lambda: records.polars.sort(KEYS, maintain_order=True),
    }


def state(records: Records) -> Calls:
    date = records.date

    def with_pandas() -> Any:
        held = records.frame[(records.frame["held"] <= date) & (records.frame["published"] <= date)]
        return held.sort_values(KEYS).drop_duplicates("provider", keep="last")

    latest = pl.col("group", "grade").sort_by("held", "published").last()
    held = (pl.col("held") <= date) & (pl.col("published") <= date)
    return {
        OURS: lambda: sif.as_at(records.table, DATE),
        "ofsted_sif, the kernel": lambda: counts.latest_as_at(
            *(records.columns[name] for name in KEYS), date, n_providers=records.providers
        ),
        "pandas by hand": with_pandas,
        "polars": lambda: records.polars.lazy().filter(held).group_by("provider").agg(latest).collect(),
        "DuckDB": records.ask(
            f'select provider, arg_max(row("group", grade), (held, published)) from records '
            f"where held <= {date} and published <= {date} group by provider"
        ),
    }


def series(records: Records) -> Calls:
    dates = pd.date_range("2015-12-31", periods=10, freq="YE")
    days = dates.to_numpy().astype("datetime64[D]").astype(np.int64)
    of_provider, of_grade = ["provider"], ["group", "grade"]

    def with_pandas() -> Any:
        ordered = records.frame.sort_values(KEYS)
        for day in days:
            held = ordered[(ordered["held"] <= day) & (ordered["published"] <= day)]
            held.drop_duplicates("provider", keep="last").groupby(of_grade).size()

    def with_polars() -> Any:
        ordered = records.polars.sort(KEYS)
        for day in days:
            held = ordered.lazy().filter((pl.col("held") <= day) & (pl.col("published") <= day))
            held.unique(of_provider, keep="last", maintain_order=False).group_by(of_grade).len().collect()

    grid = ", ".join(f"({day})" for day in days)
    return {
        OURS: lambda: sif.series(records.table, dates, "authority"),
        "pandas by hand": with_pandas,
        "polars": with_polars,
        "DuckDB, range join": records.ask(
            f"""with timed as (select *, greatest(held, published) as start,
                       row_number() over (partition by provider order by held, published) as place from records),
                stretches as (select "group", grade, start, min(start) over
                       (partition by provider order by place rows between 1 following and unbounded following) as stop from timed)
                select date, "group", grade, count(*) from (values {grid}) dates(date)
                join stretches on date >= start and (stop is null or date < stop) group by all"""
        ),
    }


def transitions(records: Records) -> Calls:
    def with_pandas() -> Any:
        ordered = records.frame[records.frame["grade"] >= 0].sort_values(KEYS)
        before = ordered.groupby("provider")["grade"].shift()
        return ordered.assign(before=before).dropna().groupby(["before", "grade"]).size()

    before = pl.col("grade").shift().over("provider").alias("before")
    return {
        OURS: lambda: sif.transitions(records.table),
        "pandas by hand": with_pandas,
        "polars": lambda: (
            records.polars.lazy().filter(pl.col("grade") >= 0).sort(KEYS).with_columns(before).group_by("before", "grade").len().collect()
        ),
        "DuckDB": records.ask(
            """select before, grade, count(*) from (select grade, lag(grade) over (partition by provider order by held, published) as before
               from records where grade >= 0) where before is not null group by all"""
        ),
    }


def improved(records: Records) -> Calls:
    def with_pandas() -> Any:
        ordered = records.frame[records.frame["grade"] >= 0].sort_values(KEYS)
        two = ordered.groupby("provider").tail(2)
        first, last = two.drop_duplicates("provider"), two.drop_duplicates("provider", keep="last")
        return np.sign(last.set_index("provider")["grade"] - first.set_index("provider")["grade"])

    return {OURS: lambda: sif.changes(records.table), "pandas by hand": with_pandas}


def waiting(records: Records) -> Calls:
    spells = sif.spells(records.table)
    years, ended = spells["years"].to_numpy(), (spells["ended"] != "censored").to_numpy()
    return {
        OURS: lambda: sif.time_to(records.table, grade="Good"),
        "lifelines, on ready durations": lambda: lifelines.KaplanMeierFitter().fit(years, ended),
    }


def grouped_trend(records: Records) -> Calls:
    """In groups of 20. The loops of the peers run over 200 groups at most, and their time is multiplied."""
    rows = len(records.frame) // 20 * 20
    of = np.arange(rows) // 20
    table = records.table.iloc[:rows].assign(authority=pd.Categorical.from_codes(of, categories=np.arange(rows // 20)))
    table = table.assign(**{GRADE: table[GRADE].fillna("Good")})
    day, grade = table["inspection_start"].to_numpy().astype(np.int64), table[GRADE].cat.codes.to_numpy().astype(float)
    parts = [slice(start, start + 20) for start in range(0, min(rows, 200 * 20), 20)]
    part_of_all = rows // 20 / len(parts)

    def one_by_one(test: Callable[[slice], Any]) -> Callable[[], Any]:
        return lambda: [test(part) for part in parts]

    def sloped(part: slice) -> Any:
        return scipy.stats.theilslopes(grade[part], day[part])

    calls: Calls = {
        OURS: lambda: sif.trend(table, "authority"),
        "scipy.stats.kendalltau": one_by_one(lambda part: scipy.stats.kendalltau(day[part], grade[part])),
        "pymannkendall": one_by_one(lambda part: pymannkendall.original_test(grade[part][np.argsort(day[part])])),
        "ofsted_sif, Theil-Sen": lambda: sif.trend(table, "authority", method="theil-sen"),
        "scipy.stats.theilslopes": one_by_one(sloped),
    }
    for name, call in calls.items():
        if not name.startswith(OURS):
            call.times = part_of_all  # type: ignore[attr-defined]
    return calls


def intervals(records: Records) -> Calls:
    n = np.random.default_rng(2).integers(1, 1000, len(records.frame))
    count = n // 3
    return {
        OURS: lambda: sif.proportion_interval(count, n),
        "statsmodels": lambda: proportion_confint(count, n, method="wilson"),
    }


SUBJECTS: Mapping[str, Callable[[Records], Calls]] = {
    "Count grades by group, from codes": count_in_groups,
    "`aggregate` by 153 groups": aggregate,
    "Order records by provider and date": order,
    "`as_at` one date": state,
    "`series`, 10 dates by 153 groups": series,
    "`transitions`": transitions,
    "`changes`": improved,
    "`time_to`, Kaplan-Meier": waiting,
    "`trend` by groups of 20": grouped_trend,
    "`proportion_interval`, Wilson, a proportion a row": intervals,
}


def main(*sizes: int) -> None:
    """Print one table per subject: time, how many times ours, and at the largest size the memory taken beside the data."""
    print(
        describe_machine(
            "numpy", "pandas", "polars", "pyarrow", "duckdb", "boost-histogram", "scipy", "pymannkendall", "lifelines", "statsmodels"
        )
    )
    sizes = sizes or SIZES
    found: dict[str, dict[str, list[tuple[float, float]]]] = {subject: {} for subject in SUBJECTS}
    for size in sizes:
        records = Records(size)
        for subject, calls_of in SUBJECTS.items():
            calls = calls_of(records)
            grown = {name: memory_growth(call) for name, call in calls.items()}
            for name, took in medians(calls).items():
                found[subject].setdefault(name, []).append((took * getattr(calls[name], "times", 1), grown[name]))
    for subject, rows in found.items():
        print(f"\n### {subject}\n")
        print("| | " + " | ".join(f"{size:,} rows, ms | times ours" for size in sizes) + " | MB |")
        print("| --- |" + " ---: | ---: |" * len(sizes) + " ---: |")
        ours = rows[OURS]
        for name, figures in rows.items():
            base = rows["ofsted_sif, Theil-Sen"] if name == "scipy.stats.theilslopes" else ours
            told = " | ".join(f"{took * 1e3:,.3g} | {took / of:,.2f}" for (took, _), (of, _) in zip(figures, base, strict=True))
            print(f"| {name} | {told} | {figures[-1][1]:,.0f} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
