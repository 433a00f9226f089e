"""What the page shows, as plain values: counts and names from the table functions, and places in the charts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.change import changes
from ofsted_sif.counts import NO_DAY
from ofsted_sif.datasets import load_inspections, load_local_authorities
from ofsted_sif.plot.canvas import date_in_words, in_words
from ofsted_sif.report import bars, explorer, hexmap, news, people
from ofsted_sif.report.asked import ask, iso_or_blank, shown_grade
from ofsted_sif.scales import GradeScale
from ofsted_sif.table import columns, dates

MAX_PAGES = 400  # providers with a page each; more would make a file too large to send
MAX_LISTED = 3000  # providers in the table of all


def gather(table: Any, *, provider: str | None, neighbours: Any, **asked_for: Any) -> dict[str, Any]:
    """Everything that the template prints; see `write_report` for the parameters."""
    asked = ask(table, **asked_for)
    frame, state, day, judgement, scale = asked.frame, asked.state, asked.day, asked.judgement, asked.scale
    places = hexmap.places_of(state)
    of_authorities = places is not None
    in_england = of_authorities and _is_england(frame, asked.which["register"], day, asked.cutoff)
    if places is not None and not in_england:
        places = places[places["provider"].astype(str).isin(set(state["provider"].astype(str)))]
    nouns = "authorities" if of_authorities else "providers"
    everywhere = "England" if in_england else f"All {len(state)} {nouns} here"

    regions = state["region"].dropna().astype(str).unique() if "region" in state.columns else []
    # A region that holds all of the table says nothing beside the whole.
    has_region = len(regions) > 1 or (len(regions) == 1 and (in_england or bool(state["region"].isna().any())))
    moved = changes(frame, date=asked.date, judgement=judgement, having=judgement, published_by=asked.published_by, **asked.which)
    moved = moved[moved["provider"].isin(set(state["provider"]))]
    everyone = people.providers(asked, moved)
    if neighbours is not None and provider is None:
        raise ValueError("neighbours are those of one provider: say which with provider= (on the command line --provider)")
    first = None if provider is None else people.found(provider, everyone)
    shown_judgements, left_out = bars.of_judgements(asked)
    years = bars.of_years(asked, has_region)
    pages = everyone if len(everyone) <= MAX_PAGES else [] if first is None else [first]
    beside = people.neighbours(neighbours, everyone)
    around = people.Surroundings(years, shown_judgements, everywhere, nouns, has_region, first, beside)
    people.add_pages(pages, asked, around)
    older = int(state["newer_inspection"].notna().sum())
    listed = everyone if len(everyone) <= MAX_LISTED else []
    return {
        "title": _title(of_authorities, in_england, regions, len(state)),
        "noun": "authority" if of_authorities else "provider",
        "nouns": nouns,
        "everywhere": everywhere,
        "scale": scale,
        "judgement": in_words(judgement),
        "threshold": None if scale.threshold_column is None else in_words(scale.threshold_column),
        "date": dates.in_words(day),
        "iso": asked.date,
        "cutoff": None if asked.cutoff == day else dates.in_words(asked.cutoff),
        "overall": shown_judgements[0],
        "older": older,
        "newer_from": _earliest(state["newer_inspection"]),
        "frameworks": _frameworks(state),
        "judgements": shown_judgements,
        "left_out": left_out,
        "map": None if places is None else hexmap.hex_map(places, everyone),
        "regions": bars.of_regions(asked) if has_region else [],
        "years": years["bars"],
        "changes": _changes(moved, everyone, scale),
        "news": news.since_last_year(asked, everyone),
        "latest": news.latest(asked, listed),
        "unjudged": news.without_the_judgement(asked, everyone),
        "people": listed,
        "n_people": len(everyone),
        "columns": [bar["label"] for bar in shown_judgements[1:]],
        "pages": pages,
        "first": first,
        "not_shown": int(frame["provider"].nunique() - state["provider"].isin(set(frame["provider"])).sum()),
        "has_region": has_region,
        "bundled": of_authorities,
        "records": explorer.carried(asked, pages, shown_judgements, nouns) if len(pages) == len(everyone) else None,
    }


# ---- of whom the page tells


def _is_england(frame: pd.DataFrame, register: Any, day: int, cutoff: int) -> bool:
    """Whether the table, with its register, has every authority of England that was open on the day and had been judged by the cut-off."""
    held = {str(key) for key in frame["provider"]}
    if register is not None:
        held |= {str(key) for key in columns.as_frame(register)["provider"]}
    authorities = load_local_authorities()
    days = {name: dates.days_of(authorities[name], name) for name in ("opened", "closed") if name in authorities.columns}
    is_open = np.ones(len(authorities), dtype=bool)
    if "opened" in days:
        is_open &= (days["opened"] == NO_DAY) | (days["opened"] <= day)
    if "closed" in days:
        is_open &= (days["closed"] == NO_DAY) | (days["closed"] > day)
    inspections = load_inspections()
    judged = set(inspections.loc[dates.days_of(inspections["published"], "published") <= cutoff, "provider"].astype(str))
    return {str(key) for key in authorities.loc[is_open, "provider"]} & judged <= held


def _title(of_authorities: bool, in_england: bool, regions: Any, n: int) -> str:
    """What the page is about: all of England, one region, or so many authorities; nothing more than the table holds."""
    if not of_authorities:
        return "Inspection outcomes"
    if in_england:
        return "Children’s services in England"
    authorities = "1 local authority" if n == 1 else f"{n} local authorities"
    return f"Children’s services: {authorities}" + (f", {regions[0]}" if len(regions) == 1 else "")


# ---- who changed


def _changes(moved: pd.DataFrame, everyone: list[dict[str, Any]], scale: GradeScale) -> dict[str, Any]:
    by_key = {person["key"]: person for person in everyone}
    rows = [
        {
            "person": by_key[row["provider"]],
            "previous": shown_grade(row["previous"], scale),
            "latest": shown_grade(row["latest"], scale),
            "when": people.month(row["latest_inspected"]),
            "iso": iso_or_blank(row["latest_inspected"]),
            "change": row["change"],
        }
        for row in moved.sort_values("latest_inspected", ascending=False, kind="stable").to_dict("records")
    ]
    return {kind: [row for row in rows if row["change"] == kind] for kind in ("improved", "same", "declined")} | {"all": rows}


def _earliest(dates: pd.Series) -> str:
    return date_in_words(dates.min()) if dates.notna().any() else ""


def _frameworks(state: pd.DataFrame) -> list[tuple[str, int]]:
    if "framework" not in state.columns:
        return []
    return [(str(name), int(number)) for name, number in state["framework"].value_counts(sort=False).items() if number]
