"""Who improved and who declined, transitions, what a change in a share is made of, and two tables compared."""

import csv
import re
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import Table2x2, mcnemar
from statsmodels.stats.nonparametric import rank_compare_2indep
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

import ofsted_sif as sif

with (Path(__file__).parent / "data" / "published_figures.csv").open(encoding="utf-8", newline="") as file:
    FIGURES = [row for row in csv.DictReader(file) if row["which"] == "latest change"]

# What is said of pairs has a test of its own below.
pytestmark = pytest.mark.filterwarnings("ignore::ofsted_sif.errors.SelectedPairsWarning")

INSPECTIONS = sif.load_inspections()
LABELS = ["Inadequate", "Requires improvement", "Good", "Outstanding"]


def table_of(*rows, **more):
    """Inspections as (provider, day, grade or None)."""
    providers, days, grades = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "provider": list(providers),
            "inspection_start": pd.to_datetime(list(days)),
            "overall_effectiveness": sif.grades(list(grades)),
            "graded": True,
        }
        | more
    )


# ---- changes


@pytest.mark.parametrize("row", FIGURES, ids=lambda row: f"{row['figure']} {row['measure']} {row['value']}")
def test_published(row):
    change = sif.changes(INSPECTIONS, date=row["as_at"], published_by=row["published_by"], framework=row["frameworks"].split(";"))
    summary = sif.change_summary(change).iloc[0]
    assert summary["n" if row["measure"] == "n_providers" else row["measure"]] == int(row["value"])


def test_all_figures_of_the_latest_change_are_there():
    assert {row["measure"]: row["value"] for row in FIGURES} == {
        "n_providers": "65",
        "improved": "26",
        "declined": "12",
        "same_good_or_outstanding": "15",
    }


def test_changes_has_the_columns_of_the_interface():
    change = sif.changes(table_of(("A", "2020-01-01", "Good"), ("A", "2022-01-01", "Inadequate")))
    wanted = ["provider", "previous_inspected", "latest_inspected", "years_between", "previous", "latest", "change"]
    assert list(change.columns) == wanted
    row = change.iloc[0]
    assert (row["previous"], row["latest"], row["change"]) == ("Good", "Inadequate", "declined")
    assert row["years_between"] == 731 / 365.25


def test_changes_are_those_found_by_hand():
    table = INSPECTIONS[INSPECTIONS["framework"].isin(["SIF", "ILACS"]) & INSPECTIONS["overall_effectiveness"].notna()]
    table = table.assign(day=table["inspection_start"].fillna(table["published"]))
    last = table.sort_values(["day", "published"], kind="stable").groupby("provider", observed=True).tail(2)
    pairs = last.groupby("provider", observed=True)["overall_effectiveness"].agg(list)
    pairs = pairs[pairs.map(len) == 2].map(lambda pair: tuple(LABELS.index(grade) for grade in pair))
    change = sif.changes(INSPECTIONS, framework=["SIF", "ILACS"], having="overall_effectiveness")
    assert change["provider"].tolist() == pairs.index.tolist()
    assert list(zip(change["previous"].cat.codes, change["latest"].cat.codes, strict=True)) == pairs.tolist()
    assert change.attrs["n_inspected_once"] == last["provider"].nunique() - len(pairs)


def test_only_the_latest_change_counts_and_one_inspection_is_none():
    table = table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 2), ("A", "2022-01-01", 2), ("B", "2020-01-01", 1))
    change = sif.changes(table)
    assert change[["provider", "change"]].to_numpy().tolist() == [["A", "same"]]
    assert change.attrs["n_inspected_once"] == 1


def test_of_two_inspections_of_one_day_the_last_of_equals_counts_once():
    table = table_of(("A", "2020-01-01", 2), ("A", "2020-01-01", 3), ("A", "2021-01-01", 2))
    assert sif.changes(table)[["previous", "latest"]].to_numpy().tolist() == [["Requires improvement", "Good"]]
    assert sif.changes(table.iloc[:2]).empty
    assert sif.transitions(table)["n"].sum() == 1


def test_a_report_published_after_the_cutoff_leaves_the_change_before():
    published = pd.to_datetime(["2018-02-01", "2020-02-01", "2022-08-01"])
    table = table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 3), ("A", "2022-01-01", 1), published=published)
    assert sif.changes(table, date="2022-06-30")["latest"].item() == "Requires improvement"
    assert sif.changes(table, date="2022-06-30", published_by="2022-09-30")["latest"].item() == "Outstanding"
    assert sif.changes(table, published_by="2022-06-30")["latest"].item() == "Requires improvement"
    with pytest.raises(ValueError, match="no date that it could be added to"):
        sif.changes(table, published_by=pd.DateOffset(months=1))


def test_closed_providers_take_part_only_where_no_date_is_asked_for():
    closed = pd.to_datetime(["2021-04-01"] * 2)
    table = table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 3), closed=closed)
    assert len(sif.changes(table)) == 1
    assert len(sif.changes(table, date="2021-03-31")) == 1
    assert sif.changes(table, date="2021-04-01").empty


