"""Reading: judgements that a file holds and the table does not, one inspection twice, workbooks. All rows are made up."""

import datetime
import gzip
import io
import warnings
import zipfile

import pandas as pd
import pytest

import ofsted_sif as sif
from tests import test_reading_ods as ods


def read(data, **options):
    """The table (None after an error), and in small letters all that was said: the error, warnings, and the printed report."""
    source = io.BytesIO(data.encode() if isinstance(data, str) else data) if isinstance(data, str | bytes) else data
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table, report = sif.read_inspections(source, return_report=True, **options)
        except sif.ReadingError as error:
            return None, str(error).casefold()
    said = [str(report), *(str(warning.message) for warning in caught)]
    return table, " ".join(said).casefold()


def holds(table, *values):
    """Whether each of these values stands somewhere in the table."""
    cells = set() if table is None else {str(cell) for cell in table.astype(object).to_numpy().ravel()}
    return all(value in cells for value in values)


def combined(*files):
    tables = [sif.read_inspections(io.BytesIO(text.encode())) for text in files]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sif.combine(*tables)


CARE = "URN,Provision type,Local authority,Inspection type,Inspection date,Event number,Overall effectiveness\n"
HOME = "SC000001,Children's home,Leeds,Full inspection"


# ---- judgements that are in the file


def test_the_grades_of_the_release_of_2022_are_read():
    # Its header names the overall judgement "Latest full inspection overall experiences ...", which the layout itself asks for.
    text = (
        "URN,Provision type,Local authority,Latest full inspection event type,Latest full inspection date,Latest full inspection event "
        "number,"
        "Latest full inspection overall experiences and progress of children and young people,"
        "Latest full inspection the effectiveness of leaders and managers\n"
        f"{HOME},03/04/2021,10000001,Good,Inadequate\n"
    )
    table, said = read(text)
    assert table is not None, said
    assert table["graded"].tolist() == [True]
    assert table["overall_effectiveness"].tolist() == ["Good"]
    assert table["leadership"].tolist() == ["Inadequate"]
    assert len(sif.as_at(table, "2022-03-31")) == 1


def test_the_release_of_the_year_2021_22_is_read():
    # "Inspection overall experiences ..." stands among the layout's own columns, but is not enough to be recognised.
    text = (
        "Web link,URN,Provision type,Local authority,Inspection event type,Inspection date,Inspection publication date,Inspection "
        "event number,"
        "Inspection overall experiences and progress of children and young people\n"
        f"x,{HOME},03/04/2021,05/05/2021,10000001,Good\n"
    )
    table, said = read(text)
    assert table is not None, said
    assert table["overall_effectiveness"].tolist() == ["Good"]


SUPPORTED = (
    "URN,Provision type,Local authority,Latest full inspection event type,Latest full inspection date,"
    "Overall experiences and progress of children and young people,Supported Accommodation outcome\n"
    "SC000001,Supported Accommodation,Leeds,Full inspection,03/04/2024,,Consistently strong service delivery\n"
)


def test_an_outcome_of_supported_accommodation_is_not_lost_in_silence():
    # One of the three outcomes that these providers can have; since 2025 in every release.
    table, said = read(SUPPORTED)
    assert holds(table, "Consistently strong service delivery") or "supported accommodation outcome" in said


def test_a_judgement_that_no_layout_knows_is_told():
    # A new column of grade words: "7 of 8 columns taken" is printed for every file, so it must be named.
    text = CARE.replace("\n", ",Quality of support and guidance\n") + f"{HOME},03/04/2024,1,Good,Inadequate\n"
    table, said = read(text)
    assert "quality of support and guidance" in said or holds(table, "Inadequate")


