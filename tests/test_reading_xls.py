"""A workbook of Excel 97 is read as its XLSX is, in a process of its own; whatever ends that process, the caller's lives on."""

import datetime
import io
import json
import struct
import subprocess
import sys

import openpyxl
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif.reading import xls, xls_process
from ofsted_sif.reading.files import MOST_CELLS, open_source

xlwt = pytest.importorskip("xlwt", reason="xlwt makes workbooks of Excel 97")

HEADER = ["URN", "Provision type", "Local authority", "Inspection type", "Inspection date", "Event number", "Overall effectiveness"]
CARE = [
    HEADER,
    ["SC000001", "Children's home", "Leeds", "Full inspection", datetime.date(2015, 4, 3), 1001, "Good"],
    ["SC000002", "Children's home", "Hull", "Full inspection", datetime.date(2015, 12, 31), 1002, "Inadequate"],
    ["SC000003", "Children's home", "Bournemouth", "SC Interim", datetime.date(2016, 2, 29), 1003, "Improved effectiveness"],
]
SHEETS = {"Notes: “about” this file": [["Inspections of children’s homes"]], "Inspections": CARE, "Later": [HEADER, CARE[2]]}
LAST_ROW, LAST_COLUMN = 65535, 255


def as_xls(sheets) -> bytes:
    formats = {
        datetime.date: xlwt.easyxf(num_format_str="DD/MM/YYYY"),
        datetime.datetime: xlwt.easyxf(num_format_str="DD/MM/YYYY HH:MM:SS"),
        datetime.time: xlwt.easyxf(num_format_str="HH:MM:SS"),
    }
    book = xlwt.Workbook(encoding="utf-8")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name.replace(":", ""))
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(at, column, cell, *([formats[type(cell)]] if type(cell) in formats else []))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_xlsx(sheets) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace(":", ""))
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def last_corner(column: int = 0xFFFF) -> bytes:
    """A sound workbook with a number in the last corner, that then says that it stands in another column."""
    rows = [*CARE, *[[]] * (LAST_ROW - len(CARE)), [*[None] * LAST_COLUMN, 1]]
    data = as_xls({"Inspections": rows})
    number = struct.pack("<HHHH", 0x027E, 10, LAST_ROW, LAST_COLUMN)
    assert data.count(number) == 1
    return data.replace(number, struct.pack("<HHHH", 0x027E, 10, LAST_ROW, column))


def test_it_is_read_as_its_xlsx_is():
    old, new = (sif.read_inspections(io.BytesIO(made(SHEETS))) for made in (as_xls, as_xlsx))
    pd.testing.assert_frame_equal(old, new)
    assert old["inspection_start"].tolist() == [pd.Timestamp(row[4]) for row in CARE[1:]]
    assert old["inspection_number"].tolist() == ["1001", "1002", "1003"]


@pytest.mark.parametrize("given", ["path", "open file"])
def test_its_sheets_are_listed_and_chosen(given, tmp_path):
    (tmp_path / "care.xls").write_bytes(as_xls(SHEETS))

    def file():
        return tmp_path / "care.xls" if given == "path" else io.BytesIO(as_xls(SHEETS))

    pd.testing.assert_frame_equal(sif.list_sheets(file()), sif.list_sheets(io.BytesIO(as_xlsx(SHEETS))))
    assert sif.read_inspections(file(), sheet="Later")["provider"].tolist() == ["SC000002"]
    with pytest.raises(sif.ReadingError, match="'Later'"):
        sif.read_inspections(file(), sheet="Latest")


def test_every_kind_of_cell_keeps_its_type():
    cells = [
        *("", "“é”\u2028\n,", True, False, 0, 1, -7, 1.5, 2**40 + 0.5),
        *(datetime.date(2022, 2, 21), datetime.datetime(2022, 2, 21, 3, 4, 5), datetime.time(3, 4, 5), "end"),
    ]
    [row] = xls.read_xls(as_xls({"Kinds": [cells]}), "kinds.xls", MOST_CELLS)["Kinds"]
    assert row == cells
    assert [type(cell) for cell in row] == [type(cell) for cell in cells]


def test_a_time_span_of_days_keeps_its_microseconds():
    span = datetime.timedelta(days=-3, hours=5, microseconds=7)
    assert json.loads(json.dumps(span, default=xls_process.typed), object_hook=xls._cell) == span


def test_the_first_cell_need_not_be_in_the_first_row_and_column():
    source = open_source(io.BytesIO(as_xls({"Low": [[], [None, None, "x"]], "Empty": []})))
    assert source.names == ("Low", "Empty")
    assert source.load("Low", None).rows == [["", "", ""], ["", "", "x"]]
    assert source.load("Low", 1).rows == [["", "", ""]]
    assert (source.load("Low", 1).height, source.load("Empty", None).height) == (2, 0)


