"""Inspections of each period, each once; what windows share; periods as Ofsted and pandas name them."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif.table.dates import iso
from ofsted_sif.table.periods import period_bounds, window_starts

GRADES = list(sif.FOUR_POINT.columns)


def test_each_inspection_stands_in_one_period_and_the_sums_are_those_of_the_table():
    table = sif.load_inspections()
    for freq in ("YE-AUG", "YE-MAR", "QE", "ME", "W-SUN", "YS-APR", "2YE-MAR", "D"):
        found = sif.periods(table, freq=freq, framework="all")
        assert found["n"].sum() == len(table)
        assert (found["period_start"].iloc[1:].to_numpy() == found["period_end"].iloc[:-1].to_numpy() + np.timedelta64(1, "D")).all()
        assert (found["n"].iloc[[0, -1]] > 0).all()  # from the first inspection's period to the last one's, none beyond
        assert (found["n"] == found["n_judged"] + found["n_not_judged"]).all()


@pytest.mark.parametrize(
    ("freq", "period"),
    [("YE-AUG", "Y-AUG"), ("YE-MAR", "Y-MAR"), ("YE", "Y-DEC"), ("QE", "Q"), ("ME", "M"), ("YS-APR", "Y-MAR"), ("MS", "M")],
)
def test_periods_are_pandas_periods(freq, period):
    """Counted by pandas' own periods and a groupby, empty ones filled in."""
    table = sif.load_inspections().query("framework == 'ILACS'")
    when = table["inspection_start"].fillna(table["published"]).dt.to_period(period)
    whole = pd.period_range(when.min(), when.max(), freq=when.dt.freq)
    expected = table.groupby([when, "overall_effectiveness"], observed=False).size().unstack().reindex(whole, fill_value=0)
    found = sif.periods(table, freq=freq)
    assert found["period_start"].tolist() == whole.start_time.tolist()
    assert found["period_end"].dt.date.tolist() == whole.end_time.date.tolist()
    assert found[GRADES].to_numpy().tolist() == expected[list(sif.FOUR_POINT.labels)].to_numpy().tolist()


def test_first_and_last_days_belong_to_their_period():
    days = ["2021-08-31", "2021-09-01", "2022-08-31", "2022-09-01"]
    table = pd.DataFrame({"inspection_start": days, "overall_effectiveness": ["Good", "Inadequate", "Outstanding", "Good"]})
    found = sif.periods(table, freq="YE-AUG")
    assert found["period_end"].dt.strftime("%Y-%m-%d").tolist() == ["2021-08-31", "2022-08-31", "2023-08-31"]
    assert found["n"].tolist() == [1, 2, 1]


def test_empty_periods_and_groups_are_shown():
    table = pd.DataFrame(
        {
            "inspection_start": ["2018-01-01", "2021-01-01", "2021-02-01"],
            "overall_effectiveness": ["Good", "Good", "Inadequate"],
            "region": pd.Categorical(["North", None, "North"], categories=["South", "North"]),
        }
    )
    found = sif.periods(table, "region", freq="YE", observed=False)
    assert list(found)[:4] == ["period_start", "period_end", "region", "n"]
    assert found["region"].tolist()[:2] == ["South", "North"]
    assert found["n"].tolist() == [0, 1, 0] + [0, 0, 0] * 2 + [0, 1, 1]
    assert found.loc[found["n"] == 0, "share_good_or_outstanding"].isna().all()
    # A group with a row in any of the periods has one in each.
    assert sif.periods(table, "region", freq="YE")["n"].tolist() == [1, 0] + [0, 0] * 2 + [1, 1]
    several = sif.periods(table.fillna({"region": "South"}).assign(kind="x"), ["region", "kind"], freq="YE")
    assert several["n"].tolist() == [0, 1, 0, 0, 0, 0, 1, 1]


def counted(table, start, end):
    when = table["inspection_start"].fillna(table["published"])
    return int(((when >= start) & (when <= end)).sum())


@pytest.mark.parametrize(
    ("freq", "window"),
    [
        ("ME", pd.DateOffset(months=12)),
        ("QE", 4),
        ("YE-AUG", 3),
        ("YS-APR", 2),
        ("ME", pd.Timedelta(days=10)),
        ("ME", np.timedelta64(400, "D")),
        ("QE", 1),
    ],
)
def test_windows_and_what_they_share_are_counted_from_the_rows(freq, window):
    table = sif.load_inspections().query("framework == 'SIF'")
    found = sif.periods(table, freq=freq, window=window)
    bounds = list(zip(found["period_start"], found["period_end"], strict=True))
    assert found["n"].tolist() == [counted(table, *bound) for bound in bounds]
    shared = [0] + [counted(table, after[0], before[1]) for before, after in pairwise(bounds)]
    assert found["n_shared"].tolist() == shared
    assert (max(shared) > 0) == (str(window) not in ("1", "10 days 00:00:00"))
    separate = sif.periods(table, freq=freq)
    assert found["period_end"].tolist() == separate["period_end"].tolist()