def test_a_school_year_without_an_overall_judgement_is_read():
    # From September 2024 state-funded schools have none; the other judgements stand (header of 2024/25).
    header = (
        "URN,School name,Inspection number,Inspection type,Event type grouping,Inspection start date,Publication date,"
        "Outcomes for ungraded and monitoring inspections,Category of concern,Quality of education,Behaviour and attitudes,"
        "Personal development,Effectiveness of leadership and management,Safeguarding is effective,Previous overall effectiveness\n"
    )
    table, said = read(header + "100000,A school,10344003,S5 Inspection,Schools - S5,24/09/2024,10/11/2024,,,2,1,2,3,Yes,1\n")
    assert table is not None, said
    assert table["graded"].tolist() == [True]
    assert table[["quality_of_education", "behaviour_and_attitudes", "leadership"]].astype(str).to_numpy().tolist() == [
        ["Good", "Outstanding", "Requires improvement"]
    ]


def test_the_outcome_of_a_childminder_agency_is_read():
    # The columns of all releases that have outcomes (2021 to 2024); of a range of days the first is the start.
    text = (
        "CA Reference,Provider Status,Provider Type,Provider Name,Local Authority,CA - Most recent inspection date,CA - Most recent "
        "inspection outcome\n"
        "CA000001,Active,Childminder Agency,An agency,Camden,02/12/2019 - 05/12/2019,EFFECTIVE\n"
    )
    table, said = read(text)
    assert table is not None, said
    assert table["provider"].tolist() == ["CA000001"]
    assert table["inspection_start"].astype(str).tolist() == ["2019-12-02"]
    assert table["overall_effectiveness"].tolist() == ["Effective"]


def test_a_previous_inspection_of_2016_to_2018_is_read():
    # Header of the monthly files of those years: "Previous full inspection date", "16 to 19 study programmes".
    text = (
        "URN,School name,Date of latest short inspection,Inspection number,Inspection type,Inspection date,First published date,"
        "Overall effectiveness,16 to 19 study programmes,Previous full inspection number,Previous full inspection date,"
        "Previous full inspection overall effectiveness\n"
        "100000,A school,,ITS400001,S5,03/10/2014,01/11/2014,2,1,ITS300001,04/05/2011,3\n"
    )
    table, said = read(text)
    assert table is not None, said
    assert sorted(table["overall_effectiveness"].astype(str)) == ["Good", "Requires improvement"]
    assert holds(table, "Outstanding")


def test_a_grade_of_a_later_day_is_not_dated_to_the_inspection():
    # Leadership was regraded on 15 June 2026; on 28 February it was not "Expected standard".
    areas = ["Inclusion", "Leadership and governance"]
    graded = ",".join(f"{area},{area} - date of grade" for area in areas)
    header = (
        "URN,School name,Inspection number of latest full inspection,Inspection type,Inspection start date,Publication date,"
        "Safeguarding standards,"
        f"{graded},Inspection number of latest OEIF graded inspection,Inspection start date of latest OEIF graded inspection,"
        "Publication date of latest OEIF graded inspection,Latest OEIF overall effectiveness\n"
    )
    row = (
        "100000,A,10400001,Full inspection,24/11/2025,20/01/2026,Met,Strong standard,24/11/2025,Expected standard,15/06/2026,10111111,"
        "05/06/2022,05/07/2022,2\n"
    )
    table, said = read(header + row)
    assert table is not None, said
    state = sif.as_at(table, "2026-02-28", framework="all")
    assert "Expected standard" not in state["leadership_and_governance"].tolist() or "date of grade" in said


# ---- what counts as graded


def test_a_monitoring_inspection_with_an_overall_grade_counts_in_files_of_a_year():
    # Ofsted's as-at tables list all 15 such inspections of 2017 to 2024 as the latest full inspection.
    table, said = read(CARE + "SC000001,Children's home,Leeds,Monitoring inspection,09/08/2017,1001,Inadequate\n")
    assert table is not None, said
    assert table["graded"].tolist() == [True]


def test_a_monitoring_inspection_without_a_grade_does_not_count():
    # Nothing was judged, so what was before stands.
    table, _ = read(CARE + "SC000001,Children's home,Leeds,Monitoring inspection,09/08/2017,1001,\n")
    assert table["graded"].tolist() == [False]


