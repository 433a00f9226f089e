"""A made world of schools and their inspections from 2005 to 2026, and the files in which Ofsted would have published it."""

from __future__ import annotations

import csv
import datetime
import io
import random
from dataclasses import dataclass, field

import openpyxl

WORDS = {1: "Outstanding", 2: "Good", 3: "Requires improvement", 4: "Inadequate"}
CARD = ("Exceptional", "Strong standard", "Expected standard", "Needs attention", "Urgent improvement")
# Header in the files of a time, and the standard column; of the four times between which the judgements changed.
BEFORE_2015 = {
    "Overall effectiveness": "overall_effectiveness", "How well do pupils achieve?": "outcomes",
    "Quality of teaching": "quality_of_teaching", "Behaviour and safety of pupils": "behaviour_and_safety",
    "Leadership and management": "leadership",
}  # fmt: skip
FROM_2015 = {
    "Overall effectiveness": "overall_effectiveness", "Outcomes for pupils": "outcomes",
    "Quality of teaching, learning and assessment": "quality_of_teaching",
    "Personal development, behaviour and welfare": "behaviour_and_safety",
    "Effectiveness of leadership and management": "leadership",
}  # fmt: skip
FROM_2019 = {
    "Overall effectiveness": "overall_effectiveness", "Quality of education": "quality_of_education",
    "Behaviour and attitudes": "behaviour_and_attitudes", "Personal development": "personal_development",
    "Effectiveness of leadership and management": "leadership",
}  # fmt: skip
FROM_2024 = {header: name for header, name in FROM_2019.items() if name != "overall_effectiveness"}
FROM_2025 = {
    "Inclusion": "inclusion", "Curriculum and teaching": "curriculum_and_teaching", "Achievement": "achievement",
    "Attendance and behaviour": "attendance_and_behaviour", "Leadership and governance": "leadership_and_governance",
}  # fmt: skip
JUDGEMENTS = sorted({*BEFORE_2015.values(), *FROM_2019.values(), *FROM_2025.values()})
SCHOOL = ["Web Link", "URN", "LAESTAB", "School name", "Ofsted phase", "Type of education", "School open date", "Local authority", "Region"]


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def era(start: datetime.date) -> dict[str, str]:
    for first, columns in (("2025-11-10", FROM_2025), ("2024-09-01", FROM_2024), ("2019-09-01", FROM_2019), ("2015-09-01", FROM_2015)):
        if start >= day(first):
            return columns
    return BEFORE_2015


@dataclass
class Inspection:
    """One inspection as it was: its school, the URN at the time, number, days, and grades by standard column (none: ungraded)."""

    school: int
    urn: int
    number: str
    start: datetime.date
    published: datetime.date
    grades: dict[str, object]
    outcome: str = ""


@dataclass
class School:
    """A school through time: its first URN, and the day on which it became an academy under another."""

    number: int
    converted: datetime.date | None = None

    @property
    def urn(self) -> int:
        return 100_000 + self.number

    def urn_on(self, date: datetime.date) -> int:
        return self.urn + 40_000 if self.converted is not None and date >= self.converted else self.urn


@dataclass
class World:
    """All that happened."""

    schools: list[School]
    inspections: list[Inspection] = field(default_factory=list)

    def of(self, school: School, by: datetime.date, published_by: datetime.date) -> list[Inspection]:
        """Graded inspections of a school, the newest first, that took place and were published by the dates."""
        found = [one for one in self.inspections if one.school == school.number and one.grades]
        return sorted((one for one in found if one.start <= by and one.published <= published_by), key=lambda one: one.start, reverse=True)


def made(seed: int, n_schools: int = 40) -> World:
    """A world: every school inspected every two to five years, some converted, some with ungraded inspections between."""
    chance = random.Random(seed)
    schools = [
        School(number, day("2006-09-01") + datetime.timedelta(days=365 * chance.randrange(1, 18)) if chance.random() < 0.4 else None)
        for number in range(n_schools)
    ]
    world = World(schools)
    for school in schools:
        date = day("2005-09-05") + datetime.timedelta(days=chance.randrange(1200))
        while date < day("2026-05-01"):
            if date.month in (8, 12) or (date.month == 7 and date.day > 15):  # no inspections in the holidays
                date += datetime.timedelta(days=40)
                continue
            card = era(date) is FROM_2025
            grades = {name: chance.choice(CARD) if card else chance.randrange(1, 5) for name in era(date).values()}
            ungraded = date > day("2012-09-01") and chance.random() < 0.2 and not card
            published = date + datetime.timedelta(days=chance.randrange(25, 50))
            said = ({}, "School remains Good") if ungraded else (grades, "")
            world.inspections.append(Inspection(school.number, school.urn_on(date), "", date, published, *said))
            date += datetime.timedelta(days=chance.randrange(300, 1500))
    world.inspections.sort(key=lambda one: (one.start, one.school))
    for place, one in enumerate(world.inspections):
        one.number = str(300_001 + place) if one.start < day("2015-09-01") else str(10_000_001 + place)
    return world


