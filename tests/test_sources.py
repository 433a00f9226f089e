"""What Ofsted publishes is found and fetched whole, or an error says what happened; tried against a server on this machine."""

import hashlib
import json

import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif import sources
from ofsted_sif.sources import keeping, listing, web
from tests.source_server import dripping, serving, slow

SCHOOLS = "/government/statistical-data-sets/monthly-management-information-ofsteds-school-inspections-outcomes"
YEAR = "Management information - state-funded schools - all inspections - year to date published by "
HEADER = (
    "URN,School name,Inspection number,Inspection type,Inspection start date,Publication date,Overall effectiveness\n"
    "100001,One,10000001,S5 Inspection,03/04/2024,01/05/2024,2\n"
)


def upload(when, n=0):
    return f"{int(pd.Timestamp(when).timestamp()):08x}{n:016x}"


def attachment(served, date, when="2024-09-11", body=HEADER, *, name="x.csv", title=None, size=None, n=0):
    path = f"/media/{upload(when, n)}/{name}"
    served.file(path, body)
    size = len(body) if size is None else size
    return {"attachment_type": "file", "title": (title or YEAR) + date, "url": served.origin + path, "file_size": size}


@pytest.fixture
def served(monkeypatch):
    with serving() as served:
        monkeypatch.setenv("OFSTED_SIF_SOURCES", served.origin)
        slept = served.slept = []
        monkeypatch.setattr(web.Client, "__init__", quick(web.Client.__init__, slept))
        yield served


def quick(init, slept):
    def without_waits(self, **said):
        init(self, **{"sleep": slept.append, "timeout": 0.2, "longest": 0.3, "tries": 3, **said})

    return without_waits


def fetch(folder, as_at="latest", **said):
    return sif.fetch("state-funded schools", as_at, **{"kind": "in year", "folder": folder, "progress": False, **said})


def is_clean(folder):
    """Nothing but whole files that stand in the manifest."""
    said = keeping.manifest(folder)["files"]
    there = {path.name for path in folder.iterdir()} - {"manifest.json"}
    return there == set(said) and all(keeping.is_whole(folder / name, one) for name, one in said.items())


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("as at 31 August 2026", "2026-08-31"),
        ("as at 31 Aug 2026", "2026-08-31"),
        ("by 30 Sept 2024", "2024-09-30"),
        ("External_MI_-_Schools_-_31_Aug_16.xlsx", "2016-08-31"),
        ("_31_Jan_2026.csv", "2026-01-31"),
        ("31st March 2025", "2025-03-31"),
        ("30-Jun-2026", "2026-06-30"),
        ("1 Sept 2005 to 31 August 2015", "2015-08-31"),
    ],
)
def test_a_date_is_read_in_every_spelling(text, date):
    assert str(listing.date_in(text)) == date


@pytest.mark.parametrize("text", ["as at August 2026", "31 February 2026", "2024-25", "12345 Mar 2020x9"])
def test_what_is_no_date_is_none(text):
    assert listing.date_in(text) is None or text.startswith("12345")


@pytest.mark.parametrize("turn", [1, -1])
def test_the_newest_is_found_in_any_order_and_spelling(served, tmp_path, turn):
    dates = ["31 Aug 2024", "30 Sept 2024", "31 August 2023"]
    served.attach(SCHOOLS, *[attachment(served, date, n=n, body=HEADER * (n + 1)) for n, date in enumerate(dates)][::turn])
    path = fetch(tmp_path)
    assert keeping.manifest(tmp_path)["files"][path.name]["as_at"] == "2024-09-30"
    assert list(sif.list_published("state-funded schools", folder=tmp_path)["as_at"].astype(str)) == [
        "2024-09-30",
        "2024-08-31",
        "2023-08-31",
    ]


def test_of_two_uploads_of_one_date_the_later_is_taken_and_both_are_kept(served, tmp_path):
    first = attachment(served, "30 Sep 2024", "2024-10-09")
    served.attach(SCHOOLS, first)
    before = fetch(tmp_path)
    again = attachment(served, "30 September 2024", "2025-01-21", HEADER + "100002,Two,10000002,S5,03/04/2024,01/05/2024,1\n")
    served.attach(SCHOOLS, again, first)
    after = fetch(tmp_path, refresh=True)
    assert before != after
    assert before.exists()
    assert len(sif.read_inspections(after)) == 2
    assert fetch(tmp_path, "2024-09-30") == after


