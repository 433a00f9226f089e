"""Results as a workbook that a person can send on: one sheet per result, and notes that say what they are."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ofsted_sif._version import __version__
from ofsted_sif.installed import need
from ofsted_sif.table import columns
from ofsted_sif.whole_file import whole_file

_LONGEST_NAME = 31  # letters of a sheet's name, by Excel's rule
_WIDEST = 60  # letters of a column
_SOURCE = "Ofsted's published statistics and inspection reports, under the Open Government Licence v3.0, where the table is Ofsted's."
_RULES = (
    "Shares are of those judged; who is not judged counts in no share.",
    "An empty cell is a value that is missing or cannot be reckoned.",
    "Lower and upper are the bounds of the interval of the share or estimate in the same row.",
)


def to_excel(results: Mapping[str, Any], path: str | os.PathLike[str], *, notes: str | Sequence[str] = ()) -> None:
    """Write results to a workbook: one sheet per result, with headings in words that stay in view, and a sheet of notes first.

    Parameters
    ----------
    results : mapping of str to DataFrame
        The name of each sheet and the table to write on it. Names that a workbook cannot have are changed: a letter that is not allowed
        becomes a space, a long name is cut, and a second sheet of the same name gets a number.
    path : str or PathLike
        The XLSX file. It is replaced only once the new one is complete.
    notes : str or sequence of str, optional
        More lines for the sheet of notes, before the rules.

    Raises
    ------
    ValueError
        If there are no results, a result has no columns, or the path does not end in .xlsx.
    TypeError
        If a table is given in place of the mapping.
    ImportError
        If XlsxWriter is not installed; the message has the command that installs it.
    OSError
        If the folder is missing or the file cannot be written; an earlier file then stays as it is.

    Notes
    -----
    This follows the Government's guidance on spreadsheets that everybody can use: one table per sheet from cell A1, no merged or hidden
    cells, no meaning by colour alone, each table marked as a table, and the sheet of notes first. Shares are shown as per cents but not
    rounded in the file. Text is written as text, so it never becomes a formula.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import ofsted_sif as sif
    >>> from ofsted_sif.workbook import to_excel
    >>> state = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_excel({"Regions": sif.aggregate(state, "region")}, pathlib.Path(folder) / "regions.xlsx")  # doctest: +SKIP
    """
    if not isinstance(results, Mapping):
        raise TypeError(
            f"results is a mapping from the name of a sheet to a table, not {type(results).__name__}: to_excel({{'Results': table}}, path)"
        )
    if not results:
        raise ValueError("there is no result to write: give a mapping from the name of a sheet to a table")
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise ValueError(f"{target} is no name of a workbook: give one that ends in .xlsx, such as {target.with_suffix('.xlsx')}")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent} to write {target} into: make it first, or give another")
    tables = {name: columns.as_frame(table) for name, table in results.items()}
    for name, table in tables.items():
        if not len(table.columns):
            raise ValueError(f"the result {name!r} has no columns")
    xlsxwriter = need("xlsxwriter", "excel", "workbooks")
    names = _sheet_names(list(tables))
    with whole_file(target) as part:
        book = xlsxwriter.Workbook(str(part), {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False})
        try:
            book.set_properties({"title": names[0] if len(names) == 1 else "Inspection outcomes", "comments": f"ofsted_sif {__version__}"})
            _write_notes(book, dict(zip(names, tables.values(), strict=True)), [notes] if isinstance(notes, str) else list(notes))
            for place, (sheet, table) in enumerate(zip(names, tables.values(), strict=True)):
                _write_table(book, sheet, table, place)
        finally:
            book.close()


def _sheet_names(wanted: Sequence[Any]) -> list[str]:
    """Names that a workbook can have, none twice whatever the case of its letters."""
    names: list[str] = []
    taken = {"notes", "history"}  # the sheet of notes; Excel keeps the other for itself
    for name in wanted:
        base = re.sub(r"[\[\]:*?/\\\x00-\x1f]+", " ", str(name)).strip().strip("'")[:_LONGEST_NAME].strip() or "Result"
        sheet, number = base, 2
        while sheet.casefold() in taken:
            end = f" {number}"
            sheet, number = base[: _LONGEST_NAME - len(end)] + end, number + 1
        taken.add(sheet.casefold())
        names.append(sheet)
    return names


def _write_notes(book: Any, tables: Mapping[str, pd.DataFrame], notes: Sequence[str]) -> None:
    """What each sheet holds, as at which date and under which frameworks, the source and the rules; one line per row."""
    sheet = book.add_worksheet("Notes")
    bold, wrapped = book.add_format({"bold": True, "font_size": 14}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 100)
    lines = [str(note) for note in notes]
    for name, table in tables.items():
        told = [f"{name}: {len(table):,} {'row' if len(table) == 1 else 'rows'}"]
        for key, word in (("as_at", "as at"), ("published_by", "published by"), ("framework", "frameworks")):
            value = table.attrs.get(key)
            if value is not None:
                told.append(
                    f"{word} {value if isinstance(value, str) else ', '.join(map(str, value)) if isinstance(value, list) else value}"
                )
        lines.append(", ".join(told) + ".")
    lines += [f"Source: {_SOURCE}", *_RULES, f"Made with ofsted_sif {__version__}; not a product of Ofsted."]
    sheet.write_string(0, 0, "Notes", bold)
    for row, line in enumerate(lines, start=1):
        sheet.write_string(row, 0, line, wrapped)


def _write_table(book: Any, name: str, table: pd.DataFrame, place: int) -> None:
    """One table from cell A1, marked as a table, its headings in view, each column of one kind and wide enough."""
    sheet = book.add_worksheet(name)
    formats = {kind: book.add_format(look) for kind, look in _LOOKS.items()}
    headings = _headings(table)
    for column, heading in enumerate(headings):
        values = table.iloc[:, column]
        kind = _kind(str(table.columns[column]), values, table)
        width = len(heading) + 4  # with the button that filters
        for row, value in enumerate(values.astype(object), start=1):
            if value is None or pd.isna(value):
                continue
            width = max(width, 12 if kind in ("date", "share") else len(str(value)) + 2 if kind in ("text", "count") else 12)
            _write_cell(sheet, row, column, value, kind, formats[kind])
        sheet.set_column(column, column, min(width, _WIDEST), formats[kind])
    sheet.freeze_panes(1, 0)
    # A table needs a row of its own even where the result has none.
    sheet.add_table(
        0,
        0,
        max(len(table), 1),
        len(headings) - 1,
        {"name": f"result_{place + 1}", "columns": [{"header": heading} for heading in headings], "style": "Table Style Light 1"},
    )


_LOOKS: dict[str, dict[str, Any]] = {
    "text": {},
    "date": {"num_format": "yyyy-mm-dd", "align": "left"},
    "share": {"num_format": "0.0%"},
    "count": {"num_format": "#,##0"},
    "number": {"num_format": "0.000"},
    "yes or no": {},
}


def _kind(name: str, values: pd.Series, table: pd.DataFrame) -> str:
    """What the values of a column are, and so how they are shown."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return "date"
    if pd.api.types.is_bool_dtype(values.dtype):
        return "yes or no"
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return "text"
    # The bounds of a table of shares are those of a share; of another table they are of its own estimate.
    of_shares = any(str(other).startswith("share_") for other in table.columns)
    if name.startswith("share") or name == "survival" or (of_shares and name in ("lower", "upper")):
        return "share"
    return "count" if pd.api.types.is_integer_dtype(values.dtype) else "number"


def _write_cell(sheet: Any, row: int, column: int, value: Any, kind: str, look: Any) -> None:
    if kind == "date":
        sheet.write_datetime(row, column, pd.Timestamp(value).tz_localize(None).to_pydatetime(), look)
    elif kind == "yes or no":
        sheet.write_boolean(row, column, bool(value), look)
    elif kind == "text":
        sheet.write_string(row, column, str(value), look)
    elif float("-inf") < float(value) < float("inf"):
        sheet.write_number(row, column, value, look)
    else:
        sheet.write_string(row, column, str(value), look)


def _headings(table: pd.DataFrame) -> list[str]:
    """The columns' names in words, none twice whatever the case of its letters."""
    headings: list[str] = []
    for name in table.columns:
        text = str(name)
        # The standard names only: a name of the user's own stays as it is.
        word = text.replace("_", " ").capitalize() if re.fullmatch(r"[a-z][a-z0-9_]+", text) else text or "Column"
        heading, number = word, 2
        while heading.casefold() in {other.casefold() for other in headings}:
            heading, number = f"{word} {number}", number + 1
        headings.append(heading)
    return headings
