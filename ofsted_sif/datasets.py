"""The bundled tables: inspections and authorities of 2009 to 2026, a hex map, and Ofsted's as-at dates and cut-offs as data."""

from __future__ import annotations

import datetime
import os
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from ofsted_sif.scales import FOUR_POINT, JUDGEMENTS, grades

__all__ = ["load_hex_map", "load_inspections", "load_local_authorities", "release", "releases"]

_FOLDER = Path(__file__).parent / "data"
COMPLETE_TO = "2026-08-24"


def own_copy() -> Path:
    """Where the copy brought up to date is kept: the folder that OFSTED_SIF_DATA names, else the system's place for a user's data."""
    if folder := os.environ.get("OFSTED_SIF_DATA"):
        return Path(folder) / "inspections.csv"
    from platformdirs import user_data_path

    return Path(user_data_path("ofsted_sif", appauthor=False)) / "inspections.csv"


def _updated() -> Path:
    if not (path := own_copy()).exists():
        raise FileNotFoundError("there is no table brought up to date yet: `ofsted-sif update` makes it")
    return path


def _read(name: str | Path, dates: list[str]) -> pd.DataFrame:
    table = pd.read_csv(_FOLDER / name, dtype=str, encoding="utf-8")
    for column in dates:
        table[column] = pd.to_datetime(table[column], format="%Y-%m-%d").astype("datetime64[s]")
    return table


def load_inspections(*, updated: bool = False) -> pd.DataFrame:
    """Load every graded inspection of English local authorities' children's services from August 2009 to 24 August 2026.

    Parameters
    ----------
    updated : bool, default False
        Whether to load your own copy, which ``ofsted-sif update`` brought up to date, in place of the bundled table.

    Returns
    -------
    DataFrame, 716 rows
        One row per inspection:

        ========================================  =============  =====================================================================
        column                                    dtype          meaning
        ========================================  =============  =====================================================================
        provider                                  category       ONS code of the authority
        provider_name                             category       its name
        region, ofsted_region                     category       its statistical region (9), and Ofsted's own (8)
        opened, closed                            datetime64[s]  the first day on which it exists, and the first on which it no longer
                                                                 does; missing: no such day
        framework                                 category       SIF, ILACS, or one of those before
        inspection_type                           category       the kind of inspection, as Ofsted has it
        inspection_start, inspection_end          datetime64[s]  the first and the last day of the inspection
        published                                 datetime64[s]  the day of its report
        overall_effectiveness                     category       a grade of FOUR_POINT, ordered from worst to best; missing where the
                                                                 judgement was not made
        help_and_protection                       category       the same
        children_in_care, adoption, care_leavers  category       the same
        leadership                                category       the same
        lscb                                      category       the same for the local safeguarding children board
        ========================================  =============  =====================================================================

        ``attrs["complete_to"]`` is the day to which the table is complete.

    Notes
    -----
    Frameworks: SLAC, CP and TLAC (until 2013, no overall judgement), SIF (2013 to 2018), ILACS (since 2018). Inspections that began
    since April 2026 make no overall judgement: see ``having`` of `as_at`. In the ILACS `care_leavers` is a judgement of its own since
    January 2023; before, it was part of `children_in_care`. Source: Ofsted's published statistics and inspection reports, Open
    Government Licence v3.0.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> table = sif.load_inspections()
    >>> len(table), table.attrs["complete_to"]
    (716, '2026-08-24')
    """
    return _inspections(_updated()) if updated else _bundled().copy()


@cache  # what is bundled is read once, and each caller gets a copy of its own
def _bundled() -> pd.DataFrame:
    return _inspections(_FOLDER / "inspections.csv")


def _inspections(path: Path) -> pd.DataFrame:
    table = _read(path, ["inspection_start", "inspection_end", "published"])
    authorities = load_local_authorities()
    table["provider"] = pd.Categorical(table["provider"], categories=authorities["provider"].cat.categories)
    authorities = authorities.set_index("provider")
    position = authorities.index.get_indexer(pd.Index(table["provider"]))
    for place, name in enumerate(["ofsted_region", "opened", "closed"], start=3):
        table.insert(place, name, authorities[name].array.take(position))
    for name in ("provider_name", "region"):
        table[name] = pd.Categorical(table[name], categories=authorities[name].cat.categories)
    table["framework"] = pd.Categorical(table["framework"], categories=["SLAC", "CP", "TLAC", "SIF", "ILACS"])
    table["inspection_type"] = pd.Categorical(table["inspection_type"], categories=["first", "re-inspection", "standard", "short"])
    for name in table.columns.intersection(list(JUDGEMENTS), sort=False):
        table[name] = grades(table[name], FOUR_POINT, column=name)
    table.attrs["complete_to"] = max(COMPLETE_TO, f"{table['published'].max():%Y-%m-%d}")
    return table


