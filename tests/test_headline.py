"""One headline: the same figures in the terminal, on the page, in the README and in the first notebook."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

import ofsted_sif as sif
from ofsted_sif.cli import main

ROOT = Path(__file__).parent.parent
GRADES = ["outstanding", "good", "requires_improvement", "inadequate"]


@pytest.fixture(scope="module")
def headline() -> dict[str, int]:
    """What the functions say of 24 August 2026."""
    state = sif.as_at(
        sif.load_inspections(), "2026-08-24", framework="all", having="overall_effectiveness", register=sif.load_local_authorities()
    )
    return sif.aggregate(state).iloc[0][["n", *GRADES, "good_or_outstanding"]].astype(int).to_dict()


def in_a_row(headline: dict[str, int]) -> list[str]:
    share = sif.percent(headline["good_or_outstanding"], headline["n"])
    return [*(str(headline[name]) for name in GRADES), "0", f"{share}%"]


def test_the_terminal_shows_it(headline: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Overall effectiveness "))
    assert row.split()[2:8] == in_a_row(headline)
    assert main(["headline", "--format", "csv"]) == 0
    first = next(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert first["judgement"] == "overall_effectiveness"
    assert {name: int(first[name]) for name in headline} == headline


def test_the_page_shows_it(headline: dict[str, int], tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    page = tmp_path / "page.html"
    assert main(["report", "-o", str(page)]) == 0
    text = re.sub(r"<[^>]*>", " ", page.read_text("utf-8"))
    share = in_a_row(headline)[-1]
    assert re.search(rf"{share}\s+{headline['good_or_outstanding']} of {headline['n']} authorities are good or outstanding", text)


def test_the_readme_shows_what_the_terminal_shows(headline: dict[str, int], capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([]) == 0
    shown = re.search(r"```text\n(Children's services in England.*?)```", (ROOT / "README.md").read_text("utf-8"), flags=re.DOTALL)
    assert shown is not None
    assert capsys.readouterr().out.startswith(shown[1])
    assert shown[1].splitlines()[-1].split()[2:8] == in_a_row(headline)


def test_the_first_notebook_asserts_it(headline: dict[str, int]) -> None:
    cells = json.loads((ROOT / "notebooks" / "01-the-2015-report.ipynb").read_text("utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert f"assert grades == {[headline[name] for name in GRADES]}" in code
    assert f"assert sif.percent({headline['good_or_outstanding']}, {headline['n']}) == {in_a_row(headline)[-1].rstrip('%')}" in code


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["headline", *arguments]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_a_judgement_that_no_inspection_made_is_said_not_to_have_been_made(capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--framework", "SLAC"]):
        text = told(capsys, "--as-at", "2012-03-31", *more)
        assert (
            "Overall effectiveness: no inspection that counts here made this judgement. Judgements that were made: help and protection,"
            in text
        )
        assert "ask with --judgement help_and_protection" in text
        assert "of an earlier inspection" not in text
        assert "by the last inspection that judged it" not in text
        assert "0/0/0/0" not in text


def test_the_earlier_inspections_that_are_counted_are_those_that_made_the_judgement(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "--judgement", "lscb")
    state = sif.as_at(sif.load_inspections(), "2026-08-24", framework="all", having="lscb", register=sif.load_local_authorities())
    made = int(state["lscb"].notna().sum())
    assert f"For {made} of the 153 safeguarding board is that of an earlier inspection than the newest." in text
    assert made < 153
    assert "By the newest alone (--having none): no such judgement." in text
    assert "other judgements" not in text
