"""Kinds of frame: polars and Arrow tables are told apart, come in and go out again as what they were, here and nowhere else.

Columns pass by Arrow's PyCapsule interface. Dictionary codes stay codes: no row becomes a Python object, and `coded` hands the codes of
a dictionary column to the kernels as they lie, chunk by chunk.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar, overload

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.counts.threads import share_out
from ofsted_sif.errors import RowError
from ofsted_sif.installed import need
from ofsted_sif.table import dictionaries
from ofsted_sif.table.dictionaries import as_they_lie, categorical, one_dictionary, plain_text

if TYPE_CHECKING:
    import polars
    import pyarrow as pa

P = ParamSpec("P")
Function = TypeVar("Function", bound=Callable[..., Any])

KINDS = (
    "a pandas DataFrame, polars DataFrame or LazyFrame, pyarrow Table, NumPy structured array or mapping of arrays, or a table of another "
    "library that has __arrow_c_stream__"
)
# So many rows of a Categorical polars looks up before it has told the strings of all.
ROWS_LOOKED_UP = 1 << 13


def is_pandas_made(table: Any) -> bool:
    """Whether a table is pandas', or of a kind for which pandas answers."""
    return isinstance(table, pd.DataFrame | np.ndarray | Mapping)


def _native(table: Any) -> Any:
    """A table of polars or Arrow as it is, taken out of narwhals' hands where it lies in them; None for any other."""
    if table is None or isinstance(table, str | int | float):
        return None
    import narwhals  # only here: pandas users never need it

    native = narwhals.to_native(table, pass_through=True)
    if _is_of_arrow(native):
        names = native.column_names
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"the table has {names.count(twice)} columns {twice!r}; each needs a name of its own")
        return native
    known = narwhals.dependencies.is_polars_dataframe(native) or narwhals.dependencies.is_polars_lazyframe(native)
    return native if known else None


def _is_of_arrow(native: Any) -> bool:
    import narwhals

    return narwhals.dependencies.is_pyarrow_table(native)


def of_stream(table: Any) -> Any:
    """Any table that Arrow can take as a stream (a RecordBatch, a reader, other libraries') as a pyarrow Table; None for others."""
    if is_pandas_made(table) or not hasattr(table, "__arrow_c_stream__") or _native(table) is not None:
        return None
    try:
        return _arrow().table(table)
    except _arrow().ArrowInvalid:  # a column and no table: a Series has that method too
        return None


def _polars() -> Any:
    """The module, which whoever has a table of it has imported."""
    import narwhals

    return narwhals.dependencies.get_polars()


def _arrow() -> Any:
    return need("pyarrow", "arrow", "tables of polars and Arrow")


# ---- in


def column_names(table: Any) -> tuple[list[str], list[str]] | None:
    """The names of all columns, and of those that have categories; None for a kind that is not known."""
    native = _native(table)
    if native is None:
        return None
    if _is_of_arrow(native):
        import pyarrow as pa

        return native.column_names, [field.name for field in native.schema if pa.types.is_dictionary(field.type)]
    schema, pl = native.collect_schema(), _polars()
    return list(schema), [name for name, dtype in schema.items() if isinstance(dtype, pl.Enum | pl.Categorical)]


def first_rows(table: Any, n: int) -> Any:
    """The first rows of a table of polars or Arrow, of one that is not collected its names alone; another kind of table whole."""
    if is_pandas_made(table) or (native := _native(table)) is None:
        return table
    return pd.DataFrame(columns=[*native.collect_schema()]) if hasattr(native, "collect") else native.slice(0, n)


def _in_memory(native: Any) -> Any:
    """A LazyFrame is collected, once."""
    return native.collect() if hasattr(native, "collect") else native


