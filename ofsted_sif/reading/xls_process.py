"""The process in which an XLS is read: a workbook comes in by stdin, its cells go out by stdout, as JSON. Nothing else is opened.

Run as a script, with nothing of the package loaded: ``xls_process.py FOLDER MOST_CELLS MOST_WRITTEN``, the first where python_calamine
is installed. The first line that is written lists the sheets and their numbers of rows; a line for each row follows. What JSON does not
know is an object that names its kind. A refusal is the last line of stderr, and status 1; status 3 is a lack of memory.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import sys
from pathlib import Path
from typing import Any

MEMORY = 2**30  # beyond that of the process as it starts; 10 million cells need some 0.7 GiB
NO_MEMORY = 3


def limit(name: str, most: int) -> None:
    """Lower a limit of this process for good, where the system has such limits."""
    with contextlib.suppress(ImportError, AttributeError, ValueError, OSError):
        import resource

        number = getattr(resource, name)
        _, hard = resource.getrlimit(number)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (most, most))


def confine() -> None:
    """Let this process open nothing, start nothing, write no file, and take no more memory than an honest workbook needs."""
    limit("RLIMIT_CORE", 0)
    limit("RLIMIT_FSIZE", 0)
    limit("RLIMIT_NPROC", 0)
    with contextlib.suppress(ImportError, OSError):
        import resource

        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit("RLIMIT_AS", now + MEMORY)
    limit("RLIMIT_NOFILE", 0)


def typed(cell: Any) -> dict[str, Any]:
    """A cell that JSON does not know, as an object that names its kind."""
    if isinstance(cell, datetime.timedelta):
        return {"timedelta": [cell.days, cell.seconds, cell.microseconds]}
    return {type(cell).__name__: cell.isoformat()}


def write_cells(data: bytes, most_cells: int, most_written: int) -> None:
    """Write the cells of all sheets of a workbook, each as wide as its last cell says."""
    import python_calamine

    book = python_calamine.load_workbook(io.BytesIO(data))
    # Not charts or macros.
    sheets = [(meta.name, book.get_sheet_by_name(meta.name)) for meta in book.sheets_metadata if "Work" in str(meta.typ)]
    ends = [sheet.end or (-1, -1) for _, sheet in sheets]
    if sum((row + 1) * (column + 1) for row, column in ends) > most_cells:
        sys.exit(f"more than {most_cells:,} cells")
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=typed).encode
    left = most_written

    def write(value: Any) -> None:
        nonlocal left
        line = encode(value).encode() + b"\n"
        left -= len(line)
        if left < 0:
            sys.exit(f"more than {most_written >> 20} MB of text")
        sys.stdout.buffer.write(line)

    write([(name, row + 1) for (name, _), (row, _) in zip(sheets, ends, strict=True)])
    for _, sheet in sheets:
        for row in sheet.to_python(skip_empty_area=False):
            write(row)
    sys.stdout.buffer.flush()


def main(folder: str, most_cells: int, most_written: int) -> None:
    """Confine this process, then read."""
    sys.path.append(folder)
    import python_calamine  # noqa: F401  # while files can be opened

    confine()
    try:
        write_cells(sys.stdin.buffer.read(), most_cells, most_written)
    except MemoryError:
        sys.exit(NO_MEMORY)
    except Exception as error:
        sys.exit(f"it is damaged, protected by a password, or no workbook ({error})")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
