"""The report: that its figures are those of the table functions, that it is safe to send on, and that it works in a browser."""

import datetime
import re
import shutil
import warnings
from html.parser import HTMLParser

import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif import cli
from tests.support import worlds

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
    part, register = (of[of["region"] == "South East"] for of in (table, sif.load_local_authorities()))
    path = write_report(
        part, tmp_path / "page.html", as_at=date, published_by=options["published_by"], framework=wanted or "all", register=register
    )
    assert "local authorities, South East" in path.read_text("utf-8")


def test_every_judgement_has_a_page(table, tmp_path):
    part = table[table["region"] == "London"]
    for judgement in ("leadership", "help_and_protection", "children_in_care", "care_leavers", "adoption", "lscb"):
        text = write_report(part, tmp_path / "page.html", as_at="2018-03-31", judgement=judgement).read_text("utf-8")
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


@pytest.mark.filterwarnings("ignore::ofsted_sif.errors.BeyondDataWarning")
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


def test_homes_and_schools_have_a_page(tmp_path):
    home = pd.DataFrame(
        {
            "provider": ["SC1", "SC1", "SC2", "SC3"],
            "provider_name": ["Elm House", "Elm House", "Oak House", "Ash House"],
            "provider_type": ["Children's home"] * 4,
            "region": ["London", "London", "South East", "London"],
            "inspection_start": ["2021-05-01", "2022-05-01", "2022-01-10", "2022-03-01"],
            "published": ["2021-06-01", "2022-06-01", "2022-02-01", "2022-04-01"],
            "overall_effectiveness": ["Requires improvement to be good", "Good", "Inadequate", "Outstanding"],
            "leadership": ["Good", "Good", "Inadequate", "Outstanding"],
        }
    )
    page = Page(write_report(home, tmp_path / "homes.html", provider="Elm House", neighbours=["SC2", "SC3"]).read_text("utf-8"))
    assert page.tables["judgements"][0][1][:3] == ["Overall effectiveness", "3", "3"]
    assert "Elm House has been good for overall effectiveness since 1 May 2022 (0.1 years); before that it was requires" in page.text
    assert "Of its 2 statistical neighbours 1 of 2 (50%)." in page.text
    school = pd.DataFrame(
        {
            "provider": [100001, 100001, 100002],
            "inspection_start": ["2025-11-20", "2026-05-01", "2025-12-01"],
            "published": ["2026-01-01", "2026-06-01", "2026-01-08"],
            "inclusion": ["Strong standard", "Exceptional", "Expected standard"],
            "achievement": ["Strong standard", None, "Expected standard"],
        }
    )
    page = Page(write_report(school, tmp_path / "schools.html", judgement="achievement").read_text("utf-8"))
    assert "1 inspected since without a judgement of achievement" in page.text
    assert "https://reports.ofsted.gov.uk/search?q=100001" in page.text


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
    table = table[table["region"] == "South West"]
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


# ---- the news, and the answer for one authority


def text_of(section, text):
    """The words of a section of the page."""
    part = text[text.index(f'id="{section}"') :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part[: part.index("</section>")]))


def test_the_page_says_first_what_changed_since_last_year_of_the_same_authorities(page, table):
    options = {"framework": "all", "register": sif.load_local_authorities(), "having": "overall_effectiveness"}
    now, then = (sif.as_at(table, date, **options) for date in ("2026-08-24", "2025-08-24"))
    both = now.merge(then, on="provider").dropna(subset=["overall_effectiveness_x", "overall_effectiveness_y"])
    step = (both["overall_effectiveness_x"].cat.codes - both["overall_effectiveness_y"].cat.codes).to_numpy()
    row = sif.compare(now, then, paired=True).iloc[0]
    said = text_of("news", page.text)
    assert f"Of the {len(both)} authorities" in said
    assert f"{(step > 0).sum()} improved , {(step < 0).sum()} declined and {(step == 0).sum()} kept the grade" in said
    points = [f"{100 * row[name]:.1f}" for name in ("estimate", "lower", "upper")]
    assert f"+{points[0]} percentage points (95% interval {points[1]} to +{points[2]})" in said
    order = [page.text.index(f'id="{name}"') for name in ("news", "latest", "judgements", "map", "regions")]
    assert order == sorted(order)


