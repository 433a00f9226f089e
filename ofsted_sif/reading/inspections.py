"""From a sheet and its layout to the table of inspections, every row of the sheet accounted for."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.reading import authorities, values
from ofsted_sif.reading.cells import Cells
from ofsted_sif.reading.files import Sheet, Source
from ofsted_sif.reading.layouts import Block, Event, Header, fits, form, header_cells, names
from ofsted_sif.reading.report import ReadingError, ReadingReport, spans
from ofsted_sif.reading.values import Column, categorical, clean
from ofsted_sif.scales import FOUR_POINT, REPORT_CARD, GradeScale
from ofsted_sif.table.dates import parse_date

# The columns of a table of inspections before its judgements; those that no source has are left out.
ORDER = (
    "provider", "provider_name", "provider_type", "local_authority", "region", "ofsted_region", "opened", "closed", "framework",
    "inspection_type", "inspection_number", "urn_at_inspection", "inspection_start", "inspection_end", "published", "graded", "outcome",
)  # fmt: skip
# A sheet's name, its header where a layout fits, and its number of rows.
Survey = Sequence[tuple[str | None, Header | None, int]]
READ = -1
REASONS = ("title", "header", "blank", "padding", "footer", "duplicate", "not yet inspected", "not understood")
TITLE, HEADER, BLANK, PADDING, FOOTER, DUPLICATE, NOT_YET, NOT_UNDERSTOOD = range(len(REASONS))
# An inspection of which no kind is said has the grades that it has; of one whose kind is not understood nothing is believed.
_BARE_EVENT = Event(None, None, True, {})
# "as at 31 March 2025", and "as at March 2022", which is its last day.
_AS_AT = re.compile(r"\bas ?at (?:(\d{1,2}) )?([A-Z][a-z]{2,8}) (20\d\d)(?!\d)", re.IGNORECASE)
_GRADE_WORDS = frozenset(
    form(word) for scale in (FOUR_POINT, REPORT_CARD) for word in [*scale.words, *scale.labels] if not form(word).isdigit()
)
_UNKNOWN_EVENT = Event(None, None, False, {})


@dataclass
class _Log:
    """What was not understood or repaired so far, by column and code of the value; rows are found at the end."""

    complaints: list[tuple[Column, int, str]] = field(default_factory=list)
    repairs: list[tuple[Column, int, str]] = field(default_factory=list)
    cells: list[tuple[int, str, Any, str]] = field(default_factory=list)
    pointed: list[np.ndarray] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def complain(self, column: Column, code: int, expected: str) -> None:
        self.complaints.append((column, code, expected))

    def repair(self, column: Column, code: int, became: str) -> None:
        self.repairs.append((column, code, became))


@dataclass
class _Text:
    """Text of the body's rows as codes into labels (None: missing)."""

    codes: np.ndarray
    labels: list[str | None]

    @property
    def present(self) -> np.ndarray:
        return np.array([label is not None for label in self.labels] or [False])[self.codes]


@dataclass
class _Inspections:
    """The inspections of one block: a value for each row of the body, and in which rows there is one."""

    held: np.ndarray
    texts: dict[str, _Text]
    dates: dict[str, np.ndarray]
    grades: dict[str, np.ndarray]
    graded: np.ndarray
    framework: _Text | None


def read_sheet(
    source: Source, sheet: Sheet, header: Header, surveyed: Survey, errors: str, keep: Sequence[str] = ()
) -> tuple[pd.DataFrame, ReadingReport]:
    """Read the sheet as its layout says."""
    try:
        reading = _Reading(source, sheet, header, surveyed, errors)
        table, report = reading.result()
        if len(keep):
            attrs = table.attrs
            table = table.assign(**reading.kept(keep, report.source_rows - reading.first_row, table.columns))
            table.attrs = attrs
        return table, report
    except ReadingError as error:
        if error.file is None:
            raise ReadingError(
                error.message, file=source.file, sheet=sheet.name, row=error.row, column=error.column, value=error.value
            ) from None
        raise


