"""The rules of the public interface by number, a test each; further cases stand with their modules."""

import datetime
import inspect
import io
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
        ({"provider": ["A", "A"]}, "register: provider A is in it twice"),
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


@pytest.mark.parametrize("framework", ["All", " ALL", ["All"]])
def test_rule_6_all_is_all_however_it_is_written(framework: str | list[str]) -> None:
    pd.testing.assert_frame_equal(
        sif.as_at(pooled(), "2020-01-01", framework=framework), sif.as_at(pooled(), "2020-01-01", framework="all")
    )
    assert sif.as_at(pooled(), "2020-01-01", framework=framework).attrs["framework"] == ["all"]
    assert sif.trend(pooled(), framework=framework)["n"].tolist() == sif.trend(pooled(), framework="all")["n"].tolist() != [0]


def test_rule_6_all_beside_another_framework_is_refused() -> None:
    with pytest.raises(ValueError, match=r"framework=\['all', 'SIF'\] names all frameworks and others beside them"):
        sif.series(pooled(), ["2020-01-01"], framework=["all", "SIF"])


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
    with pytest.raises(ValueError, match="total='South': a group of 'region' has that name already"):
        sif.aggregate(table, "region", total="South")
    for function in (sif.aggregate, sif.periods, lambda *a, **b: sif.series(*a, dates=["2020-01-01"], **b)):
        with pytest.raises(ValueError, match="total=True adds a row for all groups of by="):
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


def test_rule_12_labels_of_a_scale_clash_when_the_scale_is_made() -> None:
    for labels, said in (
        (["Not met", "not-met"], "'Not met' and 'not-met' would both name the column 'not_met'"),
        (["Lower", "Good"], "'Lower' would name the column 'lower', which every result has of its own"),
        (["Good", "n"], "'n' would name the column 'n'"),
    ):
        with pytest.raises(ValueError, match=said):
            sif.GradeScale("mine", labels)


def test_rule_12_a_users_column_is_never_overwritten_and_one_of_as_ats_own_is_replaced() -> None:
    table = records(("A", "2020-01-01", "2020-02-01", GOOD)).assign(status="open")
    with pytest.raises(ValueError, match=r"column 'status' of its own.*rename\(columns=\{'status': 'registration_status'\}\)"):
        sif.as_at(table, "2021-01-01")
    once = sif.as_at(table.drop(columns="status"), "2021-01-01")
    pd.testing.assert_frame_equal(sif.as_at(once, "2021-01-01"), once)


def test_rule_12_a_threshold_of_the_call_names_its_columns() -> None:
    counted = sif.aggregate({"inclusion": ["Strong standard", "Needs attention"]}, judgement="inclusion", threshold="Expected standard")
    assert counted[["expected_standard_or_better", "share_expected_standard_or_better"]].to_numpy().tolist() == [[1, 0.5]]


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


def test_rule_14_every_result_can_be_written_to_parquet() -> None:
    pytest.importorskip("pyarrow")
    table = sif.load_inspections().query("framework == 'ILACS'")
    state = sif.as_at(table, "2024-03-31")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sif.SelectedPairsWarning)
        results = [
            state,
            sif.aggregate(state, "region", total=True),
            sif.series(table, ["2023-03-31", "2024-03-31"], "region"),
            sif.periods(table, freq="financial"),
            sif.changes(table),
            sif.change_summary(sif.changes(table)),
            sif.change_between(table, "2023-03-31", "2024-03-31"),
            sif.transitions(table, freq="academic"),
            sif.decompose(table, "2023-03-31", "2024-03-31"),
            sif.compare(state, state, paired=True),
            sif.spells(table),
            sif.time_to(table),
            sif.median_time_to(table, "region"),
            sif.logrank(table, "region"),
            sif.state_probabilities(table),
            sif.trend(table),
            sif.resample(state, n=5, rng=1, progress=False),
            sif.shrink(sif.aggregate(state, "region")),
            sif.overdispersion(sif.aggregate(state, "region")),
            sif.standardise(state, "region", strata="provider_type" if "provider_type" in state else "ofsted_region"),
            sif.explain(table, "E08000025", "2024-03-31"),
        ]
    for result in results:
        file = io.BytesIO()
        result.to_parquet(file)
        back = pd.read_parquet(file)
        assert back.columns.tolist() == result.columns.tolist()
        assert len(back) == len(result)


