"""What one piece of a table gives, small and by label, so that pieces add up: counted apart, merged, finished into one table.

A `Question` stands beside its function (`aggregation.Aggregate` beside `aggregate`). It counts a piece (`count`), and finishes what all
pieces gave together (`finish`) by the code that also finishes the table of the function in memory. Between the two stand `Partial`
values: they can be pickled, hold labels and not codes (dictionaries differ from piece to piece), and `merge` is associative: pieces in
order, in a tree or one by one, give the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import RowError
from ofsted_sif.scales import FOUR_POINT, GradeScale, scale_of_dtype
from ofsted_sif.table.columns import Columns, as_frame, column, grade_codes, names
from ofsted_sif.table.dates import day, days_of
from ofsted_sif.table.dictionaries import valid_rows
from ofsted_sif.table.eligible import Eligible, Which, check_frameworks, say_missing_frameworks, warn_of_frameworks
from ofsted_sif.table.groups import Groups, groups
from ofsted_sif.table.inspections import Inspections, observe
from ofsted_sif.table.keys import TEXT, combination_numbers, distinct_numbers, key_codes, label_codes, take
from ofsted_sif.table.known import began, is_one_period, say_left_out, say_one_period
from ofsted_sif.table.records import KNOWN_FROM
from ofsted_sif.table.text_of_arrow import is_text_in_order

NO_ROW = np.iinfo(np.int64).max


# ---- tables of sums by label


@dataclass(frozen=True)
class PartialCounts:
    """Sums by label: one row per combination of labels that occurs.

    Attributes
    ----------
    labels : tuple of array, each of shape (rows,)
        The labels; a Categorical carries all its categories, those without rows too.
    sums : tuple of ndarray, each of shape (rows,)
        What is summed.
    first : ndarray of int64, shape (rows,), or None
        The first row of the table that has these labels.
    """

    labels: tuple[Any, ...]
    sums: tuple[np.ndarray, ...] = ()
    first: np.ndarray | None = None


@dataclass(frozen=True)
class PartialRows:
    """Rows of a result that are finished but for their place: those of all pieces together are the result.

    Attributes
    ----------
    frame : DataFrame
        The rows.
    """

    frame: pd.DataFrame
    labels: ClassVar[tuple[Any, ...]] = ()
    first: ClassVar[None] = None


@dataclass(frozen=True)
class Partial:
    """What some rows of a table give.

    Attributes
    ----------
    rows : int
        How many rows were counted.
    counted : dict of str to PartialCounts or PartialRows
        The sums and rows, by what they are for.
    """

    rows: int
    counted: dict[str, Any]


def merge(parts: Sequence[Partial]) -> Partial:
    """Put together what consecutive pieces gave, in the order of the pieces."""
    if len(parts) == 1:
        return parts[0]
    begins = [0, *accumulate(part.rows for part in parts)]
    counted: dict[str, Any] = {}
    for name in parts[0].counted:
        of = [part.counted[name] for part in parts]
        if isinstance(of[0], PartialRows):
            counted[name] = PartialRows(_below_each_other([some.frame for some in of]))
            continue
        moved = [some if some.first is None else replace(some, first=some.first + begin) for some, begin in zip(of, begins, strict=False)]
        counted[name] = _merged(moved)
    return Partial(begins[-1], counted)


def _below_each_other(frames_of: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows one below the other, with the categories of all; of pieces without rows only the columns count."""
    filled = [frame for frame in frames_of if len(frame)] or list(frames_of[:1])
    if len(filled) == 1:
        return filled[0]
    columns = {}
    for name in filled[0].columns:
        arrays = [frame[name].array for frame in filled]
        if all(isinstance(array, pd.Categorical) for array in arrays):
            columns[name] = stacked(arrays)
        else:
            columns[name] = pd.concat([frame[name] for frame in filled], ignore_index=True).array
    return pd.DataFrame(columns, copy=False)


def in_order_of(frame: pd.DataFrame, provider: str, unordered: frozenset[str]) -> pd.DataFrame:
    """The rows in the order of the keys of their providers, those of one provider as they stand."""
    if provider in unordered and isinstance(frame[provider].dtype, pd.CategoricalDtype):  # else keys had to be written as text
        frame = frame.assign(**{provider: sorted_categories(frame[provider].array)})
    if not is_text_in_order(frame[provider].array):
        frame = frame.take(np.argsort(key_codes(frame[provider])[0], kind="stable"))
    frame.index = pd.RangeIndex(len(frame))
    return frame


