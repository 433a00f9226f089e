"""Releases become one history with an account; the register tells who is open; the commands do it in a line."""

import io

import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif import cli, sources
from tests.test_sources import HEADER, SCHOOLS, attachment, served  # noqa: F401

HISTORY = "Management information - "
LATEST = "Management information - state-funded schools - latest inspections as at "
ROW = "{0},School {0},{1},S5 Inspection,{2},{3},{4}\n"
COLUMNS = HEADER.splitlines()[0] + "\n"
SNAPSHOT = (
    "URN,School name,Inspection number of latest graded inspection,Inspection type,Inspection start date,Publication date,"
    "Overall effectiveness,Date of latest ungraded inspection\n"
)
LA = "Local authority name,Inspection date,Publication date,Overall effectiveness,"
LA += "Experiences and progress of children who need help and protection\n"
# URN, number, first day, published, grade: the world from which the releases are cut.
WORLD = [
    ("100001", "403222", "03/04/2014", "01/05/2014", 3),
    ("100002", "403223", "03/04/2013", "01/05/2013", 2),
    ("100001", "10000001", "03/04/2018", "01/05/2018", 2),
    ("100003", "10000002", "03/07/2023", "10/09/2023", 1),
    ("100001", "10000003", "03/04/2024", "01/05/2024", 4),
]


def rows(*numbers):
    return "".join(ROW.format(*WORLD[number]) for number in numbers)


def pieces(served):  # noqa: F811
    return [
        attachment(served, "31 August 2015", body=COLUMNS + rows(0, 1), title=HISTORY + "schools - 1 Sept 2005 to ", n=1),
        attachment(
            served, "31 August 2019", body="Title\n" + COLUMNS + rows(2), title=HISTORY + "state-funded schools 1 September 2015 to ", n=2
        ),
        attachment(served, "31 Aug 2023", body=COLUMNS + rows(2), n=3),
        attachment(served, "30 Sept 2023", body=COLUMNS + rows(3), n=4),
        attachment(served, "31 Jul 2024", body=COLUMNS + rows(3), n=5),
        attachment(served, "31 August 2024", body=COLUMNS + rows(3, 4), n=6),
        attachment(
            served, "31 Aug 2024", body=SNAPSHOT + "".join(f"{ROW.format(*WORLD[n]).rstrip()},\n" for n in (1, 3, 4)), title=LATEST, n=7
        ),
    ]


def world_of(history):
    graded = history[history["graded"]]
    codes = {"Outstanding": 1, "Good": 2, "Requires improvement": 3, "Inadequate": 4}
    return sorted(
        (provider, number, f"{start:%d/%m/%Y}", f"{published:%d/%m/%Y}", codes[grade])
        for provider, number, start, published, grade in graded[
            ["provider", "inspection_number", "inspection_start", "published", "overall_effectiveness"]
        ].itertuples(index=False)
    )


@pytest.mark.parametrize("turn", [1, -1])
def test_the_releases_of_a_history_give_back_the_world_they_were_cut_from(served, tmp_path, turn):  # noqa: F811
    served.attach(SCHOOLS, *pieces(served)[::turn])
    history, account = sif.fetch_history("state-funded schools", folder=tmp_path, progress=False, return_report=True)
    assert world_of(history) == sorted(WORLD)
    assert history.attrs["known_from"] == "2013-04-03"
    assert "no snapshot as at 2019-12-31" in history.attrs["gaps"]
    assert account["as_at"].is_monotonic_increasing
    assert len(account) == 6  # July 2024 stands in August's
    assert account["added"].sum() == len(history)
    n = len(served.asked)
    again = sif.fetch_history("state-funded schools", folder=tmp_path, progress=False)
    assert world_of(again) == sorted(WORLD)
    assert len(served.asked) == n


def test_a_year_without_its_file_is_named(served, tmp_path):  # noqa: F811
    one, two = (attachment(served, f"31 Aug {year}", body=COLUMNS + rows(4), n=year) for year in (2022, 2024))
    served.attach(SCHOOLS, one, two)
    history = sif.fetch_history("state-funded schools", folder=tmp_path, progress=False)
    assert history.attrs["gaps"] == [
        "no year-to-date file of 2022/23", "nothing tells of 1 providers between 2022-08-31 and 2023-09-01"
    ]  # fmt: skip


def test_a_file_that_is_lost_stops_the_history_and_keeps_the_rest(served, tmp_path):  # noqa: F811
    one, two = pieces(served)[:2]
    served.attach(SCHOOLS, one, two)
    del served.answers[two["url"].removeprefix(served.origin)]
    with pytest.raises(sources.SourceError, match="not there"):
        sif.fetch_history("state-funded schools", folder=tmp_path, progress=False)


