"""What a page is asked to show: the table as understood, the date, and the states on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.counts import NO_DAY
from ofsted_sif.plot.canvas import in_words
from ofsted_sif.scales import GradeScale, grades, infer_scale
from ofsted_sif.snapshots import as_at
from ofsted_sif.table import columns, dates
from ofsted_sif.table.eligible import Which, eligible
from ofsted_sif.table.known import complete_to

_DATES = ("inspection_start", "inspection_end", "published", "opened", "closed")


@dataclass(frozen=True)
class Asked:
    """A question to a table of inspections, and the two states that answer it.

    Attributes
    ----------
    frame : DataFrame
        The table, with grades and dates as such.
    day, cutoff : int
        The date, and the last day on which a report still counts.
    published_by : date, offset or None
        The cut-off as it was asked for.
    which : dict
        The frameworks and the register, as `as_at` takes them.
    judgement, held : str, list of str
        The judgement of the headline, and all that have a grade.
    scale : GradeScale
        Its scale.
    newest, state : DataFrame
        The state by each provider's newest graded inspection, and by the newest that made the judgement.
    """

    frame: pd.DataFrame
    day: int
    cutoff: int
    published_by: Any
    which: dict[str, Any]
    judgement: str
    held: list[str]
    scale: GradeScale
    newest: pd.DataFrame
    state: pd.DataFrame

    @property
    def date(self) -> str:
        """The date, as 2024-03-31."""
        return dates.iso(self.day)

    def cutoff_at(self, day: Any) -> Any:
        """The cut-off for another day: as far behind it as it is behind the date."""
        if self.published_by is None or dates.is_offset(self.published_by):
            return self.published_by
        return pd.Timestamp(day) + (pd.Timestamp(dates.iso(self.cutoff)) - pd.Timestamp(self.date))

    def known(self, *, graded: bool = False) -> pd.DataFrame:
        """The inspections of the date and cut-off: all, or the graded ones of the frameworks asked for."""
        known = (_days(self.frame, "inspection_start") <= self.day) & (_days(self.frame, "published") <= self.cutoff)
        if graded:
            known &= eligible(self.frame, Which(self.which["framework"]), "graded").graded_in_framework
        return self.frame[known]


def ask(table: Any, *, date: Any, published_by: Any, framework: Any, register: Any, judgement: str | None) -> Asked:
    """Understand the table and find the states on the date; see `write_report` for the parameters."""
    frame = _understood(columns.as_frame(table))
    held = [name for name in columns.judgement_columns(frame) if frame[name].notna().any()]
    if not held:
        raise ValueError(f"the table has no judgement with a grade (its columns: {', '.join(map(str, frame.columns))})")
    if judgement is None:
        judgement = "overall_effectiveness" if "overall_effectiveness" in held else held[0]
    scale = infer_scale(columns.column(frame, judgement, "judgement"))
    day = _last_day(frame) if date is None else dates.day(date, "as_at")
    which = {"framework": framework, "register": register}
    newest = as_at(frame, dates.iso(day), published_by=published_by, **which)
    state = as_at(frame, dates.iso(day), published_by=published_by, having=judgement, **which)
    if not len(state):
        raise ValueError(f"no provider of the table has been judged on {in_words(judgement).lower()} by {dates.in_words(day)}")
    cutoff = dates.day(newest.attrs["published_by"], "published_by")
    return Asked(frame, day, cutoff, published_by, which, judgement, held, scale, newest, state)


def _understood(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with its grades and dates as such, so that nothing later has to ask."""
    columns.column(frame, "provider", "provider")
    better: dict[str, Any] = {}
    for name in columns.judgement_columns(frame):
        better[name] = grades(frame[name], infer_scale(frame[name]), column=name)
    for name in _DATES:
        if name in frame.columns:
            better[name] = dates.dates_of(dates.days_of(columns.column(frame, name, name), name))
    return frame.assign(**better).reset_index(drop=True)


def _last_day(frame: pd.DataFrame) -> int:
    """The day to which the table says that it is complete, else its last publication or inspection."""
    if (end := complete_to(frame.attrs)) is not None:
        return end
    for name in ("published", "inspection_start"):
        last = _days(frame, name).max(initial=NO_DAY)
        if last > NO_DAY:
            return int(last)
    raise ValueError("the table has no dates: give as_at (on the command line --as-at)")


def _days(frame: pd.DataFrame, name: str) -> np.ndarray:
    """The days of a column; a table without it has none."""
    return dates.days_of(columns.column(frame, name, name), name) if name in frame.columns else np.full(len(frame), NO_DAY)


# ---- how values are shown


def shown_grade(value: Any, scale: GradeScale) -> dict[str, Any]:
    """A grade as its word and its place, best 0; without one, "Not judged"."""
    if pd.isna(value):
        return {"word": "Not judged", "place": -1}
    return {"word": str(value), "place": scale.labels.index(value) if value in scale.labels else -1}


def iso_or_blank(date: Any) -> str:
    """A date as 2024-03-31; none as nothing."""
    return "" if pd.isna(date) else f"{date:%Y-%m-%d}"


def when(inspections: pd.DataFrame) -> pd.Series:
    """The day of each inspection: its start, or its publication."""
    found = [inspections[name] for name in ("inspection_start", "published") if name in inspections.columns]
    return found[0] if len(found) == 1 else found[0].fillna(found[1])


def kind_of(row: dict[Any, Any]) -> str:
    """The framework and type of an inspection."""
    return " ".join(str(row[name]) for name in ("framework", "inspection_type") if not pd.isna(row.get(name)))
