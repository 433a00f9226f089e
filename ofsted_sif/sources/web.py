"""One request at a time to the hosts that publish Ofsted's files: bounded in bytes, time and tries, and nowhere else."""

from __future__ import annotations

import hashlib
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

from ofsted_sif._version import __version__

GOV_UK = "https://www.gov.uk"
HOSTS = (GOV_UK, "https://assets.publishing.service.gov.uk")
MOST_LISTED = 8_000_000  # bytes of a page's answer
MOST_FETCHED = 300_000_000  # bytes of a file: the largest published ones have some 60 MB
BLOCK = 1 << 16
AGAIN = (429, 500, 502, 503, 504)


class SourceError(ValueError):
    """What was asked for cannot be had from where Ofsted publishes: says what happened and what to do."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def origins() -> tuple[str, ...]:
    """The beginnings of addresses that may be asked; those that OFSTED_SIF_SOURCES names stand in their place."""
    named = os.environ.get("OFSTED_SIF_SOURCES", "").split()
    return tuple(address.rstrip("/") for address in named) or HOSTS


def checked(address: str) -> str:
    """The address, where it is of a host that publishes."""
    parts = urlsplit(address)
    if f"{parts.scheme}://{parts.netloc}" not in origins():
        raise SourceError(
            f"{address} is not at {' or '.join(origins())}: it was not fetched. Fetch it by hand if you trust it, and read the file; "
            "or name its host in OFSTED_SIF_SOURCES"
        )
    return address


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are followed by hand, so that each new address is checked first."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


@dataclass(frozen=True)
class Fetched:
    """What came: the address in the end, the bytes and their hash."""

    url: str
    n_bytes: int
    sha256: str
    beginning: bytes
    content_type: str


@dataclass
class Client:
    """Asks politely: at most two requests a second, an honest name, waits that double, a limit on time and bytes."""

    timeout: float = 30.0
    longest: float = 600.0
    tries: int = 5
    pause: float = 0.5
    most: int = MOST_FETCHED
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _last: float | None = field(default=None, init=False)

    def json(self, address: str) -> dict[str, Any]:
        """The answer of the content interface of GOV.UK."""
        data = self._tried(address, lambda answer, url: _bounded(answer, url, MOST_LISTED))
        try:
            found = json.loads(data)
        except ValueError as error:
            raise SourceError(f"{address} gave no JSON: is the address right, or does a proxy answer in its place?") from error
        if not isinstance(found, dict):
            raise SourceError(f"{address} gave JSON that describes no page")
        return found

    def download(self, address: str, part: Path, progress: Callable[[int, int | None], None] | None = None) -> Fetched:
        """Write a file to `part`; whatever goes wrong, nothing of it stays."""
        try:
            return self._tried(address, lambda answer, url: self._written(answer, url, part, progress), fresh=True)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def _written(self, answer: Any, url: str, part: Path, progress: Callable[[int, int | None], None] | None) -> Fetched:
        announced = _announced(answer)
        if announced is not None and announced > self.most:
            raise SourceError(f"{url} announces {announced:,} bytes, more than the {self.most:,} that are taken: fetch it by hand")
        begun, n, digest, beginning = self.clock(), 0, hashlib.sha256(), b""
        with part.open("wb") as file:
            while block := answer.read1(BLOCK):
                n += len(block)
                if n > self.most:
                    raise SourceError(f"{url} is longer than the {self.most:,} bytes that are taken: fetch it by hand")
                if self.clock() - begun > self.longest:
                    raise SourceError(f"{url} took longer than {self.longest:g} seconds: try again later, or fetch it by hand")
                beginning = beginning or block[:1000]
                digest.update(block)
                file.write(block)
                if progress is not None:
                    progress(len(block), announced)
        if announced is not None and n != announced:
            raise ConnectionError(f"it was cut off after {n:,} of {announced:,} bytes")
        return Fetched(url, n, digest.hexdigest(), beginning, answer.headers.get("Content-Type", ""))

    def _tried(self, address: str, take: Callable[[Any, str], Any], *, fresh: bool = False) -> Any:
        """`take` of the answer; again after a while where that may help, a new upload's 404 (not yet checked for viruses) included."""
        for attempt in range(1, self.tries + 1):
            try:
                return self._followed(address, take)
            except urllib.error.HTTPError as error:
                with error:
                    worth = error.code in AGAIN or (error.code == 404 and fresh and attempt < 3)
                    if not worth or attempt == self.tries:
                        raise _refused(address, error) from error
                    wait = _retry_after(error) or self.pause * 2**attempt
            except (OSError, HTTPException) as error:
                if attempt == self.tries:
                    raise SourceError(f"{address} could not be fetched in {attempt} tries: {error}. Is there a network?") from error
                wait = self.pause * 2**attempt
            if wait > 120:
                raise SourceError(f"{address} asks to wait {wait:g} seconds: try again after that", 429)
            self.sleep(wait)
        raise AssertionError("a try returns or raises")

    def _followed(self, address: str, take: Callable[[Any, str], Any]) -> Any:
        opener = urllib.request.build_opener(_NoRedirect)
        for _ in range(5):
            self._wait_for_turn()
            request = urllib.request.Request(checked(address), headers={"User-Agent": user_agent(), "Accept-Encoding": "identity"})
            try:
                with opener.open(request, timeout=self.timeout) as answer:
                    return take(answer, address)
            except urllib.error.HTTPError as error:
                if error.code not in (301, 302, 303, 307, 308) or "Location" not in error.headers:
                    raise
                with error:
                    address = urljoin(address, error.headers["Location"])
        raise SourceError(f"{address} redirects too often: five redirects were followed")

    def _wait_for_turn(self) -> None:
        if self._last is not None and (wait := self._last + self.pause - self.clock()) > 0:
            self.sleep(wait)
        self._last = self.clock()


def user_agent() -> str:
    """The name under which is asked; OFSTED_SIF_CONTACT, an address of yours, stands in it."""
    contact = "".join(letter for letter in os.environ.get("OFSTED_SIF_CONTACT", "") if letter.isprintable())
    return f"ofsted-sif/{__version__}" + (f" (+{contact})" if contact else "")


def _announced(answer: Any) -> int | None:
    said = answer.headers.get("Content-Length", "")
    return int(said) if said.isascii() and said.isdigit() else None


def _bounded(answer: BinaryIO, url: str, most: int) -> bytes:
    data = answer.read(most + 1)
    if len(data) > most:
        raise SourceError(f"{url} is longer than the {most:,} bytes that are taken of a page")
    return data


def _retry_after(error: urllib.error.HTTPError) -> float | None:
    said = error.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdigit() else None


def _refused(address: str, error: urllib.error.HTTPError) -> SourceError:
    if error.code == 410:
        try:
            details = json.loads(error.read(MOST_LISTED)).get("details", {})
            said = " ".join(filter(None, [details.get("explanation"), details.get("alternative_path")]))
        except (ValueError, AttributeError, OSError):
            said = ""
        return SourceError(f"{address} is gone (410), taken away for good{': ' + said if said else ''}", 410)
    why = {
        404: "is not there (404): it was moved, misspelt, or uploaded minutes ago; look again later with refresh",
        429: "asks for fewer requests (429): try again in some minutes",
    }.get(error.code, f"answered {error.code}: " + ("try again later" if error.code >= 500 else "fetch it by hand"))
    return SourceError(f"{address} {why}", error.code)
