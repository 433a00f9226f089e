"""Dates and keys of a user's table are read as they are meant, or refused with their row."""

import datetime

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import MissingColumnError
from ofsted_sif.table import columns, dates, keys
from ofsted_sif.table.records import records, register_rows, stack


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2015-04-03", "2015-04-03"),
        ("03/04/2015", "2015-04-03"),
        ("3/4/2015", "2015-04-03"),
        ("03.04.2015", "2015-04-03"),
        ("03-04-2015", "2015-04-03"),
        ("3 April 2015", "2015-04-03"),
        ("03-Apr-2015", "2015-04-03"),
        ("2015-04-03 00:00:00", "2015-04-03"),
        ("2015-04-03T10:30", "2015-04-03"),
        (" 31/12/2015 ", "2015-12-31"),
    ],
)
def test_dates_are_iso_or_day_first_always(text: str, iso: str) -> None:
    assert dates.iso(dates.day(text, "date")) == iso


@pytest.mark.parametrize("text", ["31/02/2015", "12/31/2015", "yesterday", "2015", "20150403", "1/2/15", "2015-13-01", "3 Foo 2015"])
def test_what_is_no_date_is_an_error_with_its_row(text: str) -> None:
    with pytest.raises(ValueError, match=r"column 'd', row 2: .* is not a date as 2024-03-31, 31/03/2024"):
        dates.days_of(pd.DataFrame({"d": ["2015-01-01", None, text]})["d"], "d")
    with pytest.raises(ValueError, match=r"date='?.*'? is not a date as"):
        dates.day(text, "date")


@pytest.mark.parametrize(
    ("values", "day"),
    [
        ([41640, 42370], "2014-01-01"),
        ([41640.0, 42370.0], "2014-01-01"),
        (["41640", "42370"], "2014-01-01"),
        ([20140101, 20160101], "2014-01-01"),
        (["20140101", "20160101"], "2014-01-01"),
        (["1/13/2014", "12/31/2014"], "2014-01-13"),
    ],
)
def test_the_error_about_dates_in_another_form_says_what_to_type_and_that_helps(values: list, day: str) -> None:
    table = pd.DataFrame({"d": values})
    with pytest.raises(ValueError, match=r"row 0: .* is not a date as .*; if ") as caught:
        dates.days_of(table["d"], "d")
    exec(str(caught.value).rpartition(": ")[2], {"table": table, "pandas": pd})
    assert dates.iso(dates.days_of(table["d"], "d")[0]) == day


@pytest.mark.parametrize("value", [20150403, 1.5, ["2015-01-01"], None, pd.NaT])
def test_a_number_is_no_date(value: object) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        dates.day(value, "date")


def test_missing_dates_stay_missing() -> None:
    frame = pd.DataFrame({"d": ["2015-01-01", None, "", np.nan, "1970-01-02"]}, dtype=object)
    assert dates.days_of(frame["d"], "d").tolist() == [16436, NO_DAY, NO_DAY, NO_DAY, 1]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_datetime64_is_the_same_day_before_1970_too(unit: str) -> None:
    values = pd.Series(pd.DatetimeIndex(["1969-12-31 23:59:59", "1970-01-01", None]).astype(f"datetime64[{unit}]"))
    assert dates.days_of(pd.DataFrame({"d": values})["d"], "d").tolist() == [-1, 0, NO_DAY]


FAR = np.array(["2015-01-01", "12000-03-04", "-0500-03-04", "NaT"], dtype="datetime64[D]")


@pytest.mark.parametrize("kind", ["timestamp[s]", "timestamp[ms]", "date32", "date64"])
def test_days_that_python_has_no_date_for_are_days_in_a_column_of_arrow_too(kind: str) -> None:
    pa = pytest.importorskip("pyarrow")
    values = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array(FAR).cast(pa.type_for_alias(kind))])))
    assert dates.days_of(values, "d").tolist() == FAR.view(np.int64).tolist()
    assert first_days({"inspection_start": values[:3]}) == first_days({"inspection_start": FAR[:3].astype("datetime64[s]")})


