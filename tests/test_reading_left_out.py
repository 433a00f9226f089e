"""Reading: grades in columns that no layout takes are told, whatever stands, or does not stand, above them. All rows are made up."""

import datetime
import io
import warnings

import pytest

import ofsted_sif as sif

CARE = ["URN", "Provision type", "Local authority", "Inspection type", "Inspection date", "Event number", "Overall effectiveness"]


def row(at, *further):
    return [f"SC{at:06}", "Children's home", "Leeds", "Full inspection", f"{at:02}/04/2024", str(at), "Good", *further]


def told(rows):
    """What a reading of these rows lists as not taken, and warns of."""
    data = rows if isinstance(rows, bytes) else "\n".join(",".join(cells) for cells in rows).encode()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _, report = sif.read_inspections(io.BytesIO(data), return_report=True)
    return report.not_taken[["position", "header", "n"]].values.tolist(), " ".join(str(warning.message) for warning in caught)


@pytest.mark.parametrize("words", [("Good", "Inadequate", "Good"), ("2", "4", "2")])
@pytest.mark.parametrize("header", [[*CARE, ""], CARE])
def test_grades_in_a_column_without_a_header_are_told(header, words):
    listed, warned = told([header, *(row(at, word) for at, word in enumerate(words, start=1))])
    assert listed == [[8, "(no header, column 8)", 3]]
    assert "'(no header, column 8)' (3)" in warned
    assert "needs a header" in warned


def test_numbers_of_rows_in_a_column_without_a_header_are_no_grades():
    assert told([["", *CARE], *([str(at), *row(at)] for at in (1, 2, 3))]) == ([], "")


def test_grades_below_a_header_that_is_merged_with_its_neighbour_are_told():
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append([*CARE, ""])
    for at, word in ((1, "Good"), (2, "Inadequate")):
        cells = row(at, word)
        cells[4] = datetime.datetime(2024, 4, at)
        sheet.append(cells)
    sheet.merge_cells("G1:H1")
    file = io.BytesIO()
    workbook.save(file)
    listed, warned = told(file.getvalue())
    assert listed == [[8, "(no header, column 8)", 2]]
    assert "no header" in warned


def test_grades_not_taken_are_told_in_each_table_of_a_sheet():
    first = [[*CARE, "Verdict"], row(1, "Good"), row(2, "Inadequate")]
    second = [[*CARE, "Verdict"], row(3, "Good")]
    assert told([*first, [""], *second])[0] == [[8, "Verdict", 3]]
    # The other table has them at another place, or as a column that is taken.
    moved = [[*CARE[:1], "Verdict", *CARE[1:]], ["SC000003", "Good", *row(3)[1:]]]
    assert told([*first, [""], *moved])[0] == [[8, "Verdict", 2], [2, "Verdict", 1]]
    assert told([*first[:1], row(1, ""), [""], *second])[0] == [[8, "Verdict", 1]]
    renamed = [[*CARE[:-1], "Overall experiences and progress of children and young people", "Verdict"], row(3, "Good")]
    assert told([*first, [""], *renamed])[0] == [[8, "Verdict", 3]]
