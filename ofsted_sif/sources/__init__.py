"""From GOV.UK to a table: what Ofsted publishes, fetched into a folder with a manifest, and brought together.

Nothing here asks anyone for anything until one of these functions is called. All of it was tried against a server on the same machine
that plays GOV.UK's pages, and not against GOV.UK itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ofsted_sif.sources import keeping, listing
from ofsted_sif.sources.histories import fetch_history, history_of
from ofsted_sif.sources.register import read_register
from ofsted_sif.sources.web import Client, SourceError

__all__ = ["SourceError", "fetch", "fetch_history", "history_of", "list_published", "read_register"]


def list_published(remit: str | None = None, *, refresh: bool = False, folder: Any = None) -> pd.DataFrame:
    """List the files of a remit that Ofsted publishes on GOV.UK.

    Parameters
    ----------
    remit : str, optional
        "state-funded schools", "independent schools", "early years", "further education", "social care", "local authorities" or
        "area SEND"; by default all.
    refresh : bool, default False
        Whether to ask again, even if the list that is kept is less than an hour old.
    folder : path, optional
        Where lists and files are kept; by default the system's place for caches.

    Returns
    -------
    DataFrame
        One row per file, the newest first:

        ========  =============  ==================================================================================
        column    dtype          meaning
        ========  =============  ==================================================================================
        remit     text           whom the file is about
        title     text           its title
        as_at     datetime64[s]  the date in the title; missing if there is none
        kind      text           "latest", "in year", "history" or "agencies"; missing where the title is not known
        format    text           csv, ods, xlsx or xls
        bytes     Int64          its size; missing where the page does not say
        uploaded  datetime64[s]  when it was uploaded, from its address; missing before March 2018
        url       text           its address
        page      text           the page that lists it
        note      text           "withdrawn on ..."; blank: nothing
        ========  =============  ==================================================================================

    Raises
    ------
    SourceError
        If a page is gone, not there, or does not answer; the message says what to do.
    ValueError
        For an unknown remit.

    Notes
    -----
    Source: the content interface of GOV.UK. This was tried only with a local server that imitates those pages.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> sif.list_published("early years")  # doctest: +SKIP
    """
    client, kept = Client(), keeping.place(folder)
    return pd.concat([keeping.published(one, kept, client, refresh=refresh) for one in listing.all_remits(remit)], ignore_index=True)


def fetch(
    remit: str, as_at: Any = "latest", *, kind: str = "latest", folder: Any = None, refresh: bool = False, progress: bool | None = None
) -> Path:
    """Fetch one of Ofsted's files, and return the path at which it is kept.

    Parameters
    ----------
    remit : str
        As for `list_published`.
    as_at : date-like or "latest", default "latest"
        The date in the title, exactly; or "latest" for the newest date there is.
    kind : str, default "latest"
        "latest", "in year", "history" or "agencies".
    folder : path, optional
        Where files are kept; by default the system's place for caches.
    refresh : bool, default False
        Whether to fetch the list and the file again, even if they are kept.
    progress : bool, optional
        Whether to show a bar; by default on a terminal.

    Returns
    -------
    Path
        The file. ``manifest.json`` beside it has its address, date, upload id, bytes, sha256 and the time.

    Raises
    ------
    SourceError
        If no file fits exactly (the message lists the titles there are), if two data sets fit, or if what was fetched is not a whole file
        of a known layout. Another file is never returned instead.
    ValueError
        For an unknown remit.

    Notes
    -----
    With an exact date no connection is made once the file is kept. "latest" fetches the list again, at most once an hour, and then only
    what is new. Of two files of one date the later upload is taken; of its formats the first of CSV, ODS, XLSX, XLS. This was tried only
    with a local server.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> sif.read_inspections(sif.fetch("state-funded schools", "2025-08-31", kind="in year"))  # doctest: +SKIP
    """
    listing.page_of(remit)
    client, kept = Client(), keeping.place(folder)
    if not isinstance(as_at, str) or as_at != "latest":
        as_at = pd.Timestamp(as_at).date().isoformat()
        if not refresh and (there := keeping.kept_file(kept, remit, as_at, kind)) is not None:
            return there
    try:
        table = keeping.published(remit, kept, client, refresh=refresh)
    except SourceError as error:
        raise SourceError(f"{error}. {keeping.newest_kept(kept, remit, kind)}", error.status) from error
    return keeping.keep(listing.chosen(table, remit, as_at, kind), kept, client, progress, refresh=refresh)
