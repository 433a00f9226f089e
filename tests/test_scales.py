"""A word that Ofsted prints becomes the grade that it means; a word that it does not print is an error with its row."""

import pickle

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif import scales

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


# ---- what is no scale, and words that people write for grades


@pytest.mark.parametrize("name", ["FOUR_POINT", "four point", "MET"])
def test_a_scale_as_text_is_told_what_to_type(name: str) -> None:
    meant = f"ofsted_sif.{name.upper().replace(' ', '_')}, without quotes"
    for call in (
        lambda: sif.grades(["Good"], name),
        lambda: sif.aggregate({"overall_effectiveness": ["Good"]}, scale=name),
        lambda: sif.periods({"overall_effectiveness": ["Good"], "inspection_start": ["2020-01-01"]}, scale=name),
    ):
        with pytest.raises(TypeError, match=f"scale='{name}' is no GradeScale: give {meant}"):
            call()
    with pytest.raises(TypeError, match=r"scale=4 is no GradeScale: give ofsted_sif\.FOUR_POINT, or a scale of your own"):
        sif.aggregate({"overall_effectiveness": ["Good"]}, scale=4)


def test_a_scale_as_text_is_told_of_columns_that_are_counted_as_they_lie() -> None:
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(TypeError, match="without quotes"):
        sif.aggregate(pa.table({"overall_effectiveness": pa.array(["Good"]).dictionary_encode()}), scale="FOUR_POINT")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("RI", "Requires improvement"),
        ("Special measures", "Inadequate"),
        ("serious  weaknesses", "Inadequate"),
        ("Outstandng", "Outstanding"),
    ],
)
def test_what_people_write_for_a_grade_is_asked_about_and_can_be_taught(word: str, meant: str) -> None:
    told = rf"row 1: {word!r} is not a grade .*did you mean {meant!r}\? To take the word for it: scale=(.*)"
    with pytest.raises(sif.RowError, match=told) as caught:
        sif.aggregate({"overall_effectiveness": ["Good", word]})
    assert (caught.value.row, caught.value.column, caught.value.value) == (1, "overall_effectiveness", word)
    scale = eval(str(caught.value).rpartition("scale=")[2], {"ofsted_sif": sif})  # what the error says can be typed
    counted = sif.aggregate({"overall_effectiveness": ["Good", word]}, scale=scale)
    assert counted[[sif.FOUR_POINT.columns[sif.FOUR_POINT.labels.index(meant)], "good"]].iloc[0].tolist() == [1, 1]
    assert scale.threshold_column == "good_or_outstanding"


def test_a_word_that_means_nothing_known_gets_no_hint() -> None:
    for word, scale in (("Excellent", None), ("RI", sif.MET), ("Tal", sif.GradeScale("size", ("Tall", "Short")))):
        with pytest.raises(sif.RowError) as caught:
            sif.aggregate({"overall_effectiveness": [word]}, scale=scale)
        assert "To take the word" not in str(caught.value)


def test_judgements_on_two_scales_in_one_call_are_named_with_their_scales() -> None:
    table = {"overall_effectiveness": ["Good"], "safeguarding": ["Met"]}
    told = "The judgements of one call share a scale: 'overall_effectiveness' is on FOUR_POINT, 'safeguarding' on MET; ask for them apart"
    with pytest.raises(sif.RowError, match=told):
        sif.aggregate(table, judgement=["overall_effectiveness", "safeguarding"])
    with pytest.raises(sif.RowError) as caught:  # a word that is no grade at all is another matter
        sif.aggregate(table | {"safeguarding": ["Perhaps"]}, judgement=["overall_effectiveness", "safeguarding"])
    assert "share a scale" not in str(caught.value)


@pytest.mark.parametrize("ask", [sif.changes, sif.aggregate, sif.transitions])
def test_known_grades_in_an_order_of_ones_own_with_the_best_as_the_worst_are_refused(ask):
    words = ["Outstanding", "Good", "Requires improvement", "Inadequate", "Exempt"]
    table = pd.DataFrame({"provider": ["A", "A"], "inspection_start": pd.to_datetime(["2015-01-01", "2017-01-01"])})
    grade = pd.Series(["Inadequate", "Good"])

    def asked(categories, ordered):
        return ask(table.assign(overall_effectiveness=grade.astype(pd.CategoricalDtype(categories, ordered=ordered))))

    with pytest.raises(ValueError, match=r"'overall_effectiveness'.*'Outstanding' as worse than 'Inadequate', and 'Exempt' is no grade"):
        asked(words, ordered=True)
    for categories, ordered in ((words[::-1], True), (words[:-1], True), (words, False)):  # worst first, and a known scale in any order
        assert len(asked(categories, ordered))