def test_twelve_months_are_twelve_months_whatever_february_is_like():
    days = pd.date_range("2022-01-01", "2025-03-31")
    table = pd.DataFrame({"inspection_start": days, "overall_effectiveness": "Good"})
    by_offset = sif.periods(table, freq="ME", window=pd.DateOffset(months=12))
    by_number = sif.periods(table, freq="ME", window=12)
    pd.testing.assert_frame_equal(by_offset, by_number)
    starts = by_offset.set_index("period_end")["period_start"]
    assert starts["2024-02-29"] == pd.Timestamp("2023-03-01")
    assert starts["2025-02-28"] == pd.Timestamp("2024-03-01")


def test_only_graded_inspections_of_the_framework_published_by_the_cut_off_count():
    table = pd.DataFrame(
        {
            "inspection_start": ["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01", None],
            "published": ["2020-02-01", "2020-09-01", None, "2020-05-01", "2020-06-01"],
            "framework": ["SIF", "ILACS", "ILACS", "ILACS", "ILACS"],
            "graded": [True, True, True, False, True],
            "overall_effectiveness": ["Good"] * 5,
        }
    )
    with pytest.warns(sif.PooledFrameworksWarning, match="ILACS 3, SIF 1"):
        assert sif.periods(table, freq="YE")["n"].tolist() == [4]
    assert sif.periods(table, freq="YE", framework="ILACS")["n"].tolist() == [3]
    # Without a publication date a row is judged by the inspection alone; without a start by publication alone.
    assert sif.periods(table, freq="YE", framework="ILACS", published_by="2020-08-31")["n"].tolist() == [2]


def test_a_table_without_rows_has_no_periods():
    found = sif.periods(sif.load_inspections().iloc[:0], "region", freq="YE", window=2)
    assert len(found) == 0
    assert "n_shared" in found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"freq": "school year"}, r"freq='school year' names no periods.*'academic' \(years to 31 August\)"),
        ({"freq": "h"}, "names no periods"),
        ({"freq": None}, "names no periods"),
        ({"freq": "99999999999999YE"}, "freq='99999999999999YE' names no periods"),
        ({"freq": pd.DateOffset(years=9000)}, "names no periods"),
        ({"freq": pd.DateOffset(years=1)}, "says how long periods are, and not where they begin"),
        ({"window": 0}, "window=0; a window takes 1 period or more"),
        ({"window": "12 months"}, "neither a number of periods nor an offset"),
        ({"window": True}, "neither a number of periods nor an offset"),
        ({"window": np.timedelta64("NaT")}, "neither a number of periods nor an offset"),
        ({"window": 10**12}, "window=1000000000000; a window takes 1 period or more, and 4,000,000 at most"),
        ({"window": pd.DateOffset(months=-1)}, "is not positive"),
        ({"judgement": "overall"}, "no such column"),
        ({"interval": "wald"}, "unknown interval 'wald'"),
        ({"by": "period_start"}, "rename it"),
    ],
)
def test_what_is_wrong_is_named(arguments, said):
    table = sif.load_inspections().assign(period_start="x") if "by" in arguments else sif.load_inspections()
    with pytest.raises(ValueError, match=said):
        sif.periods(table, **{"framework": "all"} | arguments)


@pytest.mark.parametrize("freq", ["CBMS", "BMS", "MS"])
def test_a_period_that_has_a_beginning_begins_on_that_day(freq):
    days = ["2024-02-01", "2024-02-02", "2024-02-29"]  # Thursday, the month's first day of business, to Thursday
    found = sif.periods(pd.DataFrame({"inspection_start": days, "overall_effectiveness": "Good"}), freq=freq)
    assert found["n"].tolist() == [3]
    assert found["period_start"].dt.strftime("%Y-%m-%d").tolist() == ["2024-02-01"]


def test_an_inspection_without_any_date_is_named():
    table = pd.DataFrame({"inspection_start": ["2020-01-01", None], "overall_effectiveness": ["Good", "Good"]})
    with pytest.raises(ValueError, match=r"row 1 has neither an inspection date \('inspection_start'\)"):
        sif.periods(table)


def test_periods_of_days_begin_with_the_first_day():
    table = pd.DataFrame(
        {"provider": [*"abc"], "inspection_start": ["2014-01-01", "2014-01-05", "2014-01-20"], "overall_effectiveness": "Good"}
    )
    found = sif.periods(table, freq="7D")
    assert found["period_start"].dt.day.tolist() == [1, 8, 15]
    assert found["period_end"].dt.day.tolist() == [7, 14, 21]
    assert found["n"].tolist() == table.set_index(pd.to_datetime(table["inspection_start"])).resample("7D").size().tolist() == [2, 0, 1]
    assert sif.periods(table, freq="7D", window=2)["n"].tolist() == [2, 2, 1]
    moved = sif.transitions(pd.concat([table, table.assign(inspection_start="2014-01-30")]), freq="7D")
    assert moved["period"].dt.day.unique().tolist() == [7, 14, 21, 28, 4]


