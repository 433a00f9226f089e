"""Did it improve? `change_between` against the states that `as_at` gives, against SciPy and statsmodels, and at its ends."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

import ofsted_sif as sif

INSPECTIONS = sif.load_inspections()
GRADE = "overall_effectiveness"
SCALE = ["Inadequate", "Requires improvement", "Good", "Outstanding"]
DATES = ("2021-03-31", "2024-03-31")
COUNTED = ["n", "n_only_from", "n_only_to", "improved", "same", "declined", "up", "down"]


def table_of(*rows, **more):
    """Inspections as (provider, day, grade or None)."""
    providers, days, grades = zip(*rows, strict=True)
    table = {"provider": list(providers), "inspection_start": pd.to_datetime(list(days)), GRADE: sif.grades(list(grades)), "graded": True}
    return pd.DataFrame(table | more)


# ---- against what as_at gives


def by_hand(table, dates, cutoffs=(None, None), by=None, **options):
    """The two states of `as_at` joined by provider, and counted provider by provider."""
    max_age = options.get("max_age")
    states = [
        sif.as_at(table, date, published_by=cutoff, **options, **({"judgement": GRADE} if max_age is not None else {})).set_index(
            "provider"
        )
        for date, cutoff in zip(dates, cutoffs, strict=True)
    ]
    found = {}
    for provider in states[0].index.union(states[1].index):
        was, is_now = (SCALE.index(state[GRADE].get(provider)) if state[GRADE].get(provider) in SCALE else -1 for state in states)
        of = states[1] if provider in states[1].index else states[0]
        row = found.setdefault(None if by is None else of.loc[provider, by], dict.fromkeys(COUNTED, 0))
        row["n"] += was >= 0 and is_now >= 0
        row["n_only_from"] += was >= 0 > is_now
        row["n_only_to"] += is_now >= 0 > was
        if was >= 0 and is_now >= 0:
            row["improved" if is_now > was else "same" if is_now == was else "declined"] += 1
            row["up"] += was < 2 <= is_now
            row["down"] += is_now < 2 <= was
    return found


@pytest.mark.parametrize(
    ("options", "by"),
    [
        ({"framework": ["SIF", "ILACS"]}, None),
        ({"framework": ["SIF", "ILACS"]}, "region"),
        ({"framework": "ILACS"}, "region"),
        ({"framework": "all", "having": GRADE}, "framework"),
        ({"framework": "all", "max_age": pd.DateOffset(years=3)}, "region"),
        ({"framework": "all", "register": sif.load_local_authorities().rename(columns={"local_authority": "provider"})}, None),
    ],
)
@pytest.mark.parametrize("dates", [DATES, ("2012-03-31", "2026-08-22"), ("2024-03-31", "2024-03-31")])
def test_counts_are_those_of_the_two_states(options, by, dates):
    found = sif.change_between(INSPECTIONS, *dates, by, **options)
    wanted = by_hand(INSPECTIONS, dates, by=by, **options)
    labels = [None] if by is None else found[by].tolist()
    assert {
        label: found.loc[row, COUNTED].tolist()
        for row, label in enumerate(labels)
        if found.loc[row, ["n", "n_only_from", "n_only_to"]].any()
    } == {label: list(row.values()) for label, row in wanted.items() if row["n"] + row["n_only_from"] + row["n_only_to"]}


@pytest.mark.parametrize(
    ("published_by", "cutoffs"),
    [
        (None, (None, None)),
        (pd.DateOffset(months=3), (pd.DateOffset(months=3),) * 2),
        (["2021-06-30", "2024-06-30"], ("2021-06-30", "2024-06-30")),
        ("2024-06-30", ("2024-06-30", "2024-06-30")),
    ],
)
def test_the_cutoff_is_an_offset_one_date_or_one_for_each(published_by, cutoffs):
    options = {"framework": ["SIF", "ILACS"]}
    found = sif.change_between(INSPECTIONS, *DATES, published_by=published_by, **options)
    assert found.loc[0, COUNTED].tolist() == list(by_hand(INSPECTIONS, DATES, cutoffs, **options)[None].values())


def test_a_cutoff_is_refused_where_nothing_was_published(tmp_path):
    table = crossing(1, 0, 1)
    with pytest.raises(ValueError, match=r"^published_by='2023-06-30': the table has no publication dates"):
        sif.change_between(table, "2020-01-01", "2023-01-01", published_by="2023-06-30")
    pytest.importorskip("pyarrow")
    table.to_parquet(tmp_path / "table.parquet", index=False)
    with pytest.raises(ValueError, match="the table has no publication dates"):
        sif.scan(tmp_path / "table.parquet").change_between("2020-01-01", "2023-01-01", published_by="2023-06-30")


def test_real_figures():
    found = sif.change_between(INSPECTIONS, *DATES, framework=["SIF", "ILACS"], exact=True)
    row = found.iloc[0]
    assert row[["n", "improved", "same", "declined", "up", "down"]].tolist() == [147, 46, 82, 19, 26, 11]
    assert row[["difference", "lower", "upper", "p"]].round(4).tolist() == [0.1837, 0.0775, 0.2849, 0.0011]
    assert round(row["share_p"], 3) == 0.020
    assert found.attrs["date_from"] == "2021-03-31"
    assert found.attrs["published_by"] == ["2021-03-31", "2024-03-31"]


# ---- formulas


def crossing(up, down, same, levels=("Inadequate", "Good")):
    """Providers of which so many rose, fell and stayed."""
    low, high = levels
    rows = []
    for number, (was, is_now) in enumerate([(low, high)] * up + [(high, low)] * down + [(high, high)] * same):
        rows += [(number, "2018-01-01", was), (number, "2022-01-01", is_now)]
    return table_of(*rows)


@pytest.mark.parametrize(("up", "down", "same"), [(1, 0, 0), (4, 1, 4), (26, 14, 3), (0, 5, 20), (7, 7, 1), (0, 0, 5), (40, 0, 0)])
def test_tests_and_bounds_against_scipy_and_statsmodels(up, down, same):
    table, n = crossing(up, down, same), up + down + same
    whole, mid = (sif.change_between(table, "2020-01-01", "2023-01-01", exact=exact).iloc[0] for exact in (True, "auto"))
    wanted = mcnemar([[same, up], [down, 0]], exact=True).pvalue if up + down else 1.0
    assert whole["p"] == pytest.approx(wanted, rel=1e-12)
    assert whole["share_p"] == pytest.approx(wanted, rel=1e-12)
    coin, fewer = stats.binom(up + down, 0.5), min(up, down)
    assert mid["p"] == pytest.approx(min(1, 2 * (coin.cdf(fewer) - coin.pmf(fewer) / 2)), rel=1e-12)
    centre, changed = (up - down) / (n + 2), (up + down + 2) / (n + 2)
    half = stats.norm.ppf(0.975) * math.sqrt((changed - centre**2) / (n + 2))
    for names in (["lower", "upper"], ["share_lower", "share_upper"]):
        assert mid[names].tolist() == pytest.approx([max(-1, centre - half), min(1, centre + half)], rel=1e-12)
    assert mid["difference"] == mid["share_difference"] == (up - down) / n
    assert mid["share_to"] - mid["share_from"] == pytest.approx((up - down) / n, abs=1e-12)


def test_a_step_within_good_enough_counts_on_the_scale_and_not_at_the_threshold():
    row = sif.change_between(crossing(3, 1, 0, ("Good", "Outstanding")), "2020-01-01", "2023-01-01").iloc[0]
    assert row[["improved", "declined", "up", "down"]].tolist() == [3, 1, 0, 0]
    assert row[["share_from", "share_to", "share_p"]].tolist() == [1, 1, 1]
    own = sif.change_between(crossing(3, 1, 0, ("Good", "Outstanding")), "2020-01-01", "2023-01-01", threshold="Outstanding").iloc[0]
    assert own[["up", "down"]].tolist() == [3, 1]


def test_one_pair_that_changed_proves_nothing():
    one = crossing(1, 0, 0)
    assert sif.change_between(one, "2020-01-01", "2023-01-01")["p"].item() == 0.5
    assert sif.change_between(one, "2020-01-01", "2023-01-01", exact=True)["p"].item() == 1


# ---- at the ends


def test_without_pairs_counts_are_0_and_the_rest_is_missing():
    table = table_of(("A", "2022-01-01", 2), ("B", "2018-01-01", None))
    row = sif.change_between(table, "2020-01-01", "2023-01-01").iloc[0]
    assert row[COUNTED].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert row.drop(COUNTED).isna().all()
    empty = sif.change_between(table[:0], "2020-01-01", "2023-01-01")
    assert empty[COUNTED].to_numpy().tolist() == [[0] * 8]


def test_closed_on_the_later_date_is_no_pair_and_opened_after_the_earlier_neither():
    table = table_of(("A", "2018-01-01", 4), ("A", "2021-01-01", 1), ("B", "2018-01-01", 4), ("B", "2021-01-01", 1))
    table["closed"] = pd.to_datetime(["2022-01-01", "2022-01-01", None, None])
    table["opened"] = pd.to_datetime([None, None, "2019-06-01", "2019-06-01"])
    row = sif.change_between(table, "2019-01-01", "2022-06-01").iloc[0]
    assert row[["n", "n_only_from", "n_only_to"]].tolist() == [0, 1, 1]


def test_the_group_is_that_of_the_later_state_and_of_who_has_left_that_of_the_earlier():
    table = table_of(("A", "2018-01-01", 4), ("A", "2021-01-01", 1), ("B", "2018-01-01", 4), ("C", "2018-01-01", 3))
    table["region"] = ["North", "South", "West", None]
    table["closed"] = pd.to_datetime([None, None, "2020-01-01", None])
    found = sif.change_between(table, "2019-01-01", "2022-06-01", "region")
    assert found.query("n + n_only_from > 0")[["region", "n", "n_only_from"]].astype(object).to_numpy().tolist()[:2] == [
        ["South", 1, 0],
        ["West", 0, 1],
    ]
    assert pd.isna(found["region"].iloc[-1])
    assert found["same"].iloc[-1] == 1


def test_states_of_the_same_inspection_are_counted():
    table = table_of(("A", "2018-01-01", 4), ("B", "2018-01-01", 4), ("B", "2021-01-01", 4))
    assert sif.change_between(table, "2019-01-01", "2022-06-01").attrs["n_unchanged_record"] == 1


def test_a_scale_without_a_threshold_has_no_shares():
    table = pd.DataFrame(
        {"provider": ["A", "A"], "inspection_start": ["2025-11-10", "2026-03-01"], "inclusion": ["Needs attention", "Strong standard"]}
    )
    found = sif.change_between(table, "2026-01-01", "2026-04-01", judgement="inclusion")
    assert found["improved"].item() == 1
    assert "up" not in found.columns
    assert "share_p" not in found.columns
    assert sif.change_between(table, "2026-01-01", "2026-04-01", judgement="inclusion", threshold="Expected standard")["up"].item() == 1


def test_the_order_of_rows_and_the_names_of_providers_play_no_part():
    options = {"by": "region", "framework": ["SIF", "ILACS"]}
    wanted = sif.change_between(INSPECTIONS, *DATES, **options)
    shuffled = INSPECTIONS.sample(frac=1, random_state=3)
    shuffled["provider"] = shuffled["provider"].astype(str).str[::-1]
    assert_frame_equal(sif.change_between(shuffled, *DATES, **options), wanted)


def test_a_scale_turned_round_turns_the_signs():
    turned = sif.GradeScale("turned", SCALE)  # best first: Inadequate
    options = {"framework": ["SIF", "ILACS"]}
    found = sif.change_between(INSPECTIONS.assign(**{GRADE: INSPECTIONS[GRADE].astype(object)}), *DATES, scale=turned, **options).iloc[0]
    wanted = sif.change_between(INSPECTIONS, *DATES, **options).iloc[0]
    assert found[["improved", "declined", "difference", "p"]].tolist() == [
        wanted["declined"],
        wanted["improved"],
        -wanted["difference"],
        wanted["p"],
    ]


# ---- words


def test_pooled_frameworks_are_said_once():
    with pytest.warns(sif.PooledFrameworksWarning) as said:
        sif.change_between(INSPECTIONS, *DATES)
    assert len(said) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sif.change_between(INSPECTIONS, *DATES, framework="all")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"date_from": "soon"}, "date_from"),
        ({"date_to": "soon"}, "date_to"),
        ({"date_from": "2025-01-01"}, r"date_from \(2025-01-01\) is after date_to \(2024-03-31\)"),
        ({"exact": False}, "unknown exact False; known are"),
        ({"level": 95}, "level is 95"),
        ({"published_by": ["2024-01-01"] * 3}, "published_by has 3 cut-offs for 2 dates"),
        ({"by": "regoin"}, "by='regoin': the table has no such column"),
        ({"framework": "SLAK"}, "unknown framework 'SLAK'"),
    ],
)
def test_what_a_user_gets_wrong_is_said(options, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        sif.change_between(INSPECTIONS, **({"date_from": DATES[0], "date_to": DATES[1]} | options))


def test_a_group_named_like_a_column_of_the_result_is_refused():
    with pytest.raises(ValueError, match=r"by names \['n'\], which the result needs"):
        sif.change_between(INSPECTIONS.assign(n="x"), *DATES, "n", framework="all")


def test_with_no_change_at_all_few_tests_reject():
    """States three years apart of providers whose grade is drawn anew, whatever it was."""
    rng = np.random.default_rng(24)
    worlds, providers = 400, 40
    grade = rng.choice([1, 2, 3, 4], (2, worlds, providers), p=[0.22, 0.41, 0.26, 0.11])
    table = pd.DataFrame(
        {
            "provider": np.tile(np.arange(worlds * providers), 2),
            "world": np.tile(np.repeat(np.arange(worlds), providers), 2),
            "inspection_start": np.repeat(pd.to_datetime(["2018-01-01", "2021-01-01"]), worlds * providers),
            GRADE: sif.grades(grade.ravel()),
        }
    )
    found = sif.change_between(table, "2020-01-01", "2022-01-01", "world")
    assert 0.02 <= (found["p"] < 0.05).mean() <= 0.08
    assert (found["share_p"] < 0.05).mean() <= 0.08
    assert ((found["lower"] <= 0) & (found["upper"] >= 0)).mean() >= 0.93
