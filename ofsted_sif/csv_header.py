"""What the beginning of a CSV tells: the sign between its columns, and their names; and how true and false are written in one."""

from __future__ import annotations

import csv
import io
import warnings
from typing import IO

import pandas as pd

#: Characters of a file that are looked at: no header is longer.
BEGINNING = 100_000
#: Signs between columns, the likeliest first, and what people call them.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
#: How true and false are written, in any case; to be a column of them, all of it is.
TRUE, FALSE = "true", "false"
#: Or as numbers.
_AS_NUMBERS = {"1": True, "0": False, "1.0": True, "0.0": False}


def header_of(beginning: str) -> tuple[str, list[str]]:
    """The separator and the names of the columns, from the first record that is not blank.

    The separator is the sign that makes the most columns, so a name in quotes may have the others. Ends of lines are those of any system.
    """
    found = {sign: _first_record(beginning[:BEGINNING], sign) for sign in SEPARATORS}
    separator = max(SEPARATORS, key=lambda sign: len(found[sign]))
    return separator, [name.strip() for name in found[separator]]


def _first_record(text: str, separator: str) -> list[str]:
    records = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=None), delimiter=separator)
    return next((record for record in records if record), [])


def read_csv(file: IO[bytes], encoding: str) -> pd.DataFrame:
    """An open CSV as text, its columns called as the header says: a name that is there twice stays there twice.

    Raises
    ------
    ValueError
        For rows with more cells than the header has names: it would be left to chance which cell belongs to which column.
    """
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    separator, names = header_of(text.read(BEGINNING))
    text.detach().seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            table = pd.read_csv(file, sep=separator, encoding=encoding, dtype=str, header=0, names=range(len(names)), index_col=False)
        except pd.errors.ParserWarning:
            raise ValueError(
                f"its rows have more cells than its header has names ({len(names)}, between {SEPARATORS[separator]}): "
                "a cell with such a sign in it stands in quotes"
            ) from None
    return table.set_axis(names, axis="columns")


def true_or_false(written: pd.Series) -> pd.Series:
    """A column of a CSV that was read as text as true and false, where it is written so throughout; a blank one stays missing."""
    words = written.str.lower()
    known = words.dropna()
    for meaning in ({TRUE: True, FALSE: False}, _AS_NUMBERS):
        if known.isin([*meaning]).all():
            return words.map(meaning)
    return written