def test_an_inspection_that_is_not_graded_is_no_change():
    table = table_of(("A", "2018-01-01", 4), ("A", "2019-01-01", None), ("A", "2020-01-01", 3))
    table["graded"] = [True, False, True]
    assert sif.changes(table)["change"].tolist() == ["improved"]


def test_a_graded_inspection_without_the_judgement_leaves_the_change_missing_and_having_reaches_back():
    table = table_of(("A", "2018-01-01", 4), ("A", "2019-01-01", 2), ("A", "2020-01-01", None))
    change = sif.changes(table)
    assert change["change"].isna().all()
    summary = sif.change_summary(change).iloc[0]
    assert summary[["n", "improved", "same", "declined"]].tolist() == [1, 0, 0, 0]
    assert np.isnan(summary["share_improved"])
    assert sif.changes(table, having="overall_effectiveness")["change"].tolist() == ["improved"]


def test_improvement_is_positive_on_a_report_card_too():
    table = pd.DataFrame(
        {
            "provider": ["A", "A"],
            "inspection_start": ["2025-11-10", "2026-03-01"],
            "inclusion": ["Needs attention", "Strong standard"],
        }
    )
    change = sif.changes(table, judgement="inclusion")
    assert change["change"].tolist() == ["improved"]
    assert "same_good_or_outstanding" not in sif.change_summary(change).columns


def test_pooled_frameworks_are_said_and_naming_them_is_consent(recwarn):
    with pytest.warns(sif.PooledFrameworksWarning, match="SIF"):
        sif.changes(INSPECTIONS)
    with pytest.warns(sif.PooledFrameworksWarning, match="ILACS"):
        sif.transitions(INSPECTIONS)
    recwarn.clear()
    sif.changes(INSPECTIONS, framework="all")
    assert not recwarn


def test_a_first_provider_with_one_inspection_has_no_change():
    change = sif.changes(table_of(("A", "2020-01-01", 4), ("B", "2018-01-01", 4), ("B", "2020-01-01", 3)))
    assert change["provider"].tolist() == ["B"]
    assert change.attrs["n_inspected_once"] == 1


def test_an_improvement_is_more_than_a_decline():
    change = sif.changes(table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 3), ("B", "2018-01-01", 1), ("B", "2020-01-01", 3)))
    assert (change["change"] > "declined").tolist() == [True, False]


def test_an_ungraded_inspection_beside_a_single_period_is_in_none():
    table = table_of(("A", "2018-01-01", 4), ("A", "2018-03-01", None), ("A", "2018-06-01", 3))
    table["graded"] = [True, False, True]
    counted = sif.transitions(table, freq="YE")
    assert counted.loc[counted["n"] > 0, ["grade_from", "grade_to", "n"]].to_numpy().tolist() == [["Inadequate", "Requires improvement", 1]]


def test_a_decomposition_between_a_date_and_itself_is_of_nothing():
    parts = sif.decompose(table_of(("A", "2018-01-01", 4), ("B", "2018-01-01", 2)), "2019-01-01", "2019-01-01")
    assert parts[["n", "numerator", "change"]].to_numpy().tolist() == [[0, 0, 0]] * 5


def test_a_decomposition_of_a_single_provider_and_one_that_ends_with_nobody_judged():
    up = table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 2))
    assert sif.decompose(up, "2019-01-01", "2021-01-01")["change"].tolist() == [1, 0, 0, 0, 0]
    gone = table_of(
        ("A", "2018-01-01", 2), ("B", "2018-01-01", 4), ("B", "2020-01-01", None), closed=pd.to_datetime(["2020-01-01", None, None])
    )
    parts = sif.decompose(gone, "2019-01-01", "2021-01-01")
    assert parts["n"].tolist() == [0, 0, 0, 1, 1]
    assert parts["change"].isna().all()


def test_changes_take_a_register_and_the_users_own_names():
    table = table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 3))
    renamed = table.rename(columns={"provider": "urn", "inspection_start": "start"})
    register = pd.DataFrame({"urn": ["A", "B"], "closed": pd.to_datetime(["2021-04-01", None])})
    before = renamed.copy()
    names = {"provider": "urn", "inspected": "start", "register": register}
    assert sif.changes(renamed, date="2021-01-01", **names)["urn"].tolist() == ["A"]
    assert sif.changes(renamed, date="2022-01-01", **names).empty
    pd.testing.assert_frame_equal(renamed, before)


# ---- change_summary


def summary_of(rng, n):
    previous, latest = rng.integers(0, 4, (2, n))
    step = np.sign(latest - previous)
    return pd.DataFrame(
        {
            "group": rng.choice(["x", "y", "z"], n),
            "latest": pd.Categorical.from_codes(latest, dtype=sif.FOUR_POINT.dtype),
            "change": np.array(["declined", "same", "improved"])[step + 1],
        }
    )


