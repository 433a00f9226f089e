"""An analyst who adds Ofsted's next release gets one row per inspection, and is told what changed."""

import itertools

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif.reading.pairs import each_once


def releases(*rows, columns="provider inspection_number inspection_start overall_effectiveness leadership", **more):
    table = pd.DataFrame(rows, columns=columns.split())
    table["inspection_start"] = pd.to_datetime(table["inspection_start"]).astype("datetime64[s]")
    for name in ("overall_effectiveness", "leadership"):
        table[name] = sif.grades(table[name])
    return table.assign(**more)


OLD = ["SC1", "326164", "2015-03-27", 2, 2]


@pytest.mark.parametrize(
    ("newer", "same"),
    [
        (["SC1", "326164", "2015-03-27", 2, 2], True),
        (["SC1", "326164", "2016-03-27", 4, 2], True),  # the number is the key within one system
        (["SC1", "10006164", "2015-03-17", 2, 2], True),  # another system, another day, the same grades
        (["SC1", "10006164", "2015-03-08", 2, 2], True),  # 19 days, the most that was seen
        (["SC1", "10006164", "2015-03-06", 2, 2], False),
        (["SC1", "10006164", "2015-03-17", 3, 2], False),  # a grade differs
        (["SC1", "10006164", "2015-03-17", 2, 3], True),  # of 42 of the 307 real pairs a judgement below the overall one was restated
        (["SC1", "972292", "2015-03-29", 2, 2], True),  # both systems have numbers of six digits
        (["SC1", "ITS326164", "2015-03-27", 2, 2], True),
        (["SC1", "10006164", "2015-03-27", 3, 3], True),  # the same day: corrected grades
        (["SC1", "326165", "2015-03-27", 2, 2], False),  # two inspections on one day, each with its number
        (["SC1", None, "2015-03-30", 2, 2], True),
        (["SC2", "10006164", "2015-03-27", 2, 2], False),
    ],
)
def test_the_same_inspection_is_found_again(newer, same):
    combined, report = sif.combine(releases(OLD), releases(newer), return_report=True)
    assert len(combined) == (1 if same else 2)
    assert report.attrs["added"] == (0 if same else 1)


def test_the_newer_release_wins_and_blanks_keep_the_older():
    newer = releases(["SC1", "326164", "2015-03-28", 3, None], sector="Private")
    combined, report = sif.combine(releases(OLD, region="London"), newer, return_report=True)
    assert combined.iloc[0].tolist() == ["SC1", "326164", pd.Timestamp("2015-03-28"), "Requires improvement", "Good", "London", "Private"]
    assert report[["what", "column", "before", "after"]].values.tolist() == [
        ["changed", "inspection_start", pd.Timestamp("2015-03-27"), pd.Timestamp("2015-03-28")],
        ["changed", "overall_effectiveness", "Good", "Requires improvement"],
    ]
    assert report.attrs == {"added": 0, "changed": 1, "same": 0, "kept": 0}


def test_columns_keep_their_kinds():
    older, newer = releases(OLD), releases(["SC1", "2", "2016-03-27", 1, None])
    older["region"] = pd.Categorical(["London"])
    newer["region"] = pd.Categorical(["South East"])
    combined = sif.combine(older, newer)
    assert combined["region"].tolist() == ["London", "South East"]
    assert combined["overall_effectiveness"].cat.ordered
    assert combined["inspection_start"].dtype == "datetime64[s]"
    assert sif.aggregate(combined)["n_judged"].tolist() == [2]


def test_a_column_that_was_blank_throughout_is_filled():
    older, newer = releases(OLD), releases(["SC1", "2", "2016-03-27", 1, None])
    older["provider_name"] = pd.Categorical([None])
    newer["provider_name"] = pd.Categorical(["A Home"])
    assert sif.combine(older, newer)["provider_name"].astype(object).fillna("").tolist() == ["", "A Home"]


def test_the_newer_opening_of_a_provider_holds_for_all_its_rows():
    older = releases(OLD, ["SC2", "2", "2015-01-01", 1, 1], opened=pd.Timestamp("2001-01-01"))
    newer = releases(["SC1", "10000001", "2016-03-27", 1, None], opened=pd.Timestamp("2001-02-01"))
    combined = sif.combine(older, newer)
    assert combined["opened"].tolist() == [pd.Timestamp("2001-02-01"), pd.Timestamp("2001-01-01"), pd.Timestamp("2001-02-01")]
    assert len(sif.as_at(combined, "2017-01-01")) == 2


