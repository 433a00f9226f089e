"""Which lines and branches of the C code the tests reach: `python -m tests.coverage_of_c`, with gcovr and setuptools at hand.

Builds a copy with gcov's counters, runs the tests that call C (those of Python, with allocations that fail, and those of the core
alone) and prints a table. Lines marked with a comment of the form "not reached: reason" are left out. Fails where less is reached
than LEAST says. With --write the figures go to tests/records.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.figures import WANTED
from tests.records import write_record

ROOT = Path(__file__).parent.parent
# Per cent of lines and of branches, by folder: what holds now, so that no change may reach less.
LEAST = {"csrc/core": (95, 88), "csrc/python": (95, 82)}
TESTS = ["test_counts.py", "test_counts_change.py", "test_counts_trends.py", "test_faults.py", "test_resampling.py"]
NOT_REACHED = r".*/\* not reached: \S.*"


def run(command: list[str], where: Path, **environment: str) -> None:
    print("$", " ".join(command), *(f"{name}={value}" for name, value in environment.items()), flush=True)
    subprocess.run(command, cwd=where, env={**os.environ, **environment}, check=True)


def copied(where: Path) -> Path:
    """A copy of the tracked files, to build in."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, where / name)
    return where


def measure(where: Path) -> list[dict]:
    """Build and test in a folder; what gcovr says of each file."""
    run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], where, OFSTED_SIF_COVERAGE="1", OFSTED_SIF_FAULTS="1")
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run([*pytest, *(f"tests/{test}" for test in TESTS)], where, PYTHONPATH=str(where))  # of processes that tests start, too
    run(
        [
            "make",
            "-s",
            "-C",
            "tests/c",
            "check",
            f"BUILD={where / 'build-c'}",
            "CFLAGS=-std=c11 -O0 --coverage -fprofile-update=atomic -fprofile-abs-path",
        ],
        where,
    )
    report = where / "coverage.json"
    command = [sys.executable, "-m", "gcovr", "-r", ".", "--filter", "csrc/core", "--filter", "csrc/python", "--json", str(report)]
    run([*command, "--exclude-lines-by-pattern", NOT_REACHED], where)
    return json.loads(report.read_text("utf-8"))["files"]


def numbers(found: list[int]) -> str:
    return ", ".join(map(str, sorted(set(found)))) or "-"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        files = measure(copied(Path(folder).resolve() / "project"))
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for file in files:
        lines = [line for line in file["lines"] if not line.get("gcovr/excluded")]
        branches = [(line["line_number"], branch["count"]) for line in lines for branch in line["branches"]]
        counts = [sum(line["count"] > 0 for line in lines), len(lines), sum(count > 0 for _, count in branches), len(branches)]
        name = file["file"]
        print(f"{name:36} lines {counts[0]:4} of {counts[1]:4}   branches {counts[2]:4} of {counts[3]:4}")
        if counts[0] < counts[1]:
            print(f"    lines not reached: {numbers([line['line_number'] for line in lines if line['count'] == 0])}")
        if counts[2] < counts[3]:
            print(f"    branches not taken in lines: {numbers([number for number, count in branches if count == 0])}")
        folder_total = totals[name.rpartition("/")[0]]
        for k, count in enumerate(counts):
            folder_total[k] += count
    failed, figures = False, {}
    for name, (least_lines, least_branches) in LEAST.items():
        reached, of, taken, of_branches = totals[name]
        lines, branches = 100 * reached / of, 100 * taken / of_branches
        print(f"{name}: {lines:.1f}% of lines (at least {least_lines}), {branches:.1f}% of branches (at least {least_branches})")
        failed |= lines < least_lines or branches < least_branches
        figures |= {
            f"{name}, lines": f"{reached:,} of {of:,} ({lines:.1f}%)",
            f"{name}, branches": f"{taken:,} of {of_branches:,} ({branches:.1f}%)",
        }
    if "--write" in sys.argv[1:]:
        write_record("coverage", WANTED["coverage"][0], WANTED["coverage"][1], figures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
