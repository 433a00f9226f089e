"""The same answer, to the last digit, from every kind of table; the kind that came in goes out."""

import ast
import datetime
import functools
import inspect
import math
import warnings
from collections.abc import Callable
from pathlib import Path

import narwhals
import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif import counts
from ofsted_sif.table import columns, frames

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

# What is said of pairs is said in tests/test_change.py.
pytestmark = [pytest.mark.filterwarnings("ignore::ofsted_sif.errors.SelectedPairsWarning"), pytest.mark.usefixtures("coarse_grid")]

REGISTER = sif.load_local_authorities().rename(columns={"local_authority": "provider"})
GRADE = "overall_effectiveness"


@functools.cache
def inspections(*, categories):
    """The bundled table, shuffled so that its order helps nobody, with some labels missing. Categories: as they are, sorted, or none."""
    table = sif.load_inspections().sample(frac=1, random_state=3, ignore_index=True)
    table["region"] = table["region"].where(table.index % 17 != 0)
    for name in table.select_dtypes("category"):
        if categories == "none":
            table[name] = table[name].astype(object).where(table[name].notna(), None)
        elif categories == "sorted" and not table[name].cat.ordered:
            table[name] = table[name].cat.remove_unused_categories().cat.reorder_categories(sorted(table[name].dropna().unique()))
    return table


def arrow_table(table):
    """As pyarrow makes it from pandas, with dates as dates."""
    made = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
    dates = [name for name, kind in zip(made.schema.names, made.schema.types, strict=True) if pa.types.is_timestamp(kind)]
    for name in dates:
        made = made.set_column(made.schema.get_field_index(name), name, made[name].cast(pa.date32()))
    return made


def unlike_chunks(table):
    """Chunks with dictionaries of their own, unsigned codes, bitmaps with an offset, a null and an unused entry in a dictionary."""
    pieces = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not pa.types.is_dictionary(column.type):
            pieces[name] = pa.chunked_array([column.slice(0, 100).combine_chunks(), column.slice(100).combine_chunks()])
            continue
        of, whole = column.combine_chunks(), []
        categories = of.dictionary.to_pylist()
        for turn, (start, length) in enumerate([(0, 300), (300, 7), (307, 409)]):
            labels = categories[turn:] + categories[:turn] + ([None] if turn == 1 else [])
            values = of.slice(start, length).to_pylist()
            # A row before the first, cut off again, so that codes and bitmap begin in the middle of a byte.
            codes = pa.array([0] + [None if value is None else labels.index(value) for value in values], pa.uint16())
            if turn == 1:
                codes = pa.array([0] + [labels.index(value) for value in values], pa.uint16())
            whole.append(pa.DictionaryArray.from_arrays(codes, pa.array(labels, pa.string()), ordered=column.type.ordered).slice(1))
        pieces[name] = pa.chunked_array(whole)
    return pa.table(pieces)


def polars_enums(table):
    made = pl.from_arrow(arrow_table(table))
    kinds = {name: pl.Enum(table[name].cat.categories.tolist()) for name in table.select_dtypes("category")}
    return made.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items())


def polars_categoricals(table):
    pl.Series(["a label", "of another table"], dtype=pl.Categorical)  # categories may be shared between tables
    made = pl.from_arrow(arrow_table(table))
    return made.with_columns(pl.col(name).cast(pl.String).cast(pl.Categorical) for name in table.select_dtypes("category"))


def polars_chunks(table):
    made = polars_enums(table)
    return pl.concat([made[:1], made[1:200], made[200:]], rechunk=False)


