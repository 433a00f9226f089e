"""The kernels of the C core, on buffers. `counts` is their face for people."""

from typing import Any, TypeAlias

import numpy as np

Buffer: TypeAlias = np.ndarray[Any, Any] | bytes | bytearray | memoryview  # anything with the buffer protocol

Codes: TypeAlias = Buffer | tuple[Buffer, Buffer | None, int]

def count_grades(groups: Codes | None, n_groups: int, grades: Codes, n_grades: int, counts: Buffer, first_row: int = 0, /) -> None: ...
def sum_weights(
    groups: Codes | None,
    n_groups: int,
    grades: Codes,
    n_grades: int,
    weights: Buffer,
    sums: Buffer,
    unweighted: Buffer,
    first_row: int = 0,
    /,
) -> None: ...
def order_records(
    provider: Codes,
    n_providers: int,
    held: Buffer,
    published: Buffer | None,
    eligible: Buffer | None,
    opened: Buffer | None,
    closed: Buffer | None,
    order: Buffer,
    /,
) -> bool: ...
def latest_as_at(
    provider: Codes,
    n_providers: int,
    held: Buffer,
    published: Buffer | None,
    eligible: Buffer | None,
    opened: Buffer | None,
    closed: Buffer | None,
    date: int,
    cutoff: int,
    rows: Buffer,
    /,
) -> None: ...
def count_as_at(
    provider: Codes,
    n_providers: int,
    held: Buffer,
    published: Buffer | None,
    eligible: Buffer | None,
    opened: Buffer | None,
    closed: Buffer | None,
    order: Buffer | None,
    groups: Codes | None,
    n_groups: int,
    grades: Codes,
    n_grades: int,
    expires: Buffer | None,
    dates: Buffer,
    cutoffs: Buffer,
    counts: Buffer,
    /,
) -> None: ...
def changes_as_at(
    provider: Codes,
    n_providers: int,
    held: Buffer,
    published: Buffer | None,
    eligible: Buffer | None,
    opened: Buffer | None,
    closed: Buffer | None,
    order: Buffer | None,
    groups: Codes | None,
    n_groups: int,
    grades: Codes,
    n_grades: int,
    expires: Buffer | None,
    dates: Buffer,
    cutoffs: Buffer,
    cells: Buffer,
    changes: Buffer,
    /,
) -> int: ...
def count_transitions(
    provider: Codes,
    n_providers: int,
    held: Buffer,
    published: Buffer | None,
    eligible: Buffer | None,
    opened: Buffer | None,
    closed: Buffer | None,
    order: Buffer | None,
    groups: Codes | None,
    n_groups: int,
    periods: Codes | None,
    n_periods: int,
    grades: Codes,
    n_grades: int,
    counts: Buffer,
    first: int = ...,
    stop: int = ...,
    /,
) -> None: ...
def spells(
    provider: Codes,
    n_providers: int,
    held: Buffer,
    published: Buffer | None,
    eligible: Buffer | None,
    opened: Buffer | None,
    closed: Buffer | None,
    order: Buffer | None,
    grades: Codes,
    n_grades: int,
    until: int,
    rows: Buffer,
    ended_by: Buffer,
    start: Buffer,
    end: Buffer,
    /,
) -> int: ...

cpu: str

def kendall_grades(
    order: Buffer | None,
    groups: Codes,
    n_groups: int,
    days: Buffer,
    grades: Codes,
    n_grades: int,
    counts: Buffer,
    cubes: Buffer,
    first: int = ...,
    stop: int = ...,
    /,
) -> None: ...
def kendall_values(
    order: Buffer | None,
    groups: Codes,
    n_groups: int,
    days: Buffer,
    values: Buffer,
    counts: Buffer,
    cubes: Buffer,
    first: int = ...,
    stop: int = ...,
    /,
) -> None: ...
def kendall_exact(runs: Buffer, s: Buffer, above: Buffer, at: Buffer, /) -> None: ...
def theil_sen(
    order: Buffer | None,
    groups: Codes,
    n_groups: int,
    days: Buffer,
    values: Buffer,
    n_ranks: int,
    ranks: Buffer,
    slopes: Buffer,
    first: int = ...,
    stop: int = ...,
    /,
) -> None: ...
def resample_counts(
    members: Buffer,
    entries: Buffer,
    cell: Buffer,
    count: Buffer,
    n_cells: int,
    seed: int,
    first_replicate: int,
    n_replicates: int,
    resampled: Buffer,
    /,
) -> None: ...
