"""What one piece of a table gives, small and by label, so that pieces add up: counted apart, merged, finished into one table.

A `Question` is an aggregate, a series, transitions or a trend with its options. It counts a piece (`count`), and finishes what all
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

from ofsted_sif import aggregation, change, columns, counts, frames, snapshots, trends
from ofsted_sif.intervals import check_method
from ofsted_sif.rows import RowError
from ofsted_sif.scales import SCALES, GradeScale

#: What pandas makes of text.
TEXT = pd.Series(["a"]).dtype
NO_ROW = np.iinfo(np.int64).max


# ---- tables of sums by label


@dataclass(frozen=True)
class Tally:
    """Sums by label: a row a combination of labels that occurs.

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
class Partial:
    """What some rows of a table give.

    Attributes
    ----------
    rows : int
        How many rows were counted.
    tallies : dict of str to Tally
        The sums, by what they are for.
    """

    rows: int
    tallies: dict[str, Tally]


def merge(parts: Sequence[Partial]) -> Partial:
    """Put together what consecutive pieces gave, in the order of the pieces."""
    if len(parts) == 1:
        return parts[0]
    begins = [0, *accumulate(part.rows for part in parts)]
    tallies = {}
    for name in parts[0].tallies:
        of = [part.tallies[name] for part in parts]
        moved = [
            tally if tally.first is None else replace(tally, first=tally.first + begin) for tally, begin in zip(of, begins, strict=False)
        ]
        tallies[name] = _merged(moved)
    return Partial(begins[-1], tallies)


def _merged(parts: Sequence[Tally]) -> Tally:
    if not parts[0].labels:
        return Tally((), tuple(np.sum([part.sums[i] for part in parts], axis=0) for i in range(len(parts[0].sums))))
    labels = [stacked([part.labels[i] for part in parts]) for i in range(len(parts[0].labels))]
    place, at = _places([columns.label_codes(pd.Series(label, copy=False)) for label in labels])
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
    return Tally(tuple(label.take(at) for label in labels), tuple(sums), first)


