"""The content of an ODS, looked at before a library expands it: to how many cells, and sheet by sheet, so that few are parsed whole."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from contextlib import suppress
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

    data: bytes  # the ODS itself
    content: bytes
    spans: tuple[tuple[int, int], ...]
    others: Mapping[str, bytes]

    def beginnings(self, file: str) -> io.BytesIO:
        """A workbook of the first rows of all tables."""
        rows = b"".join(self._beginning(*span) for span in self.spans)
        measure(rows, file)
        return self._workbook(rows)

    def alone(self, number: int, file: str) -> io.BytesIO:
        """A workbook of one table, or the ODS as it is where that table is most of it: to write it anew would take longer than it saves."""
        begin, end = self.spans[number]
        if end - begin > len(self.content) * 2 // 3:
            with suppress(ReadingError):  # of another table that is too large
                measure(self.content, file)
                return io.BytesIO(self.data)
        measure(self.content, file, begin, end)
        return self._workbook(memoryview(self.content)[begin:end])

    def _beginning(self, begin: int, end: int) -> bytes:
        at = begin
        for _ in range(BEGINNING):
            at = self.content.find(_ROW_END, at, end) + len(_ROW_END)
            if at < begin:
                return self.content[begin:end]
        rows = self.content[begin:at]
        return self.content[begin:end] if any(word in rows for word in _AROUND_ROWS) else rows + _TABLE_END

    def _workbook(self, tables: bytes | memoryview) -> io.BytesIO:
        written = io.BytesIO()
        # The library takes longer to copy a large file than to unpack one that is packed as quickly as can be.
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, part in self.others.items():
                archive.writestr(name, part, zipfile.ZIP_STORED)
            with archive.open("content.xml", "w") as content:
                for piece in (self.content[: self.spans[0][0]], tables, self.content[self.spans[-1][1] :]):
                    content.write(piece)
        written.seek(0)
        return written


def tables_of(data: bytes, content: bytes, others: Mapping[str, bytes]) -> Tables | None:
    """The tables of an ODS where they stand one after another, as nearly always; None where they can't be told apart by their tags."""
    if _has_comments(content):  # which could hide where a table ends
        return None
    spans = []
    at = 0
    while (begin := content.find(_TABLE, at)) >= 0:
        end = content.find(_TABLE_END, begin) + len(_TABLE_END)
        # It has no end, or that of a table within the one before was taken; or a row stands in no table.
        if end < begin or content.find(_TABLE_END, at, begin) >= 0 or content.find(_ROW, at, begin) >= 0:
            return None
        spans.append((begin, end))
        at = end
    return (
        Tables(data, content, tuple(spans), others) if spans and content.find(_TABLE_END, at) < 0 and content.find(_ROW, at) < 0 else None
    )


def _has_comments(content: bytes, begin: int = 0, stop: int | None = None) -> bool:
    """Whether "<!" occurs; its second sign is the rare one, and by itself found soonest."""
    at = content.find(b"!", begin, stop)
    while at > begin and content[at - 1] != ord("<"):
        at = content.find(b"!", at + 1, stop)
    return at > begin


def not_shown(content: bytes) -> tuple[int, int, int, int, int]:
    """How many cells hold a formula that failed, how many one without its value, how many cover several rows, or several columns.

    And how many rows with values are hidden.
    """
    uncounted = end = 0
    at = content.find(_FORMULA)
    while at >= 0:
        begin, end = content.rfind(b"<", end, at), content.find(b">", at)  # no further back than the tag before
        if end < 0:
            break
        tag = content[begin:end] if begin >= 0 else b""
        uncounted += tag.startswith(b"<table:table-cell") and b"office:value-type" not in tag
        at = content.find(_FORMULA, end)
    merged = len(_MERGED.findall(content)) if b"number-rows-spanned" in content else 0
    return content.count(_FAILED), uncounted, merged, _merged_across(content), _hidden_rows(content)


def _hidden_rows(content: bytes) -> int:
    """How many rows with values are filtered or folded away."""
    n = end = 0
    at = content.find(_HIDDEN)
    while at >= 0:
        begin = content.rfind(b"<", end, at)  # no further back than the row before
        end = at + len(_HIDDEN)
        if begin >= 0 and content.startswith(_ROW, begin) and not content.startswith(_VISIBLE, at):
            end = content.find(_ROW_END, at)
            if end < 0:
                break
            n += content.find(b"office:value-type", at, end) >= 0
        at = content.find(_HIDDEN, end)
    return n


def _merged_across(content: bytes) -> int:
    """How many cells cover several columns beside other values of their row: a title, which covers all columns, hides none."""
    n = end = 0
    at = content.find(_SPANNED)
    while at >= 0:
        begin, end = content.rfind(_ROW, end, at), content.find(_ROW_END, at)  # no further back than the row before
        if end < 0:
            break
        valued = [tag for tag in _CELLS.findall(content, begin, end) if b"office:value-type" in tag] if begin >= 0 else []
        across = sum(_ACROSS.search(tag) is not None for tag in valued)
        n += across if across < len(valued) else 0
        at = content.find(_SPANNED, end)
    return n


