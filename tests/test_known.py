"""Since when a table knows a provider: the definition written out, against as_at, series and the rest; by batches and on Dask too."""

import json
import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import ofsted_sif as sif
from tests.support import worlds

GRADES = ["Inadequate", "Requires improvement", "Good", "Outstanding", None]
START = np.datetime64("2020-01-01")
REFUSED = sif.IncompleteHistoryError
INCOMPLETE = sif.IncompleteHistoryWarning


def history(generator: np.random.Generator, rows: int = 40) -> pd.DataFrame:
    """Ties, missing dates, visits without grades, providers that open and close, and providers known from some day on or always."""
    inspected = START + generator.integers(0, 60, rows)
    table = pd.DataFrame(
        {
            "provider": generator.choice(list("ABCDEFGH"), rows),
            "inspection_start": pd.Series(inspected.astype("datetime64[s]")),
            "published": pd.Series((inspected + generator.integers(-3, 15, rows)).astype("datetime64[s]")),
            "framework": generator.choice(["SIF", "old one"], rows),
            "overall_effectiveness": sif.grades(generator.choice(GRADES, rows)),
            "leadership": sif.grades(generator.choice(GRADES, rows)),
            "region": generator.choice(["North", "South", None], rows),
        }
    )
    which = generator.random(rows)
    table.loc[which < 0.1, "published"] = pd.NaT
    table.loc[which > 0.9, "inspection_start"] = pd.NaT
    for name, share, low, high in (("known_from", 0.6, 0, 50), ("opened", 0.3, 0, 30), ("closed", 0.3, 30, 70)):
        days = (START + generator.integers(low, high, 8)).astype("datetime64[s]")
        of = pd.Series(days, index=list("ABCDEFGH")).where(generator.random(8) < share)
        table[name] = table["provider"].map(of)
    return table


def unknown(table: pd.DataFrame, date: pd.Timestamp, cutoff: pd.Timestamp, having: str | None) -> set[str]:
    """Whose state is not known, by the words of the rule: a first inspection is listed, and none listed counts yet."""
    found = set()
    for provider, rows in table.groupby("provider"):
        since, opened, closed = (rows[name].iloc[0] for name in ("known_from", "opened", "closed"))
        if pd.isna(since) or (pd.notna(opened) and opened > date) or (pd.notna(closed) and closed <= date):
            continue
        placed = rows["inspection_start"].fillna(rows["published"])
        graded = rows[["overall_effectiveness", "leadership"]].notna().any(axis=1)
        listed = rows[(placed >= since) & graded]
        held = listed["inspection_start"].isna() | (listed["inspection_start"] <= date)
        counting = listed[held & (listed["published"].isna() | (listed["published"] <= cutoff))]
        if having is not None:
            counting = counting[counting[having].notna()]
        if len(listed) and not len(counting):
            found.add(provider)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_whose_state_is_not_known_is_what_the_rule_says(seed: int) -> None:
    generator = np.random.default_rng(seed)
    table = history(generator)
    date = pd.Timestamp(START + generator.integers(0, 70))
    cutoff = date + pd.Timedelta(days=int(generator.integers(0, 10)))
    having = [None, "leadership"][seed % 2]
    options = {"published_by": cutoff, "framework": "all", "having": having}
    expected = unknown(table, date, cutoff, having)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", INCOMPLETE)
        found = sif.as_at(table, date, **options)
        complete = sif.as_at(table.drop(columns="known_from"), date, **options)
    assert found.attrs["n_unknown"] == len(expected)
    # Those that are left stand as they do in a complete table, unless it is by a row before they are known.
    dated, since = complete["inspection_start"].fillna(complete["published"]), table.groupby("provider")["known_from"].first()
    expected_rows = complete[~(dated < complete["provider"].map(since))].reset_index(drop=True)
    assert_frame_equal(found[complete.columns.tolist()], expected_rows)


