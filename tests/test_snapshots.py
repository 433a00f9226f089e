"""The state on a date against its definition, written out; series and explain against as_at, on generated histories."""

import datetime
import warnings
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif import snapshots

GRADES = ["Inadequate", "Requires improvement", "Good", "Outstanding", None]
START = np.datetime64("2020-01-01")


def history(generator: np.random.Generator, rows: int) -> pd.DataFrame:
    """A table with every difficulty: ties, missing dates, visits without grades, providers that open and close, missing groups."""
    inspected = START + generator.integers(0, 60, rows)
    published = inspected + generator.integers(-3, 15, rows)
    table = pd.DataFrame(
        {
            "provider": generator.choice(list("ABCDEF"), rows),
            "inspection_start": pd.Series(inspected.astype("datetime64[s]")),
            "published": pd.Series(published.astype("datetime64[s]")),
            "framework": generator.choice(["SIF", "ILACS"], rows),
            "overall_effectiveness": sif.grades(generator.choice(GRADES, rows)),
            "leadership": sif.grades(generator.choice(GRADES, rows)),
            "region": generator.choice(["North", "South", None], rows),
        }
    )
    which = generator.random(rows)
    table.loc[which < 0.1, "published"] = pd.NaT
    table.loc[which > 0.9, "inspection_start"] = pd.NaT
    return table


def register_of(generator: np.random.Generator) -> pd.DataFrame:
    opened = pd.Series((START + generator.integers(0, 40, 8)).astype("datetime64[s]")).where(generator.random(8) < 0.5)
    closed = pd.Series((START + generator.integers(40, 70, 8)).astype("datetime64[s]")).where(generator.random(8) < 0.3)
    return pd.DataFrame({"provider": list("HGFEDCBA"), "region": ["North", "South"] * 4, "opened": opened, "closed": closed})


def defined(table: pd.DataFrame, date: pd.Timestamp, cutoff: pd.Timestamp, framework: str | None, having: str | None) -> dict[str, int]:
    """Each provider's row, by the words of the rule: filter, then take the last by placing day, publication, position."""
    chosen: dict[str, tuple[object, ...]] = {}
    for row, record in enumerate(table.to_dict(orient="records")):
        grades = [record["overall_effectiveness"], record["leadership"]]
        if framework is not None and record["framework"] != framework:
            continue
        if all(pd.isna(grade) for grade in grades) or (having is not None and pd.isna(record[having])):
            continue
        held, published = record["inspection_start"], record["published"]
        if (pd.notna(held) and held > date) or (pd.notna(published) and published > cutoff):
            continue
        placed = held if pd.notna(held) else published
        key = (placed, published if pd.notna(published) else pd.Timestamp.min, row)
        if record["provider"] not in chosen or key > chosen[record["provider"]]:
            chosen[record["provider"]] = key
    return {provider: key[2] for provider, key in sorted(chosen.items())}


