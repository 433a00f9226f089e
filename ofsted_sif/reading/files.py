"""From a file's bytes to sheets of cells: kinds of file, encodings, and a look into a workbook before anything expands it.

What is found here is certain or an error. Nothing is believed that a name or a header says about size: a workbook's repeated rows and
cells are counted, and its cells' places measured, before the library that expands them sees it.
"""

from __future__ import annotations

import csv
import datetime
import io
import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ofsted_sif.reading import ods
from ofsted_sif.reading.bounds import MOST_BYTES, MOST_CELLS, MOST_LINE, MOST_ROWS, MOST_TEXT, MOST_UNPACKED, too_many
from ofsted_sif.reading.cells import find_cells
from ofsted_sif.reading.report import ReadingError
from ofsted_sif.reading.xls import read_xls

SINCE_1900, SINCE_1904 = datetime.date(1899, 12, 30), datetime.date(1904, 1, 1)  # day 0 of a spreadsheet's serial numbers


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet: text in a CSV, typed values in a workbook. The first row is row 1."""

    name: str | None
    rows: Sequence[Sequence[Any]]
    height: int  # of the whole sheet, where it was asked for whole; of a beginning at least its rows
    epoch: datetime.date | None = None  # day 0 of the workbook's serial numbers
    is_open: bool = False  # whether no line end follows the last row


@dataclass(frozen=True)
class Source:
    """A file taken apart into sheets, which are read when asked for: whole, or their first rows."""

    file: str
    encoding: str | None
    names: tuple[str | None, ...]
    load: Callable[[str | None, int | None], Sheet]
    notes: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()  # sheets that a person does not see
    blanks: tuple[str, ...] = ()  # which cells are read as blank and are not, as a person sees them


def open_source(path: Any) -> Source:
    """Take a file apart, given by its path or as an open binary file."""
    if not isinstance(path, str | bytes | os.PathLike) and not hasattr(path, "read"):
        return _of_frame(path)
    data, file = contents(path)
    if data.startswith(b"PAR1"):
        return _of_frame(_parquet(data, file), file)
    if not data or data.isspace():
        raise ReadingError("the file is empty", file=file)
    if data.startswith(b"PK"):
        return _workbook(data, file, *_look_into_zip(data, file))
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _xls(data, file)
    if data.startswith(b"%PDF"):
        raise ReadingError("this is a PDF; Ofsted publishes the data beside it as CSV, ODS or XLSX", file=file)
    if data.lstrip()[:200].lower().startswith((b"<!doctype html", b"<html")):
        raise ReadingError("this is a web page, not a data file; download the file to which the page leads", file=file)
    raw, encoding = _in_utf8(data, file)
    rows = csv_rows(raw, file)
    is_open = not raw.endswith((b"\n", b"\r"))
    return Source(file, encoding, (None,), lambda name, first: Sheet(None, rows[:first], len(rows), is_open=is_open))


def contents(path: Any) -> tuple[bytes, str]:
    """The bytes of a file, and its name; of a .gz, or a .zip of one CSV, what it holds."""
    data, file = _bytes(path)
    if data.startswith(b"\x1f\x8b"):
        data = _unzipped(data, file)
    if data.startswith(b"PK"):
        data = _only_file(data)
    return data, file


def _of_frame(table: Any, file: str = "a table") -> Source:
    """A table of Ofsted's own columns as the sheet that it would be in a workbook: missing values are blank cells."""
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        if hasattr(table, "to_pandas"):
            table = table.to_pandas()
        else:
            raise TypeError(f"{type(table).__name__} is no path, open binary file (CSV, ODS, XLSX), or table")
    if table.size > MOST_CELLS:
        raise ReadingError(f"more than {MOST_CELLS:,} cells", file=file)
    header = [str(name) for name in table.columns]
    blank = table.isna().to_numpy()
    cells = [
        ["" if none else value for value, none in zip(values, missing, strict=True)]
        for values, missing in zip(table.astype(object).to_numpy().tolist(), blank.tolist(), strict=True)
    ]
    rows: list[Sequence[Any]] = [header, *cells]
    return Source(file, None, (None,), lambda name, first: Sheet(None, rows[:first], len(rows)))


