"""A table knows from when on it has all inspections of a provider: by its files, and after releases are brought together."""

import io

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif

CARE = "URN,Provision type,Inspection type,Inspection date,Publication date,Event number,Overall effectiveness\n"
SCHOOLS = (
    "URN,School name,Date of latest ungraded inspection,Inspection number of latest graded inspection,Inspection type,"
    "Inspection start date,Publication date,Overall effectiveness,Previous inspection number,"
    "Previous inspection start date,Previous publication date,"
    "Previous graded inspection overall effectiveness\n"
)


def read(text, name="data.csv", **options):
    file = io.BytesIO(text.encode())
    file.name = name
    return sif.read_inspections(file, **options)


def latest(*rows, day="31 March 2024"):
    return read(f"Children's social care, as at {day},Latest full inspection\n{CARE}" + "".join(rows))


def in_year(*rows, year="2023-24"):
    return read(f"Children's social care in year {year}\n{CARE}" + "".join(rows))


def home(number, day, event, grade, kind="Full inspection"):
    return f"SC{number},Children's home,{kind},{day},,{event},{grade}\n"


def known(table):
    """The day of each provider, as text; "" from the beginning; None where there is no such column."""
    if "known_from" not in table.columns:
        return None
    days = table.groupby(table["provider"].astype(str))["known_from"].agg(["min", "max", "nunique"])
    assert (days["nunique"] <= 1).all()
    return {provider: "" if pd.isna(day) else str(day.date()) for provider, day in days["max"].items()}


def test_a_file_of_latest_inspections_knows_from_each_of_them_on():
    table = latest(home(1, "03/04/2021", 1, "Good"), home(2, "05/06/2022", 2, "Inadequate"))
    assert known(table) == {"SC1": "2021-04-03", "SC2": "2022-06-05"}
    assert (table.attrs["kind"], table.attrs["complete_to"], table.attrs["as_at"]) == ("latest", "2024-03-31", "2024-03-31")


def test_a_blank_inspection_before_says_that_there_was_none():
    rows = [
        "100001,A,,10000002,S5,03/03/2020,01/04/2020,2,10000001,02/02/2016,01/03/2016,3\n",
        "100002,B,,10000003,S5,04/03/2020,01/04/2020,2,,,,\n",
        "100003,C,05/05/2021,,,,,,,,,\n",  # never graded
    ]
    table = read(SCHOOLS + "".join(rows), "schools_as_at_31_Aug_2023.csv")
    assert known(table) == {"100001": "2016-02-02", "100002": "", "100003": ""}
    assert table.attrs["complete_to"] == "2023-08-31"
    assert "as_at" not in table.attrs  # it holds more than the state on that day
    assert known(read(SCHOOLS + "".join(rows), previous=False))["100001"] == "2020-03-03"


def test_a_file_of_a_year_knows_from_its_first_day_on():
    table = in_year(home(1, "03/06/2023", 1, "Good"), home(2, "05/07/2023", 2, "", "Monitoring inspection"))
    assert known(table) == {"SC1": "2023-04-01", "SC2": "2023-04-01"}
    assert (table.attrs["kind"], table.attrs["complete_to"]) == ("in year", "2024-03-31")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("inspections_2014-15.csv", "2014-04-01"),
        ("inspections.csv", "2023-04-01"),  # the year in which its inspections are
    ],
)
def test_the_year_of_a_file_stands_in_its_name_or_in_its_inspections(name, first):
    rows = home(1, "03/06/2023", 1, "Good") + home(1, "05/01/2024", 2, "Inadequate")
    assert set(known(read(CARE + rows, name)).values()) == {first}


def test_schools_of_a_period_are_known_from_its_first_day_on():
    header = "URN,School name,Inspection number,Inspection type,Inspection start date,Publication date,Overall effectiveness\n"
    rows = "100001,A,10000001,S5,03/03/2016,01/04/2016,2\n"
    period = read(f"Management information, 1 September 2015 to 31 August 2019\n{header}{rows}")
    assert (known(period), period.attrs["complete_to"]) == ({"100001": "2015-09-01"}, "2019-08-31")
    to_date = read(header + rows, "all_inspections_year_to_date_31_Dec_2015.csv")
    assert (known(to_date), to_date.attrs["complete_to"]) == ({"100001": "2015-09-01"}, "2015-12-31")


def test_a_date_in_the_name_that_a_user_gave_a_file_is_its_day():
    text = CARE.replace("Inspection type", "Latest full inspection event type") + home(1, "03/04/2021", 1, "Good")
    assert read(text, "social care as at 2024-03-31.csv").attrs["complete_to"] == "2024-03-31"
    assert "complete_to" not in read(text, "social care 2024-13-31.csv").attrs


