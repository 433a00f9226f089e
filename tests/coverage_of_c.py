"""Which lines and branches of the C code the tests reach: `python -m tests.coverage_of_c`, with gcovr at hand.

Builds a copy with gcov's counters, runs the tests that call C (those of Python, with allocations that fail, and those of the core
alone) and prints a table. Lines marked with a comment of the form "not reached: reason" are left out, and so are the branches of lines
marked "one way: reason"; how many there are is told. Fails where less is reached than LEAST says. With --write the figures go to
tests/records.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from zipfile import ZipFile

from tests.figures import WANTED
from tests.records import write_record

ROOT = Path(__file__).parent.parent
# Per cent of lines and of branches, by folder: what holds now, so that no change may reach less.
LEAST = {"csrc/core": (100, 100), "csrc/python": (100, 100)}
# Of the core, where the processor lacks the widest instructions: loops for them are compiled there, and not run.
LEAST_ELSEWHERE = (85, 75)
TESTS = ["test_counts.py", "test_counts_change.py", "test_counts_trends.py", "test_faults.py", "test_resampling.py", "test_bindings.py"]
NOT_REACHED = r".*/\* not reached: \S.*"
ONE_WAY = r".*/\* one way: \S.*"
# The extension's allocations are calls of functions that gcc does not know. It splits lines into blocks alike where it knows none.
SAME_BLOCKS = "-fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free"


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


def build_in(where: Path, **switches: str) -> None:
    """Build the extension with switches of setup.py, into the copy: by pip, which fetches what the build needs and installs nothing."""
    run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "wheel", "."], where, **switches)
    (wheel,) = (where / "wheel").glob("*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(where)


def measure(where: Path) -> list[dict]:
    """Build and test in a folder; what gcovr says of each file."""
    build_in(where, OFSTED_SIF_COVERAGE="1", OFSTED_SIF_FAULTS="1")
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
            f"CFLAGS=-std=c11 -O0 --coverage -fprofile-update=atomic -fprofile-abs-path {SAME_BLOCKS}",
        ],
        where,
    )
    report = where / "coverage.json"
    command = [sys.executable, "-m", "gcovr", "-r", ".", "--filter", "csrc/core", "--filter", "csrc/python", "--json", str(report)]
    run([*command, "--exclude-lines-by-pattern", NOT_REACHED, "--exclude-branches-by-pattern", ONE_WAY], where)
    return json.loads(report.read_text("utf-8"))["files"]


def numbers(found: list[int]) -> str:
    return ", ".join(map(str, sorted(set(found)))) or "-"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        files = measure(copied(Path(folder).resolve() / "project"))
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    marked: dict[str, int] = defaultdict(int)
    for file in files:
        lines = [line for line in file["lines"] if not line.get("gcovr/excluded")]
        branches = [
            (line["line_number"], branch["count"]) for line in lines for branch in line["branches"] if not branch.get("gcovr/excluded")
        ]
        counts = [sum(line["count"] > 0 for line in lines), len(lines), sum(count > 0 for _, count in branches), len(branches)]
        name = file["file"]
        print(f"{name:36} lines {counts[0]:4} of {counts[1]:4}   branches {counts[2]:4} of {counts[3]:4}")
        if counts[0] < counts[1]:
            print(f"    lines not reached: {numbers([line['line_number'] for line in lines if line['count'] == 0])}")
        if counts[2] < counts[3]:
            print(f"    branches not taken in lines: {numbers([number for number, count in branches if count == 0])}")
        folder = name.rpartition("/")[0]
        marked[folder] += len(re.findall(f"{NOT_REACHED}|{ONE_WAY}", (ROOT / name).read_text("utf-8")))
        folder_total = totals[folder]
        for k, count in enumerate(counts):
            folder_total[k] += count
    failed, figures = False, {}
    least = LEAST if "avx512vl" in Path("/proc/cpuinfo").read_text("utf-8") else LEAST | {"csrc/core": LEAST_ELSEWHERE}
    for name, (least_lines, least_branches) in least.items():
        reached, of, taken, of_branches = totals[name]
        lines, branches = 100 * reached / of, 100 * taken / of_branches
        print(f"{name}: {lines:.1f}% of lines (at least {least_lines}), {branches:.1f}% of branches (at least {least_branches})")
        failed |= lines < least_lines or branches < least_branches
        figures |= {
            f"{name}, lines": f"{reached:,} of {of:,} ({lines:.1f}%)",
            f"{name}, branches": f"{taken:,} of {of_branches:,} ({branches:.1f}%)",
            f"{name}, lines left out": f"{marked[name]}, each marked with the reason why it is not reached, or goes one way",
        }
    if "--write" in sys.argv[1:]:
        write_record("coverage", WANTED["coverage"][0], WANTED["coverage"][1], figures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
