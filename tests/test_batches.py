"""Files counted by batches give what the functions give of the whole table, to the last digit; errors name the row of the whole."""

import inspect
import os
import pickle
import subprocess
import sys
import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import ofsted_sif as sif
from ofsted_sif import aggregation, change, counts, durations, in_year, snapshots, states, trends, two_dates
from ofsted_sif.batches import files
from ofsted_sif.errors import RowError
from ofsted_sif.table import partial, state

pa = pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")
import pyarrow.dataset as ds  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

GRADE = "overall_effectiveness"
DATES = ["2016-03-31", "2024-03-31", "2020-01-01"]
ALL = {"framework": "all"}
INDEPENDENT = {"cluster": None}  # by batches a trend takes rows so
CALLS = [
    ("aggregate", {}),
    ("aggregate", {"by": "region", "judgement": [GRADE, "adoption"], "interval": "goodman"}),
    ("aggregate", {"by": "inspection_type", "min_n": 50, "weights": "pupils"}),
    ("aggregate", {"by": ["region", "framework"], "weights": "pupils"}),
    ("aggregate", {"by": ["region", "framework"], "observed": False}),
    ("aggregate", {"by": ["region", GRADE], "judgement": "leadership"}),
    ("transitions", {**ALL}),
    ("transitions", {**ALL, "by": "region", "freq": "YE-AUG", "having": GRADE}),
    ("transitions", {"framework": "ILACS", "by": ["region", "framework"], "freq": "YE-MAR", "date": "2024-03-31"}),
    ("change_between", {**ALL, "date_from": "2021-03-31", "date_to": "2024-03-31"}),
    ("change_between", {**ALL, "date_from": "2021-03-31", "date_to": "2024-03-31", "by": "region", "having": GRADE, "exact": True}),
    (
        "change_between",
        {
            "framework": ["SIF", "ILACS"],
            "date_from": "2019-03-31",
            "date_to": "2024-03-31",
            "by": ["region", "framework"],
            "max_age": pd.DateOffset(years=3),
        },
    ),
    ("series", {**ALL, "dates": DATES}),
    ("series", {**ALL, "dates": DATES, "by": "region", "published_by": "2024-06-30", "having": GRADE}),
    ("series", {"framework": ["SIF", "ILACS"], "dates": DATES, "by": ["region", "framework"], "max_age": pd.DateOffset(years=3)}),
    ("trend", {**ALL, **INDEPENDENT}),
    ("trend", {**ALL, **INDEPENDENT, "by": "region", "adjust": "bh"}),
    ("trend", {**ALL, **INDEPENDENT, "by": "provider"}),
    ("trend", {**ALL, **INDEPENDENT, "by": "region", "method": "seasonal-mann-kendall", "season": "month"}),
    ("trend", {**ALL, **INDEPENDENT, "method": "seasonal-mann-kendall", "season": "inspection_type"}),
    ("trend", {"framework": "ILACS", **INDEPENDENT, "by": ["region", "framework"], "method": "cochran-armitage"}),
    ("trend", {**ALL, **INDEPENDENT, "value": "is_good", "method": "cochran-armitage", "by": "region"}),
    ("trend", {**ALL, **INDEPENDENT, "by": "region", "method": "jonckheere", "freq": "QE"}),
    ("changes", {**ALL, "by": ["provider_name", "region"], "date": "2024-03-31", "published_by": "2024-06-30", "having": GRADE}),
    ("spells", {**ALL, "by": "region", "until": "2026-08-24"}),
    ("time_to", {"framework": ["SIF", "ILACS"], "by": "region", "until": "2026-08-24"}),
    ("time_to", {**ALL, "until": "2026-08-24", "episodes": "all", "grade": "outstanding", "published_by": "2026-08-24"}),
    ("median_time_to", {**ALL, "by": ["region", "framework"], "until": "2024-03-31"}),
    ("logrank", {**ALL, "by": "region", "until": "2026-08-24"}),
    ("state_probabilities", {**ALL, "until": "2026-08-24", "at": [1, 3]}),
    ("state_probabilities", {**ALL, "by": "region", "start": "Good", "until": "2026-08-24", "since": "2016-01-01", "at": 2}),
    ("periods", {**ALL, "by": "region", "freq": "YE-MAR"}),
    ("periods", {"framework": ["SIF", "ILACS"], "window": 3, "total": True, "by": ["region", "framework"], "published_by": "2024-01-01"}),
]
QUESTIONS = {
    "aggregate": aggregation.Aggregate,
    "change_between": two_dates.Between,
    "transitions": change.Transitions,
    "series": snapshots.Series,
    "trend": trends.Trend,
    "as_at": state.AsAt,
    "changes": change.Changes,
    "spells": durations.Spells,
    "time_to": durations.TimeTo,
    "median_time_to": durations.MedianTimeTo,
    "logrank": durations.LogRank,
    "periods": in_year.Periods,
    "state_probabilities": states.StateProbabilities,
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """The bundled table by provider, the inspections of one in no order; with missing regions, weights and numbers."""
    made = sif.load_inspections().sample(frac=1, random_state=3).sort_values("provider", kind="stable", ignore_index=True)
    made["provider"] = made["provider"].astype("category")
    made["region"] = made["region"].where(made.index % 17 != 0)
    made["pupils"] = np.where(made.index % 13 == 0, np.nan, made.index % 90 + 1.0)
    made["is_good"] = (made[GRADE] >= "Good").astype(float).where(made[GRADE].notna())
    return made


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{name: table[name].astype(object).where(table[name].notna(), None) for name in table.select_dtypes("category")})


