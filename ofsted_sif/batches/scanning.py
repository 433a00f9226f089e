"""`Scan`: the functions of tables on files larger than memory, read and counted batch by batch."""

from __future__ import annotations

import functools
import inspect
import os
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pandas as pd

from ofsted_sif import aggregation, change, counts, durations, in_year, snapshots, states, trends, two_dates
from ofsted_sif.batches import files
from ofsted_sif.batches.csv_files import UnlikeBeginningError
from ofsted_sif.errors import RowError
from ofsted_sif.scales import JUDGEMENTS, grades, infer_scale, snake_case
from ofsted_sif.table import columns, frames, partial
from ofsted_sif.table.eligible import warn_of_near_framework
from ofsted_sif.table.keys import TEXT
from ofsted_sif.table.known import warn_if_beyond
from ofsted_sif.table.text_of_arrow import TextInDictionaries, in_dictionaries, text_of_arrow

__all__ = ["Scan"]

# Partial results are put together when there are so many, or when they hold so many labels.
PARTS_AT_ONCE = 64
LABELS_AT_ONCE = 1 << 18


def _method(function: Callable[..., Any], said: str = "", **defaults: Any) -> Callable[..., pd.DataFrame]:
    """The function as a method of a scan, with its signature but for the table, and for some defaults, of which more is `said`."""
    question: Callable[..., partial.Question] = function.question  # type: ignore[attr-defined]
    signature = inspect.signature(function)
    _, *others = signature.parameters.values()
    others = [one.replace(default=defaults[one.name]) if one.name in defaults else one for one in others]
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    own = signature.replace(parameters=[this, *others], return_annotation="pd.DataFrame")

    @functools.wraps(function)
    def method(*args: Any, **kwargs: Any) -> pd.DataFrame:
        bound = own.bind(*args, **kwargs)
        self = bound.arguments["self"]
        named = {name: value for name, value in self.columns.items() if name in own.parameters and name not in bound.arguments}
        bound.apply_defaults()
        options = bound.arguments | named
        return self.answer(question(**{name: value for name, value in options.items() if name != "self"}))

    method.__signature__ = own  # type: ignore[attr-defined]
    method.__doc__ = f"`ofsted_sif.{function.__name__}` of what is scanned, with the same arguments and result.{said}"
    return method


