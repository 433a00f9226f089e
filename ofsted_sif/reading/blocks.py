"""The inspections that a row may hold: kinds of inspection, grades, outcomes and dates of one block of columns."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ofsted_sif.reading import values
from ofsted_sif.reading.account import Log
from ofsted_sif.reading.body import Body
from ofsted_sif.reading.layouts import Block, Event, form, names
from ofsted_sif.reading.values import Column, clean

# An inspection of which no kind is said has the grades that it has; of one whose kind is not understood nothing is believed.
_BARE_EVENT = Event(None, None, True, {})
_UNKNOWN_EVENT = Event(None, None, False, {})
OVERALL = "overall_effectiveness"
GRADE_CHANGED = "grade changed later"  # the kind of a row for the later day of a single grade


@dataclass
class Text:
    """Text of the body's rows as codes into labels (None: missing)."""

    codes: np.ndarray
    labels: list[str | None]

    @property
    def present(self) -> np.ndarray:
        """In which rows there is one."""
        there = np.ones(len(self.labels), dtype=np.bool_)
        code = -1
        for _ in range(self.labels.count(None)):  # most often one
            code = self.labels.index(None, code + 1)
            there[code] = False
        return there[self.codes]


@dataclass
class Inspections:
    """The inspections of one block: a value for each row of the body, and in which rows there is one."""

    held: np.ndarray
    texts: dict[str, Text] = field(default_factory=dict)
    dates: dict[str, np.ndarray] = field(default_factory=dict)
    grades: dict[str, np.ndarray] = field(default_factory=dict)
    graded: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    framework: Text | None = None
    dated_by: Column | None = None  # the column to which a missing date is complained of
    previous: bool = False  # whether an inspection is listed beside a newer one

    @property
    def day(self) -> np.ndarray:
        """The day that places each inspection in time: of its start, else of its publication."""
        days = [self.dates[name] for name in ("inspection_start", "published") if name in self.dates]
        if not days:
            return np.full(len(self.held), values.NO_DATE)
        return days[0] if len(days) == 1 else np.where(np.isnat(days[0]), days[1], days[0])


def read_text(body: Body, column: Column, target: str, kind: str) -> Text:
    """A column of text, by its kind."""
    missing, log = body.layout.missing, body.log
    if kind == "code":
        said, pointed = values.identifiers(column, missing, log.repair)
        log.pointed.append(pointed[column.codes])
    elif kind == "label":
        spellings = body.layout.outcomes if target == "outcome" else names().spellings.get(target, {})
        said = values.labels(column, missing, spellings)
    else:
        said = values.texts(column, missing)
    for code in column.spreadsheet_errors:
        said[code] = None
        log.complain(column, code, "a value; this is an error of the spreadsheet that made the file")
    return Text(column.codes, said)


def read_block(body: Body, block: Block, columns: Mapping[str, Column | None]) -> list[Inspections]:
    """The inspections of a block, and after them those of later days on which single grades of theirs were changed."""
    layout, log, size = body.layout, body.log, len(body)
    found = Inspections(np.zeros(size, dtype=np.bool_), previous=block.previous)
    found.dated_by = columns.get("inspection_start") or columns.get("published")
    judged: dict[str, Column] = {}
    none_said = np.zeros(size, dtype=np.bool_)
    for target, column in columns.items():
        if column is None:
            continue
        kind = names().kinds.get(target)
        if kind == "date":
            found.dates[target], end, said_none = body.days_of_inspections(column)
            none_said |= said_none
            if end is not None and target == "inspection_start" and not columns.get("inspection_end"):
                found.dates["inspection_end"] = end
        elif kind is None:
            judged[target] = column
        else:
            found.texts[target] = read_text(body, column, target, kind)
    events, event_of = _events(body, columns.get("inspection_type"), found.texts)
    found.grades, outcome = _grades(body, judged, events, event_of)
    if outcome is not None:
        found.texts["outcome"] = _either(found.texts["outcome"], outcome) if "outcome" in found.texts else outcome
    found.framework = _framework(layout.framework_by_date, block, events, event_of, found.dates)
    if block.inspection_type is not None:
        found.texts["inspection_type"] = _constant(block.inspection_type, size)
    changed_later = _changed_later(body, judged, found)
    any_grade = _any(found.grades.values(), size)
    found.held = _held(found, any_grade, log) & ~none_said
    found.graded = any_grade & np.array([event.graded for event in events])[event_of] & block.graded
    return [found, *changed_later]