def in_sorted_order(table: pd.DataFrame) -> pd.DataFrame:
    """A dictionary in a file is no order unless it says so."""
    unordered = [name for name in table.select_dtypes("category") if not table[name].cat.ordered]
    return table.assign(**{name: table[name].cat.reorder_categories(sorted(table[name].cat.categories)) for name in unordered})


def parquet(table, file, rows=100):
    table.to_parquet(file, row_group_size=rows, index=False)
    return file, in_sorted_order(pd.read_parquet(file))


def many_files(table, folder):
    folder.mkdir()
    for number, start in enumerate(range(0, len(table), 150)):
        as_text(table.iloc[start : start + 150]).to_parquet(folder / f"part-{number}.parquet", row_group_size=41, index=False)
    return str(folder / "part-*.parquet"), pd.concat([pd.read_parquet(path) for path in sorted(folder.iterdir())], ignore_index=True)


def every_fifth(table):
    """The inspections of every fifth provider: what is cut small need not be long, too."""
    return table[table["provider"].cat.codes % 5 == 0]


def csv(table, file):
    table.to_csv(file, index=False)
    return file, pd.read_csv(file)


def unlike_dictionaries(table, file):
    """Each row group with its own order of labels, unsigned codes of several widths, and labels that no row has."""
    pieces = []
    for number, start in enumerate(range(0, len(table), 101)):
        piece = table.iloc[start : start + 101]
        for name in ("region", "inspection_type", "provider"):
            labels = sorted(piece[name].dropna().unique(), reverse=number % 2 == 0)
            values = piece[name].astype(object)
            piece = piece.assign(**{name: pd.Categorical(values, [*labels, f"none {number}"] if name == "region" else labels)})
        piece = pa.Table.from_pandas(piece, preserve_index=False).replace_schema_metadata()
        pieces.append(piece)
    schema = pieces[0].schema
    with pq.ParquetWriter(file, schema) as writer:
        for piece in pieces:
            writer.write_table(piece.cast(schema))
    return file, in_sorted_order(pd.read_parquet(file))


SOURCES = {
    "Parquet of categories": lambda table, folder: parquet(table, folder / "a.parquet"),
    "Parquet of categories, a row group": lambda table, folder: parquet(table, folder / "a.parquet", 10_000),
    "Parquet of text, tiny row groups": lambda table, folder: parquet(as_text(every_fifth(table)), folder / "a.parquet", 9),
    "Parquet of unlike dictionaries": lambda table, folder: unlike_dictionaries(table, folder / "a.parquet"),
    "several Parquet of text": lambda table, folder: many_files(table, folder / "parts"),
    "CSV": lambda table, folder: csv(table, folder / "a.csv"),
    "a dataset of pyarrow": lambda table, folder: (ds.dataset(parquet(as_text(table), folder / "a.parquet")[0]), as_text(table)),
    "a relation of DuckDB": lambda table, folder: (
        duckdb.sql(f"SELECT * FROM '{parquet(as_text(table), folder / 'a.parquet')[0]}'"),
        as_text(table),
    ),
}


def check_by_batches(kind, calls, table, folder, monkeypatch):
    monkeypatch.setattr(files, "ROWS_OF_A_BATCH", 160)
    source, whole = SOURCES[kind](table, folder)
    for name, options in calls:
        expected = getattr(sif, name)(whole, **options)
        expected.attrs = {}
        assert_frame_equal(getattr(sif, name)(source, **options), expected, check_exact=True, obj=f"{name} {options}")


@pytest.mark.parametrize(("number", "kind"), list(enumerate(SOURCES)), ids=SOURCES)
def test_by_batches_as_of_the_whole(number, kind, table, tmp_path, monkeypatch) -> None:
    """Every fourth call of each kind of source, another fourth of the next."""
    check_by_batches(kind, CALLS[number % 4 :: 4], table, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SOURCES)
def test_every_call_by_batches(kind, table, tmp_path, monkeypatch) -> None:
    check_by_batches(kind, CALLS, table, tmp_path, monkeypatch)


def pieces_of(table, cuts, seed):
    """The table cut between providers, some pieces empty."""
    of = pd.factorize(table["provider"])[0]
    places = np.sort(np.random.default_rng(seed).integers(0, of.max() + 2, cuts))
    bounds = [0, *np.searchsorted(of, places).tolist(), len(table)]
    return [table.iloc[start:stop].reset_index(drop=True) for start, stop in pairwise(bounds)]


