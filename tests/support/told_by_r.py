"""What R says: kept in a table beside each script of tests/r, and with `-m slow` asked of R again."""

import csv
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

import ofsted_sif

FOLDER = Path(__file__).parents[1] / "r"
INSPECTIONS = Path(ofsted_sif.__file__).parent / "data" / "inspections.csv"  # what the scripts read


def by_case_and_group(lines):
    """The values of a table of R by case, then by group, then by name."""
    found = defaultdict(lambda: defaultdict(dict))
    for row in csv.DictReader(lines):
        found[row["case"]][row["group"]][row["name"]] = float(row["value"])
    return {case: dict(groups) for case, groups in found.items()}


def kept(script):
    return by_case_and_group((FOLDER / f"{script}.csv").read_text(encoding="utf-8").splitlines())


def asked_again(script):
    """What R says now; it must be what was kept."""
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    with INSPECTIONS.open("rb") as file:
        said = subprocess.run(["Rscript", FOLDER / f"{script}.R"], stdin=file, capture_output=True, text=True, check=True).stdout
    now, then = by_case_and_group(said.splitlines()), kept(script)
    assert {case: list(groups) for case, groups in now.items()} == {case: list(groups) for case, groups in then.items()}
    for case, groups in then.items():
        for group, values in groups.items():
            assert now[case][group] == pytest.approx(values, rel=1e-11), (case, group)
    return now
