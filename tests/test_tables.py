"""From a user's own table: what is a judgement, what a column is called, what a key is, and names that would collide."""

import io
import json
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import ofsted_sif as sif

OWN = sif.GradeScale("OWN", ("Green", "Amber", "Red"), threshold="Green")
THREE_YEARS = pd.DateOffset(years=3)


def two(grade, other, **more):
    """One provider, an inspection in 2014 and one in 2016."""
    return pd.DataFrame(
        {"provider": ["a", "a"], "inspection_start": ["2014-01-01", "2016-01-01"], "overall_effectiveness": [grade, other]} | more
    )


def late_report(name):
    """Good, then Inadequate in January 2016, published in March."""
    return two("Good", "Inadequate", **{name: ["2014-03-01", "2016-03-01"]})


# ---- a judgement is told, not guessed (rule 17)


def own_judgement():
    return pd.DataFrame(
        {"provider": ["A", "B"], "inspection_start": ["2015-02-01", "2024-02-01"], "graded": True, "my_grade": ["Good", "Inadequate"]}
    )


def test_rule_17_max_age_ages_a_judgement_that_is_named_and_says_so_where_none_is():
    with pytest.raises(ValueError, match=r"max_age= .* judgement=\['my_grade'\]"):
        sif.as_at(own_judgement(), "2024-12-31", max_age=THREE_YEARS)
    state = sif.as_at(own_judgement(), "2024-12-31", max_age=THREE_YEARS, judgement="my_grade")
    assert sif.aggregate(state, judgement="my_grade")[["n", "n_judged", "good"]].to_numpy().tolist() == [[2, 1, 0]]
    series = sif.series(own_judgement(), ["2024-12-31"], judgement="my_grade", max_age=THREE_YEARS)
    assert series[["n", "n_judged", "good"]].to_numpy().tolist() == [[2, 1, 0]]


def test_rule_17_max_age_warns_of_grades_that_it_leaves():
    table = own_judgement().assign(overall_effectiveness=["Good", "Good"])
    with pytest.warns(sif.NotAJudgementWarning, match="column 'my_grade' holds grades, but max_age= leaves it"):
        sif.as_at(table, "2024-12-31", max_age=THREE_YEARS)


@pytest.mark.parametrize("kind", [str, "category"])
def test_rule_17_max_age_does_not_take_words_for_no_grade_alone_as_grades(kind):
    """As the column `status` of a state in which every provider waits."""
    table = own_judgement().assign(
        overall_effectiveness=["Good", "Good"], my_grade=pd.Series(["Not yet inspected", "Not applicable"], dtype=kind)
    )
    assert len(sif.as_at(table, "2024-12-31", max_age=THREE_YEARS)) == 2


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("adoption", [12, 15], "12 is no grade"),
        ("Early years", [30, 31], "30 is no grade"),
        ("leadership", [9, 9], "9 is no grade"),
        ("sixth_form", ["Has a sixth form"] * 2, "'Has a sixth form' is no grade"),
    ],
)
def test_rule_17_values_that_are_no_grades_make_no_visit_graded(name, values, said):
    with pytest.warns(sif.NotAJudgementWarning, match=said):
        state = sif.as_at(two("Good", None, **{name: values}), "2020-01-01")
    assert state["overall_effectiveness"].tolist() == ["Good"]


# ---- a column that is nearly there is not absent (rule 18)


@pytest.mark.parametrize("name", ["Publication date", "Published on", "publication_date", "Date published", "publised"])
def test_rule_18_a_publication_date_of_another_name_is_asked_for(name):
    with pytest.raises(sif.MissingColumnError, match=rf"published='{name}'.*published=None"):
        sif.as_at(late_report(name), "2016-01-31", published_by="2016-02-28")
    named = sif.as_at(late_report(name), "2016-01-31", published_by="2016-02-28", published=name)
    assert named["overall_effectiveness"].tolist() == ["Good"]
    assert sif.as_at(late_report(name), "2016-01-31", published=None)["overall_effectiveness"].tolist() == ["Inadequate"]