@pytest.mark.parametrize(("name", "options"), CALLS)
def test_partial_results_are_pickled_and_merged_in_any_tree(name, options, table) -> None:
    function = getattr(sif, name)
    bound = inspect.signature(function).bind(None, **options)
    bound.apply_defaults()
    question = pickle.loads(pickle.dumps(QUESTIONS[name](**{key: value for key, value in bound.arguments.items() if key != "table"})))
    expected = function(table, **options)
    expected.attrs = {}
    for cuts in (0, 1, 12):
        parts = [pickle.loads(pickle.dumps(question.count(piece))) for piece in pieces_of(table, cuts, seed=cuts)]
        one_by_one = parts[0]
        for part in parts[1:]:
            one_by_one = partial.merge([one_by_one, part])
        halves = partial.merge([partial.merge(part) for part in (parts[: len(parts) // 2], parts[len(parts) // 2 :]) if part])
        for merged in (partial.merge(parts), one_by_one, halves):
            assert merged.rows == len(table)
            assert_frame_equal(question.finish(merged), expected, check_exact=True)


@pytest.mark.parametrize("seed", range(5))
def test_kendall_of_counts_is_that_of_the_rows(seed) -> None:
    rng = np.random.default_rng(seed)
    n_groups, rows = 40, int(rng.integers(50, 3000))
    group, day, grade = rng.integers(0, n_groups - 1, rows), rng.integers(0, 200, rows), rng.integers(0, 4, rows)
    cells, n = np.unique(np.stack([group, day, grade]), axis=1, return_counts=True)
    counted = counts.kendall_of_counts(*cells, n, n_grades=4, n_groups=n_groups)
    for got, expected in zip(counted, counts.kendall(group, day, grade, n_grades=4, n_groups=n_groups), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_folders_give_their_names_as_columns(table, tmp_path) -> None:
    whole = as_text(table).dropna(subset=["region"])
    for region, rows in whole.groupby("region"):
        folder = tmp_path / "all" / f"region={region}"
        folder.mkdir(parents=True)
        rows.drop(columns="region").to_parquet(folder / "rows.parquet", index=False)
    assert_frame_equal(sif.aggregate(tmp_path / "all", "region"), sif.aggregate(whole, "region"), check_exact=True)


def test_an_unordered_file_is_named_with_the_row_and_the_copy_is_in_order(table, tmp_path) -> None:
    shuffled, whole = parquet(table.sample(frac=1, random_state=1, ignore_index=True), tmp_path / "shuffled.parquet")
    seen = whole["provider"].ne(whole["provider"].shift()) & whole["provider"].duplicated()
    with pytest.raises(ValueError, match=rf"shuffled.parquet: column 'provider', row {int(np.argmax(seen))}: .*comes back.*ordered\("):
        sif.scan(shuffled).transitions(**ALL)
    ordered = sif.scan(shuffled).ordered(tmp_path / "ordered.parquet")
    copied = pd.read_parquet(tmp_path / "ordered.parquet")
    assert copied["provider"].tolist() == sorted(whole["provider"])
    for name in ("region", GRADE, "provider"):
        assert copied[name].dtype == whole[name].dtype
        assert copied[name].cat.categories.tolist() == whole[name].cat.categories.tolist()
    for name, options in CALLS[6:]:
        expected = getattr(sif, name)(whole, **options)
        expected.attrs = {}
        assert_frame_equal(getattr(ordered, name)(**options), expected, check_exact=True)


@pytest.mark.parametrize("kind", ["csv", "parquet", "folder", "link"])
def test_an_ordered_copy_never_takes_the_place_of_its_source(kind, table, tmp_path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    file = folder / ("rows.csv" if kind == "csv" else "rows.parquet")
    rows = as_text(table)
    rows.to_csv(file, index=False) if kind == "csv" else rows.to_parquet(file, index=False)
    before = file.read_bytes()
    target = file
    if kind == "link":
        target = tmp_path / "link.parquet"
        target.symlink_to(file)
    scan = sif.scan(folder if kind == "folder" else file)
    for overwrite in (False, True):
        with pytest.raises(ValueError, match=r"the copy can't have the name of its source, .*: give another"):
            scan.ordered(target, overwrite=overwrite)
    assert file.read_bytes() == before
    assert [found.name for found in folder.iterdir()] == [file.name]


def test_an_ordered_copy_replaces_another_file_only_where_that_is_asked_for(table, tmp_path) -> None:
    as_text(table).to_parquet(tmp_path / "rows.parquet", index=False)
    kept = tmp_path / "kept.parquet"
    kept.write_text("mine", encoding="utf-8")
    scan = sif.scan(tmp_path / "rows.parquet")
    with pytest.raises(FileExistsError, match=r"kept.parquet is there already: give another name, or overwrite=True"):
        scan.ordered(kept)
    assert kept.read_text("utf-8") == "mine"
    scan.ordered(kept, overwrite=True)
    assert len(pd.read_parquet(kept)) == len(table)


def test_what_is_wrong_is_named_with_the_row_of_the_whole(table, tmp_path) -> None:
    one, other = as_text(table), as_text(table)
    other.loc[333, GRADE] = "Godo"
    other.loc[222, "pupils"] = -1.0
    for name, rows in (("a", one), ("b", other)):
        rows.to_parquet(tmp_path / f"{name}.parquet", row_group_size=50, index=False)
    both = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    with pytest.raises(
        RowError, match=r"b.parquet, its row 333: column 'overall_effectiveness', row 1049: 'Godo' is not a grade"
    ) as caught:
        sif.aggregate(both, "region")
    assert caught.value.row == 716 + 333
    with pytest.raises(RowError, match=r"b.parquet, its row 222: weights='pupils', row 938: -1 is negative"):
        sif.aggregate(both, judgement="leadership", weights="pupils")
    with pytest.raises(RowError, match=r"b.parquet: column 'overall_effectiveness', row 333: 'Godo'"):
        sif.trend(both[1], **ALL, **INDEPENDENT)


def test_words_of_two_scales_in_two_pieces_are_an_error_that_names_the_row() -> None:
    pieces = [pd.DataFrame({GRADE: words}) for words in (["Good", None, "Inadequate"], [None, "Met"])]
    question = aggregation.Aggregate(
        by=None, judgement=GRADE, scale=None, weights=None, interval="wilson", level=0.95, min_n=0, observed=True, threads=1
    )
    with pytest.raises(RowError, match=r"row 4: 'Met' is not a grade of the scale FOUR_POINT"):
        question.finish(partial.merge([question.count(piece) for piece in pieces]))


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda f: sif.aggregate(f / "none.parquet"), FileNotFoundError, "no such file"),
        (lambda f: sif.scan(str(f / "none-*.parquet")), FileNotFoundError, "none matches the pattern"),
        (lambda f: sif.aggregate(f / "a.parquet", "regoin"), ValueError, "nearest: 'region'"),
        (lambda f: sif.aggregate(f / "nothing.csv"), ValueError, "nothing.csv can't be read: the file is empty"),
        (
            lambda f: sif.scan([f / "a.csv", f / "twice.csv"]).aggregate(),
            ValueError,
            r"twice.csv .*'region': the table has 2 columns of that",
        ),
        (lambda f: sif.scan(f / "twice.csv"), ValueError, "twice.csv can't be read: column 'region': the table has 2 columns of that name"),
        (lambda f: sif.scan(f / "nothing"), FileNotFoundError, "has no files"),
        (lambda f: sif.aggregate(f / "short.parquet"), ValueError, "short.parquet can't be read: it is damaged, cut short"),
        (lambda f: sif.scan([f / "a.parquet", f / "unlike.parquet"]), ValueError, "'region' is int64 in .*unlike.parquet and string in"),
        (lambda f: sif.scan([f / "a.parquet", f / "lacks.parquet"]), ValueError, "lacks.parquet has no column 'region'"),
        (lambda f: sif.scan([f / "a.parquet", f / "a.csv"]), ValueError, "scan them apart"),
        (lambda f: sif.aggregate(f / "mine.xlsx"), ValueError, r"mine.xlsx is a workbook, .*ofsted_sif.read_inspections\(path\)"),
        (
            lambda f: sif.aggregate(f / "title.csv"),
            ValueError,
            "2 columns of its first line have no name, .* by ofsted_sif.read_inspections",
        ),
        (
            lambda f: sif.scan(f / "twice.parquet", filter=[("year", "==", "2020")]).aggregate(),
            ValueError,
            "filter=.*: column 'year' holds int64, and '2020' is str",
        ),
        (
            lambda f: sif.scan(f / "twice.parquet", filter=[("region", "==", 1)]).aggregate(),
            ValueError,
            "'region' holds string, and 1 is int",
        ),
        (lambda f: sif.scan(3), TypeError, "a path to Parquet or CSV"),
        (lambda f: sif.first(f / "a.parquet"), TypeError, "first needs its table whole"),
        (lambda f: sif.trend(f / "a.parquet", method="theil-sen"), ValueError, "compares every two rows"),
        (lambda f: sif.trend(f / "a.parquet", value="pupils"), ValueError, "of numbers can't be counted by batches"),
        (lambda f: sif.series(f / "a.parquet", DATES, register=sif.load_local_authorities()), ValueError, "register= can't be used"),
        (lambda f: sif.series(f / "a.parquet", DATES, framework="SIFF"), ValueError, "unknown framework 'SIFF'"),
        (lambda f: sif.aggregate(f / "a.parquet", threads=0), ValueError, "threads is 0"),
    ],
)
def test_what_cannot_be_read_or_counted_says_so(call, error, told, table, tmp_path) -> None:
    file, _ = parquet(table, tmp_path / "a.parquet")
    table.head(5).to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "nothing.csv").write_bytes(b"\n")
    (tmp_path / "mine.xlsx").write_bytes(b"PK\x03\x04")
    (tmp_path / "title.csv").write_text("Inspections,,\nprovider,region,overall_effectiveness\n1,London,Good\n")
    pd.DataFrame({"region": ["a"], "year": [2020], GRADE: ["Good"]}).to_parquet(tmp_path / "twice.parquet")
    (tmp_path / "twice.csv").write_text("region,provider,region\nLondon,1,London\n")
    table.assign(region=1).to_parquet(tmp_path / "unlike.parquet", index=False)
    table.drop(columns="region").to_parquet(tmp_path / "lacks.parquet", index=False)
    (tmp_path / "short.parquet").write_bytes(file.read_bytes()[:-100])
    (tmp_path / "nothing").mkdir()
    with pytest.raises(error, match=told):
        call(tmp_path)


HAPPENS = {
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "removed": lambda path: path.unlink(),
    "grown": lambda path: path.write_bytes(path.read_bytes() * 2),
    "another of the same size": lambda path: path.write_bytes(path.read_bytes().replace(b"Good", b"good")),
}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("happens", HAPPENS)
@pytest.mark.parametrize("when", ["before", "in the middle"])
def test_a_file_that_changes_gives_an_error_and_no_answer(when, happens, kind, table, tmp_path, monkeypatch) -> None:
    """Cut between two lines a CSV is a CSV still: without a look at the file its last rows would be lost in silence."""
    path = tmp_path / f"inspections.{kind}"
    table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path, row_group_size=100, index=False)
    os.utime(path, (1, 1))
    scan = sif.scan(path)
    count = aggregation.Aggregate.count

    def count_then(question, piece):
        monkeypatch.setattr(aggregation.Aggregate, "count", count)
        HAPPENS[happens](path)
        return count(question, piece)

    if when == "before":
        HAPPENS[happens](path)
    else:
        monkeypatch.setattr(aggregation.Aggregate, "count", count_then)
    with pytest.raises(ValueError, match=rf"inspections\.{kind} was written to, cut or removed after it was opened"):
        scan.aggregate("region")


def test_a_dictionary_of_unsigned_codes_is_followed_through_time(table, tmp_path) -> None:
    ordered = table.sort_values("provider", kind="stable").assign(provider=lambda rows: rows["provider"].astype("category"))
    arrow = pa.Table.from_pandas(ordered, preserve_index=False)
    place = arrow.schema.get_field_index("provider")
    unsigned = arrow["provider"].cast(pa.dictionary(pa.uint8(), pa.string()))
    pq.write_table(arrow.set_column(place, "provider", unsigned), tmp_path / "a.parquet")
    found = sif.scan(tmp_path / "a.parquet").transitions(framework="all")
    assert found["n"].tolist() == sif.transitions(ordered, framework="all")["n"].tolist()


def test_frameworks_pooled_in_different_pieces_are_said_aloud(table, tmp_path) -> None:
    file, _ = parquet(table, tmp_path / "a.parquet")
    whole = pd.read_parquet(file)  # with the frameworks in the order of its dictionary, as by batches
    for name, options in (("transitions", {}), ("series", {"dates": DATES}), ("trend", INDEPENDENT)):
        told = []
        for source in (file, whole):
            with pytest.warns(sif.PooledFrameworksWarning) as caught:
                getattr(sif, name)(source, **options)
            told.append(str(caught[0].message))
        assert told[0] == told[1]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("as_at", {"date": "2024-03-31"}),
        ("series", {"dates": DATES}),
        ("changes", {}),
        ("transitions", {}),
        ("periods", {}),
        ("spells", {"until": "2024-03-31"}),
        ("change_between", {"date_from": "2016-03-31", "date_to": "2024-03-31"}),
        ("trend", INDEPENDENT),
    ],
)
def test_missing_frameworks_in_different_pieces_are_said_once(name, options, table, tmp_path) -> None:
    rows = table.copy()
    blank = rows.index[rows[GRADE].notna()][[3, 200, -1]]
    rows.loc[blank, "framework"] = None
    file, whole = parquet(rows, tmp_path / "a.parquet")
    for source in (file, whole):
        with pytest.warns(sif.FrameworkMissingWarning, match="leaves out 3 graded inspections whose framework is missing") as caught:
            getattr(sif, name)(source, framework=["SIF", "ILACS"], **options)
        assert [warning.category for warning in caught] == [sif.FrameworkMissingWarning]