def _parquet(data: bytes, file: str) -> Any:
    import pandas as pd

    try:
        return pd.read_parquet(io.BytesIO(data))
    except ImportError:
        raise ReadingError("reading Parquet needs pyarrow: pip install pyarrow", file=file) from None
    except (ValueError, OSError) as error:
        raise ReadingError(f"the Parquet file is damaged ({error})", file=file) from None


def _unzipped(data: bytes, file: str) -> bytes:
    """What a .gz holds, never more than the bound."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        content = unpacking.decompress(data, MOST_BYTES + 1)
    except zlib.error as error:
        raise ReadingError(f"the .gz is damaged ({error})", file=file) from None
    if len(content) > MOST_BYTES:
        raise ReadingError(f"unpacks to more than {MOST_BYTES >> 20} MB; Ofsted's largest file has 19 MB", file=file)
    if not unpacking.eof:
        raise ReadingError("the .gz ends before its end", file=file)
    return content


def _only_file(data: bytes) -> bytes:
    """The one CSV that a .zip holds; the data as they are where it is a workbook or anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")]
            plain = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            if len(entries) == 1 and entries[0].filename.lower().endswith(".csv") and entries[0].compress_type in plain:
                with archive.open(entries[0]) as opened:
                    content = opened.read(MOST_BYTES + 1)
                return content if len(content) <= MOST_BYTES else data
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, IndexError):
        pass  # told where workbooks are looked into
    return data


