"""Counts by group agree with pandas on every kind of column, and the codes of a table are counted where they lie."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif

LABELS = ["Inadequate", "Requires improvement", "Good", "Outstanding"]


def table_of(generator: np.random.Generator, rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "overall_effectiveness": sif.grades(generator.choice([*LABELS, None], rows)),
            "leadership": sif.grades(generator.choice([*LABELS, None], rows)),
            "region": generator.choice(["North", "South", "East", None], rows),
            "year": generator.integers(2015, 2019, rows),
            "pupils": generator.choice([np.nan, 1.5, 10, 0], rows),
        }
    )


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("by", ["region", "year", ["region", "year"], ["year", "region"]], ids=str)
def test_counts_are_those_of_pandas(seed: int, by: str | list[str]) -> None:
    table = table_of(np.random.default_rng(seed), 60)
    listed = [by] if isinstance(by, str) else by
    counted = sif.aggregate(table, by)
    grouped = table.groupby(listed, dropna=False, sort=True)["overall_effectiveness"]
    for label in LABELS:
        expected = grouped.agg(lambda grades, label=label: (grades == label).sum())
        assert counted[label.lower().replace(" ", "_")].tolist() == expected.tolist()
    assert counted["n"].tolist() == grouped.size().tolist()
    assert counted["n_not_judged"].tolist() == grouped.agg(lambda grades: grades.isna().sum()).tolist()
    keys = grouped.size().reset_index()[listed]
    assert counted[listed].astype(str).to_numpy().tolist() == keys.astype(str).to_numpy().tolist()


@pytest.mark.parametrize("seed", range(20))
def test_sums_of_weights_are_those_of_pandas(seed: int) -> None:
    table = table_of(np.random.default_rng(seed), 60)
    counted = sif.aggregate(table, "year", weights="pupils").set_index("year")
    expected = table.groupby(["year", "overall_effectiveness"], observed=False)["pupils"].sum().unstack()
    np.testing.assert_allclose(counted[["inadequate", "requires_improvement", "good", "outstanding"]], expected)
    assert counted["n_without_weight"].tolist() == table["pupils"].isna().groupby(table["year"]).sum().tolist()


@pytest.mark.parametrize("dtype", ["category", "string", object, "string[pyarrow]"])
def test_the_kind_of_a_group_column_does_not_matter(dtype: object) -> None:
    if dtype == "string[pyarrow]":
        pytest.importorskip("pyarrow")
    table = table_of(np.random.default_rng(1), 50)
    counted = sif.aggregate(table.assign(region=table["region"].astype(dtype)), "region")
    assert counted["region"].astype(object).where(counted["region"].notna(), None).tolist() == ["East", "North", "South", None]
    assert counted["n"].tolist() == table.groupby("region", dropna=False).size().tolist()


def test_several_judgements_give_a_row_each_within_their_group() -> None:
    table = table_of(np.random.default_rng(2), 50)
    both = sif.aggregate(table, "year", judgement=["overall_effectiveness", "leadership"])
    assert both.columns[:3].tolist() == ["year", "judgement", "n"]
    assert both["judgement"].tolist() == ["overall_effectiveness", "leadership"] * 4
    for judgement in ("overall_effectiveness", "leadership"):
        alone = sif.aggregate(table, "year", judgement=judgement)
        mine = both[both["judgement"] == judgement].drop(columns="judgement").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, alone)


def test_judgements_of_unlike_scales_are_an_error() -> None:
    with pytest.raises(ValueError, match="is not a grade of the scale FOUR_POINT"):
        sif.aggregate({"a": ["Good"], "b": ["Met"]}, judgement=["a", "b"])


@pytest.mark.parametrize("interval", ["wilson", "clopper-pearson", "jeffreys"])
def test_shares_and_bounds_are_those_of_the_counts(interval: str) -> None:
    counted = sif.aggregate(table_of(np.random.default_rng(3), 200), "year", interval=interval, level=0.9)
    lower, upper = sif.proportion_interval(counted["good_or_outstanding"], counted["n_judged"], method=interval, level=0.9)
    np.testing.assert_array_equal(counted["lower"], lower)
    np.testing.assert_array_equal(counted["upper"], upper)
    np.testing.assert_array_equal(counted["share_good"], counted["good"] / counted["n_judged"])
    total = counted[["outstanding", "good", "requires_improvement", "inadequate"]].sum(axis=1)
    assert (total == counted["n_judged"]).all()


def test_the_codes_of_a_large_table_are_not_copied() -> None:
    rows = 3_000_000
    generator = np.random.default_rng(4)
    table = pd.DataFrame(
        {
            "overall_effectiveness": pd.Categorical.from_codes(generator.integers(-1, 4, rows, dtype=np.int8), dtype=sif.FOUR_POINT.dtype),
            "provider": pd.Categorical.from_codes(generator.integers(-1, 153, rows, dtype=np.int16), categories=range(153)),
        }
    )
    sif.aggregate(table.iloc[:10], "provider")
    tracemalloc.start()
    sif.aggregate(table, "provider", threads=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000  # bytes; a copy of the smaller column would be 3,000,000


def test_threads_change_nothing() -> None:
    table = table_of(np.random.default_rng(5), 30_001)
    one = sif.aggregate(table, "region", threads=1)
    pd.testing.assert_frame_equal(sif.aggregate(table, "region", threads=3), one)
    with pytest.raises(ValueError, match=r"^threads is 0; 1 or more are needed"):
        sif.aggregate(table, threads=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": "regoin"}, "by='regoin': the table has no such column; nearest: 'region'"),
        ({"judgement": "leadersip"}, "judgement='leadersip': the table has no such column; nearest: 'leadership'"),
        ({"weights": "region"}, r"weights='region', row 0: .*weights are numbers"),
        ({"weights": "pupil"}, "^weights='pupil': the table has no such column; nearest: 'pupils'"),
        ({"interval": "wald"}, "unknown interval 'wald'"),
        ({"by": ["year", "year"]}, "by names 'year' twice"),
        ({"judgement": ["leadership", "leadership"]}, "^judgement names 'leadership' twice"),
        ({"judgement": []}, "^judgement names no column$"),
    ],
)
def test_what_a_user_gets_wrong_is_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sif.aggregate(table_of(np.random.default_rng(6), 9), **arguments)


def test_what_is_no_table_is_named() -> None:
    with pytest.raises(TypeError, match=r"a table of inspections is .* not list"):
        sif.aggregate([1, 2, 3])
    with pytest.raises(ValueError, match=r"lengths differ: .* overall_effectiveness has 2, region has 3"):
        sif.aggregate({"overall_effectiveness": [1, 2], "region": ["a", "b", "c"]})
    doubled = pd.DataFrame([[1, 2]], columns=["overall_effectiveness"] * 2)
    with pytest.raises(ValueError, match="2 columns of that name"):
        sif.aggregate(doubled)


def test_counts_pass_on_what_was_said_of_their_rows() -> None:
    state = sif.as_at(sif.load_inspections(), "2024-03-31", framework="SIF")
    assert sif.aggregate(state, "region").attrs == {"as_at": "2024-03-31", "published_by": "2024-03-31", "framework": ["SIF"]}
    assert sif.aggregate(pd.DataFrame({"overall_effectiveness": ["Good"]})).attrs == {}


def test_the_share_good_enough_has_wilsons_interval_beside_goodmans():
    table = pd.DataFrame({"overall_effectiveness": ["Good"] * 3 + ["Inadequate"] * 4 + ["Outstanding"]})
    wilson, goodman = (sif.aggregate(table, interval=name) for name in ("wilson", "goodman"))
    assert goodman[["lower", "upper"]].to_numpy().tolist() == wilson[["lower", "upper"]].to_numpy().tolist()
    assert (goodman["lower_good"] < goodman["upper_good"]).all()


def test_several_judgements_are_weighted_each_on_its_own():
    table = pd.DataFrame(
        {
            "region": ["North", "North", "South", "South"],
            "overall_effectiveness": ["Good", "Inadequate", "Good", None],
            "impact_of_leaders": ["Inadequate", "Good", "Outstanding", "Good"],
            "pupils": [1.0, 2.0, np.nan, 5.0],
        }
    )
    judgements = ["overall_effectiveness", "impact_of_leaders"]
    both = sif.aggregate(table, "region", judgement=judgements, weights="pupils")
    for name in judgements:
        alone = sif.aggregate(table, "region", judgement=name, weights="pupils")
        of_both = both[both["judgement"] == name].drop(columns="judgement").reset_index(drop=True)
        pd.testing.assert_frame_equal(of_both, alone)


def test_a_weight_that_is_no_number_is_refused_in_words_that_name_it():
    table = pd.DataFrame({"overall_effectiveness": ["Good"], "pupils": ["many"]})
    with pytest.raises(ValueError, match=r"^weights='pupils', row 0: 'many' is no number; weights are numbers$"):
        sif.aggregate(table, weights="pupils")
