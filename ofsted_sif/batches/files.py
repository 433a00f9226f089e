"""Files and relations read batch by batch: Parquet, CSV, folders, datasets of pyarrow and relations of DuckDB, as Arrow tables in order.

Only the columns asked for are read. Text comes as dictionaries, so that no row becomes a Python object.
"""

from __future__ import annotations

import functools
import glob
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.batches.csv_files import UnlikeBeginningError, csv_format, is_csv, read_csv, with_text, wrong_with_header
from ofsted_sif.errors import RowError
from ofsted_sif.installed import need
from ofsted_sif.table import columns, frames
from ofsted_sif.table.keys import is_plain
from ofsted_sif.whole_file import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_OF_A_BATCH = 1 << 20
WHITE_SPACE = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())  # what str.strip takes away
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
KINDS = (
    "a path to Parquet or CSV, several paths, a folder, a pattern such as 'part-*.parquet', a pyarrow Dataset, a DuckDB relation or a "
    "Dask DataFrame"
)


Reader = Callable[[list[str]], "Iterator[pa.Table]"]


@dataclass(frozen=True)
class Unit:
    """Rows that are read in one go: a row group of a Parquet file, a whole CSV, a whole relation.

    Attributes
    ----------
    file : str
        The file, for messages; empty where there is none.
    read : callable
        Gives the named columns as Arrow tables, in order.
    """

    file: str
    read: Reader


@dataclass(frozen=True)
class Source:
    """What can be read by batches.

    Attributes
    ----------
    names : list of str
        Its columns.
    dictionaries, text : frozenset of str
        Those that are dictionaries, and those of text that are read as such.
    rows : int or None
        How many rows it has, where that is known beforehand.
    units : list of Unit
        How to read it, in order.
    ordered : frozenset of str
        The dictionaries whose labels have an order.
    of_rows : str
        Which rows these are, where they are not all of the files, for messages.
    empty : Table or None
        A table of no rows, to be counted where there are none.
    attrs : dict
        What the table says of itself, where pandas has written it.
    as_text : callable or None
        Opens the same with one more column as text, where `csv_files.UnlikeBeginningError` has named it.
    """

    names: list[str]
    dictionaries: frozenset[str]
    text: frozenset[str]
    rows: int | None
    units: list[Unit] = field(repr=False)
    ordered: frozenset[str] = frozenset()
    of_rows: str = ""
    empty: pa.Table | None = field(default=None, repr=False)
    attrs: dict[str, Any] = field(default_factory=dict)
    as_text: Callable[[str], Source] | None = field(default=None, repr=False)


def open_source(given: Any, keys: Iterable[str] = ("provider",)) -> Source:
    """Find out what there is to read; nothing but schemas is read. Of a CSV the columns of keys stay text."""
    if not frames.is_read_by_batches(given):
        raise TypeError(f"what is read by batches is {KINDS}, not {type(given).__name__}")
    need("pyarrow", "arrow", "files read by batches")
    if type(given).__name__ == "DuckDBPyRelation":
        return _of_relation(given)
    if not isinstance(given, str | os.PathLike | list | tuple):
        return _of_dataset(given)
    return replace(_of_dataset(_dataset(given, keys), is_ours=True), as_text=lambda name: open_source(given, [*keys, name]))


# ---- what the schema says


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type of the values, be they in a dictionary, long or views."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.string() if _is_text(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view()


def _source(schema: pa.Schema, rows: int | None, units: list[Unit]) -> Source:
    import pyarrow as pa

    kinds = list(zip(schema.names, schema.types, strict=True))
    dictionaries = {name: kind for name, kind in kinds if pa.types.is_dictionary(kind)}
    ordered = frozenset(name for name, kind in dictionaries.items() if kind.ordered)
    text = frozenset(name for name, kind in kinds if _is_text(kind))
    return Source(
        list(schema.names),
        frozenset(dictionaries),
        text,
        rows,
        units,
        ordered,
        empty=_with_dictionaries(schema.empty_table()),
        attrs=_attrs(schema),
    )


