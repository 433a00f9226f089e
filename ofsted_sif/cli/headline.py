"""The headline: every judgement, the groups, and the year before over the same providers."""

from __future__ import annotations

import argparse
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import ofsted_sif as sif
from ofsted_sif.cli.asked import (
    about,
    as_at_line,
    by_which,
    having_of,
    human,
    in_words,
    listed,
    of_whom,
    one_date,
    quietly,
    said_of,
    table_of,
    when_of,
)
from ofsted_sif.cli.printing import Answer, format_of, percent
from ofsted_sif.counts import NO_DAY
from ofsted_sif.report.naming import england_beside
from ofsted_sif.scales import infer_scale
from ofsted_sif.table import columns, dates
from ofsted_sif.table.known import complete_to

#: So many of those judged now must have been judged a year ago for the two to be compared.
SAME_ENOUGH = 0.9
#: So many newer inspections, none of which makes a judgement that nine in ten made in the year before, are a change of rules.
ENOUGH_TO_CEASE = 3


@dataclass(frozen=True)
class _State:
    """A state on a date.

    Attributes
    ----------
    newest : DataFrame
        By the newest inspection of each provider.
    last : DataFrame
        By the last that made the judgement of the headline; providers for which none did stand as in `newest`.
    """

    newest: pd.DataFrame
    last: pd.DataFrame


def run(options: argparse.Namespace) -> Answer:
    """The headline of a table on a date."""
    table, register = table_of(options)
    when = one_date(when_of(options, table))
    when["framework"] = when["framework"] or "all"
    newest = sif.as_at(table, register=register, **when)
    asked = listed(options.judgement, "--judgement", table.columns) or _judgements_of_newest(table, newest)
    if not asked:
        raise ValueError("the table has no judgement to show: name one with --judgement")
    main = "overall_effectiveness" if "overall_effectiveness" in asked else asked[0]
    having = having_of(options, main)
    now = _State(newest, _by_the_last(table, register, when, having, newest))
    # By default the judgement of the headline counts as last made, the others as the newest inspection made them.
    of_last = {main} if options.having is None else set(asked)
    asked, left_out = _of_one_scale(asked, main, now, of_last)
    by = listed(options.by, "--by", table.columns)
    if format_of(options) in ("csv", "json"):  # for machines one table, in the groups asked for
        return Answer([], {"Headline": _counted(asked, now, of_last, by)})
    groups = by or (["region"] if "region" in newest.columns else [])
    tables = {"Judgements": _counted(asked, now, of_last, None)}
    if groups:
        shown = now.last if main in of_last else now.newest
        tables[f"{human(main)} by {' and '.join(map(human, groups)).lower()}"] = sif.aggregate(shown, groups, judgement=main)
    year_ago, told = _year_ago(table, register, when, having, now, (asked, of_last, main, groups), tables)
    who = of_whom(newest, table, register)
    notes = [*_ceased(table, now, asked, of_last, having), told]
    if having == main and (beside := england_beside(who, main, when["date"], when["published_by"], when["framework"])) is not None:
        notes.append(beside)
    if left_out:
        notes.append(f"On another scale, so not shown beside these: {', '.join(map(human, left_out))}. Ask with --judgement {left_out[0]}.")
    notes.append("Next: ofsted-sif explain Birmingham, or ofsted-sif --help")
    older = having is not None and _of_an_earlier(now, having) > 0
    counted_by = by_which(having if older else None)
    if older and options.having is None and len(asked) > 1:
        counted_by = f"{human(main).lower()} by the last inspection that judged it, other judgements by the newest"
    return Answer([f"{about(who, options)} {as_at_line(newest)}", *said_of(now.last, who, counted_by, newest)], tables, notes, year_ago)


# ---- the states


def _by_the_last(
    table: pd.DataFrame, register: pd.DataFrame | None, when: dict[str, Any], having: str | None, newest: pd.DataFrame
) -> pd.DataFrame:
    """The state by the last inspection that made a judgement, and by the newest where none did: the same providers as in `newest`."""
    if having is None:
        return newest
    last = sif.as_at(table, register=register, having=having, **when)
    never = newest[~newest["provider"].isin(set(last["provider"]))]
    whole = pd.concat([last, never], ignore_index=True) if len(never) else last
    whole.attrs = last.attrs
    return whole


