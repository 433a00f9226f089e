"""What each release holds comes out: inspections before, outcomes of their own scales, grades of later days; or it is said."""

import datetime
import io
import re
import warnings

import openpyxl
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif.reading.layouts import known_layouts, names

CARE = "URN,Provision type,Local authority,Inspection type,Inspection date,Event number,Overall effectiveness\n"
HOME = "SC000001,Children's home,Leeds,Full inspection"


def read(text, name="data.csv", **options):
    file = io.BytesIO(text.encode())
    file.name = name
    return sif.read_inspections(file, **options)


def workbook(sheets, change=lambda book: None):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    change(book)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


@pytest.mark.parametrize("layout", known_layouts(), ids=lambda layout: layout.name)
def test_each_spelling_by_which_a_layout_is_known_is_taken(layout):
    # The release of 2022 was known by its overall judgement, and read without it.
    taken = {
        header for columns in (layout.columns, *(block.columns for block in layout.blocks)) for of in columns.values() for header in of
    }
    judged = {header for header in taken if "overall" in header or "effectiveness" in header}
    for spellings in layout.required:
        if judged & set(spellings):
            assert set(spellings) <= taken


# ---- the inspection before, beside a newer one

YEAR = (
    "URN,Provision type,Inspection event type,Inspection date,Inspection publication date,Inspection event number,"
    "Overall experiences and progress of children and young people,Previous Event type,Previous inspection Date,Previous publication date,"
    "Previous event number,Previous overall experiences and progress of children and young people,"
    "Previous effectiveness of leaders and managers\n"
)
ROWS = (
    "SC1,Children's home,Full inspection,01/06/2023,01/07/2023,3,Good,Full inspection,02/05/2022,01/06/2022,2,Inadequate,Good\n"
    "SC1,Children's home,Full inspection,01/12/2023,01/01/2024,4,Good,Full inspection,01/06/2023,01/07/2023,3,Good,Good\n"
    "SC2,Children's home,Assurance visit,01/06/2023,01/07/2023,5,,Monitoring inspection,02/05/2022,01/06/2022,1,Outstanding,Good\n"
    "SC2,Children's home,Full inspection,01/08/2023,01/09/2023,6,Good,Monitoring inspection,02/05/2022,01/06/2022,1,Outstanding,Good\n"
    "SC3,Children's home,Full inspection,01/08/2023,01/09/2023,7,Good,,NULL,NULL,,,\n"
)


def test_the_inspection_before_is_taken_once_where_it_is_asked_for():
    title = "Provider level in year 2023-24\n"
    table, report = read(title + YEAR + ROWS, return_report=True)
    assert len(table) == 5
    assert "previous=True takes it" in str(report)
    assert report.not_taken.empty
    both = read(title + YEAR + ROWS, previous=True)
    assert sorted(both["inspection_number"]) == ["1", "2", "3", "4", "5", "6", "7"]
    assert both.set_index("inspection_number").loc["1", ["overall_effectiveness", "graded"]].tolist() == ["Outstanding", True]


def test_the_inspection_before_is_taken_from_a_state():
    columns = YEAR.replace("Inspection event", "Latest full inspection event").replace("Inspection pub", "Latest full inspection pub")
    columns = columns.replace(",Inspection date", ",Latest full inspection date").replace(
        "Previous Event", "Previous full inspection event"
    )
    table = read("Provider level as at 31 March 2024\n" + columns + ROWS.splitlines()[1] + "\n" + ROWS.splitlines()[4] + "\n")
    assert table["inspection_number"].tolist() == ["4", "3", "7"]
    assert table["known_from"].dt.strftime("%Y-%m-%d").fillna("NaT").tolist() == ["2023-06-01", "2023-06-01", "NaT"]
    with pytest.warns(sif.IncompleteHistoryWarning):
        assert sif.changes(table)["change"].tolist() == ["same"]