class Scan:
    """What `scan` opens. It holds no data: each call reads the columns that it needs."""

    def __init__(
        self, source: files.Source, columns: dict[str, str], progress: bool | None, again: functools.partial[Scan] | None = None
    ) -> None:
        self.source = source
        self.columns = columns
        self.progress = progress
        self.again = again  # opens the same once more

    def __reduce__(self) -> tuple[Any, ...]:
        """A scan holds no data, and is opened once more where it arrives."""
        if self.again is None or type(self.again.args[0]).__name__ == "DuckDBPyRelation":
            raise TypeError(
                "a relation of DuckDB belongs to its connection and can't be sent to another process: write it to Parquet, and scan that"
            )
        return _opened, (self.again,)

    def __repr__(self) -> str:
        rows = "rows unknown" if self.source.rows is None else f"{self.source.rows:,} rows"
        return f"<scan of {rows}, {len(self.source.names)} columns>"

    aggregate = _method(aggregation.aggregate)
    as_at = _method(snapshots.as_at)
    changes = _method(change.changes)
    change_between = _method(two_dates.change_between)
    logrank = _method(durations.logrank)
    median_time_to = _method(durations.median_time_to)
    periods = _method(in_year.periods)
    series = _method(snapshots.series)
    spells = _method(durations.spells)
    state_probabilities = _method(states.state_probabilities)
    time_to = _method(durations.time_to)
    transitions = _method(change.transitions)
    trend = _method(
        trends.trend,
        " Rows are taken as independent: ``cluster`` is None here, whose p is too large where providers repeat and are alike.",
        cluster=None,
    )

    def ordered(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Scan:
        """Write a Parquet file in which the rows of each provider stand together, in the order in which they stood; and scan it.

        Parameters
        ----------
        path : str or path
            The file to write; never one of those that are scanned.
        overwrite : bool, default False
            Whether a file of that name is replaced.

        Returns
        -------
        Scan
            Of the copy.

        Raises
        ------
        ValueError
            Where the path is that of a file that is scanned.
        FileExistsError
            Where there is such a file already, and `overwrite` is not given.
        ImportError
            Without DuckDB, which sorts on disk what memory can't hold (``pip install 'ofsted_sif[scan]'``).
        """
        files.check_target(self.source, path, overwrite=overwrite)
        files.write_ordered(self.source, self.columns["provider"], path)
        again = None if self.again is None else functools.partial(self.again.func, path, **self.columns, progress=self.progress)
        return Scan(files.open_source(path, [self.columns["provider"]]), self.columns, self.progress, again)

    def informed(self, question: partial.Question) -> partial.Question:
        """The question with what it asks of the whole table before it counts a batch: one column is read for it."""
        warn_if_beyond(self.source.attrs, question.asked_days)
        if (question.histories or question.records) and getattr(question, "framework", "all") is None:
            warn_of_near_framework(self.source.names)
        first = question.asks_first
        if first is None or not set(first.needed().values()) <= set(self.source.names):
            return question
        since = int(self.answer(first)["since"].item())
        return question if since == counts.NO_DAY else replace(question, known_since=since)  # type: ignore[call-arg]

    def answer(self, question: partial.Question) -> pd.DataFrame:
        """Count all batches and finish the table; where a column of a CSV is not what it seemed, once more with that column as text."""
        try:
            return self._answer(question)
        except UnlikeBeginningError as unlike:
            if self.source.as_text is None or unlike.column in self.source.text:
                raise
            return Scan(self.source.as_text(unlike.column), self.columns, self.progress, self.again).answer(question)

    def _answer(self, question: partial.Question) -> pd.DataFrame:
        keys = self.columns_of(question)["provider"]
        if self.again is not None and keys != self.columns["provider"] and keys in set(self.source.names) - self.source.text:
            # The question names its keys itself: of a CSV they are to be text, as 007 is not 7.
            return self.again.func(*self.again.args, **self.again.keywords | {"provider": keys}).answer(question)
        question = self.informed(question)
        names = self._needed(question)
        question = replace(question, text=self.source.text, unordered=self.source.dictionaries - self.source.ordered)
        workers = counts.usable_cores()
        if isinstance(question, aggregation.Aggregate):
            workers = workers if question.threads is None else counts.number_of_threads(question.threads, question.threads)
            question = replace(question, threads=1)
        done = _Done(question, self.source)
        lent = self._lent(question) if question.whole_rows else []
        with _bar(self.source.rows, self.progress) as bar, ThreadPoolExecutor(workers) as pool:
            if question.histories and self.columns_of(question)["provider"] in names:
                self._count_histories(question, names, lent, done, bar)
            else:
                _count_units(self.source.units, question, names, pool, workers, done, bar)
        if not done.parts and self.source.empty is not None:
            done.add(self._counted(self.source.empty.select(names), question, lent))
        return _with_text_again(done.finish(), lent)

    def columns_of(self, question: partial.Question) -> dict[str, str]:
        """The names by which a question calls the columns that place a record."""
        return {name: getattr(question, name, given) for name, given in self.columns.items()}

    def _needed(self, question: partial.Question) -> list[str]:
        """The columns to read. What a graded inspection is the judgements tell only where no column `graded` does."""
        present, needed = self.source.names, question.needed()
        if question.whole_rows:
            columns.needed_columns(present, [], needed, of_records=True)
            return present
        of_records = question.histories or question.records
        if of_records and "graded" in present:
            wanted = {name for argument in needed.values() for name in columns.names(argument, "")} | set(columns.OF_RECORDS)
            columns.needed_columns(present, [], needed, of_records=True)
            return [name for name in present if name in wanted or columns.looks_near(name)]
        names = columns.needed_columns(present, sorted(self.source.dictionaries), needed, of_records=of_records)
        # A table of no columns has no rows in Arrow.
        return names or present[:1]

    def _lent(self, question: Any) -> list[str]:
        """The columns of text that are lent as they lie: to make an object of each text would take most of the time, and few are wanted."""
        lie = set(question.taken_as_they_lie(self.source.names))
        read = _as_it_is(self.source.empty, self.source.text)
        # Of what stays at least one column tells how many rows there are.
        return [name for name in read.columns if name in lie & self.source.text and read[name].dtype == TEXT][: len(read.columns) - 1]

    def _counted(self, table: Any, question: partial.Question, lent: Collection[str] = ()) -> partial.Partial:
        """What a question counts of a table of Arrow."""
        if question.whole_rows:
            part = question.count(_as_it_is(table, self.source.text, lent))
            return _lent_alike(part, lent, self.columns_of(question)["provider"])
        return question.count(_judged(table, question, self.source.text) if question.histories else table)

    def _count_histories(self, question: partial.Question, names: list[str], lent: list[str], done: _Done, bar: Any) -> None:
        provider = self.columns_of(question)["provider"]
        with closing(_ahead(self.source.units, names, done, bar)) as tables:
            for table, first_row in files.split_by_provider(tables, self.source, provider, done.placed):
                try:
                    done.add(self._counted(table, question, lent))
                except RowError as error:
                    raise done.placed(error.moved(error.row + first_row)) from None


def _opened(again: functools.partial[Scan]) -> Scan:
    return again()


def _as_it_is(table: Any, text: frozenset[str], lent: Collection[str] = ()) -> pd.DataFrame:
    """A table of Arrow as pandas would have read it: text is text again, but for columns that are lent as they lie."""
    for position, name in enumerate(table.column_names):
        if name in text and name not in lent:
            table = table.set_column(position, name, table.column(position).cast("string"))
    frame = table.drop_columns(list(lent)).to_pandas(split_blocks=True)
    for place, name in enumerate(name for name in table.column_names if name in lent or name in frame.columns):
        if name in lent:
            frame.insert(place, name, TextInDictionaries(table.column(name)))
    return frame


def _lent_alike(part: partial.Partial, lent: Collection[str], provider: str) -> partial.Partial:
    """What a piece gives, with its lent text as all pieces have it: providers as text of Arrow, others in dictionaries of few words.

    The rows of a piece may have it otherwise where keys were written anew.
    """
    rows = part.counted["state"].frame
    for name in lent:
        values = rows[name].array
        if name == provider:
            rows[name] = pd.arrays.ArrowExtensionArray(text_of_arrow(values))
        else:
            rows[name] = (values if isinstance(values, TextInDictionaries) else in_dictionaries(values)).with_few_words()
    return part


def _with_text_again(rows: pd.DataFrame, lent: Collection[str]) -> pd.DataFrame:
    """Rows with their text as pandas has it. Equal texts are one object; of providers none is there twice."""
    if not lent:
        return rows

    def text(values: Any) -> Any:
        if isinstance(values, TextInDictionaries):
            return values.as_pandas_has_it()
        return values.__arrow_array__().to_pandas(deduplicate_objects=False)

    columns = {name: text(values.array) if name in lent else values.array for name, values in rows.items()}
    found = pd.DataFrame(columns, index=rows.index, copy=False)
    found.attrs = rows.attrs
    return found


def _judged(table: Any, question: partial.Question, text: frozenset[str]) -> pd.DataFrame:
    """A table of Arrow with its judgements of text as grades: a dictionary's "Not judged" is none, as it is none in text."""
    frame = frames.as_pandas(table)
    named = {getattr(question, "judgement", None), getattr(question, "having", None)}
    for name in text.intersection(frame.columns):
        if name in named or snake_case(name) in JUDGEMENTS:
            words = frame[name].cat.remove_unused_categories()
            scale = getattr(question, "scale", None) if name == getattr(question, "judgement", None) else None
            frame[name] = grades(words, scale or infer_scale(words), column=name)
    return frame


def _bar(rows: int | None, progress: bool | None) -> Any:
    from tqdm import tqdm  # the plain one: tqdm.auto warns in a notebook without ipywidgets

    return tqdm(total=rows, unit=" rows", unit_scale=True, disable=None if progress is None else not progress)


# ---- reading and counting


class _Done:
    """What has been counted: partial results put together in order, and where each row stands."""

    def __init__(self, question: partial.Question, source: files.Source) -> None:
        self.question = question
        self.parts: list[partial.Partial] = []
        self.read: list[tuple[str, int]] = []  # file and rows of each unit that was read
        self.n_files = len({unit.file for unit in source.units})
        self.source = source

    @property
    def rows(self) -> int:
        return sum(rows for _, rows in self.read)

    def placed(self, error: RowError) -> RowError:
        """The error with the file in which its row stands."""
        begin, in_file, file = 0, 0, self.read[-1][0] if self.read else ""
        of_file = ""
        for name, rows in self.read:
            in_file = in_file if name == of_file else begin
            of_file = name
            if error.row < begin + rows:
                file = name
                break
            begin += rows
        of_rows = self.source.of_rows
        if not file:
            return error.moved(error.row, of_rows)
        return error.moved(error.row, f"{file}: {of_rows}" if self.n_files == 1 else f"{file}, {of_rows}its row {error.row - in_file}: ")

    def add(self, part: partial.Partial) -> None:
        """What the next rows give."""
        self.parts.append(part)
        labels = [sum(len(of.labels[0]) for of in part.counted.values() if of.labels) for part in self.parts]
        if len(self.parts) >= PARTS_AT_ONCE or sum(labels[1:]) > max(LABELS_AT_ONCE, 2 * labels[0]):
            self.parts = [partial.merge(self.parts)]

    def finish(self) -> pd.DataFrame:
        try:
            return self.question.finish(partial.merge(self.parts))
        except RowError as error:
            raise self.placed(error) from None


def _count_units(
    units: list[files.Unit], question: partial.Question, names: list[str], pool: ThreadPoolExecutor, workers: int, done: _Done, bar: Any
) -> None:
    """Read and count units in threads, a few at a time, and take what they give in order."""

    def count(unit: files.Unit) -> tuple[partial.Partial | RowError | None, int]:
        parts, rows = [], 0
        for table in unit.read(names):
            try:
                parts.append(question.count(table))
            except RowError as error:
                return error.moved(error.row + rows), rows + table.num_rows
            rows += table.num_rows
            if len(parts) >= PARTS_AT_ONCE:
                parts = [partial.merge(parts)]
        return partial.merge(parts) if parts else None, rows

    for unit, (part, rows) in _in_order(units, count, pool, workers):
        first_row = done.rows
        done.read.append((unit.file, rows))
        if isinstance(part, RowError):
            raise done.placed(part.moved(part.row + first_row))
        if part is not None:
            done.add(part)
        bar.update(rows)


def _in_order(
    units: list[files.Unit], work: Callable[[files.Unit], Any], pool: ThreadPoolExecutor, ahead: int
) -> Iterator[tuple[files.Unit, Any]]:
    """What the work on each unit gives, in order, with no more of them begun than are soon wanted."""
    begun: deque[tuple[files.Unit, Future[Any]]] = deque()
    try:
        for unit in units:
            begun.append((unit, pool.submit(work, unit)))
            if len(begun) > ahead:
                first, result = begun.popleft()
                yield first, result.result()
        while begun:
            first, result = begun.popleft()
            yield first, result.result()
    finally:
        for _, result in begun:
            result.cancel()


def _ahead(units: list[files.Unit], names: list[str], done: _Done, bar: Any) -> Generator[tuple[Any, int], None, None]:
    """The tables of all units with the first row of each; the next is read, in a thread of its own, while those before are counted."""
    begin = 0
    tables = ((unit.file, table) for unit in units for table in unit.read(names))
    with ThreadPoolExecutor(1) as reader:
        waiting = reader.submit(next, tables, None)
        while (found := waiting.result()) is not None:
            waiting = reader.submit(next, tables, None)
            file, table = found
            done.read.append((file, table.num_rows))
            yield table, begin
            begin += table.num_rows
            bar.update(table.num_rows)
