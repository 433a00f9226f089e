"""What Ofsted publishes, as downloaded, read into tables of inspections: every layout, every row accounted for.

Layouts are data, in this folder's `layouts`; README.md says how to add one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ofsted_sif.reading.files import Source, open_source
from ofsted_sif.reading.inspections import read_sheet
from ofsted_sif.reading.layouts import HEADER_WITHIN, Header, Layout, find_header, form, layouts, load, nearest
from ofsted_sif.reading.report import ReadingError, ReadingReport

__all__ = ["ReadingError", "ReadingReport", "describe", "list_sheets", "read_inspections", "reading_report"]


def read_inspections(
    path: Any, *, layout: str | None = None, sheet: str | None = None, errors: str = "raise", return_report: bool = False
) -> Any:
    """x."""
    if errors not in ("raise", "report"):
        raise ValueError(f"errors={errors!r}: 'raise' or 'report'")
    source = open_source(path)
    among = _among(layout)
    chosen, surveyed = _choose(source, among, sheet)
    table, report = read_sheet(source, source.load(chosen[0], None), chosen[1], surveyed, errors)
    return (table, report) if return_report else table


def _among(layout: str | None) -> tuple[Layout, ...]:
    if layout is None:
        return layouts()
    if str(layout).endswith(".toml"):
        return (load(Path(layout)),)
    found = tuple(known for known in layouts() if form(known.name) == form(layout))
    if not found:
        raise ValueError(f"layout={layout!r}: known are {', '.join(repr(known.name) for known in layouts())}, or the path of a .toml file")
    return found


def _survey(source: Source, among: Sequence[Layout]) -> list[tuple[str | None, Header | None, int]]:
    found = []
    for name in source.names:
        start = source.load(name, HEADER_WITHIN)
        found.append((name, find_header(start, among), start.height))
    return found


def _as_table(surveyed: Sequence[tuple[str | None, Header | None, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (name or "", header.layout.name if header else "", header.row + 1 if header else pd.NA, height)
            for name, header, height in surveyed
        ],
        columns=["sheet", "layout", "header_row", "rows"],
    ).astype({"header_row": "Int64"})


def _choose(source: Source, among: Sequence[Layout], sheet: str | None) -> tuple[tuple[str | None, Header], pd.DataFrame]:
    surveyed = _survey(source, among)
    if sheet is not None:
        if sheet not in source.names:
            raise ReadingError(f"no sheet {sheet!r}; there are {', '.join(map(repr, filter(None, source.names)))}", file=source.file)
    for name, header, _ in surveyed:
        if header is not None and sheet in (None, name):
            return (name, header), _as_table(surveyed)
    start = source.load(sheet if sheet is not None else source.names[0], HEADER_WITHIN)
    near = nearest(start, among)
    if near:
        known, row, lacking = near
        hint = f"; nearest is {known.name!r}, but its header (row {row + 1}) lacks {', '.join(map(repr, lacking)) or 'its title'}"
    else:
        hint = ""
    raise ReadingError(f"no header of a known layout{hint}", file=source.file, sheet=sheet, row=near[1] + 1 if near else None)


def list_sheets(path: Any) -> pd.DataFrame:
    """x."""
    return _as_table(_survey(open_source(path), layouts()))
