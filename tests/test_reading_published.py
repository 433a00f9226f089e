"""Ofsted's own files come out as Ofsted counts them, read without an argument. Runs where the files are at hand."""

from pathlib import Path

import pandas as pd
import pytest

import ofsted_sif as sif

FOLDER = Path(__file__).parents[1] / ".." / "shared" / "data" / "published"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published files are not at hand in ../shared/data/published")

GRADES = ["outstanding", "good", "requires_improvement", "inadequate"]
HOMES = ["Children's home", "Secure children's home", "Residential special school (registered as a children's home)"]


def read(name, **options):
    return sif.read_inspections(FOLDER / name, **options)


def counts(table, **options):
    return sif.aggregate(table, **options).iloc[0][GRADES].astype(int).tolist()


def percent(count, n):
    return int(sif.percent(int(count), int(n)))


# rows in the file, rows read, inspections, and the reasons of the others
ACCOUNTS = {
    "csc_inyear_2014-15.csv": (4087, 4086, 4086, {"header": 1}),
    "csc_inyear_2017-18.csv": (3490, 3488, 3488, {"header": 1, "title": 1}),
    "csc_inyear_2022-23.csv": (3771, 3767, 3767, {"header": 1, "title": 3}),
    "csc_inyear_homes_2014-04_to_06_numeric.csv": (290, 289, 289, {"header": 1}),
    "csc_la_asat_2023-03-31.csv": (156, 152, 152, {"header": 1, "title": 2, "blank": 1}),
    "csc_la_history_wide_2009-2023.csv": (165, 156, 569, {"header": 2, "title": 5, "blank": 2}),
    "csc_la_ilacs_history_long_2018-2025.csv": (274, 271, 271, {"header": 1, "title": 2}),
    "csc_la_inyear_2023-24.csv": (110, 107, 107, {"header": 1, "title": 2}),
    "csc_la_outcomes_2024-03-31.ods": (156, 151, 151, {"header": 1, "title": 2, "not yet inspected": 2}),
    "csc_latest_asat_2015-03-31.csv": (2609, 2605, 2605, {"header": 1, "padding": 3}),
    "csc_latest_asat_2018-03-31.csv": (2799, 2797, 2797, {"header": 1, "title": 1}),
    "schools_state_asat_2023-08-31_west_midlands.csv": (2418, 2395, 5804, {"header": 1, "not yet inspected": 22}),
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_row_is_accounted_for(name):
    n_rows, n_read, n_inspections, aside = ACCOUNTS[name]
    table, report = read(name, return_report=True)
    assert (report.n_rows, report.n_read, report.n_inspections) == (n_rows, n_read, n_inspections)
    assert report.set_aside["reason"].value_counts().loc[lambda n: n > 0].to_dict() == aside
    assert report.rows["n"].sum() == n_rows
    assert sorted({*report.set_aside["row"], *report.source_rows}) == list(range(1, n_rows + 1))
    assert report.not_understood.empty
    assert len(table) == n_inspections
    assert table["provider"].notna().all()
    assert table["graded"].dtype == bool
    judgements = [column for column in table if hasattr(table[column], "cat") and table[column].cat.ordered]
    assert not table.loc[~table["graded"], judgements].notna().any(axis=None)
    assert table.loc[table["graded"], judgements].notna().any(axis=1).all()


def test_all_samples_are_covered():
    assert {path.name for path in FOLDER.iterdir()} == set(ACCOUNTS)


@pytest.mark.parametrize(
    ("provider_type", "expected"),
    {
        "Children's home": [226, 1073, 522, 29],
        "Independent Fostering Agency": [58, 172, 37, 6],
        "Residential Special School": [69, 71, 21, 7],
        "Boarding School": [15, 32, 19, 7],
        "Further Education College with Residential Accommodation": [20, 11, 8, 0],
        "Adoption Support Agency": [16, 13, 3, 0],
        "Residential Family Centre": [10, 15, 5, 0],
        "Residential Holiday Scheme for Disabled Children": [2, 2, 0, 0],
        "Residential special school (registered as a children's home)": [9, 45, 25, 1],
        "Secure Training Centre": [0, 3, 0, 1],
        "Secure children's home": [1, 11, 2, 0],
        "Voluntary Adoption Agency": [16, 18, 4, 0],
    }.items(),
)
def test_latest_as_at_31_march_2015_by_type(provider_type, expected):
    state = sif.as_at(read("csc_latest_asat_2015-03-31.csv"), "2015-03-31")
    assert state["provider_type"].nunique() == 12
    assert counts(state[state["provider_type"] == provider_type]) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("csc_inyear_2014-15.csv", [243, 1127, 568, 197]), ("csc_inyear_2022-23.csv", [215, 1777, 517, 234])]
)
def test_graded_inspections_of_homes_in_a_year(name, expected):
    table = read(name)
    homes = table[table["provider_type"].isin(HOMES)]
    # 2022-23 has two monitoring inspections with a grade, and they count; no other kind has one.
    assert counts(homes[homes["inspection_type"].isin(["Full inspection", "Monitoring inspection"])]) == expected
    assert counts(homes) == expected


