"""Answers on the bundled table of 716 rows, beside the same by hand: ``python -m tests.benchmarks.small_calls``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import ofsted_sif as sif
from ofsted_sif import counts
from tests.benchmarks.timing import describe_machine, medians, print_table

DATE, CUTOFF = pd.Timestamp("2024-03-31"), pd.Timestamp("2024-06-30")


def by_hand(table: pd.DataFrame) -> pd.DataFrame:
    """The state on a date and its counts by region, as a careful analyst writes them in pandas."""
    rows = table[table["framework"].isin(["SIF", "ILACS"]) & (table["published"] <= CUTOFF)]
    rows = rows[(rows["inspection_start"] <= DATE) | rows["inspection_start"].isna()]
    rows = rows[(rows["opened"].isna() | (rows["opened"] <= DATE)) & (rows["closed"].isna() | (rows["closed"] > DATE))]
    rows = rows.assign(placed=rows["inspection_start"].fillna(rows["published"])).sort_values(["provider", "placed", "published"])
    state = rows.drop_duplicates("provider", keep="last")
    counted = state.groupby(["region", "overall_effectiveness"], observed=False).size().unstack()
    counted["n_judged"] = counted.sum(axis=1)
    counted["good_or_outstanding"] = counted["Good"] + counted["Outstanding"]
    for name in list(counted.columns):
        counted[f"share_{name}"] = counted[name] / counted["n_judged"]
    return counted


def main() -> None:
    """Print the tables; both ways must give the same counts."""
    print(describe_machine("numpy", "pandas"))
    table = sif.load_inspections()
    state = sif.as_at(table, DATE, published_by=CUTOFF, framework=["SIF", "ILACS"])
    ours, theirs = sif.aggregate(state, "region"), by_hand(table)
    assert (ours["good_or_outstanding"].to_numpy() == theirs["good_or_outstanding"].to_numpy()).all()
    of, grade = (np.asarray(table[name].cat.codes) for name in ("region", "overall_effectiveness"))
    index = of.astype(np.int64) * 5 + grade + 1

    def together() -> pd.DataFrame:
        return sif.aggregate(sif.as_at(table, DATE, published_by=CUTOFF, framework=["SIF", "ILACS"]), "region")

    whole: dict[str, Callable[[], Any]] = {"as_at and aggregate": together, "by hand in pandas": lambda: by_hand(table)}
    print_table("The state on a date by region", "as_at and aggregate", medians(whole, runs=9))
    one: dict[str, Callable[[], Any]] = {
        "aggregate(by='region')": lambda: sif.aggregate(table, "region"),
        "pandas groupby(...).size()": lambda: table.groupby(["region", "overall_effectiveness"], observed=False).size(),
        "pandas crosstab": lambda: pd.crosstab(table["region"], table["overall_effectiveness"]),
    }
    print_table("Counts by region", "aggregate(by='region')", medians(one, runs=9))
    kernel: dict[str, Callable[[], Any]] = {
        "counts.count_grades": lambda: counts.count_grades(of, grade, n_groups=9),
        "numpy.bincount on the same codes": lambda: np.bincount(of.astype(np.int64) * 5 + grade + 1, minlength=45),
        "numpy.bincount on indices made beforehand": lambda: np.bincount(index, minlength=45),
    }
    print_table("The kernel alone", "counts.count_grades", medians(kernel, runs=9))


if __name__ == "__main__":
    main()