def test_the_packages_own_table_exported_is_read_as_it_was():
    layout = next(layout for layout in known_layouts() if layout.stem == "standard_table")
    taken = {*layout.columns, *layout.blocks[0].columns}
    assert taken >= {*names().kinds, *names().judgements} - {"converted"}
    table = read("Provider level in year 2023-24\n" + YEAR + ROWS, previous=True)
    again, report = read(table.to_csv(index=False), return_report=True)
    assert report.not_taken.empty
    pd.testing.assert_frame_equal(again[table.columns.tolist()], table, check_categorical=False)


def test_a_saved_state_is_read_as_a_state_and_not_as_a_history():
    table = read("Provider level in year 2023-24\n" + YEAR + ROWS)
    state = sif.as_at(table, "2024-03-31", framework="all", incomplete="allow")
    again = read(state.to_csv(index=False))
    assert again["as_at"].equals(state["as_at"])
    with pytest.raises(sif.IncompleteHistoryError, match="2024"):
        sif.as_at(again, "2020-03-31", framework="all")


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_a_table_of_the_columns_of_a_file_is_read(kind):
    frame = pd.read_csv(io.StringIO(CARE + f"{HOME},03/04/2015,1001,Good\n"), dtype=str)
    if kind == "polars":
        frame = pytest.importorskip("polars").from_pandas(frame)
    elif kind == "arrow":
        frame = pytest.importorskip("pyarrow").Table.from_pandas(frame)
    assert sif.read_inspections(frame)["overall_effectiveness"].tolist() == ["Good"]


# ---- outcomes on scales of their own


def test_outcomes_of_supported_accommodation_are_a_judgement_of_their_own():
    text = CARE.replace("\n", ",Supported Accommodation outcome\n")
    row = "SC1,Supported Accommodation,Leeds,Full inspection,03/04/2024,1,,{}\n"
    table = read(
        text + row.format("Consistently strong service delivery") + row.replace("SC1", "SC2").format("Serious or widespread weaknesses")
    )
    assert table["graded"].all()
    counted = sif.aggregate(table, judgement="supported_accommodation").iloc[0]
    assert counted[["consistently_strong_service_delivery", "serious_or_widespread_weaknesses"]].tolist() == [1, 1]
    assert not any("or_better" in name or name.startswith("good") for name in counted.index)


def test_area_send_inspections_and_their_revisits_are_read():
    text = (
        "Local authority code,Area name,Inspection start date,Inspection publication date,"
        "Inspection outcome: written statement of action required?,Revisit start date,Revisit publication date,"
        "Revisit outcome: sufficient progress in addressing all significant weaknesses?\n"
        "E08000035,Leeds,05/12/2016,01/02/2017,Yes,06/01/2019,01/03/2019,Some\n"
        "E06000023,Bristol,30/09/2019,20/12/2019,No,Not revisited yet,,\n"
    )
    table = read(text)
    assert table["statement_of_action"].astype(object).fillna("").tolist() == [
        "Statement of action required", "", "No statement of action required"
    ]  # fmt: skip
    assert table["outcome"].astype(object).fillna("").tolist() == ["", "Sufficient progress in some weaknesses", ""]
    assert table["graded"].tolist() == [True, False, True]
    assert set(table["framework"]) == {"Area SEND 2016"}
    newer = read("Local area partnership,Inspection start date,Inspection outcome\nLeeds,05/12/2023,Widespread and/or systemic failings\n")
    assert newer["area_send"].tolist() == ["Widespread and/or systemic failings"]
    assert newer["provider"].tolist() == ["E08000035"]


def test_all_grades_of_further_education_are_read():
    areas = [
        "Education programmes for young people",
        "Adult learning programmes",
        "Apprenticeships",
        "Provision for learners with high needs",
    ]
    parts = ["curriculum, teaching and training", "achievement", "participation and development"]
    names = [f'"{area} -  {part}"' for area in areas for part in parts]
    text = (
        "Provider URN,Provider UKPRN,Inspection number,First day of inspection,Date published,Safeguarding standards,Inclusion,"
        f"Leadership and governance,Contribution to meeting skills needs,{','.join(names)}\n"
        f"50001,10000001,1,03/03/2026,01/04/2026,Met,Strong standard,Exceptional,Needs attention{',Expected standard' * 12}\n"
    )
    table, report = read(text, return_report=True)
    assert report.not_taken.empty
    assert int((table.iloc[0].astype(str) == "Expected standard").sum()) == 12
    assert table["skills_needs"].tolist() == ["Needs attention"]


