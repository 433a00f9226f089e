"""The kernels, as `counts` gives them, against their definitions in tests/reference, and what they do with what is wrong."""

import functools
import os
import subprocess
import sys
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofsted_sif import _core, counts
from ofsted_sif.counts import NO_DAY
from tests.reference.count_as_at import count_as_at
from tests.reference.count_grades import count_grades
from tests.reference.latest_as_at import latest_as_at
from tests.reference.near_pairs import near_pairs
from tests.reference.order_records import order_records
from tests.reference.records import Record
from tests.reference.sum_weights import sum_weights
from tests.support import cases
from tests.support.cases import KINDS, LAST_DAY

CASES = 3000


def generators(test, n=CASES):
    """A generator of random numbers a case, the same in every run; a case that fails is named by its number."""
    for case in range(n):
        yield case, np.random.default_rng([test, case])


# ---- agreement with the definitions


def check_counting(rng, case, label):
    groups = None if case.groups is None else cases.encoded(rng, case.groups, case.n_groups)
    grades = cases.encoded(rng, case.grades, case.n_grades)
    expected = count_grades(case.groups, case.grades, case.n_groups, case.n_grades)
    threads = int(rng.integers(1, 4))
    counted = counts.count_grades(groups, grades, n_groups=case.n_groups, n_grades=case.n_grades, threads=threads)
    assert counted.dtype == np.int64
    assert counted.tolist() == (expected[0] if groups is None else expected), label


def check_weighting(rng, case, label):
    groups = None if case.groups is None else cases.encoded(rng, case.groups, case.n_groups)
    grades = cases.encoded(rng, case.grades, case.n_grades)
    weights = np.array([np.nan if weight is None else weight for weight in case.weights])
    expected, expected_without = sum_weights(case.groups, case.grades, case.weights, case.n_groups, case.n_grades)
    threads = int(rng.integers(1, 4))
    sums, without = counts.count_grades(groups, grades, n_groups=case.n_groups, n_grades=case.n_grades, weights=weights, threads=threads)
    assert without.tolist() == expected_without, label
    # A plain sum of these weights, from 1e-9 to 1e9, is farther off than this.
    np.testing.assert_allclose(sums, expected[0] if groups is None else expected, rtol=1e-15, atol=0, err_msg=label)


def check_order(rng, case, label):
    order, already = counts.order_records(*cases.placed_arrays(rng, case), n_providers=len(case.opened))
    assert (order.tolist(), already) == order_records(case.records), label


def check_latest(rng, case, label):
    placed, state = cases.placed_arrays(rng, case), cases.state_arrays(rng, case)
    for date, cutoff in zip(case.dates, case.cutoffs, strict=True):
        rows = counts.latest_as_at(*placed, date, cutoff, **state)
        expected = latest_as_at(case.records, date, cutoff, case.opened, case.closed)
        assert rows.tolist() == [-1 if row is None else row for row in expected], f"{label}, date {date}"


def check_grid(rng, case, label):
    if rng.integers(2):
        case.records = [case.records[row] for row in order_records(case.records)[0]]
    placed = cases.placed_arrays(rng, case)
    asked = {
        "dates": cases.days(rng, case.dates),
        "cutoffs": cases.days(rng, case.cutoffs),
        "order": order_records(case.records)[0] if rng.integers(2) else None,
        **cases.grade_arrays(rng, case),
        **cases.state_arrays(rng, case),
    }
    counted = counts.count_as_at(*placed, **asked, threads=int(rng.integers(1, 4)))
    changed = counts.changes_as_at(*placed, **asked)
    assert summed(changed, counted.shape).tolist() == counted.tolist(), label
    assert (changed.change != 0).all(), label
    group, grade = (
        np.where(codes < 0, size - 1, codes) for codes, size in ((changed.group, case.n_groups + 1), (changed.grade, case.n_grades + 1))
    )
    places = list(zip(group.tolist(), changed.date.tolist(), grade.tolist(), strict=True))
    assert places == sorted(set(places)), label
    assert counted.shape == (len(case.dates), case.n_groups + 1, case.n_grades + 1)
    assert counted.tolist() == count_as_at(
        case.records, case.dates, case.cutoffs, case.opened, case.closed, case.n_groups, case.n_grades
    ), label


def summed(changes, shape):
    """The counts that changes add up to; a missing code, -1, is the last of its axis."""
    counted = np.zeros(shape, dtype=np.int64)
    np.add.at(counted, (changes.date, changes.group, changes.grade), changes.change)
    return np.cumsum(counted, axis=0)


def test_counts_are_those_of_counting_row_by_row():
    for case, rng in generators(1):
        check_counting(rng, cases.counting(rng), f"case {case}")


def test_sums_of_weights_are_those_of_adding_exactly():
    for case, rng in generators(2):
        check_weighting(rng, cases.counting(rng), f"case {case}")


def test_records_are_ordered_by_provider_date_publication_and_row():
    for case, rng in generators(3):
        check_order(rng, cases.histories(rng), f"case {case}")


def test_the_latest_record_is_the_one_found_by_looking_at_all():
    for case, rng in generators(4):
        check_latest(rng, cases.histories(rng), f"case {case}")


