"""What Ofsted publishes, as downloaded, read into tables of inspections: every layout, every row accounted for.

Layouts are data, in this folder's `layouts`; README.md says how to add one.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ofsted_sif.errors import GradesNotTakenWarning, RepeatedInspectionsWarning, ShortRowsWarning, warn
from ofsted_sif.reading.account import Survey, as_table
from ofsted_sif.reading.files import Source, open_source
from ofsted_sif.reading.histories import combine, reconcile
from ofsted_sif.reading.inspections import read_sheet
from ofsted_sif.reading.layouts import HEADER_WITHIN, Header, Layout, find_header, form, known_layouts, load
from ofsted_sif.reading.left_out import NO_HEADER, NOT_TAKEN, SHORT
from ofsted_sif.reading.refusals import refuse_before_layouts, refuse_known, refuse_unknown
from ofsted_sif.reading.report import ReadingError, ReadingReport
from ofsted_sif.reading.twice import ONCE, TWICE

__all__ = [
    "ReadingError",
    "ReadingReport",
    "combine",
    "describe",
    "list_sheets",
    "read_inspections",
    "reading_report",
    "reconcile",
]


def read_inspections(
    path: Any,
    *,
    layout: str | Path | None = None,
    sheet: str | None = None,
    keep: Sequence[str] = (),
    previous: bool | None = None,
    errors: str = "raise",
    return_report: bool = False,
) -> Any:
    r"""Read a file as downloaded from Ofsted into a table of inspections, one row per inspection.

    Parameters
    ----------
    path : path, open binary file, or a sequence of them
        CSV, XLSX, XLS or ODS. Several files become one history by `combine`, later ones counting as newer.
    layout : str or path, optional
        The name of a layout (`list_sheets` shows them), or a TOML file of your own. By default the one that fits the header.
    sheet : str, optional
        The sheet of a workbook; by default the first with inspections.
    keep : sequence of str or "all", default ()
        Further columns of the file, kept as text under the headers that they have there.
    previous : bool, optional
        Some files list the inspection before in the row of a newer one. This says whether it becomes a row of its own. By default it does
        in files of latest inspections, but not in files of a year, which hold the inspections of that year.
    errors : {"raise", "report"}, default "raise"
        What to do with a value that is not understood: "raise" gives an error that names its place, "report" makes it missing and lists it
        in the report.
    return_report : bool, default False
        Whether to return the `ReadingReport` too.

    Returns
    -------
    DataFrame
        One row per inspection. Of these columns, those that the file has (the glossary of columns says more):

        ======================================  =============  =======================================================================
        column                                  dtype          meaning
        ======================================  =============  =======================================================================
        provider                                category       URN, or ONS code of a local authority
        provider_name, provider_type            category       its name, and what kind of provider it is
        local_authority, region, ofsted_region  category       where it is
        opened, closed                          datetime64[s]  the provider exists from `opened` to the day before `closed`
        framework, inspection_type              category       what kind of inspection it was
        inspection_number, urn_at_inspection    category       its number, and the provider's URN then, where that was another
        inspection_start, inspection_end        datetime64[s]  the first and the last day of the inspection
        published                               datetime64[s]  the day of its report
        known_from                              datetime64[s]  from which day on the file has all graded inspections of the provider;
                                                               missing: from the beginning
        as_at                                   datetime64[s]  the date of the state, in a file that this package wrote
        graded                                  bool           whether the inspection can replace an earlier grade; always there
        outcome                                 category       what an inspection without a grade found
        <judgement>                             category       a column for each judgement with its grades, ordered from worst to best
        further columns                                        others that the package knows (``phase``, ``places``, ...), as category or
                                                               float64, and those of `keep`, as category
        ======================================  =============  =======================================================================

        A row of a wide file that holds several inspections becomes several rows. Inspections without grades (interim, monitoring, ungraded,
        focused visits) keep their rows. ``attrs`` counts the rows read and set aside. It also has what the file says of itself: ``kind``
        ("latest", "in year" or "history"), ``complete_to`` (the day to which it is complete) and, where the table is the state on that
        day, ``as_at``.
    ReadingReport, with `return_report`
        The account of every row; for several files a list.

    Raises
    ------
    ReadingError
        For a file that is damaged, has no known layout, or can be understood in more than one way; where of several full inspections
        none has a grade; with ``errors="raise"`` for a value that is not understood. The message names file, sheet, row, column and
        value. A file of only its header is no error: its table has no rows.

    Warns
    -----
    GradesNotTakenWarning
        If a column that is not read holds what looks like grades; the report's `not_taken` lists it. Also where a workbook holds cells
        that look filled and are read as blank: merged ones, and formulas that failed or have no value. Both with ``errors="raise"``.
    RepeatedInspectionsWarning
        If one inspection stands in several rows (with ``errors="raise"``): they have the same provider and number, or where a number is
        missing the same provider, day and framework. `as_at` takes the last of them, and `aggregate` counts each. The report's
        `repeated` lists them. Rows that are the same in every cell are read once, and are in its `set_aside`.
    ShortRowsWarning
        If a few rows of a CSV have fewer cells than the others, so that columns are missing in them (with ``errors="raise"``); a note of
        the report lists the rows.

    Notes
    -----
    The encoding is found in the file (byte order mark, valid UTF-8, else cp1252); the report has it. Dates are day first, ISO or typed
    cells: 03/04/2015 is 3 April. Numbers that a spreadsheet damaged (100000.0, 1.02E+07) are repaired where that is certain, else
    missing; the report lists both. The key of a local authority is its ONS code, found by the name where a file has no codes. A file
    larger than 64 MB, or a workbook that unpacks to more than 256 MB or 10 million cells, is refused before it is unpacked. An XLS cannot
    be measured in this way: it is read in a second process with limits of memory and time, and an error says where it reached one.

    Examples
    --------
    >>> import io
    >>> import ofsted_sif as sif
    >>> text = (
    ...     "URN,Provision type,Local authority,Inspection type,Inspection date,Event number,Overall effectiveness\n"
    ...     "SC000001,Children's Home,Leeds,Full inspection,03/04/2015,1001,Requires improvement to be good\n"
    ...     "SC000001,Children's Home,Leeds,SC Interim,01/09/2015,1002,Improved Effectiveness\n"
    ... )
    >>> table = sif.read_inspections(io.BytesIO(text.encode()))
    >>> table[["inspection_start", "graded", "overall_effectiveness", "outcome"]]
      inspection_start  graded overall_effectiveness                 outcome
    0       2015-04-03    True  Requires improvement                     NaN
    1       2015-09-01   False                   NaN  Improved effectiveness
    """
    if errors not in ("raise", "report"):
        raise ValueError(f"errors={errors!r} is neither 'raise' nor 'report'")
    if isinstance(path, list | tuple):
        options: dict[str, Any] = {"layout": layout, "sheet": sheet, "keep": keep, "previous": previous, "errors": errors}
        return _read_several(path, return_report, **options)
    among = _among(layout)
    with _progress(total=_STEPS, unit="step", leave=False) as bar:
        source = open_source(path)
        bar.update()
        name, header, surveyed = _choose(source, among, sheet)
        bar.update()
        loaded = source.load(name, None)
        bar.update()
        table, report = read_sheet(source, loaded, header, surveyed, errors, keep, previous)
        bar.update()
    _remember(table, report)
    if errors == "raise":
        _warn_of_what_lacks(report, source.blanks)
    return (table, report) if return_report else table


_STEPS = 4  # of a reading: the file taken apart, its sheets looked at, the one to read taken apart, its columns understood


def _progress(*of: Any, **options: Any) -> Any:
    """A bar from two seconds on, where somebody sees it."""
    from tqdm import tqdm  # the plain one: tqdm.auto warns in a notebook without ipywidgets

    shown = sys.stderr.isatty() or "ipykernel" in sys.modules
    return tqdm(*of, desc="reading", delay=2, disable=not shown, **options)


def _warn_of_what_lacks(report: ReadingReport, blanks: Sequence[str]) -> None:
    """Warn of grades that are not taken, of rows that lack columns, and of cells that look filled but are read as blank."""
    for told in blanks:
        warn(f"{report.file}: {told}. Where they are grades or dates, these are missing", GradesNotTakenWarning)
    for told in report.notes:
        if told.startswith(NOT_TAKEN):
            nameless = " (what has no header needs a header in the file first)" if NO_HEADER in told else ""
            warn(
                f"{report.file}: {told}. keep= takes a column as text, layout= a layout of your own that names it{nameless}",
                GradesNotTakenWarning,
            )
        for begins, category in ((SHORT, ShortRowsWarning), (TWICE, RepeatedInspectionsWarning), (ONCE, RepeatedInspectionsWarning)):
            if told.startswith(begins):
                warn(f"{report.file}: {told}. Compare these rows with the file as Ofsted published it", category)


# The reports of tables that are still in use, by the table's identity: a table can't carry its report (attrs slow pandas down, and
# merges lose them), and a report of hundreds of row numbers should not outlive its table.
_REPORTS: dict[int, tuple[weakref.ref[pd.DataFrame], ReadingReport]] = {}


def _remember(table: pd.DataFrame, report: ReadingReport) -> None:
    key = id(table)
    _REPORTS[key] = (weakref.ref(table, lambda _: _REPORTS.pop(key, None)), report)


def _read_several(paths: Sequence[Any], return_report: bool, **options: Any) -> Any:
    if not paths:
        raise ValueError("no file to read")
    combined: pd.DataFrame | None = None
    reports = []
    for path in _progress(paths, unit="file"):
        table, report = read_inspections(path, return_report=True, **options)
        combined = table if combined is None else combine(combined, table)
        reports.append(report)
    return (combined, reports) if return_report else combined


def _among(layout: str | Path | None) -> tuple[Layout, ...]:
    if layout is None:
        return known_layouts()
    if str(layout).endswith(".toml"):
        return (load(Path(layout)),)
    found = tuple(known for known in known_layouts() if form(known.name) == form(layout))
    if not found:
        listed = ", ".join(repr(known.name) for known in known_layouts())
        raise ValueError(f"layout={layout!r} is none of {listed}, nor a file that ends in .toml")
    return found


def _survey(source: Source, among: Sequence[Layout]) -> Survey:
    found = []
    for name in source.names:
        found.append((name, find_header(source.load(name, HEADER_WITHIN), among), partial(_height, source, name)))
    return found


def _height(source: Source, name: str | None) -> int:
    return source.load(name, None).height


def _choose(source: Source, among: Sequence[Layout], sheet: str | None) -> tuple[str | None, Header, Survey]:
    """The sheet to read, the first with inspections or the one named, and what all of them are."""
    if sheet is not None and sheet not in source.names:
        there = ", ".join(repr(name) for name in source.names if name) or "none, as a CSV has no sheets"
        raise ReadingError(f"there is no sheet {sheet!r}; there are {there}", file=source.file)
    refuse_before_layouts(source, [name for name in source.names if sheet in (None, name)])
    surveyed = _survey(source, among)
    for name, header, _ in surveyed:
        if header is not None and sheet in (None, name):
            return name, header, surveyed
    sheets = [name for name in source.names if sheet in (None, name)]
    refuse_known(source, sheets)
    refuse_unknown(source, sheets, among)
    raise AssertionError  # one of them has raised


def list_sheets(path: Any) -> pd.DataFrame:
    """List the sheets of a file, and which layout each is.

    Parameters
    ----------
    path : path or open binary file
        A workbook; a CSV has one sheet without a name.

    Returns
    -------
    DataFrame
        One row per sheet:

        ==========  =====  ===============================================================
        column      dtype  meaning
        ==========  =====  ===============================================================
        sheet       text   its name; blank for a CSV
        visible     bool   whether it can be seen in the workbook
        layout      text   its layout; blank: no inspections, or no known layout
        header_row  Int64  the row of the header, from 1; missing where there is no layout
        rows        int64  rows of the sheet
        ==========  =====  ===============================================================

    Raises
    ------
    ReadingError
        If the file is damaged.

    Examples
    --------
    >>> import io
    >>> import ofsted_sif as sif
    >>> header = "Local authority name,Inspection date,Experiences and progress of children who need help and protection"
    >>> sif.list_sheets(io.BytesIO(header.encode()))["layout"].tolist()
    ['local authorities, one row per inspection']
    """
    source = open_source(path)
    return as_table(_survey(source, known_layouts()), source.hidden)


def reading_report(path: Any, *, layout: str | Path | None = None, sheet: str | None = None) -> ReadingReport:
    r"""Report on a file: what it is, what is read from it, what is set aside and why, and what is not understood.

    Parameters
    ----------
    path : path, open binary file or DataFrame
        As for `read_inspections`; or the table that it returned for one file (a copy or a merge of that table has no report).
    layout, sheet : optional
        As for `read_inspections`.

    Returns
    -------
    ReadingReport
        ``print`` shows it; its parts are tables. Values that are not understood are listed in it and are no error here.

    Raises
    ------
    ReadingError
        If the file is damaged or of no known layout.
    ValueError
        For a table that `read_inspections` did not give.

    Examples
    --------
    >>> import io
    >>> import ofsted_sif as sif
    >>> text = (
    ...     "Local authority name,Inspection date,Experiences and progress of children who need help and protection\n"
    ...     "Leeds,21/02/2022,Outstanding\n"
    ...     "Cumberland,Not yet inspected,\n"
    ... )
    >>> report = sif.reading_report(io.BytesIO(text.encode()))
    >>> report.n_rows, report.n_read, report.set_aside["reason"].tolist()
    (3, 1, ['header', 'not yet inspected'])
    """
    if isinstance(path, pd.DataFrame):
        table, report = _REPORTS.get(id(path), (None, None))
        if report is None or table is None or table() is not path:
            raise ValueError("this is no table that read_inspections gave (a copy or merge does not carry the report): give the file")
        return report
    return read_inspections(path, layout=layout, sheet=sheet, errors="report", return_report=True)[1]


def describe(path: Any, *, layout: str | Path | None = None, sheet: str | None = None) -> str:
    """Say what a file is, what was read and what was set aside, in words; what ``ofsted-sif read`` prints."""
    report = reading_report(path, layout=layout, sheet=sheet)
    lines = [str(report)]
    if len(report.sheets) > 1:
        lines += ["", "sheets:"]
        lines += [
            f"  {name!r}: {found or 'no inspections'}, {rows:,} rows"
            for name, found, rows in report.sheets[["sheet", "layout", "rows"]].itertuples(index=False, name=None)
        ]
    return "\n".join(lines)
