"""`scan`: what is larger than memory is told apart and opened."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from ofsted_sif.batches import files
from ofsted_sif.batches.scanning import Scan
from ofsted_sif.table import frames

__all__ = ["scan"]


def scan(
    source: Any,
    *,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
    filter: Sequence[Any] | None = None,
    progress: bool | None = None,
) -> Scan:
    """Open what is larger than memory: functions of tables as methods that count it batch by batch, or on a cluster.

    Parameters
    ----------
    source : path, list of paths, pyarrow Dataset, DuckDB relation or Dask DataFrame
        Parquet or CSV (by the name ``.csv``; columns separated by commas, semicolons or tabs): a file, several,
        a folder (``region=London/...`` gives a column), or a pattern such as ``"part-*.parquet"``.
    provider, inspected, published : str
        The user's names of those columns.
    filter : list of tuples, optional
        Which rows to take, as pandas' and pyarrow's readers spell it: ``[("region", "==", "London"), ("year", "in", [2023, 2024])]``
        takes those that meet all; a list of such lists those that meet all of one of them. A missing value meets no condition but
        ``not in``. A Dask DataFrame is filtered itself: ``frame[frame["region"] == "London"]``.
    progress : bool, optional
        Whether to show rows done and time left; by default on a terminal. Of a Dask DataFrame its dashboard shows it.

    Returns
    -------
    Scan
        Methods `aggregate`, `as_at`, `change_between`, `changes`, `logrank`, `median_time_to`, `periods`, `series`, `spells`,
        `state_probabilities`, `time_to`, `transitions` and `trend`, with the arguments of the functions of that name, which give the same
        pandas table, to the last digit, in memory that does not grow with the rows (but with those of the result; `time_to` and what is
        like it with the times below the grade, `state_probabilities` with the spells); and `ordered`. It can be pickled: it holds no data.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        For a file that is damaged or cut short, for files of unlike columns, and for ``progress=True`` of a Dask DataFrame.

    Notes
    -----
    `aggregate` and `periods` take rows in any order. The others follow providers: the rows of a provider must stand together. Where
    one comes back they say so, and ``scan(source).ordered(path)`` writes a copy in order. The keys of the providers are remembered to
    find that out: about 0.1 GB for a million. Sums of weights are those of pieces: equal to the last digit or two. How long grades are
    held (`spells`, `time_to`, `median_time_to`, `logrank`, `state_probabilities`) needs `until`: no batch knows the last day of all.

    A Dask DataFrame is computed on the active client, else by Dask's default scheduler. Its rows may lie in any order: for histories
    they are shuffled by provider, and keep their order within each. Results stay small, and come as pandas.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import ofsted_sif as sif
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "inspections.csv"
    >>> sif.load_inspections().to_csv(file, index=False)
    >>> int(sif.scan(file).aggregate()["n"].item())
    716
    """
    named = {"provider": provider, "inspected": inspected, "published": published}
    if frames.is_of_dask(source):
        from ofsted_sif.batches.clusters import PartitionedScan  # only here: it needs Dask

        if progress:
            raise ValueError(
                "progress=True is for files: Dask itself shows the progress of a Dask DataFrame (its dashboard, or ProgressBar)"
            )
        if filter is not None:
            raise ValueError("filter= is for files: filter the Dask DataFrame itself, as with frame[frame['region'] == 'London']")
        return PartitionedScan(source, named)
    opened = files.open_source(source, [provider])
    if filter is not None:
        opened = files.filtered(opened, filter)
    return Scan(opened, named, progress, functools.partial(scan, source, **named, filter=filter, progress=progress))
