"""The report: that its figures are those of the table functions, that it is safe to send on, and that it works in a browser."""

import datetime
import re
import shutil
from html.parser import HTMLParser

import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif import cli

pytest.importorskip("jinja2")
from ofsted_sif.report import write_report

SCRIPT = "<script>alert(1)</script>"


class Page(HTMLParser):
    """The tables of a page as lists of rows, and every address, tag and attribute in it."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.attributes, self.tags = {}, [], []
        self.text, self.cell, self.section = text, None, ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag == "section":
            self.section = dict(attrs)["id"]
        if tag == "table":
            self.tables.setdefault(self.section, []).append([])
        if tag == "tr":
            self.tables[self.section][-1].append([])
        if tag in ("td", "th"):
            self.cell = []

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[self.section][-1][-1].append("".join(self.cell).strip())
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell.append(data)


@pytest.fixture(scope="module")
def table():
    return sif.load_inspections()


@pytest.fixture(scope="module")
def report(table, tmp_path_factory):
    """The bundled table's report as at its last day."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    return write_report(table, path, as_at="2026-08-24", register=sif.load_local_authorities())


@pytest.fixture(scope="module")
def page(report):
    return Page(report.read_text("utf-8"))


@pytest.fixture(scope="module")
def region(table, tmp_path_factory):
    """The report of one region, quicker to print: the other hexagons of its map are empty."""
    path = tmp_path_factory.mktemp("region") / "region.html"
    return write_report(table[table["region"] == "South West"], path, provider="Somerset")


def small(**more):
    """Four inspections of three providers, in the fewest columns."""
    rows = {
        "provider": ["a1", "a1", "b2", "c3"],
        "inspection_start": ["2015-02-01", "2019-05-06", "2018-03-01", "2020-01-01"],
        "overall_effectiveness": ["Inadequate", "Good", "Outstanding", "Good"],
    }
    return pd.DataFrame(rows | more)


# ---- the figures


def test_headline_says_how_many_judgements_are_older_than_the_newest_inspection(page):
    text = re.sub(r"<[^>]+>|\s+", " ", page.text)
    assert re.search(r"73%\s+111 of 153 authorities are good or outstanding by overall effectiveness; 13 are inadequate", text)
    assert re.search(r"For\s+11\s+of the 153 that judgement is older than the newest inspection", text)
    assert "inspections since April 2026 make no overall judgement" in text


def test_every_number_is_that_of_the_table_functions(page, table):
    options = {"framework": "all", "register": sif.load_local_authorities()}
    state = sif.as_at(table, "2026-08-24", having="overall_effectiveness", **options)
    newest = sif.as_at(table, "2026-08-24", **options)

    def counts(row):
        names = ["n", "n_judged", *sif.FOUR_POINT.columns, "good_or_outstanding"]
        return [str(int(row[name])) for name in names] + [str(int(sif.percent(row["good_or_outstanding"], row["n_judged"])))]

    shown = {row[0]: row[1:9] for row in page.tables["judgements"][0][1:]}
    assert shown["Overall effectiveness"] == counts(sif.aggregate(state).iloc[0])
    for label, name in {"Help and protection": "help_and_protection", "Leadership": "leadership", "Care leavers": "care_leavers"}.items():
        assert shown[label] == counts(sif.aggregate(newest, judgement=name).iloc[0])
    regions = {row[0]: row[1:9] for row in page.tables["regions"][0][1:]}
    assert regions == {row["region"]: counts(row) for row in sif.aggregate(state, "region").to_dict("records")}
    years = page.tables["years"][0][1:]
    dates = [f"{year}-08-24" for year in range(2014, 2027)]
    expected = sif.series(table, dates, having="overall_effectiveness", **options)
    assert [row[1:9] for row in years] == [counts(row) for row in expected.to_dict("records")]


def test_who_changed_has_every_provider_that_was_judged_twice(page, table):
    graded = table[table["overall_effectiveness"].notna()].sort_values("inspection_start", kind="stable")
    today = set(sif.as_at(table, "2026-08-24", framework="all")["provider"])
    expected = {}
    for key, mine in graded.groupby("provider", observed=True):
        if key in today and len(mine) > 1:
            before, after = mine["overall_effectiveness"].cat.codes.iloc[-2:]
            expected[key] = "improved" if after > before else "declined" if after < before else "same"
    assert {row[0]: row[5] for row in page.tables["changes"][0][1:]} == expected


