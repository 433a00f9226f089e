"""Shares of rows that depend on one another, or that have weights: effective numbers against R and against their definition."""

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif

GRADE = "overall_effectiveness"


def words(good):
    return sif.grades(np.where(np.asarray(good, dtype=bool), "Good", "Inadequate"))


def many(seed, n=600, groups=40, providers=60):
    """Rows of groups, of which several are of one provider; some of a group alone, some without provider or grade."""
    rng = np.random.default_rng(seed)
    grade = words(rng.random(n) < 0.6).astype(object)
    grade[rng.random(n) < 0.1] = None
    provider = rng.integers(0, providers, n).astype(object)
    provider[rng.random(n) < 0.1] = None
    group = np.minimum(rng.integers(0, 2 * groups, n), groups)
    return pd.DataFrame({"group": group, "provider": provider, GRADE: grade, "w": rng.choice([0.5, 1, 2, 7, np.nan], n)})


def by_definition(part, weight):
    """Clusters and the effective number of rows, with loops."""
    part = part[part[GRADE].notna() & weight.notna()]
    w, y = weight[part.index].to_numpy(), (part[GRADE] == "Good").to_numpy(dtype=float)
    if not len(part) or not w.sum():
        return len(part), np.nan
    clusters = part["provider"].where(part["provider"].notna(), pd.Series([f"own {i}" for i in part.index], part.index))
    number, share, kish = clusters.nunique(), (w * y).sum() / w.sum(), w.sum() ** 2 / (w**2).sum()
    if number == len(part):
        return number, kish
    if number == 1:
        return 1, np.nan
    sums = [(w * (y - share))[(clusters == one).to_numpy()].sum() for one in clusters.unique()]
    if share in (0, 1):
        return number, min(kish, number)
    spread = number / (number - 1) * sum(s * s for s in sums) / w.sum() ** 2
    return number, min(kish, share * (1 - share) / spread) if spread > 0 else kish


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("seed", range(4))
def test_the_effective_number_of_rows_is_its_definition(seed, weights):
    table = many(seed)
    found = sif.aggregate(table, "group", cluster="auto", weights=weights)
    for _, row in found.iterrows():
        part = table[table["group"] == row["group"]]
        number, n_eff = by_definition(part, part["w"] if weights else pd.Series(1.0, part.index))
        assert row["n_clusters"] == number
        np.testing.assert_allclose(row["n_eff"], n_eff, rtol=1e-10)
    without = sif.aggregate(table, "group", weights=weights)
    assert (found["share_good_or_outstanding"].fillna(9) == without["share_good_or_outstanding"].fillna(9)).all()
    assert (found["n"] == without["n"]).all()


# As the package names what the script of R calls share, n_eff, lower and upper.
OF_R = {"share_good_or_outstanding": "share", "n_eff": "n_eff", "lower": "lower", "upper": "upper"}


def test_shares_of_inspections_have_the_bounds_of_r(told_by_r):
    table = sif.load_inspections().query("framework == 'ILACS'")
    whole, regions = sif.aggregate(table, cluster="auto"), sif.aggregate(table, "region", cluster="auto")
    assert whole.loc[0, ["n_judged", "n_clusters"]].tolist() == [313, 156]
    found = pd.concat([whole.assign(region="all"), regions.astype({"region": str})]).set_index("region").rename(columns=OF_R)
    of_r = told_by_r("shares")["clusters"]
    assert set(found.index) == set(of_r)
    for region, values in of_r.items():
        assert found.loc[region, list(values)].to_dict() == pytest.approx(values, rel=1e-12), region