def _attrs(schema: pa.Schema) -> dict[str, Any]:
    """The attrs of the pandas table that was written: pandas keeps them in an entry of their own, pyarrow among what it tells of pandas."""
    said = schema.metadata or {}
    found = json.loads(said.get(b"PANDAS_ATTRS", b"{}")) or json.loads(said.get(b"pandas", b"{}")).get("attributes")
    return found if isinstance(found, dict) else {}


def _with_dictionaries(table: pa.Table) -> pa.Table:
    """The table with its text as dictionaries."""
    for position, kind in enumerate(table.schema.types):
        if _is_text(kind):
            table = table.set_column(position, table.schema.names[position], table.column(position).dictionary_encode())
    return table


# ---- files


def _dataset(given: Any, keys: Iterable[str]) -> Any:
    """The dataset of a path, several, a folder or a pattern."""
    import pyarrow.dataset as ds

    listed = [given] if isinstance(given, str | os.PathLike) else list(given)
    files: list[str] = []
    folder = None
    for path in (os.fspath(one) for one in listed):
        found = [path] if os.path.exists(path) else sorted(glob.glob(path, recursive=True))
        if not found:
            raise FileNotFoundError(f"{path}: no such file{', and none matches the pattern' if glob.has_magic(path) else ' or folder'}")
        for one in found:
            if os.path.isdir(one):
                folder = one
                inside = (name for name in Path(one).rglob("*") if name.is_file() and not name.name.startswith((".", "_")))
                files += sorted(map(str, inside))
            else:
                files.append(one)
    if not files:
        raise FileNotFoundError(f"{', '.join(map(str, listed))}: the folder has no files")
    formats = {"csv" if is_csv(name) else "parquet" for name in files}
    if len(formats) > 1:
        raise ValueError(f"some of the {len(files)} files are CSV and some are not: {files[0]} ... {files[-1]}; scan them apart")
    kind: Any = ds.ParquetFileFormat()
    if formats == {"csv"}:
        kind = csv_format(files[0], keys)
    try:
        options = {} if folder is None else {"partitioning": ds.partitioning(flavor="hive"), "partition_base_dir": folder}
        return ds.dataset(files, format=kind, **options)
    except (OSError, ValueError) as error:
        raise _unreadable(files[0], error) from error


def _unreadable(file: str, error: Exception) -> ValueError:
    if is_csv(file) and (wrong := wrong_with_header(file)) is not None:
        return ValueError(f"{file} can't be read: {wrong}")
    if file.lower().endswith(WORKBOOKS):
        return ValueError(
            f"{file} is a workbook, which is read whole: ofsted_sif.read_inspections(path) reads one as Ofsted publishes it, and "
            "pandas.read_excel(path) one of your own"
        )
    told = " ".join(str(error).split())
    return ValueError(f"{file} can't be read: it is damaged, cut short, or neither Parquet nor a CSV named .csv ({told})")


def _of_dataset(dataset: Any, *, is_ours: bool = False) -> Source:
    """A dataset; of one of ours the kinds of the columns of a CSV are guesses, of a user's own they are as asked."""
    import pyarrow.dataset as ds

    schema = dataset.schema
    is_guess = is_ours and isinstance(dataset.format, ds.CsvFileFormat)
    if is_guess:
        schema = with_text(schema)
    units: list[Unit] = []
    rows: int | None = 0
    first = None
    for fragment in dataset.get_fragments():
        file = str(getattr(fragment, "path", ""))
        try:
            found = fragment.physical_schema
            is_parquet = isinstance(fragment, ds.ParquetFileFragment)
            metadata = fragment.metadata if is_parquet else None
        except (OSError, ValueError) as error:
            raise _unreadable(file, error) from error
        first = first or (file, found)
        _check_schema(file, found, *first, may_be_blank=is_guess)
        if metadata is None:
            rows = None
            units.append(Unit(file, _while_unchanged(file, functools.partial(_read_fragment, fragment, schema, is_guess))))
            continue
        of_file = range(metadata.num_row_groups) if fragment.row_groups is None else [group.id for group in fragment.row_groups]
        for group in of_file:
            read = functools.partial(_read_row_group, fragment, metadata, schema, group)
            units.append(Unit(file, _while_unchanged(file, read)))
            rows = None if rows is None else rows + metadata.row_group(group).num_rows
    return _source(schema, rows, units)


