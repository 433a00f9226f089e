"""How the package is used, as mypy --strict sees it: what is asserted of types here, mypy checks; the tests run it too."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pandas as pd
import polars as pl

import ofsted_sif as sif
from ofsted_sif import counts

table = sif.load_inspections()
assert_type(sif.__version__, str)

# scales
assert_type(sif.FOUR_POINT, sif.GradeScale)
assert_type(sif.FOUR_POINT.labels, tuple[str, ...])
assert_type(sif.FOUR_POINT.threshold, str | None)
words: Mapping[str, str] = sif.MET.words

# the bundled tables and Ofsted's conventions
convention = sif.release("la-2024-03-31")
assert_type(convention, dict[str, Any])

# the state on a date, counted
state = sif.as_at(table, **convention)
counted = sif.aggregate(state, by="region", interval="wilson", level=0.9, min_n=3)
several = sif.aggregate(state, by=["region", "framework"], judgement=["overall_effectiveness", "leadership"])
many = sif.series(table, pd.date_range("2020-03-31", periods=3, freq="YE"), framework="all", published_by=pd.DateOffset(months=1))
lower, upper = sif.proportion_interval(10, 43, method="jeffreys")
lowest: np.ndarray[Any, Any] = lower

# a result is of the kind of its table
assert_type(counted, pd.DataFrame)
assert_type(sif.load_inspections(), pd.DataFrame)
assert_type(sif.as_at(table, "2024-03-31", framework="all"), pd.DataFrame)
of_polars = pl.DataFrame({"region": ["London", "London"], "overall_effectiveness": ["Good", "Inadequate"]})
assert_type(sif.aggregate(of_polars, "region"), pl.DataFrame)
assert_type(sif.aggregate(of_polars.lazy(), "region"), pl.DataFrame)

# change, time, trend
changes = sif.changes(table, date="2024-03-31", framework="all")
summary = sif.change_summary(changes.drop(columns="years_between"), by="change")  # pairs of one's own: nothing is said of who they are
improved = sif.change_between(table, "2021-03-31", "2024-03-31", "region", framework=["SIF", "ILACS"])
later = sif.state_probabilities(table, start="Inadequate", at=[2, 4], framework="all")
waited = sif.median_time_to(table, grade="Good", by="region", framework="all")
matrix = sif.design_matrix(table, "region", framework=["SIF", "ILACS"])
assert_type(sif.design_matrix(table, unit="provider", date="2024-03-31", framework="all"), pd.DataFrame)
trended = sif.trend(sif.periods(table, freq="YE-MAR", framework="all"), value="good_or_outstanding")

# arrays
grid = counts.count_grades(np.array([0, 1], dtype=np.int8), np.array([1, -1], dtype=np.int8), n_groups=2, n_grades=4)
assert_type(counts.NO_DAY, int)


def read(path: Path) -> pd.DataFrame:
    """Errors and reports have types of their own."""
    try:
        report = sif.reading_report(path)
        assert_type(report, sif.ReadingReport)
        assert_type(report.n_rows, int)
        return report.set_aside
    except sif.ReadingError as error:
        raise SystemExit(f"{error.file}, row {error.row}") from error