def _bytes(path: Any) -> tuple[bytes, str]:
    if hasattr(path, "read"):
        file = os.path.basename(str(getattr(path, "name", "")) or "an open file")
        data = path.read(MOST_BYTES + 1)
        if not isinstance(data, bytes):
            raise TypeError("an open file must be binary: open(path, 'rb')")
    else:
        where = Path(path)
        file = where.name
        with where.open("rb") as opened:
            before, data, after = os.fstat(opened.fileno()), opened.read(MOST_BYTES + 1), os.fstat(opened.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise ReadingError("it was written to while it was read; read it again", file=file)
    if len(data) > MOST_BYTES:
        raise ReadingError(f"larger than {MOST_BYTES >> 20} MB; Ofsted's largest file has 19 MB", file=file)
    return data, file


# ---- CSV

# Dashes, quotes and the no-break space of Mac Roman.
_OF_MACINTOSH = frozenset(b"\xd0\xd1\xd2\xd3\xd4\xd5\xca")


def _in_utf8(data: bytes, file: str) -> tuple[bytes, str]:
    """The text in UTF-8, and the encoding that was found: by its mark, else UTF-8 where it is valid, else cp1252.

    Of Mac Roman it is known by its dashes: in cp1252 they would be the letter eth, alone between spaces.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16").encode(), "UTF-16"
        except UnicodeDecodeError as error:
            raise ReadingError(f"it begins as UTF-16, but is not at byte {error.start}", file=file) from None
    if b"\0" in (begin := data[:4096]):
        blank = sorted((begin[::2].count(0), begin[1::2].count(0)))
        if blank[0] == 0 and blank[1] > len(begin) // 3:  # every other byte, as of nearly all letters
            raise ReadingError("this looks like UTF-16 without a byte order mark; save it as UTF-8", file=file)
        raise ReadingError("this is not a text file, a workbook or anything else in which Ofsted publishes data", file=file)
    if data.startswith(b"\xef\xbb\xbf"):
        try:
            data[3:].decode("utf-8")
            return data[3:], "UTF-8 with BOM"
        except UnicodeDecodeError as error:
            place = data.count(b"\n", 0, error.start + 3) + 1
            raise ReadingError(f"it begins as UTF-8, but is not in line {place} (byte {data[error.start + 3]:#04x})", file=file) from None
    try:
        if data.isascii():
            return data, "ASCII"
        data.decode("utf-8")
        return data, "UTF-8"
    except UnicodeDecodeError as error:
        line, byte = data.count(b"\n", 0, error.start) + 1, data[error.start]
    high = data.translate(None, bytes(range(128)))
    if (
        set(high) <= _OF_MACINTOSH
        and (n := data.count(b" \xd0 ") + data.count(b" \xd1 "))
        and n == high.count(b"\xd0") + high.count(b"\xd1")
    ):
        return _recoded(data, "mac_roman", len(high)), f"Mac Roman (not UTF-8: byte {byte:#04x} in line {line})"
    if unknown := [byte for byte in set(high) if not bytes([byte]).decode("cp1252", "ignore")]:
        at = min(map(data.index, unknown))
        line = data.count(b"\n", 0, at) + 1
        raise ReadingError(f"neither UTF-8 nor cp1252: byte {data[at]:#04x} in line {line}", file=file)
    return _recoded(data, "cp1252", len(high)), f"cp1252 (not UTF-8: byte {byte:#04x} in line {line})"


def _recoded(data: bytes, encoding: str, n_beyond_ascii: int) -> bytes:
    """Text in an encoding of one byte a letter, in UTF-8."""
    if n_beyond_ascii > len(data) // 100:
        return data.decode(encoding).encode()
    pieces: list[bytes] = []
    begin = 0
    for at in np.flatnonzero(np.frombuffer(data, dtype=np.uint8) > 127).tolist():  # as nearly always few
        pieces += data[begin:at], data[at : at + 1].decode(encoding).encode()
        begin = at + 1
    return b"".join([*pieces, data[begin:]])


def csv_rows(raw: bytes, file: str) -> Sequence[Sequence[Any]]:
    """The cells of each record of a CSV, strictly: quotes that do not fit are an error, as they would swallow rows."""
    delimiter = max(",", "\t", ";", "|", key=lambda sign: raw[:20_000].count(sign.encode()))
    if b"\r" in raw:
        signs = np.frombuffer(raw, dtype=np.uint8)
        returns = signs == ord("\r")
        if np.count_nonzero(returns) != np.count_nonzero(returns[:-1] & (signs[1:] == ord("\n"))):
            raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # ends of lines as an old Macintosh wrote them
    signs = np.frombuffer(raw, dtype=np.uint8)
    if np.count_nonzero(signs == ord("\n")) > MOST_ROWS:
        raise ReadingError(f"more than {MOST_ROWS:,} lines", file=file)
    if np.count_nonzero(signs == ord(delimiter)) > MOST_CELLS:
        raise ReadingError(f"more than {MOST_CELLS:,} cells", file=file)
    _refuse_endless_line(raw, file)
    if (cells := find_cells(raw, delimiter)) is not None:
        return cells
    # What is left has quotes that do not fit, or is odd in another way: line by line, to find the place. csv takes the lines that have
    # quotes, and those they run on into.
    text = raw.decode()
    lines = iter(text.split("\n"))
    rows: list[Sequence[Any]] = []
    for record in lines:
        if '"' in record:
            try:
                rows.append(next(csv.reader(chain((f"{record}\n",), (f"{more}\n" for more in lines)), delimiter=delimiter, strict=True)))
            except csv.Error as error:
                raise ReadingError(f"the record cannot be taken apart into cells ({error})", file=file, row=len(rows) + 1) from None
        else:
            rows.append(record.rstrip("\r").split(delimiter))
    return rows[:-1] if not text or text.endswith("\n") else rows  # what follows the last line end is no record


def _refuse_endless_line(raw: bytes, file: str) -> None:
    """Look for an endless line before the text is taken apart: from each line's start, the last line end within the bound."""
    start = 0
    while len(raw) - start > MOST_LINE:
        last = raw.rfind(b"\n", start, start + MOST_LINE)
        if last < 0:  # more bytes than that: of letters there may be fewer
            last = raw.find(b"\n", start + MOST_LINE) % (len(raw) + 1)
            if len(raw[start:last].decode()) >= MOST_LINE:
                line = raw.count(b"\n", 0, start) + 1
                raise ReadingError(f"line {line} has more than {MOST_LINE:,} characters", file=file, row=line)
        start = last + 1


# ---- workbooks


def _workbook(data: bytes, file: str, said: _Told, epoch: datetime.date | None, tables: ods.Tables | None) -> Source:
    import python_calamine

    def opened(workbook: io.BytesIO) -> Any:
        return _guarded(lambda: python_calamine.load_workbook(workbook), file, None)

    book = opened(io.BytesIO(data) if tables is None else tables.beginnings(file))
    place = {meta.name: number for number, meta in enumerate(book.sheets_metadata)}
    if tables is not None and len(place) != len(tables.spans):  # two of one name
        ods.measure(tables.content, file)
        tables = None
        book = opened(io.BytesIO(data))
    sheets = [meta for meta in book.sheets_metadata if "Work" in str(meta.typ)]  # not charts or macros
    hidden = [meta.name for meta in sheets if not str(meta.visible).endswith("Visible")]
    # What a person sees comes first: a hidden sheet is often an older release that was kept.
    names = (*(meta.name for meta in sheets if meta.name not in hidden), *hidden)
    if not names:
        raise ReadingError("the workbook has no sheet", file=file)

    def load(name: str | None, first: int | None) -> Sheet:
        of = book
        if tables is not None and (first is None or first > ods.BEGINNING):
            of = opened(tables.alone(place[str(name)], file))
        sheet = _guarded(lambda: of.get_sheet_by_name(name), file, name)
        height = 0 if sheet.end is None else sheet.end[0] + 1
        if sheet.end is not None and height * (sheet.end[1] + 1) > MOST_CELLS:
            raise ReadingError(f"more than {MOST_CELLS:,} cells", file=file, sheet=name)
        return Sheet(name, _guarded(lambda: sheet.to_python(skip_empty_area=False, nrows=first), file, name), height, epoch)

    told = (f"hidden sheets: {', '.join(map(repr, hidden))} (choose with sheet=)",) if hidden else ()
    return Source(file, None, names, load, (*told, *said.hidden), tuple(hidden), said.blank)


def _xls(data: bytes, file: str) -> Source:
    sheets = read_xls(data, file, MOST_CELLS)
    if not sheets:
        raise ReadingError("the workbook has no sheet", file=file)
    told = (
        "cells of an XLS that hold an error such as #REF! where a formula failed, or that merged cells cover, are read as blank, and "
        "cannot be counted"
    )
    return Source(file, None, tuple(sheets), lambda name, first: Sheet(name, sheets[name][:first], len(sheets[name])), (told,))


def _guarded(call: Callable[[], Any], file: str, sheet: str | None) -> Any:
    """What the reader of workbooks gives, its failures as one kind of error. A panic inside it is no Exception, so all are caught."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ReadingError(f"the workbook is damaged or protected and cannot be opened ({error})", file=file, sheet=sheet) from None


class _Told(NamedTuple):
    """What a reader should know of a workbook: cells that are read as blank and are not so shown, and rows that are not shown."""

    blank: tuple[str, ...]
    hidden: tuple[str, ...]


def _look_into_zip(data: bytes, file: str) -> tuple[_Told, datetime.date | None, ods.Tables | None]:
    """What the cells of a workbook do not show, its day 0, and the tables of an ODS where they can be told apart.

    An error where it is none, or would unpack to more than a file holds.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if len(names) < len(entries):
                raise ReadingError("the workbook is damaged: it holds a part twice", file=file)
            unpacked = _Unpacked(archive, file)
            unpacked.check(entries)
            is_ods, is_xlsx = "content.xml" in names, "xl/workbook.xml" in names
            # Which of several kinds a reader would take it for is not left to chance; a binary workbook cannot be measured.
            if is_ods + is_xlsx == 1 and not any(name.lower().endswith(".bin") and "workbook" in name.lower() for name in names):
                if is_ods:
                    content = unpacked.part("content.xml")
                    small = [name for name in ("mimetype", "META-INF/manifest.xml") if name in names]
                    tables = ods.tables_of(data, content, {name: unpacked.part(name) for name in small})
                    if tables is None:
                        ods.measure(content, file)
                    return _not_shown(*ods.not_shown(content)), None, tables
                parts = {name: unpacked.part(name) for name in names if name.lower().endswith(".xml")}
                strings = b"".join(part for name, part in parts.items() if name.lower().endswith("sharedstrings.xml"))
                for name, part in parts.items():
                    if not name.lower().endswith("sharedstrings.xml"):
                        _measure_xlsx(part, strings, file)
                ranges = [(part, _XLSX_MERGED.findall(part)) for part in parts.values()]
                merged = sum(first != last for _, of_part in ranges for _, first, _, last in of_part)
                across = sum(_merged_across(*of_part) for of_part in ranges)
                failed, uncounted = (sum(len(of.findall(part)) for part in parts.values()) for of in (_XLSX_FAILED, _XLSX_UNCOUNTED))
                since_1904 = _XLSX_SINCE_1904.search(parts["xl/workbook.xml"])
                hidden = sum(map(_hidden_rows, parts.values()))
                return _not_shown(failed, uncounted, merged, across, hidden), SINCE_1904 if since_1904 else SINCE_1900, None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, IndexError) as error:
        if isinstance(error, ReadingError):
            raise
        raise ReadingError(f"the workbook is damaged: it cannot be unpacked ({error})", file=file) from None
    raise ReadingError("a zip archive, but not a workbook in XLSX or ODS; unpack it and read the file within", file=file)


