"""What a table knows: since when it has every inspection of a provider, whether it is the state on one date, and on which day it ends.

A file of latest inspections is no history, and neither is the result of `as_at`: who stands there with an early inspection is who was
not inspected again, and that depends on how it did. Here, and nowhere else, is decided what such a table can tell. `observe` asks for
every question; a question of a stretch of time asks `Inspections.over_time` besides, one of states `Inspections.unknown_on`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import BeyondDataWarning, IncompleteHistoryError, IncompleteHistoryWarning, warn
from ofsted_sif.scales import normal_form
from ofsted_sif.table.columns import column, refuse_otherwise_written
from ofsted_sif.table.dates import day, days_of, in_words, iso
from ofsted_sif.table.eligible import Eligible, Which
from ofsted_sif.table.records import KNOWN_FROM, Dates, Records, is_first

#: The column by which the result of `as_at` is known.
AS_AT = "as_at"

NO_HISTORY = f"the table is no complete history, as a file of latest inspections or of one year is none (column {KNOWN_FROM!r})"
WAY_OUT = "combine the releases of all those years (sif.combine, sif.history_of), or say incomplete='allow' to take the table as it is"

#: The first days of frameworks: whoever is known from such a day on is known for the framework from the beginning.
FRAMEWORK_BEGAN = {
    "sif": "2013-11-01",
    "cif": "2015-09-01",
    "sccif": "2017-04-01",
    "ilacs": "2018-01-01",
    "eif": "2019-09-01",
    "report card": "2025-11-10",
}


# ---- the state on one date


def states_of(frame: pd.DataFrame) -> np.ndarray:
    """The dates of which a table is the state, by its column as_at; none where it is no result of `as_at`."""
    if AS_AT not in frame.columns:
        return np.empty(0, dtype=np.int64)
    try:
        days = days_of(column(frame, AS_AT, AS_AT), AS_AT)
    except ValueError:  # a column of the user's own, which holds something else
        return np.empty(0, dtype=np.int64)
    return np.unique(days[days != NO_DAY])


def refuse_state(frame: pd.DataFrame, which: Which) -> None:
    """Refuse the result of `as_at` for what needs histories; on its own date it may be asked again."""
    if which.allows_incomplete:
        return
    refuse_otherwise_written(frame)
    if not len(held := states_of(frame)):
        return
    if which.on is not None and len(held) == 1 and (np.asarray(which.on) == held[0]).all():
        return
    dates = in_words(held[0]) if len(held) == 1 else f"{len(held)} dates from {in_words(held[0])} to {in_words(held[-1])}"
    raise IncompleteHistoryError(
        f"the table is the state on {dates} (column {AS_AT!r}, which as_at made): it has the latest inspection of each provider, not its "
        "history. It says nothing about other dates, and a test would find a decline where there is none, because a provider found bad is "
        "inspected again sooner. Give the table of inspections from which it was made (did the same providers improve between two dates? "
        "sif.change_between), or say incomplete='allow' to take its rows as a history"
    )


# ---- since when a provider is known


@dataclass(frozen=True)
class Known:
    """From which day on a table has every graded inspection of a provider.

    Attributes
    ----------
    days : ndarray of int64, shape (n,)
        The day that places each row in time.
    since : ndarray of int64, shape (n,)
        The day from which on the provider of each row is known; `NO_DAY`: from the beginning.
    latest : int
        The day from which on every provider of the table is known.
    is_named_in_year : bool
        Whether the table says itself that it is of one year.
    """

    days: np.ndarray
    since: np.ndarray
    latest: int
    is_named_in_year: bool

    @property
    def rows(self) -> np.ndarray:
        """Which rows lie where their provider is known: between those before there may have been others."""
        return self.days >= self.since

    def first_listed(self, records: Records, graded: np.ndarray) -> np.ndarray:
        """The row of the first graded inspection listed of each provider that is not known from the beginning."""
        listed = graded & self.rows & (self.since != NO_DAY)
        order, _ = counts.order_records(records.provider, *records.dates.columns, n_providers=len(records.providers))
        rows = order[listed[order]]
        return rows[is_first(records.provider[rows])]

    def marks_of_period(self, records: Records, graded: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What tells a table of one period, so that it adds up over pieces of a table.

        The first and the last day of `since`; and where there is but one, how many providers are known from it on, and how many of them
        from before their first inspection on.
        """
        since = np.unique([self.since.min(), self.since.max()] if len(self.since) else self.since)
        n_listed, n_later = np.zeros((2, len(since)), dtype=np.int64)
        if len(since) == 1 and since[0] != NO_DAY:  # else it is not of one period, whatever the numbers are
            first = self.first_listed(records, graded)
            n_listed[0], n_later[0] = len(first), np.count_nonzero(self.days[first] > since[0])
        return since, n_listed, n_later


