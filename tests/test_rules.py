"""The rules of the public interface by number, a test each; further cases stand with their modules."""

import datetime
import json
import warnings

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif

GOOD, RI, INADEQUATE, OUTSTANDING = "Good", "Requires improvement", "Inadequate", "Outstanding"


def records(*rows: tuple[object, ...], names: str = "provider inspection_start published overall_effectiveness") -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=names.split())


def state(table: pd.DataFrame, date: str, **options: object) -> dict[str, object]:
    """Provider and grade as at a date."""
    found = sif.as_at(table, date, **options)
    return dict(zip(found["provider"], found["overall_effectiveness"], strict=True))


# 1


def test_rule_1_as_at_takes_the_most_recent_held_by_the_date_and_published_by_the_cutoff() -> None:
    table = records(("A", "2020-01-10", "2020-02-20", GOOD), ("A", "2021-01-10", "2021-03-05", RI), ("B", "2021-01-20", "2021-02-01", GOOD))
    assert state(table, "2021-01-31", published_by="2021-03-05") == {"A": RI, "B": GOOD}
    assert state(table, "2021-01-31", published_by="2021-03-04") == {"A": GOOD, "B": GOOD}
    assert state(table, "2021-01-31") == {"A": GOOD}  # None: the cut-off is the date itself
    assert state(table, "2021-01-09", published_by="2021-12-31") == {"A": GOOD}


def test_rule_1_an_offset_is_a_cutoff_too() -> None:
    table = records(("A", "2021-01-10", "2021-02-28", GOOD), ("B", "2021-01-10", "2021-03-01", GOOD))
    assert state(table, "2021-01-31", published_by=pd.DateOffset(months=1)) == {"A": GOOD}
    assert state(table, "2021-01-31", published_by=datetime.timedelta(days=29)) == {"A": GOOD, "B": GOOD}


def test_rule_1_having_reaches_back_and_names_the_newer_inspection() -> None:
    table = records(
        ("A", "2024-01-01", "2024-02-01", GOOD, GOOD),
        ("A", "2026-05-01", "2026-06-01", None, RI),
        ("B", "2024-01-01", "2024-02-01", RI, RI),
        names="provider inspection_start published overall_effectiveness leadership",
    )
    plain = sif.as_at(table, "2026-08-01")
    assert plain["overall_effectiveness"].isna().tolist() == [True, False]
    assert "newer_inspection" not in plain
    having = sif.as_at(table, "2026-08-01", having="overall_effectiveness")
    assert having["overall_effectiveness"].tolist() == [GOOD, RI]
    assert having["newer_inspection"].tolist() == [pd.Timestamp("2026-05-01"), pd.NaT]


def test_rule_1_the_two_states_of_august_2026() -> None:
    """Since April 2026 inspections of local authorities make no overall judgement."""
    options = {"framework": "all", "register": sif.load_local_authorities()}
    grades = ["outstanding", "good", "requires_improvement", "inadequate"]
    plain = sif.aggregate(sif.as_at(sif.load_inspections(), "2026-08-22", **options))
    assert plain[[*grades, "n_not_judged"]].to_numpy().tolist() == [[46, 61, 24, 11, 11]]
    last = sif.as_at(sif.load_inspections(), "2026-08-22", having="overall_effectiveness", **options)
    assert sif.aggregate(last)[grades].to_numpy().tolist() == [[46, 65, 29, 13]]
    assert last["newer_inspection"].notna().sum() == 11


def test_rule_1_having_comes_before_the_dates_and_after_framework_and_graded() -> None:
    table = records(
        ("A", "2020-01-01", "2020-02-01", GOOD, True, "SIF"),
        ("A", "2021-01-01", "2021-02-01", RI, True, "ILACS"),
        ("A", "2022-01-01", "2022-02-01", RI, False, "SIF"),
        names="provider inspection_start published overall_effectiveness graded framework",
    )
    assert state(table, "2023-01-01", framework="SIF", having="overall_effectiveness") == {"A": GOOD}


# 2


def test_rule_2_only_graded_inspections_take_part() -> None:
    table = records(("A", "2020-01-01", "2020-02-01", GOOD), ("A", "2021-01-01", "2021-02-01", None))
    assert state(table, "2022-01-01") == {"A": GOOD}
    table["graded"] = [False, True]
    found = sif.as_at(table, "2022-01-01")
    assert found["inspection_start"].tolist() == ["2021-01-01"]


def test_rule_2_a_grade_in_any_judgement_column_makes_a_graded_inspection() -> None:
    table = records(
        ("A", "2020-01-01", "2020-02-01", GOOD, None),
        ("A", "2021-01-01", "2021-02-01", None, RI),
        names="provider inspection_start published overall_effectiveness leadership",
    )
    found = sif.as_at(table, "2022-01-01")
    assert found["overall_effectiveness"].isna().all()
    assert found["leadership"].tolist() == [RI]


# 3


def test_rule_3_equals_are_broken_by_publication_then_by_position() -> None:
    same_day = records(("A", "2020-01-01", "2020-03-01", RI), ("A", "2020-01-01", "2020-02-01", GOOD))
    assert state(same_day, "2021-01-01") == {"A": RI}
    all_equal = records(("A", "2020-01-01", "2020-02-01", RI), ("A", "2020-01-01", "2020-02-01", GOOD))
    assert state(all_equal, "2021-01-01") == {"A": GOOD}