def test_files_a_user_has_become_a_history_in_the_order_of_their_dates(tmp_path):
    (tmp_path / "a_as_at_31_Aug_2024.csv").write_text(COLUMNS + ROW.format(*WORLD[4]))
    (tmp_path / "b_as_at_31_August_2019.csv").write_text(COLUMNS + rows(2))
    (tmp_path / "c_30_Jun_2023.csv").write_text("a,b\n1,2\n")
    (tmp_path / "notes.txt").write_text("mine")
    history, account = sif.history_of(tmp_path, return_report=True)
    assert world_of(history) == sorted([WORLD[2], WORLD[4]])
    read = account[account["rows"] > 0]
    assert [name[0] for name in read["file"]] == ["b", "a"]
    assert read["problem"].tolist() == ["", "nothing tells of 1 providers between 2019-08-31 and 2023-09-01"]
    assert account["problem"].str.contains("is known").sum() == 1
    with pytest.warns(UserWarning, match=r"not read: c_30_Jun_2023\.csv"):
        sif.history_of(tmp_path)


def test_a_folder_without_inspections_is_an_error_that_says_why(tmp_path):
    with pytest.raises(ValueError, match="it has no CSV"):
        sif.history_of(tmp_path)
    (tmp_path / "c.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"c\.csv: "):
        sif.history_of(tmp_path)


def test_a_list_of_leavers_in_the_folder_closes_their_homes(tmp_path):
    care = "URN,Provision type,Inspection type,Inspection date,Event number,Overall effectiveness\n"
    row = "SC1,Children's home,Full inspection,03/06/2022,1,Good\nSC2,Children's home,Full inspection,04/06/2022,2,Good\n"
    (tmp_path / "state_as_at_31_Mar_2023.csv").write_text("Latest full inspection as at 31 March 2023\n" + care + row)
    (tmp_path / "Leavers_31_Mar_2024.csv").write_text(LEAVERS)
    history, account = sif.history_of(tmp_path, return_report=True)
    assert history["closed"].dt.strftime("%Y-%m-%d").fillna("NaT").tolist() == ["2023-07-03", "NaT"]
    assert account["kind"].tolist() == ["latest", "providers"]
    with pytest.warns(sif.BeyondDataWarning, match="complete to 31 March 2023"):
        assert len(sif.as_at(history, "2024-03-31")) == 1


# ---- the register


LEAVERS = (
    "Leavers and joiners,,\nURN,Provision type,Registration date,First effective date (that the provider became resigned),"
    "First effective date (that the provider closed),Joiner status,Leaver status\n"
    "SC1,Children's home,01/02/2001,02/07/2023,03/07/2023,,Leaver\n"
    "SC3,Children's home,05/06/2023,,,Joiner,\nSC4,Children's home,05/06/2003,06/07/2023,,,Leaver\n"
)


def test_joiners_and_leavers_are_a_register():
    register = sif.read_register(io.BytesIO(LEAVERS.encode()))
    assert register["provider"].tolist() == ["SC1", "SC3", "SC4"]
    assert register["opened"].astype(str).tolist() == ["2001-02-01", "2023-06-05", "2003-06-05"]
    assert register["closed"].dt.strftime("%Y-%m-%d").fillna("NaT").tolist() == [
        "2023-07-03",
        "NaT",
        "2023-07-06",
    ]  # the day of closing before that of resigning
    assert register.attrs["closing"] == "closing dates stand as written; 0 leavers have none"
    with pytest.raises(sif.ReadingError, match=r"row 3.*'2023' is not a date"):
        sif.read_register(io.BytesIO(LEAVERS.replace("03/07/2023", "2023").encode()))
    with pytest.raises(sif.ReadingError, match="SC1 occurs twice"):
        sif.read_register(io.BytesIO(LEAVERS.replace("SC3", "SC1").encode()))


def test_a_list_of_open_providers_is_a_register():
    text = "Providers and places,,\nURN,Provision type,Registration date,Places\nSC1,Children's home,01/02/2001,4\n"
    register = sif.read_register(io.BytesIO(text.encode()))
    assert register[["provider", "provider_type", "places"]].values.tolist() == [["SC1", "Children's home", "4"]]
    with pytest.raises(sif.ReadingError, match="places: there are no inspections in it"):
        sif.read_inspections(io.BytesIO(text.encode()))


GIAS = "URN,EstablishmentName,OpenDate,CloseDate,HeadLastName\n"
OLD_AND_NEW = "100001,Old,,31-08-2015,Smith\n140001,New,01-09-2015,,Jones\n"
LINKS = (
    "URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n140001,100001,Old,Predecessor,01-09-2015\n100001,140001,New,Successor,01-09-2015\n"
)


def register_of(text, links=None):
    return sif.read_register(io.StringIO(text), links=None if links is None else io.StringIO(links))


def test_a_school_that_becomes_an_academy_is_open_on_its_last_day():
    register = register_of(GIAS + OLD_AND_NEW, LINKS)
    assert register["closed"].dt.strftime("%Y-%m-%d").fillna("NaT").tolist() == ["2015-09-01", "NaT"]
    assert register["predecessors"].astype(object).where(register["predecessors"].notna(), None).tolist() == [None, "100001"]
    assert "HeadLastName" not in register.columns
    assert "1 successors opened the day after" in register.attrs["closing"]


def test_an_extract_that_writes_the_first_day_without_a_school_is_left_as_it_is():
    text = GIAS + OLD_AND_NEW.replace("31-08-2015", "01-09-2015")
    for register in (register_of(text), register_of(text, LINKS)):
        assert str(register["closed"][0].date()) == "2015-09-01"


def test_a_merger_and_a_school_that_closed_long_after_are_no_predecessors():
    text = GIAS + "100001,Old,,31-08-2019,\n140001,New,01-09-2015,,\n"
    assert register_of(text, LINKS)["predecessors"].isna().all()
    assert register_of(GIAS + OLD_AND_NEW, LINKS.replace("Successor", "Closure").replace("Predecessor", "Predecessor - merged"))[
        "predecessors"
    ].isna().all()  # fmt: skip


def test_a_register_in_cp1252_is_read_and_a_wrong_one_refused(tmp_path):
    (tmp_path / "gias.csv").write_bytes((GIAS + "100001,Café,,31-08-2015,\n").encode("cp1252"))
    assert sif.read_register(tmp_path / "gias.csv")["provider_name"].tolist() == ["Café"]
    with pytest.raises(ValueError, match="no column 'CloseDate'"):
        register_of("URN,OpenDate\n1,\n")
    with pytest.raises(ValueError, match="closed: '2015-08-31' in row 2"):
        register_of(GIAS + "100001,Old,,2015-08-31,\n")
    with pytest.raises(ValueError, match="100001 occurs twice"):
        register_of(GIAS + OLD_AND_NEW + "100001,Old,,,\n")


# ---- the commands


def test_the_commands_list_fetch_and_write_a_history(served, tmp_path, capsys):  # noqa: F811
    served.attach(SCHOOLS, *pieces(served))
    folder = ["--folder", str(tmp_path / "kept")]
    assert cli.main(["published", "state-funded schools", "--format", "csv", *folder]) == 0
    assert capsys.readouterr().out.count("state-funded schools,Management") == 7
    assert cli.main(["fetch", "state-funded schools", "--as-at", "2024-07-31", "--kind", "in year", *folder]) == 0
    assert capsys.readouterr().out.strip().endswith("x.csv")
    assert cli.main(["history", "state-funded schools", "-o", str(tmp_path / "h.csv"), *folder]) == 0
    assert "5 inspections, known from 2013-04-03" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "h.csv")) == 5
    n = len(served.asked)
    assert cli.main(["history", "state-funded schools", "-o", "h.txt", *folder]) == 2
    assert cli.main(["fetch", "state-funded schools", "--as-at", "1999-01-01", *folder]) == 2
    assert "there is" in capsys.readouterr().err
    assert len(served.asked) == n


