"""The header of every release, as Ofsted wrote it, gives all judgements of its rows, and says of which day or year the file speaks."""

import csv
import io

import pandas as pd
import pytest

import ofsted_sif as sif

PROVIDER = [
    "Web link",
    "URN",
    "Provision type",
    "Registration date",
    "Setting name",
    "Ofsted region",
    "Government Office Region",
    "Local authority",
]
OLD = {
    "Overall effectiveness": "overall_effectiveness",
    "Outcomes for children and young people": "outcomes",
    "Quality of care": "quality_of_care",
    "Safeguarding children and young people": "help_and_protection",
    "Leadership and management": "leadership",
}
FIRST = {
    **{name: target for name, target in OLD.items() if name != "Safeguarding children and young people"},
    "The safety of children and young people": "safeguarding",
    "Outcomes in education and related learning activities": "education_outcomes",
}
NEW = {
    "Overall experiences and progress of children and young people": "overall_effectiveness",
    "Outcomes in education and related learning activities": "education_outcomes",
    "How well children and young people are helped and protected": "help_and_protection",
    "The effectiveness of leaders and managers": "leadership",
}
HEALTH = {**NEW, "Health services": "health_services"}
OF_2021_22 = {f"Inspection {name[0].lower()}{name[1:]}": target for name, target in HEALTH.items()}
OF_2022 = {f"Latest full inspection {name[0].lower()}{name[1:]}": target for name, target in NEW.items()}
OF_2022["Latest full inspectio health services"] = "health_services"
SUPPORTED = {**{f"\n{name}": target for name, target in HEALTH.items()}, "Supported Accommodation outcome": None}
EVENT = ["Event type", "Inspection date", "Publication date", "Event number"]
LONG_EVENT = ["Inspection event type", "Inspection date", "Inspection publication date", "Inspection event number"]
LATEST_EVENT = [f"Latest full inspection {name}" for name in ("event type", "date", "publication date", "event number")]
BAND = ["Provider information", "", "", "", "Latest Full Inspection"]

# File name, rows above the header, columns of the inspection, judgements; kind and last day that the file tells of.
CARE = {
    "in year 2014-15": ("inspections_2014-15.csv", [], ["Inspection type", "Inspection Date", "", "Inspection ID"], FIRST, "2015-03-31"),
    "in year 2015-16": ("year_2015-16.csv", [], ["Event type", "Inspection date", "", "Event number"], OLD, "2016-03-31"),
    "in year 2017-18": ("x.csv", [["In year inspections 2017-18"]], EVENT, OLD, "2018-03-31"),
    "in year 2018-19": ("year_2018-19.csv", [], EVENT, NEW, "2019-03-31"),
    "in year 2019-20": ("year_2019-20.csv", [], EVENT, HEALTH, "2020-03-31"),
    "in year 2021-22": ("inyear_2021-22.csv", [], LONG_EVENT, OF_2021_22, "2022-03-31"),
    "in year 2022-23": ("x.csv", [["Provider level in year 2022-23"], [], ["Note"]], LONG_EVENT, HEALTH, "2023-03-31"),
    "in year 2024-25": ("x.csv", [["Provider level in year 2024-25"]], [f"\n{name}" for name in LONG_EVENT], SUPPORTED, "2025-03-31"),
    "latest 2015": ("latest_as_at_31_March_2015.csv", [], ["Inspection type", "Inspection Date", "", "Inspection ID"], FIRST, "2015-03-31"),
    "latest 2016": ("at_31_Mar_2016.csv", [BAND], ["Event type", "Inspection date", "", "Event number"], OLD, "2016-03-31"),
    "latest 2018": ("at_31_Mar_2018.csv", [BAND], EVENT, OLD, "2018-03-31"),
    "latest 2019": ("at_31_Mar_2019.csv", [BAND], EVENT, NEW, "2019-03-31"),
    "latest 2021": ("at_31_Mar_2021.csv", [BAND], EVENT, HEALTH, "2021-03-31"),
    "latest 2022": ("x.csv", [["Provider level as at March 2022"], ["Text"], ["Text"], []], LATEST_EVENT, OF_2022, "2022-03-31"),
    "latest 2023": ("x.csv", [["Provider level as at 31 March 2023"], ["Text"], ["Text"]], LATEST_EVENT, HEALTH, "2023-03-31"),
    "latest 2025": (
        "x.csv",
        [["Children’s social care data in England 2025 – Provider level as at 31 March 2025"], ["Text"], ["Text"]],
        ["\nLatest Full inspection event type", "\nLatest full inspection date", LATEST_EVENT[2], "\nLatest full inspection event number"],
        SUPPORTED,
        "2025-03-31",
    ),
}


