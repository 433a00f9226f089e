"""What became of a file: the error that names a place in it, and the account of its rows."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.table.dates import in_words

__all__ = ["ReadingError", "ReadingReport"]


_MOST_LINES = 10  # of one kind, where a report is printed


class ReadingError(ValueError):
    """A file, or a value in it, that cannot be read with certainty; the message names the place and what would be right.

    Attributes
    ----------
    file, sheet : str or None
        Where it was.
    row : int or None
        The row as a spreadsheet numbers it, from 1.
    column : str or None
        The column's header.
    value : object
        What stands there.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        sheet: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
    ) -> None:
        place = [f"sheet {sheet!r}" if sheet else "", f"row {row}" if row is not None else "", f"column {column!r}" if column else ""]
        where = ", ".join(part for part in [file or "", *place] if part)
        super().__init__(f"{where}: {message}" if where else message)
        self.message, self.file, self.sheet, self.row, self.column, self.value = message, file, sheet, row, column, value

    def __reduce__(self) -> tuple[Any, ...]:
        return (_error, (self.message, self.file, self.sheet, self.row, self.column, self.value))


def _error(message: str, file: str | None, sheet: str | None, row: int | None, column: str | None, value: object) -> ReadingError:
    return ReadingError(message, file=file, sheet=sheet, row=row, column=column, value=value)


def spans(rows: Any) -> str:
    """Row numbers as people write them: ``3, 7 to 12``."""
    numbers = np.unique(np.asarray(rows, dtype=np.int64))
    if not len(numbers):
        return ""
    parts = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]} to {part[-1]}" for part in parts)


