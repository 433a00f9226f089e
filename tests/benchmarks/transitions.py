"""The transitions of a million ordered records beside numpy and pandas: ``python -m tests.benchmarks.transitions``."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pandas as pd

from ofsted_sif import counts
from tests.benchmarks.as_at import history
from tests.benchmarks.timing import describe_machine, medians, print_table


def shift_and_bincount(provider: np.ndarray, grade: np.ndarray) -> np.ndarray:
    """With numpy, where records are known to be in order and no two of one day; missing grades last."""
    same = provider[1:] == provider[:-1]
    place = np.where(grade < 0, 4, grade).astype(np.int64)
    return np.bincount((place[:-1] * 5 + place[1:])[same], minlength=25).reshape(5, 5)


def with_pandas(provider: np.ndarray, grade: np.ndarray) -> np.ndarray:
    """By hand in pandas: the grade before by a shift within groups, then a crosstab."""
    frame = pd.DataFrame({"provider": provider, "grade": np.where(grade < 0, 4, grade)})
    before = frame.groupby("provider")["grade"].shift()
    table = pd.crosstab(before.dropna().astype(int), frame["grade"][before.notna()])
    return table.reindex(index=range(5), columns=range(5), fill_value=0).to_numpy()


def main(records: int = 1_000_000, providers: int = 100_000) -> None:
    """Print the table; every peer must give the same counts."""
    print(describe_machine("numpy", "pandas"))
    data = history(records, providers, 1)
    provider, held, published, group, grade = (data[name] for name in ("provider", "held", "published", "group", "grade"))
    calls: dict[str, Callable[[], np.ndarray]] = {
        "ofsted_sif": lambda: counts.count_transitions(provider, held, None, None, grade, n_providers=providers)[0, 0],
        "ofsted_sif, with publication": lambda: counts.count_transitions(provider, held, published, None, grade, n_providers=providers)[
            0, 0
        ],
        "ofsted_sif, 153 groups": lambda: counts.count_transitions(provider, held, None, group, grade, n_providers=providers).sum((0, 1)),
        "numpy, shift and bincount": lambda: shift_and_bincount(provider, grade),
        "pandas by hand": lambda: with_pandas(provider, grade),
    }
    expected = shift_and_bincount(provider, grade)
    for name, call in calls.items():
        assert (call() == expected).all(), name
    spells = {"ofsted_sif, spells": lambda: counts.spells(provider, held, None, grade, 30_000, n_providers=providers)}
    print_table(f"{records:,} records, {providers:,} providers", "ofsted_sif", medians(calls | spells))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
