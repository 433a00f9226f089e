"""Large tables are read column beside column; what comes out is what a small table gives."""

import tracemalloc
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif.table import dictionaries, together

ROWS = 400
QUESTIONS = {
    "as_at": lambda table: sif.as_at(table, "2018-06-30"),
    "as_at of a framework": lambda table: sif.as_at(table, "2018-06-30", framework="SIF", having="help_and_protection"),
    "as_at with an age": lambda table: sif.as_at(table, "2018-06-30", framework="all", max_age=pd.DateOffset(years=2)),
    "as_at again": lambda table: sif.as_at(sif.as_at(table, "2018-06-30", framework="all"), "2018-06-30", framework="all"),
    "series": lambda table: sif.series(table, ["2014-01-01", "2018-06-30"], ["la", "framework"], framework="all"),
    "transitions": lambda table: sif.transitions(table, "la", framework="ILACS"),
    "transitions by grade": lambda table: sif.transitions(table, "overall_effectiveness", framework="all"),
    "changes": lambda table: sif.changes(table, "la", framework="all"),
    "changes by several": lambda table: sif.changes(table, ["la", "framework", "help_and_protection"], framework="all"),
    "changes of a framework in groups of it": lambda table: sif.changes(table, "framework", framework="SIF"),
    "series of a register": lambda table: sif.series(
        table, ["2014-01-01", "2018-06-30"], "la", framework="all", register=register_of(table)
    ),
    "series of a register by framework": lambda table: sif.series(table, ["2018-06-30"], ["framework"], register=register_of(table)),
    "seasons": lambda table: sif.trend(table, method="seasonal-mann-kendall", season="la", framework="all"),
    "trend": lambda table: sif.trend(table, "la", framework="SIF", observed=False, cluster="auto"),
    "periods": lambda table: sif.periods(table, "la", freq="YE-AUG", framework="all", cluster="auto"),
    "change_between": lambda table: sif.change_between(table, "2014-01-01", "2018-06-30", "la", framework="all"),
}


def inspections() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    start = np.datetime64("2012-01-01", "s") + rng.integers(0, 3000, ROWS).astype("timedelta64[D]")
    words = np.array(["Good", "Outstanding", "Requires improvement to be good", "Inadequate", None], dtype=object)
    return pd.DataFrame(
        {
            "provider": np.array([f"SC{number:03d}" for number in rng.integers(0, 60, ROWS)], dtype=object),
            "la": np.array(["Kent", "Leeds", None, "Barnet"], dtype=object)[rng.integers(0, 4, ROWS)],
            "framework": np.array(["SIF", "ILACS"], dtype=object)[rng.integers(0, 2, ROWS)],
            "inspection_start": start,
            "published": np.where(rng.random(ROWS) < 0.1, np.datetime64("NaT"), start + np.timedelta64(30, "D")),
            "overall_effectiveness": words[rng.integers(0, 5, ROWS)],
            "help_and_protection": words[rng.integers(0, 5, ROWS)],
        }
    )


def register_of(table: Any) -> pd.DataFrame:
    """The providers of a table and ten without an inspection, with a group of each."""
    keys = pd.Series(np.asarray(table["provider"]).tolist())
    if keys.dtype != "int64":
        keys = keys.str.strip()
    keys = [*keys.unique(), *(100 + np.arange(10) if keys.dtype == "int64" else [f"SC{number}" for number in range(100, 110)])]
    groups = {"la": ["Kent", "Leeds", None, "Hull", "York"], "framework": ["SIF", None, "ILACS", "SIF", "SIF"]}
    return pd.DataFrame({"provider": keys} | {name: (of * len(keys))[: len(keys)] for name, of in groups.items()})


def kinds() -> dict[str, object]:
    frame = inspections()
    spaced = frame["provider"].where(frame.index % 3 > 0, frame["provider"] + " ")
    found: dict[str, object] = {
        "pandas": frame,
        "an index of its own": frame.set_index(np.arange(ROWS)[::-1]),
        "keys with spaces": frame.assign(provider=spaced),
        "keys with a space that is no ASCII": frame.assign(provider=spaced.str.replace(" ", "\N{NO-BREAK SPACE}")),
        "keys of numbers": frame.assign(provider=frame["provider"].str[2:].astype(int)),
        "dates as text": frame.assign(inspection_start=frame["inspection_start"].dt.strftime("%d/%m/%Y").astype(object)),
        "nanoseconds": frame.astype({"inspection_start": "datetime64[ns]", "published": "datetime64[ns]"}),
        "starts that are missing": frame.assign(
            inspection_start=frame["inspection_start"].where((frame.index % 5 > 0) | frame["published"].isna()).astype("datetime64[us]")
        ),
        "categories": frame.astype(dict.fromkeys(["la", "provider"], "category")),
    }
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    found["Arrow"] = pa.Table.from_pandas(frame, preserve_index=False)
    found["Arrow, days"] = with_days(found["Arrow"])
    found["polars"] = pl.from_arrow(found["Arrow"])
    found["polars, days"] = pl.from_arrow(found["Arrow, days"])
    found["polars, keys with spaces"] = pl.from_pandas(frame.assign(provider=spaced))
    return found