# Of each kind: how it is made from pandas, and what categories that has.
KINDS = {
    "polars Enum": (polars_enums, "as they are"),
    "polars Enum in chunks": (polars_chunks, "as they are"),
    "polars Categorical": (polars_categoricals, "sorted"),
    "polars LazyFrame": (lambda table: polars_enums(table).lazy(), "as they are"),
    "polars String": (lambda table: pl.from_arrow(arrow_table(table)), "none"),
    "Arrow dictionaries": (arrow_table, "sorted"),
    "Arrow unlike dictionaries": (lambda table: unlike_chunks(arrow_table(table)), "sorted"),
    "Arrow text": (arrow_table, "none"),
    "Arrow views of text": (lambda table: pa.table(pl.from_arrow(arrow_table(table))), "none"),
}
ALL = {"framework": "all"}
STATE = {**ALL, "having": GRADE}
# Of each table function: a call. Those that take another function's result get it in the same kind.
CALLS = {
    "aggregate": lambda t: sif.aggregate(t),
    "aggregate by": lambda t: sif.aggregate(t, "region"),
    "aggregate by many, several judgements": lambda t: sif.aggregate(t, "provider", judgement=[GRADE, "adoption"], interval="goodman"),
    "aggregate by two": lambda t: sif.aggregate(t, ["region", "framework"]),
    "as_at": lambda t: sif.as_at(t, "2024-03-31", published_by="2024-06-30", **STATE),
    "as_at with a register": lambda t: sif.as_at(t, "2012-03-31", register=same_kind_as(t, REGISTER), **ALL),
    "first": lambda t: sif.first(t, **ALL),
    "explain": lambda t: sif.explain(t, "E08000025", "2015-03-10"),
    "series": lambda t: sif.series(t, ["2016-03-31", "2024-03-31"], "region", **STATE),
    "periods": lambda t: sif.periods(t, "region", freq="YE-MAR", **ALL),
    "changes": lambda t: sif.changes(t, date="2024-03-31", by="region", **STATE),
    "change_summary": lambda t: sif.change_summary(sif.changes(t, by="region", **STATE), "region"),
    "change_between": lambda t: sif.change_between(t, "2021-03-31", "2024-03-31", "region", **STATE),
    "transitions": lambda t: sif.transitions(t, "region", freq="YE-AUG", **STATE),
    "transitions of a framework": lambda t: sif.transitions(t, framework="ILACS"),
    "decompose": lambda t: sif.decompose(t, "2016-03-31", "2024-03-31", **ALL),
    "decompose by": lambda t: sif.decompose(t, "2016-03-31", "2024-03-31", "region", **ALL),
    "design_matrix": lambda t: sif.design_matrix(t, "region", **ALL),
    "design_matrix of a state": lambda t: sif.design_matrix(
        t, unit="provider", date="2024-03-31", register=same_kind_as(t, REGISTER), **STATE
    ),
    "compare": lambda t: sif.compare(sif.as_at(t, "2024-03-31", **ALL), sif.as_at(t, "2016-03-31", **ALL), paired=True),
    "spells": lambda t: sif.spells(t, "region", **ALL),
    "time_to": lambda t: sif.time_to(t, "region", grade="Good", **ALL),
    "median_time_to": lambda t: sif.median_time_to(t, "region", grade="Good", **ALL),
    "logrank": lambda t: sif.logrank(t, "framework", grade="Good", **ALL),
    "state_probabilities": lambda t: sif.state_probabilities(t, "region", at=[0.5, 3], **ALL),
    "trend": lambda t: sif.trend(t, "region", **ALL),
    "resample": lambda t: sif.resample(t, statistic="good_or_outstanding", by="region", n=50, rng=1),
    "shrink": lambda t: sif.shrink(sif.aggregate(t, "region")),
    "overdispersion": lambda t: sif.overdispersion(sif.aggregate(t, "region")),
    "standardise": lambda t: sif.standardise(t, "region", strata="framework"),
    "combine": lambda t: sif.combine(t, t),
    "reconcile": lambda t: sif.reconcile(sif.as_at(t, "2024-03-31", **STATE), sif.as_at(t, "2024-12-31", **STATE)),
}


def same_kind_as(table, register):
    return (
        register
        if isinstance(table, pd.DataFrame)
        else (pa.Table.from_pandas(register) if isinstance(table, pa.Table) else pl.from_pandas(register))
    )


def plain(value):
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, datetime.datetime):
        assert value.time() == datetime.time()
        return value.date()
    return value.item() if isinstance(value, np.generic) else value


def rows_of(table):
    columns = (
        table.to_dict("list")
        if isinstance(table, pd.DataFrame)
        else table.to_pydict()
        if isinstance(table, pa.Table)
        else table.to_dict(as_series=False)
    )
    return {name: [plain(value) for value in values] for name, values in columns.items()}


@functools.cache
def expected(call, categories):
    return rows_of(CALLS[call](inspections(categories=categories)))


@functools.cache
def given_as(kind):
    """Made once, for no call may change it."""
    make, categories = KINDS[kind]
    return make(inspections(categories=categories))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", CALLS)
def test_every_table_function_gives_the_same_answer_in_the_kind_that_came_in(call, kind) -> None:
    given, categories = given_as(kind), KINDS[kind][1]
    found = CALLS[call](given)
    assert isinstance(found, pa.Table if isinstance(given, pa.Table) else pl.DataFrame)
    assert rows_of(found) == expected(call, categories)


def test_every_table_function_is_called_above() -> None:
    """A function that takes a table is one made to give back the kind that came in."""
    public = {name: getattr(sif, name) for name in sif.__all__}
    taking = {name for name, value in public.items() if inspect.isfunction(value) and hasattr(value, "__wrapped__")}
    assert taking == {call.partition(" ")[0] for call in CALLS}
    first = {"table", "changes", "counted", "a", "mine"}
    assert taking == {
        name for name, value in public.items() if inspect.isfunction(value) and next(iter(inspect.signature(value).parameters), "") in first
    }


def test_columns_taken_over_keep_their_types_and_new_ones_have_a_fitting_one() -> None:
    given = polars_enums(inspections(categories="as they are")).with_columns(
        pl.Series("a list", [[1, 2]] * 716, dtype=pl.List(pl.Int8)),
        pl.Series("count", [None, *range(715)], dtype=pl.UInt16),
        pl.lit(True).alias("yes"),
    )
    state = sif.as_at(given, "2024-03-31", having=GRADE, framework="all")
    assert dict(state.schema) == dict(given.schema) | {
        "as_at": pl.Date,
        "status": pl.Enum(["inspected", "no graded inspection", "not yet inspected"]),
        "years_since": pl.Float64,
        "newer_inspection": pl.Date,
    }
    given = unlike_chunks(arrow_table(inspections(categories="as they are")))
    state = sif.as_at(given, "2024-03-31", having=GRADE, framework="all")
    assert state.schema.field("newer_inspection").type == pa.date32()
    assert all(state.schema.field(name) == given.schema.field(name) for name in given.schema.names)


