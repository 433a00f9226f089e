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
    """Open a table that is larger than memory: its methods are functions of tables, which count batch by batch or on a cluster.

    Parameters
    ----------
    source : path, list of paths, pyarrow Dataset, DuckDB relation or Dask DataFrame
        Parquet or CSV (by the name ``.csv``; columns separated by commas, semicolons or tabs): a file, several,
        a folder (``region=London/...`` gives a column), or a pattern such as ``"part-*.parquet"``.
    provider, inspected, published : str
        What these columns are called.
    filter : list of tuples, optional
        Which rows to take, written as for the readers of pandas and pyarrow. ``[("region", "==", "London"), ("year", "in", [2023, 2024])]``
        takes rows that meet all conditions. A list of such lists takes rows that meet all conditions of one list. A missing value meets
        only ``not in``. Filter a Dask DataFrame before you give it: ``frame[frame["region"] == "London"]``.
    progress : bool, optional
        Whether to show rows done and time left; by default on a terminal. For a Dask DataFrame use Dask's dashboard.

    Returns
    -------
    Scan
        Methods `aggregate`, `as_at`, `change_between`, `changes`, `logrank`, `median_time_to`, `periods`, `series`, `spells`,
        `state_probabilities`, `time_to`, `transitions` and `trend` take the arguments of the functions of that name and return the same
        table, as pandas, to the last digit. Memory does not grow with the rows of the source but with those of the result; for `time_to`,
        `median_time_to` and `logrank` with the times below the grade, for `state_probabilities` with the spells. `ordered` writes a copy
        in order. A Scan holds no data, so it can be pickled.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        For a file that is damaged or cut short, for files of unlike columns, and for ``progress=True`` of a Dask DataFrame.

    Notes
    -----
    `aggregate` and `periods` take rows in any order. The others follow providers, so the rows of a provider must stand together. Where
    a provider comes a second time, an error says so; ``scan(source).ordered(path)`` writes a copy in order. For this check the keys of
    the providers are kept in memory: about 0.1 GB for a million, a few times less while they come in order. Sums of weights are added
    up by batches, and may differ from those of the whole table in the last digit or two. `spells`, `time_to`, `median_time_to`, `logrank`
    and `state_probabilities` need `until`, because no batch knows the last day of the table.

    A column of a CSV is of numbers where each cell is one: a column in which 001 stands is text, as 001 and 1 are two codes.

    A Dask DataFrame is computed on the active client, else by Dask's default scheduler. Its rows may be in any order: where providers are
    followed, rows are shuffled by provider and keep their order within each. Results are small, and come as pandas.

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
