"""Counts in replicates of the bootstrap by provider."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ofsted_sif import _core
from ofsted_sif.counts.arguments import as_codes, optional_codes, size_of
from ofsted_sif.counts.threads import DRAWS_WORTH_A_THREAD, number_of_threads, share_out, usable_cores


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
    progress: Callable[[int], object] | None = None,
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
        By default one per core where the work is worth it.
    progress : callable, optional
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
    provider, grades = as_codes(provider, "provider"), as_codes(grades, "grades")
    n_providers, n_grades = size_of(provider, n_providers, "n_providers"), size_of(grades, n_grades, "n_grades")
    n_replicates = size_of((), n_replicates, "n_replicates")
    groups, n_groups = optional_codes(groups, "groups", n_groups)
    _check("provider", provider, n_providers, 0, len(provider))
    _check("grades", grades, n_grades, -1, len(provider))
    if groups is not None:
        _check("groups", groups, n_groups, -1, len(provider))
    provider = provider.astype(np.int64, copy=False)  # NumPy before 2 counts no uint64
    group = np.int64(n_groups) if groups is None else np.where(groups < 0, n_groups, groups).astype(np.int64)
    cell = group * (n_grades + 1) + np.where(grades < 0, n_grades, grades).astype(np.int64)
    profiles = _profiles(provider, cell, n_providers, (n_groups + 1) * (n_grades + 1))
    if threads is None:
        threads = usable_cores() if n_replicates * n_providers >= DRAWS_WORTH_A_THREAD else 1
    resampled = _draw(profiles, n_replicates, seed, number_of_threads(threads, n_replicates), progress)
    return resampled.reshape(n_replicates, -1, n_grades + 1) if groups is not None else resampled


def _check(name: str, codes: Any, size: int, least: int, rows: int) -> None:
    """Refuse a column that is not as long as the providers, or has a code out of range."""
    if len(codes) != rows:
        raise ValueError(f"lengths differ: provider has {rows} rows, {name} has {len(codes)}")
    if (wrong := (codes < least) | (codes >= size)).any():
        row = int(np.argmax(wrong))
        raise ValueError(f"{name}, row {row}: code {codes[row]} is outside {least} .. {size - 1}")


@dataclass(frozen=True)
class _Profiles:
    """Providers by what they add to the counts; those that add the same are one profile.

    Attributes
    ----------
    n_providers, n_cells : int
        Number of providers, and of cells: one for each group and grade, the missing ones included.
    members : ndarray of int64, shape (n_profiles,)
        How many providers have the profile.
    entries : ndarray of int64, shape (n_profiles + 1,)
        Where the entries of each profile begin, and the last ends.
    cells, count : ndarray of int64, shape (n_entries,)
        A cell, and how many rows of such a provider lie in it.
    """

    n_providers: int
    n_cells: int
    members: np.ndarray
    entries: np.ndarray
    cells: np.ndarray
    count: np.ndarray


def _profiles(provider: np.ndarray, cell: np.ndarray, n_providers: int, n_cells: int) -> _Profiles:
    """The profiles of providers whose rows lie in the given cells."""
    profile, order = _profile_of_each(provider, cell, n_providers, n_cells)
    members = np.bincount(profile, minlength=1)
    # The rows of one provider stand for those of its whole profile.
    sample = np.full(len(members), -1)
    sample[profile] = np.arange(n_providers)
    stands = order[sample[profile[provider[order]]] == provider[order]]
    key, count = np.unique(profile[provider[stands]] * n_cells + cell[stands], return_counts=True)
    entries = np.searchsorted(key, np.arange(len(members) + 1) * n_cells)
    return _Profiles(n_providers, n_cells, members, entries, key % n_cells, count)


def _profile_of_each(provider: np.ndarray, cell: np.ndarray, n_providers: int, n_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The profile of each provider, and the rows in order of provider and cell.

    Two providers have one profile where they have the same cells, each as often.
    """
    order = np.lexsort((cell, provider))
    rows_of = np.bincount(provider, minlength=n_providers)
    start = np.concatenate([[0], np.cumsum(rows_of)])
    profile = np.zeros(n_providers, dtype=np.int64)
    # Providers are told apart by their first row; then by their second and what the first told; and so on.
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


def _draw(profiles: _Profiles, n_replicates: int, seed: int, threads: int, progress: Callable[[int], object] | None) -> np.ndarray:
    """Counts of each replicate by cell, drawn in threads."""
    resampled = np.empty((n_replicates, profiles.n_cells), dtype=np.int64)
    # A piece is small enough to answer Ctrl-C soon, and large enough that its own cost is not felt.
    step = max(1, min(-(-n_replicates // threads), 50_000_000 // max(1, profiles.n_providers)))
    pieces = list(pairwise([*range(0, n_replicates, step), n_replicates]))
    one_at_a_time = threading.Lock()
    drawn_from = (profiles.members, profiles.entries, profiles.cells, profiles.count, profiles.n_cells, seed)

    def draw_piece(place: int) -> None:
        start, stop = pieces[place]
        _core.resample_counts(*drawn_from, start, stop - start, resampled[start:stop])
        if progress is not None:
            with one_at_a_time:
                progress(stop - start)

    share_out(draw_piece, len(pieces), threads)
    return resampled
