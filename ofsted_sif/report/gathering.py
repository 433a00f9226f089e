"""What the page shows, as plain values: counts and names from the table functions, and places in the charts."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.aggregation import aggregate
from ofsted_sif.change import changes
from ofsted_sif.counts import NO_DAY
from ofsted_sif.datasets import load_hex_map
from ofsted_sif.intervals import percent
from ofsted_sif.plot.canvas import date_in_words, in_words
from ofsted_sif.plot.hexagons import borders, centre, corners, short_names
from ofsted_sif.report.naming import england_beside, whose
from ofsted_sif.scales import GradeScale, grades, infer_scale
from ofsted_sif.snapshots import as_at, series
from ofsted_sif.table import columns, dates
from ofsted_sif.table.providers import find_provider

MAX_PAGES = 400  # providers with a page each; more would make a file too large to send
MAX_LISTED = 3000  # providers in the table of all
MAX_YEARS = 12
_DATES = ("inspection_start", "inspection_end", "published", "opened", "closed")


def gather(
    table: Any, *, provider: str | None, date: Any, published_by: Any, framework: Any, register: Any, judgement: str | None
) -> dict[str, Any]:
    """Everything that the template prints; see `write_report` for the parameters."""
    frame = _understood(columns.as_frame(table))
    held = [name for name in columns.judgement_columns(frame) if frame[name].notna().any()]
    if not held:
        raise ValueError(f"the table has no judgement with a grade (its columns: {', '.join(map(str, frame.columns))})")
    if judgement is None:
        judgement = "overall_effectiveness" if "overall_effectiveness" in held else held[0]
    scale = infer_scale(columns.column(frame, judgement, "judgement"))
    day = _last_day(frame) if date is None else dates.day(date, "as_at")
    when = {"published_by": published_by, "framework": framework, "register": register}
    newest = as_at(frame, dates.iso(day), **when)
    state = as_at(frame, dates.iso(day), having=judgement, **when)
    if not len(state):
        raise ValueError(f"no provider of the table has been judged on {in_words(judgement).lower()} by {dates.in_words(day)}")
    cutoff = newest.attrs["published_by"]
    in_force = _by_cutoff(frame, day, dates.day(cutoff, "published_by"))
    places = _places(state)
    held_keys = [*frame["provider"], *([] if register is None else columns.as_frame(register)["provider"])]
    of_whom = whose(state, held_keys, day, dates.day(cutoff, "published_by"))
    if places is not None and not of_whom.in_england:
        places = places[places["provider"].astype(str).isin(set(state["provider"].astype(str)))]

    # A region that holds all of the table says nothing beside the whole.
    n_regions = len(of_whom.regions)
    has_region = n_regions > 1 or (n_regions == 1 and (of_whom.in_england or bool(state["region"].isna().any())))
    years = _years(frame, day, judgement, when, published_by, has_region)
    moved = changes(frame, date=dates.iso(day), judgement=judgement, having=judgement, **when)
    moved = moved[moved["provider"].isin(set(state["provider"]))]
    people = _providers(state, newest, moved, judgement, held, scale)
    first = None if provider is None else _found(provider, people)
    shown_judgements, left_out = _judgements(state, newest, judgement, held, scale)
    pages = people if len(people) <= MAX_PAGES else [] if first is None else [first]
    _add_pages(pages, in_force, years, shown_judgements, newest, state, judgement, day, scale)
    overall = aggregate(state, judgement=judgement).iloc[0]
    older = int(state["newer_inspection"].notna().sum())
    return {
        "title": of_whom.title,
        "noun": of_whom.noun,
        "nouns": of_whom.nouns,
        "everywhere": of_whom.everywhere,
        "scale": scale,
        "judgement": in_words(judgement),
        "threshold": None if scale.threshold_column is None else in_words(scale.threshold_column),
        "date": dates.in_words(day),
        "cutoff": None if dates.day(cutoff, "published_by") == day else date_in_words(cutoff),
        "overall": _bar(in_words(judgement), overall, scale),
        "older": older,
        "newer_from": _earliest(state["newer_inspection"]),
        "frameworks": _frameworks(state),
        "judgements": shown_judgements,
        "left_out": left_out,
        "map": None if places is None else _map(places, people, state),
        "regions": _regions(state, judgement, scale) if has_region else [],
        "years": years["bars"],
        "changes": _changes(moved, people, scale),
        "people": people if len(people) <= MAX_LISTED else [],
        "n_people": len(people),
        "columns": [in_words(name) for name in _others(judgement, shown_judgements)],
        "pages": pages,
        "first": first,
        "not_shown": int(frame["provider"].nunique() - state["provider"].isin(set(frame["provider"])).sum()),
        "has_region": has_region,
        "england": england_beside(of_whom, judgement, dates.iso(day), published_by, framework),
        "bundled": of_whom.of_authorities,
    }


# ---- the table


def _understood(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with its grades and dates as such, so that nothing later has to ask."""
    columns.column(frame, "provider", "provider")
    better: dict[str, Any] = {}
    for name in columns.judgement_columns(frame):
        better[name] = grades(frame[name], infer_scale(frame[name]), column=name)
    for name in _DATES:
        if name in frame.columns:
            better[name] = dates.dates_of(dates.days_of(columns.column(frame, name, name), name))
    return frame.assign(**better)


