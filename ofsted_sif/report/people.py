"""The providers of a page: what stands of each in the lists, and the page of each."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from ofsted_sif.plot.canvas import date_in_words, in_words
from ofsted_sif.report import bars
from ofsted_sif.report.asked import Asked, iso_or_blank, kind_of, shown_grade, when
from ofsted_sif.scales import GradeScale
from ofsted_sif.table import columns, dates
from ofsted_sif.table.providers import find_provider

REPORTS = "https://reports.ofsted.gov.uk/search?q="


def providers(asked: Asked, moved: pd.DataFrame) -> list[dict[str, Any]]:
    """What the lists show of each provider, by name."""
    state, newest, scale = asked.state, asked.newest, asked.scale
    named = (state["provider_name"] if "provider_name" in state.columns else state["provider"]).astype(object)
    names = [str(key) if pd.isna(name) else str(name) for name, key in zip(named, state["provider"], strict=True)]
    change_of = dict(zip(moved["provider"], moved["change"].astype(object), strict=True))
    # Newest grades of the other judgements, by provider; a provider of the state is among the newest too.
    others = newest.set_index(newest["provider"].astype(object))
    people = []
    for place, (row, name) in enumerate(zip(state.to_dict("records"), names, strict=True)):
        key = row["provider"]
        date = row.get("inspection_start")
        date = row.get("published") if pd.isna(date) else date
        latest = others.loc[key]
        people.append(
            {
                "key": key,
                "id": f"p-{key}" if re.fullmatch(r"[A-Za-z0-9_-]+", str(key)) else f"p{place}",
                "name": name,
                "region": "" if pd.isna(row.get("region")) else str(row["region"]),
                "region_key": row.get("region"),
                "grade": shown_grade(row[asked.judgement], scale),
                "date": month(date),
                "day": "" if pd.isna(date) else date_in_words(date),
                "iso": iso_or_blank(date),
                "newer": "" if pd.isna(row["newer_inspection"]) else date_in_words(row["newer_inspection"]),
                "newer_month": month(row["newer_inspection"]),
                "newer_iso": iso_or_blank(row["newer_inspection"]),
                "change": "" if pd.isna(change_of.get(key)) else str(change_of[key]),
                "others": {other: shown_grade(latest[other], scale) for other in asked.held},
            }
        )
    shared = pd.Series([person["name"] for person in people]).duplicated(keep=False)
    for person, twice in zip(people, shared, strict=True):
        person["label"] = f"{person['name']} ({person['key']})" if twice else person["name"]
    return sorted(people, key=lambda person: (person["name"].casefold(), str(person["key"])))


def found(asked: str, people: list[dict[str, Any]], argument: str = "provider") -> dict[str, Any]:
    """The provider that was asked for, by key or by name."""
    by_key = {person["key"]: person for person in people}
    names = pd.DataFrame({"name": [person["name"] for person in people], "key": [*by_key]})
    return by_key[find_provider(asked, by_key, names, among="among those open and judged on the date", argument=argument)]


# ---- statistical neighbours


def neighbours(given: Sequence[str] | str | os.PathLike[str] | None, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The providers of a list, or of a file with a code or a name in each line, each once."""
    if given is None:
        return []
    chosen = [found(name, people, "neighbour") for name in _listed(given, {str(person["key"]).casefold() for person in people})]
    return list({person["id"]: person for person in chosen}.values())


def _listed(given: Sequence[str] | str | os.PathLike[str], codes: set[str]) -> list[str]:
    """The codes or names given: of a list as they are, of text those between commas, of a file one per line."""
    if not isinstance(given, str | os.PathLike):
        return [str(name) for name in given]
    try:
        is_file = Path(given).is_file()
    except OSError:  # too long for a file's name: a list
        is_file = False
    if not is_file and isinstance(given, str):
        if given.casefold().endswith((".csv", ".txt")):
            raise FileNotFoundError(f"neighbours: there is no file {given}")
        return [name.strip() for name in given.split(",") if name.strip()]
    lines = [line.strip() for line in Path(given).read_text("utf-8-sig").splitlines() if line.strip()]
    firsts = [line.split(",")[0].strip().strip('"') for line in lines]
    if any(first.casefold() in codes for first in firsts):  # a table: the codes stand first, perhaps under a heading
        is_code = firsts[0].casefold() in codes
        return firsts if is_code or not re.search("code|provider|urn", firsts[0], re.IGNORECASE) else firsts[1:]
    return [line.strip('"') for line in lines]


