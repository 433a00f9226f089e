"""`observe`: the one trip from a user's table to codes, days and groups that every question about inspections makes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ofsted_sif.arguments import one_name
from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import MissingColumnError, RowError
from ofsted_sif.scales import GradeScale
from ofsted_sif.table import frames
from ofsted_sif.table.columns import Columns, as_frame, column, grade_codes, is_called_as_judgement, names, numbers, with_words
from ofsted_sif.table.eligible import Eligible, Which, eligible, in_framework, warn_if_pooled, warn_of_missing_frameworks
from ofsted_sif.table.groups import Groups, groups
from ofsted_sif.table.keys import Encoded, label_codes
from ofsted_sif.table.known import (
    Known,
    Unknown,
    is_one_period,
    known_of,
    refuse_state,
    refuse_unknown,
    say_first_unknown,
    say_left_out,
    say_one_period,
    say_unknown,
    say_unknown_before,
    states_of,
    unknown_on,
    warn_if_before,
    warn_if_beyond,
)
from ofsted_sif.table.missing_columns import all_missing_told
from ofsted_sif.table.records import KNOWN_FROM, Dates, Records, dates_of_records, records
from ofsted_sif.table.together import Read, read_together, rows_of


@dataclass(frozen=True)
class Inspections:
    """The inspections of a table as the kernels take them.

    Attributes
    ----------
    frame : DataFrame
        The table.
    called : Columns
        The user's names of its columns.
    which : Which
        Which inspections were asked for.
    register : DataFrame or None
        The providers, where they were given.
    records : Records or None
        The rows as records of providers; None where no provider is needed.
    dates : Dates
        When each inspection was, and its report.
    may_count : Eligible
        The filters on rows, each apart.
    grades : ndarray of int, shape (n,)
        Grade codes of the judgement, worst 0, missing -1; of a piece codes into `words`. Empty where no judgement was asked for.
    scale : GradeScale or None
        Their scale; None for a piece, since only the whole table can tell it.
    words : array or None
        What the codes of a piece mean.
    known : Known or None
        Since when providers are known; None where all are from the beginning.
    numbers : ndarray of float64, shape (n,), or None
        Numbers in place of grades, missing ones NaN.
    encoded : mapping
        Columns of text that have been encoded already.
    lent : DataFrame of polars, or None
        The whole table, where polars takes its rows itself and `frame` has the columns alone that the question looks at.
    new_keys : bool
        Whether the table's own keys of providers are replaced in `frame`.
    """

    frame: pd.DataFrame
    called: Columns
    which: Which
    register: pd.DataFrame | None
    records: Records | None
    dates: Dates
    may_count: Eligible
    grades: np.ndarray
    scale: GradeScale | None
    words: Any = None
    numbers: np.ndarray | None = None
    known: Known | None = None
    encoded: Encoded = field(default_factory=dict)
    lent: Any = None
    new_keys: bool = False

    @property
    def days(self) -> np.ndarray:
        """The day that places each row in time; its publication where the inspection day is missing."""
        return self.dates.dated

    @property
    def published(self) -> np.ndarray | None:
        """Days of publication."""
        return self.dates.published

    @property
    def values(self) -> np.ndarray:
        """What is tested: grade codes, or numbers."""
        return self.grades if self.numbers is None else self.numbers

    @property
    def is_known(self) -> np.ndarray:
        """Which rows have a grade, or a number."""
        return self.grades >= 0 if self.numbers is None else ~np.isnan(self.numbers)

    @property
    def histories(self) -> Records:
        """The rows as records of providers, for a question that follows them through time."""
        assert self.records is not None
        return self.records

    @property
    def graded_on(self) -> GradeScale:
        """The scale, for a question that asked for a judgement of the whole table."""
        assert self.scale is not None
        return self.scale

    def groups(self, by: str | Sequence[str] | None, rows: np.ndarray | None = None, *, observed: bool = True) -> Groups:
        """The groups of all rows, or of some in the order given."""
        if rows is not None and len(rows) == len(self.frame) and bool((rows == np.arange(len(rows))).all()):
            rows = None
        return groups(self.frame, by, rows, observed=observed, encoded=self.encoded)

    def taken_over(self, by: str | Sequence[str] | None, rows: np.ndarray) -> dict[str, Any]:
        """The columns of `by` in these rows, to be taken over into a result; what can make no groups is refused."""
        columns = {name: column(self.frame, name, "by") for name in names(by, "by")}
        for values in columns.values():
            label_codes(values, self.encoded)
        return {name: rows_of(values, rows, self.encoded) for name, values in columns.items()}

    def copied(self, wanted: Sequence[str]) -> pd.DataFrame:
        """These columns, text copied where polars lends it: of that pandas gives single values and little more."""
        lent = [name for name in wanted if frames.is_lent(self.frame[name].dtype)]
        every = np.arange(len(self.frame))
        return self.frame[wanted].assign(**{name: rows_of(self.frame[name], every, self.encoded) for name in lent})

    def provider_and(self, by: str | Sequence[str] | None, rows: np.ndarray) -> dict[str, Any]:
        """The label columns of a result that names the provider of each row: that one, and those of `by`."""
        provider = self.called.provider
        if provider in names(by, "by"):
            raise ValueError(f"by names {provider!r}, which the result has as a column of its own")
        of = self.histories.provider[rows]
        return {provider: self.histories.providers.take(of)} | self.taken_over(by, rows)

    def warn_if_pooled(self, rows: np.ndarray) -> None:
        """Warn where these rows, their numbers or a mask, stem from several frameworks and none was named."""
        warn_if_pooled(self.frame, rows, self.which.framework, self.encoded)

    # ---- what the table knows

    def where_known(self) -> Inspections:
        """The same with those inspections alone that lie where their provider is known: what a question of states takes."""
        if self.known is None or self.which.allows_incomplete:
            return self
        return replace(self, may_count=replace(self.may_count, known=self.known.rows))

    def over_time(self, rows: np.ndarray) -> np.ndarray:
        """Those of the rows that lie where every provider is known: what a question of a stretch of time takes.

        Warns of what is left out, and refuses where fewer than two rows are left.
        """
        kept = self.in_known_time(rows)
        if self.known is not None:
            say_left_out(self.known.latest, int(rows.sum() - kept.sum()), int(kept.sum()))
        return kept

    def in_known_time(self, rows: np.ndarray) -> np.ndarray:
        """The same without a word, for a piece of a table."""
        return rows if self.known is None or self.which.allows_incomplete else rows & (self.days >= self.known.latest)

    def unknown_on(self, days: np.ndarray, cutoffs: np.ndarray) -> Unknown:
        """Whose state is not known on dates of which neither they nor their cut-offs decrease."""
        if self.known is None:
            nobody = np.empty(0, dtype=np.int64)
            return Unknown(nobody, nobody, nobody, nobody)
        return unknown_on(self.known, self.histories, self.may_count, days, cutoffs)

    def n_unknown_on(self, days: np.ndarray, cutoffs: np.ndarray) -> np.ndarray:
        """Of how many providers the state is not known on each of some dates, in any order."""
        return np.array([len(self.unknown_on(days[[at]], cutoffs[[at]]).row) for at in range(len(days))], dtype=np.int64)

    def refuse_unknown(self, days: np.ndarray, cutoffs: np.ndarray) -> None:
        """Refuse states that are to be compared where they are not all known, and warn of a table of one period."""
        if self.known is None or self.which.allows_incomplete:
            return
        for date, n_unknown in zip(days, self.n_unknown_on(days, cutoffs), strict=True):
            refuse_unknown(n_unknown, date)
        self.say_what_is_unknown(0, 0, days[-1])

    def first_listed(self) -> np.ndarray:
        """The row of the first graded inspection listed of each provider that is not known from the beginning."""
        return np.empty(0, dtype=np.int64) if self.known is None else self.known.first_listed(self.histories, self.may_count.graded)

    @property
    def is_of_one_period(self) -> bool:
        """Whether the table has one stretch of time, and nothing of who was not inspected in it."""
        if self.known is None:
            return False
        return self.known.is_named_in_year or is_one_period(*self.known.marks_of_period(self.histories, self.may_count.graded))

    def since(self, row: int) -> int:
        """The day from which on the provider of a row is known."""
        return NO_DAY if self.known is None else int(self.known.since[row])

    def known_from_the_beginning(self, rows: np.ndarray) -> np.ndarray:
        """Those of the rows whose provider is known from the beginning. Warns of the others, and refuses where there is no row left."""
        if self.known is None or self.which.allows_incomplete:
            return rows
        kept = rows[self.known.since[rows] == NO_DAY]
        say_first_unknown(len(rows) - len(kept), len(kept))
        return kept

    def say_unknown_before(self, alone: np.ndarray, n_known: int) -> int:
        """How many of the rows that stand alone may have others before them that the table does not have; warns of what that means.

        Refuses where they are all there is: `n_known` providers have another row.
        """
        if self.known is None or self.which.allows_incomplete or self.known.latest == NO_DAY:
            return 0
        n_unknown = int((self.known.since[alone] != NO_DAY).sum())
        say_unknown_before(n_unknown, n_known)
        return n_unknown

    def say_what_is_unknown(self, n_unknown: int, n_known: int, date: int) -> None:
        """Warn where a state on a date lacks providers, unless that was consented to."""
        if self.known is None or self.which.allows_incomplete:
            return
        if self.is_of_one_period:
            say_one_period(self.known.latest)
        say_unknown(n_unknown, n_known, date)

    def warn_if_beyond(self, asked: Any) -> None:
        """Warn of dates asked for that are later than the table."""
        warn_if_beyond(self.frame.attrs, asked)

    def warn_if_outside(self, asked: Any) -> None:
        """Warn of dates of states that are later than the table, or all earlier."""
        self.warn_if_beyond(asked)
        self.warn_if_before(asked)

    def warn_if_before(self, asked: Any) -> None:
        """Warn of dates of states that are all earlier than the table."""
        warn_if_before(self.frame.attrs, self.dates, asked)


#: Stands in place of a judgement where a question asks for none.
WITHOUT: Any = object()


class _Taken(NamedTuple):
    """The columns of a table that a question looks at, and the codes of text that has been encoded on the way."""

    frame: pd.DataFrame
    text: dict[Any, Any]


def observe(
    table: Any,
    called: Columns,
    which: Which,
    *,
    by: str | Sequence[str] | None = None,
    judgement: Any = WITHOUT,
    scale: GradeScale | None = None,
    histories: bool = True,
    of_piece: bool = False,
) -> Inspections:
    """Take the inspections out of a table: their providers, days, grades, and who may count.

    Parameters
    ----------
    table : table of any kind
        One row per inspection.
    called, which
        The user's names of its columns, and which inspections are asked for.
    by : str or sequence of str, optional
        Columns that will make groups; they must be there.
    judgement : str, optional
        The judgement to take grades of; without it the whole table is kept, else only the columns needed of polars and Arrow tables.
    scale : GradeScale, optional
        Its scale; by default told from the column.
    histories : bool, default True
        Whether providers are followed through time; without, none is needed.
    of_piece : bool, default False
        A piece of a larger table: frameworks need not occur in it, and grades are codes of their words.
    """
    with all_missing_told(table, _asked(called, which, by, judgement, histories=histories)):
        taken = _take(table, called, which, by, judgement, of_piece=of_piece)
        return _observed(taken, called, which, by=by, judgement=judgement, scale=scale, histories=histories, of_piece=of_piece)


def _asked(called: Columns, which: Which, by: Any, judgement: Any, *, histories: bool) -> dict[str, Any]:
    """The names of columns that a question asks for, by argument."""
    asked = {**called.needed(), "judgement": None if judgement is WITHOUT else judgement, "having": which.having, "by": by}
    return asked if histories else {argument: name for argument, name in asked.items() if argument != "provider"}


def _observed(
    taken: _Taken,
    called: Columns,
    which: Which,
    *,
    by: Any = None,
    judgement: Any = WITHOUT,
    scale: GradeScale | None = None,
    histories: bool = True,
    of_piece: bool = False,
) -> Inspections:
    """What `observe` gives, from the columns taken."""
    frame, text = taken
    judgement = None if judgement is WITHOUT else judgement
    refuse_state(frame, which)
    register = None if which.register is None else as_frame(which.register)
    judged = [judgement, which.having]
    read = _read(frame, called, by, judged, text, of_piece=of_piece)
    encoded, of_providers, changed = read.text, None, False
    if histories:
        frame, of_providers, changed = records(frame, register, called, read)
        dates = of_providers.dates
        if changed:
            encoded = {column: found for column, found in encoded.items() if column[0] != called.provider}
    else:
        dates = dates_of_records(frame, called, read)
    for name in names(by, "by"):
        column(frame, name, "by")
    words_of = [name for name, is_sorted in encoded if not is_sorted and name not in (called.inspected, called.published)]
    graded = with_words(frame, [*([] if of_piece else judged), *words_of], encoded)
    grades, words = np.empty(0, dtype=np.int8), None
    if judgement is not None and of_piece:
        codes, words = label_codes(column(frame, judgement, "judgement"), encoded)
        grades = np.asarray(codes)
    elif judgement is not None:
        grades, scale = grade_codes(graded, judgement, scale)
    judgements = {} if judgement is None else {judgement: scale}
    may_count = eligible(graded, which, called.graded, judgements, of_piece=of_piece, encoded=encoded)
    known = known_of(frame, dates, of_providers, which)
    beside: dict[str, Any] = {"known": known, "encoded": encoded, "new_keys": changed}
    return Inspections(frame, called, which, register, of_providers, dates, may_count, grades, scale, words, **beside)


def _take(
    table: Any,
    called: Columns,
    which: Which,
    by: str | Sequence[str] | None,
    judgement: Any,
    *,
    beside: Sequence[str] = (),
    of_piece: bool = False,
) -> _Taken:
    """The columns that a question of a judgement looks at, and of `beside` those that the table has; without a judgement all."""
    if judgement is None:
        raise TypeError("judgement=None: name the column of the judgement, such as 'overall_effectiveness'")
    text: dict[Any, Any] = {}
    needed: dict[str, Any] = {}
    if judgement is not WITHOUT:
        needed = {"by": by, "judgement": one_name(judgement, "judgement"), "having": which.having, "beside": beside, **called.needed()}
    encoding: dict[str, Any] = {"judgements_as_words": bool(needed) and not of_piece, "keys": called.provider, "encoded": text}
    return _Taken(as_frame(table, of_records=bool(needed), dates=called.dates, **encoding, **needed), text)


def observe_rows(
    table: Any,
    called: Columns,
    which: Which,
    *,
    by: str | Sequence[str] | None,
    judgement: Any,
    scale: GradeScale | None,
    beside: Sequence[str],
) -> Inspections:
    """The same without histories, for a question that looks at more columns, of which the table need not have each."""
    with all_missing_told(table, _asked(called, which, by, judgement, histories=False)):
        taken = _take(table, called, which, by, judgement, beside=beside)
        return _observed(taken, called, which, by=by, judgement=judgement, scale=scale, histories=False)


def observe_for_rows(table: Any, called: Columns, which: Which, own: Collection[str]) -> Inspections:
    """The same for a question that gives back rows of the table as they are, and looks at its columns `own` beside those of records.

    A table of polars takes its rows itself: only what is looked at is copied.
    """
    if (whole := frames.lent(table)) is None:
        return observe(table, called, which)
    looked_at = [name for name in own if name in whole.columns]
    needed: dict[str, Any] = {"having": which.having, "rows": looked_at, **called.needed()}
    text: dict[Any, Any] = {}
    try:
        encoding: dict[str, Any] = {"judgements_as_words": True, "keys": called.provider, "encoded": text}
        frame = as_frame(whole, of_records=True, dates=called.dates, **encoding, **needed)
        return replace(_observed(_Taken(frame, text), called, which), lent=whole)
    except MissingColumnError:
        observe(whole, called, which)  # its error names all columns of the table, and not those alone that were looked at
        raise


def _read(
    frame: pd.DataFrame,
    called: Columns,
    by: str | Sequence[str] | None,
    judged: Sequence[str | None],
    encoded: Encoded,
    *,
    of_piece: bool,
) -> Read:
    """What every question takes of a large table: the codes of its text, and its days. `encoded` is text that has its codes already."""
    is_said = called.graded in frame.columns  # else judgements tell what is graded
    held = [name for name in frame.columns if name in judged or (not is_said and is_called_as_judgement(name))]
    text = [(called.provider, True), *((name, False) for name in held), *((name, True) for name in [*names(by, "by"), "framework"])]
    if of_piece and judged[0] is not None:
        text.append((judged[0], True))
    return read_together(frame, text, [called.inspected, called.published], encoded)


def rows_over_time(frame: pd.DataFrame, called: Columns, which: Which) -> pd.DataFrame:
    """The rows of a table that lie where every provider is known; all of what `as_at` returns.

    For a question that asks nothing else of inspections. Warns of what is left out, and refuses where fewer than two rows are left.
    """
    if KNOWN_FROM not in frame.columns or which.allows_incomplete or len(states_of(frame)):
        return frame
    if (known := known_of(frame, dates_of_records(frame, called), None, which)) is None:
        return frame
    kept = known.days >= known.latest
    say_left_out(known.latest, int((~kept).sum()), int(kept.sum()))
    return frame if kept.all() else frame[kept]


def observe_numbers(
    table: Any, called: Columns, which: Which, *, value: str, by: str | Sequence[str] | None = None, of_piece: bool = False
) -> Inspections:
    """Take dated numbers out of a table: all rows of the frameworks asked for, which need not be graded."""
    frame = as_frame(table)
    refuse_state(frame, which)
    numbers = _numbers(frame, value)
    dates = dates_of_records(frame, called)
    for name in names(by, "by"):
        column(frame, name, "by")
    in_those, without = in_framework(frame, which.framework, of_piece=of_piece)
    may_count = Eligible(in_those, np.ones(len(frame), dtype=np.bool_), None, without_framework=without)
    if not of_piece:
        warn_of_missing_frameworks(may_count.left_out_without_framework)
    no_grades = np.empty(0, dtype=np.int8)
    known = known_of(frame, dates, None, which)
    return Inspections(frame, called, which, None, None, dates, may_count, no_grades, None, numbers=numbers, known=known)


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column of numbers as float64, missing ones NaN."""
    values = column(frame, name, "value")
    if isinstance(values.dtype, pd.CategoricalDtype):
        raise ValueError(f"value={name!r} holds categories; value= takes numbers, grades go into judgement={name!r}")
    found = numbers(values, f"value={name!r}", f"value= takes numbers, grades go into judgement={name!r}")
    if (wrong := np.isinf(found)).any():
        raise RowError(f"value={name!r}, ", np.argmax(wrong), f": {found[wrong][0]:g} is infinite", name)
    return found


def check_dates(seen: Inspections, rows: np.ndarray) -> None:
    """Refuse rows that have neither date."""
    if (missing := seen.days[rows] == NO_DAY).any():
        row = int(rows[np.argmax(missing)])
        raise RowError(
            "", row, f" has neither an inspection date ({seen.called.inspected!r}) nor a publication date ({seen.called.published!r})"
        )
