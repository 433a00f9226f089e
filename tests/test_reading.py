"""A user's file is read as what it is, to the last row, or refused with the place and what would be right."""

import csv
import datetime
import gc
import io
import itertools
import os
import pickle
import sys
import tomllib
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ofsted_sif as sif
from ofsted_sif import reading
from ofsted_sif.reading.files import csv_rows
from ofsted_sif.reading.layouts import aliases, fits, header_cells, known_layouts, load
from ofsted_sif.scales import JUDGEMENTS
from ofsted_sif.table import columns

CARE = ["URN", "Provision type", "Local authority", "Inspection type", "Inspection date", "Event number", "Overall effectiveness"]
CARE_ROW = ["SC000001", "Children's home", "Leeds", "Full inspection", "03/04/2015", "1001", "Good"]


def as_csv(rows, encoding="utf-8"):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return io.BytesIO(text.getvalue().encode(encoding))


def care(*rows, **changes):
    """A file of social care: the usual row with changes by column, or rows."""
    row = [changes.get(column, value) for column, value in zip(CARE, CARE_ROW, strict=True)]
    return as_csv([CARE, *(rows or [row])])


def as_workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


# ---- layouts

SCHOOL = [
    "Web Link",
    "URN",
    "School name",
    "Ofsted phase",
    "Type of education",
    "School open date",
    "Ofsted region",
    "Region",
    "Local authority",
]
SCHOOL_ROW = ["http://x", "100001", "A School", "Primary", "Academy Converter", "01/01/1900", "London", "London", "Camden"]