def as_pandas(
    table: Any,
    names: Iterable[str] | None = None,
    groups: Iterable[str] = (),
    words: Collection[str] = (),
    keys: Collection[str] = (),
    encoded: dict[Any, Any] | None = None,
    as_is: Collection[str | None] = (),
) -> pd.DataFrame:
    """The table, or some of its columns, as a DataFrame: dictionaries as Categoricals, dates as datetime64, all else as Arrow has it.

    A dictionary of Arrow is in no order unless it says so: in the columns of `groups` its labels are sorted. Text of polars in the columns
    of `words` becomes a Categorical of its words, in no order: that is sooner done than to copy it for pandas. Text of polars in the
    columns `keys` is encoded while others are copied, where there are many rows: its codes and sorted labels are added to `encoded`, under
    its name and True. Columns of `as_is` stay as Arrow has them where they are dates, or text that is encoded so: of polars' text pandas
    gives single values and little more.
    """
    _arrow()
    native = _native(table)
    arrow = _in_memory(native if names is None else native.select(list(names)))
    shared: set[str] = set()
    enums: set[str] = set()
    texts: dict[str, Any] = {}
    if not _is_of_arrow(arrow):
        _refuse_objects(arrow)
        # The categories of a Categorical are in no order, and others' too.
        shared = {name for name, dtype in arrow.schema.items() if isinstance(dtype, _polars().Categorical)}
        enums = {name for name, dtype in arrow.schema.items() if isinstance(dtype, _polars().Enum)}
        order = arrow.columns
        # Text is lent as it lies: polars itself would copy it in one thread.
        texts = {name: _arrow().chunked_array(arrow.get_column(name)) for name in order if arrow.schema[name] == _polars().String}
        columns_of = arrow.drop(list(texts)).to_arrow()
        given = {name: texts[name] if name in texts else columns_of.column(name) for name in order}
    else:
        given = dict(zip(arrow.column_names, arrow.columns, strict=True))
    n_rows = len(arrow)
    in_no_order = shared | (set(groups) - enums)
    columns: dict[str, Any] = dict.fromkeys(given)

    def encode(name: str) -> None:
        try:
            found = counts.text_labels(texts[name], is_sorted=True, threads=1)
        except RowError:  # whoever needs the column says what is wrong with it
            return
        assert found is not None  # it is text
        assert encoded is not None  # its codes are asked for
        encoded[name, True] = narrow(found[0], pd.arrays.ArrowExtensionArray(found[1]))

    def convert(name: str) -> None:
        if name in stays:
            columns[name] = pd.arrays.ArrowExtensionArray(given[name])
        elif name in texts and name in words:
            columns[name] = of_words(*_text_labels(given[name], name, threads=1))
        else:
            columns[name] = _from_arrow(given[name], name, sorted_labels=name in in_no_order, used_only=name in shared)

    is_large = n_rows >= dictionaries.ROWS_OF_A_CHUNK
    first = [name for name in keys if name in texts] if is_large and encoded is not None else []
    stays = {name for name in as_is if name in given and (name in first or str(given[name].type) == "date32[day]")}
    work = [(encode, name) for name in first] + [(convert, name) for name in sorted(given, key=lambda name: name not in texts)]
    share_out(lambda number: work[number][0](work[number][1]), len(work), counts.usable_cores() if is_large else 1)
    return pd.DataFrame(columns, index=pd.RangeIndex(n_rows), copy=False)


def _text_labels(column: Any, name: str, threads: int | None = None) -> Any:
    """Codes and labels of a column of text, None of another; an error names the column."""
    try:
        return counts.text_labels(column, threads=threads)
    except RowError as error:
        raise error.moved(error.row, f"column {name!r}, ") from None


def narrow(codes: np.ndarray, labels: Any) -> tuple[np.ndarray, Any]:
    """Codes in as few bytes as a Categorical has for these labels."""
    return codes.astype(np.min_scalar_type(-1 - len(labels)), copy=False), labels


def of_words(codes: np.ndarray, words: Any) -> pd.Categorical:
    """A Categorical of words in no order, -1 for missing."""
    dtype = pd.CategoricalDtype(pd.Index(words.to_pylist() if hasattr(words, "to_pylist") else words.tolist(), dtype=object), ordered=False)
    return pd.Categorical.from_codes(codes, dtype=dtype, validate=False)