MEMORY = """
import sys, numpy as np, pyarrow as pa, pyarrow.parquet as pq, ofsted_sif as sif
file, rows = sys.argv[1], 12_000_000
codes = np.arange(rows, dtype=np.int32)
of = pa.DictionaryArray.from_arrays(pa.array(codes % 153), pa.array([f"authority {i}" for i in range(153)]))
grade = pa.DictionaryArray.from_arrays(pa.array(codes % 4), pa.array(sif.FOUR_POINT.labels))
pq.write_table(pa.table({"of": of, "overall_effectiveness": grade}), file, row_group_size=rows)
whole = of.nbytes + grade.nbytes
del of, grade, codes
import subprocess
count = "sif.aggregate(sys.argv[1], 'of')['n'].sum()"
code = f"import sys, pyarrow as pa, ofsted_sif as sif; print({count}, pa.default_memory_pool().max_memory())"
n, most = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True).stdout.split()
assert int(n) == rows
print(int(most) / whole)
"""


def test_memory_does_not_grow_with_the_rows(tmp_path) -> None:
    ran = subprocess.run([sys.executable, "-c", MEMORY, str(tmp_path / "a.parquet")], capture_output=True, text=True, check=True)
    assert float(ran.stdout) < 0.5  # of a table of 12 million rows, in one row group