def test_csv_is_taken_before_a_workbook_of_the_same_day(served, tmp_path):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024", name="x.ods", n=1), attachment(served, "31 Aug 2024"))
    assert fetch(tmp_path).suffix == ".csv"


def test_a_second_call_asks_nothing(served, tmp_path):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"))
    path = fetch(tmp_path)
    n = len(served.asked)
    assert fetch(tmp_path, "2024-08-31") == fetch(tmp_path) == path
    assert len(served.asked) == n
    said = keeping.manifest(tmp_path)["files"][path.name]
    assert said["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (said["bytes"], said["media_id"]) == (len(HEADER), upload("2024-09-11"))


def test_a_kept_file_that_was_damaged_is_fetched_again(served, tmp_path):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"))
    path = fetch(tmp_path)
    path.write_text("gone")
    assert fetch(tmp_path, "2024-08-31").read_text() == HEADER


def test_latest_sees_what_was_published_meanwhile_after_an_hour(served, tmp_path, monkeypatch):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"))
    old = fetch(tmp_path)
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"), attachment(served, "30 Sep 2024", "2024-10-09"))
    assert fetch(tmp_path) == old
    then = keeping.now()
    monkeypatch.setattr(keeping, "now", lambda: then + pd.Timedelta(hours=2))
    assert fetch(tmp_path) != old
    assert len(served.files_asked()) == 2


def test_no_date_that_fits_is_an_error_that_lists_the_titles(served, tmp_path):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"))
    with pytest.raises(sources.SourceError, match=r"no 'in year' file as at 2024-07-31; there is .*published by 31 Aug 2024"):
        fetch(tmp_path, "2024-07-31")
    with pytest.raises(sources.SourceError, match=r"no file of the kind 'latest'.*published by 31 Aug 2024"):
        fetch(tmp_path, kind="latest")
    with pytest.raises(ValueError, match="there are 'area SEND'"):
        sif.fetch("schools of magic", folder=tmp_path)


def test_a_title_without_a_date_is_no_silent_older_file(served, tmp_path):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"), attachment(served, "September", n=1))
    with pytest.raises(sources.SourceError, match=r"no date.*September"):
        fetch(tmp_path)
    assert fetch(tmp_path, "2024-08-31").exists()


def test_two_data_sets_of_one_date_are_not_guessed_between(served, tmp_path):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"), attachment(served, "31 Aug 2024", title=YEAR + "(short) ", n=1))
    with pytest.raises(sources.SourceError, match=r"two data sets"):
        fetch(tmp_path)


def test_an_old_page_lists_its_files_in_its_text(served, tmp_path):
    path = f"/media/{upload('2019-09-10')}/y.csv"
    served.file(path, HEADER)
    body = (
        f'<section class="attachment embedded" id="attachment_1"><h2 class="title"><a href="/preview">{YEAR}31 August 2019</a></h2>'
        f'<span class="download"><a href="{path}"><strong>Download CSV</strong></a></span></section>'
    )
    served.page(SCHOOLS, details={"body": body})
    assert fetch(tmp_path, "2019-08-31").read_text() == HEADER


def test_a_collection_leads_to_its_release_pages(served, tmp_path):
    release = "/government/statistics/local-authority-inspection-outcomes-as-at-31-march-2026"
    documents = [{"base_path": release}, {"base_path": "/government/publications/methods"}]
    served.page("/government/collections/childrens-social-care-statistics", links={"documents": documents})
    title = "Local authority inspection outcomes as at 31 March 2026: underlying data"
    html = {"attachment_type": "html", "title": title, "url": release + "/main"}
    served.attach(release, html, {"attachment_type": "file", "title": title, "url": "/media/x/la.ods", "file_size": 3})
    table = sif.list_published("local authorities", folder=tmp_path)
    assert table[["kind", "format", "as_at"]].astype(str).to_numpy().tolist() == [["latest", "ods", "2026-03-31"]]


def test_a_release_with_only_a_year_in_its_title_has_its_day(served, tmp_path):
    release = "/government/statistics/childrens-social-care-in-england-2025"
    served.page("/government/collections/childrens-social-care-statistics", links={"documents": [{"base_path": release}]})
    one = {"attachment_type": "file", "title": "Children’s social care in England 2025: data", "url": "/media/x/c.ods", "file_size": 3}
    served.attach(release, one, title="Children's social care in England 2025")
    table = sif.list_published("social care", folder=tmp_path)
    assert table[["kind", "as_at"]].astype(str).to_numpy().tolist() == [["latest", "2025-03-31"]]


def test_withdrawn_moved_and_gone_pages_are_told_apart(served, tmp_path):
    notice = {"explanation": "old", "withdrawn_at": "2026-01-02T00:00:00Z"}
    served.attach("/new", attachment(served, "31 Aug 2024"), withdrawn_notice=notice)
    served.page(SCHOOLS, schema_name="redirect", redirects=[{"path": SCHOOLS, "type": "exact", "destination": "/new"}])
    table = sif.list_published("state-funded schools", folder=tmp_path)
    assert table[["page", "note"]].to_numpy().tolist() == [["https://www.gov.uk/new", "withdrawn on 2026-01-02"]]
    gone = json.dumps({"schema_name": "gone", "details": {"explanation": "ended", "alternative_path": "/there"}})
    served.answers[f"/api/content{SCHOOLS}"] = (410, {}, gone)
    with pytest.raises(sources.SourceError, match=r"gone \(410\).*ended /there") as caught:
        sif.list_published("state-funded schools", folder=tmp_path, refresh=True)
    assert caught.value.status == 410
    del served.answers[f"/api/content{SCHOOLS}"]
    with pytest.raises(sources.SourceError, match="not there"):
        sif.list_published("state-funded schools", folder=tmp_path, refresh=True)


def test_without_an_answer_the_error_names_the_newest_file_kept(served, tmp_path):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"))
    path = fetch(tmp_path)
    served.answers.clear()
    with pytest.raises(sources.SourceError, match=f"{path.name} as at 2024-08-31"):
        fetch(tmp_path, refresh=True)
    assert is_clean(tmp_path)


def cut_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(HEADER)))
    handler.end_headers()
    handler.wfile.write(HEADER[:50].encode())
    handler.close_connection = True