def test_each_authority_has_its_history_beside_region_and_england(page, table):
    mine = table[table["provider_name"] == "Devon"]
    beside, history = page.tables["p-E10000008"]
    assert len(history) - 1 == len(mine)
    assert beside[0] == ["Judgement", "Devon", "South West, good or outstanding", "England, good or outstanding"]
    assert beside[1] == ["Overall effectiveness", "Inadequate", "60% (9 of 15)", "73% (111 of 153)"]
    assert sum(name.startswith("p-") for name in page.tables) == 153


def test_as_at_an_earlier_date_nothing_later_is_known(table, tmp_path):
    page = Page(write_report(table, tmp_path / "old.html", as_at="2015-03-10", framework="SIF").read_text("utf-8"))
    assert page.tables["judgements"][0][1][1:8] == ["43", "43", "0", "10", "26", "7", "10"]
    dates = [row[1] for name, tables in page.tables.items() if name.startswith("p-") for row in tables[1][1:]]
    assert max(dates) <= "2015-03-10"


# ---- any table


def _of_authorities():
    known = sif.releases()
    names = known["release"] if "release" in known.columns else known.index
    return [str(name) for name in names if str(name).startswith("la-")]


@pytest.mark.parametrize("name", _of_authorities())
def test_every_release_of_local_authorities_has_a_page(name, table, tmp_path):
    options = sif.release(name)
    date, wanted = options.pop("date"), sif.release(name)["framework"]
    path = write_report(
        table,
        tmp_path / "page.html",
        as_at=date,
        published_by=options["published_by"],
        framework=wanted or "all",
        register=sif.load_local_authorities(),
    )
    assert "Children\u2019s services in England" in path.read_text("utf-8")


def test_every_judgement_has_a_page(table, tmp_path):
    for judgement in ("leadership", "help_and_protection", "children_in_care", "care_leavers", "adoption", "lscb"):
        text = write_report(
            table, tmp_path / "page.html", as_at="2018-03-31", judgement=judgement, register=sif.load_local_authorities()
        ).read_text("utf-8")
        assert "<main>" in text


def test_a_part_is_called_by_what_it_holds_and_not_england(table, tmp_path):
    for part, said in (
        (table[table["region"] == "South West"], "15 local authorities, South West"),
        (table[table["provider_name"] == "Devon"], "1 local authority, South West"),
        (table[table["region"] != "London"], "120 local authorities"),
    ):
        text = write_report(part, tmp_path / "page.html").read_text("utf-8")
        assert said in re.search(r"<h1>(.*?)</h1>", text)[1]
        assert not re.search(r"(?<!East of )England(</th>|,)", text)


def test_a_part_of_england_has_englands_figure_beside_it_with_its_source(table, tmp_path):
    part = table[table["region"] == "South West"]
    text = write_report(part, tmp_path / "page.html", as_at="2026-08-24").read_text("utf-8")
    said = "England on the same day: 73% (111 of 153), from the table that comes with ofsted_sif and not from this one."
    assert said in text
    for of, options in (
        (table, {"as_at": "2026-08-24"}),  # England itself
        (part, {"as_at": "2027-08-24"}),  # a day of which the table that comes with the package does not tell
        (part.assign(framework="OTHER"), {"as_at": "2026-08-24", "framework": "OTHER"}),
        (small(), {}),  # no authorities
    ):
        assert "England on the same day" not in write_report(of, tmp_path / "page.html", **options).read_text("utf-8")


def test_the_map_of_a_part_has_its_hexagons_alone(table, tmp_path):
    text = write_report(table[table["region"] == "South West"], tmp_path / "page.html").read_text("utf-8")
    assert text.count("<polygon") == 15
    assert "not in the table" not in text


def test_providers_never_judged_and_no_rows_are_answered(tmp_path):
    table = pd.DataFrame(
        {"provider": ["a", "b"], "inspection_start": ["2018-01-01", "2018-02-01"], "overall_effectiveness": ["Good", None]}
    )
    text = write_report(table, tmp_path / "page.html", as_at="2019-01-01", register=pd.DataFrame({"provider": ["a", "b", "c"]}))
    assert "<main>" in text.read_text("utf-8")
    with pytest.raises(ValueError, match="no judgement with a grade"):
        write_report(table.iloc[:0], tmp_path / "empty.html", as_at="2019-01-01")