@pytest.mark.parametrize("make", [pl.DataFrame, lambda columns: pa.table(columns)], ids=["polars", "Arrow"])
def test_a_column_without_a_type_keeps_none_until_a_value_comes_into_it(make) -> None:
    days = [datetime.date(2020, 1, 1)] * 2
    given = make({"provider": ["A", "B"], "inspection_start": days, GRADE: ["Good", "Good"], "town": [None, None]})
    state = sif.as_at(given, "2021-01-01")
    assert state.select(["town"]).equals(given.select(["town"]))
    assert state.select(["town"]).schema == given.select(["town"]).schema
    waiting = sif.as_at(given, "2021-01-01", register=make({"provider": ["A", "B", "C"], "town": ["Kent", "Kent", "Leeds"]}))
    assert rows_of(waiting)["town"] == [None, None, "Leeds"]


def test_an_enum_whose_categories_a_function_changes_keeps_its_words() -> None:
    """What polars says of a column's Enum goes back with it only where the categories are the same: codes are theirs."""

    @frames.same_kind
    def without_first(table):
        frame = columns.as_frame(table, by="region")
        return frame.assign(region=frame["region"].cat.remove_categories(["a"]))

    @frames.same_kind
    def as_it_is(table):
        return columns.as_frame(table, by="region")

    table = pl.DataFrame({"region": pl.Series(["b", "c", None, "b"], dtype=pl.Enum(["a", "b", "c"]))})
    assert as_it_is(table).equals(table)
    assert as_it_is(table).schema == table.schema
    changed = without_first(table)
    assert changed["region"].to_list() == ["b", "c", None, "b"]
    assert changed.schema == {"region": pl.Enum(["b", "c"])}


def test_nothing_that_comes_in_is_changed() -> None:
    for make, categories in KINDS.values():
        given = make(inspections(categories=categories))
        before = rows_of(given.collect() if isinstance(given, pl.LazyFrame) else given)
        sif.as_at(given, "2024-03-31", framework="all", max_age=pd.DateOffset(years=1))
        sif.aggregate(given, "region")
        assert rows_of(given.collect() if isinstance(given, pl.LazyFrame) else given) == before


@pytest.mark.parametrize("call", ["aggregate by", "series", "periods", "changes", "transitions", "spells", "time_to"])
def test_a_lazy_frame_is_collected_once_and_only_where_needed(call, tmp_path, monkeypatch) -> None:
    path = tmp_path / "inspections.parquet"
    table = polars_enums(inspections(categories="as they are")).with_columns(pl.lit("long text").alias("notes"))
    table.write_parquet(path)
    collected = []
    collect = pl.LazyFrame.collect

    def noted(self, *args, **kwargs):
        found = collect(self, *args, **kwargs)
        if len(found) and "SCAN" in self.explain():  # before version 2 polars collects for its own purposes, too
            collected.append(found.columns)
        return found

    monkeypatch.setattr(pl.LazyFrame, "collect", noted)
    assert rows_of(CALLS[call](pl.scan_parquet(path))) == rows_of(CALLS[call](table))
    assert len(collected) == 1
    assert "notes" not in collected[0]
    assert "region" in collected[0]


def test_counts_take_chunks_that_are_not_alike() -> None:
    rng = np.random.default_rng(0)
    groups, grades = rng.integers(-1, 9, 1000).astype(np.int8), rng.integers(-1, 4, 1000).astype(np.int16)

    def chunks(codes, bounds):
        return [(codes[a:b], None, 0) for a, b in zip([0, *bounds], [*bounds, len(codes)], strict=True)]

    whole = counts.count_grades(groups, grades, n_groups=9)
    for threads in (1, 3):
        found = counts.count_grades(chunks(groups, [3, 500, 500]), chunks(grades, [499, 999]), n_groups=9, threads=threads)
        assert np.array_equal(found, whole)
        assert np.array_equal(counts.count_grades(None, chunks(grades, [10]), threads=threads), counts.count_grades(None, grades))
    assert counts.count_grades(chunks(groups, [10]), grades).shape == (10, 5)
    grades[700] = 4
    with pytest.raises(ValueError, match=r"\b700\b") as error:
        counts.count_grades(chunks(groups, [3, 650]), chunks(grades, [690]), n_groups=9)
    assert error.value.row == 700


def test_an_unknown_word_is_named_with_its_row_unless_no_row_has_it() -> None:
    words = pa.array(["Good", "Splendid", "Not judged"])
    for codes, said in (([0, 2, 1], "as they are"), ([0, 2, 0], False)):
        table = pa.table({GRADE: pa.DictionaryArray.from_arrays(pa.array(codes, pa.uint8()), words)})
        if said:
            with pytest.raises(ValueError, match=r"row 2: 'Splendid' is not a grade"):
                sif.aggregate(table)
        else:
            assert sif.aggregate(table)["n_not_judged"].to_pylist() == [1]