# ---- a page for each


@dataclass(frozen=True)
class Surroundings:
    """What stands beside each provider: the whole, and for one provider its statistical neighbours."""

    years: dict[str, Any]
    bars: list[dict[str, Any]]
    everywhere: str
    nouns: str
    has_region: bool
    first: dict[str, Any] | None
    neighbours: list[dict[str, Any]]


def add_pages(pages: list[dict[str, Any]], asked: Asked, around: Surroundings) -> None:
    """Add to each provider its history, the answer in a sentence, and the region and country beside it."""
    if not pages:
        return
    known = asked.known()
    known = known.assign(when_=when(known)).sort_values("when_", kind="stable")
    wanted = known[known["provider"].isin({person["key"] for person in pages})]
    wanted = wanted.assign(graded_=wanted.index.isin(asked.known(graded=True).index))
    judgements = columns.judgement_columns(wanted)
    start = int(pd.Timestamp(wanted["when_"].min()).year) if len(wanted) else 0
    axis = _Axis(pd.Timestamp(year=start, month=1, day=1), pd.Timestamp(asked.date))
    of_provider: dict[Any, list[dict[Any, Any]]] = {}
    for row in wanted.to_dict("records"):
        of_provider.setdefault(row["provider"], []).append(row)
    regions = bars.beside(asked, around.bars)
    lines = {region: axis.lines(points) for region, points in around.years["lines"].items()}
    of_neighbours = bars.of_these(asked, [person["key"] for person in around.neighbours], around.bars) if around.neighbours else {}
    for person in pages:
        mine = of_provider.get(person["key"], [])
        shown = [name for name in judgements if any(not pd.isna(row[name]) for row in mine)]
        is_first = around.first is not None and person["id"] == around.first["id"]
        person["ticks"] = axis.ticks
        person["bands"], person["marks"] = axis.bands(mine, asked.judgement, asked.scale)
        person["lines"] = [(lines[key], kind) for key, kind in ((person["region_key"], "region"), (None, "all")) if lines.get(key)]
        person["judged_on"] = [in_words(name) for name in shown]
        person["inspections"] = [
            {
                "date": iso_or_blank(row.get("inspection_start")),
                "published": iso_or_blank(row.get("published")),
                "kind": kind_of(row),
                "grades": [shown_grade(row[name], asked.scale) for name in shown],
            }
            for row in reversed(mine)
        ]
        person["beside"] = [
            {
                "label": bar["label"],
                "grade": person["grade"] if bar["name"] == asked.judgement else person["others"][bar["name"]],
                "region": regions.get((bar["name"], person["region"])) if around.has_region else None,
                "neighbours": of_neighbours.get(bar["name"]) if is_first else None,
                "all": bar,
            }
            for bar in around.bars
        ]
        person["neighbours"] = around.neighbours if is_first else []
        person["answer"] = _answer(person, [row for row in mine if row["graded_"]], asked, around)
        person["reports"] = REPORTS + quote(str(person["key"]) if str(person["key"]).isdigit() else person["name"])