def load_local_authorities() -> pd.DataFrame:
    """Load the 158 authorities of the inspections, with the dates of those that were created or abolished.

    Returns
    -------
    DataFrame, 158 rows
        One row per authority, a register for `as_at`:

        =====================  =============  ============================================================================================
        column                 dtype          meaning
        =====================  =============  ============================================================================================
        provider               category       ONS code
        provider_name          category       name
        region, ofsted_region  category       its statistical region (9), and Ofsted's own (8)
        la_type                category       county, unitary authority, ...
        opened, closed         datetime64[s]  the first day on which it exists, and the first on which it no longer does; missing: no such
                                              day
        successors             text           ONS codes of those that took its place, joined by ``;``; missing where it still exists
        =====================  =============  ============================================================================================

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> sif.load_local_authorities().query("provider_name == 'Dorset'")["provider"].tolist()
    ['E06000059', 'E10000009']
    """
    return _authorities().copy()


@cache
def _authorities() -> pd.DataFrame:
    table = _read("local_authorities.csv", ["opened", "closed"])
    for name in ("provider", "provider_name", "region", "ofsted_region", "la_type"):
        table[name] = table[name].astype("category")
    return table


def load_hex_map() -> pd.DataFrame:
    """Load a hexagon for each of the 153 present authorities, for maps on which all authorities have the same size.

    Returns
    -------
    DataFrame, 153 rows
        One row per authority:

        =============  ========  ====================================================================================
        column         dtype     meaning
        =============  ========  ====================================================================================
        provider       category  ONS code
        provider_name  category  name
        q              int64     column of its hexagon, counted from the west
        r              int64     row of its hexagon, counted from the south; odd rows lie half a hexagon to the right
        =============  ========  ====================================================================================

    Notes
    -----
    After the hex map of upper-tier authorities of Open Innovations (MIT License).

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> hexagons = sif.load_hex_map()
    >>> len(hexagons), bool(hexagons.duplicated(["q", "r"]).any())
    (153, False)
    """
    return pd.read_csv(_FOLDER / "hex_map.csv", dtype={"provider": "category", "provider_name": "category"}, encoding="utf-8")


def releases() -> pd.DataFrame:
    """List the dates and publication cut-offs of Ofsted's statistical releases.

    Returns
    -------
    DataFrame
        One row per release:

        ============  =============  ===============================================================================================
        column        dtype          meaning
        ============  =============  ===============================================================================================
        release       text           its name, for `release`
        remit         text           whom it is about, as in `list_published`
        date          datetime64[s]  the date of the state
        published_by  datetime64[s]  the cut-off: reports published after it do not count
        framework     text           frameworks, joined by ``;``; blank: all
        source        text           the page or workbook that states this
        note          text           where printed figures are known to differ from the data, or a date was not seen; blank: nothing
        ============  =============  ===============================================================================================

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> sif.releases().set_index("release").loc["la-2024-03-31", "published_by"]
    Timestamp('2024-06-30 00:00:00')
    """
    table = _read("releases.csv", ["date", "published_by"])
    for name in ("framework", "note"):
        table[name] = table[name].fillna("")
    return table


def release(name: str) -> dict[str, Any]:
    """Look up one release, as arguments for `as_at`: ``as_at(table, **release("la-2024-03-31"))``.

    Parameters
    ----------
    name : str
        A name from `releases`.

    Returns
    -------
    dict
        ``date`` and ``published_by`` (datetime.date), ``framework`` (list of names, or "all").

    Raises
    ------
    ValueError
        For an unknown name; the message lists the nearest known.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> sif.release("sif-2015-03-10")
    {'date': datetime.date(2015, 3, 10), 'published_by': datetime.date(2015, 3, 10), 'framework': ['SIF']}
    """
    from difflib import get_close_matches

    table = releases().set_index("release")
    if name not in table.index:
        near = get_close_matches(str(name), table.index.tolist(), n=3, cutoff=0.4) or table.index.tolist()[:3]
        raise ValueError(f"unknown release {name!r}; nearest known: {', '.join(near)} (sif.releases() lists all)")
    row = table.loc[name]
    date: datetime.date = row["date"].date()
    return {
        "date": date,
        "published_by": row["published_by"].date(),
        "framework": row["framework"].split(";") if row["framework"] else "all",
    }