def _check_schema(file: str, found: pa.Schema, first_file: str, expected: pa.Schema, *, may_be_blank: bool) -> None:
    """Refuse a file whose columns are not those of the first; one that is blank in one of them is that of the other."""
    import pyarrow as pa

    blank = {pa.null()} if may_be_blank else set()
    if file == first_file:
        return
    kinds, wanted = (dict(zip(schema.names, map(_plain, schema.types), strict=True)) for schema in (found, expected))
    for name, kind in wanted.items():
        if name not in kinds:
            raise ValueError(f"{file} has no column {name!r}, which {first_file} has: the files of one table have the same columns")
        if kinds[name] != kind and not {kinds[name], kind} & blank:
            raise ValueError(
                f"column {name!r} is {kinds[name]} in {file} and {kind} in {first_file}: the files of one table have the same columns"
            )


def _while_unchanged(file: str, read: Reader) -> Reader:
    """The reading of a file, which ends in an error where the file is no longer the one that was opened: rows may be lost, or others."""
    opened = _size_and_time(file)

    def check() -> None:
        if _size_and_time(file) != opened:
            raise ValueError(
                f"{file} was written to, cut or removed after it was opened: what was read of it can't be trusted; scan it anew"
            )

    def checked(names: list[str]) -> Iterator[pa.Table]:
        check()
        try:
            yield from read(names)
        except ValueError:
            check()  # what makes it unreadable may be that
            raise
        check()

    return checked


def _size_and_time(file: str) -> tuple[int, int] | None:
    """What tells one content of a file from another; None where the file is elsewhere, or gone."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _read_row_group(fragment: Any, metadata: Any, schema: pa.Schema, group: int, names: list[str]) -> Iterator[pa.Table]:
    """A row group, batch by batch: not whole, as it may be as large as the file."""
    import pyarrow as pa
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq

    physical = set(fragment.physical_schema.names)
    text = [name for name in names if name in physical and _is_text(fragment.physical_schema.field(name).type)]
    read = [name for name in names if name in physical]
    keys = ds.get_partition_keys(fragment.partition_expression)
    try:
        with pq.ParquetFile(fragment.open(), metadata=metadata, read_dictionary=text, buffer_size=1 << 20) as file:
            for batch in file.iter_batches(ROWS_OF_A_BATCH, row_groups=[group], columns=read, use_threads=False):
                table = pa.Table.from_batches([batch])
                for name in names:
                    if name not in physical:
                        constant = pa.repeat(pa.scalar(keys.get(name), schema.field(name).type), table.num_rows)
                        table = table.append_column(name, constant)
                yield _with_dictionaries(table)
    except OSError as error:
        raise _unreadable(fragment.path, error) from error
    except pa.ArrowInvalid as error:  # of a dictionary Arrow itself looks whether its words are text
        raise _with_column(error, fragment, metadata, group, read) from error


def _with_column(error: ValueError, fragment: Any, metadata: Any, group: int, names: list[str]) -> ValueError:
    """The error about a row group with the file and the column that can't be read; as it is where each column alone can be."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in names:
        try:
            with pq.ParquetFile(fragment.open(), metadata=metadata) as file:
                file.read_row_group(group, columns=[name])
        except pa.ArrowInvalid as of_column:
            told = f"column {name!r}, row group {group}: it can't be read, as where text holds bytes that are no UTF-8"
            return ValueError(f"{fragment.path}: {told} ({of_column})")
    return error


def _read_fragment(fragment: Any, schema: pa.Schema, is_guess: bool, names: list[str]) -> Iterator[pa.Table]:
    """A CSV, or whatever else pyarrow makes a dataset of, batch by batch."""
    import pyarrow as pa

    def tables() -> Iterator[pa.Table]:
        if is_guess:
            return read_csv(fragment, schema, names, ROWS_OF_A_BATCH)
        batches = fragment.to_batches(schema=schema, columns=names, batch_size=ROWS_OF_A_BATCH, batch_readahead=2, use_threads=False)
        return (pa.Table.from_batches([batch]) for batch in batches)

    try:
        for table in tables():
            if table.num_rows:
                yield _with_dictionaries(table)
    except UnlikeBeginningError:
        raise
    except (OSError, ValueError) as error:
        raise _unreadable(str(getattr(fragment, "path", "the dataset")), error) from error