@pytest.mark.parametrize("seed", range(5))
def test_summary_agrees_with_counting_and_the_binomial_test(seed):
    frame = summary_of(np.random.default_rng(seed), 60)
    for _, row in sif.change_summary(frame, "group", level=0.9).iterrows():
        mine = frame[frame["group"] == row["group"]]
        number = mine["change"].value_counts()
        assert (row["n"], row["improved"], row["declined"]) == (len(mine), number["improved"], number["declined"])
        same = mine[mine["change"] == "same"]["latest"]
        assert (row["same_good_or_outstanding"], row["same_less_than_good"]) == ((same >= "Good").sum(), (same < "Good").sum())
        p = stats.binomtest(int(row["improved"]), int(row["improved"] + row["declined"])).pvalue
        assert row["p"] == pytest.approx(p, rel=1e-12)
        assert (row["lower"], row["upper"]) == pytest.approx(proportion_confint(row["improved"], row["n"], 0.1, "wilson"), rel=1e-12)


def test_sign_test_at_its_ends():
    frame = pd.DataFrame({"latest": sif.grades([1, 2, 2]), "change": ["improved", "same", "same"]})
    assert sif.change_summary(frame)["p"].item() == 1.0
    assert sif.change_summary(frame.iloc[1:])["p"].item() == 1.0
    many = pd.concat([frame.iloc[:1]] * 1000, ignore_index=True)
    assert sif.change_summary(many)["p"].item() == pytest.approx(2.0**-999, rel=1e-12)


def test_summary_names_a_word_that_is_no_change():
    frame = pd.DataFrame({"latest": sif.grades([1, 2]), "change": ["improved", "better"]})
    with pytest.raises(ValueError, match=r"column 'change', row 1: 'better'"):
        sif.change_summary(frame)
    with pytest.raises(ValueError, match="no such column"):
        sif.change_summary(frame[["latest"]])


# ---- transitions


def test_transitions_agree_with_a_crosstab_by_group_and_period():
    table = INSPECTIONS[(INSPECTIONS["framework"] == "ILACS") & INSPECTIONS["overall_effectiveness"].notna()]
    table = table.sort_values(["provider", "inspection_start", "published"], kind="stable")
    before = table.groupby("provider", observed=True)["overall_effectiveness"].shift()
    year = table["inspection_start"].dt.year + (table["inspection_start"].dt.month > 3)
    wanted = table.assign(before=before, year=year).dropna(subset="before").groupby(
        ["region", "year", "before", "overall_effectiveness"], observed=True
    ).size()  # fmt: skip
    got = sif.transitions(INSPECTIONS, "region", freq="YE-MAR", framework="ILACS", having="overall_effectiveness")
    assert list(got.columns) == ["region", "period", "grade_from", "grade_to", "n", "share", "lower", "upper"]
    seen = got[got["n"] > 0]
    found = {(r.region, r.period.year, r.grade_from, r.grade_to): r.n for r in seen.itertuples()}
    assert found == wanted.to_dict()
    assert set(got["period"].dt.strftime("%m-%d")) == {"03-31"}


def test_every_period_and_pair_of_grades_has_a_row_and_shares_are_of_the_row():
    table = table_of(("A", "2018-05-01", 4), ("A", "2018-09-01", 3), ("A", "2021-01-01", 2), ("B", "2018-05-01", 4), ("B", "2021-01-01", 4))
    got = sif.transitions(table, freq="YE")
    assert got["period"].dt.year.unique().tolist() == [2018, 2019, 2020, 2021]
    assert len(got) == 4 * 16
    total = sif.transitions(table)
    assert list(total.columns) == ["grade_from", "grade_to", "n", "share", "lower", "upper"]
    from_inadequate = total[total["grade_from"] == "Inadequate"].set_index("grade_to")
    assert from_inadequate["n"].to_dict() == {"Outstanding": 0, "Good": 0, "Requires improvement": 1, "Inadequate": 1}
    assert from_inadequate.loc["Inadequate", "share"] == 0.5
    assert total[total["grade_from"] == "Outstanding"]["share"].isna().all()


def test_missing_grades_stand_apart_in_transitions():
    table = table_of(
        ("A", "2018-01-01", 4), ("A", "2019-01-01", None), ("A", "2020-01-01", 3), ("B", "2018-01-01", 4), ("B", "2019-01-01", 4)
    )
    got = sif.transitions(table)
    assert got[got["grade_to"].isna()].query("n > 0")[["grade_from", "n"]].to_numpy().tolist() == [["Inadequate", 1]]
    assert got[got["grade_from"].isna() & (got["n"] > 0)]["grade_to"].tolist() == ["Requires improvement"]
    assert got[got["grade_to"].isna()]["share"].isna().all()
    inadequate = got[(got["grade_from"] == "Inadequate") & (got["grade_to"] == "Inadequate")]
    assert inadequate["share"].item() == 1.0


def test_transitions_refuse_a_period_that_is_none():
    with pytest.raises(ValueError, match=r"^freq='school year'.*YE-AUG"):
        sif.transitions(INSPECTIONS, freq="school year", framework="all")


def test_transitions_of_no_inspections_are_zero():
    assert sif.transitions(INSPECTIONS, framework="SCCIF")["n"].sum() == 0
    assert sif.transitions(INSPECTIONS, framework="SCCIF", freq="YE").empty
    assert sif.changes(INSPECTIONS, framework="SCCIF").empty