def first_days(columns: dict) -> list[int]:
    """The days of the first inspections of two providers, from columns of a table."""
    table = pd.DataFrame({"provider": ["1", "1", "2"], "overall_effectiveness": ["Good"] * 3, **columns})
    first = sif.first(table.assign(published=table["inspection_start"]))
    return dates.days_of(first["inspection_start"], "inspection_start").tolist()


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_the_first_day_that_arrow_has_is_a_day_and_not_a_missing_one(kind: str) -> None:
    """As a number of 32 bits it is what stands for a missing day elsewhere."""
    pa = pytest.importorskip("pyarrow")
    days = pa.array([16436, -(2**31), 0], pa.int32()).cast(pa.date32())
    table = pa.table({"provider": ["1", "1", "2"], "inspection_start": days, "published": days, "overall_effectiveness": ["Good"] * 3})
    if kind == "pandas":
        table = table.to_pandas(types_mapper=pd.ArrowDtype)
    elif kind == "polars":
        table = pytest.importorskip("polars").from_arrow(table)
    counted = sif.series(table, ["2020-01-01"], judgement="overall_effectiveness")
    assert [*counted["n"]] == [2] if kind != "arrow" else counted["n"].to_pylist() == [2]
    values = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array([-(2**31), None], pa.int32()).cast(pa.date32())])))
    assert dates.days_of(values, "d").tolist() == dates.as_they_lie(values, "d").tolist() == [-(2**31), NO_DAY]


def test_a_time_zone_of_arrow_is_refused_as_that_of_pandas() -> None:
    pa = pytest.importorskip("pyarrow")
    values = pd.Series(pd.to_datetime(["2015-01-01"], utc=True).astype(pd.ArrowDtype(pa.timestamp("s", tz="UTC"))))
    with pytest.raises(ValueError, match=r"column 'd' has the time zone UTC; .* table\['d'\]\.dt\.tz_convert"):
        dates.days_of(values, "d")


def test_a_missing_provider_is_an_error_with_its_row() -> None:
    frame = pd.DataFrame({"provider": ["A", None], "inspection_start": ["2020-01-01", "2020-01-02"]})
    with pytest.raises(ValueError, match="column 'provider', row 1: the provider is missing"):
        records(frame, None, columns.Columns())


def test_max_age_runs_by_the_calendar() -> None:
    leap = np.array([dates.day("2020-02-29", "d"), dates.day("2019-01-31", "d"), NO_DAY])
    moved = dates.plus_offset(leap, pd.DateOffset(years=1), "max_age")
    assert [dates.iso(day) for day in moved[:2]] == ["2021-02-28", "2020-01-31"]
    assert moved[2] == NO_DAY
    with pytest.raises(ValueError, match="max_age=3 is not an offset such as"):
        dates.plus_offset(leap, 3, "max_age")


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (pd.DateOffset(years=3), ["10002-12-31", "0003-02-28"]),
        (pd.DateOffset(months=-2), ["9999-10-31", "-001-12-29"]),
        (pd.offsets.MonthEnd(2), ["10000-02-29", "0000-04-30"]),
        (pd.Timedelta(days=1000), ["10002-09-26", "0002-11-25"]),
        (datetime.timedelta(days=-1, hours=1), ["9999-12-30", "0000-02-28"]),
        (np.timedelta64(10**6, "D"), ["12737-11-27", "2738-01-26"]),
        (pd.offsets.Hour(36), ["10000-01-01", "0000-03-01"]),
        (pd.offsets.Day(2), ["10000-01-02", "0000-03-02"]),
    ],
)
def test_a_length_of_time_may_lead_to_a_year_that_python_has_no_date_for(offset: object, expected: list[str]) -> None:
    days = np.array(["9999-12-31", "0000-02-29", "NaT"], "datetime64[D]").view(np.int64)
    found = dates.plus_offset(days, offset, "max_age").view("datetime64[D]")
    assert found[:2].tolist() == np.array(expected, "datetime64[D]").tolist()
    assert np.isnat(found[2])