def is_one_period(since: np.ndarray, n_listed: np.ndarray, n_later: np.ndarray) -> bool:
    """Whether a table has one stretch of time, and nothing of who was not inspected in it, by what `Known.marks_of_period` gives.

    All its providers are known from the same day on, and that day is not that of their first inspections.
    """
    return len(since) == 1 and bool(since[0] != NO_DAY and n_listed[0] > 1 and n_later[0] > 0)


def known_of(frame: pd.DataFrame, dates: Dates, records: Records | None, which: Which) -> Known | None:
    """What the column known_from says; None where every provider is known from the beginning."""
    is_named_in_year = frame.attrs.get("kind") == "in year"
    if KNOWN_FROM in frame.columns:
        said = days_of(column(frame, KNOWN_FROM, KNOWN_FROM), KNOWN_FROM)
        since = said if records is None or records.known_from is None else records.known_from[records.provider]
        since = np.where(since <= began(which), NO_DAY, since)
    elif which.since is None and not is_named_in_year:
        return None
    else:
        since = np.full(len(frame), NO_DAY)
    latest = int(since.max(initial=NO_DAY)) if which.since is None else which.since
    if latest == NO_DAY and not is_named_in_year:
        return None
    return Known(dates.dated, since, latest, is_named_in_year)


def began(which: Which) -> int:
    """The first day of the frameworks asked for; before all days where that is not known."""
    first = [FRAMEWORK_BEGAN.get(normal_form(str(name))) for name in which.frameworks]
    return min(NO_DAY if text is None else day(text, "framework") for text in first)


@dataclass(frozen=True)
class Unknown:
    """Providers whose state is not known on some of the dates of a grid: from place `start` on and before place `stop`.

    Attributes
    ----------
    provider, start, stop : ndarray of int64
        Codes of the providers, and the places.
    row : ndarray of int64
        The row of the first inspection listed of each, whose labels it has.
    """

    provider: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    row: np.ndarray


def unknown_on(known: Known, records: Records, eligible: Eligible, days: np.ndarray, cutoffs: np.ndarray) -> Unknown:
    """Whose state is not known on dates of which neither they nor their cut-offs decrease: none of its inspections listed counts yet.

    A provider that is not open is in no state, known or not.
    """
    row = known.first_listed(records, eligible.graded)
    of = records.provider[row].astype(np.int64)
    counting = np.flatnonzero(eligible.all & (known.since != NO_DAY))
    place = np.searchsorted(days, records.dates.inspected[counting])
    if records.dates.published is not None:
        place = np.maximum(place, np.searchsorted(cutoffs, records.dates.published[counting]))
    first = np.full(len(records.providers), len(days))
    np.minimum.at(first, records.provider[counting], place)
    start, stop = np.zeros(len(of), dtype=np.int64), first[of]
    if records.opened is not None:
        start = np.searchsorted(days, records.opened[of])
    if records.closed is not None:
        closed = records.closed[of]
        stop = np.minimum(stop, np.where(closed == NO_DAY, len(days), np.searchsorted(days, closed)))
    there = start < stop
    return Unknown(of[there], start[there], stop[there], row[there])


# ---- what is said


def say_unknown(n_unknown: int, n_known: int, date: int) -> None:
    """Warn that the state of some providers is not known on a date."""
    if n_unknown:
        whose = "the provider" if n_unknown + n_known == 1 else f"{n_unknown:,} of {n_unknown + n_known:,} providers"
        warn(
            f"{NO_HISTORY}: on {in_words(date)} the state of {whose} is not known, because the first inspection that the table has "
            f"of each is later, or was not published by then; the result leaves them out; {WAY_OUT}",
            IncompleteHistoryWarning,
        )


