"""What SECURITY.md promises of files from strangers, one test per promise.

Run as a script, this reads what it is told to in a process of its own: ``python tests/test_security.py PROMISE FOLDER``.
"""

import io
import json
import os
import pickle
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import ofsted_sif as sif
from ofsted_sif.reading import xls
from ofsted_sif.reading.files import MOST_CELLS
from tests.test_reading_damaged import MANIFEST, ODS, as_csv, ods, packed, small_care, small_ods, xlsx
from tests.test_reading_xls import as_xls, last_corner, xlwt

SECRET = "the-content-of-another-file"
MEMORY = 2 * 2**30  # address space beyond that of a process which has read sound files
SECONDS = 60  # of processor for all files together

XLS_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEADER = [
    "Local authority name",
    "Inspection date",
    "Overall effectiveness",
    "Experiences and progress of children who need help and protection",
]


# ---- files that would do something


class Payload:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def small_xlsx(name: str = "Leeds", before: str = "", formula: str = "") -> bytes:
    """A sheet in a layout that is known, by strings in its cells."""
    texts = [HEADER, [name, "21/02/2022", "Good", "Good"]]
    rows = [
        "".join(f'<c r="{"ABCD"[at]}{number}" t="str">{formula}<v>{text}</v></c>' for at, text in enumerate(row))
        for number, row in enumerate(texts, start=1)
    ]
    cells = "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(rows, start=1))
    return repacked(xlsx(cells), "xl/worksheets/sheet1.xml", lambda part: before + part)


def small_xls(*more) -> bytes:
    return as_xls({"Inspections": [HEADER, ["Leeds", "21/02/2022", "Good", "Good", *more]]})


def repacked(data: bytes, name: str, change, **more: str) -> bytes:
    """A workbook with one part changed, and further ones."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {entry: archive.read(entry).decode() for entry in archive.namelist()}
    return packed(parts | {name: change(parts[name])} | more)


def entity(secret: Path) -> str:
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY secret SYSTEM "file://{secret}">]>'


def laughs(n: int = 9) -> str:
    nested = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, n + 1))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "laugh">{nested}]>'


def scheming(folder: Path) -> dict[str, bytes]:
    """Files that ask for code to be run, for other files or for the network; `folder` holds a secret and nothing else."""
    secret, target = folder / "secret", folder / "made"
    links = "<externalReferences><externalReference r:id='rId9'/></externalReferences>"
    relation = "<Relationships><Relationship Id='rId9' TargetMode='External' Target='{}'/></Relationships>"
    outside = "../" * 20 + str(target).lstrip("/")
    traversing = io.BytesIO(small_ods())
    with zipfile.ZipFile(traversing, "a") as archive:
        archive.writestr(outside, "x")
        archive.writestr(str(target), "x")
    return {
        "a pickle.csv": pickle.dumps(Payload(str(target))),
        "a pickle.xlsx": pickle.dumps(Payload(str(target)), protocol=0),
        "formulas.csv": as_csv([HEADER, [f"=cmd|'/C mkdir {target}'!A0", "21/02/2022", "Good", "Good"]]),
        "a formula that fetches.xlsx": small_xlsx(formula="<f>WEBSERVICE(&quot;http://127.0.0.1:9/&quot;)</f>"),
        "links to a file.xlsx": repacked(
            small_xlsx(formula=f"<f>[1]Sheet!A1</f><f>'file://{secret}'#A1</f>"),
            "xl/workbook.xml",
            lambda part: part.replace("</workbook>", f"{links}</workbook>"),
            **{"xl/externalLinks/_rels/externalLink1.xml.rels": relation.format(f"file://{secret}")},
        ),
        "an entity that is a file.xlsx": small_xlsx("Leeds &secret;", entity(secret)),
        "an entity that is a file.ods": repacked(
            small_ods(), "content.xml", lambda part: part.replace('<?xml version="1.0"?>', entity(secret)).replace("Leeds", "&secret;")
        ),
        "parts that would be written elsewhere.ods": traversing.getvalue(),
        "formulas that fetch.xls": small_xls(
            xlwt.Formula(f'HYPERLINK("file://{secret}")'), xlwt.Formula('HYPERLINK("http://127.0.0.1:9/")')
        ),
        "a pickle behind the mark of an XLS.xls": XLS_MARK + pickle.dumps(Payload(str(target))),
    }


def lzma_of_4_gib() -> bytes:
    """A part whose packing asks for a dictionary of 4 GiB."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("mimetype", ODS)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", "<x/>" * 1000)
    return data.getvalue().replace(b"\x5d\x00\x00\x80\x00", b"\x5d\xff\xff\xff\xff")


