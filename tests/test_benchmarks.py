"""The history of the benchmarks keeps what was measured, and tells what has become slower."""

import pandas as pd
import pytest

from tests.benchmarks import history

PRINTED = """2026-11-29, A processor, 2 cores, Python 3.11.7, ofsted_sif 0.1.0

### aggregate, 1,000 rows

| | milliseconds | million rows/s | times ours |
| --- | ---: | ---: | ---: |
| ofsted_sif, Arrow | 10 | 100 | 1.00 |
| pandas groupby | 12,000 | 0 | 1,200.00 |
| **polars** | 9 | 110 | 0.90 |

### threads

| | 1 thread, ms | gain |
| --- | ---: | ---: |
| kernel | 3 | 1.80 |

### every size

| | 716 rows, ms | times ours | 100,000 rows, ms | times ours | MB |
| --- | ---: | ---: | ---: | ---: | ---: |
| ofsted_sif | 1 | 1.00 | 2 | 1.00 | 0 |
| DuckDB | 3 | 3.00 | 8 | 4.00 | 9 |
"""


def test_every_ratio_that_was_printed_is_kept_with_what_it_is_a_ratio_of():
    found = history.ratios("road", PRINTED)
    assert found[["table", "row", "column", "times_ours"]].to_numpy().tolist() == [
        ["aggregate, 1,000 rows", "ofsted_sif, Arrow", "milliseconds", 1.0],
        ["aggregate, 1,000 rows", "pandas groupby", "milliseconds", 1200.0],
        ["aggregate, 1,000 rows", "polars", "milliseconds", 0.9],
        ["every size", "ofsted_sif", "716 rows, ms", 1.0],
        ["every size", "ofsted_sif", "100,000 rows, ms", 1.0],
        ["every size", "DuckDB", "716 rows, ms", 3.0],
        ["every size", "DuckDB", "100,000 rows, ms", 4.0],
    ]
    same = found[["date", "processor", "chapter"]].drop_duplicates()
    assert same.to_numpy().tolist() == [["2026-11-29", "A processor", "road"]]


def test_a_chapter_that_does_not_say_when_it_was_measured_is_refused():
    with pytest.raises(ValueError, match="'road' does not say when"):
        history.ratios("road", "### aggregate\n")


def test_a_ratio_that_fell_is_told_and_one_of_another_processor_is_not_its_measure(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "FILE", tmp_path / "HISTORY.csv")
    history.remember("road", PRINTED)
    history.remember("road", PRINTED.replace("A processor", "Another").replace("1,200.00", "2,400.00"))
    history.remember("road", PRINTED.replace("1,200.00", "1,300.00"))
    history.remember("road", PRINTED.replace("1,200.00", "900.00"))
    found = history.losses(pd.read_csv(history.FILE))
    assert found.to_dict("records") == [
        {
            "processor": "A processor",
            "chapter": "road",
            "table": "aggregate, 1,000 rows",
            "row": "pandas groupby",
            "column": "milliseconds",
            "before": 1250.0,
            "now": 900.0,
            "n_before": 2,
        }
    ]


def test_another_way_of_ours_that_takes_longer_than_before_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "FILE", tmp_path / "HISTORY.csv")
    printed = PRINTED.replace("| pandas groupby |", "| ofsted_sif, polars |")
    history.remember("road", printed)
    history.remember("road", printed.replace("1,200.00", "1,500.00"))
    assert history.losses(pd.read_csv(history.FILE))[["row", "before", "now"]].to_numpy().tolist() == [
        ["ofsted_sif, polars", 1200.0, 1500.0]
    ]