@pytest.mark.parametrize(("sector", "expected"), [("Local authority", 70), ("Private", 62), ("Voluntary", 64)])
def test_good_or_outstanding_homes_by_sector(sector, expected):
    table = read("csc_inyear_2014-15.csv")
    homes = table[table["provider_type"].isin(HOMES) & (table["inspection_type"] == "Full inspection")]
    row = sif.aggregate(homes, "sector").set_index("sector").loc[sector]
    assert percent(row["good_or_outstanding"], row["n_judged"]) == expected


def test_local_authorities_as_at_31_march_2024():
    table, report = read("csc_la_outcomes_2024-03-31.ods", return_report=True)
    state = sif.as_at(table, "2024-03-31", register=report.register)  # the release has no publication dates: nothing can be cut off
    assert counts(state) == [30, 61, 43, 17]
    row = sif.aggregate(state).iloc[0]
    assert (row["n"], row["n_judged"], row["n_not_judged"]) == (153, 151, 2)
    assert set(state.loc[state["status"] == "not yet inspected", "provider"]) == {"E06000063", "E06000064"}


def test_residential_special_schools_2017_18():
    table = read("csc_inyear_2017-18.csv")
    schools = table[(table["provider_type"] == "Residential Special School") & (table["inspection_type"] == "Full inspection")]
    rows = sif.aggregate(schools, judgement=["overall_effectiveness", "leadership", "help_and_protection"]).set_index("judgement")
    assert (rows["n"] == 143).all()
    assert (rows["n_judged"] == 142).all()
    assert percent(rows.loc["leadership", "outstanding"], 142) == 46
    assert percent(rows.loc["help_and_protection", "outstanding"], 142) == 36


def test_numbers_mean_grades_only_at_full_inspections():
    table = read("csc_inyear_homes_2014-04_to_06_numeric.csv")
    full = table[table["inspection_type"] == "Full inspection"]
    assert len(full) == 264
    assert counts(full) == [9, 128, 82, 45]
    interim = table[table["inspection_type"] == "Interim inspection"]
    assert len(interim) == 25
    assert not interim["graded"].any()
    assert interim[["overall_effectiveness", "leadership", "outcomes"]].isna().all(axis=None)
    assert set(interim["outcome"]) <= {"Improved effectiveness", "Sustained effectiveness", "Declined in effectiveness", "Not judged"}
    assert len(interim[interim["outcome"] == "Improved effectiveness"]) == 10


def test_numbers_and_words_agree_on_the_same_inspections():
    numbers = read("csc_inyear_homes_2014-04_to_06_numeric.csv").set_index("inspection_number")
    words = read("csc_inyear_2014-15.csv").dropna(subset="inspection_number").set_index("inspection_number").loc[numbers.index]
    for column in ("overall_effectiveness", "quality_of_care", "leadership", "outcomes", "safeguarding"):
        assert numbers[column].astype(object).fillna("").tolist() == words[column].astype(object).fillna("").tolist()
    assert numbers["outcome"].astype(object).fillna("").tolist() == words["outcome"].astype(object).fillna("").tolist()