def test_near_pairs_are_those_found_by_looking_at_every_two_rows():
    for case, rng in generators(8):
        near, n_days = int(rng.choice([0, 3, 20, 2**31 - 1])), int(rng.choice([4, 60, 3000, 2**40]))
        sides = []
        for n in rng.integers(0, 30, 2).tolist():
            provider, day = rng.integers(-1, int(rng.choice([1, 4, 2**31 - 1])), n), rng.integers(-n_days // 2, n_days, n)
            day[rng.random(n) < 0.1] = NO_DAY
            sides.append((provider, day))
        rows = counts.near_pairs(*sides[0], *sides[1], near, threads=int(rng.integers(1, 4)))
        told = (
            [(None if of < 0 else of, None if day == NO_DAY else day) for of, day in zip(*map(np.ndarray.tolist, side), strict=True)]
            for side in sides
        )
        pairs = list(zip(*map(np.ndarray.tolist, rows), strict=True))
        assert len(pairs) == len(set(pairs)), f"case {case}"
        assert set(pairs) == near_pairs(*told, near), f"case {case}"


def test_the_grid_counts_what_is_in_force_on_each_date():
    for case, rng in generators(5):
        check_grid(rng, cases.histories(rng), f"case {case}")


@pytest.mark.parametrize("bits", range(40, 63))
def test_a_provider_is_one_however_far_apart_its_days_lie(bits):
    # Of one of these widths the days fill the word in which records are ordered to its last bit; of a provider it holds none.
    inspected = [2**bits, 0]
    counted = counts.count_as_at([0, 0], inspected, None, None, [1, 0], inspected[::-1], n_providers=2, n_grades=2, opened=[0, 0])
    assert counted.tolist() == [[[1, 0, 0]], [[0, 1, 0]]]


# (rows, groups, grades): several private tables, one table, no table, a table larger than the caches; whole and broken blocks.
LARGE = [
    (20_480, 1, 4),
    (20_481, 153, 4),
    (25_000, 305, 4),
    (25_000, 306, 4),
    (21_000, 500, 4),
    (21_000, 30_000, 4),
    (265_000, 66_000, 1),
    (30_000, 3, 127),
]


@pytest.mark.parametrize(("n", "n_groups", "n_grades"), LARGE)
def test_many_rows_are_counted_like_few(n, n_groups, n_grades):
    for case, rng in generators(6, 3):
        made = cases.counting(rng, n, n_groups, n_grades)
        check_counting(rng, made, f"case {case}")
        check_weighting(rng, made, f"case {case}")


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("bitmap", [False, True], ids=["plain", "bitmap"])
def test_every_kind_of_code_counts_the_same(kind, bitmap):
    rng = np.random.default_rng(7)
    missing = 0.1 if bitmap or kind.kind == "i" else 0
    groups, grades = cases.some_codes(rng, 3000, 90, missing), cases.some_codes(rng, 3000, 5, missing)
    counted = counts.count_grades(
        cases.encoded(rng, groups, 90, kind, bitmap), cases.encoded(rng, grades, 5, kind, bitmap), n_groups=90, n_grades=5
    )
    assert counted.tolist() == count_grades(groups, grades, 90, 5)


def test_a_dominant_group_is_counted_whole():
    groups = np.zeros(3_000_000, dtype=np.int16)
    groups[::1_000_000] = 152
    counted = counts.count_grades(groups, np.full(len(groups), 3, dtype=np.int8), n_groups=153)
    assert counted[0].tolist() == [0, 0, 0, 2_999_997, 0]
    assert counted[152].tolist() == [0, 0, 0, 3, 0]
    assert counted.sum() == len(groups)


def _hidden(rows):
    """One group has all rows but those by which the kernel finds out which group has most."""
    groups = np.zeros(rows, dtype=np.int16)
    for offset in (-1, 0):
        at = np.arange(1 << 14, rows, 1 << 14) + offset
        groups[at] = 1 + (at % 150)
    return groups


@pytest.mark.parametrize(
    "groups",
    [
        np.sort(np.random.default_rng(1).integers(-1, 153, 700_000).astype(np.int16)),
        np.repeat(np.random.default_rng(2).integers(-1, 153, 14).astype(np.int16), 50_000),
        np.repeat(np.random.default_rng(3).integers(-1, 153, 700).astype(np.int16), 1_000),
        _hidden(700_000),
    ],
    ids=["sorted", "now this group, now that one", "short runs", "hidden"],
)
def test_groups_are_counted_whole_in_any_order(groups):
    grades = np.full(len(groups), 2, dtype=np.int8)
    grades[::50] = np.arange(len(grades[::50])) % 5 - 1
    counted = counts.count_grades(groups, grades, n_groups=153, threads=1)
    assert (counted == np.bincount(groups % 154 * 5 + grades % 5, minlength=154 * 5).reshape(154, 5)).all()


@pytest.mark.parametrize("row", [0, 40_000, 262_150, 599_940, 599_999])
@pytest.mark.parametrize("code", [153, -2, 32_767])
def test_the_first_of_many_bad_codes_is_named(row, code):
    groups, grades = np.full(600_000, 7, dtype=np.int16), np.zeros(600_000, dtype=np.int8)
    groups[row:] = code
    with pytest.raises(ValueError, match=rf"row {row}\b.*{code}") as caught:
        counts.count_grades(groups, grades, n_groups=153)
    assert (caught.value.row, caught.value.value) == (row, code)
    groups[:], grades[row:] = 7, 4
    with pytest.raises(ValueError, match=rf"row {row}\b.*4") as caught:
        counts.count_grades(groups, grades, n_groups=153)
    assert (caught.value.row, caught.value.value) == (row, 4)


def test_a_dominant_group_among_very_many_is_counted_whole():
    groups = np.random.default_rng(3).integers(0, 10_000, 200_000, dtype=np.int32)
    groups[np.arange(len(groups)) % 10 > 0] = 7_777
    found = counts.count_grades(groups, np.zeros(len(groups), np.int8), n_groups=10_000)
    assert (found[:-1, 0] == np.bincount(groups, minlength=10_000)).all()
    assert found.sum() == len(groups)


def test_small_weights_survive_beside_large_ones():
    # 1 + 2**53 is 2**53 in doubles: added one by one, the ones are lost.
    weights = np.array([2.0**53] + [1.0] * 4096)
    sums, _ = counts.count_grades(None, np.zeros(len(weights), dtype=np.int8), n_grades=1, weights=weights)
    assert sums.tolist() == [2.0**53 + 4096, 0.0]


def test_many_records_are_ordered_like_few():
    for case, rng in generators(8, 3):
        check_order(rng, cases.histories(rng, 25_000, 4000), f"case {case}")


def test_keys_too_wide_for_a_word_are_ordered():
    # Provider, day and publication take 20 + 64 + 64 bits.
    rng = np.random.default_rng(9)
    extremes = [NO_DAY + 1, NO_DAY + 2, -1, 0, 1, LAST_DAY - 1, LAST_DAY]
    records = [
        Record(int(rng.choice([0, 1, 2, 1 << 19, (1 << 20) - 1])), *(int(day) for day in rng.choice(extremes, 2))) for _ in range(5000)
    ]
    order, already = counts.order_records(
        np.array([record.provider for record in records]),
        np.array([record.inspected for record in records]),
        np.array([record.published for record in records]),
        n_providers=1 << 20,
    )
    assert (order.tolist(), already) == order_records(records)


@pytest.mark.parametrize("n_dates", [3, 9_000])
@pytest.mark.parametrize("n_providers", [1, 700, 6_000])
def test_many_unordered_records_are_counted_as_in_order(n_providers, n_dates):
    """Several buckets of providers, more words than the small digits take, and dates of which a record's word has no room."""
    rng = np.random.default_rng([18, n_providers, n_dates])
    n = 40_000
    provider, inspected = rng.integers(0, n_providers, n), rng.integers(-400, 400, n)
    if n_dates > 3:
        inspected *= 10**14
    published, eligible = inspected + rng.integers(-3, 90, n), rng.random(n) < 0.8
    published[rng.random(n) < 0.1] = NO_DAY
    columns = [provider, inspected, published, rng.integers(-1, 50, n), rng.integers(-1, 4, n)]
    dates = np.sort(rng.choice(inspected, n_dates))
    expires = np.where(rng.random(n) < 0.5, NO_DAY, inspected + 100)
    asked = {"dates": dates, "n_providers": n_providers, "n_groups": 50}
    order, already = counts.order_records(*columns[:3])
    assert not already
    assert (np.lexsort((published, inspected, provider)) == order).all()
    expected = counts.count_as_at(*(column[order] for column in columns), eligible=eligible[order], expires=expires[order], **asked)
    counted = counts.count_as_at(*columns, eligible=eligible, expires=expires, **asked)
    assert (counted == expected).all()
    changed = counts.changes_as_at(*columns, eligible=eligible, expires=expires, **asked)
    assert (summed(changed, counted.shape) == expected).all()


SPARSE = """
import resource
import numpy as np
from ofsted_sif import counts

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

rng = np.random.default_rng(0)
provider = np.arange(200_000)
inspected = rng.integers(0, 9_000, 200_000)
columns = (provider, inspected, inspected + 30, provider, rng.integers(-1, 4, 200_000, dtype=np.int8), np.arange(10_000))
counts.changes_as_at(*(column[:9] for column in columns))
before = peak()
found = counts.changes_as_at(*columns)
print(len(found.change), found.change.sum(), (peak() - before) // 1024)
"""


@pytest.mark.skipif(os.name == "nt", reason="peak memory is asked for otherwise there")
def test_changes_of_ten_thousand_dates_and_200_000_groups_take_little_memory():
    done = subprocess.run([sys.executable, "-P", "-c", SPARSE], capture_output=True, text=True, timeout=120, check=True)
    changes, in_force, megabytes = map(int, done.stdout.split())
    assert (changes, in_force) == (200_000, 200_000)
    assert megabytes < 100  # the counts would take 80,000


def test_counts_that_no_memory_holds_are_refused_in_words():
    with pytest.raises(MemoryError, match=r"10,000,000 dates x 200,001 groups x 5 grades take 120,001 GB, .*changes_as_at needs far less"):
        counts.count_as_at([0], [1], None, [0], [1], np.zeros(10_000_000, np.int64), n_groups=200_000)


def test_one_provider_with_many_records_is_followed_to_its_last():
    for case, rng in generators(10, 3):
        made = cases.histories(rng, 4000, 1, 6)
        check_latest(rng, made, f"case {case}")
        check_grid(rng, made, f"case {case}")


def test_many_providers_are_followed_each_on_its_own():
    rng = np.random.default_rng(11)
    made = cases.histories(rng, 3000, 60, 6)
    check_latest(rng, made, "")
    check_grid(rng, made, "")


@pytest.mark.parametrize("n_grades", [0, 1, 127, 128, 2000])
def test_without_groups_there_is_one_line_of_counts(n_grades):
    counted = counts.count_grades(None, np.full(20_000, n_grades - 1, dtype=np.int16), n_grades=n_grades)
    assert counted.shape == (n_grades + 1,)
    assert np.flatnonzero(counted).tolist() == [max(n_grades - 1, 0)]
    assert counted.sum() == 20_000


def test_no_rows_give_zeros_and_no_providers_nothing():
    nothing = np.empty(0, dtype=np.int64)
    assert counts.count_grades(nothing, nothing, n_groups=2).tolist() == [[0] * 5] * 3
    assert counts.count_grades([], []).tolist() == [[0] * 5]
    sums, without = counts.count_grades(nothing, nothing, n_groups=1, weights=[])
    assert (sums.tolist(), without.tolist()) == ([[0.0] * 5] * 2, [0, 0])
    order, already = counts.order_records(nothing, nothing)
    assert (order.tolist(), already) == ([], True)
    assert counts.latest_as_at(nothing, nothing, None, 0, n_providers=2).tolist() == [-1, -1]
    assert counts.latest_as_at(nothing, nothing, None, 0).tolist() == []
    assert counts.count_as_at(nothing, nothing, None, None, nothing, [1, 2]).tolist() == [[[0] * 5]] * 2
    assert counts.count_as_at([0], [5], [6], None, [1], []).shape == (0, 1, 5)


# ---- the same, with cases that shrink to the smallest that fails

codes = st.integers(0, 3) | st.none()
some_days = st.integers(-2, 4) | st.sampled_from([NO_DAY + 1, LAST_DAY])
rows = st.lists(st.tuples(codes, codes, st.none() | st.integers(0, 5).map(float)), max_size=40)
records = st.lists(
    st.builds(Record, st.integers(0, 2), some_days | st.none(), some_days | st.none(), st.booleans(), codes, codes, some_days | st.none())
    .filter(lambda record: record.inspected is not None or record.published is not None),
    max_size=12,
)  # fmt: skip
bounds = st.lists(some_days | st.none(), min_size=3, max_size=3)
grids = st.lists(some_days, max_size=5).map(sorted)
generator = st.integers(0, 1000).map(np.random.default_rng)
thorough = settings(max_examples=200, deadline=None, derandomize=True)


@thorough
@given(rows, st.booleans(), generator)
def test_any_rows_are_counted_as_defined(rows, grouped, rng):
    groups, grades, weights = ([row[i] for row in rows] for i in range(3))
    made = cases.Counting(groups if grouped else None, grades, weights, 4 if grouped else 0, 4)
    check_counting(rng, made, "")
    check_weighting(rng, made, "")


@thorough
@given(records, generator)
def test_any_records_are_ordered_as_defined(records, rng):
    check_order(rng, cases.Histories(records, [None] * 3, [None] * 3, 4, 4, [], []), "")


@thorough
@given(records, bounds, bounds, some_days, some_days, generator)
def test_any_state_on_a_date_is_as_defined(records, opened, closed, date, cutoff, rng):
    check_latest(rng, cases.Histories(records, opened, closed, 4, 4, [date], [cutoff]), "")


@thorough
@given(records, bounds, bounds, grids, generator)
def test_any_grid_is_counted_as_defined(records, opened, closed, dates, rng):
    cutoffs = sorted(min(date + int(rng.integers(0, 3)), LAST_DAY) for date in dates)
    check_grid(rng, cases.Histories(records, opened, closed, 4, 4, dates, cutoffs), "")


# ---- pieces


def test_counts_of_pieces_cut_anywhere_add_up():
    for case, rng in generators(12, 300):
        made = cases.counting(rng, int(rng.integers(1, 3000)))
        groups = None if made.groups is None else cases.encoded(rng, made.groups, made.n_groups)
        grades = cases.encoded(rng, made.grades, made.n_grades)
        weights = np.array([np.nan if weight is None else weight for weight in made.weights])
        cuts = [0, *sorted(rng.integers(0, len(weights) + 1, 3).tolist()), len(weights)]
        total = np.zeros((made.n_groups + 1, made.n_grades + 1), dtype=np.int64)
        sums, without = np.zeros(total.shape), np.zeros(len(total), dtype=np.int64)
        for start, stop in pairwise(cuts):  # the kernels add to what is there
            piece = [None if groups is None else part(groups, start, stop), made.n_groups, part(grades, start, stop), made.n_grades]
            _core.count_grades(*piece, total, start)
            _core.sum_weights(*piece, weights[start:stop], sums, without, start)
        assert total.tolist() == count_grades(made.groups, made.grades, made.n_groups, made.n_grades), f"case {case}"
        expected, expected_without = sum_weights(made.groups, made.grades, made.weights, made.n_groups, made.n_grades)
        np.testing.assert_allclose(sums, expected, rtol=2e-15, atol=0, err_msg=f"case {case}")
        assert without.tolist() == expected_without, f"case {case}"


def part(codes, start, stop):
    """A piece of codes, as chunks of an Arrow column share their bitmap."""
    return (codes[0][start:stop], codes[1], codes[2] + start) if isinstance(codes, tuple) else codes[start:stop]


def test_histories_split_between_providers_merge_into_the_whole():
    for case, rng in generators(13, 400):
        made = cases.histories(rng, int(rng.integers(1, 30)), int(rng.integers(1, 7)), 4)
        placed, state, graded = cases.placed_arrays(rng, made), cases.state_arrays(rng, made), cases.grade_arrays(rng, made)
        n_providers = state["n_providers"]
        whole = (
            counts.order_records(*placed, n_providers=n_providers)[0],
            counts.latest_as_at(*placed, made.dates[1], made.cutoffs[1], **state),
            counts.count_as_at(*placed, dates=made.dates, cutoffs=made.cutoffs, **graded, **state),
        )
        order, latest, counted = np.empty(0, np.int64), np.full(n_providers, -1), np.zeros_like(whole[2])
        changed = np.zeros_like(counted)
        of = np.array(cases.column(made.records, "provider"))
        cut = int(rng.integers(0, n_providers + 1))
        for mine in (np.flatnonzero(of < cut), np.flatnonzero(of >= cut)):
            piece = cases.Histories(**{**vars(made), "records": [made.records[row] for row in mine]})
            placed, state, graded = cases.placed_arrays(rng, piece), cases.state_arrays(rng, piece), cases.grade_arrays(rng, piece)
            order = np.append(order, mine[counts.order_records(*placed, n_providers=n_providers)[0]])
            rows = counts.latest_as_at(*placed, made.dates[1], made.cutoffs[1], **state)
            latest[rows >= 0] = mine[rows[rows >= 0]]
            counted += counts.count_as_at(*placed, dates=made.dates, cutoffs=made.cutoffs, **graded, **state)
            changed += summed(counts.changes_as_at(*placed, dates=made.dates, cutoffs=made.cutoffs, **graded, **state), counted.shape)
        for merged, expected in zip((order, latest, counted, changed), (*whole, whole[2]), strict=True):
            assert merged.tolist() == expected.tolist(), f"case {case}"


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_changes_no_count(threads):
    rng = np.random.default_rng(14)
    made = cases.counting(rng, 30_001, 40, 4)
    groups, grades = cases.encoded(rng, made.groups, 40), cases.encoded(rng, made.grades, 4)
    counted = counts.count_grades(groups, grades, n_groups=40, threads=threads)
    assert counted.tolist() == count_grades(made.groups, made.grades, 40, 4)
    whole_weights = rng.integers(0, 1000, 30_001).astype(float)  # whole numbers: their sums are exact in any order
    sums, _ = counts.count_grades(groups, grades, n_groups=40, weights=whole_weights, threads=threads)
    assert sums.tolist() == sum_weights(made.groups, made.grades, whole_weights.tolist(), 40, 4)[0]


# ---- what is wrong is named, and nothing is written where it should not be


def guarded(n, dtype=np.int64):
    """An output of n zeros, and the array around it, whose ends no kernel may touch."""
    around = np.full(n + 128, 77, dtype=dtype)
    around[64 : 64 + n] = 0
    return around[64 : 64 + n], around


def assert_void(output, around):
    void = np.isnan(output) if output.dtype.kind == "f" else output == -1
    assert void.all()
    assert (around[:64] == 77).all()
    assert (around[64 + len(output) :] == 77).all()


def wrong_codes(kind, size):
    """Codes that are just, or far, outside 0 .. size - 1."""
    limits = np.iinfo(kind)
    return [code for code in (-2, limits.min, size, size + 1, limits.max) if limits.min <= code <= limits.max and not -1 <= code < size]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("bitmap", [False, True], ids=["plain", "bitmap"])
def test_a_bad_code_is_named_wherever_it_stands(kind, bitmap):
    rng = np.random.default_rng(15)
    good = np.zeros(2500, dtype=kind)
    weights = np.ones(len(good))
    for column, size in (("group", 50), ("grade", 4)):
        for row in (0, 1, 31, 1022, 1023, 1024, 1025, 2047, 2048, 2499, *rng.integers(0, 2500, 5).tolist()):
            for value in wrong_codes(kind, size):
                codes = good.copy()
                codes[row] = value
                taken = (codes, np.full(400, 255, dtype=np.uint8), 3) if bitmap else codes
                pair = (taken, 50, good, 4) if column == "group" else (good, 50, taken, 4)
                for n_rows, first_row in ((row + 1, 0), (2500, 1_000_000)):
                    piece = [x if isinstance(x, int) else part(x, 0, n_rows) for x in pair]
                    output, around = guarded(51 * 5)
                    with pytest.raises(ValueError, match=f"^row {row + first_row}: {column} code {value} is outside") as failure:
                        _core.count_grades(*piece, output, first_row)
                    assert (failure.value.row, failure.value.value, failure.value.reason) == (row + first_row, value, column)
                    assert_void(output, around)
                    sums, around_sums = guarded(51 * 5, np.float64)
                    without, around_without = guarded(51)
                    with pytest.raises(ValueError, match=f"^row {row + first_row}: {column} code {value} is outside"):
                        _core.sum_weights(*piece, weights[:n_rows], sums, without, first_row)
                    assert_void(sums, around_sums)
                    assert_void(without, around_without)


def test_the_first_of_several_bad_rows_is_named():
    groups, grades, weights = np.zeros(5000, np.int8), np.zeros(5000, np.int8), np.ones(5000)
    for bad, array, value, reason in ((4000, groups, 9, "group"), (3000, grades, 8, "grade"), (2999, weights, -1.0, "weight")):
        array[bad] = value
        with pytest.raises(ValueError, match=f"row {bad}: ") as failure:
            counts.count_grades(groups, grades, n_groups=2, weights=weights)
        assert (failure.value.row, failure.value.reason) == (bad, reason)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_bad_row_has_its_number_in_the_whole_whatever_the_threads(threads):
    for row in (0, 3333, 3334, 5000, 9999):
        grades = np.zeros(10_000, dtype=np.uint8)
        grades[row:] = 9  # every thread finds one; the first counts
        with pytest.raises(ValueError, match=f"row {row}: grade code 9") as failure:
            counts.count_grades(None, grades, threads=threads)
        assert failure.value.row == row


@pytest.mark.parametrize("threads", [1, 2, 3, 50])
def test_the_first_record_at_fault_is_named_whatever_the_threads_of_a_grid(threads):
    provider, inspected, grades = np.arange(100) // 3, np.arange(100), np.zeros(100, dtype=np.int8)
    order = np.arange(100)
    for row in (0, 33, 34, 48, 50, 99):
        wrong = grades.copy()
        wrong[row:] = 9  # every thread finds one; the first counts
        for by_order in (None, order):
            with pytest.raises(ValueError, match=f"row {row}: grade code 9") as failure:
                counts.count_as_at(provider, inspected, None, None, wrong, [50], order=by_order, threads=threads)
            assert (failure.value.row, failure.value.reason) == (row, "grade")
        if row:
            swapped = order.copy()
            swapped[[row - 1, row]] = row, row - 1  # the later of two, or the next provider before the one before it
            with pytest.raises(ValueError, match=f"row {row - 1}: ") as failure:
                counts.count_as_at(provider, inspected, None, None, grades, [50], order=swapped, threads=threads)
            assert failure.value.reason == "unordered"
    for provider_of_last in (0, 16):  # found in order, or not: then they are ordered, and counted all the same
        provider[-1] = provider_of_last
        counted = counts.count_as_at(provider, inspected, None, None, grades, [200], threads=threads)
        assert counted.tolist() == counts.count_as_at(provider, inspected, None, None, grades, [200], threads=1).tolist()
        assert counted.sum() == 33


def records_in_no_order(seed):
    rng, n = np.random.default_rng(seed), 5000
    inspected = np.datetime64("2010-01-01", "s") + rng.integers(0, 900, n).astype("timedelta64[D]")
    published = inspected + rng.integers(0, 60, n).astype("timedelta64[D]")
    inspected[rng.random(n) < 0.1] = np.datetime64("NaT")
    placed = rng.integers(0, 300, n), inspected, published
    coded = {"groups": rng.integers(-1, 7, n), "grades": rng.integers(-1, 4, n).astype(np.int8)}
    return placed, coded, {"n_providers": 310, "eligible": rng.random(n) < 0.8}


OF_RECORDS = {
    "transitions": counts.count_transitions,
    "a grid": functools.partial(counts.count_as_at, dates=np.arange("2010-01", "2014-01", dtype="datetime64[M]").astype("datetime64[D]")),
}


@pytest.mark.parametrize("threads", [2, 3, 50, 400])
@pytest.mark.parametrize("name", OF_RECORDS)
def test_threads_share_out_records_in_no_order_by_their_providers(name, threads):
    placed, coded, beside = records_in_no_order(threads)
    alone = OF_RECORDS[name](*placed, **coded, **beside, threads=1)
    together = OF_RECORDS[name](*placed, **coded, **beside, threads=threads)
    assert together.tolist() == alone.tolist()


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("name", OF_RECORDS)
def test_the_first_row_at_fault_is_named_whatever_the_threads_of_records_in_no_order(name, threads):
    for what, reason in (("provider", "provider"), ("dates", "date"), ("grades", "grade"), ("groups", "group")):
        (provider, inspected, published), coded, beside = records_in_no_order(7)
        beside["eligible"][:] = True
        for row in (4000, 700, 300):  # of providers that several threads have
            if what == "provider":
                provider[row] = 999
            elif what == "dates":
                inspected[row] = published[row] = np.datetime64("NaT")
            else:
                coded[what][row] = 99
        with pytest.raises(ValueError, match="row 300") as failure:
            OF_RECORDS[name](provider, inspected, published, **coded, n_groups=7, **beside, threads=threads)
        assert (failure.value.row, failure.value.reason) == (300, reason)


@pytest.mark.parametrize("value", [-1.0, -5e-324, np.inf, -np.inf])
def test_a_bad_weight_is_named(value):
    weights = np.ones(3000)
    weights[2048] = value
    sums, around = guarded(5, np.float64)
    without, around_without = guarded(1)
    with pytest.raises(ValueError, match=r"row 2058: the weight .* is negative or infinite") as failure:
        _core.sum_weights(None, 0, np.zeros(3000, np.int8), 4, weights, sums, without, 10)
    assert (failure.value.row, failure.value.value, failure.value.reason) == (2058, value, "weight")
    assert_void(sums, around)
    assert_void(without, around_without)


def test_sums_beyond_all_numbers_are_infinite_and_not_missing():
    sums, _ = counts.count_grades(None, [0, 0, 0, 1], n_grades=2, weights=[1e308, 1e308, 1e308, 5.0])
    assert sums.tolist() == [np.inf, 5.0, 0.0]


ORDERED = {"provider": [0, 0, 1, 1], "inspected": [1, 2, 1, 2], "published": [3, 3, 3, 3]}


def histories_called(name, outputs, *, n_providers=2, groups=None, grades=(0, 1, 2, 3), dates=(5,), cutoffs=None, order=None, **changed):
    """Call a kernel of histories on four good records of two providers, but for what is changed; its output is kept in `outputs`."""
    columns = {**ORDERED, **changed}
    provider = columns["provider"]
    records = (
        provider if isinstance(provider, np.ndarray | tuple) else np.array(provider, dtype=np.int64),
        n_providers,
        np.array(columns["inspected"], dtype=np.int64),
        np.array(columns["published"], dtype=np.int64),
        *(None if (given := columns.get(x)) is None else np.array(given) for x in ("eligible", "opened", "closed")),
    )
    if name == "order_records":
        size, more = len(columns["inspected"]), ()
    elif name == "latest_as_at":
        size, more = n_providers, (5, 5)
    else:
        size = len(dates) * (3 if groups is not None else 1) * 5
        dates = np.array(dates, dtype=np.int64)
        more = (
            None if order is None else np.array(order, dtype=np.int64),
            None if groups is None else np.array(groups),
            2,
            np.array(grades),
            4,
            None,
            dates,
            dates if cutoffs is None else np.array(cutoffs, dtype=np.int64),
        )
    if name == "changes_as_at":
        size = 2 * len(columns["inspected"])
        outputs[:] = guarded(size)
        return _core.changes_as_at(*records, *more, outputs[0], guarded(size)[0])
    outputs[:] = guarded(size)
    return getattr(_core, name)(*records, *more, outputs[0])


HISTORIES = ["order_records", "latest_as_at", "count_as_at", "changes_as_at"]


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_bad_provider_is_named(name, kind):
    for row in range(4):
        for value in [*wrong_codes(kind, 2), *([-1] if kind.kind == "i" else [])]:
            provider = np.array(ORDERED["provider"], dtype=kind)
            provider[row] = value
            outputs = []
            with pytest.raises(ValueError, match=f"^row {row}: ") as failure:
                histories_called(name, outputs, provider=provider)
            assert (failure.value.row, failure.value.value, failure.value.reason) == (row, value, "provider")
            assert str(failure.value).endswith("the provider is missing" if value == -1 else "is outside the providers (0 .. 1)")
            assert_void(*outputs)


@pytest.mark.parametrize("name", HISTORIES)
def test_a_provider_that_a_bitmap_calls_missing_is_named(name):
    outputs = []
    with pytest.raises(ValueError, match="row 2: the provider is missing") as failure:
        histories_called(name, outputs, provider=(np.array([0, 0, 1, 1], np.uint32), np.array([0b11011000, 1], np.uint8), 3))
    assert (failure.value.row, failure.value.value) == (2, -1)
    assert_void(*outputs)


@pytest.mark.parametrize("name", HISTORIES)
def test_a_record_without_any_date_is_named(name):
    outputs = []
    with pytest.raises(ValueError, match="row 3: neither an inspection date nor a publication date") as failure:
        histories_called(name, outputs, inspected=[1, 2, 1, NO_DAY], published=[3, NO_DAY, 3, NO_DAY])
    assert (failure.value.row, failure.value.reason) == (3, "date")
    assert_void(*outputs)


@pytest.mark.parametrize(
    ("changed", "row", "value", "reason"),
    [
        ({"grades": [0, 4, 2, 9]}, 1, 4, "grade"),
        ({"grades": [0, 1, 2, -2]}, 3, -2, "grade"),
        ({"grades": np.array([0, 1, 2**63, 2**64 - 1], np.uint64)}, 2, 2**63, "grade"),
        ({"groups": [0, 1, 2, 5]}, 2, 2, "group"),
        ({"groups": [-2, 1, 1, 5]}, 0, -2, "group"),
        ({"provider": [0, 2, 1, 5]}, 1, 2, "provider"),
        ({"order": [0, 1, 2, 4]}, 3, 4, "order"),
        ({"order": [-1, 1, 2, 3]}, 0, -1, "order"),
        ({"order": [0, 1, 2, NO_DAY]}, 3, NO_DAY, "order"),
        ({"dates": [5, 4]}, 1, 4, "grid"),
        ({"dates": [1, 5, 3, 2]}, 2, 3, "grid"),
        ({"dates": [5, 6], "cutoffs": [9, 8]}, 1, 8, "grid"),
        ({"dates": [LAST_DAY, NO_DAY + 1]}, 1, NO_DAY + 1, "grid"),
    ],
)
def test_what_a_grid_can_not_be_made_of_is_named(changed, row, value, reason):
    outputs = []
    with pytest.raises(ValueError) as failure:  # noqa: PT011, for its attributes say more than a pattern
        histories_called("count_as_at", outputs, **changed)
    assert (failure.value.row, failure.value.value, failure.value.reason) == (row, value, reason)
    assert_void(*outputs)


@pytest.mark.parametrize(
    ("changed", "row"),
    [
        ({"provider": [0, 1, 0, 1], "order": [0, 1, 2, 3]}, 2),
        ({"inspected": [2, 1, 1, 2], "order": [0, 1, 2, 3]}, 1),
        ({"inspected": [1, 1, 1, 1], "published": [4, 3, 4, 3], "order": [0, 1, 2, 3]}, 1),
        ({"inspected": [1, NO_DAY, 1, 2], "published": [3, 0, 3, 3], "order": [0, 1, 2, 3]}, 1),
        ({"order": [1, 0, 2, 3]}, 0),
        ({"order": [2, 3, 0, 1]}, 0),
        # A row twice, and so another not at all; equal records the wrong way round, whose last would win.
        ({"order": [0, 0, 2, 3]}, 0),
        ({"inspected": [1, 1, 1, 2], "order": [1, 0, 2, 3]}, 0),
    ],
)
def test_records_out_of_the_order_claimed_are_named_and_never_counted_wrongly(changed, row):
    outputs = []
    with pytest.raises(ValueError, match=f"^row {row}: the records are not ordered by provider and date here") as failure:
        histories_called("count_as_at", outputs, **changed)
    assert (failure.value.row, failure.value.reason) == (row, "unordered")
    assert_void(*outputs)


@pytest.mark.parametrize("row", [0, 1, 2, 3])  # before, at and after the place where the order is broken
@pytest.mark.parametrize("code", ["grade", "group"])
def test_a_fault_in_unordered_records_is_named_alone(row, code):
    grades, groups = [1, 1, 1, 1], [0, 0, 0, 0]
    (grades if code == "grade" else groups)[row] = 9
    with pytest.raises(ValueError, match=f"row {row}: {code} code 9") as failure:
        counts.count_as_at([1, 0, 1, 0], [1, 2, 3, 4], None, groups, grades, [5], n_groups=1)
    assert failure.value.__context__ is None  # and not "the records are not ordered" before it, which is no fault here


I8, D = np.zeros(4, np.int8), np.zeros(4, np.int64)
COUNTS = np.zeros(15, np.int64)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: counts.count_grades([0, 1], [1]), ValueError, "lengths differ: grades has 1 rows, groups has 2"),
        (lambda: counts.count_grades(None, [1], weights=[1, 2]), ValueError, "lengths differ: grades has 1 rows, weights has 2"),
        (lambda: counts.count_grades([0.0, 1.0], [1, 2]), TypeError, "groups must be integer codes, not float64"),
        (lambda: counts.count_grades(None, ["Good"]), TypeError, "grades must be integer codes, not <U4"),
        (lambda: counts.count_grades(None, [True]), TypeError, "grades must be integer codes, not bool"),
        (lambda: counts.count_grades(None, [[1]]), ValueError, "grades must have one dimension, not 2"),
        (lambda: counts.count_grades(None, [1], threads=0), ValueError, "threads is 0; 1 or more are needed"),
        (lambda: counts.count_grades([0], [1], n_groups=-1), ValueError, "n_groups is -1, which is no size"),
        (lambda: counts.count_grades(np.zeros((2, 2), int), np.zeros(4, int), n_groups=1), ValueError, "groups must have one dimension"),
        (lambda: counts.count_grades(D > 0, D > 0, n_groups=2), TypeError, "grades must be integer codes, not bool"),
        (lambda: counts.count_grades(None, [-1], n_grades=-1), ValueError, "n_grades is -1, which is no size"),
        (lambda: counts.order_records([0, 1], [1]), ValueError, "lengths differ: provider has 2 rows, inspected has 1"),
        (lambda: counts.order_records([0], [1], [1, 2]), ValueError, "lengths differ: provider has 1 rows, published has 2"),
        (lambda: counts.order_records([0], ["2015-01-01"]), TypeError, "inspected must be datetime64 or int64 days, not <U10"),
        (lambda: counts.latest_as_at([0], [1], None, 5, eligible=[]), ValueError, "provider has 1 rows, eligible has 0"),
        (lambda: counts.latest_as_at([0], [1], None, 5, opened=[1, 2]), ValueError, "opened has 2 values; 1 are needed"),
        (lambda: counts.latest_as_at([0], [1], None, 5, closed=[]), ValueError, "closed has 0 values; 1 are needed"),
        (lambda: counts.latest_as_at([0], [1], None, np.datetime64("NaT", "D")), ValueError, "date is missing"),
        (lambda: counts.latest_as_at([0], [1], None, 5, NO_DAY), ValueError, "cutoff is missing"),
        (lambda: counts.count_as_at([0], [1], None, None, [1, 2], [5]), ValueError, "provider has 1 rows, grades has 2"),
        (lambda: counts.count_as_at([0], [1], None, [0, 1], [1], [5]), ValueError, "provider has 1 rows, groups has 2"),
        (lambda: counts.count_as_at([0], [1], None, None, [1], [5], order=[0, 1]), ValueError, "provider has 1 rows, order has 2"),
        (lambda: counts.count_as_at([0], [1], None, None, [1], [5], order=[0.5]), TypeError, "order must be integer codes"),
        (lambda: counts.count_as_at([0], [1], None, None, [1], [5], expires=[]), ValueError, "provider has 1 rows, expires has 0"),
        (lambda: counts.count_as_at([0], [1], None, None, [1], [5], [5, 6]), ValueError, "dates has 1 rows, cutoffs has 2"),
        (lambda: counts.count_as_at([0], [1], None, None, [1], [5, NO_DAY]), ValueError, r"dates\[1\] is missing"),
        (lambda: counts.count_as_at([0], [1], None, None, [1], [5], [np.datetime64("NaT", "D")]), ValueError, r"cutoffs\[0\] is missing"),
        (lambda: _core.count_grades(None, 0, D, 4), TypeError, "count_grades takes 5 to 6 arguments, not 4"),
        (lambda: _core.count_grades(None, 0, [1], 4, COUNTS), TypeError, "bytes-like"),
        (lambda: _core.count_grades(None, 0, D, 2.0, COUNTS), TypeError, "integer"),
        (lambda: _core.count_grades(None, 0, D, 2**63, COUNTS), OverflowError, "too big|too large"),
        (lambda: _core.count_grades(D, 2**56, D, 2**56, COUNTS), ValueError, "does not fit into memory"),
        (lambda: _core.count_grades(None, 0, D, 4, COUNTS[:4]), ValueError, "counts has 4 values; 5 are needed"),
        (lambda: _core.count_grades(None, 0, D, 4, COUNTS[:6]), ValueError, "counts has 6 values; 5 are needed"),
        (lambda: _core.count_grades(D, 2, D, 4, COUNTS.astype(float)), TypeError, "counts has items .*; wanted int64"),
        (lambda: _core.count_grades(D, 2, D, 4, COUNTS.astype(np.int32)), TypeError, "counts has items .*; wanted int64"),
        (lambda: _core.count_grades(D, 2, D, 4, cases.read_only(COUNTS.copy())), ValueError, "read-only"),
        (lambda: _core.count_grades(D, 2, D, 4, bytes(120)), BufferError, "not writable"),
        (lambda: _core.count_grades(None, 0, D[::-1], 4, COUNTS[:5]), ValueError, "not C-contiguous"),
        (lambda: _core.count_grades(None, 0, D.astype(">i8"), 4, COUNTS[:5]), TypeError, "buffer format '>[lq]'"),
        (lambda: _core.count_grades(None, 0, D.astype(float), 4, COUNTS[:5]), TypeError, "codes are integers"),
        (lambda: _core.count_grades(None, 0, misaligned(D), 4, COUNTS[:5]), ValueError, "grades is not aligned"),
        (lambda: _core.count_grades(None, 0, (D, None), 4, COUNTS[:5]), TypeError, "grades as a tuple is"),
        (lambda: _core.count_grades(None, 0, (D, None, -1), 4, COUNTS[:5]), ValueError, "offset is -1, which is no size"),
        (lambda: _core.count_grades(None, 0, (D, b"\0", 5), 4, COUNTS[:5]), ValueError, "validity bitmap of 1 bytes, too short"),
        (lambda: _core.count_grades(None, 0, D, 4, COUNTS[:5], -1), ValueError, "first_row is -1, which is no size"),
        (lambda: _core.sum_weights(None, 0, D, 4, D, np.zeros(5), D[:1]), TypeError, "weights has items .*; wanted float64"),
        (lambda: _core.sum_weights(None, 0, D, 4, np.ones(4), np.zeros(4), D[:1]), ValueError, "sums has 4 values; 5 are needed"),
        (lambda: _core.sum_weights(None, 0, D, 4, np.ones(4), np.zeros(5), D[:2]), ValueError, "unweighted has 2 values; 1 are needed"),
        (lambda: _core.order_records(I8, 1, I8, None, None, None, None, D), TypeError, "inspected has items .*; wanted int64"),
        (lambda: _core.order_records(I8, 1, D, None, None, None, None, D[:3]), ValueError, "order has 3 values; 4 are needed"),
        (lambda: _core.latest_as_at(I8, 1, D, None, D, None, None, 5, 5, COUNTS[:1]), TypeError, "eligible has items .*; wanted bool"),
        (lambda: _core.latest_as_at(I8, 1, D, None, None, None, None, 5, 5, COUNTS[:2]), ValueError, "rows has 2 values; 1 are needed"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_words(call, error, words):
    COUNTS[:] = 0
    with pytest.raises(error, match=words):
        call()
    assert not COUNTS.any()


# ---- arrays as users have them


def misaligned(array):
    """The array at an odd address, as a memory-mapped file may have it."""
    buffer = np.zeros(array.nbytes + 1, dtype=np.uint8)
    moved = buffer[1:].view(array.dtype)
    moved[:] = array
    assert not moved.flags.aligned
    return moved


LAYOUTS = {
    "reversed": lambda array: array[::-1].copy()[::-1],
    "strided": lambda array: np.repeat(array, 3)[::3],
    "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder("S")),
    "misaligned": misaligned,
    "a field of records": lambda array: np.rec.fromarrays([np.zeros(len(array), np.int8), array], names="a,b")["b"],
    "a list": lambda array: array.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_arrays_of_any_layout_count_as_plain_ones(layout):
    rng = np.random.default_rng(16)
    made = cases.histories(rng, 40, 5, 4)
    provider, group, grade = (
        np.array([-1 if x is None else x for x in cases.column(made.records, y)]) for y in ("provider", "group", "grade")
    )
    inspected, published, expires = (
        np.array([NO_DAY if x is None else x for x in cases.column(made.records, y)]) for y in ("inspected", "published", "expires")
    )
    dates = np.array(made.dates)
    weights = rng.random(40)

    def results(laid):
        sizes = {"n_groups": 3, "n_grades": made.n_grades}
        order, _ = counts.order_records(laid(provider), laid(inspected), laid(published))
        in_force = counts.count_as_at(
            *map(laid, (provider, inspected, published, group, grade, dates)), order=laid(order), expires=laid(expires), **sizes
        )
        return [
            counts.count_grades(laid(group), laid(grade), **sizes),
            *counts.count_grades(laid(group), laid(grade), weights=laid(weights), **sizes),
            order,
            counts.latest_as_at(laid(provider), laid(inspected), laid(published), dates[-1]),
            in_force,
        ]

    for got, expected in zip(results(layout), results(lambda array: array), strict=True):
        assert got.tolist() == expected.tolist()


@pytest.mark.parametrize("unit", ["Y", "M", "D", "h", "s", "ms", "us", "ns"])
def test_dates_of_any_unit_are_days_and_the_time_of_day_is_dropped(unit):
    inspected = np.array(["1969-01-01T00", "1970-01-01T00", "NaT"], dtype=f"datetime64[{unit}]")
    if unit not in "YMD":
        inspected[:2] += np.timedelta64(23, "h")
    published = np.array(["NaT", "NaT", "1969-06-01"], dtype="datetime64[D]")
    order, _ = counts.order_records([0, 0, 0], inspected, published)
    assert order.tolist() == [0, 2, 1]
    assert counts.latest_as_at([0, 0, 0], inspected, published, np.datetime64("1969-01-01")).tolist() == [0]
    assert counts.latest_as_at([0, 0, 0], inspected, published, np.datetime64("1968-12-31")).tolist() == [-1]


@pytest.mark.parametrize("unit", ["D", "s", "ms", "us", "ns"])
def test_dates_are_read_where_they_lie_and_take_no_memory(unit):
    rows = 100_000
    provider, dates = np.zeros(rows, dtype=np.int8), np.arange(rows).view(f"datetime64[{unit}]")
    tracemalloc.start()
    try:
        counts.latest_as_at(provider, dates, dates, 0, n_providers=1)
        assert tracemalloc.get_traced_memory()[1] < rows
    finally:
        tracemalloc.stop()


def test_the_number_of_groups_is_told_from_the_valid_codes_alone():
    garbage = np.array([1, 2**31, 0], dtype=np.uint32)
    bitmap = np.array([0b101], dtype=np.uint8)
    assert counts.count_grades((garbage, bitmap, 0), [0, 1, 1], n_grades=2).tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0]]