# ---- the files


def shown(date: datetime.date) -> str:
    return f"{date:%d/%m/%Y}"


def _school(world: World, school: int, urn: int) -> list[object]:
    return [
        f"http://reports/{urn}",
        urn,
        2_000_000 + school,
        f"School {school}",
        "Primary",
        "Community school",
        "01/01/1900",
        "Leeds",
        "North East",
    ]


def _with_its(one: Inspection) -> str:
    return f"ITS{one.number}" if one.start < day("2015-09-01") else one.number


def _csv(rows: list[list[object]], encoding: str = "cp1252") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def history_2005(world: World) -> bytes:
    """The workbook of 2005 to 2015: header in row 2, numbers without ITS."""
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("2005-2015 Inspections")
    sheet.append(["Management information - schools - 1 September 2005 to 31 August 2015"])
    sheet.append(
        [
            *SCHOOL[1:],
            "Inspection number",
            "Inspection type",
            "Inspection start date",
            "Inspection end date",
            "First published date",
            *BEFORE_2015,
        ]
    )
    for one in world.inspections:
        if one.start < day("2015-09-01") and one.grades:
            sheet.append(
                [*_school(world, one.school, one.urn)[1:], one.number, "S5 Inspection", *[one.start, one.start], one.published]
                + [one.grades[name] for name in BEFORE_2015.values()]
            )
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def history_2015(world: World) -> bytes:
    """The CSV of September 2015 to August 2019."""
    header = ["Academic year", *SCHOOL, "Inspection number", "Inspection type", "Event type grouping", "Inspection start date"]
    header += ["Inspection end date", "Publication date", "Did the latest S8 inspection convert to a full inspection?"]
    header += ["Outcomes for S8 inspections that did not convert", *FROM_2015, "Early years provision (where applicable)"]
    rows: list[list[object]] = [["Management information - state-funded schools 1 September 2015 to 31 August 2019"], [], header]
    for one in world.inspections:
        if day("2015-09-01") <= one.start < day("2019-09-01"):
            kind = ["S5 Inspection", "Schools - S5"] if one.grades else ["Short inspection", "Schools \u2013 Section 8"]
            rows.append(
                [
                    f"{one.start.year}",
                    *_school(world, one.school, one.urn),
                    one.number,
                    *kind,
                    *([shown(one.start)] * 2),
                    shown(one.published),
                    "",
                    one.outcome,
                    *[one.grades.get(name, "NULL") for name in FROM_2015.values()],
                    9,
                ]
            )
    return _csv(rows)


def year_to_date(world: World, first: datetime.date, to: datetime.date, corrected: str = "") -> bytes:
    """The inspections of an academic year published by a date; `corrected`: the number of one whose grades were typed wrongly."""
    columns = era(first)
    header = [*SCHOOL, "Inspection number", "Inspection type", "Event type grouping", "Inspection start date", "Publication date"]
    header += ["Outcomes for ungraded and monitoring inspections", "Category of concern", *columns, "Safeguarding is effective?"]
    header += ["Previous inspection number", "Previous inspection start date", "Previous publication date"]
    header += [f"Previous {name[0].lower()}{name[1:]}" for name in FROM_2019]
    rows: list[list[object]] = [header]
    for one in world.inspections:
        if not (first <= one.start <= to and one.published <= to and era(one.start) is columns):
            continue
        school = world.schools[one.school]
        before = [other for other in world.of(school, one.start, one.published) if other.start < one.start][:1]
        grades = {name: 5 - int(str(grade)) for name, grade in one.grades.items()} if one.number == corrected else one.grades
        kind = ["S5 Inspection", "Schools - S5"] if one.grades else ["S8 ungraded", "Schools - S8"]
        rows.append(
            [*_school(world, one.school, one.urn), one.number, *kind, shown(one.start), shown(one.published), one.outcome, ""]
            + [*[grades.get(name, "NULL") for name in columns.values()], "Yes"]
            + ([_with_its(before[0]), shown(before[0].start), shown(before[0].published)] if before else ["NULL"] * 3)
            + [before[0].grades.get(name, 9) if before else "NULL" for name in FROM_2019.values()]
        )
    return _csv(rows)