def say_unknown_before(n_unknown: int, n_known: int) -> None:
    """Warn that changes from a file of latest inspections are a selection; refuse where the inspection before is known of nobody."""
    told = NO_HISTORY
    if n_unknown:
        told += f": of {n_unknown:,} of {n_unknown + n_known:,} providers it does not have the inspection before"
    if n_unknown and not n_known:
        raise IncompleteHistoryError(f"{told}, so it shows no change; {WAY_OUT}")
    left_out = ", and these are left out" if n_unknown else ""
    warn(
        f"{told}{left_out}. Providers inspected twice are not a sample of all providers: one found bad is inspected again sooner, so "
        f"improvement is expected even where nothing changes; {WAY_OUT}",
        IncompleteHistoryWarning,
    )


def say_first_unknown(n_unknown: int, n_known: int) -> None:
    """Warn that the first inspection of some providers is not known; refuse where it is of none."""
    if not n_unknown:
        return
    told = f"{NO_HISTORY}: of {n_unknown:,} of {n_unknown + n_known:,} providers there may be earlier inspections than those in it"
    if not n_known:
        raise IncompleteHistoryError(f"{told}, so it does not show which was the first; {WAY_OUT}")
    warn(f"{told}, and they are left out; {WAY_OUT}", IncompleteHistoryWarning)


def refuse_unknown(n_unknown: int, date: int) -> None:
    """Refuse a state that is to be compared where that of some providers is not known.

    Who is known on one of two dates alone would seem to have come or gone, and who is known on both is no sample of all.
    """
    if n_unknown:
        raise IncompleteHistoryError(
            f"{NO_HISTORY}: on {in_words(date)} the state of {n_unknown:,} providers is not known, so it can't be compared with another; "
            f"{WAY_OUT}"
        )


def say_one_period(since: int) -> None:
    """Warn that a table of one period is no state of all providers."""
    begins = "" if since == NO_DAY else f", from {in_words(since)} on"
    warn(
        f"the table has the inspections of one period{begins}, and not the history: providers that were not inspected in the period are "
        "not in the table, so this is not the state of all providers. periods and aggregate count such a table; for a state combine it "
        "with the one at its beginning (sif.combine), or say incomplete='allow'",
        IncompleteHistoryWarning,
    )


def say_left_out(since: int, n_before: int, n_kept: int) -> None:
    """Warn that inspections before a day are left out; refuse where fewer than two are left."""
    if not n_before:
        return
    from_when = f"{NO_HISTORY}: every provider is known only from {in_words(since)} on"
    if n_kept < 2:
        raise IncompleteHistoryError(
            f"{from_when}, which leaves {n_kept} of {n_before + n_kept:,} inspections; this question needs a stretch of time: {WAY_OUT}"
        )
    warn(f"{from_when}: {n_before:,} earlier inspections are left out, {n_kept:,} taken; {WAY_OUT}", IncompleteHistoryWarning)


def warn_if_beyond(attrs: Mapping[Any, Any], asked: Any) -> None:
    """Warn of dates that are later than the day to which a table says, by its attrs, that it is complete."""
    last, end = np.max(asked, initial=NO_DAY), complete_to(attrs)
    if end is not None and last > end:
        warn(
            f"{in_words(last)} lies beyond the data: the table is complete to {in_words(end)} ({iso(end)}), and has nothing "
            "later than that",
            BeyondDataWarning,
        )


def warn_if_before(attrs: Mapping[Any, Any], dates: Dates, asked: Any) -> None:
    """Warn of dates that are all before the first inspection of a table that says how far it reaches: nobody has a state on them."""
    last = np.max(asked, initial=NO_DAY)
    if last == NO_DAY or complete_to(attrs) is None:
        return
    if last < (first := dates.earliest()):
        warn(f"{in_words(last)} lies before the data: the earliest inspection in the table is of {in_words(first)}", BeyondDataWarning)


def complete_to(attrs: Mapping[Any, Any]) -> int | None:
    """The day to which a table says, by its attrs, that it is complete; None where it does not know."""
    try:
        return day(attrs["complete_to"], "complete_to")
    except (KeyError, ValueError):
        return None