@pytest.mark.parametrize(
    "offset", [pd.DateOffset(years=20_000), np.timedelta64(10**15, "D"), np.timedelta64(3, "Y"), np.timedelta64("NaT"), pd.NaT]
)
def test_a_length_of_time_that_can_not_be_added_is_named_with_what_can(offset: object) -> None:
    with pytest.raises(ValueError, match=r"^max_age=.* such as|^max_age=.*DateOffset\(years=3\) or datetime\.timedelta\(days=30\)"):
        dates.plus_offset(np.array([0]), offset, "max_age")


@pytest.mark.parametrize("day", ["-0500-03-04", "0001-01-01", "1969-12-31", "2024-02-29", "9999-12-31", "20150-06-07"])
def test_a_day_of_any_year_is_that_day_however_it_is_given_and_is_said_in_words(day: str) -> None:
    expected = np.datetime64(day, "D")
    number = int(expected.view(np.int64))
    for given in (expected, expected.astype("datetime64[s]"), pd.Timestamp(expected), pd.Period(ordinal=number, freq="D")):
        assert dates.day(given, "date") == number
    year, month, of_month = day.rsplit("-", 2)
    names = {"01": "January", "02": "February", "03": "March", "06": "June", "12": "December"}
    assert dates.in_words(number) == f"{int(of_month)} {names[month]} {int(year)}"


def test_the_day_of_a_period_is_its_last() -> None:
    for period, day in (("2024-02", "2024-02-29"), ("2023Q2", "2023-06-30"), ("9999", "9999-12-31")):
        assert dates.iso(dates.day(pd.Period(period), "date")) == day
    assert dates.iso(dates.day(pd.Period("2024-02-03 12:00", freq="h"), "date")) == "2024-02-03"


@pytest.mark.parametrize("unit", ["2D", "2h", "10s"])
def test_dates_in_steps_of_several_units_are_dates(unit: str) -> None:
    table = {"provider": ["A", "B"], "inspection_start": np.array(["2016-01-02", "NaT"], f"datetime64[{unit}]")}
    table["published"] = np.array(["2016-03-02", "2016-03-04"], "datetime64[D]")
    table["overall_effectiveness"] = ["Good", "Good"]
    first = sif.first(table)["inspection_start"]
    assert first[0] == table["inspection_start"][0].astype("datetime64[s]")
    assert pd.isna(first[1])
    records = np.rec.fromarrays([np.asarray(values) for values in table.values()], names=[*table])
    assert sif.first(records)["inspection_start"].tolist()[0] == first[0]


def test_labels_of_unlike_types_have_an_order_too() -> None:
    codes, labels = keys.label_codes(pd.Series([10, "a", 10, None], dtype=object))
    assert codes.tolist() == [0, 1, 0, -1]
    assert list(labels) == [10, "a"]


def test_a_missing_column_says_what_there_is() -> None:
    with pytest.raises(MissingColumnError) as caught:
        columns.column(pd.DataFrame({"a": [1], "b": [2]}), "overall", "judgement")
    assert str(caught.value) == "judgement='overall': the table has no such column; its columns: a, b"
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("table", "error", "said"),
    [
        (np.zeros(3, [("good", "i1"), ("bad", "i1", (2,))]), ValueError, "column 'bad' must have one dimension, not 2"),
        (
            np.zeros(3, [("good", "i1"), ("bad", [("day", "i1"), ("month", "i1")])]),
            ValueError,
            "column 'bad' has fields of its own: day, month",
        ),
        ({"good": [1, 2], "bad": np.ones((2, 2))}, ValueError, "column 'bad' must have one dimension, not 2"),
        ({"good": [1, 2], "bad": np.array(4)}, ValueError, "column 'bad' must have one dimension, not 0"),
        ({"good": [1, 2], "bad": 4}, TypeError, "column 'bad' is int, not values of rows"),
        ({"good": [1, 2], "bad": "Good"}, TypeError, "column 'bad' is str, not values of rows"),
    ],
)
def test_a_column_that_is_no_column_is_named(table: object, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=f"^{said}$"):
        columns.as_frame(table)