def latest(world: World, date: datetime.date, cutoff: datetime.date) -> bytes:
    """The snapshot of a day: each school under its present URN, latest and previous graded inspection."""
    kind = "full" if date.year < 2022 else "graded"
    header = [*SCHOOL, f"Inspection number of latest {kind} inspection", "Inspection type", "Inspection start date", "Publication date"]
    header += [
        f"URN at time of latest {kind} inspection",
        *FROM_2019,
        "Outcomes for pupils",
        "Quality of teaching, learning and assessment",
    ]
    header += ["Personal development, behaviour and welfare", f"Previous {kind} inspection number", "Previous inspection start date"]
    header += [
        "Previous publication date",
        f"URN at time of previous {kind} inspection",
        f"Previous {kind} inspection overall effectiveness",
    ]
    rows: list[list[object]] = [header]
    for school in world.schools:
        found = [one for one in world.of(school, date, cutoff) if era(one.start) is not FROM_2025][:2]
        row = _school(world, school.number, school.urn_on(date))
        if not found:
            rows.append([*row, *["NULL"] * (len(header) - len(row))])
            continue
        one, *more = found
        grade = {name: one.grades.get(name, 9) for name in [*FROM_2019.values(), "outcomes", "quality_of_teaching", "behaviour_and_safety"]}
        if era(one.start) is FROM_2024:
            grade["overall_effectiveness"] = "Not judged"
        row += [_with_its(one), "S5 Inspection", shown(one.start), shown(one.published), one.urn, *grade.values()]
        if more:
            overall = more[0].grades.get("overall_effectiveness", "Not judged")
            row += [_with_its(more[0]), shown(more[0].start), shown(more[0].published), more[0].urn, overall]
        else:
            row += ["NULL"] * 5
        rows.append(row)
    return _csv(rows)


def report_cards(world: World, to: datetime.date) -> bytes:
    """The inspections with report cards, one row per inspection."""
    header = [*SCHOOL, "Inspection number", "Inspection type", "Event type grouping", "Inspection start date", "Publication date"]
    header += ["Outcomes for legacy monitoring inspections", "Category of concern", "Safeguarding standards", *FROM_2025]
    rows: list[list[object]] = [header]
    for one in world.inspections:
        if era(one.start) is FROM_2025 and one.published <= to:
            rows.append(
                [
                    *_school(world, one.school, one.urn),
                    one.number,
                    "Full inspection",
                    "Schools - S5",
                    shown(one.start),
                    shown(one.published),
                    "NULL",
                    "NULL",
                    "Met",
                    *[one.grades[name] for name in FROM_2025.values()],
                ]
            )
    return _csv(rows, "utf-8-sig")


def pieces(world: World) -> list[tuple[str, str, bytes]]:
    """All files of the history: title, ending, bytes."""
    year = "Management information - state-funded schools - all inspections - year to date published by "
    now = "Management information - state-funded schools - latest inspections as at "
    found = [
        ("Management information - schools - 1 Sept 2005 to 31 August 2015", "xlsx", history_2005(world)),
        ("Management information - state-funded schools 1 September 2015 to 31 August 2019", "csv", history_2015(world)),
        (f"{now}31 December 2019", "csv", latest(world, day("2019-12-31"), day("2020-01-31"))),
        (f"{now}31 Aug 2024", "csv", latest(world, day("2024-08-31"), day("2024-09-30"))),
        (f"{now}31 August 2025", "csv", latest(world, day("2025-08-31"), day("2025-09-30"))),
    ]
    for first in range(2019, 2025):
        for to in (day(f"{first + 1}-08-31"), day(f"{first + 1}-09-30")):
            month = "Sept" if to.month == 9 else "Aug"
            # What was published in September of inspections before stands in September's file.
            found.append((f"{year}{to.day} {month} {to.year}", "csv", year_to_date(world, day(f"{first}-09-01"), to)))
    found.append((f"{year}31 October 2025", "csv", year_to_date(world, day("2025-09-01"), day("2025-12-31"))))
    found.append((f"{year}31 August 2026", "csv", report_cards(world, day("2026-08-31"))))
    return found