def _not_shown(failed: int, uncounted: int, merged: int, across: int, hidden: int) -> _Told:
    """What a reader should know of cells that a workbook shows otherwise than it holds them."""
    said = []
    if failed:
        said.append(f"{failed:,} cells of the workbook hold an error such as #REF! where a formula failed; they are read as blank")
    if uncounted:
        said.append(
            f"{uncounted:,} cells of the workbook hold a formula without its value; they are read as blank (open and save it first)"
        )
    if merged:
        said.append(f"{merged:,} merged cells of the workbook cover several rows; only the first of them has the value")
    if across:
        said.append(f"{across:,} merged cells of the workbook cover several columns; only the first of them has the value")
    rows = "1 row of the workbook with values is" if hidden == 1 else f"{hidden:,} rows of the workbook with values are"
    return _Told(tuple(said), (f"{rows} hidden (filtered or folded): read as all others",) if hidden else ())


class _Unpacked:
    """Parts of an archive, never more of them than the bound, whatever the archive says of their sizes."""

    def __init__(self, archive: zipfile.ZipFile, file: str) -> None:
        self.archive, self.file, self.left = archive, file, MOST_UNPACKED

    def check(self, entries: Sequence[zipfile.ZipInfo]) -> None:
        total = sum(entry.file_size for entry in entries)
        if total > MOST_UNPACKED:
            raise self._too_large(f"{total:,} bytes")
        if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
            raise ReadingError(
                "the workbook is compressed in a way that spreadsheets do not use and that could need gigabytes to unpack", file=self.file
            )

    def part(self, name: str) -> bytes:
        with self.archive.open(name) as opened:
            content = opened.read(self.left + 1)
        self.left -= len(content)
        if self.left < 0:
            raise self._too_large(f"more than {MOST_UNPACKED:,} bytes")
        return content

    def _too_large(self, size: str) -> ReadingError:
        return ReadingError(f"the workbook unpacks to {size}; no file that Ofsted publishes does", file=self.file)


