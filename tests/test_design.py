"""The table that a model takes: against the same table made by hand, and what its numbers mean to statsmodels."""

import warnings

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from statsmodels.miscmodels.ordinal_model import OrderedModel

import ofsted_sif as sif

BOTH = ["SIF", "ILACS"]
GRADE = "overall_effectiveness"
NUMBER = {"Inadequate": 0, "Requires improvement": 1, "Good": 2, "Outstanding": 3}


def table_of(*rows: tuple[str, str, str, str | None], **more: object) -> pd.DataFrame:
    """Providers, the days of their inspections and reports, and grades."""
    return pd.DataFrame(rows, columns=["provider", "inspection_start", "published", GRADE]).assign(**more)


SMALL = table_of(
    ("B", "2020-01-01", "2020-02-01", "Good"),
    ("A", "2021-01-01", "2021-02-01", "Inadequate"),
    ("A", "2019-01-01", "2019-02-01", None),
    ("A", "2019-07-02", "2019-08-01", "Requires improvement"),
    ("B", "2022-01-01", "2022-06-01", "Outstanding"),
)


def test_a_row_for_each_inspection_is_what_one_makes_by_hand() -> None:
    table = sif.load_inspections()
    rows = table[table["framework"].isin(BOTH) & table[GRADE].notna()].copy()
    rows["day"] = rows["inspection_start"].fillna(rows["published"])
    rows = rows.sort_values(["provider", "day", "published"], kind="stable")
    grade = rows[GRADE].astype(str).map(NUMBER)
    by_hand = pd.DataFrame(
        {
            "provider": rows["provider"].astype(str),
            "region": rows["region"].astype(str),
            "grade": grade,
            "meets_threshold": (grade >= 2).astype(np.int64),
            "years": (rows["day"] - rows["day"].min()).dt.days / 365.25,
        }
    ).reset_index(drop=True)
    found = sif.design_matrix(table, "region", framework=BOTH)
    assert_frame_equal(found.astype({"provider": by_hand["provider"].dtype, "region": by_hand["region"].dtype}), by_hand)
    assert len(found) > 400
    assert found.attrs["origin"] == f"{rows['day'].min():%Y-%m-%d}"


def test_a_row_for_each_provider_is_its_state_on_the_date() -> None:
    table, date = sif.load_inspections(), "2024-03-31"
    state = sif.as_at(table, date, framework=BOTH, having=GRADE)
    state = state[state[GRADE].notna()].reset_index(drop=True)
    found = sif.design_matrix(table, unit="provider", date=date, framework=BOTH, having=GRADE, origin="2010-01-01")
    assert found["provider"].tolist() == state["provider"].tolist()
    assert found["grade"].tolist() == state[GRADE].astype(str).map(NUMBER).tolist()
    assert found["meets_threshold"].sum() == sif.aggregate(state)["good_or_outstanding"].item()
    days = state["inspection_start"].fillna(state["published"]) - pd.Timestamp("2010-01-01")
    np.testing.assert_allclose(found["years"], days.dt.days / 365.25)


def test_a_state_found_before_gives_the_same_rows() -> None:
    """The result of `as_at` may be asked again of its own date; of inspections over time it knows nothing."""
    state = sif.as_at(SMALL, "2021-12-31")
    asked = {"unit": "provider", "date": "2021-12-31", "origin": "2019-07-02"}
    assert_frame_equal(sif.design_matrix(state, **asked), sif.design_matrix(SMALL, **asked))
    with pytest.raises(sif.IncompleteHistoryError, match="as_at"):
        sif.design_matrix(state)


def test_what_is_not_judged_is_left_out_and_counted_and_the_attrs_say_what_the_numbers_mean() -> None:
    table = SMALL.assign(graded=True)
    found = sif.design_matrix(table)
    assert found["provider"].tolist() == ["A", "A", "B", "B"]
    assert found["grade"].tolist() == [1, 0, 2, 3]
    assert found["meets_threshold"].tolist() == [0, 0, 1, 1]
    assert found["years"].tolist() == [days / 365.25 for days in (0, 549, 183, 914)]
    assert found.attrs == {
        "unit": "inspection",
        "as_at": None,
        "judgement": GRADE,
        "grades": ["Inadequate", "Requires improvement", "Good", "Outstanding"],
        "origin": "2019-07-02",
        "n_not_judged": 1,
    }
    state = sif.design_matrix(table, unit="provider", date="2019-03-31")
    assert (len(state), state.attrs["n_not_judged"], state.attrs["origin"]) == (0, 1, None)
    assert state.dtypes.astype(str).tolist()[1:] == ["int64", "int64", "float64"]


