"""From a table of text, as users have it, beside every peer from the same table: ``python -m tests.benchmarks.road [rows ...]``.

Records are in any order: a provider in ten rows, 153 local authorities, grades in words. A peer answers as its own experts would have it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import ofsted_sif as sif
from ofsted_sif import counts
from tests.benchmarks.timing import describe_machine, medians, print_table

SIZES = (100_000, 1_000_000, 5_000_000)
GRADE, DATE = "overall_effectiveness", "2022-01-01"
WORDS = ["Outstanding", "Good", "Requires improvement to be good", "Inadequate", None]
DATES = pd.date_range("2012-01-01", periods=120, freq="MS")
AUTHORITIES = 153
Calls = dict[str, Callable[[], Any]]


def records(rows: int) -> pd.DataFrame:
    """Inspections as a CSV file gives them: columns of Python's strings, each string one object however many rows have it."""
    rng = np.random.default_rng(3)
    providers = max(rows // 10, 1)
    provider = rng.integers(0, providers, rows)
    start = np.datetime64("2010-01-01", "s") + rng.integers(0, 5000, rows).astype("timedelta64[D]")

    def shared(words: list[str | None], codes: np.ndarray) -> np.ndarray:
        return np.array(words, dtype=object)[codes]

    return pd.DataFrame(
        {
            "provider": shared([f"SC{number:06d}" for number in range(providers)], provider),
            "la": shared([f"Local authority {number:03d}" for number in range(AUTHORITIES)], provider % AUTHORITIES),
            "inspection_start": start,
            "published": start + rng.integers(10, 60, rows).astype("timedelta64[D]"),
            GRADE: shared(WORDS, rng.choice(5, rows, p=[0.2, 0.4, 0.2, 0.18, 0.02])),
        }
    ).astype(dict.fromkeys(("provider", "la", GRADE), object))


def tables_of(frame: pd.DataFrame) -> dict[str, Any]:
    """The same rows in every kind of table that users have."""
    text = ["provider", "la", GRADE]
    fresh = {name: np.array([word and (word + "x")[:-1] for word in frame[name]], dtype=object) for name in text}
    dates = ("inspection_start", "published")
    printed = {name: frame[name].dt.strftime("%d/%m/%Y").astype(object) for name in dates}
    shared = {name: values.map({word: word for word in values.unique()}) for name, values in printed.items()}
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    return {
        "pandas, shared strings": frame,
        "pandas, fresh strings": frame.assign(**{name: pd.Series(values, dtype=object) for name, values in fresh.items()}),
        "pandas, str": frame.astype(dict.fromkeys(text, pd.StringDtype("pyarrow", na_value=np.nan))),  # as pandas 3 has text
        "pandas, dates as text too": frame.assign(**shared),
        "pandas, dates as fresh text too": frame.assign(**printed),
        "Arrow": arrow,
        "polars": pl.from_arrow(arrow),
    }


def ours(question: Callable[[Any], Any], tables: dict[str, Any], *left_out: str) -> Calls:
    """Our answer from each kind of table."""
    return {f"ofsted_sif, {kind}": lambda table=table: question(table) for kind, table in tables.items() if kind not in left_out}


def encoding(tables: dict[str, Any]) -> dict[str, Calls]:
    """The codes of one column."""
    frame, arrow, polars = (tables[kind] for kind in ("pandas, shared strings", "Arrow", "polars"))
    fresh = tables["pandas, fresh strings"]
    return {
        f"counts.encode, {name}": {
            "ofsted_sif, Arrow": lambda name=name: counts.encode(arrow[name]),
            "ofsted_sif, Arrow, one thread": lambda name=name: counts.text_codes(arrow[name], threads=1),
            "ofsted_sif, polars": lambda name=name: counts.encode(polars[name]),
            "ofsted_sif, shared strings": lambda name=name: counts.encode(frame[name]),
            "ofsted_sif, fresh strings": lambda name=name: counts.encode(fresh[name]),
            "pyarrow dictionary_encode": lambda name=name: arrow[name].dictionary_encode(),
            "polars Categorical": lambda name=name: polars[name].cast(pl.Categorical),
            "pandas.factorize, shared strings": lambda name=name: pd.factorize(frame[name]),
            "pandas.factorize, fresh strings": lambda name=name: pd.factorize(fresh[name]),
        }
        for name in ("la", GRADE, "provider")
    }


class Peers:
    """The table of each peer, and what is asked of DuckDB."""

    def __init__(self, tables: dict[str, Any]) -> None:
        self.pandas, self.arrow, self.polars = (tables[kind] for kind in ("pandas, shared strings", "Arrow", "polars"))
        self.connection = duckdb.connect(config={"threads": counts.usable_cores()})
        self.connection.register("given", self.arrow)
        self.connection.execute("create table records as select * from given")

    def duckdb(self, query: str) -> Calls:
        """The query of its own table, and of the Arrow table."""
        return {
            f"DuckDB, {where}": lambda table=table: self.connection.execute(query.format(table)).fetchnumpy()
            for where, table in (("its own table", "records"), ("Arrow", "given"))
        }

    def aggregate(self) -> Calls:
        by = ["la", GRADE]
        return {
            "pandas groupby": lambda: self.pandas.groupby(by, dropna=False).size(),
            "polars": lambda: self.polars.lazy().group_by(by).len().collect(),
            "pyarrow": lambda: self.arrow.group_by(by).aggregate([([], "count_all")]),
            **self.duckdb(f"select la, {GRADE}, count(*) from {{}} group by all"),
        }

    def state(self) -> Calls:
        by, day = ["la", GRADE], pd.Timestamp(DATE)

        def with_pandas() -> Any:
            held = self.pandas[(self.pandas["inspection_start"] <= day) & (self.pandas["published"] <= day) & self.pandas[GRADE].notna()]
            last = held.sort_values(["inspection_start", "published"], kind="stable").drop_duplicates("provider", keep="last")
            return last.groupby(by).size()

        held = (pl.col("inspection_start") <= day) & (pl.col("published") <= day) & pl.col(GRADE).is_not_null()
        latest = pl.col(*by).sort_by("inspection_start", "published").last()
        return {
            "pandas by hand": with_pandas,
            "polars": lambda: self.polars.lazy().filter(held).group_by("provider").agg(latest).group_by(by).len().collect(),
            **self.duckdb(
                f"select s.la, s.g, count(*) from (select arg_max({{{{la: la, g: {GRADE}}}}}, (inspection_start, published)) s from {{}} "
                f"where inspection_start <= date '{DATE}' and published <= date '{DATE}' and {GRADE} is not null "
                "group by provider) group by all"
            ),
        }

    def series(self) -> Calls:
        """A record is in force from the day on which it counts until a later one does; each date is joined to what is in force on it."""
        self.connection.register("dates", pa.table({"as_at": pa.array(DATES.to_numpy()).cast(pa.date32())}))
        return self.duckdb(
            "with held as (select provider, la, inspection_start, published, "
            f"{GRADE} g, greatest(inspection_start, published) since from {{}} where {GRADE} is not null), "
            "stretch as (select la, g, since, coalesce(min(since) over (partition by provider order by inspection_start, published "
            "rows between 1 following and unbounded following), date '9999-01-01') until from held) "
            "select as_at, la, g, count(*) from dates join stretch on as_at >= since and as_at < until group by all"
        )

    def transitions(self) -> Calls:
        by, order = ["la", "before", GRADE], ["provider", "inspection_start", "published"]
        before = pl.col(GRADE).shift(1).over("provider", order_by=["inspection_start", "published"]).alias("before")
        return {
            "polars": lambda: self.polars.lazy().with_columns(before).group_by(by).len().collect(),
            "pandas by hand": lambda: (
                (ordered := self.pandas.sort_values(order, kind="stable"))
                .assign(before=ordered.groupby("provider")[GRADE].shift())
                .groupby(by, dropna=False)
                .size()
            ),
            **self.duckdb(
                f"select la, b, {GRADE}, count(*) from (select la, {GRADE}, lag({GRADE}) over (partition by provider order by "
                "inspection_start, published) b from {}) group by all"
            ),
        }


def from_parquet(path: str, connection: Any) -> dict[str, Calls]:
    """The same questions of a file of Parquet, from reading on; the rows of each provider stand together."""
    by, held = ["la", GRADE], f"inspection_start <= date '{DATE}' and published <= date '{DATE}' and {GRADE} is not null"
    day = pd.Timestamp(DATE)
    known = (pl.col("inspection_start") <= day) & (pl.col("published") <= day) & pl.col(GRADE).is_not_null()
    latest = pl.col(*by).sort_by("inspection_start", "published").last()
    return {
        'aggregate(by="la") from Parquet': {
            "ofsted_sif": lambda: sif.aggregate(path, "la"),
            "pandas groupby": lambda: pd.read_parquet(path, columns=by).groupby(by, dropna=False).size(),
            "polars": lambda: pl.scan_parquet(path).group_by(by).len().collect(),
            "pyarrow": lambda: pq.read_table(path, columns=by).group_by(by).aggregate([([], "count_all")]),
            "DuckDB": lambda: connection.execute(f"select la, {GRADE}, count(*) from '{path}' group by all").fetchnumpy(),
        },
        "as_at, then aggregate, from Parquet": {
            "ofsted_sif": lambda: sif.aggregate(sif.as_at(path, DATE), "la"),
            "polars": lambda: pl.scan_parquet(path).filter(known).group_by("provider").agg(latest).group_by(by).len().collect(),
            "DuckDB": lambda: connection.execute(
                f"select s.la, s.g, count(*) from (select arg_max({{la: la, g: {GRADE}}}, (inspection_start, published)) s from '{path}' "
                f"where {held} group by provider) group by all"
            ).fetchnumpy(),
        },
    }


def beside_as_at(tables: dict[str, Any]) -> dict[str, Calls]:
    """What trend, changes and combine take beside `as_at` of the same rows, by kind of table."""
    found: dict[str, Calls] = {}
    for kind in ("pandas, shared strings", "Arrow"):
        table = tables[kind]
        in_time = table.sort_by("inspection_start") if kind == "Arrow" else table.sort_values("inspection_start")
        part = len(table) * 3 // 5  # a fifth of the rows stands in both releases
        older, newer = in_time[:part], in_time[-part:]
        found[f"Beside as_at, {kind}"] = {
            "ofsted_sif, as_at": lambda table=table: sif.as_at(table, DATE),
            "ofsted_sif, trend": lambda table=table: sif.trend(table, "la"),
            "ofsted_sif, changes": lambda table=table: sif.changes(table, "la"),
            "ofsted_sif, combine": lambda older=older, newer=newer: sif.combine(older, newer),
        }
    return found


def main(*sizes: int) -> None:
    """Print the tables."""
    print(describe_machine("numpy", "pandas", "polars", "pyarrow", "duckdb"))
    for rows in sizes or SIZES:
        tables = tables_of(records(rows))
        peers = Peers(tables)
        first = "ofsted_sif, Arrow"
        for title, calls in encoding(tables).items():
            print_table(f"{title}, {rows:,} rows", first, medians(calls), rows=rows)
        chapters: dict[str, Calls] = {
            'aggregate(by="la")': ours(
                lambda table: sif.aggregate(table, "la"), tables, "pandas, dates as text too", "pandas, dates as fresh text too"
            )
            | peers.aggregate(),
            "as_at, then aggregate": ours(lambda table: sif.aggregate(sif.as_at(table, DATE), "la"), tables) | peers.state(),
            "series of 120 dates": ours(lambda table: sif.series(table, DATES, "la"), tables) | peers.series(),
            "transitions": ours(lambda table: sif.transitions(table, "la"), tables) | peers.transitions(),
        }
        for title, calls in chapters.items():
            print_table(f"{title}, {rows:,} rows", first, medians(calls), rows=rows)
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/records.parquet"
            pq.write_table(tables["Arrow"].sort_by("provider"), path)
            for title, calls in from_parquet(path, peers.connection).items():
                print_table(f"{title}, {rows:,} rows", "ofsted_sif", medians(calls), rows=rows)
        for title, calls in beside_as_at(tables).items():
            print_table(f"{title}, {rows:,} rows", "ofsted_sif, as_at", medians(calls), rows=rows)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