def read(rows, name="x.csv", encoding="utf-8-sig"):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    file = io.BytesIO(text.getvalue().encode(encoding))
    file.name = name
    return sif.read_inspections(file, return_report=True)


@pytest.mark.parametrize("release", CARE)
def test_each_release_of_social_care(release):
    name, above, event, judged, until = CARE[release]
    events = [column for column in event if column]
    header = [*PROVIDER, *events, *judged, "Places"]
    said = {"e": "Full inspection", "d": f"01/11/{int(until[:4]) - 1}", "p": f"05/12/{int(until[:4]) - 1}", "n": "1234567"}
    cells = [said[{"type": "e", "date": "d", "publication date": "p", "number": "n", "id": "n"}[_last_words(column)]] for column in events]
    grades = ["Good" if target else "" for target in judged.values()]
    table, report = read(
        [*above, header, ["x", "SC123456", "Children's home", "01/02/2003", "A", "North", "North", "Leeds", *cells, *grades, 4]], name
    )
    assert report.layout == ("social care, in year" if "in year" in release or release == "latest 2015" else "social care, latest")
    wanted = [target for target in judged.values() if target]
    assert table.loc[0, wanted].tolist() == ["Good"] * len(wanted)
    assert table["graded"].tolist() == [True]
    assert report.not_taken.empty
    assert table.attrs["kind"] == ("in year" if "in year" in release else "latest")
    assert str(report.as_at) == until
    first = f"{int(until[:4]) - 1}-04-01" if "in year" in release else f"{int(until[:4]) - 1}-11-01"
    assert table["known_from"].astype(str).tolist() == [first]


@pytest.mark.parametrize("release", CARE)
def test_a_release_whose_overall_judgement_has_another_name_is_told_what_it_lacks(release):
    # Registration dates and places stand in Ofsted's list of open providers too, but this is no such list.
    name, above, event, judged, _ = CARE[release]
    header = [*PROVIDER, *filter(None, event), "Verdict", *list(judged)[1:], "Places"]
    with pytest.raises(
        sif.ReadingError, match=r"nearest is 'social care, (in year|latest)', of which this row lacks 'overall effectiveness'"
    ):
        read([*above, header, ["x"] * len(header)], name)


def test_the_list_of_open_providers_is_told_what_it_is():
    with pytest.raises(sif.ReadingError, match="list of open providers and their places"):
        read([[*PROVIDER, "Places"], ["x"] * 9])


def test_early_years_whose_overall_judgement_has_another_name_are_no_list_of_providers():
    header = ["Provider URN", "Individual register combinations", "Provider status", "Most recent full: inspection date", "Verdict"]
    with pytest.raises(sif.ReadingError, match="no row is the header of a known layout"):
        read([header, ["x"] * 5])
    with pytest.raises(sif.ReadingError, match="list of registered childcare providers"):
        read([header[:3], ["x"] * 3])


def _last_words(column):
    plain = " ".join(column.lower().split())
    return next(word for word in ("publication date", "type", "date", "number", "id") if plain.endswith(word))


