"""Intervals agree with independent implementations and keep clear of the faults that packages have had."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import multinomial_proportions_confint, proportion_confint

import ofsted_sif as sif

OF_OTHERS = {"wilson": "wilson", "clopper-pearson": "beta", "jeffreys": "jeffreys"}


@pytest.mark.parametrize("method", OF_OTHERS)
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.998])
def test_agrees_with_statsmodels(method: str, level: float) -> None:
    n = np.repeat([1, 2, 5, 10, 43, 150, 2000], 101)
    count = np.round(np.tile(np.linspace(0, 1, 101), 7) * n).astype(int)
    inner = (count > 0) & (count < n)  # at the ends the definitions differ: ours are exact, see below
    lower, upper = sif.proportion_interval(count, n, method=method, level=level)
    expected = proportion_confint(count, n, alpha=1 - level, method=OF_OTHERS[method])
    np.testing.assert_allclose(lower[inner], expected[0][inner], rtol=1e-11)
    np.testing.assert_allclose(upper[inner], expected[1][inner], rtol=1e-11)


@pytest.mark.parametrize("method", OF_OTHERS)
def test_bounds_never_leave_the_unit_interval_and_hold_the_share(method: str) -> None:
    n = np.arange(1, 400)
    for count in (np.zeros_like(n), n, n // 2, np.minimum(1, n)):
        lower, upper = sif.proportion_interval(count, n, method=method)
        assert ((lower >= 0) & (lower <= count / n) & (count / n <= upper) & (upper <= 1)).all()


def test_wilson_is_exactly_1_at_38_of_38() -> None:
    """A known fault: rounding brought the bound above 1 there."""
    assert sif.proportion_interval(38, 38)[1] == 1.0
    assert sif.proportion_interval(0, 38)[0] == 0.0


def test_clopper_pearson_at_count_0_and_n_is_the_closed_form() -> None:
    lower, upper = sif.proportion_interval([0, 10], 10, method="clopper-pearson")
    assert lower[0] == 0.0
    assert upper[1] == 1.0
    assert upper[0] == pytest.approx(1 - 0.025**0.1, rel=1e-12)
    assert lower[1] == pytest.approx(0.025**0.1, rel=1e-12)


@pytest.mark.parametrize("method", [*OF_OTHERS, "goodman"])
def test_no_trials_have_no_interval(method: str) -> None:
    lower, upper = sif.proportion_interval([0, 0], [0, 0], method=method)
    assert np.isnan(lower).all()
    assert np.isnan(upper).all()


@pytest.mark.parametrize("method", [*OF_OTHERS, "goodman"])
@pytest.mark.parametrize("shape", [(8_193,), (8_192 * 2,), (5_000, 4), (2, 20_000)], ids=str)
def test_many_are_what_few_are(method: str, shape: tuple[int, ...]) -> None:
    """Rows are worked out a few thousand at a time; these shapes end in the middle of a piece, at its end, and hold more than one a row."""
    n = np.random.default_rng(4).integers(0, 60, shape)
    bounds = sif.proportion_interval(n // 3, n, method=method)
    k = shape[-1] if method == "goodman" else 1  # Goodman's are Wilson's at the level that the categories share
    wanted = sif.proportion_interval(np.arange(60) // 3, np.arange(60), method="wilson" if k > 1 else method, level=1 - 0.05 / k)
    for got, each in zip(bounds, wanted, strict=True):
        np.testing.assert_allclose(got, each[n], rtol=1e-11)  # a level of 1 - 0.05 / 16384 has itself no more digits


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "int64[pyarrow]", "bool[pyarrow]"])
def test_a_missing_count_has_no_interval_in_any_nullable_dtype(dtype: str) -> None:
    lower, upper = sif.proportion_interval(pd.array([1, None], dtype=dtype), 1)
    assert upper[0] == 1
    assert np.isnan([lower[1], upper[1]]).all()


def test_a_wrong_count_far_down_is_named_by_its_place_in_the_whole() -> None:
    count = np.zeros((9_000, 4))
    count[8_000, 2] = 5
    with pytest.raises(ValueError, match=r"count is 5 of n = 3 at position \(8000, 2\)"):
        sif.proportion_interval(count, 3)


def test_goodman_agrees_with_statsmodels() -> None:
    for counts in ([10, 26, 7, 0], [46, 61, 24, 11], [1, 1, 1, 97]):
        lower, upper = sif.proportion_interval(counts, sum(counts), method="goodman")
        expected = multinomial_proportions_confint(counts, method="goodman")
        np.testing.assert_allclose(lower, np.where(np.array(counts) == 0, 0, expected[:, 0]), rtol=1e-10)
        np.testing.assert_allclose(upper, expected[:, 1], rtol=1e-10)


def test_wilsons_printed_example() -> None:
    """Newcombe (1998), Statist. Med. 17, 857-872, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29 by method 3."""
    lower, upper = sif.proportion_interval([81, 15, 0, 1], [263, 148, 20, 29])
    np.testing.assert_array_equal(np.round(lower, 4), [0.2553, 0.0624, 0.0, 0.0061])
    np.testing.assert_array_equal(np.round(upper, 4), [0.3662, 0.1605, 0.1611, 0.1718])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 3, "n": 2}, "count is 3 of n = 2; it lies between 0 and n"),
        ({"count": [1, -1], "n": 2}, r"count is -1 of n = 2 at position \(1,\)"),
        ({"count": 1, "n": 2, "level": 95}, "level is 95; it lies between 0 and 1"),
        ({"count": 1, "n": 2, "method": "wald"}, "unknown interval 'wald'; known are wilson, clopper-pearson, jeffreys, goodman"),
    ],
)
def test_bad_arguments_say_what_would_be_right(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sif.proportion_interval(**arguments)


def test_per_cents_are_rounded_half_up_in_integers() -> None:
    assert sif.percent([1, 3, 5, 7, 0, 8], 8).tolist() == [13, 38, 63, 88, 0, 100]
    assert sif.percent(2**53 + 1, 2**54 + 2) == 50
    assert np.isnan(sif.percent([1, 0], [2, 0])).tolist() == [False, True]


def test_every_per_cent_is_that_of_the_exact_fraction() -> None:
    from fractions import Fraction
    from math import floor

    for n in range(1, 200):
        found = sif.percent(np.arange(n + 1), n)
        assert found.tolist() == [floor(Fraction(100 * count, n) + Fraction(1, 2)) for count in range(n + 1)]


def test_per_cent_of_what_is_not_whole_is_an_error() -> None:
    with pytest.raises(TypeError, match="count must be whole numbers"):
        sif.percent(0.5, 2)


@pytest.mark.parametrize(
    ("count", "n", "right"), [(10**17, 2 * 10**17, 50), (2**61, 2**62, 50), (2**80, 3 * 2**80, 33), (2**63, 2**64 - 1, 50)]
)
def test_per_cents_of_integers_of_any_size(count: int, n: int, right: int) -> None:
    assert int(sif.percent(count, n)) == right
    assert sif.percent([count, 1], [n, 8]).tolist() == [right, 13]


@pytest.mark.parametrize(("count", "n"), [(5, 3), (-1, 8), ([1, 1], [2, 0]), (1, -2)])
def test_a_per_cent_of_more_than_all_names_the_count(count: object, n: object) -> None:
    with pytest.raises(ValueError, match=r"count is -?[0-9]+ of n = "):
        sif.percent(count, n)


def test_a_masked_count_has_neither_per_cent_nor_interval() -> None:
    count = np.ma.array([5, 99, 3], mask=[False, True, False])
    assert np.isnan(sif.percent(count, 10)).tolist() == [False, True, False]
    assert np.isnan(sif.percent([5, 9, 3], np.ma.array([10, 0, 10], mask=[False, True, False]))).tolist() == [False, True, False]
    lower, upper = sif.proportion_interval(count, 10)
    assert np.isnan(lower).tolist() == np.isnan(upper).tolist() == [False, True, False]


@pytest.mark.parametrize(("count", "n"), [(0.25, 43), (1, 2.5), ([1, 0.5], 3)])
def test_a_share_in_the_place_of_a_count_is_an_error(count: object, n: object) -> None:
    with pytest.raises(TypeError, match="must be whole numbers"):
        sif.proportion_interval(count, n)


@pytest.mark.parametrize("count", [1, 5, 40])
@pytest.mark.parametrize("n", [10**6, 10**9, 10**15])
@pytest.mark.parametrize("level", [0.5, 0.95, 1 - 1e-6])
def test_clopper_pearson_leaves_its_tail_at_any_n(count: int, n: int, level: float) -> None:
    """The tail of the binomial distribution itself at the upper bound; the lower bound of the failures is one less it."""
    upper = sif.proportion_interval(count, n, method="clopper-pearson", level=level)[1]
    k = np.arange(count + 1)
    choose = np.cumsum(np.r_[0, np.log(n - k[:-1]) - np.log(k[:-1] + 1)])
    tail = np.exp(choose + k * np.log(upper) + (n - k) * np.log1p(-upper)).sum()
    assert tail == pytest.approx((1 - level) / 2, rel=1e-9)
    lower = sif.proportion_interval(n - count, n, method="clopper-pearson", level=level)[0]
    assert lower == pytest.approx(1 - upper, rel=1e-15)


@pytest.mark.parametrize("method", ["clopper-pearson", "jeffreys"])
def test_half_of_very_many_has_the_normal_width(method: str) -> None:
    n = 2**62
    lower, upper = sif.proportion_interval(n // 2, n, method=method)
    assert upper - 0.5 == pytest.approx(0.5 - lower, rel=1e-6)
    assert upper - 0.5 == pytest.approx(1.959963985 / 2 / np.sqrt(n), rel=1e-6)


@pytest.mark.parametrize("method", [*OF_OTHERS, "goodman"])
def test_levels_near_1_have_bounds(method: str) -> None:
    """One less half of one less the level is 1 in floats: a quantile that does not exist."""
    lower, upper = sif.proportion_interval([5, 38], 43, method=method, level=np.nextafter(1, 0))
    assert ((lower > 0) & (lower < 0.2 + upper) & (upper < 1)).all()


@pytest.mark.parametrize("function", [sif.percent, sif.proportion_interval])
def test_series_of_other_labels_are_not_taken_by_position(function) -> None:
    count, n = pd.Series({"N": 1, "S": 2}), pd.Series({"S": 2, "N": 4})
    with pytest.raises(ValueError, match=r"indexes differ, .*count, n = count\.align\(n\)"):
        function(count, n)
    aligned = count.align(n)
    np.testing.assert_array_equal(function(*aligned), function(count.to_numpy(), [4, 2]))
    np.testing.assert_array_equal(function(count, n.to_numpy()), function([1, 2], [2, 4]))


@pytest.mark.parametrize("function", [sif.percent, sif.proportion_interval])
def test_counts_of_other_lengths_are_named(function) -> None:
    with pytest.raises(ValueError, match=r"count and n do not fit together: count has the shape \(3,\), n has \(2,\)"):
        function([1, 2, 3], [4, 4])


@pytest.mark.parametrize("value", ["5", b"5", 5j, ["5"]], ids=str)
def test_text_and_complex_numbers_are_no_counts(value):
    for call in (lambda: sif.percent(value, 10), lambda: sif.proportion_interval(value, 10), lambda: sif.proportion_interval(1, value)):
        with pytest.raises(TypeError, match=r"^(count|n) must be whole numbers"):
            call()


def test_an_infinite_number_of_trials_is_no_whole_number():
    with pytest.raises(TypeError, match=r"^n must be whole numbers"):
        sif.proportion_interval(5, np.inf)
