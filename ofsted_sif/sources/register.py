"""Registers of providers: the national one of schools (Get Information about Schools), and Ofsted's lists of social care."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ofsted_sif.sources import social_care

_TAKEN = {
    "URN": "provider", "EstablishmentName": "provider_name", "OpenDate": "opened", "CloseDate": "closed",
    "EstablishmentStatus (name)": "status", "TypeOfEstablishment (name)": "provider_type", "PhaseOfEducation (name)": "phase",
    "GOR (name)": "region", "LA (name)": "local_authority", "GSSLACode (name)": "local_authority_code", "UKPRN": "ukprn",
    "ReasonEstablishmentClosed (name)": "reason_closed",
}  # fmt: skip
_DATES = ("opened", "closed")
_NEEDED = ("URN", "OpenDate", "CloseDate")


def read_register(path: Any, *, links: Any = None) -> pd.DataFrame:
    r"""Read an extract of the national register of schools, or Ofsted's lists of social care providers, into a register.

    Parameters
    ----------
    path : path or open file
        ``edubasealldata....csv``, as downloaded; or Ofsted's joiners and leavers of a year, or its list of open providers and their
        places, as CSV or workbook.
    links : path or open file, optional
        ``links_edubasealldata....csv``: which school came before which.

    Returns
    -------
    DataFrame
        One row per school, or per provider of social care. Of these columns, those that the file has:

        ===============  =============  ================================================================================================
        column           dtype          meaning
        ===============  =============  ================================================================================================
        provider         text           URN; always there
        provider_name    text           name
        opened           datetime64[s]  the first day on which it exists; always there
        closed           datetime64     the first day on which it no longer does, see Notes; missing: it exists
        further columns                 others of the file that name no person (``status``, ``provider_type``, ``region``, ...), as text
        predecessors     text           only with `links`: URNs of the schools before it, joined by ``;``
        ===============  =============  ================================================================================================

        ``attrs["closing"]`` says what was found about the closing dates. Use the table as ``register=`` of `as_at`; or give it to
        `combine` as the newer table, to bring `opened` and `closed` into a table of inspections.

    Raises
    ------
    ValueError
        If columns are missing, a URN occurs twice, or a date is not understood.

    Notes
    -----
    The national register is said to give the last day of a school. `closed` is the first day without it, so one day is added. The extract
    itself shows whether that is right: then more schools closed on the last day of a month than on the first (with `links`: more
    successors opened on the day after than on the day itself). If it is the other way round, no day is added. If neither is more, the day
    is added and ``attrs["closing"]`` says that this is not certain.

    For joiners and leavers `closed` is the day on which the provider closed, else resigned, else was cancelled. Ofsted's files do not say
    whether that is the last day or the first day without it, so it is taken as written. Some leavers are reported a year late.

    From the links only plain "Predecessor" and "Successor" are taken, not mergers and splits, and none where the old school closed more
    than a year after the new one opened.

    Examples
    --------
    >>> import io
    >>> import ofsted_sif as sif
    >>> text = "URN,EstablishmentName,OpenDate,CloseDate\n100001,Old School,,31-08-2015\n140001,New Academy,01-09-2015,\n"
    >>> register = sif.read_register(io.StringIO(text))
    >>> register["closed"].dt.strftime("%d/%m/%Y").tolist()[:1]
    ['01/09/2015']
    """
    if (listed := social_care.lists_of_providers(path)) is not None:
        return listed
    raw = _table(path)
    lacking = [name for name in _NEEDED if name not in raw.columns]
    if lacking:
        raise ValueError(f"this is no extract of the register of schools: it has no column {' or '.join(map(repr, lacking))}")
    register = raw[[name for name in _TAKEN if name in raw.columns]].rename(columns=_TAKEN)
    for name in _DATES:
        register[name] = _dates(register[name], name)
    twice = register["provider"][register["provider"].duplicated()]
    if len(twice):
        raise ValueError(f"URN {twice.iloc[0]} occurs twice in the register")
    pairs = None if links is None else _pairs(_table(links), register)
    last_day, how = _writes_last_day(register, pairs)
    if pairs is not None:
        register["predecessors"] = _predecessors(register, pairs)
    if last_day:
        register["closed"] = register["closed"] + pd.Timedelta(days=1)
    register.attrs["closing"] = how
    return register


def _table(path: Any) -> pd.DataFrame:
    if isinstance(path, str | Path):
        try:
            return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
        except UnicodeDecodeError:
            return pd.read_csv(path, dtype=str, encoding="cp1252", keep_default_na=False)
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _dates(texts: pd.Series, name: str) -> pd.Series:
    texts = texts.str.strip()
    found = pd.to_datetime(texts.where(texts != ""), format="%d-%m-%Y", errors="coerce")
    wrong = texts[found.isna() & (texts != "")]
    if len(wrong):
        raise ValueError(f"{name}: {wrong.iloc[0]!r} in row {wrong.index[0] + 2} is no date as 31-08-2015")
    return found.astype("datetime64[s]")


def _pairs(links: pd.DataFrame, register: pd.DataFrame) -> pd.DataFrame:
    """One row per plain succession: old, new, and their dates."""
    lacking = [name for name in ("URN", "LinkURN", "LinkType") if name not in links.columns]
    if lacking:
        raise ValueError(f"this is no file of the register's links: it has no column {' or '.join(map(repr, lacking))}")
    back, on = (links[links["LinkType"].str.strip() == word] for word in ("Predecessor", "Successor"))
    pairs = pd.concat(
        [
            pd.DataFrame({"old": back["LinkURN"], "new": back["URN"]}),
            pd.DataFrame({"old": on["URN"], "new": on["LinkURN"]}),
        ]
    ).drop_duplicates(ignore_index=True)
    known = register.set_index("provider")
    pairs["closed"] = known["closed"].reindex(pairs["old"]).array
    pairs["opened"] = known["opened"].reindex(pairs["new"]).array
    late = pairs["closed"] > pairs["opened"] + pd.DateOffset(years=1)
    return pairs[~late & (pairs["old"] != pairs["new"])]


def _predecessors(register: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    joined = pairs.groupby("new")["old"].agg(lambda old: ";".join(sorted(old)))
    return register["provider"].map(joined)


def _writes_last_day(register: pd.DataFrame, pairs: pd.DataFrame | None) -> tuple[bool, str]:
    """Whether closing dates are last days, and by what that is told."""
    if pairs is not None:
        gap = (pairs["opened"] - pairs["closed"]).dt.days
        after, same = int((gap == 1).sum()), int((gap == 0).sum())
        what = f"{after} successors opened the day after a closing date, {same} on the day"
    else:
        closed = register["closed"].dropna()
        after, same = int(closed.dt.is_month_end.sum()), int(closed.dt.is_month_start.sum())
        what = f"{after} closing dates are the last day of a month, {same} the first"
    if same > after:
        return False, f"{what}: they are the first day without the school, and stand as written"
    return True, f"{what}: they are last days, and closed is a day later" + ("" if after > same else " (not certain from this extract)")