def test_rule_3_publication_stands_in_for_a_missing_inspection_date() -> None:
    table = records(("A", None, "2020-03-01", RI), ("A", "2020-02-01", "2020-06-01", GOOD), ("B", "2020-04-01", "2020-06-01", GOOD))
    assert state(table, "2021-01-01") == {"A": RI, "B": GOOD}


# 4


def test_rule_4_a_row_without_publication_counts_by_its_inspection_date_and_is_counted() -> None:
    table = records(("A", "2020-01-01", None, GOOD), ("B", "2020-01-01", "2020-02-01", RI))
    found = sif.as_at(table, "2020-01-01", published_by="2020-01-15")
    assert found["provider"].tolist() == ["A"]
    assert found.attrs["n_without_publication_date"] == 1
    without_column = sif.as_at(table.drop(columns="published"), "2020-01-01")
    assert without_column["provider"].tolist() == ["A", "B"]
    assert without_column.attrs["n_without_publication_date"] == 2


def test_rule_4_a_row_without_inspection_date_counts_by_its_publication() -> None:
    table = records(("A", None, "2020-02-01", GOOD))
    assert state(table, "2020-01-31", published_by="2020-02-01") == {"A": GOOD}
    assert state(table, "2020-01-31") == {}


def test_rule_4_neither_date_is_an_error_that_names_the_row() -> None:
    table = records(("A", "2020-01-01", None, GOOD), ("B", None, None, GOOD))
    with pytest.raises(ValueError, match=r"row 1 \(provider B\) has neither an inspection date"):
        sif.as_at(table, "2021-01-01")


def test_rule_4_published_before_inspected_counts_from_the_later() -> None:
    table = records(("A", "2020-05-01", "2020-04-01", GOOD))
    assert state(table, "2020-04-30") == {}
    assert state(table, "2020-05-01") == {"A": GOOD}


def test_rule_4_a_cutoff_that_is_asked_for_is_applied_or_refused() -> None:
    table = records(("A", "2020-01-01", "2020-02-01", GOOD)).drop(columns="published")
    asked = [
        lambda: sif.as_at(table, "2021-01-01", published_by="2020-01-15"),
        lambda: sif.series(table, ["2021-01-01"], published_by=pd.DateOffset(months=1)),
        lambda: sif.first(table, published_by="2020-01-15"),
        lambda: sif.changes(table, date="2021-01-01", published_by="2020-01-15"),
        lambda: sif.transitions(table, published_by="2020-01-15"),
        lambda: sif.spells(table, published_by="2020-01-15"),
        lambda: sif.periods(table, published_by="2020-01-15"),
        lambda: sif.decompose(table, "2020-01-01", "2021-01-01", published_by="2020-01-15"),
        lambda: sif.change_between(table, "2020-01-01", "2021-01-01", published_by="2020-01-15"),
    ]
    for ask in asked:
        with pytest.raises(sif.MissingColumnError, match="the table has no publication dates that could be cut off"):
            ask()


# 5


def open_between(opened: str | None, closed: str | None) -> pd.DataFrame:
    table = records(("A", "2019-01-01", "2019-02-01", GOOD))
    return table.assign(opened=pd.to_datetime([opened]), closed=pd.to_datetime([closed]))


def test_rule_5_a_provider_is_open_from_opened_until_before_closed() -> None:
    table = open_between("2020-04-01", "2023-04-01")
    found = [bool(state(table, date)) for date in ("2020-03-31", "2020-04-01", "2023-03-31", "2023-04-01")]
    assert found == [False, True, True, False]