def test_the_latest_inspections_have_all_their_judgements_and_dates(page, table):
    rows = page.tables["latest"][0]
    assert rows[0][:5] == ["Authority", "Inspected", "Published", "Inspection", "Overall effectiveness"]
    newest = table.sort_values("published", kind="stable").iloc[-1]
    assert rows[1][2] == f"{newest['published']:%Y-%m-%d}"
    published = [row[2] for row in rows[1:]]
    assert published == sorted(published, reverse=True)
    assert rows[1][4] == "–"  # since April 2026 no overall judgement is made
    assert rows[1][rows[0].index("Leadership")] == str(newest["leadership"])


def test_inspections_without_an_overall_judgement_are_marked_on_map_and_table_and_by_judgement(page, table):
    state = sif.as_at(table, "2026-08-24", framework="all", having="overall_effectiveness")
    newer = state[state["newer_inspection"].notna()]
    drawn = re.findall(r'data-key="(E\d+)"(?:(?!data-key).)*?<circle class="newer" cx', page.text, re.DOTALL)
    assert sorted(drawn) == sorted(newer["provider"])
    heading = page.tables["listed"][0][0]
    place = heading.index("Newer inspection without it")
    assert sum(row[place] != "–" for row in page.tables["listed"][0][1:]) == len(newer) == 11
    said = text_of("changes", page.text)
    assert "11 inspected since without a judgement of overall effectiveness" in said
    liverpool = said[said.index("Liverpool", said.index("inspected since")) :]
    assert re.match(r"Liverpool \w+ 2026 Help and protection: .* → .* (improved|declined|the same)", liverpool)


def test_one_authority_s_page_answers_in_a_sentence_beside_its_neighbours(table, tmp_path):
    listed = tmp_path / "neighbours.csv"
    codes = table.drop_duplicates("provider_name", keep="last").set_index("provider_name")["provider"]
    listed.write_text(f"Code,Name\n{codes['Cornwall']},Cornwall\n{codes['Somerset']},Somerset\n", encoding="utf-8")
    text = write_report(
        table, tmp_path / "page.html", as_at="2026-08-24", provider="Devon", neighbours=listed, register=sif.load_local_authorities()
    ).read_text("utf-8")
    said = text_of("p-E10000008", text)
    assert "Devon has been inadequate for overall effectiveness since 20 January 2020 (6.6 years); before that it was requires" in said
    assert "Its last graded inspection was on 30 September 2024, 1.9 years before 24 August 2026." in said
    assert "In the South West 9 of 15 authorities are good or outstanding (60%). In England 111 of 153 (73%)." in said
    assert "Of its 2 statistical neighbours 2 of 2 (100%)." in said
    assert "https://reports.ofsted.gov.uk/search?q=Devon" in text
    assert "<title>Devon: Children" in text


def test_neighbours_are_a_list_or_a_file_of_codes_or_names(table, tmp_path):
    table = table[table["region"] == "South West"]
    codes = table.drop_duplicates("provider_name", keep="last").set_index("provider_name")["provider"]
    (tmp_path / "names.txt").write_text("Cornwall\nSomerset\n", encoding="utf-8")
    for given in ("Cornwall, Somerset", [codes["Cornwall"], "Somerset"], tmp_path / "names.txt"):
        text = write_report(table, tmp_path / "page.html", provider="Devon", neighbours=given).read_text("utf-8")
        assert "Of its 2 statistical neighbours 2 of 2 (100%)." in text
    with pytest.raises(ValueError, match=r"neighbour 'Cornwal' .*Cornwall"):
        write_report(table, tmp_path / "no.html", provider="Devon", neighbours="Cornwal")
    with pytest.raises(ValueError, match="say which with provider="):
        write_report(table, tmp_path / "no.html", neighbours="Cornwall")
    with pytest.raises(FileNotFoundError, match=r"no file .*none\.csv"):
        write_report(table, tmp_path / "no.html", provider="Devon", neighbours=str(tmp_path / "none.csv"))