def test_graded_is_filled_where_one_table_lacks_it():
    newer = releases(["SC1", "2", "2016-03-27", None, None], graded=False)
    combined = sif.combine(releases(OLD), newer)
    assert combined["graded"].tolist() == [True, False]
    assert combined["graded"].dtype == bool


def test_a_visit_is_not_an_inspection_on_the_same_day():
    newer = releases(["SC1", "326199", "2015-03-27", None, None], graded=False)
    assert len(sif.combine(releases(OLD, graded=True), newer)) == 2


def test_combining_with_itself_changes_nothing():
    table = sif.load_inspections()
    combined, report = sif.combine(table, table, return_report=True)
    pd.testing.assert_frame_equal(combined, table)
    assert report.empty
    assert report.attrs == {"added": 0, "changed": 0, "same": 716, "kept": 0}


def test_the_table_in_pieces_comes_together_again():
    table = sif.load_inspections()
    order = table.sample(frac=1, random_state=1).index
    combined = table.iloc[:0]
    for part in itertools.batched(order, 200) if hasattr(itertools, "batched") else [order[at : at + 200] for at in range(0, 716, 200)]:
        combined = sif.combine(combined, table.loc[list(part)])
    assert len(combined) == 716
    keys = ["provider", "framework", "published", "help_and_protection", "children_in_care"]
    key = lambda frame: frame[keys].astype(str).sort_values(keys).values.tolist()  # noqa: E731
    assert key(combined) == key(table)


@pytest.mark.parametrize("n_rows", [5, 70_000])
@pytest.mark.parametrize("name", ["provider", "region"])
@pytest.mark.parametrize("which", [0, 1])
def test_a_text_that_is_none_is_named_by_its_table_and_the_row_there(name, which, n_rows):
    for row in (0, 1, n_rows - 1):
        tables = [many(n_rows), many(n_rows)]
        tables[which].loc[row, name] = "half \ud800"
        table = ("older", "newer")[which]
        with pytest.raises(ValueError, match=f"^the {table} table, column '{name}', row {row}: this text holds half a character"):
            sif.combine(*tables)


def many(n_rows):
    """Inspections of as many providers, their text as Python's own strings."""
    keys = [f"P{number}" for number in range(n_rows)]
    table = pd.DataFrame(
        {"provider": keys, "inspection_start": pd.Timestamp("2015-01-01"), "overall_effectiveness": "Good", "region": "London"}
    )
    return table.astype({"provider": object, "region": object})


@pytest.mark.parametrize("others", ["string", "large_string", "object"])
@pytest.mark.parametrize("which", [0, 1])
def test_bytes_that_are_no_text_are_named_by_their_table_and_the_row_there(which, others):
    pa = pytest.importorskip("pyarrow")
    bad = pa.Array.from_buffers(pa.string(), 3, pa.array([b"London", b"Lon\xff", b"York"], pa.binary()).buffers())
    tables = [many(3), many(3)]
    tables[which]["region"] = pd.arrays.ArrowExtensionArray(pa.chunked_array([bad]))
    if others != "object":
        kind = pa.large_string() if others == "large_string" else pa.string()
        tables[1 - which]["region"] = pd.array(["London", "Leeds", None], dtype=pd.ArrowDtype(kind))
    with pytest.raises(
        ValueError, match=f"^the {('older', 'newer')[which]} table, column 'region', row 1: this text holds half a character"
    ):
        sif.combine(*tables)


