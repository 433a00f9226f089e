"""Every table function gives the same for every kind of table and column, and leaves what it was given as it was."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ofsted_sif as sif
from tests.support import kinds

# What is said of pairs is said in tests/test_change.py.
pytestmark = [pytest.mark.filterwarnings("ignore::ofsted_sif.errors.SelectedPairsWarning"), pytest.mark.usefixtures("coarse_grid")]

DAY, LATER = "2018-06-30", "2020-01-31"
TABLES = {
    "aggregate": lambda table: sif.aggregate(table, by="region", weights="pupils"),
    "as_at": lambda table: sif.as_at(table, DAY),
    "first": lambda table: sif.first(table),
    "explain": lambda table: sif.explain(table, np.asarray(table["provider"])[0], LATER),
    "series": lambda table: sif.series(table, [DAY, LATER], by="region"),
    "periods": lambda table: sif.periods(table, by="region", freq="YE"),
    "changes": lambda table: sif.changes(table, date=LATER),
    "change_summary": lambda table: sif.change_summary(sif.changes(table, by="region"), by="region"),
    "change_between": lambda table: sif.change_between(table, DAY, LATER, by="region"),
    "transitions": lambda table: sif.transitions(table, by="region"),
    "decompose": lambda table: sif.decompose(table, DAY, LATER),
    "design_matrix": lambda table: sif.design_matrix(table, by="region"),
    "compare": lambda table: sif.compare(sif.as_at(table, DAY), sif.as_at(table, LATER), paired=True),
    "spells": lambda table: sif.spells(table, by="region", until=LATER),
    "time_to": lambda table: sif.time_to(table, by="region", grade="Good", until=LATER),
    "median_time_to": lambda table: sif.median_time_to(table, by="region", grade="Good", until=LATER),
    "logrank": lambda table: sif.logrank(table, by="region", grade="Good", until=LATER),
    "state_probabilities": lambda table: sif.state_probabilities(table, by="region", at=[0, 1, 2], until=LATER),
    "trend": lambda table: sif.trend(table, by="region", method="mann-kendall"),
    "resample": lambda table: sif.resample(
        table, statistic=lambda drawn: sif.aggregate(drawn)["good_or_outstanding"].iloc[0], n=5, rng=3, progress=False
    ),
    "shrink": lambda table: sif.shrink(sif.aggregate(table, "region")),
    "overdispersion": lambda table: sif.overdispersion(sif.aggregate(table, "region")),
    "standardise": lambda table: sif.standardise(table, strata="region"),
    "combine": lambda table: sif.combine(table, table),
    "reconcile": lambda table: sif.reconcile(sif.as_at(table, DAY), sif.as_at(table, LATER)),
}
PASSING = {"as_at", "first", "explain", "combine", "reconcile"}  # give the table's own columns back as they came


def comparable(result, without):
    """Names and rows as Python's values, so that a label is the same in whatever dtype it came."""

    def value(of):
        if isinstance(of, pd.Timestamp | np.datetime64):
            return str(of)[:10]
        missing = of is None or of is pd.NA or of is pd.NaT or (isinstance(of, float) and np.isnan(of))
        return None if missing else round(float(of), 9) if isinstance(of, float | np.floating) else str(of)

    if "n" in result.columns:  # groups without a row are shown of categories, and of nothing else
        result = result[result["n"] > 0]
    kept = [name for name in result.columns if name not in without]
    return [kept, *([value(of) for of in row] for row in result[kept].itertuples(index=False))]


def outcome(name, table):
    """What a call gives, or that it refuses: a table without rows has no state to speak of, say."""
    without = set(kinds.FORMS) if name in PASSING else set()
    try:
        return comparable(TABLES[name](table), without)
    except (ValueError, IndexError, KeyError, TypeError) as error:
        return type(error).__name__


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(data=st.data(), n=st.sampled_from([30, 30, 30, 1, 0]), missing=st.sampled_from([0, 0.2]))
def test_a_table_function_gives_the_same_for_every_kind_of_table(name, data, n, missing):
    values = kinds.inspections(np.random.default_rng([n, 23]), n, missing)
    table = data.draw(kinds.tables(values), label="table")
    np.asarray(table["provider"])  # some tables write down what was looked up in them, as `explain` above does
    before = kinds.fingerprint(table)
    assert outcome(name, table) == outcome(name, kinds.plain_table(values))
    assert kinds.fingerprint(table) == before, "the table changed"


def test_every_plain_call_has_an_answer():
    table = kinds.plain_table(kinds.inspections(np.random.default_rng([30, 23]), 30, 0.2))
    assert [name for name in TABLES if isinstance(outcome(name, table), str)] == []