@pytest.mark.parametrize("name", ["pub_date", "PubDate", "Report date", "Date of report", "report_issued"])
def test_rule_18_the_date_of_a_report_is_asked_for_without_a_cut_off_too(name):
    with pytest.raises(sif.MissingColumnError, match=f"Give published='{name}'"):
        sif.as_at(late_report(name), "2016-01-31")


@pytest.mark.parametrize(
    "name", ["start_date", "Start", "Date started", "Visit date", "Date of visit", "visited_on", "Insp date", "insp_start"]
)
def test_rule_18_a_date_of_inspection_of_another_name_is_asked_for(name):
    spring = pd.DataFrame({"provider": ["a"], "published": ["2016-05-01"], "verdict": ["Good"], name: ["2016-03-20"]})
    with pytest.raises(sif.MissingColumnError, match=f"Give inspected='{name}'"):
        sif.periods(spring, freq="YE-MAR", judgement="verdict", graded=None)
    found = sif.periods(spring, freq="YE-MAR", judgement="verdict", inspected=name)
    assert found["period_end"].dt.strftime("%Y-%m-%d").tolist() == ["2016-03-31"]


@pytest.mark.parametrize(
    "values", [[True, False], ["Yes", "No"], ["Y", "N"], ["TRUE", "false "], [1, 0], ["1", "0"], [True, None]], ids=str
)
@pytest.mark.parametrize("name", ["GRADED", "Is graded", "Graded inspection", "Graded (Y/N)", "Full inspection"])
def test_rule_18_what_says_yes_or_no_under_nearly_the_name_graded_is_asked_for(name, values):
    with pytest.raises(sif.MissingColumnError, match="Give graded="):
        sif.as_at(two("Good", "Inadequate", **{name: values}), "2020-01-01")


def test_a_word_for_yes_in_graded_is_told_how_to_become_true():
    with pytest.raises(ValueError, match=r"it is true or false: table\['graded'\] = table\['graded'\] == 'Yes'"):
        sif.as_at(two("Good", "Inadequate", graded=["Yes", "No"]), "2020-01-01")


@pytest.mark.parametrize(
    ("argument", "columns"),
    [("graded", {"Graded": [True, False]}), ("closed", {"Closed": ["2017-01-01"] * 2}), ("opened", {"Opening date": ["2013-01-01"] * 2})],
)
def test_rule_18_other_columns_of_nearly_the_name_are_asked_for(argument, columns):
    (name,) = columns
    with pytest.raises(sif.MissingColumnError, match=f"Give {argument}='{name}'"):
        sif.as_at(two("Good", "Inadequate", **columns), "2020-01-01")
    given = {argument: name}
    assert len(sif.as_at(two("Good", "Inadequate", **columns), "2015-01-01", **given)) == 1


CLOSED = [
    "CloseDate",
    "close_dt",
    "CLOSEDATE",
    "closedate",
    "DateClosed",
    "date closed",
    "ClosedDate",
    "Close date",
    "closed_on",
    "ClosureDate",
    "Ceased",
    "Date of cessation",
    "Resigned",
    "deregistered_on",
    "Deregistration date",
]
OPENED = ["OpenDate", "open_dt", "OPENDATE", "opendate", "DateOpened", "date opened", "OpenedDate", "Open date", "opened_on", "OpeningDate"]


@pytest.mark.parametrize(("argument", "name"), [*(("closed", name) for name in CLOSED), *(("opened", name) for name in OPENED)])
def test_rule_18_the_names_of_registers_are_asked_for_in_table_and_register(argument, name):
    dates = {name: ["2021-01-01", "2021-01-01"]}
    with pytest.raises(sif.MissingColumnError, match=f"Give {argument}='{name}' to use it, or {argument}=None"):
        sif.as_at(two("Good", "Inadequate", **dates), "2022-01-01")
    table = two("Good", "Inadequate")
    register = pd.DataFrame({"provider": table["provider"].unique(), name: "2021-01-01"})
    with pytest.raises(sif.MissingColumnError, match=f"{argument}='{name}'"):
        sif.as_at(table, "2022-01-01", register=register)
    assert len(sif.as_at(table, "2022-01-01", register=register, **{argument: name})) == (argument == "opened")


