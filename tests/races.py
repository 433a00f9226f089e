"""Arrays that are written to while a kernel reads them: `python -m tests.races KERNEL thread|signal SECONDS`.

The process ends by itself: numbers may be wrong and calls may fail, but memory is never touched outside the arrays (SECURITY.md). A process
of its own, so that one that is ended by a signal is a test that fails and not the end of all tests. As a thread, one refills the arrays all
the while with what is right and what is not; as a signal, a handler does in the thread of the kernel, whenever that lets it run.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np

from ofsted_sif import _core

rng = np.random.default_rng(20261129)

#: What no column of codes or days allows, beside what is right.
WRONG = (-1, -2, 2**31 - 1, 2**31, 2**40, 2**63 - 1, -(2**31), -(2**63), 255, 65_535)


class Shared:
    """Arrays with several contents each, of which one after another is written over the array."""

    def __init__(self) -> None:
        self.contents: list[tuple[np.ndarray, list[np.ndarray]]] = []

    def hold(self, first: np.ndarray, *others: np.ndarray, wrong: bool = True) -> np.ndarray:
        array, contents = first.copy(), [first, *others]
        if wrong and array.dtype.kind in "iu":
            limits = np.iinfo(array.dtype)
            some = np.array([value for value in WRONG if limits.min <= value <= limits.max], array.dtype)
            spoiled = first.copy()
            places = rng.integers(0, len(array), max(1, len(array) // 100))
            spoiled[places] = rng.choice(some, len(places))
            contents += [spoiled, np.full_like(first, some[-1])]
        if array.dtype.kind == "f":
            contents += [np.full_like(first, np.nan), np.full_like(first, np.inf)]
        self.contents.append((array, contents))
        return array

    def codes(self, n: int, size: int, dtype: type, in_order: bool = False) -> np.ndarray:
        made = [rng.integers(0, size, n).astype(dtype) for _ in range(2)]
        return self.hold(*(np.sort(codes) for codes in made) if in_order else made)

    def days(self, n: int, in_order: bool = False, span: int = 9_000) -> np.ndarray:
        made = [rng.integers(0, span, n) for _ in range(2)]
        return self.hold(*(np.sort(days) for days in made) if in_order else made)

    def refill(self) -> None:
        """Write other contents over one of the arrays, and soon what stood there at first, so that calls get far before they end."""
        array, contents = self.contents[rng.integers(len(self.contents))]
        np.copyto(array, contents[rng.integers(len(contents))])
        np.copyto(array, contents[0])


def arranged(shared: Shared, kernel: str, n: int, kind: type) -> Callable[[], object]:
    """A call of a kernel whose inputs are all shared."""
    providers, groups, grades = n // 5, 30, 4
    out = np.zeros(n, np.int64)
    in_order = kernel.endswith("_in_order")
    provider = shared.codes(n, providers, kind, in_order)
    held, published = shared.days(n), shared.days(n)
    if in_order:
        shared.contents.pop(-2)
        held = shared.hold(np.arange(n), np.arange(n) // 9, np.zeros(n, np.int64))
    eligible = shared.hold(rng.integers(0, 2, n).astype(bool), rng.integers(0, 2, n).astype(bool))
    opened, closed = shared.days(providers), shared.days(providers)
    group, grade = shared.codes(n, groups, kind), shared.codes(n, grades, np.int8)
    bitmap = shared.hold(rng.integers(0, 256, n // 8 + 1).astype(np.uint8), wrong=False)
    plain = (provider, providers, held, None if in_order else published, eligible, opened, closed)
    base = (provider, providers, held, published, None, None, None)
    order = shared.hold(np.arange(n), np.lexsort((held, provider.astype(np.int64))), rng.permutation(n))
    dates = shared.hold(np.arange(0, 9_000, 30), np.arange(300) * 2, wrong=True)
    weights, values = shared.hold(rng.random(n)), shared.hold(rng.random(n), rng.integers(0, 4, n).astype(float))
    name = kernel.removesuffix("_in_order")
    if name == "count_grades":
        counts = np.zeros((providers + 1, grades + 1), np.int64)
        few = np.zeros((groups + 1, grades + 1), np.int64)
        one = np.zeros((1, grades + 1), np.int64)
        calls = [
            lambda: _core.count_grades(provider, providers, grade, grades, counts),
            lambda: _core.count_grades(group, groups, grade, grades, few),
            lambda: _core.count_grades((group, bitmap, 0), groups, (grade, bitmap, 3), grades, few),
            lambda: _core.count_grades(group[:700], groups, grade[:700], grades, few),
            lambda: _core.count_grades(None, 0, grade, grades, one),
        ]
        return lambda: calls[rng.integers(len(calls))]()
    if name == "sum_weights":
        sums, without = np.zeros((groups + 1, grades + 1)), np.zeros(groups + 1, np.int64)
        return lambda: _core.sum_weights(group, groups, grade, grades, weights, sums, without)
    if name == "order_records":
        return lambda: _core.order_records(*base, out)
    if name == "latest_as_at":
        rows = np.zeros(providers, np.int64)
        return lambda: _core.latest_as_at(*plain, 5_000, 6_000, rows)
    if name == "count_as_at":
        counts = np.zeros((len(dates), groups + 1, grades + 1), np.int64)
        expires = shared.days(n)
        orders = (None, order)
        return lambda: _core.count_as_at(
            *(base if rng.integers(2) else plain), orders[rng.integers(2)], group, groups, grade, grades, expires, dates, dates, counts
        )
    if name == "changes_as_at":
        cells, changes, expires = np.zeros(4 * n, np.int64), np.zeros(4 * n, np.int64), shared.days(n)
        orders = (None, order)
        return lambda: _core.changes_as_at(
            *plain, orders[rng.integers(2)], group, groups, grade, grades, expires, dates, dates, cells, changes
        )
    if name == "count_transitions":
        periods = shared.codes(n, 3, np.uint8)
        counts = np.zeros((groups + 1, 4, grades + 1, grades + 1), np.int64)
        orders = (None, order)
        return lambda: _core.count_transitions(
            *(base if rng.integers(2) else plain), orders[rng.integers(2)], group, groups, periods, 3, grade, grades, counts
        )
    if name == "spells":
        outs = [np.zeros(n, np.int64) for _ in range(4)]
        orders = (None, order)
        return lambda: _core.spells(*plain[:6], None if rng.integers(2) else closed, orders[rng.integers(2)], grade, grades, n, *outs)
    # Rows in order, so that the kernels of trends come further than the first row.
    of, day = shared.codes(n, groups, kind, in_order=True), shared.days(n, in_order=True, span=2**31)
    if name == "kendall_grades":
        counts, cubes = np.zeros((groups, 5), np.int64), np.zeros((groups, 2))
        order = shared.hold(np.lexsort((day, of)), np.arange(n))
        return lambda: _core.kendall_grades(order, of, groups, day, grade, grades, counts, cubes)
    if name == "kendall_values":
        counts, cubes = np.zeros((groups, 5), np.int64), np.zeros((groups, 2))
        order = shared.hold(np.lexsort((day, of)), np.arange(n))
        return lambda: _core.kendall_values(order, of, groups, day, values, counts, cubes)
    if name == "kendall_clusters":
        sums, n_clusters = np.zeros((groups, 2)), np.zeros(groups, np.int64)
        order = shared.hold(np.lexsort((day, of)), np.arange(n))
        clusters = shared.codes(n, 300, kind)
        return lambda: _core.kendall_clusters(order, of, groups, day, grade, grades, clusters, 300, sums, n_clusters)
    if name == "theil_sen":
        order = shared.hold(np.lexsort((day, of)), np.arange(n))
        ranks, slopes = shared.hold(np.zeros((groups, 1), np.int64), np.full((groups, 1), 1_000)), np.zeros((groups, 1))
        return lambda: _core.theil_sen(order, of, groups, day, values, 1, ranks, slopes)
    if name == "kendall_exact":
        runs, s = shared.hold(np.full(n, 0b1111), np.full(n, (1 << 20) - 1)), shared.hold(np.zeros(n, np.int64), np.full(n, 190))
        above, at = np.zeros(n), np.zeros(n)
        return lambda: _core.kendall_exact(runs, s, above, at)
    if name == "resample_counts":
        members = shared.hold(rng.integers(0, 9, 1_000), rng.integers(0, 90, 1_000), wrong=False)  # of very many providers calls take long
        entries = shared.hold(np.arange(1_001), np.append(np.arange(1_000) // 2, 1_000), wrong=True)
        cell, count = shared.hold(rng.integers(0, 50, 1_000)), shared.hold(rng.integers(0, 9, 1_000))
        resampled = np.zeros((20, 50), np.int64)
        return lambda: _core.resample_counts(members, entries, cell, count, 50, 1, 0, 20, resampled)
    if name in ("encode_text", "encode_objects", "recode"):
        return encoding(shared, name, n)
    raise ValueError(f"no kernel {kernel}")


def encoding(shared: Shared, name: str, n: int) -> Callable[[], object]:
    """The same of what makes codes."""
    codes = np.zeros(n, np.int32)
    if name == "recode":
        place = shared.hold(np.arange(9, dtype=np.int32))
        return lambda: _core.recode(codes, 9, place)
    if name == "encode_objects":
        words = np.array([f"text {number}" for number in range(900)], dtype=object)
        objects = shared.hold(words[rng.integers(0, 900, n)], words[rng.integers(0, 900, n)], np.full(n, 5, dtype=object))
        return lambda: _core.encode_objects(objects, (None,), 7, bool(rng.integers(2)), codes)
    data = shared.hold(rng.integers(32, 127, 12 * n).astype(np.uint8), rng.integers(0, 256, 12 * n).astype(np.uint8), wrong=False)
    narrow = shared.hold(np.sort(rng.integers(0, 12 * n, n + 1)).astype(np.int32), np.arange(n + 1, dtype=np.int32) * 12)
    wide = shared.hold(narrow.astype(np.int64), np.arange(n + 1) * 12)
    views = np.zeros((n, 4), np.int32)
    views[:, 0], views[:, 3] = rng.integers(0, 40, n), rng.integers(0, 12 * n - 40, n)
    views = shared.hold(views.ravel())
    bitmap = shared.hold(rng.integers(0, 256, n // 8 + 1).astype(np.uint8), wrong=False)
    chunks = [
        [(0, n, 0, None, narrow, data)],
        [(0, n, 0, bitmap, narrow, data)],
        [(1, n, 0, bitmap, wide, data)],
        [(2, n, 0, None, views, data)],
        [(2, n, 0, bitmap, views, data)],
    ]
    return lambda: _core.encode_text(chunks[rng.integers(len(chunks))], 7, bool(rng.integers(2)), codes)


KERNELS = [
    "count_grades",
    "sum_weights",
    "order_records",
    "latest_as_at",
    "count_as_at",
    "count_as_at_in_order",
    "changes_as_at",
    "count_transitions",
    "count_transitions_in_order",
    "spells_in_order",
    "kendall_grades",
    "kendall_values",
    "kendall_clusters",
    "theil_sen",
    "kendall_exact",
    "resample_counts",
    "encode_text",
    "encode_objects",
    "recode",
]
KINDS = (np.int32, np.uint64, np.int64, np.uint32)


def call_until(end: float, call: Callable[[], object]) -> tuple[int, int]:
    """How many calls came to an end, and how many of them failed."""
    done = failed = 0
    while time.monotonic() < end:
        done += 1
        try:
            call()
        except (ValueError, MemoryError):
            failed += 1
    return done, failed


def arrangements(kernel: str, rows: int) -> Iterator[tuple[Shared, Callable[[], object]]]:
    for kind in KINDS:
        shared = Shared()
        yield shared, arranged(shared, kernel, rows, kind)


def by_thread(kernel: str, seconds: float) -> None:
    for shared, call in arrangements(kernel, 2_000 if kernel == "theil_sen" else 40_000):
        stop = threading.Event()

        def refill(shared: Shared = shared, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                shared.refill()

        writer = threading.Thread(target=refill)
        writer.start()
        print(kernel, *call_until(time.monotonic() + seconds / len(KINDS), call))
        stop.set()
        writer.join()


def by_signal(kernel: str, seconds: float) -> None:
    shared = Shared()
    call = arranged(shared, kernel, 3_000_000, np.int32)
    heard = 0

    def refill(*_: object) -> None:
        nonlocal heard
        heard += 1
        shared.refill()
        signal.setitimer(signal.ITIMER_REAL, 0.01)

    signal.signal(signal.SIGALRM, refill)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    print(kernel, *call_until(time.monotonic() + seconds, call), heard)
    signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    sys.setswitchinterval(1e-4)
    {"thread": by_thread, "signal": by_signal}[sys.argv[2]](sys.argv[1], float(sys.argv[3]))
