"""Columns of two releases become of one kind: a day is a day however it is held, and a word that is no grade displaces none."""

import datetime
import itertools
import warnings

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif.table.dates import days_of

DAYS = ["2020-03-05", "2021-07-19", None]
FIRST_DAYS = pd.to_datetime(["2020-03-01", "2021-07-01", "2022-01-01"]).astype("datetime64[s]")
SINGLE = [day and datetime.date.fromisoformat(day) for day in DAYS]
MOMENTS = pd.Series(pd.to_datetime(DAYS))


def release(values, name, providers=("1", "2", "3")):
    """Inspections, of which one column is held in some way."""
    table = pd.DataFrame({"provider": list(providers), "inspection_start": FIRST_DAYS, "published": FIRST_DAYS})
    return table.assign(overall_effectiveness="Good").assign(**{name: pd.Series(values)})


def of_objects(make):
    return pd.Series([day and make(day) for day in SINGLE], dtype=object)


WAYS = {
    "text": pd.Series(DAYS, dtype=object),
    "text of pandas": pd.Series(DAYS, dtype="string"),
    "day first": pd.Series(["05/03/2020", "19/07/2021", None]),
    "the month's name": pd.Series(["5 March 2020", "19 July 2021", None]),
    "without noughts": pd.Series(["5/3/2020", "19/7/2021", None]),
    "with a time": pd.Series(["2020-03-05 00:00:00", "2021-07-19 00:00:00", None]),
    "words": pd.Series(DAYS, dtype="category"),
    **{f"datetime64[{unit}]": MOMENTS.astype(f"datetime64[{unit}]") for unit in ("s", "ms", "us", "ns")},
    "in the day": MOMENTS + pd.Timedelta(hours=9),
    "dates": pd.Series(SINGLE, dtype=object),
    "datetimes": of_objects(lambda day: datetime.datetime(day.year, day.month, day.day)),
    "timestamps": of_objects(pd.Timestamp),
    "of NumPy": of_objects(np.datetime64),
    "single periods": of_objects(lambda day: pd.Period(day, "D")),
    "periods": pd.Series(pd.PeriodIndex(DAYS, freq="D")),
    "dates as categories": pd.Series(SINGLE, dtype="category"),
    "text and dates": pd.Series(["2020-03-05", SINGLE[1], None], dtype=object),
}
try:
    import pyarrow as pa
except ModuleNotFoundError:
    pass
else:
    ARROW = {"date32": pa.date32(), "date64": pa.date64(), "moments": pa.timestamp("s"), "finer moments": pa.timestamp("ns")}
    WAYS |= {f"{name} of Arrow": pd.Series(SINGLE, dtype=pd.ArrowDtype(kind)) for name, kind in ARROW.items()}


@pytest.mark.parametrize("name", ["closed", "date_of_visit"])
@pytest.mark.parametrize("way", WAYS)
def test_a_day_is_the_same_however_it_is_held(way, name) -> None:
    """Whether a column holds days is known of the standard ones; of any other, one of the two releases must hold dates."""
    texts = {"text", "text of pandas", "day first", "the month's name", "without noughts", "with a time", "words"}
    for other in WAYS:
        if name == "date_of_visit" and ({way, other} <= texts or "in the day" in (way, other)):
            continue
        ours, theirs = (days_of(WAYS[of], "").tolist() for of in (way, other))
        for providers, days in [("123", ours)] + [("456", ours + theirs)] * (name == "closed"):
            older, newer = release(WAYS[way], name), release(WAYS[other], name, providers)
            before = older.copy(), newer.copy()
            combined, report = sif.combine(older, newer, return_report=True)
            assert report.attrs["changed"] == 0, other
            assert days_of(combined[name], name).tolist() == days, other
            if WAYS[way].dtype.kind == "M" and other != "in the day":
                assert combined[name].dtype == older[name].dtype, other
            pd.testing.assert_frame_equal(older, before[0])
            pd.testing.assert_frame_equal(newer, before[1])


@pytest.mark.parametrize("name", ["published", "date_of_visit"])
def test_a_time_zone_beside_days_is_refused(name) -> None:
    zoned = MOMENTS.dt.tz_localize("Europe/London")
    for one, other in itertools.permutations((WAYS["text"], zoned)):
        with pytest.raises(ValueError, match=f"column '{name}' has the time zone Europe/London"):
            sif.combine(release(one, name), release(other, name))
    combined, report = sif.combine(release(zoned, "at"), release(zoned.dt.tz_convert("UTC"), "at"), return_report=True)
    assert (report.attrs["changed"], combined["at"].dtype) == (0, zoned.dtype)