_XLSX_PLACE = re.compile(rb"\br\s*=\s*[\"']\$?([A-Za-z]{1,7})\$?(\d{1,12})[\"']")
_XLSX_STRING = re.compile(rb"<(?:\w+:)?si\b")
_XLSX_SHARED = re.compile(rb"\bt\s*=\s*[\"']s[\"']")
# One try a tag (the group gives nothing back), so that a tag without an end takes no longer than any other.
_XLSX_INDEX = re.compile(
    rb"<(?:\w+:)?c\s(?>[^<>]*?\bt\s*=\s*[\"']s[\"'])[^<>]*+>\s*+(?:<(?:\w+:)?f[^<>]*+>[^<]*+</(?:\w+:)?f>)?\s*+<(?:\w+:)?v>\s*+(\d+)"
)
_XLSX_FAILED = re.compile(rb"<(?:\w+:)?c\s[^<>]*?\bt\s*=\s*[\"']e[\"']")
_XLSX_UNCOUNTED = re.compile(
    rb"<(?:\w+:)?f(?:\s[^<>]*+)?(?:/>|>[^<]*+</(?:\w+:)?f>)\s*+(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*+</(?:\w+:)?v>)?\s*+</(?:\w+:)?c>"
)
_XLSX_MERGED = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^<>]*?\bref\s*=\s*[\"']\$?([A-Za-z]{1,7})\$?(\d{1,12}):\$?([A-Za-z]{1,7})\$?(\d{1,12})[\"']"
)
_XLSX_NUMBER = re.compile(rb"\br\s*=\s*[\"'][A-Za-z]{0,7}(\d{1,12})[\"']")
_XLSX_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)>")
_XLSX_SINCE_1904 = re.compile(rb"\bdate1904\s*=\s*[\"'](?:1|true)[\"']")
_XLSX_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])")
_XLSX_HIDDEN = re.compile(rb"[^<>]*?\bhidden\s*=\s*[\"'](?:1|true)[\"']")
_XLSX_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])")