LAYOUTS = {
    "social care, other providers, 2013-14": (
        [
            [
                "Provider URN", "Registration status", "Provision type", "Local authority", "Event number", "Event date",
                "Event Type Group",
                "Overall effectiveness", "Experiences and progress of, and outcomes for, children and young people", "Quality of service",
                "Safeguarding children and young people", "Leadership and management", "Organisation",
            ],
            ["SC000001", "Active", "Boarding School", "Leeds", "1", "03/12/2013", "Full inspection", "Good", "Good", "", "", "", ""],
            ["SC000002", "Active", "Boarding School", "Leeds", "2", "04/12/2013", "Emergency visit", "NMS Not Met", "", "", "", "", ""],
        ],
        2,
    ),
    "the package's own table": (
        [
            ["provider", "framework", "inspection_start", "published", "graded", "overall_effectiveness", "leadership"],
            ["E08000035", "ILACS", "2022-02-21", "2022-04-20", "True", "Outstanding", "Good"],
        ],
        1,
    ),
    "social care, in year": ([CARE, CARE_ROW], 1),
    "social care, latest": (
        [["Provider information", "", "", "Latest Full Inspection"], CARE, [*CARE_ROW[:3], "Monitoring inspection", *CARE_ROW[4:]]], 1
    ),
    "social care, in year, numbers": (
        [["Provider URN", "Provider type", "Event type group", "Event date", "Event number", "Overall effectiveness", "Quality of care"],
         ["SC1", "Children's Home", "Full inspection", "01/05/2014", "1", "2", "0"]], 1
    ),
    "local authorities, one row per inspection": (
        [["Local authority name", "Ofsted region", "Inspection date", "Overall effectiveness",
          "Experiences and progress of children who need help and protection"],
         ["Hull", "North East, Yorkshire and the Humber", "14/11/2022", "Requires improvement to be good", "Good"]], 1
    ),
    "local authorities, history": (
        [["Local authority name", "LA region", "First SIF\nOverall Judgement\n(OE)",
          "Single Inspection of LA Children's Services (SIF) First SIF publication date",
          "First ILACS inspection type", "First ILACS publication date", "First ILACS overall effectiveness"],
         ["Leeds", "x", "Good", "27/03/2015", "ILACS Standard Inspection", "18/12/2018", "Outstanding"],
         ["", "", "", "", "", "", ""],
         ["Authorities that existed before", "", "", "", "", "", ""],
         ["Local authority name", "LA region", "ILACS framework publication date", "ILACS framework overall effectiveness", "", "", ""],
         ["Dorset", "South West", "24/08/2018", "Good", "", "", ""]], 3
    ),
    "state-funded schools, latest": (
        [[*SCHOOL, "Latest ungraded inspection number since last graded inspection", "Date of latest ungraded inspection",
          "Did the latest ungraded inspection convert to a graded inspection?", "Ungraded inspection overall outcome",
          "Inspection number of latest graded inspection", "Inspection start date", "Publication date", "Overall effectiveness",
          "Quality of education", "Previous inspection number", "Previous inspection start date",
          "Previous graded inspection overall effectiveness"],
         [*SCHOOL_ROW, "10200001", "01/02/2023", "No", "School remains Good", "10100001", "05/03/2019", "01/04/2019", "2", "9", "ITS300001",
          "01/02/2014", "3"]], 3
    ),
    "state-funded schools, in year": (
        [["Management information, 1 September 2018 to 31 August 2019"],
         [*SCHOOL, "Inspection number", "Inspection type", "Inspection start date", "Publication date", "Overall effectiveness",
          "Outcomes for section 8 inspections and short inspections that did not convert"],
         [*SCHOOL_ROW, "10100001", "Short inspection", "05/03/2019", "01/04/2019", "NULL", "School remains Good"]], 1
    ),
    "schools, report cards, in year": (
        [[*SCHOOL, "Inspection number", "Inspection type", "Inspection start date", "Publication date", "Safeguarding standards",
          "Inclusion", "Curriculum and teaching", "Early years (where applicable)", "Leadership and governance"],
         [*SCHOOL_ROW, "10400001", "Full inspection", "18/11/2025", "12/01/2026", "Met", "Strong standard", "Expected standard", "NULL",
          "Exceptional"]], 1
    ),
    "schools, report cards, latest": (
        [[*SCHOOL, "Inspection number of latest full inspection", "Inspection start date", "Publication date", "Safeguarding standards",
          "Inclusion", "Early years (where applicable)", "Inspection number of latest OEIF graded inspection",
          "Inspection start date of latest OEIF graded inspection", "Latest OEIF overall effectiveness",
          "Latest OEIF  safeguarding is effective?", "Latest OEIF early years provision (where applicable)",
          "Latest ungraded inspection number", "Date of latest ungraded inspection", "Ungraded inspection overall outcome"],
         [*SCHOOL_ROW, "10400001", "18/11/2025", "12/01/2026", "Met", "Needs attention", "Strong standard", "10100001", "05/03/2019", "2",
          "Yes", "1", "10300001", "01/02/2024", "Standards maintained"]], 3
    ),
    "independent schools": (
        [[*SCHOOL, "Inspection number", "First day of inspection", "Publication date", "Overall effectiveness",
          "Previous standard inspection number", "Previous first day of inspection", "Previous overall effectiveness",
          "Progress monitoring: inspection number", "Progress monitoring: first day of inspection", "Progress monitoring: overall outcome",
          "Part 1 overall"],
         [*SCHOOL_ROW, "10100001", "05/03/2019", "01/04/2019", "2", "10000001", "01/02/2016", "3", "10150001", "01/02/2020",
          "Met all requirements", "Met"]], 3
    ),
    "further education": (
        [["Provider URN", "Provider UKPRN", "Provider name", "Provider type", "Region", "Date of latest short inspection",
          "Inspection number", "First day of inspection", "Date published", "Overall effectiveness", "Overall effectiveness RAW",
          "Previous inspection number", "Previous first day of inspection", "Previous overall effectiveness"],
         ["50001", "10000001", "A College", "General FE college", "London", "01/03/2020", "10100001", "05/03/2017", "01/04/2017", "2", "2",
          "400001", "01/02/2013", "4"]], 3
    ),
    "further education, report cards": (
        [["Provider URN", "Provider UKPRN", "Provider name", "Event type", "Inspection number", "First day of inspection", "Date published",
          "Safeguarding standards", "Inclusion", "Leadership and governance"],
         ["50001", "10000001", "A College", "Full inspection", "10400001", "18/11/2025", "12/01/2026", "Not met", "Urgent improvement",
          "Needs attention"]], 1
    ),
    "further education, latest before report cards": (
        [["Provider URN", "Provider UKPRN", "Provider name", "Date of latest short inspection before renewed EIF (if relevant)",
          "Inspection number of latest full inspection before renewed EIF",
          "First day of inspection of latest inspection before renewed EIF", "Latest overall effectiveness before renewed EIF"],
         ["50001", "10000001", "A College", "", "10100001", "05/03/2017", "1"]], 1
    ),
    "early years": (
        [["Most recent inspections as at 31 December 2025"], ["This worksheet contains one table."],
         ["Provider URN", "Provider Type", "Provider Status", "Registration Date", "Most Recent Full: Inspection Number",
          "Most Recent Full: Inspection Date", "Most Recent Full: Overall Effectiveness", "Quality of Education",
          "Second Most Recent Full: Inspection Date", "Second Most Recent Full: Overall Effectiveness", "NCOR: Inspection Date",
          "NCOR: Overall Effectiveness"],
         ["EY123456", "Childminder", "Active", "01/09/2004", "10100001", "05/03/2019", "2", "-", "01/02/2014", "3", "01/02/2022",
          "Not met (with actions)"]], 3
    ),
    "area SEND, 2016 to 2022": (
        [["Inspections of local areas, up to 31 August 2022"],
         ["Local authority code", "Area name", "Ofsted region", "Inspection start date", "Inspection publication date",
          "Inspection outcome: written statement of action required?", "Revisit start date", "Revisit publication date",
          "Revisit outcome: sufficient progress in addressing all significant weaknesses?"],
         ["E08000035", "Leeds", "x", "05/12/2016", "01/02/2017", "Yes", "06/01/2019", "01/03/2019", "Some"],
         ["E06000023", "Bristol", "South West", "30/09/2019", "20/12/2019", "No", "Not revisited yet", "", ""]], 3
    ),
    "area SEND, since 2023": (
        [["Local area partnership", "Ofsted region", "Inspection start date", "Inspection publication date", "Inspection outcome",
          "Priority action plan required?", "Number of areas for priority action"],
         ["Leeds", "x", "05/12/2023", "01/02/2024", "Inconsistent experiences and outcomes", "No", "0"]], 1
    ),
    "Data to Insight, ILACS overview": (
        [["urn", "la_code_new", "local_authority", "overall_effectiveness_grade", "inspection_framework", "inspector_name",
          "inspection_start_date", "publication_date", "impact_of_leaders_grade", "help_and_protection_grade", "care_leavers_grade"],
         ["80426", "E08000016", "Barnsley", "not_reported_post_reform", "standard", "A Person", "27/04/2026", "22/06/26", "good", "good",
          "inspection_pre_dates_judgement"]], 1
    ),
    "early years, report cards": (
        [["Childcare provider data as at 30 June 2026"], ["This worksheet contains one table."],
         ["Web link", "Provider URN", "Provider type", "EYR REIF: Most recent: Inspection date",
          "EYR REIF: Most recent: Safeguarding standards met?", "EYR REIF: Most recent: Inclusion",
          "EYR REIF: Most recent: Behaviour, attitudes and establishing routines", "EYR OEIF: Most recent: Full inspection date",
          "EYR OEIF/CIF: Most recent: Overall effectiveness", "CR: Most recent: Inspection date", "CR: Compliance"],
         ["x", "EY123456", "Childminder", "05/03/2026", "Yes", "Strong standard", "Needs attention", "01/02/2021", "2", "", ""],
         ["x", "EY123457", "Childminder", "", "", "", "", "", "", "02/03/2023", "Met"]], 3
    ),
    "further education, new providers": (
        [["Provider URN", "Provider UKPRN", "Provider name", "Event type", "Inspection number", "First day of inspection", "Date published",
          "Inclusion theme", "Leadership and governance theme",
          "Curriculum, teaching and training theme - apprenticeships", "Safeguarding theme"],
         ["50001", "10000001", "A provider", "New provider monitoring", "10400001", "18/11/2025", "12/01/2026", "Reasonable progress",
          "Insufficient progress", "Significant progress", "Reasonable progress"]], 1
    ),
    "independent schools, additional inspections": (
        [["URN", "School name", "Inspection number", "Inspection type", "Inspection start date", "Publication date", "Overall outcome"],
         ["100001", "A School", "10400001", "Progress monitoring", "18/11/2024", "12/01/2025", "Met all standards"]], 1
    ),
    "state-funded schools, short inspections": (
        [["URN", "School name", "Inspection number", "Inspection date", "Publication date",
          "Did the short inspection convert to a full inspection?", "Previous full inspection overall effectiveness"],
         ["100001", "A School", "10030001", "05/03/2018", "01/04/2018", "No", "2"],
         ["100002", "B School", "10030002", "06/03/2018", "02/04/2018", "Yes", "1"]], 2
    ),
    "childminder agencies": (
        [["CA Reference", "Provider name", "Region", "Inspection date", "Overall effectiveness"],
         ["CA000006\xa0", "An Agency", "London", "02/12/2019 - 05/12/2019", "EFFECTIVE"]], 1
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_layout_is_told_from_its_header(name, kind):
    rows, n_inspections = LAYOUTS[name]
    file = as_csv(rows) if kind == "csv" else as_workbook(Notes=[["Notes"], ["nothing here"]], Data=rows)
    table, report = sif.read_inspections(file, return_report=True)
    assert report.layout == name
    assert report.sheet == (None if kind == "csv" else "Data")
    assert len(table) == report.n_inspections == n_inspections
    assert report.n_rows == len(rows)
    assert all(len(sif.aggregate(table, judgement=judged)) == 1 for judged in columns.judgement_columns(table)[:1])


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_of_only_its_header_has_no_inspections(name, kind):
    rows = LAYOUTS[name][0][: sif.reading_report(as_csv(LAYOUTS[name][0])).header_row]
    table, report = sif.read_inspections(as_csv(rows) if kind == "csv" else as_workbook(Data=rows), return_report=True)
    assert (len(table), report.n_inspections, report.layout) == (0, 0, name)
    assert table["graded"].dtype == bool
    assert str(report)
    assert report.register.empty


def test_every_layout_has_a_small_file_here():
    assert {layout.name for layout in known_layouts()} == set(LAYOUTS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_no_two_layouts_claim_the_same_header(name):
    above = []
    for row in LAYOUTS[name][0]:
        cells = header_cells(row)
        demands = sorted(len(layout.required) + (layout.says is not None) for layout in known_layouts() if fits(layout, cells, above))
        if demands:
            assert demands[-2:-1] != demands[-1:]
            return
        above += cells
    pytest.fail("no layout claims it")


def test_wide_rows_become_long():
    table = sif.read_inspections(as_csv(LAYOUTS["state-funded schools, latest"][0]))
    assert table["inspection_number"].tolist() == ["10100001", "10200001", "ITS300001"]
    assert table["graded"].tolist() == [True, False, True]
    assert table["overall_effectiveness"].astype(object).fillna("").tolist() == ["Good", "", "Requires improvement"]
    assert table["quality_of_education"].isna().all()  # 9: not judged under the framework of the time
    assert table["outcome"].astype(object).fillna("").tolist() == ["", "School remains Good", ""]
    assert table["opened"].isna().all()  # 1 January 1900: not known


def test_report_cards_and_the_grades_before_stand_apart():
    table = sif.read_inspections(as_csv(LAYOUTS["schools, report cards, latest"][0]))
    assert table["framework"].astype(object).fillna("").tolist() == ["Report card", "OEIF", ""]
    assert table["inclusion"].astype(object).fillna("").tolist() == ["Needs attention", "", ""]
    assert table["inclusion"].cat.categories.tolist() == list(sif.REPORT_CARD.labels[::-1])
    assert table["safeguarding"].astype(object).fillna("").tolist() == ["Met", "", ""]
    assert table["early_years_report_card"].astype(object).fillna("").tolist() == ["Strong standard", "", ""]
    assert table["early_years"].astype(object).fillna("").tolist() == ["", "Outstanding", ""]


def test_the_history_of_authorities_has_its_second_table():
    table, report = sif.read_inspections(as_csv(LAYOUTS["local authorities, history"][0]), return_report=True)
    assert table["provider"].tolist() == ["E08000035", "E08000035", "E10000009"]  # the Dorset of 2018
    assert table["framework"].tolist() == ["SIF", "ILACS", "ILACS"]
    assert report.set_aside[["row", "reason"]].values.tolist() == [[1, "header"], [3, "blank"], [4, "title"], [5, "header"]]


def test_early_years_keep_their_inspections_without_grades():
    table = sif.read_inspections(as_csv(LAYOUTS["early years"][0]))
    assert table["graded"].tolist() == [True, True, False]
    assert table["outcome"].iloc[2] == "Not met (with actions)"


def test_agencies_have_their_own_scale_and_ranges_of_days():
    table = sif.read_inspections(as_csv(LAYOUTS["childminder agencies"][0], "cp1252"))
    assert table.loc[0, ["provider", "overall_effectiveness"]].tolist() == ["CA000006", "Effective"]
    assert (table["inspection_start"].iloc[0], table["inspection_end"].iloc[0]) == (pd.Timestamp("2019-12-02"), pd.Timestamp("2019-12-05"))


def test_names_of_judgements_stand_in_one_file():
    folder = Path(reading.__file__).parent
    names = tomllib.loads((folder / "names.toml").read_text(encoding="utf-8"))
    assert set(JUDGEMENTS) == set(names["judgements"])


def test_every_alias_leads_to_an_authority():
    known = set(sif.load_local_authorities()["provider_name"])
    assert set(aliases().values()) <= known


def test_a_layout_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nabout = "a file of mine"\n[recognise]\nheader = [["school id"], ["mark"]]\n'
        '[columns]\nprovider = ["School id"]\ninspection_start = ["Day"]\noverall_effectiveness = ["Mark"]\n'
    )
    file = as_csv([["School id", "Day", "Mark"], ["A", "2024-05-06", "1"]])
    table = sif.read_inspections(file, layout=path)
    assert table["overall_effectiveness"].tolist() == ["Outstanding"]


@pytest.mark.parametrize(("text", "told"), [("name = ", "TOMLDecodeError"), ('name = "x"', "recognise"),
    ('name="x"\nabout="y"\n[recognise]\nheader=[["a"]]\n[columns]\nsmell=["Smell"]', "no standard column")])  # fmt: skip
def test_a_layout_that_is_none_is_refused(tmp_path, text, told):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(sif.ReadingError, match=told):
        sif.read_inspections(care(), layout=path)


MINE = (
    'name="mine"\nabout="x"\nrecognise.header=[["Place"],["When"],["Mark"]]\n'
    'columns.provider=["Place"]\ncolumns.inspection_start=["When"]\ncolumns.overall_effectiveness=["Mark"]\n'
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('framwork="SIF"\n' + MINE, "'framwork' is nothing that a layout knows; did you mean 'framework'"),
        (MINE + '[grade.overall_effectiveness]\nGood=["Fine"]', "'grade' is nothing .* did you mean 'grades'"),
        (MINE + '[grades.overal]\nGood=["Fine"]', "grades: 'overal' is nothing that a layout knows"),
        (MINE + '[grades.overall_effectiveness]\nFine=["Good"]', "grades.overall_effectiveness: 'Fine' is no grade; those are Outstanding"),
        (MINE + '[words]\nmising=["x"]', "words: 'mising' is nothing .* did you mean 'missing'"),
        (MINE + '[scales]\noverall_effectiveness="FIVE"', "scales.overall_effectiveness: 'FIVE' is nothing that a layout knows"),
        (MINE + '[[event]]\nwords=["full"]\ngraded="no"', "event.graded = 'no' is not one of true, false, 'where overall'"),
        ('kind="lates"\n' + MINE, "kind = 'lates' is not one of 'latest', 'in year', 'history'"),
        ('year="calendar"\n' + MINE, "year = 'calendar' is not one of 'financial', 'academic'"),
        ('unknown_dates=["never"]\n' + MINE, "unknown_dates = .* is not a list of dates"),
        ('columns="Mark"\n', "columns = 'Mark' is not a table"),
        ("event=1\n" + MINE, r"event is written \[\[event\]\], once for each"),
        (MINE.replace('["Mark"]\n', '"Mark"\n'), "columns.overall_effectiveness = 'Mark' is not a list of texts"),
        (MINE.replace('[["Place"],["When"],["Mark"]]', '["Place","When"]'), "recognise.header = .* is not a list of lists of texts"),
        (MINE.replace('name="mine"\n', ""), "it lacks name"),
    ],
)
def test_what_no_layout_knows_is_not_passed_over_in_one_of_ones_own(tmp_path, text, told):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(sif.ReadingError, match=f"mine.toml: this is not a layout .*{told}"):
        sif.read_inspections(as_csv([["Place", "When", "Mark"], ["A", "2024-05-06", "1"]]), layout=path)


def test_every_layout_of_the_package_says_what_layouts_know(tmp_path):
    for layout in known_layouts():
        path = tmp_path / "mine.toml"
        path.write_bytes((Path(reading.__file__).parent / "layouts" / f"{layout.stem}.toml").read_bytes())
        assert load(path).name == layout.name
        path.write_text(f'like = "{layout.stem}"\nkind = "latest"')
        assert load(path).kind == "latest"


# ---- encodings


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8 with BOM"), ("cp1252", "cp1252"), ("utf-16", "UTF-16")],
)
def test_encodings_are_found_out_and_told(encoding, told):
    rows = [[*CARE, "Name"], [*CARE_ROW, "École – Éire"]]
    table, report = sif.read_inspections(as_csv(rows, encoding), return_report=True)
    assert table["provider_name"].tolist() == ["École – Éire"]
    assert report.encoding.split(" (")[0] == told


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_usual_delimiter_is_read(delimiter):
    text = "\n".join(delimiter.join(cells) for cells in (CARE, CARE_ROW))
    assert len(sif.read_inspections(io.BytesIO(text.encode()))) == 1