def far_away(day):
    """Three inspections, one of them on a day that may be far from the others."""
    days = np.array(["2015-01-01", "2016-01-01", day], "datetime64[s]")
    return pd.DataFrame({"provider": list("AAB"), "inspection_start": days, "overall_effectiveness": ["Good", "Inadequate", "Good"]})


@pytest.mark.parametrize("freq", ["YE", "academic", "QE", "ME", "W-WED", "MS", "YS-APR", "30D"])
@pytest.mark.parametrize("day", ["-0500-03-01", "0000-12-31", "0001-01-01", "9999-12-31", "20150-02-03"])
def test_an_inspection_in_a_year_that_python_has_no_date_for_is_counted_in_its_period(freq, day):
    found = sif.periods(far_away(day), freq=freq)
    starts, ends = found["period_start"].to_numpy(), found["period_end"].to_numpy()
    holds_it = (starts <= np.datetime64(day)) & (ends >= np.datetime64(day))
    assert found.loc[holds_it, "n"].tolist() == [1]
    assert found["n"].sum() == 3
    assert (starts[1:] == ends[:-1] + np.timedelta64(1, "D")).all()


def test_years_and_their_windows_end_on_the_last_day_of_december_in_any_year():
    found = sif.periods(far_away("20150-02-03"), freq="YE")
    expected = (np.arange("2016", "20152", dtype="datetime64[Y]").astype("datetime64[D]") - 1).astype("datetime64[s]")
    assert (found["period_end"].to_numpy() == expected).all()
    for window in (2, pd.DateOffset(years=2)):
        first = sif.periods(far_away("0001-01-01"), freq="YE", window=window).iloc[0]
        assert first["n"] == 1
        assert first[["period_start", "period_end"]].tolist() == [np.datetime64("0000-01-01"), np.datetime64("0001-12-31")]
        last = sif.periods(far_away("9999-12-31"), freq="academic", window=window).iloc[-1]
        assert last[["period_start", "period_end"]].tolist() == [np.datetime64("9998-09-01"), np.datetime64("10000-08-31")]


@pytest.mark.parametrize(
    "freq", ["YE", "YE-AUG", "2YE-MAR", "QE-FEB", "3ME", "BME", "SME", "W", "2W-TUE", "YS-APR", "QS", "MS", "BMS", "5D"]
)
def test_periods_are_the_same_in_every_four_hundred_years(freq):
    """The calendar comes again, with its weekdays, after 146,097 days."""
    days = np.array(["1999-12-31", "2024-02-29"], "datetime64[D]").view(np.int64)
    near = period_bounds(days, freq)
    for times in (-30, -6, -4, 4, 7, 8, 19, 20, 50):
        away = 146_097 * times
        far = period_bounds(days + away, freq)
        assert all((a + away == b).all() for a, b in zip(near, far, strict=True)), iso(days[0] + away)
        assert (window_starts(*near, freq, 3) + away == window_starts(*far, freq, 3)).all()


@pytest.mark.parametrize("count", [sif.periods, sif.transitions, lambda table, freq: sif.trend(table, method="jonckheere", freq=freq)])
@pytest.mark.parametrize("freq", ["YE", "MS", "D"])
def test_a_day_in_so_far_a_year_that_its_periods_are_too_many_is_refused_at_once(count, freq):
    with pytest.raises(ValueError, match=rf"freq='{freq}' cuts the days from 201.* to 90000015-02-28 into .*,000 are the most .* mistyped"):
        count(far_away("90000015-02-28"), freq=freq)


@pytest.mark.parametrize("count", [sif.periods, sif.transitions])
def test_periods_of_groups_that_the_machine_has_no_memory_for_are_refused(count, monkeypatch):
    monkeypatch.setattr("ofsted_sif.machine.memory", lambda: 10**9)
    table = far_away("20150-02-03")
    many = pd.concat([table.assign(group=group) for group in range(500)], ignore_index=True)
    with pytest.raises(MemoryError, match=r"^18,136 periods of 501 groups take .*; take longer periods or fewer groups"):
        count(many, by="group", freq="YE")


def test_a_trend_and_transitions_over_periods_answer_for_a_far_day():
    table = pd.concat([far_away("20150-02-03"), far_away("20151-02-03")], ignore_index=True)
    for method in ("cochran-armitage", "jonckheere"):
        assert sif.trend(table, method=method, freq="YE")["n"].tolist() == [6]
    moves = sif.transitions(table, freq="YE")
    assert moves["n"].sum() == sif.transitions(table)["n"].sum() > 0
    assert moves["period"].max() == np.datetime64("20151-12-31")
