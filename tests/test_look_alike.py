"""Groups whose labels a reader takes for one are told, whatever kind of table they come in."""

import warnings

import pandas as pd
import pytest

import ofsted_sif as sif

ALIKE = {"region": ["North", "north ", "South", None], "code": [1, "1", 2.0, None], "year": ["1", 1.0, "2", "3"]}


def table(**columns):
    of = {
        "provider": [*"abcd"],
        "inspection_start": "2014-01-01",
        "overall_effectiveness": ["Good", "Good", "Inadequate", "Good"],
        **columns,
    }
    return pd.DataFrame(of)


CALLS = {
    "aggregate": sif.aggregate,
    "several": lambda rows, by: sif.aggregate(rows, [by, "provider"]),
    "series": lambda rows, by: sif.series(rows, ["2020-01-01"], by),
    "periods": lambda rows, by: sif.periods(rows, freq="YE", by=by),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("column", "told"), [("region", "'North' and 'north '"), ("code", "1 and '1'"), ("year", "'1' and 1.0|1.0 and '1'")], ids=[*ALIKE]
)
def test_labels_that_look_alike_are_told_and_counted_as_they_are(name, column, told):
    with pytest.warns(
        sif.AlikeLabelsWarning, match=f"^by='{column}': labels that look alike are groups of their own: ({told})\\. "
    ) as caught:
        found = CALLS[name](table(**ALIKE), column)
    assert len(caught) == 1
    assert found["n"].sum() == 4
    cured = table(**ALIKE)
    exec(str(caught[0].message).rpartition("write them alike: ")[2], {"table": cured})
    assert cured[column].isna().tolist() == table(**ALIKE)[column].isna().tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CALLS[name](cured, column)


@pytest.mark.parametrize("dtype", ["object", "category"])
def test_what_the_warning_says_to_type_makes_one_group_and_leaves_the_missing_one(dtype):
    rows = table(region=pd.Series([" North  West", "north west", "North West", None], dtype=dtype))
    with pytest.warns(sif.AlikeLabelsWarning) as caught:
        sif.aggregate(rows, "region")
    exec(str(caught[0].message).rpartition("write them alike: ")[2], {"table": rows})
    counted = sif.aggregate(rows, "region")
    assert counted["n"].tolist() == [3, 1]
    assert counted["region"].isna().tolist() == [False, True]


@pytest.mark.parametrize("kind", ["polars", "lazy", "arrow", "dictionary", "parquet", "csv", "category", "dask"])
def test_they_are_told_in_every_kind_of_table(kind, tmp_path):
    rows = table(region=ALIKE["region"])
    if kind in ("parquet", "csv"):
        pytest.importorskip("pyarrow")
        given = tmp_path / f"rows.{kind}"
        rows.to_parquet(given) if kind == "parquet" else rows.to_csv(given, index=False)
    elif kind == "dask":
        given = pytest.importorskip("dask.dataframe").from_pandas(rows, npartitions=2)
    elif kind == "category":
        given = rows.astype({"region": "category"})
    elif kind in ("polars", "lazy"):
        given = pytest.importorskip("polars").from_pandas(rows)
        given = given.lazy() if kind == "lazy" else given
    else:
        given = pytest.importorskip("pyarrow").Table.from_pandas(rows.astype({"region": "category"}) if kind == "dictionary" else rows)
    with pytest.warns(sif.AlikeLabelsWarning, match="'North' and 'north '") as caught:
        sif.aggregate(given, "region")
    assert len(caught) == 1


@pytest.mark.parametrize(
    "labels",
    [
        ["N", "S", "E", None],
        [1, 2, 3, None],
        [1.0, 1.5, 2.0, 0.0],
        [True, False, None, True],
        pd.to_datetime(["2020-01-01"] * 4),
        ["1", "10", "01", "1.0"],
    ],
    ids=str,
)
def test_labels_that_are_told_apart_are_not_told(labels):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sif.aggregate(table(by=labels), "by")


def test_a_category_that_no_row_has_looks_like_no_other():
    rows = table(region=pd.Categorical(["North", "North", "South", "South"], categories=["North", "north", "South"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sif.aggregate(rows, "region")["n"].tolist() == [2, 2]