def test_a_byte_that_no_encoding_has_is_an_error_with_its_line():
    with pytest.raises(sif.ReadingError, match="byte 0x81 in line 2"):
        sif.read_inspections(io.BytesIO(b"URN\n\x81"))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_large_file_with_the_line_ends_of_an_old_macintosh_is_read(encoding):
    record = "SC{0:06},Children's Home,Leeds,Full inspection,03/04/2015,{0},Good\r"
    header = "URN,Provision type,Local authority,Inspection type,Inspection date,Event number,Overall effectiveness\r"
    text = header + "".join(map(record.format, range(20_000))).replace("Leeds", "Leeds \u2013 city", 1)
    assert len(text) > 1_000_000  # as a line would be too long
    table = sif.read_inspections(io.BytesIO(text.encode(encoding)))
    assert len(table) == 20_000
    assert table["local_authority"].cat.categories.tolist() == ["Leeds", "Leeds \u2013 city"]


def test_control_characters_of_a_wrong_encoding_are_letters_again():
    assert sif.read_inspections(care(**{"Inspection type": "SC \x96 Emergency inspection"}))["inspection_type"].tolist() == [
        "Emergency inspection"
    ]


@settings(deadline=None)
@given(st.lists(st.sampled_from([*'a,"\n', "\r\n", "x,y", '"q"', '""', "é"]), max_size=30).map("".join))
def test_cells_are_taken_apart_as_the_csv_module_does(text):
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        with pytest.raises(sif.ReadingError, match="cannot be taken apart"):
            csv_rows(text.encode(), "a file")
    else:
        assert [row if row != [""] else [] for row in csv_rows(text.encode(), "a file")] == [row if row != [""] else [] for row in expected]