@pytest.mark.parametrize("seed", range(150))
def test_as_at_is_what_the_rule_says(seed: int) -> None:
    generator = np.random.default_rng(seed)
    table = history(generator, int(generator.integers(0, 40)))
    date = pd.Timestamp(START + generator.integers(0, 70))
    cutoff = date + pd.Timedelta(days=int(generator.integers(0, 10)))
    framework = [None, "SIF"][seed % 2]
    having = [None, "leadership"][seed // 2 % 2]
    expected = defined(table, date, cutoff, framework, having)
    found = sif.as_at(table, date, published_by=cutoff, framework=framework or "all", having=having)
    pd.testing.assert_frame_equal(
        found[table.columns], table.iloc[list(expected.values())].reset_index(drop=True), check_dtype=True, check_categorical=True
    )


@pytest.mark.parametrize("seed", range(48))  # each way of the options, with the region as text and as category
def test_series_equals_aggregate_of_as_at(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the dates are counted whole or by what changes."""
    generator = np.random.default_rng(1000 + seed)
    table = history(generator, int(generator.integers(1, 60)))
    if seed % 3 == 0:
        table["region"] = table["region"].astype("category")
    dates = pd.DatetimeIndex(START + generator.integers(-2, 75, 4))
    options = {
        "framework": [["SIF"], "all"][seed % 2],
        "having": [None, "overall_effectiveness"][seed // 2 % 2],
        "register": [None, register_of(generator)][seed // 4 % 2],
        "max_age": [None, pd.DateOffset(days=9)][seed // 8 % 2],
    }
    cutoffs = [date + pd.Timedelta(days=int(days)) for date, days in zip(dates, generator.integers(0, 9, len(dates)), strict=True)]
    by = [None, "region", ["region", "framework"], "framework"][seed % 4]
    whole = sif.series(table, dates, by, published_by=cutoffs, **options)
    monkeypatch.setattr(snapshots, "DENSE_CELLS", -1)
    by_changes = sif.series(table, dates, by, published_by=cutoffs, **options)
    size = len(whole) // len(dates)  # a group with a row at any of the dates has one at every date
    assert len(whole) == len(by_changes) == size * len(dates)
    for place, (date, cutoff) in enumerate(zip(dates, cutoffs, strict=True)):
        expected = sif.aggregate(sif.as_at(table, date, published_by=cutoff, **options), by)
        for counted in (whole, by_changes):
            found = counted.iloc[place * size : (place + 1) * size]
            assert (found["as_at"] == date).all()
            assert (found["n_unknown"] == 0).all()
            found = found[(found["n"] > 0) | (by is None)].drop(columns=["as_at", "n_unknown"]).reset_index(drop=True)
            pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False, check_categorical=False)
    if by is not None:
        of = [by] if isinstance(by, str) else by
        assert (whole.groupby(of, observed=True, dropna=False)["n"].sum() > 0).all()


@pytest.mark.parametrize("seed", range(30))
def test_explain_says_true_of_the_row_that_as_at_takes_and_gives_every_row_a_reason(seed: int) -> None:
    generator = np.random.default_rng(2000 + seed)
    table = history(generator, 30).assign(inspection_type=[f"number {row}" for row in range(30)])
    register = register_of(generator)
    date = START + generator.integers(0, 70)
    options = {"published_by": pd.DateOffset(days=5), "having": [None, "leadership"][seed % 2], "framework": "all", "register": register}
    state = sif.as_at(table, date, **options).set_index("provider")
    for provider in "ABCDEFGH":
        story = sif.explain(table, provider, date, **options)
        assert len(story) == (table["provider"] == provider).sum()
        assert (story["because"].str.len() > 5).all()
        told = story[story["counts"]]["inspection_type"].tolist()
        taken = [] if provider not in state.index else state.loc[[provider], "inspection_type"].dropna().tolist()
        assert told == taken
        assert story[story["counts"]]["because"].str.startswith("the most recent graded inspection").all()


def test_explain_names_each_reason() -> None:
    table = pd.DataFrame(
        {
            "provider": ["A"] * 6,
            "inspection_start": ["2019-01-01", "2020-01-01", "2021-01-01", "2021-02-01", "2021-03-01", "2021-09-01"],
            "published": ["2019-02-01", "2020-02-01", "2021-01-15", "2021-03-01", "2021-07-03", "2021-10-01"],
            "framework": ["SIF", "ILACS", "ILACS", "ILACS", "ILACS", "ILACS"],
            "inspection_type": ["first", "standard", "standard", "monitoring visit", "standard", "short"],
            "graded": [True, True, True, False, True, True],
            "overall_effectiveness": ["Good", "Good", "Good", None, "Good", "Good"],
        }
    )
    story = sif.explain(table, "A", "2021-06-30", framework="ILACS")
    assert story["because"].tolist() == [
        "framework SIF is not asked for",
        "a later one counts, of 1 January 2021",
        "the most recent graded inspection by 30 June 2021",
        "not graded: monitoring visit",
        "published on 3 July 2021, after the cut-off of 30 June 2021",
        "began on 1 September 2021, after 30 June 2021",
    ]
    older = sif.explain(table, "A", "2021-06-30", framework="ILACS", max_age=pd.DateOffset(days=30))
    assert older["because"][2] == "the most recent graded inspection, but older than max_age: its grades count as missing"
    closed = sif.explain(table.assign(closed="2021-06-30"), "A", "2021-06-30", framework="ILACS")
    assert not closed["counts"].any()
    assert closed["because"][2] == "the provider closed on 30 June 2021"


def test_explain_says_which_of_two_rows_of_one_day_counts() -> None:
    table = pd.DataFrame({"provider": "A", "inspection_start": "2020-02-01", "overall_effectiveness": ["Good", "Inadequate"]})
    story = sif.explain(table, "A", "2022-01-01")
    assert story["counts"].tolist() == [False, True]
    assert story["because"][0] == "another row of the same day counts, further down in the table"
    published = sif.explain(table.assign(published=["2020-05-01", "2020-04-01"]), "A", "2022-01-01").set_index("overall_effectiveness")
    assert published["because"]["Inadequate"] == "another row of the same day counts, published on 1 May 2020"
    assert published["counts"].to_dict() == {"Inadequate": False, "Good": True}


def test_explain_of_an_unknown_provider_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"'Birmingam' is not in the table; did you mean Birmingham \(E08000025\)\?"):
        sif.explain(sif.load_inspections(), "Birmingam", "2020-01-01")


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("birmingham", "E08000025"),
        ("Hull", "E06000010"),
        ("Brighton", "E06000043"),
        ("Stoke", "E06000021"),
        ("BCP", "E06000058"),
        ("London Borough of Camden", "E09000007"),
        ("Bristol, City of", "E06000023"),
        ("St. Helens", "E08000013"),
        ("E06000023 ", "E06000023"),
    ],
)
def test_explain_takes_what_people_call_a_provider(asked: str, key: str) -> None:
    assert sif.explain(sif.load_inspections(), asked, "2024-03-31", framework="all").attrs["provider"] == key


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            "Kingston",
            r"could be Kingston upon Hull \(E06000010\) or Kingston upon Thames \(E09000021\): give the code, or more of the name",
        ),
        ("Dorset", "is the name of E06000059 and E10000009: give the code"),
        ("Warwick", r"did you mean Warwickshire \(E10000031\)\?"),
        ("London", r"did you mean City of London \(E09000001\)\?"),
        ("E0800002", "nearest: E0800"),
        ("", "'' is not in the table$"),
    ],
)
def test_explain_says_who_could_be_meant(asked: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        sif.explain(sif.load_inspections(), asked, "2024-03-31", framework="all")


def test_explain_answers_by_a_name_that_only_the_register_has() -> None:
    table = pd.DataFrame({"provider": [100001.0], "inspection_start": ["2020-01-01"], "overall_effectiveness": ["Good"]})
    register = pd.DataFrame({"provider": ["100001", "100002"], "provider_name": ["The Elms", "The Oaks"]})
    story = sif.explain(table, "elms", "2024-03-31", register=register)
    assert story["counts"].tolist() == [True]
    assert story.attrs["provider_name"] == "The Elms"


def test_explain_of_a_provider_not_yet_inspected_is_empty() -> None:
    story = sif.explain(sif.load_inspections(), "E06000063", "2023-06-01", register=sif.load_local_authorities())
    assert not story["counts"].any()


@pytest.mark.parametrize("seed", range(40))
def test_first_is_the_earliest_day_and_on_it_the_last_of_equals(seed: int) -> None:
    generator = np.random.default_rng(3000 + seed)
    table = history(generator, 25)
    graded = table[table[["overall_effectiveness", "leadership"]].notna().any(axis=1)]
    placed = graded["inspection_start"].fillna(graded["published"])
    expected = []
    for _, mine in graded.groupby("provider"):
        on_first_day = mine[placed[mine.index] == placed[mine.index].min()]
        order = on_first_day["published"].fillna(pd.Timestamp("1900-01-01"))
        expected.append(order[order == order.max()].index[-1])
    found = sif.first(table, framework="all")
    pd.testing.assert_frame_equal(found[table.columns], table.loc[expected].reset_index(drop=True))
    with_register = sif.first(table, framework="all", register=register_of(generator))
    assert with_register["provider"].tolist() == list("ABCDEFGH")


def test_first_takes_no_offset() -> None:
    with pytest.raises(ValueError, match="no date that an offset could be added to"):
        sif.first(sif.load_inspections(), framework="SIF", published_by=pd.DateOffset(days=1))


def test_a_users_own_names_are_arguments() -> None:
    table = pd.DataFrame({"URN": [1, 1], "Inspection date": ["01/02/2020", "03/04/2015"], "Overall effectiveness": ["2", "3"]})
    found = sif.as_at(table, "2021-01-01", provider="URN", inspected="Inspection date")
    assert found["Inspection date"].tolist() == ["01/02/2020"]
    before = sif.as_at(table, "2015-04-03", provider="URN", inspected="Inspection date")
    assert before["Inspection date"].tolist() == ["03/04/2015"]
    assert sif.as_at(table, "2015-04-02", provider="URN", inspected="Inspection date").empty


def test_a_table_without_a_date_column_names_the_nearest() -> None:
    with pytest.raises(
        ValueError, match=r"no column 'inspection_start', but one that looks like it: 'Inspection start date'. Give inspected="
    ):
        sif.as_at({"provider": ["A"], "Inspection start date": ["2020-01-01"], "overall_effectiveness": ["Good"]}, "2021-01-01")


def test_a_table_without_judgements_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match=r"^nothing tells which inspections are graded"):
        sif.as_at({"provider": ["A"], "inspection_start": ["2020-01-01"], "grade given": ["Good"]}, "2021-01-01")
    table = {"provider": ["A"], "inspection_start": ["2020-01-01"], "grade given": ["Good"]}
    assert len(sif.as_at(table, "2021-01-01", having="grade given")) == 1
    assert sif.series(table, ["2021-01-01"], judgement="grade given")["good"].tolist() == [1]


def test_dates_that_contradict_one_another_for_one_provider_are_an_error() -> None:
    table = pd.DataFrame(
        {"provider": ["A", "A"], "inspection_start": ["2020-01-01", "2021-01-01"], "overall_effectiveness": ["Good", "Good"]}
    )
    with pytest.raises(ValueError, match=r"^column 'closed': provider A has both 2022-01-01 \(row 0\) and 2023-01-01"):
        sif.as_at(table.assign(closed=["2022-01-01", "2023-01-01"]), "2021-06-01")
    assert len(sif.as_at(table.assign(closed=[None, "2023-01-01"]), "2022-06-01")) == 1
    assert len(sif.as_at(table.assign(closed=[None, "2023-01-01"]), "2023-06-01")) == 0


@pytest.mark.parametrize("kind", ["structured array", "mapping"])
def test_records_come_as_structured_arrays_and_mappings_too(kind: str) -> None:
    frame = pd.DataFrame(
        {
            "provider": ["A", "A", "B"],
            "inspection_start": pd.to_datetime(["2020-01-01", "2021-01-01", "2020-06-01"]),
            "overall_effectiveness": [3, 2, 4],
        }
    )
    if kind == "structured array":
        table = np.zeros(3, dtype=[("provider", "U1"), ("inspection_start", "M8[D]"), ("overall_effectiveness", "i1")])
        for name in frame.columns:
            table[name] = frame[name].to_numpy()
    else:
        table = {name: frame[name].to_numpy() for name in frame.columns}
    found = sif.as_at(table, "2020-12-31")
    assert found["overall_effectiveness"].tolist() == [3, 4]
    assert sif.aggregate(table)[["good", "requires_improvement", "inadequate"]].to_numpy().tolist() == [[1, 1, 1]]


def test_an_empty_table_answers_with_zeros() -> None:
    empty = sif.load_inspections().iloc[:0]
    state = sif.as_at(empty, "2020-01-01")
    assert state.empty
    assert sif.aggregate(state, "region").empty
    assert sif.aggregate(state, "region", observed=False)["n"].tolist() == [0] * 9
    assert sif.aggregate(state).loc[0, ["n", "n_judged", "good"]].tolist() == [0, 0, 0]
    assert sif.series(empty, ["2020-01-01", "2021-01-01"])["n"].tolist() == [0, 0]
    assert sif.first(empty).empty
    assert sif.series(sif.load_inspections(), [], framework="all").empty


def test_a_series_of_many_dates_and_many_groups() -> None:
    """Counted by what changes: 500 dates x 20,000 groups would be 400 MB of counts meanwhile; only 10 groups have a row at any date."""
    n = 20_000
    held = START + (np.arange(n) % 9_000).astype("timedelta64[D]")
    table = pd.DataFrame(
        {
            "provider": np.arange(n),
            "inspection_start": held,
            "closed": held + np.timedelta64(3, "D"),
            "overall_effectiveness": sif.grades(np.resize([1, 2, 3, 4], n)),
            "place": np.arange(n),
        }
    )
    found = sif.series(table, START + np.arange(500), "place")
    assert len(found) == 500 * found["place"].nunique() == 500 * 3 * 500
    assert found["n"].sum() == 3 * (3 * 500 - 3)  # on the first day one day of three is there, on the second two
    first = found[(found["place"] == 1) & (found["n"] == 1)]
    assert first["as_at"].tolist() == pd.date_range(START + np.timedelta64(1, "D"), periods=3).tolist()


def test_a_series_that_no_memory_holds_is_refused_in_words() -> None:
    table = {"provider": ["A"], "inspection_start": ["2020-01-01"], "overall_effectiveness": [2]}
    places = pd.Categorical.from_codes([0], categories=np.arange(200_000))
    frame = pd.DataFrame(table).assign(place=places)
    with pytest.raises(MemoryError, match=r"^2,000,0\d\d,\d\d\d rows of dates and groups take .* ask for fewer dates or groups"):
        sif.series(frame, START + np.arange(10_000), "place", observed=False)


def test_the_index_of_the_table_plays_no_part() -> None:
    table = sif.load_inspections()
    odd = table.set_index(pd.MultiIndex.from_arrays([[7] * len(table), [1] * len(table)]))
    release = sif.release("la-2024-03-31")
    pd.testing.assert_frame_equal(sif.as_at(odd, **release), sif.as_at(table, **release))
    pd.testing.assert_frame_equal(sif.first(odd, framework="SIF"), sif.first(table, framework="SIF"))


def test_series_is_as_at_for_millions_of_days_too() -> None:
    """Grid dates further apart than a table of days could hold."""
    table = {"provider": ["A", "A"], "inspection_start": ["1900-01-01", "2300-01-01"], "overall_effectiveness": [2, 3]}
    counted = sif.series(table, ["1800-01-01", "1950-01-01", "2400-01-01"])
    assert counted[["good", "requires_improvement"]].to_numpy().tolist() == [[0, 0], [1, 0], [0, 1]]


def test_pooled_frameworks_warn_at_the_users_line() -> None:
    table = sif.load_inspections()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sif.as_at(table, "2018-12-31")
        sif.first(table)
        sif.series(table, ["2018-12-31"])
    assert [warning.category for warning in caught] == [sif.PooledFrameworksWarning] * 3
    assert {warning.filename for warning in caught} == {__file__}


def test_a_group_column_called_as_the_date_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^by names \['as_at'\], which the result needs"):
        sif.series(sif.load_inspections().assign(as_at="x"), ["2024-03-31"], "as_at", framework="all")


def two_reports() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "provider": ["A", "A"],
            "inspection_start": pd.to_datetime(["2020-01-01", "2021-01-01"]),
            "published": pd.to_datetime(["2020-03-01", "2021-03-01"]),
            "framework": "ILACS",
            "overall_effectiveness": ["Good", "Outstanding"],
        }
    )


def test_what_was_published_on_the_very_day_of_the_cutoff_counts() -> None:
    story = sif.explain(two_reports(), "A", "2021-06-30", published_by="2021-03-01")
    assert "a later one counts, of 1 January 2021" in story.to_string()
    assert sif.first(two_reports().iloc[1:], published_by="2021-03-01")["provider"].tolist() == ["A"]
    assert sif.first(two_reports().iloc[1:], published_by="2021-02-28")["provider"].tolist() == []


def test_a_grade_counts_on_the_last_day_that_max_age_allows() -> None:
    year = pd.DateOffset(years=1)
    on_the_day, after = (sif.explain(two_reports(), "A", day, max_age=year).to_string() for day in ("2022-01-01", "2022-01-02"))
    assert "the most recent graded inspection by 1 January 2022" in on_the_day
    assert "older than max_age" in after


@pytest.mark.parametrize(
    "max_age", [pd.DateOffset(years=3), pd.Timedelta(days=1096), datetime.timedelta(days=1096), np.timedelta64(1096, "D")]
)
def test_max_age_takes_a_table_with_the_date_of_an_open_end(max_age: object) -> None:
    """31 December 9999: three years on there is no date of Python's, and what was found then never is too old."""
    starts = ["2015-01-01", "31/12/9999", "2018-06-01"]
    table = pd.DataFrame({"provider": list("AAB"), "inspection_start": starts, "overall_effectiveness": ["Good", "Inadequate", "Good"]})
    for date, expected in (("2018-01-01", [1, 1]), ("2020-01-01", [2, 1]), ("9999-12-31", [2, 1])):
        one = sif.aggregate(sif.as_at(table, date, max_age=max_age))
        many = sif.series(table, [date], max_age=max_age)
        assert one[["n", "n_judged"]].to_numpy().tolist() == many[["n", "n_judged"]].to_numpy().tolist() == [expected]


def test_a_cutoff_may_lie_after_the_last_date_that_python_has() -> None:
    table = two_reports().assign(published=["2021-03-01", "9999-12-31"])
    state = sif.as_at(table, "9999-12-31", published_by=pd.DateOffset(months=1))
    assert state.attrs["published_by"] == "10000-01-31"
    pd.testing.assert_frame_equal(state, sif.as_at(table, "9999-12-31"))
    assert sif.series(table, ["9999-12-31"], published_by=pd.DateOffset(months=1))["n"].tolist() == [1]
    with pytest.raises(ValueError, match=r"^published_by=<DateOffset: years=20000> can't be added to a date"):
        sif.as_at(table, "2020-01-01", published_by=pd.DateOffset(years=20_000))


@pytest.mark.parametrize("date", [np.datetime64("20150-01-01"), pd.Timestamp(np.datetime64("20150-01-01", "s"))])
def test_a_date_after_the_last_that_python_has_is_a_date(date: object) -> None:
    table = sif.load_inspections()
    with pytest.warns(sif.BeyondDataWarning, match="^1 January 20150 lies beyond the data"):
        state = sif.as_at(table, date, framework="all")
    with pytest.warns(sif.BeyondDataWarning, match="^1 January 20150 lies beyond the data"):
        counted = sif.series(table, [date], framework="all")
    assert counted["n"].tolist() == [len(state)] == [153]
    assert counted["as_at"].tolist() == [np.datetime64("20150-01-01")]


@pytest.mark.parametrize("date", ["2020-02-10", pd.Timestamp("2020-02-10"), pd.Timestamp("2020-02-10").date(), np.datetime64("2020-02-10")])
def test_a_series_of_one_date_needs_no_list(date: object) -> None:
    table = history(np.random.default_rng(5), 80)
    expected = sif.series(table, ["2020-02-10"], "region", framework="all")
    pd.testing.assert_frame_equal(sif.series(table, date, "region", framework="all"), expected)
    pd.testing.assert_frame_equal(sif.series(table, [date], "region", framework="all", published_by=date), expected)


def test_cutoffs_that_are_not_as_many_as_the_dates_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^published_by has 1 cut-offs for 2 dates; one for each is needed$"):
        sif.series(history(np.random.default_rng(5), 8), ["2020-02-10", "2020-02-11"], framework="all", published_by=["2020-03-01"])


def test_two_dates_and_their_cutoffs_are_read_alike_by_every_question_of_two_dates():
    table = sif.load_inspections()
    first, last = "2019-03-31", "2024-03-31"
    months = pd.DateOffset(months=3)
    for given in (None, months, "2024-06-30", ["2019-06-30", months], [None, "2024-06-30"]):
        asked = {"published_by": given, "framework": ["SIF", "ILACS"]}
        shown = sif.series(table, [first, last], **asked)
        parts = sif.decompose(table, first, last, **asked)
        assert parts.attrs["from"] == [shown.good_or_outstanding[0], shown.n_judged[0]]
        assert parts.attrs["to"] == [shown.good_or_outstanding[1], shown.n_judged[1]]
        pairs = sif.change_between(table, first, last, **asked)
        assert (pairs.n + pairs.n_only_to).tolist() == [shown.n_judged[1]]
        assert (pairs.n + pairs.n_only_from).tolist() == [shown.n_judged[0]]


def test_a_grid_is_counted_whole_just_as_far_as_dense_cells_says(monkeypatch: pytest.MonkeyPatch) -> None:
    table, dates = history(np.random.default_rng(5), 80), ["2020-02-10", "2020-02-20", "2020-03-01"]
    cells = 3 * (2 + 1) * (4 + 1)  # dates x (regions and the missing one) x (grades and the missing one)
    whole = Mock(wraps=snapshots.counts.count_as_at)
    monkeypatch.setattr(snapshots.counts, "count_as_at", whole)
    for bound, is_whole in ((cells - 1, False), (cells, True)):
        monkeypatch.setattr(snapshots, "DENSE_CELLS", bound)
        whole.reset_mock()
        sif.series(table, dates, "region", framework="SIF")
        assert whole.called == is_whole


def test_a_missing_date_of_a_series_is_named_by_its_place() -> None:
    with pytest.raises(ValueError, match=r"^dates\[1\] is missing$"):
        sif.series(history(np.random.default_rng(5), 8), ["2020-02-10", None, "2020-02-11"], framework="all")


def test_an_inspection_without_any_grade_and_without_a_type_is_told_as_such() -> None:
    table = pd.DataFrame({"provider": ["A"], "inspection_start": ["2020-01-01"], "overall_effectiveness": sif.grades([None])})
    assert sif.explain(table, "A", "2021-01-01")["because"].tolist() == ["not graded: no grade in any judgement"]


def test_frameworks_that_were_pooled_are_counted_in_the_warning() -> None:
    table = pd.DataFrame({"provider": ["A", "B", "C"], "inspection_start": ["2020-01-01"] * 3, "framework": ["SIF", "ILACS", "SIF"]})
    table["overall_effectiveness"] = sif.grades(["Good"] * 3)
    said = r"^inspections of several frameworks are taken together \(ILACS 1, SIF 2\); name those you mean"
    for call in (sif.as_at, sif.series):
        with pytest.warns(sif.PooledFrameworksWarning, match=said):
            call(table, "2021-01-01")


def test_an_unknown_provider_is_named_with_the_nearest_ones() -> None:
    table = history(np.random.default_rng(5), 8).assign(provider=["Derby", "Derry", "Dover", "York"] * 2)
    with pytest.raises(ValueError, match=r"^provider 'Deryb' is not in the table; nearest: Derry, Derby, Dover$"):
        sif.explain(table, "Deryb", "2021-01-01", framework="all")


def test_the_state_says_which_frameworks_it_took() -> None:
    table = history(np.random.default_rng(5), 80)
    assert sif.as_at(table, "2020-02-10", framework=["SIF", "ILACS"]).attrs["framework"] == ["SIF", "ILACS"]
    assert sif.first(table, framework="SIF").attrs["framework"] == ["SIF"]
    assert sif.as_at(table, "2020-02-10", framework="all").attrs["framework"] == ["all"]
