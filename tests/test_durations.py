"""How long grades are held and how long it takes to reach one: spells by hand, the curve, the median and the test by lifelines."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import median_survival_times

import ofsted_sif as sif
from ofsted_sif import durations
from tests.test_change import table_of

INSPECTIONS = sif.load_inspections()
TWO = ["SIF", "ILACS"]
YEAR = 365.25


# ---- spells


def test_spells_have_the_columns_of_the_interface_and_end_as_they_did():
    table = table_of(("A", "2016-01-01", 4), ("A", "2018-01-01", 2), ("A", "2019-01-01", 3), ("B", "2017-01-01", 1))
    held = sif.spells(table, until="2020-01-01")
    assert list(held.columns) == ["provider", "grade", "start", "end", "years", "ended", "to", "last_seen", "n_inspections"]
    assert held[["provider", "grade", "ended"]].to_numpy().tolist() == [
        ["A", "Inadequate", "improved"],
        ["A", "Good", "declined"],
        ["A", "Requires improvement", "censored"],
        ["B", "Outstanding", "censored"],
    ]
    assert held["years"].tolist() == [731 / YEAR, 365 / YEAR, 365 / YEAR, 1095 / YEAR]
    assert held.attrs["n_left_truncated"] == 2


def test_a_reinspection_with_the_same_grade_continues_the_spell():
    table = table_of(("A", "2016-01-01", 2), ("A", "2018-01-01", 2), ("A", "2019-01-01", 1))
    assert sif.spells(table, until="2019-06-01")["start"].dt.year.tolist() == [2016, 2019]


def test_of_two_inspections_of_one_day_the_last_of_equals_gives_the_grade():
    table = table_of(("A", "2016-01-01", 4), ("A", "2016-01-01", 2), ("A", "2018-01-01", 2))
    assert sif.spells(table, until="2019-01-01")["grade"].tolist() == ["Good"]


def test_a_spell_runs_from_publication_where_the_start_is_missing():
    table = table_of(("A", None, 4), ("A", "2018-01-01", 2), published=pd.to_datetime(["2016-03-01", "2018-02-01"]))
    assert sif.spells(table, until="2019-01-01")["start"].dt.strftime("%Y-%m-%d").tolist() == ["2016-03-01", "2018-01-01"]


def test_closing_ends_observation_and_a_predecessors_grade_counts_from_the_opening():
    table = table_of(("A", "2016-01-01", 4), opened=pd.to_datetime(["2017-01-01"]), closed=pd.to_datetime(["2019-01-01"]))
    row = sif.spells(table, until="2020-01-01").iloc[0]
    assert (row["start"].year, row["end"].year, row["ended"]) == (2017, 2019, "censored")


def test_an_inspection_after_the_closing_is_a_negative_duration_and_named():
    table = table_of(("B", "2016-01-01", 2), ("A", "2020-05-05", 4), closed=pd.to_datetime([None, "2019-04-01"]))
    with pytest.raises(ValueError, match="row 1: the inspection of provider A on 5 May 2020 is after it closed on 1 April 2019"):
        sif.spells(table, until="2021-01-01")
    with pytest.raises(ValueError, match="negative duration"):
        sif.time_to(table, until="2021-01-01")
    assert len(sif.spells(table, until="2020-01-01")) == 1  # not yet observed


def test_what_is_after_the_end_of_observation_takes_no_part():
    table = table_of(("A", "2016-01-01", 4), ("A", "2018-01-01", 2), published=pd.to_datetime(["2016-02-01", "2018-03-01"]))
    assert sif.spells(table, until="2017-01-01")["ended"].tolist() == ["censored"]
    assert len(sif.spells(table, until="2018-02-01")) == 1  # held, not yet published
    assert len(sif.spells(table, until="2018-02-01", published_by="2018-03-31")) == 2
    assert sif.spells(table).attrs["until"] == "2018-03-01"


def test_an_inspection_without_the_judgement_neither_ends_nor_begins_a_spell():
    table = table_of(("A", "2016-01-01", None), ("A", "2017-01-01", 2), ("A", "2018-01-01", None), ("A", "2019-01-01", 1))
    held = sif.spells(table, until="2020-01-01")
    assert held[["grade", "years"]].to_numpy().tolist() == [["Good", 730 / YEAR], ["Outstanding", 365 / YEAR]]


def test_ungraded_inspections_take_no_part():
    table = table_of(("A", "2016-01-01", 2), ("A", "2017-01-01", 4))
    table["graded"] = [True, False]
    assert len(sif.spells(table, until="2018-01-01")) == 1


def test_a_spell_says_what_ended_it_and_when_it_was_last_found():
    table = table_of(("A", "2016-01-01", 2), ("A", "2017-01-01", 2), ("A", "2018-01-01", 2), ("A", "2019-01-01", 4), ("B", "2017-05-01", 1))
    held = sif.spells(table, until="2020-01-01")
    assert held["to"].astype(object).where(held["to"].notna(), None).tolist() == ["Inadequate", None, None]
    assert held["to"].dtype == held["grade"].dtype
    assert held["last_seen"].dt.strftime("%Y-%m-%d").tolist() == ["2018-01-01", "2019-01-01", "2017-05-01"]
    assert held["n_inspections"].tolist() == [3, 1, 1]


def test_days_of_inspection_are_counted_once_from_the_opening_on_and_as_far_as_observed():
    rows = [("A", "2015-01-01", 2), ("A", "2016-01-01", 2), ("A", "2018-01-01", 3), ("A", "2018-01-01", 2), ("A", "2021-01-01", 2)]
    table = table_of(*rows, opened=pd.to_datetime(["2017-01-01"] * 5))
    row = sif.spells(table, until="2020-01-01").iloc[0]
    assert row[["start", "last_seen", "n_inspections"]].tolist() == [pd.Timestamp("2017-01-01"), pd.Timestamp("2018-01-01"), 2]


def test_inspections_of_spells_are_those_found_by_hand():
    held = sif.spells(INSPECTIONS, framework=TWO)
    graded = INSPECTIONS[INSPECTIONS["framework"].isin(TWO) & INSPECTIONS["overall_effectiveness"].notna()]
    day = graded["inspection_start"].fillna(graded["published"])
    assert held["n_inspections"].sum() == len(graded.assign(day=day).drop_duplicates(["provider", "day"]))
    for spell in held.itertuples():
        of = day[(graded["provider"] == spell.provider) & (day >= spell.start) & ((day < spell.end) | (spell.ended == "censored"))]
        assert (spell.last_seen, spell.n_inspections) == (of.max(), of.nunique())


def test_spells_of_a_provider_meet_without_a_gap():
    held = sif.spells(INSPECTIONS, "region", framework=TWO)
    assert list(held.columns[:2]) == ["provider", "region"]
    following = held["provider"].eq(held["provider"].shift())
    assert (held["start"] == held["end"].shift())[following].all()
    assert (held["grade"] != held["grade"].shift())[following].all()
    assert held.groupby("provider", observed=True)["ended"].apply(lambda ended: (ended == "censored").sum()).eq(1).all()
    assert (held["years"] >= 0).all()


def test_spells_agree_with_changes():
    """The provider's last change, where it was one, ended its last but one spell."""
    change = sif.changes(INSPECTIONS, framework=TWO, having="overall_effectiveness").set_index("provider")["change"]
    ended = sif.spells(INSPECTIONS, framework=TWO).query("ended != 'censored'").drop_duplicates("provider", keep="last")
    last = ended.set_index("provider")["ended"]
    moved = change[change != "same"]
    assert last[moved.index].tolist() == moved.tolist()


