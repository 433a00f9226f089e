"""Values become codes: the distinct values of a column are numbered, and each row gets the number of its value. Text is encoded in C."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ofsted_sif import _core
from ofsted_sif.counts.threads import number_of_threads
from ofsted_sif.errors import RowError

#: What stands for a missing value among objects, beside floats that are NaN.
MISSING = (None, pd.NA, pd.NaT)

#: Fewer rows than this are encoded sooner by one thread (measured in tests/benchmarks).
TEXTS_WORTH_A_THREAD = 250_000
#: Labels are few where among so many first rows at most so many are distinct.
FIRST_ROWS, FEW_LABELS = 1 << 14, 1 << 12

#: The types of text that Arrow has, by the numbers that the core gives them.
ARROW_TEXT = {"string": 0, "large_string": 1, "string_view": 2}


def encode(values: Any) -> tuple[np.ndarray, Any]:
    """Number the distinct values of a column in the order in which they first appear.

    Parameters
    ----------
    values : array_like of any kind, n rows
        Text (Python's strings, a string column of pandas, Arrow or polars), or anything else that `pandas.factorize` takes. Text is
        compared byte by byte and encoded in C. None, NaN, NaT and NA are missing.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        0 for the first distinct value, 1 for the second, ...; -1 missing.
    labels : array
        The distinct values, of the kind that came in: ``labels[codes[i]]`` is value i.

    Raises
    ------
    ValueError
        For a text that cannot be written as UTF-8; the message has its row.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> codes, labels = counts.encode(["Kent", "Leeds", None, "Kent"])
    >>> codes.tolist(), labels.tolist()
    ([0, 1, -1, 0], ['Kent', 'Leeds'])
    """
    if hasattr(values, "__arrow_c_stream__") and not isinstance(values, pd.Series | pd.Index):  # of polars, which lends its text as it lies
        import pyarrow as pa

        values = pa.chunked_array(values)
    elif isinstance(values, pd.Series | pd.Index):
        values = values.array
    elif isinstance(values, np.ma.MaskedArray):
        missing = np.ma.getmaskarray(values)
        values = values.data.astype(object)
        values[missing] = None
    elif not hasattr(values, "dtype") and not hasattr(values, "buffers") and not hasattr(values, "chunks"):
        values = np.fromiter(values, dtype=object)
    if (column := _dictionary_in_arrow(values)) is not None:
        values = column
    if (found := text_labels(values)) is not None:
        return found
    if type(values).__module__.startswith("pyarrow"):
        values = pd.arrays.ArrowExtensionArray(values)
    codes, distinct = pd.factorize(pd.Series(values, copy=False))
    return codes, distinct.array


def text_codes(values: Any, *, is_sorted: bool = False, threads: int | None = None) -> tuple[np.ndarray, np.ndarray] | None:
    """Codes of text (int32, missing -1), and the row of each label's first appearance; None where other values than text are there.

    Parameters
    ----------
    values : array of pandas, NumPy or Arrow
        The column.
    is_sorted : bool, default False
        Whether labels are numbered in the order of their characters, in place of that of their appearance.
    threads : int, optional
        By default one for few rows, else one per core. Python's own strings are one thread's. Codes are the same for any number.
    """
    if (column := _in_arrow(values)) is not None:
        found = encoded(column, is_sorted, threads)
        return found.codes, found.first_rows
    objects = _as_objects(values)
    if objects is None:
        return None
    if is_sorted and len(objects) >= TEXTS_WORTH_A_THREAD:
        return _sorted_objects(objects)
    return _encoded_objects(objects, is_sorted)


def text_labels(values: Any, *, is_sorted: bool = False, threads: int | None = None) -> tuple[np.ndarray, Any] | None:
    """The same codes, and the labels, of the kind that came in; of views of text as large_string, as few functions of Arrow know views."""
    if (column := getattr(values, "in_dictionaries", None)) is not None:
        codes, labels = dictionary_labels(column, is_sorted=is_sorted)
        return codes, pd.arrays.ArrowExtensionArray(labels)
    if (column := _in_arrow(values)) is None:
        found = text_codes(values, is_sorted=is_sorted)
        return None if found is None else (found[0], values.take(found[1]))
    codes, _, labels = encoded(column, is_sorted, threads)
    return codes, values.dtype.__from_arrow__(labels) if hasattr(values, "dtype") else labels


def dictionary_labels(column: Any, *, is_sorted: bool = False) -> tuple[np.ndarray, Any]:
    """Codes and labels, as those of the same text, of text that lies in dictionaries of Arrow: their words are encoded, and no row."""
    import pyarrow as pa

    chunks = column.chunks if hasattr(column, "chunks") else [column]
    try:
        words = encoded(pa.chunked_array([chunk.dictionary for chunk in chunks], column.type.value_type), is_sorted)
    except RowError:  # of a word that is none: the first of its rows is wanted, if it has one
        found = encoded(column.cast(column.type.value_type), is_sorted)
        return found.codes, found.labels
    codes = np.empty(len(column), dtype=np.int32)
    begin = first_word = 0
    for chunk in chunks:
        end, next_word = begin + len(chunk), first_word + len(chunk.dictionary)
        indices = chunk.indices.fill_null(next_word - first_word) if chunk.null_count else chunk.indices
        codes[begin:end] = indices.to_numpy(zero_copy_only=False)
        _core.recode(codes[begin:end], next_word - first_word, words.codes[first_word:next_word])
        begin, first_word = end, next_word
    return _labels_that_occur(codes, words.labels, is_sorted)


def _labels_that_occur(codes: np.ndarray, labels: Any, is_sorted: bool) -> tuple[np.ndarray, Any]:
    """The same codes into those labels alone that a row has, unless they are sorted in the order of their first rows."""
    rows = np.zeros((1, len(labels) + 1), dtype=np.int64)
    _core.count_grades(None, 0, codes, len(labels), rows)
    order = np.flatnonzero(rows[0, :-1])
    if not is_sorted:
        order = order[np.argsort(_first_rows(codes, order, len(labels)))]
    if np.array_equal(order, np.arange(len(labels))):
        return codes, labels
    place = np.full(len(labels), -1, dtype=np.int32)
    place[order] = np.arange(len(order))
    _core.recode(codes, len(place), place)
    return codes, labels.take(order)


def _first_rows(codes: np.ndarray, wanted: np.ndarray, size: int) -> np.ndarray:
    """The first row of each of these codes, all of which occur: found among the first rows where none is rare."""
    first = np.full(size + 1, len(codes))
    stop = FIRST_ROWS
    while True:
        some = codes[:stop]
        first[some[::-1]] = np.arange(len(some))[::-1]
        if stop >= len(codes) or bool((first[wanted] < len(codes)).all()):
            return first[wanted]
        stop *= 8


def objects_together(columns: Sequence[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray] | None:
    """Codes of several columns of Python's strings, the same for the same text in any of them, and the labels; None as above.

    An error tells the row of all columns below one another. Two are not put so, which would count each string once more.
    """
    *first, last = columns
    before = first[0] if len(first) == 1 else np.concatenate([last[:0], *first])
    ends = np.cumsum([*map(len, columns)])
    codes = np.empty(ends[-1], dtype=np.int32)
    try:
        found = _core.encode_objects(last, MISSING, new_seed(), False, codes[len(before) :], before, codes[: len(before)])
    except ValueError as error:
        if getattr(error, "row", 0) < 0:  # before the last column, in which of its rows the core does not say
            _encoded_objects(before)
        raise _named(error, len(before)) from None
    if found is None:
        return None
    rows = np.frombuffer(found, dtype=np.int64)
    n_before = int((rows < 0).sum())
    labels = np.concatenate([before[rows[:n_before] + len(before)], last[rows[n_before:]]])
    return np.split(codes, ends[:-1]), labels


def _encoded_objects(objects: np.ndarray, is_sorted: bool = False, known: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray] | None:
    """The codes and first rows of Python's strings; None where other objects are among them. Those that are known have the first codes."""
    codes = np.empty(len(objects), dtype=np.int32)
    try:
        first = _core.encode_objects(objects, MISSING, new_seed(), is_sorted, codes, known)
    except ValueError as error:
        raise _named(error) from None
    return None if first is None else (codes, np.frombuffer(first, dtype=np.int64))


def _sorted_objects(objects: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The same, labels sorted: those of the first rows get their codes in their order, which is of all rows where there are no others."""
    if (among_first := _encoded_objects(objects[:FIRST_ROWS], is_sorted=True)) is None:
        return None
    first_rows = among_first[1]
    if len(first_rows) > FEW_LABELS:
        return _encoded_objects(objects, is_sorted=True)
    if (found := _encoded_objects(objects, known=objects[first_rows])) is None:
        return None
    codes, rows = found
    if len(rows) == len(first_rows):
        return codes, first_rows
    rows = np.concatenate([first_rows, rows[len(first_rows) :]])
    again = _encoded_objects(objects[rows], is_sorted=True)
    assert again is not None  # all of them are text
    place, among = again
    _core.recode(codes, len(place), place)
    return codes, rows[among]


def _named(error: Any, begin: int = 0) -> Exception:
    """The error about a text, by the number of its row in the whole column; any other as it is."""
    if getattr(error, "reason", None) != "text":
        return error
    return RowError("", begin + error.row, ": this text holds half a character, or bytes that are no UTF-8")


class EncodedText(NamedTuple):
    """A column of text of Arrow by codes: these, the row of each label's first appearance, and the labels."""

    codes: np.ndarray
    first_rows: np.ndarray
    labels: Any


def encoded(column: Any, is_sorted: bool = False, threads: int | None = 1) -> EncodedText:
    """The codes, first rows and labels of a column of text of Arrow."""
    codes = np.empty(len(column), dtype=np.int32)
    n_threads = number_of_threads(threads, len(column), TEXTS_WORTH_A_THREAD)
    try:
        rows, *labels = _core.encode_text(_chunks(column), new_seed(), is_sorted, codes, 0, n_threads)
    except ValueError as error:
        raise _named(error) from None
    return EncodedText(codes, np.frombuffer(rows, dtype=np.int64), _labels(column.type, *labels))


def _labels(kind: Any, offsets: bytes, text: bytes) -> Any:
    """Labels that the core has written, as an Array of Arrow of that type."""
    import pyarrow as pa

    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    labels = pa.Array.from_buffers(pa.large_string(), len(offsets) // 8 - 1, buffers)
    return labels.cast(kind) if kind == pa.string() else labels


@dataclass(frozen=True)
class KnownLabels:
    """Labels of a column that have their codes before any piece of it is encoded: so pieces have the same codes.

    Attributes
    ----------
    labels : Array of Arrow
        The labels, in the order of their codes.
    chunks : list of tuple
        The same as the core takes them.
    """

    labels: Any
    chunks: list[tuple[Any, ...]]

    @property
    def size(self) -> int:
        """How many labels are known."""
        return len(self.labels)

    def encode(self, column: Any, begin: int, end: int, codes: np.ndarray) -> Any:
        """Write the codes of the rows from begin to end; give the labels that were not known, in the order of their codes."""
        piece = _chunks(column.slice(begin, end - begin))
        try:
            rows, *labels = _core.encode_text([*self.chunks, *piece], new_seed(), False, codes, self.size)
        except ValueError as error:
            raise _named(error, begin) from None
        return _labels(column.type, *labels)[self.size :] if len(rows) // 8 > self.size else ()


def known_labels(column: Any) -> KnownLabels | None:
    """The labels among the first rows of a column of text of Arrow, in order of appearance; None where they are many."""
    labels = encoded(column.slice(0, FIRST_ROWS)).labels
    return None if len(labels) > FEW_LABELS else KnownLabels(labels, _chunks(labels))


def all_labels(known: KnownLabels, new: list[Any]) -> tuple[Any, list[np.ndarray]]:
    """The labels of all pieces, each once, by their codes; and by piece the code of each of its own labels among them."""
    if not any(map(len, new)):
        return known.labels, [np.arange(known.size, dtype=np.int32)] * len(new)
    import pyarrow as pa

    place, _, labels = encoded(pa.concat_arrays([known.labels, *filter(len, new)]))
    of_known, *of_new = np.split(place, np.cumsum([known.size, *map(len, new)])[:-1])
    return labels, [np.concatenate([of_known, some]) for some in of_new]


def new_seed() -> int:
    """What nobody who chooses the texts of a table knows: so that no choice of them takes longer than others."""
    return int.from_bytes(os.urandom(8), "little")


def _in_arrow(values: Any) -> Any:
    """The column of Arrow in which text lies, as an Array or ChunkedArray; None where it does not."""
    if isinstance(values, pd.arrays.ArrowExtensionArray):
        values = values.__arrow_array__()
    elif not type(values).__module__.startswith("pyarrow"):
        return None
    return values if is_text(values.type) else None


def letters_at_ends(labels: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """The first and the last byte (UTF-8) of each text of an array that Arrow has, 0 of an empty one; None where texts lie elsewhere."""
    if (column := _in_arrow(labels)) is None or str(column.type) == "string_view":
        return None
    first, last = [np.empty(0, np.uint8)], [np.empty(0, np.uint8)]
    for kind, n, offset, _, ends, text in _chunks(column):
        ends = np.frombuffer(ends, np.int32 if kind == ARROW_TEXT["string"] else np.int64)[offset : offset + n + 1]
        letters, has_any = np.append(np.frombuffer(text, np.uint8), np.uint8(0)), np.diff(ends) > 0
        first.append(letters[ends[:-1]] * has_any)
        last.append(letters[ends[1:] - 1] * has_any)
    return np.concatenate(first), np.concatenate(last)


def is_text(kind: Any) -> bool:
    """Whether a type of Arrow is text that the core can read."""
    return str(kind) in ARROW_TEXT


def _dictionary_in_arrow(values: Any) -> Any:
    """The values that a dictionary of Arrow stands for, as one may hold a value twice, or one that no row has; None for all else."""
    if isinstance(values, pd.arrays.ArrowExtensionArray):
        values = values.__arrow_array__()
    if not type(values).__module__.startswith("pyarrow") or not hasattr(values.type, "index_type"):
        return None
    import pyarrow as pa

    kind = pa.large_string() if str(values.type.value_type) == "string_view" else values.type.value_type
    chunks = values.chunks if hasattr(values, "chunks") else [values]
    plain = (pa.DictionaryArray.from_arrays(chunk.indices, chunk.dictionary.cast(kind)).dictionary_decode() for chunk in chunks)
    return pa.chunked_array(plain, kind)


def _chunks(column: Any) -> list[tuple[Any, ...]]:
    """The buffers of each chunk as the core takes them."""
    kind = ARROW_TEXT[str(column.type)]
    found = []
    for chunk in column.chunks if hasattr(column, "chunks") else [column]:
        if len(chunk):
            validity, *buffers = chunk.buffers()
            lent = (b"" if buffer is None else buffer for buffer in buffers)
            found.append((kind, len(chunk), chunk.offset, validity if chunk.null_count else None, *lent))
    return found


def _as_objects(values: Any) -> np.ndarray | None:
    """The array of objects in which values lie; None where there is none."""
    if isinstance(values, pd.arrays.NumpyExtensionArray) or (isinstance(values, np.ndarray) and values.dtype.kind in "OU"):
        array = np.asarray(values)
        return array.astype(object, copy=False) if array.dtype.kind in "OU" else None
    return np.asarray(values, dtype=object) if isinstance(getattr(values, "dtype", None), pd.StringDtype) else None