def test_progress_is_shown_where_it_is_asked_for(table, tmp_path, capsys) -> None:
    file, _ = parquet(table, tmp_path / "a.parquet")
    sif.scan(file).aggregate()
    assert capsys.readouterr().err == ""
    sif.scan(file, progress=True).aggregate()
    assert "716/716" in capsys.readouterr().err.replace(".0", "")


def test_own_names_of_columns_are_said_once(table, tmp_path) -> None:
    file, _ = parquet(table.rename(columns={"provider": "urn", "inspection_start": "began"}), tmp_path / "a.parquet")
    scanned = sif.scan(file, provider="urn", inspected="began")
    expected = sif.trend(table, **ALL, **INDEPENDENT)
    assert_frame_equal(scanned.trend(**ALL), expected, check_exact=True)


def test_a_trend_by_batches_does_not_take_providers_for_independent_without_a_word(table, tmp_path) -> None:
    file, _ = parquet(table, tmp_path / "a.parquet")
    for cluster in ("auto", "region"):
        with pytest.raises(ValueError, match=rf"cluster='{cluster}'.*cluster=None counts them as independent"):
            sif.trend(file, **ALL, cluster=cluster)
    scanned = sif.scan(file)
    assert inspect.signature(scanned.trend).parameters["cluster"].default is None
    assert "independent" in scanned.trend.__doc__
    without = table[["is_good", "inspection_start", "published"]]
    file, _ = parquet(without, tmp_path / "b.parquet")
    options = {"value": "is_good", "method": "cochran-armitage"}
    assert_frame_equal(sif.trend(file, **options), sif.trend(without, **options), check_exact=True)