@pytest.mark.parametrize("name", ["InspectionEndDate", "inspectionenddate", "PreviousInspectionDate", "Enclosed", "Reopens"])
def test_rule_18_dates_of_something_else_are_not_asked_for(name):
    table = two("Good", "Good").assign(**{name: "2015-01-01"})
    assert len(sif.as_at(table.rename(columns={"inspection_start": "published"}), "2020-01-01")) == 1


def test_rule_18_values_of_another_kind_are_no_date():
    table = two("Good", "Good", **{"Closed": ["no", "no"], "Inspection number": [1, 2], "Published": ["yes", "yes"]})
    assert len(sif.as_at(table, "2020-01-01")) == 1


def test_rule_18_a_level_of_the_index_is_named():
    rows = pd.DataFrame({"region": ["N", "S"], "overall_effectiveness": ["Good", "Good"]}).set_index("region")
    with pytest.raises(sif.MissingColumnError, match="reset_index"):
        sif.aggregate(rows, "region")
    with pytest.raises(sif.MissingColumnError, match="'published', but a level 'published' of its index"):
        sif.as_at(late_report("published").set_index("published"), "2016-01-31")


@pytest.mark.parametrize("function", ["as_at", "series", "changes", "periods", "first", "transitions"])
def test_rule_4_a_cut_off_without_publication_dates_is_refused(function):
    positional = {"as_at": ["2016-01-31"], "series": [["2016-01-31"]]}.get(function, [])
    with pytest.raises(ValueError, match=r"published_by='2016-02-28': the table has no publication dates"):
        getattr(sif, function)(two("Good", "Good"), *positional, published_by="2016-02-28")


@pytest.mark.parametrize("function", ["as_at", "series", "transitions", "trend"])
def test_rule_6_no_framework_at_all_is_not_all_of_them(function):
    positional = {"as_at": ["2015-03-31"], "series": [["2015-03-31"]]}.get(function, [])
    with pytest.raises(ValueError, match=r"framework=\[\] names no framework"):
        getattr(sif, function)(sif.load_inspections(), *positional, framework=[])


def test_rule_6_frameworks_are_named_in_any_case():
    table = sif.load_inspections()
    assert len(sif.as_at(table, "2015-03-31", framework="sif")) == len(sif.as_at(table, "2015-03-31", framework="SIF"))


# ---- keys are compared as text (rule 21)


def mixed_keys():
    old = pd.DataFrame({"provider": [100001, 100002], "inspection_start": "2014-01-01", "overall_effectiveness": "Inadequate"})
    new = pd.DataFrame({"provider": ["100001", "SC000123"], "inspection_start": "2018-01-01", "overall_effectiveness": "Good"})
    return old, new


@pytest.mark.parametrize("kind", ["int64", "float64", object])
def test_rule_21_a_number_and_its_digits_are_one_provider(kind):
    old, new = mixed_keys()
    state = sif.as_at(pd.concat([old.astype({"provider": kind}), new]), "2020-01-01")
    assert state["provider"].tolist() == ["100001", "100002", "SC000123"]
    assert sif.aggregate(state)[["n", "good", "inadequate"]].to_numpy().tolist() == [[3, 2, 1]]
    assert len(sif.changes(pd.concat([old, new]))) == 1


def test_rule_21_spaces_at_the_ends_make_no_second_provider_and_zeros_do():
    table = pd.DataFrame({"provider": ["A ", "A", "007", "7"], "inspection_start": "2018-01-01", "overall_effectiveness": "Good"})
    assert sif.as_at(table, "2020-01-01")["provider"].tolist() == ["007", "7", "A"]


@pytest.mark.parametrize(("of_records", "of_register"), [(str, int), (int, str), (float, str), (int, float)])
def test_rule_21_a_register_fits_records_whose_keys_are_of_another_type(of_records, of_register):
    records = mixed_keys()[0].astype({"provider": of_records})
    register = pd.DataFrame({"provider": [100001, 100002, 100003]}).astype({"provider": of_register})
    state = sif.as_at(records, "2020-01-01", register=register)
    assert [str(key).removesuffix(".0") for key in state["provider"]] == ["100001", "100002", "100003"]
    assert state["status"].tolist() == ["inspected", "inspected", "not yet inspected"]


