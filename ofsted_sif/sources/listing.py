"""What is published: the lists of GOV.UK's pages, parsed by title."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pandas as pd

from ofsted_sif.reading.own import DATE, date_in
from ofsted_sif.sources import web
from ofsted_sif.sources.web import GOV_UK, Client, SourceError

FORMATS = ("csv", "ods", "xlsx", "xls")  # the best first
COLUMNS = ["remit", "title", "as_at", "kind", "format", "bytes", "uploaded", "url", "page", "note"]
_MEDIA = re.compile(r"/media/([0-9a-f]{24})/")
_MOVED = datetime.datetime(2018, 3, 1)  # media ids before are of the days on which older files were moved, not uploaded


@dataclass(frozen=True)
class Page:
    """Where the files of a remit stand and how their titles read; a TOML file each in ``pages``."""

    remit: str
    page: str | None
    collection: str | None
    releases: re.Pattern[str] | None
    titles: tuple[tuple[str, re.Pattern[str]], ...]
    day: str | None = None  # of a release whose title has only the year
    snapshots: tuple[str, ...] = ()  # of these dates, beside the newest, the history needs the latest inspections


@cache
def pages() -> dict[str, Page]:
    """The pages by remit."""
    found = {}
    for path in sorted((files("ofsted_sif.sources") / "pages").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".toml"):
            said = tomllib.loads(path.read_text(encoding="utf-8"))
            titles = tuple((title["kind"], re.compile(title["pattern"], re.IGNORECASE)) for title in said["titles"])
            releases = re.compile(said["releases"]) if "releases" in said else None
            found[said["remit"]] = Page(
                said["remit"],
                said.get("page"),
                said.get("collection"),
                releases,
                titles,
                said.get("day"),
                tuple(map(str, said.get("snapshots", ()))),
            )
    return found


def page_of(remit: str) -> Page:
    """The page of a remit, or an error that names those there are."""
    if remit not in pages():
        raise ValueError(f"there is no remit {remit!r}; there are {', '.join(map(repr, pages()))}")
    return pages()[remit]


def media_id(url: str) -> str | None:
    """The id under which a file was uploaded; one never changes its file."""
    found = _MEDIA.search(url)
    return found[1] if found else None


def uploaded(url: str) -> datetime.datetime | None:
    """The time in the media id; None for older files, whose ids tell when they were moved."""
    found = media_id(url)
    when = None if found is None else datetime.datetime.fromtimestamp(int(found[:8], 16), datetime.UTC).replace(tzinfo=None)
    return None if when is None or when < _MOVED else when


def listed(remit: str, client: Client) -> pd.DataFrame:
    """Ask for the page or pages of a remit, and list their files."""
    page = page_of(remit)
    rows: list[dict[str, Any]] = []
    for path in [page.page] if page.page else _releases(page, client):
        rows += _of_page(page, str(path), client)
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["as_at"] = pd.to_datetime(table["as_at"]).astype("datetime64[s]")
    table["uploaded"] = pd.to_datetime(table["uploaded"]).astype("datetime64[s]")
    table["bytes"] = table["bytes"].astype("Int64")
    order = ["as_at", "uploaded", "title"]
    return table.drop_duplicates("url").sort_values(order, ascending=[False, False, True], kind="stable").reset_index(drop=True)


def content(path: str, client: Client) -> tuple[str, dict[str, Any]]:
    """What GOV.UK says of a page, and the path it stands at now: moved pages are followed."""
    for _ in range(5):
        said = client.json(f"{web.origins()[0]}/api/content{path}")
        if said.get("schema_name") == "gone":
            details = said.get("details") or {}
            raise SourceError(f"{GOV_UK}{path} is gone: {details.get('explanation') or 'no reason is given'}", 410)
        if said.get("schema_name") != "redirect":
            return path, said
        targets = [item.get("destination") for item in said.get("redirects") or () if item.get("destination")]
        if not targets:
            raise SourceError(f"{GOV_UK}{path} was moved, and nothing says where to")
        path = urlsplit(targets[0]).path if targets[0].startswith("/") else targets[0]
        if not path.startswith("/"):
            raise SourceError(f"the page was moved to {path}, which is not at {GOV_UK}: look there by hand")
    raise SourceError(f"{GOV_UK}{path} was moved again and again: look there by hand")


def _releases(page: Page, client: Client) -> list[str]:
    """The release pages of a collection: never built from a date, as their addresses have exceptions."""
    assert page.collection is not None
    assert page.releases is not None
    path, said = content(page.collection, client)
    documents = (said.get("links") or {}).get("documents") or []
    paths = [str(one.get("base_path")) for one in documents]
    found = [one for one in paths if page.releases.search(one)]
    if not found:
        raise SourceError(f"the collection {GOV_UK}{path} has no release of {page.remit!r}; it has {', '.join(paths) or 'none'}")
    return found


def _of_page(page: Page, path: str, client: Client) -> list[dict[str, Any]]:
    path, said = content(path, client)
    notice = said.get("withdrawn_notice") or {}
    note = f"withdrawn on {str(notice.get('withdrawn_at', ''))[:10]}" if notice else ""
    details = said.get("details") or {}
    attachments = details.get("attachments") or _in_body(details.get("body") or "")
    rows = []
    for one in attachments:
        url = urljoin(_assets(), str(one.get("url") or ""))
        form = _format(url, one)
        if one.get("attachment_type", "file") == "file" and form is not None:
            title = " ".join(str(one.get("title") or "").split())
            kind = next((kind for kind, pattern in page.titles if pattern.search(_plain(title))), None)
            size = one.get("file_size")
            when = date_in(title) or (_date_of_release(page, title, str(said.get("title") or "")) if page.collection else None)
            rows.append(
                dict(zip(COLUMNS, [page.remit, title, when, kind, form, size, uploaded(url), url, GOV_UK + path, note], strict=True))
            )
    return rows


def _date_of_release(page: Page, title: str, page_title: str) -> datetime.date | None:
    """The date that a release's own title has, or its year with the day that these releases speak of."""
    years = re.findall(r"(?<!\d)20\d\d(?!\d)", page_title) or re.findall(r"(?<!\d)20\d\d(?!\d)", title)
    return date_in(page_title) or (date_in(f"{page.day} {years[-1]}") if page.day and years else None)