SCHOOL = [
    "Web link (opens in new window)",
    "URN",
    "LAESTAB",
    "School name",
    "Ofsted phase",
    "Type of education",
    "School open date",
    "Region",
]
SCHOOL_ROW = ["x", "100001", "2001000", "A", "Primary", "Community school", "01/01/1900", "London"]
GRADES_2015 = [
    "Outcomes for pupils", "Quality of teaching, learning and assessment", "Effectiveness of leadership and management",
    "Personal development, behaviour and welfare", "Early years provision (where applicable)",
]  # fmt: skip
GRADES_2019 = [
    "Quality of education", "Behaviour and attitudes", "Personal development", "Effectiveness of leadership and management",
    "Early years provision (where applicable)", "Sixth form provision (where applicable)",
]  # fmt: skip
S8 = "Did the latest section 8 inspection of a good or non-exempt outstanding school convert to a full inspection?"
# Columns after those of the school, cells, inspections, grades; of each time.
SCHOOLS = {
    "2005 to 2015": (
        ["Inspection number", "Inspection start date", "Inspection end date", "First published date", "Overall effectiveness", "Category",
         "How well do pupils achieve", "Quality of teaching", "Behaviour and safety of pupils", "Leadership and management",
         "Sixth form provision", "Early years provision"],
        ["443222", "12/03/2014", "13/03/2014", "10/04/2014", "2", "",
         *"222292"],
        1, 6,
    ),
    "latest 2016 to 2018": (
        ["Date of latest short inspection", "Short inspection publication date", "Number of short inspections since last full inspection",
         "Did the latest short inspection convert to a full inspection?", "Inspection number", "Inspection type", "Inspection date",
         "First published date", "Overall effectiveness", "Category of concern", "Outcomes for children and learners",
         "Quality of teaching, learning and assessment", "Effectiveness of leadership and management",
         "Personal development, behaviour and welfare", "Early years provision (where applicable)", "16 to 19 study programmes",
         "Previous full inspection number", "Previous full inspection date", "Previous full inspection overall effectiveness",
         "Previous 16 to 19 study programmes", "Previous early years provision (where applicable)",
         "Previous outcomes for children and learners", "Previous quality of teaching, learning and assessment",
         "Previous personal development, behaviour and welfare", "Previous effectiveness of leadership and management"],
        ["01/02/2018", "01/03/2018", "1", "No", "10001", "S5", "03/10/2014", "01/11/2014", "2", "", *"222291",
         "ITS300001", "04/05/2011", *"3333333"],
        3, 13,
    ),
    "in year 2015 to 2019": (
        ["Academic year", "Inspection number", "Inspection type", "Inspection type grouping", "Event type grouping",
         "Inspection start date","Inspection end date", "Publication date", "Did the latest S8 inspection convert to a full inspection?",
         "Outcomes for S8 inspections that did not convert", "Overall effectiveness", "Category of concern", *GRADES_2015,
         "16 to 19 study programmes (where applicable)", "Is safeguarding effective?"],
        ["2016/17", "10001", "S5", "x", "Schools - S5", "03/10/2016", "04/10/2016", "01/11/2016", "", "", "2", "", *"22229", "2", "Yes"],
        1, 6,
    ),
    "latest to 2022": (
        ["Latest section 8 inspection number since last full inspection", "Date of latest section 8 inspection",
         "Section 8 inspection publication date", "Did the latest section 8 inspection convert to a full inspection?",
         "Section 8 inspection overall outcome", "Number of other section 8 inspections since last full inspection",
         "Inspection number of latest full inspection", "Inspection type", "Event type grouping", "Inspection start date",
         "Inspection end date", "Publication date", "URN at time of latest full inspection", "Overall effectiveness", *GRADES_2019,
         "Safeguarding is effective?", "Previous full inspection number", "Previous inspection start date", "Previous inspection end date",
         "Previous publication date", "URN at time of previous full inspection", "Previous full inspection overall effectiveness",
         *[f"Previous {name[0].lower()}{name[1:]}" for name in GRADES_2019]],
        ["10002", "01/02/2022", "01/03/2022", "No", "School remains Good", "0", "10001", "S5", "Schools - S5", "03/10/2019", "04/10/2019",
         "01/11/2019", "100001", "2", *"222229", "Yes", "ITS1", "04/05/2011", "05/05/2011", "01/06/2011", "100001", "3", *"999999"],
        3, 7,
    ),
    "in year 2019 to 2024": (
        ["Inspection number", "Inspection type", "Inspection type grouping", "Event type grouping", "Inspection start date",
         "Publication date", S8, "Outcomes for ungraded and monitoring inspections", "Overall effectiveness", "Category of concern",
         *GRADES_2019, "Safeguarding is effective", "Previous inspection number", "Previous inspection start date",
         "Previous publication date", "Previous overall effectiveness"],
        ["10001", "S5", "x", "Schools - S5", "03/10/2022", "01/11/2022", "", "", "2", "", *"222229", "Yes", "10000", "04/05/2011",
         "01/06/2011", "3"],
        1, 6,
    ),
    "in year since 2024": (
        ["Inspection number", "Inspection type", "Inspection type grouping", "Event type grouping", "Inspection start date",
         "Publication date", "Did the latest ungraded inspection convert to a graded inspection?",
         "Outcomes for ungraded and monitoring inspections", "Category of concern", *GRADES_2019[:4], "Safeguarding is effective",
         *GRADES_2019[4:], "Previous inspection number", "Previous inspection start date", "Previous publication date",
         "Does the previous inspection relate to the school in its current form?", "URN at time of previous inspection",
         "LAESTAB at time of previous inspection", "School name at time of previous inspection",
         "School type at time of previous inspection", "Previous overall effectiveness", "Previous category of concern",
         *[f"Previous {name[0].lower()}{name[1:]}" for name in GRADES_2019[:4]], "Previous safeguarding is effective?",
         *[f"Previous {name[0].lower()}{name[1:]}" for name in GRADES_2019[4:]]],
        ["10001", "S5", "x", "Schools - S5", "03/10/2024", "01/11/2024", "", "", "", *"2123", "Yes", "2", "9", "10000", "04/05/2011",
         "01/06/2011", "Yes", "100001", "2001000", "A", "x", "1", "", *"1111", "Yes", "1", "9"],
        1, 5,
    ),
}  # fmt: skip


