"""The content of an ODS, looked at before a library expands it: to how many cells, and sheet by sheet, so that few are parsed whole."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from ofsted_sif.reading.bounds import MOST_CELLS, MOST_ROWS, MOST_TEXT, too_many
from ofsted_sif.reading.report import ReadingError

#: So many rows of each sheet are parsed to find out what it is.
BEGINNING = 64
_TABLE, _TABLE_END = b"<table:table ", b"</table:table>"
# What a row could stand within; a sheet with such is not cut after one.
_AROUND_ROWS = (b"<table:table-row-group", b"<table:table-header-rows", b"<table:table-rows")


@dataclass(frozen=True)
class Tables:
    """The tables of an ODS, each from its first byte in the content to its last, and the small parts that make a workbook of them."""

    content: bytes
    spans: tuple[tuple[int, int], ...]
    others: Mapping[str, bytes]

    def beginnings(self, file: str) -> bytes:
        """A workbook of the first rows of all tables."""
        return self._workbook([self._beginning(*span) for span in self.spans], file)

    def alone(self, number: int, file: str) -> bytes:
        """A workbook of one table."""
        begin, end = self.spans[number]
        return self._workbook([self.content[begin:end]], file)

    def _beginning(self, begin: int, end: int) -> bytes:
        at = begin
        for _ in range(BEGINNING):
            at = self.content.find(_ROW_END, at, end) + len(_ROW_END)
            if at < begin:
                return self.content[begin:end]
        rows = self.content[begin:at]
        return self.content[begin:end] if any(word in rows for word in _AROUND_ROWS) else rows + _TABLE_END

    def _workbook(self, tables: list[bytes], file: str) -> bytes:
        content = b"".join([self.content[: self.spans[0][0]], *tables, self.content[self.spans[-1][1] :]])
        measure(content, file)
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            for name, part in {**self.others, "content.xml": content}.items():
                archive.writestr(name, part)
        return written.getvalue()


def tables_of(content: bytes, others: Mapping[str, bytes]) -> Tables | None:
    """The tables of an ODS where they stand one after another, as nearly always; None where they can't be told apart by their tags."""
    if _has_comments(content):  # which could hide where a table ends
        return None
    spans = []
    at = 0
    while (begin := content.find(_TABLE, at)) >= 0:
        end = content.find(_TABLE_END, begin) + len(_TABLE_END)
        if end < begin or content.find(_TABLE_END, at, begin) >= 0:  # it has no end, or that of a table within the one before was taken
            return None
        spans.append((begin, end))
        at = end
    return Tables(content, tuple(spans), others) if spans and content.find(_TABLE_END, at) < 0 else None


def _has_comments(content: bytes) -> bool:
    """Whether "<!" occurs; its second sign is the rare one, and by itself found soonest."""
    at = content.find(b"!")
    while at > 0 and content[at - 1] != ord("<"):
        at = content.find(b"!", at + 1)
    return at > 0


def not_shown(content: bytes) -> tuple[int, int, int]:
    """How many cells hold a formula that failed, how many one without its value, and how many cover several rows."""
    uncounted = 0
    at = content.find(_FORMULA)
    while at >= 0:
        begin, end = content.rfind(b"<", 0, at), content.find(b">", at)
        tag = content[begin:end]
        uncounted += tag.startswith(b"<table:table-cell") and b"office:value-type" not in tag
        at = content.find(_FORMULA, max(end, at + 1))
    return content.count(_FAILED), uncounted, len(_MERGED.findall(content)) if b"number-rows-spanned" in content else 0


# Tags of an ODS that make cells: the start of a table or a row, a cell (that is empty in itself, or with content up to its end). Each
# pattern stops at the next tag and never goes back, so that no content makes it slow; a tag that it does not fit is counted as unknown.
_NAME = rb"table-row|table-cell|covered-table-cell|table"
_START = re.compile(rb"</?table:(?:" + _NAME + rb")(?=[\s/>])")
_TAG = re.compile(rb"<(/?)table:(" + _NAME + rb")(?=[\s/>])((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>")
_FORMULA = b"table:formula"
# A cell over several rows.
_MERGED = re.compile(rb"number-rows-spanned\s*=\s*[\"'](?!1[\"'])\d+[\"']")
_FAILED = b'calcext:value-type="error"'
_REPEATED = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"']([^\"']*)[\"']")
_VALUE = re.compile(rb"(?:value|date-value|time-value|string-value|boolean-value|formula)\s*=")


def _repeats(attributes: bytes, file: str) -> int:
    found = _REPEATED.search(attributes)
    if found is None:
        return 1
    if not found[1].isdigit() or len(found[1]) > 9:
        raise ReadingError(f"the workbook repeats a row or cell {found[1][:30].decode('ascii', 'replace')!r} times", file=file)
    return int(found[1])


