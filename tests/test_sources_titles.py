"""The titles that stood on the pages of each remit are of the kind that they are, and no other."""

import re

import pandas as pd
import pytest

from ofsted_sif.sources import listing

MI = "Management information - "
TITLES = [
    ("state-funded schools", f"{MI}state-funded schools - latest inspections as at 31 August 2026", "latest", "2026-08-31"),
    ("state-funded schools", f"{MI}state-funded schools - latest inspections as at 31 Oct 2023", "latest", "2023-10-31"),
    (
        "state-funded schools",
        f"{MI}state-funded schools - all inspections - year to date published by 31 August 2026",
        "in year",
        "2026-08-31",
    ),
    ("state-funded schools", f"{MI}state-funded schools 1 September 2015 to 31 August 2019", "history", "2019-08-31"),
    ("state-funded schools", f"{MI}schools - 1 Sept 2005 to 31 August 2015", "history", "2015-08-31"),
    (
        "independent schools",
        f"{MI}non-association independent schools - most recent inspections data as at 31 July 2025",
        "latest",
        "2025-07-31",
    ),
    (
        "independent schools",
        f"{MI}non-association independent schools as at 31 July 2025: additional inspections data",
        "in year",
        "2025-07-31",
    ),
    (
        "early years",
        f"{MI}childcare providers and inspections - most recent inspections data as at 31 December 2024",
        "latest",
        "2024-12-31",
    ),
    ("early years", "Childcare provider data as at 30 June 2026", "latest", "2026-06-30"),
    ("early years", "Registered childminder agencies as at 30 June 2026", "agencies", "2026-06-30"),
    ("further education", f"{MI}further education and skills - as at 31 August 2017", "latest", "2017-08-31"),
    ("social care", "Children’s social care in England 2023: underlying data", "latest", None),
    ("social care", "Children's social care data in England 2018: data as at 31 March 2018", "latest", "2018-03-31"),
    ("local authorities", "Local authority inspection outcomes as at 31 March 2026: underlying data", "latest", "2026-03-31"),
    ("local authorities", "Local authority inspection judgements as at 31 March 2025", "latest", "2025-03-31"),
    ("area SEND", "Area SEND inspections and outcomes in England as at 31 December 2024", "latest", "2024-12-31"),
]
# What stands on the same pages and is none of these.
OTHERS = [
    ("state-funded schools", "Five-year Ofsted inspection data"),
    ("state-funded schools", "Guidance: management information on schools"),
    ("independent schools", "Non-association independent schools: methodology"),
    ("early years", "Consented addresses for childminders and domestic childcare"),
    ("further education", "Methodology report"),
    ("local authorities", "Pre-release access list"),
]
RELEASES = [
    ("social care", "/government/statistics/childrens-social-care-data-in-england-2018", True),
    ("social care", "/government/statistics/childrens-social-care-in-england-2026", True),
    ("social care", "/government/statistics/local-authority-inspection-outcomes-as-at-31-march-2024", False),
    ("local authorities", "/government/statistics/local-authority-inspection-outcomes-as-at-31-march-2024", True),
    ("local authorities", "/government/statistics/childrens-social-care-in-england-2026", False),
    ("area SEND", "/government/statistics/area-send-inspections-and-outcomes-in-england-as-at-31-december-2023", True),
    (
        "area SEND",
        "/government/statistical-data-sets/area-send-inspections-and-outcomes-in-england-management-information-spring-term-2022-to-2023",
        True,
    ),
]


def kind_of(remit, title):
    plain = re.sub("[\u2010-\u2015]", "-", title).replace("\u2019", "'")
    return [kind for kind, pattern in listing.page_of(remit).titles if pattern.search(plain)]


@pytest.mark.parametrize(("remit", "title", "kind", "date"), TITLES)
def test_a_title_tells_the_kind_and_the_date_of_its_file(remit, title, kind, date):
    assert kind_of(remit, title) == [kind]
    found = listing.date_in(title)
    assert found == (None if date is None else pd.Timestamp(date).date())


@pytest.mark.parametrize(("remit", "title"), OTHERS)
def test_what_is_no_file_of_inspections_is_of_no_kind(remit, title):
    assert kind_of(remit, title) == []


@pytest.mark.parametrize(("remit", "path", "fits"), RELEASES)
def test_the_releases_of_a_collection_are_told_by_their_addresses(remit, path, fits):
    assert bool(listing.page_of(remit).releases.search(path)) is fits


def test_every_remit_has_its_titles_here():
    assert {remit for remit, *_ in TITLES} == set(listing.pages())
