"""How large a file, and what it unpacks to, may be: within these bounds a reading needs less than 1 GiB."""

from __future__ import annotations

from ofsted_sif.reading.report import ReadingError

# Ofsted's largest file has some 71,000 rows and 19 MB.
MOST_BYTES = 64 * 2**20  # of a file
MOST_UNPACKED = 256 * 2**20  # of a workbook's parts together
MOST_CELLS = 10_000_000
MOST_ROWS = 1_048_576  # a spreadsheet has no more
MOST_LINE = 1_000_000  # characters between two line ends
MOST_TEXT = 256 * 2**20  # characters of all cells together, once repeats are written out


def too_many(file: str) -> ReadingError:
    """The error about a workbook of more cells than that."""
    return ReadingError(f"the workbook's sheets expand to more than {MOST_CELLS:,} cells; no file that Ofsted publishes does", file=file)