def lying(data: bytes) -> bytes:
    """A workbook whose directory says that each part unpacks to 10 bytes."""
    changed = bytearray(data)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        changed[at + 24 : at + 28] = (10).to_bytes(4, "little")
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


SHARED_STRING = "<si><t>" + "x" * 1_000_000 + "</t></si>"
# Files that would take memory or time without bound; those of HARMFUL in tests/test_reading_damaged.py are held to less, there.
GREEDY = {
    "a tag without an end, a million times a shared string": lambda: xlsx('<row r="1"><c r="A1" ' + 't="s" ' * 1_000_000),
    "shared strings behind a sign in an attribute": lambda: xlsx(
        '<row r="1">' + "".join(f'<c r="A{n}" t="s" x=">"><v>0</v></c>' for n in range(1, 3000)) + "</row>", SHARED_STRING
    ),
    "shared strings behind a comment": lambda: xlsx(
        '<row r="1">' + "".join(f'<c r="A{n}" t="s"><!-- --><v>0</v></c>' for n in range(1, 3000)) + "</row>", SHARED_STRING
    ),
    "a workbook of Excel 97 that is empty": lambda: XLS_MARK + bytes(4096),
    "a workbook of Excel 97 with a cell in a corner that does not exist": last_corner,
    "a part that asks for 4 GiB to be unpacked": lzma_of_4_gib,
    "a part that unpacks to more than it says": lambda: lying(packed({"mimetype": ODS, "content.xml": bytes(2**28)})),
    "a billion laughs in an ODS": lambda: repacked(
        small_ods(), "content.xml", lambda part: part.replace('<?xml version="1.0"?>', laughs()).replace("Leeds", "&l9;")
    ),
    "a billion laughs in an XLSX": lambda: small_xlsx("Leeds &l9;", laughs()),
    "an ODS with a cell repeated a billion times": lambda: ods(
        '<table:table-row><table:table-cell office:value-type="string" table:number-columns-repeated="999999999">'
        "<text:p>x</text:p></table:table-cell></table:table-row>"
    ),
    "elements within a million elements": lambda: ods("<table:table-row>" * 1_000_000),
    "an XLSX that says it reaches to the last corner": lambda: repacked(
        small_xlsx(), "xl/worksheets/sheet1.xml", lambda part: part.replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    ),
}
MAY_BE_READ = {"a billion laughs in an ODS", "a billion laughs in an XLSX", "an XLSX that says it reaches to the last corner"}


# ---- a process that reads them


def outcome(source) -> str:
    """The text of the table and its report, or of the error: whatever a file could have brought in."""
    try:
        table, report = sif.read_inspections(source, errors="report", return_report=True)
        return table.to_string() + str(report) + str(report.set_aside) + str(report.not_understood)
    except sif.ReadingError as error:
        return f"refused: {error}"


def load_all() -> None:
    """Have everything loaded that is loaded when it is first needed: by sound files, a value not understood, and damage."""
    not_understood = as_csv([HEADER, ["Leeds", "31/02/2022", "Splendid", "Good"]])
    for sound in (small_care(), small_ods(), small_xlsx(), small_xls(), not_understood):
        assert not outcome(io.BytesIO(sound)).startswith("refused")
    for damaged in (b"\x80", b"PK", XLS_MARK, small_xlsx()[:-9], repacked(small_ods(), "content.xml", lambda part: part[:-9])):
        outcome(io.BytesIO(damaged))


def watched(folder: Path) -> None:
    """Read each file; print what Python was asked to do meanwhile: each event that opens, runs, imports, connects or changes."""
    harmless = {"builtins.id", "object.__getattr__", "object.__setattr__", "sys._getframe", "code.__new__"}
    events: list[tuple[str, str]] | None = None

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if events is not None and event not in harmless:
            events.append((event, " ".join(map(str, arguments[:2]))[:2000]))

    load_all()
    sys.addaudithook(hook)
    seen = {}
    for path in sorted(folder.iterdir()):
        events = []
        said = outcome(path)
        found, events = events, None
        seen[path.name] = {"events": found, "said": said}
    print(json.dumps(seen))


def without_descriptors(folder: Path) -> None:
    """Read each file from memory, in a process that can open no file and no connection, whatever language asks for it."""
    import resource

    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    load_all()
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    with pytest.raises(OSError, match="Too many open files"):
        os.open(folder, os.O_RDONLY)
    print(json.dumps({name: outcome(io.BytesIO(data)) for name, data in files.items()}))


def bounded() -> None:
    """Read each greedy file; memory and processor time are bounded by the system, which ends the process beyond."""
    import resource

    files = {name: make() for name, make in GREEDY.items()}
    load_all()
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
    spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent) + SECONDS, int(spent) + SECONDS))
    print(json.dumps({name: outcome(io.BytesIO(data))[:300] for name, data in files.items()}))