# ---- the time to a grade


def histories(rng, n_providers):
    """Providers inspected a few times, in one of three groups, some of them closed."""
    rows = []
    for provider in range(n_providers):
        day = pd.Timestamp("2010-01-01") + pd.Timedelta(days=int(rng.integers(0, 2000)))
        group = str(rng.choice(["x", "y", "z"]))
        closed = pd.Timestamp("2024-01-01") - pd.Timedelta(days=int(rng.integers(0, 900))) if rng.random() < 0.3 else pd.NaT
        for _ in range(rng.integers(1, 5)):
            rows.append((provider, day, int(rng.integers(1, 5)), group, closed))
            day += pd.Timedelta(days=int(rng.integers(1, 12)) * 60)
    frame = pd.DataFrame(rows, columns=["provider", "inspection_start", "overall_effectiveness", "group", "closed"])
    return frame.sample(frac=1, random_state=1, ignore_index=True)


def times_below(frame, until, grade):
    """The first time below the grade of each provider, said slowly: days, reached, group."""
    times = []
    for _, mine in frame.sort_values("inspection_start").groupby("provider"):
        below = mine["overall_effectiveness"] > grade
        if below.any():
            begin = mine[below].iloc[0]
            then = mine[(mine["inspection_start"] > begin["inspection_start"]) & ~below]
            end = then["inspection_start"].iloc[0] if len(then) else min(until, begin["closed"]) if pd.notna(begin["closed"]) else until
            times.append(((end - begin["inspection_start"]).days, len(then) > 0, begin["group"]))
    return pd.DataFrame(times, columns=["days", "reached", "group"])


@pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0")  # lifelines calls pandas in an old way
@pytest.mark.parametrize("seed", range(12))
def test_curve_median_and_logrank_agree_with_lifelines(seed):
    rng = np.random.default_rng(seed)
    frame = histories(rng, int(rng.integers(30, 150)))
    until, grade, level = pd.Timestamp("2024-06-01"), ["Good", "Outstanding", "Requires improvement"][seed % 3], [0.95, 0.8][seed % 2]
    wanted = times_below(frame, until, {"Outstanding": 1, "Good": 2, "Requires improvement": 3}[grade])
    curves = sif.time_to(frame, "group", grade=grade, until=until, level=level)
    medians = sif.median_time_to(frame, "group", grade=grade, until=until, level=level).set_index("group")
    assert list(curves.columns) == ["group", "years", "at_risk", "events", "censored", "survival", "lower", "upper"]
    assert list(medians.columns) == ["n", "events", "median", "lower", "upper"]
    for group, curve in curves.groupby("group"):
        mine = wanted[wanted["group"] == group]
        fit = KaplanMeierFitter(alpha=1 - level).fit(mine["days"] / YEAR, mine["reached"])
        events = fit.event_table
        np.testing.assert_allclose(curve["years"], events.index, rtol=1e-15)
        assert (
            curve[["at_risk", "events", "censored"]].to_numpy().tolist() == events[["at_risk", "observed", "censored"]].to_numpy().tolist()
        )
        np.testing.assert_allclose(curve["survival"], fit.survival_function_.iloc[:, 0], rtol=1e-12, atol=1e-15)
        # lifelines writes NaN bounds where the curve is 1 or 0; both are certain at 1, and 0 is the lower at 0.
        inside = curve["survival"].between(1e-9, 1 - 1e-9).to_numpy()
        np.testing.assert_allclose(curve[["lower", "upper"]][inside], fit.confidence_interval_[inside], rtol=1e-12)
        half = curve["years"][curve["survival"] <= 0.5 * (1 + 1e-12)]  # lifelines may round a curve that stands at one half to above it
        assert medians.loc[group, "median"] == pytest.approx(half.min() if len(half) else np.inf, rel=1e-12)
        if not np.isclose(curve["survival"], 0.5, rtol=1e-12, atol=0).any():
            assert medians.loc[group, "median"] == pytest.approx(fit.median_survival_time_, rel=1e-12)
        assert medians.loc[group, ["n", "events"]].tolist() == [len(mine), mine["reached"].sum()]
        bounds = median_survival_times(fit.confidence_interval_).iloc[0].tolist()
        assert medians.loc[group, ["lower", "upper"]].tolist() == pytest.approx(bounds, rel=1e-12)
    test = multivariate_logrank_test(wanted["days"] / YEAR, wanted["group"], wanted["reached"])
    got = sif.logrank(frame, "group", grade=grade, until=until).iloc[0]
    assert got["df"] == 2
    assert got[["statistic", "p"]].tolist() == pytest.approx([test.test_statistic, test.p_value], rel=1e-10)


def test_groups_whose_days_are_too_many_for_a_table_are_those_of_a_table(monkeypatch):
    """Moments are counted in a table of every group's every day, or, where that would be large, by the days that there are."""
    frame = histories(np.random.default_rng(3), 200)
    calls = [partial(call, frame, by="group", until="2024-06-01") for call in (sif.time_to, sif.median_time_to, sif.logrank)]
    of_a_table = [call() for call in calls]
    monkeypatch.setattr(durations, "MOST_MOMENTS", -2 * len(frame))
    for call, wanted in zip(calls, of_a_table, strict=True):
        pd.testing.assert_frame_equal(call(), wanted, check_exact=True)