@pytest.mark.parametrize("kind", ["polars Enum", "polars LazyFrame", "Arrow dictionaries"])
def test_an_empty_table_gives_an_empty_answer(kind) -> None:
    given = KINDS[kind][0](inspections(categories="as they are")[:0])
    assert rows_of(sif.aggregate(given))["n"] == [0]
    assert len(rows_of(sif.as_at(given, "2024-03-31"))["provider"]) == 0


def test_a_missing_column_is_named_with_the_nearest_before_anything_is_collected(monkeypatch) -> None:
    lazy = polars_enums(inspections(categories="as they are")).lazy()
    monkeypatch.setattr(pl.LazyFrame, "collect", lambda *_, **__: pytest.fail("collected"))
    with pytest.raises(ValueError, match=r"by='regio'.*nearest: 'region'"):
        sif.series(lazy, ["2024-03-31"], "regio")
    with pytest.raises(ValueError, match=r"by='regio'.*nearest: 'region'"):
        sif.aggregate(lazy, "regio")


@pytest.mark.parametrize("table", [[1, 2], 3.5, None, pd.Series([1]), pa.array([1]), pl.Series([1])], ids=type)
def test_what_is_no_table_is_refused_with_the_kinds_that_are(table) -> None:
    with pytest.raises(
        TypeError, match=r"pandas DataFrame, polars DataFrame or LazyFrame, pyarrow Table, NumPy structured array or mapping"
    ):
        sif.aggregate(table)


@pytest.mark.parametrize("through", ["function", "accessor", "polars"])
def test_a_warning_points_at_the_users_line(through) -> None:
    table = sif.load_inspections()
    call = {"function": sif.as_at, "accessor": lambda t, d: t.sif.as_at(d), "polars": lambda t, d: sif.as_at(pl.from_pandas(t), d)}[through]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(table, "2016-03-31")
    assert [Path(warning.filename).name for warning in caught if warning.category is sif.PooledFrameworksWarning] == [Path(__file__).name]


def test_each_heavy_package_is_imported_in_one_place() -> None:
    """Elsewhere only where a type is meant."""
    package = Path(sif.__file__).parent
    at: dict[str, set[str]] = {}
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for module in modules:
                at.setdefault(module.partition(".")[0], set()).add(str(path.relative_to(package)))
    assert at["narwhals"] == {"table/frames.py"}
    of_arrow = {"table/frames.py", "table/dictionaries.py", "table/text_of_arrow.py"}
    assert at["pyarrow"] == {*of_arrow, "batches/files.py", "batches/csv_files.py", "counts/encoding.py"}
    assert "duckdb" not in at  # but by name, where an ordered copy is wanted
    assert at["polars"] == {"table/frames.py"}  # where a type is meant


def test_a_table_in_narwhals_hands_is_counted_and_comes_back_as_what_it_holds() -> None:
    table = polars_enums(inspections(categories="as they are"))
    for given in (table, table.lazy(), table.to_arrow()):
        found = sif.aggregate(narwhals.from_native(given), "region")
        assert found.equals(sif.aggregate(given, "region"))
        assert isinstance(found, pa.Table if isinstance(given, pa.Table) else pl.DataFrame)