def told(promise: str, folder: Path) -> dict:
    run = subprocess.run([sys.executable, "-m", "tests.test_security", promise, str(folder)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"the process ended with {run.returncode}\n{run.stderr[-3000:]}"
    return json.loads(run.stdout)


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A folder of files from strangers, beside one that holds what they are after."""
    beside, folder = tmp_path / "beside", tmp_path / "files"
    beside.mkdir()
    folder.mkdir()
    (beside / "secret").write_text(SECRET)
    for name, data in scheming(beside).items():
        (folder / name).write_bytes(data)
    return folder


def test_no_code_is_run_no_other_file_opened_and_nothing_sent(strange: Path) -> None:
    beside = strange.parent / "beside"
    seen = told("watched", strange)
    assert set(seen) == set(scheming(beside))
    for name, found in seen.items():
        opened, *others = found["events"]
        assert opened[0] == "open", (name, opened)
        assert opened[1].startswith(f"{strange / name} r"), name
        # Of all files an XLS alone is read by another process: this Python, and the one script of the package that does so.
        second = []
        if name.endswith(".xls"):
            pipes = [event for event in others if event[0] == "open" and re.fullmatch(r"\d+ [rw]b?", event[1])]  # by number: open already
            assert len(pipes) <= 3, name
            started = f"{sys.executable} {xls.command(MOST_CELLS)}"
            # How subprocess does it, since Python 3.13: that very command again, and a moment's sleep.
            own = [["os.posix_spawn", started], ["time.sleep", "0.001"]]
            others = [event for event in others if event not in pipes and event not in own]
            second = [["subprocess.Popen", started]]
        assert others == second, (name, others)
        assert SECRET not in found["said"], name
    assert [path.name for path in beside.iterdir()] == ["secret"]
    assert (beside / "secret").read_text() == SECRET


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are set by POSIX calls")
def test_nothing_is_opened_behind_pythons_back(strange: Path) -> None:
    """Workbooks are read by compiled code, which no hook of Python sees: where nothing can be opened, it says the same."""
    without = told("without_descriptors", strange)
    assert set(without) == set(scheming(strange.parent / "beside"))
    assert sum(name.endswith(".xls") for name in without) == 2
    for name, said in without.items():
        if name.endswith(".xls"):  # no process can be started here; that the second one opens nothing is held by test_reading_xls.py
            assert said.startswith("refused: an open file: a workbook in XLS is read in a second process, which could not be started"), name
            continue
        assert said == outcome(io.BytesIO((strange / name).read_bytes())), name
    assert sum(not said.startswith("refused") for said in without.values()) >= 4  # they are read, not only refused


def test_what_would_be_a_formula_stays_text(strange: Path) -> None:
    table = sif.read_inspections(strange / "formulas.csv", errors="report")
    assert SECRET not in table.to_string()
    assert not (strange.parent / "beside" / "made").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the address space of a process is bounded so on Linux alone")
def test_memory_and_time_are_bounded(tmp_path: Path) -> None:
    said = told("bounded", tmp_path)
    assert set(said) == set(GREEDY)
    read = {name for name, text in said.items() if not text.startswith("refused")}
    assert read <= MAY_BE_READ


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "./local_authorities", "no such layout"])
def test_a_layout_of_ones_own_opens_no_other_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text(f'name = "{SECRET}"')
    own = tmp_path / "own.toml"
    own.write_text(f'like = "{os.path.relpath(tmp_path, Path(sif.__file__).parent)}/secret"' if name == "../secret" else f'like = "{name}"')
    with pytest.raises(sif.ReadingError, match="is none of area_send_2016, ") as caught:
        sif.read_inspections(io.BytesIO(small_care()), layout=own)
    assert SECRET not in str(caught.value)


def test_a_csv_of_the_command_line_holds_no_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ofsted_sif.cli import main

    table = sif.load_inspections().head(40)
    table["region"] = (["=cmd|'/C calc'!A0", "+1", "@SUM(A1)", "-2+3", "North-West"] * 8)[: len(table)]
    table.to_csv(tmp_path / "table.csv", index=False)
    assert main(["aggregate", "--every-inspection", "--by", "region", "--format", "csv", str(tmp_path / "table.csv")]) == 0
    labels = [line.split(",")[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert labels == ["'+1", "'-2+3", "'=cmd|'/C calc'!A0", "'@SUM(A1)", "North-West"]


if __name__ == "__main__":
    promises = {"watched": watched, "without_descriptors": without_descriptors, "bounded": lambda _: bounded()}
    promises[sys.argv[1]](Path(sys.argv[2]))
