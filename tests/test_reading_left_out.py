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


@pytest.mark.parametrize("words", ["2 - Good,4 - Inadequate", "2: Good,3: Requires improvement to be good", "Grade 2,Grade 4,9"])
def test_grades_with_their_numbers_are_told(words):
    rows = [row(at, word) for at, word in enumerate(words.split(","), start=1)]
    assert told([[*CARE, "Verdict"], *rows])[0] == [[8, "Verdict", 2]]


def test_a_word_with_the_number_of_another_grade_is_none():
    assert told([[*CARE, "Verdict"], row(1, "4 Good"), row(2, "3 Outstanding")]) == ([], "")


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


SCHOOLS = [
    "URN", "School name", "Inspection number of latest graded inspection", "Inspection type", "Inspection start date", "Publication date",
    "Overall effectiveness", "Latest ungraded inspection number since last graded inspection", "Date of latest ungraded inspection",
    "Ungraded inspection publication date",
]  # fmt: skip
OUTCOMES = [
    "School remains Good", "School remains Good (Concerns) - S5 Next", "School remains Outstanding (Improving) - S5 Next",
    "Standards maintained", "Improved significantly", "Some aspects not as strong",
]  # fmt: skip


def school(at, *further):
    graded = [f"{100000 + at}", "A school", f"{10000000 + at}", "S5 Inspection", "03/03/2015", "01/04/2015", "2"]
    return [*graded, f"{10100000 + at}", "05/06/2019", "01/07/2019", *further]


@pytest.mark.parametrize("words", [OUTCOMES, OUTCOMES[:1], OUTCOMES[1:3], [*OUTCOMES[3:], "", "NULL"]])
def test_a_renamed_column_of_the_outcomes_of_ungraded_inspections_is_told(words):
    rows = [school(at, word) for at, word in enumerate(words, start=1)]
    n = sum(word in OUTCOMES for word in words)
    listed, warned = told([[*SCHOOLS, "Ungraded inspection result"], *rows])
    assert listed == [[11, "Ungraded inspection result", n]]
    assert f"'Ungraded inspection result' ({n})" in warned
    assert told([[*SCHOOLS, "Ungraded inspection overall outcome"], *rows]) == ([], "")


def test_a_column_that_is_called_an_outcome_is_told_whatever_its_words():
    rows = [school(at, word) for at, word in enumerate(["On track", "Not yet on track", ""], start=1)]
    assert told([[*SCHOOLS, "Outcome of ungraded inspection"], *rows])[0] == [[11, "Outcome of ungraded inspection", 2]]
    assert told([[*SCHOOLS, "Way of ungraded inspection"], *rows]) == ([], "")
    texts = [school(at, f"The school has kept its standards {at} times") for at in range(1, 60)]
    assert told([[*SCHOOLS, "Notes on the outcome"], *texts]) == ([], "")


# ---- rows that end too early


def text_of(rows):
    return "\n".join(",".join(cells) for cells in rows)


WHOLE = [CARE, *(row(at) for at in range(1, 6))]


@pytest.mark.parametrize("n_left", [*range(1, len("SC000005,Children's home,Leeds,Full inspection,05/04/2024,5") + 1, 3), 8, 9, 10])
def test_a_file_that_is_cut_within_its_last_row_is_an_error(n_left):
    begin, last = text_of(WHOLE[:-1]) + "\n", text_of(WHOLE[-1:])
    with pytest.raises(sif.ReadingError, match=r"row 6: the file ends within this row: it has \d of 7 cells?, and no line end"):
        sif.read_inspections(io.BytesIO((begin + last[:n_left]).encode()), errors="report")
    numbered = [["", *CARE], *([str(at), *cells] for at, cells in enumerate(WHOLE[1:-1], start=1))]
    with pytest.raises(sif.ReadingError, match="row 6: the file ends within this row"):
        sif.read_inspections(io.BytesIO(f"{text_of(numbered)}\n5,{last[:n_left]}".encode()), errors="report")


@pytest.mark.parametrize("footer", ["Note: all is made up", "Source: Ofsted, as at 31 March", "© Crown copyright", "\n5"])
def test_a_footer_without_a_line_end_is_a_footer(footer):
    table, report = sif.read_inspections(io.BytesIO((text_of(WHOLE) + "\n" + footer).encode()), return_report=True)
    assert len(table) == 5
    assert report.set_aside["reason"].tolist()[-1] == "footer"


