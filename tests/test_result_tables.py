"""What a docstring says of the columns of a result is so: their names, their order and their dtypes.

A function that returns a table has in its section Returns a table of column, dtype and meaning for each that it returns. In it

- a row may name several columns, and `<grade>` and `<judgement>` stand for one column each;
- "columns of" stands for those of the table that came in, of an argument (`by`, `newer`), or of another function's table;
- "further columns" stands for any others;
- no dtype means that of the table that came in;
- a column may be missing only where its meaning begins with "only", or where the table is of "those that the file has".
"""

import inspect
import io
import re
import tomllib
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

import ofsted_sif as sif
from tests.test_sources import SCHOOLS, served  # noqa: F401
from tests.test_sources_histories import COLUMNS, ROW, WORLD, pieces

pytestmark = pytest.mark.filterwarnings("ignore::ofsted_sif.errors.SelectedPairsWarning")

GLOSSARY = Path(__file__).parent.parent / "docs" / "reference" / "columns.md"
GRADE = "overall_effectiveness"
TABLE = sif.load_inspections()
ALL = {"framework": "all"}
STATE = {**ALL, "having": GRADE}
THEN, NOW = "2021-03-31", "2024-03-31"
FILE = (
    b"URN,Provision type,Local authority,Colour,Owner,Inspection type,Inspection date,Event number,Overall effectiveness\n"
    b"SC000001,Children's Home,Leeds,Blue,One,Full inspection,03/04/2015,1001,Requires improvement to be good\n"
    b"SC000001,Children's Home,Leeds,Blue,One,SC Interim,01/09/2015,1002,Improved Effectiveness\n"
)
SCHOOL_REGISTER = "URN,EstablishmentName,OpenDate,CloseDate,UKPRN\n100001,Old,,31-08-2015,1\n140001,New,01-09-2015,,2\n"
LINKS = "URN,LinkURN,LinkType\n140001,100001,Predecessor\n"


def state(date=NOW):
    return sif.as_at(TABLE, date, **STATE)


def read_standard_columns():
    """A file in the package's own columns: all of those that a table of inspections may have."""
    whole = TABLE.assign(
        provider_type="LA", local_authority="one", inspection_number=range(len(TABLE)), urn_at_inspection="100001", graded=True,
        known_from=pd.Timestamp("2009-01-01"), as_at=pd.Timestamp(NOW), outcome=None,
    )  # fmt: skip
    return sif.read_inspections(io.BytesIO(whole.to_csv(index=False).encode()))