def test_weighted_shares_have_the_bounds_of_r(told_by_r):
    table = pd.DataFrame({GRADE: words([1, 0, 1, 1, 0, 1, 0, 1, 0, 1]), "w": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]})
    expected = told_by_r("shares")["weights"]["all"]
    found = sif.aggregate(table, weights="w").rename(columns=OF_R).iloc[0]
    assert found[list(expected)].to_dict() == pytest.approx(expected, rel=1e-12)
    for factor in (1e-200, 1e-3, 3, 1e140):  # weights have no unit
        scaled = sif.aggregate(table.assign(w=table["w"] * factor), weights="w").iloc[0]
        assert scaled.rename(OF_R)[list(expected)].to_dict() == pytest.approx(expected, rel=1e-12)
    ones = sif.aggregate(table.assign(w=0.7), weights="w").iloc[0]
    plain = sif.aggregate(table).iloc[0]
    np.testing.assert_allclose(ones[["n_eff", "lower", "upper"]].astype(float), [10, plain["lower"], plain["upper"]], rtol=1e-14)


def test_where_no_provider_repeats_bounds_are_those_of_rows_to_the_bit():
    table = pd.DataFrame({GRADE: words(np.arange(30) % 3 > 0), "provider": range(30), "group": np.arange(30) % 4})
    for interval in ("wilson", "jeffreys", "clopper-pearson"):
        one = sif.aggregate(table, "group", cluster="auto", interval=interval)
        assert one["n_clusters"].tolist() == one["n_eff"].tolist() == one["n_judged"].tolist()
        pd.testing.assert_frame_equal(one.drop(columns=["n_clusters", "n_eff"]), sif.aggregate(table, "group", interval=interval))


def test_what_one_provider_alone_has_cannot_be_told_nor_what_nobody_has():
    table = pd.DataFrame({GRADE: words([1, 0, 1]), "provider": ["a", "a", "a"]})
    one = sif.aggregate(table, cluster="auto").iloc[0]
    assert one[["n_judged", "n_clusters"]].tolist() == [3, 1]
    assert one[["n_eff", "lower", "upper"]].isna().all()
    none = sif.aggregate(table.iloc[:0], cluster="auto").iloc[0]
    assert none[["lower", "upper", "share_good"]].isna().all()
    zero = sif.aggregate(table.assign(w=0.0), weights="w").iloc[0]
    assert zero[["n_eff", "lower", "upper"]].isna().all()
    all_good = sif.aggregate(pd.DataFrame({GRADE: words([1, 1, 1, 1]), "provider": ["a", "a", "b", "c"]}), cluster="auto").iloc[0]
    assert (all_good["n_eff"], all_good["upper"]) == (3, 1)
    assert all_good["lower"] == sif.proportion_interval(3, 3)[0]


def test_bounds_of_all_grades_together_are_not_given_for_effective_numbers():
    table = many(9)
    found = sif.aggregate(table, "group", cluster="auto", interval="goodman")
    assert found[[f"lower_{grade}" for grade in sif.FOUR_POINT.columns]].isna().all(axis=None)
    pd.testing.assert_series_equal(found["lower"], sif.aggregate(table, "group", cluster="auto")["lower"])


def test_several_judgements_and_a_column_of_the_users_say_what_belongs_together():
    table = sif.load_inspections().query("framework == 'ILACS'")
    both = sif.aggregate(table, "region", judgement=[GRADE, "leadership"], cluster="auto")
    for name in (GRADE, "leadership"):
        alone = sif.aggregate(table, "region", judgement=name, cluster="provider")
        rows = both[both["judgement"] == name].drop(columns="judgement").reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, alone)
    with pytest.raises(ValueError, match=r"^cluster='trust': the table has no such column"):
        sif.aggregate(table, cluster="trust")


def test_a_scale_without_threshold_has_clusters_and_no_share_to_tell_of():
    table = pd.DataFrame({"inclusion": sif.grades(["Strong standard", "Needs attention", "Exceptional"], sif.REPORT_CARD)})
    found = sif.aggregate(table.assign(provider=["a", "a", "b"]), judgement="inclusion", cluster="auto")
    assert found["n_clusters"].item() == 2
    assert np.isnan(found["n_eff"].item())
    assert "lower" not in found