def test_the_last_good_day_of_a_grade_is_kept_to_the_end_of_time():
    counted = counts.count_as_at([0, 1], [1, 1], None, None, [2, 3], [1, LAST_DAY], expires=[LAST_DAY, LAST_DAY - 1])
    assert counted[:, 0].tolist() == [[0, 0, 1, 1, 0], [0, 0, 1, 0, 1]]


def test_inputs_are_never_changed():
    for case, rng in generators(17, 300):
        made, rows = cases.histories(rng), cases.counting(rng)
        placed, state, graded = cases.placed_arrays(rng, made), cases.state_arrays(rng, made), cases.grade_arrays(rng, made)
        groups, grades = cases.encoded(rng, rows.groups or [None] * len(rows.grades), 30), cases.encoded(rng, rows.grades, 5)
        dates, order = np.array(made.dates, np.int64), np.array(order_records(made.records)[0], np.int64)
        weights = np.ones(len(rows.grades))
        given = [placed, list(state.values()), list(graded.values()), groups, grades, dates, order, weights]
        before = frozen(given)
        counts.count_grades(groups, grades, n_groups=30, n_grades=5, threads=2)
        counts.count_grades(groups, grades, n_groups=30, n_grades=5, weights=weights)
        counts.order_records(*placed, n_providers=len(made.opened))
        counts.latest_as_at(*placed, 5, **state)
        counts.count_as_at(*placed, dates=dates, order=order, **graded, **state)
        assert frozen(given) == before, f"case {case}"