def test_the_command_line_names_a_folder_that_is_missing(tmp_path, capsys):
    assert cli.main(["report", "-o", str(tmp_path / "nosuch" / "page.html")]) == 2
    error = capsys.readouterr().err
    assert "nosuch" in error
    assert ".part" not in error


def test_fewest_columns_will_do(tmp_path):
    page = Page(write_report(small(), tmp_path / "small.html").read_text("utf-8"))
    assert page.tables["judgements"][0][1][:7] == ["Overall effectiveness", "3", "3", "1", "2", "0", "0"]
    assert page.tables["listed"][0][1] == ["a1", "Good", "May 2019", "improved"]
    assert not {"map", "regions"} & set(page.tables)


def test_other_scales_have_no_per_cent_and_no_error(tmp_path):
    rows = {"inclusion": ["Strong standard", "Expected standard", None], "safeguarding": ["Met", "Not met", "Met"]}
    table = pd.DataFrame({"provider": [1, 2, 3], "published": ["2026-01-02"] * 3, "region": ["North", None, "North"]} | rows)
    text = write_report(table, tmp_path / "cards.html").read_text("utf-8")
    page = Page(text)
    assert page.tables["judgements"][0][1] == ["Inclusion", "2", "2", "0", "1", "1", "0", "0"]
    assert "another scale: Safeguarding" in text
    assert "Not stated" in text


def test_many_providers_get_no_page_each_and_the_page_says_so(tmp_path):
    size = 3100
    table = pd.DataFrame(
        {"provider": range(size), "inspection_start": "2020-01-01", "overall_effectiveness": ["Good", "Inadequate"] * (size // 2)}
    )
    path = write_report(table, tmp_path / "many.html", provider="7")
    page = Page(path.read_text("utf-8"))
    assert [name for name in page.tables if name.startswith("p-")] == ["p-7"]
    assert "The table of 3100 providers is left out" in page.text
    page = Page(write_report(table.iloc[:500], tmp_path / "some.html").read_text("utf-8"))
    assert len(page.tables["listed"][0]) == 501
    assert "there is no page for each" in page.text


def test_a_provider_is_found_by_name_or_code_and_errors_help(table, tmp_path):
    for asked in ("devon", "E10000008"):
        page = Page(write_report(table, tmp_path / "devon.html", provider=asked).read_text("utf-8"))
        assert next(name for name in page.tables if name.startswith("p-")) == "p-E10000008"
        assert [pair for pair in page.attributes if pair == ("section", "class", "authority")] == [("section", "class", "authority")]
    with pytest.raises(ValueError, match=r"'Devonn' is not among those open and judged on the date; did you mean Devon \(E10000008\)"):
        write_report(table, tmp_path / "no.html", provider="Devonn")
    twice = small(provider_name=["Same", "Same", "Same", "Other"])
    with pytest.raises(ValueError, match="'Same' is the name of a1 and b2: give the code"):
        write_report(twice, tmp_path / "no.html", provider="Same")
    with pytest.raises(ValueError, match="no provider of the table has been judged on overall effectiveness by 1 January 2010"):
        write_report(table, tmp_path / "no.html", as_at=datetime.date(2010, 1, 1))
    with pytest.raises(ValueError, match="no judgement with a grade"):
        write_report(table[["provider", "published"]], tmp_path / "no.html")
    assert not (tmp_path / "no.html").exists()


def test_the_command_line_writes_it(tmp_path, capsys):
    source, target = tmp_path / "mine.csv", tmp_path / "report.html"
    small(provider_name=["One", "One", "Two", "Three"]).to_csv(source, index=False)
    assert cli.main(["report", str(source), "-o", str(target), "--provider", "two", "--as-at", "2019-12-31"]) == 0
    assert "wrote" in capsys.readouterr().out
    page = Page(target.read_text("utf-8"))
    assert page.tables["judgements"][0][1][1:3] == ["2", "2"]
    before = target.read_bytes()
    assert cli.main(["report", str(source), "-o", str(target)]) == 2
    assert f"{target} is there already: --overwrite replaces it" in capsys.readouterr().err
    assert cli.main(["report", str(source), "-o", str(target), "--overwrite", "--provider", "Nobody"]) == 2
    assert "Nobody" in capsys.readouterr().err
    assert target.read_bytes() == before
    assert (
        cli.main(["report", str(source), "-o", str(target), "--overwrite", "--title", "Mine", "--judgement", "overall_effectiveness"]) == 0
    )
    assert "<h1>Mine</h1>" in target.read_text("utf-8")


# ---- safe to send on


def test_it_asks_nothing_of_any_network_and_runs_only_its_own_script(page):
    addresses = [value for tag, name, value in page.attributes if name in ("src", "href", "xlink:href", "srcset", "action", "data")]
    outside = {value for value in addresses if not value.startswith("#")}
    assert outside == {"https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"}
    assert not {"link", "img", "iframe", "object", "embed", "base"} & set(page.tags)
    assert page.tags.count("script") == 1
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]
    policy = next(value for tag, name, value in page.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "@import" not in page.text


def test_every_link_within_leads_somewhere_and_no_id_is_used_twice(page):
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for _, name, value in page.attributes if name == "href" and value.startswith("#")} <= set(ids)


def test_everything_from_the_data_is_escaped(tmp_path):
    evil = ['"><img src=x onerror=alert(1)>', "'); alert(1) //", SCRIPT, "</style><b>"]
    words = dict.fromkeys(("provider_name", "region", "framework", "inspection_type"), evil)
    table = small(**words).assign(provider=["x\"'<", "x\"'<", "</script>", "&amp;"])
    page = Page(write_report(table, tmp_path / "evil.html").read_text("utf-8"))
    plain = Page(write_report(small(**dict.fromkeys(words, "word")), tmp_path / "plain.html").read_text("utf-8"))
    assert set(page.tags) == set(plain.tags)
    assert page.tags.count("script") == 1
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "src"]
    assert SCRIPT in [row[0] for row in page.tables["listed"][0]]
    assert SCRIPT not in page.text