@pytest.mark.parametrize("ask", [sif.aggregate, sif.trend])
def test_known_grades_in_the_order_of_the_alphabet_are_no_scale_of_ones_own(ask):
    """As an Enum of polars, or `pandas.Categorical(..., ordered=True)`, has them: beside a misspelt word that nobody would see."""
    words = ["Inadequate", "Requires improvement", "Good", "Outstanding", "Godo"]
    table = pd.DataFrame({"inspection_start": pd.date_range("2015-01-01", periods=5), "overall_effectiveness": words})
    in_order = table.assign(overall_effectiveness=pd.Categorical(words, ordered=True))
    with pytest.raises(ValueError, match=r"'overall_effectiveness'.*'Good' as worse than 'Inadequate', and 'Godo' is no grade"):
        ask(in_order)
    own = table.assign(overall_effectiveness=pd.Categorical(words, ["Godo", *words[:4]], ordered=True))
    assert len(ask(own))


@pytest.mark.parametrize("word", ["Not judged", "-", "Not yet inspected", "NULL"])
def test_a_scale_has_no_label_that_is_read_as_a_missing_value(word):
    with pytest.raises(ValueError, match=f"scale own: {word!r} is read as a missing value, so it can be no grade"):
        sif.GradeScale("own", ("Done", word))
    with pytest.raises(ValueError, match="read as a missing value"):
        sif.GradeScale("own", ("Done", "Open"), words={word: "Open"})


@pytest.mark.parametrize(
    ("word", "others"),
    [*((word, ["Red", "Amber"]) for word in ("N/A", "Not judged", "n/a ", "Not applicable")), ("N/A", list(sif.FOUR_POINT.labels[::-1]))],
)
def test_a_word_for_none_is_no_grade_of_an_order_of_ones_own(word, others):
    grade = pd.Categorical([word, others[0]], categories=[word, *others], ordered=True)
    told = rf"column 'overall_effectiveness': the categories are in an order, and {word!r} says that there is no grade.*remove_categories"
    with pytest.raises(ValueError, match=told):
        sif.aggregate(pd.DataFrame({"overall_effectiveness": grade}))
    without = pd.Series(grade).cat.remove_categories(word)
    assert sif.aggregate(pd.DataFrame({"overall_effectiveness": without}))[["n", "n_judged"]].values.tolist() == [[2, 1]]
    scale = sif.GradeScale("own", ("Some", "None"))  # where it is a grade, a scale says so
    assert sif.aggregate(pd.DataFrame({"overall_effectiveness": ["None", "Some"]}), scale=scale)["none"].item() == 1


def test_an_order_of_numbers_says_how_they_become_words():
    grade = pd.Series(pd.Categorical([0, 2], categories=[0, 1, 2], ordered=True))
    with pytest.raises(ValueError, match=r"column 'score': the categories are numbers.*table\['score'\].cat.rename_categories\(str\)"):
        sif.aggregate(pd.DataFrame({"score": grade}), judgement="score")
    found = sif.aggregate(pd.DataFrame({"score": grade.cat.rename_categories(str)}), judgement="score")
    assert found[["2", "1", "0"]].values.tolist() == [[1, 0, 1]]


UNUSED = {"a word": ["Good", "Inadequate", "Outstanding", "Foo"], "a word for none": ["N/A", "Good", "Inadequate"], "a number": [9, 2, 4]}


@pytest.mark.parametrize("categories", UNUSED.values(), ids=UNUSED)
@pytest.mark.parametrize(
    "ask",
    [
        lambda table: sif.as_at(table, "2020-01-01"),
        sif.first,
        lambda table: sif.as_at(table, "2020-01-01", having="overall_effectiveness"),
        lambda table: sif.series(table, ["2020-01-01"], judgement="overall_effectiveness"),
        lambda table: sif.combine(table, table),
    ],
    ids=["as_at", "first", "having", "series", "combine"],
)
def test_a_category_that_no_row_has_does_not_matter(ask, categories) -> None:
    words = categories[1:3] if isinstance(categories[1], int) else ["Good", "Inadequate"]
    table = pd.DataFrame({"provider": ["1", "2"], "inspection_start": pd.to_datetime(["2015-01-01", "2016-01-01"])})
    told = ask(table.assign(published=table["inspection_start"], overall_effectiveness=pd.Categorical(words, categories)))
    plain = ask(table.assign(published=table["inspection_start"], overall_effectiveness=words))
    assert told.astype(object).equals(plain.astype(object))


@pytest.mark.parametrize("ask", [lambda table: sif.as_at(table, "2020-01-01"), sif.first], ids=["as_at", "first"])
def test_of_categories_that_are_no_grades_the_one_that_a_row_has_is_named(ask) -> None:
    grades = pd.Categorical(["Good", "Bad"], ["Foo", "Good", "Bad"])
    table = pd.DataFrame({"provider": ["1", "2"], "inspection_start": pd.to_datetime(["2015-01-01"] * 2), "overall_effectiveness": grades})
    with pytest.raises(sif.errors.RowError, match="'overall_effectiveness', row 1: 'Bad' is not a grade"):
        ask(table.assign(published=table["inspection_start"]))


def test_categories_in_an_order_are_a_scale_whether_or_not_a_row_has_them() -> None:
    own = pd.CategoricalDtype(["Foo", "Inadequate", "Good"], ordered=True)
    assert scales.infer_scale(pd.Series(["Good"], dtype=own)).labels == ("Good", "Inadequate", "Foo")
    assert scales.infer_scale(pd.Series(["Met"], dtype=pd.CategoricalDtype(["Good", "Met"]))).name == "MET"