# ---- relations


def _of_relation(relation: Any) -> Source:
    empty = relation.limit(0)
    schema = (empty.to_arrow_table() if hasattr(empty, "to_arrow_table") else empty.fetch_arrow_table()).schema

    def read(names: list[str]) -> Iterator[pa.Table]:
        import pyarrow as pa

        chosen = relation.project(", ".join(_quoted(name) for name in names))
        reader = chosen.to_arrow_reader if hasattr(chosen, "to_arrow_reader") else chosen.fetch_record_batch
        for batch in reader(ROWS_OF_A_BATCH):
            yield _with_dictionaries(pa.Table.from_batches([batch]))

    return _source(schema, None, [Unit("", read)])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# ---- some of the rows


def filtered(source: Source, conditions: Sequence[Any]) -> Source:
    """The source with those rows alone that meet the conditions, each a column, an operator and a value."""
    import pyarrow.parquet as pq

    try:
        listed = [one for some in conditions for one in ([some] if isinstance(some, tuple) else some)]
        used = list(dict.fromkeys(name for name, _, _ in listed))
        expression = pq.filters_to_expression(list(conditions))
    except (TypeError, ValueError) as error:
        raise ValueError(f"filter={conditions!r} is no list of conditions, as [('region', '==', 'London')]: {error}") from None
    for name in used:
        columns.column(pd.DataFrame(columns=source.names), name, "filter")

    def of_unit(unit: Unit) -> Unit:
        def read(names: list[str]) -> Iterator[pa.Table]:
            for table in unit.read([*names, *(name for name in used if name not in names)]):
                try:
                    kept = table.filter(expression)
                except (NotImplementedError, ValueError, TypeError) as error:
                    raise ValueError(f"filter={conditions!r}: {_unlike(listed, table.schema) or error}") from error
                yield kept.select(names)

        return Unit(unit.file, read)

    as_text = source.as_text
    return replace(
        source,
        rows=None,
        units=[of_unit(unit) for unit in source.units],
        of_rows="of the rows that filter= keeps, ",
        as_text=None if as_text is None else lambda name: filtered(as_text(name), conditions),
    )


def _unlike(conditions: Sequence[tuple[str, str, Any]], schema: pa.Schema) -> str:
    """Which value of a condition is text where its column is none, or the other way round; empty where that is not so."""
    for name, _, given in conditions:
        kind = _plain(schema.field(name).type)
        values = given if isinstance(given, list | tuple | set | frozenset) else [given]
        if (value := next((value for value in values if isinstance(value, str) != _is_text(kind)), None)) is not None:
            return f"column {name!r} holds {kind}, and {value!r} is {type(value).__name__}"
    return ""


# ---- pieces that split between providers


def split_by_provider(
    tables: Iterator[tuple[pa.Table, int]], source: Source, provider: str, placed: Callable[[RowError], RowError]
) -> Iterator[tuple[pa.Table, int]]:
    """Cut the tables of a source between providers, the last of each kept for the next; with the first row of each piece.

    A provider that comes back, or whose key is no text, is an error, to which `placed` adds the file.
    """
    import pyarrow as pa

    seen = _Seen()
    kept: list[pa.Table] = []
    last: Any = None
    begins = 0
    for table, first_row in tables:
        if not table.num_rows:
            continue
        try:
            starts, labels = _runs(table.column(provider))
        except RowError as error:
            raise placed(error.moved(error.row + first_row, f"column {provider!r}, ")) from None
        goes_on = bool(kept) and labels[0].as_py() == last
        if (back := seen.comes_back(labels[goes_on:])) is not None:
            raise placed(_unordered(provider, labels[back + goes_on].as_py(), first_row + int(starts[back + goes_on])))
        is_last = first_row + table.num_rows == source.rows
        if (goes_on and len(starts) == 1) or is_last:
            begins = begins if kept else first_row
            kept.append(table)
            continue
        if goes_on:
            kept.append(table.slice(0, starts[-1]))
        elif len(starts) > 1:
            if kept:
                kept.append(table.slice(0, starts[-1]))
            else:
                kept, begins = [table.slice(0, starts[-1])], first_row
        if kept:
            yield pa.concat_tables(kept), begins
        kept, begins, last = [_words_of_its_own(table.slice(starts[-1]), source.text)], first_row + int(starts[-1]), labels[-1].as_py()
    if kept:
        yield pa.concat_tables(kept), begins


