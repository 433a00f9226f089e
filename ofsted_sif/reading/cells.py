"""The cells of a CSV as places in its bytes: none becomes a Python object before it is asked for, or is a value not seen before."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from ofsted_sif.counts.views import IN_VIEW, VIEW, codes_of_views

# Between the values of a column; a text that holds it is not taken apart here.
_BETWEEN = b"\0"
_QUOTED = re.compile(rb'"(?:[^"]|"")*"')
_QUOTE, _RETURN, _LINE_END = b'"\r\n'
LONGEST = 131_072  # bytes of a cell, as the csv module bounds it
# Before the first cell room for its length, and behind the last one room for a whole view: so that views can be read from any place.
_BEFORE, _PADDING = bytes(4), bytes(32)
_PIECE = 1 << 19  # bytes that are taken apart at once: what is made of them stays near
# Sixteen bytes that numpy copies at once. None of them is taken for a number.
_SIXTEEN = np.dtype(np.complex128)
# By the length of a text, all ones where a view holds bytes of it; of a longer text it holds the first four.
_HELD = np.frombuffer(b"".join((bytes(4) + b"\xff" * n).ljust(16, b"\0") for n in [*range(IN_VIEW + 1), 4]), dtype=_SIXTEEN)
# A view by what it holds: its text, or where that begins.
_TEXT = np.dtype({"names": ["text"], "formats": [f"S{IN_VIEW}"], "offsets": [4], "itemsize": VIEW.itemsize})
_PLACE = np.dtype({"names": ["start"], "formats": [np.int32], "offsets": [12], "itemsize": VIEW.itemsize})


class Cells(Sequence[list[str]]):
    """The records of a CSV, each a list of its cells when it is looked at; a column all at once, by its distinct values.

    `views` has a row for each column; `begins` and `stops` say where each record lies, and `widths` how many cells it has.
    """

    def __init__(self, raw: bytes, delimiter: str, views: np.ndarray, begins: np.ndarray, stops: np.ndarray, widths: np.ndarray) -> None:
        self._raw, self._delimiter, self._views, self._begins, self._stops, self.widths = raw, delimiter, views, begins, stops, widths
        self._columns: dict[int, tuple[np.ndarray, list[str]]] = {}

    def __len__(self) -> int:
        return len(self.widths)

    @overload
    def __getitem__(self, at: int) -> list[str]: ...
    @overload
    def __getitem__(self, at: slice) -> Cells: ...
    def __getitem__(self, at: int | slice) -> list[str] | Cells:
        if isinstance(at, slice):
            return Cells(self._raw, self._delimiter, self._views[:, at], self._begins[at], self._stops[at], self.widths[at])
        text = self._raw[self._begins[at] : self._stops[at]].decode()
        if '"' not in text:
            return text.split(self._delimiter)
        return next(csv.reader([text], delimiter=self._delimiter, strict=True))

    def __iter__(self) -> Iterator[list[str]]:
        return map(self.__getitem__, range(len(self)))

    def n_longer(self, rows: np.ndarray, length: int) -> np.ndarray:
        """In each of these rows, how many cells are longer than so many bytes."""
        return (self._views["length"][:, rows] > length).sum(axis=0)

    def column(self, position: int) -> tuple[np.ndarray, list[str]]:
        """The column at a position, blank where a record is shorter: codes into its distinct values, and these as they first come."""
        if position not in self._columns:
            views = self._views[position]
            codes, first = codes_of_views(views, self._raw)
            self._columns[position] = codes, self._texts(views[first])
        return self._columns[position]

    def _texts(self, views: np.ndarray) -> list[str]:
        texts = views.view(_TEXT)["text"].tolist()
        long = np.flatnonzero(views["length"] > IN_VIEW)
        of_long = views[long]
        for at, start, length in zip(long.tolist(), of_long.view(_PLACE)["start"].tolist(), of_long["length"].tolist(), strict=True):
            texts[at] = self._raw[start : start + length]
        joined = _BETWEEN.join(texts).decode()
        return (joined.replace('""', '"') if '""' in joined else joined).split(_BETWEEN.decode()) if texts else []


def find_cells(raw: bytes, delimiter: str) -> Cells | None:
    """The cells of a CSV in UTF-8 whose every quote fits and whose records are about as wide as each other; None for any other."""
    if not raw or _BETWEEN in raw:
        return None
    raw = b"".join((_BEFORE, raw, b"" if raw.endswith(b"\n") else b"\n", _PADDING))
    signs = np.frombuffer(raw, dtype=np.uint8, count=len(raw) - len(_PADDING))
    most_rows = np.count_nonzero(signs == _LINE_END)
    most_cells = most_rows + np.count_nonzero(signs == ord(delimiter))
    views = np.zeros((0, most_rows), dtype=VIEW)
    pieces: list[_Records] = []
    rows = cells = 0
    at, reach = len(_BEFORE), _PIECE
    while at < len(signs):
        found = _take_apart(raw, signs[at : at + reach], at, ord(delimiter))
        if found is None or (not len(found.widths) and at + reach >= len(signs)):
            return None
        if not len(found.widths):  # a record longer than a piece
            reach *= 2
            continue
        n, width = found.starts.shape
        if width > len(views):
            if width * most_rows > 4 * most_cells + 1000:
                return None
            wider = np.zeros((width, most_rows), dtype=VIEW)
            wider[: len(views), :rows] = views[:, :rows]
            views = wider
        _write_views(raw, found, views[:width, rows : rows + n])
        pieces.append(found)
        at, rows, cells = found.after, rows + n, cells + int(found.widths.sum())
    if rows * len(views) > 2 * cells + 1000:
        return None
    begins, stops, widths = (np.concatenate(of) for of in zip(*((one.begins, one.stops, one.widths) for one in pieces), strict=True))
    return Cells(raw, delimiter, views[:, :rows], begins, stops, widths)


@dataclass(frozen=True)
class _Records:
    """Whole records: where each begins and stops, how many cells it has; a row for each of where its cells start and how long they are."""

    begins: np.ndarray
    stops: np.ndarray
    widths: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    after: int  # where the next record begins


def _take_apart(raw: bytes, signs: np.ndarray, at: int, delimiter: int) -> _Records | None:
    """The records that end in this piece of the bytes, which begins with one at the place `at`; None where a quote does not fit.

    A cell is quoted as a whole or has no quotes: then an even number of quotes before a delimiter says that it is one.
    """
    is_end = (signs == delimiter) | (signs == _LINE_END)
    quotes = signs == _QUOTE
    has_quotes = quotes.any()
    if has_quotes:
        np.greater(is_end, _is_odd_so_far(quotes), out=is_end)
    ends = np.flatnonzero(is_end)
    last = np.flatnonzero(signs[ends] == _LINE_END)
    if not len(last):
        return _Records(last, last, last, last, last, at)
    ends = ends[: last[-1] + 1]
    after = int(ends[-1]) + 1
    starts = np.empty_like(ends)
    starts[0] = 0
    np.add(ends[:-1], 1, out=starts[1:])
    widths = np.diff(last, prepend=-1)
    begins = starts[last - widths + 1]
    ends[last] -= (signs[ends[last] - 1] == _RETURN) & (ends[last] > begins)
    stops = ends[last]
    lengths = ends - starts
    if lengths.max() > LONGEST or (has_quotes and not _take_off_quotes(raw, at, quotes[:after], starts, ends, lengths)):
        return None
    starts += at
    shape = (len(widths), int(widths.max()))
    if len(starts) == shape[0] * shape[1]:
        starts, lengths = starts.reshape(shape), lengths.reshape(shape)
    else:
        there = np.arange(shape[1]) < widths[:, None]
        padded = np.zeros((2, *shape), dtype=np.int64)
        padded[0, there], padded[1, there] = starts, lengths
        starts, lengths = padded
    return _Records(begins + at, stops + at, widths, starts, lengths, at + after)


def _is_odd_so_far(flags: np.ndarray) -> np.ndarray:
    """Whether an odd number of flags is set up to each place; 64 places at once, as one after another takes longer than all else here."""
    packed = np.zeros(-(-len(flags) // 64) * 8, dtype=np.uint8)
    packed[: -(-len(flags) // 8)] = np.packbits(flags, bitorder="little")
    words = packed.view("<u8")
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    before = np.bitwise_xor.accumulate(words >> np.uint64(63))[:-1]  # whether the number is odd up to the end of each word but the last
    words[1:] ^= np.uint64(0) - before  # all ones where it is
    return np.unpackbits(packed, count=len(flags), bitorder="little").view(np.bool_)


def _take_off_quotes(raw: bytes, at: int, quotes: np.ndarray, starts: np.ndarray, ends: np.ndarray, lengths: np.ndarray) -> bool:
    """Let each cell in quotes begin and end within them; whether all quotes fit. `quotes` says of each byte whether it is one."""
    opened = quotes[starts]
    closing = ends - 1
    if (opened > quotes[closing]).any():
        return False
    if np.count_nonzero(quotes) != 2 * np.count_nonzero(opened):  # some stand within cells
        quotes[starts[opened]] = quotes[closing[opened]] = False
        several = np.unique(np.searchsorted(ends, np.flatnonzero(quotes)))
        if not all(_QUOTED.fullmatch(raw, at + starts[cell], at + ends[cell]) for cell in several.tolist()):
            return False
    starts += opened
    lengths -= opened
    lengths -= opened
    return True


def _write_views(raw: bytes, records: _Records, views: np.ndarray) -> None:
    """Write the views of records, those of a column side by side."""
    start, length = records.starts, records.lengths
    # Four bytes, which the length takes, and the first twelve of the cell.
    anywhere = np.ndarray((len(raw) - _SIXTEEN.itemsize + 1,), dtype=_SIXTEEN, buffer=raw, strides=(1,))
    sixteen = anywhere[start - len(_BEFORE)]
    sixteen.view(np.uint64)[:] &= _HELD.take(length, mode="clip").view(np.uint64)
    found = sixteen.view(VIEW)
    found["length"] = length
    np.copyto(found.view(_PLACE)["start"], start, where=length > IN_VIEW, casting="unsafe")  # below 2 ** 31: a file is smaller
    views.view(_SIXTEEN)[:] = sixteen.T