@cache
def calls():
    """Of each function that returns a table: calls that together show every column that it may have."""
    by_region = {"by": "region", **ALL}
    weighted = TABLE.assign(weight=1.0)
    of_regions = sif.aggregate(state(), "region")
    newer = TABLE[690:].assign(outcome=pd.Categorical(["an outcome"] * (len(TABLE) - 690)))
    grades, several = {"by": "region", "judgement": GRADE}, {"by": ["region", "framework"], "judgement": [GRADE, "adoption"]}
    return {
        "aggregate": [
            partial(sif.aggregate, TABLE),
            partial(sif.aggregate, TABLE, **grades, total=True),
            partial(sif.aggregate, weighted, **several, weights="weight", cluster="auto", interval="goodman"),
        ],
        "as_at": [partial(sif.as_at, TABLE, NOW, **ALL), partial(sif.as_at, TABLE, NOW, **STATE, max_age=pd.DateOffset(years=3))],
        "change_between": [partial(sif.change_between, TABLE, THEN, NOW, **by_region)],
        "change_summary": [partial(sif.change_summary, sif.changes(TABLE, **by_region), by="region")],
        "changes": [
            partial(sif.changes, TABLE, **by_region),
            partial(sif.changes, TABLE.rename(columns={"provider": "code"}), provider="code", **ALL),
        ],
        "combine": [partial(sif.combine, TABLE[:700], newer=newer, return_report=report) for report in (False, True)],
        "compare": [partial(sif.compare, state(), state(THEN), paired=True)],
        "decompose": [partial(sif.decompose, TABLE, THEN, NOW, **by_region)],
        "design_matrix": [
            partial(sif.design_matrix, TABLE, **by_region),
            partial(sif.design_matrix, TABLE, by="region", unit="provider", date=NOW, **STATE),
        ],
        "explain": [
            partial(sif.explain, TABLE, "E08000025", NOW),
            partial(sif.explain, TABLE.assign(graded=True, outcome=pd.Categorical(["none"] * len(TABLE))), "E08000025", NOW),
        ],
        "first": [partial(sif.first, TABLE, framework="SIF")],
        "list_sheets": [partial(sif.list_sheets, io.BytesIO(FILE))],
        "load_hex_map": [partial(sif.load_hex_map)],
        "load_inspections": [partial(sif.load_inspections)],
        "load_local_authorities": [partial(sif.load_local_authorities)],
        "logrank": [partial(sif.logrank, TABLE, **by_region)],
        "median_time_to": [partial(sif.median_time_to, TABLE, **by_region)],
        "overdispersion": [partial(sif.overdispersion, of_regions)],
        "periods": [partial(sif.periods, TABLE, **by_region), partial(sif.periods, TABLE, window=2, interval="goodman", **by_region)],
        "read_inspections": [partial(sif.read_inspections, io.BytesIO(FILE), keep=["Colour"]), partial(read_standard_columns)],
        "read_register": [
            partial(sif.read_register, io.StringIO(SCHOOL_REGISTER)),
            partial(sif.read_register, io.StringIO(SCHOOL_REGISTER), links=io.StringIO(LINKS)),
        ],
        "reconcile": [
            partial(sif.reconcile, state(), state(THEN)),
            partial(sif.reconcile, *(state(date).assign(provider=range(len(state(date)))) for date in (NOW, THEN))),
        ],
        "releases": [partial(sif.releases)],
        "resample": [partial(sif.resample, TABLE, statistic="good", by="region", n=20, rng=1)],
        "series": [partial(sif.series, TABLE, [THEN, NOW], **by_region)],
        "shrink": [partial(sif.shrink, of_regions)],
        "spells": [partial(sif.spells, TABLE, **by_region)],
        "standardise": [partial(sif.standardise, TABLE, by="region", strata="framework")],
        "state_probabilities": [partial(sif.state_probabilities, TABLE, at=2, **by_region)],
        "time_to": [partial(sif.time_to, TABLE, **by_region)],
        "transitions": [partial(sif.transitions, TABLE, **by_region), partial(sif.transitions, TABLE, freq="YE-MAR", **ALL)],
        "trend": [partial(sif.trend, TABLE, **by_region), partial(sif.trend, TABLE, method="cochran-armitage", adjust="bh", **by_region)],
    }  # fmt: skip


# What reads files or asks a server: tried below.
WITH_FILES = ("fetch_history", "history_of", "list_published")


@dataclass(frozen=True)
class Row:
    """A row of a docstring's table."""

    names: str
    dtype: str
    meaning: str


@dataclass(frozen=True)
class Column:
    """A column that a result may have by a docstring, and the row that says so; a name of None is any column."""

    name: str | None
    dtype: str
    row: Row
    optional: bool


def returned(name):
    """The section Returns of a function's docstring."""
    return inspect.getdoc(getattr(sif, name)).partition("Returns\n-------\n")[2].partition("\n---")[0]


def tables(text):
    """The tables of column, dtype and meaning in a text: of each whether it is of those that a file has, and its rows."""
    found, lines = [], text.splitlines()
    rules = [place for place, line in enumerate(lines) if re.fullmatch(r" *=+(  =+){2}", line)]
    for top, below, bottom in zip(rules[::3], rules[1::3], rules[2::3], strict=True):
        starts = [match.start() for match in re.finditer("=+", lines[top])]
        cells = [[line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)] for line in lines[top:bottom]]
        assert cells[1] == ["column", "dtype", "meaning"]
        rows = []
        for first, dtype, meaning in cells[below - top + 1 :]:
            if first:
                rows.append(Row(first, dtype, meaning))
            else:
                rows[-1] = Row(rows[-1].names, rows[-1].dtype, f"{rows[-1].meaning} {meaning}")
        found.append(("those that the file has" in lines[top - 2], rows))
    return found


def columns(some, rows, call, result):
    """The columns that rows stand for, in the result of a call."""
    given, said = (call.args or [None])[0], call.keywords
    for row in rows:
        optional = some or row.meaning.startswith("only ")
        _, _, of = row.names.replace("`", "").partition("columns of ")
        if row.names == "further columns":
            yield Column(None, "", row, True)
        elif of in sif.__all__:
            yield from (Column(one.name, one.dtype, row, one.optional) for one in columns(*tables(returned(of))[0], call, result))
        elif of:
            source = said["newer"].drop(columns=given.columns) if of == "newer" else given
            asked = source.columns if of in ("newer", "the table") else as_list(said.get(of, []))
            yield from (Column(name, str(source[name].dtype), row, optional) for name in asked)
        else:
            named = said.get("provider", "provider") if row.names == "provider" else row.names
            place = re.search("<.*?>|$", named).group()
            for part in {"<grade>": sif.FOUR_POINT.columns, "<judgement>": ordered(result), "": [""]}[place]:
                yield from (Column(name.replace(place, part), row.dtype, row, optional) for name in named.split(", "))


