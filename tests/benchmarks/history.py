"""What each chapter of the page has measured so far, and what has become slower: ``python -m tests.benchmarks.history``.

`HISTORY.csv` beside this file has a row for each ratio that a run of ``python -m tests.benchmarks`` printed. Ratios to peers of the same
run are compared, and those of one kind of processor alone: times differ too much from machine to machine and from hour to hour.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd

FILE = Path(__file__).with_name("HISTORY.csv")
WHAT = ["processor", "chapter", "table", "row", "column"]
#: A ratio that fell below so much of what it was before is told, as is one of another way of ours that rose as much; noise of a shared
#: machine makes a tenth.
LOSS = 0.85


def ratios(chapter: str, text: str) -> pd.DataFrame:
    """The ratios of the tables that a benchmark has printed: a peer's time in times of ours.

    Returns
    -------
    DataFrame
        One row per ratio: date, processor, chapter, table (its heading), row (the peer), column (of that table), times_ours (float64).
    """
    told = re.search(r"(\d{4}-\d\d-\d\d), (.*?), \d+ cores", text)
    if told is None:
        raise ValueError(f"the chapter {chapter!r} does not say when and on what it was measured")
    found = []
    for heading, body in re.findall(r"(?ms)^### ([^\n]+)\n(.*?)(?=^### |\Z)", text):
        lines = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in body.splitlines() if line.startswith("|")]
        if not lines:
            continue
        header, _, *rows = lines
        # Ratios belong to the first column after those before: it names what was measured, of what size.
        places = [place for place, name in enumerate(header) if name == "times ours"]
        measured = [header[begin] for begin in (1, *(place + 1 for place in places[:-1]))]
        for name, *cells in rows:
            for place, column in zip(places, measured, strict=False):
                found.append((*told.groups(), chapter, heading, name, column, float(cells[place - 1].replace(",", ""))))
    return pd.DataFrame(found, columns=["date", *WHAT, "times_ours"])


def remember(chapter: str, text: str) -> None:
    """Add what a benchmark has printed to the file."""
    found = ratios(chapter, text)
    found.to_csv(FILE, mode="a", header=not FILE.exists(), index=False)


def losses(history: pd.DataFrame) -> pd.DataFrame:
    """The ratios of peers of which the last is below `LOSS` of the median of those before, and those of ours that are as far above.

    Returns
    -------
    DataFrame
        One row per ratio: processor, chapter, table, row, column, before (the median), now, n_before (how many there were).
    """
    told = history.groupby(WHAT, sort=False)["times_ours"].agg(
        before=lambda ratios: ratios.iloc[:-1].median(), now="last", n_before=lambda ratios: len(ratios) - 1
    )
    is_ours = told.index.get_level_values("row").str.startswith("ofsted_sif")
    slower = np.where(is_ours, told["now"] * LOSS > told["before"], told["now"] < told["before"] * LOSS)
    return told[slower].reset_index()


if __name__ == "__main__":
    slower = losses(pd.read_csv(FILE))
    print(slower.to_string(index=False) if len(slower) else "no ratio has fallen")
    sys.exit(len(slower) > 0)
