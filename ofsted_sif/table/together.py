"""Columns of a table read side by side: in threads text becomes codes, and dates become days, each column once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.counts.threads import share_out, usable_cores
from ofsted_sif.table import frames
from ofsted_sif.table.dates import as_they_lie
from ofsted_sif.table.frames import narrow
from ofsted_sif.table.keys import NOTHING, Encoded, text_codes
from ofsted_sif.table.text_of_arrow import TextInDictionaries

#: Of fewer rows a column is read where it is needed, sooner than a thread begins.
ROWS_WORTH_A_THREAD = 1 << 16


@dataclass(frozen=True)
class Read:
    """What has been read of a table.

    Attributes
    ----------
    text : mapping of (name, whether labels are sorted) to (codes, labels)
        Columns of text, as `text_codes` gives them.
    days : mapping of name to ndarray
        Columns of dates, as `as_they_lie` gives them.
    """

    text: Encoded = field(default_factory=dict)
    days: Mapping[Any, np.ndarray] = field(default_factory=dict)


NOTHING_READ = Read()
NOTHING_MORE: Mapping[str, Any] = MappingProxyType({})


def read_together(frame: pd.DataFrame, text: Iterable[tuple[Any, bool]], dates: Iterable[Any], encoded: Encoded = NOTHING) -> Read:
    """Read columns of text, each with whether its labels are wanted sorted, and columns of dates, where a table is large enough.

    The first column of text is the one with the most labels, and takes longest: it takes the cores that the others leave.
    What is no text, or can't be read, is left to whoever needs the column, and says what is wrong with it; `encoded` is read already.
    """
    found = Read({**encoded}, {})
    if len(frame) < ROWS_WORTH_A_THREAD:
        return found
    # Python's own strings are encoded by a thread that lets no other run: whatever else there is has begun before.
    first: list[Callable[[], None]] = []
    last: list[Callable[[], None]] = []
    for name, is_sorted in dict.fromkeys(text):
        if (name, is_sorted) not in encoded and (values := _one(frame, name)) is not None and _may_be_text(values):
            (first if values.dtype != object else last).append(_encode(found, values, is_sorted, 1 if first else None))
    for name in dict.fromkeys(dates):
        if (values := _one(frame, name)) is not None:
            (first if values.dtype != object else last).append(_date(found, values))
    work = first + last
    share_out(lambda number: work[number](), len(work), usable_cores())
    return found


def take_together(
    frame: pd.DataFrame, rows: np.ndarray, encoded: Encoded, *, without: Collection[Any] = (), more: Mapping[str, Any] = NOTHING_MORE
) -> pd.DataFrame:
    """Rows of a table in the order given, under a new index, but for some of its columns; after them `more` columns.

    One column after another, and the table made once, which is several times as fast as `DataFrame.take` and inserting. Columns of a large
    table are taken side by side, text by its codes.
    """
    kept = np.flatnonzero([name not in without for name in frame.columns])
    columns = [values for name, values in frame.items() if name not in without]
    found: list[Any] = [None] * len(columns)

    def take(number: int) -> None:
        values = columns[number]
        taken = rows_of(values, rows, encoded) if encoded else values.array.take(rows)
        # pandas would look whether objects are something else.
        found[number] = pd.Series(np.asarray(taken), dtype=object, copy=False) if values.dtype == object else taken

    if len(frame) < ROWS_WORTH_A_THREAD:
        for number in range(len(columns)):
            take(number)
    else:
        share_out(take, len(columns), usable_cores())
    table = pd.DataFrame(dict(enumerate([*found, *more.values()])), index=pd.RangeIndex(len(rows)), copy=False)
    table.columns = frame.columns[kept].append(pd.Index([*more])) if more else frame.columns[kept]
    return table


def rows_of(values: pd.Series, rows: np.ndarray, encoded: Encoded) -> Any:
    """These rows of a column. Of text each label lies but once; which of the missing values a row has only the column knows."""
    known = encoded.get((values.name, True), encoded.get((values.name, False)))
    if known is None or not len(known[1]) or isinstance(values.array, TextInDictionaries):
        return values.array.take(rows)
    codes = known[0][rows]
    if codes.min(initial=0) >= 0:
        return known[1].take(codes)
    if isinstance(values.dtype, pd.ArrowDtype):  # Arrow has one missing value
        return known[1].take(codes, allow_fill=True)
    if values.dtype != object:
        return values.array.take(rows)
    taken, missing = known[1].take(np.maximum(codes, 0)), codes < 0
    taken[missing] = values.array.take(rows[missing])
    return taken


def _one(frame: pd.DataFrame, name: Any) -> pd.Series | None:
    """The column of that name, where there is one and no other is called so."""
    values = frame[name] if name is not None and name in frame.columns else None
    return values if isinstance(values, pd.Series) else None


def _may_be_text(values: pd.Series) -> bool:
    """Whether a column is of text, as far as its dtype tells."""
    return values.dtype == object or isinstance(values.array, TextInDictionaries) or pd.api.types.is_string_dtype(values.dtype)


def _encode(found: Any, values: pd.Series, is_sorted: bool, threads: int | None = 1) -> Callable[[], None]:
    def encode() -> None:
        try:
            codes = text_codes(frames.plain(values), is_sorted=is_sorted, threads=threads)
        except ValueError:
            return
        if codes is not None:
            found.text[values.name, is_sorted] = narrow(*codes)

    return encode


def _date(found: Any, values: pd.Series) -> Callable[[], None]:
    def date() -> None:
        if _may_be_text(values):  # whose codes tell its rows again
            _encode(found, values, False)()
        try:
            found.days[values.name] = as_they_lie(frames.plain(values), str(values.name), found.text)
        except (TypeError, ValueError):
            return

    return date
