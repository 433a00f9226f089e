"""Every kernel takes or refuses, in words, every kind of array; leaves its inputs as they were, and no memory behind."""

import inspect
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofsted_sif import _core, counts
from ofsted_sif.counts import NO_DAY
from tests.support import calls, kinds

HISTORY = {"provider": "codes", "inspected": "days", "published": "days"}
STATE = HISTORY | {"eligible": "flags", "opened": "days", "closed": "days"}
CODES = {"groups": "codes", "grades": "codes"}
SIZES = {"n_groups": 3, "n_grades": 4}
IN_ORDER = {"order": "whole"}
DATED = {"groups": "codes", "days": "days", "dated_order": "whole"}
GRID = STATE | IN_ORDER | CODES | {"expires": "days", "dates": "days", "cutoffs": "days"}
WITHOUT_REGISTER = {name: kind for name, kind in STATE.items() if name not in ("opened", "closed")}
# The columns of each kernel with their kinds, and what is given besides. How each agrees with its definition: tests/test_counts*.py.
KERNELS = {
    "count_grades": (CODES, SIZES),
    "count_grades, weighted": (CODES | {"weights": "numbers"}, SIZES),
    "order_records": (HISTORY, {"n_providers": 3}),
    "latest_as_at": (STATE, {"date": 20, "cutoff": 20, "n_providers": 3}),
    "count_as_at": (GRID, SIZES | {"n_providers": 3}),
    "changes_as_at": (GRID, SIZES | {"n_providers": 3}),
    "count_transitions": (WITHOUT_REGISTER | IN_ORDER | CODES | {"periods": "codes"}, SIZES | {"n_providers": 3, "n_periods": 2}),
    "spells": (STATE | IN_ORDER | {"grades": "codes"}, {"until": 60, "n_providers": 3, "n_grades": 4}),
    "kendall": (DATED | {"values": "numbers"}, {"n_groups": 3}),
    "kendall_clusters": (DATED | {"grades": "codes", "clusters": "codes"}, {"n_groups": 3, "n_grades": 4, "n_labels": 4}),
    "kendall_of_counts": ({"groups": "codes", "days": "days", "some_grades": "codes", "rows": "whole"}, SIZES),
    "kendall_exact": ({"tie_pattern": "whole", "s": "whole"}, {}),
    "theil_sen": (DATED | {"values": "numbers"}, {"n_groups": 3, "ranks": np.array([[0, 1]] * 3)}),
    "resample_counts": (
        {"provider": "codes"} | CODES,
        SIZES | {"n_providers": 3, "n_replicates": 3, "seed": 17, "threads": 1},
    ),
}
CALLED = {"dated_order": "order", "some_grades": "grades"}


def columns(n):
    """A column of every kind, of n rows in no order."""
    rng = np.random.default_rng([n, 22])

    def codes(below, missing=0.1):
        return np.where(rng.random(n) < missing, -1, rng.integers(0, below, n)).astype(np.int16)

    held = rng.permutation(50)[:n].astype(np.int64)
    published = held + rng.integers(0, 5, n)
    held[rng.random(n) < 0.2] = NO_DAY
    provider, groups, days = codes(3, 0), codes(3, 0), rng.integers(0, 60, n)
    return {
        "provider": provider,
        "inspected": held,
        "published": published,
        "eligible": rng.random(n) < 0.8,
        "opened": np.array([NO_DAY, 3, 12]),
        "closed": np.array([NO_DAY, 58, NO_DAY]),
        "order": counts.order_records(provider, held, published, n_providers=3)[0],
        "groups": groups,
        "grades": codes(4),
        "some_grades": codes(4, 0),
        "clusters": codes(4),
        "periods": codes(2),
        "weights": np.where(rng.random(n) < 0.2, np.nan, rng.integers(0, 3, n)),
        "expires": np.where(rng.random(n) < 0.5, NO_DAY, rng.integers(10, 60, n)),
        "dates": np.array([5, 20, 41]),
        "cutoffs": np.array([6, 20, 44]),
        "days": days,
        "dated_order": np.lexsort((days, groups)),
        "values": rng.integers(0, 2, n).astype(np.float64),
        "rows": rng.integers(0, 4, n),
        "tie_pattern": np.full(n, 0b101, dtype=np.int64),
        "s": np.full(n, 2, dtype=np.int64),
    }


def called(name, given_columns):
    arguments = {CALLED.get(column, column): value for column, value in given_columns.items()}
    return getattr(counts, name.split(",")[0])(**arguments, **KERNELS[name][1])


def same(got, expected):
    if isinstance(expected, tuple) or hasattr(expected, "_fields"):
        return all(same(one, other) for one, other in zip(got, expected, strict=True))
    if hasattr(expected, "__dataclass_fields__"):
        return same(tuple(vars(got).values()), tuple(vars(expected).values()))
    return np.array_equal(got, expected, equal_nan=np.asarray(expected).dtype.kind == "f")