# ---- values


@pytest.mark.parametrize(
    ("written", "meant"),
    [("03/04/2015", "2015-04-03"), ("2015-04-03", "2015-04-03"), ("2015-04-03 00:00:00", "2015-04-03"), ("3/4/2015", "2015-04-03"),
     ("3 April 2015", "2015-04-03"), ("29/02/2016", "2016-02-29")],
)  # fmt: skip
def test_dates_are_day_first_or_iso(written, meant):
    assert sif.read_inspections(care(**{"Inspection date": written}))["inspection_start"].tolist() == [pd.Timestamp(meant)]


@pytest.mark.parametrize("written", ["04/13/2015", "31/04/2015", "29/02/2015", "42097", "soon", "03/04/15", "03/04/1015", "2015/04/03x"])
def test_what_is_no_date_is_an_error_with_its_place(written):
    with pytest.raises(sif.ReadingError) as caught:
        sif.read_inspections(care(**{"Inspection date": written}))
    error = caught.value
    assert (error.row, error.column, error.value) == (2, "Inspection date", written)
    assert "day first" in str(error)


def test_a_typed_date_is_a_date():
    rows = [
        CARE,
        [*CARE_ROW[:4], datetime.date(2015, 4, 3), *CARE_ROW[5:]],
        [*CARE_ROW[:4], datetime.datetime(2015, 3, 4, 9), "1002", "Good"],
    ]
    table = sif.read_inspections(as_workbook(Data=rows))
    assert table["inspection_start"].tolist() == [pd.Timestamp("2015-04-03"), pd.Timestamp("2015-03-04")]


