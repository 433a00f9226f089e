"""Ofsted's lists of social care providers: joiners and leavers of a year, and those open with their places."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.reading import ReadingError, values
from ofsted_sif.reading.files import Sheet, Source, open_source
from ofsted_sif.reading.layouts import HEADER_WITHIN, header_cells, names

_JOINERS = frozenset({"urn", "joiner status", "leaver status"})
_OPEN = frozenset({"urn", "provision type", "places", "registration date"})
_OPENED = ("first effective date that the provider became active", "registration date")
# Where several are given the first that is filled counts.
_CLOSED = (
    "first effective date that the provider closed",
    "date closed",
    "resigned closed date",
    "first effective date that the provider became resigned",
    "cancelled or resigned date",
    "first effective date that the provider became cancelled",
)
_FURTHER = ("provider_name", "provider_type", "local_authority", "region", "ofsted_region", "sector", "constituency", "places")


def lists_of_providers(path: Any) -> pd.DataFrame | None:
    """One of these lists as a register; None where the file is none of them."""
    try:
        source = open_source(_as_binary(path))
    except (ReadingError, TypeError, UnicodeDecodeError):
        return None  # told by whoever reads it as something else
    finally:
        if hasattr(path, "seek"):
            path.seek(0)
    for wanted in (_JOINERS, _OPEN):
        for name in source.names:
            for number, row in enumerate(source.load(name, HEADER_WITHIN).rows):
                cells = header_cells(row)
                if wanted <= set(cells) and not any("inspection" in cell for cell in cells):
                    return _read(source, source.load(name, None), number, cells, leavers=wanted is _JOINERS)
    return None


def _as_binary(path: Any) -> Any:
    """The same, where it is open as text, as bytes."""
    if not hasattr(path, "read"):
        return path
    data = path.read()
    return io.BytesIO(data.encode() if isinstance(data, str) else data)


def _read(source: Source, sheet: Sheet, number: int, cells: Sequence[str], *, leavers: bool) -> pd.DataFrame:
    body = [row for row in sheet.rows[number + 1 :] if any(values.clean(cell) for cell in row)]
    columns: dict[str, Any] = {}

    def column(header: str) -> values.Column | None:
        if header not in cells:
            return None
        at = cells.index(header)
        return values.factorize(header, [row[at] if at < len(row) else "" for row in body])

    def days(headers: Sequence[str]) -> np.ndarray:
        found = np.full(len(body), values.NO_DATE)
        for header in headers:
            if (one := column(header)) is not None:
                day = values.dates(one, values.DateRules(names().missing, epoch=sheet.epoch), refuse)[0][one.codes]
                found = np.where(np.isnat(found), day, found)
        return found

    def refuse(one: values.Column, code: int, expected: str) -> None:
        row = number + 2 + int(np.argmax(one.codes == code))
        value = one.distinct[code]
        raise ReadingError(f"{value!r} is not {expected}", file=source.file, sheet=sheet.name, row=row, column=one.header, value=value)

    key = column("urn")
    assert key is not None
    urns, _ = values.identifiers(key, names().missing, lambda *_: None)
    columns["provider"] = [urns[code] for code in key.codes]
    columns["opened"] = days(_OPENED)
    n_undated = 0
    if leavers:
        status = column("leaver status")
        assert status is not None
        left = np.array([bool(text) and not values.is_missing(text, names().missing) for text in status.texts])[status.codes]
        columns["closed"] = np.where(left, days(_CLOSED), values.NO_DATE)
        n_undated = int((left & np.isnat(columns["closed"])).sum())
    for name in _FURTHER:
        found = next((one for header in names().headers[name] if (one := column(header)) is not None), None)
        if found is not None:
            texts = values.texts(found, names().missing)
            columns[name] = [texts[code] for code in found.codes]
    register = pd.DataFrame(columns)
    register = register[register["provider"].notna()].reset_index(drop=True)
    twice = register["provider"][register["provider"].duplicated()]
    if len(twice):
        raise ReadingError(f"URN {twice.iloc[0]} occurs twice", file=source.file, sheet=sheet.name)
    if leavers:
        register.attrs["closing"] = f"closing dates stand as written; {n_undated} leavers have none"
    return register
