"""The documentation site: every public name has its page, links inside lead somewhere, and axe finds nothing.

`nox -s docs` builds the site and runs the tests of what was built; of the sources the other tests always run.
"""

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import ofsted_sif as sif

SOURCES = Path(__file__).parent.parent / "docs"
BUILT = Path(os.environ.get("OFSTED_SIF_SITE", "not built"))
KINDS_OF_PAGE = ["index", "guide/five_minutes", "gallery", "reference/made/ofsted_sif.as_at", "notebooks/01-the-2015-report"]

built = pytest.mark.skipif(not BUILT.exists(), reason="the site is not built here: nox -s docs")
sources = pytest.mark.skipif(not SOURCES.exists(), reason="the sources of the documentation are not here")


def listed() -> set[str]:
    """Names that a page of the reference lists."""
    pages = "\n".join(page.read_text("utf-8") for page in (SOURCES / "reference").glob("*.md"))
    return set(re.findall(r"^   ([\w.]+)$", pages, flags=re.MULTILINE))


@sources
def test_every_public_name_has_a_page() -> None:
    modules = {"counts", "plot", "__version__"}
    assert {*sif.__all__} - modules - listed() == set()
    for module in ("counts", "plot"):
        public = {f"{module}.{name}" for name in getattr(sif, module).__all__ if callable(getattr(getattr(sif, module), name))}
        assert public - listed() == set()


@sources
def test_no_page_names_what_is_not_there() -> None:
    for name in listed():
        found = sif
        for part in name.split("."):
            found = getattr(found, part)


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if tag == "a" and name == "href" and value:
                self.links.append(value)


@built
def test_links_inside_the_site_lead_somewhere() -> None:
    pages = {path.resolve(): Page(path) for path in BUILT.rglob("*.html")}
    assert len(pages) > 50
    for path, page in pages.items():
        for link in page.links:
            if re.match(r"\w+:|//", link):
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), f"{path.relative_to(BUILT.resolve())} links to {link}"
            if anchor and target in pages:
                assert anchor in pages[target].anchors, f"{path.relative_to(BUILT.resolve())} links to {link}"


@built
@pytest.mark.parametrize("page", KINDS_OF_PAGE)
def test_axe_finds_nothing(page: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    browser_path = next((path for name in ("chromium", "chromium-browser") if (path := Path("/usr/bin", name)).exists()), None)
    if browser_path is None:
        pytest.skip("no Chromium here")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(browser_path), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1280, "height": 900}, offline=True)
        tab.goto((BUILT / f"{page}.html").resolve().as_uri())
        found = axe.Axe().run(tab)
        browser.close()
    assert found.violations_count == 0, found.generate_report()


@built
def test_search_works_without_a_network() -> None:
    index = (BUILT / "searchindex.js").read_text("utf-8")
    assert "as_at" in index
    assert not re.search(r"<script[^>]+src=.https?:", (BUILT / "search.html").read_text("utf-8"))