@pytest.mark.parametrize(
    "word", ["Adequate", "Satisfactory", "Requires Improvement", "Requires improvement to be good", "requires  improvement", "3", "3.0"]
)
def test_the_names_of_grade_3(word):
    assert sif.read_inspections(care(**{"Overall effectiveness": word}))["overall_effectiveness"].tolist() == ["Requires improvement"]


@pytest.mark.parametrize("word", ["Fair", "5", "0", "2.5", "1.02E+07"])
def test_what_is_no_grade_is_an_error_or_reported(word):
    with pytest.raises(sif.ReadingError, match="Outstanding, Good, Requires improvement, Inadequate") as caught:
        sif.read_inspections(care(**{"Overall effectiveness": word}))
    assert (caught.value.row, caught.value.column, caught.value.value) == (2, "Overall effectiveness", word)
    table, report = sif.read_inspections(care(**{"Overall effectiveness": word}), errors="report", return_report=True)
    assert table["overall_effectiveness"].isna().all()
    assert report.not_understood[["row", "column", "value"]].values.tolist() == [[2, "Overall effectiveness", word]]
    assert word in str(report)


@pytest.mark.parametrize(
    ("written", "became"),
    [("10210907.0", "10210907"), ("1.0210907E+07", "10210907"), ("1.02E+07", None), ("1E+05", None), ("1.00000E+05", "100000"),
     ("SC1E+05", "SC1E+05"), ("ITS449512", "ITS449512"), ("0012", "0012")],
)  # fmt: skip
def test_damaged_numbers_are_repaired_where_that_is_certain(written, became):
    table, report = sif.read_inspections(care(**{"Event number": written}), return_report=True)
    number = table["inspection_number"].iloc[0]
    assert (None if pd.isna(number) else number) == became
    assert report.repaired["value"].tolist() == ([written] if "E+" in written and not written.startswith("SC") else [])