def test_rule_21_keys_of_one_kind_keep_their_dtype():
    assert sif.as_at(mixed_keys()[0], "2020-01-01")["provider"].dtype == "int64"


# ---- names that collide (rule 12)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (("A*", "A", "B"), "'A.*' and 'A' would both name the column 'a'"),
        (("Y", "N"), "'N' would name the column 'n'"),
        (("Tall", "Lower"), "'Lower' would name the column 'lower'"),
        (("Fine", "N judged"), "'N judged' would name the column 'n_judged'"),
        (("Good", "Share good"), "would both name the column 'share_good'"),
        (("*", "A"), "has no letter or digit"),
    ],
)
def test_rule_12_a_scale_whose_columns_collide_is_refused_when_it_is_made(labels, said):
    with pytest.raises(ValueError, match=said):
        sif.GradeScale("own", labels)


def test_rule_12_no_column_of_the_user_is_overwritten():
    with pytest.raises(ValueError, match="column 'status' of its own"):
        sif.as_at(two("Good", "Good", status=["Suspended"] * 2), "2020-01-01")
    again = sif.as_at(sif.as_at(two("Good", "Good"), "2015-01-01"), "2015-01-01")
    assert again["status"].tolist() == ["inspected"]
    rows = pd.DataFrame({"judgement": ["x", "x", "y"], "a": [1, 2, 3], "b": [4, 4, 4]})
    with pytest.raises(ValueError, match=r"by names \['judgement'\]"):
        sif.aggregate(rows, "judgement", judgement=["a", "b"])


# ---- scales are open, and so is the threshold


def coloured(*grades):
    days = [f"{2014 + 2 * number}-01-01" for number in range(len(grades))]
    return pd.DataFrame({"provider": "A", "inspection_start": days, "overall_effectiveness": sif.grades([*grades], OWN)})


def test_an_ordered_categorical_is_a_scale_itself():
    row = sif.aggregate(coloured("Green", "Red")).iloc[0]
    assert row[["green", "amber", "red"]].tolist() == [1, 0, 1]
    changes = sif.changes(coloured("Green", "Red"))
    del changes["years_between"]  # pairs of the user's own making
    assert sif.change_summary(changes)[["n", "improved", "declined"]].to_numpy().tolist() == [[1, 0, 1]]
    assert sif.spells(coloured("Green", "Red"), until="2018-01-01")["ended"].tolist() == ["declined", "censored"]
    assert sif.transitions(coloured("Green", "Red")).query("n > 0")["grade_to"].tolist() == ["Red"]


def test_a_threshold_of_the_call_names_its_own_columns():
    table = pd.DataFrame({"overall_effectiveness": ["Outstanding", "Good", "Requires improvement", "Inadequate"]})
    row = sif.aggregate(table, threshold="Requires improvement").iloc[0]
    assert row["requires_improvement_or_better"] == 3
    assert row["share_requires_improvement_or_better"] == 0.75
    assert "good_or_outstanding" not in row
    cards = pd.DataFrame({"inclusion": ["Exceptional", "Needs attention"]})
    assert sif.aggregate(cards, judgement="inclusion", threshold="Expected standard")["expected_standard_or_better"].tolist() == [1]
    with pytest.raises(ValueError, match="threshold='Great' is none of the labels"):
        sif.aggregate(table, threshold="Great")


# ---- periods have one meaning (rule 24), and what is misplaced is told