def test_a_lost_title_row_does_not_change_what_counts():
    # The same row with and without the band above the header, which every re-save drops.
    body = (
        CARE.replace("Inspection type", "Event type") + "SC000001,Children's home,Leeds,Monitoring inspection,03/04/2015,1001,Inadequate\n"
    )
    with_band, without = read("Provider information,,,,Latest Full Inspection,,\n" + body)[0], read(body)[0]
    assert with_band["graded"].tolist() == without["graded"].tolist()


# ---- one inspection once


def test_an_inspection_renumbered_in_2015_is_one():
    # 302 such pairs stand in the as-at files of 2015 and 2016: both systems have numbers of six digits.
    rows = [f"{HOME},25/06/2014,297638,Outstanding\n", f"{HOME},27/06/2014,972292,Outstanding\n"]
    assert len(combined(*(CARE + row for row in rows))) == 1


def test_an_inspection_numbered_with_and_without_its_is_one():
    # 443222 and ITS443222: the same school, day, publication and grade.
    old = (
        "URN,School name,Inspection number,Inspection start date,Inspection end date,First published date,Inspection type,Overall "
        "effectiveness\n"
        "100001,A,443222,12/03/2014,13/03/2014,10/04/2014,S5 Inspection,2\n"
    )
    new = (
        "Academic year,URN,School name,Inspection number,Inspection type,Inspection start date,Inspection end date,Publication date,"
        "Overall effectiveness\n"
        "2013/14,100001,A,ITS443222,S5 Inspection,12/03/2014,13/03/2014,10/04/2014,2\n"
    )
    assert len(combined(old, new)) == 1


def test_two_inspections_of_one_release_stay_two():
    # Ofsted lists two full inspections of one home on one day, with two numbers: a release knows its own.
    both = CARE + f"{HOME},21/01/2015,400001,Good\n{HOME},21/01/2015,400002,Good\n"
    assert len(combined(both, both)) == 2


def test_a_re_inspection_with_another_grade_stays_apart():
    # 15 days apart, other number, other grade: two inspections.
    rows = [f"{HOME},25/06/2014,297638,Outstanding\n", f"{HOME},10/07/2014,972292,Inadequate\n"]
    assert len(combined(*(CARE + row for row in rows))) == 2


