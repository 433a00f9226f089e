"""The command line answers within 80 columns, in three formats, and says in one line what was wrong."""

import csv
import gzip
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif.cli import main
from ofsted_sif.cli.wording import for_the_command_line
from tests.support import worlds


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_without_arguments_the_state_of_today_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "Children's services in England as at 24 August 2026"
    assert lines[1].startswith("153 authorities")
    rows = {found[1]: found[2].split() for line in lines if (found := re.fullmatch(r"([A-Za-z ]+?) {2,}(\d.*)", line))}
    assert rows["Overall effectiveness"] == ["46", "65", "29", "13", "0", "73%", "(65-79)", "68%"]
    assert rows["Leadership"][:4] == ["60", "58", "27", "8"]
    assert [name for name in sif.load_local_authorities()["region"].cat.categories if name not in rows] == []
    text = " ".join(" ".join(lines).split())
    assert "Inspections since April 2026 no longer make the judgement overall effectiveness: for 11 of the 153 it is that of an" in text
    assert "By the newest alone (--having none): 46/61/24/11, 75% of 142 good or better." in text
    assert "no longer make the judgement care leavers" not in text
    assert lines[-1].startswith("Next: ofsted-sif explain")


def test_the_year_before_is_the_state_of_the_year_before(capsys: pytest.CaptureFixture[str]) -> None:
    before = sif.as_at(sif.load_inspections(), "2025-08-24", framework="all", register=sif.load_local_authorities())
    counted = sif.aggregate(before, "region")
    lines = said(capsys).splitlines()
    assert "Year ago: 24 August 2025" in " ".join(lines)
    for region, good, judged in counted[["region", "good_or_outstanding", "n_judged"]].itertuples(index=False):
        line = next(line for line in lines if line.startswith(region))
        assert line.split()[-1] == f"{sif.percent(good, judged)}%"


def test_a_release_as_ofsted_published_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "headline", "--release", "la-2024-03-31")
    assert "as at 31 March 2024, published by 30 June 2024" in text
    assert "2 of them not yet inspected under SIF or ILACS" in text
    row = next(line for line in text.splitlines() if line.startswith("Overall"))
    # Of the same 151 authorities; that day two others that have been merged since had a grade too, and it was 59%.
    assert row.split()[2:] == ["30", "61", "43", "17", "2", "60%", "(52-68)", "60%"]