def test_weights_that_add_up_to_more_than_a_number_holds_name_the_group():
    table = pd.DataFrame({GRADE: words([1, 1, 0]), "w": [1e308, 1e308, 1.0], "region": ["North", "North", "South"]})
    with pytest.raises(ValueError, match=r"^the weights of region='North' add up to more than the largest number"):
        sif.aggregate(table, "region", weights="w")
    apart = pd.DataFrame({GRADE: words([1, 0, 1]), "w": [1e308, 1e308, 1.0]})  # each sum fits, and both together do not
    with pytest.raises(ValueError, match=r"^the weights add up to more than the largest number"):
        sif.aggregate(apart, weights="w")
    row = sif.aggregate(table.iloc[1:], "region", weights="w").set_index("region").loc["North"]
    assert row["n_eff"] == pytest.approx(1, rel=1e-15)


def test_periods_and_windows_have_the_bounds_of_what_lies_in_them():
    table = sif.load_inspections().query("framework == 'ILACS'")
    dated = table["inspection_start"].fillna(table["published"])
    for window in (None, 4):
        found = sif.periods(table, "region", freq="YE-MAR", window=window, cluster="auto")
        for _, row in found.iterrows():
            part = table[(dated >= row["period_start"]) & (dated <= row["period_end"]) & (table["region"] == row["region"])]
            expected = sif.aggregate(part, cluster="auto").iloc[0]
            for name in ("n_judged", "n_clusters"):
                assert row[name] == expected[name]
            np.testing.assert_allclose(
                row[["n_eff", "lower", "upper"]].astype(float), expected[["n_eff", "lower", "upper"]].astype(float), rtol=1e-12
            )
    assert (found["n_clusters"] < found["n_judged"]).any()
    assert list(sif.periods(table, freq="YE-MAR")) == [name for name in found if name not in ("region", "n_clusters", "n_eff", "n_shared")]


def test_by_batches_the_weights_are_told_of_and_clusters_refused(tmp_path):
    pytest.importorskip("pyarrow")
    table = many(3).assign(provider=lambda t: t["provider"].astype("Int64"), group=lambda t: t["group"].astype(str))
    file = tmp_path / "a.parquet"
    table.to_parquet(file, row_group_size=70, index=False)
    pd.testing.assert_frame_equal(
        sif.aggregate(file, "group", weights="w"), sif.aggregate(pd.read_parquet(file), "group", weights="w"), check_exact=True
    )
    with pytest.raises(ValueError, match=r"^cluster='auto': which rows depend on one another can't be told by batches"):
        sif.aggregate(file, "group", cluster="auto")
    table.assign(w=1e200).to_parquet(file, index=False)
    with pytest.raises(ValueError, match=r"weights='w', row 0: the square of 1e\+200 is more than the largest number"):
        sif.aggregate(file, weights="w")


def test_transitions_have_the_bounds_of_their_shares():
    found = sif.transitions(sif.load_inspections(), "region", framework="ILACS", having=GRADE, level=0.9)
    n_from = found.groupby(["region", "grade_from"], observed=True)["n"].transform("sum")
    lower, upper = sif.proportion_interval(found["n"], n_from, level=0.9)
    np.testing.assert_array_equal(found[["lower", "upper"]].to_numpy(), np.column_stack([lower, upper]))
    table = pd.DataFrame(
        {
            "provider": ["a", "a", "b", "b"],
            "inspection_start": ["2010-01-01", "2011-01-01"] * 2,
            GRADE: sif.grades(["Good", None, "Good", "Good"]),
            "graded": True,
        }
    )
    found = sif.transitions(table)
    missing = found["grade_to"].isna()
    assert found.loc[missing, ["share", "lower", "upper"]].isna().all(axis=None)
    assert found.loc[~missing & (found["n"] == 1), "lower"].item() == sif.proportion_interval(1, 1)[0]