def _unordered(provider: str, label: Any, row: int) -> RowError:
    """The error of a provider that comes back."""
    told = f": the provider {label!r} comes back, and its rows must stand together here; "
    return RowError(f"column {provider!r}, ", row, told + "scan(...).ordered('ordered.parquet') writes a copy in which they do")


def _runs(column: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Where each run of rows of one provider begins, and their providers. Text is one key with or without spaces at its ends."""
    import pyarrow as pa

    column = column.combine_chunks()
    column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    starts = np.append(0, np.flatnonzero(_unlike_before(column)) + 1)
    labels = column.take(pa.array(starts))
    labels = labels.dictionary_decode() if pa.types.is_dictionary(labels.type) else labels
    try:
        labels.validate(full=True)  # many times as fast as to encode them, which names the row
    except pa.ArrowInvalid:
        try:
            counts.encode(labels)
        except RowError as error:
            raise error.moved(int(starts[error.row])) from None
    if not _is_text(labels.type) or is_plain(pd.arrays.ArrowExtensionArray(labels)):
        return starts, labels
    keys = [None if label is None else label.strip() for label in labels.to_pylist()]
    begin = [at for at, key in enumerate(keys) if at == 0 or key != keys[at - 1]]
    return starts[begin], pa.array([keys[at] for at in begin], labels.type)


class _Seen:
    """The providers of all tables so far. While they come in order it is enough to look at the last, and none becomes an object."""

    def __init__(self) -> None:
        self.in_order: list[pa.Array] = []
        self.greatest: Any = None
        self.others: set[Any] | None = None

    def comes_back(self, labels: pa.Array) -> int | None:
        """The place of the first of these runs whose provider has come before; None, and they are seen, where there is none."""
        if self.others is None:
            if self._go_on_in_order(labels):
                self.in_order.append(labels)
                self.greatest = labels[-1].as_py()
                return None
            self.others = {label for some in self.in_order for label in some.to_pylist()}
            self.in_order.clear()
        new = labels.to_pylist()
        if len(distinct := set(new)) == len(new) and self.others.isdisjoint(distinct):
            self.others |= distinct
            return None
        for place, label in enumerate(new):
            if label in self.others and label is not None:
                return place
            self.others.add(label)
        return None

    def _go_on_in_order(self, labels: pa.Array) -> bool:
        import pyarrow as pa
        import pyarrow.compute as pc

        if labels.null_count or not len(labels) or not (_is_text(labels.type) or pa.types.is_integer(labels.type)):
            return False
        goes_on = self.greatest is None or labels[0].as_py() > self.greatest
        return goes_on and bool(pc.all(pc.less(labels.slice(0, len(labels) - 1), labels.slice(1)), min_count=0).as_py())


def _words_of_its_own(table: pa.Table, text: Collection[str]) -> pa.Table:
    """A few rows of a table with dictionaries of text that have their words alone: whoever puts others below them looks at no more."""
    for position, name in enumerate(table.column_names):
        if name in text:
            column = table.column(position)
            table = table.set_column(position, name, column.cast(column.type.value_type).dictionary_encode())
    return table


def _unlike_before(column: pa.Array) -> Any:
    """Whether each row but the first has another value than the row before; missing ones are alike."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not column.null_count and (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return pc.not_equal(column.slice(1), column.slice(0, len(column) - 1)).to_numpy(zero_copy_only=False)
    codes = (column if pa.types.is_dictionary(column.type) else column.dictionary_encode()).indices
    if codes.null_count:
        codes = codes.cast(pa.int64()).fill_null(-1)  # they may be unsigned
    codes = codes.to_numpy(zero_copy_only=False)
    return codes[1:] != codes[:-1]


# ---- the ordered copy


def check_target(source: Source, path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """Refuse to write over a file that is read, and, unless that is asked for, over any other."""
    if not os.path.exists(path):
        return
    if any(os.path.exists(file) and os.path.samefile(file, path) for file in {unit.file for unit in source.units}):
        raise ValueError(f"the copy can't have the name of its source, {os.fspath(path)}: give another name")
    if not overwrite:
        raise FileExistsError(f"{os.fspath(path)} is there already: give another name, or overwrite=True to replace it")


def write_ordered(source: Source, provider: str, path: str | os.PathLike[str]) -> None:
    """Write all columns to a Parquet file in which the rows of each provider stand together, in the order in which they stood.

    DuckDB sorts, on disk where memory does not suffice. It knows no dictionaries: their labels are kept here, and given back.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    duckdb = need("duckdb", "scan", "ordered copies of files")
    row, sort = "row of the file", _quoted(provider)
    columns.column(pd.DataFrame(columns=source.names), provider, "provider")
    labels: dict[str, Any] = {}
    tables = (table for unit in source.units for table in unit.read(source.names))

    def batches(first: pa.Table) -> Iterator[pa.RecordBatch]:
        begin = 0
        for table in _after(first, tables):
            begin_of, begin = begin, begin + table.num_rows
            yield from (
                _plain_columns(table, source.dictionaries, labels)
                .append_column(row, pa.array(range(begin_of, begin), pa.int64()))
                .to_batches()
            )

    first = next(tables, None)
    if first is None:
        raise ValueError("the source has no rows: there is nothing to order")
    schema = _plain_columns(first, source.dictionaries, {}).schema.append(pa.field(row, pa.int64()))
    with duckdb.connect() as connection:
        connection.register("rows_of_the_file", pa.RecordBatchReader.from_batches(schema, batches(first)))
        if pa.types.is_string(schema.field(provider).type) or pa.types.is_large_string(schema.field(provider).type):
            sort = f"trim({sort}, '{WHITE_SPACE}')"  # text is one key with or without spaces at its ends
        sorted_rows = connection.sql(f'SELECT * EXCLUDE ("{row}") FROM rows_of_the_file ORDER BY {sort}, "{row}"')
        reader = sorted_rows.to_arrow_reader if hasattr(sorted_rows, "to_arrow_reader") else sorted_rows.fetch_record_batch
        tables = (_coded_again(pa.Table.from_batches([batch]), source, labels) for batch in reader(ROWS_OF_A_BATCH))
        first = next(tables)
        with whole_file(Path(path)) as part, pq.ParquetWriter(part, first.schema) as writer:
            for table in _after(first, tables):
                writer.write_table(table)


def _after(first: pa.Table, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from tables


def _plain_columns(table: pa.Table, dictionaries: frozenset[str], labels: dict[str, Any]) -> pa.Table:
    """The table without dictionaries, whose labels are added to those known."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for position, (name, kind) in enumerate(zip(table.schema.names, table.schema.types, strict=True)):
        if not pa.types.is_dictionary(kind):
            continue
        if name in dictionaries:
            known = [labels[name]] if name in labels else []
            labels[name] = pc.unique(pa.chunked_array([*known, *(chunk.dictionary for chunk in table.column(position).chunks)])).drop_null()
        table = table.set_column(position, name, table.column(position).cast(kind.value_type))
    return table


def _coded_again(table: pa.Table, source: Source, labels: dict[str, Any]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name, known in labels.items():
        values = table.column(name).combine_chunks()
        values = values.chunk(0) if isinstance(values, pa.ChunkedArray) else values
        codes = pc.index_in(values.cast(known.type), known).cast(pa.int32())
        again = pa.DictionaryArray.from_arrays(codes, known, ordered=name in source.ordered)
        table = table.set_column(table.schema.get_field_index(name), name, again)
    return table