def test_rule_5_the_register_overrides_the_table_and_adds_those_not_yet_inspected() -> None:
    table = open_between("2020-04-01", "2023-04-01").assign(region="North")
    register = pd.DataFrame({"provider": ["B", "A", "C"], "region": ["South", "East", "West"], "closed": [None, None, "2024-01-01"]})
    found = sif.as_at(table, "2024-06-30", register=register)
    assert found["provider"].tolist() == ["A", "B"]
    assert found["region"].tolist() == ["North", "South"]
    assert found["status"].tolist() == ["inspected", "not yet inspected"]
    assert found["overall_effectiveness"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("register", "message"),
    [
        ({"provider": ["A", "A"]}, "register: provider A stands in it twice"),
        ({"provider": ["B"]}, "provider A .* is not in the register"),
        (
            {"provider": ["A"], "opened": ["2020-01-01"], "closed": ["2019-01-01"]},
            r"provider A is closed \(2019-01-01\) before it is opened \(2020-01-01\)",
        ),
    ],
)
def test_rule_5_a_register_that_contradicts_itself_or_the_records_is_an_error(register: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sif.as_at(records(("A", "2019-01-01", "2019-02-01", GOOD)), "2021-01-01", register=register)


# 6


def pooled() -> pd.DataFrame:
    return records(
        ("A", "2015-01-01", "2015-02-01", GOOD, "SIF"),
        ("B", "2019-01-01", "2019-02-01", GOOD, "ILACS"),
        ("B", "2016-01-01", "2016-02-01", RI, "SIF"),
        names="provider inspection_start published overall_effectiveness framework",
    )


def test_rule_6_frameworks_pooled_without_a_word_are_a_warning_that_counts_them() -> None:
    with pytest.warns(sif.PooledFrameworksWarning, match=r"ILACS 1, SIF 1"):
        sif.as_at(pooled(), "2020-01-01")
    with pytest.warns(sif.PooledFrameworksWarning):
        sif.series(pooled(), ["2020-01-01"])


@pytest.mark.parametrize("framework", [["SIF", "ILACS"], "all", "SIF"])
def test_rule_6_naming_them_or_all_is_consent(framework: str | list[str]) -> None:
    sif.as_at(pooled(), "2020-01-01", framework=framework)
    sif.series(pooled(), ["2020-01-01"], framework=framework)


def test_rule_6_rows_of_one_framework_need_no_word() -> None:
    sif.as_at(pooled(), "2016-06-01")
    sif.series(pooled(), ["2015-06-01", "2016-06-01"])


def test_rule_6_an_unknown_framework_is_an_error_and_a_known_one_without_rows_gives_zeros() -> None:
    with pytest.raises(ValueError, match="unknown framework 'SIFF'; the table has ILACS, SIF"):
        sif.as_at(pooled(), "2020-01-01", framework="SIFF")
    assert sif.aggregate(sif.as_at(pooled(), "2020-01-01", framework="SLAC")).loc[0, "n"] == 0


def test_rule_6_an_empty_list_is_an_error_and_names_are_matched_in_any_case() -> None:
    with pytest.raises(ValueError, match="names no framework"):
        sif.as_at(pooled(), "2020-01-01", framework=[])
    assert state(pooled(), "2020-01-01", framework="ilacs") == {"B": GOOD}


# 7


def test_rule_7_an_older_grade_than_max_age_becomes_missing_and_its_provider_stays() -> None:
    table = records(("A", "2020-03-31", "2020-05-01", GOOD))
    three_years = pd.DateOffset(years=3)
    assert state(table, "2023-03-31", max_age=three_years) == {"A": GOOD}
    older = sif.as_at(table, "2023-04-01", max_age=three_years)
    assert len(older) == 1
    assert older["overall_effectiveness"].isna().all()


# 8


def test_rule_8_series_equals_aggregate_of_as_at_at_every_date() -> None:
    table, register = sif.load_inspections(), sif.load_local_authorities()
    dates = pd.date_range("2014-01-31", "2026-07-31", freq="QE")
    options = {
        "framework": ["SIF", "ILACS"],
        "register": register,
        "published_by": pd.DateOffset(months=1),
        "max_age": pd.DateOffset(years=4),
    }
    counted = sif.series(table, dates, "region", **options)
    for date in dates:
        expected = sif.aggregate(sif.as_at(table, date, **options), "region")
        found = counted[counted["as_at"] == date].drop(columns=["as_at", "n_unknown"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_rule_8_cutoffs_that_decrease_are_computed_not_approximated() -> None:
    table = records(("A", "2020-01-01", "2020-02-01", RI), ("A", "2021-01-01", "2021-06-01", GOOD))
    dates, cutoffs = ["2021-02-01", "2021-03-01", "2021-01-15"], ["2021-07-01", "2021-04-01", "2021-08-01"]
    counted = sif.series(table, dates, published_by=cutoffs)
    assert counted["good"].tolist() == [1, 0, 1]
    assert counted["as_at"].dt.strftime("%Y-%m-%d").tolist() == dates


def test_rule_8_a_provider_may_change_group() -> None:
    table = records(
        ("A", "2020-01-01", "2020-02-01", RI, "North"),
        ("A", "2022-01-01", "2022-02-01", GOOD, "South"),
        names="provider inspection_start published overall_effectiveness region",
    )
    counted = sif.series(table, ["2021-01-01", "2023-01-01"], "region")
    assert counted[["region", "n"]].to_numpy().tolist() == [["North", 1], ["South", 0], ["North", 0], ["South", 1]]


# 9


def test_rule_9_n_is_judged_and_not_judged_and_shares_are_of_the_judged() -> None:
    counted = sif.aggregate({"overall_effectiveness": [GOOD, GOOD, RI, None], "of": ["a", "a", "a", "b"]}, "of")
    assert counted[["n", "n_judged", "n_not_judged"]].to_numpy().tolist() == [[3, 3, 0], [1, 0, 1]]
    assert counted["share_good"].iloc[0] == 2 / 3
    assert counted.loc[1, ["share_good", "share_good_or_outstanding", "lower", "upper"]].isna().all()


def test_rule_9_goodman_adds_bounds_of_each_grade() -> None:
    counted = sif.aggregate({"overall_effectiveness": [GOOD, GOOD, RI, INADEQUATE]}, interval="goodman")
    added = [f"{bound}_{grade}" for grade in sif.FOUR_POINT.columns for bound in ("lower", "upper")]
    assert counted.columns[-10:].tolist() == ["lower", "upper", *added]
    assert (counted["lower_good"] < 0.5).all()
    assert (counted["upper_good"] > 0.5).all()


def test_rule_9_below_min_n_shares_and_bounds_are_hidden_and_counts_stay() -> None:
    counted = sif.aggregate({"overall_effectiveness": [GOOD, RI]}, min_n=3)
    assert counted[["n", "good"]].to_numpy().tolist() == [[2, 1]]
    assert counted.filter(regex="share|lower|upper").isna().all(axis=None)
    as_many = sif.aggregate({"overall_effectiveness": [GOOD, RI, GOOD]}, min_n=3)
    assert as_many.filter(regex="share|lower|upper").notna().all(axis=None)


# 10


def test_rule_10_weights_are_summed_and_rows_counted() -> None:
    table = {"overall_effectiveness": [GOOD, RI, GOOD, None], "pupils": [100.5, 50, np.nan, 10]}
    counted = sif.aggregate(table, weights="pupils").iloc[0]
    assert counted[["n", "n_judged", "n_not_judged", "n_without_weight"]].tolist() == [4, 3, 1, 1]
    assert counted[["good", "requires_improvement", "good_or_outstanding"]].tolist() == [100.5, 50, 100.5]
    assert counted["share_good"] == pytest.approx(100.5 / 150.5)
    assert counted["n_eff"] == pytest.approx(150.5**2 / (100.5**2 + 50**2))
    assert 0 < counted["lower"] < counted["share_good"] < counted["upper"] < 1


@pytest.mark.parametrize("weight", [-1.0, np.inf])
def test_rule_10_a_negative_or_infinite_weight_is_an_error_that_names_the_row(weight: float) -> None:
    with pytest.raises(ValueError, match=r"weights='pupils', row 1: (-1|inf) is negative or infinite"):
        sif.aggregate({"overall_effectiveness": [GOOD, RI], "pupils": [1, weight]}, weights="pupils")


def test_rule_10_a_sum_past_the_largest_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="the weights add up to more than the largest number"):
        sif.aggregate({"overall_effectiveness": [GOOD, GOOD], "pupils": [1.5e308, 1.5e308]}, weights="pupils")


# 11


def test_rule_11_observed_has_the_meaning_of_pandas_and_shows_groups_with_rows() -> None:
    regions = pd.Categorical(["South", "North"], categories=["South", "West", "North"])
    table = pd.DataFrame({"overall_effectiveness": [GOOD, RI], "region": regions, "kind": ["y", "x"]})
    for by in ("region", ["region", "kind"], "kind"):
        for observed in (True, False):
            expected = table.groupby(by, observed=observed, dropna=False).size()
            counted = sif.aggregate(table, by, observed=observed).set_index(by)["n"]
            expected = expected.reindex(counted.index, fill_value=-1) if by == ["region", "kind"] else expected
            assert counted.index.tolist() == expected.index.tolist()
            assert counted.tolist() == expected.tolist()
    assert sif.aggregate(table, "region")["region"].tolist() == ["South", "North"]
    assert sif.aggregate(table, "region")["region"].cat.categories.tolist() == ["South", "West", "North"]
    assert sif.aggregate(table, "region", observed=False)[["region", "n"]].to_numpy().tolist() == [["South", 1], ["West", 0], ["North", 1]]
    assert sif.aggregate(table.iloc[:0], "region").empty


def test_rule_11_a_dictionary_is_no_order_unless_it_says_so() -> None:
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    words, grades = ["South", "North", "South", None], [GOOD, RI, None, GOOD]
    codes = pa.array([0, 2, 0, None], pa.int8())
    for ordered, shown in ((False, ["North", "South", None]), (True, ["South", "North", None])):
        region = pa.DictionaryArray.from_arrays(codes, pa.array(["South", "West", "North"]), ordered=ordered)
        for grade in (pa.array(grades), pa.array(grades).dictionary_encode()):  # counted as they lie, or not
            table = pa.table({"overall_effectiveness": grade, "region": region})
            assert sif.aggregate(table, "region").column("region").to_pylist() == shown
            every = sif.aggregate(table, "region", observed=False)
            assert every.column("region").to_pylist() == (["South", "West", "North", None] if ordered else ["North", "South", "West", None])
            assert every.column("n").to_pylist() == ([2, 0, 1, 1] if ordered else [1, 2, 0, 1])
        held = pd.DataFrame({"region": pd.array(region, pd.ArrowDtype(region.type)), "overall_effectiveness": grades})
        assert [None if pd.isna(name) else name for name in sif.aggregate(held, "region")["region"]] == shown
    frame = pl.DataFrame({"overall_effectiveness": grades, "region": pl.Series(words, dtype=pl.Categorical)})
    assert sif.aggregate(frame, "region")["region"].to_list() == ["North", "South", None]
    enum = frame.with_columns(pl.col("region").cast(pl.Enum(["South", "West", "North"])))
    counted = sif.aggregate(enum, "region")
    assert counted["region"].to_list() == ["South", "North", None]
    assert counted["region"].dtype == enum["region"].dtype
    assert sif.aggregate(enum, "region", observed=False)["region"].to_list() == ["South", "West", "North", None]


def test_rule_11_by_batches_a_dictionary_is_sorted_too(tmp_path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    region = pa.DictionaryArray.from_arrays(pa.array([0, 2, 0], pa.int8()), pa.array(["South", "West", "North"]))
    pq.write_table(pa.table({"overall_effectiveness": [GOOD, RI, GOOD], "region": region}), tmp_path / "a.parquet")
    assert sif.aggregate(tmp_path / "a.parquet", "region")["region"].tolist() == ["North", "South"]


def test_rule_11_total_adds_one_last_row_of_all() -> None:
    regions = pd.Categorical(["South", "North", None, "South"], categories=["South", "West", "North"])
    rows = {
        "overall_effectiveness": [GOOD, RI, GOOD, None],
        "leadership": [RI, RI, GOOD, GOOD],
        "region": regions,
        "year": [2019, 2020, 2019, 2019],
    }
    table = pd.DataFrame(rows | {"weight": [1.0, 2.0, 3.0, None], "provider": [1, 2, 3, 4], "inspection_start": "2020-01-01"})
    for options in ({}, {"observed": False}, {"judgement": ["overall_effectiveness", "leadership"]}, {"weights": "weight"}):
        whole = sif.aggregate(table, **options)
        counted = sif.aggregate(table, "region", total=True, **options)
        last = counted.tail(len(whole)).reset_index(drop=True)
        assert (last.pop("region") == "All").all()
        pd.testing.assert_frame_equal(last, whole)
        pd.testing.assert_frame_equal(
            counted.head(-len(whole)).astype({"region": object}), sif.aggregate(table, "region", **options).astype({"region": object})
        )
    both = sif.aggregate(table, ["region", "year"], total="England")
    assert both[["region", "year", "n"]].iloc[-1].tolist() == ["England", "England", 4]
    assert both["year"].tolist()[:-1] == ["2019", "2020", "2019"]
    for counted in (sif.series(table, ["2020-01-01", "2021-01-01"], "region", total=True), sif.periods(table, "region", total=True)):
        of_all = counted[counted["region"].astype(object) == "All"]
        assert of_all["n"].tolist() == counted[counted["region"].astype(object) != "All"].groupby(counted.columns[0])["n"].sum().tolist()
        assert of_all["good"].tolist() == [2] * len(of_all)
    with pytest.raises(ValueError, match="total='South': a group of 'region' is called so"):
        sif.aggregate(table, "region", total="South")
    for function in (sif.aggregate, sif.periods, lambda *a, **b: sif.series(*a, dates=["2020-01-01"], **b)):
        with pytest.raises(ValueError, match="total=True adds a row of all to the groups of by="):
            function(table, total=True)


def test_rule_11_total_is_the_same_in_memory_by_batches_and_of_other_kinds(tmp_path) -> None:
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    table = sif.load_inspections()[["provider", "region", "framework", "inspection_start", "published", "overall_effectiveness"]]
    table = table.sort_values("provider", kind="stable", ignore_index=True)  # by batches the rows of a provider stand together
    table.to_parquet(tmp_path / "a.parquet", index=False)
    dates = ["2019-03-31", "2024-03-31"]
    for function, options in ((sif.aggregate, {}), (sif.series, {"dates": dates, "framework": "all"})):
        expected = function(table, by="region", total=True, **options).astype({"region": str})
        found = [function(tmp_path / "a.parquet", by="region", total=True, **options)]
        found += [function(kind(table), by="region", total=True, **options).to_pandas() for kind in (pa.Table.from_pandas, pl.from_pandas)]
        for one in found:
            assert one["region"].astype(str).tolist() == expected["region"].tolist()
            assert one[["n", "good", "lower"]].to_numpy().tolist() == expected[["n", "good", "lower"]].to_numpy().tolist()


def test_rule_11_several_by_show_observed_combinations_or_the_product() -> None:
    table = pd.DataFrame({"overall_effectiveness": [GOOD, RI], "a": ["p", "q"], "b": [1, 2]})
    assert sif.aggregate(table, ["a", "b"])[["a", "b"]].to_numpy().tolist() == [["p", 1], ["q", 2]]
    assert sif.aggregate(table, ["a", "b"], observed=False)["n"].tolist() == [1, 0, 0, 1]


def test_rule_11_a_missing_group_is_one_last_row_only_if_it_occurs() -> None:
    table = pd.DataFrame({"overall_effectiveness": [GOOD, RI, GOOD], "region": ["South", None, "North"]})
    counted = sif.aggregate(table, "region")
    assert counted["region"].isna().tolist() == [False, False, True]
    assert sif.aggregate(table.dropna(), "region")["region"].tolist() == ["North", "South"]


def test_rule_11_without_by_there_is_one_row() -> None:
    assert len(sif.aggregate({"overall_effectiveness": []})) == 1


# 12


def test_rule_12_grade_columns_are_the_labels_best_first_with_the_threshold_where_there_is_one() -> None:
    four = sif.aggregate({"overall_effectiveness": [GOOD]}).columns
    grades = ["outstanding", "good", "requires_improvement", "inadequate", "good_or_outstanding"]
    assert four.tolist() == ["n", "n_judged", "n_not_judged", *grades, *(f"share_{name}" for name in grades), "lower", "upper"]
    card = sif.aggregate({"inclusion": ["Strong standard"]}, judgement="inclusion").columns
    grades = ["exceptional", "strong_standard", "expected_standard", "needs_attention", "urgent_improvement"]
    assert card.tolist() == ["n", "n_judged", "n_not_judged", *grades, *(f"share_{name}" for name in grades)]


def test_rule_12_a_collision_with_another_column_is_an_error() -> None:
    with pytest.raises(
        ValueError, match=r"^by names \['good'\], which the result needs for its own columns: rename it, as with table\.rename"
    ):
        sif.aggregate({"overall_effectiveness": [GOOD], "good": ["x"]}, "good")


# 13


@pytest.mark.parametrize("values", [[1, 2, 4], [1.0, 2.0, 4.0], ["1", "2", "4"], np.array([1, 2, 4], dtype=np.uint8)])
def test_rule_13_integers_mean_the_four_points(values: object) -> None:
    assert sif.grades(values).tolist() == [OUTSTANDING, GOOD, INADEQUATE]


@pytest.mark.parametrize("value", [0, 8, 9, 5, -1, 2.5, "9", True])
def test_rule_13_other_numbers_are_errors(value: object) -> None:
    with pytest.raises(ValueError, match="row 1"):
        sif.grades(pd.Series([2, value], dtype=object))


@pytest.mark.parametrize(
    "dates",
    [
        pd.to_datetime(["2021-02-03"]).astype("datetime64[s]"),
        pd.to_datetime(["2021-02-03 23:59"]),
        np.array(["2021-02-03"], dtype="datetime64[D]"),
        [datetime.date(2021, 2, 3)],
        [datetime.datetime(2021, 2, 3, 12)],
        ["2021-02-03"],
        ["03/02/2021"],
        ["3 February 2021"],
        pd.Series(["2021-02-03"], dtype="string"),
    ],
    ids=str,
)
def test_rule_13_dates_of_every_kind_are_the_same_day(dates: object) -> None:
    table = {"provider": ["A"], "inspection_start": dates, "overall_effectiveness": [GOOD]}
    assert [len(sif.as_at(table, day)) for day in ("2021-02-02", "2021-02-03")] == [0, 1]


def test_rule_13_time_zones_are_an_error() -> None:
    table = records(("A", None, "2020-01-01", GOOD)).assign(inspection_start=pd.to_datetime(["2020-01-01"]).tz_localize("Europe/London"))
    with pytest.raises(ValueError, match="column 'inspection_start' has the time zone Europe/London"):
        sif.as_at(table, "2021-01-01")
    with pytest.raises(ValueError, match=r"date: .* has a time zone"):
        sif.as_at(records(("A", "2020-01-01", None, GOOD)), pd.Timestamp("2021-01-01", tz="UTC"))


# 14


def test_rule_14_attrs_hold_small_json_values_and_nothing_depends_on_them() -> None:
    found = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    assert len(json.dumps(found.attrs)) < 500
    counted = sif.aggregate(found, "region")
    found.attrs = {}
    pd.testing.assert_frame_equal(sif.aggregate(found, "region"), counted)


# 15 and 16 are held by the tests of durations and change.


# 19: each function against a complete history is held by the tests of histories cut down


def latest_inspections() -> pd.DataFrame:
    """A file of latest and previous inspections: A and B are known from the first one listed on, C from the beginning."""
    return records(
        ("A", "2016-05-01", "2016-06-01", GOOD, "2016-05-01"),
        ("A", "2022-05-01", "2022-06-01", RI, "2016-05-01"),
        ("B", "2019-05-01", "2019-06-01", INADEQUATE, "2019-05-01"),
        ("B", "2021-05-01", "2021-06-01", GOOD, "2019-05-01"),
        ("C", "2020-05-01", "2020-06-01", GOOD, None),
        names="provider inspection_start published overall_effectiveness known_from",
    )


def test_rule_19_a_state_that_is_not_known_is_left_out_and_counted() -> None:
    with pytest.warns(sif.IncompleteHistoryWarning, match=r"on 1 January 2018 the state of 1 of 2 providers is not known.*sif\.combine"):
        assert state(latest_inspections(), "2018-01-01") == {"A": GOOD}  # of C it is known that there was none
    with pytest.warns(sif.IncompleteHistoryWarning, match="on 15 May 2019"):  # inspected, and not published by the cut-off
        assert state(latest_inspections(), "2019-05-15") == {"A": GOOD}
    assert state(latest_inspections(), "2019-05-15", published_by="2019-06-01") == {"A": GOOD, "B": INADEQUATE}
    assert state(latest_inspections(), "2023-01-01") == {"A": RI, "B": GOOD, "C": GOOD}


def test_rule_19_series_counts_them_beside_n() -> None:
    with pytest.warns(sif.IncompleteHistoryWarning, match="on 1 January 2015 the state of 2 of 2 providers"):
        counted = sif.series(latest_inspections(), ["2015-01-01", "2018-01-01", "2023-01-01"])
    assert counted[["n", "n_unknown"]].to_numpy().tolist() == [[0, 2], [1, 1], [3, 0]]
    assert sif.series(sif.load_inspections(), ["2020-01-01"], framework="all")["n_unknown"].tolist() == [0]


def test_rule_19_a_stretch_of_time_begins_where_every_provider_is_known() -> None:
    said = r"every provider is known only from 1 May 2019 on: 1 earlier inspections are left out, 4 taken"
    for ask in (sif.periods, sif.transitions, sif.spells, sif.time_to, sif.median_time_to, sif.state_probabilities, sif.trend):
        with pytest.warns(sif.IncompleteHistoryWarning, match=said):
            ask(latest_inspections())
    with pytest.warns(sif.IncompleteHistoryWarning, match=said):
        sif.logrank(latest_inspections().assign(half=["x", "x", "y", "y", "y"]), "half")
    with pytest.warns(sif.IncompleteHistoryWarning, match=said):
        sif.resample(latest_inspections(), n=5, rng=1)


def test_rule_19_it_is_refused_where_fewer_than_two_inspections_are_left() -> None:
    table = latest_inspections()
    table.loc[3:4, "known_from"] = "2022-05-01"
    for ask in (sif.periods, sif.transitions, sif.spells, sif.time_to, sif.trend, sif.resample):
        with pytest.raises(sif.IncompleteHistoryError, match=r"leaves 1 of 5 inspections; this question needs a stretch of time: combine"):
            ask(table)
        ask(table, incomplete="allow")


def test_rule_19_changes_answers_where_two_inspections_are_listed_and_says_whose_they_are() -> None:
    with pytest.warns(sif.IncompleteHistoryWarning, match="Those inspected twice are no sample of all"):
        found = sif.changes(latest_inspections())
    assert found["provider"].tolist() == ["A", "B"]
    with pytest.warns(sif.IncompleteHistoryWarning, match="of 1 of 2 providers it does not have the inspection before"):
        found = sif.changes(latest_inspections(), date="2021-12-31")
    assert found["provider"].tolist() == ["B"]
    assert (found.attrs["n_unknown"], found.attrs["n_inspected_once"]) == (1, 1)


def test_rule_19_a_file_of_one_year_is_no_state_of_all_but_counts_its_year() -> None:
    table = records(("A", "2022-05-01", "2022-06-01", GOOD), ("B", "2022-07-01", "2022-08-01", RI)).assign(known_from="2022-04-01")
    for told in (table, table.drop(columns="known_from")):
        told.attrs["kind"] = "in year"
        with pytest.warns(sif.IncompleteHistoryWarning, match="the inspections of one period"):
            sif.as_at(told, "2023-03-31")
        with pytest.warns(sif.IncompleteHistoryWarning, match="the inspections of one period"):
            sif.series(told, ["2023-03-31"])
        with pytest.warns(sif.IncompleteHistoryWarning, match="the inspections of one period"):
            sif.explain(told, "A", "2023-03-31")
        assert sif.periods(told, freq="financial")["n"].tolist() == [2]
        assert sif.aggregate(told)["n"].tolist() == [2]


def test_rule_19_consent_is_silence() -> None:
    table = latest_inspections()
    assert state(table, "2018-01-01", incomplete="allow") == {"A": GOOD}
    assert sif.series(table, ["2018-01-01"], incomplete="allow")["n_unknown"].tolist() == [1]
    assert len(sif.changes(table, incomplete="allow")) == 2
    assert len(sif.spells(table, incomplete="allow")) == 5


def test_rule_19_the_result_of_as_at_is_known_by_its_column_and_refused() -> None:
    table = sif.load_inspections().drop(columns=["opened", "closed"])
    whole = sif.as_at(table, "2024-03-31", framework="all")
    asked = [
        lambda of: sif.series(of, ["2020-03-31"], framework="all"),
        lambda of: sif.as_at(of, "2020-03-31", framework="all"),
        lambda of: sif.decompose(of, "2020-03-31", "2024-03-31", framework="all"),
        lambda of: sif.change_between(of, "2020-03-31", "2024-03-31", framework="all"),
        *(
            lambda of, name=name: getattr(sif, name)(of, framework="all")
            for name in (
                "trend",
                "periods",
                "changes",
                "transitions",
                "spells",
                "time_to",
                "median_time_to",
                "state_probabilities",
                "first",
            )
        ),
        lambda of: sif.logrank(of, "region", framework="all"),
    ]
    for ask in asked:
        with pytest.raises(
            sif.IncompleteHistoryError, match=r"the table is the state on 31 March 2024 \(column 'as_at', which as_at made\)"
        ):
            ask(whole)
    assert sif.aggregate(whole)["n"].item() == len(whole)
    sif.compare(whole, whole, paired=True)
    sif.resample(whole, n=5, rng=1)
    assert sif.aggregate(sif.as_at(whole, "2024-03-31", framework="all"))["n"].item() == len(whole)


# 20


def test_rule_20_a_date_beyond_the_data_is_said() -> None:
    table = sif.load_inspections()
    said = r"1 January 2030 lies beyond the data: the table is complete to 24 August 2026 \(2026-08-24\)"
    asked = [
        lambda date: sif.as_at(table, date, framework="all"),
        lambda date: sif.series(table, ["2020-01-01", date], framework="all"),
        lambda date: sif.explain(table, "E08000025", date, framework="all"),
        lambda date: sif.changes(table, date=date, framework="all"),
        lambda date: sif.transitions(table, date=date, framework="all"),
        lambda date: sif.spells(table, until=date, framework="all"),
        lambda date: sif.time_to(table, until=date, framework="all"),
        lambda date: sif.state_probabilities(table, until=date, framework="all"),
        lambda date: sif.decompose(table, "2020-01-01", date, framework="all"),
        lambda date: sif.change_between(table, "2020-01-01", date, framework="all"),
    ]
    for ask in asked:
        with pytest.warns(sif.BeyondDataWarning, match=said):
            ask("2030-01-01")
        ask("2026-08-24")  # its last day, which it knows


def test_rule_20_only_the_date_is_compared_and_only_with_what_the_table_says_itself() -> None:
    table = sif.load_inspections()
    sif.as_at(table, "2026-08-24", published_by="2030-01-01", framework="all")
    table.attrs = {}
    sif.as_at(table, "2030-01-01", framework="all")


def test_rule_20_a_date_before_the_first_inspection_is_said() -> None:
    with pytest.warns(
        sif.BeyondDataWarning, match="31 March 1999 lies before the data: the earliest inspection in the table is of 7 August"
    ):
        assert sif.as_at(sif.load_inspections(), "1999-03-31", framework="all").empty


# 22


def visited() -> tuple[pd.DataFrame, pd.DataFrame]:
    table = records(
        ("A", "2020-01-01", "2020-02-01", GOOD, True, "ILACS"),
        ("B", "2020-01-01", "2020-02-01", None, False, "ILACS"),
        ("C", "2020-01-01", "2020-02-01", GOOD, True, "SIF"),
        ("D", "2023-01-01", "2023-02-01", GOOD, True, "ILACS"),
        ("E", "2020-01-01", "2020-02-01", None, True, "ILACS"),
        names="provider inspection_start published overall_effectiveness graded framework",
    )
    return table, pd.DataFrame({"provider": list("ABCDEF")})


def test_rule_22_status_tells_three_things_apart() -> None:
    table, register = visited()
    found = sif.as_at(table, "2021-01-01", register=register, framework="ILACS")
    none, never = "no graded inspection", "not yet inspected"
    assert found["status"].tolist() == ["inspected", none, none, never, "inspected", never]
    assert found["years_since"].round(3).tolist()[0] == 1.002
    assert found["years_since"].notna().tolist() == [True, False, False, False, True, False]
    # A graded inspection is in force, though it did not make the judgement.
    last = sif.as_at(table, "2021-01-01", register=register, framework="ILACS", having="overall_effectiveness")
    assert last["status"].tolist() == found["status"].tolist()
    assert last["newer_inspection"].dropna().tolist() == [pd.Timestamp("2020-01-01")]
    of_first = sif.first(table, register=register, framework="ILACS", published_by="2021-01-01")
    assert of_first["status"].tolist() == found["status"].tolist()


def test_rule_22_an_old_grade_is_missing_and_its_provider_inspected() -> None:
    found = sif.as_at(visited()[0], "2023-01-02", framework="ILACS", published_by="2023-12-31", max_age=pd.DateOffset(years=2))
    assert found.loc[found["provider"] == "A", ["overall_effectiveness", "status"]].isna().to_numpy().tolist() == [[True, False]]


def test_rule_22_only_a_register_adds_rows() -> None:
    assert sif.as_at(visited()[0], "2021-01-01", framework="ILACS")["provider"].tolist() == ["A", "E"]


def test_no_rule_changes_its_input() -> None:
    table, register = sif.load_inspections(), sif.load_local_authorities()
    before, register_before = table.copy(deep=True), register.copy(deep=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sif.PooledFrameworksWarning)
        found = sif.as_at(table, "2020-01-01", register=register, max_age=pd.DateOffset(years=1), having="leadership")
        sif.aggregate(found, ["region", "framework"], judgement=["leadership", "overall_effectiveness"])
        sif.series(table, ["2020-01-01"], "region", register=register)
        sif.first(table, register=register)
        sif.explain(table, "E08000025", "2020-01-01", register=register)
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(register, register_before)


# ---- a missing framework is not left out silently


def of_missing_frameworks(**columns):
    table = pd.DataFrame(
        {
            "provider": [1, 1, 2, 3, 4],
            "inspection_start": ["2019-02-01", "2020-04-03", "2020-06-05", "2021-07-13", "2021-08-13"],
            "overall_effectiveness": ["Good", "Inadequate", "Outstanding", "Good", None],
            "framework": ["SIF", None, "ILACS", " ", None],
        }
    )
    return table.assign(**columns)


CALLS_OF_FRAMEWORKS = {
    "as_at": lambda table, **which: sif.as_at(table, "2022-01-01", **which),
    "series": lambda table, **which: sif.series(table, ["2022-01-01"], **which),
    "first": sif.first,
    "explain": lambda table, **which: sif.explain(table, 1, "2022-01-01", **which),
    "changes": lambda table, **which: sif.changes(table, **which),
    "transitions": sif.transitions,
    "periods": lambda table, **which: sif.periods(table, freq="academic", **which),
    "spells": sif.spells,
    "change_between": lambda table, **which: sif.change_between(table, "2019-03-01", "2022-01-01", **which),
}


@pytest.mark.parametrize("name", CALLS_OF_FRAMEWORKS)
def test_graded_rows_without_a_framework_are_not_left_out_in_silence(name):
    call = CALLS_OF_FRAMEWORKS[name]
    said = r"^framework= leaves out 2 graded inspections whose framework is missing, the first in row 1; .*framework=\"all\"$"
    with pytest.warns(sif.FrameworkMissingWarning, match=said) as caught:
        call(of_missing_frameworks(), framework=["SIF", "ILACS"])
    assert {warning.category for warning in caught} == {sif.FrameworkMissingWarning}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(of_missing_frameworks(), framework="all")
        call(of_missing_frameworks(framework=["SIF", "ILACS", "ILACS", "ILACS", None]), framework=["SIF", "ILACS"])


def test_explain_says_that_the_framework_of_a_row_is_missing():
    with pytest.warns(sif.FrameworkMissingWarning):
        story = sif.explain(of_missing_frameworks(), 1, "2022-01-01", framework="SIF")
    assert story["because"][1] == "its framework is missing, and framework= names those that are asked for"
