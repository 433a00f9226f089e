"""Every release that makes up a history, brought together, with an account of which file gave what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from ofsted_sif.errors import warn
from ofsted_sif.reading import ReadingError, combine, list_sheets, read_inspections
from ofsted_sif.reading.layouts import known_layouts
from ofsted_sif.reading.own import date_in
from ofsted_sif.sources import keeping, listing
from ofsted_sif.sources.social_care import lists_of_providers
from ofsted_sif.sources.web import Client, SourceError

ACCOUNT = ["file", "as_at", "kind", "rows", "added", "changed", "same", "problem"]
PROVIDERS = "providers"  # a list of those that opened and closed, without inspections
_ORDER = {"history": 0, "in year": 1, "latest": 2, PROVIDERS: 3}
_ENDINGS = tuple(f".{form}" for form in listing.FORMATS)


def fetch_history(remit: str, *, folder: Any = None, progress: bool | None = None, return_report: bool = False) -> Any:
    """Fetch all releases that make up the history of a remit, read them, and combine them.

    Parameters
    ----------
    remit : str
        As for `list_published`.
    folder : path, optional
        Where files are kept; by default the system's place for caches.
    progress : bool, optional
        Whether to show bars; by default on a terminal.
    return_report : bool, default False
        Whether to return the account of the files too.

    Returns
    -------
    DataFrame
        One row per inspection, combined as by `combine`; where releases differ, the newer one counts:

        =============================  =====  =====================
        column                         dtype  meaning
        =============================  =====  =====================
        columns of `read_inspections`         those that a file has
        =============================  =====  =====================

        ``attrs["known_from"]`` is the first day of which the files tell; ``attrs["gaps"]`` names what the pages lack.
    DataFrame, with `return_report`
        One row per file, the oldest first:

        =======  =============  ===================================================
        column   dtype          meaning
        =======  =============  ===================================================
        file     text           its name
        as_at    datetime64[s]  the day of which it speaks
        kind     text           "latest", "in year", "history" or "providers"
        rows     int64          inspections read from it
        added    int64          how many of them no file before had
        changed  int64          how many inspections of the files before it changed
        same     int64          how many it repeated without a change
        problem  text           what is missing before it; blank: nothing
        =======  =============  ===================================================

    Raises
    ------
    SourceError, ReadingError
        If a file cannot be fetched or read.

    Notes
    -----
    For schools these are the files of whole periods, for each academic year the year-to-date files of August and September (else the
    last one), and the snapshots that tell of schools not inspected in that time. For other remits it is the file of each date. This was
    tried only with a local server.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> sif.fetch_history("state-funded schools")  # doctest: +SKIP
    """
    client, kept = Client(), keeping.place(folder)
    table = keeping.published(remit, kept, client, refresh=False)
    wanted, gaps = _pieces(table, remit)
    files = [(keeping.keep(row, kept, client, progress), row["as_at"], row["kind"]) for row in wanted]
    history, account = _together(files, strict=True)
    history.attrs["gaps"] = [*gaps, *history.attrs["gaps"]]
    return (history, account) if return_report else history


def _pieces(table: pd.DataFrame, remit: str) -> tuple[list[pd.Series], list[str]]:
    """The files of a history, and what of it the list does not have."""
    gaps = []
    asked: list[tuple[pd.Timestamp, str]] = []
    dated = table[table["as_at"].notna()]
    snapshots = {pd.Timestamp(date) for date in listing.page_of(remit).snapshots}
    for kind in ("history", "latest", "in year"):
        days = set(dated["as_at"][dated["kind"] == kind])
        if kind == "latest" and snapshots and days:
            gaps += [f"no snapshot as at {day.date()}" for day in sorted(snapshots - days)]
            days = (days & snapshots) | {max(days)}
        elif kind == "in year" and snapshots:
            days, lacking = _of_years(days)
            gaps += lacking
        asked += [(day, kind) for day in days]
    if not asked:
        raise SourceError(f"the page of {remit!r} lists no file with a date and of a known kind")
    asked.sort(key=lambda one: (one[0], _ORDER[one[1]]))
    return [listing.chosen(dated, remit, day, kind) for day, kind in asked], gaps


def _of_years(days: set[pd.Timestamp]) -> tuple[set[pd.Timestamp], list[str]]:
    """Of each academic year its last file, and those of September and October that a later one may not repeat; and the years without."""
    if not days:
        return set(), ["no year-to-date file"]
    last: dict[int, pd.Timestamp] = {}
    for day in sorted(days):
        last[_academic(day)] = day
    # Unsettled whether September's file still has what was published late: both are read, and each inspection counts once.
    taken = set(last.values()) | {day for day in days if day.month in (9, 10)}
    return taken, [f"no year-to-date file of {year}/{(year + 1) % 100:02d}" for year in range(min(last), max(last)) if year not in last]


def _academic(day: pd.Timestamp) -> int:
    return int(day.year if day.month >= 9 else day.year - 1)


def history_of(folder: Any, *, return_report: bool = False) -> Any:
    r"""Combine the releases in a folder into one history, as `fetch_history` does with those that it fetches.

    Parameters
    ----------
    folder : path
        A folder of files as downloaded from Ofsted: CSV, ODS, XLSX, XLS. The date of a file is taken from its name ("_31_Aug_2025"), else
        from what it holds.
    return_report : bool, default False
        Whether to return the account of the files too.

    Returns
    -------
    DataFrame
        One row per inspection, combined as by `combine`; where files differ, the newer one counts:

        =============================  =====  =====================
        column                         dtype  meaning
        =============================  =====  =====================
        columns of `read_inspections`         those that a file has
        =============================  =====  =====================

        Lists of joiners and leavers give `opened` and `closed`. ``attrs["known_from"]`` is the first day of which the files tell;
        ``attrs["gaps"]`` names stretches of time of which no file tells.
    DataFrame, with `return_report`
        One row per file or sheet, the oldest first:

        =======  =============  =================================================================
        column   dtype          meaning
        =======  =============  =================================================================
        file     text           its name
        as_at    datetime64[s]  the day of which it speaks
        kind     text           "latest", "in year", "history" or "providers"
        rows     int64          inspections read from it
        added    int64          how many of them no file before had
        changed  int64          how many inspections of the files before it changed
        same     int64          how many it repeated without a change
        problem  text           why it was not read, or what is missing before it; blank: nothing
        =======  =============  =================================================================

    Raises
    ------
    ValueError
        If no file of the folder holds inspections; the message says why for each.

    Warns
    -----
    UserWarning
        If a file was not read and `return_report` is False.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import ofsted_sif as sif
    >>> text = "Local authority name,Inspection date,Experiences and progress of children who need help and protection\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     old, new = (pathlib.Path(folder) / f"LAs_as_at_31_March_{year}.csv" for year in (2022, 2023))
    ...     _ = old.write_text(text + "Leeds,21/02/2022,Outstanding\n"), new.write_text(text + "Leeds,21/02/2022,Good\n")
    ...     history, account = sif.history_of(folder, return_report=True)
    >>> len(history), account["changed"].tolist()
    (1, [0, 1])
    """
    paths = sorted(path for path in Path(folder).iterdir() if path.is_file() and path.suffix.lower() in _ENDINGS)
    dates = [date_in(path.stem) for path in paths]
    files = [(path, pd.NaT if date is None else pd.Timestamp(date), _kind(path.stem)) for path, date in zip(paths, dates, strict=True)]
    history, account = _together(files, strict=False)
    problems = account[(account["problem"] != "") & (account["rows"] == 0)]
    if history.empty and len(history.columns) == 0:
        said = "; ".join(f"{file}: {problem}" for file, problem in problems[["file", "problem"]].itertuples(index=False))
        raise ValueError(f"no file of {folder} holds inspections: {said or 'it has no CSV, ODS, XLSX or XLS'}")
    if len(problems) and not return_report:
        warn(f"not read: {', '.join(problems['file'])}; return_report=True says why", UserWarning)
    return (history, account) if return_report else history


def _kind(stem: str) -> str | None:
    title = stem.replace("_", " ")
    fits = (kind for page in listing.pages().values() for kind, pattern in page.titles if pattern.search(title))
    return next(fits, None)


@dataclass(frozen=True)
class _Read:
    """One sheet of inspections, or one list of providers, of a file."""

    as_at: pd.Timestamp
    kind: str
    file: str
    table: pd.DataFrame

    @property
    def place(self) -> tuple[pd.Timestamp, int, str]:
        """Where it stands in the history: of one day the state comes last, as it may follow on what the others tell."""
        return self.as_at, _ORDER.get(self.kind, 0), self.file


def _together(files: list[tuple[Path, Any, Any]], *, strict: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The files read and combined from the oldest on, and the account."""
    read: list[_Read] = []
    rows: list[list[Any]] = []
    for path, as_at, kind in tqdm(files, desc="reading", unit="file", delay=2, disable=None):
        try:
            read += _tables_of(path, as_at, kind)
        except ReadingError as error:
            if strict:
                raise
            rows.append([path.name, as_at, kind, 0, 0, 0, 0, str(error)])
    history = pd.DataFrame()
    for one in sorted(read, key=lambda one: one.place):
        if len(history.columns) == 0 and one.kind == PROVIDERS:
            rows.append([one.file, one.as_at, one.kind, len(one.table), 0, 0, 0, "no inspections before it to tell of"])
            continue
        if len(history.columns) == 0:
            history, counted = one.table, dict[str, Any](added=len(one.table), changed=0, same=0)
        else:
            history, differences = combine(history, one.table, return_report=True)
            counted = differences.attrs
        gap = "; ".join(map(_gap_in_words, counted.get("gaps", ())))
        rows.append([one.file, one.as_at, one.kind, len(one.table), counted["added"], counted["changed"], counted["same"], gap])
    account = pd.DataFrame(rows, columns=ACCOUNT)
    account["as_at"] = pd.to_datetime(account["as_at"]).astype("datetime64[s]")
    first = _days(history)
    history.attrs["known_from"] = None if first.empty else first.min().date().isoformat()
    history.attrs["gaps"] = list(map(_gap_in_words, history.attrs.get("gaps", ())))
    return history, account


