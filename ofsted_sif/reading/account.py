"""The account of a reading: what became of each row, what was not understood, repaired or left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.reading.layouts import Header
from ofsted_sif.reading.report import ReadingError, spans
from ofsted_sif.reading.values import Column, clean

# A sheet's name, its header where a layout fits, and what tells its number of rows.
Survey = Sequence[tuple[str | None, Header | None, Callable[[], int]]]
READ = -1
REASONS = ("title", "header", "blank", "padding", "footer", "duplicate", "not yet inspected", "not understood")
TITLE, HEADER, BLANK, PADDING, FOOTER, DUPLICATE, NOT_YET, NOT_UNDERSTOOD = range(len(REASONS))


@dataclass
class Log:
    """What was not understood or repaired so far, by column and code of the value; rows are found at the end."""

    complaints: list[tuple[Column, int, str]] = field(default_factory=list)
    repairs: list[tuple[Column, int, str]] = field(default_factory=list)
    cells: list[tuple[int, str, Any, str]] = field(default_factory=list)
    pointed: list[np.ndarray] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def complain(self, column: Column, code: int, expected: str) -> None:
        """Note a value that is not understood, and what would be right."""
        self.complaints.append((column, code, expected))

    def repair(self, column: Column, code: int, became: str) -> None:
        """Note a number that was repaired, and what it became."""
        self.repairs.append((column, code, became))

    def entries(self, status: np.ndarray, listed: np.ndarray) -> list[tuple[int, str, Any, str]]:
        """A row of the body, column, value and what would be right, for each value not understood in the rows that are listed."""
        entries = list(self.cells)
        for column, code, expected in self.complaints:
            rows = np.flatnonzero((column.codes == code) & (listed | (status == NOT_UNDERSTOOD)))
            entries += [(int(number), column.header, column.distinct[code], expected) for number in rows]
        return sorted(set(entries), key=lambda entry: (entry[0], entry[1]))

    def repaired(self, read: np.ndarray, first_row: int) -> pd.DataFrame:
        """A row for each number that was repaired in the rows read."""
        rows = [
            (int(number) + first_row, column.header, column.distinct[code], became)
            for column, code, became in self.repairs
            for number in np.flatnonzero((column.codes == code) & read)
        ]
        return pd.DataFrame(sorted(rows), columns=["row", "column", "value", "became"])


def refuse_first(entries: Sequence[tuple[int, str, Any, str]], first_row: int, blanks: Sequence[str] = ()) -> None:
    """Raise the error about the first value that was not understood, if there is one; `blanks` says what may be behind a blank cell."""
    if not entries:
        return
    number, column, value, expected = entries[0]
    more = len(entries) - 1
    others = f" ({more:,} more such value{'s' if more > 1 else ''})" if more else ""
    raise ReadingError(
        f"{value!r} is not understood here; right would be {expected}{others}. With errors='report' such values become missing "
        f"and stand in the report{''.join(f'. Note: {said}' for said in blanks if not clean(value))}",
        row=number + first_row,
        column=column,
        value=value,
    )


def as_table(surveyed: Survey, hidden: Sequence[str | None] = ()) -> pd.DataFrame:
    """The sheets of a file as a table."""
    rows = [
        (name or "", name not in hidden, header.layout.name if header else "", header.row + 1 if header else None, height())
        for name, header, height in surveyed
    ]
    table = pd.DataFrame(rows, columns=["sheet", "visible", "layout", "header_row", "rows"])
    return table.astype({"visible": "bool", "header_row": "Int64", "rows": "int64"})


def account_of(status: np.ndarray) -> pd.DataFrame:
    """How many rows were read and set aside, and which."""
    account = [("read", int((status == READ).sum()), "")]
    for reason, name in enumerate(REASONS):
        if len(here := np.flatnonzero(status == reason)):
            account.append((name, len(here), spans(here + 1)))
    return pd.DataFrame(account, columns=["what", "n", "rows"])


def set_aside(status: np.ndarray, rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """A row for each row set aside, with its reason and how it begins."""
    aside = np.flatnonzero(status != READ)
    reasons = pd.Categorical.from_codes(status[aside], categories=pd.Index(list(REASONS)))
    return pd.DataFrame({"row": aside + 1, "reason": reasons, "text": [_beginning(rows[number]) for number in aside.tolist()]})


def _beginning(row: Sequence[Any], width: int = 80) -> str:
    text = "; ".join(filter(None, map(clean, row[:6])))
    return text if len(text) <= width else text[: width - 3] + "..."
