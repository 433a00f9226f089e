"""How work is shared out to threads and put together again, and how much memory it may ask for."""

from __future__ import annotations

import collections
import contextlib
import threading
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from ofsted_sif import _core, machine
from ofsted_sif.arguments import whole_number
from ofsted_sif.counts.arguments import Records, as_order

# Below this many rows, or providers drawn, a second thread costs more than it saves (measured in tests/benchmarks).
ROWS_WORTH_A_THREAD = 2_000_000
NUMBERS_WORTH_A_THREAD = 250_000
DATED_ROWS_WORTH_A_THREAD = 100_000  # of a trend of grades
RECORDS_WORTH_A_THREAD = 200_000  # of a grid, and as many as it has cells
SLOPES_WORTH_A_THREAD = 15_000
DRAWS_WORTH_A_THREAD = 20_000_000
ROWS_OF_A_PIECE = 1 << 25
SIZE_WORTH_ASKING = 1 << 26  # bytes that any machine has: how many there are takes longer to find out than a small count
WEIGHTS_OF_A_PIECE = 1 << 22

# Threads take pieces in turn. A piece of a count is no larger than this, so that a thread that is held up leaves more to the others;
# but it brings a table of its own, and must have so many rows for each cell of it.
ROWS_TAKEN_IN_TURN = 1 << 22
ROWS_WORTH_A_CELL = 64


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
    """How many threads count so many rows, where a thread is worth having for so many of them."""
    if threads is None:
        return max(1, min(usable_cores(), rows // worth)) if rows // worth > 1 else 1
    if whole_number(threads, "threads", "2") < 1:
        raise ValueError(f"threads is {threads}; 1 or more are needed")
    return max(1, min(threads, rows))


def in_pieces(
    count: Callable[[int, int], list[np.ndarray]],
    rows: int,
    threads: int,
    also: Iterable[int] = (),
    merge: np.ufunc = np.add,
    most: int = ROWS_OF_A_PIECE,
) -> list[np.ndarray]:
    """Count pieces of the rows in threads, and merge what the pieces give.

    A piece is counted in a moment. So Ctrl-C, which the kernel of this thread answers, ends the whole: pieces not yet begun are left.

    Parameters
    ----------
    count : callable
        Counts the rows from start to stop.
    rows, threads : int
        How many rows there are, and how many threads count them.
    also : iterable of int
        Rows at which a piece must end, such as those where a chunk does.
    merge : ufunc
        How the arrays of two pieces become one.
    most : int
        The most rows of a piece.
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
    """Do the work on piece 0, 1, 2 ... in so many threads, of which this is one.

    This thread works too, because to wake one that only waits takes as long as a small piece. The error that is raised is that of the
    first piece that failed: pieces are taken in order, so all before it have been taken and are done to their end.
    """
    waiting = collections.deque(range(pieces))
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


def in_order(kernel: Callable[[Any], list[np.ndarray]], records: Records, order: Any) -> list[np.ndarray]:
    """What a kernel gives that takes records in order.

    The kernel notices on its way whether they lie in order. They are ordered only where it says that they do not.
    """
    if order is None:
        try:
            return kernel(None)
        except ValueError as error:
            if getattr(error, "reason", None) != "unordered":
                raise
        order = np.empty(records.rows, dtype=np.int64)
        _core.order_records(*records.arguments, order)
    return kernel(as_order(order))


def in_order_by_threads(
    kernel: Callable[[Any, int, int], list[np.ndarray]],
    records: Records,
    order: Any,
    threads: int,
    merge: np.ufunc = np.add,
    most: int = ROWS_OF_A_PIECE,
) -> list[np.ndarray]:
    """The same in threads, of a kernel that takes a share of the order: the providers that begin at places start to stop."""
    rows = records.rows

    def all_pieces(order: Any) -> list[np.ndarray]:
        if threads == 1:
            return kernel(order, 0, rows)
        return in_pieces(lambda start, stop: kernel(order, start, stop), rows, threads, merge=merge, most=most)

    return in_order(all_pieces, records, order)


def by_threads(count: Callable[..., list[np.ndarray]], records: Records, order: Any, threads: int) -> np.ndarray:
    """What a kernel counts of the records of providers, in threads; `count` takes a piece of the rows, or of the providers.

    Records that lie in order, or have an `order`, are shared out by rows, others by providers. Whatever is wrong is told as of the whole.
    """
    if threads > 1:
        try:
            return in_pieces(count, records.rows, threads)[0]
        except ValueError as error:
            if order is not None or getattr(error, "reason", None) != "unordered":
                raise
        with contextlib.suppress(ValueError):
            return in_pieces(lambda first, stop: count(first, stop, True), records.n_providers, threads)[0]
    return count(0, records.rows)[0]
