"""What of the machine a process may use: the limits of containers, and threads that cannot be had."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from ofsted_sif import counts, machine

GIB = 1 << 30


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A machine of eight cores and 16 GiB whose control groups are as `write` says: the membership, and files by path."""
    monkeypatch.setattr(machine, "_MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(machine, "_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(os, "process_cpu_count", lambda: 8, raising=False)
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PHYS_PAGES": 4 << 20, "SC_PAGE_SIZE": 4096}[name])

    def write(membership, files):
        (tmp_path / "membership").write_text(membership)
        for path, text in files.items():
            file = tmp_path / "groups" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    return write


def test_a_machine_without_groups_is_used_as_it_is(groups):
    assert (machine.cores(), machine.memory()) == (8, 16 * GIB)


def test_the_share_of_a_container_is_what_is_used(groups):
    groups("0::/job/inner\n", {"job/cpu.max": "250000 100000\n", "job/inner/cpu.max": "max 100000\n", "job/memory.max": f"{GIB}\n"})
    assert (machine.cores(), machine.memory()) == (3, GIB)


def test_a_container_that_sees_its_own_group_at_the_root_is_obeyed(groups):
    groups("0::/../elsewhere\n", {"cpu.max": "50000 100000\n", "memory.max": "max\n"})
    assert (machine.cores(), machine.memory()) == (1, 16 * GIB)


def test_groups_of_the_first_version_are_obeyed(groups):
    files = {
        "cpu/job/cpu.cfs_quota_us": "400000\n",
        "cpu/job/cpu.cfs_period_us": "100000\n",
        "memory/job/memory.limit_in_bytes": f"{2 * GIB}\n",
    }
    groups("4:memory:/job\n1:cpu,cpuacct:/job\n0::/\n", files)
    assert (machine.cores(), machine.memory()) == (4, 2 * GIB)


def test_no_limit_is_no_limit(groups):
    files = {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n", "memory/memory.limit_in_bytes": "9223372036854771712\n"}
    groups("4:memory:/\n1:cpu:/\n", files)
    assert (machine.cores(), machine.memory()) == (8, 16 * GIB)


def test_counts_that_a_container_has_no_memory_for_are_refused(groups):
    groups("0::/\n", {"memory.max": f"{GIB}\n"})
    with pytest.raises(MemoryError, match="changes_as_at needs far less"):
        counts.count_as_at([0], [1], None, [0], [0], np.arange(40_000), n_groups=2_000)


@pytest.mark.parametrize("allowed", [0, 1])
def test_a_count_goes_on_with_the_threads_it_has(monkeypatch, allowed):
    start, started = threading.Thread.start, []

    def start_some(self):
        if len(started) == allowed:
            raise RuntimeError("can't start new thread")
        started.append(self)
        start(self)

    monkeypatch.setattr(threading.Thread, "start", start_some)
    grades = np.arange(100_000, dtype=np.int64) % 4
    assert counts.count_grades(None, grades, threads=4).tolist() == [25_000, 25_000, 25_000, 25_000, 0]
    assert len(started) == allowed


@pytest.mark.parametrize("name", ["none such", "neon", "avx512"])
def test_a_processor_version_that_is_not_there_is_told_as_the_reason(name):
    done = subprocess.run(
        [sys.executable, "-c", "import ofsted_sif"],
        env={**os.environ, "OFSTED_SIF_CPU": name},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 0:
        pytest.skip(f"this processor has {name}")
    assert name in done.stderr.splitlines()[-1] and "is missing" not in done.stderr.splitlines()[-1]
