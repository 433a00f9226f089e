"""The kernels of the C core, on buffers. `counts` is their face for people.

Written by csrc/python/signatures.py from signatures.toml.
"""

from typing import Any, TypeAlias

import numpy as np

_Buffer: TypeAlias = np.ndarray[Any, Any] | bytes | bytearray | memoryview  # anything with the buffer protocol

_Codes: TypeAlias = _Buffer | tuple[_Buffer, _Buffer | None, int]

_Dates: TypeAlias = _Buffer | tuple[_Buffer, int]

_Texts: TypeAlias = list[tuple[Any, ...]]  # (kind, rows, offset, validity or None, offsets or views, buffers of text ...)

cpu: str

def count_grades(groups: _Codes | None, n_groups: int, grades: _Codes, n_grades: int, counts: _Buffer, first_row: int = 0, /) -> None: ...
def sum_weights(
    groups: _Codes | None,
    n_groups: int,
    grades: _Codes,
    n_grades: int,
    weights: _Buffer,
    sums: _Buffer,
    unweighted: _Buffer,
    first_row: int = 0,
    /,
) -> None: ...
def order_records(
    provider: _Codes,
    n_providers: int,
    inspected: _Dates,
    published: _Dates | None,
    eligible: _Buffer | None,
    opened: _Buffer | None,
    closed: _Buffer | None,
    order: _Buffer,
    /,
) -> bool: ...
def latest_as_at(
    provider: _Codes,
    n_providers: int,
    inspected: _Dates,
    published: _Dates | None,
    eligible: _Buffer | None,
    opened: _Buffer | None,
    closed: _Buffer | None,
    date: int,
    cutoff: int,
    rows: _Buffer,
    /,
) -> None: ...
def near_pairs(
    older_provider: _Buffer,
    older_day: _Buffer,
    newer_provider: _Buffer,
    newer_day: _Buffer,
    near: int,
    room: int,
    older_rows: _Buffer,
    newer_rows: _Buffer,
    /,
) -> int: ...
def count_as_at(
    provider: _Codes,
    n_providers: int,
    inspected: _Dates,
    published: _Dates | None,
    eligible: _Buffer | None,
    opened: _Buffer | None,
    closed: _Buffer | None,
    order: _Buffer | None,
    groups: _Codes | None,
    n_groups: int,
    grades: _Codes,
    n_grades: int,
    expires: _Buffer | None,
    dates: _Buffer,
    cutoffs: _Buffer,
    counts: _Buffer,
    first: int = ...,
    stop: int = ...,
    of_providers: bool = False,
    /,
) -> None: ...
def changes_as_at(
    provider: _Codes,
    n_providers: int,
    inspected: _Dates,
    published: _Dates | None,
    eligible: _Buffer | None,
    opened: _Buffer | None,
    closed: _Buffer | None,
    order: _Buffer | None,
    groups: _Codes | None,
    n_groups: int,
    grades: _Codes,
    n_grades: int,
    expires: _Buffer | None,
    dates: _Buffer,
    cutoffs: _Buffer,
    cells: _Buffer,
    changes: _Buffer,
    /,
) -> int: ...
def count_transitions(
    provider: _Codes,
    n_providers: int,
    inspected: _Dates,
    published: _Dates | None,
    eligible: _Buffer | None,
    opened: _Buffer | None,
    closed: _Buffer | None,
    order: _Buffer | None,
    groups: _Codes | None,
    n_groups: int,
    periods: _Codes | None,
    n_periods: int,
    grades: _Codes,
    n_grades: int,
    counts: _Buffer,
    first: int = ...,
    stop: int = ...,
    of_providers: bool = False,
    /,
) -> None: ...
def spells(
    provider: _Codes,
    n_providers: int,
    inspected: _Dates,
    published: _Dates | None,
    eligible: _Buffer | None,
    opened: _Buffer | None,
    closed: _Buffer | None,
    order: _Buffer | None,
    grades: _Codes,
    n_grades: int,
    until: int,
    rows: _Buffer,
    ended_by: _Buffer,
    start: _Buffer,
    end: _Buffer,
    /,
) -> int: ...
def kendall_grades(
    order: _Buffer | None,
    groups: _Codes,
    n_groups: int,
    days: _Buffer,
    grades: _Codes,
    n_grades: int,
    counts: _Buffer,
    cubes: _Buffer,
    first: int = ...,
    stop: int = ...,
    /,
) -> None: ...
def kendall_values(
    order: _Buffer | None,
    groups: _Codes,
    n_groups: int,
    days: _Buffer,
    values: _Buffer,
    counts: _Buffer,
    cubes: _Buffer,
    first: int = ...,
    stop: int = ...,
    /,
) -> None: ...
def kendall_clusters(
    order: _Buffer | None,
    groups: _Codes,
    n_groups: int,
    days: _Buffer,
    grades: _Codes,
    n_grades: int,
    clusters: _Codes,
    n_labels: int,
    sums: _Buffer,
    n_clusters: _Buffer,
    first: int = ...,
    stop: int = ...,
    /,
) -> None: ...
def kendall_exact(tie_pattern: _Buffer, s: _Buffer, above: _Buffer, at: _Buffer, /) -> None: ...
def theil_sen(
    order: _Buffer | None,
    groups: _Codes,
    n_groups: int,
    days: _Buffer,
    values: _Buffer,
    n_ranks: int,
    ranks: _Buffer,
    slopes: _Buffer,
    first: int = ...,
    stop: int = ...,
    /,
) -> None: ...
def resample_counts(
    members: _Buffer,
    entries: _Buffer,
    cell: _Buffer,
    count: _Buffer,
    n_cells: int,
    seed: int,
    first_replicate: int,
    n_replicates: int,
    resampled: _Buffer,
    /,
) -> None: ...
def encode_text(
    texts: _Texts,
    seed: int,
    is_sorted: bool,
    codes: _Buffer,
    n_known: int = 0,
    threads: int = 1,
    /,
) -> tuple[bytes, bytes, bytes]: ...
def encode_objects(
    objects: _Buffer,
    missing: tuple[object, ...],
    seed: int,
    is_sorted: bool,
    codes: _Buffer,
    known: _Buffer | None = None,
    known_codes: _Buffer | None = None,
    /,
) -> bytes | None: ...
def recode(codes: _Buffer, n_codes: int, place: _Buffer, /) -> None: ...