def test_csv_and_json_hold_the_same_figures(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["aggregate", "--release", "la-2024-03-31", "--by", "region", "--judgement", "leadership,help_and_protection"]
    from_csv = list(csv.DictReader(io.StringIO(said(capsys, *arguments, "--format", "csv"))))
    from_json = json.loads(said(capsys, *arguments, "--format", "json"))
    assert len(from_csv) == len(from_json) == 18
    for a, b in zip(from_csv, from_json, strict=True):
        assert (a["region"], a["judgement"], int(a["good"])) == (b["region"], b["judgement"], b["good"])
        assert float(a["lower"]) == pytest.approx(b["lower"])


def test_series_at_several_dates(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(
        capsys,
        "series",
        "--as-at",
        "2019-08-31",
        "--as-at",
        "2024-03-31",
        "--framework",
        "SIF,ILACS",
        "--published-by",
        "1 month",
        "--format",
        "csv",
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["as_at"][:10] for row in rows] == ["2019-08-31", "2024-03-31"]
    assert sif.percent(int(rows[0]["good_or_outstanding"]), int(rows[0]["n_judged"])) == 49


def test_explain_takes_a_name_or_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    by_name = said(capsys, "explain", "birmingham", "--as-at", "2015-03-10")
    assert by_name == said(capsys, "explain", "E08000025", "--as-at", "2015-03-10")
    assert "-> 18 March 2014, SIF first: the most recent graded inspection by 10 March 2015" in by_name
    assert max(map(len, by_name.splitlines())) <= 80


def test_a_file_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "provider,inspection_start,overall_effectiveness,area\nA,01/02/2020,Good,x\nA,01/02/2021,Adequate,x\nB,2020-06-01,1,y\n"
    )
    rows = list(csv.DictReader(io.StringIO(said(capsys, "aggregate", str(path), "--by", "area", "--format", "csv"))))
    assert [(row["area"], row["requires_improvement"], row["outstanding"]) for row in rows] == [("x", "1", "0"), ("y", "0", "1")]
    every = list(csv.DictReader(io.StringIO(said(capsys, "aggregate", str(path), "--every-inspection", "--format", "csv"))))
    assert every[0]["n"] == "3"
    assert "as at 1 February 2021" in said(capsys, "headline", str(path))


OF_SCHOOLS = (
    "--release schools-2023-08-31 is one of state-funded schools, and the table is of local authorities: give one of theirs, "
    "as --release la-2026-03-31, or a date with --as-at"
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["aggregate", "--by", "regoin"], "--by regoin: the table has no such column; nearest: 'region'"),
        (["aggregate", "--as-at", "2024-02-30"], "--as-at 2024-02-30 is not a date as 2024-03-31"),
        (["aggregate", "--framework", "SIFF"], "unknown framework 'SIFF'"),
        (["aggregate", "--release", "la-1999"], "unknown release 'la-1999'"),
        (["headline", "--release", "schools-2023-08-31"], OF_SCHOOLS),
        (["aggregate", "--release", "schools-2023-08-31"], OF_SCHOOLS),
        (["report", "--release", "schools-2023-08-31", "-o", "page.html"], OF_SCHOOLS),
        (
            ["headline", "--release", "early-years-2023-08-31"],
            "early-years-2023-08-31 is one of early years, and the table is of local auth",
        ),
        (["aggregate", "--release", "la-2024-03-31", "--as-at", "2024-03-31"], "--release gives the date: leave out --as-at"),
        (["aggregate", "--as-at", "2024-03-31", "--as-at", "2023-03-31"], "one --as-at is needed here, not 2"),
        (["series", "--judgement", "leadership,lscb"], "series counts one --judgement at a time"),
        (["explain", "Brimingham"], "did you mean Birmingham (E08000025)"),
        (["explain", "Dorset"], "'Dorset' is the name of E06000059 and E10000009: give the code"),
        (["headline", "no-such-file.csv"], "No such file or directory: 'no-such-file.csv'"),
        (["headline", "2024-03-31"], "'2024-03-31'; a date goes after --as-at: --as-at 2024-03-31"),
        (["aggregate", "31/03/2024"], "'31/03/2024'; a date goes after --as-at: --as-at 31/03/2024"),
        (["read", "no-such-file.csv"], "ofsted-sif: No such file or directory: 'no-such-file.csv'"),
        (["headline", str(Path(__file__).parent)], "is a folder: give a file in it"),
        (["series", "--as-at", "2024-03-31", "--as-at", "2020"], "--as-at 2020 is not a date as 2024-03-31"),
        (["aggregate", "-o", "a.parquet"], "-o a.parquet: .parquet is none of the formats that can be written (.csv, .json, .md, .xlsx"),
        (["aggregate", "-o", "a.csv", "--format", "xlsx"], "-o a.csv: --format xlsx does not fit a name that ends in .csv"),
        (["aggregate", "-o", "a.xlsx", "--format", "table"], "-o a.xlsx: --format table does not fit a name that ends in .xlsx"),
        (["headline", "la-2024-03-31"], "a release goes after --release: --release la-2024-03-31"),
        (["aggregate", "region"], "a column that makes the groups goes after --by: --by region"),
        (["explain", str(Path(__file__)), "100001"], "PROVIDER stands before FILE: 100001 "),
        (["explain", "West", "Berkshire"], "a name of several words stands in quotes: 'West Berkshire'"),
        (["explain", "Atlantis"], "is not in the table; `ofsted-sif aggregate --by provider,provider_name` lists codes and names"),
    ],
)
def test_what_the_user_got_wrong_is_one_line_and_exit_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    heard = capsys.readouterr()
    assert heard.out == ""
    assert len(heard.err.splitlines()) == 1
    assert message in heard.err


def test_pooled_frameworks_are_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["aggregate", "--as-at", "2019-03-31"]) == 0
    assert "note: inspections of several frameworks are taken together" in capsys.readouterr().err


