"""What stands below a header: tables one below the other, their columns, and what each row is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.reading import values
from ofsted_sif.reading.account import BLANK, DUPLICATE, FOOTER, HEADER, NOT_UNDERSTOOD, NOT_YET, PADDING, READ, TITLE, Log
from ofsted_sif.reading.cells import Cells
from ofsted_sif.reading.files import Sheet
from ofsted_sif.reading.layouts import Header, fits, form, header_cells
from ofsted_sif.reading.report import ReadingError
from ofsted_sif.reading.values import DIGIT, LETTER, Column, clean, kinds_of_signs


def alike_in_all(columns: Sequence[np.ndarray], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows that agree with another in all columns of codes (-1 missing), and a number for each that such rows share."""
    same = np.zeros(len(rows), dtype=np.int64)
    for column in columns:
        of_rows = column[rows].astype(np.int64)
        same = pd.factorize(same * (int(of_rows.max(initial=0)) + 2) + of_rows)[0]
        several = np.bincount(same, minlength=1)[same] > 1
        rows, same = rows[several], same[several]
        if not len(rows):  # as nearly always, and soon
            break
    return rows, same


class Body:
    """The rows below a header, with what became of each so far."""

    def __init__(self, sheet: Sheet, header: Header, log: Log) -> None:
        self.sheet, self.header, self.layout, self.log = sheet, header, header.layout, log
        layout = header.layout
        self._dates = values.DateRules(layout.missing, frozenset(), layout.unknown_dates, layout.short_years, sheet.epoch)
        self.rows = sheet.rows[header.row + 1 :]
        self.first_row = header.row + 2  # of the body, as a spreadsheet numbers it
        self.status = np.full(len(self.rows), READ, dtype=np.int8)
        self.taken: dict[int, str] = {}
        self.sections = self._sections()
        self.taken_of: list[set[int]] = [set() for _ in self.sections]
        # Rows may be of unlike lengths; what is not there is blank.
        self.widths = self.rows.widths if isinstance(self.rows, Cells) else np.fromiter(map(len, self.rows), np.int64, len(self.rows))
        self.width = int(self.widths.max(initial=0))
        self.cells = self._padded()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def read(self) -> np.ndarray:
        """Which rows are read."""
        return self.status == READ

    @property
    def listed(self) -> np.ndarray:
        """Which rows list a provider, inspected or not yet."""
        return (self.status == READ) | (self.status == NOT_YET)

    def shown(self, position: int, section: int = 0) -> str:
        """The header of a column as it stands in the file."""
        header = self.sheet.rows[self.header.row + self.sections[section][0]]
        return " ".join(str(header[position]).split()) if position < len(header) else ""

    def _padded(self) -> Sequence[Sequence[Any]]:
        """The body with rows of one length."""
        if isinstance(self.rows, Cells) and len(self.sections) == 1:
            return self.rows  # whose columns are
        return [[*row, *[""] * (self.width - len(row))] if len(row) < self.width else row for row in self.rows]

    @cached_property
    def _across(self) -> list[tuple[Any, ...]]:
        """The columns of a body of lists, all taken apart at once."""
        return list(zip(*self.cells, strict=True))

    # ---- tables one below the other, and their columns

    def _sections(self) -> list[tuple[int, int, tuple[str, ...]]]:
        """Where tables begin and end in the body, each with the forms of its header: a header that comes again starts a new one."""
        sections = []
        start, cells = 0, self.header.cells
        for number in self._repeated_headers():
            self.status[number] = HEADER
            sections.append((start, number, cells))
            start, cells = number + 1, header_cells(self.rows[number])
        return [*sections, (start, len(self.rows), cells)]

    def _repeated_headers(self) -> list[int]:
        keys = set(self.layout.required[0])
        at = next(position for position, cell in enumerate(self.header.cells) if cell in keys)
        first = {key[0] for key in keys}
        if not isinstance(self.rows, Cells):
            column = values.factorize("", [row[at] if len(row) > at else "" for row in self.rows])
        elif at < max(self.rows.widths, default=0):
            column = Column("", *self.rows.column(at))
            folded = "\n".join(column.distinct).casefold()
            if not any(key.split()[0] in folded for key in keys):  # as nearly always
                return []
        else:
            return []
        codes = [
            code
            for code, cell in enumerate(column.distinct)
            if isinstance(cell, str) and cell.strip()[:1].casefold() in first and form(cell) in keys
        ]
        again = np.flatnonzero(np.isin(column.codes, codes)).tolist() if codes else []
        return [number for number in again if fits(self.layout, header_cells(self.rows[number]), [self.layout.says or ""])]

    def column(self, target: str, headers: Sequence[str]) -> Column | None:
        """The column of a target through all sections, by the first of its spellings that a header has."""
        cells: list[Any] = []
        whole: Column | None = None
        shown = ""
        for number, (start, end, present) in enumerate(self.sections):
            section = self.cells if len(self.sections) == 1 else self.cells[start:end]
            position = self._position(headers, present, section)
            if position is None or position >= self.width:
                cells += [""] * (end - start)
            elif isinstance(self.cells, Cells):
                whole = Column("", *self.cells.column(position))
            elif len(self.sections) == 1:
                whole = values.factorize("", self._across[position])
            else:
                cells += map(itemgetter(position), section)
            if position is not None:
                self.taken_of[number].add(position)
                shown = shown or str(self.sheet.rows[self.header.row][position] if present is self.header.cells else present[position])
                if present is self.header.cells:
                    self.taken[position] = f"{self.taken[position]}, {target}" if position in self.taken else target
            if end < len(self.rows):
                cells.append("")  # the header of the next section
        if not shown:
            return None
        column = whole or values.factorize("", cells)
        column.header = " ".join(shown.split())
        return column

    def column_at(self, position: int, section: int) -> Column:
        """The column at a position, of one of the tables."""
        if isinstance(self.cells, Cells):
            return Column(self.shown(position, section), *self.cells.column(position))
        start, end, _ = self.sections[section]
        return values.factorize(self.shown(position, section), self._across[position][start:end])

    def days(self, column: Column) -> np.ndarray:
        """The date in each row of a column."""
        return values.dates(column, self._dates, self.log.complain)[0][column.codes]

    def days_of_inspections(self, column: Column) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
        """The day of an inspection in each row, the last day where some are ranges, and where it is said that there was none."""
        rules = replace(self._dates, not_inspected=self.layout.not_inspected)
        start, end, said_none = values.dates(column, rules, self.log.complain)
        return start[column.codes], None if end is None else end[column.codes], said_none[column.codes]

    def _position(self, headers: Sequence[str], present: tuple[str, ...], section: Sequence[Sequence[Any]]) -> int | None:
        for header in headers:
            n = present.count(header)
            if n == 0:
                continue
            first = present.index(header)
            for other in range(first + 1, self.width if n > 1 else 0):
                if present[other : other + 1] == (header,) and _differ(section, first, other):
                    raise ReadingError(
                        f"two columns have this header (columns {first + 1} and {other + 1}) and differ; delete the one that is not meant",
                        row=self.header.row + 1,
                        column=str(self.sheet.rows[self.header.row][first]) if present is self.header.cells else header,
                    )
            return first
        return None

    # ---- rows

    def mark_rows(self, has_key: np.ndarray, inspected: np.ndarray, key: Column) -> None:
        """Say of each row without a provider or without an inspection what it is."""
        without = np.flatnonzero((self.status == READ) & ~(has_key & inspected))
        filled = self._filled(without)
        waiting = np.where(has_key[without], NOT_YET, NOT_UNDERSTOOD)
        self.status[without] = np.where(filled == 0, BLANK, np.where(filled == 1, FOOTER, waiting))
        self._mark_sentences(without[self.status[without] == NOT_YET], key)
        for number in without[self.status[without] == NOT_UNDERSTOOD].tolist():
            self.log.cells.append((number, key.header, "", "the provider to which the row belongs"))
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

    def _mark_sentences(self, rows: np.ndarray, key: Column) -> None:
        """Say of rows that a comma has cut in two that they are footers: what stands in the place of a provider is like none of them."""
        said = {code: key.texts[code] for code in np.unique(key.codes[rows]).tolist()}
        if all(map(str.isdigit, said.values())):  # as in most files
            return
        signs = {code: kinds_of_signs(text) for code, text in said.items()}
        others = {sign for of in signs.values() for sign in of} - {LETTER, DIGIT}
        without_digit = any(DIGIT not in of for of in signs.values())
        if not others and not without_digit:
            return
        texts = [key.texts[code] for code in np.unique(key.codes[self.read])]
        unknown = {sign for sign in others if not any(sign in text for text in texts)}
        # Where each provider has a number, a word is none.
        numbered = without_digit and all(DIGIT in kinds_of_signs(text) for text in texts)
        unlike = [code for code, of in signs.items() if not unknown.isdisjoint(of) or (numbered and DIGIT not in of)]
        for number in rows[np.isin(key.codes[rows], unlike)].tolist():
            filled = [cell for cell in self.rows[number] if cell != "" and not values.is_missing(clean(cell), self.layout.missing)]
            if len(filled) == 2 and form(filled[1]) not in self.layout.not_inspected:
                self.status[number] = FOOTER

    def _filled(self, rows: np.ndarray) -> np.ndarray:
        """In each of these rows how many cells say anything; 2 stands for two and more."""
        result = np.zeros(len(rows), dtype=np.int64)
        missing = self.layout.missing
        if isinstance(self.rows, Cells) and len(rows):  # what is longer than every word for nothing says something
            result = np.minimum(self.rows.n_longer(rows, max(map(len, missing))), 2)
        # R's row names stand in a column without a header: they say nothing, and NA beside them neither.
        nameless = int(bool(self.header.cells) and not self.header.cells[0])
        for place in np.flatnonzero(result < 2).tolist():
            said = (1 for cell in self.rows[rows[place]][nameless:] if cell != "" and not values.is_missing(clean(cell), missing))
            result[place] = sum(islice(said, 2))
        return result

    def mark_duplicates(self, codes: Sequence[np.ndarray]) -> None:
        """Set aside rows that repeat another cell by cell; `codes` of some columns tell which may."""
        rows, _ = alike_in_all(codes, np.flatnonzero(self.status == READ))
        seen: set[tuple[Any, ...]] = set()
        for number in rows.tolist():
            cells = tuple(self.rows[number])
            if cells in seen:
                self.status[number] = DUPLICATE
            seen.add(cells)

    def whole_status(self) -> np.ndarray:
        """What became of each row of the sheet."""
        above = [TITLE if any(clean(cell) for cell in row) else BLANK for row in self.sheet.rows[: self.header.row]]
        return np.concatenate([np.array([*above, HEADER], dtype=np.int8), self.status])


def _differ(section: Sequence[Sequence[Any]], first: int, other: int) -> bool:
    """Whether two columns hold other cells in any row; what a shorter row lacks is blank."""
    if isinstance(section, Cells):
        one, two = (np.array(labels, dtype=object)[codes] for codes, labels in (section.column(first), section.column(other)))
        return bool((one != two).any())
    return any(row[first] != row[other] for row in section)