def _plural(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


@dataclass(frozen=True, repr=False)
class ReadingReport:
    """The account of one reading: where the table came from, and every row of the file that is not in it.

    ``print(report)`` shows it; its parts are tables. Rows in the file are always rows read + rows set aside.

    Attributes
    ----------
    file, sheet, layout, encoding : str or None
        What was read, by which layout, and in which encoding (None for a workbook).
    header_row : int
        The row of the (first) header, from 1.
    n_rows, n_read, n_inspections : int
        Rows in the file, rows read, and inspections in the table: a row may hold several.
    as_at, published_by : date or None
        The day to which the file says that it is complete (for a file of a year its last day), and the last day of publication in it.
    rows : DataFrame
        The account: one row for what was read, and one for each reason for setting rows aside. Columns: what, n, rows (their numbers, as
        text).
    set_aside : DataFrame
        One row for each row set aside. Columns: row, reason, text (how the row begins).
    not_understood : DataFrame
        One row for each value that was not understood and is missing in the table (only with ``errors="report"``). Columns: row, column,
        value, expected.
    repaired : DataFrame
        One row for each number that a spreadsheet had damaged. Columns: row, column, value, became (missing where it could not be told).
    columns : DataFrame
        One row for each column of the file. Columns: position (from 1), header, becomes (blank: it is not read).
    not_taken : DataFrame
        One row for each column that is not read and holds what looks like grades or outcomes. Columns: position (from 1), header, values,
        n.
    repeated : DataFrame
        One row for each inspection that stands in several rows, or twice in one with other grades. Columns: rows (their numbers, as text),
        provider, inspection (its number, else its day), differ (the judgements with their grades; blank: the grades are the same).
    sheets : DataFrame
        The sheets of the file, as `list_sheets` gives them.
    register : DataFrame
        One row for each provider in the file, inspected or not: a register for `as_at`.
    printed : DataFrame
        One row for each number of inspections by grade that the workbook prints. Columns say what it is the number of (sheet, table, group,
        period, grade), what is printed, what was counted in the table, whether the two are equal, and for a printed number that is known
        to be wrong why (known).
    source_rows : ndarray of int64, shape (n_inspections,)
        The row of the file from which each row of the table comes.
    notes : tuple of str
        What else a reader should know.
    """

    file: str
    sheet: str | None
    layout: str
    encoding: str | None
    header_row: int
    n_rows: int
    n_read: int
    n_inspections: int
    as_at: datetime.date | None
    published_by: datetime.date | None
    notes: tuple[str, ...]
    source_rows: np.ndarray = field(compare=False)
    # How each table is made; most readings never ask for them.
    tables: Mapping[str, Callable[[], pd.DataFrame]] = field(compare=False)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The account: what, n, rows."""
        return self.tables["rows"]()

    @cached_property
    def set_aside(self) -> pd.DataFrame:
        """A row for each row set aside."""
        return self.tables["set_aside"]()

    @cached_property
    def not_understood(self) -> pd.DataFrame:
        """A row for each value not understood."""
        return self.tables["not_understood"]()

    @cached_property
    def repaired(self) -> pd.DataFrame:
        """A row for each damaged number."""
        return self.tables["repaired"]()

    @cached_property
    def columns(self) -> pd.DataFrame:
        """A row for each column of the file."""
        return self.tables["columns"]()

    @cached_property
    def not_taken(self) -> pd.DataFrame:
        """A row for each column that holds grades and is not taken."""
        return self.tables["not_taken"]()

    @cached_property
    def repeated(self) -> pd.DataFrame:
        """A row for each inspection that stands several times."""
        return self.tables["repeated"]()

    @cached_property
    def sheets(self) -> pd.DataFrame:
        """A row for each sheet of the file."""
        return self.tables["sheets"]()

    @cached_property
    def register(self) -> pd.DataFrame:
        """A row for each provider in the file."""
        return self.tables["register"]()

    @cached_property
    def printed(self) -> pd.DataFrame:
        """A row for each number that the workbook prints of the same grades."""
        return self.tables["printed"]()

    def __getstate__(self) -> dict[str, Any]:
        made = {name: getattr(self, name) for name in self.tables}
        return {**self.__dict__, **made, "tables": {}}

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        held = f"; they hold {_plural(self.n_inspections, 'inspection', 'inspections')}" if self.n_inspections != self.n_read else ""
        sheet = f", sheet {self.sheet!r}" if self.sheet else ""
        encoding = f", {self.encoding}" if self.encoding else ""
        lines = [
            f"{self.file}{sheet}{encoding}",
            f"  layout: {self.layout}; header in row {self.header_row}",
            f"  {_plural(self.n_rows, 'row', 'rows')} in the file = {self.n_read:,} read + {self.n_rows - self.n_read:,} set aside{held}",
        ]
        if self.as_at is not None:
            until = f", last publication {_in_words(self.published_by)}" if self.published_by else ""
            lines.insert(2, f"  as at {_in_words(self.as_at)}{until}")
        for reason, n, numbers in self.rows.iloc[1:].itertuples(index=False, name=None):
            told = f" ({'row' if n == 1 else 'rows'} {_shorten(numbers)})" if numbers else ""
            lines.append(f"    {n:,} {reason}{told}")
        taken = int((self.columns["becomes"] != "").sum())
        lines.append(f"  {taken} of {len(self.columns)} columns taken")
        lines += _listed(self.repaired, "number that a spreadsheet had damaged", "numbers that a spreadsheet had damaged", "became")
        lines += _listed(self.not_understood, "value not understood, now missing", "values not understood, now missing", None)
        lines += _judged(self.printed)
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)


def _in_words(day: datetime.date) -> str:
    return in_words(int(np.datetime64(day, "D").view(np.int64)))


def _judged(printed: pd.DataFrame) -> list[str]:
    """Whether the workbook's own totals are ours."""
    if printed.empty:
        return []
    differ = printed[~printed["equal"]]
    lines = [f"  the workbook prints {len(printed):,} such counts: {len(printed) - len(differ):,} equal ours"]
    for row in differ.head(_MOST_LINES).to_dict("records"):
        why = f" (known: {row['known']})" if row["known"] else ""
        lines.append(f"    table {row['table']}, {row['grade']}: printed {row['printed']:,}, in the data {row['counted']:,}{why}")
    if len(differ) > _MOST_LINES:
        lines.append(f"    and {len(differ) - _MOST_LINES:,} more (report.printed has all)")
    return lines


def _shorten(text: str, width: int = 80) -> str:
    return text if len(text) <= width else text[:width].rsplit(",", 1)[0] + ", ..."


def _listed(table: pd.DataFrame, one: str, many: str, became: str | None, most: int = _MOST_LINES) -> list[str]:
    if table.empty:
        return []
    lines = [f"  {_plural(len(table), one, many)}:"]
    for entry in table.head(most).to_dict("records"):
        now = "" if became is None else (f" became {entry[became]}" if entry[became] else " could not be told: missing")
        lines.append(f"    row {entry['row']}, column {entry['column']!r}: {entry['value']!r}{now}")
    if len(table) > most:
        lines.append(f"    and {len(table) - most:,} more")
    return lines