def test_a_line_is_thin_until_half_of_the_authorities_are_judged(report, table):
    text = report.read_text("utf-8")
    devon = text[text.index('id="p-E10000008"') :]
    thin, thick = re.findall(r'<polyline class="region( thin)?" points="([^"]+)"', devon)[:2]
    assert (thin[0], thick[0]) == (" thin", "")
    options = {"framework": "all", "register": sif.load_local_authorities(), "having": "overall_effectiveness"}
    dates = [f"{year}-08-24" for year in range(2014, 2027)]
    counted = sif.series(table, dates, "region", **options)
    mine = counted[counted["region"] == "South West"]
    begins = int((2 * mine["n_judged"] >= mine["n"]).to_numpy().argmax())
    assert len(thick[1].split()) == len(dates) - begins
    assert thin[1].split()[-1] == thick[1].split()[0]


def test_who_made_the_page_and_who_did_not_stands_at_its_head(page):
    head = page.text[: page.text.index("<main>")]
    assert "Source: Ofsted" in head
    assert "Not a product of Ofsted" in head


# ---- safe to send on


def test_it_asks_nothing_of_any_network_and_runs_only_its_own_script(page):
    addresses = [value for tag, name, value in page.attributes if name in ("src", "href", "xlink:href", "srcset", "action", "data")]
    outside = {value for value in addresses if not value.startswith("#")}
    reports = {address for address in outside if address.startswith("https://reports.ofsted.gov.uk/search?q=")}
    assert "https://reports.ofsted.gov.uk/search?q=Devon" in reports
    assert outside - reports == {"https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"}
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
    assert tab.locator("#shown").inner_text() == "2 of 153 shown"
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
    for section in ("judgements", "years", "changes"):
        tab.locator(f"#{section} > details > summary").click()
        tab.locator(f"#{section} > details > button.copy").click()
        assert tab.evaluate("window.copied").count("\r\n") > 4
    tab.locator("#listed > button.copy").click()
    assert tab.evaluate("window.copied").splitlines()[0].startswith("Code,Authority,Region,Overall effectiveness,Inspected,Change")


def test_copied_names_are_quoted_and_never_a_formula(visit, tmp_path):
    table = small(provider_name=["=1+1", "=1+1", 'A "b", c', "-x"])
    tab = visit(write_report(table, tmp_path / "names.html"))
    tab.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { window.copied = text; }}})")
    tab.locator("#listed > button.copy").click()
    names = [line.rsplit(",", 3)[0].split(",", 1)[1] for line in tab.evaluate("window.copied").splitlines()[1:]]
    assert sorted(names) == sorted(["'=1+1", '"A ""b"", c"', "'-x"])


def copied(tab):
    """What the last copied table holds, as rows of cells without commas."""
    return [line.split(",") for line in tab.evaluate("window.copied").splitlines()]


def test_copied_tables_have_codes_and_iso_dates(visit, report):
    tab = visit(report)
    tab.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { window.copied = text; }}})")
    tab.locator("#listed > button.copy").click()
    heading, first = copied(tab)[:2]
    assert heading[:6] == ["Code", "Authority", "Region", "Overall effectiveness", "Inspected", "Change"]
    assert first[0] == "E09000002"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", first[4])
    tab.locator("#latest > button.copy").click()
    assert all(re.fullmatch(r"E\d{8}", row[0]) and re.fullmatch(r"20\d\d-\d\d-\d\d", row[3]) for row in copied(tab)[1:])
    tab.locator("#years > details > summary").click()
    tab.locator("#years > details > button.copy").click()
    assert copied(tab)[-1][0] == "2026-08-24"
    assert copied(tab)[0][0] == "As at"


# ---- the explorer

WALK = """([dates, judgement, step]) => {
  const day = document.getElementById("explore-day");
  const choice = document.getElementById("explore-judgement");
  choice.value = [...choice.options].find((option) => option.textContent === judgement).value;
  const seen = [];
  for (let stop = 0; stop <= Number(day.max); stop += step) {
    day.value = stop;
    day.dispatchEvent(new Event("input"));
    const date = new URLSearchParams(location.hash.slice(1)).get("at");
    if (!dates.includes(date)) continue;
    const rows = [...document.querySelectorAll("#regions tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent));
    const fills = {};
    for (const mark of document.querySelectorAll("#hexmap polygon")) {
      const fill = mark.getAttribute("class");
      fills[fill] = (fills[fill] ?? 0) + 1;
    }
    seen.push([date, document.getElementById("lede").textContent, rows, document.querySelectorAll("#all tbody tr").length, fills]);
  }
  return seen;
}"""