def test_single_moments_keep_their_time_of_day_beside_others() -> None:
    at = pd.Series([datetime.datetime(2020, 3, 5, 9, 30), None, datetime.datetime(2022, 1, 1)], dtype=object)
    for one, other in itertools.permutations((at, at.astype("datetime64[ns]"))):
        combined, report = sif.combine(release(one, "at"), release(other, "at"), return_report=True)
        assert report.attrs["changed"] == 0
        assert combined["at"].tolist() == at.astype("datetime64[ns]").tolist()


def test_text_that_is_no_date_in_one_release_is_named_with_its_table() -> None:
    for which, tables in (("newer", (WAYS["dates"], ["2020-03-05", "soon", None])), ("older", (["x", "soon", None], MOMENTS))):
        row = 1 if which == "newer" else 0
        with pytest.raises(sif.errors.RowError, match=f"the {which} table, column 'closed', row {row}: .* is not a date") as failure:
            sif.combine(*(release(values, "closed") for values in tables))
        assert failure.value.row == row
    words = (["unknown", "2021-07-19", None], ["unknown", "19/07/2021", None])  # nothing says that these are dates
    assert sif.combine(*(release(values, "closed") for values in words))["closed"].tolist()[0] == "unknown"


@pytest.mark.parametrize("way", WAYS)
def test_what_is_said_of_a_provider_that_closed_holds_for_all_its_rows_however_it_is_held(way) -> None:
    closed = WAYS[way]
    older = release([None] * 3, "closed", "111").astype({"closed": closed.dtype})
    newer = release(closed, "closed", "211")
    assert days_of(sif.combine(older, newer)["closed"], "closed")[:3].tolist() == [days_of(closed, "")[1]] * 3
    register = pd.DataFrame({"provider": ["1"], "closed": closed[1:2].array, "opened": closed[1:2].array})
    assert days_of(sif.combine(older.drop(columns="closed"), register)["opened"], "opened").tolist() == [days_of(closed, "")[1]] * 3


def test_days_that_python_has_no_date_for_can_be_told_as_changed() -> None:
    pytest.importorskip("pyarrow")
    far = np.array(["12000-03-04", "-0500-03-04", "NaT"], dtype="datetime64[s]")
    held = [pd.Series(far), *(pd.Series(far).astype(pd.ArrowDtype(kind)) for kind in ARROW.values() if kind != pa.timestamp("ns"))]
    for one, other in itertools.product(held, held):
        assert sif.combine(release(one, "closed"), release(other, "closed"), return_report=True)[1].attrs["changed"] == 0
        _, report = sif.combine(release(one, "closed"), release(other[[1, 1, 1]].array, "closed"), return_report=True)
        assert [str(day)[:5] for day in report["after"]] == ["-0500"] or len(report) == 1


# ---- grades

FOUR = ["Inadequate", "Requires improvement", "Good", "Outstanding"]
GRADES = {
    "text": ["Good", "Inadequate", None],
    "text of pandas": pd.Series(["Good", "Inadequate", None], dtype="string"),
    "numbers as text": ["2", "4", None],
    "numbers": pd.Series([2, 4, None], dtype="Int64"),
    "single numbers": pd.Series([2, 4, None], dtype=object),
    "floats": [2.0, 4.0, np.nan],
    "numbers and text": pd.Series([2, "Inadequate", None], dtype=object),
    "words": pd.Categorical(["Good", "Inadequate", None]),
    "numbers as categories": pd.Categorical([2, 4, None]),
    "a scale": pd.Categorical(["Good", "Inadequate", None], FOUR, ordered=True),
    "part of a scale": pd.Categorical(["Good", "Inadequate", None], ["Inadequate", "Good"], ordered=True),
    "a scale of numbers": pd.Categorical([2, 4, None], [4, 3, 2, 1], ordered=True),
}


@pytest.mark.parametrize("way", GRADES)
def test_a_grade_is_the_same_however_it_is_held(way) -> None:
    wanted = ["Good", "Inadequate", np.nan]
    for other in GRADES:
        tables = release(GRADES[way], "overall_effectiveness"), release(GRADES[other], "overall_effectiveness")
        combined, report = sif.combine(*tables, return_report=True)
        assert report.attrs["changed"] == 0, other
        assert sif.grades(combined["overall_effectiveness"]).tolist() == wanted, other
        added = sif.combine(tables[0], tables[1].assign(provider=["4", "5", "6"]))["overall_effectiveness"]
        assert sif.grades(added).tolist() == wanted * 2, other
        if getattr(added.dtype, "ordered", False):
            assert added.max() in ("Good", 2), other