@pytest.mark.parametrize(
    ("present", "nearest"),
    [
        ("Authority, Overall, Inspection date", "nearest: 'Authority'"),  # and not 'Overall', whose letters are more like "provider"
        ("LA, Overall, Inspection date", "nearest: 'LA'"),
        ("Region, Local authority name, Overall, Inspection date", "nearest: 'Local authority name'"),
        ("Local authority, Setting name, Provider URN, Overall, Inspection date", "nearest: 'Provider URN'"),
        ("Local authority, School ID, Overall, Inspection date", "nearest: 'School ID'"),
        ("School name, Phase, Overall, Inspection date", "nearest: 'School name'"),
        ("Providr, Overall, Inspection date", "nearest: 'Providr'"),
        ("Overall, Inspection date", "its columns: Overall, Inspection date"),  # what is another thing by its name is not offered
    ],
)
def test_where_no_column_is_called_provider_the_error_offers_what_providers_are_called(present: str, nearest: str) -> None:
    table = pd.DataFrame({name: ["x"] for name in present.split(", ")})
    with pytest.raises(sif.MissingColumnError, match=f"^provider='provider': the table has no such column; {nearest}$"):
        sif.as_at(table, "2024-03-31")


@pytest.mark.parametrize(
    ("argument", "name", "present", "nearest"),
    [
        ("inspected", "inspection_start", "provider, Inspection type, Date, Overall", "nearest: 'Date'"),
        ("inspected", "inspection_start", "provider, Last inspected, First inspection date", "nearest: 'First inspection date'"),
        ("published", "published", "provider, Public sector, Report date", "nearest: 'Report date'"),
        ("judgement", "overall_effectiveness", "provider, Overview, Grade", "nearest: 'Grade'"),
        ("judgement", "overall_effectiveness", "provider, Effective from, Overall experiences", "nearest: 'Overall experiences'"),
        ("judgement", "leadership", "provider, Overall, Leaders", "nearest: 'Leaders'"),
        ("provider", "Unique number", "URN, Unique no", "nearest: 'Unique no'"),  # a name of the user's own: what is alike
    ],
)
def test_a_missing_column_is_sought_by_what_such_columns_are_called(argument: str, name: str, present: str, nearest: str) -> None:
    table = pd.DataFrame({column: ["x"] for column in present.split(", ")})
    with pytest.raises(sif.MissingColumnError, match=f"^{argument}='{name}': the table has no such column; {nearest}$"):
        columns.column(table, name, argument)


def test_rows_of_a_register_keep_the_dtypes_of_the_table() -> None:
    frame = pd.DataFrame(
        {
            "provider": pd.Categorical(["A"]),
            "region": pd.Categorical(["North"], categories=["North", "South"]),
            "when": pd.to_datetime(["2020-01-01"]),
            "size": pd.array([1], dtype="Int64"),
        }
    )
    register = pd.DataFrame({"provider": ["A", "B"], "region": ["North", "West"]})
    more = register_rows(frame, register, "provider", ["B"])
    stacked = stack(frame, more)
    assert stacked["provider"].tolist() == ["A", "B"]
    assert stacked["region"].tolist() == ["North", "West"]
    assert stacked["region"].cat.categories.tolist() == ["North", "South", "West"]
    assert stacked["when"].dtype == frame["when"].dtype
    assert stacked["size"].dtype == "Int64"
    assert stacked["size"].isna().tolist() == [False, True]


