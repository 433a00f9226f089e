"""The bundled tables are whole, typed, and agree with one another; releases are Ofsted's dates."""

import datetime

import pandas as pd
import pytest

import ofsted_sif as sif


def test_inspections_are_whole() -> None:
    table = sif.load_inspections()
    assert len(table) == 716
    assert table["framework"].value_counts().to_dict() == {"ILACS": 324, "SIF": 173, "SLAC": 163, "CP": 51, "TLAC": 5}
    assert table["published"].notna().all()
    assert str(table["published"].max().date()) <= table.attrs["complete_to"] == "2026-08-24"


def test_inspections_come_in_the_types_that_need_no_conversion() -> None:
    table = sif.load_inspections()
    for name in ("provider", "provider_name", "region", "ofsted_region", "framework", "inspection_type"):
        assert isinstance(table[name].dtype, pd.CategoricalDtype)
        assert table[name].notna().all()
    for name in ("opened", "closed", "inspection_start", "inspection_end", "published"):
        assert table[name].dtype.kind == "M"
    for name in ("overall_effectiveness", "help_and_protection", "children_in_care", "adoption", "care_leavers", "leadership", "lscb"):
        assert table[name].dtype == sif.FOUR_POINT.dtype


def test_each_load_is_a_table_of_its_own() -> None:
    for load in (sif.load_inspections, sif.load_local_authorities):
        first, whole = load(), load()
        first.loc[:, "region"] = "London"
        first.attrs["complete_to"] = "never"
        pd.testing.assert_frame_equal(load(), whole)
        assert load().attrs == whole.attrs


def test_authorities_and_hexagons_belong_together() -> None:
    authorities, hexagons = sif.load_local_authorities(), sif.load_hex_map()
    open_now = authorities[authorities["closed"].isna()]
    assert len(authorities) == 158
    assert set(open_now["provider"]) == set(hexagons["provider"])
    assert len(hexagons) == 153
    assert not hexagons.duplicated(["q", "r"]).any()
    assert set(sif.load_inspections()["provider"]) <= set(authorities["provider"])


def test_names_and_regions_of_both_tables_agree() -> None:
    joined = sif.load_inspections().merge(sif.load_local_authorities(), on="provider", suffixes=("", "_of_authority"))
    for name in ("provider_name", "region", "ofsted_region"):
        assert (joined[name].astype(str) == joined[f"{name}_of_authority"].astype(str)).all()


def test_a_release_is_ready_for_as_at() -> None:
    release = sif.release("la-2024-03-31")
    assert release == {"date": datetime.date(2024, 3, 31), "published_by": datetime.date(2024, 6, 30), "framework": ["SIF", "ILACS"]}
    assert sif.release("schools-2023-08-31")["framework"] == "all"


def test_an_unknown_release_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"unknown release 'la-2024-03-13'; nearest known: la-2024-03-31"):
        sif.release("la-2024-03-13")


def test_releases_are_published_after_their_date_and_have_a_source() -> None:
    releases = sif.releases()
    assert releases["release"].is_unique
    assert (releases["published_by"] >= releases["date"]).all()
    assert releases["source"].str.len().min() > 20
    assert all(name.endswith(f"{date:%Y-%m-%d}") for name, date in zip(releases["release"], releases["date"], strict=True))


def test_every_release_has_its_remit_and_a_cut_off_after_its_date():
    table = sif.releases()
    assert set(table["remit"]) == {
        "local authorities", "social care", "state-funded schools", "independent schools", "early years", "further education"
    }  # fmt: skip
    assert (table["published_by"] >= table["date"]).all()
    assert not table["release"].duplicated().any()
    dates = table.groupby("remit")["date"].agg(["min", "max"])
    years = pd.to_datetime([f"{year}-03-31" for year in range(2015, 2027)])
    assert set(years) <= set(table.loc[table["remit"] == "social care", "date"])
    newest = ["local authorities", "social care", "state-funded schools", "early years"]
    assert (dates.loc[newest, "max"] == pd.Timestamp("2026-03-31")).all()
    assert table["note"].str.contains("secure training centres").sum() == 2
