"""Run every benchmark and write the page of their tables beside this file: ``python -m tests.benchmarks``; some names: only these chapters.

`history` keeps what was measured and tells what has become slower. Each benchmark has a process of its own, one
after the other. A page takes about half an hour and 20 GB of memory at most.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.benchmarks import history

PAGE = Path(__file__).with_name("README.md")
CHAPTERS = {
    "road": "From a table of text, beside every peer",
    "memory": "Memory beside a table of text",
    "every_size": "Every question at three sizes, beside every peer",
    "counting": "Counting 50 million rows",
    "growth": "How cost grows with rows, groups, dates and threads",
    "small_calls": "The bundled table",
    "frames": "polars and Arrow",
    "as_at": "The as-at grid",
    "transitions": "Transitions and spells",
    "trends": "Trends and the bootstrap",
    "scan": "Files larger than memory",
    "clusters": "Clusters",
    "reading": "Reading published files",
}
HEAD = """# How fast, beside whom

Written by `python -m tests.benchmarks`. "Times ours" says how many times longer a peer takes for the same answer: **below 1 we lose**,
and such rows are bold. Times are medians of five runs or more, the peers in turn in one process; the machine is shared and noisy, so ratios
mean more than times. MB is by how much the process grew at most. The
calibration of the statistics stands in [CALIBRATION.md](CALIBRATION.md), of trends where providers repeat in
[CALIBRATION_TREND.md](CALIBRATION_TREND.md), and of change in [CALIBRATION_CHANGE.md](CALIBRATION_CHANGE.md).
"""


def run(name: str) -> str:
    """The tables that a benchmark prints."""
    done = subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


PEERS = "numpy|pandas|polars|DuckDB|pyarrow|numba|scipy|pymannkendall|lifelines|statsmodels|boost-histogram|loop of|group_by of"


def losses_in_bold(table: str) -> str:
    """Rows of a peer with a ratio below 1, two decimals after a bar, in bold by their first cell."""
    return re.sub(rf"(?m)^\| ((?:{PEERS})[^|*\n]*) \|(?=.* \| 0\.\d\d \|)", r"| **\1** |", table)


def chapter(name: str) -> str:
    """Run a benchmark."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    printed = run(name)
    history.remember(name, printed)
    return f"## {CHAPTERS[name]}\n\n`python -m tests.benchmarks.{name}`: {losses_in_bold(printed)}\n"


def main(names: list[str]) -> None:
    """Write the page, or some of its chapters anew: each says when it was measured, and on what."""
    written = dict(re.findall(r"(?ms)^(## [^\n]+)\n(.*?\n)(?=\n## |\Z)", PAGE.read_text())) if names and PAGE.exists() else {}
    chapters = []
    for name, title in CHAPTERS.items():
        if not names or name in names:
            chapters.append(chapter(name))
        elif f"## {title}" in written:
            chapters.append(f"## {title}\n{written[f'## {title}']}")
    PAGE.write_text("\n".join([HEAD, *chapters]))


if __name__ == "__main__":
    main(sys.argv[1:])