def _refuse_objects(frame: Any) -> None:
    """Refuse columns of Python objects, of which polars lends nothing but their places in memory."""
    if found := [name for name, dtype in frame.schema.items() if dtype == _polars().Object]:
        raise TypeError(
            f"column {found[0]!r} is of polars' type Object, which holds anything: make a column of one type of it, as with "
            f"pl.col({found[0]!r}).map_elements(str, return_dtype=pl.String)"
        )


def _from_arrow(column: pa.ChunkedArray, name: str, *, sorted_labels: bool, used_only: bool) -> Any:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_run_end_encoded(kind):
        import pyarrow.compute as pc

        column = pa.chunked_array([pc.run_end_decode(chunk) for chunk in column.chunks], kind.value_type)
        kind = column.type
    if pa.types.is_dictionary(kind):
        return categorical(column, name, sorted_labels=sorted_labels and not kind.ordered, used_only=used_only)
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("s")).to_numpy()
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return column.to_numpy()
    return pd.arrays.ArrowExtensionArray(column.cast(plain_text(kind)))


def is_unordered_dictionary(dtype: Any) -> bool:
    """Whether a column of pandas is a dictionary of Arrow that says of no order."""
    return isinstance(dtype, pd.ArrowDtype) and hasattr(dtype.pyarrow_dtype, "index_type") and not dtype.pyarrow_dtype.ordered


def is_lent(dtype: Any) -> bool:
    """Whether a column of pandas is text as polars lends it."""
    return isinstance(dtype, pd.ArrowDtype) and str(dtype.pyarrow_dtype) == "string_view"


def plain(values: pd.Series) -> pd.Series:
    """A column of pandas as the rest of the package takes it: a dictionary of Arrow as a Categorical."""
    dtype = values.dtype
    if isinstance(dtype, pd.ArrowDtype) and hasattr(dtype.pyarrow_dtype, "index_type"):
        import pyarrow as pa

        column = values.array.__arrow_array__()
        chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
        return pd.Series(categorical(chunked, values.name), index=values.index, name=values.name)
    return values


class Coded(NamedTuple):
    """A dictionary column by its codes; or a column of text, by codes made for it.

    Attributes
    ----------
    chunks : list
        The codes of its chunks as ``(codes, validity bitmap or None, offset)``.
    dictionary : Array of pyarrow
        What the codes mean.
    words : list
        The same as Python has it.
    type : DataType of pyarrow
        How Arrow holds the column: of a dictionary, whether words are more and less.
    in_order : bool
        Whether their order is the user's; else they are shown sorted.
    shared : bool
        Whether there may be others' words too; then they are shown only where they occur.
    """

    chunks: list[Any]
    dictionary: pa.Array
    words: list[Any]
    type: pa.DataType
    in_order: bool
    shared: bool

    @property
    def labels(self) -> pd.Categorical:
        """The words in the order of the codes."""
        dtype = pd.CategoricalDtype(pd.Index(self.words), ordered=self.type.ordered)
        return pd.Categorical.from_codes(np.arange(len(self.words)), dtype=dtype, validate=False)

    def dictionary_at(self, codes: Sequence[int], *, and_missing: bool) -> pa.Array:
        """The words of these codes, each once and in this order, and a null after them where it is asked for; an order keeps all words."""
        import pyarrow as pa

        if not pa.types.is_dictionary(self.type):
            wanted = [*codes, *[None] * and_missing]
            return self.dictionary.take(pa.array(wanted, pa.int64())).cast(self.type)
        dictionary = self.dictionary if self.dictionary.type == self.type.value_type else self.dictionary.cast(self.type.value_type)
        places = np.asarray(codes, dtype=np.int64)
        if not self.in_order:
            dictionary, places = dictionary.take(pa.array(places)), np.arange(len(places))
        index = self.type.index_type.to_pandas_dtype()
        if len(dictionary) + and_missing > np.iinfo(index).max + 1:  # words of several dictionaries, or a dictionary that is full
            index = np.min_scalar_type(-len(dictionary) - 1)
        missing = None
        if and_missing:
            places = np.append(places, 0)
            missing = np.arange(len(places)) == len(places) - 1
        return pa.DictionaryArray.from_arrays(pa.array(places.astype(index), mask=missing), dictionary, ordered=self.type.ordered)