def _last_day(frame: pd.DataFrame) -> int:
    for name in ("published", "inspection_start"):
        if name in frame.columns:
            last = dates.days_of(columns.column(frame, name, name), name).max(initial=NO_DAY)
            if last > NO_DAY:
                return int(last)
    raise ValueError("the table has no dates: give as_at (on the command line --as-at)")


def _by_cutoff(frame: pd.DataFrame, day: int, cutoff: int) -> pd.DataFrame:
    """The inspections held by the date and published by the cut-off: what was known then."""
    held = (
        dates.days_of(columns.column(frame, "inspection_start", "inspected"), "inspection_start")
        if "inspection_start" in frame.columns
        else np.full(len(frame), NO_DAY)
    )
    published = (
        dates.days_of(columns.column(frame, "published", "published"), "published")
        if "published" in frame.columns
        else np.full(len(frame), NO_DAY)
    )
    return frame[(held <= day) & (published <= cutoff)]


def _others(judgement: str, bars: list[dict[str, Any]]) -> list[str]:
    return [bar["name"] for bar in bars if bar["name"] != judgement]


# ---- bars


def _bar(label: str, row: Any, scale: GradeScale) -> dict[str, Any]:
    """One stacked bar: its parts in per cent of its length, best first, and its counts."""
    counts = [int(row[name]) for name in scale.columns]
    judged = int(row["n_judged"])
    parts, start = [], 0.0
    for place, count in enumerate(counts):
        width = 100 * count / judged if judged else 0.0
        if count:
            parts.append(
                {"x": round(start, 3), "width": round(width, 3), "middle": round(start + width / 2, 3), "grade": place, "count": count}
            )
        start += width
    good = None if scale.threshold_column is None else int(row[scale.threshold_column])
    return {
        "label": label,
        "parts": parts,
        "counts": counts,
        "n": int(row["n"]),
        "n_judged": judged,
        "good": good,
        "percent": None if good is None or not judged else int(percent(np.array([good]), np.array([judged]))[0]),
        "lower": None if good is None or not judged else round(float(row["lower"]), 4),
        "upper": None if good is None or not judged else round(float(row["upper"]), 4),
    }


def _judgements(
    state: pd.DataFrame, newest: pd.DataFrame, judgement: str, held: list[str], scale: GradeScale
) -> tuple[list[dict[str, Any]], list[str]]:
    """A bar a judgement on this scale, the headline's as last made; those that fewer than half have are named and left out."""
    bars, left_out = [], []
    for name in [judgement, *(other for other in held if other != judgement)]:
        if infer_scale(newest[name]) != scale:
            left_out.append(in_words(name))
            continue
        bar = _bar(in_words(name), aggregate(state if name == judgement else newest, judgement=name, scale=scale).iloc[0], scale)
        if name == judgement or 2 * bar["n_judged"] >= bar["n"]:
            bars.append({"name": name, **bar})
        else:
            left_out.append(in_words(name))
    return bars, left_out


