"""Every figure that Ofsted or the press published of these inspections comes out of the public interface, exactly."""

import csv
from pathlib import Path

import pytest

import ofsted_sif as sif

with (Path(__file__).parent / "data" / "published_figures.csv").open(encoding="utf-8", newline="") as file:
    FIGURES = [row for row in csv.DictReader(file) if row["which"] in ("most recent", "first inspection")]

INSPECTIONS = sif.load_inspections()
AUTHORITIES = sif.load_local_authorities()


def name_of(row: dict[str, str]) -> str:
    parts = [row["figure"], row["ofsted_region"], row["judgement"], row["measure"], row["value"]]
    return " ".join(part for part in parts if part)


def measured(table: object, judgement: str, measure: str) -> int:
    counted = sif.aggregate(table, judgement=judgement).iloc[0]
    if measure.startswith("percent_"):
        return int(sif.percent(int(counted[measure.removeprefix("percent_")]), int(counted["n_judged"])))
    return int(counted[measure])


@pytest.mark.parametrize("row", FIGURES, ids=name_of)
def test_published(row: dict[str, str]) -> None:
    frameworks = row["frameworks"].split(";")
    if row["which"] == "first inspection":
        table = sif.first(INSPECTIONS, framework=frameworks)
    else:
        table = sif.as_at(INSPECTIONS, row["as_at"], published_by=row["published_by"], framework=frameworks, register=AUTHORITIES)
    if row["ofsted_region"]:
        table = table[table["ofsted_region"] == row["ofsted_region"]]
    assert measured(table, row["judgement"], row["measure"]) == int(row["value"])


def test_the_table_of_figures_is_whole() -> None:
    assert len(FIGURES) == 37


@pytest.mark.parametrize(
    "name", sorted({row["figure"] for row in FIGURES if row["which"] == "most recent"} & set(sif.releases()["release"]))
)
def test_release_holds_the_dates_of_the_published_figures(name: str) -> None:
    row = next(row for row in FIGURES if row["figure"] == name)
    release = sif.release(name)
    assert [str(release["date"]), str(release["published_by"])] == [row["as_at"], row["published_by"]]
    assert release["framework"] == row["frameworks"].split(";")


def test_the_43_single_inspections_of_march_2015() -> None:
    table = sif.as_at(INSPECTIONS, **sif.release("sif-2015-03-10"))
    inadequate = table[table["overall_effectiveness"] == "Inadequate"]["provider_name"]
    assert sorted(inadequate) == ["Birmingham", "Buckinghamshire", "Coventry", "Knowsley", "Manchester", "Rotherham", "Slough"]


def test_state_of_22_august_2026_with_and_without_having() -> None:
    """From the page that states the rules: the plain rule meets 11 authorities without an overall judgement."""
    plain = sif.as_at(INSPECTIONS, "2026-08-22", framework=["SIF", "ILACS"], register=AUTHORITIES)
    having = sif.as_at(INSPECTIONS, "2026-08-22", framework=["SIF", "ILACS"], register=AUTHORITIES, having="overall_effectiveness")
    grades = ["outstanding", "good", "requires_improvement", "inadequate"]
    assert sif.aggregate(plain).loc[0, [*grades, "n_not_judged"]].tolist() == [46, 61, 24, 11, 11]
    assert sif.aggregate(having).loc[0, [*grades, "n_not_judged"]].tolist() == [46, 65, 29, 13, 0]
    assert int(having["newer_inspection"].notna().sum()) == 11