def test_it_is_small_enough_to_send(report):
    assert report.stat().st_size < 1_500_000


def test_without_jinja2_the_error_names_the_command(table, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(ImportError, match=r"pip install 'ofsted_sif\[report\]'"):
        write_report(table, tmp_path / "report.html")


# ---- in a browser


@pytest.fixture(scope="module")
def browser():
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no browser: install chromium (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: python3 -m pip install playwright")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])  # root has no sandbox
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser):
    """Open a report; afterwards there was no console error, no dialogue and no request but for the file itself."""
    wrong, contexts = [], []

    def opened(path, fragment="", **options):
        context = browser.new_context(**({"viewport": {"width": 1200, "height": 900}, "offline": True} | options))
        contexts.append(context)
        tab = context.new_page()
        address = path.resolve().as_uri()
        tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("request", lambda request: wrong.append(request.url) if request.url.split("#")[0] != address else None)
        tab.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        tab.goto(address + fragment)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def first_cells(tab, column=1):
    return tab.locator(f"#all tbody tr:visible > :nth-child({column})").all_inner_texts()


def test_the_table_sorts_and_filters(visit, report):
    tab = visit(report)
    names = first_cells(tab)
    assert len(names) == 153
    assert names[0] == "Barking and Dagenham"
    tab.get_by_role("button", name="Authority").click()
    assert first_cells(tab) == names[::-1]
    tab.get_by_role("button", name="Overall effectiveness").click()
    grades = first_cells(tab, 3)
    assert grades == ["Outstanding"] * 46 + ["Good"] * 65 + ["Requires improvement"] * 29 + ["Inadequate"] * 13
    assert tab.locator("#all thead th").nth(2).get_attribute("aria-sort") == "ascending"
    tab.locator("#by-region").select_option("London")
    assert len(first_cells(tab)) == 33
    tab.locator("#by-grade").select_option("Inadequate")
    assert len(first_cells(tab)) == 2
    assert tab.get_by_role("status").inner_text() == "2 of 153 shown"
    tab.locator("#by-name").fill("HARR")
    assert first_cells(tab) == ["Harrow"]


def test_a_hexagon_has_a_tooltip_by_mouse_and_by_keyboard(visit, report):
    tab = visit(report)
    devon = tab.locator("#hexmap a[href='#p-E10000008']")
    devon.hover()
    assert tab.locator("#tip").inner_text().startswith("Devon\nInadequate, inspected")
    tab.mouse.move(0, 0)
    assert not tab.locator("#tip").is_visible()
    devon.focus()
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Somerset: Good")
    assert tab.locator("#tip").inner_text().startswith("Somerset\nGood")
    assert tab.locator("#hexmap a[tabindex='0']").count() == 1


def test_the_link_to_one_authority_shows_its_page_and_the_way_back(visit, report):
    tab = visit(report)
    tab.locator("#all").get_by_role("link", name="Devon", exact=True).click()
    heading = tab.locator("#p-E10000008 h2")
    assert heading.is_visible()
    assert not tab.locator("#overview").is_visible()
    assert tab.locator(".authority:visible").count() == 1
    assert tab.evaluate("document.activeElement.textContent") == "Devon"
    tab.get_by_role("link", name="All authorities").click()
    assert tab.locator("#overview").is_visible()
    assert not heading.is_visible()


def test_the_data_behind_a_chart_copies_as_csv(visit, report):
    tab = visit(report)
    tab.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { window.copied = text; }}})")
    tab.locator("#regions summary").click()
    tab.locator("#regions button.copy").click()
    lines = tab.evaluate("window.copied").split("\r\n")
    assert lines[0].startswith("Region,n,n judged,Outstanding,Good,Requires improvement,Inadequate,Good or outstanding,Per cent")
    assert lines[1].startswith("Yorkshire and The Humber,15,15,5,9,1,0,14,93,")
    for section in ("judgements", "map", "years", "changes"):
        tab.locator(f"#{section} > details > summary").click()
        tab.locator(f"#{section} > details > button.copy").click()
        assert tab.evaluate("window.copied").count("\r\n") > 4
    tab.locator("#listed > button.copy").click()
    assert tab.evaluate("window.copied").splitlines()[0].startswith("Authority,Region,Overall effectiveness,Inspected,Change")