def _regions(state: pd.DataFrame, judgement: str, scale: GradeScale) -> list[dict[str, Any]]:
    counted = aggregate(state, "region", judgement=judgement)
    bars = [
        _bar("Not stated" if pd.isna(row["region"]) else str(row["region"]), row, scale) for row in counted.to_dict("records") if row["n"]
    ]
    if scale.threshold_column is not None:
        bars.sort(key=lambda bar: -1.0 if not bar["n_judged"] else bar["good"] / bar["n_judged"], reverse=True)
    return bars


# ---- years


def _years(frame: pd.DataFrame, day: int, judgement: str, when: dict[str, Any], published_by: Any, has_region: bool) -> dict[str, Any]:
    """The state on this day of each year, with a cut-off that stands as far behind it; by region too."""
    last = pd.Timestamp(dates.iso(day))
    years = [last - pd.DateOffset(years=back) for back in range(MAX_YEARS, -1, -1)]
    if published_by is not None and not dates.is_offset(published_by):
        published_by = pd.Timestamp(dates.iso(dates.day(published_by, "published_by"))) - last
    options = {**when, "published_by": published_by, "having": judgement, "judgement": judgement}
    counted = series(frame, years, **options)
    counted = counted[counted["n_judged"].cummax() > 0]
    scale = infer_scale(frame[judgement])
    bars = [
        {"date": dates.in_words(dates.day(row["as_at"], "as_at")), **_bar(f"{row['as_at']:%Y}", row, scale)}
        for row in counted.to_dict("records")
    ]
    share = "" if scale.threshold_column is None else f"share_{scale.threshold_column}"
    lines: dict[Any, Any] = {}
    if share:
        lines[None] = list(zip(counted["as_at"], counted[share], strict=True))
        if has_region:
            by_region = series(frame, list(counted["as_at"]), "region", **options)
            for region, rows in by_region.groupby("region", observed=True):
                lines[region] = list(zip(rows["as_at"], rows[share], strict=True))
    return {"bars": bars, "lines": lines}


# ---- who changed


def _changes(moved: pd.DataFrame, people: list[dict[str, Any]], scale: GradeScale) -> dict[str, Any]:
    by_key = {person["key"]: person for person in people}
    rows = [
        {
            "person": by_key[row["provider"]],
            "previous": _grade(row["previous"], scale),
            "latest": _grade(row["latest"], scale),
            "date": row["latest_inspected"],
            "when": _month(row["latest_inspected"]),
            "iso": f"{row['latest_inspected']:%Y-%m-%d}",
            "change": row["change"],
        }
        for row in moved.sort_values("latest_inspected", ascending=False, kind="stable").to_dict("records")
    ]
    return {kind: [row for row in rows if row["change"] == kind] for kind in ("improved", "same", "declined")} | {"all": rows}


# ---- providers


def _grade(value: Any, scale: GradeScale) -> dict[str, Any]:
    """A grade as its word and its place, best 0; without one, a dash."""
    if pd.isna(value):
        return {"word": "Not judged", "place": -1}
    return {"word": str(value), "place": scale.labels.index(value) if value in scale.labels else -1}


def _providers(
    state: pd.DataFrame, newest: pd.DataFrame, moved: pd.DataFrame, judgement: str, held: list[str], scale: GradeScale
) -> list[dict[str, Any]]:
    names = (state["provider_name"] if "provider_name" in state.columns else state["provider"]).astype(object)
    names = [str(key) if pd.isna(name) else str(name) for name, key in zip(names, state["provider"], strict=True)]
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
                "grade": _grade(row[judgement], scale),
                "date": _month(date),
                "day": "" if pd.isna(date) else date_in_words(date),
                "iso": "" if pd.isna(date) else f"{date:%Y-%m-%d}",
                "newer": "" if pd.isna(row["newer_inspection"]) else date_in_words(row["newer_inspection"]),
                "change": "" if pd.isna(change_of.get(key)) else str(change_of[key]),
                "others": {other: _grade(latest[other], scale) for other in held},
            }
        )
    shared = pd.Series([person["name"] for person in people]).duplicated(keep=False)
    for person, twice in zip(people, shared, strict=True):
        person["label"] = f"{person['name']} ({person['key']})" if twice else person["name"]
    return sorted(people, key=lambda person: (person["name"].casefold(), str(person["key"])))