def _merged(parts: Sequence[PartialCounts]) -> PartialCounts:
    if not parts[0].labels:
        return PartialCounts((), tuple(np.sum([part.sums[i] for part in parts], axis=0) for i in range(len(parts[0].sums))))
    labels = [stacked([part.labels[i] for part in parts]) for i in range(len(parts[0].labels))]
    place, at = places_of([label_codes(pd.Series(label, copy=False)) for label in labels])
    sums = []
    for i in range(len(parts[0].sums)):
        summands = np.concatenate([part.sums[i] for part in parts])
        total = np.zeros(len(at), dtype=summands.dtype)
        np.add.at(total, place, summands)
        sums.append(total)
    first = None
    if parts[0].first is not None:
        first = np.full(len(at), NO_ROW)
        np.minimum.at(first, place, np.concatenate([part.first for part in parts if part.first is not None]))
    return PartialCounts(tuple(label.take(at) for label in labels), tuple(sums), first)


def places_of(coded: Sequence[tuple[np.ndarray, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """The place of each row among the combinations that occur, and a row of each combination."""
    number, sizes = combination_numbers(coded, "labels")
    distinct, place = distinct_numbers(number, int(np.prod([float(size) for size in sizes])))
    at = np.zeros(len(distinct), dtype=np.int64)
    at[place[::-1]] = np.arange(len(number))[::-1]
    return place, at


def stacked(arrays: Sequence[Any]) -> Any:
    """Labels one below the other; categories become those of all, in the order in which they come."""
    first = arrays[0]
    if len(arrays) == 1:
        return first
    if not isinstance(first, pd.Categorical):
        filled = [array for array in arrays if len(array)] or arrays[:1]
        return pd.concat([pd.Series(array, copy=False) for array in filled], ignore_index=True).array
    # Not by the dtypes: without an order those of the same categories in other places are equal.
    if all(array.dtype is first.dtype or array.categories.equals(first.categories) for array in arrays):
        return pd.Categorical.from_codes(np.concatenate([array.codes for array in arrays]), dtype=first.dtype)
    categories = first.categories
    for array in arrays[1:]:
        if not array.categories.equals(categories):
            categories = categories.append(array.categories).unique()
    codes = [np.append(categories.get_indexer(array.categories), -1)[array.codes] for array in arrays]
    return pd.Categorical.from_codes(np.concatenate(codes), dtype=pd.CategoricalDtype(categories, ordered=first.ordered))


def count_labels(coded: Sequence[tuple[np.ndarray, Any]], rows: int) -> PartialCounts:
    """How many of the rows have each combination of labels."""
    if not coded:
        return PartialCounts((), (np.array([rows]),))
    place, at = places_of(coded)
    labels = tuple(take(labels, codes[at].astype(np.int64)) for codes, labels in coded)
    return PartialCounts(labels, (np.bincount(place, minlength=len(at)),))


def labels_at(labels: Any, position: np.ndarray) -> Any:
    """Labels at the positions; the position after the last is that of the missing one."""
    return take(labels, np.where(position == len(labels), -1, position))


def by_group_and_word(counted: np.ndarray, group_labels: Sequence[Any], words: Any, *more: np.ndarray) -> PartialCounts:
    """The cells that are not empty of counts by group and word, and of further sums."""
    group, word = np.nonzero(counted)
    labels = [labels_at(of, group) for of in group_labels]
    return PartialCounts((*labels, labels_at(words, word)), tuple(table[group, word] for table in (counted, *more)))


# ---- words of grades


def words_of(codes: Any, labels: Any, occurs: np.ndarray, judgement: str, scale: GradeScale | None) -> tuple[PartialCounts, np.ndarray]:
    """The words of a column that occur, each with its first row; and a grade code for each of its labels, -1 for a missing one.

    Grades are counted by their words, as only the whole table can tell the scale. A word that is no grade, or words that are not of one
    scale, are an error already here.
    """
    at = np.flatnonzero(occurs)
    words = PartialCounts((labels.take(at),), (), first_rows(codes, at))
    of_words = np.full(len(labels) + 1, -1, dtype=np.int64)
    if len(at):
        known = scale_of_dtype(labels.dtype) is not None or getattr(labels, "ordered", False)
        of_words[at] = graded_words(words.labels[0] if known else np.asarray(words.labels[0], dtype=object), words, judgement, scale)[0]
    return words, of_words


def first_rows(codes: Any, wanted: np.ndarray) -> np.ndarray:
    """The first row of each of these codes, all of which occur: found in a few steps where they are not rare."""
    first = np.full(len(wanted), NO_ROW)
    begin = 0
    for chunk in codes if isinstance(codes, list) else [codes if isinstance(codes, tuple) else (codes, None, 0)]:
        values, bitmap, offset = chunk
        start, size = 0, 1 << 12
        while start < len(values) and (left := np.flatnonzero(first == NO_ROW)).size:
            stop = min(len(values), start + size)
            block = values[start:stop]
            valid = valid_rows((block, bitmap, offset + start))
            for position in left.tolist():
                hit = block == wanted[position] if valid is None else valid & (block == wanted[position])
                if hit.any():
                    first[position] = begin + start + int(np.argmax(hit))
            start, size = stop, 4 * size
        begin += len(values)
    return first


def graded_words(labels: Any, words: PartialCounts, judgement: str, scale: GradeScale | None) -> tuple[np.ndarray, GradeScale]:
    """Grade codes of words, and their scale; an error names the first row of the word."""
    assert words.first is not None
    try:
        return grade_codes(pd.DataFrame({judgement: pd.Series(labels, copy=False)}), judgement, scale)
    except RowError as error:
        raise error.moved(int(words.first[error.row])) from None


def as_text(labels: Any) -> Any:
    """Labels as the text that they are in the table, where they were read as a dictionary."""
    return pd.Series(labels.tolist(), dtype=TEXT).array if isinstance(labels, pd.Categorical) else labels


def sorted_categories(labels: pd.Categorical) -> pd.Categorical:
    """Labels with their categories in sorted order."""
    return pd.Categorical(labels, categories=labels.categories.sort_values())


# ---- questions


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of a table: how a piece is counted, and how what all pieces gave becomes the result.

    Attributes
    ----------
    histories : bool
        Whether pieces must split between providers.
    text : frozenset of str
        Columns that are text in the table and were read as dictionaries.
    unordered : frozenset of str
        Columns that are dictionaries of Arrow which say of no order.
    """

    histories: ClassVar[bool] = False
    records: ClassVar[bool] = False  # whether what says who may count is needed, though no provider is followed
    whole_rows: ClassVar[bool] = False  # whether all columns are needed, as they are in the table
    text: frozenset[str] = frozenset()
    unordered: frozenset[str] = frozenset()

    @property
    def asks_first(self) -> Question | None:
        """What must be known of the whole table before a piece can be counted; None: nothing."""
        return None

    @property
    def asked_days(self) -> np.ndarray:
        """The days of which it asks."""
        return np.empty(0, dtype=np.int64)

    def needed(self) -> dict[str, Any]:
        """The names of the columns that are needed, by the argument that names them."""
        raise NotImplementedError

    def count(self, piece: Any) -> Partial:
        """What a piece of the table gives; a RowError has the row of the piece."""
        raise NotImplementedError

    def finish(self, partial: Partial) -> pd.DataFrame:
        """The result for the whole table; a RowError has its row."""
        raise NotImplementedError

    def groups_of(self, by: Any, observed: bool, counted: Sequence[PartialCounts]) -> tuple[Groups, list[Any]]:
        """The groups, and the codes of those of the rows of each of the counts, whose first labels are those of `by`; -1 missing.

        A dictionary that says of no order is shown sorted.
        """
        named = names(by, "by")
        labels = {name: stacked([some.labels[i] for some in counted]) for i, name in enumerate(named)}
        for name in named:
            if name in self.text:
                labels[name] = as_text(labels[name])
            elif name in self.unordered:
                labels[name] = sorted_categories(labels[name])
        grouped = groups(pd.DataFrame(labels, copy=False), by, observed=observed)
        lengths = [len(some.sums[0]) for some in counted]
        codes = np.zeros(sum(lengths), dtype=np.int64) if grouped.codes is None else grouped.codes
        return grouped, np.split(codes, np.cumsum(lengths)[:-1])

    def grades_of(
        self, words: PartialCounts, judgement: str, scale: GradeScale | None, *labelled: Any
    ) -> tuple[GradeScale, list[np.ndarray]]:
        """The scale of the judgement, and grade codes of labels that are words of it."""
        labels = as_text(words.labels[0]) if judgement in self.text else words.labels[0]
        codes, scale = graded_words(labels, words, judgement, scale)
        place = pd.Index(np.asarray(words.labels[0], dtype=object))
        of_word = np.append(codes, -1).astype(np.int64)
        return scale, [of_word[place.get_indexer(pd.Index(np.asarray(label, dtype=object)))] for label in labelled]


@dataclass(frozen=True, kw_only=True)
class OfHistories(Question):
    """What follows providers through time, and so needs all rows of a provider in one piece."""

    histories: ClassVar[bool] = True
    over_time: ClassVar[bool] = False  # whether it needs a stretch of time over which every provider is known
    by: Any
    judgement: str
    scale: GradeScale | None
    framework: Any
    provider: str
    inspected: str | None
    published: str | None
    opened: str | None = "opened"
    closed: str | None = "closed"
    graded: str | None = "graded"
    having: str | None = None
    incomplete: str = "refuse"
    known_since: int | None = None  # the day from which on the whole table knows every provider

    @property
    def which(self) -> Which:
        """Which inspections are asked for."""
        return Which(self.framework, self.having, None, self.incomplete, since=self.known_since)

    @property
    def asks_first(self) -> Question | None:
        """From which day on the table knows every provider, where the question is of a stretch of time."""
        return KnownSince(framework=self.framework) if self.over_time and self.incomplete != "allow" and self.known_since is None else None

    @property
    def asked_days(self) -> np.ndarray:
        """The day up to which it asks, where it asks for one: its `date` or `until`."""
        asked = {name: getattr(self, name, None) for name in ("date", "until")}
        return np.array([day(value, name) for name, value in asked.items() if value is not None], dtype=np.int64)

    @property
    def called(self) -> Columns:
        """The names of the columns that place an inspection and say who may count."""
        return Columns(self.provider, self.inspected, self.published, self.opened, self.closed, self.graded)

    def needed(self) -> dict[str, Any]:
        """Also what every inspection is known by."""
        return {"by": self.by, "judgement": self.judgement, "having": self.having, **self.called.needed()}

    def observe(self, piece: Any, register: Any = None, on: Any = None) -> tuple[Inspections, PartialCounts]:
        """The inspections of a piece, with codes of the words of their judgement; and these words."""
        which = replace(self.which, register=register, on=on)
        seen = observe(piece, self.called, which, by=self.by, judgement=self.judgement, scale=self.scale, of_piece=True)
        return seen, self.words_in(seen.grades, seen.words)[0]

    def observe_graded(self, piece: Any) -> tuple[Inspections, PartialCounts]:
        """The same with grade codes of the scale that the words of the piece are on: no word is on two of the known scales."""
        seen, _ = self.observe(piece)
        words, of_words = self.words_in(seen.grades, seen.words)
        scale = self.scale
        if len(words.labels[0]):
            known = getattr(seen.words, "ordered", False)
            scale = graded_words(words.labels[0] if known else np.asarray(words.labels[0], dtype=object), words, self.judgement, scale)[1]
        return replace(seen, grades=of_words[seen.grades].astype(np.int8), scale=scale or FOUR_POINT), words

    def words_in(self, codes: np.ndarray, labels: Any) -> tuple[PartialCounts, np.ndarray]:
        """The words of the judgement that occur in a piece, and a grade code for each of its labels."""
        occurs = np.bincount(codes.astype(np.int64) + 1, minlength=len(labels) + 1)[1:] > 0
        return words_of(codes, labels, occurs, self.judgement, self.scale)

    def rows_of(self, rows: PartialRows, dtypes: dict[str, Any]) -> pd.DataFrame:
        """The rows of all pieces in the order of the keys of their providers; grades on the scale of the whole, text as text."""
        nothing = {name: pd.Categorical([], dtype=of) for name, of in dtypes.items()}
        frame = rows.frame.astype(dtypes) if len(rows.frame) else rows.frame.assign(**nothing)
        texts = [name for name in frame.columns if name in self.text and name not in dtypes]
        frame = frame.assign(**{name: as_text(frame[name].array) for name in texts})
        named = [name for name in names(self.by, "by") if name in self.unordered]
        frame = frame.assign(**{name: sorted_categories(frame[name].array) for name in named})
        return in_order_of(frame, self.provider, self.unordered)

    def marks_of_period(self, seen: Inspections) -> dict[str, PartialCounts]:
        """Since when a piece knows its providers, and what tells a table of one period."""
        if seen.known is None:
            return {"since": PartialCounts((np.array([NO_DAY]),), (np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)))}
        since, *numbers = seen.known.marks_of_period(seen.histories, seen.may_count.graded)
        return {"since": PartialCounts((since,), tuple(numbers))}

    def is_of_one_period(self, partial: Partial) -> bool:
        """Whether the table has one stretch of time, and nothing of who was not inspected in it."""
        since = partial.counted["since"]
        return is_one_period(np.asarray(since.labels[0], dtype=np.int64), *since.sums)

    def say_one_period(self, partial: Partial) -> None:
        """Warn of a table of one period."""
        if self.incomplete != "allow" and self.is_of_one_period(partial):
            say_one_period(int(partial.counted["since"].labels[0][0]))

    def left_out(self, taken: np.ndarray, kept: np.ndarray) -> dict[str, PartialCounts]:
        """How many rows of a piece lie before the stretch of time over which every provider is known, and how many in it."""
        return {"left out": PartialCounts((), (np.array([taken.sum() - kept.sum()]), np.array([kept.sum()])))}

    def say_left_out(self, partial: Partial) -> None:
        """Say of the whole table what was left out."""
        if self.known_since is not None:
            before, kept = partial.counted["left out"].sums
            say_left_out(self.known_since, int(before[0]), int(kept[0]))

    def chosen_frameworks(self, may_count: Eligible, frame: pd.DataFrame, rows: np.ndarray) -> dict[str, PartialCounts]:
        """How many of the rows are of each framework, those without rows too; and how many are left out as theirs is missing."""
        if "framework" not in frame.columns:
            return {}
        codes, labels = label_codes(column(frame, "framework", "framework"))
        return {
            "frameworks": PartialCounts((labels,), (np.bincount(codes[rows].astype(np.int64) + 1, minlength=len(labels) + 1)[1:],)),
            "without framework": PartialCounts((), (np.array([np.count_nonzero(may_count.left_out_without_framework)]),)),
        }

    def say_frameworks(self, partial: Partial, labels: Any, numbers: np.ndarray) -> None:
        """Refuse an unknown framework, and warn where several were taken together and none was named, or where one is missing."""
        if "framework" in self.text:
            labels = as_text(labels)
        codes, known = label_codes(pd.Series(labels, copy=False))
        check_frameworks(self.framework, np.asarray(known).tolist())
        if n_without := int(partial.counted["without framework"].sums[0][0]):
            say_missing_frameworks(n_without)
        if self.framework is None:
            total = np.zeros(len(known) + 1, dtype=np.int64)
            np.add.at(total, codes, numbers)
            warn_of_frameworks(total[:-1], known)


def refuse_register(register: Any) -> None:
    """Refuse a register where a table is read by batches."""
    if register is not None:
        raise ValueError(
            "register= can't be used by batches, as a provider not yet inspected is in no batch: columns 'opened' and 'closed' of the "
            "file are obeyed; for a register read the file whole (pandas.read_parquet)"
        )


@dataclass(frozen=True, kw_only=True)
class KnownSince(Question):
    """From which day on a table knows every provider."""

    framework: Any

    def needed(self) -> dict[str, Any]:
        """The column that says so."""
        return {"known_from": KNOWN_FROM}

    def count(self, piece: Any) -> Partial:
        """The latest day of a piece."""
        frame = as_frame(piece, **self.needed())
        since = days_of(column(frame, KNOWN_FROM, KNOWN_FROM), KNOWN_FROM).max(initial=NO_DAY)
        return Partial(len(frame), {"since": PartialCounts((np.array([since]),))})

    def finish(self, partial: Partial) -> pd.DataFrame:
        """The latest day of all, in a table of one row; before all days where everybody is known from the beginning."""
        since = int(np.asarray(partial.counted["since"].labels[0]).max(initial=NO_DAY))
        return pd.DataFrame({"since": [since if since > began(Which(self.framework)) else NO_DAY]})
