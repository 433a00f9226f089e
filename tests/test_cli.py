"""The command line answers within 80 columns, in three formats, and says in one line what was wrong."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import ofsted_sif as sif
from ofsted_sif.cli import main


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_without_arguments_the_state_of_today_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "Children's services in England as at 24 August 2026"
    assert lines[1].startswith("153 authorities")
    rows = {line[:24].strip(): line[24:].split() for line in lines}
    assert rows["Overall effectiveness"] == ["46", "61", "24", "11", "11", "75%", "(68-82)", "68%"]
    assert rows["Leadership"][:4] == ["60", "58", "27", "8"]
    assert [name for name in sif.load_local_authorities()["region"].cat.categories if name not in rows] == []
    text = " ".join(" ".join(lines).split())
    assert (
        "Inspections since April 2026 no longer make the judgement overall effectiveness: it is therefore missing for 11 of the 153."
        in text
    )
    assert "46/65/29/13, 73% good or better" in text
    assert "no longer make the judgement care leavers" not in text
    assert lines[-1].startswith("Next: ofsted-sif explain")


def test_the_year_before_is_the_state_of_the_year_before(capsys: pytest.CaptureFixture[str]) -> None:
    before = sif.as_at(sif.load_inspections(), "2025-08-24", framework="all", register=sif.load_local_authorities())
    counted = sif.aggregate(before, "region")
    lines = said(capsys).splitlines()
    for region, good, judged in counted[["region", "good_or_outstanding", "n_judged"]].itertuples(index=False):
        line = next(line for line in lines if line.startswith(region))
        assert line.split()[-1] == f"{sif.percent(good, judged)}%"


def test_a_release_as_ofsted_published_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "headline", "--release", "la-2024-03-31")
    assert "as at 31 March 2024, published by 30 June 2024" in text
    assert "2 of them not yet inspected under SIF or ILACS" in text
    row = next(line for line in text.splitlines() if line.startswith("Overall"))
    assert row.split()[2:] == ["30", "61", "43", "17", "2", "60%", "(52-68)", "59%"]


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["aggregate", "--by", "regoin"], "by='regoin': the table has no such column; nearest: 'region'"),
        (["aggregate", "--as-at", "2024-02-30"], "date='2024-02-30' is not a date as 2024-03-31"),
        (["aggregate", "--framework", "SIFF"], "unknown framework 'SIFF'"),
        (["aggregate", "--release", "la-1999"], "unknown release 'la-1999'"),
        (["aggregate", "--release", "la-2024-03-31", "--as-at", "2024-03-31"], "--release gives the date: leave out --as-at"),
        (["aggregate", "--as-at", "2024-03-31", "--as-at", "2023-03-31"], "one --as-at is needed here, not 2"),
        (["series", "--judgement", "leadership,lscb"], "series counts one --judgement at a time"),
        (["explain", "Brimingham"], "by name: E08000025 is Birmingham"),
        (["explain", "Dorset"], "Dorset is the name of E06000059 and E10000009: give the code"),
        (["headline", "no-such-file.csv"], "No such file or directory: 'no-such-file.csv'"),
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
    assert "A year before, the table knows" in headline  # latest inspections alone do not tell of a year ago
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