def _found(asked: str, people: list[dict[str, Any]]) -> dict[str, Any]:
    """The provider that was asked for, by key or by name."""
    by_key = {person["key"]: person for person in people}
    names = pd.DataFrame({"name": [person["name"] for person in people], "key": [*by_key]})
    return by_key[find_provider(asked, by_key, names, among="among those open and judged on the date")]


def _add_pages(
    pages: list[dict[str, Any]],
    inspections: pd.DataFrame,
    years: dict[str, Any],
    bars: list[dict[str, Any]],
    newest: pd.DataFrame,
    state: pd.DataFrame,
    judgement: str,
    day: int,
    scale: GradeScale,
) -> None:
    """Add to each provider its history, and the region and country beside it."""
    if not pages:
        return
    inspections = inspections.assign(when_=_when(inspections)).sort_values("when_", kind="stable")
    wanted = inspections[inspections["provider"].isin({person["key"] for person in pages})]
    start = int(pd.Timestamp(wanted["when_"].min()).year) if len(wanted) else 0
    axis = _Axis(pd.Timestamp(year=start, month=1, day=1), pd.Timestamp(dates.iso(day)))
    of_provider = dict(iter(wanted.groupby("provider", observed=True)))
    beside = _beside(state, newest, bars, judgement, scale)
    lines = {region: axis.line(points) for region, points in years["lines"].items()}
    for person in pages:
        mine = of_provider.get(person["key"], wanted.iloc[:0])
        shown = [name for name in columns.judgement_columns(mine) if mine[name].notna().any()]
        person["ticks"] = axis.ticks
        person["bands"], person["marks"] = axis.bands(mine, judgement, scale)
        person["lines"] = [(lines[key], kind) for key, kind in ((person["region_key"], "region"), (None, "all")) if lines.get(key)]
        person["judged_on"] = [in_words(name) for name in shown]
        person["inspections"] = [
            {
                "date": "" if pd.isna(row.get("inspection_start")) else f"{row['inspection_start']:%Y-%m-%d}",
                "published": "" if pd.isna(row.get("published")) else f"{row['published']:%Y-%m-%d}",
                "kind": " ".join(str(row[name]) for name in ("framework", "inspection_type") if not pd.isna(row.get(name))),
                "grades": [_grade(row[name], scale) for name in shown],
            }
            for row in mine.iloc[::-1].to_dict("records")
        ]
        person["beside"] = [
            {
                "label": bar["label"],
                "grade": person["grade"] if bar["name"] == judgement else person["others"][bar["name"]],
                "region": beside.get((bar["name"], person["region"])),
                "all": bar,
            }
            for bar in bars
        ]


def _beside(
    state: pd.DataFrame, newest: pd.DataFrame, bars: list[dict[str, Any]], judgement: str, scale: GradeScale
) -> dict[tuple[str, str], dict[str, Any]]:
    """The bar of each judgement and region."""
    if "region" not in state.columns:
        return {}
    found = {}
    for bar in bars:
        counted = aggregate(state if bar["name"] == judgement else newest, "region", judgement=bar["name"], scale=scale)
        for row in counted.to_dict("records"):
            found[bar["name"], "" if pd.isna(row["region"]) else str(row["region"])] = _bar("", row, scale)
    return found


