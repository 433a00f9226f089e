"""Generated cases, on which kernels and their definitions are compared, and the arrays that stand for them.

In a case None is missing, as in tests/reference; `encoded` and `days` write it as arrays have it.
"""

from dataclasses import dataclass

import numpy as np

from ofsted_sif.counts import NO_DAY
from ofsted_sif.counts.arguments import UNITS_A_DAY
from tests.reference.records import Record

KINDS = tuple(np.dtype(name) for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"))
LAST_DAY = np.iinfo(np.int64).max


def encoded(rng, codes, size, kind=None, bitmap=None):
    """Codes as an array of a random kind that holds them; missing ones as -1, or by the bitmap of a tuple as Arrow has it, or both."""
    if kind is None:
        kind = rng.choice([kind for kind in KINDS if np.iinfo(kind).max >= size])
    missing = np.array([code is None for code in codes], dtype=np.bool_)
    bitmap = bool(rng.integers(2)) if bitmap is None else bitmap
    if kind.kind == "u" and missing.any():
        bitmap = True
    values = np.array([-1 if code is None else code for code in codes], dtype=np.int64).astype(kind)
    if not bitmap:
        return read_only(values)
    # What stands behind a 0 bit is not looked at; a signed code may be missing by its sign all the same.
    hidden = missing & ((rng.random(len(codes)) < 0.7) | (kind.kind == "u"))
    values[hidden] = rng.integers(np.iinfo(kind).min, np.iinfo(kind).max, int(hidden.sum()), dtype=kind, endpoint=True)
    offset = int(rng.integers(0, 20))
    bits = np.concatenate([rng.integers(0, 2, offset), ~hidden, rng.integers(0, 2, int(rng.integers(0, 9)))])
    return (read_only(values), read_only(np.packbits(bits.astype(np.uint8), bitorder="little")), offset)


def days(rng, values):
    """Days as int64, or as datetime64 of any unit in which they have a number, at any time of day."""
    numbers = np.array([NO_DAY if value is None else value for value in values], dtype=np.int64)
    unit, of_a_day = [(None, 1), ("D", 1), *UNITS_A_DAY.items()][rng.integers(6)]
    there = numbers[numbers != NO_DAY]
    if unit is not None and (np.abs(there.astype(np.float64)) * of_a_day < 2**62).all():
        moments = numbers * of_a_day + rng.integers(of_a_day, size=len(numbers))
        return read_only(np.where(numbers == NO_DAY, NO_DAY, moments).view(f"datetime64[{unit}]"))
    return read_only(numbers)


def read_only(array):
    array.flags.writeable = False
    return array


def some_codes(rng, n, size, missing=None):
    """Codes below `size`, some or most of them alike, some missing."""
    if size == 0:
        return [None] * n
    missing = rng.choice([0, 0.1, 0.6]) if missing is None else missing
    used = rng.integers(0, size, n) if rng.integers(2) else np.minimum(rng.geometric(0.5, n) - 1, size - 1)
    return [None if none else code for none, code in zip((rng.random(n) < missing).tolist(), used.tolist(), strict=True)]


@dataclass
class Counting:
    """Rows with a group, a grade and a weight."""

    groups: list | None
    grades: list
    weights: list
    n_groups: int
    n_grades: int


def counting(rng, n=None, n_groups=None, n_grades=None):
    n = int(rng.choice([0, 1, 2, 7, 15, 40])) if n is None else n
    grouped = n_groups is not None or rng.random() < 0.8
    n_groups = int(rng.choice([0, 1, 2, 5, 30])) if n_groups is None else n_groups
    n_grades = int(rng.choice([0, 1, 4, 4, 5])) if n_grades is None else n_grades
    groups = some_codes(rng, n, n_groups) if grouped else None
    weights = np.where(rng.integers(2, size=n), rng.integers(0, 5, n), 10.0 ** rng.uniform(-9, 9, n))
    missing = rng.random(n) < 0.1
    return Counting(
        groups,
        some_codes(rng, n, n_grades),
        [None if none else float(weight) for none, weight in zip(missing, weights, strict=True)],
        0 if groups is None else n_groups,
        n_grades,
    )


@dataclass
class Histories:
    """Records of providers, when each provider opened and closed, and a grid of dates."""

    records: list
    opened: list
    closed: list
    n_groups: int
    n_grades: int
    dates: list
    cutoffs: list


def histories(rng, n=None, n_providers=None, n_dates=None):
    n_providers = int(rng.choice([0, 1, 2, 4, 6])) if n_providers is None else n_providers
    n = int(rng.choice([0, 1, 3, 8, 20])) if n is None else n
    n_dates = int(rng.choice([0, 1, 2, 6])) if n_dates is None else n_dates
    n_groups, n_grades = int(rng.choice([0, 1, 3])), int(rng.choice([1, 4, 4]))
    first, span = int(rng.choice([0, -3, 16_000])), int(rng.choice([1, 3, 12, 400, 200_000]))
    extremes = rng.random() < 0.15

    def day(missing=0.0):
        if rng.random() < missing:
            return None
        if extremes and rng.random() < 0.4:
            return int(rng.choice([NO_DAY + 1, NO_DAY + 2, -1, 0, LAST_DAY - 1, LAST_DAY]))
        return first + int(rng.integers(0, span))

    ineligible = rng.choice([0, 0, 0.3, 1])
    unpublished = rng.choice([0, 0.2, 1])
    expiring = rng.choice([0, 0.7])
    groups, grades = some_codes(rng, n, n_groups), some_codes(rng, n, n_grades)
    records = []
    for group, grade in zip(groups, grades, strict=True) if n_providers else ():
        published = day(unpublished)
        inspected = day(0.15 if published is not None else 0)
        if inspected is not None and published is not None and not extremes and rng.integers(2):
            published = inspected + int(rng.integers(0, 60))
        expires = day() if rng.random() < expiring else None
        records.append(Record(int(rng.integers(n_providers)), inspected, published, rng.random() >= ineligible, group, grade, expires))
    bounded = rng.choice([0, 0.5])
    return Histories(
        records,
        [day(1 - bounded) for _ in range(n_providers)],
        [day(1 - bounded) for _ in range(n_providers)],
        n_groups,
        n_grades,
        sorted(day() for _ in range(n_dates)),
        sorted(day() for _ in range(n_dates)),
    )


def column(records, name):
    return [getattr(record, name) for record in records]


def placed_arrays(rng, case):
    """The arguments of order_records: provider, inspected, published."""
    provider = encoded(rng, column(case.records, "provider"), len(case.opened))
    published = column(case.records, "published")
    inspected = days(rng, column(case.records, "inspected"))
    return provider, inspected, None if all(day is None for day in published) and rng.integers(2) else days(rng, published)


def state_arrays(rng, case):
    """The keyword arguments that latest_as_at and count_as_at share."""
    eligible = column(case.records, "eligible")
    return {
        "n_providers": len(case.opened),
        "eligible": None if all(eligible) and rng.integers(2) else read_only(np.array(eligible, dtype=np.bool_)),
        "opened": None if all(day is None for day in case.opened) and rng.integers(2) else days(rng, case.opened),
        "closed": None if all(day is None for day in case.closed) and rng.integers(2) else days(rng, case.closed),
    }


def grade_arrays(rng, case):
    """The keyword arguments of count_as_at for groups, grades and their expiry."""
    groups, expires = column(case.records, "group"), column(case.records, "expires")
    return {
        "groups": None if case.n_groups == 0 else encoded(rng, groups, case.n_groups),
        "n_groups": case.n_groups,
        "grades": encoded(rng, column(case.records, "grade"), case.n_grades),
        "n_grades": case.n_grades,
        "expires": None if all(day is None for day in expires) and rng.integers(2) else days(rng, expires),
    }
