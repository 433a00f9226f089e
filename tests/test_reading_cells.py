"""Cells found in the bytes of a CSV are those that the csv module finds, record by record and column by column."""

import csv
import io

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from ofsted_sif.reading.cells import find_cells

SHORT = st.text(alphabet='ab,"\n éß0', max_size=6)
LONG = st.builds(lambda text, times: text * times, st.text(alphabet="xyé,", min_size=1, max_size=9), st.integers(1, 90))
RECORDS = st.lists(
    st.lists(st.one_of(SHORT, LONG, st.sampled_from(["", "Good", "Good ", "1234567", "12345678", "123456789"])), min_size=1, max_size=5),
    max_size=12,
)


def written(records: list[list[str]], quoting: int, line_end: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=quoting, lineterminator=line_end).writerows(records)
    return text.getvalue().encode()


@settings(max_examples=400, deadline=None, derandomize=True)
@given(records=RECORDS, quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), line_end=st.sampled_from(["\n", "\r\n"]))
def test_records_and_columns_are_those_of_the_csv_module(records: list[list[str]], quoting: int, line_end: str) -> None:
    raw = written(records, quoting, line_end)
    # An empty line is a record without cells to the csv module, and one blank cell here.
    expected = [record or [""] for record in csv.reader(io.StringIO(raw.decode(), newline=""), strict=True)]
    cells = find_cells(raw, ",")
    if cells is None:
        assert not raw or len({len(record) for record in expected}) > 1  # nothing to find, or too ragged: read line by line instead
        return
    assert list(cells) == expected
    assert cells.widths.tolist() == [len(record) for record in expected]
    for position in range(int(cells.widths.max())):
        codes, distinct = cells.column(position)
        values = [record[position] if position < len(record) else "" for record in expected]
        assert [distinct[code] for code in codes] == values
        assert distinct == list(dict.fromkeys(values))


@pytest.mark.parametrize("length", [7, 8, 9, 15, 16, 17, 511, 512, 513, 600])
def test_values_that_differ_in_their_last_byte_alone_are_told_apart(length: int) -> None:
    values = ["x" * (length - 1) + last for last in "abcab"] + ["x" * (length - 1), "x" * length]
    cells = find_cells("\n".join(values).encode(), ",")
    assert cells is not None
    codes, distinct = cells.column(0)
    assert np.array(distinct)[codes].tolist() == values


def test_a_value_is_the_same_with_quotes_and_without() -> None:
    cells = find_cells(b'Good,"Good"\n"Good",Good\n"a ""b""",\n', ",")
    assert cells is not None
    assert [list(map(cells.column(position)[1].__getitem__, cells.column(position)[0])) for position in (0, 1)] == [
        ["Good", "Good", 'a "b"'],
        ["Good", "Good", ""],
    ]
    assert cells.column(0)[0].tolist() == [0, 0, 1]


@pytest.mark.parametrize("raw", [b'a,"b\n', b'a,b"c"d\n', b'"a"b,c\n', b'a,"b""\n', b"a\0b,c\n", b'"a"",b\n'])
def test_quotes_that_do_not_fit_are_left_to_the_reader_that_names_their_row(raw: bytes) -> None:
    assert find_cells(raw, ",") is None


def test_quotes_are_followed_from_word_to_word_and_from_piece_to_piece() -> None:
    # Cells with commas, quotes and line ends, of all lengths up to three words, over several pieces of the file.
    records = [[f'{"x" * (n % 193)}, "{n}"\n', str(n), "é" * (n % 7)] for n in range(12_000)]
    raw = written(records, csv.QUOTE_MINIMAL, "\n")
    cells = find_cells(raw, ",")
    assert cells is not None
    assert list(cells) == records
    for position in range(3):
        codes, distinct = cells.column(position)
        assert [distinct[code] for code in codes] == [record[position] for record in records]