class _Axis:
    """Days as places in per cent of a chart's width."""

    def __init__(self, start: pd.Timestamp, end: pd.Timestamp) -> None:
        self.start, self.length = start, max((end - start).days, 1)
        years = range(start.year, end.year + 1)
        step = max(1, -(-len(years) // 7))
        self.ticks = [(self.place(pd.Timestamp(year=year, month=1, day=1)), year) for year in years if year % step == 0]

    def place(self, day: Any) -> float:
        return round(100 * (pd.Timestamp(day) - self.start).days / self.length, 2)

    def line(self, points: list[tuple[Any, float]]) -> str:
        """Points of a polyline, x and y in per cent, y downwards; dates without a share, and before the axis, are left out."""
        return " ".join(f"{self.place(day)},{round(100 - 100 * share, 1)}" for day, share in points if share == share and day >= self.start)

    def bands(self, mine: pd.DataFrame, judgement: str, scale: GradeScale) -> tuple[list[Any], list[Any]]:
        """The times for which a grade held, and a mark for each inspection with its words."""
        marks = []
        for row in mine.to_dict("records"):
            grade = _grade(row[judgement], scale)
            marks.append((self.place(row["when_"]), grade["place"], f"{_month(row['when_'])}: {grade['word']}"))
        graded = [mark for mark in marks if mark[1] >= 0]
        ends = [*(mark[0] for mark in graded[1:]), 100.0][: len(graded)]  # a provider never judged has no band
        return [(mark[0], round(end - mark[0], 2), mark[1]) for mark, end in zip(graded, ends, strict=True)], marks


def _when(inspections: pd.DataFrame) -> pd.Series:
    found = [inspections[name] for name in ("inspection_start", "published") if name in inspections.columns]
    return found[0] if len(found) == 1 else found[0].fillna(found[1])


def _month(date: Any) -> str:
    """``Sep 2024``, short enough for a column."""
    if pd.isna(date):
        return ""
    _, month, year = date_in_words(date).split(" ")
    return f"{month[:3]} {year}"


def _earliest(dates: pd.Series) -> str:
    return date_in_words(dates.min()) if dates.notna().any() else ""


def _frameworks(state: pd.DataFrame) -> list[tuple[str, int]]:
    if "framework" not in state.columns:
        return []
    return [(str(name), int(number)) for name, number in state["framework"].value_counts(sort=False).items() if number]


# ---- the map


def _places(state: pd.DataFrame) -> pd.DataFrame | None:
    """The hexagons, where most providers of the table have one."""
    hexagons = load_hex_map()
    on_map = state["provider"].astype(str).isin(set(hexagons["provider"].astype(str)))
    return hexagons if 2 * on_map.sum() >= len(state) else None


def _map(places: pd.DataFrame, people: list[dict[str, Any]], state: pd.DataFrame) -> dict[str, Any]:
    """Hexagons in units of a pixel, from the north downwards, those of a row from west to east."""
    size = 44
    by_key = {str(person["key"]): person for person in people}
    top = max(centre(0, r)[1] for r in places["r"]) + 0.6
    left = min(centre(q, r)[0] for q, r in zip(places["q"], places["r"], strict=True)) - 0.55
    right = max(centre(q, r)[0] for q, r in zip(places["q"], places["r"], strict=True)) + 0.55

    def pixel(point: tuple[float, float]) -> tuple[float, float]:
        return round((point[0] - left) * size, 1), round((top - point[1]) * size, 1)

    short = dict(zip(places["provider"], short_names([str(name) for name in places["provider_name"]]), strict=True))
    bottom = min(centre(0, r)[1] for r in places["r"]) - 0.6
    hexes: list[dict[str, Any]] = []
    region = {}
    for row in places.sort_values(["r", "q"], ascending=[False, True]).to_dict("records"):
        person = by_key.get(str(row["provider"]))
        x, y = pixel(centre(row["q"], row["r"]))
        points = " ".join(f"{px:g},{py:g}" for px, py in map(pixel, corners(row["q"], row["r"])))
        hexes.append(
            {
                "person": person,
                "name": str(row["provider_name"]),
                "short": short[row["provider"]],
                "x": x,
                "y": y,
                "points": points,
            }
        )
        if person is not None and person["region"]:
            region[row["q"], row["r"]] = person["region"]
    lines = [(*pixel(a), *pixel(b)) for a, b in borders(region)]
    off = [person["label"] for person in people if str(person["key"]) not in set(places["provider"].astype(str))]
    return {
        "hexes": hexes,
        "lines": lines,
        "off": off,
        "none": any(hex["person"] is None or hex["person"]["grade"]["place"] < 0 for hex in hexes),
        "width": round((right - left) * size),
        "height": round((top - bottom) * size),
    }