def test_one_number_under_two_providers_is_told():
    # The history has a school under its old URN, the snapshot under its successor's: one inspection took place.
    old = (
        "URN,School name,Inspection number,Inspection start date,Inspection end date,First published date,Inspection type,Overall "
        "effectiveness\n"
        "100001,A,10020001,12/03/2016,13/03/2016,10/04/2016,S5 Inspection,2\n"
    )
    new = (
        "URN,School name,Inspection number of latest graded inspection,Inspection type,Inspection start date,Publication date,"
        "Overall effectiveness,URN at time of latest graded inspection\n"
        "140000,A,10020001,S5 Inspection,12/03/2016,10/04/2016,2,100001\n"
    )
    tables = [sif.read_inspections(io.BytesIO(text.encode())) for text in (old, new)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        both, report = sif.combine(*tables, return_report=True)
    said = " ".join([*(str(warning.message) for warning in caught), report.to_string(), str(report.attrs)]).casefold()
    assert len(both) == 1 or any(
        word in said for word in ("two providers", "another provider", "other provider", "same number", "two urns")
    )


# ---- workbooks


def book(change):
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Data"
    sheet.append(CARE.strip().split(","))
    for number, grade in ((1, "Good"), (2, "Inadequate")):
        day = datetime.datetime(2015, 4, 2 + number)
        sheet.append([f"SC00000{number}", "Children's home", "Leeds", "Full inspection", day, str(number), grade])
    change(workbook, sheet)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def test_a_formula_without_its_value_is_told():
    # A person sees Good once the file is opened in Excel; saved by a program the cell has no value yet.
    table, said = read(book(lambda workbook, sheet: sheet.__setitem__("G2", '="Good"')))
    assert "formula" in said or (table is not None and table["overall_effectiveness"].astype(str).tolist() == ["Good", "Inadequate"])


@pytest.mark.parametrize("cell", ["A2", "E2"])
def test_the_error_about_a_blank_cell_says_that_it_may_be_a_formula(cell):
    table, said = read(book(lambda workbook, sheet: sheet.__setitem__(cell, "=H1")))
    assert table is None
    assert "row 2" in said
    assert "formula without its value" in said


@pytest.mark.parametrize("cells", ["A2:A3", "E2:E3"])
def test_the_error_about_a_covered_cell_says_that_it_may_be_merged(cells):
    table, said = read(book(lambda workbook, sheet: sheet.merge_cells(cells)))
    assert table is None
    assert "row 3" in said
    assert "merged cells" in said


@pytest.mark.parametrize("days", ["02/12/2019-05/12/2019", "02/12/2019– 05/12/2019", "02/12/2019 - 05/12/2019"])
def test_a_range_of_days_is_read_however_its_dash_is_spaced(days):
    table, said = read(CARE + f"{HOME},{days},1001,Good\n")
    assert table is not None, said
    assert table[["inspection_start", "inspection_end"]].astype(str).to_numpy().tolist() == [["2019-12-02", "2019-12-05"]]


def test_a_day_in_a_time_zone_is_refused_as_it_may_be_another_day():
    # Midnight of 3 April 2015 in London is 23:00 of the 2nd in UTC.
    frame = pd.read_csv(io.StringIO(CARE + f"{HOME},03/04/2015,1001,Good\n"), dtype=str)
    frame["Inspection date"] = pd.to_datetime(["2015-04-02T23:00:00Z"])
    table, said = read(frame)
    assert table is None, table
    assert "time zone" in said


def test_a_judgement_that_no_layout_knows_is_told_beside_words_of_its_own():
    # "Not seen" stands in no list of words; two grades beside it are still grades.
    text = CARE.replace("\n", ",Quality of support\n")
    rows = [
        f"SC00000{at},Children's home,Leeds,Full inspection,03/04/2024,{at},Good,{word}\n"
        for at, word in enumerate(["Inadequate", "Not seen", "Good"])
    ]
    assert "'quality of support' (2)" in read(text + "".join(rows))[1]


def test_a_merged_cell_of_two_grades_is_told():
    # One cell over both rows: what the second row's grade is, is not said.
    def merge(workbook, sheet):
        sheet["G3"] = None
        sheet.merge_cells("G2:G3")

    table, said = read(book(merge))
    assert "merged" in said or "covered" in said or (table is not None and table["overall_effectiveness"].notna().all())


@pytest.mark.parametrize("kind", ["XLSX", "ODS"])
def test_a_cell_merged_across_columns_is_told_where_it_hides_a_value_and_not_in_a_title(kind):
    # The grade is written over two columns, so that the second has none.
    def merge(workbook, sheet):
        sheet.merge_cells("F3:G3")

    def title(workbook, sheet):
        sheet.insert_rows(1)
        sheet["A1"] = "Inspections of homes"
        sheet.merge_cells("A1:G1")

    if kind == "XLSX":
        merged, titled = (book(change) for change in (merge, title))
    else:
        across = ' table:number-columns-spanned="{}" table:number-rows-spanned="1"'
        header, *homes = ods.care(1, 2)
        cells = homes[1].replace("</table:table-row>", "").split("<table:table-cell ")
        cells[-2] = across.format(2).strip() + " " + cells[-2]
        covered = "<table:table-cell ".join(cells[:-1]) + ods.COVERED + "</table:table-row>"
        merged = ods.workbook(ods.sheet("Data", header, homes[0], covered))
        titled = ods.workbook(ods.sheet("Data", ods.row(ods.text("Inspections", across.format(7)), ods.COVERED * 6), header, *homes))
    table, said = read(merged)
    assert "1 merged cells of the workbook cover several columns" in said
    table, said = read(titled)
    assert len(table) == 2
    assert "merged" not in said


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_hidden_rows_are_read_and_told(kind):
    if kind == "xlsx":

        def hide(workbook, sheet):
            sheet.row_dimensions[3].hidden = True
            sheet.row_dimensions[9].hidden = True  # without a value
            sheet.column_dimensions["B"].hidden = True

        hidden, shown = book(hide), book(lambda workbook, sheet: None)
    else:
        header, first, second = ods.care(1, 2)
        folded = second.replace("<table:table-row", '<table:table-row table:visibility="filter"', 1)
        blank = '<table:table-row table:number-rows-repeated="9000" table:visibility="collapse"><table:table-cell/></table:table-row>'
        hidden, shown = (
            ods.workbook(ods.sheet("Data", header, first, folded, blank)),
            ods.workbook(ods.sheet("Data", header, first, second)),
        )
    table, said = read(hidden)
    assert len(table) == 2
    assert "note: 1 row of the workbook with values is hidden (filtered or folded): read as all others" in said
    assert "hidden" not in read(shown)[1]


def test_the_error_about_a_blank_date_names_the_cell_merged_across_columns():
    table, said = read(book(lambda workbook, sheet: sheet.merge_cells("D3:E3")))
    assert table is None
    assert "row 3" in said
    assert "cover several columns" in said


def test_a_hidden_sheet_is_not_read_in_place_of_the_visible_one():
    # Last year's sheet was kept, hidden, before this year's.
    def hide(workbook, sheet):
        old = workbook.create_sheet("Old", 0)
        old.append(CARE.strip().split(","))
        old.append(["SC000001", "Children's home", "Leeds", "Full inspection", datetime.datetime(2010, 1, 1), "9", "Outstanding"])
        old.sheet_state = "hidden"

    table, said = read(book(hide))
    assert "hidden" in said or (table is not None and len(table) == 2)


# ---- what one also gives


def rows_or_refusal(source):
    """How many rows were read, or what the error said, in small letters."""
    try:
        return len(sif.read_inspections(source))
    except (TypeError, ValueError) as error:
        return str(error).casefold()


def frame():
    return pd.read_csv(io.StringIO(CARE + f"{HOME},03/04/2015,1001,Good\n"), dtype=str)


def test_a_dataframe_of_the_columns_of_a_file_is_read_or_refused_with_a_way_out():
    # "expected str, bytes or os.PathLike object" is Python's word for it, not ours.
    found = rows_or_refusal(frame())
    assert found == 1 or "csv" in str(found) or "file" in str(found)


def test_the_tables_own_csv_is_read_or_told_what_it_is():
    # It has the standard columns already; "nearest is 'childminder agencies'" leads astray.
    table, said = read(sif.load_inspections().to_csv(index=False))
    assert (table is not None and len(table) == 716) or "standard" in said


def test_the_register_of_a_file_has_the_phase_of_schools_never_inspected():
    # Two primary schools, one never inspected: by phase the state counts 2, 1 of them judged.
    header = (
        "URN,School name,Ofsted phase,Total number of pupils,Inspection number of latest graded inspection,Inspection type,"
        "Inspection start date,Publication date,Overall effectiveness,Region\n"
    )
    text = header + "100001,A,Primary,200,10000001,S5 Inspection,03/03/2020,01/04/2020,2,London\n100002,B,Primary,90,,,,,,London\n"
    table, report = sif.read_inspections(io.BytesIO(text.encode()), return_report=True)
    found = sif.aggregate(sif.as_at(table, "2023-08-31", register=report.register), "phase")
    assert found[["phase", "n", "n_judged"]].astype(str).to_numpy().tolist() == [["Primary", "2", "1"]]


# ---- errors that mislead


def test_a_date_column_of_another_name_is_told_as_missing():
    # Row 2 has its date; the column is called otherwise.
    table, said = read(CARE.replace("Inspection date", "Date of inspection") + f"{HOME},03/04/2015,1001,Good\n")
    assert table is not None or "row 2" not in said


def test_london_borough_of_camden_is_camden():
    # "Leeds City Council" and "Royal Borough of Greenwich" are understood; for this one the hint is Greenwich.
    text = "Local authority name,Inspection date,Experiences and progress of children who need help and protection,Overall effectiveness\n"
    table, said = read(text + "London Borough of Camden,21/02/2022,Good,Good\n")
    assert (table is not None and table["provider_name"].tolist() == ["Camden"]) or "near: camden" in said


def test_a_padding_row_of_r_is_padding_or_quoted_as_it_stands():
    # write.csv gives blank rows a number and NA: nothing in it says ''.
    text = (
        '"",URN,Provision.type,Event.type,Inspection.date,Overall.effectiveness\n1,SC000001,Children\'s home,Full inspection,'
        "03/04/2015,Good\n2,NA,NA,NA,NA,NA\n"
    )
    table, said = read(text)
    assert (table is not None and len(table) == 1) or "'na'" in said


def test_a_month_in_letters_is_read_or_named():
    # 03-Apr-15 is how Excel shows, and Ofsted's own series print, 3 April 2015; never another day.
    table, said = read(CARE + f"{HOME},03-Apr-15,1001,Good\n")
    assert "03-apr-15" in said if table is None else table["inspection_start"].astype(str).tolist() == ["2015-04-03"]


def test_columns_to_keep():
    # A column asked for is in the table, as it stands in the file.
    text = CARE.replace("\n", ",Postcode\n") + f"{HOME},03/04/2015,1001,Good,LS1 1AA\n"
    table = sif.read_inspections(io.BytesIO(text.encode()), keep=["Postcode"])
    assert "LS1 1AA" in table.astype(str).to_numpy()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("URN,Name,As at date,Published date,Overall effectiveness", "five-year data"),
        ("URN,Provision type,Joiner status,Leaver status", "joiners and leavers"),
        ("Period as at,Outstanding,Good,Requires improvement to be good,Inadequate", "printed series"),
        ("URN,Partnership,Phase,Initial teacher education: overall effectiveness", "age phases"),
    ],
)
def test_a_file_without_inspections_is_told_what_it_is(header, said):
    table, told = read(header + "\n1,2,3,4,5\n"[: 2 * header.count(",") + 3] + "\n")
    assert table is None
    assert said in told