# 15


def kept() -> pd.DataFrame:
    """A is found good twice and then declines; B is outstanding, and was inspected for three days before its report."""
    return records(
        ("A", "2018-01-01", "2018-03-01", GOOD),
        ("A", "2020-01-01", "2020-03-01", GOOD),
        ("A", "2021-01-01", "2021-03-01", RI),
        ("B", "2019-01-01", "2019-03-01", RI),
        ("B", "2020-01-01", "2020-03-01", OUTSTANDING),
    )


def ways(table: pd.DataFrame, tmp_path) -> list[object]:
    """The table in pandas, polars and Arrow, and as a file of batches of one row."""
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    import pyarrow.parquet as pq

    of_arrow = pa.Table.from_pandas(table, preserve_index=False)
    pq.write_table(of_arrow, tmp_path / "table.parquet", row_group_size=1)
    return [table, of_arrow, pl.from_arrow(of_arrow), tmp_path / "table.parquet"]


def as_pandas(result: object) -> pd.DataFrame:
    return result if isinstance(result, pd.DataFrame) else result.to_pandas()


def test_rule_15_a_reinspection_with_the_same_grade_continues_a_spell_from_its_inspection_start(tmp_path) -> None:
    for table in ways(kept(), tmp_path):
        found = as_pandas(sif.spells(table, until="2022-01-01"))
        begins_and_ends = zip(found["provider"], found["grade"], found["start"].astype(str).str[:10], found["n_inspections"], strict=True)
        assert list(begins_and_ends) == [
            ("A", GOOD, "2018-01-01", 2),
            ("A", RI, "2021-01-01", 1),
            ("B", RI, "2019-01-01", 1),
            ("B", OUTSTANDING, "2020-01-01", 1),
        ]


def test_rule_15_time_to_good_means_good_or_better_in_any_case(tmp_path) -> None:
    for table in ways(kept(), tmp_path):
        for grade in ("Good", "good", "GOOD"):
            reached = as_pandas(sif.time_to(table, grade=grade, until="2022-01-01"))
            assert reached["events"].sum() == 1  # B, which became outstanding


def test_rule_15_methods_are_named_in_any_case() -> None:
    def same(ask, *named: str) -> None:
        first, *others = (ask(name) for name in named)
        for other in others:
            pd.testing.assert_frame_equal(pd.DataFrame(other), pd.DataFrame(first))

    counted = {"overall_effectiveness": [GOOD, RI, GOOD]}
    weighted = counted | {"pupils": [1, 2, 3]}
    for name in ("wilson", "clopper-pearson", "jeffreys", "goodman"):
        spelt = (name, name.upper(), name.title())
        same(lambda method: sif.proportion_interval([1, 2], [3, 3], method=method), *spelt)
        same(lambda interval: sif.aggregate(counted, interval=interval), *spelt)
        same(lambda interval: sif.aggregate(weighted, weights="pupils", interval=interval), *spelt)
        same(lambda interval: sif.series(kept(), ["2021-01-01"], interval=interval), *spelt)
        same(lambda interval: sif.periods(kept(), interval=interval), *spelt)
    for name in ("mann-kendall", "jonckheere", "cochran-armitage"):
        same(lambda method: sif.trend(kept(), method=method), name, name.title())
    same(lambda method: sif.resample(kept(), n=5, rng=1, method=method, progress=False), "bca", "BCa")


# 16


def test_rule_16_improved_means_a_better_grade_on_every_scale(tmp_path) -> None:
    for scale, better, worse in (
        (sif.FOUR_POINT, GOOD, RI),
        (sif.REPORT_CARD, "Strong standard", "Needs attention"),
        (sif.MET, "Met", "Not met"),
    ):
        table = records(
            ("A", "2020-01-01", "2020-02-01", worse),
            ("A", "2021-01-01", "2021-02-01", better),
            ("B", "2020-01-01", "2020-02-01", better),
            ("B", "2021-01-01", "2021-02-01", worse),
        )
        for given in ways(table, tmp_path)[:3]:
            assert as_pandas(sif.changes(given, scale=scale))["change"].tolist() == ["improved", "declined"]
        between = sif.change_between(table.iloc[:2], "2020-06-30", "2021-06-30", scale=scale)
        assert between[["improved", "declined"]].to_numpy().tolist() == [[1, 0]]