def test_copied_names_are_quoted_and_never_a_formula(visit, tmp_path):
    table = small(provider_name=["=1+1", "=1+1", 'A "b", c', "-x"])
    tab = visit(write_report(table, tmp_path / "names.html"))
    tab.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { window.copied = text; }}})")
    tab.locator("#listed > button.copy").click()
    names = [line.rsplit(",", 3)[0] for line in tab.evaluate("window.copied").splitlines()[1:]]
    assert sorted(names) == sorted(["'=1+1", '"A ""b"", c"', "'-x"])


def test_it_prints_on_a4(visit, region, tmp_path):
    tab = visit(region)
    whole = tab.pdf(prefer_css_page_size=True, print_background=True)
    tab.goto(region.resolve().as_uri() + "#p-E10000008")
    one = tab.pdf(prefer_css_page_size=True, print_background=True)
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", whole + one)}
    assert boxes
    for _, _, width, height in boxes:
        assert width == pytest.approx(595, abs=1)
        assert height == pytest.approx(842, abs=1)
    assert len(re.findall(rb"/Type /Page\b", one)) == 1


# Of the page of all authorities axe asks what it asks of one region's, ten times as often.
@pytest.mark.parametrize(
    ("which", "fragment"), [pytest.param("report", "", marks=pytest.mark.slow), ("region", ""), ("region", "#p-E10000008")]
)
def test_axe_finds_no_violation_and_nothing_is_cut_off(visit, which, fragment, request):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: python3 -m pip install axe-playwright-python")
    tab = visit(request.getfixturevalue(which), fragment)
    tab.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    found = axe.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    for width in (390, 700, 1200):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_a_script_in_a_name_does_not_run(visit, tmp_path):
    table = sif.load_inspections()
    for column in ("provider_name", "region"):
        table[column] = table[column].cat.rename_categories({"Devon": SCRIPT, "South West": f"{SCRIPT}<img src=x onerror=alert(2)>"})
    tab = visit(write_report(table, tmp_path / "evil.html", provider=SCRIPT))
    tab.locator("#hexmap a[href='#p-E10000008']").hover()
    assert tab.locator("#tip").inner_text().startswith(SCRIPT)
    tab.get_by_role("button", name="Region").click()
    tab.locator("#by-name").fill(SCRIPT)
    assert first_cells(tab) == [SCRIPT]
    tab.locator("#all").get_by_role("link", name=SCRIPT).click()
    assert tab.locator("#p-E10000008 h2").inner_text() == SCRIPT


def test_without_scripts_it_shows_links_and_filters_nothing(visit, report):
    tab = visit(report, java_script_enabled=False)
    assert tab.locator("#all tbody tr").count() == 153
    assert not tab.locator(".controls").is_visible()
    tab.locator("#all").get_by_role("link", name="Devon", exact=True).click()
    assert tab.locator("#p-E10000008 h2").is_visible()