def test_freireichs_leukaemia_remissions_as_printed():
    """6-MP against placebo (Freireich et al. 1963, in Kalbfleisch & Prentice table 1.2): log-rank 16.79; medians 23 and 8 weeks."""
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    treated = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    rows, number = [], 0
    for group, times, ended in [("placebo", placebo, True), ("6-MP", treated, True), ("6-MP", censored, False)]:
        for weeks in times:
            start = pd.Timestamp("2020-01-01") - pd.Timedelta(days=weeks)
            rows.append((number, start, 3, group))
            if ended:
                rows[-1] = (number, start - pd.Timedelta(days=100), 3, group)
                rows.append((number, start - pd.Timedelta(days=100 - weeks), 2, group))
            number += 1
    frame = pd.DataFrame(rows, columns=["provider", "inspection_start", "overall_effectiveness", "group"])
    options = {"by": "group", "until": "2020-01-01"}
    assert round(sif.logrank(frame, **options)["statistic"].item(), 2) == 16.79
    medians = sif.median_time_to(frame, **options).set_index("group")["median"] * YEAR
    assert medians.to_dict() == pytest.approx({"placebo": 8, "6-MP": 23})
    curve = (
        sif.time_to(frame, **options)
        .query("group == '6-MP'")
        .set_index(sif.time_to(frame, **options).query("group == '6-MP'")["years"].mul(YEAR).round().astype(int))
    )
    assert round(curve.loc[10, "survival"], 3) == 0.753


def test_good_means_good_or_better_and_those_never_below_are_counted():
    table = table_of(("A", "2016-01-01", 3), ("A", "2018-01-01", 1), ("B", "2016-01-01", 2), ("C", "2016-01-01", 4), ("C", "2017-01-01", 3))
    curve = sif.time_to(table, until="2019-01-01")
    assert curve[["years", "at_risk", "events", "censored"]].to_numpy().tolist() == [
        [0, 2, 0, 0],
        [731 / YEAR, 2, 1, 0],
        [1096 / YEAR, 1, 0, 1],
    ]
    assert curve.attrs["n_providers_never_below"] == 1


def test_a_second_time_below_counts_only_where_all_are_asked_for():
    table = table_of(("A", "2014-01-01", 3), ("A", "2015-01-01", 2), ("A", "2016-01-01", 4), ("A", "2018-01-01", 1))
    options = {"until": "2019-01-01"}
    assert sif.median_time_to(table, **options)["n"].item() == 1
    everything = sif.median_time_to(table, episodes="all", **options)
    assert everything[["n", "events"]].to_numpy().tolist() == [[2, 2]]
    assert everything.attrs["n_episodes_again"] == 1
    with pytest.raises(ValueError, match="episodes='last'; known are first, all"):
        sif.time_to(table, episodes="last", **options)


def test_bounds_at_the_ends_of_a_curve():
    table = table_of(("A", "2016-01-01", 3), ("A", "2017-01-01", 2), ("B", "2016-01-01", 3), ("B", "2018-01-01", 2))
    curve = sif.time_to(table)
    assert curve[["survival", "lower", "upper"]].iloc[0].tolist() == [1, 1, 1]
    assert 0 < curve["lower"].iloc[1] < 0.5 == curve["survival"].iloc[1] < curve["upper"].iloc[1] < 1
    assert curve["survival"].iloc[2] == 0
    assert curve[["lower", "upper"]].iloc[2].isna().all()
    assert sif.median_time_to(table)["median"].item() == 366 / YEAR


def test_what_is_not_reached_is_infinite_and_an_empty_group_is_nan():
    table = table_of(("A", "2016-01-01", 3), ("B", "2016-01-01", 2))
    table["place"] = ["north", "south"]  # in the south nobody was ever below
    medians = sif.median_time_to(table, by="place", until="2018-01-01")
    assert medians["n"].tolist() == [1, 0]
    assert medians["median"].tolist()[0] == np.inf
    assert np.isnan(medians["median"].tolist()[1])
    curve = sif.time_to(table, by="place", until="2018-01-01")
    assert curve[curve["place"] == "south"][["at_risk", "survival"]].isna().to_numpy().tolist() == [[False, True]]
    test = sif.logrank(table, by="place", until="2018-01-01").iloc[0]
    assert (test["df"], np.isnan(test["p"])) == (0, True)