def _any(grades: Any, size: int) -> np.ndarray:
    any_grade = np.zeros(size, dtype=np.bool_)
    for codes in grades:
        any_grade |= codes >= 0
    return any_grade


def _held(found: Inspections, any_grade: np.ndarray, log: Log) -> np.ndarray:
    """In which rows there is an inspection: where anything is said of it, unless it was converted into the graded one beside it."""
    held = any_grade.copy()
    for name in ("inspection_number", "outcome"):
        if name in found.texts:
            held |= found.texts[name].present
    for name in ("inspection_start", "published"):
        if name in found.dates:
            held |= ~np.isnat(found.dates[name])
    if "converted" in found.texts:
        converted_text = found.texts.pop("converted")
        became = np.array([label is not None and label.casefold().startswith("y") for label in converted_text.labels], dtype=np.bool_)
        converted = became[converted_text.codes] & held
        held &= ~converted
        if converted.any():
            log.notes.append(f"{int(converted.sum()):,} ungraded inspections were converted: they are the graded one beside them")
    return held


def _events(body: Body, column: Column | None, texts: dict[str, Text]) -> tuple[list[Event], np.ndarray]:
    """The kinds of inspection in the column, and which each row has; the first stands for none said."""
    layout = body.layout
    if column is None or not layout.events:
        return [_BARE_EVENT], np.zeros(len(body), dtype=np.int64)
    known = sorted({event.inspection_type or "" for event in layout.events.values()})
    kind_decides = any(event.means for event in layout.events.values())
    events, of_distinct, shown = [_BARE_EVENT, _UNKNOWN_EVENT], [], []
    for code, label in enumerate(texts["inspection_type"].labels):
        event = layout.events.get(form(label or ""))
        if event is not None:
            of_distinct.append(len(events))
            events.append(event)
        elif label is None and not kind_decides:
            of_distinct.append(0)
        else:
            of_distinct.append(1)
            body.log.complain(column, code, f"a kind of inspection that this layout knows ({', '.join(known)})")
        shown.append(None if event is None else event.inspection_type or label)
    texts["inspection_type"] = Text(column.codes, shown)
    return events, np.array(of_distinct, dtype=np.int64)[column.codes]


def _grades(
    body: Body, judged: Mapping[str, Column], events: Sequence[Event], event_of: np.ndarray
) -> tuple[dict[str, np.ndarray], Text | None]:
    """The grades of each judgement, and the outcomes that stand in the place of an overall grade."""
    layout, size = body.layout, len(body)
    grades: dict[str, np.ndarray] = {}
    outcomes: list[str | None] = [None]
    outcome_of = np.zeros(size, dtype=np.int32)
    not_graded = ~np.array([event.graded for event in events])[event_of]
    ungraded = 0
    for target, column in judged.items():
        scale = layout.scales[target]
        plain = values.grade_codes(column, scale, layout.no_grade, layout.missing, layout.grade_words.get(target, {}))
        spelled = list(map(form, column.texts))
        # Of each kind of inspection and each value: its grade, and the outcome in the place of one.
        table, outcome = np.tile(plain, (len(events), 1)), np.zeros((len(events), len(plain)), dtype=np.int32)
        for number, event in enumerate(events):
            for code, word in enumerate(spelled):
                meaning = event.means.get(values.integral(word)) or layout.outcomes.get(word)
                if meaning is not None and (plain[code] < 0 or values.integral(word) in event.means):
                    table[number, code] = -1
                    if meaning not in outcomes:
                        outcomes.append(meaning)
                    outcome[number, code] = outcomes.index(meaning)
        result = table[event_of, column.codes]
        for code in np.unique(column.codes[result == -2]).tolist():
            body.log.complain(column, code, f"a grade ({', '.join(scale.labels)}) or a word for none")
        result[result == -2] = -1
        ungraded += int((result[not_graded] >= 0).sum())
        result[not_graded] = -1
        if target == OVERALL:
            outcome_of = outcome[event_of, column.codes]
        grades[target] = result
    ungraded += _without_overall(grades, events, event_of)
    if ungraded:
        body.log.notes.append(f"{ungraded:,} grades stand at inspections that are not graded (interim, monitoring): not taken")
    return grades, Text(outcome_of, outcomes) if len(outcomes) > 1 else None


def _without_overall(grades: dict[str, np.ndarray], events: Sequence[Event], event_of: np.ndarray) -> int:
    """Take away the grades of inspections that are graded only where they have an overall grade, and say how many."""
    if OVERALL not in grades or not any(event.needs_overall for event in events):
        return 0
    rows = np.array([event.needs_overall for event in events])[event_of] & (grades[OVERALL] < 0)
    taken = 0
    for codes in grades.values():
        taken += int((codes[rows] >= 0).sum())
        codes[rows] = -1
    return taken


