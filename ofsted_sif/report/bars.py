"""Counts as stacked bars: of judgements, regions and years, and the lines of a share over the years."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.aggregation import aggregate
from ofsted_sif.intervals import percent
from ofsted_sif.plot.canvas import in_words
from ofsted_sif.report.asked import Asked
from ofsted_sif.scales import GradeScale, infer_scale
from ofsted_sif.snapshots import series
from ofsted_sif.table import dates

MAX_YEARS = 12


def bar(label: str, row: Any, scale: GradeScale) -> dict[str, Any]:
    """One stacked bar: its parts in per cent of its length, best first, and its counts; bounds in per cent."""
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
        "lower": None if good is None or not judged else f"{100 * row['lower']:.1f}",
        "upper": None if good is None or not judged else f"{100 * row['upper']:.1f}",
    }


def of_judgements(asked: Asked) -> tuple[list[dict[str, Any]], list[str]]:
    """One bar per judgement on this scale, the headline's as last made; those that fewer than half have are named and left out."""
    bars, left_out = [], []
    for name in [asked.judgement, *(other for other in asked.held if other != asked.judgement)]:
        if infer_scale(asked.newest[name]) != asked.scale:
            left_out.append(in_words(name))
            continue
        found = bar(in_words(name), aggregate(_state_of(asked, name), judgement=name, scale=asked.scale).iloc[0], asked.scale)
        if name == asked.judgement or 2 * found["n_judged"] >= found["n"]:
            bars.append({"name": name, **found})
        else:
            left_out.append(in_words(name))
    return bars, left_out


def _state_of(asked: Asked, judgement: str) -> pd.DataFrame:
    """The headline's judgement as last made, the others by the newest inspection."""
    return asked.state if judgement == asked.judgement else asked.newest


def of_regions(asked: Asked) -> list[dict[str, Any]]:
    """One bar per region, the highest share first."""
    counted = aggregate(asked.state, "region", judgement=asked.judgement)
    bars = [
        bar("Not stated" if pd.isna(row["region"]) else str(row["region"]), row, asked.scale)
        for row in counted.to_dict("records")
        if row["n"]
    ]
    if asked.scale.threshold_column is not None:
        bars.sort(key=lambda found: -1.0 if not found["n_judged"] else found["good"] / found["n_judged"], reverse=True)
    return bars


def beside(asked: Asked, bars: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The bar of each judgement and region."""
    if "region" not in asked.state.columns:
        return {}
    found = {}
    for one in bars:
        counted = aggregate(_state_of(asked, one["name"]), "region", judgement=one["name"], scale=asked.scale)
        for row in counted.to_dict("records"):
            found[one["name"], "" if pd.isna(row["region"]) else str(row["region"])] = bar("", row, asked.scale)
    return found


def of_these(asked: Asked, keys: list[Any], bars: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The bar of some providers, by judgement."""
    found = {}
    for one in bars:
        state = _state_of(asked, one["name"])
        chosen = state[state["provider"].isin(keys)]
        found[one["name"]] = bar("", aggregate(chosen, judgement=one["name"], scale=asked.scale).iloc[0], asked.scale)
    return found


def of_years(asked: Asked, has_region: bool) -> dict[str, Any]:
    """The state on this day of each year, with a cut-off that stands as far behind it; by region too.

    Years in which the table does not have the state of every provider are left out.
    """
    last = pd.Timestamp(asked.date)
    years = [last - pd.DateOffset(years=back) for back in range(MAX_YEARS, -1, -1)]
    published_by = asked.published_by
    if published_by is not None and not dates.is_offset(published_by):
        published_by = pd.Timestamp(dates.iso(asked.cutoff)) - last
    options = {**asked.which, "published_by": published_by, "having": asked.judgement, "judgement": asked.judgement}
    counted = series(asked.frame, years, incomplete="allow", **options)
    is_known = counted["n_unknown"] == 0
    if asked.newest.attrs["of_one_period"]:
        is_known &= counted["as_at"] == last
    begun = counted["n_judged"].cummax() > 0
    n_not_known = int((begun & ~is_known).sum())
    counted = counted[begun & is_known]
    bars = [
        {
            "date": dates.in_words(dates.day(row["as_at"], "as_at")),
            "iso": f"{row['as_at']:%Y-%m-%d}",
            **bar(f"{row['as_at']:%Y}", row, asked.scale),
        }
        for row in counted.to_dict("records")
    ]
    share = "" if asked.scale.threshold_column is None else f"share_{asked.scale.threshold_column}"
    lines: dict[Any, Any] = {}
    if share:
        lines[None] = _points(counted, share, len(asked.state))
        if has_region:
            sizes = asked.state["region"].value_counts()
            by_region = series(asked.frame, list(counted["as_at"]), "region", incomplete="allow", **options)
            for region, rows in by_region.groupby("region", observed=True):
                lines[region] = _points(rows, share, int(sizes.get(region, 0)))
    return {"bars": bars, "lines": lines, "n_not_known": n_not_known}


def _points(rows: pd.DataFrame, share: str, size: int) -> list[tuple[Any, float, bool]]:
    """Date, share, and whether it stands on at least half of the providers: of those open then or now, whichever are more."""
    whole = 2 * rows["n_judged"] >= rows["n"].clip(lower=size)
    return list(zip(rows["as_at"], rows[share], whole, strict=True))