def test_the_sign_test_of_those_inspected_twice_says_whom_it_leaves_out():
    pairs = sif.changes(table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 3)))
    with pytest.warns(sif.SelectedPairsWarning, match=r"sif\.change_between\(table, date_from, date_to\)") as said:
        sif.change_summary(pairs)
    assert len(said) == 1
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sif.change_summary(pairs.drop(columns="years_between"))  # pairs of the user's own making


# ---- decompose


@pytest.mark.parametrize(
    ("start", "end"),
    [("2015-03-31", "2019-03-31"), ("2019-03-31", "2024-03-31"), ("2022-03-31", "2026-08-22"), ("2024-03-31", "2024-03-31")],
)
def test_parts_add_up_to_the_change_in_the_share_exactly(start, end):
    parts = sif.decompose(INSPECTIONS, start, end, framework=["SIF", "ILACS"])
    shares = []
    for date in (start, end):
        row = sif.aggregate(sif.as_at(INSPECTIONS, date, framework=["SIF", "ILACS"])).iloc[0]
        shares.append(Fraction(int(row["good_or_outstanding"]), int(row["n_judged"])))
    exact = sum(Fraction(int(r.numerator), int(r.denominator)) for r in parts.itertuples())
    assert exact == shares[1] - shares[0]
    assert parts["part"].tolist() == ["re-graded up", "re-graded down", "newly inspected", "closed", "judgement no longer made"]
    assert parts.attrs["to"][0] - parts.attrs["from"][0] == parts["good_or_outstanding"].sum()
    assert parts.attrs["to"][1] - parts.attrs["from"][1] == parts["judged"].sum()


def test_each_provider_falls_into_its_part():
    closed = pd.to_datetime([None] * 8 + ["2020-01-01"])
    table = table_of(
        ("up", "2018-01-01", 3), ("up", "2020-06-01", 2), ("down", "2018-01-01", 1), ("down", "2020-06-01", 4), ("stays", "2018-01-01", 2),
        ("new", "2020-06-01", 2), ("unmade", "2018-01-01", 2), ("unmade", "2020-06-01", None), ("gone", "2018-01-01", 2), closed=closed,
    )  # fmt: skip
    parts = sif.decompose(table, "2019-01-01", "2021-01-01").set_index("part")
    assert parts["n"].tolist() == [1, 1, 1, 1, 1]
    assert parts["judged"].tolist() == [0, 0, 1, -1, -1]
    assert parts["good_or_outstanding"].tolist() == [1, -1, 1, -1, -1]
    assert parts["change"].sum() == pytest.approx(3 / 4 - 4 / 5)


@pytest.mark.parametrize("by", ["region", ["ofsted_region", "framework"]])
def test_each_groups_parts_add_up_to_the_change_of_its_share_and_over_groups_to_the_whole(by):
    dates, options = ("2019-03-31", "2024-03-31"), {"framework": ["SIF", "ILACS"]}
    parts, whole = sif.decompose(INSPECTIONS, *dates, by, **options), sif.decompose(INSPECTIONS, *dates, **options)
    for name in ("n", "judged", "good_or_outstanding"):
        assert parts.groupby("part", observed=True)[name].sum().tolist() == whole[name].tolist()
    assert parts.attrs == whole.attrs
    if by != "region":  # the framework in force is another on the later date
        return
    states = (sif.as_at(INSPECTIONS, date, **options) for date in dates)
    before, after = (sif.aggregate(state, by).set_index(by)["share_good_or_outstanding"] for state in states)
    found = parts.groupby(by, observed=True)["change"].sum()
    assert found.tolist() == pytest.approx((after - before)[found.index].tolist())


def test_a_provider_counts_in_its_group_on_the_later_date_or_in_its_last():
    rows = [("A", "2018-01-01", 3), ("A", "2020-06-01", 2), ("B", "2018-01-01", 2), ("C", "2018-01-01", 2)]
    table = table_of(*rows, region=["North", "South", "West", None], closed=pd.to_datetime([None, None, "2020-01-01", None]))
    parts = sif.decompose(table, "2019-01-01", "2021-01-01", "region")
    there = parts[parts["n"] > 0]
    assert there[["region", "part", "n"]].astype(object).to_numpy().tolist() == [["South", "re-graded up", 1], ["West", "closed", 1]]
    assert pd.isna(parts["region"].iloc[-1])
    assert parts["change"].iloc[-5:].tolist() == [0] * 5


def test_decompose_says_what_is_wrong():
    with pytest.raises(ValueError, match="after date_to"):
        sif.decompose(INSPECTIONS, "2020-01-01", "2019-01-01")
    with pytest.raises(ValueError, match="3 cut-offs for 2 dates"):
        sif.decompose(INSPECTIONS, "2019-01-01", "2020-01-01", published_by=["2020-01-01"] * 3, framework="all")
    table = pd.DataFrame({"provider": ["A"], "inspection_start": ["2026-01-01"], "inclusion": ["Needs attention"]})
    with pytest.raises(ValueError, match="no threshold"):
        sif.decompose(table, "2026-01-01", "2026-02-01", judgement="inclusion")
    nobody = sif.decompose(INSPECTIONS, "2001-01-01", "2019-01-01", framework="ILACS")
    assert nobody["change"].isna().all()


