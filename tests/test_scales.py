"""A word that Ofsted prints becomes the grade that it means; a word that it does not print is an error with its row."""

import pickle

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif

SPELLINGS = {
    "Outstanding": "Outstanding",
    "GOOD": "Good",
    " good ": "Good",
    "Requires improvement": "Requires improvement",
    "Requires Improvement": "Requires improvement",
    "Requires  Improvement to be good": "Requires improvement",
    "Adequate": "Requires improvement",
    "Satisfactory": "Requires improvement",
    "Inadequate": "Inadequate",
}


@pytest.mark.parametrize(("word", "label"), SPELLINGS.items())
def test_every_printed_spelling_is_its_grade(word: str, label: str) -> None:
    assert sif.grades([word]).tolist() == [label]


@pytest.mark.parametrize("value", [None, np.nan, pd.NA, pd.NaT, "", " ", "-", "NULL", "Not judged", "Not Judged", "Not yet inspected"])
def test_what_is_no_grade_is_missing(value: object) -> None:
    assert sif.grades(pd.Series(["Good", value], dtype=object)).codes.tolist() == [2, -1]


def test_an_unknown_word_is_named_with_its_row_and_what_is_known() -> None:
    expected = (
        r"row 2: 'Godo' is not a grade of the scale FOUR_POINT "
        r"\(known: Outstanding, Good, Requires improvement, Inadequate\); did you mean 'Good'\?"
    )
    with pytest.raises(ValueError, match=expected):
        sif.grades(["Good", None, "Godo"])
    with pytest.raises(ValueError, match="column 'overall_effectiveness', row 1: 'Godo'"):
        sif.aggregate({"overall_effectiveness": ["Good", "Godo"]})


def test_the_order_is_worst_to_best() -> None:
    grades = pd.Series(sif.grades([1, 2, 3, 4]))
    assert (grades >= "Good").tolist() == [True, True, False, False]
    assert grades.max() == "Outstanding"
    assert grades.cat.codes.tolist() == [3, 2, 1, 0]
    assert grades.cat.codes.dtype == np.int8


def test_codes_of_a_categorical_of_the_scale_are_not_copied() -> None:
    grades = sif.grades(["Good", "Outstanding"])
    assert np.shares_memory(sif.grades(grades).codes, grades.codes)
    series = pd.Series(grades)
    assert np.shares_memory(sif.grades(series).codes, series.array.codes)


@pytest.mark.parametrize("categories", [["Outstanding", "Good", "Inadequate"], ["good", "Adequate", "unheard of"]])
def test_other_categoricals_are_taken_by_their_words(categories: list[str]) -> None:
    values = pd.Categorical([categories[0], None, categories[1]], categories=categories)
    assert sif.grades(values).tolist()[::2] == sif.grades(categories[:2]).tolist()


def test_masked_arrays_keep_their_mask() -> None:
    assert sif.grades(np.ma.masked_array([1, 9, 2], mask=[False, True, False])).codes.tolist() == [3, -1, 2]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["Good", None], dtype="string"),
        pd.Series([2, None], dtype="Int64"),
        pd.Series([2, None]),
        pd.Index(["Good", None]),
        np.array(["Good", ""]),
        ("Good", None),
        iter(["Good", None]),
    ],
    ids=lambda values: type(values).__name__,
)
def test_every_kind_of_column_is_taken(values: object) -> None:
    assert sif.grades(values).codes.tolist() == [2, -1]


def test_the_scale_is_told_from_the_words() -> None:
    assert sif.aggregate({"g": ["Met", "Not met", "Met"]}, judgement="g").loc[0, ["met", "not_met"]].tolist() == [2, 1]
    assert "expected_standard" in sif.aggregate({"g": ["Expected standard"]}, judgement="g")
    with pytest.raises(ValueError, match="'Splendid' is not a grade of the scale REPORT_CARD"):
        sif.aggregate({"g": ["Exceptional", "Strong standard", "Splendid"]}, judgement="g")


def test_a_scale_of_ones_own() -> None:
    scale = sif.GradeScale("stars", ("three", "two", "one"), words={"***": "three"}, threshold="two")
    assert scale.threshold_column == "two_or_three"
    counted = sif.aggregate({"g": ["***", "one", "two", None]}, judgement="g", scale=scale)
    assert counted.loc[0, ["three", "two", "one", "two_or_three", "n_not_judged"]].tolist() == [1, 1, 1, 2, 1]
    with pytest.raises(ValueError, match="its grades are words, not numbers"):
        sif.grades([1], scale)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": ("a", "A")}, "must be one or more and differ"),
        ({"labels": ()}, "must be one or more"),
        ({"labels": ("a", "b"), "threshold": "c"}, "the threshold 'c' is none of its labels"),
        ({"labels": ("a", "b"), "words": {"x": "c"}}, "'x' is to mean 'c'"),
        ({"labels": ("a", "b"), "words": {"B": "a"}}, "'B' means both 'b' and 'a'"),
    ],
)
def test_a_scale_that_contradicts_itself_is_an_error(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sif.GradeScale("mine", **arguments)


def test_scales_are_immutable_and_travel_between_processes() -> None:
    with pytest.raises(AttributeError):
        sif.FOUR_POINT.name = "other"
    with pytest.raises(TypeError):
        sif.FOUR_POINT.words["Fine"] = "Good"
    assert pickle.loads(pickle.dumps(sif.FOUR_POINT)) == sif.FOUR_POINT
    assert hash(sif.FOUR_POINT) == hash(pickle.loads(pickle.dumps(sif.FOUR_POINT)))


def test_two_dimensions_are_an_error() -> None:
    with pytest.raises(ValueError, match="one dimension, not 2"):
        sif.grades(np.ones((2, 2)))