# ---- which inspections are graded


def test_a_monitoring_inspection_is_graded_by_its_overall_grade_alone():
    text = CARE.replace("\n", ",Leadership and management\n")
    row = "SC00000{},Children's home,Leeds,Monitoring inspection,0{}/04/2015,{},{},{}\n"
    table = read(text + row.format(1, 1, 1, "Inadequate", "Good") + row.format(2, 2, 2, "", "Good"))
    assert table["graded"].tolist() == [True, False]
    assert table["leadership"].astype(object).fillna("").tolist() == ["Good", ""]


def test_in_the_numbers_of_2014_it_is_too():
    text = "Provider URN,Provider type,Event type group,Event date,Event number,Overall effectiveness,Quality of care\n"
    table = read(text + "SC1,Children's Home,Monitoring inspection,01/05/2014,1,4,0\n")
    assert (table["graded"].tolist(), table["overall_effectiveness"].tolist()) == ([True], ["Inadequate"])


def test_a_grade_changed_later_counts_from_its_own_date():
    areas = ["Inclusion", "Achievement", "Leadership and governance"]
    header = (
        "URN,School name,Inspection number of latest full inspection,Inspection type,Inspection start date,Publication date,"
        f"Safeguarding standards,{','.join(f'{area},{area} - date of grade' for area in areas)},"
        "Inspection start date of latest OEIF graded inspection,Latest OEIF overall effectiveness\n"
    )
    row = (
        "100000,A,10400001,Full inspection,24/11/2025,20/01/2026,Met,Strong standard,24/11/2025,Needs attention,15/06/2026,"
        "Expected standard,20/09/2026,05/06/2022,2\n"
    )
    table, report = read(header + row, return_report=True)
    assert "date of grade after their inspection" in str(report)
    state = {date: sif.as_at(table, date, framework="Report card") for date in ("2026-02-28", "2026-06-15", "2026-10-01")}
    found = {
        date: [held.iloc[0][name] for name in ("inclusion", "achievement", "leadership_and_governance")] for date, held in state.items()
    }
    shown = {date: [None if pd.isna(grade) else grade for grade in grades] for date, grades in found.items()}
    assert shown == {
        "2026-02-28": ["Strong standard", None, None],
        "2026-06-15": ["Strong standard", "Needs attention", None],
        "2026-10-01": ["Strong standard", "Needs attention", "Expected standard"],
    }


# ---- what is not taken is said


@pytest.mark.parametrize(
    ("column", "cells", "told"),
    [
        ("Quality of support", ["Good", "Inadequate"], True),
        ("Quality of support", ["1", "3"], True),
        ("Quality of support", ["Insufficient progress", "Reasonable progress"], True),
        ("Quality of support", ["2", "2"], True),
        ("Overall grade", ["2", "2.0"], True),
        ("Quality of support", ["Good (provisional)", "Good (provisional)"], True),
        ("Quality of support", ["Draft: Good", "Requires improvement [subject to moderation]"], True),
        ("Garden grade", ["3", "2"], True),
        ("Garden", ["1", "1"], False),
        ("Number of quality of care visits", ["1", "1"], False),
        ("Key stage of overall cohort", ["2", "2"], False),
        ("Phase", ["Met (by phone)", "Primary (provisional)"], False),
        ("Manager", ["Goode (acting)", "New (acting)"], False),
        ("Leadership changes", ["7", "7"], False),
        ("Number of visits", ["1", "3"], False),
        ("Deprivation quintile", ["1", "3"], False),
        ("Has a garden", ["Yes", "No"], False),
        ("Manager", ["Good, A", "Well, B"], False),
    ],
)
def test_a_judgement_that_no_layout_takes_is_told(column, cells, told):
    text = CARE.replace("\n", f",{column}\n") + "".join(
        f'SC00000{n},Home,Leeds,Full inspection,03/04/2024,{n},Good,"{cell}"\n' for n, cell in enumerate(cells)
    )
    if not told:
        assert read(text, return_report=True)[1].not_taken.empty
        return
    with pytest.warns(sif.GradesNotTakenWarning, match=f"{column}.*keep= takes"):
        _, report = read(text, return_report=True)
    assert report.not_taken[["header", "n"]].values.tolist() == [[column, len(cells)]]


