"""From all that Ofsted published of schools from 2005 to 2026, in the layouts of each time, comes the world that it was published of."""

import warnings

import pandas as pd
import pytest

import ofsted_sif as sif
from tests.support import schools_world
from tests.support.schools_world import CARD, JUDGEMENTS, WORDS, day
from tests.test_sources import SCHOOLS, served, upload  # noqa: F401


def expected(world, snapshots):
    """A row for each inspection: under the present school's URN where a snapshot listed it so, with its number, days and grades."""
    rows = []
    for one in world.inspections:
        provider = one.urn
        school = world.schools[one.school]
        for date, cutoff in snapshots:
            listed = [other for other in world.of(school, date, cutoff) if schools_world.era(other.start) is not schools_world.FROM_2025][
                :2
            ]
            if one in listed:
                provider = school.urn_on(date)
        grades = [one.grades.get(name) for name in JUDGEMENTS]
        said = ["" if grade is None else WORDS.get(grade, grade) for grade in grades]
        if one.grades or one.start >= day("2015-09-01"):  # the first workbook has graded inspections only
            rows.append((one.number, str(provider), str(one.start), str(one.published), bool(one.grades), *said))
    return sorted(rows)


def found(history):
    table = history.copy()
    number = table["inspection_number"].astype(str).str.removeprefix("ITS")
    days = [table[name].dt.strftime("%Y-%m-%d") for name in ("inspection_start", "published")]
    said = [table[name].astype(object).where(table[name].notna(), "") for name in JUDGEMENTS]
    return sorted(zip(number, table["provider"].astype(str), *days, table["graded"], *said, strict=True))


SNAPSHOTS = [(day(date), day(cutoff)) for date, cutoff in (
    ("2019-12-31", "2020-01-31"), ("2024-08-31", "2024-09-30"), ("2025-08-31", "2025-09-30")
)]  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_the_history_of_schools_is_the_world_it_was_cut_from(served, tmp_path, seed):  # noqa: F811
    world = schools_world.made(seed)
    attachments = []
    for n, (title, ending, body) in enumerate(schools_world.pieces(world)):
        path = f"/media/{upload('2026-09-08', n)}/x{n}.{ending}"
        served.file(path, body)
        attachments.append({"attachment_type": "file", "title": title, "url": served.origin + path, "file_size": len(body)})
    # A year's file with a grade typed wrongly, before it was uploaded again.
    wrong = next(one for one in world.inspections if one.grades and day("2021-09-01") <= one.start <= day("2022-07-01"))
    body = schools_world.year_to_date(world, day("2021-09-01"), day("2022-08-31"), corrected=wrong.number)
    path = f"/media/{upload('2022-09-08', 99)}/old.csv"
    served.file(path, body)
    title = next(one["title"] for one in attachments if "31 Aug 2022" in one["title"])
    attachments.insert(0, {"attachment_type": "file", "title": title, "url": served.origin + path, "file_size": len(body)})
    served.attach(SCHOOLS, *attachments)
    history, account = sif.fetch_history("state-funded schools", folder=tmp_path, progress=False, return_report=True)
    assert found(history) == expected(world, SNAPSHOTS)
    assert history.attrs["gaps"] == []
    assert account["added"].sum() == len(history)
    assert (account["rows"] > 0).all()
    assert history["inspection_number"].notna().all()


def test_the_state_of_a_made_history_is_that_of_its_world(tmp_path):
    world = schools_world.made(4)
    for title, ending, body in schools_world.pieces(world):
        (tmp_path / f"{title.replace(' ', '_')}.{ending}").write_bytes(body)
    history = sif.history_of(tmp_path)
    for date in ("2012-01-31", "2018-06-30", "2023-08-31", "2024-08-31"):
        with warnings.catch_warnings(action="ignore"):  # of schools of whose past nothing is known
            state = sif.as_at(history, date, published_by="2030-01-01")
        grades = {}
        for school in world.schools:
            newest = world.of(school, day(date), day("2030-01-01"))[:1]
            if newest and newest[0].start >= day("2005-09-01"):
                grades[newest[0].number] = newest[0].grades.get("overall_effectiveness")
        numbers = state["inspection_number"].astype(str).str.removeprefix("ITS")
        mine = dict(zip(numbers, state["overall_effectiveness"], strict=True))
        assert {number: WORDS.get(grade) for number, grade in grades.items()}.items() <= {
            number: None if pd.isna(grade) else grade for number, grade in mine.items()
        }.items()


def test_report_cards_come_from_their_own_files(tmp_path):
    world = schools_world.made(5)
    (tmp_path / "year_to_date_31_August_2026.csv").write_bytes(schools_world.report_cards(world, day("2026-08-31")))
    history = sif.history_of(tmp_path)
    assert set(history["inclusion"].dropna()) <= set(CARD)
    assert set(history["framework"]) == {"Report card"}