@pytest.mark.parametrize("seed", range(30))
def test_series_counts_who_is_not_known_as_as_at_does_at_each_date(seed: int) -> None:
    """Whatever the order of dates and cut-offs, and with a register; by region the numbers are those of the whole."""
    generator = np.random.default_rng(100 + seed)
    table = history(generator)
    register = None if seed % 3 else pd.DataFrame({"provider": list("ABCDEFGHIJ"), "region": "North"})
    dates = pd.DatetimeIndex(START + generator.integers(-2, 75, 6))
    cutoffs = [date + pd.Timedelta(days=int(days)) for date, days in zip(dates, generator.integers(0, 9, len(dates)), strict=True)]
    options = {"framework": "all", "register": register, "having": [None, "leadership"][seed % 2]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", INCOMPLETE)
        whole = sif.series(table, dates, published_by=cutoffs, **options)
        by_region = sif.series(table, dates, "region", published_by=cutoffs, **options)
        for row, (date, cutoff) in enumerate(zip(dates, cutoffs, strict=True)):
            state = sif.as_at(table, date, published_by=cutoff, **options)
            expected = sif.aggregate(state)
            assert_frame_equal(whole.iloc[[row]].reset_index(drop=True)[expected.columns], expected, check_dtype=False)
            assert whole["n_unknown"].iloc[row] == state.attrs["n_unknown"]
    summed = by_region.groupby("as_at")[["n", "n_unknown"]].sum()
    expected = whole.groupby("as_at")[["n", "n_unknown"]].sum()
    assert_frame_equal(summed.reindex(expected.index, fill_value=0), expected)


# ---- case by case


def table_of(*rows: tuple[object, ...]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows), columns=["provider", "inspection_start", "overall_effectiveness", "known_from"])
    return table.assign(
        inspection_start=pd.to_datetime(table["inspection_start"]), known_from=pd.to_datetime(table["known_from"]).astype("datetime64[s]")
    )


def test_rows_before_the_day_from_which_a_provider_is_known_do_not_count() -> None:
    """An older release before a gap: in between there may have been another inspection."""
    table = table_of(("A", "2014-05-01", "Good", "2019-03-01"), ("A", "2019-03-01", "Inadequate", "2019-03-01"))
    with pytest.warns(INCOMPLETE, match=r"on 1 January 2016 the state of the provider is not known"):
        assert len(sif.as_at(table, "2016-01-01")) == 0
    assert sif.as_at(table, "2020-01-01")["overall_effectiveness"].tolist() == ["Inadequate"]
    assert sif.as_at(table, "2016-01-01", incomplete="allow")["overall_effectiveness"].tolist() == ["Good"]
    with pytest.warns(INCOMPLETE):
        story = sif.explain(table, "A", "2016-01-01")
    assert story["because"][0] == "before 1 March 2019, from which day on the table has all inspections of the provider"
    with pytest.raises(REFUSED, match="of 1 of 1 providers it does not have the inspection before"):
        sif.changes(table)


def test_rows_of_a_provider_that_say_unlike_days_err_on_the_safe_side() -> None:
    """Two releases put one below the other: the later day holds, and a missing one beside it does not."""
    table = table_of(
        ("A", "2014-05-01", "Good", "2014-05-01"), ("A", "2019-03-01", "Good", "2019-03-01"), ("B", "2014-05-01", "Good", None)
    )
    table.loc[len(table)] = ["B", pd.Timestamp("2018-01-01"), "Good", pd.Timestamp("2018-01-01")]
    with pytest.warns(INCOMPLETE, match="2 of 2 providers"):
        assert len(sif.as_at(table, "2016-01-01")) == 0


def test_a_missing_day_throughout_is_a_complete_table() -> None:
    table = worlds.histories(20)
    told = table.assign(known_from=pd.Series(pd.NaT, index=table.index, dtype="datetime64[s]"))
    for call in (sif.transitions, sif.spells, sif.changes, sif.periods, sif.trend):
        assert_frame_equal(call(told), call(table))