def test_errors_of_a_spreadsheet_are_told():
    with pytest.raises(sif.ReadingError, match="an error of the spreadsheet"):
        sif.read_inspections(care(**{"Event number": "#REF!"}))
    failed = as_workbook(Data=[CARE, [*CARE_ROW[:5], "#REF!", "Good"]])
    with pytest.warns(sif.GradesNotTakenWarning, match="1 cells of the workbook hold an error such as #REF!.*read as blank"):
        table, report = sif.read_inspections(failed, return_report=True)
    assert table["inspection_number"].isna().all()
    assert any(note.startswith("1 cells of the workbook hold an error") for note in report.notes)


def test_typed_codes_are_text():
    rows = [CARE, [100000.0, *CARE_ROW[1:5], 1001, "Good"]]
    table = sif.read_inspections(as_workbook(Data=rows))
    assert table[["provider", "inspection_number"]].values.tolist() == [["100000", "1001"]]


def test_a_row_without_a_provider_is_an_error():
    with pytest.raises(sif.ReadingError, match="the provider to which the row belongs"):
        sif.read_inspections(care(CARE_ROW, ["", *CARE_ROW[1:]]))


def test_an_inspection_without_a_date_is_an_error():
    with pytest.raises(sif.ReadingError, match="the date of the inspection"):
        sif.read_inspections(care(**{"Inspection date": ""}))


def test_an_unknown_kind_of_inspection_is_an_error():
    with pytest.raises(sif.ReadingError, match=r"'Teatime visit' is not understood.*Full inspection"):
        sif.read_inspections(care(**{"Inspection type": "Teatime visit"}))
    table = sif.read_inspections(care(**{"Inspection type": "Teatime visit"}), errors="report")
    assert table[["inspection_type", "overall_effectiveness"]].isna().all(axis=None)
    assert not table["graded"].any()


def test_a_number_without_a_kind_of_inspection_is_no_grade():
    header, row = LAYOUTS["social care, in year, numbers"][0]
    with pytest.raises(sif.ReadingError, match="'' is not understood"):
        sif.read_inspections(as_csv([header, [*row[:2], "", *row[3:]]]))


def test_an_unknown_authority_is_an_error_with_the_nearest():
    rows = [list(row) for row in LAYOUTS["local authorities, one row per inspection"][0]]
    rows[1][0] = "Hammersmth & Fulham"
    with pytest.raises(sif.ReadingError, match="near: Hammersmith and Fulham"):
        sif.read_inspections(as_csv(rows))


def test_an_unknown_authority_is_set_aside_where_asked():
    header, row = LAYOUTS["local authorities, one row per inspection"][0]
    rows = [header, ["Atlantis", *row[1:]], row, ["Lyonesse", "", "Not yet inspected", "", ""]]
    table, report = sif.read_inspections(as_csv(rows), errors="report", return_report=True)
    assert table["provider"].tolist() == ["E06000010"]
    assert report.set_aside[["row", "reason"]].values.tolist() == [[1, "header"], [2, "not understood"], [4, "not understood"]]
    assert report.not_understood["value"].tolist() == ["Atlantis", "Lyonesse"]
    assert report.source_rows.tolist() == [3]
    with pytest.warns(sif.IncompleteHistoryWarning, match="of one period"):  # nothing says that this file has who was not inspected
        assert len(sif.as_at(table, "2024-01-01", register=report.register)) == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [("HAMMERSMITH & FULHAM", "E09000013"), ("Kingston Upon Hull", "E06000010"), ("Kingston upon Hull, City of", "E06000010"),
     ("Southend on Sea", "E06000033"), ("bournemouth, christchurch & poole", "E06000058"), ("Bedford Borough", "E06000055"),
     ("Dorset Council", "E06000059"), ("St. Helens", "E08000013"), ("Leeds City Council", "E08000035")],
)  # fmt: skip
def test_spellings_of_authorities(name, code):
    rows = [list(row) for row in LAYOUTS["local authorities, one row per inspection"][0]]
    rows[1][0] = name
    assert sif.read_inspections(as_csv(rows))["provider"].tolist() == [code]