@pytest.mark.parametrize("way", GRADES)
@pytest.mark.parametrize(("word", "told"), [("Goood", "'Goood' is not a grade"), ("n/a", "'n/a' is not a grade"), (9, "9 is not a grade")])
def test_a_word_that_is_no_grade_does_not_stand_in_the_place_of_one(way, word, told) -> None:
    bad = pd.Series(["Good" if isinstance(word, str) else 2, word, None], dtype=object)
    for values in (bad, bad.astype("category")):
        for which in ("newer", "older"):
            tables = [release(GRADES[way], "overall_effectiveness"), release(values, "overall_effectiveness")]
            with pytest.raises(sif.errors.RowError, match=f"^the {which} table, column 'overall_effectiveness', row 1: {told}") as failure:
                sif.combine(*(tables if which == "newer" else tables[::-1]))
            assert (failure.value.row, failure.value.column) == (1, "overall_effectiveness")


def test_words_that_are_no_grades_in_either_table_are_told_with_their_row() -> None:
    tables = release(["Good", "yes", "no"], "adoption"), release(["no", "Good", "no"], "adoption")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sif.combine(*tables)
    assert [str(warning.message)[:96] for warning in told] == [
        "the older table, column 'adoption' has the name of a judgement, but 'yes' is no grade (row 1), s",
        "the newer table, column 'adoption' has the name of a judgement, but 'no' is no grade (row 0), so",
    ]
    assert all("correct the value, or rename the column" in str(warning.message) for warning in told)


@pytest.mark.parametrize("word", ["Not judged", "-", "NULL"])
@pytest.mark.parametrize("kind", [object, "string", "category"])
def test_a_word_for_none_displaces_no_grade(word, kind) -> None:
    older = release(pd.Series(["Good", None, "Good"], dtype=kind), "adoption")
    newer = release(pd.Series([word, word, "Inadequate"], dtype=kind), "adoption")
    combined, report = sif.combine(older, newer, return_report=True)
    assert combined["adoption"].tolist() == ["Good", word, "Inadequate"]
    assert report["after"].tolist() == ["Inadequate"]
    assert sif.combine(newer, older)["adoption"].tolist()[0] == "Good"


def test_words_beside_an_order_are_never_better_than_all() -> None:
    sizes = pd.Series(pd.Categorical(["low", "high", None], ["low", "high"], ordered=True))
    for name in ("size", "overall_effectiveness"):
        kept = sif.combine(release(sizes, name), release(["high", "low", None], name))[name]
        assert (kept.dtype, kept.tolist()[:2]) == (sizes.dtype, ["high", "low"])
    middle = pd.Series(["middle", "high", None])
    assert not sif.combine(release(sizes, "size"), release(middle, "size"))["size"].dtype.ordered
    wider = pd.Series(pd.Categorical(middle, ["low", "middle", "high"], ordered=True))
    assert not sif.combine(release(sizes, "size"), release(wider, "size"))["size"].dtype.ordered
    assert sif.combine(release(sizes, "adoption"), release(wider, "adoption"))["adoption"].tolist()[:2] == ["middle", "high"]
    with pytest.raises(sif.errors.RowError, match="the newer table, column 'adoption', row 0: 'middle' is not a grade of the scale"):
        sif.combine(release(sizes, "adoption"), release(middle, "adoption"))
    adequate = pd.Series(["Adequate", "Good", None])
    for name in ("adoption", "grade_before"):  # a scale is known by its order too
        scale = pd.Series(pd.Categorical(["Good", None, None], FOUR, ordered=True))
        assert sif.combine(release(scale, name), release(adequate, name))[name].tolist()[:2] == ["Requires improvement", "Good"]


@pytest.mark.parametrize("kind", [object, "string", "category"])
def test_numbers_are_the_same_however_they_are_held(kind) -> None:
    held = [pd.Series(["2", "4", None], dtype=kind), pd.Series([2, 4, None], dtype="Int64"), pd.Series([2.0, 4.0, None])]
    held += [pd.Series([2, 4, None], dtype=object), pd.Series([2, "4", None], dtype=object), pd.Series(pd.Categorical([2, 4, None]))]
    for one, other in itertools.product(held, held):
        combined, report = sif.combine(release(one, "places"), release(other, "places", "124"), return_report=True)
        assert report.attrs["changed"] == 0
        assert [str(place).removesuffix(".0") for place in combined["places"].tolist()[:2]] == ["2", "4"]