def _tables_of(path: Path, as_at: Any, kind: Any) -> list[_Read]:
    """All that a file tells: its sheets of inspections of one kind of provider, and its list of providers that opened or closed."""
    found = []
    sheets = list_sheets(path)
    known = {layout.name: layout for layout in known_layouts()}
    wanted = sheets[(sheets["layout"] != "") & sheets["visible"]]
    register = lists_of_providers(path) if len(wanted) == 0 or len(sheets) > 1 else None
    if len(wanted) == 0 and register is None:
        read_inspections(path)  # says why there is none
    first = known[wanted["layout"].iloc[0]].providers if len(wanted) else None
    for sheet, layout in wanted[["sheet", "layout"]].itertuples(index=False):
        if known[layout].providers != first:  # a workbook of social care has the local authorities too
            continue
        table = read_inspections(path, sheet=sheet or None)
        day = as_at if pd.notna(as_at) and len(wanted) == 1 else table.attrs.get("complete_to") or _last_day(table)
        file = path.name if len(wanted) == 1 else f"{path.name}, sheet {sheet!r}"
        table.attrs.setdefault("complete_to", str(pd.Timestamp(day).date())) if pd.notna(as_at) else None
        found.append(_Read(pd.Timestamp(day), str(table.attrs.get("kind", kind)), file, table))
    if register is not None:
        day = as_at if pd.notna(as_at) else max((one.as_at for one in found), default=_last_closing(register))
        found.append(_Read(pd.Timestamp(day), PROVIDERS, path.name, register))
    return found


def _gap_in_words(gap: Any) -> str:
    """A gap between two releases, as the account names it."""
    if isinstance(gap, str):
        return gap
    return f"nothing tells of {gap['providers']:,} providers between {gap['from']} and {gap['to']}"


def _last_closing(register: pd.DataFrame) -> pd.Timestamp:
    days = register[[name for name in ("opened", "closed") if name in register.columns]].max().dropna()
    return pd.Timestamp(0) if days.empty else days.max()


def _days(table: pd.DataFrame) -> pd.Series:
    for name in ("inspection_start", "published"):
        if name in table.columns and table[name].notna().any():
            return table[name].dropna()
    return pd.Series(dtype="datetime64[s]")


def _last_day(table: pd.DataFrame) -> pd.Timestamp:
    days = table["published"].dropna() if "published" in table.columns else _days(table)
    return pd.Timestamp(0) if days.empty else days.max()