# A row of an ODS as it is nearly always written, and an empty cell, as several stand at its end.
_ROW = re.compile(rb"<table:table-row(?:\s[^<>]*+)?>")
_ROW_END = b"</table:table-row>"
_EMPTY = re.compile(rb"<table:table-cell(?:\s[^<>]*)?/>")
_REPEATS = re.compile(rb"number-(rows|columns)-repeated\s*=\s*[\"']([^\"']*)[\"']")


def _is_plainly_small(content: bytes) -> bool:
    """Whether an ODS expands to no more than may be, as a count row by row tells; False where only a look at each cell can tell.

    A row is at most as wide as it has cells and repeats of cells, and its text at most as long as it is written, times these.
    """
    rows = list(_ROW.finditer(content))
    n_rows = len(rows)
    if b"<!" in content or content.count(b"<table:table-row") != n_rows or content.count(_ROW_END) != n_rows:
        return False  # comments and sections of text could hide where rows end
    height = waiting = width = n_cells = text = before = 0
    for row in rows:
        start, end = row.end(), content.find(_ROW_END, row.end())
        if content.find(b"</table:table>", before, row.start()) >= 0:
            waiting = 0  # empty rows at the end of a sheet are nothing
        before = end
        cells = content.count(b"table-cell", start, end)  # with the ends of cells, and those that another covers
        n_cells += cells
        last = content.rfind(b"<table:table-cell", start, end)
        while last >= 0 and (found := _EMPTY.fullmatch(content, last, end)) and not _VALUE.search(found[0]):
            cells, end = cells - 1, last
            last = content.rfind(b"<table:table-cell", start, end)
        has_repeats = content.find(b"-repeated", row.start(), end) >= 0
        told = _REPEATS.findall(content, row.start(), end) if has_repeats else []
        if any(not n.isdigit() or len(n) > 9 for _, n in told):
            return False
        times = max((int(n) for kind, n in told if kind == b"rows"), default=1)
        repeats = [int(n) for kind, n in told if kind == b"columns"]
        if cells == 0:
            waiting += times
            continue
        height, waiting = height + waiting + times, 0
        width = max(width, cells + sum(repeats))
        text += (end - start) * times * max(repeats, default=1)
    if n_cells != content.count(b"table-cell", max(content.find(b"<table:table"), 0)):  # styles before the tables are of cells too
        return False  # some stand outside rows
    return height <= MOST_ROWS and height * width <= MOST_CELLS and text <= MOST_TEXT


def measure(content: bytes, file: str) -> None:
    """Count the cells and characters to which an ODS expands: repeated rows, repeated cells, and empty ones before a filled one."""
    if content.count(b"table-cell") > 2 * MOST_CELLS:
        raise too_many(file)
    if _is_plainly_small(content):
        return
    height = width = row_width = pending = row_repeats = row_text = text = 0
    cells = rows_waiting = 0
    open_cell: tuple[int, int] | None = None
    unknown = len(_START.findall(content))
    for tag in _TAG.finditer(content):
        closing, name, attributes = tag[1], tag[2], tag[3]
        empty = attributes.endswith(b"/")
        unknown -= 1
        if name == b"table":
            cells += height * width
            height = width = rows_waiting = 0
        elif name == b"table-row":
            if not closing:
                row_repeats, row_width, pending, row_text = _repeats(attributes, file), 0, 0, 0
            if closing or empty:
                if row_width:
                    height += rows_waiting + row_repeats
                    rows_waiting = 0
                    width = max(width, row_width)
                    text += row_text * row_repeats
                else:
                    rows_waiting += row_repeats
        elif not closing:
            repeats = _repeats(attributes, file)
            if empty and not _VALUE.search(attributes):
                pending += repeats
            else:
                row_width += pending + repeats
                pending = 0
                row_text += len(attributes) * repeats
                open_cell = None if empty else (tag.end(), repeats)
        elif open_cell is not None:
            row_text += (tag.start() - open_cell[0]) * open_cell[1]
            open_cell = None
        if height * width + cells > MOST_CELLS or row_width * row_repeats > MOST_CELLS:
            raise too_many(file)
        if text > MOST_TEXT or row_text * row_repeats > MOST_TEXT:
            raise ReadingError(f"the workbook's cells hold more than {MOST_TEXT >> 20} MB of text once repeats are written out", file=file)
    if unknown:
        raise ReadingError("the workbook is damaged: some of its cells cannot be read", file=file)
    if height > MOST_ROWS or height * width + cells > MOST_CELLS:
        raise too_many(file)
