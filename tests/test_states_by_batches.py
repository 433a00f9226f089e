"""The state on a date of a file of text: its dictionaries are never made text, and the answer is that of the table in memory."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import ofsted_sif as sif
from ofsted_sif.batches import files
from ofsted_sif.errors import RowError
from ofsted_sif.table.text_of_arrow import TextInDictionaries

pa = pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")
import pyarrow.dataset as ds  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

GRADE, DATE = "overall_effectiveness", "2022-01-01"
GRADES = ["Outstanding", "Good", "Requires improvement to be good", "Inadequate", "Not judged", None]


def records(seed: int, rows: int = 500, keys: str = "text") -> pd.DataFrame:
    """Records of providers, one after another: with missing values, spaces at ends, and words that no row of the answer has."""
    rng = np.random.default_rng(seed)
    provider = np.sort(rng.integers(0, rows // 7, rows))
    if seed % 3 == 1:
        provider = rng.permutation(rows)[provider]
    start = np.datetime64("2010-01-01", "s") + rng.integers(0, 6000, rows).astype("timedelta64[D]")
    if keys == "text with spaces":
        spaces = rng.choice(["", " ", "\u2003"], (2, rows), p=[0.9, 0.05, 0.05])
        text = [f"{before}SC{number}{after}" for before, number, after in zip(spaces[0], provider, spaces[1], strict=True)]
    else:
        text = [f"SC{number}" for number in provider]
    words = rng.choice(len(GRADES), rows, p=[0.2, 0.3, 0.2, 0.1, 0.1, 0.1])
    return pd.DataFrame(
        {
            "provider": {"numbers": provider, "decimals": provider + 0.0}.get(keys, np.array(text, dtype=object)),
            "la": np.array(["Kent", "Leeds ", "Ärö", "", None], dtype=object)[rng.integers(0, 5, rows)],
            "link": [f"https://example.org/{number}" for number in range(rows)],
            "inspection_start": pd.Series(start).where(rng.random(rows) > 0.05),
            "published": start + rng.integers(10, 60, rows).astype("timedelta64[D]"),
            GRADE: np.array(GRADES, dtype=object)[words],
            "framework": np.array(["SIF", "ILACS", "ilacs "], dtype=object)[rng.integers(0, 3, rows)],
        }
    )


def written(table: pd.DataFrame, file, sizes: list[int], dtype=None):
    """A file whose row groups have so many rows, over and over."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    if dtype is not None:
        arrow = arrow.cast(pa.schema([field.with_type(dtype) if field.type == pa.string() else field for field in arrow.schema]))
    with pq.ParquetWriter(file, arrow.schema) as writer:
        begin = 0
        for number in range(len(table)):
            rows = sizes[number % len(sizes)]
            writer.write_table(arrow.slice(begin, rows))
            begin += rows
            if begin >= len(table):
                return file
    raise AssertionError("the sizes are too small")