def test_grades_as_numbers_beside_words_for_none_are_told():
    text = CARE.replace("\n", ",Quality of support\n")
    rows = "".join(f"SC00000{n},Home,Leeds,Full inspection,03/04/2024,{n},Good,{cell}\n" for n, cell in enumerate(["2", "Not judged", "2"]))
    with pytest.warns(sif.GradesNotTakenWarning, match="Quality of support"):
        _, report = read(text + rows, return_report=True)
    assert report.not_taken[["header", "values", "n"]].values.tolist() == [["Quality of support", "2", 2]]


def test_full_inspections_without_any_grade_are_an_error():
    text = CARE + f"{HOME},03/04/2015,1001,\n{HOME},03/04/2016,1002,\n"
    with pytest.raises(sif.ReadingError, match=r"none of 2 inspections of a kind that is graded \(Full inspection\)"):
        read(text)
    assert not read(text.replace("1002,", "1002,Not judged").replace("1001,", "1001,Not judged"))["graded"].any()


# ---- dates as spreadsheets have them


def test_a_serial_number_in_a_workbook_is_its_day():
    rows = [
        [*CARE.strip().split(",")],
        [*HOME.split(","), 45117, "1", "Good"],
        [*HOME.split(","), datetime.datetime(2023, 7, 11), "2", "Good"],
    ]
    assert sif.read_inspections(workbook({"Data": rows}))["inspection_start"].astype(str).tolist() == ["2023-07-10", "2023-07-11"]
    since_1904 = sif.read_inspections(workbook({"Data": rows[:2]}, lambda book: setattr(book, "epoch", datetime.datetime(1904, 1, 1))))
    assert since_1904["inspection_start"].astype(str).tolist() == ["2027-07-11"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("45117", "the number by which a spreadsheet keeps 10/07/2023"),
        ("07/25/2023", "the month first"),
        ("10/07/23", "two digits"),
    ],
)
def test_what_looks_like_a_date_in_text_is_named(text, said):
    with pytest.raises(sif.ReadingError, match=said):
        read(CARE + f"{HOME},{text},1,Good\n")


def test_a_month_in_letters_makes_a_short_year_certain():
    table = read(CARE + f"{HOME},10-Jul-23,1,Good\n")
    assert table["inspection_start"].astype(str).tolist() == ["2023-07-10"]


# ---- the workbook's own totals

SERIES = [
    ["Latest overall effectiveness judgement as at 31 March 2023"],
    ["Table 8b: Latest overall effectiveness judgement for all children's homes, as at 31 March 2023"],
    ["Period as at", "Outstanding", "Good", "Requires improvement to be good", "Inadequate"],
    ["31-Mar-23", 1, "2", "-", 0],
    ["31-Mar-22", 9, 9, 9, 9],
    [],
    ["Table 8f: Latest overall effectiveness judgement for independent fostering agencies, as at 31 March 2023"],
    ["Period as at", "Outstanding", "Good", "Requires improvement to be good", "Inadequate"],
    [datetime.datetime(2023, 3, 31), 0, 1, 0, 1],
]


def test_the_printed_totals_of_a_workbook_judge_its_reading():
    header = ["URN", "Provision type", "Latest full inspection event type", "Latest full inspection date", "Overall effectiveness"]
    kinds = ["Children's home", "Children's home", "Secure children's home", "Independent Fostering Agency"]
    rows = [
        [f"SC{n}", kind, "Full inspection", f"0{n + 1}/04/2021", grade]
        for n, (kind, grade) in enumerate(zip(kinds, ["Outstanding", "Good", "Good", "Good"], strict=True))
    ]
    file = workbook({"Provider_level_at_31_Mar_2023": [header, *rows], "Latest_OE_31_Mar_Time_Series": SERIES})
    report = sif.reading_report(file)
    assert report.as_at == datetime.date(2023, 3, 31)
    assert report.printed.query("not equal")[["table", "grade", "printed", "counted", "known"]].values.tolist() == [
        ["8f", "Inadequate", 1, 0, ""]
    ]
    assert "the workbook prints 8 such counts: 7 equal ours" in str(report)
    assert "table 8f, Inadequate: printed 1, in the data 0" in str(report)