@pytest.mark.parametrize("freq", ["YS-APR", "YE-MAR", "financial"])
def test_rule_24_a_financial_year_is_one_period_everywhere(freq):
    days = ["2018-05-01", "2020-04-01", "2018-05-01", "2020-04-02"]
    rows = pd.DataFrame({"provider": [*"AABB"], "inspection_start": days, "overall_effectiveness": ["Good", "Inadequate"] * 2})
    assert sif.transitions(rows, freq=freq).query("n > 0")["period"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2021-03-31"]
    assert sif.periods(rows, freq=freq)["period_end"].dt.strftime("%Y-%m-%d").tolist() == ["2019-03-31", "2020-03-31", "2021-03-31"]


@pytest.mark.parametrize("function", ["periods", "transitions", "trend"])
def test_rule_24_an_hour_is_no_period(function):
    more = {"method": "jonckheere"} if function == "trend" else {}
    with pytest.raises(ValueError, match="freq='h' names no periods"):
        getattr(sif, function)(sif.load_inspections(), freq="h", framework="ILACS", **more)


def test_series_takes_the_ends_of_periods():
    years = sif.series(sif.load_inspections(), start="2019-04-01", end="2021-03-31", freq="financial", framework="all")
    assert years["as_at"].dt.strftime("%Y-%m-%d").tolist() == ["2020-03-31", "2021-03-31"]
    with pytest.raises(ValueError, match="series needs dates, or start=, end= and freq="):
        sif.series(sif.load_inspections())


@pytest.mark.parametrize(
    ("function", "misplaced", "keyword"),
    [
        ("changes", "2024-03-31", "date="),
        ("periods", "YE-MAR", "freq="),
        ("time_to", "Good", "grade="),
        ("resample", "good_or_outstanding", "statistic="),
        ("transitions", pd.DateOffset(years=1), "freq="),
        ("changes", pd.Timestamp("2024-03-31"), "date="),
    ],
)
def test_what_stands_in_the_place_of_by_is_led_to_its_keyword(function, misplaced, keyword):
    with pytest.raises((TypeError, ValueError), match=keyword):
        getattr(sif, function)(sif.load_inspections(), misplaced)


@pytest.mark.parametrize("by", [pd.Series(["N", "S"]), pd.Grouper(key="region"), len], ids=["Series", "Grouper", "callable"])
def test_by_takes_names(by):
    rows = pd.DataFrame({"region": ["N", "S"], "overall_effectiveness": ["Good", "Good"]})
    with pytest.raises(TypeError, match="by takes the name of a column"):
        sif.aggregate(rows, by)


# ---- what a result carries (rule 14), and what errors say


@pytest.mark.parametrize("function", ["time_to", "median_time_to", "logrank", "spells", "changes"])
def test_rule_14_every_result_can_be_written_to_parquet(function):
    found = getattr(sif, function)(sif.load_inspections(), by="region", framework=["SIF", "ILACS"])
    json.dumps(found.attrs)
    found.to_parquet(io.BytesIO())


def test_results_keep_the_users_name_of_the_provider():
    table = two("Good", "Inadequate").rename(columns={"provider": "urn"})
    for function in (sif.changes, sif.spells):
        assert function(table, provider="urn").columns[0] == "urn"


def test_a_time_zone_is_refused_with_a_cure_that_does_not_move_days():
    london = pd.to_datetime(["2024-04-01"]).tz_localize("Europe/London").tz_convert("UTC")
    table = pd.DataFrame({"provider": ["a"], "inspection_start": london, "overall_effectiveness": ["Good"]})
    with pytest.raises(ValueError, match=r"tz_convert\('Europe/London'\)"):
        sif.as_at(table, "2024-12-31")


def test_errors_of_type_say_what_to_give():
    rows = pd.DataFrame({"overall_effectiveness": ["Good"]})
    with pytest.raises(TypeError, match="scale='FOUR_POINT' is no GradeScale"):
        sif.aggregate(rows, scale="FOUR_POINT")
    with pytest.raises(ValueError, match="is bytes, not text; decode it first"):
        sif.grades([b"Good"])
    doubled = pd.concat([two("Good", "Good", graded=[True, True]), pd.DataFrame({"graded": [True, True]})], axis=1)
    with pytest.raises(ValueError, match="graded='graded': the table has 2 columns of that name"):
        sif.as_at(doubled, "2020-01-01")


def test_rule_21_releases_and_lists_are_matched_whatever_their_keys_are():
    old, new = mixed_keys()
    assert sorted({*sif.combine(old, new)["provider"]}) == ["100001", "100002", "SC000123"]
    assert sif.reconcile(old.astype({"provider": float}), old.astype({"provider": str})).empty
    pairs = sif.compare(old, old.astype({"provider": str}), paired=True).set_index("measure")
    assert pairs.loc["mcnemar", "n_a"] == 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["Good", "N/A", "Outstanding", "Good"], "column 'overall_effectiveness', row 1: 'N/A' is not a grade of the scale FOUR_POINT"),
        (["Good", "RI", "Outstanding", "Good"], "column 'overall_effectiveness', row 1: 'RI' is not a grade"),
        ([1, 9, 2, 3], "column 'overall_effectiveness', row 1: 9 is not a grade; numbers mean grades only from 1"),
    ],
)
def test_rule_17_a_word_that_is_no_grade_is_named_and_not_the_whole_column_passed_over(values, said):
    table = pd.concat([two("Good", "Good"), two("Good", "Good")], ignore_index=True).assign(overall_effectiveness=values)
    for call in (lambda: sif.as_at(table, "2022-01-01"), lambda: sif.aggregate(table)):
        with pytest.raises(sif.RowError) as caught:
            call()
        assert str(caught.value).startswith(said)