MOMENTS = np.array(["2020-01-01T00:00:00.5", "2020-01-02"], dtype="datetime64[ns]")


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([1, 2], [1.0, 2.5]),
        ([1, 2], [1.0, 1e30]),
        ([1, 2], [1.0, np.inf]),
        (np.array([1, 2], dtype=np.int8), [1, 300]),
        (np.array([1, 2], dtype=np.uint8), [1, -1]),
        (pd.array([1, 2], dtype="Int8"), pd.array([1, 300], dtype="Int64")),
        (np.array([1.5, 2.2], dtype=np.float32), [1.5, 2.3]),
        ([2**60 + 1, 3], [2**60 + 1.0, 2.5]),
        ([1.5, 2.5], [2**60 + 1, 3]),
        ([True, False], ["No", "No"]),
        ([True, False], [1, 5]),
        (np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[s]"), MOMENTS),
        ([[1], [2, 3]], [[1], [2, 4]]),
        ([np.array([1]), np.array([2, 3])], [np.array([1]), np.array([2, 4])]),
    ],
)
def test_values_of_another_type_come_out_as_the_newer_release_has_them(before, after, more):
    providers = [["SC1", "1", "2015-03-27", 1, 1], ["SC2", "2", "2015-03-27", 1, 1], ["SC3", "3", "2015-03-27", 1, 1]]
    older = releases(*providers[:2]).assign(x=pd.Series(before))
    newer = releases(*providers[: 2 + more]).assign(x=pd.Series([*after, *after[:more]], dtype=pd.Series(after).dtype))
    combined, report = sif.combine(older, newer, return_report=True)
    for row, value in enumerate(newer["x"]):
        assert np.array_equal(combined["x"].iloc[row], value)
    changed = report[report["column"] == "x"]
    for provider, told in zip(changed["provider"], changed["after"], strict=True):
        assert np.array_equal(combined.loc[combined["provider"] == provider, "x"].iloc[0], told)


@pytest.mark.parametrize("kind", ["pandas", "arrow", "polars"])
@pytest.mark.parametrize("value", [True, 2**60 + 1])
def test_what_one_release_does_not_have_is_missing_and_the_rest_as_it_was(kind, value):
    tables = [releases(OLD).assign(x=value), releases(OLD, ["SC2", "2", "2015-01-01", 1, 1])]
    if kind != "pandas":
        pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
        tables = [pa.Table.from_pandas(table, preserve_index=False) for table in tables]
        tables = [pl.from_arrow(table) for table in tables] if kind == "polars" else tables
    for pair in (tables, tables[::-1]):
        found = sif.combine(*pair)["x"]
        found = found.to_pylist() if kind == "arrow" else found.to_list()
        assert found[0] == value
        assert pd.isna(found[1])


def test_a_time_of_day_is_kept_beside_dates_of_polars():
    pl = pytest.importorskip("polars")
    older, newer = (pl.from_pandas(releases(OLD).drop(columns="published", errors="ignore")) for _ in range(2))
    older = older.with_columns(x=pl.lit("2020-01-01").str.to_date())
    newer = newer.with_columns(x=pl.lit("2020-01-01 05:00").str.to_datetime("%Y-%m-%d %H:%M"))
    assert str(sif.combine(older, newer)["x"][0]) == "2020-01-01 05:00:00"


def test_writing_to_the_result_leaves_the_older_table_as_it_was():
    for newer in (releases(OLD), releases(OLD)[:0], pd.DataFrame({"provider": ["SC1"], "opened": pd.to_datetime(["2000-01-01"])})):
        older = releases(OLD)
        combined = sif.combine(older, newer)
        combined.loc[0, "overall_effectiveness"] = None
        combined.loc[0, "provider"] = "changed"
        pd.testing.assert_frame_equal(older, releases(OLD))


def test_inputs_are_not_changed():
    older, newer = releases(OLD), releases(["SC1", "326164", "2015-03-28", 3, None])
    before = older.copy(), newer.copy()
    sif.combine(older, newer)
    pd.testing.assert_frame_equal(older, before[0])
    pd.testing.assert_frame_equal(newer, before[1])


def test_one_judgement_on_two_scales_is_refused():
    older = releases(OLD)
    newer = releases(["SC1", "326164", "2015-03-28", 3, None])
    newer["leadership"] = sif.grades(["Exceptional"], sif.REPORT_CARD)
    with pytest.raises(ValueError, match="'leadership' is on the scale FOUR_POINT in one table and REPORT_CARD in the other"):
        sif.combine(older, newer)


def test_a_row_without_a_provider_is_refused():
    with pytest.raises(ValueError, match=r"^the newer table, column 'provider', row 0: the provider is missing"):
        sif.combine(releases(OLD), releases([None, *OLD[1:]]))


# ---- reconcile