def _framework(
    rules: Sequence[Mapping[str, Any]], block: Block, events: Sequence[Event], event_of: np.ndarray, dates: Mapping[str, np.ndarray]
) -> Text | None:
    said = [event.framework or block.framework for event in events]
    if not rules:
        return Text(event_of, said) if any(said) else None
    labels = [*said, *(rule["framework"] for rule in rules)]
    codes = event_of.copy()
    undecided = np.array([label is None for label in said])[codes]
    day = dates.get("inspection_start", dates.get("published"))
    if day is not None:
        for number, rule in enumerate(rules, start=len(said)):
            first = np.datetime64(rule.get("from", datetime.date(1900, 1, 1)), "s")
            last = np.datetime64(rule.get("to", datetime.date(2099, 12, 31)), "s")
            codes[undecided & (day >= first) & (day <= last)] = number
    return Text(codes, labels)


# ---- grades that were changed after their inspection


def _changed_later(body: Body, judged: Mapping[str, Column], found: Inspections) -> list[Inspections]:
    """What was in force from each later day on which single grades were changed, as inspections of these days.

    A grade holds from its own day. What it was before is not in the file, so the inspection itself loses it.
    """
    start = found.dates.get("inspection_start")
    days = {} if start is None else _days_of_grades(body, judged, found.grades)
    if start is None or not days:
        return []
    table = np.array([np.where(np.isnat(days[target]), start, np.maximum(days[target], start)) for target in days])
    all_grades = {target: codes.copy() for target, codes in found.grades.items()}
    for target, day in zip(days, table, strict=True):
        found.grades[target][day > start] = -1
    later: list[Inspections] = []
    before = start
    while True:
        waiting = np.where(table > before, table, np.datetime64("9999-12-31", "s"))
        day = waiting.min(axis=0)
        there = day < np.datetime64("9999-12-31", "s")
        if not there.any():
            break
        day = np.where(there, day, values.NO_DATE)
        grades = {target: np.where(there, codes, np.int8(-1)) for target, codes in all_grades.items()}
        for target, its_day in zip(days, table, strict=True):
            grades[target][its_day > day] = -1
        texts = {name: found.texts[name] for name in ("urn_at_inspection",) if name in found.texts}
        texts["inspection_type"] = _constant(GRADE_CHANGED, len(start))
        graded = there & _any(grades.values(), len(start))
        later.append(Inspections(there, texts, {"inspection_start": day}, grades, graded, found.framework))
        before = np.where(there, day, before)
    n_changed = int((table > start).sum())
    if n_changed:
        body.log.notes.append(
            f"{n_changed:,} grades have a date of grade after their inspection: each counts from its own date, in a row of its own "
            f"('{GRADE_CHANGED}'), and not at the inspection"
        )
    return later


def _days_of_grades(body: Body, judged: Mapping[str, Column], grades: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The day of each grade that has a column for it; none where there is no grade."""
    days = {}
    for target, column in judged.items():
        name = form(column.header.replace("(where applicable)", "")) + " date of grade"
        dated = body.column(f"{target}: date of grade", [name]) if name in body.header.cells else None
        if dated is not None:
            days[target] = np.where(grades[target] >= 0, body.days(dated), values.NO_DATE)
    return days


# ---- the inspections of all blocks


def check_dates(inspections: Sequence[Inspections], body: Body) -> np.ndarray:
    """Complain of inspections without any date that could be read; in which rows there is an inspection with one."""
    has_any = np.zeros(len(body), dtype=np.bool_)
    for inspection in inspections:
        dated = ~np.isnat(inspection.day)
        column = inspection.dated_by
        for number in np.flatnonzero(inspection.held & ~dated & body.read).tolist():
            cell = column.distinct[column.codes[number]] if column else ""
            if clean(cell) in ("", "-") or column is None:
                body.log.cells.append((number, column.header if column else "inspection date", cell, "the date of the inspection"))
        inspection.held &= dated
        has_any |= inspection.held
    return has_any


def _either(first: Text, second: Text) -> Text:
    """The first text, and where it says nothing the second."""
    return Text(np.where(first.present, first.codes, second.codes + len(first.labels)), [*first.labels, *second.labels])


def _constant(label: str, size: int) -> Text:
    return Text(np.zeros(size, dtype=np.int64), [label])