def test_rule_16_a_trend_is_positive_where_grades_get_better_and_numbers_larger() -> None:
    grades = [INADEQUATE, RI, RI, GOOD, GOOD, OUTSTANDING]
    table = pd.DataFrame({"provider": list("ABCDEF"), "inspection_start": [f"202{year}-01-01" for year in range(6)]})
    table = table.assign(overall_effectiveness=grades, places=range(6))
    for options in ({}, {"value": "places"}, {"method": "jonckheere"}, {"method": "theil-sen", "value": "places"}):
        rising, falling = (
            sif.trend(table, **options),
            sif.trend(table.assign(inspection_start=table["inspection_start"][::-1].tolist()), **options),
        )
        sign = "slope_per_year" if "theil-sen" in options.values() else "z"
        assert rising[sign].item() > 0 > falling[sign].item(), options


# 17


def test_rule_17_a_column_that_only_has_the_name_of_a_judgement_is_left_out_and_said_once(tmp_path) -> None:
    for values in ([120, 3], [9, 2], ["Yes", "No"]):
        table = records(("A", "2020-01-01", "2020-02-01", None), ("B", "2020-01-01", "2020-02-01", GOOD)).assign(adoption=values)
        for given in ways(table, tmp_path)[:3]:
            with pytest.warns(sif.NotAJudgementWarning, match="column 'adoption' has the name of a judgement, but .* is no grade") as said:
                counted = sif.series(given, ["2021-01-01"])
            assert len(said) == 1
            assert as_pandas(counted)["n"].tolist() == [1]  # the number made no graded inspection of A's


def test_rule_17_a_judgement_that_is_named_or_of_a_scale_is_one_under_any_name() -> None:
    table = records(("A", "2020-01-01", "2020-02-01", None), ("B", "2020-01-01", "2020-02-01", None)).assign(verdict=["Good", "Inadequate"])
    assert sif.as_at(table, "2021-01-01").empty
    assert len(sif.as_at(table, "2021-01-01", having="verdict")) == 2
    assert len(sif.as_at(table.assign(verdict=sif.grades(table["verdict"])), "2021-01-01")) == 2
    with pytest.raises(sif.RowError, match=r"column 'adoption', row 1: 9 is not a grade"):
        sif.aggregate({"adoption": [1, 9]}, judgement="adoption")


# 18


@pytest.mark.parametrize(
    ("name", "values", "argument"),
    [
        ("Publication date", ["2020-02-01", "2020-02-01"], "published"),
        ("Closed", ["2021-01-01", None], "closed"),
        ("Date opened", ["2019-01-01", "2019-01-01"], "opened"),
        ("Graded", [True, False], "graded"),
    ],
)
def test_rule_18_a_column_that_is_nearly_there_is_an_error_that_says_which_argument_to_give(name, values, argument, tmp_path) -> None:
    table = pd.DataFrame({"provider": ["A", "B"], "inspection_start": "2020-01-01", "overall_effectiveness": [GOOD, RI], name: values})
    for given in ways(table, tmp_path):
        with pytest.raises(
            sif.MissingColumnError, match=f"looks like it: {name!r}. Give {argument}={name!r} .* {argument}=None to do without"
        ):
            sif.series(given, ["2021-01-01"])
        sif.series(given, ["2021-01-01"], **{argument: name})
        assert as_pandas(sif.series(given, ["2021-01-01"], **{argument: None}))["n"].tolist() == [2]
    if argument in ("published", "closed"):  # a column `graded` tells who counts; the other is looked for all the same
        with pytest.raises(sif.MissingColumnError, match=f"Give {argument}={name!r}"):
            sif.series(ways(table.assign(graded=True), tmp_path)[3], ["2021-01-01"])