@pytest.mark.parametrize(("judgement", "step"), [("overall_effectiveness", 1), ("leadership", 5)])
def test_the_explorer_counts_what_the_interface_counts_at_month_ends(visit, report, table, judgement, step):
    dates = [f"{date:%Y-%m-%d}" for date in pd.date_range("2014-01-31", "2026-07-31", freq="ME")][::step]
    label = judgement.replace("_", " ").capitalize()
    seen = visit(report).evaluate(WALK, [dates, label, step])
    assert len(seen) == len(dates) == [151, 31][step > 1]
    register = sif.load_local_authorities()
    options = {"framework": "all", "register": register, "having": judgement, "judgement": judgement}
    by_region = sif.series(table, dates, "region", **options)
    whole = sif.series(table, dates, **options).to_dict("records")
    for (date, lede, rows, n_listed, fills), overall in zip(seen, whole, strict=True):
        good, judged = int(overall["good_or_outstanding"]), int(overall["n_judged"])
        told = f"{good} of {judged} authorities {'is' if good == 1 else 'are'} good or outstanding by {label.lower()}"
        assert (told if judged else "nobody judged") in lede, date
        assert lede.startswith(f"{int(sif.percent(good, judged))}%" if judged else "–")
        assert n_listed == overall["n"]
        expected = {}
        for row in by_region[(by_region["as_at"] == date) & (by_region["n"] > 0)].to_dict("records"):
            counts = [int(row[name]) for name in ("n", "n_judged", *sif.FOUR_POINT.columns, "good_or_outstanding")]
            share = (
                [int(sif.percent(counts[-1], counts[1])), *(f"{100 * row[bound]:.1f}" for bound in ("lower", "upper"))]
                if counts[1]
                else [""] * 3
            )
            expected[row["region"]] = [*map(str, [*counts, *share])]
        assert {row[0]: row[1:] for row in rows} == expected, date
        # Of the map's 153 authorities those open and judged then have a colour.
        state = sif.as_at(table, date, framework="all", register=register, having=judgement) if date.endswith("-12-31") else None
        if state is not None:
            on_map = state[state["provider"].isin(sif.load_hex_map()["provider"])]
            graded = on_map[judgement].value_counts()
            assert {f"f{place}": int(graded[word]) for place, word in enumerate(sif.FOUR_POINT.labels) if graded[word]} == {
                kind: number for kind, number in fills.items() if kind != "fn"
            }


def test_the_explorer_takes_one_framework_and_one_region(visit, report, table):
    tab = visit(report, "#at=2020-03-31&judgement=Help%20and%20protection&framework=ILACS&region=London")
    options = {"framework": "ILACS", "having": "help_and_protection", "register": sif.load_local_authorities()}
    state = sif.as_at(table, "2020-03-31", **options)
    state = state[state["region"] == "London"].set_index("provider_name")
    row = sif.aggregate(state, judgement="help_and_protection").iloc[0]
    told = f"As at 31 March 2020, in London: {row['good_or_outstanding']:g} of {row['n_judged']:g} authorities are good or outstanding"
    assert told in tab.locator("#lede").inner_text()
    grades = dict(zip(first_cells(tab), first_cells(tab, 3), strict=True))
    assert grades == {name: "–" if pd.isna(grade) else grade for name, grade in state["help_and_protection"].items()}
    assert tab.locator("#explore-date").inner_text() == "31 March 2020"


def test_a_link_keeps_what_was_chosen_and_the_page_of_one_authority_leads_back_to_it(visit, report):
    tab = visit(report)
    tab.locator("#explore-day").fill("20")
    tab.locator("#explore-region").select_option("South West")
    link, headline = tab.evaluate("location.hash"), tab.locator("#lede").inner_text()
    assert link == "#at=2015-09-30&judgement=Overall%20effectiveness&region=South%20West"
    tab.locator("#all").get_by_role("link", name="Devon", exact=True).click()
    assert tab.locator("#p-E10000008 h2").is_visible()
    tab.go_back()
    assert tab.locator("#lede").inner_text() == headline
    assert visit(report, link).locator("#lede").inner_text() == headline
    assert not tab.locator("#years").is_visible()  # what stays as at the page's own date is hidden meanwhile
    before = visit(report)
    tab.get_by_role("button", name="Back to 24 August 2026").click()
    for part in ("#lede", "#regions", "#all", "#map"):
        assert tab.locator(part).inner_text() == before.locator(part).inner_text()
    classes = "[...document.querySelectorAll('#hexmap *')].map((mark) => mark.getAttribute('class') || '')"
    assert tab.evaluate(classes) == before.evaluate(classes)


