"""The folder of fetched files: each whole or not there, with a manifest of where it came from."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd
from tqdm import tqdm

from ofsted_sif.reading import ReadingError, list_sheets
from ofsted_sif.sources import listing
from ofsted_sif.sources.web import Client, SourceError

MANIFEST = "manifest.json"
LOOK_AGAIN = datetime.timedelta(hours=1)  # a list asked for within it is not asked for again
_BEGINNINGS = {"xlsx": b"PK\x03\x04", "ods": b"PK\x03\x04", "xls": b"\xd0\xcf\x11\xe0"}


def place(folder: Any = None) -> Path:
    """The folder of fetched files, made if it is not there."""
    if folder is None:
        from platformdirs import user_cache_path

        folder = user_cache_path("ofsted_sif", appauthor=False)
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    return path


def now() -> datetime.datetime:
    """The time, in UTC without a zone."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None, microsecond=0)


def manifest(folder: Path) -> dict[str, Any]:
    """What the folder holds: files by name, lists by remit."""
    path = folder / MANIFEST
    if not path.exists():
        return {"files": {}, "lists": {}}
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return {"files": dict(said["files"]), "lists": dict(said["lists"])}
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{path} is damaged ({error}): delete it, and files are fetched anew") from error


def write_manifest(folder: Path, said: dict[str, Any]) -> None:
    """Write the manifest whole or not at all."""
    handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(said, file, indent=1, default=str)
        os.replace(name, folder / MANIFEST)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def published(remit: str, folder: Path, client: Client, *, refresh: bool) -> pd.DataFrame:
    """The list of a remit: the one kept, if it is an hour old at most, else the one asked for."""
    kept = manifest(folder)["lists"].get(remit)
    if kept is not None and not refresh and now() - datetime.datetime.fromisoformat(kept["asked"]) < LOOK_AGAIN:
        table = pd.DataFrame(kept["rows"], columns=listing.COLUMNS)
        for name in ("as_at", "uploaded"):
            table[name] = pd.to_datetime(table[name]).astype("datetime64[s]")
        return table.assign(bytes=table["bytes"].astype("Int64"))
    table = listing.listed(remit, client)
    rows = json.loads(table.to_json(orient="values", date_format="iso"))
    said = manifest(folder)
    said["lists"][remit] = {"asked": now().isoformat(), "rows": rows}
    write_manifest(folder, said)
    return table


def kept_file(folder: Path, remit: str, as_at: str, kind: str) -> Path | None:
    """The newest upload of a file that is in the folder, whole; None if there is none."""
    found = [
        (said["media_id"] or "", name)
        for name, said in manifest(folder)["files"].items()
        if (said["remit"], said["as_at"], said["kind"]) == (remit, as_at, kind) and is_whole(folder / name, said)
    ]
    return folder / max(found)[1] if found else None


def is_whole(path: Path, said: dict[str, Any]) -> bool:
    """Whether a file is there as it was fetched."""
    return path.is_file() and path.stat().st_size == said["bytes"] and hashlib.sha256(path.read_bytes()).hexdigest() == said["sha256"]


def newest_kept(folder: Path, remit: str, kind: str) -> str:
    """Where the newest file of a kind is in the folder, in words."""
    found = [(said["as_at"], name) for name, said in manifest(folder)["files"].items() if (said["remit"], said["kind"]) == (remit, kind)]
    return f"the newest file kept is {folder / max(found)[1]} as at {max(found)[0]}" if found else "no such file is kept"


def keep(row: pd.Series, folder: Path, client: Client, progress: bool | None, *, refresh: bool = False) -> Path:
    """The file of a row of the list: the one kept, else fetched, checked, and only then given its name."""
    url, form = str(row["url"]), str(row["format"])
    media = listing.media_id(url) or hashlib.sha256(url.encode()).hexdigest()[:24]
    name = f"{media}-{_safe(unquote(urlsplit(url).path).rsplit('/', 1)[-1])}"
    before = manifest(folder)["files"].get(name)
    if before is not None and not refresh and is_whole(folder / name, before):
        return folder / name
    handle, part_name = tempfile.mkstemp(dir=folder, suffix=f".part.{form}")
    os.close(handle)
    part = Path(part_name)
    try:
        with _bar(name, None if pd.isna(row["bytes"]) else int(row["bytes"]), progress) as bar:
            got = client.download(url, part, lambda n, _: bar(n))
        _check(row, got.n_bytes, got.beginning, got.content_type, part)
        os.replace(part, folder / name)
    finally:
        part.unlink(missing_ok=True)
    said = manifest(folder)
    said["files"][name] = {
        "remit": row["remit"], "title": row["title"], "kind": row["kind"],
        "as_at": None if pd.isna(row["as_at"]) else str(row["as_at"].date()),
        "url": got.url, "page": row["page"], "media_id": listing.media_id(url), "bytes": got.n_bytes, "sha256": got.sha256,
        "fetched": now().isoformat(),
    }  # fmt: skip
    write_manifest(folder, said)
    return folder / name


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)[-120:]


class _bar:  # noqa: N801
    """A progress bar where one is wanted: by default on a terminal."""

    def __init__(self, name: str, total: int | None, progress: bool | None) -> None:
        disable = None if progress is None else not progress
        self._tqdm = tqdm(total=total, desc=name[25:65], unit="B", unit_scale=True, disable=disable, leave=False)

    def __enter__(self) -> Callable[[int], Any]:
        return self._tqdm.update

    def __exit__(self, *_: object) -> None:
        self._tqdm.close()


def _check(row: pd.Series, n: int, beginning: bytes, content_type: str, part: Path) -> None:
    """Refuse what is no table or workbook, is not as long as listed, or is of no layout that is known."""
    url, form = row["url"], row["format"]
    start = beginning.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")) or content_type.startswith("text/html"):
        raise SourceError(f"{url} gave a web page in place of a file: look at {row['page']} by hand, or try again later")
    if form in _BEGINNINGS and not beginning.startswith(_BEGINNINGS[form]):
        raise SourceError(f"{url} is no {form.upper()} file by its first bytes: look at {row['page']} by hand")
    if not pd.isna(row["bytes"]) and n != int(row["bytes"]):
        raise SourceError(f"{url} has {n:,} bytes, and its page lists {int(row['bytes']):,}: it changed in between; call with refresh=True")
    try:
        layouts = list_sheets(part)["layout"]
    except ReadingError as error:
        raise SourceError(f"{url} was fetched and cannot be read ({error}): look at {row['page']} by hand") from error
    if not (layouts.notna() & (layouts.astype(str) != "")).any():
        raise SourceError(f"{url} was fetched, and no sheet has a layout that is known: its columns have changed, or it is another file")