@pytest.mark.parametrize("name", KERNELS)
@settings(max_examples=50, deadline=None, derandomize=True)
@given(data=st.data(), n=st.sampled_from([9, 9, 1, 0]))
def test_a_kernel_gives_the_same_for_every_kind_of_array(name, data, n):
    plain = {column: columns(n)[column] for column in KERNELS[name][0]}
    drawn = {column: data.draw(kinds.arrays(kind, plain[column]), label=column) for column, kind in KERNELS[name][0].items()}
    before = {column: kinds.fingerprint(value) for column, value in drawn.items()}
    assert same(called(name, drawn), called(name, plain))
    assert {column: kinds.fingerprint(value) for column, value in drawn.items()} == before, "an input changed"


@pytest.mark.parametrize(("name", "column", "kind"), [(name, *one) for name, (of, _) in KERNELS.items() for one in of.items()])
def test_a_kind_that_a_kernel_does_not_take_is_refused_in_words(name, column, kind):
    plain = {one: columns(9)[one] for one in KERNELS[name][0]}
    dtypes, words = kinds.REFUSED[kind]
    for dtype in dtypes:
        with pytest.raises(TypeError, match=words):
            called(name, plain | {column: kinds.cast(kind, plain[column], dtype)})


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kind in calls.kinds() if calls.succeeds(kind)])
def test_the_core_reads_no_array_wrongly(name, kind):
    """Whatever is not as the kernel itself reads it is refused; what is taken gives the same."""
    expected_arguments, expected = calls.a_call(name, kind, 12)
    getattr(_core, name)(*expected_arguments)
    for place, argument in enumerate(expected_arguments):
        if not isinstance(argument, np.ndarray) or argument.dtype.hasobject or any(argument is output for output in expected):
            continue
        forms = [lay(argument) for layout, lay in kinds.LAYOUTS.items() if layout != "column of a table" or argument.ndim == 1]
        forms += [argument.astype(dtype) for dtype in (*kinds.INTEGERS, "float32", "float64", "object", "datetime64[D]", "str")]
        forms = [form for form in forms if form.dtype.kind not in "iu" or np.array_equal(form.astype(argument.dtype), argument)]
        forms += [argument.tolist(), pd.Series(argument.ravel())]
        for form in forms:
            arguments, outputs = calls.a_call(name, kind, 12)
            before = kinds.fingerprint(form)
            try:
                getattr(_core, name)(*arguments[:place], form, *arguments[place + 1 :])
            except (TypeError, ValueError, IndexError, BufferError):
                assert type(form) is not np.ndarray or form.dtype != argument.dtype or not form.flags.carray, "what is plain was refused"
            else:
                assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(outputs, expected, strict=True))
            assert kinds.fingerprint(form) == before


def test_every_kernel_is_called_above():
    public = {name for name in counts.__all__ if inspect.isfunction(getattr(counts, name))}
    public.remove("encode")  # which takes values of every kind: tests/test_encoding.py
    assert {name.split(",")[0] for name in KERNELS} == public


LEAKS = """
    import gc, resource, sys
    from ofsted_sif import _core
    from tests.support import calls

    with open("/proc/self/maps") as file:
        keeps_freed = "/libasan" in file.read()  # AddressSanitizer holds back what is freed: there the objects alone are counted

    def memory():
        if keeps_freed:
            return 0
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    # The least of three rounds: a leak grows with each, what the interpreter sets up for itself comes but once.
    def growth(call):
        rounds = []
        for times in (200, 1500, 1500, 1500):
            gc.collect()
            blocks, size = sys.getallocatedblocks(), memory()
            for _ in range(times):
                call()
            gc.collect()
            rounds.append((sys.getallocatedblocks() - blocks, memory() - size))
        return min(blocks for blocks, _ in rounds[1:]), min(size for _, size in rounds[1:])

    gc.freeze()  # what the libraries hold stays: eight looks through it for each call would take most of the time
    kept = []
    assert growth(lambda: kept.append(object()))[0] >= 1000, "one object lost a call goes unseen"

    for name, kind in calls.kinds():
        function, (arguments, _) = getattr(_core, name), calls.a_call(name, kind, 40)

        def call():
            try:
                function(*arguments)
            except (ValueError, IndexError, OverflowError):
                pass

        more_blocks, more = growth(call)
        assert more_blocks < 100, f"{name}, {kind}: {more_blocks} objects more after each 1500 calls"
        assert more < 250_000, f"{name}, {kind}: {more} bytes more after each 1500 calls"
    print("clean")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells the memory of a process on Linux alone")
def test_many_calls_leave_no_memory_behind():
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(LEAKS)], capture_output=True, text=True, timeout=300)
    assert ran.stdout == "clean\n", ran.stderr[-2000:]


@pytest.mark.parametrize("size", [2.5, "2", True], ids=str)
def test_a_number_of_labels_that_is_not_whole_is_told_by_its_name(size):
    codes = np.zeros(3, dtype=np.int64)
    with pytest.raises(TypeError, match=r"^n_providers is .*; it is a whole number"):
        counts.order_records(codes, codes, n_providers=size)
