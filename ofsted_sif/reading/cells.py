"""The cells of a CSV as places in its bytes: none becomes a Python object before it is asked for, or is a value not seen before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import pandas as pd

# Between the values of a column; a text that holds it is not taken apart here.
_BETWEEN = "\0"
_QUOTED = re.compile(rb'"(?:[^"]|"")*"')
_QUOTE, _RETURN, _LINE_END = b'"\r\n'
LONGEST = 131_072  # bytes of a cell, as the csv module bounds it
_WORD = 8  # bytes compared at once
_MOST_WORDS = 64  # a longer value is compared as text
_PADDING = bytes(_WORD * _MOST_WORDS)
# Odd, with bits all over: the golden ratio in 64 bits.
_MIXED = np.uint64(0x9E3779B97F4A7C15)
_KEEP = np.array([(1 << 8 * n) - 1 for n in range(_WORD + 1)], dtype="<u8")


class Cells(Sequence[list[str]]):
    """The records of a CSV, each a list of its cells when it is looked at; a column all at once, by its distinct values."""

    def __init__(self, raw: bytes, delimiter: str, starts: np.ndarray, ends: np.ndarray, widths: np.ndarray) -> None:
        self._raw, self._delimiter, self._starts, self._ends, self.widths = raw, delimiter, starts, ends, widths
        self._columns: dict[int, tuple[np.ndarray, list[str]]] = {}

    def __len__(self) -> int:
        return len(self.widths)

    @overload
    def __getitem__(self, at: int) -> list[str]: ...
    @overload
    def __getitem__(self, at: slice) -> Cells: ...
    def __getitem__(self, at: int | slice) -> list[str] | Cells:
        if isinstance(at, slice):
            return Cells(self._raw, self._delimiter, self._starts[at], self._ends[at], self.widths[at])
        width = self.widths[at]
        start, end = int(self._starts[at, 0]), int(self._ends[at, width - 1])
        if b'"' not in self._raw[max(start - 1, 0) : end + 1]:
            return self._raw[start:end].decode().split(self._delimiter)
        return self._texts(self._starts[at, :width], self._ends[at, :width]).split(_BETWEEN)

    def __iter__(self) -> Iterator[list[str]]:
        return map(self.__getitem__, range(len(self)))

    def n_longer(self, rows: np.ndarray, length: int) -> np.ndarray:
        """In each of these rows, how many cells are longer than so many bytes."""
        return (self._ends[rows] - self._starts[rows] > length).sum(axis=1)

    def _texts(self, starts: np.ndarray, ends: np.ndarray) -> str:
        """These cells as one text, with `_BETWEEN` between any two."""
        lengths = ends - starts + 1  # with the byte after the cell, which becomes what stands between
        after = np.cumsum(lengths)
        places = np.arange(after[-1]) + np.repeat(starts - after + lengths, lengths)
        found = np.frombuffer(self._raw, dtype=np.uint8)[places]
        found[after - 1] = 0
        text = found[:-1].tobytes().decode()
        return text.replace('""', '"') if '""' in text else text

    def column(self, position: int) -> tuple[np.ndarray, list[str]]:
        """The column at a position, blank where a record is shorter: codes into its distinct values, and these as they first come."""
        if position not in self._columns:
            self._columns[position] = self._factorized(self._starts[:, position], self._ends[:, position])
        return self._columns[position]

    def _factorized(self, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, list[str]]:
        codes = _alike(self._raw, starts, ends)
        if codes is None:
            cells = self._texts(starts, ends).split(_BETWEEN)
            seen = dict.fromkeys(cells if len(starts) else [])
            place = dict(zip(seen, range(len(seen)), strict=True))
            return np.array([place[cell] for cell in cells], dtype=np.int64), list(seen)
        first = np.empty(int(codes.max()) + 1, dtype=np.int64)
        first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
        return codes, self._texts(starts[first], ends[first]).split(_BETWEEN)


def _alike(raw: bytes, starts: np.ndarray, ends: np.ndarray) -> np.ndarray | None:
    """Codes of the cells, the same for the same bytes, in the order in which they come first; None where that cannot be told so."""
    lengths = ends - starts
    n_words = int(lengths.max(initial=0) + _WORD) // _WORD  # one beyond the last byte at least, so that no value is empty
    if n_words > _MOST_WORDS or not len(starts):
        return None
    words = np.ndarray((len(raw) - _WORD + 1,), dtype="<u8", buffer=raw, strides=(1,))
    held = [words[starts + at] & _KEEP[np.minimum(np.maximum(lengths - at, 0), _WORD)] for at in range(0, n_words * _WORD, _WORD)]
    mixed = held[0]
    for word in held[1:]:
        mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIXED + word
    codes: np.ndarray = pd.factorize(mixed)[0]
    if n_words > 1:  # the mixture says which may be the same; the words themselves say whether they are
        first = np.empty(int(codes.max()) + 1, dtype=np.int64)
        first[codes] = np.arange(len(codes))
        if any((word != word[first][codes]).any() for word in held):
            return None
    return codes


def find_cells(raw: bytes, delimiter: str) -> Cells | None:
    """The cells of a CSV in UTF-8 whose every quote fits and whose records are about as wide as each other; None for any other.

    A cell is quoted as a whole or has no quotes: then an even number of quotes before a delimiter says that it is one.
    """
    if not raw or b"\0" in raw:
        return None
    raw = b"".join((raw, b"" if raw.endswith(b"\n") else b"\n", _PADDING))
    bytes_ = np.frombuffer(raw, dtype=np.uint8)
    ends = np.flatnonzero((bytes_ == ord(delimiter)) | (bytes_ == _LINE_END))
    quotes = np.flatnonzero(bytes_ == _QUOTE)
    if len(quotes) % 2:
        return None
    opening, closing = np.searchsorted(ends, quotes).reshape(-1, 2).T
    within = closing - opening
    keep = np.ones(len(ends), dtype=np.bool_)
    keep[np.repeat(opening - np.cumsum(within) + within, within) + np.arange(within.sum())] = False
    ends = ends[keep]
    last = np.flatnonzero(bytes_[ends] == _LINE_END)
    starts = np.concatenate([[0], ends[:-1] + 1])
    quoted, n_quotes = np.unique(np.searchsorted(ends, quotes), return_counts=True)
    ends[last] -= bytes_[ends[last] - 1] == _RETURN
    if (ends - starts).max() > LONGEST:
        return None
    whole = (bytes_[starts[quoted]] == _QUOTE) & (bytes_[ends[quoted] - 1] == _QUOTE)
    several = quoted[n_quotes > 2].tolist()
    if not whole.all() or not all(_QUOTED.fullmatch(raw, starts[cell], ends[cell]) for cell in several):
        return None
    starts[quoted] += 1
    ends[quoted] -= 1
    widths = np.diff(last, prepend=-1)
    width, shape = int(widths.max()), (len(widths), int(widths.max()))
    if (widths == width).all():
        return Cells(raw, delimiter, starts.reshape(shape), ends.reshape(shape), widths)
    if len(widths) * width > 2 * len(starts) + 1000:
        return None
    there = np.arange(width) < widths[:, None]
    padded = np.zeros((2, *shape), dtype=np.int64)
    padded[0, there], padded[1, there] = starts, ends
    return Cells(raw, delimiter, padded[0], padded[1], widths)