def test_rule_17_numbers_of_something_else_are_still_no_judgement():
    table = two("Good", "Good").drop(columns="overall_effectiveness").assign(adoption=[57, 90])
    with pytest.raises(sif.MissingColumnError, match="nothing tells which inspections are graded"):
        sif.as_at(table, "2022-01-01")


@pytest.mark.parametrize("word", ["N/A", "n/a", "nan", "None", "Not applicable", ".", 9])
def test_a_word_that_may_mean_none_is_refused_with_what_to_type(word):
    table = pd.concat([two("Good", "Good"), two("Good", "Good")], ignore_index=True)
    table["overall_effectiveness"] = [1, word, 2, 3] if isinstance(word, int) else ["Good", word, "Outstanding", "Good"]
    with pytest.raises(sif.RowError) as caught:
        sif.aggregate(table)
    hint = str(caught.value).partition("; if it means none: ")[2]
    assert hint == f"table['overall_effectiveness'] = table['overall_effectiveness'].replace({word!r}, None)"
    exec(hint, {"table": table})  # what a user would copy
    assert sif.aggregate(table)["n_judged"].item() == 3


def test_a_word_for_no_date_is_refused_with_what_to_type_and_a_date_of_another_kind_without():
    table = two("Good", "Inadequate").assign(inspection_start=["01/02/2019", "NULL"], published="2020-01-01")
    with pytest.raises(sif.RowError, match=r"row 1: 'NULL' is not a date as .*; if it means none: table\[") as caught:
        sif.as_at(table, "2022-01-01")
    exec(str(caught.value).partition("; if it means none: ")[2], {"table": table})
    assert len(sif.as_at(table, "2022-01-01")) == 1
    with pytest.raises(sif.RowError, match=r"'02/2019' is not a date as .* or 31 March 2024$"):
        sif.as_at(table.assign(inspection_start="02/2019"), "2022-01-01")


def test_a_word_that_often_means_a_grade_keeps_the_hint_at_that_grade():
    with pytest.raises(sif.RowError, match=r"did you mean 'Requires improvement'\?") as caught:
        sif.aggregate(two("RI", "Good"))
    assert "if it means none" not in str(caught.value)


@pytest.mark.parametrize("name", ["URN", "Provider URN", "ONS code"])
def test_a_register_that_calls_its_providers_otherwise_is_named_with_what_to_type(name):
    register = pd.DataFrame({"Name": ["A"], name: ["a"], "closed": ["2020-01-01"]})
    with pytest.raises(
        sif.MissingColumnError, match=rf"^the register has no column 'provider' \(its columns: Name, {name}, closed\)"
    ) as caught:
        sif.as_at(two("Good", "Good"), "2022-01-01", register=register)
    register = eval(str(caught.value).partition("as in the table: ")[2], {"register": register})  # what a user would copy
    assert len(sif.as_at(two("Good", "Good"), "2019-01-01", register=register)) == 1


