"""One answer whatever the number of threads, after a fork, and in another interpreter: for whoever counts in a web server or a pool."""

import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest

from ofsted_sif import _core, counts
from ofsted_sif.counts import NO_DAY

N_PROVIDERS, N_GROUPS, MANY = 300, 7, 4


def records(seed=0, n=6000):
    """Columns in order of provider and day, some of one day, one provider with a third of all rows."""
    rng = np.random.default_rng(seed)
    provider = np.sort(np.where(rng.random(n) < 0.3, 17, rng.integers(0, N_PROVIDERS, n)))
    inspected = rng.integers(0, 900, n)
    order = np.lexsort((inspected, provider))
    return {
        "provider": provider,
        "inspected": inspected[order],
        "group": rng.integers(-1, N_GROUPS, n).astype(np.int16),
        "grade": rng.integers(-1, 4, n).astype(np.int8),
        "number": rng.normal(size=n).round(1),
    }


def shuffled(columns, seed=1):
    at = np.random.default_rng(seed).permutation(len(columns["provider"]))
    return {name: column[at] for name, column in columns.items()}


RANKS = np.tile([0, 3, 40, 400], (N_PROVIDERS, 1))
KERNELS = {
    "count_grades": lambda c, **more: counts.count_grades(c["group"], c["grade"], n_groups=N_GROUPS, **more),
    "count_transitions": lambda c, **more: counts.count_transitions(
        c["provider"], c["inspected"], None, c["group"], c["grade"], n_providers=N_PROVIDERS, n_groups=N_GROUPS, **more
    ),
    "kendall of grades": lambda c, **more: counts.kendall(
        c["provider"], c["inspected"], c["grade"], n_grades=4, n_groups=N_PROVIDERS, **more
    ),
    "kendall of numbers": lambda c, **more: counts.kendall(c["provider"], c["inspected"], c["number"], n_groups=N_PROVIDERS, **more),
    "theil_sen": lambda c, **more: counts.theil_sen(c["provider"], c["inspected"], c["number"], RANKS, n_groups=N_PROVIDERS, **more),
    "resample_counts": lambda c, **more: counts.resample_counts(
        c["provider"], c["group"], c["grade"], 12, 5, n_providers=N_PROVIDERS, n_groups=N_GROUPS, **more
    ),
}
IN_ORDER = ("count_transitions", "kendall of grades", "kendall of numbers", "theil_sen")


def assert_equal(got, wanted):
    for one, other in zip(*(found if isinstance(found, tuple) else (found,) for found in (got, wanted)), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("arrange", [lambda columns: columns, shuffled], ids=["in order", "shuffled"])
@pytest.mark.parametrize("name", KERNELS)
def test_threads_change_no_answer(name, arrange):
    for seed, n in enumerate([0, 1, 5, 1025, 6000]):
        columns = arrange(records(seed, n))
        alone = KERNELS[name](columns, threads=1)
        for threads in (2, 3, 16):
            assert_equal(KERNELS[name](columns, threads=threads), alone)


@pytest.mark.parametrize("name", IN_ORDER)
def test_pieces_meet_within_a_provider_without_losing_or_doubling_it(name):
    """All rows of one provider: no piece but the first has a beginning in it."""
    columns = records() | {"provider": np.full(6000, 4), "inspected": np.arange(6000)}
    assert_equal(KERNELS[name](columns, threads=5), KERNELS[name](columns, threads=1))


@pytest.mark.parametrize("name", KERNELS)
def test_several_python_threads_may_count_the_same_arrays_at_once(name):
    columns = shuffled(records(3))
    for column in columns.values():
        column.flags.writeable = False
    alone = KERNELS[name](columns, threads=1)
    start = threading.Barrier(MANY)

    def count(number):
        start.wait(timeout=60)
        return [KERNELS[name](columns, threads=1 + number % 2) for _ in range(3)]

    with ThreadPoolExecutor(MANY) as pool:
        for results in pool.map(count, range(MANY)):
            for result in results:
                assert_equal(result, alone)


FAULTS = {
    "provider": ("provider", N_PROVIDERS),
    "grade": ("grade", 9),
    "date": ("inspected", NO_DAY),
    "value": ("number", np.nan),
}


def fault_of(name, columns, **more):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the reason is what is tested
        KERNELS[name](columns, **more)
    return caught.value.reason, caught.value.row


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("count_grades", ["grade"]),
        ("count_transitions", ["provider", "grade", "date"]),
        ("kendall of grades", ["provider", "grade", "date"]),
        ("kendall of numbers", ["provider", "date", "value"]),
        ("theil_sen", ["provider", "date", "value"]),
    ],
)
def test_the_first_offending_row_of_the_whole_is_named_whatever_the_number_of_threads(name, faults):
    rng = np.random.default_rng(11)
    for case in range(60):
        columns = {key: column.copy() for key, column in records(case, 4500).items()}
        rows = np.sort(rng.choice(4500, 3, replace=False))
        for row in rows:
            column, wrong = FAULTS[str(rng.choice(faults))]
            columns[column][row] = wrong
        by_threads = [fault_of(name, columns, threads=threads) for threads in (1, 2, 3, 7)]
        assert len(set(by_threads)) == 1, f"case {case}: {by_threads}"
        if name in ("count_grades", "count_transitions", "kendall of grades"):
            assert by_threads[0][1] == rows[0], f"case {case}"


