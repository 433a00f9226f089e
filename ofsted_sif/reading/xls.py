"""Workbooks of Excel 97, read in a process of their own.

Such a file can say in a few bytes that its last cell stands in the last corner; the library that reads it then asks for more memory than
there is, and the system ends the process that asked. So that this is another one than the caller's, a second Python runs one script of
this package, `xls_process.py`, without any other module of the environment being loaded, and hands the cells back as JSON.
"""

from __future__ import annotations

import datetime
import io
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from ofsted_sif.reading import xls_process
from ofsted_sif.reading.report import ReadingError

SECONDS = 60  # 65,536 rows of 60 columns, all that such a sheet holds of Ofsted's widest file, take less than 10
MOST_WRITTEN = 128 * 2**20  # bytes of JSON
INSTEAD = "open it in a spreadsheet program, and save it as XLSX or CSV"

_KINDS: dict[str, Callable[[Any], Any]] = {
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timedelta": lambda parts: datetime.timedelta(*parts),
}


def read_xls(data: bytes, file: str, most_cells: int) -> dict[str | None, list[list[Any]]]:
    """The rows of each sheet of a workbook, of typed cells."""
    lines = io.TextIOWrapper(io.BytesIO(_written(data, file, most_cells)), "utf-8", newline="\n")
    decode = json.JSONDecoder(object_hook=_cell).decode
    return {name: [decode(lines.readline()) for _ in range(n_rows)] for name, n_rows in decode(lines.readline())}


def _cell(said: dict[str, Any]) -> Any:
    [(kind, value)] = said.items()
    return _KINDS[kind](value)


def command(most_cells: int) -> list[str]:
    """The one command that is run: this Python, apart from what the user and the environment set (-I), without .pth files (-S)."""
    import python_calamine

    library = python_calamine.__path__[0]
    folder = library[: -len(python_calamine.__name__) - 1]
    return [sys.executable, "-I", "-S", "-B", xls_process.__file__, folder, str(most_cells), str(MOST_WRITTEN)]


def _written(data: bytes, file: str, most_cells: int) -> bytes:
    """What the other process writes; an error that says what became of it where it does not end well."""
    try:
        done = subprocess.run(
            command(most_cells),
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows alone
        )
    except subprocess.TimeoutExpired:
        raise ReadingError(f"this workbook in XLS could not be read within {SECONDS} seconds; {INSTEAD}", file=file) from None
    except OSError as error:
        raise ReadingError(
            f"a workbook in XLS is read in a second process, which could not be started ({error}); {INSTEAD}", file=file
        ) from None
    if done.returncode == 0:
        return done.stdout
    if done.returncode == 1:
        why = (done.stderr.decode(errors="replace").strip().splitlines() or ["it cannot be read"])[-1]
        raise ReadingError(f"this workbook in XLS was not read: {why[:300]}; {INSTEAD}", file=file)
    raise ReadingError(
        "reading this workbook in XLS took more memory than one needs, or ended the process that read it "
        f"(status {done.returncode}): it is damaged, has a cell far from all others, or is made to do harm; {INSTEAD}",
        file=file,
    )