class Stream:
    """A table of a library that nobody here knows."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("of", [Stream, pa.Table.to_reader, lambda table: table.combine_chunks().to_batches()[0]])
def test_whatever_arrow_can_read_is_a_table_and_gives_pandas(of: Callable[[pa.Table], object]) -> None:
    table = pa.Table.from_pandas(inspections(categories="as they are"), preserve_index=False)
    counted = sif.aggregate(of(table), "region")
    assert isinstance(counted, pd.DataFrame)
    pd.testing.assert_frame_equal(counted, sif.aggregate(table, "region").to_pandas())
    state = sif.as_at(of(table), "2024-03-31", framework="all", register=of(table.select(["provider"]).group_by("provider").aggregate([])))
    assert len(state) == len(
        sif.as_at(table, "2024-03-31", framework="all", register=table.select(["provider"]).group_by("provider").aggregate([]))
    )
    assert state["as_at"].dtype.kind == "M"


def test_an_arrow_table_with_two_columns_of_one_name_is_refused_by_that_name() -> None:
    table = pa.Table.from_arrays([pa.array(["Good"]), pa.array([1]), pa.array([2])], names=[GRADE, "n", "n"])
    for call in (sif.aggregate, sif.first):
        with pytest.raises(ValueError, match=r"2 columns 'n'"):
            call(table)


def test_help_shows_the_function_itself() -> None:
    assert sif.aggregate.__name__ == "aggregate"
    assert list(inspect.signature(sif.aggregate).parameters)[:3] == ["table", "by", "judgement"]
    assert sif.aggregate.__annotations__["return"] == "pd.DataFrame"
    assert frames.same_kind(sif.aggregate.__wrapped__).__doc__.startswith("Count the rows")
    assert sif.aggregate(table=pl.from_pandas(sif.load_inspections())).shape[0] == 1


def test_strings_that_other_categoricals_of_polars_have_brought_are_no_groups_and_no_grades():
    """All Categoricals share their strings; of a column count those that it holds, few or many as the others may be."""
    others = pl.Series([f"another {k}" for k in range(70_000)], dtype=pl.Categorical)
    words = ["Good", None, "Inadequate", "Good"]
    table = pl.DataFrame(
        {"region": ["b", "a", None, "a"], GRADE: words}, schema_overrides={"region": pl.Categorical, GRADE: pl.Categorical}
    )
    expected = sif.aggregate({"region": pd.Series(["b", "a", None, "a"]), GRADE: pd.Series(words)}, "region")
    for rows in (table, pl.concat([table.head(1), table.tail(3)], rechunk=False)):
        found = sif.aggregate(rows, "region").to_pandas()
        pd.testing.assert_frame_equal(found.astype({"region": str}), expected.astype({"region": str}))
    with pytest.raises(ValueError, match=r"row 1: 'Goood' is not a grade"):
        sif.aggregate(pl.DataFrame({GRADE: pl.Series(["Good", "Goood"], dtype=pl.Categorical)}))
    assert len(others) == 70_000


def test_labels_of_an_enum_stand_in_its_order_with_those_that_have_no_rows() -> None:
    grades = pl.Enum(["Inadequate", "Requires improvement", "Good", "Outstanding"])
    table = pl.DataFrame(
        {
            "region": pl.Series(["West", "East", "West"], dtype=pl.Enum(["West", "North", "East"])),
            "overall_effectiveness": pl.Series(["Good", "Inadequate", "Good"], dtype=grades),
        }
    )
    found = sif.aggregate(table, "region", observed=False)
    assert found["region"].to_list() == ["West", "North", "East"]
    assert found["n"].to_list() == [2, 0, 1]


@pytest.mark.parametrize("repeats", [1, 4000])
def test_a_categorical_of_few_rows_and_of_many_has_its_own_groups_sorted(repeats) -> None:
    """A short one is looked up, of a long one the codes are taken as polars holds them: in strings that it shares with others."""
    others = pl.Series(["zero", "Splendid"], dtype=pl.Categorical)
    words = {"region": ["b", "a", None] * repeats, GRADE: ["Good", "Not judged", None] * repeats}
    table = pl.DataFrame(words, schema_overrides=dict.fromkeys(words, pl.Categorical))
    found = sif.aggregate(table, "region")
    assert found["region"].to_list() == ["a", "b", None]
    assert found["n"].to_list() == [repeats] * 3
    assert found["good"].to_list() == [0, repeats, 0]
    wrong = table.with_columns(pl.lit("Splendid").cast(pl.Categorical).alias(GRADE))
    with pytest.raises(ValueError, match=r"row 0: 'Splendid' is not a grade"):
        sif.aggregate(wrong, "region")
    assert len(others) == 2


def test_a_word_that_a_dictionary_has_twice_or_a_null_in_it_is_one_group() -> None:
    def column(codes, words):
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), pa.array(words))

    for region in (column([0, 1, 2, None], ["b", "b", "a"]), column([0, 0, 1, 2], ["b", "a", None])):
        found = sif.aggregate(pa.table({"region": region, GRADE: column([0, 1, 1, 0], ["Good", "Inadequate"])}), "region")
        assert dict(zip(found["region"].to_pylist(), found["n"].to_pylist(), strict=True)) == {"b": 2, "a": 1, None: 1}


def test_more_words_than_the_codes_of_one_chunk_can_tell_get_wider_codes() -> None:
    def chunk(first: int) -> pa.Table:
        words = [f"authority {number:03}" for number in range(first, first + 100)]
        of = pa.DictionaryArray.from_arrays(pa.array(range(100), pa.int8()), pa.array(words))
        return pa.table({"of": of, "overall_effectiveness": pa.array(["Good"] * 100).dictionary_encode()})

    chunks = pa.concat_tables([chunk(first) for first in range(0, 400, 100)])
    counted = sif.aggregate(chunks, "of")
    assert counted["of"].to_pylist() == [f"authority {number:03}" for number in range(400)]
    assert counted["n"].to_pylist() == [1] * 400
    assert counted.schema.field("of").type == pa.dictionary(pa.int16(), pa.string())
    assert sif.aggregate(chunks, ["of", "overall_effectiveness"])["n"].to_pylist() == [1] * 400


@pytest.mark.parametrize("ordered", [True, False])
def test_a_dictionary_in_the_order_of_a_scale_and_one_in_another_order_count_alike(ordered) -> None:
    effectiveness = sif.GradeScale("effectiveness", ("Effective", "Ineffective"), threshold="Effective")
    for labels, scale in ((sif.MET.labels, None), (sif.MET.labels, sif.MET), (("Effective", "Ineffective"), effectiveness)):
        for words in (labels, labels[::-1], (*labels[::-1], "Not judged")):
            codes = pa.array([words.index(labels[0]), words.index(labels[1]), words.index(labels[0]), None], pa.int8())
            table = pa.table({GRADE: pa.DictionaryArray.from_arrays(codes, pa.array(words), ordered=ordered)})
            found = sif.aggregate(table, scale=scale)
            counted = [found[name][0].as_py() for name in ("n", "n_judged", *map(str.lower, labels[:1]))]
            assert counted == [4, 3, 2]
    with pytest.raises(ValueError, match="row 0: 'Good' is not a grade of the scale MET"):
        sif.aggregate(pa.table({GRADE: pa.array(["Good"]).dictionary_encode()}), scale=sif.MET)


@pytest.mark.parametrize("make", [polars_enums, arrow_table])
def test_weights_are_counted_beside_columns_of_codes(make) -> None:
    table = inspections(categories="as they are")[["region", GRADE]].assign(pupils=np.arange(716) % 7 + 0.5)
    assert rows_of(sif.aggregate(make(table), "region", weights="pupils")) == rows_of(sif.aggregate(table, "region", weights="pupils"))


@pytest.mark.parametrize("by", [None, "region"])
@pytest.mark.parametrize("make", [polars_enums, polars_categoricals, arrow_table])
def test_columns_of_codes_are_counted_without_a_table_of_pandas_between(make, by, monkeypatch) -> None:
    table = inspections(categories="sorted")
    expected, given = rows_of(sif.aggregate(table, by)), make(table)
    monkeypatch.setattr(frames, "as_pandas", lambda *_: pytest.fail("made a DataFrame of it"))
    assert rows_of(sif.aggregate(given, by)) == expected


@pytest.mark.parametrize("make", [polars_enums, arrow_table])
def test_a_second_column_to_group_by_may_be_a_judgement(make) -> None:
    table = inspections(categories="as they are")
    assert rows_of(sif.aggregate(make(table), ["region", "leadership"])) == rows_of(sif.aggregate(table, ["region", "leadership"]))


def newer_release(older):
    """A release of later inspections with columns that the older one has not, each of a type that a result could lose."""
    return older.with_columns(
        inspection_start=pl.lit(datetime.date(2016, 1, 1)),
        word=pl.Series(["z", "b"], dtype=pl.Categorical),
        ordered=pl.Series(["z", "b"], dtype=pl.Enum(["z", "q", "b"])),
        entered=pl.Series([datetime.datetime(2016, 1, 1, 12, 30)] * 2),
        entered_ms=pl.Series([datetime.datetime(2016, 1, 1, 12, 30)] * 2, dtype=pl.Datetime("ms")),
        places=pl.Series([1, 2], dtype=pl.Int16),
    )


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
def test_a_column_that_only_the_newer_release_has_keeps_its_type(mixed, lazy):
    older = pl.DataFrame({"provider": ["a", "b"], "inspection_start": [datetime.date(2014, 1, 1)] * 2, GRADE: ["Good", "Inadequate"]})
    newer = newer_release(older)
    given = newer.to_arrow() if mixed else newer.lazy() if lazy else newer
    found = sif.combine(older.lazy() if lazy else older, given)
    assert found.schema["word"] == pl.Categorical
    assert {name: found.schema[name] for name in newer.columns[4:]} == {name: newer.schema[name] for name in newer.columns[4:]}
    assert found.tail(2).select(newer.columns[3:]).rows() == newer.select(newer.columns[3:]).rows()
    assert found.head(2).select(newer.columns[3:]).null_count().row(0) == (2,) * 5
    of_arrow = sif.combine(older.to_arrow(), given)
    types = newer.to_arrow().schema
    assert {name: of_arrow.schema.field(name).type for name in newer.columns[3:]} == {
        name: types.field(name).type for name in newer.columns[3:]
    }
    assert of_arrow.slice(2).column("entered").to_pylist() == newer["entered"].to_list()


@pytest.mark.parametrize("kind", ["polars", "arrow"])
@pytest.mark.parametrize(("values", "told"), [([["a"], ["b"]], "list"), ([None, {"a": 1}], "dict")])
def test_a_column_of_lists_is_named_and_not_told_in_the_words_of_arrow(kind, values, told):
    table = pa.table({"region": values, GRADE: ["Good", "Good"], "provider": ["a", "b"], "inspection_start": ["2014-01-01"] * 2})
    given = pl.from_arrow(table) if kind == "polars" else table
    row = 1 if values[0] is None else 0
    for ask in (lambda: sif.aggregate(given, "region"), lambda: sif.series(given, ["2020-01-01"], by="region")):
        with pytest.raises(TypeError, match=f"column 'region', row {row}: .* is a {told}, not a single value"):
            ask()


def test_objects_of_python_in_a_column_of_polars_are_refused_by_its_name():
    given = pl.DataFrame({GRADE: pl.Series(["Good", 1], dtype=pl.Object), "region": ["a", "b"]})
    with pytest.raises(TypeError, match=f"column '{GRADE}' is of polars' type Object, .*map_elements"):
        sif.aggregate(given)
    assert len(sif.aggregate(given.with_columns(**{GRADE: pl.lit("Good")}), "region")) == 2


def test_runs_of_one_value_are_read_as_the_values_that_they_stand_for():
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 5], pa.int32()), pa.array(["Good", "Inadequate"]))
    regions = pa.chunked_array([pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array([word])) for word in "xy"])
    found = sif.aggregate(pa.table({GRADE: runs[:4], "region": regions}), "region")
    assert found.select(["region", "good", "inadequate"]).to_pylist() == [
        {"region": "x", "good": 2, "inadequate": 0},
        {"region": "y", "good": 0, "inadequate": 2},
    ]


def test_the_state_of_a_table_of_polars_has_its_rows_as_they_are():
    """Columns that the question does not look at may be of any type; keys are written alike, and what an earlier state said is replaced."""
    given = pl.DataFrame(
        {
            "as_at": pl.Series(["2020-01-01"] * 4).str.to_date(),
            "visits": [[1], [2, 3], None, []],
            "provider": ["b", "a ", "a", "c"],
            "cost": pl.Series(["1.50", "2.50", "3.50", "4.50"]).cast(pl.Decimal(8, 2)),
            "inspection_start": pl.Series(["2014-05-01", "2014-02-03", "2013-01-01", "2015-01-01"]).str.to_date(),
            "published": pl.Series(["2014-06-01", "2014-03-03", "2013-02-01", "2015-02-01"]).str.to_datetime(time_unit="us"),
            "lead": pl.Series(["x", "y", "z", "w"], dtype=pl.Categorical),
            "adviser": pl.Series([object()] * 4, dtype=pl.Object),
            GRADE: ["Good", "Inadequate", "Good", "Good"],
        }
    )
    state = sif.as_at(given, "2014-12-31", incomplete="allow")
    expected = given.drop("as_at")[[1, 0]].with_columns(provider=pl.Series(["a", "b"]))
    assert state.columns == [*expected.columns, "as_at", "status", "years_since"]
    assert state.select(expected.columns).schema == expected.schema
    assert state.drop("adviser").select(pl.exclude("as_at", "status", "years_since")).equals(expected.drop("adviser"))
    assert state["as_at"].to_list() == [datetime.date(2014, 12, 31)] * 2
    assert state["status"].to_list() == ["inspected"] * 2


def test_a_lazy_frame_is_collected_once_for_its_state():
    collected = []
    lazy = pl.from_pandas(sif.load_inspections()).lazy().map_batches(lambda whole: collected.append(1) or whole)
    state = sif.as_at(lazy, "2018-06-30", framework="SIF")
    assert collected == [1]
    assert state["provider"].to_list() == sif.as_at(sif.load_inspections(), "2018-06-30", framework="SIF")["provider"].tolist()


def test_a_number_in_a_column_that_the_state_needs_is_refused_by_the_columns_name():
    given = pl.DataFrame({"provider": ["a"], GRADE: ["Good"], "inspection_start": ["2012-01-01"], "status": [1]})
    for table in (given, given.to_arrow(), given.to_pandas()):
        with pytest.raises(ValueError, match="the table has a column 'status' of its own"):
            sif.as_at(table, "2014-01-01")


@pytest.mark.parametrize("opened", [["01/02/2010", None], [datetime.date(2010, 2, 1), None]])
@pytest.mark.parametrize("kind", ["polars", "arrow", "pandas"])
def test_dates_of_a_register_and_text_of_the_table_are_dates_together(opened, kind):
    of_register = [datetime.date(2009, 1, 1)] * 3 if isinstance(opened[0], str) else ["01/01/2009"] * 3
    tables = [
        pl.DataFrame({"provider": ["a", "b"], GRADE: ["Good"] * 2, "inspection_start": [datetime.date(2012, 1, 1)] * 2, "opened": opened}),
        pl.DataFrame({"provider": ["a", "b", "c"], "opened": of_register}),
    ]
    if kind != "polars":
        tables = [table.to_arrow() if kind == "arrow" else table.to_pandas() for table in tables]
    state = sif.as_at(tables[0], "2014-01-01", register=tables[1])
    found = pd.Series(state["opened"].to_pylist() if kind == "arrow" else state["opened"].to_list())
    assert pd.to_datetime(found).dt.strftime("%Y-%m-%d").tolist() == ["2010-02-01", np.nan, "2009-01-01"]


def test_types_that_only_pandas_holds_together_are_told_with_the_columns_name():
    given = pl.DataFrame({"provider": ["a"], GRADE: ["Good"], "inspection_start": ["2012-01-01"], "sector": ["Council"]})
    register = pl.DataFrame({"provider": ["a", "b"], "sector": [datetime.date(2009, 1, 1)] * 2})
    assert len(sif.as_at(given.to_pandas(), "2014-01-01", register=register.to_pandas())) == 2
    with pytest.raises(TypeError, match="column 'sector' of the result holds values of several types"):
        sif.as_at(given, "2014-01-01", register=register)


@pytest.mark.parametrize("ordered", [False, True])
def test_the_state_of_a_dictionary_is_in_the_order_of_keys_unless_it_has_an_order(ordered):
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array(["b", "a", "c"]), ordered=ordered)
    given = pa.table({"provider": codes, GRADE: ["Good"] * 3, "inspection_start": ["2012-01-01"] * 3})
    for ask in (lambda table: sif.as_at(table, "2014-01-01"), sif.first):
        for table in (given, given.to_pandas(types_mapper=pd.ArrowDtype)):
            assert list(map(str, ask(table)["provider"].to_pylist() if table is given else ask(table)["provider"])) == (
                ["b", "a", "c"] if ordered else ["a", "b", "c"]
            )


def test_a_column_of_lists_is_no_judgement_that_grows_old():
    given = pl.DataFrame({"provider": ["a"], GRADE: ["Good"], "inspection_start": ["2010-01-01"], "visits": [[1, 2]]})
    for table in (given, given.to_arrow(), given.to_pandas()):
        state = sif.as_at(table, "2014-01-01", max_age=pd.DateOffset(years=3))
        assert list(map(list, state["visits"].to_pylist() if isinstance(state, pa.Table) else state["visits"])) == [[1, 2]]


def test_a_missing_column_is_told_beside_all_that_the_table_has():
    given = pl.DataFrame({"provider": ["a"], GRADE: ["Good"], "inspection_start": ["2012-01-01"], "visits": [3]})
    with pytest.raises(ValueError, match=r"framework.*its columns: provider, overall_effectiveness, inspection_start, visits"):
        sif.as_at(given, "2014-01-01", framework="SIF")


NAN_AND_NULL = [1.0, float("nan"), None, -0.0, 0.0, 1.0]


@pytest.mark.parametrize("kind", ["polars", "Arrow", "dictionary", "pandas, Arrow", "pandas, masked"])
def test_numbers_that_are_none_are_missing_labels_and_minus_zero_is_zero(kind) -> None:
    """As of a column of pandas, where NaN is the one missing number."""
    frame = pd.DataFrame(
        {
            "provider": list("ABCDEF"),
            "size": pd.Series(NAN_AND_NULL, dtype=np.float64),
            "inspection_start": pd.date_range("2015-01-01", periods=6),
            "overall_effectiveness": ["Good", "Inadequate"] * 3,
        }
    )
    column = pa.array(NAN_AND_NULL)
    table = pa.Table.from_pandas(frame).set_column(1, "size", column)
    if kind == "polars":
        table = pl.from_arrow(table)
    elif kind == "dictionary":
        table = table.set_column(1, "size", column.dictionary_encode())
    elif kind == "pandas, Arrow":
        table = frame.assign(size=pd.arrays.ArrowExtensionArray(column))
    elif kind == "pandas, masked":
        table = frame.assign(size=pd.arrays.FloatingArray(frame["size"].to_numpy().copy(), np.arange(6) == 2))
    for ask in (lambda t: sif.aggregate(t, "size"), lambda t: sif.transitions(t, "size"), lambda t: sif.trend(t, "size")):
        found, expected = ask(table), ask(frame)
        assert list_of(found["n"]) == expected["n"].tolist()
        shown = [None if value is None or value != value else float(value) for value in list_of(found["size"])]
        assert shown == [None if value != value else value for value in expected["size"].astype(float).tolist()]
    for refused in (lambda t: sif.series(t, ["2020-01-01"], provider="size"), lambda t: sif.transitions(t, provider="size")):
        with pytest.raises(ValueError, match="column 'size', row 1: the provider is missing"):
            refused(table)


def list_of(column) -> list:
    """The values of a column of any kind of table, missing ones as None or NaN."""
    if hasattr(column, "to_pylist"):
        return column.to_pylist()
    return column.to_list() if isinstance(column, pl.Series) else column.astype(object).where(column.notna(), None).tolist()


TIMES = [datetime.datetime(2020, 1, 1, 5), datetime.datetime(2020, 1, 1, 6)]


def beside(values: pa.Array) -> pa.Table:
    """Two providers, and a column that no function asks for."""
    rest = {"provider": ["A", "B"], "inspection_start": [datetime.date(2015, 1, 1)] * 2, "overall_effectiveness": ["Good", "Good"]}
    return pa.table({**rest, "x": values})


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.string_view(), pa.binary(1)], ids=str)
def test_a_column_that_nobody_asks_for_comes_back_as_it_was_whatever_it_holds(kind: pa.DataType) -> None:
    table = beside(pa.array(["a", "b"] if kind == pa.string_view() else [b"a", b"b"], kind))
    register = pd.DataFrame({"provider": ["A", "B", "C"]})
    for found, more in ((sif.as_at(table, "2020-01-01"), []), (sif.as_at(table, "2020-01-01", register=register), [None])):
        assert found["x"].type == kind
        assert found["x"].to_pylist() == table["x"].to_pylist() + more


def test_moments_in_runs_keep_their_time_of_day() -> None:
    table = beside(pa.RunEndEncodedArray.from_arrays(pa.array([1, 2], pa.int32()), pa.array(TIMES)))
    assert sif.as_at(table, "2020-01-01")["x"].to_pylist() == TIMES
    assert sif.aggregate(table, "x")["x"].to_pylist() == TIMES


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", [TIMES, [datetime.date(2020, 1, 1), None], [1.5, 2.5], ["a", None], [None, None]], ids=str)
def test_a_dictionary_of_anything_has_room_for_providers_of_the_register(values: list[object]) -> None:
    register = pd.DataFrame({"provider": ["A", "B", "C"]})
    found = sif.as_at(beside(pa.array(values).dictionary_encode()), "2020-01-01", register=register)
    assert found["x"].to_pylist() == [*values, None]