def _answer(person: dict[str, Any], mine: list[dict[Any, Any]], asked: Asked, around: Surroundings) -> list[str]:
    """Where the provider stands, since when, what changed, and how others stand, in sentences."""
    sentences = []
    judged = [row for row in mine if not pd.isna(row[asked.judgement])]
    if person["grade"]["place"] >= 0 and judged:
        present = judged[-1][asked.judgement]
        first = len(judged) - 1  # of the unbroken run of the present grade
        while first and judged[first - 1][asked.judgement] == present:
            first -= 1
        since = judged[first]["when_"]
        before = f"; before that it was {str(judged[first - 1][asked.judgement]).lower()}" if first else ""
        sentences.append(
            f"{person['name']} has been {person['grade']['word'].lower()} for {in_words(asked.judgement).lower()} since "
            f"{date_in_words(since)} ({_years(since, asked.day)}){before}."
        )
    else:
        sentences.append(f"{person['name']} has no {in_words(asked.judgement).lower()} judgement by {dates.in_words(asked.day)}.")
    if mine:
        last = mine[-1]["when_"]
        told = f"Its last graded inspection was on {date_in_words(last)}, {_years(last, asked.day)} before {dates.in_words(asked.day)}"
        sentences.append(told + (", and made no such judgement." if person["newer"] else "."))
    if asked.scale.threshold_column is not None:
        first_row = person["beside"][0]
        shares = [
            (f"in {_the(person['region'])}", first_row["region"]),
            (f"in {around.everywhere}" if around.everywhere == "England" else "on this page", first_row["all"]),
            (f"of its {len(person['neighbours'])} statistical neighbours", first_row["neighbours"]),
        ]
        parts = [(where, bar) for where, bar in shares if bar and bar["n_judged"]]
        for place, (where, bar) in enumerate(parts):
            verb = "are" if bar["good"] != 1 else "is"
            noun = f" {around.nouns} {verb} {in_words(asked.scale.threshold_column).lower()}" if not place else ""
            sentences.append(f"{where[0].upper()}{where[1:]} {bar['good']} of {bar['n_judged']}{noun} ({bar['percent']}%).")
    return sentences


def _the(region: str) -> str:
    """A region as one speaks of it."""
    return f"the {region}" if region.startswith(("East", "West", "North", "South")) else region


def _years(since: Any, day: int) -> str:
    """How many years have passed, to one decimal."""
    years = (pd.Timestamp(dates.iso(day)) - pd.Timestamp(since)).days / dates.DAYS_A_YEAR
    return "1.0 year" if f"{years:.1f}" == "1.0" else f"{years:.1f} years"


class _Axis:
    """Days as places in per cent of a chart's width."""

    def __init__(self, start: pd.Timestamp, end: pd.Timestamp) -> None:
        self.start, self.length = start, max((end - start).days, 1)
        years = range(start.year, end.year + 1)
        step = max(1, -(-len(years) // 7))
        self.ticks = [(self.place(pd.Timestamp(year=year, month=1, day=1)), year) for year in years if year % step == 0]

    def place(self, day: Any) -> float:
        return round(100 * (pd.Timestamp(day) - self.start).days / self.length, 2)

    def lines(self, points: list[tuple[Any, float, bool]]) -> list[tuple[str, bool]]:
        """Polylines, x and y in per cent, y downwards, each with whether it is thin: where fewer than half are judged.

        Dates without a share, and before the axis, are left out.
        """
        kept = [
            (f"{self.place(day)},{round(100 - 100 * share, 1)}", whole)
            for day, share, whole in points
            if share == share and day >= self.start
        ]
        begins = next((place for place, (_, whole) in enumerate(kept) if whole), len(kept))
        places = [place for place, _ in kept]
        both = [(" ".join(places[: begins + 1]), True), (" ".join(places[begins:]), False)]
        return [(text, thin) for text, thin in both if " " in text]

    def bands(self, mine: list[dict[Any, Any]], judgement: str, scale: GradeScale) -> tuple[list[Any], list[Any]]:
        """The times for which a grade held, and a mark for each inspection with its words."""
        marks = []
        for row in mine:
            grade = shown_grade(row[judgement], scale)
            marks.append((self.place(row["when_"]), grade["place"], f"{month(row['when_'])}: {grade['word']}"))
        graded = [mark for mark in marks if mark[1] >= 0]
        ends = [*(mark[0] for mark in graded[1:]), 100.0][: len(graded)]  # a provider never judged has no band
        return [(mark[0], round(end - mark[0], 2), mark[1]) for mark, end in zip(graded, ends, strict=True)], marks


def month(date: Any) -> str:
    """``Sep 2024``, short enough for a column."""
    if pd.isna(date):
        return ""
    _, name, year = date_in_words(date).split(" ")
    return f"{name[:3]} {year}"
