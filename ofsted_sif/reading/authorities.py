"""Local authorities by name: every spelling that Ofsted's files use leads to the ONS code of the bundled table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.datasets import load_local_authorities
from ofsted_sif.reading.layouts import aliases, form

_JOINED = ("provider_name", "region", "ofsted_region", "opened", "closed")


@cache
def _known() -> tuple[pd.DataFrame, dict[str, list[int]], dict[str, int]]:
    """The bundled authorities, their positions by the form of the name, and by code."""
    table = load_local_authorities()
    by_name: dict[str, list[int]] = {}
    for position, name in enumerate(table["provider_name"]):
        by_name.setdefault(_name_form(name), []).append(position)
    for alias, name in aliases().items():
        by_name.setdefault(_name_form(alias), by_name[_name_form(name)])
    return table, by_name, {code: position for position, code in enumerate(table["provider"])}


def _name_form(name: str) -> str:
    """The form of a name: "&" is "and"; a council is what it governs."""
    words = form(name.replace("&", " and ")).split()
    for title in (["london", "borough", "of"], ["royal", "borough", "of"], ["metropolitan", "borough", "of"]):
        if words[: len(title)] == title and len(words) > len(title):
            words = words[len(title) :]
    while words and words[-1] in ("council", "borough", "county", "city", "metropolitan", "unitary", "authority", "mbc", "cc", "of"):
        words.pop()
    return " ".join(words) or form(name)


def match(columns: Mapping[str, Any], rows: np.ndarray, complain: Callable[[int, str, str], None]) -> dict[str, Any]:
    """The codes and standard names of the authorities in these rows, with their regions and dates; a name that leads to none is told.

    Two authorities of one name (Dorset) are told apart by the date of the inspection: the one that existed then.
    """
    table, by_name, by_code = _known()
    position = np.full(len(rows), -1, dtype=np.int64)
    if "provider" in columns:
        said = columns["provider"]
        found = np.array([by_code.get(code, -1) for code in said.categories] + [-1])
        position = found[said.codes]
    if "provider_name" in columns:
        said = columns["provider_name"]
        ambiguous: dict[int, list[int]] = {}
        found = np.full(len(said.categories) + 1, -1)
        for code, name in enumerate(said.categories):
            candidates = by_name.get(_name_form(name), [])
            if len(candidates) == 1:
                found[code] = candidates[0]
            elif candidates:
                ambiguous[code] = candidates
        by_their_name = found[said.codes]
        for code, candidates in ambiguous.items():
            here = np.flatnonzero(said.codes == code)
            by_their_name[here] = _existing(table, candidates, columns, here)
        position = np.where(position < 0, by_their_name, position)
        for place in np.flatnonzero((position < 0) & (np.asarray(said.codes) >= 0)).tolist():
            name = said[place]
            if "provider" in columns and columns["provider"].codes[place] >= 0:
                continue  # an authority newer than the bundled table: its code is enough
            near = get_close_matches(_name_form(name), list(by_name), n=2, cutoff=0.6)
            meant = dict.fromkeys(str(table["provider_name"].iloc[by_name[other][0]]) for other in near)
            hint = f" (near: {', '.join(meant)})" if meant else ""
            complain(int(rows[place]), str(name), f"the name of a local authority{hint}")
    return _described(table, position, columns)


def _existing(table: pd.DataFrame, candidates: list[int], columns: Mapping[str, Any], here: np.ndarray) -> np.ndarray:
    """Of authorities with one name, the one that existed on the day; without a day, the one that exists."""
    day = np.full(len(here), np.datetime64("NaT", "s"))
    for name in ("published", "inspection_start"):
        if name in columns:
            said = np.asarray(columns[name])[here]
            day = np.where(np.isnat(said), day, said)
    opened, closed = (table[name].to_numpy().astype("datetime64[s]") for name in ("opened", "closed"))
    result = np.full(len(here), -1)
    for position in candidates:
        since = np.isnat(opened[position]) | (day >= opened[position])
        until = np.isnat(closed[position]) | (day < closed[position])
        result[np.where(np.isnat(day), np.isnat(closed[position]), since & until)] = position
    return result


def _described(table: pd.DataFrame, position: np.ndarray, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The bundled table's columns for these authorities; for one newer than the table, what the file says."""
    result: dict[str, Any] = {}
    unknown = position < 0
    for name in ("provider", *_JOINED):
        known = table[name].array.take(np.where(unknown, -1, position), allow_fill=True)
        if unknown.any() and name in columns and isinstance(known, pd.Categorical):
            said = columns[name]
            extra = [
                label
                for label in said.categories[np.unique(said.codes[unknown & (np.asarray(said.codes) >= 0)])]
                if label not in known.categories
            ]
            filled = known.add_categories(extra)
            filled[unknown] = np.asarray(said)[unknown]
            known = filled
        result[name] = known
    return result


def register(inspected: pd.Categorical, waiting: pd.Categorical) -> pd.DataFrame:
    """The authorities of a file, inspected or not yet, as the bundled table describes them."""
    table, _, by_code = _known()
    codes = sorted(
        {
            *inspected.categories[np.unique(inspected.codes[inspected.codes >= 0])],
            *waiting.categories[np.unique(waiting.codes[waiting.codes >= 0])],
        }
    )
    known = table.iloc[[by_code[code] for code in codes if code in by_code]]
    new = pd.DataFrame({"provider": [code for code in codes if code not in by_code]})
    if len(new):
        known = pd.concat([known.astype(dict.fromkeys(("provider",), object)), new])
    return known[["provider", *_JOINED]].reset_index(drop=True)
