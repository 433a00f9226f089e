"""The kernels of trends against their definitions in tests/reference, on generated cases; what they do with what is wrong."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import scipy.stats

from ofsted_sif import _core, counts
from ofsted_sif.counts import NO_DAY, trends
from tests.reference import kendall as definition
from tests.reference.kendall_clusters import kendall_clusters
from tests.reference.resample_counts import outcomes
from tests.reference.theil_sen import slopes
from tests.support import cases

CASES = 2000


def generators(test, n=CASES):
    """A generator of random numbers a case, the same in every run; a case that fails is named by its number."""
    for case in range(n):
        yield case, np.random.default_rng([test, case])


def dated(rng, n=None):
    """Groups, days, grades and numbers of some rows, with few or many ties."""
    n = int(rng.choice([0, 1, 2, 3, 5, 12, 20, 21, 40])) if n is None else n
    n_groups = int(rng.choice([1, 2, 4]))
    n_grades = int(rng.choice([1, 2, 4, 5]))
    return (
        rng.integers(0, n_groups, n),
        rng.permutation(2 * n)[:n] - 7 if rng.integers(2) else rng.integers(-3, max(1, n // 2), n),
        rng.integers(0, n_grades, n),
        rng.integers(-2, 3, n) / 4 if rng.integers(2) else rng.normal(size=n) * 10.0 ** rng.uniform(-6, 6),
        n_groups,
        n_grades,
    )


def check_kendall(found, group, days, values, label):
    n, s, variance, pairs, unlike = definition.kendall(days.tolist(), values.tolist())
    assert (found.n[group], found.s[group], found.pairs[group]) == (n, s, pairs), label
    np.testing.assert_allclose(found.variance[group], np.nan if variance is None else float(variance), rtol=1e-13, err_msg=label)
    tau = s / np.sqrt(pairs * unlike) if pairs * unlike else np.nan
    np.testing.assert_allclose(found.tau[group], tau, rtol=1e-14, err_msg=label)
    distinct = n <= 20 and len(set(days.tolist())) == n > 0
    assert (found.tie_pattern[group] > 0) == distinct, label


def test_kendall_of_grades_is_its_definition_in_every_group_whatever_the_kind_of_code():
    for case, rng in generators(1):
        groups, days, grades, _, n_groups, n_grades = dated(rng)
        missing = rng.random(len(groups)) < 0.1
        codes = [None if none else int(grade) for none, grade in zip(missing, grades, strict=True)]
        found = counts.kendall(
            cases.encoded(rng, groups.tolist(), n_groups),
            cases.days(rng, days.tolist()),
            cases.encoded(rng, codes, n_grades),
            n_grades=n_grades,
            n_groups=n_groups,
        )
        for group in range(n_groups):
            here = (groups == group) & ~missing
            check_kendall(found, group, days[here], grades[here], f"case {case}, group {group}")


def test_kendall_of_numbers_is_its_definition_in_every_group():
    for case, rng in generators(2):
        groups, days, _, values, n_groups, _ = dated(rng)
        found = counts.kendall(groups, days, values, n_groups=n_groups)
        for group in range(n_groups):
            here = groups == group
            check_kendall(found, group, days[here], values[here], f"case {case}, group {group}")


def test_what_clusters_bring_is_its_definition_in_every_group_whatever_the_kind_of_code():
    for case, rng in generators(41):
        groups, days, _, _, n_groups, n_grades = dated(rng)
        n_labels = int(rng.choice([1, 3, 50]))
        some, clusters = (cases.some_codes(rng, len(groups), size) for size in (n_grades, n_labels))
        found = counts.kendall_clusters(
            cases.encoded(rng, groups.tolist(), n_groups),
            cases.days(rng, days.tolist()),
            cases.encoded(rng, some, n_grades),
            cases.encoded(rng, clusters, n_labels),
            n_grades=n_grades,
            n_groups=n_groups,
            n_labels=n_labels,
        )
        for group in range(n_groups):
            rows = np.flatnonzero(groups == group)
            expected = kendall_clusters(*([column[row] for row in rows] for column in (days.tolist(), some, clusters)))
            assert tuple(part[group] for part in found) == expected, f"case {case}, group {group}"


def test_what_clusters_bring_adds_up_over_pieces_and_is_the_same_in_threads():
    rng = np.random.default_rng(42)
    n, n_groups = 300_000, 200
    groups, days, grades = rng.integers(0, n_groups, n), rng.integers(0, 900, n), rng.integers(-1, 4, n)
    clusters = rng.integers(-1, 20_000, n)
    one = counts.kendall_clusters(groups, days, grades, clusters, n_grades=4, threads=1)
    for threads in (2, 5):
        for part, other in zip(one, counts.kendall_clusters(groups, days, grades, clusters, n_grades=4, threads=threads), strict=True):
            np.testing.assert_array_equal(part, other)
    low = groups < 90
    parts = [
        counts.kendall_clusters(groups[rows], days[rows], grades[rows], clusters[rows], n_grades=4, n_groups=n_groups)
        for rows in (low, ~low)
    ]
    for whole, first, second in zip(one, *parts, strict=True):
        np.testing.assert_array_equal(whole, first + second)


def test_grades_and_the_same_numbers_give_the_same_kendall():
    rng = np.random.default_rng(3)
    groups, days, grades = rng.integers(0, 7, 5000), rng.integers(0, 900, 5000), rng.integers(0, 4, 5000)
    for one, other in zip(
        counts.kendall(groups, days, grades, n_grades=4), counts.kendall(groups, days, grades.astype(float)), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_the_variance_is_that_of_all_orders_of_the_values():
    """Not the formula against itself: S over all permutations, with ties in values and in days."""
    for case, rng in generators(4, 150):
        n = int(rng.integers(2, 7))
        days, values = rng.integers(0, 4, n), rng.integers(0, 3, n)
        often = definition.distribution(days.tolist(), values.tolist())
        total = sum(often.values())
        mean = Fraction(sum(s * k for s, k in often.items()), total)
        variance = Fraction(sum(s * s * k for s, k in often.items()), total) - mean**2
        np.testing.assert_allclose(
            counts.kendall(None, days, values.astype(float)).variance, [float(variance)], rtol=1e-13, err_msg=f"case {case}"
        )


def test_the_exact_distribution_is_that_of_all_orders_of_the_values():
    for case, rng in generators(5, 300):
        n = int(rng.integers(1, 8))
        days, values = rng.permutation(30)[:n], rng.integers(0, rng.integers(1, 6), n)
        often = definition.distribution(days.tolist(), values.tolist())
        total = sum(often.values())
        runs = counts.kendall(None, days, values, n_grades=6).tie_pattern
        s = np.array(sorted(often))
        above, at = counts.kendall_exact(np.repeat(runs, len(s)), s)
        assert at.tolist() == [often[k] / total for k in s.tolist()], f"case {case}"
        assert above.tolist() == [sum(v for key, v in often.items() if key > k) / total for k in s.tolist()], f"case {case}"


@pytest.mark.parametrize("lengths", [[1] * 20, [20], [5, 5, 5, 5], [10, 10], [17, 1, 1, 1], [2] * 10])
def test_the_exact_distribution_of_twenty_adds_up_and_has_the_variance(lengths):
    """20! orders: where 64 bits would overflow if a step of the product were not exact modulo 2**64."""
    values = np.repeat(np.arange(len(lengths)), lengths).astype(float)
    found = counts.kendall(None, np.arange(20), values)
    most = int(found.s.item())  # in order: the largest S there is
    s = np.arange(-most, most + 1, 2)
    above, at = counts.kendall_exact(np.repeat(found.tie_pattern, len(s)), s)
    np.testing.assert_allclose(at.sum(), 1, rtol=1e-14)
    np.testing.assert_allclose((at * s.astype(float) ** 2).sum(), found.variance.item(), rtol=1e-13)
    np.testing.assert_allclose(above, at[::-1].cumsum()[::-1] - at, rtol=1e-12, atol=1e-16)
    assert at.tolist() == at[::-1].tolist()


def test_kendall_adds_up_over_pieces_that_split_between_groups():
    """The kernel adds to its outputs: two calls on pieces leave what one call on the whole leaves."""
    for case, rng in generators(6, 300):
        groups, days, grades, values, n_groups, n_grades = dated(rng)
        cut = int(rng.integers(0, n_groups + 1))
        pieces = [groups < cut, groups >= cut]
        order = np.lexsort((days, groups))
        groups, days, grades, values = groups[order], days[order], grades[order], values[order]
        pieces = [groups < cut, groups >= cut]
        for kernel, column in ((_core.kendall_grades, grades.astype(np.int8)), (_core.kendall_values, values)):
            more = (n_grades,) if kernel is _core.kendall_grades else ()
            results = []
            for parts in ([np.ones(len(groups), dtype=bool)], pieces):
                sums, cubes = np.zeros((n_groups, 5), dtype=np.int64), np.zeros((n_groups, 2))
                for part in parts:
                    kernel(None, groups[part], n_groups, days[part].astype(np.int64), column[part], *more, sums, cubes)
                results.append((sums.tolist(), cubes.tolist()))
            assert results[0] == results[1], f"case {case}"


def test_ties_of_half_a_million_rows_do_not_overflow():
    n = 500_000
    found = counts.kendall(None, np.arange(n), np.repeat([0, 1], n // 2), n_grades=2)
    half = n // 2
    # Var S of two samples, exactly: m1 m2 (n + 1) / 3 for S = m1 m2 - 2 U.
    assert (found.s.item(), found.n.item()) == (half * half, n)
    np.testing.assert_allclose(found.variance.item(), float(Fraction(half * half * (n + 1), 3)), rtol=1e-12)


def parts_of(n, lopsided):
    """Sets of equals of n rows."""
    return [(1, n - 1), (n // 2, n - n // 2), (3, n // 3, n - n // 3 - 3), (1,) * 40 + (n - 40,)][lopsided]


@pytest.mark.parametrize("n", [10**3, 10**6, 10**9, 2**31])
def test_the_variance_has_all_its_digits_up_to_two_thousand_million_rows(n):
    """Cells (day, grade) laid along two margins: the classic formula in fractions is the judge, which in doubles loses all digits."""
    for days, grades in product(range(4), range(4)):
        of_days, of_grades = parts_of(n, days), parts_of(n, grades)
        ends = np.union1d(np.cumsum(of_days), np.cumsum(of_grades))
        begins = np.r_[0, ends[:-1]]
        cells = [np.searchsorted(np.cumsum(of), begins, side="right") for of in (of_days, of_grades)]
        found = counts.kendall_of_counts(begins * 0, *cells, ends - begins, n_grades=len(of_grades), n_groups=1)
        exact = definition.variance(n, of_grades, of_days)
        assert abs(Fraction(found.variance.item()) / exact - 1) < Fraction(1, 10**15)


def test_the_variance_of_one_row_against_very_many_from_rows():
    n = 3_000_000
    days, grades = np.r_[0, np.ones(n - 1, dtype=np.int64)], np.r_[0, np.ones(n - 1, dtype=np.int8)]
    for found in (counts.kendall(None, days, grades, n_grades=2), counts.kendall(None, days, grades.astype(float))):
        assert found.variance.item() == pytest.approx(n - 1, rel=1e-15)


def test_more_rows_of_a_group_than_pairs_can_be_counted_of_are_refused():
    with pytest.raises(ValueError, match="group 0 has 2147483649 rows"):
        counts.kendall_of_counts([0, 0], [0, 1], [0, 1], [1, 2**31], n_grades=2, n_groups=1)


def test_slopes_of_every_rank_are_their_definition():
    for case, rng in generators(7):
        groups, days, _, values, n_groups, _ = dated(rng)
        expected = [slopes(days[groups == g].tolist(), values[groups == g].tolist()) for g in range(n_groups)]
        n_ranks = max(map(len, expected)) + 1
        ranks = np.tile(np.arange(-1, n_ranks), (n_groups, 1))
        found = counts.theil_sen(groups, days, values, ranks, n_groups=n_groups)
        for group in range(n_groups):
            want = [np.nan, *expected[group]] + [np.nan] * (n_ranks - len(expected[group]))
            np.testing.assert_array_equal(found[group], want, err_msg=f"case {case}, group {group}")


@pytest.mark.parametrize(
    "make",
    [
        lambda rng, n: (rng.integers(0, 3000, n), rng.normal(size=n)),
        lambda rng, n: (np.arange(n), rng.normal(size=n).cumsum() + 1e6),
        lambda rng, n: (rng.integers(0, 3000, n), rng.integers(0, 4, n).astype(float)),  # one slope is that of many pairs
        lambda rng, n: (rng.integers(0, 3, n), rng.normal(size=n)),
        lambda rng, n: (np.r_[np.zeros(n - 1, dtype=int), 1], rng.normal(size=n)),  # few pairs on different days
        lambda rng, n: (np.arange(n), np.full(n, 5.0)),
        lambda rng, n: (np.arange(n), np.arange(n) * 0.1),  # slopes that differ by rounding alone
        lambda rng, n: (rng.integers(0, 4000, n), rng.normal(size=n) * 1e300),
        lambda rng, n: (rng.permutation(n) * 1000 - 10**9, np.where(rng.random(n) < 0.5, 1.0, rng.normal(size=n))),
    ],
)
def test_slopes_too_many_to_be_kept_are_found_all_the_same(make):
    """Pairs are more than the kernel holds at once, so that it must narrow a bracket: exactly equal to sorting all of them."""
    rng = np.random.default_rng(8)
    days, values = make(rng, 700)
    earlier, later = np.triu_indices(700, 1)
    apart = days[earlier] != days[later]
    earlier, later = earlier[apart], later[apart]
    with np.errstate(over="ignore"):
        all_slopes = np.sort((values[later] - values[earlier]) / (days[later] - days[earlier]))
    n = len(all_slopes)
    ranks = np.unique(np.r_[0, 1, n - 1, n // 2, (n - 1) // 2, n // 3, rng.integers(0, n, 12)])
    np.testing.assert_array_equal(counts.theil_sen(None, days, values, [ranks])[0], all_slopes[ranks])


def test_slopes_add_up_over_pieces_that_split_between_groups():
    rng = np.random.default_rng(9)
    groups, days, values = np.sort(rng.integers(0, 4, 300)), rng.integers(0, 500, 300), rng.normal(size=300)
    ranks = np.tile([5, 100], (4, 1))
    whole = counts.theil_sen(groups, days, values, ranks, n_groups=4)
    low = counts.theil_sen(groups[groups < 2], days[groups < 2], values[groups < 2], ranks, n_groups=4)
    high = counts.theil_sen(groups[groups >= 2], days[groups >= 2], values[groups >= 2], ranks, n_groups=4)
    np.testing.assert_array_equal(whole, np.where(np.isnan(low), high, low))


# ---- replicates


def small_histories(rng):
    n_providers, n_groups, n_grades = int(rng.integers(1, 5)), int(rng.integers(1, 3)), int(rng.choice([1, 2, 4]))
    n = int(rng.integers(0, 7))
    provider = rng.integers(0, n_providers, n).tolist()
    groups = cases.some_codes(rng, n, n_groups) if rng.integers(2) else None
    return provider, groups, cases.some_codes(rng, n, n_grades), n_providers, n_groups if groups is not None else 0, n_grades


def replicates_of(case, n, seed, **more):
    provider, groups, grades, n_providers, n_groups, n_grades = case
    plain = [None if codes is None else np.array([-1 if code is None else code for code in codes], dtype=int) for codes in (groups, grades)]
    drawn = counts.resample_counts(
        np.array(provider, dtype=int), plain[0], plain[1], n, seed, n_providers=n_providers, n_groups=n_groups, n_grades=n_grades, **more
    )
    return [tuple(map(tuple, table)) for table in drawn.reshape(n, -1, n_grades + 1).tolist()]


def with_last_group(table, groups):
    """`count_grades` of no groups counts into the missing one; the replicates then are that one row."""
    return table if groups is not None else table[-1:]


def test_every_replicate_is_an_outcome_of_drawing_whole_histories():
    for case, rng in generators(10):
        histories = small_histories(rng)
        possible = {with_last_group(table, histories[1]) for table in outcomes(*histories)}
        assert set(replicates_of(histories, 4, case, threads=1)) <= possible, f"case {case}"


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_replicates_are_as_frequent_as_draws_with_replacement(seed):
    """All 4 ** 4 draws of providers with different histories, and 5 ** 5 of some that are alike, against 40,000 replicates."""
    for histories in (
        ([0, 0, 1, 2, 2, 3], None, [0, 1, 1, 2, None, 3], 4, 0, 4),
        ([0, 1, 2, 3, 4], [0, 1, 1, None, 1], [0, 1, 1, 1, 1], 5, 2, 2),
    ):
        often = {with_last_group(table, histories[1]): number for table, number in outcomes(*histories).items()}
        drawn = replicates_of(histories, 40_000, seed)
        total = sum(often.values())
        observed = [drawn.count(table) for table in often]
        assert sum(observed) == 40_000
        assert scipy.stats.chisquare(observed, [40_000 * number / total for number in often.values()]).pvalue > 1e-4


def test_halving_large_draws_keeps_mean_and_variance():
    """A thousand providers: the draws are made by halves of ranges, with numbers above 1,000 drawn again."""
    grades = np.repeat([0, 1, 2], [137, 601, 262])
    drawn = counts.resample_counts(np.arange(1000), None, grades, 20_000, 5, n_grades=3)[:, :3]
    share = np.array([0.137, 0.601, 0.262])
    assert (drawn.sum(axis=1) == 1000).all()
    np.testing.assert_allclose(drawn.mean(axis=0), 1000 * share, atol=5 * np.sqrt(1000 * 0.25 / 20_000))
    np.testing.assert_allclose(np.cov(drawn.T), 1000 * (np.diag(share) - np.outer(share, share)), atol=8)


def test_replicates_do_not_depend_on_threads_nor_on_how_many_are_asked():
    rng = np.random.default_rng(11)
    provider, groups, grades = rng.integers(0, 300, 900), rng.integers(-1, 5, 900), rng.integers(-1, 4, 900)
    one = counts.resample_counts(provider, groups, grades, 100, 7, n_providers=300, n_groups=5, threads=1)
    for threads in (2, 3, 16):
        np.testing.assert_array_equal(
            one, counts.resample_counts(provider, groups, grades, 100, 7, n_providers=300, n_groups=5, threads=threads)
        )
    np.testing.assert_array_equal(one[:30], counts.resample_counts(provider, groups, grades, 30, 7, n_providers=300, n_groups=5))
    assert not np.array_equal(one[0], one[1])
    assert not np.array_equal(one, counts.resample_counts(provider, groups, grades, 100, 8, n_providers=300, n_groups=5))


def test_a_seed_that_is_the_number_of_a_replicate_is_as_good_as_another():
    """Such a pair once made a generator of zeros, which never ends."""
    for seed in range(20):
        drawn = counts.resample_counts(np.arange(50), None, np.arange(50) % 4, 25, seed)
        assert (drawn.sum(axis=1) == 50).all()
        assert len({tuple(row) for row in drawn.tolist()}) > 15


# ---- what is wrong


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: counts.kendall([0, 1], [1, 2], [0, 9], n_grades=4), r"row 1: grade code 9"),
        (lambda: counts.kendall([0, 2], [1, 2], [0, 1], n_grades=4, n_groups=2), r"row 1"),
        (lambda: counts.kendall([0, -1], [1, 2], [0.0, 1.0]), r"row 1"),
        (lambda: counts.kendall(None, [1, NO_DAY], [0.0, 1.0]), r"row 1: the day is missing"),
        (lambda: counts.kendall(None, [1, 2], [0.0, np.nan]), r"row 1: the value is NaN"),
        (lambda: counts.kendall(None, [1, 2], [np.inf, 0.0]), r"row 0: the value is NaN, infinite"),
        (lambda: counts.kendall(None, [1, 2, 3], [0.0, 1.0]), r"lengths differ"),
        (lambda: counts.kendall_clusters(None, [1, 2], [0, 1], [0, 3], n_grades=4, n_labels=2), r"row 1: cluster code 3 is outside"),
        (lambda: counts.kendall_clusters(None, [1, 2], [0, 9], [0, 1], n_grades=4), r"row 1: grade code 9"),
        (lambda: counts.kendall_clusters([0, -1], [1, 2], [0, 1], [0, 1], n_grades=4), r"row 1"),
        (lambda: counts.kendall(None, [2, 1], [0.0, 1.0], order=[0, 1]), r"not ordered"),
        (lambda: counts.kendall(None, [2, 1], [0.0, 1.0], order=[0, 2]), r"order\[1\] is 2"),
        (lambda: counts.theil_sen(None, [1, 2], [0.0, -np.inf], [[0]]), r"row 1: the value"),
        (lambda: counts.theil_sen(None, [1, 2], [0.0, 1.0], [[0], [0]]), r"ranks has 2 values; 1 are needed"),
        (lambda: counts.kendall_exact([0], [0]), r"row 0: the value is NaN, infinite or impossible"),
        (lambda: counts.kendall_exact([3], [2]), r"row 0: the value"),
        (lambda: counts.kendall_exact([3], [0]), r"row 0: the value"),
        (lambda: counts.resample_counts([0, 3], None, [0, 0], 5, 1, n_providers=2), r"provider, row 1: code 3"),
        (lambda: counts.resample_counts([0, 1], None, [0, 4], 5, 1), r"grades, row 1: code 4"),
        (lambda: counts.resample_counts([0, 1], [0], [0, 1], 5, 1), r"lengths differ"),
        (lambda: counts.resample_counts([0, 1], None, [0, 1], 5, 1, threads=0), r"threads is 0"),
    ],
)
def test_what_is_wrong_is_named(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_outputs_are_void_after_an_error():
    sums, cubes, slope = np.zeros((1, 5), dtype=np.int64), np.zeros((1, 2)), np.zeros((1, 1))
    days, values = np.array([1, 2]), np.array([0.0, np.nan])
    group = np.zeros(2, dtype=np.int8)
    with pytest.raises(ValueError, match="row 1"):
        _core.kendall_values(None, group, 1, days, values, sums, cubes)
    with pytest.raises(ValueError, match="row 1"):
        _core.theil_sen(None, group, 1, days, values, 1, np.zeros((1, 1), dtype=np.int64), slope)
    assert (sums == -1).all()
    assert np.isnan(cubes).all()
    assert np.isnan(slope).all()


def test_a_missing_day_is_named_in_an_order_that_was_given():
    days, order = np.array([NO_DAY, 20, 30]), [0, 1, 2]
    for call in (
        lambda: counts.kendall(None, days, [0, 1, 2], n_grades=4, order=order),
        lambda: counts.kendall(None, days, [0.0, 1.0, 2.0], order=order),
        lambda: counts.theil_sen(None, days, [0.0, 1.0, 2.0], [[0]], order=order),
    ):
        with pytest.raises(ValueError, match="row 0: the day is missing") as failure:
            call()
        assert (failure.value.reason, failure.value.row) == ("date", 0)


@pytest.mark.parametrize(("column", "code"), [(0, -1), (0, 2), (2, -1), (2, 4)])
def test_counts_of_a_code_out_of_range_are_refused(column, code):
    """A code of -1 would be taken for the last grade, the best."""
    cells = [[0, 0, 1], [10, 10, 20], [0, 1, 1], [2, 1, 3]]
    cells[column][1] = code
    with pytest.raises(ValueError, match=f"{['groups', '', 'grades'][column]}, cell 1: code {code} is outside"):
        counts.kendall_of_counts(*cells, n_grades=4, n_groups=2)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"groups": [0, -1, 0]}, "row 1: the group is missing"),
        ({"groups": [0, 2, 0]}, "row 1: group code 2 is outside the groups (0 .. 1)"),
        ({"clusters": [0, 9, 0]}, "row 1: cluster code 9 is outside the clusters (0 .. 2, or -1 for none)"),
        ({"clusters": np.array([0, 2**64 - 1, 0], np.uint64)}, f"row 1: cluster code {2**64 - 1} is outside the clusters"),
        ({"grades": [0, 4, 0]}, "row 1: grade code 4 is outside the scale (0 .. 3, or -1 for missing)"),
        ({"days": [10, NO_DAY, 30]}, "row 1: the day is missing"),
    ],
)
def test_what_is_wrong_is_called_what_it_is(changed, told):
    """A cluster is no provider, and a group may not be missing."""
    given = {"groups": [0, 0, 1], "days": [10, 20, 30], "grades": [0, 1, 2], "clusters": [0, 1, 1]} | changed
    order, sums, n_clusters = np.arange(3), np.zeros((2, 2)), np.zeros(2, np.int64)
    arrays = {name: np.asarray(values) for name, values in given.items()}
    with pytest.raises(ValueError) as failure:  # noqa: PT011 - the words are what is tested
        _core.kendall_clusters(order, arrays["groups"], 2, arrays["days"], arrays["grades"], 4, arrays["clusters"], 3, sums, n_clusters)
    assert str(failure.value).startswith(told)
    assert failure.value.row == 1


def test_rows_of_a_trend_out_of_order_are_told_as_such():
    with pytest.raises(ValueError, match="row 1: the rows are not ordered by group and day here") as failure:
        counts.kendall(None, [20, 10], [0, 1], n_grades=4, order=[0, 1])
    assert failure.value.reason == "unordered"


@pytest.mark.parametrize("n_groups", [1, 3, 400])
def test_kendall_of_clusters_is_kendall_and_its_clusters_of_the_rows_that_take_part(n_groups, monkeypatch):
    """However the groups are shared out; rows whose group is -1 are left out."""
    monkeypatch.setattr(trends, "DATED_ROWS_WORTH_A_THREAD", 500)
    rng = np.random.default_rng(n_groups)
    rows = 6000
    groups, days = rng.integers(-1, n_groups, rows), rng.integers(0, 900, rows)
    grades, clusters = rng.integers(-1, 4, rows).astype(np.int8), rng.integers(-1, 700, rows)
    sizes = {"n_grades": 4, "n_groups": n_groups}
    found, sums = trends.kendall_of_clusters(groups, days.take, grades, clusters, **sizes, n_labels=700, threads=2)
    here = np.flatnonzero(groups >= 0)
    columns = groups[here], days[here], grades[here]
    for of, expected in zip(found, counts.kendall(*columns, **sizes), strict=True):
        np.testing.assert_array_equal(of, expected)
    for of, expected in zip(sums, counts.kendall_clusters(*columns, clusters[here], **sizes, n_labels=700), strict=True):
        np.testing.assert_array_equal(of, expected)