def same_state(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert found.attrs == expected.attrs
    assert_frame_equal(found, expected, check_exact=True)
    kinds = [[[type(value) for value in row] for row in of.to_numpy()] for of in (found, expected)]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("keys", ["text", "text with spaces", "numbers", "decimals"])
@pytest.mark.parametrize("seed", range(6))
def test_a_state_of_text_is_that_of_the_table_wherever_the_file_is_cut(seed, keys, tmp_path, monkeypatch) -> None:
    file = written(records(seed, keys=keys), tmp_path / "a.parquet", [[500], [3, 1, 60, 7], [41]][seed % 3])
    whole = pd.read_parquet(file)
    monkeypatch.setattr(files, "ROWS_OF_A_BATCH", [1 << 20, 17, 30][seed % 3])
    for options in ({"framework": "all"}, {"framework": "ILACS", "having": GRADE, "published_by": "2022-06-30"}):
        same_state(sif.as_at(file, DATE, **options), sif.as_at(whole, DATE, **options))


@pytest.mark.parametrize("kind", ["several files", "a dataset", "a relation of DuckDB", "large strings", "Dask"])
def test_a_state_of_text_is_that_of_the_table_whatever_is_read(kind, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(files, "ROWS_OF_A_BATCH", 90)
    table = records(4, 700)
    source = [written(table[:300], tmp_path / "a.parquet", [77]), written(table[300:], tmp_path / "b.parquet", [500])]
    whole = pd.concat([pd.read_parquet(file) for file in source], ignore_index=True)
    if kind == "large strings":
        source[1] = source[0] = written(table, tmp_path / "large.parquet", [100, 3], pa.large_string())
        source = source[0]
    elif kind == "a dataset":
        source = ds.dataset(source)
    elif kind == "a relation of DuckDB":
        source = duckdb.sql(f"select * from read_parquet({[str(file) for file in source]})")
    elif kind == "Dask":
        dask = pytest.importorskip("dask.dataframe")
        source = dask.from_pandas(whole, npartitions=4)
    found, expected = sif.as_at(source, DATE, framework="all"), sif.as_at(whole, DATE, framework="all")
    if kind in ("a relation of DuckDB", "Dask"):  # which have other moments and missing values than pandas reads
        dtypes = {"la": object, "inspection_start": "datetime64[s]", "published": "datetime64[s]"}
        found, expected = (state.astype(dtypes).fillna({"la": "none"}) for state in (found, expected))
    assert_frame_equal(found, expected, check_exact=True, check_dtype=kind not in ("a relation of DuckDB", "Dask"))


def test_what_is_wrong_in_text_is_named_with_the_row_of_the_file(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(files, "ROWS_OF_A_BATCH", 45)
    table = records(2)
    first_of = table["provider"].ne(table["provider"].shift())
    row, other = np.flatnonzero(first_of)[[40, 64]].tolist()
    for name, value, options, told in (
        ("provider", None, {}, f"column 'provider', row {other}: the provider is missing"),
        ("provider", "n/a", {}, f"column 'provider', row {other}: 'n/a' says that the provider is missing"),
        (GRADE, "Godo", {"having": GRADE}, f"column '{GRADE}', row {other}: 'Godo' is not a grade"),
        ("provider", table["provider"][0], {}, rf"column 'provider', row {other}: the provider .* comes back"),
    ):
        wrong = table.copy()
        wrong.loc[other, name] = value
        file = written(wrong, tmp_path / "wrong.parquet", [100, 60])
        with pytest.raises(RowError, match=f"wrong.parquet: {told}") as caught:
            sif.as_at(file, DATE, framework="all", **options)
        assert caught.value.row == other
    undated = table.copy()
    undated.loc[row, ["inspection_start", "published"]] = None
    file = written(undated, tmp_path / "undated.parquet", [100, 60])
    with pytest.raises(RowError, match=rf"row {row} \(provider {table['provider'][row]}\) has neither an inspection date"):
        sif.as_at(file, DATE, framework="all")


def test_bytes_that_are_no_text_are_named_with_their_row(tmp_path) -> None:
    arrow = pa.Table.from_pandas(records(2), preserve_index=False).replace_schema_metadata()
    values = [None if value is None else value.encode() for value in arrow[GRADE].to_pylist()]
    values[300] = b"Good\xff"
    wrong = pa.array(values, pa.binary()).view(pa.string())
    pq.write_table(arrow.set_column(arrow.column_names.index(GRADE), GRADE, wrong), tmp_path / "a.parquet", row_group_size=150)
    with pytest.raises(RowError, match=r"a.parquet: column 'overall_effectiveness', row 300: this text holds .* bytes that are no UTF-8"):
        sif.as_at(tmp_path / "a.parquet", DATE, framework="all")


def test_a_provider_that_comes_back_after_files_in_order_is_found_whichever_it_is(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(files, "ROWS_OF_A_BATCH", 20)
    table = pd.DataFrame(
        {"provider": [f"SC{number:03d}" for number in range(200)], "inspection_start": pd.Timestamp("2020-01-01"), GRADE: "Good"}
    )
    for keys in (table["provider"], pd.Series(range(200))):
        for row, again in ((150, 3), (199, 198 - 20), (77, 60)):
            back = table.assign(provider=keys)
            back.loc[row, "provider"] = keys[again]
            file = written(back, tmp_path / "back.parquet", [33])
            with pytest.raises(RowError, match=rf"row {row}: the provider {keys.tolist()[again]!r} comes back"):
                sif.as_at(file, DATE)
        upside_down = table.assign(provider=keys)[::-1].reset_index(drop=True)
        file = written(upside_down, tmp_path / "down.parquet", [33])
        same_state(sif.as_at(file, DATE), sif.as_at(pd.read_parquet(file), DATE))


def test_a_text_of_each_row_is_not_kept_for_rows_that_are_not_in_the_answer() -> None:
    text = TextInDictionaries(pa.chunked_array([pa.array([f"link {number}" for number in range(1000)]).dictionary_encode()]))
    kept = text.take(np.arange(0, 1000, 100)).with_few_words()
    assert kept.in_dictionaries.to_pylist() == [f"link {number}" for number in range(0, 1000, 100)]
    assert sum(len(chunk.dictionary) for chunk in kept.in_dictionaries.chunks) == 10
    few = TextInDictionaries(pa.chunked_array([pa.array(["a", "b"] * 50).dictionary_encode()]))
    assert few.with_few_words() is few