def frozen(values):
    """What stands in nested arrays, to the byte."""
    if isinstance(values, list | tuple):
        return tuple(map(frozen, values))
    return (values.dtype.str, values.tobytes()) if isinstance(values, np.ndarray) else values


@pytest.mark.parametrize("succeeds", [True, False])
def test_no_reference_is_lost_or_kept(succeeds):
    # Objects made here and referred to only from these lists.
    data, bitmap, offset = np.array([0, 1, 1, 0 if succeeds else 3], np.uint16), np.full(64, 255, np.uint8), 300
    codes = (data, bitmap, offset)
    inspected, published, weights, eligible, bounds = np.arange(4), np.arange(4), np.ones(4), np.ones(4, np.bool_), np.full(2, NO_DAY)
    order = np.array([0, 3, 1, 2])
    records = (codes, 2, inspected, published, eligible, bounds, bounds)
    calls = [
        lambda: _core.count_grades(codes, 2, codes, 2, np.zeros(9, np.int64)),
        lambda: _core.sum_weights(codes, 2, codes, 2, weights, np.zeros(9), np.zeros(3, np.int64)),
        lambda: _core.order_records(*records, np.zeros(4, np.int64)),
        lambda: _core.latest_as_at(codes, 2, inspected, published, None, bounds, bounds, 9, 9, np.zeros(2, np.int64)),
        lambda: _core.count_as_at(*records, order, codes, 2, codes, 2, inspected, inspected, inspected, np.zeros(36, np.int64)),
        lambda: _core.count_grades(codes, 2, codes, 2, np.zeros(9 if succeeds else 8, np.int64)),
    ]
    watched = [codes, data, bitmap, inspected, published, weights, eligible, bounds, None]
    for call in calls:
        before = [sys.getrefcount(thing) for thing in watched]
        for _ in range(50):
            if succeeds:
                call()
            else:
                with pytest.raises(ValueError, match=r"row 3|needed"):
                    call()
        after = [sys.getrefcount(thing) for thing in watched]
        assert after[:-1] == before[:-1]
        if sys.version_info < (3, 12):  # from then on None is immortal, and its count says nothing
            assert abs(after[-1] - before[-1]) < 40  # others use None as well


