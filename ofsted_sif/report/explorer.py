"""What the page carries so that it can count any date itself: the graded inspections, as numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.counts import NO_DAY
from ofsted_sif.plot.canvas import in_words
from ofsted_sif.report.asked import Asked
from ofsted_sif.table import columns
from ofsted_sif.table.columns import Columns
from ofsted_sif.table.eligible import Which
from ofsted_sif.table.inspections import observe
from ofsted_sif.table.keys import label_codes

MAX_ROWS = 5000  # more would make a file too large to send


def carried(asked: Asked, people: list[dict[str, Any]], bars: list[dict[str, Any]], nouns: str) -> str | None:
    """The records as JSON that can stand in the text of a page, or None where the page cannot answer for other dates.

    Rows are in order of provider and time, so that a provider's state is the last of its rows that had taken place and were published.
    A table that does not know every provider from the beginning has no answer for earlier dates.
    """
    if "known_from" in asked.frame.columns or len(asked.frame) > MAX_ROWS or not len(people):
        return None
    seen = observe(asked.frame, Columns(), Which(asked.which["framework"], None, asked.which["register"]))
    records = seen.histories
    order, _ = counts.order_records(records.provider, *records.dates.columns, n_providers=len(records.providers))
    order = order[seen.may_count.graded_in_framework[order]]
    judgements = [bar["name"] for bar in bars]
    codes = [_places(asked, name)[order].tolist() for name in judgements]
    frameworks, framework_of = _labels(asked.frame.iloc[order], "framework")
    regions, region_of = _labels(asked.frame, "region")
    published = np.full(len(asked.frame), NO_DAY) if records.dates.published is None else records.dates.published
    rows = zip(
        *(records.provider[order].tolist(), *(_days(days[order]) for days in (records.dates.inspected, published))),
        *(framework_of.tolist(), region_of[order].tolist()),
        *codes,
        strict=True,
    )
    first = records.dates.dated_at(order).min() if len(order) else asked.day
    told = {
        "day": asked.day,
        "stops": [*_month_ends(max(int(first), _day("2014-01-01")), asked.day), asked.day],
        "labels": list(asked.scale.labels),
        "goodEnough": asked.scale.n_good_enough if asked.scale.threshold_column is not None else 0,
        "threshold": None if asked.scale.threshold_column is None else in_words(asked.scale.threshold_column),
        "nouns": nouns,
        "judgements": [in_words(name) for name in judgements],
        "frameworks": frameworks,
        "regions": regions,
        "providers": _providers(asked, seen, people, regions),
        "rows": [list(row) for row in rows],
    }
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


def _places(asked: Asked, judgement: str) -> np.ndarray:
    """The place of each grade on the scale, best 0; -1 without one."""
    codes = columns.grade_codes(asked.frame, judgement, asked.scale)[0].astype(np.int64)
    return np.where(codes < 0, -1, len(asked.scale.labels) - 1 - codes)


def _labels(frame: pd.DataFrame, name: str) -> tuple[list[str], np.ndarray]:
    """The labels of a column, and the place of each row's among them; -1 without one."""
    if name not in frame.columns:
        return [], np.full(len(frame), -1)
    values = frame[name]
    codes, labels = label_codes(values.cat.remove_unused_categories() if isinstance(values.dtype, pd.CategoricalDtype) else values)
    return [str(label) for label in labels], np.asarray(codes, dtype=np.int64)


def _days(days: np.ndarray) -> list[int | None]:
    """Days since 1970; None where there is none."""
    return [None if day == NO_DAY else day for day in days.tolist()]


def _day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))


def _month_ends(first: int, last: int) -> list[int]:
    """The last day of each month from one day to the day before another."""
    months = np.arange(
        np.int64(first).view("datetime64[D]").astype("datetime64[M]"), np.int64(last).view("datetime64[D]").astype("datetime64[M]") + 1
    )
    ends = (months + 1).astype("datetime64[D]").astype(np.int64) - 1
    return [int(day) for day in ends if first <= day < last]


def _providers(asked: Asked, seen: Any, people: list[dict[str, Any]], regions: list[str]) -> list[list[Any]]:
    """Of each provider its key, name, page, first and last day but one, whether the register has it, and there its region."""
    records, register = seen.histories, seen.register
    keys = [str(key) for key in np.asarray(records.providers)]
    page_of = {str(person["key"]): person["id"] if "inspections" in person else "" for person in people}
    names: dict[str, str] = {}
    region_of: dict[str, int] = {}
    for frame in (register, asked.frame):
        if frame is not None and "provider_name" in frame.columns:
            named = frame["provider_name"].notna()
            names |= dict(zip(frame["provider"][named].astype(str), frame["provider_name"][named].astype(str), strict=True))
    if register is not None and "region" in register.columns and "region" in asked.frame.columns:
        for key, region in zip(register["provider"].astype(str), register["region"].astype(object), strict=True):
            if not pd.isna(region):
                if str(region) not in regions:
                    regions.append(str(region))
                region_of[key] = regions.index(str(region))
    shared = pd.Series([names.get(key, key) for key in keys]).duplicated(keep=False)
    opened, closed = ([None] * len(keys) if days is None else _days(days) for days in (records.opened, records.closed))
    return [
        [
            key,
            f"{names[key]} ({key})" if twice and key in names else names.get(key, key),
            page_of.get(key, ""),
            start,
            end,
            int(register is not None),
            region_of.get(key, -1),
        ]
        for key, twice, start, end in zip(keys, shared, opened, closed, strict=True)
    ]