def test_decompose_takes_a_cutoff_for_each_date():
    dates = ["2019-03-31", "2024-03-31"]
    pair = sif.decompose(INSPECTIONS, *dates, published_by=["2019-04-30", "2024-06-30"], framework=["SIF", "ILACS"])
    assert pair.attrs["to"] == [91, 151]
    offset = sif.decompose(INSPECTIONS, *dates, published_by=pd.DateOffset(months=1), framework=["SIF", "ILACS"])
    assert pair.attrs["from"] == offset.attrs["from"]


# ---- compare


def grades_table(codes):
    return pd.DataFrame(
        {"provider": np.arange(len(codes)), "overall_effectiveness": pd.Categorical.from_codes(codes, dtype=sif.FOUR_POINT.dtype)}
    )


def measures(a, b, **options):
    second = grades_table(b)
    if not options.get("paired"):
        second["provider"] += 1_000_000  # other providers
    return sif.compare(grades_table(a), second, **options).set_index("measure")


@pytest.mark.parametrize("seed", range(30))
def test_comparison_agrees_with_scipy_and_statsmodels(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.choice(4, rng.integers(6, 200), p=rng.dirichlet([3] * 4)), rng.choice(4, rng.integers(6, 200), p=rng.dirichlet([3] * 4))
    x, n, y, m = (a >= 2).sum(), len(a), (b >= 2).sum(), len(b)
    level = [0.95, 0.9][seed % 2]
    got = measures(a, b, level=level)
    assert list(got.columns) == ["estimate", "lower", "upper", "statistic", "p", "n_a", "n_b"]

    def bounds(name):
        return got.loc[name, ["lower", "upper"]].tolist()

    newcombe = confint_proportions_2indep(x, n, y, m, method="newcomb", compare="diff", alpha=1 - level, correction=False)
    assert bounds("difference of shares") == pytest.approx(newcombe, rel=1e-12, abs=1e-14)
    assert got.loc["difference of shares", "estimate"] == x / n - y / m
    if 0 < x < n and 0 < y < m:
        for name, kind in (("ratio of shares", "ratio"), ("odds ratio", "odds-ratio")):
            with np.errstate(invalid="ignore"):  # statsmodels divides 0 by 0 on its way
                score = confint_proportions_2indep(x, n, y, m, method="score", compare=kind, alpha=1 - level, correction=False)
            assert bounds(name) == pytest.approx(score, rel=1e-6)
        woolf = Table2x2(np.array([[x, n - x], [y, m - y]]))
        assert got.loc["odds ratio", "estimate"] == pytest.approx(woolf.oddsratio, rel=1e-12)
    test = stats.mannwhitneyu(a, b, method="asymptotic")
    assert got.loc["mann-whitney", ["statistic", "p"]].tolist() == pytest.approx([test.statistic, test.pvalue], rel=1e-12)
    ranks = rank_compare_2indep(a, b, use_t=True)
    row = got.loc["probability of superiority"]
    assert row["estimate"] == pytest.approx(ranks.prob1, rel=1e-12)
    assert bounds("probability of superiority") == pytest.approx(np.clip(ranks.conf_int(alpha=1 - level), 0, 1), rel=1e-12, abs=1e-14)
    assert row["p"] == pytest.approx(stats.brunnermunzel(a, b).pvalue, rel=1e-11, abs=1e-15)  # scipy 1.11 takes it from 1


def test_newcombes_printed_example():
    """56/70 against 48/80: the 0.0524 to 0.3339 of method 10 in Newcombe (1998), table II(a)."""
    got = measures([3] * 56 + [0] * 14, [3] * 48 + [0] * 32).loc["difference of shares"]
    assert [round(value, 4) for value in got[["estimate", "lower", "upper"]]] == [0.2, 0.0524, 0.3339]


def test_superiority_counts_ties_half_and_a_is_the_better_where_positive():
    got = measures([3, 3], [3, 0])
    assert got.loc["probability of superiority", "estimate"] == 0.75
    assert got.loc["difference of shares", "estimate"] == 0.5
    assert measures([3, 0], [3, 3]).loc["difference of shares", "estimate"] == -0.5


def test_comparison_at_its_ends_is_nan_and_never_outside():
    nobody = measures([], [1, 2])
    assert nobody[["estimate", "lower", "upper", "p"]].isna().all(axis=None)
    assert nobody["n_a"].tolist() == [0] * 5
    none_good = measures([0, 1], [0, 0, 1])
    assert none_good.loc["difference of shares", ["estimate"]].item() == 0
    for name in ("ratio of shares", "odds ratio"):
        assert np.isnan(none_good.loc[name, "estimate"])
        assert none_good.loc[name, ["lower", "upper"]].tolist() == [0, np.inf]
    apart = measures([3] * 10, [0] * 10)
    assert apart.loc["difference of shares", "upper"] == 1
    assert apart.loc["odds ratio", "estimate"] == np.inf
    assert apart.loc["odds ratio", "lower"] > 1
    assert apart.loc["odds ratio", "upper"] == np.inf
    assert apart.loc["probability of superiority", "estimate"] == 1
    equal = measures([2, 2], [2, 2])
    assert np.isnan(equal.loc["mann-whitney", "p"])
    with pytest.raises(ValueError, match=r"^level is 95"):
        measures([1], [2], level=95)


@pytest.mark.parametrize("seed", range(20))
def test_pairs_agree_with_statsmodels(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 150))
    a, b = rng.integers(-1, 4, (2, n))
    both = (a >= 0) & (b >= 0)
    up, down = (both & (a >= 2) & (b < 2)).sum(), (both & (a < 2) & (b >= 2)).sum()
    shuffled = grades_table(b).sample(frac=1, random_state=seed)
    result = sif.compare(grades_table(a), shuffled, paired=True)
    got = result.set_index("measure")
    wanted = mcnemar([[0, up], [down, 0]], exact=True)
    assert got.loc["mcnemar", ["statistic", "p"]].tolist() == pytest.approx([wanted.statistic, wanted.pvalue], rel=1e-12)
    lower, upper = proportion_confint(up, up + down, method="beta")
    assert got.loc["odds ratio", ["lower", "upper"]].tolist() == pytest.approx([lower / (1 - lower), upper / (1 - upper)], rel=1e-12)
    assert got.loc["difference of shares", "estimate"] == (up - down) / both.sum()
    assert got["n_a"].tolist() == [both.sum()] * 5
    assert result.attrs == {"n_left_out_a": n - both.sum(), "n_left_out_b": n - both.sum()}