def _assets() -> str:
    return web.origins()[-1] + "/"


def _plain(title: str) -> str:
    """Dashes and apostrophes as a keyboard has them."""
    return re.sub("[\u2010-\u2015]", "-", title).replace("\u2019", "'")


def _format(url: str, one: Mapping[str, Any]) -> str | None:
    ending = unquote(urlsplit(url).path).rsplit(".", 1)[-1].lower()
    return ending if ending in FORMATS else None


class _Links(HTMLParser):
    """Links to files in the text of an old page, each with the title above it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []
        self._title: list[str] = []
        self._in: str | None = None
        self._link: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a title or a link."""
        said = dict(attrs)
        if tag in ("h2", "h3"):
            self._in, self._title = tag, []
        elif tag == "section":
            self._title = []
        elif tag == "a" and said.get("href"):
            title = "".join(self._title).strip()
            self.found.append({"url": said["href"], "title": title})
            self._link = []
            if not title and self._in is None:
                self._in = "a"

    def handle_endtag(self, tag: str) -> None:
        """End it: a link without a title above is called by its own words."""
        if tag == "a" and self._in == "a":
            self.found[-1]["title"] = "".join(self._link).strip()
        if tag == self._in:
            self._in = None

    def handle_data(self, data: str) -> None:
        """Take the words of a title or of a link."""
        if self._in == "a":
            self._link.append(data)
        elif self._in is not None:
            self._title.append(data)


def _in_body(body: str) -> list[dict[str, Any]]:
    parser = _Links()
    parser.feed(body)
    parser.close()
    return parser.found


def chosen(table: pd.DataFrame, remit: str, as_at: Any, kind: str) -> pd.Series:
    """The file asked for: by the date in its title, then the later upload, then the better format; or an error that lists the titles."""
    of_kind = table[table["kind"] == kind]
    if of_kind.empty:
        raise SourceError(f"{remit!r} has no file of the kind {kind!r}; there is {_titles(table)}")
    undated = of_kind[of_kind["as_at"].isna()]
    if len(undated) and as_at == "latest":
        raise SourceError(f"which file is the newest is not certain, as a title has no date: {_titles(undated)}; give as_at=")
    day = of_kind["as_at"].max() if as_at == "latest" else pd.Timestamp(as_at)
    found = of_kind[of_kind["as_at"] == day]
    if found.empty:
        raise SourceError(f"{remit!r} has no {kind!r} file as at {day.date()}; there is {_titles(of_kind)}")
    if (found.assign(named=found["title"].map(_undated)).groupby("format")["named"].nunique() > 1).any():
        raise SourceError(f"two data sets of {remit!r} fit {day.date()}: {_titles(found)}; fetch the one you mean by hand, and read it")
    # One upload has several formats, each with its own id, seconds apart; a re-upload is hours or months later.
    best = found.assign(
        _form=found["format"].map(FORMATS.index),
        _time=found["uploaded"].fillna(pd.Timestamp(0)).dt.floor("h"),
    ).sort_values(["_form", "_time"], ascending=[True, False], kind="stable")
    newest = best["_time"].max()
    near = best[best["_time"] >= newest - pd.Timedelta(hours=1)]
    return near.sort_values(["_form", "uploaded"], ascending=[True, False], kind="stable").iloc[0]


def _undated(title: str) -> str:
    """A title by its letters, without date, "as at" and punctuation: what stays the same when a file is uploaded again."""
    return re.sub(r"\b(as|at)\b|[^a-z]", "", DATE.sub("", _plain(title)).casefold())


def _titles(table: pd.DataFrame) -> str:
    return "; ".join(f"{title!r} ({form})" for title, form in table[["title", "format"]].itertuples(index=False)) or "nothing"


def all_remits(remit: str | None) -> Iterable[str]:
    """The remit, or each there is."""
    return pages() if remit is None else [page_of(remit).remit]