class _Reading:
    """One reading, from the cells to the table and its report."""

    def __init__(self, source: Source, sheet: Sheet, header: Header, surveyed: Survey, errors: str) -> None:
        self.source, self.sheet, self.layout, self.surveyed, self.errors = source, sheet, header.layout, surveyed, errors
        self.log = _Log()
        self.header = header
        self.body = sheet.rows[header.row + 1 :]
        self.first_row = header.row + 2  # of the body, as a spreadsheet numbers it
        self.status = np.full(len(self.body), READ, dtype=np.int8)
        self.taken: dict[int, str] = {}
        self.sections = self._sections()
        # Rows may be of unlike lengths; what is not there is blank.
        if isinstance(self.body, Cells):
            self.width = int(self.body.widths.max(initial=0))
        else:
            self.width = max(map(len, self.body), default=0)
        self.cells = self._padded()
        self.columns = {target: self._column(None, target, headers) for target, headers in self.layout.columns.items()}
        self.blocks = [
            (block, {target: self._column(block, target, headers) for target, headers in block.columns.items()})
            for block in self.layout.blocks
        ]

    def _padded(self) -> Sequence[Sequence[Any]]:
        """The body with rows of one length."""
        if isinstance(self.body, Cells) and len(self.sections) == 1:
            return self.body  # whose columns are
        return [[*row, *[""] * (self.width - len(row))] if len(row) < self.width else row for row in self.body]

    # ---- tables one below the other, and their columns

    def _sections(self) -> list[tuple[int, int, tuple[str, ...]]]:
        """Where tables begin and end in the body, each with the forms of its header: a header that comes again starts a new one."""
        sections = []
        start, cells = 0, self.header.cells
        for number in self._repeated_headers():
            self.status[number] = HEADER
            sections.append((start, number, cells))
            start, cells = number + 1, header_cells(self.body[number])
        return [*sections, (start, len(self.body), cells)]

    def _repeated_headers(self) -> list[int]:
        keys = set(self.layout.required[0])
        at = next(position for position, cell in enumerate(self.header.cells) if cell in keys)
        first = {key[0] for key in keys}
        if not isinstance(self.body, Cells):
            column = values.factorize("", [row[at] if len(row) > at else "" for row in self.body])
        elif at < max(self.body.widths, default=0):
            column = Column("", *self.body.column(at))
        else:
            return []
        codes = [
            code
            for code, cell in enumerate(column.distinct)
            if isinstance(cell, str) and cell.strip()[:1].casefold() in first and form(cell) in keys
        ]
        again = np.flatnonzero(np.isin(column.codes, codes)).tolist() if codes else []
        return [number for number in again if fits(self.layout, header_cells(self.body[number]), [self.layout.says or ""])]

    def _column(self, block: Block | None, target: str, headers: Sequence[str]) -> Column | None:
        """The column of a target through all sections, by the first of its spellings that a header has."""
        cells: list[Any] = []
        whole: Column | None = None
        shown = ""
        for start, end, present in self.sections:
            section = self.cells if len(self.sections) == 1 else self.cells[start:end]
            position = self._position(headers, present, section)
            if position is None or position >= self.width:
                cells += [""] * (end - start)
            elif isinstance(self.cells, Cells):
                whole = Column("", *self.cells.column(position))
            else:
                cells += map(itemgetter(position), section)
            if position is not None:
                shown = shown or str(self.sheet.rows[self.header.row][position] if present is self.header.cells else present[position])
                if present is self.header.cells:
                    self.taken[position] = f"{self.taken[position]}, {target}" if position in self.taken else target
            if end < len(self.body):
                cells.append("")  # the header of the next section
        if not shown:
            return None
        column = whole or values.factorize("", cells)
        column.header = " ".join(shown.split())
        return column

    def _position(self, headers: Sequence[str], present: tuple[str, ...], section: Sequence[Sequence[Any]]) -> int | None:
        for header in headers:
            if header not in present:
                continue
            first, *others = (position for position, cell in enumerate(present) if cell == header)
            for other in others:
                if other < self.width and any(row[first] != row[other] for row in section):
                    raise ReadingError(
                        f"two columns have this header (columns {first + 1} and {other + 1}) and differ; delete the one that is not meant",
                        row=self.header.row + 1,
                        column=str(self.sheet.rows[self.header.row][first]) if present is self.header.cells else header,
                    )
            return first
        return None

    # ---- rows

    def _mark_rows(self, key: np.ndarray, inspected: np.ndarray) -> None:
        """Say of each row without a provider or without an inspection what it is."""
        nameless = int(bool(self.header.cells) and not self.header.cells[0])
        for number in np.flatnonzero((self.status == READ) & ~(key & inspected)).tolist():
            # R's row names stand in a column without a header: they say nothing, and NA beside them neither.
            filled = sum(cell != "" and not values.is_missing(clean(cell), self.layout.missing) for cell in self.body[number][nameless:])
            if filled == 0:
                self.status[number] = BLANK
            elif filled == 1:
                self.status[number] = FOOTER
            elif not key[number]:
                self.status[number] = NOT_UNDERSTOOD
                self.log.cells.append((number, self._key_header(), "", "the provider to which the row belongs"))
            else:
                self.status[number] = NOT_YET
        # Text before another header is its title; blank rows after the last row read are padding.
        for _, end, _ in self.sections[:-1]:
            number = end - 1
            while number >= 0 and self.status[number] in (FOOTER, BLANK):
                if self.status[number] == FOOTER:
                    self.status[number] = TITLE
                number -= 1
        last = np.flatnonzero((self.status == READ) | (self.status == NOT_YET) | (self.status == NOT_UNDERSTOOD))
        tail = np.arange(len(self.status)) > (last[-1] if len(last) else -1)
        self.status[tail & (self.status == BLANK)] = PADDING

    def _key_header(self) -> str:
        key = self.columns.get("provider") or self.columns.get("provider_name")
        return key.header if key else "provider"

    def _mark_duplicates(self, key: np.ndarray) -> None:
        """Set aside rows that repeat another cell by cell."""
        rows = np.flatnonzero(self.status == READ)
        codes = key[rows]
        several = np.bincount(codes, minlength=1)[codes] > 1
        seen: set[tuple[Any, ...]] = set()
        for number in rows[several].tolist():
            cells = tuple(self.body[number])
            if cells in seen:
                self.status[number] = DUPLICATE
            seen.add(cells)

    # ---- inspections

    def _inspections(self, block: Block, columns: Mapping[str, Column | None]) -> _Inspections:
        layout, shared, size = self.layout, names(), len(self.body)
        texts: dict[str, _Text] = {}
        dates: dict[str, np.ndarray] = {}
        judged: dict[str, Column] = {}
        none_said = np.zeros(size, dtype=np.bool_)
        for target, column in columns.items():
            if column is None:
                continue
            kind = shared.kinds.get(target)
            if kind == "date":
                start, end, said_none = values.dates(column, layout.missing, layout.not_inspected, layout.unknown_dates, self.log.complain)
                dates[target] = start[column.codes]
                none_said |= said_none[column.codes]
                if end is not None and target == "inspection_start" and not columns.get("inspection_end"):
                    dates["inspection_end"] = end[column.codes]
            elif kind is None:
                judged[target] = column
            else:
                texts[target] = self._text(column, target, kind)
        events, event_of = self._events(columns.get("inspection_type"), texts)
        grades, outcome = self._grades(judged, events, event_of)
        if outcome is not None:
            texts["outcome"] = _either(texts["outcome"], outcome) if "outcome" in texts else outcome
        self._grades_of_later_days(judged, grades, dates)
        any_grade = np.zeros(size, dtype=np.bool_)
        for codes in grades.values():
            any_grade |= codes >= 0
        if block.inspection_type is not None:
            texts["inspection_type"] = _constant(block.inspection_type, size)
        held = any_grade.copy()
        for name in ("inspection_number", "outcome"):
            if name in texts:
                held |= texts[name].present
        for name in ("inspection_start", "published"):
            if name in dates:
                held |= ~np.isnat(dates[name])
        if "converted" in texts:
            became = np.array([label is not None and label.casefold().startswith("y") for label in texts["converted"].labels])
            converted = became[texts.pop("converted").codes] & held
            held &= ~converted
            if converted.any():
                self.log.notes.append(f"{int(converted.sum()):,} ungraded inspections were converted: they are the graded one beside them")
        held &= ~none_said
        graded = any_grade & np.array([event.graded for event in events])[event_of] & block.graded
        return _Inspections(held, texts, dates, grades, graded, self._framework(block, events, event_of, dates))

    def _text(self, column: Column, target: str, kind: str) -> _Text:
        missing = self.layout.missing
        if kind == "code":
            said, pointed = values.identifiers(column, missing, self.log.repair)
            self.log.pointed.append(pointed[column.codes])
        elif kind == "label":
            spellings = self.layout.outcomes if target == "outcome" else names().spellings.get(target, {})
            said = values.labels(column, missing, spellings)
        else:
            said = values.texts(column, missing)
        for code in column.spreadsheet_errors:
            said[code] = None
            self.log.complain(column, code, "a value; this is an error of the spreadsheet that made the file")
        return _Text(column.codes, said)

    def _events(self, column: Column | None, texts: dict[str, _Text]) -> tuple[list[Event], np.ndarray]:
        """The kinds of inspection in the column, and which each row has; the first stands for none said."""
        if column is None or not self.layout.events:
            return [_BARE_EVENT], np.zeros(len(self.body), dtype=np.int64)
        known = sorted({event.inspection_type or "" for event in self.layout.events.values()})
        kind_decides = any(event.means for event in self.layout.events.values())
        events, of_distinct, shown = [_BARE_EVENT, _UNKNOWN_EVENT], [], []
        for code, label in enumerate(texts["inspection_type"].labels):
            event = self.layout.events.get(form(label or ""))
            if event is not None:
                of_distinct.append(len(events))
                events.append(event)
            elif label is None and not kind_decides:
                of_distinct.append(0)
            else:
                of_distinct.append(1)
                self.log.complain(column, code, f"a kind of inspection that this layout knows ({', '.join(known)})")
            shown.append(None if event is None else event.inspection_type or label)
        texts["inspection_type"] = _Text(column.codes, shown)
        return events, np.array(of_distinct, dtype=np.int64)[column.codes]

    def _grades(
        self, judged: Mapping[str, Column], events: Sequence[Event], event_of: np.ndarray
    ) -> tuple[dict[str, np.ndarray], _Text | None]:
        layout, size = self.layout, len(self.body)
        grades: dict[str, np.ndarray] = {}
        outcomes: list[str | None] = [None]
        outcome_of = np.zeros(size, dtype=np.int64)
        ungraded = 0
        for target, column in judged.items():
            scale = layout.scales[target]
            plain = values.grade_codes(column, scale, layout.no_grade, layout.missing)
            spelled = list(map(form, column.texts))
            result = np.full(size, -1, dtype=np.int8)
            for number, event in enumerate(events):
                rows = slice(None) if len(events) == 1 else np.flatnonzero(event_of == number)
                table = plain.copy()
                outcome = np.zeros(len(table), dtype=np.int64)
                for code, word in enumerate(spelled):
                    meaning = event.means.get(_integral(word)) or layout.outcomes.get(word)
                    if meaning is not None and (table[code] < 0 or _integral(word) in event.means):
                        table[code] = -1
                        if meaning not in outcomes:
                            outcomes.append(meaning)
                        outcome[code] = outcomes.index(meaning)
                codes = column.codes[rows]
                for code in np.unique(codes[table[codes] == -2]).tolist():
                    known = ", ".join(scale.labels)
                    self.log.complain(column, code, f"a grade ({known}) or a word for none")
                table[table == -2] = -1
                if not event.graded:
                    ungraded += int((table[codes] >= 0).sum())
                    table[:] = -1
                result[rows] = table[codes]
                if target == "overall_effectiveness":
                    outcome_of[rows] = outcome[codes]
            grades[target] = result
        if ungraded:
            self.log.notes.append(f"{ungraded:,} grades stand at inspections that are not graded (interim, monitoring): not taken")
        return grades, _Text(outcome_of, outcomes) if len(outcomes) > 1 else None

    def _framework(self, block: Block, events: Sequence[Event], event_of: np.ndarray, dates: Mapping[str, np.ndarray]) -> _Text | None:
        said = [event.framework or block.framework for event in events]
        if not self.layout.framework_by_date:
            return _Text(event_of, said) if any(said) else None
        labels = [*said, *(rule["framework"] for rule in self.layout.framework_by_date)]
        codes = event_of.copy()
        undecided = np.array([label is None for label in said])[codes]
        day = dates.get("inspection_start", dates.get("published"))
        if day is not None:
            for number, rule in enumerate(self.layout.framework_by_date, start=len(said)):
                first = np.datetime64(rule.get("from", datetime.date(1900, 1, 1)), "s")
                last = np.datetime64(rule.get("to", datetime.date(2099, 12, 31)), "s")
                codes[undecided & (day >= first) & (day <= last)] = number
        return _Text(codes, labels)

    # ---- the table

    def result(self) -> tuple[pd.DataFrame, ReadingReport]:
        shared = names()
        key_column = self.columns.get("provider") or self.columns.get("provider_name")
        if key_column is None:
            raise ReadingError("no column says to which provider a row belongs", row=self.header.row + 1)
        self._require_dates_and_judgements()
        inspections = [self._inspections(block, columns) for block, columns in self.blocks]
        provider_texts: dict[str, _Text] = {}
        provider_values: dict[str, np.ndarray] = {}
        for target, column in self.columns.items():
            if column is None:
                continue
            kind = shared.kinds[target]
            if kind == "date":
                start, _, _ = values.dates(column, self.layout.missing, frozenset(), self.layout.unknown_dates, self.log.complain)
                provider_values[target] = start[column.codes]
            elif kind == "number":
                provider_values[target] = values.numbers(column, self.layout.missing, self.log.complain)[column.codes]
            else:
                provider_texts[target] = self._text(column, target, kind)
        key = np.zeros(len(self.body), dtype=np.bool_)
        for target in ("provider", "provider_name") if self.layout.providers else ("provider",):
            if target in provider_texts:
                key |= provider_texts[target].present
        held = np.zeros(len(self.body), dtype=np.bool_)
        for inspection in inspections:
            held |= inspection.held
        self._mark_rows(key, held)
        self._mark_duplicates(key_column.codes)
        self._drop_repeated(inspections)
        self._check_dates(inspections)

        listed = (self.status == READ) | (self.status == NOT_YET)
        reading = self.status == READ
        parts = [np.flatnonzero(inspection.held & reading) for inspection in inspections]
        rows = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        pieces: dict[str, Any] = {}
        for target, text in provider_texts.items():
            pieces[target] = categorical(text.codes[rows], text.labels, in_order=target != "provider_name")
        for target, array in provider_values.items():
            pieces[target] = array[rows]
        self._join(pieces, inspections, parts, order)
        unlisted = np.flatnonzero(self.status == NOT_YET)
        if self.layout.providers == "local authorities":
            waiting = {target: categorical(text.codes[unlisted], text.labels) for target, text in provider_texts.items()}
            matched = authorities.match(pieces, rows, self._complain_of_name)
            matched_waiting = authorities.match(waiting, unlisted, self._complain_of_name)
            pieces.update(matched)
            known = np.asarray(pieces["provider"].codes) >= 0
            if not known.all():
                self.status[rows[~known]] = NOT_UNDERSTOOD
                rows, pieces = rows[known], {name: piece[known] for name, piece in pieces.items()}
            self.status[unlisted[np.asarray(matched_waiting["provider"].codes) < 0]] = NOT_UNDERSTOOD
            inspected, waiting_codes = pieces["provider"], matched_waiting["provider"]

            def register() -> pd.DataFrame:
                return authorities.register(inspected, waiting_codes)
        else:

            def register() -> pd.DataFrame:
                return self._register(provider_texts, provider_values, listed)

        self._raise_or_note(listed)
        shown = {name: pieces[name] for name in ORDER if name in pieces}
        shown |= {name: pieces[name] for name in shared.judgements if name in pieces}
        shown |= {name: pieces[name] for name in pieces if name not in shown}
        table = pd.DataFrame(shown, copy=False)
        report = self._report(rows, register)
        table.attrs = {
            **self._own_date(),
            "file": report.file, "sheet": report.sheet, "layout": report.layout, "rows": report.n_rows, "rows_read": report.n_read,
            "rows_set_aside": report.n_rows - report.n_read, "not_understood": len(self.not_understood),
        }  # fmt: skip
        return table, report

    def _own_date(self) -> dict[str, str]:
        """The date as at which the file speaks, from a title row, else the sheet's or the file's name; nothing where none says it."""
        titles = [str(cell) for row in self.sheet.rows[: self.header.row] for cell in row if cell]
        for text in [*titles, self.sheet.name or "", self.source.file]:
            found = _AS_AT.search(text.replace("_", " "))
            if found is None:
                continue
            for last in [found[1]] if found[1] else ["31", "30", "29", "28"]:
                if (day := parse_date(f"{last} {found[2]} {found[3]}")) is not None:
                    return {"complete_to": day.isoformat()}
        return {}

    def kept(self, wanted: Sequence[str], rows: np.ndarray, already: Sequence[str]) -> dict[str, pd.Categorical]:
        """Columns of the file by the headers that they have there, as text, for the rows of the table."""
        shown = [" ".join(str(cell).split()) for cell in self.sheet.rows[self.header.row]]
        if isinstance(wanted, str):
            wanted = [name for name in shown if name and name not in already] if wanted == "all" else [wanted]
        found = {}
        for name in wanted:
            column = self._column(None, f"kept as {name!r}", [form(name)]) if form(name) else None
            if column is None:
                raise ReadingError(f"keep={name!r}: there is no such column", row=self.header.row + 1)
            if name in already:
                raise ReadingError(f"keep={name!r}: the table has a column of this name", row=self.header.row + 1)
            found[name] = categorical(column.codes[rows], values.texts(column, self.layout.missing))
        return found

    def _require_dates_and_judgements(self) -> None:
        """An error where no column has the day of an inspection, or none what was judged: nothing could be said of its inspections."""
        listed = names().judgements
        for what, wanted in (
            ("day", ("inspection_start", "published")),
            ("judgement", (*listed, "outcome")),
        ):
            if any(columns.get(target) is not None for _, columns in self.blocks for target in wanted):
                continue
            looked = [header for block, _ in self.blocks for target in wanted for header in block.columns.get(target, ())]
            raise ReadingError(
                f"no column has the {what} of the inspections; {self.layout.name!r} looks for {', '.join(map(repr, looked[:4]))}. A layout "
                "of your own can name another (layout='mine.toml')",
                row=self.header.row + 1,
            )

    def _not_taken(self) -> list[tuple[str, int]]:
        """Columns that are not taken and whose values are grades in words, with the number of those."""
        found = []
        for position, cell in enumerate(self.header.cells):
            if position in self.taken or not cell or position >= self.width or len(self.sections) > 1:
                continue
            if isinstance(self.cells, Cells):
                column = Column("", *self.cells.column(position))
            else:
                column = values.factorize("", list(map(itemgetter(position), self.cells)))
            said = [text for text in column.texts[:100] if not values.is_missing(text, self.layout.missing)]
            graded = [text for text in said if form(text) in _GRADE_WORDS]
            if graded and all(form(text) in _GRADE_WORDS or form(text) in self.layout.no_grade or text == "-" for text in said):
                wanted = [code for code, text in enumerate(column.texts) if form(text) in _GRADE_WORDS]
                found.append((" ".join(str(self.sheet.rows[self.header.row][position]).split()), int(np.isin(column.codes, wanted).sum())))
        return found

    def _grades_of_later_days(self, judged: Mapping[str, Column], grades: dict[str, np.ndarray], dates: Mapping[str, np.ndarray]) -> None:
        """Of a grade that was changed after the inspection nothing is said of the inspection: it holds from its own date only."""
        start = dates.get("inspection_start")
        for target, column in judged.items():
            name = form(column.header.replace("(where applicable)", "")) + " date of grade"
            if start is None or name not in self.header.cells:
                continue
            dated = self._column(None, f"{target}: date of grade", [name])
            if dated is None:
                continue
            day = values.dates(dated, self.layout.missing, frozenset(), self.layout.unknown_dates, self.log.complain)[0][dated.codes]
            later = (grades[target] >= 0) & (day > start)
            if later.any():
                grades[target][later] = -1
                self.log.notes.append(
                    f"{int(later.sum()):,} grades of {column.header!r} have a date of grade after the inspection: not taken, as they were "
                    "not given at it"
                )

    def _drop_repeated(self, inspections: Sequence[_Inspections]) -> None:
        """One row an inspection: where two blocks of a row name the same inspection, the first has it."""
        dropped = 0
        for later in range(1, len(inspections)):
            second = inspections[later].texts.get("inspection_number")
            for first in inspections[:later]:
                one = first.texts.get("inspection_number")
                if one is None or second is None:
                    continue
                place = {label: code for code, label in enumerate(one.labels) if label is not None}
                same = np.array([place.get(label or "", -1) for label in second.labels])[second.codes]
                again = (same >= 0) & (same == _last_code(one, place)) & first.held & inspections[later].held
                inspections[later].held &= ~again
                dropped += int((again & (self.status == READ)).sum())
        if dropped:
            self.log.notes.append(f"{dropped:,} inspections stand twice in their row: taken once, as graded")

    def _check_dates(self, inspections: Sequence[_Inspections]) -> None:
        """An inspection without any date that could be read has no place in time."""
        has_any = np.zeros(len(self.body), dtype=np.bool_)
        for (_, columns), inspection in zip(self.blocks, inspections, strict=True):
            dated = np.zeros(len(self.body), dtype=np.bool_)
            for name in ("inspection_start", "published"):
                if name in inspection.dates:
                    dated |= ~np.isnat(inspection.dates[name])
            column = columns.get("inspection_start") or columns.get("published")
            for number in np.flatnonzero(inspection.held & ~dated & (self.status == READ)).tolist():
                cell = column.distinct[column.codes[number]] if column else ""
                if clean(cell) in ("", "-") or column is None:
                    self.log.cells.append((number, column.header if column else "inspection date", cell, "the date of the inspection"))
            inspection.held &= dated
            has_any |= inspection.held
        self.status[(self.status == READ) & ~has_any] = NOT_UNDERSTOOD

    def _join(self, pieces: dict[str, Any], inspections: Sequence[_Inspections], parts: Sequence[np.ndarray], order: np.ndarray) -> None:
        """The values of all blocks, one below the other, in the order of their rows."""

        def joined(found: Sequence[np.ndarray | None], empty: Any, dtype: Any) -> np.ndarray:
            listed = [
                np.full(len(part), empty, dtype=dtype) if array is None else array[part] for array, part in zip(found, parts, strict=True)
            ]
            return np.concatenate(listed)[order]

        for target in dict.fromkeys(name for inspection in inspections for name in inspection.texts):
            labels: list[str | None] = [None]
            found: list[np.ndarray | None] = []
            for inspection in inspections:
                text = inspection.texts.get(target)
                found.append(None if text is None else text.codes + len(labels))
                labels += [] if text is None else text.labels
            pieces[target] = categorical(joined(found, 0, np.int64), labels, in_order=names().kinds[target] == "label")
        frameworks: list[str | None] = [None]
        found = []
        for inspection in inspections:
            found.append(None if inspection.framework is None else inspection.framework.codes + len(frameworks))
            frameworks += [] if inspection.framework is None else inspection.framework.labels
        if len(frameworks) > 1:
            pieces["framework"] = categorical(joined(found, 0, np.int64), frameworks)
        for target in dict.fromkeys(name for inspection in inspections for name in inspection.dates):
            pieces[target] = joined([inspection.dates.get(target) for inspection in inspections], values.NO_DATE, "datetime64[s]")
        for target in dict.fromkeys(name for inspection in inspections for name in inspection.grades):
            scale: GradeScale = self.layout.scales[target]
            codes = joined([inspection.grades.get(target) for inspection in inspections], -1, np.int8)
            pieces[target] = pd.Categorical.from_codes(codes, dtype=scale.dtype)
        pieces["graded"] = joined([inspection.graded for inspection in inspections], False, np.bool_)

    def _register(self, texts: Mapping[str, _Text], arrays: Mapping[str, np.ndarray], listed: np.ndarray) -> pd.DataFrame:
        rows = np.flatnonzero(listed)
        provider = categorical(texts["provider"].codes[rows], texts["provider"].labels)
        _, first = np.unique(np.asarray(provider.codes), return_index=True)
        chosen = rows[np.sort(first)]
        columns: dict[str, Any] = {name: categorical(text.codes[chosen], text.labels) for name, text in texts.items()}
        columns |= {name: array[chosen] for name, array in arrays.items()}
        # All that people group by, or the providers never inspected would have no phase.
        return pd.DataFrame({name: columns[name] for name in dict.fromkeys([*ORDER, *columns]) if name in columns}, copy=False)

    def _complain_of_name(self, number: int, name: str, expected: str) -> None:
        self.log.cells.append((number, self._key_header(), name, expected))

    # ---- the account

    def _entries(self, listed: np.ndarray) -> list[tuple[int, str, Any, str]]:
        entries = list(self.log.cells)
        for column, code, expected in self.log.complaints:
            rows = np.flatnonzero((column.codes == code) & (listed | (self.status == NOT_UNDERSTOOD)))
            entries += [(int(number), column.header, column.distinct[code], expected) for number in rows]
        return sorted(set(entries), key=lambda entry: (entry[0], entry[1]))

    def _raise_or_note(self, listed: np.ndarray) -> None:
        self.not_understood = self._entries(listed)
        if self.not_understood and self.errors == "raise":
            number, column, value, expected = self.not_understood[0]
            more = len(self.not_understood) - 1
            others = f" ({more:,} more such value{'s' if more > 1 else ''})" if more else ""
            raise ReadingError(
                f"{value!r} is not understood here; right would be {expected}{others}. With errors='report' such values become missing "
                "and stand in the report",
                row=number + self.first_row,
                column=column,
                value=value,
            )

    def _report(self, rows: np.ndarray, register: Callable[[], pd.DataFrame]) -> ReadingReport:
        above = [TITLE if any(clean(cell) for cell in row) else BLANK for row in self.sheet.rows[: self.header.row]]
        status = np.concatenate([np.array([*above, HEADER], dtype=np.int8), self.status])
        body_read = self.status == READ
        notes = [*self.log.notes, *self.source.notes]
        if not_taken := self._not_taken():
            told = ", ".join(f"{header!r} ({n:,})" for header, n in not_taken)
            notes.append(f"columns that hold grades and are not taken: {told}")
        if pointed := sum(int((where & body_read).sum()) for where in self.log.pointed):
            notes.append(f"{pointed:,} identifiers stood as numbers with a point (100000.0): repaired")
        others = [name for name, header, _ in self.surveyed if header is not None and name != self.sheet.name]
        if others:
            notes.append(f"further sheets with inspections: {', '.join(map(repr, others))} (choose with sheet=)")
        return ReadingReport(
            file=self.source.file,
            sheet=self.sheet.name,
            layout=self.layout.name,
            encoding=self.source.encoding,
            header_row=self.header.row + 1,
            n_rows=len(status),
            n_read=int(body_read.sum()),
            n_inspections=len(rows),
            notes=tuple(notes),
            source_rows=rows + self.first_row,
            tables={
                "rows": lambda: _account(status),
                "set_aside": lambda: _set_aside(status, self.sheet.rows),
                "not_understood": self._not_understood,
                "repaired": lambda: self._repaired(body_read),
                "columns": self._columns,
                "sheets": lambda: as_table(self.surveyed),
                "register": register,
            },
        )

    def _not_understood(self) -> pd.DataFrame:
        rows = [(number + self.first_row, column, value, expected) for number, column, value, expected in self.not_understood]
        return pd.DataFrame(rows, columns=["row", "column", "value", "expected"])

    def _repaired(self, body_read: np.ndarray) -> pd.DataFrame:
        rows = [
            (int(number) + self.first_row, column.header, column.distinct[code], became)
            for column, code, became in self.log.repairs
            for number in np.flatnonzero((column.codes == code) & body_read)
        ]
        return pd.DataFrame(sorted(rows), columns=["row", "column", "value", "became"])

    def _columns(self) -> pd.DataFrame:
        header = self.sheet.rows[self.header.row]
        becomes = [self.taken.get(position, "") for position in range(len(header))]
        return pd.DataFrame({"position": np.arange(1, len(header) + 1), "header": list(map(clean, header)), "becomes": becomes})