def test_differences_are_named():
    mine = releases(OLD, ["SC2", "2", "2015-01-01", 1, 1], ["SC3", "3", "2015-01-01", 1, 1], ["SC5", "5", "2015-01-01", 1, 1])
    theirs = releases(OLD, ["SC2", "2", "2015-01-01", 4, 1], ["SC3", "3", "2015-02-01", 1, 1], ["SC4", "4", "2015-01-01", None, 1])
    found = sif.reconcile(mine, theirs)
    assert found[["provider", "difference"]].values.tolist() == [
        ["SC2", "another grade"], ["SC3", "another inspection"], ["SC4", "only in published"], ["SC5", "only in mine"]
    ]  # fmt: skip
    assert found["mine"].astype(object).fillna("").tolist() == ["Outstanding", "Outstanding", "", "Outstanding"]
    assert found["published_inspected"].tolist()[:3] == [pd.Timestamp("2015-01-01"), pd.Timestamp("2015-02-01"), pd.Timestamp("2015-01-01")]
    assert found["mine"].cat.ordered


def test_lists_that_agree_give_no_row():
    assert sif.reconcile(releases(OLD), releases(OLD)).empty


def test_a_provider_twice_is_refused():
    with pytest.raises(ValueError, match="mine: provider SC1 is in it 2 times; as_at gives one row per provider"):
        sif.reconcile(releases(OLD, OLD), releases(OLD))


@pytest.mark.parametrize("seed", range(40))
def test_of_pairs_that_rule_one_another_out_the_most_certain_is_kept(seed):
    rng = np.random.default_rng([seed, 41])
    n = int(rng.integers(0, 60))
    old, new = rng.integers(0, 1 + n // 2, n), rng.integers(0, 1 + n // 2, n)
    kept = []
    for pair in zip(old.tolist(), new.tolist(), strict=True):
        if all(pair[0] != row and pair[1] != match for row, match in kept):
            kept.append(pair)
    assert [tuple(pair) for pair in each_once(old, new).tolist()] == kept


@pytest.mark.parametrize("name", ["Region", "REGION ", "region_"])
def test_columns_whose_names_are_written_otherwise_are_one(name):
    older, newer = releases(OLD, region="London"), releases(["SC1", "326164", "2015-03-27", 2, 3], **{name: "Leeds"})
    combined, report = sif.combine(older, newer, return_report=True)
    assert combined.columns.tolist() == older.columns.tolist()
    assert combined["region"].tolist() == ["Leeds"]
    assert report[["column", "before", "after"]].values.tolist()[-1] == ["region", "London", "Leeds"]
    grade = newer.rename(columns={"overall_effectiveness": "Overall effectiveness"})
    assert sif.combine(older, grade).columns.tolist() == [*older.columns, *([name] if name in older else [])]
    both = sif.combine(older, newer.assign(region="York"))  # of two that are called nearly so one is the same
    assert both[["region", name]].values.tolist() == [["York", "Leeds"]]


@pytest.mark.parametrize(
    ("name", "other"), [("inspection_start", "Inspection date"), ("published", "Publication date"), ("closed", "Close date")]
)
def test_a_date_of_another_name_is_not_put_beside_that_of_the_other_release(name, other):
    older = releases(OLD, published=pd.Timestamp("2015-04-27"), closed=pd.NaT)
    newer = older.rename(columns={name: other}).assign(**{other: pd.Timestamp("2016-01-01")})
    with pytest.raises(
        sif.MissingColumnError, match=f"the newer table has no column {name!r}, but {other!r}: .*rename.columns=.*{other!r}: {name!r}"
    ):
        sif.combine(older, newer)
    with pytest.raises(sif.MissingColumnError, match=f"the older table has no column {name!r}, but {other!r}"):
        sif.combine(newer, older)
    assert len(sif.combine(older, newer.rename(columns={other: "remark"}).drop(columns="remark"))) == 1


def test_lists_are_not_compared_without_a_date_that_one_of_them_calls_otherwise():
    mine = releases(OLD)
    other = mine.assign(inspection_start=pd.Timestamp("2014-03-27"))
    assert sif.reconcile(mine, other)["difference"].tolist() == ["another inspection"]
    with pytest.raises(sif.MissingColumnError, match="no column 'inspection_start', but 'Date of inspection': rename it"):
        sif.reconcile(mine, other.rename(columns={"inspection_start": "Date of inspection"}))
    assert sif.reconcile(mine, other.drop(columns="inspection_start")).empty
