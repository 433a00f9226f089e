"""The kernels on NumPy arrays: plain arrays in, plain arrays out.

A *code* is the position of a value in a list of labels: a grade in its scale (0 is the worst), a group or a provider in its
dictionary; -1 is missing. Codes may be of any integer width, signed or unsigned; contiguous arrays go to C as they lie, others are
copied once. Where `count_grades` takes codes it also takes them as Arrow has them: a tuple (codes, validity bitmap or None, offset in
bits), or a list of such tuples, chunk by chunk. A *day* is a ``datetime64`` or an int64 number of days since 1970-01-01.
"""

from __future__ import annotations

import collections
import math
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from ofsted_sif import _core, machine

__all__ = [
    "Changes",
    "Kendall",
    "changes_as_at",
    "count_as_at",
    "count_grades",
    "count_transitions",
    "kendall",
    "kendall_exact",
    "kendall_of_counts",
    "latest_as_at",
    "order_records",
    "resample_counts",
    "spells",
    "theil_sen",
]

#: A missing day, as int64: that of ``numpy.datetime64("NaT")``. It lies before every day.
NO_DAY = np.iinfo(np.int64).min

# A count of few rows takes a microsecond: what it needs is looked up once, here.
_INT64, _ndarray, _zeros, _count_few = np.dtype(np.int64), np.ndarray, np.zeros, _core.count_grades

# Below this many rows, or providers drawn, a second thread costs more than it saves (measured in tests/benchmarks).
ROWS_WORTH_A_THREAD = 2_000_000
NUMBERS_WORTH_A_THREAD = 250_000
RECORDS_WORTH_A_THREAD = 200_000  # of a grid, and as many as it has cells
SLOPES_WORTH_A_THREAD = 15_000
DRAWS_WORTH_A_THREAD = 20_000_000
ROWS_OF_A_PIECE = 1 << 25
SIZE_WORTH_ASKING = 1 << 26  # bytes that any machine has: how many there are takes longer to find out than a small count
WEIGHTS_OF_A_PIECE = 1 << 22

# Threads take pieces in turn, no larger than this, so that one that is held up leaves more to the others; each piece brings a table.
ROWS_TAKEN_IN_TURN = 1 << 22
ROWS_WORTH_A_CELL = 64

# The most rows of a group for which the distribution of Kendall's S is worked out: SIF_MOST_EXACT.
MOST_EXACT = 20


@dataclass(frozen=True)
class _Chunks:
    """Codes that lie chunk by chunk: the tuples (codes, bitmap, offset), and the rows at which they begin and the last ends."""

    chunks: list[tuple[Any, Any, int]]
    bounds: list[int]


def _codes(values: Any, name: str) -> Any:
    """Contiguous native integers, without a copy where they are so already; codes as Arrow has them pass as they are."""
    if isinstance(values, tuple):
        _check_dimension(values[0] if values else (), name)
        return values
    if isinstance(values, list) and values and isinstance(values[0], tuple):
        for chunk in values:
            _check_dimension(chunk[0], name)
        chunks = [chunk for chunk in values if len(chunk[0])] or values[:1]
        return chunks[0] if len(chunks) == 1 else _Chunks(chunks, [0, *accumulate(len(chunk[0]) for chunk in chunks)])
    if _is_masked(values):  # a signed integer has room for -1; float64, the next after uint64, is refused below
        values = values.astype(np.result_type(values.dtype, np.int8)).filled(-1)
    array = np.asarray(values)
    _check_dimension(array, name)
    if array.dtype.kind not in "iu":
        if array.size:
            raise TypeError(f"{name} must be integer codes, not {array.dtype}")
        array = array.astype(np.int8)
    return _plain(array, array.dtype.newbyteorder("="))


def _check_dimension(values: Any, name: str) -> None:
    dimensions = values.ndim if hasattr(values, "ndim") else np.ndim(values)
    if dimensions != 1:
        raise ValueError(f"{name} must have one dimension, not {dimensions}")


def _is_masked(values: Any) -> bool:
    """Whether numpy.ma hides a value (whose own question takes pandas' arrays, which have a mask too, for its own)."""
    return isinstance(values, np.ma.MaskedArray) and bool(np.ma.is_masked(values))


def _plain(array: Any, dtype: Any) -> np.ndarray:
    """The array as C takes it: contiguous, native and aligned (a memory-mapped file need not be); a copy only where it is not so."""
    plain = np.ascontiguousarray(array, dtype=dtype)
    return plain if plain.flags.aligned else plain.copy()


def _days(values: Any, name: str) -> Any:
    """Int64 days; a datetime64 of any unit is brought to days, and the time of day is dropped."""
    if values is None:
        return None
    if _is_masked(values):
        values = values.filled("NaT") if values.dtype.kind == "M" else values.astype(np.int64).filled(NO_DAY)
    array = np.asarray(values)
    _check_dimension(array, name)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[D]", copy=False).view(np.int64)
    elif array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"{name} must be datetime64 or int64 days, not {array.dtype}")
    elif array.dtype == np.uint64 and (array > np.iinfo(np.int64).max).any():
        raise ValueError(f"{name} has days past 2**63, which are none")
    return _plain(array, np.int64)


def _grid(values: Any, name: str) -> Any:
    """The dates of a grid; none may be missing."""
    grid = _days(values, name)
    if (grid == NO_DAY).any():
        raise ValueError(f"{name}[{int(np.argmax(grid == NO_DAY))}] is missing")
    return grid


def _day(value: Any, name: str) -> int:
    day = int(np.datetime64(value, "D").view(np.int64)) if not isinstance(value, int | np.integer) else int(value)
    if day == NO_DAY:
        raise ValueError(f"{name} is missing")
    return day


def _flags(values: Any, name: str) -> Any:
    if values is None:
        return None
    if _is_masked(values):
        raise ValueError(f"{name}[{int(np.argmax(np.ma.getmaskarray(values)))}] is missing")
    array = np.asarray(values)
    _check_dimension(array, name)
    if array.dtype.kind not in "biu" and array.size:  # NaN and the text "False" would be true
        raise TypeError(f"{name} must be true or false, not {array.dtype}")
    return _plain(array, np.bool_)