def as_table(surveyed: Survey) -> pd.DataFrame:
    """The sheets of a file as a table."""
    rows = [
        (name or "", header.layout.name if header else "", header.row + 1 if header else None, height) for name, header, height in surveyed
    ]
    return pd.DataFrame(rows, columns=["sheet", "layout", "header_row", "rows"]).astype({"header_row": "Int64", "rows": "int64"})


def _account(status: np.ndarray) -> pd.DataFrame:
    account = [("read", int((status == READ).sum()), "")]
    for reason, name in enumerate(REASONS):
        if len(here := np.flatnonzero(status == reason)):
            account.append((name, len(here), spans(here + 1)))
    return pd.DataFrame(account, columns=["what", "n", "rows"])


def _set_aside(status: np.ndarray, rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    aside = np.flatnonzero(status != READ)
    reasons = pd.Categorical.from_codes(status[aside], categories=list(REASONS))
    return pd.DataFrame({"row": aside + 1, "reason": reasons, "text": [_beginning(rows[number]) for number in aside.tolist()]})


def _integral(word: str) -> str:
    """The form of 2.0, which is "2 0", as that of 2."""
    return word[:-2] if word.endswith(" 0") else word


def _last_code(text: _Text, place: Mapping[str, int]) -> np.ndarray:
    """The codes of a text, equal labels (there can be two spellings of one number) under one code."""
    return np.array([-2 if label is None else place[label] for label in text.labels])[text.codes]


def _either(first: _Text, second: _Text) -> _Text:
    """The first text, and where it says nothing the second."""
    return _Text(np.where(first.present, first.codes, second.codes + len(first.labels)), [*first.labels, *second.labels])


def _constant(label: str, size: int) -> _Text:
    return _Text(np.zeros(size, dtype=np.int64), [label])


def _beginning(row: Sequence[Any], width: int = 80) -> str:
    text = "; ".join(filter(None, map(clean, row[:6])))
    return text if len(text) <= width else text[: width - 3] + "..."
