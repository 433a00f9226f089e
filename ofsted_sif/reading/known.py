"""From when on a history made of several releases has all inspections of each provider (`known_from`), and where it has a gap."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import OlderReleaseWarning, warn
from ofsted_sif.reading.own import HISTORY, IN_YEAR, LATEST
from ofsted_sif.reading.pairs import day_of, joint_codes
from ofsted_sif.table.columns import column
from ofsted_sif.table.dates import dates_of, in_words, iso

_ABSENT = NO_DAY + 1  # of a provider that a release does not have; after NO_DAY, which says "from the beginning", and before any day


def own_day(table: pd.DataFrame) -> int:
    """The day to which a release tells: what it says itself, else its last publication, else its last inspection."""
    said = table.attrs.get("complete_to")
    if isinstance(said, str):
        return int(np.datetime64(said, "D").view(np.int64))
    return next((day for name in ("published", "inspection_start") if (day := _last_day(table, name)) != NO_DAY), NO_DAY)


def _last_day(table: pd.DataFrame, name: str) -> int:
    """The last day in a column of dates; `NO_DAY` where there is none, or no such column."""
    if name in table.columns and isinstance(dtype := column(table, name, name).dtype, np.dtype) and dtype.kind == "M" and len(table):
        last = int(table[name].to_numpy().view(np.int64).argmax())  # missing days lie before all others
        table = table[last : last + 1]
    return int(day_of(table, name).max(initial=NO_DAY))


def warn_of_older(older: pd.DataFrame, newer: pd.DataFrame) -> None:
    """Warn where the release given as newer tells to an earlier day than the other; compared only where both say theirs."""
    said = [table.attrs.get("complete_to") for table in (older, newer)]
    if all(isinstance(one, str) for one in said):
        days = [own_day(table) for table in (older, newer)]
    else:
        days = [_last_day(table, "published") for table in (older, newer)]
        if NO_DAY in days:
            return
    if days[1] < days[0]:
        warn(
            f"the release given as newer ends on {in_words(days[1])}, the other on {in_words(days[0])}. Where they differ, the older one "
            "is taken: swap the two",
            OlderReleaseWarning,
        )


def joined(older: pd.DataFrame, newer: pd.DataFrame, result: pd.DataFrame) -> tuple[np.ndarray | None, list[dict[str, Any]]]:
    """The day for each row of the result (None: complete, so no column), and the gaps between the two releases.

    A provider's day moves back to the older release's where there is no gap: the newer release's day is at the latest the day after the
    older one's own. A provider that is new had no graded inspection before, if the older release lists all that had one.
    """
    if "known_from" not in older.columns and "known_from" not in newer.columns:
        return None, []
    codes = joint_codes(*(frame["provider"] for frame in (older, newer, result)))
    size = max(int(of.max(initial=-1)) for of in codes) + 1
    before, after = (_of_providers(frame, of, size) for frame, of in ((older, codes[0]), (newer, codes[1])))
    told_to = own_day(older)
    day = before.copy()
    both, new_only = (before != _ABSENT) & (after != _ABSENT), before == _ABSENT
    near = after <= told_to + 1
    lists_all = older.attrs.get("kind") in (LATEST, HISTORY) or "known_from" not in older.columns
    day[new_only] = after[new_only]
    day[new_only & near] = NO_DAY if lists_all else _common(before)
    gap = (both & ~near) | (new_only & ~near & (after != NO_DAY))
    day[both & (~near | (after == NO_DAY))] = after[both & (~near | (after == NO_DAY))]
    first = _common(after)
    if newer.attrs.get("kind") == IN_YEAR and first > told_to + 1:  # of those that it lacks it says that nothing was in its year
        silent = after == _ABSENT
        day[silent] = first
        gap |= silent
    gaps = []
    if gap.any():
        until = int(day[gap & (day != NO_DAY)].min(initial=np.iinfo(np.int64).max))
        gaps.append({"from": iso(told_to), "to": iso(until), "providers": int(gap.sum())})
    in_rows = day[codes[2]]
    in_rows[in_rows == _ABSENT] = NO_DAY
    return (None, gaps) if (in_rows == NO_DAY).all() else (dates_of(in_rows).to_numpy(), gaps)


def _of_providers(frame: pd.DataFrame, codes: np.ndarray, size: int) -> np.ndarray:
    """The latest day that any row of a provider says; absent where there is no row of it."""
    days = day_of(frame, "known_from")
    found = np.full(size, np.iinfo(np.int64).min)
    there = np.zeros(size, dtype=np.bool_)
    there[codes] = True
    np.maximum.at(found, codes, days)
    return np.where(there, found, _ABSENT)


def _common(days: np.ndarray) -> int:
    """The one day of a file of a period, which is that of all its providers."""
    there = days[days != _ABSENT]
    return int(there.max(initial=NO_DAY))


def attrs_of_both(older: pd.DataFrame, newer: pd.DataFrame, gaps: list[dict[str, Any]]) -> dict[Hashable | None, Any]:
    """What the history says of itself: of which day, of which kind, and which gaps it has."""
    said: dict[Hashable | None, Any] = dict(older.attrs)
    said.pop("as_at", None)
    if "complete_to" in newer.attrs:
        said["complete_to"] = max(str(newer.attrs["complete_to"]), str(said.get("complete_to", "")))
    kinds = [frame.attrs.get("kind") for frame in (older, newer)]
    if any(kinds):
        said["kind"] = IN_YEAR if kinds == [IN_YEAR, IN_YEAR] else HISTORY
    if gaps or said.get("gaps"):
        said["gaps"] = [*said.get("gaps", []), *gaps]
    return said
