"""Half a character, or bytes that are no UTF-8, end in an error that names the column and the row: in every function, whatever holds it."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ofsted_sif as sif

pytestmark = pytest.mark.filterwarnings("ignore")

ROWS = 6
HALF = "half \ud800"
DAYS = ["2014-06-01", "2016-06-01"]
CALLS = {
    "aggregate": lambda table: sif.aggregate(table, "region"),
    "aggregate with clusters": lambda table: sif.aggregate(table, "region", cluster="auto"),
    "as_at": lambda table: sif.as_at(table, DAYS[1]),
    "series": lambda table: sif.series(table, DAYS, by="region"),
    "periods": lambda table: sif.periods(table, by="region", freq="YE"),
    "transitions": lambda table: sif.transitions(table, by="region"),
    "changes": lambda table: sif.changes(table, by="region"),
    "change_between": lambda table: sif.change_between(table, *DAYS, by="region"),
    "spells": lambda table: sif.spells(table, by="region"),
    "time_to": lambda table: sif.time_to(table, grade="Good", by="region"),
    "state_probabilities": lambda table: sif.state_probabilities(table, by="region"),
    "design_matrix": lambda table: sif.design_matrix(table, by="region"),
}


def in_arrow(texts, kind):
    """Text as Arrow holds it, in which HALF is no UTF-8."""
    as_bytes = [text.encode("utf-8", "surrogatepass") for text in texts]
    plain = pa.array(as_bytes, pa.binary()).view(pa.string())
    wide = pa.array(as_bytes, pa.large_binary()).view(pa.large_string())
    views = pa.array(as_bytes, pa.binary_view()).view(pa.string_view())
    return {"string": plain, "large_string": wide, "string_view": views}[kind]


def in_dictionary(texts, kind):
    """The same by codes, in a dictionary of which each word is a row's."""
    return pa.DictionaryArray.from_arrays(pa.array(np.arange(len(texts))), in_arrow(texts, kind))


HOLDERS = {
    **{f"{kind} of Arrow": lambda texts, kind=kind: in_arrow(texts, kind) for kind in ("string", "large_string", "string_view")},
    **{f"dictionary of {kind}": lambda texts, kind=kind: in_dictionary(texts, kind) for kind in ("string", "large_string", "string_view")},
    "Python's strings": lambda texts: pd.Series(texts, dtype=object),
}


def held(column, row, holder):
    """Inspections, one column of which holds text that is none in one row; as a table of Arrow where that holds it."""
    columns = {
        "provider": ["B", "A", "B", "A", "C", "C"],
        "inspection_start": pd.to_datetime(["2016-01-01", "2015-01-01", "2014-01-01", "2013-01-01", "2013-02-01", "2015-01-01"]),
        "overall_effectiveness": ["Good", "Inadequate", "Good", "Good", "Inadequate", "Good"],
        "region": [*"xyxyxy"],
    }
    columns[column] = HOLDERS[holder]([HALF if at == row else text for at, text in enumerate(columns[column])])
    return (
        pd.DataFrame(columns)
        if holder == "Python's strings"
        else pa.table({name: pa.array(of) if isinstance(of, list) else of for name, of in columns.items()})
    )


#: Columns that a function does not read, or not in every row.
UNREAD = {"aggregate": "provider", "periods": "provider", "as_at": "region", "state_probabilities": "region"}


def told(call):
    """The error of a call."""
    with pytest.raises(sif.RowError) as failure:
        call()
    return str(failure.value)


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("name", CALLS)
def test_text_that_is_none_is_named_by_column_and_row(name, holder):
    for column in ("provider", "overall_effectiveness", "region"):
        if column == UNREAD.get(name):
            continue
        for row in (0, ROWS - 1):
            message = told(lambda column=column, row=row: CALLS[name](held(column, row, holder)))
            assert message.startswith(f"column {column!r}, row {row}: this text holds half a character"), message


@pytest.mark.parametrize("column", ["provider", "overall_effectiveness", "region"])
def test_a_dictionary_in_pandas_is_named_too(column):
    for row in (0, ROWS - 1):
        table = held(column, row, "dictionary of string")
        table = pd.DataFrame({name: pd.arrays.ArrowExtensionArray(of) for name, of in zip(table.column_names, table.columns, strict=True)})
        for call in (CALLS["transitions"], CALLS["spells"], CALLS["changes"]):
            assert told(lambda call=call, table=table: call(table)).startswith(f"column {column!r}, row {row}: ")