# ---- rows of a result


@pytest.mark.parametrize(
    "options",
    [{"published_by": "2024-06-30", **ALL}, {"having": GRADE, "framework": ["ilacs"]}, {"max_age": pd.DateOffset(years=3), **ALL}],
    ids=["all", "having", "max_age"],
)
@pytest.mark.parametrize("kind", ["Parquet of categories", "Parquet of text, tiny row groups", "Parquet of unlike dictionaries"])
def test_the_state_on_a_date_by_batches_is_that_of_the_whole(kind, options, table, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(files, "ROWS_OF_A_BATCH", 120)
    source, whole = SOURCES[kind](table, tmp_path)
    expected = sif.as_at(whole, "2024-03-31", **options)
    found = sif.as_at(source, "2024-03-31", **options)
    assert found.attrs == expected.attrs
    for name in expected.select_dtypes("category"):  # a dictionary has the words that its pieces have
        expected[name], found[name] = expected[name].astype(object), found[name].astype(object)
    assert_frame_equal(found, expected, check_exact=True)


def test_what_the_table_does_not_know_is_said_by_batches_as_of_the_whole(table, tmp_path) -> None:
    late = as_text(table).assign(known_from=pd.Timestamp("2016-01-01"))
    late.loc[late["provider"] < "E07", "known_from"] = pd.NaT
    _, late = parquet(late, tmp_path / "late.parquet")
    until = {"until": "2026-08-24", **ALL}
    for name, options in (
        ("as_at", {"date": "2015-03-31", **ALL}),
        ("changes", ALL),
        ("spells", until),
        ("time_to", until),
        ("periods", ALL),
    ):
        told = []
        for source in (tmp_path / "late.parquet", late):
            with pytest.warns(sif.IncompleteHistoryWarning) as caught:
                told.append((getattr(sif, name)(source, **options), str(caught[0].message)))
        assert told[0][1] == told[1][1]
        assert_frame_equal(told[0][0], told[1][0], check_dtype=False)


def test_how_long_grades_are_held_needs_a_last_day_by_batches(table, tmp_path) -> None:
    file, _ = parquet(table, tmp_path / "a.parquet")
    for name in ("spells", "time_to", "median_time_to", "state_probabilities"):
        with pytest.raises(ValueError, match="until= is needed by batches"):
            getattr(sif, name)(file, **ALL)
    with pytest.raises(ValueError, match="by names no column"):
        sif.logrank(file, until="2026-08-24", **ALL)
    with pytest.raises(ValueError, match="cluster= can't be used by batches"):
        sif.periods(file, cluster="provider", **ALL)
    for name, options in (("as_at", {"date": "2024-03-31"}), ("changes", {}), ("spells", {"until": "2024-03-31"})):
        with pytest.raises(ValueError, match="register= can't be used by batches"):
            getattr(sif, name)(file, register=sif.load_local_authorities(), **options)


def test_a_file_without_the_rows_asked_for_gives_an_empty_table_with_its_columns(table, tmp_path) -> None:
    file, whole = parquet(as_text(table), tmp_path / "a.parquet")
    for name, options in (("as_at", {"date": "1999-03-31"}), ("changes", {"date": "1999-03-31"}), ("spells", {"until": "1999-03-31"})):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sif.BeyondDataWarning)
            expected, found = (getattr(sif, name)(source, framework="all", **options) for source in (whole, file))
        assert len(found) == len(expected) == 0
        assert list(found) == list(expected)


# ---- some of the rows


@pytest.mark.parametrize("kind", ["Parquet of categories", "Parquet of text, tiny row groups", "CSV", "a relation of DuckDB"])
def test_a_filter_takes_the_rows_that_meet_it(kind, table, tmp_path) -> None:
    source, whole = SOURCES[kind](table, tmp_path)
    both = (whole["region"] == "London") & whole["framework"].isin(["SIF", "ILACS"])
    either = (whole["region"] == "London") | (whole["framework"] != "SIF") & whole["region"].notna()
    for conditions, chosen in (
        ([("region", "==", "London"), ("framework", "in", ["SIF", "ILACS"])], both),
        ([[("region", "==", "London")], [("framework", "!=", "SIF"), ("region", "!=", "nowhere")]], either),
    ):
        scan = sif.scan(source, filter=conditions)
        assert_frame_equal(
            scan.aggregate("framework"), sif.aggregate(whole[chosen], "framework"), check_exact=True, check_categorical=False
        )
        assert_frame_equal(scan.transitions(**ALL), sif.transitions(whole[chosen], **ALL), check_exact=True)


def test_a_filter_that_is_none_is_told(table, tmp_path) -> None:
    file, _ = parquet(table, tmp_path / "a.parquet")
    with pytest.raises(sif.MissingColumnError, match="filter='regoin': the table has no such column; nearest: 'region'"):
        sif.scan(file, filter=[("regoin", "==", "London")])
    for wrong in ([], "region == 'London'", [("region", "~", "London")], [("region", "London")]):
        with pytest.raises(ValueError, match="is no list of conditions, as"):
            sif.scan(file, filter=wrong)
    with pytest.raises(ValueError, match="filter="):
        sif.scan(file, filter=[("region", ">", 3)]).aggregate()