def test_a_framework_that_began_later_than_a_provider_is_known_is_known_from_its_beginning() -> None:
    """Known from 2017 on, all inspections under the ILACS, which began in 2018, are in the table; those under the SIF are not."""
    table = table_of(
        ("A", "2017-06-01", "Good", "2017-06-01"),
        ("A", "2019-03-01", "Inadequate", "2017-06-01"),
        ("B", "2017-09-01", "Good", "2017-09-01"),
        ("B", "2020-03-01", "Good", "2017-09-01"),
    ).assign(framework=["SIF", "ILACS", "SIF", "ILACS"])
    assert sif.as_at(table, "2018-06-01", framework="ILACS").empty  # nobody had been inspected under it, and that is known
    assert len(sif.first(table, framework="ilacs")) == 2
    assert sif.periods(table, freq="YE", framework="ILACS")["n"].tolist() == [1, 1]
    with pytest.raises(REFUSED):
        sif.first(table, framework="SIF")
    with pytest.raises(REFUSED):
        sif.first(table, framework="all")
    with pytest.warns(INCOMPLETE, match="2 of 2"):  # what they had under the SIF before is not in the table
        sif.as_at(table, "2017-03-01", framework="SIF")


def test_a_judgement_that_the_latest_inspection_did_not_make_may_stand_in_one_that_is_not_there() -> None:
    table = table_of(("A", "2026-05-01", None, "2026-05-01"), ("B", "2024-05-01", "Good", "2024-05-01")).assign(
        leadership=sif.grades(["Good", "Good"])
    )
    assert len(sif.as_at(table, "2026-08-01")) == 2
    with pytest.warns(INCOMPLETE, match="1 of 2 providers"):
        found = sif.as_at(table, "2026-08-01", having="overall_effectiveness")
    assert found["provider"].tolist() == ["B"]


def test_with_a_register_who_is_not_known_is_not_called_not_yet_inspected() -> None:
    table = table_of(("A", "2019-03-01", "Good", "2019-03-01"), ("B", "2014-03-01", "Good", "2014-03-01"))
    register = pd.DataFrame({"provider": ["A", "B", "C"]})
    with pytest.warns(INCOMPLETE, match="1 of 2"):
        found = sif.as_at(table, "2016-01-01", register=register)
    assert found[["provider", "status"]].to_numpy().tolist() == [["B", "inspected"], ["C", "not yet inspected"]]
    with pytest.warns(INCOMPLETE):
        assert sif.series(table, ["2016-01-01"], register=register)[["n", "n_unknown"]].to_numpy().tolist() == [[2, 1]]


def test_who_is_closed_is_in_no_state_known_or_not() -> None:
    table = table_of(("A", "2019-03-01", "Good", "2019-03-01"), ("B", "2014-03-01", "Good", "2014-03-01"))
    table = table.assign(opened=pd.to_datetime(["2018-01-01", None]))
    assert sif.as_at(table, "2016-01-01").attrs["n_unknown"] == 0


def test_a_user_who_says_neither_refuse_nor_allow_is_told() -> None:
    with pytest.raises(ValueError, match="incomplete='yes'; known are 'refuse' and 'allow'"):
        sif.spells(worlds.histories(5), incomplete="yes")


def test_a_column_as_at_of_a_users_own_is_no_state() -> None:
    table = worlds.histories(5).assign(as_at="as far as we know")
    assert len(sif.spells(table))
    with pytest.raises(ValueError, match="a column 'as_at' of its own"):
        sif.as_at(table, "2020-01-01")


@pytest.mark.parametrize(
    ("name", "other"), [("known_from", "Known from"), ("known_from", "KnownFrom"), ("as_at", "As at"), ("as_at", "As_at ")]
)
@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_what_a_table_knows_is_not_missed_under_the_heading_of_a_spreadsheet(kind, name, other) -> None:
    table = worlds.histories(5).assign(**{other: pd.Timestamp("2020-01-01")})
    given = table if kind == "pandas" else pytest.importorskip("polars").from_pandas(table)
    for ask in (sif.changes, sif.spells, lambda table, **which: sif.as_at(table, "2019-01-01", **which)):
        with pytest.raises(sif.MissingColumnError, match=f"no column {name!r}, but {other!r}: rename it, as with table.rename"):
            ask(given)
        assert len(ask(given, incomplete="allow"))
    assert len(sif.changes(table.assign(**{other: "as far as we know"})))


