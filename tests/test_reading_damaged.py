"""A damaged file gives a table or an error that names the place: no other exception, no hang, no memory without bound.

Run as a script, this makes the damaged files of a seed and reads them: ``python tests/test_reading_damaged.py SEED COUNT``.
"""

import csv
import io
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PUBLISHED = Path(__file__).parents[1] / ".." / "shared" / "data" / "published"
SECONDS = 10  # a file
BYTES = 2**30  # at the most, of the whole process

# ---- sound files to begin with

ODS = "application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
MANIFEST = (
    f'<manifest:manifest xmlns:manifest="{_MANIFEST}">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS}"/></manifest:manifest>'
)


def small_care():
    rows = [["URN", "Provision type", "Local authority", "Inspection type", "Inspection date", "Event number", "Overall effectiveness"]]
    for n in range(40):
        kind, word = (("Full inspection", "Good"), ("SC Interim", "Improved effectiveness"), ("Full inspection", "Adequate"))[n % 3]
        rows.append([f"SC{n:06}", "Children's home", "Leeds", kind, f"{n % 28 + 1:02}/04/2015", str(1000 + n), word])
    return as_csv(rows)


def small_schools():
    rows = [["URN", "School name", "Region", "Inspection start date", "Publication date", "Overall effectiveness", "Category of concern",
             "Date of latest ungraded inspection", "Ungraded inspection overall outcome", "Inspection number of latest graded inspection",
             "Previous inspection start date", "Previous graded inspection overall effectiveness"]]  # fmt: skip
    for n in range(40):
        rows.append([f"{100000 + n}.0", f"École “{n}”, St Mary’s", "London", "03/04/2019", "03/05/2019", f"{n % 4 + 1}.0", "", "04/05/2023",
                     "School remains Good", f"ITS{n}", "05/06/2014", "2.0"])  # fmt: skip
    return as_csv(rows, "cp1252")


def small_ods():
    cells = [
        "Local authority name",
        "Inspection date",
        "Overall effectiveness",
        "Experiences and progress of children who need help and protection",
    ]
    rows = [_row([_text(cell) for cell in cells])]
    rows += [
        _row([_text("Leeds"), '<table:table-cell office:value-type="date" office:date-value="2022-02-21"/>', _text("Good"), _text("Good")])
    ]
    padding = _row(['<table:table-cell table:number-columns-repeated="16384"/>'], ' table:number-rows-repeated="1048500"')
    return ods("".join(rows) + padding)


def as_csv(rows, encoding="utf-8"):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def _text(text, attributes=""):
    return f'<table:table-cell office:value-type="string"{attributes}><text:p>{text}</text:p></table:table-cell>'


def _row(cells, attributes=""):
    return f"<table:table-row{attributes}>{''.join(cells)}</table:table-row>"


def ods(rows):
    names = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
    table = f'<table:table table:name="A">{rows}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    content = f'<?xml version="1.0"?><office:document-content {names}>{body}</office:document-content>'
    return packed({"mimetype": ODS, "content.xml": content, "META-INF/manifest.xml": MANIFEST})


def xlsx(cells, strings=""):
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"

    def relations(**targets):
        listed = [f'<Relationship Id="{kind}" Type="{office}/{kind}" Target="{target}"/>' for kind, target in targets.items()]
        return f'<Relationships xmlns="{package}/relationships">{"".join(listed)}</Relationships>'

    sheets = '<sheets><sheet name="A" sheetId="1" r:id="worksheet"/></sheets>'
    return packed(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
            "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook {main} xmlns:r="{office}">{sheets}</workbook>',
            "xl/_rels/workbook.xml.rels": relations(worksheet="worksheets/sheet1.xml", sharedStrings="sharedStrings.xml"),
            "xl/sharedStrings.xml": f"<sst {main}>{strings}</sst>",
            "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{cells}</sheetData></worksheet>",
        }
    )


