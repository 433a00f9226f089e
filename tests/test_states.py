"""What becomes of those found in a grade: against R's survfit, the slow definition, and by hand."""

import csv
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from statsmodels.stats.proportion import proportion_confint

import ofsted_sif as sif
from ofsted_sif import states
from tests.reference.state_probabilities import state_probabilities
from tests.test_change import table_of

INSPECTIONS = sif.load_inspections()
TWO = ["SIF", "ILACS"]
YEAR = 365.25
R = Path(__file__).parent / "r"
ZERO = pd.Timestamp("2010-01-01")
LABELS = ["Inadequate", "Requires improvement", "Good", "Outstanding"]
ESTIMATES = ["probability", "lower", "upper", "years_in_grade", "years_lower", "years_upper"]


# ---- R's survfit


def histories_of_r():
    """The made-up histories that the script of R reads, as inspections."""
    table = pd.read_csv(R / "histories.csv")
    for name, of in (("inspection_start", "day"), ("closed", "closed")):
        days = table[of].fillna(0).astype(np.int64).to_numpy() * np.timedelta64(86_400, "s")
        table[name] = pd.Series(ZERO.to_datetime64() + days).where(table[of].notna())
    return table.rename(columns={"grade": "overall_effectiveness"}).drop(columns="day")


def wilson(p, n):
    """Wilson's bounds of a share of a number of providers that need not be whole."""
    z = 1.959963984540054
    centre, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def told_by_r():
    with (R / "state_probabilities.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("since", ["-1", "1500"])
def test_probabilities_errors_and_years_are_those_of_survfit(since):
    options = {"until": ZERO + pd.Timedelta(days=4000), "at": [1, 2.5, 4], "start": LABELS[:2]}
    if since != "-1":
        options["since"] = ZERO + pd.Timedelta(days=int(since))
    found = sif.state_probabilities(histories_of_r(), "case", **options)
    found = found.set_index(["case", "start", "years", "grade"]).sort_index()
    rows = [row for row in told_by_r() if row["since"] == since]
    assert len(rows) > 100
    for row in rows:
        got = found.loc[(int(row["case"]), row["start"], float(row["years"]), row["grade"])]
        of_time = found.loc[(int(row["case"]), row["start"], float(row["years"]))]
        assert got["n"] == int(row["n"])
        if not of_time["at_risk"].any():  # R goes on as if nothing could happen any more
            assert got[ESTIMATES].isna().all()
            continue
        p, error, n = float(row["probability"]), float(row["error"]), int(row["n"])
        assert got["probability"] == pytest.approx(p, abs=1e-13)
        assert got["years_in_grade"] == pytest.approx(float(row["days"]) / YEAR, abs=1e-12)
        varies = error > 1e-12 and 1e-12 < p < 1 - 1e-12
        effective = min(n, p * (1 - p) / error**2) if varies else n
        assert got[["lower", "upper"]].tolist() == pytest.approx(wilson(p, effective), abs=1e-12)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_still_says_so():
    with (R / "histories.csv").open("rb") as file:
        said = subprocess.run(["Rscript", R / "state_probabilities.R"], stdin=file, capture_output=True, text=True, check=True).stdout
    again = list(csv.DictReader(said.splitlines()))
    assert len(again) == len(told_by_r())
    for now, then in zip(again, told_by_r(), strict=True):
        assert [now[name] for name in ("case", "start", "since", "years", "grade", "n")] == [
            then[name] for name in ("case", "start", "since", "years", "grade", "n")
        ]
        for name in ("probability", "error", "days"):
            assert float(now[name]) == pytest.approx(float(then[name]), rel=1e-12, abs=1e-12)


# ---- the slow definition, and weights of providers


def random_table(rng, n):
    rows = []
    for number in range(n):
        day, last, grade = int(rng.integers(0, 500)), int(rng.integers(600, 3000)), int(rng.integers(4))
        while day < last:
            rows.append((number, ZERO + pd.Timedelta(days=day), LABELS[grade]))
            day, grade = day + int(rng.integers(2, 60)) * 20, int(rng.integers(4))
    return pd.DataFrame(rows, columns=["provider", "inspection_start", "overall_effectiveness"])


def histories(table, start, until, since=None):
    """Spells of each provider since the first one in a grade, from `spells`."""
    found = []
    for _, held in sif.spells(table, until=until).groupby("provider", sort=True):
        firsts = np.flatnonzero(held["grade"] == start)
        if not len(firsts):
            continue
        held = held.iloc[firsts[0] :]
        zero, rows = held["start"].iloc[0], []
        for spell in held.itertuples():
            entry = spell.start if since is None else max(spell.start, since)
            if spell.end > entry:
                to = None if pd.isna(spell.to) else LABELS.index(spell.to)
                rows.append(((entry - zero).days, (spell.end - zero).days, LABELS.index(spell.grade), to))
        if rows:
            found.append(rows)
    return found


@pytest.mark.parametrize("since", [None, pd.Timestamp("2013-01-01")])
@pytest.mark.parametrize("n", [1, 3, 25])
def test_estimates_are_those_of_the_definition_and_variances_those_of_weights(n, since):
    table = random_table(np.random.default_rng(n), n)
    until = table["inspection_start"].max() + pd.Timedelta(days=200)
    for start in LABELS:
        spells = histories(table, start, until, since)
        found = sif.state_probabilities(table, start=start, at=[0, 0.7, 3.1], until=until, since=since)
        assert (found["n"] == len(spells)).all()
        for years, of_time in found.groupby("years"):
            of_time, time = of_time[::-1], years * YEAR  # worst to best
            followed = [
                (entry, end, grade) for rows in spells for entry, end, grade, _ in rows if entry < time <= end or entry == time == 0
            ]
            assert of_time["at_risk"].tolist() == [sum(grade == of for *_, of in followed) for grade in range(4)]
            if not followed:
                assert of_time[ESTIMATES].isna().all(axis=None)
                continue
            weights = np.ones(len(spells))
            p, spent = state_probabilities(spells, weights, LABELS.index(start), 4, time)
            assert of_time["probability"].tolist() == pytest.approx(p, abs=1e-12)
            assert of_time["years_in_grade"].tolist() == pytest.approx(np.array(spent) / YEAR, abs=1e-12)
            slopes = []  # by the weight of each provider
            for number in range(len(spells)):
                ends = []
                for step in (1e-5, -1e-5):
                    changed = weights.copy()
                    changed[number] += step
                    ends.append(np.array(state_probabilities(spells, changed, LABELS.index(start), 4, time)))
                slopes.append((ends[0] - ends[1]) / 2e-5)
            of_p, of_spent = (np.array(slopes) ** 2).sum(axis=0)
            for row, share, variance, days, of_days in zip(of_time.itertuples(), p, of_p, spent, of_spent, strict=True):
                if years == 0:
                    assert row.lower == row.upper == row.probability
                    continue
                varies = variance > 1e-12 and 1e-12 < share < 1 - 1e-12
                effective = min(len(spells), share * (1 - share) / variance) if varies else len(spells)
                assert (row.lower, row.upper) == pytest.approx(wilson(share, effective), abs=1e-6)
                half = 1.959963984540054 * math.sqrt(of_days) / YEAR
                if of_days < 1e-8:
                    assert np.isnan(row.years_lower)
                else:
                    wanted = max(days / YEAR - half, 0), min(days / YEAR + half, years)
                    assert (row.years_lower, row.years_upper) == pytest.approx(wanted, abs=1e-6)


# ---- by hand, and on the real table


def test_of_four_found_inadequate():
    """Two become good after two years; one closes after one year and is followed no longer; one is still inadequate."""
    rows = [(who, "2010-01-01", 4) for who in "ABCD"] + [(who, "2012-01-01", 2) for who in "AB"]
    table = table_of(*rows)
    table["closed"] = pd.to_datetime(table["provider"].map({"C": "2011-01-01"}))
    found = sif.state_probabilities(table, start="inadequate", at=[1.5, 3], until="2014-01-01")
    assert found["n"].tolist() == [4] * 8
    assert found["at_risk"].tolist() == [0, 0, 0, 3, 0, 2, 0, 1]
    assert found["probability"].tolist() == [0, 0, 0, 1, 0, pytest.approx(2 / 3), 0, pytest.approx(1 / 3)]
    years = 730 / YEAR
    assert found["years_in_grade"].tolist()[4:] == pytest.approx([0, (3 - years) * 2 / 3, 0, years + (3 - years) / 3])
    assert found.loc[3, ["lower", "upper"]].tolist() == pytest.approx(proportion_confint(4, 4, method="wilson"))


def test_real_figures():
    found = sif.state_probabilities(INSPECTIONS, start=["Inadequate", "Requires improvement"], at=[4, 6], framework=TWO)
    shares = found.set_index(["start", "years"]).groupby(level=[0, 1], observed=True)["probability"].apply(lambda p: p.round(2).tolist())
    assert shares.loc[("Inadequate", 6)] == [0.0, 0.31, 0.53, 0.16]
    assert shares.loc[("Requires improvement", 6)] == [0.03, 0.47, 0.34, 0.16]
    assert found.groupby("start", observed=True)["n"].first().to_dict() == {"Inadequate": 64, "Requires improvement": 105}


def test_probabilities_add_up_to_1_and_years_to_the_time():
    found = sif.state_probabilities(INSPECTIONS, "region", at=[0.5, 2, 7], framework=TWO).dropna(subset=["probability"])
    sums = found.groupby(["region", "start", "years"], observed=True)[["probability", "years_in_grade"]].sum()
    assert np.allclose(sums["probability"], 1, rtol=0, atol=1e-12)
    assert np.allclose(sums["years_in_grade"], sums.index.get_level_values("years"), rtol=0, atol=1e-10)
    assert ((found["lower"] <= found["probability"] + 1e-12) & (found["probability"] <= found["upper"] + 1e-12)).all()


def test_a_row_for_each_group_start_time_and_grade_in_order():
    found = sif.state_probabilities(INSPECTIONS, "region", at=[2, 1], framework=TWO)
    assert list(found.columns) == ["region", "start", "years", "grade", "n", "at_risk", *ESTIMATES]
    assert len(found) == 9 * 4 * 2 * 4
    assert found["grade"].tolist()[:5] == [*LABELS[::-1], "Outstanding"]
    assert found["years"].tolist()[:9] == [2] * 4 + [1] * 4 + [2]
    assert found["start"].tolist()[0:32:8] == LABELS[::-1]
    assert found.attrs["until"] == "2026-08-20"


def test_a_group_is_that_of_the_inspection_that_started_the_clock_and_each_is_as_it_is_alone():
    table = table_of(("A", "2010-01-01", 4), ("A", "2012-01-01", 2), ("A", "2013-01-01", 4), ("B", "2010-01-01", 4))
    table["region"] = ["North", "South", "South", None]
    found = sif.state_probabilities(table, "region", start="Inadequate", at=3.5, until="2014-01-01").query("n > 0")
    assert found["region"].fillna("none").unique().tolist() == ["North", "none"]
    assert found["probability"].tolist() == [0, 0, 0, 1, 0, 0, 0, 1]
    alone = sif.state_probabilities(table[table["provider"] == "A"], start="Inadequate", at=3.5, until="2014-01-01")
    assert_frame_equal(found.iloc[:4].drop(columns="region").reset_index(drop=True), alone)


def test_a_few_blocks_at_a_time_give_the_same(monkeypatch):
    wanted = sif.state_probabilities(INSPECTIONS, "region", framework=TWO)
    monkeypatch.setattr(states, "MOST_CELLS", 1)
    assert_frame_equal(sif.state_probabilities(INSPECTIONS, "region", framework=TWO), wanted)


def test_the_order_of_rows_and_the_names_of_providers_play_no_part():
    wanted = sif.state_probabilities(INSPECTIONS, framework=TWO)
    shuffled = INSPECTIONS.sample(frac=1, random_state=3)
    shuffled["provider"] = shuffled["provider"].astype(str).str[::-1]
    assert_frame_equal(sif.state_probabilities(shuffled, framework=TWO), wanted)


def test_where_nobody_began_or_nobody_is_followed_nothing_is_said():
    table = table_of(("A", "2010-01-01", 4), ("A", "2012-01-01", 2))
    none = sif.state_probabilities(table, start="Outstanding", at=1, until="2014-01-01")
    assert none[["n", "at_risk"]].to_numpy().tolist() == [[0, 0]] * 4
    assert none[ESTIMATES].isna().all(axis=None)
    late = sif.state_probabilities(table, start="Inadequate", at=[4, 5], until="2014-01-01")
    assert late["n"].tolist() == [1] * 8
    assert late.query("years == 5")[ESTIMATES].isna().all(axis=None)
    assert late.query("years == 4")["probability"].tolist() == [0, 1, 0, 0]  # day 1,461 is the last that is observed
    empty = sif.state_probabilities(table[:0], at=1)
    assert len(empty) == 16
    assert empty[ESTIMATES].isna().all(axis=None)


def test_who_was_found_on_the_last_day_has_not_been_followed():
    table = table_of(("A", "2010-01-01", 4), ("B", "2012-01-01", 4))
    assert sif.state_probabilities(table, start="Inadequate", at=1, until="2012-01-01")["n"].tolist() == [1] * 4


def test_since_leaves_out_what_happened_before():
    """All became good within a year until 2015, and nobody after: at the rates since 2015 nobody does."""
    rows = [(f"{year}{who}", f"{year}-01-01", 4) for year in (2010, 2014, 2016) for who in "AB"]
    rows += [(f"2010{who}", "2010-10-01", 2) for who in "AB"]
    table, options = table_of(*rows), {"start": "Inadequate", "at": 1.5, "until": "2020-01-01"}
    whole, late = (sif.state_probabilities(table, since=since, **options) for since in (None, "2015-01-01"))
    assert whole["probability"].tolist()[1] == pytest.approx(1 / 3)
    assert late["probability"].tolist() == [0, 0, 0, 1]
    assert late["n"].tolist() == [6] * 4  # the two of 2010 were good by then, and are followed from 2015 on as such


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start": "Superb"}, "start='Superb' is not a grade of the scale FOUR_POINT"),
        ({"start": []}, "start names no grade"),
        ({"at": -1}, "at=-1: years since the start are numbers of 0 or more"),
        ({"at": [1, np.nan]}, r"at=\[1, nan\]: years since the start"),
        ({"at": "soon"}, "at='soon' is neither a number of years nor a list of them"),
        ({"since": "2030-01-01"}, r"since \(2030-01-01\) is after the last day of observation"),
        ({"since": "soon"}, "since"),
        ({"level": 95}, "level is 95"),
        ({"by": "years"}, r"by names \['years'\], which the result needs"),
    ],
)
def test_what_a_user_gets_wrong_is_said(options, said):
    table = INSPECTIONS.assign(years=1) if options.get("by") == "years" else INSPECTIONS
    with pytest.raises(ValueError, match=f"^{said}"):
        sif.state_probabilities(table, framework=TWO, **options)