def with_days(table: Any) -> Any:
    """The same table of Arrow with dates in place of moments."""
    for name in ("inspection_start", "published"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast("date32"))
    return table


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_the_same_however_large_a_table_has_to_be_for_threads(question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, table in kinds().items():
        alone = QUESTIONS[question](table)
        with monkeypatch.context() as patch:
            patch.setattr(together, "ROWS_WORTH_A_THREAD", 1)
            patch.setattr(dictionaries, "ROWS_OF_A_CHUNK", 1)
            side_by_side = QUESTIONS[question](table)
        assert type(side_by_side) is type(alone), kind
        if isinstance(alone, pd.DataFrame):
            pd.testing.assert_frame_equal(side_by_side, alone, check_exact=True)
            assert side_by_side.attrs == alone.attrs, kind
        else:
            assert side_by_side.equals(alone), kind
            assert side_by_side.schema == alone.schema, kind


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("inspection_start", "32/01/2018", "row 7"),
        ("published", pd.Timestamp("2018-01-01", tz="UTC"), "time zone"),
        ("provider", "half \ud800", "row 7"),
        ("provider", None, "row 7"),
        ("overall_effectiveness", "Splendid", "Splendid"),
    ],
)
def test_an_error_of_a_large_table_names_what_is_wrong(column: str, value: object, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "ROWS_WORTH_A_THREAD", 1)
    table = inspections().astype({column: object})
    table.loc[7, column] = value
    with pytest.raises(ValueError, match=told):
        sif.transitions(table, "la", framework="all")


def test_which_missing_value_a_row_has_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "ROWS_WORTH_A_THREAD", 1)
    table = pd.DataFrame(
        {
            "provider": ["a", "b", "c", "d"],
            "inspection_start": pd.Timestamp("2018-01-01"),
            "overall_effectiveness": "Good",
            "framework": pd.Series(["SIF", None, np.nan, pd.NA], dtype=object),
        }
    )
    state = sif.as_at(table, "2018-06-30", framework="all")
    assert [kept is given for kept, given in zip(state["framework"], table["framework"], strict=True)] == [True] * 4


def large(unit: str) -> pd.DataFrame:
    rows, rng = 200_000, np.random.default_rng(7)
    start = np.datetime64("2010-01-01", unit) + rng.integers(0, 4000, rows).astype("timedelta64[D]")
    provider = np.array([f"SC{number:04d}" for number in range(rows // 50)], dtype=object)[rng.integers(0, rows // 50, rows)]
    judgement = np.array(["Good", "Inadequate", None], dtype=object)[rng.integers(0, 3, rows)]
    published = start + np.timedelta64(30, "D")
    la = np.array(["Kent", "Leeds", None, "Bournemouth, Christchurch and Poole"], dtype=object)[rng.integers(0, 4, rows)]
    columns = {"provider": provider, "inspection_start": start, "published": published, "overall_effectiveness": judgement, "la": la}
    return pd.DataFrame(columns, copy=False)


OF_LARGE = {
    "as_at": lambda table: sif.as_at(table, "2018-06-30"),
    "series": lambda table: sif.series(table, ["2014-01-01", "2018-06-30"], "la"),
    "transitions": lambda table: sif.transitions(table, "la"),
    "changes": lambda table: sif.changes(table, "la"),
}


@pytest.mark.parametrize("unit", ["s", "ns"])
@pytest.mark.parametrize("question", OF_LARGE)
def test_a_question_of_a_large_table_makes_no_copy_of_its_dates(question: str, unit: str) -> None:
    table = large(unit)
    tracemalloc.start()
    try:
        OF_LARGE[question](table)
        assert tracemalloc.get_traced_memory()[1] < 14 * len(table)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("question", OF_LARGE)
def test_a_question_of_a_large_table_of_arrow_makes_no_copy_of_its_days(question: str) -> None:
    pa = pytest.importorskip("pyarrow")
    table = with_days(pa.Table.from_pandas(large("s"), preserve_index=False))
    before, watched = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(watched)
    try:
        OF_LARGE[question](table)
        assert watched.max_memory() < 4 * len(table)
    finally:
        pa.set_memory_pool(before)


@pytest.mark.parametrize("question", OF_LARGE)
def test_a_question_of_a_large_table_of_polars_makes_no_copy_of_its_text(question: str) -> None:
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    table = pl.from_pandas(large("s"))
    before, watched = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(watched)
    try:
        OF_LARGE[question](table)
        assert watched.max_memory() < 4 * len(table)
    finally:
        pa.set_memory_pool(before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("question", QUESTIONS)
def test_days_of_arrow_give_what_its_moments_give(question: str) -> None:
    tables = kinds()
    assert QUESTIONS[question](tables["Arrow, days"]).to_pylist() == dates_for_moments(QUESTIONS[question](tables["Arrow"])).to_pylist()


def dates_for_moments(table: Any) -> Any:
    pa = pytest.importorskip("pyarrow")
    types = [pa.date32() if pa.types.is_timestamp(one.type) else one.type for one in table.schema]
    return table.cast(pa.schema([pa.field(one.name, kind) for one, kind in zip(table.schema, types, strict=True)]))