def coded(table: Any, names: list[str], *, text: bool = False) -> list[Coded] | None:
    """Codes of dictionary columns as they lie, chunk by chunk, with what they mean; None where a column is no dictionary.

    With `text` also codes of columns of text.
    """
    if is_pandas_made(table) or (native := _native(table)) is None:
        return None
    if hasattr(native, "collect"):
        schema, pl = native.collect_schema(), _polars()
        kinds = (pl.Enum, pl.Categorical, pl.String) if text else (pl.Enum, pl.Categorical)
        if not all(isinstance(schema.get(name), kinds) for name in names):  # else its rows would be asked for twice
            return None
        native = native.select(list(dict.fromkeys(names))).collect()
    of_arrow = _is_of_arrow(native)
    if not set(names) <= set(native.column_names if of_arrow else native.columns):
        return None
    found = []
    for name in names:
        column = (_coded_by_arrow if of_arrow else _coded_by_polars)(native[name], name)
        if column is None and text:
            column = _coded_text(native[name], name)
        if column is None:
            return None
        found.append(column)
    return found


def _coded_by_arrow(column: pa.ChunkedArray, name: str, *, in_order: bool = False) -> Coded | None:
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        return None
    return Coded(*one_dictionary(column, name), column.type, in_order=in_order or column.type.ordered, shared=False)


def _coded_text(column: Any, name: str) -> Coded | None:
    """A column of text as it lies, polars' too."""
    pa = _arrow()
    column = pa.chunked_array(column)
    found = _text_labels(column, name)
    return None if found is None else _of_words([(found[0], None, 0)], column, found[1])


def _of_words(chunks: list[Any], column: pa.ChunkedArray, words: Any) -> Coded:
    """Codes of a column of text, and the words that they mean."""
    return Coded(chunks, words, words.to_pylist(), plain_text(column.type), in_order=False, shared=False)


def counted_texts(
    table: Any, by: list[str], asked: list[str], most_cells: int, threads: int | None
) -> tuple[list[Coded], list[np.ndarray]] | None:
    """The words of columns of text, without codes of rows, and counts by group and word; None where columns are to be coded first.

    The columns of polars and Arrow tables are encoded and counted a piece at a time.
    """
    native = None if is_pandas_made(table) else _native(table)
    if native is None or hasattr(native, "collect"):
        return None
    is_text = _text_columns(native)
    if not all(map(is_text, [*by, *asked])):
        return None
    columns = [_arrow().chunked_array(native[name]) for name in [*by, *asked]]
    try:
        counted = counts.count_texts(columns[0] if by else None, columns[len(by) :], most_cells, threads)
    except RowError:  # whoever codes the columns one after another names the first of them
        return None
    if counted is None:
        return None
    return [_of_words([], column, words) for column, words in zip(columns, counted[0], strict=True)], counted[1]


def _text_columns(native: Any) -> Callable[[str], bool]:
    """Tells of a name whether it is that of a column of text."""
    if _is_of_arrow(native):
        return lambda name: name in native.column_names and counts.is_text(native.schema.field(name).type)
    schema = native.schema
    return lambda name: schema.get(name) == _polars().String


def _coded_by_polars(series: Any, name: str) -> Coded | None:
    dtype, pl = series.dtype, _polars()
    if isinstance(dtype, pl.Categorical):
        pa = _arrow()
        parts = _as_polars_holds_them(series, dtype) or one_dictionary(pa.chunked_array(series), name)
        return Coded(*parts, pa.dictionary(pa.uint32(), pa.large_string()), in_order=False, shared=True)
    return _coded_by_arrow(_arrow().chunked_array(series), name, in_order=True) if isinstance(dtype, pl.Enum) else None