def test_rule_18_an_index_level_is_nearly_there_too_and_values_of_another_kind_are_not() -> None:
    table = pd.DataFrame({"provider": ["A"], "inspection_start": ["2020-01-01"], "overall_effectiveness": [GOOD]})
    with pytest.raises(sif.MissingColumnError, match=r"a level 'closed' of its index: table\.reset_index\(\)"):
        sif.as_at(table.assign(closed="2020-06-01").set_index("closed"), "2021-01-01")
    assert len(sif.as_at(table.assign(Opened="by the mayor", Graded="in parts"), "2021-01-01")) == 1


def test_rule_18_a_nearly_named_framework_is_an_error_where_one_is_asked_for_and_a_warning_else(tmp_path) -> None:
    table = records(("A", "2020-01-01", "2020-02-01", GOOD), ("B", "2020-01-01", "2020-02-01", RI)).assign(Framework=["SIF", "ILACS"])
    cure = r"no column 'framework', but 'Framework': table\.rename\(columns=\{'Framework': 'framework'\}\)"
    for given in (*ways(table, tmp_path), ways(table.assign(graded=True), tmp_path)[3]):
        with pytest.raises(sif.MissingColumnError, match=cure):
            sif.series(given, ["2021-01-01"], framework="SIF")
        with pytest.warns(sif.PooledFrameworksWarning, match=cure):
            sif.series(given, ["2021-01-01"])
        sif.series(given, ["2021-01-01"], framework="all")
    with pytest.warns(sif.PooledFrameworksWarning, match=cure):
        sif.as_at(table, "2021-01-01")


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
    with pytest.warns(sif.IncompleteHistoryWarning, match="Providers inspected twice are not a sample of all providers"):
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


def test_rule_20_changes_before_the_first_inspection_are_said() -> None:
    with pytest.warns(sif.BeyondDataWarning, match="31 March 1999 lies before the data"):
        assert sif.changes(sif.load_inspections(), date="1999-03-31", framework="all").empty
    with pytest.warns(sif.BeyondDataWarning, match="31 March 1999 lies before the data"):
        assert sif.change_between(sif.load_inspections(), "1999-03-31", "2024-03-31", framework="all")["n"].item() == 0


# 21


def twice(*keys: object) -> pd.DataFrame:
    dates = [f"20{year}-01-01" for year in range(18, 18 + len(keys))]
    return pd.DataFrame({"provider": pd.Series(keys), "inspection_start": dates, "overall_effectiveness": [GOOD] * len(keys)})


def test_rule_21_keys_are_compared_as_text_in_every_function_and_register() -> None:
    for keys in ((100001, "100001"), (100001.0, "100001 "), (" 100001", 100001.0)):
        table = twice(*keys).astype({"provider": object})
        assert sif.as_at(table, "2021-01-01", register={"provider": [100001]})["provider"].tolist() == ["100001"]
        assert sif.spells(table, until="2021-01-01")["n_inspections"].tolist() == [2]
        assert sif.changes(table)["provider"].tolist() == ["100001"]
        assert sif.transitions(table)["n"].sum() == 1
        assert sif.trend(table)["n_clusters"].tolist() == [1]
        assert len(sif.explain(table, 100001, "2021-01-01")) == 2
        assert sif.combine(table.iloc[:1], table.iloc[1:].assign(inspection_start="2018-01-01"))["provider"].tolist() == ["100001"]
    with pytest.raises(ValueError, match=r"provider 7 .* is not in the register"):
        sif.as_at(twice(7), "2021-01-01", register={"provider": ["007"]})
    assert len(sif.as_at(twice("7", "007"), "2021-01-01")) == 2


def test_rule_21_the_result_keeps_the_dtype_that_came_in_and_the_users_name_of_the_column() -> None:
    for dtype in ("int64", "float64", "Int32", "string", "category"):
        table = twice(7, 8).astype({"provider": dtype}).rename(columns={"provider": "urn"})
        for found in (sif.as_at(table, "2021-01-01", provider="urn"), sif.spells(table, provider="urn", until="2021-01-01")):
            assert found["urn"].dtype == table["urn"].dtype
    mixed = sif.as_at(twice(7, 8), "2021-01-01", register={"provider": ["7", "8", "9"]})
    assert mixed["provider"].tolist() == ["7", "8", "9"]


