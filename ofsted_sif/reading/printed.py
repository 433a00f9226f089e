"""The workbook's own printed totals as the judge of a reading: how many providers had each grade, and whether our counts are the same."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from ofsted_sif.reading.files import Source
from ofsted_sif.reading.layouts import form
from ofsted_sif.reading.own import HISTORY, Own, date_in
from ofsted_sif.reading.values import clean
from ofsted_sif.scales import FOUR_POINT, grade_code

COLUMNS = ["sheet", "table", "group", "period", "grade", "printed", "counted", "equal", "known"]
# The columns of a table that the comparison looks at.
ASKED = ("provider", "provider_type", "inspection_start", "graded", "overall_effectiveness")
_TABLE = re.compile(r"^table (\d+[a-z]?)\b", re.IGNORECASE)
# Of whom a table is, in its heading: "... judgement for children's homes, as at 31 March 2023".
_GROUP = re.compile(r"\b(?:for|of) ((?:all )?[^,]+?)(?:, |$)", re.IGNORECASE)
_YEAR = re.compile(r"^(20\d\d) ?[-/–] ?(\d\d)$")
_ALL, _ALL_HOMES = "all provider", "all child s home"
_HOMES = frozenset({"child s home", "secure child s home", "residential special school registered as a child s home"})
# Types that the printed total of all leaves out.
_APART = frozenset({"cafcass", "supported accommodation"})


@dataclass(frozen=True)
class _Row:
    """One printed row: whose providers had how many of each grade."""

    sheet: str | None
    table: str
    group: str
    day: datetime.date
    counts: tuple[tuple[str, int], ...]


@cache
def _deviations() -> dict[tuple[str, datetime.date], str]:
    said = tomllib.loads((Path(__file__).parent / "printed.toml").read_text(encoding="utf-8"))["deviation"]
    return {(table, period): one["why"] for one in said for table in one["tables"] for period in one["periods"]}


def compare(source: Source, own: Own, table: pd.DataFrame) -> pd.DataFrame:
    """A row for each printed number of the file's own day or year: what is printed, what the table has, whether they are equal.

    `known` says why a number that differs is known to be off in print.
    """
    rows: list[tuple[Any, ...]] = []
    if (
        own.complete_to is not None
        and own.kind != HISTORY
        and "overall_effectiveness" in table.columns
        and "provider_type" in table.columns
    ):
        newest = table[table["graded"]].sort_values("inspection_start", kind="stable")
        if own.kind == "latest":
            newest = newest.drop_duplicates("provider", keep="last")
        elif own.first is not None:
            newest = newest[newest["inspection_start"] >= pd.Timestamp(own.first)]
        types = newest["provider_type"].astype(object).map(_plain_type, na_action="ignore")
        for printed in _printed(source):
            if printed.day != own.complete_to or printed.table.startswith("9") == (own.kind == "latest"):
                continue
            chosen = newest[types.map(lambda kind, group=printed.group: _is_of(str(kind), group))]
            if chosen.empty and not any(n for _, n in printed.counts):
                continue
            for grade, n in printed.counts:
                counted = int((chosen["overall_effectiveness"] == grade).sum())
                why = "" if counted == n else _deviations().get((printed.table, printed.day), "")
                rows.append((printed.sheet, printed.table, printed.group, printed.day.isoformat(), grade, n, counted, counted == n, why))
    return pd.DataFrame(rows, columns=COLUMNS)


def _is_of(kind: str, group: str) -> bool:
    """Whether a type of provider belongs to the group of a printed table."""
    if group in (_ALL, "provider"):
        return kind not in _APART
    if group == _ALL_HOMES:
        return kind in _HOMES
    return kind == group


def _plain_type(text: str) -> str:
    """A type of provider in the singular: "independent fostering agencies" is "independent fostering agency"."""
    words = form(text).replace("children s", "child s").split()
    return " ".join(
        word[:-3] + "y" if word.endswith("ies") else word if len(word) < 4 or word.endswith("ss") else word.removesuffix("s")
        for word in words
    )


def _printed(source: Source) -> Iterator[_Row]:
    """The printed rows of all sheets of a file."""
    for name in source.names:
        if any(form(cell) == "urn" for row in source.load(name, 8).rows for cell in row):
            continue  # a sheet of providers
        heading, grades = "", list[str | None]()
        for row in source.load(name, None).rows:
            cells = [clean(cell) for cell in row]
            filled = [cell for cell in cells if cell]
            if len(filled) == 1:
                heading, grades = filled[0], []
            elif filled and form(cells[0]).startswith("period"):
                grades = [_grade(cell) for cell in cells[1:]]
            elif grades and heading and (day := _day(row[0], cells[0])) and (found := _counts(grades, cells[1:])):
                table, group = _TABLE.match(heading), _GROUP.search(heading)
                if table and group:
                    yield _Row(name, table[1].lower(), _plain_type(group[1]), day, found)


def _grade(text: str) -> str | None:
    code = grade_code(text, FOUR_POINT)
    return None if code is None or code < 0 else FOUR_POINT.labels[len(FOUR_POINT.labels) - 1 - code]


def _day(cell: Any, text: str) -> datetime.date | None:
    """The day of a printed row, or the last one of its year."""
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, datetime.date):
        return cell
    if found := _YEAR.fullmatch(text):
        return datetime.date(int(found[1]) + 1, 3, 31)
    return date_in(text)


def _counts(grades: Sequence[str | None], cells: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """The numbers of a row under the grades of its header; a dash is none."""
    found = []
    for grade, text in zip(grades, cells, strict=False):
        number = "0" if text == "-" else text.replace(",", "")
        if grade is not None and number.isdigit():
            found.append((grade, int(number)))
    return tuple(found) if len(found) == len(FOUR_POINT.labels) else ()