def test_update_keeps_a_copy_of_ones_own_and_says_what_was_added(served, tmp_path, capsys, monkeypatch):  # noqa: F811
    monkeypatch.setenv("OFSTED_SIF_DATA", str(tmp_path / "own"))
    with pytest.raises(FileNotFoundError, match="ofsted-sif update"):
        sif.load_inspections(updated=True)
    release = "/government/statistics/local-authority-inspection-outcomes-as-at-31-march-2027"
    served.page("/government/collections/childrens-social-care-statistics", links={"documents": [{"base_path": release}]})
    title = "Local authority inspection outcomes as at "
    served.attach(release, attachment(served, "31 March 2027", body=LA + "Leeds,11/01/2027,22/02/2027,Good,Inadequate\n", title=title))
    assert cli.main(["update", "--folder", str(tmp_path / "kept")]) == 0
    assert "1 added, 0 changed" in capsys.readouterr().out
    bundled, mine = sif.load_inspections(), sif.load_inspections(updated=True)
    assert len(mine) == len(bundled) + 1
    assert mine["help_and_protection"].iloc[-1] == "Inadequate"
    assert mine.attrs["complete_to"] == "2027-02-22"
    pd.testing.assert_frame_equal(mine.iloc[: len(bundled)], bundled, check_categorical=False)