def test_an_error_says_that_its_row_is_of_those_that_the_filter_keeps(table, tmp_path) -> None:
    wrong = as_text(table)
    row = int(np.flatnonzero(wrong["region"] == "London")[2])
    wrong.loc[row, GRADE] = "Fine"
    wrong.to_parquet(tmp_path / "a.parquet", index=False)
    with pytest.raises(RowError, match=r"a.parquet: of the rows that filter= keeps, column 'overall_effectiveness', row 2: 'Fine'"):
        sif.scan(tmp_path / "a.parquet", filter=[("region", "==", "London")]).aggregate()


# ---- a scan travels


def test_a_scan_travels_between_processes(table, tmp_path) -> None:
    file, _ = parquet(as_text(table).rename(columns={"provider": "urn"}), tmp_path / "a.parquet")
    scan = sif.scan(file, provider="urn", filter=[("region", "==", "London")], progress=False)
    copy = pickle.loads(pickle.dumps(scan))
    assert_frame_equal(copy.transitions(**ALL), scan.transitions(**ALL))
    ordered = pickle.loads(pickle.dumps(scan.ordered(tmp_path / "b.parquet")))
    assert_frame_equal(ordered.transitions(**ALL), scan.transitions(**ALL))
    with pytest.raises(TypeError, match="a relation of DuckDB belongs to its connection"):
        pickle.dumps(sif.scan(duckdb.sql("SELECT 1 AS provider, 'Good' AS overall_effectiveness")))


def test_a_date_after_the_table_ends_is_said_by_batches_too(tmp_path) -> None:
    table = sif.load_inspections().sort_values("provider", kind="stable", ignore_index=True)
    table.to_parquet(tmp_path / "a.parquet", index=False)  # with the day to which it is complete
    for name, options in (("as_at", {"date": "2030-03-31"}), ("changes", {"date": "2030-03-31"}), ("spells", {"until": "2030-03-31"})):
        with pytest.warns(sif.BeyondDataWarning, match="24 August 2026"):
            getattr(sif, name)(tmp_path / "a.parquet", framework="all", **options)


@pytest.mark.parametrize(("name", "options"), CALLS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_source_without_rows_gives_what_a_table_without_rows_gives(name: str, options: dict, table, tmp_path) -> None:
    path = tmp_path / "nothing.parquet"
    table.iloc[:0].to_parquet(path, index=False)
    scanned, whole = (answer_or_error(getattr(sif, name), of, options) for of in (path, pd.read_parquet(path)))
    if isinstance(whole, str):
        assert scanned == whole
    else:
        assert_frame_equal(scanned, whole, check_dtype=False, check_categorical=False)


def answer_or_error(function, table, options: dict):
    """What a function answers, or the error that it raises."""
    try:
        return function(table, **options)
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_a_csv_is_scanned_by_the_separator_of_its_header(separator: str, table, tmp_path) -> None:
    table.to_csv(tmp_path / "mine.csv", index=False, sep=separator)
    assert_frame_equal(sif.aggregate(tmp_path / "mine.csv", "region"), sif.aggregate(as_text(table), "region"), check_dtype=False)


def test_keys_that_a_call_names_keep_their_zeros(tmp_path):
    path = tmp_path / "zeros.csv"
    path.write_text("home,inspection_start,overall_effectiveness\n007,2014-01-01,Good\n7,2015-01-01,Inadequate\n")
    assert sif.series(str(path), ["2020-01-01"], provider="home")["n"].tolist() == [2]
    assert sif.scan(path).series(["2020-01-01"], provider="home")["n"].tolist() == [2]
    assert sorted(sif.as_at(str(path), "2020-01-01", provider="home")["home"]) == ["007", "7"]


MANY = "".join(f"{number % 7},Good\n" for number in range(300_000))  # more than is looked at to tell of what kind a column is


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("001,Good\n1,Inadequate\n", {"001": 1, "1": 1}),
        ("1,Good\n2.5,Good\n02.5,Good\n", {"02.5": 1, "1": 1, "2.5": 1}),
        ("12345678901234567890123,Good\n12345678901234567890124,Good\n", {"12345678901234567890123": 1, "12345678901234567890124": 1}),
        ("12:30,Good\n12:30:00,Good\n", {"12:30": 1, "12:30:00": 1}),
        (" 1,Good\n1,Good\n0,Good\n", {0: 1, 1: 2}),
        ("0x10,Good\n16,Good\n", {"0x10": 1, "16": 1}),
        ("True,Good\n1,Good\n", {"1": 1, "True": 1}),
        ("TRUE,Good\nfalse,Good\nTrue,Good\n,Good\n", {False: 1, True: 2, np.nan: 1}),
        ("None,Good\n<NA>,Good\nN/A,Good\n,Good\nnone,Good\n", {"none": 1, np.nan: 4}),
        ("0.5,Good\n10,Good\n", {0.5: 1, 10.0: 1}),
        (MANY + "001,Good\n", {"0": 42858, "001": 1, **{str(at): 42857 for at in range(1, 6)}, "1": 42857, "6": 42857}),
        (MANY + "SC1,Good\n", {"0": 42858, **{str(at): 42857 for at in range(1, 6)}, "6": 42857, "SC1": 1}),
        (",Good\n" * 300_000 + "SC1,Good\n", {"SC1": 1, np.nan: 300_000}),
        ("2015-01-01,Good\n" * 100_000 + "2 May 2015,Good\n", {"2 May 2015": 1, "2015-01-01": 100_000}),
    ],
    ids=[
        "zeros",
        "decimals",
        "long",
        "times",
        "spaces",
        "hexadecimal",
        "true and 1",
        "true",
        "words for none",
        "halves",
        "zeros later",
        "text later",
        "blank at first",
        "dates",
    ],
)
def test_labels_of_a_csv_that_are_no_numbers_stay_as_they_are_written(tmp_path, rows, expected):
    path = tmp_path / "labels.csv"
    path.write_text("code,overall_effectiveness\n" + rows)
    found = counts_by_label(sif.aggregate(path, "code"))
    assert found == {written(label): n for label, n in expected.items()}
    # Of the whole file pandas tells the same labels, but for dates and codes that it takes for numbers, from 3.1 on also very long ones.
    if not any(str(label).startswith(("0", "2015", "12:")) or len(str(label)) > 20 for label in expected):
        assert counts_by_label(sif.aggregate(pd.read_csv(path, low_memory=False), "code")) == found