def _judgements_of_newest(table: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """The judgements that inspections of the newest framework make or made: that of the last publication."""
    held = columns.judgement_columns(table)
    if "framework" not in table.columns or "published" not in table.columns or now.empty:
        return held
    framework = table["framework"].iloc[int(np.argmax(dates.days_of(columns.column(table, "published", "published"), "published")))]
    of_newest = table[table["framework"] == framework]
    return [name for name in held if columns.has_grade(of_newest[name]).any()]


def _of_one_scale(asked: Sequence[str], main: str, now: _State, of_last: set[str]) -> tuple[list[str], list[str]]:
    """The judgements on the scale of the main one, and the others: grades of two scales don't stand in one table."""
    scales = {name: infer_scale(columns.column(now.last if name in of_last else now.newest, name, "judgement")) for name in asked}
    on_it = [name for name in asked if scales[name] == scales[main]]
    return on_it, [name for name in asked if name not in on_it]


def _counted(asked: Sequence[str], now: _State, of_last: set[str], by: list[str] | None) -> pd.DataFrame:
    """Counts by grade, one row per judgement and group."""
    parts = []
    for name in asked:
        part = sif.aggregate(now.last if name in of_last else now.newest, by, judgement=name)
        part.insert(len(by or []), "judgement", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


# ---- a year ago


def _year_ago(
    table: pd.DataFrame,
    register: pd.DataFrame | None,
    when: dict[str, Any],
    having: str | None,
    now: _State,
    shown: tuple[list[str], set[str], str, list[str]],
    tables: dict[str, pd.DataFrame],
) -> tuple[dict[str, list[str]], str]:
    """The last column of each table, the share a year ago of the providers that were judged on both dates; and what is to be said of it."""
    asked, of_last, main, groups = shown
    plain = "None: no such judgement. 95%: Wilson's interval."
    day, year = pd.Timestamp(now.newest.attrs["as_at"]), pd.DateOffset(years=1)
    if "lower" not in next(iter(tables.values())).columns:  # no grade of this scale is a threshold
        return {}, "None: no such judgement."
    if (end := complete_to(table.attrs)) is not None and day > pd.Timestamp(dates.iso(end)):
        return {}, f"{plain} A year ago: not compared, because the table ends on {dates.in_words(end)}."
    then_by = None if when["published_by"] is None else pd.Timestamp(now.newest.attrs["published_by"]) - year
    before = {"date": day - year, "published_by": then_by, "framework": when["framework"]}
    newest = quietly(sif.as_at, table, register=register, **before)
    if newest.attrs["n_unknown"] or newest.attrs["of_one_period"]:
        return {}, f"{plain} A year ago: not compared, because the table does not have the state of every provider by then."
    then = _State(newest, quietly(_by_the_last, table, register, before, having, newest))
    found: dict[str, list[str]] = {}
    others: list[str] = []
    for place, (heading, counted) in enumerate(tables.items()):
        found[heading] = []
        for name in [main] if place else asked:
            pair = (now.last, then.last) if name in of_last else (now.newest, then.newest)
            rows = counted if place else counted[counted["judgement"] == name]
            of_rows, of_others = _of_the_same(*pair, name, groups if place else [], rows)
            found[heading] += of_rows
            others += of_others
    if found["Judgements"][asked.index(main)] == "-":  # what the whole does not tell, a group does not either: it may be those who stayed
        found = {heading: texts if heading == "Judgements" else ["-"] * len(texts) for heading, texts in found.items()}
    on_the_day = in_words(day - year)
    if not any(text != "-" for texts in found.values() for text in texts):
        few = f"fewer than nine in ten of those judged now were judged by {on_the_day}, as far as the table tells"
        return {}, f"{plain} A year ago: not compared, because {few}."
    told = f"{plain} Year ago: {on_the_day}, of those judged on both dates (-: not compared, too few were)."
    return found, told + (f" Now, of these: {'; '.join(others)}." if others else "")


def _of_the_same(
    now: pd.DataFrame, then: pd.DataFrame, judgement: str, groups: list[str], rows: pd.DataFrame
) -> tuple[list[str], list[str]]:
    """For each row the share a year ago of the providers judged on both dates; and the rows whose present share of these is another."""
    judged_then = then[columns.has_grade(columns.column(then, judgement, "judgement"))].set_index("provider")[judgement]
    same = now[columns.has_grade(columns.column(now, judgement, "judgement")) & now["provider"].isin(judged_then.index).to_numpy()]
    # In the group of today, so that both shares are of the same providers.
    before = same.assign(**{judgement: judged_then.loc[same["provider"]].array})
    shares: list[dict[tuple[str, ...], dict[Hashable, Any]]] = []
    for state in (same, before):
        counted = sif.aggregate(state, groups or None, judgement=judgement, scale=infer_scale(now[judgement]))
        shares.append({tuple(str(row[name]) for name in groups): row for row in counted.to_dict(orient="records")})
    threshold = str(rows.columns[list(rows.columns).index("lower") - 1]).removeprefix("share_")
    texts, others = [], []
    for row in rows.to_dict(orient="records"):
        label = tuple(str(row[name]) for name in groups)
        of_now, of_then = (of.get(label, {"n_judged": 0}) for of in shares)
        if not of_then["n_judged"] or of_then["n_judged"] < SAME_ENOUGH * row["n_judged"]:
            texts.append("-")
            continue
        texts.append(percent(of_then, threshold))
        if percent(of_now, threshold) != percent(row, threshold):
            others.append(f"{', '.join(label) or human(judgement)} {percent(of_now, threshold)} of {of_now['n_judged']}")
    return texts, others


# ---- a judgement that is no longer made


def _ceased(table: pd.DataFrame, now: _State, asked: Sequence[str], of_last: set[str], having: str | None) -> list[str]:
    """What to say of judgements that the newest inspections did not make: for how many providers, since when, and what is else counted."""
    notes = []
    for name in asked:
        since = _last_made(table, now.newest, name)
        head = "" if since is None else f"Inspections since {since} no longer make the judgement {human(name).lower()}: "
        counted, total = _in_short(now.newest, name), len(now.newest)
        if name in of_last and not columns.has_grade(now.last[name]).any():
            notes.append(f"{human(name)}: no inspection that counts here made this judgement.{_judged_instead(now, asked, of_last)}")
        elif name in of_last and name == having:
            if older := _of_an_earlier(now, name):
                told = f"for {older:,} of the {total:,} it is that of an earlier inspection than the newest."
                told = told if head else f"{told[0].upper()}{told[1:].replace('it is', f'{human(name).lower()} is')}"
                notes.append(f"{head}{told} By the newest alone (--having none): {counted}.")
        elif head:
            missing = int((~columns.has_grade(now.newest[name])).sum())
            notes.append(
                f"{head}it is therefore missing for {missing:,} of the {total:,}. --having {name} goes back to the last that made it."
            )
    return notes


def _of_an_earlier(now: _State, judgement: str) -> int:
    """How many providers have a judgement from an earlier inspection than their newest."""
    return int((now.last["newer_inspection"].notna().to_numpy() & columns.has_grade(now.last[judgement])).sum())


def _judged_instead(now: _State, asked: Sequence[str], of_last: set[str]) -> str:
    """How to ask for a judgement that was made, in place of one that was not."""
    made = [name for name in asked if columns.has_grade((now.last if name in of_last else now.newest)[name]).any()]
    if not made:
        return ""
    return f" Judgements that were made: {', '.join(human(one).lower() for one in made)}; ask with --judgement {made[0]}."


def _in_short(state: pd.DataFrame, judgement: str) -> str:
    """Counts by grade and the share in a few letters, as 46/61/24/11, 75% good or better; or that there are none."""
    row = sif.aggregate(state, judgement=judgement).to_dict(orient="records")[0]
    if not row["n_judged"]:
        return "no such judgement"
    names = [str(name) for name in row if f"share_{name}" in row]
    threshold = names.pop() if "lower" in row else None
    told = "/".join(f"{row[name]:,}" for name in names)
    return told if threshold is None else f"{told}, {percent(row, threshold)} of {row['n_judged']:,} good or better"


def _last_made(table: pd.DataFrame, newest: pd.DataFrame, judgement: str) -> str | None:
    """Since which month inspections no longer make a judgement that nearly all made before; None where they do, or too few tell."""
    days = np.full(len(table), NO_DAY)
    for name in ("published", "inspection_start"):
        if name in table.columns:
            known = dates.days_of(columns.column(table, name, name), name)
            days = np.where(known == NO_DAY, days, known)
    made = columns.has_grade(columns.column(table, judgement, "judgement"))
    counts = columns.graded_rows(table) & (days <= dates.day(newest.attrs["as_at"], "as_at"))
    if "framework" in table.columns:  # of frameworks that made it at all
        counts &= table["framework"].isin(table.loc[made, "framework"].dropna().unique()).to_numpy()
    if not (counts & made).any():
        return None
    last = int(days[counts & made].max())
    before, after = counts & (days > last - 366) & (days <= last), counts & (days > last)
    if after.sum() < ENOUGH_TO_CEASE or made[before].mean() < 0.9:
        return None
    return dates.in_words(int(days[after].min())).split(maxsplit=1)[1]