def test_the_date_and_the_cut_off_leave_out_what_came_later() -> None:
    assert sif.design_matrix(SMALL, date="2020-06-01")["grade"].tolist() == [1, 2]
    assert sif.design_matrix(SMALL, date="2022-03-31")["grade"].tolist() == [1, 0, 2]
    assert sif.design_matrix(SMALL, date="2022-03-31", published_by=pd.DateOffset(months=3))["grade"].tolist() == [1, 0, 2, 3]
    assert sif.design_matrix(SMALL, published_by="2020-12-31")["grade"].tolist() == [1, 2]
    state = {"unit": "provider", "date": "2022-03-31"}
    assert sif.design_matrix(SMALL, **state)["grade"].tolist() == [0, 2]
    assert sif.design_matrix(SMALL, **state, published_by=pd.DateOffset(months=3))["grade"].tolist() == [0, 3]
    assert sif.design_matrix(SMALL, **state)["years"].tolist() == [549 / 365.25, 183 / 365.25]


def test_a_register_says_who_is_open_and_adds_nobody_without_a_grade() -> None:
    register = pd.DataFrame({"provider": ["A", "B", "C"], "closed": ["2021-06-01", None, None]})
    assert sif.design_matrix(SMALL, unit="provider", date="2021-12-31", register=register)["provider"].tolist() == ["B"]


def test_a_threshold_of_ones_own_and_a_scale_without_one() -> None:
    assert sif.design_matrix(SMALL, threshold="Outstanding")["meets_threshold"].tolist() == [0, 0, 0, 1]
    colours = pd.Categorical(["Green", "Red", "Red"], categories=["Red", "Green"], ordered=True)
    table = pd.DataFrame({"provider": ["A", "B", "C"], "inspection_start": "2020-01-01", GRADE: colours})
    assert sif.design_matrix(table).columns.tolist() == ["provider", "grade", "years"]
    assert sif.design_matrix(table)["grade"].tolist() == [1, 0, 0]


def test_the_users_names_of_columns_are_kept() -> None:
    names = {"provider": "urn", "inspection_start": "visited", GRADE: "outcome"}
    found = sif.design_matrix(SMALL.rename(columns=names), "visited", provider="urn", inspected="visited", judgement="outcome")
    assert found.columns.tolist() == ["urn", "visited", "grade", "meets_threshold", "years"]
    with pytest.raises(ValueError, match="by names 'urn', which the result has as a column of its own"):
        sif.design_matrix(SMALL.rename(columns=names), "urn", provider="urn", inspected="visited", judgement="outcome")
    with pytest.raises(ValueError, match=r"by names \['years'\], which the result needs"):
        sif.design_matrix(SMALL.assign(years=1), "years")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"unit": "school"}, "unit='school'; known are inspection, provider"),
        ({"unit": "provider"}, "give date="),
        ({"register": SMALL[["provider"]]}, "register= says which providers are open on a date; it goes with unit='provider'"),
        ({"published_by": pd.DateOffset(months=3)}, "is an offset, and there is no date"),
        ({"origin": "soon"}, "origin"),
        ({"unit": "provider", "date": "2020-01-01", "published": None, "published_by": "2020-01-01"}, "no publication dates"),
    ],
)
def test_what_can_not_be_asked_is_refused_with_what_to_type(asked: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sif.design_matrix(SMALL, **asked)


@pytest.mark.parametrize("asked", [{}, {"unit": "provider", "date": "2019-03-31"}], ids=["inspection", "provider"])
def test_several_frameworks_are_said(asked: dict[str, str]) -> None:
    with pytest.warns(sif.PooledFrameworksWarning, match="SIF"):
        sif.design_matrix(sif.load_inspections(), **asked)


@pytest.mark.parametrize("asked", [{}, {"unit": "provider"}], ids=["inspection", "provider"])
def test_a_date_after_the_end_of_the_table_is_said(asked: dict[str, str]) -> None:
    table = SMALL.copy()
    table.attrs["complete_to"] = "2022-12-31"
    with pytest.warns(sif.BeyondDataWarning, match="complete to 31 December 2022"):
        sif.design_matrix(table, date="2030-01-01", **asked)


def test_an_ordinal_model_finds_in_it_the_slope_that_made_it() -> None:
    """1,500 providers inspected twice, whose odds of a better grade rise by a fixed factor each year."""
    rng, slope, n = np.random.default_rng(7), 0.3, 1500
    days = rng.integers(0, 3650, (2, n))
    latent = slope * days / 365.25 + rng.logistic(size=(2, n))
    grade = np.array(sif.FOUR_POINT.labels[::-1])[np.digitize(latent, [0, 1.5, 3])]
    table = pd.DataFrame(
        {
            "provider": np.tile(np.arange(n), 2),
            "inspection_start": pd.Timestamp("2012-01-01") + pd.to_timedelta(days.ravel(), unit="D"),
            GRADE: grade.ravel(),
        }
    )
    rows = sif.design_matrix(table, origin="2012-01-01")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = OrderedModel(rows["grade"], rows[["years"]], distr="logit")
        fitted = model.fit(method="bfgs", disp=False, cov_type="cluster", cov_kwds={"groups": rows["provider"]})
    low, high = fitted.conf_int().loc["years"]
    assert low < slope < high
    assert high - low < 0.1
