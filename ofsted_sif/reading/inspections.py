"""From a sheet and its layout to the table of inspections, every row of the sheet accounted for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.reading import authorities, left_out, own, printed, twice, values
from ofsted_sif.reading.account import NOT_UNDERSTOOD, NOT_YET, Log, Survey, account_of, as_table, refuse_first, set_aside
from ofsted_sif.reading.blocks import Inspections, Text, check_dates, read_block, read_text
from ofsted_sif.reading.body import Body
from ofsted_sif.reading.files import Sheet, Source
from ofsted_sif.reading.layouts import Header, form, names
from ofsted_sif.reading.left_out import NOT_TAKEN, check_graded, judged_columns, require_dates_and_judgements
from ofsted_sif.reading.report import ReadingError, ReadingReport
from ofsted_sif.reading.values import categorical, clean
from ofsted_sif.scales import GradeScale

# The columns of a table of inspections before its judgements; those that no source has are left out.
ORDER = (
    "provider", "provider_name", "provider_type", "local_authority", "region", "ofsted_region", "opened", "closed", "framework",
    "inspection_type", "inspection_number", "urn_at_inspection", "inspection_start", "inspection_end", "published", "known_from", "as_at",
    "graded", "outcome",
)  # fmt: skip


def read_sheet(
    source: Source, sheet: Sheet, header: Header, surveyed: Survey, errors: str, keep: Sequence[str] = (), previous: bool | None = None
) -> tuple[pd.DataFrame, ReadingReport]:
    """Read the sheet as its layout says."""
    try:
        return _Reading(source, sheet, header, surveyed, errors, previous).result(keep)
    except ReadingError as error:
        if error.file is None:
            raise ReadingError(
                error.message, file=source.file, sheet=sheet.name, row=error.row, column=error.column, value=error.value
            ) from None
        raise


class _Reading:
    """One reading, from the cells to the table and its report."""

    def __init__(self, source: Source, sheet: Sheet, header: Header, surveyed: Survey, errors: str, previous: bool | None) -> None:
        self.source, self.sheet, self.layout, self.surveyed, self.errors = source, sheet, header.layout, surveyed, errors
        self.log = _log = Log()
        self.body = body = Body(sheet, header, _log)
        self.header_row = header.row + 1
        titles = [str(cell) for row in sheet.rows[: header.row] for cell in row if cell]
        self.own = own.said_by(self.layout, titles, sheet.name, source.file)
        self.columns = {target: body.column(target, headers) for target, headers in self.layout.columns.items()}
        self.key = self.columns.get("provider") or self.columns.get("provider_name")
        if self.key is None:
            raise ReadingError("no column says to which provider a row belongs", row=self.header_row)
        wanted = (self.own.kind != own.IN_YEAR) if previous is None else previous
        self.blocks = []
        for block in self.layout.blocks:
            columns = {target: body.column(target, headers) for target, headers in block.columns.items()}
            if wanted or not block.previous:
                self.blocks.append((block, columns))
            elif any(column is not None for column in columns.values()):
                self.log.notes.append("the inspection before, which rows list beside their own, is not taken (previous=True takes it)")
        require_dates_and_judgements(self.layout.name, self.blocks, self.header_row)

    def result(self, keep: Sequence[str]) -> tuple[pd.DataFrame, ReadingReport]:
        """The table, and the account of it."""
        body = self.body
        texts, arrays = self._of_providers()
        inspections = [found for block, columns in self.blocks for found in read_block(body, block, columns)]
        self._mark(texts, inspections)
        left_out.check_widths(body)
        parts = [np.flatnonzero(inspection.held & body.read) for inspection in inspections]
        rows = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        pieces: dict[str, Any] = {}
        for target, text in texts.items():
            pieces[target] = categorical(text.codes[rows], text.labels, in_order=target != "provider_name")
        for target, array in arrays.items():
            pieces[target] = array[rows]
        self._join(pieces, inspections, parts, order)
        if self.layout.providers == "local authorities":
            rows, pieces, register = self._match_authorities(texts, rows, pieces)
        else:

            def register() -> pd.DataFrame:
                return self._register(texts, arrays)

        self._raise_or_note()
        check_graded(pieces, self.layout, self.header_row)
        self.in_several_rows = twice.in_several_rows(pieces, rows + body.first_row)
        kept = self._kept(keep, rows, pieces)
        self._say_when(pieces, inspections, parts, order, rows)
        table = pd.DataFrame({**_in_order(pieces), **kept}, copy=False)
        # Copies, as a report is not to change with its table, nor to keep it.
        judge = {name: pieces[name].copy() for name in printed.ASKED if name in pieces}
        report = self._report(rows, register, lambda: printed.compare(self.source, self.own, pd.DataFrame(judge)), table)
        table.attrs = self._attrs(table, report)
        return table, report

    # ---- from columns to inspections

    def _of_providers(self) -> tuple[dict[str, Text], dict[str, np.ndarray]]:
        """What the columns of the provider say in each row: text, and dates and numbers."""
        texts: dict[str, Text] = {}
        arrays: dict[str, np.ndarray] = {}
        for target, column in self.columns.items():
            if column is None:
                continue
            kind = names().kinds[target]
            if kind == "date":
                arrays[target] = self.body.days(column)
            elif kind == "number":
                arrays[target] = values.numbers(column, self.layout.missing, self.log.complain)[column.codes]
            else:
                texts[target] = read_text(self.body, column, target, kind)
        return texts, arrays

    def _mark(self, texts: Mapping[str, Text], inspections: Sequence[Inspections]) -> None:
        """Say of each row what it is, and drop inspections that stand twice."""
        body = self.body
        key = np.zeros(len(body), dtype=np.bool_)
        for target in ("provider", "provider_name") if self.layout.providers else ("provider",):
            if target in texts:
                key |= texts[target].present
        held = np.zeros(len(body), dtype=np.bool_)
        for inspection in inspections:
            held |= inspection.held
        assert self.key is not None
        body.mark_rows(key, held, self.key)
        body.mark_duplicates([self.key.codes, *(column.codes for column in self.blocks[0][1].values() if column is not None)])
        self.left_out_twice = twice.drop_repeated(inspections, body, self.key)
        has_any = check_dates(inspections, body)
        body.status[body.read & ~has_any] = NOT_UNDERSTOOD

    def _join(self, pieces: dict[str, Any], inspections: Sequence[Inspections], parts: Sequence[np.ndarray], order: np.ndarray) -> None:
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

    def _say_when(
        self, pieces: dict[str, Any], inspections: Sequence[Inspections], parts: Sequence[np.ndarray], order: np.ndarray, rows: np.ndarray
    ) -> None:
        """Of which day or period the file speaks, and from when on it has all inspections of each provider."""
        if "known_from" in pieces or not len(rows):
            return
        provider = np.asarray(pieces["provider"].codes)
        day = pieces.get("inspection_start", np.full(len(rows), values.NO_DATE))
        if "published" in pieces:
            day = np.where(np.isnat(day), pieces["published"], day)
        graded = pieces["graded"]
        self.own = own.with_data(self.own, self.layout, provider[_of_newest(inspections, parts, order, len(provider))], day)
        n_providers = len(pieces["provider"].categories)
        blank = np.zeros(n_providers, dtype=np.bool_)
        if earlier := [inspection for inspection in inspections if inspection.previous and inspection.dates]:
            blank[provider[~earlier[-1].held[rows]]] = True
        found = own.known_from(self.own, self.layout, provider[graded], day[graded], blank)
        if found is not None and not np.isnat(found).all():
            pieces["known_from"] = found[provider]

    # ---- providers

    def _match_authorities(
        self, texts: Mapping[str, Text], rows: np.ndarray, pieces: dict[str, Any]
    ) -> tuple[np.ndarray, dict[str, Any], Callable[[], pd.DataFrame]]:
        """Local authorities by their codes, whatever the file calls them."""
        status = self.body.status
        unlisted = np.flatnonzero(status == NOT_YET)
        waiting = {target: categorical(text.codes[unlisted], text.labels) for target, text in texts.items()}
        pieces.update(authorities.match(pieces, rows, self._complain_of_name))
        matched_waiting = authorities.match(waiting, unlisted, self._complain_of_name)
        known = np.asarray(pieces["provider"].codes) >= 0
        if not known.all():
            status[rows[~known]] = NOT_UNDERSTOOD
            rows, pieces = rows[known], {name: piece[known] for name, piece in pieces.items()}
        status[unlisted[np.asarray(matched_waiting["provider"].codes) < 0]] = NOT_UNDERSTOOD
        inspected, waiting_codes = pieces["provider"], matched_waiting["provider"]
        return rows, pieces, lambda: authorities.register(inspected, waiting_codes)

    def _register(self, texts: Mapping[str, Text], arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
        rows = np.flatnonzero(self.body.listed)
        provider = categorical(texts["provider"].codes[rows], texts["provider"].labels)
        _, first = np.unique(np.asarray(provider.codes), return_index=True)
        chosen = rows[np.sort(first)]
        columns: dict[str, Any] = {name: categorical(text.codes[chosen], text.labels) for name, text in texts.items()}
        columns |= {name: array[chosen] for name, array in arrays.items()}
        # All that people group by, or the providers never inspected would have no phase.
        return pd.DataFrame({name: columns[name] for name in dict.fromkeys([*ORDER, *columns]) if name in columns}, copy=False)

    def _complain_of_name(self, number: int, name: str, expected: str) -> None:
        assert self.key is not None
        self.log.cells.append((number, self.key.header, name, expected))

    # ---- the account

    def _kept(self, wanted: Sequence[str], rows: np.ndarray, already: Mapping[str, Any]) -> dict[str, pd.Categorical]:
        """Columns of the file by the headers that they have there, as text, for the rows of the table."""
        if not len(wanted):
            return {}
        shown = [" ".join(str(cell).split()) for cell in self.sheet.rows[self.header_row - 1]]
        if isinstance(wanted, str):
            wanted = [name for name in shown if name and name not in already] if wanted == "all" else [wanted]
        found = {}
        for name in wanted:
            column = self.body.column(f"kept as {name!r}", [form(name)]) if form(name) else None
            if column is None:
                raise ReadingError(f"keep={name!r}: there is no such column", row=self.header_row)
            if name in already:
                raise ReadingError(f"keep={name!r}: the table has a column of this name", row=self.header_row)
            found[name] = categorical(column.codes[rows], values.texts(column, self.layout.missing))
        return found

    def _raise_or_note(self) -> None:
        self.not_understood = self.log.entries(self.body.status, self.body.listed)
        if self.errors == "raise":
            refuse_first(self.not_understood, self.body.first_row, self.source.blanks)

    def _attrs(self, table: pd.DataFrame, report: ReadingReport) -> dict[Hashable | None, Any]:
        said: dict[Hashable | None, Any] = {}
        if self.own.kind is not None:
            said["kind"] = self.own.kind
        if self.own.complete_to is not None:
            said["complete_to"] = self.own.complete_to.isoformat()
            if self.own.kind == own.LATEST and not table.loc[table["graded"], "provider"].duplicated().any():
                said["as_at"] = said["complete_to"]  # the table is that state, with nothing of before
        return {
            **said,
            "file": report.file, "sheet": report.sheet, "layout": report.layout, "rows": report.n_rows, "rows_read": report.n_read,
            "rows_set_aside": report.n_rows - report.n_read, "not_understood": len(self.not_understood),
        }  # fmt: skip

    def _report(
        self, rows: np.ndarray, register: Callable[[], pd.DataFrame], compared: Callable[[], pd.DataFrame], table: pd.DataFrame
    ) -> ReadingReport:
        body, log = self.body, self.log
        status = body.whole_status()
        read = body.read
        notes = [*log.notes, *self.source.blanks, *self.source.notes]
        not_taken = judged_columns(body)
        if not_taken:
            notes.append(NOT_TAKEN + ", ".join(f"{header!r} ({n:,})" for _, header, _, n in not_taken))
        for begins, found in ((twice.TWICE, self.in_several_rows), (twice.ONCE, self.left_out_twice)):
            if found:
                notes.append(begins + twice.told(found))
        if pointed := sum(int((where & read).sum()) for where in log.pointed):
            notes.append(f"{pointed:,} identifiers stood as numbers with a point (100000.0): repaired")
        others = [name for name, header, _ in self.surveyed if header is not None and name != self.sheet.name]
        if others:
            notes.append(f"further sheets with inspections: {', '.join(map(repr, others))} (choose with sheet=)")
        return ReadingReport(
            file=self.source.file,
            sheet=self.sheet.name,
            layout=self.layout.name,
            encoding=self.source.encoding,
            header_row=self.header_row,
            n_rows=len(status),
            n_read=int(read.sum()),
            n_inspections=len(rows),
            as_at=self.own.complete_to,
            published_by=None if "published" not in table or table["published"].isna().all() else table["published"].max().date(),
            notes=tuple(notes),
            source_rows=rows + body.first_row,
            tables={
                "rows": lambda: account_of(status),
                "set_aside": lambda: set_aside(status, self.sheet.rows),
                "not_understood": self._not_understood,
                "repaired": lambda: log.repaired(read, body.first_row),
                "columns": self._columns,
                "not_taken": lambda: left_out.as_table(not_taken),
                "repeated": lambda: twice.as_table([*self.in_several_rows, *self.left_out_twice]),
                "sheets": lambda: as_table(self.surveyed, self.source.hidden),
                "register": register,
                "printed": compared,
            },
        )

    def _not_understood(self) -> pd.DataFrame:
        rows = [(number + self.body.first_row, column, value, expected) for number, column, value, expected in self.not_understood]
        return pd.DataFrame(rows, columns=["row", "column", "value", "expected"])

    def _columns(self) -> pd.DataFrame:
        header = self.sheet.rows[self.header_row - 1]
        becomes = [self.body.taken.get(position, "") for position in range(len(header))]
        return pd.DataFrame({"position": np.arange(1, len(header) + 1), "header": list(map(clean, header)), "becomes": becomes})


def _in_order(pieces: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a table of inspections: what it is of, the judgements, and all further."""
    shown = {name: pieces[name] for name in ORDER if name in pieces}
    shown |= {name: pieces[name] for name in names().judgements if name in pieces}
    return shown | {name: pieces[name] for name in pieces if name not in shown}


def _of_newest(inspections: Sequence[Inspections], parts: Sequence[np.ndarray], order: np.ndarray, size: int) -> np.ndarray:
    """Which rows of the table stem from the first block, the one of the newest inspection."""
    first = np.concatenate([np.full(len(part), number == 0) for number, part in enumerate(parts)])[order]
    return first if len(first) == size else np.ones(size, dtype=np.bool_)
