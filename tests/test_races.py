"""Arrays that are written to while a kernel reads them cost numbers and no memory."""

import signal
import subprocess
import sys

import numpy as np
import pytest

from ofsted_sif import _core
from tests.support import calls


def end_well(kernels, by, seconds):
    """Race each kernel for so long, all in one process, whose start takes as long as a race."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.races", ",".join(kernels), by, str(seconds)], capture_output=True, text=True, timeout=600, check=False
    )
    told = [line.split()[0] for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{told[-1:]} ended by {done.returncode}: {done.stderr[-2000:]}"
    assert set(told) == set(kernels)


def test_arrays_that_another_thread_refills_cost_numbers_and_no_memory():
    end_well(calls.KINDS, "thread", 0.2)


@pytest.mark.slow
@pytest.mark.parametrize("kernel", calls.KINDS)
def test_a_long_race_costs_no_memory_either(kernel):
    end_well([kernel], "thread", 20)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers that send signals")
def test_arrays_that_a_signals_handler_refills_cost_numbers_and_no_memory():
    end_well(["order_records", "count_as_at", "count_transitions", "encode_text", "encode_objects"], "signal", 0.3)


def test_an_output_that_shares_memory_is_refused():
    codes, days = np.arange(8), np.arange(8)
    with pytest.raises(ValueError, match="order shares memory with provider; what is written to needs memory of its own"):
        _core.order_records(codes, 8, days, None, None, None, None, codes)
    with pytest.raises(ValueError, match="order shares memory with inspected"):
        _core.order_records(codes, 8, days, None, None, None, None, days)


def test_outputs_that_share_memory_with_one_another_are_refused():
    out = np.zeros(9)
    with pytest.raises(ValueError, match="above shares memory with at"):
        _core.kendall_exact(np.full(4, 3), np.ones(4, np.int64), out[:4], out[3:7])


def test_an_output_beside_its_input_is_taken():
    both = np.zeros(16, np.int64)
    both[:8] = np.arange(8)[::-1]
    _core.order_records(both[:8], 8, np.arange(8), None, None, None, None, both[8:])
    assert both[8:].tolist() == list(range(8))[::-1]


@pytest.mark.parametrize("out", ["cells", "changes"])
def test_an_output_that_shares_memory_with_the_grid_is_refused(out):
    n, grid = 3, np.arange(6)
    outs = {"cells": np.zeros(6, np.int64), "changes": np.zeros(6, np.int64)} | {out: grid}
    codes = np.zeros(n, np.int8)
    with pytest.raises(ValueError, match=f"{out} shares memory with dates"):
        _core.changes_as_at(
            codes,
            1,
            np.arange(n),
            None,
            None,
            None,
            None,
            None,
            None,
            0,
            codes,
            1,
            None,
            grid,
            np.arange(6),
            outs["cells"],
            outs["changes"],
        )
