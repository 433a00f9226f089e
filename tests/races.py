"""Arrays that are written to while a kernel reads them: `python -m tests.races KERNEL,... thread|signal SECONDS`, so long for each.

The process ends by itself: numbers may be wrong and calls may fail, but memory is never touched outside the arrays (SECURITY.md). A process
of its own, so that one that is ended by a signal is a test that fails and not the end of all tests. As a thread, one refills the arrays all
the while with what is right and what is not; as a signal, a handler does in the thread of the kernel, whenever that lets it run. The calls
are those of tests/support/calls.py that succeed, each in turn.
"""

import inspect
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ofsted_sif import _core
from tests.support import calls

rng = np.random.default_rng(20261129)

#: What no column of codes or days allows, beside what is right.
WRONG = (-1, -2, 2**31 - 1, 2**31, 2**40, 2**63 - 1, -(2**31), -(2**63), 255, 65_535)
#: Arguments that are codes, which each kernel takes in every width.
CODES = ("provider", "groups", "grades", "periods", "clusters")
#: Arguments that stay right: of very many providers calls take long.
NEVER_WRONG = ("members",)
KINDS = (None, np.uint64, np.int64, np.uint32)  # of codes; as they are


class Shared:
    """Arrays with several contents each, of which one after another is written over the array."""

    def __init__(self) -> None:
        self.contents: list[tuple[np.ndarray, list[np.ndarray]]] = []
        self.held: dict[int, tuple[Any, np.ndarray]] = {}  # what was given before, by id: chunks of a column share their bytes

    def hold(self, first: Any, other: Any, wrong: bool = True) -> Any:
        """Put an array of one's own in the place of the one given, or of each in a tuple or list; `other` is as right in its place."""
        if isinstance(first, tuple | list):
            return type(first)(self.hold(*both, wrong) for both in zip(first, other, strict=True))
        if id(first) in self.held:
            return self.held[id(first)][1]
        given = first
        if isinstance(first, bytes):
            first, other = np.frombuffer(first, np.uint8), np.frombuffer(other, np.uint8)
        if not isinstance(first, np.ndarray) or first.size == 0:
            return first
        array, contents = first.copy(), [first, np.resize(other, first.shape)]
        contents.append(rng.permutation(first.ravel()).reshape(first.shape))
        if wrong and array.dtype.kind in "iu":
            limits = np.iinfo(array.dtype)
            some = np.array([value for value in WRONG if limits.min <= value <= limits.max], array.dtype)
            spoiled = first.copy()
            places = rng.integers(0, array.size, max(1, array.size // 100))
            spoiled.flat[places] = rng.choice(some, len(places))
            contents += [spoiled, np.full_like(first, some[-1])]
        elif array.dtype.kind == "f":
            contents += [np.full_like(first, np.nan), np.full_like(first, np.inf)]
        elif array.dtype.kind == "b":
            contents.append(rng.random(first.shape) < 0.5)
        elif array.dtype.kind == "O":
            contents.append(np.full_like(first, 5))
        self.contents.append((array, contents))
        self.held[id(given)] = given, array
        return array

    def refill(self) -> None:
        """Write other contents over one of the arrays, and soon what stood there at first, so that calls get far before they end."""
        array, contents = self.contents[rng.integers(len(self.contents))]
        np.copyto(array, contents[rng.integers(len(contents))])
        np.copyto(array, contents[0])


def as_kind(codes: Any, kind: type | None) -> Any:
    """Codes of another width; of those without a sign none is missing."""
    if kind is None or codes is None:
        return codes
    if isinstance(codes, tuple):
        return (as_kind(codes[0], kind), *codes[1:])
    return (codes.clip(0) if np.dtype(kind).kind == "u" else codes).astype(kind)


def arranged(name: str, way: str, n: int, kind: type | None) -> tuple[Shared, Callable[[], object]]:
    """A call of a kernel whose inputs are all shared."""
    function, shared = getattr(_core, name), Shared()
    (given, outputs), (others, _) = calls.a_call(name, way, n), calls.a_call(name, way, n, draw=1)
    arguments = []
    for argument, first, other in zip(inspect.signature(function).parameters, given, others, strict=False):
        if argument in CODES:
            first, other = as_kind(first, kind), as_kind(other, kind)
        is_written = any(first is output for output in outputs)
        arguments.append(first if is_written else shared.hold(first, other, argument not in NEVER_WRONG))
    return shared, lambda: function(*arguments)


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


def arrangements(name: str, rows: int) -> Iterator[tuple[Shared, Callable[[], object]]]:
    """Each way of a kernel, with codes of each kind where it takes any."""
    takes_codes = any(argument in CODES for argument in inspect.signature(getattr(_core, name)).parameters)
    for way in filter(calls.succeeds, calls.KINDS[name]):
        for kind in KINDS if takes_codes else KINDS[:1]:
            yield arranged(name, way, rows, kind)


def by_thread(name: str, seconds: float) -> None:
    every = list(arrangements(name, 2_000 if name == "theil_sen" else 40_000))
    for shared, call in every:
        stop = threading.Event()

        def refill(shared: Shared = shared, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                shared.refill()

        writer = threading.Thread(target=refill)
        writer.start()
        print(name, *call_until(time.monotonic() + seconds / len(every), call), flush=True)
        stop.set()
        writer.join()


def by_signal(name: str, seconds: float) -> None:
    # Rows in no order, where that is a way of its own: to put them in order takes long.
    way = "scattered" if "scattered" in calls.KINDS[name] else "usual"
    shared, call = arranged(name, way, 1_000_000, None)
    heard = 0

    def refill(*_: object) -> None:
        nonlocal heard
        heard += 1
        shared.refill()
        signal.setitimer(signal.ITIMER_REAL, 0.01)

    signal.signal(signal.SIGALRM, refill)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    print(name, *call_until(time.monotonic() + seconds, call), heard)
    signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    sys.setswitchinterval(1e-4)
    for kernel in sys.argv[1].split(","):
        print(kernel, flush=True)  # the last one told is the one that a signal ended
        {"thread": by_thread, "signal": by_signal}[sys.argv[2]](kernel, float(sys.argv[3]))