def test_a_whole_last_row_needs_no_line_end():
    assert told(text_of(WHOLE).encode()) == ([], "")
    assert told((text_of(WHOLE) + "\n\nSource: Ofsted, as at 31 March").encode()) == ([], "")
    authorities = "Local authority name,Inspection date,Experiences and progress of children who need help and protection\n"
    assert told((authorities + "Leeds,21/02/2022,Good\nYork,22/02/2022,Good\nCumberland,Not yet inspected").encode()) == ([], "")


AUTHORITIES = [
    ["Local authority name", "Inspection date", "Experiences and progress of children who need help and protection"],
    ["Leeds", "21/02/2022", "Good"],
    ["Isles of Scilly", "Not yet inspected"],
]


@pytest.mark.parametrize("end", ["", ",,,,,"])
@pytest.mark.parametrize(
    "rows", [WHOLE, [*WHOLE, ["SC000006", "Children's home"]], AUTHORITIES], ids=["homes", "one to come", "authorities"]
)
def test_a_footer_with_a_comma_is_no_provider(rows, end):
    data = f"{text_of(rows)}\nSource: Ofsted, as at 31 March{end}\n"
    report = sif.reading_report(io.BytesIO(data.encode()))
    assert len(report.register) == len(rows) - 1
    assert report.set_aside["reason"].tolist()[-1] == "footer"
    assert report.not_understood.empty


def test_a_word_in_place_of_a_number_of_a_provider_is_no_provider():
    report = sif.reading_report(io.BytesIO((text_of(WHOLE) + "\nSource,Ofsted\n").encode()))
    assert report.set_aside["reason"].tolist()[-1] == "footer"


@pytest.mark.parametrize("quoted", ["", '"Leeds ""North"""'])
def test_a_row_with_fewer_cells_than_all_others_is_told(quoted):
    rows = [*WHOLE[:3], WHOLE[3][:6], *WHOLE[4:], ["Note: all is made up"]]
    rows[1][2] = quoted or "Leeds"
    data = (text_of(rows) + "\n").encode()
    with pytest.warns(sif.ShortRowsWarning, match="rows that end before columns that are read, which are missing in them: 4"):
        table, report = sif.read_inspections(io.BytesIO(data), return_report=True)
    assert table["graded"].tolist() == [True, True, False, True, True]
    assert any(note.endswith("missing in them: 4") for note in report.notes)


def test_a_row_of_which_only_the_provider_is_left_is_told():
    for kept, end in ((1, ""), (1, ",,,,,,"), (2, "")):
        rows = [*WHOLE[:3], [*WHOLE[3][: kept - 1], WHOLE[3][kept - 1] + end], *WHOLE[4:], ["Note: all is made up"], ["2024"]]
        assert "missing in them: 4." in told((text_of(rows) + "\n").encode())[1]


def test_a_row_that_ends_before_the_date_is_not_quietly_one_of_a_provider_not_yet_inspected():
    warned = told((text_of([*WHOLE[:3], WHOLE[3][:4], *WHOLE[4:]]) + "\n").encode())[1]
    assert "missing in them: 4" in warned
    authority = "Local authority name,Inspection date,Experiences and progress of children who need help and protection\n"
    rows = ["Leeds,21/02/2022,Good", "York,22/02/2022,", "Cumberland,Not yet inspected"]
    assert told((authority + "\n".join(rows) + "\n").encode()) == ([], "")


def test_rows_without_their_blank_ends_are_no_short_rows():
    # Some writers leave off what is blank at the end of a row, and then in every such row.
    rows = [CARE, *(row(at)[: 6 + at % 3 % 2] for at in range(1, 28))]
    assert told(rows) == ([], "")
    assert told((text_of(rows) + "\n").encode()) == ([], "")


def test_a_row_that_lacks_only_columns_which_are_not_read_is_whole():
    rows = [[*CARE, "Remark"], *(row(at, "seen") for at in range(1, 6)), row(6), row(7, "seen")]
    assert told(rows) == ([], "")