def test_the_state_may_be_asked_again_on_its_own_day_and_its_columns_are_replaced() -> None:
    state = sif.as_at(worlds.histories(20), "2020-01-01", having="overall_effectiveness")
    again = sif.as_at(state, "2020-01-01", having="overall_effectiveness")
    assert_frame_equal(again, state)
    assert sif.series(state, ["2020-01-01"])["n"].tolist() == [20]
    as_text = state.assign(as_at=state["as_at"].dt.strftime("%Y-%m-%d"))  # as it comes back from a CSV
    with pytest.raises(REFUSED, match="the state on 1 January 2020"):
        sif.series(as_text, ["2019-01-01"])
    two = pd.concat([state, sif.as_at(worlds.histories(20), "2021-01-01", having="overall_effectiveness")])
    with pytest.raises(REFUSED, match="the state on 2 dates from 1 January 2020 to 1 January 2021"):
        sif.periods(two)
    assert len(sif.spells(state, incomplete="allow")) == 20


def test_a_file_of_one_year_is_known_with_and_without_attrs() -> None:
    year = worlds.of_one_year(worlds.histories(200))
    for table in (year, pd.DataFrame(year.to_dict("list")), pd.DataFrame({name: year[name].array for name in year.columns})):
        with pytest.warns(INCOMPLETE, match="of one period, from 1 April 2022 on"):
            sif.as_at(table, worlds.YEAR_ENDS, published_by=worlds.NOW)
    with pytest.warns(INCOMPLETE, match="of one period"):
        found = sif.as_at(year.drop(columns="known_from"), worlds.YEAR_ENDS, published_by=worlds.NOW)
    assert len(found) == year["provider"].nunique()
    assert sif.changes(year.drop(columns="known_from")).empty  # nobody was inspected twice, as far as is known


def test_every_attr_of_a_state_is_json() -> None:
    with pytest.warns(INCOMPLETE):
        state = sif.as_at(worlds.latest(worlds.histories(20)), worlds.OLD)
    assert json.loads(json.dumps(state.attrs))["n_unknown"] == 20


@pytest.mark.parametrize("known_from", [None, pd.NaT, "2019-01-01"], ids=str)
def test_a_state_told_by_batches_can_be_written_to_parquet_with_its_attrs(known_from, tmp_path) -> None:
    table = pd.DataFrame({"provider": ["A", "B"], "inspection_start": pd.to_datetime(["2020-01-01", "2021-01-01"])})
    table["overall_effectiveness"] = "Good"
    if known_from is not None:
        table["known_from"] = pd.Timestamp(known_from)
    table.to_parquet(tmp_path / "rows.parquet", index=False)
    for source in (table, tmp_path / "rows.parquet"):
        state = sif.as_at(source, "2022-01-01", incomplete="allow")
        state.to_parquet(tmp_path / "state.parquet", index=False)
        assert pd.read_parquet(tmp_path / "state.parquet").attrs == state.attrs


# ---- by batches, on Dask, in polars and Arrow: the same answers, and the same words

CALLS = {
    "series": {"dates": ["2012-08-31", worlds.OLD, worlds.NOW], "by": "region"},
    "transitions": {"by": "region"},
    "trend": {"by": "region", "cluster": None},
    "as_at": {"date": worlds.OLD},
    "first": {},
    "changes": {"by": "region"},
    "change_between": {"date_from": worlds.OLD, "date_to": worlds.NOW},
    "decompose": {"date_from": worlds.OLD, "date_to": worlds.NOW},
    "periods": {"by": "region"},
    "spells": {"until": worlds.NOW},
    "time_to": {"by": "region", "until": worlds.NOW},
    "median_time_to": {"by": "region", "until": worlds.NOW},
    "logrank": {"by": "region", "until": worlds.NOW},
    "state_probabilities": {"at": 1, "until": worlds.NOW},
    "resample": {"n": 10, "rng": 1},
}
FILES = {
    "latest and previous": worlds.latest(worlds.histories(60), 2),
    "latest": worlds.latest(worlds.histories(400)),
    "one year": worlds.of_one_year(worlds.histories(200)),
    "state": sif.as_at(worlds.histories(30), worlds.OLD),
}


