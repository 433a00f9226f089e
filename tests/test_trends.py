"""Trends against independent implementations and printed examples, what refuses to be tested, and what is said of bad input."""

import warnings

import numpy as np
import pandas as pd
import pymannkendall
import pytest
import scipy.stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import Table

import ofsted_sif as sif
from ofsted_sif.dispersion import adjusted
from ofsted_sif.table.dates import DAYS_A_YEAR
from ofsted_sif.trend_methods import Rows, _seasonal

LABELS = np.array(sif.FOUR_POINT.labels[::-1])
GRADES = sif.grades([]).dtype
YEAR = {"slope_per_year", "lower", "upper"}


def inspections(rng, n, *, ties=False, span=4000):
    """Graded inspections of one group, on distinct days unless ties are asked for."""
    days = np.sort(rng.integers(0, span // 8, n) if ties else rng.permutation(span)[:n])
    shares = rng.dirichlet([1, 1, 1, 1])
    codes = rng.choice(4, n, p=shares)
    return pd.DataFrame(
        {
            "inspection_start": (np.datetime64("2010-01-01") + days).astype("datetime64[s]"),
            "overall_effectiveness": pd.Categorical.from_codes(codes, dtype=GRADES),
            "number": codes.astype(float),
            "days": days,
        }
    )


def stacked(tables):
    return pd.concat(tables, ignore_index=True).assign(group=np.repeat(np.arange(len(tables)), [len(table) for table in tables]))


def test_grades_agree_with_scipy_on_thousands_of_groups():
    rng = np.random.default_rng(1)
    tables = [inspections(rng, int(rng.integers(3, 60)), ties=bool(i % 2)) for i in range(2000)]  # of 2 with ties scipy divides by 0
    found = sif.trend(stacked(tables).sample(frac=1, random_state=1), "group", exact=False, continuity=False)
    expected = [scipy.stats.kendalltau(t["days"], t["number"], method="asymptotic") for t in tables]
    np.testing.assert_allclose(found["tau"], [e.statistic for e in expected], rtol=1e-12)
    known = np.array([t["number"].nunique() > 1 and t["days"].nunique() > 1 for t in tables])
    np.testing.assert_allclose(found["p"][known], np.array([e.pvalue for e in expected])[known], rtol=1e-12)
    assert found["n"].tolist() == [len(t) for t in tables]


def test_the_exact_p_without_ties_is_scipys():
    rng = np.random.default_rng(2)
    tables = [inspections(rng, int(rng.integers(2, 21))).assign(number=lambda t: rng.permutation(len(t)) + 0.5) for _ in range(600)]
    for alternative in ("two-sided", "greater", "less"):
        found = sif.trend(stacked(tables), "group", value="number", exact=True, alternative=alternative)
        expected = [scipy.stats.kendalltau(t["days"], t["number"], method="exact", alternative=alternative).pvalue for t in tables]
        np.testing.assert_allclose(found["p"], expected, rtol=1e-12)
        assert found["exact"].all()


def test_mid_p_counts_half_of_the_observed():
    rng = np.random.default_rng(3)
    table = stacked([inspections(rng, n) for n in (5, 8, 13, 20)])
    upper, lower = (sif.trend(table, "group", alternative=a)["p"] for a in ("greater", "less"))
    np.testing.assert_allclose(upper + lower, 1, rtol=1e-14)
    whole = (
        sif.trend(table, "group", alternative="greater", exact=True)["p"] + sif.trend(table, "group", alternative="less", exact=True)["p"]
    )
    assert (whole > 1).all()  # the observed S counted twice
    np.testing.assert_allclose(sif.trend(table, "group")["p"], 2 * np.minimum(upper, lower), rtol=1e-14)


def test_s_z_and_variance_are_pymannkendalls():
    rng = np.random.default_rng(4)
    tables = [inspections(rng, int(rng.integers(3, 50))) for _ in range(800)]
    tables = [t for t in tables if t["number"].nunique() > 1]
    found = sif.trend(stacked(tables), "group", exact=False)
    expected = [pymannkendall.original_test(t["number"].to_numpy()) for t in tables]
    assert found["statistic"].tolist() == [e.s for e in expected]
    np.testing.assert_allclose(found["z"], [e.z for e in expected], rtol=1e-12)
    # Where it has digits, p too; in the tail 1 - cdf loses them.
    np.testing.assert_allclose(found["p"], [e.p for e in expected], rtol=1e-9, atol=1e-15)


def test_seasonal_sums_are_pymannkendalls():
    rng = np.random.default_rng(5)
    for _ in range(200):
        years, seasons = int(rng.integers(2, 15)), int(rng.integers(2, 7))
        values = rng.integers(0, 4, years * seasons).astype(float)
        expected = pymannkendall.seasonal_test(values, period=seasons)
        table = pd.DataFrame(
            {
                "when": pd.date_range("2000-01-01", periods=len(values), freq="30D"),
                "number": values,
                "kind": np.tile(list("abcdef")[:seasons], years),
            }
        )
        found = sif.trend(
            table.sample(frac=1, random_state=2), method="seasonal-mann-kendall", value="number", season="kind", inspected="when"
        )
        assert found["statistic"].item() == expected.s
        if expected.var_s > 0:
            np.testing.assert_allclose(found["z"], expected.z, rtol=1e-12)


def test_seasons_of_the_date_and_one_season_alone():
    rng = np.random.default_rng(6)
    table = inspections(rng, 300, ties=True)
    for season, part in (("month", table["inspection_start"].dt.month), ("quarter", table["inspection_start"].dt.quarter)):
        named = table.assign(block=part.astype(str))
        one = sif.trend(table, method="seasonal-mann-kendall", season=season)
        pd.testing.assert_frame_equal(one, sif.trend(named, method="seasonal-mann-kendall", season="block"))
    alone = sif.trend(table.assign(block="x"), method="seasonal-mann-kendall", season="block")
    plain = sif.trend(table, exact=False)
    pd.testing.assert_frame_equal(alone.drop(columns="method"), plain.drop(columns="method"))


def test_slopes_and_bounds_are_scipys_where_values_are_not_tied_with_days():
    rng = np.random.default_rng(7)
    tables = [inspections(rng, int(rng.integers(12, 60)), ties=bool(i % 2)) for i in range(400)]
    for i, table in enumerate(tables):
        if i % 2:  # scipy's variance lacks the terms of ties in both; values without ties make them 0
            table["number"] = rng.normal(size=len(table))
    found = sif.trend(stacked(tables), "group", method="theil-sen", value="number")
    for level in (0.95, 0.6):
        found = sif.trend(stacked(tables), "group", method="theil-sen", value="number", level=level)
        expected = np.array([scipy.stats.theilslopes(t["number"], t["days"], level)[:4] for t in tables])[:, [0, 2, 3]] * DAYS_A_YEAR
        columns = ["slope_per_year", "lower", "upper"]
        np.testing.assert_allclose(found[columns].to_numpy(), expected, rtol=1e-12, atol=1e-15)


def test_slope_bounds_that_few_pairs_cannot_give_are_missing():
    """scipy takes the extreme slopes there, and says nothing of the level."""
    table = pd.DataFrame({"inspection_start": pd.date_range("2020-01-01", periods=3), "number": [1.0, 2.0, 4.0]})
    found = sif.trend(table, method="theil-sen", value="number")
    assert found["slope_per_year"].item() == 1.5 * DAYS_A_YEAR
    assert found[["lower", "upper"]].isna().all(axis=None)
    assert scipy.stats.theilslopes([1, 2, 4], [0, 1, 2])[2:] == (1.0, 2.0)


def test_slopes_are_by_the_date_and_not_by_the_row():
    table = pd.DataFrame({"inspection_start": ["2020-01-01", "2020-01-02", "2024-01-01"], "number": [0.0, 0.0, 4.0]})
    found = sif.trend(table, method="theil-sen", value="number")
    assert found["slope_per_year"].item() == pytest.approx(4 / 1461 * 365.25, rel=1e-12)
    steps = pymannkendall.sens_slope(table["number"].to_numpy())  # a fault for dates: it counts rows
    assert steps.slope == 2.0


def yearly(rng, counts_by_year, first=2010):
    """Inspections with so many not good and good in each year."""
    rows = [
        (np.datetime64(f"{first + year}-01-01") + rng.integers(0, 365), grade)
        for year, numbers in enumerate(counts_by_year)
        for grade, number in zip(("Inadequate", "Good"), numbers, strict=True)
        for _ in range(number)
    ]
    when, grades = zip(*rows, strict=True)
    return pd.DataFrame({"inspection_start": np.array(when).astype("datetime64[s]"), "overall_effectiveness": sif.grades(list(grades))})


def test_cochran_armitage_is_statsmodels_but_for_its_n_less_one():
    """statsmodels conditions on both margins, hence n - 1 where Armitage has n; R's prop.trend.test and DescTools have n, as here."""
    rng = np.random.default_rng(8)
    for _ in range(200):
        table_of = rng.integers(0, 9, (int(rng.integers(2, 8)), 2))
        n = table_of.sum()
        if (table_of.sum(axis=0) == 0).any() or (table_of.sum(axis=1) > 0).sum() < 2:
            continue
        found = sif.trend(yearly(rng, table_of), method="cochran-armitage", freq="YE")
        first = np.flatnonzero(table_of.sum(axis=1))[0]
        scores = np.arange(len(table_of)) - first
        expected = Table(table_of, shift_zeros=False).test_ordinal_association(row_scores=scores, col_scores=np.array([0, 1]))
        np.testing.assert_allclose(found["z"], expected.zscore * np.sqrt(n / (n - 1)), rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(found["statistic"], expected.statistic - expected.null_mean, rtol=1e-11, atol=1e-12)


def test_the_slope_of_a_share_is_that_of_least_squares():
    rng = np.random.default_rng(9)
    table = yearly(rng, [(7, 3), (5, 6), (0, 0), (4, 9)])
    found = sif.trend(table, method="cochran-armitage", freq="YE")
    good = (table["overall_effectiveness"] >= "Good").to_numpy(dtype=float)
    years = table["inspection_start"].dt.year.to_numpy() - 2010
    fit = OLS(good, np.column_stack([np.ones(len(good)), years])).fit()
    a_year = DAYS_A_YEAR * 4 / 1461
    np.testing.assert_allclose(found["slope_per_year"], fit.params[1] * a_year, rtol=1e-12)


def test_cochran_armitage_takes_true_and_false_too():
    table = yearly(np.random.default_rng(10), [(7, 3), (5, 6), (4, 9)])
    flags = table.assign(good=table["overall_effectiveness"] >= "Good").drop(columns="overall_effectiveness")
    one = sif.trend(table, method="cochran-armitage", freq="YE")
    pd.testing.assert_frame_equal(one, sif.trend(flags, method="cochran-armitage", freq="YE", value="good"))


def test_jonckheere_is_mann_whitney_for_two_periods():
    rng = np.random.default_rng(11)
    for _ in range(100):
        table = inspections(rng, 30).assign(inspection_start=lambda t: np.where(t.index < 12, "2015-05-05", "2016-05-05"))
        if table["number"].nunique() == 1:
            continue
        found = sif.trend(table, method="jonckheere", freq="YE")
        later, earlier = table["number"][12:], table["number"][:12]
        expected = scipy.stats.mannwhitneyu(later, earlier, method="asymptotic", use_continuity=False)
        assert found["statistic"].item() == expected.statistic
        np.testing.assert_allclose(found["p"], expected.pvalue, rtol=1e-11)


# ---- printed examples


def numbers(days, values):
    return pd.DataFrame({"inspection_start": np.datetime64("2000-01-01") + np.array(days, dtype=int), "number": values})


def test_kendall_1976_example_3_4_as_printed_in_the_manual_of_rs_kendall():
    """R package Kendall, example of `Kendall`: "Kendall obtains S=34, D=sqrt(116*60), tau=0.41"."""
    a = np.array([2.5, 2.5, 2.5, 2.5, 5, 6.5, 6.5, 10, 10, 10, 10, 10, 14, 14, 14, 16, 17]) * 2
    b = [1, 1, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 2, 2]
    found = sif.trend(numbers(a, b), value="number")
    assert found["statistic"].item() == 34
    assert found["tau"].item() == pytest.approx(34 / np.sqrt(116 * 60), rel=1e-14)


def test_kendall_1976_example_4_3_as_printed_in_the_manual_of_rs_kendall():
    """R package Kendall, example of `Kendall`: "Kendall obtains S=34 and Var(S)=203.30"."""
    x = np.array([1.5, 1.5, 3, 4, 6, 6, 6, 8, 9.5, 9.5, 11, 12]) * 2
    y = [2.5, 2.5, 7, 4.5, 1, 4.5, 6, 11.5, 11.5, 8.5, 8.5, 10]
    found = sif.trend(numbers(x, y), value="number", continuity=False)
    assert found["statistic"].item() == 34
    assert round((34 / found["z"].item()) ** 2, 2) == 203.30


def test_jonckheere_1954_as_printed_by_rs_npordtests():
    """R package npordtests, `JtTest(Y~X, jdata)`: statistic 71, Z = 2.147876, p = 0.0158618; DescTools and PMCMRplus give JT = 71."""
    groups = [[19, 20, 60, 130], [21, 61, 80, 129], [40, 99, 100, 149], [49, 110, 151, 160]]
    table = pd.DataFrame({"inspection_start": np.repeat([f"{2001 + i}-06-01" for i in range(4)], 4), "number": np.concatenate(groups)})
    found = sif.trend(table, method="jonckheere", value="number", freq="YE", alternative="greater")
    assert found["statistic"].item() == 71
    assert round(found["z"].item(), 6) == 2.147876
    assert round(found["p"].item(), 7) == 0.0158618


def test_hollander_and_wolfe_motivation_as_printed_by_jonckheere_test():
    """Python package jonckheere-test, README: JT statistic 79.0, p-value 0.0207 (asymptotic, ties in the variance)."""
    groups = [[40, 35, 38, 43, 44, 41], [38, 40, 47, 44, 40, 42], [48, 40, 45, 43, 46, 44]]
    table = pd.DataFrame({"inspection_start": np.repeat(["2001-06-01", "2002-06-01", "2003-06-01"], 6), "number": np.concatenate(groups)})
    found = sif.trend(table, method="jonckheere", value="number", freq="YE", alternative="greater")
    assert (found["statistic"].item(), round(found["p"].item(), 4)) == (79.0, 0.0207)


def test_smokers_as_printed_in_the_manual_of_rs_prop_trend_test(told_by_r):
    """R, `prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82))`: X-squared = 8.2249, p-value = 0.004132."""
    smokers, patients = np.array([83, 90, 129, 70]), np.array([86, 93, 136, 82])
    found = sif.trend(
        yearly(np.random.default_rng(0), np.column_stack([patients - smokers, smokers])), method="cochran-armitage", freq="YE"
    )
    assert (round(found["z"].item() ** 2, 4), round(found["p"].item(), 6)) == (8.2249, 0.004132)
    assert found.loc[0, ["z", "p"]].to_dict() == pytest.approx(told_by_r("trends")["smokers"]["all"], rel=1e-12)


def test_doses_as_printed_in_the_manual_of_rs_desctools(told_by_r):
    """R package DescTools, `CochranArmitageTest(dose)` of 10, 9, 10, 7 and 0, 1, 0, 3: |Z| = 1.8856, one-sided p-value = 0.02967."""
    table = yearly(np.random.default_rng(0), [(10, 0), (9, 1), (10, 0), (7, 3)])
    found = sif.trend(table, method="cochran-armitage", freq="YE", alternative="greater")
    assert (round(found["z"].item(), 4), round(found["p"].item(), 5)) == (1.8856, 0.02967)
    assert found.loc[0, ["z", "p"]].to_dict() == pytest.approx(told_by_r("trends")["doses"]["all"], rel=1e-12)


# ---- faults that other packages have


def test_small_p_keep_their_digits_where_pymannkendall_has_none():
    values = np.arange(200.0)
    found = sif.trend(numbers(np.arange(200), values), value="number")
    assert pymannkendall.original_test(values).p == 0
    np.testing.assert_allclose(found["p"], 2 * scipy.stats.norm.sf(found["z"]), rtol=1e-12)
    assert 0 < found["p"].item() < 1e-80


def test_tau_is_tau_b_where_pymannkendalls_is_tau_a():
    values = np.array([0, 0, 0, 1, 1, 1, 2.0])
    found = sif.trend(numbers(np.arange(7), values), value="number")
    np.testing.assert_allclose(found["tau"], scipy.stats.kendalltau(np.arange(7), values).statistic, rtol=1e-14)
    assert pymannkendall.original_test(values).Tau < found["tau"].item()


def test_rows_out_of_order_and_equal_dates_are_seen_as_such():
    """pymannkendall takes rows in the order in which they lie, and rows of one day as one after the other."""
    table = numbers([5, 5, 1, 3], [2.0, 3.0, 0.0, 1.0])
    assert sif.trend(table, value="number")["statistic"].item() == 5  # of six pairs one is on one day
    assert pymannkendall.original_test(table["number"].to_numpy()).s != 5


def test_grades_of_int8_do_not_overflow_in_differences():
    scale = sif.GradeScale("long", tuple(f"grade {i:03}" for i in range(127)))
    table = pd.DataFrame(
        {"inspection_start": ["2001-01-01", "2002-01-01"], "overall_effectiveness": sif.grades(["grade 126", "grade 000"], scale)}
    )
    assert sif.trend(table, scale=scale)["statistic"].item() == 1


def test_adjusted_p_are_scipys():
    rng = np.random.default_rng(12)
    for n in (1, 2, 7, 150):
        p = np.where(rng.random(n) < 0.3, np.round(rng.random(n), 1), rng.random(n) ** 3)
        np.testing.assert_allclose(adjusted(p, "bh"), scipy.stats.false_discovery_control(p), rtol=1e-14)
    with_missing = adjusted(np.array([0.01, np.nan, 0.04]), "bh")
    np.testing.assert_allclose(with_missing, [0.02, np.nan, 0.04])
    assert adjusted(np.array([]), "bh").size == 0


# ---- the rules


def test_improvement_is_positive_whatever_the_scale():
    when = pd.date_range("2010-06-01", periods=6, freq="365D")
    for scale in (sif.FOUR_POINT, sif.REPORT_CARD, sif.MET):
        worst_to_best = np.resize(np.repeat(np.array(scale.labels[::-1]), 2)[:6], 6)
        if scale is sif.MET:
            worst_to_best = ["Not met"] * 3 + ["Met"] * 3
        table = pd.DataFrame({"inspection_start": when, "inclusion": sif.grades(worst_to_best, scale)})
        for method in ("mann-kendall", "jonckheere"):
            assert sif.trend(table, judgement="inclusion", method=method)["z"].item() > 0
    integers = pd.DataFrame({"inspection_start": when, "overall_effectiveness": [4, 4, 3, 2, 1, 1]})
    assert sif.trend(integers)["tau"].item() > 0.8
    assert sif.trend(integers, value="overall_effectiveness")["tau"].item() < -0.8


def test_only_graded_inspections_take_part_and_what_is_missing_is_counted():
    table = pd.DataFrame(
        {
            "provider": ["a", "a", "b", "b", "c", None],
            "inspection_start": ["2010-01-01", "2011-01-01", None, "2012-01-01", "2013-01-01", "2014-01-01"],
            "overall_effectiveness": ["Good", "Inadequate", "Good", None, "Good", "Outstanding"],
            "graded": [True, True, True, True, False, True],
        }
    )
    found = sif.trend(table)
    assert found[["n", "n_missing", "n_repeated"]].to_numpy().tolist() == [[3, 2, 1]]
    published = table.assign(published=["2010-02-01"] * 5 + ["2014-02-01"])  # where the start is missing the publication places it
    assert sif.trend(published)[["n", "n_missing"]].to_numpy().tolist() == [[4, 1]]


def test_a_group_that_is_too_small_is_shown_and_the_others_are_tested():
    table = pd.DataFrame(
        {
            "inspection_start": [*pd.date_range("2010-01-01", periods=8, freq="100D"), None],
            "overall_effectiveness": ["Good", "Good", "Good", "Good", "Inadequate", "Good", "Outstanding", "Good", "Good"],
            "region": pd.Categorical(["tied"] * 3 + ["one"] + ["some"] * 4 + [None], categories=["none", "one", "some", "tied"]),
        }
    )
    for method in ("mann-kendall", "cochran-armitage", "jonckheere"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = sif.trend(table, "region", method=method, adjust="bh", observed=False).set_index("region")
            assert sif.trend(table, "region", method=method)["n"].tolist() == [1, 4, 3, 0]  # without the group that has no rows
        assert found["n"].tolist() == [0, 1, 4, 3, 0]
        assert found["n_missing"].tolist() == [0, 0, 0, 0, 1]
        assert found["p"].notna().tolist() == [False, False, True, False, False]
        assert found.loc["some", "p_adjusted"] == found.loc["some", "p"]
        assert found.loc[["none", "one"], "statistic"].isna().all()
    assert found.index.isna().tolist() == [False] * 4 + [True]


def test_no_rows_at_all():
    for method in ("mann-kendall", "cochran-armitage", "jonckheere"):
        found = sif.trend(sif.load_inspections().iloc[:0], method=method)
        assert (found["n"].item(), np.isnan(found["p"].item())) == (0, True)
    assert len(sif.trend(sif.load_inspections().iloc[:0], ["region", "provider"])) == 0


def test_the_columns_are_those_of_the_contract():
    contract = ["method", "n", "n_repeated", "n_clusters", "deff", "n_missing", "statistic", "z", "p", "p_adjusted", "tau"]
    contract += ["slope_per_year", "lower", "upper", "exact"]
    table = sif.load_inspections()
    for method in ("mann-kendall", "cochran-armitage", "jonckheere"):
        found = sif.trend(table, ["region", "provider"], method=method, framework="ILACS")
        assert list(found) == ["region", "provider", *contract]
        assert found["p_adjusted"].isna().all()
    assert list(sif.trend(numbers([1, 2], [1, 2]), value="number")) == contract


def test_the_table_is_not_changed_and_needs_no_order():
    table = sif.load_inspections().query("framework == 'ILACS'")
    before = table.copy(deep=True)
    one = sif.trend(table, "region", method="cochran-armitage")
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(one, sif.trend(table.sample(frac=1, random_state=3), "region", method="cochran-armitage"))


def test_a_snapshot_series_and_overlapping_windows_are_refused_with_what_to_do_instead():
    table = sif.load_inspections()
    series = sif.series(table, pd.date_range("2015-03-31", periods=10, freq="YE-MAR"), framework="all")
    with pytest.raises(ValueError, match=r"snapshot series.*sif\.periods.*sif\.change_between"):
        sif.trend(series, value="share_good_or_outstanding", inspected="as_at")
    windows = sif.periods(table, freq="QE", framework="all", window=4)
    with pytest.raises(ValueError, match=r"overlap.*without window="):
        sif.trend(windows, value="share_good_or_outstanding")
    separate = sif.periods(table, freq="QE", framework="all", window=1)
    assert sif.trend(separate, value="share_good_or_outstanding")["n"].item() > 20


def test_shares_of_separate_periods_are_dated_by_their_end():
    periods = sif.periods(sif.load_inspections(), framework="ILACS")
    found = sif.trend(periods, value="share_good_or_outstanding", method="theil-sen")
    known = periods.dropna(subset="share_good_or_outstanding")
    ends = known["period_end"].to_numpy().astype("datetime64[D]").astype(int)
    expected = scipy.stats.theilslopes(known["share_good_or_outstanding"], ends).slope * DAYS_A_YEAR
    assert found["slope_per_year"].item() == pytest.approx(expected, rel=1e-12)
    assert found["n_missing"].item() == len(periods) - len(known)


def test_pooled_frameworks_are_said_aloud():
    table = sif.load_inspections()
    with pytest.warns(sif.PooledFrameworksWarning, match="ILACS 313"):
        sif.trend(table)
    with pytest.warns(sif.PooledFrameworksWarning):
        sif.trend(table.assign(days=1.0), value="days")
    assert sif.trend(table, framework="SIF")["n"].item() == sif.trend(table.query("framework == 'SIF'"))["n"].item()
    plain = table[["inspection_start", "published", "framework"]].assign(x=1.0)  # no judgement is needed for numbers
    assert sif.trend(plain, framework="SIF", value="x")["n"].item() == (table["framework"] == "SIF").sum()


def test_columns_of_the_result_do_not_share_their_memory():
    found = sif.trend(sif.load_inspections(), framework="all")
    found.loc[0, "slope_per_year"] = 1.0
    assert found[["lower", "upper", "p_adjusted"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "kendall"}, "unknown method 'kendall'; known are mann-kendall, seasonal"),
        ({"alternative": "up"}, "unknown alternative 'up'; known are two-sided"),
        ({"adjust": "sidak"}, "unknown adjust 'sidak'; known are None and 'bh', 'holm', 'bonferroni'"),
        ({"exact": "yes"}, "unknown exact 'yes'"),
        ({"level": 1.0}, "level is 1.0"),
        ({"season": "region"}, "belong together"),
        ({"method": "seasonal-mann-kendall"}, "belong together"),
        ({"method": "jonckheere", "freq": "every year"}, "names no periods"),
        ({"method": "cochran-armitage", "value": "number"}, "true and false"),
        ({"value": "region"}, "holds categories"),
        ({"value": "words"}, "value= takes numbers"),
        ({"value": "infinite"}, "value='infinite', row 2: inf is infinite"),
        ({"by": "regions"}, "nearest: 'region'"),
        ({"by": "n"}, "rename it"),
        ({"framework": "SFI"}, "unknown framework 'SFI'"),
        ({"inspected": "started"}, "no such column"),
    ],
)
def test_what_is_wrong_is_named(arguments, said):
    table = sif.load_inspections().iloc[:400].assign(number=2.5, words="x", infinite=1.0, n=1)
    table.loc[table.index[2], "infinite"] = np.inf
    with pytest.raises(ValueError, match=said):
        sif.trend(table, **{"framework": "all"} | arguments)


def test_a_scale_without_threshold_has_no_share_to_test():
    table = pd.DataFrame({"inspection_start": ["2026-01-01"], "inclusion": ["Strong standard"]})
    with pytest.raises(ValueError, match="no threshold"):
        sif.trend(table, judgement="inclusion", method="cochran-armitage")


def test_errors_of_trend_begin_with_what_is_wrong():
    table = pd.DataFrame({"inspection_start": ["2020-01-01"], "overall_effectiveness": ["Good"]})
    with pytest.raises(ValueError, match=r"^unknown method 'kendall'; known are mann-kendall, .*armitage.*jonckheere$"):
        sif.trend(table, method="kendall")
    with pytest.raises(ValueError, match=r"^value='number': the table has no such column"):
        sif.trend(table, value="number")


def test_what_is_missing_takes_no_part_in_a_season() -> None:
    rng = np.random.default_rng(31)
    table = inspections(rng, 40).assign(graded=True, published=pd.NaT, region=rng.choice(["North", "South"], 40))
    table.loc[0, "overall_effectiveness"] = None
    table.loc[1, "inspection_start"] = pd.NaT
    table.loc[2, "region"] = None
    for season, missing in (("region", 3), ("month", 2), ("quarter", 2)):
        found = sif.trend(table, method="seasonal-mann-kendall", season=season)
        whole = sif.trend(table.drop(index=range(missing)), method="seasonal-mann-kendall", season=season)
        assert found[["n", "n_missing"]].to_numpy().tolist() == [[40 - missing, missing]]
        pd.testing.assert_frame_equal(found.drop(columns="n_missing"), whole.drop(columns="n_missing"))


def test_windows_that_share_a_single_inspection_overlap() -> None:
    windows = pd.DataFrame({"period_end": pd.to_datetime(["2020-08-31", "2021-08-31"]), "share": [0.5, 0.6], "n_shared": [0, 1]})
    with pytest.raises(ValueError, match=r"^these are windows that overlap"):
        sif.trend(windows, value="share")


def test_more_seasons_than_can_be_counted_are_refused() -> None:
    rows = Rows(np.zeros(2, dtype=np.int8), 1, np.zeros(2), np.arange(2), None, block=np.array([2**31 - 1, 0]))
    with pytest.raises(ValueError, match=r"^1 groups of 2147483648 seasons are more than can be counted$"):
        _seasonal(rows, "two-sided", True)


def test_no_slope_is_minus_nothing() -> None:
    table = pd.DataFrame({"inspection_start": pd.to_datetime(["2020-01-01", "2021-01-01"]), "share": [0.0, -0.0]})
    slope = sif.trend(table, method="theil-sen", value="share")["slope_per_year"].to_numpy()
    assert slope[0] == 0
    assert not np.signbit(slope[0])


def test_shares_that_do_not_vary_have_no_z_and_one_period_has_no_slope() -> None:
    start = pd.to_datetime(["2019-10-01", "2020-10-01", "2021-10-01"] * 2 + ["2020-10-01"] * 3 + ["2020-10-01"])
    table = pd.DataFrame({"inspection_start": start, "good": [1] * 3 + [0] * 3 + [0, 1, 1] + [1], "group": list("aaabbbcccd")})
    found = sif.trend(table, "group", method="cochran-armitage", value="good")
    assert found["statistic"].to_numpy()[:3].tolist() == [0, 0, 0]
    assert np.isnan(found["statistic"].iloc[3])
    assert found["z"].isna().all()
    assert found["p"].isna().all()
    assert found["slope_per_year"].to_numpy()[:2].tolist() == [0, 0]
    assert found["slope_per_year"].iloc[2:].isna().all()


def test_a_season_is_a_column_before_it_is_a_part_of_the_date_and_an_unknown_one_is_named() -> None:
    table = inspections(np.random.default_rng(32), 60).assign(half=lambda t: t["days"] % 2)
    own = sif.trend(table.assign(month=table["half"]), method="seasonal-mann-kendall", season="month")
    pd.testing.assert_frame_equal(own, sif.trend(table, method="seasonal-mann-kendall", season="half"))
    with pytest.raises(ValueError, match=r"^season='halves': the table has no such column"):
        sif.trend(table, method="seasonal-mann-kendall", season="halves")


def test_what_is_exact_is_true_or_false_whatever_the_method() -> None:
    table = inspections(np.random.default_rng(33), 12)
    for method, is_exact in (("mann-kendall", True), ("cochran-armitage", False), ("jonckheere", False)):
        exact = sif.trend(table, method=method)["exact"]
        assert exact.dtype == bool
        assert exact.tolist() == [is_exact]


def test_holm_and_bonferroni_are_those_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(15)
    for how in ("holm", "bonferroni"):
        for n in (1, 2, 7, 150):
            p = np.where(rng.random(n) < 0.3, np.round(rng.random(n), 1), rng.random(n) ** 3)
            np.testing.assert_allclose(adjusted(p, how), multipletests(p, method=how)[1], rtol=1e-14)
        np.testing.assert_allclose(adjusted(np.array([0.01, np.nan, 0.04]), how), [0.02, np.nan, 0.04 * (1 + (how == "bonferroni"))])


def test_a_slope_of_grades_is_refused_with_what_to_do_instead():
    with pytest.raises(ValueError, match=r"too few values for a slope: use method='cochran-armitage' for points a year, or value="):
        sif.trend(sif.load_inspections(), method="theil-sen", framework="ILACS")


@pytest.mark.parametrize("n", [4, 5, 6, 7])
def test_a_test_of_few_numbers_rejects_no_more_than_its_level(n):
    """Each order of n numbers once: mid-p would reject 8% of those of 4 or 5 at level 5%."""
    import itertools

    orders = np.array(list(itertools.permutations(range(n))), dtype=float)
    table = pd.DataFrame({"order": np.repeat(np.arange(len(orders)), n), "number": orders.ravel()})
    table["inspection_start"] = np.tile(pd.date_range("2020-03-31", periods=n, freq="YS"), len(orders))
    assert (sif.trend(table, "order", value="number")["p"] < 0.05).mean() <= 0.05
    mid = sif.trend(table, "order", value="number", exact="mid")["p"]
    assert (mid <= sif.trend(table, "order", value="number")["p"]).all()
    assert (mid <= 0.05 + 1e-12).mean() > 0.05


def test_grades_keep_the_mid_p():
    table = inspections(np.random.default_rng(33), 12)
    assert sif.trend(table)["p"].item() == sif.trend(table, exact="mid")["p"].item() < sif.trend(table, exact=True)["p"].item()


def test_two_inspections_give_a_wide_interval_of_the_share():
    """One good of two, one a period: a slope of 1 a period, from -0.315 on."""
    table = pd.DataFrame({"inspection_start": pd.to_datetime(["2019-01-01", "2020-01-01"]), "good": [0.0, 1.0]})
    found = sif.trend(table, value="good", method="cochran-armitage", freq="YE").iloc[0]
    year = found["slope_per_year"]
    assert found["lower"] / year == pytest.approx(-0.315, abs=5e-4)
    assert found["upper"] / year == pytest.approx(1, abs=1e-9)


def test_a_share_that_never_varies_has_a_slope_of_0_and_no_bounds():
    table = pd.DataFrame({"inspection_start": pd.date_range("2010-01-01", periods=10, freq="365D"), "good": 1.0})
    found = sif.trend(table, value="good", method="cochran-armitage").iloc[0]
    assert found["slope_per_year"] == 0
    assert found[["p", "lower", "upper"]].isna().all()


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_bounds_of_the_slope_hold_0_just_where_the_test_does_not_reject(level):
    rng = np.random.default_rng(16)
    for n in (4, 9, 30):
        table = pd.DataFrame({"group": np.repeat(np.arange(400), n), "good": (rng.random(400 * n) < 0.7).astype(float)})
        table["inspection_start"] = np.datetime64("2015-01-01") + rng.integers(0, 8 * 365, len(table))
        found = sif.trend(table, "group", value="good", method="cochran-armitage", level=level).dropna(subset=["p"])
        holds = (found["lower"] <= 0) & (found["upper"] >= 0)
        near = (found["p"] - (1 - level)).abs() < 1e-9
        assert (holds == (found["p"] >= 1 - level))[~near].all()
        assert (found["lower"] < found["upper"]).all()
        assert ((found["lower"] <= found["slope_per_year"]) & (found["slope_per_year"] <= found["upper"])).all()


def test_bounds_of_the_slope_are_those_of_a_search_slope_by_slope():
    period, good = np.array([0, 0, 1, 2, 2, 3, 5, 5]), np.array([0, 1, 0, 1, 1, 0, 1, 1.0])
    table = pd.DataFrame({"inspection_start": pd.to_datetime([f"{2010 + year}-06-01" for year in period]), "good": good})
    found = sif.trend(table, value="good", method="cochran-armitage", freq="YE").iloc[0]
    x, p = period - period.mean(), good.mean()
    slopes = np.linspace(-0.5, 0.8, 1_300_001)
    shares = np.clip(p + slopes[:, None] * x, 0, 1)
    distance = np.abs((x * good).sum() - slopes * (x**2).sum())
    accepted = slopes[distance <= scipy.stats.norm.ppf(0.975) * np.sqrt((x**2 * shares * (1 - shares)).sum(axis=1))]
    a_year = found["slope_per_year"] / ((x * good).sum() / (x**2).sum())
    np.testing.assert_allclose(found[["lower", "upper"]].astype(float) / a_year, accepted[[0, -1]], atol=2e-6)


# ---- rows that depend on one another


def seen_again(rng, n, providers):
    """Inspections of one group, of which several are of one provider; on few days, or on many."""
    table = inspections(rng, n, ties=True, span=int(rng.choice([80, 20_000])))
    return table.assign(provider=rng.integers(0, providers, n))


def many_seen_again(seed, groups=200):
    rng = np.random.default_rng(seed)
    tables = [seen_again(rng, n, max(2, n // 2)) for n in rng.integers(3, 60, groups).tolist()]
    return stacked(tables), tables


def effect(amounts, provider):
    """The design effect by its definition: of all pairs of rows, those of one provider beside each row with itself."""
    same = provider[:, None] == provider
    return (np.outer(amounts, amounts) * same).sum() / (amounts**2).sum() if (amounts**2).sum() > 0 else 1.0


def balance(values):
    return np.sign(values[:, None] - values).sum(axis=1)


def test_the_design_effect_is_its_definition_for_every_method():
    table, tables = many_seen_again(51)
    both = {}
    for method in ("mann-kendall", "jonckheere", "cochran-armitage", "theil-sen"):
        options = {"value": "number"} if method == "theil-sen" else {}
        for cluster in ("auto", None):
            both[method, cluster] = sif.trend(table, "group", method=method, exact=False, cluster=cluster, **options)
    years = table["inspection_start"].dt.year - (table["inspection_start"].dt.month < 9)
    for place, part in enumerate(tables):
        days, codes, provider = part["days"].to_numpy(), part["number"].to_numpy(), part["provider"].to_numpy()
        year = years[table["group"] == place].to_numpy()
        amounts = {"mann-kendall": balance(days) * balance(codes), "jonckheere": balance(year) * balance(codes)}
        amounts["theil-sen"] = amounts["mann-kendall"]
        amounts["cochran-armitage"] = (year - year.mean()) * ((codes >= 2) - (codes >= 2).mean())
        for method, of in amounts.items():
            with_clusters, without = (both[method, cluster].iloc[place] for cluster in ("auto", None))
            if np.isnan(without["z"]):
                assert np.isnan(with_clusters["deff"]) == (1 < with_clusters["n_clusters"] < with_clusters["n"])
                continue
            expected = effect(of, provider) if with_clusters["n_clusters"] > 1 else 1.0
            assert with_clusters["deff"] == pytest.approx(expected, rel=1e-12)
            assert with_clusters["z"] == pytest.approx(without["z"] / np.sqrt(expected), rel=1e-9)
            assert with_clusters["p"] == pytest.approx(2 * scipy.stats.norm.sf(abs(with_clusters["z"])), rel=1e-9)
            assert with_clusters["statistic"] == without["statistic"]


def test_seasons_share_their_providers():
    """By its definition: what a row brings to its block, scaled to the block's variance, added up over a provider's blocks."""
    table, tables = many_seen_again(52, 60)
    table["block"] = np.random.default_rng(1).integers(0, 3, len(table))
    found = sif.trend(table, "group", method="seasonal-mann-kendall", season="block")
    without = sif.trend(table, "group", method="seasonal-mann-kendall", season="block", cluster=None)
    for place in range(len(tables)):
        part = table[table["group"] == place]
        sums, independent = {}, 0.0
        for _, rows in part.groupby("block"):
            kendall = sif.counts.kendall(None, rows["days"], rows["number"].to_numpy())
            amounts = balance(rows["days"].to_numpy()) * balance(rows["number"].to_numpy())
            if kendall.n.item() < 2 or (amounts == 0).all():
                continue
            independent += kendall.variance.item()
            for provider, amount in zip(rows["provider"], amounts * np.sqrt(kendall.variance.item() / (amounts**2).sum()), strict=True):
                sums[provider] = sums.get(provider, 0) + amount
        if independent == 0:
            assert np.isnan(found["deff"][place])
            continue
        assert found["deff"][place] == pytest.approx(sum(s * s for s in sums.values()) / independent, rel=1e-12)
        assert found["z"][place] * np.sqrt(found["deff"][place]) == pytest.approx(without["z"][place], rel=1e-12)


@pytest.mark.parametrize("method", ["mann-kendall", "seasonal-mann-kendall", "cochran-armitage", "jonckheere"])
def test_where_no_provider_repeats_or_there_is_but_one_nothing_changes(method):
    rng = np.random.default_rng(53)
    season = {"season": "quarter"} if method.startswith("seasonal") else {}
    once = stacked([inspections(rng, n) for n in (5, 12, 40)]).assign(provider=lambda t: np.arange(len(t)))
    alone = once.assign(provider=once["group"])
    nobody = once.assign(provider=None)
    plain = sif.trend(once.drop(columns="provider"), "group", method=method, **season)
    for table, n_clusters in ((once, [5, 12, 40]), (alone, [1, 1, 1]), (nobody, [5, 12, 40])):
        found = sif.trend(table, "group", method=method, **season)
        assert found["n_clusters"].tolist() == n_clusters
        assert (found["deff"] == 1).all()
        same = ["n_repeated", "n_clusters"]
        pd.testing.assert_frame_equal(found.drop(columns=same), plain.drop(columns=same), check_exact=True)


def test_the_order_of_rows_and_the_names_of_providers_play_no_part():
    table, _ = many_seen_again(54, 30)
    table["season"] = table["days"] % 3
    renamed = table.assign(provider="p" + (7 * table["provider"] % 997).astype(str)).sample(frac=1, random_state=5)
    turned = table.assign(overall_effectiveness=pd.Categorical.from_codes(3 - table["number"].astype(int), dtype=GRADES))
    for options in ({}, {"method": "jonckheere"}, {"method": "seasonal-mann-kendall", "season": "season"}):
        one = sif.trend(table, "group", **options)
        exactly = {"rtol": 1e-13} if options.get("season") else {"check_exact": True}  # sums of whole numbers, but for those of seasons
        pd.testing.assert_frame_equal(one, sif.trend(renamed, "group", **options), **exactly)
        other = sif.trend(turned, "group", **options)
        np.testing.assert_array_equal(one["z"], -other["z"])
        np.testing.assert_array_equal(one["deff"], other["deff"])


def test_a_group_of_repeated_providers_has_no_exact_p_and_others_keep_theirs():
    again, once = seen_again(np.random.default_rng(55), 12, 4), inspections(np.random.default_rng(33), 12)
    table = stacked([again, once.assign(provider=range(100, 112))])
    for exact in ("auto", "mid", True):
        found = sif.trend(table, "group", exact=exact)
        assert found["exact"].tolist() == [False, True]
        assert found["n_clusters"].tolist() == [table["provider"][:12].nunique(), 12]


def test_another_column_can_say_which_rows_depend_on_one_another():
    table = sif.load_inspections().query("framework == 'ILACS'").copy()
    own = sif.trend(table, cluster="region")
    assert own["n_clusters"].item() == table["region"].nunique()
    assert own["n_repeated"].item() == 157  # of providers, as ever
    renamed = table.drop(columns="provider").assign(provider=table["region"])
    assert own["deff"].item() == sif.trend(renamed)["deff"].item()
    with pytest.raises(ValueError, match=r"^cluster='regoin': the table has no such column; nearest: 'region'"):
        sif.trend(table, cluster="regoin")


def test_numbers_of_providers_depend_on_one_another_too():
    table, _ = many_seen_again(56, 20)
    rng = np.random.default_rng(3)
    table["share"] = rng.normal(size=len(table))
    one = sif.trend(table, "group", value="share", exact=False)
    ranks = table["share"].rank()  # its distances play no part
    pd.testing.assert_frame_equal(one, sif.trend(table.assign(share=ranks), "group", value="share", exact=False), check_exact=True)
    assert (one["deff"] != 1).any()


def test_a_providers_inspections_that_cancel_leave_nothing_to_test():
    """One provider stands at the middle of all, and the two rows of the other bring as much one way as the other."""
    table = numbers([0, 1, 2, 3], [0.0, 1.0, 2.0, 0.0]).assign(provider=["a", "b", "b", "a"])
    found = sif.trend(table, value="number")
    amounts = balance(np.arange(4)) * balance(np.array([0.0, 1, 2, 0]))
    assert amounts.tolist() == [6, -1, 3, -6]
    assert found["deff"].item() == pytest.approx(4 / 82)
    cancelled = numbers([0, 1, 2, 3], [0.0, 1.0, 1.0, 0.0]).assign(provider=["a", "b", "b", "a"])
    found = sif.trend(cancelled, value="number")
    assert found["deff"].item() == 0
    assert found[["z", "p"]].isna().all(axis=None)


def test_bounds_of_the_slope_of_clusters_agree_with_p():
    table, _ = many_seen_again(57, 300)
    found = sif.trend(table, "group", method="cochran-armitage").dropna(subset="p")
    outside = (found["lower"] > 0) | (found["upper"] < 0)
    assert (outside == (found["p"] < 0.05)).all()
    assert 0 < outside.sum() < len(found)


def test_a_state_on_a_date_is_no_sample_of_inspections():
    table = sif.load_inspections()
    state = sif.as_at(table, "2024-03-31", framework="ILACS", having="overall_effectiveness")
    with pytest.raises(ValueError, match=r"state on 31 March 2024.*sif\.change_between"):
        sif.trend(state)
    assert sif.trend(sif.first(table, framework="SIF"))["n"].item() == 152  # a framework's own first round


def test_a_trend_of_the_ilacs_has_the_figures_of_r(told_by_r):
    table, of_r = sif.load_inspections(), told_by_r("trends")
    whole = sif.trend(table, framework="ILACS")
    regions = sif.trend(table, "region", framework="ILACS")
    shares = sif.trend(table, framework="ILACS", method="cochran-armitage")
    found = pd.concat([whole.assign(region="all"), regions.astype({"region": str})]).set_index("region")
    assert set(found.index) == set(of_r["mann-kendall"])
    for region, values in of_r["mann-kendall"].items():
        assert found.loc[region, ["deff", "z"]].to_dict() == pytest.approx(values, rel=1e-12), region
    assert shares.loc[0, ["deff", "z"]].to_dict() == pytest.approx(of_r["cochran-armitage"]["all"], rel=1e-12)


@pytest.mark.parametrize("method", ["mann-kendall", "cochran-armitage", "jonckheere"])
def test_groups_of_a_dictionary_of_arrow_are_in_order(method):
    pa = pytest.importorskip("pyarrow")
    region = pa.array(["b", "a", "b", "a", "c", "c"])
    columns = {
        "provider": list("uvwxyz"),
        "inspection_start": pd.date_range("2019-03-01", periods=6, freq="200D"),
        "overall_effectiveness": ["Good", "Inadequate", "Good", "Good", "Outstanding", "Good"],
    }
    as_text, as_dictionary = (
        sif.trend(pa.table(columns | {"region": values}), "region", method=method, published=None).to_pandas()
        for values in (region, region.dictionary_encode())
    )
    assert as_dictionary["region"].tolist() == ["a", "b", "c"]
    pd.testing.assert_frame_equal(as_dictionary.drop(columns="region"), as_text.drop(columns="region"))


@pytest.mark.parametrize("rows", [0, 1])
def test_where_nothing_has_a_grade_there_is_no_group_with_seasons(rows):
    table = pd.DataFrame({"provider": ["a"], "region": ["N"], "inspection_start": pd.to_datetime(["2015-01-01"])})[:rows]
    table["overall_effectiveness"] = pd.Series([None] * rows, dtype=object)
    asked = {"published": None, "graded": None}
    found = sif.trend(table, "region", method="seasonal-mann-kendall", season="quarter", **asked)
    assert len(found) == len(sif.trend(table, "region", **asked)) == 0
    assert sif.trend(table, method="seasonal-mann-kendall", season="quarter", **asked)["n"].tolist() == [0]