def _measure_xlsx(content: bytes, strings: bytes, file: str) -> None:
    """Measure the rectangle from the first to the last cell of a sheet, which a reader fills, and the text its shared strings expand to."""
    if content.count(b"<") > 6 * MOST_CELLS:
        raise too_many(file)
    n_cells = len(_XLSX_CELL.findall(content))
    places = _XLSX_PLACE.findall(content)
    width = max((_column_number(column) for column in {column for column, _ in places}), default=0)
    height = max(map(int, {row for _, row in places}), default=0)
    if n_cells > len(places):  # a cell that does not say its place stands after the one before
        rows = _XLSX_ROW.split(content)
        width += max(len(_XLSX_CELL.findall(row)) for row in rows)
        height += len(rows)
    if width * height > MOST_CELLS:
        raise too_many(file)
    n_shared = len(_XLSX_SHARED.findall(content))
    if len(strings) * n_shared > MOST_TEXT:  # no string is longer than all together; only then is it worth a count
        starts = [match.start() for match in _XLSX_STRING.finditer(strings)]
        lengths = [end - start for start, end in pairwise([*starts, len(strings)])]
        indices = _XLSX_INDEX.findall(content)
        total = sum(lengths[int(index)] for index in indices if len(index) < 10 and int(index) < len(lengths))
        total += (n_shared - len(indices)) * max(lengths, default=0)  # cells written so oddly that their string is not told
        if total > MOST_TEXT:
            raise ReadingError(f"the workbook's cells hold more than {MOST_TEXT >> 20} MB of text", file=file)


def _merged_across(part: bytes, ranges: Sequence[tuple[bytes, bytes, bytes, bytes]]) -> int:
    """How many cells cover several columns beside other values of their row: a title, which covers all columns, hides none."""
    of_row = Counter(row for column, row, last_column, _ in ranges if column.upper() != last_column.upper())
    n = 0
    for row in _XLSX_ROW.split(part) if of_row else ():
        number = _XLSX_NUMBER.search(row)
        across = of_row[number[1]] if number else 0
        n += across if 0 < across < len(_XLSX_VALUE.findall(row)) else 0
    return n


def _hidden_rows(part: bytes) -> int:
    """How many rows with values a person does not see."""
    rows = _XLSX_ROW.split(part) if b"hidden" in part else ()
    return sum(_XLSX_HIDDEN.match(row) is not None and _XLSX_VALUE.search(row) is not None for row in rows)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
