"""What is new: what changed on the year before, the latest inspections, and those that no longer made the judgement."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.comparison import compare
from ofsted_sif.plot.canvas import date_in_words, in_words
from ofsted_sif.report.asked import Asked, iso_or_blank, kind_of, shown_grade, when
from ofsted_sif.report.people import month
from ofsted_sif.snapshots import as_at
from ofsted_sif.table import columns, dates
from ofsted_sif.table.known import complete_to

LATEST = 10  # inspections that are shown unfolded
MOST = 60


def since_last_year(asked: Asked, people: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The same providers' grades today and a year ago, of those that had the judgement on both dates.

    None where there are none, and where the table does not have the state of every provider today and a year ago.
    """
    then, end = pd.Timestamp(asked.date) - pd.DateOffset(years=1), complete_to(asked.frame.attrs)
    if asked.newest.attrs["of_one_period"] or (end is not None and asked.day > end):
        return None
    before = as_at(asked.frame, then, published_by=asked.cutoff_at(then), having=asked.judgement, incomplete="allow", **asked.which)
    if before.attrs["n_unknown"]:
        return None
    earlier = before.set_index(before["provider"].astype(object))[asked.judgement]
    earlier = earlier[earlier.notna()]
    rows = []
    for person in people:
        if person["grade"]["place"] >= 0 and person["key"] in earlier.index:
            previous = shown_grade(earlier[person["key"]], asked.scale)
            step = previous["place"] - person["grade"]["place"]  # places run from the best
            rows.append({"person": person, "previous": previous, "latest": person["grade"], "when": person["date"], "step": step})
    if not rows:
        return None
    moved = {kind: [row for row in rows if np.sign(row["step"]) == sign] for kind, sign in (("improved", 1), ("declined", -1))}
    told: dict[str, Any] = {"date": date_in_words(then), "n": len(rows), "same": sum(row["step"] == 0 for row in rows), **moved}
    told["share"] = None
    if asked.scale.threshold_column is not None:
        row = compare(asked.state, before, judgement=asked.judgement, scale=asked.scale, paired=True).iloc[0]
        good = [sum(0 <= row[name]["place"] < asked.scale.n_good_enough for row in rows) for name in ("previous", "latest")]
        told["share"] = {
            "before": good[0],
            "now": good[1],
            "difference": _points(row["estimate"]),
            "lower": _points(row["lower"]),
            "upper": _points(row["upper"]),
        }
    return told


def _points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    points = round(100 * share, 1) + 0.0  # no minus zero
    return f"{'−' if points < 0 else '+' if points else ''}{abs(points):.1f}"


def latest(asked: Asked, people: list[dict[str, Any]]) -> dict[str, Any]:
    """The graded inspections of the last year that were published last, with all their judgements."""
    by_key = {person["key"]: person for person in people}
    known = asked.known(graded=True)
    known = known[known["provider"].isin(set(by_key))]
    known = known.assign(when_=when(known))
    told = known["published"].fillna(known["when_"]) if "published" in known.columns else known["when_"]
    year_ago = pd.Timestamp(asked.date) - pd.DateOffset(years=1)
    chosen = known.assign(told_=told)[told > year_ago].sort_values("told_", ascending=False, kind="stable").head(MOST)
    names = [name for name in columns.judgement_columns(chosen) if chosen[name].notna().any()]
    # The headline's judgement stands first, even where none of them made it: that is the news.
    names = [asked.judgement, *(name for name in names if name != asked.judgement)]
    rows = [
        {
            "person": by_key[row["provider"]],
            "inspected": iso_or_blank(row.get("inspection_start")),
            "published": iso_or_blank(row.get("published")),
            "kind": kind_of(row),
            "grades": [shown_grade(row[name], asked.scale) for name in names],
        }
        for row in chosen.to_dict("records")
    ]
    return {"columns": [in_words(name) for name in names], "rows": rows[:LATEST], "more": rows[LATEST:], "since": date_in_words(year_ago)}


def without_the_judgement(asked: Asked, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The providers whose newest inspection did not make the judgement: its other grades beside those of the inspection before."""
    waiting = {person["key"]: person for person in people if person["newer"]}
    known = asked.known(graded=True)
    known = known[known["provider"].isin(set(waiting))]
    known = known.assign(when_=when(known)).sort_values("when_", kind="stable")
    rows = []
    for key, mine in known.groupby("provider", observed=True, sort=False):
        newest, earlier = mine.iloc[-1], mine.iloc[:-1]
        moves = []
        for name in (name for name in asked.held if pd.notna(newest[name])):
            made = earlier[name].dropna()
            before, now = shown_grade(made.iloc[-1] if len(made) else None, asked.scale), shown_grade(newest[name], asked.scale)
            moves.append({"label": in_words(name), "previous": before, "latest": now, "word": _word(before["place"], now["place"])})
        rows.append(
            {
                "person": waiting[key],
                "when": month(newest["when_"]),
                "day": int(dates.day(newest["when_"], "date")),
                "moves": moves,
            }
        )
    return sorted(rows, key=lambda row: -row["day"])


def _word(before: int, now: int) -> str:
    """What became of a grade; places run from the best, without a grade -1."""
    if before < 0:
        return "first judged"
    return "improved" if now < before else "declined" if now > before else "the same"