def _places(coded: Sequence[tuple[np.ndarray, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """The place of each row among the combinations that occur, and a row of each combination."""
    number, sizes = columns.combination_numbers(coded, "labels")
    distinct, place = columns.distinct_numbers(number, int(np.prod([float(size) for size in sizes])))
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


def _tally(coded: Sequence[tuple[np.ndarray, Any]], rows: int) -> Tally:
    """How many of the rows have each combination of labels."""
    if not coded:
        return Tally((), (np.array([rows]),))
    place, at = _places(coded)
    labels = tuple(columns.take(labels, codes[at].astype(np.int64)) for codes, labels in coded)
    return Tally(labels, (np.bincount(place, minlength=len(at)),))


def _labels_at(labels: Any, position: np.ndarray) -> Any:
    """Labels at the positions; the position after the last is that of the missing one."""
    return columns.take(labels, np.where(position == len(labels), -1, position))


def _by_group_and_word(counted: np.ndarray, group_labels: Sequence[Any], words: Any, *more: np.ndarray) -> Tally:
    """The cells that are not empty of counts by group and word, and of further sums."""
    group, word = np.nonzero(counted)
    labels = [_labels_at(of, group) for of in group_labels]
    return Tally((*labels, _labels_at(words, word)), tuple(table[group, word] for table in (counted, *more)))


# ---- words of grades


def _words(codes: Any, labels: Any, occurs: np.ndarray, judgement: str, scale: GradeScale | None) -> tuple[Tally, np.ndarray]:
    """The words of a column that occur, each with its first row; and a grade code for each of its labels, -1 for a missing one.

    Grades are counted by their words, as only the whole table can tell the scale. A word that is no grade, or words that are not of one
    scale, are an error already here.
    """
    at = np.flatnonzero(occurs)
    words = Tally((labels.take(at),), (), _first_rows(codes, at))
    of_words = np.full(len(labels) + 1, -1, dtype=np.int64)
    if len(at):
        known = any(labels.dtype == known.dtype for known in SCALES)
        of_words[at] = _graded(words.labels[0] if known else np.asarray(words.labels[0], dtype=object), words, judgement, scale)[0]
    return words, of_words


def _first_rows(codes: Any, wanted: np.ndarray) -> np.ndarray:
    """The first row of each of these codes, all of which occur: found in a few steps where they are not rare."""
    first = np.full(len(wanted), NO_ROW)
    begin = 0
    for chunk in codes if isinstance(codes, list) else [codes if isinstance(codes, tuple) else (codes, None, 0)]:
        values, bitmap, offset = chunk
        start, size = 0, 1 << 12
        while start < len(values) and (left := np.flatnonzero(first == NO_ROW)).size:
            stop = min(len(values), start + size)
            block = values[start:stop]
            valid = frames.valid_rows((block, bitmap, offset + start))
            for position in left.tolist():
                hit = block == wanted[position] if valid is None else valid & (block == wanted[position])
                if hit.any():
                    first[position] = begin + start + int(np.argmax(hit))
            start, size = stop, 4 * size
        begin += len(values)
    return first


def _graded(labels: Any, words: Tally, judgement: str, scale: GradeScale | None) -> tuple[np.ndarray, GradeScale]:
    """Grade codes of words, and their scale; an error names the first row of the word."""
    assert words.first is not None
    try:
        return columns.grade_codes(pd.DataFrame({judgement: pd.Series(labels, copy=False)}), judgement, scale)
    except RowError as error:
        raise error.moved(int(words.first[error.row])) from None


def _as_text(labels: Any) -> Any:
    """Labels as the text that they are in the table, where they were read as a dictionary."""
    return pd.Series(labels.tolist(), dtype=TEXT).array if isinstance(labels, pd.Categorical) else labels


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
    """

    histories: ClassVar[bool] = False
    text: frozenset[str] = frozenset()

    def needed(self) -> dict[str, Any]:
        """The names of the columns that are needed, by the argument that names them."""
        raise NotImplementedError

    def count(self, piece: Any) -> Partial:
        """What a piece of the table gives; a RowError has the row of the piece."""
        raise NotImplementedError

    def finish(self, partial: Partial) -> pd.DataFrame:
        """The result for the whole table; a RowError has its row."""
        raise NotImplementedError

    def _groups(self, by: Any, observed: bool, tallies: Sequence[Tally]) -> tuple[columns.Groups, list[Any]]:
        """The groups, and the codes of those of the rows of each tally, whose first labels are those of `by`; -1 missing."""
        named = columns.names(by, "by")
        labels = {name: stacked([tally.labels[i] for tally in tallies]) for i, name in enumerate(named)}
        frame = pd.DataFrame({name: _as_text(label) if name in self.text else label for name, label in labels.items()}, copy=False)
        grouped = columns.groups(frame, by, observed=observed)
        lengths = [len(tally.sums[0]) for tally in tallies]
        codes = np.zeros(sum(lengths), dtype=np.int64) if grouped.codes is None else grouped.codes
        return grouped, np.split(codes, np.cumsum(lengths)[:-1])

    def _grades(self, words: Tally, judgement: str, scale: GradeScale | None, *tallied: Any) -> tuple[GradeScale, list[np.ndarray]]:
        """The scale of the judgement, and grade codes of labels that are words of it."""
        labels = _as_text(words.labels[0]) if judgement in self.text else words.labels[0]
        codes, scale = _graded(labels, words, judgement, scale)
        place = pd.Index(np.asarray(words.labels[0], dtype=object))
        of_word = np.append(codes, -1).astype(np.int64)
        return scale, [of_word[place.get_indexer(pd.Index(np.asarray(label, dtype=object)))] for label in tallied]


@dataclass(frozen=True, kw_only=True)
class Aggregate(Question):
    """`ofsted_sif.aggregate`, with its options."""

    by: Any
    judgement: Any
    scale: GradeScale | None
    weights: str | None
    interval: str
    level: float
    min_n: int
    observed: bool
    threads: int | None

    def __post_init__(self) -> None:
        check_method(self.interval)
        if not columns.names(self.judgement, "judgement"):
            raise ValueError("judgement names no column")

    def needed(self) -> dict[str, Any]:
        """What is counted, by what, with which weights."""
        return {"by": self.by, "judgement": self.judgement, "weights": self.weights}

    def count(self, piece: Any) -> Partial:
        """Rows by group and word, as they lie coded where they do."""
        by, asked = columns.names(self.by, "by"), columns.names(self.judgement, "judgement")
        coded = frames.coded(piece, [*by, *asked]) if len(by) <= 1 and self.weights is None else None
        weight: np.ndarray | None = None
        group_codes: Any
        judged: list[tuple[Any, Any]]
        if coded is not None:
            group_codes, n_groups, group_labels = None, 0, []
            if by:
                groups = coded.pop(0)
                group_codes, n_groups, group_labels = groups.chunks, len(groups.words), [groups.labels]
            judged = [(column.chunks, column.labels) for column in coded]
        else:
            frame = columns.as_frame(piece, **self.needed())
            grouped = columns.groups(frame, self.by)
            group_codes, n_groups, group_labels = grouped.codes, grouped.size, list(grouped.labels.values())
            judged = [columns.label_codes(columns.column(frame, name, "judgement")) for name in asked]
            weight = None if self.weights is None else aggregation.weights_of(frame, self.weights)
        tallies = {}
        rows = 0
        for name, (codes, words) in zip(asked, judged, strict=True):
            sizes: dict[str, Any] = {"n_groups": n_groups, "n_grades": len(words), "threads": self.threads}
            counted = counts.count_grades(group_codes, codes, **sizes).reshape(-1, len(words) + 1)
            tallies[f"words of {name}"], _ = _words(codes, words, counted[:, :-1].any(axis=0), name, self.scale)
            more = []
            if weight is not None:
                # The sums of the weights, and how many rows have none and so enter no sum.
                more = [counts.count_grades(group_codes, codes, weights=of, **sizes)[0] for of in (weight, np.isnan(weight) * 1.0)]
            tallies[name] = _by_group_and_word(counted, group_labels, words, *(of.reshape(counted.shape) for of in more))
            rows = int(counted.sum())
        return Partial(rows, tallies)

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and counts the table of `aggregate`."""
        asked = columns.names(self.judgement, "judgement")
        grouped, of_group = self._groups(self.by, self.observed, [partial.tallies[name] for name in asked])
        tables: list[np.ndarray] = []
        weighted, unweighted = [], []
        scale = self.scale
        for name, group in zip(asked, of_group, strict=True):
            tally = partial.tallies[name]
            scale, (grade,) = self._grades(partial.tallies[f"words of {name}"], name, scale, tally.labels[-1])
            place = (np.where(group < 0, grouped.size, group), grade)
            shape = (grouped.size + 1, len(scale.labels) + 1)
            sums = []
            for summed in tally.sums:
                sums.append(np.zeros(shape, dtype=summed.dtype))
                np.add.at(sums[-1], place, summed)
            tables.append(sums[0])
            if self.weights is not None:
                weighted.append(sums[1])
                unweighted.append(sums[2].sum(axis=1).astype(np.int64))
        assert scale is not None
        how = {"interval": self.interval, "level": self.level, "min_n": self.min_n}
        return pd.DataFrame(aggregation.shown_columns(grouped, tables, asked, scale, weighted, unweighted, **how), copy=False)


@dataclass(frozen=True, kw_only=True)
class _OfRecords(Question):
    """What follows providers through time, and so needs all rows of a provider in one piece."""

    histories: ClassVar[bool] = True
    by: Any
    judgement: str
    scale: GradeScale | None
    framework: Any
    provider: str
    inspected: str
    published: str

    @property
    def named(self) -> dict[str, str]:
        """The names of the columns that place a record."""
        return {"provider": self.provider, "inspected": self.inspected, "published": self.published}

    def needed(self) -> dict[str, Any]:
        """Also what every inspection is known by."""
        return {"by": self.by, "judgement": self.judgement, **self.named}

    def _frame(self, piece: Any) -> pd.DataFrame:
        return columns.as_frame(piece, of_records=True, **self.needed())

    def _judged(self, frame: pd.DataFrame) -> tuple[np.ndarray, Any, Tally, np.ndarray]:
        """Codes of the judgement's words, those words, which occur, and their grades."""
        codes, labels = columns.label_codes(columns.column(frame, self.judgement, "judgement"))
        codes = np.asarray(codes)
        occurs = np.bincount(codes.astype(np.int64) + 1, minlength=len(labels) + 1)[1:] > 0
        return codes, labels, *_words(codes, labels, occurs, self.judgement, self.scale)

    def _chosen_frameworks(self, frame: pd.DataFrame, rows: np.ndarray) -> dict[str, Tally]:
        """How many of the rows are of each framework, those without rows too."""
        if "framework" not in frame.columns:
            return {}
        codes, labels = columns.label_codes(frame["framework"])
        return {"frameworks": Tally((labels,), (np.bincount(codes[rows].astype(np.int64) + 1, minlength=len(labels) + 1)[1:],))}

    def _say_frameworks(self, labels: Any, numbers: np.ndarray) -> None:
        """Refuse an unknown framework, and warn where several were taken together and none was named."""
        if "framework" in self.text:
            labels = _as_text(labels)
        codes, known = columns.label_codes(pd.Series(labels, copy=False))
        snapshots.check_frameworks(self.framework, np.asarray(known).tolist())
        if self.framework is None:
            total = np.zeros(len(known) + 1, dtype=np.int64)
            np.add.at(total, codes, numbers)
            snapshots.warn_of_frameworks(total[:-1], known)


@dataclass(frozen=True, kw_only=True)
class Transitions(_OfRecords):
    """`ofsted_sif.transitions`, with its options."""

    period: Any
    date: Any
    published_by: Any
    having: str | None
    register: Any

    def needed(self) -> dict[str, Any]:
        """Also the judgement that an inspection must have made."""
        return super().needed() | {"having": self.having}

    def count(self, piece: Any) -> Partial:
        """Moves from word to word of the later inspection's group and period."""
        frame = self._frame(piece)
        records = columns.records(frame, snapshots.register_frame(self.register), **self.named)
        codes, labels, words, _ = self._judged(frame)
        may_count = snapshots.eligibility(frame, self.framework, self.having, [self.judgement], of_piece=True)
        eligible = may_count.all & change.known_by(records, self.date, self.published_by)
        grouped = columns.groups(frame, self.by)
        period_of, ends = (None, np.empty(0, dtype=np.int64))
        if self.period is not None:
            period_of, ends = change.period_codes(records.placed, eligible, self.period)
        counted = counts.count_transitions(
            records.provider,
            records.held,
            records.published,
            grouped.codes,
            codes,
            periods=period_of,
            n_providers=len(records.providers),
            n_groups=grouped.size,
            n_periods=len(ends),
            n_grades=len(labels),
            eligible=eligible,
        )
        group, period, before, after = np.nonzero(counted)
        labelled = [*(_labels_at(of, group) for of in grouped.labels.values()), np.append(ends, 0)[period]]
        labelled += [_labels_at(labels, before), _labels_at(labels, after)]
        moves = Tally(tuple(labelled), (counted[group, period, before, after],))
        # A group is shown where a row has it, even one that took no part.
        coded = [columns.label_codes(columns.column(frame, name, "by")) for name in columns.names(self.by, "by")]
        tallies = {"words": words, "groups": _tally(coded, len(frame)), "moves": moves}
        ends = np.unique(ends[[0, -1]]) if len(ends) else ends
        tallies["ends"] = Tally((ends,), (np.zeros(len(ends), dtype=np.int64),))
        return Partial(len(frame), tallies | self._chosen_frameworks(frame, np.flatnonzero(eligible)))

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and periods are shown without a gap."""
        if "frameworks" in partial.tallies:
            of = partial.tallies["frameworks"]
            self._say_frameworks(of.labels[0], of.sums[0])
        moves = partial.tallies["moves"]
        grouped, (_, group) = self._groups(self.by, True, [partial.tallies["groups"], moves])
        scale, (before, after) = self._grades(partial.tallies["words"], self.judgement, self.scale, *moves.labels[-2:])
        ends, period = None, np.zeros(len(group), dtype=np.int64)
        if self.period is not None:
            ends = change.period_ends(np.asarray(partial.tallies["ends"].labels[0]), self.period)
            period = np.searchsorted(ends, np.asarray(moves.labels[-3]))
        k = len(scale.labels)
        counted = np.zeros((grouped.size + 1, (0 if ends is None else len(ends)) + 1, k + 1, k + 1), dtype=np.int64)
        np.add.at(counted, (np.where(group < 0, grouped.size, group), period, before, after), moves.sums[0])
        return change.transitions_table(counted, grouped, scale, ends)


@dataclass(frozen=True, kw_only=True)
class Series(_OfRecords):
    """`ofsted_sif.series`, with its options."""

    dates: Any
    published_by: Any
    having: str | None
    register: Any
    max_age: Any
    interval: str
    level: float
    min_n: int
    observed: bool

    def __post_init__(self) -> None:
        check_method(self.interval)
        if self.register is not None:
            raise ValueError(
                "register= can't be used by batches, as a provider not yet inspected is in no batch: columns 'opened' and 'closed' of the "
                "file are obeyed; for a register read the file whole (pandas.read_parquet)"
            )
        snapshots.grid(self.dates, self.published_by)

    def needed(self) -> dict[str, Any]:
        """Also the judgement that an inspection must have made."""
        return super().needed() | {"having": self.having}

    def count(self, piece: Any) -> Partial:
        """What is in force at each date, by group and word."""
        frame = self._frame(piece)
        codes, labels, words, _ = self._judged(frame)
        days, cutoffs = snapshots.grid(self.dates, self.published_by)
        found = snapshots.in_force(
            frame,
            days,
            cutoffs,
            self.by,
            self.judgement,
            codes,
            len(labels),
            framework=self.framework,
            having=self.having,
            register=None,
            max_age=self.max_age,
            observed=True,
            of_piece=True,
            **self.named,
        )
        pair, word = np.nonzero(found.counted.counted)
        date, group = found.counted.date[pair], found.counted.group[pair]
        # Places of dates as narrow as they can be: these are many, and travel between machines.
        dated = date.astype(np.min_scalar_type(len(days)))
        labelled = [*(_labels_at(of, group) for of in found.grouped.labels.values()), dated, _labels_at(labels, word)]
        tallies = {"words": words, "in force": Tally(tuple(labelled), (found.counted.counted[pair, word],))}
        if "framework" in frame.columns:
            tallies |= self._chosen_frameworks(frame, np.empty(0, dtype=np.int64))
        if found.framework_labels is not None:
            date, of = np.nonzero(found.by_framework)
            tallies["frameworks in force"] = Tally((date, found.framework_labels.take(of)), (found.by_framework[date, of],))
        return Partial(len(frame), tallies)

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and counts the table of `series`."""
        if "frameworks" in partial.tallies:
            labels = partial.tallies["frameworks"].labels[0]
            most = np.zeros(len(labels), dtype=np.int64)
            if (of := partial.tallies.get("frameworks in force")) is not None:
                place = pd.Index(np.asarray(labels, dtype=object)).get_indexer(pd.Index(np.asarray(of.labels[1], dtype=object)))
                np.maximum.at(most, place, of.sums[0])
            self._say_frameworks(labels, most)
        days, _ = snapshots.grid(self.dates, self.published_by)
        tally = partial.tallies["in force"]
        grouped, (group,) = self._groups(self.by, self.observed, [tally])
        scale, (grade,) = self._grades(partial.tallies["words"], self.judgement, self.scale, tally.labels[-1])
        place = np.asarray(tally.labels[-2], dtype=np.int64) * (grouped.size + 1) + np.where(group < 0, grouped.size, group)
        shown, pair = np.unique(place, return_inverse=True)
        counted = np.zeros((len(shown), len(scale.labels) + 1), dtype=np.int64)
        np.add.at(counted, (pair, grade), tally.sums[0])
        found = snapshots.GroupsInForce(*np.divmod(shown, grouped.size + 1), counted)
        return snapshots.series_table(days, found, grouped, scale, interval=self.interval, level=self.level, min_n=self.min_n)


@dataclass(frozen=True, kw_only=True)
class Trend(_OfRecords):
    """`ofsted_sif.trend`, with its options: by the methods that need no more than counts by group, day and grade."""

    method: str
    value: str | None
    season: str | None
    freq: Any
    alternative: str
    continuity: bool
    exact: Any
    adjust: str | None
    level: float
    observed: bool

    def __post_init__(self) -> None:
        how = self._how()
        whole = "read the file whole (pandas.read_parquet with columns=) and call ofsted_sif.trend on the table"
        if how.method == "theil-sen":
            raise ValueError(f"theil-sen compares every two rows and can't be counted by batches: take method='mann-kendall', or {whole}")
        if self.value is not None and how.method != "cochran-armitage":
            raise ValueError(f"value={self.value!r}: {how.method} of numbers can't be counted by batches, that of grades can: {whole}")

    def _how(self) -> trends.Method:
        return trends.Method(
            self.method,
            self.season,
            self.freq,
            self.alternative,
            self.continuity,
            self.exact,
            self.adjust,
            self.level,
            self.value or self.judgement,
        )

    @property
    def _season_column(self) -> str | None:
        return None if self.season in ("month", "quarter") else self.season

    def needed(self) -> dict[str, Any]:
        """What is tested, by what."""
        judged = {"value": self.value} if self.value is not None else {"judgement": self.judgement}
        return {"by": self.by, **judged, "season": self._season_column, **self.named}

    def count(self, piece: Any) -> Partial:
        """Inspections by group, season, day and word."""
        frame = self._frame(piece)
        tallies = {}
        if self.value is None:
            codes, labels, tallies["words"], of_words = self._judged(frame)
            known = of_words[codes] >= 0
        else:
            numbers = trends.numbers_of(frame, self.value)
            codes, labels = columns.label_codes(pd.Series(numbers, copy=False))
            known = codes >= 0
            trends.check_flags(np.asarray(labels), self.value)
        graded = self.judgement if self.value is None else None
        dated = {"inspected": self.inspected, "published": self.published}
        taken = trends.taken_rows(frame, codes, known, graded=graded, season=self.season, framework=self.framework, of_piece=True, **dated)
        rows = taken.frame
        by = [columns.label_codes(columns.column(rows, name, "by")) for name in columns.names(self.by, "by")]
        season = [] if self._season_column is None else [columns.label_codes(columns.column(rows, self._season_column, "season"))]
        day = columns.label_codes(pd.Series(taken.days, copy=False))
        tallies["rows"] = _tally([*by, *season, day, (np.asarray(taken.values), labels)], len(rows))
        if self.provider in rows.columns:
            place, at = _places(by) if by else (np.zeros(len(rows), dtype=np.int64), np.zeros(1, dtype=np.int64))
            n_repeated = trends.repeated(rows, self.provider, taken.used, place[taken.used], len(at))
            tallies["repeated"] = Tally(tuple(columns.take(of, codes[at].astype(np.int64)) for codes, of in by), (n_repeated,))
        return Partial(len(frame), tallies | self._chosen_frameworks(rows, np.flatnonzero(taken.used)))

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and counts the table of `trend`."""
        if "frameworks" in partial.tallies:
            of = partial.tallies["frameworks"]
            self._say_frameworks(of.labels[0], of.sums[0])
        tally, repeated = partial.tallies["rows"], partial.tallies.get("repeated")
        tallies = [tally] if repeated is None else [tally, repeated]
        grouped, of_group = self._groups(self.by, self.observed, tallies)
        merged = replace(grouped, codes=None if grouped.codes is None else np.concatenate(of_group))
        every, size, labels = trends.with_missing_group(merged, sum(map(len, of_group)))
        group, repeated_group = every[: len(of_group[0])], every[len(of_group[0]) :]
        days, n = np.asarray(tally.labels[-2]), tally.sums[0]
        if self.value is None:
            scale, (values,) = self._grades(partial.tallies["words"], self.judgement, self.scale, tally.labels[-1])
            known = values >= 0
        else:
            scale, values = None, np.asarray(tally.labels[-1], dtype=np.float64)
            known = ~np.isnan(values)
        used = known & (days != counts.NO_DAY)
        block = None
        if self.season is not None:
            named = {} if self._season_column is None else {self.season: self._season_label(tally)}
            block = trends.blocks(pd.DataFrame(named), self.season, days)
            used &= block >= 0
            block = block[used]
        n_missing, n_repeated = np.zeros(size, dtype=np.int64), None
        np.add.at(n_missing, group[~used], n[~used])
        if repeated is not None:
            n_repeated = np.zeros(size, dtype=np.int64)
            np.add.at(n_repeated, repeated_group, repeated.sums[0])
        rows = trends.Rows(group[used], size, values[used], days[used], scale, n[used])
        return trends.trend_table(self._how(), labels, rows, block, n_missing, n_repeated)

    def _season_label(self, tally: Tally) -> Any:
        return _as_text(tally.labels[-3]) if self.season in self.text else tally.labels[-3]