INTERRUPTED = """
import _thread, os, signal, sys, threading, time
import numpy as np
from ofsted_sif import _core

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore
sys.setswitchinterval(1000)  # the other thread runs only while a kernel has let go of the interpreter
rows = {rows}
codes, days = np.zeros(rows, dtype=np.int8), np.zeros(1 << 27, dtype=np.int64)  # zeros that take no memory until they are written
last = time.monotonic() + 60  # on a busy machine the signal may come too late for many a count
while time.monotonic() < last:
    output = np.zeros(5, dtype=np.int64)
    ready = threading.Event()
    other = threading.Thread(target=lambda: (ready.wait(), os.kill(os.getpid(), signal.SIGINT)))
    other.start()
    try:
        ready.set()
        {call}
        other.join()
    except KeyboardInterrupt:
        if output[0] == -1:
            print("interrupted within the kernel")
            break
"""


@pytest.mark.skipif(os.name == "nt", reason="a process can not send itself Ctrl-C there")
@pytest.mark.parametrize(
    ("rows", "call"),
    [
        (1 << 29, "_core.count_grades(None, 0, codes, 4, output)"),
        (1 << 27, "_core.latest_as_at(codes, 5, days, None, None, None, None, 0, 0, output)"),
    ],
    ids=["count_grades", "latest_as_at"],
)
def test_ctrl_c_is_answered_during_a_long_count(rows, call):
    script = INTERRUPTED.format(rows=rows, call=call)
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted within the kernel\n", "", 0)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
@pytest.mark.parametrize("size", [100, 127, 128, 200, 255, 256, 70_000])
def test_a_negative_code_is_no_code_however_many_labels_there_are(dtype, size):
    """A comparison of unsigned bytes took -3 for 253 where there were 255 groups or more."""
    good, days = np.zeros(2, dtype=dtype), [1, 2]
    for code in (-2, -3, np.iinfo(dtype).min):
        bad = np.array([0, code], dtype=dtype)
        with pytest.raises(ValueError, match=f"row 1: provider code {code} is outside"):
            counts.count_as_at(bad, days, None, None, good, [5], n_providers=size)
        with pytest.raises(ValueError, match=f"row 1: group code {code} is outside"):
            counts.count_as_at(good, days, None, bad, good, [5], n_providers=1, n_groups=size)
        with pytest.raises(ValueError, match=f"row 1: group code {code} is outside"):
            counts.count_grades(bad, good, n_groups=size)


def test_days_past_all_days_are_no_days():
    with pytest.raises(ValueError, match=r"inspected has days past 2\*\*63"):
        counts.order_records([0], np.array([2**63 + 1], dtype=np.uint64))