def as_list(asked):
    return [asked] if isinstance(asked, str) else asked


def ordered(result):
    """Columns of grades."""
    return [name for name, dtype in result.dtypes.items() if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered]


def fits(values, dtype):
    """Whether a column is of a dtype as docstrings call it, with pandas 2 and 3."""
    if " or " in dtype:
        return any(fits(values, one) for one in dtype.split(" or "))
    if dtype == "text":
        return str(values.dtype) in ("object", "str") and values.dropna().map(type).eq(str).all()
    if dtype == "datetime64":
        return values.dtype.kind == "M"
    return str(values.dtype) == dtype


def check(name, call, result, number=0):
    """Hold a result against the docstring; gives the rows of the docstring that it shows."""
    there, shown = list(result.columns), set()
    said = list(columns(*tables(returned(name))[number], call, result))
    for place, column in enumerate(said):
        if column.name is None:
            later = {other.name for other in said[place + 1 :]}
            while there and there[0] not in later:
                there.pop(0)
                shown.add(column.row)
        elif there and there[0] == column.name:
            values = result[there.pop(0)]
            dtype = column.dtype or str(call.args[0][column.name].dtype)
            assert fits(values, dtype), f"{name}: {column.name} is {values.dtype}, by the docstring {dtype}"
            shown.add(column.row)
        else:
            assert column.optional, f"{name}: by the docstring {column.name} is next, and the result has {there}"
    assert there == [], f"{name}: the docstring does not have {there}"
    return shown


def results(call):
    """The tables that a call gives."""
    given = call()
    return [one for one in given if isinstance(one, pd.DataFrame)] if isinstance(given, tuple) else [given]


def check_all(name, its_calls):
    """Hold every result of a function against its docstring, and ask that each row of this is shown by one of them."""
    shown = set()
    for call in its_calls:
        for number, result in enumerate(results(call)):
            shown |= {(number, row) for row in check(name, call, result, number)}
    assert shown == {(number, row) for number, (_, rows) in enumerate(tables(returned(name))) for row in rows}


def returning_tables():
    """The public functions that return a table, by their annotation or by their docstring."""
    functions = {name: getattr(sif, name) for name in sif.__all__ if inspect.isfunction(getattr(sif, name))}
    annotated = {name for name, of in functions.items() if "DataFrame" in str(inspect.signature(of).return_annotation)}
    return annotated | {name for name in functions if re.search("^DataFrame", returned(name), flags=re.M)}


def test_every_function_that_returns_a_table_is_tried_here() -> None:
    assert returning_tables() == {*calls(), *WITH_FILES}


@pytest.mark.parametrize("name", sorted(returning_tables().difference(WITH_FILES)))
def test_the_docstring_has_the_columns_of_the_result(name) -> None:
    check_all(name, calls()[name])


def test_the_docstrings_have_the_columns_of_what_is_listed_and_fetched(served, tmp_path) -> None:  # noqa: F811
    served.attach(SCHOOLS, *pieces(served))
    school = "state-funded schools"
    check_all("list_published", [partial(sif.list_published, school, folder=tmp_path)])
    check_all("fetch_history", [partial(sif.fetch_history, school, folder=tmp_path, progress=False, return_report=True)])


def test_the_docstring_has_the_columns_of_the_history_of_a_folder(tmp_path) -> None:
    (tmp_path / "a_as_at_31_Aug_2024.csv").write_text(COLUMNS + ROW.format(*WORLD[4]))
    (tmp_path / "b_30_Jun_2023.csv").write_text("a,b\n1,2\n")
    check_all("history_of", [partial(sif.history_of, tmp_path, return_report=True)])


@pytest.mark.skipif(not GLOSSARY.exists(), reason="the sources of the documentation are not here")
def test_the_glossary_has_every_column_that_a_file_may_have() -> None:
    dtypes = {"date": "datetime64[s]", "number": "float64"}  # all else are categories
    known = tomllib.loads((files("ofsted_sif.reading") / "names.toml").read_text("utf-8"))["columns"]
    rows = re.findall(r"^\| (`.*`) \| (\S+) \|", GLOSSARY.read_text("utf-8").partition("## Of a result")[0], flags=re.M)
    found = {name: dtype for row, dtype in rows for name in re.findall("`(.*?)`", row)}
    assert found == {name: dtypes.get(column["kind"], "category") for name, column in known.items()} | {"graded": "bool"}
