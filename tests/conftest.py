"""What all tests run with."""

import gc
import sys

import pytest

# Doctests are looked for in every module, and these have none: to import what measures and what judges takes seconds.
collect_ignore = ["benchmarks", "reference", "support", "typing"]
gc.disable()  # while libraries and tests are loaded, of which nothing goes: to look for what does took a third of the time


def pytest_collection_finish(session: pytest.Session) -> None:
    """Some million objects of the libraries stay to the end: the collector, which tests wake often, need not walk them each time.

    On Python 3.14 Hypothesis would no longer find who holds its random numbers, as the collector tells nobody of what is frozen.
    """
    gc.enable()
    gc.set_threshold(10_000)
    gc.collect()
    if sys.version_info < (3, 14):
        gc.freeze()


@pytest.fixture(scope="module")
def coarse_grid():
    """`shrink` on a grid of few points, for tests of what it is given: its answers are judged in tests/test_small_groups.py."""
    from ofsted_sif import small_groups  # only here, as below

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_groups, "GRID", 20)
        yield


@pytest.fixture(params=["kept", pytest.param("asked again", marks=pytest.mark.slow)])
def told_by_r(request):
    """What a script of tests/r found, by case, group and name: as it was kept, and with `-m slow` as R says it now."""
    from tests.support import told_by_r as told  # only here: it imports the package

    return told.kept if request.param == "kept" else told.asked_again