def _numbers(values: Any, name: str) -> Any:
    """Float64, missing ones NaN."""
    if _is_masked(values):
        values = values.astype(np.float64).filled(np.nan)
    array = np.asarray(values)
    _check_dimension(array, name)
    if array.dtype.kind == "O" and hasattr(values, "to_numpy"):  # of pandas, whose pd.NA is no number
        array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if array.dtype.kind not in "biufO":
        raise TypeError(f"{name} must be numbers, not {array.dtype}")
    return _plain(array, np.float64)


def _size(codes: Any, given: int | None, name: str) -> int:
    """The number of labels: as given, else what the codes need."""
    if given is not None:
        if given < 0:
            raise ValueError(f"{name} is {given}, which is no size")
        return given
    if isinstance(codes, _Chunks):
        return max(_size(chunk, None, name) for chunk in codes.chunks)
    if isinstance(codes, tuple):
        values, bitmap, offset = codes
        codes = np.asarray(values)
        if bitmap is not None:  # what stands behind a 0 bit is no code
            codes = codes[np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")[offset : offset + len(codes)].view(np.bool_)]
    return max(0, int(codes.max()) + 1) if len(codes) else 0


def _rows(codes: Any) -> int:
    if isinstance(codes, _Chunks):
        return codes.bounds[-1]
    return len(codes[0] if isinstance(codes, tuple) else codes)


def _piece(codes: Any, start: int, stop: int) -> Any:
    """Rows of a column; of chunks rows that lie in one of them."""
    if isinstance(codes, _Chunks):
        at = bisect_right(codes.bounds, start) - 1
        return _piece(codes.chunks[at], start - codes.bounds[at], stop - codes.bounds[at])
    if isinstance(codes, tuple):
        values, bitmap, offset = codes
        return (values[start:stop], bitmap, offset + start)
    return codes[start:stop]


def usable_cores() -> int:
    """How many cores this process may use."""
    return machine.cores()


def check_memory(size: int, what: str, instead: str) -> None:
    """Refuse what this process has no memory for: systems that promise any amount would end the process instead."""
    if size < SIZE_WORTH_ASKING:
        return
    has = machine.memory()
    if has is not None and size > has:
        raise MemoryError(f"{what} take {size / 1e9:,.0f} GB, and this machine has {has / 1e9:,.0f}; {instead}")


def number_of_threads(threads: int | None, rows: int, worth: int = ROWS_WORTH_A_THREAD) -> int:
    """How many threads count so many rows, of which so many are worth one."""
    if threads is None:
        return max(1, min(usable_cores(), rows // worth)) if rows // worth > 1 else 1
    if threads < 1:
        raise ValueError(f"threads is {threads}; 1 or more are needed")
    return max(1, min(threads, rows))


def _in_pieces(
    count: Callable[[int, int], list[np.ndarray]],
    rows: int,
    threads: int,
    also: Iterable[int] = (),
    merge: np.ufunc = np.add,
    most: int = ROWS_OF_A_PIECE,
) -> list[np.ndarray]:
    """Count pieces of at most so many rows in threads, and sum (`merge`) the counts of the pieces; no piece goes beyond a bound of `also`.

    Pieces are no larger than what is counted in a moment: Ctrl-C meets the kernel of this thread, and the rest of the pieces is left.
    """
    number = max(-(-rows // (most * threads)), 1) * threads
    pieces = list(pairwise(sorted({rows * piece // number for piece in range(number + 1)}.union(also))))
    parts: list[Any] = [None] * len(pieces)

    def count_piece(place: int) -> None:
        parts[place] = count(*pieces[place])

    share_out(count_piece, len(pieces), threads)
    total: list[np.ndarray] = parts[0]
    for part in parts[1:]:
        for array, more in zip(total, part, strict=True):
            merge(array, more, out=array)
    return total


def share_out(work: Callable[[int], None], pieces: int, threads: int) -> None:
    """Do the work on piece 0, 1, 2 ... in so many threads, of which this is one; an error is that of the first piece that had one.

    A thread that has waited for others to do all has waited longer than if it had done its part: to wake it takes as long as a small piece.
    """
    waiting = collections.deque(
        range(pieces)
    )  # taken in order: what comes before a piece that fails has been taken, and is done to its end
    errors: dict[int, Exception] = {}

    def take() -> None:
        while waiting:
            try:
                piece = waiting.popleft()
            except IndexError:  # another thread was quicker
                return
            try:
                work(piece)
            except Exception as error:
                errors[piece] = error
                waiting.clear()

    helpers: list[threading.Thread] = []
    try:
        for _ in range(min(threads, pieces) - 1):
            helper = threading.Thread(target=take)
            try:
                helper.start()
            except RuntimeError:  # no more threads are to be had here: those that there are do all
                break
            helpers.append(helper)
        take()
    finally:
        waiting.clear()
        for helper in helpers:
            helper.join()
    if errors:
        raise errors[min(errors)]


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
        Group codes 0 to ``n_groups - 1``, -1 missing. None: one group. Like `grades` also as Arrow has them: ``(codes, bitmap, offset)``,
        or a list of those, a chunk each; the chunks of the two need not be alike.
    grades : array_like of int, shape (n,)
        Grade codes 0 to ``n_grades - 1``, -1 missing.
    n_groups : int, optional
        Number of groups; by default the largest code and one.
    n_grades : int, default 4
        Number of grades.
    weights : array_like of float, shape (n,), optional
        Weights to sum in place of counting rows; NaN is a missing weight.
    threads : int, optional
        By default one for few rows, else one a core. Counts are the same for any number; sums of weights to the last digit or two.

    Returns
    -------
    ndarray of int64, shape (n_groups + 1, n_grades + 1)
        The last row holds missing groups, the last column missing grades. With ``groups=None`` the shape is ``(n_grades + 1,)``.
        With `weights` a pair: sums (float64), and the number of rows without a weight in each group, shape ``(n_groups + 1,)``.

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
    """What `count_grades` does with what is not a few rows as the kernel takes them."""
    grades = _codes(grades, "grades")
    n_grades = _size(grades, n_grades, "n_grades")
    if groups is None:
        n_groups = 0
    else:
        groups = _codes(groups, "groups")
        n_groups = _size(groups, n_groups, "n_groups")
    rows = _rows(grades)
    shape = (n_groups + 1, n_grades + 1)

    def count(start: int, stop: int) -> list[np.ndarray]:
        whole = start == 0 and stop == rows
        group_piece = groups if whole or groups is None else _piece(groups, start, stop)
        grade_piece = grades if whole else _piece(grades, start, stop)
        if weights is None:
            counts = np.zeros(shape, dtype=np.int64)
            _core.count_grades(group_piece, n_groups, grade_piece, n_grades, counts, start)
            return [counts]
        sums, unweighted = np.zeros(shape), np.zeros(shape[0], dtype=np.int64)
        weight_piece = weights[start:stop]
        _core.sum_weights(group_piece, n_groups, grade_piece, n_grades, weight_piece, sums, unweighted, start)
        return [sums, unweighted]

    if weights is not None:
        weights = _numbers(weights, "weights")
    for name, column in (("groups", groups), ("weights", weights)):
        if column is not None and (length := _rows(column)) != rows:
            raise ValueError(f"lengths differ: grades has {rows} rows, {name} has {length}")
    n_threads = number_of_threads(threads, rows)
    bounds = {bound for codes in (groups, grades) if isinstance(codes, _Chunks) for bound in codes.bounds}
    most = WEIGHTS_OF_A_PIECE
    if weights is None:
        most = min(max(ROWS_TAKEN_IN_TURN, ROWS_WORTH_A_CELL * shape[0] * shape[1]), ROWS_OF_A_PIECE)
    result = count(0, rows) if n_threads == 1 and not bounds else _in_pieces(count, rows, n_threads, bounds, most=most)
    if groups is None:
        result[0] = result[0][0]
    return result[0] if weights is None else tuple(result)


def _records(
    provider: Any, n_providers: int | None, held: Any, published: Any, eligible: Any, opened: Any, closed: Any
) -> tuple[Any, int, Any, Any, Any, Any, Any]:
    provider = _codes(provider, "provider")
    n_providers = _size(provider, n_providers, "n_providers")
    return (
        provider,
        n_providers,
        _days(held, "held"),
        _days(published, "published"),
        _flags(eligible, "eligible"),
        _days(opened, "opened"),
        _days(closed, "closed"),
    )


def _in_order(kernel: Callable[[Any], list[np.ndarray]], records: tuple[Any, int, Any, Any, Any, Any, Any], order: Any) -> list[np.ndarray]:
    """What a kernel gives that takes records in order; it finds out by the way whether they lie so, and they are ordered only if not."""
    if order is None:
        try:
            return kernel(None)
        except ValueError as error:
            if getattr(error, "reason", None) != "unordered":
                raise
        order = np.empty(len(records[2]), dtype=np.int64)
        _core.order_records(*records, order)
    return kernel(_plain(_codes(order, "order"), np.int64))


def _in_order_by_threads(
    kernel: Callable[[Any, int, int], list[np.ndarray]],
    records: tuple[Any, int, Any, Any, Any, Any, Any],
    order: Any,
    threads: int,
    merge: np.ufunc = np.add,
    most: int = ROWS_OF_A_PIECE,
) -> list[np.ndarray]:
    """The same with a kernel that takes its share of the order, the providers that begin at places start to stop."""
    rows = len(records[2])

    def all_pieces(order: Any) -> list[np.ndarray]:
        if threads == 1:
            return kernel(order, 0, rows)
        return _in_pieces(lambda start, stop: kernel(order, start, stop), rows, threads, merge=merge, most=most)

    return _in_order(all_pieces, records, order)


def _by_threads_if_in_order(count: Callable[[int, int], list[np.ndarray]], rows: int, order: Any, threads: int) -> np.ndarray:
    """What a kernel counts that itself orders records, in one thread; as they lie, or by `order`, threads take a share each."""
    if threads > 1:
        try:
            return _in_pieces(count, rows, threads)[0]
        except ValueError as error:
            if order is not None or getattr(error, "reason", None) != "unordered":
                raise
    return count(0, rows)[0]


def order_records(provider: Any, held: Any, published: Any = None, *, n_providers: int | None = None) -> tuple[np.ndarray, bool]:
    """Order records by provider and date, stably.

    Parameters
    ----------
    provider : array_like of int, shape (n,)
        Provider codes; none may be missing.
    held : array_like of datetime64 or int, shape (n,)
        Day of the inspection. Where it is missing the publication takes its place.
    published : array_like of datetime64 or int, shape (n,), optional
        Day of publication: decides between inspections of one day; missing ones come first.
    n_providers : int, optional
        Number of providers; by default the largest code and one.

    Returns
    -------
    order : ndarray of int64, shape (n,)
        The rows in their order; equal rows keep theirs.
    already : bool
        Whether the rows lay so already; then `order` is 0, 1, 2, ...

    Raises
    ------
    ValueError
        For a provider that is missing or out of range, or a row with neither date; the row is named.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.order_records([1, 0, 1], [30, 20, 10])
    (array([1, 2, 0]), False)
    """
    records = _records(provider, n_providers, held, published, None, None, None)
    order = np.empty(len(records[2]), dtype=np.int64)
    already = _core.order_records(*records, order)
    return order, already


def latest_as_at(
    provider: Any,
    held: Any,
    published: Any,
    date: Any,
    cutoff: Any = None,
    *,
    n_providers: int | None = None,
    eligible: Any = None,
    opened: Any = None,
    closed: Any = None,
) -> np.ndarray:
    """Find the row of each provider's most recent record as at a date.

    Parameters
    ----------
    provider : array_like of int, shape (n,)
        Provider codes; none may be missing.
    held, published : array_like of datetime64 or int, shape (n,)
        Day of the inspection and of its report; `published` may be None. A missing day lies before every day.
    date : datetime64 or int
        The date; records held after it do not count.
    cutoff : datetime64 or int, optional
        Records published after it do not count; by default `date`.
    n_providers : int, optional
        Number of providers; by default the largest code and one.
    eligible : array_like of bool, shape (n,), optional
        Records that may count; by default all.
    opened, closed : array_like of datetime64 or int, shape (n_providers,), optional
        A provider is open on [opened, closed); missing is no bound.

    Returns
    -------
    ndarray of int64, shape (n_providers,)
        The row, or -1 where there is none or the provider is not open. Latest by `held`, then `published`, then position.

    Raises
    ------
    ValueError
        For a provider out of range or a row with neither date; the row is named.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.latest_as_at([0, 0, 1], [10, 20, 30], [15, 99, 31], date=40, cutoff=50)
    array([0, 2])
    """
    records = _records(provider, n_providers, held, published, eligible, opened, closed)
    rows = np.empty(records[1], dtype=np.int64)
    _core.latest_as_at(*records, _day(date, "date"), _day(date if cutoff is None else cutoff, "cutoff"), rows)
    return rows


def count_as_at(
    provider: Any,
    held: Any,
    published: Any,
    groups: Any,
    grades: Any,
    dates: Any,
    cutoffs: Any = None,
    *,
    order: Any = None,
    n_providers: int | None = None,
    n_groups: int | None = None,
    n_grades: int = 4,
    eligible: Any = None,
    opened: Any = None,
    closed: Any = None,
    expires: Any = None,
    threads: int | None = None,
) -> np.ndarray:
    """Count the records in force by group and grade for each date of a grid.

    Parameters
    ----------
    provider, held, published, eligible, opened, closed, n_providers
        As for `latest_as_at`.
    groups : array_like of int, shape (n,), or None
        Group code of each record; None for one group.
    grades : array_like of int, shape (n,)
        Grade code of each record.
    dates, cutoffs : array_like of datetime64 or int, shape (n_dates,)
        The grid, neither decreasing; cut-offs are the dates by default.
    order : array_like of int, shape (n,), optional
        The rows in order of provider and date, as `order_records` gives them. By default they are ordered here, unless they lie so
        already.
    n_groups, n_grades : int
        As for `count_grades`.
    expires : array_like of datetime64 or int, shape (n,), optional
        Last day on which a record's grade counts; after it the grade is missing. A missing day: for ever.
    threads : int, optional
        By default one for few records, else one a core. Records that have to be ordered first are counted by one.

    Returns
    -------
    ndarray of int64, shape (n_dates, n_groups + 1, n_grades + 1)
        The last group and the last grade are the missing ones.

    Raises
    ------
    ValueError
        For a code out of range, a row with neither date, rows out of the order claimed, or a grid that decreases.
    MemoryError
        Where the counts would not fit into this machine's memory; `changes_as_at` gives what the dates change in them.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.count_as_at([0, 0], [10, 20], [11, 21], None, [1, 3], dates=[5, 15, 25])[:, 0]
    array([[0, 0, 0, 0, 0],
           [0, 1, 0, 0, 0],
           [0, 0, 0, 1, 0]])
    """
    asked, shape = _asked(
        (provider, n_providers, held, published, eligible, opened, closed),
        order,
        groups,
        n_groups,
        grades,
        n_grades,
        expires,
        dates,
        cutoffs,
    )
    rows, cells = len(asked[2]), math.prod(shape)
    # The counts, and half as much again for the changes from which they are made.
    check_memory(
        cells * 12,
        f"counts of {shape[0]:,} dates x {shape[1]:,} groups x {shape[2]} grades",
        "changes_as_at needs far less",
    )
    kernel: Callable[..., None] = _core.count_as_at

    def count(start: int, stop: int) -> list[np.ndarray]:
        counts = np.empty(shape, dtype=np.int64)
        kernel(*asked, counts, start, stop)
        return [counts]

    return _by_threads_if_in_order(count, rows, order, number_of_threads(threads, rows, max(RECORDS_WORTH_A_THREAD, cells)))


class Changes(NamedTuple):
    """What each date of a grid changes in the counts of records in force: a row a change, by group, date and grade; none is 0.

    Attributes
    ----------
    group : ndarray of int64
        Group code, -1 for missing, which comes last.
    date : ndarray of int64
        Position in the grid.
    grade : ndarray of int64
        Grade code, -1 for missing, which comes last.
    change : ndarray of int64
        Count on this date less the count on the date before, or less 0 on the first.
    """

    group: np.ndarray
    date: np.ndarray
    grade: np.ndarray
    change: np.ndarray


def changes_as_at(
    provider: Any,
    held: Any,
    published: Any,
    groups: Any,
    grades: Any,
    dates: Any,
    cutoffs: Any = None,
    *,
    order: Any = None,
    n_providers: int | None = None,
    n_groups: int | None = None,
    n_grades: int = 4,
    eligible: Any = None,
    opened: Any = None,
    closed: Any = None,
    expires: Any = None,
) -> Changes:
    """Find what each date of a grid changes in the counts that `count_as_at` gives, without making them.

    Memory goes with the records, not with dates x groups: for grids whose counts would be mostly the same or 0.

    Parameters
    ----------
    provider, held, published, groups, grades, dates, cutoffs, order, n_providers, n_groups, n_grades, eligible, opened, closed, expires
        As for `count_as_at`.

    Returns
    -------
    Changes
        Arrays group, date, grade, change: at most two changes a record, four with `expires`. Their sums by date are the counts. Changes of
        pieces that split between providers are merged by adding those of the same group, date and grade.

    Raises
    ------
    ValueError
        As for `count_as_at`.

    Notes
    -----
    Takes some 40 bytes a record while it works, 72 with `expires`, and 32 bytes a change for the result.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> found = counts.changes_as_at([0, 0], [10, 20], [11, 21], None, [1, 3], dates=[5, 15, 25])
    >>> list(zip(found.date.tolist(), found.grade.tolist(), found.change.tolist()))
    [(1, 1, 1), (2, 1, -1), (2, 3, 1)]
    """
    asked, shape = _asked(
        (provider, n_providers, held, published, eligible, opened, closed),
        order,
        groups,
        n_groups,
        grades,
        n_grades,
        expires,
        dates,
        cutoffs,
    )
    cells, change = np.empty((2, len(asked[2]) * (2 if expires is None else 4)), dtype=np.int64)
    kernel: Callable[..., int] = _core.changes_as_at
    found = kernel(*asked, cells, change)
    of_group, grade = np.divmod(cells[:found], shape[2])
    group, date = np.divmod(of_group, max(shape[0], 1))
    group[group == shape[1] - 1] = -1
    grade[grade == shape[2] - 1] = -1
    return Changes(group, date, grade, change[:found].copy())


def _asked(
    records: tuple[Any, ...],
    order: Any,
    groups: Any,
    n_groups: int | None,
    grades: Any,
    n_grades: int,
    expires: Any,
    dates: Any,
    cutoffs: Any,
) -> tuple[Any, tuple[int, int, int]]:
    """The arguments of a kernel of grids but for its outputs, and the shape of the counts."""
    taken = _records(*records)
    if groups is not None:
        groups = _codes(groups, "groups")
    n_groups = 0 if groups is None else _size(groups, n_groups, "n_groups")
    dates = _grid(dates, "dates")
    cutoffs = dates if cutoffs is None else _grid(cutoffs, "cutoffs")
    order = None if order is None else _plain(_codes(order, "order"), np.int64)
    grades = _codes(grades, "grades")
    n_grades = _size(grades, n_grades, "n_grades")
    asked = (*taken, order, groups, n_groups, grades, n_grades, _days(expires, "expires"), dates, cutoffs)
    return asked, (len(dates), n_groups + 1, n_grades + 1)


def count_transitions(
    provider: Any,
    held: Any,
    published: Any,
    groups: Any,
    grades: Any,
    *,
    periods: Any = None,
    order: Any = None,
    n_providers: int | None = None,
    n_groups: int | None = None,
    n_periods: int | None = None,
    n_grades: int = 4,
    eligible: Any = None,
    threads: int | None = None,
) -> np.ndarray:
    """Count from which grade to which consecutive inspections of a provider go.

    Parameters
    ----------
    provider, held, published, eligible, n_providers
        As for `latest_as_at`. Of several eligible records of a provider on one day the last counts: by publication, then position.
    groups, periods : array_like of int, shape (n,), or None
        Group and period code of each record; a transition is counted by those of its later record.
    grades : array_like of int, shape (n,)
        Grade code of each record.
    order
        As for `count_as_at`.
    n_groups, n_periods, n_grades : int
        As for `count_grades`.
    threads : int, optional
        By default one for few rows, else one a core; the counts are the same.

    Returns
    -------
    ndarray of int64, shape (n_groups + 1, n_periods + 1, n_grades + 1, n_grades + 1)
        By group, period, grade before and grade after; the last of each is the missing one.

    Raises
    ------
    ValueError
        For a code out of range (of any row, eligible or not), a row with neither date, or rows out of the order claimed.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.count_transitions([0, 0, 0, 1], [10, 20, 30, 5], None, None, [1, 2, 2, 3])[0, 0]
    array([[0, 0, 0, 0, 0],
           [0, 0, 1, 0, 0],
           [0, 0, 1, 0, 0],
           [0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0]])
    """
    records = _records(provider, n_providers, held, published, eligible, None, None)
    groups = None if groups is None else _codes(groups, "groups")
    periods = None if periods is None else _codes(periods, "periods")
    n_groups = 0 if groups is None else _size(groups, n_groups, "n_groups")
    n_periods = 0 if periods is None else _size(periods, n_periods, "n_periods")
    grades = _codes(grades, "grades")
    n_grades = _size(grades, n_grades, "n_grades")

    order = None if order is None else _plain(_codes(order, "order"), np.int64)
    rows = len(records[2])

    def count(start: int, stop: int) -> list[np.ndarray]:
        counts = np.empty((n_groups + 1, n_periods + 1, n_grades + 1, n_grades + 1), dtype=np.int64)
        _core.count_transitions(*records, order, groups, n_groups, periods, n_periods, grades, n_grades, counts, start, stop)
        return [counts]

    return _by_threads_if_in_order(count, rows, order, number_of_threads(threads, rows))


def spells(
    provider: Any,
    held: Any,
    published: Any,
    grades: Any,
    until: Any,
    *,
    order: Any = None,
    n_providers: int | None = None,
    n_grades: int = 4,
    eligible: Any = None,
    opened: Any = None,
    closed: Any = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find how long each grade was held.

    Parameters
    ----------
    provider, held, published, eligible, opened, closed, n_providers
        As for `latest_as_at`. A record counts from the opening of its provider where that is later; of several that count from one
        day the last counts.
    grades : array_like of int, shape (n,)
        Grade code of each record; a record without a grade takes no part.
    until : datetime64 or int
        The last day of observation; records after it take no part.
    order
        As for `count_as_at`.
    n_grades : int
        As for `count_grades`.

    Returns
    -------
    rows, ended_by, start, end : ndarray of int64, shape (n_spells,)
        The row that began each spell, the row that ended it (-1: the end of observation, which is `until` or the closing of the provider),
        and the days of both; in order of provider and time. A record of the same grade continues a spell.

    Raises
    ------
    ValueError
        For a code out of range, a row with neither date, rows out of the order claimed, or a record after its provider has closed, which
        would make a negative duration; the row is named.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.spells([0, 0, 0, 1], [10, 20, 30, 5], None, [1, 1, 3, 2], until=100)
    (array([0, 2, 3]), array([ 2, -1, -1]), array([10, 30,  5]), array([ 30, 100, 100]))
    """
    records = _records(provider, n_providers, held, published, eligible, opened, closed)
    grades = _codes(grades, "grades")
    until = _day(until, "until")

    def find(order: Any) -> list[np.ndarray]:
        results = np.empty((4, len(records[2])), dtype=np.int64)
        n = _core.spells(*records, order, grades, n_grades, until, *results)
        return list(results[:, :n] if 2 * n >= results.shape[1] else results[:, :n].copy())  # not to hold much more than is wanted

    rows, ended_by, start, end = _in_order(find, records, order)
    return rows, ended_by, start, end


# ---- trends


class Kendall(NamedTuple):
    """What `kendall` finds, an array of shape (n_groups,) each.

    Attributes
    ----------
    n : ndarray of int64
        Rows that took part.
    s : ndarray of int64
        Sum of the sign of (later - earlier) over all pairs of rows on different days.
    variance : ndarray of float64
        Variance of `s` where there is no trend, given the ties; NaN below 2 rows.
    tau : ndarray of float64
        Kendall's tau-b, s / most; NaN where all values, or all days, are the same.
    most : ndarray of float64
        Geometric mean of the numbers of pairs with different values and with different days.
    pairs : ndarray of int64
        Pairs of rows on different days.
    runs : ndarray of int64
        How the values fall into runs of equals, for `kendall_exact`; 0 where that does not apply.
    """

    n: np.ndarray
    s: np.ndarray
    variance: np.ndarray
    tau: np.ndarray
    most: np.ndarray
    pairs: np.ndarray
    runs: np.ndarray


def _dated(groups: Any, days: Any, n_groups: int | None) -> tuple[Any, int, Any, None, None, None, None]:
    """Dated rows as the records that they are: the group for provider, the day for held."""
    days = _days(days, "days")
    if groups is None:
        return np.zeros(len(days), dtype=np.int8), 1, days, None, None, None, None
    groups = _codes(groups, "groups")
    return groups, _size(groups, n_groups, "n_groups"), days, None, None, None, None


def kendall(
    groups: Any,
    days: Any,
    values: Any,
    *,
    n_grades: int | None = None,
    n_groups: int | None = None,
    order: Any = None,
    threads: int | None = None,
) -> Kendall:
    """Compute Kendall's S of values against days, with its variance and tau-b, for each group.

    Parameters
    ----------
    groups : array_like of int, shape (n,), or None
        Group codes 0 to ``n_groups - 1``; none may be missing. None: one group.
    days : array_like of datetime64 or int, shape (n,)
        Day of each row; none may be missing.
    values : array_like, shape (n,)
        Grade codes where `n_grades` is given (-1 missing, takes no part), else finite numbers.
    n_grades : int, optional
        Number of grades.
    n_groups : int, optional
        Number of groups; by default the largest code and one.
    order : array_like of int, shape (n,), optional
        The rows in order of group and day, as `order_records` gives them. By default they are ordered here, unless they lie so already.
    threads : int, optional
        By default one for few rows, else one a core, at work on different groups; the results are the same.

    Returns
    -------
    Kendall
        Arrays n, s, variance, tau, most, pairs, runs, each of shape (n_groups,).

    Raises
    ------
    ValueError
        For a code out of range, a missing day, a number that is NaN or infinite; the row is named.

    Notes
    -----
    With t the numbers of equal values and u the numbers of rows of one day, the variance is
    ``[n(n-1)(2n+5) - Σt(t-1)(2t+5) - Σu(u-1)(2u+5)] / 18 + Σt(t-1)(t-2) Σu(u-1)(u-2) / 9n(n-1)(n-2) + Σt(t-1) Σu(u-1) / 2n(n-1)``,
    and tau-b is ``S / √((n0 - Σt(t-1)/2)(n0 - Σu(u-1)/2))`` with ``n0 = n(n-1)/2`` (Kendall, Rank Correlation Methods, 4th ed. 1975,
    sections 3 and 4). S of grades takes n x grades steps, that of numbers n log n (Knight 1966, JASA 61, 436-439).

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> found = counts.kendall(None, [10, 20, 30, 40], [0, 1, 1, 3], n_grades=4)
    >>> found.s.item(), round(found.variance.item(), 3), round(found.tau.item(), 3)
    (5, 7.667, 0.913)
    """
    records = _dated(groups, days, n_groups)
    groups, n_groups, days = records[:3]
    values = _numbers(values, "values") if n_grades is None else _codes(values, "values")

    def add(order: Any, start: int, stop: int) -> list[np.ndarray]:
        sums, cubes = np.zeros((n_groups, 5), dtype=np.int64), np.zeros((n_groups, 2))
        if n_grades is None:
            _core.kendall_values(order, groups, n_groups, days, values, sums, cubes, start, stop)
        else:
            _core.kendall_grades(order, groups, n_groups, days, values, n_grades, sums, cubes, start, stop)
        return [sums, cubes]

    worth = ROWS_WORTH_A_THREAD if n_grades is not None else NUMBERS_WORTH_A_THREAD
    n_threads = min(number_of_threads(threads, len(days), worth), max(1, n_groups))  # a group is one thread's
    most = max(4 * worth, len(days) // 64)  # each piece has sums for all groups: not too many
    sums, cubes = _in_order_by_threads(add, records, order, n_threads, most=most)
    return _kendall(sums, cubes)


def _kendall(sums: np.ndarray, cubes: np.ndarray) -> Kendall:
    """Variance and tau-b of S, from the kernel's sums (see sif.h)."""
    n, s, value_ties, day_ties, runs = np.ascontiguousarray(sums.T)
    value_cubes, day_cubes = cubes.T
    size = n.astype(np.float64)
    pairs, triples = n * (n - 1), size * (size - 1) * (size - 2)
    # t(t-1)(2t+5) is 2 t(t-1)(t-2) + 9 t(t-1).
    with np.errstate(divide="ignore", invalid="ignore"):
        untied = (2 * (triples - value_cubes - day_cubes) + 9 * (pairs - value_ties - day_ties)) / 18
        cubed = np.where(n > 2, value_cubes * day_cubes / (9 * triples), 0.0)
        variance = np.where(n > 1, untied + cubed + value_ties.astype(np.float64) * day_ties / (2 * pairs), np.nan)
        most = np.sqrt((pairs - value_ties).astype(np.float64) * (pairs - day_ties)) / 2
        variance[(n > 1) & (most == 0)] = 0  # where all are tied, the terms cancel but for their rounding
        tau = np.where(most > 0, s / most, np.nan)
    return Kendall(n, s, variance, tau, most, (pairs - day_ties) // 2, runs)


def kendall_of_counts(groups: Any, days: Any, grades: Any, rows: Any, *, n_grades: int, n_groups: int) -> Kendall:
    """What `kendall` gives, from numbers of rows by group, day and grade.

    These add up: counts of pieces of the rows, summed, give the S of the whole.

    Parameters
    ----------
    groups, days, grades : array_like of int, shape (n_cells,)
        Group code, day and grade code of each cell, none missing. Cells may repeat.
    rows : array_like of int, shape (n_cells,)
        How many rows a cell stands for.
    n_grades, n_groups : int
        As for `kendall`.

    Returns
    -------
    Kendall
        As `kendall` gives it.

    Raises
    ------
    ValueError
        For a code that is missing or out of range; its cell is named.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.kendall_of_counts([0, 0, 0], [10, 10, 20], [0, 1, 1], [2, 1, 3], n_grades=4, n_groups=1).s.item()
    6
    """
    cells = {"groups": groups, "grades": grades, "rows": rows}
    groups, grades, rows = (_plain(_codes(values, name), np.int64) for name, values in cells.items())
    for name, codes, size in (("groups", groups, n_groups), ("grades", grades, n_grades)):
        if (wrong := (codes < 0) | (codes >= size)).any():
            cell = int(np.argmax(wrong))
            raise ValueError(f"{name}, cell {cell}: code {codes[cell]} is outside 0 .. {size - 1}")
    days = _days(days, "days")
    order = np.lexsort((days, groups))
    group, day = groups[order], days[order]
    begins = np.append(True, (group[1:] != group[:-1]) | (day[1:] != day[:-1]))[: len(order)]
    # A line a group and day, in order; how many rows of each grade lie in it, and before it in its group.
    table = np.zeros((int(begins.sum()), n_grades), dtype=np.int64)
    np.add.at(table, (np.cumsum(begins) - 1, grades[order]), rows[order])
    of = group[begins]
    before = np.cumsum(table, axis=0) - table
    before -= before[np.searchsorted(of, of)]
    worse = np.cumsum(before, axis=1) - before
    better = before.sum(axis=1, keepdims=True) - worse - before

    def summed(lines: np.ndarray) -> np.ndarray:
        result = np.zeros((n_groups, *lines.shape[1:]), dtype=lines.dtype)
        np.add.at(result, of, lines)
        return result

    by_grade, of_day = summed(table), table.sum(axis=1)
    n = by_grade.sum(axis=1)
    sums, cubes = np.zeros((n_groups, 5), dtype=np.int64), np.zeros((n_groups, 2))
    sums[:, 0], sums[:, 1] = n, summed((table * (worse - better)).sum(axis=1))
    sums[:, 2], sums[:, 3] = (by_grade * (by_grade - 1)).sum(axis=1), summed(of_day * (of_day - 1))
    cubes[:, 0], cubes[:, 1] = _triples(by_grade).sum(axis=1), summed(_triples(of_day))
    small = np.flatnonzero((n <= MOST_EXACT) & (sums[:, 3] == 0))
    runs = -np.sort(-by_grade[small], axis=1)
    ends = np.where(runs > 0, np.int64(1) << np.maximum(np.cumsum(runs, axis=1) - 1, 0), 0)
    sums[small, 4] = np.bitwise_or.reduce(ends, axis=1)
    return _kendall(sums, cubes)


def _triples(numbers: np.ndarray) -> np.ndarray:
    of = numbers.astype(np.float64)
    return of * (of - 1) * (of - 2)


def kendall_exact(runs: Any, s: Any) -> tuple[np.ndarray, np.ndarray]:
    """Compute exact probabilities of Kendall's S where every order of the values is as likely, given their ties.

    Parameters
    ----------
    runs, s : array_like of int, shape (n,)
        As `kendall` gives them, for groups of at most 20 rows on different days.

    Returns
    -------
    above, at : ndarray of float64, shape (n,)
        The probability of a larger S, and that of this S. Below s lies ``1 - above - at``; the distribution is symmetric.

    Raises
    ------
    ValueError
        For runs that are 0 or too long, or an s that no order of the values has.

    Notes
    -----
    The numbers of orders by discordant pairs are the coefficients of the q-multinomial ``[n]! / Π [t]!``, a product of Gaussian
    binomials (MacMahon 1916; for Kendall's S with one ranking tied: Sillitto 1947, Biometrika 34, 36-40).

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> found = counts.kendall(None, [10, 20, 30, 40], [0, 1, 1, 3], n_grades=4)
    >>> above, at = counts.kendall_exact(found.runs, found.s)
    >>> above.item(), at.item() == 1 / 12
    (0.0, True)
    """
    runs, s = _plain(_codes(runs, "runs"), np.int64), _plain(_codes(s, "s"), np.int64)
    # Cases of the same ties stand together, so that the kernel works out each distribution once.
    order = np.argsort(runs, kind="stable")
    above, at, sorted_above, sorted_at = np.empty((4, len(runs)))
    _core.kendall_exact(runs[order], s[order], sorted_above, sorted_at)
    above[order], at[order] = sorted_above, sorted_at
    return above, at


def theil_sen(
    groups: Any, days: Any, values: Any, ranks: Any, *, n_groups: int | None = None, order: Any = None, threads: int | None = None
) -> np.ndarray:
    """Find the slopes of given ranks among those of all pairs of rows of a group that lie on different days.

    Parameters
    ----------
    groups, days, n_groups, order, threads
        As for `kendall`.
    values : array_like of float, shape (n,)
        Finite numbers.
    ranks : array_like of int, shape (n_groups, n_ranks)
        Ranks, 0 for the least slope.

    Returns
    -------
    ndarray of float64, shape (n_groups, n_ranks)
        Slopes in units of value a day, each exactly that of a pair; NaN where a group has no slope of that rank.

    Raises
    ------
    ValueError
        As for `kendall`.

    Notes
    -----
    No list of slopes is made: memory is 0.3 MB and 64 bytes a row. A bracket around the rank is narrowed by samples, its slopes are counted
    as inversions (Matousek 1991, Inf. Process. Lett. 39, 183-187), so that time grows hardly faster than the rows; as their square only
    where one slope is that of a large part of all pairs, as among grades.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.theil_sen(None, [0, 1, 2], [0.0, 3.0, 4.0], [[0, 1, 2]])
    array([[1., 2., 3.]])
    """
    records = _dated(groups, days, n_groups)
    groups, n_groups, days = records[:3]
    values, ranks = _numbers(values, "values"), _plain(ranks, np.int64)

    def find(order: Any, start: int, stop: int) -> list[np.ndarray]:
        slopes = np.empty(ranks.shape)
        _core.theil_sen(order, groups, n_groups, days, values, ranks.shape[1], ranks, slopes, start, stop)
        return [slopes]

    n_threads = min(number_of_threads(threads, len(days), SLOPES_WORTH_A_THREAD), max(1, n_groups))  # a group is one thread's
    most = max(50_000, len(days) // 64)  # each piece has slopes for all groups: not too many
    return _in_order_by_threads(find, records, order, n_threads, np.fmax, most)[0]  # a group is NaN in all pieces but its own


def _profiles(provider: np.ndarray, cell: np.ndarray, n_providers: int, n_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The profile of each provider, equal for those with the same cells as often; and rows in order of provider and cell."""
    order = np.lexsort((cell, provider))
    rows_of = np.bincount(provider, minlength=n_providers)
    start = np.concatenate([[0], np.cumsum(rows_of)])
    profile = np.zeros(n_providers, dtype=np.int64)
    # A provider is told apart by its first row, then by its second with what the first told, and so on.
    longer, known = np.flatnonzero(rows_of > 0), 1
    position = 0
    while len(longer):
        said = profile[longer] * n_cells + cell[order[start[longer] + position]]
        distinct, codes = np.unique(said, return_inverse=True)
        profile[longer] = known + codes.reshape(-1)
        known += len(distinct)
        position += 1
        longer = longer[rows_of[longer] > position]
    return profile, order


def resample_counts(
    provider: Any,
    groups: Any,
    grades: Any,
    n_replicates: int,
    seed: int,
    *,
    n_providers: int | None = None,
    n_groups: int | None = None,
    n_grades: int = 4,
    threads: int | None = None,
    watch: Callable[[int], object] | None = None,
) -> np.ndarray:
    """Count rows by group and grade in replicates of the bootstrap by provider.

    A replicate draws as many providers as there are, with replacement, each with all its rows.

    Parameters
    ----------
    provider : array_like of int, shape (n,)
        Provider codes; none may be missing.
    groups, grades, n_groups, n_grades
        As for `count_grades`.
    n_replicates : int
        Number of replicates.
    seed : int
        0 to 2**64 - 1. Replicate r of a seed is the same whatever the number of replicates and threads.
    n_providers : int, optional
        Number of providers, those without rows included; by default the largest code and one.
    threads : int, optional
        By default one a core where the work is worth it.
    watch : callable, optional
        Called with the number of replicates done since the call before.

    Returns
    -------
    ndarray of int64, shape (n_replicates, n_groups + 1, n_grades + 1)
        As `count_grades` gives them; with ``groups=None`` the shape is ``(n_replicates, n_grades + 1)``.

    Raises
    ------
    ValueError
        For a code out of range.

    Notes
    -----
    The generator is xoshiro256++ (Blackman and Vigna 2021, doi 10.1145/3460772), seeded for each replicate by SplitMix64.

    Examples
    --------
    >>> from ofsted_sif import counts
    >>> counts.resample_counts([0, 0, 1], None, [3, 2, 0], n_replicates=3, seed=8).sum(axis=1) <= 4
    array([ True,  True,  True])
    """
    provider, grades = _codes(provider, "provider"), _codes(grades, "grades")
    n_providers, n_grades = _size(provider, n_providers, "n_providers"), _size(grades, n_grades, "n_grades")
    n_replicates = _size((), n_replicates, "n_replicates")
    groups = None if groups is None else _codes(groups, "groups")
    n_groups = 0 if groups is None else _size(groups, n_groups, "n_groups")
    for name, codes, size, least in (
        ("provider", provider, n_providers, 0),
        ("grades", grades, n_grades, -1),
        ("groups", groups, n_groups, -1),
    ):
        if codes is None:
            continue
        if len(codes) != len(provider):
            raise ValueError(f"lengths differ: provider has {len(provider)} rows, {name} has {len(codes)}")
        if (wrong := (codes < least) | (codes >= size)).any():
            row = int(np.argmax(wrong))
            raise ValueError(f"{name}, row {row}: code {codes[row]} is outside {least} .. {size - 1}")
    provider = provider.astype(np.int64, copy=False)  # NumPy before 2 counts no uint64
    n_cells = (n_groups + 1) * (n_grades + 1)
    group = np.int64(n_groups) if groups is None else np.where(groups < 0, n_groups, groups).astype(np.int64)
    cell = group * (n_grades + 1) + np.where(grades < 0, n_grades, grades).astype(np.int64)
    profile, order = _profiles(provider, cell, n_providers, n_cells)
    # The rows of one provider stand for those of its whole profile.
    members = np.bincount(profile, minlength=1)
    sample = np.full(len(members), -1)
    sample[profile] = np.arange(n_providers)
    stands = order[sample[profile[provider[order]]] == provider[order]]
    key, count = np.unique(profile[provider[stands]] * n_cells + cell[stands], return_counts=True)
    entries = np.searchsorted(key, np.arange(len(members) + 1) * n_cells)
    cells = key % n_cells
    resampled = np.empty((n_replicates, n_cells), dtype=np.int64)

    def draw(start: int, stop: int) -> None:
        _core.resample_counts(members, entries, cells, count, n_cells, seed, start, stop - start, resampled[start:stop])

    if threads is None:
        threads = usable_cores() if n_replicates * n_providers >= DRAWS_WORTH_A_THREAD else 1
    n_threads = number_of_threads(threads, n_replicates)
    # Pieces small enough to answer for, large enough not to be felt.
    step = max(1, min(-(-n_replicates // n_threads), 50_000_000 // max(1, n_providers)))
    bounds = [*range(0, n_replicates, step), n_replicates]
    pieces = list(pairwise(bounds))
    one_at_a_time = threading.Lock()

    def draw_piece(place: int) -> None:
        draw(*pieces[place])
        if watch is not None:
            with one_at_a_time:
                watch(pieces[place][1] - pieces[place][0])

    share_out(draw_piece, len(pieces), n_threads)
    return resampled.reshape(n_replicates, -1, n_grades + 1) if groups is not None else resampled