def test_the_explorer_of_a_page_of_one_framework_keeps_to_it(visit, table, tmp_path):
    path = write_report(table, tmp_path / "sif.html", as_at="2015-03-10", framework=["SIF"])
    own, chosen = visit(path), visit(path, "#at=2015-03-10")
    assert "10 of 43 authorities are good or outstanding" in own.locator("#lede").inner_text()
    assert "10 of 43 authorities are good or outstanding" in chosen.locator("#lede").inner_text()
    assert not chosen.locator("#explore-framework").is_visible()
    assert visit(path, "#at=nonsense").locator("#lede").inner_text() == own.locator("#lede").inner_text()


def test_the_explorer_of_a_table_without_regions_map_and_threshold(visit, tmp_path):
    rows = {"inclusion": ["Strong standard", "Expected standard", "Exceptional"], "published": ["2025-12-02", "2026-01-02", "2026-02-02"]}
    tab = visit(write_report(pd.DataFrame({"provider": [1, 2, 1]} | rows), tmp_path / "cards.html"))
    tab.locator("#explore-day").fill("1")
    assert tab.locator("#lede").inner_text().split("\n") == [
        "2",
        "As at 31 January 2026: providers judged on inclusion: 0 exceptional, 1 strong standard, 1 expected standard, "
        "0 needs attention, 0 urgent improvement.",
    ]
    assert first_cells(tab, 2) == ["Strong standard", "Expected standard"]
    tab.locator("#explore-day").fill("2")
    assert first_cells(tab, 2) == ["Exceptional", "Expected standard"]