def test_an_authority_newer_than_the_package_keeps_its_code():
    header, row = LAYOUTS["local authorities, one row per inspection"][0]
    rows = [["Local authority area code", *header], ["E06000999", "New Shire", *row[1:]], ["E08000035", *["Leeds", *row[1:]]]]
    table = sif.read_inspections(as_csv(rows))
    assert table["provider"].tolist() == ["E06000999", "E08000035"]
    assert table["provider_name"].tolist() == ["New Shire", "Leeds"]


# ---- rows


def test_rows_are_set_aside_with_their_reason():
    file = as_csv([["Title"], [], [*CARE, "", ""], CARE_ROW, [], CARE_ROW, ["SC000002", "Children's home", "Leeds"],
                   ["Source: Ofsted"], [], ["", ""]])  # fmt: skip
    table, report = sif.read_inspections(file, return_report=True)
    assert len(table) == 1
    assert dict(zip(report.set_aside["row"], report.set_aside["reason"], strict=True)) == {
        1: "title", 2: "blank", 3: "header", 5: "blank", 6: "duplicate", 7: "not yet inspected", 8: "footer", 9: "padding", 10: "padding"
    }  # fmt: skip
    assert report.n_rows == report.n_read + len(report.set_aside) == report.rows["n"].sum() == 10
    assert report.source_rows.tolist() == [4]
    assert report.register["provider"].tolist() == ["SC000001", "SC000002"]
    assert table.attrs["rows_set_aside"] == 9


def test_two_inspections_on_one_day_are_two():
    rows = [CARE_ROW, [*CARE_ROW[:5], "1002", "Good"]]
    assert len(sif.read_inspections(care(*rows))) == 2


def test_interim_inspections_keep_their_rows():
    table, report = sif.read_inspections(
        as_csv([[*CARE, "Quality of care"], [*CARE_ROW[:3], "SC Interim", *CARE_ROW[4:6], "Declined effectiveness", "Good"]]),
        return_report=True,
    )
    assert table[["graded", "outcome", "inspection_type"]].values.tolist() == [[False, "Declined in effectiveness", "Interim inspection"]]
    assert table["quality_of_care"].isna().all()
    assert any("1 grades stand at inspections that are not graded" in note for note in report.notes)


def test_a_column_twice_is_read_if_it_is_the_same_and_refused_if_not():
    twice = [[*CARE, "Overall effectiveness"], [*CARE_ROW, "Good"]]
    assert sif.read_inspections(as_csv(twice))["overall_effectiveness"].tolist() == ["Good"]
    twice[1][-1] = "Inadequate"
    with pytest.raises(sif.ReadingError, match=r"columns 7 and 8\) and differ"):
        sif.read_inspections(as_csv(twice))


def test_a_column_twice_in_a_file_with_a_shorter_row():
    twice = [[*CARE, "Overall effectiveness"], [*CARE_ROW, "Good"], ["Source: Ofsted"]]
    assert sif.read_inspections(as_csv(twice))["overall_effectiveness"].tolist() == ["Good"]
    with pytest.raises(sif.ReadingError, match=r"columns 7 and 8\) and differ"):
        sif.read_inspections(as_csv([*twice, ["SC000002", *CARE_ROW[1:]]]))


def test_columns_not_taken_are_listed():
    report = sif.reading_report(as_csv([[*CARE, "Fax"], [*CARE_ROW, "1"]]))
    assert report.columns.iloc[-1].tolist() == [8, "Fax", ""]
    assert report.columns.iloc[0].tolist() == [1, "URN", "provider"]


def test_values_that_differ_in_case_alone_are_one():
    rows = [CARE_ROW, *([f"SC{n}", "Children's Home", *CARE_ROW[2:]] for n in range(3)), ["SC9", "Children's Home", *CARE_ROW[2:]]]
    assert sif.read_inspections(care(*rows))["provider_type"].unique().tolist() == ["Children's home"]


# ---- files that are not


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"%PDF-1.7", "PDF"),
        (b"\x00\x01\x02", "not a text file"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more", "damaged, protected by a password, or no workbook"),
        (b"a,b,c\n1,2,3\n", "no row is the header"),
        (b'URN,"Name\nSC1,x\n', "row 1"),
        (b"\xff\xfeU", "UTF-16"),
        ("URN,Name\nSC1,\u2013\n".encode("utf-16-le"), "looks like UTF-16 without a byte order mark"),
        ("URN,Name\nSC1,\u2013\n".encode("utf-16-be"), "looks like UTF-16 without a byte order mark"),
        (b"URN,Name\nSC1,\0\n", "not a text file"),
        (b"\xef\xbb\xbfURN\n\xff", "line 2"),
    ],
)
def test_what_is_no_data_file_is_refused(data, told):
    with pytest.raises(sif.ReadingError, match=told):
        sif.read_inspections(io.BytesIO(data))