@pytest.mark.parametrize("dtype", [object, "category"])
def test_rule_21_spaces_at_the_ends_of_a_key_make_no_second_provider_by_batches(dtype, tmp_path) -> None:
    table = twice("A", "A ", "A", "B").astype({"provider": dtype})
    for given in ways(table, tmp_path):
        assert as_pandas(sif.series(given, ["2022-01-01"]))["n"].tolist() == [2]
        assert as_pandas(sif.as_at(given, "2022-01-01"))["provider"].tolist() == ["A", "B"]
        assert as_pandas(sif.transitions(given))["n"].sum() == 2


def test_rule_21_spaces_hide_no_provider_that_comes_back_and_the_ordered_copy_has_its_rows_together(tmp_path) -> None:
    pytest.importorskip("duckdb")
    parted = ways(twice(" B", "A", "B ", "A\t", "AB"), tmp_path)[3]
    with pytest.raises(sif.RowError, match="row 2: the provider 'B' comes back"):
        sif.series(parted, ["2024-01-01"])
    ordered = sif.scan(parted).ordered(tmp_path / "ordered.parquet")
    assert ordered.series(["2024-01-01"])["n"].tolist() == [3]
    assert ordered.transitions()["n"].sum() == 2


@pytest.mark.parametrize("dtype", [object, "category"])
def test_rule_21_spaces_at_the_ends_of_a_key_make_no_second_provider_in_partitions(dtype) -> None:
    dask = pytest.importorskip("dask.dataframe")
    frame = dask.from_pandas(twice("A", "B", "A ", " B").astype({"provider": dtype}), npartitions=4, sort=False)
    assert sif.series(frame, ["2022-01-01"])["n"].tolist() == [2]
    assert sif.transitions(frame)["n"].sum() == 2


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


# 23


def test_rule_23_england_is_said_only_of_all_authorities_that_are_open_on_the_date() -> None:
    from ofsted_sif.report.naming import whose

    table = sif.load_inspections()
    day = int(np.datetime64("2024-03-31").astype(np.int64))

    def called(of: pd.DataFrame) -> tuple[str, str]:
        state = sif.as_at(of, "2024-03-31", framework="all")
        found = whose(state, of["provider"].unique(), day, day)
        return found.everywhere, found.title

    assert called(table) == ("England", "Children’s services in England")
    open_on_the_day = sif.as_at(table, "2024-03-31", framework="all")["provider"]
    without_one = table[table["provider"] != open_on_the_day.iloc[0]]
    assert called(without_one) == ("All 150 authorities here", "Children’s services: 150 local authorities")
    assert called(table[table["provider"].isin(open_on_the_day)])[0] == "England"  # those that had closed need not be there
    assert called(table[table["region"] == "London"])[1] == "Children’s services: 33 local authorities, London"
    assert called(table.assign(provider="X" + table["provider"].astype(str)))[1] == "Inspection outcomes"


# 24


def test_rule_24_freq_has_one_meaning_and_its_periods_are_those_of_periods() -> None:
    table = sif.load_inspections().query("framework == 'ILACS'")
    for named, offset in (("academic", "YE-AUG"), ("financial", "YE-MAR")):
        cut = sif.periods(table, freq=named)
        for freq in (offset, pd.tseries.frequencies.to_offset(offset)):
            pd.testing.assert_frame_equal(sif.periods(table, freq=freq), cut)
            for method in ("cochran-armitage", "jonckheere"):
                by_name = sif.trend(table, method=method, freq=named)
                pd.testing.assert_frame_equal(sif.trend(table, method=method, freq=freq), by_name)
            pd.testing.assert_frame_equal(sif.transitions(table, freq=freq), sif.transitions(table, freq=named))
        ends = cut["period_end"].iloc[:-1]  # the last lies beyond the data
        dates = sif.series(table, start=cut["period_start"].min(), end=ends.max(), freq=named)["as_at"]
        assert dates.tolist() == ends.tolist()


NO_PERIODS = [
    "h",
    "6h",
    "min",
    pd.offsets.Hour(24),
    "bh",
    pd.DateOffset(hours=12),
    pd.DateOffset(days=1, hours=3),
    pd.DateOffset(days=-1),
    pd.DateOffset(years=0),
    pd.DateOffset(month=3),
]


