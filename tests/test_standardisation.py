"""Directly standardised shares: by hand, against R, and what is said where a stratum is empty or a reference wrong."""

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif

GRADE = "overall_effectiveness"


def rows(*cells):
    """A table of cells: group, stratum, how many are good, of how many."""
    listed = [
        (group, stratum, word) for group, stratum, good, n in cells for word in ["Good"] * good + ["Requires improvement"] * (n - good)
    ]
    return pd.DataFrame(listed, columns=["region", "kind", GRADE])


TWO = rows(("North", "home", 1, 3), ("North", "agency", 1, 1), ("South", "home", 0, 1), ("South", "agency", 2, 3))


def test_a_share_with_the_mix_of_all_by_hand():
    found = sif.standardise(TWO, "region", strata="kind").set_index("region")
    assert list(found) == [
        *(
            "n",
            "n_judged",
            "good_or_outstanding",
            "share",
            "share_standardised",
            "lower",
            "upper",
            "n_eff",
            "n_strata_empty",
            "weight_empty",
        )
    ]
    assert found["share"].tolist() == [0.5, 0.5]
    np.testing.assert_allclose(found["share_standardised"], [0.5 / 3 + 0.5, 0.5 * 2 / 3], rtol=1e-14)
    np.testing.assert_allclose(found["n_eff"], [1 / (0.25 / 3 + 0.25), 1 / (0.25 + 0.25 / 3)], rtol=1e-14)
    assert found["n_strata_empty"].tolist() == [0, 0]


def test_share_and_bounds_are_those_of_r(told_by_r):
    table = rows(("all", "a", 83, 100), ("all", "b", 20, 60), ("all", "c", 6, 40))
    found = sif.standardise(table, "region", strata="kind", reference={"a": 3, "b": 4, "c": 3}).iloc[0]
    expected = told_by_r("shares")["standardised"]["all"]
    found = found.drop("share").rename({"share_standardised": "share"})
    assert found[list(expected)].to_dict() == pytest.approx(expected, rel=1e-12)


def test_a_group_with_the_mix_of_the_reference_keeps_its_share_and_its_interval():
    table = rows(("North", "home", 5, 9), ("North", "agency", 2, 3), ("South", "home", 12, 18), ("South", "agency", 5, 6))
    found, plain = sif.standardise(table, "region", strata="kind"), sif.aggregate(table, "region")
    np.testing.assert_allclose(found["share_standardised"], plain["share_good_or_outstanding"], rtol=1e-14)
    np.testing.assert_allclose(found[["lower", "upper"]], plain[["lower", "upper"]], rtol=1e-13)
    np.testing.assert_allclose(found["n_eff"], plain["n_judged"], rtol=1e-13)
    alone = sif.standardise(table, strata="kind").iloc[0]
    assert alone["share"] == pytest.approx(alone["share_standardised"], rel=1e-14)


def test_an_empty_stratum_is_told_and_nothing_is_made_of_the_others():
    table = pd.concat([TWO, rows(("East", "home", 4, 4))], ignore_index=True)
    east = sif.standardise(table, "region", strata="kind").set_index("region").loc["East"]
    assert east[["share_standardised", "lower", "upper", "n_eff"]].isna().all()
    assert east["n_strata_empty"] == 1
    assert east["weight_empty"] == pytest.approx(4 / 12)
    without = sif.standardise(table, "region", strata="kind", reference={"home": 1, "agency": 0}).set_index("region")
    assert without.loc["East", "share_standardised"] == 1
    nowhere = sif.standardise(TWO, "region", strata="kind", reference={"home": 1, "agency": 1, "school": 2})
    assert nowhere["share_standardised"].isna().all()
    assert nowhere["n_strata_empty"].tolist() == [1, 1]
    assert nowhere["weight_empty"].tolist() == [0.5, 0.5]


def test_a_missing_label_is_a_stratum_and_a_missing_grade_counts_in_none():
    table = TWO.assign(kind=TWO["kind"].where(TWO["kind"] == "home"))
    pd.testing.assert_frame_equal(
        sif.standardise(table, "region", strata="kind"), sif.standardise(TWO, "region", strata="kind"), check_exact=True
    )
    ungraded = pd.concat([TWO, TWO.assign(**{GRADE: None})], ignore_index=True)
    found, plain = (sif.standardise(of, "region", strata="kind") for of in (ungraded, TWO))
    assert (found["n"] == 2 * plain["n"]).all()
    pd.testing.assert_frame_equal(found.drop(columns="n"), plain.drop(columns="n"))


def test_references_of_every_kind_are_one():
    two_columns = TWO.assign(size=np.arange(len(TWO)) % 2)
    by_mapping = sif.standardise(TWO, "region", strata="kind", reference={"home": 3, "agency": 1})
    for reference in (
        pd.Series({"home": 0.75, "agency": 0.25}),
        pd.DataFrame({"kind": ["agency", "home"], "people": [10, 30]}),
        {"kind": np.array(["agency", "home"]), "people": np.array([10, 30])},
    ):
        found = sif.standardise(TWO, "region", strata="kind", reference=reference)
        pd.testing.assert_frame_equal(found, by_mapping)
    every = two_columns.groupby(["kind", "size"]).agg(k=("region", "size")).reset_index()
    one = sif.standardise(two_columns, strata=["kind", "size"], reference=every)
    pd.testing.assert_frame_equal(one, sif.standardise(two_columns, strata=["kind", "size"]))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"reference": {"home": 1}},
            "reference has no weight for the stratum kind='agency', where 4 rows are judged; the weight 0 leaves it out",
        ),
        ({"reference": {"home": 1, "agency": -1}}, "the weight of kind='agency' is -1.0; it is a number, 0 or more"),
        ({"reference": {"home": 1, "agency": None}}, "the weight of kind='agency' is nan"),
        ({"reference": {"home": 0, "agency": 0}}, "all weights are 0"),
        ({"reference": pd.DataFrame({"kind": ["home", "home"], "w": [1, 2]})}, "names the stratum kind='home' twice"),
        ({"reference": pd.DataFrame({"kind": ["home"]})}, "reference has 0 columns beside"),
        ({"reference": pd.DataFrame({"kin": ["home"], "w": [1]})}, "reference='kind': the table has no such column"),
        ({"reference": {"home": 1}, "strata": ["kind", "region"]}, "names several columns: give reference= as a table"),
        ({"strata": []}, "strata names no column"),
        ({"strata": "kinds"}, "strata='kinds': the table has no such column; nearest: 'kind'"),
        ({"level": 1.0}, "level is 1.0"),
    ],
)
def test_what_is_wrong_is_named(options, said):
    with pytest.raises(ValueError, match=said.replace("[", r"\[").replace("(", r"\(")):
        sif.standardise(TWO, "region", **{"strata": "kind"} | options)


def test_a_scale_without_threshold_has_no_share():
    table = pd.DataFrame({"inclusion": sif.grades(["Strong standard"], sif.REPORT_CARD), "kind": ["home"]})
    with pytest.raises(ValueError, match="no threshold"):
        sif.standardise(table, strata="kind", judgement="inclusion")
    named = sif.standardise(table, strata="kind", judgement="inclusion", threshold="Expected standard")
    assert named["expected_standard_or_better"].item() == 1


def test_no_rows_have_no_share():
    found = sif.standardise(TWO.iloc[:0], strata="kind").iloc[0]
    assert found["n"] == 0
    assert found[["share", "share_standardised", "lower", "upper", "n_eff"]].isna().all()
