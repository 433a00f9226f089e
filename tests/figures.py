"""Sets what was measured in tests/README.md: `python3 -m tests.figures`. With --check it only says whether that page is up to date."""

import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.records import FIELDS, FOLDER, read_record

PAGE = Path(__file__).with_name("README.md")
FUZZING = Path(__file__).with_name("c") / "fuzz" / "RUNS.toml"

# What is to stand on the page, measured or not: the record's name, its title, and the command that would write it.
WANTED = {
    "fuzzing": ("Fuzz executions", "see tests/c/fuzz"),
    "deliberate_faults": ("Deliberate faults in the C core", "python3 -m tests.deliberate_faults"),
    "faults": ("Allocations that fail, and other faults from outside", "python3 -m tests.faults"),
    "coverage": ("Coverage of the C code", "python3 -m tests.coverage_of_c --write"),
    "matrix": ("Cases of the matrix", "python3 -m tests.matrix"),
    "versions": ("Pythons and libraries passed", "nox -f .ci/noxfile.py"),
    "mutants": ("Mutants killed", "python3 -m tests.mutants"),
}

HEAD = """# What the tests have been through

Written by `python3 -m tests.figures` from the records in tests/records, each of which the command named beside it writes (their form:
tests/records/\\_\\_init\\_\\_.py). How to run the tests stands in CONTRIBUTING.md.
"""


def flat(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Tables within tables as one: the names joined."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= flat(value, f"{before}{name}: ") if isinstance(value, dict) else {f"{before}{name}": value}
    return found


def section(name: str, title: str, command: str, record: dict[str, Any] | None) -> str:
    if record is None:
        return f"## {title}\n\nNot yet measured (`{command}`).\n"
    if lacking := FIELDS - record.keys():
        raise SystemExit(f"tests/records/{name}.toml lacks {', '.join(sorted(lacking))}")
    rows = [
        f"| {what} | {figure:,} |" if isinstance(figure, int) else f"| {what} | {figure} |"
        for what, figure in flat(record["figures"]).items()
    ]
    said = f"{record['date']}, {record['machine']}: `{record['command']}`"
    return "\n".join([f"## {record['title']}", "", said, "", "| what | figure |", "| --- | ---: |", *rows]) + "\n"


def fuzzed(runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The record of the fuzzers' own file, which has a table a target."""
    return {
        "title": WANTED["fuzzing"][0],
        "date": max(run["date"] for run in runs.values()),
        "command": "make -C tests/c fuzz-runs",
        "machine": "the last long run of each target, under sanitizers",
        "figures": {target: run["executions"] for target, run in runs.items()},
    }


def page() -> str:
    records = {name: read_record(name) for name in {**WANTED, **dict.fromkeys(sorted(path.stem for path in FOLDER.glob("*.toml")))}}
    if records["fuzzing"] is None and FUZZING.exists():
        records["fuzzing"] = fuzzed(tomllib.loads(FUZZING.read_text(encoding="utf-8")))
    return "\n".join([HEAD, *(section(name, *WANTED.get(name, (name, "")), record) for name, record in records.items())])


def main() -> None:
    text = page()
    if "--check" in sys.argv[1:]:
        raise SystemExit(0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text else "tests/README.md is not what the records say")
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
