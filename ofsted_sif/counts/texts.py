"""Counting rows by their texts: columns of text are encoded a piece at a time, and no code is kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from ofsted_sif import _core
from ofsted_sif.counts.encoding import FEW_LABELS, TEXTS_WORTH_A_THREAD, KnownLabels, all_labels, known_labels
from ofsted_sif.counts.threads import number_of_threads, share_out

#: Rows whose codes stay near the processor until they are counted; fewer than two pieces are sooner encoded whole.
ROWS_OF_A_PIECE = 1 << 18
#: A table of more cells than this is not added up for each piece.
CELLS_OF_A_PIECE = 1 << 17


def count_texts(groups: Any, judged: list[Any], most_cells: int, threads: int | None = None) -> tuple[list[Any], list[np.ndarray]] | None:
    """Count rows by the texts of columns; None where to encode the columns whole is better: few rows, or many labels.

    Parameters
    ----------
    groups : column of text of Arrow, or None
        What makes the groups; None: all rows are one.
    judged : list of columns of text of Arrow
        What is counted by group.
    most_cells : int
        None is returned also where a table had more cells.
    threads : int, optional
        By default one for few rows, else one per core. Counts are the same for any number.

    Returns
    -------
    labels : list of Array or ChunkedArray of Arrow
        Of each column, that of groups first, its labels in the order of their first appearance.
    tables : list of ndarray, shape (labels of groups + 1, labels of the column + 1)
        Rows by group and label of each judged column, in the order of `labels`; the last row and column hold the missing.
        Without groups there is one row.

    Raises
    ------
    ValueError
        For a text that is none, of one or another column.
    """
    columns = judged if groups is None else [groups, *judged]
    rows = len(columns[0])
    if rows < 2 * ROWS_OF_A_PIECE:
        return None
    known = [labels for column in columns if (labels := known_labels(column)) is not None]
    if len(known) < len(columns):
        return None
    pieces = _count_pieces(columns, known, groups is not None, number_of_threads(threads, rows, TEXTS_WORTH_A_THREAD))
    return None if pieces is None else _added_up(known, groups is not None, _those_alike_added(pieces), most_cells)


def _count_pieces(columns: list[Any], known: list[Any], by_group: bool, threads: int) -> list[Any] | None:
    """Of each piece the labels of each column that are not known, and the tables by its own labels; None where labels are many."""
    rows = len(columns[0])
    found: list[Any] = [None] * -(-rows // ROWS_OF_A_PIECE)
    spare: list[list[np.ndarray]] = []
    many: list[int] = []

    def count_piece(number: int) -> None:
        if many:
            return
        begin, end = number * ROWS_OF_A_PIECE, min((number + 1) * ROWS_OF_A_PIECE, rows)
        room = spare.pop() if spare else [np.empty(ROWS_OF_A_PIECE, dtype=np.int32) for _ in columns]
        codes = [into[: end - begin] for into in room]
        new = [labels.encode(column, begin, end, into) for labels, column, into in zip(known, columns, codes, strict=True)]
        sizes = [labels.size + len(some) for labels, some in zip(known, new, strict=True)]
        group_codes, n_groups = (codes[0], sizes[0]) if by_group else (None, 0)
        if max(map(len, new)) > FEW_LABELS or (n_groups + 1) * (max(sizes[by_group:]) + 1) > CELLS_OF_A_PIECE:
            many.append(number)
            return
        tables = []
        for of_words, n_words in zip(codes[by_group:], sizes[by_group:], strict=True):
            tables.append(np.zeros((n_groups + 1, n_words + 1), dtype=np.int64))
            _core.count_grades(group_codes, n_groups, of_words, n_words, tables[-1])
        found[number] = new, tables
        spare.append(room)

    share_out(count_piece, len(found), threads)
    return None if many else found


def _those_alike_added(pieces: list[Any]) -> list[Any]:
    """The same with the pieces that have only known labels, which are most, as one."""
    alike = [piece for piece in pieces if not any(map(len, piece[0]))]
    together = [(alike[0][0], [np.add.reduce(of) for of in zip(*(tables for _, tables in alike), strict=True)])] if alike else []
    return [*together, *(piece for piece in pieces if any(map(len, piece[0])))]


def _added_up(known: list[KnownLabels], by_group: bool, pieces: list[Any], most_cells: int) -> tuple[list[Any], list[np.ndarray]] | None:
    """The tables of the pieces in one for each judged column: their labels are encoded once more, and brought to their places."""
    told: list[Any] = []
    places: list[list[np.ndarray]] = []  # of each column, in each piece, its labels and last the missing ones
    for at, labels in enumerate(known):
        words, of_pieces = all_labels(labels, [found[at] for found, _ in pieces])
        told.append(words)
        places.append([np.append(place, len(words)) for place in of_pieces])
    n_groups = len(told[0]) if by_group else 0
    tables = []
    for judged in range(by_group, len(known)):
        shape = (n_groups + 1, len(told[judged]) + 1)
        if shape[0] * shape[1] > most_cells:
            return None
        tables.append(np.zeros(shape, dtype=np.int64))
        for number, (_, of_piece) in enumerate(pieces):
            of_groups = places[0][number] if by_group else np.array([0])
            tables[-1][np.ix_(of_groups, places[judged][number])] += of_piece[judged - by_group]
    return told, tables