def test_that_failed_formulas_and_merged_cells_are_not_told_from_blanks_stands_in_the_report():
    _, report = sif.read_inspections(io.BytesIO(as_xls(SHEETS)), return_report=True)
    assert "#REF!" in str(report)
    assert "merged cells cover" in str(sif.reading_report(io.BytesIO(as_xls(SHEETS))))


# ---- what must not end the caller's process


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the address space of a process is bounded so on Linux alone")
def test_a_cell_in_a_corner_that_does_not_exist_ends_the_other_process_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("LD_PRELOAD", raising=False)  # a sanitizer would end the process with a status and a message of its own
    (tmp_path / "corner.xls").write_bytes(last_corner())
    with pytest.raises(sif.ReadingError, match=r"^corner\.xls: .*made to do harm; .*save it as XLSX or CSV$"):
        sif.read_inspections(tmp_path / "corner.xls")
    with pytest.raises(sif.ReadingError, match=r"^corner\.xls: .*made to do harm"):
        sif.list_sheets(tmp_path / "corner.xls")


def test_more_cells_than_a_sheet_may_hold_are_refused():
    with pytest.raises(sif.ReadingError, match=r"10,000,000 cells.*save it as XLSX or CSV"):
        sif.read_inspections(io.BytesIO(last_corner(155)))
    assert len(xls.read_xls(as_xls({"x": [[1, 2], [3]]}), "x.xls", 4)["x"]) == 2
    with pytest.raises(sif.ReadingError, match="more than 3 cells"):
        xls.read_xls(as_xls({"x": [[1], [2]], "y": [[3, 4]]}), "x.xls", 3)


def test_a_text_in_many_cells_is_refused(monkeypatch):
    monkeypatch.setattr(xls, "MOST_WRITTEN", 2**20)
    assert len(xls.read_xls(as_xls({"x": [["y" * 1000]] * 1000}), "x.xls", MOST_CELLS)["x"]) == 1000
    with pytest.raises(sif.ReadingError, match="more than 1 MB of text"):
        xls.read_xls(as_xls({"x": [["y" * 1000]] * 1100}), "x.xls", MOST_CELLS)


def test_one_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(xls, "SECONDS", 0.5)
    monkeypatch.setattr(xls, "command", lambda most_cells: [sys.executable, "-c", "import time; time.sleep(600)"])
    with pytest.raises(sif.ReadingError, match=r"^slow\.xls: .*not be read within 0\.5 seconds; .*save it as XLSX or CSV"):
        xls.read_xls(as_xls(SHEETS), "slow.xls", MOST_CELLS)


@pytest.mark.parametrize("python", ["/no/such/python", ""])
def test_where_no_second_process_can_be_started_the_error_says_so(python, monkeypatch):
    monkeypatch.setattr(sys, "executable", python)
    with pytest.raises(sif.ReadingError, match=r"^care\.xls: .*could not be started .*save it as XLSX or CSV"):
        xls.read_xls(as_xls(SHEETS), "care.xls", MOST_CELLS)


@pytest.mark.parametrize("damage", ["cut short", "of another kind", "protected"])
def test_damage_is_an_error_that_names_the_file(damage, tmp_path):
    data = as_xls(SHEETS)
    file = tmp_path / "damaged.xls"
    if damage == "protected":  # the record that opens each stream, then one that says that all after it is encrypted
        start = data.index(struct.pack("<HHH", 0x0809, 16, 0x0600)) + 20
        file.write_bytes(data[:start] + struct.pack("<HHH", 0x002F, 2, 1) + data[start + 6 :])
    else:
        file.write_bytes(
            data[:700] if damage == "cut short" else data.replace("Workbook".encode("utf-16-le"), "Document".encode("utf-16-le"))
        )
    with pytest.raises(sif.ReadingError, match=r"^damaged\.xls: this workbook in XLS was not read: .*save it as XLSX or CSV"):
        sif.read_inspections(file)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are set by POSIX calls")
def test_the_process_that_reads_can_open_nothing_and_write_no_file(tmp_path):
    (tmp_path / "there").write_text("")
    code = f"""
import sys
sys.path.insert(0, {str(xls_process.__file__).rsplit("/", 1)[0]!r})
import socket
import xls_process
there = open({str(tmp_path / "there")!r}, "r+b", buffering=0)
xls_process.confine()
for ask in (lambda: open({str(tmp_path / "there")!r}), socket.socket, lambda: there.write(b"x")):
    try:
        ask()
    except OSError as error:
        print(type(error).__name__, error.errno)
"""
    run = subprocess.run(
        [sys.executable, "-I", "-c", "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)" + code],
        capture_output=True,
        text=True,
        check=True,
    )
    said = run.stdout.split("\n")
    assert said[:2] == ["OSError 24", "OSError 24"]  # EMFILE
    assert len(said) == 4
    assert said[2].startswith("OSError")  # EFBIG
    assert (tmp_path / "there").read_text() == ""