@pytest.mark.parametrize("name", IN_ORDER)
def test_an_order_that_is_wrong_is_named_alike_whatever_the_number_of_threads(name):
    columns = records()
    for change, reason in (
        ({1500: 6000}, "order"),
        ({1500: -1, 200: 99_999}, "order"),
        ({1500: 4000}, "unordered"),
        ({0: 5999}, "unordered"),
    ):
        order = np.arange(6000)
        order[list(change)] = list(change.values())
        by_threads = {fault_of(name, columns, threads=threads, order=order) for threads in (1, 2, 3, 7)}
        assert len(by_threads) == 1, (change, by_threads)
        assert by_threads.pop()[0] == reason


def test_records_whose_disorder_lies_between_two_pieces_are_ordered():
    """Each half lies in order, and the second belongs before the first."""
    columns = records()
    half = {name: np.concatenate([column[3000:], column[:3000]]) for name, column in columns.items()}
    for name in IN_ORDER:
        assert_equal(KERNELS[name](half, threads=2), KERNELS[name](columns, threads=1))


def test_a_number_of_threads_below_one_is_refused():
    for name in KERNELS:
        with pytest.raises(ValueError, match="threads is 0; 1 or more are needed"):
            KERNELS[name](records(), threads=0)


def test_the_cores_that_may_be_used_are_those_that_the_process_has(monkeypatch):
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {2, 5, 7}, raising=False)
    assert counts.usable_cores() == 3
    monkeypatch.setattr(os, "process_cpu_count", lambda: 2, raising=False)
    assert counts.usable_cores() == 2


def run(program, *arguments):
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_of_a_process_that_has_used_threads_answers_the_same():
    assert run("""
        import os
        import numpy as np
        from ofsted_sif import counts

        provider, inspected = np.repeat(np.arange(5000), 4), np.tile(np.arange(4), 5000)
        grade = np.random.default_rng(0).integers(-1, 4, len(inspected))

        def answers():
            transitions = counts.count_transitions(provider, inspected, None, None, grade, threads=2)
            kendall = counts.kendall(provider, inspected, grade, n_grades=4, threads=2)
            return [counts.count_grades(provider, grade, threads=2), transitions, *kendall]

        before = answers()
        child = os.fork()
        after = answers()
        same = all(np.array_equal(one, other, equal_nan=True) for one, other in zip(before, after, strict=True))
        if child == 0:
            os._exit(0 if same else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), same)
    """) == ["0", "True"]


INTERPRETERS = next((name for name in ("_interpreters", "_xxsubinterpreters") if find_spec(name)), None)


@pytest.mark.skipif(INTERPRETERS is None, reason="this Python has no interpreters to make beside its own")
def test_the_core_alone_answers_in_other_interpreters_that_run_side_by_side():
    """Without NumPy, which refuses them: the core takes any buffer."""
    assert run(
        """
        import importlib, sys, threading

        interpreters = importlib.import_module(sys.argv[1])
        inside = '''
        import array, importlib.machinery, importlib.util
        loader = importlib.machinery.ExtensionFileLoader("ofsted_sif._core", PATH)
        core = importlib.util.module_from_spec(importlib.util.spec_from_loader("ofsted_sif._core", loader))
        loader.exec_module(core)
        provider, days = array.array("i", range(1000)), array.array("q", range(1000))
        for time in range(200):
            found = array.array("q", bytes(8 * 5))
            core.count_grades(None, 0, array.array("b", [0, 1, 1, 3, -1] * 200), 4, found)
            assert list(found) == [200, 400, 0, 200, 200], list(found)
            one = array.array("i", bytes(4 * 1000))
            found = array.array("q", bytes(8 * 25))
            core.count_transitions(one, 1, days, *[None] * 6, 0, None, 0, array.array("b", [2] * 1000), 4, found)
            assert found[12] == sum(found) == 999, list(found)
        try:
            core.count_grades(None, 0, array.array("b", [0, 7]), 4, array.array("q", bytes(8 * 5)))
        except ValueError as error:
            assert (error.row, error.value, error.reason) == (1, 7, "grade")
        else:
            raise AssertionError("code 7 was taken")
        '''.replace("PATH", repr(sys.argv[2]))
        import textwrap
        made = [interpreters.create() for _ in range(2)]
        failed, begin = [], threading.Barrier(2)

        def work(interpreter):
            begin.wait()
            try:
                error = interpreters.run_string(interpreter, textwrap.dedent(inside))
            except Exception as raised:
                error = raised
            if error is not None:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(interpreter,)) for interpreter in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for interpreter in made:
            interpreters.destroy(interpreter)
        print(len(made), failed)
        """,
        INTERPRETERS,
        _core.__file__,
    ) == ["2", "[]"]