# ---- files that are refused


def test_the_recipe_of_an_error_reads_the_file(tmp_path):
    text = "URN,Provision type,Kind of inspection,Inspection date,Overall effectiveness\nSC1,Home,Full inspection,03/04/2015,Good\n"
    with pytest.raises(sif.ReadingError, match=r"nearest is 'social care, in year'.*near: 'Kind of inspection'") as error:
        read(text)
    recipe = tmp_path / "mine.toml"
    recipe.write_text(re.sub(r"(?m)^ {4}", "", str(error.value).split("layout='mine.toml':\n")[1]))
    assert len(recipe.read_text().splitlines()) <= 4
    assert read(text, layout=recipe)["overall_effectiveness"].tolist() == ["Good"]


def test_a_layout_of_ones_own_like_one_with_several_inspections(tmp_path):
    text = (
        "URN,School name,Inspection start date,Grade now,Date of latest ungraded inspection,Previous inspection start date,"
        "Previous overall effectiveness\n100001,A,03/03/2020,2,,04/04/2016,3\n"
    )
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        'like = "schools_latest"\nrecognise.header = [["URN"], ["Grade now"]]\ncolumns.overall_effectiveness = ["Grade now"]\n'
    )
    assert read(text, layout=recipe)["overall_effectiveness"].tolist() == ["Good", "Requires improvement"]


def test_a_file_that_is_like_none_is_told_how_to_be_read(tmp_path):
    text = "School id,Day,Mark\n1,03/04/2015,2\n"
    with pytest.raises(sif.ReadingError, match=r"A layout of your own reads it:\n    name = ") as error:
        read(text)
    recipe = tmp_path / "mine.toml"
    lines = re.sub(r"(?m)^ {4}", "", str(error.value).split("reads it:\n")[1])
    recipe.write_text(lines.replace('"URN"', '"School id"').replace('"Inspection date"', '"Day"').replace('"Grade"', '"Mark"'))
    assert read(text, layout=recipe)["overall_effectiveness"].tolist() == ["Good"]


def test_inspections_of_teacher_education_are_not_taken_for_further_education():
    text = "Initial teacher education,\nProvider URN,Provider UKPRN,First day of inspection,Overall effectiveness\n1,2,03/04/2015,2\n"
    with pytest.raises(sif.ReadingError, match="age phases"):
        read(text)


# ---- real files, where they are at hand


def test_real_outcomes_come_out_as_counted(request):
    folder = request.config.rootpath.parent / "shared" / "data" / "published_more"
    if not folder.is_dir():
        pytest.skip("the published files are not at hand in ../shared/data/published_more")
    table = sif.read_inspections(folder / "csc_latest_asat_2025-03-31_homes_and_supported.csv")
    assert table["supported_accommodation"].value_counts().tolist() == [25, 18, 5]
    table = sif.read_inspections(folder / "area_send_2016-05_to_2022-08.ods")
    assert table["statement_of_action"].value_counts().tolist() == [82, 67]
    assert sorted(table["outcome"].value_counts().tolist()) == [2, 20, 24]
    table = sif.read_inspections(folder / "csc_latest_asat_2024-03-31_homes.csv")
    with warnings.catch_warnings(action="ignore"):  # of what being inspected twice selects
        change = sif.changes(table)["change"].value_counts().to_dict()
    assert change == {"same": 533, "improved": 196, "declined": 111}
    register = sif.read_register(folder / "csc_joiners_leavers_2023-03-31.csv")
    assert (len(register), int(register["closed"].notna().sum())) == (568, 162)
