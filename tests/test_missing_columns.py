"""A table with names of its own: all columns that a question misses are told in one error, with what to type."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import ofsted_sif as sif

NAMES = {"provider": "URN", "inspected": "Inspection date", "published": "Report date", "judgement": "Overall"}


def table_of_own_names(kind: str) -> Any:
    frame = pd.DataFrame(
        {
            "URN": ["1", "1", "2"],
            "Inspection date": ["2015-01-01", "2017-01-01", "2016-01-01"],
            "Report date": ["2015-02-01", "2017-02-01", "2016-03-01"],
            "Overall": ["Good", "Inadequate", "Good"],
        }
    )
    if kind == "pandas":
        return frame
    if kind == "mapping":
        return frame.to_dict("list")
    if kind == "Arrow":
        return pytest.importorskip("pyarrow").Table.from_pandas(frame)
    polars = pytest.importorskip("polars").from_pandas(frame)
    return polars if kind == "polars" else polars.lazy()


@pytest.mark.parametrize("kind", ["pandas", "mapping", "Arrow", "polars"])
def test_all_missing_columns_are_told_at_once_and_what_is_told_to_type_works(kind: str) -> None:
    table = table_of_own_names(kind)
    with pytest.raises(sif.MissingColumnError, match=r"^provider='provider': the table has no such column; nearest: 'URN'\n") as told:
        sif.transitions(table)
    lines = str(told.value).splitlines()
    assert [name in line for name, line in zip(NAMES.values(), lines, strict=False)] == [True] * len(NAMES)
    assert lines[-1] == "all together: " + ", ".join(f"{argument}={name!r}" for argument, name in NAMES.items())
    counted = sif.transitions(table, **NAMES)["n"]
    assert sum(counted.to_pylist() if kind == "Arrow" else counted) == 1


def test_of_a_table_that_is_not_collected_the_names_that_must_be_there_are_told() -> None:
    with pytest.raises(
        sif.MissingColumnError, match=r"(?s)nearest: 'URN'\n.*nearest: 'Overall'\nall together: provider='URN', judgement='Overall'$"
    ):
        sif.transitions(table_of_own_names("polars, lazy"))


def test_one_missing_column_is_told_as_it_is() -> None:
    table = table_of_own_names("pandas").rename(columns={"Inspection date": "inspection_start", "Report date": "published"})
    with pytest.raises(sif.MissingColumnError, match=r"^provider='provider': [^\n]*$"):
        sif.as_at(table, "2020-01-01")


def test_columns_that_a_question_can_do_without_are_not_asked_for() -> None:
    table = pd.DataFrame({"when": ["2015-01-01"], "grade": ["Good"]})
    with pytest.raises(sif.MissingColumnError) as told:
        sif.trend(table, "region")
    assert "provider" not in str(told.value).split("its columns")[0]
    assert "published" not in str(told.value)


def test_where_nothing_is_near_nothing_is_told_to_type() -> None:
    with pytest.raises(sif.MissingColumnError) as told:
        sif.transitions(pd.DataFrame({"x": [1], "y": [2]}))
    assert "together" not in str(told.value)
    assert len(str(told.value).splitlines()) == 2
    assert told.value.instead == ""