def test_interval_of_paired_difference_covers_as_often_as_it_says():
    """No peer has Bonett and Price's interval: 4,000 seeded tables of 50 pairs of which 20% improve and 10% decline."""
    rng = np.random.default_rng(7)
    covered = 0
    for up, down, _ in rng.multinomial(50, [0.2, 0.1, 0.7], 4000):
        a = [3] * up + [0] * down + [0] * (50 - up - down)
        b = [0] * up + [3] * down + [0] * (50 - up - down)
        row = _difference(tuple(a), tuple(b))
        covered += row[0] <= 0.1 <= row[1]
    assert 0.935 < covered / 4000 < 0.97


SEEN = {}


def _difference(a, b):
    if (a, b) not in SEEN:
        row = measures(np.array(a), np.array(b), paired=True).loc["difference of shares"]
        SEEN[a, b] = (row["lower"], row["upper"])
    return SEEN[a, b]


@pytest.mark.parametrize("seed", range(5))
def test_who_moved_and_how_the_distributions_compare_on_the_whole_scale(seed):
    """The probability of superiority by its definition, pair by pair; its variance by that of the placements."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    a, b = rng.integers(0, 4, (2, n))
    got = measures(a, b, paired=True)
    up, down = int((a > b).sum()), int((a < b).sum())
    moved = got.loc["improved less declined"]
    assert moved["estimate"] == (up - down) / n
    assert moved["statistic"] == min(up, down)
    assert moved["p"] == (pytest.approx(stats.binomtest(up, up + down).pvalue, rel=1e-12) if up + down else 1)
    c, changed = (up - down) / (n + 2), (up + down + 2) / (n + 2)
    half = stats.norm.ppf(0.975) * ((changed - c * c) / (n + 2)) ** 0.5
    assert moved[["lower", "upper"]].tolist() == pytest.approx([max(c - half, -1), min(c + half, 1)], rel=1e-12)
    over = np.sign(a[:, None] - b).astype(float) / 2 + 0.5  # a row of `a` against each of `b`
    placed = over.mean(axis=1) - (1 - over).mean(axis=0)  # a_i in b's distribution, less b_i in a's
    spread = stats.sem(placed)
    superior = got.loc["probability of superiority"]
    assert superior["estimate"] == pytest.approx(over.mean(), rel=1e-12)
    if spread > 0:
        low, high = over.mean() + np.array([-1, 1]) * stats.t.ppf(0.975, n - 1) * spread
        assert superior[["lower", "upper"]].tolist() == pytest.approx([max(low, 0), min(high, 1)], rel=1e-9)
        assert superior["p"] == pytest.approx(2 * stats.t.sf(abs(over.mean() - 0.5) / spread, n - 1), rel=1e-9)


def test_pairs_on_a_scale_without_a_threshold_are_compared_on_the_whole_of_it():
    table = pd.DataFrame({"provider": ["A", "B", "C"], "inclusion": ["Needs attention", "Strong standard", "Strong standard"]})
    later = table.assign(inclusion=["Strong standard", "Exceptional", "Needs attention"])
    found = sif.compare(later, table, judgement="inclusion", paired=True).set_index("measure")
    assert found.index.tolist() == ["improved less declined", "probability of superiority"]
    assert found.loc["improved less declined", "estimate"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("pairs", [[], [(2, 2)], [(2, 2), (1, 1)], [(3, 1), (3, 1)]], ids=["none", "one", "all alike", "all moved alike"])
def test_pairs_that_cannot_tell_have_no_bounds_of_superiority(pairs):
    a, b = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    found = measures(a, b, paired=True).loc["probability of superiority"]
    assert found[["lower", "upper", "p"]].isna().all()


def test_pairs_that_cannot_be_told_apart_are_refused():
    twice = grades_table([1, 2]).assign(provider=["A", "A"])
    with pytest.raises(ValueError, match=r"^a: provider A is in it twice"):
        sif.compare(twice, grades_table([1]), paired=True)
    nobody = sif.compare(grades_table([]), grades_table([1]), paired=True).set_index("measure")
    assert nobody.loc["difference of shares", ["estimate", "lower", "upper"]].isna().all()
    assert nobody.loc["mcnemar", "p"] == 1.0


def test_the_interval_of_a_paired_difference_is_bonett_and_prices():
    # Bonett and Price 2012: an observation added to each kind of crossing; here 9 pairs, 4 good in a alone and 1 in b alone.
    a, b = grades_table([2] * 4 + [1] + [1] * 2 + [2] * 2), grades_table([1] * 4 + [2] + [1] * 2 + [2] * 2)
    row = sif.compare(a, b, paired=True).set_index("measure").loc["difference of shares"]
    up, down = Fraction(5, 11), Fraction(2, 11)
    half = stats.norm.ppf(0.975) * float((up + down - (up - down) ** 2) / 11) ** 0.5
    np.testing.assert_allclose(row[["lower", "upper"]].to_numpy(float), [float(up - down) - half, float(up - down) + half], rtol=1e-12)


def test_bounds_of_a_difference_or_a_probability_end_where_it_ends():
    best, worst = grades_table([3] * 3), grades_table([0] * 3)
    for one, other, end in ((best, worst, 1.0), (worst, best, -1.0)):
        row = sif.compare(one, other, paired=True, level=0.9999).set_index("measure").loc["difference of shares"]
        assert end in (row["lower"], row["upper"])
    better, worse = grades_table([3, 2]), grades_table([2, 1]).assign(provider=["x", "y"])
    assert sif.compare(better, worse).set_index("measure").loc["probability of superiority", "upper"] == 1.0
    assert sif.compare(worse, better).set_index("measure").loc["probability of superiority", "lower"] == 0.0


def test_two_rows_of_each_table_are_enough_for_the_probability_of_superiority():
    for a, b in (([3, 2], [2, 1]), ([3, 2, 0], [1, 2]), ([1, 2], [3, 2, 0])):
        got, wanted = measures(a, b).loc["probability of superiority"], stats.brunnermunzel(a, b)
        assert abs(got["statistic"]) == pytest.approx(abs(wanted.statistic), rel=1e-12)
        assert got["p"] == pytest.approx(wanted.pvalue, rel=1e-11)
    one = measures([3], [2, 1, 3]).loc["probability of superiority"]
    assert one[["statistic", "p"]].isna().all()
    assert 0 < one["lower"] < one["estimate"] < one["upper"] < 1


def test_the_rank_test_of_one_row_each_and_of_tables_that_are_alike_has_the_p_of_scipy():
    for a, b in (([3], [2]), ([2, 1], [2, 1]), ([3, 1], [2])):
        assert measures(a, b).loc["mann-whitney", "p"] == pytest.approx(stats.mannwhitneyu(a, b, method="asymptotic").pvalue, rel=1e-12)


def test_the_p_of_the_odds_ratio_is_fishers_by_its_definition():
    for good, n, good_b, n_b in ((8, 10, 1, 6), (0, 5, 3, 4), (2, 3, 4, 6)):
        chance = stats.hypergeom(n + n_b, good + good_b, n).pmf(np.arange(n + 1))
        got = measures([3] * good + [0] * (n - good), [3] * good_b + [0] * (n_b - good_b)).loc["odds ratio", "p"]
        assert got == pytest.approx(chance[chance <= chance[good] * (1 + 1e-9)].sum(), rel=1e-9)


def test_a_bound_that_nothing_limits_is_0_or_infinite_and_the_other_is_told():
    ratio = measures([0, 1], [3, 0]).loc["ratio of shares"]
    assert ratio["lower"] == ratio["estimate"] == 0
    assert 0 < ratio["upper"] < np.inf


@pytest.mark.parametrize(("n", "lower"), [(3, 0.501), (5, 0.643), (10, 0.800)])
def test_complete_separation_has_newcombes_lower_bound(n, lower):
    row = measures([3] * n, [0] * n).loc["probability of superiority"]
    assert row[["lower", "upper"]].tolist() == [pytest.approx(lower, abs=5e-4), 1.0]
    assert row[["statistic", "p"]].isna().all()
    other = measures([0] * n, [3] * n).loc["probability of superiority"]
    assert other[["lower", "upper"]].tolist() == [0.0, pytest.approx(1 - row["lower"], rel=1e-12)]


def test_tables_that_share_providers_are_no_two_samples():
    now, then = (sif.as_at(INSPECTIONS, date, framework=["SIF", "ILACS"]) for date in ("2024-03-31", "2019-03-31"))
    with pytest.warns(sif.SharedProvidersWarning, match=r"^[0-9]+ of [0-9]+ providers are in both tables.*paired=True"):
        sif.compare(now, then)
    as_text = then.assign(provider=then["provider"].astype(str) + " ")
    with pytest.warns(sif.SharedProvidersWarning, match="providers are in both"):
        sif.compare(now, as_text)


def test_pairs_of_tables_that_have_no_provider_in_common_are_refused_with_a_key_of_each():
    table = pd.DataFrame({"provider": [100001, 100002], "overall_effectiveness": ["Good", "Inadequate"]})
    other = table.assign(provider=["100001.0", "100002.0"])
    with pytest.raises(ValueError, match=r"no provider is in both tables \(column 'provider': a has '100001', b has '100001\.0'\)"):
        sif.compare(table, other, paired=True)
    with pytest.raises(ValueError, match="a has 100001, b has 100003"):
        sif.compare(table, table.assign(provider=[100003, 100004]), paired=True)
    assert sif.compare(table, table.iloc[:0], paired=True)["n_a"].tolist() == [0] * 5


@pytest.mark.filterwarnings("error")
def test_pairs_and_tables_of_other_providers_need_no_word():
    now, then = (sif.as_at(INSPECTIONS, date, framework=["SIF", "ILACS"]) for date in ("2024-03-31", "2019-03-31"))
    assert sif.compare(now, then, paired=True)["n_a"].iloc[0] == 147
    sif.compare(now[now["region"] == "London"], now[now["region"] != "London"])
    sif.compare(now.drop(columns="provider"), then)


@pytest.mark.filterwarnings("ignore::ofsted_sif.comparison.SharedProvidersWarning")
def test_rows_without_a_grade_are_left_out_of_a_comparison_and_counted_on_their_side():
    result = sif.compare(grades_table([1, 2, -1, -1, -1]), grades_table([3, -1]))
    assert result.attrs == {"n_left_out_a": 3, "n_left_out_b": 1}


def test_changes_say_of_what_and_when_they_are():
    table = table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 3), framework="ILACS")
    said = {"judgement": "overall_effectiveness", "n_inspected_once": 0}
    assert sif.changes(table).attrs.items() >= (said | {"as_at": None, "framework": ["all"]}).items()
    assert (
        sif.changes(table, date="2021-01-01", framework="ILACS").attrs.items()
        >= (said | {"as_at": "2021-01-01", "framework": ["ILACS"]}).items()
    )


def test_dates_that_are_none_are_named_by_their_argument():
    table = table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 3))
    for argument, call in (
        ("date", lambda: sif.changes(table, date="soon")),
        ("published_by", lambda: sif.changes(table, published_by="soon")),
        ("date_from", lambda: sif.decompose(table, "soon", "2020-01-01")),
        ("date_to", lambda: sif.decompose(table, "2020-01-01", "soon")),
    ):
        with pytest.raises(ValueError, match=rf"^{argument}\b"):
            call()
    with pytest.raises(ValueError, match=r"^date_from \(2020-01-01\) is after date_to \(2019-01-01\): give the earlier date first$"):
        sif.decompose(table, "2020-01-01", "2019-01-01")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda table: sif.changes(table, by="regoin"), "by='regoin': the table has no such column"),
        (lambda table: sif.changes(table, by=["region", "region"]), "by names 'region' twice"),
        (lambda table: sif.changes(table, by="provider"), "by names 'provider', which the result has as a column of its own"),
        (lambda table: sif.changes(table, published_by=pd.DateOffset(months=1)), "published_by=<DateOffset: months=1> is an offset, and"),
        (lambda table: sif.change_summary(table), "changes='change': the table has no such column"),
        (lambda table: sif.change_summary(sif.changes(table).assign(change="better")), "column 'change', row 0: 'better' is none of"),
        (lambda table: sif.transitions(table, freq="school year"), "freq='school year' names no periods; "),
        (lambda table: sif.decompose(table, "2018-01-01", "2020-01-01", judgement="safe"), "the scale MET has no threshold, so"),
        (lambda table: sif.decompose(table, "2018-01-01", "2020-01-01", published_by=["2020-01-01"]), "published_by has 1 cut-offs for 2"),
        (lambda table: sif.compare(table[:1], table[:1], paired=True, provider="urn"), "provider='urn': the table has no such column"),
        (lambda table: sif.compare(table[:1], table[1:], provider="urn"), "provider='urn': the table has no such column"),
        (
            lambda table: sif.compare(table.rename(columns={"provider": "urn"}), table, provider="urn"),
            "provider='urn': the table has no such column",
        ),
    ],
)
def test_what_a_user_gets_wrong_is_said_from_the_first_word_on(call, said):
    table = table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 3), region="North", safe=["Met", "Not met"])
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        call(table)


def test_a_group_that_changes_did_not_take_over_is_said_to_be_given_to_changes():
    table = table_of(("A", "2018-01-01", 4), ("A", "2020-01-01", 3), region="North")
    with pytest.raises(sif.MissingColumnError, match=r"^by='region': .* no such column.*by sif\.changes\(\.\.\., by='region'\)"):
        sif.change_summary(sif.changes(table), by="region")
    with pytest.warns(sif.SelectedPairsWarning):
        assert sif.change_summary(sif.changes(table, by="region"), by="region")["region"].tolist() == ["North"]
