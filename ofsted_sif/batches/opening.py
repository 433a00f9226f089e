"""`scan`: what is larger than memory is told apart and opened."""

from __future__ import annotations

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
    progress: bool | None = None,
) -> Scan:
    """Open what is larger than memory: its `aggregate`, `series`, `transitions` and `trend` count it batch by batch, or on a cluster.

    Parameters
    ----------
    source : path, list of paths, pyarrow Dataset, DuckDB relation or Dask DataFrame
        Parquet or CSV (by the name ``.csv``): a file, several, a folder (``region=London/...`` gives a column), or a pattern such as
        ``"part-*.parquet"``.
    provider, inspected, published : str
        The user's names of those columns.
    progress : bool, optional
        Whether to show rows done and time left; by default on a terminal. Of a Dask DataFrame its dashboard shows it.

    Returns
    -------
    Scan
        Methods `aggregate`, `series`, `transitions` and `trend`, with the arguments of the functions of that name, which give the
        same pandas table, to the last digit, in memory that does not grow with the rows; and `ordered`.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        For a file that is damaged or cut short, for files of unlike columns, and for ``progress=True`` of a Dask DataFrame.

    Notes
    -----
    `aggregate` takes rows in any order. `series`, `transitions` and `trend` follow providers: the rows of a provider must stand
    together. Where one comes back they say so, and ``scan(source).ordered(path)`` writes a copy in order. The keys of the providers
    are remembered to find that out: about 0.1 GB for a million. Sums of weights are those of pieces: equal to the last digit or two.

    A Dask DataFrame is computed on the active client, else by Dask's default scheduler. Its rows may lie in any order: for `series`,
    `transitions` and `trend` they are shuffled by provider, and keep their order within each. Results stay small, and come as pandas.

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
            raise ValueError("progress=True is of files: the progress of a Dask DataFrame is shown by Dask (its dashboard, or ProgressBar)")
        return PartitionedScan(source, named)
    return Scan(files.open_source(source, [provider]), named, progress)