def packed(parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


# ---- files made to do harm


def formulas_and_errors():
    cells = "".join(
        f'<row r="{n}"><c r="A{n}" t="e"><v>#REF!</v></c><c r="B{n}"><f>1/0</f><v>7</v></c><c r="C{n}" t="b"><v>1</v></c>'
        f'<c r="D{n}" t="str"><f>A1</f><v>URN</v></c><c r="E{n}" t="s"><v>99999</v></c></row>'
        for n in range(1, 20)
    )
    return xlsx(cells)


# Those that must be refused before they are unpacked.
HARMFUL = {
    "an ODS whose one cell is repeated to a table": lambda: ods(
        _row([_text("x", ' table:number-columns-repeated="16384"')], ' table:number-rows-repeated="1048576"')
    ),
    "an ODS with empty rows before a far one": lambda: ods(
        _row(["<table:table-cell/>"], ' table:number-rows-repeated="1048575"')
        + _row(['<table:table-cell table:number-columns-repeated="16383"/>', _text("x")])
    ),
    "an ODS repeated more often than can be counted": lambda: ods(_row([_text("x")], ' table:number-rows-repeated="99999999999999999999"')),
    "an ODS with a long text repeated": lambda: ods(_row([_text("x" * 1_000_000, ' table:number-columns-repeated="1000"')])),
    "an ODS that unpacks to 300 MB": lambda: packed(
        {"mimetype": ODS, "content.xml": bytes(300 * 2**20), "META-INF/manifest.xml": MANIFEST}
    ),
    "an XLSX with a cell in the last corner": lambda: xlsx(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    ),
    "an XLSX with a long string in many cells": lambda: xlsx(
        '<row r="1">' + "".join(f'<c r="A{n}" t="s"><v>0</v></c>' for n in range(1, 2000)) + "</row>",
        "<si><t>" + "x" * 1_000_000 + "</t></si>",
    ),
    "an XLSX with cells that do not say their places": lambda: xlsx(
        "<row>" + "<c><v>1</v></c>" * 100_000 + "</row>" + "<row><c><v>1</v></c></row>" * 1000
    ),
    "an ODS that hides a repetition behind a sign": lambda: ods(
        _row([_text("x", ' office:formula="a&gt;b>c" table:number-columns-repeated="16384"')], ' table:number-rows-repeated="1048576"')
    ),
    "a CSV of one line": lambda: b"x," * (30 * 2**20),
    "a CSV of one cell": lambda: b"x" * (60 * 2**20),
    "a CSV of blank lines": lambda: b"\n" * (60 * 2**20),
    "a CSV of quotes": lambda: b'"' * 10_000_000,
    "two kinds of workbook at once": lambda: packed({"content.xml": "<x/>", "xl/workbook.xml": "<x/>"}),
}


def one_line_of_300_mb(folder):
    path = folder / "one_line.csv"
    with path.open("wb") as file:
        for _ in range(300):
            file.write(b"a,b," * (2**18))
    return path


# ---- damage


def damaged(data, rng):
    """A damaged version, and what was done."""
    done = []
    is_zip = data.startswith(b"PK")
    kinds = (
        [cut, change_bytes, shuffle_blocks]
        + ([] if is_zip else [swap, remove, rename, double, recode, mix, *[swap_cells] * 2])
        + [unpack] * is_zip
    )
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        kind = rng.choice(kinds)
        done.append(kind.__name__)
        data = kind(data, rng)
    return data, "+".join(done)


def cut(data, rng):
    return data[: rng.randrange(len(data) + 1)]


def change_bytes(data, rng):
    changed = bytearray(data)
    for _ in range(rng.choice([1, 3, 30, 1000])):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def shuffle_blocks(data, rng):
    at = sorted(rng.randrange(len(data) + 1) for _ in range(3))
    return data[: at[0]] + data[at[1] : at[2]] + data[at[0] : at[1]] + data[at[2] :]


def unpack(data, rng):
    """Damage within a part of a workbook, packed again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, IndexError, zipfile.zlib.error):
        return data
    if not parts:
        return data
    name = rng.choice([name for name in parts if "content" in name or "sheet" in name] or sorted(parts))
    parts[name] = rng.choice([cut, change_bytes, shuffle_blocks])(parts[name], rng)
    return packed(parts)


def _table(data):
    return list(csv.reader(io.StringIO(data.decode("latin-1"), newline=""))) or [[""]]


def _by_table(change):
    def apply(data, rng):
        try:
            rows = _table(data)
        except csv.Error:
            return data
        width = max(map(len, rows))
        rows = [row + [""] * (width - len(row)) for row in rows]
        change(rows, width, rng)
        return as_csv(rows, "latin-1")

    apply.__name__ = change.__name__.lstrip("_")
    return apply


@_by_table
def _swap(rows, width, rng):
    a, b = rng.randrange(width or 1), rng.randrange(width or 1)
    for row in rows if width else []:
        row[a], row[b] = row[b], row[a]


@_by_table
def _remove(rows, width, rng):
    at = rng.randrange(width or 1)
    for row in rows if width else []:
        del row[at]


@_by_table
def _double(rows, width, rng):
    at = rng.randrange(width or 1)
    changed = rng.random() < 0.5
    for row in rows if width else []:
        row.append(row[at] + ("x" if changed and row is rows[-1] else ""))


@_by_table
def _rename(rows, width, rng):
    row = rows[rng.randrange(min(6, len(rows)))]
    if width:
        row[rng.randrange(width)] = rng.choice(["", "URN", "Overall effectiveness", "x", "\x00", "Inspection date", "É" * 50])


@_by_table
def _swap_cells(rows, width, rng):
    words = [
        "1.02E+07",
        "31/02/2020",
        "#N/A",
        "=1+1",
        "-",
        "9",
        "NULL",
        "Not judged",
        "1e999",
        "nan",
        "\ud7ff".encode("latin-1", "replace").decode(),
        "١٢/٠٣/٢٠٢٠"[:2].encode("utf-8").decode("latin-1"),
    ]
    for _ in range(rng.choice([1, 5, 50])):
        if width:
            rows[rng.randrange(len(rows))][rng.randrange(width)] = rng.choice(words)


swap, remove, double, rename, swap_cells = _swap, _remove, _double, _rename, _swap_cells


def recode(data, rng):
    text = data.decode("latin-1")
    return text.encode(rng.choice(["utf-16", "utf-8", "utf-7", "cp037", "utf-32", "utf-8-sig"]), "replace")


def mix(data, rng):
    at = rng.randrange(len(data) + 1)
    return (
        data[:at] + rng.choice([b"\xff\xfe", b"\x81", b'"', b"\r", b"\0", b"\xc3\x28", "é".encode()]) * rng.choice([1, 2, 1000]) + data[at:]
    )


def sound_files():
    files = {"care.csv": small_care(), "schools.csv": small_schools(), "authorities.ods": small_ods()}
    if PUBLISHED.is_dir():
        files |= {path.name: path.read_bytes() for path in sorted(PUBLISHED.iterdir())}
    return files


# ---- reading them, in a process of its own whose memory and time are bounded


def read_all(seed, count):
    """Read damaged files; ends without a word, or with the first that did not give a table or a ReadingError."""
    import resource
    import signal
    import tempfile

    import pandas as pd

    import ofsted_sif as sif

    def outcome(what, data, errors):
        signal.alarm(SECONDS)  # nobody handles it: a hang ends the process
        try:
            table, report = sif.read_inspections(io.BytesIO(data) if isinstance(data, bytes) else data, errors=errors, return_report=True)
            assert isinstance(table, pd.DataFrame), what
            assert report.n_rows == report.n_read + len(report.set_aside), what
            assert len(str(report)) < 100_000, what
            return "table"
        except sif.ReadingError as error:
            return "error" if "cannot be opened" in str(error) else "refused"
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}") from error
        finally:
            signal.alarm(0)

    files = sound_files()
    for name, data in files.items():
        assert outcome(name, data, "raise") == "table", name
    rng = random.Random(seed)
    seen = {"table": 0, "error": 0}
    for number in range(count):
        name = rng.choice(sorted(files))
        data, done = damaged(files[name], rng)
        came = outcome(f"seed {seed}, file {number}: {name}, {done}", data, rng.choice(["raise", "report"]))
        seen["table" if came == "table" else "error"] += 1
    for what, make in HARMFUL.items():
        assert outcome(what, make(), "report") == "refused", what
    outcome("a workbook with formulas and errors", formulas_and_errors(), "report")
    with tempfile.TemporaryDirectory() as folder:
        assert outcome("a CSV of 300 MB with one line", one_line_of_300_mb(Path(folder)), "report") == "refused"
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert most < BYTES, f"{most >> 20} MB"
    print(f"{seen['table']} tables, {seen['error']} errors, {most >> 20} MB")


@pytest.mark.skipif(sys.platform == "win32", reason="memory and time of a process are bounded by POSIX calls")
@pytest.mark.parametrize(("seed", "count"), [(1, 50), pytest.param(2, 1000, marks=pytest.mark.slow)], ids=["fifty", "a thousand"])
def test_damaged_files_give_a_table_or_an_error(seed, count):
    run = subprocess.run([sys.executable, __file__, str(seed), str(count)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    tables, errors = (int(run.stdout.split()[at]) for at in (0, 2))
    assert tables + errors == count
    assert tables > 0 < errors


if __name__ == "__main__":
    read_all(int(sys.argv[1]), int(sys.argv[2]))
