"""What the page shows, as plain values: counts and names from the table functions, and places in the charts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ofsted_sif.change import changes
from ofsted_sif.errors import IncompleteHistoryError
from ofsted_sif.plot.canvas import date_in_words, in_words
from ofsted_sif.report import bars, explorer, hexmap, news, people
from ofsted_sif.report.asked import Asked, ask, iso_or_blank, shown_grade
from ofsted_sif.report.naming import england_beside, whose
from ofsted_sif.scales import GradeScale
from ofsted_sif.table import columns, dates
from ofsted_sif.table.known import complete_to

MAX_PAGES = 400  # providers with a page each; more would make a file too large to send
MAX_LISTED = 3000  # providers in the table of all


def gather(table: Any, *, provider: str | None, neighbours: Any, **asked_for: Any) -> dict[str, Any]:
    """Everything that the template prints; see `write_report` for the parameters."""
    asked = ask(table, **asked_for)
    frame, state, day, judgement, scale = asked.frame, asked.state, asked.day, asked.judgement, asked.scale
    places = hexmap.places_of(state)
    register = asked.which["register"]
    held_keys = [*frame["provider"], *([] if register is None else columns.as_frame(register)["provider"])]
    of_whom = whose(state, held_keys, day, asked.cutoff)
    if places is not None and not of_whom.in_england:
        places = places[places["provider"].astype(str).isin(set(state["provider"].astype(str)))]
    # A region that holds all of the table says nothing beside the whole.
    n_regions = len(of_whom.regions)
    has_region = n_regions > 1 or (n_regions == 1 and (of_whom.in_england or bool(state["region"].isna().any())))
    moved = _moved(asked)
    everyone = people.providers(asked, moved)
    if neighbours is not None and provider is None:
        raise ValueError("neighbours are those of one provider: say which with provider= (on the command line --provider)")
    first = None if provider is None else people.found(provider, everyone)
    shown_judgements, left_out = bars.of_judgements(asked)
    years = bars.of_years(asked, has_region)
    pages = everyone if len(everyone) <= MAX_PAGES else [] if first is None else [first]
    beside = people.neighbours(neighbours, everyone)
    around = people.Surroundings(years, shown_judgements, of_whom.everywhere, of_whom.nouns, has_region, first, beside)
    people.add_pages(pages, asked, around)
    older = int(state["newer_inspection"].notna().sum())
    listed = everyone if len(everyone) <= MAX_LISTED else []
    return {
        "title": of_whom.title,
        "noun": of_whom.noun,
        "nouns": of_whom.nouns,
        "everywhere": of_whom.everywhere,
        "scale": scale,
        "judgement": in_words(judgement),
        "threshold": None if scale.threshold_column is None else in_words(scale.threshold_column),
        "date": dates.in_words(day),
        "iso": asked.date,
        "cutoff": None if asked.cutoff == day else dates.in_words(asked.cutoff),
        "overall": shown_judgements[0],
        "not_known": _not_known(asked, years["n_not_known"], of_whom.nouns),
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
        "england": england_beside(of_whom, judgement, asked.date, asked.published_by, asked.which["framework"]),
        "bundled": of_whom.of_authorities,
        "records": explorer.carried(asked, pages, shown_judgements, of_whom.nouns) if len(pages) == len(everyone) else None,
    }


# ---- what the table does not know


def _not_known(asked: Asked, n_years: int, nouns: str) -> list[str]:
    """What is to be said of a date beyond the data, and of a table that is no history."""
    said = []
    end = complete_to(asked.frame.attrs)
    if end is not None and asked.day > end:
        said.append(f"The table is complete to {dates.in_words(end)}: what was found after that day is not in it.")
    if asked.newest.attrs["of_one_period"]:
        said.append(f"The table has the inspections of one period only: {nouns} that were not inspected in it are not shown.")
    if n_unknown := asked.newest.attrs["n_unknown"]:
        said.append(f"Of {n_unknown:,} further {nouns} the grades of this day are not known: the table has their later inspections only.")
    if n_years:
        said.append(f"{n_years} earlier years are not shown: the table has the latest inspections, and not all of those before.")
    return said


# ---- who changed


def _moved(asked: Asked) -> pd.DataFrame:
    """The changes of those shown; none where the table does not have the inspections before."""
    options = {"date": asked.date, "judgement": asked.judgement, "having": asked.judgement, "published_by": asked.published_by}
    try:
        moved = changes(asked.frame, **options, **asked.which)
    except IncompleteHistoryError:
        return changes(asked.frame, incomplete="allow", **options, **asked.which)[:0]
    return moved[moved["provider"].isin(set(asked.state["provider"]))]


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