def test_damaged_event_numbers_are_missing_and_reported():
    table, report = read("csc_inyear_2022-23.csv", return_report=True)
    assert report.repaired["value"].tolist() == ["1.02E+07"] * 2
    assert report.repaired["became"].tolist() == ["", ""]
    assert table["inspection_number"].isna().sum() == 2
    assert (table["inspection_number"] == "10213015").sum() == 5


def test_schools_of_the_west_midlands():
    table, report = read("schools_state_asat_2023-08-31_west_midlands.csv", return_report=True)
    assert counts(sif.as_at(table, "2023-08-31", published_by="2023-09-30", register=report.register)) == [360, 1718, 236, 81]
    assert table["provider"].astype(str).str.fullmatch(r"\d{6}").all()
    # 1,090 ungraded inspections, of which 34 were converted into the graded one beside them; none has a grade.
    assert int((table["inspection_type"] == "ungraded").sum()) == 1090 - 34
    assert (table["outcome"] == "School remains Good").sum() == 839
    assert len(report.register) == 2417
    assert table["urn_at_inspection"].notna().sum() == table["inspection_number"].notna().sum()


@pytest.mark.parametrize("name", [name for name in ACCOUNTS if name.startswith("csc_la_")])
def test_every_spelling_of_an_authority_leads_to_its_code(name):
    table = read(name)
    known = sif.load_local_authorities().set_index("provider")["provider_name"]
    assert (table["provider_name"].astype(str).to_numpy() == known.loc[table["provider"].astype(str)].astype(str).to_numpy()).all()


def test_two_dorsets_are_told_apart_by_date():
    table = read("csc_la_history_wide_2009-2023.csv")
    dorset = table[table["provider_name"] == "Dorset"]
    old = dorset["provider"] == "E10000009"
    assert (dorset.loc[old, "published"] < pd.Timestamp("2019-04-01")).all()
    assert (dorset.loc[~old, "published"] >= pd.Timestamp("2019-04-01")).all()
    assert (old.sum(), (~old).sum()) == (2, 1)


@pytest.mark.parametrize(
    ("name", "sheet", "changed"),
    [
        # What the bundled table knows better than a release: an inspection's kind, a slip of two months, a later correction, a day.
        ("csc_la_history_wide_2009-2023.csv", None, {"inspection_type": 1, "published": 1}),
        ("csc_la_ilacs_history_long_2018-2025.csv", None, {}),
        ("csc_la_asat_2023-03-31.csv", None, {}),
        ("csc_la_outcomes_2024-03-31.ods", None, {"inspection_start": 1, "care_leavers": 1}),
        ("csc_la_outcomes_2024-03-31.ods", "ILACS_inspections_2018-2024", {"inspection_type": 1, "published": 1, "care_leavers": 1}),
    ],
)
def test_releases_find_their_inspections_in_the_bundled_table(name, sheet, changed):
    newer = read(name, sheet=sheet)
    with pytest.warns(sif.OlderReleaseWarning, match="swap the two"):
        combined, report = sif.combine(sif.load_inspections(), newer, return_report=True)
    assert report.attrs["added"] == 0
    assert report.loc[report["what"] == "changed", "column"].value_counts().to_dict() == changed
    assert len(combined) == 716


def test_visits_are_added_to_the_bundled_table_and_change_no_state():
    bundled = sif.load_inspections()
    with pytest.warns(sif.OlderReleaseWarning):
        combined, report = sif.combine(bundled, read("csc_la_inyear_2023-24.csv"), return_report=True)
    assert report.attrs["added"] == 65  # 37 focused and 28 monitoring visits
    assert not combined["graded"].iloc[716:].any()
    release = sif.release("la-2024-03-31")
    assert counts(sif.as_at(combined, **release)) == counts(sif.as_at(bundled, **release))


def test_the_same_inspections_in_two_files_are_found_by_number():
    numbers, words = read("csc_inyear_homes_2014-04_to_06_numeric.csv"), read("csc_inyear_2014-15.csv")
    combined, report = sif.combine(numbers, words, return_report=True)
    assert report.attrs["kept"] == 0
    assert len(combined) == len(words) == 4086
    assert not {"overall_effectiveness", "outcome"} & set(report["column"])