def test_a_gzip_and_a_zip_of_one_file_are_read():
    text = (CARE + f"{HOME},03/04/2015,1001,Good\n").encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", text)
    for data in (gzip.compress(text), packed.getvalue()):
        assert len(sif.read_inspections(io.BytesIO(data))) == 1


@pytest.mark.parametrize(
    ("title", "day"), [("as at 31 March 2024", "2024-03-31"), ("as at June 2022", "2022-06-30"), ("in year 2022-23", "2023-03-31")]
)
def test_the_date_of_which_a_file_speaks_stands_in_its_title(title, day):
    text = f"Children's social care data in England {title}\n" + CARE + f"{HOME},03/04/2015,1001,Good\n"
    assert sif.read_inspections(io.BytesIO(text.encode())).attrs.get("complete_to") == day


@pytest.mark.parametrize("number", ["443222", "ITS443222"])
def test_a_number_and_day_under_two_providers_are_told_where_neither_names_the_other(number):
    # Two releases, the school under its own URN and under its successor's: one inspection would be counted twice.
    header = "URN,School name,Inspection number,Inspection start date,First published date,Inspection type,Overall effectiveness\n"
    of = [header + f"{urn},A,{text},12/03/2014,10/04/2014,S5 Inspection,2\n" for urn, text in (("100001", "443222"), ("140000", number))]
    both, report = sif.combine(*(sif.read_inspections(io.BytesIO(text.encode())) for text in of), return_report=True)
    assert len(both) == 2
    assert report.attrs["under_two_providers"] == ["inspection 443222 stands under two providers: 100001, 140000"]
    another_day = of[1].replace("12/03/2014", "12/03/2013")
    _, report = sif.combine(*(sif.read_inspections(io.BytesIO(text.encode())) for text in (of[0], another_day)), return_report=True)
    assert "under_two_providers" not in report.attrs
