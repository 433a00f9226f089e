"""Counting rows by group and grade, or summing their weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from ofsted_sif import _core
from ofsted_sif.counts.arguments import Chunks, as_codes, as_numbers, optional_codes, piece_of, rows_of, size_of
from ofsted_sif.counts.threads import (
    ROWS_OF_A_PIECE,
    ROWS_TAKEN_IN_TURN,
    ROWS_WORTH_A_CELL,
    ROWS_WORTH_A_THREAD,
    WEIGHTS_OF_A_PIECE,
    in_pieces,
    number_of_threads,
)

# A count of few rows takes a microsecond: what it needs is looked up once, here.
_INT64, _ndarray, _zeros, _count_few = np.dtype(np.int64), np.ndarray, np.zeros, _core.count_grades


def count_grades(
    groups: Any,
    grades: Any,
    *,
    n_groups: int | None = None,
    n_grades: int = 4,
    weights: Any = None,
    threads: int | None = None,
) -> Any:
    """Count rows by group and grade.

    Parameters
    ----------
    groups : array_like of int, shape (n,), or None
        Group codes 0 to ``n_groups - 1``, -1 missing. None: one group. Both `groups` and `grades` may also be as Arrow has them:
        ``(codes, bitmap, offset)``, or a list of these, one per chunk; the chunks of the two need not be alike.
    grades : array_like of int, shape (n,)
        Grade codes 0 to ``n_grades - 1``, -1 missing.
    n_groups : int, optional
        Number of groups; by default the largest code and one.
    n_grades : int, default 4
        Number of grades.
    weights : array_like of float, shape (n,), optional
        Weights to sum in place of counting rows; NaN is a missing weight.
    threads : int, optional
        By default one for few rows, else one per core. Counts do not depend on it; sums of weights may differ in the last digit or two.

    Returns
    -------
    ndarray of int64, shape (n_groups + 1, n_grades + 1)
        The last row holds missing groups, the last column missing grades. With ``groups=None`` the shape is ``(n_grades + 1,)``.
        With `weights` a pair of arrays:

        ==========  =======  ================================================================
        name        dtype    meaning
        ==========  =======  ================================================================
        sums        float64  sums of weights, of the shape of the counts
        unweighted  int64    rows without a weight in each group, shape ``(n_groups + 1,)``
        ==========  =======  ================================================================

    Raises
    ------
    ValueError
        For a code out of range, a negative or infinite weight (with ``row`` and ``value`` as attributes), or unlike lengths.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.count_grades([0, 0, 1, -1], [3, 2, -1, 3], n_groups=2)
    array([[0, 0, 1, 1, 0],
           [0, 0, 0, 0, 1],
           [0, 0, 0, 1, 0]])
    """
    is_plain = type(groups) is _ndarray and type(grades) is _ndarray and weights is None and threads is None
    if is_plain and n_groups is not None and grades.size < ROWS_WORTH_A_THREAD:
        try:
            few = _zeros((n_groups + 1, n_grades + 1), _INT64)
            _count_few(groups, n_groups, grades, n_grades, few)
            return few
        except (TypeError, ValueError, BufferError):
            pass  # what follows makes the copies that are needed, or says what is wrong
    return _count_in_pieces(groups, grades, n_groups, n_grades, weights, threads)


def _count_in_pieces(groups: Any, grades: Any, n_groups: int | None, n_grades: int, weights: Any, threads: int | None) -> Any:
    """What `count_grades` does where there are many rows, or where the kernel does not take them as they are."""
    grades = as_codes(grades, "grades")
    n_grades = size_of(grades, n_grades, "n_grades")
    groups, n_groups = optional_codes(groups, "groups", n_groups)
    rows = rows_of(grades)
    shape = (n_groups + 1, n_grades + 1)

    def count(start: int, stop: int) -> list[np.ndarray]:
        whole = start == 0 and stop == rows
        group_piece = groups if whole or groups is None else piece_of(groups, start, stop)
        grade_piece = grades if whole else piece_of(grades, start, stop)
        if weights is None:
            counts = np.zeros(shape, dtype=np.int64)
            _core.count_grades(group_piece, n_groups, grade_piece, n_grades, counts, start)
            return [counts]
        sums, unweighted = np.zeros(shape), np.zeros(shape[0], dtype=np.int64)
        weight_piece = weights[start:stop]
        _core.sum_weights(group_piece, n_groups, grade_piece, n_grades, weight_piece, sums, unweighted, start)
        return [sums, unweighted]

    if weights is not None:
        weights = as_numbers(weights, "weights")
    for name, column in (("groups", groups), ("weights", weights)):
        if column is not None and (length := rows_of(column)) != rows:
            raise ValueError(f"lengths differ: grades has {rows} rows, {name} has {length}")
    n_threads = number_of_threads(threads, rows)
    bounds = {bound for codes in (groups, grades) if isinstance(codes, Chunks) for bound in codes.bounds}
    most = WEIGHTS_OF_A_PIECE
    if weights is None:
        most = min(max(ROWS_TAKEN_IN_TURN, ROWS_WORTH_A_CELL * shape[0] * shape[1]), ROWS_OF_A_PIECE)
    result = count(0, rows) if n_threads == 1 and not bounds else in_pieces(count, rows, n_threads, bounds, most=most)
    if groups is None:
        result[0] = result[0][0]
    return result[0] if weights is None else tuple(result)