def test_reconcile_names_the_authority_on_which_two_sheets_differ():
    mine = sif.as_at(sif.load_inspections(), **sif.release("la-2023-03-31"))
    difference = sif.reconcile(mine, read("csc_la_asat_2023-03-31.csv"))
    assert difference[["provider_name", "difference", "published"]].values.tolist() == [["South Tyneside", "another grade", "Inadequate"]]


def test_sheets_are_listed_and_chosen():
    sheets = sif.list_sheets(FOLDER / "csc_la_outcomes_2024-03-31.ods").set_index("sheet")
    assert sheets.index[sheets["layout"] != ""].tolist() == [
        "Inspections_31_March_2024", "Inspections_in_year_2023-24", "ILACS_inspections_2018-2024"
    ]  # fmt: skip
    assert sheets.loc["ILACS_inspections_2018-2024", "header_row"] == 4
    assert len(read("csc_la_outcomes_2024-03-31.ods", sheet="Inspections_in_year_2023-24")) == 107
    with pytest.raises(sif.ReadingError, match="there is no sheet 'Cover2'"):
        read("csc_la_outcomes_2024-03-31.ods", sheet="Cover2")


def test_the_sheet_and_the_csv_of_it_read_the_same():
    sheet = read("csc_la_outcomes_2024-03-31.ods", sheet="Inspections_in_year_2023-24")
    pd.testing.assert_frame_equal(sheet, read("csc_la_inyear_2023-24.csv"), check_categorical=False)


MORE = FOLDER.with_name("published_more")
more = pytest.mark.skipif(not MORE.is_dir(), reason="the published files are not at hand in ../shared/data/published_more")
# Rows of the table, and outstanding, good, requires improvement, inadequate of its overall judgement.
MORE_COUNTS = {
    "csc_inyear_2021-22_homes.csv": (1516, [95, 753, 257, 127]),
    "csc_latest_asat_2016-03-31.csv": (2613, [504, 1590, 486, 33]),
    "csc_latest_asat_2024-03-31_homes.csv": (1835, [150, 1297, 321, 67]),  # with the 840 inspections before
    "csc_latest_asat_2025-03-31_homes_and_supported.csv": (1183, [149, 822, 150, 14]),
    "csc_other_2013-10_to_2014-03.csv": (230, [69, 99, 36, 14]),
}


@more
@pytest.mark.filterwarnings("ignore:.*columns that hold grades and are not taken")
@pytest.mark.parametrize("name", MORE_COUNTS)
def test_more_files_have_the_grades_that_were_counted(name):
    n_inspections, expected = MORE_COUNTS[name]
    table, report = sif.read_inspections(MORE / name, return_report=True)
    assert len(table) == n_inspections
    assert report.rows["n"].sum() == report.n_rows
    assert counts(table) == expected


@more
@pytest.mark.parametrize(("name", "expected"), [("2021-08-31", [3, 0]), ("2023-11-21", [4, 1])])
def test_childminder_agencies(name, expected):
    table = sif.read_inspections(MORE / f"ey_childminder_agencies_{name}.csv")
    assert table["overall_effectiveness"].value_counts().reindex(["Effective", "Ineffective"]).tolist() == expected


@more
def test_schools_kept_as_parquet():
    table = sif.read_inspections(MORE / "schools_state_asat_2025-08-31_north_east.parquet")
    latest = table[table["graded"]].sort_values("inspection_start").drop_duplicates("provider", keep="last")
    assert latest["provider"].nunique() > 1100
    assert set(table["outcome"].dropna()) >= {"Standards maintained", "Improved significantly"}


@more
def test_an_inspection_of_two_case_systems_is_one():
    older, newer = read("csc_latest_asat_2015-03-31.csv"), sif.read_inspections(MORE / "csc_latest_asat_2016-03-31.csv")
    both = sif.combine(older, newer).query("graded").sort_values(["provider", "inspection_start"])
    days = both.groupby("provider", observed=True)["inspection_start"].diff().dt.days
    grade = both["overall_effectiveness"].astype(object)
    assert not (days.between(1, 20) & (grade == grade.shift())).any()
