"""Reading: one inspection in several rows of a file is said, with its grades. All rows are made up."""

import io
import pickle
import warnings

import pytest

import ofsted_sif as sif

CARE = "URN,Provision type,Local authority,Inspection type,Inspection date,Event number,Overall effectiveness,Remark\n"


def read(text):
    """The table, its report, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table, report = sif.read_inspections(io.BytesIO(text.encode()), return_report=True)
    return table, report, [f"{warning.category.__name__}: {warning.message}" for warning in caught]


def care(*rows):
    """A file of inspections of homes: of each the home, the day, the number and the grade."""
    lines = [
        f"SC00000{home},Children's home,Leeds,Full inspection,{day}/04/2015,{number},{grade},row {at}"
        for at, (home, day, number, grade) in enumerate(rows)
    ]
    return CARE + "\n".join(lines) + "\n"


def test_an_inspection_in_two_rows_with_two_grades_is_told_with_both():
    table, report, (warned,) = read(care((1, "03", 1001, "Good"), (2, "03", 1002, "Good"), (1, "03", 1001, "Inadequate")))
    assert len(table) == 3
    assert warned.startswith("RepeatedInspectionsWarning: an open file: ")
    assert "rows 2 and 4 (provider SC000001, inspection 1001): overall_effectiveness Good and Inadequate" in warned
    assert report.repeated.to_dict("records") == [
        {"rows": "2, 4", "provider": "SC000001", "inspection": "inspection 1001", "differ": "overall_effectiveness Good and Inadequate"}
    ]
    assert "rows 2 and 4" in str(report)
    assert pickle.loads(pickle.dumps(report)).repeated.equals(report.repeated)


def test_an_inspection_in_two_rows_with_one_grade_is_told_as_it_counts_twice():
    table, report, (warned,) = read(care((1, "03", 1001, "Good"), (1, "03", 1001, "Good")))
    assert sif.aggregate(table)["n"].item() == 2
    assert "rows 2 and 3 (provider SC000001, inspection 1001): the same grades" in warned
    assert report.repeated["differ"].tolist() == [""]


def test_a_number_is_the_same_with_and_without_its_before_it():
    assert "rows 2 and 3" in read(care((1, "03", "ITS381001", "Good"), (1, "03", "381001", "Inadequate")))[2][0]


@pytest.mark.parametrize("numbers", [("", ""), ("", 1001), (1001, "")])
def test_where_a_number_lacks_the_day_tells(numbers):
    (warned,) = read(care((1, "03", numbers[0], "Good"), (1, "03", numbers[1], "Inadequate")))[2]
    assert "rows 2 and 3 (provider SC000001, inspection of 3 April 2015): overall_effectiveness Good and Inadequate" in warned


def test_more_than_a_few_are_counted():
    rows = [(home, "03", 1000 + home, grade) for home in range(1, 9) for grade in ("Good", "Inadequate")]
    _, report, (warned,) = read(care(*rows))
    assert "and 3 more (report.repeated has all)" in warned
    assert len(report.repeated) == 8


@pytest.mark.parametrize(
    "other",
    [(1, "03", 1002, "Inadequate"), (1, "04", "", "Inadequate"), (2, "03", 1001, "Inadequate")],
    ids=["another number", "another day", "another home"],
)
def test_two_inspections_are_two(other):
    assert read(care((1, "03", "" if other[2] == "" else 1001, "Good"), other))[2] == []


def test_a_visit_on_the_day_of_an_inspection_is_another():
    visit = "SC000001,Children's home,Leeds,Monitoring inspection,03/04/2015,,,\n"
    assert read(care((1, "03", "", "Good")) + visit)[2] == []
    assert "rows 3 and 4" in read(care((1, "03", "", "Good")) + visit + visit.replace(",\n", ",seen\n"))[2][0]


def test_the_same_authority_by_two_names_is_one():
    head = "Local authority name,Inspection date,Experiences and progress of children who need help and protection,Overall effectiveness\n"
    (warned,) = read(head + "Leeds,21/02/2022,Good,Good\nLeeds City Council,21/02/2022,Good,Inadequate\n")[2]
    assert "rows 2 and 3 (provider E08000035, inspection of 21 February 2022): overall_effectiveness Good and Inadequate" in warned


def test_inspections_of_one_day_that_judge_nothing_alike_are_several():
    # In 2011 a re-inspection of safeguarding and one of looked after children were published on one day.
    assert read(sif.load_inspections().to_csv(index=False))[2] == []


LATEST = (
    "URN,School name,Inspection number of latest graded inspection,Inspection type,Inspection start date,Publication date,"
    "Overall effectiveness,Previous graded inspection number,Previous inspection start date,Previous publication date,"
    "Previous graded inspection overall effectiveness\n"
)


def test_an_inspection_that_is_taken_once_had_the_same_grades_or_it_is_told():
    rows = "100001,A,10000001,S5 Inspection,03/03/2020,01/04/2020,2,10000001,03/03/2020,01/04/2020,{}\n"
    table, _, warned = read(LATEST + rows.format("2"))
    assert (len(table), warned) == (1, [])
    table, report, (warned,) = read(LATEST + rows.format("4"))
    assert table["overall_effectiveness"].tolist() == ["Good"]
    assert "row 2 (provider 100001, inspection 10000001): overall_effectiveness Good and Inadequate" in warned
    assert "of which the first is taken" in warned
    assert len(report.repeated) == 1