# Tags of an ODS that make cells: the start of a table or a row, a cell (that is empty in itself, or with content up to its end). Each
# pattern stops at the next tag and never goes back, so that no content makes it slow; a tag that it does not fit is counted as unknown.
_NAME = rb"table-row|table-cell|covered-table-cell|table"
_START = re.compile(rb"</?table:(?:" + _NAME + rb")(?=[\s/>])")
_TAG = re.compile(rb"<(/?)table:(" + _NAME + rb")(?=[\s/>])((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>")
_FORMULA = b"table:formula"
# A cell over several rows.
_MERGED = re.compile(rb"number-rows-spanned\s*=\s*[\"'](?!1[\"'])\d+[\"']")
# A cell over several columns.
_SPANNED = b"number-columns-spanned"
_HIDDEN, _VISIBLE = b'table:visibility="', b'table:visibility="visible"'
_ACROSS = re.compile(_SPANNED + rb"\s*=\s*[\"'](?!1[\"'])\d+[\"']")
_CELLS = re.compile(rb"<table:table-cell\s[^<>]*+")
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


# A row of an ODS and its cells, the least that a cell takes, and an empty one, as several stand at the end of a row.
_ROW, _ROW_END = b"<table:table-row", b"</table:table-row>"
_CELL, _LEAST = b"<table:table-cell", b"<table:table-cell/>"
_EMPTY = re.compile(rb"<table:table-cell(?:[^<>\"']++|\"[^\"<>]*+\"|'[^'<>]*+')*+(?<=/)>")
_REPEATS = re.compile(rb"number-(rows|columns)-repeated\s*=\s*[\"']([^\"']*)[\"']")


def _is_blank(content: bytes, begin: int, end: int) -> bool:
    """Whether one empty cell without a value stands here, and nothing else.

    The end is that of a tag. So what begins within the quotes of an attribute is never taken for a cell: its quotes do not fit.
    """
    return _EMPTY.fullmatch(content, begin, end) is not None and _VALUE.search(content, begin, end) is None


def _is_plainly_small(content: bytes, begin: int, stop: int) -> bool:
    """Whether an ODS expands to no more than may be, as a look at each row tells; False where only a look at each cell can tell.

    A row is at most as wide as it has room for cells, or has cells, and repeats of cells; and its text at most as long as it is written,
    times the most repeats of a cell.
    """
    if _has_comments(content, begin, stop):  # comments and sections of text could hide where rows end
        return False
    height = waiting = text = 0
    filled: list[tuple[int, int, int]] = []  # of each row with cells where they begin and end, and how many more are repeats
    before = max(content.find(b"<table:table", begin, stop), begin)  # styles before the tables are of cells too
    at = content.find(_ROW, before, stop)
    while at >= 0:
        start, end = content.find(b">", at, stop) + 1, content.find(_ROW_END, at, stop)
        following = content.find(_ROW, at + 1, stop)
        if end < start or 0 <= following < end or content[at + len(_ROW)] not in b" >":
            return False  # a row without an end of its own, or something else of a like name
        if at - before > len(_ROW_END) + 1:  # more than a line's end between two rows
            if content.find(b"table-cell", before, at) >= 0 or content.find(_ROW_END, before + 1, at) >= 0:
                return False  # a cell outside rows, or an end that was none
            if content.find(_TABLE_END, before, at) >= 0:
                waiting = 0  # empty rows at the end of a sheet are nothing
        before = end
        last = content.rfind(_CELL, start, end)
        while last >= 0 and _is_blank(content, last, end):
            end = last
            last = content.rfind(_CELL, start, end)
        times, repeats, most = 1, 0, 1
        for kind, number in _REPEATS.findall(content, at, end):
            if not number.isdigit() or len(number) > 9:
                return False
            if kind == b"rows":
                times = max(times, int(number))
            else:
                repeats, most = repeats + int(number), max(most, int(number))
        if last >= 0 or content.find(b"table-cell", start, end) >= 0:  # one that another covers
            height, waiting = height + waiting + times, 0
            if height > MOST_ROWS:
                return False
            filled.append((start, end, repeats))
            text += (end - start) * times * most
        else:
            waiting += times
        at = following
    if content.find(b"table-cell", before, stop) >= 0 or content.find(_ROW_END, before + 1, stop) >= 0 or text > MOST_TEXT:
        return False
    if height * max(((end - start) // len(_LEAST) + repeats for start, end, repeats in filled), default=0) <= MOST_CELLS:
        return True
    # With the ends of cells, and those that another covers.
    return height * max(content.count(b"table-cell", start, end) + repeats for start, end, repeats in filled) <= MOST_CELLS


def measure(content: bytes, file: str, begin: int = 0, stop: int | None = None) -> None:
    """Count the cells and characters to which an ODS expands: repeated rows, repeated cells, and empty ones before a filled one."""
    stop = len(content) if stop is None else stop
    if _is_plainly_small(content, begin, stop):
        return
    if content.count(b"table-cell", begin, stop) > 2 * MOST_CELLS:
        raise too_many(file)
    height = width = row_width = pending = row_repeats = row_text = text = 0
    cells = rows_waiting = 0
    open_cell: tuple[int, int] | None = None
    unknown = len(_START.findall(content, begin, stop))
    for tag in _TAG.finditer(content, begin, stop):
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