@pytest.mark.parametrize("kind", ["string[python]", "string[pyarrow]", "large_string"])
def test_providers_that_wait_in_a_register_of_other_text_leave_the_tables_kind_of_text(kind):
    if kind != "string[python]":
        pa = pytest.importorskip("pyarrow")
    dtype = kind if kind.startswith("string[") else pd.ArrowDtype(getattr(pa, kind)())
    table = pd.DataFrame({"provider": ["A"], "town": ["Kent"], "inspection_start": pd.Timestamp("2020-01-01"), "grade": ["Good"]})
    table = table.astype({"provider": dtype, "town": dtype})
    register = pd.DataFrame({"provider": ["B", "A", "C"], "town": ["Leeds", "Kent", None]}, dtype=object)
    state = sif.as_at(table, "2020-06-01", register=register, having="grade")
    assert state[["provider", "town"]].fillna("-").to_numpy().tolist() == [["A", "Kent"], ["B", "Leeds"], ["C", "-"]]
    assert state.dtypes[["provider", "town"]].tolist() == [table["provider"].dtype] * 2


def test_what_a_column_cannot_hold_is_put_below_it_all_the_same():
    frame = pd.DataFrame({"size": pd.array([1], "int8"), "share": [0.5], "count": [3]})
    stacked = stack(frame, pd.DataFrame({"size": [2], "share": ["many"], "count": [1.5]}))
    assert stacked["size"].dtype == "int8"
    assert [stacked["share"].tolist(), stacked["count"].tolist()] == [[0.5, "many"], [3, 1.5]]


def test_dates_in_words_read_back_as_they_were():
    days = [dates.day(f"2024-{month:02}-09", "date") for month in range(1, 13)]
    assert [dates.day(dates.in_words(day), "date") for day in days] == days
    assert [dates.in_words(days[month]) for month in (2, 8)] == ["9 March 2024", "9 September 2024"]


@pytest.mark.parametrize(
    ("by", "told"),
    [
        (pd.Series(["x"], name="area"), "not Series; make a column of it: table.assign"),
        ([pd.Series(["x"])], "not Series; make a column of it"),
        (np.array(["x"]), "not ndarray; make a column of it"),
        ({"x": "y"}, r"not dict; make a column of it: table.assign\(group=table\['...'\].map"),
        (str.upper, r"not method_descriptor; make a column of what it gives: table.assign\(group=table\['...'\].map\(upper\)\)"),
        (pd.Grouper(key="published", freq="YE-AUG"), "not TimeGrouper; for periods give freq='YE-AUG' to periods"),
        (0, r"not int; a level of the index becomes a column with table.reset_index\(\)"),
    ],
)
def test_what_pandas_takes_as_by_and_is_no_name_is_told_what_to_type(by, told) -> None:
    table = pd.DataFrame({"provider": [1], "inspection_start": ["2020-01-01"], "overall_effectiveness": ["Good"]})
    for call in (lambda: sif.aggregate(table, by), lambda: sif.series(table, ["2021-01-01"], by), lambda: sif.periods(table, by)):
        with pytest.raises(TypeError, match=f"by takes the name of a column, or a list of names, {told}"):
            call()


@pytest.mark.parametrize("name", ["framework", "graded"])
def test_a_column_that_is_there_twice_is_named(name) -> None:
    table = pd.DataFrame({"provider": [1], "inspection_start": ["2020-01-01"], "overall_effectiveness": ["Good"], name: [True]})
    table = pd.concat([table, table[[name]]], axis=1)
    for call in (lambda: sif.as_at(table, "2021-01-01"), lambda: sif.periods(table), lambda: sif.trend(table)):
        with pytest.raises(ValueError, match=rf"'{name}': the table has 2 columns of that name; .*duplicated\(\)\] keeps the first"):
            call()