def _as_polars_holds_them(series: Any, dtype: Any) -> tuple[list[Any], pa.Array, list[Any]] | None:
    """The codes of a Categorical of polars, and the strings of all Categoricals that share them; None where to look up the rows is less.

    To make a dictionary of its own for a column, polars looks every row up; the codes that it holds are lent as they lie.
    """
    categories = dtype.categories
    if len(series) < ROWS_LOOKED_UP or not hasattr(categories, "to_series"):  # polars before version 2 does not tell the strings
        return None
    words = categories.to_series()
    if len(words) > len(series):
        return None
    pa = _arrow()
    chunks = pa.chunked_array(series.to_physical()).chunks
    if len(chunks) * dictionaries.ROWS_OF_A_CHUNK > len(series) + dictionaries.ROWS_OF_A_CHUNK:
        chunks = [pa.concat_arrays(chunks)]
    return [as_they_lie(chunk) for chunk in chunks], words.to_arrow(), words.to_list()


# ---- what is no table but read by batches


def is_read_by_batches(given: Any) -> bool:
    """Whether this is a path, several, a relation of DuckDB, a dataset of pyarrow or a DataFrame of Dask."""
    if isinstance(given, str | os.PathLike):
        return True
    if isinstance(given, list | tuple):
        return bool(given) and all(isinstance(path, str | os.PathLike) for path in given)
    if type(given).__name__ == "DuckDBPyRelation" or is_of_dask(given):
        return True
    return type(given).__module__.startswith("pyarrow") and hasattr(given, "get_fragments")


def is_of_dask(given: Any) -> bool:
    """Whether this is a Dask DataFrame, found out without Dask."""
    return type(given).__module__.startswith("dask.") and type(given).__name__ == "DataFrame"


#: Opens what is read by batches. `ofsted_sif` fills it, so that this room knows nothing of those who read.
_open_batches: Callable[[Any], Any] | None = None


def register_batches(opener: Callable[[Any], Any]) -> None:
    """Say who opens what is read by batches: a function of the source that returns an object with a method ``answer(question)``."""
    global _open_batches
    _open_batches = opener