def test_the_nearest_layout_and_what_it_lacks():
    with pytest.raises(
        sif.ReadingError, match=r"row 2.*nearest is 'social care, in year', of which this row lacks 'overall effectiveness'"
    ):
        sif.read_inspections(as_csv([["Title"], CARE[:-1], CARE_ROW[:-1]]))


def test_arguments_that_mean_nothing_are_refused(tmp_path):
    with pytest.raises(ValueError, match="neither 'raise' nor 'report'"):
        sif.read_inspections(care(), errors="coerce")
    with pytest.raises(ValueError, match=r"is none of .*'childminder agencies'"):
        sif.read_inspections(care(), layout="social care in years")
    with pytest.raises(ValueError, match="no file to read"):
        sif.read_inspections([])
    with pytest.raises(ValueError, match="does not carry the report"):
        sif.reading_report(sif.load_inspections())
    with pytest.raises(TypeError, match="binary"):
        sif.read_inspections(io.StringIO("URN"))
    with pytest.raises(FileNotFoundError):
        sif.read_inspections(tmp_path / "nothing.csv")


def test_reports_travel_between_processes():
    report = sif.reading_report(care())
    again = pickle.loads(pickle.dumps(report))
    assert str(again) == str(report)
    pd.testing.assert_frame_equal(again.register, report.register)


def test_errors_travel_between_processes():
    error = sif.ReadingError("no", file="a.csv", sheet="S", row=3, column="C", value="x")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) == "a.csv, sheet 'S', row 3, column 'C': no"
    assert (again.row, again.column, again.value) == (3, "C", "x")


# ---- several files, sheets, and what is printed


@pytest.mark.parametrize(("seconds", "is_shown"), [(1.5, True), (0.05, False)])
def test_a_reading_of_one_file_shows_how_far_it_is_from_two_seconds_on(monkeypatch, capsys, seconds, is_shown):
    clock = itertools.count(step=seconds)
    monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    sif.read_inspections(care())
    assert ("reading" in capsys.readouterr().err) == is_shown


def test_several_files_become_one_history():
    newer = care(["SC000001", "Children's home", "Leeds", "Full inspection", "03/04/2016", "10000001", "Outstanding"])
    table, reports = sif.read_inspections([care(), newer], return_report=True)
    assert table["overall_effectiveness"].tolist() == ["Good", "Outstanding"]
    assert [report.n_read for report in reports] == [1, 1]


def test_sheets_are_listed():
    file = as_workbook(Cover=[["Ofsted"]], A=LAYOUTS["early years"][0], B=LAYOUTS["further education"][0])
    sheets = sif.list_sheets(file)
    assert sheets["layout"].tolist() == ["", "early years", "further education"]
    assert sheets["header_row"].tolist()[1:] == [3, 1]
    assert sheets["rows"].tolist() == [1, 4, 2]


def test_a_file_is_described_in_words():
    words = reading.describe(as_workbook(Cover=[["Ofsted"]], Homes=[CARE, CARE_ROW, [*CARE_ROW[:6], "Fair"]]))
    assert words.splitlines()[:3] == [
        "an open file, sheet 'Homes'",
        "  layout: social care, in year; header in row 1",
        "  3 rows in the file = 2 read + 1 set aside",
    ]
    assert "    row 3, column 'Overall effectiveness': 'Fair'" in words.splitlines()
    assert "  'Cover': no inspections, 1 rows" in words.splitlines()


def test_the_example_of_the_readme_works(tmp_path):
    readme = (Path(reading.__file__).parent / "README.md").read_text(encoding="utf-8")
    path = tmp_path / "example.toml"
    path.write_text(readme.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    rows = "\n".join(line.strip() for line in readme.splitlines() if line.startswith("    S"))
    table = sif.read_inspections(io.BytesIO(f"Title\nNotes\n{rows}\nS2,04/04/2024,2,Quick look,,".encode()), layout=path)
    assert table[["provider", "graded"]].values.tolist() == [["S1", True], ["S1", True], ["S2", False]]
    assert table["overall_effectiveness"].tolist()[:2] == ["Good", "Requires improvement"]
    assert table["outcome"].tolist()[2] == "Improved"


def test_a_table_as_read_tells_its_report_for_as_long_as_it_lives():
    table, report = sif.read_inspections(care(), return_report=True)
    assert sif.reading_report(table) is report
    with pytest.raises(ValueError, match="a copy or merge"):
        sif.reading_report(table.copy())
    gc.collect()  # tables of other tests, held by their tracebacks
    held = len(reading._REPORTS)
    del table
    gc.collect()
    assert len(reading._REPORTS) == held - 1


def test_a_file_that_is_written_to_while_it_is_read_is_refused(tmp_path, monkeypatch):
    """Else the half that was there would be taken for the whole."""
    path = tmp_path / "inspections.csv"
    path.write_text("provider,inspection_start,overall_effectiveness\n1,2024-01-01,Good\n", encoding="utf-8")
    fstat = os.fstat

    def then_more_is_written(handle):
        found = fstat(handle)
        with path.open("a", encoding="utf-8") as file:
            file.write("2,2024-01-01,Good\n")
        return found

    monkeypatch.setattr("ofsted_sif.reading.files.os.fstat", then_more_is_written)
    with pytest.raises(sif.ReadingError, match=r"^inspections\.csv: it was written to while it was read; read it again"):
        sif.read_inspections(path)