def written(label):
    """A label with its type, as 1 and "1" are two; missing ones are all alike."""
    return ("", "missing") if pd.isna(label) else (str(label), type(label).__name__.removesuffix("_"))


def counts_by_label(found):
    return {written(label): n for label, n in zip(found["code"].astype(object), found["n"], strict=True)}


def test_a_line_break_within_a_cell_is_read_wherever_it_stands(tmp_path):
    path = tmp_path / "lines.csv"
    path.write_text("code,overall_effectiveness\n" + "".join(f'"a{number % 3}\nb",Good\n' for number in range(300_000)))
    assert sif.aggregate(path, "code")[["code", "n"]].values.tolist() == [[f"a{number}\nb", 100_000] for number in range(3)]


def test_what_is_no_number_is_told_to_every_question_and_filter(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("provider,inspection_start,framework,code,overall_effectiveness\na,2015-01-01,01,0301,Good\nb,2015-01-01,1,301,Good\n")
    assert sif.as_at(path, "2016-01-01", framework="all")["code"].tolist() == ["0301", "301"]
    assert sif.series(path, ["2016-01-01"], framework="01")["n"].tolist() == [1]
    kept = sif.scan(path, filter=[("code", "==", "0301")])
    assert kept.aggregate("code")["code"].tolist() == ["0301"]
    assert pickle.loads(pickle.dumps(kept)).aggregate("code")["code"].tolist() == ["0301"]


def test_a_column_that_is_blank_in_one_file_is_that_of_the_others(tmp_path):
    for name, code in (("a", ""), ("b", "7"), ("c", "SC1")):
        (tmp_path / f"{name}.csv").write_text(f"code,overall_effectiveness\n{code},Good\n")
    assert sif.aggregate([tmp_path / "a.csv", tmp_path / "b.csv"], "code")["code"].tolist()[:1] == ["7"]
    assert sif.aggregate([tmp_path / "b.csv", tmp_path / "a.csv"], "code")["code"].tolist()[:1] == [7]
    assert sif.aggregate([tmp_path / "c.csv", tmp_path / "a.csv"], "code")["code"].tolist()[:1] == ["SC1"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_a_csv_in_utf_16_with_its_mark_is_read(tmp_path, encoding):
    path = tmp_path / "wide.csv"
    mark = "" if encoding == "utf-16" else "\ufeff"
    path.write_bytes((mark + "region,overall_effectiveness\nYork,Good\nCafé,Good\n").encode(encoding))
    assert sif.aggregate(str(path), "region")["region"].tolist() == ["Café", "York"]


@pytest.mark.parametrize("max_age", [None, pd.DateOffset(years=1)])
def test_the_text_of_a_state_is_as_pandas_reads_it(tmp_path, max_age) -> None:
    frame = pd.DataFrame(
        {
            "provider": ["A", "A", "B", "C", "C"],
            "la": ["Kent", "Kent", None, "Leeds", "Leeds"],
            "noted": pd.array(["x", None, "y", "z", None], dtype="string"),
            "inspection_start": pd.to_datetime(["2018-03-01", "2020-03-01", "2019-03-01", "2015-03-01", "2020-05-01"]),
            "published": ["2018-04-01", "01/04/2020", None, "2015-04-01", None],
            GRADE: ["Good", "Inadequate", "Good", None, "Outstanding"],
        }
    )
    spaced = frame.assign(provider=["A", "A ", "B", "C", " C"])
    for number, table in enumerate([frame, frame.set_index("la"), spaced, frame.drop(columns="noted").astype({"inspection_start": str})]):
        path = tmp_path / f"{number}.parquet"
        table.to_parquet(path)
        whole = sif.as_at(pd.read_parquet(path), "2020-12-31", max_age=max_age)
        by_batches = sif.as_at(path, "2020-12-31", max_age=max_age)
        assert_frame_equal(by_batches, whole, check_exact=True)
        assert [[type(value) for value in of] for of in by_batches.to_numpy()] == [[type(value) for value in of] for of in whole.to_numpy()]
