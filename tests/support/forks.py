"""Tests in a fork of a process that has the libraries loaded: for hundreds of runs, each of which should not load them anew."""

import importlib
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

PYTEST = ["-x", "-q", "--tb=no", "--assert=plain", "-p", "no:cacheprovider"]


def load_libraries() -> None:
    """Load what the tests import, but nothing of ofsted_sif, which a fork is to find as it is then."""
    for library in ("pandas", "pyarrow", "scipy.stats", "statsmodels.stats.proportion"):
        importlib.import_module(library)
    # That a test is red is all that is asked, not by which smallest example.
    hypothesis.settings.register_profile("red or green", database=None, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])
    hypothesis.settings.load_profile("red or green")
    assert not any(name.startswith("ofsted_sif") for name in sys.modules), "a fork would find the module loaded"


def in_a_fork(run: Callable[[], int], seconds: int) -> int:
    """Call a function in a child, silent; return its exit code, or less than 0 where a signal ended it, as after these seconds."""
    child = os.fork()
    if child == 0:
        # Of the processor, as others may keep it busy; and a deadlock takes no time of it.
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(5 * seconds)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = 70
        try:
            code = run()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class FirstRed:
    """A plugin of pytest that writes down the first test, or file, that fails."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.note(report)

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed and not self.file.exists():
            self.file.write_text(report.nodeid, "utf-8")