@pytest.mark.parametrize("time", SCHOOLS)
def test_each_release_of_schools(time):
    columns, cells, n_inspections, n_grades = SCHOOLS[time]
    assert len(columns) == len(cells)
    table, report = read([["Title of the file"], [*SCHOOL, *columns], [*SCHOOL_ROW, *cells]], encoding="cp1252")
    assert report.layout == ("state-funded schools, latest" if "latest" in time else "state-funded schools, in year")
    assert len(table) == n_inspections
    judged = [name for name in table if isinstance(table[name].dtype, pd.CategoricalDtype) and table[name].cat.ordered]
    assert int(table[judged].notna().sum().sum()) == n_grades
    assert report.not_taken.empty
    assert report.not_understood.empty


def test_the_independent_schools_of_2026():
    areas = ["Inclusion", "Curriculum and teaching", "Achievement", "Attendance and behaviour", "Personal development and wellbeing",
             "Early years (where applicable)", "Post-16 provision (where applicable)", "Leadership and governance"]  # fmt: skip
    columns = ["Inspection number of latest REIF standard inspection", "Inspection type", "Inspection start date", "Publication date",
               "Safeguarding standards", *areas, "Inspection number of latest OEIF standard inspection",
               "Inspection type of latest OEIF standard inspection", "Inspection start date of latest OEIF standard inspection",
               "Publication date of latest OEIF standard inspection", "Latest OEIF overall effectiveness",
               "Latest OEIF quality of education", "Latest OEIF safeguarding is effective?",
               "Most recent progress monitoring: inspection number", "Most recent progress monitoring: start date",
               "Most recent standard inspection: Overall compliance with ISS",
               *[f"Most recent standard inspection: Part {part} overall" for part in range(1, 9)]]  # fmt: skip
    cells = ["10001", "Standard", "02/03/2026", "01/04/2026", "Met", *["Expected standard"] * 8, "10000", "Standard", "04/05/2021",
             "01/06/2021", "2", "2", "Yes", "NULL", "NULL", "Met", *["Met"] * 7, "Not met"]  # fmt: skip
    table, report = read([[*SCHOOL, *columns], [*SCHOOL_ROW, *cells]])
    assert table["framework"].tolist() == ["Report card", "OEIF"]
    assert report.not_taken.empty
    assert int((table.iloc[0].astype(str) == "Expected standard").sum()) == 8
    assert report.register[["standards_part_1", "standards_part_8"]].values.tolist() == [["Met", "Not met"]]


def test_the_title_of_2024_in_the_encoding_of_a_macintosh():
    header = [*PROVIDER, *LATEST_EVENT, *HEALTH]
    row = ["x", "SC123456", "Children's home", "01/02/2003", "A", "North", "North", "Leeds", "Full inspection", "01/11/2023", "05/12/2023",
           "1", *["Good"] * len(HEALTH)]  # fmt: skip
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["Children's social care data in England 2024 \u2013 Provider level as at 31 March 2024"], header, row])
    file = io.BytesIO(text.getvalue().encode("mac_roman"))
    table, report = sif.read_inspections(file, return_report=True)
    assert "Mac" in report.encoding
    assert table.attrs["complete_to"] == "2024-03-31"
    assert report.set_aside["text"].iloc[0].startswith("Children's social care data in England 2024 \u2013 Provider")
