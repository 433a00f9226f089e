"""Two releases that were read in different ways come together as if they had been read in one."""

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif


def release(number="1000001", day="2015-03-11", grade="Good", **more):
    table = pd.DataFrame(
        {
            "provider": ["A"],
            "inspection_number": [number],
            "inspection_start": pd.to_datetime([day]).astype("datetime64[s]"),
            "graded": [True],
            "framework": ["SIF"],
            "overall_effectiveness": [grade],
        }
    )
    return table.assign(**more)


LATER = {"day": "2018-09-30", "grade": "Inadequate"}


@pytest.mark.parametrize("blank", ["", " ", "-", "NULL", "n/a", "nan", 0, None])
def test_two_inspections_without_a_number_stay_two(blank):
    assert len(sif.combine(release(blank), release(blank, **LATER))) == 2
    successor = release(blank, **LATER, provider=["B"], urn_at_inspection=["A"])
    assert sif.combine(release(blank), successor)["provider"].tolist() == ["A", "B"]


@pytest.mark.parametrize("other", [360724.0, "360724", "360724.0", " 360724 ", "ITS360724", "its360724", "ITS 360724", 360724])
@pytest.mark.parametrize("one", [360724, 360724.0, "360724", "ITS360724"])
def test_a_number_is_the_same_however_it_is_written(one, other):
    for first, second in ((one, other), (other, one)):
        assert len(sif.combine(release(first), release(second, **LATER))) == 1


@pytest.mark.parametrize("named", [1, 1.0, "1", " 1 "])
@pytest.mark.parametrize("older", ["1", 1])
def test_the_provider_at_the_time_is_the_same_however_it_is_written(older, named):
    later = release(**LATER, provider=["2"], urn_at_inspection=[named])
    assert len(sif.combine(release(provider=[older]), later)) == 1
    assert len(sif.combine(release(provider=[older]), later.assign(urn_at_inspection=""))) == 2


def test_graded_as_text_is_refused_as_everywhere():
    with pytest.raises(ValueError, match=r"column 'graded' holds \['True'\]; it is true or false: table\['graded'\] = "):
        sif.combine(release(), release(graded="True"))
    pl = pytest.importorskip("polars")
    with pytest.raises(ValueError, match="column 'graded' holds"):
        sif.combine(pl.from_pandas(release()), pl.from_pandas(release(graded="True")))


@pytest.mark.parametrize("blank", ["", "  "])
def test_blank_text_of_the_newer_release_leaves_the_older_value(blank):
    older = release(leadership="Good", published=pd.to_datetime(["2015-05-01"]))
    for name in ("overall_effectiveness", "leadership", "framework", "inspection_number", "published"):
        for kind in (object, "category", "string"):
            combined = sif.combine(older, older.assign(**{name: pd.Series([blank], dtype=kind)}))
            assert len(combined) == 1, name
            assert combined[name].tolist() == older[name].tolist(), (name, kind)


@pytest.mark.parametrize("written", ["SIF ", "sif"])
def test_a_framework_is_the_same_in_other_letters(written):
    assert len(sif.combine(release(), release(framework=written))) == 1


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_dates_as_text_in_one_release_are_dates_in_the_result(kind):
    tables = [release(), release("1000002", "2017-01-01")], [release().assign(inspection_start="11/03/2015")]
    older, newer = (pd.concat(rows, ignore_index=True) for rows in tables)
    for one, other in ((older, newer), (newer, older)):
        if kind != "pandas":
            pytest.importorskip("pyarrow")
            to = pytest.importorskip("polars").from_pandas if kind == "polars" else pytest.importorskip("pyarrow").Table.from_pandas
            one, other = to(one), to(other)
        combined, report = sif.combine(one, other, return_report=True)
        days = (
            combined["inspection_start"].to_list()
            if kind == "polars"
            else combined.to_pandas()["inspection_start"]
            if kind == "arrow"
            else combined["inspection_start"]
        )
        assert [str(day)[:10] for day in days] == ["2015-03-11", "2017-01-01"]
        assert report.attrs["changed"] == 0


def test_a_date_that_is_none_is_named_with_its_row():
    with pytest.raises(ValueError, match=r"'inspection_start', row 0.*'soon'"):
        sif.combine(release(), release().assign(inspection_start="soon"))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_numbers_in_one_release_and_text_in_the_other_become_text(kind):
    tables = release(500001, places=[3]), release("600001", places=["3 beds"], provider=["B"])
    combined = sif.combine(*(pytest.importorskip("polars").from_pandas(one) if kind == "polars" else one for one in tables))
    assert [*combined["inspection_number"]] == ["500001", "600001"]
    assert [*combined["places"]] == ["3", "3 beds"]


def test_grades_as_numbers_in_one_release_are_the_grades_of_the_other():
    combined, report = sif.combine(release(grade="Good"), release(grade=2), return_report=True)
    assert combined["overall_effectiveness"].tolist() == ["Good"]
    assert report.attrs["changed"] == 0


def test_a_word_that_no_row_has_takes_no_judgement_out_of_the_comparison():
    words = pd.CategoricalDtype(["Good", "unused"])
    older, newer = (table.astype({"overall_effectiveness": words}) for table in (release("326164"), release("10006164", "2015-03-17")))
    assert len(sif.combine(older, newer)) == 1


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_of_two_reports_of_the_same_grades_the_nearer_is_the_inspection(order):
    older = release(None, None, leadership="Good", published=pd.to_datetime(["2015-03-01"]))
    newer = pd.concat([older.assign(published=pd.Timestamp(day)) for day in ("2015-05-30", "2015-03-04")]).iloc[order]
    combined = sif.combine(older, newer.reset_index(drop=True))
    assert combined["published"].dt.strftime("%Y-%m-%d").tolist() == ["2015-03-04", "2015-05-30"]


def test_two_columns_of_one_name_are_refused_by_name():
    doubled = pd.concat([release(), release()[["framework"]]], axis=1)
    for which, tables in (("newer", (release(), doubled)), ("older", (doubled, release()))):
        with pytest.raises(ValueError, match=f"^the {which} table has 2 columns 'framework'; each needs a name of its own"):
            sif.combine(*tables)


@pytest.mark.parametrize("name", ["provider", "inspection_start"])
def test_a_column_whose_name_a_level_of_the_index_has_too_is_taken(name):
    called = release().set_index(name, drop=False)
    for tables in ((called, release()), (release(), called)):
        pd.testing.assert_frame_equal(sif.combine(*tables), sif.combine(release(), release()))


def test_inputs_of_unlike_kinds_are_not_changed():
    tables = release(500001, places=[3]), release("600001", places=[""], inspection_start="11/03/2015")
    before = [table.copy() for table in tables]
    sif.combine(*tables)
    for table, was in zip(tables, before, strict=True):
        pd.testing.assert_frame_equal(table, was)
    assert np.all(tables[1]["places"] == "")
