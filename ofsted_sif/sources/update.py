"""The bundled table of local authorities, brought up to date in a copy of the user's own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from ofsted_sif.datasets import load_inspections, load_local_authorities, own_copy
from ofsted_sif.reading import combine, read_inspections
from ofsted_sif.scales import FOUR_POINT, JUDGEMENTS

_OURS = ["provider", "provider_name", "region", "framework", "inspection_type", "inspection_start", "inspection_end", "published"]


def update(folder: Any = None) -> tuple[Path, pd.DataFrame]:
    """Fetch the newest release of local authorities, combine the bundled table with it, and keep the result.

    The bundled table is what is brought up to date each time, so that a mistake in one release does not stay.
    """
    from ofsted_sif.sources import fetch

    newest = read_inspections(fetch("local authorities", folder=folder))
    newest = newest[newest["graded"]] if "graded" in newest.columns else newest
    table, differences = combine(load_inspections(), newest, return_report=True)
    unknown = set(table["provider"].astype(str)) - set(load_local_authorities()["provider"].astype(str))
    if unknown:
        raise ValueError(f"the newest release has authorities that this version does not know: {', '.join(sorted(unknown))}")
    written = table[[name for name in table.columns if name in _OURS or name in JUDGEMENTS]].copy()
    for name in written.columns.intersection(list(JUDGEMENTS), sort=False):
        written[name] = (
            written[name].astype(object).map({label: place + 1 for place, label in enumerate(FOUR_POINT.labels)}).astype("Int64")
        )
    path = own_copy()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            written.to_csv(file, index=False, date_format="%Y-%m-%d")
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return path, differences