@pytest.mark.parametrize("holder", [name for name in HOLDERS if "dictionary" in name])
@pytest.mark.parametrize("which", [0, 1])
def test_combine_names_the_table_whose_dictionary_is_wrong(which, holder):
    for column in ("provider", "region"):
        tables = [held(column, 0, "dictionary of string").slice(1), held(column, 0, "dictionary of string").slice(1)]
        tables[which] = held(column, 4, holder)
        message = told(lambda tables=tables: sif.combine(*tables))
        assert message.startswith(f"the {('older', 'newer')[which]} table, column {column!r}, row 4: "), message


@pytest.mark.parametrize("column", ["provider", "overall_effectiveness", "region"])
def test_a_file_read_by_batches_is_named_with_column_and_row(column, tmp_path):
    path = str(tmp_path / "bad.parquet")
    for row in (0, ROWS - 1):
        pq.write_table(held(column, row, "string of Arrow").take([1, 3, 0, 2, 4, 5]), path, row_group_size=3)
        scan = sif.scan(path)
        for call in (lambda scan=scan: scan.series(DAYS, "region"), lambda scan=scan: scan.changes(by="region")):
            assert told(call).startswith(f"{path}: column {column!r}, row {2 if row == 0 else 5}: this text holds half a character")


@pytest.mark.parametrize("column", ["provider", "overall_effectiveness", "region"])
def test_a_dictionary_that_arrow_cannot_read_is_named_with_its_file_and_column(column, tmp_path):
    path = str(tmp_path / "bad.parquet")
    pq.write_table(held(column, 4, "dictionary of string").take([1, 3, 0, 2, 4, 5]), path, row_group_size=3)
    with pytest.raises(ValueError, match=rf"bad\.parquet: column '{column}', row (group 1|4): .* no UTF-8"):
        sif.scan(path).series(DAYS, "region")


@pytest.mark.parametrize("is_ordered", [False, True])
@pytest.mark.parametrize("kind", ["string", "large_string", "string_view"])
def test_a_word_that_is_none_and_that_no_row_has_is_no_harm(kind, is_ordered):
    words = in_arrow(["Inadequate", HALF, "Good"], kind)
    grades = pa.DictionaryArray.from_arrays(pa.array([2, None, 0, 2, 2, 2]), words, ordered=is_ordered)
    table = held("region", 0, "dictionary of string").set_column(2, "overall_effectiveness", grades)
    right = table.set_column(2, "overall_effectiveness", pa.array(["Good", None, "Inadequate", "Good", "Good", "Good"]))
    assert sif.aggregate(table).equals(sif.aggregate(right))
    assert sif.transitions(table.drop_columns("region")).equals(sif.transitions(right.drop_columns("region")))


@pytest.mark.parametrize("keys", [["A", "B", HALF], [1, "B", HALF]], ids=["text", "numbers and text"])
def test_a_register_is_named_by_column_and_row(keys):
    table = held("region", 0, "Python's strings").drop(columns="region").query("provider == 'B'")
    register = pd.DataFrame({"provider": pd.Series(keys, dtype=object)})
    for call in (lambda: sif.as_at(table, DAYS[1], register=register), lambda: sif.series(table, DAYS, register=register)):
        assert told(call).startswith("register, column 'provider', row 2: this text holds half a character")


def test_keys_that_mix_numbers_and_text_are_named_by_column_and_row():
    table = pd.DataFrame(
        {"provider": pd.Series([1, "B", 1, HALF], dtype=object), "inspection_start": "2015-01-01", "overall_effectiveness": "Good"}
    )
    assert told(lambda: sif.as_at(table, DAYS[1])).startswith("column 'provider', row 3: this text holds half a character")
    for which, tables in (("older", (table, table[:2])), ("newer", (table[:3], table))):
        message = told(lambda tables=tables: sif.combine(*tables))
        assert message.startswith(f"the {which} table, column 'provider', row 3: this text holds half a character"), message


def test_the_row_of_a_group_is_that_of_the_table_where_only_some_rows_count():
    table = held("region", 1, "Python's strings")
    assert told(lambda: sif.change_between(table, *DAYS, by="region")).startswith("column 'region', row 1: ")


def test_a_list_in_a_column_of_spells_is_named_by_its_row():
    table = held("region", 0, "dictionary of string").set_column(3, "region", pa.array([["x"]] * ROWS))
    with pytest.raises(TypeError, match=r"column 'region', row 0: .* not a single value"):
        sif.spells(table, by="region")