def _by_batches(function: Callable[..., Any], signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer a function of a table that is read by batches, by the question that stands beside it."""
    question = getattr(function, "question", None)
    if question is None or _open_batches is None:
        raise TypeError(
            f"{function.__name__} needs its table whole: read it first, as with pandas.read_parquet or .compute(). By batches there are "
            "aggregate, as_at, change_between, changes, logrank, median_time_to, periods, series, spells, "
            "state_probabilities, time_to, transitions and trend"
        )
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    source, *_ = bound.arguments.values()
    return _open_batches(source).answer(question(**dict(list(bound.arguments.items())[1:])))


# ---- out


class ArrowTable(Protocol):
    """A table of pyarrow by a method that only it has: pyarrow comes without types."""

    def to_reader(self, max_chunksize: int | None = None) -> Any:
        """Read it batch by batch."""


Arrow = TypeVar("Arrow", bound=ArrowTable)


class TableFunction(Protocol[P]):
    """A function of a table as a type checker sees it: the result is of the kind that came in, else pandas'."""

    question: Any

    @overload
    def __call__(self, table: pd.DataFrame, /, *args: P.args, **kwargs: P.kwargs) -> pd.DataFrame: ...
    @overload
    def __call__(self, table: polars.DataFrame | polars.LazyFrame, /, *args: P.args, **kwargs: P.kwargs) -> polars.DataFrame: ...
    @overload
    def __call__(self, table: Arrow, /, *args: P.args, **kwargs: P.kwargs) -> Arrow: ...
    @overload
    def __call__(self, table: Any, /, *args: P.args, **kwargs: P.kwargs) -> pd.DataFrame: ...


def same_kind(function: Callable[Concatenate[Any, P], pd.DataFrame]) -> TableFunction[P]:
    """Let a function of a table give back the kind of table that came in; a LazyFrame comes back as a DataFrame.

    The function itself takes its table by `columns.as_frame` and returns a pandas DataFrame, or of a table that is not pandas' the
    columns alone, by name. A function that can be answered by batches is given its question afterwards: ``aggregate.question = Aggregate``.
    """
    signature = inspect.signature(function)
    first = next(iter(signature.parameters))

    @functools.wraps(function)
    def of_any_kind(*args: Any, **kwargs: Any) -> Any:
        given = args[0] if args else kwargs.get(first)
        if is_read_by_batches(given):
            return _by_batches(of_any_kind, signature, args, kwargs)
        if (read := of_stream(given)) is not None:  # a reader can be read once: what it held is kept, and the result is pandas'
            found = of_any_kind(read, *args[1:], **{name: value for name, value in kwargs.items() if name != first})
            return tuple(map(_plain_pandas, found)) if isinstance(found, tuple) else _plain_pandas(found)
        result = function(*args, **kwargs)
        if is_pandas_made(given):
            return result
        others = [native for other in (*args[1:], *kwargs.values()) if not is_pandas_made(other) and (native := _native(other)) is not None]
        return _given_back(result, given, others)

    return of_any_kind  # type: ignore[return-value]


def _plain_pandas(found: Any) -> Any:
    return found.to_pandas(date_as_object=False) if _is_of_arrow(found) else found


def same_kind_and_report(function: Function) -> Function:
    """The same for a function that may return a table and a report."""
    return same_kind(function)  # type: ignore[return-value]


@dataclass
class LentRows:
    """Rows of a DataFrame of polars, which is quicker to take them than who would have to copy its text.

    Attributes
    ----------
    of : DataFrame of polars
        The table.
    rows : ndarray of int64
        The rows, in the order in which they are wanted.
    without : sequence of str
        Columns that are left out.
    columns : dict of str to array
        Columns as long as `rows`, in place of those of their names, or after all.
    attrs : dict
        What is said of the result, as of a DataFrame of pandas.
    """

    of: Any
    rows: np.ndarray
    without: Sequence[str]
    columns: dict[str, Any]
    attrs: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def taken(self) -> Any:
        """The rows as a DataFrame of polars."""
        kept = self.of.drop(self.without)
        given = {name: kept.get_column(name).head(0) for name in self.columns if name in kept.columns}
        rows = _polars().Series(self.rows.astype(np.uint32) if len(kept) < 2**32 else self.rows)  # as polars itself numbers rows
        return kept[rows].with_columns(_to_polars(self.columns, given).get_columns())


def lent(table: Any) -> Any:
    """A table of polars, collected, whose rows polars may take itself; None for another kind."""
    if is_pandas_made(table) or is_read_by_batches(table) or (native := _native(table)) is None or _is_of_arrow(native):
        return None
    return _in_memory(native)


def _given_back(result: Any, given: Any, others: Sequence[Any] = ()) -> Any:
    """A result as the kind that came in; columns taken over have their old types again. With a report beside it, that stays as it is.

    A column that the given table does not have may be one of another argument.
    """
    import pyarrow as pa

    if isinstance(result, LentRows):
        return result.taken()
    if isinstance(result, tuple):
        return (_given_back(result[0], given, others), *result[1:])
    arrays = result
    if isinstance(result, pd.DataFrame):
        arrays = {str(name): values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array for name, values in result.items()}
    native = _native(given)
    if _is_of_arrow(native):
        tables = [one if _is_of_arrow(one) else _in_memory(one.head(0)).to_arrow() for one in (*others, native)]
        types = {field.name: field.type for table in tables for field in table.schema}
        return pa.table({name: _named_to_arrow(name, values, types.get(name)) for name, values in arrays.items()})
    pl = _polars()
    empty = [pl.DataFrame(one.slice(0, 0)) if _is_of_arrow(one) else _in_memory(one.head(0)) for one in (*others, native)]
    return _to_polars(arrays, {series.name: series for one in empty for series in one if series.name in arrays})


def _to_polars(arrays: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """Columns as polars has them, in types of the given columns, of which no row is looked at; new words are an Enum."""
    import pyarrow as pa

    pl = _polars()
    dtypes = {name: series.dtype for name, series in given.items()}  # each once: an Enum makes its own of all its words
    # Of the types before polars needs those of dates and of nothing alone: it brings text and codes to its own.
    needed = [given[name] for name, dtype in dtypes.items() if dtype.is_temporal() or dtype == pl.Null]
    types = {field.name: field.type for field in _fields_of(needed)}
    columns, enums = {}, []
    for name, values in arrays.items():
        columns[name] = _named_to_arrow(name, values, types.get(name))
        if pa.types.is_dictionary(columns[name].type) and not isinstance(dtypes.get(name), pl.Categorical):
            enums.append(pl.Series(name, [], pl.Enum(columns[name].dictionary.to_pylist())))
    # What says to polars that codes are an Enum: it then need not make a Categorical to cast.
    said = {field.name: field.metadata for field in _fields_of(enums)}
    schema = pa.schema([pa.field(name, column.type, metadata=said.get(name)) for name, column in columns.items()])
    arrow = pa.Table.from_arrays(list(columns.values()), schema=schema)
    batches = arrow.to_batches()
    return pl.DataFrame(batches[0] if len(batches) == 1 else arrow)  # polars is quicker with one batch


def _fields_of(series: list[Any]) -> Any:
    """What Arrow is told of columns of polars."""
    return _arrow().RecordBatchReader.from_stream(_polars().DataFrame(series)).schema if series else []


def _named_to_arrow(name: str, values: Any, before: pa.DataType | None) -> Any:
    """The same of a column that an error can name."""
    import pyarrow as pa

    try:
        return _to_arrow(values, before)
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise TypeError(
            f"column {name!r} of the result holds values of several types, which is for pandas alone ({error}): bring the column {name!r} "
            "of the tables given to one type"
        ) from None


def _to_arrow(values: Any, before: pa.DataType | None) -> Any:
    """A column as Arrow has it: as the type that it had before where it can, new dates as dates, missing as null."""
    import pyarrow as pa

    if isinstance(values, pa.Array):
        return values
    if before is not None and pa.types.is_run_end_encoded(before):
        before = before.value_type
    if before is not None and pa.types.is_null(before) and pd.isna(values).all():
        return pa.nulls(len(values))
    dtype = values.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return pa.array(values, from_pandas=True)
    if isinstance(dtype, pd.CategoricalDtype):
        return _to_dictionary(values, before)
    if isinstance(dtype, pd.ArrowDtype):
        array = pa.chunked_array(values.__arrow_array__())
        viewed = before in (pa.string_view(), pa.string()) and array.type == pa.large_string()
        viewed = viewed or (before == pa.binary_view() and array.type == pa.large_binary())
        return array.cast(before) if viewed else array
    if dtype.kind == "M":
        was_date = before is not None and pa.types.is_temporal(before)
        array = pa.array(values, from_pandas=True)
        return array if was_date and pa.types.is_date(before) and _has_times(values) else array.cast(before if was_date else pa.date32())
    array = pa.array(values, from_pandas=True)
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def _has_times(values: Any) -> bool:
    """Whether moments have a time of day."""
    moments = np.asarray(values)
    return bool((moments.astype("datetime64[D]") != moments)[~np.isnat(moments)].any())


def _to_dictionary(values: pd.Categorical, before: pa.DataType | None) -> Any:
    import pyarrow as pa

    index = values.codes.dtype
    categories = pa.array(values.categories.tolist())
    dictionary = before if before is not None and pa.types.is_dictionary(before) else None
    if pa.types.is_null(categories.type) and dictionary is None:
        categories = categories.cast(pa.string())
    if dictionary is not None:
        try:
            categories = categories if categories.type == dictionary.value_type else categories.cast(dictionary.value_type)
        except pa.ArrowInvalid:  # categories of another kind have come under that name
            pass
        else:
            width = dictionary.index_type.to_pandas_dtype()
            if len(categories) <= np.iinfo(width).max:
                index = width
    missing = values.codes < 0
    mask = missing if missing.any() else None
    codes = np.where(missing, 0, values.codes) if mask is not None else values.codes
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(index, copy=False), mask=mask), categories, ordered=values.ordered)