def test_a_file_of_half_a_year_does_not_speak_of_the_whole():
    text = (
        "Provider URN,Provision type,Event number,Event date,Event Type Group,Overall effectiveness,Quality of service\n"
        "SC1,Boarding School,1,03/12/2013,Full inspection,Good,\nSC2,Boarding School,2,04/02/2014,Full inspection,Good,\n"
    )
    assert set(known(read(text)).values()) == {"2013-12-03"}


def test_a_whole_history_has_no_such_column():
    header = "Local authority name,Inspection type,Inspection date,Experiences and progress of children who need help and protection\n"
    rows = "Leeds,ILACS Standard Inspection,03/12/2018,Good\nLeeds,ILACS Short Inspection,21/02/2022,Outstanding\n"
    table = read(f"ILACS inspection history\n{header}{rows}")
    assert (known(table), table.attrs["kind"]) == (None, "history")


# ---- releases brought together


STATE = latest(home(1, "03/04/2021", 1, "Good"), home(2, "05/06/2022", 2, "Inadequate"), day="31 March 2023")


def test_a_year_after_a_state_makes_a_history_of_both():
    year = in_year(home(1, "03/06/2023", 11, "Outstanding"), home(3, "05/07/2023", 13, "Good"))
    both, report = sif.combine(STATE, year, return_report=True)
    # The third home is not in the state, which lists all that had a grade: it had none before.
    assert known(both) == {"SC1": "2021-04-03", "SC2": "2022-06-05", "SC3": ""}
    assert (both.attrs["kind"], both.attrs["complete_to"]) == ("history", "2024-03-31")
    assert "gaps" not in report.attrs
    assert "as_at" not in both.attrs


def test_a_gap_between_releases_stays_and_is_named():
    later = latest(home(1, "03/06/2024", 11, "Good"), home(2, "05/06/2022", 2, "Inadequate"), day="31 March 2025")
    both, report = sif.combine(STATE, later, return_report=True)
    assert known(both) == {"SC1": "2024-06-03", "SC2": "2022-06-05"}  # the first may have been inspected in between
    assert report.attrs["gaps"] == both.attrs["gaps"] == [{"from": "2023-03-31", "to": "2024-06-03", "providers": 1}]
    assert len(both) == 3


def test_files_of_the_years_between_fill_a_gap():
    later = latest(home(1, "03/06/2024", 11, "Good"), day="31 March 2025")
    table = STATE
    year = in_year(home(1, "03/06/2024", 11, "Good"), year="2024-25")
    for more in [in_year(home(9, "05/05/2023", 9, "Good")), year, later]:
        table = sif.combine(table, more)
    assert known(table)["SC1"] == "2021-04-03"
    assert "gaps" not in table.attrs


def test_a_year_after_a_gap_says_nothing_of_what_was_before_it():
    both, report = sif.combine(STATE, in_year(home(1, "03/06/2025", 11, "Good"), year="2025-26"), return_report=True)
    assert known(both) == {"SC1": "2025-04-01", "SC2": "2025-04-01"}
    assert report.attrs["gaps"][0]["providers"] == 2


def test_a_complete_table_stays_complete():
    bundled = sif.load_inspections()
    assert "known_from" not in sif.combine(bundled, bundled[-5:]).columns


def test_an_older_release_given_as_the_newer_is_noticed():
    older = latest(home(1, "03/04/2019", 5, "Good"), day="31 March 2020")
    with pytest.warns(sif.OlderReleaseWarning, match="31 March 2020.*31 March 2023"):
        sif.combine(STATE, older)
    sif.combine(older, STATE)


def test_a_register_tells_a_history_who_closed_when():
    register = pd.DataFrame({"provider": ["SC1", "SC9"], "closed": pd.to_datetime(["2023-05-01", "2023-06-01"]).astype("datetime64[s]")})
    both, report = sif.combine(STATE, register, return_report=True)
    assert both.set_index("provider")["closed"].dt.strftime("%Y-%m-%d").fillna("NaT").to_dict() == {"SC1": "2023-05-01", "SC2": "NaT"}
    assert report.attrs["added"] == 0
    assert len(both) == len(STATE)


def test_the_day_of_a_release_holds_in_any_order_of_rows():
    rows = [home(number, f"03/04/20{10 + number % 9}", number, "Good") for number in range(1, 40)]
    one = latest(*rows)
    other = latest(*np.random.default_rng(1).permutation(rows))
    assert known(one) == known(other)
