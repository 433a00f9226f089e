"""A long call and Ctrl-C in the middle of it: `python -m tests.support.interrupted CALL TRIES` prints how long each answer took.

A process of its own, so that no other test meets the signal.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

from ofsted_sif import _core, counts

SOON_MS = 200  # an answer that came so soon needs no other try

rng = np.random.default_rng(1)


def scattered(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    inspected = rng.integers(0, 5_000, n)
    return rng.integers(0, n // 5, n, dtype=np.int32), inspected, inspected + rng.integers(0, 60, n)


def in_order(n: int) -> tuple[np.ndarray, np.ndarray, None]:
    return np.repeat(np.arange(n // 5, dtype=np.int32), 5), np.tile(np.arange(5) * 400, n // 5), None


def some_grades(n: int) -> np.ndarray:
    return rng.integers(0, 4, n, dtype=np.int8)


def count_grades(threads: int) -> Callable[[], object]:
    zeros = np.zeros(1_000_000_000, dtype=np.int8)  # only read, so that they take no memory
    return lambda: counts.count_grades(zeros, zeros, n_groups=3, threads=threads)


def sum_weights(threads: int) -> Callable[[], object]:
    grades, weights = np.zeros(100_000_000, dtype=np.int8), np.zeros(100_000_000)
    return lambda: counts.count_grades(None, grades, weights=weights, threads=threads)


def order_records() -> Callable[[], object]:
    records = scattered(10_000_000)
    return lambda: counts.order_records(*records)


def latest_as_at() -> Callable[[], object]:
    records = np.zeros(100_000_000, dtype=np.int8), np.zeros(100_000_000, dtype=np.int64), None
    return lambda: counts.latest_as_at(*records, 1, n_providers=1)


def near_pairs() -> Callable[[], object]:
    provider, day, _ = scattered(10_000_000)
    return lambda: counts.near_pairs(provider, day, provider, day, 20, threads=1)


def count_as_at(whether: str, threads: int | None = None) -> Callable[[], object]:
    records = scattered(8_000_000) if whether == "scattered" else in_order(30_000_000)
    grades, dates = some_grades(len(records[0])), np.arange(0, 5_000, 100)
    return lambda: counts.count_as_at(*records, None, grades, dates, threads=threads)


def changes_as_at() -> Callable[[], object]:
    records = in_order(20_000_000)
    grades, dates = some_grades(len(records[0])), np.arange(0, 5_000, 100)
    return lambda: counts.changes_as_at(*records, None, grades, dates)


def count_transitions() -> Callable[[], object]:
    records, grades = in_order(50_000_000), some_grades(50_000_000)
    return lambda: counts.count_transitions(*records, None, grades)


def spells() -> Callable[[], object]:
    records, grades = in_order(10_000_000), some_grades(10_000_000)
    return lambda: counts.spells(*records, grades, 3_000)


def groups_of(n: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(n, dtype=np.int32) // size, np.arange(n)


def kendall_grades() -> Callable[[], object]:
    dated, grades = groups_of(20_000_000, 20), some_grades(20_000_000)
    return lambda: counts.kendall(*dated, grades, n_grades=4)


def kendall_values(size: int, n: int) -> Callable[[], object]:
    dated, values = groups_of(n, size), rng.random(n)
    return lambda: counts.kendall(*dated, values)


def kendall_clusters(size: int, n: int) -> Callable[[], object]:
    dated, grades, clusters = groups_of(n, size), some_grades(n), rng.integers(0, n // 4, n, dtype=np.int32)
    return lambda: counts.kendall_clusters(*dated, grades, clusters, n_grades=4)


def kendall_exact() -> Callable[[], object]:
    runs = np.tile([(1 << 20) - 1, (1 << 20) - 2], 100_000)  # each other than the one before: all are worked out anew
    s = np.tile([0, 1], 100_000)  # 190 pairs, and 189
    above, at = np.empty((2, len(runs)))
    return lambda: _core.kendall_exact(runs, s, above, at)  # the kernel: its face for people sorts the cases first


def theil_sen(size: int, n: int) -> Callable[[], object]:
    dated, values = groups_of(n, size), rng.random(n)
    ranks = np.full((n // size, 1), size * (size - 1) // 4)
    return lambda: counts.theil_sen(*dated, values, ranks)


def resample_counts(threads: int) -> Callable[[], object]:
    grades = some_grades(1_000_000)
    return lambda: counts.resample_counts(np.arange(1_000_000), None, grades, 300, 1, threads=threads)


def encode_text(threads: int) -> Callable[[], object]:
    n = 10_000_000
    chunk = (0, n, 0, None, np.arange(0, 8 * n + 1, 8, dtype=np.int32), np.arange(100_000, 100_000 + n).astype("S8").tobytes())
    codes = np.empty(4 * n, dtype=np.int32)
    return lambda: _core.encode_text([chunk] * 4, 1, False, codes, 0, threads)


def encode_objects() -> Callable[[], object]:
    objects = np.array([f"text {number}" for number in range(20_000)], dtype=object)[rng.integers(0, 20_000, 40_000_000)]
    codes = np.empty(len(objects), dtype=np.int32)
    return lambda: _core.encode_objects(objects, (None,), 1, False, codes)


def recode() -> Callable[[], object]:
    codes, place = np.zeros(200_000_000, dtype=np.int32), np.zeros(1, dtype=np.int32)
    return lambda: _core.recode(codes, 1, place)


# The calls, by name, which begins with the kernel's; those of threads with one and with two.
CALLS = {
    "count_grades": lambda: count_grades(1),
    "count_grades in two threads": lambda: count_grades(2),
    "sum_weights": lambda: sum_weights(1),
    "sum_weights in two threads": lambda: sum_weights(2),
    "order_records": order_records,
    "latest_as_at": latest_as_at,
    "near_pairs": near_pairs,
    "count_as_at": lambda: count_as_at("in order"),
    "count_as_at in two threads": lambda: count_as_at("in order", 2),
    "count_as_at of scattered rows": lambda: count_as_at("scattered"),
    "changes_as_at": changes_as_at,
    "count_transitions": count_transitions,
    "spells": spells,
    "kendall_grades": kendall_grades,
    "kendall_values": lambda: kendall_values(20, 8_000_000),
    "kendall_values of one group": lambda: kendall_values(3_000_000, 3_000_000),
    "kendall_clusters": lambda: kendall_clusters(20, 10_000_000),
    "kendall_exact": kendall_exact,
    "theil_sen": lambda: theil_sen(50, 1_000_000),
    "theil_sen of one group": lambda: theil_sen(100_000, 100_000),
    "resample_counts": lambda: resample_counts(1),
    "resample_counts in two threads": lambda: resample_counts(2),
    "encode_text": lambda: encode_text(1),
    "encode_text in two threads": lambda: encode_text(2),
    "encode_objects": encode_objects,
    "recode": recode,
}


def answers(call: Callable[[], object], share: float, whole: float, tries: int) -> list[float]:
    """Press Ctrl-C after a share of the time that the whole call takes; the milliseconds until it is answered, where it was in time."""
    waits: list[float] = []
    for _ in range(tries):
        if waits and min(waits) <= SOON_MS:
            break
        pressed: list[float] = []
        over = None

        def press(pressed: list[float] = pressed) -> None:
            pressed.append(time.perf_counter())
            os.kill(os.getpid(), signal.SIGINT)

        timer = threading.Timer(whole * share, press)
        try:
            timer.start()
            call()
            over = time.perf_counter()
            timer.join()
            time.sleep(60)  # the signal comes now
        except KeyboardInterrupt:
            answered = time.perf_counter()
        if over is None or over > pressed[0]:  # a call that was over before the key was pressed says nothing
            waits.append(1000 * ((over or answered) - pressed[0]))
        timer.join()
    return waits


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore
    call = CALLS[sys.argv[1]]()
    start = time.perf_counter()
    call()
    whole = time.perf_counter() - start
    waits = [answers(call, share, whole, int(sys.argv[2])) for share in (1 / 4, 1 / 2, 3 / 4)]
    assert counts.count_grades(None, np.array([0, 1, 1], dtype=np.int8)).tolist() == [1, 2, 0, 0, 0], "the next call is wrong"
    print(json.dumps({"whole": 1000 * whole, "answers": waits}))


if __name__ == "__main__":
    main()