def asked(name: str, table: object, **options: object) -> tuple[object, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer = getattr(sif, name)(table, **CALLS[name], **options)
        except REFUSED as error:
            return None, [str(error)]
    return answer, [str(warning.message) for warning in caught if issubclass(warning.category, INCOMPLETE)]


@cache  # of each kind of table the same is expected
def of_the_whole(name: str, file: str, incomplete: str) -> tuple[object, list[str]]:
    return asked(name, FILES[file], incomplete=incomplete)


def as_values(table: pd.DataFrame) -> pd.DataFrame:
    """Words as text, keys too, and dates as such: a CSV has keys as text, Arrow has dates, and polars has text of its own."""
    dates = [name for name in table.columns if name in ("inspection_start", "published", "known_from")]
    words = [name for name in table.columns if table[name].dtype.kind not in "biufM" and name not in dates]
    values = {name: table[name].astype(object).where(table[name].notna(), None) for name in words}
    return table.assign(**values, **{name: pd.to_datetime(table[name]).astype("datetime64[s]") for name in dates})


def scanned(kind: str, table: pd.DataFrame, folder: object) -> object:
    if kind == "Parquet":
        table.to_parquet(folder / "a.parquet", row_group_size=100)
        return str(folder / "a.parquet")
    if kind == "CSV":
        table.to_csv(folder / "a.csv", index=False)
        return str(folder / "a.csv")
    if kind == "Dask":
        return pytest.importorskip("dask.dataframe").from_pandas(table.sample(frac=1, random_state=1), npartitions=2)
    return pytest.importorskip("polars").from_pandas(table)


KINDS = ["Parquet", "CSV", "Dask", "polars"]


@pytest.mark.parametrize("half", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CALLS)
def test_by_batches_and_in_every_kind_of_table_the_answers_and_the_words_are_the_same(name, kind, half, tmp_path) -> None:
    """Of two files, and of the other two where another function or kind is asked; with `-m slow` of all."""
    pytest.importorskip("pyarrow")
    if kind != "polars" and not hasattr(getattr(sif, name), "question"):  # what can't be merged says so
        with pytest.raises(TypeError, match=f"{name} needs its table whole"):
            asked(name, scanned(kind, FILES["latest"], tmp_path))
        return
    for file, table in list(FILES.items())[(list(CALLS).index(name) + KINDS.index(kind) + half) % 2 :: 2]:
        given = scanned(kind, table, tmp_path)
        for incomplete in ("refuse", "allow"):
            expected, said = of_the_whole(name, file, incomplete)
            found, told = asked(name, given, incomplete=incomplete)
            assert told == said, file
            if expected is None:
                assert found is None
            else:
                found = found if isinstance(found, pd.DataFrame) else found.to_pandas()
                assert_frame_equal(as_values(found), as_values(expected), check_dtype=False)
    assert said == []  # the last consent


def test_states_compared_by_batches_are_refused_where_they_are_not_known(tmp_path) -> None:
    pytest.importorskip("pyarrow")
    table, path = FILES["latest and previous"], scanned("Parquet", FILES["latest and previous"], tmp_path)
    for given in (table, path):
        with pytest.raises(REFUSED, match=r"on 31 August 2018 the state of \d+ providers is not known"):
            sif.change_between(given, worlds.OLD, worlds.NOW)
    allowed = sif.change_between(path, worlds.OLD, worlds.NOW, incomplete="allow")
    assert_frame_equal(allowed, sif.change_between(table, worlds.OLD, worlds.NOW, incomplete="allow"))


@pytest.mark.parametrize("kind", ["Parquet", "Dask"])
def test_dates_beyond_the_data_are_said_by_batches_too(kind, tmp_path) -> None:
    """Parquet keeps what a table of pandas says of itself."""
    pytest.importorskip("pyarrow")
    table = worlds.histories(40)
    table.attrs["complete_to"] = "2023-08-31"
    given = scanned(kind, table, tmp_path)
    for ask in (
        lambda of, date: sif.series(of, ["2020-01-01", date]),
        lambda of, date: sif.change_between(of, "2020-01-01", date),
        lambda of, date: sif.transitions(of, date=date),
        lambda of, date: sif.as_at(of, date),
        lambda of, date: sif.changes(of, date=date),
        lambda of, date: sif.spells(of, until=date),
        lambda of, date: sif.time_to(of, until=date),
    ):
        with pytest.warns(sif.BeyondDataWarning, match="complete to 31 August 2023"):
            ask(given, "2030-01-01")
        ask(given, "2023-08-31")