def test_tables_that_know_no_earlier_dates_have_no_explorer(table, tmp_path):
    table = small(known_from=["2015-02-01", "2015-02-01", "2018-03-01", "2020-01-01"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sif.IncompleteHistoryWarning)
        text = write_report(table, tmp_path / "page.html").read_text("utf-8")
    assert 'id="explore"' not in text
    assert 'id="explore"' in write_report(small(), tmp_path / "page.html").read_text("utf-8")


@pytest.mark.filterwarnings("ignore::ofsted_sif.errors.IncompleteHistoryWarning")
def test_a_page_of_a_file_that_is_no_history_says_what_it_does_not_know_and_compares_nothing(tmp_path):
    """The latest inspections: no earlier years, nothing on a year ago, and nobody that has changed."""
    world = worlds.histories(30)
    told = {
        "latest": (worlds.latest(world), "earlier years are not shown: the table has the latest inspections, and not all of those before"),
        "earlier date": (worlds.latest(world, 2), "the grades of this day are not known: the table has their later inspections only"),
        "one year": (worlds.of_one_year(world), "The table has the inspections of one period only"),
    }
    for name, (table, sentence) in told.items():
        date = worlds.OLD if name == "earlier date" else None
        text = write_report(table, tmp_path / "page.html", as_at=date).read_text("utf-8")
        assert sentence in text, name
        assert 'id="news"' not in text, name
    whole = write_report(world, tmp_path / "page.html").read_text("utf-8")
    assert not any(sentence in whole for _, sentence in told.values())
    assert 'id="news"' in whole


def test_a_page_of_a_date_beyond_the_data_says_so(table, tmp_path):
    with pytest.warns(sif.BeyondDataWarning, match="complete to 24 August 2026"):
        text = write_report(table, tmp_path / "page.html", as_at="2027-03-31", framework="all").read_text("utf-8")
    assert "The table is complete to 24 August 2026: what was found after that day is not in it." in text
    assert 'id="news"' not in text  # nothing is known of what changed since


# ---- on paper, on phones, by keyboard


def test_it_prints_on_a4_with_all_that_is_folded_and_tagged(visit, region):
    tab = visit(region)
    tab.evaluate("addEventListener('beforeprint', () => { window.open = document.querySelectorAll('details:not([open])').length; })")
    whole = tab.pdf(prefer_css_page_size=True, print_background=True, tagged=True)
    assert tab.evaluate("window.open") == 0
    assert tab.locator("details[open]").count() == 0  # folded again
    for mark in (b"/StructTreeRoot", b"/MarkInfo", b"/Lang (en-GB)", b"/TH", b"/H1"):
        assert mark in whole, mark
    tab.goto(region.resolve().as_uri() + "#p-E10000008")
    one = tab.pdf(prefer_css_page_size=True, print_background=True)
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", whole + one)}
    assert boxes
    for _, _, width, height in boxes:
        assert width == pytest.approx(595, abs=1)
        assert height == pytest.approx(842, abs=1)
    assert len(re.findall(rb"/Type /Page\b", one)) == 1
    tab.emulate_media(media="print")
    assert not tab.locator("#explore").is_visible()


# Of the page of all authorities axe asks what it asks of one region's, ten times as often.
@pytest.mark.parametrize(
    ("which", "fragment", "options"),
    [
        pytest.param("report", "", {}, marks=pytest.mark.slow),
        ("region", "", {}),
        ("region", "#p-E10000008", {"viewport": {"width": 390, "height": 800}}),
        ("region", "#at=2019-03-31", {"forced_colors": "active", "viewport": {"width": 768, "height": 900}}),
    ],
    ids=["all", "wide", "phone", "forced colours"],
)
def test_axe_finds_no_violation_and_nothing_is_cut_off(visit, which, fragment, options, request):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: python3 -m pip install axe-playwright-python")
    tab = visit(request.getfixturevalue(which), fragment, **({"viewport": {"width": 1440, "height": 900}} | options))
    tab.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    found = axe.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    for width in (320, 390, 768, 1440):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_each_number_has_its_n_and_tables_say_that_they_scroll(visit, report):
    tab = visit(report, viewport={"width": 390, "height": 800})
    sides = tab.locator("#years .side:visible").all_inner_texts()
    assert len(sides) == 13
    assert sides[-1] == "73% of 153"
    assert tab.locator("#listed .hint").is_visible()
    tab.set_viewport_size({"width": 1440, "height": 900})
    assert tab.locator("#years svg.years text.few").count() == 13
    assert not tab.locator("#years .side").first.is_visible()


def test_in_forced_colours_the_legend_has_the_colours_of_the_map(visit, region):
    tab = visit(region, forced_colors="active")
    colours = tab.locator("#map .legend i").evaluate_all("(marks) => marks.map((mark) => getComputedStyle(mark).backgroundColor)")
    fills = tab.locator("#hexmap polygon.f1").evaluate_all("(marks) => marks.map((mark) => getComputedStyle(mark).fill)")
    assert colours[1] == fills[0]
    assert len(set(colours[:4])) == 4


def test_by_keyboard_alone_one_comes_to_the_content_and_chooses_a_date(visit, report):
    tab = visit(report, "#p-E10000008")
    tab.locator("#skip").focus()
    assert tab.locator("#skip").bounding_box()["x"] >= 0  # seen while it has the focus
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.textContent") == "Devon"
    assert tab.locator("#p-E10000008 h2").is_visible()
    assert tab.title() == "Devon: Children\u2019s services in England, 24 August 2026"
    tab.keyboard.press("Shift+Tab")
    assert tab.evaluate("document.activeElement.textContent").strip().startswith("← All")
    tab.keyboard.press("Enter")
    assert tab.title() == "Children\u2019s services in England, 24 August 2026"
    tab.locator("#explore-day").focus()
    tab.keyboard.press("ArrowLeft")
    assert tab.locator("#explore-date").inner_text() == "31 July 2026"
    assert tab.locator("#explore-day").get_attribute("aria-valuetext") == "31 July 2026"
    tab.keyboard.press("Home")
    assert tab.locator("#explore-date").inner_text() == "31 January 2014"


def test_a_touch_names_a_hexagon_before_it_leads_away(visit, report):
    tab = visit(report, has_touch=True, viewport={"width": 390, "height": 800})
    devon = tab.locator("#hexmap a[href='#p-E10000008']")
    devon.tap()
    assert tab.locator("#tip").inner_text().startswith("Devon\nInadequate")
    assert not tab.locator("#p-E10000008 h2").is_visible()
    devon.tap()
    assert tab.locator("#p-E10000008 h2").is_visible()


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