@pytest.mark.parametrize("freq", NO_PERIODS, ids=str)
def test_rule_24_an_offset_shorter_than_a_day_is_an_error_everywhere(freq: object) -> None:
    asked = [
        lambda: sif.periods(kept(), freq=freq),
        lambda: sif.transitions(kept(), freq=freq),
        lambda: sif.series(kept(), start="2020-01-01", end="2020-03-01", freq=freq),
        lambda: sif.trend(kept(), freq=freq),
        lambda: sif.trend(kept(), method="cochran-armitage", freq=freq),
    ]
    for ask in asked:
        with pytest.raises(ValueError, match=r"freq=.* names no periods; .* of a day or more"):
            ask()


def test_rule_24_by_is_the_second_argument_and_dates_that_are_needed_stand_before_it() -> None:
    for name in sif.__all__:
        function = getattr(sif, name)
        if not inspect.isfunction(function) or "by" not in (parameters := inspect.signature(function).parameters):
            continue
        before = list(parameters)[1 : list(parameters).index("by")]
        assert set(before) <= {"date", "dates", "date_from", "date_to"}, name
        assert parameters["by"].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD, name


# 25


def test_rule_25_tables_that_share_providers_are_no_two_samples() -> None:
    then, now = (sif.as_at(sif.load_inspections(), date, framework="all") for date in ("2020-03-31", "2024-03-31"))
    with pytest.warns(sif.SharedProvidersWarning, match=r"of 15\d providers are in both tables.*paired=True"):
        sif.compare(now, then)
    sif.compare(now, then, paired=True)
    london = now["region"] == "London"
    sif.compare(now[london], now[~london])
    # Keys are compared as text.
    with pytest.warns(sif.SharedProvidersWarning, match="1 of 1 providers"):
        sif.compare(twice(7), twice("7 "))


# 26


def test_rule_26_a_count_is_a_whole_number_between_0_and_n() -> None:
    for ask in (sif.percent, sif.proportion_interval):
        for count, n in ((3, 2), (-1, 2), ([1, 4], [2, 3])):
            with pytest.raises(ValueError, match=r"count is -?\d of n = \d.*; it lies between 0 and n"):
                ask(count, n)
        for share in (0.5, [1, 1.5]):
            with pytest.raises(TypeError, match="count must be whole numbers"):
                ask(share, 2)
        ask(1.0, 2.0)  # whole, whatever its dtype


def test_rule_26_masked_values_give_nan_and_integers_of_any_size_are_exact() -> None:
    masked = np.ma.array([1, 99, 3], mask=[False, True, False])
    for result in (sif.percent(masked, 4), *sif.proportion_interval(masked, 4)):
        assert np.isnan(result).tolist() == [False, True, False]
    for n in (10**30, 2**63, 2**200):
        assert sif.percent(n // 2, n) == 50
        assert sif.percent(n // 2 - n // 200 - 1, n) == 49
        assert [float(bound) for bound in sif.proportion_interval(n // 2, n)] == pytest.approx([0.5, 0.5], abs=1e-8)
        with pytest.raises(ValueError, match=f"count is {n + 1} of n = {n}"):
            sif.percent(n + 1, n)


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


@pytest.mark.parametrize("word", ["N/A", "n/a ", "Not applicable", "-", "NULL"])
def test_a_framework_that_is_a_word_for_none_is_missing(word):
    with pytest.warns(sif.FrameworkMissingWarning, match="2 graded inspections whose framework is missing, the first in row 1"):
        sif.spells(of_missing_frameworks(framework=["SIF", word, "ILACS", None, None]), framework=["SIF", "ILACS"])


@pytest.mark.parametrize("name", CALLS_OF_FRAMEWORKS)
def test_spaces_and_letters_of_another_case_make_no_other_framework(name):
    call = CALLS_OF_FRAMEWORKS[name]
    plain = of_missing_frameworks(framework="SIF")
    spaced = of_missing_frameworks(framework=["SIF", " SIF", "SIF ", "sif", "\u00a0SIF"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for which in ({}, {"framework": "SIF"}, {"framework": " sif "}):
            ours, theirs = (call(table, **which) for table in (spaced, plain))
            if isinstance(ours, pd.DataFrame):
                ours, theirs = (found.drop(columns="framework", errors="ignore") for found in (ours, theirs))
                pd.testing.assert_frame_equal(ours, theirs)
