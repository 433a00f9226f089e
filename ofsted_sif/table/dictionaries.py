"""Dictionaries of Arrow: the codes of a column's chunks as they lie, in one dictionary for all, and the column as a Categorical."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.errors import RowError

if TYPE_CHECKING:
    import pyarrow as pa

# Many small chunks are put together first: a call of the kernel should count some thousands of rows.
ROWS_OF_A_CHUNK = 1 << 16


def plain_text(kind: pa.DataType) -> pa.DataType:
    """A type that pandas and Arrow's functions know, for that of views, which few of them do, and of a column without values."""
    import pyarrow as pa

    return pa.large_binary() if kind == pa.binary_view() else pa.large_string() if kind in (pa.string_view(), pa.null()) else kind


def one_dictionary(column: pa.ChunkedArray, name: Any) -> tuple[list[Any], pa.Array, list[Any]]:
    """The codes of the chunks of a dictionary column, and one dictionary for all with its words; a chunk with another is translated.

    A row whose word is no text is an error that names the column.
    """
    try:
        return _one_dictionary(column)
    except UnicodeDecodeError:
        return _one_dictionary(_without_words_that_are_none(column, name))


def _without_words_that_are_none(column: pa.ChunkedArray, name: Any) -> pa.ChunkedArray:
    """The column with null in place of those words that are no UTF-8; a row that has one is an error."""
    import pyarrow as pa

    try:
        counts.encode(column)
    except RowError as error:
        raise error.moved(error.row, f"column {name!r}, ") from None
    kind, chunks = column.type, []
    for chunk in column.chunks:
        words = pa.array([_text(word) for word in chunk.dictionary.cast(pa.large_binary()).to_pylist()], kind.value_type)
        chunks.append(pa.DictionaryArray.from_arrays(chunk.indices, words, ordered=kind.ordered))
    return pa.chunked_array(chunks, kind)


def _text(word: bytes | None) -> str | None:
    """A word of UTF-8; None of any other."""
    try:
        return None if word is None else word.decode()
    except UnicodeDecodeError:
        return None


def _one_dictionary(column: pa.ChunkedArray) -> tuple[list[Any], pa.Array, list[Any]]:
    chunks = column.chunks
    if len(chunks) * ROWS_OF_A_CHUNK > len(column) + ROWS_OF_A_CHUNK:
        chunks = _put_together(column)
    if not chunks:
        import pyarrow as pa

        return [], pa.array([], column.type.value_type), []
    pieces = [as_they_lie(chunk.indices) for chunk in chunks]
    first, *others = (_as_compared(chunk.dictionary) for chunk in chunks)
    words = first.to_pylist()
    if not first.null_count and len(set(words)) == len(words) and all(other.equals(first) for other in others):
        return pieces, first, words
    return _of_unlike_ones(pieces, [first, *others])


def _as_compared(dictionary: pa.Array) -> pa.Array:
    """The values of a dictionary as they are compared: of numbers NaN is missing, and -0.0 is 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(dictionary.type):
        return dictionary
    return pc.if_else(pc.is_nan(dictionary), pa.scalar(None, dictionary.type), pc.add(dictionary, pa.scalar(0, dictionary.type)))


def _of_unlike_ones(pieces: list[Any], dictionaries: list[pa.Array]) -> tuple[list[Any], pa.Array, list[Any]]:
    """Codes in dictionaries that differ, or have nulls or repeats, as codes in one that has none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    dictionaries = [dictionary.cast(plain_text(dictionary.type)) for dictionary in dictionaries]
    values = pc.unique(pa.chunked_array(dictionaries)).drop_null()
    moved = []
    for codes, dictionary in zip(pieces, dictionaries, strict=True):
        place = pc.index_in(dictionary, values)  # a null in the dictionary stays null
        as_it_was = not place.null_count and np.array_equal(place.to_numpy(), np.arange(len(place)))
        moved.append(codes if as_it_was else _translated(codes, place.fill_null(-1).to_numpy()))
    return moved, values, values.to_pylist()


def _put_together(column: pa.ChunkedArray) -> list[pa.DictionaryArray]:
    import pyarrow as pa

    if any(chunk.dictionary.null_count for chunk in column.chunks):
        return column.chunks
    try:
        whole = column.unify_dictionaries().combine_chunks()
    except pa.ArrowInvalid:  # together they have more words than their codes can tell: `_of_unlike_ones` takes wider ones
        return column.chunks
    return whole.chunks if isinstance(whole, pa.ChunkedArray) else [whole] if len(whole) else []


def as_they_lie(array: pa.Array) -> tuple[np.ndarray, np.ndarray | None, int]:
    """The codes of a chunk, whatever stands behind missing ones, with its validity bitmap, if any is missing, and the offset into that."""
    bitmap, codes = array.buffers()
    dtype = np.dtype(array.type.to_pandas_dtype())
    values = np.frombuffer(codes, dtype, len(array), array.offset * dtype.itemsize) if len(array) else np.empty(0, dtype)
    return values, np.frombuffer(bitmap, np.uint8) if bitmap is not None and array.null_count else None, array.offset


def valid_rows(codes: Any) -> np.ndarray | None:
    """Which rows of a chunk of codes hold one; None: all."""
    values, bitmap, offset = codes
    if bitmap is None:
        return None
    return np.unpackbits(bitmap[offset // 8 : (offset + len(values) + 7) // 8], bitorder="little")[offset % 8 :][: len(values)].view(
        np.bool_
    )


def _translated(codes: Any, place: np.ndarray) -> tuple[np.ndarray, None, int]:
    """Codes into another dictionary, -1 where missing."""
    values, valid = codes[0], valid_rows(codes)
    if valid is not None:
        values = np.where(valid, values, 0)  # what stands behind a 0 bit is no code
    narrow = np.append(place, -1).astype(np.min_scalar_type(-1 - place.max(initial=0)))  # a code of -1 takes the last
    moved = narrow[values]
    if valid is not None:
        moved[~valid] = -1
    return moved, None, 0


def categorical(column: pa.ChunkedArray, name: Any, *, sorted_labels: bool = False, used_only: bool = False) -> pd.Categorical:
    """A dictionary column of that name as a Categorical; its labels sorted, and those alone that a row has, where that is asked for."""
    pieces, _, words = one_dictionary(column, name)
    place = np.arange(len(words))
    labels = pd.Index(words)
    if sorted_labels:
        kept = place
        if used_only:
            found = [np.unique(piece[0] if (valid := valid_rows(piece)) is None else piece[0][valid]) for piece in pieces]
            used = np.zeros(len(words) + 1, np.bool_)  # the last for codes of -1
            for codes in found:
                used[codes] = True
            kept = np.flatnonzero(used[:-1])
        kept = kept[labels[kept].argsort()]
        place = np.full(len(words), -1)
        place[kept] = np.arange(len(kept))
        labels = labels[kept]
    codes = np.concatenate([_translated(piece, place)[0] for piece in pieces]) if pieces else np.empty(0, np.int8)
    dtype = pd.CategoricalDtype(labels, ordered=column.type.ordered)
    return pd.Categorical.from_codes(codes, dtype=dtype, validate=False)