def test_a_provider_that_is_not_in_the_register_is_named_with_what_the_register_has():
    table = pd.DataFrame({"provider": [100001], "inspection_start": ["2019-01-01"], "overall_effectiveness": ["Good"]})
    for keys, said in (
        (["0100001", "100002"], "which has 2 providers, such as '0100001'"),
        (["100001.0"], "which has 1 provider, such as '100001.0'"),
        (["x"], "such as 'x'"),
        ([], "which has no rows"),
    ):
        with pytest.raises(sif.RowError, match=rf"^provider 100001 \(row 0 of the records\) is not in the register, .*{said}"):
            sif.as_at(table, "2022-01-01", register=pd.DataFrame({"provider": pd.Series(keys, dtype=object)}))


def test_a_near_name_in_the_register_is_said_to_be_in_the_register():
    register = pd.DataFrame({"provider": ["a"], "CloseDate": ["2020-01-01"]})
    with pytest.raises(sif.MissingColumnError, match=r"^the register has no column 'closed', but one that looks like it: 'CloseDate'"):
        sif.as_at(two("Good", "Good"), "2022-01-01", register=register)


def test_a_framework_is_a_name():
    with pytest.raises(TypeError, match=r"^framework takes the name of a framework, or a list of names, not int$"):
        sif.as_at(two("Good", "Good"), "2022-01-01", framework=1)


def test_a_judgement_without_a_single_grade_is_named_with_what_it_holds():
    table = pd.DataFrame({"provider": [1], "inspection_start": ["2024-02-01"], "overall_effectiveness": ["RI"]})
    with pytest.raises(sif.MissingColumnError, match=r"column 'overall_effectiveness' holds no grade \(its first value is 'RI'\)"):
        sif.as_at(table, "2024-12-31")


# ---- what cases of other kinds of table have shown


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.from_pandas, pa.Table.from_pandas], ids=["pandas", "polars", "arrow"])
def test_text_on_a_scale_of_ones_own_tells_which_inspections_are_graded(kind):
    rows = kind(two("Green", "Red"))
    found = sif.series(rows, ["2015-01-01", "2020-01-01"], scale=OWN)
    assert [found["green"].to_numpy().tolist(), found["red"].to_numpy().tolist()] == [[1, 0], [0, 1]]
    assert sum(sif.transitions(rows, scale=OWN)["n"].to_numpy().tolist()) == 1
    assert len(sif.spells(rows, scale=OWN)) == 2


@pytest.mark.parametrize("values", [pl.Series(["N", "N"]), pa.array(["N", "N"]), pa.chunked_array([["N", "N"]]), pd.array(["N", "N"])])
def test_values_in_place_of_a_name_are_told_as_such_whoever_made_them(values):
    with pytest.raises(TypeError, match=r"^by takes the name of a column, or a list of names, not .*make a column of it"):
        sif.series(two("Good", "Good"), ["2020-01-01"], values)


@pytest.mark.parametrize("name", ["lower", "estimate", "n_providers"])
def test_groups_called_as_a_column_of_resample_are_refused(name):
    with pytest.raises(ValueError, match=f"by names .*'{name}'"):
        sif.resample(two("Good", "Good", **{name: ["x", "y"]}), name, n=5)


@pytest.mark.parametrize("word", ["N/A", "NA", "nan", "-", "None", "N/A "])
@pytest.mark.parametrize("kind", ["object", "category", "arrow"])
def test_a_word_for_none_is_no_provider(word, kind):
    table = pd.DataFrame({"provider": ["a", word, word], "inspection_start": "2014-01-01", "overall_effectiveness": "Good"})
    given = pytest.importorskip("pyarrow").Table.from_pandas(table) if kind == "arrow" else table.astype({"provider": kind})
    with pytest.raises(
        sif.RowError, match=rf"column 'provider', row 1: '{word.strip()}' says that the provider is missing; without such rows"
    ):
        sif.as_at(given, "2020-01-01")
    with pytest.raises(ValueError, match="register, row 1: the provider is missing"):
        sif.as_at(table.head(1), "2020-01-01", register=table[["provider"]].head(2))
    left = given[given["provider"] != word] if kind != "arrow" else table.head(1)
    assert sif.as_at(left, "2020-01-01")["provider"].tolist() == ["a"]


