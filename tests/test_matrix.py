"""Every kernel and table function on every kind of input: right or refused in words, with its inputs left alone and nothing leaked."""

import gc
import inspect
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ofsted_sif as sif
from ofsted_sif import _core, counts
from tests import matrix

# Every so-many-th case in the run that people wait for; all of them with the tests that are slow.
SOME_OF_KERNELS, SOME_OF_TABLES = 3, 17

KERNELS = [(face, name) for face, (entries, _) in matrix.FACES.items() for name in entries]
# Functions that take no table of inspections, or one that they read from a file, draw, or get from another function.
NO_TABLE = {
    *("GradeScale", "MissingColumnError", "NotAJudgementWarning", "PooledFrameworksWarning", "ReadingError", "ReadingReport", "RowError"),
    *("grades", "percent", "proportion_interval"),
    *("list_sheets", "load_hex_map", "load_inspections", "load_local_authorities", "read_inspections", "reading_report"),
    *("release", "releases", "scan", "show_versions"),
}


def ran(cases, step, least):
    number, failed = matrix.failures(cases, step)
    print(f"{number} cases")
    assert not failed, f"{len(failed)} of {number} cases:\n" + "\n".join(failed[:10])
    assert number >= least


@pytest.mark.parametrize(("face", "name"), KERNELS, ids=lambda of: of)
def test_a_kernel_takes_or_refuses_every_kind_of_array(face, name):
    entries, variants = matrix.FACES[face]
    ran(matrix.kernel_cases(entries[name], variants), SOME_OF_KERNELS, 150)


@pytest.mark.parametrize("name", matrix.TABLES)
def test_a_table_function_gives_the_same_for_every_kind_of_column(name):
    ran(matrix.table_cases(name), SOME_OF_TABLES, 80)


@pytest.mark.slow
@pytest.mark.parametrize(("face", "name"), KERNELS, ids=lambda of: of)
def test_all_cases_of_a_kernel(face, name):
    entries, variants = matrix.FACES[face]
    ran(matrix.kernel_cases(entries[name], variants), 1, 500)


@pytest.mark.slow
@pytest.mark.parametrize("name", matrix.TABLES)
def test_all_cases_of_a_table_function(name):
    ran(matrix.table_cases(name), 1, 1400)


def test_no_kernel_and_no_function_is_without_its_entry():
    assert {name.split(",")[0] for name in matrix.COUNTS} == {name for name in counts.__all__ if inspect.isfunction(getattr(counts, name))}
    assert set(matrix.CORE) == {name for name, value in vars(_core).items() if inspect.isbuiltin(value)}
    public = {name for name in sif.__all__ if callable(getattr(sif, name))}
    assert set(matrix.TABLES) | NO_TABLE == public
    assert not set(matrix.TABLES) & NO_TABLE


def test_records_are_laid_as_they_are_called():
    _, _, columns = next(matrix.fields_of(matrix.table_columns(np.random.default_rng(1), 30, 0.2)))
    laid = {kind: made(columns) for kind, made in matrix.RECORDS_LAID.items()}
    assert [name for name in columns if not laid["packed records"][name].flags.aligned] == [name for name in columns if name != "graded"]
    assert all(laid["aligned records"][name].flags.aligned for name in columns)
    assert not laid["byte-swapped records"]["pupils"].dtype.isnative
    assert laid["reversed records"].strides[0] < 0
    assert laid["strided records"].strides[0] == 2 * laid["packed records"].itemsize
    assert laid["some fields of wider records"].itemsize > laid["packed records"].itemsize
    for name in ("region", "published", "overall_effectiveness", "pupils"):
        assert laid["masked records"][name].mask.tolist() == pd.isna(columns[name]).tolist() != [False] * 30
    forms = dict(matrix.weight_forms(matrix.table_columns(np.random.default_rng(1), 30, 0.2)["pupils"]))
    assert all(form.mask.any() for name, form in forms.items() if name.startswith("masked"))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(matrix.COUNTS)), st.integers(0, 9), st.integers(0, 2**32), st.data())
def test_arguments_of_unlike_kinds_go_together(name, n, seed, data):
    """All arguments varied at once; what fails shrinks to few rows, plain arrays and the one kind that is to blame."""
    entry = matrix.COUNTS[name]
    columns = entry.columns(np.random.default_rng(seed), n)
    expected = entry.expected({name: column.values for name, column in columns.items()})
    arrays = {}
    for column, values in columns.items():
        good = [variant for variant in matrix.variants(values) if variant.refused is None]
        native = next(
            number for number, variant in enumerate(good) if variant.name == f"{np.dtype(matrix.NATIVE[values.kind])}, contiguous"
        )
        arrays[column] = data.draw(st.sampled_from([good[native], *good]), label=column).value
    gc.disable()  # what is collected meanwhile are other cases, which may refer to the same arrays
    try:
        matrix.check_kernel(entry, arrays, expected, None)
    finally:
        gc.enable()


LEAKS = """
    import gc, resource, sys
    import numpy as np
    from tests import matrix

    with open("/proc/self/maps") as file:
        keeps_freed = "/libasan" in file.read()  # AddressSanitizer holds back what is freed: there the objects alone are counted

    def memory():
        if keeps_freed:
            return 0
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    # The least of three rounds: a leak grows with each, what the interpreter sets up for itself comes but once.
    def growth(calls):
        calls(200)
        gc.collect()
        rounds = []
        for _ in range(3):
            blocks, size = sys.getallocatedblocks(), memory()
            calls(1500)  # each with arrays of 320 bytes, and scratch of as much and more
            gc.collect()
            rounds.append((sys.getallocatedblocks() - blocks, memory() - size))
            if rounds[-1][0] < 100 and rounds[-1][1] < 250_000:
                break
        return min(blocks for blocks, _ in rounds), min(size for _, size in rounds)

    kept = []
    assert growth(lambda n: kept.extend(object() for _ in range(n)))[0] >= 1000, "one object lost a call goes unseen"

    for face, (entries, _) in matrix.FACES.items():
        for name, entry in entries.items():
            columns = entry.columns(np.random.default_rng(5), 40)
            good = {column: matrix.plain(values) for column, values in columns.items()}
            bad = {column: array[:7] if column == next(iter(good)) else array for column, array in good.items()}

            def calls(n):
                for _ in range(n):
                    entry.call(good)
                    try:
                        entry.call(bad)
                    except (ValueError, IndexError):
                        pass

            more_blocks, more = growth(calls)
            assert more_blocks < 100, f"{face}.{name}: {more_blocks} objects more after each 1500 calls"
            assert more < 250_000, f"{face}.{name}: {more} bytes more after each 1500 calls"
    print("clean")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells the memory of a process on Linux alone")
def test_many_calls_leave_no_memory_behind():
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(LEAKS)], capture_output=True, text=True, timeout=300)
    assert ran.stdout == "clean\n", ran.stderr[-2000:]
