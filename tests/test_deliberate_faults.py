"""The table of deliberate faults fits the source, and (slow) every fault turns a test red."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.deliberate_faults import ROOT, faults, misplaced

# These hold no rule that could be broken, nor do the *_loops.c, which include a *_loops.h for each processor.
NO_KERNEL = {"cpu.c", "large_memory.c"}


def test_every_fault_applies_exactly_once():
    assert misplaced(faults(), ROOT / "csrc" / "core") == []


def test_every_kernel_has_faults():
    number = Counter(fault.file for fault in faults())
    kernels = {path.name for path in Path(ROOT, "csrc", "core").glob("*.c") if not path.stem.endswith("_loops")} - NO_KERNEL
    assert {name for name in kernels if number[name] < 2} == set()
    assert number.total() >= 30


@pytest.mark.slow
def test_every_fault_turns_a_test_red():
    ran = subprocess.run([sys.executable, "-m", "tests.deliberate_faults"], cwd=ROOT, capture_output=True, text=True)
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