@pytest.mark.parametrize("blank", ["", " ", "\u00a0"])
@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_a_blank_provider_is_missing(blank, dtype):
    table = pd.DataFrame(
        {"provider": pd.Series(["a", blank], dtype=dtype), "inspection_start": "2014-01-01", "overall_effectiveness": "Good"}
    )
    with pytest.raises(sif.RowError, match="row 1: the provider is missing"):
        sif.series(table, ["2020-01-01"])
    with pytest.raises(ValueError, match="register, row 1: the provider is missing"):
        sif.series(two("Good", "Good"), ["2020-01-01"], register=table[["provider"]])


def test_keys_and_labels_that_are_bytes_are_told_as_bytes():
    table = pd.DataFrame(
        {"provider": ["a", b"a"], "inspection_start": "2014-01-01", "overall_effectiveness": "Good", "region": [None, b"x"]}
    )
    for call in (lambda: sif.series(table, ["2020-01-01"]), lambda: sif.aggregate(table, "region")):
        with pytest.raises(sif.RowError, match=r"row 1: b'.' is bytes, not text; decode it first"):
            call()


def test_arrays_of_arrow_are_grades():
    assert sif.grades(pa.array(["Good", None, "Adequate"])).tolist() == ["Good", np.nan, "Requires improvement"]
    with pytest.raises(sif.RowError, match="is bytes, not text"):
        sif.grades(pa.array([b"Good"]))


def test_two_columns_of_a_judgement_are_told_where_they_say_who_is_graded():
    table = two("Good", "Good").rename(columns={"overall_effectiveness": "leadership"})
    with pytest.raises(ValueError, match="'leadership': the table has 2 columns of that name"):
        sif.as_at(pd.concat([table, table[["leadership"]]], axis=1), "2020-01-01")


def test_a_register_whose_keys_are_its_index_is_told_so():
    with pytest.raises(sif.MissingColumnError, match=r"'provider' is a level of its index; register\.reset_index\(\)"):
        sif.series(two("Good", "Good"), ["2020-01-01"], register=pd.DataFrame({"provider": ["a"]}).set_index("provider"))


def test_providers_shared_under_the_name_of_their_key_are_told():
    state = pd.DataFrame({"URN": [1, 2, 3], "la_code": [7, 7, 7], "overall_effectiveness": ["Good", "Good", "Inadequate"]})
    with pytest.warns(sif.SharedProvidersWarning, match="3 of 3 providers are in both tables"):
        sif.compare(state, state)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sif.compare(state.drop(columns="URN"), state.drop(columns="URN"))


def test_decimals_of_whole_numbers_are_the_keys_that_they_print():
    table = pd.DataFrame({"provider": [Decimal("100001.0"), "100001"], "inspection_start": "2014-01-01", "overall_effectiveness": "Good"})
    assert sif.series(table, ["2020-01-01"])["n"].tolist() == [1]


@pytest.mark.parametrize("function", ["series", "periods", "trend", "transitions", "spells", "time_to", "change_between", "decompose"])
def test_no_judgement_in_place_of_one_is_told_by_its_name(function):
    dates = {"series": [["2020-01-01"]], "change_between": ["2015-01-01", "2020-01-01"], "decompose": ["2015-01-01", "2020-01-01"]}
    with pytest.raises(TypeError, match="judgement=None: name the column"):
        getattr(sif, function)(two("Good", "Inadequate"), *dates.get(function, []), judgement=None)


def test_combine_says_where_the_keys_are_where_they_are_an_index():
    table = two("Good", "Inadequate").set_index("provider")
    with pytest.raises(sif.MissingColumnError, match=r"'provider' is a level of the older table's index; table\.reset_index\(\)"):
        sif.combine(table, table)


@pytest.mark.parametrize("max_age", [pd.DateOffset(years=-1), pd.Timedelta(days=-1)], ids=str)
def test_a_negative_max_age_is_refused(max_age):
    table, dates = two("Good", "Inadequate"), ["2015-01-01", "2020-01-01"]
    for call in (sif.series, sif.change_between, sif.decompose, sif.as_at):
        given = {sif.series: [dates], sif.as_at: dates[1:]}.get(call, dates)
        with pytest.raises(ValueError, match=r"^max_age=.* is less than nothing"):
            call(table, *given, max_age=max_age)