def test_python_m_is_the_same_program() -> None:
    done = subprocess.run([sys.executable, "-m", "ofsted_sif", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"ofsted-sif {sif.__version__}\n"
    wrong = subprocess.run([sys.executable, "-m", "ofsted_sif", "aggregate", "--by", "x"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr


def test_a_file_as_downloaded_is_read_and_accounted_for(capsys: pytest.CaptureFixture[str]) -> None:
    sample = Path(__file__).parent.parent.parent / "shared" / "data" / "published" / "csc_la_outcomes_2024-03-31.ods"
    if not sample.exists():
        pytest.skip("the published samples are not here")
    told = said(capsys, "read", str(sample))
    assert "156 rows in the file = 151 read + 5 set aside" in told
    headline = said(capsys, "headline", str(sample), "--as-at", "2024-03-31")
    # Latest inspections alone do not tell of a year ago.
    assert "A year ago: not compared, because the table does not have the state of every provider by then." in " ".join(headline.split())
    row = next(line for line in headline.splitlines() if line.startswith("Overall effectiveness"))
    assert row.split()[2:8] == ["30", "61", "43", "17", "2", "60%"]
    assert "2 of them not yet inspected" in headline


def test_a_file_that_is_no_table_of_inspections_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    assert main(["headline", str(path)]) == 2
    assert "no row is the header of a layout of inspections that is known" in capsys.readouterr().err


def test_every_row_of_a_parquet_file_is_counted(tmp_path, capsys) -> None:
    pytest.importorskip("pyarrow")
    table = sif.load_inspections()
    table.to_parquet(tmp_path / "a.parquet", index=False)
    assert main(["aggregate", str(tmp_path / "a.parquet"), "--every-inspection", "--by", "region", "--format", "csv"]) == 0
    assert capsys.readouterr().out == sif.aggregate(table, "region").to_csv(index=False)


# ---- what is shown, and how


def row_of(text: str, label: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(label)).removeprefix(label).split()


def written(folder: Path, text: str, name: str = "file.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def own(folder: Path, **more: list[object]) -> str:
    """A table of one's own: a Good and an Inadequate provider, inspected in 2020."""
    table = pd.DataFrame(
        {"provider": ["a", "b"], "inspection_start": "2020-01-01", "overall_effectiveness": ["Good", "Inadequate"], **more}
    )
    table.to_csv(folder / "own.csv", index=False)
    return str(folder / "own.csv")


def test_the_plain_rule_is_one_option_away(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "headline", "--having", "none")
    assert row_of(text, "Overall effectiveness")[:6] == ["46", "61", "24", "11", "11", "75%"]
    assert "each by its most recent graded inspection" in text
    told = " ".join(text.split())
    assert "no longer make the judgement overall effectiveness: it is therefore missing for 11 of the 153." in told
    # Of the 142 that are judged on both dates, and not of the 153 that were judged a year ago.
    table, register = sif.load_inspections(), sif.load_local_authorities()
    now, then = (sif.as_at(table, f"{year}-08-24", framework="all", register=register) for year in (2026, 2025))
    both = set(now.dropna(subset="overall_effectiveness")["provider"]) & set(then.dropna(subset="overall_effectiveness")["provider"])
    row = sif.aggregate(then[then["provider"].isin(both)]).iloc[0]
    assert row_of(text, "Overall effectiveness")[-1] == f"{sif.percent(int(row['good_or_outstanding']), int(row['n_judged']))}%" == "70%"


def test_a_narrow_terminal_gets_whole_words_within_its_width(capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = said(capsys).splitlines()
    assert max(map(len, lines)) <= 60
    text = " ".join(" ".join(lines).split())
    assert "Overall effectiveness Outstanding 46; Good 65; Requires improvement 29; Inadequate 13" in text
    for arguments in (["releases"], ["explain", "Leeds"], ["series", "--by", "region", "--framework", "all"]):
        assert max(map(len, said(capsys, *arguments).splitlines())) <= 60


def test_large_numbers_stand_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.DataFrame({"provider": range(12_002), "inspection_start": "2020-01-01", "overall_effectiveness": "Good"})
    table["sixth_form"] = ["Good", "Inadequate", *[None] * 12_000]
    table.to_csv(tmp_path / "many.csv", index=False)
    text = said(capsys, "headline", str(tmp_path / "many.csv"), "--as-at", "2020-06-30")
    assert row_of(text, "Sixth form")[:5] == ["0", "1", "0", "1", "12,000"]
    assert "12,002 providers" in text


def test_a_label_too_long_for_its_column_stands_on_a_line_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own(tmp_path, region=["Bournemouth, Christchurch and Poole and all around it", "x"])
    lines = said(capsys, "aggregate", path, "--by", "region").splitlines()
    at = lines.index("Bournemouth, Christchurch and Poole and all around it")
    assert lines[at + 1].split() == ["0", "1", "0", "0", "0", "100%", "(21-100)"]


def test_a_heading_says_who_where_when_and_by_which_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "aggregate", "--release", "la-2024-03-31", "--by", "region", "--judgement", "leadership")
    told = " ".join(text.split())
    assert told.startswith(
        "Children's services in England: leadership, as at 31 March 2024, published by 30 June 2024 153 authorities, each by its most "
        "recent graded inspection (ILACS 151) 2 of them not yet inspected under SIF or ILACS"
    )
    assert said(capsys, "series", "--framework", "all").startswith("Children's services in England: overall effectiveness at 10 dates")
    heading = said(capsys, "explain", "BCP", "--as-at", "2024-03-31").splitlines()[0]
    assert heading == "Bournemouth, Christchurch and Poole (E06000058), as at 31 March 2024"


def test_a_part_of_the_authorities_is_not_called_england(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = sif.load_inspections()
    table[table["region"] == "South West"].to_csv(tmp_path / "part.csv", index=False)
    for command in ("headline", "aggregate"):
        first = said(capsys, command, str(tmp_path / "part.csv"), "--framework", "all").splitlines()[0]
        assert first.startswith("Children's services: 15 local authorities, South West (part.csv)")
    told = " ".join(said(capsys, "headline", str(tmp_path / "part.csv"), "--as-at", "2026-08-24").split())
    assert "England on the same day: 73% (111 of 153), from the table that comes with ofsted_sif and not from this one." in told
    assert said(capsys, "headline", own(tmp_path)).startswith("Inspection outcomes (own.csv) as at 1 January 2020")
    assert said(capsys, "headline", "--title", "My place").startswith("My place as at")


def test_a_year_ago_is_of_the_providers_judged_on_both_dates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Twenty Good providers, one of which was Inadequate a year ago; and one more, inspected since for the first time, Inadequate.
    rows = "".join(f"p{i},2018-01-01,{'Inadequate' if i == 0 else 'Good'},\np{i},2020-01-01,Good,Good\n" for i in range(20))
    path = written(tmp_path, "provider,inspection_start,overall_effectiveness,leadership\n" + rows + "new,2020-02-01,Inadequate,Good\n")
    text = said(capsys, "headline", path, "--as-at", "2020-06-30")
    assert row_of(text, "Overall effectiveness")[5:] == ["95%", "(77-99)", "95%"]
    # The two say nothing of each other: of the twenty it is 100% now.
    assert "Now, of these: Overall effectiveness 100% of 20." in " ".join(text.split())
    assert row_of(text, "Leadership")[-1] == "-"  # nobody was judged on it a year ago


def test_a_judgement_made_once_has_not_ceased(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"p{i},2014-01-{1 + i:02},Good,{'Good' if i == 9 else ''}\n" for i in range(20)]
    rows += [f"p{i},2014-06-01,Good,\n" for i in range(5)] + ["p9,2014-06-01,Good,\n"]
    path = written(tmp_path, "provider,inspection_start,overall_effectiveness,education_outcomes\n" + "".join(rows))
    text = said(capsys, "headline", path)
    assert "Education outcomes" in text
    assert "no longer make" not in text
    every = [row.replace(",\n", ",Good\n") if "2014-01" in row else row for row in rows]
    path = written(tmp_path, "provider,inspection_start,overall_effectiveness,education_outcomes\n" + "".join(every))
    told = " ".join(said(capsys, "headline", path).split())
    assert "Inspections since June 2014 no longer make the judgement education outcomes: it is therefore missing for 6 of the 20." in told


def test_nobody_inspected_yet_is_said_without_an_empty_bracket(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "headline", "--as-at", "1999-03-31")
    assert "()" not in text
    assert "of them not yet inspected" in text


def test_judgements_on_another_scale_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "headline", own(tmp_path, safeguarding=["Met", "Not met"]))
    assert "On another scale, so not shown beside these: Safeguarding. Ask with --judgement safeguarding." in " ".join(text.split())
    assert row_of(said(capsys, "headline", own(tmp_path), "--judgement", "overall_effectiveness"), "Overall effectiveness")
    text = said(capsys, "headline", own(tmp_path, safeguarding=["Met", "Not met"]), "--judgement", "safeguarding")
    assert row_of(text, "Safeguarding") == ["1", "1", "0"]


# ---- options


def test_names_with_commas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own(tmp_path, **{"Area, town": ["x", "y"], "region": ["N", "N"]})
    for by, expected in (("Area, town", ["Area, town"]), ('"Area, town",region', ["Area, town", "region"])):
        header = next(csv.reader(io.StringIO(said(capsys, "aggregate", path, "--by", by, "--format", "csv"))))
        assert header[: len(expected) + 1] == [*expected, "n"]


def test_columns_of_other_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "URN,Inspection date,Publication date,Grade,provider\n1,2020-01-01,2020-03-01,Good,Company\n"
    path = written(tmp_path, text)
    columns = ["--column", "provider=URN", "--column", "inspected=Inspection date", "--column", "overall_effectiveness=Grade"]
    late = ["aggregate", path, *columns, "--as-at", "2020-02-01", "--format", "csv"]
    assert main(late) == 2  # whether the publication date counts is for the user to say
    assert "Give --column 'published=Publication date' to use it, or --column published=none to do without" in capsys.readouterr().err
    assert said(capsys, *late, "--column", "published=none").splitlines()[1].startswith("1,1,0,0,1")
    assert said(capsys, *late, "--column", "published=Publication date").splitlines()[1].startswith("0,0,0")
    assert main(["aggregate", path, "--column", "provider=Nobody"]) == 2
    assert main(["aggregate", path, "--column", "who=URN"]) == 2
    assert "--column who=URN: give what it is and its name" in capsys.readouterr().err


def test_a_sheet_of_what_has_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["headline", own(tmp_path), "--sheet", "Data"]) == 2
    assert "is no workbook and has no sheets" in capsys.readouterr().err


def test_a_table_that_excel_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "excel.csv"
    path.write_bytes("provider,inspection_start,overall_effectiveness,region\na,2020-01-01,Good,Côte\n".encode("cp1252"))
    assert "Côte" in said(capsys, "aggregate", str(path), "--by", "region")


def test_releases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert row_of(said(capsys, "releases"), "la-2024-03-31") == ["2024-03-31", "2024-06-30", "SIF,ILACS"]
    assert "source" in said(capsys, "releases", "--format", "csv").splitlines()[0]


def test_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "headline", "--format", "md").splitlines()
    assert "| Overall effectiveness | 46 | 65 | 29 | 13 | 0 | 73% (65-79) | 68% |" in lines
    assert "## Overall effectiveness by region" in lines


def test_a_workbook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("openpyxl")
    assert main(["headline", "--format", "xlsx"]) == 2
    assert "give the file to write, as -o answer.xlsx" in capsys.readouterr().err
    path = tmp_path / "headline.xlsx"
    assert said(capsys, "headline", "-o", str(path)) == f"wrote {path}\n"  # the format by the name
    book = pd.read_excel(path, sheet_name=None, engine="calamine")
    assert book["Judgements"].loc[0, ["Outstanding", "Good"]].tolist() == [46, 65]
    assert "Children's services in England as at 24 August 2026" in book["Notes"].to_string()


def test_nothing_is_overwritten_without_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own(tmp_path)
    before = Path(path).read_bytes()
    for command in (["aggregate", path, "-o", path], ["history", "state-funded schools", "-o", path], ["releases", "-o", path]):
        assert main(command) == 2
        assert f"{path} is there already: --overwrite replaces it" in capsys.readouterr().err
    assert Path(path).read_bytes() == before
    assert said(capsys, "aggregate", path, "-o", path, "--overwrite") == f"wrote {path}\n"
    assert Path(path).read_text("utf-8").startswith("n,n_judged")  # CSV by the name
    assert main(["releases", "-o", str(tmp_path / "nosuch" / "a.csv")]) == 2
    assert f"there is no folder {tmp_path / 'nosuch'}" in capsys.readouterr().err


# ---- messages


def test_an_error_inside_the_program_is_not_shown_as_one_of_the_user(monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sif, "as_at", lambda *_, **__: list(zip([1], [], strict=True)))
    assert main(["aggregate"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("ofsted-sif: an error inside the program, not one of yours.")
    assert "zip()" in told  # for those who mend it


def test_a_damaged_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow")
    path = written(tmp_path, "no Parquet", "a.parquet")
    assert main(["headline", path]) == 2
    assert f"{path} can't be read" in capsys.readouterr().err
    path = written(tmp_path, 'provider,inspection_start,overall_effectiveness\n"a,2020-01-01,Good\n')
    assert main(["headline", path]) == 2
    assert path in capsys.readouterr().err


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            'name those you mean (framework=["SIF", "ILACS"]), or say framework="all"',
            "name those you mean (--framework SIF,ILACS), or say --framework all",
        ),
        ("framework=['SCCIF 2017 on']", "--framework 'SCCIF 2017 on'"),
        ("date='2024-02-30' is not a date", "--as-at 2024-02-30 is not a date"),
        (
            "Give published='Publication date' to use it, or published=None",
            "Give --column 'published=Publication date' to use it, or --column published=none",
        ),
        ("name their column with published=, or", "name their column with --column published=..., or"),
        ("(sif.releases() lists all)", "(`ofsted-sif releases` lists all)"),
        ("rename it, as with table.rename(columns={'status': 'x'})", "rename it"),
        (
            "'N/A' is no grade; if it means none: table['x'] = table['x'].replace('N/A', None)",
            "'N/A' is no grade; if it means none, leave the cell empty",
        ),
        (
            "'41640' is not a date; if it is the number of a day, as a spreadsheet keeps it: table['x'] = pandas.to_datetime(table['x'])",
            "'41640' is not a date; if it is the number of a day, as a spreadsheet keeps it, write it as one of these",
        ),
        (
            "no 'known_from', but 'Known from': rename it, as with table.rename(columns={'Known from': 'known_from'}), so that it is known "
            "what the table can tell, or say incomplete='allow'",
            "no 'known_from', but 'Known from': rename it, so that it is known what the table can tell",
        ),
        ("'-' is missing; without such rows: table[table['provider'] != '-']", "'-' is missing; take such rows out"),
        ("published_by='x': no dates", "--published-by x: no dates"),
        ("two\n lines", "two lines"),
    ],
)
def test_messages_speak_of_what_can_be_typed(message: str, told: str) -> None:
    assert for_the_command_line(message) == told


def test_a_table_that_is_no_history_says_what_it_does_not_know(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Files of latest inspections and of one year, as CSV and Parquet; the words are those of Python."""
    world = worlds.histories(60)
    worlds.latest(world, 2).to_csv(tmp_path / "latest.csv", index=False)
    worlds.latest(world, 2).to_parquet(tmp_path / "latest.parquet")
    worlds.of_one_year(world).to_csv(tmp_path / "year.csv", index=False)
    for file in ("latest.csv", "latest.parquet"):
        assert main(["aggregate", "--as-at", "2018-08-31", "--format", "json", str(tmp_path / file)]) == 0
        told = capsys.readouterr()
        assert re.search(r"note: .*on 31 August 2018 the state of \d+ of 60 providers is not known, because", told.err)
        assert main(["series", "--as-at", "2018-08-31", "--format", "json", str(tmp_path / file)]) == 0
        told = capsys.readouterr()
        counted = json.loads(told.out)
        row = (counted["rows"] if isinstance(counted, dict) else counted)[0]
        assert row["n"] + row["n_unknown"] == 60
    assert main(["headline", str(tmp_path / "year.csv")]) == 0
    told = capsys.readouterr()
    assert "note: the table has the inspections of one period, from 1 April 2022 on" in told.err
    assert "A year ago: not compared, because the table does not have the state of every provider by then." in " ".join(told.out.split())


def test_a_headline_of_a_date_beyond_the_data_says_so_and_compares_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["headline", "--as-at", "2030-01-01"]) == 0
    told = capsys.readouterr()
    assert "note: 1 January 2030 lies beyond the data: the table is complete to 24 August 2026" in told.err
    assert "A year ago: not compared, because the table ends on 24 August 2026." in " ".join(told.out.split())


# ---- a CSV of one's own, as other programs write it

ROWS = [["provider", "inspection_start", "overall_effectiveness"], ["1", "2020-01-01", "Good"], ["2", "2020-02-01", "Inadequate"]]


@pytest.mark.parametrize(
    ("separator", "line_end", "encoding"),
    [(",", "\r", "utf-8"), (";", "\n", "utf-8-sig"), (";", "\r\n", "cp1252"), ("\t", "\r", "utf-8"), ("\t", "\r\n", "utf-16")],
)
def test_a_csv_is_read_whatever_separates_its_cells_and_lines(
    separator: str, line_end: str, encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes("".join(separator.join(row) + line_end for row in ROWS).encode(encoding))
    (row,) = csv.DictReader(io.StringIO(said(capsys, "aggregate", str(path), "--format", "csv")))
    assert (row["n"], row["good"], row["inadequate"]) == ("2", "1", "1")


OF_GRADED = "provider,inspection_start,overall_effectiveness,{name}\nA,2015-01-01,Good,{yes}\nB,2015-01-01,Inadequate,{no}\n"


@pytest.mark.parametrize(("yes", "no"), [("True", "False"), ("TRUE", "FALSE"), ("true", "false"), ("1", "0"), ("1.0", "0.0")])
@pytest.mark.parametrize("command", ["aggregate", "headline", "series", "explain"])
def test_a_csv_that_says_which_inspections_are_graded_is_taken_as_the_functions_take_it(
    command: str, yes: str, no: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, OF_GRADED.format(name="graded", yes=yes, no=no))
    pd.read_csv(path).assign(graded=[True, False]).to_parquet(tmp_path / "mine.parquet")
    named = written(tmp_path, OF_GRADED.format(name="full", yes=yes, no=no), "named.csv")
    assert int(sif.scan(path).series(["2016-01-01"])["n"].item()) == 1
    asked = [["A"] if command == "explain" else [], ["--as-at", "2016-01-01", "--format", "csv"]]
    answers = {
        said(capsys, command, *asked[0], file, *asked[1], *more)
        for file, more in ((path, []), (str(tmp_path / "mine.parquet"), []), (named, ["--column", "graded=full"]))
    }
    assert len(answers) == 1


@pytest.mark.parametrize("yes", ["Yes", "T", "1", "True "])
def test_words_for_graded_that_the_functions_refuse_are_refused(yes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, OF_GRADED.format(name="graded", yes=yes, no="False"))
    assert main(["aggregate", path, "--as-at", "2016-01-01"]) == 2
    assert f"column 'graded' holds ['{yes}', 'False']; it is true or false" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"column 'graded' holds .*; it is true or false"):
        sif.scan(path).series(["2016-01-01"])


def test_an_inspection_of_a_csv_of_which_it_is_not_said_whether_it_is_graded_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["aggregate", written(tmp_path, OF_GRADED.format(name="graded", yes="True", no=""))]) == 2
    assert "column 'graded', row 1: neither true nor false" in capsys.readouterr().err


def test_a_table_with_two_columns_of_one_name_is_refused_as_the_functions_refuse_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged_twice = written(
        tmp_path, "provider,inspection_start,overall_effectiveness,overall_effectiveness\n1,2020-01-01,Good,Inadequate\n"
    )
    held_twice = written(tmp_path, "provider,inspection_start,inspection_start,leadership\n1,2020-01-01,2021-01-01,Good\n", "held.csv")
    urn_twice = written(tmp_path, "URN,URN,inspection_start,leadership\n1,2,2020-01-01,Good\n", "urn.csv")
    for arguments in (
        ["aggregate", judged_twice],
        ["aggregate", judged_twice, "--every-inspection"],
        ["headline", judged_twice, "--as-at", "2020-06-30"],
        ["aggregate", held_twice, "--judgement", "leadership"],
        ["aggregate", urn_twice, "--judgement", "leadership", "--column", "provider=URN"],
    ):
        assert main(arguments) == 2
        assert "the table has 2 columns of that name" in capsys.readouterr().err
    unused = written(tmp_path, "provider,inspection_start,leadership,note,note\n1,2020-01-01,Good,a,b\n", "unused.csv")
    assert row_of(said(capsys, "headline", unused), "Leadership")[:2] == ["0", "1"]


def test_rows_with_more_cells_than_the_header_are_refused_and_a_separator_at_each_end_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = written(tmp_path, "provider,inspection_start,leadership\n1,2020-01-01,Good,x\n2,2020-01-01,Good,y\n")
    assert main(["aggregate", more, "--judgement", "leadership"]) == 2
    assert "its rows have more cells than its header has names (3, between commas)" in capsys.readouterr().err
    ends = written(tmp_path, "provider,inspection_start,leadership\n1,2020-01-01,Good,\n2,2020-01-01,Good,\n", "ends.csv")
    assert row_of(said(capsys, "headline", ends), "Leadership")[:2] == ["0", "2"]


def test_a_header_of_any_length_or_kind_is_no_error_inside_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in (
        "provider," + "x" * 200_000 + "\n1,2\n",
        '"provider,leadership\n1,Good\n',
        "provider\0,leadership\n1,Good\n",
        "\n\n",
        ",\n",
    ):
        assert main(["aggregate", written(tmp_path, text), "--judgement", "leadership"]) == 2, text[:30]
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_list_of_names_may_have_a_name_on_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    by_line = said(capsys, "aggregate", "--framework", "SIF\r\nILACS", "--format", "csv")
    assert by_line == said(capsys, "aggregate", "--framework", "SIF,ILACS", "--format", "csv")


def test_a_column_with_nearly_the_name_of_the_date_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "URN,Inspection date,Overall effectiveness\n1,2020-01-01,Good\n")
    for command in ("headline", "aggregate", "series"):
        assert main([command, path, "--column", "provider=URN", "--column", "overall_effectiveness=Overall effectiveness"]) == 2
        assert "Give --column 'inspected=Inspection date' to use it" in capsys.readouterr().err


def test_a_file_of_unknown_columns_says_how_to_name_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for header in ("URN,When,Grade", "provider_name,Inspection date,overall_effectiveness"):
        assert main(["headline", written(tmp_path, f"{header}\n1,2020-01-01,Good\n")]) == 2
        told = capsys.readouterr().err
        assert "say which: --column provider=URN --column inspected='Inspection date'" in told
        assert "mine.toml" not in told


def test_a_call_of_python_is_said_to_be_one() -> None:
    assert for_the_command_line("sif.combine(table, register) tells it") == "sif.combine(table, register) in Python tells it"
    assert for_the_command_line("(sif.combine, sif.history_of)") == "(sif.combine, sif.history_of in Python)"


def test_a_name_of_several_words_stands_in_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["explain", "Kingston", "upon", "Hull"], ["aggregate", "--by", "region", "a.csv", "b.csv"]):
        with pytest.raises(SystemExit):
            main(arguments)
        assert "stands in quotes: 'Kingston upon Hull'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["explain", "Hull", "--regoin"])
    assert capsys.readouterr().err.rstrip().endswith("unrecognized arguments: --regoin")


def test_a_state_in_a_file_is_asked_at_its_own_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = sif.as_at(sif.load_inspections(), "2024-03-31", framework="all")
    state.to_csv(tmp_path / "state.csv", index=False)
    text = " ".join(said(capsys, "aggregate", str(tmp_path / "state.csv"), "--framework", "all").split())
    assert "as at 31 March 2024" in text
    assert text.endswith("27 64 44 16 0 60% (52-68)")
    assert main(["series", str(tmp_path / "state.csv")]) == 2
    told = capsys.readouterr().err
    assert "incomplete" not in told
    assert "sif.change_between in Python" in told


def test_a_workbook_of_ones_own_is_read_by_the_names_of_its_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("openpyxl")
    path = tmp_path / "mine.xlsx"
    table = pd.DataFrame(
        {
            "URN": [100001, 100001, 100002],
            "Inspection date": pd.to_datetime(["2020-01-01", "2021-01-01", "2020-06-01"]),
            "Grade": ["Good", "Inadequate", None],
            "Leadership": [1, 2, None],
        }
    )
    with pd.ExcelWriter(path) as book:
        table.to_excel(book, sheet_name="mine", index=False)
        table.head(1).to_excel(book, sheet_name="one", index=False)
    named = ["--column", "provider=URN", "--column", "inspected=Inspection date", "--column", "overall_effectiveness=Grade"]
    (row,) = csv.DictReader(io.StringIO(said(capsys, "aggregate", str(path), *named, "--format", "csv")))
    assert (row["n"], row["good"], row["inadequate"]) == ("1", "0", "1")
    (row,) = csv.DictReader(io.StringIO(said(capsys, "aggregate", str(path), *named, "--judgement", "Leadership", "--format", "csv")))
    assert (row["n"], row["good"]) == ("1", "1")
    assert "1 provider" in said(capsys, "aggregate", str(path), *named, "--sheet", "one")
    assert said(capsys, "explain", "100001", str(path), *named).startswith("100001, as at 1 January 2021")
    assert main(["aggregate", str(path), *named, "--sheet", "none"]) == 2
    assert "'none'" in capsys.readouterr().err
    table.set_axis(["provider", "inspection_start", "leadership", "leadership "], axis="columns").to_excel(path, index=False)
    assert main(["aggregate", str(path), "--judgement", "leadership"]) == 2
    assert "the table has 2 columns of that name" in capsys.readouterr().err


def test_the_account_of_a_file_keeps_to_the_width_and_speaks_of_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    with pd.ExcelWriter(tmp_path / "two.xlsx") as book:
        for sheet in ("one", "two"):
            sif.load_inspections().head(40).to_excel(book, sheet_name=sheet, index=False)
    lines = said(capsys, "read", str(tmp_path / "two.xlsx")).splitlines()
    assert max(map(len, lines)) <= 60
    text = " ".join(" ".join(lines).split())
    assert "(choose with --sheet)" in text
    assert any(line.startswith("    1 header") for line in lines)


def test_a_table_without_a_judgement_of_a_standard_name_says_how_to_name_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "URN,When,Grade\n1,2020-01-01,Good\n")
    assert main(["aggregate", path, "--column", "provider=URN", "--column", "inspected=When", "--judgement", "Grade"]) == 2
    assert "say which is one: --column overall_effectiveness=Grade" in capsys.readouterr().err


def test_a_page_and_an_answer_have_names_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("jinja2")
    page = tmp_path / "page.html"
    assert said(capsys, "report", own(tmp_path), "-o", str(page)).startswith(f"wrote {page}")
    assert main(["headline", own(tmp_path), "-o", str(tmp_path / "answer.html")]) == 2
    assert ".html is none of the formats" in capsys.readouterr().err


def test_frameworks_of_a_table_without_them_are_refused_by_the_option_that_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own(tmp_path)
    for arguments, told in (
        (["--framework", "SIF"], "--framework SIF: the table has no column 'framework'"),
        (["--release", "la-2024-03-31"], "--release la-2024-03-31 takes SIF and ILACS inspections: the table has no column 'framework'"),
    ):
        for command in (["headline"], ["aggregate"], ["series"], ["explain", "a"]):
            assert main([*command, path, *arguments]) == 2
            assert told in capsys.readouterr().err
    assert "2 providers" in said(capsys, "headline", path, "--framework", "all")


def test_a_release_of_another_remit_than_that_of_a_published_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "care.csv"
    path.write_text(
        "URN,Provision type,Local authority,Event type,Inspection date,Publication date,Event number,Overall effectiveness\n"
        "SC000001,Children's Home,Leeds,Full inspection,03/04/2017,05/05/2017,1001,Good\n"
    )
    for command in ("headline", "aggregate", "series"):
        assert main([command, str(path), "--release", "la-2024-03-31"]) == 2
        assert "--release la-2024-03-31 is one of local authorities, and the table is of social care" in capsys.readouterr().err
    assert "as at 31 March 2018" in said(capsys, "headline", str(path), "--release", "social-care-2018-03-31")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_table_of_ones_own_is_read_from_a_gz_and_a_zip_as_from_a_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    data = "URN;When;Grade\n1;2020-01-01;Good\nÉ;2020-02-01;Inadequate\n".encode(encoding)
    (tmp_path / "own.csv").write_bytes(data)
    (tmp_path / "own.csv.gz").write_bytes(gzip.compress(data))
    with zipfile.ZipFile(tmp_path / "own.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("own.csv", data)
    named = ["--column", "provider=URN", "--column", "inspected=When", "--column", "overall_effectiveness=Grade", "--format", "csv"]
    plain = said(capsys, "aggregate", str(tmp_path / "own.csv"), *named)
    assert plain.splitlines()[1].split(",")[:2] == ["2", "2"]
    for packed in ("own.csv.gz", "own.zip"):
        assert said(capsys, "aggregate", str(tmp_path / packed), *named) == plain


def test_a_table_of_which_nobody_counts_yet_is_not_called_england(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("headline", "aggregate"):
        assert said(capsys, command, own(tmp_path), "--as-at", "1990-01-01").startswith("Inspection outcomes (own.csv)")
    assert said(capsys, "headline", "--as-at", "1990-01-01", "--framework", "all").startswith("Children's services in England")


def test_columns_named_that_the_file_does_not_have_are_said_to_be_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for header in ("urn,when,Grade", "My table,,\nURN,When,Grade"):
        path = written(tmp_path, f"{header}\n1,2020-01-01,Good\n")
        assert main(["headline", path, "--column", "provider=URN", "--column", "inspected=When"]) == 2
        assert "has no column 'URN' or 'When' in its first row" in capsys.readouterr().err
    spaced = written(tmp_path, " URN , When,Grade \n1,2020-01-01,Good\n")
    named = ["--column", "provider=URN", "--column", "inspected=When", "--column", "leadership=Grade"]
    assert row_of(said(capsys, "headline", spaced, *named), "Leadership")[:2] == ["0", "1"]


def test_a_table_of_nobody_is_of_no_authorities(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "provider,inspection_start,overall_effectiveness\n")
    assert "0 providers" in said(capsys, "headline", path, "--as-at", "2020-01-01")