def test_a_missing_group_is_one_last_group():
    table = table_of(("A", "2016-01-01", 3), ("B", "2016-01-01", 3), ("C", "2016-01-01", 3))
    table["place"] = ["north", None, "north"]
    medians = sif.median_time_to(table, by="place", until="2018-01-01")
    assert medians["n"].tolist() == [2, 1]
    assert medians["place"].isna().tolist() == [False, True]


def test_no_inspections_give_an_answer_without_a_number():
    assert sif.spells(INSPECTIONS, framework="SCCIF").empty
    assert sif.median_time_to(INSPECTIONS, framework="SCCIF")["n"].tolist() == [0]
    assert np.isnan(sif.time_to(INSPECTIONS, framework="SCCIF")["survival"]).all()
    empty = table_of(("A", "2016-01-01", 3)).iloc[:0]
    assert sif.spells(empty).empty
    assert sif.time_to(empty)["at_risk"].tolist() == [0]


def test_what_is_asked_wrongly_is_said():
    with pytest.raises(ValueError, match=r"grade='Great' is not a grade of the scale FOUR_POINT"):
        sif.time_to(INSPECTIONS, grade="Great", framework=TWO)
    with pytest.raises(ValueError, match="compares groups"):
        sif.logrank(INSPECTIONS, framework=TWO)
    with pytest.raises(ValueError, match="level is 95"):
        sif.time_to(INSPECTIONS, framework=TWO, level=95)
    with pytest.raises(ValueError, match="until='soon' is not a date"):
        sif.spells(INSPECTIONS, framework=TWO, until="soon")
    with pytest.warns(sif.PooledFrameworksWarning):
        sif.spells(INSPECTIONS)


@pytest.mark.parametrize("late", [(), ("C",), ("C", "D", "E")], ids=["none", "one", "three"])
def test_groups_that_were_at_risk_at_no_event_add_no_degree_of_freedom(late):
    """R, survdiff: groups with an expected number above 0 count."""
    rows = []
    for number in range(12):
        good = np.datetime64("2012-01-01") + 100 * number * (1 + number % 2)
        rows += [(number, "AB"[number % 2], "2010-01-01", "Inadequate"), (number, "AB"[number % 2], str(good), "Good")]
    rows += [(99 - place, place_name, "2016-12-01", "Inadequate") for place, place_name in enumerate(late)]
    table = pd.DataFrame(rows, columns=["provider", "region", "inspection_start", "overall_effectiveness"])
    test = sif.logrank(table, by="region", until="2017-06-01").iloc[0]
    assert test["df"] == 1
    assert test["statistic"] == pytest.approx(3.92, abs=0.005)
    assert test["p"] == pytest.approx(0.0476, abs=1e-4)


def test_the_logrank_test_of_regions_agrees_with_r():
    """R, survdiff on the same 58 times: 2.0 on 3 degrees of freedom, p 0.572."""
    test = sif.logrank(sif.load_inspections(), by="region", framework="ILACS", until="2022-03-31").iloc[0]
    assert test["df"] == 3
    assert test["p"] == pytest.approx(0.572, abs=0.001)


def test_where_all_at_risk_reach_the_grade_at_once_nothing_is_compared():
    """R's survdiff stops there, as its matrix is singular."""
    rows = [(who, "x" if who in "ab" else "y", day, grade) for who in "abcd" for day, grade in (("2016-01-01", 3), ("2017-01-01", 2))]
    table = pd.DataFrame(rows, columns=["provider", "region", "inspection_start", "overall_effectiveness"])
    test = sif.logrank(table, by="region").iloc[0]
    assert test["df"] == 0
    assert np.isnan([test["statistic"], test["p"]]).all()


def test_a_median_of_one_provider_has_no_bounds():
    """The curve falls from 1 to 0 at once: R's survfit gives NA for both."""
    table = pd.DataFrame({"provider": [1, 1], "inspection_start": ["2010-01-01", "2012-01-01"], "overall_effectiveness": [4, 2]})
    found = sif.median_time_to(table).iloc[0]
    assert found["median"] == pytest.approx(2.0, abs=0.01)
    assert np.isnan(found["lower"])
    assert found["upper"] == np.inf