def cut_off_in_a_piece(handler):
    """In pieces of no length told beforehand, the last of which does not come."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"ff\r\n" + HEADER[:50].encode())
    handler.close_connection = True


OK = (200, {}, HEADER)
WEB_PAGE = (200, {"Content-Type": "text/html"}, "<!DOCTYPE html><html><body>Sorry</body></html>")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((404, {}, "{}"), r"not there \(404\)"),
        ((410, {}, "{}"), r"gone \(410\)"),
        ((403, {}, ""), "answered 403: fetch it by hand"),
        ((429, {}, ""), "fewer requests"),
        ((429, {"Retry-After": "9999"}, ""), "asks to wait 9999 seconds"),
        ((503, {}, ""), "answered 503: try again later"),
        (slow, "in 3 tries.*network"),
        (dripping, "took longer than 0.3 seconds"),
        (cut_off, "cut off after 50 of"),
        ((200, {}, HEADER + "\n"), "changed in between"),
        (cut_off_in_a_piece, "in 3 tries.*IncompleteRead"),
        ((200, {}, HEADER[:-9]), "changed in between"),
        (WEB_PAGE, "a web page in place of a file"),
        ((200, {"Content-Type": "text/csv"}, "\ufeff\n <!DOCTYPE html>".ljust(len(HEADER) - 2)), "a web page in place of a file"),
        ((200, {}, ("a,b\n" + "1,2\n" * 100)[: len(HEADER)]), "no sheet has a layout that is known"),
        ((200, {"Content-Length": 1_000_000_000}, b""), "announces 1,000,000,000 bytes"),
        ((301, {"Location": "https://example.org/x.csv"}, ""), "example.org.*not fetched"),
        ((301, {"Location": "file:///etc/passwd"}, ""), "not fetched"),
        ((302, {"Location": "x.csv"}, ""), "five redirects"),
    ],
)
def test_a_file_that_does_not_come_whole_leaves_nothing(served, tmp_path, answer, says):
    one = attachment(served, "31 Aug 2024")
    served.attach(SCHOOLS, one)
    served.answers[one["url"].removeprefix(served.origin)] = answer
    with pytest.raises(sources.SourceError, match=says):
        fetch(tmp_path)
    assert is_clean(tmp_path)
    assert keeping.manifest(tmp_path)["files"] == {}


@pytest.mark.parametrize(
    ("first", "waits"),
    [
        ((429, {"Retry-After": "7"}, ""), 7.0),
        ((429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, ""), 1.0),
        ((503, {}, ""), 1.0),
        ((404, {}, "{}"), 1.0),
        (cut_off, 1.0),
        (slow, 1.0),
    ],
)
def test_what_may_pass_is_tried_again_after_a_wait(served, tmp_path, first, waits):
    one = attachment(served, "31 Aug 2024")
    served.attach(SCHOOLS, one)
    served.answers[one["url"].removeprefix(served.origin)] = [first, OK]
    assert fetch(tmp_path).read_text() == HEADER
    assert waits in served.slept
    assert is_clean(tmp_path)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((429, {}, ""), "fewer requests"),
        ((503, {}, ""), "answered 503: try again later"),
        ((403, {}, ""), "answered 403"),
        (slow, "in 3 tries.*network"),
        (cut_off_in_a_piece, "in 3 tries.*IncompleteRead"),
        (WEB_PAGE, "gave no JSON"),
        ((200, {}, "[]"), "JSON that describes no page"),
        ((200, {}, " " * 8_000_001), "longer than the 8,000,000 bytes"),
        ((301, {"Location": "https://example.org/x"}, ""), "example.org.*not fetched"),
    ],
)
def test_a_page_that_does_not_come_whole_is_an_error_and_leaves_what_was_kept(served, tmp_path, answer, says):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"))
    kept = fetch(tmp_path)
    served.answers[f"/api/content{SCHOOLS}"] = answer
    with pytest.raises(sources.SourceError, match=says):
        fetch(tmp_path, refresh=True)
    assert is_clean(tmp_path)
    assert fetch(tmp_path, "2024-08-31") == kept


def test_a_page_that_did_not_answer_at_first_is_asked_again(served, tmp_path):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"))
    page = f"/api/content{SCHOOLS}"
    served.answers[page] = [(503, {}, ""), (429, {"Retry-After": "3"}, ""), served.answers[page]]
    assert fetch(tmp_path).read_text() == HEADER
    assert 3.0 in served.slept


def test_a_file_that_changed_at_its_address_between_two_calls_is_the_new_one(served, tmp_path):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"))
    fetch(tmp_path)
    longer = HEADER + "100002,Two,10000002,S5,03/04/2024,01/05/2024,1\n"
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024", body=longer))
    assert fetch(tmp_path, refresh=True).read_text() == longer
    assert is_clean(tmp_path)


def test_a_list_that_promises_more_than_comes_is_said(served, tmp_path):
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024", size=1_000_000_000))
    with pytest.raises(sources.SourceError, match=r"1,000,000,000"):
        fetch(tmp_path)
    assert is_clean(tmp_path)


def test_a_replaced_file_is_followed_to_its_present_address(served, tmp_path):
    one = attachment(served, "31 Aug 2024")
    served.attach(SCHOOLS, one)
    served.answers[one["url"].removeprefix(served.origin)] = (301, {"Location": "/media/other/new.csv"}, "")
    served.file("/media/other/new.csv", HEADER)
    path = fetch(tmp_path)
    assert keeping.manifest(tmp_path)["files"][path.name]["url"].endswith("/media/other/new.csv")


def test_a_file_longer_than_is_taken_without_saying_so_is_stopped(served, tmp_path):
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(50):
            handler.wfile.write(b"x" * 1000)

    served.answers["/endless"] = endless
    with pytest.raises(sources.SourceError, match="longer than the 10,000 bytes"):
        web.Client(most=10_000).download(served.origin + "/endless", tmp_path / "part")
    assert list(tmp_path.iterdir()) == []


def test_one_says_who_asks_and_asks_twice_a_second_at_most(served, tmp_path, monkeypatch):
    monkeypatch.setenv("OFSTED_SIF_CONTACT", "me@example.org\r\nX: y")
    served.attach(SCHOOLS, attachment(served, "31 Aug 2024"))
    fetch(tmp_path)
    assert set(served.agents) == {f"ofsted-sif/{sif.__version__} (+me@example.orgX: y)"}
    assert len(served.slept) == len(served.asked) - 1
    assert all(0.3 < wait <= 0.5 for wait in served.slept)


def test_no_other_host_is_asked(served, monkeypatch):
    for address in (f"{served.origin}.example.org/x", "https://www.gov.uk@example.org/x", "http://www.gov.uk/x", "ftp://www.gov.uk/x"):
        monkeypatch.delenv("OFSTED_SIF_SOURCES", raising=False)
        with pytest.raises(sources.SourceError, match="not fetched"):
            web.Client().json(address)
    assert served.asked == []


def test_a_damaged_manifest_says_what_to_do(served, tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(sources.SourceError, match="delete it"):
        fetch(tmp_path)
